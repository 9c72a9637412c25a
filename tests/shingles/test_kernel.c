/* The loops built for each kind of processor give what the portable ones give, bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "frequency.h"
#include "kernel.h"
#include "random_source.h"
#include "token16.h"

#define TOKENS_MOST 700u
#define ROUNDS      2000u

static const enum wf_cpu_level levels[] = {WF_CPU_SCALAR, WF_CPU_NEON, WF_CPU_AVX2, WF_CPU_AVX512};

struct fixture {
	uint64_t random;
	uint32_t count;
	uint16_t *tokens; /* of just `count`, so that a sanitizer sees what is read beyond */
	uint8_t *mask;
	uint8_t weights[65536];
	uint32_t hot_bits[WF_KERNEL_HOT_BITS / 32];
	uint32_t common_bits[WF_KERNEL_COMMON_BITS / 32];
};

struct output {
	uint32_t count;
	uint16_t places[TOKENS_MOST + WF_KERNEL_SLACK];
	uint32_t shingles[TOKENS_MOST + WF_KERNEL_SLACK];
	int32_t ranks[TOKENS_MOST + WF_KERNEL_SLACK];
};

/* Helpers */

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	if (fixture == NULL)
		return -1;
	fixture->random = 1;
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void fill(struct fixture *fixture)
{
	uint64_t *random = &fixture->random;
	const uint32_t mask_share = random_below(random, 4);

	fixture->count = random_below(random, TOKENS_MOST);
	fixture->tokens = malloc((fixture->count + 1) * sizeof *fixture->tokens);
	fixture->mask = malloc(fixture->count + 1);
	assert_non_null(fixture->tokens);
	assert_non_null(fixture->mask);
	for (uint32_t i = 0; i < fixture->count; i++) {
		fixture->tokens[i] = (uint16_t)random_next(random);
		fixture->mask[i] = random_below(random, 4) < mask_share;
	}
	for (size_t i = 0; i < sizeof fixture->weights; i++)
		fixture->weights[i] = (uint8_t)(1 + random_below(random, 64));
	for (size_t i = 0; i < WF_KERNEL_HOT_BITS / 32; i++)
		fixture->hot_bits[i] = (uint32_t)(random_next(random) & random_next(random));
	for (size_t i = 0; i < WF_KERNEL_COMMON_BITS / 32; i++)
		fixture->common_bits[i] = (uint32_t)(random_next(random) & random_next(random));
}

static void empty(struct fixture *fixture)
{
	free(fixture->tokens);
	free(fixture->mask);
}

static const struct wf_kernels *next_level(size_t *at)
{
	while (*at < sizeof(levels) / sizeof(levels[0])) {
		const enum wf_cpu_level level = levels[(*at)++];

		if (wf_cpu_has(level))
			return wf_kernels_at(level);
	}
	return NULL;
}

/* narrow */

/* `count` random hashes in a piece of memory of their own, so that a sanitizer sees what is read beyond. */
static uint32_t *random_hashes(struct fixture *fixture, uint32_t count)
{
	uint32_t *hashes = malloc(count * sizeof *hashes);

	assert_non_null(hashes);
	for (uint32_t i = 0; i < count; i++)
		hashes[i] = random_below(&fixture->random, 8) == 0 ? UINT32_MAX - random_below(&fixture->random, 3)
								   : (uint32_t)random_next(&fixture->random);
	return hashes;
}

static void every_level_narrows_hashes_to_tokens(void **state)
{
	struct fixture *fixture = *state;
	static uint16_t tokens[TOKENS_MOST + WF_KERNEL_SLACK];

	for (uint32_t round = 0; round < ROUNDS / 20; round++) {
		const uint32_t count = 1 + random_below(&fixture->random, TOKENS_MOST - 1);
		uint32_t *const hashes = random_hashes(fixture, count);
		uint8_t *const flags = malloc(count);
		const struct wf_kernels *kernels;
		size_t at = 0;

		assert_non_null(flags);
		for (uint32_t i = 0; i < count; i++)
			flags[i] = (uint8_t)random_below(&fixture->random, 4);
		while ((kernels = next_level(&at)) != NULL) {
			kernels->narrow(hashes, flags, count, tokens);
			for (uint32_t i = 0; i < count; i++) {
				const uint32_t word = (uint32_t)((uint64_t)hashes[i] * WF_TOKEN16_NUMBER >> 32);
				const uint32_t number = WF_TOKEN16_NUMBER + (hashes[i] >> 19);

				assert_int_equal(tokens[i], (flags[i] & WF_TOKEN_NUMBER) != 0 ? number : word);
			}
		}
		free(flags);
		free(hashes);
	}
}

