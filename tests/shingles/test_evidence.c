#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "evidence.h"
#include "frequency.h"
#include "memory_fault.h"
#include "random_source.h"

#define CLOSE 1e-9

struct text {
	uint16_t tokens[WF_DOCUMENT_TOKENS_MAX];
	uint8_t mask[WF_DOCUMENT_TOKENS_MAX];
	uint32_t count;
};

struct bench {
	struct wf_profile *profile;
	struct text a; /* the newcomer */
	struct text b; /* the stored one */
	uint8_t weights[WF_TOKEN_VALUES];
};

/* Helpers */

static int bench_set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_int_equal(wf_profile_new(&bench->profile), 0);
	memset(bench->weights, WF_WEIGHT_MAX, sizeof bench->weights);
	*state = bench;
	return 0;
}

static int bench_tear_down(void **state)
{
	struct bench *bench = *state;

	wf_profile_free(bench->profile);
	free(bench);
	return memory_live() == 0 ? 0 : -1;
}

static uint16_t word(uint64_t *random)
{
	return (uint16_t)random_below(random, WF_TOKEN16_NUMBER);
}

static uint16_t figure(uint64_t *random)
{
	return (uint16_t)(WF_TOKEN16_NUMBER + random_below(random, 0x10000 - WF_TOKEN16_NUMBER));
}

static void write_words(struct text *text, uint32_t count, uint64_t seed)
{
	memset(text->mask, 0, sizeof text->mask);
	text->count = count;
	for (uint32_t i = 0; i < count; i++)
		text->tokens[i] = word(&seed);
}

static void append(struct text *text, const struct text *source, uint32_t begin, uint32_t count)
{
	memcpy(text->tokens + text->count, source->tokens + begin, count * sizeof(uint16_t));
	memcpy(text->mask + text->count, source->mask + begin, count);
	text->count += count;
}

static struct wf_comparison compare(struct bench *bench)
{
	struct wf_comparison comparison;

	wf_profile_set(bench->profile, bench->a.tokens, bench->a.count, bench->a.mask, bench->weights, NULL);
	wf_profile_compare(bench->profile, bench->b.tokens, bench->b.count, bench->b.mask, &comparison);
	return comparison;
}

static bool comparisons_are_equal(const struct wf_comparison *a, const struct wf_comparison *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static void is_near(double value, double wanted, double tolerance)
{
	if (!(value >= wanted - tolerance && value <= wanted + tolerance))
		fail_msg("%f, wanted %f", value, wanted);
}

static void is_share(double share)
{
	assert_true(share >= 0 && share <= 1 + CLOSE);
}

static void all_is_in_bounds(const struct wf_comparison *comparison)
{
	is_share(comparison->contained);
	is_share(comparison->covering);
	is_share(comparison->resemblance);
	is_share(comparison->lead);
}

static void tokens_of_random(struct wf_tokens *tokens, uint32_t count, uint64_t *random)
{
	tokens->count = tokens->total = count;
	for (uint32_t i = 0; i < count; i++) {
		tokens->hashes[i] = (uint32_t)random_next(random);
		tokens->flags[i] = (uint8_t)random_below(random, 32);
	}
}

/* wf_evidence_encode, wf_evidence_decode */

static void evidence_round_trip(void **state)
{
	static uint32_t hashes[WF_DOCUMENT_TOKENS_MAX + 100];
	static uint8_t flags[WF_DOCUMENT_TOKENS_MAX + 100];
	const uint32_t counts[] = {0, 1, 2, 500, WF_DOCUMENT_TOKENS_MAX, WF_DOCUMENT_TOKENS_MAX + 100};
	struct bench *bench = *state;
	struct wf_tokens tokens = {.hashes = hashes, .flags = flags};
	struct wf_arena arena;
	uint64_t random = 1;

	wf_arena_init(&arena, 4096);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		struct wf_bytes evidence;
		uint32_t count;

		tokens_of_random(&tokens, counts[i], &random);
		assert_int_equal(wf_evidence_encode(&tokens, &arena, &evidence), 0);
		assert_int_equal(wf_evidence_decode(evidence, bench->a.tokens, &count), 0);
		assert_int_equal(count, counts[i] < WF_DOCUMENT_TOKENS_MAX ? counts[i] : WF_DOCUMENT_TOKENS_MAX);
		for (uint32_t k = 0; k < count; k++)
			assert_int_equal(wf_token16_is_number(bench->a.tokens[k]), (flags[k] & WF_TOKEN_NUMBER) != 0);
	}
	wf_arena_close(&arena);
}

