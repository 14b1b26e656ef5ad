/* What a rollout's evidence says: verdict, reasons, readings, findings, conditions. Pure data in an arena; the report renders it, and
 * evidence.json is its text form (contracts.md, schema/evidence.schema.json). */
#ifndef GONOGO_ASSESSMENT_H
#define GONOGO_ASSESSMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/criteria.h"
#include "gonogo/evidence.h"
#include "gonogo/rollout.h"
#include "gonogo/strata.h"

struct arena;
struct error;

enum verdict { VERDICT_GO, VERDICT_NO_GO, VERDICT_HOLD };

/* "go", "no-go", "hold". */
const char *verdict_name(enum verdict verdict);
/* "GO", "NO-GO", "HOLD". */
const char *verdict_word(enum verdict verdict);

enum criterion_state { CRITERION_PASS, CRITERION_FAIL, CRITERION_UNDECIDED, CRITERION_NOT_EVALUABLE };
const char *criterion_state_name(enum criterion_state state);

enum reading_state { READING_WITHIN, READING_BEYOND, READING_NOT_EVALUABLE, READING_NOT_REACHED };
const char *reading_state_name(enum reading_state state);

/* A sentence of our own words and the evidence it rests on. Cluster text inside stands in `backticks`. */
struct cited {
	const char *text;
	struct ids ids;
	const char *gap;		/* "G-01" it rests on, or NULL */
};

/* The value of a criterion at one step. Absent numbers are NaN; reason is then set. */
struct reading {
	const struct criterion *criterion;
	enum reading_state state;
	double value, baseline, limit;	/* rates as fractions, quantiles in seconds */
	const char *unit;		/* "fraction", "seconds", "1" */
	double window_seconds;		/* what was seen */
	const char *reason;		/* a code of decide.h, or NULL */
	const char *text;		/* "2.5 of 5 min seen", "no requests"; set when not evaluable */
	struct ids ids;
};

struct step_result {
	const struct step *step;
	int64_t requests[ARMS], failed[ARMS];	/* -1: not known */
	size_t n_readings;
	struct reading *readings;	/* in order of the criteria */
};

enum decided_by { DECIDED_NONE, DECIDED_SEQUENTIAL, DECIDED_FINAL };

struct criterion_result {
	const struct criterion *criterion;
	enum criterion_state state;
	const char *reason;		/* code of decide.h; NULL when it passed or failed plainly */
	double value, baseline, limit, ratio;	/* over the evidence window (pass) or the window that failed; NaN: none */
	double lo, hi;			/* interval of what was decided on (ratio, or rate); NaN: none */
	const char *unit;
	int64_t decided_at;		/* INSTANT_NONE: not decided */
	enum decided_by test;
	double step_exposure;		/* exposure in effect when it failed, or the highest judged; NaN */
	double step_weight;
	double seconds_to_decision;	/* at the present traffic; NaN: unknown or none would do */
	const char *text;		/* one sentence with the numbers (judge.md 4.11) */
	const char *short_text;		/* for the headline: "Error rate 1.27 %: 4.1 times baseline, limit 2 times" */
	const char *literal;		/* the course's reading over the window: "not evaluable (150 of 300 s)", "4.1 × over 5 min: beyond" */
	enum reading_state literal_state;
	int64_t requests[ARMS], failed[ARMS];
	bool substituted;		/* a blind quantile was judged by the absolute limit */
	double substitute_edge;		/* seconds */
	struct ids ids;
};

struct flagger_check {
	int64_t at;
	const char *metric;
	double value, limit;		/* NaN: none */
	const char *state;		/* "failed", "no-values", "query-failed", "hook-failed", "configuration" */
	const char *text;		/* Flagger's own, cluster text */
	struct ids ids;
};

/* Flagger's checks done again: its queries' arithmetic over the stored samples, tick by tick, its counter and its threshold. */
struct flagger_recheck {
	bool possible;
	const char *why_not;		/* NULL if possible */
	size_t ticks, failed;		/* ticks of the last attempt, and those at which a check fails */
	size_t agreeing;		/* ticks at which Flagger said the same */
	size_t compared, near;		/* values that Flagger reported, and those that come out alike */
	int64_t stops_at;		/* when the counter reaches the threshold; INSTANT_NONE: never */
	int agrees;			/* 1, 0; -1: nothing to compare */
	const char *text;
	struct ids ids;			/* of the first tick that differs */
};

