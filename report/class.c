/* The gradebooks and the summary of a class. */
#include "class.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "class-one.h"
#include "csv.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/doc.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/output.h"
#include "gonogo/utf8.h"
#include "markdown.h"
#include "package.h"
#include "pdf.h"
#include "scoring.h"
#include "version.h"

/* A class' gradebook; some kilobytes a learner. */
#define BOOK_MAX ((size_t)256 * 1024 * 1024)
#define SHEET_MAX ((size_t)64 * 1024 * 1024)
#define FILE_NAME_MAX 200

/* Logins come from a roster: as a file's name they must lead nowhere. */
static int file_name(char out[static FILE_NAME_MAX], const char *login, const char *end, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@+";

	if (*login == '\0' || *login == '.' || strspn(login, allowed) != strlen(login) ||
	    snprintf(out, FILE_NAME_MAX, "%s%s", login, end) >= FILE_NAME_MAX)
		return error_code(err, ERR_USAGE, "\"%.80s\": cannot be a file's name: letters, digits and -_.@+ only, no dot first",
				  login);
	return 0;
}

static int put(const char *directory, const char *login, const char *end, const struct buf *bytes, struct error *err)
{
	char name[FILE_NAME_MAX];

	return buf_check(bytes, login, err) < 0 || file_name(name, login, end, err) < 0 ? -1 : output_file(directory, name, bytes, err);
}

/* Remarks go to stderr, a line each; not the one that becomes the error (NULL: none does). */
static void say_notes(const struct cli *cli, const struct buf *notes, const struct error *err)
{
	const char *line = notes->data, *end;

	for (; line != NULL && *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		if (end == NULL)
			return;
		if (err != NULL && strncmp(err->text, line, (size_t)(end - line)) == 0 && err->text[end - line] == '\0')
			continue;
		fprintf(stderr, "%s: %.*s\n", cli->program, (int)(end - line), line);
	}
}

/* ---- Sheets. */

/* Where there is no log to make pages of: what is known, plainly. */
static void plain_sheet(struct buf *out, const struct class *class, const struct learner *l)
{
	buf_puts(out, "# ");
	utf8_clean(out, class->rubric.title, strlen(class->rubric.title));
	buf_puts(out, "\n\n");
	if (l->reason != NULL) {
		buf_puts(out, "Not graded, which is not 0:\n\n    ");
		utf8_clean(out, l->told, strlen(l->told));
		buf_puts(out, "\n");
	}
	if (l->reason == NULL && !l->card.log_seen)
		buf_puts(out, "From a package: its log was not seen.\n");
	for (size_t i = 0; i < class->rubric.n; i++) {
		const struct rubric_criterion *c = &class->rubric.v[i];
		const struct scored *s = l->reason == NULL ? &l->card.v[i] : NULL;
		char points[40] = "open";

		if (s != NULL && c->visibility != MARK_VISIBLE)
			(void)snprintf(points, sizeof points, "not shown yet");
		else if (s != NULL && !isnan(s->points))
			(void)snprintf(points, sizeof points, "%g of %g", s->points, c->points);
		buf_printf(out, "\n%zu. ", i + 1);
		utf8_clean(out, c->title, strlen(c->title));
		buf_printf(out, ": %s\n", points);
		if (s != NULL && c->visibility == MARK_VISIBLE) {
			buf_puts(out, "\n        ");
			utf8_clean(out, s->text, strlen(s->text));
			buf_printf(out, " [%s]\n", s->evidence);
			if (score_level_text(s) != NULL) {
				buf_puts(out, "\n        ");
				utf8_clean(out, score_level_text(s), strlen(score_level_text(s)));
				buf_putc(out, '\n');
			}
		}
		if (c->hint != NULL && (s == NULL || c->visibility != MARK_VISIBLE || isnan(s->points) || s->points < c->points)) {
			buf_puts(out, "\n        To do: ");
			utf8_clean(out, c->hint, strlen(c->hint));
			buf_putc(out, '\n');
		}
	}
}

static int put_plain_sheet(const struct class *class, const struct learner *l, struct error *err)
{
	struct buf out;
	int rc;

	buf_init(&out, SHEET_MAX);
	plain_sheet(&out, class, l);
	rc = put(class->options->feedback, l->login, ".md", &out, err);
	buf_free(&out);
	return rc;
}

static int render_sheet(const struct class *class, const struct learner *l, struct judged *judged, const char *program, struct error *err)
{
	struct package_input in = { .assessment = &judged->assessment,
				    .evidence = judged->session.judged,
				    .human = &judged->session.human,
				    .program = program,
				    .sheet = true };
	struct package package = { .assessment = in.assessment, .evidence = in.evidence, .fonts = getenv("GONOGO_FONTS") };
	struct buf md, pdf;
	struct doc doc;
	int rc = -1;

	buf_init(&md, SHEET_MAX);
	buf_init(&pdf, SHEET_MAX);
	package.doc = &doc;
	judged->assessment.scorecard = &l->card;
	if (package_document(&doc, &in, judged->arena, err) == 0 && markdown_render(&md, &doc, err) == 0 &&
	    pdf_render(&pdf, &package, err) == 0 && put(class->options->feedback, l->login, ".md", &md, err) == 0)
		rc = put(class->options->feedback, l->login, ".pdf", &pdf, err);
	buf_free(&md);
	buf_free(&pdf);
	return rc;
}

