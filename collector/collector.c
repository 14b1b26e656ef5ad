#include "collector.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/log.h"
#include "gonogo/provider.h"
#include "gonogo/schema.h"
#include "gonogo/store.h"
#include "listen.h"
#include "poll.h"
#include "project.h"
#include "redact.h"
#include "reflector.h"
#include "repeat.h"

#define ARENA_MAX ((size_t)64 * 1024 * 1024)
/* What may wait for a disk that is full; beyond it, rows are dropped and a gap says so. */
#define PENDING_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define HEARTBEAT (60 * NS_PER_S)
#define KUBE_REFRESH (60 * NS_PER_S)
#define COMMIT_RETRY NS_PER_S
#define CHECKPOINT_RETRY (10 * NS_PER_S)
/* Slewing stays far below; a step of NTP or of a hand does not. */
#define CLOCK_STEP (2 * NS_PER_S)
/* The file is at most 1 MiB; a replacement may be longer than what it replaces. */
#define CONFIGURATION_MAX ((size_t)16 * 1024 * 1024)
#define OBJECT_MAX ((size_t)32 * 1024 * 1024)

/* Signal handlers reach nothing else. */
static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	stopping = number;
}

double collector_random(struct collector *c)
{
	/* xorshift64*: jitter needs no better. */
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return (double)(c->random * UINT64_C(2685821657736338717) >> 11) / 9007199254740992.0;
}

/* ---- Rows. */

static void free_pending(struct pending_row *p)
{
	free(p->subject);
	free(p->request);
	free(p->body);
	free(p->uid);
	free(p->version);
}

static char *copy(const void *bytes, size_t len)
{
	char *text = malloc(len + 1);

	if (text == NULL)
		return NULL;
	if (len > 0)
		memcpy(text, bytes, len);
	text[len] = '\0';
	return text;
}

static struct pending_row *new_pending(struct collector *c, size_t len)
{
	struct pending_row *grown;
	size_t cap;

	if (c->pending_bytes + len > PENDING_BYTES_MAX)
		return NULL;
	if (c->n_pending == c->cap_pending) {
		cap = c->cap_pending == 0 ? 64 : c->cap_pending * 2;
		grown = realloc(c->pending, cap * sizeof *grown);
		if (grown == NULL)
			return NULL;
		c->pending = grown;
		c->cap_pending = cap;
	}
	return &c->pending[c->n_pending];
}

/* A row is lost for want of memory: the gap is written when rows can be again. */
static int drop(struct collector *c, const char *subject)
{
	if (c->dropped == 0)
		c->dropped_from = clock_now(&c->clock);
	c->dropped++;
	log_line(LOG_ERROR, subject, "dropped: no memory left for rows that wait for the database");
	return -1;
}

int collector_add(struct collector *c, enum source source, const char *kind, const char *subject, const char *request, const char *marks,
		  const void *body, size_t len, const char *uid, const char *version)
{
	struct pending_row *p = new_pending(c, len);

	if (p == NULL)
		return drop(c, subject);
	*p = (struct pending_row){ .marks = marks };
	p->subject = strdup(subject);
	p->request = strdup(request);
	p->body = copy(body, len);
	p->uid = uid == NULL ? NULL : strdup(uid);
	p->version = version == NULL ? NULL : strdup(version);
	if (p->subject == NULL || p->request == NULL || p->body == NULL || (uid != NULL && p->uid == NULL) ||
	    (version != NULL && p->version == NULL)) {
		free_pending(p);
		return drop(c, subject);
	}
	p->row = (struct observation){ .received_at = clock_now(&c->clock),
				       .boottime_ns = clock_boottime(&c->clock),
				       .boot_id = c->clock.boot_id };
	p->row.source = source;
	p->row.kind = kind;
	p->row.subject = p->subject;
	p->row.request = p->request;
	p->row.marks = marks;
	p->row.body = p->body;
	p->row.body_len = len;
	c->n_pending++;
	c->pending_bytes += len;
	return 0;
}

int collector_note(struct collector *c, const char *kind, const char *subject, const char *key, const char *text)
{
	struct json_writer w;
	struct buf body;
	int rc;

	buf_init(&body, 65536);
	json_writer_init(&w, &body, 0);
	json_begin_object(&w, NULL);
	json_put_string(&w, key, text);
	json_end_object(&w);
	rc = body.failed ? -1 : collector_add(c, SOURCE_COLLECTOR, kind, subject, "", "", body.data, body.len, NULL, NULL);
	buf_free(&body);
	return rc;
}

