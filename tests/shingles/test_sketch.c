#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>

#include <cmocka.h>

#include "random_source.h"
#include "sketch.h"

#define WORDS_MAX 4000u

/* Two texts that share a beginning: their shingles of two are distinct, so that the Jaccard coefficient is known. */
struct pair {
	uint32_t common; /* shingles of both */
	uint32_t only_a;
	uint32_t only_b;
};

/* Helpers */

static struct wf_sketch sketch_of(uint32_t *words, uint32_t count)
{
	const struct wf_tokens tokens = {.count = count, .total = count, .hashes = words};
	struct wf_sketch sketch;

	wf_sketch_of(&sketch, &tokens);
	return sketch;
}

static void fill(uint32_t *words, uint32_t count, uint64_t *random)
{
	for (uint32_t i = 0; i < count; i++)
		words[i] = (uint32_t)random_next(random);
}

static struct wf_sketch sketch_of_random(uint32_t count, uint64_t seed)
{
	static uint32_t words[WORDS_MAX];

	fill(words, count, &seed);
	return sketch_of(words, count);
}

static double estimate(const struct pair *pair, uint64_t seed)
{
	static uint32_t a[WORDS_MAX];
	static uint32_t b[WORDS_MAX];
	const uint32_t shared_words = pair->common == 0 ? 0 : pair->common + 1;
	struct wf_sketch sketch_a;
	struct wf_sketch sketch_b;

	fill(a, shared_words, &seed);
	memcpy(b, a, shared_words * sizeof *a);
	fill(a + shared_words, pair->only_a + (pair->common == 0), &seed);
	fill(b + shared_words, pair->only_b + (pair->common == 0), &seed);
	sketch_a = sketch_of(a, pair->common + pair->only_a + 1);
	sketch_b = sketch_of(b, pair->common + pair->only_b + 1);
	assert_true(fabs(wf_sketch_resemblance(&sketch_a, &sketch_b) - wf_sketch_resemblance(&sketch_b, &sketch_a)) <=
		    0);
	return wf_sketch_resemblance(&sketch_a, &sketch_b);
}

static double exact(const struct pair *pair)
{
	return (double)pair->common / (pair->common + pair->only_a + pair->only_b);
}

static const struct pair pairs[] = {
	{500, 0, 0},      {400, 50, 50}, {300, 100, 100}, {300, 200, 0}, {200, 300, 300}, {100, 700, 100},
	{50, 1500, 1500}, {0, 400, 400}, {60, 20, 20},    {40, 10, 30},  {20, 20, 20},    {3000, 500, 400},
};

static const struct pair short_pairs[] = {
	{1, 0, 0}, {1, 1, 0}, {1, 1, 1}, {2, 1, 1}, {3, 1, 2}, {4, 5, 0}, {5, 4, 4}, {8, 1, 0}, {0, 1, 1}, {0, 9, 9},
};

/* wf_sketch_of, wf_sketch_resemblance */

static void the_estimate_lies_within_four_standard_errors(void **state)
{
	const double standard_error = 1 / (2 * sqrt(WF_SKETCH_SLOTS));

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		for (uint64_t seed = 1; seed <= 100; seed++) {
			const double error = fabs(estimate(&pairs[i], seed) - exact(&pairs[i]));

			if (error > 4 * standard_error)
				fail_msg("pair %zu, seed %u: off by %f", i, (unsigned)seed, error);
		}
	}
}

static void check_bias(const struct pair *pair, uint64_t seeds, double spread_bound)
{
	const double j = exact(pair);
	double sum = 0;
	double squares = 0;

	for (uint64_t seed = 1; seed <= seeds; seed++) {
		const double error = estimate(pair, seed * 7919) - j;

		sum += error;
		squares += error * error;
	}
	/* The mean's own error, from what was measured; and the spread that the header promises. */
	if (fabs(sum / (double)seeds) > 4 * sqrt(squares) / (double)seeds + 1e-12)
		fail_msg("%u/%u/%u: biased by %f", pair->common, pair->only_a, pair->only_b, sum / (double)seeds);
	if (sqrt(squares / (double)seeds) > spread_bound)
		fail_msg("%u/%u/%u: spread %f", pair->common, pair->only_a, pair->only_b,
			 sqrt(squares / (double)seeds));
}

static void the_estimate_has_no_bias(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		check_bias(&pairs[i], 400, 1.1 / (2 * sqrt(WF_SKETCH_SLOTS)));
}

static void the_estimate_has_no_bias_for_texts_of_two_to_ten_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof short_pairs / sizeof *short_pairs; i++)
		check_bias(&short_pairs[i], 4000,
			   1.5 / (2 * sqrt(WF_SKETCH_SLOTS))); /* two shingles may meet in a slot */
}

