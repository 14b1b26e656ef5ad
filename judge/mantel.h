/* Mantel-Haenszel ratio of two arms' rates over strata (facts/judge.md 4.5). */
#ifndef JUDGE_MANTEL_H
#define JUDGE_MANTEL_H

#include <math.h>
#include <stdint.h>

struct mantel {
	double above, below;
};

static inline void mantel_add(struct mantel *sum, int64_t n_c, int64_t k_c, int64_t n_b, int64_t k_b)
{
	double n = (double)n_c + (double)n_b;

	if (n <= 0)
		return;
	sum->above += (double)k_c * (double)n_b / n;
	sum->below += (double)k_b * (double)n_c / n;
}

/* What came after `before`, itself an earlier state of sum. */
static inline struct mantel mantel_since(const struct mantel *sum, const struct mantel *before)
{
	return (struct mantel){ sum->above - before->above, sum->below - before->below };
}

/* 0/0 is 0, x/0 is +INFINITY. */
static inline double mantel_ratio(const struct mantel *sum)
{
	if (sum->below > 0)
		return sum->above / sum->below;
	return sum->above > 0 ? INFINITY : 0;
}

#endif
