#include "check.h"

#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/gotemplate.h"
#include "gonogo/provider.h"
#include "promeval.h"
#include "promql.h"
#include "words.h"

#define QUERY_MAX ((size_t)64 * 1024)

static int impossible(struct assessing *a, const char **why_not, const char *why)
{
	*why_not = why;
	return why == NULL ? error_nomem(a->err) : 1;
}

/* The same with the query's name before it; memory stays an error. */
static int impossible_query(struct assessing *a, const char **why_not, const struct canary_metric *metric, const struct error *err)
{
	if (err->code == ERR_NOMEM)
		return error_nomem(a->err);
	return impossible(a, why_not, arena_printf(a->arena, "the query of %s: %s", words_code(metric->name, a->arena), err->text));
}

/* Whether a selector names this canary alone: by the label that bears the arm, or by the Ingress whose canary it is. */
static bool names_canary(const struct assessing *a, const struct promql_node *node)
{
	const struct canary_spec *spec = &a->r->spec;
	const char *label = a->measure->arm_label[a->all.spelling];
	const struct promql_matcher *m = promql_matcher(node, label), *ingress = promql_matcher(node, "ingress");
	bool says_canary = strstr(a->measure->arm[a->all.spelling][ARM_CANARY], "canary") != NULL;

	if (m == NULL)
		return false;
	if (ingress != NULL && strcmp(ingress->value, spec->ingress_name) == 0)
		return m->op == PROMQL_NOT_EQUAL && *m->value == '\0';
	return (m->op == PROMQL_EQUAL || m->op == PROMQL_REGEX) && (!says_canary || strstr(m->value, "canary") != NULL) &&
	       (strstr(m->value, spec->target_name) != NULL || strstr(m->value, spec->service_name) != NULL);
}

/* Every selector must ask for series of this canary that were collected: others would read as no values. */
static bool was_collected(const struct assessing *a, const struct promql_node *node)
{
	if (node->kind == PROMQL_SELECTOR)
		return (strcmp(node->name, a->measure->requests) == 0 || strcmp(node->name, a->measure->buckets) == 0) &&
		       names_canary(a, node);
	for (size_t i = 0; i < node->n_args; i++)
		if (!was_collected(a, node->args[i]))
			return false;
	return true;
}

/* As Flagger prints its interval into queries: "1m0s" is what Go prints, "1m" what it was given. */
static const char *interval_text(const struct assessing *a, int64_t interval)
{
	return arena_printf(a->arena, "%llds", (long long)(interval > 0 ? interval / NS_PER_S : 60));
}

static int make(struct check *out, struct assessing *a, const struct canary_metric *metric, const char *text, const char **why_not)
{
	const struct canary_spec *spec = &a->r->spec;
	struct gotemplate_model model = { .name = spec->name,
					  .namespace_ = spec->namespace_,
					  .target = spec->target_name,
					  .service = spec->service_name,
					  .ingress = spec->ingress_name,
					  .route = "",
					  .interval = interval_text(a, metric->interval),
					  .n_variables = metric->n_variables,
					  .variable_names = metric->variable_names,
					  .variable_values = metric->variable_values };
	struct gotemplate template_;
	const struct promql_node *root;
	struct buf query;
	struct error err;
	int rc = 0;

	buf_init(&query, QUERY_MAX);
	*out = (struct check){ .metric = metric };
	if (gotemplate_parse(&template_, text, a->arena, &err) < 0 || gotemplate_render(&query, &template_, &model, &err) < 0 ||
	    promql_parse(&root, query.data == NULL ? "" : query.data, a->arena, &err) < 0)
		rc = impossible_query(a, why_not, metric, &err);
	else if (!was_collected(a, root))
		rc = impossible(a, why_not,
				arena_printf(a->arena, "the query of %s asks for series that are not collected",
					     words_code(metric->name, a->arena)));
	else if (prom_prepare(&out->query, root, a->out->series, false, a->arena, &err) < 0)
		rc = impossible_query(a, why_not, metric, &err);
	buf_free(&query);
	return rc;
}

static const struct metric_template *template_of(const struct rollout *r, const struct canary_metric *m)
{
	for (size_t i = 0; i < r->n_templates; i++)
		if (strcmp(r->templates[i].name, m->template_name) == 0 && strcmp(r->templates[i].namespace_, m->template_namespace) == 0)
			return &r->templates[i];
	return NULL;
}

static int make_by_template(struct check *out, struct assessing *a, const struct canary_metric *m, const char **why_not)
{
	const struct metric_template *t = template_of(a->r, m);

	if (t == NULL || t->query == NULL)
		return impossible(a, why_not,
				  arena_printf(a->arena, "the MetricTemplate of %s was not seen", words_code(m->name, a->arena)));
	if (t->provider_type == NULL || strcmp(t->provider_type, "prometheus") != 0)
		return impossible(a, why_not,
				  arena_printf(a->arena, "the MetricTemplate of %s asks another provider than Prometheus",
					       words_code(m->name, a->arena)));
	return make(out, a, m, t->query, why_not);
}

static bool is_success_rate(const struct canary_metric *m)
{
	return strcmp(m->name, "request-success-rate") == 0;
}

static bool is_duration(const struct canary_metric *m)
{
	return strcmp(m->name, "request-duration") == 0;
}

bool check_has_own(const struct canary_metric *metric)
{
	return is_success_rate(metric) || is_duration(metric) || metric->query != NULL;
}

int check_make(struct check *out, struct assessing *a, const struct canary_metric *metric, bool by_template, const char **why_not)
{
	const struct provider *p = provider_find(a->r->spec.provider);
	const char *query;
	int rc;

	if (p == NULL || a->measure == NULL)
		return impossible(a, why_not,
				  arena_printf(a->arena, "the series of %s are not collected: the provider is not supported",
					       words_code(metric->name, a->arena)));
	query = is_success_rate(metric) ? p->success_rate : is_duration(metric) ? p->duration : metric->query;
	if (by_template)
		return make_by_template(out, a, metric, why_not);
	if (query == NULL)
		return impossible(a, why_not,
				  arena_printf(a->arena, "Flagger's own query of %s for %s is not read here",
					       words_code(metric->name, a->arena), p->name));
	rc = make(out, a, metric, query, why_not);
	out->in_ms = is_duration(metric);
	return rc;
}

int check_value(const struct check *check, struct assessing *a, int64_t at, double *value, const char **why_not)
{
	struct prom_vector v;
	struct error err;

	*value = NAN;
	if (prom_eval(&v, &check->query, at, a->arena, &err) < 0)
		return impossible_query(a, why_not, check->metric, &err);
	if (v.scalar || v.n > 1)
		return impossible(
			a, why_not,
			arena_printf(a->arena, "the query of %s answers with %s", words_code(check->metric->name, a->arena),
				     v.scalar ? "a scalar, which Flagger cannot read" : "several series, of which chance picks the last"));
	if (v.n == 1)
		*value = v.v[0].value;
	return 0;
}
