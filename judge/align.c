#include "align.h"

#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"

#define COVERAGE_MIN 0.8
/* Two weeks of scrapes, 15 s each; times that no server gives are not spread over. */
#define CELLS_MAX 100000

struct stratum *strata_add(struct strata *out, int64_t from, int64_t to, struct arena *arena)
{
	struct stratum *grown = arena_grow(arena, out->v, out->n, &out->cap, sizeof *grown), *s;

	if (grown == NULL)
		return NULL;
	out->v = grown;
	s = &grown[out->n++];
	*s = (struct stratum){ .from = from, .to = to };
	for (int arm = 0; arm < ARMS; arm++) {
		s->slow[arm] = arena_alloc(arena, (out->n_edges + 1) * sizeof *s->slow[arm]);
		if (s->slow[arm] == NULL)
			return NULL;
	}
	return s;
}

/* ---- Several targets (pods of one ingress): one stratum a scrape interval, summed over them (4.1, rule 4). */

static const struct scrapes *reference(const struct aligning *a)
{
	const struct scrapes *most = &a->targets[0];

	for (size_t i = 1; i < a->n; i++)
		if (a->targets[i].n > most->n || (a->targets[i].n == most->n && strcmp(a->targets[i].key, most->key) < 0))
			most = &a->targets[i];
	return most;
}

/* The reference's scrape that closes the cell of a stratum; its own end where the reference was not scraped any more or not yet. */
static int64_t cell_end(const struct scrapes *ref, int64_t to)
{
	size_t lo = 0, hi = ref->n;

	if (ref->n == 0 || to > ref->times[ref->n - 1] || to < ref->times[0] - ref->interval)
		return to;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (ref->times[mid] < to)
			lo = mid + 1;
		else
			hi = mid;
	}
	return ref->times[lo];
}

static int add_counts(struct aligning *a, struct stratum *into, const struct stratum *s)
{
	size_t n = a->out->n_edges;

	for (int arm = 0; arm < ARMS; arm++) {
		if (s->slow[arm] == NULL && s->n[arm] > 0)
			into->slow[arm] = NULL;
		else if (into->slow[arm] == NULL && into->n[arm] == 0)
			into->slow[arm] = s->slow[arm];
		else if (into->slow[arm] != NULL && s->slow[arm] != NULL)
			for (size_t e = 0; e < n; e++)
				into->slow[arm][e] += s->slow[arm][e];
		into->n[arm] += s->n[arm];
		into->k[arm] += s->k[arm];
		into->seen[arm] = into->seen[arm] || s->seen[arm];
	}
	into->flags |= (s->flags & ~(unsigned)STRATUM_REJECTED) | STRATUM_ALIGNED;
	return ids_add_all(&into->ids, &s->ids, a->arena) < 0 ? error_nomem(a->err) : 0;
}

int strata_align(struct aligning *a)
{
	struct strata *out = a->out;
	const struct scrapes *ref = reference(a);
	size_t n = 0;

	for (size_t i = 0; i < out->n; i++) {
		struct stratum *s = &out->v[i], *last = n > 0 ? &out->v[n - 1] : NULL;
		int64_t end = cell_end(ref, s->to);

		if (last != NULL && end <= last->to) {
			if (add_counts(a, last, s) < 0)
				return -1;
			continue;
		}
		s->to = end;
		if (last != NULL && s->from < last->to)
			s->from = last->to;
		out->v[n++] = *s;
	}
	out->n = n;
	return 0;
}

/* ---- Every pod a target of its own: increments are spread evenly over their interval onto the reference's grid. */

/* How much of a cell was watched, by arm: what overlaps counts once. */
struct watch {
	int64_t reach[ARMS], covered[ARMS];
};

/* What a scrape tells of is the interval before it: where others failed in between, only that much was watched. */
static void watch_add(struct watch *w, const struct stratum *cell, const struct stratum *s, int arm, int64_t interval)
{
	int64_t since = (s->flags & STRATUM_LONG) != 0 && s->to - s->from > interval ? s->to - interval : s->from;
	int64_t from = since > w->reach[arm] ? since : w->reach[arm], to = s->to < cell->to ? s->to : cell->to;

	if (to <= from)
		return;
	w->covered[arm] += to - from;
	w->reach[arm] = to;
}

/* The part of a count that falls into a cell, as a whole number: what cells that meet get adds up to the count. */
static int64_t part(int64_t count, const struct stratum *s, const struct stratum *cell)
{
	double length = (double)(s->to - s->from);
	double from = fmin(fmax((double)(cell->from - s->from) / length, 0), 1),
	       to = fmin(fmax((double)(cell->to - s->from) / length, 0), 1);

	return llround((double)count * to) - llround((double)count * from);
}

