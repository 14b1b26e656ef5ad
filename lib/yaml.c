/* The one place that knows libyaml. */
#include "gonogo/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

#define TEXT_MAX ((size_t)8 * 1024 * 1024)
#define DEPTH_MAX 64
#define NODES_MAX 200000
#define DOCUMENTS_MAX 10000
/* Keys are compared with each other: a hostile mapping must not cost quadratic time. */
#define MEMBERS_MAX 10000
#define MEMORY_MAX ((size_t)256 * 1024 * 1024)

struct loader {
	struct arena *arena;
	yaml_document_t document;
	unsigned flags;
	size_t nodes; /* aliases counted every time: what "billion laughs" multiplies */
};

static int fail_mark(const yaml_mark_t *mark, struct error *err, const char *text)
{
	return error_code(err, ERR_SYNTAX, "line %zu, column %zu: %s", mark->line + 1, mark->column + 1, text);
}

static int fail_parser(const yaml_parser_t *parser, struct error *err)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return error_nomem(err);
	return fail_mark(&parser->problem_mark, err, parser->problem != NULL ? parser->problem : "no YAML");
}

static struct yaml_node *convert(struct loader *l, int index, int depth, struct error *err);

static int convert_scalar(struct loader *l, const yaml_node_t *from, struct yaml_node *to, struct error *err)
{
	const char *text = (const char *)from->data.scalar.value;

	to->kind = YAML_SCALAR;
	to->plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (strlen(text) != from->data.scalar.length)
		return fail_mark(&from->start_mark, err, "a scalar holds a NUL");
	to->text = arena_strndup(l->arena, text, from->data.scalar.length);
	return to->text == NULL ? error_nomem(err) : 0;
}

static int convert_sequence(struct loader *l, const yaml_node_t *from, struct yaml_node *to, int depth, struct error *err)
{
	size_t n = (size_t)(from->data.sequence.items.top - from->data.sequence.items.start);

	to->kind = YAML_SEQUENCE;
	to->items = arena_alloc(l->arena, n * sizeof *to->items);
	if (to->items == NULL)
		return error_nomem(err);
	for (size_t i = 0; i < n; i++) {
		to->items[i] = convert(l, from->data.sequence.items.start[i], depth + 1, err);
		if (to->items[i] == NULL)
			return -1;
		to->n++;
	}
	return 0;
}

static bool has_key(const struct yaml_node *mapping, const char *key)
{
	for (size_t i = 0; i < mapping->n; i++)
		if (strcmp(mapping->members[i].key, key) == 0)
			return true;
	return false;
}

static int add_member(struct loader *l, struct yaml_node *to, size_t *cap, const struct yaml_member *member, struct error *err)
{
	struct yaml_member *grown = arena_grow(l->arena, to->members, to->n, cap, sizeof *grown);

	if (grown == NULL)
		return error_nomem(err);
	to->members = grown;
	grown[to->n++] = *member;
	return 0;
}

/* "<<": the members of one mapping, or of several, that are not there already (yaml.org/type/merge.html). */
static int merge(struct loader *l, struct yaml_node *to, size_t *cap, const struct yaml_node *from, struct error *err)
{
	if (from->kind == YAML_SEQUENCE) {
		for (size_t i = 0; i < from->n; i++)
			if (from->items[i]->kind != YAML_MAPPING || merge(l, to, cap, from->items[i], err) < 0)
				return error_code(err, ERR_SYNTAX, "line %zu, column %zu: `<<` merges mappings only", from->line,
						  from->column);
		return 0;
	}
	if (from->kind != YAML_MAPPING)
		return error_code(err, ERR_SYNTAX, "line %zu, column %zu: `<<` merges mappings only", from->line, from->column);
	for (size_t i = 0; i < from->n; i++)
		if (!has_key(to, from->members[i].key) && add_member(l, to, cap, &from->members[i], err) < 0)
			return -1;
	return 0;
}

static int convert_pair(struct loader *l, const yaml_node_pair_t *pair, struct yaml_node *to, size_t *cap, int depth, struct error *err)
{
	const yaml_node_t *key = yaml_document_get_node(&l->document, pair->key);
	struct yaml_member member = { .line = key->start_mark.line + 1, .column = key->start_mark.column + 1 };

	if (key->type != YAML_SCALAR_NODE || strlen((const char *)key->data.scalar.value) != key->data.scalar.length)
		return fail_mark(&key->start_mark, err, "a key must be a text");
	member.key = arena_strdup(l->arena, (const char *)key->data.scalar.value);
	if (member.key == NULL)
		return error_nomem(err);
	if (has_key(to, member.key))
		return error_code(err, ERR_SYNTAX, "line %zu, column %zu: `%.60s` stands twice in this mapping", member.line, member.column,
				  member.key);
	member.value = convert(l, pair->value, depth + 1, err);
	return member.value == NULL ? -1 : add_member(l, to, cap, &member, err);
}

