/* Records of one size, in large blocks of large pages: what is looked at here and there in tens of megabytes costs half
 * as much there as in pages of 4 KiB, and so does its first use.
 *
 *   blocks -> [ header | record | record | ... | free ] -> [ header | record | ... ] -> NULL
 *   records that were given back -> record -> record -> NULL
 *
 * Records never move. Not for use by two threads at once. */
#ifndef WF_BASE_SLAB_H
#define WF_BASE_SLAB_H

#include "base/bytes.h"
#include "base/pages.h"

struct wf_slab_block;
struct wf_slab_record;

struct wf_slab {
	size_t record_bytes; /* of a record, a multiple of a cache line */
	size_t block_bytes;
	size_t used_bytes; /* of the newest block */
	size_t blocks_count;
	struct wf_slab_block *blocks;
	void *block_next;              /* taken ahead of its time; NULL: none is */
	struct wf_slab_record *unused; /* given back */
	struct wf_pages_ahead ahead;   /* of blocks; set after init */
};

/* Cannot fail: the first block is taken at the first use. */
void wf_slab_init(struct wf_slab *slab, size_t record_bytes);

/* Gives back every block, and the records with them. */
void wf_slab_close(struct wf_slab *slab);

/* A record, aligned to a cache line, with whatever is in it; NULL when memory is out. Lives until it is given back. */
void *wf_slab_take(struct wf_slab *slab);
void wf_slab_give(struct wf_slab *slab, void *record); /* NULL is allowed; it is for the next who takes one */

size_t wf_slab_memory_bytes(const struct wf_slab *slab); /* taken from the system */

#endif
