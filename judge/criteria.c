/* criteria.yaml: default ← file ← overrides, one table of fields a mapping. */
#include "gonogo/criteria.h"

#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/measure.h"
#include "gonogo/schema.h"
#include "gonogo/yaml.h"
#include "promeval.h"
#include "promql.h"

/* More criteria than anyone signs for. */
#define CRITERIA_MAX 32
#define CLASSES_MAX 16

enum field_type { FIELD_NUMBER, FIELD_INT, FIELD_PERCENT, FIELD_DURATION, FIELD_SECONDS, FIELD_BOOL, FIELD_TEXT, FIELD_WORD };

/* A key of a mapping: where its value goes, and its range (FIELD_DURATION, FIELD_SECONDS: in seconds). */
struct field {
	const char *key;
	enum field_type type;
	size_t offset;
	double min, max;
	const char *const *words; /* FIELD_WORD: the enum's words in order, NULL at the end */
};

/* What is being read, for texts and for the settings. */
struct reader {
	struct criteria *criteria;
	struct arena *arena;
	const char *file;
	enum layer layer;
	const char *namespace_, *canary;
};

static const char *const kind_words[] = { "error-ratio", "success-rate", "quantile-ratio", "quantile-absolute", "point", NULL };
static const char *const blind_words[] = { "absolute", "hold", NULL };
static const char *const breach_words[] = { "hold", "note", NULL };

#define CRITERION(member) offsetof(struct criterion, member)
#define CRITERIA(member) offsetof(struct criteria, member)

static const struct field criterion_fields[] = {
	{ "kind", FIELD_WORD, CRITERION(kind), 0, 0, kind_words },
	{ "limit", FIELD_NUMBER, CRITERION(limit), -1e12, 1e12, NULL },
	{ "floor", FIELD_NUMBER, CRITERION(floor), 0, 0.5, NULL },
	{ "quantile", FIELD_NUMBER, CRITERION(quantile), 0.5, 0.999, NULL },
	{ "window", FIELD_DURATION, CRITERION(window), 10, 86400, NULL },
	{ "alpha", FIELD_NUMBER, CRITERION(alpha), 0.0001, 0.2, NULL },
	{ "when_blind", FIELD_WORD, CRITERION(when_blind), 0, 0, blind_words },
	{ "absolute", FIELD_SECONDS, CRITERION(absolute), 0.001, 3600, NULL },
	{ "informational", FIELD_BOOL, CRITERION(informational), 0, 0, NULL },
	{ "hard_stop", FIELD_BOOL, CRITERION(hard_stop), 0, 0, NULL },
	{ "metric", FIELD_TEXT, CRITERION(metric), 0, 0, NULL },
	{ "point_is_max", FIELD_BOOL, CRITERION(point_is_max), 0, 0, NULL },
};

static const struct field blast_fields[] = {
	{ "max_weight", FIELD_PERCENT, CRITERIA(max_weight), 1, 100, NULL },
	{ "deadline", FIELD_DURATION, CRITERIA(deadline), 1, 604800, NULL },
	{ "on_breach", FIELD_WORD, CRITERIA(on_breach), 0, 0, breach_words },
};

static const struct field evidence_fields[] = {
	{ "min_weight", FIELD_PERCENT, CRITERIA(min_weight), 0, 100, NULL },
	{ "min_requests", FIELD_INT, CRITERIA(min_requests), 1, 1e9, NULL },
	{ "coverage", FIELD_NUMBER, CRITERIA(coverage), 0, 1, NULL },
	{ "warm_up", FIELD_DURATION, CRITERIA(warm_up), 0, 3600, NULL },
	{ "history", FIELD_DURATION, CRITERIA(history), 0, 86400, NULL },
};

static const struct field owner_fields[] = {
	{ "release", FIELD_TEXT, CRITERIA(owner_release), 0, 0, NULL },
	{ "rollback", FIELD_TEXT, CRITERIA(owner_rollback), 0, 0, NULL },
};

