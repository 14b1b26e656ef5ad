#include "selector.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "promstore.h"
#include "re2.h"

/* One string of a selector. */
#define STRING_MAX 8192
/* Prometheus' own limit of a duration: int64 nanoseconds, 292 years; ten years serve. */
#define RANGE_MAX (INT64_C(10) * 365 * 86400 * NS_PER_S)

static void skip_space(const char **at)
{
	*at += strspn(*at, " \t\n\r");
}

/* A metric's or a label's name at at; 0: none. */
static size_t name_length(const char *at, bool colons)
{
	size_t n = 0;

	while (isalpha((unsigned char)at[n]) || at[n] == '_' || (colons && at[n] == ':') || (n > 0 && isdigit((unsigned char)at[n])))
		n++;
	return n;
}

static int cannot(const char *query, struct error *err)
{
	return error_set(err, "gonogo-replay cannot evaluate: %.300s (a recording answers selectors only)", query);
}

static int malformed(const char *at, const char *want, struct error *err)
{
	return error_code(err, ERR_SYNTAX, "parse error: expected %s at \"%.40s\"", want, at);
}

/* Behind the backslash; moves behind the escape. */
static int put_escape(struct buf *out, const char **at, struct error *err)
{
	static const char from[] = "abfnrtv\\\"'", to[] = "\a\b\f\n\r\t\v\\\"'";
	const char *found = **at != '\0' ? strchr(from, **at) : NULL;

	if (found == NULL)
		return error_code(err, ERR_SYNTAX, "parse error: unknown escape sequence at \"\\%.10s\"", *at);
	buf_putc(out, to[found - from]);
	(*at)++;
	return 0;
}

/* A quoted string at *at, moved behind it. The caller frees *out. */
static int read_string(char **out, const char **at, struct error *err)
{
	char quote = **at;
	struct buf text;
	int rc = -1;

	buf_init(&text, STRING_MAX);
	buf_puts(&text, "");
	if (quote != '"' && quote != '\'' && quote != '`') {
		malformed(*at, "a string", err);
		goto out;
	}
	(*at)++;
	while (**at != quote) {
		if (**at == '\0') {
			error_code(err, ERR_SYNTAX, "parse error: unterminated quoted string");
			goto out;
		}
		if (**at == '\\' && quote != '`') {
			(*at)++;
			if (put_escape(&text, at, err) < 0)
				goto out;
		} else {
			buf_putc(&text, *(*at)++);
		}
	}
	(*at)++;
	if (buf_check(&text, "string of the query", err) < 0)
		goto out;
	*out = buf_take(&text);
	rc = *out != NULL ? 0 : error_nomem(err);
out:
	buf_free(&text);
	return rc;
}

static int read_operator(enum match *out, const char **at, struct error *err)
{
	static const struct {
		const char *text;
		enum match match;
	} operators[] = { { "=~", MATCH_REGEX }, { "!~", MATCH_NOT_REGEX }, { "!=", MATCH_NOT_EQUAL }, { "=", MATCH_EQUAL } };

	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		size_t n = strlen(operators[i].text);

		if (strncmp(*at, operators[i].text, n) == 0) {
			*out = operators[i].match;
			*at += n;
			return 0;
		}
	}
	return malformed(*at, "=, !=, =~ or !~", err);
}

/* A new matcher of the selector; it counts only once its name, value and regex are there. */
static struct matcher *next_matcher(struct selector *selector, struct error *err)
{
	if (selector->n == MATCHERS_MAX) {
		(void)error_set(err, "gonogo-replay cannot evaluate: more than %d matchers", MATCHERS_MAX);
		return NULL;
	}
	selector->v[selector->n] = (struct matcher){ .match = MATCH_EQUAL };
	return &selector->v[selector->n];
}

static int finish_matcher(struct selector *selector, struct matcher *m, struct error *err)
{
	bool regex = m->match == MATCH_REGEX || m->match == MATCH_NOT_REGEX;

	if (m->name == NULL || m->value == NULL) {
		error_nomem(err);
		goto fail;
	}
	if (regex && regex_compile(&m->regex, m->value, err) < 0) {
		error_wrap(err, "gonogo-replay cannot evaluate");
		goto fail;
	}
	selector->n++;
	return 0;
fail:
	free(m->name);
	free(m->value);
	return -1;
}

/* LABEL OPERATOR STRING */
static int read_matcher(struct selector *selector, const char **at, struct error *err)
{
	struct matcher *m = next_matcher(selector, err);
	size_t n = name_length(*at, false);
	const char *name = *at;

	if (m == NULL)
		return -1;
	if (n == 0)
		return malformed(*at, "a label or }", err);
	*at += n;
	skip_space(at);
	if (read_operator(&m->match, at, err) < 0)
		return -1;
	skip_space(at);
	if (read_string(&m->value, at, err) < 0)
		return -1;
	m->name = strndup(name, n);
	return finish_matcher(selector, m, err);
}

