/* The one place that knows SQL. */
#include "gonogo/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <sqlite3.h>
#include <zlib.h>

#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/schema.h"

/* "gngo": tells our files from others' (PRAGMA application_id). */
#define APPLICATION_ID 0x676e676f
#define SCHEMA_VERSION 1

/* Setting zlib up costs as much as storing some kilobytes; an event is below one. */
#define COMPRESS_MIN 4096

/* How long another process' lock (a backup) is waited for. The collector's one thread waits here with posts in hand, which
   Flagger gives up after 5 s (webhook.go before 1.42); a reader has nobody waiting. */
#define WRITER_BUSY_MS 1000
#define READER_BUSY_MS 5000

/* Room for the text columns of a row beside its body. */
#define TEXT_COLUMN_MAX (1024 * 1024)

enum statement { APPEND, BODY, SEEN, MARK, LAST, STATEMENTS };

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct digest *digest;
	char *path;
	char *origin;
	int lock_fd;
	bool writer;
	bool wal_missing;
	bool still;
	bool made_shm;
	bool exporting;
	char *export_of;
	sqlite3_stmt *omit;
	int64_t last_seq;
	uint8_t chain[DIGEST_SIZE];
	/* As of the last commit, for store_rollback. */
	int64_t committed_seq;
	uint8_t committed_chain[DIGEST_SIZE];
};

static const char *const sql[STATEMENTS] = {
	[APPEND] = "INSERT INTO observation VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[BODY] = "INSERT INTO body VALUES (?1, ?2, ?3, ?4) ON CONFLICT (sha256) DO NOTHING",
	[SEEN] = "SELECT 1 FROM seen WHERE uid = ?1 AND resource_version = ?2",
	[MARK] = "INSERT INTO seen VALUES (?1, ?2) ON CONFLICT DO NOTHING",
	[LAST] = "SELECT seq, chain_sha256 FROM observation ORDER BY seq DESC LIMIT 1",
};

static int sqlite_error(const struct store *store, const char *what, struct error *err)
{
	int code = sqlite3_errcode(store->db);
	enum error_code kind = ERR_FAILED;

	if (code == SQLITE_FULL)
		kind = ERR_FULL;
	else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		kind = ERR_BUSY;
	else if (code == SQLITE_NOMEM)
		kind = ERR_NOMEM;
	else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		kind = ERR_TAMPERED;
	return error_code(err, kind, "%s: %s: %s", store->path, what, sqlite3_errmsg(store->db));
}

static int exec(struct store *store, const char *text, const char *what, struct error *err)
{
	return sqlite3_exec(store->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_error(store, what, err);
}

/* ---- Opening. */

/* WAL needs shared memory between processes, which network file systems do not give. Magic numbers: statfs(2). */
static int refuse_network(const char *directory, struct error *err)
{
	static const struct {
		unsigned long magic;
		const char *name;
	} networks[] = { { 0x6969, "NFS" },    { 0xFF534D42, "CIFS" }, { 0xFE534D42, "SMB2" }, { 0x517B, "SMB" },
			 { 0x01021997, "9P" }, { 0x00c36400, "Ceph" }, { 0x5346414F, "AFS" },  { 0x0BD00BD0, "Lustre" } };
	struct statfs fs;

	if (statfs(directory, &fs) < 0)
		return error_code(err, ERR_NOT_FOUND, "%s: %s", directory, strerror(errno));
	for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
		if ((unsigned long)fs.f_type == networks[i].magic)
			return error_set(err, "%s: is on %s; SQLite's WAL needs a local disk: put the database on one", directory,
					 networks[i].name);
	return 0;
}

static void directory_of(char out[static PATH_MAX], const char *path)
{
	char copy[PATH_MAX];

	(void)snprintf(copy, sizeof copy, "%s", path);
	(void)snprintf(out, PATH_MAX, "%s", dirname(copy));
}

/* flock on PATH.lock, which holds the pid for whoever meets it. */
static int lock_file(struct store *store, struct error *err)
{
	char name[PATH_MAX], pid[32] = "";
	ssize_t n;

	if ((size_t)snprintf(name, sizeof name, "%s.lock", store->path) >= sizeof name)
		return error_set(err, "%.200s: path too long", store->path);
	store->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (store->lock_fd < 0)
		return error_set(err, "%s: %s", name, strerror(errno));
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		n = pread(store->lock_fd, pid, sizeof pid - 1, 0);
		pid[n > 0 ? n : 0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		return error_code(err, ERR_BUSY, "%s: another process (pid %s) writes to it; one writer a log", store->path,
				  pid[0] ? pid : "unknown");
	}
	n = (ssize_t)snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(store->lock_fd, 0) < 0 || pwrite(store->lock_fd, pid, (size_t)n, 0) != n)
		return error_set(err, "%s: %s", name, strerror(errno));
	return 0;
}

