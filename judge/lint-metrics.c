/* What a Canary measures (facts/flagger.md 3, 6; facts/prometheus.md; facts/course.md). */
#include <math.h>
#include <string.h>

#include "gonogo/error.h"
#include "lint.h"

static bool is_success_rate(const struct canary_metric *m)
{
	return strcmp(m->name, "request-success-rate") == 0;
}

static bool is_duration(const struct canary_metric *m)
{
	return strcmp(m->name, "request-duration") == 0;
}

static bool has_hook(const struct lint_object *o, const char *type)
{
	for (size_t i = 0; i < o->spec.n_webhooks; i++)
		if (strcmp(o->spec.webhooks[i].type, type) == 0)
			return true;
	return false;
}

LINT_RULE(no_checks)
{
	if (o->spec.n_metrics > 0 || has_hook(o, "rollout"))
		return 0;
	return lint_problem_add(l, rule, o, "spec.analysis", "no metric and no rollout hook: every release that becomes ready is promoted",
				"Add `metrics`, at least request-success-rate with a `thresholdRange`.");
}

LINT_RULE(metric_without_source)
{
	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		const struct canary_metric *m = &o->spec.metrics[i];

		if (lint_is_builtin(m->name) || m->query != NULL || m->template_name != NULL)
			continue;
		if (lint_problem_add(
			    l, rule, o, lint_metric_path(l, o, i, "name"),
			    lint_text(l, "metric `%s` is not built in, and has neither templateRef nor query: every check fails", m->name),
			    "Name a MetricTemplate in `templateRef`, or use request-success-rate or request-duration.") < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(builtin_with_template)
{
	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		const struct canary_metric *m = &o->spec.metrics[i];
		const char *by = m->template_name != NULL ? "templateRef" : "query";

		if (!lint_is_builtin(m->name) || (m->template_name == NULL && m->query == NULL))
			continue;
		if (lint_problem_add(
			    l, rule, o, lint_metric_path(l, o, i, "name"),
			    lint_text(l, "`%s` with a %s runs twice: Flagger's built-in query and the %s, both against this threshold",
				      m->name, by, by),
			    lint_text(l, "Give the metric another name, or take `%s` out.", by)) < 0)
			return -1;
	}
	return 0;
}

static const char *missing_text(struct lint *l, const struct lint_object *o, size_t i)
{
	const struct canary_metric *m = &o->spec.metrics[i];

	if (lint_at(o, lint_metric_path(l, o, i, "thresholdRange")) != NULL)
		return lint_text(l, "`thresholdRange` of `%s` has neither min nor max: it passes whatever comes", m->name);
	if (is_success_rate(m))
		return lint_text(l, "`%s` has no threshold: it never fails", m->name);
	return lint_text(l, "`%s` has no threshold, and Flagger takes 0 as its maximum: every value above 0 fails", m->name);
}

LINT_RULE(threshold_missing)
{
	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		const struct canary_metric *m = &o->spec.metrics[i];

		if (m->has_min || m->has_max)
			continue;
		if (lint_problem_add(l, rule, o, lint_metric_path(l, o, i, "thresholdRange"), missing_text(l, o, i),
				     "Add `thresholdRange` with `min` or `max`.") < 0)
			return -1;
	}
	return 0;
}

static const char *threshold_unit(const struct canary_metric *m)
{
	return is_success_rate(m) ? " %" : is_duration(m) ? " ms" : "";
}

