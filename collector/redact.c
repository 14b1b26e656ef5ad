#include "redact.h"

#include <string.h>
#include <strings.h>

#include "gonogo/buf.h"

#define REPLACEMENT "[redacted]"

/* Ends a URL's authority: RFC 3986 section 3.2, and whatever ends a string in JSON or in a text. */
static bool ends_authority(char c)
{
	return strchr("/?#\"'\\ \t\r\n<>`", c) != NULL;
}

/* At "://": the length of the user part with its "@", or 0. */
static size_t user_part(const char *p, const char *end)
{
	const char *at = NULL;

	for (const char *q = p; q < end && !ends_authority(*q); q++)
		if (*q == '@')
			at = q;
	return at == NULL ? 0 : (size_t)(at - p);
}

static bool begins(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && strncasecmp(p, word, n) == 0;
}

/* Quotes may be escaped any number of times: JSON in JSON. */
static const char *skip_quotes(const char *p, const char *end)
{
	while (p < end && (*p == '\\' || *p == '"' || *p == ' ' || *p == ':'))
		p++;
	return p;
}

static bool ends_value(char c)
{
	return c == '"' || c == '\\' || c == '\n' || c == '\r';
}

/* Behind `"headers":{` the values of its members (texts or lists of texts), up to the closing brace. Returns where copying goes on. */
static const char *redact_headers(struct buf *out, const char *p, const char *end, bool *replaced)
{
	bool value = false, quoted = false;
	int depth = 0;

	for (; p < end && *p != '}'; p++) {
		buf_putc(out, *p);
		if (*p == '"') {
			quoted = !quoted;
			if (!value || !quoted)
				continue;
			buf_puts(out, REPLACEMENT);
			*replaced = true;
			while (p + 1 < end && !ends_value(p[1]))
				p++;
		} else if (!quoted) {
			depth += (*p == '[') - (*p == ']');
			if (*p == ':')
				value = true;
			else if (*p == ',' && depth == 0)
				value = false;
		}
	}
	return p;
}

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("+/=._~-", c) != NULL);
}

/* Behind "Bearer " or "Basic ": a token of eight characters and more; shorter words are prose. */
static const char *token_of(struct buf *out, const char *p, const char *end, size_t skip, bool *replaced)
{
	const char *value = p + skip, *stop = value;

	while (stop < end && is_token(*stop))
		stop++;
	if (stop - value < 8)
		return NULL;
	buf_append(out, p, skip);
	buf_puts(out, REPLACEMENT);
	*replaced = true;
	return stop;
}

static const char *value_of(struct buf *out, const char *p, const char *end, size_t skip, bool *replaced)
{
	const char *value = skip_quotes(p + skip, end), *stop = value;

	while (stop < end && !ends_value(*stop))
		stop++;
	/* Without a quote or colon between, the word was part of a longer one ("authorization.k8s.io"). */
	if (stop == value || value == p + skip)
		return NULL;
	buf_append(out, p, (size_t)(value - p));
	buf_puts(out, REPLACEMENT);
	*replaced = true;
	return stop;
}

/* "headers" as a key: a quote behind it, then a colon and a brace. */
static bool opens_headers(const char *p, const char *end, size_t *skip)
{
	const char *q = p;

	if (!begins(p, end, "headers"))
		return false;
	q = skip_quotes(p + strlen("headers"), end);
	*skip = (size_t)(q - p) + 1;
	return q < end && *q == '{' && q > p + strlen("headers") + 1;
}

bool redact(struct buf *out, const char *bytes, size_t len, bool headers)
{
	const char *p = bytes, *end = bytes + len, *next;
	bool replaced = false;
	size_t n;

	while (p < end) {
		if (*p == ':' && begins(p, end, "://") && (n = user_part(p + 3, end)) > 0) {
			buf_puts(out, "://" REPLACEMENT);
			p += 3 + n;
			replaced = true;
		} else if ((*p == 'a' || *p == 'A') && begins(p, end, "authorization") &&
			   (next = value_of(out, p, end, strlen("authorization"), &replaced)) != NULL) {
			p = next;
		} else if ((*p == 'B' || *p == 'b') && (begins(p, end, "Bearer ") || begins(p, end, "Basic ")) &&
			   (next = token_of(out, p, end, begins(p, end, "Bearer ") ? 7 : 6, &replaced)) != NULL) {
			p = next;
		} else if (headers && *p == 'h' && opens_headers(p, end, &n) && p > bytes && p[-1] == '"') {
			buf_append(out, p, n);
			p = redact_headers(out, p + n, end, &replaced);
		} else {
			buf_putc(out, *p++);
		}
	}
	return replaced;
}
