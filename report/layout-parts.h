/* What the files of the layout share; nobody else includes it. */
#ifndef GONOGO_REPORT_LAYOUT_PARTS_H
#define GONOGO_REPORT_LAYOUT_PARTS_H

#include "flow.h"
#include "font.h"
#include "gonogo/doc.h"
#include "page.h"

/* report-design.md 3. */
#define LEFT 48.0
#define BOTTOM 46.0
#define SIGN_OFF_HEIGHT 60.0
#define LINES_MAX 1000
/* Lines of one cell on paper; the Markdown has all of it. */
#define CELL_LINES 24

struct layout {
	struct pages *pages;
	struct arena *arena;
	const struct fonts *fonts;
	const struct doc *doc;
	struct canvas c;
	double width; /* of the content */
	double y; /* last baseline or rule */
	double bottom; /* nothing below */
	int page; /* from 1 */
	bool at_rule; /* y is a closing rule, not a baseline */
	bool first_of_page; /* nothing stands below the running head yet */
	bool whole_ladder; /* page 1 had no room for every step: the full ladder follows */
	int conditions_page; /* where the rollback conditions stand in full; 0: not known yet */
	size_t findings; /* seen so far */
	const char *section; /* the last heading */
};

struct style {
	bool bold;
	double size, leading;
	uint32_t colour;
	int most; /* lines; 0: all. More are cut with "…" */
};

/* Draws the flow from baseline y on, lines left-aligned at x; returns the number of lines. While the pages are muted it only counts. */
int put_flow(struct layout *l, const struct flow *flow, double x, double y, double width, const struct style *style);
int put_text(struct layout *l, const struct text *text, double x, double y, double width, const struct style *style);
int put_words(struct layout *l, const char *words, double x, double y, double width, const struct style *style);
/* How many lines it would be. */
int count_text(struct layout *l, const struct text *text, double width, const struct style *style);
/* One line; shortened in the middle to the width (0: as it is). */
void put_line(struct layout *l, const char *words, double x, double y, double width, const struct font_use *font);
double words_width(struct layout *l, const char *words, bool bold, double size);

void put_rule(struct layout *l, double y, double width, uint32_t colour);
/* The mark, and its word for who cannot see it. */
void put_mark(struct layout *l, double x, double baseline, enum mark mark);

void layout_new_page(struct layout *l);
bool has_room(const struct layout *l, double height);
/* A new page unless there is room. */
void need_room(struct layout *l, double height);
/* Keeps `below` points of what follows on its page. */
void put_heading(struct layout *l, const char *title, const char *note, double below);

void layout_first(struct layout *l);
/* merged: neighbouring rows that passed, or were not reached, make one. most: rows drawn; 0: all. */
void layout_ladder(struct layout *l, bool merged, size_t most);
void layout_table(struct layout *l, const struct table *table);
double table_height(struct layout *l, const struct table *table);
/* Heads and first row: what stands on a page together. */
double table_start(struct layout *l, const struct table *table);
/* Title, plot of this height, axis and events below. */
/* events: with the lane of event ids below it. */
void layout_chart(struct layout *l, const struct chart *chart, const char *before, double height, bool events);
double chart_height(double plot, bool events);
void layout_charts(struct layout *l);

#endif
