#include "package-score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/doc.h"
#include "gonogo/instant.h"
#include "gonogo/score.h"

static bool is_shown(const struct scored *s)
{
	return s->criterion->visibility == MARK_VISIBLE;
}

static const char *hits_text(struct doc *d, const struct scorecard *card)
{
	return card->n_hits == 0 ? "no hard stop" : doc_printf(d, "%zu hard stop%s", card->n_hits, card->n_hits == 1 ? "" : "s");
}

static const char *total_text(struct doc *d, const struct scorecard *card)
{
	if (!score_shows_total(card))
		return "not shown yet";
	if (!card->graded)
		return doc_printf(d, "%g of %g", card->earned, card->earned_max);
	return doc_printf(d, "%g of %g", card->points, card->rubric->max);
}

void package_score_figure(struct doc *d, const struct scorecard *card)
{
	if (card == NULL)
		return;
	d->figures[3].value = total_text(d, card);
	d->figures[3].label = card->graded || !score_shows_total(card)
				      ? doc_printf(d, "scorecard; %s", hits_text(d, card))
				      : doc_printf(d, "scorecard; %zu open, %s", card->n_open, hits_text(d, card));
}

static void add_score(struct doc *d, struct block *b, const struct scored *s, size_t number)
{
	struct score score = { .number = doc_printf(d, "%zu", number), .text = text_of(d, "") };

	span_text(d, &score.text, s->criterion->title);
	if (!is_shown(s)) {
		score.word = "not shown yet";
	} else if (isnan(s->points)) {
		score.word = "open";
	} else if (s->points == floor(s->points) && s->criterion->points == floor(s->criterion->points) &&
		   s->criterion->points <= SCORE_BOXES_MAX) {
		score.points = (int)s->points;
		score.of = (int)s->criterion->points;
	} else {
		score.word = doc_printf(d, "%g of %g", s->points, s->criterion->points);
	}
	scores_add(d, b, score);
}

/* "E-012, R-01": each a link. */
static void cite_all(struct doc *d, struct text *text, const char *ids)
{
	while (*ids != '\0') {
		size_t n = strcspn(ids, ",");

		if (strncmp(ids, "…", strlen("…")) != 0)
			span_cite(d, text, doc_printf(d, "%.*s", (int)n, ids));
		ids += n;
		ids += strspn(ids, ", ");
	}
}

static void put_found(struct doc *d, struct text *text, const struct scored *s)
{
	if (s->override != NULL) {
		span_printf(d, text, "%g of %g by ", s->points, s->criterion->points);
		span_code(d, text, s->override->by);
		span_text(d, text, ": ");
		span_code(d, text, s->override->text);
		if (s->criterion->test != NULL && !isnan(s->automatic))
			span_printf(d, text, ". By the test it was %g: ", s->automatic);
		else
			span_text(d, text, ". ");
	}
	span_marked(d, text, s->text);
	cite_all(d, text, s->evidence);
	if (score_level_text(s) != NULL)
		span_printf(d, text, " %s", score_level_text(s));
}

/* What is missing, and where it would come from; not for what has all its points. */
static bool needs_hint(const struct scored *s)
{
	return s->criterion->hint != NULL && (!is_shown(s) || isnan(s->points) || s->points < s->criterion->points);
}

static void put_rows(struct doc *d, const struct scorecard *card)
{
	static const struct column columns[] = { { "No.", 0.06, false, false },
						 { "What was found", 0.54, false, false },
						 { "What to do", 0.4, false, false } };
	struct table *t = doc_table(d, 0, columns, 3);

	for (size_t i = 0; i < card->rubric->n; i++) {
		const struct scored *s = &card->v[i];
		struct row *row = table_row(d, t);

		if (row == NULL)
			return;
		row->cells[0].text = text_of(d, doc_printf(d, "%zu", i + 1));
		if (is_shown(s))
			put_found(d, &row->cells[1].text, s);
		else
			row->cells[1].text = text_of(d, "not shown yet");
		if (needs_hint(s))
			row->cells[2].text = text_of(d, s->criterion->hint);
		else
			row->cells[2].text = text_of(d, "nothing more");
	}
}

static void put_stops(struct doc *d, const struct scorecard *card)
{
	for (size_t i = 0; i < card->rubric->n_stops; i++) {
		const struct scored_stop *s = &card->stops[i];
		struct text text = { 0 };

		if (!s->hit)
			continue;
		span_bold(d, &text, "Hard stop: ");
		span_printf(d, &text, "%s: ", s->stop->title);
		span_marked(d, &text, s->text);
		cite_all(d, &text, s->evidence);
		span_printf(d, &text, " The grade is at most %g points; the verdict is not changed.", s->stop->cap);
		doc_paragraph(d, 0, text);
	}
}

void package_scorecard(struct doc *d, const struct scorecard *card)
{
	struct block *b;

	if (card == NULL)
		return;
	(void)doc_heading(d, 0, "Scorecard",
			  doc_printf(d, "%s; %s%s", total_text(d, card), hits_text(d, card),
				     card->graded || !score_shows_total(card)
					     ? ""
					     : doc_printf(d, "; %zu open: not graded, which is not 0", card->n_open)));
	b = doc_scores(d);
	for (size_t i = 0; i < card->rubric->n; i++)
		add_score(d, b, &card->v[i], i + 1);
	put_stops(d, card);
	put_rows(d, card);
}
