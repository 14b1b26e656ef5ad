/* gonogo criteria: explain what would be judged for a canary, every value with where it comes from; approve a file before a rollout. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/criteria.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

#define CRITERIA_FILE_MAX ((size_t)1024 * 1024)
#define MEMORY_MAX ((size_t)16 * 1024 * 1024)

#define OPT_REASON OPT_OWN
#define OPT_CANARY (OPT_OWN + 1)

static const struct option options[] = { CLI_OPTIONS,
					 AUTHOR_OPTIONS,
					 { "output", required_argument, NULL, 'o' },
					 { "reason", required_argument, NULL, OPT_REASON },
					 { "canary", required_argument, NULL, OPT_CANARY },
					 { NULL, 0, NULL, 0 } };

struct wanted {
	struct author author;
	const char *reason, *canary;
};

static void help(void)
{
	puts("Usage: gonogo criteria explain [NAMESPACE/CANARY] [--criteria FILE] [-o text|json]\n"
	     "       gonogo criteria approve [FILE] --by NAME --role ROLE [--canary NAMESPACE/CANARY] [--reason TEXT]\n\n"
	     "explain prints every criterion and setting in force for that canary, and whether it comes from the default, the file or an\n"
	     "override of it. Without --criteria: the built-in defaults, the numbers of the course.\n"
	     "approve records who approved a criteria file, by its digest (without FILE: the built-in defaults). The package of a rollout\n"
	     "that is judged by it says so, and whether that was before its start.\n\n" AUTHOR_HELP
	     "  --canary NS/CANARY  for that canary only\n"
	     "  --reason TEXT       why\n" LOGS_HELP
	     "\nExit codes: 0; 2 the file has an error (said with line and column); 4 no evidence log; 5 other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	struct wanted *w = arg;

	if (author_option(&w->author, c, value, text))
		return true;
	if (c != OPT_REASON && c != OPT_CANARY)
		return false;
	*(c == OPT_REASON ? &w->reason : &w->canary) = value;
	if (c == OPT_CANARY && strchr(value, '/') == NULL)
		*text = "--canary takes NAMESPACE/CANARY";
	return true;
}

static void explain_text(struct buf *out, const struct criteria *c)
{
	for (size_t i = 0; i < c->n_settings; i++) {
		const struct criteria_setting *s = &c->settings[i];

		buf_printf(out, "%-38s %-16s %s", s->path, s->value, layer_name(s->layer));
		if (s->layer != LAYER_DEFAULT)
			buf_printf(out, ", line %zu", s->line);
		buf_putc(out, '\n');
	}
}

static void explain_json(struct buf *out, const struct criteria *c)
{
	struct json_writer w;

	json_writer_init(&w, out, 1);
	json_begin_array(&w, NULL);
	for (size_t i = 0; i < c->n_settings; i++) {
		json_begin_object(&w, NULL);
		json_put_string(&w, "path", c->settings[i].path);
		json_put_string(&w, "value", c->settings[i].value);
		json_put_string(&w, "from", layer_name(c->settings[i].layer));
		json_put_int(&w, "line", (int64_t)c->settings[i].line);
		json_end_object(&w);
	}
	json_end_array(&w);
	buf_putc(out, '\n');
}

/* Splits "NAMESPACE/CANARY" in place; false if it has no slash. */
static bool split(char *name, const char **namespace_, const char **canary)
{
	char *slash = strchr(name, '/');

	if (slash == NULL)
		return false;
	*slash = '\0';
	*namespace_ = name;
	*canary = slash + 1;
	return true;
}

static int explain(const struct cli *cli, const char *namespace_, const char *canary, struct error *err)
{
	struct arena *arena = arena_new(MEMORY_MAX);
	struct criteria criteria;
	char *bytes = NULL;
	size_t len = 0;
	struct buf out;
	int rc = -1;

	buf_init(&out, MEMORY_MAX);
	if (arena == NULL) {
		error_nomem(err);
		goto out;
	}
	if (cli->criteria_file != NULL && cli_read_file(&bytes, &len, cli->criteria_file, CRITERIA_FILE_MAX, err) < 0)
		goto out;
	if (criteria_parse(&criteria, bytes, len, cli->criteria_file, namespace_, canary, arena, err) < 0)
		goto out;
	if (cli->json)
		explain_json(&out, &criteria);
	else
		explain_text(&out, &criteria);
	if (buf_check(&out, "criteria", err) < 0 || cli_write(out.data, out.len, err) < 0)
		goto out;
	rc = 0;
out:
	free(bytes);
	buf_free(&out);
	arena_free(arena);
	return rc;
}

/* ---- Approving. */

/* A file with an error cannot be approved: nothing could be judged by it. */
static int digest_of(char hex[static DIGEST_HEX_SIZE], const char *file, struct arena *arena, struct error *err)
{
	struct criteria criteria;
	char *bytes = NULL;
	size_t len = 0;
	int rc = -1;

	if (file != NULL && cli_read_file(&bytes, &len, file, CRITERIA_FILE_MAX, err) < 0)
		return -1;
	if (criteria_parse(&criteria, bytes, len, file, NULL, NULL, arena, err) == 0) {
		(void)digest_hex(hex, criteria.sha256);
		rc = 0;
	}
	free(bytes);
	return rc;
}

static int approve(const struct cli *cli, const struct wanted *w, const char *file, struct error *err)
{
	char hex[DIGEST_HEX_SIZE], what[256];
	struct record record;
	struct session s;
	int rc = -1;

	record_init(&record, RECORD_APPROVAL);
	record.canary = w->canary;
	record.text = w->reason;
	record.criteria = hex;
	if (session_open(&s, cli, err) < 0 || digest_of(hex, file, s.arena, err) < 0 ||
	    decisions_append(cli, s.evidence.cluster, &w->author, &record, err) < 0)
		goto out;
	(void)snprintf(what, sizeof what, "criteria sha256 %s approved", hex);
	rc = decisions_say(cli, &record, what, err);
out:
	session_close(&s);
	return rc;
}

static int run_approve(const struct cli *cli, const struct wanted *w, const char *file)
{
	struct error err;

	if (w->author.by == NULL || w->author.role == NULL)
		return cli_usage(cli, w->author.by == NULL ? "--by NAME is missing: who approves" : "--role ROLE is missing: as what");
	return approve(cli, w, file, &err) < 0 ? cli_fail(cli, &err) : EXIT_GO;
}

int cmd_criteria(int argc, char **argv)
{
	struct wanted w = { 0 };
	const struct cli_parser parser = { .program = "gonogo criteria",
					   .shorts = "o:",
					   .longs = options,
					   .help = help,
					   .own = own_option,
					   .arg = &w,
					   .min_arguments = 1,
					   .max_arguments = 2 };
	const char *namespace_ = NULL, *canary = NULL;
	struct error err;
	struct cli cli;
	int code;

	author_init(&w.author);
	code = cli_parse(&cli, &parser, argc, argv);
	if (code >= 0)
		return code;
	cli.recording = true;
	if (strcmp(argv[optind], "approve") == 0)
		return run_approve(&cli, &w, optind + 1 < argc ? argv[optind + 1] : cli.criteria_file);
	if (strcmp(argv[optind], "explain") != 0)
		return cli_usage(&cli, "the subcommands are explain and approve");
	if (optind + 1 < argc && !split(argv[optind + 1], &namespace_, &canary))
		return cli_usage(&cli, "explain takes NAMESPACE/CANARY");
	if (explain(&cli, namespace_, canary, &err) < 0)
		return cli_fail(&cli, &err);
	return EXIT_GO;
}
