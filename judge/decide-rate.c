/* Error ratio and success rate (facts/judge.md 4.5, first two rows). */
#include <math.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "bounds.h"
#include "final.h"
#include "ground.h"
#include "line.h"
#include "mantel.h"

struct rate {
	const struct ground *ground;
	const struct criterion *criterion;
	struct decision *out;
	bool relative;
	double null; /* R0 of the watch and the gate */
	double tail; /* of one way to PASS */
	struct line up; /* all strata, towards FAIL */
	struct line down; /* evidence window, towards PASS: one window, no restart */
	struct tally alone; /* canary's evidence window as one stratum, for the floor */
	struct mantel total, *before; /* over `up`; before each of its restarts */
	size_t n_before, cap_before;
	int64_t seen[ARMS]; /* requests in the evidence window */
	double z_pass, z_fail;
	size_t looks;
};

static bool stratum_counts(const struct rate *r, const struct moment *m)
{
	const struct stratum *s = m->s;

	return moment_usable(r->ground, m, r->relative) && s->n[ARM_CANARY] > 0 && (!r->relative || s->n[ARM_BASELINE] > 0);
}

/* Sums as they stood before the newest restart, so that a window's ratio is a difference. */
static int note_restart(struct rate *r)
{
	struct mantel *before;

	if (r->n_before == r->up.n_starts)
		return 0;
	before = arena_grow(r->ground->arena, r->before, r->n_before, &r->cap_before, sizeof *before);
	if (!before)
		return -1;
	r->before = before;
	before[r->n_before++] = r->total;
	return 0;
}

static int add_moment(struct rate *r, size_t i)
{
	const struct moment *m = &r->ground->v[i];
	const struct stratum *s = m->s;
	bool counts = stratum_counts(r, m);
	double a = counts && r->relative ? (double)s->n[ARM_CANARY] / (double)s->n[ARM_BASELINE] : 1;
	int64_t events = r->relative ? s->k[ARM_CANARY] + s->k[ARM_BASELINE] : s->n[ARM_CANARY];

	if (line_add(&r->up, a, counts ? events : -1, s->k[ARM_CANARY], i, m->restart) != 0 || note_restart(r) != 0)
		return -1;
	if (counts)
		mantel_add(&r->total, s->n[ARM_CANARY], s->k[ARM_CANARY], s->n[ARM_BASELINE], s->k[ARM_BASELINE]);
	if (!m->evidence)
		return 0;
	if (counts) {
		r->alone.m += s->n[ARM_CANARY];
		r->alone.k += s->k[ARM_CANARY];
		r->seen[ARM_CANARY] += s->n[ARM_CANARY];
		r->seen[ARM_BASELINE] += s->n[ARM_BASELINE];
	}
	return line_add(&r->down, a, counts ? events : -1, s->k[ARM_CANARY], i, false);
}

/* "Surely worse" is not enough: the estimate over the dominating window must be past the limit too. */
static bool large_enough(const struct rate *r)
{
	struct mantel window;

	if (!r->relative)
		return true;
	window = mantel_since(&r->total, &r->before[watch_dominating(&r->up.watch, 0, NULL)]);
	return mantel_ratio(&window) >= r->criterion->limit;
}

static void note_watch(struct rate *r)
{
	if (r->up.n == 0)
		return;
	r->out->ln_e = watch_ln_e(&r->up.watch, 0);
	r->out->ln_e_min = watch_ln_e_min(&r->up.watch, 0);
}

static void note_gate(struct rate *r)
{
	struct decision *out = r->out;
	size_t worst;

	out->z_up = final_z(r->up.v, r->up.n, DIRECTION_UP, r->null, r->up.d);
	out->z_up_without_worst = final_z_without_worst(r->up.v, r->up.n, DIRECTION_UP, r->null, r->up.d, &worst);
	if (worst < r->up.n)
		out->worst_at = r->ground->v[r->up.moments[worst]].s->to;
	out->z_down = final_z(r->down.v, r->down.n, DIRECTION_DOWN, r->down.watch.r0, r->down.d);
	if (r->relative && r->criterion->floor > 0)
		out->z_floor = final_z(&r->alone, 1, DIRECTION_DOWN, odds_of(r->criterion->floor), r->down.d);
}

static void note_hold(struct rate *r)
{
	r->out->ln_e_down = watch_ln_e(&r->down.watch, 0) + log(2);
	if (r->relative && r->criterion->floor > 0)
		r->out->ln_e_floor = evidence_ln(&r->alone, 1, NULL, 0, odds_of(r->criterion->floor), DIRECTION_DOWN, r->down.d);
}

/* What the sentence reads from: strata of `up` from start on, or the evidence window, or all. */
static void note_counts(struct rate *r, bool evidence, size_t start)
{
	struct decision *out = r->out;

	out->from = INSTANT_NONE;
	out->requests[ARM_CANARY] = out->requests[ARM_BASELINE] = out->events[ARM_CANARY] = out->events[ARM_BASELINE] = 0;
	for (size_t i = start; i < r->up.n; i++) {
		const struct moment *m = &r->ground->v[r->up.moments[i]];

		if (evidence && !m->evidence)
			continue;
		if (out->from == INSTANT_NONE)
			out->from = m->s->from;
		out->to = m->s->to;
		for (int arm = 0; arm < ARMS; arm++) {
			out->requests[arm] += m->s->n[arm];
			out->events[arm] += m->s->k[arm];
		}
	}
}