static void equal_words_have_equal_tokens_and_others_seldom(void **state)
{
	uint32_t hashes[1000];
	uint8_t flags[1000];
	struct bench *bench = *state;
	const struct wf_tokens tokens = {.count = 1000, .total = 1000, .hashes = hashes, .flags = flags};
	struct wf_arena arena;
	struct wf_bytes evidence;
	uint64_t random = 2;
	uint32_t count;
	uint32_t met = 0;

	for (uint32_t i = 0; i < 500; i++) {
		hashes[i] = hashes[i + 500] = (uint32_t)random_next(&random);
		flags[i] = flags[i + 500] = i % 4 == 0 ? WF_TOKEN_NUMBER : 0;
	}
	wf_arena_init(&arena, 4096);
	assert_int_equal(wf_evidence_encode(&tokens, &arena, &evidence), 0);
	assert_int_equal(wf_evidence_decode(evidence, bench->a.tokens, &count), 0);
	for (uint32_t i = 0; i < 500; i++) {
		assert_int_equal(bench->a.tokens[i], bench->a.tokens[i + 500]);
		for (uint32_t k = 0; k < i; k++)
			met += bench->a.tokens[i] == bench->a.tokens[k];
	}
	assert_in_range(met, 0, 12); /* 125,000 pairs, some 3 expected */
	wf_arena_close(&arena);
}

static void damaged_evidence_is_refused(void **state)
{
	uint32_t hashes[40] = {7};
	uint8_t flags[40] = {0};
	struct bench *bench = *state;
	const struct wf_tokens tokens = {.count = 40, .total = 40, .hashes = hashes, .flags = flags};
	struct wf_arena arena;
	struct wf_bytes evidence;
	uint32_t count = 77;
	char *bytes;

	wf_arena_init(&arena, 4096);
	assert_int_equal(wf_evidence_encode(&tokens, &arena, &evidence), 0);
	for (size_t length = 0; length < evidence.length; length++) {
		bytes = malloc(length == 0 ? 1 : length);
		memcpy(bytes, evidence.data, length);
		assert_int_equal(wf_evidence_decode((struct wf_bytes){bytes, length}, bench->a.tokens, &count),
				 WF_ECORRUPT);
		free(bytes);
	}
	assert_int_equal(wf_evidence_decode((struct wf_bytes){NULL, 0}, bench->a.tokens, &count), WF_ECORRUPT);
	bytes = calloc(1, evidence.length + 2);
	memcpy(bytes, evidence.data, evidence.length);
	assert_int_equal(wf_evidence_decode((struct wf_bytes){bytes, evidence.length + 2}, bench->a.tokens, &count),
			 WF_ECORRUPT);
	bytes[4] ^= 1; /* the count */
	assert_int_equal(wf_evidence_decode((struct wf_bytes){bytes, evidence.length}, bench->a.tokens, &count),
			 WF_ECORRUPT);
	memset(bytes + 4, 0xff, 4);
	assert_int_equal(wf_evidence_decode((struct wf_bytes){bytes, evidence.length}, bench->a.tokens, &count),
			 WF_ECORRUPT);
	memcpy(bytes, evidence.data, evidence.length);
	bytes[0] = 99;
	assert_int_equal(wf_evidence_decode((struct wf_bytes){bytes, evidence.length}, bench->a.tokens, &count),
			 WF_EVERSION);
	assert_int_equal(count, 77);
	free(bytes);
	wf_arena_close(&arena);
}

