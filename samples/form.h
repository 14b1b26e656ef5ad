/* The body of a form: "query=up%7B%7D&time=1". */
#ifndef FORM_H
#define FORM_H

#include <stddef.h>

/* A query's form has two or three fields. */
#define FORM_FIELDS_MAX 16

/* Names and values point into the text that was decoded. */
struct form {
	const char *names[FORM_FIELDS_MAX], *values[FORM_FIELDS_MAX];
	size_t n;
};

/* Decodes the text where it stands (it must be writable and NUL-terminated). Fields beyond the maximum are left out. */
void form_decode(struct form *out, char *text);

/* NULL if absent. */
const char *form_value(const struct form *form, const char *name);

#endif
