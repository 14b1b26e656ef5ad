#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "gonogo/json.h"
#include "../judge/final.h"
#include "support-vectors.h"

static enum direction direction_of(const struct json *row)
{
	return vector_word(row, "dir", "up") ? DIRECTION_UP : DIRECTION_DOWN;
}

/* The one_look block names its strata; they stand with the first e_value row of that name. */
static size_t named_tallies(const struct json *vectors, const char *name, struct tally v[static TALLIES_MAX])
{
	for (const struct json *row = json_first(json_get(vectors, "e_value")); row; row = json_next(row))
		if (vector_word(row, "name", name))
			return vector_tallies(json_get(row, "strata"), v);
	fail_msg("no strata named %s", name);
	return 0;
}

static void scores_as_the_vectors_say(void **state)
{
	struct json *vectors = vectors_open();
	struct tally v[TALLIES_MAX];
	size_t rows = 0;

	(void)state;
	for (const struct json *row = json_first(json_get(vectors, "one_look")); row; row = json_next(row)) {
		size_t n = named_tallies(vectors, json_string(json_get(row, "name")), v);
		double z = final_z(v, n, direction_of(row), vector_number(row, "R0"), 1);
		double wanted = vector_number(row, "z");

		rows++;
		if (isnan(wanted)) {
			assert_true(z == -INFINITY);
			continue;
		}
		assert_near(z, wanted);
		assert_near(normal_tail(z), vector_number(row, "p"));
		assert_near_to(normal_tail(z), vector_number(row, "p_exact"), 0.025);
	}
	assert_int_equal(rows, 20);
	json_free(vectors);
}

static void knows_the_normal_tail(void **state)
{
	struct json *vectors = vectors_open();
	const struct json *constants = json_get(vectors, "constants");
	static const double tails[] = { 0.01, 0.025, 0.0125, 0.005, 0.1 };
	static const char *const keys[] = { "z_0.01", "z_0.025", "z_0.0125", "z_0.005", "z_0.1" };

	(void)state;
	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++)
		assert_near(normal_z(tails[i]), vector_value(json_get(constants, keys[i])));
	/* Further down the tail is 1 to all digits. */
	for (double z = -4; z < 60; z += 0.37)
		assert_near(normal_z_of_ln(normal_ln_tail(z)), z);
	/* The two branches meet where the series takes over. */
	assert_near(normal_ln_tail(30.0), normal_ln_tail(nextafter(30.0, 31)));
	json_free(vectors);
}

static void dispersion_divides_the_score(void **state)
{
	static const struct tally v[] = { { 1.0 / 9, 3, 1 }, { 0.25, 4, 2 }, { 3.0 / 7, 5, 3 } };

	(void)state;
	assert_near(final_z(v, 3, DIRECTION_UP, 1, 4), final_z(v, 3, DIRECTION_UP, 1, 1) / 2);
	assert_near(final_z(v, 3, DIRECTION_DOWN, 2, 2.25), final_z(v, 3, DIRECTION_DOWN, 2, 1) / 1.5);
}

static void without_events_there_is_no_evidence(void **state)
{
	static const struct tally none[] = { { 0.5, 0, 0 }, { 1, 0, 0 } };

	(void)state;
	assert_true(final_z(none, 2, DIRECTION_UP, 1, 1) == -INFINITY);
	assert_true(final_z(none, 2, DIRECTION_DOWN, 1, 1) == -INFINITY);
	assert_true(final_z(none, 0, DIRECTION_UP, 1, 1) == -INFINITY);
	assert_true(final_z_without_worst(none, 0, DIRECTION_UP, 1, 1, NULL) == -INFINITY);
}

static void worst_stratum_is_the_one_with_most_excess(void **state)
{
	static const struct tally v[] = { { 1, 10, 5 }, { 1, 10, 9 }, { 1, 40, 21 } };
	static const struct tally rest[] = { { 1, 10, 5 }, { 1, 40, 21 } };
	size_t worst;
	double z = final_z_without_worst(v, 3, DIRECTION_UP, 1, 1, &worst);

	(void)state;
	assert_int_equal(worst, 1);
	assert_near(z, final_z(rest, 2, DIRECTION_UP, 1, 1));
}

/* Moving an event to the canary raises the score; a larger R0 lowers it; the order of strata does not matter. */
static void is_monotone(void **state)
{
	struct dice dice = { 20260310 };

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct tally v[6], turned[6];
		double up, down;

		for (size_t i = 0; i < 6; i++) {
			v[i] = (struct tally){ .a = 0.05 + 2 * dice_unit(&dice), .m = 2 + (int64_t)(30 * dice_unit(&dice)) };
			v[i].k = 1 + dice_binomial(&dice, v[i].m - 2, 0.4);
		}
		for (size_t i = 0; i < 6; i++)
			turned[5 - i] = v[i];
		up = final_z(v, 6, DIRECTION_UP, 1, 1);
		down = final_z(v, 6, DIRECTION_DOWN, 2, 1);
		assert_near(up, final_z(turned, 6, DIRECTION_UP, 1, 1));
		assert_true(final_z(v, 6, DIRECTION_UP, 1.1, 1) < up);
		assert_true(final_z(v, 6, DIRECTION_DOWN, 2.2, 1) > down);
		v[3].k++;
		assert_true(final_z(v, 6, DIRECTION_UP, 1, 1) > up);
		assert_true(final_z(v, 6, DIRECTION_DOWN, 2, 1) < down);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_as_the_vectors_say),
		cmocka_unit_test(knows_the_normal_tail),
		cmocka_unit_test(dispersion_divides_the_score),
		cmocka_unit_test(without_events_there_is_no_evidence),
		cmocka_unit_test(worst_stratum_is_the_one_with_most_excess),
		cmocka_unit_test(is_monotone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
