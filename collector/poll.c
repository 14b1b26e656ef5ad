#include "poll.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/canary.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/log.h"
#include "gonogo/measure.h"
#include "gonogo/provider.h"

/* Beyond that the answers alone would fill the disk. */
#define CANARIES_MAX 2000
#define ANSWER_MAX ((size_t)64 * 1024 * 1024)
/* History before the start: for dispersion and the guard edge (facts/judge.md 4.1). */
#define HISTORY (1800 * NS_PER_S)
/* Until a window's scrapes are known: twice the commonest interval. */
#define TWO_SCRAPES (60 * NS_PER_S)
/* What was ingested late is asked for once more. */
#define REPAIR_AFTER (120 * NS_PER_S)
#define WAITING_INTERVAL (300 * NS_PER_S)
#define WAITING_FAST (1800 * NS_PER_S)
#define CONCURRENT_MAX 8
#define FAILURES_MAX 3

/* A canary whose rollout is under way or just over. */
struct watched {
	struct watched *next;
	struct arena *arena; /* spec; made anew with every sighting */
	struct canary_spec spec;
	char *namespace_, *name;
	bool running, waiting;
	bool exported, plain; /* which label has answered; neither: both are asked */
	bool unsupported; /* provider; said once */
	int64_t since; /* start of the rollout */
	int64_t ended_at; /* INSTANT_NONE while it runs */
	int64_t polled_to; /* end of the last window asked */
	int64_t next_at;
	bool repaired;
};

struct query {
	struct query *next;
	struct poller *poller;
	struct watched *canary; /* NULL: not on behalf of one */
	char *text, *request, *subject;
	const char *kind;
	int64_t time;
	bool probes_label; /* its answer tells which label is in use */
	char *renamed; /* with the renamed label, to be tried if the answer is empty; NULL: this is it, or nothing is renamed */
	int failures;
	struct buf body;
	struct http_request *http;
};

struct poller {
	struct collector *c;
	struct watched *canaries;
	struct query *queue, *running;
	size_t n_canaries, n_running;
	bool asked_info;
	int64_t retry_at;
};

struct poller *poller_new(struct collector *c)
{
	struct poller *p = calloc(1, sizeof *p);

	if (p != NULL) {
		p->c = c;
		p->retry_at = INT64_MIN;
	}
	return p;
}

static void free_query(struct query *q)
{
	buf_free(&q->body);
	free(q->text);
	free(q->renamed);
	free(q->request);
	free(q->subject);
	free(q);
}

static void free_list(struct poller *p, struct query *q)
{
	while (q != NULL) {
		struct query *next = q->next;

		if (q->http != NULL)
			http_cancel(p->c->http, q->http);
		free_query(q);
		q = next;
	}
}

void poller_free(struct poller *p)
{
	if (p == NULL)
		return;
	free_list(p, p->running);
	free_list(p, p->queue);
	while (p->canaries != NULL) {
		struct watched *w = p->canaries;

		p->canaries = w->next;
		arena_free(w->arena);
		free(w->namespace_);
		free(w->name);
		free(w);
	}
	free(p);
}

bool poller_busy(const struct poller *p)
{
	return p->queue != NULL || p->running != NULL;
}

/* ---- Which canaries. */

static struct watched *find(struct poller *p, const char *namespace_, const char *name)
{
	struct watched *w;

	for (w = p->canaries; w != NULL; w = w->next)
		if (strcmp(w->namespace_, namespace_) == 0 && strcmp(w->name, name) == 0)
			return w;
	if (p->n_canaries >= CANARIES_MAX || (w = calloc(1, sizeof *w)) == NULL)
		return NULL;
	w->namespace_ = strdup(namespace_);
	w->name = strdup(name);
	if (w->namespace_ == NULL || w->name == NULL) {
		free(w->namespace_);
		free(w->name);
		free(w);
		return NULL;
	}
	w->ended_at = INSTANT_NONE;
	w->next_at = INT64_MAX;
	w->next = p->canaries;
	p->canaries = w;
	p->n_canaries++;
	return w;
}

static void begin(struct watched *w, int64_t now)
{
	w->running = true;
	w->since = now;
	w->polled_to = now - HISTORY;
	w->ended_at = INSTANT_NONE;
	w->repaired = false;
	w->next_at = now;
}

static void end(struct watched *w, int64_t now)
{
	w->running = false;
	w->ended_at = now;
	w->next_at = now;
}

