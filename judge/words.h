/* Numbers as the report writes them (report-design.md 2): units behind no-break spaces, two decimals for percentages, whole milliseconds. */
#ifndef GONOGO_JUDGE_WORDS_H
#define GONOGO_JUDGE_WORDS_H

#include <stdint.h>

struct arena;
struct criterion;

#define NBSP "\xC2\xA0"

/* Hostile text for our sentences, as text_of() (doc.h) takes it: between backticks, those in it doubled. NULL: memory ended. */
const char *words_code(const char *text, struct arena *arena);
/* 0.0127 → "1.27 %". */
const char *words_percent(double fraction, struct arena *arena);
/* Weights: 30 → "30 %", 99.0099 → "99 %". */
const char *words_weight(double per_cent, struct arena *arena);
/* 0.201 → "201 ms", 1.5 → "1.50 s". */
const char *words_latency(double seconds, struct arena *arena);
/* 4.08 → "4.1", 12.3 → "12", infinite → "∞". */
const char *words_ratio(double ratio, struct arena *arena);
/* 18412 → "18 412". */
const char *words_count(int64_t count, struct arena *arena);
/* "Error rate", "Success rate", "p95 latency", else the criterion's name. */
const char *words_criterion(const struct criterion *criterion, struct arena *arena);
/* In the unit of the criterion's value. */
const char *words_value(const struct criterion *criterion, double value, struct arena *arena);
/* The limit with its direction: "< 2 × baseline", "≥ 99.00 %". */
const char *words_limit(const struct criterion *criterion, struct arena *arena);

#endif
