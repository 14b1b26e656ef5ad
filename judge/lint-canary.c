/* Strategy, ladder and what else a Canary sets off (facts/flagger.md 2, 3, 9; facts/course.md). */
#include <math.h>
#include <string.h>

#include "gonogo/error.h"
#include "lint.h"

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

/* Ladders and iterations as Flagger's users read them: "10, 20, 30 %". */
static const char *ladder_text(struct lint *l, const struct lint_object *o)
{
	const char *text = "";

	for (size_t i = 0; i < o->n_weights && text != NULL; i++)
		text = lint_text(l, "%s%s%.4g", text, i == 0 ? "" : ", ", o->weights[i]);
	return lint_text(l, "%s %%", text);
}

static double highest_weight(const struct lint_object *o)
{
	double highest = 0;

	for (size_t i = 0; i < o->n_weights; i++)
		highest = fmax(highest, o->weights[i]);
	return highest;
}

static int64_t ladder_duration(const struct lint_object *o)
{
	int64_t steps = o->spec.iterations > 0 ? o->spec.iterations : (int64_t)o->n_weights;

	return steps < 100000 ? steps * o->spec.interval : INT64_MAX;
}

/* Routers that read spec.analysis.match: pkg/router/{istio,appmesh,ingress,contour,gloo,gateway_api}.go. */
static bool matches_headers(const char *provider)
{
	static const char *const able[] = { "istio", "appmesh",       "appmesh:v1beta2",    "nginx", "contour",
					    "gloo",  "gatewayapi:v1", "gatewayapi:v1beta1", NULL };

	return *provider == '\0' || is_one_of(provider, able);
}

LINT_RULE(ab_test_ignored)
{
	const char *provider = o->spec.provider;
	const char *what;

	if (!o->spec.has_match || matches_headers(provider))
		return 0;
	if (strcmp(provider, "kubernetes") == 0)
		what = "`match` is dropped with provider kubernetes: this is blue/green, and the header is ignored";
	else if (o->spec.iterations > 0)
		what = lint_text(l,
				 "the A/B test does not exist with provider %s: the header is ignored, and exposure is 100 %% at once, "
				 "from the first "
				 "iteration on, for every user",
				 provider);
	else
		what = lint_text(l, "the header is ignored with provider %s: users are chosen by weight alone", provider);
	return lint_problem_add(l, rule, o, "spec.analysis.match", what,
				"Replace `iterations` and `match` by `stepWeight` and `maxWeight`, or use a provider that matches headers "
				"(istio, nginx, contour, "
				"gloo, appmesh, gatewayapi:v1).");
}

LINT_RULE(mirror_ignored)
{
	static const char *const able[] = { "istio", "gatewayapi:v1", "gatewayapi:v1beta1", "", NULL };
	bool ladder = o->spec.iterations == 0;

	if (!o->spec.mirror || is_one_of(o->spec.provider, able))
		return 0;
	return lint_problem_add(
		l, rule, o, "spec.analysis.mirror",
		ladder ? lint_text(l, "provider %s does not mirror: the rollout stays at weight 0 for ever", o->spec.provider)
		       : lint_text(l, "provider %s does not mirror: the canary has no traffic while it is checked", o->spec.provider),
		"Take `mirror` out, or use istio or gatewayapi:v1.");
}

/* False where it is of a wrong type, which is another rule's. */
static bool is_number(const struct lint_object *o, const char *path)
{
	double value;

	return yaml_number(lint_at(o, path), &value);
}

