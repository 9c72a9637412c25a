/* The inner loops in portable C. Included where they are built for one kind of processor; KERNELS names the table. */
#include "base/bits.h"
#include "base/eight.h"
#include "base/limits.h"
#include "kernel.h"
#include "token16.h"

/* In all loops that choose: written always, kept where it is chosen. */

#ifndef KERNEL_HAS_OWN_NARROW
static void narrow(const uint32_t *restrict hashes, const uint8_t *restrict flags, uint32_t count,
		   uint16_t *restrict tokens)
{
	for (uint32_t i = 0; i < count; i++)
		tokens[i] = wf_token16_of(hashes[i], flags[i]);
}
#endif

#ifndef KERNEL_HAS_OWN_COMPETE
/* The first WF_KERNEL_PAIRS_AHEAD pairs, of which `count` are there. */
static inline void compete(const uint32_t *hashes, uint32_t count, uint64_t pairs[WF_KERNEL_PAIRS_AHEAD])
{
	for (uint32_t i = 0; i < count && i < WF_KERNEL_PAIRS_AHEAD; i++)
		pairs[i] = wf_kernel_competitor(wf_kernel_mix_pair(hashes[i], hashes[i + 1]));
}
#endif

static inline uint64_t take_pair(uint64_t pair, uint32_t second, uint64_t sequence, uint32_t slots[WF_KERNEL_SLOTS])
{
	uint32_t *const slot = &slots[wf_kernel_slot(pair)];
	const uint32_t value = (uint32_t)pair, least = *slot;

	*slot = value < least ? value : least;
	return wf_kernel_sequence_next(sequence, second);
}

/* The next pairs are hashed while the sequence waits for its products. */
static uint64_t minhash(const uint32_t *hashes, uint32_t count, uint64_t sequence, uint32_t slots[WF_KERNEL_SLOTS])
{
	const uint32_t pairs_count = count - 1;
	uint64_t pairs[2][WF_KERNEL_PAIRS_AHEAD];
	uint32_t now = 0, i = 0;

	sequence = wf_kernel_sequence_next(sequence, hashes[0]);
	compete(hashes, pairs_count, pairs[now]);
	for (; i + WF_KERNEL_PAIRS_AHEAD <= pairs_count; i += WF_KERNEL_PAIRS_AHEAD) {
		compete(hashes + i + WF_KERNEL_PAIRS_AHEAD, pairs_count - i - WF_KERNEL_PAIRS_AHEAD, pairs[1 - now]);
		for (uint32_t j = 0; j < WF_KERNEL_PAIRS_AHEAD; j++)
			sequence = take_pair(pairs[now][j], hashes[i + j + 1], sequence, slots);
		now = 1 - now;
	}
	for (uint32_t j = 0; i + j < pairs_count; j++)
		sequence = take_pair(pairs[now][j], hashes[i + j + 1], sequence, slots);
	return sequence;
}

#ifndef KERNEL_HAS_OWN_BORROW
static uint64_t borrow(uint32_t slots[WF_KERNEL_SLOTS], const uint8_t (*donors)[WF_KERNEL_SLOTS], uint32_t rounds)
{
	uint8_t empty[WF_KERNEL_SLOTS];
	uint32_t count = 0;
	uint64_t filled = 0, left = 0;

	for (uint32_t slot = 0; slot < WF_KERNEL_SLOTS; slot++)
		filled |= (uint64_t)(slots[slot] != WF_KERNEL_SLOT_EMPTY) << slot;
	for (uint64_t bits = ~filled; bits != 0; bits &= bits - 1)
		empty[count++] = (uint8_t)__builtin_ctzll(bits);
	/* All that are still empty ask at once. */
	for (uint32_t round = 0; round < rounds && count > 0; round++) {
		uint32_t still_empty = 0;

		for (uint32_t i = 0; i < count; i++) {
			const uint8_t slot = empty[i], donor = donors[round][slot];

			slots[slot] = slots[donor];
			empty[still_empty] = slot;
			still_empty += !(filled >> donor & 1);
		}
		count = still_empty;
	}
	for (uint32_t i = 0; i < count; i++) {
		slots[empty[i]] = WF_KERNEL_SLOT_EMPTY;
		left |= UINT64_C(1) << empty[i];
	}
	return left;
}
#endif

