/* Lint: the reported cases, one trap a file, sound manifests, and what hostile text does to it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../report/lint-output.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "support.h"

struct fixture {
	struct arena *arena;
	struct lint *lint;
	struct lint_result result;
};

static void begin(struct fixture *f)
{
	const struct lint_options options = { .scrape = 30 * NS_PER_S };

	*f = (struct fixture){ .arena = arena_new((size_t)1 << 28) };
	f->lint = lint_new(&options, f->arena);
	assert_non_null(f->lint);
}

static void add(struct fixture *f, const char *name, const char *text)
{
	struct error err;

	if (lint_add(f->lint, name, text, strlen(text), &err) < 0)
		fail_msg("%s: %s", name, err.text);
}

static void add_path(struct fixture *f, const char *path)
{
	char *text = support_read(path, NULL);

	add(f, path, text);
	free(text);
}

static void run(struct fixture *f)
{
	struct error err;

	if (lint_run(f->lint, &f->result, &err) < 0)
		fail_msg("%s", err.text);
}

static void end(struct fixture *f)
{
	lint_free(f->lint);
	arena_free(f->arena);
}

static void lint_case(struct fixture *f, const char *path)
{
	char full[512];

	(void)snprintf(full, sizeof full, "tests/cases/%s", path);
	begin(f);
	add_path(f, full);
	run(f);
}

static void lint_text_of(struct fixture *f, const char *text)
{
	begin(f);
	add(f, "text", text);
	run(f);
}

/* The i-th problem of that rule and object, or NULL. */
static const struct lint_problem *find(const struct fixture *f, const char *rule, const char *object, size_t i)
{
	for (size_t k = 0; k < f->result.n_problems; k++) {
		const struct lint_problem *p = &f->result.problems[k];

		if (strcmp(p->rule->id, rule) == 0 && (object == NULL || (p->object != NULL && strcmp(p->object, object) == 0)) && i-- == 0)
			return p;
	}
	return NULL;
}

static const struct lint_problem *expect(const struct fixture *f, const char *rule, const char *object, enum severity severity,
					 const char *path)
{
	const struct lint_problem *p = find(f, rule, object, 0);

	if (p == NULL)
		fail_msg("no %s", rule);
	assert_int_equal(p->rule->severity, severity);
	assert_string_equal(p->path, path);
	return p;
}

static void assert_says(const struct lint_problem *p, const char *text)
{
	if (strstr(p->text, text) == NULL && strstr(p->fix, text) == NULL && strstr(p->rule->why, text) == NULL)
		fail_msg("no \"%s\" in \"%s\"", text, p->text);
}

static void assert_errors(const struct fixture *f, size_t n)
{
	assert_int_equal(f->result.n[SEVERITY_ERROR], n);
}

static char *printed(const struct fixture *f, void (*print)(struct buf *out, const struct lint_result *result))
{
	struct buf out;

	buf_init(&out, (size_t)1 << 24);
	print(&out, &f->result);
	return buf_take(&out);
}

/* ---- The cases of tests/cases, as their case.md says. */

static void case_01(void **state)
{
	const struct lint_problem *p;
	struct fixture f;
	char *text;

	(void)state;
	lint_case(&f, "01-ab-header-on-traefik/canary.yaml");
	p = expect(&f, "ab-test-ignored", "Canary develop/frontend", SEVERITY_ERROR, "spec.analysis.match");
	assert_says(p, "traefik");
	assert_says(p, "header is ignored");
	assert_says(p, "100 % at once");
	assert_int_equal(p->line, 20);
	assert_errors(&f, 1);
	assert_int_equal(f.result.canaries[0].spec.strategy, STRATEGY_AB_TESTING);
	assert_int_equal(f.result.canaries[0].n_weights, 0);
	text = printed(&f, lint_print_text);
	assert_non_null(strstr(text, "strategy A/B, provider traefik: 10 iterations, one every 30s, no weight ladder"));
	assert_null(strstr(text, "header-limited"));
	free(text);
	end(&f);
}

