/* Steps: the time between two changes of the route object, or between Flagger's words where no route object was seen. */
#include "tracker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"

/* A change of weights at a time, from whichever channel told it. */
struct change {
	int64_t at;
	double weight, exposure;
	bool tested; /* by iterations, without users: blue/green, and mirrored traffic */
	evidence_id id;
};

struct stepping {
	struct rollout *r;
	struct arena *arena;
	struct error *err;
	struct change *changes;
	size_t n_changes, cap_changes;
	struct step *steps;
	size_t n, cap;
};

static int64_t end_of(const struct rollout *r)
{
	return r->ended_at == INSTANT_NONE ? r->last_row_at : r->ended_at;
}

static int add_change(struct stepping *s, int64_t at, double weight, double exposure, evidence_id id)
{
	struct change *grown = arena_grow(s->arena, s->changes, s->n_changes, &s->cap_changes, sizeof *grown);

	if (grown == NULL)
		return error_nomem(s->err);
	s->changes = grown;
	grown[s->n_changes++] = (struct change){ at, weight, exposure, false, id };
	return 0;
}

/* Flagger's own number: what it wrote for the canary, of what it wrote in all. */
static double wanted(const struct route_weight *w)
{
	double canary = w->canary < 0 ? 0 : w->canary, primary = w->primary < 0 ? 0 : w->primary;

	return canary + primary > 0 ? 100 * canary / (canary + primary) : 0;
}

static int changes_of_routes(struct stepping *s)
{
	for (size_t i = 0; i < s->r->n_weights; i++) {
		const struct route_weight *w = &s->r->weights[i];
		const struct change *last = s->n_changes > 0 ? &s->changes[s->n_changes - 1] : NULL;

		if (w->at > end_of(s->r) + 5 * NS_PER_S)
			break;
		if (last != NULL && last->exposure == w->exposure)
			continue;
		if (add_change(s, w->at < s->r->started_at ? s->r->started_at : w->at, wanted(w), w->exposure, w->id) < 0)
			return -1;
	}
	return 0;
}

static bool is_blue_green(const struct rollout *r)
{
	return r->spec.iterations > 0 && !r->spec.has_match;
}

static bool ends_test(enum message_kind kind)
{
	return kind == MESSAGE_COPY || kind == MESSAGE_FAILED || kind == MESSAGE_RESTART || kind == MESSAGE_SUCCESS ||
	       kind == MESSAGE_ROLLBACK_THRESHOLD || kind == MESSAGE_ROLLBACK_MANUAL || kind == MESSAGE_ROLLBACK_DEADLINE ||
	       kind == MESSAGE_ROLLBACK_HOOK_PASSED || kind == MESSAGE_TERMINATED;
}

