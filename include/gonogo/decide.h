/* From counts to decisions: every criterion decided at every scrape in order of time, then the verdict (facts/judge.md 4.2 to 4.8, 8).
 * Pure: no clock, no I/O; the status at an earlier time is had by evaluating with an earlier `at`. */
#ifndef GONOGO_DECIDE_H
#define GONOGO_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/assessment.h"
#include "gonogo/criteria.h"
#include "gonogo/rollout.h"
#include "gonogo/strata.h"

struct arena;
struct error;

/* Reason codes, compared as strings: why a criterion is undecided or not evaluable (4.7). */
#define REASON_BASELINE_ILL "BASELINE_ILL"	/* the primary is below the success floor itself, without ready pods or without traffic */
#define REASON_NO_DATA "NO_DATA"		/* an arm that the criterion needs has no series, no usable histogram or no request */
#define REASON_TOO_FEW "TOO_FEW"		/* fewer than min_requests in an arm that the criterion needs */
#define REASON_GAPS "GAPS"			/* scrapes cover less of the window than criteria.coverage */
#define REASON_TRAFFIC_SPLIT "TRAFFIC_SPLIT"	/* the canary's share of requests is not what the route object says */
#define REASON_BLIND "BLIND"			/* the baseline's bucket is wider than the limit: PASS is impossible at any traffic, FAIL is not */
#define REASON_UNRESOLVED "UNRESOLVED"		/* evaluable, but the counts do not decide; or the ladder has not ended */
#define REASON_PARTIAL "PARTIAL"		/* the server said that answers about an arm were not complete */
#define REASON_NATIVE_HISTOGRAM "NATIVE_HISTOGRAM"	/* latency is in native histograms only, which are not read */
#define REASON_UNSEEN_CLASS "UNSEEN_CLASS"	/* no label of the metric can show one of the error classes: none would be counted */
#define REASON_WARM_UP "WARM_UP"		/* latency: all that was seen lies in the canary's warm-up */
#define REASON_TRANSIENT "TRANSIENT"		/* latency failed on the way, the final test over the evidence window passes: a cold start */
#define REASON_WINDOW "WINDOW"			/* literal reading: less was seen than the criterion's window */

/* What carried a PASS, or what a FAIL rests on. */
#define CARRIED_RATIO "ratio"		/* surely below the limit times the baseline */
#define CARRIED_FLOOR "floor"		/* surely below the criterion's error floor */
#define CARRIED_SUBSTITUTE "substitute"	/* blind quantile: surely below the edge on the safe side of the absolute limit */
#define CARRIED_ABSOLUTE "absolute"	/* success rate and absolute quantile: the canary alone against the limit */
#define CARRIED_BUCKETS "buckets"	/* quantile FAIL: the empirical buckets alone are apart by the limit */
#define CARRIED_POINT "point"

/* A value of a MetricTemplate as Flagger read it; NaN: no value. */
struct decide_point {
	const struct criterion *criterion;	/* whose; NULL: of any */
	int64_t at;
	double value;
};

/* Everything is borrowed and not changed. Times are ns since the epoch. */
struct decide_input {
	const struct criteria *criteria;
	const struct strata *strata;	/* of the analysis window of the last attempt, ending where the primary's template was replaced; intervals across
	                                 * its ends count too */
	const struct strata *prior;	/* baseline history before the start, intervals of primary changes left out; NULL: none */
	const struct step *steps;	/* of the last attempt, in time; only STEP_ANALYSIS ones count */
	size_t n_steps;
	int64_t window_from, window_to;	/* of the analysis; window_to INSTANT_NONE: still running. Coverage is counted from and to here */
	int64_t ladder_end;		/* when the highest planned step had lasted its interval (at the latest where promotion began):
	                                 * from here on GO is possible. INSTANT_NONE: not reached */
	int64_t at;			/* evaluation time: strata that end later are not looked at */
	double planned_exposure;	/* highest of the plan, 0…1; NaN: the highest of the steps (evidence window, 4.10) */
	bool iterations;		/* A/B or blue/green by iterations: the split is no random one, TRAFFIC_SPLIT is off (4.7) */
	bool tested;			/* blue/green: the canary is tested without users, so that no weight says what counts for PASS: all of the
	                                 * analysis does */
	const char *baseline_ill;	/* NULL, or why the primary is known to be ill from outside: "`backend-primary` has no ready pod" */
	const struct decide_point *points;	/* CRITERION_POINT only */
	size_t n_points;
};

/* One criterion decided. Numbers that do not exist are NaN, times INSTANT_NONE, counts -1. Rates are fractions, quantiles seconds. */
struct decision {
	const struct criterion *criterion;
	enum criterion_state state;
	const char *reason;		/* REASON_…; NULL if it passed or failed */
	const char *carried;		/* CARRIED_…; NULL if it neither passed nor failed */
	enum decided_by test;		/* which test decided */
	int64_t decided_at;		/* end of the scrape interval with which it was decided */
	size_t looks;			/* scrape intervals looked at until then: "nine looks allowed for" */
	double exposure, weight;	/* of the step in which it was decided, else the highest judged; 0…1 and per cent */

