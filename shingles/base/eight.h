/* Eight numbers looked at together: half a cache line. */
#ifndef WF_BASE_EIGHT_H
#define WF_BASE_EIGHT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __AVX2__
#include <immintrin.h>
#endif

#ifdef __SSE2__
#include <emmintrin.h>

static inline __m128i wf_eight_half(const uint32_t values[8], size_t half)
{
	return _mm_loadu_si128((const __m128i *)(const void *)(values + 4 * half));
}

static inline uint32_t wf_eight_bits(__m128i low, __m128i high)
{
	return (uint32_t)(_mm_movemask_ps(_mm_castsi128_ps(low)) | _mm_movemask_ps(_mm_castsi128_ps(high)) << 4);
}
#endif

/* Which of them have those of their bits that `bits` has as `wanted` does: bit i for values[i]. */
static inline uint32_t wf_eight_equal(const uint32_t values[8], uint32_t bits, uint32_t wanted)
{
#if defined(__AVX2__)
	const __m256i all = _mm256_loadu_si256((const __m256i *)(const void *)values);
	const __m256i some = _mm256_and_si256(all, _mm256_set1_epi32((int)bits));
	const __m256i is_equal = _mm256_cmpeq_epi32(some, _mm256_set1_epi32((int)wanted));

	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(is_equal));
#elif defined(__SSE2__)
	const __m128i some = _mm_set1_epi32((int)bits), all = _mm_set1_epi32((int)wanted);

	return wf_eight_bits(_mm_cmpeq_epi32(_mm_and_si128(wf_eight_half(values, 0), some), all),
			     _mm_cmpeq_epi32(_mm_and_si128(wf_eight_half(values, 1), some), all));
#else
	uint32_t places = 0;

	for (size_t i = 0; i < 8; i++)
		places |= (uint32_t)((values[i] & bits) == wanted) << i;
	return places;
#endif
}

/* Which of eight shorter ones are above a bound. */
static inline uint32_t wf_eight_above(const uint16_t values[8], uint16_t bound)
{
#ifdef __SSE2__
	const __m128i all = _mm_loadu_si128((const __m128i *)(const void *)values);
	const __m128i above = _mm_subs_epu16(all, _mm_set1_epi16((short)bound));
	const __m128i not_above = _mm_cmpeq_epi16(above, _mm_setzero_si128());

	return ~(uint32_t)_mm_movemask_epi8(_mm_packs_epi16(not_above, not_above)) & UINT8_MAX;
#else
	uint32_t places = 0;

	for (size_t i = 0; i < 8; i++)
		places |= (uint32_t)(values[i] > bound) << i;
	return places;
#endif
}

#endif
