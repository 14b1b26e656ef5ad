/* Secrets replaced before anything is stored. */
#ifndef GONOGO_COLLECTOR_REDACT_H
#define GONOGO_COLLECTOR_REDACT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Copies the text with "[redacted]" in place of: the part between "://" and "@" of any URL; the texts that follow "Authorization":; what follows
 * "Bearer " or "Basic "; and, if headers (MetricTemplates: a Canary's `match` has headers too, which are no
 * secret), the values of any "headers" object. Also inside JSON that is a string of JSON. True if anything was replaced. */
bool redact(struct buf *out, const char *bytes, size_t len, bool headers);

/* Copies the text with "[redacted]" in place of this value wherever it stands as a word of its own; returns how often it did. */
size_t redact_value(struct buf *out, const char *bytes, size_t len, const char *value);

#endif
