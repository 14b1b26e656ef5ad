/* Every row of facts/flagger.md 1: Flagger v1.44's texts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "../judge/flagger.h"
#include "gonogo/arena.h"
#include "support.h"

static const struct {
	const char *text;
	enum message_kind kind;
} rows[] = {
	{ "all the metrics providers are available!", MESSAGE_INIT },
	{ "Error checking metric providers: prometheus not available", MESSAGE_INIT_FAILED },
	{ "Initialization done! backend.develop", MESSAGE_INIT_DONE },
	{ "New revision detected! Scaling up backend.develop", MESSAGE_NEW_REVISION },
	{ "New revision detected! Restarting analysis for backend.develop", MESSAGE_RESTART },
	{ "Starting canary analysis for backend.develop", MESSAGE_START },
	{ "Advance backend.develop canary weight 10", MESSAGE_WEIGHT },
	{ "Advance backend.develop canary iteration 2/6", MESSAGE_ITERATION },
	{ "Advance backend.develop primary weight 90", MESSAGE_PROMOTION_WEIGHT },
	{ "Routing all traffic to canary", MESSAGE_SWITCH },
	{ "Stop traffic mirroring and route all traffic to canary", MESSAGE_SWITCH },
	{ "Copying backend.develop template spec to backend-primary.develop", MESSAGE_COPY },
	{ "Routing all traffic to primary", MESSAGE_SHIFT_BACK },
	{ "Promotion completed! Scaling down backend.develop", MESSAGE_SUCCESS },
	{ "Promotion completed! Canary analysis was skipped for backend.develop", MESSAGE_SUCCESS_SKIPPED },
	{ "Halt backend.develop advancement success rate 86.95% < 99%", MESSAGE_HALT_SUCCESS_RATE },
	{ "Halt backend.develop advancement request duration 1.515s > 500ms", MESSAGE_HALT_LATENCY },
	{ "Halt backend.develop advancement error rate > odd 12.50 > 5", MESSAGE_HALT_CUSTOM },
	{ "Halt advancement no values found for traefik metric request-success-rate probably backend.develop is not receiving traffic: x",
	  MESSAGE_NO_VALUES },
	{ "Halt advancement no values found for metric: ok-share", MESSAGE_NO_VALUES },
	{ "Halt advancement no values found for custom metric: error-rate: no values found", MESSAGE_NO_VALUES },
	{ "Prometheus query failed: running query failed", MESSAGE_QUERY_FAILED },
	{ "Metric query failed for error-rate: timeout", MESSAGE_QUERY_FAILED },
	{ "Metric query failed for no usable metrics template and query were configured", MESSAGE_QUERY_FAILED },
	{ "Metric template mesh-latency.metrics query render error: map has no entry for key \"direction\"", MESSAGE_CONFIG_FAILED },
	{ "Error building Prometheus client for http://x parse error", MESSAGE_CONFIG_FAILED },
	{ "Halt backend.develop advancement external check load test failed command failed", MESSAGE_HOOK_FAILED },
	{ "Halt backend.develop advancement pre-rollout check smoke failed 500", MESSAGE_PRE_ROLLOUT_FAILED },
	{ "Pre-rollout check smoke passed", MESSAGE_PRE_ROLLOUT_PASSED },
	{ "Post-rollout hook tell failed 500", MESSAGE_POST_ROLLOUT_FAILED },
	{ "Post-rollout check tell passed", MESSAGE_POST_ROLLOUT_PASSED },
	{ "Halt backend.develop advancement waiting for promotion approval gate", MESSAGE_WAIT },
	{ "Confirm-promotion check gate passed", MESSAGE_CONFIRMED },
	{ "Rollback hook ask not signaling a rollback", MESSAGE_ROLLBACK_HOOK_QUIET },
	{ "Rollback check ask passed", MESSAGE_ROLLBACK_HOOK_PASSED },
	{ "canary deployment backend.develop not ready: waiting for rollout to finish: 0 of 2 updated replicas are available",
	  MESSAGE_NOT_READY },
	{ "skipping canary run as object is suspended", MESSAGE_SUSPENDED },
	{ "Terminating canary backend.develop", MESSAGE_TERMINATING },
	{ "Terminated canary backend.develop", MESSAGE_TERMINATED },
	{ "Canary failed! Scaling down backend.develop", MESSAGE_FAILED },
	{ "Rolling back backend.develop failed checks threshold reached 3", MESSAGE_ROLLBACK_THRESHOLD },
	{ "Rolling back backend.develop manual webhook invoked", MESSAGE_ROLLBACK_MANUAL },
	{ "Rolling back backend.develop progress deadline exceeded error", MESSAGE_ROLLBACK_DEADLINE },
	{ "Promotion of backend.develop failed, primary not ready: x", MESSAGE_PROMOTION_FAILED },
	{ "Progressive traffic is not supported when using the kubernetes provider", MESSAGE_NO_PROGRESSIVE },
	{ "Setting canaryAnalysis.iterations: 10", MESSAGE_SETTING_ITERATIONS },
	{ "a text that no release of Flagger writes", MESSAGE_UNKNOWN },
	{ "", MESSAGE_UNKNOWN },
	{ "Halt ", MESSAGE_UNKNOWN },
	{ "Halt x advancement ", MESSAGE_UNKNOWN },
	{ "Advance", MESSAGE_UNKNOWN },
};

static void every_text_is_known(void **state)
{
	struct arena *arena = arena_new(1 << 22);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct flagger_message m, combined;
		const char *text = arena_printf(arena, "(combined from similar events): %s", rows[i].text);

		assert_int_equal(flagger_message_parse(&m, rows[i].text, true, arena), 0);
		if (m.kind != rows[i].kind)
			fail_msg("%s: kind %d, expected %d", rows[i].text, (int)m.kind, (int)rows[i].kind);
		assert_string_equal(m.text, rows[i].text);
		assert_int_equal(flagger_message_parse(&combined, text, true, arena), 0);
		assert_true(combined.combined);
		assert_int_equal(combined.kind, rows[i].kind);
		/* Cut anywhere it is still a message, never a crash. */
		for (size_t n = 0; n < strlen(rows[i].text); n++)
			assert_int_equal(flagger_message_parse(&m, arena_strndup(arena, rows[i].text, n), false, arena), 0);
	}
	arena_free(arena);
}

