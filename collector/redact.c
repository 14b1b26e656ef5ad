#include "redact.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "gonogo/buf.h"

#define REPLACEMENT "[redacted]"

static bool begins(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && strncasecmp(p, word, n) == 0;
}

/* ---- Strings of JSON, at any depth of JSON in JSON: their quotes bear 0, 1, 3, 7 … backslashes. */

static size_t count_backslashes(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q == '\\')
		q++;
	return (size_t)(q - p);
}

/* Whether a quote behind `run` backslashes ends a string that was opened behind `level`. */
static bool closes(size_t run, size_t level)
{
	while (level > 0) {
		/* A quote of a string around this one. */
		if (run % 2 == 0)
			return true;
		run = (run - 1) / 2;
		level = (level - 1) / 2;
	}
	return run % 2 == 0;
}

/* Where the content ends that begins at p; end if nothing closes it. */
static const char *string_end(const char *p, const char *end, size_t level)
{
	while (p < end) {
		size_t run = count_backslashes(p, end);

		p += run;
		if (p == end)
			break;
		if (*p == '"' && closes(run, level))
			return p - (run < level ? run : level);
		p++;
	}
	return end;
}

/* A quote with its backslashes at p: its length, or 0. */
static size_t quote_at(const char *p, const char *end)
{
	size_t run = count_backslashes(p, end);

	return p + run < end && p[run] == '"' ? run + 1 : 0;
}

/* White space, also as JSON writes it inside a string. */
static const char *skip_space(const char *p, const char *end)
{
	for (;;) {
		size_t run = count_backslashes(p, end);

		if (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
			p++;
		else if (run > 0 && p + run < end && (p[run] == 'n' || p[run] == 't' || p[run] == 'r'))
			p += run + 1;
		else
			return p;
	}
}

/* Copies the opening quote and puts the replacement for what it holds. Returns where copying goes on. */
static const char *replace_string(struct buf *out, const char *p, const char *end, size_t quote, bool *replaced)
{
	buf_append(out, p, quote);
	buf_puts(out, REPLACEMENT);
	*replaced = true;
	return string_end(p + quote, end, quote - 1);
}

/* ---- URLs. */

/* `\u0026` is how Go's JSON writes "&", which a password may hold. */
static size_t unicode_escape(const char *p, const char *end)
{
	size_t run = count_backslashes(p, end);

	if (run == 0 || end - p < (ptrdiff_t)run + 5 || p[run] != 'u')
		return 0;
	for (size_t i = run + 1; i < run + 5; i++)
		if (!isxdigit((unsigned char)p[i]))
			return 0;
	return run + 5;
}

/* Ends a URL's authority: RFC 3986 section 3.2, and whatever ends a string in JSON or in a text. An apostrophe is allowed in a password. */
static bool ends_authority(char c)
{
	return strchr("/?#\"\\ \t\r\n<>`", c) != NULL;
}

/* A slash as JSON may write it, in JSON in JSON too: any number of backslashes before "/" or "u002f". Its length, or 0. */
static size_t slash_at(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q == '\\')
		q++;
	if (q < end && *q == '/')
		return (size_t)(q - p) + 1;
	return q > p && begins(q, end, "u002f") ? (size_t)(q - p) + 5 : 0;
}

/* The length of "://" however its slashes are written, or 0. */
static size_t scheme_end(const char *p, const char *end)
{
	size_t first, second;

	if (p >= end || *p != ':')
		return 0;
	first = slash_at(p + 1, end);
	second = first == 0 ? 0 : slash_at(p + 1 + first, end);
	return second == 0 ? 0 : 1 + first + second;
}

/* Behind "://": the length of the user part with its "@", or 0. */
static size_t user_part(const char *p, const char *end)
{
	const char *at = NULL, *q = p;

	while (q < end) {
		size_t escape = unicode_escape(q, end);

		if (escape == 0 && ends_authority(*q))
			break;
		if (*q == '@')
			at = q;
		q += escape > 0 ? escape : 1;
	}
	return at == NULL ? 0 : (size_t)(at - p);
}

/* ---- Headers. */

/* Behind a key: its closing quote if it has one, then a colon. Where the value begins; NULL: this is no key. */
static const char *value_at(const char *p, const char *end)
{
	p = skip_space(p + quote_at(p, end), end);
	return p < end && *p == ':' ? skip_space(p + 1, end) : NULL;
}

/* A string behind an opening quote, replaced if it is a value; of a key only what is a secret anywhere. With its closing quote. Returns what is behind it. */
static const char *pass_string(struct buf *out, const char *p, const char *end, size_t quote, bool value, bool *replaced)
{
	const char *close = string_end(p + quote, end, quote - 1);
	const char *next = end - close < (ptrdiff_t)quote ? end : close + quote;

	if (value) {
		(void)replace_string(out, p, end, quote, replaced);
		buf_append(out, close, (size_t)(next - close));
	} else {
		*replaced |= redact(out, p, (size_t)(next - p), false);
	}
	return next;
}

