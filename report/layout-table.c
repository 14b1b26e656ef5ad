/* Tables: column heads repeat on every page, a row is never split (report-design.md 7). */
#include <stdio.h>
#include <string.h>

#include "layout-parts.h"

#define PADDING 4.0
#define BETWEEN 8.0
#define MARK_ROOM 12.0

static uint32_t tone_colour(enum tone tone)
{
	static const uint32_t colours[] = { [TONE_INK] = INK, [TONE_SECONDARY] = SECONDARY, [TONE_PASS] = PASS, [TONE_FAIL] = FAIL };

	return colours[tone];
}

static bool is_reference(const struct cell *cell)
{
	return cell->text.first != NULL && cell->text.first->kind == SPAN_CITE && cell->text.first->next == NULL;
}

static struct style cell_style(const struct column *column, const struct cell *cell)
{
	return (struct style){ .bold = cell->bold,
			       .size = 8.5,
			       .leading = 11,
			       .colour = is_reference(cell) ? CANARY : tone_colour(cell->tone),
			       .most = column->one_line ? 1 : CELL_LINES };
}

/* The text of a cell that is one line whatever it holds: shortened in the middle. */
static struct flow cell_flow(struct layout *l, const struct column *column, const struct cell *cell, double width)
{
	struct flow flow = flow_of(l->arena, l->fonts, &cell->text, true);
	const char *shorter;

	if (!column->one_line || flow_width(&flow, l->fonts, 0, flow.len, cell->bold, 8.5) <= width)
		return flow;
	shorter = flow_shorten(l->arena, l->fonts, flow.bytes, width, cell->bold, 8.5);
	if (shorter == NULL) {
		l->pages->failed = true;
		return flow;
	}
	return flow_plain(l->arena, l->fonts, shorter);
}

/* Draws a cell whose first baseline is y; returns what lies between its first and last baseline. */
static double put_cell(struct layout *l, const struct column *column, const struct cell *cell, double x, double y, double width)
{
	double indent = cell->mark == MARK_NONE ? 0 : MARK_ROOM;
	struct style style = cell_style(column, cell), small = { false, 7, 8.5, SECONDARY, CELL_LINES };
	struct flow flow = cell_flow(l, column, cell, width - indent);
	double down = 0;
	int lines;

	put_mark(l, x + 3.9, y, cell->mark);
	if (column->right)
		x += width - indent - flow_width(&flow, l->fonts, 0, flow.len, cell->bold, 8.5);
	lines = put_flow(l, &flow, x + indent, y, width - indent, &style);
	down = lines > 1 ? 11 * (lines - 1) : 0;
	if (text_is_empty(&cell->second))
		return down;
	lines = put_text(l, &cell->second, x + indent, y + down + 9.5, width - indent, &small);
	return down + 9.5 + (lines > 1 ? 8.5 * (lines - 1) : 0);
}

static double column_width(const struct layout *l, const struct table *t, size_t i)
{
	return t->columns[i].width * l->width;
}

static double row_height(struct layout *l, const struct table *t, const struct row *row)
{
	bool muted = l->pages->muted;
	double most = 0;

	l->pages->muted = true;
	for (size_t i = 0; i < t->n_columns; i++) {
		double down = put_cell(l, &t->columns[i], &row->cells[i], 0, 0, column_width(l, t, i) - BETWEEN);

		most = down > most ? down : most;
	}
	l->pages->muted = muted;
	/* 11 above and 5 below where there are more lines; less for one (report-design.md 3). */
	return most > 0 ? 16 + most : 14;
}

