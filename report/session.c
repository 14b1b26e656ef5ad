/* Opened logs, and what is derived from them on the way to a judgement. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/cli.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/store.h"

/* Everything that one command derives: far above the largest rollout (some tens of MB), below what a hostile file may cost. */
#define SESSION_MEMORY_MAX ((size_t)2048 * 1024 * 1024)

/* criteria.yaml is a page of text. */
#define CRITERIA_FILE_MAX ((size_t)1024 * 1024)

struct loading {
	struct evidence *evidence;
	struct arena *arena;
	int log;
};

static const char *copy(struct arena *arena, const char *text)
{
	return *text == '\0' ? "" : arena_strdup(arena, text);
}

/* store_each's callback: keeps a copy of the row in the session's arena. */
static int keep_row(void *arg, const struct observation *row, struct error *err)
{
	struct loading *loading = arg;
	struct evidence *e = loading->evidence;
	struct arena *arena = loading->arena;
	struct observation *kept = arena_grow(arena, e->rows, e->n, &e->cap, sizeof *kept);

	if (kept == NULL)
		return error_nomem(err);
	e->rows = kept;
	kept += e->n;
	*kept = *row;
	kept->log = loading->log;
	kept->boot_id = copy(arena, row->boot_id);
	kept->kind = copy(arena, row->kind);
	kept->subject = copy(arena, row->subject);
	kept->request = copy(arena, row->request);
	kept->marks = copy(arena, row->marks);
	kept->body = row->body == NULL ? NULL : arena_strndup(arena, row->body, row->body_len);
	if (kept->boot_id == NULL || kept->kind == NULL || kept->subject == NULL || kept->request == NULL || kept->marks == NULL ||
	    (row->body != NULL && kept->body == NULL))
		return error_nomem(err);
	e->n++;
	return 0;
}

