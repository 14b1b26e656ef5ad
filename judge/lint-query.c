/* What a query can and cannot answer (facts/flagger.md 6, 9; facts/course.md; cases 07, 11). */
#include <ctype.h>
#include <string.h>

#include "gonogo/error.h"
#include "lint.h"

/* Calls check for every query that stands in this object: a template's, or the inline ones of a Canary. */
static int each_query(struct lint *l, const struct rule *rule, const struct lint_object *o,
		      int (*check)(struct lint *l, const struct rule *rule, const struct lint_object *o, const struct lint_query *query))
{
	struct lint_query query;

	if (o->kind == OBJECT_TEMPLATE)
		return o->served && o->query != NULL ? check(l, rule, o, &o->rendered) : 0;
	for (size_t i = 0; o->judged && i < o->spec.n_metrics; i++)
		if (o->spec.metrics[i].query != NULL && (lint_query_of(l, &query, o, i) < 0 || check(l, rule, o, &query) < 0))
			return -1;
	return 0;
}

/* ---- Go's templates. */

static int check_parts(struct lint *l, const struct rule *rule, const struct lint_object *o, const char *path,
		       const struct gotemplate *parts, enum gotemplate_kind kind)
{
	for (size_t i = 0; i < parts->n; i++) {
		const struct gotemplate_part *p = &parts->parts[i];

		if (p->kind != kind)
			continue;
		if (lint_problem_add(l, rule, o, path,
				     kind == GOTEMPLATE_FAILING
					     ? lint_text(l, "`{{ %s }}`: %s; every check fails", p->text, p->reason)
					     : lint_text(l, "`{{ %s }}` is legal Go, but not read here: the query is not checked", p->text),
				     kind == GOTEMPLATE_FAILING
					     ? "Use name, namespace, target, service, ingress, route, interval or variables.KEY, without a "
					       "dot in front."
					     : "Check it by hand with Flagger's log at level debug, which prints the query.") < 0)
			return -1;
	}
	return 0;
}

static int check_template(struct lint *l, const struct rule *rule, const struct lint_object *o, const char *path, const char *query,
			  enum gotemplate_kind kind)
{
	struct gotemplate parts;
	struct error err;

	if (path == NULL || query == NULL)
		return path == NULL ? error_nomem(l->err) : 0;
	if (gotemplate_parse(&parts, query, l->arena, &err) == 0)
		return check_parts(l, rule, o, path, &parts, kind);
	if (err.code != ERR_SYNTAX)
		return error_nomem(l->err);
	return kind == GOTEMPLATE_UNSUPPORTED
		       ? 0
		       : lint_problem_add(l, rule, o, path,
					  lint_text(l, "%s: Flagger cannot read the template, every check fails", err.text),
					  "Close the action: `{{ target }}`.");
}

static int check_templates(struct lint *l, const struct rule *rule, const struct lint_object *o, enum gotemplate_kind kind)
{
	if (o->kind == OBJECT_TEMPLATE)
		return o->served ? check_template(l, rule, o, "spec.query", o->query, kind) : 0;
	for (size_t i = 0; o->judged && i < o->spec.n_metrics; i++)
		if (check_template(l, rule, o, lint_metric_path(l, o, i, "query"), o->spec.metrics[i].query, kind) < 0)
			return -1;
	return 0;
}

LINT_RULE(template_syntax)
{
	return check_templates(l, rule, o, GOTEMPLATE_FAILING);
}

LINT_RULE(template_unchecked)
{
	return check_templates(l, rule, o, GOTEMPLATE_UNSUPPORTED);
}

/* ---- PromQL. */

static int check_promql_syntax(struct lint *l, const struct rule *rule, const struct lint_object *o, const struct lint_query *query)
{
	if (query->syntax != NULL &&
	    lint_problem_add(l, rule, o, query->path, lint_text(l, "this does not read as PromQL: %s", query->syntax),
			     "Try the rendered query in Prometheus; a check whose query fails is a failed check.") < 0)
		return -1;
	return 0;
}

LINT_RULE(promql_syntax)
{
	return each_query(l, rule, o, check_promql_syntax);
}

static bool is_operator(const struct promql_node *node, const char *op)
{
	return node->kind == PROMQL_BINARY && strcmp(node->name, op) == 0;
}

/* The selector whose series come out as they are: through functions and arithmetic with numbers, but no aggregation. */
static const struct promql_node *bare_selector(const struct promql_node *node)
{
	if (node->kind == PROMQL_SELECTOR)
		return node;
	if (node->kind == PROMQL_UNARY)
		return bare_selector(node->args[0]);
	if (node->kind == PROMQL_CALL)
		return node->n_args == 1 ? bare_selector(node->args[0]) : NULL;
	if (node->kind == PROMQL_BINARY && promql_is_scalar(node->args[0]))
		return bare_selector(node->args[1]);
	return node->kind == PROMQL_BINARY && promql_is_scalar(node->args[1]) ? bare_selector(node->args[0]) : NULL;
}

static bool same_matcher(const struct promql_matcher *a, const struct promql_matcher *b)
{
	return b != NULL && a->op == b->op && strcmp(a->value, b->value) == 0;
}

