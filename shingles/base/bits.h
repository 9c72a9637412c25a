/* Bytes as bits, 64 in a word. */
#ifndef WF_BASE_BITS_H
#define WF_BASE_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define WF_BITS_WORDS(count) (((count) + 63) / 64)

/* Bit i: bytes[i] is `value`, of 64 bytes. */
static inline uint64_t wf_bits_of_64(const uint8_t bytes[64], uint8_t value)
{
	uint64_t bits = 0;

#ifdef __SSE2__
	for (size_t i = 0; i < 64; i += 16) {
		const __m128i some = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));

		bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(some, _mm_set1_epi8((char)value))) << i;
	}
#else
	for (size_t i = 0; i < 64; i++)
		bits |= (uint64_t)(bytes[i] == value) << i;
#endif
	return bits;
}

/* The same of `count` bytes, in WF_BITS_WORDS(count) words; bits behind the last byte are 0. */
static inline void wf_bits_of(const uint8_t *bytes, size_t count, uint8_t value, uint64_t *bits)
{
	uint8_t last[64] = {0};
	size_t i = 0;

	for (; i + 64 <= count; i += 64)
		bits[i / 64] = wf_bits_of_64(bytes + i, value);
	if (i == count)
		return;
	memcpy(last, bytes + i, count - i);
	bits[i / 64] = wf_bits_of_64(last, value) & ((UINT64_C(1) << (count - i)) - 1);
}

#endif
