/* The passages that two texts share, as byte ranges of both.
 *
 *   a: [ ......|=====A=====|......|===B===|... ]        tokens equal, so quotes, case and spacing may differ
 *   b: [ ..|===B===|.........|=====A=====|..... ]       passages may change places; no byte is in two of them
 *
 * Seed and extend: every run of a few equal tokens is a seed, seeds grow to maximal runs, the longest runs are
 * taken first, and what they leave is searched again (greedy string tiling: Wise 1993).
 *
 * How long a passage must be: five words, since four agree by chance in any two stories of one day; in scripts
 * without spaces ten tokens, which are 11 characters of Han or kana and 13 of Thai, about as much. A text that is
 * shorter must agree as a whole. */
#ifndef WF_SHARED_H
#define WF_SHARED_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

/* Words of a passage; a token of a script without spaces counts half a word. */
#define WF_SHARED_WORDS_LEAST 5u

/* Tokens of each text; what follows is not looked at. 16 MiB of prose have 3 million. */
#define WF_SHARED_TOKENS_MAX (4u << 20)

/* Prose takes 2 to 5. The search of texts that repeat themselves over and over may end here, with what it has found. */
#define WF_SHARED_STEPS_PER_TOKEN_MAX 256u

/* Half-open byte ranges: a.data[a_start, a_end) and b.data[b_start, b_end). They begin and end with a token. */
struct wf_shared_passage {
	size_t a_start;
	size_t a_end;
	size_t b_start;
	size_t b_end;
};

struct wf_shared {
	struct wf_shared_passage *passages; /* in the order of `a` */
	size_t passages_count;
	uint64_t steps; /* of the search: tokens compared */
};

/* In:      two texts in UTF-8, borrowed for the call.
 *          passages_max: the longest are kept.
 *          seed: the store's secret, so that nobody outside can make words agree on purpose; any number will do.
 * Out:     shared, overwritten; what it points to lives in `arena`.
 * Errors:  WF_ENOMEM, WF_ETOOLARGE (a text of 4 GiB or more).
 * Cost:    linear in both texts; at most WF_SHARED_STEPS_PER_TOKEN_MAX steps a token, whatever they hold. */
int wf_shared_find(struct wf_bytes a, struct wf_bytes b, size_t passages_max, uint64_t seed, struct wf_arena *arena,
		   struct wf_shared *shared);

#endif
