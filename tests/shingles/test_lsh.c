#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked_pages.h"
#include "lsh.h"
#include "memory_fault.h"
#include "random_source.h"

#define MODEL_KEYS  64u
#define MODEL_STEPS 40000u

/* What is under one key, in no order. */
struct bucket {
	uint64_t key;
	uint32_t numbers[WF_LSH_BUCKET_MAX];
	size_t count;
};

/* Helpers */

/* A key with these 28 bits for its tag. */
static uint64_t key_of(uint32_t tag, uint32_t segment)
{
	return (uint64_t)tag << 36 | segment;
}

/* The articles under one key. */
static size_t find(const struct wf_lsh *lsh, uint64_t key, uint32_t numbers[WF_LSH_BUCKET_MAX])
{
	struct wf_lsh_found found[WF_LSH_BUCKET_MAX];
	const size_t count = wf_lsh_find(lsh, &key, 1, found);

	for (size_t i = 0; i < count; i++) {
		assert_int_equal(found[i].place, 0);
		assert_int_equal(found[i].count, count);
		numbers[i] = found[i].number;
	}
	return count;
}

static bool has(const struct wf_lsh *lsh, uint64_t key, uint32_t number)
{
	uint32_t numbers[WF_LSH_BUCKET_MAX];
	const size_t count = find(lsh, key, numbers);

	for (size_t i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t first = *(const uint32_t *)a;
	const uint32_t second = *(const uint32_t *)b;

	return first < second ? -1 : first > second;
}

static bool bucket_agrees(const struct wf_lsh *lsh, const struct bucket *bucket)
{
	uint32_t found[WF_LSH_BUCKET_MAX];
	uint32_t wanted[WF_LSH_BUCKET_MAX];
	const size_t count = find(lsh, bucket->key, found);

	memcpy(wanted, bucket->numbers, sizeof wanted);
	qsort(found, count, sizeof *found, compare_numbers);
	qsort(wanted, bucket->count, sizeof *wanted, compare_numbers);
	return count == bucket->count && memcmp(found, wanted, count * sizeof *found) == 0;
}

static bool all_agree(const struct wf_lsh *lsh, const struct bucket *buckets)
{
	uint64_t entries = 0;

	for (uint32_t i = 0; i < MODEL_KEYS; i++) {
		if (!bucket_agrees(lsh, &buckets[i]))
			return false;
		entries += buckets[i].count;
	}
	return lsh->entries_count == entries;
}

/* Tags that crowd: most share the high bits, so that their lines overflow, some past the last line to the first. */
static uint32_t model_tag(uint64_t seed, uint32_t i, uint64_t *random)
{
	switch (seed % 4) {
	case 0:
		return 0x0fffffff - i; /* the last line */
	case 1:
		return 2 * i; /* the first, and tag 0 */
	case 2:
		return (i % 3) * 0x05555555u + i;
	default:
		return (uint32_t)random_next(random);
	}
}

static void model_insert(struct bucket *bucket, uint32_t number)
{
	if (bucket->count < WF_LSH_BUCKET_MAX)
		bucket->numbers[bucket->count++] = number;
}

/* Takes one at random out, or one that is not in. */
static uint32_t model_remove(struct bucket *bucket, uint64_t *random)
{
	const uint32_t at = random_below(random, WF_LSH_BUCKET_MAX);
	uint32_t number;

	if (at >= bucket->count)
		return 0xfffffff0u;
	number = bucket->numbers[at];
	bucket->numbers[at] = bucket->numbers[--bucket->count];
	return number;
}

/* The step at which the table and plain lists differ; MODEL_STEPS: nowhere. */
static uint32_t first_difference(uint64_t seed)
{
	static struct bucket buckets[MODEL_KEYS];
	uint64_t random = seed;
	struct wf_lsh lsh;
	uint32_t step;

	memset(buckets, 0, sizeof buckets);
	for (uint32_t i = 0; i < MODEL_KEYS; i++)
		buckets[i].key = key_of(model_tag(seed, i, &random), i % 8 == 7 ? 4095 : 12);
	assert_int_equal(wf_lsh_init(&lsh), 0);
	for (step = 0; step < MODEL_STEPS; step++) {
		struct bucket *bucket = &buckets[random_below(&random, MODEL_KEYS)];
		const bool grows = step / 5000 % 2 == 0;

		if (random_below(&random, 10) < (grows ? 6u : 4u)) {
			const uint32_t number = step + 1;

			if (wf_lsh_insert(&lsh, bucket->key, number) != 0)
				break;
			model_insert(bucket, number);
		} else {
			wf_lsh_remove(&lsh, bucket->key, model_remove(bucket, &random));
		}
		if (!bucket_agrees(&lsh, bucket) || (step % 50 == 0 && !all_agree(&lsh, buckets)))
			break;
	}
	/* What is left goes, one after another, and all the others stay. */
	for (uint32_t i = 0; step == MODEL_STEPS && i < MODEL_KEYS; i++) {
		while (buckets[i].count > 0 && step == MODEL_STEPS) {
			wf_lsh_remove(&lsh, buckets[i].key, buckets[i].numbers[--buckets[i].count]);
			step -= !all_agree(&lsh, buckets);
		}
	}
	wf_lsh_close(&lsh);
	return step;
}

/* wf_lsh_init */

static void a_table_without_memory_is_refused(void **state)
{
	struct wf_lsh lsh;

	(void)state;
	memory_fault_arm(0, true);
	assert_int_equal(wf_lsh_init(&lsh), WF_ENOMEM);
	assert_true(memory_fault_disarm());
	wf_lsh_close(&lsh);
	assert_int_equal(memory_live(), 0);
}

/* wf_lsh_insert, wf_lsh_find */

static void an_entry_is_found_under_its_key_alone(void **state)
{
	struct wf_lsh lsh;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	assert_int_equal(wf_lsh_insert(&lsh, key_of(5, 9), 1), 0);
	assert_true(has(&lsh, key_of(5, 9), 1));
	assert_false(has(&lsh, key_of(5, 10), 1));
	assert_false(has(&lsh, key_of(6, 9), 1));
	assert_int_equal(lsh.entries_count, 1);
	wf_lsh_close(&lsh);
}

static void key_0_and_the_largest_number_are_ordinary(void **state)
{
	uint32_t numbers[WF_LSH_BUCKET_MAX];
	struct wf_lsh lsh;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	assert_int_equal(wf_lsh_insert(&lsh, key_of(77, 0), 3), 0); /* the line's free places do not look like tag 0 */
	assert_int_equal(find(&lsh, 0, numbers), 0);
	assert_int_equal(wf_lsh_insert(&lsh, 0, WF_LSH_NUMBER_MAX), 0);
	assert_int_equal(wf_lsh_insert(&lsh, UINT64_MAX, WF_LSH_NUMBER_MAX), 0);
	assert_int_equal(find(&lsh, 0, numbers), 1);
	assert_true(has(&lsh, 0, WF_LSH_NUMBER_MAX));
	assert_true(has(&lsh, UINT64_MAX, WF_LSH_NUMBER_MAX));
	wf_lsh_remove(&lsh, 0, WF_LSH_NUMBER_MAX);
	assert_int_equal(find(&lsh, 0, numbers), 0);
	wf_lsh_close(&lsh);
}

static void number_0_is_never_entered(void **state)
{
	uint32_t numbers[WF_LSH_BUCKET_MAX];
	struct wf_lsh lsh;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	assert_int_equal(wf_lsh_insert(&lsh, key_of(1, 1), 1), 0);
	assert_int_equal(wf_lsh_insert(&lsh, key_of(1, 1), 0), 0);
	assert_int_equal(find(&lsh, key_of(1, 1), numbers), 1);
	wf_lsh_remove(&lsh, key_of(1, 1), 0);
	wf_lsh_remove(&lsh, key_of(0, 1), 0);
	assert_int_equal(lsh.entries_count, 1);
	wf_lsh_close(&lsh);
}

static void a_full_bucket_keeps_its_first_and_takes_again_after_a_removal(void **state)
{
	uint32_t numbers[WF_LSH_BUCKET_MAX];
	struct wf_lsh lsh;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	for (uint32_t number = 1; number <= 1000; number++)
		assert_int_equal(wf_lsh_insert(&lsh, key_of(1, 1), number), 0);
	assert_int_equal(find(&lsh, key_of(1, 1), numbers), WF_LSH_BUCKET_MAX);
	assert_int_equal(lsh.entries_count, WF_LSH_BUCKET_MAX);
	for (uint32_t number = 1; number <= WF_LSH_BUCKET_MAX; number++)
		assert_true(has(&lsh, key_of(1, 1), number));
	wf_lsh_remove(&lsh, key_of(1, 1), 500); /* never entered */
	assert_int_equal(lsh.entries_count, WF_LSH_BUCKET_MAX);
	wf_lsh_remove(&lsh, key_of(1, 1), 3);
	assert_int_equal(wf_lsh_insert(&lsh, key_of(1, 1), 2000), 0);
	assert_true(has(&lsh, key_of(1, 1), 2000));
	assert_false(has(&lsh, key_of(1, 1), 3));
	wf_lsh_close(&lsh);
}

static void a_key_of_many_articles_takes_one_place_and_gives_it_back(void **state)
{
	struct wf_lsh lsh;
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	for (uint32_t round = 0; round < 200; round++) {
		for (uint32_t number = 1; number <= WF_LSH_BUCKET_MAX; number++)
			for (uint32_t key = 0; key < 500; key++)
				assert_int_equal(wf_lsh_insert(&lsh, key_of(key * 0x01000192u, key), number), 0);
		assert_int_equal(lsh.places_taken, 500);
		assert_int_equal(lsh.entries_count, 500 * WF_LSH_BUCKET_MAX);
		bytes = round == 0 ? lsh.memory_bytes : bytes;
		for (uint32_t number = WF_LSH_BUCKET_MAX; number > 0; number--)
			for (uint32_t key = 0; key < 500; key++) {
				assert_true(has(&lsh, key_of(key * 0x01000192u, key), number));
				wf_lsh_remove(&lsh, key_of(key * 0x01000192u, key), number);
				assert_false(has(&lsh, key_of(key * 0x01000192u, key), number));
			}
		assert_int_equal(lsh.places_taken, 0);
		assert_int_equal(lsh.entries_count, 0);
	}
	assert_int_equal(lsh.memory_bytes, bytes); /* lists that were given back are taken again */
	wf_lsh_close(&lsh);
	assert_int_equal(memory_live(), 0);
}

static void a_key_without_memory_for_its_posting_list_stays_as_it_is(void **state)
{
	uint32_t numbers[WF_LSH_BUCKET_MAX];
	struct wf_lsh lsh;
	uint32_t refused = 0;
	size_t before;

	(void)state;
	for (long served = 0; served < 2; served++) {
		assert_int_equal(wf_lsh_init(&lsh), 0);
		for (uint32_t number = 1; number <= WF_LSH_BUCKET_MAX; number++) {
			const uint64_t bytes = lsh.memory_bytes;

			before = find(&lsh, key_of(7, 7), numbers);
			memory_fault_arm(number == 1 ? 100 : served, true);
			if (wf_lsh_insert(&lsh, key_of(7, 7), number) == WF_ENOMEM) {
				refused++;
				assert_int_equal(find(&lsh, key_of(7, 7), numbers), before);
				assert_int_equal(lsh.entries_count, before);
				assert_int_equal(lsh.memory_bytes, bytes);
				(void)memory_fault_disarm();
				assert_int_equal(wf_lsh_insert(&lsh, key_of(7, 7), number), 0);
			}
			(void)memory_fault_disarm();
		}
		assert_int_equal(find(&lsh, key_of(7, 7), numbers), WF_LSH_BUCKET_MAX);
		wf_lsh_close(&lsh);
		assert_int_equal(memory_live(), 0);
	}
	assert_int_equal(refused, 2);
}

static void posting_lists_go_with_their_segments(void **state)
{
	uint32_t numbers[WF_LSH_BUCKET_MAX];
	uint64_t random = 5;
	struct wf_lsh lsh;
	uint32_t segment_lines;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	for (uint32_t number = 1; number <= WF_LSH_BUCKET_MAX; number++)
		for (uint32_t key = 0; key < 1000; key++)
			assert_int_equal(wf_lsh_insert(&lsh, key_of(key * 0x01000192u, key), number), 0);
	segment_lines = lsh.region.segment_lines;
	for (uint32_t number = 1; number <= 500000; number++)
		assert_int_equal(wf_lsh_insert(&lsh, random_next(&random), number), 0);
	assert_true(lsh.region.segment_lines > segment_lines);
	for (uint32_t key = 0; key < 1000; key++)
		assert_int_equal(find(&lsh, key_of(key * 0x01000192u, key), numbers), WF_LSH_BUCKET_MAX);
	wf_lsh_close(&lsh);
	assert_int_equal(memory_live(), 0);
}

static void entries_of_one_home_line_overflow_and_are_all_found(void **state)
{
	struct wf_lsh lsh;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(wf_lsh_insert(&lsh, key_of(UINT32_MAX - 2 * i, 3), i + 1),
				 0); /* all at home in the last line */
	for (uint32_t i = 0; i < 200; i++)
		assert_true(has(&lsh, key_of(UINT32_MAX - 2 * i, 3), i + 1));
	for (uint32_t i = 0; i < 200; i += 2)
		wf_lsh_remove(&lsh, key_of(UINT32_MAX - 2 * i, 3), i + 1);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(has(&lsh, key_of(UINT32_MAX - 2 * i, 3), i + 1), i % 2);
	wf_lsh_close(&lsh);
}

static void the_table_agrees_with_plain_lists(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		const uint32_t step = first_difference(seed);

		if (step != MODEL_STEPS)
			fail_msg("seed %u differs at step %u", (unsigned)seed, step);
	}
	assert_int_equal(memory_live(), 0);
}