static void more_tokens_than_the_bound_are_refused(void **state)
{
	const uint32_t count = WF_DOCUMENT_TOKENS_MAX + 1;
	uint32_t hash = 7;
	uint8_t flag = 0;
	struct bench *bench = *state;
	const struct wf_tokens one = {.count = 1, .total = 1, .hashes = &hash, .flags = &flag};
	struct wf_arena arena;
	struct wf_bytes evidence;
	uint32_t decoded;
	char *bytes = calloc(1, 8 + 2 * (size_t)count);

	wf_arena_init(&arena, 4096);
	assert_int_equal(wf_evidence_encode(&one, &arena, &evidence), 0);
	memcpy(bytes, evidence.data, 4);
	for (int i = 0; i < 4; i++)
		bytes[4 + i] = (char)(count >> (8 * i));
	assert_int_equal(wf_evidence_decode((struct wf_bytes){bytes, 8 + 2 * (size_t)count}, bench->a.tokens, &decoded),
			 WF_ECORRUPT);
	free(bytes);
	wf_arena_close(&arena);
}

static void evidence_without_memory_is_refused(void **state)
{
	const struct wf_tokens tokens = {.count = 0};
	struct wf_profile *profile;
	struct wf_bytes evidence;
	struct wf_arena arena;
	const long live = memory_live();

	(void)state;
	wf_arena_init(&arena, 4096);
	memory_fault_arm(0, true);
	assert_int_equal(wf_evidence_encode(&tokens, &arena, &evidence), WF_ENOMEM);
	assert_int_equal(wf_profile_new(&profile), WF_ENOMEM);
	assert_true(memory_fault_disarm());
	assert_int_equal(memory_live(), live);
	wf_profile_free(NULL);
	wf_arena_close(&arena);
}

/* wf_profile_compare */

static void identical_texts_are_wholly_in_each_other(void **state)
{
	const uint32_t counts[] = {2, 3, 10, 39, 40, 41, 500, WF_DOCUMENT_TOKENS_MAX};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		struct wf_comparison comparison;

		write_words(&bench->a, counts[i], 3);
		write_words(&bench->b, counts[i], 3);
		comparison = compare(bench);
		is_near(comparison.contained, 1, CLOSE);
		is_near(comparison.covering, 1, CLOSE);
		is_near(comparison.resemblance, 1, CLOSE);
		is_near(comparison.lead, 1, CLOSE);
		is_near(comparison.own_weight, counts[i], 1e-6);
		is_near(comparison.other_weight, counts[i], 1e-6);
		assert_int_equal(comparison.figures_changed, 0);
		assert_int_equal(comparison.names_changed, 0);
		assert_int_equal(comparison.names_same, counts[i]);
	}
}

static void texts_without_a_common_pair_of_words_share_nothing(void **state)
{
	struct bench *bench = *state;
	struct wf_comparison comparison;

	write_words(&bench->a, 400, 4);
	write_words(&bench->b, 400, 5);
	comparison = compare(bench);
	is_near(comparison.contained, 0, CLOSE);
	is_near(comparison.covering, 0, CLOSE);
	is_near(comparison.resemblance, 0, CLOSE);
	assert_int_equal(comparison.names_same, 0);
}

