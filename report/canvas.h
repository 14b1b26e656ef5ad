/* What a page is drawn with; lengths in points, y counts down from the top edge. One table of operations, a back end each. */
#ifndef GONOGO_REPORT_CANVAS_H
#define GONOGO_REPORT_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_COLOUR UINT32_MAX

struct point {
	double x, y;
};

struct canvas {
	void *self;
	double width, height;
	/* Width of UTF-8 text. */
	double (*measure)(void *self, bool bold, double size, const char *text);
	void (*page)(void *self);
	/* y: the baseline. colour: 0xRRGGBB. */
	void (*text)(void *self, double x, double y, bool bold, double size, uint32_t colour, const char *text);
	void (*line)(void *self, struct point from, struct point to, double width, uint32_t colour);
	void (*polygon)(void *self, const struct point *points, size_t n, uint32_t fill, uint32_t stroke, double width);
	void (*polyline)(void *self, const struct point *points, size_t n, double width, uint32_t colour);
	void (*circle)(void *self, struct point centre, double radius, uint32_t fill, uint32_t stroke, double width);
	/* An entry of the outline that leads to this page and height. */
	void (*outline)(void *self, double y, const char *title);
};

#endif