static void a_large_table_loses_nothing_and_is_paid_by_the_entry(void **state)
{
	const uint32_t count = 300000;
	uint64_t random = 11;
	uint64_t keys_random = random;
	struct wf_lsh lsh;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	for (uint32_t number = 1; number <= count; number++)
		assert_int_equal(wf_lsh_insert(&lsh, random_next(&random), number), 0);
	assert_int_equal(lsh.entries_count, count);
	for (uint32_t number = 1; number <= count; number++) {
		const uint64_t key = random_next(&keys_random);

		wf_lsh_prefetch(&lsh, &key, 1);
		if (!has(&lsh, key, number))
			fail_msg("number %u is lost", number);
	}
	assert_in_range(lsh.memory_bytes, (uint64_t)count * 8, (uint64_t)count * 8 * 3 + WF_LSH_SEGMENTS * 64);
	wf_lsh_close(&lsh);
	assert_int_equal(memory_live(), 0);
}

static void removals_make_a_segment_anew_and_lose_nothing(void **state)
{
	const uint64_t key = key_of(1, 0);
	struct wf_lsh lsh;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	for (uint32_t number = 1; number <= 200; number++)
		assert_int_equal(wf_lsh_insert(&lsh, key_of(number * 0x01000000u, 0), number), 0);
	assert_int_equal(wf_lsh_insert(&lsh, key, 1000), 0);
	for (uint32_t round = 0; round < 5000; round++) {
		wf_lsh_remove(&lsh, key, 1000 + round);
		assert_int_equal(wf_lsh_insert(&lsh, key, 1001 + round), 0);
		assert_in_range(lsh.segments[0].removed_count, 0,
				lsh.segments[0].lines_count * WF_LSH_LINE_ENTRIES - 1);
	}
	assert_true(has(&lsh, key, 6000));
	for (uint32_t number = 1; number <= 200; number++)
		assert_true(has(&lsh, key_of(number * 0x01000000u, 0), number));
	assert_int_equal(lsh.entries_count, 201);
	wf_lsh_close(&lsh);
}

