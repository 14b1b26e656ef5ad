/* gonogo rehearse: the rollback path of a canary was tested. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "decisions.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"

#define OPT_HOW OPT_OWN
#define OPT_TESTED (OPT_OWN + 1)
#define OPT_RESULT (OPT_OWN + 2)
#define OPT_TOOK (OPT_OWN + 3)

static const struct option options[] = { CLI_OPTIONS,
					 AUTHOR_OPTIONS,
					 { "output", required_argument, NULL, 'o' },
					 { "how", required_argument, NULL, OPT_HOW },
					 { "tested", required_argument, NULL, OPT_TESTED },
					 { "result", required_argument, NULL, OPT_RESULT },
					 { "took", required_argument, NULL, OPT_TOOK },
					 { NULL, 0, NULL, 0 } };

struct wanted {
	struct author author;
	const char *how, *result;
	int64_t tested, took;
};

static void help(void)
{
	puts("Usage: gonogo rehearse NAMESPACE/CANARY --how TEXT --result worked|failed --by NAME [OPTION]...\n\n"
	     "Records that the rollback path of a canary was tested. Rollback conditions of later rollouts say so. A rollback that this\n"
	     "canary had before, with its traffic seen back on the primary, counts without any record.\n\n"
	     "  --how TEXT          how it was tested, and where the evidence is\n"
	     "  --result R          worked or failed\n"
	     "  --tested TIME       when (RFC 3339; default: now)\n"
	     "  --took D            until traffic was back, such as 40s\n" AUTHOR_HELP
	     "  -o text|json        form of the answer\n" LOGS_HELP
	     "\nExit codes: 0 recorded; 2 usage; 4 no such canary in the log; 5 other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	struct wanted *w = arg;

	if (author_option(&w->author, c, value, text))
		return true;
	switch (c) {
	case OPT_HOW:
		w->how = value;
		return true;
	case OPT_TESTED:
		if (instant_parse(&w->tested, value, NULL) < 0)
			*text = "--tested takes a time such as 2025-06-12T14:00:04Z";
		return true;
	case OPT_RESULT:
		w->result = value;
		if (strcmp(value, "worked") != 0 && strcmp(value, "failed") != 0)
			*text = "--result takes worked or failed";
		return true;
	case OPT_TOOK:
		if (duration_parse(&w->took, value, NULL) < 0)
			*text = "--took takes a duration such as 40s";
		return true;
	default:
		return false;
	}
}

static const char *missing(const struct wanted *w)
{
	return w->how == NULL         ? "--how TEXT is missing: how it was tested"
	       : w->result == NULL    ? "--result worked|failed is missing"
	       : w->author.by == NULL ? "--by NAME is missing: who tested"
				      : NULL;
}

/* A canary that this log has never seen is a spelling mistake, or another cluster's. */
static int check_canary(const struct session *s, const char *name, struct error *err)
{
	const struct rollout *r;

	if (strchr(name, '/') == NULL)
		return error_code(err, ERR_USAGE, "%.200s: give NAMESPACE/CANARY", name);
	return session_find(s, name, &r, err);
}

static int rehearse(const struct cli *cli, const struct wanted *w, const struct session *s, const char *name, struct error *err)
{
	int64_t now = clock_now(&w->author.clock);
	struct record record;

	if (check_canary(s, name, err) < 0)
		return -1;
	record_init(&record, RECORD_REHEARSAL);
	record.canary = name;
	record.text = w->how;
	record.tested_at = w->tested == INSTANT_NONE ? now : w->tested;
	record.worked = strcmp(w->result, "worked") == 0;
	record.seconds = w->took == INSTANT_NONE ? NAN : (double)w->took / (double)NS_PER_S;
	if (record.tested_at > now)
		return error_code(err, ERR_USAGE, "--tested: lies in the future");
	if (decisions_append(cli, s->evidence.cluster, &w->author, &record, err) < 0)
		return -1;
	return decisions_say(cli, &record, record.worked ? "rehearsal recorded: worked" : "rehearsal recorded: failed", err);
}

int cmd_rehearse(int argc, char **argv)
{
	struct wanted w = { .tested = INSTANT_NONE, .took = INSTANT_NONE };
	const struct cli_parser parser = { .program = "gonogo rehearse",
					   .shorts = "o:",
					   .longs = options,
					   .help = help,
					   .own = own_option,
					   .arg = &w,
					   .min_arguments = 1,
					   .max_arguments = 1 };
	struct session s;
	struct error err;
	struct cli cli;
	int code;

	author_init(&w.author);
	code = cli_parse(&cli, &parser, argc, argv);
	if (code >= 0)
		return code;
	if (missing(&w) != NULL)
		return cli_usage(&cli, missing(&w));
	code = EXIT_GO;
	cli.recording = true;
	if (session_open(&s, &cli, &err) < 0 || rehearse(&cli, &w, &s, argv[optind], &err) < 0)
		code = cli_fail(&cli, &err);
	session_close(&s);
	return code;
}
