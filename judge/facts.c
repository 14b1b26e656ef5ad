#include "facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "flagger.h"
#include "gonogo/arena.h"
#include "gonogo/canary.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/provider.h"
#include "route.h"

struct reading_rows {
	struct facts *facts;
	struct arena *arena;
	const struct observation *row;
	const struct json *object;
	void *grown;
};

/* One more element of an array of the facts, zeroed; NULL if memory ends. */
#define ADD(r, array, n, cap)                                                                                                              \
	(((r)->grown = arena_grow((r)->arena, (r)->facts->array, (r)->facts->n, &(r)->facts->cap, sizeof *(r)->facts->array)) == NULL      \
		 ? NULL                                                                                                                    \
		 : ((r)->facts->array = (r)->grown, &(r)->facts->array[(r)->facts->n++]))

static const char *copy_at(const struct reading_rows *r, const char *path, const char *otherwise)
{
	const char *text = json_string(json_path(r->object, path));

	return text == NULL ? otherwise : arena_strdup(r->arena, text);
}

static int64_t int_at(const struct reading_rows *r, const char *path, int64_t otherwise)
{
	int64_t value;

	return json_int(json_path(r->object, path), &value) ? value : otherwise;
}

static int read_canary(struct reading_rows *r, struct error *err)
{
	struct canary_row *row = ADD(r, canaries, n_canaries, cap_canaries);

	if (row == NULL)
		return error_nomem(err);
	row->at = r->row->received_at;
	row->id = evidence_id_of(r->row);
	row->listed = strcmp(r->row->kind, "listed") == 0;
	row->deleted = strcmp(r->row->kind, "deleted") == 0;
	if (canary_parse(&row->spec, &row->status, r->object, r->arena, NULL) < 0) {
		r->facts->n_canaries--;
		r->facts->unparsed++;
	}
	return 0;
}

static int read_event(struct reading_rows *r, struct error *err)
{
	struct event event;
	struct message_row *row;

	if (strcmp(r->row->kind, "deleted") == 0 || event_parse(&event, r->object, r->arena) < 0)
		return 0;
	if (strcmp(event.component, "flagger") != 0 || strcmp(event.object_kind, "Canary") != 0)
		return 0;
	row = ADD(r, messages, n_messages, cap_messages);
	if (row == NULL)
		return error_nomem(err);
	row->at = event.last;
	row->uncertain = NS_PER_S;
	row->received_at = r->row->received_at;
	row->namespace_ = event.object_namespace;
	row->canary = event.object_name;
	row->uid = event.uid;
	row->count = event.count;
	row->phase = "";
	row->id = evidence_id_of(r->row);
	return flagger_message_parse(&row->message, event.text, strcmp(event.type, "Warning") == 0, r->arena) < 0 ? error_nomem(err) : 0;
}

static int read_webhook(struct reading_rows *r, struct error *err)
{
	const char *text = json_string(json_path(r->object, "metadata.eventMessage"));
	const char *stamp = json_string(json_path(r->object, "metadata.timestamp"));
	const char *type = json_string(json_path(r->object, "metadata.eventType"));
	struct message_row *row;
	char *end;

	if (text == NULL || json_string(json_get(r->object, "name")) == NULL) {
		r->facts->unparsed++;
		return 0;
	}
	row = ADD(r, messages, n_messages, cap_messages);
	if (row == NULL)
		return error_nomem(err);
	row->webhook = true;
	row->received_at = row->at = r->row->received_at;
	if (stamp != NULL) {
		int64_t ms = strtoll(stamp, &end, 10);

		/* A sender's clock is believed where a human could live in it; else our own stands. */
		if (*end == '\0' && ms > 0 && ms < INT64_MAX / NS_PER_MS)
			row->at = ms * NS_PER_MS;
	}
	row->namespace_ = copy_at(r, "namespace", "");
	row->canary = copy_at(r, "name", "");
	row->phase = copy_at(r, "phase", "");
	row->uid = "";
	row->count = 1;
	row->id = evidence_id_of(r->row);
	return flagger_message_parse(&row->message, text, type != NULL && strcmp(type, "Warning") == 0, r->arena) < 0 ? error_nomem(err)
														      : 0;
}

