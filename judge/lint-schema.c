/* What the cluster refuses: the schema of Flagger's CRDs (fluxcd/flagger v1.44, artifacts/flagger/crd.yaml). Fields below spec.service are
 * known by name only. */
#include <ctype.h>
#include <string.h>

#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "lint.h"

enum type { ANY, TEXT, NUMBER, WHOLE, BOOL, OBJECT, ARRAY, TEXTS };

struct field {
	const char *name;
	enum type type;
	bool required;
	const char *const *values; /* of a text */
	const struct field *fields; /* of an object, or of an array's elements */
};

static const char *const providers[] = { "apisix",  "appmesh", "appmesh:v1beta2", "contour",      "gatewayapi:v1", "gatewayapi:v1beta1",
					 "gloo",    "istio",   "knative",         "kubernetes",   "kuma",          "linkerd",
					 "nginx",   "osm",     "skipper",         "smi:v1alpha1", "smi:v1alpha2",  "smi:v1alpha3",
					 "traefik", NULL };
static const char *const targets[] = { "DaemonSet", "Deployment", "Service", NULL };
static const char *const scalers[] = { "HorizontalPodAutoscaler", "ScaledObject", NULL };
static const char *const hooks[] = { "",        "confirm-rollout",   "pre-rollout",
				     "rollout", "confirm-promotion", "post-rollout",
				     "event",   "rollback",          "confirm-traffic-increase",
				     NULL };
static const char *const severities[] = { "", "info", "warn", "error", NULL };
static const char *const same_sites[] = { "Strict", "Lax", "None", NULL };
static const char *const sources[] = { "prometheus", "influxdb", "datadog",   "externalmetrics", "stackdriver", "cloudwatch",
				       "newrelic",   "graphite", "dynatrace", "keptn",           "splunk",      NULL };

static const struct field target_ref[] = {
	{ "apiVersion", TEXT, true, NULL, NULL }, { "kind", TEXT, true, targets, NULL }, { "name", TEXT, true, NULL, NULL }, { 0 }
};
static const struct field replicas[] = { { "minReplicas", WHOLE, false, NULL, NULL }, { "maxReplicas", WHOLE, false, NULL, NULL }, { 0 } };
static const struct field scaler_ref[] = { { "apiVersion", TEXT, true, NULL, NULL },
					   { "kind", TEXT, true, scalers, NULL },
					   { "name", TEXT, true, NULL, NULL },
					   { "primaryScalerQueries", TEXTS, false, NULL, NULL },
					   { "primaryScalerReplicas", OBJECT, false, NULL, replicas },
					   { 0 } };
static const struct field object_ref[] = { { "apiVersion", TEXT, true, NULL, NULL },
					   { "kind", TEXT, true, NULL, NULL },
					   { "name", TEXT, true, NULL, NULL },
					   { "namespace", TEXT, false, NULL, NULL },
					   { 0 } };
static const struct field name_ref[] = { { "name", TEXT, true, NULL, NULL }, { "namespace", TEXT, false, NULL, NULL }, { 0 } };
static const struct field secret_ref[] = { { "name", TEXT, true, NULL, NULL }, { 0 } };

static const struct field service[] = { { "name", TEXT, false, NULL, NULL },
					{ "port", WHOLE, true, NULL, NULL },
					{ "portName", TEXT, false, NULL, NULL },
					{ "appProtocol", TEXT, false, NULL, NULL },
					{ "trafficDistribution", TEXT, false, NULL, NULL },
					{ "targetPort", ANY, false, NULL, NULL },
					{ "portDiscovery", BOOL, false, NULL, NULL },
					{ "headless", BOOL, false, NULL, NULL },
					{ "timeout", TEXT, false, NULL, NULL },
					{ "backendTimeout", TEXT, false, NULL, NULL },
					{ "meshName", TEXT, false, NULL, NULL },
					{ "backends", ARRAY, false, NULL, NULL },
					{ "hosts", ARRAY, false, NULL, NULL },
					{ "delegation", BOOL, false, NULL, NULL },
					{ "match", ARRAY, false, NULL, NULL },
					{ "retries", OBJECT, false, NULL, NULL },
					{ "rewrite", OBJECT, false, NULL, NULL },
					{ "mirror", ARRAY, false, NULL, NULL },
					{ "headers", OBJECT, false, NULL, NULL },
					{ "gateways", ARRAY, false, NULL, NULL },
					{ "gatewayRefs", ARRAY, false, NULL, NULL },
					{ "corsPolicy", OBJECT, false, NULL, NULL },
					{ "trafficPolicy", OBJECT, false, NULL, NULL },
					{ "apex", OBJECT, false, NULL, NULL },
					{ "primary", OBJECT, false, NULL, NULL },
					{ "canary", OBJECT, false, NULL, NULL },
					{ "unmanagedMetadata", OBJECT, false, NULL, NULL },
					{ 0 } };

