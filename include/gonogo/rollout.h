/* Rollouts as they happened, derived from Flagger's messages, Canary status and route objects. Everything lives in one arena. */
#ifndef GONOGO_ROLLOUT_H
#define GONOGO_ROLLOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/evidence.h"
#include "gonogo/instant.h"

struct arena;
struct error;

/* Which channels attest a fact (design.md "Three channels, reconciled"). A set. */
enum channel { CHANNEL_WEBHOOK = 1, CHANNEL_STATUS = 2, CHANNEL_EVENTS = 4, CHANNEL_ROUTE = 8, CHANNEL_PROMETHEUS = 16, CHANNEL_COLLECTOR = 32 };

enum strategy { STRATEGY_CANARY, STRATEGY_AB_TESTING, STRATEGY_BLUE_GREEN, STRATEGY_BLUE_GREEN_MIRROR };

/* contracts.md's words for it: "canary", "ab-testing", … */
const char *strategy_name(enum strategy strategy);

/* ---- The Canary's spec with effective defaults (facts/flagger.md 3) and its status. */

struct canary_metric {
	const char *name;
	int64_t interval;		/* ns; builtin and inline: 1m if unset; 0: templateRef without one */
	bool has_min, has_max;
	double min, max;		/* thresholdRange, or the deprecated threshold */
	const char *query;		/* inline, else NULL */
	const char *template_name, *template_namespace;	/* templateRef, else NULL; namespace defaulted to the Canary's */
	size_t n_variables;
	const char **variable_names, **variable_values;	/* templateVariables */
};

struct canary_webhook {
	const char *type;		/* "rollout" if unset */
	const char *name;
	const char *url;		/* password redacted */
};

struct canary_spec {
	const char *api_version;
	const char *name, *namespace_, *uid;
	int64_t generation;
	const char *target_kind, *target_name;
	const char *service_name;	/* spec.service.name, else the target's */
	const char *ingress_name;	/* spec.ingressRef.name or "" */
	int64_t port;
	const char *provider;		/* "" if unset: Flagger's -mesh-provider decides */
	const char *metrics_server;
	enum strategy strategy;
	int64_t interval;		/* ns */
	int64_t threshold;
	double max_weight, step_weight;
	size_t n_step_weights;
	const double *step_weights;
	double step_weight_promotion;
	int64_t iterations;
	bool mirror, has_match, skip_analysis, suspend, session_affinity;
	int64_t progress_deadline;	/* ns */
	size_t n_metrics, n_webhooks;
	const struct canary_metric *metrics;
	const struct canary_webhook *webhooks;
	bool max_weight_on_timeout;	/* the annotation flagger.app/max-weight-on-timeout, which means nothing */
};

struct canary_status {
	const char *phase;		/* word for word, also unknown ones; "" if no status */
	int64_t failed_checks;
	double weight;
	int64_t iterations;
	const char *last_applied, *last_promoted, *tracked;	/* hashes; tracked: the configs' as one text */
	const char *condition_status, *condition_reason;	/* of the condition Promoted */
	int64_t condition_since, condition_updated;		/* its lastTransitionTime, lastUpdateTime; INSTANT_NONE */
	int64_t last_transition;
};

/* ---- What happened. */

