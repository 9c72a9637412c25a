#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "frequency.h"
#include "passage.h"
#include "random_source.h"

#define KEYS_ROOM 8192u

struct text {
	uint16_t tokens[WF_DOCUMENT_TOKENS_MAX];
	uint8_t mask[WF_DOCUMENT_TOKENS_MAX];
	uint32_t count;
	uint64_t keys[KEYS_ROOM];
	uint32_t keys_count;
};

static uint32_t shingles_room[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
static int32_t ranks_room[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
static struct wf_passage_ranking ranking = {.shingles = shingles_room, .ranks = ranks_room};
static uint16_t places[KEYS_ROOM];
static uint8_t weights[WF_TOKEN_VALUES];
static uint8_t token_weights[WF_DOCUMENT_TOKENS_MAX];

/* Helpers */

static int texts_set_up(void **state)
{
	struct text *texts = calloc(2, sizeof *texts);

	memset(weights, WF_WEIGHT_MAX, sizeof weights);
	*state = texts;
	return texts == NULL;
}

static int texts_tear_down(void **state)
{
	free(*state);
	return 0;
}

static void fill(struct text *text, uint32_t count, uint64_t *random)
{
	text->count = count;
	memset(text->mask, 0, sizeof text->mask);
	for (uint32_t i = 0; i < count; i++)
		text->tokens[i] = (uint16_t)random_next(random);
}

static void choose(struct text *text, const struct wf_passage_windows *windows, uint32_t keys_max)
{
	wf_weights_of(weights, text->tokens, text->count, token_weights);
	wf_passage_rank(&ranking, text->tokens, token_weights, text->count, text->mask);
	text->keys_count = wf_passage_choose(windows, &ranking, places, keys_max);
	assert_in_range(text->keys_count, 0, keys_max);
	wf_passage_keys(&ranking, places, text->keys_count, text->keys);
}

static bool has_key(const struct text *text, uint64_t key)
{
	for (uint32_t i = 0; i < text->keys_count; i++)
		if (text->keys[i] == key)
			return true;
	return false;
}

static uint32_t keys_shared(const struct text *a, const struct text *b)
{
	uint32_t shared = 0;

	for (uint32_t i = 0; i < a->keys_count; i++)
		shared += has_key(b, a->keys[i]);
	return shared;
}

/* The key of a shingle, as the only one that a text of two words has. */
static uint64_t key_of(struct text *text, uint16_t first, uint16_t second)
{
	text->count = 2;
	text->tokens[0] = first;
	text->tokens[1] = second;
	memset(text->mask, 0, sizeof text->mask);
	choose(text, &WF_PASSAGE_ASKED, KEYS_ROOM);
	assert_int_equal(text->keys_count, 1);
	return text->keys[0];
}

/* wf_passage_keys */

static void a_text_without_a_shingle_has_no_key(void **state)
{
	struct text *text = *state;

	for (text->count = 0; text->count < 2; text->count++) {
		choose(text, &WF_PASSAGE_STORED, KEYS_ROOM);
		assert_int_equal(text->keys_count, 0);
	}
}

static void the_shortest_text_has_the_same_key_stored_and_asked(void **state)
{
	struct text *texts = *state;
	uint64_t random = 1;

	for (uint32_t count = 2; count < 200; count++) {
		fill(&texts[0], count, &random);
		memcpy(&texts[1], &texts[0], sizeof texts[1]);
		choose(&texts[0], &WF_PASSAGE_STORED, KEYS_ROOM);
		choose(&texts[1], &WF_PASSAGE_ASKED, KEYS_ROOM);
		assert_true(texts[0].keys_count >= 1);
		assert_true(keys_shared(&texts[0], &texts[1]) >= 1);
	}
}

static void what_a_wide_window_chooses_a_narrow_one_chooses_too(void **state)
{
	struct text *texts = *state;
	uint64_t random = 2;

	for (uint32_t window = 4; window <= 48; window += 4) {
		const struct wf_passage_windows wide = {0, window, window, UINT32_MAX};
		const struct wf_passage_windows narrow = {0, window / 2, window / 2, UINT32_MAX};

		fill(&texts[0], 50 + random_below(&random, 3000), &random);
		for (uint32_t i = 0; i < texts[0].count; i++)
			weights[texts[0].tokens[i]] = (uint8_t)(1 + random_below(&random, WF_WEIGHT_MAX));
		memcpy(&texts[1], &texts[0], sizeof texts[1]);
		choose(&texts[0], &wide, KEYS_ROOM);
		choose(&texts[1], &narrow, KEYS_ROOM);
		if (keys_shared(&texts[0], &texts[1]) != texts[0].keys_count)
			fail_msg("window %u: %u of %u", window, keys_shared(&texts[0], &texts[1]), texts[0].keys_count);
		assert_true(texts[1].keys_count > texts[0].keys_count);
	}
}

static void a_wide_window_chooses_from_among_a_narrow_ones_as_from_all(void **state)
{
	static uint16_t narrow[WF_DOCUMENT_TOKENS_MAX];
	static uint16_t among[WF_DOCUMENT_TOKENS_MAX];
	struct text *text = *state;
	uint64_t random = 12;

	for (int round = 0; round < 400; round++) {
		const uint32_t window = 1 + random_below(&random, 30);
		const struct wf_passage_windows asked = {random_below(&random, 200), window, window + 3, 32};
		const struct wf_passage_windows stored = {asked.lead_shingles, window + random_below(&random, 30),
							  window + 3 + random_below(&random, 30), 16};
		uint32_t narrow_count;

		fill(text, random_below(&random, 900), &random);
		choose(text, &stored, KEYS_ROOM);
		narrow_count = wf_passage_choose(&asked, &ranking, narrow, WF_DOCUMENT_TOKENS_MAX);
		assert_int_equal(wf_passage_choose_among(&stored, &ranking, narrow, narrow_count, among),
				 text->keys_count);
		assert_memory_equal(among, places, text->keys_count * sizeof *among);
	}
}

static void nearly_all_stored_keys_are_asked_for(void **state)
{
	struct text *texts = *state;
	uint64_t random = 3;

	for (int round = 0; round < 100; round++) {
		fill(&texts[0], 20 + random_below(&random, 1500), &random);
		memcpy(&texts[1], &texts[0], sizeof texts[1]);
		choose(&texts[0], &WF_PASSAGE_STORED, KEYS_ROOM);
		choose(&texts[1], &WF_PASSAGE_ASKED, KEYS_ROOM);
		/* Not where the beginning ends and the rest begins, and at the text's ends. */
		assert_true(keys_shared(&texts[0], &texts[1]) + 3 >= texts[0].keys_count);
	}
}

static void texts_that_share_a_run_of_a_window_share_a_key(void **state)
{
	struct text *texts = *state;
	uint64_t random = 4;

	for (int round = 0; round < 300; round++) {
		const uint32_t window = 3 + random_below(&random, 30);
		const struct wf_passage_windows windows = {0, window, window, UINT32_MAX};
		const uint32_t run = window + 1; /* tokens of a run of `window` shingles */
		uint32_t a;
		uint32_t b;

		fill(&texts[0], 100 + random_below(&random, 500), &random);
		fill(&texts[1], 100 + random_below(&random, 500), &random);
		a = random_below(&random, texts[0].count - run + 1);
		b = random_below(&random, texts[1].count - run + 1);
		memcpy(texts[1].tokens + b, texts[0].tokens + a, run * sizeof(uint16_t));
		choose(&texts[0], &windows, KEYS_ROOM);
		choose(&texts[1], &windows, KEYS_ROOM);
		if (keys_shared(&texts[0], &texts[1]) == 0)
			fail_msg("round %d, window %u: no key in common", round, window);
	}
}

static void a_cut_of_the_beginning_is_found_by_its_keys(void **state)
{
	struct text *texts = *state;
	uint64_t random = 5;

	for (int round = 0; round < 200; round++) {
		fill(&texts[0], 300 + random_below(&random, 500), &random);
		memcpy(&texts[1], &texts[0], sizeof texts[1]);
		texts[1].count = 30 + random_below(&random, 60);
		choose(&texts[0], &WF_PASSAGE_STORED, WF_DOCUMENT_KEYS_MAX);
		choose(&texts[1], &WF_PASSAGE_ASKED, KEYS_ROOM);
		assert_true(keys_shared(&texts[0], &texts[1]) >= 2); /* the cut comes second */
		choose(&texts[0], &WF_PASSAGE_ASKED, KEYS_ROOM);
		choose(&texts[1], &WF_PASSAGE_STORED, WF_DOCUMENT_KEYS_MAX);
		assert_true(keys_shared(&texts[1], &texts[0]) >= 2); /* the cut comes first */
	}
}

static void boilerplate_is_never_chosen(void **state)
{
	struct text *texts = *state;
	uint64_t random = 6;

	fill(&texts[0], 800, &random);
	for (uint32_t i = 0; i < 800; i++)
		texts[0].mask[i] = i < 100 || (i >= 300 && i < 420) || i >= 700;
	choose(&texts[0], &WF_PASSAGE_ASKED, KEYS_ROOM);
	assert_true(texts[0].keys_count > 20);
	for (uint32_t i = 0; i + 1 < 800; i++)
		if (texts[0].mask[i] && texts[0].mask[i + 1])
			assert_false(has_key(&texts[0], key_of(&texts[1], texts[0].tokens[i], texts[0].tokens[i + 1])));
	memset(texts[0].mask, 1, sizeof texts[0].mask);
	choose(&texts[0], &WF_PASSAGE_ASKED, KEYS_ROOM);
	assert_int_equal(texts[0].keys_count, 0);
}

static void boilerplate_around_a_text_changes_few_of_its_keys(void **state)
{
	struct text *texts = *state;
	uint64_t random = 7;

	fill(&texts[0], 60, &random);
	fill(&texts[1], 160, &random);
	memcpy(texts[1].tokens + 50, texts[0].tokens, 60 * sizeof(uint16_t));
	for (uint32_t i = 0; i < 160; i++)
		texts[1].mask[i] = i < 50 || i >= 110;
	choose(&texts[0], &WF_PASSAGE_ASKED, KEYS_ROOM);
	choose(&texts[1], &WF_PASSAGE_ASKED, KEYS_ROOM);
	assert_true(keys_shared(&texts[0], &texts[1]) + 2 >= texts[0].keys_count);
}

static void shingles_of_common_words_alone_are_never_chosen(void **state)
{
	struct text *texts = *state;
	uint64_t random = 8;

	fill(&texts[0], 400, &random);
	for (uint32_t i = 100; i < 200; i++)
		weights[texts[0].tokens[i]] = WF_WEIGHT_MIN;
	choose(&texts[0], &WF_PASSAGE_ASKED, KEYS_ROOM);
	memcpy(texts[1].tokens, texts[0].tokens + 100, 100 * sizeof(uint16_t));
	texts[1].count = 100;
	memset(texts[1].mask, 0, sizeof texts[1].mask);
	choose(&texts[1], &WF_PASSAGE_ASKED, KEYS_ROOM);
	assert_int_equal(texts[1].keys_count, 0);
	assert_true(texts[0].keys_count > 0);
}

static void rare_shingles_are_chosen_first(void **state)
{
	struct text *texts = *state;
	uint64_t random = 9;
	uint32_t chosen = 0;
	uint32_t rare = 0;

	fill(&texts[0], 1000, &random);
	for (uint32_t i = 0; i < 1000; i++)
		weights[texts[0].tokens[i]] = i % 20 < 2 ? WF_WEIGHT_MAX : WF_WEIGHT_MAX / 4;
	choose(&texts[0], &WF_PASSAGE_STORED, KEYS_ROOM);
	for (uint32_t i = 0; i + 1 < 1000; i++) {
		uint64_t key;

		memset(weights, WF_WEIGHT_MAX, sizeof weights);
		key = key_of(&texts[1], texts[0].tokens[i], texts[0].tokens[i + 1]);
		chosen += has_key(&texts[0], key);
		rare += has_key(&texts[0], key) && (i + 1) % 20 < 3;
	}
	assert_true(chosen > 10);
	assert_true(rare * 2 > chosen); /* three twentieths of all shingles have a rare word */
}

static void the_bound_on_keys_is_kept_and_neighbours_differ(void **state)
{
	struct text *text = *state;
	uint64_t random = 10;

	fill(text, WF_DOCUMENT_TOKENS_MAX, &random);
	for (uint32_t keys_max = 0; keys_max < 40; keys_max++) {
		text->keys[keys_max] = 0x5a5a5a5a;
		choose(text, &WF_PASSAGE_ASKED, keys_max);
		assert_int_equal(text->keys_count, keys_max);
		assert_int_equal(text->keys[keys_max], 0x5a5a5a5a);
		for (uint32_t i = 1; i < keys_max; i++)
			assert_true(text->keys[i] != text->keys[i - 1]);
	}
}

static void keys_are_few_however_long_the_text(void **state)
{
	struct text *text = *state;
	uint64_t random = 11;

	fill(text, WF_DOCUMENT_TOKENS_MAX, &random);
	choose(text, &WF_PASSAGE_STORED, KEYS_ROOM);
	assert_in_range(text->keys_count, 16, WF_DOCUMENT_KEYS_MAX);
	for (uint32_t i = 0; i < text->count; i++)
		text->tokens[i] = 5;
	choose(text, &WF_PASSAGE_STORED, KEYS_ROOM);
	assert_in_range(text->keys_count, 1, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_text_without_a_shingle_has_no_key, texts_set_up, texts_tear_down),
		cmocka_unit_test_setup_teardown(the_shortest_text_has_the_same_key_stored_and_asked, texts_set_up,
						texts_tear_down),
		cmocka_unit_test_setup_teardown(what_a_wide_window_chooses_a_narrow_one_chooses_too, texts_set_up,
						texts_tear_down),
		cmocka_unit_test_setup_teardown(a_wide_window_chooses_from_among_a_narrow_ones_as_from_all,
						texts_set_up, texts_tear_down),
		cmocka_unit_test_setup_teardown(nearly_all_stored_keys_are_asked_for, texts_set_up, texts_tear_down),
		cmocka_unit_test_setup_teardown(texts_that_share_a_run_of_a_window_share_a_key, texts_set_up,
						texts_tear_down),
		cmocka_unit_test_setup_teardown(a_cut_of_the_beginning_is_found_by_its_keys, texts_set_up,
						texts_tear_down),
		cmocka_unit_test_setup_teardown(boilerplate_is_never_chosen, texts_set_up, texts_tear_down),
		cmocka_unit_test_setup_teardown(boilerplate_around_a_text_changes_few_of_its_keys, texts_set_up,
						texts_tear_down),
		cmocka_unit_test_setup_teardown(shingles_of_common_words_alone_are_never_chosen, texts_set_up,
						texts_tear_down),
		cmocka_unit_test_setup_teardown(rare_shingles_are_chosen_first, texts_set_up, texts_tear_down),
		cmocka_unit_test_setup_teardown(the_bound_on_keys_is_kept_and_neighbours_differ, texts_set_up,
						texts_tear_down),
		cmocka_unit_test_setup_teardown(keys_are_few_however_long_the_text, texts_set_up, texts_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
