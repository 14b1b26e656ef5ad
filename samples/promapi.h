/* Prometheus' side of a recording: instant queries of selectors, and what the recorder asked besides. */
#ifndef PROMAPI_H
#define PROMAPI_H

#include <stdint.h>

#include "request.h"

struct promstore;
struct recording;

struct promapi {
	const struct promstore *store;
	const struct recording *recording;
	int64_t without_from, without_to;	/* ns: 503 while the played clock is in it; from > to: never */
};

/* Never fails: what goes wrong is said in the answer, as Prometheus says it. */
void promapi_answer(const struct promapi *api, const struct request *request, struct answer *out);

#endif
