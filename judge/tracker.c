/* Rollouts by the Canary's phases (facts/flagger.md 2); by the webhook's texts alone where no status was seen. */
#include "tracker.h"

#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/canary.h"
#include "gonogo/error.h"

/* One sighting of a Canary's status. */
struct sighting {
	int64_t at;
	bool listed, deleted;
	const struct canary_spec *spec;
	const struct canary_status *status;
	evidence_id id;
};

/* The Canary whose sightings are followed, and the rollout that is under way. */
struct tracker {
	struct rollouts *out;
	struct arena *arena;
	const struct facts *facts;
	const char *cluster;
	struct rollout *current;
	struct phase_change *phases;
	size_t n_phases, cap_phases;
	const struct sighting *before;
};

/* Where a list shows an object late, the phase's own time is nearer to the truth. */
static int64_t phase_time(const struct sighting *s)
{
	int64_t entered = s->status->condition_updated;

	return s->listed && entered != INSTANT_NONE && entered < s->at ? entered : s->at;
}

static int add_phase(struct tracker *t, const struct sighting *s, struct error *err)
{
	struct phase_change *grown = arena_grow(t->arena, t->phases, t->n_phases, &t->cap_phases, sizeof *grown);

	if (grown == NULL)
		return error_nomem(err);
	t->phases = grown;
	grown[t->n_phases++] = (struct phase_change){ phase_time(s), *s->status, canary_phase_known(s->status->phase), s->id };
	return 0;
}

static int start(struct tracker *t, const struct sighting *s, struct error *err)
{
	struct rollout *grown = arena_grow(t->arena, t->out->v, t->out->n, &t->out->cap, sizeof *grown);
	char stamp[INSTANT_TEXT_MAX];
	struct rollout *r;

	if (grown == NULL)
		return error_nomem(err);
	t->out->v = grown;
	r = t->current = &grown[t->out->n++];
	*r = (struct rollout){ .cluster = t->cluster, .spec = *s->spec, .spec_id = s->id, .ended_at = INSTANT_NONE, .attempts = 1 };
	r->namespace_ = s->spec->namespace_;
	r->canary = s->spec->name;
	r->uid = s->spec->uid;
	r->copying_at = r->traffic_returned_at = r->suspended_at = INSTANT_NONE;
	r->start_seen = t->before != NULL || !s->listed;
	r->condition_time = s->status->condition_since;
	r->started_at = r->attempt_started_at = phase_time(s);
	if (!r->start_seen && r->condition_time != INSTANT_NONE)
		r->started_at = r->attempt_started_at = r->condition_time;
	instant_compact(stamp, r->condition_time != INSTANT_NONE ? r->condition_time : r->started_at);
	r->id = arena_printf(t->arena, "%s.%s.%s.%s%s", t->cluster, r->namespace_, r->canary, stamp, r->start_seen ? "" : "-late");
	r->spec_hash = s->status->last_applied;
	t->phases = NULL;
	t->n_phases = t->cap_phases = 0;
	return r->id == NULL ? error_nomem(err) : 0;
}

static void finish(struct tracker *t, int64_t at, evidence_id id, enum outcome outcome, const char *reason)
{
	struct rollout *r = t->current;

	r->ended_at = at;
	r->outcome = outcome;
	r->outcome_reason = reason;
	r->phases = t->phases;
	r->n_phases = t->n_phases;
	(void)ids_add(&r->outcome_ids, id, t->arena);
	t->current = NULL;
}

static bool phase_is(const struct sighting *s, const char *phase)
{
	return strcmp(s->status->phase, phase) == 0;
}

/* A new revision while the old one is analysed: Flagger resets the counters and goes on under the same condition. From Waiting to
 * Progressing the hash changes too, but that is the one start. */
static bool is_restart(const struct tracker *t, const struct sighting *s)
{
	return t->before != NULL && canary_phase_running(t->before->status->phase) && phase_is(s, "Progressing") &&
	       !phase_is(t->before, "Waiting") &&
	       (strcmp(t->before->status->last_applied, s->status->last_applied) != 0 ||
		strcmp(t->before->status->tracked, s->status->tracked) != 0);
}

