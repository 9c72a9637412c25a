/* The passages that two texts share, as byte ranges of both.
 *
 *   a: [ ......|=====A=====|......|===B===|... ]        tokens equal, so quotes, case and spacing may differ
 *   b: [ ..|===B===|.........|=====A=====|..... ]       passages may change places; no byte is in two of them
 *
 * Seed and extend: every run of a few equal tokens is a seed, seeds grow to maximal runs, and the longest runs are taken first
 * (greedy string tiling: Wise 1993). */
#ifndef WF_SHARED_H
#define WF_SHARED_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

#define WF_SHARED_TOKENS_LEAST 5u /* a shorter run is no passage, unless it is all of one text */

/* Half-open byte ranges: a.data[a_start, a_end) and b.data[b_start, b_end). */
struct wf_shared_passage {
	size_t a_start;
	size_t a_end;
	size_t b_start;
	size_t b_end;
};

/* In:      two texts in UTF-8, borrowed for the call.
 * Out:     passages in the order of `a`, at most `passages_max` (the longest are kept), in `arena`.
 * Errors:  WF_ENOMEM, WF_ETOOLARGE (a text of 4 GiB or more).
 * Cost:    about linear in both texts; bounded for texts that repeat themselves. */
int wf_shared_find(struct wf_bytes a, struct wf_bytes b, size_t passages_max, struct wf_arena *arena,
		   struct wf_shared_passage **passages, size_t *passages_count);

#endif
