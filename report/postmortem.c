#include "postmortem.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/ruling.h"
#include "package.h"

#define NBSP "\xC2\xA0"

struct writing {
	struct doc *d;
	const struct assessment *a;
	size_t open;
};

enum section { SUMMARY, IMPACT, ROOT_CAUSES, TRIGGER, DETECTION, RESOLUTION, WENT_WELL, WENT_BADLY, LUCKY, SUPPORTING };

static const struct {
	const char *name, *title, *prompt;
} sections[] = {
	[SUMMARY] = { "summary", "Summary", "Two sentences for somebody who was not there: what happened, and what it meant." },
	[IMPACT] = { "impact", "Impact", "Who noticed what, in the users' terms: which function, how many of them, for how long." },
	[ROOT_CAUSES] = { "root-causes", "Root causes and contributing factors", "Several factors, not one cause; facts, no blame." },
	[TRIGGER] = { "trigger", "Trigger", NULL },
	[DETECTION] = { "detection", "Detection", NULL },
	[RESOLUTION] = { "resolution", "Mitigation and recovery", NULL },
	[WENT_WELL] = { "went-well", "What went well", "What worked as it was meant to." },
	[WENT_BADLY] = { "went-badly", "What went badly", "What did not work, was missing, or took too long." },
	[LUCKY] = { "lucky", "Where we got lucky", "What would have made it worse, and was not there by chance." },
	[SUPPORTING] = { "supporting-data", "Supporting data", NULL },
};

bool postmortem_has_section(const char *name)
{
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
		if (strcmp(sections[i].name, name) == 0)
			return true;
	return false;
}

static void cited(struct writing *w, const char *marked, const struct ids *ids)
{
	struct text text = text_of(w->d, marked);

	span_ids(w->d, &text, ids, NULL);
	doc_paragraph(w->d, 0, text);
}

/* What people wrote for the section; a prompt where a person must and nobody did. */
static void notes(struct writing *w, enum section section)
{
	const struct records *records = w->a->ruling->records;
	bool any = false;

	for (size_t i = 0; i < records->n; i++) {
		const struct record *r = &records->v[i];
		struct ids ids = { .id = (evidence_id[]){ r->id }, .n = 1 };
		struct text text = { 0 };

		if (r->kind != RECORD_NOTE || r->section == NULL || strcmp(r->section, sections[section].name) != 0)
			continue;
		any = true;
		span_code(w->d, &text, r->text);
		span_text(w->d, &text, " (");
		span_code(w->d, &text, r->by);
		span_text(w->d, &text, r->cites == NULL ? ")" : doc_printf(w->d, ", on %s)", r->cites));
		span_ids(w->d, &text, &ids, NULL);
		doc_paragraph(w->d, 0, text);
	}
	if (any || sections[section].prompt == NULL)
		return;
	w->open++;
	doc_paragraph(w->d, 0,
		      text_of(w->d, doc_printf(w->d, "TO WRITE: %s `gonogo note %s --section %s --text … --by …`", sections[section].prompt,
					       w->a->rollout->id, sections[section].name)));
}

static void heading(struct writing *w, enum section section)
{
	(void)doc_heading(w->d, 0, sections[section].title, NULL);
}

/* ---- Times. A range where the truth lies between two looks. */

struct span_range {
	int64_t from, to; /* INSTANT_NONE: unknown */
};

static const char *clock_of(struct writing *w, int64_t at)
{
	char text[INSTANT_TEXT_MAX];

	return doc_printf(w->d, "%s", instant_long(text, at));
}

static const char *words_of(struct writing *w, int64_t span)
{
	char text[INSTANT_TEXT_MAX];

	return doc_printf(w->d, "%s", duration_words(text, span < 0 ? 0 : span / NS_PER_S * NS_PER_S));
}

static int64_t scrape(const struct writing *w)
{
	double seconds = w->a->provenance.scrape_interval;

	return isnan(seconds) ? 0 : (int64_t)(seconds * 1e9);
}

static struct span_range exposed(const struct writing *w)
{
	return w->a->n_steps == 0 ? (struct span_range){ INSTANT_NONE, INSTANT_NONE }
				  : (struct span_range){ w->a->steps[0].step->from, w->a->steps[0].step->from };
}

