/* The scorecard, into the document. A NULL card adds nothing. */
#ifndef GONOGO_REPORT_PACKAGE_SCORE_H
#define GONOGO_REPORT_PACKAGE_SCORE_H

struct doc;
struct scorecard;

/* The fourth key figure of page one. */
void package_score_figure(struct doc *d, const struct scorecard *card);
/* The section, as a learner may see it: what is not visible shows its title and what to do. */
void package_scorecard(struct doc *d, const struct scorecard *card);

#endif
