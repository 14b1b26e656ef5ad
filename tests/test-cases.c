/* Trouble that people reported, as small inputs with the right answer: tests/cases/NN-name/case.md says what is right and whose it was. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../judge/event.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/measure.h"
#include "gonogo/provider.h"
#include "gonogo/series.h"
#include "support.h"

/* 9 o'clock of the cases. */
#define NINE (INT64_C(1773133200) * NS_PER_S)

struct fixture {
	struct arena *arena;
	struct evidence evidence;
	struct rollouts rollouts;
	struct strata strata;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	f->arena = arena_new((size_t)1 << 28);
	f->evidence.cluster = "cases";
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	free(f);
	return 0;
}

static char *read_case(const char *folder, const char *file)
{
	char path[512];

	(void)snprintf(path, sizeof path, "tests/cases/%s/%s", folder, file);
	return support_read(path, NULL);
}

/* An answer of Prometheus with its request, as the collector stores it. */
static void add_answer(struct fixture *f, const char *folder, const char *name, const char *subject)
{
	char file[128], *body, *request;
	struct observation *row;

	(void)snprintf(file, sizeof file, "%s.response.json", name);
	body = read_case(folder, file);
	(void)snprintf(file, sizeof file, "%s.request.txt", name);
	request = read_case(folder, file);
	row = support_add_row(&f->evidence, f->arena, NINE + 400 * NS_PER_S, SOURCE_PROMETHEUS, "samples", subject, body);
	row->request = arena_strdup(f->arena, request);
	free(body);
	free(request);
}

/* Watch lines ({"type","object"}) or plain objects, one a line, all received a second apart from `at` on, or at the object's own status time. */
static void add_objects(struct fixture *f, const char *folder, const char *file, int64_t at)
{
	char *text = read_case(folder, file), *save = NULL, subject[512];

	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		struct json *json = json_parse(line, strlen(line), NULL);
		const struct json *object = json_get(json, "object") != NULL ? json_get(json, "object") : json;
		const char *type = json_string(json_get(json, "type")),
			   *stamp = json_string(json_path(object, "status.lastTransitionTime"));
		const char *kind = type == NULL ? "listed" : strcmp(type, "ADDED") == 0 ? "added" : "modified";
		const char *start = json_get(json, "object") != NULL ? strstr(line, "\"object\":") + 9 : line;
		int64_t when = at;
		char *body = arena_strdup(f->arena, start);

		assert_non_null(json);
		if (json_get(json, "object") != NULL)
			body[strlen(body) - 1] = '\0';
		if (stamp != NULL)
			(void)instant_parse(&when, stamp, NULL);
		(void)snprintf(subject, sizeof subject, "%s %s/%s", json_string(json_get(object, "kind")),
			       json_string(json_path(object, "metadata.namespace")), json_string(json_path(object, "metadata.name")));
		support_add_row(&f->evidence, f->arena, when, SOURCE_KUBERNETES, kind, subject, body);
		json_free(json);
	}
	free(text);
}

static void add_webhook(struct fixture *f, const char *folder)
{
	char *text = read_case(folder, "event-webhook.ndjson"), *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		struct json *json = json_parse(line, strlen(line), NULL);
		const char *stamp = json_string(json_path(json, "metadata.timestamp"));
		char subject[512];

		assert_non_null(stamp);
		(void)snprintf(subject, sizeof subject, "Canary %s/%s", json_string(json_get(json, "namespace")),
			       json_string(json_get(json, "name")));
		support_add_row(&f->evidence, f->arena, strtoll(stamp, NULL, 10) * NS_PER_MS + 2 * NS_PER_MS, SOURCE_FLAGGER, "event",
				subject, line);
		json_free(json);
	}
	free(text);
}

static void derive(struct fixture *f)
{
	struct error err;

	if (rollouts_derive(&f->rollouts, &f->evidence, f->arena, NULL, &err) < 0)
		fail_msg("%s", err.text);
}

static void judge(struct fixture *f, struct assessment *out)
{
	const struct assess_options options = { .at = INSTANT_NONE };
	struct criteria *criteria = arena_alloc(f->arena, sizeof *criteria);
	struct error err;

	derive(f);
	assert_int_equal(f->rollouts.n, 1);
	assert_int_equal(criteria_parse(criteria, NULL, 0, NULL, NULL, NULL, f->arena, &err), 0);
	if (assess(out, &f->evidence, &f->rollouts.v[0], criteria, &options, f->arena, &err) < 0)
		fail_msg("%s", err.text);
}

