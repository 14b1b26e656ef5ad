#include "gonogo/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/criteria.h"
#include "gonogo/decide.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/quantile.h"
#include "gonogo/rollout.h"
#include "gonogo/traffic.h"
#include "words.h"

/* judge.md 3.2: the final test's quantiles towards FAIL and PASS. */
#define Z_FAIL 2.3263
#define Z_PASS 2.2414

/* Beyond a week nobody waits. */
#define SECONDS_MAX (7.0 * 86400)

/* Intervals are advised in whole tens of seconds: Flagger runs none below 10 s. */
#define INTERVAL_GRAIN 10.0

/* A ratio that this history's counts could not tell from an outage. */
#define RATIO_MAX 1000.0

#define CHANGES_MAX 8

const char *plan_state_name(enum plan_state state)
{
	static const char *const names[] = { "suffices", "short", "never", "unknown" };

	return names[state];
}

/* ---- History. */

static double rate_of(const struct baseline *b)
{
	return b->seconds > 0 && b->all_requests > 0 ? (double)b->all_requests / b->seconds : NAN;
}

static bool same_edges(const struct plan_history *h, const struct baseline *b)
{
	return h->n_edges == b->n_edges && memcmp(h->edges, b->edges, h->n_edges * sizeof *h->edges) == 0;
}

static void add_history(struct plan_history *h, const struct baseline *b)
{
	double rate = rate_of(b);

	if (b->requests == 0)
		return;
	if (h->rollouts++ == 0) {
		h->rate = rate;
		h->n_edges = b->n_edges;
		memcpy(h->edges, b->edges, sizeof h->edges);
	}
	h->rate_least = fmin(h->rate_least, rate);
	h->rate_most = fmax(h->rate_most, rate);
	h->requests += b->requests;
	h->failed += b->failed;
	if (!same_edges(h, b))
		return;
	h->timed += b->timed;
	for (size_t e = 0; e < h->n_edges; e++)
		h->slow[e] += b->slow[e];
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* 1, independent outcomes, where no rollout knew better. */
static double median_dispersion(const struct baseline *const *past, size_t n, size_t criterion, double *scratch)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (criterion < past[i]->n_criteria && !isnan(past[i]->dispersion[criterion]))
			scratch[k++] = past[i]->dispersion[criterion];
	if (k == 0)
		return 1;
	qsort(scratch, k, sizeof *scratch, by_value);
	return k % 2 == 1 ? scratch[k / 2] : (scratch[k / 2 - 1] + scratch[k / 2]) / 2;
}

int plan_history_of(struct plan_history *out, const struct baseline *const *past, size_t n, size_t n_criteria, struct arena *arena,
		    struct error *err)
{
	double *dispersion = arena_alloc(arena, n_criteria * sizeof *dispersion);
	double *scratch = arena_alloc(arena, n * sizeof *scratch);

	if (dispersion == NULL || scratch == NULL)
		return error_nomem(err);
	*out = (struct plan_history){
		.rate = NAN, .rate_least = NAN, .rate_most = NAN, .n_criteria = n_criteria, .dispersion = dispersion
	};
	for (size_t i = 0; i < n; i++)
		add_history(out, past[i]);
	for (size_t c = 0; c < n_criteria; c++)
		dispersion[c] = median_dispersion(past, n, c, scratch);
	return 0;
}

/* ---- One criterion. */

struct planning {
	struct plan *plan;
	struct arena *arena;
	struct error *err;
	double highest; /* exposure */
};

static double error_rate(const struct plan_history *h)
{
	return h->requests > 0 ? (double)h->failed / (double)h->requests : NAN;
}

static double share_above(const struct plan_history *h, size_t edge)
{
	return h->timed > 0 ? (double)h->slow[edge] / (double)h->timed : NAN;
}

static int says(const struct planning *p, struct plan_need *need, enum plan_state state, const char *text)
{
	need->state = state;
	need->text = text;
	return text == NULL ? error_nomem(p->err) : 0;
}

