/* The daemon: one thread, one loop, one transaction a turn. */
#ifndef GONOGO_COLLECTOR_COLLECTOR_H
#define GONOGO_COLLECTOR_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "gonogo/clock.h"
#include "gonogo/instant.h"
#include "gonogo/observation.h"
#include "http.h"

struct arena;
struct error;
struct listener;
struct poller;
struct reflector;
struct repeats;
struct store;

/* Six each, and some kinds of routes more. */
#define REFLECTORS_MAX (10 * NAMESPACES_MAX)

/* A row waiting for the turn's transaction; all owned. */
struct pending_row {
	struct observation row;
	char *subject, *request, *body, *uid, *version;
	const char *marks;
};

struct collector {
	struct config config;
	struct kube_config kube;
	int64_t kube_read_at;		/* when the credentials were read */
	struct clock clock;
	struct store *store;
	struct http *http;
	struct listener *listener;
	struct poller *poller;
	struct repeats *repeats;
	struct reflector *reflectors[REFLECTORS_MAX];
	size_t n_reflectors;
	struct arena *arena;		/* of the configuration */
	const char *criteria_text;	/* in force, checked */
	struct arena *kube_arena;	/* of the credentials, made anew when they are read again */
	struct pending_row *pending;
	size_t n_pending, cap_pending, pending_bytes;
	size_t dropped;			/* rows lost since dropped_from, not told yet */
	int64_t dropped_from;
	int64_t retry_at;		/* after a failed commit; INSTANT_NONE */
	int64_t checkpoint_at;		/* not before, after one that failed */
	int64_t heartbeat_at;
	int64_t clock_offset;		/* wall clock less boot time, when last looked at */
	uint64_t random;		/* jitter's state */
};

/* Queues a row, received now. Texts are copied. marks: a literal. uid and version: mark as seen with it (NULL: not). */
int collector_add(struct collector *c, enum source source, const char *kind, const char *subject, const char *request, const char *marks,
                  const void *body, size_t len, const char *uid, const char *version);

/* A row of the collector's own with a JSON body of one member, e.g. {"reason": "…"}. */
int collector_note(struct collector *c, const char *kind, const char *subject, const char *key, const char *text);

/* A gap row. */
int collector_gap(struct collector *c, const char *subject, int64_t from, int64_t to, const char *reason);

/* The route objects of a provider in a namespace, from now on; nothing if they are watched already or the provider has none. */
void collector_watch_routes(struct collector *c, const char *namespace_, const char *provider);

/* One object of the API server: redacts, projects, and queues it unless that version is stored. kind: "listed", "added", … */
int collector_object(struct collector *c, const char *kind, const char *object_kind, const char *request, const char *bytes, size_t len);

/* From 0 to 1, for jitter. */
double collector_random(struct collector *c);

/* Reads token, CA and certificates again if a minute has passed or now. */
void collector_refresh_kube(struct collector *c, bool now);

/* Runs until SIGTERM, SIGINT, or the clock passes until (INSTANT_NONE: never). */
int collector_run(const char *config_file, const struct clock *clock, int64_t until, struct error *err);

/* --check: connects and says what works, a line each on stdout. Returns 0, or -1 if something is missing. */
int collector_check(const char *config_file, const struct clock *clock, struct error *err);

#endif
