#include "gonogo/doc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/evidence.h"
#include "gonogo/utf8.h"

/* More ids behind one sentence than anyone follows; the table of the evidence has all. */
#define CITED_MAX 6
/* Longest text that is shown; a Kubernetes object is at most 1.5 MiB (etcd), and nobody reads that in a report. */
#define TEXT_MAX ((size_t)65536)

const char *doc_verdict_word(const struct doc *doc)
{
	static const char *const words[] = { "GO", "NO-GO", "HOLD" };

	return words[doc->verdict];
}

const struct choice *doc_choices(const struct doc *doc)
{
	static const struct choice choices[][CHOICES] = {
		[DOC_GO] = { { "accept GO", "GO" }, { "override to NO-GO", "NO-GO" }, { "ask for more evidence", "HOLD" } },
		[DOC_NO_GO] = { { "accept NO-GO", "NO-GO" }, { "override to GO", "GO" }, { "ask for more evidence", "HOLD" } },
		[DOC_HOLD] = { { "accept HOLD", "HOLD" }, { "override to GO", "GO" }, { "override to NO-GO", "NO-GO" } },
	};

	return choices[doc->verdict];
}

void doc_init(struct doc *doc, struct arena *arena)
{
	*doc = (struct doc){ .arena = arena, .rolled_out = { .kind = BLOCK_KEYS } };
}

int doc_check(const struct doc *doc, struct error *err)
{
	return doc->failed ? error_nomem(err) : 0;
}

/* The pointer, or the sticky failure. */
static void *checked(struct doc *doc, void *memory)
{
	if (memory == NULL)
		doc->failed = true;
	return doc->failed ? NULL : memory;
}

char *doc_printf(struct doc *doc, const char *format, ...)
{
	char *out;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	out = checked(doc, n < 0 ? NULL : arena_alloc(doc->arena, (size_t)n + 1));
	if (out == NULL)
		return NULL;
	va_start(args, format);
	(void)vsnprintf(out, (size_t)n + 1, format, args);
	va_end(args);
	return out;
}

static const char *clean(struct doc *doc, const char *bytes, size_t len)
{
	struct buf out;
	const char *copy;

	/* A control character becomes "⟨U+0001⟩": twelve bytes for one. */
	buf_init(&out, 12 * TEXT_MAX + 16);
	utf8_clean(&out, bytes, len < TEXT_MAX ? len : TEXT_MAX);
	if (len > TEXT_MAX)
		buf_puts(&out, "…");
	if (out.failed)
		doc->failed = true;
	copy = checked(doc, out.data == NULL ? arena_strdup(doc->arena, "") : arena_strndup(doc->arena, out.data, out.len));
	buf_free(&out);
	return copy;
}

const char *doc_clean(struct doc *doc, const char *cluster)
{
	return cluster == NULL ? NULL : clean(doc, cluster, strlen(cluster));
}

/* ---- Spans. */

static void add_span(struct doc *doc, struct text *text, enum span_kind kind, const char *bytes, size_t len)
{
	struct span *span = checked(doc, arena_alloc(doc->arena, sizeof *span));
	const char *copy = clean(doc, bytes, len);

	if (span == NULL || copy == NULL)
		return;
	*span = (struct span){ .kind = kind, .text = copy };
	if (text->last == NULL)
		text->first = span;
	else
		text->last->next = span;
	text->last = span;
}

void span_text(struct doc *doc, struct text *text, const char *words)
{
	if (words != NULL && *words != '\0')
		add_span(doc, text, SPAN_TEXT, words, strlen(words));
}

void span_printf(struct doc *doc, struct text *text, const char *format, ...)
{
	char words[2048];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(words, sizeof words, format, args);
	va_end(args);
	span_text(doc, text, words);
}

void span_bold(struct doc *doc, struct text *text, const char *words)
{
	if (words != NULL && *words != '\0')
		add_span(doc, text, SPAN_BOLD, words, strlen(words));
}

void span_code(struct doc *doc, struct text *text, const char *cluster)
{
	if (cluster == NULL || *cluster == '\0')
		add_span(doc, text, SPAN_TEXT, "(empty)", 7);
	else
		add_span(doc, text, SPAN_CODE, cluster, strlen(cluster));
}

void span_cite(struct doc *doc, struct text *text, const char *id)
{
	if (id != NULL && *id != '\0')
		add_span(doc, text, SPAN_CITE, id, strlen(id));
}

static void cite_evidence(struct doc *doc, struct text *text, evidence_id id)
{
	struct buf name;

	buf_init(&name, 64);
	evidence_id_print(&name, id);
	span_cite(doc, text, name.data);
	buf_free(&name);
}

