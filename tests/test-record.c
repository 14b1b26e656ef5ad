/* Human records: there and back, what is refused, and what holds after several people spoke. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/criteria.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/record.h"
#include "gonogo/ruling.h"

#define PACKAGE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define RECORDS_MAX 16
#define START (1773133200 * NS_PER_S)

/* A rollout, its assessment, and rows as the log would hold them. */
struct scene {
	struct arena *arena;
	struct criteria criteria;
	struct criterion_result result;
	struct rollout rollout;
	struct assessment assessment;
	struct observation rows[RECORDS_MAX];
	struct evidence human;
	struct records records;
};

static void scene_open(struct scene *s, enum verdict verdict)
{
	memset(s, 0, sizeof *s);
	s->arena = arena_new(1 << 22);
	assert_int_equal(criteria_parse(&s->criteria, NULL, 0, NULL, "shop", "checkout", s->arena, NULL), 0);
	s->rollout = (struct rollout){
		.id = "c.shop.checkout.1", .namespace_ = "shop", .canary = "checkout", .started_at = START, .ended_at = START + NS_PER_S
	};
	s->result = (struct criterion_result){ .criterion = &s->criteria.v[0], .state = CRITERION_FAIL };
	s->assessment = (struct assessment){
		.rollout = &s->rollout, .criteria = &s->criteria, .verdict = verdict, .n_results = 1, .results = &s->result
	};
	s->human.rows = s->rows;
}

static struct record decision(enum verdict verdict, const char *by)
{
	struct record r;

	record_init(&r, RECORD_DECISION);
	r.rollout = "c.shop.checkout.1";
	r.by = by;
	r.role = "release manager";
	r.text = "because";
	r.version = GONOGO_VERSION;
	r.decision = verdict;
	r.computed = VERDICT_HOLD;
	r.package = PACKAGE;
	r.criteria = OTHER;
	r.evidence_head = OTHER;
	return r;
}

static void add(struct scene *s, const struct record *r)
{
	struct observation *row = &s->rows[s->human.n];
	struct error err;
	struct buf body;

	buf_init(&body, 65536);
	if (record_write(&body, r, &err) < 0)
		fail_msg("%s", err.text);
	*row = (struct observation){ .seq = (int64_t)s->human.n + 1,
				     .received_at = START + (int64_t)(s->human.n + 1) * NS_PER_S,
				     .source = SOURCE_HUMAN,
				     .kind = record_kind_name(r->kind),
				     .body = arena_strndup(s->arena, body.data, body.len),
				     .body_len = body.len,
				     .log = HUMAN_LOG };
	s->human.n++;
	buf_free(&body);
}

static void add_decision(struct scene *s, enum verdict verdict, const char *by)
{
	struct record r = decision(verdict, by);

	add(s, &r);
}

static struct ruling rule(struct scene *s, int64_t now)
{
	struct ruling ruling = { 0 };
	struct error err;

	if (records_read(&s->records, &s->human, s->arena, &err) < 0 ||
	    ruling_make(&ruling, &s->assessment, &s->records, PACKAGE, now, s->arena, &err) < 0)
		fail_msg("%s", err.text);
	return ruling;
}

static void what_is_written_is_read(void **state)
{
	struct record r = decision(VERDICT_GO, "Ada \"the\" <b>\n"), back;
	struct scene s;

	(void)state;
	scene_open(&s, VERDICT_HOLD);
	r.override = true;
	r.until = START + 5 * NS_PER_S;
	add(&s, &r);
	(void)rule(&s, INSTANT_NONE);
	back = s.records.v[0];
	assert_string_equal(back.by, r.by);
	assert_string_equal(back.package, PACKAGE);
	assert_int_equal(back.decision, VERDICT_GO);
	assert_int_equal(back.computed, VERDICT_HOLD);
	assert_true(back.override);
	assert_true(back.until == r.until);
	assert_true(back.at == START + NS_PER_S);
	assert_true(isnan(back.points));
	arena_free(s.arena);
}