/* Another sighting: its spec replaces the one before; its phase starts or ends what is polled. */
static void update(struct poller *p, struct watched *w, struct arena *arena, const struct canary_spec *spec, const char *phase,
		   bool deleted, int64_t now)
{
	bool running = !deleted && canary_phase_running(phase);

	collector_watch_routes(p->c, spec->namespace_, spec->provider);
	arena_free(w->arena);
	w->arena = arena;
	w->spec = *spec;
	w->waiting = strncmp(phase, "Waiting", 7) == 0;
	if (running && !w->running)
		begin(w, now);
	else if (!running && w->running)
		end(w, now);
}

void poller_see(struct poller *p, const char *bytes, size_t len, bool deleted)
{
	struct arena *arena = arena_new((size_t)4 * 1024 * 1024);
	struct json *json = arena == NULL ? NULL : json_parse(bytes, len, NULL);
	struct canary_status status;
	struct canary_spec spec;
	struct watched *w;

	if (json == NULL || canary_parse(&spec, &status, json, arena, NULL) < 0 || (w = find(p, spec.namespace_, spec.name)) == NULL)
		arena_free(arena);
	else
		update(p, w, arena, &spec, status.phase, deleted, clock_now(&p->c->clock));
	json_free(json);
}

/* ---- Asking. */

static void unlink_running(struct poller *p, const struct query *q)
{
	struct query **at = &p->running;

	while (*at != NULL && *at != q)
		at = &(*at)->next;
	if (*at != NULL)
		*at = q->next;
	p->n_running--;
}

static int on_data(void *arg, int status, const char *bytes, size_t len)
{
	struct query *q = arg;

	(void)status;
	buf_append(&q->body, bytes, len);
	return q->body.failed ? -1 : 0;
}

/* Whether there is a first element in "result", however the answer is spaced. */
static bool is_empty(const struct query *q)
{
	static const char key[] = "\"result\"";
	const char *at = q->body.data == NULL ? NULL : memmem(q->body.data, q->body.len, key, sizeof key - 1);

	if (at == NULL)
		return true;
	at += sizeof key - 1;
	at += strspn(at, " \t\r\n:[");
	return *at == ']' || *at == '\0';
}

static struct query *push(struct poller *p, struct watched *w, const char *kind, const char *text, int64_t time);
static void push_probe(struct poller *p, struct watched *w, const char *text, const char *renamed, int64_t time);

/* The same window under the renamed label (facts/prometheus.md "renamed labels"), as long as neither has had a sample: before the first
 * request both are empty, and that decides nothing. */
static void learn_label(struct poller *p, struct query *q)
{
	if (q->canary == NULL || !q->probes_label)
		return;
	if (!is_empty(q)) {
		q->canary->plain = q->canary->plain || q->renamed != NULL;
		q->canary->exported = q->canary->exported || q->renamed == NULL;
		return;
	}
	if (q->renamed != NULL && !q->canary->plain)
		push_probe(p, q->canary, q->renamed, NULL, q->time);
}

/* A query that got no answer is put back a few times, and each failure is a row. */
static void retry(struct poller *p, struct query *q, const struct http_result *result)
{
	char text[512];

	(void)snprintf(text, sizeof text, "{\"status\":\"error\",\"errorType\":\"transport\",\"httpStatus\":%d}", result->status);
	(void)collector_add(p->c, SOURCE_PROMETHEUS, "failed", q->subject, q->request, "",
			    result->status != 0 && q->body.len > 0 ? q->body.data : text,
			    result->status != 0 && q->body.len > 0 ? q->body.len : strlen(text), NULL, NULL);
	log_line(LOG_WARNING, "Prometheus", "no answer (%s, HTTP %d) to %s", result->problem != NULL ? result->problem : "refused",
		 result->status, q->text);
	q->failures++;
	/* A refusal of the query itself does not get better. */
	if (result->status == 400 || result->status == 422 || q->failures >= FAILURES_MAX) {
		free_query(q);
		return;
	}
	p->retry_at = clock_now(&p->c->clock) + 5 * NS_PER_S;
	q->next = p->queue;
	p->queue = q;
}

static void on_done(void *arg, const struct http_result *result)
{
	struct query *q = arg;
	struct poller *p = q->poller;

	q->http = NULL;
	unlink_running(p, q);
	if (result->problem != NULL || result->status != 200) {
		retry(p, q, result);
		return;
	}
	(void)collector_add(p->c, SOURCE_PROMETHEUS, q->kind, q->subject, q->request, "", q->body.data == NULL ? "" : q->body.data,
			    q->body.len, NULL, NULL);
	learn_label(p, q);
	free_query(q);
}

