#include "layout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/utf8.h"
#include "plot.h"

/* report-design.md 3. */
#define LEFT 48.0
#define TOP 42.0
#define BOTTOM 46.0
#define INK 0x1A1A1Au
#define SECONDARY 0x595959u
#define RULE 0xBDBDBDu
#define HAIR 0xD9D9D9u
#define WASH 0xF4F4F4u
#define PASS 0x00664Du
#define FAIL 0xA83200u
#define HOLD 0xE69F00u
#define TINT 0xFBE7DDu
#define WHITE 0xFFFFFFu
#define CANARY 0x005B96u

#define SIGN_OFF_HEIGHT 60.0
/* Longest text of a cell that is drawn; the Markdown has all of it. */
#define TEXT_MAX ((size_t)16384)
#define LINES_MAX 400
#define TIMELINE_MAX 40

struct layout {
	const struct canvas *c;
	const struct doc *d;
	double width; /* of the content */
	double y; /* last baseline or rule */
	double bottom; /* nothing below */
	int page, pages;
};

/* ---- Text made fit to be drawn. */

/* No glyph in DejaVu Sans Condensed, or one that would need shaping. */
static bool has_no_glyph(uint32_t c)
{
	return c > 0xFFFF || (c >= 0x0590 && c <= 0x08FF) || (c >= 0x0900 && c <= 0x0E00) || (c >= 0x2E80 && c <= 0xD7FF) ||
	       (c >= 0xE000 && c <= 0xFAFF) || (c >= 0xFE00 && c <= 0xFEFF);
}

/* Backticks, our sign for cluster text, are not drawn; what has no glyph is named. */
static void fit(struct buf *out, const char *text)
{
	struct buf clean;
	const char *at, *end;
	uint32_t c;

	buf_init(&clean, 16 * TEXT_MAX);
	utf8_clean(&clean, text == NULL ? "" : text, text == NULL ? 0 : strnlen(text, TEXT_MAX));
	at = clean.data == NULL ? "" : clean.data;
	end = at + clean.len;
	while ((c = utf8_next(&at, end)) != 0) {
		if (c == '`')
			continue;
		if (has_no_glyph(c))
			buf_printf(out, "⟨U+%04X⟩", c);
		else
			utf8_put(out, c);
	}
	buf_free(&clean);
}

static bool breaks_after(char c)
{
	return strchr("/:-_.@,=&?{}()[]", c) != NULL && c != '\0';
}

static double width_of(const struct layout *l, bool bold, double size, const char *text, size_t n)
{
	char part[2048];

	if (n >= sizeof part)
		n = sizeof part - 1;
	memcpy(part, text, n);
	part[n] = '\0';
	return l->c->measure(l->c->self, bold, size, part);
}

static size_t next_char(const char *text)
{
	const char *at = text;

	(void)utf8_next(&at, text + strlen(text));
	return (size_t)(at - text);
}

/* How much of the text fits a line: up to the last space, else behind a sign, else anywhere. */
static size_t line_length(const struct layout *l, bool bold, double size, const char *text, double width)
{
	size_t at = 0, space = 0, sign = 0;

	if (width_of(l, bold, size, text, strlen(text)) <= width && strlen(text) < 2000)
		return strlen(text);
	while (text[at] != '\0') {
		size_t n = next_char(text + at);

		if (at > 0 && (width_of(l, bold, size, text, at + n) > width || at > 1900))
			break;
		if (text[at] == ' ')
			space = at;
		else if (breaks_after(text[at]))
			sign = at + 1;
		at += n;
	}
	if (space > 0)
		return space;
	return sign > 0 ? sign : at;
}

/* Draws the text in lines of the width, the first at y (draw: or only counts them); returns the number of lines. */
static int wrapped(const struct layout *l, double x, double y, double width, bool bold, double size, double leading, uint32_t colour,
		   const char *text, bool draw, int most)
{
	struct buf clean;
	const char *at;
	int lines = 0;

	buf_init(&clean, 16 * TEXT_MAX);
	fit(&clean, text);
	at = clean.data == NULL ? "" : clean.data;
	while (*at != '\0' && lines < most) {
		size_t n = line_length(l, bold, size, at, width);
		char line[2100];

		(void)snprintf(line, sizeof line, "%.*s%s", (int)n, at, lines + 1 == most && at[n] != '\0' ? "…" : "");
		if (draw)
			l->c->text(l->c->self, x, y + leading * lines, bold, size, colour, line);
		at += n;
		at += strspn(at, " ");
		lines++;
	}
	buf_free(&clean);
	return lines;
}

