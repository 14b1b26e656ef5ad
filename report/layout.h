/* The document on pages, to the measures of report-design.md 1, 3 and 7. Knows no PDF. */
#ifndef GONOGO_REPORT_LAYOUT_H
#define GONOGO_REPORT_LAYOUT_H

struct doc;
struct error;
struct pages;

/* Fills the pages, which must be initialised and empty. */
int layout_pages(struct pages *pages, const struct doc *doc, struct error *err);

#endif
