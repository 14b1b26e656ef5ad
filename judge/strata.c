/* facts/judge.md 4.1: increments per scrape interval, with its rules for falls, births and renamed labels. */
#include "gonogo/strata.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/measure.h"
#include "gonogo/series.h"
#include "align.h"

/* A fall that leaves more than this share of the counter is no restart but another server's view. */
#define SEAM_SHARE 0.5
#define RESTART_SHARE 0.9
/* A birth may be that many times the traffic of its target nearby, and a handful more. */
#define BIRTH_TIMES 3
#define BIRTH_SLACK 50

/* A series of one arm, laid on the grid of its target's scrapes. */
struct lane {
	const struct series *series;
	int arm;
	bool is_error, is_bucket;
	size_t edge; /* is_bucket: index into edges; n_edges for +Inf */
	double *value; /* at each grid point; NaN: absent */
	evidence_id *id;
};

/* One scraped process: the samples of its series share their time stamps. */
struct target {
	const char *key;
	int64_t *grid;
	size_t n_grid;
	size_t n_lanes;
	struct lane *lanes;
	int64_t interval; /* median */
};

struct building {
	struct strata *out;
	const struct series_set *set;
	const struct strata_spec *spec;
	struct arena *arena;
	struct error *err;
	signed char *arms; /* one a series of the set */
	size_t spelling;
	struct target *targets;
	size_t n_targets, cap_targets;
};

static int add_note(struct building *b, const char *kind, int64_t at, const char *text, evidence_id id)
{
	struct strata *out = b->out;
	struct strata_note *grown;

	if (text == NULL)
		return error_nomem(b->err);
	for (size_t i = 0; i < out->n_notes; i++)
		if (strcmp(out->notes[i].kind, kind) == 0 && strcmp(out->notes[i].text, text) == 0)
			return ids_add(&out->notes[i].ids, id, b->arena) < 0 ? error_nomem(b->err) : 0;
	grown = arena_grow(b->arena, out->notes, out->n_notes, &out->cap_notes, sizeof *grown);
	if (grown == NULL)
		return error_nomem(b->err);
	out->notes = grown;
	grown[out->n_notes] = (struct strata_note){ .kind = kind, .at = at, .text = text };
	return ids_add(&grown[out->n_notes++].ids, id, b->arena) < 0 ? error_nomem(b->err) : 0;
}

/* ---- Which series are of which arm. */

static bool is_metric(const char *metric, const struct series *s)
{
	return metric != NULL && strcmp(s->name, metric) == 0;
}

static bool is_ours(const struct building *b, const struct series *s)
{
	return is_metric(b->spec->measure->requests, s) || is_metric(b->spec->measure->buckets, s);
}

static int arm_of(const struct building *b, const struct series *s)
{
	return b->arms[s - b->set->v];
}

static const char *target_key(struct building *b, const struct series *s)
{
	const char *instance = series_label(s, "instance"), *job = series_label(s, "job");

	if (instance == NULL)
		instance = series_label(s, "pod");
	return arena_printf(b->arena, "%s\x1f%s", instance == NULL ? "" : instance, job == NULL ? "" : job);
}

static struct target *find_target(struct building *b, const char *key)
{
	struct target *grown;

