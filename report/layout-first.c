/* Page 1: it decides, and it is one page whatever it must hold (report-design.md 1). */
#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "layout-parts.h"

#define BANNER 68.0
#define PLOT_MIN 60.0
#define PLOT_MAX 150.0
#define REASONS_MAX 3

/* What page 1 gives up, in this order, until all of it fits. */
struct plan {
	bool extra; /* the deciding chart, or the short conditions */
	bool merged; /* neighbouring steps */
	int reason_lines; /* 0: as many as there are */
	size_t rows; /* of the ladder; 0: all */
};

static void put_title(struct layout *l)
{
	struct font_use title = { true, 10, INK, ANCHOR_START }, right = { false, 8, SECONDARY, ANCHOR_END };
	const char *words = l->doc->partial ? "Canary rollout evidence, partial: still running" : "Canary rollout evidence";
	double left = words_width(l, words, true, 10) + 12;
	char *text = arena_printf(l->arena, "%s · %s", l->doc->subject, l->doc->evaluated);

	page_open(l->pages, TAG_P, NULL);
	l->c.text(l->c.self, LEFT, 46, &title, words);
	put_line(l, text, LEFT + l->width, 46, l->width - left, &right);
	page_close(l->pages);
}

static void put_headline(struct layout *l, uint32_t ink)
{
	const struct doc *d = l->doc;
	struct style head = { true, 12, 15, ink, 2 }, sub = { false, 8.5, 11, ink, 2 };
	double x = LEFT + 206, width = l->width - 206 - 10, top = 54, y;
	bool muted = l->pages->muted;
	int lines, more;

	l->pages->muted = true;
	lines = put_text(l, &d->headline, x, 0, width, &head);
	more = put_text(l, &d->subline, x, 0, width, &sub);
	l->pages->muted = muted;
	/* The block of both, 15 a line and 11 a line, in the middle. */
	y = top + (BANNER - 15 * lines - (more > 0 ? 5 + 11 * (more - 1) + 5 : 0)) / 2 + 10;
	page_open(l->pages, TAG_P, NULL);
	(void)put_text(l, &d->headline, x, y, width, &head);
	page_close(l->pages);
	page_open(l->pages, TAG_P, NULL);
	(void)put_text(l, &d->subline, x, y + 15 * (lines - 1) + 15.3, width, &sub);
	page_close(l->pages);
}

static void put_banner(struct layout *l)
{
	static const struct {
		enum canvas_mark shape;
		uint32_t ground, ink;
	} looks[] = { [DOC_GO] = { CANVAS_TICK, PASS, WHITE },
		      [DOC_NO_GO] = { CANVAS_CROSS, FAIL, WHITE },
		      [DOC_HOLD] = { CANVAS_DIAMOND, HOLD, INK } };
	enum doc_verdict v = l->doc->verdict;
	struct font_use word = { true, 30, looks[v].ink, ANCHOR_START };
	double top = 54;

	canvas_box(&l->c, LEFT, top, l->width, BANNER, looks[v].ground, NO_COLOUR);
	canvas_symbol(&l->c, LEFT + 33, top + 34, 18, looks[v].shape, looks[v].ink);
	page_open(l->pages, TAG_H1, NULL);
	l->c.text(l->c.self, LEFT + 64, top + 45, &word, doc_verdict_word(l->doc));
	page_close(l->pages);
	canvas_line(&l->c, LEFT + 194, top + 12, LEFT + 194, top + 56, 0.8, looks[v].ink);
	put_headline(l, looks[v].ink);
	l->y = top + BANNER;
}

static void put_strip(struct layout *l)
{
	struct style style = { true, 8.5, 11, INK, 3 };
	struct flow flow = flow_of(l->arena, l->fonts, &l->doc->strip, false);
	bool muted = l->pages->muted;
	double height;

	if (flow.len == 0)
		return;
	l->pages->muted = true;
	height = 6 + 11 * put_flow(l, &flow, 0, 0, l->width - 20, &style);
	l->pages->muted = muted;
	canvas_box(&l->c, LEFT, l->y, l->width, height, WASH, RULE);
	page_open(l->pages, TAG_P, NULL);
	(void)put_flow(l, &flow, LEFT + 10, l->y + 11, l->width - 20, &style);
	page_close(l->pages);
	l->y += height;
}

static void put_figures(struct layout *l)
{
	struct font_use value = { true, 13, INK, ANCHOR_START }, label = { false, 7.5, SECONDARY, ANCHOR_START };
	double column = l->width / 4;

	for (size_t i = 0; i < 4; i++) {
		double x = LEFT + column * (double)i;

		if (i > 0)
			canvas_line(&l->c, x, l->y + 9, x, l->y + 32, 0.5, RULE);
		x += i == 0 ? 4 : 10;
		page_open(l->pages, TAG_P, NULL);
		put_line(l, l->doc->figures[i].value, x, l->y + 19, column - (i == 0 ? 6 : 14), &value);
		put_line(l, l->doc->figures[i].label, x, l->y + 30.3, column - (i == 0 ? 6 : 12), &label);
		page_close(l->pages);
	}
	l->y += 38;
	put_rule(l, l->y, 0.4, HAIR);
	l->at_rule = true;
	l->first_of_page = false;
}