static int compare_rows(const void *a, const void *b)
{
	const struct observation *x = a, *y = b;

	if (x->received_at != y->received_at)
		return x->received_at < y->received_at ? -1 : 1;
	if (x->log != y->log)
		return x->log < y->log ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void sort_rows(struct evidence *e)
{
	if (e->n > 1)
		qsort(e->rows, e->n, sizeof *e->rows, compare_rows);
}

static int load(const struct session *s, struct evidence *evidence, struct arena *arena, const struct store_query *query, struct error *err)
{
	for (size_t i = 0; i < s->n_stores; i++) {
		struct loading loading = { evidence, arena, (int)i };

		if (store_each(s->stores[i], query, keep_row, &loading, err) < 0)
			return -1;
	}
	return 0;
}

/* "gonogo/CLUSTER/evidence" → CLUSTER. */
static const char *cluster_of(struct arena *arena, const char *origin)
{
	const char *start, *end;

	if (strncmp(origin, "gonogo/", 7) != 0)
		return arena_strdup(arena, origin);
	start = origin + 7;
	end = strchr(start, '/');
	return end == NULL ? arena_strdup(arena, start) : arena_strndup(arena, start, (size_t)(end - start));
}

static int open_stores(struct session *s, const struct cli *cli, struct error *err)
{
	for (size_t i = 0; i < cli->n_dbs; i++) {
		if (store_open(&s->stores[i], cli->dbs[i], cli->still ? STORE_READ_STILL : STORE_READ, NULL, err) < 0)
			return -1;
		s->n_stores++;
		if (store_wal_missing(s->stores[i])) {
			s->wal_missing = true;
			s->wal_missing_path = cli->dbs[i];
			fprintf(stderr, "%s: warning: %s was copied without its -wal file: its newest rows may be missing\n", cli->program,
				cli->dbs[i]);
		}
	}
	s->evidence.cluster = cluster_of(s->arena, store_origin(s->stores[0]));
	return s->evidence.cluster == NULL ? error_nomem(err) : 0;
}

struct arena *session_arena(void)
{
	return arena_new(SESSION_MEMORY_MAX);
}

/* An export holds rows of other canaries and of later rollouts that fell into its time, but not the whole of them. */
static void drop_fragments(struct session *s, const char *id)
{
	const char *namespace_ = NULL, *canary = NULL;
	int64_t started_at = INSTANT_NONE;
	size_t n = 0;

	for (size_t i = 0; id != NULL && i < s->rollouts.n; i++)
		if (strcmp(s->rollouts.v[i].id, id) == 0) {
			namespace_ = s->rollouts.v[i].namespace_;
			canary = s->rollouts.v[i].canary;
			started_at = s->rollouts.v[i].started_at;
		}
	if (namespace_ == NULL)
		return;
	for (size_t i = 0; i < s->rollouts.n; i++) {
		const struct rollout *r = &s->rollouts.v[i];

		if (strcmp(r->namespace_, namespace_) == 0 && strcmp(r->canary, canary) == 0 && r->started_at <= started_at)
			s->rollouts.v[n++] = *r;
	}
	s->rollouts.n = n;
}

int session_open(struct session *s, const struct cli *cli, struct error *err)
{
	static const int sources[] = { SOURCE_KUBERNETES, SOURCE_FLAGGER, SOURCE_COLLECTOR };
	/* As if it were that time: what came later is not known yet. */
	struct store_query query = { .from = INSTANT_NONE, .to = cli->at };

	memset(s, 0, sizeof *s);
	s->arena = session_arena();
	if (s->arena == NULL)
		return error_nomem(err);
	if (open_stores(s, cli, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		query.source = sources[i];
		if (load(s, &s->evidence, s->arena, &query, err) < 0)
			return -1;
	}
	query.source = SOURCE_PROMETHEUS;
	query.kind = "info";
	if (load(s, &s->evidence, s->arena, &query, err) < 0)
		return -1;
	sort_rows(&s->evidence);
	if (rollouts_derive(&s->rollouts, &s->evidence, s->arena, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < s->n_stores; i++)
		drop_fragments(s, store_export_of(s->stores[i]));
	return decisions_load(s, cli, err);
}

void session_close(struct session *s)
{
	for (size_t i = 0; i < s->n_stores; i++)
		store_close(s->stores[i]);
	s->n_stores = 0;
	arena_free(s->arena);
	s->arena = NULL;
}

static bool names_canary(const struct rollout *r, const char *name)
{
	size_t len = strlen(r->namespace_);

	return strncmp(name, r->namespace_, len) == 0 && name[len] == '/' && strcmp(name + len + 1, r->canary) == 0;
}

static int not_found(const struct session *s, const char *name, struct error *err)
{
	if (s->rollouts.n == 0)
		return error_code(err, ERR_NOT_FOUND, "rollout %.300s: this log holds no rollout at all", name);
	return error_code(err, ERR_NOT_FOUND, "rollout %.300s: not in this log; the latest is %.300s (gonogo list shows all)", name,
			  s->rollouts.v[s->rollouts.n - 1].id);
}

int session_find(const struct session *s, const char *name, const struct rollout **out, struct error *err)
{
	const struct rollout *found = NULL;

	for (size_t i = 0; i < s->rollouts.n; i++) {
		const struct rollout *r = &s->rollouts.v[i];

		if (strcmp(r->id, name) == 0) {
			*out = r;
			return 0;
		}
		if (names_canary(r, name)) {
			found = r;
		} else if (strncmp(r->id, name, strlen(name)) == 0 && strchr(name, '/') == NULL) {
			if (found != NULL)
				return error_code(err, ERR_NOT_FOUND, "rollout %.200s: begins both %.300s and %.300s; give more of it",
						  name, found->id, r->id);
			found = r;
		}
	}
	if (found == NULL)
		return not_found(s, name, err);
	*out = found;
	return 0;
}

/* The session's rows, and what Prometheus was asked about this canary up to a quarter of an hour after the end: the last repairing poll
 * comes after two minutes. */
static int load_samples(const struct session *s, const struct rollout *rollout, int64_t history, int64_t at, struct evidence *out,
			struct arena *arena, struct error *err)
{
	struct store_query query = { .source = SOURCE_PROMETHEUS, .from = rollout->started_at - history, .to = INSTANT_NONE };

	*out = s->evidence;
	out->rows = arena_alloc(arena, s->evidence.n * sizeof *out->rows);
	query.subject = arena_printf(arena, "Canary %s/%s", rollout->namespace_, rollout->canary);
	if (out->rows == NULL || query.subject == NULL)
		return error_nomem(err);
	if (s->evidence.n > 0)
		memcpy(out->rows, s->evidence.rows, s->evidence.n * sizeof *out->rows);
	out->cap = out->n;
	if (rollout->ended_at != INSTANT_NONE)
		query.to = rollout->ended_at + 900 * NS_PER_S;
	if (at != INSTANT_NONE && (query.to == INSTANT_NONE || query.to > at))
		query.to = at;
	if (load(s, out, arena, &query, err) < 0)
		return -1;
	sort_rows(out);
	return 0;
}

/* The last criteria row before the start (or the first after it, where the collector was started late). */
static const struct observation *criteria_row(const struct session *s, const struct rollout *rollout)
{
	const struct observation *found = NULL;

	for (size_t i = 0; i < s->evidence.n; i++) {
		const struct observation *row = &s->evidence.rows[i];

		if (row->source != SOURCE_COLLECTOR || strcmp(row->kind, "criteria") != 0 || row->body == NULL)
			continue;
		if (row->received_at > rollout->started_at && found != NULL)
			break;
		found = row;
	}
	return found;
}

static int choose_criteria(const struct session *s, const struct cli *cli, const struct rollout *rollout, struct criteria *out,
			   struct arena *arena, struct error *err)
{
	const struct observation *row = criteria_row(s, rollout);
	char *bytes = NULL;
	size_t len = 0;
	int rc;

	if (cli->criteria_file == NULL)
		return criteria_parse(out, row == NULL ? NULL : row->body, row == NULL ? 0 : row->body_len,
				      "criteria in force at the start", rollout->namespace_, rollout->canary, arena, err);
	if (cli_read_file(&bytes, &len, cli->criteria_file, CRITERIA_FILE_MAX, err) < 0)
		return -1;
	rc = criteria_parse(out, bytes, len, cli->criteria_file, rollout->namespace_, rollout->canary, arena, err);
	free(bytes);
	return rc;
}

int session_assess(struct session *s, const struct cli *cli, const struct rollout *rollout, struct assessment *out, struct arena *arena,
		   struct error *err)
{
	struct criteria *criteria = arena_alloc(arena, sizeof *criteria);
	struct evidence *evidence = arena_alloc(arena, sizeof *evidence);
	struct assess_options options = { .at = cli->at, .other_criteria = cli->criteria_file != NULL, .all = &s->rollouts };

	if (criteria == NULL || evidence == NULL)
		return error_nomem(err);
	if (choose_criteria(s, cli, rollout, criteria, arena, err) < 0 ||
	    load_samples(s, rollout, criteria->history + 300 * NS_PER_S, cli->at, evidence, arena, err) < 0)
		return -1;
	s->judged = evidence;
	return assess(out, evidence, rollout, criteria, &options, arena, err);
}
