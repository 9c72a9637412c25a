/* The inner loops over an article's tokens, for each kind of processor: what is asked of every shingle, without a
 * branch.
 *
 * One body in portable C (kernel_body.h), built for each kind; for AVX-512 some loops are written by hand. All give the
 * same bit for bit. */
#ifndef WF_KERNEL_H
#define WF_KERNEL_H

#include "base/bytes.h"
#include "cpu.h"

#define WF_SHINGLE_OF(first, second) ((uint32_t)(first) << 16 | (uint32_t)(second))

#define WF_KERNEL_HOT_BITS    4096u
#define WF_KERNEL_COMMON_BITS 32768u
#define WF_KERNEL_SLACK       32u /* elements of an output that may be written past its end */

#define WF_KERNEL_HASH_FIRST  0x9E3779B1u
#define WF_KERNEL_HASH_SECOND 0x85EBCA77u
#define WF_KERNEL_SEEN_SALT   0x5BD1E995u
#define WF_KERNEL_MIX_FIRST   UINT64_C(0x9E3779B97F4A7C15)
#define WF_KERNEL_MIX_SECOND  UINT64_C(0xD6E8FEB86659FD93)
#define WF_KERNEL_PAIRS_AHEAD 16u /* that minhash hashes together */
#define WF_KERNEL_SLOTS       64u
#define WF_KERNEL_SLOT_EMPTY  UINT32_MAX
#define WF_KERNEL_PAIR_FIRST  UINT64_C(0x9FB21C651E98DF25)
#define WF_KERNEL_PAIR_SECOND UINT64_C(0xD6E8FEB86659FD93)

/* The hash of a shingle in the tables of boilerplate, and its bits in the two filters. */
static inline uint32_t wf_kernel_hash(uint32_t shingle)
{
	uint32_t hash = shingle * WF_KERNEL_HASH_FIRST;

	hash ^= hash >> 15;
	return hash * WF_KERNEL_HASH_SECOND;
}

static inline uint32_t wf_kernel_hot_bit(uint32_t hash)
{
	return hash / (UINT32_MAX / WF_KERNEL_HOT_BITS + 1);
}

static inline uint32_t wf_kernel_common_bit(uint32_t hash)
{
	return hash % WF_KERNEL_COMMON_BITS;
}

/* Its bit in a filter of what was seen, of 2^(32 - shift) bits. */
static inline uint32_t wf_kernel_seen_bit(uint32_t shingle, uint32_t shift)
{
	return wf_kernel_hash(shingle ^ WF_KERNEL_SEEN_SALT) >> shift;
}

/* An entry of a hash table of an article's shingles (evidence.c): bits of the hash that tell shingles of one entry
 * apart, and whether it is the entry's only one, above 15 bits of the caller's. An empty one has all bits. */
#define WF_KERNEL_ENTRY_ONLY 0x8000u

static inline uint32_t wf_kernel_entry_hash(uint32_t shingle)
{
	return shingle * WF_KERNEL_HASH_FIRST;
}

static inline uint32_t wf_kernel_entry_tag(uint32_t hash)
{
	return hash >> 1 & 0x7FFF;
}

/* Tables of what is boilerplate: of one source a hash table of sets of eight slots, filled from their left and from set
 * to set, and of the corpus one of pairs. 0: free. */
#define WF_KERNEL_COMMON_PAIRS 2048u

struct wf_kernel_repeats {
	const uint32_t *hot;
	uint32_t hot_sets;
	const uint32_t *common; /* WF_KERNEL_COMMON_PAIRS pairs */
};

/* The first slot of the set in which the search for a shingle begins; and of the pair that may hold it. */
static inline uint32_t wf_kernel_hot_home(uint32_t hash, uint32_t hot_sets)
{
	return (uint32_t)((uint64_t)hash * hot_sets >> 32) * 8;
}

static inline uint32_t wf_kernel_common_home(uint32_t hash)
{
	return hash % (2 * WF_KERNEL_COMMON_PAIRS) & ~1u;
}

