/* Charts on pages: one alone on page 1, all stacked on one time axis behind it. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "layout-parts.h"
#include "plot.h"

#define PLOT_HEIGHT 74.0

static struct plot_box plot_box(const struct layout *l, double y, double height)
{
	return (struct plot_box){ LEFT + PLOT_LEFT, y, l->width - PLOT_LEFT - PLOT_RIGHT, height };
}

/* Title and subtitle, on the baseline y. */
static void put_title(struct layout *l, const struct chart *chart, const char *before)
{
	struct font_use title = { true, 8.5, INK, ANCHOR_START }, small = { false, 7.5, SECONDARY, ANCHOR_START };
	char subtitle[512], name[256];
	double x;

	plot_subtitle(subtitle, sizeof subtitle, chart);
	(void)snprintf(name, sizeof name, "%s%.180s", before, chart->title);
	/* "Deciding criterion: error rate". */
	if (*before != '\0' && islower((unsigned char)chart->title[1]))
		name[strlen(before)] = (char)tolower((unsigned char)chart->title[0]);
	put_line(l, name, LEFT, l->y, 240, &title);
	x = LEFT + fmin(words_width(l, name, true, 8.5), 240) + 6;
	put_line(l, subtitle, x, l->y, LEFT + l->width - x, &small);
}

double chart_height(double plot, bool events)
{
	return 22 + 17 + plot + PLOT_CLOCK + (events ? PLOT_EVENTS + 8.5 : 0);
}

void layout_chart(struct layout *l, const struct chart *chart, const char *before, double height, bool events)
{
	struct plot_box box;

	l->y += 22;
	page_open(l->pages, TAG_FIGURE, chart->alt);
	put_title(l, chart, before);
	box = plot_box(l, l->y + 17, height);
	plot_draw(&l->c, chart, &box, true, true);
	l->y = box.y + height + PLOT_CLOCK;
	if (events) {
		plot_events(&l->c, chart->time, &box, true, l->y);
		l->y += PLOT_EVENTS + 8.5 * (double)(plot_event_rows(chart->time, &box, true) > 1);
	}
	page_close(l->pages);
	l->at_rule = l->first_of_page = false;
}

/* One of a stack; weights above the first on a page. */
static struct plot_box put_stacked(struct layout *l, const struct chart *chart, bool weights)
{
	struct plot_box box;

	l->y += l->first_of_page || !weights ? 18 : 21;
	l->first_of_page = false;
	page_open(l->pages, TAG_FIGURE, chart->alt);
	put_title(l, chart, "");
	box = plot_box(l, l->y + (weights ? 17 : 8.2), PLOT_HEIGHT);
	plot_draw(&l->c, chart, &box, weights, false);
	l->y = box.y + PLOT_HEIGHT;
	page_close(l->pages);
	return box;
}

static void put_lanes(struct layout *l, const struct chart_time *time, const struct plot_box *box)
{
	page_open(l->pages, TAG_FIGURE, "Checks and events on the time axis of the charts above");
	plot_lanes(&l->c, time, box);
	page_close(l->pages);
	l->y += PLOT_LANES + (plot_event_rows(time, box, false) > 1 ? 8.5 : 0);
	l->at_rule = false;
}

void layout_charts(struct layout *l)
{
	const struct chart *charts = l->doc->charts;
	struct plot_box box = { 0 };
	bool first = true;

	for (size_t i = 0; i < l->doc->n_charts; i++) {
		/* Room for the lanes, should this one be the last on its page. */
		if (!has_room(l, 21 + 17 + PLOT_HEIGHT + PLOT_LANES + 8.5) && !l->first_of_page) {
			if (!first)
				put_lanes(l, charts[i].time, &box);
			layout_new_page(l);
			first = true;
		}
		box = put_stacked(l, &charts[i], first);
		first = false;
	}
	if (l->doc->n_charts > 0)
		put_lanes(l, charts[0].time, &box);
}
