/* Marks as CSV, results.json and Classroom's JSON; Canvas has a file of its own. */
#include "gradebook.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "gonogo/buf.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/utf8.h"

/* Above any rubric; keeps numbers exact in four decimals. */
#define POINTS_MAX 1e9

/* A rubric with texts, many times over. */
#define JSON_MAX ((size_t)4 * 1024 * 1024)

/* Tests that one criterion may be cut into for Classroom. */
#define TESTS_MAX 1000

void gradebook_note(struct buf *notes, const char *subject, const char *text)
{
	if (notes == NULL)
		return;
	if (subject != NULL) {
		utf8_clean(notes, subject, strlen(subject));
		buf_puts(notes, ": ");
	}
	utf8_clean(notes, text, strlen(text));
	buf_putc(notes, '\n');
}

int gradebook_refuse(struct refusals *r, const char *subject, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	gradebook_note(r->notes, subject, text);
	if (r->n++ == 0)
		error_code(r->err, ERR_SYNTAX, "%s%s%s", subject == NULL ? "" : subject, subject == NULL ? "" : ": ", text);
	return -1;
}

const char *gradebook_points(char text[static POINTS_TEXT_MAX], double points, char decimal)
{
	char *dot, *end;

	(void)snprintf(text, POINTS_TEXT_MAX, "%.4f", points);
	dot = strchr(text, '.');
	if (dot == NULL)
		return text;
	end = text + strlen(text);
	while (end > dot && (end[-1] == '0' || end[-1] == '.'))
		*--end = '\0';
	if (*dot == '.')
		*dot = decimal;
	return text;
}

static bool is_sane(bool graded, double points, double max)
{
	return isfinite(max) && max > 0 && max <= POINTS_MAX && (!graded || (isfinite(points) && points >= 0 && points <= max));
}

void gradebook_check(struct refusals *r, const struct learner_mark *mark)
{
	if (mark->login == NULL || *mark->login == '\0') {
		gradebook_refuse(r, NULL, "a mark has no login");
		return;
	}
	if (!is_sane(mark->graded, mark->points, mark->max))
		gradebook_refuse(r, mark->login, "a mark of %.10g of %.10g is not between 0 and its maximum", mark->points, mark->max);
	for (size_t i = 0; i < mark->n_criteria; i++) {
		const struct criterion_mark *c = &mark->criteria[i];

		if (!is_sane(c->graded, c->points, c->max))
			gradebook_refuse(r, mark->login, "%s: %.10g of %.10g points is not between 0 and its maximum", c->name, c->points,
					 c->max);
	}
}

/* ---- CSV. */

static void put_points(struct buf *out, const struct learner_mark *m, double points)
{
	char text[POINTS_TEXT_MAX];

	buf_printf(out, ",\"%s\"", m->graded ? gradebook_points(text, points, '.') : "");
}

static void put_text(struct buf *out, const char *text)
{
	buf_putc(out, ',');
	csv_put_text(out, text == NULL ? "" : text);
}

static void put_row(struct buf *out, const struct gradebook_assignment *a, const struct learner_mark *m)
{
	char text[POINTS_TEXT_MAX];

	csv_put_text(out, a->name);
	put_text(out, a->due);
	put_text(out, a->evaluated_at);
	put_text(out, m->login);
	put_text(out, m->last_name);
	put_text(out, m->first_name);
	put_text(out, m->email);
	put_points(out, m, m->points);
	buf_puts(out, ",\"0\"");
	put_points(out, m, m->points);
	buf_printf(out, ",\"%s\"\r\n", gradebook_points(text, m->max, '.'));
}

