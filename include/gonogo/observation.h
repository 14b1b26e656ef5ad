/* One row of the evidence log: what came in, when, from where. See schema/evidence.sql. */
#ifndef GONOGO_OBSERVATION_H
#define GONOGO_OBSERVATION_H

#include <stddef.h>
#include <stdint.h>

#include "gonogo/digest.h"

enum source {
	SOURCE_KUBERNETES,	/* "kubernetes" */
	SOURCE_FLAGGER,		/* "flagger": the event webhook */
	SOURCE_PROMETHEUS,	/* "prometheus" */
	SOURCE_COLLECTOR,	/* "collector": what it did and met itself */
	SOURCE_HUMAN		/* "human": decisions.db only */
};
#define SOURCE_COUNT 5

/* Kinds, by source. The subject and body of each:
 *
 * kubernetes  list      subject "canaries develop", request = path; body {"count","resourceVersion"}
 *             listed    one item of a list; subject "Canary develop/backend"; body = the object
 *             added, modified, deleted  a watch line; body = the object (not the {"type"} around it)
 *             error     an ERROR line or a bad status; subject "canaries develop"; body = what came
 *             counted   subject = the object; body {"skipped": N, "until": TIME}: status rewrites that changed nothing but times
 * flagger     event     subject "Canary develop/backend"; request "POST /event"; body = what was posted
 * prometheus  samples   raw samples: request "GET /api/v1/query?query=…&time=…" (unescaped, as ../cases has it); subject
 *                       "Canary develop/backend" on whose behalf it was asked; body = the answer
 *             check     a Flagger query as Flagger asks it (body = answer; subject likewise; request ends in "#METRIC-NAME")
 *             info      buildinfo and the like; subject "Prometheus main"
 *             failed    any query without an answer of status success; body = what came, or the error's text
 * collector   start, stop, heartbeat, connect, disconnect, relist, gap, clock-step, configuration, criteria, refused, skipped
 *             gap: subject "canaries develop" | "events develop" | "Prometheus main" | "webhook" | "collector";
 *             body {"from": TIME, "to": TIME, "reason": TEXT, "backfilled": BOOL}
 *             configuration: body = gonogo.yaml's bytes, redacted; criteria: body = criteria.yaml's bytes in force
 * human       decision, note, action, rehearsal, approval, grade */

/* Marks: a space-separated list of "redacted", "projected" (body is a projection; its "digest" member names the original's SHA-256),
 * "unparsed", "backfilled", "stale" (sent long before it was received). */

/* Strings and body are borrowed from whoever made it (a store's cursor: valid until the next row; an arena: as long as that). */
struct observation {
	int64_t seq;		/* from 1, without holes */
	int64_t received_at;	/* UTC ns */
	int64_t boottime_ns;
	const char *boot_id;
	enum source source;
	const char *kind;
	const char *subject;
	const char *request;	/* "" if none */
	const char *marks;	/* "" if none */
	const char *body;	/* NUL-terminated beyond body_len for convenience; NULL if retention dropped it */
	size_t body_len;
	uint8_t body_sha256[DIGEST_SIZE];
	uint8_t leaf_sha256[DIGEST_SIZE];
	uint8_t chain_sha256[DIGEST_SIZE];
	int log;		/* which --db it came from, from 0 */
};

const char *source_name(enum source source);
/* -1 if unknown. */
int source_parse(enum source *out, const char *name);

#endif
