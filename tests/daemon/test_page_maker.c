/* Pages made ahead: they are there, hold what is written to them meanwhile, and what is freed is not touched. */
#define _DEFAULT_SOURCE /* mincore() */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "page_maker.h"

#define BLOCK_BYTES (5 * (size_t)WF_PAGES_LARGE_BYTES)

static struct wf_page_maker maker_of_test;

static int set_up(void **state)
{
	*state = &maker_of_test;
	return wf_page_maker_start(&maker_of_test);
}

static int tear_down(void **state)
{
	wf_page_maker_stop(*state);
	return 0;
}

/* Pages of the block that are there. */
static size_t made_in(char *block, size_t bytes)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t pages = (bytes + page - 1) / page;
	unsigned char *there = malloc(pages);
	size_t count = 0;

	assert_non_null(there);
	assert_int_equal(mincore(block, bytes, there), 0);
	for (size_t i = 0; i < pages; i++)
		count += there[i] & 1;
	free(there);
	return count;
}

static void pages_that_were_asked_for_are_made(void **state)
{
	const size_t pages = BLOCK_BYTES / (size_t)sysconf(_SC_PAGESIZE);
	const struct wf_pages_ahead ahead = wf_page_maker_ahead(*state);
	char *block = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(block, MAP_FAILED);
	assert_int_equal(made_in(block, BLOCK_BYTES), 0);
	wf_pages_ask(&ahead, block, BLOCK_BYTES);
	while (made_in(block, BLOCK_BYTES) < pages)
		sched_yield();
	ahead.forget(ahead.context, block, BLOCK_BYTES);
	munmap(block, BLOCK_BYTES);
}

static void what_is_written_meanwhile_stays(void **state)
{
	const struct wf_pages_ahead ahead = wf_page_maker_ahead(*state);

	for (uint32_t round = 1; round <= 20; round++) {
		uint32_t *block = wf_pages_take(BLOCK_BYTES);

		assert_non_null(block);
		wf_pages_ask(&ahead, block, BLOCK_BYTES);
		for (size_t i = 0; i < BLOCK_BYTES / sizeof *block; i++)
			block[i] = (uint32_t)i * round;
		for (size_t i = 0; i < BLOCK_BYTES / sizeof *block; i++)
			if (block[i] != (uint32_t)i * round)
				fail_msg("round %u: %zu is not what was written", round, i);
		wf_pages_free_asked(&ahead, block, BLOCK_BYTES);
	}
}

/* A sanitizer, or the system, sees who touches what is gone. */
static void what_is_freed_is_not_touched(void **state)
{
	const struct wf_pages_ahead ahead = wf_page_maker_ahead(*state);

	for (uint32_t round = 0; round < 300; round++) {
		char *blocks[3];

		for (size_t i = 0; i < 3; i++) {
			blocks[i] = wf_pages_take(BLOCK_BYTES);
			assert_non_null(blocks[i]);
			wf_pages_ask(&ahead, blocks[i], BLOCK_BYTES / 2);
			wf_pages_ask(&ahead, blocks[i] + BLOCK_BYTES / 2, BLOCK_BYTES / 2);
		}
		wf_pages_free_asked(&ahead, blocks[round % 3], BLOCK_BYTES);
		wf_pages_free_asked(&ahead, blocks[(round + 1) % 3], BLOCK_BYTES);
		wf_pages_free_asked(&ahead, blocks[(round + 2) % 3], BLOCK_BYTES);
	}
}

static void what_there_is_no_room_for_is_left_out(void **state)
{
	struct wf_page_maker *maker = *state;
	const struct wf_pages_ahead ahead = wf_page_maker_ahead(maker);
	char *block = wf_pages_take(BLOCK_BYTES);
	uint32_t most = 0;

	assert_non_null(block);
	for (uint32_t i = 0; i < 100000; i++) {
		wf_pages_ask(&ahead, block, BLOCK_BYTES);
		uv_mutex_lock(&maker->mutex);
		most = maker->count > most ? maker->count : most;
		uv_mutex_unlock(&maker->mutex);
	}
	assert_int_equal(most, WF_PAGE_MAKER_ROOM);
	wf_pages_free_asked(&ahead, block, BLOCK_BYTES);
	assert_int_equal(maker->count, 0);
}

static void it_stops_with_pages_left_to_make(void **state)
{
	char *block = wf_pages_take(BLOCK_BYTES);

	assert_non_null(block);
	for (uint32_t round = 0; round < 100; round++) {
		struct wf_page_maker maker;
		struct wf_pages_ahead ahead;

		assert_int_equal(wf_page_maker_start(&maker), 0);
		ahead = wf_page_maker_ahead(&maker);
		for (uint32_t i = 0; i < round; i++)
			wf_pages_ask(&ahead, block, BLOCK_BYTES);
		wf_page_maker_stop(&maker);
	}
	wf_pages_free(block);
	(void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_that_were_asked_for_are_made), TEST(what_is_written_meanwhile_stays),
		TEST(what_is_freed_is_not_touched),       TEST(what_there_is_no_room_for_is_left_out),
		TEST(it_stops_with_pages_left_to_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
