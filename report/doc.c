/* From an assessment to the document that all renderers share. */
#include "gonogo/doc.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"

#define NBSP "\xC2\xA0"
/* More ids behind one sentence than anyone follows; the Markdown's table has all. */
#define CITED_MAX 6

void doc_cite(struct buf *out, const struct ids *ids, const char *gap)
{
	size_t n = ids == NULL ? 0 : ids->n;

	if (n == 0 && gap == NULL)
		return;
	buf_putc(out, '[');
	for (size_t i = 0; i < n && i < CITED_MAX; i++) {
		if (i > 0)
			buf_puts(out, ", ");
		/* First and last ones say the most: where it began and where it ended. */
		evidence_id_print(out, n > CITED_MAX && i >= CITED_MAX / 2 ? ids->id[n - CITED_MAX + i] : ids->id[i], 0);
		if (n > CITED_MAX && i == CITED_MAX / 2 - 1)
			buf_puts(out, ", …");
	}
	if (gap != NULL)
		buf_printf(out, "%s%s", n > 0 ? ", " : "", gap);
	buf_putc(out, ']');
}

/* ---- Blocks. */

static struct block *add_block(struct doc *d, enum block_kind kind, unsigned flags)
{
	struct block *grown = arena_grow(d->arena, d->blocks, d->n_blocks, &d->cap_blocks, sizeof *grown);

	if (grown == NULL) {
		d->failed = true;
		return NULL;
	}
	d->blocks = grown;
	grown[d->n_blocks] = (struct block){ .kind = kind, .flags = flags };
	return &grown[d->n_blocks++];
}

static void heading(struct doc *d, unsigned flags, const char *title, const char *note)
{
	struct block *b = add_block(d, BLOCK_HEADING, flags);

	if (b != NULL) {
		b->title = title;
		b->note = note;
	}
}

static void paragraph(struct doc *d, unsigned flags, const char *text, const struct ids *ids)
{
	struct block *b = add_block(d, BLOCK_PARAGRAPH, flags);

	if (b != NULL) {
		b->text = text;
		b->ids = ids;
	}
}

static struct block *table(struct doc *d, unsigned flags, const struct column *columns, size_t n)
{
	struct block *b = add_block(d, BLOCK_TABLE, flags);
	struct column *copy = arena_alloc(d->arena, n * sizeof *copy);

	if (b == NULL || copy == NULL) {
		d->failed = true;
		return NULL;
	}
	memcpy(copy, columns, n * sizeof *copy);
	b->columns = copy;
	b->n_columns = n;
	return b;
}

static struct cell *add_row(struct doc *d, struct block *b, bool failed)
{
	size_t cap = b == NULL ? 0 : b->cap_rows;
	struct cell **rows, *cells;
	bool *flags;

	if (b == NULL)
		return NULL;
	rows = arena_grow(d->arena, b->rows, b->n_rows, &b->cap_rows, sizeof *rows);
	flags = arena_grow(d->arena, b->failed, b->n_rows, &cap, sizeof *flags);
	cells = arena_alloc(d->arena, b->n_columns * sizeof *cells);
	if (rows == NULL || flags == NULL || cells == NULL) {
		d->failed = true;
		return NULL;
	}
	b->rows = rows;
	b->failed = flags;
	b->failed[b->n_rows] = failed;
	b->rows[b->n_rows++] = cells;
	return cells;
}

/* ---- Numbers of the ladder. */

/* 18412 → "18 412". */
static const char *count_text(struct doc *d, int64_t count)
{
	if (count >= 1000000)
		return arena_printf(d->arena, "%" PRId64 NBSP "%03" PRId64 NBSP "%03" PRId64, count / 1000000, count / 1000 % 1000,
				    count % 1000);
	if (count >= 1000)
		return arena_printf(d->arena, "%" PRId64 NBSP "%03" PRId64, count / 1000, count % 1000);
	return arena_printf(d->arena, "%" PRId64, count);
}

