#include "filter.h"

#include <string.h>

#include "gonogo/error.h"
#include "gonogo/json.h"

/* Longest label key: a DNS prefix of 253 characters, "/" and a name of 63. A field path is shorter. */
#define KEY_MAX 318

enum relation { REL_IN, REL_NOT_IN, REL_EXISTS, REL_ABSENT };

/* One requirement; borrows from the selector's text. */
struct requirement {
	char key[KEY_MAX];
	enum relation relation;
	const char *values; /* separated by commas */
	size_t values_len;
};

static const char *skip_space(const char *at)
{
	return at + strspn(at, " ");
}

/* "in (a,b)" or "notin (a,b)" at *at, moved behind it. */
static bool read_set(struct requirement *out, const char **at)
{
	bool negated = strncmp(*at, "notin", 5) == 0;
	const char *open, *close;

	if (!negated && strncmp(*at, "in", 2) != 0)
		return false;
	open = skip_space(*at + (negated ? 5 : 2));
	close = strchr(open, ')');
	if (*open != '(' || close == NULL)
		return false;
	out->relation = negated ? REL_NOT_IN : REL_IN;
	out->values = open + 1;
	out->values_len = (size_t)(close - open - 1);
	*at = close + 1;
	return true;
}

/* "=v", "==v", "!=v", a set, or nothing (the key exists). */
static bool read_relation(struct requirement *out, const char **at)
{
	bool negated = **at == '!';

	if (**at == '\0' || **at == ',')
		return true;
	if (negated ? (*at)[1] != '=' : **at != '=')
		return read_set(out, at);
	out->relation = negated ? REL_NOT_IN : REL_IN;
	*at += negated || (*at)[1] == '=' ? 2 : 1;
	out->values = *at;
	out->values_len = strcspn(*at, ",");
	*at += out->values_len;
	return true;
}

/* The requirement at *at, moved behind the comma after it. */
static bool read_requirement(struct requirement *out, const char **at)
{
	size_t n;

	*out = (struct requirement){ .relation = REL_EXISTS };
	*at = skip_space(*at);
	if (**at == '!') {
		out->relation = REL_ABSENT;
		*at = skip_space(*at + 1);
	}
	n = strcspn(*at, "=!, (");
	if (n == 0 || n >= sizeof out->key)
		return false;
	memcpy(out->key, *at, n);
	*at = skip_space(*at + n);
	if (out->relation == REL_EXISTS && !read_relation(out, at))
		return false;
	*at = skip_space(*at);
	if (**at != '\0' && **at != ',')
		return false;
	*at += **at == ',';
	return true;
}

static bool has_value(const struct requirement *r, const char *value)
{
	const char *at = r->values, *end = r->values + r->values_len;

	for (;;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma != NULL ? comma : end;

		at += strspn(at, " ");
		while (stop > at && stop[-1] == ' ')
			stop--;
		if (stop >= at && strlen(value) == (size_t)(stop - at) && memcmp(at, value, strlen(value)) == 0)
			return true;
		if (comma == NULL)
			return false;
		at = comma + 1;
	}
}

static bool meets(const struct requirement *r, const char *value)
{
	switch (r->relation) {
	case REL_IN:
		return value != NULL && has_value(r, value);
	case REL_NOT_IN:
		return value == NULL || !has_value(r, value);
	case REL_EXISTS:
		return value != NULL;
	default:
		return value == NULL;
	}
}

static int check(const char *selector, const char *what, struct error *err)
{
	struct requirement r;

	for (const char *at = selector; at != NULL && *at != '\0';)
		if (!read_requirement(&r, &at))
			return error_code(err, ERR_SYNTAX, "unable to parse %s: \"%.200s\"", what, selector);
	return 0;
}

int filter_check(const struct filter *filter, struct error *err)
{
	return check(filter->labels, "labelSelector", err) < 0 || check(filter->fields, "fieldSelector", err) < 0 ? -1 : 0;
}

bool filter_match(const struct filter *filter, const char *bytes, size_t len)
{
	struct requirement r;
	struct json *json;
	bool ok = true;

	if ((filter->labels == NULL || *filter->labels == '\0') && (filter->fields == NULL || *filter->fields == '\0'))
		return true;
	json = json_parse(bytes, len, NULL);
	if (json == NULL)
		return false;
	for (const char *at = filter->labels; ok && at != NULL && *at != '\0';)
		ok = read_requirement(&r, &at) && meets(&r, json_string(json_get(json_path(json, "metadata.labels"), r.key)));
	for (const char *at = filter->fields; ok && at != NULL && *at != '\0';) {
		const char *value;

		ok = read_requirement(&r, &at);
		value = ok ? json_string(json_path(json, r.key)) : NULL;
		/* A field that is left out has its empty value. */
		ok = ok && meets(&r, value != NULL ? value : "");
	}
	json_free(json);
	return ok;
}
