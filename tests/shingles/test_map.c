#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"
#include "memory_fault.h"
#include "random_source.h"

#define MODEL_KEYS  3000u
#define MODEL_STEPS 40000u

/* Helpers */

static uint64_t *put(struct wf_map *map, uint64_t key, uint64_t value)
{
	uint64_t *record = wf_map_insert(map, key);

	assert_non_null(record);
	*record = value;
	return record;
}

static uint64_t value_of(const struct wf_map *map, uint64_t key)
{
	const uint64_t *record = wf_map_find(map, key);

	return record == NULL ? 0 : *record;
}

/* Keys as the callers have them: counted up, far apart, with equal low halves, scattered. */
static uint64_t model_key(uint32_t pattern, uint32_t i)
{
	uint64_t scattered = i + 1;

	switch (pattern) {
	case 0:
		return i + 1;
	case 1:
		return (uint64_t)(i + 1) << 32;
	case 2:
		return (uint64_t)(i + 1) * 4096;
	default:
		return random_next(&scattered) | 1;
	}
}

static bool walk_agrees(const struct wf_map *map, uint32_t pattern, const uint64_t *values, size_t live)
{
	size_t position = 0;
	size_t seen = 0;
	uint64_t key;
	void *record;

	while (wf_map_next(map, &position, &key, &record)) {
		const uint64_t value = *(const uint64_t *)record;
		const uint32_t i = (uint32_t)(value % MODEL_KEYS);

		if (value == 0 || values[i] != value || model_key(pattern, i) != key)
			return false;
		seen++;
	}
	return seen == live;
}

/* The step at which the map and an array of values differ; MODEL_STEPS + 1: nowhere. */
static uint32_t first_difference(uint64_t seed)
{
	static uint64_t values[MODEL_KEYS]; /* 0: not in; else its index modulo MODEL_KEYS */
	uint64_t random = seed;
	const uint32_t pattern = (uint32_t)(seed % 4);
	struct wf_map map;
	size_t live = 0;
	uint32_t step;

	memset(values, 0, sizeof values);
	wf_map_init(&map, sizeof(uint64_t));
	for (step = 0; step < MODEL_STEPS; step++) {
		/* The map fills up, is emptied and fills up again. */
		const bool grows = step / 8000 % 2 == 0;
		const uint32_t i = random_below(&random, MODEL_KEYS);
		const uint64_t key = model_key(pattern, i);
		const uint32_t action = random_below(&random, 10);

		if (value_of(&map, key) != values[i])
			break;
		if (action < (grows ? 6u : 2u)) {
			live += values[i] == 0;
			values[i] = (uint64_t)(step + 1) * MODEL_KEYS + i;
			put(&map, key, values[i]);
		} else if (action < 8) {
			if (wf_map_remove(&map, key) != (values[i] != 0))
				break;
			live -= values[i] != 0;
			values[i] = 0;
		}
		if (wf_map_count(&map) != live || (step % 1000 == 0 && !walk_agrees(&map, pattern, values, live)))
			break;
	}
	if (step == MODEL_STEPS && walk_agrees(&map, pattern, values, live))
		step++;
	wf_map_close(&map);
	return step;
}

/* wf_map_find, wf_map_insert */

static void an_empty_map_finds_nothing(void **state)
{
	struct wf_map map;

	(void)state;
	wf_map_init(&map, 16);
	assert_null(wf_map_find(&map, 1));
	assert_false(wf_map_remove(&map, 1));
	assert_int_equal(wf_map_count(&map), 0);
	assert_int_equal(wf_map_memory_bytes(&map), 0);
	wf_map_close(&map);
}

static void a_new_record_is_made_of_zeros_and_the_next_insert_finds_it(void **state)
{
	const char zeros[24] = {0};
	struct wf_map map;
	char *record;

	(void)state;
	wf_map_init(&map, sizeof zeros);
	for (int round = 0; round < 2; round++) {
		record = wf_map_insert(&map, 7);
		assert_memory_equal(record, zeros, sizeof zeros);
		memset(record, 0xab, sizeof zeros);
		assert_ptr_equal(wf_map_insert(&map, 7), record);
		assert_ptr_equal(wf_map_find(&map, 7), record);
		assert_int_equal((unsigned char)record[23], 0xab);
		assert_int_equal(wf_map_count(&map), 1);
		assert_true(wf_map_remove(&map, 7)); /* and the second round finds no rest of it */
	}
	wf_map_close(&map);
}

static void key_0_cannot_be_used(void **state)
{
	struct wf_map map;

	(void)state;
	wf_map_init(&map, 8);
	put(&map, 1, 1);
	assert_null(wf_map_insert(&map, 0));
	assert_null(wf_map_find(&map, 0));
	assert_false(wf_map_remove(&map, 0));
	assert_int_equal(wf_map_count(&map), 1);
	wf_map_close(&map);
}

