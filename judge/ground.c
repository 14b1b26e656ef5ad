#include "ground.h"

#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "dispersion.h"
#include "line.h"

/* Counts are exact in a double below it (4.9). */
#define COUNT_MAX (INT64_C(1) << 53)

/* "60 % of the highest" (4.10). */
#define EVIDENCE_SHARE 0.6

#define RATE_SPAN (60 * NS_PER_S)

/* An unfinished step goes on. */
static int64_t step_to(const struct step *step)
{
	return step->to == INSTANT_NONE ? INT64_MAX : step->to;
}

static bool step_counts(const struct step *step)
{
	return step->kind == STEP_ANALYSIS && step->from != INSTANT_NONE;
}

double exposure_at(const struct decide_input *in, int64_t at)
{
	for (size_t i = in->n_steps; i-- > 0;)
		if (step_counts(&in->steps[i]) && in->steps[i].from <= at && at < step_to(&in->steps[i]))
			return in->steps[i].exposure;
	return 0;
}

/* Time of (from, to] inside a step, in ns. */
static double overlap(const struct step *step, int64_t from, int64_t to)
{
	int64_t a = step->from > from ? step->from : from, b = step_to(step) < to ? step_to(step) : to;

	return step_counts(step) && b > a ? (double)(b - a) : 0;
}

double exposure_mean(const struct decide_input *in, int64_t from, int64_t to)
{
	double sum = 0;

	if (to <= from)
		return exposure_at(in, from);
	for (size_t i = 0; i < in->n_steps; i++)
		sum += in->steps[i].exposure * overlap(&in->steps[i], from, to);
	return sum / ((double)to - (double)from);
}

static bool is_covered(const struct decide_input *in, int64_t from, int64_t to)
{
	double covered = 0;

	for (size_t i = 0; i < in->n_steps; i++)
		covered += overlap(&in->steps[i], from, to);
	return covered >= (double)to - (double)from;
}

double exposure_least(const struct decide_input *in, int64_t from, int64_t to)
{
	double least = INFINITY, covered = 0;

	if (to <= from)
		return exposure_at(in, from);
	for (size_t i = 0; i < in->n_steps; i++) {
		double part = overlap(&in->steps[i], from, to);

		covered += part;
		if (part > 0)
			least = fmin(least, in->steps[i].exposure);
	}
	/* What no step covers had no exposure. */
	return covered < (double)to - (double)from ? 0 : least;
}

double ground_highest(const struct decide_input *in)
{
	bool ended = in->ladder_end != INSTANT_NONE && in->ladder_end <= in->at;
	double highest = ended || isnan(in->planned_exposure) ? 0 : in->planned_exposure;

	for (size_t i = 0; i < in->n_steps; i++)
		if (step_counts(&in->steps[i]))
			highest = fmax(highest, in->steps[i].exposure);
	return highest;
}

double evidence_weight(const struct decide_input *in)
{
	return fmin(in->criteria->min_weight, EVIDENCE_SHARE * ground_highest(in));
}

static int check_counts(const struct stratum *s, const struct strata *strata, int arm, struct error *err)
{
	const char *name = arm == ARM_CANARY ? "canary" : "baseline";

	if (s->n[arm] < 0 || s->n[arm] >= COUNT_MAX || s->k[arm] < 0 || s->k[arm] > s->n[arm])
		return error_code(err, ERR_SYNTAX, "strata: %s counts %lld errors of %lld requests; the counters are not plausible", name,
				  (long long)s->k[arm], (long long)s->n[arm]);
	for (size_t e = 0; s->slow[arm] && e < strata->n_edges; e++)
		if (s->slow[arm][e] < 0 || s->slow[arm][e] >= COUNT_MAX || (e > 0 && s->slow[arm][e] > s->slow[arm][e - 1]))
			return error_code(err, ERR_SYNTAX, "strata: %s histogram is not monotone at %g s", name, strata->edges[e]);
	return 0;
}

