/* Kubernetes Events in all their shapes: core/v1 and events.k8s.io/v1, with and without times. */
#ifndef GONOGO_JUDGE_EVENT_H
#define GONOGO_JUDGE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct json;

struct event {
	const char *uid, *name, *type, *text, *component;
	const char *object_kind, *object_namespace, *object_name;
	int64_t first, last;		/* INSTANT_NONE only if it bears no time at all */
	int64_t count;			/* 1 or more */
	bool uncertain;			/* times are the object's creation time */
};

/* -1 if it is no Event with a text and an object. */
int event_parse(struct event *out, const struct json *object, struct arena *arena);

#endif
