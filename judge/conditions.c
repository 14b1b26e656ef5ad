/* Rollback conditions: trigger in words and PromQL with the number from this baseline, action, verification. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/provider.h"
#include "words.h"

#define CONDITIONS_MAX 40

/* Errors over all requests of the new version: while it is the canary, and after promotion, when the primary runs it. */
static const char *error_rate(struct assessing *a, const struct sight *s, int arm, double window)
{
	const char *m = s->measure->arm[s->spelling][arm];
	const char *errors = s->measure->requests == NULL
				     ? NULL
				     : measure_error_query(s->measure, s->n_error_classes, s->error_classes, m, window, a->arena);

	return errors == NULL ? NULL : arena_printf(a->arena, "%s / sum(rate(%s{%s}[%.0fs]))", errors, s->measure->requests, m, window);
}

/* Seconds, whatever the buckets' unit is. */
static const char *quantile(struct assessing *a, const struct sight *s, int arm, double q, double window)
{
	const struct measure *m = s->measure;

	if (m->buckets == NULL)
		return NULL;
	return arena_printf(a->arena, "histogram_quantile(%g, sum by (le) (rate(%s{%s}[%.0fs])))%s", q, m->buckets,
			    m->arm[s->spelling][arm], window, m->unit == 1 ? "" : arena_printf(a->arena, " * %g", m->unit));
}

/* Buckets that cannot show the ratio show an edge. */
static bool is_edge(const struct decision *d)
{
	return d->blind && !isnan(d->substitute_edge);
}

static const char *query_of(struct assessing *a, const struct decision *d, int arm, double *limit)
{
	const struct criterion *c = d->criterion;
	double window = (double)c->window / 1e9, baseline = assess_baseline_of(a, d);
	const struct sight *sight = &assess_view(a, c)->sight;
	const char *left;

	if ((c->kind == CRITERION_ERROR_RATIO || c->kind == CRITERION_SUCCESS_RATE) && assess_view(a, c)->all->unseen_class != NULL)
		return NULL;

	*limit = c->limit;
	switch (c->kind) {
	case CRITERION_ERROR_RATIO:
		/* A baseline without errors gives no number: then the floor is the limit. */
		*limit = !isnan(baseline) && baseline * c->limit > c->floor ? baseline * c->limit : c->floor > 0 ? c->floor : NAN;
		left = error_rate(a, sight, arm, window);
		break;
	case CRITERION_SUCCESS_RATE:
		left = error_rate(a, sight, arm, window);
		return left == NULL ? NULL : arena_printf(a->arena, "1 - (%s) < %.6g", left, c->limit);
	case CRITERION_QUANTILE_RATIO:
		*limit = is_edge(d) ? d->substitute_edge : isnan(baseline) ? c->absolute : baseline * c->limit;
		left = quantile(a, sight, arm, c->quantile, window);
		break;
	case CRITERION_QUANTILE_ABSOLUTE:
		left = quantile(a, sight, arm, c->quantile, window);
		break;
	default:
		return NULL;
	}
	return left == NULL || isnan(*limit) ? NULL : arena_printf(a->arena, "%s >= %.6g", left, *limit);
}

/* The rollback path of this canary was used before: the last rollout that was rolled back, and whose traffic returned. */
static const struct rollout *earlier_rollback(const struct assessing *a)
{
	const struct rollout *found = NULL;

	for (size_t i = 0; a->rollouts != NULL && i < a->rollouts->n; i++) {
		const struct rollout *r = &a->rollouts->v[i];

		if (strcmp(r->namespace_, a->r->namespace_) == 0 && strcmp(r->canary, a->r->canary) == 0 && r->ended_at != INSTANT_NONE &&
		    r->ended_at <= a->r->started_at && r->outcome == OUTCOME_ROLLED_BACK && r->traffic_returned_at != INSTANT_NONE)
			found = r;
	}
	return found;
}

static int add_tested(struct assessing *a, struct condition *c)
{
	const struct rollout *earlier = earlier_rollback(a);
	char at[INSTANT_TEXT_MAX];

	if (earlier != NULL) {
		c->tested = arena_printf(a->arena, "tested: the rollout of %s was rolled back and traffic returned",
					 instant_long(at, earlier->started_at));
		c->tested_state = TESTED_BEFORE;
		if (c->tested == NULL || ids_add(&c->ids, earlier->traffic_returned_id, a->arena) < 0)
			return error_nomem(a->err);
	} else if (a->out->containment.state == CONTAINMENT_CONFIRMED) {
		c->tested_state = TESTED_LATE;
		c->tested = "tested: this rollout was rolled back and traffic returned";
		if (ids_add_all(&c->ids, &a->out->containment.ids, a->arena) < 0)
			return error_nomem(a->err);
	}
	return 0;
}

