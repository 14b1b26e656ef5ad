/* gonogo lint: manifests against the traps that docs/lint.md describes. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/lint.h"
#include "gonogo/utf8.h"
#include "lint-output.h"

/* yaml.h reads 8 MiB. */
#define FILE_MAX ((size_t)8 * 1024 * 1024)
#define CRITERIA_FILE_MAX ((size_t)1024 * 1024)

/* All files' nodes, problems and queries. */
#define MEMORY_MAX ((size_t)1024 * 1024 * 1024)
#define OUTPUT_MAX ((size_t)256 * 1024 * 1024)

/* Folders in folders; repositories are nowhere near. */
#define DEPTH_MAX 32

enum { OPT_SCRAPE = OPT_OWN };

static const struct option options[] = { CLI_OPTIONS, { "scrape-interval", required_argument, NULL, OPT_SCRAPE }, { NULL, 0, NULL, 0 } };

static const struct format {
	const char *name;
	void (*print)(struct buf *out, const struct lint_result *result);
} formats[] = { { "text", lint_print_text }, { "json", lint_print_json }, { "sarif", lint_print_sarif } };

struct linting {
	struct cli cli;
	const struct format *format;
	struct lint_options options;
	struct lint *lint;
	bool unreadable; /* a file was not read: not everything was checked */
};

static void help(void)
{
	puts("Usage: gonogo lint FILE|DIRECTORY|-... [-o text|json|sarif] [--criteria FILE] [--scrape-interval D]\n\n"
	     "Checks Canary, MetricTemplate, TraefikService and IngressRoute manifests against known traps; other objects are passed "
	     "over.\n"
	     "Directories are read through for *.yaml, *.yml and *.json; \"-\" is the standard input:\n\n"
	     "  kubectl get canaries,metrictemplates -A -o json | gonogo lint -\n"
	     "  helm template chart | gonogo lint -\n\n"
	     "Options:\n"
	     "  -o text|json|sarif     for people (with what each Canary would do), programs, code scanning\n"
	     "  --criteria FILE        blast limits and windows; default: the course's\n"
	     "  --scrape-interval D    how often Prometheus scrapes; default 30s\n\n"
	     "Exit codes: 0 no error; 1 errors were found; 2 usage; 5 a file could not be read. Every rule: docs/lint.md.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	struct linting *g = arg;

	if (c == OPT_SCRAPE) {
		if (duration_parse(&g->options.scrape, value, NULL) < 0 || g->options.scrape <= 0)
			*text = "--scrape-interval takes a duration such as 15s";
		return true;
	}
	if (c != 'o')
		return false;
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (strcmp(value, formats[i].name) == 0) {
			g->format = &formats[i];
			return true;
		}
	*text = "-o takes text, json or sarif";
	return true;
}

/* A file that cannot be read is said; the others are checked all the same. */
static int add_file(struct linting *g, const char *path, struct error *err)
{
	size_t len = 0;
	char *bytes;
	int rc;

	if (cli_read_file(&bytes, &len, path, FILE_MAX, err) < 0) {
		(void)cli_fail(&g->cli, err);
		g->unreadable = true;
		return 0;
	}
	rc = lint_add(g->lint, path, bytes, len, err);
	free(bytes);
	if (rc < 0 && err->code == ERR_LIMIT) {
		(void)cli_fail(&g->cli, err);
		g->unreadable = true;
		return 0;
	}
	return rc;
}

static bool is_manifest(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0);
}

