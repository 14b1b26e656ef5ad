/* What the evidence shows that someone should know or mend: one small rule each, none without evidence (facts/course.md, flagger.md 9). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/canary.h"
#include "gonogo/error.h"
#include "gonogo/provider.h"
#include "words.h"

struct finding *assess_add_finding(struct assessing *a, const char *rule, enum severity severity, int rank, const char *text,
				   const char *why, const char *remedy, const struct ids *ids)
{
	struct assessment *out = a->out;
	struct finding *grown, *f;

	if (text == NULL || why == NULL || remedy == NULL)
		return NULL;
	grown = arena_grow(a->arena, out->findings, out->n_findings, &a->cap_findings, sizeof *grown);
	if (grown == NULL)
		return NULL;
	out->findings = grown;
	f = &grown[out->n_findings++];
	*f = (struct finding){ .rule = rule, .severity = severity, .rank = rank, .text = text, .why = why, .remedy = remedy };
	f->read_on = arena_printf(a->arena, "docs/findings.md#%s", rule);
	if (f->read_on == NULL)
		return NULL;
	if (ids != NULL && ids_add_all(&f->ids, ids, a->arena) < 0)
		return NULL;
	return f;
}

/* A finding or an error: rules return 0 or -1. */
static int add(struct assessing *a, const char *rule, enum severity severity, int rank, const char *text, const char *why,
	       const char *remedy, const struct ids *ids)
{
	return assess_add_finding(a, rule, severity, rank, text, why, remedy, ids) == NULL ? error_nomem(a->err) : 0;
}

static int spec_ids(const struct assessing *a, struct ids *out)
{
	*out = (struct ids){ 0 };
	return ids_add(out, a->r->spec_id, a->arena) < 0 ? error_nomem(a->err) : 0;
}

static bool is_traefik(const struct rollout *r)
{
	return *r->spec.provider == '\0' || strcmp(r->spec.provider, "traefik") == 0;
}

