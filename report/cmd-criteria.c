/* gonogo criteria explain: what would be judged for a canary, every value with where it comes from. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/criteria.h"
#include "gonogo/error.h"
#include "gonogo/json.h"

#define CRITERIA_FILE_MAX ((size_t)1024 * 1024)
#define MEMORY_MAX ((size_t)16 * 1024 * 1024)

static const struct option options[] = { CLI_OPTIONS, { NULL, 0, NULL, 0 } };

static void help(void)
{
	puts("Usage: gonogo criteria explain [NAMESPACE/CANARY] [--criteria FILE] [-o text|json]\n\n"
	     "Prints every criterion and setting in force for that canary, and whether it comes from the default, the file or an\n"
	     "override of it. Without --criteria: the built-in defaults, the numbers of the course.\n\n"
	     "Exit codes: 0; 2 the file has an error (said with line and column).");
}

static void explain_text(struct buf *out, const struct criteria *c)
{
	for (size_t i = 0; i < c->n_settings; i++) {
		const struct criteria_setting *s = &c->settings[i];

		buf_printf(out, "%-38s %-16s %s", s->path, s->value, layer_name(s->layer));
		if (s->layer != LAYER_DEFAULT)
			buf_printf(out, ", line %zu", s->line);
		buf_putc(out, '\n');
	}
}

static void explain_json(struct buf *out, const struct criteria *c)
{
	struct json_writer w;

	json_writer_init(&w, out, 1);
	json_begin_array(&w, NULL);
	for (size_t i = 0; i < c->n_settings; i++) {
		json_begin_object(&w, NULL);
		json_put_string(&w, "path", c->settings[i].path);
		json_put_string(&w, "value", c->settings[i].value);
		json_put_string(&w, "from", layer_name(c->settings[i].layer));
		json_put_int(&w, "line", (int64_t)c->settings[i].line);
		json_end_object(&w);
	}
	json_end_array(&w);
	buf_putc(out, '\n');
}

/* Splits "NAMESPACE/CANARY" in place; false if it has no slash. */
static bool split(char *name, const char **namespace_, const char **canary)
{
	char *slash = strchr(name, '/');

	if (slash == NULL)
		return false;
	*slash = '\0';
	*namespace_ = name;
	*canary = slash + 1;
	return true;
}

static int explain(const struct cli *cli, const char *namespace_, const char *canary, struct error *err)
{
	struct arena *arena = arena_new(MEMORY_MAX);
	struct criteria criteria;
	char *bytes = NULL;
	size_t len = 0;
	struct buf out;
	int rc = -1;

	buf_init(&out, MEMORY_MAX);
	if (arena == NULL) {
		error_nomem(err);
		goto out;
	}
	if (cli->criteria_file != NULL && cli_read_file(&bytes, &len, cli->criteria_file, CRITERIA_FILE_MAX, err) < 0)
		goto out;
	if (criteria_parse(&criteria, bytes, len, cli->criteria_file, namespace_, canary, arena, err) < 0)
		goto out;
	if (cli->json)
		explain_json(&out, &criteria);
	else
		explain_text(&out, &criteria);
	if (buf_check(&out, "criteria", err) < 0 || cli_write(out.data, out.len, err) < 0)
		goto out;
	rc = 0;
out:
	free(bytes);
	buf_free(&out);
	arena_free(arena);
	return rc;
}

int cmd_criteria(int argc, char **argv)
{
	static const struct cli_parser parser = {
		.program = "gonogo criteria", .shorts = "o:", .longs = options, .help = help, .min_arguments = 1, .max_arguments = 2
	};
	const char *namespace_ = NULL, *canary = NULL;
	struct error err;
	struct cli cli;
	int code = cli_parse(&cli, &parser, argc, argv);

	if (code >= 0)
		return code;
	if (strcmp(argv[optind], "explain") != 0)
		return cli_usage(&cli, "the only subcommand is explain");
	if (optind + 1 < argc && !split(argv[optind + 1], &namespace_, &canary))
		return cli_usage(&cli, "explain takes NAMESPACE/CANARY");
	if (explain(&cli, namespace_, canary, &err) < 0)
		return cli_fail(&cli, &err);
	return EXIT_GO;
}