static void put_why(struct layout *l, int most)
{
	struct font_use number = { true, 9, INK, ANCHOR_START };
	struct style style = { false, 9, 12, INK, most };
	char text[32];
	int lines;

	put_heading(l, "Why", NULL, 0);
	for (size_t i = 0; i < l->doc->n_reasons && i < REASONS_MAX; i++) {
		(void)snprintf(text, sizeof text, "%zu", i + 1);
		l->y += i == 0 ? 14 : 15;
		page_open(l->pages, TAG_P, NULL);
		l->c.text(l->c.self, LEFT, l->y, &number, text);
		lines = put_text(l, &l->doc->reasons[i], LEFT + 14, l->y, l->width - 14, &style);
		page_close(l->pages);
		l->y += 12 * (lines > 1 ? lines - 1 : 0);
	}
	l->y += l->doc->n_reasons == 0 ? 14 : 15;
	page_open(l->pages, TAG_P, NULL);
	l->c.text(l->c.self, LEFT, l->y, &number, "Next");
	lines = put_text(l, &l->doc->next, LEFT + 32, l->y, l->width - 32, &style);
	page_close(l->pages);
	l->y += 12 * (lines > 1 ? lines - 1 : 0);
	l->at_rule = false;
}

/* A value that is one line: shortened in the middle, so that registry and tag of an image are both seen. */
static void put_value(struct layout *l, const struct text *text, double x, double width, const struct font_use *font)
{
	struct flow flow = flow_of(l->arena, l->fonts, text, false);

	put_line(l, flow.bytes, x, l->y, width, font);
}

static void put_rolled_out(struct layout *l)
{
	struct font_use label = { false, 8, SECONDARY, ANCHOR_START }, value = { false, 8.5, INK, ANCHOR_START };
	struct font_use right = { false, 7.5, SECONDARY, ANCHOR_END };
	const double at = 56, second = 256;

	put_heading(l, "What was rolled out", NULL, 0);
	for (size_t i = 0; i < l->doc->rolled_out.n_keys; i++) {
		const struct key *k = &l->doc->rolled_out.keys[i];
		struct flow end = flow_of(l->arena, l->fonts, &k->right, false);
		double taken = end.len == 0 ? 0 : flow_width(&end, l->fonts, 0, end.len, false, 7.5) + 10;

		l->y += i == 0 ? 14 : 13;
		page_open(l->pages, TAG_P, NULL);
		put_line(l, k->label, LEFT, l->y, at - 4, &label);
		put_value(l, &k->value, LEFT + at, k->label2 != NULL ? second - at - 8 : l->width - at - taken, &value);
		if (k->label2 != NULL) {
			put_line(l, k->label2, LEFT + second, l->y, at - 4, &label);
			put_value(l, &k->value2, LEFT + second + at, l->width - second - at - taken, &value);
		}
		if (end.len > 0)
			put_value(l, &k->right, LEFT + l->width, 0, &right);
		page_close(l->pages);
	}
	l->at_rule = false;
}

/* The head of page 1 down to the ladder, and what follows it. */
static void put_body(struct layout *l, const struct plan *plan)
{
	put_why(l, plan->reason_lines);
	put_rolled_out(l);
	put_heading(l, "Evidence ladder", l->doc->ladder.note, 0);
	layout_ladder(l, plan->merged, plan->rows);
}

static bool has_extra(const struct doc *d)
{
	return d->verdict == DOC_NO_GO ? d->deciding != NULL : d->conditions != NULL && d->conditions->n_rows > 0;
}

static double extra_height(struct layout *l)
{
	if (l->doc->verdict == DOC_NO_GO)
		return chart_height(PLOT_MIN, false);
	return 19 + 4.5 + table_height(l, l->doc->conditions);
}

static bool fits(struct layout *l, const struct plan *plan)
{
	struct layout dry = *l;
	bool muted = l->pages->muted;

	l->pages->muted = true;
	put_body(&dry, plan);
	l->pages->muted = muted;
	return dry.y + (plan->extra ? extra_height(&dry) : 0) <= l->bottom;
}

static struct plan choose_plan(struct layout *l)
{
	bool extra = has_extra(l->doc);
	const struct plan plans[] = { { extra, false, 0, 0 }, { false, false, 0, 0 }, { extra, true, 0, 0 },
				      { false, true, 0, 0 },  { extra, true, 2, 0 },  { false, true, 2, 0 } };
	struct plan last = { false, true, 1, 0 };

