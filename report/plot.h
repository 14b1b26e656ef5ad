/* A criterion over time, to the plot grammar of report-design.md 4. */
#ifndef GONOGO_REPORT_PLOT_H
#define GONOGO_REPORT_PLOT_H

struct assessment;
struct canvas;
struct trend;

/* Draws the chart with its plot's top left corner at x, y; width and height are the plot's, without gutters (38 left, 88 right) and
 * without the 24 points of axis below. */
void plot_draw(const struct canvas *canvas, const struct assessment *a, const struct trend *trend, double x, double y, double width, double height);

#endif