static void a_third_of_a_text_is_contained_and_covers_a_third(void **state)
{
	struct bench *bench = *state;

	for (uint32_t begin = 0; begin <= 400; begin += 200) {
		struct wf_comparison comparison;

		write_words(&bench->b, 600, 6);
		bench->a.count = 0;
		append(&bench->a, &bench->b, begin, 200);
		comparison = compare(bench);
		is_near(comparison.contained, 1, CLOSE);
		is_near(comparison.covering, 1 / 3.0, 0.01);
		is_near(comparison.resemblance, 1 / 3.0, 0.01);
		is_near(comparison.lead, 1, CLOSE);
		bench->b.count = 0;
		append(&bench->b, &bench->a, 0, 200);
		write_words(&bench->a, 600, 6);
		comparison = compare(bench);
		is_near(comparison.contained, 1 / 3.0, 0.01);
		is_near(comparison.covering, 1, CLOSE);
		is_near(comparison.lead, begin == 0 ? 1 : 0, 0.05);
	}
}

static void what_the_newcomer_has_twice_is_covered_in_both_places(void **state)
{
	struct bench *bench = *state;
	struct wf_comparison comparison;
	struct text other;

	write_words(&bench->b, 50, 20);
	write_words(&other, 100, 21);
	bench->a.count = 0;
	append(&bench->a, &bench->b, 0, 50);
	append(&bench->a, &other, 0, 100);
	append(&bench->a, &bench->b, 0, 50);
	comparison = compare(bench);
	is_near(comparison.contained, 0.5, CLOSE);
	is_near(comparison.covering, 1, CLOSE);
	is_near(comparison.lead, 1, CLOSE);
}

static void typing_errors_cost_less_than_the_words_they_are_in(void **state)
{
	struct bench *bench = *state;
	struct wf_comparison comparison;
	uint64_t random = 7;

	write_words(&bench->b, 400, 8);
	write_words(&bench->a, 400, 8);
	for (uint32_t i = 5; i < 400; i += 10)
		bench->a.tokens[i] = word(&random);
	comparison = compare(bench);
	assert_true(comparison.contained > 0.95 && comparison.contained < 1);
	assert_true(comparison.covering > 0.95 && comparison.covering < 1);
	assert_true(comparison.resemblance < 0.75);
	assert_int_equal(comparison.names_changed, 40);
	assert_int_equal(comparison.names_same, 360);
}

/* Every third word is broken, in either text another one: no two words of one stand together in the other. */
static void a_text_of_broken_words_is_read_word_by_word(void **state)
{
	struct bench *bench = *state;
	struct wf_comparison comparison;
	uint64_t random = 70;

	write_words(&bench->b, 400, 8);
	write_words(&bench->a, 400, 8);
	for (uint32_t i = 20; i + 8 < 400; i += 10)
		for (uint32_t k = 0; k < 8; k += 2)
			bench->a.tokens[i + k] = word(&random);
	comparison = compare(bench);
	assert_int_equal(comparison.words_changed, 4 * 38);
	assert_int_equal(comparison.gaps_even, 38);
	assert_int_equal(comparison.gaps_uneven, 0);
	assert_true(comparison.contained > 0.85);
	/* Words that have nothing in common in their places are no spelling of each other. */
	for (uint32_t i = 20; i + 8 < 400; i += 10)
		for (uint32_t k = 1; k < 8; k += 2)
			bench->a.tokens[i + k] = word(&random);
	comparison = compare(bench);
	assert_int_equal(comparison.words_changed, 0);
	assert_int_equal(comparison.gaps_even, 0);
	assert_int_equal(comparison.gaps_uneven, 38);
	assert_true(comparison.contained < 0.4);
}

static void the_longest_run_is_of_own_words_alone(void **state)
{
	struct bench *bench = *state;

	write_words(&bench->b, 200, 71);
	bench->a.count = 0;
	append(&bench->a, &bench->b, 0, 30);
	append(&bench->a, &bench->b, 100, 50);
	bench->a.tokens[30] = word(&(uint64_t){72});
	assert_int_equal(compare(bench).run, 49);
	memset(bench->a.mask + 40, 1, 10);
	assert_int_equal(compare(bench).run, 39);
}

