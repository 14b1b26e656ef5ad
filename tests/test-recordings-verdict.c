/* no-valgrind: judges every recording */
/* Verdict and failing criteria of every recording are among those that its expect.json calls right, by the default and by the fast criteria. */
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
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
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
	for (size_t i = 0; i < a->n_reasons; i++)
		if (a->reasons[i].ids.n == 0)
			fail_msg("%s: a reason without evidence: %s", what, a->reasons[i].text);
	for (size_t i = 0; i < a->n_findings; i++)
		if (a->findings[i].ids.n == 0)
			fail_msg("%s: a finding without evidence: %s", what, a->findings[i].text);
	for (size_t i = 0; i < a->n_timeline; i++)
		if (a->timeline[i].ids.n == 0 && a->timeline[i].gap == NULL)
			fail_msg("%s: a row of the timeline without evidence: %s", what, a->timeline[i].text);
	for (size_t i = 0; i < a->n_results; i++)
		if (a->results[i].state == CRITERION_FAIL)
			failed++;
	for (const struct json *f = json_first(fails); f != NULL; f = json_next(f)) {
		bool found = false;

		for (size_t i = 0; i < a->n_results; i++)
			found = found ||
				(strcmp(a->results[i].criterion->name, json_string(f)) == 0 && a->results[i].state == CRITERION_FAIL);
		if (!found)
			fail_msg("%s: criterion %s did not fail", what, json_string(f));
	}
	if (holds(verdicts, "go") && failed > 0)
		fail_msg("%s: a criterion failed on a healthy release", what);
}

static double number(const struct json *json, const char *path)
{
	double value;

	return json_number(json_path(json, path), &value) ? value : NAN;
}

/* Scrapes fall where they fall: a stratum across a step's edge belongs to no step, so that up to one interval at either end is missing, and the
 * clients count whole seconds. Rates then agree within four standard errors of the smaller sample. */
static void check_arm(const struct step_result *s, int arm, const struct json *clients, double scrape, const char *what)
{
	double seconds = (double)(s->step->to - s->step->from) / 1e9, requests = number(clients, "requests"),
	       failed = number(clients, "failed");
	double n = (double)s->requests[arm], p, q, error;

	if (s->requests[arm] < 0 || !(requests > 0))
		return;
	if (n > requests * 1.05 + requests / seconds * 2 + 5 || n < requests - requests / seconds * (2 * scrape + 2) - 5)
		fail_msg("%s: %g requests, clients %g (%g s, a scrape each %g s)", what, n, requests, seconds, scrape);
	if (n < 50)
		return;
	p = (double)s->failed[arm] / n;
	q = failed / requests;
	error = 4 * sqrt((p > q ? p : q) * (1 - q) / n) + 2 / n;
	if (fabs(p - q) > error)
		fail_msg("%s: %g of %g failed, clients %g of %g", what, (double)s->failed[arm], n, failed, requests);
}

/* Interpolated in a bucket: right to the bucket's width, one ninth with the dense buckets, and to the sample's own error. */
static void check_quantile(const struct step_result *s, const struct json *clients, const char *what)
{
	for (size_t i = 0; i < s->n_readings; i++) {
		const struct reading *r = &s->readings[i];
		double want = number(clients, "canary.p95_ms") / 1000;

		if (r->criterion->kind != CRITERION_QUANTILE_RATIO || isnan(r->value) || !(want > 0) || s->requests[ARM_CANARY] < 200)
			continue;
		if (fabs(r->value - want) > 0.25 * want + 0.002)
			fail_msg("%s: p95 %g s, clients %g s", what, r->value, want);
	}
}

