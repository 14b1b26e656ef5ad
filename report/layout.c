#include "layout.h"

#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "layout-parts.h"

/* report-design.md 7. */
#define FINDINGS_FULL 10
#define FINDINGS_LINES 40

/* ---- Text. */

static void put_piece(struct layout *l, const struct flow *flow, size_t from, size_t to, double *x, double y, const struct style *style,
		      const struct piece *piece)
{
	struct font_use font = { .bold = style->bold || piece->bold, .size = style->size, .colour = style->colour };
	double width = font_width(l->fonts, font.bold, font.size, flow->bytes + from, to - from);
	char *text;

	if (l->pages->muted)
		return;
	text = arena_strndup(l->arena, flow->bytes + from, to - from);
	if (text == NULL) {
		l->pages->failed = true;
		return;
	}
	l->c.text(l->c.self, *x, y, &font, text);
	if (piece->link != NULL)
		page_link(l->pages, *x, y - style->size * 0.8, width, style->size, piece->link);
	*x += width;
}

static void put_flow_line(struct layout *l, const struct flow *flow, size_t from, size_t to, double x, double y, const struct style *style,
			  bool cut)
{
	for (size_t i = 0; i < flow->n_pieces; i++) {
		const struct piece *p = &flow->pieces[i];
		size_t a = p->from > from ? p->from : from, b = p->to < to ? p->to : to;

		/* A word that was broken for its length is still one word. */
		l->pages->joined = b < to || (to < flow->len && flow->bytes[to] != ' ');
		if (a < b)
			put_piece(l, flow, a, b, &x, y, style, p);
	}
	l->pages->joined = false;
	if (cut)
		l->c.text(l->c.self, x, y, &(struct font_use){ style->bold, style->size, style->colour, ANCHOR_START }, "…");
}

int put_flow(struct layout *l, const struct flow *flow, double x, double y, double width, const struct style *style)
{
	int most = style->most > 0 ? style->most : LINES_MAX, lines = 0;

	for (size_t at = 0; at < flow->len && lines < most; lines++) {
		size_t next, to;
		bool last = lines + 1 == most;

		to = flow_line(flow, l->fonts, at, width, style->bold, style->size, &next);
		if (last && next < flow->len)
			to = flow_line(flow, l->fonts, at, width - style->size, style->bold, style->size, &next);
		put_flow_line(l, flow, at, to, x, y + style->leading * lines, style, last && next < flow->len);
		at = next;
	}
	return lines;
}

int put_text(struct layout *l, const struct text *text, double x, double y, double width, const struct style *style)
{
	struct flow flow = flow_of(l->arena, l->fonts, text, false);

	return put_flow(l, &flow, x, y, width, style);
}

int put_words(struct layout *l, const char *words, double x, double y, double width, const struct style *style)
{
	struct flow flow = flow_plain(l->arena, l->fonts, words);

	return put_flow(l, &flow, x, y, width, style);
}

int count_text(struct layout *l, const struct text *text, double width, const struct style *style)
{
	bool muted = l->pages->muted;
	int lines;

	l->pages->muted = true;
	lines = put_text(l, text, 0, 0, width, style);
	l->pages->muted = muted;
	return lines;
}

void put_line(struct layout *l, const char *words, double x, double y, double width, const struct font_use *font)
{
	struct flow flow = flow_plain(l->arena, l->fonts, words);
	const char *line = width > 0 ? flow_shorten(l->arena, l->fonts, flow.bytes, width, font->bold, font->size) : flow.bytes;

	if (line == NULL)
		l->pages->failed = true;
	else
		l->c.text(l->c.self, x, y, font, line);
}

double words_width(struct layout *l, const char *words, bool bold, double size)
{
	return words == NULL ? 0 : font_width(l->fonts, bold, size, words, strlen(words));
}

void put_rule(struct layout *l, double y, double width, uint32_t colour)
{
	canvas_line(&l->c, LEFT, y, LEFT + l->width, y, width, colour);
}

