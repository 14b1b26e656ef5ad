/* Flagger's texts taken apart (facts/flagger.md 1; Flagger v1.44, files of pkg/controller). */
#ifndef GONOGO_JUDGE_FLAGGER_H
#define GONOGO_JUDGE_FLAGGER_H

#include "gonogo/rollout.h"

struct arena;

/* Never fails: a text that matches nothing is MESSAGE_UNKNOWN with the text kept. -1 only if memory ends. */
int flagger_message_parse(struct flagger_message *out, const char *text, bool warning, struct arena *arena);

/* A failed check of an analysis, by kind. */
bool flagger_message_is_failed_check(enum message_kind kind);

#endif
