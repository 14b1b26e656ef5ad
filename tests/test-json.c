#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

static void refuses_what_is_no_json(void **state)
{
	static const char *const bad[] = { "",    "{",     "[1,]",        "{\"a\":1,}",  "01",       "1.",       "1e400",
					   "-",   "nul",   "\"\\u0000\"", "\"\\ud800\"", "\"\xff\"", "\"a\nb\"", "{\"a\":1,\"a\":2}",
					   "1 2", "{a:1}", "'a'",         "[1 2]",       "\"\\x\"" };
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (json_parse(bad[i], strlen(bad[i]), &err) != NULL)
			fail_msg("accepted %s", bad[i]);
		assert_int_equal(err.code, ERR_SYNTAX);
	}
}

static void refuses_deep_nesting(void **state)
{
	char text[2 * 100000];

	(void)state;
	memset(text, '[', sizeof text);
	assert_null(json_parse(text, sizeof text, NULL));
}

static void reads_what_is_there(void **state)
{
	static const char text[] = "{\"a\":{\"b\":[1,\"x\",true,null]},\"A\":2.5,\"big\":9007199254740993}";
	struct json *json = json_parse(text, sizeof text - 1, NULL);
	int64_t n;
	double d;

	(void)state;
	assert_non_null(json);
	assert_int_equal(json_size(json_path(json, "a.b")), 4);
	assert_true(json_number(json_get(json, "A"), &d));
	assert_true(d == 2.5);
	assert_null(json_get(json, "B"));
	assert_false(json_int(json_get(json, "big"), &n));
	assert_null(json_string(json_path(json, "a.b.c")));
	json_free(json);
}

static int count(void *arg, const char *element, size_t len, struct error *err)
{
	(void)element;
	(void)err;
	*(size_t *)arg += len;
	return 0;
}

static void reads_element_by_element(void **state)
{
	static const char text[] = "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"a\":1}, [2] ,3]}}";
	size_t bytes = 0, seen = 0;

	(void)state;
	assert_int_equal(json_each_element(text, sizeof text - 1, "data.result", count, &bytes, &seen, NULL), 0);
	assert_int_equal(seen, 3);
	assert_int_equal(bytes, 11);
	/* Cut anywhere it is an error, never a short success. */
	for (size_t n = 0; n < sizeof text - 4; n++)
		assert_int_equal(json_each_element(text, n, "data.result", count, &bytes, &seen, NULL), -1);
	assert_int_equal(json_each_element(text, sizeof text - 1, "data.other", count, &bytes, &seen, NULL), -1);
}

static int join_members(void *arg, const char *key, size_t key_len, const char *value, size_t value_len, struct error *err)
{
	(void)err;
	buf_append(arg, key, key_len);
	buf_putc(arg, '=');
	buf_append(arg, value, value_len);
	buf_putc(arg, ';');
	return 0;
}

static void reads_member_by_member(void **state)
{
	static const char text[] = " { \"a\" : [1, {\"b\": 2}] ,\"a\":\"x\\\"y\", \"\":null}";
	static const char *const bad[] = { "", "[]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1", "{a:1}", "{\"a\":1 \"b\":2}" };
	struct error err;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_int_equal(json_each_member(text, sizeof text - 1, join_members, &out, &err), 0);
	assert_string_equal(out.data, "a=[1, {\"b\": 2}];a=\"x\\\"y\";=null;");
	assert_int_equal(json_each_member("{}", 2, join_members, &out, &err), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (json_each_member(bad[i], strlen(bad[i]), join_members, &out, &err) == 0)
			fail_msg("accepted %s", bad[i]);
		assert_int_equal(err.code, ERR_SYNTAX);
	}
	buf_free(&out);
}

