#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/decide.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "gonogo/traffic.h"
#include "../judge/mantel.h"
#include "support-vectors.h"

#define ARENA_BYTES (64 << 20)
#define SCRAPES_MAX 512
#define STEPS_MAX 8
#define SCRAPE (10 * NS_PER_S)
#define T0 (INT64_C(1773133200) * NS_PER_S)

/* A rollout in memory: scrapes of ten seconds, three to a step. */
struct run {
	struct arena *arena;
	struct criteria criteria;
	struct criterion criterion[4];
	struct strata strata, prior;
	struct stratum v[SCRAPES_MAX], history[SCRAPES_MAX];
	int64_t slow[SCRAPES_MAX][ARMS][EDGES_MAX];
	struct step steps[STEPS_MAX];
	struct decide_input in;
	struct decision out[4];
};

enum { ERRORS, SUCCESS, P95 };

static void run_begin(struct run *run)
{
	memset(run, 0, sizeof *run);
	run->arena = arena_new(ARENA_BYTES);
	assert_non_null(run->arena);
	run->criterion[ERRORS] = (struct criterion){
		.name = "error-rate", .kind = CRITERION_ERROR_RATIO, .limit = 2, .floor = 0.005, .alpha = 0.02
	};
	run->criterion[SUCCESS] = (struct criterion){
		.name = "success-rate", .kind = CRITERION_SUCCESS_RATE, .limit = 0.99, .alpha = 0.01
	};
	run->criterion[P95] = (struct criterion){
		.name = "p95-latency", .kind = CRITERION_QUANTILE_RATIO, .limit = 1.3, .quantile = 0.95, .alpha = 0.02, .absolute = 1
	};
	for (size_t i = 0; i < 3; i++)
		run->criterion[i].window = 300 * NS_PER_S;
	run->criteria = (struct criteria){ .n = 2,
					   .v = run->criterion,
					   .min_weight = 0.3,
					   .min_requests = 100,
					   .coverage = 0.8,
					   .warm_up = 60 * NS_PER_S,
					   .history = 1800 * NS_PER_S,
					   .deadline = 600 * NS_PER_S,
					   .max_weight = 0.5 };
	run->strata = (struct strata){ .v = run->v, .scrape_interval = SCRAPE, .found = { true, true } };
	run->in = (struct decide_input){ .criteria = &run->criteria,
					 .strata = &run->strata,
					 .steps = run->steps,
					 .window_from = T0,
					 .window_to = INSTANT_NONE,
					 .ladder_end = INSTANT_NONE,
					 .planned_exposure = 0.5 };
}

static void run_end(struct run *run)
{
	arena_free(run->arena);
}

static void add_steps(struct run *run, size_t n, int64_t seconds)
{
	for (size_t i = 0; i < n; i++)
		run->steps[i] = (struct step){ .kind = STEP_ANALYSIS,
					       .attempt = 1,
					       .weight = 10 * (double)(i + 1),
					       .exposure = 0.1 * (double)(i + 1),
					       .from = T0 + (int64_t)i * seconds * NS_PER_S,
					       .to = T0 + (int64_t)(i + 1) * seconds * NS_PER_S };
	run->in.n_steps = n;
}

static struct stratum *add_scrape(struct run *run, int64_t n_c, int64_t k_c, int64_t n_b, int64_t k_b)
{
	size_t i = run->strata.n++;

	assert_true(i < SCRAPES_MAX);
	run->v[i] = (struct stratum){
		.from = T0 + (int64_t)i * SCRAPE, .to = T0 + (int64_t)(i + 1) * SCRAPE, .n = { n_c, n_b }, .k = { k_c, k_b }
	};
	for (int arm = 0; arm < ARMS && run->strata.n_edges > 0; arm++)
		run->v[i].slow[arm] = run->slow[i][arm];
	return &run->v[i];
}

static void judge(struct run *run, int64_t at)
{
	struct error err = { 0 };

	run->in.at = at;
	if (decide(run->out, &run->in, run->arena, &err) != 0)
		fail_msg("%s", err.text);
}

static int64_t last_scrape(const struct run *run)
{
	return run->v[run->strata.n - 1].to;
}

/* ---- Whole canaries of the vectors. */

/* History whose dispersion is d: n pairs of neighbours with the same number of requests; (k1-k2)²/(k1+k2) = d for each. */
static void add_history(struct run *run, double d)
{
	/* k1 + k2 = m, k1 - k2 = √(dm): with m = 4d·j² all are whole for d = 12, j = 1: 48, 24. */
	int64_t m = (int64_t)(4 * d), apart = (int64_t)(2 * d);

	if (d <= 1)
		return;
	for (size_t i = 0; i < 40; i++)
		run->history[i] = (struct stratum){ .from = T0 - (int64_t)(40 - i) * SCRAPE,
						    .to = T0 - (int64_t)(39 - i) * SCRAPE,
						    .n = { 0, 1000 },
						    .k = { 0, i % 2 ? (m + apart) / 2 : (m - apart) / 2 } };
	run->prior = (struct strata){ .v = run->history, .n = 40, .scrape_interval = SCRAPE, .found = { false, true } };
	run->in.prior = &run->prior;
}

static const char *state_word(const struct decision *d)
{
	return d->state == CRITERION_PASS ? "PASS" : d->state == CRITERION_FAIL ? "FAIL" : "INCONCLUSIVE";
}

static void add_vector_scrapes(struct run *run, const struct json *canary)
{
	for (const struct json *row = json_first(json_get(canary, "scrapes")); row; row = json_next(row))
		add_scrape(run, (int64_t)vector_value(vector_at(row, 2)), (int64_t)vector_value(vector_at(row, 3)),
			   (int64_t)vector_value(vector_at(row, 4)), (int64_t)vector_value(vector_at(row, 5)));
}

