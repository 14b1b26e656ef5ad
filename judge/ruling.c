/* From the recorded decisions to what holds now. */
#include "gonogo/ruling.h"

#include <ctype.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/criteria.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/rollout.h"

/* Persons beyond the second change nothing. */
#define PERSONS_MAX 2

const char *ruling_state_name(enum ruling_state state)
{
	static const char *const names[] = { "none", "decided", "waiting", "expired" };

	return names[state];
}

/* "Ada Lovelace" and " ada  lovelace": one person cannot sign twice by another spelling. */
static bool same_person(const char *a, const char *b)
{
	for (;;) {
		while (isspace((unsigned char)*a))
			a++;
		while (isspace((unsigned char)*b))
			b++;
		if (*a == '\0' || *b == '\0')
			return *a == *b;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		a++;
		b++;
	}
}

static bool hard_stop_failed(const struct assessment *a)
{
	for (size_t i = 0; i < a->n_results; i++)
		if (a->results[i].criterion->hard_stop && a->results[i].state == CRITERION_FAIL)
			return true;
	return false;
}

/* Another version words the same judgement otherwise; then the evidence's last row, the criteria and the verdict must be the same. */
static bool same_package(const struct record *d, const struct assessment *a, const char *package)
{
	char head[DIGEST_HEX_SIZE], criteria[DIGEST_HEX_SIZE];

	if (strcmp(d->package, package) == 0)
		return true;
	return d->version != NULL && strcmp(d->version, GONOGO_VERSION) != 0 && d->computed == a->verdict &&
	       strcmp(d->evidence_head, digest_hex(head, a->provenance.head)) == 0 &&
	       strcmp(d->criteria, digest_hex(criteria, a->criteria->sha256)) == 0;
}

/* A GO needs the persons that agree since the last other decision; any other decision holds by itself. */
static void count_decision(struct ruling *out, struct ruled *ruled, const struct record **persons)
{
	const struct record *d = ruled->decision;

	ruled->counts = true;
	if (d->decision != VERDICT_GO) {
		out->persons = 0;
	} else if (out->persons == 0 || !same_person(persons[0]->by, d->by)) {
		persons[out->persons < PERSONS_MAX ? out->persons : PERSONS_MAX - 1] = d;
		out->persons += out->persons < PERSONS_MAX ? 1 : 0;
	}
	out->decision = d;
}

static int collect(struct ruling *out, const struct assessment *a, struct arena *arena, struct error *err)
{
	const struct record *persons[PERSONS_MAX] = { NULL };

	out->history = arena_alloc(arena, out->records->n * sizeof *out->history);
	if (out->history == NULL)
		return error_nomem(err);
	for (size_t i = 0; i < out->records->n; i++) {
		const struct record *d = &out->records->v[i];
		struct ruled *ruled = &out->history[out->n_history];

		if (d->kind != RECORD_DECISION)
			continue;
		out->n_history++;
		ruled->decision = d;
		if (!same_package(d, a, out->package))
			ruled->why_not = "made on another package than this one";
		else if (d->decision == VERDICT_GO && a->partial)
			ruled->why_not = "no GO while the rollout runs";
		else
			count_decision(out, ruled, persons);
	}
	return 0;
}

/* Decisions before the last that counts; those that agreed with it on GO stand beside it. */
static void mark_superseded(struct ruling *out)
{
	bool agreeing = true;

	for (size_t i = out->n_history; i-- > 0;) {
		struct ruled *r = &out->history[i];

		if (!r->counts || r->decision == out->decision)
			continue;
		agreeing = agreeing && r->decision->decision == out->decision->decision && r->decision->decision == VERDICT_GO &&
			   !same_person(r->decision->by, out->decision->by);
		if (!agreeing) {
			r->counts = false;
			r->why_not = "superseded";
		}
	}
}

