/* Merging marks into Canvas' gradebook export (instructure/canvas-lms: lib/gradebook_exporter.rb, lib/gradebook_importer.rb; cases 24, 25). */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csv.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gradebook.h"

/* Longest number in a cell that is read. */
#define NUMBER_TEXT_MAX 40

struct student {
	const char *login;
	size_t row;
};

struct merge {
	struct csv csv;
	struct refusals refusals;
	const char *heading; /* of the column, as asked for */
	size_t column, login_column;
	size_t points_row; /* "    Points Possible" */
	double max; /* the column's */
	char decimal; /* the file's mark */
	struct student *students; /* sorted by login */
	size_t n_students;
	bool *marked; /* by index into students */
};

static const char *cell_text(const struct merge *m, size_t row, size_t column)
{
	const struct csv_row *r = &m->csv.rows[row];

	return column < r->n ? r->cells[column].text : "";
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t")] == '\0';
}

/* As Canvas' importer reads: the last of `.` and `,` is the decimal mark, the others are dropped. */
static bool read_number(const char *text, double *out, char *decimal)
{
	char digits[NUMBER_TEXT_MAX];
	const char *last = strrchr(text, '.'), *comma = strrchr(text, ',');
	size_t used = 0;

	text += strspn(text, " \t");
	if (last == NULL || (comma != NULL && comma > last))
		last = comma;
	for (; *text != '\0' && *text != ' ' && used + 1 < sizeof digits; text++) {
		if (text == last)
			digits[used++] = '.';
		else if (strchr("0123456789-", *text) != NULL)
			digits[used++] = *text;
		else if (*text != '.' && *text != ',')
			return false;
	}
	digits[used] = '\0';
	if (used == 0 || strspn(digits, "0123456789.-") != used || !is_blank(text) || strpbrk(digits, "0123456789") == NULL)
		return false;
	if (decimal != NULL && last != NULL)
		*decimal = *last;
	*out = strtod(digits, NULL);
	return true;
}

/* gradebook_importer.rb NON_ASSIGNMENT_COLUMN_HEADERS. NULL: none of them. */
static const char *reserved_words(const char *heading)
{
	static const char *const reserved[] = { "Current Score", "Current Points", "Current Grade",  "Final Score",    "Final Points",
						"Final Grade",   "Override Score", "Override Grade", "Override Status" };

	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		if (strstr(heading, reserved[i]) != NULL)
			return reserved[i];
	return NULL;
}

/* "Title (90412)" for "Title". */
static bool is_title_of(const char *title, const char *heading)
{
	size_t n = strlen(title), digits;

	if (strncmp(title, heading, n) != 0 || strncmp(heading + n, " (", 2) != 0)
		return false;
	digits = strspn(heading + n + 2, "0123456789");
	return digits > 0 && strcmp(heading + n + 2 + digits, ")") == 0;
}

static int find_column(struct merge *m)
{
	const struct csv_row *header = &m->csv.rows[0];
	size_t found = 0;

	for (size_t i = 0; i < header->n; i++) {
		const char *heading = header->cells[i].text;

		if (strcmp(heading, m->heading) != 0 && !is_title_of(m->heading, heading))
			continue;
		m->column = i;
		found++;
	}
	if (found == 0)
		return gradebook_refuse(&m->refusals, m->heading,
					"the export has no column with this heading: create the assignment in Canvas, "
					"then export again");
	if (found > 1)
		return gradebook_refuse(&m->refusals, m->heading,
					"%zu columns of the export have this heading: give it with its number in brackets", found);
	return 0;
}

static int check_heading(struct merge *m)
{
	const char *heading = cell_text(m, 0, m->column);
	const char *reserved = reserved_words(heading);

	if (reserved != NULL)
		return gradebook_refuse(
			&m->refusals, heading,
			"Canvas ignores a column whose heading contains \"%s\", and the marks would be lost without a word: "
			"rename the assignment",
			reserved);
	if (strcasestr(heading, "final") != NULL)
		gradebook_note(m->refusals.notes, heading, "older versions of Canvas ignore every column with \"final\" in its heading");
	return 0;
}

static int find_points_row(struct merge *m)
{
	const char *text;

	for (m->points_row = 1; m->points_row < m->csv.n; m->points_row++)
		if (strstr(cell_text(m, m->points_row, 0), "Points Possible") != NULL)
			break;
	if (m->points_row >= m->csv.n)
		return gradebook_refuse(
			&m->refusals, NULL,
			"the export has no row \"Points Possible\", so the maximum is unknown: export from Canvas in English");
	text = cell_text(m, m->points_row, m->column);
	if (!read_number(text, &m->max, &m->decimal) || m->max <= 0)
		return gradebook_refuse(&m->refusals, cell_text(m, 0, m->column), "points possible are \"%s\": the column takes no points",
					text);
	return 0;
}

static int by_login(const void *a, const void *b)
{
	const struct student *x = a, *y = b;
	int order = strcasecmp(x->login, y->login);

	return order != 0 ? order : (x->row > y->row) - (x->row < y->row);
}

/* Every row behind "Points Possible" that has a login is a student's. */
static int index_students(struct merge *m)
{
	size_t n = m->csv.n - m->points_row;

	m->students = calloc(n, sizeof *m->students);
	m->marked = calloc(n, sizeof *m->marked);
	if (m->students == NULL || m->marked == NULL)
		return error_nomem(m->refusals.err);
	for (size_t i = m->points_row + 1; i < m->csv.n; i++)
		if (!is_blank(cell_text(m, i, m->login_column)))
			m->students[m->n_students++] = (struct student){ cell_text(m, i, m->login_column), i };
	qsort(m->students, m->n_students, sizeof *m->students, by_login);
	return 0;
}