static const struct field threshold_range[] = { { "min", NUMBER, false, NULL, NULL }, { "max", NUMBER, false, NULL, NULL }, { 0 } };
static const struct field metric[] = { { "name", TEXT, true, NULL, NULL },
				       { "interval", TEXT, false, NULL, NULL },
				       { "threshold", NUMBER, false, NULL, NULL },
				       { "thresholdRange", OBJECT, false, NULL, threshold_range },
				       { "query", TEXT, false, NULL, NULL },
				       { "templateRef", OBJECT, false, NULL, name_ref },
				       { "templateVariables", TEXTS, false, NULL, NULL },
				       { 0 } };
static const struct field alert[] = { { "name", TEXT, true, NULL, NULL },
				      { "severity", TEXT, false, severities, NULL },
				      { "providerRef", OBJECT, true, NULL, name_ref },
				      { 0 } };
static const struct field webhook[] = {
	{ "name", TEXT, true, NULL, NULL },        { "type", TEXT, false, hooks, NULL },     { "muteAlert", BOOL, false, NULL, NULL },
	{ "url", TEXT, true, NULL, NULL },         { "timeout", TEXT, false, NULL, NULL },   { "retries", WHOLE, false, NULL, NULL },
	{ "disableTLS", BOOL, false, NULL, NULL }, { "metadata", TEXTS, false, NULL, NULL }, { 0 }
};
static const struct field affinity[] = { { "cookieName", TEXT, true, NULL, NULL }, { "primaryCookieName", TEXT, false, NULL, NULL },
					 { "domain", TEXT, false, NULL, NULL },    { "httpOnly", BOOL, false, NULL, NULL },
					 { "maxAge", WHOLE, false, NULL, NULL },   { "partitioned", BOOL, false, NULL, NULL },
					 { "path", TEXT, false, NULL, NULL },      { "sameSite", TEXT, false, same_sites, NULL },
					 { "secure", BOOL, false, NULL, NULL },    { 0 } };
static const struct field match[] = { { "headers", OBJECT, false, NULL, NULL },
				      { "queryParams", OBJECT, false, NULL, NULL },
				      { "sourceLabels", TEXTS, false, NULL, NULL },
				      { 0 } };

/* Weights and counts are integers of Go: the CRD takes 2.5, and Flagger then cannot read the object. */
static const struct field analysis[] = { { "interval", TEXT, true, NULL, NULL },
					 { "iterations", WHOLE, false, NULL, NULL },
					 { "threshold", WHOLE, true, NULL, NULL },
					 { "maxWeight", WHOLE, false, NULL, NULL },
					 { "stepWeight", WHOLE, false, NULL, NULL },
					 { "stepWeights", ARRAY, false, NULL, NULL },
					 { "stepWeightPromotion", WHOLE, false, NULL, NULL },
					 { "mirror", BOOL, false, NULL, NULL },
					 { "mirrorWeight", WHOLE, false, NULL, NULL },
					 { "primaryReadyThreshold", WHOLE, false, NULL, NULL },
					 { "canaryReadyThreshold", WHOLE, false, NULL, NULL },
					 { "match", ARRAY, false, NULL, match },
					 { "metrics", ARRAY, false, NULL, metric },
					 { "alerts", ARRAY, false, NULL, alert },
					 { "webhooks", ARRAY, false, NULL, webhook },
					 { "sessionAffinity", OBJECT, false, NULL, affinity },
					 { 0 } };