static void check_clients(const struct assessment *a, const struct json *steps, const char *recording)
{
	/* These three were recorded with Traefik's default buckets (the last two though their names do not say so). */
	bool coarse = strstr(recording, "default-buckets") != NULL || strcmp(recording, "develop-flagger-pause") == 0 ||
		      strcmp(recording, "develop-prometheus-hole") == 0;

	for (const struct json *s = json_first(steps); s != NULL; s = json_next(s))
		for (size_t i = 0; i < a->n_steps; i++) {
			int64_t at = 0;
			char what[128];

			assert_int_equal(instant_parse(&at, json_string(json_get(s, "at")), NULL), 0);
			if (llabs(at - a->steps[i].step->from) > 2 * NS_PER_S || !json_is_object(json_get(s, "clients")) ||
			    isnan(a->provenance.scrape_interval))
				continue;
			(void)snprintf(what, sizeof what, "%s, step of %g %%", recording, a->steps[i].step->exposure * 100);
			check_arm(&a->steps[i], ARM_CANARY, json_path(s, "clients.canary"), a->provenance.scrape_interval, what);
			check_arm(&a->steps[i], ARM_BASELINE, json_path(s, "clients.baseline"), a->provenance.scrape_interval, what);
			if (!coarse)
				check_quantile(&a->steps[i], json_get(s, "clients"), what);
		}
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
		if (criteria_parse(&criteria, fast, fast == NULL ? 0 : strlen(fast), "criteria-fast.yaml", rollouts.v[i].namespace_,
				   rollouts.v[i].canary, arena, &err) < 0 ||
		    assess(&a, &evidence, &rollouts.v[i], &criteria, &options, arena, &err) < 0)
			fail_msg("%s: %s", recording, err.text);
		(void)snprintf(what, sizeof what, "%s%s", recording, fast == NULL ? "" : " (fast)");
		check_clients(&a, json_get(r, "steps"), recording);
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

/* Flagger's checks done again: the same ticks fail, and every value that it reported comes out. Made by its queries' arithmetic alone. */
static void flaggers_checks_come_out_alike(void **state)
{
	const struct assess_options options = { .at = INSTANT_NONE };
	size_t ticks = 0, values = 0;

	(void)state;
	for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++) {
		struct arena *arena = arena_new((size_t)1 << 30);
		struct evidence evidence;
		struct criteria criteria;
		struct rollouts rollouts;
		struct assessment a;
		struct error err;

		support_rows(&evidence, recordings[i], 0, arena);
		assert_int_equal(rollouts_derive(&rollouts, &evidence, arena, NULL, &err), 0);
		for (size_t k = 0; k < rollouts.n; k++) {
			const struct flagger_recheck *r = &a.flagger.recheck;

			assert_int_equal(criteria_parse(&criteria, NULL, 0, NULL, NULL, NULL, arena, &err), 0);
			assert_int_equal(assess(&a, &evidence, &rollouts.v[k], &criteria, &options, arena, &err), 0);
			if (!r->possible || r->agrees == 0)
				fail_msg("%s: %s", recordings[i], r->possible ? r->text : r->why_not);
			/* Where it stopped: Flagger rolls back at the tick behind the one that reaches the threshold. */
			if (rollouts.v[k].outcome == OUTCOME_ROLLED_BACK && strcmp(rollouts.v[k].outcome_reason, "threshold") == 0)
				assert_true(r->stops_at != INSTANT_NONE && r->stops_at <= rollouts.v[k].ended_at &&
					    r->stops_at + 2 * rollouts.v[k].spec.interval >= rollouts.v[k].ended_at);
			if (rollouts.v[k].outcome == OUTCOME_PROMOTED)
				assert_true(r->stops_at == INSTANT_NONE);
			ticks += r->ticks;
			values += r->compared;
		}
		arena_free(arena);
	}
	/* That it compared at all. */
	assert_true(ticks > 60);
	assert_true(values > 10);
}

/* A metric's own value as a criterion: what its template comes to at each interval, with no interval of confidence, and said to be so. */
static void points_are_the_metrics_own_values(void **state)
{
	static const char text[] =
		"criteria:\n  - {name: own-success, kind: point, metric: request-success-rate, limit: 99, point_is_max: false}\n"
		"  - {name: own-errors, kind: point, metric: error-rate, limit: 1}\n"
		"  - {name: absent, kind: point, metric: nothing, limit: 1, informational: true}\n";
	static const struct {
		const char *recording;
		enum criterion_state success, errors;
	} wants[] = { { "course-good", CRITERION_PASS, CRITERION_PASS },
		      { "course-errors-3", CRITERION_FAIL, CRITERION_FAIL },
		      /* Its template has no value while there is no 5xx: at the last interval one came. One value passes nothing. */
		      { "course-zero-errors", CRITERION_UNDECIDED, CRITERION_UNDECIDED } };
	const struct assess_options options = { .at = INSTANT_NONE };

	(void)state;
	for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
		struct arena *arena = arena_new((size_t)1 << 30);
		struct evidence evidence;
		struct criteria criteria;
		struct rollouts rollouts;
		struct assessment a;
		struct error err;

		support_rows(&evidence, wants[i].recording, 0, arena);
		assert_int_equal(rollouts_derive(&rollouts, &evidence, arena, NULL, &err), 0);
		if (criteria_parse(&criteria, text, strlen(text), "points.yaml", NULL, NULL, arena, &err) < 0 ||
		    assess(&a, &evidence, &rollouts.v[0], &criteria, &options, arena, &err) < 0)
			fail_msg("%s", err.text);
		for (size_t k = 0; k < a.n_results; k++) {
			const struct criterion_result *r = &a.results[k];
			enum criterion_state want = strcmp(r->criterion->name, "own-success") == 0  ? wants[i].success
						    : strcmp(r->criterion->name, "own-errors") == 0 ? wants[i].errors
												    : CRITERION_NOT_EVALUABLE;

			if (r->criterion->kind != CRITERION_POINT)
				continue;
			if (r->state != want)
				fail_msg("%s: %s: %s: %s", wants[i].recording, r->criterion->name, criterion_state_name(r->state), r->text);
			assert_true(isnan(r->lo) && isnan(r->hi));
			assert_true(r->state == CRITERION_NOT_EVALUABLE || strstr(r->text, "without an interval") != NULL);
		}
		arena_free(arena);
	}
}

