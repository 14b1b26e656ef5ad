/* One automatic test of the scorecard at work. */
#ifndef GONOGO_JUDGE_SCORE_H
#define GONOGO_JUDGE_SCORE_H

#include <stdbool.h>
#include <stddef.h>

#include "gonogo/score.h"

struct arena;
struct json;

/* More ids make no mark easier to follow. */
#define SCORE_IDS_MAX 8

struct scoring {
	const struct json *evidence;
	struct arena *arena;
	enum score_level level;
	const char *text; /* NULL: memory ended */
	const char *ids[SCORE_IDS_MAX]; /* borrowed from the JSON */
	size_t n_ids;
	bool more; /* there were more than that */
};

/* NULL if there is none of that name. */
void (*score_test_find(const char *name))(struct scoring *s);
/* For a hard stop: SCORE_FULL: it was hit. */
void (*score_stop_find(const char *name))(struct scoring *s);

#endif
