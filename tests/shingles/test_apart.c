#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "apart.h"
#include "memory_fault.h"
#include "random_source.h"

#define CLUSTERS 40u
#define STEPS    20000u

static int apart_set_up(void **state)
{
	struct wf_apart *apart = malloc(sizeof *apart);

	wf_apart_init(apart);
	*state = apart;
	return 0;
}

static int apart_tear_down(void **state)
{
	wf_apart_close(*state);
	free(*state);
	return memory_live() == 0 ? 0 : -1;
}

static uint32_t count_of(const struct wf_apart *apart, uint64_t cluster)
{
	uint32_t count;

	(void)wf_apart_of(apart, cluster, &count);
	return count;
}

static void two_are_held_apart_from_either_side_once(void **state)
{
	struct wf_apart *apart = *state;

	assert_false(wf_apart_holds(apart, 1, 2));
	assert_int_equal(wf_apart_add(apart, 1, 2), 0);
	assert_int_equal(wf_apart_add(apart, 2, 1), 0);
	assert_int_equal(wf_apart_add(apart, 3, 3), 0);
	assert_true(wf_apart_holds(apart, 1, 2));
	assert_true(wf_apart_holds(apart, 2, 1));
	assert_false(wf_apart_holds(apart, 1, 3));
	assert_false(wf_apart_holds(apart, 3, 3));
	assert_int_equal(count_of(apart, 1), 1);
	assert_int_equal(apart->pairs_count, 1);
}

static void the_survivor_of_a_fold_is_held_apart_from_what_either_was(void **state)
{
	struct wf_apart *apart = *state;

	assert_int_equal(wf_apart_add(apart, 1, 2), 0);
	assert_int_equal(wf_apart_add(apart, 1, 3), 0);
	assert_int_equal(wf_apart_add(apart, 4, 3), 0);
	assert_int_equal(wf_apart_add(apart, 4, 5), 0);
	assert_int_equal(wf_apart_fold(apart, 1, 4), 0);
	assert_int_equal(count_of(apart, 1), 0);
	assert_int_equal(count_of(apart, 4), 3);
	assert_true(wf_apart_holds(apart, 4, 2) && wf_apart_holds(apart, 4, 3) && wf_apart_holds(apart, 4, 5));
	assert_int_equal(count_of(apart, 3), 1);
	assert_int_equal(apart->pairs_count, 3);
}

static void two_that_become_one_are_no_longer_held_apart(void **state)
{
	struct wf_apart *apart = *state;

	assert_int_equal(wf_apart_add(apart, 1, 2), 0);
	assert_int_equal(wf_apart_fold(apart, 1, 2), 0);
	assert_int_equal(count_of(apart, 2), 0);
	assert_int_equal(apart->pairs_count, 0);
	assert_int_equal(apart->lists_bytes, 0);
}

static void a_cluster_that_is_gone_leaves_nothing(void **state)
{
	struct wf_apart *apart = *state;

	for (uint64_t other = 2; other < 100; other++)
		assert_int_equal(wf_apart_add(apart, 1, other), 0);
	assert_int_equal(wf_apart_add(apart, 50, 51), 0);
	wf_apart_forget(apart, 1);
	assert_int_equal(apart->pairs_count, 1);
	assert_int_equal(count_of(apart, 1), 0);
	assert_int_equal(count_of(apart, 2), 0);
	assert_true(wf_apart_holds(apart, 50, 51));
	wf_apart_forget(apart, 51);
	wf_apart_forget(apart, 51);
	assert_int_equal(apart->lists_bytes, 0);
}

static void a_cluster_is_held_apart_from_so_many_and_no_more(void **state)
{
	struct wf_apart *apart = *state;

	for (uint64_t other = 1; other <= WF_APART_MAX; other++)
		assert_int_equal(wf_apart_add(apart, 5000, other), 0);
	assert_int_equal(wf_apart_add(apart, 5000, 6000), WF_ETOOLARGE);
	assert_int_equal(wf_apart_add(apart, 6000, 5000), WF_ETOOLARGE);
	assert_int_equal(wf_apart_add(apart, 5000, 7), 0);
	assert_int_equal(count_of(apart, 6000), 0);
	assert_int_equal(apart->pairs_count, WF_APART_MAX);
}

static void without_memory_nothing_changes(void **state)
{
	struct wf_apart *apart = *state;
	int error = WF_ENOMEM;

	assert_int_equal(wf_apart_add(apart, 1, 2), 0);
	for (long served = 0; error != 0; served++) {
		memory_fault_arm(served, true);
		error = wf_apart_add(apart, 3, 4);
		assert_int_equal(error, memory_fault_disarm() ? WF_ENOMEM : 0);
		assert_int_equal(wf_apart_holds(apart, 3, 4), error == 0);
		assert_int_equal(apart->pairs_count, error == 0 ? 2 : 1);
	}
	memory_fault_arm(0, true);
	assert_int_equal(wf_apart_fold(apart, 1, 9), WF_ENOMEM);
	assert_true(memory_fault_disarm());
	assert_true(wf_apart_holds(apart, 1, 2));
	assert_int_equal(wf_apart_reserve(apart, 9, 1), 0);
	memory_fault_arm(0, true);
	assert_int_equal(wf_apart_fold(apart, 1, 9), 0);
	assert_false(memory_fault_disarm());
	assert_true(wf_apart_holds(apart, 9, 2));
}

static void any_order_of_words_and_folds_agrees_with_a_plain_model(void **state)
{
	static bool model[CLUSTERS][CLUSTERS];
	struct wf_apart *apart = *state;
	uint64_t random = 3;

	memset(model, 0, sizeof model);
	for (uint32_t step = 0; step < STEPS; step++) {
		const uint32_t a = 1 + random_below(&random, CLUSTERS - 1);
		const uint32_t b = 1 + random_below(&random, CLUSTERS - 1);
		const uint32_t action = random_below(&random, 20);

		if (action < 17 && a != b) {
			assert_int_equal(wf_apart_add(apart, a, b), 0);
			model[a][b] = model[b][a] = true;
		} else if (action < 19 && a != b) {
			assert_int_equal(wf_apart_fold(apart, a, b), 0);
			for (uint32_t i = 0; i < CLUSTERS; i++) {
				if (model[a][i] && i != b)
					model[b][i] = model[i][b] = true;
				model[a][i] = model[i][a] = false;
			}
		} else {
			wf_apart_forget(apart, a);
			for (uint32_t i = 0; i < CLUSTERS; i++)
				model[a][i] = model[i][a] = false;
		}
		for (uint32_t i = 1; i < CLUSTERS; i++)
			assert_int_equal(wf_apart_holds(apart, a, i), model[a][i]);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, apart_set_up, apart_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_are_held_apart_from_either_side_once),
		TEST(the_survivor_of_a_fold_is_held_apart_from_what_either_was),
		TEST(two_that_become_one_are_no_longer_held_apart),
		TEST(a_cluster_that_is_gone_leaves_nothing),
		TEST(a_cluster_is_held_apart_from_so_many_and_no_more),
		TEST(without_memory_nothing_changes),
		TEST(any_order_of_words_and_folds_agrees_with_a_plain_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
