/* Rubrics and scorecards: what is refused, what is open, and that nothing is awarded without evidence. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/score.h"

/* A good rollout; parts of it are replaced by the tests. */
#define RECORDED "\"recorded\":true,"
#define STEPS                                                                                                                              \
	"\"steps\":[{\"exposure\":10,\"requests\":{\"canary\":100}},{\"exposure\":20,\"requests\":{\"canary\":200}},"                      \
	"{\"exposure\":30,\"requests\":{\"canary\":300}}],"
#define CRITERION(name, kind)                                                                                                              \
	"{\"name\":\"" name "\",\"kind\":\"" kind "\",\"state\":\"pass\",\"value\":0.1,\"informational\":false,"                           \
	"\"requests\":{\"canary\":600,\"baseline\":900},\"evidence\":[\"E-020\"]}"
#define CRITERIA                                                                                                                           \
	"\"criteria\":[" CRITERION("error-rate", "error-ratio") "," CRITERION("success-rate", "success-rate") "," CRITERION(               \
		"p95-latency", "quantile-ratio") "],"
#define ROW "{\"source\":\"Flagger\",\"at\":\"2026-03-10T08:00:00.000Z\",\"kind\":\"event\",\"evidence\":[\"E-010\"]}"
#define OTHER_ROW "{\"source\":\"Flagger\",\"at\":\"2026-03-10T08:00:00.000Z\",\"kind\":\"event\",\"evidence\":[\"E-011\"]}"
#define ROWS "\"timeline\":[" ROW "," ROW "," ROW "," ROW "," ROW "," ROW "," ROW "," ROW "," ROW "," ROW "],"
#define PERSON "{\"by\":\"Ada\",\"evidence\":[\"D-001\"]}"
#define SIGN_OFF                                                                                                                           \
	"\"sign_off\":{" RECORDED "\"criteria_approved\":" PERSON                                                                          \
	",\"decisions\":[{\"decision\":\"go\",\"counts\":true,\"person\":" PERSON                                                          \
	"}],\"actions\":[{\"owner\":\"Eve\",\"due\":\"2026-03-31\",\"validation\":\"it\",\"finding\":\"warm-up\",\"evidence\":[\"D-002\"]" \
	"}]},"
#define REST                                                                                                                               \
	"\"schema\":\"gonogo/evidence/"                                                                                                    \
	"v1\",\"evaluated_at\":\"2026-03-10T09:00:00.000Z\",\"partial\":false,\"verdict\":\"go\",\"gaps\":[],"                             \
	"\"highest_exposure\":30,\"rollout\":{\"id\":\"c.shop.checkout.1\",\"start_seen\":true,\"outcome\":\"promoted\","                  \
	"\"outcome_evidence\":[\"E-030\"],\"channels\":[\"webhook\",\"status\"]},\"containment\":{\"state\":\"not-needed\"},"              \
	"\"provenance\":{\"engine\":\"Prometheus 2\"},"
#define CONDITIONS(owner, data, tested)                                                                                                    \
	"\"rollback_conditions\":[{\"id\":\"R-01\",\"rule\":\"deadline\",\"owner\":" owner ",\"data_compatibility\":" data                 \
	",\"tested\":\"tested\",\"tested_state\":\"" tested "\",\"evidence\":[\"E-005\"]}],"
#define FINDINGS "\"findings\":[{\"rule\":\"warm-up\",\"severity\":\"warning\",\"evidence\":[\"E-007\"]}]"
#define GOOD "{" STEPS CRITERIA ROWS SIGN_OFF REST CONDITIONS("\"Eve\"", "\"yes\"", "before") FINDINGS "}"

struct scene {
	struct arena *arena;
	struct rubric rubric;
	struct scorecard card;
};

static void scene_open(struct scene *s, const char *rubric)
{
	struct error err;

	*s = (struct scene){ .arena = arena_new(1 << 22) };
	if (rubric_parse(&s->rubric, rubric, rubric == NULL ? 0 : strlen(rubric), "r.yaml", s->arena, &err) < 0)
		fail_msg("%s", err.text);
}

static void apply(struct scene *s, const char *evidence, const struct records *grades)
{
	struct error err;
	struct json *json = json_parse(evidence, strlen(evidence), &err);

	if (json == NULL || score_make(&s->card, &s->rubric, json, true, grades, s->arena, &err) < 0)
		fail_msg("%s", err.text);
	json_free(json);
}

