/* evidence.json: the assessment as contracts.md and schema/evidence.schema.json have it. */
#include "evidence-json.h"

#include <math.h>
#include <stdio.h>

#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "gonogo/ruling.h"
#include "gonogo/score.h"

static void put_ids(struct json_writer *w, const char *key, const struct ids *ids, const char *gap)
{
	struct buf id;

	buf_init(&id, 64);
	json_begin_array(w, key);
	for (size_t i = 0; i < ids->n; i++) {
		buf_reset(&id);
		evidence_id_print(&id, ids->id[i]);
		json_put_string(w, NULL, id.data);
	}
	if (gap != NULL)
		json_put_string(w, NULL, gap);
	json_end_array(w);
	buf_free(&id);
}

static void put_count(struct json_writer *w, const char *key, int64_t value)
{
	if (value < 0)
		json_put_null(w, key);
	else
		json_put_int(w, key, value);
}

static void put_arms(struct json_writer *w, const char *key, const int64_t counts[ARMS])
{
	json_begin_object(w, key);
	put_count(w, "canary", counts[ARM_CANARY]);
	put_count(w, "baseline", counts[ARM_BASELINE]);
	json_end_object(w);
}

static void put_channels(struct json_writer *w, unsigned channels)
{
	json_begin_array(w, "channels");
	if (channels & CHANNEL_WEBHOOK)
		json_put_string(w, NULL, "webhook");
	if (channels & CHANNEL_STATUS)
		json_put_string(w, NULL, "status");
	if (channels & CHANNEL_EVENTS)
		json_put_string(w, NULL, "events");
	json_end_array(w);
}

static void put_images(struct json_writer *w, const struct rollout *r)
{
	json_begin_array(w, "images");
	for (size_t i = 0; i < r->n_images; i++) {
		const struct image *image = &r->images[i];

		json_begin_object(w, NULL);
		json_put_string(w, "container", image->container);
		json_put_string(w, "old", image->old_image);
		json_put_string(w, "new", image->new_image);
		json_put_string(w, "old_digest", image->old_digest);
		json_put_string(w, "new_digest", image->new_digest);
		json_end_object(w);
	}
	json_end_array(w);
}

static void put_rollout(struct json_writer *w, const struct rollout *r)
{
	json_begin_object(w, "rollout");
	json_put_string(w, "id", r->id);
	json_put_string(w, "cluster", r->cluster);
	json_put_string(w, "namespace", r->namespace_);
	json_put_string(w, "canary", r->canary);
	json_put_string(w, "uid", r->uid);
	json_begin_object(w, "target");
	json_put_string(w, "kind", r->spec.target_kind);
	json_put_string(w, "name", r->spec.target_name);
	json_end_object(w);
	json_put_string(w, "provider", r->spec.provider);
	json_put_string(w, "strategy", strategy_name(r->spec.strategy));
	json_put_instant(w, "started_at", r->started_at);
	json_put_instant(w, "ended_at", r->ended_at);
	json_put_bool(w, "start_seen", r->start_seen);
	json_put_string(w, "outcome", outcome_name(r->outcome));
	json_put_string(w, "outcome_reason", r->outcome_reason);
	put_ids(w, "outcome_evidence", &r->outcome_ids, NULL);
	json_put_int(w, "attempt", r->attempts);
	put_images(w, r);
	put_channels(w, r->channels);
	json_end_object(w);
}

static void put_reading(struct json_writer *w, const struct reading *reading)
{
	json_begin_object(w, NULL);
	json_put_string(w, "criterion", reading->criterion->name);
	json_put_string(w, "state", reading_state_name(reading->state));
	json_put_number(w, "value", reading->value);
	json_put_number(w, "baseline", reading->baseline);
	json_put_number(w, "limit", reading->limit);
	json_put_string(w, "unit", reading->unit);
	json_put_number(w, "window_seconds", reading->window_seconds);
	json_put_string(w, "reason", reading->reason);
	json_put_string(w, "text", reading->text);
	put_ids(w, "evidence", &reading->ids, NULL);
	json_end_object(w);
}

static void put_steps(struct json_writer *w, const struct assessment *a)
{
	json_begin_array(w, "steps");
	for (size_t i = 0; i < a->n_steps; i++) {
		const struct step_result *s = &a->steps[i];

		json_begin_object(w, NULL);
		json_put_number(w, "weight", s->step->weight);
		json_put_number(w, "exposure", s->step->exposure * 100);
		json_put_instant(w, "from", s->step->from);
		json_put_instant(w, "to", s->step->to);
		put_arms(w, "requests", s->requests);
		put_arms(w, "failed", s->failed);
		json_begin_array(w, "readings");
		for (size_t k = 0; k < s->n_readings; k++)
			put_reading(w, &s->readings[k]);
		json_end_array(w);
		json_end_object(w);
	}
	json_end_array(w);
}

