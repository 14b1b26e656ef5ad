/* What the samples show, and what they cannot show. */
#include "findings.h"

#include <math.h>
#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/provider.h"
#include "words.h"

/* What to do about what decided. */
static int rule_failed(struct assessing *a)
{
	char from[INSTANT_TEXT_MAX], to[INSTANT_TEXT_MAX];

	for (size_t i = 0; i < a->out->n_results; i++) {
		const struct criterion_result *r = &a->out->results[i];
		const struct decision *d = &a->decisions[i];
		bool timed = d->from != INSTANT_NONE && d->to != INSTANT_NONE && d->from < d->to;
		const char *when = timed ? arena_printf(a->arena, "from %s to %s UTC", instant_clock(from, d->from),
							instant_clock(to, d->to))
					 : "at that time";

		if (r->state != CRITERION_FAIL || r->criterion->informational)
			continue;
		if (finding_add(
			    a, "criterion-failed", SEVERITY_ERROR, 3, r->short_text,
			    "The criterion failed by its test, not by one reading; what the new version did in that time is the cause to "
			    "look for.",
			    arena_printf(a->arena,
					 d->criterion->kind == CRITERION_QUANTILE_RATIO || d->criterion->kind == CRITERION_QUANTILE_ABSOLUTE
						 ? "Profile the new version %s against the stable one (traces, saturation of its pods); "
						   "mend it, then "
						   "roll out again from the first step."
						 : "Read the new version's logs %s, and its failed requests by status and route; mend it, "
						   "then roll "
						   "out again from the first step.",
					 when),
			    &r->ids) < 0)
			return -1;
	}
	return 0;
}

