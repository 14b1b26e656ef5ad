/* MetricTemplate queries: the part of Go's text/template that they use (facts/flagger.md 6: functions of the model, `{{ variables.key }}`).
 * What is legal Go but more than that is named, not guessed. */
#ifndef GONOGO_GOTEMPLATE_H
#define GONOGO_GOTEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct error;

enum gotemplate_kind {
	GOTEMPLATE_TEXT,
	GOTEMPLATE_FUNCTION,	/* one of the model's: text is its name */
	GOTEMPLATE_VARIABLE,	/* text is the key */
	GOTEMPLATE_FAILING,	/* Flagger cannot parse or execute it: text is the action, reason says why */
	GOTEMPLATE_UNSUPPORTED	/* legal Go (if, range, pipelines, functions of Go's own) that is not rendered here */
};

struct gotemplate_part {
	enum gotemplate_kind kind;
	const char *text;
	const char *reason;	/* of GOTEMPLATE_FAILING */
};

struct gotemplate {
	struct gotemplate_part *parts;
	size_t n, cap;
};

struct gotemplate_model {
	const char *name, *namespace_, *target, *service, *ingress, *route, *interval;
	size_t n_variables;
	const char *const *variable_names, *const *variable_values;
};

/* ERR_SYNTAX: an action that never ends. */
int gotemplate_parse(struct gotemplate *out, const char *text, struct arena *arena, struct error *err);

bool gotemplate_uses(const struct gotemplate *template_, enum gotemplate_kind kind, const char *text);

/* Everything replaced, as Flagger does with missingkey=error: ERR_NOT_FOUND names the first variable that the model does not have, ERR_SYNTAX
 * the first action that fails or is not supported. */
int gotemplate_render(struct buf *out, const struct gotemplate *template_, const struct gotemplate_model *model, struct error *err);

#endif
