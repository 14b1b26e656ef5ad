/* What tells canary from primary in the metrics: one row a mesh or ingress (facts/flagger.md 6). */
#ifndef GONOGO_PROVIDER_H
#define GONOGO_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/rollout.h"

struct arena;

struct provider {
	const char *name;		/* Flagger's word: "traefik", "linkerd", … */
	const char *requests;		/* counter of requests by code */
	const char *buckets;		/* histogram of durations */
	double unit;			/* seconds a unit of `le` */
	const char *code_label;		/* "code"; an error by criteria's error_classes */
	const char *error_value;	/* instead of classes: the label's value that means failed ("failure"); NULL */
	const char *service_label;	/* bears the arm */
	const char *exported_label;	/* the same renamed by a scrape config without honorLabels; NULL: none */
	bool shared_target;		/* both arms are scraped from one ingress: strata pair by scrape */
	const char *route_kind;		/* "TraefikService"; NULL: no weights are read yet */
};

/* By Flagger's name; "" is traefik, the default of this program. NULL: not supported yet, by name. */
const struct provider *provider_find(const char *name);

/* Which arm a value of the service label belongs to: ARM_CANARY, ARM_BASELINE, or -1. */
int provider_arm(const struct provider *p, const struct canary_spec *spec, const char *label_value);

/* Range-vector selectors for the raw samples of both arms over the window (whole seconds), e.g.
 * traefik_service_requests_total{service=~"develop-backend-(primary|canary)-.+@kubernetescrd"}[90s]. exported: with the renamed label.
 * Returns their number, at most QUERIES_MAX; 0 if memory ends. */
#define QUERIES_MAX 4
size_t provider_queries(const char *out[static QUERIES_MAX], const struct provider *p, const struct canary_spec *spec, int64_t seconds, bool exported,
                        struct arena *arena);

#endif
