/* The stations of assess(), each in its own file; all fill the same assessment. */
#ifndef GONOGO_JUDGE_ASSESS_H
#define GONOGO_JUDGE_ASSESS_H

#include "gonogo/assessment.h"
#include "gonogo/decide.h"
#include "gonogo/measure.h"

/* What one criterion is judged on: all requests of the service, unless it has an endpoint or error classes of its own. */
struct view {
	struct sight sight;
	const struct strata *all;	/* whole history */
	struct decide_input input;
};

struct assessing {
	struct assessment *out;
	const struct evidence *evidence;
	const struct rollout *r;
	const struct criteria *criteria;
	const struct rollouts *rollouts;	/* of the log; may be NULL */
	struct arena *arena;
	struct error *err;
	const struct measure *whole;	/* of all requests of the service; without metrics where the provider is not supported */
	const struct measure *measure;	/* the same, and NULL there */
	struct view *views;		/* one a criterion */
	struct strata all;		/* of both arms, whole history */
	struct decide_input input;
	struct decision *decisions;	/* one a criterion */
	struct combination combined;
	bool judged;			/* there was an analysis to judge */
	size_t cap_findings, cap_gaps, cap_timeline;
};

/* Of a criterion of this file's. */
const struct view *assess_view(const struct assessing *a, const struct criterion *criterion);

/* The baseline's value by a decision, else by the last step that shows it; NaN: none, or it is sick itself. */
double assess_baseline_of(const struct assessing *a, const struct decision *d);

int assess_counts(struct assessing *a);		/* strata, decide(), readings, results */
int assess_points(struct assessing *a);		/* values for criteria of kind point; within assess_counts */
int assess_gaps(struct assessing *a);
int assess_sentences(struct assessing *a);	/* text of each criterion */
int assess_flagger(struct assessing *a);
int assess_recheck(struct assessing *a);	/* Flagger's own checks again; after it */
int assess_containment(struct assessing *a);
/* Of the criteria that decide; informational ones do not. */
bool assess_any_state(const struct assessing *a, enum criterion_state state);
int assess_silence(struct assessing *a);
void assess_sign(struct assessing *a);		/* after it, and after Flagger's checks */
int assess_verdict(struct assessing *a);	/* verdict by outcome, headline, reasons, next */
int assess_findings(struct assessing *a);
int assess_first_reason(struct assessing *a);	/* after the findings */
int assess_conditions(struct assessing *a);
int assess_timeline(struct assessing *a);
/* By time, then evidence. */
void assess_sort_timeline(struct assessment *out);
int assess_trends(struct assessing *a);
int assess_baseline(struct assessing *a);
bool assess_in_primary_change(const struct assessing *a, const struct stratum *s);

/* Adds a finding; texts are in the arena or literals, NULL text: memory ended. ids may be NULL. */
struct finding *assess_add_finding(struct assessing *a, const char *rule, enum severity severity, int rank, const char *text, const char *why,
                                   const char *remedy, const struct ids *ids);

/* "[reason] in words": of decide.h's codes. */
const char *assess_reason_words(const char *reason);

/* Requests and failures of an arm by what a criterion counts, over the analysis. */
void assess_arm_counts(const struct assessing *a, const struct criterion *criterion, int arm, int64_t *n, int64_t *k);

#endif
