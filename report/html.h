/* report.html: the document in one file, no script, nothing from outside; for phones and desks, light and dark, and paper. */
#ifndef GONOGO_REPORT_HTML_H
#define GONOGO_REPORT_HTML_H

struct buf;
struct error;
struct package;

int html_render(struct buf *out, const struct package *package, struct error *err);

#endif
