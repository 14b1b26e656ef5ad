/* What the gradebook formats share. */
#ifndef REPORT_GRADEBOOK_H
#define REPORT_GRADEBOOK_H

#include "gonogo/gradebook.h"

/* A line of notes for one student or heading; clean, on one line. subject may be NULL. */
void gradebook_note(struct buf *notes, const char *subject, const char *text);

/* Collects refusals: the first becomes the error, all become notes. */
struct refusals {
	struct buf *notes;
	struct error *err;
	size_t n;
};

int gradebook_refuse(struct refusals *r, const char *subject, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Points within range, sane maximum, login; refuses otherwise. */
void gradebook_check(struct refusals *r, const struct learner_mark *mark);

/* Up to four decimals, no exponent, no thousands separator, '.' or ',' as asked. */
#define POINTS_TEXT_MAX 40
const char *gradebook_points(char text[static POINTS_TEXT_MAX], double points, char decimal);

#endif
