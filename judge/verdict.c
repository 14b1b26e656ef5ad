/* Verdict × outcome (design.md), what Flagger did beside it, containment, and the words of page one. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "assess.h"
#include "flagger.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "words.h"

/* ---- Flagger's own reading. */

static bool is_behaviour(enum message_kind kind)
{
	return kind == MESSAGE_HALT_SUCCESS_RATE || kind == MESSAGE_HALT_LATENCY || kind == MESSAGE_HALT_CUSTOM ||
	       kind == MESSAGE_HOOK_FAILED;
}

static const char *check_state(enum message_kind kind)
{
	switch (kind) {
	case MESSAGE_NO_VALUES:
		return "no-values";
	case MESSAGE_QUERY_FAILED:
		return "query-failed";
	case MESSAGE_CONFIG_FAILED:
		return "configuration";
	case MESSAGE_HOOK_FAILED:
	case MESSAGE_PRE_ROLLOUT_FAILED:
		return "hook-failed";
	default:
		return "failed";
	}
}

static bool behaviour_failed(const struct rollout *r)
{
	for (size_t i = 0; i < r->n_failed; i++)
		if (is_behaviour(r->failed[i].fact->message.kind))
			return true;
	return false;
}

bool assess_any_state(const struct assessing *a, enum criterion_state state)
{
	for (size_t i = 0; i < a->out->n_results; i++)
		if (!a->criteria->v[i].informational && a->out->results[i].state == state)
			return true;
	return false;
}

static bool all_pass(const struct assessing *a)
{
	return !assess_any_state(a, CRITERION_FAIL) && !assess_any_state(a, CRITERION_UNDECIDED) &&
	       !assess_any_state(a, CRITERION_NOT_EVALUABLE);
}

static int agreement(struct assessing *a)
{
	const struct rollout *r = a->r;
	struct flagger_reading *f = &a->out->flagger;
	bool ours_fail = assess_any_state(a, CRITERION_FAIL);

	f->agrees = -1;
	if (r->outcome == OUTCOME_PROMOTED) {
		f->agrees = ours_fail ? 0 : all_pass(a) ? 1 : -1;
		f->text = ours_fail ? "Flagger promoted it; our criteria failed: Flagger compares a point value with a fixed limit, not "
				      "with the baseline"
			  : all_pass(a) ? "Flagger promoted it, and our criteria passed"
					: "Flagger promoted it; our criteria could not decide all of it";
	} else if (r->outcome == OUTCOME_ROLLED_BACK && strcmp(r->outcome_reason, "threshold") == 0) {
		bool behaviour = behaviour_failed(r);

		f->agrees = !behaviour ? (all_pass(a) ? 0 : -1) : ours_fail ? 1 : all_pass(a) ? 0 : -1;
		f->text = !behaviour    ? "Flagger rolled back for want of measurements, not for what it measured"
			  : ours_fail   ? "Flagger rolled back, and our criteria failed too"
			  : all_pass(a) ? "Flagger rolled back; our criteria passed"
					: "Flagger rolled back; our criteria could not decide";
	} else {
		f->text = "Flagger's checks decided nothing here";
	}
	return 0;
}

int assess_flagger(struct assessing *a)
{
	const struct rollout *r = a->r;
	struct flagger_reading *f = &a->out->flagger;

	f->failed_checks = (int64_t)r->n_failed > r->max_failed_checks ? (int64_t)r->n_failed : r->max_failed_checks;
	f->threshold = *r->spec.target_kind == '\0' ? -1 : r->spec.threshold;
	f->checks = arena_alloc(a->arena, r->n_failed * sizeof *f->checks);
	if (f->checks == NULL)
		return error_nomem(a->err);
	for (size_t i = 0; i < r->n_failed; i++) {
		const struct fact *fact = r->failed[i].fact;

		f->checks[f->n_checks++] = (struct flagger_check){ fact->at,
								   fact->message.metric,
								   fact->message.value,
								   fact->message.limit,
								   check_state(fact->message.kind),
								   fact->text,
								   fact->ids };
	}
	return agreement(a);
}

/* ---- The verdict. */

static void check_blast(struct assessing *a)
{
	int64_t end = a->input.window_to == INSTANT_NONE ? a->input.at : a->input.window_to;

	a->out->blast_breached = a->out->highest_exposure > a->criteria->max_weight + 1e-6;
	a->out->expired = a->combined.expired || (a->judged && end - a->input.window_from > a->criteria->deadline);
}

