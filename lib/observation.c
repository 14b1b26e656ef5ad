#include "gonogo/observation.h"

#include <string.h>

static const char *const names[SOURCE_COUNT] = { "kubernetes", "flagger", "prometheus", "collector", "human" };

const char *source_name(enum source source)
{
	return names[source];
}

int source_parse(enum source *out, const char *name)
{
	for (int i = 0; i < SOURCE_COUNT; i++)
		if (strcmp(names[i], name) == 0) {
			*out = (enum source)i;
			return 0;
		}
	return -1;
}
