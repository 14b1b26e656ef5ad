#include "gonogo/evidence.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"

#define LOG_SHIFT 48

void evidence_id_print(struct buf *out, evidence_id id)
{
	int64_t log = id >> LOG_SHIFT;
	bool human = log >= HUMAN_LOG;

	buf_printf(out, "%s-%03" PRId64, human ? "D" : "E", id & EVIDENCE_SEQ_MASK);
	log -= human ? HUMAN_LOG : 0;
	if (log > 0 && log < 26)
		buf_putc(out, (char)('a' + log));
}

int ids_add(struct ids *ids, evidence_id id, struct arena *arena)
{
	size_t at = ids->n;
	evidence_id *grown;

	if (id == 0)
		return 0;
	while (at > 0 && ids->id[at - 1] > id)
		at--;
	if (at > 0 && ids->id[at - 1] == id)
		return 0;
	grown = arena_grow(arena, ids->id, ids->n, &ids->cap, sizeof *grown);
	if (grown == NULL)
		return -1;
	ids->id = grown;
	memmove(grown + at + 1, grown + at, (ids->n - at) * sizeof *grown);
	grown[at] = id;
	ids->n++;
	return 0;
}

int ids_add_all(struct ids *ids, const struct ids *more, struct arena *arena)
{
	for (size_t i = 0; i < more->n; i++)
		if (ids_add(ids, more->id[i], arena) < 0)
			return -1;
	return 0;
}
