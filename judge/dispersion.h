/* How much more than chance the baseline's counts scatter: an A/A test in time (facts/judge.md 4.4). */
#ifndef JUDGE_DISPERSION_H
#define JUDGE_DISPERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISPERSION_MAX 50.0

/* A scrape interval of the history: n requests of which k are counted. run: strata with the same number follow one another without a hole. */
struct scatter {
	int64_t n, k;
	int64_t run;
};

struct dispersion {
	double pearson;		/* X; NaN without a pair */
	size_t pairs;		/* c */
	double d;		/* X if there are enough pairs and it is beyond chance, else 1 */
};

/* Blocks of `scale` strata, each compared with its neighbour; pairs never span a hole. */
void dispersion_at(struct dispersion *out, const struct scatter *v, size_t n, size_t scale);

/* min(50, max(D_1, D_per)); *known (may be NULL): any scale had enough pairs. */
double dispersion_of(const struct scatter *v, size_t n, size_t per_step, bool *known);

/* Latency's scatter is a shift shared by requests, which grows with traffic: 1 + (d-1)·share of it that the tests see. */
double dispersion_scaled(double d, double share);

#endif