static int read_route(struct reading_rows *r, struct error *err)
{
	const char *subject = r->row->subject;
	char kind[64] = "";
	struct route_weights weights;
	struct route_row *row;

	(void)snprintf(kind, sizeof kind, "%.*s", (int)strcspn(subject, " "), subject);
	if (!route_read(&weights, kind, r->object))
		return 0;
	row = ADD(r, routes, n_routes, cap_routes);
	if (row == NULL)
		return error_nomem(err);
	*row = (struct route_row){ .weights = weights, .at = r->row->received_at, .id = evidence_id_of(r->row) };
	row->kind = arena_strdup(r->arena, kind);
	row->namespace_ = copy_at(r, "metadata.namespace", "");
	row->name = copy_at(r, "metadata.name", "");
	row->deleted = strcmp(r->row->kind, "deleted") == 0;
	return row->kind == NULL ? error_nomem(err) : 0;
}

static int read_workload(struct reading_rows *r, struct error *err)
{
	const struct json *list = json_path(r->object, "spec.template.spec.containers");
	struct container_image *containers = arena_alloc(r->arena, json_size(list) * sizeof *containers);
	struct workload_row *row = ADD(r, workloads, n_workloads, cap_workloads);

	if (row == NULL || containers == NULL)
		return error_nomem(err);
	*row = (struct workload_row){ .at = r->row->received_at, .id = evidence_id_of(r->row), .revision = "" };
	row->namespace_ = copy_at(r, "metadata.namespace", "");
	row->name = copy_at(r, "metadata.name", "");
	row->generation = int_at(r, "metadata.generation", 0);
	row->replicas = int_at(r, "spec.replicas", 1);
	row->available = int_at(r, "status.availableReplicas", 0);
	row->updated = int_at(r, "status.updatedReplicas", 0);
	row->observed = int_at(r, "status.observedGeneration", 0);
	for (const struct json *a = json_first(json_path(r->object, "metadata.annotations")); a != NULL; a = json_next(a))
		if (strcmp(json_key(a), "deployment.kubernetes.io/revision") == 0 && json_string(a) != NULL)
			row->revision = arena_strdup(r->arena, json_string(a));
	for (const struct json *c = json_first(list); c != NULL; c = json_next(c)) {
		const char *name = json_string(json_get(c, "name")), *image = json_string(json_get(c, "image"));

		if (name != NULL && image != NULL)
			containers[row->n++] = (struct container_image){ arena_strdup(r->arena, name), arena_strdup(r->arena, image) };
	}
	row->containers = containers;
	return 0;
}

static int read_pod(struct reading_rows *r, struct error *err)
{
	for (const struct json *s = json_first(json_path(r->object, "status.containerStatuses")); s != NULL; s = json_next(s)) {
		const char *image = json_string(json_get(s, "image")), *id = json_string(json_get(s, "imageID"));
		const char *digest = id == NULL ? NULL : strstr(id, "sha256:");
		struct pod_row *row;

		if (image == NULL || digest == NULL)
			continue;
		row = ADD(r, pods, n_pods, cap_pods);
		if (row == NULL)
			return error_nomem(err);
		*row = (struct pod_row){ copy_at(r, "metadata.namespace", ""), arena_strdup(r->arena, image),
					 arena_strdup(r->arena, digest) };
	}
	return 0;
}

static int read_template(struct reading_rows *r, struct error *err)
{
	struct metric_template *t = ADD(r, templates, n_templates, cap_templates);

	if (t == NULL)
		return error_nomem(err);
	t->name = copy_at(r, "metadata.name", "");
	t->namespace_ = copy_at(r, "metadata.namespace", "");
	t->provider_type = copy_at(r, "spec.provider.type", "");
	t->address = copy_at(r, "spec.provider.address", "");
	t->query = copy_at(r, "spec.query", "");
	t->id = evidence_id_of(r->row);
	return 0;
}

/* What a gap row's subject means: "canaries develop", "Prometheus main", "webhook", "collector". */
static const char *gap_source(const char *subject)
{
	static const struct {
		const char *prefix, *source;
	} table[] = {
		{ "canaries", "status" },           { "events", "events" },         { "deployments", "workloads" }, { "pods", "workloads" },
		{ "metrictemplates", "templates" }, { "Prometheus", "prometheus" }, { "webhook", "webhook" }
	};

	for (size_t i = 0; provider_at(i) != NULL; i++) {
		const char *plural = provider_at(i)->route.plural;

		if (plural != NULL && strncmp(subject, plural, strlen(plural)) == 0)
			return "routes";
	}
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strncmp(subject, table[i].prefix, strlen(table[i].prefix)) == 0)
			return table[i].source;
	return "collector";
}