static enum verdict never_go(enum verdict v)
{
	return v == VERDICT_GO ? VERDICT_HOLD : v;
}

static enum verdict by_outcome(struct assessing *a)
{
	const struct rollout *r = a->r;
	enum verdict ours = a->combined.verdict;

	switch (r->outcome) {
	case OUTCOME_PROMOTED:
		return ours;
	case OUTCOME_PROMOTED_UNANALYSED:
		return VERDICT_HOLD;
	case OUTCOME_PROMOTION_FAILED:
		return VERDICT_NO_GO;
	case OUTCOME_FAILED_BEFORE_TRAFFIC:
		return strcmp(r->outcome_reason, "canary-not-ready") == 0 ? VERDICT_NO_GO : VERDICT_HOLD;
	case OUTCOME_ROLLED_BACK:
		if (strcmp(r->outcome_reason, "canary-not-ready") == 0)
			return VERDICT_NO_GO;
		if (strcmp(r->outcome_reason, "threshold") == 0 && behaviour_failed(r) && !all_pass(a))
			return VERDICT_NO_GO;
		return never_go(ours);
	default:
		return never_go(ours);
	}
}

static const struct criterion_result *first_in(const struct assessing *a, enum criterion_state state)
{
	for (size_t i = 0; i < a->out->n_results; i++)
		if (!a->criteria->v[i].informational && a->out->results[i].state == state)
			return &a->out->results[i];
	return NULL;
}

static size_t count_in(const struct assessing *a, enum criterion_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < a->out->n_results; i++)
		n += a->out->results[i].state == state;
	return n;
}

static const char *stopped_by_flagger(struct assessing *a)
{
	for (size_t i = a->r->n_failed; i-- > 0;) {
		const struct flagger_message *m = &a->r->failed[i].fact->message;

		if (!is_behaviour(m->kind))
			continue;
		if (isnan(m->value))
			return arena_printf(a->arena, "Stopped by Flagger: check `%s` failed", m->hook != NULL ? m->hook : "unknown");
		return arena_printf(a->arena, "Stopped by Flagger: `%s` %.2f, limit %c %g", m->metric, m->value, m->op == '<' ? '>' : '<',
				    m->limit);
	}
	return "Stopped by Flagger";
}

static bool unmeasured(const struct rollout *r)
{
	return r->outcome == OUTCOME_ROLLED_BACK && strcmp(r->outcome_reason, "threshold") == 0 && r->n_failed > 0 && !behaviour_failed(r);
}

/* "error rate, p95 latency". */
static const char *names_of(struct assessing *a, enum criterion_state state)
{
	char *text = arena_strdup(a->arena, "");

	for (size_t i = 0; i < a->out->n_results && text != NULL; i++) {
		char *name = a->out->results[i].state != state
				     ? NULL
				     : arena_strdup(a->arena, words_criterion(a->out->results[i].criterion, a->arena));

		if (name == NULL)
			continue;
		/* "p95 latency" has none to change. */
		if (islower((unsigned char)name[1]))
			name[0] = (char)tolower((unsigned char)name[0]);
		text = arena_printf(a->arena, "%s%s%s", text, *text == '\0' ? "" : ", ", name);
	}
	return text == NULL ? "" : text;
}

static bool is_deleted(const struct rollout *r)
{
	return r->outcome == OUTCOME_TERMINATED && strcmp(r->outcome_reason, "terminated") == 0;
}

