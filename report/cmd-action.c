/* gonogo action: what is to be done after a rollout, by whom, until when, and how one will know that it helped. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decisions.h"
#include "gonogo/arena.h"
#include "gonogo/buf.h"
#include "gonogo/error.h"
#include "gonogo/json.h"
#include "gonogo/utf8.h"

#define OPT_TEXT OPT_OWN
#define OPT_OWNER (OPT_OWN + 1)
#define OPT_DUE (OPT_OWN + 2)
#define OPT_VALIDATION (OPT_OWN + 3)
#define OPT_FINDING (OPT_OWN + 4)
#define OPT_UPDATE (OPT_OWN + 5)
#define OPT_STATE (OPT_OWN + 6)

#define LISTING_MAX ((size_t)64 * 1024 * 1024)

static const struct option options[] = { CLI_OPTIONS,
					 AUTHOR_OPTIONS,
					 { "output", required_argument, NULL, 'o' },
					 { "text", required_argument, NULL, OPT_TEXT },
					 { "owner", required_argument, NULL, OPT_OWNER },
					 { "due", required_argument, NULL, OPT_DUE },
					 { "validation", required_argument, NULL, OPT_VALIDATION },
					 { "finding", required_argument, NULL, OPT_FINDING },
					 { "update", required_argument, NULL, OPT_UPDATE },
					 { "state", required_argument, NULL, OPT_STATE },
					 { NULL, 0, NULL, 0 } };

struct wanted {
	struct author author;
	const char *text, *owner, *due, *validation, *finding, *update;
	enum action_state state;
	bool has_state;
};

static void help(void)
{
	puts("Usage: gonogo action ROLLOUT                                       lists the actions of a rollout\n"
	     "       gonogo action ROLLOUT --text TEXT --by NAME [OPTION]...     records a new one\n"
	     "       gonogo action ROLLOUT --update D-003 --by NAME [OPTION]...  changes one: only what is given\n\n"
	     "  --text TEXT         what is to be done\n"
	     "  --owner NAME        by whom\n"
	     "  --due DAY           until when, such as 2026-03-31\n"
	     "  --validation TEXT   how one will know that it helped\n"
	     "  --finding RULE      the finding that it answers, such as no-values-template\n"
	     "  --update ID         the id of its record, as the list and the package have it\n"
	     "  --state S           open, done or dropped\n" AUTHOR_HELP "  -o text|json        form of the output\n" LOGS_HELP
	     "\nExit codes: 0 listed or recorded; 2 usage; 4 no such rollout or action; 5 other failure.");
}

static bool own_option(void *arg, int c, const char *value, const char **text)
{
	struct wanted *w = arg;
	const char **texts[] = { &w->text, &w->owner, &w->due, &w->validation, &w->finding, &w->update };

	if (author_option(&w->author, c, value, text))
		return true;
	if (c >= OPT_TEXT && c <= OPT_UPDATE) {
		*texts[c - OPT_TEXT] = value;
		return true;
	}
	if (c != OPT_STATE)
		return false;
	w->has_state = true;
	if (action_state_parse(&w->state, value) < 0)
		*text = "--state takes open, done or dropped";
	return true;
}

static bool says_something(const struct wanted *w)
{
	return w->text != NULL || w->owner != NULL || w->due != NULL || w->validation != NULL || w->finding != NULL || w->has_state;
}

/* ---- Listing. */

static void put_clean(struct buf *out, const char *label, const char *text, const char *absent)
{
	buf_printf(out, "      %s: ", label);
	utf8_clean(out, text == NULL ? absent : text, strlen(text == NULL ? absent : text));
	buf_putc(out, '\n');
}

static void list_text(struct buf *out, const struct action *actions, size_t n)
{
	if (n == 0)
		buf_puts(out, "no actions\n");
	for (size_t i = 0; i < n; i++) {
		const struct action *a = &actions[i];

		evidence_id_print(out, a->first->id);
		buf_printf(out, "  %-7s ", action_state_name(a->state));
		utf8_clean(out, a->text, strlen(a->text));
		buf_putc(out, '\n');
		put_clean(out, "owner", a->owner, "not named");
		put_clean(out, "due", a->due, "not named");
		put_clean(out, "validation", a->validation, "not named");
		if (a->finding != NULL)
			put_clean(out, "finding", a->finding, "");
	}
}