/* How rare the two words of a shingle must be together: to be chosen at all, and to go first. */
struct wf_kernel_weights {
	uint32_t least;
	uint32_t rare;   /* its rank is a quarter of its hash ... */
	uint32_t rarest; /* ... and a sixteenth */
};

struct wf_kernels {
	/* wf_token16_of() each of `count` words (token16.h). `tokens` has room for count and the slack. */
	void (*narrow)(const uint32_t *hashes, const uint8_t *flags, uint32_t count, uint16_t *tokens);

	/* One permutation hashing of the pairs of `count` hashes in a row, one at least (sketch.h): takes each pair's
	 * value into its slot, where the least stays; slots without a pair are left. Returns `sequence` with the hashes
	 * taken in one by one. Both together, since either alone would have the processor wait where the other has work
	 * to do. */
	uint64_t (*minhash)(const uint32_t *hashes, uint32_t count, uint64_t sequence, uint32_t slots[WF_KERNEL_SLOTS]);

	/* Gives the slots that are WF_KERNEL_SLOT_EMPTY the value of others: slot s that of donors[0][s] or, where that
	 * is empty, too, of donors[1][s], and so on for `rounds`. Returns which are still empty, a bit each. */
	uint64_t (*borrow)(uint32_t slots[WF_KERNEL_SLOTS], const uint8_t (*donors)[WF_KERNEL_SLOTS], uint32_t rounds);

	/* The places i, ascending, of the shingles (tokens[i], tokens[i + 1]) of which one of the two filters has the
	 * bit. `places` has room for tokens_count and the slack. Returns how many. */
	uint32_t (*filter)(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *hot_bits,
			   const uint32_t *common_bits, uint16_t *places);

	/* repeated[places[i]]: whether the tables have the shingle that begins there, in its pair or its first set.
	 * Left in `places` are those that may be in another set; returns how many. Shingle 0 is in no table. */
	uint32_t (*repeated)(const uint16_t *tokens, const struct wf_kernel_repeats *tables, uint16_t *places,
			     uint32_t places_count, uint8_t *repeated);

	/* bits[i] is the bit of the shingle (tokens[i], tokens[i + 1]) in a filter of 2^(32 - shift) bits, shift 1 to
	 * 27; `places` are those, ascending, of the shingles whose bit is set. Both have room for tokens_count and the
	 * slack. Returns how many places. */
	uint32_t (*seen)(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *seen_bits, uint32_t shift,
			 uint32_t *bits, uint16_t *places);

	/* The places, ascending, of the shingles (tokens[i], tokens[i + 1]) that a table of 2^(32 - shift) entries may
	 * have, shift 1 to 31: whose entry has its tag, or is not its only one. `places` has room for tokens_count and
	 * the slack. Returns how many. */
	uint32_t (*probe)(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *table, uint32_t shift,
			  uint16_t *places);

	/* Of each of the shingles (tokens[i], tokens[i + 1]) the place of its entry in such a table, and the entry's
	 * higher 16 bits. Both outputs have room for tokens_count and the slack. */
	void (*entries)(const uint16_t *tokens, uint32_t tokens_count, uint32_t shift, uint32_t *places,
			uint32_t *entries);

	/* The shingles that may be chosen (rare enough by the weights of their tokens, and not boilerplate as a whole),
	 * in order, and their ranks, not negative. Both outputs have room for tokens_count and the slack. Returns how
	 * many. */
	uint32_t (*rank)(const uint16_t *tokens, const uint8_t *weights, uint32_t tokens_count, const uint8_t *mask,
			 const struct wf_kernel_weights *bounds, uint32_t *shingles, int32_t *ranks);

	/* The places first + i, ascending, where ranks[i], none of them negative, is the least of one of the windows of
	 * `window` ranks, from 1 to `count`, that it is in. `places` has room for count and the slack. Returns how
	 * many. */
	uint32_t (*minima)(const int32_t *ranks, uint32_t count, uint32_t window, uint32_t first, uint16_t *places);

	/* Bit i: a[i] is less than `bound`, for `count` of them, 64 at most. */
	uint64_t (*below)(const int32_t *a, uint32_t count, int32_t bound);

