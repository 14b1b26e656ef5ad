/* gonogo report: the evidence package of one rollout. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/output.h"
#include "report.h"

#define OPT_FORMAT OPT_OWN
#define OPT_PAPER (OPT_OWN + 1)
#define OPT_RUBRIC (OPT_OWN + 2)
#define OPT_GRADES (OPT_OWN + 3)
#define OPT_FOLLOW (OPT_OWN + 4)
#define OPT_SETTLE (OPT_OWN + 5)

/* The collector's last, repairing question comes two minutes after the end. */
#define SETTLE_DEFAULT (150 * NS_PER_S)

static const struct option options[] = { CLI_OPTIONS,
					 { "output", required_argument, NULL, 'o' },
					 { "format", required_argument, NULL, OPT_FORMAT },
					 { "paper", required_argument, NULL, OPT_PAPER },
					 { "rubric", required_argument, NULL, OPT_RUBRIC },
					 { "grades", required_argument, NULL, OPT_GRADES },
					 { "follow", required_argument, NULL, OPT_FOLLOW },
					 { "settle", required_argument, NULL, OPT_SETTLE },
					 { NULL, 0, NULL, 0 } };

struct wanted {
	struct report_options options;
	const char *directory, *follow;
	int64_t settle;
};

static void help(void)
{
	puts("Usage: gonogo report ROLLOUT [-o DIR] [OPTION]...\n"
	     "       gonogo report --follow DIR [OPTION]...\n\n"
	     "Writes the evidence package: report.pdf, report.md (with figures/*.svg) and report.html to read and sign,\n"
	     "evidence.json, timeline.csv, junit.xml, cdevents.ndjson for programs, summary.md for a pipeline's page, rollback-rules.yaml "
	     "(with a\n"
	     "PrometheusRule and cases for promtool test rules), SHA256SUMS.\n"
	     "The same evidence gives the same bytes, whenever and wherever it runs.\n\n"
	     "  -o DIR              where to (default: the rollout's id); - writes a tar stream to stdout\n"
	     "  --format LIST       some of md,pdf,html,json,summary,csv,junit,cdevents,rules (default: all)\n"
	     "  --follow DIR        write each rollout's package into DIR/ID as it ends, until stopped; those that are there are left "
	     "alone\n"
	     "  --settle D          how long after the end the last samples are waited for (default 150s)\n"
	     "  --paper a4|letter   of the PDF (default a4)\n"
	     "  --rubric FILE       with a scorecard by this rubric; default: the course's twenty points\n"
	     "  --grades FILE       log of graders' marks (gonogo score --grade)\n"
	     "  --criteria FILE     judge by these criteria instead of those in force at the start; page one says so\n"
	     "  --at TIME           judge as if it were this time (RFC 3339)\n" LOGS_HELP "\n"
	     "GONOGO_FONTS names the folder of DejaVu Sans Condensed, if it is not where Debian's fonts-dejavu-extra has it.\n\n"
	     "Exit codes: 0 written, whatever the verdict; 2 usage; 4 no such rollout, or evidence missing; 5 other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	struct wanted *w = arg;

	if (c == 'o') {
		w->directory = value;
	} else if (c == OPT_FORMAT) {
		w->options.formats = value;
	} else if (c == OPT_PAPER) {
		if (strcmp(value, "a4") != 0 && strcmp(value, "letter") != 0)
			*text = "--paper takes a4 or letter";
		w->options.paper = strcmp(value, "letter") == 0 ? PAPER_LETTER : PAPER_A4;
	} else if (c == OPT_RUBRIC) {
		w->options.rubric = value;
	} else if (c == OPT_GRADES) {
		w->options.grades = value;
	} else if (c == OPT_FOLLOW) {
		w->follow = value;
	} else if (c == OPT_SETTLE) {
		if (duration_parse(&w->settle, value, NULL) < 0)
			*text = "--settle takes a duration such as 150s";
	} else {
		return false;
	}
	return true;
}

static int write_one(const struct cli *cli, const struct wanted *w, struct session *s, const char *name, struct arena *arena,
		     struct error *err)
{
	const char *directory = w->directory;
	const struct rollout *r;
	struct buf names;
	int rc = -1;

	buf_init(&names, 65536);
	if (session_find(s, name, &r, err) < 0)
		goto out;
	if (directory == NULL)
		directory = report_folder(r, arena);
	rc = directory == NULL ? error_nomem(err) : report_write(cli, &w->options, s, r, directory, &names, arena, err);
out:
	buf_free(&names);
	return rc;
}

int cmd_report(int argc, char **argv)
{
	struct wanted w = { .settle = SETTLE_DEFAULT };
	const struct cli_parser parser = { .program = "gonogo report",
					   .shorts = "o:",
					   .longs = options,
					   .help = help,
					   .own = own_option,
					   .arg = &w,
					   .min_arguments = 0,
					   .max_arguments = 1 };
	struct arena *arena;
	struct session s;
	struct error err;
	struct cli cli;
	int code = cli_parse(&cli, &parser, argc, argv);

	if (code >= 0)
		return code;
	if (output_check_formats(w.options.formats, &err) < 0)
		return cli_usage(&cli, err.text);
	if ((w.follow != NULL) == (optind < argc))
		return cli_usage(&cli, "give a ROLLOUT, or --follow DIR");
	if (w.follow != NULL)
		return report_follow(&cli, &w.options, w.follow, w.settle);
	arena = session_arena();
	code = EXIT_GO;
	if (session_open(&s, &cli, &err) < 0 ||
	    (arena == NULL ? error_nomem(&err) : write_one(&cli, &w, &s, argv[optind], arena, &err)) < 0)
		code = cli_fail(&cli, &err);
	arena_free(arena);
	session_close(&s);
	return code;
}
