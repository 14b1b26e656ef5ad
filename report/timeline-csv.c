/* The timeline for spreadsheets. */
#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "formats.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/instant.h"
#include "gonogo/output.h"

/* Ids of one row: some dozen bytes each. */
#define IDS_TEXT_MAX ((size_t)64 * 1024)

static void put_ids(struct buf *out, const struct ids *ids)
{
	struct buf text;

	buf_init(&text, IDS_TEXT_MAX);
	for (size_t i = 0; i < ids->n; i++) {
		buf_puts(&text, i == 0 ? "" : " ");
		evidence_id_print(&text, ids->id[i]);
	}
	csv_put_text(out, text.data == NULL ? "" : text.data);
	if (text.failed)
		out->failed = true;
	buf_free(&text);
}

static void put_row(struct buf *out, const struct timeline_row *row, size_t number)
{
	char id[32], at[INSTANT_TEXT_MAX];

	(void)snprintf(id, sizeof id, "T-%03zu", number);
	csv_put_text(out, id);
	buf_putc(out, ',');
	csv_put_text(out, instant_rfc3339_ms(at, row->at));
	buf_putc(out, ',');
	csv_put_text(out, row->source);
	buf_putc(out, ',');
	csv_put_text(out, row->kind);
	buf_putc(out, ',');
	csv_put_text(out, row->text);
	buf_putc(out, ',');
	put_ids(out, &row->ids);
	buf_putc(out, ',');
	csv_put_text(out, row->gap == NULL ? "" : row->gap);
	buf_puts(out, "\r\n");
}

int timeline_csv_render(struct buf *out, const struct package *package, struct error *err)
{
	const struct assessment *a = package->assessment;

	buf_puts(out, "\"id\",\"at\",\"source\",\"kind\",\"text\",\"evidence\",\"gap\"\r\n");
	for (size_t i = 0; i < a->n_timeline; i++)
		put_row(out, &a->timeline[i], i + 1);
	return buf_check(out, "timeline.csv", err);
}