	/* Sets the weights that are masked to 0; returns the sum of the others. */
	uint32_t (*weigh)(uint8_t *weights, const uint8_t *mask, uint32_t count);

	/* The sum of a[i] * b[i]. */
	uint32_t (*products)(const uint8_t *a, const uint8_t *b, uint32_t count);

	/* How many a[i] are a_value where b[i] is b_value. */
	uint32_t (*pairs)(const uint8_t *a, uint8_t a_value, const uint8_t *b, uint8_t b_value, uint32_t count);

	/* Of the runs of a[i] that are `value`, the most mask[i] in one, of 0 and 1, that are 0. */
	uint32_t (*longest)(const uint8_t *a, uint8_t value, const uint8_t *mask, uint32_t count);

	/* The places i, ascending, where mask[i], of 0 and 1, is another than the one before it; before the first is 1.
	 * `places` has room for count and the slack. Returns how many. */
	uint32_t (*edges)(const uint8_t *mask, uint32_t count, uint16_t *places);

	/* How many from the first on are the same in both, `count` at most. */
	uint32_t (*alike)(const uint16_t *a, const uint16_t *b, uint32_t count);

	/* Sets `count` bytes. */
	void (*fill)(uint8_t *out, uint8_t value, uint32_t count);

	/* How many a[i] and b[i], of 0 and 1, are both 1. */
	uint32_t (*both)(const uint8_t *a, const uint8_t *b, uint32_t count);

	/* Sets `bits` in marks[i] where a[i] is a_value and mask[i], of 0 and 1, is 0. */
	void (*mark)(uint64_t *marks, uint64_t bits, const uint8_t *a, uint8_t a_value, const uint8_t *mask,
		     uint32_t count);

	/* The sum of those weights[i] whose mask[i] is 0, and in whose marks[i] the `bits` are as in `wanted`. */
	uint32_t (*weigh_marked)(const uint8_t *weights, const uint8_t *mask, const uint64_t *marks, uint64_t bits,
				 uint64_t wanted, uint32_t count);
};

/* Those of a level that this processor has; and those of its best, which does not change. */
const struct wf_kernels *wf_kernels_at(enum wf_cpu_level level);
extern const struct wf_kernels *wf_kernels_best;

static inline const struct wf_kernels *wf_kernels(void)
{
	return wf_kernels_best;
}

/* The 64-bit hash of which ranks and keys of passages are made. */
static inline uint64_t wf_kernel_mix(uint64_t value)
{
	value *= WF_KERNEL_MIX_FIRST;
	value ^= value >> 32;
	value *= WF_KERNEL_MIX_SECOND;
	return value ^ value >> 29;
}

/* The 64-bit hash of two words in a row, of which sketches are made. */
static inline uint64_t wf_kernel_mix_pair(uint32_t first, uint32_t second)
{
	uint64_t value = (uint64_t)first << 32 | second;

	value ^= value >> 31;
	value *= WF_KERNEL_PAIR_FIRST;
	value ^= value >> 28;
	value *= WF_KERNEL_PAIR_SECOND;
	return value ^ value >> 32;
}

static inline uint32_t wf_kernel_slot(uint64_t mixed)
{
	return (uint32_t)(mixed >> 58);
}

/* What competes for a slot, in the lower half: never that of an empty one. */
static inline uint64_t wf_kernel_competitor(uint64_t mixed)
{
	return mixed - ((uint32_t)mixed == WF_KERNEL_SLOT_EMPTY);
}

/* FNV-1a, a hash at a time; they are keyed already. */
static inline uint64_t wf_kernel_sequence_next(uint64_t sequence, uint32_t hash)
{
	return (sequence ^ hash) * UINT64_C(0x100000001B3);
}

/* One for each way to build the body. */
extern const struct wf_kernels wf_kernels_portable;
#if defined(__x86_64__)
extern const struct wf_kernels wf_kernels_avx2;
extern const struct wf_kernels wf_kernels_avx512;
#endif

#endif
