/* gonogo judge: stored rollouts by other criteria, beside those in force at their start, or beside another file's. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

#define JUDGE_MAX ((size_t)1024 * 1024)

#define OPT_AGAINST OPT_OWN

static const struct option options[] = {
	CLI_OPTIONS, RUNS_OPTIONS, { "against", required_argument, NULL, OPT_AGAINST }, { NULL, 0, NULL, 0 }
};

static void help(void)
{
	puts("Usage: gonogo judge ROLLOUT --criteria FILE [--against FILE] [OPTION]...\n"
	     "       gonogo judge --criteria FILE [--against FILE] [--canary NAMESPACE/CANARY] [OPTION]...\n\n"
	     "Judges a stored rollout by FILE and prints each criterion beside what the criteria in force at its start say. Without "
	     "ROLLOUT it judges\n"
	     "every rollout of the log, and prints which verdicts change, and why: what a new criteria file would have done.\n\n"
	     "  --against FILE      compare with these criteria instead of those in force at each start\n"
	     "  --canary NS/CANARY  only rollouts of that canary\n" RUNS_HELP
	     "  --at TIME           judge as if it were this time (RFC 3339)\n" LOGS_HELP
	     "\nFilters go without ROLLOUT; --verdict: the one before the change.\n"
	     "Exit codes: with ROLLOUT 0 GO by FILE, 1 NO-GO, 3 HOLD; without it 0; 2 usage; 4 no such rollout, or evidence missing; 5 "
	     "other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	struct compare_options *w = arg;

	if (c == OPT_AGAINST) {
		w->against = value;
		return true;
	}
	return runs_option(&w->filter, c, value, text);
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

static int judge(const struct cli *cli, const struct compare_options *w, struct session *s, const struct rollout *r, struct arena *arena,
		 enum verdict *verdict, struct error *err)
{
	struct cli in_force = *cli;
	struct assessment a, b;
	struct json_writer writer;
	struct buf out;
	int rc = -1;

	in_force.criteria_file = w->against;
	buf_init(&out, JUDGE_MAX);
	if (session_assess(s, &in_force, r, &a, arena, err) < 0 || session_assess(s, cli, r, &b, arena, err) < 0)
		goto out;
	*verdict = b.verdict;
	if (w->filter.format == RUNS_JSON) {
		json_writer_init(&writer, &out, 1);
		json_begin_object(&writer, NULL);
		json_put_string(&writer, "rollout", r->id);
		json_side(&writer, "in_force", &a);
		json_side(&writer, "by_file", &b);
		json_end_object(&writer);
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

static int judge_one(const struct cli *cli, const struct compare_options *w, struct session *s, const char *name, struct error *err)
{
	struct arena *arena = session_arena();
	enum verdict verdict = VERDICT_HOLD;
	const struct rollout *r;
	int rc = -1;

	if (arena == NULL)
		return error_nomem(err);
	if (session_find(s, name, &r, err) == 0 && judge(cli, w, s, r, arena, &verdict, err) == 0)
		rc = verdict == VERDICT_GO ? EXIT_GO : verdict == VERDICT_NO_GO ? EXIT_NO_GO : EXIT_HOLD;
	arena_free(arena);
	return rc;
}

int cmd_judge(int argc, char **argv)
{
	struct compare_options w = { 0 };
	const struct cli_parser parser = { .program = "gonogo judge",
					   .shorts = "o:",
					   .longs = options,
					   .help = help,
					   .own = own_option,
					   .arg = &w,
					   .min_arguments = 0,
					   .max_arguments = 1 };
	struct session s;
	struct error err;
	struct cli cli;
	int code;

	runs_filter_init(&w.filter);
	code = cli_parse(&cli, &parser, argc, argv);
	if (code >= 0)
		return code;
	if (cli.criteria_file == NULL)
		return cli_usage(&cli, "--criteria FILE is needed");
	if (w.filter.format == RUNS_CSV)
		return cli_usage(&cli, "-o takes text or json");
	if (session_open(&s, &cli, &err) < 0)
		code = -1;
	else
		code = optind < argc ? judge_one(&cli, &w, &s, argv[optind], &err) : compare_all(&cli, &w, &s, &err);
	if (code < 0)
		code = cli_fail(&cli, &err);
	session_close(&s);
	return code;
}
