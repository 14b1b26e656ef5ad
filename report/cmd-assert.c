/* gonogo assert: a pipeline's gate. Waits for the rollout named to exist and to end, then exits by its verdict. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/cli.h"
#include "gonogo/error.h"
#include "gonogo/ruling.h"

#define OPT_IMAGE OPT_OWN
#define OPT_AFTER (OPT_OWN + 1)
#define OPT_TIMEOUT (OPT_OWN + 2)
#define OPT_EFFECTIVE (OPT_OWN + 3)

static const struct option options[] = {
	CLI_OPTIONS,
	{ "image", required_argument, NULL, OPT_IMAGE },
	{ "after", required_argument, NULL, OPT_AFTER },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "effective", no_argument, NULL, OPT_EFFECTIVE },
	{ NULL, 0, NULL, 0 },
};

struct wanted {
	const char *name; /* id, prefix, or NAMESPACE/CANARY */
	const char *image; /* reference or digest */
	int64_t after;
	int64_t timeout; /* ns */
	bool effective;
};

static void help(void)
{
	puts("Usage: gonogo assert ROLLOUT [OPTION]...\n"
	     "       gonogo assert NAMESPACE/CANARY --image REF|DIGEST [OPTION]...\n"
	     "       gonogo assert NAMESPACE/CANARY --after TIME [OPTION]...\n\n"
	     "Waits until the rollout named exists and has ended, prints its verdict and headline, and exits by it.\n"
	     "NAMESPACE/CANARY alone is refused: right after an apply it would be the previous rollout.\n\n"
	     "  --image REF|DIGEST  the latest rollout of that canary to this image\n"
	     "  --after TIME        the first rollout of that canary that started at or after TIME (RFC 3339)\n"
	     "  --timeout D         wait at most that long, e.g. 20m (default 0: do not wait)\n"
	     "  --effective         the verdict after recorded decisions (gonogo decide), not the computed one\n"
	     "  --db FILE           evidence log (repeatable; default $GONOGO_DB, else /var/lib/gonogo/evidence.db)\n"
	     "  --decisions FILE    log of human records (default: decisions.db beside the first evidence log)\n"
	     "  --criteria FILE     judge by these criteria instead of those in force at the start\n"
	     "  -o text|json        form of the output\n\n"
	     "Exit codes: 0 GO, 1 NO-GO, 2 usage, 3 HOLD, 4 no such rollout, or still running, when the time was up; 5 other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	struct wanted *w = arg;

	switch (c) {
	case OPT_IMAGE:
		w->image = value;
		return true;
	case OPT_AFTER:
		if (instant_parse(&w->after, value, NULL) < 0)
			*text = "--after takes a time such as 2025-06-12T14:00:04Z";
		return true;
	case OPT_TIMEOUT:
		if (duration_parse(&w->timeout, value, NULL) < 0)
			*text = "--timeout takes a duration such as 20m";
		return true;
	case OPT_EFFECTIVE:
		w->effective = true;
		return true;
	default:
		return false;
	}
}

static bool is_canary(const struct rollout *r, const char *name)
{
	size_t len = strlen(r->namespace_);

	return strncmp(name, r->namespace_, len) == 0 && name[len] == '/' && strcmp(name + len + 1, r->canary) == 0;
}

/* A whole reference, a digest, or the digest part of one. */
static bool has_image(const struct rollout *r, const char *image)
{
	for (size_t i = 0; i < r->n_images; i++) {
		const struct image *im = &r->images[i];

		if (im->new_image != NULL && strcmp(im->new_image, image) == 0)
			return true;
		if (im->new_digest != NULL) {
			const char *digest = strstr(image, "sha256:");

			if (digest != NULL && strcmp(im->new_digest, digest) == 0)
				return true;
		}
	}
	return false;
}

static const struct rollout *find(const struct session *s, const struct wanted *w)
{
	const struct rollout *found = NULL;

	if (w->image == NULL && w->after == INSTANT_NONE)
		return session_find(s, w->name, &found, NULL) == 0 ? found : NULL;
	for (size_t i = 0; i < s->rollouts.n; i++) {
		const struct rollout *r = &s->rollouts.v[i];

		if (!is_canary(r, w->name))
			continue;
		if (w->after != INSTANT_NONE && r->started_at < w->after)
			continue;
		if (w->image != NULL && !has_image(r, w->image))
			continue;
		found = r;
		if (w->after != INSTANT_NONE)
			break;
	}
	return found;
}

static int code_of(enum verdict verdict)
{
	return verdict == VERDICT_GO ? EXIT_GO : verdict == VERDICT_NO_GO ? EXIT_NO_GO : EXIT_HOLD;
}

/* What people decided counts only here, and here time passes: a hold can expire. */
static int effective(const struct cli *cli, struct session *s, struct assessment *a, struct arena *arena, struct error *err)
{
	struct clock clock;

	clock_real(&clock);
	if (decisions_rule(s, a, cli->at != INSTANT_NONE ? cli->at : clock_now(&clock), arena, err) < 0 ||
	    cli_print_verdict(cli, a, err) < 0)
		return cli_fail(cli, err);
	if (!cli->json)
		printf("effective: %s: %s\n", verdict_word(a->ruling->effective), a->ruling->text);
	return code_of(a->ruling->effective);
}

static int judge(const struct cli *cli, const struct wanted *w, struct session *s, const struct rollout *r)
{
	struct arena *arena = session_arena();
	struct assessment a;
	struct error err;
	int code;

	if (arena == NULL)
		return EXIT_OTHER;
	if (session_assess(s, cli, r, &a, arena, &err) < 0) {
		code = cli_fail(cli, &err);
	} else if (w->effective) {
		code = effective(cli, s, &a, arena, &err);
	} else {
		code = code_of(a.verdict);
		if (cli_print_verdict(cli, &a, &err) < 0)
			code = cli_fail(cli, &err);
	}
	arena_free(arena);
	return code;
}

/* One look at the logs: an exit code, or -1 to look again later. */
static int look(const struct cli *cli, const struct wanted *w, bool last)
{
	const struct rollout *r;
	struct session s;
	struct error err;
	int code = -1;

	if (session_open(&s, cli, &err) < 0) {
		if (last || err.code != ERR_NOT_FOUND)
			code = cli_fail(cli, &err);
		goto out;
	}
	r = find(&s, w);
	if (r != NULL && r->ended_at != INSTANT_NONE) {
		code = judge(cli, w, &s, r);
	} else if (last) {
		fprintf(stderr, "%s: %s: %s\n", cli->program, r == NULL ? w->name : r->id,
			r == NULL ? "no such rollout yet; --timeout D waits for it" : "still running; --timeout D waits for its end");
		code = EXIT_EVIDENCE;
	}
out:
	session_close(&s);
	return code;
}

static int64_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int cmd_assert(int argc, char **argv)
{
	struct wanted w = { .after = INSTANT_NONE };
	const struct cli_parser parser = { .program = "gonogo assert",
					   .shorts = "o:",
					   .longs = options,
					   .help = help,
					   .own = own_option,
					   .arg = &w,
					   .min_arguments = 1,
					   .max_arguments = 1 };
	struct cli cli;
	int64_t end;
	int code = cli_parse(&cli, &parser, argc, argv);

	if (code >= 0)
		return code;
	w.name = argv[optind];
	if (strchr(w.name, '/') != NULL && w.image == NULL && w.after == INSTANT_NONE)
		return cli_usage(&cli, "NAMESPACE/CANARY needs --image or --after: its latest could be the previous rollout");
	if (strchr(w.name, '/') == NULL && (w.image != NULL || w.after != INSTANT_NONE))
		return cli_usage(&cli, "--image and --after go with NAMESPACE/CANARY");
	end = monotonic() + w.timeout;
	while ((code = look(&cli, &w, monotonic() >= end)) < 0)
		(void)nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
	return code;
}