struct flagger_reading {
	int64_t failed_checks, threshold;
	size_t n_checks;
	struct flagger_check *checks;
	int agrees;			/* 1, 0; -1: nothing to compare */
	const char *text;
	struct flagger_recheck recheck;
};

enum containment_state { CONTAINMENT_NOT_NEEDED, CONTAINMENT_CONFIRMED, CONTAINMENT_NOT_CONFIRMED };

struct containment {
	enum containment_state state;
	int64_t at;			/* traffic seen back on the primary */
	double seconds;			/* from the decision to roll back until then; NaN */
	const char *text;
	struct ids ids;
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };
const char *severity_name(enum severity severity);

struct finding {
	const char *id;			/* "F-01" within this package */
	const char *rule;		/* durable: "no-values-template"; with the rollout's start it names the finding for ever */
	enum severity severity;
	const char *text;		/* the fact */
	const char *why;		/* why it matters */
	const char *remedy;		/* exact field and value, or command */
	const char *read_on;		/* where to read more: "docs/findings.md#suspended" */
	struct ids ids;
	const char *gap;
	int rank;			/* order within a severity, low first */
};

/* Whether the way back was known to work when the rollout began. */
enum tested_state {
	TESTED_NO,
	TESTED_FAILED,	/* the last rehearsal did not work */
	TESTED_LATE,	/* by this rollout itself, or recorded only after it began */
	TESTED_BEFORE
};
/* "no", "failed", "late", "before" */
const char *tested_state_name(enum tested_state state);

struct condition {
	const char *id;			/* "R-01" */
	const char *rule;		/* the criterion's name, "deadline", "max-weight", "no-data" */
	const char *scope;		/* "during" or "after-promotion" */
	const char *trigger;		/* in words */
	const char *query;		/* PromQL that is true (non-empty) when it fires, with the number from this baseline; NULL: none */
	double limit;			/* NaN: none */
	const char *limit_text;		/* "≥ 0.62 % (2 ×)", "< 99 %" */
	double window_seconds;
	const char *owner;		/* NULL: not named */
	const char *action, *verify;
	const char *data;		/* data compatibility; NULL: not stated */
	const char *tested;		/* "not tested", or when and how */
	enum tested_state tested_state;
	struct ids ids;
};

struct numbered_gap {
	const char *id;			/* "G-01" */
	struct gap gap;
	const char *text;
};

/* A row of the timeline with its own id in the package: the first evidence id serves as the anchor. */
struct timeline_row {
	int64_t at;
	const char *source;		/* "Flagger", "Kubernetes", "Prometheus", "collector", "gap", "human" */
	const char *kind;
	const char *text;		/* our words, cluster text in `backticks` */
	int rank;			/* report-design.md 7: decisions 0, rollback 1, phase 2, weight 3, failed checks 4, limit crossings 5, gaps 6, rest 7 */
	bool uncorroborated;
	const char *gap;		/* "G-01" for gap rows */
	struct ids ids;
};

/* A point of a chart: a criterion's value in a window ending at `at`. NaN where there is none. */
struct trend_point {
	int64_t at;
	double canary, canary_lo, canary_hi, baseline, limit;
};

struct trend {
	const struct criterion *criterion;
	double window_seconds;		/* of each point */
	size_t n;
	struct trend_point *points;
};

struct provenance {
	const char *engine;		/* "Prometheus 2.42.0+ds" or NULL */
	const char *flagger_version;	/* or NULL */
	const char *service_label;
	double scrape_interval;		/* seconds; NaN */
	double dispersion;		/* D of the errors; NaN: unknown */
	const char *dispersion_text;
	int64_t first_seq, last_seq, rows;	/* received from the history before the start until the evaluation: later rollouts do not change it */
	const char *collector_version;
	uint8_t head[DIGEST_SIZE];	/* chain digest of the last of these rows in the first log */
};