/* minhash */

static void every_level_takes_the_least_of_each_slot(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		const uint32_t count = 1 + random_below(&fixture->random, round % 2 == 0 ? 40 : TOKENS_MOST - 1);
		uint32_t *const hashes = random_hashes(fixture, count);
		const uint64_t begun = random_next(&fixture->random);
		uint64_t sequence = begun;
		uint32_t wanted[WF_KERNEL_SLOTS];
		uint32_t slots[WF_KERNEL_SLOTS];
		const struct wf_kernels *kernels;
		size_t at = 0;

		memset(wanted, UINT8_MAX, sizeof wanted);
		for (uint32_t i = 0; i + 1 < count; i++) {
			const uint64_t mixed = wf_kernel_mix_pair(hashes[i], hashes[i + 1]);
			const uint32_t value = (uint32_t)mixed == UINT32_MAX ? UINT32_MAX - 1 : (uint32_t)mixed;

			if (value < wanted[mixed >> 58])
				wanted[mixed >> 58] = value;
		}
		for (uint32_t i = 0; i < count; i++)
			sequence = (sequence ^ hashes[i]) * UINT64_C(0x100000001B3);
		while ((kernels = next_level(&at)) != NULL) {
			memset(slots, UINT8_MAX, sizeof slots);
			assert_int_equal(kernels->minhash(hashes, count, begun, slots), sequence);
			assert_memory_equal(slots, wanted, sizeof slots);
		}
		free(hashes);
	}
}

/* A pair whose value would be that of an empty slot has the one before it. */
static void a_value_is_never_that_of_an_empty_slot(void **state)
{
	(void)state;
	assert_int_equal(wf_kernel_competitor(UINT64_C(0xFC000000FFFFFFFF)), UINT64_C(0xFC000000FFFFFFFE));
	assert_int_equal(wf_kernel_competitor(UINT64_C(0xFC000000FFFFFFFE)), UINT64_C(0xFC000000FFFFFFFE));
	assert_int_equal(wf_kernel_competitor(7), 7);
}

/* borrow */

static void every_level_borrows_alike(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t donors[12][WF_KERNEL_SLOTS];

	for (uint32_t round = 0; round < ROUNDS; round++) {
		const uint32_t share = random_below(&fixture->random, 65);
		const uint32_t rounds = random_below(&fixture->random, 13);
		uint32_t before[WF_KERNEL_SLOTS];
		uint32_t wanted[WF_KERNEL_SLOTS];
		uint32_t slots[WF_KERNEL_SLOTS];
		const struct wf_kernels *kernels;
		uint64_t empty = 0;
		size_t at = 0;

		for (uint32_t slot = 0; slot < WF_KERNEL_SLOTS; slot++) {
			before[slot] = random_below(&fixture->random, 64) < share
					       ? WF_KERNEL_SLOT_EMPTY
					       : (uint32_t)random_next(&fixture->random) >> 1;
			for (uint32_t i = 0; i < 12; i++)
				donors[i][slot] = (uint8_t)random_below(&fixture->random, WF_KERNEL_SLOTS);
		}
		for (uint32_t slot = 0; slot < WF_KERNEL_SLOTS; slot++) {
			wanted[slot] = before[slot];
			for (uint32_t i = 0; i < rounds && wanted[slot] == WF_KERNEL_SLOT_EMPTY; i++)
				wanted[slot] = before[donors[i][slot]];
			empty |= (uint64_t)(wanted[slot] == WF_KERNEL_SLOT_EMPTY) << slot;
		}
		while ((kernels = next_level(&at)) != NULL) {
			memcpy(slots, before, sizeof slots);
			assert_int_equal(kernels->borrow(slots, donors, rounds), empty);
			assert_memory_equal(slots, wanted, sizeof slots);
		}
	}
}

/* filter */

