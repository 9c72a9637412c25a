#include "tokenise_state.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LETTER     0x01
#define DIGIT      0x02
#define COMMA      0x04
#define DOT_COLON  0x08
#define APOSTROPHE 0x10
#define UPPER      0x20 /* and what makes a letter small */

/* The classes of all of ASCII, which two registers hold, and what they are asked with. */
struct vectors {
	__m512i classes_low, classes_high;
	__m512i letter, digit, comma, dot_colon, apostrophe, upper;
	__m512i numbers; /* 0 to 63 */
	__m512i number;  /* WF_TOKEN_NUMBER */
};

/* Stays in a register, or in memory: the compiler would make it anew each time, by several instructions. */
static inline __m512i kept(__m512i vector)
{
	__asm__("" : "+v"(vector));
	return vector;
}

/* Stays in a general register: the compiler would fetch it from a mask register for each use. */
static inline uint64_t bits_of(__mmask64 mask)
{
	uint64_t bits = mask;

	__asm__("" : "+r"(bits));
	return bits;
}

static inline __m512i sixty_four(int byte)
{
	return _mm512_set1_epi8((char)byte);
}

/* `class` where `bytes` are from `first` on, `count` of them; to be put together by or. */
static inline __m512i class_of(__m512i bytes, char first, char count, int class)
{
	return _mm512_maskz_mov_epi8(
		_mm512_cmplt_epu8_mask(_mm512_sub_epi8(bytes, sixty_four(first)), sixty_four(count)),
		sixty_four(class));
}

static inline __m512i classes_of(__m512i bytes)
{
	__m512i classes = class_of(bytes, 'a', 26, LETTER);

	classes = _mm512_or_si512(classes, class_of(bytes, 'A', 26, LETTER | UPPER));
	classes = _mm512_or_si512(classes, class_of(bytes, '0', 10, DIGIT));
	classes = _mm512_or_si512(classes, class_of(bytes, ',', 1, COMMA));
	classes = _mm512_or_si512(classes, class_of(bytes, '.', 1, DOT_COLON));
	classes = _mm512_or_si512(classes, class_of(bytes, ':', 1, DOT_COLON));
	classes = _mm512_or_si512(classes, class_of(bytes, '\'', 1, APOSTROPHE));
	return _mm512_or_si512(classes, class_of(bytes, '`', 1, APOSTROPHE));
}

static inline struct vectors vectors_make(void)
{
	const __m512i numbers =
		_mm512_set_epi64(0x3F3E3D3C3B3A3938, 0x3736353433323130, 0x2F2E2D2C2B2A2928, 0x2726252423222120,
				 0x1F1E1D1C1B1A1918, 0x1716151413121110, 0x0F0E0D0C0B0A0908, 0x0706050403020100);

	return (struct vectors){
		.classes_low = kept(classes_of(numbers)),
		.classes_high = kept(classes_of(_mm512_add_epi8(numbers, sixty_four(64)))),
		.letter = kept(sixty_four(LETTER)),
		.digit = kept(sixty_four(DIGIT)),
		.comma = kept(sixty_four(COMMA)),
		.dot_colon = kept(sixty_four(DOT_COLON)),
		.apostrophe = kept(sixty_four(APOSTROPHE)),
		.upper = kept(sixty_four(UPPER)),
		.numbers = kept(numbers),
		.number = kept(sixty_four(WF_TOKEN_NUMBER)),
	};
}

/* Bytes beyond ASCII have some class, too: the caller asks `high`. Their folded bytes are written by the caller. */
static inline struct wf_token_masks classify(const struct vectors *vectors, const uint8_t *at, uint8_t *folded)
{
	const __m512i bytes = _mm512_loadu_si512(at);
	const __m512i classes = _mm512_permutex2var_epi8(vectors->classes_low, bytes, vectors->classes_high);

	_mm512_storeu_si512(folded, _mm512_or_si512(bytes, _mm512_and_si512(classes, vectors->upper)));
	return (struct wf_token_masks){
		.letter = bits_of(_mm512_test_epi8_mask(classes, vectors->letter)),
		.digit = bits_of(_mm512_test_epi8_mask(classes, vectors->digit)),
		.comma = bits_of(_mm512_test_epi8_mask(classes, vectors->comma)),
		.dot_colon = bits_of(_mm512_test_epi8_mask(classes, vectors->dot_colon)),
		.apostrophe = bits_of(_mm512_test_epi8_mask(classes, vectors->apostrophe)),
		.high = bits_of(_mm512_movepi8_mask(bytes)),
	};
}

static inline uint64_t extract(uint64_t bits, uint64_t mask)
{
	return _pext_u64(bits, mask);
}

static inline void letters_emit(const struct vectors *vectors, uint8_t *letters, const uint8_t *folded, uint64_t kept)
{
	(void)vectors;
	_mm512_storeu_si512(letters, _mm512_maskz_compress_epi8(kept, _mm512_loadu_si512(folded)));
}