static int pragma_int(struct store *store, const char *name, int64_t *out, struct error *err)
{
	sqlite3_stmt *s = NULL;
	char text[64];
	int rc = -1;

	(void)snprintf(text, sizeof text, "PRAGMA %s", name);
	if (sqlite3_prepare_v2(store->db, text, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
		*out = sqlite3_column_int64(s, 0);
		rc = 0;
	}
	sqlite3_finalize(s);
	return rc == 0 ? 0 : sqlite_error(store, name, err);
}

/* 1 if the file is ours, 0 if it is empty and new, -1 if it is neither. */
static int check_version(struct store *store, struct error *err)
{
	int64_t id, version, objects;

	if (pragma_int(store, "application_id", &id, err) < 0 || pragma_int(store, "user_version", &version, err) < 0 ||
	    pragma_int(store, "schema_version", &objects, err) < 0)
		return -1;
	if (id == 0 && version == 0 && objects == 0)
		return 0;
	if (id != APPLICATION_ID)
		return error_code(err, ERR_VERSION, "%s: is a database, but not gonogo's", store->path);
	if (version > SCHEMA_VERSION)
		return error_code(err, ERR_VERSION, "%s: has schema %" PRId64 ", this program knows up to %d: use a newer gonogo",
				  store->path, version, SCHEMA_VERSION);
	if (version < SCHEMA_VERSION)
		return error_code(err, ERR_VERSION, "%s: has schema %" PRId64 ", which no release wrote", store->path, version);
	return 1;
}

static int read_meta(struct store *store, const char *key, char **out, struct error *err)
{
	sqlite3_stmt *s = NULL;
	int rc = -1;

	*out = NULL;
	if (sqlite3_prepare_v2(store->db, "SELECT value FROM meta WHERE key = ?1", -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC) != SQLITE_OK)
		goto out;
	if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_type(s, 0) == SQLITE_TEXT && sqlite3_column_bytes(s, 0) < 1024) {
		*out = strdup((const char *)sqlite3_column_text(s, 0));
		if (*out == NULL) {
			sqlite3_finalize(s);
			return error_nomem(err);
		}
	}
	rc = 0;
out:
	sqlite3_finalize(s);
	return rc == 0 ? 0 : sqlite_error(store, "meta", err);
}

static int write_meta(struct store *store, const char *key, const char *value, struct error *err)
{
	sqlite3_stmt *s = NULL;
	int rc = SQLITE_ERROR;

	if (sqlite3_prepare_v2(store->db, "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", -1, &s,
			       NULL) == SQLITE_OK &&
	    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_bind_text(s, 2, value, -1, SQLITE_STATIC) == SQLITE_OK)
		rc = sqlite3_step(s);
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? 0 : sqlite_error(store, "meta", err);
}

static int sync_directory(const char *path, struct error *err)
{
	char directory[PATH_MAX];
	int fd, rc;

	directory_of(directory, path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, "%s: %s", directory, strerror(errno));
	rc = fsync(fd);
	close(fd);
	return rc == 0 ? 0 : error_set(err, "%s: fsync: %s", directory, strerror(errno));
}

static int create_schema(struct store *store, const char *origin, struct error *err)
{
	const struct schema_file *schema = schema_file("evidence.sql");
	char pragmas[96];

	if (origin == NULL)
		return error_code(err, ERR_NOT_FOUND, "%s: holds no evidence log", store->path);
	(void)snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, SCHEMA_VERSION);
	if (exec(store, "BEGIN IMMEDIATE", "begin", err) < 0 || exec(store, schema->text, "schema", err) < 0 ||
	    exec(store, pragmas, "schema version", err) < 0 || write_meta(store, "origin", origin, err) < 0 ||
	    exec(store, "COMMIT", "commit", err) < 0)
		return -1;
	return sync_directory(store->path, err);
}

static int first_chain(const struct store *store, uint8_t out[static DIGEST_SIZE], struct error *err)
{
	return digest_bytes(out, store->origin, strlen(store->origin), err);
}

