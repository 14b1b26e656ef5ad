/* gonogo score: how well a rollout was run, by a rubric; for one rollout, or for a class. */
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/store.h"
#include "gonogo/utf8.h"
#include "scoring.h"

#define CARD_MAX ((size_t)4 * 1024 * 1024)

enum {
	OPT_RUBRIC = OPT_OWN,
	OPT_GRADES,
	OPT_GRADE,
	OPT_REASON,
	OPT_GRADER,
	OPT_CLASS,
	OPT_ROSTER,
	OPT_CANARY,
	OPT_CSV,
	OPT_CANVAS,
	OPT_COLUMN,
	OPT_GRADESCOPE,
	OPT_CLASSROOM,
	OPT_FEEDBACK,
	OPT_ASSIGNMENT,
	OPT_DUE,
	OPT_MARKS
};

static const struct option options[] = { CLI_OPTIONS,
					 AUTHOR_OPTIONS,
					 { "output", required_argument, NULL, 'o' },
					 { "rubric", required_argument, NULL, OPT_RUBRIC },
					 { "grades", required_argument, NULL, OPT_GRADES },
					 { "grade", required_argument, NULL, OPT_GRADE },
					 { "reason", required_argument, NULL, OPT_REASON },
					 { "grader", no_argument, NULL, OPT_GRADER },
					 { "class", required_argument, NULL, OPT_CLASS },
					 { "roster", required_argument, NULL, OPT_ROSTER },
					 { "canary", required_argument, NULL, OPT_CANARY },
					 { "csv", required_argument, NULL, OPT_CSV },
					 { "canvas", required_argument, NULL, OPT_CANVAS },
					 { "column", required_argument, NULL, OPT_COLUMN },
					 { "gradescope", required_argument, NULL, OPT_GRADESCOPE },
					 { "classroom", required_argument, NULL, OPT_CLASSROOM },
					 { "feedback", required_argument, NULL, OPT_FEEDBACK },
					 { "assignment", required_argument, NULL, OPT_ASSIGNMENT },
					 { "due", required_argument, NULL, OPT_DUE },
					 { "marks", required_argument, NULL, OPT_MARKS },
					 { NULL, 0, NULL, 0 } };

struct wanted {
	struct author author;
	struct class_options class;
	const char *grade, *reason;
	bool grader;
};

