/* What all criteria of one judgement share: the scrape intervals in order, where they stand on the ladder, and whether anything may be
 * decided at all (facts/judge.md 4.7: validity before verdict). */
#ifndef JUDGE_GROUND_H
#define JUDGE_GROUND_H

#include "gonogo/decide.h"
#include "gonogo/traffic.h"

/* Half of each error budget goes to the watch, half to the gate (1). */
#define BETA 0.05
/* PASS by one of two ways, or from both sides: a quarter of beta each (4.5: 2.2414 and 80); by one way: half (1.96 and 40). */
#define TAIL_OF_TWO (BETA / 4)
#define TAIL_OF_ONE (BETA / 2)
/* A scrape interval that is judged. */
struct moment {
	const struct stratum *s;
	bool restart;		/* a step begins with it, or HOLD */
	bool evidence;		/* lies wholly at or above the evidence weight */
	bool held;		/* after the ladder's end: not part of the gate */
};

/* Running sums up to a moment. */
struct standing {
	int64_t n[ARMS];
	int64_t covered;
	struct split_check split;
};

struct ground {
	const struct decide_input *in;
	struct arena *arena;
	struct moment *v;
	size_t n;
	int64_t scrape;			/* ns */
	int64_t from;			/* window's beginning */
	int64_t end;			/* evaluation time, or the window's end if that is earlier */
	bool ended;			/* the ladder has ended by then */
	size_t gate;			/* number of moments that the gate looks at */
	double ill_limit;		/* success rate below which the baseline is ill; NaN: no such criterion */
	int64_t ill_at;			/* when the baseline was surely below it; INSTANT_NONE: not */
	double dispersion;		/* of the errors */
	bool dispersion_known;
	size_t per_step;		/* scrapes a step, for dispersion; 0: unknown */
};

/* -1: the input is not plausible. */
int ground_init(struct ground *ground, const struct decide_input *in, struct arena *arena, struct error *err);

/* A moment counts for a criterion that needs these arms: complete answers only. */
bool moment_usable(const struct ground *ground, const struct moment *moment, bool relative);

/* Adds a moment, usable or not. */
void standing_add(struct standing *standing, const struct ground *ground, const struct moment *moment, bool usable);

/* Why nothing may be decided at `at`, or NULL. */
const char *standing_reason(const struct standing *standing, const struct ground *ground, bool relative, int64_t at);

/* Requests of both arms a second over the last minute of moments; NaN. *share (may be NULL): the canary's. */
double ground_rate(const struct ground *ground, double *share);

/* Sets every number of a decision to "does not exist". */
void decision_init(struct decision *out, const struct criterion *criterion);

/* Takes back a PASS. */
void decision_reopen(struct decision *out);

bool reason_is(const char *reason, const char *code);

/* Highest exposure: of the plan while the ladder goes on, else of the steps. */
double ground_highest(const struct decide_input *in);

/* Exposure and weight of the analysis step at a time, else of the highest step begun until then. */
void decision_place(struct decision *out, const struct ground *ground, int64_t at);

int decide_rate(struct decision *out, const struct ground *ground, const struct criterion *criterion, struct error *err);
int decide_quantile(struct decision *out, const struct ground *ground, const struct criterion *criterion, struct error *err);

#endif
