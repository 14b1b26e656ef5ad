#include "gonogo/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/error.h"

void buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){ .max = max };
}

void buf_free(struct buf *buf)
{
	free(buf->data);
	buf_init(buf, buf->max);
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

/* Room for len more bytes and a NUL; false (and sticky) if there is none. */
static bool reserve(struct buf *buf, size_t len)
{
	size_t want, cap;
	char *data;

	if (buf->failed)
		return false;
	if (len > buf->max || buf->len > buf->max - len) {
		buf->failed = true;
		return false;
	}
	want = buf->len + len + 1;
	if (want <= buf->cap)
		return true;
	cap = buf->cap < 64 ? 64 : buf->cap;
	while (cap < want)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (data == NULL) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

void buf_append(struct buf *buf, const void *bytes, size_t len)
{
	if (!reserve(buf, len))
		return;
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_puts(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char c)
{
	buf_append(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args, again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		buf->failed = true;
	else if (reserve(buf, (size_t)n)) {
		(void)vsnprintf(buf->data + buf->len, (size_t)n + 1, format, again);
		buf->len += (size_t)n;
	}
	va_end(again);
}

int buf_check(const struct buf *buf, const char *what, struct error *err)
{
	if (!buf->failed)
		return 0;
	return error_code(err, ERR_LIMIT, "%s: larger than %zu bytes, or out of memory", what, buf->max);
}

char *buf_take(struct buf *buf)
{
	char *data;

	if (!reserve(buf, 0))
		return NULL;
	data = buf->data;
	data[buf->len] = '\0';
	*buf = (struct buf){ .max = buf->max };
	return data;
}
