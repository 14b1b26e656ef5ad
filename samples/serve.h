/* HTTP servers on loopback, several in one thread. The one place of the replay that knows libmicrohttpd. */
#ifndef SERVE_H
#define SERVE_H

#include <stdint.h>

#include "gonogo/clock.h"
#include "request.h"

struct error;
struct server;

typedef void (*answerer)(const void *api, const struct request *request, struct answer *out);

int server_new(struct server **out, const struct clock *clock, struct error *err);
void server_free(struct server *server);

/* Listens on 127.0.0.1; *port 0 chooses one and says which. */
int server_listen(struct server *server, uint16_t *port, answerer answer, const void *api, struct error *err);

/* Serves until stop_fd becomes readable or the clock shows the instant (INT64_MAX: never). */
int server_run(struct server *server, int stop_fd, int64_t until, struct error *err);

#endif
