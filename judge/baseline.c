/* What the stable version was like: the planner's raw material. */
#include <math.h>
#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"

static void add_stratum(struct baseline *b, const struct stratum *s)
{
	const int64_t *slow = s->slow[ARM_BASELINE];

	b->from = b->from == INSTANT_NONE || s->from < b->from ? s->from : b->from;
	b->to = s->to > b->to ? s->to : b->to;
	b->seconds += (double)(s->to - s->from) / (double)NS_PER_S;
	b->all_requests += s->n[ARM_CANARY] + s->n[ARM_BASELINE];
	b->requests += s->n[ARM_BASELINE];
	b->failed += s->k[ARM_BASELINE];
	if (slow == NULL)
		return;
	b->timed += s->n[ARM_BASELINE];
	for (size_t e = 0; e < b->n_edges; e++)
		b->slow[e] += slow[e];
}

/* After the promotion began both arms run new code: what they do then says nothing of the baseline. */
static bool is_baseline(const struct assessing *a, const struct stratum *s)
{
	bool replaced = a->r->copying_at != INSTANT_NONE && s->to > a->r->copying_at;

	return (s->flags & STRATUM_REJECTED) == 0 && !replaced && s->to <= a->input.at && s->n[ARM_BASELINE] > 0 &&
	       !assess_in_primary_change(a, s);
}

int assess_baseline(struct assessing *a)
{
	struct baseline *b = &a->out->baseline;
	double *dispersion = arena_alloc(a->arena, a->criteria->n * sizeof *dispersion);

	if (dispersion == NULL)
		return error_nomem(a->err);
	*b = (struct baseline){ .from = INSTANT_NONE, .to = INSTANT_NONE, .n_edges = a->all.n_edges };
	memcpy(b->edges, a->all.edges, sizeof b->edges);
	b->scrape_seconds = a->all.scrape_interval > 0 ? (double)a->all.scrape_interval / (double)NS_PER_S : NAN;
	for (size_t i = 0; i < a->all.n; i++)
		if (is_baseline(a, &a->all.v[i]))
			add_stratum(b, &a->all.v[i]);
	for (size_t i = 0; i < a->criteria->n; i++)
		dispersion[i] = a->decisions[i].dispersion_known ? a->decisions[i].dispersion : NAN;
	b->n_criteria = a->criteria->n;
	b->dispersion = dispersion;
	return 0;
}
