/* Two articles side by side: how much of each is in the other, and whether what differs is spelling or figures.
 *
 * An article's evidence is its token sequence, 16 bits a token, in the order of the text: every shingle of every length
 * can be had from it, and what differs can be compared with what agrees.
 *
 *   bytes: [ version u8 | 0 u8 | 0 u16 | tokens u32 | token u16 ... ]   little endian
 *   token: see token16.h
 *
 *   newcomer -> profile (its shingles in a small hash table) -> compared with one stored article after another
 *
 *   newcomer:  ... the ministry said exports fell 4.1 pct in march ...
 *                   ================         === ===========        covered: in a shingle of two tokens that the other
 *                   has
 *   stored:    ... the ministry said imports fell 3.7 pct in march ...
 *                                    ~~~~~~~      ~~~                a gap between covered runs: a word (spelling, an
 *                                    edit), a figure
 * */
#ifndef WF_EVIDENCE_H
#define WF_EVIDENCE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "token16.h"

/* The evidence of a text, its first WF_DOCUMENT_TOKENS_MAX tokens. Errors: WF_ENOMEM. */
int wf_evidence_encode(const struct wf_tokens *tokens, struct wf_arena *arena, struct wf_bytes *evidence);

/* The token sequence of an evidence, copied to `tokens` (room for WF_DOCUMENT_TOKENS_MAX). Errors: WF_ECORRUPT,
 * WF_EVERSION. */
int wf_evidence_decode(struct wf_bytes evidence, uint16_t *tokens, uint32_t *tokens_count);

struct wf_comparison {
	double contained;         /* how much of the newcomer's own content is in the other, by weight, [0, 1] */
	double covering;          /* how much of the other's own content is in the newcomer, by weight, [0, 1] */
	double resemblance;       /* Jaccard coefficient of the own shingles of two tokens, by occurrences, [0, 1] */
	double lead;              /* `contained` for the first WF_LEAD_TOKENS of the newcomer's own tokens */
	double own_weight;        /* of the newcomer */
	double other_weight;      /* of the other */
	uint32_t figures_same;    /* numbers of the newcomer's content that stand in covered text */
	uint32_t figures_changed; /* numbers that stand in a gap where the other has other numbers */
	uint32_t names_same;      /* rare words in covered text */
	uint32_t names_changed;   /* rare words in a gap where the other has other rare words */
	uint32_t words_changed;   /* words in a gap of as many words on both sides that differ, names included */
	uint32_t run;             /* the newcomer's own tokens in the longest passage that both have word for word */
	uint32_t gaps_even;       /* short gaps on both sides: of as many words, a few of them respelled ... */
	uint32_t gaps_uneven;     /* ... or with something else in each */
	double alone;             /* the part of `contained` that no other story at hand has as well; 1 for one pair */
	uint32_t gap; /* the newcomer's own tokens in a gap of as many on the other side, at most: another text */
};

#define WF_LEAD_TOKENS 40u

struct wf_profile; /* the newcomer, made ready; about 700 KiB, to be used again and again */

int wf_profile_new(struct wf_profile **profile); /* WF_ENOMEM */
void wf_profile_free(struct wf_profile *profile);

/* Makes the newcomer ready. tokens, mask (1: boilerplate) and weights (by token) are borrowed until the next
 * wf_profile_set(). `tokens_weights`: those of its tokens where they are known already, else NULL; not borrowed. */
void wf_profile_set(struct wf_profile *profile, const uint16_t *tokens, uint32_t tokens_count, const uint8_t *mask,
		    const uint8_t *weights, const uint8_t *tokens_weights);

/* Compares the newcomer with a stored article in two steps, since most candidates are done with after the first.
 * scan: all of the comparison but resemblance, covering and other_weight. `tokens` is borrowed until the second step.
 * finish: those three; `mask`: what is boilerplate in the stored article. */
void wf_profile_scan(struct wf_profile *profile, const uint16_t *tokens, uint32_t tokens_count,
		     struct wf_comparison *comparison);
void wf_profile_finish(const struct wf_profile *profile, const uint16_t *tokens, uint32_t tokens_count,
		       const uint8_t *mask, struct wf_comparison *comparison);

/* Sets `bit` in marks[i] for every token i of the newcomer's own content that the article last scanned has too. */
void wf_profile_mark(const struct wf_profile *profile, uint64_t bit, uint64_t *marks);

/* Both steps. */
void wf_profile_compare(struct wf_profile *profile, const uint16_t *tokens, uint32_t tokens_count, const uint8_t *mask,
			struct wf_comparison *comparison);

#endif