static const char *value_text(struct doc *d, const struct reading *r, double value)
{
	enum criterion_kind kind = r->criterion->kind;

	if (isnan(value))
		return "unknown";
	if (kind == CRITERION_ERROR_RATIO || kind == CRITERION_SUCCESS_RATE)
		return arena_printf(d->arena, "%.2f" NBSP "%%", value * 100);
	if (kind == CRITERION_POINT)
		return arena_printf(d->arena, "%g", value);
	return value < 1 ? arena_printf(d->arena, "%.0f" NBSP "ms", value * 1000) : arena_printf(d->arena, "%.2f" NBSP "s", value);
}

/* "base 0.31 · limit < 0.62": without units, as the value above has it. Decimals are added until value and limit differ. */
static const char *limit_text(struct doc *d, const struct reading *r)
{
	enum criterion_kind kind = r->criterion->kind;
	double scale = kind == CRITERION_ERROR_RATIO || kind == CRITERION_SUCCESS_RATE ? 100 : kind == CRITERION_POINT ? 1 : 1000;
	int decimals = scale == 100 ? 2 : 0;
	const char *sign = kind == CRITERION_SUCCESS_RATE ? "≥" : "<";
	const char *base;

	while (decimals < 6 && r->value != r->limit && fabs(r->value - r->limit) * scale < 0.5 * pow(10, -decimals))
		decimals++;
	base = isnan(r->baseline) ? "no baseline" : arena_printf(d->arena, "base %.*f", scale == 100 ? 2 : 0, r->baseline * scale);
	if (isnan(r->limit))
		return arena_printf(d->arena, "%s · no limit", base);
	return arena_printf(d->arena, "%s · limit %s" NBSP "%.*f", base, sign, decimals, r->limit * scale);
}

static const char *criterion_head(struct doc *d, const struct criterion *c)
{
	if (strcmp(c->name, "error-rate") == 0)
		return "Error rate";
	if (strcmp(c->name, "success-rate") == 0)
		return "Success rate";
	if (c->kind == CRITERION_QUANTILE_RATIO || c->kind == CRITERION_QUANTILE_ABSOLUTE)
		return arena_printf(d->arena, "p%g latency", c->quantile * 100);
	return c->name;
}

static bool criterion_failed(const struct assessment *a, const struct criterion *c)
{
	for (size_t i = 0; i < a->n_results; i++)
		if (a->results[i].criterion == c)
			return a->results[i].state == CRITERION_FAIL;
	return false;
}

static void reading_cell(struct doc *d, struct cell *cell, const struct reading *r)
{
	if (r->state == READING_NOT_EVALUABLE) {
		cell->mark = MARK_OPEN;
		cell->text = "not evaluable";
		cell->second = r->text;
	} else if (r->state == READING_WITHIN) {
		cell->mark = MARK_PASS;
		cell->text = value_text(d, r, r->value);
		cell->second = limit_text(d, r);
	} else {
		/* Beyond under a criterion that did not fail is no failure (design.md "Two words"). */
		cell->mark = criterion_failed(d->a, r->criterion) ? MARK_FAIL : MARK_OPEN;
		cell->text = value_text(d, r, r->value);
		cell->second = cell->mark == MARK_FAIL ? limit_text(d, r) : arena_printf(d->arena, "%s; not certain", limit_text(d, r));
	}
	cell->bold = true;
}

static const char *weight_text(struct doc *d, double per_cent)
{
	bool whole = fabs(per_cent - round(per_cent)) < 0.05;

	return arena_printf(d->arena, whole ? "%.0f" NBSP "%%" : "%.1f" NBSP "%%", per_cent);
}