static int follow(struct tracker *t, const struct sighting *s, struct error *err)
{
	struct rollout *r = t->current;

	if (is_restart(t, s)) {
		r->attempts++;
		r->attempt_started_at = phase_time(s);
		r->max_failed_checks = 0;
	}
	r->spec_hash = s->status->last_applied;
	if (!s->spec->suspend) {
		r->suspended_at = INSTANT_NONE;
	} else if (r->suspended_at == INSTANT_NONE) {
		r->suspended_at = s->at;
		r->suspended_id = s->id;
		r->suspended_listed = s->listed;
	}
	if (s->status->failed_checks > r->max_failed_checks && canary_phase_running(s->status->phase))
		r->max_failed_checks = s->status->failed_checks;
	r->last_row_at = s->at;
	return add_phase(t, s, err);
}

static int see(struct tracker *t, const struct sighting *s, struct error *err)
{
	bool running = canary_phase_running(s->status->phase);

	if (t->current == NULL && (!running || s->deleted)) {
		t->before = s;
		return 0;
	}
	if (t->current == NULL && start(t, s, err) < 0)
		return -1;
	if (follow(t, s, err) < 0)
		return -1;
	t->current->deleted = s->deleted;
	if (s->deleted || phase_is(s, "Terminating") || phase_is(s, "Terminated"))
		finish(t, s->at, s->id, OUTCOME_TERMINATED, "terminated");
	else if (phase_is(s, "Succeeded"))
		finish(t, phase_time(s), s->id, OUTCOME_PROMOTED, "completed");
	else if (phase_is(s, "Failed"))
		finish(t, phase_time(s), s->id, OUTCOME_ROLLED_BACK, "unknown");
	else if (!running)
		finish(t, s->at, s->id, OUTCOME_TERMINATED, "unknown");
	t->before = s;
	return 0;
}

static void close_running(struct tracker *t)
{
	if (t->current == NULL)
		return;
	t->current->phases = t->phases;
	t->current->n_phases = t->n_phases;
	t->current->outcome = OUTCOME_RUNNING;
	t->current->outcome_reason = t->current->suspended_at != INSTANT_NONE ? "suspended" : "running";
}

static int track(struct tracker *t, const struct sighting *sightings, size_t n, struct error *err)
{
	t->before = NULL;
	t->current = NULL;
	for (size_t i = 0; i < n; i++)
		if (see(t, &sightings[i], err) < 0)
			return -1;
	close_running(t);
	return 0;
}

/* ---- From the status of one Canary (by uid: one recreated under the same name is another). */

static bool same_canary(const struct canary_row *a, const struct canary_row *b)
{
	return strcmp(a->spec.namespace_, b->spec.namespace_) == 0 && strcmp(a->spec.name, b->spec.name) == 0 &&
	       strcmp(a->spec.uid, b->spec.uid) == 0;
}

static int track_status(struct tracker *t, size_t first, struct error *err)
{
	const struct facts *f = t->facts;
	struct sighting *s = arena_alloc(t->arena, (f->n_canaries - first) * sizeof *s);
	size_t n = 0;

	if (s == NULL)
		return error_nomem(err);
	for (size_t i = first; i < f->n_canaries; i++) {
		const struct canary_row *row = &f->canaries[i];

		if (same_canary(row, &f->canaries[first]))
			s[n++] = (struct sighting){ row->at, row->listed, row->deleted, &row->spec, &row->status, row->id };
	}
	return track(t, s, n, err);
}

/* ---- From the webhook's texts, where no status of that Canary was ever seen. */

static const char *phase_of_message(const struct message_row *m)
{
	switch (m->message.kind) {
	case MESSAGE_SUCCESS:
	case MESSAGE_SUCCESS_SKIPPED:
		return "Succeeded";
	case MESSAGE_FAILED:
	case MESSAGE_PROMOTION_FAILED:
		return "Failed";
	case MESSAGE_INIT_DONE:
		return "Initialized";
	case MESSAGE_NEW_REVISION:
		return "Progressing";
	default:
		return m->phase;
	}
}

static bool has_status(const struct facts *f, const struct message_row *m)
{
	for (size_t i = 0; i < f->n_canaries; i++)
		if (strcmp(f->canaries[i].spec.namespace_, m->namespace_) == 0 && strcmp(f->canaries[i].spec.name, m->canary) == 0)
			return true;
	return false;
}

static bool same_name(const struct message_row *a, const struct message_row *b)
{
	return strcmp(a->namespace_, b->namespace_) == 0 && strcmp(a->canary, b->canary) == 0;
}