static struct span_range decided(const struct writing *w, const struct ids **ids)
{
	const struct rollout *r = w->a->rollout;

	if (r->outcome != OUTCOME_ROLLED_BACK || r->ended_at == INSTANT_NONE)
		return (struct span_range){ INSTANT_NONE, INSTANT_NONE };
	*ids = &r->outcome_ids;
	return (struct span_range){ r->ended_at, r->ended_at };
}

static struct span_range recovered(const struct writing *w, const struct ids **ids)
{
	const struct containment *c = &w->a->containment;

	if (c->state != CONTAINMENT_CONFIRMED)
		return (struct span_range){ INSTANT_NONE, INSTANT_NONE };
	*ids = &c->ids;
	return (struct span_range){ c->at - scrape(w), c->at };
}

/* From one moment to the other, each somewhere in its range. */
static const char *between(struct writing *w, struct span_range from, struct span_range to)
{
	int64_t least, most;

	if (from.to == INSTANT_NONE || to.to == INSTANT_NONE)
		return "not known";
	least = to.from - from.to;
	most = to.to - from.from;
	least = least < 0 ? 0 : least;
	if (most < 0)
		return "not known: the later moment was seen first";
	if (most - least < NS_PER_S)
		return words_of(w, most);
	return doc_printf(w->d, "%s to %s", words_of(w, least), words_of(w, most));
}

static void time_row(struct writing *w, struct table *t, const char *what, const char *span, struct span_range at, const struct ids *ids)
{
	struct row *row = table_row(w->d, t);

	if (row == NULL)
		return;
	row->cells[0].text = text_of(w->d, what);
	row->cells[1].text = text_of(w->d, span);
	row->cells[2].text = text_of(w->d, at.to == INSTANT_NONE ? "not seen"
					   : at.to - at.from < NS_PER_S
						   ? clock_of(w, at.to)
						   : doc_printf(w->d, "%s to %s", clock_of(w, at.from), clock_of(w, at.to)));
	if (ids != NULL)
		span_ids(w->d, &row->cells[2].text, ids, NULL);
}

static void times(struct writing *w)
{
	static const struct column columns[] = { { "Time to", 0.3, false, false },
						 { "Span", 0.25, false, false },
						 { "At (UTC)", 0.45, false, false } };
	const struct ids *back = NULL, *end = NULL;
	struct span_range start = exposed(w), seen = { w->a->first_sign.from, w->a->first_sign.to }, stop = decided(w, &end),
			  returned = recovered(w, &back);
	struct table *t;

	(void)doc_heading(w->d, 0, "Times", "of one incident, so a time to, not a mean; a range where the truth lies between two looks");
	t = doc_table(w->d, 0, columns, 3);
	time_row(w, t, "first exposure of users", "start of the clock", start, w->a->n_steps > 0 ? &w->a->steps[0].step->ids : NULL);
	time_row(w, t, "detect (first sign)", between(w, start, seen), seen, w->a->first_sign.ids);
	time_row(w, t, "mitigate (rollback decided)", between(w, seen, stop), stop, end);
	time_row(w, t, "recover (traffic back)", between(w, seen, returned), returned, back);
}

/* ---- Sections. */

static void metadata(struct writing *w)
{
	const struct rollout *r = w->a->rollout;
	struct block *b = doc_keys(w->d, 0);
	struct text names = { 0 };
	const struct records *records = w->a->ruling->records;

	for (size_t i = 0; i < records->n; i++) {
		bool known = records->v[i].kind != RECORD_NOTE || records->v[i].section == NULL;

		for (size_t k = 0; k < i && !known; k++)
			known = records->v[k].kind == RECORD_NOTE && records->v[k].section != NULL &&
				strcmp(records->v[k].by, records->v[i].by) == 0;
		if (known)
			continue;
		if (!text_is_empty(&names))
			span_text(w->d, &names, ", ");
		span_code(w->d, &names, records->v[i].by);
	}
	if (text_is_empty(&names))
		names = text_of(w->d, "nobody wrote anything yet");
	keys_add(w->d, b, (struct key){ .label = "Rollout", .value = text_code(w->d, r->id) });
	keys_add(w->d, b, (struct key){ .label = "Date", .value = text_of(w->d, clock_of(w, r->started_at)) });
	keys_add(w->d, b, (struct key){ .label = "Authors", .value = names });
	keys_add(w->d, b, (struct key){ .label = "Verdict", .value = text_of(w->d, verdict_word(w->a->verdict)) });
	keys_add(w->d, b, (struct key){ .label = "Package", .value = text_of(w->d, doc_printf(w->d, "sha256 %s", w->a->ruling->package)) });
}

