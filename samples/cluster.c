#include "cluster.h"

#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "recording.h"

/* Tables and keys only, the bytes are the recording's: some 200 bytes an object and line. */
#define CLUSTER_MAX ((size_t)512 * 1024 * 1024)

static const char *object_key(struct arena *arena, const struct json *object)
{
	const char *space = json_string(json_path(object, "metadata.namespace"));
	const char *name = json_string(json_path(object, "metadata.name"));

	return arena_printf(arena, "%s/%s", space != NULL ? space : "", name != NULL ? name : "");
}

/* The index of the first item whose key is not below. */
static size_t state_search(const struct state *state, const char *key)
{
	size_t lo = 0, hi = state->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(state->v[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The array has room for one more. */
static void state_put(struct state *state, const struct item *item)
{
	size_t i = state_search(state, item->key);

	if (i == state->n || strcmp(state->v[i].key, item->key) != 0) {
		memmove(&state->v[i + 1], &state->v[i], (state->n - i) * sizeof *state->v);
		state->n++;
	}
	state->v[i] = *item;
}

static void state_drop(struct state *state, const char *key)
{
	size_t i = state_search(state, key);

	if (i < state->n && strcmp(state->v[i].key, key) == 0)
		memmove(&state->v[i], &state->v[i + 1], (--state->n - i) * sizeof *state->v);
}

struct list_reader {
	struct cluster *cluster;
	struct state *state;
	size_t cap;
};

static int read_item(void *arg, const char *bytes, size_t len, struct error *err)
{
	struct list_reader *reader = arg;
	struct json *json = json_parse(bytes, len, err);
	struct item item = { .bytes = bytes, .len = len };
	struct item *items;
	int rc = -1;

	if (json == NULL)
		return -1;
	item.key = object_key(reader->cluster->arena, json);
	items = arena_grow(reader->cluster->arena, reader->state->v, reader->state->n, &reader->cap, sizeof item);
	if (item.key == NULL || items == NULL) {
		error_nomem(err);
		goto out;
	}
	reader->state->v = items;
	state_put(reader->state, &item);
	rc = 0;
out:
	json_free(json);
	return rc;
}

static int read_list(struct cluster *cluster, struct resource *resource, struct entry *entry, const char *body, struct error *err)
{
	struct list_reader reader = { .cluster = cluster, .state = &entry->items };
	struct json *json = json_parse(body, strlen(body), err);
	const char *kind = json_string(json_get(json, "kind")), *api_version = json_string(json_get(json, "apiVersion"));
	const char *rv = json_string(json_path(json, "metadata.resourceVersion"));
	int rc = -1;

	if (json == NULL)
		return -1;
	if (kind == NULL || api_version == NULL || rv == NULL) {
		error_code(err, ERR_SYNTAX, "list without kind, apiVersion or resourceVersion");
		goto out;
	}
	resource->kind = arena_strdup(cluster->arena, kind);
	resource->api_version = arena_strdup(cluster->arena, api_version);
	entry->rv = arena_strdup(cluster->arena, rv);
	if (resource->kind == NULL || resource->api_version == NULL || entry->rv == NULL) {
		error_nomem(err);
		goto out;
	}
	rc = json_is_null(json_get(json, "items")) ? 0 : json_each_element(body, strlen(body), "items", read_item, &reader, NULL, err);
out:
	json_free(json);
	return rc;
}

/* A line is {"type":"T","object":{…}}, as the API server writes it: the object's bytes end before the last brace. */
static int cut_object(struct item *out, const char *line, struct error *err)
{
	static const char mark[] = "\"object\":";
	const char *at = strstr(line, mark), *end = strrchr(line, '}');

	if (at == NULL || end == NULL || strncmp(line, "{\"type\":\"", 9) != 0 || at > line + 40 || end <= at + sizeof mark)
		return error_code(err, ERR_SYNTAX, "watch line does not begin with {\"type\":…,\"object\":");
	out->bytes = at + sizeof mark - 1;
	out->len = (size_t)(end - out->bytes);
	return 0;
}

static int read_watch(struct cluster *cluster, struct entry *entry, const char *body, struct error *err)
{
	struct json *json = json_parse(body, strlen(body), err);
	const struct json *object = json_get(json, "object");
	const char *type = json_string(json_get(json, "type")), *rv = json_string(json_path(object, "metadata.resourceVersion"));
	int rc = -1;

	if (json == NULL)
		return -1;
	if (type == NULL || (rv == NULL && strcmp(type, "ERROR") != 0)) {
		error_code(err, ERR_SYNTAX, "watch line without type or resourceVersion");
		goto out;
	}
	if (cut_object(&entry->object, body, err) < 0)
		goto out;
	entry->line = body;
	entry->type = arena_strdup(cluster->arena, type);
	entry->rv = rv != NULL ? arena_strdup(cluster->arena, rv) : NULL;
	entry->object.key = object_key(cluster->arena, object);
	rc = entry->type == NULL || entry->object.key == NULL || (rv != NULL && entry->rv == NULL) ? error_nomem(err) : 0;
out:
	json_free(json);
	return rc;
}

static struct resource *resource_open(struct cluster *cluster, const char *path, struct error *err)
{
	struct resource *resource = cluster_find(cluster, path, strlen(path)), *all;

	if (resource != NULL)
		return resource;
	all = arena_grow(cluster->arena, cluster->v, cluster->n, &cluster->cap, sizeof *all);
	if (all == NULL) {
		error_nomem(err);
		return NULL;
	}
	cluster->v = all;
	all[cluster->n].path = path;
	return &all[cluster->n++];
}

static int read_row(struct cluster *cluster, const struct kube_row *row, struct error *err)
{
	struct resource *resource = resource_open(cluster, row->path, err);
	struct entry *entries, *entry;

	if (resource == NULL)
		return -1;
	if (resource->n == 0 && !row->list)
		return error_code(err, ERR_SYNTAX, "a watch line before any list");
	entries = arena_grow(cluster->arena, resource->v, resource->n, &resource->cap, sizeof *entries);
	if (entries == NULL)
		return error_nomem(err);
	resource->v = entries;
	entry = &entries[resource->n++];
	entry->t = row->t;
	entry->list = row->list;
	return row->list ? read_list(cluster, resource, entry, row->body, err) : read_watch(cluster, entry, row->body, err);
}

int cluster_open(struct cluster *out, const struct recording *recording, struct error *err)
{
	*out = (struct cluster){ .version = recording->kubernetes, .arena = arena_new(CLUSTER_MAX) };
	if (out->arena == NULL)
		return error_nomem(err);
	for (size_t i = 0; i < recording->n_kube; i++) {
		if (read_row(out, &recording->kube[i], err) < 0) {
			error_wrap(err, "kubernetes.ndjson: row %zu (%s)", i + 1, recording->kube[i].path);
			cluster_close(out);
			return -1;
		}
	}
	return 0;
}

void cluster_close(struct cluster *cluster)
{
	arena_free(cluster->arena);
	*cluster = (struct cluster){ 0 };
}

struct resource *cluster_find(const struct cluster *cluster, const char *path, size_t len)
{
	for (size_t i = 0; i < cluster->n; i++)
		if (strlen(cluster->v[i].path) == len && memcmp(cluster->v[i].path, path, len) == 0)
			return &cluster->v[i];
	return NULL;
}

size_t resource_reached(const struct resource *resource, int64_t now)
{
	size_t n = 1;

	while (n < resource->n && resource->v[n].t <= now)
		n++;
	return n;
}

/* The last list among the first n entries. */
static size_t last_list(const struct resource *resource, size_t n)
{
	while (!resource->v[--n].list)
		;
	return n;
}

int resource_state(struct state *out, const struct resource *resource, size_t n, struct arena *arena, struct error *err)
{
	size_t i = last_list(resource, n);
	const struct state *items = &resource->v[i].items;

	out->n = items->n;
	out->v = arena_alloc(arena, (items->n + n - i) * sizeof *out->v);
	if (out->v == NULL)
		return error_nomem(err);
	if (items->n > 0)
		memcpy(out->v, items->v, items->n * sizeof *out->v);
	for (i++; i < n; i++) {
		const struct entry *entry = &resource->v[i];

		if (strcmp(entry->type, "ADDED") == 0 || strcmp(entry->type, "MODIFIED") == 0)
			state_put(out, &entry->object);
		else if (strcmp(entry->type, "DELETED") == 0)
			state_drop(out, entry->object.key);
	}
	return 0;
}

const char *resource_version(const struct resource *resource, size_t n)
{
	while (resource->v[n - 1].rv == NULL)
		n--;
	return resource->v[n - 1].rv;
}

size_t resource_position(const struct resource *resource, const char *rv, size_t n)
{
	size_t first = last_list(resource, n);

	for (size_t i = n; i > first; i--)
		if (resource->v[i - 1].rv != NULL && strcmp(resource->v[i - 1].rv, rv) == 0)
			return i;
	return 0;
}
