#include "re2.h"

#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/error.h"

/* A selector is one line; regcomp's tables grow with the pattern. */
#define PATTERN_MAX 4096
/* {n}: regcomp copies its operand that often; RE2 itself refuses above 1000. */
#define REPEAT_MAX 255

/* The class of "\d" and the like inside brackets; NULL if there is none. */
static const char *class_inside(char c)
{
	switch (c) {
	case 'd':
		return "0-9";
	case 'w':
		return "A-Za-z0-9_";
	case 's':
		return " \t\n\f\r";
	case '.':
		return ".";
	case '\\':
		return "\\";
	default:
		return NULL;
	}
}

static int unsupported(const char *pattern, const char *what, struct error *err)
{
	return error_set(err, "regular expression \"%.200s\": %s", pattern, what);
}

/* "\c" outside brackets. */
static int put_escape(struct buf *out, char c, const char *pattern, struct error *err)
{
	const char *inside = c != '\0' && strchr("dws", c) != NULL ? class_inside(c) : NULL;

	if (inside != NULL)
		buf_printf(out, "[%s]", inside);
	else if (c == 'D' || c == 'W' || c == 'S')
		buf_printf(out, "[^%s]", class_inside((char)(c - 'A' + 'a')));
	else if (c != '\0' && strchr("\\.+*?()|[]{}^$", c) != NULL)
		buf_printf(out, "\\%c", c);
	else if (c != '\0' && strchr("-_/:\"'#%&,;<>=@!~` ", c) != NULL)
		buf_putc(out, c);
	else
		return unsupported(pattern, "an escape that is not supported", err);
	return 0;
}

/* "[…]" at *at, moved behind it. A backslash escapes in RE2 and is a plain character in POSIX. */
static int put_brackets(struct buf *out, const char **at, const char *pattern, struct error *err)
{
	const char *p = *at + 1;

	buf_putc(out, '[');
	if (*p == '^')
		buf_putc(out, *p++);
	if (*p == ']')
		buf_putc(out, *p++);
	for (; *p != ']'; p++) {
		if (*p == '\0')
			return error_code(err, ERR_SYNTAX, "regular expression \"%.200s\": missing closing ]", pattern);
		if (*p == '[' && p[1] == ':') {
			const char *end = strstr(p, ":]");

			if (end == NULL)
				return unsupported(pattern, "a class without an end", err);
			buf_append(out, p, (size_t)(end - p) + 2);
			p = end + 1;
		} else if (*p == '\\') {
			const char *inside = class_inside(*++p);

			if (inside == NULL)
				return unsupported(pattern, "an escape inside brackets that is not supported", err);
			buf_puts(out, inside);
		} else if (*p == '[') {
			return unsupported(pattern, "a bracket inside brackets", err);
		} else {
			buf_putc(out, *p);
		}
	}
	buf_putc(out, ']');
	*at = p + 1;
	return 0;
}

/* "{n}", "{n,}" or "{n,m}" at *at, moved behind it. */
static int put_repeat(struct buf *out, const char **at, const char *pattern, struct error *err)
{
	const char *p = *at + 1;
	size_t digits = strspn(p, "0123456789"), length = strspn(p, "0123456789,");
	const char *comma = memchr(p, ',', length);
	unsigned long number = 0;

	if (digits == 0 || p[length] != '}' || (comma != NULL && memchr(comma + 1, ',', length - (size_t)(comma + 1 - p)) != NULL))
		return unsupported(pattern, "a brace that repeats nothing", err);
	for (size_t i = 0; i < length; i++) {
		number = p[i] == ',' ? 0 : number * 10 + (unsigned long)(p[i] - '0');
		if (number > REPEAT_MAX)
			return unsupported(pattern, "more than 255 repetitions", err);
	}
	buf_append(out, *at, length + 2);
	*at = p + length + 1;
	return 0;
}

/* Lazy or greedy is the same to a match of the whole text. */
static void skip_lazy(const char **at)
{
	if (**at == '?')
		(*at)++;
}

static int put_one(struct buf *out, const char **at, const char *pattern, struct error *err)
{
	char c = **at;

	if (c == '\\') {
		if (put_escape(out, (*at)[1], pattern, err) < 0)
			return -1;
		*at += 2;
		return 0;
	}
	if (c == '[')
		return put_brackets(out, at, pattern, err);
	if (c == '{') {
		if (put_repeat(out, at, pattern, err) < 0)
			return -1;
		skip_lazy(at);
		return 0;
	}
	if (c == '(' && (*at)[1] == '?') {
		if ((*at)[2] != ':')
			return unsupported(pattern, "a group with flags or a name", err);
		*at += 2;
	}
	buf_putc(out, c);
	(*at)++;
	if (c == '*' || c == '+' || c == '?')
		skip_lazy(at);
	return 0;
}

int regex_compile(regex_t *out, const char *pattern, struct error *err)
{
	struct buf posix;
	int rc = -1, code;
	char text[128];

	buf_init(&posix, (size_t)4 * PATTERN_MAX);
	if (strlen(pattern) > PATTERN_MAX) {
		unsupported(pattern, "longer than 4096 bytes", err);
		goto out;
	}
	buf_puts(&posix, "^(");
	for (const char *at = pattern; *at != '\0';)
		if (put_one(&posix, &at, pattern, err) < 0)
			goto out;
	buf_puts(&posix, ")$");
	if (buf_check(&posix, "regular expression", err) < 0)
		goto out;
	code = regcomp(out, posix.data, REG_EXTENDED | REG_NOSUB);
	if (code != 0) {
		(void)regerror(code, out, text, sizeof text);
		error_code(err, ERR_SYNTAX, "regular expression \"%.200s\": %s", pattern, text);
		goto out;
	}
	rc = 0;
out:
	buf_free(&posix);
	return rc;
}
