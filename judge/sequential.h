/* Evidence at any time: a mixture of likelihood ratios over fixed gaps, restarted at every step (facts/judge.md 4.2). */
#ifndef JUDGE_SEQUENTIAL_H
#define JUDGE_SEQUENTIAL_H

#include <stdbool.h>

#include "tally.h"

struct arena;

#define WATCH_GAPS 5

/* Contribution of a stratum to each gap. */
struct watch_term {
	double gap[WATCH_GAPS];
};

/* Strata between two restarts that may be the one whose absence hurts most: none here contributes less than another to every gap. */
struct watch_block {
	struct watch_term before;	/* sums of all that came before this restart */
	size_t start;			/* number of the restart's first stratum */
	struct watch_term *front;
	size_t n_front, cap_front;
};

/* Grows by one stratum a scrape; all sums are kept, so a look costs restarts × gaps. */
struct watch {
	double r0, d;
	enum direction direction;
	struct watch_term total;
	size_t n;			/* strata so far */
	struct watch_block *blocks;	/* one a restart */
	size_t n_blocks, cap_blocks;
	struct arena *arena;
};

void watch_init(struct watch *watch, double r0, enum direction direction, double d, struct arena *arena);

/* restart: a new window begins with this stratum (the first always begins one). -1: out of memory. */
int watch_add(struct watch *watch, const struct tally *tally, bool restart);

/* ln E = ln Σ e_s/(j(j+1)) over the restarts begun; from: only restarts from this number on (0: all). -INFINITY without any. */
double watch_ln_e(const struct watch *watch, size_t from);

/* The least ln E with one stratum left out: "not the work of one scrape". */
double watch_ln_e_min(const struct watch *watch, size_t from);

/* Number of the restart with the largest e_s/(j(j+1)); *start (may be NULL) its first stratum. */
size_t watch_dominating(const struct watch *watch, size_t from, size_t *start);

/* ln of e_s/(j(j+1)) of one restart. */
double watch_ln_part(const struct watch *watch, size_t block);

/* ln E of given strata without keeping anything: starts are ascending stratum numbers, the first 0; NULL: one window, undivided by j(j+1). */
double evidence_ln(const struct tally *v, size_t n, const size_t *starts, size_t n_starts, double r0, enum direction direction, double d);

#endif
