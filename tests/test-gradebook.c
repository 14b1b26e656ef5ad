/* no-valgrind: starts python3 as the independent reader */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../report/csv.h"
#include "gonogo/buf.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/gradebook.h"
#include "gonogo/json.h"
#include "support.h"

#define MARKS_MAX 8

/* marks.csv of a case: sis_login_id,points,max_points,status. */
struct class
{
	struct csv csv;
	char *text;
	struct learner_mark marks[MARKS_MAX];
	size_t n;
};

static char *read_case(const char *folder, const char *file)
{
	char path[512];

	(void)snprintf(path, sizeof path, "tests/cases/%s/%s", folder, file);
	return support_read(path, NULL);
}

static void read_class(struct class *c, const char *folder)
{
	*c = (struct class){ .text = read_case(folder, "marks.csv") };
	assert_int_equal(csv_parse(&c->csv, c->text, strlen(c->text), NULL), 0);
	for (size_t i = 1; i < c->csv.n; i++) {
		const struct csv_cell *cells = c->csv.rows[i].cells;

		c->marks[c->n++] = (struct learner_mark){ .login = cells[0].text,
						  .points = strtod(cells[1].text, NULL),
						  .max = strtod(cells[2].text, NULL),
						  .graded = strcmp(cells[3].text, "graded") == 0 };
	}
}

static void free_class(struct class *c)
{
	csv_free(&c->csv);
	free(c->text);
}

struct result {
	struct buf out, notes;
	struct error err;
	int rc;
};

static void canvas(struct result *r, const char *exported, const char *column, const struct learner_mark *marks, size_t n)
{
	*r = (struct result){ 0 };
	buf_init(&r->out, 1 << 20);
	buf_init(&r->notes, GRADEBOOK_NOTES_MAX);
	r->rc = gradebook_canvas(&r->out, &r->notes, exported, strlen(exported), column, marks, n, &r->err);
	if (r->rc < 0)
		assert_int_equal(r->out.len, 0);
}

static void free_result(struct result *r)
{
	buf_free(&r->out);
	buf_free(&r->notes);
}

static void assert_notes(const struct result *r, const char *text)
{
	if (r->notes.data == NULL || strstr(r->notes.data, text) == NULL)
		fail_msg("no \"%s\" in: %s", text, r->notes.data == NULL ? "" : r->notes.data);
}

#define PLAIN_EXPORT                                                                                                                       \
	"Student,ID,SIS Login ID,Section,Game day (9),Final Score\n    Points Possible,,,,20.00,(read only)\n\"O, "                        \
	"A\",1,ada.o,A,,1.0\n\"S, B\",2,bruno.s,A,3.50,2.0\n"

static void merges_case_24_byte_for_byte(void **state)
{
	char *exported = read_case("24-canvas-posting-row", "canvas-export.csv");
	char *expected = read_case("24-canvas-posting-row", "expected.csv");
	static const char *const columns[] = { "Canary game day (90412)", "Canary game day" };
	struct result r;
	struct class c;

	(void)state;
	read_class(&c, "24-canvas-posting-row");
	for (size_t i = 0; i < 2; i++) {
		canvas(&r, exported, columns[i], c.marks, c.n);
		assert_int_equal(r.rc, 0);
		assert_int_equal(r.out.len, strlen(expected));
		assert_memory_equal(r.out.data, expected, r.out.len);
		assert_notes(&r, "zoe.m: stays EX");
		assert_notes(&r, "ada.o: is ungraded");
		assert_notes(&r, "f3b0c4: has no mark");
		free_result(&r);
	}
	free_class(&c);
	free(exported);
	free(expected);
}

