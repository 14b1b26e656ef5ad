/* Gaps, and the complete timeline, each row with its evidence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "assess.h"
#include "flagger.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "words.h"

/* ---- Gaps. */

static int add_gap(struct assessing *a, const struct gap *gap)
{
	struct assessment *out = a->out;
	struct numbered_gap *grown = arena_grow(a->arena, out->gaps, out->n_gaps, &a->cap_gaps, sizeof *grown);
	char from[INSTANT_TEXT_MAX], to[INSTANT_TEXT_MAX];

	if (grown == NULL)
		return error_nomem(a->err);
	out->gaps = grown;
	grown[out->n_gaps] = (struct numbered_gap){ .gap = *gap };
	grown[out->n_gaps].text = arena_printf(a->arena, "%s: %s to %s UTC: %s", gap->source, instant_clock(from, gap->from),
					       instant_clock(to, gap->to), gap->reason);
	return grown[out->n_gaps++].text == NULL ? error_nomem(a->err) : 0;
}

static int add_sample_gap(struct assessing *a, int64_t from, int64_t to, const char *reason, const struct ids *ids)
{
	struct gap gap = { .source = "prometheus", .from = from, .to = to, .reason = reason };

	if (ids != NULL && ids_add_all(&gap.ids, ids, a->arena) < 0)
		return error_nomem(a->err);
	return add_gap(a, &gap);
}

/* Times of the analysis in which nothing was scraped. Some seconds at either end are the scrape's own rhythm. */
static int sample_gaps(struct assessing *a)
{
	int64_t from = a->input.window_from, to = a->input.window_to == INSTANT_NONE ? a->input.at : a->input.window_to, at = from;
	int64_t allowed = a->all.scrape_interval > 0 ? a->all.scrape_interval * 5 / 2 : 30 * NS_PER_S;
	const struct ids *last = NULL;
	bool closed = false;

	if (!a->judged)
		return 0;
	for (size_t i = 0; i < a->all.n && !closed; i++) {
		const struct stratum *s = &a->all.v[i];

		/* A cell of the common grid that hardly any scrape tells of is none. */
		if (s->to <= from || ((s->flags & STRATUM_REJECTED) != 0 && (s->flags & STRATUM_ALIGNED) != 0))
			continue;
		/* A gap that outlasts the analysis has its whole length. */
		closed = s->from >= to;
		if (at < to && s->from - at > allowed && add_sample_gap(a, at, s->from, "no samples", &s->ids) < 0)
			return -1;
		if (!closed && s->to - s->from > allowed &&
		    add_sample_gap(a, s->from, s->to, "no samples: the target was not scraped, or Prometheus was away", &s->ids) < 0)
			return -1;
		at = s->to > at ? s->to : at;
		last = &s->ids;
	}
	if (!closed && to - at > allowed)
		return add_sample_gap(a, at, to, a->all.n == 0 ? "no samples of either arm in the whole analysis" : "no samples", last);
	return 0;
}

static int compare_gaps(const void *x, const void *y)
{
	const struct numbered_gap *a = x, *b = y;

	if (a->gap.from != b->gap.from)
		return a->gap.from < b->gap.from ? -1 : 1;
	return strcmp(a->gap.source, b->gap.source);
}

int assess_gaps(struct assessing *a)
{
	for (size_t i = 0; i < a->r->n_gaps; i++)
		if (add_gap(a, &a->r->gaps[i]) < 0)
			return -1;
	if (sample_gaps(a) < 0)
		return -1;
	if (a->out->n_gaps > 1)
		qsort(a->out->gaps, a->out->n_gaps, sizeof *a->out->gaps, compare_gaps);
	for (size_t i = 0; i < a->out->n_gaps; i++) {
		a->out->gaps[i].id = arena_printf(a->arena, "G-%02zu", i + 1);
		if (a->out->gaps[i].id == NULL)
			return error_nomem(a->err);
	}
	return 0;
}

