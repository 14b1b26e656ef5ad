/* Bounds of R that go with the tests: what the gate and the watch would not refute (facts/judge.md 4.8). */
#ifndef JUDGE_BOUNDS_H
#define JUDGE_BOUNDS_H

#include "gonogo/interval.h"
#include "tally.h"

/* Roots over ln R in [-20, 20] of z_up(R) = z_lo and z_down(R) = z_hi. K = 0: lo 0; K = M: hi +Inf. */
struct interval bounds_of_look(const struct tally *v, size_t n, double d, double z_lo, double z_hi);

/* Roots of ln E(R) = ln_lo towards "up" and = ln_hi towards "down"; starts as in evidence_ln. */
struct interval bounds_anytime(const struct tally *v, size_t n, const size_t *starts, size_t n_starts, double d, double ln_lo, double ln_hi);

#endif