void span_ids(struct doc *doc, struct text *text, const struct ids *ids, const char *gap)
{
	size_t n = ids == NULL ? 0 : ids->n;

	/* First and last ones say the most: where it began and where it ended. */
	for (size_t i = 0; i < n && (n <= CITED_MAX || i < CITED_MAX / 2); i++)
		cite_evidence(doc, text, ids->id[i]);
	if (n > CITED_MAX) {
		span_cite(doc, text, "…");
		for (size_t i = CITED_MAX / 2; i < n - CITED_MAX / 2; i++)
			cite_evidence(doc, &doc->elided, ids->id[i]);
		for (size_t i = n - CITED_MAX / 2; i < n; i++)
			cite_evidence(doc, text, ids->id[i]);
	}
	span_cite(doc, text, gap);
}

void doc_elide(struct doc *doc, const struct ids *ids)
{
	for (size_t i = 0; i < ids->n; i++)
		cite_evidence(doc, &doc->elided, ids->id[i]);
}

/* Cluster text from behind its opening backtick: to the next single one, doubled ones made one. Returns what follows. */
static const char *add_marked_code(struct doc *doc, struct text *text, const char *start)
{
	struct buf code;

	buf_init(&code, 2 * TEXT_MAX);
	while (*start != '\0' && (*start != '`' || start[1] == '`') && code.len < TEXT_MAX) {
		buf_putc(&code, *start);
		start += *start == '`' ? 2 : 1;
	}
	span_code(doc, text, code.data);
	buf_free(&code);
	return *start == '`' ? start + 1 : start + strlen(start);
}

void span_marked(struct doc *doc, struct text *text, const char *marked)
{
	while (marked != NULL && *marked != '\0' && !doc->failed) {
		size_t n = strcspn(marked, "`");

		if (n > 0)
			add_span(doc, text, SPAN_TEXT, marked, n);
		marked += n;
		if (*marked == '`')
			marked = add_marked_code(doc, text, marked + 1);
	}
}

struct text text_of(struct doc *doc, const char *marked)
{
	struct text text = { 0 };

	span_marked(doc, &text, marked);
	return text;
}

struct text text_code(struct doc *doc, const char *cluster)
{
	struct text text = { 0 };

	span_code(doc, &text, cluster);
	return text;
}

bool text_is_empty(const struct text *text)
{
	return text->first == NULL;
}

/* ---- Blocks. */

static struct block *add_block(struct doc *doc, enum block_kind kind, unsigned flags)
{
	struct block *grown = checked(doc, arena_grow(doc->arena, doc->blocks, doc->n_blocks, &doc->cap_blocks, sizeof *grown));

	if (grown == NULL)
		return NULL;
	doc->blocks = grown;
	grown[doc->n_blocks] = (struct block){ .kind = kind, .flags = flags };
	return &grown[doc->n_blocks++];
}

void doc_reason(struct doc *doc, struct text reason)
{
	struct text *grown = checked(doc, arena_grow(doc->arena, doc->reasons, doc->n_reasons, &doc->cap_reasons, sizeof *grown));

	if (grown == NULL)
		return;
	doc->reasons = grown;
	grown[doc->n_reasons++] = reason;
}

struct block *doc_heading(struct doc *doc, unsigned flags, const char *title, const char *note)
{
	struct block *b = add_block(doc, BLOCK_HEADING, flags);

	if (b != NULL) {
		b->title = title;
		b->note = note;
	}
	return b;
}

void doc_paragraph(struct doc *doc, unsigned flags, struct text text)
{
	struct block *b = add_block(doc, BLOCK_PARAGRAPH, flags);

	if (b != NULL)
		b->text = text;
}

void doc_finding(struct doc *doc, const char *id, const char *severity, struct text title, struct text body)
{
	struct block *b = add_block(doc, BLOCK_FINDING, 0);

	if (b == NULL)
		return;
	b->id = id;
	b->severity = severity;
	b->fact = title;
	b->text = body;
}

void doc_code(struct doc *doc, unsigned flags, const char *id, const char *code)
{
	struct block *b = add_block(doc, BLOCK_CODE, flags);

	if (b == NULL)
		return;
	b->id = id;
	b->code = doc_clean(doc, code);
}

void doc_charts(struct doc *doc, struct text caption)
{
	struct block *b = add_block(doc, BLOCK_CHARTS, 0);

	if (b != NULL)
		b->text = caption;
}

void doc_sign_off(struct doc *doc)
{
	(void)add_block(doc, BLOCK_SIGN_OFF, BLOCK_TEXT_ONLY);
}

struct table *table_new(struct doc *doc, const struct column *columns, size_t n)
{
	struct table *table = checked(doc, arena_alloc(doc->arena, sizeof *table));
	struct column *copy = checked(doc, arena_alloc(doc->arena, n * sizeof *copy));