static void ladder_row(struct doc *d, struct block *b, const struct step_result *s)
{
	size_t within = 0, beyond = 0, n = s->n_readings < 4 ? s->n_readings : 4;
	char from[INSTANT_TEXT_MAX], to[INSTANT_TEXT_MAX];
	struct cell *cells;

	for (size_t i = 0; i < s->n_readings; i++) {
		within += s->readings[i].state == READING_WITHIN;
		beyond += s->readings[i].state == READING_BEYOND && criterion_failed(d->a, s->readings[i].criterion);
	}
	cells = add_row(d, b, beyond > 0);
	if (cells == NULL)
		return;
	cells[0] = (struct cell){ .text = weight_text(d, s->step->exposure * 100), .bold = true };
	if (s->step->iterations > 0)
		cells[0].second = arena_printf(d->arena, "%lld iterations", (long long)s->step->iterations);
	cells[1].text = arena_printf(d->arena, "%s–%s", instant_clock(from, s->step->from), instant_clock(to, s->step->to));
	cells[1].second = s->requests[ARM_CANARY] < 0 ? "no samples"
						      : arena_printf(d->arena, "%s requests", count_text(d, s->requests[ARM_CANARY]));
	for (size_t i = 0; i < n; i++)
		reading_cell(d, &cells[2 + i], &s->readings[i]);
	cells[2 + n].bold = true;
	if (beyond > 0) {
		cells[2 + n].text = "FAIL";
		cells[2 + n].second = arena_printf(d->arena, "%zu of %zu failed", beyond, s->n_readings);
	} else {
		cells[2 + n].text = within == s->n_readings ? "within" : "not certain";
	}
}

static void ladder(struct doc *d)
{
	const struct assessment *a = d->a;
	size_t n = a->criteria->n < 4 ? a->criteria->n : 4;
	struct column columns[8];
	struct block *b;

	heading(d, BLOCK_PAGE_ONE, "Evidence ladder", "a row per step of exposure: canary value, with baseline and limit below it");
	if (a->n_steps == 0) {
		paragraph(d, BLOCK_PAGE_ONE, "The canary never had traffic under analysis: there is no step to show.",
			  &a->rollout->outcome_ids);
		return;
	}
	columns[0] = (struct column){ "Exposure", 0.1, false };
	columns[1] = (struct column){ "Window (UTC)", 0.17, false };
	for (size_t i = 0; i < n; i++)
		columns[2 + i] = (struct column){ criterion_head(d, &a->criteria->v[i]), 0.6 / (double)n, false };
	columns[2 + n] = (struct column){ "Step", 0.13, false };
	b = table(d, BLOCK_PAGE_ONE | BLOCK_LADDER, columns, 3 + n);
	for (size_t i = 0; i < a->n_steps; i++)
		ladder_row(d, b, &a->steps[i]);
	for (size_t i = 0; i < a->n_planned; i++) {
		struct cell *cells;

		if (a->planned[i] <= a->highest_exposure * 100 + 0.5 || (cells = add_row(d, b, false)) == NULL)
			continue;
		cells[0] = (struct cell){ .text = weight_text(d, a->planned[i]), .bold = true };
		cells[1].text = "not reached";
		for (size_t k = 2; k < 3 + n; k++)
			cells[k].text = "";
	}
}

/* ---- Page 1. */

static const char *strategy_text(struct doc *d)
{
	const struct canary_spec *s = &d->a->rollout->spec;
	char span[INSTANT_TEXT_MAX];

	if (s->strategy == STRATEGY_AB_TESTING)
		return arena_printf(d->arena, "A/B by header, %lld iterations of %s", (long long)s->iterations,
				    duration_words(span, s->interval));
	if (s->iterations > 0)
		return arena_printf(d->arena, "%s, %lld iterations of %s", strategy_name(s->strategy), (long long)s->iterations,
				    duration_words(span, s->interval));
	if (s->n_step_weights > 0)
		return arena_printf(d->arena, "%zu steps to %s, a check every %s", s->n_step_weights, weight_text(d, s->max_weight),
				    duration_words(span, s->interval));
	return arena_printf(d->arena, "%s steps to %s, a check every %s", weight_text(d, s->step_weight), weight_text(d, s->max_weight),
			    duration_words(span, s->interval));
}

