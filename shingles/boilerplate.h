/* What an outlet repeats from story to story, and so is not content: learned for each source, and for the corpus as a
 * whole.
 *
 *   source -> repeats -> seen: one bit a shingle (two tokens), of stories since the counts last faded
 *                     -> sets of 8 slots [ shingle | stories that had it | when last ], of what was seen twice
 *                     -> hot: a small hash table of what is boilerplate
 *
 * A shingle that came in several stories of a source is boilerplate there; copies of one story count once. Counts fade
 * as the source's stories go by, so that what an outlet stops printing is content again. Everything is bounded: slots
 * of a source, sources (the one unheard of for longest makes room). */
#ifndef WF_BOILERPLATE_H
#define WF_BOILERPLATE_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/map.h"
#include "base/slab.h"
#include "kernel.h"

struct wf_repeats;

/* A copy of one moment that is made source by source: each before it changes, or when it is asked for. */
struct wf_boilerplate_copy {
	char *out;                /* NULL: none is made */
	struct wf_repeats **left; /* the sources of that moment in their order; NULL: copied */
	size_t sources_count;
	size_t copied_count; /* so many from the first are copied, and others among those behind */
};

struct wf_boilerplate {
	struct wf_map sources;     /* source -> struct wf_repeats * */
	struct wf_slab repeats;    /* where they are */
	struct wf_repeats *corpus; /* what all sources repeat */
	uint32_t *common;          /* a small hash table of what is boilerplate in the corpus, in pairs; 0: free */
	uint32_t *common_bits;     /* a bit for each in it: no for most */
	uint64_t clock;            /* stories learned */
	uint64_t common_version;   /* times that `common` was made */
	size_t sources_max;
	struct wf_boilerplate_copy copy;
};

/* Errors: WF_ENOMEM. */
int wf_boilerplate_init(struct wf_boilerplate *boilerplate, size_t sources_max);
void wf_boilerplate_close(struct wf_boilerplate *boilerplate);

size_t wf_boilerplate_memory_bytes(const struct wf_boilerplate *boilerplate);

/* What is known of an article, which tells how far a source is helped out that has printed little yet: by what it has
 * printed but once before. */
enum wf_page {
	WF_PAGE_NEW,    /* nothing: nearly all of it printed before is the same story once more, and stays content */
	WF_PAGE_OTHER,  /* it is no story that the source has printed */
	WF_PAGE_LEARNED /* it has been learned from itself: what counts is in two stories */
};

/* Marks the tokens of an article of `source` (0: unknown) that are boilerplate: mask[i] is 1 for those, 0 for content.
 * tokens_count is at most WF_DOCUMENT_TOKENS_MAX. Returns whether a WF_PAGE_OTHER would have been given other marks. */
bool wf_boilerplate_mask(const struct wf_boilerplate *boilerplate, uint64_t source, const uint16_t *tokens,
			 size_t tokens_count, enum wf_page page, uint8_t *mask);

/* A number that is another one whenever a mask of the source's articles may come out otherwise. */
uint64_t wf_boilerplate_version(const struct wf_boilerplate *boilerplate, uint64_t source);

/* Asks the memory for what wf_boilerplate_mask() will touch, and wf_boilerplate_learn() too if `is_to_learn`, ahead of
 * them. How much that is is read from the source's record, which can be asked for still earlier. */
void wf_boilerplate_prefetch_record(const struct wf_boilerplate *boilerplate, uint64_t source);
void wf_boilerplate_prefetch(const struct wf_boilerplate *boilerplate, uint64_t source, bool is_to_learn);

/* Learns from an article of `source` whose story the source had not printed before. `is_story`: it is the first of its
 * story, and counts for the corpus too. Errors: WF_ENOMEM (the article is then not learned from; nothing else is
 * lost). */
int wf_boilerplate_learn(struct wf_boilerplate *boilerplate, uint64_t source, const uint16_t *tokens,
			 size_t tokens_count, bool is_story);

/* The whole as bytes, as it is at `begin`, to `out`, which has room for saved_bytes(). What comes before byte `until`
 * is there after `fill`; `out` is written to until `end`, which may come at any time, or is implied by another `begin`.
 * What is learned meanwhile is not in it. begin: WF_ENOMEM. */
size_t wf_boilerplate_saved_bytes(const struct wf_boilerplate *boilerplate);
int wf_boilerplate_save_begin(struct wf_boilerplate *boilerplate, char *out);
void wf_boilerplate_save_fill(struct wf_boilerplate *boilerplate, size_t until);
void wf_boilerplate_save_end(struct wf_boilerplate *boilerplate);

/* And back, into an empty one. Errors: WF_ENOMEM, WF_ECORRUPT. */
int wf_boilerplate_load(struct wf_boilerplate *boilerplate, struct wf_bytes bytes);

#endif
