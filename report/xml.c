#include "xml.h"

#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/utf8.h"

void xml_put(struct buf *out, const char *text)
{
	struct buf clean;

	buf_init(&clean, 16 * strlen(text) + 64);
	utf8_clean(&clean, text, strlen(text));
	for (const char *p = clean.data; p != NULL && *p != '\0'; p++) {
		if (*p == '&')
			buf_puts(out, "&amp;");
		else if (*p == '<')
			buf_puts(out, "&lt;");
		else if (*p == '>')
			buf_puts(out, "&gt;");
		else if (*p == '"')
			buf_puts(out, "&quot;");
		else
			buf_putc(out, *p);
	}
	if (clean.failed)
		out->failed = true;
	buf_free(&clean);
}

void xml_attribute(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, " %s=\"", name);
	xml_put(out, value);
	buf_putc(out, '"');
}
