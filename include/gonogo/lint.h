/* Canary, MetricTemplate, TraefikService and IngressRoute manifests against the traps of facts/course.md and facts/flagger.md. Pure: from
 * bytes to problems; docs/lint.md has one heading a rule. */
#ifndef GONOGO_LINT_H
#define GONOGO_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/assessment.h"
#include "gonogo/rollout.h"

struct arena;
struct error;

/* error: the cluster refuses it, or it cannot do what is written. warning: it does something else than most people expect. note: worth
 * knowing, or not checked. */
struct lint_rule {
	const char *id;			/* "ab-test-ignored": also the heading in docs/lint.md */
	enum severity severity;
	const char *title;		/* one line, without names */
	const char *why;
};

/* In order of docs/lint.md. */
const struct lint_rule *lint_rule(size_t i);	/* NULL behind the last */

struct lint_problem {
	const struct lint_rule *rule;
	size_t file_index;		/* in order of lint_add */
	const char *file;		/* as given to it */
	size_t line, column;		/* from 1 */
	const char *object;		/* "Canary develop/backend"; NULL for a whole file */
	const char *path;		/* "spec.analysis.metrics[0].templateVariables"; "" for a whole file */
	const char *text;		/* what is wrong here; may hold the manifest's own words: hostile */
	const char *fix;
};

struct lint_metric {
	const struct canary_metric *metric;
	bool builtin;
	const char *query;		/* inline or the template's, rendered, white space collapsed as Flagger sends it; NULL: not known */
	const char *template_;		/* "develop/p95", NULL */
	const char *provider;		/* of the template, NULL if it is not among the files */
};

/* What Flagger would do with a Canary. */
struct lint_canary {
	const char *file;
	size_t line;
	bool refused;			/* the cluster does not take it: nothing of the rest is in effect */
	bool analysed;			/* it has an analysis, under the name of its version; else nothing of the rest is known */
	struct canary_spec spec;
	const char *interval_text;	/* as written */
	size_t n_weights;
	const double *weights;		/* of the ladder, per cent; none for iterations */
	int64_t duration;		/* of the ladder or the iterations, ns */
	size_t n_metrics;
	const struct lint_metric *metrics;
};

struct lint_template {
	const char *file;
	size_t line;
	const char *namespace_, *name, *provider;
};

struct lint_result {
	size_t n_problems, n_canaries, n_templates, n_others;
	const struct lint_problem *problems;	/* by file as added, line, rule */
	const struct lint_canary *canaries;	/* in order of the text */
	const struct lint_template *templates;
	size_t n[3];				/* problems by severity */
};

struct lint_options {
	int64_t scrape;			/* scrape interval that windows are held against, ns */
	const char *criteria;		/* criteria.yaml, NULL: the defaults */
	size_t criteria_len;
	const char *criteria_name;
};

struct lint;

/* Everything lives in the arena. NULL if memory ends. */
struct lint *lint_new(const struct lint_options *options, struct arena *arena);
void lint_free(struct lint *lint);

/* One file: YAML documents, or JSON as YAML's subset. Text that is no YAML is a problem, not an error. ERR_LIMIT: too large, names the file.
 * The criteria must be right: criteria_parse says so before. */
int lint_add(struct lint *lint, const char *file, const char *bytes, size_t len, struct error *err);

/* Checks all that was added, together: templates are looked up among all files. Once. */
int lint_run(struct lint *lint, struct lint_result *out, struct error *err);

#endif
