/* The value of a PromQL query over stored raw samples, for the part of PromQL that checks of rollouts use: sum, avg, min, max, count (by),
 * rate, increase, histogram_quantile, vector, arithmetic, comparisons with numbers, or. What is beyond that is said, not guessed.
 * rate() as prometheus/prometheus promql/functions.go: extrapolatedRate has it. */
#ifndef JUDGE_PROMEVAL_H
#define JUDGE_PROMEVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/series.h"

struct arena;
struct error;
struct promql_node;

struct prom_sample {
	size_t n_labels;
	const struct label *labels;	/* ascending, without __name__ */
	double value;
};

struct prom_vector {
	bool scalar;			/* then number holds it, and there are no samples */
	double number;
	size_t n;
	struct prom_sample *v;
};

/* The series that one selector of a query meets. */
struct prom_pick {
	const struct promql_node *selector;
	size_t n;
	const struct series **v;
};

/* A query made ready for one set: patterns are compiled and tried once, however often it is then evaluated. */
struct prom_query {
	const struct promql_node *root;
	size_t n, cap;
	struct prom_pick *picks;
};

/* The set, the query and the arena must outlive it. natives: series of native histograms too, which have no value. ERR_NOT_FOUND: a pattern that is not compiled here. */
int prom_prepare(struct prom_query *out, const struct promql_node *root, const struct series_set *set, bool natives,
                 struct arena *arena, struct error *err);

/* ERR_NOT_FOUND: a function or a shape that is not evaluated here, by name. Samples later than at are not looked at. */
int prom_eval(struct prom_vector *out, const struct prom_query *query, int64_t at, struct arena *arena, struct error *err);

#endif