/* Requests of both arms so that an arm with that share of them has `own`. */
static double both_arms(double own, double share)
{
	return share > 0 ? own / share : INFINITY;
}

/* A PASS also needs min_requests in either arm. */
static double at_least(const struct planning *p, double requests)
{
	double least = (double)p->plan->criteria->min_requests, w = p->highest;

	return fmax(requests, fmax(both_arms(least, w), w < 1 ? both_arms(least, 1 - w) : 0));
}

/* From what it needs to whether the ladder has it. carried: what would carry the PASS, in words. */
static int settle(const struct planning *p, struct plan_need *need, const char *carried)
{
	const struct plan *plan = p->plan;
	char needs[INSTANT_TEXT_MAX], has[INSTANT_TEXT_MAX];
	double steps = plan->evidence_seconds / plan->interval, warm_up = plan->evidence_seconds - need->has_seconds;

	if (isnan(plan->history->rate))
		return says(p, need, PLAN_UNKNOWN, "the log holds no traffic of this canary yet");
	need->requests = at_least(p, need->requests);
	need->seconds = need->requests / plan->history->rate;
	if (!(need->seconds <= SECONDS_MAX))
		return says(p, need, PLAN_NEVER, arena_printf(p->arena, "no traffic of a week makes it pass (%s)", carried));
	duration_words(needs, (int64_t)ceil(need->seconds) * NS_PER_S);
	duration_words(has, (int64_t)need->has_seconds * NS_PER_S);
	if (need->seconds <= need->has_seconds)
		return says(p, need, PLAN_SUFFICES,
			    arena_printf(p->arena, "%s: needs %s of the %s that the ladder has", carried, needs, has));
	need->interval = ceil((need->seconds + warm_up) / steps / INTERVAL_GRAIN) * INTERVAL_GRAIN;
	return says(p, need, PLAN_SHORT,
		    arena_printf(p->arena, "%s: needs %s at %.3g requests/s, the ladder has %s", carried, needs, plan->history->rate, has));
}

/* The smallest ratio that nine in ten final tests fail with what the ladder has. */
static double detects_from(const struct planning *p, double rate, double dispersion, double requests)
{
	double lo = 1, hi = RATIO_MAX;
	struct traffic_question q = { p->highest, rate, hi, 1, Z_FAIL, dispersion };

	if (!(rate > 0) || traffic_needed(&q) > requests)
		return NAN;
	for (int i = 0; i < 60; i++) {
		q.ratio = sqrt(lo * hi);
		*(traffic_needed(&q) <= requests ? &hi : &lo) = q.ratio;
	}
	return hi;
}

static int plan_ratio(const struct planning *p, struct plan_need *need, double dispersion)
{
	const struct criterion *c = need->criterion;
	double rate = error_rate(p->plan->history), floor_requests = INFINITY;
	struct traffic_question q = { p->highest, rate, 1, c->limit, Z_PASS, dispersion };
	bool by_floor;

	if (isnan(rate))
		return says(p, need, PLAN_UNKNOWN, "the log holds no request of the baseline");
	need->requests = traffic_needed(&q);
	need->detects_from = detects_from(p, rate, dispersion, need->has_seconds * p->plan->history->rate);
	if (c->floor > 0 && rate < c->floor)
		floor_requests = both_arms(traffic_needed_one(rate, c->floor, Z_PASS, dispersion), p->highest);
	by_floor = floor_requests < need->requests;
	need->by = by_floor ? CARRIED_FLOOR : CARRIED_RATIO;
	need->requests = fmin(need->requests, floor_requests);
	if (isinf(need->requests))
		return says(p, need, PLAN_NEVER, "the baseline has no errors, so that there is no ratio, and no floor is set: set `floor`");
	return settle(p, need,
		      by_floor ? arena_printf(p->arena, "a canary surely below the floor of %s", words_percent(c->floor, p->arena))
			       : arena_printf(p->arena, "a ratio surely below %g (baseline %s)", c->limit, words_percent(rate, p->arena)));
}

