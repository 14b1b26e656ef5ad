#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "canvas.h"
#include "gonogo/assessment.h"
#include "gonogo/instant.h"

/* report-design.md 3. */
#define INK 0x1A1A1Au
#define SECONDARY 0x595959u
#define GRID 0xCFCFCFu
#define CANARY 0x005B96u
#define BAND 0xCBDDEAu
#define BASELINE 0x757575u
#define LIMIT 0xB23A00u
#define HATCH 0x9A9A9Au
#define LABEL_GAP 9.5

struct plot {
	const struct canvas *c;
	const struct assessment *a;
	const struct trend *t;
	double x, y, width, height;
	int64_t from, to;
	double low, high; /* in the unit of the axis */
	double scale; /* axis units a value unit: 100 for rates, 1000 for seconds */
};

static double at_x(const struct plot *p, int64_t at)
{
	return p->x + p->width * (double)(at - p->from) / (double)(p->to - p->from);
}

static double at_y(const struct plot *p, double value)
{
	double v = value * p->scale;

	v = v > p->high ? p->high : v < p->low ? p->low : v;
	return p->y + p->height * (1 - (v - p->low) / (p->high - p->low));
}

static double highest(const struct plot *p)
{
	double most = 0;

	for (size_t i = 0; i < p->t->n; i++) {
		const struct trend_point *q = &p->t->points[i];

		most = fmax(most, fmax(isnan(q->canary) ? 0 : q->canary, isnan(q->baseline) ? 0 : q->baseline));
		most = fmax(most, isnan(q->limit) ? 0 : q->limit);
	}
	return most * p->scale;
}

static double lowest(const struct plot *p)
{
	double least = p->t->criterion->limit;

	for (size_t i = 0; i < p->t->n; i++) {
		least = isnan(p->t->points[i].canary) ? least : fmin(least, p->t->points[i].canary);
		least = isnan(p->t->points[i].baseline) ? least : fmin(least, p->t->points[i].baseline);
	}
	return least * p->scale;
}

/* 1, 2 or 5 times a power of ten, so that three or four lie in the range. */
static double tick_step(double range)
{
	double step = pow(10, floor(log10(range / 3)));

	if (range / (step * 5) >= 3)
		return step * 5;
	return range / (step * 2) >= 3 ? step * 2 : step;
}

static void scale_axis(struct plot *p)
{
	bool success = p->t->criterion->kind == CRITERION_SUCCESS_RATE;
	double step;

	p->scale = p->t->criterion->kind == CRITERION_ERROR_RATIO || success ? 100 : 1000;
	p->low = 0;
	p->high = highest(p) * 1.1;
	if (success) {
		/* Rates near 100 % would lie on one line; the subtitle says where the axis starts. */
		p->high = 100;
		p->low = lowest(p);
		step = tick_step(fmax(p->high - p->low, 0.3));
		p->low = fmax(0, floor(p->low / step) * step);
	}
	if (!(p->high > p->low))
		p->high = p->low + 1;
}

static void label(const struct plot *p, double x, double y, bool bold, uint32_t colour, const char *text)
{
	p->c->text(p->c->self, x, y, bold, 7, colour, text);
}

static void line(const struct plot *p, double x1, double y1, double x2, double y2, double width, uint32_t colour)
{
	p->c->line(p->c->self, (struct point){ x1, y1 }, (struct point){ x2, y2 }, width, colour);
}

static void rectangle(const struct plot *p, double x1, double y1, double x2, double y2, uint32_t fill)
{
	const struct point corners[] = { { x1, y1 }, { x2, y1 }, { x2, y2 }, { x1, y2 } };

	p->c->polygon(p->c->self, corners, 4, fill, NO_COLOUR, 0);
}

