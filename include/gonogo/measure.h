/* What the requests of both arms are counted by: metrics, and the matchers that tell the arms apart, for one canary. */
#ifndef GONOGO_MEASURE_H
#define GONOGO_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/strata.h"

struct arena;
struct canary_spec;
struct criterion;
struct error;
struct provider;
struct series;
struct series_set;

/* As exported, and as a scrape config without honorLabels renames it. */
#define SPELLINGS 2

struct measure {
	const char *requests, *buckets;		/* metrics; NULL: not measured */
	double unit;				/* seconds a unit of `le` */
	const char *code_label, *grpc_label;	/* NULL: none */
	const char *failed_label, *failed_value;	/* in place of the class "5.."; NULL */
	const char *arm_label[SPELLINGS];	/* by which a series of neither arm is named; NULL: none is noted */
	const char *renamed_label;		/* whose name differs between the spellings; NULL */
	const char *both[SPELLINGS];		/* matchers of a query for both arms; NULL: each arm is asked for alone */
	const char *arm[SPELLINGS][ARMS];	/* matchers; NULL: no such spelling */
	bool pods;				/* every pod is a target of its own */
};

/* -1: memory, or names that make no query. */
int measure_of_provider(struct measure *out, const struct provider *provider, const struct canary_spec *spec, struct arena *arena,
                        struct error *err);

/* Of a criterion with an endpoint of its own; what the endpoint does not say is the provider's. */
int measure_of_endpoint(struct measure *out, const struct measure *whole, const struct criterion *criterion, struct arena *arena,
                        struct error *err);

/* Range vector selectors for the raw samples of both arms over the window (whole seconds), e.g.
 * traefik_service_requests_total{service=~"develop-backend-(primary|canary)-.+@kubernetescrd"}[90s]. Their number; 0 if memory ends or there
 * is no such spelling. */
#define QUERIES_MAX 4
size_t measure_queries(const char *out[static QUERIES_MAX], const struct measure *measure, size_t spelling, int64_t seconds,
                       struct arena *arena);

/* By its name: the buckets of a histogram. */
bool measure_is_histogram(const char *metric);

/* For each series of the set: ARM_CANARY, ARM_BASELINE, or -1. One that both arms' matchers meet is of the baseline. *spelling: the one
 * found. */
int measure_arms(signed char **out, size_t *spelling, const struct measure *measure, const struct series_set *set, struct arena *arena,
                 struct error *err);

/* Whether the series counts failed requests: by classes such as "5..", "404", "grpc:14". */
bool measure_is_error(const struct measure *measure, size_t n_classes, const char *const *classes, const struct series *series);

/* The same as PromQL: the failed requests of matchers over a window, 0 where there are none. NULL: memory. */
const char *measure_error_query(const struct measure *measure, size_t n_classes, const char *const *classes, const char *matchers,
                                double window, struct arena *arena);

/* A class that the series of either arm cannot show, since they bear no such label or no codes in it; or "gRPC" where they count failed calls
 * (UNKNOWN, DEADLINE_EXCEEDED, UNAVAILABLE and the like) and no class is about these; NULL. arms: of measure_arms. */
const char *measure_unseen_class(const struct measure *measure, size_t n_classes, const char *const *classes, const struct series_set *set,
                                 const signed char *arms);

#endif