static bool has_finding(const struct assessment *a, const char *rule)
{
	for (size_t i = 0; i < a->n_findings; i++)
		if (strcmp(a->findings[i].rule, rule) == 0)
			return true;
	return false;
}

/* ---- Counts. */

static void build_strata(struct fixture *f, const char *namespace_, const char *service)
{
	static const char *const classes[] = { "5.." };
	struct canary_spec *spec = arena_alloc(f->arena, sizeof *spec);
	struct series_set *set = arena_alloc(f->arena, sizeof *set);
	struct measure measure;
	struct strata_spec how = { &measure, 1, classes };
	struct error err;

	spec->namespace_ = namespace_;
	spec->target_kind = "Deployment";
	spec->ingress_name = "";
	spec->service_name = spec->target_name = service;
	for (size_t i = 0; i < f->evidence.n; i++)
		assert_int_equal(series_add_answer(set, &f->evidence.rows[i], f->arena, &err), 0);
	series_set_finish(set);
	assert_int_equal(measure_of_provider(&measure, provider_find(""), spec, f->arena, &err), 0);
	assert_int_equal(strata_build(&f->strata, set, &how, f->arena, &err), 0);
}

static int64_t total(const struct strata *s, int arm, bool errors)
{
	int64_t sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += errors ? s->v[i].k[arm] : s->v[i].n[arm];
	return sum;
}

static bool has_note(const struct strata *s, const char *kind)
{
	for (size_t i = 0; i < s->n_notes; i++)
		if (strcmp(s->notes[i].kind, kind) == 0)
			return true;
	return false;
}

static void case_02_service_name(void **state)
{
	struct fixture *f = *state;

	add_answer(f, "02-service-name-differs", "requests", "");
	build_strata(f, "shop", "checkout-web");
	assert_int_equal(total(&f->strata, ARM_CANARY, false), 300);
	assert_int_equal(total(&f->strata, ARM_BASELINE, false), 1200);
	assert_int_equal(total(&f->strata, ARM_CANARY, true), 0);
}

static void case_06_foreign_series(void **state)
{
	struct fixture *f = *state;

	add_answer(f, "06-route-to-plain-service", "series", "");
	build_strata(f, "develop", "backend");
	assert_false(f->strata.found[ARM_CANARY] || f->strata.found[ARM_BASELINE]);
	assert_int_equal(total(&f->strata, ARM_CANARY, false) + total(&f->strata, ARM_BASELINE, false), 0);
}

static void case_07_errors_are_there(void **state)
{
	struct fixture *f = *state;

	add_answer(f, "07-ratio-without-sum", "requests", "");
	build_strata(f, "shop", "checkout");
	assert_int_equal(total(&f->strata, ARM_CANARY, false), 1200);
	assert_int_equal(total(&f->strata, ARM_CANARY, true), 200);
	assert_int_equal(total(&f->strata, ARM_BASELINE, false), 2001);
	assert_int_equal(total(&f->strata, ARM_BASELINE, true), 1);
}

static void case_10_exported_service(void **state)
{
	struct fixture *f = *state;

	add_answer(f, "10-exported-service", "plain", "");
	add_answer(f, "10-exported-service", "requests", "");
	build_strata(f, "develop", "backend");
	assert_int_equal(f->strata.spelling, 1);
	assert_int_equal(total(&f->strata, ARM_CANARY, false), 130);
	assert_int_equal(total(&f->strata, ARM_CANARY, true), 10);
	assert_int_equal(total(&f->strata, ARM_BASELINE, false), 1080);
	assert_int_equal(total(&f->strata, ARM_BASELINE, true), 0);
}

static void case_11_native_histogram(void **state)
{
	struct fixture *f = *state;
	struct series_set set = { 0 };
	struct error err;
	bool native = false;

	add_answer(f, "11-native-histogram", "instant", "");
	add_answer(f, "11-native-histogram", "mixed", "");
	for (size_t i = 0; i < f->evidence.n; i++)
		assert_int_equal(series_add_answer(&set, &f->evidence.rows[i], f->arena, &err), 0);
	series_set_finish(&set);
	for (size_t i = 0; i < set.n; i++) {
		native = native || set.v[i].native;
		/* No number may be taken from a native histogram; the float series keeps its +600. */
		if (set.v[i].native)
			assert_int_equal(set.v[i].n, 0);
		else
			support_near(set.v[i].samples[set.v[i].n - 1].value - set.v[i].samples[0].value, 600, 0);
	}
	assert_true(native);
	assert_int_equal(set.malformed, 0);
}