LINT_RULE(threshold_deprecated)
{
	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		const struct canary_metric *m = &o->spec.metrics[i];
		const char *path = lint_metric_path(l, o, i, "threshold"), *bound = is_success_rate(m) ? "min" : "max";
		bool ignored = lint_at(o, lint_metric_path(l, o, i, "thresholdRange")) != NULL;
		double threshold;

		if (path == NULL || !yaml_number(lint_at(o, path), &threshold))
			continue;
		if (lint_problem_add(l, rule, o, path,
				     ignored ? lint_text(l, "`threshold` of `%s` is ignored beside `thresholdRange`", m->name)
					     : lint_text(l, "`threshold: %.6g` of `%s` is deprecated: it is a %simum of %.6g%s", threshold,
							 m->name, bound, threshold, threshold_unit(m)),
				     ignored ? "Take it out." : lint_text(l, "Write `thresholdRange: {%s: %.6g}`.", bound, threshold)) < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(threshold_direction)
{
	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		const struct canary_metric *m = &o->spec.metrics[i];
		const char *text = NULL;

		if (m->has_min && m->has_max && m->min > m->max)
			text = lint_text(l, "no value of `%s` is both at least %.6g and at most %.6g: every check fails", m->name, m->min,
					 m->max);
		else if (is_success_rate(m) && m->has_max && !m->has_min)
			text = lint_text(l, "`%s` with a maximum alone: the better the release, the surer it fails", m->name);
		else if (is_duration(m) && m->has_min && !m->has_max)
			text = lint_text(l, "`%s` with a minimum alone: a fast release fails, a slow one passes", m->name);
		if (text != NULL && lint_problem_add(l, rule, o, lint_metric_path(l, o, i, "thresholdRange"), text,
						     "A success rate needs `min`, a duration `max`.") < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(threshold_unit)
{
	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		const struct canary_metric *m = &o->spec.metrics[i];
		const char *text = NULL, *fix = NULL;

		if (m->template_name != NULL || m->query != NULL)
			continue;
		if (is_success_rate(m) && m->has_min && m->min > 0 && m->min <= 1) {
			text = lint_text(l, "request-success-rate is in per cent: min %.6g lets %.6g %% of the requests fail", m->min,
					 100 - m->min);
			fix = lint_text(l, "Write `min: %.6g`.", m->min * 100);
		} else if (is_success_rate(m) && m->has_min && m->min > 100) {
			text = lint_text(l, "request-success-rate is in per cent: min %.6g is never reached", m->min);
			fix = "Write a minimum up to 100.";
		} else if (is_duration(m) && m->has_max && m->max < 10) {
			text = lint_text(l, "request-duration is in whole milliseconds: max %.6g is %.0f ms", m->max, floor(m->max));
			fix = lint_text(l, "Write `max: %.6g` if seconds were meant.", m->max * 1000);
		}
		if (text != NULL && lint_problem_add(l, rule, o, lint_metric_path(l, o, i, "thresholdRange"), text, fix) < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(duration_is_mean)
{
	bool mean = strcmp(o->spec.provider, "nginx") == 0 || strcmp(o->spec.provider, "skipper") == 0;

	for (size_t i = 0; mean && i < o->spec.n_metrics; i++)
		if (is_duration(&o->spec.metrics[i]) &&
		    lint_problem_add(
			    l, rule, o, lint_metric_path(l, o, i, "name"),
			    lint_text(
				    l,
				    "with provider %s request-duration is the mean, and the p99 everywhere else: slow requests drown in it",
				    o->spec.provider),
			    "For a quantile name a MetricTemplate with histogram_quantile.") < 0)
			return -1;
	return 0;
}

/* traefik#7194 and Traefik 3: the code of a gRPC answer is 200, or the gRPC status. */
LINT_RULE(grpc_codes)
{
	const char *port = yaml_string(lint_at(o, "spec.service.portName")),
		   *protocol = yaml_string(lint_at(o, "spec.service.appProtocol"));
	bool grpc = (port != NULL && strncmp(port, "grpc", 4) == 0) ||
		    (protocol != NULL && (strcmp(protocol, "grpc") == 0 || strcmp(protocol, "kubernetes.io/h2c") == 0));

	if (!grpc || !lint_is_traefik(o))
		return 0;
	for (size_t i = 0; i < o->spec.n_metrics; i++)
		if (is_success_rate(&o->spec.metrics[i]))
			return lint_problem_add(
				l, rule, o, lint_metric_path(l, o, i, "name"),
				"gRPC behind Traefik: `code` is 200 or the gRPC status, never 5xx, so the success rate is always 100 %",
				"Measure with the application's own gRPC metrics in a MetricTemplate.");
	return 0;
}

/* The labels that Flagger asks for, and those that Traefik writes (facts/flagger.md 6). */
static const char *names_text(struct lint *l, const struct lint_object *o)
{
	const struct canary_spec *s = &o->spec;

	return lint_text(l, "asked for: `%s-%s-canary-…`, existing: `%s-%s-canary-…`", s->namespace_, s->target_name, s->namespace_,
			 s->service_name);
}

static int differs_builtin(struct lint *l, const struct rule *rule, const struct lint_object *o)
{
	for (size_t i = 0; i < o->spec.n_metrics; i++)
		if (lint_is_builtin(o->spec.metrics[i].name))
			return lint_problem_add(l, rule, o, "spec.service.name",
						lint_text(l,
							  "built-in metrics are asked by the target's name, and Traefik's series bear "
							  "service.name: they find nothing (%s), "
							  "and every check fails",
							  names_text(l, o)),
						lint_text(l, "Give the service the target's name, or measure with a MetricTemplate that "
							     "says `{{ namespace }}-{{ service }}-canary-…`."));
	return 0;
}

LINT_RULE(service_name_differs)
{
	const char *asked = lint_text(l, "%s-%s-canary-", o->spec.namespace_, o->spec.target_name);

	if (asked == NULL)
		return error_nomem(l->err);
	if (!lint_is_traefik(o) || strcmp(o->spec.service_name, o->spec.target_name) == 0)
		return 0;
	if (differs_builtin(l, rule, o) < 0)
		return -1;
	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		struct lint_query query;

		if (lint_query_of(l, &query, o, i) < 0)
			return -1;
		if (query.text == NULL || strstr(query.text, "traefik_service_") == NULL || strstr(query.text, asked) == NULL)
			continue;
		if (lint_problem_add(l, rule, o, query.path,
				     lint_text(l,
					       "the query of `%s` selects by the target's name, and Traefik's series bear service.name: it "
					       "finds nothing (%s)",
					       o->spec.metrics[i].name, names_text(l, o)),
				     "Say `{{ service }}` in the place of `{{ target }}`.") < 0)
			return -1;
	}
	return 0;
}

/* facts/prometheus.md: a rate needs two scrapes in its window; Prometheus 3 leaves the left end out. */
LINT_RULE(window_too_short)
{
	int64_t scrape = l->options.scrape;

	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		const struct canary_metric *m = &o->spec.metrics[i];
		const struct lint_object *t = lint_template_of(l, o, m);

		if (m->interval <= 0 || m->interval >= 2 * scrape || (t != NULL && strcmp(t->provider, "prometheus") != 0))
			continue;
		if (lint_problem_add(l, rule, o, lint_metric_path(l, o, i, "interval"),
				     lint_text(l,
					       "a window of %s holds two scrapes only where Prometheus scrapes every %s or faster "
					       "(assumed: every %s): \"no values found\" on a "
					       "healthy release",
					       lint_seconds(l, m->interval), lint_seconds(l, m->interval / 2), lint_seconds(l, scrape)),
				     lint_text(l, "Write at least `%llds`, better twice that; --scrape-interval tells lint what yours is.",
					       (long long)(2 * scrape / NS_PER_S))) < 0)
			return -1;
	}
	return 0;
}

/* providers/factory.go: these parse the interval even where the query does not use it. */
static bool parses_interval(const char *provider)
{
	static const char *const names[] = { "datadog", "cloudwatch", "newrelic", "dynatrace", "splunk" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(provider, names[i]) == 0)
			return true;
	return false;
}

LINT_RULE(template_interval)
{
	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		const struct lint_object *t = lint_template_of(l, o, &o->spec.metrics[i]);
		const char *path = lint_metric_path(l, o, i, "interval");

		if (t == NULL || path == NULL || !yaml_is_null(lint_at(o, path)) ||
		    (!parses_interval(t->provider) && !(t->parsed && gotemplate_uses(&t->parts, GOTEMPLATE_FUNCTION, "interval"))))
			continue;
		if (lint_problem_add(l, rule, o, path,
				     lint_text(l,
					       "metric `%s` has no interval, and with a templateRef there is no default: %s needs one, and "
					       "every check fails",
					       o->spec.metrics[i].name, t->label),
				     "Add `interval: 1m`.") < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(template_not_found)
{
	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		const struct canary_metric *m = &o->spec.metrics[i];

		if (m->template_name == NULL || lint_template_of(l, o, m) != NULL)
			continue;
		if (lint_problem_add(l, rule, o, lint_metric_path(l, o, i, "templateRef"),
				     lint_text(l, "MetricTemplate %s/%s is not among these files: its query and variables are not checked",
					       m->template_namespace, m->template_name),
				     "Give lint the files of both, or `kubectl get canaries,metrictemplates -A -o json | gonogo lint -`.") <
		    0)
			return -1;
	}
	return 0;
}

/* By the manifest: a value of the wrong type is refused elsewhere, and not missing. */
static bool gives_variable(struct lint *l, const struct lint_object *o, size_t i, const char *name)
{
	const struct yaml_node *variables = lint_at(o, lint_metric_path(l, o, i, "templateVariables"));

	return yaml_get(variables, name) != NULL;
}

static bool is_first(const struct gotemplate *parts, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (parts->parts[i].kind == GOTEMPLATE_VARIABLE && strcmp(parts->parts[i].text, parts->parts[at].text) == 0)
			return false;
	return true;
}

/* The template's parts, or an inline query's. */
static const struct gotemplate *parts_of(struct lint *l, const struct lint_object *o, size_t i, struct gotemplate *own)
{
	const struct canary_metric *m = &o->spec.metrics[i];
	const struct lint_object *t = lint_template_of(l, o, m);

	if (m->query != NULL)
		return gotemplate_parse(own, m->query, l->arena, NULL) < 0 ? NULL : own;
	return t != NULL && t->parsed ? &t->parts : NULL;
}

LINT_RULE(template_variable)
{
	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		const struct canary_metric *m = &o->spec.metrics[i];
		struct gotemplate own;
		const struct gotemplate *parts = parts_of(l, o, i, &own);

		for (size_t k = 0; parts != NULL && k < parts->n; k++) {
			const char *name = parts->parts[k].text;

			if (parts->parts[k].kind != GOTEMPLATE_VARIABLE || gives_variable(l, o, i, name) || !is_first(parts, k))
				continue;
			if (lint_problem_add(l, rule, o, lint_metric_path(l, o, i, "templateVariables"),
					     m->query != NULL ? lint_text(l,
									  "the query of metric `%s` asks for the variable `%s`, which is "
									  "not given: every check fails",
									  m->name, name)
							      : lint_text(l,
									  "metric `%s` does not give the variable `%s` that template %s/%s "
									  "asks for: every check fails",
									  m->name, name, m->template_namespace, m->template_name),
					     lint_text(l, "Add `templateVariables: {%s: …}`.", name)) < 0)
				return -1;
		}
	}
	return 0;
}

LINT_RULE(variable_unused)
{
	for (size_t i = 0; i < o->spec.n_metrics; i++) {
		const struct canary_metric *m = &o->spec.metrics[i];
		struct gotemplate own;
		const struct gotemplate *parts = parts_of(l, o, i, &own);

		for (size_t k = 0; parts != NULL && k < m->n_variables; k++) {
			if (gotemplate_uses(parts, GOTEMPLATE_VARIABLE, m->variable_names[k]))
				continue;
			/* An action that is not read here may use it. */
			for (size_t p = 0; p < parts->n; p++)
				if (parts->parts[p].kind == GOTEMPLATE_UNSUPPORTED)
					return 0;
			if (lint_problem_add(l, rule, o, lint_metric_path(l, o, i, "templateVariables"),
					     lint_text(l, "the variable `%s` of metric `%s` is used nowhere in its query",
						       m->variable_names[k], m->name),
					     "Take it out, or look for a typing error in the template.") < 0)
				return -1;
		}
	}
	return 0;
}

/* providers/datadog.go: ten times the interval, oldest point of the first series. */
LINT_RULE(datadog_lookback)
{
	int64_t steps = o->spec.iterations > 0 ? o->spec.iterations : (int64_t)o->n_weights;

	for (size_t i = 0; i < o->spec.n_metrics && steps < 100000; i++) {
		const struct canary_metric *m = &o->spec.metrics[i];
		const struct lint_object *t = lint_template_of(l, o, m);
		int64_t ladder = steps * o->spec.interval;

		if (t == NULL || strcmp(t->provider, "datadog") != 0 || m->interval <= 0 || m->interval > INT64_MAX / 10)
			continue;
		if (lint_problem_add(l, rule, o, lint_metric_path(l, o, i, "interval"),
				     lint_text(l,
					       "metric `%s`: provider datadog looks back 10 × %s = %s and takes the oldest point; the "
					       "whole ladder lasts %lld × %s = %s%s",
					       m->name, lint_seconds(l, m->interval), lint_seconds(l, 10 * m->interval), (long long)steps,
					       lint_seconds(l, o->spec.interval), lint_seconds(l, ladder),
					       10 * m->interval >= ladder ? ", so no step is judged on its own data" : ""),
				     "Make interval × 10 shorter than one step, or the steps longer; what was judged then still lags by "
				     "that much.") < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(provider_not_collected)
{
	if (*o->provider == '\0' || strcmp(o->provider, "prometheus") == 0)
		return 0;
	return lint_problem_add(
		l, rule, o, "spec.provider.type",
		lint_text(l, "gonogo has no client for %s: in a package Flagger's pass or fail stands as its claim, the value unknown",
			  o->provider),
		"Have the same signal in Prometheus as well, if it is to be judged.");
}
