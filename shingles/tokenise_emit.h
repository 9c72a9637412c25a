/* Tokens from bit masks, eight bits at a time: part of the vector versions that cannot compress a register, see
 * tokenise_vector.h. The file that includes it defines before it
 *
 *   void eight_places_emit(uint32_t *places, uint32_t base, const uint8_t *order)
 *           places[i] = base + order[i]
 *   void eight_ends_emit(uint16_t *ends, uint32_t base, const uint8_t *order)
 *           ends[i] = base + order[i]
 *   void eight_bytes_emit(uint8_t *out, const uint8_t *bytes, const uint8_t *order)
 *           out[i] = bytes[order[i]]
 *
 * There is no branch in it: how many words a window has, and how long they are, cannot be guessed. */

#include "bit_order.h"

static inline uint32_t bits_below(uint64_t mask, uint32_t eighth)
{
	return (uint32_t)__builtin_popcountll(mask & ((UINT64_C(1) << 8 * eighth) - 1));
}

static inline void places_emit(const struct vectors *vectors, uint32_t *places, uint32_t base, uint64_t mask)
{
	(void)vectors;
	for (uint32_t i = 0; i < 8; i++)
		eight_places_emit(places + bits_below(mask, i), base + 8 * i, wf_bit_order((uint32_t)(mask >> 8 * i)));
}

static inline void ends_emit(const struct vectors *vectors, uint16_t *ends, uint32_t base, uint64_t mask)
{
	(void)vectors;
	for (uint32_t i = 0; i < 8; i++)
		eight_ends_emit(ends + bits_below(mask, i), base + 1 + 8 * i, wf_bit_order((uint32_t)(mask >> 8 * i)));
}

static inline void letters_emit(const struct vectors *vectors, uint8_t *letters, const uint8_t *folded, uint64_t kept)
{
	(void)vectors;
	for (uint32_t i = 0; i < 8; i++)
		eight_bytes_emit(letters + bits_below(kept, i), folded + 8 * i,
				 wf_bit_order((uint32_t)(kept >> 8 * i)));
}

#define HASH_TOGETHER 1u

static inline void hash_words(struct wf_word_keys keys, const uint8_t *letters, const uint16_t *ends, uint32_t count,
			      uint32_t *hashes)
{
	wf_tokenise_hash_each(keys, letters, ends, count, hashes);
}