/* `analysis` itself is required, by a rule of its own. */
static const struct field canary_spec[] = { { "provider", TEXT, false, providers, NULL },
					    { "metricsServer", TEXT, false, NULL, NULL },
					    { "progressDeadlineSeconds", WHOLE, false, NULL, NULL },
					    { "targetRef", OBJECT, true, NULL, target_ref },
					    { "autoscalerRef", OBJECT, false, NULL, scaler_ref },
					    { "ingressRef", OBJECT, false, NULL, object_ref },
					    { "routeRef", OBJECT, false, NULL, object_ref },
					    { "upstreamRef", OBJECT, false, NULL, object_ref },
					    { "service", OBJECT, false, NULL, service },
					    { "skipAnalysis", BOOL, false, NULL, NULL },
					    { "revertOnDeletion", BOOL, false, NULL, NULL },
					    { "suspend", BOOL, false, NULL, NULL },
					    { "analysis", OBJECT, false, NULL, analysis },
					    { 0 } };
static const struct field source[] = { { "type", TEXT, true, sources, NULL },
				       { "address", TEXT, false, NULL, NULL },
				       { "headers", OBJECT, false, NULL, NULL },
				       { "secretRef", OBJECT, false, NULL, secret_ref },
				       { "region", TEXT, false, NULL, NULL },
				       { "insecureSkipVerify", BOOL, false, NULL, NULL },
				       { 0 } };
static const struct field template_spec[] = { { "provider", OBJECT, true, NULL, source }, { "query", TEXT, true, NULL, NULL }, { 0 } };
static const struct field metadata[] = { { "name", TEXT, true, NULL, NULL }, { 0 } };

static const struct field canary_root[] = { { "apiVersion", TEXT, false, NULL, NULL },    { "kind", TEXT, false, NULL, NULL },
					    { "metadata", OBJECT, true, NULL, metadata }, { "spec", OBJECT, true, NULL, canary_spec },
					    { "status", OBJECT, false, NULL, NULL },      { 0 } };
static const struct field template_root[] = { { "apiVersion", TEXT, false, NULL, NULL },    { "kind", TEXT, false, NULL, NULL },
					      { "metadata", OBJECT, true, NULL, metadata }, { "spec", OBJECT, true, NULL, template_spec },
					      { "status", OBJECT, false, NULL, NULL },      { 0 } };

/* One rule's way through an object. */
struct walk {
	struct lint *l;
	const struct rule *rule;
	const struct lint_object *o;
	int (*visit)(struct walk *w, const struct field *fields, const struct yaml_node *node, const char *path);
};

