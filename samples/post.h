/* Flagger's event webhook: posts what was recorded at its time, in order, each once. */
#ifndef POST_H
#define POST_H

#include <stddef.h>

#include "gonogo/clock.h"

struct error;
struct poster;
struct recording;

/* Starts a thread that posts to the URL ("http://HOST:PORT" takes the recorded paths, "http://HOST:PORT/PATH" that one). */
int poster_start(struct poster **out, const struct recording *recording, const char *url, const struct clock *clock, struct error *err);

/* Ends the thread. Returns how many posts were refused or got no answer; *left (may be NULL): how many had not been due yet. */
size_t poster_stop(struct poster *poster, size_t *left);

#endif
