#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "canvas.h"
#include "gonogo/chart.h"
#include "gonogo/instant.h"

#define LABEL_APART 9.5
#define HATCH_STEP 4.0
/* Points that make one line; a chart has at most 400 points, halves of dashes are not kept. */
#define RUN_MAX 1024
/* A value this many times as far from 0 (a success rate: from 100 %) as the middle one is clipped: one wild sample may not flatten all
 * else. */
#define CLIP_TIMES 4.0

struct axis {
	double low, high, step;
	int decimals;
};

struct plot {
	const struct canvas *c;
	const struct chart *chart;
	struct plot_box b;
	struct axis axis;
};

enum series { SERIES_LIMIT, SERIES_BASELINE, SERIES_CANARY };

static double at_x(const struct plot_box *b, const struct chart_time *t, int64_t at)
{
	double x = b->x + b->width * (double)(at - t->from) / (double)(t->to - t->from);

	return fmin(fmax(x, b->x), b->x + b->width);
}

static double at_y(const struct plot *p, double value)
{
	double y = p->b.y + p->b.height * (1 - (value - p->axis.low) / (p->axis.high - p->axis.low));

	return fmin(fmax(y, p->b.y), p->b.y + p->b.height);
}

static double value_of(const struct chart_point *q, enum series s)
{
	return s == SERIES_CANARY ? q->canary : s == SERIES_BASELINE ? q->baseline : q->limit;
}

/* Whether a gap lies between two times. */
static bool is_gap(const struct chart_time *t, int64_t from, int64_t to)
{
	for (size_t i = 0; i < t->n_gaps; i++)
		if (t->gaps[i].from < to && t->gaps[i].to > from)
			return true;
	return false;
}

/* ---- The axis. */

/* 1, 2 or 5 times a power of ten, so that three or four lie in the range. */
static double tick_step(double range)
{
	double step = pow(10, floor(log10(range)) - 1);
	static const double times[] = { 1, 2, 5, 10, 20, 50 };

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		if (range / (step * times[i]) <= 4.2)
			return step * times[i];
	return range;
}

static double middle_canary(const struct chart *chart)
{
	double values[RUN_MAX];
	size_t n = 0;

	for (size_t i = 0; i < chart->n_points && n < RUN_MAX; i++) {
		double v = chart->points[i].canary;
		size_t k = n;

		if (isnan(v))
			continue;
		for (; k > 0 && values[k - 1] > v; k--)
			values[k] = values[k - 1];
		values[k] = v;
		n++;
	}
	return n == 0 ? NAN : values[n / 2];
}

static bool is_wild(const struct chart *chart, double canary, double middle)
{
	if (chart->from_zero)
		return canary > CLIP_TIMES * middle;
	return !isnan(chart->top) && chart->top - canary > CLIP_TIMES * (chart->top - middle);
}

/* Lowest and highest of all that must be seen, the limit always; the band may be cut. */
static void find_range(const struct chart *chart, double *low, double *high)
{
	double middle = middle_canary(chart);

	*low = INFINITY;
	*high = -INFINITY;
	for (size_t i = 0; i < chart->n_points; i++) {
		for (int s = SERIES_LIMIT; s <= SERIES_CANARY; s++) {
			double v = value_of(&chart->points[i], (enum series)s);

			if (isnan(v) || (s == SERIES_CANARY && is_wild(chart, v, middle)))
				continue;
			*low = fmin(*low, v);
			*high = fmax(*high, v);
		}
		if (!isnan(chart->points[i].hi) && !is_wild(chart, chart->points[i].canary, middle))
			*high = fmax(*high, fmin(chart->points[i].hi, CLIP_TIMES / 2 * middle));
	}
}

static struct axis make_axis(const struct chart *chart)
{
	struct axis a = { .low = 0 };
	double low, high;

	find_range(chart, &low, &high);
	if (!isfinite(high) || !isfinite(low)) {
		low = 0;
		high = 1;
	}
	a.high = high * 1.06;
	if (!chart->from_zero) {
		a.step = tick_step(fmax(high - low, fabs(high) * 1e-4));
		a.low = fmax(0, (ceil(low / a.step) - 1) * a.step);
		a.high = high + (high - a.low) * 0.08;
	}
	if (!(a.high > a.low))
		a.high = a.low + 1;
	a.step = tick_step(a.high - a.low);
	/* Three ticks above the lowest, if need be by more room. */
	a.high = fmax(a.high, a.low + 3 * a.step);
	if (!isnan(chart->top) && a.high > chart->top)
		a.high = chart->top;
	a.decimals = a.step >= 1 ? 0 : (int)ceil(-log10(a.step) - 1e-9);
	return a;
}

