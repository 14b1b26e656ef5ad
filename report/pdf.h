/* report.pdf. */
#ifndef GONOGO_REPORT_PDF_H
#define GONOGO_REPORT_PDF_H

#include "gonogo/output.h"

struct buf;
struct error;

int pdf_render(struct buf *out, const struct package *package, struct error *err);

/* libharu's version: "2.3.0". */
const char *pdf_library(void);

#endif