static void summary(struct writing *w)
{
	const struct assessment *a = w->a;

	heading(w, SUMMARY);
	cited(w,
	      doc_printf(w->d, "%s: %s. Outcome: %s (%s).", verdict_word(a->verdict), a->headline, outcome_name(a->rollout->outcome),
			 a->rollout->outcome_reason),
	      &a->rollout->outcome_ids);
	notes(w, SUMMARY);
}

static void impact(struct writing *w)
{
	const struct assessment *a = w->a;
	struct span_range start = exposed(w);
	int64_t end = a->containment.state == CONTAINMENT_CONFIRMED ? a->containment.at : a->rollout->ended_at;

	heading(w, IMPACT);
	if (a->requests[ARM_CANARY] > 0)
		cited(w,
		      doc_printf(w->d,
				 "%" PRId64 " of %" PRId64 " requests that the canary answered failed, at %.3g" NBSP "%% exposure at most.",
				 a->failed[ARM_CANARY], a->requests[ARM_CANARY], a->highest_exposure * 100),
		      a->n_results > 0 ? &a->results[0].ids : &a->rollout->outcome_ids);
	else
		cited(w, "No request of the canary was seen.", &a->rollout->outcome_ids);
	if (a->silence.from != INSTANT_NONE && !a->silence.behind)
		cited(w,
		      doc_printf(
			      w->d,
			      "From %s to %s no request of either version was seen; by the rate before it would have been %.0f. Users may "
			      "have met nothing but the ingress.",
			      clock_of(w, a->silence.from), clock_of(w, a->silence.to), a->silence.expected),
		      &a->silence.ids);
	if (start.from != INSTANT_NONE && end != INSTANT_NONE)
		cited(w, doc_printf(w->d, "Users were exposed for %s.", words_of(w, end - start.from)),
		      a->n_steps > 0 ? &a->steps[0].step->ids : &a->rollout->outcome_ids);
	notes(w, IMPACT);
}

static void root_causes(struct writing *w)
{
	heading(w, ROOT_CAUSES);
	for (size_t i = 0; i < w->a->n_findings; i++)
		if (w->a->findings[i].severity != SEVERITY_NOTE) {
			struct text text = text_of(w->d, w->a->findings[i].text);

			span_text(w->d, &text, ". ");
			span_marked(w->d, &text, w->a->findings[i].why);
			span_ids(w->d, &text, &w->a->findings[i].ids, w->a->findings[i].gap);
			doc_paragraph(w->d, 0, text);
		}
	notes(w, ROOT_CAUSES);
}

static void trigger(struct writing *w)
{
	const struct rollout *r = w->a->rollout;

	heading(w, TRIGGER);
	for (size_t i = 0; i < r->n_images; i++) {
		struct text text = text_of(w->d, "Container ");
		struct ids ids = { .id = (evidence_id[]){ r->spec_id }, .n = 1 };

		span_code(w->d, &text, r->images[i].container);
		span_text(w->d, &text, ": ");
		span_code(w->d, &text, r->images[i].old_image == NULL ? "image not seen" : r->images[i].old_image);
		span_text(w->d, &text, " was to become ");
		span_code(w->d, &text, r->images[i].new_image == NULL ? "image not seen" : r->images[i].new_image);
		span_ids(w->d, &text, &ids, NULL);
		doc_paragraph(w->d, 0, text);
	}
	if (r->n_images == 0)
		doc_paragraph(w->d, 0, text_of(w->d, "A new revision; its images were not seen."));
	notes(w, TRIGGER);
}

static void detection(struct writing *w)
{
	heading(w, DETECTION);
	for (size_t i = 0; i < w->a->n_reasons; i++)
		cited(w, w->a->reasons[i].text, &w->a->reasons[i].ids);
	cited(w, doc_printf(w->d, "Flagger beside it: %s.", w->a->flagger.text), &w->a->rollout->outcome_ids);
	notes(w, DETECTION);
}