static void text(const struct layout *l, double x, double y, bool bold, double size, uint32_t colour, const char *t)
{
	(void)wrapped(l, x, y, 1e6, bold, size, size * 1.3, colour, t, true, 1);
}

static void text_right(const struct layout *l, double right, double y, bool bold, double size, uint32_t colour, const char *t)
{
	struct buf clean;

	buf_init(&clean, 16 * TEXT_MAX);
	fit(&clean, t);
	if (clean.data != NULL)
		l->c->text(l->c->self, right - l->c->measure(l->c->self, bold, size, clean.data), y, bold, size, colour, clean.data);
	buf_free(&clean);
}

static void rule(const struct layout *l, double y, double width, uint32_t colour)
{
	l->c->line(l->c->self, (struct point){ LEFT, y }, (struct point){ LEFT + l->width, y }, width, colour);
}

static void rectangle(const struct layout *l, double x, double y, double w, double h, uint32_t fill, uint32_t stroke)
{
	const struct point p[] = { { x, y }, { x + w, y }, { x + w, y + h }, { x, y + h } };

	l->c->polygon(l->c->self, p, 4, fill, stroke, 0.5);
}

/* ---- Pages. */

static const char *mark_word(const struct doc *d)
{
	return d->a->partial ? "PARTIAL" : verdict_word(d->a->verdict);
}

static void footer(const struct layout *l)
{
	char number[64];

	rule(l, l->c->height - 35, 0.35, HAIR);
	text(l, LEFT, l->c->height - 24, false, 7, SECONDARY, l->d->footer);
	(void)snprintf(number, sizeof number, "Page %d of %d", l->page, l->pages);
	text_right(l, LEFT + l->width, l->c->height - 24, false, 7, SECONDARY, number);
}

static void new_page(struct layout *l)
{
	char head[512];

	if (l->page > 0)
		footer(l);
	l->c->page(l->c->self);
	l->page++;
	l->bottom = l->c->height - BOTTOM;
	if (l->page == 1)
		return;
	text(l, LEFT, 30, true, 7.5, INK, mark_word(l->d));
	(void)snprintf(head, sizeof head, "Canary rollout evidence — %.200s%s", l->d->subject, l->d->a->partial ? " (still running)" : "");
	text(l, LEFT + 48, 30, false, 7.5, SECONDARY, head);
	text_right(l, LEFT + l->width, 30, false, 7.5, SECONDARY, "all times UTC (+00:00)");
	rule(l, 36, 0.35, HAIR);
	l->y = 36;
}

static bool room(const struct layout *l, double height)
{
	return l->y + height <= l->bottom;
}

static void need(struct layout *l, double height)
{
	if (!room(l, height))
		new_page(l);
}

/* ---- Marks. */

static void cross(const struct layout *l, double x, double y, double r, double width, uint32_t colour)
{
	l->c->line(l->c->self, (struct point){ x - r, y - r }, (struct point){ x + r, y + r }, width, colour);
	l->c->line(l->c->self, (struct point){ x - r, y + r }, (struct point){ x + r, y - r }, width, colour);
}

static void tick(const struct layout *l, double x, double y, double r, double width, uint32_t colour)
{
	const struct point p[] = { { x - r, y }, { x - r * 0.25, y + r * 0.75 }, { x + r, y - r * 0.75 } };

	l->c->polyline(l->c->self, p, 3, width, colour);
}

static void diamond(const struct layout *l, double x, double y, double r, uint32_t stroke, double width)
{
	const struct point p[] = { { x, y - r }, { x + r, y }, { x, y + r }, { x - r, y } };

	l->c->polygon(l->c->self, p, 4, NO_COLOUR, stroke, width);
}

