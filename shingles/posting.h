/* Posting lists: the articles of one key of the LSH table, one cache line a list, in a pool.
 *
 *   chunk: [ number x 16 ] [ number x 16 ] ...   a list is full from the left; 0: free
 *
 * A list has a place in the pool, from 1, that does not change. Lists that were given back are linked by their first
 * number and taken again. */
#ifndef WF_POSTING_H
#define WF_POSTING_H

#include "base/bytes.h"
#include "base/eight.h"
#include "base/pages.h"

#define WF_POSTING_NUMBERS 16u
#define WF_POSTING_CHUNK   (WF_PAGES_LARGE_BYTES / (WF_POSTING_NUMBERS * 4u)) /* lists */

struct wf_posting {
	uint32_t numbers[WF_POSTING_NUMBERS];
};

struct wf_postings {
	struct wf_posting **chunks;
	uint32_t chunks_count;
	uint32_t free_first;         /* place of a list that was given back; 0: there is none */
	uint32_t places_used;        /* those after it were never taken */
	struct wf_pages_ahead ahead; /* of chunks; set after init */
};

void wf_postings_init(struct wf_postings *postings);
void wf_postings_close(struct wf_postings *postings);
uint64_t wf_postings_memory_bytes(const struct wf_postings *postings);

/* The place of an empty list; 0 when memory is out. */
uint32_t wf_postings_take(struct wf_postings *postings);

/* Gives back a list, whatever it holds. */
void wf_postings_give_back(struct wf_postings *postings, uint32_t place);

static inline struct wf_posting *wf_postings_at(const struct wf_postings *postings, uint32_t place)
{
	return &postings->chunks[(place - 1) / WF_POSTING_CHUNK][(place - 1) % WF_POSTING_CHUNK];
}

_Static_assert(WF_POSTING_NUMBERS == 16, "wf_posting_count() looks at two eights");

static inline uint32_t wf_posting_count(const struct wf_posting *posting)
{
	const uint32_t free_first = wf_eight_equal(posting->numbers, UINT32_MAX, 0);
	const uint32_t free_last = wf_eight_equal(posting->numbers + 8, UINT32_MAX, 0);

	return (uint32_t)__builtin_ctz(free_first | free_last << 8 | 1u << WF_POSTING_NUMBERS);
}

/* Adds a number, not 0. False where the list is full. */
bool wf_posting_add(struct wf_posting *posting, uint32_t number);

/* Takes a number out; false where it is not in. */
bool wf_posting_remove(struct wf_posting *posting, uint32_t number);

#endif