static void list_json(struct buf *out, const struct action *actions, size_t n)
{
	struct json_writer w;

	json_writer_init(&w, out, 1);
	json_begin_array(&w, NULL);
	for (size_t i = 0; i < n; i++) {
		const struct action *a = &actions[i];
		struct buf id;

		buf_init(&id, 64);
		evidence_id_print(&id, a->first->id);
		json_begin_object(&w, NULL);
		json_put_string(&w, "id", id.data);
		json_put_string(&w, "state", action_state_name(a->state));
		json_put_string(&w, "text", a->text);
		json_put_string(&w, "owner", a->owner);
		json_put_string(&w, "due", a->due);
		json_put_string(&w, "validation", a->validation);
		json_put_string(&w, "finding", a->finding);
		json_put_string(&w, "by", a->first->by);
		json_put_instant(&w, "at", a->first->at);
		json_end_object(&w);
		buf_free(&id);
	}
	json_end_array(&w);
	buf_putc(out, '\n');
}

static int list(const struct cli *cli, const struct action *actions, size_t n, struct error *err)
{
	struct buf out;
	int rc = -1;

	buf_init(&out, LISTING_MAX);
	if (cli->json)
		list_json(&out, actions, n);
	else
		list_text(&out, actions, n);
	if (buf_check(&out, "actions", err) == 0)
		rc = cli_write(out.data, out.len, err);
	buf_free(&out);
	return rc;
}

/* ---- Recording. */

static bool is_named(const struct action *action, const char *name)
{
	struct buf id;
	bool same;

	buf_init(&id, 64);
	evidence_id_print(&id, action->first->id);
	same = id.data != NULL && strcmp(id.data, name) == 0;
	buf_free(&id);
	return same;
}

static int find_updated(struct record *record, const struct wanted *w, const struct action *actions, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		if (is_named(&actions[i], w->update)) {
			record->updates = actions[i].first->id & EVIDENCE_SEQ_MASK;
			record->state = w->has_state ? w->state : actions[i].state;
			return 0;
		}
	return error_code(err, ERR_NOT_FOUND, "--update %.40s: %s has no such action; without options \"gonogo action\" lists them",
			  w->update, record->rollout);
}

static int act(const struct cli *cli, const struct wanted *w, struct session *s, const char *name, struct error *err)
{
	const struct rollout *r;
	struct action *actions;
	struct records mine;
	struct record record;
	size_t n;

	if (session_find(s, name, &r, err) < 0 || records_of(&mine, &s->records, r, s->arena, err) < 0 ||
	    records_actions(&actions, &n, &mine, s->arena, err) < 0)
		return -1;
	if (w->author.by == NULL)
		return list(cli, actions, n, err);
	record_init(&record, RECORD_ACTION);
	record.rollout = r->id;
	record.text = w->text;
	record.owner = w->owner;
	record.due = w->due;
	record.validation = w->validation;
	record.finding = w->finding;
	record.state = w->state;
	if (w->update != NULL && find_updated(&record, w, actions, n, err) < 0)
		return -1;
	if (decisions_append(cli, s->evidence.cluster, &w->author, &record, err) < 0)
		return -1;
	return decisions_say(cli, &record, w->update == NULL ? "action recorded" : "action changed", err);
}

static const char *wrong(const struct wanted *w)
{
	bool records = says_something(w) || w->update != NULL;

	if (!records)
		return w->author.by == NULL ? NULL : "--text TEXT is missing: what is to be done";
	if (w->author.by == NULL)
		return "--by NAME is missing: who says so";
	if (w->update == NULL && w->text == NULL)
		return "--text TEXT is missing: what is to be done; or --update ID";
	return w->update != NULL && !says_something(w) ? "--update: give what changes, such as --state done" : NULL;
}

int cmd_action(int argc, char **argv)
{
	struct wanted w = { .state = ACTION_OPEN };
	const struct cli_parser parser = { .program = "gonogo action",
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
	if (wrong(&w) != NULL)
		return cli_usage(&cli, wrong(&w));
	code = EXIT_GO;
	cli.recording = true;
	if (session_open(&s, &cli, &err) < 0 || act(&cli, &w, &s, argv[optind], &err) < 0)
		code = cli_fail(&cli, &err);
	session_close(&s);
	return code;
}
