/* The charts of a package. */
#ifndef GONOGO_REPORT_PACKAGE_CHARTS_H
#define GONOGO_REPORT_PACKAGE_CHARTS_H

struct assessment;
struct criterion;
struct doc;

/* Fills doc->charts, and doc->deciding on NO-GO. */
void package_charts(struct doc *doc, const struct assessment *a);

/* "Error rate", "p95 latency". */
const char *package_criterion(struct doc *doc, const struct criterion *c);
/* "10 %": per cent. */
const char *package_weight(struct doc *doc, double per_cent);

#endif
