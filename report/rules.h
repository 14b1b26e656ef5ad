/* The rollback conditions as alerts. */
#ifndef GONOGO_REPORT_RULES_H
#define GONOGO_REPORT_RULES_H

#include <stdbool.h>
#include <stddef.h>

struct assessment;
struct buf;
struct condition;

/* "CanaryErrorRate" (during), "PromotedErrorRate" (after promotion). */
#define RULE_NAME_MAX 96
const char *rules_name(char text[static RULE_NAME_MAX], const struct condition *condition);

/* labels and annotations of one rule, as members of a YAML mapping at that indent. */
void rules_labels(struct buf *out, const struct assessment *a, const struct condition *condition, int indent);
void rules_annotations(struct buf *out, const struct condition *condition, int indent);

/* The double-quoted scalar. annotation: Prometheus' templates in it are made text. */
void rules_quote(struct buf *out, const char *text, bool annotation);

#endif