static void every_level_filters_what_the_bits_say(void **state)
{
	struct fixture *fixture = *state;
	static struct output output;

	for (uint32_t round = 0; round < ROUNDS / 20; round++) {
		const struct wf_kernels *kernels;
		size_t at = 0;

		fill(fixture);
		while ((kernels = next_level(&at)) != NULL) {
			uint32_t wanted = 0;

			output.count = kernels->filter(fixture->tokens, fixture->count, fixture->hot_bits,
						       fixture->common_bits, output.places);
			for (uint32_t i = 0; i + 1 < fixture->count; i++) {
				const uint32_t hash =
					wf_kernel_hash(WF_SHINGLE_OF(fixture->tokens[i], fixture->tokens[i + 1]));
				const uint32_t hot = wf_kernel_hot_bit(hash);
				const uint32_t common = wf_kernel_common_bit(hash);

				if ((fixture->hot_bits[hot / 32] >> (hot % 32) & 1) == 0 &&
				    (fixture->common_bits[common / 32] >> (common % 32) & 1) == 0)
					continue;
				assert_true(wanted < output.count);
				assert_int_equal(output.places[wanted++], i);
			}
			assert_int_equal(wanted, output.count);
		}
		empty(fixture);
	}
}

/* seen */

static void every_level_sees_what_the_bits_say(void **state)
{
	struct fixture *fixture = *state;
	static uint32_t bits[TOKENS_MOST + WF_KERNEL_SLACK];
	static struct output output;
	uint64_t seen = 0;

	for (uint32_t round = 0; round < ROUNDS / 20; round++) {
		const uint32_t shift = 17 + random_below(&fixture->random, 11); /* 32,768 bits to 32 */
		const struct wf_kernels *kernels;
		size_t at = 0;

		fill(fixture);
		while ((kernels = next_level(&at)) != NULL) {
			uint32_t wanted = 0;

			output.count = kernels->seen(fixture->tokens, fixture->count, fixture->common_bits, shift, bits,
						     output.places);
			for (uint32_t i = 0; i + 1 < fixture->count; i++) {
				const uint32_t bit = wf_kernel_seen_bit(
					WF_SHINGLE_OF(fixture->tokens[i], fixture->tokens[i + 1]), shift);

				assert_int_equal(bits[i], bit);
				if ((fixture->common_bits[bit / 32] >> (bit % 32) & 1) == 0)
					continue;
				assert_true(wanted < output.count);
				assert_int_equal(output.places[wanted++], i);
			}
			assert_int_equal(wanted, output.count);
			seen += wanted;
		}
		empty(fixture);
	}
	assert_true(seen > 0);
}

/* repeated */

#define HOT_SETS_MOST 64u

/* Tables of which each slot has one of the article's shingles, another one or none; sets are full from their left. */
static struct wf_kernel_repeats tables_of(struct fixture *fixture, uint32_t *hot, uint32_t *common)
{
	uint64_t *random = &fixture->random;
	const uint32_t hot_sets = 1u << random_below(random, 7);
	const struct wf_kernel_repeats tables = {hot, hot_sets, common};

	memset(hot, 0, hot_sets * 8 * sizeof *hot);
	memset(common, 0, 2 * WF_KERNEL_COMMON_PAIRS * sizeof *common);
	for (uint32_t i = 0; i + 1 < fixture->count; i++) {
		const uint32_t shingle = WF_SHINGLE_OF(fixture->tokens[i], fixture->tokens[i + 1]);
		const uint32_t hash = wf_kernel_hash(shingle);
		uint32_t *const home = hot + wf_kernel_hot_home(hash, hot_sets);
		uint32_t *const pair = common + wf_kernel_common_home(hash);
		uint32_t at = 0;

		assert_true(home + 8 <= hot + hot_sets * 8);
		assert_true(pair + 2 <= common + 2 * WF_KERNEL_COMMON_PAIRS);
		while (at < 8 && home[at] != 0)
			at++;
		if (at < 8 && random_below(random, 2) == 0)
			home[at] = random_below(random, 2) == 0 ? shingle : ~shingle;
		if (random_below(random, 4) == 0)
			pair[random_below(random, 2)] = shingle;
	}
	return tables;
}