static void marks_tell_whose_tokens_are_whose(void **state)
{
	struct bench *bench = *state;
	uint64_t marks[200] = {0};
	struct wf_comparison comparison;

	write_words(&bench->b, 200, 73);
	bench->a = bench->b;
	bench->a.mask[150] = 1;
	wf_profile_set(bench->profile, bench->a.tokens, bench->a.count, bench->a.mask, bench->weights, NULL);
	wf_profile_scan(bench->profile, bench->b.tokens, 80, &comparison);
	wf_profile_mark(bench->profile, 1, marks);
	wf_profile_scan(bench->profile, bench->b.tokens + 60, 140, &comparison);
	wf_profile_mark(bench->profile, UINT64_C(1) << 63, marks);
	for (uint32_t i = 0; i < 200; i++)
		assert_true(marks[i] == (i < 80 ? 1u : 0u) + (i >= 60 && i != 150 ? UINT64_C(1) << 63 : 0u));
}

static void inserted_words_are_content_of_their_own(void **state)
{
	struct bench *bench = *state;
	struct wf_comparison comparison;

	write_words(&bench->b, 300, 9);
	bench->a.count = 0;
	for (uint32_t i = 0; i < 300; i += 100) {
		append(&bench->a, &bench->b, i, 100);
		for (uint32_t k = 0; k < 20; k++)
			bench->a.tokens[bench->a.count++] = (uint16_t)(60000 - 5000 - i - k);
	}
	comparison = compare(bench);
	is_near(comparison.contained, 300 / 360.0, 0.01);
	is_near(comparison.covering, 1, 0.01);
	assert_int_equal(comparison.names_changed, 0);
}

/* A sentence frame of ten words, with a figure in its middle, `sentences` times. */
static void write_sentences(struct text *text, uint32_t sentences, uint64_t frame_seed, uint64_t figure_seed,
			    uint32_t figures_kept)
{
	uint64_t kept_seed = 999;

	text->count = 0;
	memset(text->mask, 0, sizeof text->mask);
	for (uint32_t sentence = 0; sentence < sentences; sentence++) {
		for (uint32_t i = 0; i < 10; i++) {
			uint16_t token = word(&frame_seed);

			if (i == 5)
				token = figure(sentence < figures_kept ? &kept_seed : &figure_seed);
			text->tokens[text->count++] = token;
		}
	}
}

static void figures_that_agree_and_that_differ_are_counted(void **state)
{
	struct bench *bench = *state;

	for (uint32_t kept = 0; kept <= 12; kept += 4) {
		struct wf_comparison comparison;

		write_sentences(&bench->a, 12, 11, 12, kept);
		write_sentences(&bench->b, 12, 11, 13, kept);
		comparison = compare(bench);
		assert_int_equal(comparison.figures_same, kept);
		assert_int_equal(comparison.figures_changed, 12 - kept);
		assert_int_equal(comparison.names_changed, 0);
		/* A changed figure is no respelled word. */
		is_near(comparison.contained, (120.0 - (12 - kept)) / 120, CLOSE);
	}
}

static void a_figure_against_none_is_no_change(void **state)
{
	struct bench *bench = *state;
	struct wf_comparison comparison;
	uint64_t random = 14;

	write_sentences(&bench->a, 12, 11, 12, 0);
	write_sentences(&bench->b, 12, 11, 12, 0);
	for (uint32_t i = 5; i < 120; i += 10)
		bench->b.tokens[i] = word(&random);
	comparison = compare(bench);
	assert_int_equal(comparison.figures_changed, 0);
	assert_int_equal(comparison.figures_same, 0);
}

static void figures_in_boilerplate_do_not_count(void **state)
{
	struct bench *bench = *state;
	struct wf_comparison comparison;

	write_sentences(&bench->a, 12, 11, 12, 6);
	write_sentences(&bench->b, 12, 11, 13, 6);
	memset(bench->a.mask, 1, 20);
	memset(bench->a.mask + 100, 1, 20);
	comparison = compare(bench);
	assert_int_equal(comparison.figures_same, 4);
	assert_int_equal(comparison.figures_changed, 4);
}

