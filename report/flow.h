/* Text made fit for paper, measured and cut into lines (report-design.md 7). */
#ifndef GONOGO_REPORT_FLOW_H
#define GONOGO_REPORT_FLOW_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct fonts;
struct text;

/* A stretch of one style. */
struct piece {
	size_t from, to; /* bytes */
	bool bold;
	const char *link; /* an id, or NULL */
};

/* Spans as one run of drawable text; empty after a failure to allocate. */
struct flow {
	const char *bytes;
	size_t len;
	size_t n_pieces;
	struct piece *pieces;
};

/* bare: a single citation stands without its brackets, and bold. */
struct flow flow_of(struct arena *arena, const struct fonts *fonts, const struct text *text, bool bare);
struct flow flow_plain(struct arena *arena, const struct fonts *fonts, const char *text);

/* The end of the line that begins at `at`: greedy, at spaces; a word that is too long breaks after / : - _ . @ and then anywhere. *next is
 * where the next line begins. Always gets on. */
size_t flow_line(const struct flow *flow, const struct fonts *fonts, size_t at, double width, bool bold, double size, size_t *next);

double flow_width(const struct flow *flow, const struct fonts *fonts, size_t from, size_t to, bool bold, double size);

/* One line of drawable text: shortened in the middle to the width, 40 % head and 60 % tail. NULL: out of memory. */
const char *flow_shorten(struct arena *arena, const struct fonts *fonts, const char *drawable, double width, bool bold, double size);

#endif
