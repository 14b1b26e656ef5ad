/* What a canary needs before its criteria can decide anything: traffic, time, histogram edges (facts/judge.md 3.2, 3.3), told from what its
 * baseline was like. Pure; texts live in the arena. */
#ifndef GONOGO_PLAN_H
#define GONOGO_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "gonogo/assessment.h"

struct arena;
struct error;

/* The baselines of several rollouts as one. */
struct plan_history {
	size_t rollouts;		/* that held any request of the baseline */
	double rate;			/* both arms' requests/s in the latest of them; NaN: none */
	double rate_least, rate_most;	/* among all of them */
	int64_t requests, failed;	/* of the baseline, of all of them */
	size_t n_edges;			/* of the latest; counts are of those with the same edges */
	double edges[EDGES_MAX];	/* seconds */
	int64_t timed, slow[EDGES_MAX];	/* requests with a histogram, those slower than each edge */
	size_t n_criteria;
	const double *dispersion;	/* one a criterion: median where known, else 1 */
};

enum plan_state {
	PLAN_SUFFICES,		/* decides on the ladder as it is, nine times in ten, if the canary is like its baseline */
	PLAN_SHORT,		/* would decide with more time or traffic */
	PLAN_NEVER,		/* no traffic makes it pass: the text says why */
	PLAN_UNKNOWN		/* history does not tell */
};
/* "suffices", … */
const char *plan_state_name(enum plan_state state);

/* One criterion. Numbers that do not exist are NaN. */
struct plan_need {
	const struct criterion *criterion;
	enum plan_state state;
	const char *by;			/* CARRIED_… of decide.h: what carries the PASS soonest; NULL */
	double requests;		/* of both arms, at the highest exposure, until it passes */
	double seconds;			/* that takes at the present traffic */
	double has_seconds;		/* what the ladder has at or above the evidence weight, for latency after the warm-up */
	double interval;		/* seconds a step with which this ladder would do; NaN */
	double detects_from;		/* ratio (error ratio) from which a bad canary is failed on the ladder as it is; NaN */
	const char *text;		/* one sentence */
};

/* What to change. */
struct plan_change {
	const char *object, *path, *from, *to, *why;	/* "Traefik", "Canary", "criteria.yaml", "traffic"; from NULL: not known */
};

struct plan {
	const struct canary_spec *spec;
	const struct criteria *criteria;
	const struct plan_history *history;
	size_t n_steps;
	const double *exposures;	/* 0…1, ascending */
	double interval, ladder_seconds, evidence_weight, evidence_seconds;
	size_t n_needs;
	struct plan_need *needs;
	bool suffices;			/* every criterion that counts */
	double interval_needed;		/* seconds a step for all that time can decide; NaN: none needs more, or none can */
	size_t n_edges;			/* to configure; 0: those there are do */
	double edges[EDGES_MAX];
	size_t n_changes, cap_changes;
	struct plan_change *changes;
};

/* Pools baselines, newest first, all judged by the same criteria. */
int plan_history_of(struct plan_history *out, const struct baseline *const *past, size_t n, size_t n_criteria, struct arena *arena,
                    struct error *err);

/* exposures: of the ladder, 0…1, ascending; one of 1 for iterations. history and the rest must outlive the plan. */
int plan_make(struct plan *out, const struct canary_spec *spec, const double *exposures, size_t n_steps, const struct criteria *criteria,
              const struct plan_history *history, struct arena *arena, struct error *err);

#endif
