#include "gonogo/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A block is at least this large, so that small objects do not cost a malloc each. */
#define BLOCK_MIN (64 * 1024)

struct block {
	struct block *next;
	size_t used, size;
	max_align_t bytes[];
};

struct arena {
	struct block *blocks;
	size_t used, max;
};

struct arena *arena_new(size_t max)
{
	struct arena *arena = calloc(1, sizeof *arena);

	if (arena != NULL)
		arena->max = max;
	return arena;
}

void arena_free(struct arena *arena)
{
	struct block *block, *next;

	if (arena == NULL)
		return;
	for (block = arena->blocks; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

static struct block *block_new(struct arena *arena, size_t size)
{
	size_t room = size < BLOCK_MIN ? BLOCK_MIN : size;
	struct block *block = calloc(1, sizeof *block + room);

	if (block == NULL)
		return NULL;
	block->size = room;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = sizeof(max_align_t);
	struct block *block = arena->blocks;
	void *result;

	if (size > arena->max || arena->used > arena->max - size)
		return NULL;
	size = size == 0 ? align : (size + align - 1) / align * align;
	if (block == NULL || block->size - block->used < size) {
		block = block_new(arena, size);
		if (block == NULL)
			return NULL;
	}
	result = (char *)block->bytes + block->used;
	block->used += size;
	arena->used += size;
	return result;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (copy != NULL)
		memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		return NULL;
	text = arena_alloc(arena, (size_t)n + 1);
	if (text == NULL)
		return NULL;
	va_start(args, format);
	(void)vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}

void *arena_grow(struct arena *arena, void *array, size_t n, size_t *cap, size_t size)
{
	size_t more;
	void *larger;

	if (n < *cap)
		return array;
	more = *cap == 0 ? 8 : *cap * 2;
	if (more > SIZE_MAX / size)
		return NULL;
	larger = arena_alloc(arena, more * size);
	if (larger == NULL)
		return NULL;
	if (n > 0)
		memcpy(larger, array, n * size);
	*cap = more;
	return larger;
}
