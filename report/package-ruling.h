/* What people decided, into the document. A NULL ruling adds nothing. */
#ifndef GONOGO_REPORT_PACKAGE_RULING_H
#define GONOGO_REPORT_PACKAGE_RULING_H

struct assessment;
struct block;
struct doc;
struct row;
struct ruling;
struct table;

/* Parts the sentences of the strip. */
void package_strip_next(struct doc *d);
/* "Overridden to GO by NAME: REASON"; that a second person is waited for; that the last decision does not count. */
void package_strip_ruling(struct doc *d, const struct ruling *r);
/* Fills the block at the foot of page one, and adds it. */
void package_sign_off(struct doc *d, const struct ruling *r);
/* Columns 1 and 2 of a row of the remediation: the action that was recorded for a finding, or that none was. */
void package_remedy(struct doc *d, struct row *row, const struct ruling *r, const char *rule);
/* Rows for the actions that answer no finding, or one that has an action already. */
void package_actions(struct doc *d, struct table *t, const struct assessment *a);
/* Package digest, approval of the criteria, every decision. */
void package_ruling_provenance(struct doc *d, struct block *b, const struct ruling *r);

#endif
