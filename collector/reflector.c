#include "reflector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/log.h"
#include "line.h"

/* Page size sets the peak memory (facts/reliability.md 1.1). */
#define PAGE 50
#define LIST_MAX ((size_t)64 * 1024 * 1024)
/* client-go: 0.8 s, doubled, 30 s at most, forgotten after two healthy minutes. */
#define BACKOFF_MIN (800 * NS_PER_MS)
#define BACKOFF_MAX (30 * NS_PER_S)
#define HEALTHY (120 * NS_PER_S)
/* A resource that the cluster does not have, or that we may not read: ask again now and then. */
#define ABSENT_RETRY (300 * NS_PER_S)
/* A watch that ended sooner without a line is none (kubernetes#104171). */
#define WATCH_MIN_S 1.0
/* A half-open connection must be noticed: bookmarks come each minute. */
#define WATCH_IDLE_S 330

enum state { IDLE, LISTING, WATCHING };

struct reflector {
	struct collector *c;
	char *path, *name, *kind;
	enum state state;
	struct http_request *request;
	struct buf body; /* of a list page, or of an answer that is no 2xx */
	struct lines lines;
	char *version; /* resourceVersion to watch from; NULL: list */
	char *next_page; /* continue token */
	char *list_version;
	int64_t count; /* items of the list so far */
	int64_t next_at;
	int64_t backoff;
	int64_t started_at, healthy_until; /* of the watch; end of the last healthy one */
	int64_t lines_seen;
	int empty_watches;
	int64_t refused_from; /* when it was refused first; INSTANT_NONE: it is not */
	bool forbidden; /* rather than absent */
	bool connected, gone;
	bool relisting;
};

struct reflector *reflector_new(struct collector *c, const char *path, const char *name, const char *kind)
{
	struct reflector *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->c = c;
	r->path = strdup(path);
	r->name = strdup(name);
	r->kind = strdup(kind);
	r->next_at = INT64_MIN;
	r->backoff = BACKOFF_MIN;
	r->healthy_until = INSTANT_NONE;
	r->refused_from = INSTANT_NONE;
	buf_init(&r->body, LIST_MAX);
	lines_init(&r->lines);
	if (r->path == NULL || r->name == NULL || r->kind == NULL) {
		reflector_free(r);
		return NULL;
	}
	return r;
}

bool reflector_watches(const struct reflector *r, const char *path)
{
	return strcmp(r->path, path) == 0;
}

void reflector_free(struct reflector *r)
{
	if (r == NULL)
		return;
	if (r->request != NULL)
		http_cancel(r->c->http, r->request);
	buf_free(&r->body);
	lines_free(&r->lines);
	free(r->version);
	free(r->next_page);
	free(r->list_version);
	free(r->path);
	free(r->name);
	free(r->kind);
	free(r);
}

static void set_text(char **at, const char *text)
{
	char *copy = text == NULL ? NULL : strdup(text);

	free(*at);
	*at = copy;
}

static void back_off(struct reflector *r, const char *why, int64_t at_least)
{
	int64_t wait = r->backoff + (int64_t)((double)r->backoff * 0.5 * collector_random(r->c));

	if (at_least > wait)
		wait = at_least;
	r->next_at = clock_now(&r->c->clock) + wait;
	r->backoff = r->backoff * 2 > BACKOFF_MAX ? BACKOFF_MAX : r->backoff * 2;
	log_line(LOG_WARNING, r->name, "%s; trying again in %.1f s", why, (double)wait / 1e9);
}

static void disconnect(struct reflector *r, const char *why)
{
	if (r->connected)
		(void)collector_note(r->c, "disconnect", r->name, "reason", why);
	r->connected = false;
}

/* The place is lost: the next thing is a list, and what passed in between is a gap. */
static void lose_place(struct reflector *r, const char *why)
{
	char text[256];

	(void)snprintf(text, sizeof text, "%s (watched from resourceVersion %.80s)", why, r->version == NULL ? "" : r->version);
	(void)collector_note(r->c, "relist", r->name, "reason", text);
	set_text(&r->version, NULL);
	/* A page's token is as old as the place. */
	set_text(&r->next_page, NULL);
	r->relisting = true;
}

