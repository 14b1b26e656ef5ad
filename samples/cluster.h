/* What the API server held, at any moment of a recording: lists, watch lines, and the state that they add up to. */
#ifndef CLUSTER_H
#define CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct recording;

/* An object as it was sent. */
struct item {
	const char *key;	/* "namespace/name": the order of a list */
	const char *bytes;
	size_t len;
};

/* An array of items sorted by key. */
struct state {
	struct item *v;
	size_t n;
};

/* One row of kubernetes.ndjson. */
struct entry {
	int64_t t;
	bool list;
	const char *line;	/* a watch line's bytes, without the line end */
	const char *type;	/* "ADDED" … "BOOKMARK", "ERROR"; NULL for a list */
	const char *rv;		/* of the list or of the object; NULL in an ERROR */
	struct item object;	/* of a watch line */
	struct state items;	/* of a list */
	bool sent;		/* some watch got it */
};

/* A path that was listed and watched. */
struct resource {
	const char *path;
	const char *kind;	/* "CanaryList" */
	const char *api_version;
	struct entry *v;	/* in order; the first is a list */
	size_t n, cap;
};

struct cluster {
	struct resource *v;
	size_t n, cap;
	const char *version;	/* gitVersion */
	struct arena *arena;
};

/* Strings are borrowed from the recording. */
int cluster_open(struct cluster *out, const struct recording *recording, struct error *err);
void cluster_close(struct cluster *cluster);

/* NULL if it was not recorded. len: of the path. */
struct resource *cluster_find(const struct cluster *cluster, const char *path, size_t len);

/* How many entries had come by then; at least 1: before its time the first list stands for what was before it. */
size_t resource_reached(const struct resource *resource, int64_t now);

/* The objects after the first n entries, in memory of the arena. */
int resource_state(struct state *out, const struct resource *resource, size_t n, struct arena *arena, struct error *err);

/* The resourceVersion after the first n entries. */
const char *resource_version(const struct resource *resource, size_t n);

/* Where a watch from that resourceVersion goes on: the number of entries it has seen. 0 if it is unknown among the first n, or lies before
 * a later list (the recorder lost its watch there: what happened in between is not known). */
size_t resource_position(const struct resource *resource, const char *rv, size_t n);

#endif
