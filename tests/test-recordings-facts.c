/* no-valgrind: plays every recording */
/* Rollouts derived from every recording agree with its expect.json, which Flagger's log and the clients made. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/rollout.h"
#include "support.h"

static const char *const recordings[] = { "course-default-buckets-good",
					  "course-errors-3",
					  "course-good",
					  "course-marginal",
					  "course-zero-errors",
					  "develop-ab-good",
					  "develop-errors",
					  "develop-flagger-pause",
					  "develop-good",
					  "develop-late",
					  "develop-prometheus-hole",
					  "develop-restart",
					  "develop-slow",
					  "develop-unready",
					  "shop-errors",
					  "shop-good",
					  "shop-orders-blind",
					  "shop-saturate" };
#define TOLERANCE (2 * NS_PER_S)

static void near_instant(int64_t got, const struct json *want, const char *what, const char *recording)
{
	const char *text = json_string(want);
	int64_t instant;
	char t[INSTANT_TEXT_MAX];

	if (text == NULL) {
		if (got != INSTANT_NONE)
			fail_msg("%s: %s is %s, none is expected", recording, what, instant_rfc3339_ms(t, got));
		return;
	}
	assert_int_equal(instant_parse(&instant, text, NULL), 0);
	if (got == INSTANT_NONE || llabs(got - instant) > TOLERANCE)
		fail_msg("%s: %s is %s, expected %s", recording, what, got == INSTANT_NONE ? "none" : instant_rfc3339_ms(t, got), text);
}

static void check_steps(const struct rollout *r, const struct json *want, int64_t copying, const char *recording)
{
	size_t at = 0;

	for (const struct json *s = json_first(want); s != NULL; s = json_next(s)) {
		double exposure = 0;
		int64_t attempt = 0, from;

		json_number(json_get(s, "exposure"), &exposure);
		json_int(json_get(s, "attempt"), &attempt);
		assert_int_equal(instant_parse(&from, json_string(json_get(s, "at")), NULL), 0);
		if (exposure == 0 || (copying != INSTANT_NONE && from >= copying))
			continue;
		while (at < r->n_steps && r->steps[at].kind != STEP_ANALYSIS)
			at++;
		if (at == r->n_steps)
			fail_msg("%s: a step of %g %% is missing", recording, exposure);
		if (fabs(r->steps[at].exposure * 100 - exposure) > 0.01)
			fail_msg("%s: step %zu is %g %%, expected %g %%", recording, at, r->steps[at].exposure * 100, exposure);
		if (r->steps[at].attempt != (int)attempt)
			fail_msg("%s: step %zu is of attempt %d, expected %d", recording, at, r->steps[at].attempt, (int)attempt);
		near_instant(r->steps[at].from, json_get(s, "at"), "a step's start", recording);
		near_instant(r->steps[at].to, json_get(s, "until"), "a step's end", recording);
		at++;
	}
	for (; at < r->n_steps; at++)
		if (r->steps[at].kind == STEP_ANALYSIS)
			fail_msg("%s: a step too many", recording);
}

static void check_images(const struct rollout *r, const struct json *want, const char *recording)
{
	size_t i = 0;

	for (const struct json *image = json_first(json_get(want, "new")); image != NULL; image = json_next(image), i++) {
		if (i >= r->n_images)
			fail_msg("%s: image %s is missing", recording, json_string(image));
		assert_string_equal(r->images[i].new_image, json_string(image));
	}
	i = 0;
	for (const struct json *image = json_first(json_get(want, "old")); image != NULL; image = json_next(image), i++)
		assert_string_equal(r->images[i].old_image, json_string(image));
}

static void check_rollout(const struct rollout *r, const struct json *want, const char *recording)
{
	int64_t halts = 0, attempts = 0;
	const char *text = json_string(json_get(want, "rollback_text"));

	assert_string_equal(r->canary, json_string(json_get(want, "canary")));
	near_instant(r->started_at, json_get(want, "started_at"), "start", recording);
	near_instant(r->ended_at, json_get(want, "ended_at"), "end", recording);
	near_instant(r->copying_at, json_get(want, "copying_at"), "copying", recording);
	if (strcmp(outcome_name(r->outcome), json_string(json_get(want, "outcome"))) != 0)
		fail_msg("%s: outcome %s (%s), expected %s", recording, outcome_name(r->outcome), r->outcome_reason,
			 json_string(json_get(want, "outcome")));
	if (text != NULL)
		assert_string_equal(r->outcome_text, text);
	json_int(json_get(want, "attempts"), &attempts);
	assert_int_equal(r->attempts, attempts);
	if (attempts == 1 && json_int(json_get(want, "halts"), &halts) && strcmp(recording, "develop-prometheus-hole") != 0 &&
	    r->outcome != OUTCOME_FAILED_BEFORE_TRAFFIC && (int64_t)r->n_failed != halts)
		fail_msg("%s: %zu failed checks, expected %d", recording, r->n_failed, (int)halts);
	check_images(r, json_get(want, "images"), recording);
	check_steps(r, json_get(want, "steps"), r->copying_at, recording);
}

static void check_recording(const char *recording, unsigned without)
{
	struct arena *arena = arena_new((size_t)1 << 30);
	struct evidence evidence;
	struct rollouts rollouts;
	struct error err;
	struct json *want;
	char path[512], *text;
	size_t len, i = 0;

	support_rows(&evidence, recording, without, arena);
	if (rollouts_derive(&rollouts, &evidence, arena, NULL, &err) < 0)
		fail_msg("%s: %s", recording, err.text);
	text = support_read(support_recording(path, sizeof path, recording, "expect.json"), &len);
	want = json_parse(text, len, NULL);
	assert_non_null(want);
	if (rollouts.n != json_size(json_get(want, "rollouts")))
		fail_msg("%s: %zu rollouts", recording, rollouts.n);
	for (const struct json *r = json_first(json_get(want, "rollouts")); r != NULL; r = json_next(r))
		check_rollout(&rollouts.v[i++], r, recording);
	json_free(want);
	free(text);
	arena_free(arena);
}

static void every_recording_agrees(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++)
		check_recording(recordings[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recording_agrees),
	};

	return cmocka_run_group_tests_name("recordings-facts", tests, NULL, NULL);
}