void plot_subtitle(char *out, size_t size, const struct chart *chart)
{
	struct axis a = make_axis(chart);

	if (a.low > 0)
		(void)snprintf(out, size, "%s; axis starts at %.*f%s", chart->definition, a.decimals, a.low, chart->unit);
	else
		(void)snprintf(out, size, "%s", chart->definition);
}

/* ---- Back to front. */

static void put_label(const struct canvas *c, double x, double y, bool bold, double size, uint32_t colour, enum anchor anchor,
		      const char *text)
{
	c->text(c->self, x, y, &(struct font_use){ bold, size, colour, anchor }, text);
}

/* Without metrics, wide enough for digits and "%" in DejaVu Sans Condensed Bold: 0.63 of the size. */
static double rough_width(const char *text, double size)
{
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++)
		n += (*p & 0xC0) != 0x80;
	return (double)n * size * 0.63;
}

/* Greys at 10, 20, 30, 40 and 50 % of exposure; between them they interpolate. */
static uint32_t shade_colour(double shade)
{
	static const double greys[] = { 0xF6, 0xF0, 0xE9, 0xE2, 0xDB };
	double at = shade < 0 ? 1 : fmin(fmax(shade * 10 - 1, 0), 4);
	int i = at >= 4 ? 3 : (int)at;
	uint32_t grey = (uint32_t)lround(greys[i] + (greys[i + 1] - greys[i]) * (at - i));

	return grey << 16 | grey << 8 | grey;
}

static void draw_steps(const struct plot *p)
{
	const struct chart_time *t = p->chart->time;

	for (size_t i = 0; i < t->n_steps; i++) {
		double x1 = at_x(&p->b, t, t->steps[i].from), x2 = at_x(&p->b, t, t->steps[i].to);

		if (x2 > x1)
			canvas_box(p->c, x1, p->b.y, x2 - x1, p->b.height, shade_colour(t->steps[i].shade), NO_COLOUR);
	}
}

static void draw_weights(const struct plot *p)
{
	const struct chart_time *t = p->chart->time;
	double free_from = p->b.x - PLOT_LEFT, y = p->b.y - 4;

	if (t->n_steps > 0 && t->steps_title != NULL) {
		double x = at_x(&p->b, t, t->steps[0].from) - 4, width = rough_width(t->steps_title, 7) * 0.86;

		if (x - width >= free_from)
			put_label(p->c, x, y, false, 7, SECONDARY, ANCHOR_END, t->steps_title);
	}
	for (size_t i = 0; i < t->n_steps; i++) {
		double x = (at_x(&p->b, t, t->steps[i].from) + at_x(&p->b, t, t->steps[i].to)) / 2;
		double half = t->steps[i].label == NULL ? 0 : rough_width(t->steps[i].label, 7) / 2;

		if (half <= 0 || x - half < free_from)
			continue;
		put_label(p->c, x, y, true, 7, SECONDARY, ANCHOR_MIDDLE, t->steps[i].label);
		free_from = x + half + 2;
	}
}

static void draw_grid(const struct plot *p)
{
	char text[32];

	for (double v = ceil(p->axis.low / p->axis.step - 1e-9) * p->axis.step; v <= p->axis.high * (1 + 1e-9); v += p->axis.step) {
		double y = at_y(p, v);

		if (y < p->b.y + p->b.height - 0.5)
			canvas_line(p->c, p->b.x, y, p->b.x + p->b.width, y, 0.35, GRID);
		/* Rounding leaves a -0 at the bottom. */
		(void)snprintf(text, sizeof text, "%.*f", p->axis.decimals, fabs(v) < p->axis.step / 2 ? 0 : v);
		put_label(p->c, p->b.x - 5, y + 2.5, false, 7, SECONDARY, ANCHOR_END, text);
	}
}

/* Hatched at 45 degrees, cut by arithmetic. */
static void draw_gaps(const struct plot *p)
{
	const struct chart_time *t = p->chart->time;

	for (size_t i = 0; i < t->n_gaps; i++) {
		double x1 = at_x(&p->b, t, t->gaps[i].from), x2 = at_x(&p->b, t, t->gaps[i].to), h = p->b.height;

		for (double d = HATCH_STEP; d < x2 - x1 + h; d += HATCH_STEP) {
			double left = fmax(x1, x1 + d - h), right = fmin(x2, x1 + d);

			if (right - left > 0.01)
				canvas_line(p->c, left, p->b.y + (d - (left - x1)), right, p->b.y + (d - (right - x1)), 0.35, HATCH);
		}
	}
}

