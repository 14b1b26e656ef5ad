/* What a playing leaves out: "webhook,events,prometheus:FROM-TO". */
#ifndef WITHOUT_H
#define WITHOUT_H

#include <stdbool.h>
#include <stdint.h>

struct error;

struct without {
	bool webhook, events;
	int64_t from, to;	/* of Prometheus, ns, both included; from > to: nothing */
};

/* text NULL: nothing is left out. Seconds count from begin. ERR_USAGE. */
int without_parse(struct without *out, const char *text, int64_t begin, struct error *err);

/* RFC 3339, or seconds from begin: "+30", "30", "30.5s". ERR_USAGE. */
int moment_parse(int64_t *out, const char *text, int64_t begin, struct error *err);

#endif
