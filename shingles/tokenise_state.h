/* What the versions of the tokeniser share: where the reading stands, and where tokens are written. For tokenise*.c
 * alone. */
#ifndef WF_TOKENISE_STATE_H
#define WF_TOKENISE_STATE_H

#include "cpu.h"
#include "hash.h"
#include "normalise.h"
#include "tokenise.h"

/* Room past the last token of each array: the vector versions look at the bound once a batch of windows, and a store
 * may write more than it counts. */
#define WF_TOKENISE_BATCH_WINDOWS 16u
#define WF_TOKENISE_WINDOW_TOKENS 32u
#define WF_TOKENISE_SLACK         ((WF_TOKENISE_BATCH_WINDOWS + 1) * WF_TOKENISE_WINDOW_TOKENS + 32u)

#define WF_TOKENISE_NEVER UINT32_MAX /* stop_after: read to the end */

struct wf_tokeniser {
	const uint8_t *text;
	uint32_t length;
	uint32_t count_max;
	uint64_t total;
	uint32_t count;
	struct wf_word_keys keys;
	uint32_t *hashes;
	uint32_t *starts; /* NULL: places are not asked for */
	uint32_t *ends;
	uint8_t *flags;
};

/* The classes of a window's bytes, bit i for byte i. */
struct wf_token_masks {
	uint64_t letter, digit, dot_colon, comma, apostrophe, high;
};

/* The scalar version: the truth. Reads from byte `at`, which is in no word, to the end of the text, or to the
 * first place between words after `stop_after` bytes or more where a vector version can go on. Returns where it
 * stopped. */
uint32_t wf_tokenise_scalar(struct wf_tokeniser *tokeniser, uint32_t at, uint32_t stop_after);

/* The vector versions: the whole text. Each is there where the processor can have it, see wf_cpu_has(). */
void wf_tokenise_avx2(struct wf_tokeniser *tokeniser);
void wf_tokenise_avx512(struct wf_tokeniser *tokeniser);
void wf_tokenise_neon(struct wf_tokeniser *tokeniser);

/* Hashes words that lie one behind the other, the i-th from ends[i - 1] to ends[i]; ends[-1] is there. The last chunk
 * of each is read whole. */
static inline void wf_tokenise_hash_each(struct wf_word_keys keys, const uint8_t *letters, const uint16_t *ends,
					 uint32_t count, uint32_t *restrict hashes)
{
	const uint16_t *const begins = ends - 1;

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *word = letters + begins[i];
		uint32_t length = (uint32_t)ends[i] - begins[i];
		uint64_t state = 0;

		for (; __builtin_expect(length > 16, 0); word += 16, length -= 16)
			state = wf_word_hash_chunk(keys, state, wf_hash_load(word), wf_hash_load(word + 8));
		hashes[i] = wf_word_hash_last(keys, state, wf_hash_load(word), wf_hash_load(word + 8), length);
	}
}

/* As wf_tokenise() and wf_tokenise_words(), by the version of `level`, which the processor must have. For tests and
 * measurements. */
int wf_tokenise_at_level(enum wf_cpu_level level, struct wf_bytes text, uint64_t seed, uint32_t count_max,
			 struct wf_arena *arena, struct wf_tokens *tokens);
int wf_tokenise_words_at_level(enum wf_cpu_level level, struct wf_bytes text, uint64_t seed, uint32_t count_max,
			       struct wf_arena *arena, struct wf_tokens *tokens);

#endif