static int prepare(struct merge *m)
{
	if (m->csv.n == 0)
		return gradebook_refuse(&m->refusals, NULL, "the export is empty");
	m->login_column = csv_column(&m->csv, "SIS Login ID");
	if (m->login_column == SIZE_MAX)
		return gradebook_refuse(&m->refusals, NULL,
					"the export has no column \"SIS Login ID\": it is no gradebook export of Canvas in English");
	if (find_column(m) < 0)
		return -1;
	/* Marks are checked even so: one run tells all that is wrong. */
	(void)check_heading(m);
	return find_points_row(m) < 0 ? -1 : index_students(m);
}

/* The first student with that login, or NULL. */
static const struct student *find_student(const struct merge *m, const char *login)
{
	size_t low = 0, high = m->n_students;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (strcasecmp(m->students[mid].login, login) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < m->n_students && strcasecmp(m->students[low].login, login) == 0 ? &m->students[low] : NULL;
}

static bool is_shared(const struct merge *m, const struct student *s)
{
	return s + 1 < m->students + m->n_students && strcasecmp(s[1].login, s->login) == 0;
}

/* Same scale, and not above it. */
static int check_scale(struct merge *m, const struct learner_mark *mark)
{
	char max[POINTS_TEXT_MAX], column[POINTS_TEXT_MAX], points[POINTS_TEXT_MAX];

	gradebook_points(column, m->max, '.');
	if (fabs(mark->max - m->max) > 1e-9)
		return gradebook_refuse(&m->refusals, mark->login,
					"the mark is on a scale of %s, the column \"%s\" of %s: nothing is scaled by guess",
					gradebook_points(max, mark->max, '.'), cell_text(m, 0, m->column), column);
	if (mark->graded && mark->points > m->max)
		return gradebook_refuse(&m->refusals, mark->login, "a mark of %s is above the column's maximum of %s",
					gradebook_points(points, mark->points, '.'), column);
	return 0;
}

/* Finds the row of a mark; NULL where it is refused. */
static const struct student *match(struct merge *m, const struct learner_mark *mark)
{
	const struct student *s;
	size_t before = m->refusals.n;

	gradebook_check(&m->refusals, mark);
	if (m->refusals.n > before)
		return NULL;
	s = find_student(m, mark->login);
	if (s == NULL)
		gradebook_refuse(&m->refusals, mark->login, "the export has no student with this SIS Login ID");
	else if (is_shared(m, s))
		gradebook_refuse(&m->refusals, mark->login, "lines %zu and %zu of the export have this SIS Login ID",
				 m->csv.rows[s->row].line, m->csv.rows[s[1].row].line);
	else if (m->marked[s - m->students])
		gradebook_refuse(&m->refusals, mark->login, "has two marks");
	else if (m->csv.rows[s->row].n <= m->column)
		gradebook_refuse(&m->refusals, mark->login, "line %zu of the export has %zu cells and ends before the column",
				 m->csv.rows[s->row].line, m->csv.rows[s->row].n);
	else if (check_scale(m, mark) == 0)
		return s;
	return NULL;
}

/* gradebook_exporter.rb: excused, and not assigned. */
static const char *exempt_reason(const char *text)
{
	if (strcasecmp(text, "EX") == 0)
		return "stays EX: an excuse is never overwritten";
	return strcmp(text, "N/A") == 0 ? "stays N/A: the assignment is not this student's" : NULL;
}

static int merge_mark(struct merge *m, const struct learner_mark *mark)
{
	const struct student *s = match(m, mark);
	const char *old, *exempt;
	char text[POINTS_TEXT_MAX];
	double number;

	if (s == NULL)
		return 0;
	m->marked[s - m->students] = true;
	old = cell_text(m, s->row, m->column);
	exempt = exempt_reason(old);
	if (exempt != NULL) {
		gradebook_note(m->refusals.notes, mark->login, exempt);
		return 0;
	}
	if (!mark->graded) {
		gradebook_note(m->refusals.notes, mark->login, "is ungraded: the cell stays as it is");
		return 0;
	}
	if (!is_blank(old) && strcmp(old, "-") != 0 && !read_number(old, &number, NULL)) {
		gradebook_refuse(&m->refusals, mark->login, "the cell holds \"%s\", which is no number: the column is not graded in points",
				 old);
		return 0;
	}
	return csv_set(&m->csv, s->row, m->column, gradebook_points(text, mark->points, m->decimal), m->refusals.err);
}

static void note_unmarked(const struct merge *m)
{
	for (size_t i = 0; i < m->n_students; i++)
		if (!m->marked[i])
			gradebook_note(m->refusals.notes, m->students[i].login, "has no mark: the cell stays as it is");
}

static int merge_all(struct merge *m, const struct learner_mark *marks, size_t n)
{
	if (prepare(m) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (merge_mark(m, &marks[i]) < 0)
			return -1;
	if (m->refusals.n > 0)
		return -1;
	note_unmarked(m);
	return 0;
}

int gradebook_canvas(struct buf *out, struct buf *notes, const char *exported, size_t len, const char *column, const struct learner_mark *marks,
		     size_t n, struct error *err)
{
	struct merge m = { .refusals = { .notes = notes, .err = err }, .heading = column, .decimal = '.' };
	int rc = -1;

	if (csv_parse(&m.csv, exported, len, err) < 0)
		return error_wrap(err, "Canvas export");
	if (merge_all(&m, marks, n) < 0)
		goto out;
	csv_render(out, &m.csv);
	rc = buf_check(out, "Canvas gradebook", err);
out:
	free(m.students);
	free(m.marked);
	csv_free(&m.csv);
	return rc;
}