static int plan_success(const struct planning *p, struct plan_need *need, double dispersion)
{
	double rate = error_rate(p->plan->history), limit = 1 - need->criterion->limit;

	if (isnan(rate))
		return says(p, need, PLAN_UNKNOWN, "the log holds no request of the baseline");
	need->by = CARRIED_ABSOLUTE;
	if (rate >= limit)
		return says(p, need, PLAN_NEVER,
			    arena_printf(p->arena, "the stable version itself fails it: %s of its requests failed",
					 words_percent(rate, p->arena)));
	need->requests = both_arms(traffic_needed_one(rate, limit, Z_PASS, dispersion), p->highest);
	return settle(p, need, arena_printf(p->arena, "success surely above %s", words_percent(need->criterion->limit, p->arena)));
}

/* The largest edge at or below the limit; n_edges: none. */
static size_t edge_below(const struct plan_history *h, double limit)
{
	size_t found = h->n_edges;

	for (size_t e = 0; e < h->n_edges; e++)
		if (h->edges[e] <= limit * (1 + 1e-9))
			found = e;
	return found;
}

static int plan_absolute(const struct planning *p, struct plan_need *need, double limit, double dispersion)
{
	const struct plan_history *h = p->plan->history;
	const struct criterion *c = need->criterion;
	size_t edge = edge_below(h, limit);

	if (edge == h->n_edges)
		return says(p, need, PLAN_NEVER,
			    arena_printf(p->arena, "the histogram has no edge at or below %s", words_latency(limit, p->arena)));
	if (share_above(h, edge) >= 1 - c->quantile)
		return says(p, need, PLAN_NEVER,
			    arena_printf(p->arena, "the stable version itself is slower than the edge at %s",
					 words_latency(h->edges[edge], p->arena)));
	need->requests = both_arms(traffic_needed_one(share_above(h, edge), 1 - c->quantile, Z_PASS, dispersion), p->highest);
	return settle(
		p, need,
		arena_printf(p->arena, "%s surely at or below %s", words_criterion(c, p->arena), words_latency(h->edges[edge], p->arena)));
}

/* The nearest edges around the baseline's quantile of which both tests can be sure: hi for the canary, lo for the baseline. */
static double ratio_requests(const struct planning *p, const struct criterion *c, double dispersion)
{
	const struct plan_history *h = p->plan->history;
	double tail = 1 - c->quantile, best = INFINITY;

	for (size_t lo = 0; lo < h->n_edges; lo++)
		for (size_t hi = lo; hi < h->n_edges; hi++) {
			double below = share_above(h, lo), above = share_above(h, hi), requests;

			if (below <= tail || above >= tail || h->edges[hi] > h->edges[lo] * c->limit)
				continue;
			requests = fmax(both_arms(traffic_needed_one(above, tail, Z_PASS, dispersion), p->highest),
					both_arms(traffic_needed_one(below, tail, Z_PASS, dispersion), 1 - p->highest));
			best = fmin(best, requests);
		}
	return best;
}

static void want_edges(const struct planning *p, const struct histogram *h, const struct criterion *c)
{
	double value = quantile_interpolated(h, c->quantile);
	struct plan *plan = p->plan;

	if (isnan(value) || plan->n_edges > 0)
		return;
	plan->n_edges = quantile_edges(value, c->limit, plan->edges, EDGES_MAX - 2);
	/* One exactly at the absolute limit, in its place (3.3). */
	for (size_t e = 0; e <= plan->n_edges; e++) {
		if (e < plan->n_edges && plan->edges[e] < c->absolute)
			continue;
		if (e < plan->n_edges && plan->edges[e] == c->absolute)
			return;
		memmove(plan->edges + e + 1, plan->edges + e, (plan->n_edges - e) * sizeof *plan->edges);
		plan->edges[e] = c->absolute;
		plan->n_edges++;
		return;
	}
}