static int is_shown(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_path(struct linting *g, const char *path, bool given, int depth, struct error *err);

static int add_directory(struct linting *g, const char *path, int depth, struct error *err)
{
	struct dirent **entries = NULL;
	int n = depth > DEPTH_MAX ? (errno = ELOOP, -1) : scandir(path, &entries, is_shown, by_bytes), rc = 0;

	if (n < 0) {
		error_set(err, "%s: %s", path, strerror(errno));
		(void)cli_fail(&g->cli, err);
		g->unreadable = true;
		return 0;
	}
	for (int i = 0; i < n; i++) {
		char *below = NULL;

		if (rc == 0 && asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0) {
			below = NULL;
			rc = error_nomem(err);
		}
		if (rc == 0)
			rc = add_path(g, below, false, depth + 1, err);
		free(below);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

/* What was given is read whatever its name; below directories links to directories are not followed: they may lead in circles. */
static int add_path(struct linting *g, const char *path, bool given, int depth, struct error *err)
{
	struct stat st, link;

	if (strcmp(path, "-") == 0 && given)
		return add_file(g, path, err);
	if (stat(path, &st) < 0 || lstat(path, &link) < 0) {
		error_set(err, "%s: %s", path, strerror(errno));
		(void)cli_fail(&g->cli, err);
		g->unreadable = true;
		return 0;
	}
	if (S_ISDIR(st.st_mode))
		return given || !S_ISLNK(link.st_mode) ? add_directory(g, path, depth, err) : 0;
	return given || (S_ISREG(st.st_mode) && is_manifest(path)) ? add_file(g, path, err) : 0;
}

/* The criteria are read once for themselves, so that a mistake in them is said as one. */
static int read_criteria(struct linting *g, char **bytes, struct arena *arena, struct error *err)
{
	struct criteria criteria;

	if (g->cli.criteria_file == NULL)
		return 0;
	if (cli_read_file(bytes, &g->options.criteria_len, g->cli.criteria_file, CRITERIA_FILE_MAX, err) < 0)
		return -1;
	g->options.criteria = *bytes;
	g->options.criteria_name = g->cli.criteria_file;
	return criteria_parse(&criteria, *bytes, g->options.criteria_len, g->cli.criteria_file, NULL, NULL, arena, err);
}

static int print(const struct linting *g, const struct lint_result *result, struct error *err)
{
	struct buf out;
	int rc;

	buf_init(&out, OUTPUT_MAX);
	g->format->print(&out, result);
	rc = buf_check(&out, "the list of problems", err) < 0 ? -1 : cli_write(out.data, out.len, err);
	buf_free(&out);
	if (result->n_canaries + result->n_templates == 0)
		fprintf(stderr, "%s: there is no Canary and no MetricTemplate in what was given\n", g->cli.program);
	return rc;
}

static int check_all(struct linting *g, char **paths, int n, struct lint_result *result, struct error *err)
{
	for (int i = 0; i < n; i++)
		if (add_path(g, paths[i], true, 0, err) < 0)
			return -1;
	return lint_run(g->lint, result, err) < 0 ? -1 : print(g, result, err);
}

int cmd_lint(int argc, char **argv)
{
	struct linting g = { .format = &formats[0], .options = { .scrape = 30 * NS_PER_S } };
	const struct cli_parser parser = { .program = "gonogo lint",
					   .shorts = "o:",
					   .longs = options,
					   .help = help,
					   .own = own_option,
					   .arg = &g,
					   .min_arguments = 1,
					   .max_arguments = 100000 };
	struct lint_result result = { 0 };
	struct arena *arena;
	struct error err;
	char *criteria = NULL;
	int code = cli_parse(&g.cli, &parser, argc, argv);

	if (code >= 0)
		return code;
	arena = arena_new(MEMORY_MAX);
	if (arena == NULL || read_criteria(&g, &criteria, arena, &err) < 0) {
		code = arena == NULL ? EXIT_OTHER : cli_fail(&g.cli, &err);
		goto out;
	}
	g.lint = lint_new(&g.options, arena);
	if (g.lint == NULL || check_all(&g, argv + optind, argc - optind, &result, &err) < 0) {
		code = g.lint == NULL ? EXIT_OTHER : (cli_fail(&g.cli, &err), EXIT_OTHER);
		goto out;
	}
	code = g.unreadable ? EXIT_OTHER : result.n[SEVERITY_ERROR] > 0 ? EXIT_NO_GO : EXIT_GO;
out:
	lint_free(g.lint);
	free(criteria);
	arena_free(arena);
	return code;
}
