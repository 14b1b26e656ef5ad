/* The automatic tests of a rubric, each from evidence.json alone. Every test says what it found, and cites it. */
#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "score.h"

/* The course: "a 10-point timeline with at least three metric signals". */
#define TIMELINE_ROWS 10
#define TIMELINE_SIGNALS 3
/* Exposures that make a ladder: one, a step, and another. */
#define LADDER_STEPS 3

/* ---- Reading. */

static const char *text_at(const struct json *json, const char *path)
{
	const char *text = json_string(json_path(json, path));

	return text == NULL ? "" : text;
}

static bool is_at(const struct json *json, const char *path, const char *word)
{
	return strcmp(text_at(json, path), word) == 0;
}

static bool true_at(const struct json *json, const char *path)
{
	bool value = false;

	return json_bool(json_path(json, path), &value) && value;
}

static void cite(struct scoring *s, const struct json *ids)
{
	for (const struct json *id = json_first(ids); id != NULL; id = json_next(id)) {
		bool known = json_string(id) == NULL;

		for (size_t i = 0; i < s->n_ids && !known; i++)
			known = strcmp(s->ids[i], json_string(id)) == 0;
		if (!known && s->n_ids == SCORE_IDS_MAX)
			s->more = true;
		else if (!known)
			s->ids[s->n_ids++] = json_string(id);
	}
}

static void say(struct scoring *s, enum score_level level, const char *text)
{
	s->level = level;
	s->text = text;
}

/* Human records that are not there: not done where there is a log of them, unknown where there is none. */
static enum score_level unrecorded(const struct scoring *s)
{
	return true_at(s->evidence, "sign_off.recorded") ? SCORE_NONE : SCORE_OPEN;
}

static const char *or_no_log(const struct scoring *s, const char *text)
{
	return unrecorded(s) == SCORE_NONE ? text
					   : arena_printf(s->arena, "%s: no log of human records (decisions.db) was handed in", text);
}

static bool is_running(struct scoring *s)
{
	if (!true_at(s->evidence, "partial"))
		return false;
	say(s, SCORE_OPEN, "the rollout was still running");
	return true;
}

static const struct json *find_finding(const struct scoring *s, const char *rule)
{
	for (const struct json *f = json_first(json_get(s->evidence, "findings")); f != NULL; f = json_next(f))
		if (is_at(f, "rule", rule))
			return f;
	return NULL;
}

static void cite_timeline(struct scoring *s, const char *source, const char *kind)
{
	for (const struct json *r = json_first(json_get(s->evidence, "timeline")); r != NULL; r = json_next(r))
		if ((source == NULL || is_at(r, "source", source)) && (kind == NULL || is_at(r, "kind", kind)))
			cite(s, json_get(r, "evidence"));
}

static bool has_traffic(const struct scoring *s)
{
	for (const struct json *step = json_first(json_get(s->evidence, "steps")); step != NULL; step = json_next(step)) {
		double n;

		if (json_number(json_path(step, "requests.canary"), &n) && n > 0)
			return true;
	}
	return false;
}

/* Of the first row that no person wrote. */
static const struct json *first_evidence(const struct scoring *s)
{
	const struct json *row = json_first(json_get(s->evidence, "timeline"));

	while (row != NULL && is_at(row, "source", "human"))
		row = json_next(row);
	return json_get(row, "evidence");
}

/* ---- The tests. */

static void preflight(struct scoring *s)
{
	const struct json *approved = json_path(s->evidence, "sign_off.criteria_approved");
	bool healthy = true_at(s->evidence, "rollout.start_seen") && *text_at(s->evidence, "provenance.engine") != '\0';

	if (json_is_object(approved))
		cite(s, json_get(approved, "evidence"));
	if (healthy)
		cite(s, first_evidence(s));
	if (json_is_object(approved) && healthy)
		say(s, SCORE_FULL,
		    "the criteria were approved before the start, by the author's clock; the start was seen and Prometheus answered");
	else if (json_is_object(approved))
		say(s, SCORE_PART,
		    "the criteria were approved before the start, by the author's clock, but the start or Prometheus was not seen");
	else if (healthy && unrecorded(s) == SCORE_NONE)
		say(s, SCORE_PART, "the start was seen and Prometheus answered; nobody approved the criteria before the start");
	else
		say(s, unrecorded(s), or_no_log(s, "nobody is known to have approved the criteria before the start"));
}

