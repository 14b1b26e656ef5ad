#include "dispersion.h"

#include <math.h>

/* Fewer pairs say nothing (4.4). */
#define PAIRS_MIN 10

/* Sums a block of `scale` strata from i on; false if it does not lie in one run. */
static bool block_of(struct scatter *out, const struct scatter *v, size_t n, size_t i, size_t scale)
{
	*out = (struct scatter){ .run = i < n ? v[i].run : 0 };
	if (scale > n || i > n - scale)
		return false;
	for (size_t j = i; j < i + scale; j++) {
		if (v[j].run != out->run)
			return false;
		out->n += v[j].n;
		out->k += v[j].k;
	}
	return true;
}

void dispersion_at(struct dispersion *out, const struct scatter *v, size_t n, size_t scale)
{
	double sum = 0;
	size_t i = 0;

	*out = (struct dispersion){ .pearson = NAN, .d = 1 };
	while (scale > 0 && i < n) {
		struct scatter a, b;
		double m, theta, off;

		if (!block_of(&a, v, n, i, scale) || !block_of(&b, v, n, i + scale, scale) || a.run != b.run) {
			i++;
			continue;
		}
		i += 2 * scale;
		m = (double)(a.k + b.k);
		if (m <= 0 || a.n <= 0 || b.n <= 0)
			continue;
		theta = (double)a.n / (double)(a.n + b.n);
		off = (double)a.k - m * theta;
		sum += off * off / (m * theta * (1 - theta));
		out->pairs++;
	}
	if (out->pairs == 0)
		return;
	out->pearson = sum / (double)out->pairs;
	if (out->pairs >= PAIRS_MIN && out->pearson > 1 + 2 * sqrt(2 / (double)out->pairs))
		out->d = out->pearson;
}

double dispersion_of(const struct scatter *v, size_t n, size_t per_step, bool *known)
{
	struct dispersion one, step;

	dispersion_at(&one, v, n, 1);
	dispersion_at(&step, v, n, per_step);
	if (known)
		*known = one.pairs >= PAIRS_MIN || step.pairs >= PAIRS_MIN;
	return fmin(DISPERSION_MAX, fmax(one.d, step.d));
}

double dispersion_scaled(double d, double share)
{
	return 1 + (d - 1) * share;
}