static void what_is_missing_or_bad_is_named(void **state)
{
	struct record good = decision(VERDICT_GO, "Ada"), r;
	char long_name[RECORD_NAME_MAX + 2];
	struct error err;
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	memset(long_name, 'x', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	const struct {
		size_t offset;
		const char *value, *text;
	} bad[] = { { offsetof(struct record, by), NULL, "by: is missing" },
		    { offsetof(struct record, by), " \t", "by: is empty" },
		    { offsetof(struct record, by), long_name, "by: is 201 bytes" },
		    { offsetof(struct record, role), NULL, "role: is missing" },
		    { offsetof(struct record, text), "\xff", "text: is not UTF-8" },
		    { offsetof(struct record, package), "abc", "package: \"abc\" is no SHA-256" } };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		r = good;
		*(const char **)((char *)&r + bad[i].offset) = bad[i].value;
		assert_int_equal(record_write(&out, &r, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		if (strstr(err.text, bad[i].text) == NULL)
			fail_msg("%s, not %s", err.text, bad[i].text);
	}
	record_init(&r, RECORD_ACTION);
	r.rollout = "x";
	r.by = "Ada";
	r.text = "mend it";
	r.due = "2026-02-30";
	assert_int_equal(record_write(&out, &r, &err), -1);
	assert_non_null(strstr(err.text, "due"));
	buf_free(&out);
}

/* A row that somebody wrote by hand is no reason to read the rest as if it were not there. */
static void a_broken_row_is_named(void **state)
{
	static const char *const bodies[] = { "", "{}", "{\"schema\":\"gonogo/record/v1\",\"kind\":\"note\",\"by\":\"A\"}",
					      "{\"schema\":\"gonogo/record/v1\",\"kind\":\"decision\",\"by\":1}" };
	struct scene s;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		scene_open(&s, VERDICT_HOLD);
		add_decision(&s, VERDICT_HOLD, "Ada");
		add_decision(&s, VERDICT_HOLD, "Bob");
		s.rows[1].body = bodies[i];
		s.rows[1].body_len = strlen(bodies[i]);
		assert_int_equal(records_read(&s.records, &s.human, s.arena, &err), -1);
		assert_int_equal(err.code, ERR_TAMPERED);
		assert_non_null(strstr(err.text, "D-002"));
		arena_free(s.arena);
	}
}

static void the_last_decision_holds(void **state)
{
	struct ruling r;
	struct scene s;

	(void)state;
	scene_open(&s, VERDICT_HOLD);
	assert_int_equal(rule(&s, INSTANT_NONE).state, RULING_NONE);
	assert_int_equal(rule(&s, INSTANT_NONE).effective, VERDICT_HOLD);
	add_decision(&s, VERDICT_GO, "Ada");
	r = rule(&s, INSTANT_NONE);
	assert_int_equal(r.effective, VERDICT_GO);
	assert_true(r.overridden);
	add_decision(&s, VERDICT_NO_GO, "Bob");
	r = rule(&s, INSTANT_NONE);
	assert_int_equal(r.effective, VERDICT_NO_GO);
	assert_int_equal(r.n_history, 2);
	assert_false(r.history[0].counts);
	assert_string_equal(r.history[0].why_not, "superseded");
	arena_free(s.arena);
}

static void another_package_is_shown_and_does_not_count(void **state)
{
	struct record d = decision(VERDICT_GO, "Ada");
	char head[DIGEST_HEX_SIZE], criteria[DIGEST_HEX_SIZE];
	struct ruling r;
	struct scene s;

	(void)state;
	scene_open(&s, VERDICT_HOLD);
	d.package = OTHER;
	add(&s, &d);
	r = rule(&s, INSTANT_NONE);
	assert_int_equal(r.effective, VERDICT_HOLD);
	assert_int_equal(r.n_history, 1);
	assert_non_null(r.history[0].why_not);
	/* Another version words the same judgement otherwise. */
	d.version = "0.0.1";
	d.evidence_head = digest_hex(head, s.assessment.provenance.head);
	d.criteria = digest_hex(criteria, s.criteria.sha256);
	add(&s, &d);
	assert_int_equal(rule(&s, INSTANT_NONE).effective, VERDICT_GO);
	s.assessment.verdict = VERDICT_NO_GO;
	assert_int_equal(rule(&s, INSTANT_NONE).effective, VERDICT_NO_GO);
	arena_free(s.arena);
}

static void two_persons_are_two_persons(void **state)
{
	struct ruling r;
	struct scene s;

	(void)state;
	scene_open(&s, VERDICT_GO);
	s.criteria.two_persons = true;
	r = rule(&s, INSTANT_NONE);
	assert_int_equal(r.state, RULING_WAITING);
	assert_int_equal(r.effective, VERDICT_HOLD);
	add_decision(&s, VERDICT_GO, "Ada Lovelace");
	add_decision(&s, VERDICT_GO, " ada  LOVELACE");
	r = rule(&s, INSTANT_NONE);
	assert_int_equal(r.effective, VERDICT_HOLD);
	assert_int_equal(r.persons, 1);
	add_decision(&s, VERDICT_GO, "Grace");
	r = rule(&s, INSTANT_NONE);
	assert_int_equal(r.state, RULING_DECIDED);
	assert_int_equal(r.effective, VERDICT_GO);
	assert_true(r.history[1].counts);
	/* A hold by anybody undoes both. */
	add_decision(&s, VERDICT_HOLD, "Edsger");
	assert_int_equal(rule(&s, INSTANT_NONE).effective, VERDICT_HOLD);
	add_decision(&s, VERDICT_GO, "Grace");
	assert_int_equal(rule(&s, INSTANT_NONE).state, RULING_WAITING);
	arena_free(s.arena);
}

static void a_hard_stop_needs_two(void **state)
{
	struct ruling r;
	struct scene s;

	(void)state;
	scene_open(&s, VERDICT_NO_GO);
	add_decision(&s, VERDICT_GO, "Ada");
	assert_int_equal(rule(&s, INSTANT_NONE).effective, VERDICT_GO);
	s.criteria.v[0].hard_stop = true;
	r = rule(&s, INSTANT_NONE);
	assert_int_equal(r.state, RULING_WAITING);
	assert_int_equal(r.effective, VERDICT_NO_GO);
	add_decision(&s, VERDICT_GO, "Grace");
	assert_int_equal(rule(&s, INSTANT_NONE).effective, VERDICT_GO);
	arena_free(s.arena);
}

static void a_hold_expires(void **state)
{
	struct record d = decision(VERDICT_HOLD, "Ada");
	struct scene s;

	(void)state;
	scene_open(&s, VERDICT_GO);
	d.until = START + 100 * NS_PER_S;
	add(&s, &d);
	assert_int_equal(rule(&s, START + 100 * NS_PER_S).effective, VERDICT_HOLD);
	assert_int_equal(rule(&s, START + 101 * NS_PER_S).state, RULING_EXPIRED);
	assert_int_equal(rule(&s, START + 101 * NS_PER_S).effective, VERDICT_NO_GO);
	assert_int_equal(rule(&s, INSTANT_NONE).effective, VERDICT_HOLD);
	s.criteria.revert_when_expired = false;
	assert_int_equal(rule(&s, START + 101 * NS_PER_S).effective, VERDICT_HOLD);
	arena_free(s.arena);
}

static void no_go_while_it_runs(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, VERDICT_HOLD);
	s.assessment.partial = true;
	add_decision(&s, VERDICT_GO, "Ada");
	assert_int_equal(rule(&s, INSTANT_NONE).effective, VERDICT_HOLD);
	arena_free(s.arena);
}