LINT_RULE(step_weights)
{
	const struct canary_spec *s = &o->spec;

	if (s->iterations > 0)
		return 0;
	for (size_t i = 0; i < s->n_step_weights; i++) {
		double before = i == 0 ? 0 : s->step_weights[i - 1];

		if (s->step_weights[i] <= before || s->step_weights[i] > 100)
			return lint_problem_add(l, rule, o, lint_text(l, "spec.analysis.stepWeights[%zu]", i),
						lint_text(l,
							  "%.6g does not rise from %.6g to 100 at most: the rollout sticks or jumps here",
							  s->step_weights[i], before),
						"Write weights that rise, such as `[10, 20, 30, 40, 50]`.");
	}
	if (s->n_step_weights == 0 && is_number(o, "spec.analysis.stepWeight") && (s->step_weight <= 0 || s->step_weight > 100))
		return lint_problem_add(
			l, rule, o, "spec.analysis.stepWeight",
			lint_text(l, "a step of %.6g %% %s", s->step_weight, s->step_weight <= 0 ? "never advances" : "is above 100"),
			"Write a step between 1 and `maxWeight`.");
	return 0;
}

LINT_RULE(step_overshoots)
{
	const struct canary_spec *s = &o->spec;
	double highest = highest_weight(o);

	if (s->n_step_weights > 0 || o->n_weights == 0 || s->max_weight <= 0 || highest <= s->max_weight)
		return 0;
	return lint_problem_add(
		l, rule, o, "spec.analysis.stepWeight",
		lint_text(l, "steps of %.6g go past maxWeight %.6g: the ladder is %s", s->step_weight, s->max_weight, ladder_text(l, o)),
		"Make `maxWeight` a multiple of `stepWeight`, or list the weights in `stepWeights`.");
}

LINT_RULE(blast_limit)
{
	double highest = highest_weight(o), limit = o->criteria.max_weight * 100;

	if (o->spec.iterations > 0 || highest <= limit ||
	    (lint_at(o, "spec.analysis.maxWeight") != NULL && !is_number(o, "spec.analysis.maxWeight")))
		return 0;
	return lint_problem_add(
		l, rule, o, o->spec.n_step_weights > 0 ? "spec.analysis.stepWeights" : "spec.analysis.maxWeight",
		lint_text(l, "up to %.6g %% of the traffic meet the new version before the decision; the blast limit is %.6g %%", highest,
			  limit),
		lint_text(l, "End the ladder at %.6g, or raise blast.max_weight in the criteria.", limit));
}

LINT_RULE(interval_raised)
{
	const char *text = yaml_string(lint_at(o, "spec.analysis.interval"));
	int64_t span;

	if (text == NULL || duration_parse(&span, text, NULL) < 0 || span >= 10 * NS_PER_S)
		return 0;
	return lint_problem_add(l, rule, o, "spec.analysis.interval", lint_text(l, "`%s` is below 10 s: Flagger runs it every 10 s", text),
				"Write what runs: `10s`, or better `30s`.");
}

LINT_RULE(threshold_zero)
{
	int64_t threshold;

	if (!yaml_int(lint_at(o, "spec.analysis.threshold"), &threshold) || threshold > 0)
		return 0;
	return lint_problem_add(
		l, rule, o, "spec.analysis.threshold",
		lint_text(l, "a threshold of %lld counts as 1: the first failed check rolls back, a moment without traffic included",
			  (long long)threshold),
		"Write 1 if that is meant, else about 5.");
}

/* The longest window of the criteria for this canary. */
static int64_t longest_window(const struct lint_object *o)
{
	int64_t window = 0;

	for (size_t i = 0; i < o->criteria.n; i++)
		if (o->criteria.v[i].window > window)
			window = o->criteria.v[i].window;
	return window;
}

LINT_RULE(abort_window)
{
	int64_t span = o->spec.threshold < 100000 ? o->spec.threshold * o->spec.interval : INT64_MAX, window = longest_window(o);

	if (span >= window)
		return 0;
	return lint_problem_add(
		l, rule, o, "spec.analysis.threshold",
		lint_text(l, "%lld failed checks every %s end a rollout within %s, before a window of %s has passed once",
			  (long long)o->spec.threshold, lint_seconds(l, o->spec.interval), lint_seconds(l, span), lint_seconds(l, window)),
		lint_text(
			l,
			"For a judgement over %s raise threshold or interval to %s together, or expect \"not evaluable\" at early aborts.",
			lint_seconds(l, window), lint_seconds(l, window)));
}

