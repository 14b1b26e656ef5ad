/* What people made of a computed verdict: who decided what on which package, and what holds now. Pure. */
#ifndef GONOGO_RULING_H
#define GONOGO_RULING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/assessment.h"
#include "gonogo/record.h"

struct arena;
struct error;

enum ruling_state {
	RULING_NONE,	/* nobody decided: the computed verdict holds */
	RULING_DECIDED,
	RULING_WAITING,	/* a GO that needs another person's; until then it is HOLD, or the computed verdict where that is NO-GO */
	RULING_EXPIRED	/* the last decision was good until a time that has passed */
};
/* "none", … */
const char *ruling_state_name(enum ruling_state state);

struct ruled {
	const struct record *decision;
	bool counts;			/* made on this package, and not superseded */
	const char *why_not;		/* NULL where it counts */
};

struct ruling {
	const char *package;		/* digest of this package, 64 hexadecimal digits */
	bool recorded;			/* there is a log of human records at all: what is not in it was not recorded */
	enum ruling_state state;
	enum verdict effective;
	bool overridden;		/* state decided, and another verdict than the computed one */
	const struct record *decision;	/* the last that counts; NULL */
	size_t persons, persons_needed;	/* that agree on a GO; needed: 1 or 2 */
	size_t n_history;
	struct ruled *history;		/* every decision on this rollout, oldest first */
	const char *text;		/* one sentence */
	size_t n_actions;
	struct action *actions;
	const struct records *records;	/* of this rollout */
	const struct record *approval;	/* of the criteria judged by, before the start; NULL: none */
	const struct record *late_approval;	/* the first one after the start; NULL */
};

/* package: digest of the package as computed, before any record enters it. now: for `until`; INSTANT_NONE: nothing expires, as in a
 * report, whose bytes do not depend on the clock. */
int ruling_make(struct ruling *out, const struct assessment *assessment, const struct records *all, const char *package, int64_t now,
                struct arena *arena, struct error *err);

/* Enters the records into the assessment: notes and decisions into its timeline, rehearsals into its conditions; sets its ruling. */
int assess_records(struct assessment *assessment, const struct ruling *ruling, struct arena *arena, struct error *err);

#endif
