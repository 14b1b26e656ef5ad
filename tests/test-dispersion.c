#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "gonogo/json.h"
#include "../judge/dispersion.h"
#include "support-vectors.h"

#define SCRAPES 180

static void is_as_the_vectors_say(void **state)
{
	struct json *vectors = vectors_open();

	(void)state;
	for (const struct json *row = json_first(json_get(vectors, "dispersion")); row; row = json_next(row)) {
		struct scatter v[TALLIES_MAX];
		struct dispersion seen;
		size_t n = json_size(json_get(row, "n"));

		for (size_t i = 0; i < n; i++)
			v[i] = (struct scatter){ .n = (int64_t)vector_value(vector_at(json_get(row, "n"), i)),
						 .k = (int64_t)vector_value(vector_at(json_get(row, "k"), i)) };
		dispersion_at(&seen, v, n, (size_t)vector_number(row, "scale"));
		assert_near(seen.pearson, vector_number(row, "pearson"));
		assert_int_equal(seen.pairs, vector_number(row, "pairs"));
		assert_near(seen.d, vector_number(row, "D"));
	}
	json_free(vectors);
}

static void fill(struct scatter *v, struct dice *dice, int64_t burst)
{
	for (size_t i = 0; i < SCRAPES; i++)
		v[i] = (struct scatter){ .n = 800, .k = burst * dice_binomial(dice, 800 / burst, 0.01) };
}

static void chance_alone_mostly_gives_one(void **state)
{
	struct scatter v[SCRAPES];
	struct dice dice = { 1 };
	int beyond = 0;
	bool known;

	(void)state;
	for (int run = 0; run < 40; run++) {
		fill(v, &dice, 1);
		beyond += dispersion_of(v, SCRAPES, 3, &known) > 1;
		assert_true(known);
	}
	assert_in_range(beyond, 0, 6);
}

static void bursts_show(void **state)
{
	struct scatter v[SCRAPES];
	struct dice dice = { 2 };

	(void)state;
	fill(v, &dice, 8);
	assert_true(dispersion_of(v, SCRAPES, 3, NULL) > 4);
	assert_true(dispersion_of(v, SCRAPES, 3, NULL) <= DISPERSION_MAX);
}

static void without_history_it_is_one_and_unknown(void **state)
{
	struct scatter v[4] = { { 800, 0, 0 }, { 800, 90, 0 }, { 800, 0, 0 }, { 800, 70, 0 } };
	bool known = true;

	(void)state;
	assert_true(dispersion_of(NULL, 0, 3, &known) == 1);
	assert_false(known);
	assert_true(dispersion_of(v, 4, 1, &known) == 1);
	assert_false(known);
	assert_true(dispersion_of(v, 4, 0, &known) == 1);
}

/* A drift across a hole is no scatter: pairs do not span one. */
static void pairs_do_not_span_holes(void **state)
{
	struct scatter v[40];
	struct dispersion seen;

	(void)state;
	for (int i = 0; i < 40; i++)
		v[i] = (struct scatter){ 800, i % 2 ? 80 : 8, i };
	dispersion_at(&seen, v, 40, 1);
	assert_int_equal(seen.pairs, 0);
	assert_true(seen.d == 1);
}

static void is_capped_and_scaled(void **state)
{
	struct scatter v[40];

	(void)state;
	for (int i = 0; i < 40; i++)
		v[i] = (struct scatter){ 100000, i % 2 ? 50000 : 0, 0 };
	assert_true(dispersion_of(v, 40, 1, NULL) == DISPERSION_MAX);
	assert_near(dispersion_scaled(5, 0.5), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_as_the_vectors_say),
		cmocka_unit_test(chance_alone_mostly_gives_one),
		cmocka_unit_test(bursts_show),
		cmocka_unit_test(without_history_it_is_one_and_unknown),
		cmocka_unit_test(pairs_do_not_span_holes),
		cmocka_unit_test(is_capped_and_scaled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