static void draw_mark(const struct layout *l, double x, double baseline, enum mark mark)
{
	double y = baseline - 2.9, r = 3.9;

	if (mark == MARK_PASS) {
		l->c->circle(l->c->self, (struct point){ x, y }, r, PASS, NO_COLOUR, 0);
		tick(l, x, y, 1.9, 1, WHITE);
	} else if (mark == MARK_FAIL) {
		rectangle(l, x - r, y - r, 2 * r, 2 * r, FAIL, NO_COLOUR);
		cross(l, x, y, 1.7, 1.1, WHITE);
	} else if (mark == MARK_OPEN) {
		diamond(l, x, y, 4.4, SECONDARY, 0.8);
	}
}

static void draw_symbol(const struct layout *l, double x, double y, enum verdict verdict, uint32_t colour)
{
	const double r = 18;
	struct point p[8];

	if (verdict == VERDICT_GO) {
		l->c->circle(l->c->self, (struct point){ x, y }, r, NO_COLOUR, colour, 2.4);
		tick(l, x, y, 8.5, 2.6, colour);
	} else if (verdict == VERDICT_NO_GO) {
		for (int i = 0; i < 8; i++)
			p[i] = (struct point){ x + r * cos((22.5 + 45 * i) * 3.14159265358979 / 180),
					       y + r * sin((22.5 + 45 * i) * 3.14159265358979 / 180) };
		l->c->polygon(l->c->self, p, 8, NO_COLOUR, colour, 2.4);
		cross(l, x, y, 6, 2.6, colour);
	} else {
		diamond(l, x, y, r, colour, 2.4);
		l->c->line(l->c->self, (struct point){ x - 3.5, y - 6 }, (struct point){ x - 3.5, y + 6 }, 2.6, colour);
		l->c->line(l->c->self, (struct point){ x + 3.5, y - 6 }, (struct point){ x + 3.5, y + 6 }, 2.6, colour);
	}
}

/* ---- Page 1's head. */

static void with_cites(struct buf *out, const char *words, const struct ids *ids, const char *gap)
{
	buf_puts(out, words == NULL ? "" : words);
	if ((ids != NULL && ids->n > 0) || gap != NULL) {
		buf_putc(out, ' ');
		doc_cite(out, ids, gap);
	}
}

static void banner(struct layout *l)
{
	const struct assessment *a = l->d->a;
	uint32_t ground = a->verdict == VERDICT_GO ? PASS : a->verdict == VERDICT_NO_GO ? FAIL : HOLD;
	uint32_t ink = a->verdict == VERDICT_HOLD ? INK : WHITE;
	double top = 54, x = LEFT + 206, width = l->width - 206 - 12, y;
	struct buf sub;
	int lines, more;

	buf_init(&sub, TEXT_MAX);
	with_cites(&sub, a->subline, &a->subline_ids, NULL);
	rectangle(l, LEFT, top, l->width, 68, ground, NO_COLOUR);
	draw_symbol(l, LEFT + 33, top + 34, a->verdict, ink);
	text(l, LEFT + 64, top + 45, true, 30, ink, verdict_word(a->verdict));
	l->c->line(l->c->self, (struct point){ LEFT + 194, top + 12 }, (struct point){ LEFT + 194, top + 56 }, 0.8, ink);
	lines = wrapped(l, x, 0, width, true, 12, 15, ink, a->headline, false, 2);
	more = wrapped(l, x, 0, width, false, 8.5, 10.5, ink, sub.data, false, 2);
	y = top + 34 - (15 * lines + 10.5 * more) / 2 + 11;
	(void)wrapped(l, x, y, width, true, 12, 15, ink, a->headline, true, 2);
	(void)wrapped(l, x, y + 15 * lines - 2, width, false, 8.5, 10.5, ink, sub.data, true, 2);
	l->y = top + 68;
	buf_free(&sub);
}

static void key_figures(struct layout *l)
{
	double column = l->width / 4;

	for (size_t i = 0; i < 4; i++) {
		double x = LEFT + column * (double)i + (i == 0 ? 4 : 8);

		if (i > 0)
			l->c->line(l->c->self, (struct point){ x - 8, l->y + 9 }, (struct point){ x - 8, l->y + 32 }, 0.5, RULE);
		(void)wrapped(l, x, l->y + 19, column - 10, true, 13, 13, INK, l->d->figures[i].value, true, 1);
		(void)wrapped(l, x, l->y + 29, column - 10, false, 7.5, 8, SECONDARY, l->d->figures[i].label, true, 1);
	}
	l->y += 38;
	rule(l, l->y, 0.35, HAIR);
}

