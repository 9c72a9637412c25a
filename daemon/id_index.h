/* Which article has an id: the hash of the id, and the article's number, in memory.
 *
 *   256 segments (by the hash's low byte) -> slots [ hash | number ] [ hash | number ] ...   16 bytes each
 *
 * Linear probing, at most 3/4 full, so that an id takes 21 to 43 bytes; number 0 marks a free slot.
 *
 * Each segment doubles alone: no insertion moves more than a 256th of the ids. A removal moves back what it let in
 * behind it; no slot stays marked. Different ids may have one hash: the caller asks the store which candidate has the
 * id. Not for use by two threads at once. */
#ifndef WF_ID_INDEX_H
#define WF_ID_INDEX_H

#include "base/bytes.h"
#include "base/error.h"

#define WF_ID_INDEX_SEGMENTS 256u

struct wf_id_index_slot {
	uint64_t hash;
	uint64_t number;
};

struct wf_id_index_segment {
	struct wf_id_index_slot *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
};

struct wf_id_index {
	struct wf_id_index_segment segments[WF_ID_INDEX_SEGMENTS];
	size_t count;
};

void wf_id_index_init(struct wf_id_index *index);
void wf_id_index_close(struct wf_id_index *index);

/* Makes room for `count` ids in all, so that adding them moves little. Errors: WF_ENOMEM; what is there stays. */
int wf_id_index_reserve(struct wf_id_index *index, size_t count);

/* Adds a pair that is not there yet; `number` is not 0. Errors: WF_ENOMEM; the index is then as it was. */
int wf_id_index_add(struct wf_id_index *index, uint64_t hash, uint64_t number);

/* Whether the pair was there. */
bool wf_id_index_remove(struct wf_id_index *index, uint64_t hash, uint64_t number);

/* The candidates of a hash, one a call, in no order: start with *position 0; 0 when there are no more.
 * No addition or removal may come between. */
uint64_t wf_id_index_next(const struct wf_id_index *index, uint64_t hash, size_t *position);

/* Asks the memory for what the search for a hash begins with, ahead of it. */
void wf_id_index_prefetch(const struct wf_id_index *index, uint64_t hash);

size_t wf_id_index_count(const struct wf_id_index *index);
size_t wf_id_index_memory_bytes(const struct wf_id_index *index);

#endif
