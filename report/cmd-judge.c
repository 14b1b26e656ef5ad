/* gonogo judge: a stored rollout by other criteria, beside those in force at its start. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

#define JUDGE_MAX ((size_t)1024 * 1024)

static const struct option options[] = { CLI_OPTIONS, { "output", required_argument, NULL, 'o' }, { NULL, 0, NULL, 0 } };

static void help(void)
{
	puts("Usage: gonogo judge ROLLOUT --criteria FILE [-o text|json] [--at TIME] [--db FILE]...\n\n"
	     "Judges a stored rollout by FILE and prints each criterion beside what the criteria in force at its start say.\n\n"
	     "Exit codes: 0 GO by FILE, 1 NO-GO, 2 usage, 3 HOLD, 4 no such rollout, or evidence missing, 5 other failure.");
}

static const struct criterion_result *find(const struct assessment *a, const char *name)
{
	for (size_t i = 0; i < a->n_results; i++)
		if (strcmp(a->results[i].criterion->name, name) == 0)
			return &a->results[i];
	return NULL;
}

static const char *state_of(const struct criterion_result *r)
{
	return r == NULL ? "not judged" : criterion_state_name(r->state);
}

static void text_form(struct buf *out, const struct assessment *a, const struct assessment *b)
{
	buf_printf(out, "%-20s %-16s %s\n", "CRITERION", "IN FORCE", "BY FILE");
	for (size_t i = 0; i < a->n_results; i++)
		buf_printf(out, "%-20s %-16s %s\n", a->results[i].criterion->name, state_of(&a->results[i]),
			   state_of(find(b, a->results[i].criterion->name)));
	for (size_t i = 0; i < b->n_results; i++)
		if (find(a, b->results[i].criterion->name) == NULL)
			buf_printf(out, "%-20s %-16s %s\n", b->results[i].criterion->name, "not judged", state_of(&b->results[i]));
	buf_printf(out, "%-20s %-16s %s\n", "verdict", verdict_word(a->verdict), verdict_word(b->verdict));
	buf_printf(out, "%s\n", b->headline);
}

static void json_side(struct json_writer *w, const char *key, const struct assessment *a)
{
	json_begin_object(w, key);
	json_put_string(w, "verdict", verdict_name(a->verdict));
	json_put_string(w, "headline", a->headline);
	json_begin_object(w, "criteria");
	for (size_t i = 0; i < a->n_results; i++)
		json_put_string(w, a->results[i].criterion->name, criterion_state_name(a->results[i].state));
	json_end_object(w);
	json_end_object(w);
}

static int judge(const struct cli *cli, struct session *s, const struct rollout *r, struct arena *arena, enum verdict *verdict,
		 struct error *err)
{
	struct cli in_force = *cli;
	struct assessment a, b;
	struct json_writer w;
	struct buf out;
	int rc = -1;

	in_force.criteria_file = NULL;
	buf_init(&out, JUDGE_MAX);
	if (session_assess(s, &in_force, r, &a, arena, err) < 0 || session_assess(s, cli, r, &b, arena, err) < 0)
		goto out;
	*verdict = b.verdict;
	if (cli->json) {
		json_writer_init(&w, &out, 1);
		json_begin_object(&w, NULL);
		json_put_string(&w, "rollout", r->id);
		json_side(&w, "in_force", &a);
		json_side(&w, "by_file", &b);
		json_end_object(&w);
		buf_putc(&out, '\n');
	} else {
		text_form(&out, &a, &b);
	}
	if (buf_check(&out, "judgement", err) < 0 || cli_write(out.data, out.len, err) < 0)
		goto out;
	rc = 0;
out:
	buf_free(&out);
	return rc;
}

int cmd_judge(int argc, char **argv)
{
	static const struct cli_parser parser = {
		.program = "gonogo judge", .shorts = "o:", .longs = options, .help = help, .min_arguments = 1, .max_arguments = 1
	};
	enum verdict verdict = VERDICT_HOLD;
	struct arena *arena;
	const struct rollout *r;
	struct session s;
	struct error err;
	struct cli cli;
	int code = cli_parse(&cli, &parser, argc, argv);

	if (code >= 0)
		return code;
	if (cli.criteria_file == NULL)
		return cli_usage(&cli, "--criteria FILE is needed");
	arena = session_arena();
	if (session_open(&s, &cli, &err) < 0 || session_find(&s, argv[optind], &r, &err) < 0 ||
	    (arena == NULL ? error_nomem(&err) : judge(&cli, &s, r, arena, &verdict, &err)) < 0)
		code = cli_fail(&cli, &err);
	else
		code = verdict == VERDICT_GO ? EXIT_GO : verdict == VERDICT_NO_GO ? EXIT_NO_GO : EXIT_HOLD;
	arena_free(arena);
	session_close(&s);
	return code;
}
