#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../collector/project.h"
#include "../collector/redact.h"
#include "gonogo/buf.h"
#include "gonogo/json.h"

#define SECRET "example-secret"

static void no_secret_passes(void **state)
{
	static const char *const texts[] = {
		"{\"url\":\"http://flagger:" SECRET "@127.0.0.1:7002/event\"}",
		"{\"last\":\"{\\\"url\\\":\\\"http://flagger:" SECRET "@host/event\\\"}\"}",
		"{\"a\":\"{\\\"b\\\":\\\"{\\\\\\\"url\\\\\\\":\\\\\\\"https://" SECRET "@host\\\\\\\"}\\\"}\"}",
		"{\"Authorization\":\"Bearer " SECRET "\"}",
		"curl -H 'Authorization: Basic " SECRET "'",
		"token Bearer " SECRET " in prose",
		"{\"provider\":{\"headers\":{\"X-Api-Key\":[\"" SECRET "\",\"" SECRET "\"],\"b\":\"" SECRET "\"}}}",
		"{\"last\":\"{\\\"headers\\\":{\\\"k\\\":[\\\"" SECRET "\\\"]}}\"}",
		/* Go's JSON writes "&" as an escape, at whatever depth. */
		"{\"url\":\"http://u:pa\\u0026" SECRET "@h/\"}",
		"{\"last\":\"{\\\"url\\\":\\\"http://u:pa\\\\u0026" SECRET "@h/\\\"}\"}",
		"hook http://u:it's" SECRET "@h/",
		/* Quotes, backslashes and brackets inside values. */
		"{\"headers\":{\"k\":\"a\\\"" SECRET "\",\"l\":\"b\\\\" SECRET "\"}}",
		"{\"headers\":{\"k\":[\"a}]b\",\"" SECRET "\"],\"l\":\"" SECRET "\"}}",
		"{\"headers\" : {\n \"k\" : [ \"" SECRET "\" ]\n}}",
		"{\"last\":\"{\\n \\\"headers\\\": {\\n \\\"k\\\": [\\\"a\\\\\\\"" SECRET "\\\", \\\"" SECRET "\\\"]}}\"}",
		"{\"Authorization\":[\"Token one\",\"Token " SECRET "\"]}",
		"{\"Authorization\":\"Digest u=\\\"x\\\", r=\\\"" SECRET "\\\"\"}",
		/* What only begins like JSON. */
		"authorization:[[[http://u:" SECRET "@h",
		"authorization:[Bearer " SECRET "]",
		"{\"headers\":{http://u:" SECRET "@h",
		"{\"headers\":{\"http://u:" SECRET "@h\":1}}",
		"{\"headers\":{\"n\":1,\"t\":true,\"k\":\"" SECRET "\"}}",
		"{\"url\":\"http:\\/\\/flagger:" SECRET "@host\\/event\"}",
		"{\"last\":\"{\\\"url\\\":\\\"http:\\\\/\\\\/flagger:" SECRET "@host\\\"}\"}",
		"{\"url\":\"http:\\u002f\\u002Fflagger:" SECRET "@host\"}",
		"external check failed Post \"http://user:" SECRET "@host:1/x\": refused",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct buf out;

		buf_init(&out, 4096);
		assert_true(redact(&out, texts[i], strlen(texts[i]), true));
		if (strstr(out.data, SECRET) != NULL)
			fail_msg("%s -> %s", texts[i], out.data);
		assert_non_null(strstr(out.data, "[redacted]"));
		/* What was JSON stays JSON. */
		if (texts[i][0] == '{' && texts[i][strlen(texts[i]) - 1] == '}') {
			struct json *json = json_parse(out.data, out.len, NULL);

			if (json == NULL)
				fail_msg("no JSON any more: %s", out.data);
			json_free(json);
		}
		buf_free(&out);
	}
}

static void a_known_value_is_replaced_as_a_word(void **state)
{
	static const char text[] = "a: {values: [" SECRET "]}, b: " SECRET "s, c: " SECRET;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(redact_value(&out, text, sizeof text - 1, SECRET), 2);
	assert_string_equal(out.data, "a: {values: [[redacted]]}, b: " SECRET "s, c: [redacted]");
	buf_reset(&out);
	assert_int_equal(redact_value(&out, text, sizeof text - 1, "absent"), 0);
	assert_string_equal(out.data, text);
	buf_free(&out);
}

/* What hostile text costs grows with its length only. */
static void long_runs_take_no_longer(void **state)
{
	static char text[4 * 1024 * 1024];
	struct buf out;

	(void)state;
	memset(text, '\\', sizeof text);
	memcpy(text, "\"headers\":{", 11);
	buf_init(&out, 2 * sizeof text);
	(void)redact(&out, text, sizeof text, true);
	assert_int_equal(out.len, sizeof text);
	buf_free(&out);
}

static void what_is_no_secret_stays(void **state)
{
	static const char *const texts[] = {
		"{\"match\":[{\"headers\":{\"x-canary\":{\"exact\":\"always\"}}}]}",
		"{\"apiVersion\":\"authorization.k8s.io/v1\"}",
		"prometheus: {url: \"http://h\", authorization: {credentials_file: token}}",
		"Basic checks passed, see https://example.net/a@b",
		"{\"query\":\"sum(rate(x{service=~\\\"a@kubernetescrd\\\"}[1m]))\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct buf out;

		buf_init(&out, 4096);
		if (redact(&out, texts[i], strlen(texts[i]), false))
			fail_msg("%s -> %s", texts[i], out.data);
		assert_string_equal(out.data, texts[i]);
		buf_free(&out);
	}
}

static void projections_hold_no_environment(void **state)
{
	static const char pod[] = "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"annotations\":{\"kubectl.kubernetes.io/"
				  "last-applied-configuration\":\"" SECRET
				  "\",\"keep\":\"yes\"},\"managedFields\":[]},\"spec\":{\"volumes\":[{\"secret\":\"" SECRET
				  "\"}],\"containers\":[{\"name\":\"c\",\"image\":\"i:1\",\"env\":[{\"name\":\"P\",\"value\":\"" SECRET
				  "\"}],\"args\":[\"" SECRET "\"]}]},\"status\":{\"phase\":\"Running\"}}";
	struct buf out;

	(void)state;
	buf_init(&out, 65536);
	assert_int_equal(project(&out, pod, sizeof pod - 1, NULL), 0);
	assert_null(strstr(out.data, SECRET));
	assert_non_null(strstr(out.data, "\"image\":\"i:1\""));
	assert_non_null(strstr(out.data, "\"keep\":\"yes\""));
	assert_non_null(strstr(out.data, "\"digest\":\""));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_secret_passes),
		cmocka_unit_test(a_known_value_is_replaced_as_a_word),
		cmocka_unit_test(long_runs_take_no_longer),
		cmocka_unit_test(what_is_no_secret_stays),
		cmocka_unit_test(projections_hold_no_environment),
	};

	return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
