#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "../collector/line.h"
#include "gonogo/buf.h"
#include "gonogo/digest.h"

static int collect(void *arg, const char *bytes, size_t len)
{
	struct buf *out = arg;

	if (bytes == NULL)
		buf_printf(out, "<%zu>", len);
	else
		buf_printf(out, "(%.*s)", (int)len, bytes);
	return 0;
}

static void a_stream_cut_anywhere_gives_the_same_lines(void **state)
{
	static const char text[] = "one\n\ntwo\nthree\n";

	(void)state;
	for (size_t a = 0; a <= sizeof text - 1; a++)
		for (size_t b = a; b <= sizeof text - 1; b++) {
			struct lines l;
			struct buf out;

			buf_init(&out, 1000);
			lines_init(&l);
			assert_int_equal(lines_feed(&l, text, a, collect, &out), 0);
			assert_int_equal(lines_feed(&l, text + a, b - a, collect, &out), 0);
			assert_int_equal(lines_feed(&l, text + b, sizeof text - 1 - b, collect, &out), 0);
			assert_string_equal(out.data, "(one)(two)(three)");
			lines_free(&l);
			buf_free(&out);
		}
}

static void a_line_too_long_is_told_by_size_and_digest(void **state)
{
	static char piece[1024 * 1024];
	char hex[DIGEST_HEX_SIZE];
	struct lines l;
	struct buf out;

	(void)state;
	memset(piece, 'x', sizeof piece);
	buf_init(&out, 1000);
	lines_init(&l);
	for (int i = 0; i < 10; i++)
		assert_int_equal(lines_feed(&l, piece, sizeof piece, collect, &out), 0);
	assert_int_equal(lines_feed(&l, "\nnext\n", 6, collect, &out), 0);
	assert_string_equal(out.data, "<10485760>(next)");
	/* head -c 10485760 /dev/zero | tr '\\0' x | sha256sum */
	assert_string_equal(digest_hex(hex, l.sha256), "462a12a876c0364e4f1f3d12ed33dcae125f1198010ff78d8f4c3f4de0412d49");
	lines_free(&l);
	buf_free(&out);
}

static void a_line_of_just_the_limit_passes(void **state)
{
	static char piece[LINE_MAX_BYTES + 1];
	struct lines l;
	struct buf out;

	(void)state;
	memset(piece, 'x', sizeof piece);
	buf_init(&out, 2 * LINE_MAX_BYTES);
	lines_init(&l);
	assert_int_equal(lines_feed(&l, piece, LINE_MAX_BYTES, collect, &out), 0);
	assert_int_equal(lines_feed(&l, "\n", 1, collect, &out), 0);
	assert_int_equal(out.len, LINE_MAX_BYTES + 2);
	buf_reset(&out);
	assert_int_equal(lines_feed(&l, piece, LINE_MAX_BYTES + 1, collect, &out), 0);
	assert_int_equal(lines_feed(&l, "\n", 1, collect, &out), 0);
	assert_string_equal(out.data, "<8388609>");
	lines_free(&l);
	buf_free(&out);
}

static int stop(void *arg, const char *bytes, size_t len)
{
	(void)bytes;
	(void)len;
	++*(int *)arg;
	return -1;
}

static void a_reader_that_fails_stops_the_stream(void **state)
{
	struct lines l;
	int n = 0;

	(void)state;
	lines_init(&l);
	assert_int_equal(lines_feed(&l, "a\nb\n", 4, stop, &n), -1);
	assert_int_equal(n, 1);
	lines_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_cut_anywhere_gives_the_same_lines),
		cmocka_unit_test(a_line_too_long_is_told_by_size_and_digest),
		cmocka_unit_test(a_line_of_just_the_limit_passes),
		cmocka_unit_test(a_reader_that_fails_stops_the_stream),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
