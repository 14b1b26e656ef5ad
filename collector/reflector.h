/* One resource of one namespace: listed by pages, watched, listed again when the watch's place is lost (client-go's reflector). */
#ifndef GONOGO_COLLECTOR_REFLECTOR_H
#define GONOGO_COLLECTOR_REFLECTOR_H

#include <stdbool.h>
#include <stdint.h>

struct collector;
struct reflector;

/* path: "/apis/flagger.app/v1beta1/namespaces/develop/canaries"; name: "canaries develop"; kind of its items: "Canary". */
struct reflector *reflector_new(struct collector *c, const char *path, const char *name, const char *kind);
void reflector_free(struct reflector *r);

bool reflector_watches(const struct reflector *r, const char *path);

/* Starts what is due; returns when it must be called again at the latest (clock time), INT64_MAX: not before an answer comes. */
int64_t reflector_run(struct reflector *r);

#endif
