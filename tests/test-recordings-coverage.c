/* no-valgrind: whole recordings.
 * Intervals against the clients' truth: over all windows of the recordings whose canary had one error rate throughout, the printed 95 % intervals
 * hold that rate (by the clients, who counted every request) as often as they claim. */
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
#include "gonogo/assessment.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "gonogo/rollout.h"
#include "support.h"

/* Left out: develop-late and shop-saturate, whose rate depends on time and load, and those without a canary's traffic. */
static const char *const recordings[] = { "course-default-buckets-good", "course-errors-3",	 "course-good",	     "course-marginal",
					  "course-zero-errors",		 "develop-ab-good",	 "develop-errors",   "develop-flagger-pause",
					  "develop-good",		 "develop-prometheus-hole", "develop-restart", "develop-slow",
					  "shop-errors",		 "shop-good",		 "shop-orders-blind" };

struct truth {
	const char *version; /* "backend-1.1795579327" */
	int64_t from, to;
	double n, failed;
};

/* "ghcr.io/example/backend:1.17" → "backend-1.17": what the pods tell the clients. */
static const char *version_of(const struct rollout *r, struct arena *arena)
{
	const char *image = r->n_images == 0 ? NULL : r->images[0].new_image, *slash, *tag;

	if (image == NULL)
		return NULL;
	slash = strrchr(image, '/');
	tag = strrchr(image, ':');
	if (slash == NULL || tag == NULL || tag < slash)
		return NULL;
	return arena_printf(arena, "%.*s-%s", (int)(tag - slash - 1), slash + 1, tag + 1);
}

static void add_second(struct truth *t, const struct json *line)
{
	const struct json *versions = json_get(line, "v");
	int64_t second = 0;

	assert_true(json_int(json_get(line, "t"), &second));
	if (second * NS_PER_S < t->from || second * NS_PER_S > t->to)
		return;
	for (const struct json *v = json_first(versions); v != NULL; v = json_next(v)) {
		double n = 0, e = 0;

		if (strcmp(json_key(v), t->version) != 0)
			continue;
		assert_true(json_number(json_get(v, "n"), &n) && json_number(json_get(v, "e"), &e));
		t->n += n;
		t->failed += e;
	}
}

static void read_truth(struct truth *t, const char *recording)
{
	char path[512], *text, *line, *next;
	size_t len;

	text = support_read(support_recording(path, sizeof path, recording, "truth.ndjson"), &len);
	for (line = text; line != NULL && *line != '\0'; line = next) {
		struct json *json;

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		json = json_parse(line, strlen(line), NULL);
		assert_non_null(json);
		add_second(t, json);
		json_free(json);
	}
	free(text);
}

/* Windows side by side: overlapping ones would count the same requests again. */
static void count_windows(const struct trend *trend, double rate, size_t *covered, size_t *windows)
{
	int64_t last = INSTANT_NONE;

	for (size_t i = 0; i < trend->n; i++) {
		const struct trend_point *p = &trend->points[i];

		if (isnan(p->canary_lo) || isnan(p->canary_hi) || (last != INSTANT_NONE && p->at < last + (int64_t)(trend->window_seconds * 1e9)))
			continue;
		last = p->at;
		++*windows;
		*covered += p->canary_lo <= rate && rate <= p->canary_hi;
	}
}

static void cover(const char *recording, double shift, size_t *covered, size_t *windows)
{
	struct arena *arena = arena_new((size_t)1 << 30);
	const struct assess_options options = { .at = INSTANT_NONE };
	struct evidence evidence;
	struct criteria criteria;
	struct rollouts rollouts;
	struct error err;

	support_rows(&evidence, recording, 0, arena);
	assert_int_equal(rollouts_derive(&rollouts, &evidence, arena, NULL, &err), 0);
	assert_int_equal(criteria_parse(&criteria, NULL, 0, NULL, NULL, NULL, arena, &err), 0);
	for (size_t k = 0; k < rollouts.n; k++) {
		const struct rollout *r = &rollouts.v[k];
		struct truth truth = { .version = version_of(r, arena), .from = r->started_at, .to = r->ended_at };
		struct assessment a;

		if (truth.version == NULL)
			continue;
		read_truth(&truth, recording);
		assert_int_equal(assess(&a, &evidence, r, &criteria, &options, arena, &err), 0);
		if (!(truth.n > 100))
			continue;
		for (size_t i = 0; i < a.n_trends; i++)
			if (a.trends[i].criterion->kind == CRITERION_ERROR_RATIO)
				count_windows(&a.trends[i], truth.failed / truth.n + shift, covered, windows);
	}
	arena_free(arena);
}

static void intervals_cover_the_clients_truth(void **state)
{
	size_t covered = 0, windows = 0, shifted = 0, again = 0;
	double share, least;

	(void)state;
	for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++)
		cover(recordings[i], 0, &covered, &windows);
	share = (double)covered / (double)windows;
	least = 0.95 - 3 * sqrt(0.95 * 0.05 / (double)windows);
	print_message("%zu of %zu windows hold the clients' rate: %.1f %%, claimed 95 %%, least %.1f %%\n", covered, windows, share * 100, least * 100);
	assert_true(windows > 50);
	assert_true(share >= least);
	/* The control: a rate five points off is in few of them. */
	for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++)
		cover(recordings[i], 0.05, &shifted, &again);
	assert_true((double)shifted / (double)again < least);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(intervals_cover_the_clients_truth) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
