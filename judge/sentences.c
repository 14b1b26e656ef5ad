/* One sentence a criterion, with its numbers (facts/judge.md 4.11). */
#include <math.h>
#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "words.h"

const char *assess_reason_words(const char *reason)
{
	static const char *const words[][2] = {
		{ REASON_BASELINE_ILL, "the baseline itself is not healthy" },
		{ REASON_NO_DATA, "no requests or no series" },
		{ REASON_UNSEEN_CLASS, "no label of the metric shows one of its error classes" },
		{ REASON_TOO_FEW, "too few requests" },
		{ REASON_GAPS, "samples are missing for too much of the window" },
		{ REASON_TRAFFIC_SPLIT, "the canary's share of requests is not what the route says" },
		{ REASON_BLIND, "the histogram's buckets are too coarse to see the limit" },
		{ REASON_UNRESOLVED, "the counts do not decide it" },
		{ REASON_PARTIAL, "the server's answers were not complete" },
		{ REASON_NATIVE_HISTOGRAM, "native histograms are not read" },
		{ REASON_WARM_UP, "all that was seen lies in the canary's warm-up" },
		{ REASON_TRANSIENT, "worse at first, not in the end: a cold start" },
		{ REASON_WINDOW, "less was seen than the window" },
	};

	for (size_t i = 0; reason != NULL && i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i][0], reason) == 0)
			return words[i][1];
	return "no reason given";
}

/* What the ladder's row of the step in which it failed shows, where that is beyond the limit too: banner and row then say the same. */
static const struct reading *failing_reading(const struct assessing *a, const struct decision *d)
{
	for (size_t i = 0; d->state == CRITERION_FAIL && i < a->out->n_steps; i++) {
		const struct step_result *s = &a->out->steps[i];

		if (d->decided_at <= s->step->from || d->decided_at > s->step->to)
			continue;
		for (size_t k = 0; k < s->n_readings; k++)
			if (s->readings[k].criterion == d->criterion && s->readings[k].state == READING_BEYOND)
				return &s->readings[k];
	}
	return NULL;
}

/* "4.1 times baseline, limit 2 times", or that the baseline had none. */
static const char *times_baseline(struct assessing *a, const struct criterion *c, double ratio)
{
	if (isinf(ratio))
		return arena_printf(a->arena, "the baseline had none, limit %g" NBSP "times", c->limit);
	return arena_printf(a->arena, "%s" NBSP "times baseline, limit %g" NBSP "times", words_ratio(ratio, a->arena), c->limit);
}

static const char *short_text(struct assessing *a, const struct decision *d)
{
	const struct criterion *c = d->criterion;
	const struct reading *seen = failing_reading(a, d);
	const char *name = words_criterion(c, a->arena), *value = words_value(c, seen == NULL ? d->value : seen->value, a->arena);
	const char *weight = isnan(d->weight) ? "" : arena_printf(a->arena, " at %s weight", words_weight(d->weight, a->arena));

	switch (c->kind) {
	case CRITERION_ERROR_RATIO:
	case CRITERION_QUANTILE_RATIO:
		return arena_printf(a->arena, "%s %s%s: %s", name, value, weight,
				    times_baseline(a, c, seen == NULL ? d->ratio : seen->value / seen->baseline));
	default:
		return arena_printf(a->arena, "%s %s%s, limit %s", name, value, weight, words_limit(c, a->arena));
	}
}

static const char *counts(struct assessing *a, const struct decision *d)
{
	return arena_printf(a->arena, "%s of %s canary requests against %s of %s", words_count(d->events[ARM_CANARY], a->arena),
			    words_count(d->requests[ARM_CANARY], a->arena), words_count(d->events[ARM_BASELINE], a->arena),
			    words_count(d->requests[ARM_BASELINE], a->arena));
}

/* What the numbers of a sentence were read over. */
static const char *window(struct assessing *a, const struct decision *d)
{
	char from[INSTANT_TEXT_MAX], to[INSTANT_TEXT_MAX];

	if (d->from == INSTANT_NONE || d->to == INSTANT_NONE || d->from >= d->to)
		return "";
	return arena_printf(a->arena, " from %s to %s", instant_clock(from, d->from), instant_clock(to, d->to));
}

/* The ratio that is tested compares the arms at the same moments. */
static const char *scrape_by_scrape(struct assessing *a, const struct decision *d)
{
	if (isinf(d->ratio) || fabs(d->ratio * d->baseline / d->value - 1) <= 0.1)
		return "";
	return arena_printf(a->arena, "scrape by scrape %s times, ", words_ratio(d->ratio, a->arena));
}

/* How often, in words. */
static const char *how_often(struct assessing *a, const struct decision *d)
{
	if (isinf(d->ratio))
		return "and the baseline did not fail at all";
	return arena_printf(a->arena, "%s times as often as the baseline", words_ratio(d->value / d->baseline, a->arena));
}