#ifndef KERNEL_HAS_OWN_FILTER
static uint32_t filter(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *hot_bits,
		       const uint32_t *common_bits, uint16_t *places)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i + 1 < tokens_count; i++) {
		const uint32_t hash = wf_kernel_hash(WF_SHINGLE_OF(tokens[i], tokens[i + 1]));
		const uint32_t hot = wf_kernel_hot_bit(hash);
		const uint32_t common = wf_kernel_common_bit(hash);

		places[count] = (uint16_t)i;
		count += (hot_bits[hot / 32] >> (hot % 32) | common_bits[common / 32] >> (common % 32)) & 1;
	}
	return count;
}
#endif

static uint32_t repeated(const uint16_t *tokens, const struct wf_kernel_repeats *tables, uint16_t *places,
			 uint32_t places_count, uint8_t *repeated)
{
	const struct wf_kernel_repeats in = *tables;
	uint32_t left = 0;

	for (uint32_t i = 0; i < places_count; i++) {
		const uint16_t at = places[i];
		const uint32_t shingle = WF_SHINGLE_OF(tokens[at], tokens[at + 1]);
		const uint32_t hash = wf_kernel_hash(shingle);
		const uint32_t *const home = in.hot + wf_kernel_hot_home(hash, in.hot_sets);
		const uint32_t *const pair = in.common + wf_kernel_common_home(hash);
		const bool is_hot = wf_eight_equal(home, UINT32_MAX, shingle) != 0;
		const bool is_in = (is_hot | (pair[0] == shingle) | (pair[1] == shingle)) & (shingle != 0);

		repeated[at] = is_in;
		places[left] = at;
		left += !is_in & (home[7] != 0) & (shingle != 0);
	}
	return left;
}

#ifndef KERNEL_HAS_OWN_SEEN
static uint32_t seen(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *seen_bits, uint32_t shift,
		     uint32_t *bits, uint16_t *places)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i + 1 < tokens_count; i++) {
		const uint32_t bit = wf_kernel_seen_bit(WF_SHINGLE_OF(tokens[i], tokens[i + 1]), shift);

		bits[i] = bit;
		places[count] = (uint16_t)i;
		count += seen_bits[bit / 32] >> (bit % 32) & 1;
	}
	return count;
}
#endif

#ifndef KERNEL_HAS_OWN_PROBE
static uint32_t probe(const uint16_t *tokens, uint32_t tokens_count, const uint32_t *table, uint32_t shift,
		      uint16_t *places)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i + 1 < tokens_count; i++) {
		const uint32_t hash = wf_kernel_entry_hash(WF_SHINGLE_OF(tokens[i], tokens[i + 1]));
		const uint32_t entry = table[hash >> shift];

		places[count] = (uint16_t)i;
		count += (entry >> 16 == wf_kernel_entry_tag(hash)) | ((entry & WF_KERNEL_ENTRY_ONLY) == 0);
	}
	return count;
}
#endif

#ifndef KERNEL_HAS_OWN_ENTRIES
static void entries(const uint16_t *tokens, uint32_t tokens_count, uint32_t shift, uint32_t *restrict places,
		    uint32_t *restrict entries)
{
	for (uint32_t i = 0; i + 1 < tokens_count; i++) {
		const uint32_t hash = wf_kernel_entry_hash(WF_SHINGLE_OF(tokens[i], tokens[i + 1]));

		places[i] = hash >> shift;
		entries[i] = wf_kernel_entry_tag(hash) << 16;
	}
}
#endif

#ifndef KERNEL_HAS_OWN_RANK
static uint32_t rank(const uint16_t *tokens, const uint8_t *weights, uint32_t tokens_count, const uint8_t *mask,
		     const struct wf_kernel_weights *bounds, uint32_t *shingles, int32_t *ranks)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i + 1 < tokens_count; i++) {
		const uint32_t shingle = WF_SHINGLE_OF(tokens[i], tokens[i + 1]);
		const uint32_t weight = (uint32_t)weights[i] + weights[i + 1];
		const int shift = (weight >= bounds->rare) * 2 + (weight >= bounds->rarest) * 2;

		shingles[count] = shingle;
		ranks[count] = (int32_t)(wf_kernel_mix(shingle) >> 33) >> shift;
		count += (weight >= bounds->least) & !(mask[i] & mask[i + 1]);
	}
	return count;
}
#endif

