#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hash.h"

#define WORDS_COUNT 400000u

static uint32_t word_hash(struct wf_word_keys keys, const char *word)
{
	char chunk[16] = {0};

	memcpy(chunk, word, strlen(word));
	return wf_word_hash_finish(wf_word_hash_chunk(keys, 0, wf_hash_load(chunk), wf_hash_load(chunk + 8)));
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	return (first > second) - (first < second);
}

static uint32_t collisions_count(uint32_t *hashes, uint32_t count)
{
	uint32_t collisions = 0;

	qsort(hashes, count, sizeof(hashes[0]), compare_numbers);
	for (uint32_t i = 1; i < count; i++)
		collisions += hashes[i] == hashes[i - 1];
	return collisions;
}

/* Words that are nearly alike, as numbers and inflected words are: letters or digits in base 10 or 26, an ending on
 * some. All distinct. */
static void word_of(char *word, uint32_t i, uint32_t kind)
{
	static const char *const endings[] = {"", "s", "ing", "ation", "isation"};

	if (kind == 0) {
		sprintf(word, "%u", (unsigned)i);
		return;
	}
	if (kind == 1) {
		sprintf(word, "%u.%02u", (unsigned)(i / 100), (unsigned)(i % 100));
		return;
	}
	for (uint32_t letter = 0, value = i / 5; letter < 4; letter++, value /= 26)
		*word++ = (char)('a' + value % 26);
	strcpy(word, endings[i % 5]);
}

/* Ideal: n^2 / 2^33 = 18.6 for 400,000 words; more than 45 would come by chance once in ten million. */
static void words_collide_as_chance_has_it(void **state)
{
	uint32_t *hashes = malloc(WORDS_COUNT * sizeof(hashes[0]));
	uint32_t collisions_all = 0;

	(void)state;
	assert_non_null(hashes);
	for (uint32_t kind = 0; kind < 3; kind++)
		for (uint64_t seed = 0; seed < 4; seed++) {
			const struct wf_word_keys keys = wf_word_keys_of(seed);
			uint32_t collisions;

			for (uint32_t i = 0; i < WORDS_COUNT; i++) {
				char word[32];

				word_of(word, i, kind);
				hashes[i] = word_hash(keys, word);
			}
			collisions = collisions_count(hashes, WORDS_COUNT);
			assert_in_range(collisions, 0, 45);
			collisions_all += collisions;
		}
	/* 224 expected in all: neither far more nor far fewer, which a plain counter would give. */
	assert_in_range(collisions_all, 120, 330);
	free(hashes);
}

/* Each of the 32 bits is set in half of the hashes, and of pairs of like words, half of the bits differ. */
static void bits_of_words_are_even(void **state)
{
	const struct wf_word_keys keys = wf_word_keys_of(99);
	uint32_t set[32] = {0}, differ[32] = {0}, before = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		char word[32];
		uint32_t hash;

		word_of(word, i, 0);
		hash = word_hash(keys, word);
		for (uint32_t bit = 0; bit < 32; bit++) {
			set[bit] += hash >> bit & 1;
			differ[bit] += (hash ^ before) >> bit & 1;
		}
		before = hash;
	}
	for (uint32_t bit = 0; bit < 32; bit++) {
		assert_in_range(set[bit], 48000, 52000);
		assert_in_range(differ[bit], 48000, 52000);
	}
}

static void values_stay_the_same_for_ever(void **state)
{
	const struct wf_word_keys keys = wf_word_keys_of(42);

	(void)state;
	assert_true(wf_hash_bytes((struct wf_bytes){NULL, 0}, 0) == UINT64_C(0x2D06800538D394C2));
	assert_true(wf_hash_bytes(wf_bytes_of("reuters"), 42) == UINT64_C(0x6982A107D2813D63));
	assert_true(wf_hash_mix(42) == UINT64_C(0xA759EA27D4727622));
	assert_true(wf_hash_pair(1, 2, 42) == UINT64_C(0xEFF26EB0967AD4C));
	assert_true(keys.low == UINT64_C(0xBDD732262FEB6E95));
	assert_true(keys.high == UINT64_C(0x28EFE333B266F103));
	assert_int_equal(word_hash(keys, "oil"), 0x44D92A3B);
	assert_int_equal(word_hash(keys, "internationally"), 0xFCF783BF);
}

static void order_of_a_pair_matters(void **state)
{
	(void)state;
	assert_true(wf_hash_pair(1, 2, 0) != wf_hash_pair(2, 1, 0));
	assert_true(wf_hash_pair(1, 2, 0) != wf_hash_pair(1, 2, 1));
}

static void last_chunk_takes_only_the_bytes_of_the_word(void **state)
{
	const struct wf_word_keys keys = wf_word_keys_of(42);

	(void)state;
	for (uint32_t length = 0; length <= 16; length++) {
		char clean[16] = {0}, dirty[16];

		memset(dirty, 'x', sizeof(dirty));
		memcpy(clean, "abcdefghijklmnop", length);
		memcpy(dirty, "abcdefghijklmnop", length);
		assert_int_equal(
			wf_word_hash_last(keys, 5, wf_hash_load(dirty), wf_hash_load(dirty + 8), length),
			wf_word_hash_finish(wf_word_hash_chunk(keys, 5, wf_hash_load(clean), wf_hash_load(clean + 8))));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_collide_as_chance_has_it),
		cmocka_unit_test(bits_of_words_are_even),
		cmocka_unit_test(values_stay_the_same_for_ever),
		cmocka_unit_test(order_of_a_pair_matters),
		cmocka_unit_test(last_chunk_takes_only_the_bytes_of_the_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
