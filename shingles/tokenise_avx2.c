#include "tokenise_state.h"

#if defined(__x86_64__)
#include <immintrin.h>

struct masks {
	uint64_t letter, digit, upper, space, newline, stop, dot_colon, comma, apostrophe, high;
};

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

static inline struct masks classify_half(const uint8_t *at, uint8_t *folded)
{
	static const uint8_t digits[16] = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9'};
	static const uint8_t spaces[16] = {[0x0] = ' ', [0x9] = '\t'};
	static const uint8_t newlines[16] = {[0x0] = 1, [0xA] = '\n', [0xB] = '\v', [0xC] = '\f', [0xD] = '\r'};
	static const uint8_t stops[16] = {[0x0] = 1, [0x1] = '!', [0xE] = '.', [0xF] = '?'};
	static const uint8_t dots_colons[16] = {[0x0] = 1, [0xA] = ':', [0xE] = '.'};
	static const uint8_t apostrophes[16] = {[0x0] = '`', [0x7] = '\''};
	const __m256i bytes = _mm256_loadu_si256((const void *)at);
	const __m256i lower = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
	const __m256i letter = _mm256_cmpgt_epi8(_mm256_add_epi8(lower, _mm256_set1_epi8(INT8_MAX - 'z')),
						 _mm256_set1_epi8(INT8_MAX - 26));

	_mm256_storeu_si256((void *)folded, _mm256_blendv_epi8(bytes, lower, letter));
	return (struct masks){
		.letter = bits_of(letter),
		.digit = bits_of(is_in(bytes, digits)),
		.upper = bits_of(_mm256_andnot_si256(_mm256_slli_epi16(bytes, 2), letter)),
		.space = bits_of(is_in(bytes, spaces)),
		.newline = bits_of(is_in(bytes, newlines)),
		.stop = bits_of(is_in(bytes, stops)),
		.dot_colon = bits_of(is_in(bytes, dots_colons)),
		.comma = bits_of(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(','))),
		.apostrophe = bits_of(is_in(bytes, apostrophes)),
		.high = bits_of(bytes),
	};
}

static inline struct masks classify(const uint8_t *at, uint8_t *folded)
{
	const struct masks first = classify_half(at, folded), second = classify_half(at + 32, folded + 32);

	return (struct masks){
		.letter = first.letter | second.letter << 32,
		.digit = first.digit | second.digit << 32,
		.upper = first.upper | second.upper << 32,
		.space = first.space | second.space << 32,
		.newline = first.newline | second.newline << 32,
		.stop = first.stop | second.stop << 32,
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

static inline void marked_bytes_set(uint8_t *bytes, uint64_t first, uint8_t first_mark, uint64_t second,
				    uint8_t second_mark, uint64_t third, uint8_t third_mark)
{
	for (int half = 0; half < 2; half++) {
		const __m256i two = _mm256_or_si256(marks_of((uint32_t)(first >> 32 * half), first_mark),
						    marks_of((uint32_t)(second >> 32 * half), second_mark));

		_mm256_storeu_si256((void *)(bytes + 32 * half),
				    _mm256_or_si256(two, marks_of((uint32_t)(third >> 32 * half), third_mark)));
	}
}

#include "tokenise_emit.h"
#include "tokenise_vector.h"

void wf_tokenise_avx2(struct wf_tokeniser *tokeniser)
{
	vector_tokenise(tokeniser);
}
#endif
