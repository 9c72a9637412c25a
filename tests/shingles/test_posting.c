#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked_pages.h"
#include "memory_fault.h"
#include "posting.h"

static void a_list_keeps_what_it_was_given_and_takes_no_more_than_it_has_room_for(void **state)
{
	struct wf_postings postings;
	struct wf_posting *posting;

	(void)state;
	wf_postings_init(&postings);
	posting = wf_postings_at(&postings, wf_postings_take(&postings));
	for (uint32_t number = 1; number <= WF_POSTING_NUMBERS; number++)
		assert_true(wf_posting_add(posting, number));
	assert_false(wf_posting_add(posting, 99));
	for (uint32_t number = 1; number <= WF_POSTING_NUMBERS; number++)
		assert_int_equal(posting->numbers[number - 1], number);
	wf_postings_close(&postings);
	assert_int_equal(memory_live(), 0);
}

static void what_is_taken_out_leaves_no_gap(void **state)
{
	/* Which one is taken out, of how many. */
	for (uint32_t count = 1; count <= WF_POSTING_NUMBERS; count++) {
		for (uint32_t out = 1; out <= count; out++) {
			struct wf_posting posting = {{0}};
			uint32_t sum = 0;

			for (uint32_t number = 1; number <= count; number++)
				assert_true(wf_posting_add(&posting, number));
			assert_false(wf_posting_remove(&posting, count + 1));
			assert_true(wf_posting_remove(&posting, out));
			assert_false(wf_posting_remove(&posting, out));
			for (uint32_t i = 0; i + 1 < count; i++) {
				assert_int_not_equal(posting.numbers[i], 0);
				sum += posting.numbers[i];
			}
			for (uint32_t i = count - 1; i < WF_POSTING_NUMBERS; i++)
				assert_int_equal(posting.numbers[i], 0);
			assert_int_equal(sum, count * (count + 1) / 2 - out);
		}
	}
	(void)state;
}

static void lists_are_apart_and_are_taken_again_empty(void **state)
{
	const uint32_t count = 3 * WF_POSTING_CHUNK / 2; /* more than a chunk */
	struct wf_postings postings;
	uint64_t bytes;

	(void)state;
	wf_postings_init(&postings);
	for (uint32_t i = 1; i <= count; i++) {
		const uint32_t place = wf_postings_take(&postings);

		assert_int_equal(place, i);
		assert_int_equal(wf_postings_at(&postings, place)->numbers[0], 0);
		assert_true(wf_posting_add(wf_postings_at(&postings, place), i));
		assert_true(wf_posting_add(wf_postings_at(&postings, place), i + 1));
	}
	for (uint32_t i = 1; i <= count; i++)
		assert_int_equal(wf_postings_at(&postings, i)->numbers[0], i);
	bytes = wf_postings_memory_bytes(&postings);
	assert_int_equal(bytes, 2 * WF_PAGES_LARGE_BYTES);
	for (uint32_t i = 1; i <= count; i += 2)
		wf_postings_give_back(&postings, i);
	for (uint32_t i = 1; i <= count; i += 2) {
		const uint32_t place = wf_postings_take(&postings);

		assert_int_equal(place % 2, 1);
		for (uint32_t k = 0; k < WF_POSTING_NUMBERS; k++)
			assert_int_equal(wf_postings_at(&postings, place)->numbers[k], 0);
		assert_true(wf_posting_add(wf_postings_at(&postings, place), UINT32_MAX));
	}
	for (uint32_t i = 2; i <= count; i += 2)
		assert_int_equal(wf_postings_at(&postings, i)->numbers[0], i);
	assert_int_equal(wf_postings_memory_bytes(&postings), bytes);
	wf_postings_close(&postings);
	assert_int_equal(memory_live(), 0);
}

static void without_memory_there_is_no_list(void **state)
{
	struct wf_postings postings;

	(void)state;
	wf_postings_init(&postings);
	for (long served = 0; served < 2; served++) {
		memory_fault_arm(served, true);
		assert_int_equal(wf_postings_take(&postings), 0);
		assert_true(memory_fault_disarm());
		assert_int_equal(wf_postings_memory_bytes(&postings), 0);
		assert_int_equal(memory_live(), 0);
	}
	assert_int_equal(wf_postings_take(&postings), 1);
	wf_postings_close(&postings);
	assert_int_equal(memory_live(), 0);
}

/* wf_pages_ahead */

static void a_chunk_is_asked_for_half_a_chunk_ahead(void **state)
{
	static struct asked_pages asked;
	struct wf_postings postings;
	uint32_t refused = 0;

	(void)state;
	wf_postings_init(&postings);
	postings.ahead = asked_ahead(&asked);
	for (uint32_t count = 1; count <= 3 * WF_POSTING_CHUNK; count++) {
		/* Without the memory for the next chunk the lists of this one are taken as before. */
		memory_fault_arm(count % 7 == 0 || count == 1 ? 100 : 0, true);
		assert_int_not_equal(wf_postings_take(&postings), 0);
		refused += memory_fault_disarm();
		if (count % WF_POSTING_CHUNK == WF_POSTING_CHUNK / 2 + 10) {
			assert_int_equal(postings.chunks_count, count / WF_POSTING_CHUNK + 2);
			assert_int_equal(asked_from(&asked, postings.chunks[postings.chunks_count - 1]),
					 WF_PAGES_LARGE_BYTES);
		}
	}
	assert_true(refused > 0);
	assert_int_equal(asked.count, postings.chunks_count);
	wf_postings_close(&postings);
	assert_int_equal(asked.count, 0);
	assert_int_equal(memory_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_keeps_what_it_was_given_and_takes_no_more_than_it_has_room_for),
		cmocka_unit_test(what_is_taken_out_leaves_no_gap),
		cmocka_unit_test(lists_are_apart_and_are_taken_again_empty),
		cmocka_unit_test(without_memory_there_is_no_list),
		cmocka_unit_test(a_chunk_is_asked_for_half_a_chunk_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