/* Whether a line may run from point i-1 to point i. */
static bool is_joined(const struct plot *p, size_t i)
{
	const struct chart_point *a = &p->chart->points[i - 1], *b = &p->chart->points[i];

	return (p->chart->hole == 0 || b->at - a->at <= p->chart->hole) && !is_gap(p->chart->time, a->at, b->at);
}

static bool is_on_axis(const struct plot *p, size_t i)
{
	return p->chart->points[i].at >= p->chart->time->from && p->chart->points[i].at <= p->chart->time->to;
}

/* On the axis, and not within a gap. */
static bool is_inside(const struct plot *p, size_t i)
{
	return is_on_axis(p, i) && !is_gap(p->chart->time, p->chart->points[i].at, p->chart->points[i].at);
}

/* The band of points from…to, as one area with its two edges. */
static void draw_band_run(const struct plot *p, size_t from, size_t to)
{
	struct point points[2 * RUN_MAX];
	const struct paint edge = { .fill = NO_COLOUR, .stroke = CANARY, .width = 0.35, .open = true };
	size_t n = to - from;

	if (n < 2 || n > RUN_MAX)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct chart_point *q = &p->chart->points[from + i];
		double x = at_x(&p->b, p->chart->time, q->at);

		points[i] = (struct point){ x, at_y(p, q->hi) };
		points[2 * n - 1 - i] = (struct point){ x, at_y(p, q->lo) };
	}
	p->c->path(p->c->self, points, 2 * n, &(struct paint){ .fill = BAND, .stroke = NO_COLOUR });
	canvas_lines(p->c, points, n, &edge);
	canvas_lines(p->c, points + n, n, &edge);
}

static void draw_band(const struct plot *p)
{
	size_t from = 0;

	for (size_t i = 0; i <= p->chart->n_points; i++) {
		bool has = i < p->chart->n_points && is_inside(p, i) && !isnan(p->chart->points[i].lo) && !isnan(p->chart->points[i].hi);

		if (has && i > from && is_joined(p, i) && i - from < RUN_MAX)
			continue;
		draw_band_run(p, from, i);
		from = has ? i : i + 1;
	}
}

static void draw_run(const struct plot *p, enum series s, size_t from, size_t to, const struct paint *paint)
{
	struct point points[RUN_MAX];
	size_t n = to - from;

	for (size_t i = 0; i < n && i < RUN_MAX; i++) {
		const struct chart_point *q = &p->chart->points[from + i];

		points[i] = (struct point){ at_x(&p->b, p->chart->time, q->at), at_y(p, value_of(q, s)) };
	}
	/* A single sample between gaps is a dot; a single limit a dash, so that it is seen. */
	if (n == 1 && s == SERIES_LIMIT)
		canvas_line(p->c, fmax(points[0].x - 6, p->b.x), points[0].y, fmin(points[0].x + 6, p->b.x + p->b.width), points[0].y, 1.0,
			    LIMIT);
	else if (n == 1)
		p->c->circle(p->c->self, points[0], s == SERIES_CANARY ? 1.2 : 0.8,
			     &(struct paint){ .fill = paint->stroke, .stroke = NO_COLOUR });
	else
		canvas_lines(p->c, points, n < RUN_MAX ? n : RUN_MAX, paint);
}

/* A line that ends where its samples end. */
static void draw_series(const struct plot *p, enum series s, const struct paint *paint)
{
	size_t from = 0;

	for (size_t i = 0; i <= p->chart->n_points; i++) {
		bool has = i < p->chart->n_points && (s == SERIES_LIMIT ? is_on_axis(p, i) : is_inside(p, i)) &&
			   !isnan(value_of(&p->chart->points[i], s));

		if (has && i > from && (s == SERIES_LIMIT || is_joined(p, i)) && i - from < RUN_MAX)
			continue;
		if (i > from)
			draw_run(p, s, from, i, paint);
		from = has ? i : i + 1;
	}
}

