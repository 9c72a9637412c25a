/* Tokens from bit masks without vector instructions for it: part of a vector version, see tokenise_vector.h. */

static inline void places_emit(uint32_t *places, uint32_t base, uint64_t mask)
{
	/* Four at a time, so that the number of turns is easy to guess; those past the last are not counted. */
	while (mask != 0) {
		for (int i = 0; i < 4; i++) {
			places[i] = base + (mask != 0 ? (uint32_t)__builtin_ctzll(mask) : 0);
			mask &= mask - 1;
		}
		places += 4;
	}
}

static inline void bytes_emit(uint8_t *bytes, uint64_t mask, uint64_t marked, uint8_t mark)
{
	for (; marked != 0; marked &= marked - 1) {
		const uint64_t below = (marked & -marked) - 1;

		bytes[__builtin_popcountll(mask & below)] |= mark;
	}
}

static inline void flags_emit(uint8_t *flags, uint64_t mask, uint64_t line, uint64_t sentence, uint64_t capital)
{
	memset(flags, 0, 40);
	bytes_emit(flags, mask, line, WF_TOKEN_LINE);
	bytes_emit(flags, mask, sentence, WF_TOKEN_SENTENCE);
	bytes_emit(flags, mask, capital, WF_TOKEN_CAPITAL);
}

static inline void marks_emit(uint8_t *marks, uint64_t mask, uint64_t number, uint64_t careful)
{
	memset(marks, 0, 40);
	bytes_emit(marks, mask, number, WF_TOKEN_NUMBER);
	bytes_emit(marks, mask, careful, 0x80);
}