static int plan_quantile(const struct planning *p, struct plan_need *need, double dispersion)
{
	const struct plan_history *past = p->plan->history;
	const struct criterion *c = need->criterion;
	struct histogram h = { .edges = past->edges, .n_edges = past->n_edges, .slow = past->slow, .total = past->timed };
	struct bucket bucket;

	if (past->timed == 0 || past->n_edges == 0)
		return says(p, need, PLAN_UNKNOWN, "the log holds no histogram of the baseline");
	bucket = quantile_bucket(&h, c->quantile);
	if (c->kind == CRITERION_QUANTILE_ABSOLUTE)
		return plan_absolute(p, need, c->limit, dispersion);
	if (!quantile_blind(&h, c->quantile, c->limit)) {
		need->by = CARRIED_RATIO;
		need->requests = ratio_requests(p, c, dispersion);
		return settle(p, need,
			      arena_printf(p->arena, "%s surely within %g times the baseline's", words_criterion(c, p->arena), c->limit));
	}
	want_edges(p, &h, c);
	if (c->when_blind == WHEN_BLIND_HOLD)
		return says(p, need, PLAN_NEVER,
			    arena_printf(p->arena,
					 "the baseline's %s lies between the edges %s and %s: a ratio of %g cannot be seen at any traffic",
					 words_criterion(c, p->arena), words_latency(bucket.lo, p->arena),
					 isinf(bucket.hi) ? "infinity" : words_latency(bucket.hi, p->arena), c->limit));
	need->by = CARRIED_SUBSTITUTE;
	return plan_absolute(p, need, c->absolute, dispersion);
}

static int plan_one(const struct planning *p, struct plan_need *need, const struct criterion *c, double dispersion)
{
	bool latency = c->kind == CRITERION_QUANTILE_RATIO || c->kind == CRITERION_QUANTILE_ABSOLUTE;
	double warm_up = (double)p->plan->criteria->warm_up / (double)NS_PER_S,
	       before = p->plan->ladder_seconds - p->plan->evidence_seconds;

	*need = (struct plan_need){ .criterion = c, .requests = NAN, .seconds = NAN, .interval = NAN, .detects_from = NAN };
	need->has_seconds = p->plan->evidence_seconds - (latency ? fmax(0, warm_up - before) : 0);
	need->has_seconds = fmax(need->has_seconds, 0);
	switch (c->kind) {
	case CRITERION_ERROR_RATIO:
		return plan_ratio(p, need, dispersion);
	case CRITERION_SUCCESS_RATE:
		return plan_success(p, need, dispersion);
	case CRITERION_POINT:
		return says(p, need, PLAN_UNKNOWN, "a metric's own value, which no statistics are made of");
	default:
		return plan_quantile(p, need, dispersion);
	}
}

/* ---- What to change. */

static int add_change(const struct planning *p, struct plan_change change)
{
	struct plan *plan = p->plan;

	if (change.to == NULL || change.why == NULL)
		return error_nomem(p->err);
	if (plan->n_changes < CHANGES_MAX)
		plan->changes[plan->n_changes++] = change;
	return 0;
}

static const char *edge_list(const struct planning *p)
{
	const char *text = "";

	for (size_t e = 0; e < p->plan->n_edges && text != NULL; e++)
		text = arena_printf(p->arena, "%s%s%.4g", text, e == 0 ? "" : ",", p->plan->edges[e]);
	return text;
}

static int change_edges(const struct planning *p)
{
	return p->plan->n_edges == 0
		       ? 0
		       : add_change(p, (struct plan_change){ "Traefik", "--metrics.prometheus.buckets", NULL, edge_list(p),
							     "with edges this close a quantile's ratio can be told (and one stands at the "
							     "absolute limit)" });
}