enum message_kind {
	MESSAGE_UNKNOWN, MESSAGE_INIT, MESSAGE_INIT_FAILED, MESSAGE_INIT_DONE, MESSAGE_NEW_REVISION, MESSAGE_RESTART, MESSAGE_START, MESSAGE_WEIGHT,
	MESSAGE_ITERATION, MESSAGE_PROMOTION_WEIGHT, MESSAGE_SWITCH, MESSAGE_COPY, MESSAGE_SHIFT_BACK, MESSAGE_SUCCESS, MESSAGE_SUCCESS_SKIPPED,
	MESSAGE_HALT_SUCCESS_RATE, MESSAGE_HALT_LATENCY, MESSAGE_HALT_CUSTOM, MESSAGE_NO_VALUES, MESSAGE_QUERY_FAILED, MESSAGE_CONFIG_FAILED,
	MESSAGE_HOOK_FAILED, MESSAGE_PRE_ROLLOUT_FAILED, MESSAGE_PRE_ROLLOUT_PASSED, MESSAGE_POST_ROLLOUT_FAILED, MESSAGE_POST_ROLLOUT_PASSED,
	MESSAGE_WAIT, MESSAGE_CONFIRMED, MESSAGE_ROLLBACK_HOOK_QUIET, MESSAGE_ROLLBACK_HOOK_PASSED, MESSAGE_ROLLBACK_THRESHOLD, MESSAGE_ROLLBACK_MANUAL,
	MESSAGE_ROLLBACK_DEADLINE, MESSAGE_PROMOTION_FAILED, MESSAGE_FAILED, MESSAGE_NOT_READY, MESSAGE_SUSPENDED, MESSAGE_TERMINATING, MESSAGE_TERMINATED,
	MESSAGE_NO_PROGRESSIVE, MESSAGE_SETTING_ITERATIONS
};

/* One text of Flagger's, taken apart (facts/flagger.md 1). Absent parts are NULL, NaN or -1. */
struct flagger_message {
	enum message_kind kind;
	bool warning;			/* by the event's type */
	bool combined;			/* had the prefix "(combined from similar events): " */
	const char *text;		/* without that prefix */
	const char *metric;		/* name */
	const char *provider, *hook, *detail;
	double value, limit;		/* rates in per cent, latency in seconds, custom as it stands; may be infinite or NaN */
	char op;			/* '<' or '>', 0 */
	double weight;
	int64_t iteration, iterations, count;
};

/* One row of the timeline. */
struct fact {
	int64_t at;
	int64_t uncertain;		/* ns; 0: exact to the sender's resolution */
	unsigned channels;		/* set of enum channel */
	const char *kind;		/* "message", "phase", "weight", "gap", "decision", "limit", "traffic", "collector" */
	const char *text;		/* cluster text as received where kind is "message": hostile */
	struct flagger_message message;	/* kind MESSAGE_UNKNOWN unless it came from one */
	int attempt;			/* from 1 */
	int64_t occurrences;		/* 1 unless duplicates or a count say more */
	struct ids ids;
};

struct phase_change {
	int64_t at;			/* received, or the status' own time where it was listed late */
	struct canary_status status;
	bool known;			/* phase is one of Flagger's */
	evidence_id id;
};

/* The route object's weights at a time. */
struct route_weight {
	int64_t at;			/* when it was received */
	double canary, primary;		/* as written, per cent; -1: left out of the object */
	double exposure;		/* share in effect that goes to the canary, 0…1; Traefik serves a left-out weight as 1 */
	bool mirrored;
	evidence_id id;
};

enum step_kind {
	STEP_ANALYSIS,			/* exposure under analysis */
	STEP_PROMOTION,			/* exposure after the primary's template was replaced: both arms run new code */
	STEP_RETURN			/* exposure 0 between or after */
};

struct step {
	enum step_kind kind;
	int attempt;
	double weight;			/* as Flagger means it, per cent (100 for an A/B) */
	double exposure;		/* in effect, 0…1 */
	int64_t iterations;		/* the last that Flagger said during this step; 0: none (weighted) */
	int64_t from, to;		/* [from, to) by the route object's receipt, cut where the primary's template is replaced */
	bool mirrored;
	struct ids ids;
};

struct image {
	const char *container;
	const char *old_image, *new_image;	/* NULL: not seen */
	const char *old_digest, *new_digest;	/* "sha256:…" from pods' imageID, or NULL */
};

struct replica_change {
	int64_t at;
	bool primary;
	int64_t replicas, available;	/* wanted, available */
	evidence_id id;
};

struct gap {
	const char *source;		/* "events", "status", "routes", "webhook", "prometheus", "collector" */
	int64_t from, to;
	const char *reason;
	bool backfilled;
	struct ids ids;
};

/* A check that Flagger counted as failed, from its message. */
struct failed_check {
	int64_t at;
	int attempt;
	const struct fact *fact;
};

