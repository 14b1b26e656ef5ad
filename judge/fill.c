/* What happened within a rollout's span, gathered from all channels. */
#include "tracker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flagger.h"
#include "gonogo/arena.h"
#include "gonogo/canary.h"
#include "gonogo/error.h"
#include "gonogo/provider.h"

/* Flagger emits "New revision detected" before it writes the status, and the last texts after it. */
#define SLACK (5 * NS_PER_S)
/* One text on two channels: Events have a resolution of a second, and both clocks are Flagger's. */
#define SAME_TEXT (2 * NS_PER_S)

static int64_t end_of(const struct rollout *r)
{
	/* Far in the future, with room for what is added to it. */
	return r->ended_at == INSTANT_NONE ? INT64_MAX / 2 : r->ended_at;
}

static bool is_here(const struct rollout *r, const char *namespace_, const char *name)
{
	return strcmp(r->namespace_, namespace_) == 0 && strcmp(r->canary, name) == 0;
}

bool rollout_has_message(const struct rollout *r, const struct message_row *m)
{
	return is_here(r, m->namespace_, m->canary) && m->at >= r->started_at - SLACK && m->at <= end_of(r) + SLACK;
}

/* ---- Facts. */

struct filling {
	struct rollout *r;
	const struct facts *facts;
	struct arena *arena;
	struct error *err;
	struct fact *list;
	size_t n, cap;
	struct gap *gaps;
	size_t n_gaps, cap_gaps;
};

static struct fact *add_fact(struct filling *f)
{
	struct fact *grown = arena_grow(f->arena, f->list, f->n, &f->cap, sizeof *grown);

	if (grown == NULL)
		return NULL;
	f->list = grown;
	grown[f->n] = (struct fact){ .occurrences = 1, .message = { .value = NAN, .limit = NAN, .weight = NAN } };
	return &grown[f->n++];
}

static int add_gap(struct filling *f, const struct gap *gap)
{
	struct gap *grown = arena_grow(f->arena, f->gaps, f->n_gaps, &f->cap_gaps, sizeof *grown);

	if (grown == NULL)
		return error_nomem(f->err);
	f->gaps = grown;
	grown[f->n_gaps++] = *gap;
	return 0;
}

static int attempt_at(const struct rollout *r, int64_t at)
{
	return r->attempts > 1 && at >= r->attempt_started_at - SLACK / 5 ? r->attempts : r->attempts > 1 ? r->attempts - 1 : 1;
}

/* The same text by another channel, near enough in time; repeats on one channel are occurrences of their own. */
static struct fact *find_same(struct filling *f, const struct message_row *m, unsigned channel)
{
	for (size_t i = 0; i < f->n; i++) {
		struct fact *fact = &f->list[i];

		if (fact->message.text != NULL && llabs(fact->at - m->at) <= SAME_TEXT &&
		    strcmp(fact->message.text, m->message.text) == 0 && ((fact->channels & channel) == 0 || fact->at == m->at))
			return fact;
	}
	return NULL;
}

static int merge_message(struct filling *f, const struct message_row *m)
{
	unsigned channel = m->webhook ? CHANNEL_WEBHOOK : CHANNEL_EVENTS;
	struct fact *fact = find_same(f, m, channel);

	f->r->channels |= channel;
	if (fact == NULL) {
		fact = add_fact(f);
		if (fact == NULL)
			return error_nomem(f->err);
		fact->at = m->at;
		fact->uncertain = m->uncertain;
		fact->kind = "message";
		fact->text = m->message.text;
		fact->message = m->message;
		fact->attempt = attempt_at(f->r, m->at);
	} else if ((fact->channels & channel) != 0 && m->webhook) {
		fact->occurrences++;
	}
	fact->channels |= channel;
	return ids_add(&fact->ids, m->id, f->arena) < 0 ? error_nomem(f->err) : 0;
}

static bool is_same_message(const struct message_row *a, const struct message_row *b)
{
	return strcmp(a->namespace_, b->namespace_) == 0 && strcmp(a->canary, b->canary) == 0 && a->message.text != NULL &&
	       b->message.text != NULL && strcmp(a->message.text, b->message.text) == 0;
}

