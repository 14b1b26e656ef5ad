#include "event.h"

#include <stddef.h>

#include "gonogo/arena.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"

/* The first of the paths that holds a text; "" if none does. */
static const char *first_text(const struct json *object, struct arena *arena, const char *a, const char *b)
{
	const char *text = json_string(json_path(object, a));

	if (text == NULL || *text == '\0')
		text = json_string(json_path(object, b));
	return text == NULL ? "" : arena_strdup(arena, text);
}

static int64_t time_at(const struct json *object, const char *path)
{
	const char *text = json_string(json_path(object, path));
	int64_t instant;

	return text != NULL && instant_parse(&instant, text, NULL) == 0 ? instant : INSTANT_NONE;
}

/* The first path that holds a time. */
static int64_t first_time(const struct json *object, const char *const *paths)
{
	for (; *paths != NULL; paths++) {
		int64_t t = time_at(object, *paths);

		if (t != INSTANT_NONE)
			return t;
	}
	return INSTANT_NONE;
}

static int64_t count_of(const struct json *object)
{
	static const char *const paths[] = { "series.count", "count", "deprecatedCount", NULL };
	int64_t count;

	for (const char *const *p = paths; *p != NULL; p++)
		if (json_int(json_path(object, *p), &count) && count > 0)
			return count;
	return 1;
}

int event_parse(struct event *out, const struct json *object, struct arena *arena)
{
	static const char *const first[] = { "firstTimestamp", "deprecatedFirstTimestamp", "eventTime", NULL };
	static const char *const last[] = { "series.lastObservedTime", "lastTimestamp", "deprecatedLastTimestamp", "eventTime", NULL };

	*out = (struct event){ .count = count_of(object) };
	out->uid = first_text(object, arena, "metadata.uid", "metadata.name");
	out->name = first_text(object, arena, "metadata.name", "metadata.uid");
	out->type = first_text(object, arena, "type", "type");
	out->text = first_text(object, arena, "message", "note");
	out->component = first_text(object, arena, "source.component", "reportingController");
	if (*out->component == '\0')
		out->component = first_text(object, arena, "deprecatedSource.component", "reportingComponent");
	out->object_kind = first_text(object, arena, "involvedObject.kind", "regarding.kind");
	out->object_namespace = first_text(object, arena, "involvedObject.namespace", "regarding.namespace");
	out->object_name = first_text(object, arena, "involvedObject.name", "regarding.name");
	out->first = first_time(object, first);
	out->last = first_time(object, last);
	if (out->first == INSTANT_NONE && out->last == INSTANT_NONE) {
		out->first = out->last = time_at(object, "metadata.creationTimestamp");
		out->uncertain = true;
	}
	if (out->first == INSTANT_NONE)
		out->first = out->last;
	if (out->last == INSTANT_NONE)
		out->last = out->first;
	return *out->text == '\0' || *out->object_name == '\0' ? -1 : 0;
}
