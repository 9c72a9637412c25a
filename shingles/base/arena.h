/* Memory of one request: taken piece by piece, given back in one call.
 *
 *   blocks -> [header | used ......... | free ] -> [header | used | free ] -> NULL
 *
 * Pieces never move. Not for use by two threads at once. */
#ifndef WF_BASE_ARENA_H
#define WF_BASE_ARENA_H

#include "base/bytes.h"

struct wf_arena_block;

struct wf_arena {
	struct wf_arena_block *blocks; /* newest first */
	size_t block_bytes;            /* size of an ordinary block */
	size_t total_bytes;            /* taken from the system, all blocks */
};

/* Cannot fail: the first block is taken at the first use. */
void wf_arena_init(struct wf_arena *arena, size_t block_bytes);

/* Gives back every block. The arena can be used again. */
void wf_arena_close(struct wf_arena *arena);

/* Gives back all but one ordinary block and forgets what was in it, for an arena that serves one article after
 * another. */
void wf_arena_reset(struct wf_arena *arena);

/* `bytes` of memory aligned for any type (16), not zeroed; NULL when memory is out. Lives until close or reset. */
void *wf_arena_take(struct wf_arena *arena, size_t bytes);

/* A copy of `source` in the arena; {NULL, 0} when memory is out and source is not empty. */
struct wf_bytes wf_arena_copy(struct wf_arena *arena, struct wf_bytes source);

#endif
