#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked_pages.h"
#include "base/prefetch.h"
#include "base/slab.h"
#include "memory_fault.h"

#define RECORD_BYTES 20000u
#define RECORDS      250u /* three blocks */

static void take_all(struct wf_slab *slab, unsigned char *records[RECORDS])
{
	for (size_t i = 0; i < RECORDS; i++) {
		records[i] = wf_slab_take(slab);
		assert_non_null(records[i]);
		memset(records[i], (int)i, RECORD_BYTES);
	}
}

static void records_begin_a_cache_line_and_lie_apart(void **state)
{
	unsigned char *records[RECORDS];
	struct wf_slab slab;

	(void)state;
	wf_slab_init(&slab, RECORD_BYTES);
	assert_int_equal(wf_slab_memory_bytes(&slab), 0);
	take_all(&slab, records);
	for (size_t i = 0; i < RECORDS; i++) {
		assert_int_equal((uintptr_t)records[i] % WF_CACHE_LINE_BYTES, 0);
		for (size_t k = 0; k < RECORD_BYTES; k++)
			assert_int_equal(records[i][k], (unsigned char)i);
	}
	assert_int_equal(wf_slab_memory_bytes(&slab), 3 * WF_PAGES_LARGE_BYTES);
	wf_slab_close(&slab);
}

static void what_is_given_back_is_taken_first(void **state)
{
	unsigned char *records[RECORDS];
	struct wf_slab slab;
	size_t bytes;

	(void)state;
	wf_slab_init(&slab, RECORD_BYTES);
	take_all(&slab, records);
	bytes = wf_slab_memory_bytes(&slab);
	for (size_t i = 0; i < RECORDS; i += 2)
		wf_slab_give(&slab, records[i]);
	wf_slab_give(&slab, NULL);
	for (size_t i = 0; i < RECORDS; i += 2) {
		unsigned char *again = wf_slab_take(&slab);
		bool is_known = false;

		for (size_t k = 0; k < RECORDS && !is_known; k += 2)
			is_known = records[k] == again;
		assert_true(is_known);
		memset(again, 1, RECORD_BYTES);
	}
	for (size_t i = 1; i < RECORDS; i += 2)
		assert_int_equal(records[i][RECORD_BYTES - 1], (unsigned char)i);
	assert_int_equal(wf_slab_memory_bytes(&slab), bytes);
	wf_slab_close(&slab);
}

static void a_record_larger_than_a_large_page_has_a_block(void **state)
{
	const size_t bytes = WF_PAGES_LARGE_BYTES;
	struct wf_slab slab;
	char *record;

	(void)state;
	wf_slab_init(&slab, bytes);
	record = wf_slab_take(&slab);
	assert_non_null(record);
	record[bytes - 1] = 1;
	assert_int_equal(wf_slab_memory_bytes(&slab), 2 * WF_PAGES_LARGE_BYTES);
	wf_slab_close(&slab);
}

static void without_memory_no_record_is_given_and_none_is_lost(void **state)
{
	const long live = memory_live();
	struct wf_slab slab;
	char *record;

	(void)state;
	wf_slab_init(&slab, RECORD_BYTES);
	memory_fault_arm(0, true);
	assert_null(wf_slab_take(&slab));
	assert_true(memory_fault_disarm());
	record = wf_slab_take(&slab);
	assert_non_null(record);
	wf_slab_close(&slab);
	assert_int_equal(memory_live(), live);
	assert_int_equal(wf_slab_memory_bytes(&slab), 0);
	assert_non_null(wf_slab_take(&slab));
	wf_slab_close(&slab);
}

static void the_next_block_is_asked_for_ahead(void **state)
{
	static struct asked_pages asked;
	unsigned char *records[RECORDS];
	const long live = memory_live();
	struct wf_slab slab;

	(void)state;
	wf_slab_init(&slab, RECORD_BYTES);
	slab.ahead = asked_ahead(&asked);
	for (uint32_t round = 0; round < 2; round++) {
		assert_non_null(wf_slab_take(&slab));
		assert_int_equal(asked.count, 0);
		take_all(&slab, records);
		/* All but the first, and the one after the third, of which half is used. */
		assert_int_equal(asked.count, 3);
		assert_int_equal(slab.blocks_count, 3);
		assert_int_equal(asked_from(&asked, slab.blocks), WF_PAGES_LARGE_BYTES);
		assert_int_equal(wf_slab_memory_bytes(&slab), 4 * WF_PAGES_LARGE_BYTES);
		wf_slab_close(&slab);
		assert_int_equal(asked.count, 0);
		assert_int_equal(memory_live(), live);
	}
	/* Without the memory for it records are given as before. */
	assert_non_null(wf_slab_take(&slab));
	memory_fault_arm(0, true);
	for (uint32_t i = 1; i < WF_PAGES_LARGE_BYTES / RECORD_BYTES - 1; i++)
		assert_non_null(wf_slab_take(&slab));
	assert_true(memory_fault_disarm());
	assert_int_equal(asked.count, 0);
	wf_slab_close(&slab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_begin_a_cache_line_and_lie_apart),
		cmocka_unit_test(what_is_given_back_is_taken_first),
		cmocka_unit_test(a_record_larger_than_a_large_page_has_a_block),
		cmocka_unit_test(without_memory_no_record_is_given_and_none_is_lost),
		cmocka_unit_test(the_next_block_is_asked_for_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
