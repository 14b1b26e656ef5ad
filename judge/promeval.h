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

/* ERR_NOT_FOUND: a function, a matcher or a shape that is not evaluated here, by name. Samples later than at are not looked at. */
int prom_eval(struct prom_vector *out, const struct promql_node *query, const struct series_set *set, int64_t at, struct arena *arena,
              struct error *err);

#endif