static void watch_agrees(struct run *run, const struct json *canary)
{
	const struct json *errors = json_first(json_get(canary, "error_watch_E_Emin_dominating_R"));
	const struct json *success = json_first(json_get(canary, "success_watch_E_Emin_dominating"));
	const struct json *fail_error = json_path(canary, "first_fail_look.error"),
			  *fail_success = json_path(canary, "first_fail_look.success");

	for (size_t i = 0; i < run->strata.n; i++, errors = json_next(errors), success = json_next(success)) {
		bool failed_e = json_is_number(fail_error) && (size_t)vector_value(fail_error) <= i + 1;
		bool failed_s = json_is_number(fail_success) && (size_t)vector_value(fail_success) <= i + 1;

		/* The gate is not open: only the watch may speak. */
		run->in.ladder_end = INSTANT_NONE;
		judge(run, run->v[i].to);
		assert_int_equal(run->out[ERRORS].state == CRITERION_FAIL, failed_e);
		assert_int_equal(run->out[SUCCESS].state == CRITERION_FAIL, failed_s);
		if (!failed_e || (size_t)vector_value(fail_error) == i + 1) {
			assert_near(exp(run->out[ERRORS].ln_e), vector_value(vector_at(errors, 0)));
			assert_near(exp(run->out[ERRORS].ln_e_min), vector_value(vector_at(errors, 1)));
		}
		if (failed_e && (size_t)vector_value(fail_error) == i + 1)
			assert_near(run->out[ERRORS].ratio, vector_value(vector_at(errors, 3)));
		if (!failed_s || (size_t)vector_value(fail_success) == i + 1) {
			assert_near(exp(run->out[SUCCESS].ln_e), vector_value(vector_at(success, 0)));
			assert_near(exp(run->out[SUCCESS].ln_e_min), vector_value(vector_at(success, 1)));
		}
	}
}

/* null in the vectors: no evidence. */
static void score_is(double z, const struct json *gate, const char *key)
{
	double wanted = vector_value(json_get(gate, key));

	if (isnan(wanted))
		assert_true(z == -INFINITY);
	else
		assert_near(z, wanted);
}

static void gate_agrees(struct run *run, const struct json *canary)
{
	const struct json *gate = json_get(canary, "gate"), *status = json_get(canary, "status_at_gate");
	const struct decision *errors = &run->out[ERRORS], *success = &run->out[SUCCESS];
	struct combination verdict;

	run->in.ladder_end = last_scrape(run);
	judge(run, last_scrape(run));
	score_is(errors->z_up, gate, "err_z_up");
	score_is(errors->z_up_without_worst, gate, "err_z_up_without_worst");
	score_is(errors->z_down, gate, "err_z_down_R2_evidence");
	score_is(errors->z_floor, gate, "floor_z_down_evidence");
	score_is(success->z_up, gate, "ok_z_up");
	score_is(success->z_up_without_worst, gate, "ok_z_up_without_worst");
	score_is(success->z_down, gate, "ok_z_down_evidence");
	assert_true(errors->worst_at == run->v[(size_t)vector_number(gate, "err_worst_scrape")].to);
	if (errors->state != CRITERION_FAIL) {
		const struct json *interval = json_get(gate, "err_ratio_interval_evidence");

		assert_near(errors->lo, vector_value(vector_at(interval, 0)));
		assert_near(errors->hi, vector_value(vector_at(interval, 1)));
		assert_near(errors->value_hi, vector_number(gate, "error_rate_upper_evidence"));
	}
	assert_string_equal(state_word(errors), json_string(json_get(status, "error_ratio")));
	assert_string_equal(state_word(success), json_string(json_get(status, "success_rate")));
	decide_combine(&verdict, run->out, 2, true, T0, last_scrape(run), &run->criteria);
	assert_string_equal(verdict_word(verdict.verdict), json_string(json_get(canary, "verdict_of_these_two")));
}

static void canaries_are_as_the_vectors_say(void **state)
{
	struct json *vectors = vectors_open();
	static struct run run;
	size_t n = 0;

	(void)state;
	for (const struct json *canary = json_first(json_get(vectors, "canaries")); canary; canary = json_next(canary), n++) {
		run_begin(&run);
		add_steps(&run, 5, 30);
		add_history(&run, vector_number(canary, "D"));
		add_vector_scrapes(&run, canary);
		watch_agrees(&run, canary);
		gate_agrees(&run, canary);
		assert_near(run.out[ERRORS].dispersion, vector_number(canary, "D"));
		run_end(&run);
	}
	assert_int_equal(n, 9);
	json_free(vectors);
}

/* ---- Other blocks of the vectors. */

static void combinations_are_as_the_vectors_say(void **state)
{
	struct json *vectors = vectors_open();
	static struct run run;
	size_t rows = 0;

	(void)state;
	run_begin(&run);
	for (const struct json *row = json_first(json_get(vectors, "combination")); row; row = json_next(row), rows++) {
		struct decision v[3];
		struct combination verdict;

		for (size_t i = 0; i < 3; i++) {
			const char *word = json_string(vector_at(json_get(row, "criteria"), i));

			v[i] = (struct decision){ .criterion = &run.criterion[i], .state = CRITERION_UNDECIDED };
			if (strcmp(word, "PASS") == 0)
				v[i].state = CRITERION_PASS;
			if (strcmp(word, "FAIL") == 0)
				v[i].state = CRITERION_FAIL;
			if (strcmp(word, "BLIND") == 0)
				v[i].state = CRITERION_NOT_EVALUABLE;
		}
		decide_combine(&verdict, v, 3, true, T0, T0, &run.criteria);
		assert_string_equal(verdict_word(verdict.verdict), json_string(json_get(row, "verdict")));
		/* On the way only a NO-GO is final. */
		decide_combine(&verdict, v, 3, false, T0, T0, &run.criteria);
		assert_true(verdict.verdict != VERDICT_GO);
		assert_int_equal(verdict.so_far, verdict.verdict == VERDICT_HOLD);
	}
	assert_int_equal(rows, 6);
	run_end(&run);
	json_free(vectors);
}

static void nothing_required_is_no_go_ahead(void **state)
{
	static struct run run;
	struct combination verdict;
	struct decision shown;

	(void)state;
	run_begin(&run);
	decide_combine(&verdict, NULL, 0, true, T0, T0, &run.criteria);
	assert_int_equal(verdict.verdict, VERDICT_HOLD);
	run.criterion[0].informational = true;
	shown = (struct decision){ .criterion = &run.criterion[0], .state = CRITERION_FAIL };
	decide_combine(&verdict, &shown, 1, true, T0, T0 + 600 * NS_PER_S, &run.criteria);
	assert_int_equal(verdict.verdict, VERDICT_HOLD);
	assert_true(verdict.expired);
	run_end(&run);
}