	/* The counts that value, baseline and ratio are read from: the dominating window of a FAIL, else the evidence window, else all. */
	int64_t from, to;
	int64_t requests[ARMS], events[ARMS];	/* events: errors, or requests slower than the edge tested */
	double value, baseline;		/* canary's and baseline's error rate, success rate, interpolated quantile */
	double limit;			/* as the criterion has it (ratio or fraction or seconds); substitute: the edge */
	double ratio;			/* Mantel-Haenszel ratio of error rates; ratio of interpolated quantiles; success rate: NaN */
	double lo, hi;			/* interval of what is compared with the limit: ratio of rates, success rate, ratio of quantiles, canary's
	                                 * quantile; hi +Inf and lo 0 are real ("nothing ruled out"). FAIL by the sequential test: anytime bounds */
	double value_lo, value_hi;	/* interval of the canary's own rate or quantile, one-sample */
	double baseline_lo, baseline_hi;	/* quantile: the baseline's */

	/* For re-judging (4.9): the tests' own numbers at the deciding look, else at the last. */
	double ln_e, ln_e_min;		/* watch: ln of evidence against "not worse", and without the worst scrape */
	double z_up, z_up_without_worst;	/* final test */
	double z_down, z_floor;		/* final test towards PASS: ratio (or alone against the limit), floor */
	double ln_e_down, ln_e_floor;	/* after the ladder's end */
	double dispersion;		/* D that the tests were divided by */
	bool dispersion_known;		/* history had enough pairs */
	int64_t worst_at;		/* end of the worst scrape interval of the final test */

	/* How far off a decision is. */
	double seconds_to_decision;	/* more, at the present traffic, if the canary is like the baseline; NaN: unknown or never */
	double requests_to_decision;	/* the same in requests of both arms */
	double requests_per_second;	/* both arms, over the last minute */

	/* Quantiles only. */
	double resolution;		/* upper ÷ lower edge of the baseline quantile's bucket; +Inf; NaN: no histogram */
	double guard_edge;		/* seconds; NaN */
	double substitute_edge;		/* seconds; NaN: none */
	bool substituted;		/* BLIND, and judged by the absolute limit instead */
	bool blind;
	bool slower_without_size;	/* "slower for sure, by how much cannot be seen" */
	double warm_up_value;		/* canary's quantile within the warm-up: shown, not judged */
	int64_t warm_up_to;

	bool environment;		/* success rate: the baseline surely fails the limit too */
	const char *ill;		/* BASELINE_ILL: why, in words */
};

/* Decides one criterion. -1 if the input is not plausible (negative or huge counts, times not ascending, NaN edges): the error says which. */
int decide_criterion(struct decision *out, const struct decide_input *in, const struct criterion *criterion, struct arena *arena, struct error *err);

/* All criteria in their order, on the same strata; out has room for criteria->n. */
int decide(struct decision *out, const struct decide_input *in, struct arena *arena, struct error *err);

/* Why a verdict is what it is. */
struct combination {
	enum verdict verdict;
	bool so_far;			/* the ladder has not ended: HOLD means "continue" */
	bool environment;		/* NO-GO, but the baseline fails too */
	bool expired;			/* HOLD at or after the deadline without a decision: revert (8.3) */
	size_t deciding;		/* index of the first FAIL, else of the first criterion that is not PASS; n if none */
};

/* Any FAIL: NO-GO. All required PASS and the ladder has ended: GO. Else HOLD. Informational criteria do not count; without a required
 * criterion the verdict is HOLD. analysis_from: when the rollout's analysis began, for the deadline. */
void decide_combine(struct combination *out, const struct decision *decisions, size_t n, bool ladder_ended, int64_t analysis_from, int64_t at,
                    const struct criteria *criteria);

/* The point value of a criterion over the strata that lie in (from, to], as a person would read it off a graph: no statistics. */
struct point_reading {
	enum reading_state state;	/* within, beyond, not evaluable */
	const char *reason;		/* REASON_… when not evaluable */
	double value, baseline, limit;	/* limit in the value's unit: twice the baseline's rate, 1.3 times its quantile */
	double ratio;			/* value ÷ baseline; NaN */
	double value_lo, value_hi;	/* Wilson 95 % of a rate; the bucket's edges of a quantile */
	double window_seconds, wanted_seconds;	/* seen and, for the literal reading, asked for: "not evaluable (150 of 300 s)" */
	int64_t requests[ARMS], events[ARMS];
};

int decide_reading(struct point_reading *out, const struct decide_input *in, const struct criterion *criterion, int64_t from, int64_t to,
                   struct error *err);

/* The course's literal row: the same over criterion->window ending at the evaluation time (or the window's end); WINDOW if less was seen. */
int decide_literal(struct point_reading *out, const struct decide_input *in, const struct criterion *criterion, struct error *err);

/* Exposure in effect: of the analysis step at a time (0: none), its time-weighted mean and its least over (from, to]. */
double exposure_at(const struct decide_input *in, int64_t at);
double exposure_mean(const struct decide_input *in, int64_t from, int64_t to);
double exposure_least(const struct decide_input *in, int64_t from, int64_t to);

/* min_weight, or 60 % of the highest exposure where that is less (4.10): strata at or above it count for PASS. */
double evidence_weight(const struct decide_input *in);

#endif