/* Beyond the range: an arrow at the edge, and the farthest value of the run where the canary's own line is not. */
static void draw_arrow(const struct plot *p, size_t first, size_t last, bool above)
{
	const struct chart *chart = p->chart;
	double x = at_x(&p->b, chart->time, chart->points[first].at), y = above ? p->b.y : p->b.y + p->b.height,
	       most = chart->points[first].canary;
	bool left = first == 0 || isnan(chart->points[first - 1].canary) ||
		    (last + 1 < chart->n_points && !isnan(chart->points[last + 1].canary));
	char text[48];

	for (size_t i = first; i <= last; i++)
		most = above ? fmax(most, chart->points[i].canary) : fmin(most, chart->points[i].canary);
	p->c->path(p->c->self, (const struct point[]){ { x, y }, { x - 2.5, y + (above ? 5 : -5) }, { x + 2.5, y + (above ? 5 : -5) } }, 3,
		   &(struct paint){ .fill = CANARY, .stroke = NO_COLOUR });
	(void)snprintf(text, sizeof text, "%.*f%s", p->axis.decimals, most, chart->unit);
	put_label(p->c, left ? x - 5 : x + 5, y + (above ? 7 : -2.5), true, 7, CANARY, left ? ANCHOR_END : ANCHOR_START, text);
}

static int side_of(const struct plot *p, size_t i)
{
	double v = p->chart->points[i].canary;

	if (isnan(v) || !is_inside(p, i))
		return 0;
	return v > p->axis.high * (1 + 1e-9) ? 1 : v < p->axis.low ? -1 : 0;
}

static void draw_clipped(const struct plot *p)
{
	for (size_t i = 0; i < p->chart->n_points; i++) {
		int side = side_of(p, i);
		size_t first = i;

		if (side == 0)
			continue;
		while (i + 1 < p->chart->n_points && side_of(p, i + 1) == side)
			i++;
		draw_arrow(p, first, i, side > 0);
	}
}

static void draw_event_lines(const struct plot *p)
{
	const struct chart_time *t = p->chart->time;

	for (size_t i = 0; i < t->n_events; i++) {
		double x = at_x(&p->b, t, t->events[i].at);
		const struct point points[] = { { x, p->b.y }, { x, p->b.y + p->b.height } };

		if (t->events[i].line && t->events[i].at >= t->from && t->events[i].at <= t->to)
			canvas_lines(p->c, points, 2,
				     &(struct paint){ .fill = NO_COLOUR, .stroke = INK, .width = 0.5, .dash = 1, .gap = 2, .open = true });
	}
}

static bool is_beyond(const struct plot *p, size_t i)
{
	const struct chart_point *q = &p->chart->points[i];

	if (isnan(q->canary) || isnan(q->limit) || !is_inside(p, i))
		return false;
	/* No error at all is no breach. */
	return p->chart->lower_is_worse ? q->canary < q->limit : q->canary > 0 && q->canary >= q->limit;
}

/* A bar under the axis marks where the limit was exceeded. */
static void draw_excess(const struct plot *p)
{
	for (size_t i = 0; i < p->chart->n_points; i++) {
		size_t from = i;
		double x1, x2;

		if (!is_beyond(p, i))
			continue;
		while (i + 1 < p->chart->n_points && is_beyond(p, i + 1) && is_joined(p, i + 1))
			i++;
		x1 = at_x(&p->b, p->chart->time, p->chart->points[from].at);
		x2 = at_x(&p->b, p->chart->time, p->chart->points[i].at);
		canvas_box(p->c, x1, p->b.y + p->b.height, fmax(x2 - x1, 1), 3, FAIL, NO_COLOUR);
	}
}

/* ---- Labels at the right end. */

struct label {
	const char *text;
	uint32_t colour;
	bool bold;
	double x, y; /* end of the line */
	double at; /* baseline of the label, less 2.5 */
};

static void add_label(const struct plot *p, enum series s, const char *text, uint32_t colour, struct label *labels, size_t *n)
{
	for (size_t i = p->chart->n_points; i-- > 0 && text != NULL;) {
		double v = value_of(&p->chart->points[i], s);
		struct label label = { .text = text, .colour = colour, .bold = s == SERIES_CANARY };
		size_t k = *n;

		if (isnan(v) || !is_inside(p, i))
			continue;
		label.x = at_x(&p->b, p->chart->time, p->chart->points[i].at);
		label.y = label.at = at_y(p, v);
		/* From top to bottom. */
		for (; k > 0 && labels[k - 1].y > label.y; k--)
			labels[k] = labels[k - 1];
		labels[k] = label;
		(*n)++;
		return;
	}
}

