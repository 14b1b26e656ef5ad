/* Three other ways to judge the same rollouts, with the course's thresholds (facts/judge.md 2, 6; models of ours, see 7.7). */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "gonogo/quantile.h"
#include "corpus.h"

#define RATIO_LIMIT 2.0
#define SUCCESS_LIMIT 0.99
#define P95_LIMIT 1.3

/* A point value over some scrapes is past one of the three limits. */
static inline bool point_breach(const struct generator *g, const struct scrape *v, size_t n)
{
	struct scrape sum = { 0 };
	double rate[ARMS], q[ARMS];

	for (size_t i = 0; i < n; i++) {
		for (int arm = 0; arm < ARMS; arm++) {
			sum.n[arm] += v[i].n[arm];
			sum.k[arm] += v[i].k[arm];
			for (size_t e = 0; e < g->n_edges; e++)
				sum.slow[arm][e] += v[i].slow[arm][e];
		}
	}
	for (int arm = 0; arm < ARMS; arm++) {
		struct histogram h = { g->edges, g->n_edges, sum.slow[arm], sum.n[arm] };

		rate[arm] = sum.n[arm] > 0 ? (double)sum.k[arm] / (double)sum.n[arm] : 0;
		q[arm] = quantile_interpolated(&h, 0.95);
	}
	return (rate[ARM_CANARY] > 0 && rate[ARM_CANARY] >= RATIO_LIMIT * rate[ARM_BASELINE]) || 1 - rate[ARM_CANARY] < SUCCESS_LIMIT ||
	       q[ARM_CANARY] >= P95_LIMIT * q[ARM_BASELINE];
}

/* Seconds after which it says NO-GO; 0: GO at the end of the ladder. Flagger 1.44 scheduler.go: each tick one check over the last minute; a
 * failed one halts the weight; the fifth rolls back. */
static inline double flagger_style(struct generator *g, int step_seconds, int threshold)
{
	struct scrape v[6];
	size_t n = 0, per = (size_t)step_seconds / SCRAPE_SECONDS;
	int failed = 0;
	double t = 0;

	for (int step = 1; step <= 5;) {
		bool breach;

		for (size_t i = 0; i < per; i++) {
			t += SCRAPE_SECONDS;
			if (n == 6)
				memmove(v, v + 1, --n * sizeof *v);
			generator_scrape(g, t, step / 10.0, &v[n++]);
		}
		breach = point_breach(g, v, n);
		failed += breach;
		if (failed >= threshold)
			return t;
		step += !breach;
	}
	return 0;
}

/* The course's criteria read literally at the end of every step over five minutes, abort on the first breach. */
static inline double literal_style(const struct generator *g, const struct scrape *v, size_t n, size_t per)
{
	for (size_t i = per; i <= n; i += per)
		if (point_breach(g, i > 30 ? v + i - 30 : v, i > 30 ? 30 : i))
			return (double)(i * SCRAPE_SECONDS);
	return 0;
}

#define SERIES_MAX 30

/* k-th smallest by quickselect. */
static inline double select_kth(double *v, size_t n, size_t k)
{
	size_t lo = 0, hi = n - 1;

	while (lo < hi) {
		double pivot = v[(lo + hi) / 2];
		size_t i = lo, j = hi;

		for (;;) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i >= j)
				break;
			double swap = v[i];
			v[i++] = v[j];
			v[j--] = swap;
		}
		if (k <= j)
			hi = j;
		else
			lo = j + 1;
	}
	return v[k];
}

/* Kayenta's "High": the 98 % Mann-Whitney interval of the shift lies above a quarter of the shift, and the means are apart by the limit
 * (kayenta-judge MannWhitneyClassifier.scala). */
static inline bool series_high(const double *c, const double *b, size_t n, double limit)
{
	double diff[SERIES_MAX * SERIES_MAX], nm = (double)(n * n), mean_c = 0, mean_b = 0, lower, shift, at;
	size_t d = 0;

	for (size_t i = 0; i < n; i++) {
		mean_c += c[i];
		mean_b += b[i];
		for (size_t j = 0; j < n; j++)
			diff[d++] = c[i] - b[j];
	}
	if (mean_c < limit * mean_b || mean_c <= 0)
		return false;
	at = floor(nm / 2 - 2.3263479 * sqrt(nm * (2 * (double)n + 1) / 12));
	lower = select_kth(diff, d, at > 0 ? (size_t)at : 0);
	shift = select_kth(diff, d, d / 2);
	return lower > 0.25 * fabs(shift) && lower > 0;
}

/* Each step's end: both time series from the start; a critical metric that is not Pass ends it. */
static inline double kayenta_style(const struct generator *g, const struct scrape *v, size_t n, size_t per)
{
	double rate[ARMS][SERIES_MAX], q[ARMS][SERIES_MAX];

	for (size_t i = 0; i < n; i++) {
		for (int arm = 0; arm < ARMS; arm++) {
			struct histogram h = { g->edges, g->n_edges, v[i].slow[arm], v[i].n[arm] };

			rate[arm][i] = v[i].n[arm] > 0 ? (double)v[i].k[arm] / (double)v[i].n[arm] : 0;
			q[arm][i] = quantile_interpolated(&h, 0.95);
		}
	}
	for (size_t i = per; i <= n; i += per)
		if (series_high(rate[ARM_CANARY], rate[ARM_BASELINE], i, RATIO_LIMIT) ||
		    series_high(q[ARM_CANARY], q[ARM_BASELINE], i, P95_LIMIT))
			return (double)(i * SCRAPE_SECONDS);
	return 0;
}

#endif