static void case_02(void **state)
{
	const struct lint_problem *p;
	struct fixture f;

	(void)state;
	lint_case(&f, "02-service-name-differs/canary.yaml");
	p = expect(&f, "service-name-differs", "Canary shop/checkout", SEVERITY_WARNING, "spec.service.name");
	assert_says(p, "shop-checkout-canary-…");
	assert_says(p, "shop-checkout-web-canary-…");
	assert_says(p, "{{ service }}");
	assert_null(find(&f, "service-name-differs", NULL, 1));
	assert_errors(&f, 0);
	end(&f);
}

static void case_03(void **state)
{
	const struct lint_problem *p;
	struct fixture f;
	char *text;

	(void)state;
	lint_case(&f, "03-alpha-manifest/canaries.yaml");
	p = expect(&f, "api-version", "Canary develop/backend", SEVERITY_ERROR, "apiVersion");
	assert_says(p, "flagger.app/v1alpha3");
	assert_says(find(&f, "threshold-deprecated", "Canary develop/backend", 0), "minimum of 99 %");
	assert_says(find(&f, "threshold-deprecated", "Canary develop/backend", 1), "maximum of 500 ms");
	p = expect(&f, "analysis-missing", "Canary payments/ledger", SEVERITY_ERROR, "spec");
	assert_says(p, "canaryAnalysis");
	expect(&f, "unknown-field", "Canary payments/ledger", SEVERITY_ERROR, "spec.canaryAnalysis");
	assert_null(find(&f, "no-checks", NULL, 0));
	assert_null(find(&f, "skip-analysis", NULL, 0));
	assert_true(f.result.canaries[0].refused && f.result.canaries[1].refused);
	text = printed(&f, lint_print_text);
	assert_non_null(strstr(text, "request-success-rate: window 1m, min 99 %"));
	assert_non_null(strstr(text, "request-duration: window 1m, max 500 ms"));
	free(text);
	end(&f);
}

static void check_case_04(struct fixture *f)
{
	const struct lint_metric *m;

	assert_int_equal(f->result.n_canaries, 2);
	assert_int_equal(f->result.n_templates, 1);
	assert_string_equal(f->result.canaries[0].spec.name, "backend");
	assert_string_equal(f->result.canaries[1].spec.name, "search");
	assert_string_equal(f->result.templates[0].name, "p95");
	assert_string_equal(f->result.templates[0].namespace_, "develop");
	assert_errors(f, 0);
	assert_int_equal(f->result.canaries[0].n_metrics, 2);
	m = f->result.canaries[0].metrics;
	assert_string_equal(m[0].metric->name, "request-success-rate");
	assert_true(m[0].metric->has_min && !m[0].metric->has_max && m[0].metric->min == 99 && m[0].metric->interval == 60 * NS_PER_S);
	assert_string_equal(m[1].metric->name, "request-duration");
	assert_true(!m[1].metric->has_min && m[1].metric->has_max && m[1].metric->max == 500 && m[1].metric->interval == 60 * NS_PER_S);
	m = f->result.canaries[1].metrics;
	assert_string_equal(m[0].template_, "develop/p95");
	assert_string_equal(m[0].provider, "prometheus");
}

/* The text with the line ends of the other kind. */
static char *with_crlf(const char *text)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	for (; *text != '\0'; text++)
		if (*text == '\n')
			buf_puts(&out, "\r\n");
		else if (*text != '\r')
			buf_putc(&out, *text);
	return buf_take(&out);
}

static void case_04(void **state)
{
	char *text = support_read("tests/cases/04-helm-noise/rendered.yaml", NULL), *crlf = with_crlf(text);
	struct fixture f;

	(void)state;
	lint_case(&f, "04-helm-noise/rendered.yaml");
	check_case_04(&f);
	end(&f);
	lint_text_of(&f, crlf);
	check_case_04(&f);
	end(&f);
	free(text);
	free(crlf);
}

static void case_05(void **state)
{
	const struct lint_problem *p;
	struct fixture f;

	(void)state;
	lint_case(&f, "05-rollback-hook-notifier/canary.yaml");
	p = expect(&f, "rollback-hook-notifier", "Canary develop/backend", SEVERITY_ERROR, "spec.analysis.webhooks[0]");
	assert_says(p, "rolls back when it is answered with success");
	assert_says(p, "`event` or `post-rollout`, or `alerts`");
	assert_errors(&f, 1);
	end(&f);
}

