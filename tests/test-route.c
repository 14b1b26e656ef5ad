#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../judge/route.h"
#include "gonogo/json.h"

static bool read(const char *kind, const char *text, struct route_weights *out)
{
	struct json *json = json_parse(text, strlen(text), NULL);
	bool ok;

	assert_non_null(json);
	ok = route_read(out, kind, json);
	json_free(json);
	return ok;
}

static void every_kind_is_read(void **state)
{
	static const struct {
		const char *kind, *text;
	} routes[] = {
		{ "TraefikService", "{\"spec\":{\"weighted\":{\"services\":[{\"name\":\"a-primary\",\"weight\":70},{\"name\":\"a-canary\","
				    "\"weight\":30}]}}}" },
		{ "TrafficSplit", "{\"spec\":{\"backends\":[{\"service\":\"a-canary\",\"weight\":\"30000m\"},{\"service\":\"a-primary\","
				  "\"weight\":\"70\"}]}}" },
		{ "HTTPRoute", "{\"spec\":{\"rules\":[{\"backendRefs\":[{\"name\":\"a-primary\",\"weight\":1}]},{\"backendRefs\":[{"
			       "\"name\":\"a-primary\","
			       "\"weight\":70},{\"name\":\"a-canary\",\"weight\":30}]}]}}" },
		{ "VirtualService",
		  "{\"spec\":{\"http\":[{\"route\":[{\"destination\":{\"host\":\"a-primary\"},\"weight\":70},{\"destination\":{\"host\":"
		  "\"a-canary\"},\"weight\":30}]}]}}" },
		{ "HTTPProxy", "{\"spec\":{\"routes\":[{\"services\":[{\"name\":\"a-primary\",\"weight\":70},{\"name\":\"a-canary\","
			       "\"weight\":30}]}]}}" },
		{ "RouteTable",
		  "{\"spec\":{\"routes\":[{\"routeAction\":{\"multi\":{\"destinations\":[{\"destination\":{\"upstream\":{\"name\":"
		  "\"n-a-primaryupstream-80\"}},\"weight\":70},{\"destination\":{\"upstream\":{\"name\":\"n-a-canaryupstream-80\"}},"
		  "\"weight\":30}]}}}]}}" },
		{ "Ingress", "{\"metadata\":{\"annotations\":{\"nginx.ingress.kubernetes.io/canary-weight\":\"30\"}}}" },
		{ "Ingress",
		  "{\"metadata\":{\"annotations\":{\"zalando.org/backend-weights\":\"{\\\"a-primary\\\":70,\\\"a-canary\\\":30}\"}}}" },
	};
	struct route_weights w;

	(void)state;
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
		assert_true(read(routes[i].kind, routes[i].text, &w));
		if (!w.has_canary || !w.has_primary || w.canary != 30 || w.primary != 70)
			fail_msg("%s: %g of %g", routes[i].text, w.canary, w.primary);
	}
	assert_false(read("Gateway", "{}", &w));
	/* What is left out: Traefik and the Gateway API mean 1, the others nothing. */
	assert_true(read("TraefikService", "{\"spec\":{\"weighted\":{\"services\":[{\"name\":\"a-primary\"}]}}}", &w));
	assert_true(w.primary == -1 && !w.has_canary);
	assert_true(read("HTTPProxy", "{\"spec\":{\"routes\":[{\"services\":[{\"name\":\"a-canary\"}]}]}}", &w));
	assert_true(w.canary == 0);
	assert_true(read("VirtualService", "{\"spec\":{\"http\":[{\"mirror\":{\"host\":\"a-canary\"},\"route\":[]}]}}", &w));
	assert_true(w.mirrored);
	assert_true(read("Ingress", "{\"metadata\":{\"annotations\":{\"x/canary-by-header\":\"h\",\"x/canary-weight\":\"0\"}}}", &w));
	assert_true(w.canary == 100 && w.primary == 0);
}

/* No weight may come out as a share of traffic that nobody wrote. */
static void bad_weights_are_no_route(void **state)
{
	static const char *const bad[] = { "-5",     "1e999", "\"1e999\"", "\"inf\"", "\"nan\"", "\"-1\"",
					   "\"1k\"", "\"\"",  "1e300",     "[]",      "true" };
	struct route_weights w;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct json *json;

		(void)snprintf(
			text, sizeof text,
			"{\"spec\":{\"backends\":[{\"service\":\"a-canary\",\"weight\":%s},{\"service\":\"a-primary\",\"weight\":1}]}}",
			bad[i]);
		json = json_parse(text, strlen(text), NULL);
		if (json != NULL && route_read(&w, "TrafficSplit", json))
			fail_msg("%s: %g", bad[i], w.canary);
		json_free(json);
	}
	assert_false(read("Ingress", "{\"metadata\":{\"annotations\":{\"x/canary-weight\":\"1e999\"}}}", &w));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_kind_is_read), cmocka_unit_test(bad_weights_are_no_route) };

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
