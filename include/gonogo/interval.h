/* Intervals of a rate, for display: beside values and on charts (facts/judge.md 4.8). No decision rests on them. Fractions in [0, 1]. */
#ifndef GONOGO_INTERVAL_H
#define GONOGO_INTERVAL_H

#include <stdint.h>

struct interval {
	double lo, hi;
};

/* Both sides together leave out 1 - confidence. n = 0: [0, 1] (Garwood: [0, +Inf]). k is clamped into 0…n (Garwood: ≥ 0). */
struct interval interval_wilson(int64_t k, int64_t n, double confidence);
struct interval interval_clopper_pearson(int64_t k, int64_t n, double confidence);
struct interval interval_garwood(int64_t k, int64_t n, double confidence);

/* Of the ratio of two rates given their events in all (conditional Clopper-Pearson); hi +Inf where the second arm has no event. */
struct interval interval_rate_ratio(int64_t k_c, int64_t n_c, int64_t k_b, int64_t n_b, double confidence);

#endif