/* ---- Timeline. */

static struct timeline_row *add_row(struct assessing *a, int64_t at, const char *source, const char *kind, int rank, const char *text)
{
	struct assessment *out = a->out;
	struct timeline_row *grown;

	if (text == NULL)
		return NULL;
	grown = arena_grow(a->arena, out->timeline, out->n_timeline, &a->cap_timeline, sizeof *grown);
	if (grown == NULL)
		return NULL;
	out->timeline = grown;
	grown[out->n_timeline] = (struct timeline_row){ .at = at, .source = source, .kind = kind, .rank = rank, .text = text };
	return &grown[out->n_timeline++];
}

static int rank_of(const struct fact *f)
{
	switch (f->message.kind) {
	case MESSAGE_ROLLBACK_THRESHOLD:
	case MESSAGE_ROLLBACK_MANUAL:
	case MESSAGE_ROLLBACK_DEADLINE:
	case MESSAGE_FAILED:
	case MESSAGE_PROMOTION_FAILED:
		return 1;
	case MESSAGE_WEIGHT:
	case MESSAGE_ITERATION:
	case MESSAGE_PROMOTION_WEIGHT:
		return 3;
	case MESSAGE_NEW_REVISION:
	case MESSAGE_RESTART:
	case MESSAGE_SUCCESS:
		return 2;
	default:
		return flagger_message_is_failed_check(f->message.kind) ? 4 : 7;
	}
}

static int add_facts(struct assessing *a)
{
	for (size_t i = 0; i < a->r->n_facts; i++) {
		const struct fact *f = &a->r->facts[i];
		bool phase = strcmp(f->kind, "phase") == 0;
		const char *times = f->occurrences > 1 ? arena_printf(a->arena, " (%lld times)", (long long)f->occurrences) : "";
		const char *code = words_code(f->text, a->arena);
		const char *text = phase ? arena_printf(a->arena, "Phase %s", code) : arena_printf(a->arena, "%s%s", code, times);
		struct timeline_row *row = add_row(a, f->at, phase ? "Kubernetes" : "Flagger", f->kind, phase ? 2 : rank_of(f), text);

		if (code == NULL || row == NULL || ids_add_all(&row->ids, &f->ids, a->arena) < 0)
			return error_nomem(a->err);
		row->uncorroborated = f->channels == CHANNEL_WEBHOOK && (a->r->channels & CHANNEL_EVENTS) != 0;
	}
	return 0;
}

static int add_weights(struct assessing *a)
{
	double last = -1;

	for (size_t i = 0; i < a->r->n_weights; i++) {
		const struct route_weight *w = &a->r->weights[i];
		struct timeline_row *row;

		if (w->exposure == last || w->at < a->r->started_at - NS_PER_S) {
			last = w->exposure;
			continue;
		}
		last = w->exposure;
		row = add_row(a, w->at, "Kubernetes", "weight", 3,
			      arena_printf(a->arena, "Route object: %s of the traffic goes to the canary",
					   words_weight(w->exposure * 100, a->arena)));
		if (row == NULL || ids_add(&row->ids, w->id, a->arena) < 0)
			return error_nomem(a->err);
	}
	return 0;
}