static int change_interval(const struct planning *p)
{
	const struct plan *plan = p->plan;
	double deadline = (double)plan->criteria->deadline / (double)NS_PER_S, ladder = plan->interval_needed * (double)plan->n_steps;

	if (isnan(plan->interval_needed))
		return 0;
	if (add_change(p, (struct plan_change){ "Canary", "spec.analysis.interval", arena_printf(p->arena, "%.0fs", plan->interval),
						arena_printf(p->arena, "%.0fs", plan->interval_needed),
						"then every criterion that time can decide is decided on this ladder" }) < 0)
		return -1;
	if (ladder <= deadline)
		return 0;
	if (add_change(p, (struct plan_change){ "criteria.yaml", "blast.deadline", arena_printf(p->arena, "%.0fs", deadline),
						arena_printf(p->arena, "%.0fs", ceil(ladder / 60) * 60),
						"the longer ladder goes beyond it; or instead:" }) < 0)
		return -1;
	return add_change(
		p, (struct plan_change){ "traffic", "requests/s", arena_printf(p->arena, "%.0f", plan->history->rate),
					 arena_printf(p->arena, "%.0f", ceil(plan->history->rate * plan->interval_needed / plan->interval)),
					 "the ladder as it is would do with that much (a load generator on both versions)" });
}

static int find_changes(const struct planning *p)
{
	struct plan *plan = p->plan;

	plan->suffices = true;
	for (size_t i = 0; i < plan->n_needs; i++) {
		const struct plan_need *need = &plan->needs[i];

		if (need->criterion->informational)
			continue;
		plan->suffices = plan->suffices && need->state == PLAN_SUFFICES;
		if (!isnan(need->interval) && !(need->interval <= plan->interval_needed))
			plan->interval_needed = need->interval;
		if (need->criterion->kind == CRITERION_ERROR_RATIO && need->state == PLAN_NEVER &&
		    add_change(p, (struct plan_change){ "criteria.yaml", arena_printf(p->arena, "criteria.%s.floor", need->criterion->name),
							"0", "0.005", "a canary surely below it passes without a ratio" }) < 0)
			return -1;
	}
	return change_edges(p) < 0 ? -1 : change_interval(p);
}

/* ---- The whole. */

static void measure_ladder(struct planning *p)
{
	struct plan *plan = p->plan;
	size_t n = 0;

	p->highest = plan->n_steps == 0 ? NAN : plan->exposures[plan->n_steps - 1];
	/* All traffic on the canary leaves none for the baseline: as a blue/green has it, where both arms are asked alike. */
	if (p->highest >= 1)
		p->highest = 0.5;
	plan->evidence_weight = fmin(plan->criteria->min_weight, 0.6 * p->highest);
	for (size_t i = 0; i < plan->n_steps; i++)
		n += plan->exposures[i] + 1e-9 >= plan->evidence_weight;
	plan->ladder_seconds = plan->interval * (double)plan->n_steps;
	plan->evidence_seconds = plan->interval * (double)n;
}

int plan_make(struct plan *out, const struct canary_spec *spec, const double *exposures, size_t n_steps, const struct criteria *criteria,
	      const struct plan_history *history, struct arena *arena, struct error *err)
{
	struct planning p = { .plan = out, .arena = arena, .err = err };

	if (n_steps == 0 || spec->interval <= 0)
		return error_code(err, ERR_NOT_FOUND, "%s/%s: has no ladder (no weights, no iterations, or no interval)", spec->namespace_,
				  spec->name);
	*out = (struct plan){ .spec = spec,
			      .criteria = criteria,
			      .history = history,
			      .n_steps = n_steps,
			      .exposures = exposures,
			      .interval = (double)spec->interval / (double)NS_PER_S,
			      .interval_needed = NAN,
			      .n_needs = criteria->n };
	out->needs = arena_alloc(arena, criteria->n * sizeof *out->needs);
	out->changes = arena_alloc(arena, CHANGES_MAX * sizeof *out->changes);
	if (out->needs == NULL || out->changes == NULL)
		return error_nomem(err);
	measure_ladder(&p);
	for (size_t i = 0; i < criteria->n; i++)
		if (plan_one(&p, &out->needs[i], &criteria->v[i], i < history->n_criteria ? history->dispersion[i] : 1) < 0)
			return -1;
	return find_changes(&p);
}
