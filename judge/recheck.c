/* Flagger as second judge: what its own checks come to when they are done again on the stored samples. */
#include <math.h>
#include <string.h>

#include "assess.h"
#include "check.h"
#include "flagger.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"

/* More ticks than any analysis has. */
#define TICKS_MAX 2000

/* Messages of one tick come within this; Flagger's own interval is ten seconds at least. */
#define TICK_SPAN (2 * NS_PER_S)

/* The query ran a moment before the message about it: a scrape may lie between. */
#define QUERY_BEFORE (NS_PER_S)

/* A reported value has two decimals, and the moment of the query is known to a second only. */
#define NEAR_RELATIVE 0.05
#define NEAR_ABSOLUTE 0.1

struct tick {
	int64_t at;
	bool failed; /* as Flagger said */
	const struct fact *fact; /* of the failure, or any */
};

struct rechecking {
	struct assessing *a;
	struct flagger_recheck *out;
	struct check *checks;
	size_t n_checks;
	struct tick *ticks;
	size_t n_ticks;
};

/* ---- The checks. */

/* In the order of Flagger: built-ins and inline queries, then templates; a built-in's name with a template runs both. */
static int gather_checks(struct rechecking *r)
{
	const struct canary_spec *spec = &r->a->r->spec;
	int rc = 0;

	for (int templates = 0; templates < 2; templates++)
		for (size_t i = 0; i < spec->n_metrics && rc == 0; i++) {
			const struct canary_metric *m = &spec->metrics[i];

			if (templates ? m->template_name == NULL : !check_has_own(m))
				continue;
			rc = check_make(&r->checks[r->n_checks], r->a, m, templates, &r->out->why_not);
			r->n_checks += rc == 0;
		}
	return rc;
}

/* ---- The ticks. */

static bool is_tick(enum message_kind kind)
{
	return kind == MESSAGE_WEIGHT || kind == MESSAGE_ITERATION || kind == MESSAGE_HALT_SUCCESS_RATE || kind == MESSAGE_HALT_LATENCY ||
	       kind == MESSAGE_HALT_CUSTOM || kind == MESSAGE_NO_VALUES || kind == MESSAGE_QUERY_FAILED || kind == MESSAGE_COPY;
}

static bool is_failure(enum message_kind kind)
{
	return kind == MESSAGE_HALT_SUCCESS_RATE || kind == MESSAGE_HALT_LATENCY || kind == MESSAGE_HALT_CUSTOM ||
	       kind == MESSAGE_NO_VALUES || kind == MESSAGE_QUERY_FAILED;
}

/* The first weight or iteration comes without a check: no traffic was routed before it. */
static void gather_ticks(struct rechecking *r)
{
	const struct rollout *rollout = r->a->r;
	bool first = true;

	for (size_t i = 0; i < rollout->n_facts; i++) {
		const struct fact *f = &rollout->facts[i];
		struct tick *last = r->n_ticks == 0 ? NULL : &r->ticks[r->n_ticks - 1];

		if (!is_tick(f->message.kind) || f->attempt != rollout->attempts)
			continue;
		if (first && !is_failure(f->message.kind)) {
			first = false;
			continue;
		}
		first = false;
		if (last != NULL && f->at - last->at < TICK_SPAN) {
			last->failed = last->failed || is_failure(f->message.kind);
			last->fact = is_failure(f->message.kind) ? f : last->fact;
		} else if (r->n_ticks < TICKS_MAX) {
			r->ticks[r->n_ticks++] = (struct tick){ f->at, is_failure(f->message.kind), f };
		}
	}
}

/* ---- Doing them again. */

struct outcome_of_tick {
	bool failed;
	const struct check *check; /* that failed first */
	double value; /* NaN: no values */
};

static bool is_beyond(const struct canary_metric *m, double value)
{
	return isnan(value) || (m->has_min && value < m->min) || (m->has_max && value > m->max);
}

static int tick_at(struct rechecking *r, int64_t at, struct outcome_of_tick *out)
{
	*out = (struct outcome_of_tick){ .value = NAN };
	for (size_t i = 0; i < r->n_checks && !out->failed; i++) {
		int rc = check_value(&r->checks[i], r->a, at, &out->value, &r->out->why_not);

		if (rc != 0)
			return rc;
		if (is_beyond(r->checks[i].metric, out->value)) {
			out->failed = true;
			out->check = &r->checks[i];
		}
	}
	return 0;
}