static void names_the_student_above_the_maximum_or_unknown(void **state)
{
	char *exported = read_case("24-canvas-posting-row", "canvas-export.csv");
	struct result r;
	struct class c;

	(void)state;
	read_class(&c, "24-canvas-posting-row");
	c.marks[0].points = 20.5;
	canvas(&r, exported, "Canary game day", c.marks, c.n);
	assert_int_equal(r.rc, -1);
	assert_non_null(strstr(r.err.text, "thuha.d: "));
	free_result(&r);
	c.marks[0].points = 20;
	c.marks[2].login = "nobody";
	c.marks[3].login = "thuha.d";
	canvas(&r, exported, "Canary game day", c.marks, c.n);
	assert_int_equal(r.rc, -1);
	assert_non_null(strstr(r.err.text, "nobody: the export has no student"));
	assert_notes(&r, "thuha.d: has two marks");
	free_result(&r);
	free_class(&c);
	free(exported);
}

static void refuses_case_25(void **state)
{
	char *exported = read_case("25-canvas-reserved-title", "canvas-export.csv");
	struct result r;
	struct class c;

	(void)state;
	read_class(&c, "25-canvas-reserved-title");
	canvas(&r, exported, "Canary Final Score review (90413)", c.marks, c.n);
	assert_int_equal(r.rc, -1);
	assert_non_null(strstr(r.err.text, "Canary Final Score review (90413)"));
	assert_non_null(strstr(r.err.text, "\"Final Score\""));
	assert_non_null(strstr(r.err.text, "Canvas ignores"));
	assert_notes(&r, "bruno.s: the mark is on a scale of 2000, the column \"Canary Final Score review (90413)\" of 20");
	assert_null(strstr(r.notes.data, "Current Score"));
	free_result(&r);
	free_class(&c);
	free(exported);
}

static void writes_large_numbers_without_a_comma(void **state)
{
	static const char exported[] =
		"Student,ID,SIS Login ID,Section,Work (9)\n    Points Possible,,,,\"2,000.00\"\n\"S, B\",2,bruno.s,A,\n";
	const struct learner_mark mark = { .login = "BRUNO.S", .graded = true, .points = 1250.25, .max = 2000 };
	struct result r;

	(void)state;
	canvas(&r, exported, "Work", &mark, 1);
	assert_int_equal(r.rc, 0);
	assert_non_null(strstr(r.out.data, "bruno.s,A,1250.25\n"));
	free_result(&r);
}

static void writes_the_files_own_decimal_mark(void **state)
{
	static const char exported[] =
		"Student;ID;SIS Login ID;Section;Work (9)\r\n    Points Possible;;;;20,00\r\nS;2;b;A;\"3,50\"\r\nT;3;c;A;\r\n";
	const struct learner_mark marks[] = { { .login = "b", .graded = true, .points = 17.5, .max = 20 },
				      { .login = "c", .graded = true, .points = 0, .max = 20 } };
	struct result r;

	(void)state;
	canvas(&r, exported, "Work (9)", marks, 2);
	assert_int_equal(r.rc, 0);
	assert_non_null(strstr(r.out.data, "S;2;b;A;\"17,5\"\r\nT;3;c;A;0\r\n"));
	free_result(&r);
}