static void key_row(struct doc *d, struct block *b, const char *label, const char *value, const char *right)
{
	struct cell *cells = add_row(d, b, false);

	if (cells == NULL)
		return;
	cells[0].text = label;
	cells[1].text = value;
	cells[2].text = right == NULL ? "" : right;
}

static const char *short_digest(struct doc *d, const char *digest)
{
	size_t n = digest == NULL ? 0 : strlen(digest);

	return n < 30 ? NULL : arena_printf(d->arena, "%.19s…%s", digest, digest + n - 4);
}

static void rolled_out(struct doc *d)
{
	static const struct column columns[] = { { "", 0.12, false }, { "", 0.62, false }, { "", 0.26, true } };
	const struct rollout *r = d->a->rollout;
	char start[INSTANT_TEXT_MAX], end[INSTANT_TEXT_MAX], span[INSTANT_TEXT_MAX];
	struct block *b;

	heading(d, BLOCK_PAGE_ONE, "What was rolled out", NULL);
	b = table(d, BLOCK_PAGE_ONE, columns, 3);
	if (b == NULL)
		return;
	b->kind = BLOCK_KEYS;
	key_row(d, b, "Canary", arena_printf(d->arena, "`%s/%s` in cluster `%s`", r->namespace_, r->canary, r->cluster), NULL);
	key_row(d, b, "Strategy", strategy_text(d), NULL);
	key_row(d, b, "Started", instant_long(start, r->started_at) == NULL ? "" : arena_strdup(d->arena, start), NULL);
	if (r->ended_at != INSTANT_NONE)
		key_row(d, b, "Ended",
			arena_printf(d->arena, "%s, after %s: %s (%s)", instant_long(end, r->ended_at),
				     duration_words(span, r->ended_at - r->started_at), outcome_name(r->outcome), r->outcome_reason),
			NULL);
	else
		key_row(d, b, "Ended", "not yet", NULL);
	if (r->attempts > 1)
		key_row(d, b, "Attempt",
			arena_printf(d->arena, "attempt %d; the one before was superseded at %s UTC", r->attempts,
				     instant_clock(start, r->attempt_started_at)),
			NULL);
	for (size_t i = 0; i < r->n_images && i < 3; i++) {
		const struct image *im = &r->images[i];

		key_row(d, b, r->n_images > 1 ? "Old" : "Old image",
			im->old_image == NULL ? "not seen" : arena_printf(d->arena, "`%s`", im->old_image),
			short_digest(d, im->old_digest));
		key_row(d, b, r->n_images > 1 ? "New" : "New image",
			im->new_image == NULL ? "not seen" : arena_printf(d->arena, "`%s`", im->new_image),
			short_digest(d, im->new_digest));
	}
	if (r->n_images == 0)
		key_row(d, b, "Images", "not seen", NULL);
}

static const char *owner_text(const struct condition *c)
{
	return c->owner == NULL ? "owner not named" : c->owner;
}

static const char *window_text(struct doc *d, const struct condition *c)
{
	char span[INSTANT_TEXT_MAX];

	return isnan(c->window_seconds) ? "none" : arena_strdup(d->arena, duration_words(span, (int64_t)(c->window_seconds * 1e9)));
}

static void short_conditions(struct doc *d)
{
	static const struct column columns[] = { { "", 0.08, false },
						 { "Trigger", 0.42, false },
						 { "Threshold", 0.16, false },
						 { "Window", 0.14, false },
						 { "Owner", 0.2, false } };
	struct block *b;

	heading(d, BLOCK_PAGE_ONE | BLOCK_PDF_ONLY, "Rollback conditions", "in short; action, PromQL and verification on a later page");
	b = table(d, BLOCK_PAGE_ONE | BLOCK_PDF_ONLY, columns, 5);
	for (size_t i = 0; i < d->a->n_conditions; i++) {
		const struct condition *c = &d->a->conditions[i];
		const char *scope = d->a->rollout->outcome == OUTCOME_PROMOTED ? "after-promotion" : "during";
		struct cell *cells;

		if (strcmp(c->scope, scope) != 0 || (cells = add_row(d, b, false)) == NULL)
			continue;
		cells[0] = (struct cell){ .text = c->id, .bold = true };
		cells[1].text = c->trigger;
		cells[2].text = c->limit_text;
		cells[3].text = window_text(d, c);
		cells[4].text = owner_text(c);
	}
}

