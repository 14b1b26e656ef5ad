#include "package-charts.h"

#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/instant.h"

#define NBSP "\xC2\xA0"
/* A line ends where more than this many scrapes are missing. */
#define HOLE_SCRAPES 2.5

const char *package_criterion(struct doc *d, const struct criterion *c)
{
	if (strcmp(c->name, "error-rate") == 0)
		return "Error rate";
	if (strcmp(c->name, "success-rate") == 0)
		return "Success rate";
	if (c->kind == CRITERION_QUANTILE_RATIO || c->kind == CRITERION_QUANTILE_ABSOLUTE)
		return doc_printf(d, "p%g latency", c->quantile * 100);
	return doc_clean(d, c->name);
}

const char *package_weight(struct doc *d, double per_cent)
{
	bool whole = fabs(per_cent - round(per_cent)) < 0.05;

	return doc_printf(d, whole ? "%.0f" NBSP "%%" : "%.1f" NBSP "%%", per_cent);
}

static bool is_rate(const struct criterion *c)
{
	return c->kind == CRITERION_ERROR_RATIO || c->kind == CRITERION_SUCCESS_RATE;
}

/* "1.27 %", "221 ms". value in the axis' unit. */
static const char *value_text(struct doc *d, const struct criterion *c, double value)
{
	if (is_rate(c))
		return doc_printf(d, "%.2f" NBSP "%%", value);
	return value < 1000 ? doc_printf(d, "%.0f" NBSP "ms", value) : doc_printf(d, "%.2f" NBSP "s", value / 1000);
}

/* What was judged in place of a quantile that the buckets cannot show; NaN: nothing had to be. */
static double substitute_of(const struct assessment *a, const struct criterion *c)
{
	for (size_t i = 0; i < a->n_results; i++)
		if (a->results[i].criterion == c && a->results[i].substituted)
			return a->results[i].substitute_edge;
	return NAN;
}

static void copy_points(struct doc *d, struct chart *chart, const struct trend *t, double substitute)
{
	double scale = is_rate(t->criterion) ? 100 : 1000;
	struct chart_point *points = arena_alloc(d->arena, (t->n + 1) * sizeof *points);

	if (points == NULL) {
		d->failed = true;
		return;
	}
	for (size_t i = 0; i < t->n; i++) {
		const struct trend_point *p = &t->points[i];

		points[i] = (struct chart_point){ p->at,
						  p->canary * scale,
						  p->canary_lo * scale,
						  p->canary_hi * scale,
						  p->baseline * scale,
						  (isnan(substitute) ? p->limit : substitute) * scale };
	}
	chart->points = points;
	chart->n_points = t->n;
}

static const char *limit_label(struct doc *d, const struct criterion *c, double value, bool substituted)
{
	if (substituted)
		return doc_printf(d, "limit %s", value_text(d, c, value));
	if (c->kind == CRITERION_ERROR_RATIO)
		return doc_printf(d, "limit %g × baseline", c->limit);
	if (c->kind == CRITERION_QUANTILE_RATIO)
		return doc_printf(d, "limit +%.0f" NBSP "%%", (c->limit - 1) * 100);
	return doc_printf(d, "limit %s", value_text(d, c, value));
}

/* The last values that there are, as labels and in the alternative text. */
static void put_labels(struct doc *d, struct chart *chart, const struct trend *t, bool substituted)
{
	double canary = NAN, baseline = NAN, limit = NAN;
	char from[INSTANT_TEXT_MAX], to[INSTANT_TEXT_MAX];

	for (size_t i = 0; i < chart->n_points; i++) {
		canary = isnan(chart->points[i].canary) ? canary : chart->points[i].canary;
		baseline = isnan(chart->points[i].baseline) ? baseline : chart->points[i].baseline;
		limit = isnan(chart->points[i].limit) ? limit : chart->points[i].limit;
	}
	if (!isnan(canary))
		chart->canary_label = doc_printf(d, "canary %s", value_text(d, t->criterion, canary));
	if (!isnan(baseline))
		chart->baseline_label = doc_printf(d, "baseline %s", value_text(d, t->criterion, baseline));
	if (!isnan(limit))
		chart->limit_label = limit_label(d, t->criterion, limit, substituted);
	chart->alt = doc_printf(d, "%s from %s to %s UTC; at the end: %s, %s, %s%s.", chart->title, instant_clock(from, chart->time->from),
				instant_clock(to, chart->time->to),
				chart->canary_label == NULL ? "canary without values" : chart->canary_label,
				chart->baseline_label == NULL ? "no baseline" : chart->baseline_label,
				chart->limit_label == NULL ? "no limit" : chart->limit_label,
				isnan(limit) ? "" : doc_printf(d, " (%s)", value_text(d, t->criterion, limit)));
}

