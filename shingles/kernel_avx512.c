#if defined(__x86_64__)
#include <immintrin.h>

#include "kernel.h"

#define LANES 16u

/* The first `count` lanes. */
static inline __mmask16 lanes_of(uint32_t count)
{
	return (__mmask16)(count >= LANES ? 0xffffu : (1u << count) - 1);
}

static inline __m512i load_tokens(const uint16_t *tokens, __mmask16 lanes)
{
	return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, tokens));
}

static inline __m512i shingles_of(__m512i first, __m512i second)
{
	return _mm512_or_si512(_mm512_slli_epi32(first, 16), second);
}

static inline uint32_t store_places(uint16_t *places, __mmask16 chosen, uint32_t first)
{
	const __m256i ascending = _mm256_set_epi16(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	const __m256i numbers = _mm256_add_epi16(ascending, _mm256_set1_epi16((short)first));

	_mm256_storeu_si256((__m256i *)(void *)places, _mm256_maskz_compress_epi16(chosen, numbers));
	return (uint32_t)_mm_popcnt_u32(chosen);
}

/* The filter of hot shingles fits eight registers. */
static inline __m512i hot_words(const __m512i table[8], __m512i word)
{
	const __mmask16 odd = _mm512_test_epi32_mask(word, _mm512_set1_epi32(32));
	const __mmask16 high = _mm512_test_epi32_mask(word, _mm512_set1_epi32(64));
	const __m512i low_pair = _mm512_mask_blend_epi32(odd, _mm512_permutex2var_epi32(table[0], word, table[1]),
							 _mm512_permutex2var_epi32(table[2], word, table[3]));
	const __m512i high_pair = _mm512_mask_blend_epi32(odd, _mm512_permutex2var_epi32(table[4], word, table[5]),
							  _mm512_permutex2var_epi32(table[6], word, table[7]));

	return _mm512_mask_blend_epi32(high, low_pair, high_pair);
}

_Static_assert(WF_KERNEL_HOT_BITS == 8 * 512, "eight registers");

static uint32_t filter(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *hot_bits,
		       const uint32_t *common_bits, uint16_t *places)
{
	const __m512i one = _mm512_set1_epi32(1);
	__m512i table[8];
	uint32_t count = 0;

	for (size_t i = 0; i < 8; i++)
		table[i] = _mm512_loadu_si512(hot_bits + LANES * i);
	for (uint32_t i = 0; i + 1 < tokens_count; i += LANES) {
		const __mmask16 lanes = lanes_of(tokens_count - 1 - i);
		const __m512i shingle = shingles_of(load_tokens(tokens + i, lanes), load_tokens(tokens + i + 1, lanes));
		const __m512i half = _mm512_mullo_epi32(shingle, _mm512_set1_epi32((int)0x9E3779B1u));
		const __m512i hash = _mm512_mullo_epi32(_mm512_xor_si512(half, _mm512_srli_epi32(half, 15)),
							_mm512_set1_epi32((int)0x85EBCA77u));
		const __m512i hot = hot_words(table, _mm512_srli_epi32(hash, 25));
		const __m512i common = _mm512_i32gather_epi32(
			_mm512_and_si512(_mm512_srli_epi32(hash, 5), _mm512_set1_epi32(WF_KERNEL_COMMON_BITS / 32 - 1)),
			common_bits, 4);
		const __m512i is_in = _mm512_or_si512(
			_mm512_srlv_epi32(hot, _mm512_and_si512(_mm512_srli_epi32(hash, 20), _mm512_set1_epi32(31))),
			_mm512_srlv_epi32(common, _mm512_and_si512(hash, _mm512_set1_epi32(31))));

		count += store_places(places + count, _mm512_mask_test_epi32_mask(lanes, is_in, one), i);
	}
	return count;
}

/* The weights of sixteen tokens, a byte each, read four bytes at a time. */
static inline __m512i weights_of(const uint8_t *of_token, __m512i tokens)
{
	const __m512i words = _mm512_i32gather_epi32(_mm512_srli_epi32(tokens, 2), of_token, 4);
	const __m512i shift = _mm512_slli_epi32(_mm512_and_si512(tokens, _mm512_set1_epi32(3)), 3);

	return _mm512_and_si512(_mm512_srlv_epi32(words, shift), _mm512_set1_epi32(0xff));
}

/* wf_kernel_mix() >> 33 of eight. */
static inline __m256i mixed(__m256i shingles)
{
	__m512i value = _mm512_cvtepu32_epi64(shingles);

	value = _mm512_mullo_epi64(value, _mm512_set1_epi64((long long)UINT64_C(0x9E3779B97F4A7C15)));
	value = _mm512_xor_si512(value, _mm512_srli_epi64(value, 32));
	value = _mm512_mullo_epi64(value, _mm512_set1_epi64((long long)UINT64_C(0xD6E8FEB86659FD93)));
	value = _mm512_xor_si512(value, _mm512_srli_epi64(value, 29));
	return _mm512_cvtepi64_epi32(_mm512_srli_epi64(value, 33));
}

static uint32_t rank(const uint16_t *tokens, uint32_t tokens_count, const uint8_t *mask,
		     const struct wf_kernel_weights *weights, uint32_t *shingles, int32_t *ranks)
{
	const __m512i least_weight = _mm512_set1_epi32((int)weights->least);
	const __m512i rare = _mm512_set1_epi32((int)weights->rare);
	const __m512i rarest = _mm512_set1_epi32((int)weights->rarest);
	const __m512i two = _mm512_set1_epi32(2);
	uint32_t count = 0;

	for (uint32_t i = 0; i + 1 < tokens_count; i += LANES) {
		const __mmask16 lanes = lanes_of(tokens_count - 1 - i);
		const __m512i first = load_tokens(tokens + i, lanes);
		const __m512i second = load_tokens(tokens + i + 1, lanes);
		const __m512i shingle = shingles_of(first, second);
		const __m512i weight =
			_mm512_add_epi32(weights_of(weights->of_token, first), weights_of(weights->of_token, second));
		const __m512i shift =
			_mm512_add_epi32(_mm512_maskz_mov_epi32(_mm512_cmpge_epi32_mask(weight, rare), two),
					 _mm512_maskz_mov_epi32(_mm512_cmpge_epi32_mask(weight, rarest), two));
		const __m512i hash = _mm512_inserti64x4(_mm512_castsi256_si512(mixed(_mm512_castsi512_si256(shingle))),
							mixed(_mm512_extracti64x4_epi64(shingle, 1)), 1);
		const __m128i masked =
			_mm_and_si128(_mm_maskz_loadu_epi8(lanes, mask + i), _mm_maskz_loadu_epi8(lanes, mask + i + 1));
		const __mmask16 chosen =
			_mm512_mask_cmpge_epi32_mask(lanes, weight, least_weight) & _mm_testn_epi8_mask(masked, masked);

		_mm512_storeu_si512(shingles + count, _mm512_maskz_compress_epi32(chosen, shingle));
		_mm512_storeu_si512(ranks + count, _mm512_maskz_compress_epi32(chosen, _mm512_srlv_epi32(hash, shift)));
		count += (uint32_t)_mm_popcnt_u32(chosen);
	}
	return count;
}

static uint32_t equal(const int32_t *a, const int32_t *b, uint32_t count, uint32_t first, uint16_t *places)
{
	uint32_t places_count = 0;

	for (uint32_t i = 0; i < count; i += LANES) {
		const __mmask16 lanes = lanes_of(count - i);
		const __mmask16 chosen = _mm512_mask_cmpeq_epi32_mask(lanes, _mm512_maskz_loadu_epi32(lanes, a + i),
								      _mm512_maskz_loadu_epi32(lanes, b + i));

		places_count += store_places(places + places_count, chosen, first + i);
	}
	return places_count;
}

static uint32_t weigh(const uint16_t *tokens, uint32_t tokens_count, const uint8_t *mask, const uint8_t *of_token,
		      uint8_t *out)
{
	__m512i sum = _mm512_setzero_si512();

	for (uint32_t i = 0; i < tokens_count; i += LANES) {
		const __mmask16 lanes = lanes_of(tokens_count - i);
		const __m128i masked = _mm_maskz_loadu_epi8(lanes, mask + i);
		const __mmask16 own = lanes & _mm_testn_epi8_mask(masked, masked);
		const __m512i weights =
			_mm512_maskz_mov_epi32(own, weights_of(of_token, load_tokens(tokens + i, lanes)));

		_mm_storeu_si128((__m128i *)(void *)(out + i), _mm512_cvtepi32_epi8(weights));
		sum = _mm512_add_epi32(sum, weights);
	}
	return (uint32_t)_mm512_reduce_add_epi32(sum);
}

#define KERNEL_HAS_OWN_FILTER
#define KERNEL_HAS_OWN_RANK
#define KERNEL_HAS_OWN_EQUAL
#define KERNEL_HAS_OWN_WEIGH
#define KERNELS wf_kernels_avx512
#include "kernel_body.h"
#else
typedef int wf_kernel_avx512_is_empty;
#endif
