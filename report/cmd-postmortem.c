/* gonogo postmortem: a draft with the facts filled in, until people have written the rest. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/output.h"
#include "markdown.h"
#include "package.h"
#include "postmortem.h"

#define OPT_FINAL OPT_OWN
#define POSTMORTEM_MAX ((size_t)64 * 1024 * 1024)

static const struct option options[] = {
	CLI_OPTIONS, { "output", required_argument, NULL, 'o' }, { "final", no_argument, NULL, OPT_FINAL }, { NULL, 0, NULL, 0 }
};

struct wanted {
	const char *file;
	bool final;
};

static void help(void)
{
	puts("Usage: gonogo postmortem ROLLOUT [-o FILE] [--final] [OPTION]...\n\n"
	     "Writes a postmortem in Markdown: facts from the evidence, each cited; TO WRITE where a person must. Notes with a section\n"
	     "(gonogo note --section) take the place of a prompt, actions (gonogo action) stand in their table. stderr says how much is "
	     "open.\n\n"
	     "  -o FILE             where to (default, or -: stdout)\n"
	     "  --final             only if nothing is open any more\n"
	     "  --criteria FILE     judge by these criteria instead of those in force at the start\n" LOGS_HELP
	     "\nExit codes: 0 written; 2 usage; 4 no such rollout, or something is open with --final; 5 other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	struct wanted *w = arg;

	(void)text;
	if (c == 'o')
		w->file = value;
	else if (c == OPT_FINAL)
		w->final = true;
	else
		return false;
	return true;
}

static int put(const struct wanted *w, const struct buf *out, struct error *err)
{
	return w->file == NULL || strcmp(w->file, "-") == 0 ? cli_write(out->data, out->len, err) : output_path(w->file, out, err);
}

static int write_it(const struct cli *cli, const struct wanted *w, struct session *s, const struct rollout *r, struct arena *arena,
		    struct error *err)
{
	struct package_input in = { .wal_missing = s->wal_missing };
	struct assessment a;
	struct buf out;
	struct doc doc;
	size_t open = 0;
	int rc = -1;

	buf_init(&out, POSTMORTEM_MAX);
	in.assessment = &a;
	if (session_assess(s, cli, r, &a, arena, err) < 0 || decisions_rule(s, &a, INSTANT_NONE, arena, err) < 0)
		goto out;
	in.evidence = s->judged;
	in.human = &s->human;
	if (postmortem_document(&doc, &open, &in, arena, err) < 0)
		goto out;
	if (w->final && open > 0) {
		error_code(err, ERR_NOT_FOUND, "%.200s: %zu %s open (TO WRITE, TO NAME): it is not final", r->id, open,
			   open == 1 ? "entry is" : "entries are");
		goto out;
	}
	if (markdown_render_blocks(&out, open > 0 ? "Postmortem (draft)" : "Postmortem", &doc, err) < 0 || put(w, &out, err) < 0)
		goto out;
	if (open > 0)
		fprintf(stderr, "%s: draft: %zu %s open (TO WRITE, TO NAME)\n", cli->program, open, open == 1 ? "entry is" : "entries are");
	rc = 0;
out:
	buf_free(&out);
	return rc;
}

int cmd_postmortem(int argc, char **argv)
{
	struct wanted w = { 0 };
	const struct cli_parser parser = { .program = "gonogo postmortem",
					   .shorts = "o:",
					   .longs = options,
					   .help = help,
					   .own = own_option,
					   .arg = &w,
					   .min_arguments = 1,
					   .max_arguments = 1 };
	struct arena *arena;
	const struct rollout *r;
	struct session s;
	struct error err;
	struct cli cli;
	int code = cli_parse(&cli, &parser, argc, argv);

	if (code >= 0)
		return code;
	arena = session_arena();
	code = EXIT_GO;
	if (session_open(&s, &cli, &err) < 0 || session_find(&s, argv[optind], &r, &err) < 0 ||
	    (arena == NULL ? error_nomem(&err) : write_it(&cli, &w, &s, r, arena, &err)) < 0)
		code = cli_fail(&cli, &err);
	arena_free(arena);
	session_close(&s);
	return code;
}