static struct chart make_chart(struct doc *d, const struct assessment *a, const struct trend *t, const struct chart_time *time)
{
	const struct criterion *c = t->criterion;
	double substitute = substitute_of(a, c);
	char window[INSTANT_TEXT_MAX];
	struct chart chart = { .name = c->name,
			       .title = package_criterion(d, c),
			       .time = time,
			       .lower_is_worse = c->kind == CRITERION_SUCCESS_RATE,
			       .from_zero = c->kind != CRITERION_SUCCESS_RATE,
			       .top = is_rate(c) ? 100 : NAN,
			       .unit = is_rate(c) ? NBSP "%" : NBSP "ms" };

	(void)duration_words(window, (int64_t)(t->window_seconds * 1e9));
	if (is_rate(c))
		chart.definition = doc_printf(d, "%% of requests that %s, over %s; band = 95" NBSP "%% interval",
					      c->kind == CRITERION_ERROR_RATIO ? "failed" : "succeeded", window);
	else
		chart.definition = doc_printf(d, "ms, %.0fth percentile of request duration, over %s", c->quantile * 100, window);
	if (!isnan(a->provenance.scrape_interval))
		chart.hole = (int64_t)(HOLE_SCRAPES * a->provenance.scrape_interval * 1e9);
	if (!isnan(substitute))
		chart.definition = doc_printf(d, "%s; interpolated within a bucket", chart.definition);
	copy_points(d, &chart, t, substitute);
	put_labels(d, &chart, t, !isnan(substitute));
	return chart;
}

/* ---- What the charts share. */

static void put_range(struct chart_time *time, const struct assessment *a)
{
	for (size_t i = 0; i < a->n_trends; i++) {
		const struct trend *t = &a->trends[i];

		if (t->n == 0)
			continue;
		if (time->from == 0 || t->points[0].at < time->from)
			time->from = t->points[0].at;
		if (t->points[t->n - 1].at > time->to)
			time->to = t->points[t->n - 1].at;
	}
	if (time->to == 0)
		return;
	/* What happened when there were no samples any more belongs on the axis too. */
	for (size_t i = 0; i < a->n_gaps; i++)
		if (strcmp(a->gaps[i].gap.source, "prometheus") == 0 && !a->gaps[i].gap.backfilled && a->gaps[i].gap.to > time->to)
			time->to = a->gaps[i].gap.to;
	if (a->rollout->ended_at != INSTANT_NONE && a->rollout->ended_at > time->to)
		time->to = a->rollout->ended_at;
	if (a->silence.from != INSTANT_NONE && a->silence.to > time->to)
		time->to = a->silence.to;
}

static void put_steps(struct doc *d, struct chart_time *time, const struct assessment *a)
{
	struct chart_step *steps = arena_alloc(d->arena, (a->n_steps + 1) * sizeof *steps);
	bool weighted = a->rollout->spec.strategy == STRATEGY_CANARY && a->rollout->spec.iterations == 0;

	if (steps == NULL) {
		d->failed = true;
		return;
	}
	for (size_t i = 0; i < a->n_steps; i++) {
		const struct step *s = a->steps[i].step;

		steps[i] = (struct chart_step){ s->from, s->to, weighted ? s->exposure : -1, package_weight(d, s->exposure * 100) };
	}
	time->steps = steps;
	time->n_steps = a->n_steps;
	time->steps_title = "exposure";
}

