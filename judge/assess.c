/* From evidence to a judgement, station by station. */
#include "assess.h"
#include "ground.h"

#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/provider.h"
#include "gonogo/series.h"
#include "words.h"

/* ---- Samples. */

static bool is_about(const struct assessing *a, const struct observation *row)
{
	const struct rollout *r = a->r;
	size_t n = strlen(r->namespace_);

	if (row->source != SOURCE_PROMETHEUS || (strcmp(row->kind, "samples") != 0 && strcmp(row->kind, "failed") != 0))
		return false;
	if (row->received_at > a->out->evaluated_at + 900 * NS_PER_S)
		return false;
	if (*row->subject == '\0')
		return true;
	return strncmp(row->subject, "Canary ", 7) == 0 && strncmp(row->subject + 7, r->namespace_, n) == 0 && row->subject[7 + n] == '/' &&
	       strcmp(row->subject + 8 + n, r->canary) == 0;
}

static int read_samples(struct assessing *a, const struct provider *provider)
{
	struct series_set *set = arena_alloc(a->arena, sizeof *set);
	struct measure *measure = arena_alloc(a->arena, sizeof *measure);
	const struct strata_spec spec = { measure, a->criteria->n_error_classes, a->criteria->error_classes };

	if (set == NULL || measure == NULL)
		return error_nomem(a->err);
	if (provider != NULL && measure_of_provider(measure, provider, &a->r->spec, a->arena, a->err) < 0)
		return -1;
	for (size_t i = 0; i < a->evidence->n; i++)
		if (is_about(a, &a->evidence->rows[i]) && series_add_answer(set, &a->evidence->rows[i], a->arena, a->err) < 0)
			return -1;
	series_set_finish(set);
	a->out->series = set;
	a->measure = provider == NULL ? NULL : measure;
	a->whole = measure;
	return strata_build(&a->all, set, &spec, a->arena, a->err);
}

/* ---- The windows. */

static bool is_judged_step(const struct rollout *r, const struct step *s)
{
	return s->kind == STEP_ANALYSIS && s->attempt == r->attempts;
}