static void a_table_that_moves_to_a_larger_region_loses_nothing(void **state)
{
	const uint32_t count = 1500000;
	uint64_t random = 21;
	uint64_t keys_random = random;
	uint32_t moves = 0;
	struct wf_lsh lsh;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	for (uint32_t number = 1; number <= count; number++) {
		const struct wf_lsh_line *before = lsh.region.lines;

		assert_int_equal(wf_lsh_insert(&lsh, random_next(&random), number), 0);
		if (lsh.region.lines == before)
			continue;
		/* In the midst of it, too. */
		moves++;
		keys_random = 21;
		for (uint32_t earlier = 1; earlier <= number; earlier++) {
			const uint64_t key = random_next(&keys_random);

			if (earlier % 97 == number % 97 && !has(&lsh, key, earlier))
				fail_msg("number %u is lost at %u", earlier, number);
		}
	}
	assert_true(moves > 2);
	keys_random = 21;
	for (uint32_t number = 1; number <= count; number++)
		if (!has(&lsh, random_next(&keys_random), number))
			fail_msg("number %u is lost", number);
	assert_in_range(lsh.memory_bytes, (uint64_t)count * 8, (uint64_t)count * 8 * 5 / 2);
	wf_lsh_close(&lsh);
	assert_int_equal(memory_live(), 0);
}