static void rollback_tested(struct scoring *s)
{
	const struct json *conditions = json_get(s->evidence, "rollback_conditions"), *c = json_first(conditions);
	const char *state;

	/* The guard rails cite nothing but the test itself. */
	for (const struct json *each = c; each != NULL; each = json_next(each))
		if (is_at(each, "rule", "deadline"))
			c = each;
	state = text_at(c, "tested_state");
	if (strcmp(state, "no") != 0)
		cite(s, json_get(c, "evidence"));
	if (strcmp(state, "before") == 0)
		say(s, SCORE_FULL, arena_printf(s->arena, "the way back was %s", text_at(c, "tested")));
	else if (strcmp(state, "late") == 0)
		say(s, SCORE_PART, "the way back works, but that was tested or recorded only after the start");
	else if (strcmp(state, "failed") == 0)
		say(s, SCORE_PART, "the way back was tested before the start, and the test failed");
	else
		say(s, unrecorded(s), or_no_log(s, "the way back is not known to have been tested before the start"));
}

static size_t distinct_exposures(const struct scoring *s)
{
	double last = -1, exposure;
	size_t n = 0;

	for (const struct json *step = json_first(json_get(s->evidence, "steps")); step != NULL; step = json_next(step))
		if (json_number(json_get(step, "exposure"), &exposure) && fabs(exposure - last) > 1e-9) {
			last = exposure;
			n++;
		}
	return n;
}

static void bounded(struct scoring *s)
{
	const struct json *breach = find_finding(s, "blast-limit");
	size_t n = distinct_exposures(s);
	double highest = 0;

	(void)json_number(json_get(s->evidence, "highest_exposure"), &highest);
	cite_timeline(s, NULL, "weight");
	if (s->n_ids == 0)
		cite(s, json_path(s->evidence, "rollout.outcome_evidence"));
	if (breach != NULL) {
		cite(s, json_get(breach, "evidence"));
		say(s, SCORE_NONE, arena_printf(s->arena, "exposure reached %.3g %%, above the blast limit", highest));
	} else if (n == 0) {
		say(s, SCORE_OPEN, "the canary had no traffic under analysis");
	} else {
		say(s, n >= LADDER_STEPS ? SCORE_FULL : SCORE_PART,
		    arena_printf(s->arena, "exposure stayed within the blast limit, at most %.3g %%, in %zu step%s", highest, n,
				 n == 1 ? "" : "s"));
	}
}

struct counts {
	size_t all, decided, with_baseline;
};

/* Of criteria that count, or of those among them that compare with the baseline. */
static struct counts count_criteria(struct scoring *s, bool relative)
{
	struct counts counts = { 0 };

	for (const struct json *c = json_first(json_get(s->evidence, "criteria")); c != NULL; c = json_next(c)) {
		double baseline = 0;

		if (true_at(c, "informational") || (relative && !is_at(c, "kind", "error-ratio") && !is_at(c, "kind", "quantile-ratio")))
			continue;
		counts.all++;
		if (is_at(c, "state", "pass") || is_at(c, "state", "fail")) {
			counts.decided++;
			cite(s, json_get(c, "evidence"));
		}
		if (json_number(json_path(c, "requests.baseline"), &baseline) && baseline > 0) {
			counts.with_baseline++;
			cite(s, json_get(c, "evidence"));
		}
	}
	return counts;
}

static void abort_criteria(struct scoring *s)
{
	struct counts c = count_criteria(s, false);

	if (is_running(s))
		return;
	if (c.decided == 0 && !has_traffic(s))
		say(s, SCORE_OPEN, "no traffic of the canary was seen, so that no criterion could be evaluated");
	else
		say(s,
		    c.decided == 0       ? SCORE_NONE
		    : c.decided == c.all ? SCORE_FULL
					 : SCORE_PART,
		    arena_printf(s->arena, "%zu of %zu criteria were decided", c.decided, c.all));
}

static void baseline(struct scoring *s)
{
	struct counts c = count_criteria(s, true);

	if (c.all == 0)
		say(s, SCORE_NONE, "no criterion compares with the baseline");
	else if (c.with_baseline == 0 && !has_traffic(s))
		say(s, SCORE_OPEN, "no traffic of either version was seen");
	else if (c.with_baseline == 0)
		say(s, SCORE_NONE, "no request of the baseline was seen beside the canary's");
	else
		say(s, c.decided == c.all ? SCORE_FULL : SCORE_PART,
		    arena_printf(s->arena, "%zu of %zu criteria that compare with the baseline were decided", c.decided, c.all));
}

