/* Criteria on a metric's own value: what Flagger would have read at each of its intervals, from the stored samples. */
#include <math.h>
#include <string.h>

#include "assess.h"
#include "check.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"

/* More intervals than an analysis has. */
#define POINTS_MAX 2000

static const struct canary_metric *metric_of(const struct assessing *a, const struct criterion *c)
{
	for (size_t i = 0; i < a->r->spec.n_metrics; i++)
		if (c->metric != NULL && strcmp(a->r->spec.metrics[i].name, c->metric) == 0)
			return &a->r->spec.metrics[i];
	return NULL;
}

static int add_points(struct assessing *a, const struct criterion *c, const struct check *check, struct decide_point *points)
{
	int64_t end = a->input.window_to == INSTANT_NONE ? a->input.at : a->input.window_to, interval = a->r->spec.interval;
	size_t n = 0;

	for (int64_t at = a->input.window_from + interval; at <= end && n < POINTS_MAX; at += interval, n++) {
		struct decide_point *p = &points[a->input.n_points];
		const char *why_not = NULL;
		int rc;

		*p = (struct decide_point){ .criterion = c, .at = at };
		rc = check_value(check, a, at, &p->value, &why_not);
		if (rc < 0)
			return -1;
		if (rc > 0)
			return 0;
		a->input.n_points++;
	}
	return 0;
}

int assess_points(struct assessing *a)
{
	size_t wanted = 0;
	struct decide_point *points;

	for (size_t i = 0; i < a->criteria->n; i++)
		wanted += a->criteria->v[i].kind == CRITERION_POINT;
	if (wanted == 0 || a->r->spec.interval <= 0 || a->out->series == NULL)
		return 0;
	points = arena_alloc(a->arena, wanted * POINTS_MAX * sizeof *points);
	if (points == NULL)
		return error_nomem(a->err);
	a->input.points = points;
	for (size_t i = 0; i < a->criteria->n; i++) {
		const struct criterion *c = &a->criteria->v[i];
		const struct canary_metric *m = c->kind == CRITERION_POINT ? metric_of(a, c) : NULL;
		const char *why_not = NULL;
		struct check check;
		int rc = m == NULL ? 1 : check_make(&check, a, m, m->template_name != NULL, &why_not);

		if (rc < 0 || (rc == 0 && add_points(a, c, &check, points) < 0))
			return -1;
	}
	return 0;
}
