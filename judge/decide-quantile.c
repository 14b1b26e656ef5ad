/* Quantiles against the baseline's, or alone against a limit (facts/judge.md 3.3, 4.5 third row, 8.2). */
#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/quantile.h"
#include "dispersion.h"
#include "final.h"
#include "ground.h"
#include "line.h"
#include "mantel.h"

/* A stretch by 30 % at least doubles the share above an edge if the tail falls faster than x^-2.64 (4.5). */
#define TAIL_POWER 2.642

/* Latency's scatter is a shift that arms share: a pair of arms sees half of it (4.4). */
#define SHARE_OF_PAIR 0.5

#define NO_EDGE SIZE_MAX

/* Counts of one arm over some strata. */
struct sums {
	int64_t n, slow[EDGES_MAX];
};

/* Edges between which a quantile surely lies. */
struct bracket {
	bool above[EDGES_MAX], below[EDGES_MAX]; /* "surely more (less) than 1-q are slower than this edge" */
};

/* State before a restart of the watch: what came since is a difference. */
struct snapshot {
	struct sums sums[ARMS];
	struct mantel *shares; /* of each line */
};

struct quant {
	const struct ground *ground;
	const struct criterion *criterion;
	const struct strata *strata;
	struct decision *out;
	bool relative;
	double odds; /* of 1-q */
	double d_pair, d[ARMS];
	bool history;
	size_t guard; /* edge that is watched; NO_EDGE without history */
	size_t pass_edge; /* absolute limit or substitute: the largest edge at or below it; NO_EDGE */
	struct line *lines;
	size_t *line_edges;
	struct mantel *shares; /* of each line: requests slower than its edge */
	size_t n_lines;
	struct snapshot *before; /* each restart */
	size_t n_before, cap_before;
	int64_t warm_to;
	struct sums warm, judged[ARMS], seen[ARMS]; /* seen: evidence window */
	struct bracket sure[ARMS]; /* latched, gate and after */
	size_t since; /* only windows from this one on may alarm: those before were a transient */
	bool transient, any_histogram;
	size_t looks;
};

static int64_t total_of(const struct stratum *s, int arm)
{
	/* Two counters of one server need not be scraped in step: a histogram may be a request ahead. */
	return s->slow[arm] && s->slow[arm][0] > s->n[arm] ? s->slow[arm][0] : s->n[arm];
}

static void sums_add(struct sums *sums, const struct quant *t, const struct stratum *s, int arm)
{
	sums->n += total_of(s, arm);
	for (size_t e = 0; e < t->strata->n_edges; e++)
		sums->slow[e] += s->slow[arm][e];
}

static struct histogram histogram_of(const struct quant *t, const struct sums *sums)
{
	return (struct histogram){ t->strata->edges, t->strata->n_edges, sums->slow, sums->n };
}

/* ---- History: guard edge and scatter. */

static size_t edge_in(const struct strata *strata, double edge)
{
	for (size_t e = 0; e < strata->n_edges; e++)
		if (fabs(strata->edges[e] - edge) <= 1e-9 * edge)
			return e;
	return NO_EDGE;
}

/* First edge that at most 1-q of the baseline's requests exceeded before the start; none: the last that history knows. */
static void find_guard(struct quant *t, const struct strata *prior)
{
	struct sums before = { 0 };
	size_t last = NO_EDGE;

	t->guard = NO_EDGE;
	for (size_t i = 0; prior && i < prior->n; i++) {
		const struct stratum *s = &prior->v[i];

		if (!s->slow[ARM_BASELINE] || prior->n_edges == 0 || s->flags & (STRATUM_REJECTED | STRATUM_PARTIAL))
			continue;
		before.n += total_of(s, ARM_BASELINE);
		for (size_t e = 0; e < prior->n_edges; e++)
			before.slow[e] += s->slow[ARM_BASELINE][e];
	}
	if (before.n < t->ground->in->criteria->min_requests)
		return;
	for (size_t e = 0; e < t->strata->n_edges && t->guard == NO_EDGE; e++) {
		size_t p = edge_in(prior, t->strata->edges[e]);

		if (p == NO_EDGE)
			continue;
		last = e;
		if ((double)before.slow[p] <= (1 - t->criterion->quantile) * (double)before.n)
			t->guard = e;
	}
	if (t->guard == NO_EDGE)
		t->guard = last;
	t->history = t->guard != NO_EDGE;
}

