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

double chart_height(double plot)
{
	return 22 + 17 + plot + PLOT_CLOCK + PLOT_EVENTS + 8.5;
}

void layout_chart(struct layout *l, const struct chart *chart, const char *before, double height)
{
	struct plot_box box;

	l->y += 22;
	page_open(l->pages, TAG_FIGURE, chart->alt);
	put_title(l, chart, before);
	box = plot_box(l, l->y + 17, height);
	plot_draw(&l->c, chart, &box, true, true);
	l->y = box.y + height + PLOT_CLOCK;
	plot_events(&l->c, chart->time, &box, true, l->y);
	page_close(l->pages);
	l->y += PLOT_EVENTS + 8.5 * (double)(plot_event_rows(chart->time, &box, true) > 1);
	l->at_rule = l->first_of_page = false;
}

void layout_charts(struct layout *l)
{
	struct plot_box box = { 0 };

	for (size_t i = 0; i < l->doc->n_charts; i++) {
		const struct chart *chart = &l->doc->charts[i];
		double lanes = i + 1 == l->doc->n_charts ? PLOT_LANES + 8.5 : 0;
		bool weights = i == 0 || !has_room(l, 26 + PLOT_HEIGHT + lanes);

		/* A page ends with a clock of its own. */
		if (!has_room(l, 38 + PLOT_HEIGHT + lanes) && !l->first_of_page) {
			if (i > 0)
				plot_lanes(&l->c, chart->time, &box);
			layout_new_page(l);
		}
		l->y += l->first_of_page ? 18 : i == 0 ? 21 : 18;
		l->first_of_page = false;
		page_open(l->pages, TAG_FIGURE, chart->alt);
		put_title(l, chart, "");
		box = plot_box(l, l->y + (weights ? 17 : 8.2), PLOT_HEIGHT);
		plot_draw(&l->c, chart, &box, weights, false);
		l->y = box.y + PLOT_HEIGHT;
		if (i + 1 == l->doc->n_charts) {
			plot_lanes(&l->c, chart->time, &box);
			l->y += PLOT_LANES + (plot_event_rows(chart->time, &box, false) > 1 ? 8.5 : 0);
		}
		page_close(l->pages);
	}
	l->at_rule = false;
}
