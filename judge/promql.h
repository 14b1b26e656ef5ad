/* PromQL as far as reading a query takes: what it selects, divides and aggregates (prometheus.io/docs, "Querying"). Nothing is evaluated. */
#ifndef JUDGE_PROMQL_H
#define JUDGE_PROMQL_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;

enum promql_kind { PROMQL_NUMBER, PROMQL_STRING, PROMQL_SELECTOR, PROMQL_CALL, PROMQL_AGGREGATE, PROMQL_BINARY, PROMQL_UNARY };

enum promql_match { PROMQL_EQUAL, PROMQL_NOT_EQUAL, PROMQL_REGEX, PROMQL_NOT_REGEX };

struct promql_matcher {
	const char *name;
	enum promql_match op;
	const char *value; /* unquoted */
};

struct promql_node {
	enum promql_kind kind;
	const char *name; /* metric ("" if by matchers only), function, aggregation, operator in lower case; the literal's text */
	const char *range; /* what stands in [ ]; NULL: none */
	struct promql_matcher *matchers;
	size_t n_matchers, cap_matchers;
	struct promql_node **args; /* of a call, an aggregation, an operator */
	size_t n_args, cap_args;
	bool grouped, without; /* by (…), without (…) */
	const char **labels; /* of them, or of on (…), ignoring (…) */
	size_t n_labels, cap_labels;
	bool on, ignoring;
};

/* ERR_SYNTAX names the character. Up to 50 levels of brackets and 500 terms; no query of a person is near. */
int promql_parse(const struct promql_node **out, const char *query, struct arena *arena, struct error *err);

/* True where the answer holds one series at most (or is a scalar), whatever the database holds. */
bool promql_is_single(const struct promql_node *node);

bool promql_is_scalar(const struct promql_node *node);

/* The first matcher of that label, or NULL. */
const struct promql_matcher *promql_matcher(const struct promql_node *selector, const char *label);

#endif