static int put_sheet(const struct cli *cli, const struct class *class, const struct learner *l, const char *program, struct error *err)
{
	struct judged judged;
	int rc;

	if (l->reason != NULL || l->kind != HANDED_LOG)
		return put_plain_sheet(class, l, err);
	rc = class_judge(&judged, cli, class, l, err);
	if (rc == 0)
		rc = render_sheet(class, l, &judged, program, err);
	class_judged_free(&judged);
	return rc;
}

int class_feedback(const struct cli *cli, const struct class *class, struct error *err)
{
	struct buf program;
	int rc = 0;

	buf_init(&program, 4096);
	version_text(&program, "gonogo");
	for (size_t i = 0; i < class->n && rc == 0; i++)
		rc = put_sheet(cli, class, &class->v[i], program.data, err);
	buf_free(&program);
	return rc;
}

/* ---- Gradebooks. */

static struct learner_mark *all_marks(const struct class *class, struct error *err)
{
	struct learner_mark *marks = arena_alloc(class->arena, class->n * sizeof *marks);

	if (marks == NULL) {
		error_nomem(err);
		return NULL;
	}
	for (size_t i = 0; i < class->n; i++)
		marks[i] = class->v[i].mark;
	return marks;
}

static const char *last_evaluation(const struct class *class)
{
	const char *last = "";

	for (size_t i = 0; i < class->n; i++)
		if (class->v[i].reason == NULL && strcmp(class->v[i].card.evaluated_at, last) > 0)
			last = class->v[i].card.evaluated_at;
	return last;
}

static int put_csv(const struct cli *cli, const struct class *class, const struct learner_mark *marks, size_t n, struct error *err)
{
	const struct class_options *o = class->options;
	const struct gradebook_assignment assignment = { o->assignment == NULL ? class->rubric.title : o->assignment,
							 o->due == NULL ? "" : o->due, last_evaluation(class) };
	struct buf out, notes;
	int rc;

	buf_init(&out, BOOK_MAX);
	buf_init(&notes, GRADEBOOK_NOTES_MAX);
	rc = gradebook_csv(&out, &notes, &assignment, marks, n, err);
	if (rc == 0)
		rc = output_path(o->csv, &out, err);
	say_notes(cli, &notes, rc < 0 ? err : NULL);
	buf_free(&out);
	buf_free(&notes);
	return rc;
}

static int put_canvas(const struct cli *cli, const struct class *class, const struct learner_mark *marks, size_t n, struct error *err)
{
	const struct class_options *o = class->options;
	struct buf out, notes;
	char *exported = NULL;
	size_t len = 0;
	int rc = -1;

	buf_init(&out, BOOK_MAX);
	buf_init(&notes, GRADEBOOK_NOTES_MAX);
	if (cli_read_file(&exported, &len, o->canvas, CSV_BYTES_MAX, err) == 0 &&
	    gradebook_canvas(&out, &notes, exported, len, o->column, marks, n, err) == 0)
		rc = cli_write(out.data, out.len, err);
	say_notes(cli, &notes, rc < 0 ? err : NULL);
	free(exported);
	buf_free(&out);
	buf_free(&notes);
	return rc;
}

static int put_gradescope(const struct class *class, const struct learner *l, struct buf *notes, struct error *err)
{
	char name[FILE_NAME_MAX], folder[4096];
	struct buf out;
	int rc = -1;

	buf_init(&out, BOOK_MAX);
	if (file_name(name, l->login, "", err) == 0 && gradebook_gradescope(&out, notes, &l->mark, err) == 0) {
		(void)mkdir(class->options->gradescope, 0755);
		rc = (size_t)snprintf(folder, sizeof folder, "%s/%s", class->options->gradescope, name) < sizeof folder
			     ? output_file(folder, "results.json", &out, err)
			     : error_set(err, "%.200s: path too long", class->options->gradescope);
	}
	buf_free(&out);
	return rc;
}

static int put_classroom(const struct class *class, const struct learner *l, struct buf *notes, struct error *err)
{
	struct buf out;
	int rc = -1;

	buf_init(&out, BOOK_MAX);
	if (gradebook_classroom(&out, notes, &l->mark, false, err) == 0)
		rc = put(class->options->classroom, l->login, ".json", &out, err);
	else if (err->code == ERR_SYNTAX)
		rc = 0; /* nothing graded to show: said in the notes; the others' files are not the poorer for it */
	buf_free(&out);
	return rc;
}

static int put_each(const struct cli *cli, const struct class *class,
		    int (*each)(const struct class *class, const struct learner *l, struct buf *notes, struct error *err),
		    struct error *err)
{
	struct buf notes;
	int rc = 0;

