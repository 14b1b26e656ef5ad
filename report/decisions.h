/* decisions.db: the log of what people recorded, beside the evidence. */
#ifndef GONOGO_REPORT_DECISIONS_H
#define GONOGO_REPORT_DECISIONS_H

#include <limits.h>
#include <stdbool.h>

#include "gonogo/clock.h"
#include "gonogo/cli.h"
#include "gonogo/record.h"

/* Who records something, and when. */
struct author {
	const char *by, *role;
	bool simulated; /* --clock: the row bears the mark "simulated" */
	struct clock clock;
};

enum { OPT_BY = OPT_OWN + 100, OPT_ROLE, OPT_CLOCK };
#define AUTHOR_OPTIONS                                                                                                                     \
	{ "by", required_argument, NULL, OPT_BY }, { "role", required_argument, NULL, OPT_ROLE },                                          \
	{                                                                                                                                  \
		"clock", required_argument, NULL, OPT_CLOCK                                                                                \
	}

/* Lines of --help for the options above and those of the logs. */
#define AUTHOR_HELP                                                                                                                        \
	"  --by NAME           who says so\n"                                                                                              \
	"  --role ROLE         as what\n"
#define LOGS_HELP                                                                                                                          \
	"  --db FILE           evidence log (repeatable; default $GONOGO_DB, else /var/lib/gonogo/evidence.db)\n"                          \
	"  --decisions FILE    log of human records (default: decisions.db beside the first evidence log)\n"

/* true if the option was the author's; *text: what is wrong with its value. */
void author_init(struct author *author);
bool author_option(struct author *author, int c, const char *value, const char **text);

/* --decisions, else decisions.db beside the first evidence log. */
int decisions_path(char out[static PATH_MAX], const struct cli *cli, struct error *err);

/* Reads the log of human records into the session; none is no error unless --decisions names it
 * (and the command does not record). ERR_USAGE: another cluster's. */
int decisions_load(struct session *s, const struct cli *cli, struct error *err);

/* Appends one record, durable when it returns; fills by, role, account, version, at and id. A log that another process writes to is
 * waited for (some seconds). The first record makes the file. */
int decisions_append(const struct cli *cli, const char *cluster, const struct author *author, struct record *record, struct error *err);

/* The same into a named file of a named origin: the graders' log. */
#define GRADES_ORIGIN "gonogo/grades"
int decisions_append_to(const char *path, const char *origin, const struct author *author, struct record *record, struct error *err);

/* The rows of one such file, numbered as log `log` (HUMAN_LOG and above). still: nobody writes it any more. */
int decisions_read(struct evidence *out, const char *path, bool still, const char *origin, int log, struct arena *arena, struct error *err);

/* Nobody can tell which rows of a changed log were changed: for a grade none of them counts. */
int decisions_verify(const char *path, bool still, struct error *err);

/* Digest of the package as computed, then the ruling by the session's records, then everything entered into the assessment. now: see
 * ruling_make(). Call once an assessment. */
int decisions_rule(struct session *s, struct assessment *assessment, int64_t now, struct arena *arena, struct error *err);

/* "D-003", and the JSON form {"id": …}. */
int decisions_say(const struct cli *cli, const struct record *record, const char *what, struct error *err);

#endif