static int find_scatter(struct quant *t, const struct strata *prior, double *d)
{
	struct scatter *v;
	size_t n = 0, edge;
	int64_t run = 0;

	*d = 1;
	if (!t->history)
		return 0;
	edge = edge_in(prior, t->strata->edges[t->guard]);
	v = arena_alloc(t->ground->arena, prior->n * sizeof *v);
	if (!v)
		return -1;
	for (size_t i = 0; i < prior->n; i++) {
		const struct stratum *s = &prior->v[i];

		run += i > 0 && s->from != prior->v[i - 1].to;
		if (s->flags & (STRATUM_REJECTED | STRATUM_PARTIAL) || !s->slow[ARM_BASELINE])
			run++;
		else
			v[n++] = (struct scatter){ total_of(s, ARM_BASELINE), s->slow[ARM_BASELINE][edge], run };
	}
	*d = dispersion_of(v, n, t->ground->per_step, &t->out->dispersion_known);
	return 0;
}

/* ---- Setting up. */

static size_t edge_at_or_below(const struct strata *strata, double limit)
{
	size_t at = NO_EDGE;

	for (size_t e = 0; e < strata->n_edges && strata->edges[e] <= limit * (1 + 1e-9); e++)
		at = e;
	return at;
}

static size_t edge_at_or_above(const struct strata *strata, double limit)
{
	for (size_t e = 0; e < strata->n_edges; e++)
		if (strata->edges[e] >= limit * (1 - 1e-9))
			return e;
	return NO_EDGE;
}

/* Which edges are watched: the guard edge and its neighbours; all without history; one for an absolute limit. */
static void choose_edges(const struct quant *t, size_t *first, size_t *past)
{
	size_t n = t->strata->n_edges, at;

	if (!t->relative) {
		at = edge_at_or_above(t->strata, t->criterion->limit);
		*first = at == NO_EDGE ? 0 : at;
		*past = at == NO_EDGE ? 0 : at + 1;
		return;
	}
	*first = t->history && t->guard > 0 ? t->guard - 1 : 0;
	*past = t->history && t->guard + 2 < n ? t->guard + 2 : n;
	if (t->history && t->guard == 0)
		*first = 0;
}

static int quant_begin(struct quant *t)
{
	const struct decide_input *in = t->ground->in;
	double d, weight = ground_highest(in);
	size_t first, past;

	t->odds = odds_of(1 - t->criterion->quantile);
	t->warm_to = INSTANT_NONE;
	find_guard(t, in->prior);
	if (find_scatter(t, in->prior, &d) != 0)
		return -1;
	t->d_pair = dispersion_scaled(d, SHARE_OF_PAIR);
	t->d[ARM_CANARY] = dispersion_scaled(d, weight);
	t->d[ARM_BASELINE] = dispersion_scaled(d, 1 - evidence_weight(in));
	t->pass_edge = edge_at_or_below(t->strata, t->relative ? t->criterion->absolute : t->criterion->limit);
	choose_edges(t, &first, &past);
	t->n_lines = past - first;
	t->lines = arena_alloc(t->ground->arena, (t->n_lines + 1) * sizeof *t->lines);
	t->line_edges = arena_alloc(t->ground->arena, (t->n_lines + 1) * sizeof *t->line_edges);
	t->shares = arena_alloc(t->ground->arena, (t->n_lines + 1) * sizeof *t->shares);
	if (!t->lines || !t->line_edges || !t->shares)
		return -1;
	for (size_t l = 0; l < t->n_lines; l++) {
		t->line_edges[l] = first + l;
		line_init(&t->lines[l], t->relative ? 1 : t->odds, DIRECTION_UP, t->relative ? t->d_pair : t->d[ARM_CANARY],
			  t->ground->arena);
	}
	t->out->dispersion = t->relative ? t->d_pair : t->d[ARM_CANARY];
	if (t->history)
		t->out->guard_edge = t->strata->edges[t->guard];
	if (t->pass_edge != NO_EDGE)
		t->out->substitute_edge = t->strata->edges[t->pass_edge];
	return 0;
}

