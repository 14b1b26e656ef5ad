#include "kubeapi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "cluster.h"
#include "filter.h"
#include "watch.h"

/* The API server chooses between 30 and 60 minutes when no timeoutSeconds is given. */
#define TIMEOUT_DEFAULT 1800
/* A year: more would only overflow. */
#define NUMBER_MAX 31536000
/* The state of one list. */
#define STATE_MAX ((size_t)64 * 1024 * 1024)

static void put_status(struct answer *out, unsigned code, const char *reason, const char *message)
{
	struct json_writer w;

	buf_reset(&out->body);
	out->status = code;
	json_writer_init(&w, &out->body, 0);
	json_begin_object(&w, NULL);
	json_put_string(&w, "kind", "Status");
	json_put_string(&w, "apiVersion", "v1");
	json_begin_object(&w, "metadata");
	json_end_object(&w);
	json_put_string(&w, "status", "Failure");
	json_put_string(&w, "message", message);
	json_put_string(&w, "reason", reason);
	json_put_int(&w, "code", code);
	json_end_object(&w);
}

static void put_failure(struct answer *out, const struct error *err)
{
	put_status(out, 500, "InternalError", err->text);
}

static void put_version(struct answer *out, const char *version)
{
	struct json_writer w;

	json_writer_init(&w, &out->body, 0);
	json_begin_object(&w, NULL);
	json_put_string(&w, "gitVersion", version);
	json_end_object(&w);
}

/* A parameter as a number; absent leaves *out. False if it is none. */
static bool take_number(const struct request *request, const char *name, long *out)
{
	const char *text = request->parameter(request, name);
	char *end;

	if (text == NULL || *text == '\0')
		return true;
	errno = 0;
	*out = strtol(text, &end, 10);
	return *end == '\0' && errno == 0 && *out >= 0 && *out <= NUMBER_MAX;
}

/* Go's typed objects begin with their kind; inside a list they are written without kind and apiVersion. Custom resources
 * begin with apiVersion and keep both. */
static void put_list_item(struct buf *out, const struct item *item)
{
	static const char kind[] = "{\"kind\":\"", api[] = ",\"apiVersion\":\"";
	const char *at = item->bytes, *end = item->bytes + item->len;

	if (item->len > sizeof kind && memcmp(at, kind, sizeof kind - 1) == 0) {
		const char *quote = memchr(at + sizeof kind - 1, '"', (size_t)(end - at) - sizeof kind + 1);

		if (quote != NULL && (size_t)(end - quote) > sizeof api + 1 && memcmp(quote + 1, api, sizeof api - 1) == 0) {
			quote = memchr(quote + sizeof api, '"', (size_t)(end - quote) - sizeof api);
			if (quote != NULL && quote + 1 < end && quote[1] == ',') {
				buf_putc(out, '{');
				at = quote + 2;
			}
		}
	}
	buf_append(out, at, (size_t)(end - at));
}

static void put_list_head(struct buf *out, const struct resource *resource, size_t n, const char *next, size_t remaining)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_begin_object(&w, NULL);
	json_put_string(&w, "kind", resource->kind);
	json_put_string(&w, "apiVersion", resource->api_version);
	json_begin_object(&w, "metadata");
	json_put_string(&w, "resourceVersion", resource_version(resource, n));
	if (next != NULL) {
		json_put_string(&w, "continue", next);
		json_put_int(&w, "remainingItemCount", (int64_t)remaining);
	}
	json_end_object(&w);
	buf_puts(out, ",\"items\":[");
}

/* Drops what the filter leaves out. */
static void filter_state(struct state *state, const struct filter *filter)
{
	size_t kept = 0;

	for (size_t i = 0; i < state->n; i++)
		if (filter_match(filter, state->v[i].bytes, state->v[i].len))
			state->v[kept++] = state->v[i];
	state->n = kept;
}

/* A page: from item number start of the state after n entries. The token that continues it says both, so that all pages are of
 * one moment. */
static void put_page(struct answer *out, const struct resource *resource, size_t n, size_t start, size_t limit, const struct filter *filter,
		     struct arena *arena)
{
	struct state state;
	struct error err;
	char next[64];
	size_t stop;

	if (resource_state(&state, resource, n, arena, &err) < 0) {
		put_failure(out, &err);
		return;
	}
	filter_state(&state, filter);
	if (start > state.n)
		start = state.n;
	stop = limit > 0 && limit < state.n - start ? start + limit : state.n;
	(void)snprintf(next, sizeof next, "n%zu.%zu", n, stop);
	put_list_head(&out->body, resource, n, stop < state.n ? next : NULL, state.n - stop);
	for (size_t i = start; i < stop; i++) {
		if (i > start)
			buf_putc(&out->body, ',');
		put_list_item(&out->body, &state.v[i]);
	}
	buf_puts(&out->body, "]}\n");
}

/* "n12.40" as put_page writes it: 12 entries, which must have been reached, from item 40. */
static bool read_token(const char *token, size_t *n, size_t *start)
{
	unsigned long long entries, item;
	char *end;

	if (token[0] != 'n' || token[1] < '0' || token[1] > '9')
		return false;
	entries = strtoull(token + 1, &end, 10);
	if (*end != '.' || end[1] < '0' || end[1] > '9')
		return false;
	item = strtoull(end + 1, &end, 10);
	if (*end != '\0' || entries == 0 || entries > *n)
		return false;
	*n = (size_t)entries;
	*start = (size_t)item;
	return true;
}