/* 9.5 apart, within the plot's height, moved as little as that takes. */
static void spread_labels(const struct plot *p, struct label *labels, size_t n)
{
	double bottom = p->b.y + p->b.height;

	for (size_t i = 1; i < n; i++)
		labels[i].at = fmax(labels[i].at, labels[i - 1].at + LABEL_APART);
	for (size_t i = n; i-- > 0;) {
		labels[i].at = fmin(labels[i].at, bottom);
		bottom = labels[i].at - LABEL_APART;
	}
}

static void draw_label(const struct plot *p, const struct label *label)
{
	double right = p->b.x + p->b.width;
	const struct point leader[] = { { label->x, label->y }, { right, label->y } };

	if (label->bold) {
		p->c->circle(p->c->self, leader[0], 2, &(struct paint){ .fill = CANARY, .stroke = NO_COLOUR });
		if (right - label->x > 3)
			canvas_lines(
				p->c, leader, 2,
				&(struct paint){ .fill = NO_COLOUR, .stroke = CANARY, .width = 0.5, .dash = 1, .gap = 2, .open = true });
	} else if (right - label->x > 0.5 && label->colour == BASELINE) {
		canvas_lines(p->c, leader, 2,
			     &(struct paint){ .fill = NO_COLOUR, .stroke = BASELINE, .width = 0.5, .dash = 1, .gap = 2, .open = true });
	}
	canvas_line(p->c, right, label->y, right + 4.5, label->at, 0.7, label->colour);
	put_label(p->c, right + 6.5, label->at + 2.6, label->bold, 7.5, label->colour, ANCHOR_START, label->text);
}

static void draw_labels(const struct plot *p)
{
	struct label labels[3];
	size_t n = 0;

	add_label(p, SERIES_LIMIT, p->chart->limit_label, LIMIT, labels, &n);
	add_label(p, SERIES_BASELINE, p->chart->baseline_label, SECONDARY, labels, &n);
	add_label(p, SERIES_CANARY, p->chart->canary_label, CANARY, labels, &n);
	spread_labels(p, labels, n);
	for (size_t i = 0; i < n; i++)
		draw_label(p, &labels[i]);
}

/* ---- Clock and lanes. */

/* 5 to 9 ticks, at round times. */
static int64_t clock_step(const struct chart_time *t)
{
	static const int steps[] = { 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200 };

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (t->to / (steps[i] * NS_PER_S) - (t->from - 1) / (steps[i] * NS_PER_S) <= 9)
			return steps[i] * NS_PER_S;
	return 86400 * NS_PER_S * (1 + (t->to - t->from) / (9 * 86400 * NS_PER_S));
}

static void draw_ticks(const struct canvas *c, const struct chart_time *t, const struct plot_box *b, double y, bool words)
{
	int64_t step = clock_step(t), first = t->from / step * step;
	char text[INSTANT_TEXT_MAX];

	for (int64_t at = first < t->from ? first + step : first; at <= t->to; at += step) {
		double x = at_x(b, t, at);

		canvas_line(c, x, y, x, y + 2.5, 0.7, INK);
		if (!words)
			continue;
		(void)instant_clock(text, at);
		text[step % (60 * NS_PER_S) == 0 ? 5 : 8] = '\0';
		put_label(c, x, y + 11, false, 7, SECONDARY, ANCHOR_MIDDLE, text);
	}
	if (words)
		put_label(c, b->x + b->width + 18, y + 11, false, 7, SECONDARY, ANCHOR_START, "UTC");
}

/* Of a label, so that it stays within the plot's left edge, where the lane's name ends. */
static double event_x(const struct chart_time *t, const struct plot_box *b, size_t i)
{
	return fmax(at_x(b, t, t->events[i].at), b->x - 2 + rough_width(t->events[i].id, 7) * 0.46);
}

#define EVENTS_MAX 256
#define EVENT_ROWS 2