static void equal_texts_resemble_fully_and_distinct_ones_not_at_all(void **state)
{
	(void)state;
	for (uint32_t count = 2; count <= 10; count++) {
		const struct wf_sketch a = sketch_of_random(count, 5);
		const struct wf_sketch again = sketch_of_random(count, 5);
		const struct wf_sketch other = sketch_of_random(count, 6);

		assert_false(a.is_empty);
		assert_memory_equal(a.slots, again.slots, sizeof a.slots);
		assert_true(wf_sketch_resemblance(&a, &again) >= 1);
		assert_true(wf_sketch_resemblance(&a, &other) <= 0);
	}
}

static void a_text_without_shingles_is_like_no_other(void **state)
{
	uint32_t word = 1;
	const struct wf_sketch none = sketch_of(&word, 0);
	const struct wf_sketch one = sketch_of(&word, 1);
	const struct wf_sketch text = sketch_of_random(100, 1);
	uint64_t keys[WF_SKETCH_BANDS_MAX];

	(void)state;
	assert_true(none.is_empty);
	assert_true(one.is_empty);
	assert_true(wf_sketch_resemblance(&none, &none) <= 0);
	assert_true(wf_sketch_resemblance(&one, &one) <= 0);
	assert_true(wf_sketch_resemblance(&one, &text) <= 0);
	assert_true(wf_sketch_resemblance(&text, &one) <= 0);
	assert_int_equal(wf_bands_keys(wf_bands_for(0.5), &none, keys), 0);
}

static void a_shingle_counts_once_however_often_it_comes(void **state)
{
	uint32_t words[60];
	struct wf_sketch once;
	struct wf_sketch again;

	(void)state;
	for (uint32_t i = 0; i < 60; i++)
		words[i] = i % 3 + 1000000007u * (i % 3);
	once = sketch_of(words, 4);
	again = sketch_of(words, 60);
	assert_memory_equal(once.slots, again.slots, sizeof once.slots);
}

/* The store keeps it: the same for ever, on every machine. FNV-1a of the tokens as 32-bit numbers, begun with how many
 * the text has. */