static int read_gap(struct reading_rows *r, struct error *err)
{
	struct gap_row *row = ADD(r, gaps, n_gaps, cap_gaps);
	const char *from = json_string(json_get(r->object, "from")), *to = json_string(json_get(r->object, "to"));
	const char *space = strchr(r->row->subject, ' ');

	if (row == NULL)
		return error_nomem(err);
	row->source = row->gap.source = gap_source(r->row->subject);
	row->namespace_ = space == NULL || strcmp(row->source, "prometheus") == 0 ? "" : space + 1;
	row->gap.from = row->gap.to = r->row->received_at;
	if (from != NULL)
		(void)instant_parse(&row->gap.from, from, NULL);
	if (to != NULL)
		(void)instant_parse(&row->gap.to, to, NULL);
	row->gap.reason = copy_at(r, "reason", "no reason given");
	(void)json_bool(json_get(r->object, "backfilled"), &row->gap.backfilled);
	return ids_add(&row->gap.ids, evidence_id_of(r->row), r->arena) < 0 ? error_nomem(err) : 0;
}

/* flagger_info{version=…}: the last sample of each series. */
static int read_version(struct reading_rows *r, struct error *err)
{
	for (const struct json *s = json_first(json_path(r->object, "data.result")); s != NULL; s = json_next(s)) {
		const char *version = json_string(json_path(s, "metric.version"));
		const struct json *last = json_get(s, "value");
		struct version_row *row;
		double at;

		for (const struct json *v = json_first(json_get(s, "values")); v != NULL; v = json_next(v))
			last = v;
		if (version == NULL || !json_number(json_first(last), &at) || !(at > 0 && at < 9e9))
			continue;
		row = ADD(r, versions, n_versions, cap_versions);
		if (row == NULL)
			return error_nomem(err);
		*row = (struct version_row){ (int64_t)(at * 1e9), arena_strdup(r->arena, version), evidence_id_of(r->row) };
	}
	return 0;
}

static int read_object(struct reading_rows *r, struct error *err)
{
	static const struct {
		const char *kind;
		int (*read)(struct reading_rows *, struct error *);
	} kinds[] = { { "Canary ", read_canary },      { "Event ", read_event }, { "Deployment ", read_workload },
		      { "DaemonSet ", read_workload }, { "Pod ", read_pod },     { "MetricTemplate ", read_template } };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strncmp(r->row->subject, kinds[i].kind, strlen(kinds[i].kind)) == 0)
			return kinds[i].read(r, err);
	return read_route(r, err);
}

static int read_row(struct reading_rows *r, struct error *err)
{
	switch (r->row->source) {
	case SOURCE_KUBERNETES:
		return read_object(r, err);
	case SOURCE_FLAGGER:
		return strcmp(r->row->kind, "event") == 0 ? read_webhook(r, err) : 0;
	case SOURCE_COLLECTOR:
		return strcmp(r->row->kind, "gap") == 0 ? read_gap(r, err) : 0;
	case SOURCE_PROMETHEUS:
		return strstr(r->row->request, "flagger_info") != NULL ? read_version(r, err) : 0;
	default:
		return 0;
	}
}

/* Rows that are never looked into here: samples are the strata's business, and most of a log's bytes. */
static bool is_of_interest(const struct observation *row)
{
	if (row->body == NULL)
		return false;
	if (row->source == SOURCE_PROMETHEUS)
		return strstr(row->request, "flagger_info") != NULL;
	if (row->source == SOURCE_KUBERNETES)
		return strcmp(row->kind, "list") != 0 && strcmp(row->kind, "error") != 0 && strcmp(row->kind, "counted") != 0;
	return row->source == SOURCE_FLAGGER || strcmp(row->kind, "gap") == 0;
}

int facts_read(struct facts *out, const struct evidence *evidence, struct arena *arena, struct error *err)
{
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < evidence->n; i++) {
		const struct observation *row = &evidence->rows[i];
		struct reading_rows r = { .facts = out, .arena = arena, .row = row };
		struct json *object;
		int rc;

		if (!is_of_interest(row))
			continue;
		object = json_parse(row->body, row->body_len, NULL);
		if (object == NULL) {
			out->unparsed++;
			continue;
		}
		r.object = object;
		rc = read_row(&r, err);
		json_free(object);
		if (rc < 0)
			return -1;
	}
	return 0;
}
