/* Which canaries are in a rollout, and what Prometheus is asked on their behalf (design.md "Metrics are taken as raw samples"). */
#ifndef GONOGO_COLLECTOR_POLL_H
#define GONOGO_COLLECTOR_POLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct collector;
struct http_access;
struct poller;
struct prometheus_config;

/* How Prometheus is spoken to, credentials read from their files now; texts in the arena or borrowed from config. */
void poller_access(const struct prometheus_config *config, struct http_access *access, struct arena *arena);

struct poller *poller_new(struct collector *c);
void poller_free(struct poller *p);

/* A Canary as it was just received. */
void poller_see(struct poller *p, const char *bytes, size_t len, bool deleted);

/* Starts what is due; returns when it must be called again at the latest (clock time). */
int64_t poller_run(struct poller *p);

/* True while an answer is awaited. */
bool poller_busy(const struct poller *p);

#endif