static void case_06(void **state)
{
	const struct lint_problem *p;
	struct fixture f;

	(void)state;
	lint_case(&f, "06-route-to-plain-service/manifests.yaml");
	p = expect(&f, "route-to-plain-service", "IngressRoute develop/public", SEVERITY_WARNING, "spec.routes[0].services[0]");
	assert_says(p, "reaches Service backend, so no traffic of this route is ever split");
	assert_says(p, "kind: TraefikService");
	assert_null(find(&f, "route-to-plain-service", NULL, 1));
	for (size_t i = 0; i < f.result.n_problems; i++)
		assert_string_not_equal(f.result.problems[i].object, "IngressRoute develop/partners");
	end(&f);
}

static void case_07(void **state)
{
	const struct lint_problem *p;
	struct fixture f;

	(void)state;
	lint_case(&f, "07-ratio-without-sum/metrictemplate.yaml");
	p = expect(&f, "ratio-without-sum", "MetricTemplate shop/error-percentage", SEVERITY_WARNING, "spec.query");
	assert_says(p, "two unaggregated vectors whose matchers differ in `code`");
	assert_says(p, "cannot report 5xx");
	assert_says(p, "several series, and Flagger takes the last");
	end(&f);
}

static void case_08(void **state)
{
	const struct lint_problem *p;
	const char *query;
	struct fixture f;

	(void)state;
	lint_case(&f, "08-missing-template-variable/manifests.yaml");
	p = expect(&f, "template-variable", "Canary shop/cart", SEVERITY_ERROR, "spec.analysis.metrics[0].templateVariables");
	assert_says(p, "`direction`");
	assert_says(p, "`latency`");
	assert_says(p, "metrics/mesh-latency");
	assert_null(find(&f, "template-variable", "Canary shop/wishlist", 0));
	assert_null(f.result.canaries[0].metrics[0].query);
	query = f.result.canaries[1].metrics[0].query;
	assert_non_null(strstr(query, "histogram_quantile(0.95,"));
	assert_non_null(strstr(query, "{namespace=\"shop\",deployment=\"wishlist\",direction=\"inbound\"}[1m]"));
	assert_null(strstr(query, "{{"));
	end(&f);
}

static void case_09(void **state)
{
	const struct lint_problem *p;
	struct fixture f;

	(void)state;
	lint_case(&f, "09-datadog-old-point/manifests.yaml");
	p = expect(&f, "datadog-lookback", "Canary payments/ledger", SEVERITY_WARNING, "spec.analysis.metrics[0].interval");
	assert_says(p, "metric `errors`");
	assert_says(p, "10 × 60 s = 600 s");
	assert_says(p, "oldest point");
	assert_says(p, "5 × 30 s = 150 s, so no step is judged on its own data");
	assert_says(find(&f, "provider-not-collected", NULL, 0), "no client for datadog");
	end(&f);
}

/* ---- One trap a file. */

/* What comes with the trap and cannot be helped. */
static bool is_companion(const char *trap, const char *rule)
{
	return strcmp(trap, "datadog-lookback") == 0 && strcmp(rule, "provider-not-collected") == 0;
}

static void check_trap(const char *id)
{
	char path[512];
	struct fixture f;
	size_t found = 0;

	(void)snprintf(path, sizeof path, "tests/lint/%s.yaml", id);
	begin(&f);
	add_path(&f, path);
	run(&f);
	for (size_t i = 0; i < f.result.n_problems; i++) {
		const struct lint_problem *p = &f.result.problems[i];

		found += strcmp(p->rule->id, id) == 0;
		if (strcmp(p->rule->id, id) != 0 && !is_companion(id, p->rule->id))
			fail_msg("%s: also %s: %s", path, p->rule->id, p->text);
		assert_true(p->line >= 1 && p->column >= 1);
		assert_true(strlen(p->text) > 0 && strlen(p->fix) > 0);
		assert_null(strstr(p->text, "example-secret"));
	}
	if (found == 0)
		fail_msg("%s: not found", path);
	end(&f);
}

static void finds_every_trap_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; lint_rule(i) != NULL; i++)
		check_trap(lint_rule(i)->id);
}