/* A matcher of a that b does not have so. */
static const struct promql_matcher *different(const struct promql_node *a, const struct promql_node *b)
{
	for (size_t i = 0; i < a->n_matchers; i++)
		if (strcmp(a->matchers[i].name, "__name__") != 0 && !same_matcher(&a->matchers[i], promql_matcher(b, a->matchers[i].name)))
			return &a->matchers[i];
	return NULL;
}

/* The matcher in which the sides of a bare division differ, NULL if there is no such division. */
static const struct promql_matcher *find_bare_division(const struct promql_node *node)
{
	if (is_operator(node, "/") && !node->on && !node->ignoring) {
		const struct promql_node *left = bare_selector(node->args[0]), *right = bare_selector(node->args[1]);

		if (left != NULL && right != NULL) {
			const struct promql_matcher *m = different(left, right);

			return m != NULL ? m : different(right, left);
		}
	}
	for (size_t i = 0; i < node->n_args; i++) {
		const struct promql_matcher *m = find_bare_division(node->args[i]);

		if (m != NULL)
			return m;
	}
	return NULL;
}

static const char *match_text(struct lint *l, const struct promql_matcher *m)
{
	static const char *const ops[] = { "=", "!=", "=~", "!~" };

	return lint_text(l, "%s%s\"%s\"", m->name, ops[m->op], m->value);
}

static int check_ratio_without_sum(struct lint *l, const struct rule *rule, const struct lint_object *o, const struct lint_query *query)
{
	const struct promql_matcher *m = query->promql == NULL ? NULL : find_bare_division(query->promql);

	if (m == NULL)
		return 0;
	if (lint_problem_add(l, rule, o, query->path,
			     lint_text(l,
				       "divides two unaggregated vectors whose matchers differ in `%s` (`%s` on one side): series pair by "
				       "all labels, so what one side leaves "
				       "out has no partner and drops out%s; the answer has several series, and Flagger takes the last",
				       m->name, match_text(l, m), strchr(m->value, '5') != NULL ? ", and it cannot report 5xx" : ""),
			     "Put `sum(…)` around both sides.") < 0)
		return -1;
	return 0;
}

LINT_RULE(ratio_without_sum)
{
	return each_query(l, rule, o, check_ratio_without_sum);
}

static bool is_word_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(word, *words) == 0)
			return true;
	return false;
}

/* Every alternative of a code's pattern begins with one of the digits: "5..", "(4|5)..", "[45].*", "500|503". */
static bool begins_with(const char *pattern, const char *digits)
{
	pattern += strspn(pattern, "^(");
	if (*pattern == '[')
		return pattern[1] != '\0' && strchr(digits, pattern[1]) != NULL;
	if (*pattern == '\0' || strchr(digits, *pattern) == NULL)
		return false;
	pattern = strchr(pattern, '|');
	return pattern == NULL || begins_with(pattern + 1, digits);
}

/* A matcher that only failed requests meet: on a good release no such series exists. */
static bool selects_errors(const struct promql_matcher *m)
{
	static const char *const codes[] = { "code",
					     "status",
					     "status_code",
					     "response_code",
					     "http_code",
					     "http_status",
					     "http_status_code",
					     "http_response_status_code",
					     "envoy_response_code",
					     "envoy_response_code_class",
					     "response_status",
					     NULL };
	static const char *const grpc[] = { "grpc_code", "grpc_status", "grpc_response_status", "rpc_grpc_status_code", NULL };
	static const char *const outcomes[] = { "classification", "outcome", "result", "status", "state", "success", NULL };
	static const char *const bad[] = { "failure", "failed", "fail", "error", "errors", "server_error", "false", NULL };
	static const char *const good[] = { "success", "ok", "0", "true", "SUCCESS", NULL };
	bool negated = m->op == PROMQL_NOT_EQUAL || m->op == PROMQL_NOT_REGEX;

	if (is_word_of(m->name, codes) &&
	    (negated ? begins_with(m->value, "123") && strchr(m->value, '2') != NULL : begins_with(m->value, "45")))
		return true;
	if (is_word_of(m->name, grpc))
		return negated ? is_word_of(m->value, good)
			       : *m->value != '\0' && !is_word_of(m->value, good) && strcmp(m->value, ".*") != 0 &&
					 strcmp(m->value, ".+") != 0;
	return is_word_of(m->name, outcomes) && is_word_of(m->value, negated ? good : bad);
}

/* The matcher that makes the whole empty as long as nothing failed; `or` on the way fills the gap. */
static const struct promql_matcher *find_empty(const struct promql_node *node)
{
	size_t n = is_operator(node, "unless") ? 1 : node->n_args;

	for (size_t i = 0; i < node->n_matchers; i++)
		if (selects_errors(&node->matchers[i]))
			return &node->matchers[i];
	if (is_operator(node, "or") ||
	    (node->kind == PROMQL_CALL && (strcmp(node->name, "absent") == 0 || strcmp(node->name, "vector") == 0)))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const struct promql_matcher *m = find_empty(node->args[i]);

		if (m != NULL)
			return m;
	}
	return NULL;
}

