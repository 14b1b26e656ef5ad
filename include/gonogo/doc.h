/* The document that every renderer shows: same content, same order (report-design.md). Plain data in an arena, filled by the functions
 * below; report/package.c does that from an assessment. Renderers know nothing but this.
 *
 *	struct text t = { 0 };
 *	span_text(d, &t, "Flagger said ");
 *	span_code(d, &t, event->message);		what came from the cluster: hostile, cleaned here, a code span in Markdown
 *	span_cite(d, &t, "E-031");			cited behind the words, a link where the id is defined
 *	doc_heading(d, 0, "Timeline", "all times UTC (+00:00)");
 *	doc_paragraph(d, 0, t);
 *	table = doc_table(d, 0, columns, 2);
 *	row = table_row(d, table);
 *	if (row != NULL)
 *		row->cells[0].text = text_of(d, "14:00:04");
 *
 * After a failure to allocate every function does nothing and doc->failed is set; ask doc_check once at the end. */
#ifndef GONOGO_DOC_H
#define GONOGO_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/chart.h"
#include "gonogo/digest.h"

struct arena;
struct doc;
struct error;
struct ids;

/* ---- Text. */

enum span_kind {
	SPAN_TEXT,	/* our own words */
	SPAN_BOLD,	/* the same, bold */
	SPAN_CODE,	/* cluster text */
	SPAN_CITE	/* one id: "E-031", "G-01"; "…" stands for ids left out. Neighbours make one "[E-031, G-01]" */
};

struct span {
	enum span_kind kind;
	const char *text;	/* cleaned: valid UTF-8, one line, no control or bidi characters */
	struct span *next;
};

struct text {
	struct span *first, *last;
};

void span_text(struct doc *doc, struct text *text, const char *words);
void span_printf(struct doc *doc, struct text *text, const char *format, ...) __attribute__((format(printf, 3, 4)));
void span_bold(struct doc *doc, struct text *text, const char *words);
void span_code(struct doc *doc, struct text *text, const char *cluster);
void span_cite(struct doc *doc, struct text *text, const char *id);
/* Every id; of more than six the first and the last three. gap: cited too; NULL. */
void span_ids(struct doc *doc, struct text *text, const struct ids *ids, const char *gap);
/* Not shown, but defined in the table of the evidence. */
void doc_elide(struct doc *doc, const struct ids *ids);
/* Words with cluster text in `backticks`, as the assessment has them; a backtick inside cluster text stands doubled. */
void span_marked(struct doc *doc, struct text *text, const char *marked);

/* span_marked on a new text. */
struct text text_of(struct doc *doc, const char *marked);
struct text text_code(struct doc *doc, const char *cluster);
bool text_is_empty(const struct text *text);

/* ---- Tables. */

enum mark { MARK_NONE, MARK_PASS, MARK_FAIL, MARK_OPEN };

enum tone { TONE_INK, TONE_SECONDARY, TONE_PASS, TONE_FAIL };

struct cell {
	struct text text;	/* a single citation stands without brackets */
	struct text second;	/* smaller, below it */
	enum mark mark;		/* drawn in front; text formats write its word */
	enum tone tone;
	bool bold;
	const char *anchor;	/* "E-031": this cell defines that id; NULL */
};

struct column {
	const char *head;
	double width;		/* share of the content width; all add up to 1 */
	bool right;
	bool one_line;		/* on paper: shortened in the middle, never wrapped */
};

struct row {
	struct cell *cells;	/* as many as the table has columns */
	bool failed;		/* tinted */
	int rank;		/* low ones stay where `most` cuts */
};

struct table {
	size_t n_columns, n_rows, cap_rows;
	struct column *columns;
	struct row *rows;
	size_t most;		/* rows shown on paper; 0: all. Text formats have all */
};

/* ---- Blocks of the sections behind page 1. */

enum block_kind {
	BLOCK_HEADING,		/* title, note */
	BLOCK_PARAGRAPH,	/* text */
	BLOCK_KEYS,		/* keys */
	BLOCK_TABLE,		/* table */
	BLOCK_FINDING,		/* id, severity, fact, text */
	BLOCK_CODE,		/* id, code */
	BLOCK_CHARTS,		/* all charts of the document, stacked on one time axis; text: the caption */
	BLOCK_SIGN_OFF,		/* where text formats have it; paper has it on page 1 */
	BLOCK_SCORES		/* scores */
};

enum block_flag {
	BLOCK_TEXT_ONLY = 1,	/* Markdown and HTML */
	BLOCK_NEW_PAGE = 2	/* heading: on paper begins a page unless much of this one is left */
};

struct key {
	const char *label;
	struct text value;
	const char *label2;	/* a second pair on the same line; NULL */
	struct text value2;
	struct text right;	/* at the right edge, secondary: a digest */
	const char *anchor;	/* "G-01": defines that id; NULL */
};

struct score {
	const char *number;	/* "1" */
	struct text text;
	int points, of;		/* boxes; none above SCORE_BOXES_MAX */
	const char *word;	/* instead of the points: "1.5 of 3", "open"; NULL */
};

#define SCORE_BOXES_MAX 5