static void traffic_is_as_the_vectors_say(void **state)
{
	struct json *vectors = vectors_open();

	(void)state;
	for (const struct json *row = json_first(json_get(vectors, "traffic_needed")); row; row = json_next(row)) {
		struct traffic_question q = { vector_number(row, "weight"),     vector_number(row, "base_rate"),
					      vector_number(row, "ratio_true"), vector_number(row, "ratio_ruled_out"),
					      vector_number(row, "z"),          1 };

		assert_near(traffic_information(&q), vector_number(row, "kappa_per_request"));
		assert_near(traffic_needed(&q), vector_number(row, "requests_in_all"));
	}
	for (const struct json *row = json_first(json_get(vectors, "traffic_needed_one_sample")); row; row = json_next(row))
		assert_near(traffic_needed_one(vector_number(row, "p_true"), vector_number(row, "p_ruled_out"), vector_number(row, "z"), 1),
			    vector_number(row, "requests"));
	for (const struct json *row = json_first(json_get(vectors, "traffic_split")); row; row = json_next(row)) {
		struct split_check check = { 0 };
		bool flag;

		for (const struct json *part = json_first(json_get(row, "rows_w_n_nc")); part; part = json_next(part))
			split_add(&check, vector_value(vector_at(part, 0)), (int64_t)vector_value(vector_at(part, 1)),
				  (int64_t)vector_value(vector_at(part, 2)));
		assert_near(check.expected, vector_number(row, "expected"));
		assert_int_equal(check.seen, vector_number(row, "seen"));
		assert_near(split_limit(&check), vector_number(row, "limit"));
		assert_true(json_bool(json_get(row, "flag"), &flag));
		assert_int_equal(split_is_off(&check), flag);
	}
	json_free(vectors);
}

static void mantel_haenszel_is_as_the_vectors_say(void **state)
{
	struct json *vectors = vectors_open();

	(void)state;
	for (const struct json *row = json_first(json_get(vectors, "mantel_haenszel")); row; row = json_next(row)) {
		struct mantel sum = { 0, 0 };

		for (const struct json *part = json_first(json_get(row, "rows_nc_kc_nb_kb")); part; part = json_next(part))
			mantel_add(&sum, (int64_t)vector_value(vector_at(part, 0)), (int64_t)vector_value(vector_at(part, 1)),
				   (int64_t)vector_value(vector_at(part, 2)), (int64_t)vector_value(vector_at(part, 3)));
		assert_near(mantel_ratio(&sum), vector_value(json_get(row, "R")));
	}
	json_free(vectors);
}

/* ---- Rates. */

/* The course's ladder, rps requests a second, error rates per 10,000 of either arm. */
static void add_ladder(struct run *run, int64_t rps, int64_t k_c, int64_t k_b)
{
	add_steps(run, 5, 30);
	for (int64_t i = 0; i < 15; i++) {
		int64_t n = rps * 10, n_c = n * (1 + i / 3) / 10;

		/* Spread without rounding loss: the difference of running sums. */
		add_scrape(run, n_c, n_c * k_c / 10000, n - n_c, (n - n_c) * k_b / 10000);
	}
	run->in.ladder_end = last_scrape(run);
}

static void healthy_passes_by_the_floor(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	add_ladder(&run, 80, 0, 0);
	judge(&run, last_scrape(&run));
	assert_int_equal(run.out[ERRORS].state, CRITERION_PASS);
	assert_string_equal(run.out[ERRORS].carried, CARRIED_FLOOR);
	assert_int_equal(run.out[ERRORS].test, DECIDED_FINAL);
	assert_int_equal(run.out[SUCCESS].state, CRITERION_PASS);
	assert_true(run.out[ERRORS].exposure == 0.5 && run.out[ERRORS].looks == 15);
	assert_int_equal(run.out[ERRORS].requests[ARM_CANARY], 2880);
	/* Without the floor there is nothing to divide. */
	run.criterion[ERRORS].floor = 0;
	judge(&run, last_scrape(&run));
	assert_int_equal(run.out[ERRORS].state, CRITERION_UNDECIDED);
	assert_string_equal(run.out[ERRORS].reason, REASON_UNRESOLVED);
	assert_true(isinf(run.out[ERRORS].hi) && run.out[ERRORS].lo == 0);
	run_end(&run);
}

/* "3 errors in 2,932 canary requests (baseline 7 in 4,392) cannot tell 1× from 2×; ruled out so far: above 4.2×. About 20 more minutes." */
static void says_how_long_it_would_take(void **state)
{
	struct json *vectors = vectors_open();
	static struct run run;

	(void)state;
	run_begin(&run);
	add_steps(&run, 5, 30);
	add_vector_scrapes(&run, vector_at(json_get(vectors, "canaries"), 2));
	run.criterion[ERRORS].floor = 0;
	run.in.ladder_end = last_scrape(&run);
	judge(&run, last_scrape(&run));
	assert_int_equal(run.out[ERRORS].state, CRITERION_UNDECIDED);
	assert_int_equal(run.out[ERRORS].events[ARM_CANARY], 3);
	assert_int_equal(run.out[ERRORS].events[ARM_BASELINE], 7);
	assert_near_to(run.out[ERRORS].hi, 4.2, 0.01);
	assert_near_to(run.out[ERRORS].requests_per_second, 80, 0.03);
	assert_in_range((int64_t)run.out[ERRORS].seconds_to_decision, 600, 1200);
	run_end(&run);
	json_free(vectors);
}

static void errors_fail_within_two_scrapes(void **state)
{
	static struct run run;
	struct combination verdict;

	(void)state;
	run_begin(&run);
	add_ladder(&run, 80, 800, 0);
	judge(&run, T0 + 20 * NS_PER_S);
	assert_int_equal(run.out[ERRORS].state, CRITERION_FAIL);
	assert_int_equal(run.out[ERRORS].test, DECIDED_SEQUENTIAL);
	assert_true(run.out[ERRORS].decided_at == T0 + 20 * NS_PER_S);
	assert_true(run.out[ERRORS].exposure == 0.1 && run.out[ERRORS].weight == 10);
	assert_true(run.out[ERRORS].lo > 1 && isinf(run.out[ERRORS].hi));
	assert_int_equal(run.out[ERRORS].looks, 2);
	decide_combine(&verdict, run.out, 2, false, T0, run.in.at, &run.criteria);
	assert_int_equal(verdict.verdict, VERDICT_NO_GO);
	assert_int_equal(verdict.deciding, ERRORS);
	run_end(&run);
}