/* How often the webhook brought the text between one sighting of an Event and the next. */
static int64_t heard_between(const struct filling *f, const struct message_row *before, const struct message_row *m)
{
	int64_t n = 0;

	for (size_t i = 0; i < f->facts->n_messages; i++) {
		const struct message_row *w = &f->facts->messages[i];
		bool known = false;

		if (!w->webhook || w->at <= before->at + SAME_TEXT || w->at >= m->at - SAME_TEXT || !is_same_message(w, m))
			continue;
		/* Each log of two collectors has its own row of one delivery. */
		for (size_t k = 0; k < i; k++)
			known = known || (f->facts->messages[k].webhook && f->facts->messages[k].at == w->at &&
					  is_same_message(&f->facts->messages[k], m));
		n += !known;
	}
	return n;
}

/* A count that jumped by more than one: texts that the recorder's spam filter kept from us (facts/flagger.md 5), and the webhook did not
 * bring either. */
static int note_jump(struct filling *f, const struct message_row *before, const struct message_row *m)
{
	struct gap gap = { .source = "events", .from = before->at, .to = m->at };
	int64_t lost = m->count - before->count - 1;

	/* What another rollout said is not missing in this one. */
	if (gap.from < f->r->started_at)
		gap.from = f->r->started_at;
	if (lost <= 0 || gap.to - gap.from <= SAME_TEXT)
		return 0;
	lost -= heard_between(f, before, m);
	if (lost <= 0)
		return 0;
	gap.reason = arena_printf(
		f->arena, "%lld occurrence%s between these times %s not seen by the Events channel (the count jumped from %lld to %lld)",
		(long long)lost, lost == 1 ? "" : "s", lost == 1 ? "was" : "were", (long long)before->count, (long long)m->count);
	if (gap.reason == NULL || ids_add(&gap.ids, before->id, f->arena) < 0 || ids_add(&gap.ids, m->id, f->arena) < 0)
		return error_nomem(f->err);
	return add_gap(f, &gap);
}

static const struct message_row *sighting_before(const struct filling *f, size_t i)
{
	const struct message_row *rows = f->facts->messages;

	for (size_t k = i; k-- > 0;)
		if (!rows[k].webhook && strcmp(rows[k].uid, rows[i].uid) == 0)
			return &rows[k];
	return NULL;
}

/* The webhook first: its times are exact, and an Event then only adds its channel. */
static int gather_messages(struct filling *f)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < f->facts->n_messages; i++) {
			const struct message_row *m = &f->facts->messages[i];

			if (m->webhook != (pass == 0) || m->at == INSTANT_NONE || !rollout_has_message(f->r, m))
				continue;
			if (!m->webhook) {
				const struct message_row *before = sighting_before(f, i);

				if (before != NULL && before->count == m->count)
					continue;
				if (before != NULL && note_jump(f, before, m) < 0)
					return -1;
			}
			if (merge_message(f, m) < 0)
				return -1;
		}
	return 0;
}

static int gather_phases(struct filling *f)
{
	const char *last = "";

	for (size_t i = 0; i < f->r->n_phases; i++) {
		const struct phase_change *p = &f->r->phases[i];
		struct fact *fact;

		if (strcmp(last, p->status.phase) == 0)
			continue;
		last = p->status.phase;
		if (p->status.condition_since == INSTANT_NONE)
			continue; /* told by the webhook, not by the status */
		f->r->channels |= CHANNEL_STATUS;
		fact = add_fact(f);
		if (fact == NULL)
			return error_nomem(f->err);
		fact->at = p->at;
		fact->kind = "phase";
		fact->text = last;
		fact->channels = CHANNEL_STATUS;
		fact->attempt = attempt_at(f->r, p->at);
		if (ids_add(&fact->ids, p->id, f->arena) < 0)
			return error_nomem(f->err);
	}
	return 0;
}

static int compare_facts(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->ids.n > 0 && y->ids.n > 0 ? (x->ids.id[0] > y->ids.id[0]) - (x->ids.id[0] < y->ids.id[0]) : 0;
}

/* ---- Route weights. */