/* ---- Counting. */

static bool stratum_counts(const struct quant *t, const struct moment *m)
{
	const struct stratum *s = m->s;

	return t->strata->n_edges > 0 && moment_usable(t->ground, m, t->relative) && s->slow[ARM_CANARY] && s->n[ARM_CANARY] > 0 &&
	       (!t->relative || (s->slow[ARM_BASELINE] && s->n[ARM_BASELINE] > 0));
}

/* Sums as they stand before the stratum that begins a restart. */
static int take_snapshot(struct quant *t)
{
	struct snapshot *before;

	if (t->n_lines == 0 || t->n_before == t->lines[0].n_starts)
		return 0;
	before = arena_grow(t->ground->arena, t->before, t->n_before, &t->cap_before, sizeof *before);
	if (!before)
		return -1;
	t->before = before;
	before += t->n_before++;
	memcpy(before->sums, t->judged, sizeof before->sums);
	before->shares = arena_alloc(t->ground->arena, t->n_lines * sizeof *before->shares);
	if (!before->shares)
		return -1;
	memcpy(before->shares, t->shares, t->n_lines * sizeof *before->shares);
	return 0;
}

static int add_to_lines(struct quant *t, size_t i, bool counts)
{
	const struct moment *m = &t->ground->v[i];
	const struct stratum *s = m->s;

	for (size_t l = 0; l < t->n_lines; l++) {
		size_t e = t->line_edges[l];
		int64_t k = counts ? s->slow[ARM_CANARY][e] : 0, of = counts ? total_of(s, ARM_CANARY) : -1;
		double a = 1;

		if (counts && t->relative) {
			a = (double)of / (double)total_of(s, ARM_BASELINE);
			of = k + s->slow[ARM_BASELINE][e];
		}
		if (line_add(&t->lines[l], a, of, k, i, m->restart) != 0)
			return -1;
	}
	if (take_snapshot(t) != 0)
		return -1;
	for (size_t l = 0; l < t->n_lines && counts && t->relative; l++)
		mantel_add(&t->shares[l], total_of(s, ARM_CANARY), s->slow[ARM_CANARY][t->line_edges[l]], total_of(s, ARM_BASELINE),
			   s->slow[ARM_BASELINE][t->line_edges[l]]);
	return 0;
}

static int add_moment(struct quant *t, size_t i)
{
	const struct moment *m = &t->ground->v[i];
	bool counts = stratum_counts(t, m), judged;

	if (t->warm_to == INSTANT_NONE && m->s->n[ARM_CANARY] > 0)
		t->warm_to = m->s->from + t->ground->in->criteria->warm_up;
	judged = counts && m->s->from >= t->warm_to;
	t->any_histogram |= counts;
	if (add_to_lines(t, i, judged) != 0)
		return -1;
	if (counts && !judged)
		sums_add(&t->warm, t, m->s, ARM_CANARY);
	for (int arm = 0; judged && arm < ARMS; arm++) {
		if (!m->s->slow[arm])
			continue;
		sums_add(&t->judged[arm], t, m->s, arm);
		if (m->evidence)
			sums_add(&t->seen[arm], t, m->s, arm);
	}
	return 0;
}

/* Both arms' counts since a restart. */
static void sums_since(const struct quant *t, size_t restart, struct sums *sums)
{
	memcpy(sums, t->judged, ARMS * sizeof *sums);
	for (int arm = 0; arm < ARMS && restart < t->n_before; arm++) {
		const struct sums *before = &t->before[restart].sums[arm];

		sums[arm].n -= before->n;
		for (size_t e = 0; e < t->strata->n_edges; e++)
			sums[arm].slow[e] -= before->slow[e];
	}
}

