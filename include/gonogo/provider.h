/* Meshes and ingresses: one row each, by Flagger's names (facts/flagger.md 6 and 10; fluxcd/flagger pkg/metrics/observers, pkg/router). */
#ifndef GONOGO_PROVIDER_H
#define GONOGO_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include "gonogo/strata.h"

struct canary_spec;

/* Where the weights in force are written. */
struct provider_route {
	const char *group, *plural, *kind;	/* "/apis/traefik.io/v1alpha1", "traefikservices", "TraefikService"; kind NULL: no object is read */
	const char *suffix;			/* of its name, after the Service's; "" */
	bool by_ingress;			/* its name begins with the Ingress' instead of the Service's */
};

/* Matchers and queries are templates: {namespace}, {service}, {target}, {ingress} stand for names as literals inside a regular expression,
 * {=namespace} for the name as it is, {_namespace} with "_" for what is no word character, {pod} for what follows a workload's name in its
 * pods' names; "$" before a label: one that a scrape config without honorLabels renames to exported_…. */
struct provider {
	const char *name;			/* "traefik"; ending in "*": what begins so */
	const char *requests;			/* counter of requests by code */
	const char *buckets;			/* histogram of durations */
	double unit;				/* seconds a unit of `le` */
	const char *code_label;			/* "code" */
	const char *grpc_label;			/* bears the gRPC status; NULL: none does */
	const char *failed_label, *failed_value;	/* what stands for "5.."; NULL: the code does */
	const char *arm_label;			/* by whose value the arms differ */
	const char *renamed;			/* label that may come as exported_…, if target labels bear its name; NULL */
	bool pods;				/* every pod is a target of its own: the arms are scraped at different times */
	const char *both, *arm[ARMS];		/* matchers of a query for both arms, and of each arm */
	const char *success_rate, *duration;	/* Flagger's own queries, the latter in ms; {{ interval }} as in a MetricTemplate; NULL: not read */
	struct provider_route route;
};

/* By Flagger's name; "" is traefik, the default of this program. NULL: not supported, and provider_why_not says why. */
const struct provider *provider_find(const char *name);

/* A sentence without a full stop. */
const char *provider_why_not(const char *name);

/* The n-th row; NULL behind the last. */
const struct provider *provider_at(size_t n);

#endif
