/* no-valgrind: starts qpdf and pdftotext, the judges of what a PDF is; libharu's own leaks are not ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../report/pdf.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/output.h"
#include "support-doc.h"
#include "support.h"

static struct arena *arena;
static char folder[] = "/tmp/gonogo-pdf-XXXXXX";

static int setup(void **state)
{
	(void)state;
	arena = arena_new((size_t)256 * 1024 * 1024);
	return arena == NULL || mkdtemp(folder) == NULL;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	arena_free(arena);
	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static struct buf render(const struct doc *doc, enum paper paper)
{
	struct package package = { .doc = doc, .paper = paper };
	struct error err;
	struct buf out;

	buf_init(&out, (size_t)64 * 1024 * 1024);
	if (pdf_render(&out, &package, &err) < 0)
		fail_msg("%s", err.text);
	return out;
}

/* What a shell command says about the file "$F"; its exit code must be 0. */
static char *ask(const struct buf *pdf, const char *question)
{
	char name[64], command[512], chunk[65536];
	struct buf said;
	FILE *f;
	size_t n;

	(void)snprintf(name, sizeof name, "%s/x.pdf", folder);
	f = fopen(name, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(pdf->data, 1, pdf->len, f), pdf->len);
	assert_int_equal(fclose(f), 0);
	(void)snprintf(command, sizeof command, "F=%s; %s", name, question);
	f = popen(command, "r");
	assert_non_null(f);
	buf_init(&said, (size_t)64 * 1024 * 1024);
	buf_puts(&said, "");
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_append(&said, chunk, n);
	if (pclose(f) != 0)
		fail_msg("%s: %s", command, said.data);
	return buf_take(&said);
}

static void has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is missing in: %.2000s", part, text);
}

/* No fault of form, nothing said on stderr, the same bytes again. */
static char *check(const struct doc *doc, enum paper paper)
{
	struct buf one = render(doc, paper), two = render(doc, paper);
	char *said;

	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	said = ask(&one, "qpdf --check $F 2>&1");
	has(said, "No syntax or stream encoding errors");
	assert_null(strstr(said, "WARNING"));
	free(said);
	said = ask(&one, "pdftotext $F /dev/null 2>&1");
	assert_string_equal(said, "");
	free(said);
	said = ask(&one, "pdftotext -raw $F - | tr '\\n' ' ' | tr -s ' '");
	buf_free(&one);
	buf_free(&two);
	return said;
}

static void test_no_go(void **state)
{
	static const char *const said_on_it[] = {
		"Canary rollout evidence",
		"evaluated 2025-06-12 14:41:10 UTC (+00:00)",
		"NO-GO",
		"Error rate 1.27 % at 30 % weight: 4.1 times baseline, limit 2 times",
		"Rolled back by 14:30:34; all traffic is on 2.14.3. [E-041, E-044]",
		"231 of 18 412",
		"The limit is 2 times the baseline (0.62 %). [E-031, E-036]",
		"then retry from 10 % with rollback conditions R-01 to R-04.",
		"registry.example.net/shop/backend:2.15.0",
		"sha256:b81e06aa54c9…1c90",
		"fail 1.27 %",
		"base 99.93 · limit ≥ 99.00",
		"40 % not reached",
		"Deciding criterion: error rate",
		"limit 2 × baseline",
		"accept NO-GO",
		"Time of decision (UTC)",
		"Page 1 of 3",
	};
	struct doc doc;

	(void)state;
	support_doc_no_go(&doc, arena);
	for (int paper = PAPER_A4; paper <= PAPER_LETTER; paper++) {
		char *text = check(&doc, (enum paper)paper);

		for (size_t i = 0; i < sizeof said_on_it / sizeof said_on_it[0]; i++)
			has(text, said_on_it[i]);
		free(text);
	}
}

static void test_others(void **state)
{
	char name[254];
	struct doc doc;
	char *text;

	(void)state;
	for (size_t i = 0; i < 253; i++)
		name[i] = i % 10 == 9 ? '-' : 'w';
	name[253] = '\0';
	support_doc_go(&doc, arena);
	text = check(&doc, PAPER_A4);
	has(text, "action and verification on page 3");
	free(text);
	support_doc_empty(&doc, arena);
	text = check(&doc, PAPER_LETTER);
	has(text, "partial · Page 2 of 2");
	has(text, "HOLD Partial, still running");
	free(text);
	support_doc_one_sample(&doc, arena);
	free(check(&doc, PAPER_A4));
	support_doc_large(&doc, arena, &(struct support_size){ 10, 6, 40, 200, name });
	free(check(&doc, PAPER_A4));
	support_doc_large(
		&doc, arena,
		&(struct support_size){ 3, 1, 2, 3, "\xE1\xBA\xBF () \\ \xF0\x9F\x9A\x80 \xD7\xA9\xD7\x9C \xFF <</X>> endstream" });
	text = check(&doc, PAPER_A4);
	has(text, "\xE1\xBA\xBF () \\ ⟨U+1F680⟩ ⟨2 characters not drawable⟩ \xEF\xBF\xBD <</X>> endstream");
	free(text);
}