static struct query *push(struct poller *p, struct watched *w, const char *kind, const char *text, int64_t time)
{
	struct query *q = calloc(1, sizeof *q), **at = &p->queue;
	char request[64];
	struct buf line;

	buf_init(&line, 65536);
	if (q == NULL)
		return NULL;
	(void)snprintf(request, sizeof request, "&time=%" PRId64 ".%03d", time / NS_PER_S, (int)(time % NS_PER_S / NS_PER_MS));
	buf_printf(&line, *text == '/' ? "GET %s" : "GET /api/v1/query?query=%s%s", text, *text == '/' ? "" : request);
	*q = (struct query){ .poller = p, .canary = w, .kind = kind, .time = time };
	q->text = strdup(text);
	q->request = buf_take(&line);
	buf_init(&q->body, ANSWER_MAX);
	if (w != NULL) {
		buf_printf(&line, "Canary %s/%s", w->namespace_, w->name);
		q->subject = buf_take(&line);
	} else {
		q->subject = strdup("Prometheus main");
	}
	if (q->text == NULL || q->request == NULL || q->subject == NULL) {
		free_query(q);
		return NULL;
	}
	while (*at != NULL)
		at = &(*at)->next;
	*at = q;
	return q;
}

static void push_probe(struct poller *p, struct watched *w, const char *text, const char *renamed, int64_t time)
{
	struct query *q = push(p, w, "samples", text, time);

	if (q == NULL)
		return;
	q->probes_label = true;
	q->renamed = renamed == NULL ? NULL : strdup(renamed);
}

/* Credentials are read for every query: they rotate, and files are small. */
void poller_access(const struct prometheus_config *config, struct http_access *access, struct arena *arena)
{
	*access = (struct http_access){ .ca_file = config->ca_file, .headers = config->headers, .user = config->user, .plain = true };
	if (config->credentials_file != NULL)
		(void)config_read_text(&access->token, config->credentials_file, 65536, true, arena, NULL);
	if (config->password_file != NULL)
		(void)config_read_text(&access->password, config->password_file, 65536, true, arena, NULL);
}

static void send_query(struct poller *p, struct query *q)
{
	const struct http_handler handler = { on_data, on_done, q };
	const char *base = p->c->config.prometheus.url;
	struct arena *arena = arena_new((size_t)1024 * 1024);
	char *escaped = http_escape(q->text);
	struct http_access access = { 0 };
	struct error err = { .text = "out of memory" };
	struct buf url;
	size_t n = strlen(base);

	while (n > 0 && base[n - 1] == '/')
		n--;
	buf_init(&url, 262144);
	buf_reset(&q->body);
	if (*q->text == '/')
		buf_printf(&url, "%.*s%s", (int)n, base, q->text);
	else
		buf_printf(&url, "%.*s/api/v1/query?query=%s&time=%" PRId64 ".%03d", (int)n, base, escaped == NULL ? "" : escaped,
			   q->time / NS_PER_S, (int)(q->time % NS_PER_S / NS_PER_MS));
	if (arena != NULL && escaped != NULL && !url.failed) {
		poller_access(&p->c->config.prometheus, &access, arena);
		q->http = http_get(p->c->http, url.data, &access, 0, &handler, &err);
	}
	buf_free(&url);
	free(escaped);
	arena_free(arena);
	if (q->http == NULL) {
		log_line(LOG_ERROR, "Prometheus", "%s", err.text);
		free_query(q);
		return;
	}
	q->next = p->running;
	p->running = q;
	p->n_running++;
}

/* Several criteria look at one endpoint. */
static bool is_waiting(const struct poller *p, const struct watched *w, const char *text, int64_t time)
{
	for (const struct query *q = p->queue; q != NULL; q = q->next)
		if (q->canary == w && q->time == time && strcmp(q->text, text) == 0)
			return true;
	return false;
}

/* The series of criteria that have an endpoint of their own, by the criteria in force for this canary. */
static void ask_endpoints(struct poller *p, struct watched *w, const struct measure *whole, int64_t seconds, int64_t to,
			  struct arena *arena)
{
	const char *text = p->c->criteria_text, *queries[QUERIES_MAX];
	struct criteria criteria;
	struct measure measure;