static const char *hold_headline(struct assessing *a)
{
	size_t undecided = count_in(a, CRITERION_UNDECIDED), blind = count_in(a, CRITERION_NOT_EVALUABLE), n = a->out->n_results;

	if (a->r->outcome == OUTCOME_PROMOTED_UNANALYSED)
		return "Promoted without analysis: nothing was judged";
	if (is_deleted(a->r))
		return a->judged ? "The Canary was deleted while it was analysed" : "The Canary was deleted before it had traffic";
	if (a->r->outcome == OUTCOME_FAILED_BEFORE_TRAFFIC || (!a->judged && a->r->outcome != OUTCOME_RUNNING))
		return "Ended before the canary had traffic: nothing to judge";
	if (a->out->blast_breached)
		return arena_printf(a->arena, "Exposure reached %s, the limit is %s",
				    words_weight(a->out->highest_exposure * 100, a->arena),
				    words_weight(a->criteria->max_weight * 100, a->arena));
	if (a->r->outcome == OUTCOME_RUNNING && a->r->suspended_at != INSTANT_NONE)
		return arena_printf(a->arena, "Suspended with %s of the traffic on the canary",
				    words_weight(a->r->n_steps > 0 ? a->r->steps[a->r->n_steps - 1].exposure * 100 : 0, a->arena));
	if (strcmp(a->r->outcome_reason, "manual-hook") == 0)
		return "Rolled back by a hook, not by what was measured";
	if (unmeasured(a->r))
		return "Rolled back for want of measurements, not for what was measured";
	if (undecided == 0 && blind == 0)
		return a->r->outcome == OUTCOME_RUNNING ? "Still running: all criteria pass so far"
							: "Rolled back, though all criteria passed";
	if (undecided == 0)
		return arena_printf(a->arena, "%zu of %zu criteria not evaluable: %s", blind, n, names_of(a, CRITERION_NOT_EVALUABLE));
	if (blind == 0)
		return arena_printf(a->arena, "%zu of %zu criteria undecided: %s", undecided, n, names_of(a, CRITERION_UNDECIDED));
	return arena_printf(a->arena, "%zu of %zu criteria undecided, %zu not evaluable", undecided, n, blind);
}

static size_t n_deciding(const struct assessing *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->out->n_results; i++)
		n += !a->criteria->v[i].informational;
	return n;
}

static const char *headline(struct assessing *a)
{
	char at[INSTANT_TEXT_MAX];
	const struct criterion_result *failed = first_in(a, CRITERION_FAIL);

	if (a->out->verdict == VERDICT_GO)
		return arena_printf(a->arena, "All %zu criteria passed, up to %s weight", n_deciding(a),
				    words_weight(a->out->highest_exposure * 100, a->arena));
	if (a->out->verdict == VERDICT_HOLD)
		return hold_headline(a);
	if (a->r->outcome == OUTCOME_PROMOTION_FAILED && a->out->silence.from != INSTANT_NONE && !a->out->silence.over)
		return arena_printf(a->arena, "Promotion failed: no request of either version seen since %s UTC",
				    instant_clock(at, a->out->silence.from));
	if (a->r->outcome == OUTCOME_PROMOTION_FAILED)
		return "Promotion failed: all traffic is on the canary";
	if (failed != NULL)
		return failed->short_text;
	if (strcmp(a->r->outcome_reason, "canary-not-ready") == 0)
		return a->judged ? "The canary stopped being ready" : "The canary never became ready";
	return stopped_by_flagger(a);
}

/* The criterion with the least room; NULL: none has a number. */
static const struct decision *tightest(const struct assessing *a)
{
	const struct decision *tight = NULL;
	double least = INFINITY;

	for (size_t i = 0; i < a->out->n_results; i++) {
		const struct decision *d = &a->decisions[i];
		double margin = NAN;

		if (d->criterion->kind == CRITERION_SUCCESS_RATE && !isnan(d->value))
			margin = (d->value - d->criterion->limit) / (1 - d->criterion->limit);
		else if (d->criterion->kind == CRITERION_QUANTILE_RATIO && !d->substituted && !isnan(d->ratio))
			margin = (d->criterion->limit - d->ratio) / d->criterion->limit;
		else if (d->criterion->kind == CRITERION_ERROR_RATIO && d->carried != NULL && strcmp(d->carried, CARRIED_FLOOR) == 0)
			margin = (d->criterion->floor - d->value) / d->criterion->floor;
		else if (d->criterion->kind == CRITERION_ERROR_RATIO && !isnan(d->ratio))
			margin = (d->criterion->limit - d->ratio) / d->criterion->limit;
		if (margin < least) {
			least = margin;
			tight = d;
		}
	}
	return tight;
}

static const char *smallest_margin(struct assessing *a)
{
	const struct decision *tight = tightest(a);
	const char *limit;

	if (tight == NULL)
		return "every criterion passed";
	if (tight->carried != NULL && strcmp(tight->carried, CARRIED_FLOOR) == 0)
		limit = arena_printf(a->arena, "<" NBSP "%s (floor)", words_percent(tight->criterion->floor, a->arena));
	else if (tight->criterion->kind == CRITERION_QUANTILE_RATIO && !isnan(tight->baseline))
		limit = arena_printf(a->arena, "<" NBSP "%s (%s of baseline)",
				     words_latency(tight->baseline * tight->criterion->limit, a->arena),
				     arena_printf(a->arena, "+%.0f" NBSP "%%", (tight->criterion->limit - 1) * 100));
	else
		limit = words_limit(tight->criterion, a->arena);
	return arena_printf(a->arena, "Smallest margin: %s %s, limit %s", words_criterion(tight->criterion, a->arena),
			    words_value(tight->criterion, tight->value, a->arena), limit);
}

