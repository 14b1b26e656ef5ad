#include "decisions.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "evidence-json.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/ruling.h"
#include "gonogo/store.h"

/* A record is a page of text; escapes can make six bytes of one. */
#define BODY_MAX ((size_t)256 * 1024)
/* evidence.json of the largest package. */
#define PACKAGE_MAX ((size_t)256 * 1024 * 1024)
/* Another person's command holds the log for milliseconds. */
#define BUSY_TRIES 50
#define BUSY_WAIT_NS (100 * NS_PER_MS)
#define ACCOUNT_MAX 64

void author_init(struct author *author)
{
	*author = (struct author){ 0 };
	clock_real(&author->clock);
}

bool author_option(struct author *author, int c, const char *value, const char **text)
{
	switch (c) {
	case OPT_BY:
		author->by = value;
		return true;
	case OPT_ROLE:
		author->role = value;
		return true;
	case OPT_CLOCK:
		author->simulated = true;
		if (clock_parse(&author->clock, value, NULL) < 0)
			*text = "--clock takes START@RATE, such as 2025-06-12T14:00:04Z@1";
		return true;
	default:
		return false;
	}
}

/* ---- Where it is. */

int decisions_path(char out[static PATH_MAX], const struct cli *cli, struct error *err)
{
	char copy[PATH_MAX];
	int n;

	if (cli->decisions != NULL) {
		n = snprintf(out, PATH_MAX, "%s", cli->decisions);
	} else {
		if (strlen(cli->dbs[0]) >= sizeof copy)
			return error_set(err, "%.200s: path too long", cli->dbs[0]);
		memcpy(copy, cli->dbs[0], strlen(cli->dbs[0]) + 1);
		n = snprintf(out, PATH_MAX, "%s/decisions.db", dirname(copy));
	}
	return n < 0 || n >= PATH_MAX ? error_set(err, "%.200s: path too long", cli->dbs[0]) : 0;
}

static int origin_of(struct buf *out, const char *cluster, struct error *err)
{
	buf_printf(out, "gonogo/%s/decisions", cluster);
	return buf_check(out, "origin", err);
}

/* ---- Reading. */

struct loading {
	struct evidence *rows;
	struct arena *arena;
	int log;
};

static int keep(void *arg, const struct observation *row, struct error *err)
{
	struct loading *loading = arg;
	struct evidence *e = loading->rows;
	struct arena *arena = loading->arena;
	struct observation *kept = arena_grow(arena, e->rows, e->n, &e->cap, sizeof *kept);

	if (kept == NULL)
		return error_nomem(err);
	e->rows = kept;
	kept += e->n;
	*kept = *row;
	kept->log = loading->log;
	kept->boot_id = arena_strdup(arena, row->boot_id);
	kept->kind = arena_strdup(arena, row->kind);
	kept->subject = arena_strdup(arena, row->subject);
	kept->request = arena_strdup(arena, row->request);
	kept->marks = arena_strdup(arena, row->marks);
	kept->body = row->body == NULL ? NULL : arena_strndup(arena, row->body, row->body_len);
	if (kept->boot_id == NULL || kept->kind == NULL || kept->subject == NULL || kept->request == NULL || kept->marks == NULL ||
	    (row->body != NULL && kept->body == NULL))
		return error_nomem(err);
	e->n++;
	return 0;
}

int decisions_read(struct evidence *out, const char *path, bool still, const char *origin, int log, struct arena *arena, struct error *err)
{
	struct store_query query = { .source = SOURCE_HUMAN, .from = INSTANT_NONE, .to = INSTANT_NONE };
	struct loading loading = { out, arena, log };
	struct store *store = NULL;
	int rc = -1;

	if (store_open(&store, path, still ? STORE_READ_STILL : STORE_READ, NULL, err) < 0)
		return -1;
	if (store_wal_missing(store))
		fprintf(stderr, "gonogo: warning: %s was copied without its -wal file: its newest rows may be missing\n", path);
	if (strcmp(store_origin(store), origin) != 0)
		error_code(err, ERR_USAGE, "%s: is the log of %.200s, not of %.200s: name the right one", path, store_origin(store),
			   origin);
	else
		rc = store_each(store, &query, keep, &loading, err);
	store_close(store);
	return rc;
}

int decisions_verify(const char *path, bool still, struct error *err)
{
	struct store_summary summary;
	struct store *store = NULL;
	int rc = store_open(&store, path, still ? STORE_READ_STILL : STORE_READ, NULL, err);

	if (rc == 0)
		rc = store_verify(store, &summary, err);
	store_close(store);
	return rc < 0 ? error_wrap(err, "the records do not verify, nothing is graded") : 0;
}

int decisions_load(struct session *s, const struct cli *cli, struct error *err)
{
	char path[PATH_MAX];
	struct buf origin;
	int rc = -1;

	buf_init(&origin, 4096);
	if (decisions_path(path, cli, err) < 0 || origin_of(&origin, s->evidence.cluster, err) < 0)
		goto out;
	s->has_decisions = access(path, F_OK) == 0;
	if ((s->has_decisions || (cli->decisions != NULL && !cli->recording)) &&
	    decisions_read(&s->human, path, cli->still, origin.data, HUMAN_LOG, s->arena, err) < 0) {
		/* Another person's first record is just making the file. */
		if (err->code != ERR_NOT_FOUND || !cli->recording)
			goto out;
	}
	rc = records_read(&s->records, &s->human, s->arena, err);
	if (rc < 0)
		error_wrap(err, "%s", path);
out:
	buf_free(&origin);
	return rc;
}