/* Share in effect. Traefik reads a weight that the object leaves out as 1 (facts/flagger.md 6). */
static double exposure_of(const struct route_weights *w)
{
	double canary = w->canary < 0 ? 1 : w->canary, primary = w->primary < 0 ? 1 : w->primary;

	if (!w->has_canary)
		return 0;
	if (!w->has_primary)
		return 1;
	return canary + primary > 0 ? canary / (canary + primary) : 0;
}

/* The object that Flagger writes this canary's weights to, by its provider's row. */
static bool is_route_of(const struct route_row *row, const struct rollout *r)
{
	const struct provider *p = provider_find(r->spec.provider);
	const char *base = p != NULL && p->route.by_ingress ? r->spec.ingress_name : r->spec.service_name;
	size_t n = strlen(base);

	return p != NULL && p->route.kind != NULL && strcmp(row->kind, p->route.kind) == 0 && strcmp(row->namespace_, r->namespace_) == 0 &&
	       strncmp(row->name, base, n) == 0 && strcmp(row->name + n, p->route.suffix) == 0;
}

static int gather_weights(struct filling *f)
{
	struct route_weight *weights = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < f->facts->n_routes; i++) {
		const struct route_row *row = &f->facts->routes[i];
		struct route_weight *grown;

		if (row->deleted || !is_route_of(row, f->r))
			continue;
		if (row->at > end_of(f->r) + 120 * NS_PER_S || (f->r->next_started_at != INSTANT_NONE && row->at >= f->r->next_started_at))
			break;
		grown = arena_grow(f->arena, weights, n, &cap, sizeof *grown);
		if (grown == NULL)
			return error_nomem(f->err);
		weights = grown;
		/* Before the start only the last one counts: what was in force then. */
		if (n == 1 && weights[0].at < f->r->started_at && row->at < f->r->started_at)
			n = 0;
		weights[n++] = (struct route_weight){
			row->at, row->weights.canary, row->weights.primary, exposure_of(&row->weights), row->weights.mirrored, row->id
		};
	}
	f->r->weights = weights;
	f->r->n_weights = n;
	if (n > 0)
		f->r->channels |= CHANNEL_ROUTE;
	return 0;
}

/* ---- Images, replicas, the primary's changes. */

static const struct workload_row *last_before(const struct filling *f, const char *name, int64_t at)
{
	const struct workload_row *found = NULL;

	for (size_t i = 0; i < f->facts->n_workloads; i++) {
		const struct workload_row *w = &f->facts->workloads[i];

		if (strcmp(w->name, name) != 0 || strcmp(w->namespace_, f->r->namespace_) != 0)
			continue;
		if (w->at > at && found != NULL)
			break;
		found = w;
	}
	return found;
}

static const char *image_in(const struct workload_row *w, const char *container)
{
	for (size_t i = 0; w != NULL && i < w->n; i++)
		if (strcmp(w->containers[i].name, container) == 0)
			return w->containers[i].image;
	return NULL;
}

static const char *digest_of(const struct filling *f, const char *image)
{
	for (size_t i = f->facts->n_pods; image != NULL && i-- > 0;)
		if (strcmp(f->facts->pods[i].image, image) == 0 && strcmp(f->facts->pods[i].namespace_, f->r->namespace_) == 0)
			return f->facts->pods[i].digest;
	return NULL;
}

static bool is_image(const struct workload_row *primary, const struct container_image *c)
{
	const char *image = image_in(primary, c->name);

	return image != NULL && strcmp(image, c->image) == 0;
}

static int gather_images(struct filling *f)
{
	struct rollout *r = f->r;
	const char *primary_name = canary_primary_name(&r->spec, f->arena);
	int64_t until = r->copying_at != INSTANT_NONE ? r->copying_at : end_of(r);
	const struct workload_row *target = last_before(f, r->spec.target_name, until);
	const struct workload_row *before = last_before(f, r->spec.target_name, r->started_at - SLACK);
	const struct workload_row *primary = last_before(f, primary_name, r->started_at);
	struct image *images;

	if (primary_name == NULL)
		return error_nomem(f->err);
	if (target == NULL)
		return 0;
	/* Where the start was not seen, a primary with the target's image may have been given it: what it ran before is not known. */
	if (!r->start_seen && primary != NULL && target->n > 0 && is_image(primary, &target->containers[0]))
		primary = NULL;
	images = arena_alloc(f->arena, target->n * sizeof *images);
	if (images == NULL)
		return error_nomem(f->err);
	for (size_t i = 0; i < target->n; i++) {
		struct image *image = &images[r->n_images++];

		image->container = target->containers[i].name;
		image->new_image = target->containers[i].image;
		image->old_image = image_in(primary, image->container);
		image->new_digest = digest_of(f, image->new_image);
		image->old_digest = digest_of(f, image->old_image);
		if (image->old_image != NULL && strcmp(image->old_image, image->new_image) != 0)
			r->template_changed = true;
	}
	r->images = images;
	r->template_known = primary != NULL;
	if (before != NULL && before->at < r->started_at && strcmp(before->revision, target->revision) != 0)
		r->template_changed = true;
	return 0;
}

