/* Containment: did the traffic come back? */
#include <math.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "words.h"

static int64_t canary_silent_at(const struct assessing *a, int64_t from)
{
	int64_t last = INSTANT_NONE;

	for (size_t i = 0; i < a->all.n; i++)
		if (a->all.v[i].to > from && a->all.v[i].n[ARM_BASELINE] > 0) {
			if (a->all.v[i].n[ARM_CANARY] > 0)
				last = INSTANT_NONE;
			else if (last == INSTANT_NONE)
				last = a->all.v[i].to;
		}
	return last;
}

/* Blue/green and mirrored tests end before a user is sent to the canary. */
static bool was_exposed(const struct rollout *r)
{
	for (size_t i = 0; i < r->n_steps; i++)
		if (r->steps[i].exposure > 0)
			return true;
	return r->n_steps == 0;
}

/* A rollback is contained when the route sends nothing to the canary, and samples show its silence. */
static int follow_return(struct assessing *a, struct containment *c)
{
	const struct rollout *r = a->r;
	int64_t decided = r->ended_at, silent;

	c->state = CONTAINMENT_NOT_CONFIRMED;
	c->text = "it was not seen that traffic returned to the stable version";
	for (size_t i = 0; i < r->n_facts; i++)
		if (r->facts[i].message.kind == MESSAGE_ROLLBACK_THRESHOLD || r->facts[i].message.kind == MESSAGE_ROLLBACK_MANUAL)
			decided = r->facts[i].at;
	if (r->traffic_returned_at == INSTANT_NONE || decided == INSTANT_NONE)
		return ids_add_all(&c->ids, &r->outcome_ids, a->arena) < 0 ? error_nomem(a->err) : 0;
	if (ids_add(&c->ids, r->traffic_returned_id, a->arena) < 0)
		return error_nomem(a->err);
	silent = canary_silent_at(a, r->traffic_returned_at);
	if (silent == INSTANT_NONE) {
		c->text = "the route sends nothing to the canary any more, but no sample shows its silence";
		return 0;
	}
	c->state = CONTAINMENT_CONFIRMED;
	c->at = silent;
	c->seconds = (double)(silent - decided) / 1e9;
	c->text = arena_printf(a->arena,
			       "the route sends nothing to the canary, and the primary alone served requests, %.0f" NBSP
			       "s after the rollback was decided",
			       c->seconds < 0 ? 0 : c->seconds);
	return c->text == NULL ? error_nomem(a->err) : 0;
}

int assess_containment(struct assessing *a)
{
	const struct rollout *r = a->r;
	struct containment *c = &a->out->containment;

	c->at = INSTANT_NONE;
	c->seconds = NAN;
	c->text = "no traffic had to be taken back";
	if (!a->judged)
		return 0;
	if (r->outcome == OUTCOME_ROLLED_BACK && !was_exposed(r))
		c->text = "no user was ever sent to the canary";
	else if (r->outcome == OUTCOME_ROLLED_BACK || r->outcome == OUTCOME_PROMOTION_FAILED)
		return follow_return(a, c);
	else if (r->outcome == OUTCOME_RUNNING && was_exposed(r))
		c->text = "the rollout goes on, nothing was taken back yet";
	else if (r->outcome == OUTCOME_PROMOTED && assess_any_state(a, CRITERION_FAIL))
		c->text = "nothing was taken back: all traffic is on the new version";
	else if (r->outcome == OUTCOME_TERMINATED && was_exposed(r))
		c->text = "the rollout was broken off; where its users went was not followed";
	if (!r->deleted || !was_exposed(r))
		return 0;
	c->state = CONTAINMENT_NOT_CONFIRMED;
	c->text = "the Canary was deleted, and it was not seen that the stable version serves everybody";
	return ids_add_all(&c->ids, &r->outcome_ids, a->arena) < 0 ? error_nomem(a->err) : 0;
}
