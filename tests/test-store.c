#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/store.h"

static char folder[64], path[128];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/gonogo-store-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/evidence.db", folder);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static struct store *open_writer(void)
{
	struct store *s;
	struct error err;

	if (store_open(&s, path, STORE_WRITE, "gonogo/test/evidence", &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static void append(struct store *s, int from, int n)
{
	struct error err;

	assert_int_equal(store_begin(s, &err), 0);
	for (int i = from; i < from + n; i++) {
		char body[512];
		struct observation row = { .received_at = i * NS_PER_S,
					   .boottime_ns = i,
					   .boot_id = "b",
					   .source = SOURCE_FLAGGER,
					   .kind = "event",
					   .subject = "Canary develop/backend",
					   .request = "POST /event",
					   .marks = "" };

		(void)snprintf(body, sizeof body, "{\"n\":%d,\"pad\":\"%0*d\"}", i, i % 300 + 1, 0);
		row.body = body;
		row.body_len = strlen(body);
		if (store_append(s, &row, &err) < 0)
			fail_msg("%s", err.text);
	}
	assert_int_equal(store_commit(s, &err), 0);
}

static int verify(struct store_summary *out, struct error *err)
{
	struct store *s;
	int rc;

	if (store_open(&s, path, STORE_READ, NULL, err) < 0)
		return -1;
	rc = store_verify(s, out, err);
	store_close(s);
	return rc;
}

struct seen {
	int n;
	int64_t last;
};

static int count(void *arg, const struct observation *row, struct error *err)
{
	struct seen *seen = arg;
	int n = 0;

	(void)err;
	assert_int_equal(sscanf(row->body, "{\"n\":%d", &n), 1);
	assert_int_equal(row->seq, seen->last + 1);
	assert_int_equal(n, seen->n++);
	seen->last = row->seq;
	return 0;
}

static void what_is_written_is_read(void **state)
{
	const struct store_query all = { .source = -1, .from = INSTANT_NONE, .to = INSTANT_NONE };
	struct store *s = open_writer(), *r;
	struct seen seen = { 0, 0 };
	struct store_summary summary;
	struct error err;

	(void)state;
	append(s, 0, 100);
	/* A reader beside the writer sees what was committed. */
	assert_int_equal(store_open(&r, path, STORE_READ, NULL, &err), 0);
	assert_int_equal(store_each(r, &all, count, &seen, &err), 0);
	assert_int_equal(seen.n, 100);
	store_close(r);
	store_close(s);
	s = open_writer();
	append(s, 100, 20);
	store_close(s);
	if (verify(&summary, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(summary.rows, 120);
}

static void a_rollback_leaves_the_chain_whole(void **state)
{
	struct observation row = { .boot_id = "",
				   .source = SOURCE_COLLECTOR,
				   .kind = "start",
				   .subject = "x",
				   .request = "",
				   .marks = "",
				   .body = "{}",
				   .body_len = 2 };
	struct store *s = open_writer();
	struct store_summary summary;
	struct error err;

	(void)state;
	append(s, 0, 3);
	assert_int_equal(store_begin(s, &err), 0);
	assert_int_equal(store_append(s, &row, &err), 0);
	store_rollback(s);
	append(s, 3, 3);
	store_close(s);
	assert_int_equal(verify(&summary, &err), 0);
	assert_int_equal(summary.rows, 6);
}

static void one_writer_a_log(void **state)
{
	struct store *s = open_writer(), *other;
	struct error err;
	char pid[32];

	(void)state;
	assert_int_equal(store_open(&other, path, STORE_WRITE, "gonogo/test/evidence", &err), -1);
	assert_int_equal(err.code, ERR_BUSY);
	(void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
	assert_non_null(strstr(err.text, pid));
	store_close(s);
	assert_int_equal(store_open(&other, path, STORE_WRITE, "gonogo/other/evidence", &err), -1);
	assert_non_null(strstr(err.text, "one log a cluster"));
}

/* Changes the file behind the store's back, as someone with the file in hand would. */
static void tamper(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "DROP TRIGGER observation_no_update; DROP TRIGGER observation_no_delete; DROP TRIGGER body_no_update",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void every_change_is_seen(void **state)
{
	static const char *const changes[] = {
		"UPDATE observation SET received_at = received_at + 1 WHERE seq = 5",
		"UPDATE observation SET boottime_ns = 7777 WHERE seq = 5",
		"UPDATE observation SET boot_id = 'x' WHERE seq = 5",
		"UPDATE observation SET source = 'kubernetes' WHERE seq = 5",
		"UPDATE observation SET kind = 'x' WHERE seq = 5",
		"UPDATE observation SET subject = 'Canary develop/other' WHERE seq = 5",
		"UPDATE observation SET request = 'x' WHERE seq = 5",
		"UPDATE observation SET marks = 'stale' WHERE seq = 5",
		"UPDATE observation SET body_sha256 = (SELECT body_sha256 FROM observation WHERE seq = 6) WHERE seq = 5",
		"UPDATE observation SET leaf_sha256 = zeroblob(32) WHERE seq = 5",
		"UPDATE observation SET chain_sha256 = zeroblob(32) WHERE seq = 5",
		"DELETE FROM observation WHERE seq = 5",
		("UPDATE body SET bytes = zeroblob(length(bytes)), encoding = 'identity', size = length(bytes) WHERE sha256 = (SELECT "
		 "body_sha256 FROM observation "
		 "WHERE seq = 5)"),
		"UPDATE body SET size = 1 WHERE sha256 = (SELECT body_sha256 FROM observation WHERE seq = 5)",
		"UPDATE body SET size = 1000000000000 WHERE sha256 = (SELECT body_sha256 FROM observation WHERE seq = 5)",
		"UPDATE meta SET value = 'gonogo/forged/evidence' WHERE key = 'origin'",
	};

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct store *s = open_writer();
		struct store_summary summary;
		struct error err;

		append(s, 0, 10);
		store_close(s);
		assert_int_equal(verify(&summary, &err), 0);
		tamper(changes[i]);
		if (verify(&summary, &err) == 0)
			fail_msg("not seen: %s", changes[i]);
		assert_int_equal(err.code, ERR_TAMPERED);
		if (strstr(changes[i], "origin") == NULL && strstr(err.text, "row 5") == NULL)
			fail_msg("%s: %s", changes[i], err.text);
		tear_down(state);
		set_up(state);
	}
}

static void a_cut_tail_has_another_head(void **state)
{
	struct store_summary before, after;
	struct store *s = open_writer();
	struct error err;

	(void)state;
	append(s, 0, 10);
	store_close(s);
	assert_int_equal(verify(&before, &err), 0);
	tamper("DELETE FROM observation WHERE seq > 8");
	assert_int_equal(verify(&after, &err), 0);
	assert_memory_not_equal(before.head, after.head, DIGEST_SIZE);
}

static void foreign_files_are_refused(void **state)
{
	struct store *s;
	struct error err;
	sqlite3 *db;
	FILE *f;

	(void)state;
	assert_int_equal(store_open(&s, path, STORE_READ, NULL, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	f = fopen(path, "w");
	for (int i = 0; i < 5000; i++)
		fputs("not a database ", f);
	(void)fclose(f);
	assert_int_equal(store_open(&s, path, STORE_READ, NULL, &err), -1);
	(void)unlink(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE x(y)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(store_open(&s, path, STORE_READ, NULL, &err), -1);
	assert_int_equal(err.code, ERR_VERSION);
	assert_int_equal(store_open(&s, folder, STORE_READ, NULL, &err), -1);
}

static void a_newer_schema_is_refused(void **state)
{
	struct store *s = open_writer();
	struct error err;

	(void)state;
	store_close(s);
	tamper("PRAGMA user_version = 99");
	assert_int_equal(store_open(&s, path, STORE_READ, NULL, &err), -1);
	assert_int_equal(err.code, ERR_VERSION);
	assert_int_equal(store_open(&s, path, STORE_WRITE, "gonogo/test/evidence", &err), -1);
}

/* Acknowledged rows survive kill -9; the rows of a turn that did not commit leave no trace. */
static void killed_at_any_point(void **state)
{
	struct store_summary summary;
	struct error err;
	int done[2], status;
	pid_t child;
	char acked = 0;

	(void)state;
	assert_int_equal(pipe(done), 0);
	child = fork();
	if (child == 0) {
		struct store *s = open_writer();

		for (int turn = 0;; turn++) {
			append(s, turn * 5, 5);
			(void)!write(done[1], "x", 1);
		}
	}
	close(done[1]);
	for (int i = 0; i < 20; i++)
		assert_int_equal(read(done[0], &acked, 1), 1);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, &status, 0);
	close(done[0]);
	if (verify(&summary, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(summary.rows >= 100);
	assert_int_equal(summary.rows % 5, 0);
}

static void a_copy_without_its_wal_says_so(void **state)
{
	char command[512], copied[160];
	struct store *s = open_writer(), *r;
	struct error err;

	(void)state;
	append(s, 0, 5);
	assert_int_equal(store_checkpoint(s, &err), 0);
	append(s, 5, 5);
	(void)snprintf(copied, sizeof copied, "%s/copy.db", folder);
	(void)snprintf(command, sizeof command, "cp %s %s", path, copied);
	assert_int_equal(system(command), 0);
	assert_int_equal(store_open(&r, copied, STORE_READ, NULL, &err), 0);
	assert_true(store_wal_missing(r));
	store_close(r);
	store_close(s);
	assert_int_equal(system(command), 0);
	assert_int_equal(store_open(&r, copied, STORE_READ, NULL, &err), 0);
	assert_false(store_wal_missing(r));
	store_close(r);
}

/* A hand-in with its own -wal: its rows are read, and nothing is left beside it. */
static void a_still_log_is_read_whole_and_left_alone(void **state)
{
	char command[1024], copied[160], shm[176];
	struct store *s = open_writer(), *r;
	struct store_summary summary;
	struct error err;

	(void)state;
	append(s, 0, 5);
	assert_int_equal(store_checkpoint(s, &err), 0);
	append(s, 5, 5);
	(void)snprintf(copied, sizeof copied, "%s/still.db", folder);
	(void)snprintf(shm, sizeof shm, "%s-shm", copied);
	(void)snprintf(command, sizeof command, "cp %s %s && cp %s-wal %s-wal", path, copied, path, copied);
	assert_int_equal(system(command), 0);
	assert_int_equal(store_open(&r, copied, STORE_READ_STILL, NULL, &err), 0);
	assert_false(store_wal_missing(r));
	assert_int_equal(store_verify(r, &summary, &err), 0);
	assert_int_equal(summary.rows, 10);
	store_close(r);
	assert_int_equal(access(shm, F_OK), -1);
	store_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
		TEST(a_rollback_leaves_the_chain_whole),
		TEST(one_writer_a_log),
		TEST(every_change_is_seen),
		TEST(a_cut_tail_has_another_head),
		TEST(foreign_files_are_refused),
		TEST(a_newer_schema_is_refused),
		TEST(killed_at_any_point),
		TEST(a_copy_without_its_wal_says_so),
		TEST(a_still_log_is_read_whole_and_left_alone),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