static struct flagger_message parse(const char *text, struct arena *arena)
{
	struct flagger_message m;

	assert_int_equal(flagger_message_parse(&m, text, true, arena), 0);
	return m;
}

static void numbers_are_read_right_to_left(void **state)
{
	static const char *const none[] = { "nan", "-1", "1e300", "inf", "many", "" };
	struct arena *arena = arena_new(1 << 20);
	struct flagger_message m;

	(void)state;
	m = parse("Halt b.d advancement success rate 86.95% < 99%", arena);
	support_near(m.value, 86.95, 1e-12);
	support_near(m.limit, 99, 0);
	assert_int_equal(m.op, '<');
	m = parse("Halt b.d advancement request duration 1.515s > 500ms", arena);
	support_near(m.value, 1.515, 1e-9);
	support_near(m.limit, 0.5, 1e-9);
	m = parse("Halt b.d advancement ok < share of all 1e+06 > +Inf", arena);
	assert_string_equal(m.metric, "ok < share of all");
	support_near(m.value, 1e6, 0);
	assert_true(isinf(m.limit));
	m = parse("Halt b.d advancement error-ratio +Inf > 0.05", arena);
	assert_string_equal(m.metric, "error-ratio");
	assert_true(isinf(m.value));
	m = parse("Advance b.d canary iteration 2/6", arena);
	assert_int_equal(m.iteration, 2);
	assert_int_equal(m.iterations, 6);
	m = parse("Rolling back b.d failed checks threshold reached 5", arena);
	assert_int_equal(m.count, 5);
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		m = parse(arena_printf(arena, "Rolling back b.d failed checks threshold reached %s", none[i]), arena);
		assert_int_equal(m.kind, MESSAGE_ROLLBACK_THRESHOLD);
		assert_int_equal(m.count, -1);
	}
	m = parse("Halt advancement no values found for custom metric: error-rate: no values found", arena);
	assert_string_equal(m.metric, "error-rate");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_is_known),
		cmocka_unit_test(numbers_are_read_right_to_left),
	};

	return cmocka_run_group_tests_name("flagger", tests, NULL, NULL);
}