static bool is_merge(const struct loader *l, const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = yaml_document_get_node((yaml_document_t *)&l->document, pair->key);

	return (l->flags & YAML_ALIASES) != 0 && key->type == YAML_SCALAR_NODE && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       strcmp((const char *)key->data.scalar.value, "<<") == 0;
}

/* Own keys first, so that merged ones cannot replace them. */
static int convert_mapping(struct loader *l, const yaml_node_t *from, struct yaml_node *to, int depth, struct error *err)
{
	const yaml_node_pair_t *pairs = from->data.mapping.pairs.start;
	size_t n = (size_t)(from->data.mapping.pairs.top - pairs), cap = 0;
	const struct yaml_node *merged;

	if (n > MEMBERS_MAX)
		return fail_mark(&from->start_mark, err, "a mapping of more than 10000 keys");
	to->kind = YAML_MAPPING;
	for (size_t i = 0; i < n; i++)
		if (!is_merge(l, &pairs[i]) && convert_pair(l, &pairs[i], to, &cap, depth, err) < 0)
			return -1;
	for (size_t i = 0; i < n; i++) {
		if (!is_merge(l, &pairs[i]))
			continue;
		merged = convert(l, pairs[i].value, depth + 1, err);
		if (merged == NULL || merge(l, to, &cap, merged, err) < 0)
			return -1;
	}
	return 0;
}

/* libyaml's document keeps an alias as the index of its anchor's node: every visit makes a copy, and NODES_MAX bounds them all. */
static struct yaml_node *convert(struct loader *l, int index, int depth, struct error *err)
{
	const yaml_node_t *from = yaml_document_get_node(&l->document, index);
	struct yaml_node *to;
	int rc = -1;

	if (from == NULL) {
		error_code(err, ERR_SYNTAX, "no YAML");
		return NULL;
	}
	if (depth > DEPTH_MAX || ++l->nodes > NODES_MAX) {
		fail_mark(&from->start_mark, err,
			  depth > DEPTH_MAX ? "nested deeper than 64" : "more than 200000 nodes (aliases counted each time)");
		return NULL;
	}
	to = arena_alloc(l->arena, sizeof *to);
	if (to == NULL) {
		error_nomem(err);
		return NULL;
	}
	to->line = from->start_mark.line + 1;
	to->column = from->start_mark.column + 1;
	if (from->type == YAML_SCALAR_NODE)
		rc = convert_scalar(l, from, to, err);
	else if (from->type == YAML_SEQUENCE_NODE)
		rc = convert_sequence(l, from, to, depth, err);
	else if (from->type == YAML_MAPPING_NODE)
		rc = convert_mapping(l, from, to, depth, err);
	return rc < 0 ? NULL : to;
}

/* Anchors cannot be told from the loaded document, so configuration is scanned for aliases first. Depth is checked here too: libyaml's
 * composer recurses. */
static int check_events(const char *bytes, size_t len, unsigned flags, struct error *err)
{
	yaml_parser_t parser;
	yaml_event_t event;
	size_t depth = 0;
	int rc = -1;

	if (!yaml_parser_initialize(&parser))
		return error_nomem(err);
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
	for (;;) {
		yaml_event_type_t type;

		if (!yaml_parser_parse(&parser, &event)) {
			fail_parser(&parser, err);
			goto out;
		}
		type = event.type;
		if (type == YAML_ALIAS_EVENT && (flags & YAML_ALIASES) == 0) {
			fail_mark(&event.start_mark, err, "aliases are not allowed here: write the value out");
			yaml_event_delete(&event);
			goto out;
		}
		if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT)
			depth++;
		if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT)
			depth--;
		if (depth > DEPTH_MAX) {
			fail_mark(&event.start_mark, err, "nested deeper than 64");
			yaml_event_delete(&event);
			goto out;
		}
		yaml_event_delete(&event);
		if (type == YAML_STREAM_END_EVENT)
			break;
	}
	rc = 0;
out:
	yaml_parser_delete(&parser);
	return rc;
}