static void put_interval(struct json_writer *w, double lo, double hi)
{
	if (isnan(lo) && isnan(hi)) {
		json_put_null(w, "interval");
		return;
	}
	json_begin_array(w, "interval");
	json_put_number(w, NULL, lo);
	json_put_number(w, NULL, hi);
	json_end_array(w);
}

static void put_result(struct json_writer *w, const struct criterion_result *c)
{
	static const char *const tests[] = { "none", "sequential", "final" };

	json_begin_object(w, NULL);
	json_put_string(w, "name", c->criterion->name);
	json_put_string(w, "kind", criterion_kind_name(c->criterion->kind));
	json_put_string(w, "state", criterion_state_name(c->state));
	json_put_string(w, "reason", c->reason);
	json_put_number(w, "value", c->value);
	json_put_number(w, "baseline", c->baseline);
	json_put_number(w, "limit", c->limit);
	json_put_number(w, "ratio", c->ratio);
	put_interval(w, c->lo, c->hi);
	json_put_string(w, "unit", c->unit);
	json_put_instant(w, "decided_at", c->decided_at);
	json_put_string(w, "test", tests[c->test]);
	put_arms(w, "requests", c->requests);
	put_arms(w, "failed", c->failed);
	json_put_bool(w, "informational", c->criterion->informational);
	json_put_bool(w, "substituted", c->substituted);
	json_put_number(w, "seconds_to_decision", c->seconds_to_decision);
	json_put_string(w, "literal", c->literal);
	json_put_string(w, "literal_state", reading_state_name(c->literal_state));
	json_put_string(w, "text", c->text);
	put_ids(w, "evidence", &c->ids, NULL);
	json_end_object(w);
}

static void put_recheck(struct json_writer *w, const struct flagger_recheck *r)
{
	json_begin_object(w, "recheck");
	json_put_bool(w, "possible", r->possible);
	json_put_string(w, "why_not", r->why_not);
	json_put_int(w, "ticks", (int64_t)r->ticks);
	json_put_int(w, "failed", (int64_t)r->failed);
	json_put_int(w, "agreeing", (int64_t)r->agreeing);
	json_put_int(w, "values_reported", (int64_t)r->compared);
	json_put_int(w, "values_alike", (int64_t)r->near);
	json_put_instant(w, "stops_at", r->stops_at);
	if (r->agrees < 0)
		json_put_null(w, "agrees");
	else
		json_put_bool(w, "agrees", r->agrees == 1);
	json_put_string(w, "text", r->text);
	json_end_object(w);
}

static void put_flagger(struct json_writer *w, const struct flagger_reading *f)
{
	json_begin_object(w, "flagger");
	put_count(w, "failed_checks", f->failed_checks);
	put_count(w, "threshold", f->threshold);
	json_begin_array(w, "checks");
	for (size_t i = 0; i < f->n_checks; i++) {
		const struct flagger_check *c = &f->checks[i];

		json_begin_object(w, NULL);
		json_put_instant(w, "at", c->at);
		json_put_string(w, "metric", c->metric);
		json_put_number(w, "value", c->value);
		json_put_number(w, "limit", c->limit);
		json_put_string(w, "state", c->state);
		json_put_string(w, "text", c->text);
		put_ids(w, "evidence", &c->ids, NULL);
		json_end_object(w);
	}
	json_end_array(w);
	if (f->agrees < 0)
		json_put_null(w, "agrees");
	else
		json_put_bool(w, "agrees", f->agrees == 1);
	json_put_string(w, "text", f->text);
	put_recheck(w, &f->recheck);
	json_end_object(w);
}

static void put_containment(struct json_writer *w, const struct containment *c)
{
	static const char *const states[] = { "not-needed", "confirmed", "not-confirmed" };

	json_begin_object(w, "containment");
	json_put_string(w, "state", states[c->state]);
	json_put_instant(w, "at", c->at);
	json_put_number(w, "seconds", c->seconds);
	json_put_string(w, "text", c->text);
	put_ids(w, "evidence", &c->ids, NULL);
	json_end_object(w);
}

static void put_gaps(struct json_writer *w, const struct assessment *a)
{
	json_begin_array(w, "gaps");
	for (size_t i = 0; i < a->n_gaps; i++) {
		const struct gap *gap = &a->gaps[i].gap;

		json_begin_object(w, NULL);
		json_put_string(w, "id", a->gaps[i].id);
		json_put_string(w, "source", gap->source);
		json_put_instant(w, "from", gap->from);
		json_put_instant(w, "to", gap->to);
		json_put_string(w, "reason", gap->reason);
		json_put_bool(w, "backfilled", gap->backfilled);
		put_ids(w, "evidence", &gap->ids, NULL);
		json_end_object(w);
	}
	json_end_array(w);
}

