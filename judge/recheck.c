/* Flagger as second judge: what its own checks come to when they are done again on the stored samples. */
#include <math.h>
#include <string.h>

#include "assess.h"
#include "flagger.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/gotemplate.h"
#include "promeval.h"
#include "promql.h"
#include "words.h"

/* More ticks than any analysis has. */
#define TICKS_MAX 2000
#define QUERY_MAX ((size_t)64 * 1024)

/* Messages of one tick come within this; Flagger's own interval is ten seconds at least. */
#define TICK_SPAN (2 * NS_PER_S)

/* The query ran a moment before the message about it: a scrape may lie between. */
#define QUERY_BEFORE (NS_PER_S)

/* A reported value has two decimals, and the moment of the query is known to a second only. */
#define NEAR_RELATIVE 0.05
#define NEAR_ABSOLUTE 0.1

/* fluxcd/flagger pkg/metrics/observers/traefik.go. */
static const char success_rate[] = "sum(rate(traefik_service_request_duration_seconds_bucket{service=~\"{{ namespace }}-{{ target "
				   "}}-canary-[0-9a-zA-Z-]+@kubernetescrd\","
				   "code!~\"5..\",le=\"+Inf\"}[{{ interval }}])) / "
				   "sum(rate(traefik_service_request_duration_seconds_bucket{service=~\"{{ namespace }}-"
				   "{{ target }}-canary-[0-9a-zA-Z-]+@kubernetescrd\",le=\"+Inf\"}[{{ interval }}])) * 100";
static const char duration[] =
	"histogram_quantile(0.99, sum(rate(traefik_service_request_duration_seconds_bucket{service=~\"{{ namespace }}-{{ target }}-canary-"
	"[0-9a-zA-Z-]+@kubernetescrd\"}[{{ interval }}])) by (le)) * 1000";

/* One query that a tick asks. */
struct check {
	const struct canary_metric *metric;
	const struct promql_node *query;
	bool in_ms; /* request-duration: its message has seconds */
};

struct tick {
	int64_t at;
	bool failed; /* as Flagger said */
	const struct fact *fact; /* of the failure, or any */
};

struct rechecking {
	struct assessing *a;
	struct flagger_recheck *out;
	struct check *checks;
	size_t n_checks;
	struct tick *ticks;
	size_t n_ticks;
};

static int impossible(struct rechecking *r, const char *why)
{
	r->out->why_not = why;
	return why == NULL ? error_nomem(r->a->err) : 1;
}

/* ---- The checks. */

/* Every selector must ask for series of this canary that were collected: others would read as no values. */
static bool was_collected(const struct rechecking *r, const struct promql_node *node)
{
	const struct provider *p = provider_find(r->a->r->spec.provider);

	if (node->kind == PROMQL_SELECTOR) {
		const struct promql_matcher *m = promql_matcher(node, r->a->all.service_label);

		return (strcmp(node->name, p->requests) == 0 || strcmp(node->name, p->buckets) == 0) && m != NULL &&
		       strstr(m->value, "canary") != NULL;
	}
	for (size_t i = 0; i < node->n_args; i++)
		if (!was_collected(r, node->args[i]))
			return false;
	return true;
}

/* As Flagger prints its interval into queries: "1m0s" is what Go prints, "1m" what it was given. */
static const char *interval_text(const struct rechecking *r, int64_t interval)
{
	return arena_printf(r->a->arena, "%llds", (long long)(interval > 0 ? interval / NS_PER_S : 60));
}