static struct strata *cut(struct assessing *a, const struct strata *all)
{
	struct strata *out = arena_alloc(a->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	*out = *all;
	out->n = 0;
	out->cap = all->n;
	out->v = arena_alloc(a->arena, all->n * sizeof *out->v);
	return out->v == NULL ? NULL : out;
}

/* The analysis of the last attempt. A stratum across its start holds the canary's first requests; one across the end holds its last,
 * unless the primary's template was replaced there: then its baseline is new code. */
static const struct strata *analysis_strata(struct assessing *a, const struct strata *all)
{
	int64_t from = a->input.window_from, to = a->input.window_to == INSTANT_NONE ? INT64_MAX : a->input.window_to;
	bool replaced = a->r->copying_at != INSTANT_NONE && to == a->r->copying_at;
	struct strata *out = cut(a, all);

	for (size_t i = 0; out != NULL && i < all->n; i++) {
		const struct stratum *s = &all->v[i];

		if (s->to > from && s->from < to && (!replaced || s->to <= to))
			out->v[out->n++] = *s;
	}
	return out;
}

bool assess_in_primary_change(const struct assessing *a, const struct stratum *s)
{
	const struct rollout *r = a->r;
	int64_t slack = a->all.scrape_interval;

	for (size_t i = 0; i < r->n_primary_changes; i++) {
		const struct primary_change *c = &r->primary_changes[i];

		if (s->to > c->from - slack && (c->to == INT64_MAX || s->from < c->to + slack))
			return true;
	}
	return false;
}

/* Baseline history, without the seconds in which the primary's pods were being replaced: they alone would hide errors (judge.md 4.4). */
static const struct strata *prior_strata(struct assessing *a, const struct strata *all)
{
	int64_t to = a->r->started_at, from = to - a->criteria->history;
	struct strata *out = cut(a, all);

	for (size_t i = 0; out != NULL && i < all->n; i++) {
		const struct stratum *s = &all->v[i];

		if (s->from >= from && s->to <= to && s->n[ARM_CANARY] == 0 && !assess_in_primary_change(a, s))
			out->v[out->n++] = *s;
	}
	return out;
}

static int plan(struct assessing *a)
{
	const struct canary_spec *spec = &a->r->spec;
	size_t n = spec->n_step_weights;
	double *weights;

	a->out->planned_weight = spec->iterations > 0 ? 100 : spec->max_weight;
	if (spec->iterations > 0)
		return 0;
	if (n == 0 && spec->step_weight > 0)
		n = (size_t)(spec->max_weight / spec->step_weight + 1e-9);
	if (n > 100)
		n = 100;
	weights = arena_alloc(a->arena, n * sizeof *weights);
	if (weights == NULL)
		return error_nomem(a->err);
	for (size_t i = 0; i < n; i++)
		weights[i] = spec->n_step_weights > 0 ? spec->step_weights[i] : spec->step_weight * (double)(i + 1);
	a->out->planned = weights;
	a->out->n_planned = n;
	return 0;
}

/* When the highest planned step had lasted its interval; where promotion began, at the latest. */
static int64_t ladder_end(const struct assessing *a)
{
	const struct rollout *r = a->r;
	const struct step *last = NULL;
	int64_t end;

	for (size_t i = 0; i < r->n_steps; i++)
		if (is_judged_step(r, &r->steps[i]))
			last = &r->steps[i];
	if (last == NULL)
		return INSTANT_NONE;
	if (r->copying_at != INSTANT_NONE)
		return last->to < r->copying_at ? last->to : r->copying_at;
	if (r->spec.iterations > 0)
		end = a->input.window_from + r->spec.iterations * r->spec.interval;
	else if (last->weight + 1e-9 >= a->out->planned_weight)
		end = last->from + r->spec.interval;
	else
		return INSTANT_NONE;
	return end <= a->out->evaluated_at && end <= last->to ? end : INSTANT_NONE;
}

/* The stable version without a ready pod, or scaled to none, while it should serve (case 26). */
static const char *baseline_ill(const struct assessing *a)
{
	const struct replica_change *last = NULL;

	for (size_t i = 0; i < a->r->n_replicas; i++)
		if (a->r->replicas[i].primary && a->r->replicas[i].at <= a->out->evaluated_at)
			last = &a->r->replicas[i];
	if (last == NULL || last->available > 0 || a->r->copying_at != INSTANT_NONE)
		return NULL;
	return arena_printf(a->arena, "`%s-primary` has %lld of %lld pods available", a->r->spec.target_name, (long long)last->available,
			    (long long)last->replicas);
}

static int prepare_input(struct assessing *a)
{
	const struct rollout *r = a->r;
	struct step *steps = arena_alloc(a->arena, r->n_steps * sizeof *steps);
	size_t n = 0;

	if (steps == NULL)
		return error_nomem(a->err);
	for (size_t i = 0; i < r->n_steps; i++)
		if (is_judged_step(r, &r->steps[i]) && r->steps[i].from < a->out->evaluated_at)
			steps[n++] = r->steps[i];
	/* The step that a running rollout is at lasts until the moment that is looked at, whatever its last row says. */
	if (n > 0 && r->outcome == OUTCOME_RUNNING && r->steps[r->n_steps - 1].from == steps[n - 1].from &&
	    steps[n - 1].to < a->out->evaluated_at)
		steps[n - 1].to = a->out->evaluated_at;
	a->judged = n > 0;
	a->input = (struct decide_input){ .criteria = a->criteria, .steps = steps, .n_steps = n, .at = a->out->evaluated_at };
	a->input.window_from = n > 0 ? steps[0].from : r->started_at;
	/* Once the primary's template is replaced it is no baseline any more, also while the promotion runs. */
	a->input.window_to = r->outcome == OUTCOME_RUNNING ? r->copying_at : n > 0 ? steps[n - 1].to : r->started_at;
	a->input.iterations = r->spec.iterations > 0;
	a->input.tested = r->spec.iterations > 0 && !r->spec.has_match;
	a->input.planned_exposure = r->spec.iterations > 0 ? NAN : a->out->planned_weight / 100;
	a->input.baseline_ill = baseline_ill(a);
	a->input.ladder_end = ladder_end(a);
	a->input.strata = analysis_strata(a, &a->all);
	a->input.prior = prior_strata(a, &a->all);
	return a->input.strata == NULL || a->input.prior == NULL ? error_nomem(a->err) : 0;
}

/* ---- Views. */

const struct view *assess_view(const struct assessing *a, const struct criterion *criterion)
{
	return &a->views[criterion - a->criteria->v];
}

static bool has_own_view(const struct criterion *c)
{
	return c->endpoint.canary != NULL || c->n_error_classes > 0;
}

static int own_view(struct assessing *a, struct view *view, const struct criterion *c)
{
	struct measure *measure = arena_alloc(a->arena, sizeof *measure);
	struct strata *all = arena_alloc(a->arena, sizeof *all);
	struct strata_spec spec = { view->sight.measure, view->sight.n_error_classes, view->sight.error_classes };

	if (measure == NULL || all == NULL)
		return error_nomem(a->err);
	if (c->endpoint.canary != NULL) {
		if (measure_of_endpoint(measure, view->sight.measure, c, a->arena, a->err) < 0)
			return -1;
		spec.measure = measure;
	}
	if (c->n_error_classes > 0) {
		spec.n_error_classes = c->n_error_classes;
		spec.error_classes = c->error_classes;
	}
	if (strata_build(all, a->out->series, &spec, a->arena, a->err) < 0)
		return -1;
	view->sight = (struct sight){ spec.measure, spec.n_error_classes, spec.error_classes, all->spelling, all->arms };
	view->all = all;
	view->input.strata = analysis_strata(a, all);
	view->input.prior = prior_strata(a, all);
	return view->input.strata == NULL || view->input.prior == NULL ? error_nomem(a->err) : 0;
}

static int make_views(struct assessing *a)
{
	struct sight *sights = arena_alloc(a->arena, a->criteria->n * sizeof *sights);

	if (sights == NULL)
		return error_nomem(a->err);
	for (size_t i = 0; i < a->criteria->n; i++) {
		struct view *view = &a->views[i];

		view->sight = (struct sight){ a->whole, a->criteria->n_error_classes, a->criteria->error_classes, a->all.spelling,
					      a->all.arms };
		view->all = &a->all;
		view->input = a->input;
		if (has_own_view(&a->criteria->v[i]) && own_view(a, view, &a->criteria->v[i]) < 0)
			return -1;
		sights[i] = view->sight;
	}
	a->out->sights = sights;
	return 0;
}

/* What a metric cannot show was not looked at: nothing passes on that. */
static bool is_unseen(const struct assessing *a, size_t i)
{
	const struct criterion *c = &a->criteria->v[i];

	return (c->kind == CRITERION_ERROR_RATIO || c->kind == CRITERION_SUCCESS_RATE) && a->views[i].all->unseen_class != NULL;
}

static void refuse_unseen(struct assessing *a, size_t i)
{
	if (!is_unseen(a, i))
		return;
	decision_init(&a->decisions[i], &a->criteria->v[i]);
	a->decisions[i].state = CRITERION_NOT_EVALUABLE;
	a->decisions[i].reason = REASON_UNSEEN_CLASS;
}

static int decide_all(struct assessing *a)
{
	if (decide(a->decisions, &a->input, a->arena, a->err) < 0)
		return -1;
	for (size_t i = 0; i < a->criteria->n; i++)
		if (has_own_view(&a->criteria->v[i]) &&
		    decide_criterion(&a->decisions[i], &a->views[i].input, &a->criteria->v[i], a->arena, a->err) < 0)
			return -1;
	for (size_t i = 0; i < a->criteria->n; i++)
		refuse_unseen(a, i);
	return 0;
}

/* ---- Readings and results. */

static void sum(const struct strata *strata, int64_t from, int64_t to, int64_t requests[ARMS], int64_t failed[ARMS])
{
	bool any = false;

	for (int arm = 0; arm < ARMS; arm++)
		requests[arm] = failed[arm] = 0;
	for (size_t i = 0; i < strata->n; i++) {
		const struct stratum *s = &strata->v[i];

		if (s->from < from || s->to > to || (s->flags & STRATUM_REJECTED) != 0)
			continue;
		any = true;
		for (int arm = 0; arm < ARMS; arm++) {
			requests[arm] += s->n[arm];
			failed[arm] += s->k[arm];
		}
	}
	for (int arm = 0; !any && arm < ARMS; arm++)
		requests[arm] = failed[arm] = -1;
}

static const char *unit_of(const struct criterion *c)
{
	if (c->kind == CRITERION_ERROR_RATIO || c->kind == CRITERION_SUCCESS_RATE)
		return "fraction";
	return c->kind == CRITERION_POINT ? "1" : "seconds";
}

static int read_step(struct assessing *a, struct step_result *out, const struct step *step)
{
	out->step = step;
	out->readings = arena_alloc(a->arena, a->criteria->n * sizeof *out->readings);
	if (out->readings == NULL)
		return error_nomem(a->err);
	sum(a->input.strata, step->from, step->to, out->requests, out->failed);
	for (size_t i = 0; i < a->criteria->n; i++) {
		const struct decide_input *input = &a->views[i].input;
		struct reading *reading = &out->readings[out->n_readings++];
		struct point_reading p;

		if (decide_reading(&p, input, &a->criteria->v[i], step->from, step->to, a->err) < 0)
			return -1;
		if (is_unseen(a, i)) {
			p.state = READING_NOT_EVALUABLE;
			p.reason = REASON_UNSEEN_CLASS;
			p.value = p.baseline = NAN;
		}
		*reading = (struct reading){ .criterion = &a->criteria->v[i],
					     .state = p.state,
					     .value = p.value,
					     .baseline = p.baseline,
					     .limit = p.limit,
					     .unit = unit_of(&a->criteria->v[i]),
					     .window_seconds = p.window_seconds,
					     .reason = p.reason };
		if (p.state == READING_NOT_EVALUABLE)
			reading->text = p.reason != NULL && strcmp(p.reason, REASON_TOO_FEW) == 0 &&
							p.requests[ARM_CANARY] >= a->criteria->min_requests
						? "too few requests of the baseline"
						: assess_reason_words(p.reason);
		for (size_t k = 0; k < input->strata->n; k++)
			if (input->strata->v[k].from >= step->from && input->strata->v[k].to <= step->to &&
			    ids_add_all(&reading->ids, &input->strata->v[k].ids, a->arena) < 0)
				return error_nomem(a->err);
	}
	return 0;
}

static int read_steps(struct assessing *a)
{
	struct assessment *out = a->out;

	out->steps = arena_alloc(a->arena, a->input.n_steps * sizeof *out->steps);
	if (out->steps == NULL)
		return error_nomem(a->err);
	for (size_t i = 0; i < a->input.n_steps; i++) {
		const struct step *s = &a->input.steps[i];

		if (read_step(a, &out->steps[out->n_steps++], s) < 0)
			return -1;
		if (s->exposure > out->highest_exposure)
			out->highest_exposure = s->exposure;
	}
	sum(a->input.strata, INT64_MIN, INT64_MAX, out->requests, out->failed);
	return 0;
}

static const char *literal_text(struct assessing *a, const struct point_reading *p)
{
	if (p->state == READING_NOT_EVALUABLE && p->reason != NULL && strcmp(p->reason, REASON_WINDOW) != 0)
		return arena_printf(a->arena, "not evaluable (%s)", assess_reason_words(p->reason));
	if (p->state == READING_NOT_EVALUABLE)
		return arena_printf(a->arena, "not evaluable (%.0f of %.0f" NBSP "s)", p->window_seconds, p->wanted_seconds);
	return arena_printf(a->arena, "%s over %.0f" NBSP "s", reading_state_name(p->state), p->window_seconds);
}

static int fill_result(struct assessing *a, struct criterion_result *out, const struct decision *d)
{
	const struct decide_input *input = &assess_view(a, d->criterion)->input;
	struct point_reading literal;

	*out = (struct criterion_result){ .criterion = d->criterion,
					  .state = d->state,
					  .reason = d->reason,
					  .value = d->value,
					  .baseline = d->baseline,
					  .limit = d->limit,
					  .ratio = d->ratio,
					  .lo = d->lo,
					  .hi = d->hi,
					  .unit = unit_of(d->criterion),
					  .decided_at = d->decided_at,
					  .test = d->test,
					  .step_exposure = d->exposure,
					  .step_weight = d->weight,
					  .seconds_to_decision = d->seconds_to_decision,
					  .substituted = d->substituted,
					  .substitute_edge = d->substitute_edge };
	memcpy(out->requests, d->requests, sizeof out->requests);
	memcpy(out->failed, d->events, sizeof out->failed);
	if (decide_literal(&literal, input, d->criterion, a->err) < 0)
		return -1;
	out->literal = literal_text(a, &literal);
	out->literal_state = literal.state;
	/* What it rests on: the answers about its own window, not the whole history. */
	for (size_t i = 0; i < input->strata->n; i++)
		if (input->strata->v[i].to > d->from && (d->to == INSTANT_NONE || input->strata->v[i].to <= d->to) &&
		    ids_add_all(&out->ids, &input->strata->v[i].ids, a->arena) < 0)
			return error_nomem(a->err);
	return 0;
}

/* No analysis, or no provider that is supported: nothing is evaluable, and that is said. */
static int nothing_to_judge(struct assessing *a)
{
	for (size_t i = 0; i < a->criteria->n; i++) {
		a->decisions[i] = (struct decision){ .criterion = &a->criteria->v[i],
						     .state = CRITERION_NOT_EVALUABLE,
						     .reason = REASON_NO_DATA,
						     .value = NAN,
						     .baseline = NAN,
						     .limit = a->criteria->v[i].limit,
						     .ratio = NAN,
						     .lo = NAN,
						     .hi = NAN,
						     .decided_at = INSTANT_NONE,
						     .exposure = NAN,
						     .weight = NAN,
						     .seconds_to_decision = NAN,
						     .substitute_edge = NAN,
						     .requests = { -1, -1 },
						     .events = { -1, -1 },
						     .from = INT64_MAX,
						     .to = INSTANT_NONE,
						     .warm_up_value = NAN,
						     .resolution = NAN,
						     .dispersion = NAN };
	}
	a->combined = (struct combination){ .verdict = VERDICT_HOLD };
	return 0;
}

/* Nobody should read within off a ladder whose baseline the criterion was refused for. */
static void mark_ill(struct assessing *a)
{
	for (size_t i = 0; i < a->criteria->n; i++)
		if (a->views[i].input.baseline_ill == NULL)
			a->views[i].input.baseline_ill = a->decisions[i].ill;
}

int assess_counts(struct assessing *a)
{
	const struct provider *provider = provider_find(a->r->spec.provider);
	struct assessment *out = a->out;

	a->decisions = arena_alloc(a->arena, a->criteria->n * sizeof *a->decisions);
	out->results = arena_alloc(a->arena, a->criteria->n * sizeof *out->results);
	a->views = arena_alloc(a->arena, a->criteria->n * sizeof *a->views);
	if (a->decisions == NULL || out->results == NULL || a->views == NULL)
		return error_nomem(a->err);
	if (plan(a) < 0 || read_samples(a, provider) < 0 || prepare_input(a) < 0 || assess_points(a) < 0 || make_views(a) < 0)
		return -1;
	if (a->judged) {
		if (decide_all(a) < 0)
			return -1;
		decide_combine(&a->combined, a->decisions, a->criteria->n,
			       a->input.ladder_end != INSTANT_NONE && a->input.ladder_end <= a->input.at, a->input.window_from,
			       a->input.window_to == INSTANT_NONE ? a->input.at : a->input.window_to, a->criteria);
	} else if (nothing_to_judge(a) < 0) {
		return -1;
	}
	mark_ill(a);
	if (read_steps(a) < 0)
		return -1;
	for (size_t i = 0; i < a->criteria->n; i++)
		if (fill_result(a, &out->results[out->n_results++], &a->decisions[i]) < 0)
			return -1;
	return 0;
}

/* ---- Provenance. */

static const char *engine_of(struct assessing *a)
{
	for (size_t i = 0; i < a->evidence->n; i++) {
		const struct observation *row = &a->evidence->rows[i];
		struct json *json;
		const char *version, *text = NULL;

		if (row->source != SOURCE_PROMETHEUS || row->body == NULL || strstr(row->request, "buildinfo") == NULL)
			continue;
		json = json_parse(row->body, row->body_len, NULL);
		version = json_string(json_path(json, "data.version"));
		if (version != NULL)
			text = arena_printf(a->arena, "Prometheus %s", version);
		json_free(json);
		if (text != NULL)
			return text;
	}
	return NULL;
}

/* The last that is cited of each log: it belongs to the evidence, though it came in behind the end. */
static void note_last(const struct ids *ids, evidence_id last[static HUMAN_LOG])
{
	for (size_t i = 0; i < ids->n; i++) {
		int64_t log = ids->id[i] >> 48;

		if (log < HUMAN_LOG && ids->id[i] > last[log])
			last[log] = ids->id[i];
	}
}

static void fill_rows(struct assessing *a)
{
	struct provenance *p = &a->out->provenance;
	int64_t from = a->r->started_at - a->criteria->history, head = 0;
	evidence_id last[HUMAN_LOG] = { 0 };

	for (size_t i = 0; i < a->out->n_timeline; i++)
		note_last(&a->out->timeline[i].ids, last);
	for (size_t i = 0; i < a->out->n_results; i++)
		note_last(&a->out->results[i].ids, last);
	for (size_t i = 0; i < a->evidence->n; i++) {
		const struct observation *row = &a->evidence->rows[i];
		bool cited = row->log < HUMAN_LOG && evidence_id_of(row) <= last[row->log];

		if (row->received_at < from || (row->received_at > a->out->evaluated_at && !cited))
			continue;
		p->rows++;
		p->first_seq = p->first_seq == 0 || row->seq < p->first_seq ? row->seq : p->first_seq;
		p->last_seq = row->seq > p->last_seq ? row->seq : p->last_seq;
		if (row->log == 0 && row->seq > head) {
			head = row->seq;
			memcpy(p->head, row->chain_sha256, DIGEST_SIZE);
		}
	}
}

static void fill_provenance(struct assessing *a)
{
	struct provenance *p = &a->out->provenance;

	p->engine = engine_of(a);
	p->flagger_version = a->r->flagger_after;
	p->service_label = a->all.n > 0 ? a->measure->arm_label[a->all.spelling] : NULL;
	p->scrape_interval = a->all.scrape_interval > 0 ? (double)a->all.scrape_interval / 1e9 : NAN;
	p->dispersion = a->criteria->n > 0 && a->decisions[0].dispersion_known ? a->decisions[0].dispersion : NAN;
	p->dispersion_text = isnan(p->dispersion) ? "dispersion unknown: the history holds too few pairs" : NULL;
	fill_rows(a);
}

void assess_arm_counts(const struct assessing *a, const struct criterion *criterion, int arm, int64_t *n, int64_t *k)
{
	const struct strata *strata = assess_view(a, criterion)->input.strata;

	*n = *k = 0;
	for (size_t i = 0; i < strata->n; i++)
		if ((strata->v[i].flags & STRATUM_REJECTED) == 0) {
			*n += strata->v[i].n[arm];
			*k += strata->v[i].k[arm];
		}
}

/* What makes only the canary's side of a reading useless. */
static bool shows_baseline(const struct reading *r)
{
	return r->state != READING_NOT_EVALUABLE || (r->reason != NULL && strcmp(r->reason, REASON_WARM_UP) == 0);
}

double assess_baseline_of(const struct assessing *a, const struct decision *d)
{
	if (d->reason != NULL && strcmp(d->reason, REASON_BASELINE_ILL) == 0)
		return NAN;
	if (!isnan(d->baseline))
		return d->baseline;
	for (size_t i = a->out->n_steps; i-- > 0;)
		for (size_t k = 0; k < a->out->steps[i].n_readings; k++) {
			const struct reading *r = &a->out->steps[i].readings[k];

			if (r->criterion == d->criterion && !isnan(r->baseline) && shows_baseline(r))
				return r->baseline;
		}
	return NAN;
}

int assess(struct assessment *out, const struct evidence *evidence, const struct rollout *rollout, const struct criteria *criteria,
	   const struct assess_options *options, struct arena *arena, struct error *err)
{
	struct assessing a = {
		.out = out, .evidence = evidence, .r = rollout, .criteria = criteria, .rollouts = options->all, .arena = arena, .err = err
	};

	*out = (struct assessment){
		.rollout = rollout, .criteria = criteria, .other_criteria = options->other_criteria, .planned_weight = NAN
	};
	out->evaluated_at = options->at != INSTANT_NONE ? options->at : rollout->last_row_at;
	out->partial = rollout->outcome == OUTCOME_RUNNING;
	if (assess_counts(&a) < 0 || assess_gaps(&a) < 0 || assess_sentences(&a) < 0 || assess_flagger(&a) < 0 || assess_recheck(&a) < 0 ||
	    assess_containment(&a) < 0 || assess_silence(&a) < 0 || assess_verdict(&a) < 0 || assess_findings(&a) < 0 ||
	    assess_first_reason(&a) < 0 || assess_conditions(&a) < 0 || assess_timeline(&a) < 0 || assess_trends(&a) < 0 ||
	    assess_baseline(&a) < 0)
		return error_wrap(err, "judging %.200s", rollout->id);
	assess_sign(&a);
	fill_provenance(&a);
	return 0;
}