void put_mark(struct layout *l, double x, double baseline, enum mark mark)
{
	static const struct {
		enum canvas_mark shape;
		const char *word; /* the text beside an open one says why */
	} marks[] = {
		[MARK_PASS] = { CANVAS_TICK, "pass" }, [MARK_FAIL] = { CANVAS_CROSS, "fail" }, [MARK_OPEN] = { CANVAS_DIAMOND, NULL }
	};

	if (mark == MARK_NONE)
		return;
	canvas_mark(&l->c, x, baseline - 2.9, marks[mark].shape);
	/* As narrow as the mark, so that who extracts by position finds it there. */
	if (marks[mark].word != NULL)
		page_hidden(l->pages, x - 3.9, baseline, 3.5, marks[mark].word);
}

/* ---- Pages. */

static void put_head(struct layout *l)
{
	const struct doc *d = l->doc;
	const char *word = doc_verdict_word(d);
	struct font_use bold = { true, 7.5, INK, ANCHOR_START }, plain = { false, 7.5, SECONDARY, ANCHOR_START };
	struct font_use right = { false, 7.5, SECONDARY, ANCHOR_END };
	double x = LEFT + words_width(l, word, true, 7.5) + 8;
	char *title = arena_printf(l->arena, "%sCanary rollout evidence — %s", d->partial ? "Partial, still running: " : "", d->subject);

	page_open(l->pages, TAG_ARTIFACT, NULL);
	l->c.text(l->c.self, LEFT, 30, &bold, word);
	put_line(l, title, x, 30, l->width - (x - LEFT) - 100, &plain);
	l->c.text(l->c.self, LEFT + l->width, 30, &right, "all times UTC (+00:00)");
	put_rule(l, 36, 0.4, HAIR);
	page_close(l->pages);
}

void layout_new_page(struct layout *l)
{
	pages_add(l->pages);
	l->page++;
	l->bottom = l->pages->height - BOTTOM;
	l->y = 36;
	l->at_rule = true;
	l->first_of_page = true;
	if (l->page > 1)
		put_head(l);
}

/* Last of each page, when their number is known. */
static void put_footers(struct layout *l)
{
	struct font_use left = { false, 7, SECONDARY, ANCHOR_START }, right = { false, 7, SECONDARY, ANCHOR_END };
	double y = l->pages->height - 24;
	size_t n = l->pages->n;
	char number[64];

	for (size_t i = 0; i < n; i++) {
		l->pages->at = i;
		page_open(l->pages, TAG_ARTIFACT, NULL);
		put_rule(l, l->pages->height - 35, 0.4, HAIR);
		put_line(l, l->doc->footer, LEFT, y, l->width - 130, &left);
		(void)snprintf(number, sizeof number, "%sPage %zu of %zu", l->doc->partial ? "partial · " : "", i + 1, n);
		l->c.text(l->c.self, LEFT + l->width, y, &right, number);
		page_close(l->pages);
	}
}

bool has_room(const struct layout *l, double height)
{
	return l->y + height <= l->bottom;
}

void need_room(struct layout *l, double height)
{
	if (!has_room(l, height) && !l->first_of_page)
		layout_new_page(l);
}

/* A baseline further down; the first one of a page stands at 54 (report-design.md 3). */
static void move_down(struct layout *l, double height)
{
	l->y += l->first_of_page ? 18 : height;
	l->at_rule = l->first_of_page = false;
}

/* The same in the middle of a section, which then says what goes on there. */
static void need_room_within(struct layout *l, double height)
{
	const struct font_use font = { true, 8.5, SECONDARY, ANCHOR_START };
	char *words;

	if (has_room(l, height) || l->first_of_page)
		return;
	layout_new_page(l);
	words = l->section == NULL ? NULL : arena_printf(l->arena, "%s (continued)", l->section);
	if (words == NULL)
		return;
	move_down(l, 0);
	page_open(l->pages, TAG_ARTIFACT, NULL);
	l->c.text(l->c.self, LEFT, l->y, &font, words);
	page_close(l->pages);
}