/* {…} at *at, moved behind it. */
static int read_matchers(struct selector *selector, const char **at, struct error *err)
{
	(*at)++;
	for (skip_space(at); **at != '}'; skip_space(at)) {
		if (read_matcher(selector, at, err) < 0)
			return -1;
		skip_space(at);
		if (**at == ',')
			(*at)++;
		else if (**at != '}')
			return malformed(*at, ", or }", err);
	}
	(*at)++;
	return 0;
}

static int64_t unit_at(const char **at)
{
	static const struct {
		const char *text;
		int64_t ns;
	} units[] = { { "ms", NS_PER_MS },
		      { "s", NS_PER_S },
		      { "m", INT64_C(60) * NS_PER_S },
		      { "h", INT64_C(3600) * NS_PER_S },
		      { "d", INT64_C(86400) * NS_PER_S },
		      { "w", INT64_C(604800) * NS_PER_S },
		      { "y", INT64_C(365) * 86400 * NS_PER_S } };

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t n = strlen(units[i].text);

		if (strncmp(*at, units[i].text, n) == 0) {
			*at += n;
			return units[i].ns;
		}
	}
	return 0;
}

/* "[1h30m]" at *at, moved behind it; subqueries are not for a recording. */
static int read_range(struct selector *selector, const char **at, const char *query, struct error *err)
{
	int64_t sum = 0;

	(*at)++;
	skip_space(at);
	while (isdigit((unsigned char)**at)) {
		int64_t number = 0, unit;

		for (; isdigit((unsigned char)**at) && number < RANGE_MAX; (*at)++)
			number = number * 10 + (**at - '0');
		unit = unit_at(at);
		if (unit == 0 || number > RANGE_MAX / unit || sum > RANGE_MAX - number * unit)
			return malformed(*at, "a duration of less than ten years", err);
		sum += number * unit;
	}
	skip_space(at);
	if (**at == ':')
		return cannot(query, err);
	if (**at != ']' || sum == 0)
		return malformed(*at, "a duration greater than 0 and ]", err);
	(*at)++;
	selector->range = sum;
	return 0;
}

static bool matches_value(const struct matcher *m, const char *value)
{
	switch (m->match) {
	case MATCH_EQUAL:
		return strcmp(value, m->value) == 0;
	case MATCH_NOT_EQUAL:
		return strcmp(value, m->value) != 0;
	case MATCH_REGEX:
		return regexec(&m->regex, value, 0, NULL, 0) == 0;
	default:
		return regexec(&m->regex, value, 0, NULL, 0) != 0;
	}
}

/* Prometheus' own rule: a selector may not be able to match every series. */
static int check_matchers(const struct selector *selector, struct error *err)
{
	for (size_t i = 0; i < selector->n; i++)
		if (!matches_value(&selector->v[i], ""))
			return 0;
	return error_code(err, ERR_SYNTAX, "parse error: vector selector must contain at least one non-empty matcher");
}

/* The metric's name in front of the braces, as a matcher of __name__. */
static int read_name(struct selector *selector, const char **at, struct error *err)
{
	size_t n = name_length(*at, true);
	struct matcher *m;

	if (n == 0)
		return 0;
	m = next_matcher(selector, err);
	if (m == NULL)
		return -1;
	m->name = strdup("__name__");
	m->value = strndup(*at, n);
	*at += n;
	return finish_matcher(selector, m, err);
}

int selector_parse(struct selector *out, const char *text, struct error *err)
{
	const char *at = text;

	out->n = 0;
	out->range = 0;
	skip_space(&at);
	if (*at == '\0')
		return error_code(err, ERR_SYNTAX, "parse error: no expression found in input");
	if (read_name(out, &at, err) < 0)
		return -1;
	skip_space(&at);
	if (*at == '{' && read_matchers(out, &at, err) < 0)
		return -1;
	skip_space(&at);
	if (*at == '[' && read_range(out, &at, text, err) < 0)
		return -1;
	skip_space(&at);
	if (*at != '\0')
		return cannot(text, err);
	return check_matchers(out, err);
}

void selector_free(struct selector *selector)
{
	for (size_t i = 0; i < selector->n; i++) {
		struct matcher *m = &selector->v[i];

		if (m->match == MATCH_REGEX || m->match == MATCH_NOT_REGEX)
			regfree(&m->regex);
		free(m->name);
		free(m->value);
	}
	selector->n = 0;
}

bool selector_match(const struct selector *selector, const struct series *series)
{
	for (size_t i = 0; i < selector->n; i++)
		if (!matches_value(&selector->v[i], series_label(series, selector->v[i].name)))
			return false;
	return true;
}