static void figures(struct doc *d)
{
	const struct assessment *a = d->a;
	size_t pass = 0, fail = 0, open = 0, blind = 0;

	for (size_t i = 0; i < a->n_results; i++) {
		pass += a->results[i].state == CRITERION_PASS;
		fail += a->results[i].state == CRITERION_FAIL;
		open += a->results[i].state == CRITERION_UNDECIDED;
		blind += a->results[i].state == CRITERION_NOT_EVALUABLE;
	}
	d->figures[0].value = weight_text(d, a->highest_exposure * 100);
	d->figures[0].label = isnan(a->planned_weight)
				      ? "highest exposure"
				      : arena_printf(d->arena, "highest exposure, %s planned", weight_text(d, a->planned_weight));
	d->figures[1].value = arena_printf(d->arena, "%zu of %zu criteria", pass, a->n_results);
	d->figures[1].label = pass == a->n_results ? "passed" : arena_printf(d->arena, "passed; %zu failed, %zu open", fail, open + blind);
	if (a->requests[ARM_CANARY] > 0) {
		d->figures[2].value = arena_printf(d->arena, "%s of %s", count_text(d, a->failed[ARM_CANARY]), count_text(d, a->requests[ARM_CANARY]));
		d->figures[2].label = "canary requests failed";
	} else {
		d->figures[2].value = "no requests";
		d->figures[2].label = "of the canary were seen";
	}
	d->figures[3].value = a->n_gaps == 0 ? "complete" : arena_printf(d->arena, "%zu gap%s", a->n_gaps, a->n_gaps == 1 ? "" : "s");
	d->figures[3].label = "in what was seen of the rollout";
}

/* ---- The other sections. */

static void criteria_table(struct doc *d)
{
	static const struct column columns[] = { { "Criterion", 0.14, false },
						 { "State", 0.15, false },
						 { "In words", 0.51, false },
						 { "Literal, over its window", 0.2, false } };
	struct block *b;

	heading(d, 0, "Criteria", "each decided once for the whole rollout, by the tests in the manual");
	b = table(d, 0, columns, 4);
	for (size_t i = 0; i < d->a->n_results; i++) {
		const struct criterion_result *r = &d->a->results[i];
		struct cell *cells = add_row(d, b, r->state == CRITERION_FAIL);

		if (cells == NULL)
			return;
		cells[0] = (struct cell){ .text = r->criterion->name, .bold = true };
		cells[1] = (struct cell){ .text = r->state == CRITERION_NOT_EVALUABLE ? "not evaluable" : criterion_state_name(r->state),
					  .bold = true };
		cells[1].mark = r->state == CRITERION_PASS ? MARK_PASS : r->state == CRITERION_FAIL ? MARK_FAIL : MARK_OPEN;
		cells[2] = (struct cell){ .text = r->text, .ids = &r->ids };
		cells[3].text = r->literal;
	}
	paragraph(d, 0,
		  arena_printf(d->arena, "Flagger beside it: %s. It counted %lld failed checks of %lld allowed.", d->a->flagger.text,
			       (long long)d->a->flagger.failed_checks, (long long)d->a->flagger.threshold),
		  &d->a->rollout->outcome_ids);
	paragraph(d, 0, arena_printf(d->arena, "Containment: %s.", d->a->containment.text), &d->a->containment.ids);
}

static const char *first_anchor(struct doc *d, const struct ids *ids)
{
	struct buf id;
	const char *copy;

	if (ids->n == 0)
		return NULL;
	buf_init(&id, 64);
	evidence_id_print(&id, ids->id[0], 0);
	copy = id.data == NULL ? NULL : arena_strdup(d->arena, id.data);
	buf_free(&id);
	return copy;
}