int gradebook_csv(struct buf *out, struct buf *notes, const struct gradebook_assignment *assignment, const struct learner_mark *marks,
		  size_t n, struct error *err)
{
	struct refusals r = { .notes = notes, .err = err };

	for (size_t i = 0; i < n; i++)
		gradebook_check(&r, &marks[i]);
	if (r.n > 0)
		return -1;
	buf_puts(out, "\"assignment\",\"duedate\",\"timestamp\",\"student_id\",\"last_name\",\"first_name\",\"email\",\"raw_score\","
		      "\"late_submission_penalty\",\"score\",\"max_score\"\r\n");
	for (size_t i = 0; i < n; i++) {
		put_row(out, assignment, &marks[i]);
		if (!marks[i].graded)
			gradebook_note(notes, marks[i].login, "ungraded: the score stays empty");
		if (marks[i].remark != NULL)
			gradebook_note(notes, marks[i].login, marks[i].remark);
	}
	return buf_check(out, "gradebook", err);
}

/* ---- Gradescope's results.json (gradescope-autograders.readthedocs.io, "Output Format"). */

static const char *visibility_name(enum mark_visibility v)
{
	static const char *const names[] = { "visible", "after_due_date", "after_published", "hidden" };

	return names[v];
}

static void put_output(struct json_writer *w, const char *key, const struct criterion_mark *c)
{
	struct buf text;

	buf_init(&text, JSON_MAX);
	buf_puts(&text, c->text == NULL ? "" : c->text);
	if (!c->graded)
		buf_printf(&text, "%sUngraded: a person decides this one.", text.len > 0 ? "\n" : "");
	if (c->evidence != NULL && *c->evidence != '\0')
		buf_printf(&text, "%sEvidence: %s", text.len > 0 ? "\n" : "", c->evidence);
	w->out->failed |= text.failed;
	json_put_string(w, key, text.data == NULL ? "" : text.data);
	buf_free(&text);
}

static void put_test(struct json_writer *w, const struct criterion_mark *c, size_t number)
{
	char text[24];

	json_begin_object(w, NULL);
	if (c->graded) {
		json_put_number(w, "score", c->points);
		json_put_string(w, "status", c->points >= c->max ? "passed" : "failed");
	}
	json_put_number(w, "max_score", c->max);
	json_put_string(w, "name", c->name);
	json_put_string(w, "name_format", "text");
	(void)snprintf(text, sizeof text, "%zu", number);
	json_put_string(w, "number", text);
	put_output(w, "output", c);
	json_put_string(w, "output_format", "text");
	json_put_string(w, "visibility", visibility_name(c->visibility));
	json_end_object(w);
}

int gradebook_gradescope(struct buf *out, struct buf *notes, const struct learner_mark *mark, struct error *err)
{
	struct refusals r = { .notes = notes, .err = err };
	struct json_writer w;

	gradebook_check(&r, mark);
	if (r.n > 0)
		return -1;
	json_writer_init(&w, out, 2);
	json_begin_object(&w, NULL);
	if (mark->graded)
		json_put_number(&w, "score", mark->points);
	else
		gradebook_note(notes, mark->login, "not graded to the end: no total score, Gradescope adds up what is graded");
	json_put_string(&w, "visibility", "visible");
	json_put_string(&w, "stdout_visibility", "hidden");
	if (mark->remark != NULL) {
		json_put_string(&w, "output", mark->remark);
		json_put_string(&w, "output_format", "text");
	}
	json_begin_object(&w, "extra_data");
	json_put_string(&w, "login", mark->login);
	json_put_number(&w, "max_score", mark->max);
	json_put_bool(&w, "graded", mark->graded);
	json_end_object(&w);
	json_begin_array(&w, "tests");
	for (size_t i = 0; i < mark->n_criteria; i++)
		put_test(&w, &mark->criteria[i], i + 1);
	json_end_array(&w);
	json_end_object(&w);
	buf_putc(out, '\n');
	return buf_check(out, "results.json", err);
}

/* ---- GitHub Classroom (classroom-resources/autograding-grading-reporter). */

static bool is_multiple(double value, double unit)
{
	double times = value / unit;

	return fabs(times - round(times)) < 1e-9;
}

/* The largest unit that points and maximum are multiples of; 0 if there is none. */
static double unit_of(const struct criterion_mark *c)
{
	static const double units[] = { 1, 0.5, 0.25, 0.1, 0.05 };

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (is_multiple(c->points, units[i]) && is_multiple(c->max, units[i]))
			return c->max / units[i] <= TESTS_MAX ? units[i] : 0;
	return 0;
}

