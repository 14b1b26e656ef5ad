/* Flagger's own checks: those that measured nothing, and those that come out otherwise here. */
#include "findings.h"

#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/canary.h"
#include "gonogo/error.h"
#include "words.h"

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
		return finding_add(
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
	if (t == NULL && strcmp(a->r->spec.service_name, a->r->spec.target_name) != 0 && canary_had_requests(a) && finding_on_traefik(a->r))
		return finding_add(
			a, "service-name-differs", SEVERITY_ERROR, 5,
			arena_printf(a->arena,
				     "Flagger's `%s` asks for `%s-%s-canary-…`, the series are named `%s-%s-canary-…`: %zu checks found "
				     "no values",
				     metric, a->r->namespace_, a->r->spec.target_name, a->r->namespace_, a->r->spec.service_name, times),
			"The built-in queries are rendered with the target's name, Traefik's label bears the service's. The query found "
			"nothing; nothing is "
			"known to be wrong with the release.",
			"Use a MetricTemplate with {{ service }} in the place of {{ target }}, or give Service and target one name.", &ids);
	return finding_add(
		a, "no-values", times > 1 ? SEVERITY_WARNING : SEVERITY_NOTE, 30,
		arena_printf(a->arena, "Flagger found no values for `%s` %zu time%s", metric, times, times == 1 ? "" : "s"),
		"Flagger counts a check without values as failed. At the first check of a canary the window often holds fewer than two "
		"scrapes.",
		arena_printf(a->arena, "Set the metric's interval to at least four scrape intervals%s, and the analysis interval above it.",
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
	return finding_add(
		a, "query-failed", SEVERITY_WARNING, 20,
		arena_printf(a->arena, "%zu of Flagger's checks failed because the query itself failed", n),
		"A server that does not answer, or a query that cannot be rendered, says nothing about the release; Flagger counts it "
		"as a failed check "
		"all the same.",
		"See that Prometheus answers within 5 s from Flagger, and that templates render (gonogo lint).", &ids);
}

static int rule_spec(struct assessing *a)
{
	struct ids ids;

	if (finding_spec_ids(a, &ids) < 0)
		return -1;
	if (a->r->spec.max_weight_on_timeout &&
	    finding_add(a, "annotation-without-effect", SEVERITY_NOTE, 50, "The annotation flagger.app/max-weight-on-timeout has no effect",
			"Flagger does not read it, so that nothing limits the weight when a check times out.",
			"Remove it; use maxWeight and blast.max_weight.", &ids) < 0)
		return -1;
	for (size_t i = 0; i < a->r->spec.n_metrics; i++) {
		const struct canary_metric *m = &a->r->spec.metrics[i];

		if (m->template_name != NULL && (strcmp(m->name, "request-success-rate") == 0 || strcmp(m->name, "request-duration") == 0))
			return finding_add(a, "builtin-name-with-template", SEVERITY_WARNING, 45,
					   arena_printf(a->arena,
							"Metric `%s` bears a built-in's name and has a template: Flagger runs both",
							m->name),
					   "The built-in query and the template are both checked, each with the same threshold.",
					   "Give the template's metric a name of its own.", &ids);
	}
	return 0;
}

static int rule_contradiction(struct assessing *a)
{
	if (a->out->flagger.agrees != 0)
		return 0;
	return finding_add(
		a, a->r->outcome == OUTCOME_PROMOTED ? "promoted-against-evidence" : "rolled-back-against-evidence", SEVERITY_ERROR, 9,
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
	return finding_add(
		a, "flagger-disagrees", SEVERITY_WARNING, 12, r->text,
		"What Flagger reported is not what its own queries come to on these samples: it asked another Prometheus, another "
		"moment, or somebody "
		"else posted.",
		"Compare metricsServer and the MetricTemplates' addresses with the Prometheus in gonogo.yaml.",
		r->ids.n > 0 ? &r->ids : &a->r->outcome_ids);
}

int findings_checks(struct assessing *a)
{
	static int (*const rules[])(struct assessing *) = { rule_no_values, rule_query_failed, rule_spec, rule_contradiction,
							    rule_recheck };

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i](a) < 0)
			return -1;
	return 0;
}