static void put_findings(struct json_writer *w, const struct assessment *a)
{
	json_begin_array(w, "findings");
	for (size_t i = 0; i < a->n_findings; i++) {
		const struct finding *f = &a->findings[i];

		json_begin_object(w, NULL);
		json_put_string(w, "id", f->id);
		json_put_string(w, "rule", f->rule);
		json_put_string(w, "severity", severity_name(f->severity));
		json_put_string(w, "text", f->text);
		json_put_string(w, "why", f->why);
		json_put_string(w, "remedy", f->remedy);
		json_put_string(w, "read_on", f->read_on);
		put_ids(w, "evidence", &f->ids, f->gap);
		json_end_object(w);
	}
	json_end_array(w);
}

static void put_conditions(struct json_writer *w, const struct assessment *a)
{
	json_begin_array(w, "rollback_conditions");
	for (size_t i = 0; i < a->n_conditions; i++) {
		const struct condition *c = &a->conditions[i];

		json_begin_object(w, NULL);
		json_put_string(w, "id", c->id);
		json_put_string(w, "rule", c->rule);
		json_put_string(w, "scope", c->scope);
		json_put_string(w, "trigger", c->trigger);
		json_put_string(w, "query", c->query);
		json_put_number(w, "limit", c->limit);
		json_put_number(w, "window", c->window_seconds);
		json_put_string(w, "owner", c->owner);
		json_put_string(w, "action", c->action);
		json_put_string(w, "verify", c->verify);
		json_put_string(w, "data_compatibility", c->data);
		json_put_string(w, "tested", c->tested);
		json_put_string(w, "tested_state", tested_state_name(c->tested_state));
		put_ids(w, "evidence", &c->ids, NULL);
		json_end_object(w);
	}
	json_end_array(w);
}

static void put_timeline(struct json_writer *w, const struct assessment *a)
{
	char id[32];

	json_begin_array(w, "timeline");
	for (size_t i = 0; i < a->n_timeline; i++) {
		const struct timeline_row *row = &a->timeline[i];

		(void)snprintf(id, sizeof id, "T-%03zu", i + 1);
		json_begin_object(w, NULL);
		json_put_string(w, "id", id);
		json_put_instant(w, "at", row->at);
		json_put_string(w, "source", row->source);
		json_put_string(w, "kind", row->kind);
		json_put_string(w, "text", row->text);
		json_put_bool(w, "uncorroborated", row->uncorroborated);
		put_ids(w, "evidence", &row->ids, row->gap);
		json_end_object(w);
	}
	json_end_array(w);
}

static void put_reasons(struct json_writer *w, const struct assessment *a)
{
	json_begin_array(w, "reasons");
	for (size_t i = 0; i < a->n_reasons; i++) {
		json_begin_object(w, NULL);
		json_put_string(w, "text", a->reasons[i].text);
		put_ids(w, "evidence", &a->reasons[i].ids, a->reasons[i].gap);
		json_end_object(w);
	}
	json_end_array(w);
}

