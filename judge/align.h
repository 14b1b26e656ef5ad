/* Strata of several scraped targets laid onto one grid (facts/judge.md 4.1, rule 4). */
#ifndef JUDGE_ALIGN_H
#define JUDGE_ALIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/strata.h"

struct arena;
struct error;

/* When one target was scraped. */
struct scrapes {
	const char *key;
	const int64_t *times;	/* ns, ascending */
	size_t n;
	int64_t interval;	/* ns, the median */
	bool of[ARMS];		/* it has series of that arm */
};

struct aligning {
	struct strata *out;	/* ordered by end; scrape_interval is set */
	const struct scrapes *targets;
	size_t n;		/* 1 or more */
	struct arena *arena;
	struct error *err;
};

/* Pods of one ingress, each with both arms: one stratum a scrape interval of the one scraped most, summed over them. */
int strata_align(struct aligning *a);

/* Every pod a target of its own: increments are spread evenly over their interval onto a grid of one scrape interval. A cell in which
 * less than 80 % of an arm was watched, while a pod of it lived, is rejected. */
int strata_spread(struct aligning *a);

/* One more stratum, with room for its buckets; NULL: memory. */
struct stratum *strata_add(struct strata *out, int64_t from, int64_t to, struct arena *arena);

#endif
