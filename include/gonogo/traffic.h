/* How much traffic a decision takes, and whether the traffic is split as the route says (facts/judge.md 3.2, 4.7). */
#ifndef GONOGO_TRAFFIC_H
#define GONOGO_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

/* Two samples. */
struct traffic_question {
	double weight;		/* share of requests to the canary, (0, 1) */
	double base_rate;	/* baseline's rate of events, (0, 1) */
	double ratio;		/* the canary's true ratio */
	double refuted;		/* the ratio to be refuted */
	double z;		/* 2.3263 to FAIL against 1, 2.2414 to PASS against 2 */
	double dispersion;
};

/* Information per request of both arms; 0 if nothing can be told apart. */
double traffic_information(const struct traffic_question *q);

/* Requests in both arms with which nine in ten such tests decide; +INFINITY if none would. */
double traffic_needed(const struct traffic_question *q);

/* One sample: requests of that arm to tell a true rate p from p0. */
double traffic_needed_one(double p, double p0, double z, double dispersion);

/* Sums over strata with mean weight w: expected canary requests and how far off they may be. */
struct split_check {
	double expected, variance, requests;
	int64_t seen;
};

void split_add(struct split_check *check, double weight, int64_t requests, int64_t canary);

/* 4√Σw(1-w)N + .02ΣN. */
double split_limit(const struct split_check *check);
bool split_is_off(const struct split_check *check);

#endif
