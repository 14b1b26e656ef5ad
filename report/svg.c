#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "canvas.h"
#include "gonogo/buf.h"
#include "gonogo/chart.h"
#include "plot.h"

#define WIDTH 499.3
#define PLOT 110.0
#define TITLE 14.0
#define FONTS "'DejaVu Sans Condensed','DejaVu Sans','Noto Sans',Arial,sans-serif"

struct svg {
	struct buf *out;
};

void xml_escape(struct buf *out, const char *text)
{
	for (const char *p = text == NULL ? "" : text; *p != '\0'; p++) {
		switch (*p) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		case '\'':
			buf_puts(out, "&#39;");
			break;
		default:
			/* XML 1.0 section 2.2 forbids control characters even as references. */
			buf_putc(out, (unsigned char)*p < 0x20 && *p != '\t' && *p != '\n' ? ' ' : *p);
		}
	}
}

void svg_name(char *out, size_t size, const struct chart *chart)
{
	size_t n = 0;

	for (const char *p = chart->name; *p != '\0' && n + 1 < size && n < 64; p++)
		out[n++] = strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *p) != NULL ? *p : '-';
	out[n] = '\0';
}

/* Two decimals, without trailing zeros; never NaN, never -0. */
static void put_number(struct buf *out, double value)
{
	char text[48];
	size_t n;

	value = isfinite(value) ? round(value * 100) / 100 : 0;
	(void)snprintf(text, sizeof text, "%.2f", fabs(value) < 0.005 ? 0 : value);
	n = strlen(text);
	while (text[n - 1] == '0')
		text[--n] = '\0';
	if (text[n - 1] == '.')
		text[n - 1] = '\0';
	buf_puts(out, text);
}

static void put_attribute(struct buf *out, const char *name, double value)
{
	buf_printf(out, " %s=\"", name);
	put_number(out, value);
	buf_putc(out, '"');
}

static void put_colour(const struct svg *s, const char *property, uint32_t colour)
{
	if (colour == NO_COLOUR)
		buf_printf(s->out, " %s=\"none\"", property);
	else
		buf_printf(s->out, " %s=\"#%06x\"", property, (unsigned)colour);
}

static void put_paint(const struct svg *s, const struct paint *paint)
{
	put_colour(s, "fill", paint->fill);
	if (paint->stroke != NO_COLOUR)
		put_colour(s, "stroke", paint->stroke);
	if (paint->stroke == NO_COLOUR)
		return;
	put_attribute(s->out, "stroke-width", paint->width);
	if (paint->dash > 0)
		buf_printf(s->out, " stroke-dasharray=\"%d %d\"", paint->dash, paint->gap);
}

static void on_text(void *self, double x, double y, const struct font_use *font, const char *text)
{
	static const char *const anchors[] = { "", " text-anchor=\"middle\"", " text-anchor=\"end\"" };
	const struct svg *s = self;

	buf_puts(s->out, "<text");
	put_attribute(s->out, "x", x);
	put_attribute(s->out, "y", y);
	put_attribute(s->out, "font-size", font->size);
	buf_printf(s->out, "%s%s", font->bold ? " font-weight=\"bold\"" : "", anchors[font->anchor]);
	put_colour(s, "fill", font->colour);
	buf_putc(s->out, '>');
	xml_escape(s->out, text);
	buf_puts(s->out, "</text>\n");
}

static void on_path(void *self, const struct point *points, size_t n, const struct paint *paint)
{
	const struct svg *s = self;

	buf_puts(s->out, "<path d=\"");
	for (size_t i = 0; i < n; i++) {
		buf_puts(s->out, i == 0 ? "M" : "L");
		put_number(s->out, points[i].x);
		buf_putc(s->out, ' ');
		put_number(s->out, points[i].y);
	}
	buf_puts(s->out, paint->open ? "\"" : "Z\"");
	put_paint(s, paint);
	buf_puts(s->out, "/>\n");
}

static void on_circle(void *self, struct point centre, double radius, const struct paint *paint)
{
	const struct svg *s = self;

	buf_puts(s->out, "<circle");
	put_attribute(s->out, "cx", centre.x);
	put_attribute(s->out, "cy", centre.y);
	put_attribute(s->out, "r", radius);
	put_paint(s, paint);
	buf_puts(s->out, "/>\n");
}

static void put_chart(struct svg *s, const struct chart *chart, const char *name)
{
	struct canvas c = { .self = s, .text = on_text, .path = on_path, .circle = on_circle };
	struct plot_box box = { PLOT_LEFT, TITLE + 14, WIDTH - PLOT_LEFT - PLOT_RIGHT, PLOT };
	double height = box.y + PLOT + PLOT_CLOCK + PLOT_EVENTS + (plot_event_rows(chart->time, &box, true) > 1 ? 8.5 : 0) + 4;
	char subtitle[512];

	plot_subtitle(subtitle, sizeof subtitle, chart);
	buf_puts(s->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
	put_number(s->out, WIDTH);
	buf_putc(s->out, ' ');
	put_number(s->out, height);
	buf_printf(s->out, "\" role=\"img\" aria-labelledby=\"%s-title %s-desc\" font-family=\"%s\">\n", name, name, FONTS);
	buf_printf(s->out, "<title id=\"%s-title\">", name);
	xml_escape(s->out, chart->title);
	buf_printf(s->out, "</title>\n<desc id=\"%s-desc\">", name);
	xml_escape(s->out, chart->alt);
	buf_puts(s->out, "</desc>\n");
	canvas_box(&c, 0, 0, WIDTH, height, WHITE, NO_COLOUR);
	buf_printf(s->out, "<text x=\"0\" y=\"%g\" font-size=\"8.5\"", TITLE - 4);
	put_colour(s, "fill", INK);
	buf_puts(s->out, "><tspan font-weight=\"bold\">");
	xml_escape(s->out, chart->title);
	buf_puts(s->out, "</tspan> <tspan font-size=\"7.5\" dx=\"4\"");
	put_colour(s, "fill", SECONDARY);
	buf_puts(s->out, ">");
	xml_escape(s->out, subtitle);
	buf_puts(s->out, "</tspan></text>\n");
	plot_draw(&c, chart, &box, true, true);
	plot_events(&c, chart->time, &box, true, box.y + PLOT + PLOT_CLOCK);
	buf_puts(s->out, "</svg>\n");
}

int svg_render(struct buf *out, const struct chart *chart, struct error *err)
{
	struct svg s = { .out = out };
	char name[80];

	svg_name(name, sizeof name, chart);
	put_chart(&s, chart, name);
	return buf_check(out, name, err);
}
