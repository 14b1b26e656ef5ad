/* Marks into the gradebooks that courses keep: Canvas, CSV as nbgrader's, Gradescope, GitHub Classroom (facts/peers.md 6 and 10).
 * Ungraded is never 0: what cannot be decided is left out and said. */
#ifndef GONOGO_GRADEBOOK_H
#define GONOGO_GRADEBOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "gonogo/rubric.h"

struct buf;
struct error;

struct criterion_mark {
	const char *name;
	bool graded; /* false: a person must; points mean nothing then */
	double points, max;
	const char *text; /* why; "" if nothing */
	const char *evidence; /* ids, "E-12, E-14"; "" if none */
	enum mark_visibility visibility;
};

struct learner_mark {
	const char *login;
	const char *first_name, *last_name, *email; /* of the roster; NULL if unknown */
	bool graded; /* the whole; false where a criterion is still open */
	double points, max; /* points: 0…max where graded; max above 0 */
	const char *remark; /* on the whole, for the learner; NULL */
	const struct criterion_mark *criteria;
	size_t n_criteria;
};

/* Remarks for people, one a line: what was kept, and all that is refused. More than a class has lines. */
#define GRADEBOOK_NOTES_MAX ((size_t)4 * 1024 * 1024)

/* Every function leaves out empty and returns -1 when anything is refused: err names the first student or heading, notes (may be NULL)
 * all of them. out is the caller's, initialised and empty. */

/* Merges the marks into the instructor's own export, joined on "SIS Login ID" (without regard to case, as Canvas does). Only cells of the
 * column change, and only for graded marks; `EX`, `N/A` and ungraded stay. column: its heading, or the heading without " (ID)".
 * Refused: a heading that Canvas would drop, another maximum, a mark above it, an unknown or repeated login, a cell that holds no number. */
int gradebook_canvas(struct buf *out, struct buf *notes, const char *exported, size_t len, const char *column, const struct learner_mark *marks,
		     size_t n, struct error *err);

struct gradebook_assignment {
	const char *name;
	const char *due; /* as the course writes it; "" if none */
	const char *evaluated_at; /* RFC 3339 */
};

/* nbgrader's columns, every cell quoted (nbgrader's own file breaks on a comma in a name). */
int gradebook_csv(struct buf *out, struct buf *notes, const struct gradebook_assignment *assignment, const struct learner_mark *marks, size_t n,
		  struct error *err);

/* results.json of one learner, one test a criterion. An open criterion has no score; the whole has one only when all is graded. */
int gradebook_gradescope(struct buf *out, struct buf *notes, const struct learner_mark *mark, struct error *err);

/* The results that GitHub Classroom's reporter reads, of one learner: one test a point (or a half, a quarter, a tenth), because it has
 * counted passed tests and added up scores. Open criteria and those that are not MARK_VISIBLE are left out and said: it has neither. */
int gradebook_classroom(struct buf *out, struct buf *notes, const struct learner_mark *mark, bool base64, struct error *err);

#endif
