/* The document that every renderer shows: same content, same order (report-design.md). Plain data in an arena. */
#ifndef GONOGO_DOC_H
#define GONOGO_DOC_H

#include <stdbool.h>
#include <stddef.h>

#include "gonogo/assessment.h"
#include "gonogo/evidence.h"

struct arena;
struct buf;
struct error;

/* Text: our own words; what stands in `backticks` came from the cluster and is hostile. */

enum mark { MARK_NONE, MARK_PASS, MARK_FAIL, MARK_OPEN };

struct cell {
	const char *text;
	const char *second;		/* smaller, below it; NULL */
	enum mark mark;			/* drawn in front; its word is in the text */
	bool bold;
	const struct ids *ids;		/* cited behind the text; NULL */
	const char *gap;		/* cited too */
	const char *anchor;		/* "e-031": this cell defines that id; NULL */
};

struct column {
	const char *head;
	double width;			/* share of the content width; all add up to 1 */
	bool right;
};

enum block_kind { BLOCK_HEADING, BLOCK_PARAGRAPH, BLOCK_KEYS, BLOCK_TABLE, BLOCK_FINDING, BLOCK_CODE };

enum block_flag {
	BLOCK_MARKDOWN_ONLY = 1,
	BLOCK_PDF_ONLY = 2,
	BLOCK_PAGE_ONE = 4,		/* belongs to page 1 */
	BLOCK_LADDER = 8		/* rows have two lines and may fail */
};

struct block {
	enum block_kind kind;
	unsigned flags;
	const char *title;		/* heading; finding: the fact */
	const char *note;		/* heading: beside it; finding: severity */
	const char *id;			/* finding: F-01 */
	const char *text;		/* paragraph, code; finding: why */
	const char *more;		/* finding: what to do */
	const struct ids *ids;
	const char *gap;
	size_t n_columns, n_rows, cap_rows;
	struct column *columns;
	struct cell **rows;		/* each n_columns cells */
	bool *failed;			/* rows to be tinted */
	/* BLOCK_KEYS: rows of three cells: label, value, right-hand text (or a second label and value: five cells). */
};

struct key_figure {
	const char *value, *label;
};

struct doc {
	struct arena *arena;
	const struct assessment *a;
	const char *subject;		/* "develop/backend" */
	const char *title;		/* "NO-GO: develop/backend, 2025-06-12 14:00 UTC" */
	const char *evaluated;		/* "evaluated 2025-06-12 14:41:10 UTC (+00:00)" */
	const char *footer;		/* "develop/backend · run … · evidence sha256 …" */
	const char *warning;		/* a line under the banner: copied without -wal, other criteria; NULL */
	uint8_t digest[DIGEST_SIZE];	/* of the evidence: chain head of the last row used */
	struct key_figure figures[4];
	size_t n_blocks, cap_blocks;
	struct block *blocks;
	bool failed;			/* sticky: memory ended */
};

/* What a package is made from. */
struct package_input {
	const struct assessment *assessment;
	const struct evidence *evidence;
	const char *program;		/* "gonogo 0.1.0" */
	bool wal_missing;
};

/* Builds the document. -1: memory. */
int doc_build(struct doc *out, const struct package_input *in, struct arena *arena, struct error *err);

/* Appends "[E-031, E-036]" (nothing if there are none); at most eight, then the count. */
void doc_cite(struct buf *out, const struct ids *ids, const char *gap);

#endif