static void refuses_exports_that_it_cannot_merge_into(void **state)
{
	static const struct {
		const char *exported, *column, *what;
	} cases[] = {
		{ "", "Game day", "the export is empty" },
		{ "Student,ID,Section,Game day\n", "Game day", "SIS Login ID" },
		{ PLAIN_EXPORT, "Other", "no column" },
		{ PLAIN_EXPORT, "Final Score", "Canvas ignores" },
		{ "Student,ID,SIS Login ID,Section,Game day (9)\n\"O, A\",1,ada.o,A,\n", "Game day", "Points Possible" },
		{ "Student,ID,SIS Login ID,Section,G (9)\n    Points Possible,,,,\n\"O, A\",1,ada.o,A,\n", "G", "takes no points" },
		{ "Student,ID,SIS Login ID,Section,G (9)\n    Points Possible,,,,(read only)\n\"O, A\",1,ada.o,A,\n", "G",
		  "takes no points" },
		{ "Student,ID,SIS Login ID,Section,G (9),G (8)\n    Points Possible,,,,1,1\n", "G", "2 columns" },
		{ "Student,ID,SIS Login ID,Section,G (9)\n    Points Possible,,,,20\nO,1,ada.o,A,\nP,2,ada.o,A,\n", "G", "lines 3 and 4" },
		{ "Student,ID,SIS Login ID,Section,G (9)\n    Points Possible,,,,20\nO,1,ada.o\n", "G", "ends before the column" },
		{ "Student,ID,SIS Login ID,Section,G (9)\n    Points Possible,,,,20\nO,1,ada.o,A,B+\n", "G", "no number" },
		{ "Student,ID,SIS Login ID,Section,G (9)\n    Points Possible,,,,20\nO,1,ada.o,A,\"\n", "G", "Canvas export: line 3" },
	};
	const struct learner_mark mark = { .login = "ada.o", .graded = true, .points = 1, .max = 20 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct result r;

		canvas(&r, cases[i].exported, cases[i].column, &mark, 1);
		assert_int_equal(r.rc, -1);
		if (strstr(r.err.text, cases[i].what) == NULL)
			fail_msg("no \"%s\" in \"%s\"", cases[i].what, r.err.text);
		free_result(&r);
	}
}

static void refuses_marks_that_are_none(void **state)
{
	static const struct learner_mark bad[] = {
		{ .login = "ada.o", .graded = true, .points = NAN, .max = 20 },
		{ .login = "ada.o", .graded = true, .points = -1, .max = 20 },
		{ .login = "ada.o", .graded = true, .points = 1, .max = 0 },
		{ .login = "ada.o", .graded = true, .points = 1, .max = INFINITY },
		{ .login = "", .graded = true, .points = 1, .max = 20 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct result r;
		struct buf out;

		canvas(&r, PLAIN_EXPORT, "Game day", &bad[i], 1);
		assert_int_equal(r.rc, -1);
		free_result(&r);
		buf_init(&out, 1 << 16);
		assert_int_equal(gradebook_gradescope(&out, NULL, &bad[i], NULL), -1);
		assert_int_equal(gradebook_classroom(&out, NULL, &bad[i], false, NULL), -1);
		assert_int_equal(gradebook_csv(&out, NULL, &(struct gradebook_assignment){ .name = "x" }, &bad[i], 1, NULL), -1);
		assert_int_equal(out.len, 0);
		buf_free(&out);
	}
}

/* Runs a python3 script with the bytes on its standard input; its assertions decide. */
static void python(const char *script, const struct buf *bytes)
{
	char in[] = "/tmp/gonogo-gradebook-XXXXXX", command[4096];
	int fd = mkstemp(in);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes->data, bytes->len), bytes->len);
	close(fd);
	(void)snprintf(command, sizeof command, "python3 -c '%s' <%s", script, in);
	assert_int_equal(system(command), 0);
	(void)unlink(in);
}

static const struct criterion_mark criteria[] = {
	{ "Rollback path tested", true, 2, 2, "Rehearsed.", "E-12, E-14", MARK_VISIBLE },
	{ "Timeline complete", true, 1.5, 2, "=HYPERLINK(\"x\")\n<b>bold</b>", "", MARK_VISIBLE },
	{ "Human decision", false, NAN, 2, "", "", MARK_VISIBLE },
	{ "Answer key", true, 0, 2, "the answer", "E-1", MARK_HIDDEN },
};
static const struct learner_mark part = { .login = "ada.o",
				  .first_name = "Ada, =1",
				  .last_name = "@Okafor",
				  .email = NULL,
				  .points = 3.5,
				  .max = 8,
				  .criteria = criteria,
				  .n_criteria = 4 };
