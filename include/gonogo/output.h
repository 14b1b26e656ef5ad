/* The table of output formats, and writing a package. */
#ifndef GONOGO_OUTPUT_H
#define GONOGO_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct doc;
struct error;

enum paper { PAPER_A4, PAPER_LETTER };

struct output_options {
	enum paper paper;
	const char *formats;	/* "pdf,md,json"; NULL: all */
};

/* Renders the chosen formats and writes them with SHA256SUMS into the directory, which is made if absent: each file by a temporary one,
 * fsync and rename, so that an old package stays whole when something fails. "-": a tar stream on stdout. names: what was written, one
 * a line. */
int output_write(const struct doc *doc, const char *directory, const struct output_options *options, struct buf *names, struct error *err);

/* ERR_USAGE if the list names a format that there is not. */
int output_check_formats(const char *formats, struct error *err);

#endif