/* ---- What a failed answer means. */

static void refused(struct reflector *r, const struct http_result *result)
{
	char text[256];

	(void)snprintf(text, sizeof text, "HTTP %d", result->status);
	if (r->refused_from == INSTANT_NONE) {
		r->refused_from = clock_now(&r->c->clock);
		(void)collector_add(r->c, SOURCE_KUBERNETES, "error", r->name, r->path, "", r->body.data, r->body.len, NULL, NULL);
		/* Said at once; how long it lasted is said when it ends. */
		r->forbidden = result->status == 403;
		if (r->forbidden)
			(void)collector_gap(r->c, r->name, r->refused_from, r->refused_from, "forbidden");
	}
	/* What happened meanwhile was not seen: list again. */
	set_text(&r->version, NULL);
	set_text(&r->next_page, NULL);
	disconnect(r, text);
	r->next_at = clock_now(&r->c->clock) + ABSENT_RETRY;
	log_line(LOG_WARNING, r->name, "%s: %s", text,
		 result->status == 404 ? "the cluster does not serve it" : "RBAC does not allow get, list and watch");
}

static void failed(struct reflector *r, const struct http_result *result)
{
	char text[256];

	if (result->status == 410) {
		lose_place(r, "410 Gone");
		disconnect(r, "410 Gone");
		back_off(r, "410 Gone", 0);
		return;
	}
	if (result->status == 401)
		collector_refresh_kube(r->c, true);
	if (result->status == 403 || result->status == 404) {
		refused(r, result);
		return;
	}
	if (result->problem != NULL)
		(void)snprintf(text, sizeof text, "%s", result->problem);
	else
		(void)snprintf(text, sizeof text, "HTTP %d", result->status);
	disconnect(r, text);
	/* A list restarts from its first page; a watch keeps its place. */
	set_text(&r->next_page, NULL);
	back_off(r, text, result->retry_after > 0 ? result->retry_after * NS_PER_S : 0);
}

/* ---- Lists. */

static int on_list_data(void *arg, int status, const char *bytes, size_t len)
{
	struct reflector *r = arg;

	(void)status;
	buf_append(&r->body, bytes, len);
	return r->body.failed ? -1 : 0;
}

static int on_item(void *arg, const char *bytes, size_t len, struct error *err)
{
	struct reflector *r = arg;

	(void)err;
	r->count++;
	return collector_object(r->c, "listed", r->kind, r->path, bytes, len);
}

static int read_metadata(struct reflector *r)
{
	/* Of the list's own metadata, not of an item's: the tree is small without the items. */
	static const char *const items[] = { "items" };
	struct buf head;
	struct json *json;
	const char *more;
	int rc = -1;

	buf_init(&head, LIST_MAX);
	if (json_without(&head, r->body.data, r->body.len, items, 1, NULL) == 0 && (json = json_parse(head.data, head.len, NULL)) != NULL) {
		more = json_string(json_path(json, "metadata.continue"));
		set_text(&r->next_page, more != NULL && *more != '\0' ? more : NULL);
		set_text(&r->list_version, json_string(json_path(json, "metadata.resourceVersion")));
		json_free(json);
		rc = r->list_version == NULL ? -1 : 0;
	}
	buf_free(&head);
	return rc;
}

static void note_list(struct reflector *r)
{
	struct json_writer w;
	struct buf body;

	buf_init(&body, 65536);
	json_writer_init(&w, &body, 0);
	json_begin_object(&w, NULL);
	json_put_int(&w, "count", r->count);
	json_put_string(&w, "resourceVersion", r->list_version);
	json_end_object(&w);
	if (!body.failed)
		(void)collector_add(r->c, SOURCE_KUBERNETES, "list", r->name, r->path, "", body.data, body.len, NULL, NULL);
	buf_free(&body);
}

static void end_list(struct reflector *r)
{
	int64_t now = clock_now(&r->c->clock);

	note_list(r);
	if (r->relisting && r->healthy_until != INSTANT_NONE)
		(void)collector_gap(r->c, r->name, r->healthy_until, now, "the watch's place was lost; listed again");
	else if (r->refused_from != INSTANT_NONE && r->forbidden)
		(void)collector_gap(r->c, r->name, r->refused_from, now, "forbidden");
	r->relisting = false;
	r->refused_from = INSTANT_NONE;
	r->healthy_until = now;
	set_text(&r->version, r->list_version);
	r->next_at = INT64_MIN;
}

