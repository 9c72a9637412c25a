#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "memory_fault.h"

static void pieces_are_aligned_and_apart(void **state)
{
	struct wf_arena arena;
	unsigned char *pieces[100];

	(void)state;
	wf_arena_init(&arena, 256);
	for (size_t i = 0; i < 100; i++) {
		pieces[i] = wf_arena_take(&arena, i);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % 16, 0);
		memset(pieces[i], (int)i, i);
	}
	for (size_t i = 0; i < 100; i++) {
		for (size_t j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], i);
	}
	wf_arena_close(&arena);
}

static void a_piece_larger_than_a_block_has_its_own(void **state)
{
	struct wf_arena arena;

	(void)state;
	wf_arena_init(&arena, 64);
	assert_non_null(wf_arena_take(&arena, 1000));
	assert_true(arena.total_bytes >= 1000 && arena.total_bytes < 1100);
	assert_non_null(wf_arena_take(&arena, 1));
	assert_true(arena.total_bytes >= 1064);
	wf_arena_close(&arena);
	assert_int_equal(arena.total_bytes, 0);
}

static void a_size_that_no_memory_has_is_refused(void **state)
{
	struct wf_arena arena;

	(void)state;
	wf_arena_init(&arena, 64);
	assert_null(wf_arena_take(&arena, SIZE_MAX));
	assert_null(wf_arena_take(&arena, SIZE_MAX - 15));
	assert_null(wf_arena_take(&arena, SIZE_MAX / 2 + 1));
	assert_non_null(wf_arena_take(&arena, 8));
	wf_arena_close(&arena);
}

static void reset_keeps_one_ordinary_block(void **state)
{
	struct wf_arena arena;
	void *first;

	(void)state;
	wf_arena_init(&arena, 1024);
	first = wf_arena_take(&arena, 100);
	for (int i = 0; i < 20; i++)
		assert_non_null(wf_arena_take(&arena, 500));
	assert_non_null(wf_arena_take(&arena, 5000));
	wf_arena_reset(&arena);
	assert_true(arena.total_bytes >= 1024 && arena.total_bytes < 1100);
	first = wf_arena_take(&arena, 1000);
	assert_non_null(first);
	assert_true(arena.total_bytes < 1100);
	wf_arena_reset(&arena);
	assert_ptr_equal(wf_arena_take(&arena, 1000), first);
	wf_arena_close(&arena);
}

static void reset_of_large_blocks_alone_keeps_none(void **state)
{
	struct wf_arena arena;

	(void)state;
	wf_arena_init(&arena, 64);
	assert_non_null(wf_arena_take(&arena, 5000));
	wf_arena_reset(&arena);
	assert_int_equal(arena.total_bytes, 0);
	assert_non_null(wf_arena_take(&arena, 8));
	wf_arena_close(&arena);
}

static void a_copy_is_equal_and_elsewhere(void **state)
{
	const struct wf_bytes source = wf_bytes_of("a text");
	struct wf_arena arena;
	struct wf_bytes copy;

	(void)state;
	wf_arena_init(&arena, 64);
	copy = wf_arena_copy(&arena, source);
	assert_true(wf_bytes_equal(copy, source));
	assert_ptr_not_equal(copy.data, source.data);
	copy = wf_arena_copy(&arena, (struct wf_bytes){NULL, 0});
	assert_int_equal(copy.length, 0);
	wf_arena_close(&arena);
}

static void out_of_memory_leaves_the_arena_as_it_was(void **state)
{
	struct wf_arena arena;
	const char *kept;

	(void)state;
	wf_arena_init(&arena, 64);
	kept = wf_arena_copy(&arena, wf_bytes_of("kept")).data;
	assert_non_null(wf_arena_take(&arena, 48)); /* the block is full */
	memory_fault_arm(0, true);
	assert_null(wf_arena_take(&arena, 1000));
	assert_null(wf_arena_copy(&arena, (struct wf_bytes){kept, 64}).data);
	assert_true(memory_fault_disarm());
	assert_memory_equal(kept, "kept", 4);
	assert_non_null(wf_arena_take(&arena, 1000));
	wf_arena_close(&arena);
	assert_int_equal(memory_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_aligned_and_apart),
		cmocka_unit_test(a_piece_larger_than_a_block_has_its_own),
		cmocka_unit_test(a_size_that_no_memory_has_is_refused),
		cmocka_unit_test(reset_keeps_one_ordinary_block),
		cmocka_unit_test(reset_of_large_blocks_alone_keeps_none),
		cmocka_unit_test(a_copy_is_equal_and_elsewhere),
		cmocka_unit_test(out_of_memory_leaves_the_arena_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