static const char *fail_text(struct assessing *a, const struct decision *d)
{
	const struct criterion *c = d->criterion;

	switch (c->kind) {
	case CRITERION_ERROR_RATIO:
		return arena_printf(a->arena,
				    "The canary failed %s%s (%s against %s; %s; %sat least %s times); the limit is %g" NBSP
				    "times. A good release is stopped like this in fewer than 1 of %.0f.",
				    how_often(a, d), window(a, d), words_percent(d->value, a->arena), words_percent(d->baseline, a->arena),
				    counts(a, d), scrape_by_scrape(a, d), words_ratio(d->lo, a->arena), c->limit, 1 / c->alpha);
	case CRITERION_SUCCESS_RATE:
		return arena_printf(a->arena, "%s of the canary's requests succeeded%s (%s of %s failed; at most %s), the limit is %s.%s",
				    words_percent(d->value, a->arena), window(a, d), words_count(d->events[ARM_CANARY], a->arena),
				    words_count(d->requests[ARM_CANARY], a->arena), words_percent(d->hi, a->arena),
				    words_limit(c, a->arena),
				    d->environment ? " The baseline surely fails it too: look at the environment." : "");
	case CRITERION_QUANTILE_RATIO:
		return arena_printf(
			a->arena,
			"%s was %s against %s of the baseline%s (%s times; between %s and %s times), the limit is %g" NBSP "times.",
			words_criterion(c, a->arena), words_latency(d->value, a->arena), words_latency(d->baseline, a->arena), window(a, d),
			words_ratio(d->ratio, a->arena), words_ratio(d->lo, a->arena), words_ratio(d->hi, a->arena), c->limit);
	default:
		return arena_printf(a->arena, "%s was %s%s, the limit is %s.", words_criterion(c, a->arena),
				    words_value(c, d->value, a->arena), window(a, d), words_limit(c, a->arena));
	}
}

static const char *pass_text(struct assessing *a, const struct decision *d)
{
	const struct criterion *c = d->criterion;

	if (c->kind == CRITERION_ERROR_RATIO && d->carried != NULL && strcmp(d->carried, CARRIED_FLOOR) == 0)
		return arena_printf(a->arena, "Errors are surely below the %s floor: %s%s (%s).", words_percent(c->floor, a->arena),
				    words_percent(d->value, a->arena), window(a, d), counts(a, d));
	if (c->kind == CRITERION_ERROR_RATIO)
		return arena_printf(
			a->arena,
			"The canary failed at most %s times as often as the baseline%s (%s against %s; %s), the limit is %g" NBSP "times.",
			words_ratio(d->hi, a->arena), window(a, d), words_percent(d->value, a->arena), words_percent(d->baseline, a->arena),
			counts(a, d), c->limit);
	if (c->kind == CRITERION_SUCCESS_RATE)
		return arena_printf(a->arena, "%s of the canary's requests succeeded%s (surely above %s; %s of %s failed).",
				    words_percent(d->value, a->arena), window(a, d), words_percent(c->limit, a->arena),
				    words_count(d->events[ARM_CANARY], a->arena), words_count(d->requests[ARM_CANARY], a->arena));
	if (d->substituted)
		return arena_printf(a->arena,
				    "%s +%.0f" NBSP "%% cannot be seen with these buckets; judged instead: %s surely ≤" NBSP "%s.",
				    words_criterion(c, a->arena), (c->limit - 1) * 100, words_criterion(c, a->arena),
				    words_latency(d->substitute_edge, a->arena));
	if (c->kind == CRITERION_QUANTILE_RATIO)
		return arena_printf(a->arena,
				    "%s was %s against %s of the baseline%s: surely between %s and %s times, the limit is %g" NBSP "times.",
				    words_criterion(c, a->arena), words_latency(d->value, a->arena), words_latency(d->baseline, a->arena),
				    window(a, d), words_ratio(d->lo, a->arena), words_ratio(d->hi, a->arena), c->limit);
	return arena_printf(a->arena, "%s is %s, the limit is %s.", words_criterion(c, a->arena), words_value(c, d->value, a->arena),
			    words_limit(c, a->arena));
}

static const char *more_time(struct assessing *a, const struct decision *d)
{
	char span[INSTANT_TEXT_MAX];

	if (isnan(d->seconds_to_decision) || d->seconds_to_decision > 7 * 86400 || !(d->requests_per_second > 0))
		return "";
	return arena_printf(a->arena, " At %.0f requests/s about %s more would decide it.", d->requests_per_second,
			    duration_words(span, (int64_t)ceil(d->seconds_to_decision) * NS_PER_S));
}

/* Without an error on either side nothing is. */
static const char *ruled_out(struct assessing *a, const struct decision *d)
{
	return isfinite(d->hi) ? arena_printf(a->arena, "; ruled out so far: above %s×", words_ratio(d->hi, a->arena)) : "";
}

