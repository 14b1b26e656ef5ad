/* Workloads and pods without what may hold secrets (schema/evidence.sql "Projections"). */
#ifndef GONOGO_COLLECTOR_PROJECT_H
#define GONOGO_COLLECTOR_PROJECT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct error;

/* True for the kinds that are stored as a projection only. */
bool project_applies(const char *kind);

/* The projection with the member "digest" (SHA-256 of the original's bytes) in front. */
int project(struct buf *out, const char *bytes, size_t len, struct error *err);

#endif