static void put_gaps(struct doc *d, struct chart_time *time, const struct assessment *a)
{
	struct chart_gap *gaps = arena_alloc(d->arena, (a->n_gaps + 1) * sizeof *gaps);

	if (gaps == NULL) {
		d->failed = true;
		return;
	}
	for (size_t i = 0; i < a->n_gaps; i++)
		if (strcmp(a->gaps[i].gap.source, "prometheus") == 0 && !a->gaps[i].gap.backfilled)
			gaps[time->n_gaps++] = (struct chart_gap){ a->gaps[i].gap.from, a->gaps[i].gap.to, a->gaps[i].id };
	time->gaps = gaps;
}

static const char *id_text(struct doc *d, evidence_id id)
{
	struct buf name;
	const char *copy;

	buf_init(&name, 64);
	evidence_id_print(&name, id);
	copy = name.data == NULL ? NULL : doc_printf(d, "%s", name.data);
	buf_free(&name);
	return copy;
}

/* Lines through the plot: decisions, rollback, failed checks and crossings (report-design.md 7's ranks). */
static bool is_turning_point(int rank)
{
	return rank == 0 || rank == 1 || rank == 4 || rank == 5;
}

static void put_events(struct doc *d, struct chart_time *time, const struct assessment *a)
{
	struct chart_event *events = arena_alloc(d->arena, (a->n_timeline + 1) * sizeof *events);

	if (events == NULL) {
		d->failed = true;
		return;
	}
	for (size_t i = 0; i < a->n_timeline; i++) {
		const struct timeline_row *row = &a->timeline[i];

		if (row->ids.n > 0 && row->gap == NULL && row->at >= time->from && row->at <= time->to)
			events[time->n_events++] = (struct chart_event){ row->at, id_text(d, row->ids.id[0]), row->rank,
									 is_turning_point(row->rank) };
	}
	time->events = events;
}

static void put_checks(struct doc *d, struct chart_time *time, const struct assessment *a)
{
	struct chart_check *checks = arena_alloc(d->arena, (a->flagger.n_checks + 1) * sizeof *checks);

	if (checks == NULL) {
		d->failed = true;
		return;
	}
	for (size_t i = 0; i < a->flagger.n_checks; i++) {
		const struct flagger_check *c = &a->flagger.checks[i];

		checks[time->n_checks++] = (struct chart_check){ c->at, strcmp(c->state, "failed") == 0 ? CHART_FAIL : CHART_OPEN };
	}
	time->checks = checks;
	if (a->flagger.threshold > 0)
		time->checks_note = doc_printf(d, "%lld failed = rollback", (long long)a->flagger.threshold);
}

void package_charts(struct doc *d, const struct assessment *a)
{
	struct chart_time *time = arena_alloc(d->arena, sizeof *time);
	struct chart *charts = arena_alloc(d->arena, (a->n_trends + 1) * sizeof *charts);

	if (time == NULL || charts == NULL) {
		d->failed = true;
		return;
	}
	*time = (struct chart_time){ 0 };
	put_range(time, a);
	if (time->to <= time->from)
		return;
	put_steps(d, time, a);
	put_gaps(d, time, a);
	put_events(d, time, a);
	put_checks(d, time, a);
	for (size_t i = 0; i < a->n_trends; i++)
		if (a->trends[i].n > 0)
			charts[d->n_charts++] = make_chart(d, a, &a->trends[i], time);
	d->charts = charts;
	/* The criterion that failed first among the results decides. */
	for (size_t r = 0; r < a->n_results && d->deciding == NULL && d->verdict == DOC_NO_GO; r++)
		for (size_t i = 0; i < d->n_charts; i++)
			if (a->results[r].state == CRITERION_FAIL && strcmp(charts[i].name, a->results[r].criterion->name) == 0)
				d->deciding = d->deciding == NULL ? &charts[i] : d->deciding;
}
