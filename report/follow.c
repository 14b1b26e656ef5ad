/* gonogo report --follow: each rollout's package as it ends. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/clock.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "report.h"

#define LOOK_EVERY_NS (NS_PER_S / 2)

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
}

/* What tells that a log has grown, without opening it. */
struct trace {
	off_t size, wal;
	struct timespec at, wal_at;
};

static struct trace trace_of(const char *path)
{
	struct trace t = { 0 };
	char wal[PATH_MAX];
	struct stat st;

	if (stat(path, &st) == 0) {
		t.size = st.st_size;
		t.at = st.st_mtim;
	}
	if ((size_t)snprintf(wal, sizeof wal, "%s-wal", path) < sizeof wal && stat(wal, &st) == 0) {
		t.wal = st.st_size;
		t.wal_at = st.st_mtim;
	}
	return t;
}

static bool same_trace(const struct trace *a, const struct trace *b)
{
	return a->size == b->size && a->wal == b->wal && a->at.tv_sec == b->at.tv_sec && a->at.tv_nsec == b->at.tv_nsec &&
	       a->wal_at.tv_sec == b->wal_at.tv_sec && a->wal_at.tv_nsec == b->wal_at.tv_nsec;
}

struct following {
	const struct cli *cli;
	const struct report_options *options;
	const char *directory;
	int64_t settle;
	struct trace traces[DBS_MAX];
	bool waiting; /* a rollout has ended and settles: look again though nothing grows */
	char said[ERROR_TEXT_MAX]; /* the last complaint, which is not repeated */
};

static bool has_grown(struct following *f)
{
	bool grown = false;

	for (size_t i = 0; i < f->cli->n_dbs; i++) {
		struct trace now = trace_of(f->cli->dbs[i]);

		grown = grown || !same_trace(&now, &f->traces[i]);
		f->traces[i] = now;
	}
	return grown;
}

static void complain(struct following *f, const struct error *err)
{
	if (strcmp(f->said, err->text) != 0)
		(void)cli_fail(f->cli, err);
	memcpy(f->said, err->text, sizeof f->said);
}

/* The log's own clock, or the machine's where the log has stopped growing. */
static bool has_settled(const struct following *f, const struct session *s, const struct rollout *r)
{
	int64_t last = s->evidence.n > 0 ? s->evidence.rows[s->evidence.n - 1].received_at : INSTANT_NONE;
	struct clock clock;

	clock_real(&clock);
	return last >= r->ended_at + f->settle || clock_now(&clock) >= r->ended_at + f->settle;
}

/* Into a folder beside it, then its place: nobody sees half a package. */
static int write_whole(struct following *f, struct session *s, const struct rollout *r, const char *name, struct arena *arena,
		       struct error *err)
{
	const char *final = arena_printf(arena, "%s/%s", f->directory, name);
	const char *temporary = arena_printf(arena, "%s/.%s.%ld", f->directory, name, (long)getpid());

	if (final == NULL || temporary == NULL)
		return error_nomem(err);
	if (report_write(f->cli, f->options, s, r, temporary, NULL, arena, err) < 0)
		return -1;
	return rename(temporary, final) < 0 ? error_set(err, "%s: %s", final, strerror(errno)) : 0;
}

static void write_if_new(struct following *f, struct session *s, const struct rollout *r)
{
	struct arena *arena = session_arena();
	const char *name = arena == NULL ? NULL : report_folder(r, arena);
	const char *final = name == NULL ? NULL : arena_printf(arena, "%s/%s", f->directory, name);
	struct error err;

	if (final == NULL) {
		error_nomem(&err);
		complain(f, &err);
	} else if (access(final, F_OK) < 0) {
		if (!has_settled(f, s, r))
			f->waiting = true;
		else if (write_whole(f, s, r, name, arena, &err) < 0)
			complain(f, &err);
	}
	arena_free(arena);
}

static void look(struct following *f)
{
	struct session s;
	struct error err;

	f->waiting = false;
	if (session_open(&s, f->cli, &err) < 0)
		complain(f, &err);
	else
		for (size_t i = 0; i < s.rollouts.n && !stopped; i++)
			if (s.rollouts.v[i].ended_at != INSTANT_NONE)
				write_if_new(f, &s, &s.rollouts.v[i]);
	session_close(&s);
}

int report_follow(const struct cli *cli, const struct report_options *w, const char *directory, int64_t settle)
{
	struct following f = { .cli = cli, .options = w, .directory = directory, .settle = settle, .waiting = true };
	struct error err;

	if (mkdir(directory, 0755) < 0 && errno != EEXIST) {
		error_set(&err, "%s: %s", directory, strerror(errno));
		return cli_fail(cli, &err);
	}
	catch_signals();
	while (!stopped) {
		if (has_grown(&f) || f.waiting)
			look(&f);
		(void)nanosleep(&(struct timespec){ .tv_nsec = LOOK_EVERY_NS }, NULL);
	}
	return EXIT_GO;
}