static const struct scored *of(const struct scene *s, const char *id)
{
	for (size_t i = 0; i < s->rubric.n; i++)
		if (strcmp(s->rubric.v[i].id, id) == 0)
			return &s->card.v[i];
	fail_msg("no criterion %s", id);
	return NULL;
}

/* The evidence with one part replaced. */
static const char *with(struct scene *s, const char *part, const char *by)
{
	const char *at = strstr(GOOD, part);

	assert_non_null(at);
	return arena_printf(s->arena, "%.*s%s%s", (int)(at - GOOD), GOOD, by, at + strlen(part));
}

static void the_default_is_the_courses_twenty_points(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, NULL);
	assert_int_equal(s.rubric.n, 10);
	assert_int_equal(s.rubric.n_stops, 3);
	assert_true(s.rubric.max == 20);
	for (size_t i = 0; i < s.rubric.n; i++) {
		assert_non_null(s.rubric.v[i].test);
		assert_non_null(s.rubric.v[i].hint);
		assert_true(s.rubric.v[i].part == 1);
	}
	arena_free(s.arena);
}

static void a_good_rollout_gets_all(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, NULL);
	apply(&s, GOOD, NULL);
	for (size_t i = 0; i < s.rubric.n; i++)
		if (s.card.v[i].level != SCORE_FULL || *s.card.v[i].evidence == '\0')
			fail_msg("%s: %s: %s [%s]", s.rubric.v[i].id, score_level_name(s.card.v[i].level), s.card.v[i].text,
				 s.card.v[i].evidence);
	assert_true(s.card.graded);
	assert_true(s.card.points == 20);
	assert_int_equal(s.card.n_hits, 0);
	arena_free(s.arena);
}

/* What a part of the evidence changes. */
static void each_test_sees_what_is_missing(void **state)
{
	static const struct {
		const char *part, *by, *id;
		enum score_level level;
	} changes[] = {
		{ "\"criteria_approved\":" PERSON, "\"criteria_approved\":null", "preflight", SCORE_PART },
		{ "\"start_seen\":true", "\"start_seen\":false", "preflight", SCORE_PART },
		{ "\"tested_state\":\"before\"", "\"tested_state\":\"late\"", "rollback-tested", SCORE_PART },
		{ "\"tested_state\":\"before\"", "\"tested_state\":\"no\"", "rollback-tested", SCORE_NONE },
		{ "\"tested_state\":\"before\"", "\"tested_state\":\"failed\"", "rollback-tested", SCORE_PART },
		{ "\"rule\":\"warm-up\"", "\"rule\":\"blast-limit\"", "bounded", SCORE_NONE },
		{ STEPS, "\"steps\":[],", "bounded", SCORE_OPEN },
		{ "{\"exposure\":10,\"requests\":{\"canary\":100}},", "", "bounded", SCORE_PART },
		{ "\"kind\":\"quantile-ratio\",\"state\":\"pass\"", "\"kind\":\"quantile-ratio\",\"state\":\"undecided\"", "abort-criteria",
		  SCORE_PART },
		{ "\"kind\":\"quantile-ratio\",\"state\":\"pass\"", "\"kind\":\"quantile-ratio\",\"state\":\"undecided\"", "baseline",
		  SCORE_PART },
		{ "\"gaps\":[]", "\"gaps\":[{\"id\":\"G-01\"}]", "timeline", SCORE_PART },
		{ ROWS, "\"timeline\":[" ROW "],", "timeline", SCORE_NONE },
		{ "\"partial\":false", "\"partial\":true", "timeline", SCORE_OPEN },
		{ "\"partial\":false", "\"partial\":true", "decision", SCORE_OPEN },
		{ "\"webhook\",", "", "correlated", SCORE_PART },
		{ "\"counts\":true", "\"counts\":false", "decision", SCORE_PART },
		{ "\"owner\":\"Eve\",\"data", "\"owner\":null,\"data", "rollback-conditions", SCORE_PART },
		{ "\"due\":\"2026-03-31\"", "\"due\":null", "remediation", SCORE_NONE },
		{ "\"finding\":\"warm-up\"", "\"finding\":null", "remediation", SCORE_PART },
	};
	struct scene s;

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		scene_open(&s, NULL);
		apply(&s, with(&s, changes[i].part, changes[i].by), NULL);
		if (of(&s, changes[i].id)->level != changes[i].level)
			fail_msg("%zu: %s: %s: %s", i, changes[i].id, score_level_name(of(&s, changes[i].id)->level),
				 of(&s, changes[i].id)->text);
		arena_free(s.arena);
	}
}