static int rule_blast(struct assessing *a)
{
	struct ids ids = { 0 };

	if (!a->out->blast_breached)
		return 0;
	for (size_t i = 0; i < a->out->n_steps; i++)
		if (a->out->steps[i].step->exposure > a->criteria->max_weight &&
		    ids_add_all(&ids, &a->out->steps[i].step->ids, a->arena) < 0)
			return error_nomem(a->err);
	return add(a, "blast-limit", SEVERITY_ERROR, 10,
		   arena_printf(a->arena, "Exposure in effect reached %s, the blast limit is %s",
				words_weight(a->out->highest_exposure * 100, a->arena),
				words_weight(a->criteria->max_weight * 100, a->arena)),
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

	if (a->r->spec.strategy != STRATEGY_AB_TESTING || !is_traefik(a->r) || spec_ids(a, &ids) < 0)
		return 0;
	return add(a, "ab-on-traefik", SEVERITY_ERROR, 11,
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
	return add(a, "deadline", SEVERITY_WARNING, 12,
		   arena_printf(a->arena, "No decision within %s", duration_words(span, a->criteria->deadline)),
		   "The course's guardrail: exposure without a decision is risk without knowledge.",
		   "Revert to the stable version, or decide by hand and record it; for the next rollout see the criteria that stayed "
		   "undecided.",
		   &a->r->outcome_ids);
}

static const struct metric_template *template_of(const struct assessing *a, const char *metric)
{
	for (size_t i = 0; i < a->r->spec.n_metrics; i++) {
		const struct canary_metric *m = &a->r->spec.metrics[i];

		if (metric == NULL || m->template_name == NULL || strcmp(m->name, metric) != 0)
			continue;
		for (size_t k = 0; k < a->r->n_templates; k++)
			if (strcmp(a->r->templates[k].name, m->template_name) == 0)
				return &a->r->templates[k];
	}
	return NULL;
}

static bool canary_had_requests(const struct assessing *a)
{
	return a->out->requests[ARM_CANARY] > 0;
}

/* facts/course.md: the template that is empty while the canary has had no error at all. */
static bool divides_errors_only(const char *query)
{
	const char *divide = strchr(query, '/');
	const char *errors = strstr(query, "5..");

	return divide != NULL && errors != NULL && errors < divide && strstr(query, " or ") == NULL;
}

static int no_values_of(struct assessing *a, const struct fact *fact, size_t times)
{
	const char *metric = fact->message.metric == NULL ? "unknown" : fact->message.metric;
	const struct metric_template *t = template_of(a, metric);
	struct ids ids = { 0 };

	/* Never a copy of the fact's own: what is added to that would stand in the fact's array. */
	if (ids_add_all(&ids, &fact->ids, a->arena) < 0 || (t != NULL && ids_add(&ids, t->id, a->arena) < 0))
		return error_nomem(a->err);
	if (t != NULL && divides_errors_only(t->query) && canary_had_requests(a))
		return add(
			a, "no-values-template", SEVERITY_ERROR, 5,
			arena_printf(a->arena,
				     "MetricTemplate `%s/%s` finds no values where no 5xx series is in its window: %zu checks counted as "
				     "failed on a release with %s "
				     "errors in %s requests",
				     t->namespace_, t->name, times, words_count(a->out->failed[ARM_CANARY], a->arena),
				     words_count(a->out->requests[ARM_CANARY], a->arena)),
			"The query divides a sum over 5xx series by a sum over all. Where no 5xx series exists the result is empty, not "
			"0, and Flagger counts "
			"\"no values found\" as a failed check: the healthiest release is rolled back.",
			arena_printf(a->arena, "In MetricTemplate %s/%s put `(sum(rate(…code=~\"5..\"…)) or vector(0)) / sum(rate(…))`.",
				     t->namespace_, t->name),
			&ids);
	if (t == NULL && strcmp(a->r->spec.service_name, a->r->spec.target_name) != 0 && canary_had_requests(a) && is_traefik(a->r))
		return add(a, "service-name-differs", SEVERITY_ERROR, 5,
			   arena_printf(a->arena,
					"Flagger's `%s` asks for `%s-%s-canary-…`, the series are named `%s-%s-canary-…`: %zu checks found "
					"no values",
					metric, a->r->namespace_, a->r->spec.target_name, a->r->namespace_, a->r->spec.service_name, times),
			   "The built-in queries are rendered with the target's name, Traefik's label bears the service's. The query found "
			   "nothing; nothing is "
			   "known to be wrong with the release.",
			   "Use a MetricTemplate with {{ service }} in the place of {{ target }}, or give Service and target one name.",
			   &ids);
	return add(a, "no-values", times > 1 ? SEVERITY_WARNING : SEVERITY_NOTE, 30,
		   arena_printf(a->arena, "Flagger found no values for `%s` %zu time%s", metric, times, times == 1 ? "" : "s"),
		   "Flagger counts a check without values as failed. At the first check of a canary the window often holds fewer than two "
		   "scrapes.",
		   arena_printf(a->arena,
				"Set the metric's interval to at least four scrape intervals%s, and the analysis interval above it.",
				a->all.scrape_interval > 0
					? arena_printf(a->arena, " (%.0f" NBSP "s here)", 4 * (double)a->all.scrape_interval / 1e9)
					: ""),
		   &ids);
}

/* One finding a metric, however often it happened. */
static int rule_no_values(struct assessing *a)
{
	for (size_t i = 0; i < a->r->n_failed; i++) {
		const struct fact *fact = a->r->failed[i].fact;
		const char *metric = fact->message.metric == NULL ? "" : fact->message.metric;
		size_t times = 0, first = a->r->n_failed;

		if (fact->message.kind != MESSAGE_NO_VALUES)
			continue;
		for (size_t k = 0; k < a->r->n_failed; k++) {
			const struct flagger_message *m = &a->r->failed[k].fact->message;

			if (m->kind == MESSAGE_NO_VALUES && strcmp(m->metric == NULL ? "" : m->metric, metric) == 0) {
				first = k < first ? k : first;
				times++;
			}
		}
		if (first == i && no_values_of(a, fact, times) < 0)
			return -1;
	}
	return 0;
}

static int rule_query_failed(struct assessing *a)
{
	struct ids ids = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < a->r->n_failed; i++) {
		enum message_kind kind = a->r->failed[i].fact->message.kind;

		if (kind != MESSAGE_QUERY_FAILED && kind != MESSAGE_CONFIG_FAILED)
			continue;
		n++;
		if (ids_add_all(&ids, &a->r->failed[i].fact->ids, a->arena) < 0)
			return error_nomem(a->err);
	}
	if (n == 0)
		return 0;
	return add(a, "query-failed", SEVERITY_WARNING, 20,
		   arena_printf(a->arena, "%zu of Flagger's checks failed because the query itself failed", n),
		   "A server that does not answer, or a query that cannot be rendered, says nothing about the release; Flagger counts it "
		   "as a failed check "
		   "all the same.",
		   "See that Prometheus answers within 5 s from Flagger, and that templates render (gonogo lint).", &ids);
}

static int blind_finding(struct assessing *a, const struct decision *d, const struct criterion_result *r)
{
	double base = d->baseline;

	if (isnan(base) || base <= 0)
		base = d->guard_edge > 0 ? d->guard_edge : 0.1;
	return add(a, "blind-histogram", SEVERITY_WARNING, 25,
		   arena_printf(
			   a->arena,
			   "%s +%.0f" NBSP "%% cannot be seen: the baseline's quantile lies in a bucket whose edges are %s times apart",
			   words_criterion(d->criterion, a->arena), (d->criterion->limit - 1) * 100, words_ratio(d->resolution, a->arena)),
		   "Inside a bucket a quantile is interpolated: it reads the same before and after a slowdown. No amount of traffic can "
		   "make this criterion pass.",
		   arena_printf(a->arena,
				"Give Traefik buckets in ratio 1.09 from %.3g to %.3g s (metrics.prometheus.buckets), plus one at each "
				"absolute limit.",
				base * 2 / 3, base * 2),
		   &r->ids);
}

static int warm_up_finding(struct assessing *a, const struct decision *d, const struct criterion_result *r)
{
	char span[INSTANT_TEXT_MAX];
	double baseline = assess_baseline_of(a, d);
	bool worse = !isnan(d->warm_up_value) && !isnan(baseline) && d->warm_up_value >= baseline * d->criterion->limit;

	return add(a, "warm-up-hides-latency", worse ? SEVERITY_ERROR : SEVERITY_WARNING, 15,
		   isnan(d->warm_up_value)
			   ? arena_printf(a->arena, "%s could not be judged: the whole ladder lies in the warm-up",
					  words_criterion(d->criterion, a->arena))
			   : arena_printf(a->arena, "%s was %s%s, but the whole ladder lies in the warm-up and is not judged",
					  words_criterion(d->criterion, a->arena), words_latency(d->warm_up_value, a->arena),
					  isnan(baseline) ? ""
							  : arena_printf(a->arena, " against %s of the baseline",
									 words_latency(baseline, a->arena))),
		   arena_printf(a->arena, "The first %s of a canary are a cold start and say little; this ladder ended within them.",
				duration_words(span, a->criteria->warm_up)),
		   "Make the ladder longer (analysis.interval), or set evidence.warm_up for this canary to what its start really takes.",
		   &r->ids);
}

static int rule_latency(struct assessing *a)
{
	for (size_t i = 0; i < a->out->n_results; i++) {
		const struct decision *d = &a->decisions[i];

		if (d->criterion->kind != CRITERION_QUANTILE_RATIO && d->criterion->kind != CRITERION_QUANTILE_ABSOLUTE)
			continue;
		if (d->blind && blind_finding(a, d, &a->out->results[i]) < 0)
			return -1;
		if (d->reason != NULL && strcmp(d->reason, REASON_WARM_UP) == 0 && warm_up_finding(a, d, &a->out->results[i]) < 0)
			return -1;
	}
	return 0;
}

static int rule_short_window(struct assessing *a)
{
	const struct criterion_result *r = a->out->n_results > 0 ? &a->out->results[0] : NULL;
	char seen[INSTANT_TEXT_MAX], wanted[INSTANT_TEXT_MAX];
	int64_t to = a->input.window_to == INSTANT_NONE ? a->input.at : a->input.window_to;

	if (r == NULL || !a->judged || to - a->input.window_from >= r->criterion->window)
		return 0;
	return add(a, "window-shorter", SEVERITY_NOTE, 40,
		   arena_printf(a->arena, "The analysis lasted %s, the criteria speak of %s: taken literally they are not evaluable",
				duration_words(seen, to - a->input.window_from), duration_words(wanted, r->criterion->window)),
		   "The verdict rests on the tests over what was seen, not on the literal window; both stand beside each other in the "
		   "package.",
		   "Lengthen the ladder (analysis.interval × steps) beyond the window if the literal reading matters to you.", &r->ids);
}

static int rule_thin(struct assessing *a)
{
	for (size_t i = 0; i < a->out->n_results; i++) {
		const struct decision *d = &a->decisions[i];

		if (d->state != CRITERION_UNDECIDED || d->reason == NULL || strcmp(d->reason, REASON_UNRESOLVED) != 0)
			continue;
		return add(a, "undecidable-traffic", SEVERITY_WARNING, 28,
			   arena_printf(a->arena, "%s could not be decided with the traffic there was",
					words_criterion(d->criterion, a->arena)),
			   a->out->results[i].text, "Give each step more time or traffic, or judge this canary by an absolute limit.",
			   &a->out->results[i].ids);
	}
	return 0;
}

/* ---- The baseline and the rollback path (case 26). */

static int rule_dead_baseline(struct assessing *a)
{
	struct ids ids = { 0 };

	if (a->input.baseline_ill == NULL)
		return 0;
	for (size_t i = 0; i < a->r->n_replicas; i++)
		if (a->r->replicas[i].primary && ids_add(&ids, a->r->replicas[i].id, a->arena) < 0)
			return error_nomem(a->err);
	if (add(a, "rollback-path-unavailable", SEVERITY_ERROR, 1, "A rollback now would send everybody to a stable version without pods",
		"The rollback path leads to the primary, and the primary cannot serve.",
		arena_printf(a->arena, "kubectl -n %s scale deployment/%s-primary --replicas=2, see it ready, then decide.",
			     a->r->namespace_, a->r->spec.target_name),
		&ids) < 0)
		return -1;
	return add(a, "baseline-dead", SEVERITY_ERROR, 2,
		   arena_printf(a->arena, "The stable version is at zero: %s", a->input.baseline_ill),
		   "A canary beside a dead baseline looks splendid: nothing can be compared.",
		   "Look at the autoscaler of the primary (a paused source is copied as 0 replicas) and at its pods.", &ids);
}

/* By what its criterion counts. */
static const char *ill_text(struct assessing *a, const struct criterion_result *r, const struct decision *d)
{
	const struct strata *strata = assess_view(a, r->criterion)->input.strata;
	int64_t n = 0, k = 0;

	for (size_t i = 0; i < strata->n; i++)
		if ((strata->v[i].flags & STRATUM_REJECTED) == 0) {
			n += strata->v[i].n[ARM_BASELINE];
			k += strata->v[i].k[ARM_BASELINE];
		}
	if (n == 0 || k == 0)
		return arena_printf(a->arena, "%s cannot be compared: %s", words_criterion(r->criterion, a->arena), d->ill);
	return arena_printf(a->arena, "The stable version fails itself: %s of its %s requests",
			    words_percent((double)k / (double)n, a->arena), words_count(n, a->arena));
}

static int rule_ill_baseline(struct assessing *a)
{
	const struct assessment *out = a->out;

	for (size_t i = 0; i < out->n_results && a->input.baseline_ill == NULL; i++) {
		const struct criterion_result *r = &out->results[i];

		if (r->state != CRITERION_NOT_EVALUABLE || a->decisions[i].ill == NULL)
			continue;
		return add(
			a, "baseline-ill", SEVERITY_ERROR, 2, ill_text(a, r, &a->decisions[i]),
			"Beside a sick baseline every canary looks well: ratios against it are not judged.",
			arena_printf(a->arena,
				     "Mend the stable version first, or judge this canary by absolute limits alone: kubectl -n %s rollout "
				     "history deployment/%s-primary.",
				     a->r->namespace_, a->r->spec.target_name),
			&r->ids);
	}
	return 0;
}

/* ---- What kind of rollout it was. */

static int rule_deleted(struct assessing *a)
{
	const struct rollout *r = a->r;
	char at[INSTANT_TEXT_MAX];

	if (!r->deleted)
		return 0;
	return add(a, "canary-deleted", SEVERITY_ERROR, 1,
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
	return add(a, "suspended", exposure > 0 ? SEVERITY_ERROR : SEVERITY_WARNING, 1,
		   exposure > 0 ? arena_printf(a->arena, "Suspended%s at %s UTC with %s of the traffic on the canary",
					       r->suspended_listed ? ", as first seen" : "", instant_clock(at, r->suspended_at),
					       words_weight(exposure * 100, a->arena))
				: arena_printf(a->arena, "Suspended%s at %s UTC", r->suspended_listed ? ", as first seen" : "",
					       instant_clock(at, r->suspended_at)),
		   "While spec.suspend is set Flagger neither checks nor rolls back: users stay where the route object sends them.",
		   arena_printf(a->arena, "kubectl -n %s patch canary %s --type merge -p '{\"spec\":{\"suspend\":false}}'", r->namespace_,
				r->canary),
		   &ids);
}

static int rule_unanalysed(struct assessing *a)
{
	struct ids ids;

	if (a->r->outcome != OUTCOME_PROMOTED_UNANALYSED || spec_ids(a, &ids) < 0)
		return 0;
	return add(a, "analysis-skipped", SEVERITY_ERROR, 3, "The version reached 100" NBSP "% of users unjudged",
		   "skipAnalysis promotes at once; the Canary says Succeeded like any other.",
		   "Remove spec.skipAnalysis (or set it to false).", &ids);
}

static int rule_no_change(struct assessing *a)
{
	struct ids ids = { 0 };

	if (!a->r->template_known || a->r->template_changed || a->r->n_images == 0)
		return 0;
	if (spec_ids(a, &ids) < 0)
		return -1;
	return add(
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
		return add(a, "rollback-hook", SEVERITY_WARNING, 6,
			   arena_printf(a->arena, "A rollback hook asked for the rollback, after %zu time%s of saying no", quiet,
					quiet == 1 ? "" : "s"),
			   "Flagger's own checks had not ended the rollout: what the hook saw is not in this evidence.",
			   "Ask who or what answers the hook, and put its reason into the decision (gonogo note).", &a->r->outcome_ids);
	return add(a, "rollback-hook", SEVERITY_WARNING, 6, "A rollback hook answered yes: Flagger rolled back because it was told to",
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
	return add(a, "threshold-without-rollback", SEVERITY_ERROR, 3,
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
			return add(a, "unknown-phase", SEVERITY_WARNING, 35,
				   arena_printf(a->arena, "The phase `%s` is in no release of Flagger up to 1.44",
						a->r->phases[i].status.phase),
				   "It is kept word for word and counts as still running.",
				   "See which build of Flagger runs in this cluster.", &ids);
		}
	return 0;
}

static int rule_spec(struct assessing *a)
{
	struct ids ids;

	if (spec_ids(a, &ids) < 0)
		return -1;
	if (a->r->spec.max_weight_on_timeout &&
	    add(a, "annotation-without-effect", SEVERITY_NOTE, 50, "The annotation flagger.app/max-weight-on-timeout has no effect",
		"Flagger does not read it, so that nothing limits the weight when a check times out.",
		"Remove it; use maxWeight and blast.max_weight.", &ids) < 0)
		return -1;
	for (size_t i = 0; i < a->r->spec.n_metrics; i++) {
		const struct canary_metric *m = &a->r->spec.metrics[i];

		if (m->template_name != NULL && (strcmp(m->name, "request-success-rate") == 0 || strcmp(m->name, "request-duration") == 0))
			return add(a, "builtin-name-with-template", SEVERITY_WARNING, 45,
				   arena_printf(a->arena, "Metric `%s` bears a built-in's name and has a template: Flagger runs both",
						m->name),
				   "The built-in query and the template are both checked, each with the same threshold.",
				   "Give the template's metric a name of its own.", &ids);
	}
	return 0;
}

/* ---- What the samples show. */

/* Several criteria look at the same series. */
static bool is_said(const struct assessing *a, const char *rule, const char *text)
{
	for (size_t i = 0; i < a->out->n_findings; i++)
		if (strcmp(a->out->findings[i].rule, rule) == 0 && strcmp(a->out->findings[i].text, text) == 0)
			return true;
	return false;
}

static int add_notes(struct assessing *a, const struct strata *strata)
{
	static const struct {
		const char *kind, *why, *remedy;
		enum severity severity;
	} table[] = {
		{ "replica-seam",
		  "Two Prometheus replicas behind one address lag behind each other; a naive reading counts thousands of phantom requests.",
		  "Ask one replica, or a deduplicating querier.", SEVERITY_WARNING },
		{ "partial", "An answer from part of the storage must not be compared with a whole one.",
		  "See why storage nodes or stores did not answer; what rests on it is not evaluable.", SEVERITY_ERROR },
		{ "broken-query", "The engine itself says that the query is wrong; no value of it is used.", "Mend the query.",
		  SEVERITY_ERROR },
		{ "native-histogram", "Flagger 1.44 ends its process on such an answer, and buckets are not read from it here.",
		  "Keep classic histograms beside native ones (scrape_classic_histograms).", SEVERITY_WARNING },
		{ "rejected", "A first value larger than its time allows is old, not new.", "See whether targets share one instance label.",
		  SEVERITY_WARNING },
		{ "foreign-series",
		  "A route that reaches a plain Service bypasses the weights, and its requests belong to neither version.",
		  "Point the route at the object that Flagger writes its weights to (an IngressRoute at kind: TraefikService).",
		  SEVERITY_WARNING },
		{ "class-unseen", "An error class that no label shows counts nothing: what looks healthy was not looked at.",
		  "Take it out of error_classes, or measure it by an endpoint whose metric has such a label.", SEVERITY_ERROR },
		{ "malformed", "What is malformed is evidence of nothing.", "See what stands between the collector and Prometheus.",
		  SEVERITY_WARNING },
	};

	for (size_t i = 0; i < strata->n_notes; i++)
		for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
			if (strcmp(strata->notes[i].kind, table[k].kind) == 0 && !is_said(a, table[k].kind, strata->notes[i].text) &&
			    add(a, table[k].kind, table[k].severity, 22, strata->notes[i].text, table[k].why, table[k].remedy,
				&strata->notes[i].ids) < 0)
				return -1;
	return 0;
}

/* Each series of a process tells of its restart: a moment counts once. */
static int rule_restarted(struct assessing *a)
{
	int64_t end = a->input.window_to == INSTANT_NONE ? a->input.at : a->input.window_to, first = INSTANT_NONE, last = INSTANT_NONE;
	char at[INSTANT_TEXT_MAX];
	struct ids ids = { 0 };
	size_t times = 0;

	for (size_t i = 0; a->judged && i < a->all.n_notes; i++) {
		const struct strata_note *n = &a->all.notes[i];

		if (strcmp(n->kind, "reset") != 0 || n->at <= a->input.window_from || n->at > end + a->all.scrape_interval)
			continue;
		times += n->at != last;
		last = n->at;
		first = first == INSTANT_NONE || n->at < first ? n->at : first;
		if (ids_add_all(&ids, &n->ids, a->arena) < 0)
			return error_nomem(a->err);
	}
	if (times == 0)
		return 0;
	return add(a, "restarted", SEVERITY_WARNING, 16,
		   times == 1 ? arena_printf(a->arena, "A process that counts requests restarted shortly before %s UTC",
					     instant_clock(at, first))
			      : arena_printf(a->arena, "Processes that count requests restarted, first shortly before %s UTC",
					     instant_clock(at, first)),
		   "What passed between its last scrape and the restart is lost. While an ingress is away it answers nobody, and no metric "
		   "counts "
		   "those who asked.",
		   "See why it restarted (kubectl get pods, their last state and previous logs); judge the step in which it did with that "
		   "in mind.",
		   &ids);
}

static int rule_samples(struct assessing *a)
{
	if (add_notes(a, &a->all) < 0)
		return -1;
	for (size_t i = 0; i < a->criteria->n; i++)
		if (a->views[i].all != &a->all && add_notes(a, a->views[i].all) < 0)
			return -1;
	return 0;
}

/* While a good promotion goes on, the primary's pods are replaced one by one: that explains nothing. */
static bool was_not_ready(const struct rollout *r, int64_t from, int64_t to)
{
	for (size_t i = 0; i < r->n_facts; i++)
		if (r->facts[i].message.kind == MESSAGE_NOT_READY && r->facts[i].at >= from && r->facts[i].at <= to &&
		    (r->outcome != OUTCOME_PROMOTED || r->facts[i].at < r->copying_at))
			return true;
	return false;
}

/* Behind the decision a load test may simply have ended. */
static enum severity silence_severity(const struct assessing *a, const struct silence *s)
{
	int64_t decided = a->r->copying_at != INSTANT_NONE ? a->r->copying_at : a->r->ended_at;
	bool behind = decided != INSTANT_NONE && s->from >= decided - a->all.scrape_interval;

	return behind && a->r->outcome != OUTCOME_PROMOTION_FAILED && !a->r->deleted ? SEVERITY_WARNING : SEVERITY_ERROR;
}

static const char *silence_cause(const struct assessing *a, const struct silence *s)
{
	if (a->r->deleted && s->to >= a->r->ended_at)
		return "The Canary's deletion would explain it: the primary and the route object went with it.";
	if (was_not_ready(a->r, s->from, s->to) && is_traefik(a->r))
		return "Flagger said meanwhile that pods were not ready, which would explain it: where a part has no ready pod Traefik "
		       "drops "
		       "the whole route and answers 404 to everybody, and no service's metric counts that.";
	if (s->gone)
		return "The series are gone, as Traefik's are with its route, or nothing scraped them. Nothing is known of that time.";
	return "Nobody asked, or the ingress answered by itself, which no service's metric counts. Nothing is known of that time.";
}

static int rule_silence(struct assessing *a)
{
	const struct silence *s = &a->out->silence;
	char from[INSTANT_TEXT_MAX], to[INSTANT_TEXT_MAX];

	if (s->from == INSTANT_NONE)
		return 0;
	return add(a, "no-requests", silence_severity(a, s), 4,
		   arena_printf(a->arena, "%s from %s %s %s UTC; by the rate before it would have been %s",
				s->gone ? "No request of either version was seen" : "No request reached either version",
				instant_clock(from, s->from), s->over ? "to" : "to the last sample at", instant_clock(to, s->to),
				words_count(llround(s->expected), a->arena)),
		   silence_cause(a, s),
		   is_traefik(a->r) ? "See traefik_entrypoint_requests_total by code for that time; set Traefik's "
				      "providers.kubernetesCRD.allowEmptyServices: true, so that only the canary's share fails."
				    : "See what the ingress itself answered in that time, and whether clients asked.",
		   &s->ids);
}

static int rule_exported(struct assessing *a)
{
	if (a->measure == NULL || a->all.n == 0 || a->all.spelling == 0)
		return 0;
	return add(a, "exported-label", SEVERITY_ERROR, 7,
		   arena_printf(a->arena, "The label `%s` has become `exported_%s`: Flagger's built-in metrics are blind here",
				a->measure->renamed_label, a->measure->renamed_label),
		   "A scrape config that sets the label itself renames the exporter's own.",
		   "Set honorLabels: true on the ServiceMonitor (honor_labels in a scrape config).", &a->all.ids[ARM_CANARY]);
}

static int rule_provider(struct assessing *a)
{
	struct ids ids;

	if (provider_find(a->r->spec.provider) != NULL || spec_ids(a, &ids) < 0)
		return 0;
	return add(a, "provider-not-supported", SEVERITY_ERROR, 8,
		   arena_printf(a->arena, "The metrics of provider %s were not asked for: %s", words_code(a->r->spec.provider, a->arena),
				provider_why_not(a->r->spec.provider)),
		   "Without the samples of both arms no criterion is evaluable; what Flagger said and did is kept all the same.",
		   "Judge this rollout by Flagger's own checks, or name the series of both arms in the criteria (endpoint).", &ids);
}

static int rule_no_series(struct assessing *a)
{
	if (provider_find(a->r->spec.provider) == NULL)
		return 0;
	if (!a->judged || (a->all.found[ARM_CANARY] && a->all.found[ARM_BASELINE]))
		return 0;
	if (a->input.tested && is_traefik(a->r) && !a->r->spec.mirror && !a->all.found[ARM_CANARY] && a->all.found[ARM_BASELINE])
		return add(a, "no-series", SEVERITY_ERROR, 8, "No request to the canary was counted: a blue/green test has no users",
			   "Until its iterations are over the canary serves what a load test sends, and only what passes the ingress is "
			   "counted.",
			   "Give analysis.webhooks a load test (type rollout) that reaches the canary through the ingress, by a host or a "
			   "header of its own, or replace `iterations` by stepWeight and maxWeight.",
			   &a->r->outcome_ids);
	return add(a, "no-series", SEVERITY_ERROR, 8,
		   a->all.found[ARM_CANARY] || a->all.found[ARM_BASELINE]
			   ? arena_printf(a->arena, "No series of the %s was found", a->all.found[ARM_CANARY] ? "primary" : "canary")
			   : "No series of canary or primary was found",
		   "Without them nothing can be said about the release.",
		   is_traefik(a->r) ? "See that Prometheus scrapes the ingress with service labels (Traefik: "
				      "metrics.prometheus.addServicesLabels), and that routes reach the TraefikService."
				    : arena_printf(a->arena, "See that Prometheus has `%s` with the labels `%s`.", a->measure->requests,
						   a->measure->arm[0][a->all.found[ARM_CANARY] ? ARM_BASELINE : ARM_CANARY]),
		   &a->r->outcome_ids);
}

static int rule_contradiction(struct assessing *a)
{
	if (a->out->flagger.agrees != 0)
		return 0;
	return add(a, a->r->outcome == OUTCOME_PROMOTED ? "promoted-against-evidence" : "rolled-back-against-evidence", SEVERITY_ERROR, 9,
		   a->out->flagger.text,
		   "Flagger looks at a point value against a fixed limit, tick by tick; the criteria here compare with the stable version "
		   "at the same time.",
		   "Compare both readings in this package, and bring the Canary's metrics nearer to the criteria you sign for.",
		   &a->r->outcome_ids);
}

static int rule_recheck(struct assessing *a)
{
	const struct flagger_recheck *r = &a->out->flagger.recheck;

	if (r->agrees != 0)
		return 0;
	return add(a, "flagger-disagrees", SEVERITY_WARNING, 12, r->text,
		   "What Flagger reported is not what its own queries come to on these samples: it asked another Prometheus, another "
		   "moment, or somebody "
		   "else posted.",
		   "Compare metricsServer and the MetricTemplates' addresses with the Prometheus in gonogo.yaml.",
		   r->ids.n > 0 ? &r->ids : &a->r->outcome_ids);
}

static int rule_containment(struct assessing *a)
{
	if (a->out->containment.state != CONTAINMENT_NOT_CONFIRMED || a->r->deleted)
		return 0;
	return add(a, "containment-not-confirmed", SEVERITY_WARNING, 13, "It was not seen that traffic returned to the stable version",
		   "A rollback is over when users are back, not when a controller says so.",
		   arena_printf(a->arena, "kubectl -n %s get traefikservice %s -o yaml, and the primary's request rate.", a->r->namespace_,
				a->r->spec.service_name),
		   a->out->containment.ids.n > 0 ? &a->out->containment.ids : &a->r->outcome_ids);
}

/* ---- What the channels say of each other. */

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
		return add(
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
		return add(a, "weight-drift", SEVERITY_WARNING, 14,
			   arena_printf(a->arena, "At %s UTC Flagger announced %s, the route object never had it before the next step",
					instant_clock(at, f->at), words_weight(f->message.weight, a->arena)),
			   "Users meet what the route object says, not what was announced: somebody or something else writes to it, or the "
			   "watch was away.",
			   "Take the route object out of GitOps (ignoreDifferences on its weights), and look at its managedFields.",
			   &f->ids);
	}
	return 0;
}

static int compare_findings(const void *x, const void *y)
{
	const struct finding *a = x, *b = y;

	if (a->severity != b->severity)
		return a->severity < b->severity ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->text, b->text);
}

int assess_findings(struct assessing *a)
{
	static int (*const rules[])(struct assessing *) = {
		rule_blast,         rule_ab_on_traefik, rule_deadline,         rule_no_values,    rule_query_failed,  rule_latency,
		rule_short_window,  rule_thin,          rule_dead_baseline,    rule_ill_baseline, rule_suspended,     rule_deleted,
		rule_unanalysed,    rule_no_change,     rule_hook_rolled_back, rule_held,         rule_unknown_phase, rule_spec,
		rule_samples,       rule_silence,       rule_restarted,        rule_exported,     rule_provider,      rule_no_series,
		rule_contradiction, rule_containment,   rule_channels,         rule_weights,      rule_recheck,
	};

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i](a) < 0)
			return -1;
	if (a->out->n_findings > 1)
		qsort(a->out->findings, a->out->n_findings, sizeof *a->out->findings, compare_findings);
	for (size_t i = 0; i < a->out->n_findings; i++) {
		a->out->findings[i].id = arena_printf(a->arena, "F-%02zu", i + 1);
		if (a->out->findings[i].id == NULL)
			return error_nomem(a->err);
	}
	return 0;
}