static int gather_replicas(struct filling *f)
{
	struct rollout *r = f->r;
	const char *primary_name = canary_primary_name(&r->spec, f->arena);
	struct replica_change *list = arena_alloc(f->arena, f->facts->n_workloads * sizeof *list);
	struct primary_change *changes = arena_alloc(f->arena, (f->facts->n_workloads + 1) * sizeof *changes);
	bool changing = false;

	if (primary_name == NULL || list == NULL || changes == NULL)
		return error_nomem(f->err);
	for (size_t i = 0; i < f->facts->n_workloads; i++) {
		const struct workload_row *w = &f->facts->workloads[i];
		bool primary = strcmp(w->name, primary_name) == 0, now;

		if (strcmp(w->namespace_, r->namespace_) != 0 || (!primary && strcmp(w->name, r->spec.target_name) != 0) ||
		    w->at > end_of(r) + 120 * NS_PER_S)
			continue;
		list[r->n_replicas++] = (struct replica_change){ w->at, primary, w->replicas, w->available, w->id };
		if (!primary)
			continue;
		now = w->observed < w->generation || w->updated < w->replicas || w->available < w->replicas;
		if (now && !changing)
			changes[r->n_primary_changes++] = (struct primary_change){ w->at, INT64_MAX };
		if (!now && changing)
			changes[r->n_primary_changes - 1].to = w->at;
		changing = now;
	}
	r->replicas = list;
	r->primary_changes = changes;
	return 0;
}

/* ---- Gaps, templates, versions. */

static int gather_gaps(struct filling *f)
{
	const struct rollout *r = f->r;
	static const struct {
		unsigned channel;
		const char *source, *reason;
	} channels[] = { { CHANNEL_WEBHOOK, "webhook", "no delivery of Flagger's event webhook was received in this rollout" },
			 { CHANNEL_EVENTS, "events", "no Event of this canary was seen in this rollout" },
			 { CHANNEL_STATUS, "status", "the Canary's status was not seen in this rollout" },
			 { CHANNEL_ROUTE, "routes", "the route object was not seen: exposure is taken from Flagger's words" } };

	for (size_t i = 0; i < f->facts->n_gaps; i++) {
		const struct gap_row *g = &f->facts->gaps[i];

		if ((*g->namespace_ == '\0' || strcmp(g->namespace_, r->namespace_) == 0 || strcmp(g->source, "collector") == 0 ||
		     strcmp(g->source, "webhook") == 0) &&
		    g->gap.to >= r->started_at && g->gap.from <= end_of(r) && add_gap(f, &g->gap) < 0)
			return -1;
	}
	for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
		struct gap gap = { .source = channels[i].source, .from = r->started_at, .reason = channels[i].reason };

		gap.to = r->ended_at != INSTANT_NONE ? r->ended_at : r->last_row_at;
		if ((r->channels & channels[i].channel) == 0 && gap.to > gap.from && add_gap(f, &gap) < 0)
			return -1;
	}
	return 0;
}

static int gather_templates(struct filling *f)
{
	struct rollout *r = f->r;
	struct metric_template *list = arena_alloc(f->arena, r->spec.n_metrics * sizeof *list);

	if (list == NULL)
		return error_nomem(f->err);
	for (size_t i = 0; i < r->spec.n_metrics; i++) {
		const struct canary_metric *m = &r->spec.metrics[i];

		for (size_t k = f->facts->n_templates; m->template_name != NULL && k-- > 0;) {
			const struct metric_template *t = &f->facts->templates[k];

			if (strcmp(t->name, m->template_name) == 0 && strcmp(t->namespace_, m->template_namespace) == 0) {
				list[r->n_templates++] = *t;
				break;
			}
		}
	}
	r->templates = list;
	return 0;
}

