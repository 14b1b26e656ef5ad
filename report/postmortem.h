/* A postmortem draft: Google's and PagerDuty's headings, facts filled in from the evidence, prompts where a person must write. */
#ifndef GONOGO_REPORT_POSTMORTEM_H
#define GONOGO_REPORT_POSTMORTEM_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct doc;
struct error;
struct package_input;

/* Whether notes may be written for a section of that name: "summary", "root-causes", … */
bool postmortem_has_section(const char *name);

/* Fills the blocks. open: how many prompts and incomplete actions are left; 0: it is final. The assessment has its records entered. */
int postmortem_document(struct doc *out, size_t *open, const struct package_input *in, struct arena *arena, struct error *err);

#endif
