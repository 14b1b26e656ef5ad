/* figures/NAME.svg: one chart, alone. */
#ifndef GONOGO_REPORT_SVG_H
#define GONOGO_REPORT_SVG_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct chart;
struct error;

/* A file of its own: white ground, title and description, nothing from outside. */
int svg_render(struct buf *out, const struct chart *chart, struct error *err);

/* "error-rate": of [a-z0-9-] only, whatever the chart's name holds. */
void svg_name(char *out, size_t size, const struct chart *chart);

/* Text for XML and HTML: & < > " ' escaped, characters that XML forbids replaced. */
void xml_escape(struct buf *out, const char *text);

#endif
