/* The Canary object as Flagger reads it: defaults, strategies, numbers out of range. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/canary.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"

static struct canary_spec spec_of(struct arena *arena, const char *spec)
{
	const char *text = arena_printf(arena, "{\"metadata\":{\"name\":\"backend\",\"namespace\":\"develop\"},\"spec\":%s}", spec);
	struct json *json = json_parse(text, strlen(text), NULL);
	struct canary_spec out;
	struct error err;

	if (json == NULL)
		fail_msg("no JSON: %s", text);
	if (canary_parse(&out, NULL, json, arena, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	json_free(json);
	return out;
}

static void fills_in_defaults(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct canary_spec s = spec_of(arena, "{}");

	(void)state;
	assert_int_equal(s.interval, 60 * NS_PER_S);
	assert_int_equal(s.progress_deadline, 600 * NS_PER_S);
	assert_int_equal(s.threshold, 1);
	assert_int_equal(s.port, 80);
	assert_true(s.max_weight == 100 && s.step_weight == 0);
	assert_string_equal(s.target_name, "backend");
	assert_string_equal(s.service_name, "backend");
	assert_int_equal(s.strategy, STRATEGY_CANARY);
	assert_int_equal(spec_of(arena, "{\"analysis\":{\"interval\":\"1s\"}}").interval, 10 * NS_PER_S);
	assert_int_equal(spec_of(arena, "{\"analysis\":{\"interval\":\"soon\"}}").interval, 60 * NS_PER_S);
	assert_string_equal(spec_of(arena, "{\"targetRef\":{\"name\":\"api\"}}").service_name, "api");
	arena_free(arena);
}

static void tells_strategies(void **state)
{
	static const struct {
		const char *spec;
		enum strategy strategy;
	} rows[] = {
		{ "{\"analysis\":{\"stepWeight\":10,\"maxWeight\":50}}", STRATEGY_CANARY },
		{ "{\"analysis\":{\"stepWeights\":[5,20,50]}}", STRATEGY_CANARY },
		{ "{\"analysis\":{\"iterations\":10}}", STRATEGY_BLUE_GREEN },
		{ "{\"analysis\":{\"iterations\":10,\"mirror\":true}}", STRATEGY_BLUE_GREEN_MIRROR },
		{ "{\"analysis\":{\"iterations\":10,\"match\":[{\"headers\":{}}]}}", STRATEGY_AB_TESTING },
		{ "{\"analysis\":{\"match\":[{\"headers\":{}}]}}", STRATEGY_CANARY },
		{ "{\"provider\":\"kubernetes\",\"analysis\":{}}", STRATEGY_BLUE_GREEN },
	};
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (spec_of(arena, rows[i].spec).strategy != rows[i].strategy)
			fail_msg("%s", rows[i].spec);
	assert_true(spec_of(arena, rows[1].spec).max_weight == 50);
	arena_free(arena);
}

static void reads_deprecated_thresholds(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct canary_spec s = spec_of(arena, "{\"analysis\":{\"metrics\":[{\"name\":\"request-success-rate\",\"threshold\":99},"
					      "{\"name\":\"request-duration\",\"threshold\":500,\"interval\":\"30s\"},"
					      "{\"name\":\"mine\",\"threshold\":1,\"thresholdRange\":{\"min\":2}}]}}");

	(void)state;
	assert_int_equal(s.n_metrics, 3);
	assert_true(s.metrics[0].has_min && !s.metrics[0].has_max && s.metrics[0].min == 99);
	assert_true(!s.metrics[1].has_min && s.metrics[1].has_max && s.metrics[1].max == 500);
	assert_int_equal(s.metrics[1].interval, 30 * NS_PER_S);
	assert_true(s.metrics[2].has_min && !s.metrics[2].has_max && s.metrics[2].min == 2);
	arena_free(arena);
}

static void bounds_numbers(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct canary_spec s = spec_of(
		arena, "{\"progressDeadlineSeconds\":601773133440300,\"analysis\":{\"iterations\":-9007199254740991,\"threshold\":1e15}}");

	(void)state;
	assert_int_equal(s.progress_deadline, INT32_MAX * NS_PER_S);
	assert_int_equal(s.iterations, INT32_MIN);
	assert_int_equal(s.threshold, INT32_MAX);
	s = spec_of(arena, "{\"progressDeadlineSeconds\":\"600\",\"analysis\":{\"iterations\":1.5,\"threshold\":[]}}");
	assert_int_equal(s.progress_deadline, 600 * NS_PER_S);
	assert_int_equal(s.iterations, 0);
	assert_int_equal(s.threshold, 1);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_in_defaults),
		cmocka_unit_test(tells_strategies),
		cmocka_unit_test(reads_deprecated_thresholds),
		cmocka_unit_test(bounds_numbers),
	};

	return cmocka_run_group_tests_name("canary", tests, NULL, NULL);
}