static double share_ratio_since(const struct quant *t, size_t restart, size_t line)
{
	struct mantel window = mantel_since(&t->shares[line], &t->before[restart].shares[line]);

	return mantel_ratio(&window);
}

/* ---- Towards FAIL. */

/* ln of the mean over the lines of E, or of each line's own E_min. */
static double ln_mean(const struct quant *t, bool without_worst)
{
	double most = -INFINITY, sum = 0;

	for (size_t l = 0; l < t->n_lines; l++)
		most = fmax(most, without_worst ? watch_ln_e_min(&t->lines[l].watch, t->since) : watch_ln_e(&t->lines[l].watch, t->since));
	if (isinf(most))
		return -INFINITY;
	for (size_t l = 0; l < t->n_lines; l++)
		sum += exp((without_worst ? watch_ln_e_min(&t->lines[l].watch, t->since) : watch_ln_e(&t->lines[l].watch, t->since)) -
			   most);
	return most + log(sum / (double)t->n_lines);
}

/* The guard edge's line; without history the one with most evidence. */
static size_t leading_line(const struct quant *t)
{
	size_t best = 0;

	for (size_t l = 0; l < t->n_lines; l++) {
		if (t->history && t->line_edges[l] == t->guard)
			return l;
		if (watch_ln_e(&t->lines[l].watch, t->since) > watch_ln_e(&t->lines[best].watch, t->since))
			best = l;
	}
	return best;
}

static bool buckets_apart(const struct quant *t, const struct sums sums[ARMS])
{
	struct histogram c = histogram_of(t, &sums[ARM_CANARY]), b = histogram_of(t, &sums[ARM_BASELINE]);
	double q = t->criterion->quantile;

	/* NaN, and an infinite upper edge of the baseline's bucket, compare false. */
	return quantile_bucket(&c, q).lo >= t->criterion->limit * quantile_bucket(&b, q).hi;
}

/* "Slower for sure" is not enough: by how much must be seen too, on the dominating window. */
static bool large_enough(const struct quant *t, size_t line)
{
	double q = t->criterion->quantile, limit = t->criterion->limit;
	struct histogram c, b;
	struct sums sums[ARMS];
	size_t restart;

	if (!t->relative)
		return true;
	restart = watch_dominating(&t->lines[line].watch, t->since, NULL);
	sums_since(t, restart, sums);
	if (buckets_apart(t, sums))
		return true;
	c = histogram_of(t, &sums[ARM_CANARY]);
	b = histogram_of(t, &sums[ARM_BASELINE]);
	return quantile_interpolated(&c, q) >= limit * quantile_interpolated(&b, q) &&
	       share_ratio_since(t, restart, line) >= pow(limit, TAIL_POWER);
}

static bool watch_alarms(const struct quant *t)
{
	return t->n_lines > 0 && ln_mean(t, false) >= log(2 / t->criterion->alpha) && ln_mean(t, true) >= log(E_WITHOUT_WORST);
}

/* At the guard edge; without history at any watched edge, which share alpha. */
static bool gate_refutes(const struct quant *t, size_t *line)
{
	for (size_t l = 0; l < t->n_lines; l++) {
		double alpha = t->history || !t->relative ? t->criterion->alpha : t->criterion->alpha / (double)t->n_lines;

		if (t->relative && t->history && t->line_edges[l] != t->guard)
			continue;
		*line = l;
		if (line_refutes(&t->lines[l], alpha) && large_enough(t, l))
			return true;
	}
	return false;
}

/* ---- Towards PASS. */

