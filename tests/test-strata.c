/* Laws of the counts: order of answers, duplicates, overlapping windows and a label split over two series change nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/measure.h"
#include "gonogo/provider.h"
#include "gonogo/rollout.h"
#include "gonogo/series.h"
#include "gonogo/strata.h"
#include "support.h"

#define SCRAPES 24
#define START 1773133200

static uint64_t state_of_random = 88172645463325252ULL;

static unsigned pick(unsigned n)
{
	state_of_random ^= state_of_random << 13;
	state_of_random ^= state_of_random >> 7;
	state_of_random ^= state_of_random << 17;
	return (unsigned)(state_of_random % n);
}

/* A counter of one arm and code at one pod of the ingress; it may begin late and restart once. */
struct counter {
	const char *arm, *code, *pod, *method;
	int begins;
	long values[SCRAPES];
};

static void count_up(struct counter *c, int restart)
{
	long value = 0;

	for (int i = 0; i < SCRAPES; i++) {
		if (i == restart)
			value = 0;
		if (i >= c->begins)
			value += 20 + pick(20);
		c->values[i] = value;
	}
}

static void put_series(struct buf *out, const struct counter *c, int from, int to)
{
	bool first = true;

	buf_printf(out,
		   "{\"metric\":{\"__name__\":\"traefik_service_requests_total\",\"code\":\"%s\",\"instance\":\"%s\",\"job\":\"traefik\","
		   "\"method\":\"%s\",\"service\":"
		   "\"develop-backend-%s-80@kubernetescrd\"},\"values\":[",
		   c->code, c->pod, c->method, c->arm);
	for (int i = from; i < to; i++) {
		if (i < c->begins)
			continue;
		buf_printf(out, "%s[%d.%d,\"%ld\"]", first ? "" : ",", START + 10 * i, strcmp(c->pod, "b") == 0 ? 5 : 0, c->values[i]);
		first = false;
	}
	buf_puts(out, "]}");
}

static void add_window(struct evidence *e, struct arena *arena, const struct counter *c, size_t n, int from, int to, bool reverse)
{
	struct buf body;

	buf_init(&body, 1 << 20);
	buf_puts(&body, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(&body, ',');
		put_series(&body, &c[reverse ? n - 1 - i : i], from, to);
	}
	buf_puts(&body, "]}}");
	(void)support_add_row(e, arena, 1, SOURCE_PROMETHEUS, "samples", "", body.data);
	buf_free(&body);
}

static void build(struct strata *out, const struct evidence *e, struct arena *arena)
{
	static const char *const classes[] = { "5.." };
	struct canary_spec *spec = arena_alloc(arena, sizeof *spec);
	struct series_set *set = arena_alloc(arena, sizeof *set);
	struct measure measure;
	struct strata_spec how = { &measure, 1, classes };
	struct error err;

	spec->namespace_ = "develop";
	spec->target_kind = "Deployment";
	spec->ingress_name = "";
	spec->service_name = spec->target_name = "backend";
	for (size_t i = 0; i < e->n; i++)
		assert_int_equal(series_add_answer(set, &e->rows[i], arena, &err), 0);
	series_set_finish(set);
	assert_int_equal(measure_of_provider(&measure, provider_find(""), spec, arena, &err), 0);
	assert_int_equal(strata_build(out, set, &how, arena, &err), 0);
}

static void same(const struct strata *a, const struct strata *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_true(a->v[i].from == b->v[i].from && a->v[i].to == b->v[i].to);
		assert_memory_equal(a->v[i].n, b->v[i].n, sizeof a->v[i].n);
		assert_memory_equal(a->v[i].k, b->v[i].k, sizeof a->v[i].k);
		assert_int_equal(a->v[i].flags, b->v[i].flags);
	}
}

static size_t counters(struct counter *c)
{
	static const struct counter all[] = {
		{ "primary", "200", "a", "GET", 0, { 0 } }, { "primary", "500", "a", "GET", 3, { 0 } },
		{ "canary", "200", "a", "GET", 5, { 0 } },  { "canary", "502", "a", "GET", 9, { 0 } },
		{ "primary", "200", "b", "GET", 0, { 0 } }, { "canary", "200", "b", "GET", 6, { 0 } },
	};

	memcpy(c, all, sizeof all);
	return sizeof all / sizeof all[0];
}

