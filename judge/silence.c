/* Whether anybody was answered at all: a stretch in which neither arm had a request, after there had been some. */
#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/series.h"

/* Fewer are missed by chance, or between two scrapes. */
#define REQUESTS_MIN 50
/* What a rollout leaves behind belongs to it. */
#define BEHIND (60 * NS_PER_S)

struct listening {
	struct silence now, most;
	double requests, seconds; /* before it */
	int64_t decided; /* a stretch from then on is of less weight */
	int64_t longest, usual; /* pauses before the first step; usual: the second longest, since one may have been an outage */
};

/* Nobody answered while it was analysed weighs more than any silence behind it. */
static bool outweighs(const struct silence *now, const struct silence *most)
{
	if (now->behind == most->behind || most->from == INSTANT_NONE)
		return now->expected > most->expected;
	return most->behind ? now->expected >= REQUESTS_MIN : most->expected < REQUESTS_MIN;
}

/* Of a promotion that failed, of a deletion, and while it runs, silence counts whenever it begins. */
static int64_t decided_at(const struct assessing *a)
{
	const struct rollout *r = a->r;
	int64_t at = r->copying_at != INSTANT_NONE ? r->copying_at : r->ended_at;

	if (at == INSTANT_NONE || r->outcome == OUTCOME_RUNNING || r->outcome == OUTCOME_PROMOTION_FAILED || r->deleted)
		return INT64_MAX;
	return at - a->all.scrape_interval;
}

static void extend(struct listening *l, int64_t from, int64_t to)
{
	if (l->now.from == INSTANT_NONE) {
		l->now.from = from;
		l->now.behind = from >= l->decided;
	}
	l->now.to = to;
	l->now.expected = l->seconds > 0 ? l->requests / l->seconds * (double)(to - l->now.from) / 1e9 : 0;
	/* The two share their ids: what is now only grows, and is begun anew with others. */
	if (outweighs(&l->now, &l->most))
		l->most = l->now;
}

static void end_stretch(struct listening *l, bool before)
{
	int64_t length = l->now.from == INSTANT_NONE ? 0 : l->now.to - l->now.from;

	if (before && length > l->longest) {
		l->usual = l->longest;
		l->longest = length;
	} else if (before && length > l->usual) {
		l->usual = length;
	}
	if (!before && l->now.from != INSTANT_NONE && l->most.from == l->now.from)
		l->most.over = true;
	l->now = (struct silence){ .from = INSTANT_NONE };
}

/* A pause before the first step is the traffic's own way. */
static int listen(struct assessing *a, struct listening *l, const struct stratum *s)
{
	bool before = s->from < a->input.window_from;

	if (s->n[ARM_CANARY] + s->n[ARM_BASELINE] > 0) {
		end_stretch(l, before);
	} else if (!before) {
		if (l->now.from != INSTANT_NONE && l->now.from < a->input.window_from)
			end_stretch(l, true);
		if (ids_add_all(&l->now.ids, &s->ids, a->arena) < 0)
			return error_nomem(a->err);
		extend(l, s->from, s->to);
		return 0;
	} else {
		l->now.from = l->now.from == INSTANT_NONE ? s->from : l->now.from;
		l->now.to = s->to;
	}
	l->requests += (double)(s->n[ARM_CANARY] + s->n[ARM_BASELINE]);
	l->seconds += (double)(s->to - s->from) / 1e9;
	return 0;
}

/* How far Prometheus had come: the newest sample of Flagger's own metric, which has nothing to do with requests. */
static int newest_elsewhere(struct assessing *a, int64_t since, int64_t end, int64_t *at, evidence_id *id)
{
	struct series_set set = { 0 };

	*at = INSTANT_NONE;
	for (size_t i = 0; i < a->evidence->n; i++) {
		const struct observation *row = &a->evidence->rows[i];

		if (row->source == SOURCE_PROMETHEUS && strcmp(row->kind, "info") == 0 && row->received_at > since &&
		    strstr(row->request, "flagger_info") != NULL && series_add_answer(&set, row, a->arena, a->err) < 0)
			return -1;
	}
	series_set_finish(&set);
	for (size_t i = 0; i < set.n; i++)
		for (size_t k = 0; k < set.v[i].n; k++)
			if (set.v[i].samples[k].at <= end && set.v[i].samples[k].at > *at) {
				*at = set.v[i].samples[k].at;
				*id = set.v[i].samples[k].id;
			}
	return 0;
}

/* Series that are gone, as Traefik's are with the route, give no samples at all: other samples that came later tell of them. */
static int listen_behind(struct assessing *a, struct listening *l, int64_t last, int64_t end)
{
	evidence_id id = 0;
	int64_t newest;

	if (newest_elsewhere(a, last, end, &newest, &id) < 0)
		return -1;
	/* While it runs, what was scraped may not have come in yet. */
	if (newest == INSTANT_NONE || newest - last <= (a->r->ended_at == INSTANT_NONE ? 6 : 3) * a->all.scrape_interval)
		return 0;
	if (l->now.from != INSTANT_NONE && l->now.from < a->input.window_from)
		end_stretch(l, true);
	if (ids_add(&l->now.ids, id, a->arena) < 0)
		return error_nomem(a->err);
	l->now.gone = true;
	extend(l, last, newest);
	return 0;
}

int assess_silence(struct assessing *a)
{
	int64_t end = a->r->ended_at == INSTANT_NONE ? a->input.at : a->r->ended_at + BEHIND, last = INSTANT_NONE;
	struct listening l = { .now.from = INSTANT_NONE, .most.from = INSTANT_NONE, .decided = decided_at(a) };

	a->out->silence.from = INSTANT_NONE;
	/* Of one arm alone nothing is known about the other. */
	if (!a->judged || a->input.tested || !a->all.found[ARM_CANARY] || !a->all.found[ARM_BASELINE])
		return 0;
	for (size_t i = 0; i < a->all.n; i++) {
		const struct stratum *s = &a->all.v[i];

		if ((s->flags & STRATUM_REJECTED) != 0 || s->to > end || (!s->seen[ARM_CANARY] && !s->seen[ARM_BASELINE]))
			continue;
		last = s->to;
		if (listen(a, &l, s) < 0)
			return -1;
	}
	if (last != INSTANT_NONE && last > a->input.window_from && listen_behind(a, &l, last, end) < 0)
		return -1;
	if (l.most.expected >= REQUESTS_MIN && l.most.to - l.most.from > 2 * l.usual)
		a->out->silence = l.most;
	return 0;
}
