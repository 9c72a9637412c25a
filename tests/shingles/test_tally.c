#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tally.h"

#define BANDS 4u

/* A table, and a newcomer that asks for the key of its text, its bands and its passages. */
struct desk {
	struct wf_lsh lsh;
	struct wf_newcomer newcomer;
	struct wf_tally tally;
	struct wf_tally_entry best[WF_TALLY_BEST];
};

/* The i-th key of the newcomer: 0 its text, then its bands, then its passages. */
static uint64_t key_of(uint32_t i)
{
	return (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
}

static void enter(struct desk *desk, uint32_t number, uint32_t key)
{
	assert_int_equal(wf_lsh_insert(&desk->lsh, key_of(key), number), 0);
}

static uint32_t find(struct desk *desk, uint32_t passages)
{
	desk->newcomer.bands = BANDS;
	desk->newcomer.keys_count = 1 + BANDS + passages;
	for (uint32_t i = 0; i < desk->newcomer.keys_count; i++)
		desk->newcomer.keys[i] = key_of(i);
	wf_tally_begin(&desk->tally, &desk->lsh, &desk->newcomer);
	return wf_tally_find(&desk->tally, &desk->lsh, &desk->newcomer, desk->best);
}

static int set_up(void **state)
{
	static struct desk desk;

	*state = &desk;
	return wf_lsh_init(&desk.lsh);
}

static int tear_down(void **state)
{
	struct desk *desk = *state;

	wf_lsh_close(&desk->lsh);
	return 0;
}

static void nobody_shares_keys_with_a_newcomer_that_has_none(void **state)
{
	struct desk *desk = *state;

	enter(desk, 1, 0);
	desk->newcomer.keys_count = 0;
	assert_int_equal(wf_tally_find(&desk->tally, &desk->lsh, &desk->newcomer, desk->best), 0);
	assert_int_equal(find(desk, 3), 1);
}

static void the_same_text_comes_before_bands_and_bands_before_passages(void **state)
{
	struct desk *desk = *state;

	enter(desk, 1, 1 + BANDS); /* a passage */
	enter(desk, 2, 1);         /* a band */
	enter(desk, 3, 0);         /* the text */
	assert_int_equal(find(desk, 3), 3);
	assert_int_equal(desk->best[0].number, 3);
	assert_int_equal(desk->best[1].number, 2);
	assert_int_equal(desk->best[2].number, 1);
}

static void keys_in_common_add_up_and_of_equals_the_older_comes_first(void **state)
{
	struct desk *desk = *state;

	for (uint32_t key = 1; key <= 2; key++)
		for (uint32_t number = 9; number >= 7; number--)
			enter(desk, number, key);
	for (uint32_t key = 3; key <= 4; key++)
		enter(desk, 8, key);
	assert_int_equal(find(desk, 0), 3);
	assert_int_equal(desk->best[0].number, 8);
	assert_int_equal(desk->best[0].hits, 4);
	assert_int_equal(desk->best[1].number, 7);
	assert_int_equal(desk->best[2].number, 9);
	assert_int_equal(desk->best[2].hits, 2);
}

static void a_key_that_few_articles_have_says_more(void **state)
{
	struct desk *desk = *state;

	for (uint32_t number = 1; number <= WF_LSH_BUCKET_MAX; number++)
		enter(desk, number, 1);
	enter(desk, 100, 2);
	assert_int_equal(find(desk, 0), WF_LSH_BUCKET_MAX + 1);
	assert_int_equal(desk->best[0].number, 100);
	assert_int_equal(desk->best[1].number, 1);
}

static void of_a_newcomer_with_many_passages_one_key_in_common_is_not_enough(void **state)
{
	struct desk *desk = *state;

	enter(desk, 1, 1 + BANDS);
	enter(desk, 2, 2 + BANDS);
	enter(desk, 2, 3 + BANDS);
	assert_int_equal(find(desk, 19), 2);
	assert_int_equal(find(desk, 20), 1);
	assert_int_equal(desk->best[0].number, 2);
}

static void of_one_with_some_passages_a_key_that_others_have_is_not_enough(void **state)
{
	struct desk *desk = *state;

	for (uint32_t number = 1; number <= 2; number++)
		enter(desk, number, 1 + BANDS);
	for (uint32_t number = 11; number <= 13; number++)
		enter(desk, number, 2 + BANDS);
	assert_int_equal(find(desk, 15), 5);
	assert_int_equal(find(desk, 16), 2);
	assert_int_equal(desk->best[0].number, 1);
	assert_int_equal(desk->best[1].number, 2);
	/* With a second one it is. */
	enter(desk, 12, 3 + BANDS);
	assert_int_equal(find(desk, 16), 3);
	assert_int_equal(desk->best[0].number, 12);
	assert_int_equal(find(desk, 40), 1);
}

static void of_two_keys_that_many_have_the_same_holds(void **state)
{
	struct desk *desk = *state;

	for (uint32_t key = 1 + BANDS; key <= 2 + BANDS; key++)
		for (uint32_t number = 1; number <= WF_LSH_BUCKET_MAX; number++)
			enter(desk, number, key);
	assert_int_equal(find(desk, 15), WF_LSH_BUCKET_MAX);
	assert_int_equal(find(desk, 16), 0);
	enter(desk, 7, 3 + BANDS);
	assert_int_equal(find(desk, 16), 1);
	assert_int_equal(desk->best[0].number, 7);
}

static void no_more_are_given_than_there_is_room_for(void **state)
{
	struct desk *desk = *state;
	uint32_t number = 1;

	for (uint32_t key = 0; key < WF_NEWCOMER_KEYS_MAX; key++)
		for (uint32_t i = 0; i < WF_LSH_BUCKET_MAX; i++)
			enter(desk, number++, key);
	assert_int_equal(find(desk, 15), WF_TALLY_BEST);
	for (uint32_t i = 0; i < WF_LSH_BUCKET_MAX; i++)
		assert_int_equal(desk->best[i].number, 1 + i); /* under the key of the text */
	assert_int_equal(find(desk, WF_NEWCOMER_KEYS_MAX - 1 - BANDS), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_shares_keys_with_a_newcomer_that_has_none),
		TEST(the_same_text_comes_before_bands_and_bands_before_passages),
		TEST(keys_in_common_add_up_and_of_equals_the_older_comes_first),
		TEST(a_key_that_few_articles_have_says_more),
		TEST(of_a_newcomer_with_many_passages_one_key_in_common_is_not_enough),
		TEST(of_one_with_some_passages_a_key_that_others_have_is_not_enough),
		TEST(of_two_keys_that_many_have_the_same_holds),
		TEST(no_more_are_given_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
