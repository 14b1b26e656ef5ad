/* YAML and criteria.yaml. */
#include <stddef.h>
#include <stdint.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 22);
	struct criteria criteria;
	struct yaml yaml;
	struct error err;

	(void)criteria_parse(&criteria, (const char *)data, size, "f", "shop", "checkout", arena, &err);
	if (yaml_parse(&yaml, (const char *)data, size, YAML_ALIASES, &err) == 0) {
		for (size_t i = 0; i < yaml.n; i++) {
			struct buf out;

			buf_init(&out, 1 << 22);
			if (yaml.documents[i] != NULL)
				yaml_to_json(&out, yaml.documents[i]);
			buf_free(&out);
		}
		yaml_free(&yaml);
	}
	arena_free(arena);
	return 0;
}