/* Grey by exposure, the weight above each band. */
static void draw_steps(const struct plot *p)
{
	char text[32];

	for (size_t i = 0; i < p->a->n_steps; i++) {
		const struct step *s = p->a->steps[i].step;
		unsigned grey = (unsigned)(0xF8 - 0x1D * (s->exposure > 0.5 ? 1 : s->exposure / 0.5));
		double x1 = at_x(p, s->from), x2 = at_x(p, s->to < p->to ? s->to : p->to), width;

		rectangle(p, x1, p->y, x2, p->y + p->height, grey << 16 | grey << 8 | grey);
		(void)snprintf(text, sizeof text, "%.0f %%", s->exposure * 100);
		width = p->c->measure(p->c->self, true, 7, text);
		if (x2 - x1 > width + 2)
			label(p, (x1 + x2 - width) / 2, p->y - 4, true, SECONDARY, text);
	}
}

static void draw_axis(const struct plot *p)
{
	double step = tick_step(p->high - p->low), span = (double)(p->to - p->from) / 1e9;
	static const int steps[] = { 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600 };
	int64_t every = 3600;
	char text[INSTANT_TEXT_MAX];

	for (double v = ceil(p->low / step) * step; v <= p->high + 1e-9; v += step) {
		double y = at_y(p, v / p->scale);

		line(p, p->x, y, p->x + p->width, y, 0.35, GRID);
		(void)snprintf(text, sizeof text, step < 1 ? "%.1f" : "%.0f", v);
		label(p, p->x - 6 - p->c->measure(p->c->self, false, 7, text), y + 2.5, false, SECONDARY, text);
	}
	for (size_t i = sizeof steps / sizeof steps[0]; i-- > 0;)
		every = span / steps[i] <= 9 ? steps[i] : every;
	line(p, p->x, p->y + p->height, p->x + p->width, p->y + p->height, 0.7, INK);
	for (int64_t t = (p->from / NS_PER_S / every + 1) * every; t * NS_PER_S <= p->to; t += every) {
		double x = at_x(p, t * NS_PER_S), width;

		line(p, x, p->y + p->height, x, p->y + p->height + 3, 0.7, INK);
		(void)instant_clock(text, t * NS_PER_S);
		text[every % 60 == 0 ? 5 : 8] = '\0';
		width = p->c->measure(p->c->self, false, 7, text);
		label(p, x - width / 2, p->y + p->height + 12, false, SECONDARY, text);
	}
	label(p, p->x - 6 - p->c->measure(p->c->self, false, 7, "UTC"), p->y + p->height + 12, false, SECONDARY, "UTC");
}

/* A gap is a gap: hatched at 45 degrees, cut by arithmetic. */
static void draw_gaps(const struct plot *p)
{
	for (size_t i = 0; i < p->a->n_gaps; i++) {
		const struct gap *g = &p->a->gaps[i].gap;
		double x1 = at_x(p, g->from < p->from ? p->from : g->from), x2 = at_x(p, g->to > p->to ? p->to : g->to);

		if (strcmp(g->source, "prometheus") != 0 || x2 <= x1)
			continue;
		for (double d = 4; d < x2 - x1 + p->height; d += 4) {
			double left = fmax(x1, x1 + d - p->height), right = fmin(x2, x1 + d);

			line(p, left, p->y + (d - (left - x1)), right, p->y + (d - (right - x1)), 0.35, HATCH);
		}
	}
}

static double value_at(const struct trend_point *q, int which)
{
	return which == 0 ? q->canary : which == 1 ? q->baseline : q->limit;
}

/* A line that ends where its samples end; the limit is dashed 4-2. */
static void draw_line(const struct plot *p, int which, double width, uint32_t colour)
{
	for (size_t i = 1; i < p->t->n; i++) {
		double a = value_at(&p->t->points[i - 1], which), b = value_at(&p->t->points[i], which);
		double x1 = at_x(p, p->t->points[i - 1].at), x2 = at_x(p, p->t->points[i].at);
		bool hole = (double)(p->t->points[i].at - p->t->points[i - 1].at) / 1e9 > 2.5 * p->a->provenance.scrape_interval;

		if (isnan(a) || isnan(b) || hole)
			continue;
		if (which != 2) {
			line(p, x1, at_y(p, a), x2, at_y(p, b), width, colour);
			continue;
		}
		for (double x = x1; x < x2; x += 6) {
			double end = fmin(x + 4, x2), f = (x - x1) / (x2 - x1), g = (end - x1) / (x2 - x1);

			line(p, x, at_y(p, a + (b - a) * f), end, at_y(p, a + (b - a) * g), width, colour);
		}
	}
}

