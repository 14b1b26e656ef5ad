/* What happened to the rollout, and how it was set up. */
#include "findings.h"

#include <math.h>
#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "words.h"

static int rule_blast(struct assessing *a)
{
	struct ids ids = { 0 };

	if (!a->out->blast_breached)
		return 0;
	for (size_t i = 0; i < a->out->n_steps; i++)
		if (a->out->steps[i].step->exposure > a->criteria->max_weight &&
		    ids_add_all(&ids, &a->out->steps[i].step->ids, a->arena) < 0)
			return error_nomem(a->err);
	return finding_add(
		a, "blast-limit", SEVERITY_ERROR, 10,
		arena_printf(a->arena, "Exposure in effect reached %s, the blast limit is %s",
			     words_weight(a->out->highest_exposure * 100, a->arena), words_weight(a->criteria->max_weight * 100, a->arena)),
		"More users than agreed met the new version before the evidence allowed it. This says nothing about the release itself.",
		arena_printf(a->arena,
			     "Set spec.analysis.maxWeight (or the last of stepWeights) to %.0f at most, or raise blast.max_weight in "
			     "the criteria.",
			     a->criteria->max_weight * 100),
		&ids);
}

static int rule_ab_on_traefik(struct assessing *a)
{
	struct ids ids;

	if (a->r->spec.strategy != STRATEGY_AB_TESTING || !finding_on_traefik(a->r) || finding_spec_ids(a, &ids) < 0)
		return 0;
	return finding_add(
		a, "ab-on-traefik", SEVERITY_ERROR, 11,
		"The A/B by header does not exist on Traefik: every user is on the canary from the first iteration",
		"Flagger's Traefik router never reads spec.analysis.match; it sets the canary's weight to 100 and leaves the primary's "
		"out, which Traefik "
		"serves as 1 of 101.",
		"Replace `iterations` and `match` by stepWeight and maxWeight, or use a provider that can match headers.", &ids);
}

static int rule_deadline(struct assessing *a)
{
	char span[INSTANT_TEXT_MAX];

	if (!a->out->expired)
		return 0;
	return finding_add(
		a, "deadline", SEVERITY_WARNING, 12,
		arena_printf(a->arena, "No decision within %s", duration_words(span, a->criteria->deadline)),
		"The course's guardrail: exposure without a decision is risk without knowledge.",
		"Revert to the stable version, or decide by hand and record it; for the next rollout see the criteria that stayed "
		"undecided.",
		&a->r->outcome_ids);
}

static int rule_dead_baseline(struct assessing *a)
{
	struct ids ids = { 0 };

	if (a->input.baseline_ill == NULL)
		return 0;
	for (size_t i = 0; i < a->r->n_replicas; i++)
		if (a->r->replicas[i].primary && ids_add(&ids, a->r->replicas[i].id, a->arena) < 0)
			return error_nomem(a->err);
	if (finding_add(a, "rollback-path-unavailable", SEVERITY_ERROR, 1,
			"A rollback now would send everybody to a stable version without pods",
			"The rollback path leads to the primary, and the primary cannot serve.",
			arena_printf(a->arena, "kubectl -n %s scale deployment/%s-primary --replicas=2, see it ready, then decide.",
				     a->r->namespace_, a->r->spec.target_name),
			&ids) < 0)
		return -1;
	return finding_add(a, "baseline-dead", SEVERITY_ERROR, 2,
			   arena_printf(a->arena, "The stable version is at zero: %s", a->input.baseline_ill),
			   "A canary beside a dead baseline looks splendid: nothing can be compared.",
			   "Look at the autoscaler of the primary (a paused source is copied as 0 replicas) and at its pods.", &ids);
}