static const struct learner_mark whole = { .login = "zoe.m",
				   .first_name = "Zoë",
				   .last_name = "Müller \"Z\"",
				   .email = "z@example.test",
				   .graded = true,
				   .points = 16.25,
				   .max = 20,
				   .criteria = criteria,
				   .n_criteria = 2 };

static void canvas_file_loads_elsewhere(void **state)
{
	char *exported = read_case("24-canvas-posting-row", "canvas-export.csv");
	struct result r;
	struct class c;

	(void)state;
	read_class(&c, "24-canvas-posting-row");
	canvas(&r, exported, "Canary game day", c.marks, c.n);
	python("import csv, sys, io\n"
	       "rows = list(csv.reader(io.StringIO(sys.stdin.buffer.read().decode(\"utf-8-sig\"), newline=\"\")))\n"
	       "assert {len(x) for x in rows} == {12}, rows\n"
	       "marks = {x[3]: x[7] for x in rows[3:]}\n"
	       "assert marks == {\"thuha.d\": \"17.5\", \"zoe.m\": \"EX\", \"jose.g\": \"15\", \"ada.o\": \"\", \"f3b0c4\": \"\"}, marks\n"
	       "assert rows[5][0] == \"García, \\\"Pepe\\\" José\", rows[5]\n",
	       &r.out);
	free_result(&r);
	free_class(&c);
	free(exported);
}

static void csv_loads_elsewhere(void **state)
{
	const struct gradebook_assignment assignment = { "Canary, game day", "2026-03-10 23:59", "2026-03-10T09:00:00Z" };
	const struct learner_mark marks[] = { part, whole };
	struct buf out, notes;

	(void)state;
	buf_init(&out, 1 << 16);
	buf_init(&notes, GRADEBOOK_NOTES_MAX);
	assert_int_equal(gradebook_csv(&out, &notes, &assignment, marks, 2, NULL), 0);
	python("import csv, sys, io\n"
	       "rows = list(csv.DictReader(io.StringIO(sys.stdin.buffer.read().decode(), newline=\"\")))\n"
	       "a, z = rows\n"
	       "assert a[\"assignment\"] == \"Canary, game day\" and a[\"student_id\"] == \"ada.o\", a\n"
	       "assert a[\"score\"] == a[\"raw_score\"] == \"\" and a[\"max_score\"] == \"8\", a\n"
	       "assert a[\"last_name\"] == chr(39) + \"@Okafor\" and a[\"first_name\"] == \"Ada, =1\" and a[\"email\"] == \"\", a\n"
	       "assert float(z[\"score\"]) == 16.25 and z[\"last_name\"] == \"Müller \\\"Z\\\"\", z\n"
	       "assert not any(v.startswith(tuple(\"=+-@\")) for x in rows for v in x.values())\n",
	       &out);
	assert_non_null(strstr(notes.data, "ada.o: ungraded"));
	buf_free(&out);
	buf_free(&notes);
}

static void gradescope_keeps_ungraded_apart_from_zero(void **state)
{
	struct buf out, notes;
	struct json *json;
	double number;

	(void)state;
	buf_init(&out, 1 << 16);
	buf_init(&notes, GRADEBOOK_NOTES_MAX);
	assert_int_equal(gradebook_gradescope(&out, &notes, &part, NULL), 0);
	json = json_parse(out.data, out.len, NULL);
	assert_non_null(json);
	assert_null(json_get(json, "score"));
	assert_int_equal(json_size(json_get(json, "tests")), 4);
	json_free(json);
	python("import json, sys\n"
	       "r = json.load(sys.stdin)\n"
	       "t = r[\"tests\"]\n"
	       "assert [x.get(\"score\") for x in t] == [2, 1.5, None, 0], t\n"
	       "assert [x.get(\"status\") for x in t] == [\"passed\", \"failed\", None, \"failed\"], t\n"
	       "assert [x[\"visibility\"] for x in t] == [\"visible\"] * 3 + [\"hidden\"], t\n"
	       "assert t[0][\"output\"] == \"Rehearsed.\\nEvidence: E-12, E-14\" and all(x[\"output_format\"] == \"text\" for x in t), t\n"
	       "assert [x[\"number\"] for x in t] == list(\"1234\"), t\n",
	       &out);
	buf_reset(&out);
	assert_int_equal(gradebook_gradescope(&out, &notes, &whole, NULL), 0);
	json = json_parse(out.data, out.len, NULL);
	assert_true(json_number(json_get(json, "score"), &number));
	assert_true(number > 16.24 && number < 16.26);
	json_free(json);
	buf_free(&out);
	buf_free(&notes);
}

