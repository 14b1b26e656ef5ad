/* From an assessment to the document. */
#ifndef GONOGO_REPORT_PACKAGE_H
#define GONOGO_REPORT_PACKAGE_H

#include <stdbool.h>

struct arena;
struct assessment;
struct doc;
struct error;
struct evidence;

struct package_input {
	const struct assessment *assessment;
	const struct evidence *evidence;
	const struct evidence *human; /* rows of decisions.db; may be NULL */
	const char *program; /* "gonogo 0.1.0 (…)" */
	bool wal_missing;
	bool sheet; /* a learner's: page one, the scorecard and what they cite */
};

/* Fills the document; strings live in the arena and in the assessment. -1: memory. */
int package_document(struct doc *out, const struct package_input *in, struct arena *arena, struct error *err);

/* Its sections that other documents have too: the timeline, and every row that the document cites. */
void package_timeline(struct doc *d, const struct assessment *a);
void package_evidence(struct doc *d, const struct package_input *in);

#endif