static int rule_deleted(struct assessing *a)
{
	const struct rollout *r = a->r;
	char at[INSTANT_TEXT_MAX];

	if (!r->deleted)
		return 0;
	return finding_add(
		a, "canary-deleted", SEVERITY_ERROR, 1,
		arena_printf(a->arena, "The Canary was deleted at %s UTC in the middle of its rollout (phase `%s`)",
			     instant_clock(at, r->ended_at), r->n_phases > 0 ? r->phases[r->n_phases - 1].status.phase : "unknown"),
		"The primary, its services and the route object belong to the Canary and are deleted with it, unless "
		"spec.revertOnDeletion is set: users may meet errors.",
		arena_printf(a->arena,
			     "kubectl -n %s get deployment,service,traefikservice shows what is left; apply the Canary again, with "
			     "spec.revertOnDeletion: true.",
			     r->namespace_),
		&r->outcome_ids);
}

static int rule_suspended(struct assessing *a)
{
	const struct rollout *r = a->r;
	double exposure = r->n_steps > 0 ? r->steps[r->n_steps - 1].exposure : 0;
	char at[INSTANT_TEXT_MAX];
	struct ids ids = { 0 };

	if (r->suspended_at == INSTANT_NONE || r->outcome != OUTCOME_RUNNING)
		return 0;
	if (ids_add(&ids, r->suspended_id, a->arena) < 0)
		return error_nomem(a->err);
	return finding_add(a, "suspended", exposure > 0 ? SEVERITY_ERROR : SEVERITY_WARNING, 1,
			   exposure > 0 ? arena_printf(a->arena, "Suspended%s at %s UTC with %s of the traffic on the canary",
						       r->suspended_listed ? ", as first seen" : "", instant_clock(at, r->suspended_at),
						       words_weight(exposure * 100, a->arena))
					: arena_printf(a->arena, "Suspended%s at %s UTC", r->suspended_listed ? ", as first seen" : "",
						       instant_clock(at, r->suspended_at)),
			   "While spec.suspend is set Flagger neither checks nor rolls back: users stay where the route object sends them.",
			   arena_printf(a->arena, "kubectl -n %s patch canary %s --type merge -p '{\"spec\":{\"suspend\":false}}'",
					r->namespace_, r->canary),
			   &ids);
}

static int rule_unanalysed(struct assessing *a)
{
	struct ids ids;

	if (a->r->outcome != OUTCOME_PROMOTED_UNANALYSED || finding_spec_ids(a, &ids) < 0)
		return 0;
	return finding_add(a, "analysis-skipped", SEVERITY_ERROR, 3, "The version reached 100" NBSP "% of users unjudged",
			   "skipAnalysis promotes at once; the Canary says Succeeded like any other.",
			   "Remove spec.skipAnalysis (or set it to false).", &ids);
}

static int rule_no_change(struct assessing *a)
{
	struct ids ids = { 0 };

	if (!a->r->template_known || a->r->template_changed || a->r->n_images == 0)
		return 0;
	if (finding_spec_ids(a, &ids) < 0)
		return -1;
	return finding_add(
		a, "no-workload-change", SEVERITY_WARNING, 4,
		arena_printf(a->arena, "No change of the workload: target and primary run the same image (`%s`)%s",
			     a->r->images[0].new_image,
			     a->r->flagger_before != NULL ? arena_printf(a->arena, "; Flagger was upgraded from `%s` to `%s` just before",
									 a->r->flagger_before, a->r->flagger_after)
							  : ""),
		"Flagger's hash of the spec covers Go's own structs: an upgrade of Flagger can start rollouts of unchanged workloads. "
		"Nothing was released.",
		"Read nothing into this comparison of a version with itself; after an upgrade of Flagger expect one such rollout a canary.",
		&ids);
}