static bool is_shown(const struct criterion_mark *c)
{
	return c->graded && c->visibility == MARK_VISIBLE;
}

/* One test a unit: the reporter of 2023 counted passed tests, today's adds up scores. */
static void put_tests(struct json_writer *w, const struct criterion_mark *c)
{
	double unit = unit_of(c);
	long n = lround(c->max / unit), passed = lround(c->points / unit);
	struct buf name;

	buf_init(&name, JSON_MAX);
	for (long i = 0; i < n; i++) {
		buf_reset(&name);
		buf_puts(&name, c->name);
		if (n > 1)
			buf_printf(&name, " (%ld of %ld)", i + 1, n);
		json_begin_object(w, NULL);
		json_put_string(w, "name", name.data == NULL ? "" : name.data);
		json_put_string(w, "status", i < passed ? "pass" : "fail");
		json_put_number(w, "score", i < passed ? unit : 0);
		put_output(w, "message", c);
		json_put_int(w, "line_no", 0);
		json_end_object(w);
	}
	w->out->failed |= name.failed;
	buf_free(&name);
}

static void check_classroom(struct refusals *r, const struct learner_mark *mark, double *max, bool *all)
{
	gradebook_check(r, mark);
	*max = 0;
	*all = true;
	for (size_t i = 0; r->n == 0 && i < mark->n_criteria; i++) {
		const struct criterion_mark *c = &mark->criteria[i];

		if (!is_shown(c))
			continue;
		if (unit_of(c) == 0)
			gradebook_refuse(r, mark->login,
					 "%s: %.10g of %.10g points cannot be cut into equal tests of 1, 0.5, 0.25, 0.1 or 0.05", c->name,
					 c->points, c->max);
		*max += c->max;
		*all = *all && c->points >= c->max;
	}
	if (r->n == 0 && *max == 0)
		gradebook_refuse(r, mark->login, "no criterion is graded and visible: Classroom would show 0 points");
}

static void note_left_out(struct buf *notes, const struct learner_mark *mark)
{
	for (size_t i = 0; i < mark->n_criteria; i++) {
		const struct criterion_mark *c = &mark->criteria[i];
		char text[256];

		if (is_shown(c))
			continue;
		(void)snprintf(text, sizeof text, "%.120s is left out, with its %.10g points: %s", c->name, c->max,
			       c->graded ? "it is not visible to the learner, and Classroom hides nothing"
					 : "it is ungraded, and Classroom has no such state");
		gradebook_note(notes, mark->login, text);
	}
}

static void put_classroom(struct buf *out, const struct learner_mark *mark, double max, bool all)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_begin_object(&w, NULL);
	json_put_int(&w, "version", 1);
	json_put_string(&w, "status", all ? "pass" : "fail");
	json_put_number(&w, "max_score", max);
	json_begin_array(&w, "tests");
	for (size_t i = 0; i < mark->n_criteria; i++)
		if (is_shown(&mark->criteria[i]))
			put_tests(&w, &mark->criteria[i]);
	json_end_array(&w);
	json_end_object(&w);
}

int gradebook_classroom(struct buf *out, struct buf *notes, const struct learner_mark *mark, bool base64, struct error *err)
{
	struct refusals r = { .notes = notes, .err = err };
	struct buf json;
	double max;
	bool all;
	int rc;

	check_classroom(&r, mark, &max, &all);
	if (r.n > 0)
		return -1;
	note_left_out(notes, mark);
	buf_init(&json, JSON_MAX);
	put_classroom(&json, mark, max, all);
	rc = buf_check(&json, "Classroom's results", err);
	if (rc == 0 && base64)
		base64_encode(out, json.data, json.len);
	else if (rc == 0)
		buf_append(out, json.data, json.len);
	buf_putc(out, '\n');
	buf_free(&json);
	return rc < 0 ? -1 : buf_check(out, "Classroom's results", err);
}
