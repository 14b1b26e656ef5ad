/* gonogo-replay: plays a recorded rollout over loopback, as the API server, as Prometheus and as Flagger's event webhook. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "gonogo/clock.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "gonogo/log.h"
#include "cluster.h"
#include "config.h"
#include "kubeapi.h"
#include "post.h"
#include "promapi.h"
#include "promstore.h"
#include "recording.h"
#include "serve.h"
#include "without.h"

static const char help[] =
	"Usage: gonogo-replay RECORDING [--port-kube PORT] [--port-prom PORT] [--webhook URL] [--clock START@RATE]\n"
	"                     [--without PARTS] [--until TIME]\n"
	"\n"
	"Plays RECORDING, a folder with recording.json and kubernetes, webhook and prometheus.ndjson (plain or .xz), on 127.0.0.1:\n"
	"the Kubernetes API with its lists and watches at their time, Prometheus' instant queries of selectors, and the posts of\n"
	"Flagger's event webhook. Prints the ports, then \"ready\", and plays until TIME or SIGTERM.\n"
	"\n"
	"  --port-kube PORT, --port-prom PORT  0 (the default) chooses a free one\n"
	"  --webhook URL       http://HOST:PORT; without it nothing is posted\n"
	"  --clock START@RATE  the played clock, e.g. 2026-11-25T04:02:00Z@60; default: the recording's begin, 1. The environment's\n"
	"                      GONOGO_CLOCK_ORIGIN says when START was, in ns of CLOCK_BOOTTIME: two programs that share it agree\n"
	"  --without PARTS     separated by commas: webhook, events (they answer 403), prometheus, prometheus:FROM-TO (no samples\n"
	"                      of that span, and 503 during it)\n"
	"  --until TIME        ends then\n"
	"  --times             prints \"begin NS\", \"end NS\" of the recording and \"boottime NS\" of now, and ends\n"
	"  --write-config DIR  writes DIR/gonogo.yaml and DIR/kubeconfig for a collector of this playing, before \"ready\"\n"
	"  --database FILE     its database\n"
	"  --like FILE         a gonogo.yaml (or criteria) whose words it keeps, but for the addresses\n"
	"\n"
	"TIME, FROM and TO are RFC 3339, or seconds from the recording's begin (\"+30\").\n"
	"Exit code: 0, 1 if a post was refused, 2 usage, 5 any other failure.\n";

struct options {
	const char *folder, *webhook, *clock, *without, *until;
	uint16_t port_kube, port_prom;
	const char *config, *database, *like;
	bool times;
};

static bool read_port(uint16_t *out, const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	*out = (uint16_t)port;
	return *text >= '0' && *text <= '9' && *end == '\0' && port <= UINT16_MAX;
}

static bool take_option(struct options *out, int c)
{
	switch (c) {
	case 'k':
		return read_port(&out->port_kube, optarg);
	case 'p':
		return read_port(&out->port_prom, optarg);
	case 'w':
		out->webhook = optarg;
		return true;
	case 'c':
		out->clock = optarg;
		return true;
	case 'o':
		out->without = optarg;
		return true;
	case 'u':
		out->until = optarg;
		return true;
	case 't':
		out->times = true;
		return true;
	case 'C':
		out->config = optarg;
		return true;
	case 'D':
		out->database = optarg;
		return true;
	case 'L':
		out->like = optarg;
		return true;
	default:
		return false;
	}
}

/* 0: go on; else 1 + the exit code. */
static int read_options(struct options *out, int argc, char **argv)
{
	static const struct option longs[] = { { "port-kube", required_argument, NULL, 'k' },
					       { "port-prom", required_argument, NULL, 'p' },
					       { "webhook", required_argument, NULL, 'w' },
					       { "clock", required_argument, NULL, 'c' },
					       { "without", required_argument, NULL, 'o' },
					       { "until", required_argument, NULL, 'u' },
					       { "times", no_argument, NULL, 't' },
					       { "write-config", required_argument, NULL, 'C' },
					       { "database", required_argument, NULL, 'D' },
					       { "like", required_argument, NULL, 'L' },
					       { "help", no_argument, NULL, 'h' },
					       { NULL, 0, NULL, 0 } };
	bool ok = true;
	int c;

	while (ok && (c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'h')
			return fputs(help, stdout) < 0 ? 1 + 5 : 1;
		ok = take_option(out, c);
	}
	if (!ok || argc - optind != 1) {
		(void)fputs("gonogo-replay: usage: gonogo-replay RECORDING [OPTIONS]; ports are numbers; see --help\n", stderr);
		return 1 + 2;
	}
	out->folder = argv[optind];
	return 0;
}

static int open_clock(struct clock *out, const struct options *options, const struct recording *recording, struct error *err)
{
	char start[64];

	(void)snprintf(start, sizeof start, "%" PRId64 "@1", recording->begin);
	return clock_parse(out, options->clock != NULL ? options->clock : start, err);
}

/* Before any thread starts, so that none of them takes the signal. */
static int open_signals(struct error *err)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd >= 0 ? fd : error_set(err, "signalfd failed");
}