	if (text == NULL || strstr(text, "endpoint") == NULL ||
	    criteria_parse(&criteria, text, strlen(text), "criteria.yaml", w->spec.namespace_, w->spec.name, arena, NULL) < 0)
		return;
	for (size_t i = 0; i < criteria.n; i++) {
		size_t n = criteria.v[i].endpoint.canary == NULL || measure_of_endpoint(&measure, whole, &criteria.v[i], arena, NULL) < 0
				   ? 0
				   : measure_queries(queries, &measure, 0, seconds, arena);

		for (size_t k = 0; k < n; k++)
			if (!is_waiting(p, w, queries[k], to))
				(void)push(p, w, "samples", queries[k], to);
	}
}

/* The provider's own series of both arms. */
static void ask_arms(struct poller *p, struct watched *w, const struct measure *measure, int64_t seconds, int64_t to, struct arena *arena)
{
	/* A log may hold both where the scrape config was changed: the plain label goes first. */
	bool exported = w->exported && !w->plain;
	const char *queries[QUERIES_MAX], *renamed[QUERIES_MAX];
	size_t n = measure_queries(queries, measure, exported ? 1 : 0, seconds, arena);
	size_t n_renamed = exported || w->plain ? 0 : measure_queries(renamed, measure, 1, seconds, arena);

	for (size_t i = 0; i < n; i++) {
		if (n_renamed == n)
			push_probe(p, w, queries[i], renamed[i], to);
		else
			(void)push(p, w, "samples", queries[i], to);
	}
}

static void ask_window(struct poller *p, struct watched *w, int64_t from, int64_t to)
{
	const struct provider *provider = provider_find(w->spec.provider);
	struct arena *arena = arena_new((size_t)4 * 1024 * 1024);
	int64_t seconds = (to - from + TWO_SCRAPES) / NS_PER_S;
	struct measure measure = { 0 };
	char text[128];

	if (provider == NULL && !w->unsupported) {
		(void)collector_note(p->c, "refused", w->name, "reason", "no metrics are asked: this provider is not supported");
		w->unsupported = true;
	}
	if (arena != NULL && provider != NULL && measure_of_provider(&measure, provider, &w->spec, arena, NULL) == 0)
		ask_arms(p, w, &measure, seconds, to, arena);
	if (arena != NULL)
		ask_endpoints(p, w, &measure, seconds, to, arena);
	arena_free(arena);
	(void)snprintf(text, sizeof text, "flagger_info[%" PRId64 "s]", seconds);
	(void)push(p, NULL, "info", text, to);
}

static int64_t interval_of(const struct watched *w, int64_t now)
{
	if (w->waiting && now - w->since > WAITING_FAST)
		return WAITING_INTERVAL;
	return w->spec.interval > 0 ? w->spec.interval : 60 * NS_PER_S;
}

static void poll_canary(struct poller *p, struct watched *w, int64_t now)
{
	if (w->running) {
		ask_window(p, w, w->polled_to, now);
		w->polled_to = now;
		w->next_at = now + interval_of(w, now);
		return;
	}
	if (now < w->ended_at + REPAIR_AFTER) {
		ask_window(p, w, w->polled_to, now);
		w->polled_to = now;
		w->next_at = now + interval_of(w, now);
		if (w->next_at > w->ended_at + REPAIR_AFTER)
			w->next_at = w->ended_at + REPAIR_AFTER;
		return;
	}
	if (!w->repaired)
		ask_window(p, w, w->since - HISTORY, now);
	w->repaired = true;
	w->next_at = INT64_MAX;
}

int64_t poller_run(struct poller *p)
{
	int64_t now = clock_now(&p->c->clock), next = INT64_MAX;

	if (!p->c->config.has_prometheus)
		return INT64_MAX;
	if (!p->asked_info)
		(void)push(p, NULL, "info", "/api/v1/status/buildinfo", now);
	p->asked_info = true;
	for (struct watched *w = p->canaries; w != NULL; w = w->next) {
		if (now >= w->next_at)
			poll_canary(p, w, now);
		next = w->next_at < next ? w->next_at : next;
	}
	while (p->queue != NULL && p->n_running < CONCURRENT_MAX && now >= p->retry_at) {
		struct query *q = p->queue;

		p->queue = q->next;
		send_query(p, q);
	}
	if (p->queue != NULL && p->retry_at > now && p->retry_at < next)
		next = p->retry_at;
	return next;
}
