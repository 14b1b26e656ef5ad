/* rubric.yaml, read strictly. */
#include "gonogo/rubric.h"

#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/schema.h"
#include "gonogo/score.h"
#include "gonogo/yaml.h"

struct reader {
	struct rubric *rubric;
	const char *file;
	struct arena *arena;
	struct error *err;
};

static int fail_at(const struct reader *r, size_t line, size_t column, const char *key, const char *what)
{
	return error_code(r->err, ERR_SYNTAX, "%s: line %zu, column %zu: `%.60s` %s", r->file, line, column, key, what);
}

static int fail(const struct reader *r, const struct yaml_node *node, const char *key, const char *what)
{
	return fail_at(r, node->line, node->column, key, what);
}

static int only_keys(const struct reader *r, const struct yaml_node *node, const char *what, const char *const *keys)
{
	if (node == NULL || node->kind != YAML_MAPPING)
		return node == NULL ? fail_at(r, 1, 1, what, "is missing") : fail(r, node, what, "must be a mapping");
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_member *m = &node->members[i];
		size_t k = 0;

		while (keys[k] != NULL && strcmp(keys[k], m->key) != 0)
			k++;
		if (keys[k] == NULL)
			return fail_at(r, m->line, m->column, m->key, "is not a known key here");
	}
	return 0;
}

static int read_text(const struct reader *r, const struct yaml_node *node, const char *key, bool needed, const char **out)
{
	const struct yaml_node *value = yaml_get(node, key);
	const char *text = yaml_string(value);

	if (yaml_is_null(value)) {
		if (needed)
			return fail(r, node, key, "is missing");
		return 0;
	}
	if (text == NULL || *text == '\0')
		return fail(r, value, key, "must be a text");
	*out = arena_strdup(r->arena, text);
	return *out == NULL ? error_nomem(r->err) : 0;
}

static int read_number(const struct reader *r, const struct yaml_node *node, const char *key, double min, double max, double *out)
{
	const struct yaml_node *value = yaml_get(node, key);

	if (yaml_is_null(value))
		return 0;
	if (!yaml_number(value, out))
		return fail(r, value, key, "must be a number");
	if (!(*out >= min && *out <= max))
		return fail(r, value, key, "is out of range");
	return 0;
}

static int read_id(const struct reader *r, const struct yaml_node *node, const char **out)
{
	if (read_text(r, node, "id", true, out) < 0)
		return -1;
	if (strlen(*out) > 63 || strspn(*out, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(*out))
		return fail(r, yaml_get(node, "id"), "id", "takes lower-case letters, digits and -, 63 at most");
	for (size_t i = 0; i < r->rubric->n; i++)
		if (r->rubric->v[i].id != NULL && out != &r->rubric->v[i].id && strcmp(r->rubric->v[i].id, *out) == 0)
			return fail(r, yaml_get(node, "id"), *out, "is there twice");
	for (size_t i = 0; i < r->rubric->n_stops; i++)
		if (r->rubric->stops[i].id != NULL && out != &r->rubric->stops[i].id && strcmp(r->rubric->stops[i].id, *out) == 0)
			return fail(r, yaml_get(node, "id"), *out, "is there twice");
	return 0;
}

static int read_visibility(const struct reader *r, const struct yaml_node *node, enum mark_visibility *out)
{
	static const char *const words[] = { "visible", "after_due_date", "after_published", "hidden" };
	const struct yaml_node *value = yaml_get(node, "visibility");
	const char *word = yaml_string(value);

	if (yaml_is_null(value))
		return 0;
	for (size_t i = 0; word != NULL && i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i], word) == 0) {
			*out = (enum mark_visibility)i;
			return 0;
		}
	return fail(r, value, "visibility", "takes visible, after_due_date, after_published or hidden");
}

static int read_levels(const struct reader *r, const struct yaml_node *node, struct rubric_criterion *c)
{
	static const char *const keys[] = { "full", "part", "none", NULL };
	const struct yaml_node *levels = yaml_get(node, "levels");

	if (yaml_is_null(levels))
		return 0;
	if (only_keys(r, levels, "levels", keys) < 0 || read_text(r, levels, "full", false, &c->full) < 0 ||
	    read_text(r, levels, "part", false, &c->some) < 0)
		return -1;
	return read_text(r, levels, "none", false, &c->none);
}