static size_t count_rows(const struct scoring *s)
{
	size_t n = 0;

	for (const struct json *r = json_first(json_get(s->evidence, "timeline")); r != NULL; r = json_next(r))
		n += json_size(json_get(r, "evidence")) > 0;
	return n;
}

static size_t count_signals(const struct scoring *s)
{
	size_t n = 0;

	for (const struct json *c = json_first(json_get(s->evidence, "criteria")); c != NULL; c = json_next(c))
		n += json_is_number(json_get(c, "value")) || json_is_number(json_get(c, "ratio"));
	return n;
}

static void timeline(struct scoring *s)
{
	size_t rows = count_rows(s), signals = count_signals(s), gaps = json_size(json_get(s->evidence, "gaps"));
	bool complete = true_at(s->evidence, "rollout.start_seen") && rows >= TIMELINE_ROWS && signals >= TIMELINE_SIGNALS;

	if (is_running(s))
		return;
	cite_timeline(s, NULL, NULL);
	say(s,
	    complete && gaps == 0       ? SCORE_FULL
	    : rows >= TIMELINE_ROWS / 2 ? SCORE_PART
					: SCORE_NONE,
	    arena_printf(s->arena, "%zu rows with evidence, %zu metric signals, %zu gap%s declared%s", rows, signals, gaps,
			 gaps == 1 ? "" : "s", true_at(s->evidence, "rollout.start_seen") ? "" : "; the start was not seen"));
}

static bool has_channel(const struct scoring *s, const char *name)
{
	for (const struct json *c = json_first(json_path(s->evidence, "rollout.channels")); c != NULL; c = json_next(c))
		if (json_string(c) != NULL && strcmp(json_string(c), name) == 0)
			return true;
	return false;
}

static void correlated(struct scoring *s)
{
	bool events = has_channel(s, "webhook") || has_channel(s, "events"), metrics = has_traffic(s);

	if (events)
		cite_timeline(s, "Flagger", NULL);
	if (metrics) {
		s->n_ids = s->n_ids > SCORE_IDS_MAX / 2 ? SCORE_IDS_MAX / 2 : s->n_ids;
		(void)count_criteria(s, false);
	}
	if (events && metrics)
		say(s, SCORE_FULL, "Flagger's events and Prometheus' metrics stand in one timeline");
	else if (events || metrics)
		say(s, SCORE_PART, events ? "Flagger's events were kept, no metrics" : "metrics were kept, none of Flagger's events");
	else
		say(s, SCORE_OPEN, "neither Flagger's events nor metrics were seen");
}

static void decision(struct scoring *s)
{
	const struct json *counting = NULL, *any = NULL, *decisions = json_path(s->evidence, "sign_off.decisions");

	if (is_running(s))
		return;
	for (const struct json *d = json_first(decisions); d != NULL; d = json_next(d)) {
		any = d;
		counting = true_at(d, "counts") ? d : counting;
	}
	cite(s, json_path(counting != NULL ? counting : any, "person.evidence"));
	if (counting != NULL)
		say(s, SCORE_FULL,
		    arena_printf(s->arena, "a person decided %s, with role, time and reason", text_at(counting, "decision")));
	else if (any != NULL)
		say(s, SCORE_PART, "somebody decided, but not on this package");
	else
		say(s, unrecorded(s), or_no_log(s, "nobody is known to have decided"));
}

static void rollback_conditions(struct scoring *s)
{
	const struct json *c = json_first(json_get(s->evidence, "rollback_conditions"));
	bool owner = *text_at(c, "owner") != '\0', data = *text_at(c, "data_compatibility") != '\0';

	if (c == NULL) {
		say(s, SCORE_NONE, "there are no rollback conditions");
		return;
	}
	for (const struct json *each = c; each != NULL && s->n_ids < SCORE_IDS_MAX; each = json_next(each))
		if (json_string(json_get(each, "id")) != NULL)
			s->ids[s->n_ids++] = json_string(json_get(each, "id"));
	say(s,
	    owner && data   ? SCORE_FULL
	    : owner || data ? SCORE_PART
			    : SCORE_NONE,
	    arena_printf(s->arena, "triggers and windows are explicit; owner %s, data compatibility %s", owner ? "named" : "not named",
			 data ? "stated" : "not stated"));
}