static void draw_heading(struct layout *l, const char *title, const char *note, bool after_rule)
{
	need(l, 60);
	l->y += l->page > 1 && l->y < 40 ? 18 : after_rule ? 19 : 23;
	l->c->outline(l->c->self, l->y, title);
	text(l, LEFT, l->y, true, 11, INK, title);
	if (note != NULL)
		(void)wrapped(l, LEFT + width_of(l, true, 11, title, strlen(title)) + 9, l->y, l->width * 0.7, false, 8, 10, SECONDARY,
			      note, true, 1);
	l->y += 4.5;
	rule(l, l->y, 0.8, INK);
}

static void why(struct layout *l)
{
	const struct assessment *a = l->d->a;
	struct buf line;
	char number[32];

	draw_heading(l, "Why", NULL, true);
	l->y += 2;
	for (size_t i = 0; i < a->n_reasons; i++) {
		buf_init(&line, TEXT_MAX);
		with_cites(&line, a->reasons[i].text, &a->reasons[i].ids, a->reasons[i].gap);
		(void)snprintf(number, sizeof number, "%zu", i + 1);
		l->y += i == 0 ? 12 : 15;
		text(l, LEFT, l->y, true, 9, INK, number);
		l->y += 12 * (wrapped(l, LEFT + 14, l->y, l->width - 14, false, 9, 12, INK, line.data, true, 3) - 1);
		buf_free(&line);
	}
	l->y += 15;
	text(l, LEFT, l->y, true, 9, INK, "Next");
	l->y += 12 * (wrapped(l, LEFT + 32, l->y, l->width - 32, false, 9, 12, INK, a->next.text, true, 3) - 1);
}

static void sign_off(const struct layout *l)
{
	const char *word = verdict_word(l->d->a->verdict), *other = l->d->a->verdict == VERDICT_GO ? "NO-GO" : "GO";
	static const struct {
		double from, to;
		const char *label;
	} fields[] = { { 0, 0.235, "Name and role" },
		       { 0.247, 0.44, "Time of decision (UTC)" },
		       { 0.452, 0.775, "Reason" },
		       { 0.787, 1, "Signature" } };
	double top = l->c->height - BOTTOM - SIGN_OFF_HEIGHT, x = LEFT + 10, w = l->width - 20;
	char boxes[3][64];

	(void)snprintf(boxes[0], sizeof boxes[0], "accept %s", word);
	(void)snprintf(boxes[1], sizeof boxes[1], "override to %s", other);
	(void)snprintf(boxes[2], sizeof boxes[2], "ask for more evidence");
	rectangle(l, LEFT, top, l->width, SIGN_OFF_HEIGHT, WASH, RULE);
	text(l, x, top + 15, true, 9, INK, "Sign-off");
	for (int i = 0; i < 3; i++) {
		rectangle(l, x + 60 + 92 * i, top + 8, 8, 8, NO_COLOUR, INK);
		text(l, x + 72 + 92 * i, top + 15, false, 8.5, INK, boxes[i]);
	}
	text_right(l, x + w, top + 15, false, 7.5, SECONDARY, "an override needs a reason");
	for (size_t i = 0; i < 4; i++) {
		l->c->line(l->c->self, (struct point){ x + w * fields[i].from, top + 44 }, (struct point){ x + w * fields[i].to, top + 44 },
			   0.5, INK);
		text(l, x + w * fields[i].from, top + 53, false, 7, SECONDARY, fields[i].label);
	}
}

/* ---- Blocks. */

static void cell_text(struct buf *out, const struct cell *c)
{
	with_cites(out, c->text, c->ids, c->gap);
}

static double cell_size(const struct block *b)
{
	return (b->flags & BLOCK_LADDER) != 0 ? 9 : 8.5;
}