LINT_RULE(ladder_deadline)
{
	int64_t duration = ladder_duration(o);

	if (duration <= o->criteria.deadline || duration == 0)
		return 0;
	return lint_problem_add(l, rule, o, "spec.analysis.interval",
				lint_text(l, "the rollout takes %s to its end; without a decision within %s it counts as expired",
					  duration == INT64_MAX ? "for ever" : lint_seconds(l, duration),
					  lint_seconds(l, o->criteria.deadline)),
				"Take fewer or shorter steps, or raise blast.deadline in the criteria.");
}

LINT_RULE(kubernetes_progressive)
{
	if (strcmp(o->spec.provider, "kubernetes") != 0 || lint_at(o, "spec.analysis.iterations") != NULL)
		return 0;
	return lint_problem_add(l, rule, o, "spec.provider",
				"provider kubernetes shifts no traffic: Flagger sets 10 iterations and warns on every check",
				"Write `iterations: 10` in the place of the weights, or name a mesh or ingress that splits traffic.");
}

LINT_RULE(session_affinity)
{
	static const char *const able[] = { "istio", "gatewayapi:v1", "gatewayapi:v1beta1", "", NULL };

	if (!o->spec.session_affinity)
		return 0;
	return lint_problem_add(
		l, rule, o, "spec.analysis.sessionAffinity",
		is_one_of(o->spec.provider, able)
			? "users stay on the canary once they met it: exposure in effect is above the weight of the step"
			: lint_text(l, "provider %s ignores it: users change sides from request to request", o->spec.provider),
		"Count on it when you choose `maxWeight`, or take it out.");
}

LINT_RULE(provider_unset)
{
	if (*o->spec.provider != '\0')
		return 0;
	return lint_problem_add(l, rule, o, "spec",
				"no `provider`: Flagger's -mesh-provider decides, and traps of providers are not looked for",
				"Write `provider:` with the mesh or ingress.");
}

LINT_RULE(skip_analysis)
{
	if (!o->spec.skip_analysis)
		return 0;
	return lint_problem_add(l, rule, o, "spec.skipAnalysis", "every release is promoted without a check, and without a step",
				"Take it out; for one urgent release set it by hand and take it back.");
}

LINT_RULE(suspended)
{
	if (!o->spec.suspend)
		return 0;
	return lint_problem_add(l, rule, o, "spec.suspend",
				"suspended: new revisions are not rolled out, and a running one stays where it is",
				"Set it to false to go on.");
}

LINT_RULE(annotation_ignored)
{
	if (!o->spec.max_weight_on_timeout)
		return 0;
	return lint_problem_add(l, rule, o, "metadata.annotations",
				"the annotation `flagger.app/max-weight-on-timeout` means nothing to Flagger",
				"Take it out; a limit in time is progressDeadlineSeconds (readiness) or the criteria's blast.deadline.");
}

LINT_RULE(duplicate_target)
{
	for (size_t i = 0; &l->objects[i] < o; i++) {
		const struct lint_object *p = &l->objects[i];

		if (!p->judged || strcmp(p->spec.namespace_, o->spec.namespace_) != 0 || strcmp(p->name, o->name) == 0)
			continue;
		if (strcmp(p->spec.target_name, o->spec.target_name) == 0 && strcmp(p->spec.target_kind, o->spec.target_kind) == 0)
			return lint_problem_add(l, rule, o, "spec.targetRef",
						lint_text(l, "%s has the same target: both scale and promote it", p->label),
						"Keep one Canary for a workload.");
		if (strcmp(p->spec.service_name, o->spec.service_name) == 0)
			return lint_problem_add(
				l, rule, o, "spec.service",
				lint_text(l, "%s has the same service `%s`: both write its selector", p->label, o->spec.service_name),
				"Give each Canary a service of its own.");
	}
	return 0;
}