/* by_watch: evidence at any time in place of one look. */
static void bracket_add(struct bracket *sure, const struct quant *t, const struct sums *sums, double d, bool by_watch)
{
	double enough = by_watch ? -log(TAIL_OF_TWO) : normal_z(TAIL_OF_TWO);

	for (size_t e = 0; e < t->strata->n_edges; e++) {
		struct tally tally = { 1, sums->n, sums->slow[e] };
		double up, down;

		if (by_watch) {
			up = evidence_ln(&tally, 1, NULL, 0, t->odds, DIRECTION_UP, d);
			down = evidence_ln(&tally, 1, NULL, 0, t->odds, DIRECTION_DOWN, d);
		} else {
			up = final_z(&tally, 1, DIRECTION_UP, t->odds, d);
			down = final_z(&tally, 1, DIRECTION_DOWN, t->odds, d);
		}
		sure->above[e] |= up >= enough;
		sure->below[e] |= down >= enough;
	}
}

/* The quantile lies in (lo, hi]. */
static struct bucket bracket_edges(const struct bracket *sure, const struct strata *strata)
{
	struct bucket b = { 0, INFINITY };

	for (size_t e = 0; e < strata->n_edges; e++)
		if (sure->above[e])
			b.lo = strata->edges[e];
	for (size_t e = strata->n_edges; e-- > 0;)
		if (sure->below[e])
			b.hi = strata->edges[e];
	return b;
}

static bool is_blind(const struct quant *t, const struct sums *baseline)
{
	struct histogram h = histogram_of(t, baseline);

	return t->relative && baseline->n > 0 && quantile_blind(&h, t->criterion->quantile, t->criterion->limit);
}

/* What carries a PASS now, or NULL. */
static const char *passes(const struct quant *t)
{
	struct bucket c = bracket_edges(&t->sure[ARM_CANARY], t->strata), b = bracket_edges(&t->sure[ARM_BASELINE], t->strata);
	bool alone = t->pass_edge != NO_EDGE && t->sure[ARM_CANARY].below[t->pass_edge];

	if (!t->relative)
		return alone ? CARRIED_ABSOLUTE : NULL;
	if (b.lo > 0 && c.hi <= t->criterion->limit * b.lo * (1 + 1e-9))
		return CARRIED_RATIO;
	return alone && t->criterion->when_blind == WHEN_BLIND_ABSOLUTE && is_blind(t, &t->seen[ARM_BASELINE]) ? CARRIED_SUBSTITUTE : NULL;
}

/* ---- What is written down. */

static void note_watch(struct quant *t)
{
	if (t->n_lines == 0 || t->lines[0].n == 0)
		return;
	t->out->ln_e = ln_mean(t, false);
	t->out->ln_e_min = ln_mean(t, true);
}

static void note_gate(struct quant *t)
{
	struct decision *out = t->out;
	struct tally alone = { 1, t->seen[ARM_CANARY].n, 0 };
	size_t worst, l = leading_line(t);

	if (t->pass_edge != NO_EDGE) {
		alone.k = t->seen[ARM_CANARY].slow[t->pass_edge];
		out->z_down = final_z(&alone, 1, DIRECTION_DOWN, t->odds, t->d[ARM_CANARY]);
	}
	if (t->n_lines == 0)
		return;
	out->z_up = final_z(t->lines[l].v, t->lines[l].n, DIRECTION_UP, t->lines[l].watch.r0, t->lines[l].d);
	out->z_up_without_worst = final_z_without_worst(t->lines[l].v, t->lines[l].n, DIRECTION_UP, t->lines[l].watch.r0, t->lines[l].d,
							&worst);
	if (worst < t->lines[l].n)
		out->worst_at = t->ground->v[t->lines[l].moments[worst]].s->to;
}

