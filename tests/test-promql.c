#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../judge/promql.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"

static int set_up(void **state)
{
	*state = arena_new((size_t)1 << 24);
	return *state == NULL;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static const struct promql_node *parse(void **state, const char *query)
{
	const struct promql_node *node;
	struct error err;

	if (promql_parse(&node, query, *state, &err) < 0)
		fail_msg("%s: %s", query, err.text);
	return node;
}

/* prometheus.io/docs/prometheus/latest/querying/{basics,operators}. */
static void takes_what_prometheus_takes(void **state)
{
	static const char *const good[] = {
		"1",
		"-1.5e-3",
		"0x1F",
		"Inf",
		"\"text\"",
		"up",
		"up{}",
		"{__name__=~\"job:.*\"}",
		"{\"http.requests\", \"le.gal\"=\"x\"}",
		"up{job=\"a\",instance!='b',}",
		"up{job=`a\\b`}",
		"http_requests_total offset 5m",
		"sum(http_requests_total{method=\"GET\"} @ 1609746000)",
		"rate(http_requests_total[5m:30s] offset -1d)",
		"rate(http_requests_total[5m] @ end())",
		"sum by (job, mode) (rate(node_cpu_seconds_total[1m]))",
		"sum(rate(x[1m])) without (instance)",
		"topk(3, sum by (app, proc) (rate(instance_cpu_time_ns[5m])))",
		"a + on(x) group_left(y) b",
		"a / ignoring(code) group_left b",
		"a > bool 0",
		"a and b or c unless d",
		"2 ^ 3 ^ 2",
		"-(a + b) % 3",
		"# first\nup # last",
		"absent(up{job=\"x\"})",
		"label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")",
		"sum_over_time(up[1h30m])",
		"job:rate:sum",
	};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		(void)parse(state, good[i]);
}

static void refuses_what_prometheus_refuses(void **state)
{
	static const char *const bad[] = { "",   "(",   "sum(", "sum(x", "sum x", "x{",          "x{a}", "x{a=b}",   "x{a=\"b}",
					   "x[", "x[]", "a b",  "a +",   "* a",   "x{a==\"b\"}", "x)",   "x offset", "by (a)(x) y" };
	const struct promql_node *node;
	struct error err;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (promql_parse(&node, bad[i], *state, &err) == 0)
			fail_msg("accepted %s", bad[i]);
		assert_int_equal(err.code, ERR_SYNTAX);
	}
}

static void binds_as_prometheus_binds(void **state)
{
	const struct promql_node *n = parse(state, "100 - a / b * 100 > 1 or c");

	assert_string_equal(n->name, "or");
	n = n->args[0];
	assert_string_equal(n->name, ">");
	n = n->args[0];
	assert_string_equal(n->name, "-");
	n = n->args[1];
	assert_string_equal(n->name, "*");
	n = n->args[0];
	assert_string_equal(n->name, "/");
	assert_string_equal(n->args[0]->name, "a");
	assert_string_equal(n->args[1]->name, "b");
}

static void reads_matchers_and_ranges(void **state)
{
	const struct promql_node *n = parse(state, "rate(http{code!~\"5..\", path=\"a\\\"b\"}[2m])");

	assert_int_equal(n->kind, PROMQL_CALL);
	n = n->args[0];
	assert_string_equal(n->name, "http");
	assert_string_equal(n->range, "2m");
	assert_int_equal(n->n_matchers, 2);
	assert_int_equal(promql_matcher(n, "code")->op, PROMQL_NOT_REGEX);
	assert_string_equal(promql_matcher(n, "path")->value, "a\"b");
	assert_null(promql_matcher(n, "method"));
}

static void knows_what_is_one_series(void **state)
{
	static const struct {
		const char *query;
		bool single;
	} cases[] = {
		{ "1", true },
		{ "up", false },
		{ "sum(up)", true },
		{ "sum by (job) (up)", false },
		{ "sum by () (up)", true },
		{ "sum without (job) (up)", false },
		{ "scalar(up)", true },
		{ "vector(0)", true },
		{ "rate(up[1m])", false },
		{ "abs(sum(up))", true },
		{ "clamp_max(sum(up), 5)", true },
		{ "sum(a) / sum(b)", true },
		{ "sum(a) / b", true },
		{ "a / 2", false },
		{ "sum(a) or b", false },
		{ "sum(a) or vector(0)", true },
		{ "a and sum(b)", false },
		{ "-sum(a)", true },
		{ "histogram_quantile(0.9, sum by (le) (rate(a_bucket[1m])))", true },
		{ "histogram_quantile(0.9, sum(rate(a_bucket[1m])) by (le))", true },
		{ "histogram_quantile(0.9, a_bucket)", false },
		{ "topk(1, a)", true },
		{ "topk(2, a)", false },
		{ "absent(a)", true },
		{ "sum(sum by (x) (a))", true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (promql_is_single(parse(state, cases[i].query)) != cases[i].single)
			fail_msg("%s", cases[i].query);
}

static void bounds_depth_and_size(void **state)
{
	size_t n = 100000;
	char *text = malloc(2 * n + 2);
	const struct promql_node *node;

	memset(text, '(', n);
	text[n] = '\0';
	assert_int_equal(promql_parse(&node, text, *state, NULL), -1);
	memset(text, '-', n);
	assert_int_equal(promql_parse(&node, text, *state, NULL), -1);
	for (size_t i = 0; i < n; i++)
		memcpy(text + 2 * i, "a+", 2);
	strcpy(text + 2 * n, "a");
	assert_int_equal(promql_parse(&node, text, *state, NULL), -1);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_what_prometheus_takes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_what_prometheus_refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(binds_as_prometheus_binds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_matchers_and_ranges, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_what_is_one_series, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bounds_depth_and_size, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