static int cell_lines(const struct layout *l, const struct block *b, const struct cell *c, double width, double x, double y, bool draw)
{
	double indent = c->mark != MARK_NONE ? 11 : 0;
	struct buf t;
	int lines;

	buf_init(&t, TEXT_MAX);
	cell_text(&t, c);
	if (draw && c->mark != MARK_NONE)
		draw_mark(l, x + 3.9, y, c->mark);
	lines = wrapped(l, x + indent, y, width - indent - 6, c->bold, cell_size(b), 11, INK, t.data, draw, 14);
	buf_free(&t);
	if (c->second == NULL)
		return lines == 0 ? 1 : lines;
	/* A second line of two is as high as a line more. */
	return lines + wrapped(l, x + indent, y + 9.5 + 11 * (lines > 1 ? lines - 1 : 0), width - indent - 4, false, 7, 8, SECONDARY,
			       c->second, draw, 2);
}

static void table_head(struct layout *l, const struct block *b)
{
	double x = LEFT;

	l->y += 14;
	for (size_t i = 0; i < b->n_columns; i++) {
		text(l, x + 4, l->y, true, 7.5, SECONDARY, b->columns[i].head);
		x += b->columns[i].width * l->width;
	}
	l->y += 4.5;
	rule(l, l->y, 0.5, RULE);
}

static double row_height(const struct layout *l, const struct block *b, size_t r)
{
	int most = 1;

	for (size_t i = 0; i < b->n_columns; i++) {
		int lines = cell_lines(l, b, &b->rows[r][i], b->columns[i].width * l->width, 0, 0, false);

		most = lines > most ? lines : most;
	}
	/* Not-reached rows of the ladder are lower (report-design.md 3). */
	if ((b->flags & BLOCK_LADDER) != 0 && most == 1)
		return 15;
	return 11 + 10.5 * (most - 1) + 5.5;
}

static void draw_row(struct layout *l, const struct block *b, size_t r, double height)
{
	double x = LEFT;

	if (b->failed[r])
		rectangle(l, LEFT, l->y + 0.3, l->width, height - 0.6, TINT, NO_COLOUR);
	for (size_t i = 0; i < b->n_columns; i++) {
		(void)cell_lines(l, b, &b->rows[r][i], b->columns[i].width * l->width, x + 4, l->y + 11, true);
		x += b->columns[i].width * l->width;
	}
	l->y += height;
	rule(l, l->y, 0.35, HAIR);
}

/* A wall of events helps nobody on paper: the highest ranks, in order of time; the Markdown has all. */
static bool is_shown(const struct layout *l, const struct block *b, size_t r)
{
	const struct assessment *a = l->d->a;
	size_t before = 0;

	if (b->n_rows != a->n_timeline || b->n_rows <= TIMELINE_MAX || strcmp(b->columns[0].head, "UTC") != 0)
		return true;
	for (size_t i = 0; i < a->n_timeline; i++)
		before += a->timeline[i].rank < a->timeline[r].rank || (a->timeline[i].rank == a->timeline[r].rank && i < r);
	return before < TIMELINE_MAX;
}

static void draw_table(struct layout *l, const struct block *b)
{
	size_t hidden = 0;
	char note[96];

	if (b->n_rows == 0)
		return;
	table_head(l, b);
	for (size_t r = 0; r < b->n_rows; r++) {
		double height;

		if (!is_shown(l, b, r)) {
			hidden++;
			continue;
		}
		height = row_height(l, b, r);
		if (!room(l, height)) {
			new_page(l);
			table_head(l, b);
		}
		draw_row(l, b, r, height);
	}
	if (hidden > 0) {
		(void)snprintf(note, sizeof note, "%zu of %zu shown; report.md has all.", b->n_rows - hidden, b->n_rows);
		need(l, 14);
		l->y += 12;
		text(l, LEFT, l->y, false, 8, SECONDARY, note);
	}
}

static void draw_keys(struct layout *l, const struct block *b)
{
	double label = b->columns[0].width * l->width, value = b->columns[1].width * l->width;

	l->y += 2;
	for (size_t r = 0; r < b->n_rows; r++) {
		int lines = wrapped(l, 0, 0, value, false, 8.5, 11, INK, b->rows[r][1].text, false, 6);

		need(l, 13 + 11 * lines);
		l->y += 13;
		(void)wrapped(l, LEFT, l->y, label - 4, false, 8, 10, SECONDARY, b->rows[r][0].text, true, 1);
		(void)wrapped(l, LEFT + label, l->y, value, false, 8.5, 11, INK, b->rows[r][1].text, true, 6);
		if (*b->rows[r][2].text != '\0')
			text_right(l, LEFT + l->width, l->y, false, 8, SECONDARY, b->rows[r][2].text);
		l->y += 11 * (lines > 1 ? lines - 1 : 0);
	}
}