static void case_12_partial(void **state)
{
	struct fixture *f = *state;

	add_answer(f, "12-partial-flag", "canary", "");
	add_answer(f, "12-partial-flag", "primary", "");
	build_strata(f, "shop", "checkout");
	assert_int_equal(total(&f->strata, ARM_CANARY, false), 1000);
	assert_int_equal(total(&f->strata, ARM_CANARY, true), 10);
	assert_true(f->strata.partial[ARM_BASELINE]);
	assert_false(f->strata.partial[ARM_CANARY]);
	assert_true(has_note(&f->strata, "partial"));
}

static unsigned annotation_of(struct fixture *f, const char *name)
{
	struct series_set set = { 0 };
	struct error err;
	unsigned all = 0;

	f->evidence.n = 0;
	add_answer(f, "13-info-is-no-warning", name, "");
	assert_int_equal(series_add_answer(&set, &f->evidence.rows[0], f->arena, &err), 0);
	for (size_t i = 0; i < set.n_notes; i++)
		all |= set.notes[i].annotation;
	return all;
}

static void case_13_annotations(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(annotation_of(f, "new"), ANNOTATION_NOTE);
	assert_int_equal(annotation_of(f, "old"), ANNOTATION_NOTE);
	assert_int_equal(annotation_of(f, "bad"), ANNOTATION_BROKEN);
	assert_int_equal(annotation_of(f, "store"), ANNOTATION_PARTIAL);
}

static void case_15_one_step_back(void **state)
{
	struct fixture *f = *state;
	int64_t all;

	add_answer(f, "15-one-step-back", "requests", "");
	build_strata(f, "shop", "checkout");
	all = total(&f->strata, ARM_CANARY, false) + total(&f->strata, ARM_BASELINE, false);
	if (all != 108 && all != 109)
		fail_msg("%lld requests", (long long)all);
	assert_true(has_note(&f->strata, "reset"));
	assert_true(has_note(&f->strata, "replica-seam"));
}

static void case_16_born_with_errors(void **state)
{
	struct fixture *f = *state;

	add_answer(f, "16-born-with-errors", "requests", "");
	build_strata(f, "develop", "backend");
	assert_int_equal(total(&f->strata, ARM_CANARY, false), 279);
	assert_int_equal(total(&f->strata, ARM_CANARY, true), 9);
}

/* ---- Events. */

struct expected_event {
	const char *end;
	int64_t first, last, count;
	bool uncertain;
};

static int check_event(void *arg, const char *bytes, size_t len, struct error *err)
{
	static const struct expected_event want[] = { { "18a1", 0, 600000, 3, false },
						      { "18a2", 100250, 340500, 4, false },
						      { "18a3", 50000, 50000, 1, true } };
	struct fixture *f = arg;
	struct json *json = json_parse(bytes, len, err);
	struct event e;
	bool known = false;

	assert_int_equal(event_parse(&e, json, f->arena), 0);
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(e.name + strlen(e.name) - 4, want[i].end) != 0)
			continue;
		known = true;
		assert_int_equal((e.first - NINE) / NS_PER_MS, want[i].first);
		assert_int_equal((e.last - NINE) / NS_PER_MS, want[i].last);
		assert_int_equal(e.count, want[i].count);
		assert_int_equal(e.uncertain, want[i].uncertain);
		assert_int_equal(strcmp(e.component, "flagger") == 0, i == 0);
	}
	assert_true(known);
	json_free(json);
	return 0;
}

static void case_17_events_without_times(void **state)
{
	/* The newer list lacks the hand-made Event: that API's validation would refuse it. */
	static const char *const files[] = { "events-v1.list.json", "events-new.list.json" };
	static const size_t counts[] = { 3, 2 };
	size_t seen;

	for (size_t i = 0; i < 2; i++) {
		char *text = read_case("17-events-without-times", files[i]);

		assert_int_equal(json_each_element(text, strlen(text), "items", check_event, *state, &seen, NULL), 0);
		assert_int_equal(seen, counts[i]);
		free(text);
	}
}

