#include "gonogo/canary.h"

#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

static const char *text_of(const struct json *json, const char *path, const char *otherwise, struct arena *arena)
{
	const char *text = json_string(json_path(json, path));

	return text == NULL || *text == '\0' ? otherwise : arena_strdup(arena, text);
}

static double number_of(const struct json *json, const char *path, double otherwise)
{
	double value;

	return json_number(json_path(json, path), &value) ? value : otherwise;
}

/* Flagger holds these in Go's int and int32 (canary.go); what is beyond is taken as the bound, so that seconds of it fit in nanoseconds. */
static int64_t int_of(const struct json *json, const char *path, int64_t otherwise)
{
	int64_t value;

	if (!json_int(json_path(json, path), &value))
		return otherwise;
	return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : value;
}

static bool true_at(const struct json *json, const char *path)
{
	bool value;

	return json_bool(json_path(json, path), &value) && value;
}

static int64_t instant_at(const struct json *json, const char *path)
{
	const char *text = json_string(json_path(json, path));
	int64_t instant;

	return text != NULL && instant_parse(&instant, text, NULL) == 0 ? instant : INSTANT_NONE;
}

/* canary.go GetAnalysisInterval: empty or invalid is 60 s, below 10 s is 10 s. */
static int64_t analysis_interval(const char *text)
{
	int64_t interval;

	if (text == NULL || duration_parse(&interval, text, NULL) < 0)
		return 60 * NS_PER_S;
	return interval < 10 * NS_PER_S ? 10 * NS_PER_S : interval;
}

/* canary.go: the password of a hook's URL is a secret; so is all else between "//" and "@". */
static const char *redacted_url(const char *url, struct arena *arena)
{
	const char *start = strstr(url, "://"), *at;

	if (start == NULL)
		return arena_strdup(arena, url);
	start += 3;
	at = memchr(start, '@', strcspn(start, "/"));
	return at == NULL ? arena_strdup(arena, url) : arena_printf(arena, "%.*s[redacted]%s", (int)(start - url), url, at);
}

static void read_variables(struct canary_metric *m, const struct json *variables, struct arena *arena)
{
	size_t n = json_size(variables), i = 0;

	m->variable_names = arena_alloc(arena, n * sizeof *m->variable_names);
	m->variable_values = arena_alloc(arena, n * sizeof *m->variable_values);
	if (m->variable_names == NULL || m->variable_values == NULL)
		return;
	for (const struct json *v = json_first(variables); v != NULL; v = json_next(v)) {
		if (json_key(v) == NULL || json_string(v) == NULL)
			continue;
		m->variable_names[i] = arena_strdup(arena, json_key(v));
		m->variable_values[i++] = arena_strdup(arena, json_string(v));
	}
	m->n_variables = i;
}

/* canary.go CanaryMetric; the deprecated threshold is a minimum for request-success-rate and a maximum otherwise. */
static void read_metric(struct canary_metric *m, const struct json *json, const char *namespace_, struct arena *arena)
{
	const char *interval = json_string(json_get(json, "interval"));
	double threshold;

	m->name = text_of(json, "name", "", arena);
	m->query = text_of(json, "query", NULL, arena);
	m->template_name = text_of(json, "templateRef.name", NULL, arena);
	if (m->template_name != NULL)
		m->template_namespace = text_of(json, "templateRef.namespace", namespace_, arena);
	if (interval == NULL || duration_parse(&m->interval, interval, NULL) < 0)
		m->interval = m->template_name != NULL ? 0 : 60 * NS_PER_S;
	m->has_min = json_number(json_path(json, "thresholdRange.min"), &m->min);
	m->has_max = json_number(json_path(json, "thresholdRange.max"), &m->max);
	if (!m->has_min && !m->has_max && json_number(json_get(json, "threshold"), &threshold)) {
		m->has_min = strcmp(m->name, "request-success-rate") == 0;
		m->has_max = !m->has_min;
		*(m->has_min ? &m->min : &m->max) = threshold;
	}
	read_variables(m, json_get(json, "templateVariables"), arena);
}

