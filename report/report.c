/* One rollout's package, written. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "package.h"
#include "scoring.h"
#include "version.h"

/* Longest name of a folder that every file system takes. */
#define FOLDER_MAX 200

/* A folder's name from the rollout's id: names of objects are the cluster's text, and "/" or ".." in them must lead nowhere. */
const char *report_folder(const struct rollout *r, struct arena *arena)
{
	char *name = arena_strndup(arena, r->id, strnlen(r->id, FOLDER_MAX));

	for (char *c = name; c != NULL && *c != '\0'; c++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.", *c) == NULL ||
		    (*c == '.' && (c == name || c[-1] == '.')))
			*c = '-';
	return name;
}

static int add_scorecard(const struct report_options *w, struct assessment *a, struct arena *arena, struct error *err)
{
	struct rubric *rubric = arena_alloc(arena, sizeof *rubric);
	struct scorecard *card = arena_alloc(arena, sizeof *card);
	struct records *grades = arena_alloc(arena, sizeof *grades);

	if (rubric == NULL || card == NULL || grades == NULL)
		return error_nomem(err);
	if (scoring_rubric(rubric, w->rubric, arena, err) < 0 ||
	    scoring_grades(grades, w->grades, arena, err) < 0 || scoring_assessment(card, rubric, a, grades, arena, err) < 0)
		return -1;
	a->scorecard = card;
	return 0;
}

int report_write(const struct cli *cli, const struct report_options *w, struct session *s, const struct rollout *r, const char *directory,
		 struct buf *names, struct arena *arena, struct error *err)
{
	struct package_input in = { .evidence = &s->evidence, .wal_missing = s->wal_missing };
	struct assessment a;
	struct buf program, unseen;
	struct package package = { .evidence = in.evidence, .paper = w->paper, .fonts = getenv("GONOGO_FONTS") };
	struct doc doc;
	int rc = -1;

	buf_init(&program, 4096);
	buf_init(&unseen, 65536);
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
	if (package_document(&doc, &in, arena, err) < 0 ||
	    output_write(&package, directory, w->formats, names == NULL ? &unseen : names, err) < 0)
		goto out;
	if (names != NULL && names->len > 0 && cli_write(names->data, names->len, err) < 0)
		goto out;
	if ((names == NULL || names->len > 0) && cli_print_verdict(cli, &a, err) < 0)
		goto out;
	rc = 0;
out:
	buf_free(&program);
	buf_free(&unseen);
	return rc;
}