static void case_18_combined_and_jump(void **state)
{
	struct fixture *f = *state;
	const struct rollout *r;
	size_t messages = 0, lost = 0;

	/* The Canary's own status makes it a rollout; the texts come by Events alone. */
	support_add_row(&f->evidence, f->arena, NINE - 200 * NS_PER_S, SOURCE_KUBERNETES, "added", "Canary develop/backend",
			"{\"kind\":\"Canary\",\"metadata\":{\"name\":\"backend\",\"namespace\":\"develop\",\"uid\":\"u\"},\"status\":{"
			"\"phase\":\"Progressing\"}}");
	add_objects(f, "18-combined-and-jump", "events.watch.ndjson", NINE + 200 * NS_PER_S);
	support_add_row(&f->evidence, f->arena, NINE + 190 * NS_PER_S, SOURCE_KUBERNETES, "modified", "Canary develop/backend",
			"{\"kind\":\"Canary\",\"metadata\":{\"name\":\"backend\",\"namespace\":\"develop\",\"uid\":\"u\"},\"status\":{"
			"\"phase\":\"Failed\"}}");
	derive(f);
	assert_int_equal(f->rollouts.n, 1);
	r = &f->rollouts.v[0];
	for (size_t i = 0; i < r->n_facts; i++) {
		messages += strcmp(r->facts[i].kind, "message") == 0;
		assert_true(r->facts[i].text[0] != '(');
	}
	assert_int_equal(messages, 4);
	for (size_t i = 0; i < r->n_gaps; i++)
		lost += strstr(r->gaps[i].reason, "2 occurrences were not seen") != NULL ||
			strstr(r->gaps[i].reason, "2 occurrences between") != NULL;
	assert_int_equal(lost, 1);
	assert_string_equal(r->outcome_reason, "threshold");
}

/* ---- Whole rollouts. */

static void case_05_rollback_hook(void **state)
{
	struct assessment a;

	add_webhook(*state, "05-rollback-hook-notifier");
	judge(*state, &a);
	assert_int_equal(a.rollout->started_at, NINE);
	assert_string_equal(a.rollout->outcome_reason, "manual-hook");
	assert_int_equal(a.n_steps, 0);
	assert_int_equal(a.rollout->n_failed, 0);
	assert_int_equal(a.verdict, VERDICT_HOLD);
	for (size_t i = 0; i < a.n_results; i++)
		assert_int_equal(a.results[i].state, CRITERION_NOT_EVALUABLE);
	assert_true(has_finding(&a, "rollback-hook"));
}

static void case_09_no_prometheus_at_all(void **state)
{
	static const int64_t starts[] = { 30300, 60400, 90400, 120400, 150400 };
	struct assessment a;

	add_webhook(*state, "09-datadog-old-point");
	judge(*state, &a);
	assert_int_equal(a.verdict, VERDICT_HOLD);
	assert_int_equal(a.n_steps, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_true(llabs((a.steps[i].step->from - NINE) / NS_PER_MS - starts[i]) <= 1000);
		support_near(a.steps[i].step->exposure, 0.1 * (double)(i + 1), 1e-9);
	}
	for (size_t i = 0; i < a.n_results; i++)
		assert_int_equal(a.results[i].state, CRITERION_NOT_EVALUABLE);
}

static void case_20_held_past_threshold(void **state)
{
	struct assessment a;

	add_objects(*state, "20-held-past-threshold", "canary.watch.ndjson", NINE);
	judge(*state, &a);
	assert_int_equal(a.rollout->outcome, OUTCOME_RUNNING);
	assert_int_equal(a.rollout->max_failed_checks, 18);
	assert_int_equal(a.verdict, VERDICT_HOLD);
	assert_true(a.expired);
	assert_true(a.partial);
	assert_true(has_finding(&a, "threshold-without-rollback"));
	assert_true(has_finding(&a, "unknown-phase"));
	assert_non_null(strstr(a.next.text, "revert"));
	for (size_t i = 0; i < a.n_findings; i++)
		if (strcmp(a.findings[i].rule, "threshold-without-rollback") == 0)
			assert_non_null(strstr(a.findings[i].text, "09:12:00"));
}

