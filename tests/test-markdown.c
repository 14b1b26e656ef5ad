/* no-valgrind: starts cmark-gfm, the judge of what Markdown means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../report/markdown.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "support-doc.h"
#include "support.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new((size_t)256 * 1024 * 1024);
	return arena == NULL;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static char *render(const struct doc *doc)
{
	struct error err = { 0 };
	struct buf out;

	buf_init(&out, (size_t)64 * 1024 * 1024);
	if (markdown_render(&out, doc, &err) < 0)
		fail_msg("%s", err.text);
	return buf_take(&out);
}

/* As GitHub reads it, raw HTML let through. */
static char *to_html(const char *markdown)
{
	char name[] = "/tmp/gonogo-markdown-XXXXXX", command[256];
	int fd = mkstemp(name);
	struct buf html;
	char chunk[65536];
	FILE *in;
	size_t n;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, markdown, strlen(markdown)), (ssize_t)strlen(markdown));
	close(fd);
	(void)snprintf(command, sizeof command,
		       "cmark-gfm --unsafe -e table -e autolink -e tasklist -e strikethrough -e footnotes %s 2>/dev/null", name);
	in = popen(command, "r");
	assert_non_null(in);
	buf_init(&html, (size_t)256 * 1024 * 1024);
	while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
		buf_append(&html, chunk, n);
	if (pclose(in) != 0)
		fail_msg("cmark-gfm failed (package cmark-gfm)");
	(void)unlink(name);
	return buf_take(&html);
}

