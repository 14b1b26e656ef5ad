/* A question over HTTP and its answer, apart from whatever carries them. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "gonogo/buf.h"

struct watch;

struct request {
	const char *method, *path;
	/* A parameter of the query or of the form in the body, decoded; NULL if absent. */
	const char *(*parameter)(const struct request *request, const char *name);
	int64_t now;	/* the played clock */
};

struct answer {
	unsigned status;
	const char *type;
	struct buf body;
	struct watch *watch;	/* not NULL: the body is this stream, which the carrier frees */
};

#endif