int collector_gap(struct collector *c, const char *subject, int64_t from, int64_t to, const char *reason)
{
	struct json_writer w;
	struct buf body;
	int rc;

	buf_init(&body, 65536);
	json_writer_init(&w, &body, 0);
	json_begin_object(&w, NULL);
	json_put_instant(&w, "from", from);
	json_put_instant(&w, "to", to);
	json_put_string(&w, "reason", reason);
	json_put_bool(&w, "backfilled", false);
	json_end_object(&w);
	rc = body.failed ? -1 : collector_add(c, SOURCE_COLLECTOR, "gap", subject, "", "", body.data, body.len, NULL, NULL);
	buf_free(&body);
	return rc;
}

/* What identifies an object's version. */
struct identity {
	char kind[64], namespace_[256], name[256], uid[256], version[256];
};

static void read_text(char *out, size_t size, const struct json *json, const char *path, const char *otherwise)
{
	const char *text = json_string(json_path(json, path));

	(void)snprintf(out, size, "%s", text == NULL ? otherwise : text);
}

static bool identify(struct identity *out, const char *bytes, size_t len, const char *kind)
{
	struct json *json = json_parse(bytes, len, NULL);

	if (json == NULL)
		return false;
	read_text(out->kind, sizeof out->kind, json, "kind", kind);
	read_text(out->namespace_, sizeof out->namespace_, json, "metadata.namespace", "");
	read_text(out->name, sizeof out->name, json, "metadata.name", "");
	read_text(out->uid, sizeof out->uid, json, "metadata.uid", "");
	read_text(out->version, sizeof out->version, json, "metadata.resourceVersion", "");
	json_free(json);
	return *out->name != '\0';
}

static bool is_queued(const struct collector *c, const struct identity *id)
{
	for (size_t i = c->n_pending; i-- > 0;)
		if (c->pending[i].uid != NULL && strcmp(c->pending[i].uid, id->uid) == 0 && strcmp(c->pending[i].version, id->version) == 0)
			return true;
	return false;
}

/* The bytes to store: redacted, and for workloads the projection. */
static int prepare(struct buf *out, const struct identity *id, const char *bytes, size_t len, const char **marks)
{
	struct buf whole;
	bool redacted, projected = project_applies(id->kind);
	int rc = 0;

	buf_init(&whole, OBJECT_MAX);
	if (projected)
		rc = project(&whole, bytes, len, NULL);
	else
		buf_append(&whole, bytes, len);
	redacted = rc == 0 && redact(out, whole.data == NULL ? "" : whole.data, whole.len, strcmp(id->kind, "MetricTemplate") == 0);
	*marks = projected && redacted ? "projected redacted" : projected ? "projected" : redacted ? "redacted" : "";
	rc = rc < 0 || whole.failed || out->failed ? -1 : 0;
	buf_free(&whole);
	return rc;
}

/* How many rewritings that changed nothing were passed over until now. */
static void note_counted(struct collector *c, const char *subject, int64_t skipped)
{
	char until[INSTANT_TEXT_MAX], text[128];

	(void)snprintf(text, sizeof text, "{\"skipped\":%lld,\"until\":\"%s\"}", (long long)skipped,
		       instant_rfc3339_ms(until, clock_now(&c->clock)));
	(void)collector_add(c, SOURCE_KUBERNETES, "counted", subject, "", "", text, strlen(text), NULL, NULL);
}

/* A Canary that came again with nothing new. */
static bool is_repeat(struct collector *c, const struct identity *id, const char *kind, const char *subject, const char *bytes, size_t len)
{
	int64_t skipped;

	if (strcmp(id->kind, "Canary") != 0 || strcmp(kind, "deleted") == 0)
		return false;
	if (repeats_see(c->repeats, id->uid, subject, bytes, len, &skipped))
		return true;
	if (skipped > 0)
		note_counted(c, subject, skipped);
	return false;
}