static void is_silent_on_sound_manifests(void **state)
{
	DIR *folder = opendir("tests/lint/clean");
	struct dirent *entry;
	size_t n = 0;

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		char path[512];
		struct fixture f;

		if (*entry->d_name == '.')
			continue;
		(void)snprintf(path, sizeof path, "tests/lint/clean/%s", entry->d_name);
		begin(&f);
		add_path(&f, path);
		run(&f);
		if (f.result.n_problems > 0)
			fail_msg("%s: %s: %s", path, f.result.problems[0].rule->id, f.result.problems[0].text);
		assert_true(f.result.n_canaries > 0);
		end(&f);
		n++;
	}
	assert_int_equal(n, 5);
	assert_int_equal(closedir(folder), 0);
}

/* ---- Rules and their documentation are the same set, in the same order. */

static void documents_every_rule(void **state)
{
	char *doc = support_read("docs/lint.md", NULL), *save = NULL;
	size_t n = 0;

	(void)state;
	for (char *line = strtok_r(doc, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "## ", 3) == 0) {
			assert_non_null(lint_rule(n));
			assert_string_equal(line + 3, lint_rule(n)->id);
			n++;
		} else if (n > 0 && line[0] == '*' && line[1] != '*') {
			char severity[32];

			(void)snprintf(severity, sizeof severity, "*%s*", severity_name(lint_rule(n - 1)->severity));
			assert_memory_equal(line, severity, strlen(severity));
			assert_non_null(strstr(line, lint_rule(n - 1)->title));
		}
	}
	assert_null(lint_rule(n));
	free(doc);
}

/* ---- Details. */

#define CANARY(provider, service, analysis, metrics)                                                                                       \
	"apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: a, namespace: n}\nspec:\n  provider: " provider "\n"              \
	"  targetRef: {apiVersion: apps/v1, kind: Deployment, name: a}\n  service: {" service "port: 80}\n"                                \
	"  analysis: {interval: 1m, threshold: 5, " analysis ", metrics: [" metrics "]}\n"
#define TEMPLATE(query)                                                                                                                    \
	"apiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: t, namespace: n}\nspec:\n"                                \
	"  provider: {type: prometheus, address: \"http://p:9090\"}\n  query: '" query "'\n"
#define SUCCESS "{name: request-success-rate, thresholdRange: {min: 99}}"

