#include "tokenise_state.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Tables in memory do: they are operands of the instructions that use them. */
struct vectors {
	bool none;
};

static inline struct vectors vectors_make(void)
{
	return (struct vectors){false};
}

static inline uint64_t bits_of(__m256i bytes)
{
	return (uint32_t)_mm256_movemask_epi8(bytes);
}

/* The bytes that are in a set of which no two members have the same low half: set[i] is the member with the low half i,
 * and where there is none, a byte with another low half. */
static inline __m256i is_in(__m256i bytes, const uint8_t set[16])
{
	const __m256i members = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)set));

	return _mm256_cmpeq_epi8(_mm256_shuffle_epi8(members, bytes), bytes);
}

static inline struct wf_token_masks classify_half(const uint8_t *at, uint8_t *folded)
{
	static const uint8_t digits[16] = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9'};
	static const uint8_t dots_colons[16] = {[0x0] = 1, [0xA] = ':', [0xE] = '.'};
	static const uint8_t apostrophes[16] = {[0x0] = '`', [0x7] = '\''};
	const __m256i bytes = _mm256_loadu_si256((const void *)at);
	const __m256i lower = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
	const __m256i letter = _mm256_cmpgt_epi8(_mm256_add_epi8(lower, _mm256_set1_epi8(INT8_MAX - 'z')),
						 _mm256_set1_epi8(INT8_MAX - 26));

	_mm256_storeu_si256((void *)folded, _mm256_blendv_epi8(bytes, lower, letter));
	return (struct wf_token_masks){
		.letter = bits_of(letter),
		.digit = bits_of(is_in(bytes, digits)),
		.dot_colon = bits_of(is_in(bytes, dots_colons)),
		.comma = bits_of(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(','))),
		.apostrophe = bits_of(is_in(bytes, apostrophes)),
		.high = bits_of(bytes),
	};
}

static inline struct wf_token_masks classify(const struct vectors *vectors, const uint8_t *at, uint8_t *folded)
{
	const struct wf_token_masks first = classify_half(at, folded), second = classify_half(at + 32, folded + 32);

	(void)vectors;

	return (struct wf_token_masks){
		.letter = first.letter | second.letter << 32,
		.digit = first.digit | second.digit << 32,
		.dot_colon = first.dot_colon | second.dot_colon << 32,
		.comma = first.comma | second.comma << 32,
		.apostrophe = first.apostrophe | second.apostrophe << 32,
		.high = first.high | second.high << 32,
	};
}

static inline void eight_places_emit(uint32_t *places, uint32_t base, const uint8_t *order)
{
	const __m256i eight = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)order));

	_mm256_storeu_si256((void *)places, _mm256_add_epi32(_mm256_set1_epi32((int)base), eight));
}

static inline void eight_ends_emit(uint16_t *ends, uint32_t base, const uint8_t *order)
{
	const __m128i eight = _mm_cvtepu8_epi16(_mm_loadl_epi64((const void *)order));

	_mm_storeu_si128((void *)ends, _mm_add_epi16(_mm_set1_epi16((short)base), eight));
}

static inline void eight_bytes_emit(uint8_t *out, const uint8_t *bytes, const uint8_t *order)
{
	_mm_storel_epi64((void *)out,
			 _mm_shuffle_epi8(_mm_loadl_epi64((const void *)bytes), _mm_loadl_epi64((const void *)order)));
}

/* `mark` where `bits` has the bit, for 32 of them. */
static inline __m256i marks_of(uint32_t bits, uint8_t mark)
{
	const __m256i own_byte = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
	const __m256i own_bit = _mm256_set1_epi64x((long long)UINT64_C(0x8040201008040201));
	const __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32((int)bits), own_byte);

	return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(spread, own_bit), own_bit),
				_mm256_set1_epi8((char)mark));
}

static inline void flags_emit(const struct vectors *vectors, uint8_t *flags, uint64_t numbers)
{
	(void)vectors;
	_mm256_storeu_si256((void *)flags, marks_of((uint32_t)numbers, WF_TOKEN_NUMBER));
}

static inline uint64_t extract(uint64_t bits, uint64_t mask)
{
	return _pext_u64(bits, mask);
}

#include "tokenise_emit.h"
#include "tokenise_vector.h"

void wf_tokenise_avx2(struct wf_tokeniser *tokeniser)
{
	vector_tokenise(tokeniser);
}
#endif