static void help(void)
{
	puts("Usage: gonogo score ROLLOUT [--rubric FILE] [--grader] [OPTION]...\n"
	     "       gonogo score ROLLOUT --grades FILE --grade ID=POINTS --by NAME --reason TEXT\n"
	     "       gonogo score --class DIR [--roster CSV] [--canary NAMESPACE/CANARY] [OUTPUT]...\n"
	     "       gonogo score --marks CSV --canvas EXPORT --column NAME | --csv FILE\n\n"
	     "Scores how well a rollout was run: what each criterion of the rubric got and why, what is missing, and where the evidence\n"
	     "would come from. What cannot be decided is open, never 0. Criteria that the rubric hides show no mark without --grader.\n\n"
	     "  --rubric FILE       rubric.yaml; without it, or as the word default, the course's twenty points\n"
	     "  --grader            show everything, as the grader sees it\n"
	     "  --grades FILE       log of graders' marks, which lie over the automatic ones\n"
	     "  --grade ID=POINTS   record a mark for one criterion in it; --reason TEXT: why\n" AUTHOR_HELP
	     "  -o text|json        form of the output\n" LOGS_HELP
	     "\nFor a class, DIR holds one LOGIN.db, LOGIN.json (an evidence.json), or folder LOGIN/ a learner (evidence.db, decisions.db; "
	     "or a package):\n"
	     "  --roster CSV        who is expected: a column login (or student_id, SIS Login ID), and perhaps first_name, last_name, "
	     "email\n"
	     "  --canary NS/NAME    the rollout that is graded is the latest of this canary\n"
	     "  --marks CSV         marks that were settled by hand: login, points, max_points, status; instead of --class\n"
	     "  --csv FILE          marks, one learner a line, all cells quoted\n"
	     "  --canvas EXPORT     Canvas' own export; --column NAME is filled in, the merged file goes to stdout\n"
	     "  --gradescope DIR    LOGIN/results.json\n"
	     "  --classroom DIR     LOGIN.json for GitHub Classroom\n"
	     "  --feedback DIR      LOGIN.md and LOGIN.pdf, a sheet a learner\n"
	     "  --assignment NAME   in the CSV (default: the rubric's title); --due TEXT: as the course writes it\n"
	     "\nExit codes: 0 scored (also when somebody could not be graded: said a line each); 2 usage, or a bad rubric; 4 no such "
	     "rollout;\n"
	     "5 other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	struct wanted *w = arg;
	const char **texts[] = { &w->class.rubric,    &w->class.grades,     &w->grade,           &w->reason,         NULL,
				 &w->class.directory, &w->class.roster,     &w->class.canary,    &w->class.csv,      &w->class.canvas,
				 &w->class.column,    &w->class.gradescope, &w->class.classroom, &w->class.feedback, &w->class.assignment,
				 &w->class.due,       &w->class.marks };

	if (author_option(&w->author, c, value, text))
		return true;
	if (c < OPT_RUBRIC || c > OPT_MARKS)
		return false;
	if (c == OPT_GRADER)
		w->grader = true;
	else
		*texts[c - OPT_RUBRIC] = value;
	if (c == OPT_CANARY && strchr(value, '/') == NULL)
		*text = "--canary takes NAMESPACE/CANARY";
	return true;
}

/* ---- One rollout. */

static void put_total(struct buf *out, const struct scorecard *card, bool learner)
{
	if (learner && !score_shows_total(card))
		buf_puts(out, "total: not shown yet\n");
	else if (card->graded)
		buf_printf(out, "total: %g of %g\n", card->points, card->rubric->max);
	else
		buf_printf(out, "total: open; %g of the %g that are decided, %zu of %zu criteria open\n", card->earned, card->earned_max,
			   card->n_open, card->rubric->n);
}

static void put_one(struct buf *out, const struct scored *s, bool learner)
{
	bool shown = !learner || s->criterion->visibility == MARK_VISIBLE;
	bool full = shown && !isnan(s->points) && s->points >= s->criterion->points;

	if (!shown)
		buf_puts(out, "  not shown  ");
	else if (isnan(s->points))
		buf_printf(out, "   open / %-2g ", s->criterion->points);
	else
		buf_printf(out, "  %5.4g / %-2g ", s->points, s->criterion->points);
	utf8_clean(out, s->criterion->title, strlen(s->criterion->title));
	buf_printf(out, " (%s)\n", s->criterion->id);
	if (shown) {
		buf_puts(out, "             ");
		utf8_clean(out, s->text, strlen(s->text));
		if (*s->evidence != '\0')
			buf_printf(out, " [%s]", s->evidence);
		buf_putc(out, '\n');
	}
	if (shown && score_level_text(s) != NULL) {
		buf_puts(out, "             ");
		utf8_clean(out, score_level_text(s), strlen(score_level_text(s)));
		buf_putc(out, '\n');
	}
	if (shown && s->override != NULL) {
		buf_puts(out, "             marked by ");
		utf8_clean(out, s->override->by, strlen(s->override->by));
		buf_puts(out, ": ");
		utf8_clean(out, s->override->text, strlen(s->override->text));
		if (!isnan(s->automatic))
			buf_printf(out, " (by the test: %g)", s->automatic);
		buf_putc(out, '\n');
	}
	if (!full && s->criterion->hint != NULL) {
		buf_puts(out, "             to do: ");
		utf8_clean(out, s->criterion->hint, strlen(s->criterion->hint));
		buf_putc(out, '\n');
	}
}

static void card_text(struct buf *out, const struct scorecard *card, bool learner)
{
	utf8_clean(out, card->rubric->title, strlen(card->rubric->title));
	buf_puts(out, ": ");
	utf8_clean(out, card->rollout, strlen(card->rollout));
	buf_putc(out, '\n');
	for (size_t i = 0; i < card->rubric->n; i++)
		put_one(out, &card->v[i], learner);
	for (size_t i = 0; i < card->rubric->n_stops; i++) {
		const struct scored_stop *s = &card->stops[i];

		if (!s->hit)
			continue;
		buf_puts(out, "  HARD STOP  ");
		utf8_clean(out, s->stop->title, strlen(s->stop->title));
		buf_puts(out, ": ");
		utf8_clean(out, s->text, strlen(s->text));
		buf_printf(out, " [%s]; the grade is at most %g\n", s->evidence, s->stop->cap);
	}
	put_total(out, card, learner);
}

static int print_card(const struct cli *cli, const struct scorecard *card, bool learner, struct error *err)
{
	struct json_writer w;
	struct buf out;
	int rc = -1;

	buf_init(&out, CARD_MAX);
	if (cli->json) {
		json_writer_init(&w, &out, 1);
		score_put(&w, NULL, card, learner);
		buf_putc(&out, '\n');
	} else {
		card_text(&out, card, learner);
	}
	if (buf_check(&out, "scorecard", err) == 0)
		rc = cli_write(out.data, out.len, err);
	buf_free(&out);
	return rc;
}

static const struct rubric_criterion *find_criterion(const struct rubric *rubric, const char *id, size_t len)
{
	for (size_t i = 0; i < rubric->n; i++)
		if (strlen(rubric->v[i].id) == len && strncmp(rubric->v[i].id, id, len) == 0)
			return &rubric->v[i];
	return NULL;
}

static int record_grade(const struct cli *cli, const struct wanted *w, const struct rubric *rubric, const struct scorecard *card,
			struct error *err)
{
	const char *equals = strchr(w->grade, '=');
	const struct rubric_criterion *c = equals == NULL ? NULL : find_criterion(rubric, w->grade, (size_t)(equals - w->grade));
	char hex[DIGEST_HEX_SIZE], what[256], *end;
	struct record record;

	if (c == NULL)
		return error_code(err, ERR_USAGE, "--grade %.80s: takes ID=POINTS, with the id of a criterion of the rubric", w->grade);
	record_init(&record, RECORD_GRADE);
	record.rollout = card->rollout;
	record.events = card->events;
	record.text = w->reason;
	record.criterion = c->id;
	record.rubric = digest_hex(hex, rubric->sha256);
	record.points = strtod(equals + 1, &end);
	if (*end != '\0' || end == equals + 1 || !(record.points >= 0 && record.points <= c->points))
		return error_code(err, ERR_USAGE, "--grade %.80s: %s takes 0 to %g points", w->grade, c->id, c->points);
	if (decisions_append_to(w->class.grades, GRADES_ORIGIN, &w->author, &record, err) < 0)
		return -1;
	(void)snprintf(what, sizeof what, "%s: %g of %g points", c->id, record.points, c->points);
	return decisions_say(cli, &record, what, err);
}

/* Marks are for what was recorded: a log that was changed since earns none, be it of evidence or of records. */
static int check_logs(const struct session *s, const struct cli *cli, struct error *err)
{
	struct store_summary summary;
	char path[PATH_MAX];

	for (size_t i = 0; i < s->n_stores; i++)
		if (store_verify(s->stores[i], &summary, err) < 0)
			return error_wrap(err, "%s does not verify, nothing is graded", cli->dbs[i]);
	if (!s->has_decisions)
		return 0;
	return decisions_path(path, cli, err) < 0 ? -1 : decisions_verify(path, false, err);
}

static int score(const struct cli *cli, const struct wanted *w, struct session *s, const char *name, struct arena *arena, struct error *err)
{
	const struct rollout *r;
	struct scorecard card;
	struct records grades;
	struct rubric rubric;
	struct assessment a;

	if (scoring_rubric(&rubric, w->class.rubric, arena, err) < 0 || session_open(s, cli, err) < 0 || check_logs(s, cli, err) < 0 ||
	    session_find(s, name, &r, err) < 0)
		return -1;
	if (scoring_grades(&grades, w->class.grades, arena, err) < 0 || session_assess(s, cli, r, &a, arena, err) < 0 ||
	    decisions_rule(s, &a, INSTANT_NONE, arena, err) < 0 || scoring_assessment(&card, &rubric, &a, &grades, arena, err) < 0)
		return -1;
	if (w->grade != NULL)
		return record_grade(cli, w, &rubric, &card, err);
	return print_card(cli, &card, !w->grader, err);
}

static const char *wrong(const struct wanted *w, bool named)
{
	const struct class_options *c = &w->class;

	if (c->marks != NULL)
		return c->directory != NULL || named || w->grade != NULL ? "--marks takes no ROLLOUT and no --class"
		       : (c->canvas == NULL) != (c->column == NULL)      ? "--canvas EXPORT and --column NAME go together"
		       : c->canvas == NULL && c->csv == NULL             ? "--marks needs --canvas EXPORT --column NAME, or --csv FILE"
									 : NULL;
	if (c->directory == NULL && !named)
		return "give a ROLLOUT, or --class DIR";
	if (c->directory != NULL && (named || w->grade != NULL))
		return "--class takes no ROLLOUT and no --grade";
	if (c->directory == NULL && (c->roster || c->csv || c->canvas || c->gradescope || c->classroom || c->feedback))
		return "--roster and the gradebooks go with --class DIR";
	if ((c->canvas == NULL) != (c->column == NULL))
		return "--canvas EXPORT and --column NAME go together";
	if (w->grade != NULL && (c->grades == NULL || w->author.by == NULL || w->reason == NULL))
		return "--grade needs --grades FILE, --by NAME and --reason TEXT";
	return NULL;
}

int cmd_score(int argc, char **argv)
{
	struct wanted w = { 0 };
	const struct cli_parser parser = { .program = "gonogo score",
					   .shorts = "o:",
					   .longs = options,
					   .help = help,
					   .own = own_option,
					   .arg = &w,
					   .min_arguments = 0,
					   .max_arguments = 1 };
	struct session s = { 0 };
	struct arena *arena;
	struct error err;
	struct cli cli;
	int code;

	author_init(&w.author);
	code = cli_parse(&cli, &parser, argc, argv);
	if (code >= 0)
		return code;
	if (wrong(&w, optind < argc) != NULL)
		return cli_usage(&cli, wrong(&w, optind < argc));
	arena = session_arena();
	code = EXIT_GO;
	if (arena == NULL)
		error_nomem(&err);
	if (arena == NULL || (w.class.directory != NULL || w.class.marks != NULL ? class_score(&cli, &w.class, arena, &err)
										 : score(&cli, &w, &s, argv[optind], arena, &err)) < 0)
		code = cli_fail(&cli, &err);
	arena_free(arena);
	session_close(&s);
	return code;
}
