/* Options, messages and files that the subcommands share. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/cli.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/ruling.h"
#include "gonogo/utf8.h"

#define DEFAULT_DB "/var/lib/gonogo/evidence.db"

/* One verdict with its headline and id. */
#define VERDICT_MAX ((size_t)64 * 1024)

static bool add_db(struct cli *cli, const char *path)
{
	if (cli->n_dbs == DBS_MAX)
		return false;
	cli->dbs[cli->n_dbs++] = path;
	return true;
}

/* Where no --db came: $GONOGO_DB, else the collector's default. */
static void default_db(struct cli *cli)
{
	const char *env = getenv("GONOGO_DB");

	if (cli->n_dbs == 0)
		(void)add_db(cli, env != NULL && *env != '\0' ? env : DEFAULT_DB);
}

/* One of the options that many commands share; false if c is none. *text: what is wrong with the value. */
static bool common_option(struct cli *cli, int c, const char *value, const char **text)
{
	switch (c) {
	case OPT_DB:
		if (!add_db(cli, value))
			*text = "--db: 16 logs at most";
		return true;
	case OPT_DECISIONS:
		cli->decisions = value;
		return true;
	case OPT_CRITERIA:
		cli->criteria_file = value;
		return true;
	case OPT_AT:
		if (instant_parse(&cli->at, value, NULL) < 0)
			*text = "--at takes a time such as 2025-06-12T14:00:04Z";
		return true;
	case 'o':
		cli->json = strcmp(value, "json") == 0;
		if (!cli->json && strcmp(value, "text") != 0)
			*text = "-o takes text or json";
		return true;
	default:
		return false;
	}
}

int cli_parse(struct cli *cli, const struct cli_parser *parser, int argc, char **argv)
{
	const char *text = NULL;
	int c;

	*cli = (struct cli){ .program = parser->program, .at = INSTANT_NONE };
	optind = 1;
	while ((c = getopt_long(argc, argv, parser->shorts, parser->longs, NULL)) != -1) {
		if (c == OPT_HELP) {
			parser->help();
			return EXIT_GO;
		}
		if (c == '?')
			return cli_usage(cli, "unknown option, or a value is missing");
		if (parser->own == NULL || !parser->own(parser->arg, c, optarg, &text))
			(void)common_option(cli, c, optarg, &text);
		if (text != NULL)
			return cli_usage(cli, text);
	}
	if (argc - optind < parser->min_arguments)
		return cli_usage(cli, "an argument is missing");
	if (argc - optind > parser->max_arguments)
		return cli_usage(cli, "too many arguments");
	default_db(cli);
	return -1;
}

static void say(const struct cli *cli, const char *text)
{
	struct buf clean;

	buf_init(&clean, 16 * ERROR_TEXT_MAX);
	utf8_clean(&clean, text, strlen(text));
	fprintf(stderr, "%s: %s\n", cli->program, clean.failed ? "(message too long)" : clean.data == NULL ? "" : clean.data);
	buf_free(&clean);
}

int cli_fail(const struct cli *cli, const struct error *err)
{
	say(cli, err->text);
	switch (err->code) {
	case ERR_USAGE:
	case ERR_SYNTAX:
		return EXIT_USAGE;
	case ERR_NOT_FOUND:
	case ERR_TAMPERED:
		return EXIT_EVIDENCE;
	default:
		return EXIT_OTHER;
	}
}

int cli_usage(const struct cli *cli, const char *text)
{
	say(cli, text);
	fprintf(stderr, "Try \"%s --help\".\n", cli->program);
	return EXIT_USAGE;
}

static int read_all(struct buf *out, int fd, const char *path, struct error *err)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) > 0)
		buf_append(out, chunk, (size_t)n);
	if (n < 0)
		return error_set(err, "%s: %s", path, strerror(errno));
	return buf_check(out, path, err);
}

int cli_read_file(char **out, size_t *len, const char *path, size_t max, struct error *err)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct buf bytes;
	int rc = -1;

	buf_init(&bytes, max);
	if (fd < 0)
		return error_code(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
	if (read_all(&bytes, fd, path, err) < 0)
		goto out;
	*len = bytes.len;
	*out = buf_take(&bytes);
	if (*out == NULL) {
		error_nomem(err);
		goto out;
	}
	rc = 0;
out:
	if (fd != STDIN_FILENO)
		close(fd);
	buf_free(&bytes);
	return rc;
}

int cli_write(const char *bytes, size_t len, struct error *err)
{
	if ((len > 0 && fwrite(bytes, 1, len, stdout) != len) || fflush(stdout) != 0)
		return error_set(err, "stdout: %s", strerror(errno));
	return 0;
}

int cli_print_verdict(const struct cli *cli, const struct assessment *a, struct error *err)
{
	struct json_writer w;
	struct buf out;
	int rc;

	buf_init(&out, VERDICT_MAX);
	if (cli->json) {
		json_writer_init(&w, &out, 0);
		json_begin_object(&w, NULL);
		json_put_string(&w, "rollout", a->rollout->id);
		json_put_string(&w, "verdict", verdict_name(a->verdict));
		json_put_string(&w, "headline", a->headline);
		json_put_string(&w, "outcome", outcome_name(a->rollout->outcome));
		if (a->ruling != NULL)
			json_put_string(&w, "effective", verdict_name(a->ruling->effective));
		json_end_object(&w);
	} else {
		buf_printf(&out, "%s: ", verdict_word(a->verdict));
		utf8_clean(&out, a->headline, strlen(a->headline));
		buf_puts(&out, "\n");
		utf8_clean(&out, a->rollout->id, strlen(a->rollout->id));
	}
	buf_putc(&out, '\n');
	rc = buf_check(&out, "verdict", err) < 0 ? -1 : cli_write(out.data, out.len, err);
	buf_free(&out);
	return rc;
}
