#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lsh_bulk.h"
#include "memory_fault.h"
#include "random_source.h"

#define ARTICLES     3000u
#define ARTICLE_KEYS 24u

/* Keys of which some have more articles than a bucket holds, in a few segments, as wide apart as chance has it. */
static void keys_make(uint64_t *random, uint64_t keys[ARTICLE_KEYS])
{
	for (uint32_t i = 0; i < ARTICLE_KEYS; i++) {
		const uint32_t tag = i % 3 == 0 ? 2 * random_below(random, 40) : (uint32_t)random_next(random);

		keys[i] = (uint64_t)tag << 32 | random_below(random, i % 2 == 0 ? 5 : WF_LSH_SEGMENTS);
	}
}

/* The same articles into two tables, one by one and in bulk, `together` at a time. */
static void fill(struct wf_lsh *plain, struct wf_lsh *lsh, struct wf_lsh_bulk *bulk, uint32_t together)
{
	uint64_t random = 5;

	for (uint32_t number = 1; number <= ARTICLES; number++) {
		uint64_t keys[ARTICLE_KEYS];
		const uint32_t count = random_below(&random, ARTICLE_KEYS + 1);
		char bytes[sizeof keys + 1];

		keys_make(&random, keys);
		memcpy(bytes + 1, keys, sizeof keys);
		for (uint32_t i = 0; i < count; i++)
			assert_int_equal(wf_lsh_insert(plain, keys[i], number), 0);
		assert_int_equal(wf_lsh_bulk_add(bulk, bytes + 1, count, number), 0);
		if (number % together == 0)
			assert_int_equal(wf_lsh_bulk_enter(bulk, lsh), 0);
	}
	assert_int_equal(wf_lsh_bulk_enter(bulk, lsh), 0);
}

static int compare_found(const void *a, const void *b)
{
	const struct wf_lsh_found *first = a;
	const struct wf_lsh_found *second = b;

	return first->number < second->number ? -1 : first->number > second->number;
}

static void both_have_the_same(const struct wf_lsh *a, const struct wf_lsh *b)
{
	uint64_t random = 5;

	assert_int_equal(a->entries_count, b->entries_count);
	assert_int_equal(a->places_taken, b->places_taken);
	for (uint32_t number = 1; number <= ARTICLES; number++) {
		uint64_t keys[ARTICLE_KEYS];

		(void)random_below(&random, ARTICLE_KEYS + 1);
		keys_make(&random, keys);
		for (uint32_t i = 0; i < ARTICLE_KEYS; i++) {
			struct wf_lsh_found in_a[WF_LSH_BUCKET_MAX];
			struct wf_lsh_found in_b[WF_LSH_BUCKET_MAX];
			const size_t count = wf_lsh_find(a, &keys[i], 1, in_a);

			assert_int_equal(wf_lsh_find(b, &keys[i], 1, in_b), count);
			qsort(in_a, count, sizeof *in_a, compare_found);
			qsort(in_b, count, sizeof *in_b, compare_found);
			for (size_t k = 0; k < count; k++)
				assert_int_equal(in_a[k].number, in_b[k].number);
		}
	}
}

static void what_is_entered_in_bulk_is_what_is_entered_one_by_one(void **state)
{
	static const uint32_t together[] = {1, 7, 1000, ARTICLES};

	(void)state;
	for (size_t i = 0; i < sizeof together / sizeof together[0]; i++) {
		struct wf_lsh plain;
		struct wf_lsh lsh;
		struct wf_lsh_bulk bulk;

		wf_lsh_bulk_init(&bulk);
		assert_int_equal(wf_lsh_init(&plain), 0);
		assert_int_equal(wf_lsh_init(&lsh), 0);
		fill(&plain, &lsh, &bulk, together[i]);
		assert_int_equal(bulk.keys_count, 0);
		both_have_the_same(&plain, &lsh);
		wf_lsh_bulk_close(&bulk);
		wf_lsh_close(&plain);
		wf_lsh_close(&lsh);
	}
}

/* Whichever allocation fails, it is said, or all is entered, where there was room left and the table only did not grow;
 * nothing is left behind, and nothing waits that was refused. */
static void without_memory_it_is_said_and_nothing_waits(void **state)
{
	bool is_through = false;
	uint64_t entries_least =
		UINT64_MAX; /* of those that were told that all is entered: as many as without a failure */
	uint64_t entries_most = 0;
	uint32_t said = 0;

	(void)state;
	for (long served = 0; !is_through; served++) {
		const long before = memory_fault.live;
		struct wf_lsh lsh;
		struct wf_lsh_bulk bulk;
		uint64_t random = 9;
		int error = 0;

		wf_lsh_bulk_init(&bulk);
		assert_int_equal(wf_lsh_init(&lsh), 0);
		memory_fault = (struct memory_fault){.is_armed = true, .countdown = served, .live = memory_fault.live};
		for (uint32_t number = 1; number <= 500 && error == 0; number++) {
			uint64_t keys[ARTICLE_KEYS];

			keys_make(&random, keys);
			error = wf_lsh_bulk_add(&bulk, (const char *)keys, ARTICLE_KEYS, number);
			if (error == 0 && number % 100 == 0)
				error = wf_lsh_bulk_enter(&bulk, &lsh);
		}
		is_through = memory_fault.refused == 0;
		memory_fault.is_armed = false;
		said += error == WF_ENOMEM;
		if (error == 0) {
			entries_least = lsh.entries_count < entries_least ? lsh.entries_count : entries_least;
			entries_most = lsh.entries_count > entries_most ? lsh.entries_count : entries_most;
		} else {
			assert_int_equal(error, WF_ENOMEM);
		}
		wf_lsh_bulk_close(&bulk);
		wf_lsh_close(&lsh);
		assert_int_equal(memory_fault.live, before);
	}
	assert_int_equal(entries_least, entries_most);
	assert_true(said >= 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_entered_in_bulk_is_what_is_entered_one_by_one),
		cmocka_unit_test(without_memory_it_is_said_and_nothing_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
