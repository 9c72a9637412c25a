#include "base/arena.h"

#include <stdlib.h>

struct wf_arena_block {
	struct wf_arena_block *next;
	size_t used;
	size_t capacity;
	size_t padding; /* keeps the first piece aligned to 16 */
};

_Static_assert(sizeof(struct wf_arena_block) % 16 == 0, "pieces are aligned to 16");

void wf_arena_init(struct wf_arena *arena, size_t block_bytes)
{
	*arena = (struct wf_arena){.block_bytes = block_bytes};
}

void wf_arena_close(struct wf_arena *arena)
{
	struct wf_arena_block *block = arena->blocks;

	while (block != NULL) {
		struct wf_arena_block *next = block->next;

		free(block);
		block = next;
	}
	arena->blocks = NULL;
	arena->total_bytes = 0;
}

void wf_arena_reset(struct wf_arena *arena)
{
	struct wf_arena_block *kept = NULL;
	struct wf_arena_block *block = arena->blocks;

	while (block != NULL) {
		struct wf_arena_block *next = block->next;

		if (kept == NULL && block->capacity == arena->block_bytes)
			kept = block;
		else
			free(block);
		block = next;
	}
	if (kept != NULL) {
		kept->next = NULL;
		kept->used = 0;
	}
	arena->blocks = kept;
	arena->total_bytes = kept == NULL ? 0 : sizeof *kept + kept->capacity;
}

void *wf_arena_take(struct wf_arena *arena, size_t bytes)
{
	struct wf_arena_block *block = arena->blocks;
	size_t size;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	size = (bytes + 15) & ~(size_t)15;
	if (block == NULL || block->capacity - block->used < size) {
		const size_t capacity = size > arena->block_bytes ? size : arena->block_bytes;

		block = malloc(sizeof *block + capacity);
		if (block == NULL)
			return NULL;
		*block = (struct wf_arena_block){.next = arena->blocks, .capacity = capacity};
		arena->blocks = block;
		arena->total_bytes += sizeof *block + capacity;
	}
	block->used += size;
	return (char *)(block + 1) + block->used - size;
}

struct wf_bytes wf_arena_copy(struct wf_arena *arena, struct wf_bytes source)
{
	char *copy;

	if (source.length == 0)
		return (struct wf_bytes){NULL, 0};
	copy = wf_arena_take(arena, source.length);
	if (copy == NULL)
		return (struct wf_bytes){NULL, 0};
	memcpy(copy, source.data, source.length);
	return (struct wf_bytes){copy, source.length};
}