/* An empty document has one plain empty scalar as its root. */
static bool is_empty(yaml_document_t *document)
{
	const yaml_node_t *root = yaml_document_get_root_node(document);

	return root == NULL ||
	       (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0 && root->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

static int load_document(struct yaml *out, struct loader *l, size_t *cap, struct error *err)
{
	struct yaml_node **grown = arena_grow(l->arena, out->documents, out->n, cap, sizeof *grown);

	if (grown == NULL)
		return error_nomem(err);
	out->documents = grown;
	if (out->n >= DOCUMENTS_MAX)
		return error_code(err, ERR_LIMIT, "more than 10000 documents");
	grown[out->n] = NULL;
	if (!is_empty(&l->document)) {
		grown[out->n] = convert(l, 1, 0, err);
		if (grown[out->n] == NULL)
			return -1;
	}
	out->n++;
	return 0;
}

static int load_all(struct yaml *out, yaml_parser_t *parser, struct loader *l, struct error *err)
{
	size_t cap = 0;
	bool end = false;

	while (!end) {
		int rc = 0;

		if (!yaml_parser_load(parser, &l->document))
			return fail_parser(parser, err);
		end = yaml_document_get_root_node(&l->document) == NULL;
		if (!end)
			rc = load_document(out, l, &cap, err);
		yaml_document_delete(&l->document);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int yaml_parse(struct yaml *out, const char *bytes, size_t len, unsigned flags, struct error *err)
{
	struct loader l = { .flags = flags };
	yaml_parser_t parser;
	int rc;

	*out = (struct yaml){ 0 };
	if (len > TEXT_MAX)
		return error_code(err, ERR_LIMIT, "larger than 8 MiB");
	if (check_events(bytes, len, flags, err) < 0)
		return -1;
	l.arena = arena_new(MEMORY_MAX);
	if (l.arena == NULL || !yaml_parser_initialize(&parser)) {
		arena_free(l.arena);
		return error_nomem(err);
	}
	out->memory = l.arena;
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
	rc = load_all(out, &parser, &l, err);
	yaml_parser_delete(&parser);
	if (rc < 0)
		yaml_free(out);
	return rc;
}

void yaml_free(struct yaml *yaml)
{
	arena_free(yaml->memory);
	*yaml = (struct yaml){ 0 };
}

const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key)
{
	if (node == NULL || node->kind != YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i < node->n; i++)
		if (strcmp(node->members[i].key, key) == 0)
			return node->members[i].value;
	return NULL;
}

const struct yaml_node *yaml_path(const struct yaml_node *node, const char *path)
{
	char key[128];

	while (node != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");

		if (n >= sizeof key)
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		if (node->kind == YAML_SEQUENCE) {
			char *end;
			unsigned long at = strtoul(key, &end, 10);

			node = *end == '\0' && end != key && at < node->n ? node->items[at] : NULL;
		} else {
			node = yaml_get(node, key);
		}
		path += n;
		if (*path == '.')
			path++;
	}
	return node;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

bool yaml_is_null(const struct yaml_node *node)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };

	return node == NULL || (node->kind == YAML_SCALAR && node->plain && is_one_of(node->text, nulls));
}

const char *yaml_string(const struct yaml_node *node)
{
	return node == NULL || node->kind != YAML_SCALAR || yaml_is_null(node) ? NULL : node->text;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_number(const char *text)
{
	size_t whole, part = 0;

	text += *text == '-' || *text == '+';
	whole = strspn(text, "0123456789");
	text += whole;
	if (*text == '.') {
		part = strspn(text + 1, "0123456789");
		text += part + 1;
	}
	if (whole + part == 0)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '-' || *text == '+';
		part = strspn(text, "0123456789");
		if (part == 0)
			return false;
		text += part;
	}
	return *text == '\0';
}

bool yaml_number(const struct yaml_node *node, double *out)
{
	if (node == NULL || node->kind != YAML_SCALAR || !node->plain || !is_number(node->text))
		return false;
	*out = strtod(node->text, NULL);
	return isfinite(*out);
}

bool yaml_int(const struct yaml_node *node, int64_t *out)
{
	const char *digits;
	long long value;

	if (node == NULL || node->kind != YAML_SCALAR || !node->plain)
		return false;
	digits = node->text + (*node->text == '-' || *node->text == '+');
	if (*digits == '\0' || strspn(digits, "0123456789") != strlen(digits))
		return false;
	errno = 0;
	value = strtoll(node->text, NULL, 10);
	*out = value;
	return errno == 0;
}

bool yaml_bool(const struct yaml_node *node, bool *out)
{
	static const char *const yes[] = { "true", "True", "TRUE", NULL };
	static const char *const no[] = { "false", "False", "FALSE", NULL };

	if (node == NULL || node->kind != YAML_SCALAR || !node->plain)
		return false;
	*out = is_one_of(node->text, yes);
	return *out || is_one_of(node->text, no);
}

static void put_json(struct json_writer *w, const char *key, const struct yaml_node *node)
{
	double number;
	bool yes;

	if (node->kind == YAML_SEQUENCE) {
		json_begin_array(w, key);
		for (size_t i = 0; i < node->n; i++)
			put_json(w, NULL, node->items[i]);
		json_end_array(w);
	} else if (node->kind == YAML_MAPPING) {
		json_begin_object(w, key);
		for (size_t i = 0; i < node->n; i++)
			put_json(w, node->members[i].key, node->members[i].value);
		json_end_object(w);
	} else if (yaml_is_null(node)) {
		json_put_null(w, key);
	} else if (yaml_bool(node, &yes)) {
		json_put_bool(w, key, yes);
	} else if (yaml_number(node, &number)) {
		json_put_number(w, key, number);
	} else {
		json_put_string(w, key, node->text);
	}
}

void yaml_to_json(struct buf *out, const struct yaml_node *node)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	put_json(&w, NULL, node);
}

const char *yaml_library(void)
{
	return yaml_get_version_string();
}