static bool is_allowed(const char *tag, size_t len)
{
	static const char *const whole[] = { "h1",
					     "h2",
					     "p",
					     "ul",
					     "ol",
					     "li",
					     "strong",
					     "code",
					     "pre",
					     "table",
					     "thead",
					     "tbody",
					     "tr",
					     "th",
					     "td",
					     "blockquote",
					     "br /",
					     "th align=\"right\"",
					     "td align=\"right\"",
					     "code class=\"language-promql\"" };
	static const char *const begins[] = { "a href=\"#", "a id=\"", "img src=\"figures/", "input type=\"checkbox\"" };

	if (len > 0 && *tag == '/') {
		tag++;
		len--;
	}
	if (len == 1 && *tag == 'a')
		return true;
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
		if (strlen(whole[i]) == len && strncmp(tag, whole[i], len) == 0)
			return true;
	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
		if (strncmp(tag, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

/* No element but those of our grammar, and no mention or address outside code. */
static void check_html(const char *html)
{
	bool code = false;

	for (const char *p = html; *p != '\0'; p++) {
		const char *end = *p == '<' ? strchr(p, '>') : NULL;

		if (end != NULL) {
			if (!is_allowed(p + 1, (size_t)(end - p - 1)))
				fail_msg("foreign element: %.80s", p);
			if (strncmp(p, "<code", 5) == 0)
				code = true;
			if (strncmp(p, "</code", 6) == 0)
				code = false;
			p = end;
			continue;
		}
		if (!code && (*p == '@' || strncmp(p, "evil", 4) == 0))
			fail_msg("cluster text outside code: %.80s", p);
	}
}

/* How often <code>TEXT</code> occurs, TEXT being escaped for HTML. */
static size_t count_code(const char *html, const char *text)
{
	struct buf want;
	size_t n = 0;

	buf_init(&want, 65536);
	buf_puts(&want, "<code>");
	for (const char *p = text; *p != '\0'; p++)
		switch (*p) {
		case '&':
			buf_puts(&want, "&amp;");
			break;
		case '<':
			buf_puts(&want, "&lt;");
			break;
		case '>':
			buf_puts(&want, "&gt;");
			break;
		case '"':
			buf_puts(&want, "&quot;");
			break;
		default:
			buf_putc(&want, *p);
		}
	buf_puts(&want, "</code>");
	for (const char *p = html; (p = strstr(p, want.data)) != NULL; p++)
		n++;
	buf_free(&want);
	return n;
}

static const char *const hostile[] = {
	"evil",
	"evil`",
	"`evil",
	"`",
	"``evil`` `x` ```",
	"evil | evil \\| evil",
	"\\",
	"evil\\",
	" evil ",
	"   ",
	"<script>evil()</script>",
	"evil <b>bold</b> &amp; &lt;",
	"**evil** _evil_ ~~evil~~ [evil](javascript:evil) ![evil](http://evil/x.png)",
	"@evil/team #1 :evil: GH-1 evil@evil.example www.evil.example https://evil.example/",
	"--> <!-- evil",
	"evil\n\n# evil\n| a | b |\n| - | - |",
	"```\nevil",
	"evil\xE2\x80\xAEtxt.exe",
	"evil\xF0\x9F\x9A\x80\xFF\xC0",
	"\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D evil",
	"$(evil) ${evil} $$evil$$",
	"evil[^1] [x] <evil@evil.example>",
};

/* What came from the cluster is one code span, whole, and nothing else anywhere. */
static void test_hostile(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		struct support_size size = { 3, 1, 3, 3, hostile[i] };
		struct doc doc;
		char *markdown, *html;
		const char *shown;

		support_doc_large(&doc, arena, &size);
		assert_false(doc.failed);
		markdown = render(&doc);
		html = to_html(markdown);
		check_html(html);
		shown = doc_clean(&doc, hostile[i]);
		/* A title, an image, three reasons, three events, three findings. */
		if (count_code(html, shown) < 10)
			fail_msg("\"%s\" stands %zu times as a code span", shown, count_code(html, shown));
		free(markdown);
		free(html);
	}
}

/* Two spans side by side, one at the end of bold, one before a citation: none runs into the other. */
static void test_neighbours(void **state)
{
	struct doc doc;
	struct text text = { 0 };
	char *markdown, *html;

	(void)state;
	support_doc_go(&doc, arena);
	span_code(&doc, &text, "`one");
	span_code(&doc, &text, "two`");
	span_bold(&doc, &text, "bold");
	span_code(&doc, &text, "three");
	span_cite(&doc, &text, "E-019");
	doc_paragraph(&doc, 0, text);
	markdown = render(&doc);
	html = to_html(markdown);
	check_html(html);
	assert_int_equal(count_code(html, "`one"), 1);
	assert_int_equal(count_code(html, "two`"), 1);
	assert_int_equal(count_code(html, "three"), 1);
	assert_non_null(strstr(html, "<strong>bold</strong>"));
	free(markdown);
	free(html);
}

static void test_marked(void **state)
{
	struct doc doc;
	struct text text;

	(void)state;
	doc_init(&doc, arena);
	text = text_of(&doc, "said `a``b` and `open");
	assert_string_equal(text.first->text, "said ");
	assert_string_equal(text.first->next->text, "a`b");
	assert_int_equal(text.first->next->kind, SPAN_CODE);
	assert_string_equal(text.first->next->next->text, " and ");
	assert_string_equal(text.first->next->next->next->text, "open");
	assert_int_equal(text.first->next->next->next->kind, SPAN_CODE);
	assert_true(text_is_empty(&(struct text){ 0 }));
}

/* The titles are an interface: people link to them. */
static void test_headings(void **state)
{
	static const char *const titles[] = { "\n## Why\n",
					      "\n## What was rolled out\n",
					      "\n## Evidence ladder\n",
					      "\n## Metrics over time\n",
					      "\n## Timeline\n",
					      "\n## Findings\n",
					      "\n## Remediation\n",
					      "\n## Rollback conditions\n",
					      "\n## Sign-off\n",
					      "\n## Scorecard\n",
					      "\n## Provenance\n",
					      "\n## Evidence\n" };
	struct doc doc;
	const char *at;
	char *markdown;

	(void)state;
	support_doc_no_go(&doc, arena);
	markdown = render(&doc);
	assert_int_equal(strncmp(markdown, "# NO-GO: `develop/backend`\n", 27), 0);
	at = markdown;
	for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
		at = strstr(at, titles[i]);
		if (at == NULL)
			fail_msg("not there, or not in order: %s", titles[i]);
	}
	assert_int_equal(markdown[strlen(markdown) - 1], '\n');
	assert_null(strchr(markdown, '\r'));
	assert_null(strstr(markdown, "\xC2\xA0"));
	assert_non_null(strstr(markdown, "2025-06-12T14:00:04Z"));
	assert_null(strstr(markdown, "| |"));
	free(markdown);
}

/* Every id that is linked to is defined, once. */
static void test_links(void **state)
{
	struct doc doc;
	char *markdown;

	(void)state;
	support_doc_no_go(&doc, arena);
	markdown = render(&doc);
	for (const char *p = markdown; (p = strstr(p, "](#")) != NULL; p++) {
		size_t n = strcspn(p + 3, ")");
		char anchor[80];
		const char *first;

		(void)snprintf(anchor, sizeof anchor, "<a id=\"%.*s\"></a>", (int)n, p + 3);
		first = strstr(markdown, anchor);
		if (first == NULL)
			fail_msg("%s is missing", anchor);
		assert_null(strstr(first + 1, anchor));
	}
	free(markdown);
}

static void test_golden(void **state)
{
	struct doc doc;
	char *markdown, *golden;
	size_t len;

	(void)state;
	support_doc_no_go(&doc, arena);
	markdown = render(&doc);
	golden = support_read("tests/golden/no-go.md", &len);
	assert_string_equal(markdown, golden);
	free(golden);
	free(markdown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marked),   cmocka_unit_test(test_hostile), cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_headings), cmocka_unit_test(test_links),   cmocka_unit_test(test_golden),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
