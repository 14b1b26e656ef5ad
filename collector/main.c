/* gonogo-collector: keeps the evidence of canary rollouts. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "collector.h"
#include "gonogo/arena.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/store.h"
#include "gonogo/yaml.h"
#include "listen.h"

enum { OPT_CONFIG = 1000, OPT_CHECK, OPT_CHECK_CONFIG, OPT_CLOCK, OPT_UNTIL, OPT_HELP, OPT_VERSION };

/* contracts.md. */
enum { DONE = 0, USAGE = 2, OTHER = 5 };

static const struct option options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },       { "check", no_argument, NULL, OPT_CHECK },
	{ "check-config", no_argument, NULL, OPT_CHECK_CONFIG }, { "clock", required_argument, NULL, OPT_CLOCK },
	{ "until", required_argument, NULL, OPT_UNTIL },         { "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },           { NULL, 0, NULL, 0 },
};

static void help(void)
{
	puts("Usage: gonogo-collector --config FILE [--check | --check-config] [--clock START@RATE] [--until TIME]\n\n"
	     "Runs beside Flagger and keeps the evidence of every canary rollout: Flagger's events and status, route weights, and\n"
	     "Prometheus' raw samples of canary and baseline, in an append-only SQLite log. It changes nothing in the cluster.\n\n"
	     "  --config FILE       gonogo.yaml\n"
	     "  --check-config      read the configuration and say whether it is right\n"
	     "  --check             also connect, and say what works and what is missing\n"
	     "  --clock START@RATE  a clock that shows START now and runs RATE times as fast: for replays\n"
	     "  --until TIME        stop when the clock passes TIME (RFC 3339)\n\n"
	     "SIGTERM ends it cleanly. Exit codes: 0 done, 2 usage or configuration, 5 other failure. The manual is gonogo-collector(8).");
}

static int fail(const struct error *err)
{
	fprintf(stderr, "gonogo-collector: %s\n", err->text);
	return err->code == ERR_USAGE || err->code == ERR_SYNTAX ? USAGE : OTHER;
}

static int usage(const char *text)
{
	fprintf(stderr, "gonogo-collector: %s\nTry \"gonogo-collector --help\".\n", text);
	return USAGE;
}

static int check_config(const char *file, struct error *err)
{
	struct arena *arena = arena_new((size_t)64 * 1024 * 1024);
	struct config config;
	int rc = arena == NULL ? error_nomem(err) : config_load(&config, file, arena, err);

	if (rc == 0)
		printf("%s: right: cluster %s, %zu namespaces, database %s\n", file, config.cluster, config.n_namespaces, config.database);
	arena_free(arena);
	return rc;
}

int main(int argc, char **argv)
{
	const char *config = NULL;
	int64_t until = INSTANT_NONE;
	int c, mode = 0, rc;
	struct clock clock;
	struct error err = { .text = "" };

	clock_real(&clock);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case OPT_CONFIG:
			config = optarg;
			break;
		case OPT_CHECK:
		case OPT_CHECK_CONFIG:
			mode = c;
			break;
		case OPT_CLOCK:
			if (clock_parse(&clock, optarg, &err) < 0)
				return fail(&err);
			break;
		case OPT_UNTIL:
			if (instant_parse(&until, optarg, &err) < 0)
				return fail(&err);
			break;
		case OPT_HELP:
			help();
			return DONE;
		case OPT_VERSION:
			printf("gonogo-collector %s (SQLite %s, OpenSSL %s, cJSON %s, libyaml %s, libmicrohttpd %s, %s)\n", GONOGO_VERSION,
			       store_library(), digest_library(), json_library(), yaml_library(), listen_library(), http_library());
			return DONE;
		default:
			return usage("unknown option, or a value is missing");
		}
	}
	if (optind != argc)
		return usage("takes no arguments");
	if (config == NULL)
		return usage("--config FILE is needed");
	if (mode == OPT_CHECK_CONFIG)
		rc = check_config(config, &err);
	else if (mode == OPT_CHECK)
		rc = collector_check(config, &clock, &err);
	else
		rc = collector_run(config, &clock, until, &err);
	return rc < 0 ? fail(&err) : DONE;
}
