/* report.md: GitHub-flavoured, to report-design.md 5. */
#ifndef GONOGO_REPORT_MARKDOWN_H
#define GONOGO_REPORT_MARKDOWN_H

struct buf;
struct doc;
struct error;

int markdown_render(struct buf *out, const struct doc *doc, struct error *err);

/* Page one alone. */
int markdown_render_first(struct buf *out, const struct doc *doc, struct error *err);

/* Another document of the same blocks: "# WORDS: `SUBJECT`", then the blocks. */
int markdown_render_blocks(struct buf *out, const char *words, const struct doc *doc, struct error *err);

#endif