static void case_22_skipped_analysis(void **state)
{
	struct assessment a;

	add_objects(*state, "22-skipped-analysis", "canary.watch.ndjson", NINE);
	add_webhook(*state, "22-skipped-analysis");
	judge(*state, &a);
	assert_int_equal(a.rollout->outcome, OUTCOME_PROMOTED_UNANALYSED);
	assert_int_equal(a.verdict, VERDICT_HOLD);
	assert_int_equal(a.n_steps, 0);
	assert_true(has_finding(&a, "analysis-skipped"));
}

static void case_23_traffic_dries_up(void **state)
{
	struct fixture *f = *state;
	struct assessment a;

	add_webhook(f, "23-traffic-dries-up");
	add_answer(f, "23-traffic-dries-up", "requests", "");
	judge(f, &a);
	assert_int_equal(a.rollout->outcome, OUTCOME_PROMOTED);
	assert_int_equal(a.verdict, VERDICT_HOLD);
	assert_int_equal(a.n_steps, 5);
	for (size_t i = 1; i < 5; i++) {
		assert_true(a.steps[i].requests[ARM_CANARY] <= 0);
		for (size_t k = 0; k < a.steps[i].n_readings; k++)
			assert_int_equal(a.steps[i].readings[k].state, READING_NOT_EVALUABLE);
	}
	build_strata(f, a.rollout->namespace_, a.rollout->spec.service_name);
	assert_int_equal(total(&f->strata, ARM_CANARY, false), 40);
	assert_int_equal(total(&f->strata, ARM_CANARY, true), 1);
	assert_int_equal(total(&f->strata, ARM_BASELINE, false), 702);
}

static void case_26_dead_baseline(void **state)
{
	struct fixture *f = *state;
	struct assessment a;

	add_objects(f, "26-dead-baseline", "deployments.ndjson", NINE - NS_PER_S);
	add_objects(f, "26-dead-baseline", "canary.watch.ndjson", NINE);
	add_answer(f, "26-dead-baseline", "requests", "");
	support_add_row(&f->evidence, f->arena, NINE + 300 * NS_PER_S, SOURCE_FLAGGER, "event", "Canary develop/backend",
			"{\"name\":\"backend\",\"namespace\":\"develop\",\"phase\":\"Progressing\",\"metadata\":{\"eventMessage\":\"tick\","
			"\"eventType\":\"Normal\","
			"\"timestamp\":\"1773133500000\"}}");
	judge(f, &a);
	assert_int_equal(a.verdict, VERDICT_HOLD);
	for (size_t i = 0; i < a.n_results; i++) {
		assert_int_not_equal(a.results[i].state, CRITERION_FAIL);
		if (a.results[i].criterion->kind != CRITERION_SUCCESS_RATE)
			assert_int_equal(a.results[i].state, CRITERION_NOT_EVALUABLE);
	}
	assert_true(has_finding(&a, "baseline-dead"));
	assert_true(has_finding(&a, "rollback-path-unavailable"));
	assert_non_null(strstr(a.reasons[0].text, "stable version without pods"));
}

static void case_21_upgrade_rollouts(void **state)
{
	struct fixture *f = *state;

	add_objects(f, "21-upgrade-rollouts", "deployments.ndjson", NINE - 60 * NS_PER_S);
	add_answer(f, "21-upgrade-rollouts", "flagger-info-before", "Prometheus main");
	add_answer(f, "21-upgrade-rollouts", "flagger-info-after", "Prometheus main");
	add_objects(f, "21-upgrade-rollouts", "canaries.watch.ndjson", NINE);
	derive(f);
	assert_int_equal(f->rollouts.n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct assess_options options = { .at = INSTANT_NONE };
		const struct rollout *r = &f->rollouts.v[i];
		struct criteria *criteria = arena_alloc(f->arena, sizeof *criteria);
		struct assessment a;
		struct error err;

		assert_string_equal(r->canary, i == 0 ? "backend" : "checkout");
		assert_int_equal((r->started_at - NINE) / NS_PER_S, i == 0 ? 62 : 65);
		assert_int_equal(criteria_parse(criteria, NULL, 0, NULL, NULL, NULL, f->arena, &err), 0);
		assert_int_equal(assess(&a, &f->evidence, r, criteria, &options, f->arena, &err), 0);
		assert_true(has_finding(&a, "no-workload-change"));
		assert_string_equal(r->flagger_before, "1.40.0");
		assert_string_equal(r->flagger_after, "1.41.1");
	}
}