static void timeline(struct doc *d)
{
	static const struct column columns[] = {
		{ "UTC", 0.11, false }, { "Evidence", 0.12, false }, { "Source", 0.12, false }, { "What happened", 0.65, false }
	};
	struct block *b;

	heading(d, 0, "Timeline", "all times UTC (+00:00)");
	b = table(d, 0, columns, 4);
	for (size_t i = 0; i < d->a->n_timeline; i++) {
		const struct timeline_row *row = &d->a->timeline[i];
		struct cell *cells = add_row(d, b, false);
		char at[INSTANT_TEXT_MAX];

		if (cells == NULL)
			return;
		cells[0].text = arena_strdup(d->arena, instant_clock(at, row->at));
		cells[1] = (struct cell){ .text = row->gap != NULL ? row->gap : first_anchor(d, &row->ids), .bold = true };
		if (cells[1].text == NULL)
			cells[1].text = "derived";
		cells[2].text = row->source;
		cells[3].text = row->text;
	}
}

static void findings(struct doc *d)
{
	heading(d, 0, "Findings", "most severe first");
	if (d->a->n_findings == 0)
		paragraph(d, 0, "None: no rule found anything in this evidence.", NULL);
	for (size_t i = 0; i < d->a->n_findings; i++) {
		const struct finding *f = &d->a->findings[i];
		struct block *b = add_block(d, BLOCK_FINDING, 0);

		if (b == NULL)
			return;
		b->id = f->id;
		b->title = f->text;
		b->note = severity_name(f->severity);
		b->text = f->why;
		b->ids = &f->ids;
		b->gap = f->gap;
	}
	heading(d, 0, "Remediation", "one action a finding; owner and due date are for a person to set");
	if (d->a->n_findings == 0)
		paragraph(d, 0, "Nothing to mend.", NULL);
	else {
		static const struct column columns[] = { { "", 0.08, false }, { "Action", 0.72, false }, { "Owner, due", 0.2, false } };
		struct block *b = table(d, 0, columns, 3);

		for (size_t i = 0; i < d->a->n_findings; i++) {
			struct cell *cells = add_row(d, b, false);

			if (cells == NULL)
				return;
			cells[0] = (struct cell){ .text = arena_printf(d->arena, "A-%02zu", i + 1), .bold = true };
			cells[1].text = arena_printf(d->arena, "%s (%s)", d->a->findings[i].remedy, d->a->findings[i].id);
			cells[2].text = "owner not named";
		}
	}
}

/* What an earlier condition says already is not said again. */
static const char *action_text(struct doc *d, size_t i)
{
	const struct condition *c = &d->a->conditions[i];

	for (size_t k = 0; k < i; k++)
		if (strcmp(d->a->conditions[k].action, c->action) == 0 && strcmp(d->a->conditions[k].verify, c->verify) == 0)
			return arena_printf(d->arena, "As %s.", d->a->conditions[k].id);
	return arena_printf(d->arena, "%s Verified: %s Path %s.", c->action, c->verify, c->tested);
}

static void conditions(struct doc *d)
{
	static const struct column columns[] = { { "", 0.08, false },
						 { "Trigger, threshold, window", 0.26, false },
						 { "Owner", 0.14, false },
						 { "Action, and how it is verified", 0.52, false } };
	struct block *b, *code;

	heading(d, 0, "Rollback conditions", "whichever comes first; numbers from this rollout's baseline");
	b = table(d, 0, columns, 4);
	for (size_t i = 0; i < d->a->n_conditions; i++) {
		const struct condition *c = &d->a->conditions[i];
		struct cell *cells = add_row(d, b, false);

		if (cells == NULL)
			return;
		cells[0] = (struct cell){ .text = c->id, .bold = true };
		cells[1].text = arena_printf(d->arena, "%s %s%s%s (%s)", c->trigger, c->limit_text,
					     isnan(c->window_seconds) ? "" : " over ", isnan(c->window_seconds) ? "" : window_text(d, c),
					     strcmp(c->scope, "during") == 0 ? "during the rollout" : "after promotion");
		cells[2].text = owner_text(c);
		cells[3].text = action_text(d, i);
		cells[3].ids = &c->ids;
	}
	for (size_t i = 0; i < d->a->n_conditions; i++) {
		const struct condition *c = &d->a->conditions[i];

		if (c->query == NULL || (code = add_block(d, BLOCK_CODE, 0)) == NULL)
			continue;
		code->id = c->id;
		code->text = c->query;
	}
}