static bool is_complete(const struct json *action)
{
	return *text_at(action, "owner") != '\0' && *text_at(action, "due") != '\0' && *text_at(action, "validation") != '\0';
}

static bool has_action(const struct json *actions, const char *rule)
{
	for (const struct json *a = json_first(actions); a != NULL; a = json_next(a))
		if (is_complete(a) && is_at(a, "finding", rule))
			return true;
	return false;
}

static void remediation(struct scoring *s)
{
	const struct json *actions = json_path(s->evidence, "sign_off.actions");
	size_t needed = 0, answered = 0, complete = 0;

	if (is_running(s))
		return;
	for (const struct json *f = json_first(json_get(s->evidence, "findings")); f != NULL; f = json_next(f))
		if (!is_at(f, "severity", "note")) {
			needed++;
			answered += has_action(actions, text_at(f, "rule"));
		}
	for (const struct json *a = json_first(actions); a != NULL; a = json_next(a)) {
		complete += is_complete(a);
		cite(s, json_get(a, "evidence"));
	}
	if (needed == 0 && complete == 0 && is_at(s->evidence, "verdict", "go")) {
		cite(s, json_path(s->evidence, "rollout.outcome_evidence"));
		say(s, SCORE_FULL, "a GO without a finding: nothing was to be mended");
	} else if (complete == 0) {
		say(s, unrecorded(s), or_no_log(s, "no action with owner, due date and validation method is recorded"));
	} else {
		say(s, answered == needed ? SCORE_FULL : SCORE_PART,
		    arena_printf(s->arena, "%zu complete action%s; %zu of %zu findings above a note have one", complete,
				 complete == 1 ? "" : "s", answered, needed));
	}
}

/* ---- Hard stops. */

static void exposure_above_limit(struct scoring *s)
{
	const struct json *breach = find_finding(s, "blast-limit");

	cite(s, json_get(breach, "evidence"));
	say(s, breach == NULL ? SCORE_NONE : SCORE_FULL, breach == NULL ? "not seen" : text_at(breach, "text"));
}

static void promoted_against_evidence(struct scoring *s)
{
	bool hit = is_at(s->evidence, "verdict", "no-go") && is_at(s->evidence, "rollout.outcome", "promoted");

	if (hit)
		cite(s, json_path(s->evidence, "rollout.outcome_evidence"));
	say(s, hit ? SCORE_FULL : SCORE_NONE, hit ? "promoted, and the verdict is NO-GO" : "not seen");
}

static void traffic_not_returned(struct scoring *s)
{
	bool hit = is_at(s->evidence, "containment.state", "not-confirmed");

	if (hit)
		cite(s, json_path(s->evidence, "containment.evidence"));
	say(s, hit ? SCORE_FULL : SCORE_NONE, hit ? text_at(s->evidence, "containment.text") : "not seen");
}

/* ---- The tables. */

struct test {
	const char *name;
	void (*run)(struct scoring *s);
	bool records; /* rests on what people recorded */
};

static const struct test tests[] = {
	{ "preflight", preflight, true },
	{ "rollback-tested", rollback_tested, true },
	{ "bounded", bounded, false },
	{ "abort-criteria", abort_criteria, false },
	{ "baseline", baseline, false },
	{ "timeline", timeline, false },
	{ "correlated", correlated, false },
	{ "decision", decision, true },
	{ "rollback-conditions", rollback_conditions, false },
	{ "remediation", remediation, true },
};

static const struct test stops[] = {
	{ "exposure-above-limit", exposure_above_limit, false },
	{ "promoted-against-evidence", promoted_against_evidence, false },
	{ "traffic-not-returned", traffic_not_returned, false },
};

void (*score_test_find(const char *name))(struct scoring *s)
{
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		if (strcmp(tests[i].name, name) == 0)
			return tests[i].run;
	return NULL;
}

bool score_needs_records(const char *name)
{
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		if (strcmp(tests[i].name, name) == 0)
			return tests[i].records;
	return false;
}

void (*score_stop_find(const char *name))(struct scoring *s)
{
	for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
		if (strcmp(stops[i].name, name) == 0)
			return stops[i].run;
	return NULL;
}