static void draw_paragraph(struct layout *l, const struct block *b)
{
	struct buf t;
	int lines;

	buf_init(&t, TEXT_MAX);
	with_cites(&t, b->text, b->ids, b->gap);
	lines = wrapped(l, 0, 0, l->width, false, 9, 12, INK, t.data, false, LINES_MAX);
	need(l, 14 + 12 * (lines > 20 ? 20 : lines));
	l->y += 14;
	(void)wrapped(l, LEFT, l->y, l->width, false, 9, 12, INK, t.data, true, LINES_MAX);
	l->y += 12 * (lines - 1);
	buf_free(&t);
}

static void draw_finding(struct layout *l, const struct block *b)
{
	struct buf t;
	int title, lines;

	buf_init(&t, TEXT_MAX);
	with_cites(&t, b->text, b->ids, b->gap);
	title = wrapped(l, 0, 0, l->width - 80, true, 9, 12, INK, b->title, false, 4);
	lines = wrapped(l, 0, 0, l->width - 28, false, 9, 12, INK, t.data, false, 8);
	need(l, 16 + 12 * (title + lines));
	l->y += 16;
	text(l, LEFT, l->y, true, 9, INK, b->id);
	(void)wrapped(l, LEFT + 28, l->y, l->width - 80, true, 9, 12, INK, b->title, true, 4);
	text_right(l, LEFT + l->width, l->y, false, 8, SECONDARY, b->note);
	l->y += 12 * title;
	(void)wrapped(l, LEFT + 28, l->y, l->width - 28, false, 9, 12, INK, t.data, true, 8);
	l->y += 12 * (lines - 1);
	buf_free(&t);
}

static void draw_code(struct layout *l, const struct block *b)
{
	int lines = wrapped(l, 0, 0, l->width - 36, false, 7.5, 10, SECONDARY, b->text, false, 8);

	need(l, 14 + 10 * lines);
	l->y += 13;
	text(l, LEFT + 4, l->y, true, 8, INK, b->id);
	(void)wrapped(l, LEFT + 32, l->y, l->width - 36, false, 7.5, 10, SECONDARY, b->text, true, 8);
	l->y += 10 * (lines - 1);
}

static void draw_block(struct layout *l, const struct block *b, bool after_rule)
{
	switch (b->kind) {
	case BLOCK_HEADING:
		draw_heading(l, b->title, b->note, after_rule);
		break;
	case BLOCK_PARAGRAPH:
		draw_paragraph(l, b);
		break;
	case BLOCK_KEYS:
		draw_keys(l, b);
		break;
	case BLOCK_TABLE:
		draw_table(l, b);
		break;
	case BLOCK_FINDING:
		draw_finding(l, b);
		break;
	case BLOCK_CODE:
		draw_code(l, b);
		break;
	}
}

static bool deciding_chart(struct layout *l);

/* The short rollback conditions stand on page 1 only while they fit there whole. */
static bool fits_short_table(const struct layout *l, const struct block *heading)
{
	const struct block *table = heading + 1;
	double height = 23 + 4.5 + 18.5;

	for (size_t r = 0; r < table->n_rows; r++)
		height += row_height(l, table, r);
	return l->page == 1 && room(l, height);
}

static void draw_blocks(struct layout *l, bool page_one)
{
	bool after_rule = false;

	for (size_t i = 0; i < l->d->n_blocks; i++) {
		const struct block *b = &l->d->blocks[i];

		if ((b->flags & BLOCK_MARKDOWN_ONLY) != 0 || ((b->flags & BLOCK_PAGE_ONE) != 0) != page_one)
			continue;
		if ((b->flags & BLOCK_PDF_ONLY) != 0 && b->kind == BLOCK_HEADING &&
		    (i + 1 >= l->d->n_blocks || !fits_short_table(l, b) || (l->d->a->verdict == VERDICT_NO_GO && deciding_chart(l)))) {
			i++;
			continue;
		}
		draw_block(l, b, after_rule);
		after_rule = b->kind == BLOCK_TABLE;
	}
}

