/* Which shingles of an article stand for its passages in the LSH table, so that a cut copy finds its story and the
 * story its cut copy.
 *
 *   content (boilerplate aside) -> shingles of two tokens -> the minimum of every window -> keys
 *
 * A MinHash of every section of the text, section by section: the shingle of least hash in each window of w consecutive
 * shingles (winnowing: Schleimer, Wilkerson, Aiken 2003). Two texts that share a run of w shingles share a key. What a
 * wide window chooses a narrow one chooses too, so that an article can be entered under few keys and looked up by many.
 * Rare shingles go
 * first: their hash is divided by how rare they are; shingles of common words alone are never chosen. */
#ifndef WF_PASSAGE_H
#define WF_PASSAGE_H

#include "base/bytes.h"
#include "base/limits.h"
#include "kernel.h"

struct wf_passage_windows {
	uint32_t lead_shingles; /* the beginning of a story is what teasers and cuts keep: closer there */
	uint32_t lead_window;
	uint32_t rest_window_min;
	uint32_t rest_keys; /* about so many keys for the rest of a long text, at most */
};

/* The keys to enter an article under, and those to look it up by. */
extern const struct wf_passage_windows WF_PASSAGE_STORED;
extern const struct wf_passage_windows WF_PASSAGE_ASKED;

/* The shingles of a text that may be chosen, with their ranks: the lower, the sooner. */
struct wf_passage_ranking {
	uint32_t count;
	uint32_t *shingles; /* the caller's, room for one a token and WF_KERNEL_SLACK more */
	int32_t *ranks;     /* likewise; not negative */
};

/* tokens, their weights (frequency.h) and mask: tokens_count long, at most WF_DOCUMENT_TOKENS_MAX. */
void wf_passage_rank(struct wf_passage_ranking *ranking, const uint16_t *tokens, const uint8_t *weights,
		     uint32_t tokens_count, const uint8_t *mask);

/* Chooses the shingles of least rank: their places in the ranking, ascending, no two neighbours the same shingle.
 * Returns how many, `places_max` at most: then the end of the text goes without. */
uint32_t wf_passage_choose(const struct wf_passage_windows *windows, const struct wf_passage_ranking *ranking,
			   uint16_t *places, uint32_t places_max);

/* The same for windows that are at least as wide as those by which `narrow` was chosen, from among these alone.
 * `places` has room for as many. */
uint32_t wf_passage_choose_among(const struct wf_passage_windows *windows, const struct wf_passage_ranking *ranking,
				 const uint16_t *narrow, uint32_t narrow_count, uint16_t *places);

/* The keys of the shingles at `places`, one each. */
void wf_passage_keys(const struct wf_passage_ranking *ranking, const uint16_t *places, uint32_t places_count,
		     uint64_t *keys);

#endif
