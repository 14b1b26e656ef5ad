/* One of Flagger's checks as a query over the stored samples. */
#ifndef GONOGO_JUDGE_CHECK_H
#define GONOGO_JUDGE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "assess.h"
#include "promeval.h"

struct check {
	const struct canary_metric *metric;
	struct prom_query query;
	bool in_ms; /* request-duration: its message has seconds */
};

/* Whether the metric is a built-in by its name, or has an inline query. */
bool check_has_own(const struct canary_metric *metric);

/* Renders and parses the metric's query: of its MetricTemplate, or its own. 0; 1: not possible, *why_not says why; -1: memory. */
int check_make(struct check *out, struct assessing *a, const struct canary_metric *metric, bool by_template, const char **why_not);

/* Its value as Flagger's RunQuery reads the answer; NaN: no values. 1 and *why_not: a query beyond what is evaluated here, a scalar, or several
 * series. */
int check_value(const struct check *check, struct assessing *a, int64_t at, double *value, const char **why_not);

#endif
