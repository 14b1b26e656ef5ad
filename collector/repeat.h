/* Objects that came again with nothing new: Flagger rewrites a Failed canary's status every interval, for ever. They are counted, not stored. */
#ifndef GONOGO_COLLECTOR_REPEAT_H
#define GONOGO_COLLECTOR_REPEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct repeats;

struct repeats *repeats_new(void);
void repeats_free(struct repeats *r);

/* subject: "Canary develop/backend", for repeats_take. True if this Canary differs from the last one seen under its uid in nothing but resourceVersion, managedFields and
 * status.lastTransitionTime; it is then counted. Else *skipped is how many were counted since the last difference. */
bool repeats_see(struct repeats *r, const char *uid, const char *subject, const char *bytes, size_t len, int64_t *skipped);

/* Takes the subject of one count that was not told yet, for a last row when the program ends; NULL: none left. */
const char *repeats_take(struct repeats *r, int64_t *skipped);

#endif
