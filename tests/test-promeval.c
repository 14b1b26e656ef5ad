/* PromQL over stored samples: numbers worked out by hand after promql/functions.go, shapes of answers, and what is not evaluated. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../judge/promeval.h"
#include "../judge/promql.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"

#define SERIES_MAX 8

struct scene {
	struct arena *arena;
	struct series_set set;
	struct series v[SERIES_MAX];
};

static void scene_open(struct scene *s)
{
	memset(s, 0, sizeof *s);
	s->arena = arena_new(1 << 20);
	s->set.v = s->v;
}

/* Values 15 s apart from second 0 on; NaN: not scraped. */
static void add(struct scene *s, const char *name, const char *label, const char *value, const double *values, size_t n)
{
	struct series *x = &s->v[s->set.n++];

	*x = (struct series){ .name = name, .n_labels = 1, .labels = arena_alloc(s->arena, sizeof *x->labels) };
	x->labels[0] = (struct label){ label, value };
	x->samples = arena_alloc(s->arena, n * sizeof *x->samples);
	for (size_t i = 0; i < n; i++)
		if (!isnan(values[i]))
			x->samples[x->n++] = (struct sample){ .at = (int64_t)i * 15 * NS_PER_S, .value = values[i] };
}

static int eval(struct scene *s, const char *query, double at, struct prom_vector *out, struct error *err)
{
	const struct promql_node *node;
	struct prom_query ready;

	if (promql_parse(&node, query, s->arena, err) < 0)
		fail_msg("%s: %s", query, err->text);
	if (prom_prepare(&ready, node, &s->set, false, s->arena, err) < 0)
		return -1;
	return prom_eval(out, &ready, (int64_t)(at * 1e9), s->arena, err);
}

static double number(struct scene *s, const char *query, double at)
{
	struct prom_vector v;
	struct error err;

	if (eval(s, query, at, &v, &err) < 0)
		fail_msg("%s: %s", query, err.text);
	if (v.scalar)
		return v.number;
	if (v.n > 1)
		fail_msg("%s: %zu series", query, v.n);
	return v.n == 0 ? NAN : v.v[0].value;
}

static void near(double seen, double wanted)
{
	if (!(fabs(seen - wanted) <= 1e-9 * fmax(1, fabs(wanted))))
		fail_msg("%.12g, not %.12g", seen, wanted);
}

static const double ones[] = { 0, 15, 30, 45 };

static void rates_as_prometheus_extrapolates_them(void **state)
{
	static const double high[] = { 100, 115, 130, 145 }, reset[] = { 10, 25, 5, 20 }, gap[] = { 0, NAN, NAN, NAN, 60 };
	struct scene s;

	(void)state;
	scene_open(&s);
	add(&s, "ones", "a", "b", ones, 4);
	add(&s, "high", "a", "b", high, 4);
	add(&s, "reset", "a", "b", reset, 4);
	add(&s, "gap", "a", "b", gap, 5);
	/* A counter that begins at 0 is not extrapolated below it; 5 s to the end are. */
	near(number(&s, "rate(ones[60s])", 50), 45.0 * 50 / 45 / 60);
	near(number(&s, "increase(ones[60s])", 50), 50);
	/* From 100: 10 s to the start as well. */
	near(number(&s, "rate(high[60s])", 50), 45.0 * 60 / 45 / 60);
	/* 30 s to the start are above 1.1 of the average: half an average. */
	near(number(&s, "rate(high[80s])", 50), 45.0 * (45 + 5 + 7.5) / 45 / 80);
	/* 10→25, began anew at 5 →20: 15 + 5 + 15. */
	near(number(&s, "rate(reset[45s])", 45), 35.0 / 45);
	/* One sample is no rate; a missed one is bridged. */
	assert_true(isnan(number(&s, "rate(ones[10s])", 46)));
	near(number(&s, "rate(gap[60s])", 60), 1);
	arena_free(s.arena);
}

