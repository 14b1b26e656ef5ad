/* Raw samples of many answers, merged by series and time stamp. */
#ifndef GONOGO_SERIES_H
#define GONOGO_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/evidence.h"

struct arena;
struct error;

struct label {
	const char *name, *value;
};

struct sample {
	int64_t at;		/* ns */
	double value;
	evidence_id id;		/* the first observation that held it */
};

struct series {
	const char *name;	/* __name__ */
	size_t n_labels;
	struct label *labels;	/* ascending by name, without __name__ */
	const char *key;	/* all of it as one text */
	const char *source;	/* the bytes of its labels as they came first: answers repeat them */
	size_t source_len;
	size_t n, cap;
	struct sample *samples;	/* ascending after series_set_finish, one a time stamp */
	bool unordered;		/* until series_set_finish: a sample came late */
	bool native;		/* came with native histograms in place of values */
};

/* What an answer said beside its numbers (facts/prometheus.md; case 13). */
enum annotation {
	ANNOTATION_PARTIAL = 1,	/* isPartial, or a warning that data may be missing */
	ANNOTATION_BROKEN = 2,	/* "PromQL warning:": the query itself is wrong; no value of it may be used */
	ANNOTATION_NOTE = 4	/* infos, "PromQL info:" */
};

struct answer_note {
	unsigned annotation;
	const char *text;	/* verbatim, hostile */
	evidence_id id;
	const char *query;
};

struct series_set {
	size_t n, cap;
	struct series *v;
	size_t n_notes, cap_notes;
	struct answer_note *notes;
	size_t malformed;	/* elements without value(s) or histogram(s), or answers that are no JSON */
	size_t failed;		/* answers whose status is not success */
};

/* The matrix or vector of one answer. A malformed answer counts in `malformed` and is no error. -1: memory. */
int series_add_answer(struct series_set *set, const struct observation *row, struct arena *arena, struct error *err);

/* Sorts and drops repeated time stamps: whatever order the answers came in, the set is then the same. */
void series_set_finish(struct series_set *set);

const char *series_label(const struct series *series, const char *name);

#endif
