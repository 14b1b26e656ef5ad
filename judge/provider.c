#include "gonogo/provider.h"

#include <inttypes.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/strata.h"

/* Other meshes get their rows with the route objects and recordings that prove them. */
static const struct provider providers[] = {
	{ .name = "traefik",
	  .requests = "traefik_service_requests_total",
	  .buckets = "traefik_service_request_duration_seconds_bucket",
	  .unit = 1,
	  .code_label = "code",
	  .service_label = "service",
	  .exported_label = "exported_service",
	  .shared_target = true,
	  .route_kind = "TraefikService" },
};

const struct provider *provider_find(const char *name)
{
	for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++)
		if (*name == '\0' || strcmp(providers[i].name, name) == 0)
			return &providers[i];
	return NULL;
}

/* "NS-SERVICE-canary-PORT@kubernetescrd": the port holds no dash, so that no other canary's longer name matches. */
int provider_arm(const struct provider *p, const struct canary_spec *spec, const char *value)
{
	static const char *const arms[ARMS] = { [ARM_CANARY] = "-canary-", [ARM_BASELINE] = "-primary-" };
	size_t n = strlen(spec->namespace_), s = strlen(spec->service_name);
	const char *rest;

	(void)p;
	if (strncmp(value, spec->namespace_, n) != 0 || value[n] != '-' || strncmp(value + n + 1, spec->service_name, s) != 0)
		return -1;
	rest = value + n + 1 + s;
	for (int arm = 0; arm < ARMS; arm++) {
		size_t k = strlen(arms[arm]), port;

		if (strncmp(rest, arms[arm], k) != 0)
			continue;
		port = strspn(rest + k, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
		if (port > 0 && strcmp(rest + k + port, "@kubernetescrd") == 0)
			return arm;
	}
	return -1;
}

/* A name as a literal inside a PromQL string that is a regular expression: both need a backslash of their own. */
static void put_literal(struct buf *out, const char *name)
{
	for (; *name != '\0'; name++) {
		if (strchr(".+*?()[]{}|^$", *name) != NULL)
			buf_puts(out, "\\\\");
		else if (*name == '\\' || *name == '"')
			buf_puts(out, "\\");
		buf_putc(out, *name);
	}
}

static const char *selector(const char *metric, const char *label, const struct canary_spec *spec, int64_t seconds, struct arena *arena)
{
	struct buf text;
	const char *copy;

	buf_init(&text, 8192);
	buf_printf(&text, "%s{%s=~\"", metric, label);
	put_literal(&text, spec->namespace_);
	buf_putc(&text, '-');
	put_literal(&text, spec->service_name);
	buf_printf(&text, "-(primary|canary)-.+@kubernetescrd\"}[%" PRId64 "s]", seconds);
	copy = text.failed ? NULL : arena_strdup(arena, text.data);
	buf_free(&text);
	return copy;
}

size_t provider_queries(const char *out[static QUERIES_MAX], const struct provider *p, const struct canary_spec *spec, int64_t seconds,
			bool exported, struct arena *arena)
{
	const char *label = exported ? p->exported_label : p->service_label;

	if (label == NULL)
		return 0;
	out[0] = selector(p->requests, label, spec, seconds, arena);
	out[1] = selector(p->buckets, label, spec, seconds, arena);
	return out[0] == NULL || out[1] == NULL ? 0 : 2;
}

