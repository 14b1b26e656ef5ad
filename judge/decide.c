#include "gonogo/decide.h"

#include <math.h>

#include "gonogo/error.h"
#include "ground.h"

/* A single value is as thin as Flagger's own check, which forgives it too: two in a row are beyond (no interval can be had). */
#define POINTS_BEYOND 2

static bool point_beyond(const struct criterion *criterion, double value)
{
	return criterion->point_is_max ? value > criterion->limit : value < criterion->limit;
}

static void decide_points(struct decision *out, const struct ground *ground, const struct criterion *criterion)
{
	const struct decide_input *in = ground->in;
	double weight = evidence_weight(in);
	size_t beyond = 0, within = 0, outside = 0;

	out->state = CRITERION_UNDECIDED;
	for (size_t i = 0; i < in->n_points && out->state != CRITERION_FAIL; i++) {
		const struct decide_point *p = &in->points[i];

		if ((p->criterion != NULL && p->criterion != criterion) || p->at > ground->end || isnan(p->value))
			continue;
		out->value = p->value;
		out->looks++;
		beyond = point_beyond(criterion, p->value) ? beyond + 1 : 0;
		outside += beyond > 0;
		within += beyond == 0 && exposure_at(in, p->at) >= weight - 1e-9;
		if (beyond < POINTS_BEYOND)
			continue;
		out->state = CRITERION_FAIL;
		out->decided_at = p->at;
	}
	if (out->state != CRITERION_FAIL && ground->ended && within > 0 && outside == 0) {
		out->state = CRITERION_PASS;
		out->decided_at = in->ladder_end;
	}
	if (out->decided_at != INSTANT_NONE) {
		out->test = DECIDED_FINAL;
		out->carried = CARRIED_POINT;
	} else if (out->looks == 0) {
		out->state = CRITERION_NOT_EVALUABLE;
		out->reason = REASON_NO_DATA;
	} else {
		out->reason = REASON_UNRESOLVED;
	}
	decision_place(out, ground, out->decided_at != INSTANT_NONE ? out->decided_at : ground->end);
}

static int decide_one(struct decision *out, const struct ground *ground, const struct criterion *criterion, struct error *err)
{
	decision_init(out, criterion);
	switch (criterion->kind) {
	case CRITERION_ERROR_RATIO:
	case CRITERION_SUCCESS_RATE:
		if (decide_rate(out, ground, criterion, err) != 0)
			return error_wrap(err, "criterion %s", criterion->name);
		break;
	case CRITERION_QUANTILE_RATIO:
	case CRITERION_QUANTILE_ABSOLUTE:
		if (decide_quantile(out, ground, criterion, err) != 0)
			return error_wrap(err, "criterion %s", criterion->name);
		break;
	case CRITERION_POINT:
		decide_points(out, ground, criterion);
		break;
	}
	if (reason_is(out->reason, REASON_BASELINE_ILL))
		out->ill = ground->in->baseline_ill         ? ground->in->baseline_ill
			   : ground->ill_at != INSTANT_NONE ? "the baseline is surely below the success limit itself"
							    : "the baseline receives no requests";
	return 0;
}

int decide_criterion(struct decision *out, const struct decide_input *in, const struct criterion *criterion, struct arena *arena,
		     struct error *err)
{
	struct ground ground;

	if (ground_init(&ground, in, arena, err) != 0)
		return -1;
	return decide_one(out, &ground, criterion, err);
}

int decide(struct decision *out, const struct decide_input *in, struct arena *arena, struct error *err)
{
	struct ground ground;

	if (ground_init(&ground, in, arena, err) != 0)
		return -1;
	for (size_t i = 0; i < in->criteria->n; i++)
		if (decide_one(&out[i], &ground, &in->criteria->v[i], err) != 0)
			return -1;
	return 0;
}

void decide_combine(struct combination *out, const struct decision *decisions, size_t n, bool ladder_ended, int64_t analysis_from,
		    int64_t at, const struct criteria *criteria)
{
	size_t required = 0, passed = 0, first_fail = n, first_open = n;

	*out = (struct combination){ .verdict = VERDICT_HOLD };
	for (size_t i = 0; i < n; i++) {
		const struct decision *d = &decisions[i];

		if (d->criterion->informational)
			continue;
		required++;
		passed += d->state == CRITERION_PASS;
		if (d->state == CRITERION_FAIL && first_fail == n)
			first_fail = i;
		if (d->state != CRITERION_PASS && d->state != CRITERION_FAIL && first_open == n)
			first_open = i;
		out->environment |= d->state == CRITERION_FAIL && d->environment;
	}
	out->deciding = first_fail < n ? first_fail : first_open;
	if (first_fail < n)
		out->verdict = VERDICT_NO_GO;
	else if (ladder_ended && required > 0 && passed == required)
		out->verdict = VERDICT_GO;
	if (out->verdict != VERDICT_HOLD)
		return;
	out->so_far = !ladder_ended;
	out->expired = analysis_from != INSTANT_NONE && at - analysis_from >= criteria->deadline;
}
