#include "gonogo/interval.h"

#include <math.h>
#include <stdbool.h>

#include "final.h"

#define HALVINGS 60

/* Terms of a tail are added from its largest on until they no longer count. */
#define NEGLIGIBLE 1e-17

static int64_t clamp(int64_t k, int64_t n)
{
	return k < 0 ? 0 : k > n ? n : k;
}

/* ln (n choose k) as a sum of k logarithms: no lgamma, the same digits everywhere (4.9). */
static double ln_choose(int64_t n, int64_t k)
{
	double sum = 0;

	if (k > n - k)
		k = n - k;
	for (int64_t i = 1; i <= k; i++)
		sum += log((double)(n - k + i) / (double)i);
	return sum;
}

/* P(X ≥ k) of a binomial for k ≥ np, else 1 - P(X < k): the smaller side is summed from k outwards. */
static double binomial_at_least(int64_t k, int64_t n, double p, double ln_choice)
{
	double term = exp(ln_choice + (double)k * log(p) + (double)(n - k) * log1p(-p)), sum = term, odds = p / (1 - p);

	if ((double)k >= (double)n * p) {
		for (int64_t i = k; i < n && term > sum * NEGLIGIBLE; i++) {
			term *= (double)(n - i) / (double)(i + 1) * odds;
			sum += term;
		}
		return sum;
	}
	sum = 0;
	for (int64_t i = k; i > 0 && (i == k || term > sum * NEGLIGIBLE); i--) {
		term *= (double)i / (double)(n - i + 1) / odds;
		sum += term;
	}
	return 1 - sum;
}

/* P(X ≥ k) of a Poisson count. */
static double poisson_at_least(int64_t k, double mean, double ln_factorial)
{
	double term = exp((double)k * log(mean) - mean - ln_factorial), sum = term;

	if ((double)k >= mean) {
		for (int64_t i = k; term > sum * NEGLIGIBLE; i++) {
			term *= mean / (double)(i + 1);
			sum += term;
		}
		return sum;
	}
	sum = 0;
	for (int64_t i = k; i > 0 && (i == k || term > sum * NEGLIGIBLE); i--) {
		term *= (double)i / mean;
		sum += term;
	}
	return 1 - sum;
}

/* p with P(X ≥ k) = tail. */
static double binomial_root(int64_t k, int64_t n, double tail)
{
	double lo = 0, hi = 1, choice = ln_choose(n, k);

	for (int i = 0; i < HALVINGS; i++) {
		double mid = (lo + hi) / 2;

		if (binomial_at_least(k, n, mid, choice) < tail)
			lo = mid;
		else
			hi = mid;
	}
	return (lo + hi) / 2;
}

static double poisson_root(int64_t k, double tail)
{
	double lo = 0, hi = 2 * (double)k + 50, factorial = 0;

	for (int64_t i = 2; i <= k; i++)
		factorial += log((double)i);
	for (int i = 0; i < HALVINGS; i++) {
		double mid = (lo + hi) / 2;

		if (poisson_at_least(k, mid, factorial) < tail)
			lo = mid;
		else
			hi = mid;
	}
	return (lo + hi) / 2;
}

struct interval interval_wilson(int64_t k, int64_t n, double confidence)
{
	double z = normal_z((1 - confidence) / 2), p, middle, half;

	if (n <= 0)
		return (struct interval){ 0, 1 };
	k = clamp(k, n);
	p = (double)k / (double)n;
	middle = (p + z * z / (2 * (double)n)) / (1 + z * z / (double)n);
	half = z / (1 + z * z / (double)n) * sqrt(p * (1 - p) / (double)n + z * z / (4 * (double)n * (double)n));
	return (struct interval){ k == 0 ? 0 : middle - half, k == n ? 1 : middle + half };
}

struct interval interval_clopper_pearson(int64_t k, int64_t n, double confidence)
{
	double tail = (1 - confidence) / 2;

	if (n <= 0)
		return (struct interval){ 0, 1 };
	k = clamp(k, n);
	return (struct interval){ k == 0 ? 0 : binomial_root(k, n, tail), k == n ? 1 : binomial_root(k + 1, n, 1 - tail) };
}

struct interval interval_garwood(int64_t k, int64_t n, double confidence)
{
	double tail = (1 - confidence) / 2;

	if (n <= 0)
		return (struct interval){ 0, INFINITY };
	if (k < 0)
		k = 0;
	return (struct interval){ k == 0 ? 0 : poisson_root(k, tail) / (double)n, poisson_root(k + 1, 1 - tail) / (double)n };
}

struct interval interval_rate_ratio(int64_t k_c, int64_t n_c, int64_t k_b, int64_t n_b, double confidence)
{
	struct interval share;
	double scale;

	if (n_c <= 0 || n_b <= 0 || k_c < 0 || k_b < 0 || k_c + k_b == 0)
		return (struct interval){ 0, INFINITY };
	share = interval_clopper_pearson(k_c, k_c + k_b, confidence);
	scale = (double)n_b / (double)n_c;
	return (struct interval){ share.lo / (1 - share.lo) * scale, share.hi >= 1 ? INFINITY : share.hi / (1 - share.hi) * scale };
}
