#include "markdown.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "svg.h"

/* ---- Text. */

/* "2025-06-12 14:00:04 UTC": its length, and what the digits look like. */
#define LONG_TIME 23

static bool is_long_time(const char *text)
{
	static const char form[] = "dddd-dd-dd dd:dd:dd UTC";

	for (size_t i = 0; i < LONG_TIME; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
			return false;
	return true;
}

/* Our own words hold no cluster text, but signs that Markdown could read as its own. A no-break space is written as a plain one. */
static void put_plain(struct buf *out, const char *text)
{
	for (const char *p = text == NULL ? "" : text; *p != '\0'; p++) {
		if ((unsigned char)p[0] == 0xC2 && (unsigned char)p[1] == 0xA0) {
			buf_putc(out, ' ');
			p++;
			continue;
		}
		/* RFC 3339, for who copies it from here (report-design.md 2). */
		if (is_long_time(p)) {
			buf_printf(out, "%.10sT%.8sZ", p, p + 11);
			p += LONG_TIME - 1;
			continue;
		}
		if (strchr("\\`*_{}[]<>#~|&@", *p) != NULL)
			buf_putc(out, '\\');
		buf_putc(out, *p);
		/* "https://" and "www." would become links (GFM 6.9); our words hold neither, numbers and units do not look like them. */
	}
}

static size_t longest_run(const char *text)
{
	size_t run = 0, longest = 0;

	for (const char *p = text; *p != '\0'; p++) {
		run = *p == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

/* Hostile text as a code span: the fence is longer than any run of backticks inside, and a space stands at an end that is a backtick or
 * where both ends are spaces, which CommonMark would strip (6.1). "|" would end a cell even there (GFM 4.10). */
static void put_code(struct buf *out, const char *text, bool cell)
{
	size_t fence = longest_run(text) + 1, n = strlen(text);
	bool pad = n > 0 && (text[0] == '`' || text[n - 1] == '`' || (text[0] == ' ' && text[n - 1] == ' ' && strspn(text, " ") < n));

	for (size_t i = 0; i < fence; i++)
		buf_putc(out, '`');
	if (pad)
		buf_putc(out, ' ');
	for (const char *p = text; *p != '\0'; p++) {
		if (cell && *p == '|')
			buf_putc(out, '\\');
		buf_putc(out, *p);
	}
	if (pad)
		buf_putc(out, ' ');
	for (size_t i = 0; i < fence; i++)
		buf_putc(out, '`');
}

static void put_anchor_name(struct buf *out, const char *id)
{
	for (const char *p = id; *p != '\0'; p++)
		if (isalnum((unsigned char)*p) || *p == '-')
			buf_putc(out, (char)tolower((unsigned char)*p));
}

static void put_anchor(struct buf *out, const char *id)
{
	if (id == NULL)
		return;
	buf_puts(out, "<a id=\"");
	put_anchor_name(out, id);
	buf_puts(out, "\"></a>");
}

static void put_reference(struct buf *out, const char *id)
{
	if (strcmp(id, "…") == 0) {
		buf_puts(out, "…");
		return;
	}
	buf_putc(out, '[');
	put_plain(out, id);
	buf_puts(out, "](#");
	put_anchor_name(out, id);
	buf_putc(out, ')');
}

static void put_text(struct buf *out, const struct text *text, bool cell)
{
	const struct span *before = NULL;

	for (const struct span *s = text->first; s != NULL; before = s, s = s->next) {
		bool after_cite = before != NULL && before->kind == SPAN_CITE, more = s->next != NULL && s->next->kind == SPAN_CITE;

		switch (s->kind) {
		case SPAN_TEXT:
			put_plain(out, s->text);
			break;
		case SPAN_BOLD:
			buf_puts(out, "**");
			put_plain(out, s->text);
			buf_puts(out, "**");
			break;
		case SPAN_CODE:
			/* Two code spans side by side would run together. */
			if (before != NULL && before->kind == SPAN_CODE)
				buf_putc(out, ' ');
			put_code(out, s->text, cell);
			break;
		case SPAN_CITE:
			buf_puts(out, after_cite ? ", " : before != NULL ? " \\[" : "\\[");
			put_reference(out, s->text);
			if (!more)
				buf_puts(out, "\\]");
			break;
		}
	}
}

static bool is_reference(const struct text *text)
{
	return text->first != NULL && text->first->next == NULL && text->first->kind == SPAN_CITE;
}

/* ---- Tables. */

static const char *mark_word(enum mark mark)
{
	static const char *const words[] = { [MARK_NONE] = "", [MARK_PASS] = "**pass** ", [MARK_FAIL] = "**fail** ", [MARK_OPEN] = "" };

	return words[mark];
}

/* Whether the text begins with the mark's own word. */
static bool says_mark(const struct text *text, enum mark mark)
{
	const char *word = mark == MARK_PASS ? "pass" : "fail";

	return text->first != NULL && text->first->kind != SPAN_CODE && strncmp(text->first->text, word, 4) == 0;
}

static bool has_code(const struct text *text)
{
	for (const struct span *s = text->first; s != NULL; s = s->next)
		if (s->kind == SPAN_CODE || s->kind == SPAN_BOLD)
			return true;
	return false;
}

static void put_cell(struct buf *out, const struct cell *c)
{
	bool bold = c->bold && !text_is_empty(&c->text) && !has_code(&c->text) && !is_reference(&c->text);

	put_anchor(out, c->anchor);
	if (!says_mark(&c->text, c->mark))
		buf_puts(out, mark_word(c->mark));
	if (is_reference(&c->text)) {
		put_reference(out, c->text.first->text);
	} else {
		buf_puts(out, bold ? "**" : "");
		put_text(out, &c->text, true);
		buf_puts(out, bold ? "**" : "");
	}
	if (text_is_empty(&c->second))
		return;
	buf_puts(out, text_is_empty(&c->text) ? "(" : " (");
	put_text(out, &c->second, true);
	buf_putc(out, ')');
}

/* A head may be the cluster's name of a metric. */
static void put_head(struct buf *out, const char *head)
{
	buf_puts(out, "| ");
	put_plain(out, head);
	buf_putc(out, ' ');
}

static void put_table(struct buf *out, const struct table *t)
{
	buf_putc(out, '\n');
	for (size_t i = 0; i < t->n_columns; i++)
		put_head(out, t->columns[i].head);
	buf_puts(out, "|\n");
	for (size_t i = 0; i < t->n_columns; i++)
		buf_puts(out, t->columns[i].right ? "| ---: " : "| --- ");
	buf_puts(out, "|\n");
	for (size_t r = 0; r < t->n_rows; r++) {
		for (size_t i = 0; i < t->n_columns; i++) {
			buf_puts(out, "| ");
			put_cell(out, &t->rows[r].cells[i]);
			buf_putc(out, ' ');
		}
		buf_puts(out, "|\n");
	}
}

/* "**fail** 1.27 % (base 0.31 · limit < 0.62)": the word, not a sign. */
static void put_ladder_cell(struct buf *out, const struct ladder_cell *c)
{
	buf_puts(out, "| ");
	buf_puts(out, mark_word(c->mark));
	buf_puts(out, c->mark == MARK_OPEN ? "**" : "");
	put_plain(out, c->value);
	buf_puts(out, c->mark == MARK_OPEN ? "**" : "");
	if (!text_is_empty(&c->second)) {
		buf_puts(out, " (");
		put_text(out, &c->second, true);
		buf_putc(out, ')');
	}
	buf_putc(out, ' ');
}

static void put_pair(struct buf *out, const char *first, const char *second, bool bold)
{
	buf_puts(out, bold ? "| **" : "| ");
	put_plain(out, first);
	buf_puts(out, bold ? "**" : "");
	if (second != NULL) {
		buf_puts(out, " (");
		put_plain(out, second);
		buf_putc(out, ')');
	}
	buf_putc(out, ' ');
}

static void put_ladder_row(struct buf *out, const struct ladder *l, const struct ladder_row *r)
{
	char window[128];

	put_pair(out, r->weight, r->weight_second, true);
	if (r->state == STEP_NOT_REACHED) {
		for (size_t i = 0; i < l->n_criteria + 2; i++)
			buf_puts(out, "| not reached ");
		buf_puts(out, "|\n");
		return;
	}
	(void)snprintf(window, sizeof window, "%s–%s", r->from, r->to);
	put_pair(out, window, r->window_second, false);
	for (size_t i = 0; i < l->n_criteria; i++)
		put_ladder_cell(out, &r->cells[i]);
	put_pair(out, r->word, r->word_second, true);
	buf_puts(out, "|\n");
}

static void put_ladder(struct buf *out, const struct ladder *l)
{
	buf_puts(out, "\n## Evidence ladder\n\n");
	if (l->n_rows == 0) {
		put_text(out, &l->nothing, false);
		buf_putc(out, '\n');
		return;
	}
	put_plain(out, l->note);
	buf_puts(out, l->note == NULL ? "" : "\n\n");
	put_head(out, l->step_head);
	put_head(out, "Window");
	for (size_t i = 0; i < l->n_criteria; i++)
		put_head(out, l->criteria[i]);
	buf_puts(out, "| Step |\n");
	for (size_t i = 0; i < l->n_criteria + 3; i++)
		buf_puts(out, "| --- ");
	buf_puts(out, "|\n");
	for (size_t i = 0; i < l->n_rows; i++)
		put_ladder_row(out, l, &l->rows[i]);
}

/* ---- Blocks. */

static void put_key(struct buf *out, const char *label, const struct text *value)
{
	buf_puts(out, "**");
	put_plain(out, label);
	buf_puts(out, "**: ");
	put_text(out, value, false);
}

static void put_keys(struct buf *out, const struct block *b)
{
	buf_putc(out, '\n');
	for (size_t i = 0; i < b->n_keys; i++) {
		const struct key *k = &b->keys[i];

		buf_puts(out, "- ");
		put_anchor(out, k->anchor);
		put_key(out, k->label, &k->value);
		if (!text_is_empty(&k->right)) {
			buf_puts(out, ", ");
			put_text(out, &k->right, false);
		}
		if (k->label2 != NULL) {
			buf_puts(out, "\n- ");
			put_key(out, k->label2, &k->value2);
		}
		buf_putc(out, '\n');
	}
}

static void put_finding(struct buf *out, const struct block *b)
{
	buf_putc(out, '\n');
	put_anchor(out, b->id);
	buf_puts(out, "**");
	put_plain(out, b->id);
	buf_puts(out, "** (");
	put_plain(out, b->severity);
	buf_puts(out, ") ");
	put_text(out, &b->fact, false);
	if (!text_is_empty(&b->text)) {
		buf_puts(out, "\\\n");
		put_text(out, &b->text, false);
	}
	buf_putc(out, '\n');
}

/* The fence is longer than any inside; the code is one line. */
static void put_code_block(struct buf *out, const struct block *b)
{
	size_t fence = longest_run(b->code) < 3 ? 3 : longest_run(b->code) + 1;

	buf_putc(out, '\n');
	if (b->id != NULL) {
		put_plain(out, b->id);
		buf_puts(out, ":\n\n");
	}
	for (size_t i = 0; i < fence; i++)
		buf_putc(out, '`');
	buf_printf(out, "promql\n%s\n", b->code);
	for (size_t i = 0; i < fence; i++)
		buf_putc(out, '`');
	buf_putc(out, '\n');
}

static void put_charts(struct buf *out, const struct doc *d, const struct text *caption)
{
	char name[80];

	for (size_t i = 0; i < d->n_charts; i++) {
		svg_name(name, sizeof name, &d->charts[i]);
		buf_puts(out, "\n![");
		put_plain(out, d->charts[i].alt);
		buf_printf(out, "](figures/%s.svg)\n", name);
	}
	if (!text_is_empty(caption)) {
		buf_putc(out, '\n');
		put_text(out, caption, false);
		buf_putc(out, '\n');
	}
}

static void put_or_blank(struct buf *out, const char *label, const char *value, bool decided)
{
	buf_printf(out, "- %s: ", label);
	if (value != NULL)
		put_code(out, value, false);
	else
		buf_puts(out, decided ? "not given" : "\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_");
	buf_putc(out, '\n');
}

static void put_sign_off(struct buf *out, const struct doc *d)
{
	const struct sign_off *s = &d->sign_off;
	const struct choice *choices = doc_choices(d);
	bool decided = s->decision != NULL;

	buf_puts(out, "\n## Sign-off\n\n");
	for (size_t i = 0; i < CHOICES; i++)
		buf_printf(out, "- [%c] %s%s\n", decided && strcmp(s->decision, choices[i].decision) == 0 ? 'x' : ' ', choices[i].words,
			   strncmp(choices[i].words, "override", 8) == 0 ? " (an override needs a reason)" : "");
	buf_putc(out, '\n');
	put_or_blank(out, decided ? "Name" : "Name and role", s->name, decided);
	if (decided)
		put_or_blank(out, "Role", s->role, decided);
	put_or_blank(out, "Time of decision (UTC)", s->at, decided);
	put_or_blank(out, "Reason", s->reason, decided);
}

static void put_scores(struct buf *out, const struct block *b)
{
	buf_puts(out, "\n| No. | Criterion | Points |\n| ---: | --- | ---: |\n");
	for (size_t i = 0; i < b->n_scores; i++) {
		buf_puts(out, "| ");
		put_plain(out, b->scores[i].number);
		buf_puts(out, " | ");
		put_text(out, &b->scores[i].text, true);
		if (b->scores[i].word != NULL)
			buf_printf(out, " | %s |\n", b->scores[i].word);
		else
			buf_printf(out, " | %d of %d |\n", b->scores[i].points, b->scores[i].of);
	}
}

static void put_block(struct buf *out, const struct doc *d, const struct block *b)
{
	switch (b->kind) {
	case BLOCK_HEADING:
		buf_puts(out, "\n## ");
		put_plain(out, b->title);
		buf_putc(out, '\n');
		if (b->note != NULL) {
			buf_putc(out, '\n');
			put_plain(out, b->note);
			buf_putc(out, '\n');
		}
		return;
	case BLOCK_PARAGRAPH:
		buf_putc(out, '\n');
		put_text(out, &b->text, false);
		buf_putc(out, '\n');
		return;
	case BLOCK_KEYS:
		put_keys(out, b);
		return;
	case BLOCK_TABLE:
		if (b->table != NULL)
			put_table(out, b->table);
		return;
	case BLOCK_FINDING:
		put_finding(out, b);
		return;
	case BLOCK_CODE:
		put_code_block(out, b);
		return;
	case BLOCK_CHARTS:
		put_charts(out, d, &b->text);
		return;
	case BLOCK_SIGN_OFF:
		put_sign_off(out, d);
		return;
	case BLOCK_SCORES:
		put_scores(out, b);
		return;
	}
}

/* ---- Page 1. */

static void put_banner(struct buf *out, const struct doc *d)
{
	buf_printf(out, "# %s: ", doc_verdict_word(d));
	put_code(out, d->subject, false);
	buf_puts(out, d->partial ? " (partial: still running)\n\n" : "\n\n");
	put_text(out, &d->headline, false);
	buf_puts(out, "\n\n");
	if (!text_is_empty(&d->subline)) {
		put_text(out, &d->subline, false);
		buf_puts(out, "\n\n");
	}
	put_plain(out, d->evaluated);
	buf_putc(out, '\n');
	if (!text_is_empty(&d->strip)) {
		buf_puts(out, "\n> ");
		put_text(out, &d->strip, false);
		buf_putc(out, '\n');
	}
	buf_putc(out, '\n');
	for (size_t i = 0; i < 4; i++) {
		buf_puts(out, "- **");
		put_plain(out, d->figures[i].value);
		buf_puts(out, "** ");
		put_plain(out, d->figures[i].label);
		buf_putc(out, '\n');
	}
}

static void put_why(struct buf *out, const struct doc *d)
{
	buf_puts(out, "\n## Why\n\n");
	for (size_t i = 0; i < d->n_reasons; i++) {
		buf_printf(out, "%zu. ", i + 1);
		put_text(out, &d->reasons[i], false);
		buf_putc(out, '\n');
	}
	buf_puts(out, d->n_reasons == 0 ? "**Next**: " : "\n**Next**: ");
	put_text(out, &d->next, false);
	buf_puts(out, "\n\n## What was rolled out\n");
	put_keys(out, &d->rolled_out);
}

int markdown_render(struct buf *out, const struct doc *d, struct error *err)
{
	put_banner(out, d);
	put_why(out, d);
	put_ladder(out, &d->ladder);
	for (size_t i = 0; i < d->n_blocks; i++)
		put_block(out, d, &d->blocks[i]);
	return buf_check(out, "report.md", err);
}

int markdown_render_first(struct buf *out, const struct doc *d, struct error *err)
{
	put_banner(out, d);
	put_why(out, d);
	put_ladder(out, &d->ladder);
	return buf_check(out, "page one", err);
}

int markdown_render_blocks(struct buf *out, const char *words, const struct doc *d, struct error *err)
{
	buf_printf(out, "# %s: ", words);
	put_code(out, d->subject, false);
	buf_putc(out, '\n');
	for (size_t i = 0; i < d->n_blocks; i++)
		put_block(out, d, &d->blocks[i]);
	return buf_check(out, words, err);
}
