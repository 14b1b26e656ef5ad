#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "gonogo/json.h"
#include "gonogo/quantile.h"
#include "../judge/final.h"
#include "support-vectors.h"

#define EDGES 32

struct histogram_of {
	double edges[EDGES];
	int64_t slow[EDGES];
	struct histogram h;
};

static void read_histogram(struct histogram_of *out, const struct json *edges, const struct json *cum)
{
	size_t n = json_size(edges);

	assert_in_range(n, 1, EDGES);
	out->h = (struct histogram){ out->edges, n, out->slow, (int64_t)vector_value(vector_at(cum, n)) };
	for (size_t i = 0; i < n; i++) {
		out->edges[i] = vector_value(vector_at(edges, i));
		out->slow[i] = out->h.total - (int64_t)vector_value(vector_at(cum, i));
	}
}

/* The z of a share above (up) or below (down) 5 %. */
static void score_is(const struct json *row, const char *key, int64_t n, int64_t slow, enum direction direction)
{
	struct tally t = { 1, n, slow };
	double wanted = vector_value(json_get(row, key)), z = final_z(&t, 1, direction, odds_of(0.05), 1);

	if (isnan(wanted))
		assert_true(z == -INFINITY);
	else
		assert_near(z, wanted);
}

static void shares_score_as_the_vectors_say(void **state)
{
	struct json *vectors = vectors_open();
	struct histogram_of b, c;

	(void)state;
	for (const struct json *row = json_first(json_get(vectors, "quantile_ratio")); row; row = json_next(row)) {
		size_t e = 0;

		read_histogram(&b, json_get(row, "edges"), json_get(row, "cum_b"));
		read_histogram(&c, json_get(row, "edges"), json_get(row, "cum_c"));
		for (const struct json *edge = json_first(json_get(row, "rows")); edge; edge = json_next(edge), e++) {
			score_is(edge, "z_above_b", b.h.total, b.slow[e], DIRECTION_UP);
			score_is(edge, "z_below_b", b.h.total, b.slow[e], DIRECTION_DOWN);
			score_is(edge, "z_above_c", c.h.total, c.slow[e], DIRECTION_UP);
			score_is(edge, "z_below_c", c.h.total, c.slow[e], DIRECTION_DOWN);
		}
		assert_int_equal(e, b.h.n_edges);
	}
	json_free(vectors);
}

static void interpolates_as_the_vectors_say(void **state)
{
	struct json *vectors = vectors_open();
	struct histogram_of b, c;

	(void)state;
	for (const struct json *row = json_first(json_get(vectors, "quantile_ratio")); row; row = json_next(row)) {
		const struct json *interpolated = json_get(row, "interpolated");

		read_histogram(&b, json_get(row, "edges"), json_get(row, "cum_b"));
		read_histogram(&c, json_get(row, "edges"), json_get(row, "cum_c"));
		assert_near(quantile_interpolated(&b.h, 0.95), vector_value(vector_at(interpolated, 0)));
		assert_near(quantile_interpolated(&c.h, 0.95), vector_value(vector_at(interpolated, 1)));
		assert_near(quantile_resolution(&b.h, 0.95), vector_value(json_get(row, "resolution")));
		assert_int_equal(quantile_blind(&b.h, 0.95, 1.3), vector_word(row, "verdict", "BLIND"));
	}
	json_free(vectors);
}

static void says_nothing_without_observations(void **state)
{
	static const double edges[] = { 0.1, 0.3 };
	static const int64_t none[] = { 0, 0 }, all[] = { 5, 5 };
	struct histogram empty = { edges, 2, none, 0 }, edgeless = { edges, 0, none, 5 }, above = { edges, 2, all, 5 };

	(void)state;
	assert_true(isnan(quantile_interpolated(&empty, 0.95)));
	assert_true(isnan(quantile_interpolated(&edgeless, 0.95)));
	assert_true(isnan(quantile_bucket(&empty, 0.95).lo));
	assert_true(quantile_blind(&empty, 0.95, 1.3));
	/* Prometheus gives the last finite edge, which is a floor only: the bucket says so. */
	assert_true(quantile_interpolated(&above, 0.95) == 0.3);
	assert_true(quantile_bucket(&above, 0.95).lo == 0.3 && isinf(quantile_bucket(&above, 0.95).hi));
}

/* Scaling both arms' time scales the quantile and changes no ratio and no resolution. */
static void scaling_time_changes_no_ratio(void **state)
{
	struct dice dice = { 99 };

	(void)state;
	for (int round = 0; round < 100; round++) {
		double edges[8], scaled[8], scale = 0.01 + 50 * dice_unit(&dice);
		int64_t slow[8], left = 1000;
		struct histogram a = { edges, 8, slow, 1000 }, b = { scaled, 8, slow, 1000 };

		for (size_t i = 0; i < 8; i++) {
			edges[i] = (i ? edges[i - 1] : 0) + 0.01 + dice_unit(&dice);
			scaled[i] = edges[i] * scale;
			slow[i] = left -= (int64_t)((double)left * dice_unit(&dice));
		}
		assert_near(quantile_interpolated(&b, 0.9), scale * quantile_interpolated(&a, 0.9));
		assert_near(quantile_resolution(&a, 0.9), quantile_resolution(&b, 0.9));
		assert_true(quantile_interpolated(&a, 0.9) > quantile_bucket(&a, 0.9).lo);
		assert_true(quantile_interpolated(&a, 0.9) <= quantile_bucket(&a, 0.9).hi);
	}
}

static void names_edges_that_would_do(void **state)
{
	double edges[EDGES];
	int64_t slow[EDGES];
	size_t n = quantile_edges(0.25, 1.3, edges, EDGES);
	struct histogram h = { edges, n, slow, 1000 };

	(void)state;
	assert_in_range(n, 13, 15);
	assert_true(edges[0] < 0.25 / 1.3 && edges[n - 1] > 0.25 * 1.3);
	for (size_t i = 0; i < n; i++)
		slow[i] = edges[i] < 0.25 ? 80 : 30;
	assert_false(quantile_blind(&h, 0.95, 1.3));
	assert_int_equal(quantile_edges(NAN, 1.3, edges, EDGES), 0);
	assert_int_equal(quantile_edges(0.25, 1, edges, EDGES), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_score_as_the_vectors_say),   cmocka_unit_test(interpolates_as_the_vectors_say),
		cmocka_unit_test(says_nothing_without_observations), cmocka_unit_test(scaling_time_changes_no_ratio),
		cmocka_unit_test(names_edges_that_would_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
