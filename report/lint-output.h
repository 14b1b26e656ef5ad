/* What lint found, for people, programs and code scanning. */
#ifndef REPORT_LINT_OUTPUT_H
#define REPORT_LINT_OUTPUT_H

#include "gonogo/lint.h"

struct buf;

/* "file:line:column: error: text [rule]" with why and fix below, then what each Canary would do, then the counts. */
void lint_print_text(struct buf *out, const struct lint_result *result);

/* schema/lint.schema.json. */
void lint_print_json(struct buf *out, const struct lint_result *result);

/* SARIF 2.1.0 (OASIS): the problems alone. */
void lint_print_sarif(struct buf *out, const struct lint_result *result);

/* "1m", "30s", "1500ms": as manifests have it. */
#define SPAN_TEXT_MAX 32
const char *lint_span(char text[static SPAN_TEXT_MAX], int64_t span);

#endif