static int read_criterion(const struct reader *r, const struct yaml_node *node)
{
	static const char *const keys[] = { "id", "title", "points", "part", "test", "visibility", "hint", "levels", NULL };
	struct rubric_criterion *c = &r->rubric->v[r->rubric->n++];

	if (only_keys(r, node, "criteria", keys) < 0 || read_id(r, node, &c->id) < 0 || read_text(r, node, "title", true, &c->title) < 0 ||
	    read_text(r, node, "hint", false, &c->hint) < 0 || read_text(r, node, "test", false, &c->test) < 0 ||
	    read_visibility(r, node, &c->visibility) < 0 || read_levels(r, node, c) < 0)
		return -1;
	if (yaml_is_null(yaml_get(node, "points")))
		return fail(r, node, c->id, "needs points");
	if (read_number(r, node, "points", 0.01, 1000, &c->points) < 0)
		return -1;
	c->part = c->points / 2;
	if (read_number(r, node, "part", 0, c->points, &c->part) < 0)
		return -1;
	if (c->test != NULL && strcmp(c->test, "human") == 0)
		c->test = NULL;
	if (c->test != NULL && !score_has_test(c->test))
		return fail(r, yaml_get(node, "test"), c->test, "is no test that gonogo has; `human` leaves it to a person");
	r->rubric->max += c->points;
	return 0;
}

static int read_stop(const struct reader *r, const struct yaml_node *node)
{
	static const char *const keys[] = { "id", "title", "test", "cap", NULL };
	struct rubric_stop *s = &r->rubric->stops[r->rubric->n_stops++];

	if (only_keys(r, node, "hard_stops", keys) < 0 || read_id(r, node, &s->id) < 0 ||
	    read_text(r, node, "title", true, &s->title) < 0 || read_text(r, node, "test", true, &s->test) < 0 ||
	    read_number(r, node, "cap", 0, 100000, &s->cap) < 0)
		return -1;
	return score_has_stop(s->test) ? 0 : fail(r, yaml_get(node, "test"), s->test, "is no hard stop that gonogo can test");
}

static int read_list(const struct reader *r, const struct yaml_node *root, const char *key, size_t max,
		     int (*each)(const struct reader *r, const struct yaml_node *node))
{
	const struct yaml_node *list = yaml_get(root, key);

	if (yaml_is_null(list))
		return 0;
	if (list->kind != YAML_SEQUENCE)
		return fail(r, list, key, "must be a list");
	if (list->n > max)
		return fail(r, list, key, "is too long");
	for (size_t i = 0; i < list->n; i++)
		if (each(r, list->items[i]) < 0)
			return -1;
	return 0;
}

static int read_root(const struct reader *r, const struct yaml_node *root)
{
	static const char *const keys[] = { "title", "criteria", "hard_stops", NULL };

	r->rubric->title = "Scorecard";
	if (only_keys(r, root, "rubric", keys) < 0 || read_text(r, root, "title", false, &r->rubric->title) < 0 ||
	    read_list(r, root, "criteria", RUBRIC_CRITERIA_MAX, read_criterion) < 0 ||
	    read_list(r, root, "hard_stops", RUBRIC_STOPS_MAX, read_stop) < 0)
		return -1;
	return r->rubric->n > 0 ? 0 : fail(r, root, "criteria", "holds none: nothing could be graded");
}

int rubric_parse(struct rubric *out, const char *bytes, size_t len, const char *file, struct arena *arena, struct error *err)
{
	const struct schema_file *standard = schema_file("rubric.yaml");
	struct reader r = { out, bytes == NULL ? "schema/rubric.yaml" : file, arena, err };
	struct yaml yaml = { 0 };
	int rc = -1;

	*out = (struct rubric){ .source = bytes == NULL ? "default" : arena_strdup(arena, file) };
	out->v = arena_alloc(arena, RUBRIC_CRITERIA_MAX * sizeof *out->v);
	out->stops = arena_alloc(arena, RUBRIC_STOPS_MAX * sizeof *out->stops);
	if (out->v == NULL || out->stops == NULL || out->source == NULL)
		return error_nomem(err);
	if (bytes == NULL) {
		bytes = standard->text;
		len = standard->len;
	}
	if (digest_bytes(out->sha256, bytes, len, err) < 0)
		return -1;
	if (yaml_parse(&yaml, bytes, len, 0, err) < 0)
		error_wrap(err, "%s", r.file);
	else if (yaml.n != 1 || yaml.documents[0] == NULL)
		error_code(err, ERR_SYNTAX, "%s: holds %s, one document is wanted", r.file, yaml.n > 1 ? "several documents" : "nothing");
	else
		rc = read_root(&r, yaml.documents[0]);
	yaml_free(&yaml);
	return rc;
}
