#include "route.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/json.h"

/* "NAME-canary", and Gloo's upstream "NS-NAME-canaryupstream-80". */
static bool is_arm(const char *name, const char *arm)
{
	size_t n = strlen(name), k = strlen(arm);
	const char *upstream = strstr(name, arm);

	return (n > k && strcmp(name + n - k, arm) == 0) || (upstream != NULL && strncmp(upstream + k, "upstream-", 9) == 0);
}

/* NaN: no share of anything. */
static double checked(double weight)
{
	return weight >= 0 && weight <= 1e9 ? weight : NAN;
}

/* Digits, with a point or thousandths ("500m", SMI v1alpha1). */
static double read_text(const char *text)
{
	size_t n = strspn(text, "0123456789.");
	bool thousandths = strcmp(text + n, "m") == 0;

	if (n == 0 || n > 15 || (text[n] != '\0' && !thousandths))
		return NAN;
	return checked(strtod(text, NULL) / (thousandths ? 1000 : 1));
}

/* absent: what a backend without a weight gets. */
static double weight_of(const struct json *weight, double absent)
{
	double number;

	if (weight == NULL)
		return absent;
	if (json_string(weight) != NULL)
		return read_text(json_string(weight));
	return json_number(weight, &number) ? checked(number) : NAN;
}

static void add_backend(struct route_weights *out, const char *name, double weight)
{
	if (name != NULL && is_arm(name, "-canary")) {
		out->has_canary = true;
		out->canary = weight;
	} else if (name != NULL && is_arm(name, "-primary")) {
		out->has_primary = true;
		out->primary = weight;
	}
}

static void add_backends(struct route_weights *out, const struct json *list, const char *name, double absent)
{
	for (const struct json *b = json_first(list); b != NULL; b = json_next(b))
		add_backend(out, json_string(json_path(b, name)), weight_of(json_get(b, "weight"), absent));
}

static void read_traefik(struct route_weights *out, const struct json *object)
{
	add_backends(out, json_path(object, "spec.weighted.services"), "name", -1);
}

static void read_split(struct route_weights *out, const struct json *object)
{
	add_backends(out, json_path(object, "spec.backends"), "service", 0);
}

/* The first rule that splits; with A/B and sticky sessions others send whole groups to one arm. */
static void read_rules(struct route_weights *out, const struct json *rules, const char *backends, const char *name, double absent)
{
	for (const struct json *r = json_first(rules); r != NULL && !(out->has_canary && out->has_primary); r = json_next(r)) {
		struct route_weights one = { .canary = -1, .primary = -1, .mirrored = out->mirrored };

		add_backends(&one, json_get(r, backends), name, absent);
		if ((one.has_canary && one.has_primary) || !out->has_canary)
			*out = one;
	}
}

static bool ends_in_canary(const struct json *name)
{
	return json_string(name) != NULL && is_arm(json_string(name), "-canary");
}

static void read_http_route(struct route_weights *out, const struct json *object)
{
	const struct json *rules = json_path(object, "spec.rules");

	for (const struct json *r = json_first(rules); r != NULL; r = json_next(r))
		for (const struct json *f = json_first(json_get(r, "filters")); f != NULL; f = json_next(f))
			out->mirrored = out->mirrored || ends_in_canary(json_path(f, "requestMirror.backendRef.name"));
	read_rules(out, rules, "backendRefs", "name", -1);
}

static void read_virtual_service(struct route_weights *out, const struct json *object)
{
	const struct json *rules = json_path(object, "spec.http");

	for (const struct json *r = json_first(rules); r != NULL; r = json_next(r))
		out->mirrored = out->mirrored || ends_in_canary(json_path(r, "mirror.host"));
	read_rules(out, rules, "route", "destination.host", 0);
}

static void read_proxy(struct route_weights *out, const struct json *object)
{
	read_rules(out, json_path(object, "spec.routes"), "services", "name", 0);
}

static void read_route_table(struct route_weights *out, const struct json *object)
{
	for (const struct json *r = json_first(json_path(object, "spec.routes")); r != NULL && !out->has_canary; r = json_next(r))
		add_backends(out, json_path(r, "routeAction.multi.destinations"), "destination.upstream.name", 0);
}

/* nginx: "….ingress.kubernetes.io/canary-weight", the prefix is Flagger's to configure. By header or cookie everybody who bears it goes to
 * the canary; a weight of 0 stands beside it. */
static void read_nginx(struct route_weights *out, const char *key, const char *value, bool *by_match)
{
	const char *slash = strchr(key, '/');

	if (slash == NULL || value == NULL)
		return;
	*by_match = *by_match || strcmp(slash, "/canary-by-header") == 0 || strcmp(slash, "/canary-by-cookie") == 0;
	if (strcmp(slash, "/canary-weight") != 0)
		return;
	out->has_canary = out->has_primary = true;
	out->canary = read_text(value);
	out->primary = out->canary > 100 ? 0 : 100 - out->canary;
}

/* skipper: {"NAME-primary":90,"NAME-canary":10}. */
static void read_skipper(struct route_weights *out, const char *value)
{
	struct json *weights = value == NULL ? NULL : json_parse(value, strlen(value), NULL);

	for (const struct json *w = json_is_object(weights) ? json_first(weights) : NULL; w != NULL; w = json_next(w))
		add_backend(out, json_key(w), weight_of(w, 0));
	json_free(weights);
}

static void read_ingress(struct route_weights *out, const struct json *object)
{
	bool by_match = false;
	const struct json *annotations = json_path(object, "metadata.annotations");

	for (const struct json *a = json_is_object(annotations) ? json_first(annotations) : NULL; a != NULL; a = json_next(a)) {
		if (strcmp(json_key(a), "zalando.org/backend-weights") == 0)
			read_skipper(out, json_string(a));
		else
			read_nginx(out, json_key(a), json_string(a), &by_match);
	}
	if (by_match) {
		out->canary = 100;
		out->primary = 0;
	}
}

bool route_read(struct route_weights *out, const char *kind, const struct json *object)
{
	static const struct {
		const char *kind;
		void (*read)(struct route_weights *, const struct json *);
	} kinds[] = { { "TraefikService", read_traefik }, { "TrafficSplit", read_split },
		      { "HTTPRoute", read_http_route },   { "VirtualService", read_virtual_service },
		      { "HTTPProxy", read_proxy },        { "RouteTable", read_route_table },
		      { "Ingress", read_ingress } };

	*out = (struct route_weights){ .canary = -1, .primary = -1 };
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].kind, kind) == 0) {
			kinds[i].read(out, object);
			return !isnan(out->canary) && !isnan(out->primary);
		}
	return false;
}