static const struct field rollback_fields[] = {
	{ "action", FIELD_TEXT, CRITERIA(rollback_action), 0, 0, NULL },
	{ "data", FIELD_TEXT, CRITERIA(rollback_data), 0, 0, NULL },
};

static const struct field decision_fields[] = {
	{ "two_persons", FIELD_BOOL, CRITERIA(two_persons), 0, 0, NULL },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *criterion_kind_name(enum criterion_kind kind)
{
	return kind_words[kind];
}

const char *layer_name(enum layer layer)
{
	static const char *const names[] = { "default", "file", "override" };

	return names[layer];
}

const struct criterion *criteria_find(const struct criteria *criteria, const char *name)
{
	for (size_t i = 0; i < criteria->n; i++)
		if (strcmp(criteria->v[i].name, name) == 0)
			return &criteria->v[i];
	return NULL;
}

static int fail_at(const struct reader *r, size_t line, size_t column, struct error *err, const char *what, const char *key)
{
	return error_code(err, ERR_SYNTAX, "%s: line %zu, column %zu: `%.60s` %s", r->file, line, column, key, what);
}

/* A scalar, or the scalars of a list. */
static const char *value_text(const struct reader *r, const struct yaml_node *node)
{
	const char *text = "";

	if (yaml_is_null(node))
		return "not set";
	if (node->kind != YAML_SEQUENCE)
		return arena_strdup(r->arena, yaml_string(node) != NULL ? yaml_string(node) : "…");
	for (size_t i = 0; i < node->n && text != NULL; i++)
		text = arena_printf(r->arena, "%s%s%s", text, i == 0 ? "" : ", ",
				    yaml_string(node->items[i]) == NULL ? "…" : yaml_string(node->items[i]));
	return text;
}

static int set_setting(const struct reader *r, const char *path, const struct yaml_node *node, struct error *err)
{
	struct criteria *c = r->criteria;
	struct criteria_setting *setting = NULL;

	for (size_t i = 0; i < c->n_settings && setting == NULL; i++)
		if (strcmp(c->settings[i].path, path) == 0)
			setting = &c->settings[i];
	if (setting == NULL) {
		struct criteria_setting *grown = arena_grow(r->arena, c->settings, c->n_settings, &c->cap_settings, sizeof *grown);

		if (grown == NULL)
			return error_nomem(err);
		c->settings = grown;
		setting = &grown[c->n_settings++];
		setting->path = arena_strdup(r->arena, path);
	}
	setting->value = value_text(r, node);
	setting->layer = r->layer;
	setting->line = node->line;
	return setting->path == NULL || setting->value == NULL ? error_nomem(err) : 0;
}

static int read_word(const struct field *f, const struct yaml_node *node, int *out)
{
	const char *word = yaml_string(node);

	for (int i = 0; word != NULL && f->words[i] != NULL; i++)
		if (strcmp(word, f->words[i]) == 0) {
			*out = i;
			return 0;
		}
	return -1;
}

/* A duration with its unit, in range; a bare number is refused, since nobody can tell seconds from minutes. */
static int read_duration(const struct field *f, const struct yaml_node *node, int64_t *out)
{
	const char *text = yaml_string(node);

	if (text == NULL || duration_parse(out, text, NULL) < 0)
		return -1;
	return (double)*out >= f->min * (double)NS_PER_S && (double)*out <= f->max * (double)NS_PER_S ? 0 : -1;
}

static int read_double(const struct field *f, const struct yaml_node *node, double *out)
{
	return yaml_number(node, out) && isfinite(*out) && *out >= f->min && *out <= f->max ? 0 : -1;
}

/* The value into base + offset; -1 if it is not of the field's type or out of its range. */
static int read_value(const struct reader *r, const struct field *f, const struct yaml_node *node, void *base)
{
	void *at = (char *)base + f->offset;
	double number;
	int64_t span;
	int word;

	switch (f->type) {
	case FIELD_NUMBER:
		return read_double(f, node, at);
	case FIELD_PERCENT:
		if (read_double(f, node, &number) < 0)
			return -1;
		*(double *)at = number / 100;
		return 0;
	case FIELD_INT:
		return yaml_int(node, at) && (double)*(int64_t *)at >= f->min && (double)*(int64_t *)at <= f->max ? 0 : -1;
	case FIELD_DURATION:
		return read_duration(f, node, at);
	case FIELD_SECONDS:
		if (read_duration(f, node, &span) < 0)
			return -1;
		*(double *)at = (double)span / (double)NS_PER_S;
		return 0;
	case FIELD_BOOL:
		return yaml_bool(node, at) ? 0 : -1;
	case FIELD_WORD:
		if (read_word(f, node, &word) < 0)
			return -1;
		memcpy(at, &word, sizeof word);
		return 0;
	case FIELD_TEXT:
		if (yaml_is_null(node))
			*(const char **)at = NULL;
		else if (yaml_string(node) == NULL || (*(const char **)at = arena_strdup(r->arena, yaml_string(node))) == NULL)
			return -1;
		return 0;
	}
	return -1;
}

/* "is no duration from 10s to 86400s (with its unit)" and the like. */
static int fail_value(const struct reader *r, const struct field *f, const struct yaml_node *node, const char *path, struct error *err)
{
	const char *what = NULL;
	char range[96];

	switch (f->type) {
	case FIELD_DURATION:
	case FIELD_SECONDS:
		what = arena_printf(r->arena, "must be a duration with a unit, %gs to %gs", f->min, f->max);
		break;
	case FIELD_NUMBER:
	case FIELD_PERCENT:
	case FIELD_INT:
		what = arena_printf(r->arena, "must be %s, %g to %g%s", f->type == FIELD_INT ? "a whole number" : "a number", f->min,
				    f->max, f->type == FIELD_PERCENT ? " (per cent)" : "");
		break;
	case FIELD_BOOL:
		what = "must be true or false";
		break;
	case FIELD_TEXT:
		what = "must be a text";
		break;
	case FIELD_WORD:
		range[0] = '\0';
		for (int i = 0; f->words[i] != NULL; i++) {
			strncat(range, i == 0 ? "" : " | ", sizeof range - strlen(range) - 1);
			strncat(range, f->words[i], sizeof range - strlen(range) - 1);
		}
		what = arena_printf(r->arena, "must be one of %s", range);
		break;
	}
	return fail_at(r, node->line, node->column, err, what != NULL ? what : "is wrong", path);
}

static int read_field(const struct reader *r, const struct field *f, const struct yaml_node *node, const char *prefix, void *base,
		      struct error *err)
{
	const char *path = arena_printf(r->arena, "%s.%s", prefix, f->key);

	if (path == NULL)
		return error_nomem(err);
	if (read_value(r, f, node, base) < 0)
		return fail_value(r, f, node, path, err);
	return set_setting(r, path, node, err);
}

static const struct field *find_field(const struct field *fields, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].key, key) == 0)
			return &fields[i];
	return NULL;
}

