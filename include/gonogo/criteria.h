/* What a rollout is judged by: criteria.yaml (contracts.md; schema/criteria.schema.json), layered over the built-in defaults. */
#ifndef GONOGO_CRITERIA_H
#define GONOGO_CRITERIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

enum criterion_kind {
	CRITERION_ERROR_RATIO,		/* canary's error rate ÷ the baseline's; limit: a ratio > 1 */
	CRITERION_SUCCESS_RATE,		/* canary alone; limit: a fraction in (0, 1) */
	CRITERION_QUANTILE_RATIO,	/* canary's quantile ÷ the baseline's; limit: a ratio > 1 */
	CRITERION_QUANTILE_ABSOLUTE,	/* canary's quantile; limit: a duration */
	CRITERION_POINT			/* a MetricTemplate's value as Flagger reads it, no interval; limit: a number */
};

const char *criterion_kind_name(enum criterion_kind kind);

enum when_blind { WHEN_BLIND_ABSOLUTE, WHEN_BLIND_HOLD };
enum on_breach { ON_BREACH_HOLD, ON_BREACH_NOTE };

/* Where a value in force came from. */
enum layer { LAYER_DEFAULT, LAYER_FILE, LAYER_OVERRIDE };

struct criterion {
	const char *name;		/* [a-z0-9-]{1,63} */
	enum criterion_kind kind;
	double limit;			/* by kind; quantile-absolute: seconds */
	double floor;			/* error-ratio: a canary surely below this error rate passes; 0: off */
	double quantile;		/* 0.5 to 0.999 */
	int64_t window;			/* ns, of the literal reading */
	double alpha;			/* (0, 0.2] */
	enum when_blind when_blind;
	double absolute;		/* seconds: the substitute limit of a blind quantile-ratio */
	bool informational;		/* shown, never part of the verdict */
	bool hard_stop;			/* reserved for scorecards: a fail cannot be overridden without two persons */
	const char *metric;		/* point: the Canary's metric name */
	bool point_is_max;		/* point: limit is a maximum */
	size_t n_error_classes;
	const char **error_classes;	/* what counts as failed here; none: the file's */
	struct endpoint {
		const char *canary, *baseline;	/* PromQL selectors of one metric, without a range; NULL: all requests of the service */
		const char *code_label;		/* NULL: the provider's */
		double unit;			/* seconds a unit of `le` */
	} endpoint;
};

/* One value in force and where it came from. */
struct criteria_setting {
	const char *path;		/* "criteria.error-rate.limit", "blast.deadline" */
	const char *value;		/* as written */
	enum layer layer;
	size_t line;			/* in its file */
};

struct criteria {
	size_t n;
	struct criterion *v;
	double max_weight;		/* blast: exposure in effect, 0…1 */
	int64_t deadline;		/* ns */
	enum on_breach on_breach;
	double min_weight;		/* evidence: 0…1; PASS counts only strata at or above it (or 60 % of the highest exposure) */
	int64_t min_requests;		/* in either arm */
	double coverage;		/* 0…1 */
	int64_t warm_up, history;	/* ns */
	size_t n_error_classes;
	const char **error_classes;	/* patterns of codes: digits, "." for any; "grpc:14" of gRPC statuses */
	bool revert_when_expired;	/* hold.expired: revert */
	const char *owner_release, *owner_rollback;	/* NULL: not named */
	const char *rollback_action;	/* the team's own way back; NULL: the general one */
	const char *rollback_data;	/* whether the old version can read what the new one wrote; NULL: not stated */
	bool two_persons;		/* decisions: two_persons */
	uint8_t sha256[32];		/* of the file's bytes; of the default's where there is no file */
	const char *source;		/* "default", or the file's name as given */
	size_t n_settings, cap_settings;
	struct criteria_setting *settings;	/* in order of first mention */
};

/* The defaults, and a file layered over them for one canary. bytes NULL: the defaults alone. Unknown keys, wrong types, bad units and
 * values out of range are errors: "criteria.yaml: line 3, column 9: …". A criterion in the file replaces the default's of the same
 * name field by field; others are added; `{name: X, kind: off}` removes one. */
int criteria_parse(struct criteria *out, const char *bytes, size_t len, const char *file, const char *namespace_, const char *canary, struct arena *arena,
                   struct error *err);

/* "default", "file", "override". */
const char *layer_name(enum layer layer);

/* NULL if there is none of that name. */
const struct criterion *criteria_find(const struct criteria *criteria, const char *name);

#endif