static void draw_band(const struct plot *p)
{
	for (size_t i = 1; i < p->t->n; i++) {
		const struct trend_point *a = &p->t->points[i - 1], *b = &p->t->points[i];
		struct point corners[4];

		if (isnan(a->canary_lo) || isnan(b->canary_lo))
			continue;
		corners[0] = (struct point){ at_x(p, a->at), at_y(p, a->canary_hi) };
		corners[1] = (struct point){ at_x(p, b->at), at_y(p, b->canary_hi) };
		corners[2] = (struct point){ at_x(p, b->at), at_y(p, b->canary_lo) };
		corners[3] = (struct point){ at_x(p, a->at), at_y(p, a->canary_lo) };
		p->c->polygon(p->c->self, corners, 4, BAND, NO_COLOUR, 0);
	}
}

static double last_value(const struct plot *p, int which, double *x)
{
	for (size_t i = p->t->n; i-- > 0;)
		if (!isnan(value_at(&p->t->points[i], which))) {
			*x = at_x(p, p->t->points[i].at);
			return value_at(&p->t->points[i], which);
		}
	return NAN;
}

/* Names at the right end, in the line's colour, apart from each other. */
static void draw_labels(const struct plot *p)
{
	static const struct {
		const char *name;
		uint32_t colour;
	} lines[] = { { "canary", CANARY }, { "baseline", BASELINE }, { "limit", LIMIT } };
	double taken[3], x = 0;
	size_t n = 0;

	for (int i = 0; i < 3; i++) {
		double value = last_value(p, i, &x), y = at_y(p, value) + 2.5;
		char text[64];

		if (isnan(value))
			continue;
		for (size_t k = 0; k < n; k++)
			if (fabs(taken[k] - y) < LABEL_GAP)
				y = taken[k] + LABEL_GAP;
		taken[n++] = y;
		(void)snprintf(text, sizeof text, p->scale == 100 ? "%s %.2f %%" : "%s %.0f ms", lines[i].name, value * p->scale);
		label(p, p->x + p->width + 6, y, i == 0, lines[i].colour, text);
		if (i == 0)
			p->c->circle(p->c->self, (struct point){ x, at_y(p, value) }, 2, CANARY, NO_COLOUR, 0);
	}
}

/* A bar under the axis marks where the limit was exceeded. */
static void draw_excess(const struct plot *p)
{
	bool above = p->t->criterion->kind != CRITERION_SUCCESS_RATE;

	for (size_t i = 1; i < p->t->n; i++) {
		const struct trend_point *q = &p->t->points[i];

		if (!isnan(q->canary) && !isnan(q->limit) && (above ? q->canary >= q->limit : q->canary < q->limit))
			rectangle(p, at_x(p, p->t->points[i - 1].at), p->y + p->height, at_x(p, q->at), p->y + p->height + 3, 0xA83200u);
	}
}

void plot_draw(const struct canvas *canvas, const struct assessment *a, const struct trend *trend, double x, double y, double width,
	       double height)
{
	struct plot p = { .c = canvas, .a = a, .t = trend, .x = x, .y = y, .width = width, .height = height };

	if (trend->n < 2)
		return;
	p.from = trend->points[0].at;
	p.to = trend->points[trend->n - 1].at;
	if (p.to <= p.from)
		return;
	scale_axis(&p);
	draw_steps(&p);
	draw_axis(&p);
	draw_gaps(&p);
	draw_band(&p);
	draw_line(&p, 2, 1.0, LIMIT);
	draw_line(&p, 1, 1.0, BASELINE);
	draw_line(&p, 0, 1.7, CANARY);
	draw_excess(&p);
	draw_labels(&p);
}
