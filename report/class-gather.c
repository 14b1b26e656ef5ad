/* Who is in the class, and what each handed in. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "class.h"
#include "csv.h"
#include "gonogo/arena.h"
#include "gonogo/error.h"

/* ---- The roster. */

static size_t column_of(const struct csv *csv, const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++) {
		size_t column = csv_column(csv, names[i]);

		if (column != SIZE_MAX)
			return column;
	}
	return SIZE_MAX;
}

static const char *cell_at(const struct class *class, const struct csv_row *row, size_t column)
{
	if (column >= row->n || *row->cells[column].text == '\0')
		return NULL;
	return arena_strdup(class->arena, row->cells[column].text);
}

static struct learner *add_learner(struct class *class, const char *login, struct error *err)
{
	struct learner *grown;

	if (class->n == CLASS_MAX) {
		error_code(err, ERR_LIMIT, "a class has %d learners at most", CLASS_MAX);
		return NULL;
	}
	grown = arena_grow(class->arena, class->v, class->n, &class->cap, sizeof *grown);
	if (grown == NULL || login == NULL) {
		error_nomem(err);
		return NULL;
	}
	class->v = grown;
	grown[class->n] = (struct learner){ .login = login };
	return &grown[class->n++];
}

static struct learner *find_learner(struct class *class, const char *login)
{
	for (size_t i = 0; i < class->n; i++)
		if (strcmp(class->v[i].login, login) == 0)
			return &class->v[i];
	return NULL;
}

static int read_row(struct class *class, const struct csv_row *row, const size_t columns[4], struct error *err)
{
	const char *login = cell_at(class, row, columns[0]);
	struct learner *l;

	if (login == NULL)
		return 0;
	if (find_learner(class, login) != NULL)
		return error_code(err, ERR_SYNTAX, "%s: line %zu: \"%.80s\" is there twice", class->options->roster, row->line, login);
	l = add_learner(class, login, err);
	if (l == NULL)
		return -1;
	l->in_roster = true;
	l->first_name = cell_at(class, row, columns[1]);
	l->last_name = cell_at(class, row, columns[2]);
	l->email = cell_at(class, row, columns[3]);
	return 0;
}

static int read_roster(struct class *class, struct error *err)
{
	static const char *const logins[] = { "login", "student_id", "SIS Login ID", "username", "github_username", "identifier", NULL };
	static const char *const firsts[] = { "first_name", "First Name", NULL }, *const lasts[] = { "last_name", "Last Name", NULL };
	static const char *const emails[] = { "email", "Email", NULL };
	const char *path = class->options->roster;
	char *bytes = NULL;
	struct csv csv;
	size_t len = 0, columns[4];
	int rc = -1;

	if (cli_read_file(&bytes, &len, path, CSV_BYTES_MAX, err) < 0)
		return -1;
	if (csv_parse(&csv, bytes, len, err) < 0) {
		free(bytes);
		return error_wrap(err, "%s", path);
	}
	columns[0] = column_of(&csv, logins);
	columns[1] = column_of(&csv, firsts);
	columns[2] = column_of(&csv, lasts);
	columns[3] = column_of(&csv, emails);
	if (columns[0] == SIZE_MAX) {
		error_code(err, ERR_SYNTAX,
			   "%s: has no column login, student_id, \"SIS Login ID\", username, github_username or identifier", path);
		goto out;
	}
	for (size_t i = 1; i < csv.n; i++)
		if (read_row(class, &csv.rows[i], columns, err) < 0)
			goto out;
	rc = 0;
out:
	csv_free(&csv);
	free(bytes);
	return rc;
}

/* ---- The folder. */

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n > k && strcmp(name + n - k, end) == 0;
}

static bool is_kind(const char *path, mode_t kind)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

/* LOGIN/: evidence.db before evidence.json, which is derived from it. */
static void look_into(struct class *class, struct learner *l, const char *folder)
{
	const char *log = arena_printf(class->arena, "%s/evidence.db", folder);
	const char *package = arena_printf(class->arena, "%s/evidence.json", folder);

	l->decisions = arena_printf(class->arena, "%s/decisions.db", folder);
	if (log != NULL && is_kind(log, S_IFREG)) {
		l->kind = HANDED_LOG;
		l->path = log;
	} else if (package != NULL && is_kind(package, S_IFREG)) {
		l->kind = HANDED_PACKAGE;
		l->path = package;
	} else {
		l->reason = "the folder holds neither evidence.db nor evidence.json";
	}
}

static int take_entry(struct class *class, const char *name, struct error *err)
{
	const char *path = arena_printf(class->arena, "%s/%s", class->options->directory, name);
	bool folder = path != NULL && is_kind(path, S_IFDIR), package = ends_in(name, ".json");
	struct learner *l;
	const char *login;

	if (path == NULL)
		return error_nomem(err);
	if (!folder && (!(package || ends_in(name, ".db")) || ends_in(name, ".decisions.db") || !is_kind(path, S_IFREG)))
		return 0;
	login = folder ? arena_strdup(class->arena, name) : arena_strndup(class->arena, name, strlen(name) - (package ? 5 : 3));
	l = login == NULL ? NULL : find_learner(class, login);
	if (l == NULL)
		l = add_learner(class, login, err);
	if (l == NULL)
		return -1;
	if (l->path != NULL || l->reason != NULL) {
		l->reason = "handed in twice: as a folder and a file, or as a log and a package";
	} else if (folder) {
		look_into(class, l, path);
	} else {
		l->kind = package ? HANDED_PACKAGE : HANDED_LOG;
		l->path = path;
		l->decisions = arena_printf(class->arena, "%s/%s.decisions.db", class->options->directory, login);
	}
	return 0;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_folder(struct class *class, struct error *err)
{
	struct dirent **entries = NULL;
	int n = scandir(class->options->directory, &entries, visible, by_bytes), rc = 0;

	if (n < 0)
		return error_code(err, ERR_NOT_FOUND, "%s: %s", class->options->directory, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = take_entry(class, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int class_gather(struct class *class, struct error *err)
{
	if (class->options->roster != NULL && read_roster(class, err) < 0)
		return -1;
	if (read_folder(class, err) < 0)
		return -1;
	if (class->n == 0)
		return error_code(err, ERR_NOT_FOUND, "%s: nobody handed anything in: no LOGIN.db, LOGIN.json or folder",
				  class->options->directory);
	for (size_t i = 0; i < class->n; i++)
		if (class->v[i].path == NULL && class->v[i].reason == NULL)
			class->v[i].reason = "nothing was handed in";
	return 0;
}