static int check_strata(const struct strata *strata, struct error *err)
{
	if (strata->n_edges > EDGES_MAX)
		return error_code(err, ERR_LIMIT, "strata: %zu bucket edges; at most %d are read", strata->n_edges, EDGES_MAX);
	for (size_t e = 0; e < strata->n_edges; e++)
		if (!isfinite(strata->edges[e]) || (e > 0 && strata->edges[e] <= strata->edges[e - 1]))
			return error_code(err, ERR_SYNTAX, "strata: bucket edge %zu is no number above the one before", e + 1);
	for (size_t i = 0; i < strata->n; i++) {
		const struct stratum *s = &strata->v[i];

		if (s->to <= s->from || (i > 0 && s->from < strata->v[i - 1].to))
			return error_code(err, ERR_SYNTAX, "strata: interval %zu does not follow the one before in time", i + 1);
		for (int arm = 0; arm < ARMS; arm++)
			if (check_counts(s, strata, arm, err) != 0)
				return -1;
	}
	return 0;
}

static int check_steps(const struct decide_input *in, struct error *err)
{
	for (size_t i = 0; i < in->n_steps; i++)
		if (!(in->steps[i].exposure >= 0 && in->steps[i].exposure <= 1))
			return error_code(err, ERR_SYNTAX, "steps: exposure %g of step %zu is no share", in->steps[i].exposure, i + 1);
	if (!isnan(in->planned_exposure) && !(in->planned_exposure >= 0 && in->planned_exposure <= 1))
		return error_code(err, ERR_SYNTAX, "steps: planned exposure %g is no share", in->planned_exposure);
	return 0;
}

/* The first moment that lies mostly after a time begins a window. */
static void mark_restart(struct ground *ground, int64_t at)
{
	for (size_t i = 0; i < ground->n; i++) {
		const struct stratum *s = ground->v[i].s;

		if (s->from + (s->to - s->from) / 2 >= at) {
			ground->v[i].restart = true;
			return;
		}
	}
}

static int gather_moments(struct ground *ground)
{
	const struct decide_input *in = ground->in;
	double weight = evidence_weight(in);

	ground->v = arena_alloc(ground->arena, (in->strata->n + 1) * sizeof *ground->v);
	if (!ground->v)
		return -1;
	for (size_t i = 0; i < in->strata->n; i++) {
		const struct stratum *s = &in->strata->v[i];
		struct moment *m = &ground->v[ground->n];

		if (s->to > in->at || s->flags & STRATUM_REJECTED)
			continue;
		/* Exposures are quotients of weights: 30/(30+70) may fall a rounding short of 0.3. */
		*m = (struct moment){ .s = s,
				      .evidence = in->tested ? is_covered(in, s->from, s->to)
							     : weight > 0 && exposure_least(in, s->from, s->to) >= weight - 1e-9 };
		m->held = ground->ended && s->to > in->ladder_end;
		ground->gate += !m->held;
		ground->n++;
	}
	for (size_t i = 0; i < in->n_steps; i++)
		if (step_counts(&in->steps[i]))
			mark_restart(ground, in->steps[i].from);
	if (ground->ended)
		mark_restart(ground, in->ladder_end);
	return 0;
}

static void find_window(struct ground *ground)
{
	const struct decide_input *in = ground->in;

	ground->end = in->window_to != INSTANT_NONE && in->window_to < in->at ? in->window_to : in->at;
	ground->ended = in->ladder_end != INSTANT_NONE && in->ladder_end <= in->at;
	ground->scrape = in->strata->scrape_interval;
	if (ground->scrape <= 0 && in->strata->n > 0)
		ground->scrape = in->strata->v[0].to - in->strata->v[0].from;
	ground->from = in->window_from;
	if (ground->from == INSTANT_NONE && in->strata->n > 0)
		ground->from = in->strata->v[0].from;
	for (size_t i = 0; i < in->n_steps && ground->per_step == 0; i++)
		if (step_counts(&in->steps[i]) && in->steps[i].to != INSTANT_NONE && ground->scrape > 0)
			ground->per_step = (size_t)fmax(0, round((double)(in->steps[i].to - in->steps[i].from) / (double)ground->scrape));
}

/* Errors of the baseline's history, runs broken where a scrape is missing. */
static int find_dispersion(struct ground *ground)
{
	const struct strata *prior = ground->in->prior;
	struct scatter *v;
	int64_t run = 0;
	size_t n = 0;

	ground->dispersion = 1;
	if (!prior || prior->n == 0)
		return 0;
	v = arena_alloc(ground->arena, prior->n * sizeof *v);
	if (!v)
		return -1;
	for (size_t i = 0; i < prior->n; i++) {
		const struct stratum *s = &prior->v[i];

		run += i > 0 && s->from != prior->v[i - 1].to;
		if (s->flags & (STRATUM_REJECTED | STRATUM_PARTIAL))
			run++;
		else
			v[n++] = (struct scatter){ s->n[ARM_BASELINE], s->k[ARM_BASELINE], run };
	}
	ground->dispersion = dispersion_of(v, n, ground->per_step, &ground->dispersion_known);
	return 0;
}