static int read_mapping(const struct reader *r, const struct field *fields, size_t n, const struct yaml_node *node, const char *prefix,
			void *base, struct error *err)
{
	if (node->kind != YAML_MAPPING)
		return fail_at(r, node->line, node->column, err, "must be a mapping", prefix);
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_member *m = &node->members[i];
		const struct field *f = find_field(fields, n, m->key);

		if (f == NULL)
			return fail_at(r, m->line, m->column, err, "is not a known key here", m->key);
		if (read_field(r, f, m->value, prefix, base, err) < 0)
			return -1;
	}
	return 0;
}

static bool is_name(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 63 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static struct criterion *find_or_add(const struct reader *r, const char *name)
{
	struct criteria *c = r->criteria;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].name, name) == 0)
			return &c->v[i];
	if (c->n == CRITERIA_MAX)
		return NULL;
	c->v[c->n] = (struct criterion){
		.name = arena_strdup(r->arena, name),
		.limit = NAN,
		.quantile = 0.95,
		.window = 300 * NS_PER_S,
		.alpha = 0.02,
		.absolute = 1,
		.point_is_max = true,
		.endpoint = { .unit = 1 },
	};
	return c->v[c->n].name == NULL ? NULL : &c->v[c->n++];
}

static void remove_criterion(struct criteria *c, const char *name)
{
	size_t kept = 0, settings = 0;
	size_t len = strlen(name);

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].name, name) != 0)
			c->v[kept++] = c->v[i];
	c->n = kept;
	for (size_t i = 0; i < c->n_settings; i++) {
		const char *path = c->settings[i].path;
		bool of_it = strncmp(path, "criteria.", 9) == 0 && strncmp(path + 9, name, len) == 0 && path[9 + len] == '.';

		if (!of_it)
			c->settings[settings++] = c->settings[i];
	}
	c->n_settings = settings;
}

