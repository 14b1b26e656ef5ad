/* A class: many learners' evidence, one rubric, the gradebooks that courses keep. */
#ifndef GONOGO_REPORT_CLASS_H
#define GONOGO_REPORT_CLASS_H

#include <stdbool.h>
#include <stddef.h>

#include "gonogo/cli.h"
#include "gonogo/gradebook.h"
#include "gonogo/score.h"

/* More than any course has. */
#define CLASS_MAX 5000

struct class_options {
	const char *directory; /* one entry a learner */
	const char *rubric, *grades; /* files; NULL: the default, none */
	const char *roster; /* CSV; NULL: who handed in is the class */
	const char *canary; /* NAMESPACE/CANARY; NULL: the only one of each log */
	const char *marks; /* CSV of marks instead of DIR */
	const char *csv, *canvas, *column, *gradescope, *classroom, *feedback;
	const char *assignment, *due;
};

enum handed_in { HANDED_NOTHING, HANDED_LOG, HANDED_PACKAGE };

struct learner {
	const char *login;
	const char *first_name, *last_name, *email; /* of the roster; NULL */
	bool in_roster;
	enum handed_in kind;
	const char *path; /* evidence.db or evidence.json */
	const char *decisions; /* where human records would be */
	const char *reason; /* why there is no mark, for the grader; NULL: scored */
	const char *told; /* the same for the learner: names nobody else */
	struct scorecard card; /* where reason is NULL */
	struct learner_mark mark;
};

struct class
{
	const struct class_options *options;
	struct rubric rubric;
	struct records grades;
	struct arena *arena;
	size_t n, cap;
	struct learner *v; /* the roster's order, then by name */
};

/* Reads DIR and the roster. */
int class_gather(struct class *class, struct error *err);

/* Scores all; a learner that cannot be scored has a reason, and nobody else suffers from it. */
int class_mark(const struct cli *cli, struct class *class, struct error *err);

/* LOGIN.md, and LOGIN.pdf where there is a log. */
int class_feedback(const struct cli *cli, const struct class *class, struct error *err);

/* The marks of options->marks: columns login (or sis_login_id), points, max_points, status (graded, ungraded). ERR_SYNTAX names the line. */
int class_read_marks(struct learner_mark **out, size_t *n, const struct class *class, struct error *err);

/* All of it, with the gradebooks asked for and a summary. */
int class_score(const struct cli *cli, const struct class_options *options, struct arena *arena, struct error *err);

#endif
