#include "package.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/decide.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/ruling.h"
#include "package-charts.h"
#include "package-ruling.h"
#include "package-score.h"

#define NBSP "\xC2\xA0"
/* Rows of the timeline on paper (report-design.md 7). */
#define TIMELINE_MAX 40

/* ---- Cells. */

/* A sentence and what it rests on. */
static struct text cited(struct doc *d, const char *marked, const struct ids *ids, const char *gap)
{
	struct text text = text_of(d, marked);

	span_ids(d, &text, ids, gap);
	return text;
}

static const char *id_text(struct doc *d, evidence_id id)
{
	struct buf name;
	const char *copy;

	buf_init(&name, 64);
	evidence_id_print(&name, id);
	copy = name.data == NULL ? NULL : doc_printf(d, "%s", name.data);
	buf_free(&name);
	return copy;
}

/* The cell that defines an id of this package. */
static struct cell anchor_cell(struct doc *d, const char *id)
{
	return (struct cell){ .text = text_of(d, id), .bold = true, .anchor = id };
}

/* ---- Numbers. */

/* 18412 → "18 412". */
static const char *count_text(struct doc *d, int64_t count)
{
	if (count >= 1000000)
		return doc_printf(d, "%" PRId64 NBSP "%03" PRId64 NBSP "%03" PRId64, count / 1000000, count / 1000 % 1000, count % 1000);
	if (count >= 1000)
		return doc_printf(d, "%" PRId64 NBSP "%03" PRId64, count / 1000, count % 1000);
	return doc_printf(d, "%" PRId64, count);
}

static bool is_rate(const struct criterion *c)
{
	return c->kind == CRITERION_ERROR_RATIO || c->kind == CRITERION_SUCCESS_RATE;
}

/* Rounding may not change a verdict (report-design.md 2): decimals are added until value and limit differ. */
static int decimals_of(const struct reading *r, double scale, int least)
{
	int decimals = least;

	while (decimals < 6 && !isnan(r->limit) && r->value != r->limit && fabs(r->value - r->limit) * scale < 0.5 * pow(10, -decimals))
		decimals++;
	return decimals;
}

static const char *value_text(struct doc *d, const struct reading *r, double value)
{
	if (isnan(value))
		return "unknown";
	if (is_rate(r->criterion))
		return doc_printf(d, "%.*f" NBSP "%%", decimals_of(r, 100, 2), value * 100);
	if (r->criterion->kind == CRITERION_POINT)
		return doc_printf(d, "%.*g", 6 + decimals_of(r, 1, 0), value);
	return value < 1 ? doc_printf(d, "%.*f" NBSP "ms", decimals_of(r, 1000, 0), value * 1000)
			 : doc_printf(d, "%.*f" NBSP "s", decimals_of(r, 1, 2), value);
}

/* "base 0.31 · limit < 0.62": without units, as the value above has it. */
static const char *limit_text(struct doc *d, const struct reading *r)
{
	enum criterion_kind kind = r->criterion->kind;
	double scale = is_rate(r->criterion) ? 100 : kind == CRITERION_POINT ? 1 : 1000;
	/* No failure at all is within even where the baseline had none: 0 is not below 0. */
	const char *sign = kind == CRITERION_SUCCESS_RATE ? "≥" : r->state == READING_WITHIN && r->value == r->limit ? "≤" : "<";
	const char *base;

	base = isnan(r->baseline) ? "no baseline" : doc_printf(d, "base %.*f", scale == 100 ? 2 : 0, r->baseline * scale);
	if (isnan(r->limit))
		return doc_printf(d, "%s · no limit", base);
	return doc_printf(d, "%s · limit" NBSP "%s" NBSP "%.*f", base, sign, decimals_of(r, scale, scale == 100 ? 2 : 0), r->limit * scale);
}

/* ---- The ladder. */

static bool criterion_failed(const struct assessment *a, const struct criterion *c)
{
	for (size_t i = 0; i < a->n_results; i++)
		if (a->results[i].criterion == c)
			return a->results[i].state == CRITERION_FAIL;
	return false;
}

static double margin_of(const struct reading *r)
{
	double room = r->criterion->kind == CRITERION_SUCCESS_RATE ? r->value - r->limit : r->limit - r->value;

	return isnan(room) || r->limit == 0 ? NAN : room / fabs(r->limit);
}