static void records_of_no_bytes_make_a_set(void **state)
{
	struct wf_map map;

	(void)state;
	wf_map_init(&map, 0);
	for (uint64_t key = 1; key <= 500; key++)
		assert_non_null(wf_map_insert(&map, key * key));
	assert_int_equal(wf_map_count(&map), 500);
	assert_non_null(wf_map_find(&map, 250000));
	assert_null(wf_map_find(&map, 250001));
	wf_map_close(&map);
}

static void records_of_any_size_are_aligned_and_kept_apart(void **state)
{
	(void)state;
	for (size_t bytes = 1; bytes <= 40; bytes += 3) {
		struct wf_map map;

		wf_map_init(&map, bytes);
		for (uint64_t key = 1; key <= 300; key++) {
			char *record = wf_map_insert(&map, key);

			assert_non_null(record);
			assert_int_equal((uintptr_t)record % 8, 0);
			memset(record, (int)(key & 0x7f), bytes);
		}
		for (uint64_t key = 1; key <= 300; key++) {
			const char *record = wf_map_find(&map, key);

			for (size_t i = 0; i < bytes; i++)
				assert_int_equal(record[i], key & 0x7f);
		}
		wf_map_close(&map);
	}
}

static void the_map_agrees_with_a_plain_array(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		const uint32_t step = first_difference(seed);

		if (step != MODEL_STEPS + 1)
			fail_msg("seed %u differs at step %u", (unsigned)seed, step);
	}
}

static void an_insertion_without_memory_changes_nothing(void **state)
{
	struct wf_map map;
	uint64_t refused = 0;

	(void)state;
	wf_map_init(&map, sizeof(uint64_t));
	for (uint64_t key = 1; key <= 4000; key++) {
		const size_t bytes = wf_map_memory_bytes(&map);
		const long live = memory_live();
		void *record;

		memory_fault_arm(0, true);
		record = wf_map_insert(&map, key);
		if (memory_fault_disarm()) {
			refused++;
			assert_null(record);
			assert_null(wf_map_find(&map, key));
			assert_int_equal(wf_map_count(&map), key - 1);
			assert_int_equal(wf_map_memory_bytes(&map), bytes);
			assert_int_equal(memory_live(), live);
			for (uint64_t other = 1; other < key; other += 37)
				assert_int_equal(value_of(&map, other), other + 5);
		}
		put(&map, key, key + 5);
	}
	assert_true(refused > 64); /* each segment grew more than once */
	wf_map_close(&map);
	assert_int_equal(memory_live(), 0);
}

/* wf_map_next */

static void a_walk_meets_every_record_once(void **state)
{
	struct wf_map map;
	bool is_met[2001] = {false};
	size_t position = 0;
	uint64_t key;
	void *record;
	size_t met = 0;

	(void)state;
	wf_map_init(&map, sizeof(uint64_t));
	assert_false(wf_map_next(&map, &position, &key, &record));
	for (uint64_t i = 1; i <= 2000; i++)
		put(&map, i, i * 3);
	for (position = 0; wf_map_next(&map, &position, &key, &record); met++) {
		assert_in_range(key, 1, 2000);
		assert_false(is_met[key]);
		assert_int_equal(*(uint64_t *)record, key * 3);
		is_met[key] = true;
	}
	assert_int_equal(met, 2000);
	assert_false(wf_map_next(&map, &position, &key, &record));
	wf_map_close(&map);
}

/* wf_map_memory_bytes */

static void memory_is_in_proportion_to_the_records(void **state)
{
	struct wf_map map;

	(void)state;
	wf_map_init(&map, 8);
	for (uint64_t key = 1; key <= 100000; key++)
		put(&map, key, key);
	assert_in_range(wf_map_memory_bytes(&map), 100000 * 16, 100000 * 16 * 3);
	wf_map_close(&map);
	assert_int_equal(wf_map_memory_bytes(&map), 0);
	assert_int_equal(wf_map_count(&map), 0);
	assert_int_equal(memory_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_finds_nothing),
		cmocka_unit_test(a_new_record_is_made_of_zeros_and_the_next_insert_finds_it),
		cmocka_unit_test(key_0_cannot_be_used),
		cmocka_unit_test(records_of_no_bytes_make_a_set),
		cmocka_unit_test(records_of_any_size_are_aligned_and_kept_apart),
		cmocka_unit_test(the_map_agrees_with_a_plain_array),
		cmocka_unit_test(an_insertion_without_memory_changes_nothing),
		cmocka_unit_test(a_walk_meets_every_record_once),
		cmocka_unit_test(memory_is_in_proportion_to_the_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