static void an_insertion_without_memory_changes_nothing(void **state)
{
	struct wf_lsh lsh;
	uint32_t refused = 0;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	for (uint32_t i = 0; i < 4000; i++) {
		const uint64_t key = key_of(i * 0x01000193u, 2);
		const uint64_t bytes = lsh.memory_bytes;
		const long live = memory_live();
		int error;

		memory_fault_arm(0, true);
		error = wf_lsh_insert(&lsh, key, i + 1);
		if (memory_fault_disarm()) {
			/* While there is room left, it only does not grow. */
			assert_int_equal(lsh.memory_bytes, bytes);
			assert_int_equal(memory_live(), live);
		} else {
			assert_int_equal(error, 0);
		}
		if (error != 0) {
			refused++;
			assert_int_equal(error, WF_ENOMEM);
			assert_int_equal(lsh.entries_count, i);
			assert_false(has(&lsh, key, i + 1));
			for (uint32_t k = 0; k < i; k++)
				assert_true(has(&lsh, key_of(k * 0x01000193u, 2), k + 1));
			error = wf_lsh_insert(&lsh, key, i + 1);
		}
		assert_int_equal(error, 0);
	}
	assert_true(refused >= 5);
	wf_lsh_close(&lsh);
}

/* wf_lsh_reserve */