static int check_empty_without_errors(struct lint *l, const struct rule *rule, const struct lint_object *o, const struct lint_query *query)
{
	const struct promql_matcher *m = query->promql == NULL ? NULL : find_empty(query->promql);

	if (m == NULL)
		return 0;
	if (lint_problem_add(l, rule, o, query->path,
			     lint_text(l,
				       "empty as long as the canary has had no request with `%s`: Flagger reads \"no values "
				       "found\", counts failed checks and rolls back the "
				       "healthiest release",
				       match_text(l, m)),
			     lint_text(l, "Fill the gap: `(sum(rate(…%s…)) or vector(0)) / sum(rate(…))`.", match_text(l, m))) < 0)
		return -1;
	return 0;
}

LINT_RULE(empty_without_errors)
{
	return each_query(l, rule, o, check_empty_without_errors);
}

static bool is_constant(const struct promql_node *node)
{
	return promql_is_scalar(node) || (node->kind == PROMQL_CALL && strcmp(node->name, "vector") == 0);
}

static bool fills(const struct promql_node *node)
{
	return is_operator(node, "or") && is_constant(node->args[1]);
}

/* Without any traffic the query still has a value: a ratio, or its divisor, is filled with a constant. */
static bool hides_absence(const struct promql_node *node)
{
	if (fills(node) && is_operator(node->args[0], "/"))
		return true;
	if (is_operator(node, "/") && fills(node->args[1]))
		return true;
	if (node->kind == PROMQL_BINARY && !is_operator(node, "or"))
		return (is_constant(node->args[1]) && hides_absence(node->args[0])) ||
		       (is_constant(node->args[0]) && hides_absence(node->args[1]));
	return fills(node) && node->args[0]->kind == PROMQL_BINARY && hides_absence(node->args[0]);
}

static int check_absence_reads_as_value(struct lint *l, const struct rule *rule, const struct lint_object *o,
					const struct lint_query *query)
{
	if (query->promql != NULL && hides_absence(query->promql) &&
	    lint_problem_add(l, rule, o, query->path,
			     "a constant stands in for the whole ratio or its divisor: without a single request it still has a "
			     "value, and passes",
			     "Fill the numerator alone: `(sum(rate(…)) or vector(0)) / sum(rate(…))` is empty without traffic, as "
			     "it must be.") < 0)
		return -1;
	return 0;
}

LINT_RULE(absence_reads_as_value)
{
	return each_query(l, rule, o, check_absence_reads_as_value);
}

static int check_several_series(struct lint *l, const struct rule *rule, const struct lint_object *o, const struct lint_query *query)
{
	if (query->promql != NULL && !promql_is_single(query->promql) && find_bare_division(query->promql) == NULL &&
	    lint_problem_add(l, rule, o, query->path, "the answer can hold several series, and Flagger takes the last one, whichever it is",
			     "Aggregate to one: `sum(…)`, `max(…)`, and only `by (le)` inside histogram_quantile.") < 0)
		return -1;
	return 0;
}

LINT_RULE(several_series)
{
	return each_query(l, rule, o, check_several_series);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n > k && strcmp(text + n - k, end) == 0;
}

/* A name that a histogram has as a whole; classic parts end in _bucket, _sum, _count, counters in _total. */
static bool is_histogram_name(const char *name)
{
	static const char *const units[] = { "_seconds", "_milliseconds", "_ms", "_bytes", "_duration", "_latency", "_histogram" };

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (ends_with(name, units[i]))
			return true;
	return false;
}

static bool is_rate(const char *name)
{
	return strcmp(name, "rate") == 0 || strcmp(name, "increase") == 0 || strcmp(name, "irate") == 0;
}

/* rate() of a histogram that comes out as one: no histogram_… function around it makes a number of it. */
static const char *find_histogram(const struct promql_node *node)
{
	if (node->kind == PROMQL_CALL && strncmp(node->name, "histogram_", 10) == 0)
		return NULL;
	if (node->kind == PROMQL_CALL && is_rate(node->name) && node->n_args == 1 && node->args[0]->kind == PROMQL_SELECTOR &&
	    is_histogram_name(node->args[0]->name))
		return node->args[0]->name;
	for (size_t i = 0; i < node->n_args; i++) {
		const char *name = find_histogram(node->args[i]);

		if (name != NULL)
			return name;
	}
	return NULL;
}

static int check_native_histogram(struct lint *l, const struct rule *rule, const struct lint_object *o, const struct lint_query *query)
{
	const char *name = query->promql == NULL ? NULL : find_histogram(query->promql);

	if (name != NULL &&
	    lint_problem_add(l, rule, o, query->path,
			     lint_text(l, "`%s` may be a native histogram: such an answer ends Flagger's process, for all canaries", name),
			     "Make a number of it: `histogram_quantile(0.95, sum(rate(…)))`, or take `_sum`, `_count` or `_bucket`.") < 0)
		return -1;
	return 0;
}

LINT_RULE(native_histogram)
{
	return each_query(l, rule, o, check_native_histogram);
}