static void test_properties(void **state)
{
	struct doc doc;
	struct buf pdf;
	char *said;

	(void)state;
	support_doc_no_go(&doc, arena);
	pdf = render(&doc, PAPER_A4);
	said = ask(&pdf, "TZ=UTC pdfinfo $F");
	has(said, "NO-GO: develop/backend, 2025-06-12 14:00 UTC");
	has(said, "Tagged:          yes");
	has(said, "Pages:           3");
	has(said, "JavaScript:      no");
	has(said, "Thu Jun 12 14:41:10 2025");
	free(said);
	said = ask(&pdf, "pdfinfo -struct-text $F");
	has(said, "H1 (block)\n    \"NO-GO \"");
	has(said, "Table (block)");
	has(said, "Figure");
	free(said);
	said = ask(&pdf, "pdfinfo -dests $F");
	has(said, "\"E-031\"");
	has(said, "\"F-01\"");
	has(said, "\"R-01\"");
	free(said);
	said = ask(&pdf, "pdfdetach -list $F");
	has(said, "report.md");
	free(said);
	said = ask(&pdf, "qpdf --json $F");
	has(said, "\"/AFRelationship\": \"/Alternative\"");
	has(said, "\"/DisplayDocTitle\": true");
	has(said, "\"/Lang\": ");
	has(said, "/ID");
	assert_null(strstr(said, "/URI"));
	assert_null(strstr(said, "/Launch"));
	free(said);
	said = ask(&pdf, "grep -a -c '<5F1D0C9E0102030405060708090A0B0C>' $F");
	assert_string_equal(said, "1\n");
	free(said);
	buf_free(&pdf);
}

static void test_attachment(void **state)
{
	struct doc doc;
	struct buf pdf;
	char *attached, *golden;
	size_t len;

	(void)state;
	support_doc_no_go(&doc, arena);
	pdf = render(&doc, PAPER_A4);
	attached = ask(&pdf, "pdfdetach -save 1 -o /dev/stdout $F");
	golden = support_read("tests/golden/no-go.md", &len);
	assert_string_equal(attached, golden);
	free(attached);
	free(golden);
	buf_free(&pdf);
}

static void test_golden_text(void **state)
{
	char *text, *golden;
	struct doc doc;
	struct buf pdf;
	size_t len;

	(void)state;
	support_doc_no_go(&doc, arena);
	pdf = render(&doc, PAPER_A4);
	text = ask(&pdf, "pdftotext -layout $F -");
	golden = support_read("tests/golden/no-go.txt", &len);
	assert_string_equal(text, golden);
	free(text);
	free(golden);
	buf_free(&pdf);
}

static void test_no_font(void **state)
{
	struct package package = { .fonts = "/nonexistent" };
	struct error err;
	struct doc doc;
	struct buf out;

	(void)state;
	support_doc_no_go(&doc, arena);
	package.doc = &doc;
	buf_init(&out, 1024 * 1024);
	assert_int_equal(pdf_render(&out, &package, &err), -1);
	assert_non_null(strstr(err.text, "fonts-dejavu-extra"));
	buf_free(&out);
}

/* ---- The package around it. */

static void test_package(void **state)
{
	struct package package = { 0 };
	char path[64], command[512];
	struct error err;
	struct buf names;
	struct doc doc;
	struct stat st;

	(void)state;
	support_doc_no_go(&doc, arena);
	package.doc = &doc;
	(void)snprintf(path, sizeof path, "%s/package", folder);
	buf_init(&names, 65536);
	if (output_write(&package, path, "md,pdf", &names, &err) < 0)
		fail_msg("%s", err.text);
	has(names.data, "/package/report.pdf\n");
	has(names.data, "/package/figures/error-rate.svg\n");
	(void)snprintf(command, sizeof command,
		       "cd %s && sha256sum --quiet -c SHA256SUMS && [ $(wc -l <SHA256SUMS) = 5 ] && [ -z \"$(ls -A | grep '^\\.')\" ]",
		       path);
	assert_int_equal(system(command), 0);
	/* A link in the place of the folder for figures is not followed. */
	(void)snprintf(command, sizeof command, "rm -r %s/figures && mkdir %s/elsewhere && ln -s %s/elsewhere %s/figures", path, folder,
		       folder, path);
	assert_int_equal(system(command), 0);
	assert_int_equal(output_write(&package, path, "md", &names, &err), -1);
	has(err.text, "figures");
	(void)snprintf(command, sizeof command, "%s/elsewhere/error-rate.svg", folder);
	assert_int_equal(stat(command, &st), -1);
	buf_free(&names);
	assert_int_equal(output_check_formats("md,doc", &err), -1);
	has(err.text, "\"doc\"");
	has(err.text, "md, pdf");
	assert_int_equal(output_check_formats("md,pdf", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_go),      cmocka_unit_test(test_others),      cmocka_unit_test(test_properties),
		cmocka_unit_test(test_attachment), cmocka_unit_test(test_golden_text), cmocka_unit_test(test_no_font),
		cmocka_unit_test(test_package),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
