#include "bounds.h"

#include "final.h"
#include "sequential.h"

/* e^±20 is beyond any ratio of counts worth printing. 42 halvings of 40 leave 1e-11. */
#define LN_R_MAX 20.0
#define HALVINGS 42

/* What is asked at one R: evidence that the true ratio lies above it (up) or below it (down). */
struct question {
	const struct look *look; /* NULL: evidence at any time */
	const struct tally *v;
	size_t n;
	const size_t *starts;
	size_t n_starts;
	enum direction direction;
	double d, wanted;
};

static bool refuted(const struct question *q, double r)
{
	if (q->look)
		return look_z(q->look, r, q->d) > q->wanted;
	return evidence_ln(q->v, q->n, q->starts, q->n_starts, r, q->direction, q->d) > q->wanted;
}

/* Up: the largest R that is refuted. Down: the smallest. */
static double root(const struct question *q)
{
	bool up = q->direction == DIRECTION_UP;
	double lo = -LN_R_MAX, hi = LN_R_MAX;

	if (!refuted(q, exp(up ? lo : hi)))
		return up ? 0 : INFINITY;
	for (int i = 0; i < HALVINGS; i++) {
		double mid = (lo + hi) / 2;

		if (refuted(q, exp(mid)) == up)
			lo = mid;
		else
			hi = mid;
	}
	return exp((lo + hi) / 2);
}

struct interval bounds_of_look(const struct tally *v, size_t n, double d, double z_lo, double z_hi)
{
	struct look up, down;
	struct question lower = { .look = &up, .direction = DIRECTION_UP, .d = d, .wanted = z_lo };
	struct question upper = { .look = &down, .direction = DIRECTION_DOWN, .d = d, .wanted = z_hi };

	look_init(&up, v, n, n, DIRECTION_UP);
	look_init(&down, v, n, n, DIRECTION_DOWN);
	return (struct interval){ root(&lower), root(&upper) };
}

struct interval bounds_anytime(const struct tally *v, size_t n, const size_t *starts, size_t n_starts, double d, double ln_lo, double ln_hi)
{
	struct question lower = { NULL, v, n, starts, n_starts, DIRECTION_UP, d, ln_lo };
	struct question upper = { NULL, v, n, starts, n_starts, DIRECTION_DOWN, d, ln_hi };

	return (struct interval){ root(&lower), root(&upper) };
}