static const struct field *field_find(const struct field *fields, const char *name)
{
	for (; fields->name != NULL; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

static const char *join(struct walk *w, const char *path, const char *name)
{
	return lint_text(w->l, "%s%s%s", path, *path == '\0' ? "" : ".", name);
}

static int walk_object(struct walk *w, const struct field *fields, const struct yaml_node *node, const char *path)
{
	if (path == NULL)
		return error_nomem(w->l->err);
	if (node->kind != YAML_MAPPING)
		return 0;
	if (w->visit(w, fields, node, path) < 0)
		return -1;
	for (const struct field *f = fields; f->name != NULL; f++) {
		const struct yaml_node *value = yaml_get(node, f->name);
		const char *below = join(w, path, f->name);

		if (value == NULL || f->fields == NULL)
			continue;
		if (f->type == OBJECT && walk_object(w, f->fields, value, below) < 0)
			return -1;
		for (size_t i = 0; f->type == ARRAY && value->kind == YAML_SEQUENCE && i < value->n; i++)
			if (walk_object(w, f->fields, value->items[i], lint_text(w->l, "%s[%zu]", below, i)) < 0)
				return -1;
	}
	return 0;
}

static int walk(struct lint *l, const struct rule *rule, const struct lint_object *o,
		int (*visit)(struct walk *w, const struct field *fields, const struct yaml_node *node, const char *path))
{
	struct walk w = { l, rule, o, visit };

	/* Before v1beta1 the fields were others, and the whole is refused already. */
	if (!o->served)
		return 0;
	return walk_object(&w, o->kind == OBJECT_CANARY ? canary_root : template_root, o->node, "");
}

LINT_RULE(api_version)
{
	if (o->served)
		return 0;
	if (*o->version == '\0')
		return lint_problem_add(l, rule, o, "apiVersion", "apiVersion is missing: the cluster refuses it",
					"Write `apiVersion: flagger.app/v1beta1`.");
	return lint_problem_add(
		l, rule, o, "apiVersion",
		lint_text(l, "`%s%s%s` is not served any more: the cluster refuses it", o->group, *o->group == '\0' ? "" : "/", o->version),
		o->kind == OBJECT_CANARY ? "Write `apiVersion: flagger.app/v1beta1`, rename `spec.canaryAnalysis` to `spec.analysis`, and "
					   "give each metric a `thresholdRange` in the place of `threshold`."
					 : "Write `apiVersion: flagger.app/v1beta1`.");
}

LINT_RULE(analysis_missing)
{
	bool old = lint_at(o, "spec.canaryAnalysis") != NULL;

	if (!o->served || lint_at(o, "spec") == NULL || !yaml_is_null(lint_at(o, "spec.analysis")))
		return 0;
	return lint_problem_add(l, rule, o, "spec",
				old ? "`analysis` is missing; `canaryAnalysis` is its name of before v1beta1 and unknown here: the cluster "
				      "refuses the manifest"
				    : "`analysis` is missing: the cluster refuses the manifest",
				old ? "Rename `canaryAnalysis` to `analysis`."
				    : "Add `spec.analysis` with interval, threshold, steps and metrics.");
}

static int visit_unknown(struct walk *w, const struct field *fields, const struct yaml_node *node, const char *path)
{
	for (size_t i = 0; fields != metadata && i < node->n; i++) {
		const char *key = node->members[i].key;
		bool old = strcmp(key, "canaryAnalysis") == 0;

		if (field_find(fields, key) != NULL)
			continue;
		if (lint_problem_add(w->l, w->rule, w->o, join(w, path, key),
				     lint_text(w->l,
					       "`%s` is no field of %s in v1beta1: the cluster refuses it, or drops it without a word", key,
					       *path == '\0' ? w->o->kind_text : path),
				     old ? "Rename it to `analysis`: that is its name since v1beta1."
					 : "Look for a typing error or a wrong indentation, or take it out.") < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(unknown_field)
{
	return walk(l, rule, o, visit_unknown);
}

static int visit_required(struct walk *w, const struct field *fields, const struct yaml_node *node, const char *path)
{
	for (const struct field *f = fields; f->name != NULL; f++) {
		/* An address is no demand of the CRD, but of the Prometheus provider (providers/prometheus.go). */
		bool address = fields == source && strcmp(f->name, "address") == 0 && strcmp(w->o->provider, "prometheus") == 0;
		/* kubectl create names what has a generateName. */
		bool named = fields == metadata && yaml_get(node, "generateName") != NULL;

		if ((!f->required && !address) || named || !yaml_is_null(yaml_get(node, f->name)))
			continue;
		if (lint_problem_add(
			    w->l, w->rule, w->o, *path == '\0' ? f->name : path,
			    address ? lint_text(w->l,
						"`address` is missing: Flagger refuses a prometheus provider without one, on every check")
				    : lint_text(w->l, "`%s` is missing in %s: the cluster refuses the manifest", f->name,
						*path == '\0' ? w->o->kind_text : path),
			    lint_text(w->l, "Add `%s`.", join(w, path, f->name))) < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(required_field)
{
	return walk(l, rule, o, visit_required);
}

static const char *type_name(enum type type)
{
	static const char *const names[] = { "anything",      "a text",    "a number", "a whole number",
					     "true or false", "a mapping", "a list",   "a mapping of texts" };

	return names[type];
}

static bool is_text(const struct yaml_node *node)
{
	double number;
	bool yes;

	return node->kind == YAML_SCALAR && !yaml_number(node, &number) && !yaml_bool(node, &yes);
}

static bool has_type(const struct yaml_node *node, enum type type)
{
	double number;
	int64_t whole;
	bool yes;

	switch (type) {
	case ANY:
		return true;
	case TEXT:
		return is_text(node);
	case NUMBER:
		return yaml_number(node, &number);
	case WHOLE:
		return yaml_int(node, &whole);
	case BOOL:
		return yaml_bool(node, &yes);
	case ARRAY:
		return node->kind == YAML_SEQUENCE;
	case OBJECT:
	case TEXTS:
		break;
	}
	return node->kind == YAML_MAPPING;
}

static const char *what_is(struct walk *w, const struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR)
		return node->kind == YAML_MAPPING ? "a mapping" : "a list";
	return lint_text(w->l, "`%s`%s", node->text, node->plain ? "" : " in quotes, a text");
}

static int add_wrong(struct walk *w, const struct yaml_node *node, const char *path, enum type type)
{
	const char *fix = node->kind != YAML_SCALAR       ? "Mend the indentation."
			  : type == TEXT                  ? lint_text(w->l, "Put it in quotes: \"%s\".", node->text)
			  : type == WHOLE && node->plain  ? "Write a whole number: Flagger reads integers, and would not read the object."
			  : !node->plain && type != ARRAY ? "Take the quotes away."
							  : lint_text(w->l, "Write %s.", type_name(type));

	return lint_problem_add(
		w->l, w->rule, w->o, path,
		lint_text(w->l, "%s is due here, and it is %s: the cluster or Flagger refuses it", type_name(type), what_is(w, node)), fix);
}

static int visit_type(struct walk *w, const struct field *fields, const struct yaml_node *node, const char *path)
{
	for (const struct field *f = fields; f->name != NULL; f++) {
		const struct yaml_node *value = yaml_get(node, f->name);
		const char *below = join(w, path, f->name);

		if (value == NULL || yaml_is_null(value))
			continue;
		if (!has_type(value, f->type) && add_wrong(w, value, below, f->type) < 0)
			return -1;
		for (size_t i = 0; f->type == TEXTS && value->kind == YAML_MAPPING && i < value->n; i++)
			if (!yaml_is_null(value->members[i].value) && !is_text(value->members[i].value) &&
			    add_wrong(w, value->members[i].value, join(w, below, value->members[i].key), TEXT) < 0)
				return -1;
		for (size_t i = 0; f->fields == NULL && strcmp(f->name, "stepWeights") == 0 && i < value->n && value->kind == YAML_SEQUENCE;
		     i++)
			if (!has_type(value->items[i], WHOLE) &&
			    add_wrong(w, value->items[i], lint_text(w->l, "%s[%zu]", below, i), WHOLE) < 0)
				return -1;
	}
	return 0;
}

LINT_RULE(wrong_type)
{
	return walk(l, rule, o, visit_type);
}

static const char *list_values(struct walk *w, const char *const *values)
{
	const char *text = "";

	for (; *values != NULL && text != NULL; values++)
		if (**values != '\0')
			text = lint_text(w->l, "%s%s%s", text, *text == '\0' ? "" : ", ", *values);
	return text;
}

static int visit_values(struct walk *w, const struct field *fields, const struct yaml_node *node, const char *path)
{
	for (const struct field *f = fields; f->name != NULL; f++) {
		const char *value = yaml_string(yaml_get(node, f->name));
		const char *const *known = f->values;

		if (f->values == NULL || value == NULL)
			continue;
		while (*known != NULL && strcmp(*known, value) != 0)
			known++;
		if (*known == NULL &&
		    lint_problem_add(
			    w->l, w->rule, w->o, join(w, path, f->name),
			    lint_text(w->l, "`%s` is none of the values that `%s` can have: the cluster refuses it", value, f->name),
			    lint_text(w->l, "Write one of: %s.", list_values(w, f->values))) < 0)
			return -1;
	}
	return 0;
}

LINT_RULE(enum_value)
{
	return walk(l, rule, o, visit_values);
}

LINT_RULE(strategy_fields)
{
	static const char *const names[] = { "iterations", "stepWeight", "stepWeights" };
	const char *found = "";
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		if (lint_at(o, lint_analysis(l, o, names[i])) == NULL)
			continue;
		found = lint_text(l, "%s%s`%s`", found, n++ == 0 ? "" : " and ", names[i]);
	}
	if (n == 1)
		return 0;
	if (n == 0)
		return lint_problem_add(
			l, rule, o, "spec.analysis",
			"none of `iterations`, `stepWeight`, `stepWeights` is there: the cluster refuses it, and it would never advance",
			"Add `stepWeight` and `maxWeight` for a ladder, or `iterations` for blue/green or A/B.");
	return lint_problem_add(
		l, rule, o, "spec.analysis", lint_text(l, "%s stand together: the cluster refuses it (one of them is allowed)", found),
		"Keep the one that is meant: `stepWeight` or `stepWeights` for a ladder, `iterations` for blue/green or A/B.");
}

/* The CRD's ^[0-9]+(m|s), which looks at the beginning only. */
static bool is_admitted(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && (text[n] == 'm' || text[n] == 's');
}

/* [0-9]+(ms|[smhdwy]), repeated. */
static bool is_promql_duration(const char *text)
{
	do {
		size_t n = strspn(text, "0123456789");

		if (n == 0)
			return false;
		text += n;
		if (strncmp(text, "ms", 2) == 0)
			text += 2;
		else if (*text != '\0' && strchr("smhdwy", *text) != NULL)
			text++;
		else
			return false;
	} while (*text != '\0');
	return true;
}

static int check_interval(struct lint *l, const struct rule *rule, const struct lint_object *o, const char *path, bool promql,
			  const char *consequence)
{
	const char *text = path == NULL ? NULL : yaml_string(lint_at(o, path));
	int64_t span;

	if (text == NULL || (is_admitted(text) && (promql ? is_promql_duration(text) : duration_parse(&span, text, NULL) == 0)))
		return 0;
	return lint_problem_add(l, rule, o, path,
				is_admitted(text)
					? lint_text(l, "`%s` is admitted, but it is no duration: %s", text, consequence)
					: lint_text(l, "`%s` is refused by the cluster: it must begin with digits and s or m", text),
				"Write seconds or minutes: `30s`, `1m`.");
}

LINT_RULE(interval_format)
{
	const struct yaml_node *metrics = lint_at(o, "spec.analysis.metrics"), *webhooks = lint_at(o, "spec.analysis.webhooks");

	if (check_interval(l, rule, o, "spec.analysis.interval", false, "Flagger runs it every 60 s") < 0)
		return -1;
	for (size_t i = 0; metrics != NULL && metrics->kind == YAML_SEQUENCE && i < metrics->n; i++)
		if (check_interval(l, rule, o, lint_metric_path(l, o, i, "interval"), true, "the query fails on every check") < 0)
			return -1;
	for (size_t i = 0; webhooks != NULL && webhooks->kind == YAML_SEQUENCE && i < webhooks->n; i++)
		if (check_interval(l, rule, o, lint_text(l, "spec.analysis.webhooks[%zu].timeout", i), false,
				   "the hook fails on every call") < 0)
			return -1;
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

LINT_RULE(duplicate_object)
{
	for (size_t i = 0; &l->objects[i] < o; i++) {
		const struct lint_object *p = &l->objects[i];

		if (p->kind == o->kind && *o->name != '\0' && strcmp(p->name, o->name) == 0 && same_text(p->namespace_, o->namespace_))
			return lint_problem_add(l, rule, o, "metadata.name",
						lint_text(l, "%s stands in %s, line %zu as well: whichever is applied last wins", o->label,
							  l->files[p->file].name, p->node->line),
						"Keep one of them.");
	}
	return 0;
}
