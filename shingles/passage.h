/* Which shingles of an article stand for its passages in the LSH table, so that a cut copy finds its story and the story its cut copy.
 *
 *   content (boilerplate aside) -> shingles of two tokens -> the minimum of every window -> keys
 *
 * A MinHash of every section of the text, section by section: the shingle of least hash in each window of w consecutive shingles
 * (winnowing: Schleimer, Wilkerson, Aiken 2003). Two texts that share a run of w shingles share a key. What a wide window
 * chooses a narrow one chooses too, so that an article can be entered under few keys and looked up by many. Rare shingles go
 * first: their hash is divided by how rare they are; shingles of common words alone are never chosen. */
#ifndef WF_PASSAGE_H
#define WF_PASSAGE_H

#include "base/bytes.h"
#include "base/limits.h"

struct wf_passage_windows {
	uint32_t lead_shingles; /* the beginning of a story is what teasers and cuts keep: closer there */
	uint32_t lead_window;
	uint32_t rest_window_min;
	uint32_t rest_keys; /* about so many keys for the rest of a long text, at most */
};

/* The keys to enter an article under, and those to look it up by. */
extern const struct wf_passage_windows WF_PASSAGE_STORED;
extern const struct wf_passage_windows WF_PASSAGE_ASKED;

struct wf_passage_scratch {
	uint32_t shingles[WF_DOCUMENT_TOKENS_MAX];
	uint32_t ranks[WF_DOCUMENT_TOKENS_MAX];
};

/* Chooses keys, distinct from their neighbours; returns how many, `keys_max` at most.
 * tokens, mask: tokens_count long; weights: by token (frequency.h). */
uint32_t wf_passage_keys(const struct wf_passage_windows *windows, const uint16_t *tokens, uint32_t tokens_count, const uint8_t *mask,
			 const uint8_t *weights, struct wf_passage_scratch *scratch, uint64_t *keys, uint32_t keys_max);

#endif
