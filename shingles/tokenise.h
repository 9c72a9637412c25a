/* Text to tokens: how a text is cut into words, and what counts as the same word.
 *
 *   bytes -> UTF-8 -> folded characters (normalise.h) -> words, numbers, runs of characters -> hash, flags, place
 *
 * A word is a run of letters and digits; all else separates, invalid bytes too. An apostrophe between letters is
 * dropped (Japan's = japans). A dot, comma or colon between digits joins them (5.93, 10:57); a comma before exactly
 * three digits is dropped (155,221 = 155221). Characters that cannot be seen and dropped marks belong to the word
 * that they stand in or after.
 *
 * Scripts without spaces give overlapping runs. Han, kana, bopomofo: each character with the next, so that two tokens
 * in a row span three characters, which tell about as much as two English words (by estimate some 20 bits; 17). Thai,
 * Lao, Khmer, Myanmar: each character with the next three; two tokens in a row span five (some 16 bits). A run that
 * is shorter than that is one token. Hangul has spaces and is cut into words.
 *
 * One character that stands for several (½, a ligature, U+FDFA) can give several tokens, all with its place. The
 * scalar version is the truth; the vector versions, chosen at run time, agree with it bit for bit. */
#ifndef WF_TOKENISE_H
#define WF_TOKENISE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

enum wf_token_flag {
	WF_TOKEN_NUMBER = 1,   /* has a digit */
	WF_TOKEN_UNSPACED = 2, /* of a script without spaces: a run of characters, not a word */
};

/* Arrays of `count`, in the order of the text. Token i is made of the bytes [starts[i], ends[i]) of the original. */
struct wf_tokens {
	uint32_t count;
	uint32_t total;   /* tokens that the text has, those past the caller's bound included */
	uint32_t *hashes; /* keyed with the seed; equal words have equal hashes */
	uint8_t *flags;
	uint32_t *starts; /* NULL from wf_tokenise_words(), as ends */
	uint32_t *ends;
};

/* Cuts `text` into tokens, `count_max` at most.
 * Out:     tokens, overwritten; the arrays live in `arena`.
 * Errors:  WF_ENOMEM; WF_ETOOLARGE for a text of 4 GiB or more.
 * Cost:    linear in the text; no allocation a word. */
int wf_tokenise(struct wf_bytes text, uint64_t seed, uint32_t count_max, struct wf_arena *arena,
		struct wf_tokens *tokens);

/* The same without the places, faster. */
int wf_tokenise_words(struct wf_bytes text, uint64_t seed, uint32_t count_max, struct wf_arena *arena,
		      struct wf_tokens *tokens);

#endif