static void answer_list(const struct request *request, struct answer *out, const struct resource *resource, const struct filter *filter)
{
	const char *token = request->parameter(request, "continue");
	size_t n = resource_reached(resource, request->now), start = 0;
	struct arena *arena;
	long limit = 0;

	if (!take_number(request, "limit", &limit)) {
		put_status(out, 400, "BadRequest", "limit is no number");
		return;
	}
	if (token != NULL && *token != '\0') {
		if (!read_token(token, &n, &start)) {
			put_status(out, 400, "BadRequest", "continue key is not valid");
			return;
		}
	}
	arena = arena_new(STATE_MAX);
	if (arena != NULL)
		put_page(out, resource, n, start, (size_t)limit, filter, arena);
	else
		put_status(out, 500, "InternalError", "out of memory");
	arena_free(arena);
}

static void answer_watch(const struct request *request, struct answer *out, struct resource *resource, const struct filter *filter)
{
	const char *rv = request->parameter(request, "resourceVersion");
	bool anywhere = rv == NULL || *rv == '\0' || strcmp(rv, "0") == 0;
	size_t reached = resource_reached(resource, request->now), position;
	long timeout = TIMEOUT_DEFAULT;
	struct error err;

	if (!take_number(request, "timeoutSeconds", &timeout)) {
		put_status(out, 400, "BadRequest", "timeoutSeconds is no number");
		return;
	}
	position = anywhere ? reached : resource_position(resource, rv, reached);
	if (position == 0) {
		put_status(out, 410, "Expired", "too old resource version");
		return;
	}
	if (timeout == 0)
		timeout = TIMEOUT_DEFAULT;
	if (watch_new(&out->watch, resource, position, request->now + timeout * NS_PER_S, filter, &err) < 0 ||
	    (anywhere && watch_begin(out->watch, &err) < 0)) {
		watch_free(out->watch);
		out->watch = NULL;
		put_failure(out, &err);
	}
}

/* An object of a typed list is written without kind and apiVersion; alone it has them in front. */
static void put_object(struct buf *out, const struct resource *resource, const struct item *item)
{
	static const char kind[] = "{\"kind\":\"", api[] = "{\"apiVersion\":\"";
	size_t len = strlen(resource->kind);

	if (strncmp(item->bytes, kind, sizeof kind - 1) != 0 && strncmp(item->bytes, api, sizeof api - 1) != 0) {
		if (len > 4 && strcmp(resource->kind + len - 4, "List") == 0)
			len -= 4;
		buf_printf(out, "{\"kind\":\"%.*s\",\"apiVersion\":\"%s\",", (int)len, resource->kind, resource->api_version);
		buf_append(out, item->bytes + 1, item->len - 1);
	} else {
		buf_append(out, item->bytes, item->len);
	}
	buf_putc(out, '\n');
}

/* …/canaries/NAME. True if there is such a resource; a missing object is said in the answer. */
static bool answer_object(const struct kubeapi *api, const struct request *request, struct answer *out)
{
	const char *slash = strrchr(request->path, '/');
	const struct resource *resource = cluster_find(api->cluster, request->path, (size_t)(slash - request->path));
	struct arena *arena;
	struct state state;
	struct error err;
	bool found = false;

	if (resource == NULL)
		return false;
	arena = arena_new(STATE_MAX);
	if (arena == NULL || resource_state(&state, resource, resource_reached(resource, request->now), arena, &err) < 0) {
		put_status(out, 500, "InternalError", "out of memory");
		arena_free(arena);
		return true;
	}
	for (size_t i = 0; i < state.n && !found; i++) {
		found = strcmp(strchr(state.v[i].key, '/'), slash) == 0;
		if (found)
			put_object(&out->body, resource, &state.v[i]);
	}
	if (!found)
		put_status(out, 404, "NotFound", "no object of that name");
	arena_free(arena);
	return true;
}

static void answer_path(const struct kubeapi *api, const struct request *request, struct answer *out)
{
	const struct filter filter = { .labels = request->parameter(request, "labelSelector"),
				       .fields = request->parameter(request, "fieldSelector") };
	const char *watch = request->parameter(request, "watch");
	struct resource *resource = cluster_find(api->cluster, request->path, strlen(request->path));
	struct error err;

	if (resource == NULL) {
		if (!answer_object(api, request, out))
			put_status(out, 404, "NotFound", "the server could not find the requested resource");
	} else if (filter_check(&filter, &err) < 0) {
		put_status(out, 400, "BadRequest", err.text);
	} else if (watch != NULL && (strcmp(watch, "1") == 0 || strcmp(watch, "true") == 0)) {
		answer_watch(request, out, resource, &filter);
	} else {
		answer_list(request, out, resource, &filter);
	}
}

void kubeapi_answer(const struct kubeapi *api, const struct request *request, struct answer *out)
{
	out->status = 200;
	out->type = "application/json";
	if (strcmp(request->method, "GET") != 0)
		put_status(out, 405, "MethodNotAllowed", "a recording can only be read");
	else if (request->path[0] != '/')
		put_status(out, 404, "NotFound", "no such path");
	else if (strcmp(request->path, "/version") == 0)
		put_version(out, api->cluster->version);
	else if (api->without_events && strstr(request->path, "/events") != NULL)
		put_status(out, 403, "Forbidden", "events is forbidden: this playing is without events");
	else
		answer_path(api, request, out);
}
