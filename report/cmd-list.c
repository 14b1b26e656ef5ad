/* gonogo list: every rollout of the logs, one a line. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/utf8.h"

/* A line for each of 10,000 rollouts and more. */
#define LIST_MAX ((size_t)64 * 1024 * 1024)

static const struct option options[] = { CLI_OPTIONS, { "output", required_argument, NULL, 'o' }, { NULL, 0, NULL, 0 } };

static void help(void)
{
	puts("Usage: gonogo list [--db FILE]... [-o text|json] [--criteria FILE] [--at TIME]\n\n"
	     "Prints every rollout, oldest first: start, verdict, outcome, highest exposure, steps, duration, id.\n\n"
	     "  --db FILE        evidence log (repeatable; default $GONOGO_DB, else /var/lib/gonogo/evidence.db)\n"
	     "  -o text|json     form of the output\n"
	     "  --criteria FILE  judge by these criteria instead of those in force at each start\n"
	     "  --at TIME        judge as if it were this time (RFC 3339)\n\n"
	     "Exit codes: 0, also when there is no rollout; 4 evidence missing; 5 other failure.");
}

static void text_row(struct buf *out, const struct assessment *a)
{
	const struct rollout *r = a->rollout;
	char start[INSTANT_TEXT_MAX], span[INSTANT_TEXT_MAX] = "running";
	struct buf id;

	buf_init(&id, 4096);
	utf8_clean(&id, r->id, strlen(r->id));
	if (r->ended_at != INSTANT_NONE)
		duration_words(span, r->ended_at - r->started_at);
	/* U+00A0 counts as one column but two bytes: pad by hand. */
	buf_printf(out, "%s  %-6s %-21s %5.1f %%  %2zu  %s%*s  %s\n", instant_rfc3339(start, r->started_at), verdict_word(a->verdict),
		   outcome_name(r->outcome), a->highest_exposure * 100, a->n_steps, span, (int)(14 - utf8_length(span)), "",
		   id.data == NULL ? "" : id.data);
	buf_free(&id);
}

static void json_row(struct json_writer *w, const struct assessment *a)
{
	const struct rollout *r = a->rollout;

	json_begin_object(w, NULL);
	json_put_string(w, "id", r->id);
	json_put_string(w, "cluster", r->cluster);
	json_put_string(w, "namespace", r->namespace_);
	json_put_string(w, "canary", r->canary);
	json_put_string(w, "verdict", verdict_name(a->verdict));
	json_put_string(w, "headline", a->headline);
	json_put_string(w, "outcome", outcome_name(r->outcome));
	json_put_string(w, "outcome_reason", r->outcome_reason);
	json_put_instant(w, "started_at", r->started_at);
	json_put_instant(w, "ended_at", r->ended_at);
	json_put_number(w, "highest_exposure", a->highest_exposure * 100);
	json_put_int(w, "steps", (int64_t)a->n_steps);
	json_put_int(w, "attempt", r->attempts);
	json_begin_array(w, "failing");
	for (size_t i = 0; i < a->n_results; i++)
		if (a->results[i].state == CRITERION_FAIL)
			json_put_string(w, NULL, a->results[i].criterion->name);
	json_end_array(w);
	json_end_object(w);
}

static int list(const struct cli *cli, struct session *s, struct buf *out, struct error *err)
{
	struct json_writer w;

	json_writer_init(&w, out, 1);
	if (cli->json)
		json_begin_array(&w, NULL);
	else if (s->rollouts.n > 0)
		buf_puts(out, "START                 VERDICT OUTCOME           EXPOSURE  STEPS  DURATION      ROLLOUT\n");
	for (size_t i = 0; i < s->rollouts.n; i++) {
		struct arena *arena = session_arena();
		struct assessment a;

		if (arena == NULL)
			return error_nomem(err);
		if (session_assess(s, cli, &s->rollouts.v[i], &a, arena, err) < 0) {
			arena_free(arena);
			return error_wrap(err, "%.300s", s->rollouts.v[i].id);
		}
		if (cli->json)
			json_row(&w, &a);
		else
			text_row(out, &a);
		arena_free(arena);
	}
	if (cli->json) {
		json_end_array(&w);
		buf_putc(out, '\n');
	}
	return buf_check(out, "list", err);
}

static int run(const struct cli *cli)
{
	struct session s;
	struct error err;
	struct buf out;
	int code = EXIT_GO;

	buf_init(&out, LIST_MAX);
	if (session_open(&s, cli, &err) < 0 || list(cli, &s, &out, &err) < 0)
		code = cli_fail(cli, &err);
	else if (s.rollouts.n == 0 && !cli->json)
		fprintf(stderr, "%s: no rollout in this log yet\n", cli->program);
	else if (cli_write(out.data, out.len, &err) < 0)
		code = cli_fail(cli, &err);
	session_close(&s);
	buf_free(&out);
	return code;
}

int cmd_list(int argc, char **argv)
{
	static const struct cli_parser parser = { .program = "gonogo list", .shorts = "o:", .longs = options, .help = help };
	struct cli cli;
	int code = cli_parse(&cli, &parser, argc, argv);

	return code >= 0 ? code : run(&cli);
}