int collector_object(struct collector *c, const char *kind, const char *object_kind, const char *request, const char *bytes, size_t len)
{
	struct identity id;
	char subject[640];
	const char *marks;
	struct buf body;
	int rc = -1;

	buf_init(&body, OBJECT_MAX);
	if (!identify(&id, bytes, len, object_kind)) {
		/* Unreadable: kept, but no secret can be told from it, so that only its redacted text is. */
		(void)redact(&body, bytes, len, true);
		rc = collector_add(c, SOURCE_KUBERNETES, kind, object_kind, request, "unparsed", body.data, body.len, NULL, NULL);
		goto out;
	}
	if (strcmp(id.kind, "Canary") == 0)
		poller_see(c->poller, bytes, len, strcmp(kind, "deleted") == 0);
	rc = 0;
	if (*id.version != '\0' && strcmp(kind, "deleted") != 0 && (store_seen(c->store, id.uid, id.version) || is_queued(c, &id)))
		goto out;
	(void)snprintf(subject, sizeof subject, "%s %s/%s", id.kind, id.namespace_, id.name);
	if (is_repeat(c, &id, kind, subject, bytes, len))
		goto out;
	if (prepare(&body, &id, bytes, len, &marks) < 0)
		rc = collector_note(c, "skipped", subject, "reason", "the object could not be read or is larger than 32 MiB");
	else
		rc = collector_add(c, SOURCE_KUBERNETES, kind, subject, request, marks, body.data, body.len, id.uid, id.version);
out:
	buf_free(&body);
	return rc;
}

/* A post of Flagger's event hook: kept whatever it is, since a retry cannot help. */
static int on_post(void *arg, const char *path, const char *bytes, size_t len)
{
	struct collector *c = arg;
	struct json *json = json_parse(bytes, len, NULL);
	const char *name = json_string(json_get(json, "name")), *namespace_ = json_string(json_get(json, "namespace"));
	const char *marks = json == NULL ? "unparsed" : "";
	char subject[640] = "Canary", request[256];
	struct buf body;
	int rc;

	buf_init(&body, OBJECT_MAX);
	if (name != NULL && namespace_ != NULL)
		(void)snprintf(subject, sizeof subject, "Canary %.253s/%.253s", namespace_, name);
	(void)snprintf(request, sizeof request, "POST %.200s", path);
	if (redact(&body, bytes, len, false))
		marks = json == NULL ? "redacted unparsed" : "redacted";
	rc = body.failed ? -1
			 : collector_add(c, SOURCE_FLAGGER, "event", subject, request, marks, body.data == NULL ? "" : body.data, body.len,
					 NULL, NULL);
	buf_free(&body);
	json_free(json);
	return rc;
}

/* ---- The turn's transaction. */

static int append_all(struct collector *c, struct error *err)
{
	for (size_t i = 0; i < c->n_pending; i++) {
		struct pending_row *p = &c->pending[i];

		if (store_append(c->store, &p->row, err) < 0)
			return -1;
		if (p->uid != NULL && p->version != NULL && store_mark_seen(c->store, p->uid, p->version, err) < 0)
			return -1;
	}
	return 0;
}

static void clear_pending(struct collector *c)
{
	for (size_t i = 0; i < c->n_pending; i++)
		free_pending(&c->pending[i]);
	c->n_pending = 0;
	c->pending_bytes = 0;
}

/* All rows of this turn, durable, or none; they are kept and tried again where the disk refused. */
static int commit(struct collector *c, struct error *err)
{
	if (c->n_pending == 0)
		return 0;
	if (store_begin(c->store, err) < 0)
		return -1;
	if (append_all(c, err) < 0) {
		store_rollback(c->store);
		return -1;
	}
	if (store_commit(c->store, err) < 0)
		return -1;
	clear_pending(c);
	return 0;
}

/* Says what was dropped, in a transaction of its own; kept for the next turn if that fails too. */
static void note_dropped(struct collector *c)
{
	size_t dropped = c->dropped;
	char text[96];

	if (dropped == 0)
		return;
	(void)snprintf(text, sizeof text, "%zu rows were dropped: the database did not take them", dropped);
	if (collector_gap(c, "collector", c->dropped_from, clock_now(&c->clock), text) == 0)
		c->dropped = 0;
}

/* What may be over in a moment: a full disk, a reader in the way, no memory. */
static bool passes(const struct error *why)
{
	return why->code == ERR_FULL || why->code == ERR_BUSY || why->code == ERR_NOMEM;
}

/* Moves what is committed from the write-ahead log into the file. A disk that is full does not end the collection: the log is kept. */
static int checkpoint(struct collector *c, struct error *err)
{
	int64_t now = clock_now(&c->clock);
	struct error why;

	if (now < c->checkpoint_at || store_checkpoint(c->store, &why) == 0)
		return 0;
	if (!passes(&why)) {
		*err = why;
		return -1;
	}
	log_line(LOG_ERROR, "database", "%s", why.text);
	c->checkpoint_at = now + CHECKPOINT_RETRY;
	return 0;
}

