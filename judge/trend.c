/* What charts are drawn from: a criterion's value in a short window ending at each scrape, as counts give it. */
#include <math.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/interval.h"

/* Points before and after the analysis, for what was normal. */
#define MARGIN (60 * NS_PER_S)
/* More would be finer than paper. */
#define POINTS_MAX 400

struct sums {
	int64_t n[ARMS], k[ARMS];
};

static struct sums sum_window(const struct strata *strata, int64_t from, int64_t to)
{
	struct sums s = { { 0, 0 }, { 0, 0 } };

	for (size_t i = 0; i < strata->n; i++) {
		const struct stratum *v = &strata->v[i];

		if (v->from < from || v->to > to || (v->flags & STRATUM_REJECTED) != 0)
			continue;
		for (int arm = 0; arm < ARMS; arm++) {
			s.n[arm] += v->n[arm];
			s.k[arm] += v->k[arm];
		}
	}
	return s;
}

static void rate_point(struct trend_point *p, const struct criterion *c, const struct sums *s)
{
	bool success = c->kind == CRITERION_SUCCESS_RATE;
	int64_t k = success ? s->n[ARM_CANARY] - s->k[ARM_CANARY] : s->k[ARM_CANARY];

	if (s->n[ARM_BASELINE] > 0) {
		p->baseline = (double)s->k[ARM_BASELINE] / (double)s->n[ARM_BASELINE];
		p->baseline = success ? 1 - p->baseline : p->baseline;
	}
	p->limit = success ? c->limit : p->baseline * c->limit;
	if (s->n[ARM_CANARY] > 0) {
		struct interval band = interval_wilson(k, s->n[ARM_CANARY], 0.95);

		p->canary = (double)k / (double)s->n[ARM_CANARY];
		p->canary_lo = band.lo;
		p->canary_hi = band.hi;
	}
}

static int quantile_point(struct assessing *a, struct trend_point *p, const struct criterion *c, int64_t from)
{
	struct decide_input input = a->input;
	struct point_reading reading;

	input.strata = assess_view(a, c)->all;
	input.at = p->at;
	if (decide_reading(&reading, &input, c, from, p->at, a->err) < 0)
		return -1;
	p->canary = reading.value;
	p->baseline = reading.baseline;
	p->limit = reading.limit;
	return 0;
}

static int make_trend(struct assessing *a, struct trend *out, const struct criterion *c)
{
	const struct strata *all = assess_view(a, c)->all;
	int64_t step = a->r->spec.interval, scrape = all->scrape_interval;
	int64_t window = step > 3 * scrape ? step : 3 * scrape;
	int64_t end = a->input.window_to == INSTANT_NONE ? a->input.at : a->input.window_to;
	bool relative = c->kind == CRITERION_ERROR_RATIO || c->kind == CRITERION_QUANTILE_RATIO;

	out->criterion = c;
	out->window_seconds = (double)window / 1e9;
	out->points = arena_alloc(a->arena, POINTS_MAX * sizeof *out->points);
	if (out->points == NULL)
		return error_nomem(a->err);
	for (size_t i = 0; i < all->n && out->n < POINTS_MAX; i++) {
		int64_t at = all->v[i].to;
		struct trend_point *p = &out->points[out->n];
		struct sums s;

		if (at < a->input.window_from - MARGIN || at > end + MARGIN / 2)
			continue;
		*p = (struct trend_point){ at, NAN, NAN, NAN, NAN, NAN };
		s = sum_window(all, at - window, at);
		if (c->kind == CRITERION_ERROR_RATIO || c->kind == CRITERION_SUCCESS_RATE)
			rate_point(p, c, &s);
		else if (quantile_point(a, p, c, at - window) < 0)
			return -1;
		if (relative && assess_view(a, c)->input.baseline_ill != NULL)
			p->limit = NAN;
		/* Before the first step the canary has no exposure, and after the last its rest is no evidence. */
		if (at <= a->input.window_from || at > end + scrape)
			p->canary = p->canary_lo = p->canary_hi = NAN;
		/* Once the primary's template is replaced it runs the new version too, and is no baseline any more. */
		if (a->r->copying_at != INSTANT_NONE && at > a->r->copying_at) {
			p->baseline = NAN;
			p->limit = relative ? NAN : p->limit;
		}
		out->n++;
	}
	return 0;
}

int assess_trends(struct assessing *a)
{
	struct assessment *out = a->out;

	if (!a->judged || a->all.scrape_interval <= 0)
		return 0;
	out->trends = arena_alloc(a->arena, a->criteria->n * sizeof *out->trends);
	if (out->trends == NULL)
		return error_nomem(a->err);
	for (size_t i = 0; i < a->criteria->n; i++)
		if (a->criteria->v[i].kind != CRITERION_POINT && make_trend(a, &out->trends[out->n_trends++], &a->criteria->v[i]) < 0)
			return -1;
	return 0;
}