static void put_reading(struct doc *d, const struct assessment *a, struct ladder_cell *cell, const struct reading *r)
{
	cell->margin = margin_of(r);
	if (r->state == READING_NOT_EVALUABLE) {
		cell->mark = MARK_OPEN;
		cell->value = "not evaluable";
		cell->second = text_of(d, r->text);
	} else if (r->state == READING_WITHIN) {
		cell->mark = MARK_PASS;
		cell->value = value_text(d, r, r->value);
		cell->second = text_of(d, limit_text(d, r));
	} else {
		/* Beyond under a criterion that did not fail is no failure (design.md "Two words"). */
		cell->mark = criterion_failed(a, r->criterion) ? MARK_FAIL : MARK_OPEN;
		cell->value = value_text(d, r, r->value);
		cell->second = text_of(d, limit_text(d, r));
		if (cell->mark == MARK_OPEN)
			span_text(d, &cell->second, "; beyond limit, not certain");
		else if (r->ids.n > 0)
			span_cite(d, &cell->second, id_text(d, r->ids.id[r->ids.n - 1]));
	}
}

static const char *clock_text(struct doc *d, int64_t at)
{
	char text[INSTANT_TEXT_MAX];

	return doc_printf(d, "%s", instant_clock(text, at));
}

/* Where a reading has no samples because nothing was scraped, the gap says so. */
static void put_gap(struct doc *d, const struct assessment *a, const struct step *step, const struct reading *r, struct ladder_cell *cell)
{
	if (r->state != READING_NOT_EVALUABLE || r->reason == NULL || strcmp(r->reason, REASON_NO_DATA) != 0)
		return;
	for (size_t i = 0; i < a->n_gaps; i++)
		if (strcmp(a->gaps[i].gap.source, "prometheus") == 0 && a->gaps[i].gap.from < step->to && a->gaps[i].gap.to > step->from) {
			cell->second = text_of(d, "no samples");
			span_cite(d, &cell->second, a->gaps[i].id);
			return;
		}
}

/* Scrapes across a change of weights belong to no step: of short steps a good part is left out. */
static const char *requests_text(struct doc *d, const struct assessment *a, const struct step_result *s)
{
	double length = (double)((s->step->to == INSTANT_NONE ? a->evaluated_at : s->step->to) - s->step->from) / 1e9;
	double seen = s->n_readings > 0 ? s->readings[0].window_seconds : NAN;

	if (s->requests[ARM_CANARY] < 0)
		return "no samples";
	if (!isnan(seen) && seen > 0 && seen < 0.8 * length)
		return doc_printf(d, "%s requests, %.0f of %.0f" NBSP "s", count_text(d, s->requests[ARM_CANARY]), seen, length);
	return doc_printf(d, "%s requests", count_text(d, s->requests[ARM_CANARY]));
}

static void put_step_state(struct doc *d, struct ladder_row *row, size_t within, size_t beyond, size_t n)
{
	if (beyond > 0) {
		row->state = STEP_FAIL;
		row->word = "FAIL";
		row->word_second = doc_printf(d, "%zu of %zu failed", beyond, n);
	} else if (within == n) {
		row->state = STEP_PASS;
		row->word = "PASS";
	} else {
		row->state = STEP_OPEN;
		row->word = within == 0 ? "not evaluable" : "not certain";
	}
}

static void ladder_row(struct doc *d, const struct assessment *a, const struct step_result *s)
{
	struct ladder_row *row = ladder_add(d);
	size_t within = 0, beyond = 0;

	if (row == NULL)
		return;
	row->weight = package_weight(d, s->step->exposure * 100);
	if (s->step->iterations > 0 && a->rollout->spec.iterations > 0)
		row->weight_second = doc_printf(d, "%lld of %lld iterations", (long long)s->step->iterations,
						(long long)a->rollout->spec.iterations);
	else if (s->step->iterations > 0)
		row->weight_second = doc_printf(d, "%lld iteration%s", (long long)s->step->iterations, s->step->iterations == 1 ? "" : "s");
	row->from = clock_text(d, s->step->from);
	row->to = clock_text(d, s->step->to);
	row->window_second = requests_text(d, a, s);
	for (size_t i = 0; i < s->n_readings; i++) {
		within += s->readings[i].state == READING_WITHIN;
		beyond += s->readings[i].state == READING_BEYOND && criterion_failed(a, s->readings[i].criterion);
		if (i < d->ladder.n_criteria) {
			put_reading(d, a, &row->cells[i], &s->readings[i]);
			put_gap(d, a, s->step, &s->readings[i], &row->cells[i]);
		}
	}
	put_step_state(d, row, within, beyond, s->n_readings);
}