/* What no watch asked for although its time had come: the client came too late or looked elsewhere. */
static void report_unwatched(const struct cluster *cluster, int64_t now)
{
	for (size_t i = 0; i < cluster->n; i++) {
		const struct resource *r = &cluster->v[i];
		size_t missed = 0, lines = 0;

		for (size_t j = 0; j < r->n; j++) {
			bool due = !r->v[j].list && r->v[j].t <= now;

			lines += due;
			missed += due && !r->v[j].sent;
		}
		if (missed > 0)
			log_line(LOG_INFO, "kubernetes", "%zu of %zu watch lines of %s went to nobody", missed, lines, r->path);
	}
}

struct play {
	struct recording recording;
	struct cluster cluster;
	struct promstore store;
	struct server *server;
	struct clock clock;
	struct without without;
	int64_t until;
};

static int open_play(struct play *play, const struct options *options, struct error *err)
{
	play->until = INT64_MAX;
	if (recording_open(&play->recording, options->folder, err) < 0 ||
	    without_parse(&play->without, options->without, play->recording.begin, err) < 0 ||
	    (options->until != NULL && moment_parse(&play->until, options->until, play->recording.begin, err) < 0) ||
	    open_clock(&play->clock, options, &play->recording, err) < 0 || cluster_open(&play->cluster, &play->recording, err) < 0)
		return -1;
	if (promstore_open(&play->store, &play->recording, play->without.from / NS_PER_MS, play->without.to / NS_PER_MS, err) < 0)
		return -1;
	return server_new(&play->server, &play->clock, err);
}

static void answer_kube(const void *api, const struct request *request, struct answer *out)
{
	kubeapi_answer(api, request, out);
}

static void answer_prom(const void *api, const struct request *request, struct answer *out)
{
	promapi_answer(api, request, out);
}

static int write_config(const struct play *play, const struct options *options, uint16_t port_kube, uint16_t port_prom, struct error *err)
{
	static const char scheme[] = "http://";
	const struct config config = { .database = options->database,
				       .like = options->like,
				       .namespace_ = play->recording.namespace_,
				       .webhook = options->webhook != NULL && strlen(options->webhook) > strlen(scheme)
							  ? options->webhook + strlen(scheme)
							  : NULL,
				       .port_kube = port_kube,
				       .port_prom = port_prom };

	if (config.database == NULL)
		return error_code(err, ERR_USAGE, "--write-config needs --database FILE");
	return config_write(&config, options->config, err);
}

static int serve(struct play *play, const struct options *options, int stop_fd, size_t *refused, struct error *err)
{
	const struct kubeapi kube = { .cluster = &play->cluster, .without_events = play->without.events };
	const struct promapi prom = {
		.store = &play->store, .recording = &play->recording, .without_from = play->without.from, .without_to = play->without.to
	};
	struct poster *poster = NULL;
	uint16_t port_kube = options->port_kube, port_prom = options->port_prom;
	size_t left = 0;
	int rc;

	if (server_listen(play->server, &port_kube, answer_kube, &kube, err) < 0 ||
	    server_listen(play->server, &port_prom, answer_prom, &prom, err) < 0)
		return -1;
	if (options->config != NULL && write_config(play, options, port_kube, port_prom, err) < 0)
		return -1;
	if (options->webhook != NULL && !play->without.webhook &&
	    poster_start(&poster, &play->recording, options->webhook, &play->clock, err) < 0)
		return -1;
	(void)printf("kubernetes %u\nprometheus %u\nready\n", port_kube, port_prom);
	(void)fflush(stdout);
	rc = server_run(play->server, stop_fd, play->until, err);
	if (poster != NULL)
		*refused = poster_stop(poster, &left);
	if (left > 0)
		log_line(LOG_INFO, "webhook", "stopped before the last %zu posts", left);
	report_unwatched(&play->cluster, clock_now(&play->clock));
	return rc;
}

static void print_times(const struct recording *recording)
{
	struct clock real;

	clock_real(&real);
	(void)printf("begin %" PRId64 "\nend %" PRId64 "\nboottime %" PRId64 "\n", recording->begin, recording->end, clock_boottime(&real));
}

static void close_play(struct play *play)
{
	server_free(play->server);
	promstore_close(&play->store);
	cluster_close(&play->cluster);
	recording_close(&play->recording);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct play play = { 0 };
	struct error err = { 0 };
	size_t refused = 0;
	int code = read_options(&options, argc, argv), stop_fd = -1, rc = 5;

	if (code != 0)
		return code - 1;
	stop_fd = open_signals(&err);
	if (stop_fd < 0 || open_play(&play, &options, &err) < 0)
		goto out;
	if (options.times)
		print_times(&play.recording);
	else if (serve(&play, &options, stop_fd, &refused, &err) < 0)
		goto out;
	rc = refused > 0 ? 1 : 0;
out:
	if (rc == 5) {
		log_line(LOG_ERROR, "gonogo-replay", "%s", err.text);
		rc = err.code == ERR_USAGE ? 2 : 5;
	}
	close_play(&play);
	if (stop_fd >= 0)
		(void)close(stop_fd);
	return rc;
}
