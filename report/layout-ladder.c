/* The evidence ladder: a row per step, criteria as columns (report-design.md 3); neighbouring steps of one state may be merged. */
#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "layout-parts.h"

#define ROW 27.0
#define ROW_NOT_REACHED 15.0
#define STEP_WIDTH 62.0
#define WINDOW_AT 46.0
#define MARK_BEFORE 7.6

/* Left edges of the columns' text. */
struct grid {
	double window, step, criteria, each; /* first criterion, and the width of one */
};

static double window_width(struct layout *l)
{
	double most = 0;

	for (size_t i = 0; i < l->doc->ladder.n_rows; i++) {
		const struct ladder_row *r = &l->doc->ladder.rows[i];
		double w = r->from == NULL ? 0
					   : words_width(l, r->from, false, 8.5) + words_width(l, "–", false, 8.5) +
						     words_width(l, r->to, false, 8.5);

		w = fmax(w, words_width(l, r->window_second, false, 7));
		most = fmax(most, w);
	}
	return most;
}

static double weight_width(struct layout *l)
{
	double most = 0;

	for (size_t i = 0; i < l->doc->ladder.n_rows; i++) {
		most = fmax(most, words_width(l, l->doc->ladder.rows[i].weight, true, 8.5));
		most = fmax(most, words_width(l, l->doc->ladder.rows[i].weight_second, false, 7));
	}
	/* "10–30 %" of merged rows. */
	return fmax(most + 12, words_width(l, l->doc->ladder.step_head, true, 7.5));
}

static struct grid make_grid(struct layout *l)
{
	struct grid g = { .step = l->width - STEP_WIDTH };
	size_t n = l->doc->ladder.n_criteria;

	g.window = fmax(WINDOW_AT, 4 + weight_width(l) + 6);
	g.criteria = fmax(126, g.window + window_width(l) + 8 + 2 * MARK_BEFORE);
	g.each = n == 0 ? 0 : (g.step - g.criteria) / (double)n;
	return g;
}

/* ---- Merging. */

static bool may_merge(const struct ladder_row *a, const struct ladder_row *b)
{
	return a->state == b->state && (a->state == STEP_PASS || a->state == STEP_NOT_REACHED);
}

/* "10 %" and "30 %" make "10–30 %": the unit stands once. */
static const char *merge_weights(struct layout *l, const char *first, const char *last)
{
	const char *unit = strstr(first, "\xC2\xA0"), *other = strstr(last, "\xC2\xA0");
	size_t n = unit != NULL && other != NULL && strcmp(unit, other) == 0 ? (size_t)(unit - first) : strlen(first);

	return arena_printf(l->arena, "%.*s–%s", (int)n, first, last);
}

static bool is_worse(double a, double b)
{
	return !isnan(a) && (isnan(b) || a < b);
}

/* Rows first…last as one, with the worst value of each criterion. */
static struct ladder_row merge_rows(struct layout *l, size_t first, size_t last)
{
	const struct ladder *ladder = &l->doc->ladder;
	struct ladder_row row = ladder->rows[first];

	if (first == last)
		return row;
	row.weight = merge_weights(l, row.weight, ladder->rows[last].weight);
	row.to = ladder->rows[last].to;
	row.weight_second = row.window_second = NULL;
	row.cells = arena_alloc(l->arena, (ladder->n_criteria + 1) * sizeof *row.cells);
	if (row.cells == NULL || row.weight == NULL) {
		l->pages->failed = true;
		return ladder->rows[first];
	}
	for (size_t c = 0; c < ladder->n_criteria; c++) {
		row.cells[c] = ladder->rows[first].cells[c];
		for (size_t r = first + 1; r <= last; r++)
			if (is_worse(ladder->rows[r].cells[c].margin, row.cells[c].margin))
				row.cells[c] = ladder->rows[r].cells[c];
	}
	if (row.state == STEP_PASS)
		row.word_second = "worst of each";
	return row;
}

static size_t end_of_run(const struct ladder *ladder, size_t first, bool merged)
{
	size_t last = first;

	while (merged && last + 1 < ladder->n_rows && may_merge(&ladder->rows[first], &ladder->rows[last + 1]))
		last++;
	return last;
}

/* ---- Drawing. */

static void put_heads(struct layout *l, const struct grid *g)
{
	const struct ladder *ladder = &l->doc->ladder;
	struct font_use head = { true, 7.5, SECONDARY, ANCHOR_START };
	const char *fixed[] = { ladder->step_head, "Window", "Step" };
	double at[] = { 4, g->window, g->step };

	l->y += 14;
	page_open(l->pages, TAG_TR, NULL);
	for (size_t i = 0; i < 3 + ladder->n_criteria; i++) {
		size_t c = i - 2;
		bool criterion = i >= 2 && c < ladder->n_criteria;
		size_t k = i < 2 ? i : 2;

		page_open(l->pages, TAG_TH, NULL);
		put_line(l, criterion ? ladder->criteria[c] : fixed[k], LEFT + (criterion ? g->criteria + g->each * (double)c : at[k]),
			 l->y, criterion ? g->each - 2 * MARK_BEFORE : 0, &head);
		page_close(l->pages);
	}
	page_close(l->pages);
	l->y += 4.5;
	put_rule(l, l->y, 0.5, RULE);
}

static int put_second(struct layout *l, const struct text *text, double x, double y, double width)
{
	return put_text(l, text, x, y, width, &(struct style){ false, 7, 8.5, SECONDARY, 3 });
}