void put_heading(struct layout *l, const char *title, const char *note, double below)
{
	struct font_use font = { true, 11, INK, ANCHOR_START }, small = { false, 8, SECONDARY, ANCHOR_START };
	double x = LEFT + words_width(l, title, true, 11) + 8;

	need_room(l, 27.5 + below);
	move_down(l, l->at_rule ? 19 : 23);
	l->section = title;
	page_outline(l->pages, l->y - 11, title);
	page_open(l->pages, TAG_H2, NULL);
	l->c.text(l->c.self, LEFT, l->y, &font, title);
	page_close(l->pages);
	if (note != NULL) {
		page_open(l->pages, TAG_P, NULL);
		put_line(l, note, x, l->y, LEFT + l->width - x, &small);
		page_close(l->pages);
	}
	l->y += 4.5;
	put_rule(l, l->y, 0.8, INK);
	l->at_rule = true;
}

/* ---- Blocks. */

static void put_paragraph(struct layout *l, const struct text *text, const struct style *style)
{
	struct flow flow = flow_of(l->arena, l->fonts, text, false);
	size_t next;

	if (flow.len == 0)
		return;
	need_room(l, 14 + style->leading);
	page_open(l->pages, TAG_P, NULL);
	for (size_t at = 0; at < flow.len; at = next) {
		size_t to = flow_line(&flow, l->fonts, at, l->width, style->bold, style->size, &next);

		need_room(l, style->leading);
		move_down(l, at == 0 ? 14 : style->leading);
		put_flow_line(l, &flow, at, to, LEFT, l->y, style, false);
	}
	page_close(l->pages);
}

/* A pair that is one line in half the width; many of them, as the settings of the criteria, would fill a page otherwise. */
static bool is_narrow(struct layout *l, const struct key *k, double value)
{
	struct flow flow = flow_of(l->arena, l->fonts, &k->value, false);

	return k->anchor == NULL && words_width(l, k->label, false, 8) <= value - 8 &&
	       flow_width(&flow, l->fonts, 0, flow.len, false, 8.5) <= l->width / 2 - value - 8;
}

static void put_key(struct layout *l, const struct key *k, double x, double value, double width, const struct style *style)
{
	const struct font_use label = { false, 8, SECONDARY, ANCHOR_START };

	page_open(l->pages, TAG_P, NULL);
	put_line(l, k->label, x, l->y, value - 8, &label);
	(void)put_text(l, &k->value, x + value, l->y, width - value, style);
	page_close(l->pages);
}

static void put_keys(struct layout *l, const struct block *b)
{
	const double value = 132;
	const struct style style = { false, 8.5, 11, INK, CELL_LINES };

	for (size_t i = 0; i < b->n_keys; i++) {
		const struct key *k = &b->keys[i];
		bool beside = i + 1 < b->n_keys && is_narrow(l, k, value) && is_narrow(l, &b->keys[i + 1], value);
		int lines = count_text(l, &k->value, l->width - value, &style);

		need_room_within(l, 14 + 11 * (lines - 1));
		move_down(l, i == 0 ? 14 : 13);
		put_key(l, k, LEFT, value, beside ? l->width / 2 : l->width, &style);
		if (beside)
			put_key(l, &b->keys[++i], LEFT + l->width / 2, value, l->width / 2, &style);
		if (k->anchor != NULL)
			page_place(l->pages, l->y - 10, k->anchor);
		l->y += 11 * (lines > 1 ? lines - 1 : 0);
	}
}

/* Between the id and the severity of a finding. */
static double fact_width(struct layout *l, const struct block *b)
{
	return l->width - 28 - words_width(l, b->severity, false, 8) - 8;
}

/* Id, fact and severity of a finding. */
static void put_fact(struct layout *l, const struct block *b, const struct style *style)
{
	struct font_use id = { true, style->size, INK, ANCHOR_START }, right = { false, 8, SECONDARY, ANCHOR_END };
	double width = fact_width(l, b);

	page_place(l->pages, l->y - 10, b->id);
	page_open(l->pages, TAG_P, NULL);
	l->c.text(l->c.self, LEFT, l->y, &id, b->id);
	if (style->most == 1) {
		struct flow fact = flow_of(l->arena, l->fonts, &b->fact, false);

		put_line(l, fact.bytes, LEFT + 28, l->y, width,
			 &(struct font_use){ style->bold, style->size, style->colour, ANCHOR_START });
	} else {
		(void)put_text(l, &b->fact, LEFT + 28, l->y, width, style);
	}
	l->c.text(l->c.self, LEFT + l->width, l->y, &right, b->severity);
	page_close(l->pages);
}