static void put_criteria_in_force(struct json_writer *w, const struct criteria *criteria)
{
	char hex[DIGEST_HEX_SIZE];

	json_begin_object(w, "criteria");
	json_put_string(w, "source", criteria->source);
	json_put_string(w, "sha256", digest_hex(hex, criteria->sha256));
	json_begin_array(w, "settings");
	for (size_t i = 0; i < criteria->n_settings; i++) {
		json_begin_object(w, NULL);
		json_put_string(w, "path", criteria->settings[i].path);
		json_put_string(w, "value", criteria->settings[i].value);
		json_put_string(w, "from", layer_name(criteria->settings[i].layer));
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

static void put_provenance(struct json_writer *w, const struct assessment *a)
{
	const struct provenance *p = &a->provenance;

	json_begin_object(w, "provenance");
	json_put_string(w, "engine", p->engine);
	json_put_string(w, "flagger_version", p->flagger_version);
	json_put_string(w, "service_label", p->service_label);
	json_put_number(w, "scrape_interval", p->scrape_interval);
	json_put_number(w, "dispersion", p->dispersion);
	json_put_string(w, "dispersion_text", p->dispersion_text);
	json_put_int(w, "first_seq", p->first_seq);
	json_put_int(w, "last_seq", p->last_seq);
	json_put_int(w, "rows", p->rows);
	put_criteria_in_force(w, a->criteria);
	json_end_object(w);
}

static void put_person(struct json_writer *w, const char *key, const struct record *r)
{
	struct ids ids = { .id = (evidence_id[]){ r == NULL ? 0 : r->id }, .n = 1 };

	if (r == NULL) {
		json_put_null(w, key);
		return;
	}
	json_begin_object(w, key);
	json_put_string(w, "by", r->by);
	json_put_string(w, "role", r->role);
	json_put_string(w, "account", r->account);
	json_put_instant(w, "at", r->at);
	json_put_string(w, "text", r->text);
	put_ids(w, "evidence", &ids, NULL);
	json_end_object(w);
}

static void put_ruled(struct json_writer *w, const struct ruled *ruled)
{
	const struct record *d = ruled->decision;

	json_begin_object(w, NULL);
	json_put_string(w, "decision", verdict_name(d->decision));
	json_put_string(w, "computed", verdict_name(d->computed));
	json_put_bool(w, "override", d->override);
	json_put_instant(w, "until", d->until);
	json_put_string(w, "package", d->package);
	json_put_bool(w, "counts", ruled->counts);
	json_put_string(w, "why_not", ruled->why_not);
	put_person(w, "person", d);
	json_end_object(w);
}

static void put_action(struct json_writer *w, const struct action *action)
{
	json_begin_object(w, NULL);
	json_put_string(w, "text", action->text);
	json_put_string(w, "owner", action->owner);
	json_put_string(w, "due", action->due);
	json_put_string(w, "validation", action->validation);
	json_put_string(w, "finding", action->finding);
	json_put_string(w, "state", action_state_name(action->state));
	put_ids(w, "evidence", &action->ids, NULL);
	json_end_object(w);
}

/* The package's own digest is that of this file before any record entered it: sign_off and scorecard null, nothing of source "human". */
static void put_sign_off(struct json_writer *w, const struct assessment *a)
{
	const struct ruling *r = a->ruling;

	if (r == NULL) {
		json_put_null(w, "sign_off");
		return;
	}
	json_begin_object(w, "sign_off");
	json_put_string(w, "package_sha256", r->package);
	json_put_bool(w, "recorded", r->recorded);
	json_put_string(w, "state", ruling_state_name(r->state));
	json_put_string(w, "effective", verdict_name(r->effective));
	json_put_bool(w, "overridden", r->overridden);
	json_put_int(w, "persons", (int64_t)r->persons);
	json_put_int(w, "persons_needed", (int64_t)r->persons_needed);
	json_put_string(w, "text", r->text);
	json_begin_array(w, "decisions");
	for (size_t i = 0; i < r->n_history; i++)
		put_ruled(w, &r->history[i]);
	json_end_array(w);
	put_person(w, "criteria_approved", r->approval);
	put_person(w, "criteria_approved_late", r->late_approval);
	json_begin_array(w, "actions");
	for (size_t i = 0; i < r->n_actions; i++)
		put_action(w, &r->actions[i]);
	json_end_array(w);
	json_end_object(w);
}

int evidence_json_write(struct buf *out, const struct assessment *a, struct error *err)
{
	struct json_writer w;

	json_writer_init(&w, out, 1);
	json_begin_object(&w, NULL);
	json_put_string(&w, "schema", "gonogo/evidence/v1");
	json_put_instant(&w, "evaluated_at", a->evaluated_at);
	json_put_string(&w, "judged_by", a->other_criteria ? "other criteria" : "criteria in force at start");
	json_put_bool(&w, "partial", a->partial);
	json_put_string(&w, "verdict", verdict_name(a->verdict));
	json_put_string(&w, "headline", a->headline);
	json_put_string(&w, "subline", a->subline);
	put_reasons(&w, a);
	json_put_string(&w, "next", a->next.text);
	put_rollout(&w, a->rollout);
	json_put_number(&w, "highest_exposure", a->highest_exposure * 100);
	put_steps(&w, a);
	json_begin_array(&w, "criteria");
	for (size_t i = 0; i < a->n_results; i++)
		put_result(&w, &a->results[i]);
	json_end_array(&w);
	put_flagger(&w, &a->flagger);
	put_containment(&w, &a->containment);
	put_gaps(&w, a);
	put_findings(&w, a);
	put_conditions(&w, a);
	put_timeline(&w, a);
	put_sign_off(&w, a);
	if (a->scorecard == NULL)
		json_put_null(&w, "scorecard");
	else
		score_put(&w, "scorecard", a->scorecard, true);
	put_provenance(&w, a);
	json_end_object(&w);
	buf_putc(out, '\n');
	return buf_check(out, "evidence.json", err);
}