static void common_words_are_no_names(void **state)
{
	struct bench *bench = *state;
	struct wf_comparison comparison;
	uint64_t random = 15;

	write_words(&bench->a, 200, 16);
	write_words(&bench->b, 200, 16);
	for (uint32_t i = 5; i < 200; i += 10)
		bench->a.tokens[i] = word(&random);
	for (uint32_t i = 0; i < 200; i++)
		bench->weights[bench->b.tokens[i]] = WF_WEIGHT_MIN;
	comparison = compare(bench);
	assert_int_equal(comparison.names_changed, 0);
	assert_int_equal(comparison.names_same, 0);
}

static void paragraphs_in_reverse_order_are_the_same_content(void **state)
{
	struct bench *bench = *state;
	struct wf_comparison comparison;

	write_words(&bench->b, 600, 17);
	bench->a.count = 0;
	for (uint32_t begin = 600; begin > 0; begin -= 30)
		append(&bench->a, &bench->b, begin - 30, 30);
	comparison = compare(bench);
	is_near(comparison.contained, 1, CLOSE);
	is_near(comparison.covering, 1, CLOSE);
	assert_true(comparison.resemblance > 0.9 && comparison.resemblance < 1);
}

static void common_boilerplate_is_not_common_content(void **state)
{
	struct bench *bench = *state;
	struct wf_comparison comparison;

	write_words(&bench->a, 300, 18);
	write_words(&bench->b, 300, 19);
	memcpy(bench->b.tokens, bench->a.tokens, 100 * sizeof(uint16_t));
	memset(bench->a.mask, 1, 100);
	memset(bench->b.mask, 1, 100);
	comparison = compare(bench);
	is_near(comparison.contained, 0, 0.01);
	is_near(comparison.covering, 0, 0.01);
	is_near(comparison.resemblance, 0, 0.01);
	is_near(comparison.own_weight, 200, 1e-6);
	is_near(comparison.other_weight, 200, 1e-6);
	memset(bench->a.mask, 1, 300);
	memset(bench->b.mask, 1, 300);
	comparison = compare(bench);
	is_near(comparison.contained, 0, CLOSE);
	is_near(comparison.covering, 0, CLOSE);
	is_near(comparison.own_weight, 0, CLOSE);
}

static void common_words_weigh_little(void **state)
{
	struct bench *bench = *state;
	struct wf_comparison comparison;

	write_words(&bench->a, 200, 20);
	write_words(&bench->b, 200, 21);
	memcpy(bench->b.tokens, bench->a.tokens, 100 * sizeof(uint16_t));
	comparison = compare(bench);
	is_near(comparison.contained, 0.5, 0.01);
	for (uint32_t i = 0; i < 100; i++)
		bench->weights[bench->a.tokens[i]] = WF_WEIGHT_MIN;
	comparison = compare(bench);
	assert_true(comparison.contained < 0.05);
	assert_true(comparison.covering < 0.05);
}

static void texts_of_no_and_one_word_are_in_nothing(void **state)
{
	struct bench *bench = *state;

	for (uint32_t a = 0; a <= 2; a++) {
		for (uint32_t b = 0; b <= 2; b++) {
			struct wf_comparison comparison;

			write_words(&bench->a, a, 22);
			write_words(&bench->b, b, 22);
			comparison = compare(bench);
			is_near(comparison.contained, a == 2 && b == 2, CLOSE);
			is_near(comparison.covering, a == 2 && b == 2, CLOSE);
			is_near(comparison.resemblance, a == 2 && b == 2, CLOSE);
			is_near(comparison.own_weight, a, CLOSE);
			is_near(comparison.other_weight, b, CLOSE);
		}
	}
}

