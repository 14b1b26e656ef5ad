/* The one thing that all tests work on: of m events in an interval k fell to one side, and the odds of that are a·R (facts/judge.md 1).
 * Two samples: a = n_c/n_b, m = k_c+k_b, k = k_c, R the ratio of rates. One sample: a = 1, m = n, k = events, R the odds p/(1-p). */
#ifndef JUDGE_TALLY_H
#define JUDGE_TALLY_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct tally {
	double a;	/* finite and > 0 */
	int64_t m, k;	/* 0 ≤ k ≤ m < 2^53 */
};

/* Up: R ≤ R0 is to be refuted. Down: R ≥ R0 is. */
enum direction { DIRECTION_UP, DIRECTION_DOWN };

static inline double odds_of(double p)
{
	return p / (1 - p);
}

static inline double rate_of_odds(double odds)
{
	return isinf(odds) ? 1 : odds / (1 + odds);
}

#endif
