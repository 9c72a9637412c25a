/* Eight numbers looked at together: half a cache line. */
#ifndef WF_BASE_EIGHT_H
#define WF_BASE_EIGHT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Which of them are `wanted`: bit i for values[i]. */
static inline uint32_t wf_eight_equal(const uint32_t values[8], uint32_t wanted)
{
#ifdef __SSE2__
	const __m128i all = _mm_set1_epi32((int)wanted);
	const __m128i low = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)(const void *)values), all);
	const __m128i high = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)(const void *)(values + 4)), all);

	return (uint32_t)(_mm_movemask_ps(_mm_castsi128_ps(low)) | _mm_movemask_ps(_mm_castsi128_ps(high)) << 4);
#else
	uint32_t places = 0;

	for (size_t i = 0; i < 8; i++)
		places |= (uint32_t)(values[i] == wanted) << i;
	return places;
#endif
}

#endif