static int rule_hook_rolled_back(struct assessing *a)
{
	const char *hook = NULL;
	size_t quiet = 0;

	if (strcmp(a->r->outcome_reason, "manual-hook") != 0)
		return 0;
	for (size_t i = 0; i < a->r->n_facts; i++)
		if (a->r->facts[i].message.kind == MESSAGE_ROLLBACK_HOOK_PASSED)
			hook = a->r->facts[i].message.hook;
	for (size_t i = 0; i < a->r->n_facts; i++) {
		const struct fact *f = &a->r->facts[i];

		quiet += f->message.kind == MESSAGE_ROLLBACK_HOOK_QUIET && f->attempt == a->r->attempts && hook != NULL &&
			 f->message.hook != NULL && strcmp(f->message.hook, hook) == 0;
	}
	if (quiet > 0)
		return finding_add(a, "rollback-hook", SEVERITY_WARNING, 6,
				   arena_printf(a->arena, "A rollback hook asked for the rollback, after %zu time%s of saying no", quiet,
						quiet == 1 ? "" : "s"),
				   "Flagger's own checks had not ended the rollout: what the hook saw is not in this evidence.",
				   "Ask who or what answers the hook, and put its reason into the decision (gonogo note).",
				   &a->r->outcome_ids);
	return finding_add(
		a, "rollback-hook", SEVERITY_WARNING, 6, "A rollback hook answered yes: Flagger rolled back because it was told to",
		"A hook of type rollback is asked on every tick, and any answer up to 202 means \"roll back\". A notifier in its place "
		"ends every release.",
		"Use type event, post-rollout, or alerts to notify; keep rollback for a question that is normally answered 403.",
		&a->r->outcome_ids);
}

static int rule_held(struct assessing *a)
{
	const struct rollout *r = a->r;
	struct ids ids = { 0 };
	int64_t passed = INSTANT_NONE;
	char at[INSTANT_TEXT_MAX];

	if (r->outcome != OUTCOME_RUNNING || r->spec.threshold <= 0 || r->max_failed_checks < r->spec.threshold ||
	    r->suspended_at != INSTANT_NONE)
		return 0;
	for (size_t i = 0; i < r->n_phases && passed == INSTANT_NONE; i++)
		if (r->phases[i].status.failed_checks >= r->spec.threshold) {
			passed = r->phases[i].at;
			if (ids_add(&ids, r->phases[i].id, a->arena) < 0)
				return error_nomem(a->err);
		}
	/* Flagger acts on it at its next tick. */
	if (passed == INSTANT_NONE || a->out->evaluated_at - passed <= 2 * r->spec.interval)
		return 0;
	return finding_add(a, "threshold-without-rollback", SEVERITY_ERROR, 3,
			   arena_printf(a->arena,
					"%lld failed checks, threshold %lld passed at %s UTC, no rollback since: held by a gate of a step",
					(long long)r->max_failed_checks, (long long)r->spec.threshold, instant_clock(at, passed)),
			   "While a confirm-traffic-increase gate is shut, this build of Flagger does not act on the threshold.",
			   "Open or abort the gate, or add a rollback hook that can end it.", &ids);
}

static int rule_unknown_phase(struct assessing *a)
{
	struct ids ids = { 0 };

	for (size_t i = 0; i < a->r->n_phases; i++)
		if (!a->r->phases[i].known) {
			if (ids_add(&ids, a->r->phases[i].id, a->arena) < 0)
				return error_nomem(a->err);
			return finding_add(a, "unknown-phase", SEVERITY_WARNING, 35,
					   arena_printf(a->arena, "The phase `%s` is in no release of Flagger up to 1.44",
							a->r->phases[i].status.phase),
					   "It is kept word for word and counts as still running.",
					   "See which build of Flagger runs in this cluster.", &ids);
		}
	return 0;
}

static int rule_containment(struct assessing *a)
{
	if (a->out->containment.state != CONTAINMENT_NOT_CONFIRMED || a->r->deleted)
		return 0;
	return finding_add(a, "containment-not-confirmed", SEVERITY_WARNING, 13,
			   "It was not seen that traffic returned to the stable version",
			   "A rollback is over when users are back, not when a controller says so.",
			   arena_printf(a->arena, "kubectl -n %s get traefikservice %s -o yaml, and the primary's request rate.",
					a->r->namespace_, a->r->spec.service_name),
			   &a->out->containment.ids);
}

int findings_rollout(struct assessing *a)
{
	static int (*const rules[])(struct assessing *) = { rule_blast,         rule_ab_on_traefik, rule_deadline,
							    rule_dead_baseline, rule_deleted,       rule_suspended,
							    rule_unanalysed,    rule_no_change,     rule_hook_rolled_back,
							    rule_held,          rule_unknown_phase, rule_containment };

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i](a) < 0)
			return -1;
	return 0;
}
