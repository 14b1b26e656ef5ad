/* Records entered into an assessment. */
#include <math.h>
#include <string.h>

#include "assess.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/ruling.h"
#include "words.h"

static const char *row_text(const struct record *r, struct arena *arena)
{
	const char *by = words_code(r->by, arena), *text = r->text == NULL ? "" : words_code(r->text, arena);

	if (by == NULL || text == NULL)
		return NULL;
	if (r->kind == RECORD_DECISION)
		return arena_printf(arena, "Decision of %s: %s%s: %s", by, verdict_word(r->decision),
				    r->decision == r->computed ? "" : " against the computed verdict", text);
	return arena_printf(arena, "Note of %s: %s", by, text);
}

static int enter_timeline(struct assessment *a, const struct ruling *ruling, struct arena *arena, struct error *err)
{
	struct timeline_row *rows = arena_alloc(arena, (a->n_timeline + ruling->records->n) * sizeof *rows);

	if (rows == NULL)
		return error_nomem(err);
	if (a->n_timeline > 0)
		memcpy(rows, a->timeline, a->n_timeline * sizeof *rows);
	a->timeline = rows;
	for (size_t i = 0; i < ruling->records->n; i++) {
		const struct record *r = &ruling->records->v[i];
		struct timeline_row *row = &rows[a->n_timeline];

		if (r->kind != RECORD_DECISION && (r->kind != RECORD_NOTE || r->section != NULL))
			continue;
		*row = (struct timeline_row){ .at = r->about == INSTANT_NONE ? r->at : r->about,
					      .source = "human",
					      .kind = record_kind_name(r->kind),
					      .rank = r->kind == RECORD_DECISION ? 0 : 5,
					      .text = row_text(r, arena) };
		if (row->text == NULL || ids_add(&row->ids, r->id, arena) < 0)
			return error_nomem(err);
		a->n_timeline++;
	}
	assess_sort_timeline(a);
	return 0;
}

/* The last rehearsal before the start; one after it says nothing of how the rollout was prepared. */
static const struct record *rehearsal(const struct assessment *a, const struct ruling *ruling)
{
	const struct record *found = NULL;

	for (size_t i = 0; i < ruling->records->n; i++) {
		const struct record *r = &ruling->records->v[i];

		if (r->kind == RECORD_REHEARSAL && r->tested_at <= a->rollout->started_at &&
		    (found == NULL || r->tested_at >= found->tested_at))
			found = r;
	}
	return found;
}

static int enter_rehearsal(struct assessment *a, const struct ruling *ruling, struct arena *arena, struct error *err)
{
	const struct record *r = rehearsal(a, ruling);
	char at[INSTANT_TEXT_MAX];
	const char *text;

	/* What the evidence itself shows needs nobody's word. */
	if (r == NULL || a->n_conditions == 0 || a->conditions[0].tested_state == TESTED_BEFORE)
		return 0;
	text = arena_printf(arena, "%s at %s by %s: %s%s", r->worked ? "tested" : "its test failed", instant_long(at, r->tested_at),
			    words_code(r->by, arena), words_code(r->text, arena),
			    r->at > a->rollout->started_at ? "; recorded only after the rollout began" : "");
	if (text == NULL)
		return error_nomem(err);
	for (size_t i = 0; i < a->n_conditions; i++) {
		a->conditions[i].tested = text;
		a->conditions[i].tested_state = !r->worked ? TESTED_FAILED : r->at > a->rollout->started_at ? TESTED_LATE : TESTED_BEFORE;
		if (ids_add(&a->conditions[i].ids, r->id, arena) < 0)
			return error_nomem(err);
	}
	return 0;
}

int assess_records(struct assessment *assessment, const struct ruling *ruling, struct arena *arena, struct error *err)
{
	assessment->ruling = ruling;
	return enter_timeline(assessment, ruling, arena, err) < 0 ? -1 : enter_rehearsal(assessment, ruling, arena, err);
}
