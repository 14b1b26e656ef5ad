/* Counts by scrape interval and arm, made from raw samples (facts/judge.md 4.1): what every criterion is decided on. */
#ifndef GONOGO_STRATA_H
#define GONOGO_STRATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/evidence.h"

#define ARM_CANARY 0
#define ARM_BASELINE 1
#define ARMS 2

/* Traefik's default has 4 edges, a dense histogram some 20; 64 is far above any in use. */
#define EDGES_MAX 64

enum stratum_flag {
	STRATUM_RESET = 1,	/* a process restarted: what passed between the last scrape and the restart is lost */
	STRATUM_SEAM = 2,	/* a counter fell without a restart: two servers answer as one; the running maximum was held */
	STRATUM_BORN = 4,	/* a series began inside the interval on a target that was scraped before */
	STRATUM_RENAMED = 8,	/* a series was carried over under another label */
	STRATUM_LONG = 16,	/* longer than one scrape: the target was not scraped in between */
	STRATUM_ALIGNED = 32,	/* spread onto a common grid (providers with one target a pod) */
	STRATUM_PARTIAL = 64,	/* the server said the answer was not complete */
	STRATUM_REJECTED = 128	/* implausible (le counts not monotone, a birth larger than its interval): n, k, slow are 0 */
};

/* (from, to]: the increments between two scrapes. */
struct stratum {
	int64_t from, to;	/* ns */
	int64_t n[ARMS];	/* requests */
	int64_t k[ARMS];	/* of an error class */
	int64_t *slow[ARMS];	/* requests slower than edge e, for each edge; NULL if that arm has no usable histogram here */
	bool seen[ARMS];	/* a target of that arm was scraped at both ends */
	unsigned flags;
	struct ids ids;		/* observations that the samples came from */
};

struct strata_note {
	const char *kind;	/* "reset", "replica-seam", "born", "renamed", "rejected", "no-series", "label-exported", "native-histogram",
	                         * "partial", "first-sight", "edges-differ", "foreign-series", "malformed", "class-unseen" */
	int64_t at;
	const char *text;	/* a sentence; holds cluster text in `backticks` only */
	struct ids ids;
};

struct strata {
	struct stratum *v;	/* in time; between two strata there may be a hole */
	size_t n, cap;
	double edges[EDGES_MAX];	/* seconds, ascending, finite; those that both arms have */
	size_t n_edges;
	int64_t scrape_interval;	/* ns, the median; 0: fewer than two scrapes */
	const signed char *arms;	/* of each series of the set: ARM_…, -1 */
	size_t spelling;		/* measure.h: of the labels found */
	const char *unseen_class;	/* of the error classes: one that no series can show; NULL */
	bool found[ARMS];		/* any series at all for that arm */
	bool partial[ARMS];		/* an answer about this arm was marked incomplete */
	size_t n_notes, cap_notes;
	struct strata_note *notes;
	struct ids ids[ARMS];		/* all observations used */
};

struct series_set;
struct measure;
struct arena;
struct error;

struct strata_spec {
	const struct measure *measure;
	size_t n_error_classes;
	const char *const *error_classes;	/* criteria.h: "5.." */
};

/* All strata of both arms in the set, which must be finished. The same samples give the same strata in whatever order they came. */
int strata_build(struct strata *out, const struct series_set *set, const struct strata_spec *spec, struct arena *arena, struct error *err);

#endif
