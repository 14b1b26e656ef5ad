/* Cases for `promtool test rules` from the rollout's own samples: each rule must fire at its worst moment, if that was plainly beyond the limit,
 * and be silent at its best, if that was plainly within. What lies between is no case: promtool extrapolates, and this does not. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/output.h"
#include "gonogo/measure.h"
#include "gonogo/quantile.h"
#include "gonogo/rollout.h"
#include "gonogo/series.h"
#include "gonogo/strata.h"
#include "rules.h"

#define PLAINLY_BEYOND 1.5
#define PLAINLY_WITHIN 0.67

/* Slots of one scrape each: a day at 15 s. */
#define SLOTS_MAX 6000

/* Requests in a window below which a moment proves nothing. */
#define REQUESTS_MIN 20

struct grid {
	const struct assessment *a;
	int arm;
	int64_t start, step; /* ns; step whole seconds */
	int64_t slots;
	int64_t window; /* slots */
	const struct criterion *criterion;
	const struct sight *sight;
	double limit;
};

/* One moment: how far the value is, in limits; NaN: nothing to tell. */
struct moment {
	int64_t slot;
	double share;
};

static int arm_of(const struct grid *g, const struct series *s)
{
	return g->sight->arms[s - g->a->series->v];
}

static bool is_wanted(const struct grid *g, const struct series *s)
{
	bool quantile = g->criterion->kind == CRITERION_QUANTILE_RATIO || g->criterion->kind == CRITERION_QUANTILE_ABSOLUTE;

	return !s->native && s->n > 0 && s->name != NULL &&
	       strcmp(s->name, quantile ? g->sight->measure->buckets : g->sight->measure->requests) == 0 && arm_of(g, s) == g->arm;
}

/* -1: before the grid. */
static int64_t slot_of(const struct grid *g, int64_t at)
{
	return at < g->start - g->step / 2 ? -1 : (at - g->start + g->step / 2) / g->step;
}

/* Without extrapolation, resets counted as rate() counts them. */
static double increase(const struct grid *g, const struct series *s, int64_t slot)
{
	double sum = 0, last = NAN;

	for (size_t i = 0; i < s->n; i++) {
		int64_t k = slot_of(g, s->samples[i].at);

		if (k < 0 || k <= slot - g->window || k > slot)
			continue;
		if (!isnan(last))
			sum += s->samples[i].value < last ? s->samples[i].value : s->samples[i].value - last;
		last = s->samples[i].value;
	}
	return sum;
}

/* ---- Values. */

static bool is_error(const struct grid *g, const struct series *s)
{
	return measure_is_error(g->sight->measure, g->sight->n_error_classes, g->sight->error_classes, s);
}

static double rate_share(const struct grid *g, int64_t slot)
{
	double all = 0, failed = 0;

	for (size_t i = 0; i < g->a->series->n; i++) {
		const struct series *s = &g->a->series->v[i];
		double n = is_wanted(g, s) ? increase(g, s, slot) : 0;

		all += n;
		failed += is_error(g, s) ? n : 0;
	}
	if (all < REQUESTS_MIN)
		return NAN;
	return failed / all / (g->criterion->kind == CRITERION_SUCCESS_RATE ? 1 - g->criterion->limit : g->limit);
}

static int by_edge(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return x[0] < y[0] ? -1 : x[0] > y[0];
}

/* Cumulative counts by upper edge, as histogram_quantile() has them. */
static size_t edges_of(const struct grid *g, int64_t slot, double edges[EDGES_MAX + 1][2])
{
	size_t n = 0;

	for (size_t i = 0; i < g->a->series->n; i++) {
		const struct series *s = &g->a->series->v[i];
		const char *le = is_wanted(g, s) ? series_label(s, "le") : NULL;
		double edge = le == NULL ? NAN : strcmp(le, "+Inf") == 0 ? INFINITY : strtod(le, NULL);
		size_t k = 0;

		if (isnan(edge))
			continue;
		while (k < n && edges[k][0] != edge)
			k++;
		if (k == n && n == EDGES_MAX + 1)
			return 0;
		if (k == n)
			edges[n++][1] = 0;
		edges[k][0] = edge;
		edges[k][1] += increase(g, s, slot);
	}
	qsort(edges, n, sizeof edges[0], by_edge);
	return n;
}