static void put_finding(struct layout *l, const struct block *b)
{
	const struct style fact = { true, 9, 12, INK, 6 }, body = { false, 9, 12, INK, CELL_LINES }, line = { false, 8.5, 11, INK, 1 };
	int lines, more;

	if (++l->findings > FINDINGS_LINES)
		return;
	if (l->findings > FINDINGS_FULL) {
		need_room_within(l, 14);
		move_down(l, 13);
		put_fact(l, b, &line);
		return;
	}
	lines = count_text(l, &b->fact, fact_width(l, b), &fact);
	more = count_text(l, &b->text, l->width - 52, &body);
	need_room_within(l, 16 + 12 * (lines + more - 1));
	move_down(l, l->at_rule ? 14 : 16);
	put_fact(l, b, &fact);
	l->y += 12 * lines;
	page_open(l->pages, TAG_P, NULL);
	(void)put_text(l, &b->text, LEFT + 28, l->y, l->width - 52, &body);
	page_close(l->pages);
	l->y += 12 * (more - 1);
}

static void end_findings(struct layout *l)
{
	const struct style style = { false, 8, 11, SECONDARY, 1 };
	char words[96];

	if (l->findings > FINDINGS_LINES) {
		(void)snprintf(words, sizeof words, "%zu more findings stand in report.md.", l->findings - FINDINGS_LINES);
		need_room(l, 14);
		move_down(l, 13);
		page_open(l->pages, TAG_P, NULL);
		(void)put_words(l, words, LEFT, l->y, l->width, &style);
		page_close(l->pages);
	}
	l->findings = 0;
}

static void put_code(struct layout *l, const struct block *b)
{
	const struct font_use id = { true, 8, INK, ANCHOR_START };
	const struct style style = { false, 7.5, 10, SECONDARY, CELL_LINES };
	bool muted = l->pages->muted;
	int lines;

	l->pages->muted = true;
	lines = put_words(l, b->code, 0, 0, l->width - 32, &style);
	l->pages->muted = muted;
	need_room_within(l, 13 + 10 * (lines - 1));
	move_down(l, 13);
	page_open(l->pages, TAG_P, NULL);
	if (b->id != NULL)
		l->c.text(l->c.self, LEFT + 4, l->y, &id, b->id);
	(void)put_words(l, b->code, LEFT + 32, l->y, l->width - 32, &style);
	page_close(l->pages);
	l->y += 10 * (lines > 1 ? lines - 1 : 0);
}

static void put_score(struct layout *l, const struct score *s)
{
	const struct font_use number = { false, 8.5, SECONDARY, ANCHOR_END };
	const struct font_use points = { true, 8.5, s->points > 0 || s->word != NULL ? INK : FAIL, ANCHOR_END };
	const struct style style = { false, 8.5, 11, INK, 1 };
	uint32_t colour = s->points > 0 ? CANARY : s->word != NULL ? SECONDARY : FAIL;
	int n = s->of <= SCORE_BOXES_MAX ? s->of : 0;
	double word = s->word == NULL ? 0 : words_width(l, s->word, true, 8.5), boxes = LEFT + l->width - 12 - word - 11.2 * n;
	char text[16];

	page_open(l->pages, TAG_P, NULL);
	l->c.text(l->c.self, LEFT + 12, l->y, &number, s->number);
	(void)put_text(l, &s->text, LEFT + 22, l->y, boxes - LEFT - 30, &style);
	for (int k = 0; k < n; k++)
		canvas_box(&l->c, boxes + 11.2 * k, l->y - 7.6, 8.6, 8.6, k < s->points ? colour : NO_COLOUR, colour);
	(void)snprintf(text, sizeof text, "%d", s->points);
	l->c.text(l->c.self, LEFT + l->width, l->y, &points, s->word == NULL ? text : s->word);
	page_close(l->pages);
}

