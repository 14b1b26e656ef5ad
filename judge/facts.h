/* Every row of the log read once, by kind: what the tracker puts rollouts together from. */
#ifndef GONOGO_JUDGE_FACTS_H
#define GONOGO_JUDGE_FACTS_H

#include "gonogo/rollout.h"
#include "route.h"

struct arena;
struct error;

struct canary_row {
	int64_t at;			/* received */
	bool listed, deleted;
	struct canary_spec spec;
	struct canary_status status;
	evidence_id id;
};

/* A text of Flagger's from the webhook or from an Event. */
struct message_row {
	int64_t at;			/* the sender's time where it gave one */
	int64_t uncertain;
	int64_t received_at;
	bool webhook;
	const char *namespace_, *canary;
	const char *phase;		/* webhook: the payload's */
	struct flagger_message message;
	const char *uid;		/* Event's, "" for the webhook */
	int64_t count;			/* Event's, 1 */
	evidence_id id;
};

struct route_row {
	const char *kind, *namespace_, *name;
	bool deleted;
	struct route_weights weights;
	int64_t at;
	evidence_id id;
};

struct container_image {
	const char *name, *image;
};

struct workload_row {
	const char *namespace_, *name;
	int64_t at, replicas, available, updated, observed, generation;
	const char *revision;
	size_t n;
	const struct container_image *containers;
	evidence_id id;
};

struct pod_row {
	const char *namespace_;
	const char *image, *digest;	/* one container's */
};

struct gap_row {
	const char *source, *namespace_;	/* namespace "" : all */
	struct gap gap;
};

struct version_row {
	int64_t at;			/* last sample */
	const char *version;
	evidence_id id;
};

struct facts {
	size_t n_canaries, n_messages, n_routes, n_workloads, n_pods, n_gaps, n_templates, n_versions;
	size_t cap_canaries, cap_messages, cap_routes, cap_workloads, cap_pods, cap_gaps, cap_templates, cap_versions;
	struct canary_row *canaries;
	struct message_row *messages;
	struct route_row *routes;
	struct workload_row *workloads;
	struct pod_row *pods;
	struct gap_row *gaps;
	struct metric_template *templates;
	struct version_row *versions;
	size_t unparsed;
};

int facts_read(struct facts *out, const struct evidence *evidence, struct arena *arena, struct error *err);

#endif
