/* gonogo note: what a person saw or knows, into the timeline of a rollout. */
#include <getopt.h>
#include <stdio.h>

#include "decisions.h"
#include "gonogo/error.h"
#include "gonogo/instant.h"
#include "postmortem.h"

#define OPT_TEXT OPT_OWN
#define OPT_ABOUT (OPT_OWN + 1)
#define OPT_CITES (OPT_OWN + 2)
#define OPT_SECTION (OPT_OWN + 3)

static const struct option options[] = { CLI_OPTIONS,
					 AUTHOR_OPTIONS,
					 { "output", required_argument, NULL, 'o' },
					 { "text", required_argument, NULL, OPT_TEXT },
					 { "about", required_argument, NULL, OPT_ABOUT },
					 { "cites", required_argument, NULL, OPT_CITES },
					 { "section", required_argument, NULL, OPT_SECTION },
					 { NULL, 0, NULL, 0 } };

struct wanted {
	struct author author;
	const char *text, *cites, *section;
	int64_t about;
};

static void help(void)
{
	puts("Usage: gonogo note ROLLOUT --text TEXT --by NAME [OPTION]...\n\n"
	     "Records a note on a rollout. It stands in the timeline of its package, marked as a person's word.\n\n"
	     "  --text TEXT         the note\n" AUTHOR_HELP "  --about TIME        when what it speaks of was (RFC 3339; default: now)\n"
	     "  --cites IDS         evidence it rests on, such as E-012,E-014\n"
	     "  -o text|json        form of the answer\n" LOGS_HELP
	     "\nExit codes: 0 recorded; 2 usage; 4 no such rollout; 5 other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	struct wanted *w = arg;

	if (author_option(&w->author, c, value, text))
		return true;
	switch (c) {
	case OPT_TEXT:
		w->text = value;
		return true;
	case OPT_ABOUT:
		if (instant_parse(&w->about, value, NULL) < 0)
			*text = "--about takes a time such as 2025-06-12T14:00:04Z";
		return true;
	case OPT_CITES:
		w->cites = value;
		return true;
	case OPT_SECTION:
		w->section = value;
		if (!postmortem_has_section(value))
			*text = "--section takes a section's name; --help lists them";
		return true;
	default:
		return false;
	}
}

static int note(const struct cli *cli, const struct wanted *w, const struct session *s, const char *name, struct error *err)
{
	const struct rollout *r;
	struct record record;

	if (session_find(s, name, &r, err) < 0)
		return -1;
	record_init(&record, RECORD_NOTE);
	record.rollout = r->id;
	record.text = w->text;
	record.about = w->about;
	record.cites = w->cites;
	record.section = w->section;
	if (decisions_append(cli, s->evidence.cluster, &w->author, &record, err) < 0)
		return -1;
	return decisions_say(cli, &record, "noted", err);
}

int cmd_note(int argc, char **argv)
{
	struct wanted w = { .about = INSTANT_NONE };
	const struct cli_parser parser = { .program = "gonogo note",
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
	if (w.text == NULL || w.author.by == NULL)
		return cli_usage(&cli, w.text == NULL ? "--text TEXT is missing" : "--by NAME is missing: whose note it is");
	code = EXIT_GO;
	cli.recording = true;
	if (session_open(&s, &cli, &err) < 0 || note(&cli, &w, &s, argv[optind], &err) < 0)
		code = cli_fail(&cli, &err);
	session_close(&s);
	return code;
}