/* The test's time limit is the check: a quadratic walk would take minutes. */
static void texts_that_repeat_themselves_do_not_blow_up(void **state)
{
	const uint32_t periods[] = {1, 2, 3, 7, 100};
	struct bench *bench = *state;

	for (size_t i = 0; i < 5; i++) {
		for (size_t k = 0; k < 5; k++) {
			struct wf_comparison comparison;

			write_words(&bench->a, WF_DOCUMENT_TOKENS_MAX, 23);
			write_words(&bench->b, WF_DOCUMENT_TOKENS_MAX, 23);
			for (uint32_t at = 0; at < WF_DOCUMENT_TOKENS_MAX; at++) {
				bench->a.tokens[at] = bench->a.tokens[at % periods[i]];
				bench->b.tokens[at] = bench->b.tokens[at % periods[k]];
			}
			comparison = compare(bench);
			all_is_in_bounds(&comparison);
			if (i == k)
				is_near(comparison.contained, 1, CLOSE);
		}
	}
}

static void shares_keep_their_bounds_and_do_not_depend_on_what_was_compared_before(void **state)
{
	struct bench *bench = *state;
	uint64_t random = 24;

	for (int round = 0; round < 400; round++) {
		struct wf_comparison first;
		struct wf_comparison again;
		struct text *swap = malloc(sizeof *swap);
		const uint32_t vocabulary = 2 + random_below(&random, 60);

		bench->a.count = random_below(&random, 300);
		bench->b.count = random_below(&random, 300);
		for (uint32_t i = 0; i < 300; i++) {
			bench->a.tokens[i] = (uint16_t)(random_below(&random, vocabulary) * 1100);
			bench->b.tokens[i] = (uint16_t)(random_below(&random, vocabulary) * 1100);
			bench->a.mask[i] = random_below(&random, 4) == 0;
			bench->b.mask[i] = random_below(&random, 4) == 0;
			bench->weights[bench->a.tokens[i]] = (uint8_t)(1 + random_below(&random, WF_WEIGHT_MAX));
		}
		first = compare(bench);
		all_is_in_bounds(&first);
		assert_true(first.own_weight <= bench->a.count);
		/* The same newcomer against another text, then against the first again. */
		*swap = bench->b;
		write_words(&bench->b, 500, random_next(&random));
		wf_profile_compare(bench->profile, bench->b.tokens, bench->b.count, bench->b.mask, &again);
		wf_profile_scan(bench->profile, swap->tokens, swap->count, &again);
		wf_profile_finish(bench->profile, swap->tokens, swap->count, swap->mask, &again);
		assert_true(comparisons_are_equal(&first, &again));
		free(swap);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(evidence_round_trip),
		TEST(equal_words_have_equal_tokens_and_others_seldom),
		TEST(damaged_evidence_is_refused),
		TEST(more_tokens_than_the_bound_are_refused),
		TEST(evidence_without_memory_is_refused),
		TEST(identical_texts_are_wholly_in_each_other),
		TEST(what_the_newcomer_has_twice_is_covered_in_both_places),
		TEST(texts_without_a_common_pair_of_words_share_nothing),
		TEST(a_third_of_a_text_is_contained_and_covers_a_third),
		TEST(typing_errors_cost_less_than_the_words_they_are_in),
		TEST(a_text_of_broken_words_is_read_word_by_word),
		TEST(the_longest_run_is_of_own_words_alone),
		TEST(marks_tell_whose_tokens_are_whose),
		TEST(inserted_words_are_content_of_their_own),
		TEST(figures_that_agree_and_that_differ_are_counted),
		TEST(a_figure_against_none_is_no_change),
		TEST(figures_in_boilerplate_do_not_count),
		TEST(common_words_are_no_names),
		TEST(paragraphs_in_reverse_order_are_the_same_content),
		TEST(common_boilerplate_is_not_common_content),
		TEST(common_words_weigh_little),
		TEST(texts_of_no_and_one_word_are_in_nothing),
		TEST(texts_that_repeat_themselves_do_not_blow_up),
		TEST(shares_keep_their_bounds_and_do_not_depend_on_what_was_compared_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