static void put_row(struct layout *l, const struct table *t, const struct row *row, double height, bool first)
{
	double x = LEFT + PADDING, baseline = l->y + (first || height > 14 ? 11 : 9.5);

	height += first && height <= 14 ? 1.5 : 0;
	if (row->failed)
		canvas_box(&l->c, LEFT, l->y + 0.2, l->width, height - 0.4, TINT, NO_COLOUR);
	page_open(l->pages, TAG_TR, NULL);
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct cell *cell = &row->cells[i];

		page_open(l->pages, TAG_TD, NULL);
		(void)put_cell(l, &t->columns[i], cell, x, baseline, column_width(l, t, i) - BETWEEN);
		page_close(l->pages);
		if (cell->anchor != NULL || is_reference(cell))
			page_place(l->pages, baseline - 10, cell->anchor != NULL ? cell->anchor : cell->text.first->text);
		x += column_width(l, t, i);
	}
	page_close(l->pages);
	l->y += height;
	put_rule(l, l->y, 0.4, HAIR);
}

static void put_column_heads(struct layout *l, const struct table *t, bool continued)
{
	struct font_use left = { true, 7.5, SECONDARY, ANCHOR_START }, right = { true, 7.5, SECONDARY, ANCHOR_END };
	struct font_use note = { false, 7.5, SECONDARY, ANCHOR_END };
	double x = LEFT + PADDING;

	l->y += l->first_of_page ? 18 : 14;
	page_open(l->pages, TAG_TR, NULL);
	for (size_t i = 0; i < t->n_columns; i++) {
		double width = column_width(l, t, i) - BETWEEN;

		page_open(l->pages, TAG_TH, NULL);
		put_line(l, t->columns[i].head, t->columns[i].right ? x + width : x, l->y, width, t->columns[i].right ? &right : &left);
		page_close(l->pages);
		x += column_width(l, t, i);
	}
	page_close(l->pages);
	if (continued)
		l->c.text(l->c.self, LEFT + l->width, l->y, &note, "(continued)");
	l->y += 4.5;
	put_rule(l, l->y, 0.5, RULE);
	l->first_of_page = false;
}

/* A wall of rows helps nobody on paper: the lowest ranks, in their order. */
static bool is_shown(const struct table *t, size_t r)
{
	size_t before = 0;

	if (t->most == 0 || t->n_rows <= t->most)
		return true;
	for (size_t i = 0; i < t->n_rows; i++)
		before += t->rows[i].rank < t->rows[r].rank || (t->rows[i].rank == t->rows[r].rank && i < r);
	return before < t->most;
}

double table_height(struct layout *l, const struct table *t)
{
	double height = 18.5 + 1.5;

	for (size_t r = 0; r < t->n_rows; r++)
		if (is_shown(t, r))
			height += row_height(l, t, &t->rows[r]);
	return height;
}

double table_start(struct layout *l, const struct table *t)
{
	return t->n_rows == 0 ? 0 : 18.5 + row_height(l, t, &t->rows[0]) + 1.5;
}

static void put_hidden_note(struct layout *l, const struct table *t)
{
	struct font_use small = { false, 8, SECONDARY, ANCHOR_START };
	char note[96];

	(void)snprintf(note, sizeof note, "%zu of %zu shown; report.md has all.", t->most, t->n_rows);
	need_room(l, 13);
	l->y += 13;
	page_open(l->pages, TAG_P, NULL);
	l->c.text(l->c.self, LEFT + PADDING, l->y, &small, note);
	page_close(l->pages);
	l->at_rule = false;
}

void layout_table(struct layout *l, const struct table *t)
{
	bool first = true;

	if (t->n_rows == 0)
		return;
	need_room(l, table_start(l, t));
	page_open(l->pages, TAG_TABLE, NULL);
	put_column_heads(l, t, false);
	for (size_t r = 0; r < t->n_rows; r++) {
		double height;

		if (!is_shown(t, r))
			continue;
		height = row_height(l, t, &t->rows[r]);
		if (!has_room(l, height + (first ? 1.5 : 0)) && !first) {
			layout_new_page(l);
			put_column_heads(l, t, true);
			first = true;
		}
		put_row(l, t, &t->rows[r], height, first);
		first = false;
	}
	page_close(l->pages);
	l->at_rule = true;
	if (t->most > 0 && t->n_rows > t->most)
		put_hidden_note(l, t);
}