/* A rollout at 20 % whose counts are the case's. */
static void add_rollout(struct fixture *f, const char *subject, const char *name, const char *namespace_)
{
	static const char *const phases[] = { "Initialized", "Progressing", "Progressing" };
	char body[1024];

	for (int i = 0; i < 3; i++) {
		(void)snprintf(body, sizeof body,
			       "{\"kind\":\"Canary\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"u\"},\"spec\":{"
			       "\"provider\":\"traefik\",\"targetRef\":{"
			       "\"kind\":\"Deployment\",\"name\":\"%s\"},\"analysis\":{\"interval\":\"30s\",\"stepWeight\":50,"
			       "\"maxWeight\":50}},\"status\":{\"phase\":\"%s\","
			       "\"canaryWeight\":%d}}",
			       name, namespace_, name, phases[i], i == 2 ? 50 : 0);
		support_add_row(&f->evidence, f->arena, NINE - 30 * NS_PER_S + (i == 2 ? 400 : i) * NS_PER_S, SOURCE_KUBERNETES, "modified",
				subject, body);
		if (i == 1) {
			(void)snprintf(body, sizeof body,
				       "{\"kind\":\"TraefikService\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\"},\"spec\":{"
				       "\"weighted\":{\"services\":[{\"name\":"
				       "\"%s-primary\",\"weight\":50},{\"name\":\"%s-canary\",\"weight\":50}]}}}",
				       name, namespace_, name, name);
			support_add_row(&f->evidence, f->arena, NINE - 20 * NS_PER_S, SOURCE_KUBERNETES, "modified", "TraefikService x/y",
					body);
		}
	}
}

static void case_12_partial_is_no_baseline(void **state)
{
	struct fixture *f = *state;
	struct assessment a;

	add_rollout(f, "Canary shop/checkout", "checkout", "shop");
	add_answer(f, "12-partial-flag", "canary", "Canary shop/checkout");
	add_answer(f, "12-partial-flag", "primary", "Canary shop/checkout");
	judge(f, &a);
	assert_int_equal(a.verdict, VERDICT_HOLD);
	assert_true(has_finding(&a, "partial"));
	for (size_t i = 0; i < a.n_results; i++) {
		assert_int_not_equal(a.results[i].state, CRITERION_FAIL);
		if (a.results[i].criterion->kind == CRITERION_ERROR_RATIO) {
			assert_int_equal(a.results[i].state, CRITERION_NOT_EVALUABLE);
			assert_string_equal(a.results[i].reason, "PARTIAL");
		}
	}
}

static void case_07_is_no_go(void **state)
{
	struct fixture *f = *state;
	struct assessment a;

	add_rollout(f, "Canary shop/checkout", "checkout", "shop");
	add_answer(f, "07-ratio-without-sum", "requests", "Canary shop/checkout");
	judge(f, &a);
	assert_int_equal(a.verdict, VERDICT_NO_GO);
	for (size_t i = 0; i < a.n_results; i++)
		if (a.results[i].criterion->kind != CRITERION_QUANTILE_RATIO)
			assert_int_equal(a.results[i].state, CRITERION_FAIL);
}

static void case_10_names_the_cause(void **state)
{
	struct fixture *f = *state;
	struct assessment a;

	add_rollout(f, "Canary develop/backend", "backend", "develop");
	add_answer(f, "10-exported-service", "plain", "Canary develop/backend");
	add_answer(f, "10-exported-service", "requests", "Canary develop/backend");
	judge(f, &a);
	assert_true(has_finding(&a, "exported-label"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(case_02_service_name),
		TEST(case_05_rollback_hook),
		TEST(case_06_foreign_series),
		TEST(case_07_errors_are_there),
		TEST(case_09_no_prometheus_at_all),
		TEST(case_10_exported_service),
		TEST(case_11_native_histogram),
		TEST(case_12_partial),
		TEST(case_13_annotations),
		TEST(case_15_one_step_back),
		TEST(case_16_born_with_errors),
		TEST(case_17_events_without_times),
		TEST(case_18_combined_and_jump),
		TEST(case_20_held_past_threshold),
		TEST(case_22_skipped_analysis),
		TEST(case_23_traffic_dries_up),
		TEST(case_26_dead_baseline),
		TEST(case_21_upgrade_rollouts),
		TEST(case_12_partial_is_no_baseline),
		TEST(case_07_is_no_go),
		TEST(case_10_names_the_cause),
	};

	return cmocka_run_group_tests_name("cases", tests, NULL, NULL);
}
