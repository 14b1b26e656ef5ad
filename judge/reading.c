/* Readings: point values over a window, as a person would read them off a graph. */
#include <math.h>

#include "gonogo/decide.h"
#include "gonogo/error.h"
#include "gonogo/interval.h"
#include "gonogo/quantile.h"

struct counts {
	int64_t n[ARMS], k[ARMS];
	int64_t total[ARMS], slow[ARMS][EDGES_MAX]; /* of intervals with a histogram */
	int64_t from, to;
	double seconds;
	bool partial, any;
};

static void add_histogram(struct counts *c, const struct strata *strata, const struct stratum *s, int arm)
{
	c->total[arm] += strata->n_edges > 0 && s->slow[arm][0] > s->n[arm] ? s->slow[arm][0] : s->n[arm];
	for (size_t e = 0; e < strata->n_edges; e++)
		c->slow[arm][e] += s->slow[arm][e];
}

/* Intervals that lie wholly in (from, to]; those across a change belong to no reading (4.1). */
static void count_between(struct counts *c, const struct strata *strata, int64_t from, int64_t to)
{
	*c = (struct counts){ .from = INSTANT_NONE, .to = INSTANT_NONE };
	for (size_t i = 0; i < strata->n; i++) {
		const struct stratum *s = &strata->v[i];

		if (s->from < from || s->to > to || s->flags & STRATUM_REJECTED)
			continue;
		if (!c->any)
			c->from = s->from;
		c->to = s->to;
		c->any = true;
		c->partial |= (s->flags & STRATUM_PARTIAL) != 0;
		c->seconds += (double)(s->to - s->from) / (double)NS_PER_S;
		for (int arm = 0; arm < ARMS; arm++) {
			c->n[arm] += s->n[arm];
			c->k[arm] += s->k[arm];
			if (s->slow[arm])
				add_histogram(c, strata, s, arm);
		}
	}
}

static void not_evaluable(struct point_reading *out, const char *reason)
{
	out->state = READING_NOT_EVALUABLE;
	out->reason = reason;
}

static double rate(const struct counts *c, int arm)
{
	return c->n[arm] > 0 ? (double)c->k[arm] / (double)c->n[arm] : NAN;
}

static void read_rate(struct point_reading *out, const struct counts *c, const struct criterion *criterion, bool relative)
{
	struct interval i = interval_wilson(c->k[ARM_CANARY], c->n[ARM_CANARY], 0.95);

	for (int arm = 0; arm < ARMS; arm++)
		out->events[arm] = c->k[arm];
	out->value = relative ? rate(c, ARM_CANARY) : 1 - rate(c, ARM_CANARY);
	out->baseline = relative ? rate(c, ARM_BASELINE) : 1 - rate(c, ARM_BASELINE);
	if (c->n[ARM_CANARY] > 0) {
		out->value_lo = relative ? i.lo : 1 - i.hi;
		out->value_hi = relative ? i.hi : 1 - i.lo;
	}
	out->limit = relative ? criterion->limit * out->baseline : criterion->limit;
	/* "Error rate ≥ 2× baseline", "success rate < 99 %" (facts/course.md); no error at all is no breach. */
	if (relative)
		out->state = out->value > 0 && out->value >= out->limit ? READING_BEYOND : READING_WITHIN;
	else
		out->state = out->value < out->limit ? READING_BEYOND : READING_WITHIN;
	out->ratio = relative && out->baseline > 0 ? out->value / out->baseline : NAN;
}

/* Buckets alone say within or beyond where they can; else the interpolated value does, unless it is blind. */
static void read_quantile(struct point_reading *out, const struct counts *c, const struct strata *strata, const struct criterion *criterion,
			  bool relative)
{
	struct histogram h[ARMS];
	struct bucket in[ARMS];
	double q = criterion->quantile;

	for (int arm = 0; arm < ARMS; arm++) {
		h[arm] = (struct histogram){ strata->edges, strata->n_edges, c->slow[arm], c->total[arm] };
		in[arm] = quantile_bucket(&h[arm], q);
	}
	out->value = quantile_interpolated(&h[ARM_CANARY], q);
	out->baseline = quantile_interpolated(&h[ARM_BASELINE], q);
	out->value_lo = in[ARM_CANARY].lo;
	out->value_hi = in[ARM_CANARY].hi;
	out->limit = relative ? criterion->limit * out->baseline : criterion->limit;
	out->ratio = out->value / out->baseline;
	if (isnan(out->value) || (relative && isnan(out->baseline)))
		not_evaluable(out, REASON_NO_DATA);
	else if (relative && in[ARM_CANARY].lo >= criterion->limit * in[ARM_BASELINE].hi)
		out->state = READING_BEYOND;
	else if (relative && in[ARM_BASELINE].lo > 0 && in[ARM_CANARY].hi <= criterion->limit * in[ARM_BASELINE].lo)
		out->state = READING_WITHIN;
	else if (relative && quantile_blind(&h[ARM_BASELINE], q, criterion->limit))
		not_evaluable(out, REASON_BLIND);
	else
		out->state = out->value >= out->limit ? READING_BEYOND : READING_WITHIN;
}