#ifndef KERNEL_HAS_OWN_EXTREMES
static inline void extremes(int32_t *restrict out, const int32_t *restrict in, uint32_t count, uint32_t step,
			    bool is_least)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = (in[i] < in[i + step]) == is_least ? in[i] : in[i + step];
}
#endif

#ifndef KERNEL_HAS_OWN_EQUAL
static uint32_t equal(const int32_t *a, const int32_t *b, uint32_t count, uint32_t first, uint16_t *places)
{
	uint32_t places_count = 0;

	for (uint32_t i = 0; i < count; i++) {
		places[places_count] = (uint16_t)(first + i);
		places_count += a[i] == b[i];
	}
	return places_count;
}
#endif

/* The least, or greatest, of every window: `values` has window - 1 fewer then. Spans double until they are as wide.
 * Returns where the result is: in `values` or in `spare`. */
static int32_t *slide(int32_t *values, int32_t *spare, uint32_t count, uint32_t window, bool is_least)
{
	for (uint32_t span = 1; span < window;) {
		const uint32_t step = 2 * span <= window ? span : window - span;
		int32_t *const out = spare;

		count -= step;
		extremes(out, values, count, step, is_least);
		spare = values;
		values = out;
		span += step;
	}
	return values;
}

/* A rank is the least of a window where the greatest of the minima of the windows that it is in is the rank itself:
 * all of them are at most that. Each step is one pass over the ranks, without a branch. */
static uint32_t minima_in_passes(const int32_t *ranks, uint32_t count, uint32_t window, uint32_t first,
				 uint16_t *places)
{
	int32_t room[4 * WF_DOCUMENT_TOKENS_MAX];
	int32_t *const padded = room + 2 * (size_t)count;

	memcpy(room, ranks, count * sizeof *ranks);
	memset(padded, 0, (window - 1) * sizeof *padded);
	memcpy(padded + window - 1, slide(room, room + count, count, window, true),
	       (count - window + 1) * sizeof *padded);
	memset(padded + count, 0, (window - 1) * sizeof *padded);
	return equal(slide(padded, room, count + window - 1, window, false), ranks, count, first, places);
}

#ifndef KERNEL_HAS_OWN_MINIMA
static uint32_t minima(const int32_t *ranks, uint32_t count, uint32_t window, uint32_t first, uint16_t *places)
{
	return minima_in_passes(ranks, count, window, first, places);
}
#endif

#ifndef KERNEL_HAS_OWN_BELOW
static uint64_t below(const int32_t *a, uint32_t count, int32_t bound)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < count; i++)
		bits |= (uint64_t)(a[i] < bound) << i;
	return bits;
}
#endif

#ifndef KERNEL_HAS_OWN_WEIGH
static uint32_t weigh(uint8_t *weights, const uint8_t *mask, uint32_t count)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i++) {
		weights[i] = (uint8_t)(weights[i] & (mask[i] - 1));
		sum += weights[i];
	}
	return sum;
}
#endif

#ifndef KERNEL_HAS_OWN_SUMS
static uint32_t products(const uint8_t *a, const uint8_t *b, uint32_t count)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += (uint32_t)(a[i] * b[i]);
	return sum;
}

static uint32_t pairs(const uint8_t *a, uint8_t a_value, const uint8_t *b, uint8_t b_value, uint32_t count)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += (a[i] == a_value) & (b[i] == b_value);
	return sum;
}

static uint32_t both(const uint8_t *a, const uint8_t *b, uint32_t count)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += a[i] & b[i];
	return sum;
}
#endif

#ifndef KERNEL_HAS_OWN_BITS
static void bits_equal(const uint8_t *bytes, uint32_t count, uint8_t value, uint64_t *bits)
{
	wf_bits_of(bytes, count, value, bits);
}
#endif

