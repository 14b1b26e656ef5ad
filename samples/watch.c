#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "cluster.h"

/* A whole recording's lines at once, for a client that comes late. */
#define PENDING_MAX ((size_t)256 * 1024 * 1024)

int watch_new(struct watch **out, struct resource *resource, size_t position, int64_t deadline, const struct filter *filter,
	      struct error *err)
{
	struct watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL)
		return error_nomem(err);
	watch->resource = resource;
	watch->next = position;
	watch->deadline = deadline;
	watch->labels = strdup(filter->labels != NULL ? filter->labels : "");
	watch->fields = strdup(filter->fields != NULL ? filter->fields : "");
	watch->filter = (struct filter){ .labels = watch->labels, .fields = watch->fields };
	buf_init(&watch->pending, PENDING_MAX);
	if (watch->labels == NULL || watch->fields == NULL) {
		watch_free(watch);
		return error_nomem(err);
	}
	*out = watch;
	return 0;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	buf_free(&watch->pending);
	free(watch->labels);
	free(watch->fields);
	free(watch);
}

int watch_begin(struct watch *watch, struct error *err)
{
	struct arena *arena = arena_new(PENDING_MAX);
	struct state state;
	int rc = -1;

	if (arena == NULL)
		return error_nomem(err);
	if (resource_state(&state, watch->resource, watch->next, arena, err) < 0)
		goto out;
	for (size_t i = 0; i < state.n; i++) {
		if (!filter_match(&watch->filter, state.v[i].bytes, state.v[i].len))
			continue;
		buf_puts(&watch->pending, "{\"type\":\"ADDED\",\"object\":");
		buf_append(&watch->pending, state.v[i].bytes, state.v[i].len);
		buf_puts(&watch->pending, "}\n");
	}
	rc = buf_check(&watch->pending, "watch", err);
out:
	arena_free(arena);
	return rc;
}

int64_t watch_due(const struct watch *watch)
{
	const struct resource *r = watch->resource;

	if (watch->over || watch->taken < watch->pending.len)
		return INT64_MIN;
	return watch->next < r->n && r->v[watch->next].t < watch->deadline ? r->v[watch->next].t : watch->deadline;
}

static void put_entry(struct watch *watch, struct entry *entry)
{
	/* The recorder lost its watch here and listed again; what was between is not known. */
	if (entry->list) {
		buf_puts(&watch->pending,
			 "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
			 "\"message\":\"too old resource version\",\"reason\":\"Expired\",\"code\":410}}\n");
		watch->over = true;
		return;
	}
	entry->sent = true;
	if (entry->rv != NULL && strcmp(entry->type, "BOOKMARK") != 0 &&
	    !filter_match(&watch->filter, entry->object.bytes, entry->object.len))
		return;
	buf_puts(&watch->pending, entry->line);
	buf_putc(&watch->pending, '\n');
	watch->over = strcmp(entry->type, "ERROR") == 0;
}

static void advance(struct watch *watch, int64_t now)
{
	struct resource *r = watch->resource;

	while (!watch->over && watch->next < r->n && r->v[watch->next].t <= now)
		put_entry(watch, &r->v[watch->next++]);
	if (now >= watch->deadline || watch->pending.failed)
		watch->over = true;
}

long watch_take(struct watch *watch, int64_t now, char *out, size_t max)
{
	size_t n;

	if (watch->taken == watch->pending.len) {
		buf_reset(&watch->pending);
		watch->taken = 0;
		if (watch->over)
			return -1;
		advance(watch, now);
	}
	n = watch->pending.len - watch->taken;
	if (n == 0)
		return watch->over ? -1 : 0;
	n = n < max ? n : max;
	memcpy(out, watch->pending.data + watch->taken, n);
	watch->taken += n;
	return (long)n;
}
