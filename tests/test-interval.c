#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "gonogo/interval.h"
#include "gonogo/json.h"
#include "../judge/bounds.h"
#include "support-vectors.h"

static size_t named_tallies(const struct json *vectors, const char *name, struct tally v[static TALLIES_MAX])
{
	for (const struct json *row = json_first(json_get(vectors, "e_value")); row; row = json_next(row))
		if (vector_word(row, "name", name))
			return vector_tallies(json_get(row, "strata"), v);
	fail_msg("no strata named %s", name);
	return 0;
}

static void bounds_are_as_the_vectors_say(void **state)
{
	struct json *vectors = vectors_open();
	struct tally v[TALLIES_MAX];
	size_t rows = 0;

	(void)state;
	for (const struct json *row = json_first(json_get(vectors, "bounds")); row; row = json_next(row)) {
		size_t n = named_tallies(vectors, json_string(json_get(row, "name")), v);
		double d = vector_number(row, "D");
		struct interval gate = bounds_of_look(v, n, d, 2.3263479, 1.959964),
				any = bounds_anytime(v, n, NULL, 0, d, log(100), log(40));

		assert_near(gate.lo, vector_value(json_get(row, "gate_lower_z2_326348")));
		assert_near(gate.hi, vector_value(json_get(row, "gate_upper_z1_959964")));
		assert_near(any.lo, vector_value(json_get(row, "cs_lower_100")));
		assert_near(any.hi, vector_value(json_get(row, "cs_upper_40")));
		rows++;
	}
	assert_int_equal(rows, 16);
	json_free(vectors);
}

static void agrees(struct interval seen, const struct json *wanted)
{
	double lo = vector_value(vector_at(wanted, 0));

	/* The vectors hold Wilson's rounding error in place of 0. */
	if (lo > 1e-15)
		assert_near(seen.lo, lo);
	else
		assert_true(seen.lo == 0);
	assert_near(seen.hi, vector_value(vector_at(wanted, 1)));
}

static void classical_intervals_are_as_the_vectors_say(void **state)
{
	struct json *vectors = vectors_open();

	(void)state;
	for (const struct json *row = json_first(json_get(vectors, "classical_intervals_display_only")); row; row = json_next(row)) {
		int64_t k = (int64_t)vector_number(row, "k_c"), n = (int64_t)vector_number(row, "n_c");

		agrees(interval_clopper_pearson(k, n, 0.95), json_get(row, "rate_c_clopper_pearson_95"));
		agrees(interval_garwood(k, n, 0.95), json_get(row, "rate_c_garwood_95"));
		agrees(interval_wilson(k, n, 0.95), json_get(row, "rate_c_wilson_95"));
		if (json_get(row, "ratio_conditional_95"))
			agrees(interval_rate_ratio(k, n, (int64_t)vector_number(row, "k_b"), (int64_t)vector_number(row, "n_b"), 0.95),
			       json_get(row, "ratio_conditional_95"));
	}
	json_free(vectors);
}

static void holds(struct interval i, double value)
{
	assert_true(i.lo <= value * (1 + 1e-12) && value <= i.hi * (1 + 1e-12));
	assert_true(i.lo >= 0);
}

static void intervals_contain_the_estimate(void **state)
{
	static const int64_t sizes[] = { 1, 2, 7, 100, 5003, 150001 };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		int64_t n = sizes[i], ks[] = { 0, 1, n / 1000, n / 3, n / 2, n - 1, n };

		for (size_t j = 0; j < sizeof ks / sizeof ks[0]; j++) {
			double rate = (double)ks[j] / (double)n;

			holds(interval_wilson(ks[j], n, 0.95), rate);
			holds(interval_clopper_pearson(ks[j], n, 0.95), rate);
			holds(interval_garwood(ks[j], n, 0.95), rate);
			holds(interval_clopper_pearson(ks[j], n, 0.5), rate);
		}
	}
}

/* Exact by definition: of one trial, 0 events: hi = 1 - α/2; of n trials all: lo = (α/2)^(1/n). */
static void known_corners(void **state)
{
	(void)state;
	assert_near(interval_clopper_pearson(0, 1, 0.95).hi, 0.975);
	assert_near(interval_clopper_pearson(20, 20, 0.95).lo, pow(0.025, 1.0 / 20));
	assert_near(interval_garwood(0, 1, 0.95).hi, -log(0.025));
	assert_true(interval_wilson(0, 0, 0.95).lo == 0 && interval_wilson(0, 0, 0.95).hi == 1);
	assert_true(isinf(interval_garwood(0, 0, 0.95).hi));
	assert_true(isinf(interval_rate_ratio(0, 10, 0, 10, 0.95).hi));
	assert_true(interval_clopper_pearson(-3, 10, 0.95).lo == 0);
	assert_true(interval_clopper_pearson(30, 10, 0.95).hi == 1);
}

static void more_scatter_widens(void **state)
{
	static const struct tally v[] = { { 0.25, 12, 4 }, { 0.5, 20, 9 } };
	struct interval narrow = bounds_of_look(v, 2, 1, 2, 2), wide = bounds_of_look(v, 2, 3, 2, 2),
			any = bounds_anytime(v, 2, NULL, 0, 1, log(44), log(44));

	(void)state;
	assert_true(wide.lo < narrow.lo && narrow.hi < wide.hi);
	/* Looking at any time costs width: 1/44 is the tail of z = 2. */
	assert_true(any.lo < narrow.lo && narrow.hi < any.hi);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_are_as_the_vectors_say),
		cmocka_unit_test(classical_intervals_are_as_the_vectors_say),
		cmocka_unit_test(intervals_contain_the_estimate),
		cmocka_unit_test(known_corners),
		cmocka_unit_test(more_scatter_widens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
