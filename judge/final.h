/* One look: the saddlepoint tail of an exponential family (facts/judge.md 4.3). */
#ifndef JUDGE_FINAL_H
#define JUDGE_FINAL_H

#include <stdbool.h>

#include "tally.h"

/* A solved look; scores against any R0 are then cheap. */
struct look {
	const struct tally *v;
	size_t n;
	size_t skip;		/* a stratum left out, or n */
	enum direction direction;
	int64_t k, m;
	double x, psi, kappa, kappa2;	/* saddlepoint of x, cumulant there and its second derivative; unused at the boundaries */
};

void look_init(struct look *look, const struct tally *v, size_t n, size_t skip, enum direction direction);

/* Score against R0 divided by √d: large is evidence against "R ≤ R0" (up) or "R ≥ R0" (down). -INFINITY: no evidence. */
double look_z(const struct look *look, double r0, double d);

/* look_init and look_z in one. */
double final_z(const struct tally *v, size_t n, enum direction direction, double r0, double d);

/* The same without the worst stratum, the one with the largest k - m·aR0/(1+aR0); *worst (may be NULL) names it. */
double final_z_without_worst(const struct tally *v, size_t n, enum direction direction, double r0, double d, size_t *worst);

/* ½ erfc(z/√2), its logarithm (also far beyond erfc's underflow), and the inverse of either by bisection. */
double normal_tail(double z);
double normal_ln_tail(double z);
double normal_z(double tail);
double normal_z_of_ln(double ln_tail);

#endif
