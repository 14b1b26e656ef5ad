/* The table of output formats, and writing a package. */
#ifndef GONOGO_OUTPUT_H
#define GONOGO_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct assessment;
struct buf;
struct doc;
struct error;
struct evidence;

enum paper { PAPER_A4, PAPER_LETTER };

/* What every format is rendered from, by `int render_X(struct buf *out, const struct package *package, struct error *err)`. */
struct package {
	const struct doc *doc;
	const struct assessment *assessment;
	const struct evidence *evidence;
	enum paper paper;
	const char *fonts;	/* folder of DejaVu Sans Condensed; NULL: where Debian has it */
};

/* Renders the chosen formats ("pdf,md,json"; NULL: all) and writes them with SHA256SUMS into the directory, which is made if absent: each
 * file by a temporary one, fsync and rename, so that an old package stays whole when something fails. "-": a tar stream on stdout. names:
 * what was written, one a line. */
int output_write(const struct package *package, const char *directory, const char *formats, struct buf *names, struct error *err);

/* One file in the same way. name: one that cannot lead out of the directory. */
int output_file(const char *directory, const char *name, const struct buf *bytes, struct error *err);

/* The same for a path that the user named. */
int output_path(const char *path, const struct buf *bytes, struct error *err);

/* ERR_USAGE if the list names a format that there is not. */
int output_check_formats(const char *formats, struct error *err);

/* "md, pdf, json": for messages and help. */
void output_list_formats(struct buf *out);

#endif
