#include "form.h"

#include <ctype.h>
#include <string.h>

static char hex(char c)
{
	return (char)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
}

/* "%7B" and "+" decoded in place; a broken escape stays as it is. */
static void decode(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2])) {
			*to++ = (char)(hex(at[1]) * 16 + hex(at[2]));
			at += 2;
		} else {
			*to++ = *at == '+' ? ' ' : *at;
		}
	}
	*to = '\0';
}

void form_decode(struct form *out, char *text)
{
	char *rest = text, *field;

	out->n = 0;
	while (out->n < FORM_FIELDS_MAX && (field = strsep(&rest, "&")) != NULL) {
		char *value = strchr(field, '=');

		if (value == NULL)
			continue;
		*value++ = '\0';
		decode(field);
		decode(value);
		out->names[out->n] = field;
		out->values[out->n++] = value;
	}
}

const char *form_value(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->n; i++)
		if (strcmp(form->names[i], name) == 0)
			return form->values[i];
	return NULL;
}