static void put_scores(struct layout *l, const struct block *b)
{
	for (size_t i = 0; i < b->n_scores; i++) {
		need_room_within(l, 14);
		move_down(l, i == 0 ? 13 : 9.5);
		put_score(l, &b->scores[i]);
		l->y += 4.5;
		put_rule(l, l->y, 0.4, HAIR);
		l->at_rule = true;
	}
}

/* What must stand below a heading on its page. */
static double kept_below(struct layout *l, const struct block *b)
{
	if (b->kind == BLOCK_TABLE && b->table != NULL) {
		double all = table_height(l, b->table), start = table_start(l, b->table);

		return all < 80 ? all : start > 80 ? start : 80;
	}
	return b->kind == BLOCK_CHARTS ? 180 : 40;
}

static void put_block_heading(struct layout *l, const struct block *b, const struct block *next)
{
	if ((b->flags & BLOCK_NEW_PAGE) != 0 && !l->first_of_page && l->y > l->pages->height * 0.55)
		layout_new_page(l);
	put_heading(l, b->title, b->note, next == NULL ? 20 : kept_below(l, next));
}

static void put_block(struct layout *l, const struct block *b, const struct block *next)
{
	static const struct style body = { false, 9, 12, INK, 0 }, caption = { false, 8, 11, SECONDARY, 0 };

	if (b->kind != BLOCK_FINDING)
		end_findings(l);
	switch (b->kind) {
	case BLOCK_HEADING:
		put_block_heading(l, b, next);
		break;
	case BLOCK_PARAGRAPH:
		put_paragraph(l, &b->text, &body);
		break;
	case BLOCK_KEYS:
		put_keys(l, b);
		break;
	case BLOCK_TABLE:
		if (b->table != NULL)
			layout_table(l, b->table);
		break;
	case BLOCK_FINDING:
		put_finding(l, b);
		break;
	case BLOCK_CODE:
		put_code(l, b);
		break;
	case BLOCK_CHARTS:
		layout_charts(l);
		put_paragraph(l, &b->text, &caption);
		break;
	case BLOCK_SCORES:
		put_scores(l, b);
		break;
	case BLOCK_SIGN_OFF:
		break;
	}
}

static void put_all(struct layout *l)
{
	const struct doc *d = l->doc;

	layout_new_page(l);
	layout_first(l);
	layout_new_page(l);
	if (l->whole_ladder) {
		put_heading(l, "Evidence ladder, every step", d->ladder.note, 60);
		layout_ladder(l, false, 0);
	}
	for (size_t i = 0; i < d->n_blocks; i++)
		if ((d->blocks[i].flags & BLOCK_TEXT_ONLY) == 0)
			put_block(l, &d->blocks[i], i + 1 < d->n_blocks ? &d->blocks[i + 1] : NULL);
	end_findings(l);
	put_footers(l);
}

/* Where the first of the short table's rows stands in full; 0: nowhere. */
static int page_of_conditions(const struct pages *pages, const struct doc *doc)
{
	const struct span *id = doc->conditions == NULL || doc->conditions->n_rows == 0 ? NULL
											: doc->conditions->rows[0].cells[0].text.first;

	for (size_t i = 0; id != NULL && i < pages->n; i++)
		for (size_t k = 0; k < pages->v[i].n; k++)
			if (pages->v[i].ops[k].kind == OP_PLACE && strcmp(pages->v[i].ops[k].text, id->text) == 0)
				return (int)i + 1;
	return 0;
}

int layout_pages(struct pages *pages, const struct doc *doc, struct error *err)
{
	int conditions = 0;

	/* Twice: page 1 names the page that the conditions stand on. */
	for (int i = 0; i < 2; i++) {
		struct layout l = { .pages = pages,
				    .arena = pages->arena,
				    .fonts = pages->fonts,
				    .doc = doc,
				    .c = pages_canvas(pages),
				    .width = pages->width - 2 * LEFT,
				    .conditions_page = conditions };

		pages->n = pages->at = 0;
		put_all(&l);
		conditions = page_of_conditions(pages, doc);
	}
	return pages->failed ? error_nomem(err) : 0;
}
