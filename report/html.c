#include "html.h"

#include <ctype.h>
#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/output.h"
#include "html-style.h"
#include "svg.h"

/* ---- Text. */

static void put(struct buf *out, const char *text)
{
	xml_escape(out, text);
}

static void put_id(struct buf *out, const char *id)
{
	for (const char *p = id; *p != '\0'; p++)
		if (isalnum((unsigned char)*p) || *p == '-')
			buf_putc(out, (char)tolower((unsigned char)*p));
}

static void put_anchor(struct buf *out, const char *id)
{
	if (id == NULL)
		return;
	buf_puts(out, " id=\"");
	put_id(out, id);
	buf_putc(out, '"');
}

static void put_reference(struct buf *out, const char *id)
{
	if (strcmp(id, "…") == 0) {
		buf_puts(out, "…");
		return;
	}
	buf_puts(out, "<a href=\"#");
	put_id(out, id);
	buf_puts(out, "\">");
	put(out, id);
	buf_puts(out, "</a>");
}

static void put_wrapped(struct buf *out, const char *element, const char *text)
{
	buf_printf(out, "<%s>", element);
	put(out, text);
	buf_printf(out, "</%s>", element);
}

static void put_text(struct buf *out, const struct text *text)
{
	const struct span *before = NULL;

	for (const struct span *s = text->first; s != NULL; before = s, s = s->next) {
		bool after_cite = before != NULL && before->kind == SPAN_CITE, more = s->next != NULL && s->next->kind == SPAN_CITE;

		switch (s->kind) {
		case SPAN_TEXT:
			put(out, s->text);
			break;
		case SPAN_BOLD:
			put_wrapped(out, "strong", s->text);
			break;
		case SPAN_CODE:
			put_wrapped(out, "code", s->text);
			break;
		case SPAN_CITE:
			buf_puts(out, after_cite ? ", " : " <span class=\"cite\">[");
			put_reference(out, s->text);
			if (!more)
				buf_puts(out, "]</span>");
			break;
		}
	}
}

/* ---- Tables. */

static const char *mark_word(enum mark mark)
{
	static const char *const words[] = { [MARK_NONE] = "",
					     [MARK_PASS] = "<span class=\"pass\">pass</span> ",
					     [MARK_FAIL] = "<span class=\"fail\">fail</span> ",
					     [MARK_OPEN] = "" };

	return words[mark];
}

/* A cell that says the mark by itself needs no second word. */
static bool says_mark(const struct text *text, enum mark mark)
{
	return text->first != NULL && text->first->kind != SPAN_CODE &&
	       strncmp(text->first->text, mark == MARK_PASS ? "pass" : "fail", 4) == 0;
}

static const char *class_of(const struct cell *c)
{
	if (c->mark == MARK_PASS || c->tone == TONE_PASS)
		return "pass";
	if (c->mark == MARK_FAIL || c->tone == TONE_FAIL)
		return "fail";
	return c->tone == TONE_SECONDARY ? "tone2" : NULL;
}

static void put_cell(struct buf *out, const struct cell *c, bool right, bool head)
{
	const char *element = head ? "th scope=\"row\"" : "td", *class = class_of(c);
	bool said = says_mark(&c->text, c->mark);

	buf_printf(out, "<%s%s", element, right ? " class=\"right\"" : "");
	put_anchor(out, c->anchor);
	buf_puts(out, ">");
	if (!said)
		buf_puts(out, mark_word(c->mark));
	if (class != NULL && (said || c->mark == MARK_NONE))
		buf_printf(out, "<span class=\"%s\">", class);
	buf_puts(out, c->bold ? "<strong>" : "");
	put_text(out, &c->text);
	buf_puts(out, c->bold ? "</strong>" : "");
	if (class != NULL && (said || c->mark == MARK_NONE))
		buf_puts(out, "</span>");
	if (!text_is_empty(&c->second)) {
		buf_puts(out, "<small>");
		put_text(out, &c->second);
		buf_puts(out, "</small>");
	}
	buf_puts(out, head ? "</th>" : "</td>");
}

static void put_head(struct buf *out, const char *head, bool right)
{
	buf_puts(out, right ? "<th scope=\"col\" class=\"right\">" : "<th scope=\"col\">");
	put(out, head);
	buf_puts(out, "</th>");
}