/* Queries and the rules that they meet; NULL: none of the rules about queries. */
static void reads_queries(void **state)
{
	static const struct {
		const char *manifest, *rule;
	} cases[] = {
		{ TEMPLATE("sum(rate(x{code=~\"5..\"}[1m])) / sum(rate(x[1m]))"), "empty-without-errors" },
		{ TEMPLATE("sum(rate(x{status=~\"[45].*\"}[1m]))"), "empty-without-errors" },
		{ TEMPLATE("100 - 100 * sum(rate(x{code!~\"2..|3..\"}[1m])) / sum(rate(x[1m]))"), "empty-without-errors" },
		{ TEMPLATE("sum(rate(response_total{classification=\"failure\"}[1m])) / sum(rate(response_total[1m]))"),
		  "empty-without-errors" },
		{ TEMPLATE("sum(rate(grpc_server_handled_total{grpc_code!=\"OK\"}[1m]))"), "empty-without-errors" },
		{ TEMPLATE("(sum(rate(x{code=~\"5..\"}[1m])) or vector(0)) / sum(rate(x[1m]))"), NULL },
		{ TEMPLATE("(sum(rate(x{code=~\"5..\"}[1m])) or on() vector(0)) / sum(rate(x[1m]))"), NULL },
		{ TEMPLATE("sum(rate(x{code!~\"5..\"}[1m])) / sum(rate(x[1m]))"), NULL },
		{ TEMPLATE("sum(rate(x{code=~\"2..|5..\"}[1m]))"), NULL },
		{ TEMPLATE("(sum(rate(x[1m])) / sum(rate(y[1m]))) or vector(0)"), "absence-reads-as-value" },
		{ TEMPLATE("100 * ((sum(rate(x[1m])) / sum(rate(y[1m]))) or vector(0))"), "absence-reads-as-value" },
		{ TEMPLATE("sum(rate(x[1m])) / (sum(rate(y[1m])) or vector(1))"), "absence-reads-as-value" },
		{ TEMPLATE("rate(x{code!=\"500\"}[1m]) / rate(x[1m])"), "ratio-without-sum" },
		{ TEMPLATE("rate(x{code!=\"500\"}[1m]) / ignoring(code) rate(x[1m])"), "several-series" },
		{ TEMPLATE("rate(x_sum[1m]) / rate(x_count[1m])"), "several-series" },
		{ TEMPLATE("sum(rate(x_sum[1m])) / sum(rate(x_count[1m]))"), NULL },
		{ TEMPLATE("sum by (pod) (rate(x[1m]))"), "several-series" },
		{ TEMPLATE("max(sum by (pod) (rate(x[1m])))"), NULL },
		{ TEMPLATE("histogram_quantile(0.9, sum(rate(x_bucket[1m])) by (le))"), NULL },
		{ TEMPLATE("histogram_quantile(0.9, sum by (le, pod) (rate(x_bucket[1m])))"), "several-series" },
		{ TEMPLATE("histogram_quantile(0.9, rate(x_bucket[1m]))"), "several-series" },
		{ TEMPLATE("topk(1, rate(x[1m]))"), NULL },
		{ TEMPLATE("sum(rate(http_request_duration_seconds[1m]))"), "native-histogram" },
		{ TEMPLATE("histogram_quantile(0.9, sum(rate(http_request_duration_seconds[1m])))"), NULL },
		{ TEMPLATE("sum(rate(http_request_duration_seconds_count[1m]))"), NULL },
		{ TEMPLATE("sum(rate(x[1m])"), "promql-syntax" },
		{ TEMPLATE("sum(rate(x[{{ .Interval }}]))"), "template-syntax" },
		{ TEMPLATE("sum(rate(x[{{ duration }}]))"), "template-syntax" },
		{ TEMPLATE("sum(rate(x[{{ interval ]))"), "template-syntax" },
		{ TEMPLATE("sum(rate(x{a=\"{{ if true }}{{ end }}\"}[1m]))"), "template-unchecked" },
		{ TEMPLATE("sum(rate(x{a=\"{{- /* why */ -}} {{ variables.b }}\"}[1m]))"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fixture f;

		lint_text_of(&f, cases[i].manifest);
		if (cases[i].rule == NULL && f.result.n_problems > 0)
			fail_msg("%s: %s", cases[i].manifest, f.result.problems[0].rule->id);
		if (cases[i].rule != NULL && (f.result.n_problems == 0 || find(&f, cases[i].rule, NULL, 0) == NULL))
			fail_msg("%s: no %s", cases[i].manifest, cases[i].rule);
		end(&f);
	}
}

static void reads_canaries(void **state)
{
	static const struct {
		const char *manifest, *rule;
	} cases[] = {
		{ CANARY("traefik", "", "stepWeight: 20, maxWeight: 50", SUCCESS), "step-overshoots" },
		{ CANARY("traefik", "", "stepWeight: 25, maxWeight: 50", SUCCESS), NULL },
		{ CANARY("traefik", "", "stepWeights: [5, 5]", SUCCESS), "step-weights" },
		{ CANARY("traefik", "", "stepWeight: 0, maxWeight: 50", SUCCESS), "step-weights" },
		{ CANARY("traefik", "", "stepWeight: 2.5, maxWeight: 50", SUCCESS), "wrong-type" },
		{ CANARY("traefik", "", "iterations: 5, stepWeight: 10", SUCCESS), "strategy-fields" },
		{ CANARY("traefik", "", "iterations: 5", SUCCESS), NULL },
		{ CANARY("linkerd", "", "iterations: 5, match: [{headers: {x: {exact: y}}}]", SUCCESS), "ab-test-ignored" },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50, match: [{headers: {x: {exact: y}}}]", SUCCESS), "ab-test-ignored" },
		{ CANARY("nginx", "", "iterations: 5, match: [{headers: {x: {exact: y}}}]", SUCCESS), NULL },
		{ CANARY("traefik", "", "iterations: 5, mirror: true", SUCCESS), "mirror-ignored" },
		{ CANARY("istio", "", "stepWeight: 10, maxWeight: 50, mirror: true", SUCCESS), NULL },
		{ CANARY("traefik", "name: b, ", "stepWeight: 10, maxWeight: 50", SUCCESS), "service-name-differs" },
		{ CANARY("linkerd", "name: b, ", "stepWeight: 10, maxWeight: 50", SUCCESS), NULL },
		{ CANARY("traefik", "name: b, ", "stepWeight: 10, maxWeight: 50",
			 "{name: e, query: \"sum(rate(traefik_service_requests_total{service=~'{{ namespace }}-{{ target "
			 "}}-canary-.*'}[1m]))\", "
			 "thresholdRange: {max: 1}}"),
		  "service-name-differs" },
		{ CANARY("traefik", "name: b, ", "stepWeight: 10, maxWeight: 50",
			 "{name: e, query: \"sum(rate(traefik_service_requests_total{service=~'{{ namespace }}-{{ service "
			 "}}-canary-.*'}[1m]))\", "
			 "thresholdRange: {max: 1}}"),
		  NULL },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50",
			 "{name: request-success-rate, interval: 60, thresholdRange: {min: 99}}"),
		  "wrong-type" },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50",
			 "{name: request-success-rate, interval: 1h, thresholdRange: {min: 99}}"),
		  "interval-format" },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50",
			 "{name: request-success-rate, interval: 90sec, thresholdRange: {min: 99}}"),
		  "interval-format" },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50",
			 "{name: request-success-rate, interval: 1m30s, thresholdRange: {min: 99}}"),
		  NULL },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50", "{name: request-duration, interval: 1m}"), "threshold-missing" },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50", "{name: request-success-rate, thresholdRange: {}}"),
		  "threshold-missing" },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50",
			 "{name: request-success-rate, thresholdRange: {min: 99, max: 90}}"),
		  "threshold-direction" },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50", "{name: request-duration, thresholdRange: {max: 0.5}}"),
		  "threshold-unit" },
		{ CANARY("traefik", "",
			 "stepWeight: 10, maxWeight: 50, webhooks: [{name: r, type: rollback, url: \"http://l/rollback/check\"}]", SUCCESS),
		  NULL },
		{ CANARY("traefik", "",
			 "stepWeight: 10, maxWeight: 50, webhooks: [{name: r, type: rollback, url: \"http://l/x\", metadata: {channel: "
			 "c}}]",
			 SUCCESS),
		  "rollback-hook-notifier" },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50, webhooks: [{name: r, type: notify, url: \"http://l/\"}]", SUCCESS),
		  "enum-value" },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50, webhooks: [{name: r, url: \"http://u:example-secret@l/\"}]",
			 SUCCESS),
		  "credentials" },
		{ CANARY("traefik", "", "stepWeight: 10, maxWeight: 50, webhooks: [{name: r, url: \"http://l/\", metadata: {retries: 3}}]",
			 SUCCESS),
		  "wrong-type" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fixture f;
		char *text;

		lint_text_of(&f, cases[i].manifest);
		if (cases[i].rule == NULL && f.result.n_problems > 0)
			fail_msg("%s: %s", cases[i].manifest, f.result.problems[0].text);
		if (cases[i].rule != NULL && find(&f, cases[i].rule, NULL, 0) == NULL)
			fail_msg("%s: no %s", cases[i].manifest, cases[i].rule);
		text = printed(&f, lint_print_json);
		assert_null(strstr(text, "example-secret"));
		free(text);
		end(&f);
	}
}

