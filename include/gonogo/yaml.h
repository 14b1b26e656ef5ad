/* YAML documents as trees with positions. The one place that knows libyaml. JSON is read as the subset of YAML that it is. */
#ifndef GONOGO_YAML_H
#define GONOGO_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_member;

/* Owned by its struct yaml. */
struct yaml_node {
	enum yaml_kind kind;
	size_t line, column;		/* from 1 */
	const char *text;		/* scalar: its value, UTF-8, NUL-terminated */
	bool plain;			/* scalar without quotes: may be null, a number or a bool */
	size_t n;			/* sequence, mapping: number of children */
	struct yaml_node **items;	/* sequence */
	struct yaml_member *members;	/* mapping, in order of the text; merged keys ("<<") after the own ones */
};

struct yaml_member {
	const char *key;
	size_t line, column;
	struct yaml_node *value;
};

struct yaml {
	struct yaml_node **documents;	/* NULL entries: empty or comment-only documents */
	size_t n;
	void *memory;
};

enum {
	YAML_ALIASES = 1	/* resolve anchors, aliases and "<<" merges (manifests); without it they are errors (configuration) */
};

/* Caps: 8 MiB of text, depth 64, 200,000 nodes after aliases, 10,000 documents. Duplicate keys are errors. ERR_SYNTAX texts begin
 * with "line L, column C: ". */
int yaml_parse(struct yaml *out, const char *bytes, size_t len, unsigned flags, struct error *err);
/* Hidden: libyaml exports a yaml_free of its own and calls it; a program's visible one would take its place. */
void yaml_free(struct yaml *yaml) __attribute__((visibility("hidden")));

/* NULL if node is NULL, no mapping, or has no such key. */
const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key);
/* "spec.analysis.metrics.0.name": numbers index sequences. */
const struct yaml_node *yaml_path(const struct yaml_node *node, const char *path);

/* Scalars by YAML 1.2's core schema; false if absent or not of the type. */
bool yaml_is_null(const struct yaml_node *node);	/* absent, or plain "", "~", "null" */
const char *yaml_string(const struct yaml_node *node);	/* any scalar but null */
bool yaml_number(const struct yaml_node *node, double *out);
bool yaml_int(const struct yaml_node *node, int64_t *out);
bool yaml_bool(const struct yaml_node *node, bool *out);

/* The node as JSON, its plain scalars typed by the core schema: how manifests reach the readers of Kubernetes objects. */
void yaml_to_json(struct buf *out, const struct yaml_node *node);

/* libyaml's version, of the library that is loaded. */
const char *yaml_library(void);

#endif