/* 0; 1: not possible; -1: memory. */
static int add_check(struct rechecking *r, const struct canary_metric *metric, const char *text, bool in_ms)
{
	struct assessing *a = r->a;
	const struct canary_spec *spec = &a->r->spec;
	struct gotemplate_model model = { .name = spec->name,
					  .namespace_ = spec->namespace_,
					  .target = spec->target_name,
					  .service = spec->service_name,
					  .ingress = spec->ingress_name,
					  .route = "",
					  .interval = interval_text(r, metric->interval),
					  .n_variables = metric->n_variables,
					  .variable_names = metric->variable_names,
					  .variable_values = metric->variable_values };
	struct gotemplate template_;
	struct check *check = &r->checks[r->n_checks];
	struct buf query;
	struct error err;
	int rc = 1;

	buf_init(&query, QUERY_MAX);
	if (gotemplate_parse(&template_, text, a->arena, &err) < 0 || gotemplate_render(&query, &template_, &model, &err) < 0 ||
	    promql_parse(&check->query, query.data == NULL ? "" : query.data, a->arena, &err) < 0) {
		rc = impossible(r, arena_printf(a->arena, "the query of %s: %s", words_code(metric->name, a->arena), err.text));
		goto out;
	}
	if (!was_collected(r, check->query)) {
		rc = impossible(r, arena_printf(a->arena, "the query of %s asks for series that are not collected",
						words_code(metric->name, a->arena)));
		goto out;
	}
	check->metric = metric;
	check->in_ms = in_ms;
	r->n_checks++;
	rc = 0;
out:
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

static int add_template(struct rechecking *r, const struct canary_metric *m)
{
	const struct metric_template *t = template_of(r->a->r, m);

	if (t == NULL || t->query == NULL)
		return impossible(r, arena_printf(r->a->arena, "the MetricTemplate of %s was not seen", words_code(m->name, r->a->arena)));
	if (t->provider_type == NULL || strcmp(t->provider_type, "prometheus") != 0)
		return impossible(r, arena_printf(r->a->arena, "the MetricTemplate of %s asks another provider than Prometheus",
						  words_code(m->name, r->a->arena)));
	return add_check(r, m, t->query, false);
}

/* In the order of Flagger: built-ins and inline queries, then templates; a built-in's name with a template runs both. */
static int gather_checks(struct rechecking *r)
{
	const struct canary_spec *spec = &r->a->r->spec;
	int rc = 0;

	for (size_t i = 0; i < spec->n_metrics && rc == 0; i++) {
		const struct canary_metric *m = &spec->metrics[i];

		if (strcmp(m->name, "request-success-rate") == 0)
			rc = add_check(r, m, success_rate, false);
		else if (strcmp(m->name, "request-duration") == 0)
			rc = add_check(r, m, duration, true);
		else if (m->query != NULL)
			rc = add_check(r, m, m->query, false);
	}
	for (size_t i = 0; i < spec->n_metrics && rc == 0; i++)
		if (spec->metrics[i].template_name != NULL)
			rc = add_template(r, &spec->metrics[i]);
	return rc;
}

/* ---- The ticks. */

static bool is_tick(enum message_kind kind)
{
	return kind == MESSAGE_WEIGHT || kind == MESSAGE_ITERATION || kind == MESSAGE_HALT_SUCCESS_RATE || kind == MESSAGE_HALT_LATENCY ||
	       kind == MESSAGE_HALT_CUSTOM || kind == MESSAGE_NO_VALUES || kind == MESSAGE_QUERY_FAILED || kind == MESSAGE_COPY;
}

static bool is_failure(enum message_kind kind)
{
	return kind == MESSAGE_HALT_SUCCESS_RATE || kind == MESSAGE_HALT_LATENCY || kind == MESSAGE_HALT_CUSTOM ||
	       kind == MESSAGE_NO_VALUES || kind == MESSAGE_QUERY_FAILED;
}

/* The first weight or iteration comes without a check: no traffic was routed before it. */
static void gather_ticks(struct rechecking *r)
{
	const struct rollout *rollout = r->a->r;
	bool first = true;

	for (size_t i = 0; i < rollout->n_facts; i++) {
		const struct fact *f = &rollout->facts[i];
		struct tick *last = r->n_ticks == 0 ? NULL : &r->ticks[r->n_ticks - 1];

		if (!is_tick(f->message.kind) || f->attempt != rollout->attempts)
			continue;
		if (first && !is_failure(f->message.kind)) {
			first = false;
			continue;
		}
		first = false;
		if (last != NULL && f->at - last->at < TICK_SPAN) {
			last->failed = last->failed || is_failure(f->message.kind);
			last->fact = is_failure(f->message.kind) ? f : last->fact;
		} else if (r->n_ticks < TICKS_MAX) {
			r->ticks[r->n_ticks++] = (struct tick){ f->at, is_failure(f->message.kind), f };
		}
	}
}

/* ---- Doing them again. */

struct outcome_of_tick {
	bool failed;
	const struct check *check; /* that failed first */
	double value; /* NaN: no values */
};

/* The last series decides (RunQuery). 1: several, and which comes last is chance; -1: memory. */
static int value_at(struct rechecking *r, const struct check *check, int64_t at, double *value)
{
	struct prom_vector v;
	struct error err;

	*value = NAN;
	if (prom_eval(&v, check->query, r->a->out->series, at, r->a->arena, &err) < 0)
		return err.code == ERR_NOMEM ? error_nomem(r->a->err)
					     : impossible(r, arena_printf(r->a->arena, "the query of %s: %s",
									  words_code(check->metric->name, r->a->arena), err.text));
	if (v.scalar || v.n > 1)
		return impossible(
			r,
			arena_printf(r->a->arena, "the query of %s answers with %s", words_code(check->metric->name, r->a->arena),
				     v.scalar ? "a scalar, which Flagger cannot read" : "several series, of which chance picks the last"));
	if (v.n == 1)
		*value = v.v[0].value;
	return 0;
}

static bool is_beyond(const struct canary_metric *m, double value)
{
	return isnan(value) || (m->has_min && value < m->min) || (m->has_max && value > m->max);
}

static int tick_at(struct rechecking *r, int64_t at, struct outcome_of_tick *out)
{
	*out = (struct outcome_of_tick){ .value = NAN };
	for (size_t i = 0; i < r->n_checks && !out->failed; i++) {
		int rc = value_at(r, &r->checks[i], at, &out->value);

		if (rc != 0)
			return rc;
		if (is_beyond(r->checks[i].metric, out->value)) {
			out->failed = true;
			out->check = &r->checks[i];
		}
	}
	return 0;
}

static bool is_near(const struct outcome_of_tick *o, const struct fact *f)
{
	double value = o->check != NULL && o->check->in_ms ? o->value / 1000 : o->value, off = fabs(value - f->message.value);

	return off <= NEAR_ABSOLUTE || off <= NEAR_RELATIVE * fabs(f->message.value);
}

static int compare_value(struct rechecking *r, const struct tick *tick, const struct outcome_of_tick *now,
			 const struct outcome_of_tick *before)
{
	bool near;

	if (!tick->failed || isnan(tick->fact->message.value) || tick->fact->message.kind == MESSAGE_NO_VALUES)
		return 0;
	near = is_near(now, tick->fact) || is_near(before, tick->fact);
	r->out->compared++;
	r->out->near += near;
	return !near && ids_add_all(&r->out->ids, &tick->fact->ids, r->a->arena) < 0 ? error_nomem(r->a->err) : 0;
}

static void count(struct rechecking *r, const struct tick *tick, bool failed, bool same)
{
	r->out->ticks++;
	r->out->agreeing += same;
	r->out->failed += failed;
	if (r->out->stops_at == INSTANT_NONE && (int64_t)r->out->failed >= r->a->r->spec.threshold)
		r->out->stops_at = tick->at;
}

static int recheck_tick(struct rechecking *r, const struct tick *tick)
{
	struct outcome_of_tick now, before;
	bool same;
	int rc;

	/* Prometheus did not answer then: that cannot be done again, and counts as Flagger had it. */
	if (tick->fact->message.kind == MESSAGE_QUERY_FAILED) {
		count(r, tick, true, true);
		return 0;
	}
	rc = tick_at(r, tick->at, &now);
	if (rc == 0)
		rc = tick_at(r, tick->at - QUERY_BEFORE, &before);
	if (rc != 0)
		return rc;
	same = now.failed == tick->failed || before.failed == tick->failed;
	/* Where the second decides it, as Flagger had it. */
	count(r, tick, same ? tick->failed : now.failed, same);
	if (!same && r->out->ids.n == 0 && ids_add_all(&r->out->ids, &tick->fact->ids, r->a->arena) < 0)
		return error_nomem(r->a->err);
	return compare_value(r, tick, &now, &before);
}

static int conclude(struct rechecking *r)
{
	struct flagger_recheck *out = r->out;
	char at[INSTANT_TEXT_MAX];
	const char *stops = out->stops_at == INSTANT_NONE
				    ? "it never reaches the threshold"
				    : arena_printf(r->a->arena, "it reaches the threshold at %s UTC", instant_clock(at, out->stops_at));

	out->possible = true;
	if (out->ticks == 0) {
		out->text = "No check of Flagger ran";
		return 0;
	}
	out->agrees = out->agreeing == out->ticks && out->near == out->compared;
	out->text = arena_printf(
		r->a->arena,
		"Done again on the stored samples, Flagger's checks fail at %zu of %zu ticks, and %s; Flagger said the same at %zu, "
		"and %zu of the %zu values that it reported come out alike",
		out->failed, out->ticks, stops == NULL ? "" : stops, out->agreeing, out->near, out->compared);
	return out->text == NULL || stops == NULL ? error_nomem(r->a->err) : 0;
}

static int recheck(struct rechecking *r)
{
	int rc = gather_checks(r);

	if (rc == 0)
		gather_ticks(r);
	for (size_t i = 0; i < r->n_ticks && rc == 0; i++)
		rc = recheck_tick(r, &r->ticks[i]);
	if (rc < 0)
		return -1;
	return rc > 0 ? 0 : conclude(r);
}

int assess_recheck(struct assessing *a)
{
	const struct canary_spec *spec = &a->r->spec;
	struct rechecking r = { .a = a, .out = &a->out->flagger.recheck };

	*r.out = (struct flagger_recheck){ .stops_at = INSTANT_NONE, .agrees = -1 };
	if (provider_find(spec->provider) == NULL || a->out->series == NULL || a->all.n == 0 || spec->n_metrics == 0) {
		r.out->why_not = spec->n_metrics == 0 ? "the Canary has no metric checks" : "no samples of this canary were kept";
		return 0;
	}
	r.checks = arena_alloc(a->arena, 2 * spec->n_metrics * sizeof *r.checks);
	r.ticks = arena_alloc(a->arena, TICKS_MAX * sizeof *r.ticks);
	if (r.checks == NULL || r.ticks == NULL)
		return error_nomem(a->err);
	return recheck(&r);
}