/* More evidence never takes back a FAIL; an earlier time sees what was known then. */
static void a_fail_stays(void **state)
{
	static struct run run;
	struct dice dice = { 11 };
	int fails = 0;

	(void)state;
	for (int round = 0; round < 10; round++) {
		bool failed[2] = { false, false };

		run_begin(&run);
		add_steps(&run, 5, 30);
		for (int64_t i = 0; i < 40; i++) {
			int64_t n_c = 80 * (i < 15 ? 1 + i / 3 : 5);
			bool bad = i >= 3 && i < 12;

			add_scrape(&run, n_c, dice_binomial(&dice, n_c, bad ? 0.02 : 0.001), 800 - n_c,
				   dice_binomial(&dice, 800 - n_c, 0.002));
		}
		run.steps[4].to = INSTANT_NONE;
		run.in.ladder_end = T0 + 150 * NS_PER_S;
		for (size_t i = 0; i < run.strata.n; i += 2) {
			judge(&run, run.v[i].to);
			for (int c = 0; c < 2; c++) {
				assert_true(!failed[c] || run.out[c].state == CRITERION_FAIL);
				failed[c] = run.out[c].state == CRITERION_FAIL;
				assert_true(!failed[c] || run.out[c].decided_at <= run.v[i].to);
			}
		}
		fails += failed[ERRORS];
		run_end(&run);
	}
	assert_in_range(fails, 7, 10);
}

/* A long HOLD: evidence that was too thin at the gate decides later, by the sequential test. */
static void hold_ends_when_evidence_comes(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	run.criterion[ERRORS].floor = 0;
	add_ladder(&run, 80, 0, 0);
	run.steps[4].to = INSTANT_NONE;
	for (int i = 0; i < 60; i++)
		add_scrape(&run, 400, 2, 400, 2);
	judge(&run, run.in.ladder_end);
	assert_int_equal(run.out[ERRORS].state, CRITERION_UNDECIDED);
	judge(&run, last_scrape(&run));
	assert_int_equal(run.out[ERRORS].state, CRITERION_PASS);
	assert_int_equal(run.out[ERRORS].test, DECIDED_SEQUENTIAL);
	assert_string_equal(run.out[ERRORS].carried, CARRIED_RATIO);
	assert_true(run.out[ERRORS].decided_at > run.in.ladder_end && run.out[ERRORS].decided_at < last_scrape(&run));
	assert_true(run.out[ERRORS].hi < 2);
	run_end(&run);
}

/* ---- Validity before verdict. */

static void reason_is_not_evaluable(const struct decision *d, const char *reason)
{
	assert_int_equal(d->state, CRITERION_NOT_EVALUABLE);
	assert_string_equal(d->reason, reason);
}

static void a_dead_baseline_compares_with_nothing(void **state)
{
	static struct run run;
	struct combination verdict;

	(void)state;
	run_begin(&run);
	add_steps(&run, 1, 300);
	run.steps[0].exposure = 0.4;
	for (int i = 0; i < 30; i++)
		add_scrape(&run, 27, 0, 40, 40);
	run.in.ladder_end = last_scrape(&run);
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[ERRORS], REASON_BASELINE_ILL);
	assert_non_null(run.out[ERRORS].ill);
	assert_int_equal(run.out[SUCCESS].state, CRITERION_PASS);
	decide_combine(&verdict, run.out, 2, true, T0, run.in.at, &run.criteria);
	assert_int_equal(verdict.verdict, VERDICT_HOLD);
	run_end(&run);
}

static void an_ill_environment_is_said(void **state)
{
	static struct run run;
	struct combination verdict;

	(void)state;
	run_begin(&run);
	add_ladder(&run, 80, 500, 500);
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[ERRORS], REASON_BASELINE_ILL);
	assert_int_equal(run.out[SUCCESS].state, CRITERION_FAIL);
	decide_combine(&verdict, run.out, 2, true, T0, run.in.at, &run.criteria);
	assert_int_equal(verdict.verdict, VERDICT_NO_GO);
	assert_true(verdict.environment);
	run_end(&run);
}

static void what_is_known_from_outside_counts(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	add_ladder(&run, 80, 800, 0);
	run.in.baseline_ill = "no ready pod";
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[ERRORS], REASON_BASELINE_ILL);
	assert_string_equal(run.out[ERRORS].ill, "no ready pod");
	assert_int_equal(run.out[SUCCESS].state, CRITERION_FAIL);
	run_end(&run);
}

static void absent_is_never_good(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	judge(&run, T0 + 600 * NS_PER_S);
	reason_is_not_evaluable(&run.out[ERRORS], REASON_NO_DATA);
	reason_is_not_evaluable(&run.out[SUCCESS], REASON_NO_DATA);
	/* The canary gets nothing. */
	add_steps(&run, 5, 30);
	for (int i = 0; i < 15; i++)
		add_scrape(&run, 0, 0, 800, 0);
	run.in.ladder_end = last_scrape(&run);
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[ERRORS], REASON_NO_DATA);
	reason_is_not_evaluable(&run.out[SUCCESS], REASON_NO_DATA);
	run_end(&run);
}

static void traffic_that_dries_up_decides_nothing(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	add_steps(&run, 5, 30);
	for (int i = 0; i < 15; i++)
		add_scrape(&run, i < 3 ? 100 : 0, 0, i < 3 ? 900 : 0, 0);
	run.in.ladder_end = last_scrape(&run);
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[ERRORS], REASON_NO_DATA);
	reason_is_not_evaluable(&run.out[SUCCESS], REASON_NO_DATA);
	run_end(&run);
}

static void few_requests_decide_nothing(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	add_steps(&run, 5, 30);
	for (int i = 0; i < 15; i++)
		add_scrape(&run, 6, 0, 10, 0);
	run.in.iterations = true;
	run.in.ladder_end = last_scrape(&run);
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[ERRORS], REASON_TOO_FEW);
	reason_is_not_evaluable(&run.out[SUCCESS], REASON_TOO_FEW);
	run_end(&run);
}

static void a_hole_decides_nothing(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	add_ladder(&run, 80, 0, 0);
	/* One interval over five scrapes: the target was not scraped in between. */
	run.v[4].to = run.v[8].to;
	run.v[4].flags = STRATUM_LONG;
	memmove(&run.v[5], &run.v[9], 6 * sizeof run.v[0]);
	run.strata.n = 11;
	judge(&run, last_scrape(&run));
	assert_int_equal(run.out[ERRORS].state, CRITERION_PASS);
	/* Two such: less than 80 % is covered. */
	run.v[7].to = run.v[9].to;
	memmove(&run.v[8], &run.v[10], sizeof run.v[0]);
	run.strata.n = 9;
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[ERRORS], REASON_GAPS);
	run_end(&run);
}

