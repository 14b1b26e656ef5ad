/* Every sample of a recording, merged from its answers into one store. */
#ifndef PROMSTORE_H
#define PROMSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct recording;

struct label {
	const char *name, *value;
};

struct sample {
	int64_t ms;		/* since the epoch, Prometheus' own unit */
	const char *value;	/* as it was written: "12", "NaN" */
};

struct target;

struct series {
	const char *key;	/* its labels as JSON, sorted by name: equal for the same series */
	struct label *labels;
	size_t n_labels;
	struct sample *v;	/* ascending, no time twice */
	size_t n, cap;
	struct target *target;	/* NULL: has no job and instance */
};

/* What is scraped under one job and instance: all its samples of one scrape bear one time. */
struct target {
	const char *job, *instance;
	int64_t *scrapes;	/* ms, ascending */
	size_t n, cap;
};

struct promstore {
	struct series *v;	/* by key */
	size_t n, cap;
	struct target *targets;
	size_t n_targets, cap_targets;
	struct arena *arena;
};

/* Samples in [without_from, without_to] (ms) do not exist; from > to: all do. */
int promstore_open(struct promstore *out, const struct recording *recording, int64_t without_from, int64_t without_to, struct error *err);
void promstore_close(struct promstore *store);

/* "" if the series has no such label. */
const char *series_label(const struct series *series, const char *name);

/* The samples in [from, to] (ms): index of the first in *first, and how many. */
size_t series_span(const struct series *series, int64_t from, int64_t to, size_t *first);

/* Whether the target was scraped in (from, to]: a series that has no sample there has ended (staleness). */
bool target_scraped(const struct target *target, int64_t from, int64_t to);

#endif