static int end_turn(struct collector *c, struct error *err)
{
	int64_t now = clock_now(&c->clock);
	struct error why;

	if (c->retry_at != INSTANT_NONE && now < c->retry_at) {
		if (c->listener != NULL)
			listen_answer(c->listener, 503);
		return 0;
	}
	c->retry_at = INSTANT_NONE;
	if (commit(c, &why) < 0) {
		log_line(LOG_ERROR, "database", "%s", why.text);
		if (c->listener != NULL)
			listen_answer(c->listener, 503);
		if (!passes(&why)) {
			*err = why;
			return -1;
		}
		c->retry_at = clock_now(&c->clock) + COMMIT_RETRY;
		return 0;
	}
	note_dropped(c);
	if (c->listener != NULL)
		listen_answer(c->listener, 200);
	return 0;
}

/* ---- Start and stop. */

void collector_refresh_kube(struct collector *c, bool now)
{
	int64_t at = clock_now(&c->clock);
	struct kube_config fresh;
	struct arena *arena;
	struct error err;

	if (!now && at < c->kube_read_at + KUBE_REFRESH)
		return;
	c->kube_read_at = at;
	arena = arena_new(ARENA_MAX);
	if (arena == NULL || kube_config_load(&fresh, &c->config, arena, &err) < 0) {
		arena_free(arena);
		return;
	}
	/* Requests under way hold copies of what they need. */
	arena_free(c->kube_arena);
	c->kube_arena = arena;
	c->kube = fresh;
}

static int add_reflector(struct collector *c, const char *group, const char *plural, const char *kind, const char *namespace_)
{
	char path[512], name[256];
	struct reflector *r;

	(void)snprintf(path, sizeof path, "%s/namespaces/%s/%s", group, namespace_, plural);
	(void)snprintf(name, sizeof name, "%s %s", plural, namespace_);
	for (size_t i = 0; i < c->n_reflectors; i++)
		if (reflector_watches(c->reflectors[i], path))
			return 0;
	r = c->n_reflectors == REFLECTORS_MAX ? NULL : reflector_new(c, path, name, kind);
	if (r == NULL)
		return -1;
	c->reflectors[c->n_reflectors++] = r;
	return 0;
}

void collector_watch_routes(struct collector *c, const char *namespace_, const char *provider)
{
	const struct provider *p = provider_find(provider);

	/* A name that is no path of one element would be asked for elsewhere. */
	if (p == NULL || p->route.kind == NULL || strpbrk(namespace_, "/?#%") != NULL)
		return;
	if (add_reflector(c, p->route.group, p->route.plural, p->route.kind, namespace_) < 0)
		log_line(LOG_ERROR, namespace_, "%s are not watched: too many watches", p->route.plural);
}

static int add_reflectors(struct collector *c, struct error *err)
{
	static const struct {
		const char *group, *plural, *kind;
	} resources[] = {
		{ "/apis/flagger.app/v1beta1", "canaries", "Canary" },
		{ "/apis/flagger.app/v1beta1", "metrictemplates", "MetricTemplate" },
		{ "/api/v1", "events", "Event" },
		{ "/apis/traefik.io/v1alpha1", "traefikservices", "TraefikService" },
		{ "/apis/apps/v1", "deployments", "Deployment" },
		{ "/api/v1", "pods", "Pod" },
	};

	for (size_t i = 0; i < c->config.n_namespaces; i++)
		for (size_t k = 0; k < sizeof resources / sizeof resources[0]; k++)
			if (add_reflector(c, resources[k].group, resources[k].plural, resources[k].kind, c->config.namespaces[i]) < 0)
				return error_nomem(err);
	return 0;
}

struct last_row {
	bool any, stopped;
	int64_t at;
};

static int on_last_row(void *arg, const struct observation *row, struct error *err)
{
	struct last_row *last = arg;

	(void)err;
	*last = (struct last_row){ true, row->source == SOURCE_COLLECTOR && strcmp(row->kind, "stop") == 0, row->received_at };
	return 0;
}

