#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "id_index.h"

static uint64_t random_next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 20;
}

static size_t candidates_count(const struct wf_id_index *index, uint64_t hash, uint64_t *sum)
{
	size_t position = 0, count = 0;
	uint64_t number;

	*sum = 0;
	while ((number = wf_id_index_next(index, hash, &position)) != 0) {
		*sum += number;
		count++;
	}
	return count;
}

static void an_empty_index_has_no_candidates(void **state)
{
	struct wf_id_index index;
	uint64_t sum;

	(void)state;
	wf_id_index_init(&index);
	assert_int_equal(candidates_count(&index, 5, &sum), 0);
	assert_false(wf_id_index_remove(&index, 5, 1));
	assert_int_equal(wf_id_index_count(&index), 0);
	wf_id_index_close(&index);
}

static void ids_of_one_hash_are_all_candidates_and_leave_one_by_one(void **state)
{
	struct wf_id_index index;
	uint64_t sum;

	(void)state;
	wf_id_index_init(&index);
	for (uint64_t number = 1; number <= 3000; number++)
		assert_int_equal(wf_id_index_add(&index, 42, number), 0);
	assert_int_equal(wf_id_index_add(&index, 42 + 256, 9), 0);
	assert_int_equal(candidates_count(&index, 42, &sum), 3000);
	assert_int_equal(sum, 3000 * 3001 / 2);
	for (uint64_t number = 1; number <= 3000; number += 2)
		assert_true(wf_id_index_remove(&index, 42, number));
	assert_false(wf_id_index_remove(&index, 42, 1));
	assert_int_equal(candidates_count(&index, 42, &sum), 1500);
	assert_int_equal(candidates_count(&index, 42 + 256, &sum), 1);
	assert_int_equal(sum, 9);
	wf_id_index_close(&index);
}

static void removals_leave_no_marks_behind(void **state)
{
	struct wf_id_index index;
	uint64_t random = 3, sum;
	size_t memory_bytes = 0;

	(void)state;
	wf_id_index_init(&index);
	/* 100,000 ids go through an index that never holds more than 1,000. */
	for (uint64_t number = 1; number <= 100000; number++) {
		assert_int_equal(wf_id_index_add(&index, number * UINT64_C(0x9E3779B97F4A7C15), number), 0);
		if (number > 1000)
			assert_true(wf_id_index_remove(&index, (number - 1000) * UINT64_C(0x9E3779B97F4A7C15),
						       number - 1000));
		if (number == 20000)
			memory_bytes = wf_id_index_memory_bytes(&index);
	}
	assert_true(wf_id_index_memory_bytes(&index) <= 2 * memory_bytes);
	/* A probe for what is absent ends soon: every segment has free slots. */
	for (int i = 0; i < 1000; i++)
		assert_int_equal(candidates_count(&index, random_next(&random) << 1, &sum), 0);
	for (size_t i = 0; i < WF_ID_INDEX_SEGMENTS; i++) {
		size_t taken = 0;

		for (size_t slot = 0; slot < index.segments[i].capacity; slot++)
			taken += index.segments[i].slots[slot].number != 0;
		assert_int_equal(taken, index.segments[i].count);
	}
	wf_id_index_close(&index);
}

#define MODEL_HASHES  512u
#define MODEL_NUMBERS 8u

/* The model: which of 8 numbers each of 512 hashes has. The hashes share segments and beginnings, and wrap around. */
static void it_agrees_with_a_table_of_all_pairs(void **state)
{
	static bool model[MODEL_HASHES][MODEL_NUMBERS];
	struct wf_id_index index;
	uint64_t random = 11;
	size_t count = 0;

	(void)state;
	wf_id_index_init(&index);
	for (int step = 0; step < 300000; step++) {
		const uint64_t which = random_next(&random) % MODEL_HASHES, slot = random_next(&random) % MODEL_NUMBERS;
		const uint64_t hash = (which % 2) + ((which % 64) * 256) + (which << 40) - 3 * 256;
		const uint64_t number = which * MODEL_NUMBERS + slot + 1;
		bool *has = &model[which][slot];
		uint64_t sum, sum_wanted = 0;
		size_t count_wanted = 0;

		if (random_next(&random) % (step / 50000 % 2 == 0 ? 3 : 2) != 0 && !*has) {
			assert_int_equal(wf_id_index_add(&index, hash, number), 0);
			*has = true;
			count++;
		} else if (random_next(&random) % 2 == 0) {
			assert_int_equal(wf_id_index_remove(&index, hash, number), *has);
			count -= *has;
			*has = false;
		}
		for (uint64_t i = 0; i < MODEL_NUMBERS; i++) {
			count_wanted += model[which][i];
			sum_wanted += model[which][i] ? which * MODEL_NUMBERS + i + 1 : 0;
		}
		assert_int_equal(candidates_count(&index, hash, &sum), count_wanted);
		assert_int_equal(sum, sum_wanted);
		assert_int_equal(wf_id_index_count(&index), count);
	}
	wf_id_index_close(&index);
}

static void reserved_room_is_not_taken_again(void **state)
{
	struct wf_id_index index;
	size_t memory_bytes;

	(void)state;
	wf_id_index_init(&index);
	assert_int_equal(wf_id_index_add(&index, 77, 1), 0);
	assert_int_equal(wf_id_index_reserve(&index, 200000), 0);
	memory_bytes = wf_id_index_memory_bytes(&index);
	for (uint64_t number = 2; number <= 200000; number++)
		assert_int_equal(wf_id_index_add(&index, number * UINT64_C(0xD1342543DE82EF95), number), 0);
	assert_int_equal(wf_id_index_memory_bytes(&index), memory_bytes);
	assert_true(memory_bytes < 43 * 200000);
	size_t position = 0;

	assert_int_equal(wf_id_index_next(&index, 77, &position), 1);
	wf_id_index_close(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_index_has_no_candidates),
		cmocka_unit_test(ids_of_one_hash_are_all_candidates_and_leave_one_by_one),
		cmocka_unit_test(removals_leave_no_marks_behind),
		cmocka_unit_test(it_agrees_with_a_table_of_all_pairs),
		cmocka_unit_test(reserved_room_is_not_taken_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
