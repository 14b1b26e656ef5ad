#include "gonogo/quantile.h"

#include <math.h>

static double cumulative(const struct histogram *h, size_t edge)
{
	return (double)(edge < h->n_edges ? h->total - h->slow[edge] : h->total);
}

/* Index of the bucket, n_edges for the last; false if there is none. */
static bool bucket_index(size_t *at, const struct histogram *h, double q)
{
	double rank = q * (double)h->total;
	size_t i = 0;

	if (h->n_edges == 0 || h->total <= 0)
		return false;
	while (i < h->n_edges && cumulative(h, i) < rank)
		i++;
	*at = i;
	return true;
}

struct bucket quantile_bucket(const struct histogram *h, double q)
{
	size_t i;

	if (!bucket_index(&i, h, q))
		return (struct bucket){ NAN, NAN };
	return (struct bucket){ i == 0 ? 0 : h->edges[i - 1], i == h->n_edges ? INFINITY : h->edges[i] };
}

double quantile_interpolated(const struct histogram *h, double q)
{
	double start, below, count;
	size_t i;

	if (!bucket_index(&i, h, q))
		return NAN;
	if (i == h->n_edges)
		return h->edges[h->n_edges - 1];
	start = i == 0 ? 0 : h->edges[i - 1];
	below = i == 0 ? 0 : cumulative(h, i - 1);
	count = cumulative(h, i) - below;
	if (count <= 0)
		return h->edges[i];
	return start + (h->edges[i] - start) * ((q * (double)h->total - below) / count);
}

double quantile_resolution(const struct histogram *h, double q)
{
	struct bucket b = quantile_bucket(h, q);

	if (isnan(b.lo))
		return NAN;
	return b.lo <= 0 || isinf(b.hi) ? INFINITY : b.hi / b.lo;
}

bool quantile_blind(const struct histogram *baseline, double q, double limit)
{
	double resolution = quantile_resolution(baseline, q);

	return isnan(resolution) || resolution > limit;
}

size_t quantile_edges(double value, double limit, double *edges, size_t max)
{
	double ratio = cbrt(limit), edge = value * 2 / 3;
	size_t n = 0;

	if (!(value > 0) || isinf(value) || !(ratio > 1))
		return 0;
	for (; n < max && edge <= value * 2 * ratio; edge *= ratio)
		edges[n++] = edge;
	return n;
}