enum outcome {
	OUTCOME_RUNNING, OUTCOME_PROMOTED, OUTCOME_PROMOTED_UNANALYSED, OUTCOME_ROLLED_BACK, OUTCOME_SUPERSEDED, OUTCOME_FAILED_BEFORE_TRAFFIC,
	OUTCOME_PROMOTION_FAILED, OUTCOME_TERMINATED
};

/* "rolled-back" and so on, contracts.md's words. */
const char *outcome_name(enum outcome outcome);

/* The reason codes of an outcome: "threshold", "manual-hook", "canary-not-ready", "primary-not-ready", "bootstrap", "promotion-failed",
 * "progress-deadline", "analysis-skipped", "completed", "superseded", "terminated", "running", "suspended", "unknown". */

struct metric_template {
	const char *name, *namespace_;
	const char *provider_type, *address, *query;
	evidence_id id;
};

struct rollout {
	const char *id;			/* CLUSTER.NAMESPACE.CANARY.YYYYMMDDTHHMMSSZ, "-late" if the start was not seen */
	const char *cluster, *namespace_, *canary, *uid;
	struct canary_spec spec;	/* in force at the start */
	evidence_id spec_id;
	const char *spec_hash;		/* lastAppliedSpec of the last attempt */
	int64_t started_at, ended_at;	/* ended_at INSTANT_NONE while it runs */
	int64_t next_started_at;	/* of the same canary's next rollout; INSTANT_NONE */
	int64_t condition_time;		/* of the Promoted condition while Unknown: the time in the id */
	bool start_seen;
	int attempts;			/* 1: never restarted */
	int64_t attempt_started_at;	/* of the last one */
	enum outcome outcome;
	const char *outcome_reason;	/* code above */
	const char *outcome_text;	/* the message that says so, or NULL; cluster text */
	struct ids outcome_ids;
	int64_t copying_at;		/* primary's template replaced; INSTANT_NONE */
	int64_t traffic_returned_at;	/* route object: canary gets nothing any more; INSTANT_NONE */
	evidence_id traffic_returned_id;
	int64_t suspended_at;		/* spec.suspend was set then and still is; INSTANT_NONE */
	evidence_id suspended_id;
	bool suspended_listed;		/* it was so already when the Canary was first seen */
	bool deleted;			/* terminated: the Canary went without Flagger's taking anything back (no revertOnDeletion) */
	unsigned channels;		/* that spoke at all about this rollout */
	size_t n_phases, n_weights, n_steps, n_facts, n_images, n_replicas, n_gaps, n_failed, n_templates;
	const struct phase_change *phases;
	const struct route_weight *weights;
	const struct step *steps;	/* all attempts, in time */
	const struct fact *facts;	/* in time */
	const struct image *images;
	const struct replica_change *replicas;
	const struct gap *gaps;		/* of the channels of the API server and the webhook */
	const struct failed_check *failed;	/* of the last attempt */
	const struct metric_template *templates;	/* that the spec refers to */
	/* Times in which the primary's pods were being replaced or not all available, also before the start: left out of the prior. */
	size_t n_primary_changes;
	const struct primary_change { int64_t from, to; } *primary_changes;
	int64_t max_failed_checks;	/* highest status.failedChecks seen in the last attempt */
	bool template_changed;		/* target's pod template differs from the one before the start */
	bool template_known;		/* both were seen */
	const char *flagger_before, *flagger_after;	/* version by flagger_info around the start where it changed, else NULL */
	int64_t last_row_at;		/* received_at of the last row that belongs to it: the evaluation time */
};

struct rollouts {
	struct rollout *v;
	size_t n, cap;
};

/* Derives every rollout in the evidence, ordered by start, then id. Malformed objects are passed over (they are evidence of nothing)
 * and counted in *unparsed (may be NULL). -1 only if memory or a cap ends. */
int rollouts_derive(struct rollouts *out, const struct evidence *evidence, struct arena *arena, size_t *unparsed, struct error *err);

#endif