	buf_init(&notes, GRADEBOOK_NOTES_MAX);
	for (size_t i = 0; i < class->n && rc == 0; i++)
		rc = each(class, &class->v[i], &notes, err);
	say_notes(cli, &notes, rc < 0 ? err : NULL);
	buf_free(&notes);
	return rc;
}

static int put_books(const struct cli *cli, const struct class *class, struct error *err)
{
	const struct class_options *o = class->options;
	const struct learner_mark *marks = all_marks(class, err);

	if (marks == NULL || (o->csv != NULL && put_csv(cli, class, marks, class->n, err) < 0) ||
	    (o->gradescope != NULL && put_each(cli, class, put_gradescope, err) < 0) ||
	    (o->classroom != NULL && put_each(cli, class, put_classroom, err) < 0) ||
	    (o->feedback != NULL && class_feedback(cli, class, err) < 0))
		return -1;
	return o->canvas == NULL ? 0 : put_canvas(cli, class, marks, class->n, err);
}

/* ---- Summary. */

static void line_text(struct buf *out, const struct class *class, const struct learner *l)
{
	char mark[64];

	if (l->reason != NULL)
		(void)snprintf(mark, sizeof mark, "not graded");
	else if (l->card.graded)
		(void)snprintf(mark, sizeof mark, "%g of %g", l->card.points, class->rubric.max);
	else
		(void)snprintf(mark, sizeof mark, "%g of %g, %zu open", l->card.earned, l->card.earned_max, l->card.n_open);
	utf8_clean(out, l->login, strlen(l->login));
	for (size_t n = utf8_length(l->login); n < 20; n++)
		buf_putc(out, ' ');
	buf_printf(out, "  %-18s  ", mark);
	if (l->reason != NULL)
		utf8_clean(out, l->reason, strlen(l->reason));
	else
		utf8_clean(out, l->card.rollout, strlen(l->card.rollout));
	for (size_t i = 0; l->reason == NULL && i < class->rubric.n_stops; i++)
		if (l->card.stops[i].hit)
			buf_printf(out, "; hard stop %s", l->card.stops[i].stop->id);
	if (l->reason == NULL && l->kind == HANDED_PACKAGE)
		buf_puts(out, "; from a package, its log was not seen");
	if (class->options->roster != NULL && !l->in_roster)
		buf_puts(out, "; not in the roster");
	buf_putc(out, '\n');
}

static void put_json(struct buf *out, const struct class *class)
{
	struct json_writer w;

	json_writer_init(&w, out, 1);
	json_begin_array(&w, NULL);
	for (size_t i = 0; i < class->n; i++) {
		const struct learner *l = &class->v[i];

		json_begin_object(&w, NULL);
		json_put_string(&w, "login", l->login);
		json_put_bool(&w, "in_roster", l->in_roster);
		json_put_string(&w, "reason", l->reason);
		json_put_string(&w, "rollout", l->reason == NULL ? l->card.rollout : NULL);
		if (l->reason == NULL)
			score_put(&w, "scorecard", &l->card, false);
		else
			json_put_null(&w, "scorecard");
		json_end_object(&w);
	}
	json_end_array(&w);
	buf_putc(out, '\n');
}

/* Canvas' merged file takes stdout; then people read the summary on stderr. */
static int summarise(const struct cli *cli, const struct class *class, struct error *err)
{
	struct buf out;
	int rc = -1;

	buf_init(&out, BOOK_MAX);
	if (cli->json)
		put_json(&out, class);
	for (size_t i = 0; i < class->n && !cli->json; i++)
		line_text(&out, class, &class->v[i]);
	if (buf_check(&out, "summary", err) == 0) {
		if (class->options->canvas != NULL)
			rc = fwrite(out.data, 1, out.len, stderr) == out.len ? 0 : error_set(err, "stderr: cannot be written");
		else
			rc = cli_write(out.data, out.len, err);
	}
	buf_free(&out);
	return rc;
}

static int merge_marks(const struct cli *cli, const struct class *class, struct error *err)
{
	struct learner_mark *marks;
	size_t n;

	if (class_read_marks(&marks, &n, class, err) < 0 || (class->options->csv != NULL && put_csv(cli, class, marks, n, err) < 0))
		return -1;
	return class->options->canvas == NULL ? 0 : put_canvas(cli, class, marks, n, err);
}

int class_score(const struct cli *cli, const struct class_options *options, struct arena *arena, struct error *err)
{
	struct class class = { .options = options, .arena = arena };

	if (scoring_rubric(&class.rubric, options->rubric, arena, err) < 0)
		return -1;
	if (options->marks != NULL)
		return merge_marks(cli, &class, err);
	if (scoring_grades(&class.grades, options->grades, arena, err) < 0 || class_gather(&class, err) < 0 ||
	    class_mark(cli, &class, err) < 0 || put_books(cli, &class, err) < 0)
		return -1;
	return summarise(cli, &class, err);
}