	for (size_t i = 0; i < b->n_targets; i++)
		if (strcmp(b->targets[i].key, key) == 0)
			return &b->targets[i];
	grown = arena_grow(b->arena, b->targets, b->n_targets, &b->cap_targets, sizeof *grown);
	if (grown == NULL)
		return NULL;
	b->targets = grown;
	grown[b->n_targets] = (struct target){ .key = key };
	return &grown[b->n_targets++];
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Finite edges that every arm with buckets has: where they differ, only the common ones compare. */
static void find_edges(struct building *b)
{
	double all[ARMS][EDGES_MAX];
	size_t n[ARMS] = { 0, 0 };

	for (size_t i = 0; i < b->set->n; i++) {
		const struct series *s = &b->set->v[i];
		const char *le = series_label(s, "le");
		int arm = is_ours(b, s) && le != NULL ? arm_of(b, s) : -1;
		double edge;
		size_t k = 0;

		if (arm < 0 || strcmp(le, "+Inf") == 0)
			continue;
		edge = strtod(le, NULL) * b->spec->measure->unit;
		while (k < n[arm] && all[arm][k] != edge)
			k++;
		if (k == n[arm] && k < EDGES_MAX && edge > 0 && isfinite(edge))
			all[arm][n[arm]++] = edge;
	}
	for (size_t i = 0; i < n[ARM_BASELINE]; i++) {
		bool common = n[ARM_CANARY] == 0;

		for (size_t k = 0; k < n[ARM_CANARY]; k++)
			common = common || all[ARM_CANARY][k] == all[ARM_BASELINE][i];
		if (common)
			b->out->edges[b->out->n_edges++] = all[ARM_BASELINE][i];
	}
	if (n[ARM_BASELINE] == 0) {
		memcpy(b->out->edges, all[ARM_CANARY], n[ARM_CANARY] * sizeof(double));
		b->out->n_edges = n[ARM_CANARY];
	}
	qsort(b->out->edges, b->out->n_edges, sizeof(double), compare_doubles);
}

/* Index of the edge, n_edges for +Inf; SIZE_MAX if it is not common. */
static size_t edge_index(const struct building *b, const char *le)
{
	double edge = strtod(le, NULL) * b->spec->measure->unit;

	if (strcmp(le, "+Inf") == 0)
		return b->out->n_edges;
	for (size_t i = 0; i < b->out->n_edges; i++)
		if (b->out->edges[i] == edge)
			return i;
	return SIZE_MAX;
}

static int note_series(struct building *b, const struct series *s, int arm)
{
	const char *label = b->spec->measure->arm_label[b->spelling], *value = label == NULL ? NULL : series_label(s, label);

	if (s->native)
		return add_note(b, "native-histogram", INSTANT_NONE,
				arena_printf(b->arena, "`%s` comes as a native histogram, which Flagger 1.44 cannot read", s->name),
				s->n > 0 ? s->samples[0].id : 0);
	if (arm < 0 && value != NULL)
		return add_note(b, "foreign-series", INSTANT_NONE,
				arena_printf(b->arena,
					     "the series of `%s` is neither of the canary nor of the primary; it is counted for neither",
					     value),
				s->n > 0 ? s->samples[0].id : 0);
	return 0;
}

static int sort_in(struct building *b, const struct series *s)
{
	int arm = arm_of(b, s);
	struct target *t;

	if (note_series(b, s, arm) < 0)
		return -1;
	if (s->n == 0)
		return 0;
	t = find_target(b, target_key(b, s));
	if (t == NULL || t->key == NULL)
		return error_nomem(b->err);
	t->n_lanes++;
	if (arm < 0)
		return 0;
	b->out->found[arm] = true;
	return 0;
}

/* ---- The grid of a target's scrapes. */

static int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t median_step(const int64_t *times, size_t n, struct arena *arena)
{
	int64_t *steps = n < 2 ? NULL : arena_alloc(arena, (n - 1) * sizeof *steps);

	if (steps == NULL)
		return 0;
	for (size_t i = 1; i < n; i++)
		steps[i - 1] = times[i] - times[i - 1];
	qsort(steps, n - 1, sizeof *steps, compare_times);
	return steps[(n - 1) / 2];
}

/* All time stamps of its series. Two within a third of the usual step are one scrape (two replicas behind one address). */
static int make_grid(struct building *b, struct target *t)
{
	size_t total = 0, n = 0, kept = 0;
	int64_t *times;

	for (size_t i = 0; i < t->n_lanes; i++)
		total += t->lanes[i].series->n;
	times = arena_alloc(b->arena, total * sizeof *times);
	if (times == NULL)
		return error_nomem(b->err);
	for (size_t i = 0; i < t->n_lanes; i++)
		for (size_t k = 0; k < t->lanes[i].series->n; k++)
			times[n++] = t->lanes[i].series->samples[k].at;
	qsort(times, n, sizeof *times, compare_times);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || times[kept - 1] != times[i])
			times[kept++] = times[i];
	t->interval = median_step(times, kept, b->arena);
	n = kept;
	kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && times[i] - times[kept - 1] < t->interval / 3)
			times[kept - 1] = times[i];
		else
			times[kept++] = times[i];
	}
	t->grid = times;
	t->n_grid = kept;
	return 0;
}

static int note_seam(struct building *b, const struct target *t, int64_t at, evidence_id id)
{
	return add_note(
		b, "replica-seam", at,
		arena_printf(b->arena,
			     "a counter of `%.*s` went back without a restart: two servers answer as one; the higher value was held",
			     (int)strcspn(t->key, "\x1f"), t->key),
		id);
}

