/* The one way to hash here: XXH3 for bytes and pairs, and a shorter function of our own for words.
 *
 * Every function gives the same value on every platform and for ever: the store keeps what is made of them. A change
 * needs a new version of the store's format (tests/shingles/test_hash.c holds golden values).
 *
 *   word, folded: 16 bytes | 16 bytes | ... | last 1 to 16 bytes, filled up with zeros
 *                 state = 0; each chunk: state = multiply_fold(low ^ keys.low ^ state, high ^ keys.high)
 *
 * A folded word has no zero byte, so that the filled chunks stay distinct. */
#ifndef WF_HASH_H
#define WF_HASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/bytes.h"

/* What the words of a store are hashed with: derived from its seed, unknown to those who write the texts. */
struct wf_word_keys {
	uint64_t low;
	uint64_t high; /* odd */
};

/* 64 bits of a run of bytes. */
static inline uint64_t wf_hash_bytes(struct wf_bytes bytes, uint64_t seed)
{
	return XXH3_64bits_withSeed(bytes.length == 0 ? "" : bytes.data, bytes.length, seed);
}

/* 64 bits of one number: a bijection (Stafford 2011, mix 13, as in SplitMix64), each output bit of each input bit. */
static inline uint64_t wf_hash_mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
	return value ^ (value >> 31);
}

/* The two halves of the 128-bit product, one over the other. */
static inline uint64_t wf_hash_multiply_fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	const wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* 64 bits of an ordered pair of numbers. */
static inline uint64_t wf_hash_pair(uint64_t first, uint64_t second, uint64_t seed)
{
	return wf_hash_mix(wf_hash_mix(first + seed + UINT64_C(0x9E3779B97F4A7C15)) ^
			   (second + (seed << 32 | seed >> 32)));
}

static inline struct wf_word_keys wf_word_keys_of(uint64_t seed)
{
	return (struct wf_word_keys){
		.low = wf_hash_mix(seed + UINT64_C(0x9E3779B97F4A7C15)),
		.high = wf_hash_mix(seed + UINT64_C(0x3C6EF372FE94F82A)) | 1,
	};
}

/* Eight bytes as a number, the first byte the lowest, on every platform. */
static inline uint64_t wf_hash_load(const void *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	return value;
}

/* Takes in one chunk of a word; the state is 0 before the first. */
static inline uint64_t wf_word_hash_chunk(struct wf_word_keys keys, uint64_t state, uint64_t low, uint64_t high)
{
	return wf_hash_multiply_fold(low ^ keys.low ^ state, high ^ keys.high);
}

#define WF_WORD_HASH_LAST UINT64_C(0x9FB21C651E98DF25)

/* The word's 32 bits, from the state after its last chunk: a last product spreads what the fold left in order. */
static inline uint32_t wf_word_hash_finish(uint64_t state)
{
	return (uint32_t)(state * WF_WORD_HASH_LAST >> 32);
}

/* Takes in the last chunk of a word, of which `length` bytes, [0, 16], belong to it, and gives its 32 bits. */
static inline uint32_t wf_word_hash_last(struct wf_word_keys keys, uint64_t state, uint64_t low, uint64_t high,
					 uint32_t length)
{
	/* What is kept of the lower and of the higher half. */
	static const uint64_t masks[2][17] = {
#define LOW_BYTES(count) (UINT64_MAX >> 8 * (8 - (count)))
		{0, LOW_BYTES(1), LOW_BYTES(2), LOW_BYTES(3), LOW_BYTES(4), LOW_BYTES(5), LOW_BYTES(6), LOW_BYTES(7),
		 UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
		 UINT64_MAX},
		{0, 0, 0, 0, 0, 0, 0, 0, 0, LOW_BYTES(1), LOW_BYTES(2), LOW_BYTES(3), LOW_BYTES(4), LOW_BYTES(5),
		 LOW_BYTES(6), LOW_BYTES(7), UINT64_MAX},
#undef LOW_BYTES
	};

	return wf_word_hash_finish(wf_word_hash_chunk(keys, state, low & masks[0][length], high & masks[1][length]));
}

#endif