/* More columns do not fit a page; criteria.yaml has three, and the table of criteria shows all. */
#define LADDER_CRITERIA 4

static void ladder(struct doc *d, const struct assessment *a)
{
	struct ladder *l = &d->ladder;

	l->note = "a row per step of exposure: canary value, with baseline and limit below it";
	l->step_head = "Exposure";
	l->n_criteria = a->criteria->n < LADDER_CRITERIA ? a->criteria->n : LADDER_CRITERIA;
	l->criteria = arena_alloc(d->arena, (l->n_criteria + 1) * sizeof *l->criteria);
	if (l->criteria == NULL) {
		d->failed = true;
		return;
	}
	for (size_t i = 0; i < l->n_criteria; i++)
		l->criteria[i] = package_criterion(d, &a->criteria->v[i]);
	for (size_t i = 0; i < a->n_steps; i++)
		ladder_row(d, a, &a->steps[i]);
	for (size_t i = 0; i < a->n_planned && a->n_steps > 0; i++) {
		struct ladder_row *row = a->planned[i] <= a->highest_exposure * 100 + 0.5 ? NULL : ladder_add(d);

		if (row == NULL)
			continue;
		row->weight = package_weight(d, a->planned[i]);
		row->state = STEP_NOT_REACHED;
	}
	l->nothing = cited(d, "The canary never had traffic under analysis: there is no step to show.", &a->rollout->outcome_ids, NULL);
}

/* ---- Page 1. */

static const char *strategy_text(struct doc *d, const struct assessment *a)
{
	const struct canary_spec *s = &a->rollout->spec;
	char span[INSTANT_TEXT_MAX];

	(void)duration_words(span, s->interval);
	if (s->strategy == STRATEGY_AB_TESTING)
		return doc_printf(d, "A/B by header, %lld iterations of %s", (long long)s->iterations, span);
	if (s->iterations > 0)
		return doc_printf(d, "%s, %lld iterations of %s", strategy_name(s->strategy), (long long)s->iterations, span);
	if (s->n_step_weights > 0)
		return doc_printf(d, "%zu steps to %s, a check every %s", s->n_step_weights, package_weight(d, s->max_weight), span);
	return doc_printf(d, "%s steps to %s, a check every %s", package_weight(d, s->step_weight), package_weight(d, s->max_weight), span);
}

static void add_key(struct doc *d, struct block *b, const char *label, struct text value)
{
	keys_add(d, b, (struct key){ .label = label, .value = value });
}

static const char *short_digest(struct doc *d, const char *digest)
{
	size_t n = digest == NULL ? 0 : strlen(digest);

	return n < 30 ? NULL : doc_printf(d, "%.19s…%s", digest, digest + n - 4);
}

static void add_image(struct doc *d, const char *label, const char *image, const char *digest)
{
	struct key key = { .label = label, .value = image == NULL ? text_of(d, "not seen") : text_code(d, image) };
	const char *shorter = short_digest(d, digest);

	if (shorter != NULL)
		span_code(d, &key.right, shorter);
	keys_add(d, &d->rolled_out, key);
}

static struct text ended_text(struct doc *d, const struct rollout *r)
{
	char end[INSTANT_TEXT_MAX], span[INSTANT_TEXT_MAX];

	if (r->ended_at == INSTANT_NONE)
		return text_of(d, "not yet");
	return text_of(d, doc_printf(d, "%s, after %s", instant_long(end, r->ended_at), duration_words(span, r->ended_at - r->started_at)));
}

static void rolled_out(struct doc *d, const struct assessment *a)
{
	const struct rollout *r = a->rollout;
	struct block *b = &d->rolled_out;
	struct text canary = text_code(d, d->subject);
	char start[INSTANT_TEXT_MAX];

	span_text(d, &canary, " in ");
	span_code(d, &canary, r->cluster);
	keys_add(d, b, (struct key){ "Canary", canary, "Started", text_of(d, instant_long(start, r->started_at)), { 0 }, NULL });
	keys_add(d, b, (struct key){ "Strategy", text_of(d, strategy_text(d, a)), "Ended", ended_text(d, r), { 0 }, NULL });
	add_key(d, b, "Outcome",
		text_of(d, strcmp(outcome_name(r->outcome), r->outcome_reason) == 0
				   ? outcome_name(r->outcome)
				   : doc_printf(d, "%s (%s)", outcome_name(r->outcome), r->outcome_reason)));
	if (r->attempts > 1)
		add_key(d, b, "Attempt",
			text_of(d, doc_printf(d, "attempt %d; the one before was superseded at %s UTC", r->attempts,
					      instant_clock(start, r->attempt_started_at))));
	for (size_t i = 0; i < r->n_images && i < 3; i++) {
		const struct image *im = &r->images[i];

		add_image(d, r->n_images > 1 ? "Old" : "Old image", im->old_image, im->old_digest);
		add_image(d, r->n_images > 1 ? "New" : "New image", im->new_image, im->new_digest);
	}
	if (r->n_images == 0)
		add_key(d, b, "Images", text_of(d, "not seen"));
}

