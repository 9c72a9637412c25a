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

static inline __m256i is_equal(__m256i bytes, char byte)
{
	return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte));
}

/* first <= byte < first + count */
static inline __m256i is_within(__m256i bytes, char first, char count)
{
	const __m256i distance = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first));

	return _mm256_cmpeq_epi8(_mm256_min_epu8(distance, _mm256_set1_epi8((char)(count - 1))), distance);
}

static inline struct masks classify_half(const uint8_t *at, uint8_t *folded)
{
	const __m256i bytes = _mm256_loadu_si256((const void *)at);
	const __m256i letter = is_within(_mm256_or_si256(bytes, _mm256_set1_epi8(0x20)), 'a', 26);
	const __m256i dot = is_equal(bytes, '.');

	_mm256_storeu_si256((void *)folded, _mm256_or_si256(bytes, _mm256_and_si256(letter, _mm256_set1_epi8(0x20))));
	return (struct masks){
		.letter = bits_of(letter),
		.digit = bits_of(is_within(bytes, '0', 10)),
		.upper = bits_of(_mm256_andnot_si256(_mm256_slli_epi16(bytes, 2), letter)),
		.space = bits_of(_mm256_or_si256(is_equal(bytes, ' '), is_equal(bytes, '\t'))),
		.newline = bits_of(is_within(bytes, '\n', 4)),
		.stop = bits_of(_mm256_or_si256(dot, _mm256_or_si256(is_equal(bytes, '!'), is_equal(bytes, '?')))),
		.dot_colon = bits_of(_mm256_or_si256(dot, is_equal(bytes, ':'))),
		.comma = bits_of(is_equal(bytes, ',')),
		.apostrophe = bits_of(_mm256_or_si256(is_equal(bytes, '\''), is_equal(bytes, '`'))),
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

#include "tokenise_emit.h"
#include "tokenise_vector.h"

void wf_tokenise_avx2(struct wf_tokeniser *tokeniser)
{
	vector_tokenise(tokeniser);
}
#endif