static int lay_out(struct building *b, struct target *t, struct lane *lane)
{
	const struct series *s = lane->series;
	size_t k = 0;

	lane->value = arena_alloc(b->arena, t->n_grid * sizeof *lane->value);
	lane->id = arena_alloc(b->arena, t->n_grid * sizeof *lane->id);
	if (lane->value == NULL || lane->id == NULL)
		return error_nomem(b->err);
	for (size_t i = 0; i < t->n_grid; i++) {
		size_t first = k;

		lane->value[i] = NAN;
		/* The highest of a scrape's samples: replicas that lag show less. At first sight the earliest is where counting begins. */
		for (; k < s->n && s->samples[k].at <= t->grid[i]; k++) {
			if (k > first && s->samples[k].value < s->samples[k - 1].value &&
			    note_seam(b, t, s->samples[k].at, s->samples[k].id) < 0)
				return -1;
			if (isnan(lane->value[i]) || (i > 0 && s->samples[k].value > lane->value[i])) {
				lane->value[i] = s->samples[k].value;
				lane->id[i] = s->samples[k].id;
			}
		}
	}
	return 0;
}

static int fill_target(struct building *b, struct target *t)
{
	size_t n = 0;

	t->lanes = arena_alloc(b->arena, t->n_lanes * sizeof *t->lanes);
	if (t->lanes == NULL)
		return error_nomem(b->err);
	for (size_t i = 0; i < b->set->n; i++) {
		const struct series *s = &b->set->v[i];
		const char *le = series_label(s, "le"), *key;
		struct lane *lane;

		if (!is_ours(b, s) || s->n == 0)
			continue;
		key = target_key(b, s);
		if (key == NULL)
			return error_nomem(b->err);
		if (strcmp(key, t->key) != 0)
			continue;
		lane = &t->lanes[n++];
		*lane = (struct lane){ .series = s, .arm = arm_of(b, s) };
		lane->is_bucket = is_metric(b->spec->measure->buckets, s);
		lane->is_error = measure_is_error(b->spec->measure, b->spec->n_error_classes, b->spec->error_classes, s);
		lane->edge = lane->is_bucket && le != NULL ? edge_index(b, le) : SIZE_MAX;
	}
	if (make_grid(b, t) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (lay_out(b, t, &t->lanes[i]) < 0)
			return -1;
	return 0;
}

/* ---- Increments. */

/* A restart: what fell to less than half in this scrape had carried nearly all that the target had counted. Not every single counter: after
 * the restart a scrape may hold more errors than there had been before it. */
static bool restarted(const struct target *t, size_t i)
{
	double all = 0, fallen = 0;

	if (i == 0 || t->grid[i] - t->grid[i - 1] < t->interval / 2)
		return false;
	for (size_t k = 0; k < t->n_lanes; k++) {
		double before = t->lanes[k].value[i - 1], now = t->lanes[k].value[i];

		if (isnan(before) || isnan(now))
			continue;
		all += before;
		if (now < before * SEAM_SHARE)
			fallen += before;
	}
	return fallen > 0 && fallen >= RESTART_SHARE * all;
}

/* By which requests of one kind become requests of another. */
static bool is_code(const struct building *b, const char *label)
{
	const struct measure *m = b->spec->measure;
	const char *const labels[] = { m->code_label, m->failed_label, m->grpc_label };

	for (size_t i = 0; i < 3; i++)
		if (labels[i] != NULL && strcmp(labels[i], label) == 0)
			return true;
	return false;
}

/* A sibling of the same target that ended in the very scrape in which this one began, and differs in one label that is neither code
 * nor edge nor arm: one counter under two names (a relabelling, a new pod label). */
static const struct lane *renamed_from(const struct building *b, const struct target *t, const struct lane *born, size_t i)
{
	for (size_t k = 0; k < t->n_lanes; k++) {
		const struct lane *l = &t->lanes[k];
		size_t differ = 0;

		if (l == born || strcmp(l->series->name, born->series->name) != 0 || isnan(l->value[i - 1]) || !isnan(l->value[i]) ||
		    l->series->n_labels != born->series->n_labels || l->arm != born->arm || l->edge != born->edge)
			continue;
		for (size_t m = 0; m < l->series->n_labels; m++) {
			const struct label *x = &l->series->labels[m], *y = &born->series->labels[m];

			if (strcmp(x->name, y->name) != 0)
				differ = 9;
			else if (strcmp(x->value, y->value) != 0)
				differ += is_code(b, x->name) ? 9 : 1;
		}
		if (differ == 1 && born->value[i] >= l->value[i - 1])
			return l;
	}
	return NULL;
}

/* Increments of one lane over the whole grid; NaN where there is none. */
struct deltas {
	double *v;
	unsigned *flags;
	bool *born;
};

static void lane_deltas(const struct building *b, const struct target *t, const struct lane *lane, const bool *restarts, struct deltas *d)
{
	double held = NAN;

	for (size_t i = 0; i < t->n_grid; i++) {
		double now = lane->value[i];
		const struct lane *old;

		d->v[i] = NAN;
		if (isnan(now)) {
			held = NAN;
			continue;
		}
		if (i == 0) {
			held = now;
			continue;
		}
		if (isnan(held)) {
			old = renamed_from(b, t, lane, i);
			d->v[i] = old != NULL ? now - old->value[i - 1] : now;
			d->flags[i] |= old != NULL ? STRATUM_RENAMED : STRATUM_BORN;
			d->born[i] = old == NULL;
			held = now;
		} else if (restarts[i]) {
			d->v[i] = now;
			d->flags[i] |= STRATUM_RESET;
			held = now;
		} else if (now >= held) {
			d->v[i] = now - held;
			held = now;
		} else {
			d->v[i] = 0;
			d->flags[i] |= STRATUM_SEAM;
		}
	}
}

static int new_deltas(struct building *b, size_t n, struct deltas *d)
{
	d->v = arena_alloc(b->arena, n * sizeof *d->v);
	d->flags = arena_alloc(b->arena, n * sizeof *d->flags);
	d->born = arena_alloc(b->arena, n * sizeof *d->born);
	return d->v == NULL || d->flags == NULL || d->born == NULL ? error_nomem(b->err) : 0;
}

/* The most that a birth may claim: the target's traffic in the intervals around, scaled to this one's length. */
static double birth_bound(const struct target *t, const struct deltas *all, size_t i)
{
	double most = 0;

	for (size_t k = i > 2 ? i - 2 : 1; k < t->n_grid && k <= i + 2; k++) {
		double sum = 0, length = (double)(t->grid[k] - t->grid[k - 1]);

		for (size_t l = 0; l < t->n_lanes; l++)
			if (!t->lanes[l].is_bucket && !isnan(all[l].v[k]) && !all[l].born[k])
				sum += all[l].v[k];
		sum *= (double)(t->grid[i] - t->grid[i - 1]) / length;
		most = sum > most ? sum : most;
	}
	return BIRTH_TIMES * most + BIRTH_SLACK;
}

static bool birth_is_possible(const struct target *t, const struct deltas *all, size_t i)
{
	double bound = -1;

	for (size_t l = 0; l < t->n_lanes; l++) {
		if (isnan(all[l].v[i]) || !all[l].born[i])
			continue;
		if (bound < 0)
			bound = birth_bound(t, all, i);
		if (all[l].v[i] > bound)
			return false;
	}
	return true;
}

/* Increments that fit a count; sums of a thousand of them do too. */
static bool are_counts(const struct target *t, const struct deltas *all, size_t i)
{
	for (size_t l = 0; l < t->n_lanes; l++)
		if (!isnan(all[l].v[i]) && !(all[l].v[i] >= 0 && all[l].v[i] < 1e12))
			return false;
	return true;
}

/* slow[e] held the requests up to the edge while summing; now those above it. Counts that shrink with a higher edge are no histogram. */
static void turn_buckets(const struct building *b, struct stratum *s, int arm, bool seen)
{
	size_t n = b->out->n_edges;
	int64_t all = s->slow[arm][n], below = 0;

	if (!seen || n == 0) {
		s->slow[arm] = NULL;
		return;
	}
	for (size_t e = 0; e < n; e++) {
		if (s->slow[arm][e] < below || s->slow[arm][e] > all) {
			s->slow[arm] = NULL;
			return;
		}
		below = s->slow[arm][e];
		s->slow[arm][e] = all - below;
	}
}

static int count(struct building *b, const struct target *t, const struct deltas *all, size_t i)
{
	struct stratum *s = strata_add(b->out, t->grid[i - 1], t->grid[i], b->arena);
	bool buckets[ARMS] = { false, false };

	if (s == NULL)
		return error_nomem(b->err);
	if (t->interval > 0 && s->to - s->from > t->interval * 3 / 2)
		s->flags |= STRATUM_LONG;
	if (!are_counts(t, all, i)) {
		s->flags |= STRATUM_REJECTED;
		s->slow[0] = s->slow[1] = NULL;
		return add_note(b, "malformed", s->to, "a counter grew by more than any service can count: the interval is not counted", 0);
	}
	if (!birth_is_possible(t, all, i)) {
		s->flags |= STRATUM_REJECTED;
		s->slow[0] = s->slow[1] = NULL;
		return add_note(b, "rejected", s->to,
				"a series began with more than its target can have served in that time: the interval is not counted", 0);
	}
	for (size_t l = 0; l < t->n_lanes; l++) {
		const struct lane *lane = &t->lanes[l];
		int64_t delta = isnan(all[l].v[i]) ? 0 : llround(all[l].v[i]);

		if (lane->arm < 0 || isnan(all[l].v[i]))
			continue;
		s->flags |= all[l].flags[i];
		s->seen[lane->arm] = true;
		if (ids_add(&s->ids, lane->id[i], b->arena) < 0 || ids_add(&b->out->ids[lane->arm], lane->id[i], b->arena) < 0)
			return error_nomem(b->err);
		if (lane->is_bucket && lane->edge != SIZE_MAX) {
			s->slow[lane->arm][lane->edge] += delta;
			buckets[lane->arm] = true;
		} else if (!lane->is_bucket) {
			s->n[lane->arm] += delta;
			s->k[lane->arm] += lane->is_error ? delta : 0;
		}
	}
	for (int arm = 0; arm < ARMS; arm++)
		turn_buckets(b, s, arm, buckets[arm]);
	return 0;
}

static int note_falls(struct building *b, const struct target *t, const struct deltas *all)
{
	for (size_t l = 0; l < t->n_lanes; l++)
		for (size_t i = 1; i < t->n_grid; i++) {
			evidence_id id = t->lanes[l].id[i];

			if ((all[l].flags[i] & STRATUM_RESET) != 0 &&
			    add_note(b, "reset", t->grid[i],
				     arena_printf(b->arena,
						  "the scraped process at `%.*s` restarted: what passed between the last scrape and the "
						  "restart is lost",
						  (int)strcspn(t->key, "\x1f"), t->key),
				     id) < 0)
				return -1;
			if ((all[l].flags[i] & STRATUM_SEAM) != 0 && note_seam(b, t, t->grid[i], id) < 0)
				return -1;
		}
	return 0;
}

static int build_target(struct building *b, struct target *t)
{
	struct deltas *all = arena_alloc(b->arena, t->n_lanes * sizeof *all);
	bool *restarts = arena_alloc(b->arena, t->n_grid * sizeof *restarts);

	if (all == NULL || restarts == NULL)
		return error_nomem(b->err);
	for (size_t i = 1; i < t->n_grid; i++)
		restarts[i] = restarted(t, i);
	for (size_t l = 0; l < t->n_lanes; l++) {
		if (new_deltas(b, t->n_grid, &all[l]) < 0)
			return -1;
		lane_deltas(b, t, &t->lanes[l], restarts, &all[l]);
	}
	if (note_falls(b, t, all) < 0)
		return -1;
	for (size_t i = 1; i < t->n_grid; i++)
		if (count(b, t, all, i) < 0)
			return -1;
	return 0;
}

static int compare_strata(const void *a, const void *b)
{
	const struct stratum *x = a, *y = b;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

/* ---- Notes. */

/* Where a service is called "shop-primary-api", the word tells nothing about the arm. */
static bool names_tell(const struct measure *m)
{
	const char *canary = m->arm[0][ARM_CANARY], *primary = m->arm[0][ARM_BASELINE];

	return canary != NULL && primary != NULL && strstr(canary, "-primary-") == NULL && strstr(primary, "-canary-") == NULL;
}

static int take_notes(struct building *b)
{
	for (size_t i = 0; i < b->set->n_notes; i++) {
		const struct answer_note *n = &b->set->notes[i];
		const char *kind = n->annotation == ANNOTATION_PARTIAL  ? "partial"
				   : n->annotation == ANNOTATION_BROKEN ? "broken-query"
									: "info";

		/* Which arm an incomplete answer was about: by its query, and both where that does not say. */
		if (n->annotation == ANNOTATION_PARTIAL) {
			bool clear = names_tell(b->spec->measure);
			bool primary = clear && strstr(n->query, "-primary-") != NULL,
			     canary = clear && strstr(n->query, "-canary-") != NULL;

			if (primary || !canary)
				b->out->partial[ARM_BASELINE] = true;
			if (canary || !primary)
				b->out->partial[ARM_CANARY] = true;
		}
		if (add_note(b, kind, INSTANT_NONE, arena_printf(b->arena, "`%s` said: `%s`", n->query, n->text), n->id) < 0)
			return -1;
	}
	if (b->set->malformed > 0)
		return add_note(
			b, "malformed", INSTANT_NONE,
			arena_printf(b->arena, "%zu answers or series of Prometheus were malformed and are not counted", b->set->malformed),
			0);
	return 0;
}

static struct scrapes *scrapes_of(const struct building *b)
{
	struct scrapes *all = arena_alloc(b->arena, b->n_targets * sizeof *all);

	for (size_t i = 0; all != NULL && i < b->n_targets; i++) {
		const struct target *t = &b->targets[i];

		all[i] = (struct scrapes){ .key = t->key, .times = t->grid, .n = t->n_grid, .interval = t->interval };
		for (size_t k = 0; k < t->n_lanes; k++)
			if (t->lanes[k].arm >= 0)
				all[i].of[t->lanes[k].arm] = true;
	}
	return all;
}

/* Of each arm's best scraped target; the longer of the two. A target seen twice says nothing about how often one looks. */
static int64_t usual_interval(const struct scrapes *all, size_t n)
{
	int64_t usual = 0;

	for (int arm = 0; arm < ARMS; arm++) {
		const struct scrapes *best = NULL;

		for (size_t i = 0; i < n; i++)
			if (all[i].of[arm] && (best == NULL || all[i].n > best->n))
				best = &all[i];
		if (best != NULL && best->interval > usual)
			usual = best->interval;
	}
	return usual;
}

static int note_classes(struct building *b)
{
	const struct measure *m = b->spec->measure;
	const char *unseen = m->requests == NULL
				     ? NULL
				     : measure_unseen_class(m, b->spec->n_error_classes, b->spec->error_classes, b->set, b->arms);

	b->out->unseen_class = unseen;

	if (unseen != NULL && strcmp(unseen, "gRPC") == 0)
		return add_note(b, "class-unseen", INSTANT_NONE,
				arena_printf(b->arena, "`%s` counts failed gRPC calls, and no error class is about them (such as grpc:14)",
					     m->requests),
				0);
	return unseen == NULL ? 0
			      : add_note(b, "class-unseen", INSTANT_NONE,
					 arena_printf(b->arena, "no label of `%s` can show the error class `%s`", m->requests, unseen), 0);
}

int strata_build(struct strata *out, const struct series_set *set, const struct strata_spec *spec, struct arena *arena, struct error *err)
{
	struct building b = { .out = out, .set = set, .spec = spec, .arena = arena, .err = err };
	struct aligning aligning;
	struct scrapes *scrapes;

	*out = (struct strata){ 0 };
	if (measure_arms(&b.arms, &b.spelling, spec->measure, set, arena, err) < 0)
		return -1;
	out->spelling = b.spelling;
	out->arms = b.arms;
	find_edges(&b);
	for (size_t i = 0; i < set->n; i++)
		if (is_ours(&b, &set->v[i]) && sort_in(&b, &set->v[i]) < 0)
			return -1;
	for (size_t i = 0; i < b.n_targets; i++) {
		if (fill_target(&b, &b.targets[i]) < 0 || build_target(&b, &b.targets[i]) < 0)
			return -1;
	}
	scrapes = scrapes_of(&b);
	if (scrapes == NULL)
		return error_nomem(err);
	out->scrape_interval = usual_interval(scrapes, b.n_targets);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof *out->v, compare_strata);
	aligning = (struct aligning){ out, scrapes, b.n_targets, arena, err };
	if (b.n_targets > 1 && (spec->measure->pods ? strata_spread(&aligning) : strata_align(&aligning)) < 0)
		return -1;
	return take_notes(&b) < 0 ? -1 : note_classes(&b);
}