static struct text owner_text(struct doc *d, const struct condition *c)
{
	return c->owner == NULL ? text_of(d, "owner not named") : text_code(d, c->owner);
}

static const char *window_text(struct doc *d, const struct condition *c)
{
	char span[INSTANT_TEXT_MAX];

	return isnan(c->window_seconds) ? "none" : doc_printf(d, "%s", duration_words(span, (int64_t)(c->window_seconds * 1e9)));
}

static void short_conditions(struct doc *d, const struct assessment *a)
{
	static const struct column columns[] = { { "", 0.08, false, false },
						 { "Trigger", 0.38, false, false },
						 { "Threshold", 0.21, false, false },
						 { "Window", 0.13, false, false },
						 { "Owner", 0.2, false, true } };
	const char *scope = a->rollout->outcome == OUTCOME_PROMOTED || a->rollout->outcome == OUTCOME_PROMOTED_UNANALYSED
				    ? "after-promotion"
				    : "during";

	d->conditions = table_new(d, columns, 5);
	for (size_t i = 0; i < a->n_conditions; i++) {
		const struct condition *c = &a->conditions[i];
		struct row *row = strcmp(c->scope, scope) != 0 ? NULL : table_row(d, d->conditions);

		if (row == NULL)
			continue;
		row->cells[0] = (struct cell){ .text = text_of(d, c->id), .bold = true };
		row->cells[1].text = text_of(d, c->trigger);
		row->cells[2].text = text_of(d, c->limit_text);
		row->cells[3].text = text_of(d, window_text(d, c));
		row->cells[4].text = owner_text(d, c);
	}
}

static void figures(struct doc *d, const struct assessment *a)
{
	size_t count[4] = { 0 };

	for (size_t i = 0; i < a->n_results; i++)
		count[a->results[i].state]++;
	d->figures[0].value = package_weight(d, a->highest_exposure * 100);
	d->figures[0].label = isnan(a->planned_weight)
				      ? "highest exposure"
				      : doc_printf(d, "highest exposure, %s planned", package_weight(d, a->planned_weight));
	if (a->rollout->outcome == OUTCOME_PROMOTED_UNANALYSED) {
		d->figures[0].value = package_weight(d, 100);
		d->figures[0].label = "reached users unanalysed";
	}
	d->figures[1].value = doc_printf(d, "%zu of %zu criteria", count[CRITERION_PASS], a->n_results);
	d->figures[1].label = count[CRITERION_PASS] == a->n_results
				      ? "passed"
				      : doc_printf(d, "passed; %zu failed, %zu open", count[CRITERION_FAIL],
						   count[CRITERION_UNDECIDED] + count[CRITERION_NOT_EVALUABLE]);
	if (a->requests[ARM_CANARY] > 0) {
		d->figures[2].value = doc_printf(d, "%s of %s", count_text(d, a->failed[ARM_CANARY]),
						 count_text(d, a->requests[ARM_CANARY]));
		d->figures[2].label = "canary requests failed";
	} else {
		d->figures[2] = (struct figure){ "no requests", "of the canary were seen" };
	}
	d->figures[3].value = a->n_gaps == 0 ? "complete" : doc_printf(d, "%zu gap%s", a->n_gaps, a->n_gaps == 1 ? "" : "s");
	d->figures[3].label = a->n_gaps == 0 ? "no gap in what was seen" : "in what was seen of the rollout";
	package_score_figure(d, a->scorecard);
}

/* ---- Behind page 1. */

static struct text recheck_text(struct doc *d, const struct flagger_recheck *r)
{
	struct text text = text_of(d, r->possible ? r->text : "Flagger's checks could not be done again: ");

	if (!r->possible)
		span_marked(d, &text, r->why_not);
	span_text(d, &text, ".");
	return text;
}

