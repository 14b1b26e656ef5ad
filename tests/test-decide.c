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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canaries_are_as_the_vectors_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