static void provenance(struct doc *d, const struct package_input *in)
{
	static const struct column columns[] = { { "", 0.22, false }, { "", 0.78, false }, { "", 0, false } };
	const struct provenance *p = &d->a->provenance;
	char hex[DIGEST_HEX_SIZE];
	struct block *b;

	heading(d, 0, "Provenance", "where this comes from, and what is missing");
	b = table(d, 0, columns, 3);
	if (b == NULL)
		return;
	b->kind = BLOCK_KEYS;
	key_row(d, b, "Evidence",
		arena_printf(d->arena, "%lld rows, E-%03lld to E-%03lld", (long long)p->rows, (long long)p->first_seq,
			     (long long)p->last_seq),
		NULL);
	key_row(d, b, "Chain head", arena_printf(d->arena, "sha256 %s (gonogo verify recomputes it)", digest_hex(hex, d->digest)), NULL);
	key_row(d, b, "Judged by",
		arena_printf(d->arena, "`%s`, sha256 %s", d->a->criteria->source, digest_hex(hex, d->a->criteria->sha256)), NULL);
	key_row(d, b, "Metrics", p->engine == NULL ? "engine unknown" : arena_printf(d->arena, "`%s`", p->engine), NULL);
	key_row(d, b, "Scrape interval",
		isnan(p->scrape_interval) ? "unknown" : arena_printf(d->arena, "%.1f" NBSP "s", p->scrape_interval), NULL);
	key_row(d, b, "Dispersion of errors", isnan(p->dispersion) ? p->dispersion_text : arena_printf(d->arena, "%.2f", p->dispersion),
		NULL);
	key_row(d, b, "Channels",
		arena_printf(d->arena, "%s%s%s%s", (d->a->rollout->channels & CHANNEL_WEBHOOK) != 0 ? "webhook " : "",
			     (d->a->rollout->channels & CHANNEL_STATUS) != 0 ? "status " : "",
			     (d->a->rollout->channels & CHANNEL_EVENTS) != 0 ? "events " : "",
			     (d->a->rollout->channels & CHANNEL_ROUTE) != 0 ? "route object" : ""),
		NULL);
	key_row(d, b, "Made by", in->program, NULL);
	for (size_t i = 0; i < d->a->n_gaps; i++)
		key_row(d, b, arena_printf(d->arena, "Gap %s", d->a->gaps[i].id), d->a->gaps[i].text, NULL);
	for (size_t i = 0; i < d->a->criteria->n_settings; i++) {
		const struct criteria_setting *s = &d->a->criteria->settings[i];

		key_row(d, b, s->path, arena_printf(d->arena, "`%s` (%s)", s->value, layer_name(s->layer)), NULL);
	}
}

/* Every row that something cites, with what it is: the Markdown's anchors. */
static void add_cited(struct doc *d, struct ids *all, const struct ids *more)
{
	if (more != NULL && ids_add_all(all, more, d->arena) < 0)
		d->failed = true;
}