static void criteria_table(struct doc *d, const struct assessment *a)
{
	static const struct column columns[] = { { "Criterion", 0.14, false, false },
						 { "State", 0.175, false, false },
						 { "In words", 0.465, false, false },
						 { "Literal, over its window", 0.22, false, false } };
	struct table *t;

	(void)doc_heading(d, 0, "Criteria", "each decided once for the whole rollout, by the tests in the manual");
	t = doc_table(d, 0, columns, 4);
	for (size_t i = 0; i < a->n_results; i++) {
		const struct criterion_result *r = &a->results[i];
		struct row *row = table_row(d, t);

		if (row == NULL)
			return;
		row->failed = r->state == CRITERION_FAIL;
		row->cells[0] = (struct cell){ .text = text_of(d, package_criterion(d, r->criterion)), .bold = true };
		row->cells[1].text = text_of(d, r->state == CRITERION_NOT_EVALUABLE ? "not evaluable" : criterion_state_name(r->state));
		row->cells[1].bold = true;
		row->cells[1].mark = r->state == CRITERION_PASS ? MARK_PASS : r->state == CRITERION_FAIL ? MARK_FAIL : MARK_OPEN;
		row->cells[2].text = cited(d, r->text, &r->ids, NULL);
		row->cells[3].text = text_of(d, r->literal);
	}
	doc_paragraph(d, 0,
		      cited(d,
			    doc_printf(d, "Flagger beside it: %s. It counted %lld failed check%s of %lld allowed.", a->flagger.text,
				       (long long)a->flagger.failed_checks, a->flagger.failed_checks == 1 ? "" : "s",
				       (long long)a->flagger.threshold),
			    &a->rollout->outcome_ids, NULL));
	doc_paragraph(d, 0, recheck_text(d, &a->flagger.recheck));
	doc_paragraph(d, 0, cited(d, doc_printf(d, "Containment: %s.", a->containment.text), &a->containment.ids, NULL));
}

static void metrics(struct doc *d, const struct assessment *a)
{
	struct text caption = { 0 };
	char from[INSTANT_TEXT_MAX], to[INSTANT_TEXT_MAX];

	package_charts(d, a);
	if (d->n_charts == 0)
		return;
	(void)doc_heading(d, 0, "Metrics over time", "canary against baseline, grey bands = exposure");
	for (size_t i = 0; i < d->charts[0].time->n_gaps; i++) {
		const struct chart_gap *g = &d->charts[0].time->gaps[i];

		span_printf(d, &caption, "%s %s to %s", i == 0 ? "Hatched: no samples from" : ", from", instant_clock(from, g->from),
			    instant_clock(to, g->to));
		span_cite(d, &caption, g->id);
	}
	if (d->charts[0].time->n_gaps > 0)
		span_text(d, &caption, "; lines stop at a gap. ");
	span_text(d, &caption,
		  "Bar under an axis: limit exceeded. The limit of a criterion relative to the baseline moves with the baseline. All "
		  "requests of the service count.");
	doc_charts(d, caption);
}

static int64_t day_of(int64_t at)
{
	return at / (86400 * NS_PER_S);
}

/* Over midnight, or when somebody decided days later, every row has its date. */
static bool spans_days(const struct assessment *a)
{
	return a->n_timeline > 0 && day_of(a->timeline[0].at) != day_of(a->timeline[a->n_timeline - 1].at);
}

static const char *dated_text(struct doc *d, int64_t at)
{
	char text[INSTANT_TEXT_MAX];

	return doc_printf(d, "%.19s", instant_long(text, at));
}

void package_timeline(struct doc *d, const struct assessment *a)
{
	static const struct column narrow[] = { { "UTC", 0.11, false, false },
						{ "Evidence", 0.11, false, false },
						{ "Source", 0.13, false, false },
						{ "What happened", 0.65, false, false } };
	static const struct column wide[] = { { "UTC", 0.19, false, false },
					      { "Evidence", 0.11, false, false },
					      { "Source", 0.12, false, false },
					      { "What happened", 0.58, false, false } };
	bool dated = spans_days(a);
	struct table *t;

	(void)doc_heading(d, 0, "Timeline", "all times UTC (+00:00)");
	t = doc_table(d, 0, dated ? wide : narrow, 4);
	if (t != NULL)
		t->most = TIMELINE_MAX;
	for (size_t i = 0; i < a->n_timeline; i++) {
		const struct timeline_row *r = &a->timeline[i];
		struct row *row = table_row(d, t);

		if (row == NULL)
			return;
		row->rank = r->rank;
		row->cells[0].text = text_of(d, dated ? dated_text(d, r->at) : clock_text(d, r->at));
		if (r->gap != NULL)
			span_cite(d, &row->cells[1].text, r->gap);
		else if (r->ids.n > 0) {
			span_cite(d, &row->cells[1].text, id_text(d, r->ids.id[0]));
			doc_elide(d, &r->ids);
		} else
			span_text(d, &row->cells[1].text, "derived");
		row->cells[2] = (struct cell){ .text = text_of(d, r->source), .tone = TONE_SECONDARY };
		row->cells[3].text = text_of(d, r->text);
	}
}