static double rate_of(const struct decision *d, int arm)
{
	return d->requests[arm] > 0 ? (double)d->events[arm] / (double)d->requests[arm] : NAN;
}

static void note_values(struct rate *r, bool evidence, size_t start)
{
	struct decision *out = r->out;
	struct tally alone;
	struct interval own;

	note_counts(r, evidence, start);
	out->value = rate_of(out, ARM_CANARY);
	out->baseline = rate_of(out, ARM_BASELINE);
	alone = (struct tally){ 1, out->requests[ARM_CANARY], out->events[ARM_CANARY] };
	own = bounds_of_look(&alone, 1, r->up.d, normal_z(TAIL_OF_TWO), normal_z(TAIL_OF_TWO));
	if (out->requests[ARM_CANARY] > 0) {
		out->value_lo = rate_of_odds(own.lo);
		out->value_hi = rate_of_odds(own.hi);
	}
	if (r->relative) {
		struct mantel sum = { 0, 0 };

		for (size_t i = start; i < r->up.n; i++) {
			const struct moment *m = &r->ground->v[r->up.moments[i]];

			if (!evidence || m->evidence)
				mantel_add(&sum, m->s->n[0], m->s->k[0], m->s->n[1], m->s->k[1]);
		}
		out->ratio = mantel_ratio(&sum);
		return;
	}
	out->value = 1 - out->value;
	out->baseline = 1 - out->baseline;
	own.lo = 1 - out->value_hi;
	out->value_hi = 1 - out->value_lo;
	out->value_lo = own.lo;
}

/* lo and hi by the test that decided, else by what may be said so far (4.8). */
static void note_interval(struct rate *r, bool evidence, bool gate)
{
	struct decision *out = r->out;
	const struct line *line = evidence ? &r->down : &r->up;
	double alpha = r->criterion->alpha;
	struct interval i;

	if (line->n == 0)
		return;
	if (gate)
		i = bounds_of_look(line->v, line->n, line->d, normal_z(alpha / 2), normal_z(r->tail));
	else if (out->state == CRITERION_FAIL)
		i = line_bounds_anytime(line, log(2 / alpha), -log(r->tail));
	else
		i = bounds_anytime(line->v, line->n, NULL, 0, line->d, log(2 / alpha), -log(r->tail));
	out->lo = r->relative ? i.lo : 1 - rate_of_odds(i.hi);
	out->hi = r->relative ? i.hi : 1 - rate_of_odds(i.lo);
}

static void set_fail(struct rate *r, enum decided_by test, int64_t at)
{
	struct decision *out = r->out;
	size_t start = 0;

	out->state = CRITERION_FAIL;
	out->reason = NULL;
	out->carried = r->relative ? CARRIED_RATIO : CARRIED_ABSOLUTE;
	out->test = test;
	out->decided_at = at;
	out->looks = r->looks;
	note_watch(r);
	if (test == DECIDED_SEQUENTIAL)
		watch_dominating(&r->up.watch, 0, &start);
	note_values(r, false, start);
	note_interval(r, false, test == DECIDED_FINAL);
	decision_place(out, r->ground, at);
}

static void set_pass(struct rate *r, enum decided_by test, int64_t at, const char *carried)
{
	struct decision *out = r->out;

	out->state = CRITERION_PASS;
	out->reason = NULL;
	out->carried = r->relative ? carried : CARRIED_ABSOLUTE;
	out->test = test;
	out->decided_at = at;
	out->looks = r->looks;
	note_watch(r);
	note_values(r, true, 0);
	note_interval(r, true, test == DECIDED_FINAL);
	decision_place(out, r->ground, at);
}

/* The scores are written down also where nothing may be decided. */
static void look_at_gate(struct rate *r, const struct standing *standing)
{
	struct decision *out = r->out;
	int64_t at = r->ground->in->ladder_end;

	note_gate(r);
	if (out->state == CRITERION_FAIL || standing_reason(standing, r->ground, r->relative, at))
		return;
	if (line_refutes(&r->up, r->criterion->alpha) && large_enough(r))
		set_fail(r, DECIDED_FINAL, at);
	else if (out->z_down >= r->z_pass)
		set_pass(r, DECIDED_FINAL, at, CARRIED_RATIO);
	else if (out->z_floor >= r->z_pass)
		set_pass(r, DECIDED_FINAL, at, CARRIED_FLOOR);
}

static void look_at_scrape(struct rate *r, const struct moment *m)
{
	struct decision *out = r->out;

	if (out->state != CRITERION_FAIL && line_alarms(&r->up, r->criterion->alpha, 0) && large_enough(r)) {
		set_fail(r, DECIDED_SEQUENTIAL, m->s->to);
		return;
	}
	if (!m->held || out->state == CRITERION_FAIL || out->state == CRITERION_PASS || r->down.n == 0)
		return;
	note_hold(r);
	if (out->ln_e_down >= -log(r->tail))
		set_pass(r, DECIDED_SEQUENTIAL, m->s->to, CARRIED_RATIO);
	else if (out->ln_e_floor >= -log(r->tail))
		set_pass(r, DECIDED_SEQUENTIAL, m->s->to, CARRIED_FLOOR);
}