/* Templates of other files, of other namespaces, and without one. */
static void looks_templates_up_among_all_files(void **state)
{
	static const char canary[] = CANARY("traefik", "", "stepWeight: 10, maxWeight: 50",
					    "{name: e, interval: 1m, templateRef: {name: t}, thresholdRange: {max: 1}}");
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, "b.yaml", canary);
	add(&f, "a.yaml", TEMPLATE("sum(rate(x[{{ interval }}])) * {{ variables.factor }}"));
	run(&f);
	expect(&f, "template-variable", "Canary n/a", SEVERITY_ERROR, "spec.analysis.metrics[0].templateVariables");
	end(&f);
	begin(&f);
	add(&f, "b.yaml", canary);
	add(&f, "a.yaml",
	    "apiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: t, namespace: elsewhere}\nspec: {provider: {type: "
	    "prometheus, "
	    "address: x}, query: vector(1)}\n");
	run(&f);
	expect(&f, "template-not-found", "Canary n/a", SEVERITY_NOTE, "spec.analysis.metrics[0].templateRef");
	end(&f);
}

static void holds_windows_against_the_scrape_interval(void **state)
{
	static const char canary[] = CANARY("traefik", "", "stepWeight: 10, maxWeight: 50",
					    "{name: request-success-rate, interval: 1m, thresholdRange: {min: 99}}");
	static const struct {
		int64_t scrape;
		bool found;
	} cases[] = { { 15, false }, { 30, false }, { 31, true }, { 60, true } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct lint_options options = { .scrape = cases[i].scrape * NS_PER_S };
		struct fixture f = { .arena = arena_new((size_t)1 << 26) };

		f.lint = lint_new(&options, f.arena);
		add(&f, "c", canary);
		run(&f);
		assert_int_equal(find(&f, "window-too-short", NULL, 0) != NULL, cases[i].found);
		end(&f);
	}
}