static void a_partial_baseline_leaves_the_canary_alone(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	add_ladder(&run, 500, 50, 10);
	run.strata.partial[ARM_BASELINE] = true;
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[ERRORS], REASON_PARTIAL);
	assert_int_equal(run.out[SUCCESS].state, CRITERION_PASS);
	/* Where intervals are marked, the others still count. */
	run.v[0].flags = STRATUM_PARTIAL;
	judge(&run, last_scrape(&run));
	assert_int_equal(run.out[ERRORS].state, CRITERION_FAIL);
	run.strata.partial[ARM_CANARY] = true;
	run.v[0].flags = 0;
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[SUCCESS], REASON_PARTIAL);
	run_end(&run);
}

static void a_split_that_is_off_decides_nothing(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	add_ladder(&run, 80, 0, 0);
	for (size_t i = 0; i < run.strata.n; i++)
		run.v[i].n[ARM_CANARY] /= 2;
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[ERRORS], REASON_TRAFFIC_SPLIT);
	run.in.iterations = true;
	judge(&run, last_scrape(&run));
	assert_int_equal(run.out[ERRORS].state, CRITERION_PASS);
	run_end(&run);
}

/* Whoever asks for an implausible input is told, not answered. */
static void refuses(struct run *run, const char *word)
{
	struct error err = { 0 };

	run->in.at = T0 + 1000 * NS_PER_S;
	assert_int_equal(decide(run->out, &run->in, run->arena, &err), -1);
	if (!strstr(err.text, word))
		fail_msg("\"%s\" does not speak of %s", err.text, word);
}

static void implausible_input_is_refused(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	add_ladder(&run, 80, 0, 0);
	run.v[3].n[ARM_CANARY] = -1;
	refuses(&run, "plausible");
	run.v[3].n[ARM_CANARY] = INT64_MAX;
	refuses(&run, "plausible");
	run.v[3].n[ARM_CANARY] = 100;
	run.v[3].k[ARM_CANARY] = 101;
	refuses(&run, "plausible");
	run.v[3].k[ARM_CANARY] = 0;
	run.v[3].to = run.v[3].from;
	refuses(&run, "in time");
	run.v[3].to = run.v[3].from + 2 * SCRAPE;
	refuses(&run, "in time");
	run.v[3].to = run.v[3].from + SCRAPE;
	run.steps[1].exposure = NAN;
	refuses(&run, "exposure");
	run.steps[1].exposure = 0.2;
	run.strata.n_edges = EDGES_MAX + 1;
	refuses(&run, "edges");
	run.strata.n_edges = 2;
	run.strata.edges[0] = NAN;
	refuses(&run, "edge");
	run.strata.edges[0] = 0.1;
	run.strata.edges[1] = 0.1;
	refuses(&run, "edge");
	run.strata.edges[1] = 0.3;
	run.v[2].slow[ARM_BASELINE] = run.slow[2][ARM_BASELINE];
	run.slow[2][ARM_BASELINE][1] = 5;
	refuses(&run, "monotone");
	run.slow[2][ARM_BASELINE][0] = -5;
	refuses(&run, "monotone");
	run_end(&run);
}

/* Counts near the limit of what is exact stay finite. */
static void huge_counts_stay_finite(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	add_steps(&run, 5, 30);
	for (int i = 0; i < 15; i++)
		add_scrape(&run, INT64_C(1) << 50, INT64_C(1) << 49, INT64_C(1) << 50, 1);
	run.in.iterations = true;
	run.in.ladder_end = last_scrape(&run);
	judge(&run, last_scrape(&run));
	assert_int_equal(run.out[ERRORS].state, CRITERION_FAIL);
	assert_true(isfinite(run.out[ERRORS].ln_e) && isfinite(run.out[ERRORS].ratio));
	run_end(&run);
}

/* ---- Quantiles. */

static const double traefik[] = { 0.1, 0.3, 1.2, 5 };

static void use_edges(struct run *run, const double *edges, size_t n)
{
	memcpy(run->strata.edges, edges, n * sizeof *edges);
	run->strata.n_edges = n;
	run->criteria.n = 3;
}

/* Dense edges around 250 ms, as the finding would name them. */
static void use_dense_edges(struct run *run)
{
	double edges[14], edge = 0.154536;

	for (size_t i = 0; i < 14; i++, edge *= 1.0914)
		edges[i] = edge;
	use_edges(run, edges, 14);
}

static double lognormal_above(double x, double p95)
{
	/* σ = 0.6; 95 % lie below p95. */
	return 0.5 * erfc(((log(x) - log(p95)) / 0.6 + 1.6448536) / sqrt(2));
}

static void set_latency(struct run *run, struct stratum *s, int arm, double p95)
{
	for (size_t e = 0; e < run->strata.n_edges; e++)
		s->slow[arm][e] = (int64_t)((double)s->n[arm] * lognormal_above(run->strata.edges[e], p95) + 0.5);
}

/* rps requests a second; p95 of the canary until and from a time on. */
static void add_latency_ladder(struct run *run, int64_t rps, double base, double canary, double until, double later)
{
	add_steps(run, 5, 30);
	for (int64_t i = 0; i < 15; i++) {
		int64_t n = rps * 10, n_c = n * (1 + i / 3) / 10;
		struct stratum *s = add_scrape(run, n_c, 0, n - n_c, 0);

		set_latency(run, s, ARM_CANARY, (double)i * 10 < until ? canary : later);
		set_latency(run, s, ARM_BASELINE, base);
	}
	run->in.ladder_end = last_scrape(run);
}

static void add_latency_history(struct run *run, double base)
{
	run->prior = run->strata;
	run->prior.v = run->history;
	run->prior.n = 60;
	for (size_t i = 0; i < 60; i++) {
		size_t at = SCRAPES_MAX - 60 + i;

		run->history[i] = (struct stratum){ .from = T0 - (int64_t)(60 - i) * SCRAPE,
						    .to = T0 - (int64_t)(59 - i) * SCRAPE,
						    .n = { 0, 5000 } };
		run->history[i].slow[ARM_BASELINE] = run->slow[at][ARM_BASELINE];
		set_latency(run, &run->history[i], ARM_BASELINE, base);
	}
	run->in.prior = &run->prior;
}

static void judge_latency(struct run *run, int64_t rps, double base, double canary, double until, double later)
{
	add_latency_history(run, base);
	add_latency_ladder(run, rps, base, canary, until, later);
	judge(run, last_scrape(run));
}

