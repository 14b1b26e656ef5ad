/* What lint's rules share: the objects that were read, and how a rule says that something is wrong. */
#ifndef JUDGE_LINT_H
#define JUDGE_LINT_H

#include "gonogo/criteria.h"
#include "gonogo/gotemplate.h"
#include "gonogo/lint.h"
#include "gonogo/yaml.h"
#include "promql.h"

enum object_kind { OBJECT_CANARY, OBJECT_TEMPLATE, OBJECT_ALERT_PROVIDER, OBJECT_ROUTE, OBJECT_TRAEFIK_SERVICE, OBJECT_OTHER };

/* A query as it is asked by one metric, or as a template stands. */
struct lint_query {
	const char *path; /* where it is written */
	const char *text; /* rendered; NULL: cannot be */
	const struct promql_node *promql; /* NULL: not PromQL, or not readable */
	const char *syntax; /* why it is not readable, NULL */
};

struct lint_object {
	enum object_kind kind;
	const struct yaml_node *node;
	size_t file; /* index of struct lint's files */
	const char *kind_text, *name, *group, *version;
	const char *namespace_; /* NULL: none written */
	const char *label; /* "Canary develop/backend" */
	bool served; /* the version is one that the CRD serves */
	/* Canary, of any version: */
	struct canary_spec spec;
	struct criteria criteria;
	const char *analysis; /* "spec.analysis"; "spec.canaryAnalysis" before v1beta1 */
	bool judged; /* served, and has an analysis: rules about its effect apply */
	bool refused;
	double *weights;
	size_t n_weights;
	/* MetricTemplate: */
	const char *provider; /* its type, "" if none */
	const char *query;
	struct gotemplate parts;
	bool parsed; /* parts are there */
	struct lint_query rendered; /* with stand-ins for what a canary gives */
};

struct lint_file {
	const char *name;
	struct yaml yaml;
};

struct lint {
	struct arena *arena;
	struct lint_options options;
	struct lint_file *files;
	size_t n_files, cap_files;
	struct lint_object *objects;
	size_t n, cap;
	struct lint_problem *problems;
	size_t n_problems, cap_problems;
	struct error *err;
};

/* A row of the table. check is called for every object of the kinds; 0, or -1 when memory ends. */
struct rule {
	struct lint_rule about;
	unsigned kinds; /* set of 1 << enum object_kind */
	bool judged; /* only Canaries whose effect is known */
	bool refuses; /* the cluster does not take the object */
	int (*check)(struct lint *l, const struct rule *rule, const struct lint_object *o);
};

extern const struct rule lint_rules[];
extern const size_t lint_n_rules;

/* The row of an id, for problems that no check finds. */
const struct rule *lint_rule_find(const char *id);

/* text and fix in the arena or static; NULL (memory ended) is an error. path as people write it: "spec.analysis.metrics[0].name"; the place is
 * the key's, or the nearest one above that exists. */
int lint_problem_add(struct lint *l, const struct rule *rule, const struct lint_object *o, const char *path, const char *text,
		     const char *fix);

const char *lint_text(struct lint *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The node at such a path, or NULL. */
const struct yaml_node *lint_at(const struct lint_object *o, const char *path);

/* "spec.analysis.FIELD", NULL if memory ends. */
const char *lint_analysis(struct lint *l, const struct lint_object *o, const char *field);
const char *lint_metric_path(struct lint *l, const struct lint_object *o, size_t i, const char *field);

/* The MetricTemplate that a metric refers to, or NULL if it is not among the files. */
const struct lint_object *lint_template_of(const struct lint *l, const struct lint_object *canary, const struct canary_metric *metric);

/* The metric's own query or its template's, rendered for the canary. */
int lint_query_of(struct lint *l, struct lint_query *out, const struct lint_object *canary, size_t metric);

bool lint_is_builtin(const char *metric);
bool lint_is_traefik(const struct lint_object *canary);
/* "30 s": plain spaces, whole seconds where they are. */
const char *lint_seconds(struct lint *l, int64_t span);

/* ---- The rules, each in the file of its subject. */
#define LINT_RULE(name) int rule_##name(struct lint *l, const struct rule *rule, const struct lint_object *o)

/* lint-schema.c */
LINT_RULE(api_version);
LINT_RULE(analysis_missing);
LINT_RULE(unknown_field);
LINT_RULE(required_field);
LINT_RULE(wrong_type);
LINT_RULE(enum_value);
LINT_RULE(strategy_fields);
LINT_RULE(interval_format);
LINT_RULE(duplicate_object);
/* lint-canary.c */
LINT_RULE(ab_test_ignored);
LINT_RULE(mirror_ignored);
LINT_RULE(step_weights);
LINT_RULE(step_overshoots);
LINT_RULE(blast_limit);
LINT_RULE(interval_raised);
LINT_RULE(threshold_zero);
LINT_RULE(abort_window);
LINT_RULE(ladder_deadline);
LINT_RULE(kubernetes_progressive);
LINT_RULE(session_affinity);
LINT_RULE(provider_unset);
LINT_RULE(skip_analysis);
LINT_RULE(suspended);
LINT_RULE(annotation_ignored);
LINT_RULE(duplicate_target);
/* lint-metrics.c */
LINT_RULE(no_checks);
LINT_RULE(metric_without_source);
LINT_RULE(builtin_with_template);
LINT_RULE(threshold_missing);
LINT_RULE(threshold_deprecated);
LINT_RULE(threshold_direction);
LINT_RULE(threshold_unit);
LINT_RULE(duration_is_mean);
LINT_RULE(grpc_codes);
LINT_RULE(service_name_differs);
LINT_RULE(window_too_short);
LINT_RULE(template_interval);
LINT_RULE(template_not_found);
LINT_RULE(template_variable);
LINT_RULE(variable_unused);
LINT_RULE(datadog_lookback);
LINT_RULE(provider_not_collected);
/* lint-query.c */
LINT_RULE(template_syntax);
LINT_RULE(template_unchecked);
LINT_RULE(promql_syntax);
LINT_RULE(ratio_without_sum);
LINT_RULE(empty_without_errors);
LINT_RULE(absence_reads_as_value);
LINT_RULE(several_series);
LINT_RULE(native_histogram);
/* lint-hooks.c */
LINT_RULE(rollback_hook_notifier);
LINT_RULE(rollback_hook_answer);
LINT_RULE(event_hook_replaces);
LINT_RULE(gate_without_limit);
LINT_RULE(alert_severity);
LINT_RULE(credentials);
/* lint-routes.c */
LINT_RULE(route_to_plain_service);
LINT_RULE(traefik_api_group);
LINT_RULE(traefik_weight_missing);
LINT_RULE(traefik_service_owned);

#endif