/* Good and failed requests, and those between two edges, are parted each for itself: sums of them stay in order. */
static void add_part(const struct aligning *a, struct stratum *cell, const struct stratum *s, int arm)
{
	int64_t failed = part(s->k[arm], s, cell), above = 0;

	cell->n[arm] += failed + part(s->n[arm] - s->k[arm], s, cell);
	cell->k[arm] += failed;
	if (s->slow[arm] == NULL && s->n[arm] > 0)
		cell->slow[arm] = NULL;
	for (size_t e = a->out->n_edges; e-- > 0 && cell->slow[arm] != NULL && s->slow[arm] != NULL;) {
		int64_t next = e + 1 < a->out->n_edges ? s->slow[arm][e + 1] : 0;

		above += part(s->slow[arm][e] - next, s, cell);
		cell->slow[arm][e] += above;
	}
}

static int fill_cell(struct aligning *a, struct stratum *cell, const struct stratum *all, size_t n, struct watch *watch)
{
	bool buckets[ARMS] = { false, false };

	*watch = (struct watch){ .reach = { cell->from, cell->from } };
	cell->flags |= STRATUM_ALIGNED;
	for (size_t i = 0; i < n; i++) {
		if (all[i].to <= cell->from || all[i].from >= cell->to || (all[i].flags & STRATUM_REJECTED) != 0)
			continue;
		cell->flags |= all[i].flags;
		for (int arm = 0; arm < ARMS; arm++) {
			if (!all[i].seen[arm])
				continue;
			watch_add(watch, cell, &all[i], arm, a->out->scrape_interval);
			cell->seen[arm] = true;
			buckets[arm] = buckets[arm] || all[i].slow[arm] != NULL;
			add_part(a, cell, &all[i], arm);
		}
		if (ids_add_all(&cell->ids, &all[i].ids, a->arena) < 0)
			return error_nomem(a->err);
	}
	for (int arm = 0; arm < ARMS; arm++)
		if (!buckets[arm])
			cell->slow[arm] = NULL;
	return 0;
}

static bool lives(const struct aligning *a, const struct stratum *cell, int arm)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct scrapes *t = &a->targets[i];

		if (t->n > 0 && t->of[arm] && t->times[0] <= cell->from && t->times[t->n - 1] >= cell->to)
			return true;
	}
	return false;
}

/* An arm that was not watched while a pod of it was there before and after: the cell compares nothing. One that has no pod has no requests. */
static void judge_cell(const struct aligning *a, struct stratum *cell, const struct watch *watch)
{
	for (int arm = 0; arm < ARMS; arm++) {
		if ((double)watch->covered[arm] >= COVERAGE_MIN * (double)(cell->to - cell->from))
			continue;
		cell->n[arm] = cell->k[arm] = 0;
		cell->slow[arm] = NULL;
		if (lives(a, cell, arm))
			cell->flags |= STRATUM_REJECTED;
	}
}

int strata_spread(struct aligning *a)
{
	struct strata *out = a->out;
	const struct scrapes *ref = reference(a);
	const struct stratum *all = out->v;
	size_t n = out->n, first = 0, last = 0;
	int64_t begin = INT64_MAX, end = INT64_MIN, longest = 0, step = out->scrape_interval;

	for (size_t i = 0; i < n; i++) {
		begin = all[i].from < begin ? all[i].from : begin;
		end = all[i].to > end ? all[i].to : end;
		longest = all[i].to - all[i].from > longest ? all[i].to - all[i].from : longest;
	}
	if (step <= 0 || n == 0 || (end - begin) / step > CELLS_MAX)
		return strata_align(a);
	out->v = NULL;
	out->n = out->cap = 0;
	/* In step with the reference's scrapes, also where that pod was not there yet or any more. */
	for (int64_t at = begin - (begin - ref->times[0]) % step - step; at < end; at += step) {
		struct stratum *cell = strata_add(out, at, at + step, a->arena);
		struct watch watch;

		if (cell == NULL)
			return error_nomem(a->err);
		while (first < n && all[first].to <= at)
			first++;
		for (last = first; last < n && all[last].to <= cell->to + longest; last++)
			;
		if (fill_cell(a, cell, all + first, last - first, &watch) < 0)
			return -1;
		judge_cell(a, cell, &watch);
		if (!cell->seen[ARM_CANARY] && !cell->seen[ARM_BASELINE])
			out->n--;
	}
	return 0;
}
