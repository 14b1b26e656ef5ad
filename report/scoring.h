/* From a judged rollout, or from a package, to its scorecard. */
#ifndef GONOGO_REPORT_SCORING_H
#define GONOGO_REPORT_SCORING_H

#include "gonogo/score.h"

struct arena;
struct assessment;
struct error;
struct rubric;
struct store;

/* A rubric file; the default where file is NULL or the word "default". */
int scoring_rubric(struct rubric *out, const char *file, struct arena *arena, struct error *err);

/* The marks that graders recorded: a log of its own (origin "gonogo/grades"), cited "D-003b". None where the file does not exist. */
int scoring_grades(struct records *out, const char *path, struct arena *arena, struct error *err);

/* By the bytes of an evidence.json; log_seen as for score_make. */
int scoring_bytes(struct scorecard *out, const struct rubric *rubric, const char *bytes, size_t len, bool log_seen,
		  const struct records *grades, struct arena *arena, struct error *err);

/* By an assessment into which the records were entered. */
int scoring_assessment(struct scorecard *out, const struct rubric *rubric, const struct assessment *a, const struct records *grades,
		       struct arena *arena, struct error *err);

#endif
