/* One rollout's package, written. */
#ifndef GONOGO_REPORT_REPORT_H
#define GONOGO_REPORT_REPORT_H

#include "gonogo/cli.h"
#include "gonogo/output.h"

struct report_options {
	const char *formats; /* NULL: all */
	const char *rubric, *grades; /* rubric: a file, "default", or NULL: no scorecard */
	enum paper paper;
};

/* A folder's name from the rollout's id; NULL: memory. */
const char *report_folder(const struct rollout *r, struct arena *arena);

/* Judges and writes into the directory ("-": a tar stream on stdout). names gets the files' names, one a line, which
 * are printed, and then the verdict; NULL: only that. A stream has neither. */
int report_write(const struct cli *cli, const struct report_options *w, struct session *s, const struct rollout *r, const char *directory,
		 struct buf *names, struct arena *arena, struct error *err);

/* Writes the package of every rollout as it ends, into DIR/ID, until SIGTERM or SIGINT; those that are there are left alone, so that it
 * can be started again at any time. settle: ns after the end that the last samples are waited for. Returns an exit code. */
int report_follow(const struct cli *cli, const struct report_options *w, const char *directory, int64_t settle);

#endif