/* Without a log of human records nothing is known of them: open. With one, what is not in it was not done: none. */
static void no_records_is_not_zero(void **state)
{
	static const char *const ids[] = { "decision", "remediation" };
	const char *none = "\"sign_off\":{" RECORDED "\"criteria_approved\":null,\"decisions\":[],\"actions\":[]},";
	const char *unknown = "\"sign_off\":{\"recorded\":false,\"criteria_approved\":null,\"decisions\":[],\"actions\":[]},";
	struct scene s;

	(void)state;
	scene_open(&s, NULL);
	apply(&s, with(&s, SIGN_OFF, unknown), NULL);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(of(&s, ids[i])->level, SCORE_OPEN);
		assert_true(isnan(of(&s, ids[i])->points));
	}
	assert_int_equal(of(&s, "preflight")->level, SCORE_OPEN);
	assert_false(s.card.graded);
	assert_true(s.card.earned_max == 14);
	apply(&s, with(&s, SIGN_OFF, none), NULL);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(of(&s, ids[i])->level, SCORE_NONE);
	assert_true(s.card.graded);
	arena_free(s.arena);
}

static void nothing_is_awarded_without_evidence(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, NULL);
	apply(&s, with(&s, "\"tested_state\":\"before\",\"evidence\":[\"E-005\"]", "\"tested_state\":\"before\",\"evidence\":[]"), NULL);
	assert_int_equal(of(&s, "rollback-tested")->level, SCORE_OPEN);
	arena_free(s.arena);
}

static void hard_stops_cap_the_grade(void **state)
{
	const char *rubric = "criteria:\n  - {id: baseline, title: B, points: 3, test: baseline}\n  - {id: timeline, title: T, points: 3, "
			     "test: timeline}\nhard_stops:\n  - {id: x, title: X, test: promoted-against-evidence, cap: 2.5}\n";
	struct scene s;

	(void)state;
	scene_open(&s, rubric);
	apply(&s, GOOD, NULL);
	assert_true(s.card.points == 6);
	apply(&s, with(&s, "\"verdict\":\"go\"", "\"verdict\":\"no-go\""), NULL);
	assert_int_equal(s.card.n_hits, 1);
	assert_string_equal(s.card.stops[0].evidence, "E-030");
	assert_true(s.card.earned == 6);
	assert_true(s.card.points == 2.5);
	arena_free(s.arena);
}

/* Each by itself, with what it cites, and the grade that it leaves. */
static void every_hard_stop_is_hit_by_its_own_evidence(void **state)
{
	static const struct {
		const char *part, *by, *stop, *evidence;
	} hits[] = {
		{ "\"rule\":\"warm-up\"", "\"rule\":\"blast-limit\",\"text\":\"too much\"", "blast-limit", "E-007" },
		{ "\"verdict\":\"go\"", "\"verdict\":\"no-go\"", "against-evidence", "E-030" },
		{ "\"state\":\"not-needed\"", "\"state\":\"not-confirmed\",\"text\":\"not back\",\"evidence\":[\"E-040\"]", "not-contained",
		  "E-040" },
	};
	struct scene s;

	(void)state;
	for (size_t i = 0; i < sizeof hits / sizeof hits[0]; i++) {
		scene_open(&s, NULL);
		apply(&s, with(&s, hits[i].part, hits[i].by), NULL);
		assert_int_equal(s.card.n_hits, 1);
		assert_true(s.card.points == 0);
		for (size_t k = 0; k < s.rubric.n_stops; k++) {
			bool meant = strcmp(s.rubric.stops[k].id, hits[i].stop) == 0;

			assert_int_equal(s.card.stops[k].hit, meant);
			if (meant)
				assert_string_equal(s.card.stops[k].evidence, hits[i].evidence);
		}
		arena_free(s.arena);
	}
}