/* ---- Cut inputs say so. */

static void assess_without(struct assessment *a, const char *recording, unsigned without, struct arena *arena)
{
	const struct assess_options options = { .at = INSTANT_NONE };
	struct evidence *evidence = arena_alloc(arena, sizeof *evidence);
	struct criteria *criteria = arena_alloc(arena, sizeof *criteria);
	struct rollouts *rollouts = arena_alloc(arena, sizeof *rollouts);
	struct error err;

	support_rows(evidence, recording, without, arena);
	assert_int_equal(rollouts_derive(rollouts, evidence, arena, NULL, &err), 0);
	assert_int_equal(rollouts->n, 1);
	assert_int_equal(criteria_parse(criteria, NULL, 0, NULL, NULL, NULL, arena, &err), 0);
	if (assess(a, evidence, &rollouts->v[0], criteria, &options, arena, &err) < 0)
		fail_msg("%s", err.text);
}

static bool names_gap(const struct assessment *a, const char *source)
{
	for (size_t i = 0; i < a->n_gaps; i++)
		if (strcmp(a->gaps[i].gap.source, source) == 0)
			return true;
	return false;
}

static void a_missing_channel_is_a_gap(void **state)
{
	static const struct {
		unsigned without;
		const char *source;
	} cuts[] = { { WITHOUT_WEBHOOK, "webhook" }, { WITHOUT_EVENTS, "events" }, { WITHOUT_ROUTES, "routes" } };

	(void)state;
	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		struct arena *arena = arena_new((size_t)1 << 30);
		struct assessment whole, cut;

		assess_without(&whole, "develop-errors", 0, arena);
		assess_without(&cut, "develop-errors", cuts[i].without, arena);
		assert_false(names_gap(&whole, cuts[i].source));
		assert_true(names_gap(&cut, cuts[i].source));
		/* The others still tell what happened. */
		assert_int_equal(cut.rollout->outcome, OUTCOME_ROLLED_BACK);
		assert_string_equal(cut.rollout->outcome_reason, "threshold");
		assert_int_equal(cut.n_steps, 1);
		support_near(cut.steps[0].step->exposure, 0.1, 1e-9);
		assert_int_equal(cut.verdict, VERDICT_NO_GO);
		arena_free(arena);
	}
}

static void a_hole_in_prometheus_passes_nothing(void **state)
{
	struct arena *arena = arena_new((size_t)1 << 30);
	struct assessment a;

	(void)state;
	assess_without(&a, "develop-prometheus-hole", 0, arena);
	assert_true(names_gap(&a, "prometheus"));
	for (size_t i = 0; i < a.n_results; i++)
		assert_int_not_equal(a.results[i].state, CRITERION_PASS);
	/* The step of 20 % lies in the hole. */
	for (size_t i = 0; i < a.steps[1].n_readings; i++)
		assert_int_not_equal(a.steps[1].readings[i].state, READING_WITHIN);
	arena_free(arena);
}

static bool has_finding(const struct assessment *a, const char *rule)
{
	for (size_t i = 0; i < a->n_findings; i++)
		if (strcmp(a->findings[i].rule, rule) == 0)
			return a->findings[i].ids.n > 0;
	return false;
}

static void traps_become_findings(void **state)
{
	static const struct {
		const char *recording, *rule;
	} traps[] = { { "course-zero-errors", "no-values-template" },
		      { "develop-ab-good", "ab-on-traefik" },
		      { "develop-ab-good", "blast-limit" },
		      { "course-default-buckets-good", "blind-histogram" },
		      { "shop-orders-blind", "service-name-differs" },
		      { "develop-slow", "warm-up-hides-latency" },
		      { "course-marginal", "promoted-against-evidence" } };

	(void)state;
	for (size_t i = 0; i < sizeof traps / sizeof traps[0]; i++) {
		struct arena *arena = arena_new((size_t)1 << 30);
		struct assessment a;

		assess_without(&a, traps[i].recording, 0, arena);
		if (!has_finding(&a, traps[i].rule))
			fail_msg("%s: no finding %s", traps[i].recording, traps[i].rule);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_channel_is_a_gap),
		cmocka_unit_test(a_hole_in_prometheus_passes_nothing),
		cmocka_unit_test(traps_become_findings),
		cmocka_unit_test(by_the_defaults),
		cmocka_unit_test(by_the_fast_criteria),
		cmocka_unit_test(flaggers_checks_come_out_alike),
		cmocka_unit_test(points_are_the_metrics_own_values),
	};

	return cmocka_run_group_tests_name("recordings-verdict", tests, NULL, NULL);
}
