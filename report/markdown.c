#include "markdown.h"

#include <ctype.h>
#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/utf8.h"

/* Our own words hold no cluster text, but numbers and signs that Markdown could read as its own. */
static void put_plain(struct buf *out, const char *text, size_t len, bool cell)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr("\\*_[]<>#~", text[i]) != NULL || (cell && text[i] == '|'))
			buf_putc(out, '\\');
		/* A no-break space is written as a plain one. */
		if ((unsigned char)text[i] == 0xC2 && i + 1 < len && (unsigned char)text[i + 1] == 0xA0) {
			buf_putc(out, ' ');
			i++;
			continue;
		}
		buf_putc(out, text[i] == '\n' ? ' ' : text[i]);
	}
}

/* Hostile text as a code span: the fence is longer than any run of backticks inside; "|" would end the cell even there (GFM). */
static void put_code(struct buf *out, const char *text, size_t len, bool cell)
{
	size_t run = 0, longest = 0;
	struct buf clean;

	buf_init(&clean, 16 * len + 64);
	utf8_clean(&clean, text, len);
	for (size_t i = 0; i < clean.len; i++) {
		run = clean.data[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		buf_putc(out, '`');
	if (clean.len > 0 && (clean.data[0] == '`' || clean.data[clean.len - 1] == '`'))
		buf_putc(out, ' ');
	for (size_t i = 0; i < clean.len; i++) {
		if (cell && clean.data[i] == '|')
			buf_putc(out, '\\');
		buf_putc(out, clean.data[i]);
	}
	if (clean.len == 0)
		buf_putc(out, ' ');
	if (clean.len > 0 && (clean.data[0] == '`' || clean.data[clean.len - 1] == '`'))
		buf_putc(out, ' ');
	for (size_t i = 0; i <= longest; i++)
		buf_putc(out, '`');
	buf_free(&clean);
}

/* Text with `cluster text` in it. A span ends at the last backtick that is followed by one of our own signs or the end, so that a
 * backtick inside the cluster's text does not open ours. */
static const char *span_end(const char *start)
{
	const char *end = strchr(start, '`'), *next;

	while (end != NULL && (next = strchr(end + 1, '`')) != NULL && strchr(" ,.;:)…-(/'", end[1]) == NULL)
		end = next;
	return end;
}

static void put_text(struct buf *out, const char *text, bool cell)
{
	while (text != NULL && *text != '\0') {
		size_t n = strcspn(text, "`");
		const char *end;

		put_plain(out, text, n, cell);
		text += n;
		if (*text == '\0')
			return;
		end = span_end(text + 1);
		if (end == NULL) {
			put_code(out, text + 1, strlen(text + 1), cell);
			return;
		}
		put_code(out, text + 1, (size_t)(end - text - 1), cell);
		text = end + 1;
	}
}

/* " [[E-031](#e-031), …]". */
static void put_cites(struct buf *out, const struct ids *ids, const char *gap)
{
	struct buf cite;

	buf_init(&cite, 4096);
	doc_cite(&cite, ids, gap);
	for (const char *p = cite.data; p != NULL && *p != '\0';) {
		size_t n = strcspn(p, "EG]");

		buf_append(out, p == cite.data ? " \\" : "", p == cite.data ? 2 : 0);
		buf_append(out, p, n);
		p += n;
		if (*p == ']') {
			buf_puts(out, "\\]");
			p++;
			continue;
		}
		n = strcspn(p, ",]");
		if (n == 0)
			break;
		buf_putc(out, '[');
		buf_append(out, p, n);
		buf_puts(out, "](#");
		for (size_t i = 0; i < n; i++)
			buf_putc(out, (char)tolower((unsigned char)p[i]));
		buf_putc(out, ')');
		p += n;
	}
	buf_free(&cite);
}

static void put_cell(struct buf *out, const struct cell *c)
{
	if (c->anchor != NULL) {
		buf_puts(out, "<a id=\"");
		for (const char *p = c->anchor; *p != '\0'; p++)
			buf_putc(out, (char)tolower((unsigned char)*p));
		buf_puts(out, "\"></a>");
	}
	if (c->mark == MARK_FAIL && c->text != NULL && strcmp(c->text, "fail") != 0)
		buf_puts(out, "**fail** ");
	if (c->bold && c->text != NULL && *c->text != '\0' && strchr(c->text, '`') == NULL) {
		buf_puts(out, "**");
		put_text(out, c->text, true);
		buf_puts(out, "**");
	} else {
		put_text(out, c->text, true);
	}
	if (c->second != NULL) {
		buf_puts(out, " (");
		put_text(out, c->second, true);
		buf_putc(out, ')');
	}
	put_cites(out, c->ids, c->gap);
}

static void put_table(struct buf *out, const struct block *b)
{
	buf_putc(out, '\n');
	for (size_t i = 0; i < b->n_columns; i++)
		buf_printf(out, "| %s ", b->columns[i].head);
	buf_puts(out, "|\n");
	for (size_t i = 0; i < b->n_columns; i++)
		buf_puts(out, b->columns[i].right ? "| ---: " : "| --- ");
	buf_puts(out, "|\n");
	for (size_t r = 0; r < b->n_rows; r++) {
		for (size_t i = 0; i < b->n_columns; i++) {
			buf_puts(out, "| ");
			put_cell(out, &b->rows[r][i]);
			buf_putc(out, ' ');
		}
		buf_puts(out, "|\n");
	}
}

static void put_keys(struct buf *out, const struct block *b)
{
	buf_putc(out, '\n');
	for (size_t r = 0; r < b->n_rows; r++) {
		buf_puts(out, "- **");
		put_plain(out, b->rows[r][0].text, strlen(b->rows[r][0].text), false);
		buf_puts(out, "**: ");
		put_text(out, b->rows[r][1].text, false);
		if (*b->rows[r][2].text != '\0') {
			buf_puts(out, ", ");
			put_text(out, b->rows[r][2].text, false);
		}
		buf_putc(out, '\n');
	}
}

static void put_finding(struct buf *out, const struct block *b)
{
	buf_printf(out, "\n<a id=\"%c%s\"></a>**%s** (%s) ", (char)tolower((unsigned char)b->id[0]), b->id + 1, b->id, b->note);
	put_text(out, b->title, false);
	put_cites(out, b->ids, b->gap);
	buf_puts(out, "  \n");
	put_text(out, b->text, false);
	buf_putc(out, '\n');
}

static void put_sign_off(struct buf *out, const struct doc *d)
{
	const char *word = verdict_word(d->a->verdict);

	buf_puts(out, "\n## Sign-off\n\n");
	buf_printf(out, "- [ ] accept %s\n- [ ] override to %s\n- [ ] ask for more evidence\n\n", word,
		   d->a->verdict == VERDICT_GO ? "NO-GO" : "GO");
	buf_puts(out,
		 "Name and role: \\_\\_\\_\\_\\_\\_  Time (UTC): \\_\\_\\_\\_\\_\\_  Reason (an override needs one): \\_\\_\\_\\_\\_\\_\n");
}

static void put_block(struct buf *out, const struct block *b)
{
	switch (b->kind) {
	case BLOCK_HEADING:
		buf_printf(out, "\n## %s\n", b->title);
		if (b->note != NULL)
			buf_printf(out, "\n%s\n", b->note);
		return;
	case BLOCK_PARAGRAPH:
		buf_putc(out, '\n');
		put_text(out, b->text, false);
		put_cites(out, b->ids, b->gap);
		buf_putc(out, '\n');
		return;
	case BLOCK_KEYS:
		put_keys(out, b);
		return;
	case BLOCK_TABLE:
		put_table(out, b);
		return;
	case BLOCK_FINDING:
		put_finding(out, b);
		return;
	case BLOCK_CODE:
		buf_printf(out, "\n%s:\n\n```promql\n%s\n```\n", b->id, b->text);
		return;
	}
}

static void put_head(struct buf *out, const struct doc *d)
{
	const struct assessment *a = d->a;

	buf_printf(out, "# %s: ", verdict_word(a->verdict));
	put_code(out, d->subject, strlen(d->subject), false);
	buf_puts(out, "\n\n**");
	put_text(out, a->headline, false);
	buf_puts(out, "**\n\n");
	put_text(out, a->subline, false);
	put_cites(out, &a->subline_ids, NULL);
	buf_printf(out, "\n\n%s\n", d->evaluated);
	if (d->warning != NULL) {
		buf_puts(out, "\n> ");
		put_text(out, d->warning, false);
		buf_putc(out, '\n');
	}
	buf_putc(out, '\n');
	for (size_t i = 0; i < 4; i++) {
		buf_puts(out, "- **");
		put_plain(out, d->figures[i].value, strlen(d->figures[i].value), false);
		buf_printf(out, "** %s\n", d->figures[i].label);
	}
	buf_puts(out, "\n## Why\n\n");
	for (size_t i = 0; i < a->n_reasons; i++) {
		buf_printf(out, "%zu. ", i + 1);
		put_text(out, a->reasons[i].text, false);
		put_cites(out, &a->reasons[i].ids, a->reasons[i].gap);
		buf_putc(out, '\n');
	}
	buf_puts(out, "\n**Next**: ");
	put_text(out, a->next.text, false);
	buf_putc(out, '\n');
}

int markdown_render(struct buf *out, const struct doc *d, struct error *err)
{
	bool signed_off = false;

	put_head(out, d);
	for (size_t i = 0; i < d->n_blocks; i++) {
		const struct block *b = &d->blocks[i];

		if ((b->flags & BLOCK_PDF_ONLY) != 0)
			continue;
		if (!signed_off && b->kind == BLOCK_HEADING && strcmp(b->title, "Provenance") == 0) {
			put_sign_off(out, d);
			signed_off = true;
		}
		put_block(out, b);
	}
	return buf_check(out, "report.md", err);
}
