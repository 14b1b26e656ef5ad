/* Ids of evidence, and the rows that a judgement is made from. */
#ifndef GONOGO_EVIDENCE_H
#define GONOGO_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "gonogo/observation.h"

struct arena;
struct buf;

/* An id is seq + (log << 48): unique among all logs that a command reads. 0: none. Cited as "E-031"; log 1 as "E-031b", log 2 "E-031c".
 * Logs from HUMAN_LOG on are those of human records: "D-003", the next one's "D-003b". */
typedef int64_t evidence_id;

#define HUMAN_LOG 64
#define EVIDENCE_SEQ_MASK ((INT64_C(1) << 48) - 1)

static inline evidence_id evidence_id_of(const struct observation *row)
{
	return row->seq + ((int64_t)row->log << 48);
}

/* Appends the citation form, three digits at least. */
void evidence_id_print(struct buf *out, evidence_id id);

/* A set of ids, ascending, in an arena. */
struct ids {
	evidence_id *id;
	size_t n, cap;
};

/* Adds unless it is there (or 0). -1: out of memory. */
int ids_add(struct ids *ids, evidence_id id, struct arena *arena);
int ids_add_all(struct ids *ids, const struct ids *more, struct arena *arena);

/* Rows in order of (received_at, log, seq); all strings and bodies live as long as the arena that they were read into. */
struct evidence {
	struct observation *rows;
	size_t n, cap;
	const char *cluster;	/* from the log's origin "gonogo/CLUSTER/evidence" */
};

#endif