static void classroom_counts_and_sums_agree(void **state)
{
	struct buf out, notes, decoded;
	uint8_t bytes[8192];
	size_t len;

	(void)state;
	buf_init(&out, 1 << 16);
	buf_init(&notes, GRADEBOOK_NOTES_MAX);
	buf_init(&decoded, 1 << 16);
	assert_int_equal(gradebook_classroom(&out, &notes, &part, true, NULL), 0);
	assert_true(out.len < sizeof bytes);
	assert_int_equal(base64_decode(bytes, &len, out.data), 0);
	buf_append(&decoded, bytes, len);
	python("import json, sys\n"
	       "r = json.load(sys.stdin)\n"
	       "t = r[\"tests\"]\n"
	       "assert r[\"status\"] == \"fail\" and r[\"max_score\"] == 4, r\n"
	       "assert sum(x[\"score\"] for x in t) == 3.5, t\n"
	       "assert len(t) == 2 + 4 and sum(x[\"status\"] == \"pass\" for x in t) == 2 + 3, t\n"
	       "assert \"answer\" not in json.dumps(r).lower(), r\n",
	       &decoded);
	assert_non_null(strstr(notes.data, "ada.o: Human decision is left out, with its 2 points: it is ungraded"));
	assert_non_null(strstr(notes.data, "ada.o: Answer key is left out, with its 2 points: it is not visible"));
	python("import base64, sys, json\njson.loads(base64.b64decode(sys.stdin.read(), validate=False))\n", &out);
	buf_free(&out);
	buf_free(&notes);
	buf_free(&decoded);
}

static void classroom_refuses_what_it_would_misstate(void **state)
{
	static const struct criterion_mark third = { "Third", true, 1.0 / 3, 1, "", "", MARK_VISIBLE };
	const struct learner_mark odd = { .login = "ada.o", .graded = true, .points = 1, .max = 8, .criteria = &third, .n_criteria = 1 };
	const struct learner_mark open = { .login = "ada.o", .max = 8, .criteria = &criteria[2], .n_criteria = 1 };
	struct error err;
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 16);
	assert_int_equal(gradebook_classroom(&out, NULL, &odd, true, &err), -1);
	assert_non_null(strstr(err.text, "ada.o: Third: "));
	assert_int_equal(gradebook_classroom(&out, NULL, &open, true, &err), -1);
	assert_non_null(strstr(err.text, "no criterion is graded"));
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_case_24_byte_for_byte),
		cmocka_unit_test(names_the_student_above_the_maximum_or_unknown),
		cmocka_unit_test(refuses_case_25),
		cmocka_unit_test(writes_large_numbers_without_a_comma),
		cmocka_unit_test(writes_the_files_own_decimal_mark),
		cmocka_unit_test(refuses_exports_that_it_cannot_merge_into),
		cmocka_unit_test(refuses_marks_that_are_none),
		cmocka_unit_test(canvas_file_loads_elsewhere),
		cmocka_unit_test(csv_loads_elsewhere),
		cmocka_unit_test(gradescope_keeps_ungraded_apart_from_zero),
		cmocka_unit_test(classroom_counts_and_sums_agree),
		cmocka_unit_test(classroom_refuses_what_it_would_misstate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