/* The baseline itself surely below the success floor: the same test that a canary's success rate fails by. */
static int find_ill(struct ground *ground)
{
	const struct criteria *criteria = ground->in->criteria;
	const struct criterion *success = NULL;
	struct line line;
	int64_t requests = 0;

	ground->ill_at = INSTANT_NONE;
	ground->ill_limit = NAN;
	for (size_t i = 0; i < criteria->n && !success; i++)
		if (criteria->v[i].kind == CRITERION_SUCCESS_RATE && !criteria->v[i].informational)
			success = &criteria->v[i];
	if (!success)
		return 0;
	ground->ill_limit = success->limit;
	line_init(&line, odds_of(1 - success->limit), DIRECTION_UP, ground->dispersion, ground->arena);
	for (size_t i = 0; i < ground->n && ground->ill_at == INSTANT_NONE; i++) {
		const struct stratum *s = ground->v[i].s;
		bool counts = moment_usable(ground, &ground->v[i], true) && s->n[ARM_BASELINE] > 0;

		if (line_add(&line, 1, counts ? s->n[ARM_BASELINE] : -1, s->k[ARM_BASELINE], i, ground->v[i].restart) != 0)
			return -1;
		requests += counts ? s->n[ARM_BASELINE] : 0;
		if (requests < criteria->min_requests)
			continue;
		if (line_alarms(&line, success->alpha, 0))
			ground->ill_at = s->to;
		else if (ground->ended && i + 1 == ground->gate && line_refutes(&line, success->alpha))
			ground->ill_at = ground->in->ladder_end;
	}
	return 0;
}

int ground_init(struct ground *ground, const struct decide_input *in, struct arena *arena, struct error *err)
{
	*ground = (struct ground){ .in = in, .arena = arena };
	if (check_strata(in->strata, err) != 0 || check_steps(in, err) != 0)
		return -1;
	if (in->prior && check_strata(in->prior, err) != 0)
		return error_wrap(err, "history");
	find_window(ground);
	if (gather_moments(ground) != 0 || find_dispersion(ground) != 0 || find_ill(ground) != 0)
		return error_nomem(err);
	return 0;
}

/* An answer was incomplete, but no interval is marked: then none can be told to be complete. */
static bool partial_throughout(const struct strata *strata, int arm)
{
	if (!strata->partial[arm])
		return false;
	for (size_t i = 0; i < strata->n; i++)
		if (strata->v[i].flags & STRATUM_PARTIAL)
			return false;
	return true;
}

bool moment_usable(const struct ground *ground, const struct moment *moment, bool relative)
{
	const struct strata *strata = ground->in->strata;
	bool partial = strata->partial[ARM_CANARY] || (relative && strata->partial[ARM_BASELINE]);

	if (partial_throughout(strata, ARM_CANARY) || (relative && partial_throughout(strata, ARM_BASELINE)))
		return false;
	return !(partial && moment->s->flags & STRATUM_PARTIAL);
}

void standing_add(struct standing *standing, const struct ground *ground, const struct moment *moment, bool usable)
{
	const struct stratum *s = moment->s;
	int64_t length = s->to - s->from;

	if (!usable)
		return;
	standing->covered += length < ground->scrape ? length : ground->scrape;
	for (int arm = 0; arm < ARMS; arm++)
		standing->n[arm] += s->n[arm];
	if (!ground->in->strata->partial[ARM_BASELINE])
		split_add(&standing->split, exposure_mean(ground->in, s->from, s->to), s->n[ARM_CANARY] + s->n[ARM_BASELINE],
			  s->n[ARM_CANARY]);
}

/* Up to an interval is lost at either end of a window without any gap. */
static bool covered_enough(const struct standing *standing, const struct ground *ground, int64_t at)
{
	double wanted = (double)at - (double)ground->from - 2 * (double)ground->scrape;

	return wanted <= 0 || (double)standing->covered >= ground->in->criteria->coverage * wanted;
}