static void a_reserved_table_has_what_it_had_and_does_not_grow_before_it_is_full(void **state)
{
	struct wf_lsh lsh;
	const uint32_t entries = 1000000;
	uint64_t bytes;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	for (uint32_t i = 1; i <= 5000; i++)
		assert_int_equal(wf_lsh_insert(&lsh, key_of(i * 0x9E3779B1u, i), i), 0);
	assert_int_equal(wf_lsh_reserve(&lsh, entries), 0);
	bytes = lsh.memory_bytes;
	for (uint32_t i = 1; i <= 5000; i++)
		assert_true(has(&lsh, key_of(i * 0x9E3779B1u, i), i));
	for (uint32_t i = 5001; i <= entries; i++)
		assert_int_equal(wf_lsh_insert(&lsh, key_of(i * 0x9E3779B1u, i), i), 0);
	assert_int_equal(lsh.entries_count, entries);
	assert_int_equal(lsh.memory_bytes, bytes);
	for (uint32_t i = 1; i <= entries; i += 97)
		assert_true(has(&lsh, key_of(i * 0x9E3779B1u, i), i));
	assert_in_range(bytes, 8 * entries, 11 * entries);
	wf_lsh_close(&lsh);
}

static void a_reservation_of_less_than_there_is_or_without_memory_changes_nothing(void **state)
{
	struct wf_lsh lsh;
	uint64_t bytes;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	assert_int_equal(wf_lsh_insert(&lsh, key_of(1, 1), 1), 0);
	bytes = lsh.memory_bytes;
	assert_int_equal(wf_lsh_reserve(&lsh, 0), 0);
	assert_int_equal(wf_lsh_reserve(&lsh, 1000), 0);
	assert_int_equal(lsh.memory_bytes, bytes);
	for (long served = 0; served < 2; served++) {
		memory_fault_arm(served, true);
		assert_int_equal(wf_lsh_reserve(&lsh, 1000000), WF_ENOMEM);
		memory_fault_disarm();
		assert_int_equal(lsh.memory_bytes, bytes);
		assert_true(has(&lsh, key_of(1, 1), 1));
	}
	wf_lsh_close(&lsh);
}

/* wf_lsh_remove, wf_lsh_prefetch */