static void equal_quantiles_pass_with_dense_buckets(void **state)
{
	static struct run run;
	const struct decision *d = &run.out[P95];

	(void)state;
	run_begin(&run);
	use_dense_edges(&run);
	judge_latency(&run, 500, 0.25, 0.25, 0, 0.25);
	assert_int_equal(d->state, CRITERION_PASS);
	assert_string_equal(d->carried, CARRIED_RATIO);
	assert_true(d->lo < 1 && 1 < d->hi && d->hi <= 1.3 + 1e-9);
	assert_near_to(d->value, 0.25, 0.01);
	assert_near_to(d->ratio, 1, 0.01);
	assert_false(d->blind || d->substituted);
	assert_true(d->dispersion_known && d->dispersion == 1);
	assert_true(d->guard_edge >= 0.25 && d->guard_edge < 0.28);
	run_end(&run);
}

static void slower_quantiles_fail(void **state)
{
	static struct run run;
	const struct decision *d = &run.out[P95];

	(void)state;
	run_begin(&run);
	use_dense_edges(&run);
	judge_latency(&run, 500, 0.25, 0.75, INFINITY, 0);
	assert_int_equal(d->state, CRITERION_FAIL);
	assert_int_equal(d->test, DECIDED_SEQUENTIAL);
	/* The second scrape after the warm-up. */
	assert_true(d->decided_at == T0 + 80 * NS_PER_S);
	assert_true(d->lo >= 1.3 && d->ratio > 1.3);
	run_end(&run);
}

static void blind_buckets_never_pass_the_ratio(void **state)
{
	static struct run run;
	const struct decision *d = &run.out[P95];

	(void)state;
	run_begin(&run);
	run.criterion[P95].when_blind = WHEN_BLIND_HOLD;
	use_edges(&run, traefik, 4);
	judge_latency(&run, 500, 0.06, 0.06, 0, 0.06);
	reason_is_not_evaluable(d, REASON_BLIND);
	assert_true(d->blind && isinf(d->resolution));
	/* 8.2: the absolute limit of 1 s at 0.3 s, the nearest edge on the safe side. */
	run.criterion[P95].when_blind = WHEN_BLIND_ABSOLUTE;
	judge(&run, last_scrape(&run));
	assert_int_equal(d->state, CRITERION_PASS);
	assert_string_equal(d->carried, CARRIED_SUBSTITUTE);
	assert_true(d->substituted && d->substitute_edge == 0.3 && d->limit == 0.3);
	/* No edge at or below the limit: HOLD. */
	run.criterion[P95].absolute = 0.05;
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(d, REASON_BLIND);
	assert_false(d->substituted);
	run_end(&run);
}

static void blind_buckets_may_still_fail(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	use_edges(&run, traefik, 4);
	judge_latency(&run, 500, 0.06, 0.18, INFINITY, 0);
	assert_int_equal(run.out[P95].state, CRITERION_FAIL);
	run_end(&run);
}

/* Slower for sure, but no bucket shows by how much. */
static void without_size_there_is_no_fail(void **state)
{
	static struct run run;
	const struct decision *d = &run.out[P95];

	(void)state;
	run_begin(&run);
	use_edges(&run, traefik, 4);
	run.criterion[P95].when_blind = WHEN_BLIND_HOLD;
	judge_latency(&run, 2000, 0.06, 0.075, INFINITY, 0);
	assert_int_equal(d->state, CRITERION_NOT_EVALUABLE);
	assert_true(d->slower_without_size);
	run_end(&run);
}

static void the_warm_up_is_shown_not_judged(void **state)
{
	static struct run run;
	const struct decision *d = &run.out[P95];

	(void)state;
	run_begin(&run);
	use_dense_edges(&run);
	judge_latency(&run, 500, 0.25, 0.75, 60, 0.25);
	assert_int_equal(d->state, CRITERION_PASS);
	assert_true(d->warm_up_value > 0.45);
	assert_true(d->warm_up_to == T0 + 60 * NS_PER_S);
	/* All that was seen lies in the warm-up. */
	judge(&run, T0 + 60 * NS_PER_S);
	assert_int_equal(d->state, CRITERION_UNDECIDED);
	assert_string_equal(d->reason, REASON_WARM_UP);
	run_end(&run);
}

static void a_longer_cold_start_is_a_transient(void **state)
{
	static struct run run;
	const struct decision *d = &run.out[P95];

	(void)state;
	run_begin(&run);
	use_dense_edges(&run);
	/* Two scrapes beyond the warm-up: seen by the watch, drowned at the gate. */
	run.criteria.warm_up = 10 * NS_PER_S;
	judge_latency(&run, 500, 0.25, 0.5, 50, 0.24);
	judge(&run, T0 + 60 * NS_PER_S);
	assert_int_equal(d->state, CRITERION_FAIL);
	judge(&run, last_scrape(&run));
	assert_int_equal(d->state, CRITERION_UNDECIDED);
	assert_string_equal(d->reason, REASON_TRANSIENT);
	/* Slow again after the ladder's end: that is new. */
	run.steps[4].to = INSTANT_NONE;
	for (int i = 0; i < 6; i++) {
		struct stratum *s = add_scrape(&run, 2500, 0, 2500, 0);

		set_latency(&run, s, ARM_CANARY, 0.75);
		set_latency(&run, s, ARM_BASELINE, 0.25);
	}
	judge(&run, last_scrape(&run));
	assert_int_equal(d->state, CRITERION_FAIL);
	assert_true(d->decided_at > run.in.ladder_end);
	run_end(&run);
}

/* A canary's histograms in the new form only. */
static void native_histograms_are_named(void **state)
{
	static struct strata_note note = { .kind = "native-histogram" };
	static struct run run;

	(void)state;
	run_begin(&run);
	run.criteria.n = 3;
	add_ladder(&run, 80, 0, 0);
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[P95], REASON_NO_DATA);
	run.strata.notes = &note;
	run.strata.n_notes = 1;
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[P95], REASON_NATIVE_HISTOGRAM);
	run_end(&run);
}