static void takes_limits_from_the_criteria(void **state)
{
	static const char criteria[] = "blast: {max_weight: 20}\noverrides: [{namespace: other, blast: {max_weight: 10}}]\n";
	const struct lint_options options = {
		.scrape = 30 * NS_PER_S, .criteria = criteria, .criteria_len = strlen(criteria), .criteria_name = "c"
	};
	struct fixture f = { .arena = arena_new((size_t)1 << 26) };

	(void)state;
	f.lint = lint_new(&options, f.arena);
	add(&f, "c", CANARY("traefik", "", "stepWeight: 10, maxWeight: 30", SUCCESS));
	run(&f);
	assert_says(expect(&f, "blast-limit", NULL, SEVERITY_WARNING, "spec.analysis.maxWeight"), "the blast limit is 20 %");
	end(&f);
}

static void keeps_order_whatever_the_order_of_finding(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_path(&f, "tests/cases/03-alpha-manifest/canaries.yaml");
	add_path(&f, "tests/cases/01-ab-header-on-traefik/canary.yaml");
	run(&f);
	for (size_t i = 1; i < f.result.n_problems; i++) {
		const struct lint_problem *a = &f.result.problems[i - 1], *b = &f.result.problems[i];

		assert_true(a->file_index < b->file_index || (a->file_index == b->file_index && a->line <= b->line));
	}
	end(&f);
}

/* ---- Hostile text: every truncation of real manifests, and odd shapes; nothing crashes, what is no YAML is said. */

static void survives_truncation(void **state)
{
	char *text = support_read("tests/cases/08-missing-template-variable/manifests.yaml", NULL);
	size_t len = strlen(text);

	(void)state;
	for (size_t n = 0; n < len; n += 7) {
		char kept = text[n];
		struct fixture f;

		text[n] = '\0';
		lint_text_of(&f, text);
		end(&f);
		text[n] = kept;
	}
	free(text);
}

static void survives_odd_shapes(void **state)
{
	static const char *const odd[] = {
		"",
		"---\n---\n# only a comment\n",
		"kind: Canary\n",
		"kind: Canary\nspec: []\n",
		"kind: [Canary]\n",
		"apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: [a]}\nspec: {analysis: x}\n",
		"apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: a}\nspec: {analysis: {metrics: {a: b}, webhooks: x, "
		"alerts: {a: b}, "
		"stepWeights: x}}\n",
		"apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: a}\nspec: {analysis: {metrics: [x, [], {}], webhooks: [x, "
		"{}], alerts: [x], "
		"interval: [1], threshold: 99999999999999999999}}\n",
		"apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: a}\nspec: {analysis: {iterations: 9007199254740991, "
		"threshold: "
		"9007199254740991, interval: 9000000000s, metrics: [{name: m, interval: 9000000000s, templateRef: {name: t}}]}}\n",
		"apiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: t}\nspec: {provider: {type: datadog}, query: "
		"x}\n---\napiVersion: "
		"flagger.app/v1beta1\nkind: Canary\nmetadata: {name: a}\nspec: {analysis: {stepWeight: 1e-300, metrics: [{name: m, "
		"interval: 9000000000s, "
		"templateRef: {name: t}}]}}\n",
		"kind: List\nitems: [x, {kind: List, items: [{kind: List, items: []}]}, {kind: CanaryList}]\n",
		"apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nspec: {routes: [x, {services: [x, {name: [a]}]}]}\n",
		"apiVersion: traefik.io/v1alpha1\nkind: TraefikService\nspec: {weighted: {services: [x, {weight: 1}, {}]}}\n",
		"apiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: t}\nspec: {provider: prometheus, query: [a]}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		struct fixture f;
		char *text;

		lint_text_of(&f, odd[i]);
		text = printed(&f, lint_print_text);
		assert_non_null(text);
		assert_null(strstr(text, "Canary  "));
		free(text);
		text = printed(&f, lint_print_json);
		assert_non_null(text);
		free(text);
		end(&f);
	}
}

