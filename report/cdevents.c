/* CDEvents 0.5.1 (github.com/cdevents/spec, schemas/), one JSON object a line. */
#include <stdio.h>
#include <string.h>

#include "formats.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/instant.h"
#include "gonogo/json.h"
#include "gonogo/output.h"
#include "gonogo/rollout.h"

#define PURL_MAX 2048

struct event {
	const char *type; /* "testsuiterun.started" */
	const char *subject;
	int64_t at;
};

/* Everything but what stands in the content; the caller closes it. */
static void begin(struct json_writer *w, const struct rollout *r, const struct event *event)
{
	char id[512], type[96], at[INSTANT_TEXT_MAX], source[512];

	(void)snprintf(id, sizeof id, "%.400s/%s", r->id, event->type);
	(void)snprintf(type, sizeof type, "dev.cdevents.%s.0.3.0", event->type);
	(void)snprintf(source, sizeof source, "/gonogo/%.400s", r->cluster);
	json_begin_object(w, NULL);
	json_begin_object(w, "context");
	json_put_string(w, "specversion", "0.5.1");
	json_put_string(w, "id", id);
	json_put_string(w, "source", source);
	json_put_string(w, "type", type);
	json_put_string(w, "timestamp", instant_rfc3339_ms(at, event->at));
	json_put_string(w, "chainId", r->id);
	json_end_object(w);
	json_begin_object(w, "subject");
	json_put_string(w, "id", event->subject);
	json_put_string(w, "source", source);
	json_begin_object(w, "content");
	json_begin_object(w, "environment");
	json_put_string(w, "id", r->cluster);
	json_end_object(w);
}

static void end(struct json_writer *w, const struct assessment *a)
{
	json_end_object(w);
	json_end_object(w);
	json_begin_object(w, "customData");
	json_put_string(w, "rollout", a->rollout->id);
	json_put_string(w, "verdict", verdict_name(a->verdict));
	json_put_string(w, "outcome", outcome_name(a->rollout->outcome));
	json_end_object(w);
	json_end_object(w);
	buf_putc(w->out, '\n');
	w->comma = false;
}

static void put_suite(struct json_writer *w)
{
	json_begin_object(w, "testSuite");
	json_put_string(w, "id", "gonogo");
	json_put_string(w, "name", "Canary analysis");
	json_end_object(w);
}

static void put_started(struct json_writer *w, const struct assessment *a)
{
	begin(w, a->rollout, &(struct event){ "testsuiterun.started", a->rollout->id, a->rollout->started_at });
	put_suite(w);
	end(w, a);
}

/* GO is success, NO-GO failure; HOLD is no result of a test: it could not be told. */
static void put_finished(struct json_writer *w, const struct assessment *a)
{
	begin(w, a->rollout, &(struct event){ "testsuiterun.finished", a->rollout->id, a->evaluated_at });
	put_suite(w);
	json_put_string(w, "outcome", a->verdict == VERDICT_GO ? "success" : a->verdict == VERDICT_NO_GO ? "failure" : "error");
	json_put_string(w, "reason", a->headline);
	end(w, a);
}

/* pkg:oci/NAME@DIGEST?repository_url=…&tag=… (package-url, type oci); a registry's port and path stay in the qualifier. */
static void purl(char out[static PURL_MAX], const char *image, const char *digest)
{
	const char *slash = strrchr(image, '/'), *name = slash == NULL ? image : slash + 1, *tag = strchr(name, ':');
	int name_len = tag == NULL ? (int)strcspn(name, "@") : (int)(tag - name);
	int repository = (int)(name - image) + name_len, n;

	n = snprintf(out, PURL_MAX, "pkg:oci/%.*s", name_len, name);
	/* A colon in a version is percent-encoded. */
	if (digest != NULL && strncmp(digest, "sha256:", 7) == 0 && n > 0 && n < PURL_MAX)
		n += snprintf(out + n, (size_t)(PURL_MAX - n), "@sha256%%3A%.64s", digest + 7);
	if (n > 0 && n < PURL_MAX)
		n += snprintf(out + n, (size_t)(PURL_MAX - n), "?repository_url=%.*s", repository, image);
	if (tag != NULL && n > 0 && n < PURL_MAX)
		(void)snprintf(out + n, (size_t)(PURL_MAX - n), "&tag=%.128s", tag + 1);
}

static void put_service(struct json_writer *w, const struct assessment *a, const char *type, const char *image, const char *digest)
{
	const struct rollout *r = a->rollout;
	char subject[600], artifact[PURL_MAX];

	if (image == NULL || r->ended_at == INSTANT_NONE)
		return;
	(void)snprintf(subject, sizeof subject, "%.253s/%.253s", r->namespace_, r->canary);
	purl(artifact, image, digest);
	begin(w, r, &(struct event){ type, subject, r->ended_at });
	json_put_string(w, "artifactId", artifact);
	end(w, a);
}

int cdevents_render(struct buf *out, const struct package *package, struct error *err)
{
	const struct assessment *a = package->assessment;
	const struct rollout *r = a->rollout;
	const struct image *image = r->n_images > 0 ? &r->images[0] : NULL;
	struct json_writer w;

	json_writer_init(&w, out, 0);
	put_started(&w, a);
	if (!a->partial)
		put_finished(&w, a);
	if (image != NULL && (r->outcome == OUTCOME_PROMOTED || r->outcome == OUTCOME_PROMOTED_UNANALYSED))
		put_service(&w, a, "service.upgraded", image->new_image, image->new_digest);
	if (image != NULL && r->outcome == OUTCOME_ROLLED_BACK)
		put_service(&w, a, "service.rolledback", image->old_image, image->old_digest);
	return buf_check(out, "cdevents.ndjson", err);
}
