/* gonogo list: every rollout of the logs, one a line. */
#include <getopt.h>
#include <stdio.h>

#include "decisions.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "runs.h"

/* A line for each of 10,000 rollouts and more. */
#define LIST_MAX ((size_t)64 * 1024 * 1024)

static const struct option options[] = { CLI_OPTIONS, RUNS_OPTIONS, { NULL, 0, NULL, 0 } };

static void help(void)
{
	puts("Usage: gonogo list [--canary NAMESPACE/CANARY] [OPTION]...\n\n"
	     "Prints every rollout, oldest first: start, verdict, outcome, highest exposure, steps, duration, failing criteria, id.\n\n"
	     "  --canary NS/CANARY  only rollouts of that canary\n" RUNS_HELP
	     "  --criteria FILE     judge by these criteria instead of those in force at each start\n"
	     "  --at TIME           judge as if it were this time (RFC 3339)\n" LOGS_HELP
	     "\nExit codes: 0, also when there is no rollout; 4 evidence missing; 5 other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	return runs_option(arg, c, value, text);
}

static int print(const struct cli *cli, const struct runs *runs, enum runs_format format, struct error *err)
{
	struct json_writer w;
	struct buf out;
	int rc = -1;

	buf_init(&out, LIST_MAX);
	json_writer_init(&w, &out, 1);
	if (format == RUNS_JSON) {
		runs_json(&w, NULL, runs);
		buf_putc(&out, '\n');
	} else if (format == RUNS_CSV) {
		runs_csv(&out, runs);
	} else {
		runs_text(&out, runs);
		if (runs->n == 0)
			fprintf(stderr, "%s: no such rollout in this log\n", cli->program);
	}
	if (buf_check(&out, "list", err) == 0)
		rc = cli_write(out.data, out.len, err);
	buf_free(&out);
	return rc;
}

int cmd_list(int argc, char **argv)
{
	struct runs_filter filter;
	const struct cli_parser parser = {
		.program = "gonogo list", .shorts = "o:", .longs = options, .help = help, .own = own_option, .arg = &filter
	};
	struct session s;
	struct runs runs;
	struct error err;
	struct cli cli;
	int code;

	runs_filter_init(&filter);
	code = cli_parse(&cli, &parser, argc, argv);
	if (code >= 0)
		return code;
	code = EXIT_GO;
	if (session_open(&s, &cli, &err) < 0 || runs_collect(&runs, &s, &cli, &filter, &err) < 0 ||
	    print(&cli, &runs, filter.format, &err) < 0)
		code = cli_fail(&cli, &err);
	session_close(&s);
	return code;
}