static void every_level_finds_what_is_repeated(void **state)
{
	struct fixture *fixture = *state;
	static uint32_t hot[HOT_SETS_MOST * 8];
	static uint32_t common[2 * WF_KERNEL_COMMON_PAIRS];
	static uint8_t repeated[TOKENS_MOST];
	static struct output output;
	uint64_t in = 0, left = 0, zeros = 0;

	for (uint32_t round = 0; round < ROUNDS / 20; round++) {
		struct wf_kernel_repeats tables;
		const struct wf_kernels *kernels;
		size_t at = 0;

		fill(fixture);
		if (fixture->count >= 2)
			fixture->tokens[0] = fixture->tokens[1] = 0;
		tables = tables_of(fixture, hot, common);
		while ((kernels = next_level(&at)) != NULL) {
			uint32_t places_count = 0;
			uint32_t wanted = 0;

			memset(repeated, 2, sizeof repeated);
			for (uint32_t i = 0; i + 1 < fixture->count; i += 1 + i % 3)
				output.places[places_count++] = (uint16_t)i;
			output.count =
				kernels->repeated(fixture->tokens, &tables, output.places, places_count, repeated);
			for (uint32_t i = 0; i + 1 < fixture->count; i += 1 + i % 3) {
				const uint32_t shingle = WF_SHINGLE_OF(fixture->tokens[i], fixture->tokens[i + 1]);
				const uint32_t hash = wf_kernel_hash(shingle);
				const uint32_t *home = hot + wf_kernel_hot_home(hash, tables.hot_sets);
				const uint32_t *pair = common + wf_kernel_common_home(hash);
				bool is_in = pair[0] == shingle || pair[1] == shingle;

				for (uint32_t k = 0; k < 8; k++)
					is_in |= home[k] == shingle;
				is_in &= shingle != 0;
				assert_int_equal(repeated[i], is_in);
				in += is_in;
				zeros += shingle == 0;
				if (is_in || home[7] == 0 || shingle == 0)
					continue;
				assert_true(wanted < output.count);
				assert_int_equal(output.places[wanted++], i);
			}
			assert_int_equal(wanted, output.count);
			left += wanted;
		}
		empty(fixture);
	}
	assert_true(in > 0 && left > 0 && zeros > 0);
}

/* probe */

#define TABLE_BITS_MOST 16u

static void every_level_probes_alike(void **state)
{
	struct fixture *fixture = *state;
	static uint32_t table[1u << TABLE_BITS_MOST];
	static struct output output;
	uint64_t found = 0, passed_over = 0;

	for (uint32_t round = 0; round < ROUNDS / 20; round++) {
		const uint32_t shift = 32 - TABLE_BITS_MOST + random_below(&fixture->random, 11);
		const struct wf_kernels *kernels;
		size_t at = 0;

		fill(fixture);
		memset(table, 0xff, sizeof table);
		for (uint32_t i = 0; i + 1 < fixture->count; i += 3) {
			const uint32_t shingle = WF_SHINGLE_OF(fixture->tokens[i], fixture->tokens[i + 1]);
			const uint32_t hash = wf_kernel_entry_hash(shingle);
			const bool is_only = table[hash >> shift] == UINT32_MAX;

			table[hash >> shift] = wf_kernel_entry_tag(hash) << 16 | is_only * WF_KERNEL_ENTRY_ONLY | i;
		}
		while ((kernels = next_level(&at)) != NULL) {
			uint32_t wanted = 0;

			output.count = kernels->probe(fixture->tokens, fixture->count, table, shift, output.places);
			for (uint32_t i = 0; i + 1 < fixture->count; i++) {
				const uint32_t hash =
					wf_kernel_entry_hash(WF_SHINGLE_OF(fixture->tokens[i], fixture->tokens[i + 1]));
				const uint32_t entry = table[hash >> shift];

				if (entry >> 16 != wf_kernel_entry_tag(hash) && (entry & WF_KERNEL_ENTRY_ONLY) != 0) {
					assert_true(i % 3 != 0);
					passed_over++;
					continue;
				}
				assert_true(wanted < output.count);
				assert_int_equal(output.places[wanted++], i);
			}
			assert_int_equal(wanted, output.count);
			found += wanted;
		}
		empty(fixture);
	}
	assert_true(found > 0 && passed_over > 0);
}

/* rank */

