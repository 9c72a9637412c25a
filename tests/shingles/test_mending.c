#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mending.h"

static int set_up(void **state)
{
	static struct wf_mending mending;

	wf_mending_init(&mending);
	*state = &mending;
	return 0;
}

static int tear_down(void **state)
{
	wf_mending_close(*state);
	return 0;
}

static void the_first_of_a_source_wait_once_it_has_enough(void **state)
{
	for (uint64_t number = 1; number < WF_MENDING_ARTICLES; number++) {
		wf_mending_note(*state, 7, number, false);
		wf_mending_note(*state, 8, 100 + number, false);
		wf_mending_note(*state, 0, 200 + number, false);
		assert_int_equal(wf_mending_next(*state), 0);
	}
	wf_mending_note(*state, 7, 50, false);
	for (uint64_t number = 1; number < WF_MENDING_ARTICLES; number++)
		assert_int_equal(wf_mending_next(*state), number);
	assert_int_equal(wf_mending_next(*state), 0);
	/* Once, and no more. */
	for (uint64_t number = 51; number < 100; number++)
		wf_mending_note(*state, 7, number, false);
	assert_int_equal(wf_mending_next(*state), 0);
}

static void what_was_there_at_a_start_is_counted_and_does_not_wait(void **state)
{
	for (uint64_t number = 1; number <= WF_MENDING_ARTICLES; number++)
		wf_mending_note(*state, 7, number, true);
	for (uint64_t number = 1; number < WF_MENDING_ARTICLES; number++)
		wf_mending_note(*state, 8, 10 + number, true);
	wf_mending_note(*state, 7, 30, false);
	assert_int_equal(wf_mending_next(*state), 0);
	wf_mending_note(*state, 8, 31, false);
	assert_int_equal(wf_mending_next(*state), 11);
}

static void articles_and_sources_have_their_bounds(void **state)
{
	struct wf_mending *mending = *state;
	uint64_t number = 0;
	uint32_t waited = 0;

	for (uint64_t source = 1; source <= WF_MENDING_SOURCES_MAX + 100; source++)
		for (uint32_t i = 0; i < WF_MENDING_ARTICLES; i++)
			wf_mending_note(mending, source, ++number, false);
	assert_int_equal(mending->sources_count, WF_MENDING_SOURCES_MAX);
	assert_int_equal(wf_map_count(&mending->sources), WF_MENDING_SOURCES_MAX);
	while (wf_mending_next(mending) != 0)
		waited++;
	assert_int_equal(waited, WF_MENDING_WAITING_MAX);
}

int main(void)
{
#define claim(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		claim(the_first_of_a_source_wait_once_it_has_enough),
		claim(what_was_there_at_a_start_is_counted_and_does_not_wait),
		claim(articles_and_sources_have_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
