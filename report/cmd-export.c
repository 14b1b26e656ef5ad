/* gonogo export: the rows of one rollout as a database of its own. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/ruling.h"
#include "gonogo/store.h"

static const struct option options[] = { CLI_OPTIONS, { "output", required_argument, NULL, 'o' }, { NULL, 0, NULL, 0 } };

static void help(void)
{
	puts("Usage: gonogo export ROLLOUT -o FILE.db [--db FILE]\n\n"
	     "Writes the rows that this rollout's package comes from, with their bodies, as a database of its own: to hand in, to archive, "
	     "to send.\n"
	     "Rows keep their numbers, so that E-n is the same as in the log; of the rows left out the file has the digests, so that "
	     "\"gonogo\n"
	     "verify FILE.db\" verifies the chain up to the log's own head. The package made from it is the same, which is tried before it "
	     "is kept.\n"
	     "Human records stay in decisions.db: copy that beside it.\n\n"
	     "  -o FILE.db          the new file; it must not exist\n" LOGS_HELP
	     "\nExit codes: 0 written and verified; 2 usage; 4 no such rollout; 5 other failure.");
}

struct wanted {
	const char *file;
};

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	(void)text;
	if (c == 'o')
		((struct wanted *)arg)->file = value;
	return c == 'o';
}

/* ---- Which rows. */

struct window {
	int64_t from, to;
};

/* The last row before the window of each object and of each kind of the collector's: what was in force when it began. */
struct state {
	const char *key;
	int64_t seq;
};

struct choosing {
	struct arena *arena;
	const char *subject; /* "Canary NS/NAME": whose samples */
	struct window own, earlier; /* earlier: the rollback that shows the way back, without samples; from INSTANT_NONE: none */
	struct state *states;
	size_t n_states, cap_states;
	bool *keep; /* by seq */
	size_t n_keep, cap_keep;
};

static bool is_in(const struct window *w, int64_t at)
{
	return w->from != INSTANT_NONE && at >= w->from && at <= w->to;
}

static bool is_sample(const struct observation *row)
{
	return row->source == SOURCE_PROMETHEUS && strcmp(row->kind, "info") != 0;
}

static int note_state(struct choosing *c, const struct observation *row, struct error *err)
{
	struct state *grown = arena_grow(c->arena, c->states, c->n_states, &c->cap_states, sizeof *grown);

	if (grown == NULL)
		return error_nomem(err);
	c->states = grown;
	grown[c->n_states].seq = row->seq;
	grown[c->n_states].key = arena_printf(c->arena, "%d %s %s", (int)row->source, row->source == SOURCE_COLLECTOR ? row->kind : "",
					      row->subject);
	return grown[c->n_states++].key == NULL ? error_nomem(err) : 0;
}