static void actions_are_updated(void **state)
{
	struct record a;
	struct ruling r;
	struct scene s;

	(void)state;
	scene_open(&s, VERDICT_HOLD);
	record_init(&a, RECORD_ACTION);
	a.rollout = "c.shop.checkout.1";
	a.by = "Ada";
	a.text = "add an alert";
	add(&s, &a);
	a.text = NULL;
	a.updates = 1;
	a.owner = "Grace";
	a.state = ACTION_DONE;
	add(&s, &a);
	r = rule(&s, INSTANT_NONE);
	assert_int_equal(r.n_actions, 1);
	assert_string_equal(r.actions[0].text, "add an alert");
	assert_string_equal(r.actions[0].owner, "Grace");
	assert_int_equal(r.actions[0].state, ACTION_DONE);
	assert_int_equal(r.actions[0].ids.n, 2);
	a.updates = 7;
	add(&s, &a);
	assert_int_equal(records_read(&s.records, &s.human, s.arena, NULL), 0);
	assert_int_equal(ruling_make(&r, &s.assessment, &s.records, PACKAGE, INSTANT_NONE, s.arena, NULL), -1);
	arena_free(s.arena);
}

static void approval_before_and_after(void **state)
{
	char hex[DIGEST_HEX_SIZE];
	struct record a;
	struct ruling r;
	struct scene s;

	(void)state;
	scene_open(&s, VERDICT_HOLD);
	record_init(&a, RECORD_APPROVAL);
	a.by = "Mo";
	a.role = "lead";
	a.criteria = digest_hex(hex, s.criteria.sha256);
	add(&s, &a);
	r = rule(&s, INSTANT_NONE);
	assert_null(r.approval);
	assert_non_null(r.late_approval);
	s.rows[0].received_at = START;
	r = rule(&s, INSTANT_NONE);
	assert_non_null(r.approval);
	a.canary = "shop/other";
	s.human.n = 0;
	add(&s, &a);
	s.rows[0].received_at = START;
	assert_null(rule(&s, INSTANT_NONE).approval);
	arena_free(s.arena);
}

