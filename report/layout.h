/* The document on pages, to the measures of report-design.md 3. Knows no PDF. */
#ifndef GONOGO_REPORT_LAYOUT_H
#define GONOGO_REPORT_LAYOUT_H

struct canvas;
struct doc;

/* Draws the document; pages: how many there are, as it stands in the footers. Returns how many were drawn: lay out once to count, then
 * draw. */
int layout_draw(const struct doc *doc, const struct canvas *canvas, int pages);

#endif