static void every_level_ranks_alike(void **state)
{
	const struct wf_kernel_weights bounds = {25, 51, 76};
	static uint8_t weights[TOKENS_MOST];
	struct fixture *fixture = *state;
	static struct output portable;
	static struct output output;
	uint64_t chosen = 0;

	for (uint32_t round = 0; round < ROUNDS / 20; round++) {
		const struct wf_kernels *kernels;
		size_t at = 0;

		fill(fixture);
		wf_weights_of(fixture->weights, fixture->tokens, fixture->count, weights);
		portable.count = wf_kernels_portable.rank(fixture->tokens, weights, fixture->count, fixture->mask,
							  &bounds, portable.shingles, portable.ranks);
		chosen += portable.count;
		while ((kernels = next_level(&at)) != NULL) {
			output.count = kernels->rank(fixture->tokens, weights, fixture->count, fixture->mask, &bounds,
						     output.shingles, output.ranks);
			assert_int_equal(output.count, portable.count);
			assert_memory_equal(output.shingles, portable.shingles, output.count * sizeof(uint32_t));
			assert_memory_equal(output.ranks, portable.ranks, output.count * sizeof(int32_t));
		}
		empty(fixture);
	}
	assert_true(chosen > 0);
}

/* entries */

static void every_level_makes_the_same_entries(void **state)
{
	struct fixture *fixture = *state;
	static uint32_t places[TOKENS_MOST + WF_KERNEL_SLACK];
	static uint32_t entries[TOKENS_MOST + WF_KERNEL_SLACK];

	for (uint32_t round = 0; round < ROUNDS / 20; round++) {
		const uint32_t shift = 1 + random_below(&fixture->random, 31);
		const struct wf_kernels *kernels;
		size_t at = 0;

		fill(fixture);
		while ((kernels = next_level(&at)) != NULL) {
			kernels->entries(fixture->tokens, fixture->count, shift, places, entries);
			for (uint32_t i = 0; i + 1 < fixture->count; i++) {
				const uint32_t hash =
					wf_kernel_entry_hash(WF_SHINGLE_OF(fixture->tokens[i], fixture->tokens[i + 1]));

				assert_int_equal(places[i], hash >> shift);
				assert_int_equal(entries[i], wf_kernel_entry_tag(hash) << 16);
			}
		}
		empty(fixture);
	}
}

/* fill */

static void every_level_fills_what_it_is_told_to(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t bytes[TOKENS_MOST + 2];

	for (uint32_t round = 0; round < ROUNDS; round++) {
		const uint32_t count = random_below(&fixture->random, TOKENS_MOST);
		const uint32_t first = 1 + random_below(&fixture->random, TOKENS_MOST - count);
		const struct wf_kernels *kernels;
		size_t at = 0;

		while ((kernels = next_level(&at)) != NULL) {
			memset(bytes, 3, sizeof bytes);
			kernels->fill(bytes + first, 7, count);
			for (uint32_t i = 0; i < sizeof bytes; i++)
				assert_int_equal(bytes[i], i >= first && i < first + count ? 7 : 3);
		}
	}
}

/* minima */

/* Whether ranks[i] is the least of one of the windows that it is in. */
static bool is_minimum(const int32_t *ranks, uint32_t count, uint32_t window, uint32_t i)
{
	bool is_least = false;

	for (uint32_t begin = i < window ? 0 : i - window + 1; begin <= i && begin + window <= count; begin++) {
		bool is_least_here = true;

		for (uint32_t k = begin; k < begin + window; k++)
			is_least_here &= ranks[k] >= ranks[i];
		is_least |= is_least_here;
	}
	return is_least;
}

static void every_level_finds_the_minima_of_windows(void **state)
{
	struct fixture *fixture = *state;
	static struct output output;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		const uint32_t count = 1 + random_below(&fixture->random, round % 4 == 0 ? TOKENS_MOST : 60);
		const uint32_t most = count < 80 ? count : 80;
		const uint32_t window = 1 + random_below(&fixture->random, most);
		const uint32_t different = round % 3 == 0 ? 5 : 1000000; /* few: many of them are equal */
		int32_t *const ranks = malloc(count * sizeof *ranks);    /* of just `count`: a sanitizer sees more */
		const struct wf_kernels *kernels;
		size_t at = 0;

		assert_non_null(ranks);
		for (uint32_t i = 0; i < count; i++)
			ranks[i] = (int32_t)random_below(&fixture->random, different);
		while ((kernels = next_level(&at)) != NULL) {
			uint32_t found = 0;

			output.count = kernels->minima(ranks, count, window, 100, output.places);
			for (uint32_t i = 0; i < count; i++)
				if (is_minimum(ranks, count, window, i))
					assert_int_equal(output.places[found++], 100 + i);
			assert_int_equal(found, output.count);
		}
		free(ranks);
	}
}

