/* The evidence log in SQLite: append-only, chained, durable. The one place that knows SQL. See schema/evidence.sql. */
#ifndef GONOGO_STORE_H
#define GONOGO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/digest.h"
#include "gonogo/observation.h"

struct error;
struct store;

/* Longest body kept; larger input is recorded by size and digest ("skipped"). A list page of 50 canaries is ~130 KB, the raw samples
 * of a long window some MB. */
#define STORE_BODY_MAX (64U * 1024 * 1024)

enum store_mode {
	STORE_WRITE,	/* creates if absent; WAL, synchronous=FULL; flock beside the file: ERR_BUSY names the holder's pid */
	STORE_READ,	/* read-only, foreign files safe: DEFENSIVE, trusted_schema=OFF, limits */
	STORE_READ_STILL /* the same for a file that nobody writes any more, such as a hand-in: leaves no -wal and -shm beside it */
};

/* origin (STORE_WRITE, new file): names the log in every leaf, e.g. "gonogo/staging-eu/evidence"; NULL keeps the file's.
 * ERR_NOT_FOUND, ERR_VERSION (newer schema, or another application's file), ERR_BUSY. */
int store_open(struct store **out, const char *path, enum store_mode mode, const char *origin, struct error *err);
void store_close(struct store *store);

const char *store_origin(const struct store *store);

/* True if the file was written in WAL mode and copied without its -wal, so that its newest rows may be missing (a reader says so). */
bool store_wal_missing(const struct store *store);

/* One transaction a turn. ERR_FULL: the whole transaction was rolled back; the caller keeps its batch and retries. After an I/O error
 * the store must be closed and opened again. */
int store_begin(struct store *store, struct error *err);
int store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store);

/* Appends; fills seq, body_sha256, leaf_sha256 and chain_sha256. Only between begin and commit. */
int store_append(struct store *store, struct observation *row, struct error *err);

/* Moves pages from the WAL into the file, a step at a time; call when idle. */
int store_checkpoint(struct store *store, struct error *err);

struct store_query {
	int source;			/* enum source, or -1: any */
	const char *subject;		/* exact, NULL: any */
	const char *subject_prefix;	/* NULL: any */
	const char *kind;		/* NULL: any */
	int64_t from, to;		/* received_at, both ends included; INSTANT_NONE: open */
	int64_t after_seq;		/* rows behind it; 0: from the first */
	bool newest_first;
	bool without_body;		/* body NULL, body_len its size */
	size_t limit;			/* 0: none */
};

/* Calls each for every row in order of seq. Returns 0, or -1 when reading failed or each returned non-zero (err is then each's, if it
 * set one; each may return 1 to stop early, which is no error). */
int store_each(struct store *store, const struct store_query *query, int (*each)(void *arg, const struct observation *row, struct error *err), void *arg,
               struct error *err);

/* Whether an observation with this (subject, kind-independent) resourceVersion key was stored: see store_mark_seen. */
bool store_seen(struct store *store, const char *uid, const char *resource_version);
int store_mark_seen(struct store *store, const char *uid, const char *resource_version, struct error *err);

struct store_summary {
	int64_t rows;
	int64_t omitted;		/* of an export: those that it has the digests of */
	int64_t first_at, last_at;
	uint8_t head[DIGEST_SIZE];	/* chain digest of the last row */
};

/* Recomputes body, leaf and chain digest of every row. ERR_TAMPERED names the first bad seq and what differs. */
int store_verify(struct store *store, struct store_summary *out, struct error *err);

/* An export: some rows of a log as a file of its own, under their own numbers and digests. Of the rows left out the file has the leaf
 * digests (table `omitted`), so that its chain verifies from the origin to the same head as the log's. Rows must be given in order,
 * without a hole. ERR_BUSY: path exists. rollout: whose rows they are. */
int store_export_begin(struct store **out, const char *path, const struct store *from, const char *rollout, struct error *err);
int store_export_row(struct store *to, const struct observation *row, struct error *err);
int store_export_omit(struct store *to, const struct observation *row, struct error *err);
int store_export_end(struct store *to, struct error *err);	/* commits; store_close then leaves one file */

/* The rollout whose rows an export holds; NULL for a whole log. */
const char *store_export_of(const struct store *store);

/* SQLite's version, of the library that is loaded. */
const char *store_library(void);

#endif
