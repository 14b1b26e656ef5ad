/* UTF-8: checking, decoding, and making hostile text fit to be shown. */
#ifndef GONOGO_UTF8_H
#define GONOGO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF. */
bool utf8_valid(const char *bytes, size_t len);

/* The code point at *at and moves *at behind it; U+FFFD for an invalid byte (and moves one byte). 0 at end. */
uint32_t utf8_next(const char **at, const char *end);

void utf8_put(struct buf *out, uint32_t code_point);

/* Number of code points. */
size_t utf8_length(const char *text);

/* Text from outside made fit for any output (report-design.md 7): invalid bytes to U+FFFD, line ends and tabs to one space, other
 * controls, bidi overrides and isolates, zero-width and byte order marks to "⟨U+202E⟩". */
void utf8_clean(struct buf *out, const char *bytes, size_t len);

#endif