/* below */

static void every_level_tells_which_are_below(void **state)
{
	struct fixture *fixture = *state;
	int32_t in[64];

	for (uint32_t round = 0; round < ROUNDS; round++) {
		const uint32_t count = random_below(&fixture->random, 65);
		const struct wf_kernels *kernels;
		size_t at = 0;

		for (uint32_t i = 0; i < count; i++)
			in[i] = (int32_t)random_below(&fixture->random, 5);
		while ((kernels = next_level(&at)) != NULL) {
			const uint64_t below = kernels->below(in, count, 2);

			assert_true(count == 64 || below >> count == 0);
			for (uint32_t k = 0; k < count; k++)
				assert_int_equal(below >> k & 1, in[k] < 2);
		}
	}
}

/* weigh, products, pairs, both */

static void every_level_sums_alike(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t portable_weights[TOKENS_MOST];
	static uint8_t weights[TOKENS_MOST];
	static uint8_t cover[TOKENS_MOST];

	for (uint32_t round = 0; round < ROUNDS / 20; round++) {
		const struct wf_kernels *kernels;
		size_t at = 0;
		uint32_t sum = 0;
		uint32_t products = 0;
		uint32_t pairs = 0;
		uint32_t both = 0;

		fill(fixture);
		for (uint32_t i = 0; i < fixture->count; i++) {
			cover[i] = random_below(&fixture->random, 2) ? 10 : 7;
			portable_weights[i] = fixture->mask[i] ? 0 : fixture->weights[fixture->tokens[i]];
			sum += portable_weights[i];
			products += (uint32_t)portable_weights[i] * cover[i];
			pairs += cover[i] == 10 && fixture->mask[i] == 1;
			both += i + 1 < fixture->count && fixture->mask[i] == 1 && fixture->mask[i + 1] == 1;
		}
		while ((kernels = next_level(&at)) != NULL) {
			wf_weights_of(fixture->weights, fixture->tokens, fixture->count, weights);
			assert_int_equal(kernels->weigh(weights, fixture->mask, fixture->count), sum);
			assert_memory_equal(weights, portable_weights, fixture->count);
			assert_int_equal(kernels->products(weights, cover, fixture->count), products);
			assert_int_equal(kernels->pairs(cover, 10, fixture->mask, 1, fixture->count), pairs);
			if (fixture->count > 0)
				assert_int_equal(kernels->both(fixture->mask, fixture->mask + 1, fixture->count - 1),
						 both);
		}
		empty(fixture);
	}
}

/* mark, weigh_marked */

static void every_level_marks_and_weighs_alike(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t weights[TOKENS_MOST];
	static uint8_t cover[TOKENS_MOST];
	static uint64_t plain[TOKENS_MOST];
	static uint64_t marks[TOKENS_MOST];

	for (uint32_t round = 0; round < ROUNDS / 20; round++) {
		const uint64_t bit = UINT64_C(1) << random_below(&fixture->random, 64);
		const struct wf_kernels *kernels;
		size_t at = 0;
		uint32_t sum = 0;

		fill(fixture);
		for (uint32_t i = 0; i < fixture->count; i++) {
			cover[i] = random_below(&fixture->random, 2) ? 10 : 7;
			weights[i] = fixture->weights[fixture->tokens[i]];
			plain[i] = (uint64_t)random_below(&fixture->random, 4) << 62 | 5;
			if (cover[i] == 10 && fixture->mask[i] == 0)
				plain[i] |= bit;
			if (fixture->mask[i] == 0 && (plain[i] & (bit | UINT64_C(1) << 62)) == bit)
				sum += weights[i];
		}
		while ((kernels = next_level(&at)) != NULL) {
			for (uint32_t i = 0; i < fixture->count; i++)
				marks[i] = plain[i] & ~(cover[i] == 10 && fixture->mask[i] == 0 ? bit : 0);
			kernels->mark(marks, bit, cover, 10, fixture->mask, fixture->count);
			for (uint32_t i = 0; i < fixture->count; i++)
				assert_int_equal(marks[i] | bit, plain[i] | bit);
			assert_int_equal(kernels->weigh_marked(weights, fixture->mask, plain, bit | UINT64_C(1) << 62,
							       bit, fixture->count),
					 sum);
			assert_int_equal(kernels->weigh_marked(weights, fixture->mask, plain, 0, 0, fixture->count),
					 kernels->weigh(weights, fixture->mask, fixture->count));
			for (uint32_t i = 0; i < fixture->count; i++)
				weights[i] = fixture->weights[fixture->tokens[i]];
		}
		empty(fixture);
	}
}