static void any_order_gives_the_same_strata(void **unused)
{
	(void)unused;
	for (int round = 0; round < 40; round++) {
		struct arena *arena = arena_new(1 << 26);
		struct evidence whole = { .cluster = "" }, pieces = { .cluster = "" };
		struct counter c[8];
		struct strata a, b;
		size_t n = counters(c);
		int restart = round % 3 == 0 ? 12 : -1;

		/* A restart takes every counter of its pod with it. */
		for (size_t i = 0; i < n; i++)
			count_up(&c[i], strcmp(c[i].pod, "a") == 0 ? restart : -1);
		add_window(&whole, arena, c, n, 0, SCRAPES, false);
		/* Overlapping windows that cover all, in any order, with the series turned round, some twice. */
		for (int i = 0; i < 30; i++) {
			int from = (int)pick(SCRAPES), to = from + 1 + (int)pick((unsigned)(SCRAPES - from));

			add_window(&pieces, arena, c, n, from, to, pick(2) == 0);
		}
		for (int from = SCRAPES - 4; from >= 0; from -= 4)
			add_window(&pieces, arena, c, n, from, from + 4, true);
		build(&a, &whole, arena);
		build(&b, &pieces, arena);
		same(&a, &b);
		arena_free(arena);
	}
}

static int64_t total(const struct strata *s, int arm, bool errors)
{
	int64_t sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += errors ? s->v[i].k[arm] : s->v[i].n[arm];
	return sum;
}

static void counts_are_exact(void **unused)
{
	struct arena *arena = arena_new(1 << 26);
	struct evidence e = { .cluster = "" };
	struct counter c[8];
	struct strata s;
	size_t n = counters(c);
	long want[ARMS] = { 0, 0 };

	(void)unused;
	for (size_t i = 0; i < n; i++) {
		count_up(&c[i], -1);
		/* First sight of a target is no increment; a series born later counts from 0. */
		want[strcmp(c[i].arm, "canary") == 0 ? ARM_CANARY : ARM_BASELINE] += c[i].values[SCRAPES - 1] -
										     (c[i].begins == 0 ? c[i].values[0] : 0);
	}
	add_window(&e, arena, c, n, 0, SCRAPES, false);
	build(&s, &e, arena);
	assert_int_equal(total(&s, ARM_CANARY, false), want[ARM_CANARY]);
	assert_int_equal(total(&s, ARM_BASELINE, false), want[ARM_BASELINE]);
	assert_int_equal(total(&s, ARM_CANARY, true), c[3].values[SCRAPES - 1]);
	for (size_t i = 1; i < s.n; i++)
		assert_true(s.v[i].from >= s.v[i - 1].to);
	arena_free(arena);
}

static void a_label_split_changes_nothing(void **unused)
{
	struct arena *arena = arena_new(1 << 26);
	struct evidence one = { .cluster = "" }, two = { .cluster = "" };
	struct counter c[2] = { { "primary", "200", "a", "GET", 0, { 0 } }, { "canary", "200", "a", "GET", 0, { 0 } } }, split[4];
	struct strata a, b;

	(void)unused;
	count_up(&c[0], -1);
	count_up(&c[1], -1);
	for (int i = 0; i < 4; i++) {
		split[i] = c[i / 2];
		split[i].method = i % 2 == 0 ? "GET" : "POST";
		for (int k = 0; k < SCRAPES; k++)
			split[i].values[k] = i % 2 == 0 ? c[i / 2].values[k] / 3 : c[i / 2].values[k] - c[i / 2].values[k] / 3;
	}
	add_window(&one, arena, c, 2, 0, SCRAPES, false);
	add_window(&two, arena, split, 4, 0, SCRAPES, false);
	build(&a, &one, arena);
	build(&b, &two, arena);
	same(&a, &b);
	arena_free(arena);
}

/* Failed calls that no class is about must not read as successes; nor codes that are none. */
static void what_cannot_be_seen_is_named(void **state)
{
	static const struct {
		const char *code, *unseen;
	} cases[] = { { "200", NULL }, { "500", NULL }, { "0", NULL }, { "5", NULL }, { "14", "gRPC" }, { "2", "gRPC" }, { "OK", "5.." } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct arena *arena = arena_new(1 << 26);
		struct evidence e = { .cluster = "" };
		struct counter c[2] = { { "primary", "200", "a", "GET", 0, { 0 } }, { "canary", cases[i].code, "a", "GET", 0, { 0 } } };
		struct strata s;

		count_up(&c[0], -1);
		count_up(&c[1], -1);
		add_window(&e, arena, c, 2, 0, SCRAPES, false);
		build(&s, &e, arena);
		if (cases[i].unseen == NULL)
			assert_null(s.unseen_class);
		else
			assert_string_equal(s.unseen_class, cases[i].unseen);
		arena_free(arena);
	}
}

