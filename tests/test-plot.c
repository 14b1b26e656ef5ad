#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../report/canvas.h"
#include "../report/plot.h"
#include "../report/svg.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/chart.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "support-doc.h"
#include "support.h"

/* ---- A canvas that remembers. */

#define MOST 4000

struct drawn {
	bool is_text;
	double x, y, x2, y2; /* box of a path */
	uint32_t colour;
	double width;
	int dash;
	size_t n;
	enum anchor anchor;
	char text[64];
};

static struct drawn marks[MOST];
static size_t n_marks;

static void on_text(void *self, double x, double y, const struct font_use *font, const char *text)
{
	struct drawn *m = &marks[n_marks++];

	(void)self;
	assert_true(n_marks < MOST && isfinite(x) && isfinite(y));
	*m = (struct drawn){ .is_text = true, .x = x, .y = y, .colour = font->colour, .anchor = font->anchor };
	(void)snprintf(m->text, sizeof m->text, "%s", text);
}

static void on_path(void *self, const struct point *points, size_t n, const struct paint *paint)
{
	struct drawn *m = &marks[n_marks++];

	(void)self;
	assert_true(n_marks < MOST && n >= 2);
	*m = (struct drawn){
		.x = INFINITY, .y = INFINITY, .x2 = -INFINITY, .y2 = -INFINITY, .width = paint->width, .dash = paint->dash, .n = n
	};
	m->colour = paint->stroke != NO_COLOUR ? paint->stroke : paint->fill;
	for (size_t i = 0; i < n; i++) {
		assert_true(isfinite(points[i].x) && isfinite(points[i].y));
		m->x = fmin(m->x, points[i].x);
		m->x2 = fmax(m->x2, points[i].x);
		m->y = fmin(m->y, points[i].y);
		m->y2 = fmax(m->y2, points[i].y);
	}
}

static void on_circle(void *self, struct point centre, double radius, const struct paint *paint)
{
	(void)self;
	(void)paint;
	assert_true(isfinite(centre.x) && isfinite(centre.y) && radius > 0);
}

static const struct canvas canvas = { .text = on_text, .path = on_path, .circle = on_circle };
static const struct plot_box box = { 100, 50, 400, 100 };

static void draw(const struct chart *chart)
{
	n_marks = 0;
	plot_draw(&canvas, chart, &box, true, true);
}

static double x_of(const struct chart_time *t, int64_t at)
{
	return box.x + box.width * (double)(at - t->from) / (double)(t->to - t->from);
}

static const struct drawn *find_text(const char *text)
{
	for (size_t i = 0; i < n_marks; i++)
		if (marks[i].is_text && strcmp(marks[i].text, text) == 0)
			return &marks[i];
	return NULL;
}

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new((size_t)64 * 1024 * 1024);
	return arena == NULL;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* ---- The grammar. */

/* Lines end at a gap: neither the canary's nor the baseline's crosses one. */
static void test_gaps(void **state)
{
	struct doc doc;
	size_t hatched = 0;

	(void)state;
	support_doc_no_go(&doc, arena);
	for (size_t c = 0; c < doc.n_charts; c++) {
		const struct chart_time *t = doc.charts[c].time;
		double from = x_of(t, t->gaps[0].from), to = x_of(t, t->gaps[0].to);

		draw(&doc.charts[c]);
		for (size_t i = 0; i < n_marks; i++) {
			const struct drawn *m = &marks[i];
			bool line = !m->is_text && (m->colour == CANARY || m->colour == BASELINE) && m->width > 0.6 && m->dash == 0;

			if (line && m->x < from - 0.01)
				assert_true(m->x2 <= from + 0.01);
			if (!m->is_text && m->colour == HATCH) {
				hatched++;
				assert_true(m->x >= from - 0.01 && m->x2 <= to + 0.01 && m->y >= box.y - 0.01 &&
					    m->y2 <= box.y + box.height + 0.01);
				assert_true(fabs((m->x2 - m->x) - (m->y2 - m->y)) < 0.01);
			}
		}
	}
	assert_true(hatched > 10);
}

/* Everything is within the plot or its gutters. */
static void test_inside(void **state)
{
	struct doc doc;

	(void)state;
	support_doc_no_go(&doc, arena);
	for (size_t c = 0; c < doc.n_charts; c++) {
		draw(&doc.charts[c]);
		for (size_t i = 0; i < n_marks; i++) {
			assert_true(marks[i].x >= box.x - PLOT_LEFT && marks[i].y >= box.y - PLOT_ABOVE - 6);
			if (!marks[i].is_text)
				assert_true(marks[i].x2 <= box.x + box.width + PLOT_RIGHT && marks[i].y2 <= box.y + box.height + 4);
		}
	}
}

/* The limit is always visible, and labels stand 9.5 apart. */
static void test_labels(void **state)
{
	struct doc doc;

	(void)state;
	support_doc_no_go(&doc, arena);
	for (size_t c = 0; c < doc.n_charts; c++) {
		const char *names[] = { doc.charts[c].canary_label, doc.charts[c].baseline_label, doc.charts[c].limit_label };
		bool limit = false;

		draw(&doc.charts[c]);
		for (int i = 0; i < 3; i++)
			for (int k = 0; k < i; k++)
				assert_true(fabs(find_text(names[i])->y - find_text(names[k])->y) >= 9.49);
		for (size_t i = 0; i < n_marks; i++)
			limit = limit || (!marks[i].is_text && marks[i].colour == LIMIT && marks[i].dash == 4 && marks[i].y > box.y + 1 &&
					  marks[i].y2 < box.y + box.height - 1);
		assert_true(limit);
	}
}