static int add_decisions(struct assessing *a)
{
	for (size_t i = 0; i < a->out->n_results; i++) {
		const struct criterion_result *r = &a->out->results[i];
		const struct decision *d = &a->decisions[i];
		char since[INSTANT_TEXT_MAX];
		struct timeline_row *row;

		if (r->decided_at == INSTANT_NONE || (r->state != CRITERION_FAIL && r->state != CRITERION_PASS))
			continue;
		row = add_row(a, r->decided_at, "Prometheus", "limit", 5,
			      arena_printf(a->arena, "%s: %s (%s%s)", words_criterion(r->criterion, a->arena),
					   r->state == CRITERION_FAIL ? "fail" : "pass", words_value(r->criterion, r->value, a->arena),
					   d->from == INSTANT_NONE || d->from >= r->decided_at
						   ? ""
						   : arena_printf(a->arena, " since %s", instant_clock(since, d->from))));
		if (row == NULL)
			return error_nomem(a->err);
		/* The answer that the deciding scrape came with. */
		for (size_t k = 0; k < a->input.strata->n; k++)
			if (a->input.strata->v[k].to == r->decided_at && ids_add_all(&row->ids, &a->input.strata->v[k].ids, a->arena) < 0)
				return error_nomem(a->err);
		/* The final test takes all of them; the last came with the ladder's end. */
		if (row->ids.n == 0 && r->ids.n > 0 && ids_add(&row->ids, r->ids.id[r->ids.n - 1], a->arena) < 0)
			return error_nomem(a->err);
	}
	return 0;
}

static int add_silence(struct assessing *a)
{
	const struct silence *s = &a->out->silence;
	struct timeline_row *row;

	if (s->from == INSTANT_NONE)
		return 0;
	row = add_row(a, s->from, "Prometheus", "silence", 1, "From here on no request of either version is seen");
	if (row == NULL || ids_add_all(&row->ids, &s->ids, a->arena) < 0)
		return error_nomem(a->err);
	if (!s->over)
		return 0;
	row = add_row(a, s->to, "Prometheus", "silence", 1, "Requests are seen again");
	return row == NULL || ids_add(&row->ids, s->ids.id[s->ids.n - 1], a->arena) < 0 ? error_nomem(a->err) : 0;
}

static int add_others(struct assessing *a)
{
	const struct containment *c = &a->out->containment;
	struct timeline_row *row;

	for (size_t i = 0; i < a->out->n_gaps; i++) {
		row = add_row(a, a->out->gaps[i].gap.from, "gap", "gap", 6, a->out->gaps[i].text);
		if (row == NULL || ids_add_all(&row->ids, &a->out->gaps[i].gap.ids, a->arena) < 0)
			return error_nomem(a->err);
		row->gap = a->out->gaps[i].id;
	}
	if (a->r->deleted) {
		row = add_row(a, a->r->ended_at, "Kubernetes", "deleted", 1, "The Canary was deleted");
		if (row == NULL || ids_add_all(&row->ids, &a->r->outcome_ids, a->arena) < 0)
			return error_nomem(a->err);
	}
	if (add_silence(a) < 0)
		return -1;
	if (a->r->suspended_at != INSTANT_NONE) {
		row = add_row(a, a->r->suspended_at, "Kubernetes", "suspended", 1, "spec.suspend is set");
		if (row == NULL || ids_add(&row->ids, a->r->suspended_id, a->arena) < 0)
			return error_nomem(a->err);
	}
	if (c->state != CONTAINMENT_CONFIRMED)
		return 0;
	row = add_row(a, c->at, "Prometheus", "traffic", 1, "The canary receives no request any more; all traffic is on the primary");
	return row == NULL || ids_add_all(&row->ids, &c->ids, a->arena) < 0 ? error_nomem(a->err) : 0;
}

static int compare_rows(const void *x, const void *y)
{
	const struct timeline_row *a = x, *b = y;
	evidence_id i = a->ids.n > 0 ? a->ids.id[0] : 0, k = b->ids.n > 0 ? b->ids.id[0] : 0;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (i != k)
		return i < k ? -1 : 1;
	return strcmp(a->text, b->text);
}

void assess_sort_timeline(struct assessment *out)
{
	if (out->n_timeline > 1)
		qsort(out->timeline, out->n_timeline, sizeof *out->timeline, compare_rows);
}

int assess_timeline(struct assessing *a)
{
	if (add_facts(a) < 0 || add_weights(a) < 0 || add_decisions(a) < 0 || add_others(a) < 0)
		return -1;
	assess_sort_timeline(a->out);
	return 0;
}