/* Two criteria that failed over the same window want one thing done. */
static bool same_remedy(const struct finding *a, const struct finding *b)
{
	return strcmp(a->rule, b->rule) == 0 && strcmp(a->remedy, b->remedy) == 0;
}

static bool is_remedied(const struct assessment *a, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_remedy(&a->findings[k], &a->findings[i]))
			return true;
	return false;
}

static void remediation(struct doc *d, const struct assessment *a)
{
	static const struct column columns[] = { { "", 0.08, false, false },
						 { "Action", 0.66, false, false },
						 { "Owner, due, state", 0.26, false, false } };
	struct table *t;
	size_t n = 0;

	(void)doc_heading(d, 0, "Remediation", "what the findings ask for; owner and due date are for a person to set");
	if (a->n_findings == 0 && (a->ruling == NULL || a->ruling->n_actions == 0)) {
		doc_paragraph(d, 0, text_of(d, "Nothing to mend."));
		return;
	}
	t = doc_table(d, 0, columns, 3);
	for (size_t i = 0; i < a->n_findings; i++) {
		struct row *row = is_remedied(a, i) ? NULL : table_row(d, t);

		if (row == NULL)
			continue;
		row->cells[0] = anchor_cell(d, doc_printf(d, "A-%02zu", ++n));
		row->cells[1].text = text_of(d, a->findings[i].remedy);
		for (size_t k = i; k < a->n_findings; k++)
			if (same_remedy(&a->findings[i], &a->findings[k]))
				span_cite(d, &row->cells[1].text, a->findings[k].id);
		package_remedy(d, row, a->ruling, a->findings[i].rule);
	}
	package_actions(d, t, a);
}

static void findings(struct doc *d, const struct assessment *a)
{
	(void)doc_heading(d, BLOCK_NEW_PAGE, "Findings", "most severe first");
	if (a->n_findings == 0)
		doc_paragraph(d, 0, text_of(d, "None: no rule found anything in this evidence."));
	for (size_t i = 0; i < a->n_findings; i++) {
		const struct finding *f = &a->findings[i];
		struct text why = cited(d, f->why, &f->ids, f->gap);

		span_text(d, &why, " Read on: ");
		span_code(d, &why, f->read_on);
		doc_finding(d, f->id, severity_name(f->severity), text_of(d, f->text), why);
	}
	remediation(d, a);
}

/* What an earlier condition says already is not said again. */
static const char *action_text(struct doc *d, const struct assessment *a, size_t i)
{
	const struct condition *c = &a->conditions[i];

	for (size_t k = 0; k < i; k++)
		if (strcmp(a->conditions[k].action, c->action) == 0 && strcmp(a->conditions[k].verify, c->verify) == 0)
			return doc_printf(d, "As %s.", a->conditions[k].id);
	return doc_printf(d, "%s Verified: %s Data compatibility: %s. Path %s.", c->action, c->verify,
			  c->data == NULL ? "not stated" : c->data, c->tested);
}

static void conditions(struct doc *d, const struct assessment *a)
{
	static const struct column columns[] = { { "", 0.075, false, false },
						 { "Trigger, threshold, window", 0.265, false, false },
						 { "Owner", 0.155, false, false },
						 { "Action, and how it is verified", 0.505, false, false } };
	struct table *t;

	(void)doc_heading(d, 0, "Rollback conditions", "whichever comes first; numbers from this rollout's baseline");
	t = doc_table(d, 0, columns, 4);
	for (size_t i = 0; i < a->n_conditions; i++) {
		const struct condition *c = &a->conditions[i];
		struct row *row = table_row(d, t);
		bool endless = isnan(c->window_seconds);

		if (row == NULL)
			return;
		row->cells[0] = anchor_cell(d, c->id);
		row->cells[1].text = text_of(d, doc_printf(d, "%s %s%s%s (%s)", c->trigger, c->limit_text, endless ? "" : " over ",
							   endless ? "" : window_text(d, c),
							   strcmp(c->scope, "during") == 0 ? "during the rollout" : "after promotion"));
		row->cells[2].text = owner_text(d, c);
		row->cells[3].text = cited(d, action_text(d, a, i), &c->ids, NULL);
	}
	for (size_t i = 0; i < a->n_conditions; i++)
		if (a->conditions[i].query != NULL)
			doc_code(d, 0, a->conditions[i].id, a->conditions[i].query);
}

