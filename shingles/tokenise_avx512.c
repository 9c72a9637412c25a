#include "tokenise_state.h"

#if defined(__x86_64__)
#include <immintrin.h>

struct masks {
	uint64_t letter, digit, upper, space, newline, stop, dot_colon, comma, apostrophe, high;
};

static inline struct masks classify(const uint8_t *at, uint8_t *folded)
{
	const __m512i bytes = _mm512_loadu_si512(at);
	const __m512i lower = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
	const __mmask64 letter =
		_mm512_cmplt_epu8_mask(_mm512_sub_epi8(lower, _mm512_set1_epi8('a')), _mm512_set1_epi8(26));
	const __mmask64 dot = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('.'));

	_mm512_storeu_si512(folded, _mm512_mask_mov_epi8(bytes, letter, lower));
	return (struct masks){
		.letter = letter,
		.digit = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8('0')), _mm512_set1_epi8(10)),
		.upper = letter & _mm512_testn_epi8_mask(bytes, _mm512_set1_epi8(0x20)),
		.space = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(' ')) |
			 _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\t')),
		.newline = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8('\n')), _mm512_set1_epi8(4)),
		.stop = dot | _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('!')) |
			_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('?')),
		.dot_colon = dot | _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(':')),
		.comma = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(',')),
		.apostrophe = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\'')) |
			      _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('`')),
		.high = _mm512_movepi8_mask(bytes),
	};
}

static inline void places_emit(uint32_t *places, uint32_t base, uint64_t mask)
{
	const __m512i numbers =
		_mm512_set_epi64(0x3F3E3D3C3B3A3938, 0x3736353433323130, 0x2F2E2D2C2B2A2928, 0x2726252423222120,
				 0x1F1E1D1C1B1A1918, 0x1716151413121110, 0x0F0E0D0C0B0A0908, 0x0706050403020100);
	const __m512i places_8 = _mm512_maskz_compress_epi8(mask, numbers);
	const __m512i bases = _mm512_set1_epi32((int)base);

	_mm512_storeu_si512(places, _mm512_add_epi32(bases, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places_8))));
	if (__builtin_expect(__builtin_popcountll(mask) > 16, 0))
		_mm512_storeu_si512(
			places + 16,
			_mm512_add_epi32(bases, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places_8, 1))));
}

static inline void flags_emit(uint8_t *flags, uint64_t mask, uint64_t line, uint64_t sentence, uint64_t capital)
{
	__m512i bytes = _mm512_maskz_set1_epi8(line, WF_TOKEN_LINE);

	bytes = _mm512_or_si512(bytes, _mm512_maskz_set1_epi8(sentence, WF_TOKEN_SENTENCE));
	bytes = _mm512_or_si512(bytes, _mm512_maskz_set1_epi8(capital, WF_TOKEN_CAPITAL));
	_mm512_storeu_si512(flags, _mm512_maskz_compress_epi8(mask, bytes));
}

static inline void marks_emit(uint8_t *marks, uint64_t mask, uint64_t number, uint64_t careful)
{
	const __m512i bytes = _mm512_or_si512(_mm512_maskz_set1_epi8(number, WF_TOKEN_NUMBER),
					      _mm512_maskz_set1_epi8(careful, (char)WF_TOKENISE_CAREFUL));

	_mm512_storeu_si512(marks, _mm512_maskz_compress_epi8(mask, bytes));
}

#include "tokenise_vector.h"

void wf_tokenise_avx512(struct wf_tokeniser *tokeniser)
{
	vector_tokenise(tokeniser);
}
#endif
