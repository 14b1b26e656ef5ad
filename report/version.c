#include "version.h"

#include <stdio.h>

#include "gonogo/buf.h"
#include "gonogo/digest.h"
#include "gonogo/json.h"
#include "gonogo/store.h"
#include "gonogo/yaml.h"
#include "pdf.h"

#ifndef GONOGO_VERSION
#error "the Makefile gives the version"
#endif

void version_text(struct buf *out, const char *program)
{
	buf_printf(out, "%s %s (SQLite %s, OpenSSL %s, cJSON %s, libyaml %s, libharu %s)", program, GONOGO_VERSION, store_library(),
		   digest_library(), json_library(), yaml_library(), pdf_library());
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