/* ---- Charts. */

#define PLOT_MIN 60.0
#define PLOT_MAX 150.0
#define PLOT_GUTTERS (38.0 + 88.0)

static const struct trend *trend_of(const struct assessment *a, const struct criterion *c)
{
	for (size_t i = 0; i < a->n_trends; i++)
		if (a->trends[i].criterion == c && a->trends[i].n >= 2)
			return &a->trends[i];
	return NULL;
}

static void draw_chart(struct layout *l, const struct trend *t, const char *before, double height)
{
	enum criterion_kind kind = t->criterion->kind;
	char title[128], note[160];

	(void)snprintf(title, sizeof title, "%s%.60s", before, t->criterion->name);
	(void)snprintf(note, sizeof note, "%s, over %.0f s%s",
		       kind == CRITERION_ERROR_RATIO    ? "% of requests failed"
		       : kind == CRITERION_SUCCESS_RATE ? "% of requests that succeeded; the axis does not start at 0"
							: "ms",
		       t->window_seconds,
		       kind == CRITERION_ERROR_RATIO || kind == CRITERION_SUCCESS_RATE ? "; band = 95 % interval of the canary" : "");
	l->y += 16;
	text(l, LEFT, l->y, true, 8.5, INK, title);
	text(l, LEFT + width_of(l, true, 8.5, title, strlen(title)) + 6, l->y, false, 7.5, SECONDARY, note);
	plot_draw(l->c, l->d->a, t, LEFT + 38, l->y + 16, l->width - PLOT_GUTTERS, height);
	l->y += 16 + height + 18;
}

/* On NO-GO the deciding criterion's chart stands on page 1, as high as there is room. */
static bool deciding_chart(struct layout *l)
{
	const struct assessment *a = l->d->a;
	double height = l->bottom - l->y - 50;

	for (size_t i = 0; i < a->n_results; i++) {
		const struct trend *t = a->results[i].state == CRITERION_FAIL ? trend_of(a, a->results[i].criterion) : NULL;

		if (t == NULL)
			continue;
		if (l->page != 1 || height < PLOT_MIN)
			return false;
		draw_chart(l, t, "Deciding criterion: ", height > PLOT_MAX ? PLOT_MAX : height);
		return true;
	}
	return false;
}

static void all_charts(struct layout *l)
{
	const struct assessment *a = l->d->a;

	if (a->n_trends == 0)
		return;
	draw_heading(l, "Metrics over time", "canary against baseline; grey bands = exposure", false);
	for (size_t i = 0; i < a->n_trends; i++) {
		if (a->trends[i].n < 2)
			continue;
		need(l, 130);
		draw_chart(l, &a->trends[i], "", 74);
	}
}

static void first_page(struct layout *l)
{
	char right[512];

	new_page(l);
	l->bottom = l->c->height - BOTTOM - SIGN_OFF_HEIGHT - 10;
	text(l, LEFT, 43, true, 10, INK, l->d->a->partial ? "Canary rollout evidence (partial: still running)" : "Canary rollout evidence");
	(void)snprintf(right, sizeof right, "%.200s · %s", l->d->subject, l->d->evaluated);
	text_right(l, LEFT + l->width, 43, false, 8, SECONDARY, right);
	sign_off(l);
	banner(l);
	if (l->d->warning != NULL) {
		rectangle(l, LEFT, l->y, l->width, 16, TINT, NO_COLOUR);
		(void)wrapped(l, LEFT + 6, l->y + 11, l->width - 12, true, 8, 10, INK, l->d->warning, true, 1);
		l->y += 16;
	}
	key_figures(l);
	why(l);
	draw_blocks(l, true);
}

int layout_draw(const struct doc *doc, const struct canvas *canvas, int pages)
{
	struct layout l = { .c = canvas, .d = doc, .width = canvas->width - 2 * LEFT, .pages = pages };

	first_page(&l);
	if (l.page == 1)
		new_page(&l);
	all_charts(&l);
	draw_blocks(&l, false);
	footer(&l);
	return l.page;
}
