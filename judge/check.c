#include "check.h"

#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/gotemplate.h"
#include "promeval.h"
#include "promql.h"
#include "words.h"

#define QUERY_MAX ((size_t)64 * 1024)

/* fluxcd/flagger pkg/metrics/observers/traefik.go. */
static const char success_rate[] = "sum(rate(traefik_service_request_duration_seconds_bucket{service=~\"{{ namespace }}-{{ target "
				   "}}-canary-[0-9a-zA-Z-]+@kubernetescrd\","
				   "code!~\"5..\",le=\"+Inf\"}[{{ interval }}])) / "
				   "sum(rate(traefik_service_request_duration_seconds_bucket{service=~\"{{ namespace }}-"
				   "{{ target }}-canary-[0-9a-zA-Z-]+@kubernetescrd\",le=\"+Inf\"}[{{ interval }}])) * 100";
static const char duration[] =
	"histogram_quantile(0.99, sum(rate(traefik_service_request_duration_seconds_bucket{service=~\"{{ namespace }}-{{ target }}-canary-"
	"[0-9a-zA-Z-]+@kubernetescrd\"}[{{ interval }}])) by (le)) * 1000";

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

/* Every selector must ask for series of this canary that were collected: others would read as no values. */
static bool was_collected(const struct assessing *a, const struct promql_node *node)
{
	const struct provider *p = provider_find(a->r->spec.provider);

	if (node->kind == PROMQL_SELECTOR) {
		const struct promql_matcher *m = promql_matcher(node, a->all.service_label);

		return (strcmp(node->name, p->requests) == 0 || strcmp(node->name, p->buckets) == 0) && m != NULL &&
		       strstr(m->value, "canary") != NULL;
	}
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
	else if (prom_prepare(&out->query, root, a->out->series, a->arena, &err) < 0)
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
	int rc;

	if (by_template)
		return make_by_template(out, a, metric, why_not);
	rc = make(out, a, metric, is_success_rate(metric) ? success_rate : is_duration(metric) ? duration : metric->query, why_not);
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