static int put_criterion(struct layout *l, const struct ladder_cell *cell, double x, double y, double width)
{
	struct font_use value = { true, 8.5, cell->mark == MARK_FAIL ? FAIL : INK, ANCHOR_START };
	int lines;

	page_open(l->pages, TAG_TD, NULL);
	put_mark(l, x - MARK_BEFORE, y, cell->mark);
	put_line(l, cell->value, x, y, width, &value);
	lines = put_second(l, &cell->second, x, y + 9.5, width);
	page_close(l->pages);
	return lines;
}

static void put_pair(struct layout *l, const char *first, const char *second, double x, double y, double width, const struct font_use *font)
{
	struct font_use small = { false, 7, SECONDARY, ANCHOR_START };

	page_open(l->pages, TAG_TD, NULL);
	if (first != NULL)
		put_line(l, first, x, y, width, font);
	if (second != NULL)
		put_line(l, second, x, y + 9.5, width, &small);
	page_close(l->pages);
}

static void put_not_reached(struct layout *l, const struct grid *g, const struct ladder_row *row)
{
	struct font_use weight = { true, 8.5, SECONDARY, ANCHOR_START }, words = { false, 8.5, SECONDARY, ANCHOR_START };

	page_open(l->pages, TAG_TR, NULL);
	put_pair(l, row->weight, NULL, LEFT + 4, l->y + 10.3, 0, &weight);
	put_pair(l, "not reached", NULL, LEFT + g->window, l->y + 10.3, 0, &words);
	page_close(l->pages);
}

static double row_extra(struct layout *l, const struct grid *g, const struct ladder_row *row)
{
	bool muted = l->pages->muted;
	int most = 1;

	l->pages->muted = true;
	for (size_t c = 0; c < l->doc->ladder.n_criteria && row->state != STEP_NOT_REACHED; c++) {
		int lines = put_second(l, &row->cells[c].second, 0, 0, g->each - 2 * MARK_BEFORE);

		most = lines > most ? lines : most;
	}
	l->pages->muted = muted;
	return 8.5 * (most - 1);
}

static double row_height(struct layout *l, const struct grid *g, const struct ladder_row *row)
{
	return row->state == STEP_NOT_REACHED ? ROW_NOT_REACHED : ROW + row_extra(l, g, row);
}

static void put_row(struct layout *l, const struct grid *g, const struct ladder_row *row, double height)
{
	static const uint32_t colours[] = {
		[STEP_PASS] = PASS, [STEP_FAIL] = FAIL, [STEP_OPEN] = SECONDARY, [STEP_NOT_REACHED] = SECONDARY
	};
	struct font_use bold = { true, 8.5, INK, ANCHOR_START }, plain = { false, 8.5, INK, ANCHOR_START };
	struct font_use word = { true, 8.5, colours[row->state], ANCHOR_START };
	char *window = row->from == NULL ? NULL : arena_printf(l->arena, "%s–%s", row->from, row->to);
	double y = l->y + 12;

	if (row->state == STEP_FAIL)
		canvas_box(&l->c, LEFT, l->y + 0.2, l->width, height - 0.4, TINT, NO_COLOUR);
	page_open(l->pages, TAG_TR, NULL);
	put_pair(l, row->weight, row->weight_second, LEFT + 4, y, g->window - 8, &bold);
	put_pair(l, window, row->window_second, LEFT + g->window, y, g->criteria - g->window - 2 * MARK_BEFORE, &plain);
	for (size_t c = 0; c < l->doc->ladder.n_criteria; c++)
		(void)put_criterion(l, &row->cells[c], LEFT + g->criteria + g->each * (double)c, y, g->each - 2 * MARK_BEFORE);
	put_pair(l, row->word, row->word_second, LEFT + g->step, y, STEP_WIDTH, &word);
	page_close(l->pages);
}

static void put_nothing(struct layout *l)
{
	page_open(l->pages, TAG_P, NULL);
	l->y += 14;
	l->y += 12 * (put_text(l, &l->doc->ladder.nothing, LEFT, l->y, l->width, &(struct style){ false, 9, 12, INK, 3 }) - 1);
	page_close(l->pages);
	l->at_rule = false;
}

static void put_rest(struct layout *l, size_t rows)
{
	struct font_use font = { false, 8.5, SECONDARY, ANCHOR_START };
	char *words = arena_printf(l->arena, "%zu more row%s: the whole ladder stands on the next page", rows, rows == 1 ? "" : "s");

	l->c.text(l->c.self, LEFT + 4, l->y + 10.3, &font, words == NULL ? "" : words);
	l->y += ROW_NOT_REACHED;
	put_rule(l, l->y, 0.4, HAIR);
}

void layout_ladder(struct layout *l, bool merged, size_t most)
{
	const struct ladder *ladder = &l->doc->ladder;
	struct grid g = make_grid(l);
	size_t drawn = 0;

	if (ladder->n_rows == 0) {
		put_nothing(l);
		return;
	}
	page_open(l->pages, TAG_TABLE, NULL);
	put_heads(l, &g);
	for (size_t i = 0; i < ladder->n_rows;) {
		size_t last = end_of_run(ladder, i, merged);
		struct ladder_row row = merge_rows(l, i, last);
		double height = row_height(l, &g, &row);

		if (most > 0 && drawn == most) {
			put_rest(l, ladder->n_rows - i);
			break;
		}
		if (l->page > 1 && !has_room(l, height)) {
			layout_new_page(l);
			put_heads(l, &g);
		}
		if (row.state == STEP_NOT_REACHED)
			put_not_reached(l, &g, &row);
		else
			put_row(l, &g, &row, height);
		l->y += height;
		put_rule(l, l->y, 0.4, HAIR);
		i = last + 1;
		drawn++;
	}
	page_close(l->pages);
	l->at_rule = true;
	l->first_of_page = false;
}
