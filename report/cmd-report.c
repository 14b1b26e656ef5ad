/* gonogo report: the evidence package of one rollout. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/output.h"
#include "package.h"
#include "scoring.h"
#include "version.h"

/* Longest name of a folder that every file system takes. */
#define FOLDER_MAX 200

#define OPT_FORMAT OPT_OWN
#define OPT_PAPER (OPT_OWN + 1)
#define OPT_RUBRIC (OPT_OWN + 2)
#define OPT_GRADES (OPT_OWN + 3)

static const struct option options[] = { CLI_OPTIONS,
					 { "output", required_argument, NULL, 'o' },
					 { "format", required_argument, NULL, OPT_FORMAT },
					 { "paper", required_argument, NULL, OPT_PAPER },
					 { "rubric", required_argument, NULL, OPT_RUBRIC },
					 { "grades", required_argument, NULL, OPT_GRADES },
					 { NULL, 0, NULL, 0 } };

struct wanted {
	const char *directory, *formats;
	const char *rubric, *grades; /* "default": the built-in one */
	enum paper paper;
};

static void help(void)
{
	puts("Usage: gonogo report ROLLOUT [-o DIR] [OPTION]...\n\n"
	     "Writes the evidence package: report.pdf, report.md (with figures/*.svg) and report.html to read and sign,\n"
	     "evidence.json, timeline.csv, junit.xml, cdevents.ndjson for programs, summary.md for a pipeline's page, rollback-rules.yaml (with a\n"
	     "PrometheusRule and cases for promtool test rules), SHA256SUMS.\n"
	     "The same evidence gives the same bytes, whenever and wherever it runs.\n\n"
	     "  -o DIR              where to (default: the rollout's id); - writes a tar stream to stdout\n"
	     "  --format LIST       some of md,pdf,html,json,summary,csv,junit,cdevents,rules (default: all)\n"
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
		w->formats = value;
	} else if (c == OPT_PAPER) {
		if (strcmp(value, "a4") != 0 && strcmp(value, "letter") != 0)
			*text = "--paper takes a4 or letter";
		w->paper = strcmp(value, "letter") == 0 ? PAPER_LETTER : PAPER_A4;
	} else if (c == OPT_RUBRIC) {
		w->rubric = value;
	} else if (c == OPT_GRADES) {
		w->grades = value;
	} else {
		return false;
	}
	return true;
}

/* A folder's name from the rollout's id: names of objects are the cluster's text, and "/" or ".." in them must lead nowhere. */
static const char *folder_of(const struct rollout *r, struct arena *arena)
{
	char *name = arena_strndup(arena, r->id, strnlen(r->id, FOLDER_MAX));

	for (char *c = name; c != NULL && *c != '\0'; c++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.", *c) == NULL ||
		    (*c == '.' && (c == name || c[-1] == '.')))
			*c = '-';
	return name;
}

static int add_scorecard(const struct wanted *w, struct assessment *a, struct arena *arena, struct error *err)
{
	struct rubric *rubric = arena_alloc(arena, sizeof *rubric);
	struct scorecard *card = arena_alloc(arena, sizeof *card);
	struct records *grades = arena_alloc(arena, sizeof *grades);

	if (rubric == NULL || card == NULL || grades == NULL)
		return error_nomem(err);
	if (scoring_rubric(rubric, strcmp(w->rubric, "default") == 0 ? NULL : w->rubric, arena, err) < 0 ||
	    scoring_grades(grades, w->grades, arena, err) < 0 || scoring_assessment(card, rubric, a, grades, arena, err) < 0)
		return -1;
	a->scorecard = card;
	return 0;
}

static int write_package(const struct cli *cli, const struct wanted *w, struct session *s, const struct rollout *r, struct arena *arena,
			 struct error *err)
{
	struct package_input in = { .evidence = &s->evidence, .wal_missing = s->wal_missing };
	struct assessment a;
	const char *directory = w->directory != NULL ? w->directory : folder_of(r, arena);
	struct buf names, program;
	struct package package = { .evidence = in.evidence, .paper = w->paper, .fonts = getenv("GONOGO_FONTS") };
	struct doc doc;
	int rc = -1;

	buf_init(&names, 65536);
	buf_init(&program, 4096);
	version_text(&program, "gonogo");
	in.program = program.data;
	in.assessment = &a;
	if (session_assess(s, cli, r, &a, arena, err) < 0 || decisions_rule(s, &a, INSTANT_NONE, arena, err) < 0)
		goto out;
	if (w->rubric != NULL && add_scorecard(w, &a, arena, err) < 0)
		goto out;
	in.human = &s->human;
	in.evidence = package.evidence = s->judged;
	package.doc = &doc;
	package.assessment = &a;
	if (directory == NULL) {
		error_nomem(err);
		goto out;
	}
	if (package_document(&doc, &in, arena, err) < 0 || output_write(&package, directory, w->formats, &names, err) < 0)
		goto out;
	if (names.len > 0 && (cli_write(names.data, names.len, err) < 0 || cli_print_verdict(cli, &a, err) < 0))
		goto out;
	rc = 0;
out:
	buf_free(&names);
	buf_free(&program);
	return rc;
}

int cmd_report(int argc, char **argv)
{
	struct wanted w = { 0 };
	const struct cli_parser parser = { .program = "gonogo report",
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
	if (output_check_formats(w.formats, &err) < 0)
		return cli_usage(&cli, err.text);
	arena = session_arena();
	code = EXIT_GO;
	if (session_open(&s, &cli, &err) < 0 || session_find(&s, argv[optind], &r, &err) < 0 ||
	    (arena == NULL ? error_nomem(&err) : write_package(&cli, &w, &s, r, arena, &err)) < 0)
		code = cli_fail(&cli, &err);
	arena_free(arena);
	session_close(&s);
	return code;
}