/* How long until a canary that is like its baseline passes: by the ratio, or by the floor if it is below. */
static void note_time_left(struct rate *r)
{
	struct decision *out = r->out;
	const struct criterion *c = r->criterion;
	double share, rate = ground_rate(r->ground, &share), z = r->z_pass, left = INFINITY;
	int64_t requests = out->requests[ARM_CANARY] + (r->relative ? out->requests[ARM_BASELINE] : 0);
	int64_t events = out->events[ARM_CANARY] + (r->relative ? out->events[ARM_BASELINE] : 0);
	double p0 = r->relative ? c->floor : 1 - c->limit, p = requests > 0 ? (double)events / (double)requests : NAN;
	double own = out->requests[ARM_CANARY] > 0 ? (double)out->events[ARM_CANARY] / (double)out->requests[ARM_CANARY] : NAN;

	out->requests_per_second = rate;
	if (!(rate > 0) || !(share > 0))
		return;
	if (r->relative) {
		struct traffic_question q = { share, p, 1, c->limit, z, r->up.d };

		left = traffic_needed(&q) - (double)(r->seen[ARM_CANARY] + r->seen[ARM_BASELINE]);
	}
	if (p0 > 0 && own < p0)
		left = fmin(left, (traffic_needed_one(own, p0, z, r->up.d) - (double)r->seen[ARM_CANARY]) / share);
	if (!isfinite(left) || left <= 0)
		return;
	out->requests_to_decision = left;
	out->seconds_to_decision = left / rate;
}

static void set_open(struct rate *r, const char *reason)
{
	struct decision *out = r->out;
	bool evidence = r->ground->ended && r->down.n > 0;

	out->state = reason ? CRITERION_NOT_EVALUABLE : CRITERION_UNDECIDED;
	out->reason = reason ? reason : REASON_UNRESOLVED;
	out->looks = r->looks;
	note_watch(r);
	note_values(r, evidence, 0);
	note_interval(r, evidence, r->ground->ended && r->ground->n == r->ground->gate);
	note_time_left(r);
	decision_place(out, r->ground, r->ground->end);
}

static void rate_begin(struct rate *r)
{
	const struct criterion *c = r->criterion;
	double limit = r->relative ? c->limit : odds_of(1 - c->limit);

	r->null = r->relative ? 1 : limit;
	r->tail = r->relative ? TAIL_OF_TWO : TAIL_OF_ONE;
	r->z_pass = normal_z(r->tail);
	r->alone.a = 1;
	r->out->dispersion = r->ground->dispersion;
	r->out->dispersion_known = r->ground->dispersion_known;
	line_init(&r->up, r->null, DIRECTION_UP, r->ground->dispersion, r->ground->arena);
	line_init(&r->down, limit, DIRECTION_DOWN, r->ground->dispersion, r->ground->arena);
}

/* A PASS does not outlive its ground: a baseline that turned out ill, or answers that were not complete. */
static void finish(struct rate *r, const struct standing *standing)
{
	const char *reason = standing_reason(standing, r->ground, r->relative, r->ground->end);
	bool unfounded = reason_is(reason, REASON_BASELINE_ILL) || reason_is(reason, REASON_PARTIAL);

	if (r->out->state == CRITERION_FAIL || (r->out->state == CRITERION_PASS && !unfounded))
		return;
	decision_reopen(r->out);
	if (!reason && r->ground->ended &&
	    (r->seen[ARM_CANARY] < r->ground->in->criteria->min_requests ||
	     (r->relative && r->seen[ARM_BASELINE] < r->ground->in->criteria->min_requests)))
		reason = r->seen[ARM_CANARY] == 0 ? REASON_NO_DATA : REASON_TOO_FEW;
	set_open(r, reason);
}

int decide_rate(struct decision *out, const struct ground *ground, const struct criterion *criterion, struct error *err)
{
	struct rate r = { .ground = ground, .criterion = criterion, .out = out, .relative = criterion->kind == CRITERION_ERROR_RATIO };
	struct standing standing = { .covered = 0 };

	rate_begin(&r);
	out->state = CRITERION_UNDECIDED;
	for (size_t i = 0; i <= ground->n; i++) {
		const struct moment *m = &ground->v[i];

		if (ground->ended && i == ground->gate)
			look_at_gate(&r, &standing);
		if (i == ground->n)
			break;
		if (add_moment(&r, i) != 0)
			return error_nomem(err);
		r.looks++;
		standing_add(&standing, ground, m, moment_usable(ground, m, r.relative));
		if (!standing_reason(&standing, ground, r.relative, m->s->to))
			look_at_scrape(&r, m);
	}
	out->environment = !r.relative && out->state == CRITERION_FAIL && ground->ill_at != INSTANT_NONE;
	finish(&r, &standing);
	return 0;
}
