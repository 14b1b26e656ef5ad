/* What the channels say of each other. */
#include "findings.h"

#include <math.h>
#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "words.h"

static bool ends_badly(enum message_kind kind)
{
	return kind == MESSAGE_FAILED || kind == MESSAGE_ROLLBACK_THRESHOLD || kind == MESSAGE_ROLLBACK_MANUAL ||
	       kind == MESSAGE_ROLLBACK_DEADLINE;
}

static bool had_phase(const struct rollout *r, const char *one, const char *other)
{
	for (size_t i = 0; i < r->n_phases; i++)
		if (strcmp(r->phases[i].status.phase, one) == 0 || strcmp(r->phases[i].status.phase, other) == 0)
			return true;
	return false;
}

/* An end that the webhook alone tells of, while the authenticated status was watched and never had it. */
static int rule_channels(struct assessing *a)
{
	for (size_t i = 0; i < a->r->n_facts; i++) {
		const struct fact *f = &a->r->facts[i];
		bool failed = ends_badly(f->message.kind), succeeded = f->message.kind == MESSAGE_SUCCESS;

		if (f->channels != CHANNEL_WEBHOOK || (a->r->channels & CHANNEL_STATUS) == 0 || (!failed && !succeeded))
			continue;
		if (failed ? had_phase(a->r, "Failed", "Terminating") : had_phase(a->r, "Succeeded", "Finalising"))
			continue;
		return finding_add(
			a, "channels-contradict", SEVERITY_ERROR, 8,
			arena_printf(a->arena, "The webhook says %s, the Canary's status never showed it", words_code(f->text, a->arena)),
			"The event webhook is not authenticated: anybody who reaches it can post. The status comes from the API server.",
			"Look at the Canary itself (kubectl get canary -o yaml), and let only Flagger reach the webhook (NetworkPolicy).",
			&f->ids);
	}
	return 0;
}

/* Whether the route object had the weight that Flagger announced, before it announced the next. */
static bool had_weight(const struct rollout *r, const struct fact *f, int64_t until)
{
	for (size_t i = 0; i < r->n_weights; i++) {
		const struct route_weight *w = &r->weights[i];
		double canary = w->canary < 0 ? 0 : w->canary;

		if (w->at > until)
			break;
		if (fabs(canary - f->message.weight) < 0.5 && (i + 1 == r->n_weights || r->weights[i + 1].at > f->at - 2 * NS_PER_S))
			return true;
	}
	return false;
}

static int rule_weights(struct assessing *a)
{
	const struct rollout *r = a->r;

	for (size_t i = 0; i < r->n_facts && r->n_weights > 0; i++) {
		const struct fact *f = &r->facts[i];
		int64_t until = r->ended_at == INSTANT_NONE ? a->out->evaluated_at : r->ended_at;
		char at[INSTANT_TEXT_MAX];

		if (f->message.kind != MESSAGE_WEIGHT || !(f->message.weight > 0))
			continue;
		for (size_t k = i + 1; k < r->n_facts; k++)
			if (r->facts[k].message.kind == MESSAGE_WEIGHT) {
				until = r->facts[k].at;
				break;
			}
		if (until < f->at + 5 * NS_PER_S || had_weight(r, f, until))
			continue;
		return finding_add(
			a, "weight-drift", SEVERITY_WARNING, 14,
			arena_printf(a->arena, "At %s UTC Flagger announced %s, the route object never had it before the next step",
				     instant_clock(at, f->at), words_weight(f->message.weight, a->arena)),
			"Users meet what the route object says, not what was announced: somebody or something else writes to it, or the "
			"watch was away.",
			"Take the route object out of GitOps (ignoreDifferences on its weights), and look at its managedFields.", &f->ids);
	}
	return 0;
}

int findings_channels(struct assessing *a)
{
	static int (*const rules[])(struct assessing *) = { rule_channels, rule_weights };

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i](a) < 0)
			return -1;
	return 0;
}