static void channels(struct doc *d, struct block *b, unsigned seen)
{
	static const struct {
		unsigned bit;
		const char *name;
	} all[] = { { CHANNEL_WEBHOOK, "webhook" },
		    { CHANNEL_STATUS, "status" },
		    { CHANNEL_EVENTS, "events" },
		    { CHANNEL_ROUTE, "route object" } };
	struct text names = { 0 };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if ((seen & all[i].bit) != 0)
			span_printf(d, &names, "%s%s", names.first == NULL ? "" : ", ", all[i].name);
	add_key(d, b, "Channels", names.first == NULL ? text_of(d, "none said anything") : names);
}

static void provenance(struct doc *d, const struct package_input *in)
{
	const struct assessment *a = in->assessment;
	const struct provenance *p = &a->provenance;
	char hex[DIGEST_HEX_SIZE];
	struct text judged;
	struct block *b;

	(void)doc_heading(d, 0, "Provenance", "where this comes from, and what is missing");
	b = doc_keys(d, 0);
	add_key(d, b, "Evidence",
		text_of(d, doc_printf(d, "%lld rows, E-%03lld to E-%03lld", (long long)p->rows, (long long)p->first_seq,
				      (long long)p->last_seq)));
	add_key(d, b, "Chain head", text_of(d, doc_printf(d, "sha256 %s (gonogo verify recomputes it)", digest_hex(hex, d->digest))));
	judged = text_code(d, a->criteria->source);
	span_printf(d, &judged, ", sha256 %s", digest_hex(hex, a->criteria->sha256));
	add_key(d, b, "Judged by", judged);
	package_ruling_provenance(d, b, a->ruling);
	add_key(d, b, "Metrics", p->engine == NULL ? text_of(d, "engine unknown") : text_code(d, p->engine));
	add_key(d, b, "Scrape interval",
		text_of(d, isnan(p->scrape_interval) ? "unknown" : doc_printf(d, "%.1f" NBSP "s", p->scrape_interval)));
	add_key(d, b, "Dispersion of errors", text_of(d, isnan(p->dispersion) ? p->dispersion_text : doc_printf(d, "%.2f", p->dispersion)));
	channels(d, b, a->rollout->channels);
	add_key(d, b, "Made by", text_of(d, in->program));
	for (size_t i = 0; i < a->n_gaps; i++)
		keys_add(d, b,
			 (struct key){ .label = doc_printf(d, "Gap %s", a->gaps[i].id),
				       .value = text_of(d, a->gaps[i].text),
				       .anchor = a->gaps[i].id });
	for (size_t i = 0; i < a->criteria->n_settings; i++) {
		const struct criteria_setting *s = &a->criteria->settings[i];
		struct text value = text_code(d, s->value);

		span_printf(d, &value, " (%s)", layer_name(s->layer));
		add_key(d, b, s->path, value);
	}
}

/* ---- Every row that something cites, with what it is: the anchors of the text formats. */

struct cited_ids {
	const char **v;
	size_t n, cap;
	struct doc *d;
};