static void removing_what_is_not_there_does_nothing(void **state)
{
	struct wf_lsh lsh;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	wf_lsh_remove(&lsh, key_of(1, 1), 1);
	wf_lsh_prefetch(&lsh, &(uint64_t){key_of(1, 1)}, 1);
	assert_int_equal(wf_lsh_insert(&lsh, key_of(1, 1), 1), 0);
	wf_lsh_remove(&lsh, key_of(1, 1), 2);
	wf_lsh_remove(&lsh, key_of(2, 1), 1);
	assert_true(has(&lsh, key_of(1, 1), 1));
	wf_lsh_remove(&lsh, key_of(1, 1), 1);
	wf_lsh_remove(&lsh, key_of(1, 1), 1);
	assert_int_equal(lsh.entries_count, 0);
	wf_lsh_close(&lsh);
}

/* wf_pages_ahead */

static void what_segments_move_to_is_asked_for_ahead(void **state)
{
	static struct asked_pages asked;
	uint64_t random = 11;
	struct wf_lsh lsh;
	uint32_t moving = 0;
	uint32_t unasked = 0;
	uint32_t out_of_turn = 0;

	(void)state;
	assert_int_equal(wf_lsh_init(&lsh), 0);
	lsh.ahead = lsh.postings.ahead = asked_ahead(&asked);
	for (uint32_t number = 1; number <= 3000000; number++) {
		const uint64_t key = random_next(&random);
		const struct wf_lsh_segment *const segment = &lsh.segments[key % WF_LSH_SEGMENTS];
		const uint32_t moved_before = lsh.moved;
		size_t moved_bytes;

		assert_int_equal(wf_lsh_insert(&lsh, key, number), 0);
		unasked += segment->lines_count == lsh.region.segment_lines &&
			   (size_t)((const char *)segment->lines - (const char *)lsh.region.lines) >= lsh.asked_bytes;
		out_of_turn += segment->lines_count == lsh.region.segment_lines && key % WF_LSH_SEGMENTS >= lsh.moved &&
			       lsh.old.lines != NULL;
		if (lsh.moved == moved_before)
			continue;
		moving++;
		moved_bytes = (size_t)lsh.moved * lsh.region.segment_lines * 64;
		assert_true(asked_from(&asked, lsh.region.lines) >= moved_bytes);
		if (lsh.moved == WF_LSH_SEGMENTS)
			assert_int_equal(asked_from(&asked, lsh.region.lines), moved_bytes);
	}
	assert_true(moving > 2 * WF_LSH_SEGMENTS);
	assert_int_equal(unasked, 0);
	assert_true(out_of_turn <= 4);
	wf_lsh_close(&lsh);
	assert_int_equal(asked.count, 0);
	assert_int_equal(memory_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_without_memory_is_refused),
		cmocka_unit_test(an_entry_is_found_under_its_key_alone),
		cmocka_unit_test(key_0_and_the_largest_number_are_ordinary),
		cmocka_unit_test(number_0_is_never_entered),
		cmocka_unit_test(a_full_bucket_keeps_its_first_and_takes_again_after_a_removal),
		cmocka_unit_test(a_key_of_many_articles_takes_one_place_and_gives_it_back),
		cmocka_unit_test(a_key_without_memory_for_its_posting_list_stays_as_it_is),
		cmocka_unit_test(posting_lists_go_with_their_segments),
		cmocka_unit_test(entries_of_one_home_line_overflow_and_are_all_found),
		cmocka_unit_test(the_table_agrees_with_plain_lists),
		cmocka_unit_test(a_large_table_loses_nothing_and_is_paid_by_the_entry),
		cmocka_unit_test(removals_make_a_segment_anew_and_lose_nothing),
		cmocka_unit_test(a_table_that_moves_to_a_larger_region_loses_nothing),
		cmocka_unit_test(an_insertion_without_memory_changes_nothing),
		cmocka_unit_test(a_reserved_table_has_what_it_had_and_does_not_grow_before_it_is_full),
		cmocka_unit_test(a_reservation_of_less_than_there_is_or_without_memory_changes_nothing),
		cmocka_unit_test(removing_what_is_not_there_does_nothing),
		cmocka_unit_test(what_segments_move_to_is_asked_for_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
