#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frequency.h"
#include "random_source.h"

static uint8_t marks[WF_TOKEN_VALUES / 8];

/* Helpers */

static struct wf_frequency *fresh(void)
{
	static struct wf_frequency frequency;

	wf_frequency_init(&frequency);
	return &frequency;
}

static void learn(struct wf_frequency *frequency, const uint16_t *tokens, size_t count)
{
	static const uint8_t zeros[sizeof marks];

	wf_frequency_learn(frequency, tokens, count, marks);
	assert_memory_equal(marks, zeros, sizeof zeros);
}

/* `stories` stories, in which word k comes in every 2^k-th. */
static void learn_powers(struct wf_frequency *frequency, uint32_t stories)
{
	for (uint32_t story = 0; story < stories; story++) {
		uint16_t tokens[16];
		size_t count = 0;

		for (uint16_t k = 0; k < 16; k++)
			if (story % (1u << k) == 0)
				tokens[count++] = k;
		learn(frequency, tokens, count);
	}
}

/* wf_frequency_init */

static void a_new_corpus_weighs_every_word_the_same(void **state)
{
	const struct wf_frequency *frequency = fresh();

	(void)state;
	assert_int_equal(frequency->stories, 0);
	for (size_t i = 0; i < WF_TOKEN_VALUES; i++)
		assert_int_equal(frequency->weights[i], WF_WEIGHT_MAX);
}

/* wf_frequency_learn */

static void too_few_stories_say_nothing_of_weights(void **state)
{
	const uint16_t tokens[] = {1, 2, 3};
	struct wf_frequency *frequency = fresh();

	(void)state;
	for (int i = 1; i < WF_FREQUENCY_STORIES_MIN; i++) {
		learn(frequency, tokens, 3);
		assert_int_equal(frequency->weights[1], frequency->weights[4]);
	}
	learn(frequency, tokens, 3);
	assert_true(frequency->weights[1] < frequency->weights[4]);
}

static void a_word_counts_once_a_story(void **state)
{
	const uint16_t tokens[] = {0, 7, 7, 65535, 7, 65535, 8, 0};
	struct wf_frequency *frequency = fresh();

	(void)state;
	learn(frequency, tokens, 8);
	learn(frequency, tokens, 3);
	learn(frequency, tokens, 0);
	assert_int_equal(frequency->stories, 3);
	assert_int_equal(frequency->counts[0], 2);
	assert_int_equal(frequency->counts[7], 2);
	assert_int_equal(frequency->counts[8], 1);
	assert_int_equal(frequency->counts[65535], 1);
	assert_int_equal(frequency->counts[9], 0);
}

static void weights_fall_as_words_become_common(void **state)
{
	struct wf_frequency *frequency = fresh();

	(void)state;
	learn_powers(frequency, 4096);
	for (uint16_t k = 0; k + 1 < 12; k++)
		assert_true(frequency->weights[k] < frequency->weights[k + 1]);
	assert_true(frequency->weights[0] <= WF_WEIGHT_MIN + 1);
	assert_int_equal(frequency->weights[20], WF_WEIGHT_MAX);
}

static void weights_keep_their_bounds(void **state)
{
	struct wf_frequency *frequency = fresh();
	uint64_t random = 3;

	(void)state;
	for (uint32_t story = 0; story < 2000; story++) {
		uint16_t tokens[50];

		for (size_t i = 0; i < 50; i++)
			tokens[i] = (uint16_t)(random_below(&random, 256) * random_below(&random, 256));
		learn(frequency, tokens, 50);
		for (size_t i = 0; story % 200 == 0 && i < WF_TOKEN_VALUES; i++)
			assert_in_range(frequency->weights[i], WF_WEIGHT_MIN, WF_WEIGHT_MAX);
	}
}

static void a_word_that_goes_out_of_use_gains_weight_again(void **state)
{
	const uint16_t old[] = {5};
	const uint16_t new[] = {6};
	struct wf_frequency *frequency = fresh();
	uint8_t before;

	(void)state;
	for (int i = 0; i < 200; i++)
		learn(frequency, old, 1);
	before = frequency->weights[5];
	for (int i = 0; i < 2000; i++)
		learn(frequency, new, 1);
	assert_true(frequency->weights[5] > before);
	assert_true(frequency->weights[6] < frequency->weights[5]);
}

static void counts_are_halved_before_they_run_over_and_weights_stay(void **state)
{
	const uint16_t none[] = {9};
	struct wf_frequency *frequency = fresh();
	uint64_t stories = 0;

	(void)state;
	learn_powers(frequency, 1024);
	for (int k = 0; k < 22 && frequency->stories >= stories; k++) {
		/* The corpus twice as large, with the same shares. */
		stories = frequency->stories * 2;
		frequency->stories = stories;
		for (size_t i = 0; i < WF_TOKEN_VALUES; i++)
			frequency->counts[i] *= 2;
		/* A large corpus may be learned from a sample. */
		for (int i = 0; i < 8 && frequency->stories >= stories; i++)
			learn(frequency, none, 1);
	}
	assert_in_range(frequency->stories, stories / 2, stories / 2 + 4);
	for (uint32_t i = 0; i < 8; i++) {
		const uint64_t wanted = stories / 2 >> i;

		assert_in_range(frequency->counts[i], wanted - wanted / 50, wanted);
		assert_true(i == 0 || frequency->weights[i - 1] < frequency->weights[i]);
	}
	assert_true(frequency->weights[0] <= WF_WEIGHT_MIN + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_corpus_weighs_every_word_the_same),
		cmocka_unit_test(too_few_stories_say_nothing_of_weights),
		cmocka_unit_test(a_word_counts_once_a_story),
		cmocka_unit_test(weights_fall_as_words_become_common),
		cmocka_unit_test(weights_keep_their_bounds),
		cmocka_unit_test(a_word_that_goes_out_of_use_gains_weight_again),
		cmocka_unit_test(counts_are_halved_before_they_run_over_and_weights_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
