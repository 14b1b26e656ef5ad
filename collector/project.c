#include "project.h"

#include <string.h>

#include "gonogo/buf.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"

#include "gonogo/json.h"

bool project_applies(const char *kind)
{
	return strcmp(kind, "Deployment") == 0 || strcmp(kind, "DaemonSet") == 0 || strcmp(kind, "Pod") == 0 ||
	       strcmp(kind, "Ingress") == 0;
}

/* Copies the named members of an object; names of scalars and of whole trees alike. */
static void put_value(struct json_writer *w, const char *key, const struct json *v)
{
	double number;
	bool yes;

	if (json_is_object(v) || json_is_array(v)) {
		bool object = json_is_object(v);

		object ? json_begin_object(w, key) : json_begin_array(w, key);
		for (const struct json *c = json_first(v); c != NULL; c = json_next(c))
			put_value(w, object ? json_key(c) : NULL, c);
		object ? json_end_object(w) : json_end_array(w);
	} else if (json_string(v) != NULL) {
		json_put_string(w, key, json_string(v));
	} else if (json_bool(v, &yes)) {
		json_put_bool(w, key, yes);
	} else if (json_number(v, &number)) {
		json_put_number(w, key, number);
	} else {
		json_put_null(w, key);
	}
}

static void put_members(struct json_writer *w, const struct json *from, const char *const *names)
{
	for (; *names != NULL; names++)
		if (json_get(from, *names) != NULL)
			put_value(w, *names, json_get(from, *names));
}

/* Of an Ingress only the weights: what else controllers are told there may hold passwords. */
static bool is_kept(const char *annotation, bool route)
{
	const char *slash = strchr(annotation, '/');

	if (!route)
		return strcmp(annotation, "kubectl.kubernetes.io/last-applied-configuration") != 0;
	return strcmp(annotation, "zalando.org/backend-weights") == 0 ||
	       (slash != NULL && (strcmp(slash, "/canary") == 0 || strcmp(slash, "/canary-weight") == 0 ||
				  strcmp(slash, "/canary-by-header") == 0 || strcmp(slash, "/canary-by-cookie") == 0));
}

static void put_metadata(struct json_writer *w, const struct json *metadata, bool route)
{
	static const char *const names[] = {
		"name",   "namespace",       "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
		"labels", "ownerReferences", NULL
	};

	const struct json *annotations = json_get(metadata, "annotations");

	json_begin_object(w, "metadata");
	put_members(w, metadata, names);
	json_begin_object(w, "annotations");
	/* The members of a list have no keys. */
	for (const struct json *a = json_is_object(annotations) ? json_first(annotations) : NULL; a != NULL; a = json_next(a))
		if (is_kept(json_key(a), route))
			put_value(w, json_key(a), a);
	json_end_object(w);
	json_end_object(w);
}

/* When and where it is probed, not with what: commands and headers hold passwords. */
static void put_probe(struct json_writer *w, const struct json *container, const char *key)
{
	static const char *const times[] = { "initialDelaySeconds",
					     "periodSeconds",
					     "timeoutSeconds",
					     "successThreshold",
					     "failureThreshold",
					     "terminationGracePeriodSeconds",
					     "tcpSocket",
					     "grpc",
					     NULL };
	static const char *const http[] = { "scheme", "host", "port", "path", NULL };
	const struct json *probe = json_get(container, key);

	if (!json_is_object(probe))
		return;
	json_begin_object(w, key);
	put_members(w, probe, times);
	if (json_get(probe, "httpGet") != NULL) {
		json_begin_object(w, "httpGet");
		put_members(w, json_get(probe, "httpGet"), http);
		json_end_object(w);
	}
	if (json_get(probe, "exec") != NULL) {
		json_begin_object(w, "exec");
		json_end_object(w);
	}
	json_end_object(w);
}

static void put_containers(struct json_writer *w, const struct json *spec, const char *key)
{
	static const char *const names[] = { "name", "image", "imagePullPolicy", "ports", "resources", NULL };

	if (json_get(spec, key) == NULL)
		return;
	json_begin_array(w, key);
	for (const struct json *c = json_first(json_get(spec, key)); c != NULL; c = json_next(c)) {
		json_begin_object(w, NULL);
		put_members(w, c, names);
		put_probe(w, c, "livenessProbe");
		put_probe(w, c, "readinessProbe");
		put_probe(w, c, "startupProbe");
		json_end_object(w);
	}
	json_end_array(w);
}

static void put_pod_spec(struct json_writer *w, const struct json *spec)
{
	static const char *const names[] = { "nodeName", "serviceAccountName", "terminationGracePeriodSeconds", NULL };

	json_begin_object(w, "spec");
	put_members(w, spec, names);
	put_containers(w, spec, "initContainers");
	put_containers(w, spec, "containers");
	json_end_object(w);
}

static void put_workload_spec(struct json_writer *w, const struct json *spec)
{
	static const char *const names[] = { "replicas", "selector", "strategy", "minReadySeconds", "progressDeadlineSeconds",
					     "paused",   NULL };

	json_begin_object(w, "spec");
	put_members(w, spec, names);
	json_begin_object(w, "template");
	put_metadata(w, json_path(spec, "template.metadata"), false);
	put_pod_spec(w, json_path(spec, "template.spec"));
	json_end_object(w);
	json_end_object(w);
}

int project(struct buf *out, const char *bytes, size_t len, struct error *err)
{
	static const char *const top[] = { "apiVersion", "kind", NULL };
	struct json *object = json_parse(bytes, len, err);
	uint8_t digest[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE];
	struct json_writer w;

	if (object == NULL || digest_bytes(digest, bytes, len, err) < 0) {
		json_free(object);
		return -1;
	}
	json_writer_init(&w, out, 0);
	json_begin_object(&w, NULL);
	json_put_string(&w, "digest", digest_hex(hex, digest));
	put_members(&w, object, top);
	put_metadata(&w, json_get(object, "metadata"),
		     json_path(object, "spec.template") == NULL && json_path(object, "spec.containers") == NULL);
	if (json_path(object, "spec.template") != NULL)
		put_workload_spec(&w, json_get(object, "spec"));
	else
		put_pod_spec(&w, json_get(object, "spec"));
	if (json_get(object, "status") != NULL)
		put_value(&w, "status", json_get(object, "status"));
	json_end_object(&w);
	json_free(object);
	return buf_check(out, "projection", err);
}
