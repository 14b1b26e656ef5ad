/* What people decided, into the document. */
#include <string.h>

#include "gonogo/assessment.h"
#include "gonogo/doc.h"
#include "gonogo/instant.h"
#include "gonogo/ruling.h"
#include "package-ruling.h"

static void cite(struct doc *d, struct text *text, evidence_id id)
{
	struct ids ids = { .id = &id, .n = 1 };

	span_ids(d, text, &ids, NULL);
}

static const char *or_unnamed(const char *role)
{
	return role == NULL ? "role not given" : role;
}

static void sign_off(struct doc *d, const struct record *decision)
{
	char at[INSTANT_TEXT_MAX];

	d->sign_off.decision = verdict_word(decision->decision);
	d->sign_off.name = doc_clean(d, decision->by);
	d->sign_off.role = doc_clean(d, or_unnamed(decision->role));
	d->sign_off.at = doc_printf(d, "%.19s", instant_long(at, decision->at));
	d->sign_off.reason = doc_clean(d, decision->text);
}

void package_strip_next(struct doc *d)
{
	if (!text_is_empty(&d->strip))
		span_text(d, &d->strip, " ");
}

static void put_override(struct doc *d, const struct record *decision)
{
	package_strip_next(d);
	span_text(d, &d->strip, doc_printf(d, "Overridden to %s by ", verdict_word(decision->decision)));
	span_code(d, &d->strip, decision->by);
	span_text(d, &d->strip, ": ");
	span_code(d, &d->strip, decision->text);
	cite(d, &d->strip, decision->id);
	span_text(d, &d->strip, ".");
}

/* The last decision does not hold although somebody made it: page one must not look as if nobody had. */
static void put_void(struct doc *d, const struct ruled *ruled)
{
	package_strip_next(d);
	span_text(d, &d->strip, doc_printf(d, "The decision %s of ", verdict_word(ruled->decision->decision)));
	span_code(d, &d->strip, ruled->decision->by);
	span_printf(d, &d->strip, " does not count: %s", ruled->why_not);
	cite(d, &d->strip, ruled->decision->id);
	span_text(d, &d->strip, ".");
}

void package_strip_ruling(struct doc *d, const struct ruling *r)
{
	if (r == NULL)
		return;
	if (r->overridden)
		put_override(d, r->decision);
	if (r->state == RULING_WAITING) {
		package_strip_next(d);
		span_text(d, &d->strip, doc_printf(d, "%s.", r->text));
	}
	if (r->decision == NULL && r->n_history > 0)
		put_void(d, &r->history[r->n_history - 1]);
}

void package_sign_off(struct doc *d, const struct ruling *r)
{
	if (r != NULL && r->decision != NULL && r->state != RULING_WAITING)
		sign_off(d, r->decision);
	doc_sign_off(d);
}

/* ---- Actions. */

static void put_action(struct doc *d, struct row *row, const struct action *a)
{
	struct text *what = &row->cells[1].text;

	span_code(d, what, a->text);
	span_text(d, what, "; validated by ");
	if (a->validation == NULL)
		span_text(d, what, "nothing named");
	else
		span_code(d, what, a->validation);
	span_ids(d, what, &a->ids, NULL);
	row->cells[2].text = a->owner == NULL ? text_of(d, "owner not named") : text_code(d, a->owner);
	span_text(d, &row->cells[2].text, a->due == NULL ? ", no due date" : doc_printf(d, ", due %s", a->due));
	span_text(d, &row->cells[2].text, doc_printf(d, ", %s", action_state_name(a->state)));
}

void package_remedy(struct doc *d, struct row *row, const struct ruling *r, const char *rule)
{
	bool any = false;

	for (size_t i = 0; r != NULL && i < r->n_actions && !any; i++) {
		any = r->actions[i].finding != NULL && strcmp(r->actions[i].finding, rule) == 0;
		if (any) {
			span_text(d, &row->cells[1].text, " Recorded: ");
			put_action(d, row, &r->actions[i]);
		}
	}
	if (!any)
		row->cells[2].text = text_of(d, "owner not named");
}

static bool answers(const struct assessment *a, const struct action *action)
{
	for (size_t i = 0; i < a->n_findings; i++)
		if (action->finding != NULL && strcmp(a->findings[i].rule, action->finding) == 0)
			return true;
	return false;
}

static bool is_first_answer(const struct ruling *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (r->actions[k].finding != NULL && strcmp(r->actions[k].finding, r->actions[i].finding) == 0)
			return false;
	return true;
}

void package_actions(struct doc *d, struct table *t, const struct assessment *a)
{
	const struct ruling *r = a->ruling;
	size_t number = t->n_rows;

	for (size_t i = 0; r != NULL && i < r->n_actions; i++) {
		struct row *row;

		if (answers(a, &r->actions[i]) && is_first_answer(r, i))
			continue;
		row = table_row(d, t);
		if (row == NULL)
			return;
		row->cells[0].anchor = doc_printf(d, "A-%02zu", ++number);
		row->cells[0].text = text_of(d, row->cells[0].anchor);
		row->cells[0].bold = true;
		put_action(d, row, &r->actions[i]);
	}
}

/* ---- Provenance. */

static struct text person(struct doc *d, const struct record *r, const char *before)
{
	char at[INSTANT_TEXT_MAX];
	struct text text = text_of(d, before);

	span_code(d, &text, r->by);
	span_text(d, &text, ", ");
	span_code(d, &text, or_unnamed(r->role));
	span_printf(d, &text, ", at %s", instant_long(at, r->at));
	cite(d, &text, r->id);
	return text;
}

static void put_approval(struct doc *d, struct block *b, const struct ruling *r)
{
	struct text text = r->approval != NULL        ? person(d, r->approval, "")
			   : r->late_approval != NULL ? person(d, r->late_approval, "only after the rollout began: ")
						      : text_of(d, "nobody approved these criteria before the start");

	keys_add(d, b, (struct key){ .label = "Criteria approved", .value = text });
}

void package_ruling_provenance(struct doc *d, struct block *b, const struct ruling *r)
{
	if (r == NULL)
		return;
	keys_add(d, b,
		 (struct key){ .label = "Package",
			       .value = text_of(d, doc_printf(d, "sha256 %s (what a decision is bound to)", r->package)) });
	put_approval(d, b, r);
	for (size_t i = 0; i < r->n_history; i++) {
		const struct ruled *h = &r->history[i];
		struct text text = person(d, h->decision, doc_printf(d, "%s, by ", verdict_word(h->decision->decision)));

		if (!h->counts)
			span_printf(d, &text, "; does not count: %s", h->why_not);
		span_text(d, &text, "; reason: ");
		span_code(d, &text, h->decision->text);
		keys_add(d, b, (struct key){ .label = doc_printf(d, "Decision %zu", i + 1), .value = text });
	}
}