/* Each text lies at the very end of its memory, so that reading beyond is seen by the sanitizer. */
static bool read_pair(const char *bytes, double *number, char text[20])
{
	size_t len = strlen(bytes);
	char *copy = malloc(len == 0 ? 1 : len);
	struct json_pair pair;
	bool ok;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	ok = json_read_pair(copy, len, &pair);
	if (ok) {
		assert_true(pair.text_len < 20);
		*number = pair.number;
		memcpy(text, pair.text, pair.text_len);
		text[pair.text_len] = '\0';
	}
	free(copy);
	return ok;
}

static void reads_pairs(void **state)
{
	static const char *const bad[] = { "",
					   "[",
					   "[1",
					   "[1,",
					   "[1,\"",
					   "[1,\"2",
					   "[1,\"2\"",
					   "[1,2]",
					   "[\"1\",\"2\"]",
					   "[1,\"2\",3]",
					   "[1,\"2\"] ",
					   "[01,\"2\"]",
					   "[1,\"\\u0032\"]",
					   "[1 \"2\"]",
					   "[-,\"2\"]",
					   "{\"1\":\"2\"}",
					   "[1,\"\xff\"]",
					   "[1e999,\"2\"]" };
	char text[20];
	double number;

	(void)state;
	assert_true(read_pair("[1795579359.743,\"41\"]", &number, text));
	assert_true(number == 1795579359.743);
	assert_string_equal(text, "41");
	assert_true(read_pair("[ -1e2 , \"+Inf\" ]", &number, text));
	assert_true(number == -100);
	assert_string_equal(text, "+Inf");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (read_pair(bad[i], &number, text))
			fail_msg("accepted %s", bad[i]);
}

static void writes_numbers_that_read_back(void **state)
{
	uint64_t random = 88172645463325252ULL;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct json_writer w;
		struct buf out;
		double value, back;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		memcpy(&value, &random, sizeof value);
		if (!isfinite(value))
			continue;
		buf_init(&out, 100);
		json_writer_init(&w, &out, 0);
		json_put_number(&w, NULL, value);
		back = strtod(out.data, NULL);
		assert_true(back == value);
		buf_free(&out);
	}
}

static void writes_hostile_text_as_json(void **state)
{
	static const char hostile[] = "a\"\\\n\x01\xff\xe2\x80\xa8</script>";
	struct json_writer w;
	struct json *json;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	json_writer_init(&w, &out, 1);
	json_begin_object(&w, NULL);
	json_put_string(&w, hostile, hostile);
	json_put_number(&w, "nan", NAN);
	json_end_object(&w);
	json = json_parse(out.data, out.len, NULL);
	assert_non_null(json);
	assert_true(json_is_null(json_get(json, "nan")));
	json_free(json);
	buf_free(&out);
}

static void leaves_out_paths(void **state)
{
	static const char text[] = "{\"metadata\":{\"managedFields\":[1],\"name\":\"x\"},\"list\":[{\"env\":1,\"image\":\"i\"}]}";
	static const char *const paths[] = { "metadata.managedFields", "list.*.env", "absent.path" };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_int_equal(json_without(&out, text, sizeof text - 1, paths, 3, NULL), 0);
	assert_string_equal(out.data, "{\"metadata\":{\"name\":\"x\"},\"list\":[{\"image\":\"i\"}]}");
	buf_free(&out);
}

struct records {
	size_t members, objects, others;
};

static int count_member(void *arg, const char *key, size_t key_len, const char *value, size_t value_len, struct error *err)
{
	struct records *r = arg;

	(void)err;
	assert_true(key_len == 1 && value_len > 0 && *key >= 'a' && value != NULL);
	r->members++;
	return 0;
}

static int count_record(void *arg, bool object, struct error *err)
{
	struct records *r = arg;

	(void)err;
	r->objects += object;
	r->others += !object;
	return 0;
}