static void shapes_of_checks(void **state)
{
	static const double failed[] = { 0, 1, 2, 3 };
	struct prom_vector v;
	struct error err;
	struct scene s;

	(void)state;
	scene_open(&s);
	add(&s, "r", "code", "200", ones, 4);
	add(&s, "r", "code", "500", failed, 4);
	near(number(&s, "sum(rate(r{code=~\"5..\"}[45s])) / sum(rate(r[45s]))", 45), 3.0 / 48);
	near(number(&s, "100 - sum(rate(r{code!~\"5..\"}[45s])) / sum(rate(r[45s])) * 100", 45), 100 - 100 * 45.0 / 48);
	near(number(&s, "(sum(rate(r{code=~\"4..\"}[45s])) or vector(0)) / sum(rate(r[45s]))", 45), 0);
	/* The trap: without vector(0) there is no value at all. */
	assert_true(isnan(number(&s, "sum(rate(r{code=~\"4..\"}[45s])) / sum(rate(r[45s]))", 45)));
	near(number(&s, "count(rate(r[45s]))", 45), 2);
	near(number(&s, "max(r)", 45), 45);
	near(number(&s, "avg(r)", 45), 24);
	near(number(&s, "-min(r) + 1", 45), -2);
	assert_true(isnan(number(&s, "sum(rate(r[45s])) > 100", 45)));
	assert_true(isnan(number(&s, "sum(rate(nothing[45s])) / sum(rate(nothing[45s]))", 45)));
	assert_int_equal(eval(&s, "rate(r[45s])", 45, &v, &err), 0);
	assert_int_equal(v.n, 2);
	assert_int_equal(eval(&s, "2 * 3", 45, &v, &err), 0);
	assert_true(v.scalar && v.number == 6);
	/* Nothing of the future. */
	near(number(&s, "sum(r)", 16), 16);
	arena_free(s.arena);
}

static void quantiles_as_prometheus_interpolates_them(void **state)
{
	static const double fast[] = { 0, 60 }, middle[] = { 0, 90 }, all[] = { 0, 100 };
	struct scene s;

	(void)state;
	scene_open(&s);
	add(&s, "b", "le", "0.1", fast, 2);
	add(&s, "b", "le", "0.3", middle, 2);
	add(&s, "b", "le", "+Inf", all, 2);
	near(number(&s, "histogram_quantile(0.75, sum(rate(b[15s])) by (le))", 15), 0.2);
	near(number(&s, "histogram_quantile(0.5, sum by (le) (rate(b[15s])))", 15), 0.1 * 50 / 60);
	/* Above the last finite edge: that edge. */
	near(number(&s, "histogram_quantile(0.99, sum(rate(b[15s])) by (le)) * 1000", 15), 300);
	arena_free(s.arena);
}

static void what_is_not_evaluated_is_named(void **state)
{
	static const char *const queries[] = { "irate(r[1m])",
					       "sum(rate(r[1m])) without (a) % 2",
					       "r[1m]",
					       "topk(1, r)",
					       "r{a=~\"(b{200}){200}\"}",
					       "r{a=~\"\\\\d+\"}",
					       "r{a=~\"((5+)+)+\"}",
					       "r{a=~\"[\\\\-a]\"}",
					       "r{a=~\"[a\"}",
					       "sum(r) / on(a) sum(r)",
					       "label_replace(r, \"a\", \"b\", \"c\", \"d\")" };
	static const double v0[] = { 0, 1 };
	struct prom_vector v;
	struct error err;
	struct scene s;

	(void)state;
	scene_open(&s);
	add(&s, "r", "a", "b", v0, 2);
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		if (eval(&s, queries[i], 15, &v, &err) == 0)
			fail_msg("evaluated: %s", queries[i]);
		assert_int_equal(err.code, ERR_NOT_FOUND);
	}
	arena_free(s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rates_as_prometheus_extrapolates_them), cmocka_unit_test(shapes_of_checks),
					    cmocka_unit_test(quantiles_as_prometheus_interpolates_them),
					    cmocka_unit_test(what_is_not_evaluated_is_named) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