	if (table == NULL || copy == NULL)
		return NULL;
	memcpy(copy, columns, n * sizeof *copy);
	*table = (struct table){ .n_columns = n, .columns = copy };
	return table;
}

struct table *doc_table(struct doc *doc, unsigned flags, const struct column *columns, size_t n)
{
	struct table *table = table_new(doc, columns, n);
	struct block *b = add_block(doc, BLOCK_TABLE, flags);

	if (b == NULL || table == NULL)
		return NULL;
	b->table = table;
	return table;
}

struct row *table_row(struct doc *doc, struct table *table)
{
	struct row *rows;
	struct cell *cells;

	if (table == NULL)
		return NULL;
	rows = checked(doc, arena_grow(doc->arena, table->rows, table->n_rows, &table->cap_rows, sizeof *rows));
	cells = checked(doc, arena_alloc(doc->arena, table->n_columns * sizeof *cells));
	if (rows == NULL || cells == NULL)
		return NULL;
	table->rows = rows;
	rows[table->n_rows] = (struct row){ .cells = cells };
	return &rows[table->n_rows++];
}

struct block *doc_keys(struct doc *doc, unsigned flags)
{
	return add_block(doc, BLOCK_KEYS, flags);
}

void keys_add(struct doc *doc, struct block *keys, struct key key)
{
	struct key *grown;

	if (keys == NULL)
		return;
	grown = checked(doc, arena_grow(doc->arena, keys->keys, keys->n_keys, &keys->cap_keys, sizeof *grown));
	if (grown == NULL)
		return;
	keys->keys = grown;
	grown[keys->n_keys++] = key;
}

struct block *doc_scores(struct doc *doc)
{
	return add_block(doc, BLOCK_SCORES, 0);
}

void scores_add(struct doc *doc, struct block *scores, struct score score)
{
	struct score *grown;

	if (scores == NULL)
		return;
	grown = checked(doc, arena_grow(doc->arena, scores->scores, scores->n_scores, &scores->cap_scores, sizeof *grown));
	if (grown == NULL)
		return;
	scores->scores = grown;
	grown[scores->n_scores++] = score;
}

struct ladder_row *ladder_add(struct doc *doc)
{
	struct ladder *l = &doc->ladder;
	struct ladder_row *rows = checked(doc, arena_grow(doc->arena, l->rows, l->n_rows, &l->cap_rows, sizeof *rows));
	struct ladder_cell *cells = checked(doc, arena_alloc(doc->arena, l->n_criteria * sizeof *cells));

	if (rows == NULL || cells == NULL)
		return NULL;
	l->rows = rows;
	rows[l->n_rows] = (struct ladder_row){ .cells = cells };
	return &rows[l->n_rows++];
}

/* ---- What is cited. */

static void each_of_text(const struct text *text, void (*each)(void *arg, const char *id), void *arg)
{
	for (const struct span *s = text->first; s != NULL; s = s->next)
		if (s->kind == SPAN_CITE)
			each(arg, s->text);
}

static void each_of_block(const struct block *b, void (*each)(void *arg, const char *id), void *arg)
{
	each_of_text(&b->fact, each, arg);
	each_of_text(&b->text, each, arg);
	for (size_t i = 0; i < b->n_keys; i++)
		each_of_text(&b->keys[i].value, each, arg);
	for (size_t i = 0; i < b->n_scores; i++)
		each_of_text(&b->scores[i].text, each, arg);
	for (size_t r = 0; b->table != NULL && r < b->table->n_rows; r++)
		for (size_t c = 0; c < b->table->n_columns; c++) {
			each_of_text(&b->table->rows[r].cells[c].text, each, arg);
			each_of_text(&b->table->rows[r].cells[c].second, each, arg);
		}
}

void doc_each_cite(const struct doc *doc, void (*each)(void *arg, const char *id), void *arg)
{
	each_of_text(&doc->elided, each, arg);
	each_of_text(&doc->headline, each, arg);
	each_of_text(&doc->subline, each, arg);
	each_of_text(&doc->strip, each, arg);
	for (size_t i = 0; i < doc->n_reasons; i++)
		each_of_text(&doc->reasons[i], each, arg);
	each_of_text(&doc->next, each, arg);
	each_of_block(&doc->rolled_out, each, arg);
	for (size_t r = 0; r < doc->ladder.n_rows; r++)
		for (size_t c = 0; c < doc->ladder.n_criteria; c++)
			each_of_text(&doc->ladder.rows[r].cells[c].second, each, arg);
	each_of_text(&doc->ladder.nothing, each, arg);
	for (size_t i = 0; i < doc->n_blocks; i++)
		each_of_block(&doc->blocks[i], each, arg);
}