/* What lies between the last row of the run before and this start was seen by nobody. */
static int note_absence(struct collector *c, struct error *err)
{
	const struct store_query newest = {
		.source = -1, .from = INSTANT_NONE, .to = INSTANT_NONE, .newest_first = true, .limit = 1, .without_body = true
	};
	struct last_row last = { 0 };

	if (store_each(c->store, &newest, on_last_row, &last, err) < 0)
		return -1;
	if (!last.any)
		return 0;
	return collector_gap(c, "collector", last.at, clock_now(&c->clock), last.stopped ? "the collector was stopped" : "crash");
}

/* criteria.yaml's bytes in force, checked: a log must not name criteria that cannot be read. */
static int note_criteria(struct collector *c, struct error *err)
{
	const struct schema_file *defaults = schema_file("criteria.yaml");
	const char *text = defaults->text;
	struct criteria criteria;

	if (c->config.criteria_file != NULL &&
	    config_read_text(&text, c->config.criteria_file, (size_t)1024 * 1024, false, c->arena, err) < 0)
		return -1;
	if (criteria_parse(&criteria, text, strlen(text), c->config.criteria_file == NULL ? "criteria.yaml" : c->config.criteria_file, NULL,
			   NULL, c->arena, err) < 0)
		return -1;
	c->criteria_text = text;
	return collector_add(c, SOURCE_COLLECTOR, "criteria", "criteria.yaml", "", "", text, strlen(text), NULL, NULL);
}

/* The configuration's bytes. Values of http_headers are replaced by name, since YAML has many ways to write them; one that is written in a way
 * that cannot be found takes the whole text with it. */
static int note_configuration(struct collector *c)
{
	const char *const *headers = c->config.prometheus.headers;
	struct buf clean, before;
	const char *value;
	int rc;

	buf_init(&clean, CONFIGURATION_MAX);
	buf_init(&before, CONFIGURATION_MAX);
	(void)redact(&clean, c->config.bytes, c->config.len, true);
	for (; headers != NULL && *headers != NULL; headers++) {
		value = strstr(*headers, ": ") + 2;
		buf_reset(&before);
		buf_append(&before, clean.data, clean.len);
		buf_reset(&clean);
		if (redact_value(&clean, before.data, before.len, value) == 0 && *value != '\0' &&
		    strcasestr(*headers, "authorization:") == NULL) {
			buf_reset(&clean);
			buf_puts(&clean, "# [redacted]: a value of http_headers is not written as plain text\n");
		}
	}
	rc = clean.failed || before.failed ? -1
					   : collector_add(c, SOURCE_COLLECTOR, "configuration", "gonogo.yaml", "", "",
							   clean.data == NULL ? "" : clean.data, clean.len, NULL, NULL);
	buf_free(&before);
	buf_free(&clean);
	return rc;
}

static int note_start(struct collector *c, struct error *err)
{
	if (note_absence(c, err) < 0)
		return -1;
	(void)collector_note(c, "start", "collector", "version", GONOGO_VERSION);
	return note_configuration(c) < 0 ? error_nomem(err) : note_criteria(c, err);
}

static int open_webhook(struct collector *c, struct error *err)
{
	const char *credentials = NULL;

	if (c->config.listen == NULL)
		return 0;
	if (c->config.credentials_file != NULL &&
	    config_read_text(&credentials, c->config.credentials_file, 65536, false, c->arena, err) < 0)
		return -1;
	return listen_open(&c->listener, c->config.listen, credentials, on_post, c, err);
}

static int open_all(struct collector *c, const char *config_file, struct error *err)
{
	char origin[128];

	c->arena = arena_new(ARENA_MAX);
	c->kube_arena = arena_new(ARENA_MAX);
	if (c->arena == NULL || c->kube_arena == NULL)
		return error_nomem(err);
	if (config_load(&c->config, config_file, c->arena, err) < 0 || kube_config_load(&c->kube, &c->config, c->kube_arena, err) < 0)
		return -1;
	c->kube_read_at = clock_now(&c->clock);
	c->http = http_new(err);
	if (c->http == NULL)
		return -1;
	c->poller = poller_new(c);
	c->repeats = repeats_new();
	if (c->poller == NULL || c->repeats == NULL)
		return error_nomem(err);
	(void)snprintf(origin, sizeof origin, "gonogo/%s/evidence", c->config.cluster);
	if (store_open(&c->store, c->config.database, STORE_WRITE, origin, err) < 0 || open_webhook(c, err) < 0 ||
	    add_reflectors(c, err) < 0)
		return -1;
	return note_start(c, err);
}

