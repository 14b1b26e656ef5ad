#include "gonogo/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/utf8.h"

/* Longest line; a cluster's text must not fill a log. */
#define LINE_MAX_BYTES 2048

void log_line(enum log_level level, const char *subject, const char *format, ...)
{
	static const char *const names[] = { "error", "warning", "info" };
	char text[LINE_MAX_BYTES];
	struct buf line;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	buf_init(&line, 16 * sizeof text);
	buf_printf(&line, "%s ", names[level]);
	utf8_clean(&line, subject, strnlen(subject, 256));
	buf_puts(&line, ": ");
	utf8_clean(&line, text, strlen(text));
	buf_putc(&line, '\n');
	if (!line.failed)
		(void)fwrite(line.data, 1, line.len, stderr);
	buf_free(&line);
}