static int read_metrics(struct canary_spec *spec, const struct json *list, struct arena *arena, struct error *err)
{
	struct canary_metric *metrics = arena_alloc(arena, json_size(list) * sizeof *metrics);

	if (metrics == NULL)
		return error_nomem(err);
	for (const struct json *m = json_first(list); m != NULL; m = json_next(m))
		read_metric(&metrics[spec->n_metrics++], m, spec->namespace_, arena);
	spec->metrics = metrics;
	return 0;
}

static int read_webhooks(struct canary_spec *spec, const struct json *list, struct arena *arena, struct error *err)
{
	struct canary_webhook *hooks = arena_alloc(arena, json_size(list) * sizeof *hooks);

	if (hooks == NULL)
		return error_nomem(err);
	for (const struct json *h = json_first(list); h != NULL; h = json_next(h)) {
		struct canary_webhook *hook = &hooks[spec->n_webhooks++];
		const char *url = json_string(json_get(h, "url"));

		hook->type = text_of(h, "type", "rollout", arena);
		hook->name = text_of(h, "name", "", arena);
		hook->url = url == NULL ? "" : redacted_url(url, arena);
	}
	spec->webhooks = hooks;
	return 0;
}

static int read_weights(struct canary_spec *spec, const struct json *list, struct arena *arena, struct error *err)
{
	double *weights = arena_alloc(arena, json_size(list) * sizeof *weights);

	if (weights == NULL)
		return error_nomem(err);
	for (const struct json *w = json_first(list); w != NULL; w = json_next(w))
		if (json_number(w, &weights[spec->n_step_weights]))
			spec->n_step_weights++;
	spec->step_weights = weights;
	return 0;
}

/* controller.go canaryStrategy: iterations make it blue/green, with match A/B. */
static enum strategy strategy_of(const struct canary_spec *spec)
{
	if (spec->iterations > 0 && spec->has_match)
		return STRATEGY_AB_TESTING;
	if (spec->iterations > 0)
		return spec->mirror ? STRATEGY_BLUE_GREEN_MIRROR : STRATEGY_BLUE_GREEN;
	return STRATEGY_CANARY;
}

static int read_analysis(struct canary_spec *spec, const struct json *analysis, struct arena *arena, struct error *err)
{
	spec->interval = analysis_interval(json_string(json_get(analysis, "interval")));
	spec->threshold = int_of(analysis, "threshold", 0);
	if (spec->threshold <= 0)
		spec->threshold = 1;
	spec->max_weight = number_of(analysis, "maxWeight", 100);
	spec->step_weight = number_of(analysis, "stepWeight", 0);
	spec->step_weight_promotion = number_of(analysis, "stepWeightPromotion", 0);
	spec->iterations = int_of(analysis, "iterations", 0);
	spec->mirror = true_at(analysis, "mirror");
	spec->has_match = json_size(json_get(analysis, "match")) > 0;
	spec->session_affinity = json_is_object(json_get(analysis, "sessionAffinity"));
	if (read_weights(spec, json_get(analysis, "stepWeights"), arena, err) < 0 ||
	    read_metrics(spec, json_get(analysis, "metrics"), arena, err) < 0)
		return -1;
	if (spec->n_step_weights > 0)
		spec->max_weight = spec->step_weights[spec->n_step_weights - 1];
	if (spec->iterations == 0 && strcmp(spec->provider, "kubernetes") == 0)
		spec->iterations = 10;
	return read_webhooks(spec, json_get(analysis, "webhooks"), arena, err);
}

static const char *tracked_text(const struct json *tracked, struct arena *arena)
{
	const char *text = "";

	for (const struct json *t = json_first(tracked); t != NULL; t = json_next(t)) {
		const char *sum = json_string(t);
		const char *more = arena_printf(arena, "%s%s%s=%s", text, *text == '\0' ? "" : ",", json_key(t), sum == NULL ? "" : sum);

		if (more == NULL)
			return text;
		text = more;
	}
	return text;
}

