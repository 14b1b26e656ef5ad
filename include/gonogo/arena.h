/* Memory that is freed in one go: what the judge derives from one evidence log lives and dies together. */
#ifndef GONOGO_ARENA_H
#define GONOGO_ARENA_H

#include <stddef.h>

struct arena;

/* max: bytes that may be handed out in all. NULL if out of memory. */
struct arena *arena_new(size_t max);
void arena_free(struct arena *arena);

/* Zeroed, aligned for any type; NULL beyond max or out of memory. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for one more element in an array of n used elements of the given size whose capacity is *cap. Returns the array (moved
 * perhaps; the new element zeroed) or NULL, in which case the old one is still valid. */
void *arena_grow(struct arena *arena, void *array, size_t n, size_t *cap, size_t size);

#endif