struct block {
	enum block_kind kind;
	unsigned flags;
	const char *title, *note;
	const char *id, *severity;
	struct text fact;
	struct text text;
	struct table *table;
	const char *code;
	size_t n_keys, cap_keys, n_scores, cap_scores;
	struct key *keys;
	struct score *scores;
};

/* ---- Page 1. */

struct figure {
	const char *value, *label;
};

enum step_state { STEP_PASS, STEP_FAIL, STEP_OPEN, STEP_NOT_REACHED };

struct ladder_cell {
	enum mark mark;
	const char *value;	/* "1.27 %", "not evaluable" */
	struct text second;	/* "base 0.31 · limit < 0.62", "2.5 of 5 min seen [G-01]" */
	double margin;		/* how far within its limit, as a share of it; the smallest stands for merged rows. NaN: no value */
};

struct ladder_row {
	const char *weight;	/* "10 %", "3 of 10" */
	const char *weight_second;	/* NULL */
	const char *from, *to;	/* "14:05"; NULL: not reached */
	const char *window_second;	/* "280 requests"; NULL */
	enum step_state state;
	const char *word;	/* "PASS", "FAIL", "not evaluable"; NULL: not reached */
	const char *word_second;	/* "1 of 3 failed"; NULL */
	struct ladder_cell *cells;	/* one a criterion */
};

struct ladder {
	const char *note;
	const char *step_head;	/* "Weight", "Exposure", "Iterations" */
	size_t n_criteria, n_rows, cap_rows;
	const char **criteria;	/* heads: "Error rate", "p95 latency" */
	struct ladder_row *rows;
	struct text nothing;	/* said where there is no row */
};

/* A decision that was recorded; decision NULL: blank lines for the pen. All of it is hostile, like cluster text, and cleaned. */
struct sign_off {
	const char *decision;	/* "GO", "NO-GO", "HOLD" */
	const char *name, *role, *at;
	const char *reason;
};

enum doc_verdict { DOC_GO, DOC_NO_GO, DOC_HOLD };

struct doc {
	struct arena *arena;
	bool failed;		/* sticky: memory ended */

	enum doc_verdict verdict;
	bool partial;		/* made while the rollout ran: said on every page */
	const char *title;	/* of the file: "NO-GO: develop/backend, 2025-06-12 14:00 UTC" */
	const char *keywords;
	const char *subject;	/* "develop/backend"; cluster text, cleaned */
	const char *evaluated;	/* "evaluated 2025-06-12 14:41:10 UTC (+00:00)" */
	const char *footer;	/* "develop/backend · run … · evidence sha256 …" */
	int64_t dated;		/* date of the files: evaluation time */
	uint8_t digest[DIGEST_SIZE];	/* of the evidence */

	struct text headline, subline;
	struct text strip;	/* "Overridden to GO by NAME: REASON"; or that the log is incomplete, other criteria, still running */
	struct figure figures[4];
	size_t n_reasons, cap_reasons;
	struct text *reasons;
	struct text next;
	struct block rolled_out;	/* BLOCK_KEYS */
	struct ladder ladder;
	const struct chart *deciding;	/* on NO-GO: drawn on page 1 */
	const char *conditions_note;	/* of the short table */
	struct table *conditions;	/* short, on GO and HOLD; NULL */
	struct sign_off sign_off;

	struct text elided;		/* ids that sentences leave out between their first and last ones: defined all the same */
	size_t n_charts;
	const struct chart *charts;
	size_t n_blocks, cap_blocks;
	struct block *blocks;
};

/* "NO-GO". */
const char *doc_verdict_word(const struct doc *doc);
/* What a person may tick in the sign-off, and the decision that it is. */
#define CHOICES 3
struct choice {
	const char *words, *decision;
};
const struct choice *doc_choices(const struct doc *doc);

void doc_init(struct doc *doc, struct arena *arena);
int doc_check(const struct doc *doc, struct error *err);

/* Strings in the document's arena; NULL after a failure. doc_clean: fit for any output; NULL stays NULL. */
char *doc_printf(struct doc *doc, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *doc_clean(struct doc *doc, const char *cluster);

void doc_reason(struct doc *doc, struct text reason);
struct block *doc_heading(struct doc *doc, unsigned flags, const char *title, const char *note);
void doc_paragraph(struct doc *doc, unsigned flags, struct text text);
void doc_finding(struct doc *doc, const char *id, const char *severity, struct text fact, struct text body);
void doc_code(struct doc *doc, unsigned flags, const char *id, const char *code);
void doc_charts(struct doc *doc, struct text caption);
void doc_sign_off(struct doc *doc);
/* NULL after a failure, which the functions on it accept. A block or row that is returned is valid until the next one is added. */
struct table *doc_table(struct doc *doc, unsigned flags, const struct column *columns, size_t n);
struct block *doc_keys(struct doc *doc, unsigned flags);
struct block *doc_scores(struct doc *doc);

struct table *table_new(struct doc *doc, const struct column *columns, size_t n);
struct row *table_row(struct doc *doc, struct table *table);
void keys_add(struct doc *doc, struct block *keys, struct key key);
void scores_add(struct doc *doc, struct block *scores, struct score score);
struct ladder_row *ladder_add(struct doc *doc);

/* Every id that the document cites, in its order, repeated ones too. */
void doc_each_cite(const struct doc *doc, void (*each)(void *arg, const char *id), void *arg);

#endif
