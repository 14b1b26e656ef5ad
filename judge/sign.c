/* The first sign that something was wrong: what "time to detect" ends with. */
#include "assess.h"
#include "gonogo/error.h"

static void earlier(struct sign *first, int64_t from, int64_t to, const struct ids *ids)
{
	if (to == INSTANT_NONE || (first->to != INSTANT_NONE && to >= first->to))
		return;
	*first = (struct sign){ from, to, ids };
}

/* Of a promotion that succeeded, the primary's pods were replaced one by one. */
static bool is_alarming(const struct rollout *r, const struct fact *f, int64_t exposed)
{
	return f->message.kind == MESSAGE_NOT_READY && f->at >= exposed && (r->outcome != OUTCOME_PROMOTED || f->at < r->copying_at);
}

void assess_sign(struct assessing *a)
{
	struct assessment *out = a->out;
	struct sign *first = &out->first_sign;
	int64_t scrape = a->all.scrape_interval;

	*first = (struct sign){ INSTANT_NONE, INSTANT_NONE, NULL };
	for (size_t i = 0; i < out->flagger.n_checks; i++)
		earlier(first, out->flagger.checks[i].at, out->flagger.checks[i].at, &out->flagger.checks[i].ids);
	for (size_t i = 0; i < a->r->n_facts && out->n_steps > 0; i++)
		if (is_alarming(a->r, &a->r->facts[i], out->steps[0].step->from))
			earlier(first, a->r->facts[i].at, a->r->facts[i].at, &a->r->facts[i].ids);
	for (size_t i = 0; i < out->n_results; i++)
		if (out->results[i].state == CRITERION_FAIL && out->results[i].decided_at != INSTANT_NONE)
			earlier(first, out->results[i].decided_at - scrape, out->results[i].decided_at, &out->results[i].ids);
	if (out->silence.from != INSTANT_NONE && !out->silence.behind)
		earlier(first, out->silence.from, out->silence.from + scrape, &out->silence.ids);
}