static inline void ends_emit(const struct vectors *vectors, uint16_t *ends, uint32_t base, uint64_t mask)
{
	const __m512i places = _mm512_maskz_compress_epi8(mask, vectors->numbers);
	const __m512i bases = _mm512_set1_epi16((short)(base + 1));

	_mm512_storeu_si512(ends, _mm512_add_epi16(bases, _mm512_cvtepu8_epi16(_mm512_castsi512_si256(places))));
}

static inline void flags_emit(const struct vectors *vectors, uint8_t *flags, uint64_t numbers)
{
	_mm256_storeu_si256((void *)flags,
			    _mm256_maskz_mov_epi8((__mmask32)numbers, _mm512_castsi512_si256(vectors->number)));
}

static inline void places_emit(const struct vectors *vectors, uint32_t *places, uint32_t base, uint64_t mask)
{
	const __m512i places_8 = _mm512_maskz_compress_epi8(mask, vectors->numbers);
	const __m512i bases = _mm512_set1_epi32((int)base);

	_mm512_storeu_si512(places, _mm512_add_epi32(bases, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places_8))));
	if (__builtin_expect(__builtin_popcountll(mask) > 16, 0))
		_mm512_storeu_si512(
			places + 16,
			_mm512_add_epi32(bases, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(places_8, 1))));
}

#define HASH_TOGETHER 8u

/* wf_hash_multiply_fold() of eight: schoolbook, by halves. */
static inline __m512i multiply_fold(__m512i a, __m512i b)
{
	const __m512i half = _mm512_set1_epi64(UINT32_MAX);
	const __m512i a_high = _mm512_srli_epi64(a, 32), b_high = _mm512_srli_epi64(b, 32);
	const __m512i low = _mm512_mul_epu32(a, b);
	const __m512i middle = _mm512_add_epi64(_mm512_mul_epu32(a, b_high), _mm512_srli_epi64(low, 32));
	const __m512i other = _mm512_add_epi64(_mm512_mul_epu32(a_high, b), _mm512_and_si512(middle, half));
	const __m512i high =
		_mm512_add_epi64(_mm512_mul_epu32(a_high, b_high),
				 _mm512_add_epi64(_mm512_srli_epi64(middle, 32), _mm512_srli_epi64(other, 32)));

	/* The lower half of the product is that of `low`, under that of `other`. */
	return _mm512_xor_si512(high, _mm512_mask_mov_epi32(_mm512_slli_epi64(other, 32), 0x5555, low));
}

/* Four words of 16 letters at most, each at the beginning of 16 bytes, the rest zeros. */
static inline __m512i four_words(const uint8_t *letters, uint64_t lengths_in_bits)
{
	return _mm512_maskz_expand_epi8(lengths_in_bits, _mm512_loadu_si512(letters));
}

static void hash_words(struct wf_word_keys keys, const uint8_t *letters, const uint16_t *ends, uint32_t count,
		       uint32_t *hashes)
{
	const __m512i low = _mm512_set1_epi64((long long)keys.low), high = _mm512_set1_epi64((long long)keys.high);
	const __m512i last = _mm512_set1_epi64((long long)WF_WORD_HASH_LAST);
	const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
	const __m128i one = _mm_set1_epi16(1);
	const uint16_t *const before = ends - 1;

	for (uint32_t i = 0; i < count; i += HASH_TOGETHER) {
		const __m128i lengths = _mm_sub_epi16(_mm_loadu_si128((const void *)(ends + i)),
						      _mm_loadu_si128((const void *)(before + i)));
		const __m128i bits = _mm_sub_epi16(_mm_sllv_epi16(one, lengths), one);
		__m512i first, second, hash;

		if (__builtin_expect(_mm_cmpgt_epu16_mask(lengths, _mm_set1_epi16(16)) != 0, 0)) {
			wf_tokenise_hash_each(keys, letters, ends + i,
					      count - i < HASH_TOGETHER ? count - i : HASH_TOGETHER, hashes + i);
			continue;
		}
		first = four_words(letters + before[i], (uint64_t)_mm_cvtsi128_si64(bits));
		second = four_words(letters + ends[i + 3], (uint64_t)_mm_extract_epi64(bits, 1));
		hash = multiply_fold(_mm512_xor_si512(_mm512_unpacklo_epi64(first, second), low),
				     _mm512_xor_si512(_mm512_unpackhi_epi64(first, second), high));
		hash = _mm512_srli_epi64(_mm512_mullo_epi64(hash, last), 32);
		_mm256_storeu_si256((void *)(hashes + i),
				    _mm256_permutevar8x32_epi32(_mm512_cvtepi64_epi32(hash), order));
	}
}

#include "tokenise_vector.h"

void wf_tokenise_avx512(struct wf_tokeniser *tokeniser)
{
	vector_tokenise(tokeniser);
}
#endif
