/* A stream cut into lines, whatever pieces it came in. */
#ifndef GONOGO_COLLECTOR_LINE_H
#define GONOGO_COLLECTOR_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "gonogo/buf.h"
#include "gonogo/digest.h"

/* An object of etcd is below 1.5 MB; eight times that is no object. */
#define LINE_MAX_BYTES ((size_t)8 * 1024 * 1024)

struct lines {
	struct buf rest;
	bool skipping;		/* inside a line that is too long */
	size_t skipped;		/* its bytes so far */
	struct digest *digest;	/* of them */
	uint8_t sha256[DIGEST_SIZE];	/* of the last line that was lost: all zero if it could not be computed */
};

/* One line without its end; bytes NULL: a line of len bytes was longer than LINE_MAX_BYTES and is lost but for
 * lines.sha256. -1 stops. */
typedef int lines_each(void *arg, const char *bytes, size_t len);

void lines_init(struct lines *l);
void lines_free(struct lines *l);

/* Takes more of the stream. -1 if each did. Empty lines are passed over. */
int lines_feed(struct lines *l, const char *bytes, size_t len, lines_each *each, void *arg);

#endif
