/* What pages and charts are drawn with; lengths in points, y counts down from the top edge. One table of operations; pages (page.h, which
 * pdf.c draws) and SVG (svg.h) are its back ends. */
#ifndef GONOGO_REPORT_CANVAS_H
#define GONOGO_REPORT_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_COLOUR UINT32_MAX

/* report-design.md 3; 0xRRGGBB. */
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
#define BAND 0xCBDDEAu
#define BASELINE 0x757575u
#define LIMIT 0xB23A00u
#define GRID 0xCFCFCFu
#define HATCH 0x9A9A9Au

struct point {
	double x, y;
};

struct paint {
	uint32_t fill, stroke; /* NO_COLOUR: none */
	double width; /* of the stroke */
	int dash, gap; /* 0: solid */
	bool open; /* a line, not an area */
};

enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };

struct font_use {
	bool bold;
	double size;
	uint32_t colour;
	enum anchor anchor;
};

struct canvas {
	void *self;
	/* y: the baseline. */
	void (*text)(void *self, double x, double y, const struct font_use *font, const char *text);
	void (*path)(void *self, const struct point *points, size_t n, const struct paint *paint);
	void (*circle)(void *self, struct point centre, double radius, const struct paint *paint);
};

void canvas_line(const struct canvas *c, double x1, double y1, double x2, double y2, double width, uint32_t colour);
void canvas_lines(const struct canvas *c, const struct point *points, size_t n, const struct paint *paint);
void canvas_box(const struct canvas *c, double x, double y, double width, double height, uint32_t fill, uint32_t stroke);

enum canvas_mark { CANVAS_TICK, CANVAS_CROSS, CANVAS_DIAMOND };

/* Of a check: disc with tick, square with cross, open diamond with a bar. */
void canvas_mark(const struct canvas *c, double x, double y, enum canvas_mark mark);
/* Of the verdict: circle with tick, octagon with cross, diamond with bars. */
void canvas_symbol(const struct canvas *c, double x, double y, double radius, enum canvas_mark mark, uint32_t colour);

#endif
