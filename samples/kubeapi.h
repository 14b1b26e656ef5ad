/* The API server's side of a recording: lists in pages, single objects, watches. */
#ifndef KUBEAPI_H
#define KUBEAPI_H

#include <stdbool.h>

#include "request.h"

struct cluster;

struct kubeapi {
	struct cluster *cluster;
	bool without_events;	/* they are forbidden, as by an RBAC that leaves them out */
};

/* Never fails: what goes wrong is said in the answer, as a Status. */
void kubeapi_answer(const struct kubeapi *api, const struct request *request, struct answer *out);

#endif