static void absolute_quantiles_are_judged_at_the_safe_edge(void **state)
{
	static struct run run;
	const struct decision *d = &run.out[P95];

	(void)state;
	run_begin(&run);
	use_edges(&run, traefik, 4);
	run.criterion[P95] = (struct criterion){
		.name = "p95", .kind = CRITERION_QUANTILE_ABSOLUTE, .limit = 1, .quantile = 0.95, .alpha = 0.02
	};
	judge_latency(&run, 500, 0.06, 0.06, 0, 0.06);
	assert_int_equal(d->state, CRITERION_PASS);
	assert_string_equal(d->carried, CARRIED_ABSOLUTE);
	/* p95 of 0.8 s: neither surely below 0.3 s nor above 1.2 s. */
	run.strata.n = 0;
	judge_latency(&run, 500, 0.06, 0.8, INFINITY, 0);
	assert_int_equal(d->state, CRITERION_UNDECIDED);
	run.strata.n = 0;
	judge_latency(&run, 500, 0.06, 2.5, INFINITY, 0);
	assert_int_equal(d->state, CRITERION_FAIL);
	/* A limit below every edge cannot be passed. */
	run.criterion[P95].limit = 0.05;
	run.strata.n = 0;
	judge_latency(&run, 500, 0.02, 0.02, 0, 0.02);
	reason_is_not_evaluable(d, REASON_BLIND);
	run_end(&run);
}

/* The vectors' brackets, met at the gate. */
static void brackets_are_as_the_vectors_say(void **state)
{
	struct json *vectors = vectors_open();
	static struct run run;

	(void)state;
	for (const struct json *row = json_first(json_get(vectors, "quantile_ratio")); row; row = json_next(row)) {
		const struct json *ratio = json_get(row, "ratio_in"), *q_b = json_get(row, "q_b_in"), *q_c = json_get(row, "q_c_in");
		double edges[EDGES_MAX];
		struct stratum *s;

		run_begin(&run);
		run.criterion[P95].when_blind = WHEN_BLIND_HOLD;
		run.criteria.warm_up = 0;
		run.in.iterations = true;
		for (size_t e = 0; e < json_size(json_get(row, "edges")); e++)
			edges[e] = vector_value(vector_at(json_get(row, "edges"), e));
		use_edges(&run, edges, json_size(json_get(row, "edges")));
		add_steps(&run, 5, 30);
		run.steps[0].exposure = 0.5;
		s = add_scrape(&run, (int64_t)vector_value(vector_at(json_get(row, "cum_c"), run.strata.n_edges)), 0,
			       (int64_t)vector_value(vector_at(json_get(row, "cum_b"), run.strata.n_edges)), 0);
		for (size_t e = 0; e < run.strata.n_edges; e++) {
			s->slow[ARM_CANARY][e] = s->n[ARM_CANARY] - (int64_t)vector_value(vector_at(json_get(row, "cum_c"), e));
			s->slow[ARM_BASELINE][e] = s->n[ARM_BASELINE] - (int64_t)vector_value(vector_at(json_get(row, "cum_b"), e));
		}
		run.in.ladder_end = last_scrape(&run);
		judge(&run, last_scrape(&run));
		assert_near(run.out[P95].lo, vector_value(vector_at(ratio, 0)));
		assert_near(run.out[P95].hi, vector_value(vector_at(ratio, 1)));
		assert_near(run.out[P95].baseline_lo, vector_value(vector_at(q_b, 0)));
		assert_near(run.out[P95].baseline_hi, vector_value(vector_at(q_b, 1)));
		assert_near(run.out[P95].value_lo, vector_value(vector_at(q_c, 0)));
		assert_near(run.out[P95].value_hi, vector_value(vector_at(q_c, 1)));
		if (vector_word(row, "verdict", "PASS"))
			assert_int_equal(run.out[P95].state, CRITERION_PASS);
		else if (run.out[P95].state != CRITERION_FAIL)
			assert_string_equal(run.out[P95].reason, json_string(json_get(row, "verdict")));
		run_end(&run);
	}
	json_free(vectors);
}

/* Both arms and all edges in another unit: the same ratios, the same state. */
static void scaling_time_changes_no_ratio(void **state)
{
	static struct run run, scaled;

	(void)state;
	for (int round = 0; round < 4; round++) {
		double canary = 0.25 * (1 + 0.15 * round), scale = 16;

		run_begin(&run);
		use_dense_edges(&run);
		judge_latency(&run, 500, 0.25, canary, INFINITY, 0);
		run_begin(&scaled);
		use_dense_edges(&scaled);
		for (size_t e = 0; e < scaled.strata.n_edges; e++)
			scaled.strata.edges[e] *= scale;
		judge_latency(&scaled, 500, 0.25 * scale, canary * scale, INFINITY, 0);
		assert_int_equal(run.out[P95].state, scaled.out[P95].state);
		assert_near(run.out[P95].ratio, scaled.out[P95].ratio);
		assert_near(run.out[P95].lo, scaled.out[P95].lo);
		assert_near(run.out[P95].hi, scaled.out[P95].hi);
		assert_near(run.out[P95].value * scale, scaled.out[P95].value);
		run_end(&run);
		run_end(&scaled);
	}
}

/* ---- Points and readings. */

static void points_need_two_in_a_row(void **state)
{
	static struct run run;
	struct decide_point points[] = {
		{ NULL, T0 + 70 * NS_PER_S, 99.5 }, { NULL, T0 + 100 * NS_PER_S, NAN }, { NULL, T0 + 130 * NS_PER_S, 98 },
		{ NULL, T0 + 140 * NS_PER_S, 97 }
	};

	(void)state;
	run_begin(&run);
	run.criteria.n = 1;
	run.criterion[0] = (struct criterion){ .name = "own", .kind = CRITERION_POINT, .limit = 99, .metric = "m" };
	add_ladder(&run, 80, 0, 0);
	run.in.points = points;
	judge(&run, last_scrape(&run));
	reason_is_not_evaluable(&run.out[0], REASON_NO_DATA);
	run.in.n_points = 2;
	judge(&run, last_scrape(&run));
	assert_int_equal(run.out[0].state, CRITERION_PASS);
	run.in.n_points = 3;
	judge(&run, last_scrape(&run));
	assert_int_equal(run.out[0].state, CRITERION_UNDECIDED);
	run.in.n_points = 4;
	judge(&run, last_scrape(&run));
	assert_int_equal(run.out[0].state, CRITERION_FAIL);
	assert_true(run.out[0].decided_at == points[3].at && run.out[0].value == 97);
	run_end(&run);
}

