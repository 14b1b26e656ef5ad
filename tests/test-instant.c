#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gonogo/error.h"
#include "gonogo/instant.h"

#define NBSP "\xC2\xA0"

static void parses_what_it_writes(void **state)
{
	static const int64_t instants[] = { 0, 1, -1, 951782400 * NS_PER_S, 1795579316440061294, INT64_C(-9000000000) * NS_PER_S };
	char text[INSTANT_TEXT_MAX];
	int64_t back;

	(void)state;
	for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
		int64_t ms = instants[i] - ((instants[i] % NS_PER_MS) + NS_PER_MS) % NS_PER_MS;

		assert_int_equal(instant_parse(&back, instant_rfc3339_ms(text, instants[i]), NULL), 0);
		assert_int_equal(back, ms);
	}
}

static void reads_offsets_and_fractions(void **state)
{
	int64_t a, b;

	(void)state;
	assert_int_equal(instant_parse(&a, "2026-11-25T04:02:04Z", NULL), 0);
	assert_int_equal(a, INT64_C(1795579324) * NS_PER_S);
	assert_int_equal(instant_parse(&b, "2026-11-25T05:32:04.250+01:30", NULL), 0);
	assert_int_equal(b - a, 250 * NS_PER_MS);
}

static void refuses_what_is_no_time(void **state)
{
	static const char *const bad[] = { "",
					   "2026",
					   "2026-13-01T00:00:00Z",
					   "2026-02-30T00:00:00Z",
					   "2026-02-03T00:00:00",
					   "2026-02-03T24:00:00Z",
					   "1500-01-01T00:00:00Z",
					   "2026-02-03T00:00:00Zx" };
	struct error err;
	int64_t t;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(instant_parse(&t, bad[i], &err), -1);
		assert_int_equal(err.code, ERR_SYNTAX);
	}
}

static void reads_go_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = { { "0", 0 },
		     { "30s", 30 * NS_PER_S },
		     { "1.515s", 1515 * NS_PER_MS },
		     { "2m1s", 121 * NS_PER_S },
		     { "1h0m0.5s", 3600500 * NS_PER_MS },
		     { "250µs", 250000 } };
	static const char *const bad[] = { "", "30", "30sec", "s", ".s", "-3s", "9999999999h", "1d" };
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(duration_parse(&ns, good[i].text, NULL), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(duration_parse(&ns, bad[i], NULL), -1);
}

static void writes_durations_as_the_report_does(void **state)
{
	char text[INSTANT_TEXT_MAX];

	(void)state;
	assert_string_equal(duration_words(text, 30 * NS_PER_S), "30" NBSP "s");
	assert_string_equal(duration_words(text, 300 * NS_PER_S), "5" NBSP "min");
	assert_string_equal(duration_words(text, 150 * NS_PER_S), "2.5" NBSP "min");
	assert_string_equal(duration_words(text, 1830 * NS_PER_S), "30" NBSP "min 30" NBSP "s");
	assert_string_equal(duration_words(text, 1500 * NS_PER_MS), "1.5" NBSP "s");
	assert_string_equal(duration_words(text, 7320 * NS_PER_S), "2" NBSP "h 2" NBSP "min");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_what_it_writes),
		cmocka_unit_test(reads_offsets_and_fractions),
		cmocka_unit_test(refuses_what_is_no_time),
		cmocka_unit_test(reads_go_durations),
		cmocka_unit_test(writes_durations_as_the_report_does),
	};

	return cmocka_run_group_tests_name("instant", tests, NULL, NULL);
}