static const char *window_reason(const struct counts *c, const struct decide_input *in, bool relative)
{
	bool partial = in->strata->partial[ARM_CANARY] || (relative && in->strata->partial[ARM_BASELINE]);

	if (relative && in->baseline_ill)
		return REASON_BASELINE_ILL;
	if (partial && (c->partial || !c->any))
		return REASON_PARTIAL;
	if (c->n[ARM_CANARY] == 0 || (relative && c->n[ARM_BASELINE] == 0))
		return REASON_NO_DATA;
	return c->n[ARM_CANARY] < in->criteria->min_requests || (relative && c->n[ARM_BASELINE] < in->criteria->min_requests)
		       ? REASON_TOO_FEW
		       : NULL;
}

static bool is_latency(const struct criterion *criterion)
{
	return criterion->kind == CRITERION_QUANTILE_RATIO || criterion->kind == CRITERION_QUANTILE_ABSOLUTE;
}

/* End of the canary's warm-up; INSTANT_NONE: no request yet. */
static int64_t warm_up_end(const struct decide_input *in)
{
	for (size_t i = 0; i < in->strata->n; i++)
		if (in->strata->v[i].n[ARM_CANARY] > 0)
			return in->strata->v[i].from + in->criteria->warm_up;
	return INSTANT_NONE;
}

static void read_points(struct point_reading *out, const struct decide_input *in, const struct criterion *criterion, int64_t from,
			int64_t to)
{
	for (size_t i = 0; i < in->n_points; i++)
		if ((in->points[i].criterion == NULL || in->points[i].criterion == criterion) && in->points[i].at > from &&
		    in->points[i].at <= to && !isnan(in->points[i].value))
			out->value = in->points[i].value;
	out->limit = criterion->limit;
	if (isnan(out->value))
		not_evaluable(out, REASON_NO_DATA);
	else
		out->state = (criterion->point_is_max ? out->value > out->limit : out->value < out->limit) ? READING_BEYOND
													   : READING_WITHIN;
}

/* warm: the end of a warm-up that is shown, not judged (8.4); a window that reaches beyond it is read from there on. */
static void read_window(struct point_reading *out, const struct decide_input *in, const struct criterion *criterion, int64_t from,
			int64_t to, int64_t warm)
{
	bool relative = criterion->kind == CRITERION_ERROR_RATIO || criterion->kind == CRITERION_QUANTILE_RATIO;
	const char *reason;
	struct counts c;

	if (to > in->at)
		to = in->at;
	count_between(&c, in->strata, from < warm && warm < to ? warm : from, to);
	if (!c.any)
		count_between(&c, in->strata, from, to);
	out->window_seconds = c.seconds;
	out->requests[ARM_CANARY] = c.n[ARM_CANARY];
	out->requests[ARM_BASELINE] = c.n[ARM_BASELINE];
	if (is_latency(criterion))
		read_quantile(out, &c, in->strata, criterion, relative);
	else
		read_rate(out, &c, criterion, relative);
	reason = window_reason(&c, in, relative);
	if (reason)
		not_evaluable(out, reason);
	else if (c.from < warm && out->state != READING_NOT_EVALUABLE)
		not_evaluable(out, REASON_WARM_UP);
}

static int read_begin(struct point_reading *out, const struct decide_input *in, struct error *err)
{
	*out = (struct point_reading){ .value = NAN,
				       .baseline = NAN,
				       .limit = NAN,
				       .ratio = NAN,
				       .value_lo = NAN,
				       .value_hi = NAN,
				       .wanted_seconds = NAN,
				       .requests = { -1, -1 },
				       .events = { -1, -1 } };
	if (in->strata->n_edges > EDGES_MAX)
		return error_code(err, ERR_LIMIT, "strata: %zu bucket edges; at most %d are read", in->strata->n_edges, EDGES_MAX);
	return 0;
}

int decide_reading(struct point_reading *out, const struct decide_input *in, const struct criterion *criterion, int64_t from, int64_t to,
		   struct error *err)
{
	if (read_begin(out, in, err) != 0)
		return -1;
	if (criterion->kind == CRITERION_POINT)
		read_points(out, in, criterion, from, to);
	else
		read_window(out, in, criterion, from, to, is_latency(criterion) ? warm_up_end(in) : INSTANT_NONE);
	return 0;
}

int decide_literal(struct point_reading *out, const struct decide_input *in, const struct criterion *criterion, struct error *err)
{
	int64_t to = in->window_to != INSTANT_NONE && in->window_to < in->at ? in->window_to : in->at, begin = in->window_from;
	double wanted = (double)criterion->window / (double)NS_PER_S, seen,
	       slack = 2 * (double)in->strata->scrape_interval / (double)NS_PER_S;

	if (read_begin(out, in, err) != 0)
		return -1;
	out->wanted_seconds = wanted;
	if (begin == INSTANT_NONE)
		begin = in->strata->n > 0 ? in->strata->v[0].from : to;
	seen = to > begin ? ((double)to - (double)begin) / (double)NS_PER_S : 0;
	if (criterion->kind == CRITERION_POINT) {
		read_points(out, in, criterion, to - criterion->window, to);
		out->window_seconds = fmin(seen, wanted);
		return 0;
	}
	/* The course knows no warm-up. */
	read_window(out, in, criterion, to - criterion->window, to, INSTANT_NONE);
	/* Up to an interval is lost at either end; what else is missing is a hole. */
	if (seen < wanted || (!out->reason && out->window_seconds + slack < wanted)) {
		out->window_seconds = seen < wanted ? seen : out->window_seconds;
		not_evaluable(out, REASON_WINDOW);
	}
	return 0;
}