/* edges */

static void every_level_finds_the_edges(void **state)
{
	struct fixture *fixture = *state;
	static struct output output;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		const uint32_t count = random_below(&fixture->random, TOKENS_MOST);
		const uint32_t change = 1 + random_below(&fixture->random, 100); /* percent */
		uint8_t *const mask = malloc(count + (count == 0));              /* a sanitizer sees more */
		uint8_t before = random_below(&fixture->random, 2) == 0;
		const struct wf_kernels *kernels;
		size_t at = 0;

		assert_non_null(mask);
		for (uint32_t i = 0; i < count; i++)
			mask[i] = before = before ^ (random_below(&fixture->random, 100) < change);
		while ((kernels = next_level(&at)) != NULL) {
			uint32_t found = 0;

			output.count = kernels->edges(mask, count, output.places);
			for (uint32_t i = 0; i < count; i++)
				if (mask[i] != (i == 0 ? 1 : mask[i - 1]))
					assert_int_equal(output.places[found++], i);
			assert_int_equal(found, output.count);
		}
		free(mask);
	}
}

/* longest */

static void every_level_finds_the_longest_run(void **state)
{
	struct fixture *fixture = *state;
	static uint8_t cover[TOKENS_MOST];

	for (uint32_t round = 0; round < ROUNDS; round++) {
		const uint32_t share = random_below(&fixture->random, 100); /* one in so many ends a run */
		const struct wf_kernels *kernels;
		size_t at = 0;
		uint32_t run = 0;
		uint32_t longest = 0;

		fill(fixture);
		for (uint32_t i = 0; i < fixture->count; i++) {
			cover[i] = random_below(&fixture->random, share + 1) == 0 ? 7 : 10;
			run = cover[i] == 10 ? run + (fixture->mask[i] == 0) : 0;
			longest = run > longest ? run : longest;
		}
		while ((kernels = next_level(&at)) != NULL)
			assert_int_equal(kernels->longest(cover, 10, fixture->mask, fixture->count), longest);
		empty(fixture);
	}
}

/* alike */

static void every_level_tells_how_much_is_alike(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		const struct wf_kernels *kernels;
		uint16_t *other;
		uint32_t differs;
		size_t at = 0;

		fill(fixture);
		differs = random_below(&fixture->random, fixture->count + 1);
		other = malloc(fixture->count * sizeof *other + (fixture->count == 0)); /* a sanitizer sees more */
		assert_non_null(other);
		for (uint32_t i = 0; i < fixture->count; i++)
			other[i] = fixture->tokens[i] ^ (uint16_t)(i == differs || (i > differs && i % 3 == 0));
		while ((kernels = next_level(&at)) != NULL)
			for (uint32_t count = fixture->count; count + 40 > fixture->count; count--) {
				assert_int_equal(kernels->alike(fixture->tokens, other, count),
						 differs < count ? differs : count);
				if (count == 0)
					break;
			}
		free(other);
		empty(fixture);
	}
}

static void the_best_level_is_one_of_this_processor(void **state)
{
	(void)state;
	assert_ptr_equal(wf_kernels(), wf_kernels_at(wf_cpu_level()));
	assert_true(wf_cpu_has(wf_cpu_level()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_level_narrows_hashes_to_tokens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_takes_the_least_of_each_slot, set_up, tear_down),
		cmocka_unit_test(a_value_is_never_that_of_an_empty_slot),
		cmocka_unit_test_setup_teardown(every_level_borrows_alike, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_filters_what_the_bits_say, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_sees_what_the_bits_say, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_finds_what_is_repeated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_probes_alike, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_ranks_alike, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_makes_the_same_entries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_fills_what_it_is_told_to, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_finds_the_minima_of_windows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_tells_which_are_below, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_sums_alike, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_marks_and_weighs_alike, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_finds_the_edges, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_finds_the_longest_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_level_tells_how_much_is_alike, set_up, tear_down),
		cmocka_unit_test(the_best_level_is_one_of_this_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
