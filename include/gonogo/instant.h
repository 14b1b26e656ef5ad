/* Points and spans of time: int64 nanoseconds since the Unix epoch (UTC, no leap seconds), and nanoseconds. */
#ifndef GONOGO_INSTANT_H
#define GONOGO_INSTANT_H

#include <stddef.h>
#include <stdint.h>

struct error;

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* Absent: no time known. Never a real time (year 1677). */
#define INSTANT_NONE INT64_MIN

/* Room for every text that the functions below write. */
#define INSTANT_TEXT_MAX 40

/* RFC 3339 with any offset and up to nine fraction digits; years 1678 to 2261. */
int instant_parse(int64_t *out, const char *text, struct error *err);

/* "2025-06-12T14:00:04.123Z": contracts.md's form. */
char *instant_rfc3339_ms(char text[static INSTANT_TEXT_MAX], int64_t instant);
/* "2025-06-12T14:00:04Z" (truncated to the second). */
char *instant_rfc3339(char text[static INSTANT_TEXT_MAX], int64_t instant);
/* "2025-06-12 14:00:04 UTC". */
char *instant_long(char text[static INSTANT_TEXT_MAX], int64_t instant);
/* "14:00:04". */
char *instant_clock(char text[static INSTANT_TEXT_MAX], int64_t instant);
/* "20250612T140004Z": for rollout ids and file names. */
char *instant_compact(char text[static INSTANT_TEXT_MAX], int64_t instant);
/* Go's duration syntax (time.ParseDuration): "1.515s", "2m1s", "500ms"; no sign. The whole text must match. */
int duration_parse(int64_t *out, const char *text, struct error *err);

/* "30 s", "5 min", "2.5 min", "30 min 30 s", "1 h 2 min": as the report writes them, with U+00A0 between number and unit. */
char *duration_words(char text[static INSTANT_TEXT_MAX], int64_t span);

#endif
