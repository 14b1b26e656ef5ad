/* Many rollouts in short: what `list` and `history` print. */
#ifndef GONOGO_REPORT_RUNS_H
#define GONOGO_REPORT_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/assessment.h"
#include "gonogo/cli.h"

struct buf;
struct json_writer;

enum runs_format { RUNS_TEXT, RUNS_JSON, RUNS_CSV };

struct runs_filter {
	int64_t since, until; /* of the start; INSTANT_NONE: open */
	const char *canary; /* NAMESPACE/CANARY; NULL: all */
	bool has_verdict;
	enum verdict verdict; /* the computed one */
	enum runs_format format;
};

struct run {
	const struct rollout *rollout;
	enum verdict verdict, effective;
	const char *headline;
	double highest_exposure; /* 0…1 */
	size_t n_steps;
	const char *failing; /* names of criteria that failed, "error-rate p95-latency"; "" */
	enum containment_state containment;
	double contained_after; /* seconds from the decision to roll back until traffic was back; NaN */
	double detected_after; /* seconds from the first exposure to the first sign; NaN */
};

struct runs {
	size_t n, cap;
	struct run *v; /* by start */
};

/* The options; *text: what is wrong with a value. */
enum { OPT_SINCE = OPT_OWN + 200, OPT_UNTIL_TIME, OPT_CANARY, OPT_VERDICT, OPT_RUNS_FORMAT };
#define RUNS_OPTIONS                                                                                                                       \
	{ "output", required_argument, NULL, 'o' }, { "format", required_argument, NULL, OPT_RUNS_FORMAT },                                \
		{ "since", required_argument, NULL, OPT_SINCE }, { "until", required_argument, NULL, OPT_UNTIL_TIME },                     \
		{ "canary", required_argument, NULL, OPT_CANARY },                                                                         \
	{                                                                                                                                  \
		"verdict", required_argument, NULL, OPT_VERDICT                                                                            \
	}
#define RUNS_HELP                                                                                                                          \
	"  --since TIME        only rollouts that started then or later (RFC 3339)\n"                                                      \
	"  --until TIME        only rollouts that started then or earlier\n"                                                               \
	"  --verdict V         only go, no-go or hold\n"                                                                                   \
	"  --format F, -o F    text, json or csv\n"
void runs_filter_init(struct runs_filter *filter);
bool runs_option(struct runs_filter *filter, int c, const char *value, const char **text);

/* By time and canary alone. */
bool runs_lets_through(const struct runs_filter *filter, const struct rollout *rollout);

/* Judges every rollout that the filter lets through; texts live in the session's arena. */
int runs_collect(struct runs *out, struct session *s, const struct cli *cli, const struct runs_filter *filter, struct error *err);

void runs_text(struct buf *out, const struct runs *runs);
void runs_csv(struct buf *out, const struct runs *runs);
/* An array. key: NULL at the top. */
void runs_json(struct json_writer *w, const char *key, const struct runs *runs);

#endif
