/* What one article's text becomes before it meets any other: tokens, keys for the LSH table, evidence for the decision.
 *
 *   text -> tokens -> shingles -> sketch (to find candidates), evidence (to find candidates of its passages, and to
 *   decide)
 *
 * Pure: any number of threads may analyse articles at once, each with an arena of its own. */
#ifndef WF_DOCUMENT_H
#define WF_DOCUMENT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "sketch.h"

struct wf_document {
	struct wf_bytes
		evidence;        /* versioned bytes that the store keeps and hands back to the index; at least 1 byte */
	struct wf_sketch sketch; /* of the whole text, for the index alone */
	uint32_t tokens_count;   /* tokens in the text, those past WF_DOCUMENT_TOKENS_MAX included */
	uint64_t content_hash;   /* of the token sequence: equal for texts that are the same once normalised */
};

/* Analyses one article.
 * In:      text in UTF-8; invalid bytes separate words. Borrowed for the call. A title is no evidence: stories share
 *          titles, and outlets write their own.
 *          seed: the store's secret, so that nobody outside can make texts collide on purpose.
 * Out:     document, overwritten; what it points to lives in `arena`.
 * Errors:  WF_ENOMEM.
 * Cost:    linear in the text. */
int wf_document_analyse(struct wf_document *document, struct wf_bytes text, uint64_t seed, struct wf_arena *arena);

#endif