/* Values and brackets of given counts; edge: whose slower requests are the events. */
static void note_values(struct quant *t, const struct sums sums[ARMS], size_t edge, const struct bracket sure[ARMS])
{
	struct decision *out = t->out;
	double q = t->criterion->quantile;
	struct histogram c = histogram_of(t, &sums[ARM_CANARY]), b = histogram_of(t, &sums[ARM_BASELINE]);
	struct bucket in_c = bracket_edges(&sure[ARM_CANARY], t->strata), in_b = bracket_edges(&sure[ARM_BASELINE], t->strata);

	for (int arm = 0; arm < ARMS; arm++) {
		out->requests[arm] = sums[arm].n;
		out->events[arm] = edge == NO_EDGE ? -1 : sums[arm].slow[edge];
	}
	out->value = quantile_interpolated(&c, q);
	out->baseline = quantile_interpolated(&b, q);
	out->ratio = out->value / out->baseline;
	out->resolution = quantile_resolution(&b, q);
	if (sums[ARM_CANARY].n == 0)
		return;
	out->value_lo = in_c.lo;
	out->value_hi = in_c.hi;
	out->lo = in_c.lo;
	out->hi = in_c.hi;
	if (!t->relative)
		return;
	out->baseline_lo = in_b.lo;
	out->baseline_hi = in_b.hi;
	out->lo = isinf(in_b.hi) ? 0 : in_c.lo / in_b.hi;
	out->hi = in_b.lo > 0 ? in_c.hi / in_b.lo : INFINITY;
}

static void note_span(struct quant *t, bool evidence, size_t start)
{
	const struct line *line = t->lines;

	t->out->from = t->out->to = INSTANT_NONE;
	for (size_t i = start; t->n_lines > 0 && i < line->n; i++) {
		const struct moment *m = &t->ground->v[line->moments[i]];

		if (evidence && !m->evidence)
			continue;
		if (t->out->from == INSTANT_NONE)
			t->out->from = m->s->from;
		t->out->to = m->s->to;
	}
}

static void set_fail(struct quant *t, enum decided_by test, int64_t at, size_t line)
{
	struct decision *out = t->out;
	struct bracket sure[ARMS] = { 0 };
	struct sums sums[ARMS];
	size_t start = 0, restart = 0;

	if (t->relative || test == DECIDED_SEQUENTIAL)
		restart = watch_dominating(&t->lines[line].watch, t->since, &start);
	sums_since(t, restart, sums);
	for (int arm = 0; arm < ARMS; arm++)
		bracket_add(&sure[arm], t, &sums[arm], t->d[arm], test == DECIDED_SEQUENTIAL);
	out->state = CRITERION_FAIL;
	out->reason = NULL;
	out->carried = !t->relative ? CARRIED_ABSOLUTE : buckets_apart(t, sums) ? CARRIED_BUCKETS : CARRIED_RATIO;
	out->test = test;
	out->decided_at = at;
	out->looks = t->looks;
	note_watch(t);
	note_span(t, false, start);
	note_values(t, sums, t->line_edges[line], sure);
	decision_place(out, t->ground, at);
}

static void set_pass(struct quant *t, enum decided_by test, int64_t at, const char *carried)
{
	struct decision *out = t->out;
	bool alone = strcmp(carried, CARRIED_RATIO) != 0;

	out->state = CRITERION_PASS;
	out->reason = NULL;
	out->carried = carried;
	out->test = test;
	out->decided_at = at;
	out->looks = t->looks;
	note_watch(t);
	note_span(t, true, 0);
	note_values(t, t->seen, alone ? t->pass_edge : t->guard, t->sure);
	out->substituted = strcmp(carried, CARRIED_SUBSTITUTE) == 0;
	if (out->substituted) {
		out->limit = t->strata->edges[t->pass_edge];
		out->lo = out->value_lo;
		out->hi = out->value_hi;
	}
	decision_place(out, t->ground, at);
}

/* ---- Looks. */

static bool judged_enough(const struct quant *t, const struct sums *sums)
{
	int64_t least = t->ground->in->criteria->min_requests;

	return sums[ARM_CANARY].n >= least && (!t->relative || sums[ARM_BASELINE].n >= least);
}