static int blind_finding(struct assessing *a, const struct decision *d, const struct criterion_result *r)
{
	double base = d->baseline;

	if (isnan(base) || base <= 0)
		base = d->guard_edge > 0 ? d->guard_edge : 0.1;
	return finding_add(
		a, "blind-histogram", SEVERITY_WARNING, 25,
		arena_printf(a->arena, "%s +%.0f" NBSP "%% cannot be seen: the baseline's quantile lies in %s",
			     words_criterion(d->criterion, a->arena), (d->criterion->limit - 1) * 100,
			     isinf(d->resolution) ? "the first bucket, which begins at 0"
						  : arena_printf(a->arena, "a bucket whose edges are %s times apart",
								 words_ratio(d->resolution, a->arena))),
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

	return finding_add(
		a, "warm-up-hides-latency", worse ? SEVERITY_ERROR : SEVERITY_WARNING, 15,
		isnan(d->warm_up_value) ? arena_printf(a->arena, "%s could not be judged: the whole ladder lies in the warm-up",
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
	return finding_add(
		a, "window-shorter", SEVERITY_NOTE, 40,
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
		return finding_add(a, "undecidable-traffic", SEVERITY_WARNING, 28,
				   arena_printf(a->arena, "%s could not be decided with the traffic there was",
						words_criterion(d->criterion, a->arena)),
				   a->out->results[i].text,
				   "Give each step more time or traffic, or judge this canary by an absolute limit.",
				   &a->out->results[i].ids);
	}
	return 0;
}

/* By what its criterion counts. */
static const char *ill_text(struct assessing *a, const struct criterion_result *r, const struct decision *d)
{
	int64_t n, k;

	assess_arm_counts(a, r->criterion, ARM_BASELINE, &n, &k);
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
		return finding_add(
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
			    finding_add(a, table[k].kind, table[k].severity, 22, strata->notes[i].text, table[k].why, table[k].remedy,
					&strata->notes[i].ids) < 0)
				return -1;
	return 0;
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

static const char *silence_cause(const struct assessing *a, const struct silence *s)
{
	if (a->r->deleted && s->to >= a->r->ended_at)
		return "The Canary's deletion would explain it: the primary and the route object went with it.";
	if (was_not_ready(a->r, s->from, s->to) && finding_on_traefik(a->r))
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
	return finding_add(
		a, "no-requests", s->behind ? SEVERITY_WARNING : SEVERITY_ERROR, 4,
		arena_printf(a->arena, "%s from %s %s %s UTC; by the rate before it would have been %s",
			     s->gone ? "No request of either version was seen" : "No request reached either version",
			     instant_clock(from, s->from), s->over ? "to" : "to the last sample at", instant_clock(to, s->to),
			     words_count(llround(s->expected), a->arena)),
		silence_cause(a, s),
		a->r->deleted ? "Apply the Canary again, and see what serves meanwhile (kubectl get deployment,service,traefikservice)."
		: finding_on_traefik(a->r) ? "See traefik_entrypoint_requests_total by code for that time; set Traefik's "
					     "providers.kubernetesCRD.allowEmptyServices: true, so that only the canary's share fails."
					   : "See what the ingress itself answered in that time, and whether clients asked.",
		&s->ids);
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
	return finding_add(
		a, "restarted", SEVERITY_WARNING, 16,
		times == 1
			? arena_printf(a->arena, "A process that counts requests restarted shortly before %s UTC", instant_clock(at, first))
			: arena_printf(a->arena, "Processes that count requests restarted, first shortly before %s UTC",
				       instant_clock(at, first)),
		"What passed between its last scrape and the restart is lost. While an ingress is away it answers nobody, and no metric "
		"counts "
		"those who asked.",
		"See why it restarted (kubectl get pods, their last state and previous logs); judge the step in which it did with that "
		"in mind.",
		&ids);
}

static int rule_exported(struct assessing *a)
{
	if (a->measure == NULL || a->all.n == 0 || a->all.spelling == 0)
		return 0;
	return finding_add(a, "exported-label", SEVERITY_ERROR, 7,
			   arena_printf(a->arena, "The label `%s` has become `exported_%s`: Flagger's built-in metrics are blind here",
					a->measure->renamed_label, a->measure->renamed_label),
			   "A scrape config that sets the label itself renames the exporter's own.",
			   "Set honorLabels: true on the ServiceMonitor (honor_labels in a scrape config).", &a->all.ids[ARM_CANARY]);
}

static int rule_provider(struct assessing *a)
{
	struct ids ids;

	if (provider_find(a->r->spec.provider) != NULL || finding_spec_ids(a, &ids) < 0)
		return 0;
	return finding_add(a, "provider-not-supported", SEVERITY_ERROR, 8,
			   arena_printf(a->arena, "The metrics of provider %s were not asked for: %s",
					words_code(a->r->spec.provider, a->arena), provider_why_not(a->r->spec.provider)),
			   "Without the samples of both arms no criterion is evaluable; what Flagger said and did is kept all the same.",
			   "Judge this rollout by Flagger's own checks, or name the series of both arms in the criteria (endpoint).", &ids);
}

static int rule_no_series(struct assessing *a)
{
	if (provider_find(a->r->spec.provider) == NULL)
		return 0;
	if (!a->judged || (a->all.found[ARM_CANARY] && a->all.found[ARM_BASELINE]))
		return 0;
	if (a->input.tested && finding_on_traefik(a->r) && !a->r->spec.mirror && !a->all.found[ARM_CANARY] && a->all.found[ARM_BASELINE])
		return finding_add(
			a, "no-series", SEVERITY_ERROR, 8, "No request to the canary was counted: a blue/green test has no users",
			"Until its iterations are over the canary serves what a load test sends, and only what passes the ingress is "
			"counted.",
			"Give analysis.webhooks a load test (type rollout) that reaches the canary through the ingress, by a host or a "
			"header of its own, or replace `iterations` by stepWeight and maxWeight.",
			&a->r->outcome_ids);
	return finding_add(
		a, "no-series", SEVERITY_ERROR, 8,
		a->all.found[ARM_CANARY] || a->all.found[ARM_BASELINE]
			? arena_printf(a->arena, "No series of the %s was found", a->all.found[ARM_CANARY] ? "primary" : "canary")
			: "No series of canary or primary was found",
		"Without them nothing can be said about the release.",
		finding_on_traefik(a->r)
			? "See that Prometheus scrapes the ingress with service labels (Traefik: "
			  "metrics.prometheus.addServicesLabels), and that routes reach the TraefikService."
			: arena_printf(a->arena, "See that Prometheus has `%s` with the labels `%s`.", a->measure->requests,
				       a->measure->arm[0][a->all.found[ARM_CANARY] ? ARM_BASELINE : ARM_CANARY]),
		&a->r->outcome_ids);
}

int findings_samples(struct assessing *a)
{
	static int (*const rules[])(struct assessing *) = { rule_failed,       rule_latency,  rule_short_window, rule_thin,
							    rule_ill_baseline, rule_samples,  rule_silence,      rule_restarted,
							    rule_exported,     rule_provider, rule_no_series };

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i](a) < 0)
			return -1;
	return 0;
}
