/* Numbers that look random and are the same at every run, for tests against a model (SplitMix64: Steele 2014). */
#ifndef WF_TEST_RANDOM_SOURCE_H
#define WF_TEST_RANDOM_SOURCE_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t value = *state += UINT64_C(0x9E3779B97F4A7C15);

	value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
	return value ^ value >> 31;
}

/* [0, bound), bound not 0. */
static inline uint32_t random_below(uint64_t *state, uint32_t bound)
{
	return (uint32_t)((random_next(state) >> 32) * bound >> 32);
}

#endif