/* Limits whose range depends on the kind, once all layers of an entry were read. `limit` of quantile-absolute is a duration. */
static const char *criterion_fault(const struct criterion *c)
{
	if (!isfinite(c->limit))
		return "has no limit";
	switch (c->kind) {
	case CRITERION_ERROR_RATIO:
	case CRITERION_QUANTILE_RATIO:
		return c->limit > 1 && c->limit <= 1000 ? NULL : "needs a limit above 1 (a ratio to the baseline)";
	case CRITERION_SUCCESS_RATE:
		return c->limit > 0 && c->limit < 1 ? NULL : "needs a limit between 0 and 1 (a fraction: 0.99 is 99 %)";
	case CRITERION_QUANTILE_ABSOLUTE:
		return c->limit > 0 ? NULL : "needs a limit above 0 s";
	case CRITERION_POINT:
		if (c->endpoint.canary != NULL)
			return "reads a metric of the Canary: an endpoint has no place here";
		return c->metric != NULL ? NULL : "needs `metric`, the name of one of the Canary's metrics";
	}
	return NULL;
}

/* ---- Endpoints: a pair of selectors of one metric. */

/* metric{matchers} and nothing before or behind: no offset, no brackets, no comment, which would be asked for otherwise than it is printed. */
static bool is_plain(const char *selector)
{
	size_t name = strspn(selector, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:"), n = strlen(selector);

	return name > 0 && selector[name] == '{' && selector[n - 1] == '}' && strpbrk(selector, "#\n\r") == NULL;
}

static const char *metric_of(const struct reader *r, const char *selector)
{
	static const struct series_set none = { 0 };
	const struct promql_node *node;
	struct prom_query ready;
	struct error unused;

	if (selector == NULL || !is_plain(selector) || promql_parse(&node, selector, r->arena, &unused) < 0 ||
	    node->kind != PROMQL_SELECTOR || node->range != NULL || *node->name == '\0' || node->n_matchers == 0 ||
	    promql_matcher(node, "__name__") != NULL || prom_prepare(&ready, node, &none, false, r->arena, &unused) < 0)
		return NULL;
	return node->name;
}

static const char *endpoint_fault(const struct reader *r, const struct criterion *c)
{
	const char *canary = metric_of(r, c->endpoint.canary), *baseline = metric_of(r, c->endpoint.baseline);
	bool quantile = c->kind == CRITERION_QUANTILE_RATIO || c->kind == CRITERION_QUANTILE_ABSOLUTE;

	if (c->endpoint.canary == NULL && c->endpoint.baseline == NULL)
		return NULL;
	if (canary == NULL || baseline == NULL)
		return "needs an endpoint with `canary` and `baseline`, selectors such as requests_total{path=\"/pay\"} without a range";
	if (strcmp(canary, baseline) != 0)
		return "needs one metric in both selectors of its endpoint";
	if (quantile != measure_is_histogram(canary))
		return quantile ? "needs a histogram (…_bucket) in its endpoint"
				: "needs a counter of requests in its endpoint, not a histogram";
	return NULL;
}

static int read_endpoint(const struct reader *r, const struct yaml_node *node, const char *prefix, struct criterion *c, struct error *err)
{
	static const struct field fields[] = { { "canary", FIELD_TEXT, offsetof(struct endpoint, canary), 0, 0, NULL },
					       { "baseline", FIELD_TEXT, offsetof(struct endpoint, baseline), 0, 0, NULL },
					       { "code_label", FIELD_TEXT, offsetof(struct endpoint, code_label), 0, 0, NULL },
					       { "unit", FIELD_SECONDS, offsetof(struct endpoint, unit), 1e-9, 1, NULL } };
	const char *path = arena_printf(r->arena, "%s.endpoint", prefix);

	return path == NULL ? error_nomem(err) : read_mapping(r, fields, COUNT(fields), node, path, &c->endpoint, err);
}

/* ---- Error classes. */

static bool is_class(const char *text)
{
	const char *pattern = strncmp(text, "grpc:", 5) == 0 ? text + 5 : text;

	return *pattern != '\0' && strlen(text) <= 32 && strspn(pattern, "0123456789.") == strlen(pattern);
}

/* Classes are patterns of codes and nothing more, so that every room can match them without a regular expression engine. */
static int read_classes(const struct reader *r, const struct yaml_node *node, const char *path, const char ***out, size_t *n,
			struct error *err)
{
	if (path == NULL)
		return error_nomem(err);
	if (node->kind != YAML_SEQUENCE || node->n == 0 || node->n > CLASSES_MAX)
		return fail_at(r, node->line, node->column, err, "must be a list of 1 to 16 patterns such as \"5..\"", "error_classes");
	*out = arena_alloc(r->arena, node->n * sizeof **out);
	if (*out == NULL)
		return error_nomem(err);
	*n = node->n;
	for (size_t i = 0; i < node->n; i++) {
		const char *text = yaml_string(node->items[i]);

		if (text == NULL || !is_class(text))
			return fail_at(r, node->items[i]->line, node->items[i]->column, err,
				       "must hold patterns of digits and \".\", such as \"5..\", or gRPC statuses such as \"grpc:14\"",
				       "error_classes");
		(*out)[i] = arena_strdup(r->arena, text);
		if ((*out)[i] == NULL)
			return error_nomem(err);
	}
	return set_setting(r, path, node, err);
}

static int read_member(const struct reader *r, const struct yaml_member *m, const char *prefix, struct criterion *c, struct error *err)
{
	static const struct field duration_limit = { "limit", FIELD_SECONDS, CRITERION(limit), 0.001, 3600, NULL };
	const struct field *f;

	if (strcmp(m->key, "name") == 0)
		return 0;
	if (strcmp(m->key, "endpoint") == 0)
		return read_endpoint(r, m->value, prefix, c, err);
	if (strcmp(m->key, "error_classes") == 0)
		return read_classes(r, m->value, arena_printf(r->arena, "%s.error_classes", prefix), &c->error_classes, &c->n_error_classes,
				    err);
	f = find_field(criterion_fields, COUNT(criterion_fields), m->key);
	if (f == NULL)
		return fail_at(r, m->line, m->column, err, "is not a known key of a criterion", m->key);
	if (strcmp(m->key, "limit") == 0 && c->kind == CRITERION_QUANTILE_ABSOLUTE)
		f = &duration_limit;
	return read_field(r, f, m->value, prefix, c, err);
}

static int read_criterion(const struct reader *r, const struct yaml_node *node, struct error *err)
{
	const char *name = yaml_string(yaml_get(node, "name"));
	const char *kind = yaml_string(yaml_get(node, "kind"));
	const char *prefix, *fault;
	struct criterion *c;

	if (node->kind != YAML_MAPPING || name == NULL || !is_name(name))
		return fail_at(r, node->line, node->column, err, "must be a mapping with a name of a-z, 0-9 and \"-\"", "criteria");
	if (kind != NULL && strcmp(kind, "off") == 0) {
		remove_criterion(r->criteria, name);
		return 0;
	}
	c = find_or_add(r, name);
	prefix = arena_printf(r->arena, "criteria.%s", name);
	if (c == NULL || prefix == NULL)
		return fail_at(r, node->line, node->column, err, "is one criterion too many (32 at most)", name);
	if (isnan(c->limit) && kind == NULL)
		return fail_at(r, node->line, node->column, err, "is new and needs `kind`", name);
	/* The kind first: it decides how the limit is read. */
	if (kind != NULL && read_field(r, &criterion_fields[0], yaml_get(node, "kind"), prefix, c, err) < 0)
		return -1;
	for (size_t i = 0; i < node->n; i++)
		if (read_member(r, &node->members[i], prefix, c, err) < 0)
			return -1;
	fault = criterion_fault(c);
	fault = fault == NULL ? endpoint_fault(r, c) : fault;
	return fault == NULL ? 0 : fail_at(r, node->line, node->column, err, fault, name);
}

static int read_criteria_list(const struct reader *r, const struct yaml_node *node, struct error *err)
{
	if (node->kind != YAML_SEQUENCE)
		return fail_at(r, node->line, node->column, err, "must be a list", "criteria");
	for (size_t i = 0; i < node->n; i++)
		if (read_criterion(r, node->items[i], err) < 0)
			return -1;
	return 0;
}

static int read_hold(const struct reader *r, const struct yaml_node *node, struct error *err)
{
	static const char *const words[] = { "wait", "revert", NULL };
	static const struct field field = { "expired", FIELD_WORD, 0, 0, 0, words };
	int word = r->criteria->revert_when_expired ? 1 : 0;

	if (read_mapping(r, &field, 1, node, "hold", &word, err) < 0)
		return -1;
	r->criteria->revert_when_expired = word == 1;
	return 0;
}

static int read_overrides(struct reader *r, const struct yaml_node *node, struct error *err);

/* One section by its key; override: namespace and canary were looked at already. */
static int read_section(struct reader *r, const struct yaml_member *m, struct error *err)
{
	struct criteria *c = r->criteria;
	const struct yaml_node *v = m->value;

	if (strcmp(m->key, "criteria") == 0)
		return read_criteria_list(r, v, err);
	if (strcmp(m->key, "blast") == 0)
		return read_mapping(r, blast_fields, COUNT(blast_fields), v, "blast", c, err);
	if (strcmp(m->key, "evidence") == 0)
		return read_mapping(r, evidence_fields, COUNT(evidence_fields), v, "evidence", c, err);
	if (strcmp(m->key, "rollback") == 0)
		return read_mapping(r, rollback_fields, COUNT(rollback_fields), v, "rollback", c, err);
	if (strcmp(m->key, "owners") == 0)
		return read_mapping(r, owner_fields, COUNT(owner_fields), v, "owners", c, err);
	if (strcmp(m->key, "decisions") == 0)
		return read_mapping(r, decision_fields, COUNT(decision_fields), v, "decisions", c, err);
	if (strcmp(m->key, "error_classes") == 0)
		return read_classes(r, v, "error_classes", &c->error_classes, &c->n_error_classes, err);
	if (strcmp(m->key, "hold") == 0)
		return read_hold(r, v, err);
	return fail_at(r, m->line, m->column, err, "is not a known key here", m->key);
}

static bool matches(const struct yaml_node *node, const char *key, const char *value)
{
	const char *want = yaml_string(yaml_get(node, key));

	return want == NULL || (value != NULL && strcmp(want, value) == 0);
}

static int read_override(struct reader *r, const struct yaml_node *node, struct error *err)
{
	struct criteria scratch = *r->criteria;
	struct criterion *criteria_of_scratch = arena_alloc(r->arena, CRITERIA_MAX * sizeof *criteria_of_scratch);
	struct reader local = *r;
	bool applies;

	if (criteria_of_scratch == NULL)
		return error_nomem(err);
	if (node->kind != YAML_MAPPING || (yaml_get(node, "namespace") == NULL && yaml_get(node, "canary") == NULL))
		return fail_at(r, node->line, node->column, err, "needs entries with `namespace`, `canary` or both", "overrides");
	/* A faulty override is an error for every canary: it is read into a scratch copy where it does not apply. */
	applies = matches(node, "namespace", r->namespace_) && matches(node, "canary", r->canary);
	if (!applies) {
		memcpy(criteria_of_scratch, scratch.v, scratch.n * sizeof *scratch.v);
		scratch.v = criteria_of_scratch;
		scratch.settings = NULL;
		scratch.n_settings = scratch.cap_settings = 0;
		local.criteria = &scratch;
	}
	local.layer = LAYER_OVERRIDE;
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_member *m = &node->members[i];

		if (strcmp(m->key, "namespace") != 0 && strcmp(m->key, "canary") != 0 && read_section(&local, m, err) < 0)
			return -1;
	}
	return 0;
}

