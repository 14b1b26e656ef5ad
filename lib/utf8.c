#include "gonogo/utf8.h"

#include <string.h>

#include "gonogo/buf.h"

/* Length of the sequence that starts at p, 0 if it is invalid there (RFC 3629 section 4). */
static size_t sequence(const unsigned char *p, size_t left)
{
	size_t n;
	unsigned char lo = 0x80, hi = 0xBF;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xC2 && p[0] <= 0xDF)
		n = 2;
	else if (p[0] >= 0xE0 && p[0] <= 0xEF)
		n = 3;
	else if (p[0] >= 0xF0 && p[0] <= 0xF4)
		n = 4;
	else
		return 0;
	if (left < n)
		return 0;
	if (p[0] == 0xE0)
		lo = 0xA0;
	else if (p[0] == 0xED)
		hi = 0x9F;
	else if (p[0] == 0xF0)
		lo = 0x90;
	else if (p[0] == 0xF4)
		hi = 0x8F;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	return n;
}

bool utf8_valid(const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t n;

	while (len > 0) {
		n = sequence(p, len);
		if (n == 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

uint32_t utf8_next(const char **at, const char *end)
{
	static const unsigned char mask[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	const unsigned char *p = (const unsigned char *)*at;
	uint32_t c;
	size_t n;

	if (*at >= end)
		return 0;
	n = sequence(p, (size_t)(end - *at));
	if (n == 0) {
		(*at)++;
		return 0xFFFD;
	}
	c = p[0] & mask[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3F);
	*at += n;
	return c;
}

void utf8_put(struct buf *out, uint32_t c)
{
	char s[4];
	size_t n;

	if (c < 0x80) {
		s[0] = (char)c;
		n = 1;
	} else if (c < 0x800) {
		s[0] = (char)(0xC0 | c >> 6);
		s[1] = (char)(0x80 | (c & 0x3F));
		n = 2;
	} else if (c < 0x10000) {
		s[0] = (char)(0xE0 | c >> 12);
		s[1] = (char)(0x80 | (c >> 6 & 0x3F));
		s[2] = (char)(0x80 | (c & 0x3F));
		n = 3;
	} else {
		s[0] = (char)(0xF0 | c >> 18);
		s[1] = (char)(0x80 | (c >> 12 & 0x3F));
		s[2] = (char)(0x80 | (c >> 6 & 0x3F));
		s[3] = (char)(0x80 | (c & 0x3F));
		n = 4;
	}
	buf_append(out, s, n);
}

size_t utf8_length(const char *text)
{
	const char *end = text + strlen(text);
	size_t n = 0;

	while (utf8_next(&text, end) != 0)
		n++;
	return n;
}

/* Code points that change how other text is shown, or cannot be seen (Unicode: Cc, bidi controls, zero width, BOM, line separators). */
static bool is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x061C || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
	       (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
	       (c >= 0xE0000 && c <= 0xE007F);
}

void utf8_clean(struct buf *out, const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len;
	bool space = false;
	uint32_t c;

	while (at < end) {
		c = utf8_next(&at, end);
		if (c == '\n' || c == '\r' || c == '\t') {
			if (!space)
				buf_putc(out, ' ');
			space = true;
			continue;
		}
		space = false;
		if (is_hidden(c))
			buf_printf(out, "⟨U+%04X⟩", c);
		else
			utf8_put(out, c);
	}
}