static const char *when_text(int64_t at, struct arena *arena)
{
	char text[INSTANT_TEXT_MAX];

	return arena_printf(arena, "%s", instant_long(text, at));
}

static void settle_expired(struct ruling *out, const struct assessment *a, struct arena *arena)
{
	bool revert = out->decision->decision == VERDICT_HOLD && a->criteria->revert_when_expired;

	out->state = RULING_EXPIRED;
	out->effective = revert ? VERDICT_NO_GO : a->verdict == VERDICT_GO ? VERDICT_HOLD : a->verdict;
	out->text = arena_printf(arena, "The decision held until %s and nobody decided since: %s", when_text(out->decision->until, arena),
				 revert ? "NO-GO, as hold.expired says" : verdict_word(out->effective));
}

static void settle_decided(struct ruling *out, const struct assessment *a, struct arena *arena)
{
	const struct record *d = out->decision;

	out->state = RULING_DECIDED;
	out->effective = d->decision;
	out->overridden = d->decision != a->verdict;
	out->text = arena_printf(arena, "%s, decided at %s%s%s", verdict_word(d->decision), when_text(d->at, arena),
				 d->until == INSTANT_NONE ? "" : ", until ", d->until == INSTANT_NONE ? "" : when_text(d->until, arena));
}

static void settle_waiting(struct ruling *out, const struct assessment *a, struct arena *arena)
{
	out->state = RULING_WAITING;
	out->effective = a->verdict == VERDICT_NO_GO ? VERDICT_NO_GO : VERDICT_HOLD;
	out->text = arena_printf(arena, "GO needs %zu persons, %zu decided so: %s until another does", out->persons_needed, out->persons,
				 verdict_word(out->effective));
}

static void settle(struct ruling *out, const struct assessment *a, int64_t now, struct arena *arena)
{
	const struct record *d = out->decision;
	bool go = d == NULL ? a->verdict == VERDICT_GO : d->decision == VERDICT_GO;
	bool override = d != NULL && d->decision != a->verdict;

	out->persons_needed = go && (a->criteria->two_persons || (override && hard_stop_failed(a))) ? 2 : 1;
	if (d != NULL && d->until != INSTANT_NONE && now != INSTANT_NONE && now > d->until) {
		settle_expired(out, a, arena);
	} else if (go && out->persons_needed > 1 && out->persons < out->persons_needed) {
		settle_waiting(out, a, arena);
	} else if (d != NULL) {
		settle_decided(out, a, arena);
	} else {
		out->state = RULING_NONE;
		out->effective = a->verdict;
		out->text = "No decision is recorded for this package";
	}
}

static void find_approval(struct ruling *out, const struct assessment *a)
{
	char hex[DIGEST_HEX_SIZE];

	(void)digest_hex(hex, a->criteria->sha256);
	for (size_t i = 0; i < out->records->n; i++) {
		const struct record *r = &out->records->v[i];

		if (r->kind != RECORD_APPROVAL || strcmp(r->criteria, hex) != 0)
			continue;
		if (r->at <= a->rollout->started_at)
			out->approval = r;
		else if (out->late_approval == NULL)
			out->late_approval = r;
	}
}

int ruling_make(struct ruling *out, const struct assessment *assessment, const struct records *all, const char *package, int64_t now,
		struct arena *arena, struct error *err)
{
	struct records *mine = arena_alloc(arena, sizeof *mine);

	*out = (struct ruling){ .records = mine, .package = arena_strdup(arena, package) };
	if (mine == NULL || out->package == NULL)
		return error_nomem(err);
	if (records_of(mine, all, assessment->rollout, arena, err) < 0 || collect(out, assessment, arena, err) < 0 ||
	    records_actions(&out->actions, &out->n_actions, mine, arena, err) < 0)
		return -1;
	mark_superseded(out);
	settle(out, assessment, now, arena);
	find_approval(out, assessment);
	return out->text == NULL ? error_nomem(err) : 0;
}