static void on_list_done(void *arg, const struct http_result *result)
{
	struct reflector *r = arg;

	r->request = NULL;
	r->state = IDLE;
	if (result->problem != NULL || result->status != 200) {
		failed(r, result);
		return;
	}
	if (json_each_element(r->body.data == NULL ? "" : r->body.data, r->body.len, "items", on_item, r, NULL, NULL) < 0 ||
	    read_metadata(r) < 0) {
		(void)collector_add(r->c, SOURCE_KUBERNETES, "error", r->name, r->path, "unparsed", r->body.data, r->body.len, NULL, NULL);
		back_off(r, "the list is no list", 0);
		return;
	}
	if (r->next_page == NULL)
		end_list(r);
}

static void start_list(struct reflector *r)
{
	const struct http_handler handler = { on_list_data, on_list_done, r };
	char *page = r->next_page == NULL ? NULL : http_escape(r->next_page);
	struct error err = { .text = "the URL is too long" };
	struct buf url;

	if (r->next_page == NULL)
		r->count = 0;
	buf_reset(&r->body);
	buf_init(&url, 65536);
	buf_printf(&url, "%s%s?limit=%d", r->c->kube.server, r->path, PAGE);
	if (page != NULL)
		buf_printf(&url, "&continue=%s", page);
	free(page);
	r->request = url.failed ? NULL : http_get(r->c->http, url.data, &r->c->kube.access, 0, &handler, &err);
	buf_free(&url);
	r->state = r->request == NULL ? IDLE : LISTING;
	if (r->request == NULL)
		back_off(r, err.text, 0);
}

/* ---- Watches. */

static int on_error_line(struct reflector *r, const char *bytes, size_t len, const struct json *object)
{
	int64_t code = 0;

	(void)json_int(json_get(object, "code"), &code);
	(void)collector_add(r->c, SOURCE_KUBERNETES, "error", r->name, r->path, "", bytes, len, NULL, NULL);
	if (code == 410 || code == 504) {
		lose_place(r, code == 410 ? "410 Gone inside the watch" : "too large resource version");
		r->gone = true;
	}
	return -1;
}

/* The object's bytes as they came: {"type":"MODIFIED","object":{…}} without what is around. */
static const char *object_bytes(const char *line, size_t len, size_t *n)
{
	static const char key[] = "\"object\":";
	const char *at = memmem(line, len, key, sizeof key - 1), *end = line + len;

	if (at == NULL)
		return NULL;
	at += sizeof key - 1;
	while (end > at && end[-1] != '}')
		end--;
	*n = end > at ? (size_t)(end - at) - 1 : 0;
	return at;
}

static void take_version(struct reflector *r, const struct json *object)
{
	const char *version = json_string(json_path(object, "metadata.resourceVersion"));

	if (version != NULL)
		set_text(&r->version, version);
}

static int handle(struct reflector *r, const char *bytes, size_t len, const struct json *line)
{
	static const char *const types[][2] = { { "ADDED", "added" }, { "MODIFIED", "modified" }, { "DELETED", "deleted" } };
	const char *type = json_string(json_get(line, "type"));
	const struct json *object = json_get(line, "object");
	const char *at;
	size_t n;

	if (type == NULL || !json_is_object(object))
		return collector_add(r->c, SOURCE_KUBERNETES, "error", r->name, r->path, "unparsed", bytes, len, NULL, NULL);
	if (strcmp(type, "ERROR") == 0)
		return on_error_line(r, bytes, len, object);
	take_version(r, object);
	if (strcmp(type, "BOOKMARK") == 0)
		return 0;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(type, types[i][0]) == 0 && (at = object_bytes(bytes, len, &n)) != NULL)
			return collector_object(r->c, types[i][1], r->kind, r->path, at, n);
	return collector_add(r->c, SOURCE_KUBERNETES, "error", r->name, r->path, "unparsed", bytes, len, NULL, NULL);
}