static const char *substitute_note(struct assessing *a)
{
	for (size_t i = 0; i < a->out->n_results; i++)
		if (a->out->results[i].substituted && a->out->results[i].state == CRITERION_PASS)
			return a->out->results[i].text;
	return NULL;
}

static const char *subline(struct assessing *a)
{
	const struct rollout *r = a->r;
	char at[INSTANT_TEXT_MAX];
	const char *note = substitute_note(a);

	if (a->out->verdict == VERDICT_GO)
		return note != NULL ? note : smallest_margin(a);
	switch (r->outcome) {
	case OUTCOME_PROMOTED:
		if (a->out->verdict == VERDICT_NO_GO)
			return "Promoted against the evidence: all traffic is on the new version";
		return arena_printf(a->arena, "Promoted at %s UTC; the evidence does not carry a GO", instant_clock(at, r->ended_at));
	case OUTCOME_PROMOTED_UNANALYSED:
		return "The new version reached all users unjudged";
	case OUTCOME_ROLLED_BACK:
		return arena_printf(a->arena, "Rolled back at %s UTC (%s); %s", instant_clock(at, r->ended_at), r->outcome_reason,
				    a->out->containment.state == CONTAINMENT_CONFIRMED ? "all traffic is on the stable version"
										       : a->out->containment.text);
	case OUTCOME_FAILED_BEFORE_TRAFFIC:
		return "No request reached the canary; the stable version serves all traffic";
	case OUTCOME_PROMOTION_FAILED:
		return "The primary did not become ready with the new version";
	case OUTCOME_TERMINATED:
		return arena_printf(a->arena, "Ended at %s UTC with up to %s of the traffic on the canary", instant_clock(at, r->ended_at),
				    words_weight(a->out->highest_exposure * 100, a->arena));
	case OUTCOME_RUNNING:
		if (r->suspended_at != INSTANT_NONE)
			return arena_printf(a->arena, "Suspended%s at %s UTC: nothing is checked, advanced or rolled back",
					    r->suspended_listed ? ", as first seen" : "", instant_clock(at, r->suspended_at));
		return arena_printf(a->arena, "Still running as of %s UTC: the verdict so far", instant_clock(at, a->out->evaluated_at));
	default:
		return arena_printf(a->arena, "Outcome: %s", outcome_name(r->outcome));
	}
}

/* ---- Why. */

static int add_reason(struct assessing *a, const char *text, const struct ids *ids)
{
	struct cited *reason;

	if (text == NULL)
		return error_nomem(a->err);
	if (a->out->n_reasons == 3)
		return 0;
	reason = &a->out->reasons[a->out->n_reasons++];
	reason->text = text;
	/* Where nothing was measured, what happened is the evidence. */
	return ids_add_all(&reason->ids, ids->n > 0 ? ids : &a->r->outcome_ids, a->arena) < 0 ? error_nomem(a->err) : 0;
}

static int add_states(struct assessing *a, enum criterion_state state)
{
	for (size_t i = 0; i < a->out->n_results; i++)
		if (a->out->results[i].state == state && add_reason(a,
								    state == CRITERION_PASS && a->out->verdict != VERDICT_GO
									    ? arena_printf(a->arena, "Passed: %s", a->out->results[i].text)
									    : a->out->results[i].text,
								    &a->out->results[i].ids) < 0)
			return -1;
	return 0;
}

static int outcome_reason(struct assessing *a)
{
	const struct rollout *r = a->r;

	if (r->outcome == OUTCOME_PROMOTED || r->outcome == OUTCOME_RUNNING || r->outcome_text == NULL)
		return 0;
	return add_reason(a, arena_printf(a->arena, "Flagger: `%s`.", r->outcome_text), &r->outcome_ids);
}

