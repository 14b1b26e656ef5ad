/* From phases to rollouts; from a rollout's span to what happened in it. */
#ifndef GONOGO_JUDGE_TRACKER_H
#define GONOGO_JUDGE_TRACKER_H

#include "facts.h"

/* Fills all of the rollout but identity, times, attempts and phases. */
int rollout_fill(struct rollout *r, const struct facts *facts, struct arena *arena, struct error *err);

/* Steps from the route object's weights: after rollout_fill's weights and times are there. */
int rollout_steps(struct rollout *r, struct arena *arena, struct error *err);

/* True if the message belongs to the rollout by name and time. */
bool rollout_has_message(const struct rollout *r, const struct message_row *m);

#endif
