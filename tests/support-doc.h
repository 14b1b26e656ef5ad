/* Fabricated documents: what report-design.md's pictures show, and what no report should be broken by. */
#ifndef GONOGO_TESTS_SUPPORT_DOC_H
#define GONOGO_TESTS_SUPPORT_DOC_H

#include <stddef.h>

struct arena;
struct doc;

/* The rollouts of report-look/: rolled back at 30 %, and promoted. */
void support_doc_no_go(struct doc *doc, struct arena *arena);
void support_doc_go(struct doc *doc, struct arena *arena);
/* Undecided while it still runs, without any sample. */
void support_doc_empty(struct doc *doc, struct arena *arena);
/* The first one with a single sample in its charts. */
void support_doc_one_sample(struct doc *doc, struct arena *arena);

struct support_size {
	size_t steps, passing;	/* of the ladder: so many, the first ones passing, the rest failing */
	size_t findings, events;
	const char *name;	/* of everything that has one: hostile */
};

void support_doc_large(struct doc *doc, struct arena *arena, const struct support_size *size);

#endif
