/* no-valgrind: judges every recording */
/* Verdict and failing criteria of every recording are among those that its expect.json calls right, by the default and by the fast criteria. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "support.h"

static const char *const recordings[] = { "course-default-buckets-good", "course-errors-3", "course-good", "course-marginal", "course-zero-errors",
	                                  "develop-ab-good", "develop-errors", "develop-flagger-pause", "develop-good", "develop-late",
	                                  "develop-prometheus-hole", "develop-restart", "develop-slow", "develop-unready", "shop-errors", "shop-good",
	                                  "shop-orders-blind", "shop-saturate" };

static bool holds(const struct json *list, const char *word)
{
	for (const struct json *w = json_first(list); w != NULL; w = json_next(w))
		if (strcmp(json_string(w), word) == 0)
			return true;
	return false;
}

static void check(const struct assessment *a, const struct json *verdicts, const struct json *fails, const char *what)
{
	size_t failed = 0;

	if (!holds(verdicts, verdict_name(a->verdict))) {
		for (size_t i = 0; i < a->n_results; i++)
			print_message("  %s: %s (%s) %s\n", a->results[i].criterion->name, criterion_state_name(a->results[i].state),
			              a->results[i].reason == NULL ? "" : a->results[i].reason, a->results[i].text);
		fail_msg("%s: verdict %s: %s", what, verdict_name(a->verdict), a->headline);
	}
	for (size_t i = 0; i < a->n_results; i++)
		if (a->results[i].state == CRITERION_FAIL)
			failed++;
	for (const struct json *f = json_first(fails); f != NULL; f = json_next(f)) {
		bool found = false;

		for (size_t i = 0; i < a->n_results; i++)
			found = found || (strcmp(a->results[i].criterion->name, json_string(f)) == 0 && a->results[i].state == CRITERION_FAIL);
		if (!found)
			fail_msg("%s: criterion %s did not fail", what, json_string(f));
	}
	if (holds(verdicts, "go") && failed > 0)
		fail_msg("%s: a criterion failed on a healthy release", what);
}

static void judge_recording(const char *recording, const char *fast)
{
	struct arena *arena = arena_new((size_t)1 << 30);
	const struct assess_options options = { .at = INSTANT_NONE };
	struct evidence evidence;
	struct rollouts rollouts;
	struct error err;
	char path[512], what[128], *text;
	struct json *want;
	size_t len, i = 0;

	support_rows(&evidence, recording, 0, arena);
	assert_int_equal(rollouts_derive(&rollouts, &evidence, arena, NULL, &err), 0);
	text = support_read(support_recording(path, sizeof path, recording, "expect.json"), &len);
	want = json_parse(text, len, NULL);
	for (const struct json *r = json_first(json_get(want, "rollouts")); r != NULL; r = json_next(r), i++) {
		struct criteria criteria;
		struct assessment a;

		assert_true(i < rollouts.n);
		if (criteria_parse(&criteria, fast, fast == NULL ? 0 : strlen(fast), "criteria-fast.yaml", rollouts.v[i].namespace_, rollouts.v[i].canary, arena,
		                   &err) < 0 ||
		    assess(&a, &evidence, &rollouts.v[i], &criteria, &options, arena, &err) < 0)
			fail_msg("%s: %s", recording, err.text);
		(void)snprintf(what, sizeof what, "%s%s", recording, fast == NULL ? "" : " (fast)");
		if (getenv("SHOW") != NULL)
			print_message("%-40s %-6s %s | %s\n", what, verdict_name(a.verdict), a.headline, a.subline);
		check(&a, json_get(r, fast == NULL ? "verdict" : "verdict_fast"), json_get(r, fast == NULL ? "fails" : "fails_fast"), what);
	}
	json_free(want);
	free(text);
	arena_free(arena);
}

static void by_the_defaults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++)
		judge_recording(recordings[i], NULL);
}

static void by_the_fast_criteria(void **state)
{
	char *fast = support_read("samples/recordings/criteria-fast.yaml", NULL);

	(void)state;
	for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++)
		judge_recording(recordings[i], fast);
	free(fast);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_the_defaults),
		cmocka_unit_test(by_the_fast_criteria),
	};

	return cmocka_run_group_tests_name("recordings-verdict", tests, NULL, NULL);
}