/* Flagger's version ten minutes before the start and after it: an upgrade starts rollouts of its own (facts/flagger.md 2). */
static void gather_versions(struct filling *f)
{
	struct rollout *r = f->r;
	const char *before = NULL, *after = NULL;
	int64_t before_at = INT64_MIN, after_at = INT64_MIN;

	for (size_t i = 0; i < f->facts->n_versions; i++) {
		const struct version_row *v = &f->facts->versions[i];

		if (v->at <= r->started_at + 60 * NS_PER_S && v->at > after_at) {
			if (after != NULL && strcmp(after, v->version) != 0) {
				before = after;
				before_at = after_at;
			}
			after = v->version;
			after_at = v->at;
		}
	}
	if (before != NULL && before_at >= r->started_at - 600 * NS_PER_S) {
		r->flagger_before = before;
		r->flagger_after = after;
	}
}

/* ---- Outcome. */

static const struct fact *last_fact(const struct rollout *r, enum message_kind kind)
{
	for (size_t i = r->n_facts; i-- > 0;)
		if (r->facts[i].message.kind == kind && strcmp(r->facts[i].kind, "message") == 0 && r->facts[i].attempt == r->attempts)
			return &r->facts[i];
	return NULL;
}

static bool had_exposure(const struct rollout *r)
{
	for (size_t i = 0; i < r->n_steps; i++)
		if (r->steps[i].kind == STEP_ANALYSIS && r->steps[i].exposure > 0)
			return true;
	return last_fact(r, MESSAGE_WEIGHT) != NULL || last_fact(r, MESSAGE_ITERATION) != NULL;
}

static int set_outcome(struct filling *f, enum outcome outcome, const char *reason, const struct fact *fact)
{
	struct rollout *r = f->r;

	r->outcome = outcome;
	r->outcome_reason = reason;
	if (fact == NULL)
		return 0;
	r->outcome_text = fact->text;
	return ids_add_all(&r->outcome_ids, &fact->ids, f->arena) < 0 ? error_nomem(f->err) : 0;
}

static int judge_success(struct filling *f)
{
	const struct fact *skipped = last_fact(f->r, MESSAGE_SUCCESS_SKIPPED);

	if (skipped != NULL || f->r->spec.skip_analysis)
		return set_outcome(f, OUTCOME_PROMOTED_UNANALYSED, "analysis-skipped", skipped);
	return set_outcome(f, OUTCOME_PROMOTED, "completed", last_fact(f->r, MESSAGE_SUCCESS));
}

/* The six ways to Failed (facts/flagger.md 1), by Flagger's words first, by the status where they are missing. */
static int judge_failure(struct filling *f)
{
	struct rollout *r = f->r;
	const struct phase_change *last = r->n_phases > 0 ? &r->phases[r->n_phases - 1] : NULL;
	enum outcome rolled = had_exposure(r) ? OUTCOME_ROLLED_BACK : OUTCOME_FAILED_BEFORE_TRAFFIC;
	const struct fact *fact;

	if ((fact = last_fact(r, MESSAGE_PROMOTION_FAILED)) != NULL || (last != NULL && last->status.weight >= 100))
		return set_outcome(f, OUTCOME_PROMOTION_FAILED, "promotion-failed", fact);
	if ((fact = last_fact(r, MESSAGE_ROLLBACK_MANUAL)) != NULL || (fact = last_fact(r, MESSAGE_ROLLBACK_HOOK_PASSED)) != NULL)
		return set_outcome(f, OUTCOME_ROLLED_BACK, "manual-hook", fact);
	if ((fact = last_fact(r, MESSAGE_ROLLBACK_THRESHOLD)) != NULL)
		return set_outcome(f, rolled, "threshold", fact);
	if ((fact = last_fact(r, MESSAGE_ROLLBACK_DEADLINE)) != NULL)
		return set_outcome(f, rolled, "progress-deadline", fact);
	if ((fact = last_fact(r, MESSAGE_NOT_READY)) != NULL)
		return set_outcome(f, rolled, strstr(fact->text, "-primary") != NULL ? "primary-not-ready" : "canary-not-ready", fact);
	if (r->spec.threshold > 0 && r->max_failed_checks >= r->spec.threshold)
		return set_outcome(f, rolled, "threshold", last_fact(r, MESSAGE_FAILED));
	return set_outcome(f, rolled, rolled == OUTCOME_FAILED_BEFORE_TRAFFIC ? "canary-not-ready" : "unknown",
			   last_fact(r, MESSAGE_FAILED));
}

