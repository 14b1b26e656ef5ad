#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../report/csv.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"

static char *rendered(const struct csv *csv)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	csv_render(&out, csv);
	return buf_take(&out);
}

static char *safe(const char *text)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	csv_put_text(&out, text);
	return buf_take(&out);
}

static void reads_cells_as_rfc_4180_has_them(void **state)
{
	static const char text[] = "\xef\xbb\xbf"
				   "a,\"b,\"\"c\"\"\",\r\n\"two\nlines\",x\n\nlast";
	struct error err;
	struct csv csv;

	(void)state;
	assert_int_equal(csv_parse(&csv, text, strlen(text), &err), 0);
	assert_true(csv.bom);
	assert_int_equal(csv.separator, ',');
	assert_int_equal(csv.n, 4);
	assert_int_equal(csv.rows[0].n, 3);
	assert_string_equal(csv.rows[0].cells[1].text, "b,\"c\"");
	assert_string_equal(csv.rows[0].cells[2].text, "");
	assert_string_equal(csv.rows[1].cells[0].text, "two\nlines");
	assert_int_equal(csv.rows[2].line, 4);
	assert_int_equal(csv.rows[2].n, 1);
	assert_string_equal(csv.rows[3].cells[0].text, "last");
	csv_free(&csv);
}

static void finds_the_separator(void **state)
{
	static const struct {
		const char *text;
		char separator;
	} cases[] = { { "a;b;c\n1,5;2;3\n", ';' }, { "\"a,b,c\";d\n", ';' }, { "a\tb\n", '\t' }, { "one\n", ',' }, { "", ',' } };
	struct csv csv;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(csv_parse(&csv, cases[i].text, strlen(cases[i].text), NULL), 0);
		assert_int_equal(csv.separator, cases[i].separator);
		csv_free(&csv);
	}
}

static void refuses_what_is_no_csv(void **state)
{
	static const struct {
		const char *text, *what;
	} bad[] = { { "a,b\n\"c", "line 2: a quoted cell begins here and never ends" },
		    { "a\nb\"c", "line 2: a quote inside" },
		    { "\"a\"b", "line 1: text follows" },
		    { "\"a\n\n\"\n\"b\"c", "line 4: text follows" } };
	struct error err;
	struct csv csv;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(csv_parse(&csv, bad[i].text, strlen(bad[i].text), &err), -1);
		assert_int_equal(err.code, ERR_SYNTAX);
		assert_non_null(strstr(err.text, bad[i].what));
	}
	assert_int_equal(csv_parse(&csv, "a\0b", 3, &err), -1);
	assert_non_null(strstr(err.text, "NUL"));
}

static void bounds_hostile_files(void **state)
{
	char *commas = malloc(CSV_CELLS_MAX + 2);
	struct error err;
	struct csv csv;

	(void)state;
	memset(commas, ',', CSV_CELLS_MAX + 2);
	assert_int_equal(csv_parse(&csv, commas, CSV_CELLS_MAX + 2, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	free(commas);
}

static size_t draw(uint64_t *seed, size_t n)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (size_t)(*seed >> 33) % n;
}

/* Cells and what separates them, now and then the wrong way round; the same for the same seed. */
static size_t draw_text(char *out, uint64_t *seed)
{
	static const char *const cells[] = { "\"q,\"", "\"\"\"\"", "\"a\nb\"", "abc", "12.5", "é", " ", "=x", "\"\r\n\"", "", "\"a;b\"" };
	static const char *const between[] = { ",", ";", ",", ",", "\n", "\r\n", "\r" };
	size_t n = 0;

	for (size_t i = draw(seed, 2); i < 24; i++) {
		bool cell = (i % 2 == 0) != (draw(seed, 200) == 0);
		const char *piece = cell ? cells[draw(seed, sizeof cells / sizeof cells[0])]
					 : between[draw(seed, sizeof between / sizeof between[0])];

		memcpy(out + n, piece, strlen(piece));
		n += strlen(piece);
	}
	out[n] = '\0';
	return n;
}

/* Law: what was read is written as the same bytes. */
static void keeps_every_byte(void **state)
{
	uint64_t seed = 7;
	char text[1024];
	int read = 0;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		size_t n = draw_text(text, &seed);
		struct csv csv;
		char *back;

		if (csv_parse(&csv, text, n, NULL) < 0)
			continue;
		read++;
		back = rendered(&csv);
		assert_string_equal(back, text);
		free(back);
		csv_free(&csv);
	}
	assert_in_range(read, 1000, 3999);
}

/* Law: after one cell was set, it reads as set, and every other cell's bytes are as before. */
static void changes_one_cell_only(void **state)
{
	static const char *const values[] = { "17.5", "1,5", "a\"b", "", " x", "two\nlines", "x;y" };
	uint64_t seed = 11;
	char text[1024];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		size_t n = draw_text(text, &seed), row, column;
		const char *value = values[draw(&seed, sizeof values / sizeof values[0])];
		struct csv before, after;
		char *back;

		if (csv_parse(&before, text, n, NULL) < 0)
			continue;
		if (before.n == 0) {
			csv_free(&before);
			continue;
		}
		row = draw(&seed, before.n);
		column = draw(&seed, before.rows[row].n);
		assert_int_equal(csv_set(&before, row, column, value, NULL), 0);
		back = rendered(&before);
		assert_int_equal(csv_parse(&after, back, strlen(back), NULL), 0);
		assert_int_equal(after.n, before.n);
		for (size_t r = 0; r < after.n; r++)
			for (size_t c = 0; c < after.rows[r].n; c++)
				assert_string_equal(after.rows[r].cells[c].text, before.rows[r].cells[c].text);
		free(back);
		csv_free(&after);
		csv_free(&before);
	}
}

static void makes_formulas_texts(void **state)
{
	static const struct {
		const char *text, *cell;
	} cases[] = {
		{ "=1+1", "\"'=1+1\"" },
		{ "+1", "\"'+1\"" },
		{ "-1", "\"'-1\"" },
		{ "@SUM(A1)", "\"'@SUM(A1)\"" },
		{ "\tx", "\"'\tx\"" },
		{ "\rx", "\"'\rx\"" },
		{ "  =1", "\"'  =1\"" },
		{ "\xc2\xa0=1", "\"'\xc2\xa0=1\"" },
		{ "safe\n=1", "\"safe\n'=1\"" },
		{ "safe\r\n +1", "\"safe\r\n' +1\"" },
		{ "\xef\xbc\x9d"
		  "1",
		  "\"'\xef\xbc\x9d"
		  "1\"" },
		{ "a=b", "\"a=b\"" },
		{ "Müller-O'Brien, Zoë", "\"Müller-O'Brien, Zoë\"" },
		{ "say \"hi\"", "\"say \"\"hi\"\"\"" },
		{ "\"=1\"", "\"\"\"=1\"\"\"" },
		{ "", "\"\"" },
		{ "x\xff", "\"x\xef\xbf\xbd\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *cell = safe(cases[i].text);

		assert_string_equal(cell, cases[i].cell);
		free(cell);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_cells_as_rfc_4180_has_them),
		cmocka_unit_test(finds_the_separator),
		cmocka_unit_test(refuses_what_is_no_csv),
		cmocka_unit_test(bounds_hostile_files),
		cmocka_unit_test(keeps_every_byte),
		cmocka_unit_test(changes_one_cell_only),
		cmocka_unit_test(makes_formulas_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
