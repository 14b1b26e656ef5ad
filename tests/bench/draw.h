/* Random draws of the accuracy benchmark, documented so that another program can make the same corpus: xoshiro256** (Blackman, Vigna),
 * seeded by splitmix64 over the words given; a double is the upper 53 bits; every sampler below uses doubles in the order written. */
#ifndef BENCH_DRAW_H
#define BENCH_DRAW_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct draw {
	uint64_t s[4];
};

static inline uint64_t draw_mix(uint64_t *x)
{
	uint64_t z = (*x += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* Each word is absorbed in turn: state = mix(state + word). */
static inline void draw_seed(struct draw *d, const uint64_t *words, size_t n)
{
	uint64_t x = 0;

	for (size_t i = 0; i < n; i++) {
		x += words[i];
		x = draw_mix(&x);
	}
	for (int i = 0; i < 4; i++)
		d->s[i] = draw_mix(&x);
}

static inline uint64_t draw_rotate(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static inline uint64_t draw_next(struct draw *d)
{
	uint64_t out = draw_rotate(d->s[1] * 5, 7) * 9, t = d->s[1] << 17;

	d->s[2] ^= d->s[0];
	d->s[3] ^= d->s[1];
	d->s[1] ^= d->s[2];
	d->s[0] ^= d->s[3];
	d->s[2] ^= t;
	d->s[3] = draw_rotate(d->s[3], 45);
	return out;
}

/* (0, 1). */
static inline double draw_unit(struct draw *d)
{
	return ((double)(draw_next(d) >> 11) + 0.5) * 0x1p-53;
}

/* Marsaglia's polar method, the second value thrown away. */
static inline double draw_normal(struct draw *d)
{
	double u, v, s;

	do {
		u = 2 * draw_unit(d) - 1;
		v = 2 * draw_unit(d) - 1;
		s = u * u + v * v;
	} while (s >= 1 || s == 0);
	return u * sqrt(-2 * log(s) / s);
}

/* ln k! - [ln √2π + (k+½) ln(k+1) - (k+1)]: Hörmann's correction, exact to 1e-9. */
static inline double draw_stirling(double k)
{
	static const double table[] = { 0.08106146679532726,  0.04134069595540929, 0.02767792568499834, 0.02079067210376509,
					0.01664469118982119,  0.01387612882307075, 0.01189670994589177, 0.01041126526197209,
					0.009255462182712733, 0.008330563433362871 };
	double r;

	if (k < 10)
		return table[(int)k];
	r = 1 / (k + 1);
	return (1.0 / 12 - (1.0 / 360 - r * r / 1260) * r * r) * r;
}

/* Sequential inversion: fast where n·p is small. p ≤ ½. */
static inline int64_t draw_binomial_small(struct draw *d, int64_t n, double p)
{
	double s = p / (1 - p), a = ((double)n + 1) * s, r = exp((double)n * log1p(-p)), u = draw_unit(d);
	int64_t k = 0;

	while (u > r && k < n) {
		u -= r;
		k++;
		r *= a / (double)k - s;
	}
	return k;
}

/* W. Hörmann 1993, BTRS: transformed rejection; n·p ≥ 10, p ≤ ½. */
static inline int64_t draw_binomial_large(struct draw *d, int64_t n, double p)
{
	double spq = sqrt((double)n * p * (1 - p)), b = 1.15 + 2.53 * spq, a = -0.0873 + 0.0248 * b + 0.01 * p, c = (double)n * p + 0.5;
	double vr = 0.92 - 4.2 / b, alpha = (2.83 + 5.1 / b) * spq, m = floor(((double)n + 1) * p), r = p / (1 - p);

	for (;;) {
		double v = draw_unit(d), u = draw_unit(d) - 0.5, us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + c), nm, nk, h;

		if (us >= 0.07 && v <= vr)
			return (int64_t)k;
		if (k < 0 || k > (double)n)
			continue;
		v = log(v * alpha / (a / (us * us) + b));
		nm = (double)n - m + 1;
		nk = (double)n - k + 1;
		h = (m + 0.5) * log((m + 1) / (r * nm)) + draw_stirling(m) + draw_stirling((double)n - m);
		if (v <= h + ((double)n + 1) * log(nm / nk) + (k + 0.5) * log(nk * r / (k + 1)) - draw_stirling(k) -
				 draw_stirling((double)n - k))
			return (int64_t)k;
	}
}

static inline int64_t draw_binomial(struct draw *d, int64_t n, double p)
{
	if (n <= 0 || p <= 0)
		return 0;
	if (p >= 1)
		return n;
	if (p > 0.5)
		return n - draw_binomial(d, n, 1 - p);
	return (double)n * p < 10 ? draw_binomial_small(d, n, p) : draw_binomial_large(d, n, p);
}

/* By inversion below 10, else W. Hörmann 1993, PTRS. */
static inline int64_t draw_poisson(struct draw *d, double mean)
{
	double b, a, alpha, vr, r, u;
	int64_t small = 0;

	if (mean < 10) {
		r = exp(-mean);
		u = draw_unit(d);
		while (u > r && small < 1000) {
			u -= r;
			small++;
			r *= mean / (double)small;
		}
		return small;
	}
	b = 0.931 + 2.53 * sqrt(mean);
	a = -0.059 + 0.02483 * b;
	alpha = 1.1239 + 1.1328 / (b - 3.4);
	vr = 0.9277 - 3.6224 / (b - 2);
	for (;;) {
		double v, us, k;

		u = draw_unit(d) - 0.5;
		v = draw_unit(d);
		us = 0.5 - fabs(u);
		k = floor((2 * a / us + b) * u + mean + 0.43);
		if (us >= 0.07 && v <= vr)
			return (int64_t)k;
		if (k < 0 || (us < 0.013 && v > us))
			continue;
		/* ln k! by the correction above. */
		if (log(v * alpha / (a / (us * us) + b)) <=
		    k * log(mean) - mean - (0.9189385332046727 + (k + 0.5) * log(k + 1) - (k + 1) + draw_stirling(k)))
			return (int64_t)k;
	}
}

/* Sizes 1, 2, … with the given mean. */
static inline int64_t draw_geometric(struct draw *d, double mean)
{
	return mean <= 1 ? 1 : 1 + (int64_t)(log(draw_unit(d)) / log1p(-1 / mean));
}

#endif
