/* Tokens from bit masks, eight bits at a time: part of the vector versions that cannot compress a register, see
 * tokenise_vector.h. The file that includes it defines before it
 *
 *   void eight_places_emit(uint32_t *places, uint32_t base, const uint8_t *order)
 *           places[i] = base + order[i]
 *   void eight_bytes_emit(uint8_t *out, const uint8_t *bytes, const uint8_t *order)
 *           out[i] = bytes[order[i]]
 *   void marked_bytes_set(uint8_t *bytes, uint64_t first, uint8_t first_mark, uint64_t second, uint8_t second_mark,
 *                         uint64_t third, uint8_t third_mark)
 *           64 bytes: the marks of the masks that have bit i, in byte i
 *
 * There is no branch in it: how many words a window has, and which of them have a capital, cannot be guessed. */

#include "bit_order.h"

static inline uint32_t bits_below(uint64_t mask, uint32_t eighth)
{
	return (uint32_t)__builtin_popcountll(mask & ((UINT64_C(1) << 8 * eighth) - 1));
}

static inline void places_emit(uint32_t *places, uint32_t base, uint64_t mask)
{
	for (uint32_t i = 0; i < 8; i++)
		eight_places_emit(places + bits_below(mask, i), base + 8 * i, wf_bit_order((uint32_t)(mask >> 8 * i)));
}

/* Past the last one come eight zeros. */
static inline void bytes_emit(uint8_t *out, uint64_t mask, const uint8_t *bytes)
{
	for (uint32_t i = 0; i < 8; i++)
		eight_bytes_emit(out + bits_below(mask, i), bytes + 8 * i, wf_bit_order((uint32_t)(mask >> 8 * i)));
	memset(out + __builtin_popcountll(mask), 0, 8);
}

static inline void flags_emit(uint8_t *flags, uint64_t mask, uint64_t line, uint64_t sentence, uint64_t capital)
{
	uint8_t bytes[64];

	marked_bytes_set(bytes, line, WF_TOKEN_LINE, sentence, WF_TOKEN_SENTENCE, capital, WF_TOKEN_CAPITAL);
	bytes_emit(flags, mask, bytes);
}

static inline void marks_emit(uint8_t *marks, uint64_t mask, uint64_t number, uint64_t careful)
{
	uint8_t bytes[64];

	marked_bytes_set(bytes, number, WF_TOKEN_NUMBER, careful, WF_TOKENISE_CAREFUL, 0, 0);
	bytes_emit(marks, mask, bytes);
}