static double quantile_share(const struct grid *g, int64_t slot)
{
	double edges[EDGES_MAX + 1][2], finite[EDGES_MAX + 1];
	int64_t slow[EDGES_MAX + 1];
	size_t n = edges_of(g, slot, edges);
	struct histogram h = { .edges = finite, .slow = slow };

	if (n < 2 || !isinf(edges[n - 1][0]) || edges[n - 1][1] < REQUESTS_MIN)
		return NAN;
	h.total = llround(edges[n - 1][1]);
	for (size_t i = 0; i + 1 < n; i++) {
		finite[i] = edges[i][0];
		slow[i] = h.total - llround(edges[i][1]);
	}
	h.n_edges = n - 1;
	return quantile_interpolated(&h, g->criterion->quantile) * g->sight->measure->unit / g->limit;
}

static double share_at(const struct grid *g, int64_t slot)
{
	bool rate = g->criterion->kind == CRITERION_ERROR_RATIO || g->criterion->kind == CRITERION_SUCCESS_RATE;

	return rate ? rate_share(g, slot) : quantile_share(g, slot);
}

static void find_moments(const struct grid *g, struct moment *worst, struct moment *best)
{
	*worst = *best = (struct moment){ 0, NAN };
	for (int64_t slot = 1; slot < g->slots; slot++) {
		struct moment m = { slot, share_at(g, slot) };

		if (isnan(m.share))
			continue;
		if (isnan(worst->share) || m.share > worst->share)
			*worst = m;
		if (isnan(best->share) || m.share < best->share)
			*best = m;
	}
}

/* ---- Writing. */

static void put_series_name(struct buf *out, const struct series *s)
{
	struct buf name;

	buf_init(&name, 65536);
	buf_printf(&name, "%s{", s->name);
	for (size_t i = 0; i < s->n_labels; i++) {
		buf_printf(&name, "%s%s=", i == 0 ? "" : ", ", s->labels[i].name);
		rules_quote(&name, s->labels[i].value, false);
	}
	buf_putc(&name, '}');
	rules_quote(out, name.data, false);
	if (name.failed)
		out->failed = true;
	buf_free(&name);
}

static void put_series(struct buf *out, const struct grid *g, const struct series *s)
{
	size_t i = 0;

	buf_puts(out, "  - series: ");
	put_series_name(out, s);
	buf_puts(out, "\n    values: \"");
	for (int64_t slot = 0; slot < g->slots; slot++) {
		double value = NAN;

		for (; i < s->n && slot_of(g, s->samples[i].at) <= slot; i++)
			value = slot_of(g, s->samples[i].at) == slot ? s->samples[i].value : value;
		if (isfinite(value))
			buf_printf(out, "%s%.17g", slot == 0 ? "" : " ", value);
		else
			buf_puts(out, slot == 0 ? "_" : " _");
	}
	buf_puts(out, "\"\n");
}

static void put_case(struct buf *out, const struct grid *g, const struct condition *c, const struct moment *m, bool fires)
{
	char name[RULE_NAME_MAX];

	buf_printf(out, "  - eval_time: %" PRId64 "s\n    alertname: %s\n", m->slot * (g->step / NS_PER_S), rules_name(name, c));
	if (!fires) {
		buf_puts(out, "    exp_alerts: []\n");
		return;
	}
	buf_puts(out, "    exp_alerts:\n    - exp_labels:\n");
	rules_labels(out, g->a, c, 8);
	buf_puts(out, "      exp_annotations:\n");
	rules_annotations(out, c, 8);
}