static void reads_steps(void **state)
{
	static struct run run;
	struct point_reading r;

	(void)state;
	run_begin(&run);
	use_edges(&run, traefik, 4);
	judge_latency(&run, 500, 0.06, 0.06, 0, 0.06);
	for (size_t i = 0; i < run.strata.n; i++) {
		run.v[i].k[ARM_CANARY] = i < 3 ? 0 : 20;
		run.v[i].k[ARM_BASELINE] = 5;
	}
	run.in.at = last_scrape(&run);
	assert_int_equal(decide_reading(&r, &run.in, &run.criterion[ERRORS], run.steps[1].from, run.steps[1].to, NULL), 0);
	assert_int_equal(r.state, READING_BEYOND);
	assert_int_equal(r.requests[ARM_CANARY], 3000);
	assert_int_equal(r.events[ARM_CANARY], 60);
	assert_near(r.value, 0.02);
	assert_near(r.limit, 2 * r.baseline);
	assert_near(r.window_seconds, 30);
	assert_int_equal(decide_reading(&r, &run.in, &run.criterion[SUCCESS], run.steps[0].from, run.steps[0].to, NULL), 0);
	assert_int_equal(r.state, READING_WITHIN);
	assert_true(r.value == 1 && r.value_hi == 1 && r.value_lo < 1);
	/* In the warm-up: shown, not judged; after it: blind. */
	assert_int_equal(decide_reading(&r, &run.in, &run.criterion[P95], run.steps[0].from, run.steps[0].to, NULL), 0);
	assert_int_equal(r.state, READING_NOT_EVALUABLE);
	assert_true(r.value > 0.09);
	assert_int_equal(decide_reading(&r, &run.in, &run.criterion[P95], run.steps[3].from, run.steps[3].to, NULL), 0);
	assert_int_equal(r.state, READING_NOT_EVALUABLE);
	assert_string_equal(r.reason, REASON_BLIND);
	/* After the end: no requests. */
	assert_int_equal(decide_reading(&r, &run.in, &run.criterion[ERRORS], T0 + 500 * NS_PER_S, T0 + 530 * NS_PER_S, NULL), 0);
	assert_int_equal(r.state, READING_NOT_EVALUABLE);
	assert_string_equal(r.reason, REASON_NO_DATA);
	assert_true(isnan(r.value));
	run_end(&run);
}

static void reads_the_course_literally(void **state)
{
	static struct run run;
	struct point_reading r;

	(void)state;
	run_begin(&run);
	add_ladder(&run, 80, 800, 100);
	run.in.at = last_scrape(&run);
	assert_int_equal(decide_literal(&r, &run.in, &run.criterion[ERRORS], NULL), 0);
	assert_int_equal(r.state, READING_NOT_EVALUABLE);
	assert_string_equal(r.reason, REASON_WINDOW);
	assert_near(r.window_seconds, 150);
	assert_near(r.wanted_seconds, 300);
	for (int i = 0; i < 20; i++)
		add_scrape(&run, 400, 40, 400, 4);
	run.in.at = last_scrape(&run);
	assert_int_equal(decide_literal(&r, &run.in, &run.criterion[ERRORS], NULL), 0);
	assert_int_equal(r.state, READING_BEYOND);
	assert_near(r.window_seconds, 300);
	run_end(&run);
}

static void exposure_is_weighed_by_time(void **state)
{
	static struct run run;

	(void)state;
	run_begin(&run);
	add_steps(&run, 5, 30);
	assert_true(exposure_at(&run.in, T0 - 1) == 0);
	assert_near(exposure_at(&run.in, T0), 0.1);
	assert_near(exposure_at(&run.in, T0 + 30 * NS_PER_S), 0.2);
	assert_near(exposure_mean(&run.in, T0 + 25 * NS_PER_S, T0 + 35 * NS_PER_S), 0.15);
	assert_near(exposure_least(&run.in, T0 + 25 * NS_PER_S, T0 + 35 * NS_PER_S), 0.1);
	assert_true(exposure_least(&run.in, T0 + 145 * NS_PER_S, T0 + 155 * NS_PER_S) == 0);
	run.in.at = T0 + 150 * NS_PER_S;
	assert_near(evidence_weight(&run.in), 0.3);
	/* "60 % of the highest" where the ladder ends lower. */
	run.in.planned_exposure = NAN;
	run.in.n_steps = 2;
	assert_near(evidence_weight(&run.in), 0.12);
	run_end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canaries_are_as_the_vectors_say),
		cmocka_unit_test(combinations_are_as_the_vectors_say),
		cmocka_unit_test(nothing_required_is_no_go_ahead),
		cmocka_unit_test(traffic_is_as_the_vectors_say),
		cmocka_unit_test(mantel_haenszel_is_as_the_vectors_say),
		cmocka_unit_test(healthy_passes_by_the_floor),
		cmocka_unit_test(says_how_long_it_would_take),
		cmocka_unit_test(errors_fail_within_two_scrapes),
		cmocka_unit_test(a_fail_stays),
		cmocka_unit_test(hold_ends_when_evidence_comes),
		cmocka_unit_test(a_dead_baseline_compares_with_nothing),
		cmocka_unit_test(an_ill_environment_is_said),
		cmocka_unit_test(what_is_known_from_outside_counts),
		cmocka_unit_test(absent_is_never_good),
		cmocka_unit_test(traffic_that_dries_up_decides_nothing),
		cmocka_unit_test(few_requests_decide_nothing),
		cmocka_unit_test(a_hole_decides_nothing),
		cmocka_unit_test(a_partial_baseline_leaves_the_canary_alone),
		cmocka_unit_test(a_split_that_is_off_decides_nothing),
		cmocka_unit_test(implausible_input_is_refused),
		cmocka_unit_test(huge_counts_stay_finite),
		cmocka_unit_test(equal_quantiles_pass_with_dense_buckets),
		cmocka_unit_test(slower_quantiles_fail),
		cmocka_unit_test(blind_buckets_never_pass_the_ratio),
		cmocka_unit_test(blind_buckets_may_still_fail),
		cmocka_unit_test(without_size_there_is_no_fail),
		cmocka_unit_test(the_warm_up_is_shown_not_judged),
		cmocka_unit_test(a_longer_cold_start_is_a_transient),
		cmocka_unit_test(native_histograms_are_named),
		cmocka_unit_test(absolute_quantiles_are_judged_at_the_safe_edge),
		cmocka_unit_test(brackets_are_as_the_vectors_say),
		cmocka_unit_test(scaling_time_changes_no_ratio),
		cmocka_unit_test(points_need_two_in_a_row),
		cmocka_unit_test(reads_steps),
		cmocka_unit_test(reads_the_course_literally),
		cmocka_unit_test(exposure_is_weighed_by_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