/* The scores are written down also where nothing may be decided. */
static void look_at_gate(struct quant *t, const struct standing *standing)
{
	struct decision *out = t->out;
	int64_t at = t->ground->in->ladder_end;
	const char *carried;
	size_t line = 0;

	note_gate(t);
	for (int arm = 0; arm < ARMS; arm++)
		bracket_add(&t->sure[arm], t, &t->seen[arm], t->d[arm], false);
	if (!judged_enough(t, t->judged) || standing_reason(standing, t->ground, t->relative, at))
		return;
	if (gate_refutes(t, &line)) {
		if (out->state != CRITERION_FAIL)
			set_fail(t, DECIDED_FINAL, at, line);
		return;
	}
	carried = passes(t);
	if (carried && out->state == CRITERION_FAIL) {
		/* 4.7: a cold start. What comes after is watched anew. */
		t->transient = true;
		t->since = t->n_lines > 0 ? t->lines[0].watch.n_blocks : 0;
		out->state = CRITERION_UNDECIDED;
		decision_reopen(out);
	} else if (carried) {
		set_pass(t, DECIDED_FINAL, at, carried);
	}
}

static void look_at_scrape(struct quant *t, const struct moment *m)
{
	struct decision *out = t->out;
	const char *carried;

	if (out->state == CRITERION_FAIL)
		return;
	if (watch_alarms(t)) {
		size_t line = leading_line(t);

		if (large_enough(t, line)) {
			set_fail(t, DECIDED_SEQUENTIAL, m->s->to, line);
			return;
		}
		out->slower_without_size = true;
	}
	if (!m->held || t->transient || out->state == CRITERION_PASS)
		return;
	for (int arm = 0; arm < ARMS; arm++)
		bracket_add(&t->sure[arm], t, &t->seen[arm], t->d[arm], true);
	carried = passes(t);
	if (carried)
		set_pass(t, DECIDED_SEQUENTIAL, m->s->to, carried);
}

/* ---- Where nothing was decided. */

/* Requests of one arm until its share above an edge is surely below (or above) 1-q. */
static double one_left(const struct quant *t, int arm, size_t edge, bool below)
{
	double n = (double)t->seen[arm].n, all = (double)t->judged[arm].n, share;

	if (edge == NO_EDGE || all <= 0)
		return INFINITY;
	share = (double)t->judged[arm].slow[edge] / all;
	if (below ? share >= 1 - t->criterion->quantile : share <= 1 - t->criterion->quantile)
		return INFINITY;
	return fmax(0, traffic_needed_one(share, 1 - t->criterion->quantile, normal_z(TAIL_OF_TWO), t->d[arm]) - n);
}

static void note_time_left(struct quant *t, bool alone)
{
	struct histogram b = histogram_of(t, &t->judged[ARM_BASELINE]);
	double share, rate = ground_rate(t->ground, &share), left, low;

	t->out->requests_per_second = rate;
	if (!(rate > 0) || !(share > 0))
		return;
	if (alone) {
		left = one_left(t, ARM_CANARY, t->pass_edge, true) / share;
	} else {
		low = quantile_bucket(&b, t->criterion->quantile).lo;
		left = isnan(low) || low <= 0 || share >= 1
			       ? INFINITY
			       : fmax(one_left(t, ARM_CANARY, edge_at_or_below(t->strata, low * t->criterion->limit), true) / share,
				      one_left(t, ARM_BASELINE, edge_at_or_below(t->strata, low), false) / (1 - share));
	}
	if (!isfinite(left) || left <= 0)
		return;
	t->out->requests_to_decision = left;
	t->out->seconds_to_decision = left / rate;
}

static bool has_native(const struct strata *strata)
{
	for (size_t i = 0; i < strata->n_notes; i++)
		if (strcmp(strata->notes[i].kind, "native-histogram") == 0)
			return true;
	return false;
}

