#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../report/flow.h"
#include "../report/font.h"
#include "../report/layout.h"
#include "../report/page.h"
#include "gonogo/arena.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/utf8.h"
#include "support-doc.h"

#define NBSP "\xC2\xA0"

static struct arena *arena;
static struct fonts fonts;

static int setup(void **state)
{
	struct error err;

	(void)state;
	arena = arena_new((size_t)512 * 1024 * 1024);
	if (arena == NULL || fonts_load(&fonts, NULL, &err) < 0)
		return 1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fonts_free(&fonts);
	arena_free(arena);
	return 0;
}

/* ---- Fonts. */

static void test_font(void **state)
{
	struct fonts none;
	struct error err;

	(void)state;
	/* Digits have one width, and the signs that the report uses are there. */
	for (char c = '1'; c <= '9'; c++)
		assert_true(font_width(&fonts, true, 10, &c, 1) == font_width(&fonts, true, 10, "0", 1));
	for (const char *p = "≥≤→×✓…–—·⟨⟩"; *p != '\0';)
		assert_true(font_has(&fonts, utf8_next(&p, p + strlen(p))));
	assert_false(font_has(&fonts, 0x1F680));
	assert_true(font_width(&fonts, false, 10, NBSP, 2) == font_width(&fonts, false, 10, " ", 1));
	assert_int_equal(fonts_load(&none, "/nonexistent", &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "fonts-dejavu-extra"));
	assert_int_equal(fonts_load(&none, "tests/golden", &err), -1);
}

/* ---- Lines. */

static size_t cut(const char *text, double width, char lines[][512], size_t most)
{
	struct flow flow = flow_plain(arena, &fonts, text);
	size_t n = 0;

	for (size_t at = 0, next; at < flow.len && n < most; at = next, n++) {
		size_t to = flow_line(&flow, &fonts, at, width, false, 9, &next);

		assert_true(next > at);
		(void)snprintf(lines[n], 512, "%.*s", (int)(to - at), flow.bytes + at);
	}
	return n;
}

