/* A scorecard: a rubric applied to evidence.json, so that a package can be graded where its log is not at hand, and by other programs the
 * same way. Pure. What cannot be decided is open, never 0; what is awarded cites evidence. */
#ifndef GONOGO_SCORE_H
#define GONOGO_SCORE_H

#include <stdbool.h>
#include <stddef.h>

#include "gonogo/record.h"
#include "gonogo/rubric.h"

struct arena;
struct error;
struct json;
struct json_writer;

enum score_level { SCORE_NONE, SCORE_PART, SCORE_FULL, SCORE_OPEN };
/* "none", "part", "full", "open" */
const char *score_level_name(enum score_level level);

struct scored {
	const struct rubric_criterion *criterion;
	enum score_level level;		/* by the automatic test; SCORE_OPEN where there is none or it cannot be decided */
	double automatic;		/* points of the test; NaN: open */
	double points;			/* that count: the grader's where there are some; NaN: open */
	const char *text;		/* what was found, one sentence without a full stop */
	const char *evidence;		/* "E-012, R-01"; "" if none */
	const struct record *override;	/* the grader's mark; NULL */
};

struct scored_stop {
	const struct rubric_stop *stop;
	bool hit;
	const char *text, *evidence;
};

struct scorecard {
	const struct rubric *rubric;
	const char *rollout;		/* id */
	const char *evaluated_at;	/* RFC 3339 */
	const char *package;		/* digest of the package; "" if it has none */
	char events[DIGEST_HEX_SIZE];	/* of the events as this log has them, whatever the criteria: copies share it, collectors do not */
	bool log_seen;			/* false: a package by itself, whose bytes and records nobody can verify */
	struct scored *v;		/* as many as the rubric has */
	struct scored_stop *stops;
	size_t n_open, n_hits, n_hidden;
	bool graded;			/* nothing is open */
	double earned;			/* sum of what is decided */
	double earned_max;		/* of the criteria decided */
	double points;			/* the grade: earned, capped by hard stops */
};

/* Whether there is an automatic test, or a hard stop's test, of that name. */
bool score_has_test(const char *name);
bool score_has_stop(const char *name);

/* evidence: a parsed evidence.json; log_seen: made just now from verified logs, not handed in as a file. Without the log, criteria that
 * rest on human records are open. grades: records, of which the last grade for this rollout, its events and the criterion counts; may be
 * NULL. Texts live in the arena. ERR_SYNTAX: no evidence.json of this version; ERR_USAGE: a grade for another maximum than the rubric's, with its id. */
int score_make(struct scorecard *out, const struct rubric *rubric, const struct json *evidence, bool log_seen,
               const struct records *grades, struct arena *arena, struct error *err);

/* What the rubric says of the points that count; NULL: nothing, or they are open. */
const char *score_level_text(const struct scored *scored);

/* Whether a test rests on what people recorded. */
bool score_needs_records(const char *test);

/* The object "scorecard" of evidence.json. learner: criteria that are not visible show no mark, and the total is left out if there are any. */
void score_put(struct json_writer *w, const char *key, const struct scorecard *card, bool learner);

/* Whether the total may be shown to a learner. */
bool score_shows_total(const struct scorecard *card);

#endif