static int compare_changes(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* Blue/green: the canary is tested while all users stay on the primary, and no weight shows it. A test begins with its first iteration, and
 * ends where users are sent to the canary, which is a change by itself, or with one of Flagger's words. */
static int changes_of_tests(struct stepping *s)
{
	bool testing = false;

	for (size_t i = 0; i < s->r->n_facts; i++) {
		const struct fact *f = &s->r->facts[i];
		enum message_kind kind = f->message.kind;
		bool begins = !testing && kind == MESSAGE_ITERATION, ends = testing && ends_test(kind);

		if (strcmp(f->kind, "message") != 0)
			continue;
		testing = (testing || begins) && !ends && kind != MESSAGE_SWITCH;
		if (!begins && !ends)
			continue;
		if (add_change(s, f->at, 0, 0, f->ids.n > 0 ? f->ids.id[0] : 0) < 0)
			return -1;
		s->changes[s->n_changes - 1].tested = begins;
	}
	if (s->n_changes > 1)
		qsort(s->changes, s->n_changes, sizeof *s->changes, compare_changes);
	return 0;
}

/* Without the route object: "Advance … weight N", and what ends the exposure. */
static int changes_of_words(struct stepping *s)
{
	for (size_t i = 0; i < s->r->n_facts; i++) {
		const struct fact *f = &s->r->facts[i];
		double weight = NAN;

		if (strcmp(f->kind, "message") != 0)
			continue;
		if (f->message.kind == MESSAGE_WEIGHT)
			weight = f->message.weight;
		else if (f->message.kind == MESSAGE_ITERATION && s->r->spec.has_match)
			weight = 100;
		else if (f->message.kind == MESSAGE_SWITCH)
			weight = 100;
		else if (f->message.kind == MESSAGE_SHIFT_BACK || f->message.kind == MESSAGE_FAILED || f->message.kind == MESSAGE_RESTART ||
			 f->message.kind == MESSAGE_SUCCESS)
			weight = 0;
		if (isnan(weight) || weight < 0 || weight > 100 || (s->n_changes > 0 && s->changes[s->n_changes - 1].weight == weight))
			continue;
		if (add_change(s, f->at, weight, weight / 100, f->ids.n > 0 ? f->ids.id[0] : 0) < 0)
			return -1;
	}
	return 0;
}

/* The least certain channel: the status' canaryWeight at each write. */
static int changes_of_status(struct stepping *s)
{
	for (size_t i = 0; i < s->r->n_phases; i++) {
		const struct phase_change *p = &s->r->phases[i];
		double weight = s->r->spec.has_match && p->status.iterations > 0 ? 100 : p->status.weight;

		if (weight < 0 || weight > 100 || (s->n_changes > 0 && s->changes[s->n_changes - 1].weight == weight))
			continue;
		if (add_change(s, p->at, weight, weight / 100, p->id) < 0)
			return -1;
	}
	return 0;
}

/* By the number that Flagger says: at a shut gate it says the last one again and again. */
static int64_t iterations_in(const struct rollout *r, int64_t from, int64_t to)
{
	int64_t highest = 0;

	for (size_t i = 0; i < r->n_facts; i++)
		if (r->facts[i].message.kind == MESSAGE_ITERATION && strcmp(r->facts[i].kind, "message") == 0 &&
		    r->facts[i].at >= from - NS_PER_S && r->facts[i].at < to && r->facts[i].message.iteration > highest)
			highest = r->facts[i].message.iteration;
	return highest;
}

/* What a running rollout is at now: it goes on behind its last row. */
static bool is_open(const struct stepping *s, const struct change *c)
{
	return s->r->ended_at == INSTANT_NONE && c == &s->changes[s->n_changes - 1];
}

static int add_step(struct stepping *s, const struct change *c, int64_t from, int64_t to, enum step_kind kind)
{
	struct step *grown;

	if (to < from || (to == from && !is_open(s, c)))
		return 0;
	grown = arena_grow(s->arena, s->steps, s->n, &s->cap, sizeof *grown);
	if (grown == NULL)
		return error_nomem(s->err);
	s->steps = grown;
	grown = &grown[s->n++];
	*grown = (struct step){ .kind = kind, .weight = c->weight, .exposure = c->exposure, .from = from, .to = to };
	grown->mirrored = c->tested && s->r->spec.mirror;
	grown->attempt = s->r->attempts > 1 && from >= s->r->attempt_started_at - NS_PER_S ? s->r->attempts
			 : s->r->attempts > 1                                              ? s->r->attempts - 1
											   : 1;
	grown->iterations = iterations_in(s->r, from, to);
	return ids_add(&grown->ids, c->id, s->arena) < 0 ? error_nomem(s->err) : 0;
}

/* One stretch of equal exposure, cut where the primary's template is replaced: behind it both arms run new code. */
static int step_of_change(struct stepping *s, size_t i)
{
	const struct change *c = &s->changes[i];
	int64_t to = i + 1 < s->n_changes ? s->changes[i + 1].at : end_of(s->r), cut = s->r->copying_at;

	if (is_open(s, c) && to < c->at)
		to = c->at;
	if (c->exposure <= 0 && !c->tested)
		return add_step(s, c, c->at, to, STEP_RETURN);
	if (cut == INSTANT_NONE || cut >= to)
		return add_step(s, c, c->at, to, STEP_ANALYSIS);
	if (add_step(s, c, c->at, cut, STEP_ANALYSIS) < 0)
		return -1;
	return add_step(s, c, cut > c->at ? cut : c->at, to, STEP_PROMOTION);
}

static void note_return(struct stepping *s)
{
	bool exposed = false;

	for (size_t i = 0; i < s->n_changes; i++) {
		if (s->changes[i].exposure > 0) {
			exposed = true;
			s->r->traffic_returned_at = INSTANT_NONE;
		} else if (exposed && s->r->traffic_returned_at == INSTANT_NONE) {
			s->r->traffic_returned_at = s->changes[i].at;
			s->r->traffic_returned_id = s->changes[i].id;
		}
	}
}

int rollout_steps(struct rollout *r, struct arena *arena, struct error *err)
{
	struct stepping s = { .r = r, .arena = arena, .err = err };

	if (changes_of_routes(&s) < 0)
		return -1;
	if (s.n_changes == 0 && changes_of_words(&s) < 0)
		return -1;
	if (s.n_changes == 0 && changes_of_status(&s) < 0)
		return -1;
	if (is_blue_green(r) && changes_of_tests(&s) < 0)
		return -1;
	for (size_t i = 0; i < s.n_changes; i++)
		if (step_of_change(&s, i) < 0)
			return -1;
	note_return(&s);
	r->steps = s.steps;
	r->n_steps = s.n;
	return 0;
}