static struct canary_spec *unseen_spec(struct tracker *t, const struct message_row *m)
{
	struct canary_spec *spec = arena_alloc(t->arena, sizeof *spec);

	if (spec != NULL)
		*spec = (struct canary_spec){ .api_version = "",
					      .name = m->canary,
					      .namespace_ = m->namespace_,
					      .uid = "",
					      .target_kind = "",
					      .target_name = m->canary,
					      .service_name = m->canary,
					      .ingress_name = "",
					      .provider = "",
					      .metrics_server = "",
					      .interval = 60 * NS_PER_S,
					      .threshold = 1,
					      .max_weight = 100,
					      .progress_deadline = 600 * NS_PER_S };
	return spec;
}

static int track_messages(struct tracker *t, size_t first, struct error *err)
{
	const struct facts *f = t->facts;
	struct sighting *s = arena_alloc(t->arena, (f->n_messages - first) * sizeof *s);
	const struct canary_spec *spec = unseen_spec(t, &f->messages[first]);
	size_t n = 0;

	if (s == NULL || spec == NULL)
		return error_nomem(err);
	for (size_t i = first; i < f->n_messages; i++) {
		const struct message_row *m = &f->messages[i];
		struct canary_status *status;

		if (!m->webhook || !same_name(m, &f->messages[first]))
			continue;
		status = arena_alloc(t->arena, sizeof *status);
		if (status == NULL)
			return error_nomem(err);
		*status = (struct canary_status){ .phase = phase_of_message(m),
						  .last_applied = "",
						  .last_promoted = "",
						  .tracked = "",
						  .condition_status = "",
						  .condition_reason = "",
						  .condition_since = INSTANT_NONE,
						  .condition_updated = INSTANT_NONE,
						  .last_transition = INSTANT_NONE };
		s[n++] = (struct sighting){ m->at, false, false, spec, status, m->id };
	}
	return track(t, s, n, err);
}

static int track_all(struct tracker *t, struct error *err)
{
	const struct facts *f = t->facts;

	for (size_t i = 0; i < f->n_canaries; i++) {
		size_t k = 0;

		while (k < i && !same_canary(&f->canaries[k], &f->canaries[i]))
			k++;
		if (k == i && track_status(t, i, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < f->n_messages; i++) {
		size_t k = 0;

		if (!f->messages[i].webhook || has_status(f, &f->messages[i]))
			continue;
		while (k < i && (!f->messages[k].webhook || !same_name(&f->messages[k], &f->messages[i])))
			k++;
		if (k == i && track_messages(t, i, err) < 0)
			return -1;
	}
	return 0;
}

static int compare_rollouts(const void *a, const void *b)
{
	const struct rollout *x = a, *y = b;

	if (x->started_at != y->started_at)
		return x->started_at < y->started_at ? -1 : 1;
	return strcmp(x->id, y->id);
}

static int64_t next_start(const struct rollouts *all, const struct rollout *r)
{
	int64_t next = INSTANT_NONE;

	for (size_t i = 0; i < all->n; i++) {
		const struct rollout *other = &all->v[i];

		if (strcmp(other->namespace_, r->namespace_) == 0 && strcmp(other->canary, r->canary) == 0 &&
		    other->started_at > r->started_at && (next == INSTANT_NONE || other->started_at < next))
			next = other->started_at;
	}
	return next;
}

int rollouts_derive(struct rollouts *out, const struct evidence *evidence, struct arena *arena, size_t *unparsed, struct error *err)
{
	struct facts *facts = arena_alloc(arena, sizeof *facts);
	struct tracker t = { .out = out, .arena = arena, .facts = facts, .cluster = evidence->cluster };

	*out = (struct rollouts){ 0 };
	if (facts == NULL)
		return error_nomem(err);
	if (facts_read(facts, evidence, arena, err) < 0 || track_all(&t, err) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++)
		out->v[i].next_started_at = next_start(out, &out->v[i]);
	for (size_t i = 0; i < out->n; i++)
		if (rollout_fill(&out->v[i], facts, arena, err) < 0)
			return -1;
	if (out->n > 1)
		qsort(out->v, out->n, sizeof *out->v, compare_rollouts);
	if (unparsed != NULL)
		*unparsed = facts->unparsed;
	return 0;
}
