/* The files of schema/, built into the programs: the SQL schema, the default criteria and rubric, the JSON Schemas. */
#ifndef GONOGO_SCHEMA_H
#define GONOGO_SCHEMA_H

#include <stddef.h>

struct schema_file {
	const char *name;	/* "evidence.sql" */
	const char *text;	/* NUL-terminated */
	size_t len;
};

/* NULL if there is no such file. */
const struct schema_file *schema_file(const char *name);

#endif
