/* Flagger's Canary object: spec with effective defaults, and status (facts: Flagger v1.44 pkg/apis/flagger/v1beta1/canary.go, status.go). */
#ifndef GONOGO_CANARY_H
#define GONOGO_CANARY_H

#include "gonogo/rollout.h"

struct arena;
struct error;
struct json;

/* Reads a Canary as the API server sends it. Fields of the wrong type count as absent: the CRD's schema refuses them, and what is
 * judged is what Flagger would read. -1 if it is no object with a name, or memory ends. */
int canary_parse(struct canary_spec *spec, struct canary_status *status, const struct json *object, struct arena *arena, struct error *err);

/* True for a phase of Flagger 1.44 and before. */
bool canary_phase_known(const char *phase);

/* True while a rollout is under way; an unknown phase counts as such. */
bool canary_phase_running(const char *phase);

/* "PRIMARY" = TARGET-primary. */
const char *canary_primary_name(const struct canary_spec *spec, struct arena *arena);

#endif