static int unreached(struct assessing *a)
{
	double highest = a->out->highest_exposure * 100;

	for (size_t i = 0; i < a->out->n_planned; i++)
		if (a->out->planned[i] > highest + 0.5 && a->judged && a->r->outcome != OUTCOME_RUNNING)
			return add_reason(a,
					  arena_printf(a->arena, "%s weight was never reached: nothing is known about behaviour above %s.",
						       words_weight(a->out->planned[i], a->arena), words_weight(highest, a->arena)),
					  &a->r->outcome_ids);
	return 0;
}

static int reasons(struct assessing *a)
{
	struct ids weights = { 0 };

	a->out->reasons = arena_alloc(a->arena, 3 * sizeof *a->out->reasons);
	if (a->out->reasons == NULL)
		return error_nomem(a->err);
	for (size_t i = 0; i < a->out->n_steps; i++)
		if (ids_add_all(&weights, &a->out->steps[i].step->ids, a->arena) < 0)
			return error_nomem(a->err);
	if (a->out->blast_breached &&
	    add_reason(a,
		       arena_printf(a->arena, "The canary had %s of the traffic by the route object; the blast limit is %s.",
				    words_weight(a->out->highest_exposure * 100, a->arena),
				    words_weight(a->criteria->max_weight * 100, a->arena)),
		       &weights) < 0)
		return -1;
	if (add_states(a, CRITERION_FAIL) < 0)
		return -1;
	if (a->out->verdict == VERDICT_NO_GO && (outcome_reason(a) < 0 || unreached(a) < 0))
		return -1;
	if (a->out->verdict == VERDICT_HOLD && a->r->outcome != OUTCOME_PROMOTED && outcome_reason(a) < 0)
		return -1;
	if (add_states(a, CRITERION_UNDECIDED) < 0 || add_states(a, CRITERION_NOT_EVALUABLE) < 0)
		return -1;
	return add_states(a, CRITERION_PASS);
}

static const char *next_step(struct assessing *a)
{
	const char *owner = a->criteria->owner_release != NULL ? a->criteria->owner_release : "owner not named";

	if (a->out->verdict == VERDICT_GO)
		return a->r->outcome == OUTCOME_PROMOTED
			       ? arena_printf(a->arena, "Accept the promotion; the rollback conditions stay in force (%s).", owner)
			       : arena_printf(a->arena, "Promote (%s).", owner);
	if (a->r->outcome == OUTCOME_PROMOTION_FAILED)
		return arena_printf(
			a->arena, "Revert the target to the last promoted version now, and see why the primary is not ready (%s).", owner);
	if (a->out->verdict == VERDICT_NO_GO && a->r->outcome == OUTCOME_PROMOTED)
		return arena_printf(a->arena, "Revert to the stable version (%s): see the rollback conditions for the commands.", owner);
	if (a->out->verdict == VERDICT_NO_GO && a->r->outcome == OUTCOME_RUNNING && a->r->copying_at != INSTANT_NONE)
		return arena_printf(
			a->arena, "Revert the target to the last promoted version now: the primary already runs the new one (%s).", owner);
	if (a->out->verdict == VERDICT_NO_GO && a->r->outcome == OUTCOME_RUNNING)
		return arena_printf(a->arena,
				    a->r->suspended_at != INSTANT_NONE ? "Take the traffic back by hand now: Flagger is suspended (%s)."
								       : "Take the traffic back now, or see that Flagger does (%s).",
				    owner);
	if (a->out->verdict == VERDICT_NO_GO)
		return arena_printf(a->arena, "Find the cause, then start a new rollout from the first step (%s).", owner);
	if (a->out->expired && a->criteria->revert_when_expired)
		return arena_printf(a->arena,
				    "No decision within the deadline: revert to the stable version (%s); this is no evidence of badness.",
				    owner);
	if (a->r->suspended_at != INSTANT_NONE && a->r->outcome == OUTCOME_RUNNING)
		return arena_printf(a->arena, "Let Flagger go on (spec.suspend: false), or take the traffic back by hand (%s).", owner);
	if (a->r->outcome == OUTCOME_RUNNING)
		return arena_printf(a->arena, "Let it go on, or hold the step, until the criteria decide (%s).", owner);
	if (a->r->outcome == OUTCOME_PROMOTED || a->r->outcome == OUTCOME_PROMOTED_UNANALYSED)
		return arena_printf(a->arena, "Decide by hand with what is missing in mind, or watch the rollback conditions (%s).", owner);
	if (is_deleted(a->r))
		return arena_printf(a->arena, "Apply the Canary again, see the stable version serve, then roll out again (%s).", owner);
	if (strcmp(a->r->outcome_reason, "manual-hook") == 0)
		return arena_printf(a->arena, "Find out why the rollback hook asked for it, then roll out again (%s).", owner);
	return arena_printf(a->arena, "Mend what kept the evidence away (see the findings), then roll out again (%s).", owner);
}