/* Only a rehearsal from before the start says how it was prepared; a later one of the same canary changes nothing. */
static void rehearsals_enter_the_conditions(void **state)
{
	struct condition condition = { .id = "R-01", .tested = "not tested" };
	struct record r;
	struct ruling ruling;
	struct scene s;

	(void)state;
	scene_open(&s, VERDICT_HOLD);
	s.assessment.conditions = &condition;
	s.assessment.n_conditions = 1;
	record_init(&r, RECORD_REHEARSAL);
	r.canary = "shop/checkout";
	r.by = "Ada";
	r.text = "by `hand`";
	r.worked = true;
	r.tested_at = START + NS_PER_S;
	add(&s, &r);
	ruling = rule(&s, INSTANT_NONE);
	assert_int_equal(assess_records(&s.assessment, &ruling, s.arena, NULL), 0);
	assert_string_equal(condition.tested, "not tested");
	r.tested_at = START - NS_PER_S;
	add(&s, &r);
	ruling = rule(&s, INSTANT_NONE);
	assert_int_equal(assess_records(&s.assessment, &ruling, s.arena, NULL), 0);
	assert_non_null(strstr(condition.tested, "tested at 2026-03-10 08:59:59 UTC by `Ada`: `by ``hand```; recorded only after"));
	assert_int_equal(condition.ids.n, 1);
	arena_free(s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_written_is_read),
					    cmocka_unit_test(what_is_missing_or_bad_is_named),
					    cmocka_unit_test(a_broken_row_is_named),
					    cmocka_unit_test(the_last_decision_holds),
					    cmocka_unit_test(another_package_is_shown_and_does_not_count),
					    cmocka_unit_test(two_persons_are_two_persons),
					    cmocka_unit_test(a_hard_stop_needs_two),
					    cmocka_unit_test(a_hold_expires),
					    cmocka_unit_test(no_go_while_it_runs),
					    cmocka_unit_test(actions_are_updated),
					    cmocka_unit_test(approval_before_and_after),
					    cmocka_unit_test(rehearsals_enter_the_conditions) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