/* ---- Writing. */

static void account_of(char out[static ACCOUNT_MAX])
{
	const struct passwd *user = getpwuid(getuid());

	if (user != NULL)
		(void)snprintf(out, ACCOUNT_MAX, "%s", user->pw_name);
	else
		(void)snprintf(out, ACCOUNT_MAX, "uid %u", (unsigned)getuid());
}

static int open_writer(struct store **out, const char *path, const char *origin, struct error *err)
{
	for (int i = 0; i < BUSY_TRIES; i++) {
		if (store_open(out, path, STORE_WRITE, origin, err) == 0)
			return 0;
		if (err->code != ERR_BUSY)
			return -1;
		(void)nanosleep(&(struct timespec){ .tv_nsec = BUSY_WAIT_NS }, NULL);
	}
	return -1;
}

static int append(struct store *store, const struct author *author, struct record *record, const struct buf *subject,
		  const struct buf *body, struct error *err)
{
	struct observation row = { .received_at = clock_now(&author->clock),
				   .boottime_ns = clock_boottime(&author->clock),
				   .boot_id = author->clock.boot_id,
				   .source = SOURCE_HUMAN,
				   .kind = record_kind_name(record->kind),
				   .subject = subject->data,
				   .request = "",
				   .marks = author->simulated ? "simulated" : "",
				   .body = body->data,
				   .body_len = body->len,
				   .log = HUMAN_LOG };

	if (store_begin(store, err) < 0)
		return -1;
	if (store_append(store, &row, err) < 0 || store_commit(store, err) < 0) {
		store_rollback(store);
		return -1;
	}
	record->at = row.received_at;
	record->id = evidence_id_of(&row);
	return 0;
}

int decisions_append_to(const char *path, const char *origin, const struct author *author, struct record *record, struct error *err)
{
	char account[ACCOUNT_MAX];
	struct buf body, subject;
	struct store *store = NULL;
	int rc = -1;

	buf_init(&body, BODY_MAX);
	buf_init(&subject, 4096);
	account_of(account);
	record->by = author->by;
	record->role = author->role;
	record->account = account;
	record->version = GONOGO_VERSION;
	if (record_write(&body, record, err) < 0 || record_subject(&subject, record, err) < 0 || open_writer(&store, path, origin, err) < 0)
		goto out;
	rc = append(store, author, record, &subject, &body, err);
out:
	store_close(store);
	record->account = NULL;
	buf_free(&body);
	buf_free(&subject);
	return rc;
}

int decisions_append(const struct cli *cli, const char *cluster, const struct author *author, struct record *record, struct error *err)
{
	char path[PATH_MAX];
	struct buf origin;
	int rc = -1;

	buf_init(&origin, 4096);
	if (decisions_path(path, cli, err) == 0 && origin_of(&origin, cluster, err) == 0)
		rc = decisions_append_to(path, origin.data, author, record, err);
	buf_free(&origin);
	return rc;
}

int decisions_say(const struct cli *cli, const struct record *record, const char *what, struct error *err)
{
	struct json_writer w;
	struct buf out, id;
	int rc = -1;

	buf_init(&out, 65536);
	buf_init(&id, 64);
	evidence_id_print(&id, record->id);
	if (cli->json) {
		json_writer_init(&w, &out, 0);
		json_begin_object(&w, NULL);
		json_put_string(&w, "id", id.data);
		json_put_string(&w, "kind", record_kind_name(record->kind));
		json_put_instant(&w, "at", record->at);
		json_put_string(&w, "text", what);
		json_end_object(&w);
		buf_putc(&out, '\n');
	} else {
		buf_printf(&out, "%s: %s\n", id.data == NULL ? "" : id.data, what);
	}
	if (buf_check(&id, "id", err) < 0 || buf_check(&out, "answer", err) < 0)
		goto out;
	rc = cli_write(out.data, out.len, err);
out:
	buf_free(&out);
	buf_free(&id);
	return rc;
}

/* ---- Ruling. */

static int package_digest(char hex[static DIGEST_HEX_SIZE], const struct assessment *a, struct error *err)
{
	uint8_t digest[DIGEST_SIZE];
	struct buf json;
	int rc = -1;

	buf_init(&json, PACKAGE_MAX);
	if (evidence_json_write(&json, a, err) == 0 && digest_bytes(digest, json.data, json.len, err) == 0) {
		(void)digest_hex(hex, digest);
		rc = 0;
	}
	buf_free(&json);
	return rc;
}

int decisions_rule(struct session *s, struct assessment *assessment, int64_t now, struct arena *arena, struct error *err)
{
	struct ruling *ruling = arena_alloc(arena, sizeof *ruling);
	char hex[DIGEST_HEX_SIZE];

	if (ruling == NULL)
		return error_nomem(err);
	if (package_digest(hex, assessment, err) < 0 || ruling_make(ruling, assessment, &s->records, hex, now, arena, err) < 0)
		return -1;
	ruling->recorded = s->has_decisions;
	return assess_records(assessment, ruling, arena, err);
}