#ifndef KERNEL_HAS_OWN_CHANGES
/* The places, ascending, of the bits, `count` of them, that are others than the one before them. */
static uint32_t changes(const uint64_t *bits, uint32_t count, uint64_t before, uint16_t *places)
{
	uint32_t places_count = 0;

	for (uint32_t i = 0; i < count; i += 64) {
		const uint64_t word = bits[i / 64];
		const uint64_t some = count - i < 64 ? (UINT64_C(1) << (count - i)) - 1 : UINT64_MAX;

		for (uint64_t left = (word ^ (word << 1 | before)) & some; left != 0; left &= left - 1)
			places[places_count++] = (uint16_t)(i + (uint32_t)__builtin_ctzll(left));
		before = word >> 63;
	}
	return places_count;
}
#endif

static uint32_t edges(const uint8_t *mask, uint32_t count, uint16_t *places)
{
	uint64_t marked[WF_BITS_WORDS(WF_DOCUMENT_TOKENS_MAX)];

	bits_equal(mask, count, 1, marked);
	return changes(marked, count, 1, places);
}

/* Where each run begins and ends is found first: how long it is, is then not asked for by a branch. */
static uint32_t longest(const uint8_t *a, uint8_t value, const uint8_t *mask, uint32_t count)
{
	uint64_t wanted[WF_BITS_WORDS(WF_DOCUMENT_TOKENS_MAX)];
	uint64_t unmasked[WF_BITS_WORDS(WF_DOCUMENT_TOKENS_MAX) + 1];
	uint32_t before[WF_BITS_WORDS(WF_DOCUMENT_TOKENS_MAX) + 1]; /* how many are unmasked before a word */
	uint16_t ends[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];    /* of each run the first place, and one past it */
	uint32_t ends_count;
	uint32_t most = 0;

	bits_equal(a, count, value, wanted);
	bits_equal(mask, count, 0, unmasked);
	unmasked[WF_BITS_WORDS(count)] = 0;
	before[0] = 0;
	for (size_t i = 0; i < WF_BITS_WORDS(count); i++)
		before[i + 1] = before[i] + (uint32_t)__builtin_popcountll(unmasked[i]);
	ends_count = changes(wanted, count, 0, ends);
	ends[ends_count] = (uint16_t)count;
	for (uint32_t i = 0; i < ends_count; i += 2) {
		const uint32_t begin = ends[i];
		const uint32_t end = ends[i + 1];
		const uint64_t to_begin = unmasked[begin / 64] & ((UINT64_C(1) << begin % 64) - 1);
		const uint64_t to_end = unmasked[end / 64] & ((UINT64_C(1) << end % 64) - 1);
		const uint32_t run = before[end / 64] + (uint32_t)__builtin_popcountll(to_end) - before[begin / 64] -
				     (uint32_t)__builtin_popcountll(to_begin);

		most = run > most ? run : most;
	}
	return most;
}

#ifndef KERNEL_HAS_OWN_ALIKE
static uint32_t alike(const uint16_t *a, const uint16_t *b, uint32_t count)
{
	uint32_t i = 0;

	for (; i + 4 <= count; i += 4)
		if (memcmp(a + i, b + i, 4 * sizeof *a) != 0)
			break;
	while (i < count && a[i] == b[i])
		i++;
	return i;
}
#endif

#ifndef KERNEL_HAS_OWN_FILL
static void fill(uint8_t *out, uint8_t value, uint32_t count)
{
	memset(out, value, count);
}
#endif

static void mark(uint64_t *marks, uint64_t bits, const uint8_t *a, uint8_t a_value, const uint8_t *mask, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		marks[i] |= bits & (0 - (uint64_t)((a[i] == a_value) & (mask[i] == 0)));
}

static uint32_t weigh_marked(const uint8_t *weights, const uint8_t *mask, const uint64_t *marks, uint64_t bits,
			     uint64_t wanted, uint32_t count)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += weights[i] & (0 - (uint64_t)((mask[i] == 0) & ((marks[i] & bits) == wanted)));
	return (uint32_t)sum;
}

const struct wf_kernels KERNELS = {
	.narrow = narrow,
	.minhash = minhash,
	.borrow = borrow,
	.filter = filter,
	.repeated = repeated,
	.seen = seen,
	.probe = probe,
	.entries = entries,
	.rank = rank,
	.minima = minima,
	.below = below,
	.weigh = weigh,
	.products = products,
	.pairs = pairs,
	.longest = longest,
	.edges = edges,
	.alike = alike,
	.fill = fill,
	.both = both,
	.mark = mark,
	.weigh_marked = weigh_marked,
};