	/* A chart that leaves page 1 may come back when merged rows make room for it. */
	for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
		if (fits(l, &plans[i]))
			return plans[i];
	for (last.rows = l->doc->ladder.n_rows; last.rows > 1 && !fits(l, &last);)
		last.rows--;
	return last;
}

static void put_conditions(struct layout *l)
{
	const char *note = l->doc->conditions_note;
	char *page = arena_printf(l->arena, "%s%saction and verification on page %d", note == NULL ? "" : note, note == NULL ? "" : "; ",
				  l->conditions_page);

	put_heading(l, "Rollback conditions", l->conditions_page > 0 ? page : note, 0);
	layout_table(l, l->doc->conditions);
}

static void put_extra(struct layout *l)
{
	double room = l->bottom - l->y, plot;
	bool events = room >= chart_height(PLOT_MIN, true);

	if (l->doc->verdict != DOC_NO_GO) {
		put_conditions(l);
		return;
	}
	/* The events stand in the charts of page 2 too: where room is short they leave page 1 before the chart does. */
	plot = room - chart_height(0, events);
	layout_chart(l, l->doc->deciding, "Deciding criterion: ", plot > PLOT_MAX ? PLOT_MAX : plot, events);
}

/* ---- Sign-off. */

static void put_boxes(struct layout *l, double x, double y)
{
	struct font_use font = { false, 8.5, INK, ANCHOR_START };
	const struct choice *choices = doc_choices(l->doc);

	for (size_t i = 0; i < CHOICES; i++) {
		canvas_box(&l->c, x, y - 7.3, 8, 8, NO_COLOUR, INK);
		l->c.text(l->c.self, x + 12, y, &font, choices[i].words);
		x += 12 + words_width(l, choices[i].words, false, 8.5) + 16;
	}
}

static void put_decision(struct layout *l, double x, double y)
{
	struct font_use font = { true, 8.5, INK, ANCHOR_START };
	char *words = arena_printf(l->arena, "recorded decision: %s", l->doc->sign_off.decision);

	l->c.text(l->c.self, x, y, &font, words == NULL ? "" : words);
}

static void put_sign_off(struct layout *l)
{
	const struct sign_off *s = &l->doc->sign_off;
	bool decided = s->decision != NULL;
	const char *who = decided ? arena_printf(l->arena, "%s, %s", s->name == NULL ? "name not given" : s->name,
						 s->role == NULL ? "role not given" : s->role)
				  : NULL;
	const struct {
		double from, to;
		const char *label, *value;
	} fields[] = { { 0, 0.234, "Name and role", who },
		       { 0.2475, 0.439, "Time of decision (UTC)", decided ? (s->at == NULL ? "time not given" : s->at) : NULL },
		       { 0.4525, 0.778, "Reason", decided ? (s->reason == NULL ? "reason not given" : s->reason) : NULL },
		       { 0.7915, 1, "Signature", NULL } };
	struct font_use title = { true, 9, INK, ANCHOR_START }, label = { false, 7, SECONDARY, ANCHOR_START };
	struct font_use right = { false, 7.5, SECONDARY, ANCHOR_END }, value = { false, 8, INK, ANCHOR_START };
	double top = l->pages->height - BOTTOM - SIGN_OFF_HEIGHT, x = LEFT + 10, w = l->width - 20;

	canvas_box(&l->c, LEFT, top, l->width, SIGN_OFF_HEIGHT, WASH, RULE);
	page_open(l->pages, TAG_P, NULL);
	l->c.text(l->c.self, x, top + 15, &title, "Sign-off");
	if (decided)
		put_decision(l, x + 60, top + 15);
	else
		put_boxes(l, x + 60, top + 15);
	l->c.text(l->c.self, x + w, top + 15, &right, decided ? "as recorded in the log of decisions" : "an override needs a reason");
	for (size_t i = 0; i < 4; i++) {
		double from = x + w * fields[i].from, to = x + w * fields[i].to;

		canvas_line(&l->c, from, top + 44, to, top + 44, 0.6, INK);
		l->c.text(l->c.self, from, top + 52.5, &label, fields[i].label);
		if (fields[i].value != NULL)
			put_line(l, fields[i].value, from, top + 40.5, to - from, &value);
	}
	page_close(l->pages);
}

void layout_first(struct layout *l)
{
	struct plan plan;

	l->bottom = l->pages->height - BOTTOM - SIGN_OFF_HEIGHT - 10;
	put_title(l);
	put_banner(l);
	put_strip(l);
	put_figures(l);
	plan = choose_plan(l);
	put_body(l, &plan);
	l->whole_ladder = plan.merged || plan.rows > 0;
	if (plan.extra)
		put_extra(l);
	put_sign_off(l);
}
