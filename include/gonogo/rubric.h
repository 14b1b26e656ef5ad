/* How a rollout is graded: rubric.yaml (schema/rubric.schema.json; default schema/rubric.yaml, the course's twenty points). */
#ifndef GONOGO_RUBRIC_H
#define GONOGO_RUBRIC_H

#include <stddef.h>
#include <stdint.h>

#include "gonogo/digest.h"

struct arena;
struct error;

/* When a learner may see a criterion: Gradescope's words. */
enum mark_visibility { MARK_VISIBLE, MARK_AFTER_DUE_DATE, MARK_AFTER_PUBLISHED, MARK_HIDDEN };

#define RUBRIC_CRITERIA_MAX 100
#define RUBRIC_STOPS_MAX 20

struct rubric_criterion {
	const char *id;			/* [a-z0-9-]{1,63} */
	const char *title;
	double points, part;		/* full, and where the test is met in part; 0 < points, 0 ≤ part ≤ points */
	const char *test;		/* a name of score.h's; NULL: a person grades */
	enum mark_visibility visibility;
	const char *hint;		/* what a learner is told to do; NULL */
	const char *full, *some, *none;	/* what all, some, and no points stand for, in the course's words; NULL */
};

struct rubric_stop {
	const char *id, *title;
	const char *test;
	double cap;			/* the whole grade is at most that */
};

struct rubric {
	const char *title;
	size_t n, n_stops;
	struct rubric_criterion *v;
	struct rubric_stop *stops;
	double max;			/* all points */
	uint8_t sha256[DIGEST_SIZE];	/* of the bytes */
	const char *source;		/* "default", or the file's name */
};

/* bytes NULL: the default. Unknown keys, tests and words, numbers out of range and repeated ids are ERR_SYNTAX with line and column. */
int rubric_parse(struct rubric *out, const char *bytes, size_t len, const char *file, struct arena *arena, struct error *err);

#endif