/* 5 to 9 ticks of the clock, whatever the span. */
static void test_clock(void **state)
{
	static const int spans[] = { 40, 61, 150, 299, 600, 1830, 2400, 7000, 36000, 90000, 400000 };
	struct doc doc;

	(void)state;
	support_doc_no_go(&doc, arena);
	for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
		struct chart_time t = *doc.charts[0].time;
		struct chart c = doc.charts[0];
		size_t ticks = 0;

		t.to = t.from + spans[i] * NS_PER_S;
		c.time = &t;
		draw(&c);
		for (size_t k = 0; k < n_marks; k++)
			ticks += marks[k].is_text && marks[k].y > box.y + box.height + 8 && strchr(marks[k].text, ':') != NULL;
		if (ticks < 4 || ticks > 9)
			fail_msg("%zu ticks in %d s", ticks, spans[i]);
		assert_non_null(find_text("UTC"));
	}
}

static struct chart one_chart(const struct chart_time *time, struct chart_point *points, size_t n)
{
	return (struct chart){ .name = "x",
			       .title = "X",
			       .definition = "%",
			       .alt = "x",
			       .time = time,
			       .points = points,
			       .n_points = n,
			       .from_zero = true,
			       .top = 100,
			       .unit = " %",
			       .canary_label = "canary",
			       .limit_label = "limit" };
}

/* One wild value is clipped with an arrow and its number, and does not flatten the rest. */
static void test_clipped(void **state)
{
	const struct chart_time time = { .from = 0, .to = 100 * NS_PER_S };
	struct chart_point points[10];
	struct chart chart = one_chart(&time, points, 10);

	(void)state;
	for (int i = 0; i < 10; i++)
		points[i] = (struct chart_point){ (5 + 10 * i) * NS_PER_S, i == 3 ? 90 : 2, NAN, NAN, NAN, 3 };
	draw(&chart);
	assert_non_null(find_text("90 %"));
	assert_null(find_text("50"));
	assert_non_null(find_text("1"));
}

/* Without values, with one, with nothing but holes, with wild numbers: it draws, and nothing is NaN. */
static void test_odd(void **state)
{
	const struct chart_time time = { .from = 0, .to = 100 * NS_PER_S };
	struct chart_point points[3] = { { 1, NAN, NAN, NAN, NAN, NAN }, { 2, NAN, NAN, NAN, NAN, NAN }, { 3, NAN, NAN, NAN, NAN, NAN } };
	struct chart chart = one_chart(&time, points, 3);
	struct chart none = one_chart(&time, NULL, 0);
	const struct chart_time never = { 0 };

	(void)state;
	draw(&chart);
	draw(&none);
	points[1].canary = 1e12;
	draw(&chart);
	points[1].canary = 0;
	points[1].limit = 0;
	draw(&chart);
	chart.from_zero = false;
	draw(&chart);
	points[1].canary = points[1].limit = 100;
	draw(&chart);
	chart.time = &never;
	draw(&chart);
	assert_int_equal(n_marks, 0);
}

static void test_subtitle(void **state)
{
	char text[512];
	struct doc doc;

	(void)state;
	support_doc_no_go(&doc, arena);
	plot_subtitle(text, sizeof text, &doc.charts[0]);
	assert_null(strstr(text, "axis starts"));
	plot_subtitle(text, sizeof text, &doc.charts[2]);
	assert_non_null(strstr(text, "axis starts at 98.5\xC2\xA0%"));
}

/* ---- SVG. */

static char *svg_of(const struct chart *chart)
{
	struct error err;
	struct buf out;

	buf_init(&out, (size_t)16 * 1024 * 1024);
	if (svg_render(&out, chart, &err) < 0)
		fail_msg("%s", err.text);
	return buf_take(&out);
}

static void test_svg(void **state)
{
	struct chart chart;
	struct doc doc;
	char *svg, *again, *golden;
	size_t len;

	(void)state;
	support_doc_no_go(&doc, arena);
	svg = svg_of(&doc.charts[0]);
	again = svg_of(&doc.charts[0]);
	assert_string_equal(svg, again);
	golden = support_read("tests/golden/error-rate.svg", &len);
	assert_string_equal(svg, golden);
	assert_null(strstr(svg, "script"));
	assert_null(strstr(svg, "nan"));
	free(svg);
	free(again);
	free(golden);
	/* A name or title from the cluster is text, never markup. */
	chart = doc.charts[0];
	chart.name = "../a<b\"";
	chart.title = "<script>&\"x\"</script>";
	chart.alt = "]]><svg onload='x'>";
	chart.canary_label = "<b>\x01";
	svg = svg_of(&chart);
	assert_null(strstr(svg, "<script"));
	assert_null(strstr(svg, "<b>"));
	assert_null(strstr(svg, "<svg onload"));
	assert_null(strchr(svg, '\x01'));
	assert_null(strstr(svg, "../"));
	free(svg);
}

static void test_svg_name(void **state)
{
	struct chart chart = { .name = "../../Etc/p95 latency\xC3\xA4" };
	char name[80], small[4];

	(void)state;
	svg_name(name, sizeof name, &chart);
	assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(name));
	svg_name(small, sizeof small, &chart);
	assert_int_equal(strlen(small), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gaps),     cmocka_unit_test(test_inside),  cmocka_unit_test(test_labels),
		cmocka_unit_test(test_clock),    cmocka_unit_test(test_clipped), cmocka_unit_test(test_odd),
		cmocka_unit_test(test_subtitle), cmocka_unit_test(test_svg),     cmocka_unit_test(test_svg_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