/* -1: the last rows could not be stored. */
static int close_all(struct collector *c, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < c->n_reflectors; i++)
		reflector_free(c->reflectors[i]);
	poller_free(c->poller);
	repeats_free(c->repeats);
	if (c->store != NULL && c->n_pending > 0) {
		rc = commit(c, err);
		if (rc == 0 && c->listener != NULL)
			listen_answer(c->listener, 200);
	}
	listen_close(c->listener);
	http_free(c->http);
	store_close(c->store);
	clear_pending(c);
	free(c->pending);
	arena_free(c->kube_arena);
	arena_free(c->arena);
	return rc;
}

/* ---- The loop. */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t run_all(struct collector *c)
{
	int64_t next = c->heartbeat_at;

	for (size_t i = 0; i < c->n_reflectors; i++)
		next = earlier(next, reflector_run(c->reflectors[i]));
	return earlier(next, poller_run(c->poller));
}

static void heartbeat(struct collector *c)
{
	int64_t now = clock_now(&c->clock);

	if (now < c->heartbeat_at)
		return;
	(void)collector_note(c, "heartbeat", "collector", "version", GONOGO_VERSION);
	c->heartbeat_at = now + HEARTBEAT;
}

/* A wall clock that was set: rows before and behind it do not compare by received_at alone. */
static void note_clock_step(struct collector *c)
{
	int64_t offset = clock_now(&c->clock) - clock_boottime(&c->clock), step = offset - c->clock_offset;
	char text[64];

	/* A played clock never steps, but a pause between its two readings would look like one. */
	if (c->clock.start != INSTANT_NONE || llabs(step) < CLOCK_STEP)
		return;
	(void)snprintf(text, sizeof text, "%.3f", (double)step / 1e9);
	(void)collector_note(c, "clock-step", "collector", "seconds", text);
	log_line(LOG_WARNING, "clock", "the wall clock was set by %s s", text);
	c->clock_offset = offset;
}

/* Rows do not wait, but for a database that is waited for itself; nor do connections that are too slow. */
static int sooner(int ms, struct collector *c)
{
	int other = -1;

	if (c->n_pending > 0)
		other = c->retry_at == INSTANT_NONE ? 0 : clock_wait_ms(&c->clock, c->retry_at);
	if (other >= 0 && (ms < 0 || other < ms))
		ms = other;
	other = c->listener == NULL ? -1 : listen_timeout(c->listener);
	return other >= 0 && (ms < 0 || other < ms) ? other : ms;
}

static int turn(struct collector *c, int64_t until, struct error *err)
{
	int64_t next = earlier(run_all(c), until == INSTANT_NONE ? INT64_MAX : until);
	int ms = clock_wait_ms(&c->clock, next);

	ms = sooner(ms, c);
	if (http_wait(c->http, c->listener == NULL ? -1 : listen_fd(c->listener), ms, err) < 0)
		return -1;
	if (c->listener != NULL)
		listen_run(c->listener);
	note_clock_step(c);
	heartbeat(c);
	collector_refresh_kube(c, false);
	if (end_turn(c, err) < 0)
		return -1;
	return ms > 0 ? checkpoint(c, err) : 0;
}

/* Until the time is up and nothing that was asked is still open; half a real minute at most for the latter. */
static bool is_over(struct collector *c, int64_t until)
{
	int64_t now = clock_now(&c->clock);

	if (stopping != 0)
		return true;
	if (until == INSTANT_NONE || now < until)
		return false;
	return !poller_busy(c->poller) || (double)(now - until) > 30e9 * c->clock.rate;
}

static int loop(struct collector *c, int64_t until, struct error *err)
{
	const char *subject;
	int64_t skipped;

	while (!is_over(c, until))
		if (turn(c, until, err) < 0)
			return -1;
	while ((subject = repeats_take(c->repeats, &skipped)) != NULL)
		note_counted(c, subject, skipped);
	return collector_note(c, "stop", "collector", "reason", stopping != 0 ? "signal" : "end of --until");
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
}

