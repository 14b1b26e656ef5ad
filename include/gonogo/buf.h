/* A growing byte buffer with a cap and a sticky error, checked once at the end. */
#ifndef GONOGO_BUF_H
#define GONOGO_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* Plain data: readers may use data and len. data is NUL-terminated as soon as something was appended. */
struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;	/* appending beyond this many bytes fails */
	bool failed;	/* sticky: out of memory or beyond max */
};

/* max in bytes; nothing is allocated yet. */
void buf_init(struct buf *buf, size_t max);
void buf_free(struct buf *buf);

/* Empties the buffer, keeps its memory and clears the error. */
void buf_reset(struct buf *buf);

void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* 0, or -1 and err names what (e.g. "report.md") was too large or did not fit in memory. */
int buf_check(const struct buf *buf, const char *what, struct error *err);

/* The bytes as an owned, NUL-terminated string ("" if empty) and resets the buffer; NULL after a failure. */
char *buf_take(struct buf *buf);

#endif