static const char *open_reason(const struct quant *t, const struct standing *standing)
{
	const char *reason = standing_reason(standing, t->ground, t->relative, t->ground->end);

	if (reason && !t->transient)
		return reason;
	if (t->transient)
		return REASON_TRANSIENT;
	if (!t->any_histogram)
		return has_native(t->strata) ? REASON_NATIVE_HISTOGRAM : REASON_NO_DATA;
	if (t->judged[ARM_CANARY].n == 0)
		return REASON_WARM_UP;
	if (!judged_enough(t, t->judged) || (t->ground->ended && !judged_enough(t, t->seen)))
		return REASON_TOO_FEW;
	if (t->out->blind && !t->out->substituted)
		return REASON_BLIND;
	return !t->relative && t->pass_edge == NO_EDGE ? REASON_BLIND : REASON_UNRESOLVED;
}

static void set_open(struct quant *t, const struct standing *standing)
{
	struct decision *out = t->out;
	bool evidence = t->ground->ended && t->seen[ARM_CANARY].n > 0;
	const struct sums *sums = evidence ? t->seen : t->judged;
	struct bracket so_far[ARMS] = { 0 };

	decision_reopen(out);
	out->substituted = out->blind && t->criterion->when_blind == WHEN_BLIND_ABSOLUTE && t->pass_edge != NO_EDGE;
	out->reason = open_reason(t, standing);
	out->state = reason_is(out->reason, REASON_UNRESOLVED) || reason_is(out->reason, REASON_WARM_UP) ||
				     reason_is(out->reason, REASON_TRANSIENT)
			     ? CRITERION_UNDECIDED
			     : CRITERION_NOT_EVALUABLE;
	out->looks = t->looks;
	note_watch(t);
	note_span(t, evidence, 0);
	for (int arm = 0; arm < ARMS && !evidence; arm++)
		bracket_add(&so_far[arm], t, &sums[arm], t->d[arm], true);
	note_values(t, sums, out->substituted || !t->relative ? t->pass_edge : t->guard, evidence ? t->sure : so_far);
	if (out->substituted) {
		out->limit = t->strata->edges[t->pass_edge];
		out->lo = out->value_lo;
		out->hi = out->value_hi;
	}
	note_time_left(t, out->substituted || !t->relative);
	decision_place(out, t->ground, t->ground->end);
}

static void finish(struct quant *t, const struct standing *standing)
{
	struct decision *out = t->out;
	struct histogram warm = histogram_of(t, &t->warm);
	const char *reason = standing_reason(standing, t->ground, t->relative, t->ground->end);
	bool unfounded = reason_is(reason, REASON_BASELINE_ILL) || reason_is(reason, REASON_PARTIAL);

	out->warm_up_to = t->warm_to;
	out->warm_up_value = quantile_interpolated(&warm, t->criterion->quantile);
	out->blind = is_blind(t, t->seen[ARM_BASELINE].n > 0 ? &t->seen[ARM_BASELINE] : &t->judged[ARM_BASELINE]);
	if (out->state == CRITERION_FAIL || (out->state == CRITERION_PASS && !unfounded))
		return;
	set_open(t, standing);
}

int decide_quantile(struct decision *out, const struct ground *ground, const struct criterion *criterion, struct error *err)
{
	struct quant *t = arena_alloc(ground->arena, sizeof *t);
	struct standing standing = { .covered = 0 };
	bool relative = criterion->kind == CRITERION_QUANTILE_RATIO;

	if (!t)
		return error_nomem(err);
	*t = (struct quant){ .ground = ground, .criterion = criterion, .strata = ground->in->strata, .out = out, .relative = relative };
	if (quant_begin(t) != 0)
		return error_nomem(err);
	out->state = CRITERION_UNDECIDED;
	for (size_t i = 0; i <= ground->n; i++) {
		const struct moment *m = &ground->v[i];

		if (ground->ended && i == ground->gate)
			look_at_gate(t, &standing);
		if (i == ground->n)
			break;
		if (add_moment(t, i) != 0)
			return error_nomem(err);
		t->looks++;
		standing_add(&standing, ground, m, moment_usable(ground, m, relative));
		if (judged_enough(t, t->judged) && !standing_reason(&standing, ground, relative, m->s->to))
			look_at_scrape(t, m);
	}
	finish(t, &standing);
	return 0;
}
