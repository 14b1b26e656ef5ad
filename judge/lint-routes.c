/* Traefik's own objects beside a Canary (facts/flagger.md 6; case 06). */
#include <string.h>

#include "gonogo/error.h"
#include "lint.h"

static bool same_namespace(const char *a, const char *b)
{
	return a == NULL || b == NULL || strcmp(a, b) == 0;
}

/* The Canary on Traefik whose Service that is: the apex, or one arm's. */
static const struct lint_object *canary_of(const struct lint *l, const char *namespace_, const char *service)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct lint_object *c = &l->objects[i];
		size_t n;

		if (c->kind != OBJECT_CANARY || *c->name == '\0' || (!lint_is_traefik(c) && *c->spec.provider != '\0') ||
		    !same_namespace(c->namespace_, namespace_))
			continue;
		n = strlen(c->spec.service_name);
		if (strncmp(service, c->spec.service_name, n) == 0 &&
		    (service[n] == '\0' || strcmp(service + n, "-primary") == 0 || strcmp(service + n, "-canary") == 0))
			return c;
	}
	return NULL;
}

static int check_service(struct lint *l, const struct rule *rule, const struct lint_object *o, const struct yaml_node *service,
			 const char *path)
{
	const char *kind = yaml_string(yaml_get(service, "kind")), *name = yaml_string(yaml_get(service, "name"));
	const char *namespace_ = yaml_string(yaml_get(service, "namespace"));
	const struct lint_object *canary;

	if (path == NULL)
		return error_nomem(l->err);
	if (name == NULL || (kind != NULL && strcmp(kind, "Service") != 0))
		return 0;
	canary = canary_of(l, namespace_ == NULL ? o->namespace_ : namespace_, name);
	if (canary == NULL)
		return 0;
	return lint_problem_add(
		l, rule, o, path,
		lint_text(l, "%s reaches Service %s, so no traffic of this route is ever split (%s)", path, name, canary->label),
		lint_text(l, "Write `kind: TraefikService` and `name: %s`.", canary->spec.service_name));
}

LINT_RULE(route_to_plain_service)
{
	const struct yaml_node *routes = lint_at(o, "spec.routes");

	for (size_t i = 0; routes != NULL && routes->kind == YAML_SEQUENCE && i < routes->n; i++) {
		const struct yaml_node *services = yaml_get(routes->items[i], "services");

		for (size_t k = 0; services != NULL && services->kind == YAML_SEQUENCE && k < services->n; k++)
			if (check_service(l, rule, o, services->items[k], lint_text(l, "spec.routes[%zu].services[%zu]", i, k)) < 0)
				return -1;
	}
	return 0;
}

LINT_RULE(traefik_api_group)
{
	if (strcmp(o->group, "traefik.containo.us") != 0)
		return 0;
	return lint_problem_add(l, rule, o, "apiVersion",
				"`traefik.containo.us` is gone in Traefik 3, and Flagger from 1.42 on writes TraefikServices of "
				"`traefik.io`: this one is not theirs",
				"Write `apiVersion: traefik.io/v1alpha1`.");
}

LINT_RULE(traefik_weight_missing)
{
	const struct yaml_node *services = lint_at(o, "spec.weighted.services");
	double weight, sum = 0;
	bool some = false;

	for (size_t i = 0; services != NULL && services->kind == YAML_SEQUENCE && i < services->n; i++) {
		bool written = yaml_number(yaml_get(services->items[i], "weight"), &weight);

		some = some || written;
		sum += written ? weight : 1;
	}
	for (size_t i = 0; some && i < services->n; i++)
		if (!yaml_number(yaml_get(services->items[i], "weight"), &weight))
			return lint_problem_add(l, rule, o, lint_text(l, "spec.weighted.services[%zu]", i),
						lint_text(l, "a missing weight counts as 1, not 0: 1 of %.6g goes here", sum),
						"Write the weight, also where it is 0.");
	return 0;
}

LINT_RULE(traefik_service_owned)
{
	const struct lint_object *canary;

	/* As the cluster has it, made by Flagger. */
	if (lint_at(o, "metadata.ownerReferences") != NULL)
		return 0;
	canary = canary_of(l, o->namespace_, o->name);
	if (canary == NULL || strcmp(canary->spec.service_name, o->name) != 0)
		return 0;
	return lint_problem_add(
		l, rule, o, "metadata.name",
		lint_text(l, "Flagger makes and changes this TraefikService for %s: a copy in git sets the weights back in mid-rollout",
			  canary->label),
		"Take it out of the manifests; Flagger creates it.");
}