static int insert_reason(struct assessing *a, size_t at, const struct finding *f)
{
	struct assessment *out = a->out;

	if (at > out->n_reasons)
		at = out->n_reasons;
	at = at > 2 ? 2 : at;
	out->n_reasons += out->n_reasons < 3;
	for (size_t i = out->n_reasons - 1; i > at; i--)
		out->reasons[i] = out->reasons[i - 1];
	out->reasons[at] = (struct cited){ .text = arena_printf(a->arena, "%s (%s).", f->text, f->id) };
	if (out->reasons[at].text == NULL || ids_add_all(&out->reasons[at].ids, &f->ids, a->arena) < 0)
		return error_nomem(a->err);
	return 0;
}

/* A hole in the samples keeps a verdict open more than anything else. */
static int add_gap_reason(struct assessing *a)
{
	struct assessment *out = a->out;

	for (size_t i = 0; i < out->n_gaps; i++) {
		const struct numbered_gap *g = &out->gaps[i];
		size_t at = out->n_reasons < 3 ? out->n_reasons : 2;

		/* While it runs, what was not asked for yet is no hole. */
		if (strcmp(g->gap.source, "prometheus") != 0 || (a->r->outcome == OUTCOME_RUNNING && g->gap.to >= a->input.at))
			continue;
		out->n_reasons = at + 1;
		out->reasons[at] = (struct cited){ .text = arena_printf(a->arena, "Of a part of the analysis nothing is known (%s): %s.",
									g->id, g->text) };
		if (out->reasons[at].text == NULL ||
		    ids_add_all(&out->reasons[at].ids, g->gap.ids.n > 0 ? &g->gap.ids : &a->r->outcome_ids, a->arena) < 0)
			return error_nomem(a->err);
		return 0;
	}
	return 0;
}

/* What explains a verdict that no criterion gave is best said by the worst of what was found (a blast limit is a reason of its own). That
 * nobody was answered belongs to page 1 in any case, and where something is open, that an ingress restarted too. */
int assess_first_reason(struct assessing *a)
{
	const struct finding *f = NULL, *also = NULL;
	struct assessment *out = a->out;
	bool explained = out->verdict == VERDICT_GO ||
			 (out->verdict == VERDICT_NO_GO && (first_in(a, CRITERION_FAIL) != NULL || behaviour_failed(a->r)));

	for (size_t i = 0; i < out->n_findings; i++) {
		const struct finding *g = &out->findings[i];

		if (f == NULL && !explained && g->severity == SEVERITY_ERROR && strcmp(g->rule, "blast-limit") != 0)
			f = g;
		else if (also == NULL && ((g->severity == SEVERITY_ERROR && strcmp(g->rule, "no-requests") == 0) ||
					  (out->verdict == VERDICT_HOLD && strcmp(g->rule, "restarted") == 0)))
			also = g;
	}
	if (f != NULL && insert_reason(a, 0, f) < 0)
		return -1;
	if (also != NULL)
		return insert_reason(a, f != NULL ? 1 : 2, also);
	return out->verdict == VERDICT_HOLD ? add_gap_reason(a) : 0;
}

static const struct ids *subline_ids(const struct assessing *a)
{
	const struct decision *tight = a->out->verdict == VERDICT_GO ? tightest(a) : NULL;

	return tight == NULL ? &a->r->outcome_ids : &a->out->results[tight - a->decisions].ids;
}

int assess_verdict(struct assessing *a)
{
	struct assessment *out = a->out;

	check_blast(a);
	out->verdict = by_outcome(a);
	if (out->verdict == VERDICT_GO && (out->blast_breached || out->expired) && a->criteria->on_breach == ON_BREACH_HOLD)
		out->verdict = VERDICT_HOLD;
	out->headline = headline(a);
	out->subline = subline(a);
	if (out->headline == NULL || out->subline == NULL || ids_add_all(&out->subline_ids, subline_ids(a), a->arena) < 0)
		return error_nomem(a->err);
	if (reasons(a) < 0)
		return -1;
	out->next.text = next_step(a);
	return out->next.text == NULL ? error_nomem(a->err) : 0;
}