/* Traefik 2 writes 200 for a failed call: a class of gRPC statuses sees nothing there. */
static void a_status_is_no_response_code(void **state)
{
	static const char *const status[] = { "grpc:14" }, *const both[] = { "5..", "grpc:14" };
	struct canary_spec spec = {
		.namespace_ = "n", .service_name = "s", .target_name = "s", .target_kind = "Deployment", .ingress_name = ""
	};
	struct label labels[] = { { "code", "200" } };
	struct series series = { .name = "traefik_service_requests_total", .n_labels = 1, .labels = labels };
	struct series_set set = { .n = 1, .v = &series };
	const signed char arms[] = { ARM_CANARY };
	struct arena *arena = arena_new(1 << 20);
	struct measure measure;
	struct error err;

	(void)state;
	assert_int_equal(measure_of_provider(&measure, provider_find("traefik"), &spec, arena, &err), 0);
	assert_string_equal(measure_unseen_class(&measure, 1, status, &set, arms), "grpc:14");
	assert_null(measure_unseen_class(&measure, 2, both, &set, arms));
	labels[0].value = "0";
	assert_null(measure_unseen_class(&measure, 1, status, &set, arms));
	arena_free(arena);
}

/* A target that was seen twice, 400 s apart, does not tell how often one looks. */
static void a_rare_target_sets_no_rhythm(void **state)
{
	struct arena *arena = arena_new(1 << 26);
	struct evidence e = { .cluster = "" };
	struct counter c[2] = { { "primary", "200", "a", "GET", 0, { 0 } }, { "canary", "200", "a", "GET", 0, { 0 } } };
	struct strata usual, odd;

	(void)state;
	count_up(&c[0], -1);
	count_up(&c[1], -1);
	add_window(&e, arena, c, 2, 0, SCRAPES, false);
	build(&usual, &e, arena);
	(void)support_add_row(&e, arena, 2, SOURCE_PROMETHEUS, "samples", "",
			      "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"__name__\":"
			      "\"traefik_service_requests_total\",\"instance\":\"odd\",\"code\":\"200\",\"service\":"
			      "\"develop-backend-primary-80@kubernetescrd\"},\"values\":[[1000,\"1\"],[1400,\"2\"]]}]}}");
	build(&odd, &e, arena);
	assert_true(usual.scrape_interval > 0);
	assert_int_equal(odd.scrape_interval, usual.scrape_interval);
	arena_free(arena);
}

/* Of a single series with one label. */
static int arm_of(const char *provider, const char *metric, const char *label, const char *value, struct arena *arena)
{
	struct canary_spec spec = { .namespace_ = "develop",
				    .service_name = "backend",
				    .target_name = "backend",
				    .target_kind = "Deployment",
				    .ingress_name = "" };
	struct label labels[] = { { label, value } };
	struct series series = { .name = metric, .n_labels = 1, .labels = labels };
	struct series_set set = { .n = 1, .v = &series };
	struct measure measure;
	struct error err;
	signed char *arms;
	size_t spelling;

	assert_int_equal(measure_of_provider(&measure, provider_find(provider), &spec, arena, &err), 0);
	assert_int_equal(measure_arms(&arms, &spelling, &measure, &set, arena, &err), 0);
	return arms[0];
}

/* A name that begins like ours is not ours; nor is a dot any character. */
static void only_our_own_series_count(void **unused)
{
	static const char *const foreign[] = { "develop-backend-canary-x-canary-80@kubernetescrd",
					       "develop-backend-x-canary-80@kubernetescrd",
					       "develop-backend-canary-80@docker",
					       "x-develop-backend-canary-80@kubernetescrd",
					       "develop-backend-canary-@kubernetescrd",
					       "develop-backend-canary-80@kubernetescrd-x",
					       "" };
	struct arena *arena = arena_new(1 << 22);

	(void)unused;
	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
		assert_int_equal(arm_of("traefik", "traefik_service_requests_total", "service", foreign[i], arena), -1);
	assert_int_equal(arm_of("traefik", "traefik_service_requests_total", "service", "develop-backend-canary-80@kubernetescrd", arena),
			 ARM_CANARY);
	assert_int_equal(
		arm_of("traefik", "traefik_service_requests_total", "service", "develop-backend-primary-http@kubernetescrd", arena),
		ARM_BASELINE);
	assert_int_equal(
		arm_of("traefik", "traefik_service_requests_total", "exported_service", "develop-backend-canary-80@kubernetescrd", arena),
		ARM_CANARY);
	assert_int_equal(
		arm_of("traefik", "traefik_service_requests_bytes_total", "service", "develop-backend-canary-80@kubernetescrd", arena), -1);
	assert_null(provider_find("nonesuch"));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_gives_the_same_strata), cmocka_unit_test(counts_are_exact),
		cmocka_unit_test(a_label_split_changes_nothing),   cmocka_unit_test(what_cannot_be_seen_is_named),
		cmocka_unit_test(a_status_is_no_response_code),    cmocka_unit_test(a_rare_target_sets_no_rhythm),
		cmocka_unit_test(only_our_own_series_count),
	};

	return cmocka_run_group_tests_name("strata", tests, NULL, NULL);
}
