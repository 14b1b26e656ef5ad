/* What the tests share: files, recordings as rows, comparing doubles. */
#ifndef GONOGO_TESTS_SUPPORT_H
#define GONOGO_TESTS_SUPPORT_H

#include <stddef.h>

#include "gonogo/evidence.h"

struct arena;

/* The whole file, NUL-terminated, to be freed; the test fails if it cannot be read. Decompresses NAME.xz where NAME is absent. */
char *support_read(const char *path, size_t *len);

/* A path below samples/recordings. */
const char *support_recording(char *out, size_t size, const char *recording, const char *file);

enum { WITHOUT_WEBHOOK = 1, WITHOUT_EVENTS = 2, WITHOUT_STATUS = 4, WITHOUT_ROUTES = 8 };

/* The rows that a collector would have stored for a recording: lists, watch lines, webhook posts, and the whole answers of Prometheus. */
void support_rows(struct evidence *out, const char *recording, unsigned without, struct arena *arena);

/* Adds one row to hand-made evidence, received at `at`. */
struct observation *support_add_row(struct evidence *out, struct arena *arena, int64_t at, enum source source, const char *kind, const char *subject,
                                    const char *body);

/* |a - b| ≤ relative · |b|, or both NaN or the same infinity; cmocka's own comparison casts to float. */
void support_near(double a, double b, double relative);

#endif