/* Ids in at most two rows; where there is no room, low ranks stay. row: of each event, -1 for none. Returns how many rows are used. */
static size_t place_events(const struct chart_time *t, const struct plot_box *b, bool lines, int row[EVENTS_MAX])
{
	size_t n = t->n_events < EVENTS_MAX ? t->n_events : EVENTS_MAX, used = 0;

	for (size_t i = 0; i < n; i++)
		row[i] = -1;
	for (int rank = 0; rank < 10; rank++)
		for (size_t i = 0; i < n; i++) {
			if (t->events[i].rank != rank || (lines && !t->events[i].line) || t->events[i].at < t->from ||
			    t->events[i].at > t->to)
				continue;
			for (int r = 0; r < EVENT_ROWS && row[i] < 0; r++) {
				bool is_free = true;

				for (size_t k = 0; k < n && is_free; k++)
					is_free = k == i || row[k] != r ||
						  fabs(event_x(t, b, k) - event_x(t, b, i)) >= rough_width(t->events[i].id, 7) * 0.92 + 1.5;
				if (is_free)
					row[i] = r;
			}
			used = row[i] >= (int)used ? (size_t)row[i] + 1 : used;
		}
	return used;
}

size_t plot_event_rows(const struct chart_time *t, const struct plot_box *b, bool lines)
{
	int row[EVENTS_MAX];

	return place_events(t, b, lines, row);
}

void plot_events(const struct canvas *c, const struct chart_time *t, const struct plot_box *b, bool lines, double y)
{
	int row[EVENTS_MAX];

	if (place_events(t, b, lines, row) == 0)
		return;
	put_label(c, b->x - 6, y + 9, false, 7, SECONDARY, ANCHOR_END, "events");
	for (size_t i = 0; i < t->n_events && i < EVENTS_MAX; i++)
		if (row[i] >= 0)
			put_label(c, event_x(t, b, i), y + 9 + 8.5 * row[i], false, 7, INK, ANCHOR_MIDDLE, t->events[i].id);
}

static void draw_checks(const struct canvas *c, const struct chart_time *t, const struct plot_box *b, double y)
{
	static const enum canvas_mark marks[] = { [CHART_PASS] = CANVAS_TICK, [CHART_FAIL] = CANVAS_CROSS, [CHART_OPEN] = CANVAS_DIAMOND };
	double free_from = -1;

	put_label(c, b->x - 6, y + 2.5, false, 7, SECONDARY, ANCHOR_END, "checks");
	for (size_t i = 0; i < t->n_checks; i++) {
		double x = at_x(b, t, t->checks[i].at);

		if (x < free_from || t->checks[i].at < t->from || t->checks[i].at > t->to)
			continue;
		canvas_mark(c, x, y, marks[t->checks[i].mark]);
		free_from = x + 8.5;
	}
	/* Flagger says nothing of a check that passed. */
	if (t->n_checks == 0)
		put_label(c, b->x + 4, y + 2.5, false, 7, SECONDARY, ANCHOR_START, "none failed");
	if (t->checks_note != NULL)
		put_label(c, b->x + b->width + 6.5, y + 2.5, false, 7, SECONDARY, ANCHOR_START, t->checks_note);
}

void plot_lanes(const struct canvas *c, const struct chart_time *t, const struct plot_box *b)
{
	double y = b->y + b->height;

	draw_checks(c, t, b, y + 14);
	plot_events(c, t, b, false, y + 21.5);
	y += 36.5 + (plot_event_rows(t, b, false) > 1 ? 8.5 : 0);
	canvas_line(c, b->x, y, b->x + b->width, y, 0.7, INK);
	draw_ticks(c, t, b, y, true);
}

void plot_draw(const struct canvas *canvas, const struct chart *chart, const struct plot_box *box, bool weights, bool clock)
{
	struct plot p = { .c = canvas, .chart = chart, .b = *box };
	const struct paint limit = { .fill = NO_COLOUR, .stroke = LIMIT, .width = 1.0, .dash = 4, .gap = 2, .open = true };
	const struct paint baseline = { .fill = NO_COLOUR, .stroke = BASELINE, .width = 1.0, .open = true };
	const struct paint canary = { .fill = NO_COLOUR, .stroke = CANARY, .width = 1.7, .open = true };
	double bottom = box->y + box->height;

	if (chart->time->to <= chart->time->from)
		return;
	p.axis = make_axis(chart);
	draw_steps(&p);
	if (weights)
		draw_weights(&p);
	draw_grid(&p);
	draw_gaps(&p);
	draw_band(&p);
	draw_series(&p, SERIES_LIMIT, &limit);
	draw_series(&p, SERIES_BASELINE, &baseline);
	draw_series(&p, SERIES_CANARY, &canary);
	draw_event_lines(&p);
	draw_clipped(&p);
	canvas_line(canvas, box->x, bottom, box->x + box->width, bottom, 0.7, INK);
	draw_ticks(canvas, chart->time, box, bottom, clock);
	draw_excess(&p);
	draw_labels(&p);
}