/* How much of what stands between strings is JSON's own: punctuation, white space, numbers, true, false, null. 0: it is no JSON. */
static size_t structure(const char *p, const char *end)
{
	static const char *const literals[] = { "true", "false", "null" };
	size_t run = count_backslashes(p, end);
	const char *q = skip_space(p, end);

	if (q > p)
		return (size_t)(q - p);
	if (run > 0)
		return run;
	for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++)
		if (begins(p, end, literals[i]))
			return strlen(literals[i]);
	return (*p == ':' && !begins(p, end, "://")) || (*p != '\0' && strchr("{}[],+-.0123456789eE", *p) != NULL) ? 1 : 0;
}

/* Behind the opening bracket of an object of headers, or of a list: replaces every string that is a value, up to the closing one. */
static const char *replace_values(struct buf *out, const char *p, const char *end, bool list, bool *replaced)
{
	size_t depth = 0, level = 0, quote, run;
	bool value = list;

	while (p < end && !(depth == 0 && (*p == '}' || *p == ']'))) {
		quote = quote_at(p, end);
		/* All strings of one object are quoted alike; another quote ends the text that the object stands in. */
		if (quote > 0 && level > 0 && quote != level)
			return p;
		if (quote > 0) {
			level = quote;
			p = pass_string(out, p, end, quote, value || depth > 0, replaced);
			continue;
		}
		if (*p == '[' || *p == '{')
			depth++;
		else if (*p == ']' || *p == '}')
			depth--;
		else if (*p == ':')
			value = true;
		else if (*p == ',' && depth == 0)
			value = list;
		run = structure(p, end);
		if (run == 0)
			return p;
		buf_append(out, p, run);
		p += run;
	}
	return p;
}

/* "headers" as a key whose value is an object: where that begins; NULL: it is none. */
static const char *headers_at(const char *p, const char *end)
{
	const char *value = begins(p, end, "headers") ? value_at(p + strlen("headers"), end) : NULL;

	return value != NULL && value < end && *value == '{' ? value + 1 : NULL;
}

static bool ends_line(char c)
{
	return c == '"' || c == '\\' || c == '\n' || c == '\r';
}

/* Behind "authorization": a text, a list of texts (Flagger's http.Header), or the rest of a line. NULL: it was part of a longer word. */
static const char *replace_authorization(struct buf *out, const char *p, const char *end, bool *replaced)
{
	const char *value = value_at(p + strlen("authorization"), end), *stop = value;
	size_t quote;

	if (value == NULL || value == end || *value == '{')
		return NULL;
	buf_append(out, p, (size_t)(value - p));
	quote = quote_at(value, end);
	if (quote > 0)
		return replace_string(out, value, end, quote, replaced);
	if (*value == '[') {
		buf_putc(out, '[');
		return replace_values(out, value + 1, end, true, replaced);
	}
	while (stop < end && !ends_line(*stop))
		stop++;
	if (stop > value) {
		buf_puts(out, REPLACEMENT);
		*replaced = true;
	}
	return stop;
}

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("+/=._~-", c) != NULL);
}

/* Behind "Bearer " or "Basic ": a token of eight characters and more; shorter words are prose. */
static const char *replace_token(struct buf *out, const char *p, const char *end, size_t skip, bool *replaced)
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

bool redact(struct buf *out, const char *bytes, size_t len, bool headers)
{
	const char *p = bytes, *end = bytes + len, *next;
	bool replaced = false;
	size_t n, scheme;

	while (p < end) {
		if ((scheme = scheme_end(p, end)) > 0 && (n = user_part(p + scheme, end)) > 0) {
			buf_append(out, p, scheme);
			buf_puts(out, REPLACEMENT);
			p += scheme + n;
			replaced = true;
		} else if ((*p == 'a' || *p == 'A') && begins(p, end, "authorization") &&
			   (next = replace_authorization(out, p, end, &replaced)) != NULL) {
			p = next;
		} else if ((*p == 'B' || *p == 'b') && (begins(p, end, "Bearer ") || begins(p, end, "Basic ")) &&
			   (next = replace_token(out, p, end, begins(p, end, "Bearer ") ? 7 : 6, &replaced)) != NULL) {
			p = next;
		} else if (headers && *p == 'h' && p > bytes && p[-1] == '"' && (next = headers_at(p, end)) != NULL) {
			buf_append(out, p, (size_t)(next - p));
			p = replace_values(out, next, end, false, &replaced);
		} else {
			buf_putc(out, *p++);
		}
	}
	return replaced;
}

/* ---- Known values. */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

size_t redact_value(struct buf *out, const char *bytes, size_t len, const char *value)
{
	const char *p = bytes, *end = bytes + len, *at;
	size_t n = strlen(value), found = 0;

	while (n > 0 && (at = memmem(p, (size_t)(end - p), value, n)) != NULL) {
		/* A tenant "a" is not every letter a. */
		bool inside = (at > bytes && is_word(at[-1]) && is_word(*value)) ||
			      (at + n < end && is_word(at[n]) && is_word(value[n - 1]));

		buf_append(out, p, (size_t)(at - p));
		if (inside)
			buf_append(out, at, n);
		else
			buf_puts(out, REPLACEMENT);
		found += !inside;
		p = at + n;
	}
	buf_append(out, p, (size_t)(end - p));
	return found;
}