/* Where the chain goes on. */
static int load_tail(struct store *store, struct error *err)
{
	sqlite3_stmt *s = NULL;
	int rc;

	store->last_seq = 0;
	if (first_chain(store, store->chain, err) < 0)
		return -1;
	if (sqlite3_prepare_v2(store->db, sql[LAST], -1, &s, NULL) != SQLITE_OK)
		return sqlite_error(store, "last row", err);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		store->last_seq = sqlite3_column_int64(s, 0);
		if (sqlite3_column_bytes(s, 1) == DIGEST_SIZE)
			memcpy(store->chain, sqlite3_column_blob(s, 1), DIGEST_SIZE);
	}
	sqlite3_finalize(s);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return sqlite_error(store, "last row", err);
	store->committed_seq = store->last_seq;
	memcpy(store->committed_chain, store->chain, DIGEST_SIZE);
	return 0;
}

static int prepare_all(struct store *store, struct error *err)
{
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(store->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL) != SQLITE_OK)
			return sqlite_error(store, "prepare", err);
	return 0;
}

static int open_writer(struct store *store, const char *origin, struct error *err)
{
	char directory[PATH_MAX];
	int ours;

	directory_of(directory, store->path);
	if (refuse_network(directory, err) < 0 || lock_file(store, err) < 0)
		return -1;
	if (sqlite3_open_v2(store->path, &store->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return sqlite_error(store, "open", err);
	sqlite3_busy_timeout(store->db, WRITER_BUSY_MS);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	ours = check_version(store, err);
	if (ours < 0)
		return -1;
	/* FULL: NORMAL can lose the last commits on power loss, and they were acknowledged. Checkpoints run when idle (store_checkpoint). */
	if (exec(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON",
		 "open", err) < 0)
		return -1;
	if (ours == 0 && create_schema(store, origin, err) < 0)
		return -1;
	if (read_meta(store, "origin", &store->origin, err) < 0)
		return -1;
	if (store->origin == NULL)
		return error_code(err, ERR_TAMPERED, "%s: names no origin", store->path);
	if (origin != NULL && strcmp(origin, store->origin) != 0)
		return error_set(err, "%s: is the log of %.200s, not of %.200s: one log a cluster", store->path, store->origin, origin);
	return load_tail(store, err) < 0 || prepare_all(store, err) < 0 ? -1 : 0;
}

/* Bytes 18 and 19 of the header: 2 means WAL (SQLite's file format, section 1.3.3). */
static bool header_says_wal(const char *path)
{
	unsigned char header[20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool wal = false;

	if (fd >= 0) {
		wal = read(fd, header, sizeof header) == (ssize_t)sizeof header && header[18] == 2;
		close(fd);
	}
	return wal;
}

static bool has_beside(const char *path, const char *end)
{
	char name[PATH_MAX];
	struct stat st;

	return (size_t)snprintf(name, sizeof name, "%s%s", path, end) < sizeof name && stat(name, &st) == 0;
}

/* mode=ro where SQLite may make its shared memory file, immutable where it may not. */
static int open_connection(struct store *store, bool immutable, struct error *err)
{
	struct buf uri;
	int rc;

	buf_init(&uri, 4 * PATH_MAX);
	buf_puts(&uri, "file:");
	for (const char *p = store->path; *p != '\0'; p++) {
		if (strchr("?#%", *p) != NULL)
			buf_printf(&uri, "%%%02X", (unsigned char)*p);
		else
			buf_putc(&uri, *p);
	}
	buf_puts(&uri, immutable ? "?mode=ro&immutable=1" : "?mode=ro");
	if (buf_check(&uri, "path", err) < 0) {
		buf_free(&uri);
		return -1;
	}
	sqlite3_close_v2(store->db);
	store->db = NULL;
	rc = sqlite3_open_v2(uri.data, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	buf_free(&uri);
	if (rc != SQLITE_OK)
		return sqlite_error(store, "open", err);
	sqlite3_busy_timeout(store->db, READER_BUSY_MS);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, (int)STORE_BODY_MAX + TEXT_COLUMN_MAX);
	sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
	return 0;
}

/* A file in WAL mode without its -wal is whole only if the writer closed it cleanly behind its last row. */
static int judge_wal(struct store *store, struct error *err)
{
	char *clean = NULL;

	if (read_meta(store, "clean_seq", &clean, err) < 0)
		return -1;
	store->wal_missing = clean == NULL || strtoll(clean, NULL, 10) != store->last_seq;
	free(clean);
	return 0;
}

static int open_reader(struct store *store, struct error *err)
{
	bool alone, immutable;
	struct stat st;
	int ours;

	if (stat(store->path, &st) < 0)
		return error_code(err, ERR_NOT_FOUND, "%s: %s", store->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_code(err, ERR_NOT_FOUND, "%s: is no file", store->path);
	/* Before opening: SQLite may make an empty -wal by itself. */
	alone = header_says_wal(store->path) && !has_beside(store->path, "-wal");
	immutable = alone && store->still;
	store->made_shm = store->still && !has_beside(store->path, "-shm");
	if (open_connection(store, immutable, err) < 0)
		return -1;
	ours = check_version(store, NULL);
	if (ours < 0 && sqlite3_errcode(store->db) == SQLITE_CANTOPEN) {
		immutable = true;
		if (open_connection(store, true, err) < 0)
			return -1;
	}
	ours = check_version(store, err);
	if (ours < 0)
		return -1;
	if (ours == 0)
		return error_code(err, ERR_NOT_FOUND, "%s: holds no evidence log", store->path);
	if (read_meta(store, "origin", &store->origin, err) < 0)
		return -1;
	if (store->origin == NULL)
		return error_code(err, ERR_TAMPERED, "%s: names no origin", store->path);
	if (load_tail(store, err) < 0 || read_meta(store, "export", &store->export_of, err) < 0)
		return -1;
	/* An immutable file is read without its -wal. */
	return alone || (immutable && header_says_wal(store->path)) ? judge_wal(store, err) : 0;
}

int store_open(struct store **out, const char *path, enum store_mode mode, const char *origin, struct error *err)
{
	struct store *store = calloc(1, sizeof *store);

	*out = NULL;
	if (store == NULL)
		return error_nomem(err);
	store->lock_fd = -1;
	store->writer = mode == STORE_WRITE;
	store->still = mode == STORE_READ_STILL;
	store->path = strdup(path);
	store->digest = digest_new(err);
	if (store->path == NULL || store->digest == NULL) {
		store_close(store);
		return error_nomem(err);
	}
	if ((store->writer ? open_writer(store, origin, err) : open_reader(store, err)) < 0) {
		store->last_seq = -1;
		store_close(store);
		return -1;
	}
	*out = store;
	return 0;
}

/* What a reader of a copy without -wal goes by; then everything into the file. */
static void close_cleanly(struct store *store)
{
	char seq[24];

	(void)snprintf(seq, sizeof seq, "%" PRId64, store->last_seq);
	if (write_meta(store, "clean_seq", seq, NULL) == 0)
		(void)sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	/* One file to hand on: readers must not put others beside it. */
	if (store->exporting)
		(void)exec(store, "PRAGMA journal_mode = DELETE", "export", NULL);
}

static void remove_beside(const struct store *store, const char *end)
{
	char name[PATH_MAX];

	if ((size_t)snprintf(name, sizeof name, "%s%s", store->path, end) < sizeof name)
		(void)unlink(name);
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	if (store->writer && store->db != NULL && store->last_seq >= 0) {
		store_rollback(store);
		close_cleanly(store);
	}
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_finalize(store->omit);
	sqlite3_close_v2(store->db);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	/* An export is written once: nobody will lock it again. */
	if (store->exporting)
		remove_beside(store, ".lock");
	/* SQLite's index of a -wal, which a reader makes and never removes. */
	if (store->made_shm)
		remove_beside(store, "-shm");
	digest_free(store->digest);
	free(store->export_of);
	free(store->origin);
	free(store->path);
	free(store);
}

const char *store_origin(const struct store *store)
{
	return store->origin;
}

bool store_wal_missing(const struct store *store)
{
	return store->wal_missing;
}

/* ---- Writing. */

int store_begin(struct store *store, struct error *err)
{
	return exec(store, "BEGIN IMMEDIATE", "begin", err);
}

int store_commit(struct store *store, struct error *err)
{
	if (exec(store, "COMMIT", "commit", err) < 0) {
		store_rollback(store);
		return -1;
	}
	store->committed_seq = store->last_seq;
	memcpy(store->committed_chain, store->chain, DIGEST_SIZE);
	return 0;
}

void store_rollback(struct store *store)
{
	/* After SQLITE_FULL SQLite has rolled back by itself. */
	if (sqlite3_get_autocommit(store->db) == 0)
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->last_seq = store->committed_seq;
	memcpy(store->chain, store->committed_chain, DIGEST_SIZE);
}

static void add_int(struct digest *d, int64_t value)
{
	uint8_t bytes[8];

	for (int i = 7; i >= 0; i--) {
		bytes[i] = (uint8_t)value;
		value = (int64_t)((uint64_t)value >> 8);
	}
	digest_update(d, bytes, sizeof bytes);
}

static void add_bytes(struct digest *d, const void *bytes, size_t len)
{
	uint8_t length[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len };

	digest_update(d, length, sizeof length);
	digest_update(d, bytes, len);
}

static void add_text(struct digest *d, const char *text)
{
	add_bytes(d, text, strlen(text));
}

/* With the digest fetched once: an implicit fetch a call costs as much as hashing a row. */
static int hash_of(struct digest *d, uint8_t out[static DIGEST_SIZE], const void *bytes, size_t len, struct error *err)
{
	if (digest_reset(d, err) < 0)
		return -1;
	digest_update(d, bytes, len);
	return digest_final(d, out, err);
}

/* schema/evidence.sql has the layout. */
static int leaf_of(struct digest *d, uint8_t out[static DIGEST_SIZE], const char *origin, const struct observation *row, struct error *err)
{
	uint8_t request[DIGEST_SIZE], zero = 0;

	if (hash_of(d, request, row->request, strlen(row->request), err) < 0 || digest_reset(d, err) < 0)
		return -1;
	digest_update(d, &zero, 1);
	add_text(d, "gonogo/leaf/v1");
	add_text(d, origin);
	add_int(d, row->seq);
	add_int(d, row->received_at);
	add_int(d, row->boottime_ns);
	add_text(d, row->boot_id);
	add_text(d, source_name(row->source));
	add_text(d, row->kind);
	add_text(d, row->subject);
	add_bytes(d, request, DIGEST_SIZE);
	add_text(d, row->marks);
	add_bytes(d, row->body_sha256, DIGEST_SIZE);
	return digest_final(d, out, err);
}

static int chain_of(struct digest *d, uint8_t out[static DIGEST_SIZE], const uint8_t before[static DIGEST_SIZE],
		    const uint8_t leaf[static DIGEST_SIZE], struct error *err)
{
	if (digest_reset(d, err) < 0)
		return -1;
	digest_update(d, before, DIGEST_SIZE);
	digest_update(d, leaf, DIGEST_SIZE);
	return digest_final(d, out, err);
}

static int step_once(struct store *store, sqlite3_stmt *s, const char *what, struct error *err)
{
	int rc = sqlite3_step(s);
	int failed = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : sqlite_error(store, what, err);

	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return failed;
}

static int append_body(struct store *store, const struct observation *row, struct error *err)
{
	sqlite3_stmt *s = store->statements[BODY];
	const void *bytes = row->body != NULL ? row->body : "";
	const char *encoding = "identity";
	uLongf packed_len = compressBound((uLong)row->body_len);
	size_t len = row->body_len;
	Bytef *packed = NULL;
	int rc;

	if (len >= COMPRESS_MIN) {
		packed = malloc(packed_len);
		if (packed == NULL)
			return error_nomem(err);
		if (compress2(packed, &packed_len, (const Bytef *)bytes, (uLong)len, 3) == Z_OK && packed_len < len) {
			bytes = packed;
			encoding = "zlib";
			len = packed_len;
		}
	}
	sqlite3_bind_blob(s, 1, row->body_sha256, DIGEST_SIZE, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)row->body_len);
	sqlite3_bind_text(s, 3, encoding, -1, SQLITE_STATIC);
	sqlite3_bind_blob64(s, 4, bytes, len, SQLITE_STATIC);
	rc = step_once(store, s, "append body", err);
	free(packed);
	return rc;
}

static int append_row(struct store *store, const struct observation *row, struct error *err)
{
	sqlite3_stmt *s = store->statements[APPEND];

	sqlite3_bind_int64(s, 1, row->seq);
	sqlite3_bind_int64(s, 2, row->received_at);
	sqlite3_bind_int64(s, 3, row->boottime_ns);
	sqlite3_bind_text(s, 4, row->boot_id, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, source_name(row->source), -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 6, row->kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 7, row->subject, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 8, row->request, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 9, row->marks, -1, SQLITE_STATIC);
	sqlite3_bind_blob(s, 10, row->body_sha256, DIGEST_SIZE, SQLITE_STATIC);
	sqlite3_bind_blob(s, 11, row->leaf_sha256, DIGEST_SIZE, SQLITE_STATIC);
	sqlite3_bind_blob(s, 12, row->chain_sha256, DIGEST_SIZE, SQLITE_STATIC);
	return step_once(store, s, "append", err);
}

int store_append(struct store *store, struct observation *row, struct error *err)
{
	if (row->body_len > STORE_BODY_MAX)
		return error_code(err, ERR_LIMIT, "%.200s: a body of %zu bytes is above the limit of %u", row->subject, row->body_len,
				  STORE_BODY_MAX);
	row->seq = store->last_seq + 1;
	if (hash_of(store->digest, row->body_sha256, row->body != NULL ? row->body : "", row->body_len, err) < 0 ||
	    leaf_of(store->digest, row->leaf_sha256, store->origin, row, err) < 0 ||
	    chain_of(store->digest, row->chain_sha256, store->chain, row->leaf_sha256, err) < 0)
		return -1;
	if (append_body(store, row, err) < 0 || append_row(store, row, err) < 0)
		return -1;
	store->last_seq = row->seq;
	memcpy(store->chain, row->chain_sha256, DIGEST_SIZE);
	return 0;
}

int store_checkpoint(struct store *store, struct error *err)
{
	int rc = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	return rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : sqlite_error(store, "checkpoint", err);
}

bool store_seen(struct store *store, const char *uid, const char *resource_version)
{
	sqlite3_stmt *s = store->statements[SEEN];
	bool seen;

	sqlite3_bind_text(s, 1, uid, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, resource_version, -1, SQLITE_STATIC);
	seen = sqlite3_step(s) == SQLITE_ROW;
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return seen;
}

int store_mark_seen(struct store *store, const char *uid, const char *resource_version, struct error *err)
{
	sqlite3_stmt *s = store->statements[MARK];

	sqlite3_bind_text(s, 1, uid, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, resource_version, -1, SQLITE_STATIC);
	return step_once(store, s, "mark seen", err);
}

/* ---- Reading. */

#define COLUMNS                                                                                                                            \
	"o.seq, o.received_at, o.boottime_ns, o.boot_id, o.source, o.kind, o.subject, o.request, o.marks, o.body_sha256, o.leaf_sha256, "  \
	"o.chain_sha256, b.size, b.encoding"

static void query_text(struct buf *out, const struct store_query *q)
{
	buf_printf(out, "SELECT " COLUMNS "%s FROM observation o LEFT JOIN body b ON b.sha256 = o.body_sha256 WHERE o.seq > ?1",
		   q->without_body ? "" : ", b.bytes");
	if (q->source >= 0)
		buf_puts(out, " AND o.source = ?2");
	if (q->subject != NULL)
		buf_puts(out, " AND o.subject = ?3");
	if (q->subject_prefix != NULL)
		buf_puts(out, " AND substr(o.subject, 1, length(?4)) = ?4");
	if (q->kind != NULL)
		buf_puts(out, " AND o.kind = ?5");
	if (q->from != INSTANT_NONE)
		buf_puts(out, " AND o.received_at >= ?6");
	if (q->to != INSTANT_NONE)
		buf_puts(out, " AND o.received_at <= ?7");
	buf_puts(out, q->newest_first ? " ORDER BY o.seq DESC" : " ORDER BY o.seq");
	if (q->limit > 0)
		buf_puts(out, " LIMIT ?8");
}

static void bind_query(sqlite3_stmt *s, const struct store_query *q)
{
	sqlite3_bind_int64(s, 1, q->after_seq);
	if (q->source >= 0)
		sqlite3_bind_text(s, 2, source_name((enum source)q->source), -1, SQLITE_STATIC);
	if (q->subject != NULL)
		sqlite3_bind_text(s, 3, q->subject, -1, SQLITE_STATIC);
	if (q->subject_prefix != NULL)
		sqlite3_bind_text(s, 4, q->subject_prefix, -1, SQLITE_STATIC);
	if (q->kind != NULL)
		sqlite3_bind_text(s, 5, q->kind, -1, SQLITE_STATIC);
	if (q->from != INSTANT_NONE)
		sqlite3_bind_int64(s, 6, q->from);
	if (q->to != INSTANT_NONE)
		sqlite3_bind_int64(s, 7, q->to);
	if (q->limit > 0)
		sqlite3_bind_int64(s, 8, (sqlite3_int64)q->limit);
}

static const char *text_column(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	/* A text with a NUL inside would compare and print as less than was digested. */
	return text != NULL && strlen(text) == (size_t)sqlite3_column_bytes(s, column) ? text : NULL;
}

static bool digest_column(sqlite3_stmt *s, int column, uint8_t out[static DIGEST_SIZE])
{
	if (sqlite3_column_type(s, column) != SQLITE_BLOB || sqlite3_column_bytes(s, column) != DIGEST_SIZE)
		return false;
	memcpy(out, sqlite3_column_blob(s, column), DIGEST_SIZE);
	return true;
}

static int bad_row(const struct store *store, int64_t seq, const char *what, struct error *err)
{
	return error_code(err, ERR_TAMPERED, "%s: row %" PRId64 ": %s", store->path, seq, what);
}

/* The body inflated into *owned (NUL-terminated) or borrowed from the row. */
static int read_body(const struct store *store, sqlite3_stmt *s, struct observation *row, char **owned, struct error *err)
{
	const char *encoding = (const char *)sqlite3_column_text(s, 13);
	const void *bytes = sqlite3_column_blob(s, 14);
	size_t len = (size_t)sqlite3_column_bytes(s, 14);
	uLongf size = (uLongf)row->body_len;

	*owned = malloc(row->body_len + 1);
	if (*owned == NULL)
		return error_nomem(err);
	if (encoding != NULL && strcmp(encoding, "zlib") == 0) {
		if (uncompress((Bytef *)*owned, &size, bytes, (uLong)len) != Z_OK || size != row->body_len)
			return bad_row(store, row->seq, "its body does not unpack to its size", err);
	} else if (len != row->body_len) {
		return bad_row(store, row->seq, "its body is not of its size", err);
	} else if (len > 0) {
		memcpy(*owned, bytes, len);
	}
	(*owned)[row->body_len] = '\0';
	row->body = *owned;
	return 0;
}

static int read_row(const struct store *store, sqlite3_stmt *s, bool without_body, struct observation *row, char **owned, struct error *err)
{
	const char *source;
	int64_t size;

	*owned = NULL;
	memset(row, 0, sizeof *row);
	row->seq = sqlite3_column_int64(s, 0);
	row->received_at = sqlite3_column_int64(s, 1);
	row->boottime_ns = sqlite3_column_int64(s, 2);
	row->boot_id = text_column(s, 3);
	source = text_column(s, 4);
	row->kind = text_column(s, 5);
	row->subject = text_column(s, 6);
	row->request = text_column(s, 7);
	row->marks = text_column(s, 8);
	if (source == NULL || source_parse(&row->source, source) < 0 || row->boot_id == NULL || row->kind == NULL || row->subject == NULL ||
	    row->request == NULL || row->marks == NULL)
		return bad_row(store, row->seq, "a column is not of its type", err);
	if (!digest_column(s, 9, row->body_sha256) || !digest_column(s, 10, row->leaf_sha256) || !digest_column(s, 11, row->chain_sha256))
		return bad_row(store, row->seq, "a digest is not of its size", err);
	if (sqlite3_column_type(s, 12) == SQLITE_NULL)
		return 0; /* retention dropped the body */
	size = sqlite3_column_int64(s, 12);
	if (size < 0 || size > (int64_t)STORE_BODY_MAX)
		return bad_row(store, row->seq, "its body is larger than any that is kept", err);
	row->body_len = (size_t)size;
	return without_body ? 0 : read_body(store, s, row, owned, err);
}

int store_each(struct store *store, const struct store_query *query,
	       int (*each)(void *arg, const struct observation *row, struct error *err), void *arg, struct error *err)
{
	sqlite3_stmt *s = NULL;
	struct observation row;
	struct buf text;
	int step = SQLITE_DONE, rc = -1;

	buf_init(&text, 4096);
	query_text(&text, query);
	if (sqlite3_prepare_v2(store->db, text.data, -1, &s, NULL) != SQLITE_OK) {
		sqlite_error(store, "read", err);
		goto out;
	}
	bind_query(s, query);
	while ((step = sqlite3_step(s)) == SQLITE_ROW) {
		char *owned;
		int stop = read_row(store, s, query->without_body, &row, &owned, err);

		if (stop == 0)
			stop = each(arg, &row, err);
		free(owned);
		if (stop > 0)
			step = SQLITE_DONE;
		if (stop < 0)
			goto out;
		if (stop > 0)
			break;
	}
	if (step != SQLITE_DONE) {
		sqlite_error(store, "read", err);
		goto out;
	}
	rc = 0;
out:
	sqlite3_finalize(s);
	buf_free(&text);
	return rc;
}

struct verifying {
	struct store *store;
	struct store_summary *summary;
	uint8_t chain[DIGEST_SIZE];
	int64_t next; /* seq */
	sqlite3_stmt *omitted; /* of an export */
};

/* The chain goes on over rows that an export left out: by their leaf digests. */
static int verify_omitted(struct verifying *v, int64_t until, struct error *err)
{
	for (; v->next < until; v->next++) {
		bool there;

		if (v->omitted == NULL)
			return bad_row(v->store, v->next, "is missing", err);
		sqlite3_bind_int64(v->omitted, 1, v->next);
		there = sqlite3_step(v->omitted) == SQLITE_ROW && sqlite3_column_bytes(v->omitted, 0) == DIGEST_SIZE;
		if (there && chain_of(v->store->digest, v->chain, v->chain, sqlite3_column_blob(v->omitted, 0), err) < 0)
			return -1;
		sqlite3_reset(v->omitted);
		if (!there)
			return bad_row(v->store, v->next, "is missing", err);
		v->summary->omitted++;
	}
	return 0;
}

static int verify_row(void *arg, const struct observation *row, struct error *err)
{
	struct verifying *v = arg;
	struct digest *d = v->store->digest;
	uint8_t digest[DIGEST_SIZE];

	if (verify_omitted(v, row->seq, err) < 0)
		return -1;
	v->next++;
	if (row->body != NULL) {
		if (hash_of(d, digest, row->body, row->body_len, err) < 0)
			return -1;
		if (memcmp(digest, row->body_sha256, DIGEST_SIZE) != 0)
			return bad_row(v->store, row->seq, "its body is not the one that was received", err);
	}
	if (leaf_of(d, digest, v->store->origin, row, err) < 0)
		return -1;
	if (memcmp(digest, row->leaf_sha256, DIGEST_SIZE) != 0)
		return bad_row(v->store, row->seq, "a column was changed", err);
	if (chain_of(d, v->chain, v->chain, row->leaf_sha256, err) < 0)
		return -1;
	if (memcmp(v->chain, row->chain_sha256, DIGEST_SIZE) != 0)
		return bad_row(v->store, row->seq, "does not follow the row before it", err);
	if (v->summary->rows == 0)
		v->summary->first_at = row->received_at;
	v->summary->last_at = row->received_at;
	v->summary->rows++;
	return 0;
}

int store_verify(struct store *store, struct store_summary *out, struct error *err)
{
	const struct store_query all = { .source = -1, .from = INSTANT_NONE, .to = INSTANT_NONE };
	struct verifying v = { .store = store, .summary = out, .next = 1 };
	int rc = -1;

	memset(out, 0, sizeof *out);
	if (store->export_of != NULL &&
	    sqlite3_prepare_v2(store->db, "SELECT leaf_sha256 FROM omitted WHERE seq = ?1", -1, &v.omitted, NULL) != SQLITE_OK) {
		sqlite_error(store, "omitted rows", err);
		goto out;
	}
	if (first_chain(store, v.chain, err) < 0 || store_each(store, &all, verify_row, &v, err) < 0)
		goto out;
	memcpy(out->head, v.chain, DIGEST_SIZE);
	rc = 0;
out:
	sqlite3_finalize(v.omitted);
	return rc;
}

/* ---- Exporting. */

const char *store_export_of(const struct store *store)
{
	return store->export_of;
}

int store_export_begin(struct store **out, const char *path, const struct store *from, const char *rollout, struct error *err)
{
	struct store *to = NULL;

	*out = NULL;
	if (access(path, F_OK) == 0)
		return error_code(err, ERR_BUSY, "%s: exists; an export makes a new file", path);
	if (store_open(&to, path, STORE_WRITE, from->origin, err) < 0)
		return -1;
	to->exporting = true;
	if (exec(to, "CREATE TABLE omitted (seq INTEGER PRIMARY KEY, leaf_sha256 BLOB NOT NULL CHECK (length(leaf_sha256) = 32)) STRICT",
		 "export", err) < 0 ||
	    write_meta(to, "export", rollout, err) < 0 || store_begin(to, err) < 0) {
		store_close(to);
		return -1;
	}
	if (sqlite3_prepare_v2(to->db, "INSERT INTO omitted VALUES (?1, ?2)", -1, &to->omit, NULL) != SQLITE_OK) {
		sqlite_error(to, "export", err);
		store_close(to);
		return -1;
	}
	*out = to;
	return 0;
}

int store_export_row(struct store *to, const struct observation *row, struct error *err)
{
	if (append_body(to, row, err) < 0 || append_row(to, row, err) < 0)
		return -1;
	to->last_seq = row->seq;
	memcpy(to->chain, row->chain_sha256, DIGEST_SIZE);
	return 0;
}

int store_export_omit(struct store *to, const struct observation *row, struct error *err)
{
	sqlite3_bind_int64(to->omit, 1, row->seq);
	sqlite3_bind_blob(to->omit, 2, row->leaf_sha256, DIGEST_SIZE, SQLITE_STATIC);
	return step_once(to, to->omit, "export", err);
}

int store_export_end(struct store *to, struct error *err)
{
	return store_commit(to, err);
}

const char *store_library(void)
{
	return sqlite3_libversion();
}
