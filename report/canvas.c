#include "canvas.h"

#include <math.h>

void canvas_lines(const struct canvas *c, const struct point *points, size_t n, const struct paint *paint)
{
	if (n > 1)
		c->path(c->self, points, n, paint);
}

void canvas_line(const struct canvas *c, double x1, double y1, double x2, double y2, double width, uint32_t colour)
{
	const struct point points[] = { { x1, y1 }, { x2, y2 } };

	canvas_lines(c, points, 2, &(struct paint){ .fill = NO_COLOUR, .stroke = colour, .width = width, .open = true });
}

void canvas_box(const struct canvas *c, double x, double y, double width, double height, uint32_t fill, uint32_t stroke)
{
	const struct point points[] = { { x, y }, { x + width, y }, { x + width, y + height }, { x, y + height } };

	c->path(c->self, points, 4, &(struct paint){ .fill = fill, .stroke = stroke, .width = 0.5 });
}

static void tick(const struct canvas *c, double x, double y, double r, double width, uint32_t colour)
{
	const struct point points[] = { { x - r, y + r * 0.05 }, { x - r * 0.25, y + r * 0.8 }, { x + r, y - r * 0.7 } };

	canvas_lines(c, points, 3, &(struct paint){ .fill = NO_COLOUR, .stroke = colour, .width = width, .open = true });
}

static void cross(const struct canvas *c, double x, double y, double r, double width, uint32_t colour)
{
	canvas_line(c, x - r, y - r, x + r, y + r, width, colour);
	canvas_line(c, x - r, y + r, x + r, y - r, width, colour);
}

static void diamond(const struct canvas *c, double x, double y, double r, double width, uint32_t colour)
{
	const struct point points[] = { { x, y - r }, { x + r, y }, { x, y + r }, { x - r, y } };

	c->path(c->self, points, 4, &(struct paint){ .fill = NO_COLOUR, .stroke = colour, .width = width });
}

void canvas_mark(const struct canvas *c, double x, double y, enum canvas_mark mark)
{
	const double r = 3.9;

	if (mark == CANVAS_TICK) {
		c->circle(c->self, (struct point){ x, y }, r, &(struct paint){ .fill = PASS, .stroke = NO_COLOUR });
		tick(c, x, y, 2.1, 1.1, WHITE);
	} else if (mark == CANVAS_CROSS) {
		canvas_box(c, x - r, y - r, 2 * r, 2 * r, FAIL, NO_COLOUR);
		cross(c, x, y, 1.8, 1.2, WHITE);
	} else {
		diamond(c, x, y, 4.2, 0.9, SECONDARY);
		canvas_line(c, x - 1.5, y, x + 1.5, y, 0.9, SECONDARY);
	}
}

static void octagon(const struct canvas *c, double x, double y, double r, uint32_t colour)
{
	struct point points[8];

	for (int i = 0; i < 8; i++) {
		double angle = (22.5 + 45 * i) * M_PI / 180;

		points[i] = (struct point){ x + r * cos(angle), y + r * sin(angle) };
	}
	c->path(c->self, points, 8, &(struct paint){ .fill = NO_COLOUR, .stroke = colour, .width = r * 0.133 });
}

void canvas_symbol(const struct canvas *c, double x, double y, double r, enum canvas_mark mark, uint32_t colour)
{
	if (mark == CANVAS_TICK) {
		c->circle(c->self, (struct point){ x, y }, r, &(struct paint){ .fill = NO_COLOUR, .stroke = colour, .width = r * 0.133 });
		tick(c, x, y, r * 0.5, r * 0.144, colour);
	} else if (mark == CANVAS_CROSS) {
		octagon(c, x, y, r, colour);
		cross(c, x, y, r * 0.36, r * 0.144, colour);
	} else {
		diamond(c, x, y, r, r * 0.133, colour);
		canvas_line(c, x - r * 0.18, y - r * 0.33, x - r * 0.18, y + r * 0.33, r * 0.144, colour);
		canvas_line(c, x + r * 0.18, y - r * 0.33, x + r * 0.18, y + r * 0.33, r * 0.144, colour);
	}
}
