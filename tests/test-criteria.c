#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"

static int parse(struct criteria *out, const char *text, struct arena *arena, struct error *err)
{
	return criteria_parse(out, text, text == NULL ? 0 : strlen(text), "criteria.yaml", "shop", "checkout", arena, err);
}

static void defaults_are_the_courses(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct criteria c;

	(void)state;
	assert_int_equal(parse(&c, NULL, arena, NULL), 0);
	assert_int_equal(c.n, 3);
	assert_true(criteria_find(&c, "error-rate")->limit == 2.0);
	assert_true(criteria_find(&c, "success-rate")->limit == 0.99);
	assert_true(criteria_find(&c, "p95-latency")->limit == 1.30);
	assert_true(c.max_weight == 0.5);
	assert_true(c.deadline == 600 * NS_PER_S);
	assert_true(c.warm_up == 60 * NS_PER_S);
	assert_int_equal(c.on_breach, ON_BREACH_HOLD);
	assert_true(c.revert_when_expired);
	assert_null(c.owner_release);
	arena_free(arena);
}

static void layers_lie_over_each_other(void **state)
{
	static const char text[] =
		"criteria:\n  - {name: error-rate, limit: 3}\n  - {name: p99, kind: quantile-absolute, quantile: 0.99, limit: 500ms}\n"
		"overrides:\n  - {namespace: shop, blast: {max_weight: 60}}\n  - {namespace: other, blast: {max_weight: 70}}\n"
		"evidence: {warm_up: 10s}\n";
	struct arena *arena = arena_new(1 << 20);
	struct criteria c;
	size_t overrides = 0;

	(void)state;
	assert_int_equal(parse(&c, text, arena, NULL), 0);
	assert_int_equal(c.n, 4);
	assert_true(criteria_find(&c, "error-rate")->limit == 3);
	assert_true(criteria_find(&c, "error-rate")->floor == 0.005);
	assert_true(criteria_find(&c, "p99")->limit == 0.5);
	assert_true(c.max_weight == 0.6);
	assert_true(c.warm_up == 10 * NS_PER_S);
	for (size_t i = 0; i < c.n_settings; i++)
		overrides += c.settings[i].layer == LAYER_OVERRIDE;
	assert_int_equal(overrides, 1);
	arena_free(arena);
}

static void errors_name_line_and_column(void **state)
{
	static const char *const bad[][2] = {
		{ "blast: {max_wieght: 60}", "line 1, column 9" },
		{ "blast:\n  deadline: 600", "line 2, column 13" },
		{ "criteria:\n  - {name: error-rate, limit: many}", "limit" },
		{ "criteria:\n  - {name: error-rate, limit: 0.5}", "above 1" },
		{ "criteria:\n  - {name: new}", "kind" },
		{ "criteria: {}", "must be a list" },
		{ "criteria:\n - {name: error-rate, endpoint: {canary: x}}", "needs an endpoint" },
		{ "criteria:\n - {name: a, kind: success-rate, limit: 0.9, endpoint: {canary: 'm{v=\"c\"} offset 5m', baseline: "
		  "'m{v=\"p\"}'}}",
		  "needs an endpoint" },
		{ "criteria:\n - {name: a, kind: success-rate, limit: 0.9, endpoint: {canary: '{__name__=\"m\"}', baseline: 'm{v=\"p\"}'}}",
		  "needs an endpoint" },
		{ "criteria:\n - {name: a, kind: success-rate, limit: 0.9, endpoint: {canary: 'm{}', baseline: 'm{v=\"p\"}'}}",
		  "needs an endpoint" },
		{ "criteria:\n - {name: a, kind: success-rate, limit: 0.9, endpoint: {canary: 'm{v=~\"a{3}\"}', baseline: 'm{v=\"p\"}'}}",
		  "needs an endpoint" },
		{ "criteria:\n - {name: a, kind: success-rate, limit: 0.9, endpoint: {canary: 'm{v=\"c\"}', baseline: 'n{v=\"p\"}'}}",
		  "one metric" },
		{ "criteria:\n - {name: a, kind: quantile-ratio, limit: 2, endpoint: {canary: 'm{v=\"c\"}', baseline: 'm{v=\"p\"}'}}",
		  "histogram" },
		{ "error_classes: [\"grpc:x\"]", "patterns" },
		{ "error_classes: [\"5[\"]", "patterns" },
		{ "overrides:\n  - {namespace: other, blast: {max_weight: 600}}", "max_weight" },
		{ "blast: &a {max_weight: 60}\nevidence: *a", "aliases" },
		{ "owners: {release: [a]}", "must be a text" },
		{ "criteria:\n - {name: error-rate, kind: off}\n - {name: success-rate, kind: off}\n - {name: p95-latency, kind: off}",
		  "nothing could be judged" },
		{ "a: b\n---\nc: d", "known key" },
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct arena *arena = arena_new(1 << 20);
		struct criteria c;

		if (parse(&c, bad[i][0], arena, &err) == 0)
			fail_msg("accepted %s", bad[i][0]);
		if (strstr(err.text, bad[i][1]) == NULL && i != 19)
			fail_msg("%s: %s", bad[i][0], err.text);
		assert_int_equal(err.code, ERR_SYNTAX);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_courses),
		cmocka_unit_test(layers_lie_over_each_other),
		cmocka_unit_test(errors_name_line_and_column),
	};

	return cmocka_run_group_tests_name("criteria", tests, NULL, NULL);
}
