/* Pages as lists of what is drawn on them: laid out first, drawn later by whoever makes the file. */
#ifndef GONOGO_REPORT_PAGE_H
#define GONOGO_REPORT_PAGE_H

#include "canvas.h"

struct arena;
struct fonts;

/* Structure of a tagged PDF (ISO 32000-1 14.8.4). TAG_ARTIFACT: heads and footers. */
enum tag { TAG_H1, TAG_H2, TAG_P, TAG_TABLE, TAG_TR, TAG_TH, TAG_TD, TAG_FIGURE, TAG_ARTIFACT };

enum op_kind {
	OP_TEXT,
	OP_HIDDEN, /* text that is not drawn, but found and read aloud: a mark's word */
	OP_PATH,
	OP_CIRCLE,
	OP_OPEN, /* a structure element; text: alternative text of a figure, NULL */
	OP_CLOSE,
	OP_LINK, /* to the id in text, over a box whose upper left corner is x, y */
	OP_PLACE, /* the id in text is defined here */
	OP_OUTLINE /* an entry with the title in text */
};

struct op {
	enum op_kind kind;
	enum tag tag;
	double x, y, width, height; /* circle: width is the radius */
	const char *text;
	struct font_use font; /* anchored at the start */
	bool joined; /* the next text goes on in the same word or line */
	struct paint paint;
	const struct point *points;
	size_t n;
};

struct page {
	struct op *ops;
	size_t n, cap;
};

struct pages {
	struct arena *arena;
	const struct fonts *fonts;
	double width, height;
	struct page *v;
	size_t n, cap;
	size_t at; /* the page that is drawn on: the last one added */
	bool joined; /* set around texts that what follows goes on from directly; else a space ends each */
	bool muted; /* nothing is recorded: heights are measured */
	bool failed; /* memory ended */
};

void pages_init(struct pages *pages, struct arena *arena, const struct fonts *fonts, double width, double height);
void pages_add(struct pages *pages);

/* Records on page `at`. */
struct canvas pages_canvas(struct pages *pages);

void page_open(struct pages *pages, enum tag tag, const char *alt);
void page_close(struct pages *pages);
void page_hidden(struct pages *pages, double x, double y, double size, const char *text);
void page_link(struct pages *pages, double x, double y, double width, double height, const char *id);
void page_place(struct pages *pages, double y, const char *id);
void page_outline(struct pages *pages, double y, const char *title);

#endif
