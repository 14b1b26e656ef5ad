/* The weights that a route object holds, whatever its kind (fluxcd/flagger pkg/router). */
#ifndef JUDGE_ROUTE_H
#define JUDGE_ROUTE_H

#include <stdbool.h>

struct json;

struct route_weights {
	double canary, primary;		/* -1: there, but without a weight, which means 1 */
	bool has_canary, has_primary;
	bool mirrored;			/* the canary gets copies */
};

/* Reads one object of a kind such as "TraefikService", "HTTPRoute", "VirtualService", "TrafficSplit", "HTTPProxy", "RouteTable", "Ingress".
 * false: no such kind, or weights
 * that are none (negative, infinite, words). */
bool route_read(struct route_weights *out, const char *kind, const struct json *object);

#endif