/* What the stable version was like, before and during the analysis, without the seconds in which its pods were being replaced. */
struct baseline {
	int64_t from, to;		/* first and last scrape; INSTANT_NONE: none */
	double seconds;			/* covered by scrapes, both arms' whole traffic */
	int64_t all_requests;		/* of both arms in those seconds */
	int64_t requests, failed;	/* of the baseline */
	size_t n_edges;
	double edges[EDGES_MAX];	/* seconds */
	int64_t timed, slow[EDGES_MAX];	/* requests with a histogram, those slower than each edge */
	double scrape_seconds;		/* NaN */
	size_t n_criteria;
	const double *dispersion;	/* D of each criterion; NaN: unknown */
};

/* What one criterion counts by. */
/* A stretch, from the first step to a minute behind the end, in which neither arm had a request though there had been some before; longer
 * than twice the pauses that were usual before the rollout. */
struct silence {
	int64_t from, to;		/* INSTANT_NONE: there was none */
	double expected;		/* requests, by the rate before */
	bool gone;			/* there were no samples at all: series that went with their route, or were not scraped */
	bool over;			/* requests were seen again */
	bool behind;			/* began when the rollout was decided: a load test may simply have ended */
	struct ids ids;
};

/* A check that Flagger counted as failed, pods that were not ready while users were exposed, a criterion that failed, or silence, whichever
 * came first; a range where the truth lies between two scrapes. */
struct sign {
	int64_t from, to;		/* INSTANT_NONE: none was seen */
	const struct ids *ids;
};

struct sight {
	const struct measure *measure;
	size_t n_error_classes;
	const char *const *error_classes;
	size_t spelling;			/* measure.h: of the labels found */
	const signed char *arms;		/* of each series: ARM_…, -1 */
};

struct assessment {
	const struct rollout *rollout;
	const struct criteria *criteria;
	bool other_criteria;		/* judged by other criteria than those in force at the start */
	int64_t evaluated_at;
	bool partial;			/* the rollout was still running at that time */
	enum verdict verdict;
	const char *headline;		/* banner, one sentence without a full stop */
	const char *subline;		/* below it */
	struct ids subline_ids;
	size_t n_reasons;
	struct cited *reasons;
	struct cited next;
	size_t n_steps;
	struct step_result *steps;	/* of the last attempt, STEP_ANALYSIS only */
	double highest_exposure;	/* 0…1, analysis steps of the last attempt */
	double planned_weight;		/* per cent, highest of the plan */
	size_t n_planned;
	const double *planned;		/* weights of the ladder, per cent; for "not reached" rows */
	size_t n_results;
	struct criterion_result *results;
	int64_t requests[ARMS], failed[ARMS];	/* over all judged steps; -1: unknown */
	struct flagger_reading flagger;
	struct containment containment;
	struct silence silence;
	struct sign first_sign;
	size_t n_gaps, n_findings, n_conditions, n_timeline, n_trends;
	struct numbered_gap *gaps;
	struct finding *findings;
	struct condition *conditions;
	struct timeline_row *timeline;
	struct trend *trends;
	struct provenance provenance;
	struct baseline baseline;
	bool blast_breached;
	bool expired;			/* the deadline passed without a decision */
	const struct ruling *ruling;	/* what people decided, once assess_records() entered it; NULL before */
	const struct series_set *series;	/* all samples of both arms that it was judged by */
	const struct sight *sights;		/* one a criterion; NULL: nothing was judged */
	const struct scorecard *scorecard;	/* where a rubric was given; NULL */
};

struct assess_options {
	int64_t at;			/* evaluation time; INSTANT_NONE: the rollout's last row */
	bool other_criteria;
	const struct rollouts *all;	/* of the log; NULL: whether the rollback path was used before is not known */
};

/* Judges one rollout by its evidence. evidence must hold the rows of the rollout's namespace from `history` before the start on. */
int assess(struct assessment *out, const struct evidence *evidence, const struct rollout *rollout, const struct criteria *criteria,
           const struct assess_options *options, struct arena *arena, struct error *err);

#endif
