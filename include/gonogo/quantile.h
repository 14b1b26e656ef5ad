/* Quantiles of a bucketed histogram: as Prometheus interpolates them, and what the buckets really say (facts/judge.md 3.3, 4.5). */
#ifndef GONOGO_QUANTILE_H
#define GONOGO_QUANTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One arm's histogram over a window: slow[e] of total observations lie above edges[e] (seconds, ascending, finite). */
struct histogram {
	const double *edges;
	size_t n_edges;
	const int64_t *slow;
	int64_t total;
};

/* The bucket (lo, hi]; lo 0 below the first edge, hi +INFINITY above the last. NaN both: nothing observed, or no edge. */
struct bucket {
	double lo, hi;
};

/* Bucket that holds the quantile: the first whose cumulative count reaches q·total. */
struct bucket quantile_bucket(const struct histogram *h, double q);

/* histogram_quantile() (prometheus/prometheus promql/quantile.go: bucketQuantile): linear inside the bucket, the last finite edge if it
 * lies above; NaN: nothing observed, or no edge. */
double quantile_interpolated(const struct histogram *h, double q);

/* hi ÷ lo of the bucket; +INFINITY if lo is 0 or hi is +Inf; NaN without one. No ratio closer than this can be told from 1. */
double quantile_resolution(const struct histogram *h, double q);

/* The PASS condition hi_c ≤ limit · lo_b cannot be met at any traffic. */
bool quantile_blind(const struct histogram *baseline, double q, double limit);

/* Edges to configure so that a ratio of `limit` can be seen around a quantile of `value` seconds: in ratio limit^(1/3) from 2/3 to twice
 * the value (3.3). Returns how many of `max` were written. */
size_t quantile_edges(double value, double limit, double *edges, size_t max);

#endif