static int gather_failed(struct filling *f)
{
	struct rollout *r = f->r;
	struct failed_check *list = arena_alloc(f->arena, r->n_facts * sizeof *list);

	if (list == NULL)
		return error_nomem(f->err);
	for (size_t i = 0; i < r->n_facts; i++) {
		const struct fact *fact = &r->facts[i];

		if (strcmp(fact->kind, "message") == 0 && fact->attempt == r->attempts &&
		    flagger_message_is_failed_check(fact->message.kind))
			list[r->n_failed++] = (struct failed_check){ fact->at, fact->attempt, fact };
	}
	r->failed = list;
	return 0;
}

/* When the primary's template was replaced: by Flagger's word, else by the phase. */
static int64_t copying_time(const struct rollout *r)
{
	const struct fact *copy = last_fact(r, MESSAGE_COPY);

	if (copy != NULL)
		return copy->at;
	for (size_t i = 0; i < r->n_phases; i++)
		if (strcmp(r->phases[i].status.phase, "Promoting") == 0)
			return r->phases[i].at;
	return INSTANT_NONE;
}

static void note_end(struct filling *f)
{
	struct rollout *r = f->r;

	for (size_t i = 0; i < f->facts->n_messages; i++) {
		const struct message_row *m = &f->facts->messages[i];

		if (rollout_has_message(r, m) && m->received_at > r->last_row_at && m->received_at < end_of(r) + SLACK)
			r->last_row_at = m->received_at;
	}
	if (r->n_phases > 0 && r->phases[r->n_phases - 1].at > r->last_row_at)
		r->last_row_at = r->phases[r->n_phases - 1].at;
}

/* Where nobody watched the Canary, Flagger's own word: the last that it said, and since when it said so. */
static void note_suspension(struct rollout *r)
{
	if (r->outcome != OUTCOME_RUNNING || (r->channels & CHANNEL_STATUS) != 0 || r->suspended_at != INSTANT_NONE)
		return;
	for (size_t i = r->n_facts; i-- > 0 && r->facts[i].message.kind == MESSAGE_SUSPENDED;) {
		r->suspended_at = r->facts[i].at;
		r->suspended_id = r->facts[i].ids.n > 0 ? r->facts[i].ids.id[0] : 0;
		r->outcome_reason = "suspended";
	}
}

int rollout_fill(struct rollout *r, const struct facts *facts, struct arena *arena, struct error *err)
{
	struct filling f = { .r = r, .facts = facts, .arena = arena, .err = err };

	if (gather_messages(&f) < 0 || gather_phases(&f) < 0 || gather_weights(&f) < 0)
		return -1;
	if (f.n > 1)
		qsort(f.list, f.n, sizeof *f.list, compare_facts);
	r->facts = f.list;
	r->n_facts = f.n;
	r->copying_at = copying_time(r);
	note_end(&f);
	if (rollout_steps(r, arena, err) < 0)
		return -1;
	if (r->outcome == OUTCOME_PROMOTED && judge_success(&f) < 0)
		return -1;
	if (r->outcome == OUTCOME_ROLLED_BACK && judge_failure(&f) < 0)
		return -1;
	if (gather_images(&f) < 0 || gather_replicas(&f) < 0 || gather_templates(&f) < 0 || gather_failed(&f) < 0 || gather_gaps(&f) < 0)
		return -1;
	gather_versions(&f);
	note_suspension(r);
	r->gaps = f.gaps;
	r->n_gaps = f.n_gaps;
	return 0;
}
