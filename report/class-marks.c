/* Marks from a CSV, as a grader keeps them by hand: login, points, max_points, status. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "csv.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"

struct columns {
	size_t login, points, max, status;
};

static int bad_cell(const struct class_options *o, const struct csv_row *row, const char *text, const char *what, struct error *err)
{
	return error_code(err, ERR_SYNTAX, "%s: line %zu: \"%.60s\" is no %s", o->marks, row->line, text, what);
}

/* Digits and a point: what Canvas' importer cuts in two is no number here either. */
static bool read_number(double *out, const char *text)
{
	char *end;

	*out = strtod(text, &end);
	return *text != '\0' && *end == '\0' && strspn(text, "0123456789.-") == strlen(text) && isfinite(*out);
}

static const char *cell(const struct csv_row *row, size_t column)
{
	return column < row->n ? row->cells[column].text : "";
}

static int read_mark(struct learner_mark *out, const struct class *class, const struct csv_row *row, const struct columns *c,
		     struct error *err)
{
	const char *points = cell(row, c->points), *status = c->status == SIZE_MAX ? "" : cell(row, c->status);

	*out = (struct learner_mark){ .login = arena_strdup(class->arena, cell(row, c->login)) };
	if (out->login == NULL)
		return error_nomem(err);
	if (!read_number(&out->max, cell(row, c->max)))
		return bad_cell(class->options, row, cell(row, c->max), "number of points (max_points)", err);
	out->graded = *points != '\0' && strcmp(status, "ungraded") != 0;
	if (*status != '\0' && strcmp(status, "graded") != 0 && strcmp(status, "ungraded") != 0)
		return bad_cell(class->options, row, status, "status: graded or ungraded", err);
	if (strcmp(status, "graded") == 0 && *points == '\0')
		return bad_cell(class->options, row, points, "number of points, and the status is graded", err);
	if (out->graded && !read_number(&out->points, points))
		return bad_cell(class->options, row, points, "number of points", err);
	return 0;
}

static int find_columns(struct columns *out, const struct csv *csv, const char *file, struct error *err)
{
	*out = (struct columns){ csv_column(csv, "sis_login_id"), csv_column(csv, "points"), csv_column(csv, "max_points"),
				 csv_column(csv, "status") };
	if (out->login == SIZE_MAX)
		out->login = csv_column(csv, "login");
	if (out->login == SIZE_MAX || out->points == SIZE_MAX || out->max == SIZE_MAX)
		return error_code(err, ERR_SYNTAX, "%s: needs the columns login (or sis_login_id), points and max_points", file);
	return 0;
}

int class_read_marks(struct learner_mark **out, size_t *n, const struct class *class, struct error *err)
{
	const char *file = class->options->marks;
	struct learner_mark *marks;
	struct columns columns;
	char *bytes = NULL;
	struct csv csv;
	size_t len = 0;
	int rc = -1;

	*n = 0;
	if (cli_read_file(&bytes, &len, file, CSV_BYTES_MAX, err) < 0)
		return -1;
	if (csv_parse(&csv, bytes, len, err) < 0) {
		free(bytes);
		return error_wrap(err, "%s", file);
	}
	marks = arena_alloc(class->arena, csv.n * sizeof *marks);
	if (marks == NULL) {
		error_nomem(err);
		goto out;
	}
	if (find_columns(&columns, &csv, file, err) < 0)
		goto out;
	for (size_t i = 1; i < csv.n; i++) {
		if (*cell(&csv.rows[i], columns.login) == '\0')
			continue;
		if (read_mark(&marks[*n], class, &csv.rows[i], &columns, err) < 0)
			goto out;
		++*n;
	}
	*out = marks;
	rc = 0;
out:
	csv_free(&csv);
	free(bytes);
	return rc;
}
