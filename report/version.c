#include "version.h"

#include <stdio.h>

#include "gonogo/buf.h"

#ifndef GONOGO_VERSION
#error "the Makefile gives the version"
#endif

void version_text(struct buf *out, const char *program)
{
	buf_printf(out, "%s %s", program, GONOGO_VERSION);
}

int version_print(const char *program)
{
	struct buf text;
	int rc;

	buf_init(&text, 1024);
	version_text(&text, program);
	rc = text.failed || puts(text.data) == EOF ? -1 : 0;
	buf_free(&text);
	return rc;
}