static void evidence_table(struct doc *d, const struct package_input *in)
{
	static const struct column columns[] = { { "Id", 0.1, false },
						 { "Received (UTC)", 0.2, false },
						 { "Source", 0.15, false },
						 { "Subject", 0.3, false },
						 { "Request", 0.25, false } };
	struct ids all = { 0 };
	struct block *b;

	for (size_t i = 0; i < d->n_blocks; i++) {
		add_cited(d, &all, d->blocks[i].ids);
		for (size_t k = 0; k < d->blocks[i].n_rows; k++)
			for (size_t c = 0; c < d->blocks[i].n_columns; c++)
				add_cited(d, &all, d->blocks[i].rows[k][c].ids);
	}
	for (size_t i = 0; i < d->a->n_timeline; i++)
		add_cited(d, &all, &d->a->timeline[i].ids);
	for (size_t i = 0; i < d->a->n_reasons; i++)
		add_cited(d, &all, &d->a->reasons[i].ids);
	heading(d, BLOCK_MARKDOWN_ONLY, "Evidence", NULL);
	b = table(d, BLOCK_MARKDOWN_ONLY, columns, 5);
	for (size_t i = 0; i < in->evidence->n && b != NULL; i++) {
		const struct observation *row = &in->evidence->rows[i];
		bool cited = false;
		struct cell *cells;
		char at[INSTANT_TEXT_MAX];
		struct ids one = { 0 };

		for (size_t k = 0; k < all.n && !cited; k++)
			cited = all.id[k] == evidence_id_of(row);
		if (!cited || (cells = add_row(d, b, false)) == NULL)
			continue;
		if (ids_add(&one, evidence_id_of(row), d->arena) < 0)
			d->failed = true;
		cells[0].text = cells[0].anchor = first_anchor(d, &one);
		cells[1].text = arena_strdup(d->arena, instant_rfc3339_ms(at, row->received_at));
		cells[2].text = arena_printf(d->arena, "%s %s", source_name(row->source), row->kind);
		cells[3].text = arena_printf(d->arena, "`%s`", row->subject);
		cells[4].text = *row->request == '\0' ? "none" : arena_printf(d->arena, "`%s`", row->request);
	}
}

static void find_digest(struct doc *d, const struct package_input *in)
{
	int64_t last = 0;

	for (size_t i = 0; i < in->evidence->n; i++)
		if (in->evidence->rows[i].log == 0 && in->evidence->rows[i].seq > last) {
			last = in->evidence->rows[i].seq;
			memcpy(d->digest, in->evidence->rows[i].chain_sha256, DIGEST_SIZE);
		}
}

static void titles(struct doc *d, const struct package_input *in)
{
	const struct rollout *r = d->a->rollout;
	char at[INSTANT_TEXT_MAX], digest[DIGEST_SHORT_SIZE];

	find_digest(d, in);
	d->subject = arena_printf(d->arena, "%s/%s", r->namespace_, r->canary);
	d->title = arena_printf(d->arena, "%s: %s, %.16s UTC%s", verdict_word(d->a->verdict), d->subject, instant_long(at, r->started_at),
				d->a->partial ? " (partial: still running)" : "");
	d->evaluated = arena_printf(d->arena, "evaluated %s (+00:00)", instant_long(at, d->a->evaluated_at));
	d->footer = arena_printf(d->arena, "%s · run %s · evidence sha256 %s", d->subject, instant_rfc3339(at, r->started_at),
				 digest_short(digest, d->digest));
	if (in->wal_missing)
		d->warning = "The log was copied without its -wal file: its newest rows may be missing.";
	else if (d->a->other_criteria)
		d->warning = arena_printf(d->arena, "Judged by other criteria than those in force at the start: `%s`.",
					  d->a->criteria->source);
	else if (d->a->partial)
		d->warning = "Partial report: the rollout was still running when it was made.";
}

int doc_build(struct doc *out, const struct package_input *in, struct arena *arena, struct error *err)
{
	*out = (struct doc){ .arena = arena, .a = in->assessment };
	titles(out, in);
	figures(out);
	rolled_out(out);
	ladder(out);
	short_conditions(out);
	criteria_table(out);
	timeline(out);
	findings(out);
	conditions(out);
	provenance(out, in);
	evidence_table(out, in);
	return out->failed ? error_nomem(err) : 0;
}