static struct condition *add(struct assessing *a, const char *rule, const char *scope)
{
	struct condition *c = &a->out->conditions[a->out->n_conditions];

	*c = (struct condition){ .rule = rule, .scope = scope, .limit = NAN, .window_seconds = NAN };
	c->id = arena_printf(a->arena, "R-%02zu", ++a->out->n_conditions);
	c->owner = a->criteria->owner_rollback;
	c->data = a->criteria->rollback_data == NULL ? NULL : words_code(a->criteria->rollback_data, a->arena);
	c->tested = "not tested";
	/* That a canary's traffic came back says nothing of rolling the primary back. */
	return strcmp(scope, "during") == 0 && add_tested(a, c) < 0 ? NULL : c;
}

static const char *container(const struct rollout *r)
{
	return r->n_images > 0 ? r->images[0].container : "CONTAINER";
}

static const char *old_image(const struct rollout *r)
{
	return r->n_images > 0 && r->images[0].old_image != NULL ? r->images[0].old_image : "OLD-IMAGE";
}

/* A target set back to what was promoted last does not end the run: it goes on with the old code (facts/flagger.md 2). */
static const char *during_action(struct assessing *a, const char *itself)
{
	const struct rollout *r = a->r;

	if (a->criteria->rollback_action != NULL)
		return words_code(a->criteria->rollback_action, a->arena);
	return itself == NULL
		       ? NULL
		       : arena_printf(a->arena,
				      "%s By hand: kubectl -n %s set image deployment/%s %s=%s, or revert the commit where GitOps owns "
				      "it; the canary then runs the old image, its weight stays until the run ends.",
				      itself, r->namespace_, r->spec.target_name, container(r), old_image(r));
}

static const char *by_flagger(struct assessing *a)
{
	if (a->r->suspended_at != INSTANT_NONE)
		return "Flagger is suspended and takes nothing back (spec.suspend: false lets it).";
	return arena_printf(a->arena, "Flagger sets the canary's weight to 0 by itself at %lld failed checks.",
			    (long long)a->r->spec.threshold);
}

static const char *after_action(struct assessing *a)
{
	const struct rollout *r = a->r;

	if (a->criteria->rollback_action != NULL)
		return words_code(a->criteria->rollback_action, a->arena);
	return arena_printf(a->arena,
			    "Roll out the old image again: kubectl -n %s set image deployment/%s %s=%s (or revert the commit); with "
			    "spec.skipAnalysis: true if it cannot wait.",
			    r->namespace_, r->spec.target_name, container(r), old_image(r));
}

