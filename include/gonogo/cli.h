/* What the subcommands of `gonogo` share: options, opened logs, looking up a rollout, exit codes. */
#ifndef GONOGO_CLI_H
#define GONOGO_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/evidence.h"
#include "gonogo/record.h"
#include "gonogo/rollout.h"

struct arena;
struct criteria;
struct assessment;
struct error;
struct option;
struct store;

/* contracts.md. */
enum exit_code { EXIT_GO = 0, EXIT_NO_GO = 1, EXIT_USAGE = 2, EXIT_HOLD = 3, EXIT_EVIDENCE = 4, EXIT_OTHER = 5 };

/* More logs than an HA pair and its archives have. */
#define DBS_MAX 16

/* Options that many commands take. A command's own short options and long options are parsed by itself. */
struct cli {
	const char *program;		/* "gonogo report" for messages */
	const char *dbs[DBS_MAX];
	size_t n_dbs;
	const char *decisions;		/* NULL: decisions.db beside the first log */
	const char *criteria_file;	/* --criteria; NULL: the one in force at the start */
	int64_t at;			/* --at; INSTANT_NONE */
	bool json;			/* -o json */
	bool still;			/* nobody writes the logs any more: nothing may appear beside them */
	bool recording;			/* the command may make the file that --decisions names */
};

/* One subcommand: its arguments begin with its name. Returns an exit code. */
struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;		/* for the usage line */
	const char *summary;
};

/* How a command's options are parsed. */
struct cli_parser {
	const char *program;		/* "gonogo report" */
	const char *shorts;		/* getopt's short options; "o:" is handled here when longs holds CLI_OPTIONS */
	const struct option *longs;	/* the command's own, and CLI_OPTIONS */
	void (*help)(void);		/* prints to stdout */
	/* A command's own option: true if it was taken; a bad value sets *text to what is wrong. NULL: none. */
	bool (*own)(void *arg, int c, const char *value, const char **text);
	void *arg;
	int min_arguments, max_arguments;
};

enum { OPT_DB = 1000, OPT_DECISIONS, OPT_CRITERIA, OPT_AT, OPT_HELP, OPT_OWN };

/* Parses the options; optind then stands at the first argument. -1: go on; else the exit code to return at once (help, usage). */
int cli_parse(struct cli *cli, const struct cli_parser *parser, int argc, char **argv);

/* The entries for getopt_long's table. */
#define CLI_OPTIONS \
	{ "db", required_argument, NULL, OPT_DB }, { "decisions", required_argument, NULL, OPT_DECISIONS }, \
	{ "criteria", required_argument, NULL, OPT_CRITERIA }, { "at", required_argument, NULL, OPT_AT }, { "help", no_argument, NULL, OPT_HELP }

/* All bytes to stdout, flushed; -1 when that fails (a full disk, a closed pipe). */
int cli_write(const char *bytes, size_t len, struct error *err);

/* "gonogo report: TEXT" on stderr; returns the exit code that fits the error. */
int cli_fail(const struct cli *cli, const struct error *err);
int cli_usage(const struct cli *cli, const char *text);

/* The opened logs and what was derived from them. */
struct session {
	struct arena *arena;
	struct store *stores[DBS_MAX];
	size_t n_stores;
	struct evidence evidence;	/* all but Prometheus' samples */
	struct rollouts rollouts;
	struct evidence human;		/* rows of decisions.db */
	struct records records;		/* and what they say */
	bool has_decisions;		/* there is a decisions.db */
	const struct evidence *judged;	/* what the last session_assess judged by, samples included */
	bool wal_missing;
	const char *wal_missing_path;
};

/* Opens every log, loads what rollouts are derived from, derives them. A missing -wal is said on stderr. Close it also after a failure. */
int session_open(struct session *s, const struct cli *cli, struct error *err);
void session_close(struct session *s);

/* By id, unique prefix of an id, or NAMESPACE/CANARY for its latest. ERR_NOT_FOUND lists what is there; an ambiguous prefix names two. */
int session_find(const struct session *s, const char *name, const struct rollout **out, struct error *err);

/* Chooses the criteria (--criteria, else the row in force at the start, else the defaults), reads the samples, and judges. All that out
 * points to lives in the arena and in the session. */
int session_assess(struct session *s, const struct cli *cli, const struct rollout *rollout, struct assessment *out, struct arena *arena,
                   struct error *err);

/* Room for one session_assess: see session.c. */
struct arena *session_arena(void);

/* Verdict, headline and id, as text or JSON. */
int cli_print_verdict(const struct cli *cli, const struct assessment *a, struct error *err);

/* Reads a file whole, up to max bytes; "-" is stdin. The caller frees *out. */
int cli_read_file(char **out, size_t *len, const char *path, size_t max, struct error *err);

/* The commands, each in its own file. */
int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_assert(int argc, char **argv);
int cmd_judge(int argc, char **argv);
int cmd_criteria(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_lint(int argc, char **argv);
int cmd_decide(int argc, char **argv);
int cmd_note(int argc, char **argv);
int cmd_action(int argc, char **argv);
int cmd_rehearse(int argc, char **argv);
int cmd_score(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_postmortem(int argc, char **argv);

#endif