static void walks_records(void **state)
{
	static const struct json_record record = { count_member, count_record };
	static const char good[] = "{\"d\":{\"x\":1,\"r\": [ {\"a\":1,\"b\":[2]} , {} ,[1], {\"a\":{\"a\":0}},\"s\"]}}";
	static const char *const bad[] = { "{\"d\":{\"r\":[{\"a\":1}",       "{\"d\":{\"r\":[{\"a\" 1}]}}", "{\"d\":{\"r\":[{\"a\":1},]}}",
					   "{\"d\":{\"r\":[{\"a\":1} {}]}}", "{\"d\":{\"r\":{}}}",          "{\"d\":1}" };
	struct records r = { 0, 0, 0 };
	struct error err;

	(void)state;
	assert_int_equal(json_each_record(good, sizeof good - 1, "d.r", &record, &r, &err), 0);
	assert_int_equal(r.members, 3);
	assert_int_equal(r.objects, 3);
	assert_int_equal(r.others, 2);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(json_each_record(bad[i], strlen(bad[i]), "d.r", &record, &r, &err), -1);
}

struct pairs {
	size_t n, others;
	double sum;
};

static int count_pair(void *arg, const struct json_pair *pair, struct error *err)
{
	struct pairs *p = arg;

	(void)err;
	p->n++;
	p->others += pair == NULL;
	p->sum += pair == NULL ? 0 : pair->number;
	return 0;
}

static void walks_pairs(void **state)
{
	static const char good[] = " [ [1,\"a\"] , [2.5, \"b\"],{\"x\":[1,\"y\"]},[3,\"a\\n\"],[4,\"d\",5], [ 8 ,\"\" ] ]";
	static const char *const bad[] = { "", "{}", "[[1,\"a\"", "[[1,\"a\"],", "[[1,\"a\"] [2,\"b\"]]", "[[1,\"\x01\"]]", "[nul]" };
	struct pairs p = { 0, 0, 0 };
	struct error err;

	(void)state;
	assert_int_equal(json_each_pair(good, sizeof good - 1, count_pair, &p, &err), 0);
	assert_int_equal(p.n, 6);
	assert_int_equal(p.others, 3);
	assert_true(p.sum == 11.5);
	assert_int_equal(json_each_pair("[ ]", 3, count_pair, &p, &err), 0);
	assert_int_equal(p.n, 6);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(json_each_pair(bad[i], strlen(bad[i]), count_pair, &p, &err), -1);
}

/* What the short way reads is what strtod() reads, bit by bit; the rest it leaves alone. */
static void short_decimals_are_strtods(void **state)
{
	static const char *const others[] = { "", ".", "1.", ".5", "-1", "1e3", "1.2.3", "inf", "0x10", " 1", "1234567890123456", "1 " };
	uint64_t seed = 1;
	double got;

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_false(json_read_decimal(others[i], strlen(others[i]), &got));
	for (int i = 0; i < 200000; i++) {
		char text[32];
		int digits, places, n;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		digits = 1 + (int)(seed >> 33) % 15;
		places = (int)(seed >> 40) % digits;
		n = snprintf(text, sizeof text, "%0*llu", digits, (unsigned long long)(seed >> 14) % 1000000000000000u);
		n = n > digits ? digits : n;
		text[n] = '\0';
		if (places > 0 && n > places) {
			memmove(text + n - places + 1, text + n - places, (size_t)places + 1);
			text[n - places] = '.';
		}
		if (!json_read_decimal(text, strlen(text), &got) || got != strtod(text, NULL))
			fail_msg("%s", text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_no_json),
		cmocka_unit_test(refuses_deep_nesting),
		cmocka_unit_test(reads_what_is_there),
		cmocka_unit_test(reads_element_by_element),
		cmocka_unit_test(reads_member_by_member),
		cmocka_unit_test(reads_pairs),
		cmocka_unit_test(writes_numbers_that_read_back),
		cmocka_unit_test(writes_hostile_text_as_json),
		cmocka_unit_test(leaves_out_paths),
		cmocka_unit_test(walks_records),
		cmocka_unit_test(walks_pairs),
		cmocka_unit_test(short_decimals_are_strtods),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
