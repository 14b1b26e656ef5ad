/* A criterion over time, to the plot grammar of report-design.md 4. */
#ifndef GONOGO_REPORT_PLOT_H
#define GONOGO_REPORT_PLOT_H

#include <stdbool.h>
#include <stddef.h>

struct canvas;
struct chart;
struct chart_time;

/* Room at the left for the numbers of the axis and at the right for the labels. */
#define PLOT_LEFT 38.0
#define PLOT_RIGHT 88.0
/* Above the plot for the weights; below it for the clock, and for the ids of events. */
#define PLOT_ABOVE 8.5
#define PLOT_CLOCK 13.0
#define PLOT_EVENTS 11.0 /* for one row; 8.5 more for a second */
/* Below all charts: checks, events and the clock. */
#define PLOT_LANES 50.0

struct plot_box {
	double x, y, width, height; /* of the plot itself */
};

/* weights: the exposure above each band. ticks: the clock below. */
void plot_draw(const struct canvas *canvas, const struct chart *chart, const struct plot_box *box, bool weights, bool clock);
/* How many rows of ids plot_events draws: 0, 1 or 2. lines: only of events that have a line through the plot. */
size_t plot_event_rows(const struct chart_time *time, const struct plot_box *box, bool lines);
/* Ids of events, from y (the bottom of the last plot or its clock) on. */
void plot_events(const struct canvas *canvas, const struct chart_time *time, const struct plot_box *box, bool lines, double y);
/* The lanes below stacked charts: checks, events, clock. */
void plot_lanes(const struct canvas *canvas, const struct chart_time *time, const struct plot_box *box);

/* The subtitle: the definition, and where the axis starts if that is not 0. */
void plot_subtitle(char *out, size_t size, const struct chart *chart);

#endif
