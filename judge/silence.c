/* Whether anybody was answered at all: a stretch in which neither arm had a request, after there had been some. */
#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"

/* Fewer are missed by chance, or between two scrapes. */
#define REQUESTS_MIN 50
/* What a rollout leaves behind belongs to it. */
#define BEHIND (60 * NS_PER_S)

struct listening {
	struct silence now, most;
	double requests, seconds; /* before it */
};

static void extend(struct listening *l, int64_t from, int64_t to)
{
	if (l->now.from == INSTANT_NONE)
		l->now.from = from;
	l->now.to = to;
	l->now.expected = l->seconds > 0 ? l->requests / l->seconds * (double)(to - l->now.from) / 1e9 : 0;
	/* The two share their ids: what is now only grows, and is begun anew with others. */
	if (l->now.expected > l->most.expected)
		l->most = l->now;
}

/* Series that are gone, as Traefik's are with the route, give no samples at all: answers that came later tell of them. */
static int listen_behind(struct assessing *a, struct listening *l, int64_t last, int64_t end)
{
	const char *subject = arena_printf(a->arena, "Canary %s/%s", a->r->namespace_, a->r->canary);
	const struct observation *answer = NULL;

	if (subject == NULL)
		return error_nomem(a->err);
	for (size_t i = 0; i < a->evidence->n; i++) {
		const struct observation *row = &a->evidence->rows[i];

		if (row->source == SOURCE_PROMETHEUS && strcmp(row->kind, "samples") == 0 && row->received_at <= end &&
		    strcmp(row->subject, subject) == 0)
			answer = row;
	}
	if (answer == NULL || answer->received_at - last <= 3 * a->all.scrape_interval)
		return 0;
	if (ids_add(&l->now.ids, evidence_id_of(answer), a->arena) < 0)
		return error_nomem(a->err);
	l->now.gone = true;
	extend(l, last, answer->received_at);
	return 0;
}

int assess_silence(struct assessing *a)
{
	int64_t end = a->r->ended_at == INSTANT_NONE ? a->input.at : a->r->ended_at + BEHIND, last = INSTANT_NONE;
	struct listening l = { .now.from = INSTANT_NONE, .most.from = INSTANT_NONE };

	a->out->silence.from = INSTANT_NONE;
	if (!a->judged || a->input.tested)
		return 0;
	for (size_t i = 0; i < a->all.n; i++) {
		const struct stratum *s = &a->all.v[i];

		if ((s->flags & STRATUM_REJECTED) != 0 || s->to > end)
			continue;
		last = s->to;
		if (s->n[ARM_CANARY] + s->n[ARM_BASELINE] > 0 || s->from < a->input.window_from) {
			l.requests += (double)(s->n[ARM_CANARY] + s->n[ARM_BASELINE]);
			l.seconds += (double)(s->to - s->from) / 1e9;
			l.now = (struct silence){ .from = INSTANT_NONE };
			continue;
		}
		if (ids_add_all(&l.now.ids, &s->ids, a->arena) < 0)
			return error_nomem(a->err);
		extend(&l, s->from, s->to);
	}
	if (last != INSTANT_NONE && last > a->input.window_from && listen_behind(a, &l, last, end) < 0)
		return -1;
	if (l.most.expected >= REQUESTS_MIN)
		a->out->silence = l.most;
	return 0;
}