static int read_overrides(struct reader *r, const struct yaml_node *node, struct error *err)
{
	if (node->kind != YAML_SEQUENCE)
		return fail_at(r, node->line, node->column, err, "must be a list", "overrides");
	for (size_t i = 0; i < node->n; i++)
		if (read_override(r, node->items[i], err) < 0)
			return -1;
	return 0;
}

static int read_root(struct reader *r, const struct yaml_node *root, struct error *err)
{
	if (root->kind != YAML_MAPPING)
		return fail_at(r, root->line, root->column, err, "must be a mapping", "criteria.yaml");
	for (size_t i = 0; i < root->n; i++)
		if (strcmp(root->members[i].key, "overrides") != 0 && read_section(r, &root->members[i], err) < 0)
			return -1;
	/* Last, wherever it stands: overrides lie over the whole file. */
	return yaml_get(root, "overrides") == NULL ? 0 : read_overrides(r, yaml_get(root, "overrides"), err);
}

static int read_layer(struct reader *r, const char *bytes, size_t len, struct error *err)
{
	struct yaml yaml = { 0 };
	int rc = -1;

	if (yaml_parse(&yaml, bytes, len, 0, err) < 0) {
		error_wrap(err, "%s", r->file);
		goto out;
	}
	if (yaml.n > 1) {
		error_code(err, ERR_SYNTAX, "%s: holds %zu documents, one is allowed", r->file, yaml.n);
		goto out;
	}
	if (yaml.n == 1 && yaml.documents[0] != NULL && read_root(r, yaml.documents[0], err) < 0)
		goto out;
	rc = 0;
out:
	yaml_free(&yaml);
	return rc;
}

int criteria_parse(struct criteria *out, const char *bytes, size_t len, const char *file, const char *namespace_, const char *canary,
		   struct arena *arena, struct error *err)
{
	const struct schema_file *defaults = schema_file("criteria.yaml");
	struct reader r = { out, arena, "schema/criteria.yaml", LAYER_DEFAULT, namespace_, canary };

	*out = (struct criteria){ .source = "default" };
	out->v = arena_alloc(arena, CRITERIA_MAX * sizeof *out->v);
	if (out->v == NULL)
		return error_nomem(err);
	if (read_layer(&r, defaults->text, defaults->len, err) < 0)
		return -1;
	if (bytes == NULL)
		return digest_bytes(out->sha256, defaults->text, defaults->len, err);
	r.file = file;
	r.layer = LAYER_FILE;
	out->source = arena_strdup(arena, file);
	if (out->source == NULL)
		return error_nomem(err);
	if (read_layer(&r, bytes, len, err) < 0)
		return -1;
	if (out->n == 0)
		return error_code(err, ERR_SYNTAX, "%s: turns every criterion off, so nothing could be judged", file);
	return digest_bytes(out->sha256, bytes, len, err);
}
