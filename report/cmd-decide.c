/* gonogo decide: a person's go, no-go or hold, bound to the package that was seen. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/assessment.h"
#include "gonogo/buf.h"
#include "gonogo/criteria.h"
#include "gonogo/digest.h"
#include "gonogo/error.h"
#include "gonogo/ruling.h"

#define OPT_DECISION OPT_OWN
#define OPT_REASON (OPT_OWN + 1)
#define OPT_OVERRIDE (OPT_OWN + 2)
#define OPT_UNTIL (OPT_OWN + 3)
#define OPT_PACKAGE (OPT_OWN + 4)

static const struct option options[] = { CLI_OPTIONS,
					 AUTHOR_OPTIONS,
					 { "output", required_argument, NULL, 'o' },
					 { "decision", required_argument, NULL, OPT_DECISION },
					 { "reason", required_argument, NULL, OPT_REASON },
					 { "override", no_argument, NULL, OPT_OVERRIDE },
					 { "until", required_argument, NULL, OPT_UNTIL },
					 { "package", required_argument, NULL, OPT_PACKAGE },
					 { NULL, 0, NULL, 0 } };

struct wanted {
	struct author author;
	const char *decision, *reason, *package;
	enum verdict verdict;
	bool override;
	int64_t until;
};

static void help(void)
{
	puts("Usage: gonogo decide ROLLOUT --decision go|no-go|hold --by NAME --role ROLE --reason TEXT [OPTION]...\n\n"
	     "Records a decision in the log of human records. It is bound to the digest of the package as it is now: if the evidence, the\n"
	     "criteria or the verdict change, it no longer counts (and is still shown). Later decisions supersede earlier ones, none is\n"
	     "erased. A GO while the rollout runs is refused.\n\n"
	     "  --decision D        go, no-go or hold\n" AUTHOR_HELP "  --reason TEXT       why\n"
	     "  --override          needed where the decision differs from the computed verdict; both are kept and shown\n"
	     "  --until TIME        until when it holds (RFC 3339); afterwards see hold.expired of the criteria\n"
	     "  --package SHA256    the digest printed in the package that was read: refused if the package is another one by now\n"
	     "  --criteria FILE     the package judged by these criteria instead of those in force at the start\n"
	     "  -o text|json        form of the answer\n" LOGS_HELP "\nExit codes: 0 recorded; 2 usage, or an override without --override; "
								    "4 no such rollout, or another package; 5 other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	struct wanted *w = arg;

	if (author_option(&w->author, c, value, text))
		return true;
	switch (c) {
	case OPT_DECISION:
		w->decision = value;
		w->verdict = strcmp(value, "go") == 0 ? VERDICT_GO : strcmp(value, "no-go") == 0 ? VERDICT_NO_GO : VERDICT_HOLD;
		if (strcmp(value, verdict_name(w->verdict)) != 0)
			*text = "--decision takes go, no-go or hold";
		return true;
	case OPT_REASON:
		w->reason = value;
		return true;
	case OPT_OVERRIDE:
		w->override = true;
		return true;
	case OPT_UNTIL:
		if (instant_parse(&w->until, value, NULL) < 0)
			*text = "--until takes a time such as 2025-06-12T14:00:04Z";
		return true;
	case OPT_PACKAGE:
		w->package = value;
		return true;
	default:
		return false;
	}
}

static const char *missing(const struct wanted *w)
{
	return w->decision == NULL      ? "--decision go|no-go|hold is missing"
	       : w->author.by == NULL   ? "--by NAME is missing: who decides"
	       : w->author.role == NULL ? "--role ROLE is missing: as what"
	       : w->reason == NULL      ? "--reason TEXT is missing: why"
					: NULL;
}

static int refuse(const struct wanted *w, const struct assessment *a, struct error *err)
{
	if (w->package != NULL && strcmp(w->package, a->ruling->package) != 0)
		return error_code(
			err, ERR_NOT_FOUND,
			"%.200s: the package is now sha256 %s, not %.80s: read the present one (gonogo report) and decide on that",
			a->rollout->id, a->ruling->package, w->package);
	if (w->verdict == VERDICT_GO && a->partial)
		return error_code(err, ERR_USAGE, "%.200s: still running: only no-go or hold can be decided before its end",
				  a->rollout->id);
	if (w->verdict != a->verdict && !w->override)
		return error_code(err, ERR_USAGE, "%.200s: the computed verdict is %s: deciding %s needs --override", a->rollout->id,
				  verdict_word(a->verdict), verdict_word(w->verdict));
	if (w->until != INSTANT_NONE && w->until <= clock_now(&w->author.clock))
		return error_code(err, ERR_USAGE, "--until: that time has passed");
	return 0;
}

/* Writes, reads all again, and says what holds now. */
static int settle(const struct cli *cli, const struct record *record, struct session *s, struct assessment *a, struct arena *arena,
		  struct error *err)
{
	struct ruling ruling;
	struct buf text;
	int rc = -1;

	buf_init(&text, 65536);
	s->human = (struct evidence){ 0 };
	if (decisions_load(s, cli, err) < 0 || ruling_make(&ruling, a, &s->records, a->ruling->package, INSTANT_NONE, arena, err) < 0)
		goto out;
	buf_printf(&text, "%s recorded for %s on package sha256 %s; in effect: %s", verdict_word(record->decision), a->rollout->id,
		   ruling.package, verdict_word(ruling.effective));
	if (ruling.state == RULING_WAITING)
		buf_printf(&text, " (%s)", ruling.text);
	if (buf_check(&text, "answer", err) == 0)
		rc = decisions_say(cli, record, text.data, err);
out:
	buf_free(&text);
	return rc;
}

static int decide(const struct cli *cli, const struct wanted *w, struct session *s, const struct rollout *r, struct arena *arena,
		  struct error *err)
{
	char criteria[DIGEST_HEX_SIZE], head[DIGEST_HEX_SIZE];
	struct assessment a;
	struct record record;

	if (session_assess(s, cli, r, &a, arena, err) < 0 || decisions_rule(s, &a, INSTANT_NONE, arena, err) < 0 || refuse(w, &a, err) < 0)
		return -1;
	record_init(&record, RECORD_DECISION);
	record.rollout = r->id;
	record.text = w->reason;
	record.decision = w->verdict;
	record.computed = a.verdict;
	record.override = w->verdict != a.verdict;
	record.until = w->until;
	record.package = a.ruling->package;
	record.criteria = digest_hex(criteria, a.criteria->sha256);
	record.evidence_head = digest_hex(head, a.provenance.head);
	if (decisions_append(cli, s->evidence.cluster, &w->author, &record, err) < 0)
		return -1;
	return settle(cli, &record, s, &a, arena, err);
}

int cmd_decide(int argc, char **argv)
{
	struct wanted w = { .until = INSTANT_NONE };
	const struct cli_parser parser = { .program = "gonogo decide",
					   .shorts = "o:",
					   .longs = options,
					   .help = help,
					   .own = own_option,
					   .arg = &w,
					   .min_arguments = 1,
					   .max_arguments = 1 };
	const struct rollout *r;
	struct arena *arena;
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
	arena = session_arena();
	code = EXIT_GO;
	cli.recording = true;
	if (session_open(&s, &cli, &err) < 0 || session_find(&s, argv[optind], &r, &err) < 0 ||
	    (arena == NULL ? error_nomem(&err) : decide(&cli, &w, &s, r, arena, &err)) < 0)
		code = cli_fail(&cli, &err);
	arena_free(arena);
	session_close(&s);
	return code;
}
