/* One watch being served: which recorded lines it has sent, and what comes next when. */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonogo/buf.h"
#include "filter.h"

struct error;
struct resource;

struct watch {
	struct resource *resource;
	size_t next;		/* the entry to look at next */
	int64_t deadline;	/* its timeoutSeconds in the played clock */
	char *labels, *fields;	/* what filter borrows */
	struct filter filter;
	struct buf pending;	/* lines due and not yet taken */
	size_t taken;
	bool over;		/* ends when pending is taken */
};

/* From the position (see resource_position) until the deadline. */
int watch_new(struct watch **out, struct resource *resource, size_t position, int64_t deadline, const struct filter *filter, struct error *err);
void watch_free(struct watch *watch);

/* Puts an ADDED line for each present object in front: what a watch from "0" or from nowhere begins with. */
int watch_begin(struct watch *watch, struct error *err);

/* When there will be something to do: the next line or the deadline; now or before if bytes are pending. */
int64_t watch_due(const struct watch *watch);

/* Up to max bytes that are due now. 0: nothing yet; -1: the stream is over. */
long watch_take(struct watch *watch, int64_t now, char *out, size_t max);

#endif