static void resolution(struct writing *w)
{
	heading(w, RESOLUTION);
	cited(w, doc_printf(w->d, "Containment: %s.", w->a->containment.text),
	      w->a->containment.ids.n > 0 ? &w->a->containment.ids : &w->a->rollout->outcome_ids);
	notes(w, RESOLUTION);
}

/* ---- Actions. */

static void blank(struct writing *w, struct cell *cell, const char *value, const char *prompt)
{
	if (value != NULL) {
		cell->text = text_code(w->d, value);
		return;
	}
	w->open++;
	cell->text = text_of(w->d, doc_printf(w->d, "TO NAME: %s", prompt));
}

static void action_row(struct writing *w, struct table *t, const struct action *action, const char *proposal, const char *finding)
{
	struct row *row = table_row(w->d, t);

	if (row == NULL)
		return;
	if (action != NULL) {
		row->cells[0].text = text_code(w->d, action->text);
		span_ids(w->d, &row->cells[0].text, &action->ids, NULL);
	} else {
		row->cells[0].text = text_of(w->d, proposal);
	}
	row->cells[1].text = finding == NULL ? text_of(w->d, "none") : text_code(w->d, finding);
	blank(w, &row->cells[2], action == NULL ? NULL : action->owner, "owner");
	blank(w, &row->cells[3], action == NULL ? NULL : action->due, "due date");
	blank(w, &row->cells[4], action == NULL ? NULL : action->validation, "validation method");
	row->cells[5].text = text_of(w->d, action == NULL ? "proposed" : action_state_name(action->state));
}

static bool has_action(const struct writing *w, const char *rule)
{
	for (size_t i = 0; i < w->a->ruling->n_actions; i++)
		if (w->a->ruling->actions[i].finding != NULL && strcmp(w->a->ruling->actions[i].finding, rule) == 0)
			return true;
	return false;
}

static void actions(struct writing *w)
{
	static const struct column columns[] = { { "Action", 0.34, false, false },     { "Finding", 0.16, false, false },
						 { "Owner", 0.12, false, false },      { "Due", 0.1, false, false },
						 { "Validation", 0.18, false, false }, { "State", 0.1, false, true } };
	const struct ruling *r = w->a->ruling;
	struct table *t;

	(void)doc_heading(w->d, 0, "Actions", "recorded ones first; the rest is proposed by the findings");
	t = doc_table(w->d, 0, columns, 6);
	for (size_t i = 0; i < r->n_actions; i++)
		action_row(w, t, &r->actions[i], NULL, r->actions[i].finding);
	for (size_t i = 0; i < w->a->n_findings; i++)
		if (w->a->findings[i].severity != SEVERITY_NOTE && !has_action(w, w->a->findings[i].rule))
			action_row(w, t, NULL, w->a->findings[i].remedy, w->a->findings[i].rule);
	if (t != NULL && t->n_rows == 0) {
		w->open++;
		doc_paragraph(w->d, 0,
			      text_of(w->d, "TO WRITE: no action is recorded: what will be done so that this does not happen again, by "
					    "whom, until when?"));
	}
}

static void supporting(struct writing *w)
{
	heading(w, SUPPORTING);
	for (size_t i = 0; i < w->a->n_conditions; i++)
		if (w->a->conditions[i].query != NULL)
			doc_code(w->d, 0, w->a->conditions[i].id, w->a->conditions[i].query);
	notes(w, SUPPORTING);
}

int postmortem_document(struct doc *out, size_t *open, const struct package_input *in, struct arena *arena, struct error *err)
{
	struct writing w = { .d = out, .a = in->assessment };
	const struct rollout *r = in->assessment->rollout;

	doc_init(out, arena);
	out->subject = doc_clean(out, doc_printf(out, "%s/%s", r->namespace_, r->canary));
	metadata(&w);
	summary(&w);
	impact(&w);
	root_causes(&w);
	trigger(&w);
	detection(&w);
	resolution(&w);
	times(&w);
	for (enum section s = WENT_WELL; s <= LUCKY; s++) {
		heading(&w, s);
		notes(&w, s);
	}
	actions(&w);
	package_timeline(out, in->assessment);
	supporting(&w);
	package_evidence(out, in);
	*open = w.open;
	return doc_check(out, err);
}
