/* report.pdf. */
#ifndef GONOGO_REPORT_PDF_H
#define GONOGO_REPORT_PDF_H

#include "gonogo/output.h"

struct buf;
struct doc;
struct error;

int pdf_render(struct buf *out, const struct doc *doc, enum paper paper, struct error *err);

/* libharu's version: "2.3.0". */
const char *pdf_library(void);

#endif