/* A file that anybody can edit: what people recorded earns nothing, the rest says so. */
static void a_package_without_its_log_earns_no_points_by_records(void **state)
{
	static const char *const ids[] = { "preflight", "rollback-tested", "decision", "remediation" };
	struct error err;
	struct json *json = json_parse(GOOD, strlen(GOOD), &err);
	struct scene s;

	(void)state;
	scene_open(&s, NULL);
	assert_int_equal(score_make(&s.card, &s.rubric, json, false, NULL, s.arena, &err), 0);
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		assert_int_equal(of(&s, ids[i])->level, SCORE_OPEN);
		assert_non_null(strstr(of(&s, ids[i])->text, "log was not seen"));
	}
	assert_int_equal(s.card.n_open, 4);
	assert_false(s.card.graded);
	assert_non_null(strstr(of(&s, "bounded")->text, "log was not seen"));
	json_free(json);
	arena_free(s.arena);
}

static void a_graders_mark_keeps_the_automatic_one(void **state)
{
	struct record grade[2];
	struct records grades = { .n = 2, .v = grade };
	struct error err;
	struct json *json = json_parse(GOOD, strlen(GOOD), &err);
	const char *events;
	struct scene s;

	(void)state;
	scene_open(&s, NULL);
	apply(&s, GOOD, NULL);
	events = arena_strdup(s.arena, s.card.events);
	for (size_t i = 0; i < 2; i++) {
		record_init(&grade[i], RECORD_GRADE);
		grade[i].events = events;
		grade[i].rollout = "c.shop.checkout.1";
		grade[i].criterion = "baseline";
		grade[i].by = "Prof";
		grade[i].text = "not on the whole window";
		grade[i].points = i == 0 ? 0 : 0.5;
	}
	apply(&s, GOOD, &grades);
	assert_true(of(&s, "baseline")->automatic == 2);
	assert_true(of(&s, "baseline")->points == 0.5);
	assert_ptr_equal(of(&s, "baseline")->override, &grade[1]);
	assert_true(s.card.points == 18.5);
	grade[1].rollout = "another";
	apply(&s, GOOD, &grades);
	assert_true(s.card.points == 18);
	/* The same rollout, as another collector kept it. */
	apply(&s, with(&s, ROW, OTHER_ROW), &grades);
	assert_null(of(&s, "baseline")->override);
	assert_true(s.card.points == 20);
	grade[0].points = 3;
	assert_int_equal(score_make(&s.card, &s.rubric, json, true, &grades, s.arena, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	json_free(json);
	arena_free(s.arena);
}

static void what_is_hidden_gives_nothing_away(void **state)
{
	const char *rubric = "criteria:\n  - {id: baseline, title: B, points: 2, test: baseline, visibility: hidden, hint: send traffic}\n"
			     "  - {id: timeline, title: T, points: 2, test: timeline}\n";
	struct json_writer w;
	struct json *json;
	struct scene s;
	struct buf out;

	(void)state;
	scene_open(&s, rubric);
	apply(&s, GOOD, NULL);
	assert_false(score_shows_total(&s.card));
	buf_init(&out, 65536);
	json_writer_init(&w, &out, 0);
	score_put(&w, NULL, &s.card, true);
	json = json_parse(out.data, out.len, NULL);
	assert_null(json_get(json, "earned"));
	assert_null(json_path(json_first(json_get(json, "criteria")), "level"));
	assert_string_equal(json_string(json_path(json_first(json_get(json, "criteria")), "hint")), "send traffic");
	json_free(json);
	buf_reset(&out);
	json_writer_init(&w, &out, 0);
	score_put(&w, NULL, &s.card, false);
	json = json_parse(out.data, out.len, NULL);
	assert_string_equal(json_string(json_path(json_first(json_get(json, "criteria")), "level")), "full");
	json_free(json);
	buf_free(&out);
	arena_free(s.arena);
}

/* By the points that count, be they the test's or a grader's. */
static void a_level_says_what_it_stands_for(void **state)
{
	const char *rubric = "criteria:\n  - id: baseline\n    title: B\n    points: 2\n    test: baseline\n"
			     "    levels: {full: all, part: some, none: nothing}\n";
	struct scene s;

	(void)state;
	scene_open(&s, rubric);
	apply(&s, GOOD, NULL);
	assert_string_equal(score_level_text(&s.card.v[0]), "all");
	s.card.v[0].points = 1;
	assert_string_equal(score_level_text(&s.card.v[0]), "some");
	s.card.v[0].points = 0;
	assert_string_equal(score_level_text(&s.card.v[0]), "nothing");
	s.card.v[0].points = NAN;
	assert_null(score_level_text(&s.card.v[0]));
	arena_free(s.arena);
}

static void bad_rubrics_are_named(void **state)
{
	static const char *const bad[][2] = {
		{ "", "holds nothing" },
		{ "criteria: []", "nothing could be graded" },
		{ "criterai: []", "line 1, column 1: `criterai` is not a known key" },
		{ "criteria:\n  - {id: A, title: T, points: 2}", "lower-case" },
		{ "criteria:\n  - {id: a, title: T}", "needs points" },
		{ "criteria:\n  - {id: a, points: 1}", "`title` is missing" },
		{ "criteria:\n  - {id: a, title: T, points: -1}", "`points` is out of range" },
		{ "criteria:\n  - {id: a, title: T, points: .nan}", "points" },
		{ "criteria:\n  - {id: a, title: T, points: 2, part: 3}", "`part` is out of range" },
		{ "criteria:\n  - {id: a, title: T, points: 2, test: magic}", "line 2, column 40: `magic` is no test" },
		{ "criteria:\n  - {id: a, title: T, points: 2, visibility: never}", "takes visible" },
		{ "criteria:\n  - {id: a, title: T, points: 2}\n  - {id: a, title: U, points: 2}", "there twice" },
		{ "criteria:\n  - {id: a, title: T, points: 2}\nhard_stops:\n  - {id: b, title: U, test: baseline}", "no hard stop" },
		{ "criteria:\n  - {id: a, title: T, points: 2, levels: {half: x}}", "`half` is not a known key" },
		{ "criteria:\n  - {id: a, title: T, points: 2, levels: x}", "must be a mapping" },
		{ "criteria: {a: b}", "must be a list" },
		{ "- a", "must be a mapping" },
		{ "criteria:\n  - {id: a, title: T, points: 2, hint: [x]}", "`hint` must be a text" },
	};
	struct rubric rubric;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct arena *arena = arena_new(1 << 20);

		if (rubric_parse(&rubric, bad[i][0], strlen(bad[i][0]), "r.yaml", arena, &err) == 0)
			fail_msg("accepted: %s", bad[i][0]);
		if (strstr(err.text, bad[i][1]) == NULL || strstr(err.text, "r.yaml") == NULL || err.code != ERR_SYNTAX)
			fail_msg("%s: %s", bad[i][0], err.text);
		arena_free(arena);
	}
}

/* Any JSON that says it is ours: marks, or a refusal, never a crash. */
static void a_hollow_package_is_open(void **state)
{
	struct scene s;
	struct error err;
	struct json *json = json_parse("{\"schema\":\"other\"}", 18, &err);

	(void)state;
	scene_open(&s, NULL);
	assert_int_equal(score_make(&s.card, &s.rubric, json, true, NULL, s.arena, &err), -1);
	assert_int_equal(err.code, ERR_SYNTAX);
	json_free(json);
	apply(&s,
	      "{\"schema\":\"gonogo/evidence/"
	      "v1\",\"rollout\":{\"id\":\"x\",\"channels\":{}},\"steps\":1,\"criteria\":\"\",\"timeline\":null}",
	      NULL);
	for (size_t i = 0; i < s.rubric.n; i++)
		assert_true(s.card.v[i].level == SCORE_OPEN || s.card.v[i].level == SCORE_NONE);
	arena_free(s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_default_is_the_courses_twenty_points),
					    cmocka_unit_test(a_good_rollout_gets_all),
					    cmocka_unit_test(each_test_sees_what_is_missing),
					    cmocka_unit_test(no_records_is_not_zero),
					    cmocka_unit_test(nothing_is_awarded_without_evidence),
					    cmocka_unit_test(hard_stops_cap_the_grade),
					    cmocka_unit_test(every_hard_stop_is_hit_by_its_own_evidence),
					    cmocka_unit_test(a_package_without_its_log_earns_no_points_by_records),
					    cmocka_unit_test(a_graders_mark_keeps_the_automatic_one),
					    cmocka_unit_test(what_is_hidden_gives_nothing_away),
					    cmocka_unit_test(a_level_says_what_it_stands_for),
					    cmocka_unit_test(bad_rubrics_are_named),
					    cmocka_unit_test(a_hollow_package_is_open) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