static void test_breaks(void **state)
{
	char lines[64][512];
	size_t n;

	(void)state;
	assert_int_equal(cut("one two three", 1000, lines, 64), 1);
	n = cut("one two three four five six", 60, lines, 64);
	assert_true(n > 1);
	for (size_t i = 0; i < n; i++) {
		assert_true(font_width(&fonts, false, 9, lines[i], strlen(lines[i])) <= 60.01);
		assert_true(lines[i][0] != ' ' && lines[i][strlen(lines[i]) - 1] != ' ');
	}
	/* Never between number and unit. */
	n = cut("a value of 1.27" NBSP "% and 30" NBSP "min 30" NBSP "s", 44, lines, 64);
	for (size_t i = 0; i < n; i++)
		assert_true(strncmp(lines[i], "%", 1) != 0 && strncmp(lines[i], "min", 3) != 0);
	/* A word too long breaks after a sign, then anywhere. */
	n = cut("registry.example.net/shop/backend:2.15.0-rc.1", 80, lines, 64);
	assert_true(n >= 3);
	for (size_t i = 0; i + 1 < n; i++)
		assert_non_null(strchr("/:-_.@", lines[i][strlen(lines[i]) - 1]));
	n = cut("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 50, lines, 64);
	assert_true(n > 3);
	/* Narrower than a letter: one each, and an end. */
	assert_int_equal(cut("abc", 0.1, lines, 64), 3);
	assert_int_equal(cut("", 10, lines, 64), 0);
	assert_int_equal(cut("   ", 10, lines, 64), 1);
}

static void test_not_drawable(void **state)
{
	struct doc d;
	struct flow flow;

	(void)state;
	doc_init(&d, arena);
	flow = flow_plain(arena, &fonts, doc_clean(&d, "a\xF0\x9F\x9A\x80z"));
	assert_string_equal(flow.bytes, "a⟨U+1F680⟩z");
	flow = flow_plain(arena, &fonts, doc_clean(&d, "x \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D y"));
	assert_string_equal(flow.bytes, "x ⟨4 characters not drawable⟩ y");
	flow = flow_plain(arena, &fonts, doc_clean(&d, "\xE2\x80\xAEtxt\x01\xFF"));
	assert_string_equal(flow.bytes, "⟨U+202E⟩txt⟨U+0001⟩\xEF\xBF\xBD");
	flow = flow_plain(arena, &fonts, NULL);
	assert_int_equal(flow.len, 0);
}

static void test_shorten(void **state)
{
	const char *long_name = "1234.dkr.ecr.eu-central-1.amazonaws.com/team/some/very/long/path/backend-service:2.15.0-rc.1";
	const char *s = flow_shorten(arena, &fonts, long_name, 150, false, 8.5), *mark = strstr(s, "…");
	size_t head, tail;

	(void)state;
	assert_non_null(mark);
	assert_true(font_width(&fonts, false, 8.5, s, strlen(s)) <= 150);
	head = (size_t)(mark - s);
	tail = strlen(mark) - strlen("…");
	assert_true(head > 4 && tail > head);
	assert_true(fabs((double)head / (double)(head + tail) - 0.4) < 0.06);
	assert_int_equal(strncmp(s, long_name, head), 0);
	assert_string_equal(mark + strlen("…"), long_name + strlen(long_name) - tail);
	assert_string_equal(flow_shorten(arena, &fonts, "short", 150, false, 8.5), "short");
	assert_string_equal(flow_shorten(arena, &fonts, "short", 1, false, 8.5), "…");
	assert_string_equal(flow_shorten(arena, &fonts, "", 1, false, 8.5), "");
}

static void test_cites(void **state)
{
	struct text text = { 0 };
	struct flow flow;
	struct doc d;

	(void)state;
	doc_init(&d, arena);
	span_text(&d, &text, "Said");
	span_cite(&d, &text, "E-031");
	span_cite(&d, &text, "…");
	span_cite(&d, &text, "G-01");
	flow = flow_of(arena, &fonts, &text, false);
	assert_string_equal(flow.bytes, "Said [E-031, …, G-01]");
	assert_int_equal(flow.n_pieces, 5);
	assert_string_equal(flow.pieces[1].link, "E-031");
	assert_null(flow.pieces[2].link);
	text = (struct text){ 0 };
	span_cite(&d, &text, "E-031");
	flow = flow_of(arena, &fonts, &text, true);
	assert_string_equal(flow.bytes, "E-031");
}

/* ---- Pages. */

static struct pages lay_out(const struct doc *doc, bool letter)
{
	struct pages pages;
	struct error err;

	pages_init(&pages, arena, &fonts, letter ? 612 : 595.28, letter ? 792 : 841.89);
	if (layout_pages(&pages, doc, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(pages.failed);
	return pages;
}

static double text_width(const struct op *op)
{
	return font_width(&fonts, op->font.bold, op->font.size, op->text, strlen(op->text));
}

/* Within the margins, none below 7 points, and on no other text. */
static void check_texts(const struct pages *pages, size_t at)
{
	const struct page *p = &pages->v[at];

	for (size_t i = 0; i < p->n; i++) {
		const struct op *a = &p->ops[i];

		if (a->kind != OP_TEXT)
			continue;
		assert_true(a->font.size >= 7);
		if (a->x < 47.9 || a->x + text_width(a) > pages->width - 47.9 || a->y < 28 || a->y > pages->height - 23.9)
			fail_msg("page %zu: \"%s\" leaves the margins (%g, %g)", at + 1, a->text, a->x, a->y);
		for (size_t k = i + 1; k < p->n; k++) {
			const struct op *b = &p->ops[k];

			if (b->kind == OP_TEXT && fabs(a->y - b->y) < 0.62 * fmax(a->font.size, b->font.size) &&
			    a->x + text_width(a) > b->x + 0.3 && b->x + text_width(b) > a->x + 0.3)
				fail_msg("page %zu: \"%s\" and \"%s\" overlap at %g, %g", at + 1, a->text, b->text, b->x, b->y);
		}
	}
}

static void check_tree(const struct pages *pages)
{
	int depth = 0;

	for (size_t i = 0; i < pages->n; i++)
		for (size_t k = 0; k < pages->v[i].n; k++) {
			depth += pages->v[i].ops[k].kind == OP_OPEN;
			depth -= pages->v[i].ops[k].kind == OP_CLOSE;
			assert_true(depth >= 0 && depth < 6);
		}
	assert_int_equal(depth, 0);
}

static bool page_says(const struct pages *pages, size_t at, const char *text)
{
	for (size_t k = 0; k < pages->v[at].n; k++)
		if (pages->v[at].ops[k].kind == OP_TEXT && strstr(pages->v[at].ops[k].text, text) != NULL)
			return true;
	return false;
}

static double sign_off_height(const struct pages *pages)
{
	for (size_t k = 0; k < pages->v[0].n; k++)
		if (pages->v[0].ops[k].kind == OP_TEXT && strcmp(pages->v[0].ops[k].text, "Sign-off") == 0)
			return pages->v[0].ops[k].y;
	return -1;
}

/* Whatever the document holds. */
static void check_document(const struct doc *doc, bool letter)
{
	struct pages pages = lay_out(doc, letter);
	char number[64];

	assert_true(pages.n >= 2);
	for (size_t i = 0; i < pages.n; i++) {
		check_texts(&pages, i);
		(void)snprintf(number, sizeof number, "Page %zu of %zu", i + 1, pages.n);
		assert_true(page_says(&pages, i, number));
		assert_true(page_says(&pages, i, doc->partial ? "artial" : doc_verdict_word(doc)));
	}
	check_tree(&pages);
	/* Sign-off never moves. */
	assert_true(fabs(sign_off_height(&pages) - (pages.height - 46 - 60 + 15)) < 0.01);
}

static void test_documents(void **state)
{
	struct doc doc;

	(void)state;
	for (int letter = 0; letter < 2; letter++) {
		support_doc_no_go(&doc, arena);
		check_document(&doc, letter);
		support_doc_go(&doc, arena);
		check_document(&doc, letter);
		support_doc_empty(&doc, arena);
		check_document(&doc, letter);
		support_doc_one_sample(&doc, arena);
		check_document(&doc, letter);
	}
}

static void test_large(void **state)
{
	static const size_t steps[][2] = { { 10, 10 }, { 10, 0 }, { 10, 5 }, { 40, 0 }, { 1, 0 } };
	char name[254];
	struct doc doc;

	(void)state;
	for (size_t i = 0; i < 253; i++)
		name[i] = i % 10 == 9 ? '-' : 'w';
	name[253] = '\0';
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		support_doc_large(&doc, arena, &(struct support_size){ steps[i][0], steps[i][1], 45, 200, name });
		check_document(&doc, i % 2 == 1);
	}
	/* One word without a place to break. */
	memset(name, 'w', 253);
	support_doc_large(&doc, arena, &(struct support_size){ 10, 6, 3, 5, name });
	check_document(&doc, false);
}

/* Page 1 gives up chart, then single steps; the rest follows behind it. */
static void test_page_one(void **state)
{
	struct pages pages;
	struct doc doc;

	(void)state;
	support_doc_no_go(&doc, arena);
	pages = lay_out(&doc, false);
	assert_true(page_says(&pages, 0, "Deciding criterion: error rate"));
	assert_true(page_says(&pages, 0, "not reached"));
	support_doc_large(&doc, arena, &(struct support_size){ 12, 6, 2, 5, "n" });
	pages = lay_out(&doc, false);
	assert_false(page_says(&pages, 0, "Deciding criterion"));
	support_doc_large(&doc, arena, &(struct support_size){ 20, 18, 2, 5, "n" });
	pages = lay_out(&doc, false);
	assert_true(page_says(&pages, 0, "5–90"));
	assert_true(page_says(&pages, 0, "Deciding criterion"));
	assert_true(page_says(&pages, 1, "Evidence ladder, every step"));
	support_doc_go(&doc, arena);
	pages = lay_out(&doc, false);
	assert_true(page_says(&pages, 0, "action and verification on page 3"));
	assert_true(page_says(&pages, 2, "Action, and how it is verified"));
}

static double x_of(const struct pages *pages, const char *text)
{
	for (size_t i = 0; i < pages->n; i++)
		for (size_t k = 0; k < pages->v[i].n; k++)
			if (pages->v[i].ops[k].kind == OP_TEXT && strcmp(pages->v[i].ops[k].text, text) == 0)
				return pages->v[i].ops[k].x;
	fail_msg("no text \"%s\"", text);
	return 0;
}

/* What page 1 says of a common rollout is not shortened, and short pairs of provenance stand two a line. */
static void test_not_cut(void **state)
{
	struct pages pages;
	struct doc doc;
	struct block *b;

	(void)state;
	for (int letter = 0; letter < 2; letter++) {
		support_doc_no_go(&doc, arena);
		doc.figures[0] = (struct figure){ "99" NBSP "%", "highest exposure, 100" NBSP "% planned" };
		doc.figures[3] = (struct figure){ "3 gaps", "in what was seen of the rollout" };
		doc.ladder.rows[0].cells[0].second = text_of(&doc, "the histogram's buckets are too coarse to see the limit");
		b = doc_keys(&doc, 0);
		keys_add(&doc, b, (struct key){ .label = "criteria.p95-latency.when_blind", .value = text_of(&doc, "absolute (file)") });
		keys_add(&doc, b, (struct key){ .label = "blast.on_breach", .value = text_of(&doc, "hold (file)") });
		pages = lay_out(&doc, letter);
		(void)x_of(&pages, doc.figures[0].label);
		(void)x_of(&pages, doc.figures[3].label);
		assert_true(x_of(&pages, "blast.on_breach") > x_of(&pages, "criteria.p95-latency.when_blind") + 200);
		for (size_t k = 0; k < pages.v[0].n; k++)
			assert_true(pages.v[0].ops[k].kind != OP_TEXT || strcmp(pages.v[0].ops[k].text, "…") != 0);
	}
}

static void test_limits(void **state)
{
	struct pages pages;
	struct doc doc;
	bool said = false, more = false, continued = false;

	(void)state;
	support_doc_large(&doc, arena, &(struct support_size){ 3, 1, 45, 200, "n" });
	pages = lay_out(&doc, false);
	for (size_t i = 0; i < pages.n; i++) {
		said = said || page_says(&pages, i, "40 of 200 shown");
		more = more || page_says(&pages, i, "5 more findings");
		continued = continued || page_says(&pages, i, "(continued)");
	}
	assert_true(said && more && continued);
}

/* Every link that is drawn lies on its words. */
static void test_links(void **state)
{
	struct pages pages;
	struct doc doc;
	size_t links = 0;

	(void)state;
	support_doc_no_go(&doc, arena);
	pages = lay_out(&doc, false);
	for (size_t i = 0; i < pages.n; i++)
		for (size_t k = 1; k < pages.v[i].n; k++) {
			const struct op *op = &pages.v[i].ops[k];

			if (op->kind != OP_LINK)
				continue;
			assert_string_equal(pages.v[i].ops[k - 1].text, op->text);
			assert_true(op->width > 5 && op->height > 5);
			links++;
		}
	assert_true(links > 15);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	for (size_t kib = 64; kib <= 4096; kib *= 4) {
		struct arena *small = arena_new(kib * 1024);
		struct pages pages;
		struct error err = { 0 };
		struct doc doc;

		support_doc_no_go(&doc, arena);
		pages_init(&pages, small, &fonts, 595.28, 841.89);
		if (layout_pages(&pages, &doc, &err) < 0)
			assert_int_equal(err.code, ERR_NOMEM);
		arena_free(small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_font),    cmocka_unit_test(test_breaks),   cmocka_unit_test(test_not_drawable),
		cmocka_unit_test(test_shorten), cmocka_unit_test(test_cites),    cmocka_unit_test(test_documents),
		cmocka_unit_test(test_large),   cmocka_unit_test(test_page_one), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_links),   cmocka_unit_test(test_not_cut),  cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