static void collect_id(void *arg, const char *id)
{
	struct cited_ids *all = arg;
	const char **grown = arena_grow(all->d->arena, all->v, all->n, &all->cap, sizeof *grown);

	if (grown == NULL) {
		all->d->failed = true;
		return;
	}
	all->v = grown;
	all->v[all->n++] = id;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void evidence_row(struct doc *d, struct table *t, const struct observation *o, const char *id)
{
	struct row *row = table_row(d, t);
	char at[INSTANT_TEXT_MAX];

	if (row == NULL)
		return;
	row->cells[0] = anchor_cell(d, id);
	row->cells[1].text = text_of(d, instant_rfc3339_ms(at, o->received_at));
	row->cells[2].text = text_of(d, doc_printf(d, "%s %s", source_name(o->source), o->kind));
	row->cells[3].text = text_code(d, o->subject);
	row->cells[4].text = *o->request == '\0' ? text_of(d, "none") : text_code(d, o->request);
}

static void evidence_rows(struct doc *d, struct table *t, const struct evidence *evidence, const struct cited_ids *all)
{
	for (size_t i = 0; i < evidence->n && !d->failed; i++) {
		const char *id = id_text(d, evidence_id_of(&evidence->rows[i]));

		if (id != NULL && all->n > 0 && bsearch(&id, all->v, all->n, sizeof *all->v, by_text) != NULL)
			evidence_row(d, t, &evidence->rows[i], id);
	}
}

void package_evidence(struct doc *d, const struct package_input *in)
{
	static const struct column columns[] = { { "Id", 0.1, false, false },
						 { "Received (UTC)", 0.2, false, false },
						 { "Source", 0.15, false, false },
						 { "Subject", 0.3, false, false },
						 { "Request", 0.25, false, false } };
	struct cited_ids all = { .d = d };
	struct table *t;

	doc_each_cite(d, collect_id, &all);
	if (all.n > 0)
		qsort(all.v, all.n, sizeof *all.v, by_text);
	(void)doc_heading(d, BLOCK_TEXT_ONLY, "Evidence", "the rows of the logs that this package cites");
	t = doc_table(d, BLOCK_TEXT_ONLY, columns, 5);
	evidence_rows(d, t, in->evidence, &all);
	if (in->human != NULL)
		evidence_rows(d, t, in->human, &all);
}

/* ---- The whole. */

static void strip(struct doc *d, const struct package_input *in)
{
	package_strip_ruling(d, in->assessment->ruling);
	if (in->wal_missing) {
		package_strip_next(d);
		span_text(d, &d->strip, "The log was copied without its -wal file: its newest rows may be missing.");
	}
	if (in->assessment->other_criteria) {
		package_strip_next(d);
		span_text(d, &d->strip, "Judged by other criteria than those in force at the start: ");
		span_code(d, &d->strip, in->assessment->criteria->source);
		span_text(d, &d->strip, ".");
	}
	if (in->assessment->partial) {
		package_strip_next(d);
		span_text(d, &d->strip, "Partial report: the rollout was still running when it was made.");
	}
}

static void titles(struct doc *d, const struct package_input *in)
{
	const struct assessment *a = in->assessment;
	const struct rollout *r = a->rollout;
	char at[INSTANT_TEXT_MAX], digest[DIGEST_SHORT_SIZE];

	memcpy(d->digest, a->provenance.head, DIGEST_SIZE);
	d->verdict = a->verdict == VERDICT_GO ? DOC_GO : a->verdict == VERDICT_NO_GO ? DOC_NO_GO : DOC_HOLD;
	d->partial = a->partial;
	d->dated = a->evaluated_at;
	d->subject = doc_clean(d, doc_printf(d, "%s/%s", r->namespace_, r->canary));
	d->title = doc_printf(d, "%s: %s, %.16s UTC%s", doc_verdict_word(d), d->subject, instant_long(at, r->started_at),
			      a->partial ? " (partial: still running)" : "");
	d->keywords = doc_printf(d, "canary, %s, %s", verdict_name(a->verdict), outcome_name(r->outcome));
	d->evaluated = doc_printf(d, "evaluated %s (+00:00)", instant_long(at, a->evaluated_at));
	d->footer = doc_printf(d, "%s · run %s · evidence sha256 %s", d->subject, instant_rfc3339(at, r->started_at),
			       digest_short(digest, d->digest));
	d->headline = text_of(d, a->headline);
	d->subline = cited(d, a->subline, &a->subline_ids, NULL);
	strip(d, in);
	for (size_t i = 0; i < a->n_reasons; i++)
		doc_reason(d, cited(d, a->reasons[i].text, &a->reasons[i].ids, a->reasons[i].gap));
	d->next = cited(d, a->next.text, &a->next.ids, a->next.gap);
}

int package_document(struct doc *out, const struct package_input *in, struct arena *arena, struct error *err)
{
	const struct assessment *a = in->assessment;

	doc_init(out, arena);
	titles(out, in);
	figures(out, a);
	rolled_out(out, a);
	ladder(out, a);
	short_conditions(out, a);
	if (in->sheet) {
		package_sign_off(out, a->ruling);
		package_scorecard(out, a->scorecard);
		conditions(out, a);
	} else {
		criteria_table(out, a);
		metrics(out, a);
		package_timeline(out, a);
		findings(out, a);
		conditions(out, a);
		package_sign_off(out, a->ruling);
		package_scorecard(out, a->scorecard);
		provenance(out, in);
	}
	package_evidence(out, in);
	return doc_check(out, err);
}
