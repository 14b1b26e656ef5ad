/* A test that grows by a stratum a scrape: the counts for the gate, the sums for the watch, and which moment each came from. */
#ifndef JUDGE_LINE_H
#define JUDGE_LINE_H

#include "gonogo/interval.h"
#include "sequential.h"

/* "Not the work of one scrape": what must be left of either test without the worst stratum (4.5). */
#define E_WITHOUT_WORST 5.0
#define TAIL_WITHOUT_WORST 0.1

struct line {
	struct tally *v;
	size_t n, cap;
	size_t *moments;	/* of each stratum */
	size_t cap_moments;
	size_t *starts;		/* strata that began a window */
	size_t n_starts, cap_starts;
	bool pending;		/* a restart waits for the next stratum */
	struct watch watch;
	double d;
};

void line_init(struct line *line, double r0, enum direction direction, double d, struct arena *arena);

/* A moment without a stratum of this line (m < 0) only hands its restart on. -1: out of memory. */
int line_add(struct line *line, double a, int64_t m, int64_t k, size_t moment, bool restart);

/* The watch's and the gate's conditions to FAIL, without that on the estimate's size; half of alpha each (facts/judge.md 4.5). from: only
 * windows from this restart on. */
bool line_alarms(const struct line *line, double alpha, size_t from);
bool line_refutes(const struct line *line, double alpha);

/* Anytime bounds over all windows: at ln E = ln_x on either side. */
struct interval line_bounds_anytime(const struct line *line, double ln_lo, double ln_hi);

#endif
