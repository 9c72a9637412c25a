/* Made-up wire stories as outlets carry them, as many as a bench asks for: no text repeats, and each can be made again
 * from its number.
 *
 *   article i -> story (a new one, or one of the recent ones) -> words by rank (Zipf), a few of the story's own
 *             -> copy: cut, words changed, between the outlet's own boilerplate
 *
 * Lengths, copy rates and outlets are those of a busy wire: 430 words a story in the middle, six of ten articles are
 * copies. */
#ifndef WF_CORPUS_H
#define WF_CORPUS_H

#include "base/bytes.h"

struct wf_corpus_settings {
	uint64_t seed;
	double copy_share;     /* of articles that carry a story again, [0, 1) */
	uint32_t words_median; /* of a story */
	uint32_t outlets;
};

struct wf_corpus; /* one thread at a time */

struct wf_corpus_article {
	struct wf_bytes id;
	struct wf_bytes title;
	struct wf_bytes outlet;
	struct wf_bytes url;
	struct wf_bytes text;
	int64_t published;
	uint64_t story; /* the truth: articles of one story have one number */
};

/* NULL when memory is out. */
struct wf_corpus *wf_corpus_new(const struct wf_corpus_settings *settings);
void wf_corpus_free(struct wf_corpus *corpus);

/* Article `i` (from 0): the same for the same settings, in whatever order they are asked for. Lent until the next
 * call. */
void wf_corpus_article(struct wf_corpus *corpus, uint64_t i, struct wf_corpus_article *article);

#endif