int collector_run(const char *config_file, const struct clock *clock, int64_t until, struct error *err)
{
	struct collector *c = calloc(1, sizeof *c);
	struct error last;
	int rc;

	if (c == NULL)
		return error_nomem(err);
	c->clock = *clock;
	c->retry_at = INSTANT_NONE;
	c->checkpoint_at = INT64_MIN;
	c->clock_offset = clock_now(clock) - clock_boottime(clock);
	c->random = (uint64_t)clock_now(clock) | 1;
	catch_signals();
	rc = open_all(c, config_file, err);
	if (rc == 0) {
		log_line(LOG_INFO, "collector", "started: %zu namespaces, database %s", c->config.n_namespaces, c->config.database);
		rc = loop(c, until, err);
	} else {
		clear_pending(c);
	}
	if (close_all(c, &last) < 0) {
		log_line(LOG_ERROR, "database", "%s", last.text);
		if (rc == 0)
			*err = last;
		rc = -1;
	}
	free(c);
	return rc;
}

/* ---- --check. */

struct check {
	const char *name;
	int status;
	bool done;
	char problem[256];
};

static int check_data(void *arg, int status, const char *bytes, size_t len)
{
	(void)arg;
	(void)status;
	(void)bytes;
	(void)len;
	return 0;
}

static void check_done(void *arg, const struct http_result *result)
{
	struct check *check = arg;

	check->done = true;
	check->status = result->status;
	(void)snprintf(check->problem, sizeof check->problem, "%s", result->problem == NULL ? "" : result->problem);
}

static int check_url(struct collector *c, const char *name, const char *url, const struct http_access *access, struct error *err)
{
	struct check check = { .name = name };
	const struct http_handler handler = { check_data, check_done, &check };

	if (http_get(c->http, url, access, 0, &handler, err) == NULL)
		return -1;
	while (!check.done)
		if (http_wait(c->http, -1, 1000, err) < 0)
			return -1;
	if (check.status == 200) {
		printf("ok       %s\n", name);
		return 0;
	}
	printf("missing  %s: %s", name, check.problem);
	if (check.status == 403 || check.status == 401)
		printf("HTTP %d: the service account may not list it; see deploy/", check.status);
	else if (check.status != 0)
		printf("HTTP %d", check.status);
	putchar('\n');
	return 1;
}

static int check_all(struct collector *c, struct error *err)
{
	static const char *const paths[] = { "/apis/flagger.app/v1beta1/namespaces/%s/canaries",
					     "/apis/flagger.app/v1beta1/namespaces/%s/metrictemplates",
					     "/api/v1/namespaces/%s/events",
					     "/apis/traefik.io/v1alpha1/namespaces/%s/traefikservices",
					     "/apis/apps/v1/namespaces/%s/deployments",
					     "/api/v1/namespaces/%s/pods" };
	char url[2048], name[512];
	int missing = 0, one;

	for (size_t i = 0; i < c->config.n_namespaces; i++)
		for (size_t k = 0; k < sizeof paths / sizeof paths[0]; k++) {
			const char *at = strstr(paths[k], "%s");

			(void)snprintf(name, sizeof name, "%.*s%s%s", (int)(at - paths[k]), paths[k], c->config.namespaces[i], at + 2);
			(void)snprintf(url, sizeof url, "%.1000s%s?limit=1", c->kube.server, name);
			one = check_url(c, name, url, &c->kube.access, err);
			if (one < 0)
				return -1;
			missing += one;
		}
	if (c->config.has_prometheus) {
		struct http_access access;

		poller_access(&c->config.prometheus, &access, c->arena);
		/* By name: the URL may hold a password. */
		(void)snprintf(name, sizeof name, "Prometheus %.100s", c->config.prometheus.name);
		(void)snprintf(url, sizeof url, "%.1000s/api/v1/status/buildinfo", c->config.prometheus.url);
		one = check_url(c, name, url, &access, err);
		if (one < 0)
			return -1;
		missing += one;
	}
	return missing == 0 ? 0 : error_code(err, ERR_FORBIDDEN, "check: %d of what is needed is missing", missing);
}

int collector_check(const char *config_file, const struct clock *clock, struct error *err)
{
	struct collector *c = calloc(1, sizeof *c);
	int rc = -1;

	if (c == NULL)
		return error_nomem(err);
	c->clock = *clock;
	c->arena = arena_new(ARENA_MAX);
	c->kube_arena = arena_new(ARENA_MAX);
	if (c->arena == NULL || c->kube_arena == NULL || (c->http = http_new(err)) == NULL)
		error_nomem(err);
	else if (config_load(&c->config, config_file, c->arena, err) == 0 &&
		 kube_config_load(&c->kube, &c->config, c->kube_arena, err) == 0)
		rc = check_all(c, err);
	(void)close_all(c, NULL);
	free(c);
	return rc;
}