static int choose(void *arg, const struct observation *row, struct error *err)
{
	struct choosing *c = arg;
	bool *keep = arena_grow(c->arena, c->keep, c->n_keep, &c->cap_keep, sizeof *keep);

	if (keep == NULL)
		return error_nomem(err);
	c->keep = keep;
	if (row->seq != (int64_t)c->n_keep + 1)
		return error_code(err, ERR_TAMPERED, "row %zu is missing: only a whole log can be exported from", c->n_keep + 1);
	keep[c->n_keep++] = is_sample(row) ? is_in(&c->own, row->received_at) && strcmp(row->subject, c->subject) == 0
					   : is_in(&c->own, row->received_at) || is_in(&c->earlier, row->received_at);
	if (row->received_at < c->own.from && !is_sample(row) && row->source != SOURCE_FLAGGER)
		return note_state(c, row, err);
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct state *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order != 0 ? order : x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void keep_states(struct choosing *c)
{
	if (c->n_states > 1)
		qsort(c->states, c->n_states, sizeof *c->states, by_key);
	for (size_t i = 0; i < c->n_states; i++)
		if (i + 1 == c->n_states || strcmp(c->states[i].key, c->states[i + 1].key) != 0)
			c->keep[c->states[i].seq - 1] = true;
}

static struct window window_of(const struct rollout *r, int64_t before)
{
	return (struct window){ r->started_at - before, r->ended_at == INSTANT_NONE ? INT64_MAX : r->ended_at + 900 * NS_PER_S };
}

/* As judge/conditions.c finds it. */
static const struct rollout *earlier_rollback(const struct session *s, const struct rollout *r)
{
	const struct rollout *found = NULL;

	for (size_t i = 0; i < s->rollouts.n; i++) {
		const struct rollout *e = &s->rollouts.v[i];

		if (strcmp(e->namespace_, r->namespace_) == 0 && strcmp(e->canary, r->canary) == 0 && e->ended_at != INSTANT_NONE &&
		    e->ended_at <= r->started_at && e->outcome == OUTCOME_ROLLED_BACK && e->traffic_returned_at != INSTANT_NONE)
			found = e;
	}
	return found;
}

/* ---- Copying. */

struct copying {
	struct store *from, *to;
	const struct choosing *c;
	size_t kept;
};

static int copy_whole(void *arg, const struct observation *row, struct error *err)
{
	struct copying *x = arg;

	return store_export_row(x->to, row, err) < 0 ? -1 : 1;
}

static int copy(void *arg, const struct observation *row, struct error *err)
{
	struct copying *x = arg;
	const struct store_query one = { .source = -1, .from = INSTANT_NONE, .to = INSTANT_NONE, .after_seq = row->seq - 1, .limit = 1 };

	if (!x->c->keep[row->seq - 1])
		return store_export_omit(x->to, row, err);
	x->kept++;
	return store_each(x->from, &one, copy_whole, x, err);
}

static int write_export(struct copying *x, const char *file, const char *rollout, struct error *err)
{
	const struct store_query all = { .source = -1, .from = INSTANT_NONE, .to = INSTANT_NONE, .without_body = true };
	int rc = -1;

	if (store_export_begin(&x->to, file, x->from, rollout, err) < 0)
		return -1;
	if (store_each(x->from, &all, copy, x, err) == 0)
		rc = store_export_end(x->to, err);
	store_close(x->to);
	x->to = NULL;
	return rc;
}

/* ---- Trying it. */

static int digest_of(const char **out, struct session *s, const struct cli *cli, const char *id, struct arena *arena, struct error *err)
{
	const struct rollout *r;
	struct assessment a;

	if (session_find(s, id, &r, err) < 0 || session_assess(s, cli, r, &a, arena, err) < 0 ||
	    decisions_rule(s, &a, INSTANT_NONE, arena, err) < 0)
		return -1;
	*out = a.ruling->package;
	return 0;
}

static int verify(const char *file, struct error *err)
{
	struct store_summary summary;
	struct store *store;
	int rc;

	if (store_open(&store, file, STORE_READ, NULL, err) < 0)
		return -1;
	rc = store_verify(store, &summary, err);
	store_close(store);
	return rc;
}

/* The exported file alone must give the same package. */
static int try_export(const struct cli *cli, const char *file, const char *id, const char *package, struct arena *arena, struct error *err)
{
	struct cli own = *cli;
	struct session s;
	const char *again;
	int rc = -1;

	own.dbs[0] = file;
	own.n_dbs = 1;
	own.decisions = NULL;
	if (verify(file, err) < 0)
		return -1;
	if (session_open(&s, &own, err) == 0 && digest_of(&again, &s, &own, id, arena, err) == 0)
		rc = strcmp(again, package) == 0 ? 0
						 : error_set(err,
							     "%.200s: the package made from the export is another one (sha256 %.12s…, not "
							     "%.12s…): nothing was kept",
							     id, again, package);
	session_close(&s);
	return rc;
}

static int export_rollout(const struct cli *cli, const struct wanted *w, struct session *s, const char *name, struct arena *arena,
			  struct error *err)
{
	const struct store_query all = { .source = -1, .from = INSTANT_NONE, .to = INSTANT_NONE, .without_body = true };
	struct choosing c = { .arena = arena, .earlier = { INSTANT_NONE, INSTANT_NONE } };
	struct copying x = { .from = s->stores[0], .c = &c };
	const struct rollout *r, *earlier;
	const char *package;
	struct assessment a;

	if (session_find(s, name, &r, err) < 0 || session_assess(s, cli, r, &a, arena, err) < 0 ||
	    decisions_rule(s, &a, INSTANT_NONE, arena, err) < 0)
		return -1;
	package = a.ruling->package;
	earlier = earlier_rollback(s, r);
	c.own = window_of(r, a.criteria->history + 300 * NS_PER_S);
	if (earlier != NULL)
		c.earlier = window_of(earlier, 300 * NS_PER_S);
	c.subject = arena_printf(arena, "Canary %s/%s", r->namespace_, r->canary);
	if (c.subject == NULL)
		return error_nomem(err);
	if (store_each(x.from, &all, choose, &c, err) < 0)
		return -1;
	keep_states(&c);
	if (write_export(&x, w->file, r->id, err) < 0)
		return -1;
	if (try_export(cli, w->file, r->id, package, arena, err) < 0) {
		(void)unlink(w->file);
		return -1;
	}
	printf("%s: %zu of %zu rows, package sha256 %s\n", w->file, x.kept, c.n_keep, package);
	return 0;
}

int cmd_export(int argc, char **argv)
{
	struct wanted w = { 0 };
	const struct cli_parser parser = { .program = "gonogo export",
					   .shorts = "o:",
					   .longs = options,
					   .help = help,
					   .own = own_option,
					   .arg = &w,
					   .min_arguments = 1,
					   .max_arguments = 1 };
	struct arena *arena;
	struct session s;
	struct error err;
	struct cli cli;
	int code = cli_parse(&cli, &parser, argc, argv);

	if (code >= 0)
		return code;
	if (w.file == NULL)
		return cli_usage(&cli, "-o FILE.db is missing");
	if (cli.n_dbs > 1)
		return cli_usage(&cli, "an export is made from one log: give one --db");
	arena = session_arena();
	code = EXIT_GO;
	if (session_open(&s, &cli, &err) < 0 ||
	    (arena == NULL ? error_nomem(&err) : export_rollout(&cli, &w, &s, argv[optind], arena, &err)) < 0)
		code = cli_fail(&cli, &err);
	arena_free(arena);
	session_close(&s);
	return code;
}