static const char *baseline_reason(const struct standing *standing, const struct ground *ground, int64_t at)
{
	if (ground->in->baseline_ill || (ground->ill_at != INSTANT_NONE && ground->ill_at <= at))
		return REASON_BASELINE_ILL;
	if (standing->n[ARM_BASELINE] == 0 && standing->n[ARM_CANARY] > 0)
		return ground->in->strata->found[ARM_BASELINE] ? REASON_BASELINE_ILL : REASON_NO_DATA;
	return standing->n[ARM_BASELINE] == 0 ? REASON_NO_DATA : NULL;
}

const char *standing_reason(const struct standing *standing, const struct ground *ground, bool relative, int64_t at)
{
	const struct decide_input *in = ground->in;
	bool partial = in->strata->partial[ARM_CANARY] || (relative && in->strata->partial[ARM_BASELINE]);
	bool covered = covered_enough(standing, ground, at);
	const char *reason = relative ? baseline_reason(standing, ground, at) : NULL;

	if (partial && (!covered || standing->n[ARM_CANARY] == 0))
		return REASON_PARTIAL;
	if (reason)
		return reason;
	if (standing->n[ARM_CANARY] == 0)
		return REASON_NO_DATA;
	if (standing->n[ARM_CANARY] < in->criteria->min_requests || (relative && standing->n[ARM_BASELINE] < in->criteria->min_requests))
		return REASON_TOO_FEW;
	if (!covered)
		return REASON_GAPS;
	return !in->iterations && split_is_off(&standing->split) ? REASON_TRAFFIC_SPLIT : NULL;
}

double ground_rate(const struct ground *ground, double *share)
{
	int64_t until = ground->n > 0 ? ground->v[ground->n - 1].s->to : 0, n[ARMS] = { 0, 0 };
	double span = 0;

	for (size_t i = ground->n; i-- > 0 && until - ground->v[i].s->from <= RATE_SPAN;) {
		const struct stratum *s = ground->v[i].s;

		span += (double)(s->to - s->from) / (double)NS_PER_S;
		n[ARM_CANARY] += s->n[ARM_CANARY];
		n[ARM_BASELINE] += s->n[ARM_BASELINE];
	}
	if (share)
		*share = n[0] + n[1] > 0 ? (double)n[ARM_CANARY] / (double)(n[0] + n[1]) : NAN;
	return span > 0 ? (double)(n[0] + n[1]) / span : NAN;
}

void decision_init(struct decision *out, const struct criterion *criterion)
{
	*out = (struct decision){
		.criterion = criterion,
		.state = CRITERION_NOT_EVALUABLE,
		.test = DECIDED_NONE,
		.decided_at = INSTANT_NONE,
		.exposure = NAN,
		.weight = NAN,
		.from = INSTANT_NONE,
		.to = INSTANT_NONE,
		.requests = { -1, -1 },
		.events = { -1, -1 },
		.value = NAN,
		.baseline = NAN,
		.limit = criterion->limit,
		.ratio = NAN,
		.lo = NAN,
		.hi = NAN,
		.value_lo = NAN,
		.value_hi = NAN,
		.baseline_lo = NAN,
		.baseline_hi = NAN,
		.ln_e = NAN,
		.ln_e_min = NAN,
		.z_up = NAN,
		.z_up_without_worst = NAN,
		.z_down = NAN,
		.z_floor = NAN,
		.ln_e_down = NAN,
		.ln_e_floor = NAN,
		.dispersion = NAN,
		.worst_at = INSTANT_NONE,
		.seconds_to_decision = NAN,
		.requests_to_decision = NAN,
		.requests_per_second = NAN,
		.resolution = NAN,
		.guard_edge = NAN,
		.substitute_edge = NAN,
		.warm_up_value = NAN,
		.warm_up_to = INSTANT_NONE,
	};
}

void decision_reopen(struct decision *out)
{
	out->carried = NULL;
	out->test = DECIDED_NONE;
	out->decided_at = INSTANT_NONE;
}

bool reason_is(const char *reason, const char *code)
{
	return reason && strcmp(reason, code) == 0;
}

void decision_place(struct decision *out, const struct ground *ground, int64_t at)
{
	const struct decide_input *in = ground->in;
	const struct step *best = NULL;

	for (size_t i = 0; i < in->n_steps; i++) {
		const struct step *step = &in->steps[i];

		if (!step_counts(step) || step->from >= at)
			continue;
		if (out->state == CRITERION_FAIL && at <= step_to(step)) {
			best = step;
			break;
		}
		if (!best || step->exposure > best->exposure)
			best = step;
	}
	if (!best)
		return;
	out->exposure = best->exposure;
	out->weight = best->weight;
}