static void read_status(struct canary_status *status, const struct json *json, struct arena *arena)
{
	status->phase = text_of(json, "phase", "", arena);
	status->failed_checks = int_of(json, "failedChecks", 0);
	status->weight = number_of(json, "canaryWeight", 0);
	status->iterations = int_of(json, "iterations", 0);
	status->last_applied = text_of(json, "lastAppliedSpec", "", arena);
	status->last_promoted = text_of(json, "lastPromotedSpec", "", arena);
	status->tracked = tracked_text(json_get(json, "trackedConfigs"), arena);
	status->last_transition = instant_at(json, "lastTransitionTime");
	status->condition_status = status->condition_reason = "";
	status->condition_since = status->condition_updated = INSTANT_NONE;
	for (const struct json *c = json_first(json_get(json, "conditions")); c != NULL; c = json_next(c)) {
		const char *type = json_string(json_get(c, "type"));

		if (type == NULL || strcmp(type, "Promoted") != 0)
			continue;
		status->condition_status = text_of(c, "status", "", arena);
		status->condition_reason = text_of(c, "reason", "", arena);
		status->condition_since = instant_at(c, "lastTransitionTime");
		status->condition_updated = instant_at(c, "lastUpdateTime");
	}
}

int canary_parse(struct canary_spec *spec, struct canary_status *status, const struct json *object, struct arena *arena, struct error *err)
{
	const struct json *in = json_get(object, "spec");

	*spec = (struct canary_spec){ .name = text_of(object, "metadata.name", NULL, arena) };
	if (spec->name == NULL)
		return error_code(err, ERR_SYNTAX, "Canary: has no metadata.name");
	spec->api_version = text_of(object, "apiVersion", "", arena);
	spec->namespace_ = text_of(object, "metadata.namespace", "default", arena);
	spec->uid = text_of(object, "metadata.uid", "", arena);
	spec->generation = int_of(object, "metadata.generation", 0);
	spec->target_kind = text_of(in, "targetRef.kind", "Deployment", arena);
	spec->target_name = text_of(in, "targetRef.name", spec->name, arena);
	spec->service_name = text_of(in, "service.name", spec->target_name, arena);
	spec->ingress_name = text_of(in, "ingressRef.name", "", arena);
	spec->port = int_of(in, "service.port", 80);
	spec->provider = text_of(in, "provider", "", arena);
	spec->metrics_server = text_of(in, "metricsServer", "", arena);
	spec->progress_deadline = int_of(in, "progressDeadlineSeconds", 600) * NS_PER_S;
	spec->skip_analysis = true_at(in, "skipAnalysis");
	spec->suspend = true_at(in, "suspend");
	for (const struct json *a = json_first(json_path(object, "metadata.annotations")); a != NULL; a = json_next(a))
		if (strcmp(json_key(a), "flagger.app/max-weight-on-timeout") == 0)
			spec->max_weight_on_timeout = true;
	if (read_analysis(spec, json_get(in, "analysis"), arena, err) < 0)
		return -1;
	spec->strategy = strategy_of(spec);
	if (status != NULL) {
		*status = (struct canary_status){ 0 };
		read_status(status, json_get(object, "status"), arena);
	}
	return 0;
}

bool canary_phase_known(const char *phase)
{
	static const char *const known[] = { "",          "Initializing", "Initialized", "Waiting", "Progressing", "WaitingPromotion",
					     "Promoting", "Finalising",   "Succeeded",   "Failed",  "Terminating", "Terminated" };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(phase, known[i]) == 0)
			return true;
	return false;
}

bool canary_phase_running(const char *phase)
{
	static const char *const still[] = { "", "Initializing", "Initialized", "Succeeded", "Failed", "Terminating", "Terminated" };

	for (size_t i = 0; i < sizeof still / sizeof still[0]; i++)
		if (strcmp(phase, still[i]) == 0)
			return false;
	return true;
}

const char *canary_primary_name(const struct canary_spec *spec, struct arena *arena)
{
	return arena_printf(arena, "%s-primary", spec->target_name);
}