static bool is_near(const struct outcome_of_tick *o, const struct fact *f)
{
	double value = o->check != NULL && o->check->in_ms ? o->value / 1000 : o->value, off = fabs(value - f->message.value);

	return off <= NEAR_ABSOLUTE || off <= NEAR_RELATIVE * fabs(f->message.value);
}

static int compare_value(struct rechecking *r, const struct tick *tick, const struct outcome_of_tick *now,
			 const struct outcome_of_tick *before)
{
	bool near;

	if (!tick->failed || isnan(tick->fact->message.value) || tick->fact->message.kind == MESSAGE_NO_VALUES)
		return 0;
	near = is_near(now, tick->fact) || is_near(before, tick->fact);
	r->out->compared++;
	r->out->near += near;
	return !near && ids_add_all(&r->out->ids, &tick->fact->ids, r->a->arena) < 0 ? error_nomem(r->a->err) : 0;
}

static void count(struct rechecking *r, const struct tick *tick, bool failed, bool same)
{
	r->out->ticks++;
	r->out->agreeing += same;
	r->out->failed += failed;
	if (r->out->stops_at == INSTANT_NONE && (int64_t)r->out->failed >= r->a->r->spec.threshold)
		r->out->stops_at = tick->at;
}

static int recheck_tick(struct rechecking *r, const struct tick *tick)
{
	struct outcome_of_tick now, before;
	bool same;
	int rc;

	/* Prometheus did not answer then: that cannot be done again, and counts as Flagger had it. */
	if (tick->fact->message.kind == MESSAGE_QUERY_FAILED) {
		count(r, tick, true, true);
		return 0;
	}
	rc = tick_at(r, tick->at, &now);
	if (rc == 0)
		rc = tick_at(r, tick->at - QUERY_BEFORE, &before);
	if (rc != 0)
		return rc;
	same = now.failed == tick->failed || before.failed == tick->failed;
	/* Where the second decides it, as Flagger had it. */
	count(r, tick, same ? tick->failed : now.failed, same);
	if (!same && r->out->ids.n == 0 && ids_add_all(&r->out->ids, &tick->fact->ids, r->a->arena) < 0)
		return error_nomem(r->a->err);
	return compare_value(r, tick, &now, &before);
}

static int conclude(struct rechecking *r)
{
	struct flagger_recheck *out = r->out;
	char at[INSTANT_TEXT_MAX];
	const char *values;
	const char *stops = out->stops_at == INSTANT_NONE
				    ? "it never reaches the threshold"
				    : arena_printf(r->a->arena, "it reaches the threshold at %s UTC", instant_clock(at, out->stops_at));

	out->possible = true;
	if (out->ticks == 0) {
		out->text = "No check of Flagger ran";
		return 0;
	}
	out->agrees = out->agreeing == out->ticks && out->near == out->compared;
	/* It reports a value only with a check that failed. */
	values = out->compared == 0
			 ? "it reported no value"
			 : arena_printf(r->a->arena, "%zu of the %zu values that it reported come out alike", out->near, out->compared);
	out->text = arena_printf(r->a->arena,
				 "Done again on the stored samples, Flagger's checks fail at %zu of %zu ticks, and %s; Flagger said the "
				 "same at %zu, and %s",
				 out->failed, out->ticks, stops == NULL ? "" : stops, out->agreeing, values == NULL ? "" : values);
	return out->text == NULL || stops == NULL || values == NULL ? error_nomem(r->a->err) : 0;
}

static int recheck(struct rechecking *r)
{
	int rc = gather_checks(r);

	if (rc == 0)
		gather_ticks(r);
	for (size_t i = 0; i < r->n_ticks && rc == 0; i++)
		rc = recheck_tick(r, &r->ticks[i]);
	if (rc < 0)
		return -1;
	return rc > 0 ? 0 : conclude(r);
}

int assess_recheck(struct assessing *a)
{
	const struct canary_spec *spec = &a->r->spec;
	struct rechecking r = { .a = a, .out = &a->out->flagger.recheck };

	*r.out = (struct flagger_recheck){ .stops_at = INSTANT_NONE, .agrees = -1 };
	if (a->measure == NULL || a->out->series == NULL || a->all.n == 0 || spec->n_metrics == 0) {
		r.out->why_not = spec->n_metrics == 0 ? "the Canary has no metric checks" : "no samples of this canary were kept";
		return 0;
	}
	r.checks = arena_alloc(a->arena, 2 * spec->n_metrics * sizeof *r.checks);
	r.ticks = arena_alloc(a->arena, TICKS_MAX * sizeof *r.ticks);
	if (r.checks == NULL || r.ticks == NULL)
		return error_nomem(a->err);
	return recheck(&r);
}
