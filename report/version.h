/* "--version": the program's version and those of the libraries it runs with. */
#ifndef GONOGO_REPORT_VERSION_H
#define GONOGO_REPORT_VERSION_H

struct buf;

/* One line on stdout; -1 if that fails. */
int version_print(const char *program);

/* "gonogo 0.1.0 (SQLite 3.40.1, …)": also for a package's provenance. */
void version_text(struct buf *out, const char *program);

#endif
