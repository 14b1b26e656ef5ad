#include "gonogo/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts text where it was truncated, never inside a UTF-8 sequence. */
static void mark_cut(char *text)
{
	static const char dots[] = "…";
	size_t at = ERROR_TEXT_MAX - sizeof dots;

	while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80)
		at--;
	memcpy(text + at, dots, sizeof dots);
}

__attribute__((format(printf, 3, 0))) static void set_text(struct error *err, enum error_code code, const char *format, va_list args)
{
	int n;

	err->code = code;
	n = vsnprintf(err->text, sizeof err->text, format, args);
	if (n < 0)
		err->text[0] = '\0';
	else if ((size_t)n >= sizeof err->text)
		mark_cut(err->text);
}

int error_set(struct error *err, const char *format, ...)
{
	va_list args;

	if (err != NULL) {
		va_start(args, format);
		set_text(err, ERR_FAILED, format, args);
		va_end(args);
	}
	return -1;
}

int error_code(struct error *err, enum error_code code, const char *format, ...)
{
	va_list args;

	if (err != NULL) {
		va_start(args, format);
		set_text(err, code, format, args);
		va_end(args);
	}
	return -1;
}

int error_wrap(struct error *err, const char *format, ...)
{
	struct error old;
	va_list args;
	size_t len;
	int n;

	if (err == NULL)
		return -1;
	old = *err;
	va_start(args, format);
	set_text(err, old.code, format, args);
	va_end(args);
	len = strlen(err->text);
	n = snprintf(err->text + len, sizeof err->text - len, ": %s", old.text);
	if (n < 0 || (size_t)n >= sizeof err->text - len)
		mark_cut(err->text);
	return -1;
}

int error_nomem(struct error *err)
{
	return error_code(err, ERR_NOMEM, "out of memory");
}