static void says_where_text_is_no_yaml(void **state)
{
	const struct lint_problem *p;
	struct fixture f;

	(void)state;
	lint_text_of(&f, "a: b\nc: {{ .Values.x }}\n");
	p = find(&f, "not-yaml", NULL, 0);
	assert_non_null(p);
	assert_int_equal(p->line, 2);
	assert_errors(&f, 1);
	end(&f);
}

/* A name with a line break or an escape of the terminal must not forge a line. */
static void shows_hostile_names_on_one_line(void **state)
{
	struct fixture f;
	char *text;

	(void)state;
	lint_text_of(&f, "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: \"a\\nfake.yaml:1:1: error\\e[31m\", namespace: "
			 "n}\nspec: {}\n");
	text = printed(&f, lint_print_text);
	assert_null(strstr(text, "\nfake.yaml"));
	assert_null(strchr(text, 0x1b));
	free(text);
	end(&f);
}

static void prints_sarif(void **state)
{
	struct json *json;
	const struct json *result, *rules;
	struct fixture f;
	int64_t index, line;
	char *text;

	(void)state;
	lint_case(&f, "08-missing-template-variable/manifests.yaml");
	text = printed(&f, lint_print_sarif);
	json = json_parse(text, strlen(text), NULL);
	assert_non_null(json);
	assert_string_equal(json_string(json_get(json, "version")), "2.1.0");
	assert_int_equal(json_size(json_get(json_first(json_get(json, "runs")), "results")), f.result.n_problems);
	rules = json_path(json_first(json_get(json, "runs")), "tool.driver.rules");
	for (result = json_first(json_get(json_first(json_get(json, "runs")), "results")); result != NULL; result = json_next(result)) {
		const struct json *rule = json_first(rules);

		assert_true(json_int(json_get(result, "ruleIndex"), &index));
		while (index-- > 0)
			rule = json_next(rule);
		assert_string_equal(json_string(json_get(rule, "id")), json_string(json_get(result, "ruleId")));
		assert_true(json_int(json_path(json_first(json_get(result, "locations")), "physicalLocation.region.startLine"), &line) &&
			    line > 0);
	}
	json_free(json);
	free(text);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_01),
		cmocka_unit_test(case_02),
		cmocka_unit_test(case_03),
		cmocka_unit_test(case_04),
		cmocka_unit_test(case_05),
		cmocka_unit_test(case_06),
		cmocka_unit_test(case_07),
		cmocka_unit_test(case_08),
		cmocka_unit_test(case_09),
		cmocka_unit_test(finds_every_trap_and_nothing_else),
		cmocka_unit_test(is_silent_on_sound_manifests),
		cmocka_unit_test(documents_every_rule),
		cmocka_unit_test(reads_queries),
		cmocka_unit_test(reads_canaries),
		cmocka_unit_test(looks_templates_up_among_all_files),
		cmocka_unit_test(holds_windows_against_the_scrape_interval),
		cmocka_unit_test(takes_limits_from_the_criteria),
		cmocka_unit_test(keeps_order_whatever_the_order_of_finding),
		cmocka_unit_test(survives_truncation),
		cmocka_unit_test(survives_odd_shapes),
		cmocka_unit_test(says_where_text_is_no_yaml),
		cmocka_unit_test(shows_hostile_names_on_one_line),
		cmocka_unit_test(prints_sarif),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