static void put_test(struct buf *out, const struct grid *g, const struct condition *c, size_t *n)
{
	struct moment worst, best;
	bool beyond, within;

	find_moments(g, &worst, &best);
	beyond = worst.share >= PLAINLY_BEYOND;
	within = best.share <= PLAINLY_WITHIN;
	if (!beyond && !within)
		return;
	buf_puts(out, (*n)++ == 0 ? "tests:\n- name: " : "- name: ");
	rules_quote(out, c->id, false);
	buf_printf(out, "\n  interval: %" PRId64 "s\n  input_series:\n", g->step / NS_PER_S);
	for (size_t i = 0; i < g->a->series->n; i++)
		if (is_wanted(g, &g->a->series->v[i]))
			put_series(out, g, &g->a->series->v[i]);
	buf_puts(out, "  alert_rule_test:\n");
	if (beyond)
		put_case(out, g, c, &worst, true);
	if (within)
		put_case(out, g, c, &best, false);
}

/* ---- The grid. */

static void stretch(struct grid *g)
{
	int64_t last = INSTANT_NONE;

	g->start = INSTANT_NONE;
	for (size_t i = 0; i < g->a->series->n; i++) {
		const struct series *s = &g->a->series->v[i];

		if (!is_wanted(g, s))
			continue;
		g->start = g->start == INSTANT_NONE || s->samples[0].at < g->start ? s->samples[0].at : g->start;
		last = s->samples[s->n - 1].at > last ? s->samples[s->n - 1].at : last;
	}
	/* What the canary's series hold from before the start is the rollout before this one. */
	if (g->start != INSTANT_NONE && g->arm == ARM_CANARY && g->start < g->a->rollout->started_at)
		g->start = g->a->rollout->started_at;
	g->slots = g->start == INSTANT_NONE || last < g->start ? 0 : (last - g->start) / g->step + 2;
	if (g->slots > SLOTS_MAX) {
		g->start = last - (SLOTS_MAX - 2) * g->step;
		g->slots = SLOTS_MAX;
	}
}

static bool make_grid(struct grid *g, const struct assessment *a, const struct condition *c)
{
	double scrape = a->provenance.scrape_interval;

	*g = (struct grid){ .a = a, .limit = c->limit };
	g->criterion = criteria_find(a->criteria, c->rule);
	g->arm = strcmp(c->scope, "during") == 0 ? ARM_CANARY : ARM_BASELINE;
	if (c->query == NULL || g->criterion == NULL || a->sights == NULL || a->series == NULL || isnan(scrape) ||
	    g->criterion->kind == CRITERION_POINT)
		return false;
	g->sight = &a->sights[g->criterion - a->criteria->v];
	g->step = llround(scrape) * NS_PER_S;
	if (g->step < NS_PER_S)
		g->step = NS_PER_S;
	g->window = (int64_t)(c->window_seconds * 1e9) / g->step;
	stretch(g);
	return g->slots > 2;
}

int rules_test_render(struct buf *out, const struct package *package, struct error *err)
{
	const struct assessment *a = package->assessment;
	struct grid g = { .step = NS_PER_S };
	struct buf tests;
	size_t n = 0;
	int rc;

	buf_init(&tests, out->max);
	for (size_t i = 0; i < a->n_conditions; i++)
		if (make_grid(&g, a, &a->conditions[i]))
			put_test(&tests, &g, &a->conditions[i], &n);
	buf_puts(out, "# promtool test rules rollback-rules.test.yaml: the rules on this rollout's own samples, at each one's worst and "
		      "best moment\n");
	buf_printf(out, "rule_files:\n- rollback-rules.yaml\nevaluation_interval: %" PRId64 "s\n",
		   (g.step > 0 ? g.step : NS_PER_S) / NS_PER_S);
	if (n == 0)
		buf_puts(out, "tests: []\n");
	else
		buf_append(out, tests.data, tests.len);
	rc = buf_check(&tests, "rollback-rules.test.yaml", err);
	buf_free(&tests);
	return rc < 0 ? -1 : buf_check(out, "rollback-rules.test.yaml", err);
}