static void the_hash_of_a_sequence_is_golden(void **state)
{
	static const struct {
		uint32_t words[3];
		uint32_t count;
		uint32_t total;
		uint64_t hash;
	} cases[] = {
		{{0, 0, 0}, 0, 0, UINT64_C(0xCBF29CE2DBB6C401)}, {{7, 0, 0}, 1, 1, UINT64_C(0xAF63BB49FD1C6E1D)},
		{{1, 2, 3}, 3, 3, UINT64_C(0xEAA6D51F20D25DD1)}, {{1, 2, 3}, 3, 4, UINT64_C(0xAE04761D23AF4A3D)},
		{{1, 3, 2}, 3, 3, UINT64_C(0xEAA36C1F20F96C13)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t words[3];
		const struct wf_tokens tokens = {.count = cases[i].count, .total = cases[i].total, .hashes = words};
		struct wf_sketch sketch;

		memcpy(words, cases[i].words, sizeof words);
		assert_int_equal(wf_sketch_of(&sketch, &tokens), cases[i].hash);
	}
}

/* wf_bands_for, wf_bands_odds */

/* The resemblance at which the odds are even. */
static double middle_of(struct wf_bands bands)
{
	double low = 0;
	double high = 1;

	for (int i = 0; i < 50; i++) {
		const double middle = (low + high) / 2;

		if (wf_bands_odds(bands, middle) < 0.5)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void bands_fit_the_sketch_and_rise_with_the_threshold(void **state)
{
	double before = 0;

	(void)state;
	for (int percent = 1; percent <= 99; percent++) {
		const struct wf_bands bands = wf_bands_for(percent / 100.0);

		assert_in_range(bands.bands, 1, WF_SKETCH_BANDS_MAX);
		assert_in_range(bands.rows, 1, WF_SKETCH_SLOTS);
		assert_true(bands.bands * bands.rows <= WF_SKETCH_SLOTS);
		if (middle_of(bands) < before)
			fail_msg("at %d percent the curve falls back", percent);
		before = middle_of(bands);
	}
}

static void odds_are_a_curve_from_never_to_always_around_the_threshold(void **state)
{
	(void)state;
	for (int percent = 35; percent <= 90; percent += 5) {
		const double threshold = percent / 100.0;
		const struct wf_bands bands = wf_bands_for(threshold);
		double before = 0;

		assert_true(wf_bands_odds(bands, 0) <= 0);
		assert_true(wf_bands_odds(bands, 1) >= 1);
		for (int i = 1; i <= 100; i++) {
			assert_true(wf_bands_odds(bands, i / 100.0) >= before);
			before = wf_bands_odds(bands, i / 100.0);
			assert_true(before <= 1);
		}
		if (wf_bands_odds(bands, threshold) < 0.25 || wf_bands_odds(bands, threshold) > 0.9 ||
		    wf_bands_odds(bands, threshold - 0.2) > 0.25 || wf_bands_odds(bands, threshold + 0.1) < 0.5)
			fail_msg("threshold %f: odds %f", threshold, wf_bands_odds(bands, threshold));
	}
}

static void pairs_become_candidates_as_often_as_the_odds_say(void **state)
{
	const uint64_t seeds = 2000;

	(void)state;
	for (uint32_t common = 50; common <= 350; common += 100) {
		const struct wf_bands bands = wf_bands_for(0.6);
		const uint32_t only = 400 - common;
		const double odds = wf_bands_odds(bands, (double)common / (common + 2 * only));
		uint32_t found = 0;

		for (uint64_t seed = 1; seed <= seeds; seed++) {
			uint32_t a[401];
			uint32_t b[401];
			uint64_t random = seed * 104729 + common;
			uint64_t keys[2][WF_SKETCH_BANDS_MAX];
			struct wf_sketch sketch;
			bool is_candidate = false;

			fill(a, 401, &random);
			memcpy(b, a, sizeof b);
			fill(b + common + 1, only, &random);
			sketch = sketch_of(a, 401);
			wf_bands_keys(bands, &sketch, keys[0]);
			sketch = sketch_of(b, 401);
			wf_bands_keys(bands, &sketch, keys[1]);
			for (uint32_t i = 0; i < bands.bands; i++)
				is_candidate = is_candidate || keys[0][i] == keys[1][i];
			found += is_candidate;
		}
		/* Slots are filled by many shingles here: a little less spread than the formula has. */
		if (fabs(found / (double)seeds - odds) > 4 * sqrt(0.25 / (double)seeds) + 0.03)
			fail_msg("%u shared: %f of them, odds %f", common, found / (double)seeds, odds);
	}
}

/* wf_bands_keys */

static void a_key_tells_its_band_and_nothing_else(void **state)
{
	const struct wf_bands bands = wf_bands_for(0.6);
	const struct wf_sketch sketch = sketch_of_random(300, 9);
	uint64_t keys[WF_SKETCH_BANDS_MAX];

	(void)state;
	assert_int_equal(wf_bands_keys(bands, &sketch, keys), bands.bands);
	for (uint32_t slot = 0; slot < WF_SKETCH_SLOTS; slot++) {
		struct wf_sketch changed = sketch;
		uint64_t others[WF_SKETCH_BANDS_MAX];

		changed.slots[slot] ^= 1u << (slot % 32);
		assert_int_equal(wf_bands_keys(bands, &changed, others), bands.bands);
		for (uint32_t band = 0; band < bands.bands; band++)
			assert_int_equal(keys[band] == others[band], slot / bands.rows != band);
	}
}

static void bands_of_equal_slots_have_keys_of_their_own(void **state)
{
	const struct wf_bands bands = {WF_SKETCH_BANDS_MAX, 4};
	struct wf_sketch sketch = {.is_empty = false};
	uint64_t keys[WF_SKETCH_BANDS_MAX];

	(void)state;
	assert_int_equal(wf_bands_keys(bands, &sketch, keys), WF_SKETCH_BANDS_MAX);
	for (uint32_t i = 0; i < WF_SKETCH_BANDS_MAX; i++)
		for (uint32_t k = 0; k < i; k++)
			assert_true(keys[i] != keys[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_estimate_lies_within_four_standard_errors),
		cmocka_unit_test(the_estimate_has_no_bias),
		cmocka_unit_test(the_estimate_has_no_bias_for_texts_of_two_to_ten_words),
		cmocka_unit_test(equal_texts_resemble_fully_and_distinct_ones_not_at_all),
		cmocka_unit_test(a_text_without_shingles_is_like_no_other),
		cmocka_unit_test(a_shingle_counts_once_however_often_it_comes),
		cmocka_unit_test(the_hash_of_a_sequence_is_golden),
		cmocka_unit_test(bands_fit_the_sketch_and_rise_with_the_threshold),
		cmocka_unit_test(odds_are_a_curve_from_never_to_always_around_the_threshold),
		cmocka_unit_test(pairs_become_candidates_as_often_as_the_odds_say),
		cmocka_unit_test(a_key_tells_its_band_and_nothing_else),
		cmocka_unit_test(bands_of_equal_slots_have_keys_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