static int on_line(void *arg, const char *bytes, size_t len)
{
	struct reflector *r = arg;
	char text[192], hex[DIGEST_HEX_SIZE];
	struct json *line;
	int rc;

	r->lines_seen++;
	r->healthy_until = clock_now(&r->c->clock);
	if (bytes == NULL) {
		(void)snprintf(text, sizeof text, "a watch line of %zu bytes is above the limit of %zu; its SHA-256 is %s", len,
			       LINE_MAX_BYTES, digest_hex(hex, r->lines.sha256));
		return collector_note(r->c, "skipped", r->name, "reason", text);
	}
	line = json_parse(bytes, len, NULL);
	if (line == NULL)
		return collector_add(r->c, SOURCE_KUBERNETES, "error", r->name, r->path, "unparsed", bytes, len, NULL, NULL);
	rc = handle(r, bytes, len, line);
	json_free(line);
	return rc;
}

static int on_watch_data(void *arg, int status, const char *bytes, size_t len)
{
	struct reflector *r = arg;

	if (status != 200)
		return on_list_data(arg, status, bytes, len);
	if (!r->connected) {
		r->connected = true;
		(void)collector_note(r->c, "connect", r->name, "resourceVersion", r->version);
	}
	return lines_feed(&r->lines, bytes, len, on_line, r) < 0 ? -1 : 0;
}

/* Closed at once and empty: the server may not know our place any more and not say so. */
static void empty_watch(struct reflector *r)
{
	r->empty_watches++;
	if (r->empty_watches >= 2) {
		lose_place(r, "two watches in a row closed at once without a line");
		r->empty_watches = 0;
	}
	back_off(r, "the watch closed at once without a line", 0);
}

static void on_watch_done(void *arg, const struct http_result *result)
{
	struct reflector *r = arg;
	int64_t now = clock_now(&r->c->clock);

	r->request = NULL;
	r->state = IDLE;
	lines_free(&r->lines);
	lines_init(&r->lines);
	if (r->gone) {
		r->gone = false;
		disconnect(r, "410 Gone");
		back_off(r, "410 Gone", 0);
		return;
	}
	if (result->status != 200 || (result->problem != NULL && r->lines_seen == 0 && result->seconds < WATCH_MIN_S)) {
		failed(r, result);
		return;
	}
	disconnect(r, result->problem != NULL ? result->problem : "the watch's time was up");
	if (r->lines_seen == 0 && result->seconds < WATCH_MIN_S && now - r->started_at < 30 * NS_PER_S) {
		empty_watch(r);
		return;
	}
	r->empty_watches = 0;
	/* A connection that died may have been dead for long: it was healthy until its last line. */
	if (result->problem == NULL)
		r->healthy_until = now;
	if (now - r->started_at > HEALTHY)
		r->backoff = BACKOFF_MIN;
	r->next_at = INT64_MIN;
}

static void start_watch(struct reflector *r)
{
	const struct http_handler handler = { on_watch_data, on_watch_done, r };
	char *version = http_escape(r->version);
	int seconds = 300 + (int)(collector_random(r->c) * 300);
	struct error err = { .text = "the URL is too long" };
	struct buf url;

	buf_reset(&r->body);
	buf_init(&url, 65536);
	buf_printf(&url, "%s%s?watch=1&allowWatchBookmarks=true&resourceVersion=%s&timeoutSeconds=%d", r->c->kube.server, r->path,
		   version == NULL ? "" : version, seconds);
	free(version);
	r->lines_seen = 0;
	r->started_at = clock_now(&r->c->clock);
	r->request = url.failed ? NULL : http_get(r->c->http, url.data, &r->c->kube.access, WATCH_IDLE_S, &handler, &err);
	buf_free(&url);
	r->state = r->request == NULL ? IDLE : WATCHING;
	if (r->request == NULL)
		back_off(r, err.text, 0);
}

int64_t reflector_run(struct reflector *r)
{
	if (r->state != IDLE)
		return INT64_MAX;
	if (clock_now(&r->c->clock) < r->next_at)
		return r->next_at;
	if (r->version == NULL)
		start_list(r);
	else
		start_watch(r);
	return r->state == IDLE ? r->next_at : INT64_MAX;
}