static void put_table(struct buf *out, const struct table *t)
{
	buf_puts(out, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
	for (size_t i = 0; i < t->n_columns; i++)
		put_head(out, *t->columns[i].head == '\0' ? "Id" : t->columns[i].head, t->columns[i].right);
	buf_puts(out, "</tr></thead><tbody>\n");
	for (size_t r = 0; r < t->n_rows; r++) {
		buf_puts(out, t->rows[r].failed ? "<tr class=\"failed\">" : "<tr>");
		for (size_t i = 0; i < t->n_columns; i++)
			put_cell(out, &t->rows[r].cells[i], t->columns[i].right, false);
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</tbody></table></div>\n");
}

/* ---- The ladder. */

static void put_pair(struct buf *out, const char *element, const char *first, const char *second)
{
	buf_printf(out, "<%s>", element);
	put_wrapped(out, "strong", first);
	if (second != NULL)
		put_wrapped(out, "small", second);
	buf_printf(out, "</%.2s>", element);
}

static void put_ladder_cell(struct buf *out, const struct ladder_cell *c)
{
	buf_puts(out, "<td>");
	buf_puts(out, mark_word(c->mark));
	put(out, c->value);
	if (!text_is_empty(&c->second)) {
		buf_puts(out, "<small>");
		put_text(out, &c->second);
		buf_puts(out, "</small>");
	}
	buf_puts(out, "</td>");
}

static void put_ladder_row(struct buf *out, const struct ladder *l, const struct ladder_row *r)
{
	buf_puts(out, r->state == STEP_FAIL ? "<tr class=\"failed\">" : "<tr>");
	put_pair(out, "th scope=\"row\"", r->weight, r->weight_second);
	if (r->state == STEP_NOT_REACHED) {
		buf_printf(out, "<td colspan=\"%zu\" class=\"tone2\">not reached</td></tr>\n", l->n_criteria + 2);
		return;
	}
	buf_puts(out, "<td>");
	put(out, r->from);
	buf_puts(out, "–");
	put(out, r->to);
	if (r->window_second != NULL)
		put_wrapped(out, "small", r->window_second);
	buf_puts(out, "</td>");
	for (size_t i = 0; i < l->n_criteria; i++)
		put_ladder_cell(out, &r->cells[i]);
	put_pair(out, "td", r->word, r->word_second);
	buf_puts(out, "</tr>\n");
}

static void put_ladder(struct buf *out, const struct ladder *l)
{
	buf_puts(out, "<section><h2 id=\"evidence-ladder\">Evidence ladder</h2>\n");
	if (l->n_rows == 0) {
		buf_puts(out, "<p>");
		put_text(out, &l->nothing);
		buf_puts(out, "</p></section>\n");
		return;
	}
	buf_puts(out, "<p class=\"note\">");
	put(out, l->note);
	buf_puts(out, "</p><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
	put_head(out, l->step_head, false);
	put_head(out, "Window", false);
	for (size_t i = 0; i < l->n_criteria; i++)
		put_head(out, l->criteria[i], false);
	buf_puts(out, "<th scope=\"col\">Step</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < l->n_rows; i++)
		put_ladder_row(out, l, &l->rows[i]);
	buf_puts(out, "</tbody></table></div></section>\n");
}

/* ---- Blocks. */

static void put_key(struct buf *out, const char *label, const struct text *value, const struct text *right, const char *anchor)
{
	buf_puts(out, "<dt");
	put_anchor(out, anchor);
	buf_putc(out, '>');
	put(out, label);
	buf_puts(out, "</dt><dd>");
	put_text(out, value);
	if (right != NULL && !text_is_empty(right)) {
		buf_puts(out, " ");
		put_text(out, right);
	}
	buf_puts(out, "</dd>\n");
}

static void put_keys(struct buf *out, const struct block *b)
{
	buf_puts(out, "<dl>\n");
	for (size_t i = 0; i < b->n_keys; i++) {
		const struct key *k = &b->keys[i];

		put_key(out, k->label, &k->value, &k->right, k->anchor);
		if (k->label2 != NULL)
			put_key(out, k->label2, &k->value2, NULL, NULL);
	}
	buf_puts(out, "</dl>\n");
}

/* Anchors of headings are those of GitHub's Markdown: "Why" → #why. */
static void put_heading(struct buf *out, const struct block *b, bool first)
{
	buf_puts(out, first ? "<section><h2 id=\"" : "</section>\n<section><h2 id=\"");
	for (const char *p = b->title; *p != '\0'; p++)
		if (isalnum((unsigned char)*p) || *p == '-' || *p == ' ')
			buf_putc(out, *p == ' ' ? '-' : (char)tolower((unsigned char)*p));
	buf_puts(out, "\">");
	put(out, b->title);
	buf_puts(out, "</h2>\n");
	if (b->note != NULL) {
		buf_puts(out, "<p class=\"note\">");
		put(out, b->note);
		buf_puts(out, "</p>\n");
	}
}

static void put_finding(struct buf *out, const struct block *b)
{
	buf_puts(out, "<p");
	put_anchor(out, b->id);
	buf_puts(out, "><strong>");
	put(out, b->id);
	buf_puts(out, "</strong> (");
	put(out, b->severity);
	buf_puts(out, ") ");
	put_text(out, &b->fact);
	if (!text_is_empty(&b->text)) {
		buf_puts(out, "<span class=\"second\">");
		put_text(out, &b->text);
		buf_puts(out, "</span>");
	}
	buf_puts(out, "</p>\n");
}

static void put_code(struct buf *out, const struct block *b)
{
	if (b->id != NULL) {
		buf_puts(out, "<p class=\"note\">");
		put_reference(out, b->id);
		buf_puts(out, "</p>");
	}
	buf_puts(out, "<pre><code>");
	put(out, b->code);
	buf_puts(out, "</code></pre>\n");
}

static void put_charts(struct buf *out, const struct doc *d, const struct text *caption, struct error *err)
{
	for (size_t i = 0; i < d->n_charts; i++) {
		buf_puts(out, "<figure tabindex=\"0\">");
		(void)svg_render(out, &d->charts[i], err);
		buf_puts(out, "</figure>\n");
	}
	if (text_is_empty(caption))
		return;
	buf_puts(out, "<p class=\"note\">");
	put_text(out, caption);
	buf_puts(out, "</p>\n");
}

static void put_line(struct buf *out, const char *label, const char *value, bool decided)
{
	buf_puts(out, "<dt>");
	put(out, label);
	buf_puts(out, "</dt><dd>");
	if (value != NULL)
		put(out, value);
	else
		buf_puts(out, decided ? "not given" : "<span class=\"blank\">&nbsp;</span>");
	buf_puts(out, "</dd>\n");
}

static void put_sign_off(struct buf *out, const struct doc *d, bool first)
{
	const struct sign_off *s = &d->sign_off;
	const struct choice *choices = doc_choices(d);
	bool decided = s->decision != NULL;

	buf_puts(out, first ? "<section>" : "</section>\n<section>");
	buf_puts(out, "<h2 id=\"sign-off\">Sign-off</h2>\n<div class=\"sign\">");
	if (decided)
		buf_printf(out, "<p><strong>Recorded decision: %s</strong></p>\n", s->decision);
	else
		buf_printf(out, "<p>☐ %s &nbsp; ☐ %s &nbsp; ☐ %s (an override needs a reason)</p>\n", choices[0].words, choices[1].words,
			   choices[2].words);
	buf_puts(out, "<dl>");
	put_line(out, "Name", s->name, decided);
	put_line(out, "Role", s->role, decided);
	put_line(out, "Time of decision (UTC)", s->at, decided);
	put_line(out, "Reason", s->reason, decided);
	buf_puts(out, "</dl></div>\n");
}

static void put_scores(struct buf *out, const struct block *b)
{
	buf_puts(out, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">No.</th><th "
		      "scope=\"col\">Criterion</th><th scope=\"col\" "
		      "class=\"right\">Points</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < b->n_scores; i++) {
		buf_puts(out, "<tr><td>");
		put(out, b->scores[i].number);
		buf_puts(out, "</td><td>");
		put_text(out, &b->scores[i].text);
		buf_puts(out, "</td><td class=\"right\">");
		if (b->scores[i].word != NULL)
			put(out, b->scores[i].word);
		else
			buf_printf(out, "%d of %d", b->scores[i].points, b->scores[i].of);
		buf_puts(out, "</td></tr>\n");
	}
	buf_puts(out, "</tbody></table></div>\n");
}

static void put_block(struct buf *out, const struct doc *d, const struct block *b, bool first, struct error *err)
{
	switch (b->kind) {
	case BLOCK_HEADING:
		put_heading(out, b, first);
		return;
	case BLOCK_PARAGRAPH:
		buf_puts(out, "<p>");
		put_text(out, &b->text);
		buf_puts(out, "</p>\n");
		return;
	case BLOCK_KEYS:
		put_keys(out, b);
		return;
	case BLOCK_TABLE:
		if (b->table != NULL)
			put_table(out, b->table);
		return;
	case BLOCK_FINDING:
		put_finding(out, b);
		return;
	case BLOCK_CODE:
		put_code(out, b);
		return;
	case BLOCK_CHARTS:
		put_charts(out, d, &b->text, err);
		return;
	case BLOCK_SIGN_OFF:
		put_sign_off(out, d, first);
		return;
	case BLOCK_SCORES:
		put_scores(out, b);
		return;
	}
}

/* ---- Page 1. */

static void put_document_head(struct buf *out, const struct doc *d)
{
	buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src "
		      "data:; base-uri "
		      "'none'; form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	put(out, d->title);
	buf_printf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", html_style);
}

static void put_banner(struct buf *out, const struct doc *d)
{
	static const char *const classes[] = { [DOC_GO] = "go", [DOC_NO_GO] = "no-go", [DOC_HOLD] = "hold" };

	buf_printf(out, "<header><div class=\"banner %s\"><h1>%s <span>", classes[d->verdict], doc_verdict_word(d));
	put(out, d->subject);
	buf_puts(out, d->partial ? " (partial: still running)" : "");
	buf_puts(out, "</span></h1><div><p class=\"head\">");
	put_text(out, &d->headline);
	buf_puts(out, "</p><p>");
	put_text(out, &d->subline);
	buf_puts(out, "</p></div></div>\n");
	if (!text_is_empty(&d->strip)) {
		buf_puts(out, "<p class=\"strip\">");
		put_text(out, &d->strip);
		buf_puts(out, "</p>\n");
	}
	buf_puts(out, "<p class=\"note\">");
	put(out, d->evaluated);
	buf_puts(out, "</p>\n<ul class=\"figures\">");
	for (size_t i = 0; i < 4; i++) {
		buf_puts(out, "<li><b>");
		put(out, d->figures[i].value);
		buf_puts(out, "</b><span>");
		put(out, d->figures[i].label);
		buf_puts(out, "</span></li>");
	}
	buf_puts(out, "</ul></header>\n<main>\n");
}

static void put_why(struct buf *out, const struct doc *d)
{
	buf_puts(out, "<section><h2 id=\"why\">Why</h2>\n<ol>");
	for (size_t i = 0; i < d->n_reasons; i++) {
		buf_puts(out, "<li>");
		put_text(out, &d->reasons[i]);
		buf_puts(out, "</li>\n");
	}
	buf_puts(out, "</ol><p><strong>Next</strong>: ");
	put_text(out, &d->next);
	buf_puts(out, "</p></section>\n<section><h2 id=\"what-was-rolled-out\">What was rolled out</h2>\n");
	put_keys(out, &d->rolled_out);
	buf_puts(out, "</section>\n");
}

int html_render(struct buf *out, const struct package *package, struct error *err)
{
	const struct doc *d = package->doc;

	put_document_head(out, d);
	put_banner(out, d);
	put_why(out, d);
	put_ladder(out, &d->ladder);
	for (size_t i = 0; i < d->n_blocks; i++)
		put_block(out, d, &d->blocks[i], i == 0, err);
	buf_puts(out, d->n_blocks > 0 ? "</section>\n</main>\n<footer>" : "</main>\n<footer>");
	put(out, d->footer);
	buf_puts(out, "</footer>\n</body>\n</html>\n");
	return buf_check(out, "report.html", err);
}
