/* The event webhook. The one place of the collector that knows libmicrohttpd. */
#ifndef GONOGO_COLLECTOR_LISTEN_H
#define GONOGO_COLLECTOR_LISTEN_H

#include <stddef.h>

struct error;
struct listener;

/* A body that came whole; bytes are valid during the call. -1: it cannot be kept, and is answered 503 at once. */
typedef int listen_post(void *arg, const char *path, const char *bytes, size_t len);

/* address: "0.0.0.0:8080", "[::1]:8080". credentials: lines "user:password" (old and new while rotating), NULL: anyone may post. */
int listen_open(struct listener **out, const char *address, const char *credentials, listen_post *post, void *arg, struct error *err);

/* Answers what is pending (503), then closes. */
void listen_close(struct listener *l);

/* Readable when there is work for listen_run. */
int listen_fd(const struct listener *l);

/* When listen_run must be called again at the latest although nothing came, in ms: slow connections are ended then; -1: no need. */
int listen_timeout(const struct listener *l);

/* Takes connections and bodies, calls post for each that is whole; also sends the answers that were decided. */
void listen_run(struct listener *l);

/* Answers all posts that were handed over and not answered yet: 200 after the commit, 503 after a failed one. */
void listen_answer(struct listener *l, int status);

const char *listen_library(void);

#endif