static const char *undecided_text(struct assessing *a, const struct decision *d)
{
	const struct criterion *c = d->criterion;
	const char *why = assess_reason_words(d->reason);

	if (c->kind == CRITERION_ERROR_RATIO && d->requests[ARM_CANARY] > 0)
		return arena_printf(a->arena, "%s error%s in %s canary requests (baseline %s in %s) cannot tell 1× from %g×: %s%s.%s",
				    words_count(d->events[ARM_CANARY], a->arena), d->events[ARM_CANARY] == 1 ? "" : "s",
				    words_count(d->requests[ARM_CANARY], a->arena), words_count(d->events[ARM_BASELINE], a->arena),
				    words_count(d->requests[ARM_BASELINE], a->arena), c->limit, why, ruled_out(a, d), more_time(a, d));
	if (!isnan(d->warm_up_value) && d->reason != NULL && strcmp(d->reason, REASON_WARM_UP) == 0)
		return arena_printf(a->arena, "%s is undecided: %s (%s there; shown, not judged).", words_criterion(c, a->arena), why,
				    words_latency(d->warm_up_value, a->arena));
	if (!isnan(d->value))
		return arena_printf(a->arena, "%s is undecided at %s: %s.%s", words_criterion(c, a->arena),
				    words_value(c, d->value, a->arena), why, more_time(a, d));
	return arena_printf(a->arena, "%s is undecided: %s.%s", words_criterion(c, a->arena), why, more_time(a, d));
}

static const char *not_evaluable_text(struct assessing *a, const struct decision *d)
{
	int64_t n, k;

	assess_arm_counts(a, d->criterion, ARM_BASELINE, &n, &k);
	if (d->reason != NULL && strcmp(d->reason, REASON_BASELINE_ILL) == 0 && d->ill != NULL && n > 0 && k > 0)
		return arena_printf(a->arena, "%s is not evaluable: the stable version fails itself, %s of its %s requests.",
				    words_criterion(d->criterion, a->arena), words_percent((double)k / (double)n, a->arena),
				    words_count(n, a->arena));
	if (d->reason != NULL && strcmp(d->reason, REASON_BASELINE_ILL) == 0 && d->ill != NULL)
		return arena_printf(a->arena, "%s is not evaluable: %s.", words_criterion(d->criterion, a->arena), d->ill);
	return arena_printf(a->arena, "%s is not evaluable: %s.", words_criterion(d->criterion, a->arena), assess_reason_words(d->reason));
}

/* A value that somebody else's query gives: no counts behind it, so no interval. */
static const char *point_text(struct assessing *a, const struct decision *d)
{
	const struct criterion *c = d->criterion;
	const char *name = words_criterion(c, a->arena), *value = words_value(c, d->value, a->arena), *limit = words_limit(c, a->arena);
	static const char source[] = "a metric's own value, without an interval";

	if (d->state == CRITERION_FAIL)
		return arena_printf(a->arena, "%s was beyond its limit twice in a row, last %s, the limit is %s (%s).", name, value, limit,
				    source);
	if (d->state == CRITERION_PASS)
		return arena_printf(a->arena, "%s is %s and was never beyond its limit, which is %s (%s).", name, value, limit, source);
	if (d->state == CRITERION_UNDECIDED)
		return arena_printf(
			a->arena,
			"%s is undecided at %s, the limit is %s (%s): it fails when it is beyond twice in a row, and passes when it "
			"never was by the ladder's end.",
			name, value, limit, source);
	return arena_printf(a->arena,
			    "%s is not evaluable: the Canary has no such metric, or its query cannot be done on the stored samples.", name);
}

/* Nobody should take an endpoint's numbers for the whole service's. */
static const char *measured_on(struct assessing *a, const struct criterion *c, const char *text)
{
	const char *classes = "";

	for (size_t i = 0; i < c->n_error_classes && classes != NULL; i++)
		classes = arena_printf(a->arena, "%s%s%s", classes, i == 0 ? " Failed means " : ", ", c->error_classes[i]);
	if (classes == NULL || (c->endpoint.canary == NULL && *classes == '\0'))
		return classes == NULL ? NULL : text;
	if (c->endpoint.canary == NULL)
		return arena_printf(a->arena, "%s%s.", text, classes);
	return arena_printf(a->arena, "%s Measured on %s against %s.%s%s", text, words_code(c->endpoint.canary, a->arena),
			    words_code(c->endpoint.baseline, a->arena), classes, *classes == '\0' ? "" : ".");
}

int assess_sentences(struct assessing *a)
{
	for (size_t i = 0; i < a->out->n_results; i++) {
		struct criterion_result *r = &a->out->results[i];
		const struct decision *d = &a->decisions[i];

		r->short_text = short_text(a, d);
		if (d->criterion->kind == CRITERION_POINT)
			r->text = point_text(a, d);
		else if (d->state == CRITERION_FAIL)
			r->text = fail_text(a, d);
		else if (d->state == CRITERION_PASS)
			r->text = pass_text(a, d);
		else
			r->text = d->state == CRITERION_UNDECIDED ? undecided_text(a, d) : not_evaluable_text(a, d);
		if (r->text != NULL)
			r->text = measured_on(a, d->criterion, r->text);
		if (r->short_text == NULL || r->text == NULL)
			return error_nomem(a->err);
	}
	return 0;
}