/* As kubectl takes a kind. */
static const char *lower(struct assessing *a, const char *kind)
{
	char *text = arena_strdup(a->arena, kind);

	for (char *c = text; c != NULL && *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return text;
}

static const char *verification(struct assessing *a)
{
	const struct provider *p = provider_find(a->r->spec.provider);
	const char *m = a->measure == NULL ? NULL : a->measure->arm[a->all.spelling][ARM_CANARY], *silent, *kind;

	if (m == NULL || p == NULL)
		return "The primary alone serves requests.";
	silent = arena_printf(a->arena, "sum(rate(%s{%s}[1m])) is 0 or empty within 60" NBSP "s.", a->measure->requests, m);
	if (silent == NULL || p->route.kind == NULL)
		return silent;
	kind = lower(a, p->route.kind);
	return kind == NULL
		       ? NULL
		       : arena_printf(a->arena,
				      "kubectl -n %s get %s %s%s -o yaml shows no canary, and %s By hand: kubectl -n %s rollout status "
				      "deployment/%s ends, and the trigger is below its limit again.",
				      a->r->namespace_, kind, p->route.by_ingress ? a->r->spec.ingress_name : a->r->spec.service_name,
				      p->route.suffix, silent, a->r->namespace_, a->r->spec.target_name);
}

static const char *by_hand_verification(struct assessing *a)
{
	return arena_printf(a->arena, "kubectl -n %s rollout status deployment/%s ends: the canary then runs the old image.",
			    a->r->namespace_, a->r->spec.target_name);
}

static const char *after_verification(struct assessing *a)
{
	return arena_printf(
		a->arena,
		"kubectl -n %s get deployment %s-primary -o wide shows the old image with all replicas ready, and the trigger is "
		"below its limit again.",
		a->r->namespace_, a->r->spec.target_name);
}

/* The number that the query asks for, and where it comes from: this baseline, or what stands in where there is none. */
static const char *limit_text(struct assessing *a, const struct condition *c, const struct decision *d)
{
	const struct criterion *k = d->criterion;

	switch (k->kind) {
	case CRITERION_ERROR_RATIO:
		if (isnan(c->limit) || c->limit == k->limit)
			return arena_printf(a->arena, "≥" NBSP "%g" NBSP "× baseline", k->limit);
		if (c->limit == k->floor)
			return arena_printf(a->arena, "≥" NBSP "%s (the floor)", words_percent(c->limit, a->arena));
		return arena_printf(a->arena, "≥" NBSP "%s (%g" NBSP "×)", words_percent(c->limit, a->arena), k->limit);
	case CRITERION_QUANTILE_RATIO:
		if (c->query == NULL || isnan(c->limit))
			return arena_printf(a->arena, "≥" NBSP "+%.0f" NBSP "%%", (k->limit - 1) * 100);
		if (is_edge(d))
			return arena_printf(a->arena, "≥" NBSP "%s (bucket edge)", words_latency(c->limit, a->arena));
		if (isnan(assess_baseline_of(a, d)))
			return arena_printf(a->arena, "≥" NBSP "%s (absolute limit)", words_latency(c->limit, a->arena));
		return arena_printf(a->arena, "≥" NBSP "%s (+%.0f" NBSP "%%)", words_latency(c->limit, a->arena), (k->limit - 1) * 100);
	case CRITERION_SUCCESS_RATE:
		return arena_printf(a->arena, "<" NBSP "%g" NBSP "%%", k->limit * 100);
	default:
		return words_limit(k, a->arena);
	}
}

static int add_criterion(struct assessing *a, const struct decision *d, const char *scope)
{
	bool after = strcmp(scope, "after-promotion") == 0;
	const struct criterion *k = d->criterion;
	struct condition *c = add(a, k->name, scope);

	if (c == NULL)
		return -1;
	c->trigger = k->kind == CRITERION_ERROR_RATIO || k->kind == CRITERION_QUANTILE_RATIO
			     ? arena_printf(a->arena, "%s against %s", words_criterion(k, a->arena),
					    after ? "this rollout's baseline" : "the baseline")
			     : words_criterion(k, a->arena);
	c->query = query_of(a, d, after ? ARM_BASELINE : ARM_CANARY, &c->limit);
	c->limit_text = limit_text(a, c, d);
	c->window_seconds = (double)k->window / 1e9;
	c->action = after ? after_action(a) : during_action(a, by_flagger(a));
	c->verify = after ? after_verification(a) : verification(a);
	if (c->id == NULL || c->trigger == NULL || c->limit_text == NULL || c->action == NULL || c->verify == NULL)
		return error_nomem(a->err);
	for (size_t i = 0; i < a->out->n_results; i++)
		if (a->out->results[i].criterion == k && ids_add_all(&c->ids, &a->out->results[i].ids, a->arena) < 0)
			return error_nomem(a->err);
	return 0;
}

static int add_guardrails(struct assessing *a)
{
	char span[INSTANT_TEXT_MAX];
	struct condition *c = add(a, "deadline", "during");

	if (c == NULL)
		return -1;
	c->trigger = "No decision within the deadline";
	c->limit_text = arena_printf(a->arena, "%s", duration_words(span, a->criteria->deadline));
	c->action = during_action(a, "Flagger does nothing about it by itself.");
	c->verify = by_hand_verification(a);
	if (c->id == NULL || c->limit_text == NULL || c->action == NULL || c->verify == NULL)
		return error_nomem(a->err);
	c = add(a, "max-weight", "during");
	if (c == NULL)
		return -1;
	c->trigger = "Exposure in effect above the blast limit";
	c->limit_text = arena_printf(a->arena, ">" NBSP "%s", words_weight(a->criteria->max_weight * 100, a->arena));
	c->action = during_action(a, "Flagger does nothing about it by itself.");
	c->verify = by_hand_verification(a);
	return c->id == NULL || c->limit_text == NULL || c->action == NULL || c->verify == NULL ? error_nomem(a->err) : 0;
}

const char *tested_state_name(enum tested_state state)
{
	static const char *const names[] = { "no", "failed", "late", "before" };

	return names[state];
}

int assess_conditions(struct assessing *a)
{
	static const char *const scopes[] = { "during", "after-promotion" };

	a->out->conditions = arena_alloc(a->arena, (2 * a->criteria->n + CONDITIONS_MAX) * sizeof *a->out->conditions);
	if (a->out->conditions == NULL)
		return error_nomem(a->err);
	for (size_t s = 0; s < 2; s++) {
		for (size_t i = 0; i < a->criteria->n; i++)
			if (add_criterion(a, &a->decisions[i], scopes[s]) < 0)
				return -1;
		if (s == 0 && add_guardrails(a) < 0)
			return -1;
	}
	return 0;
}
