/* What is applied and not yet on disk: found by number, let go of in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pending.h"

#define ITEMS_COUNT  3000u /* more than the ring has room for at first */
#define NUMBER_FIRST 41u

struct fixture {
	struct wf_pending pending;
	struct wf_job *job;
	struct wf_item items[ITEMS_COUNT];
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.job = wf_job_new()};
	for (size_t i = 0; i < ITEMS_COUNT; i++)
		fixture.items[i].entry.number = NUMBER_FIRST + i;
	*state = &fixture;
	return fixture.job == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	wf_pending_close(&fixture->pending);
	assert_int_equal(atomic_load(&fixture->job->references), 1);
	wf_job_release(fixture->job);
	return 0;
}

static void push(struct fixture *fixture, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++) {
		assert_int_equal(wf_pending_reserve(&fixture->pending), 0);
		wf_pending_push(&fixture->pending, fixture->job, &fixture->items[i]);
	}
}

static void assert_pending(const struct fixture *fixture, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		assert_ptr_equal(wf_pending_item(&fixture->pending, NUMBER_FIRST + i), &fixture->items[i]);
}

static void all_are_found_by_their_numbers(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, 0, ITEMS_COUNT);
	assert_pending(fixture, 0, ITEMS_COUNT);
	assert_null(wf_pending_item(&fixture->pending, NUMBER_FIRST - 1));
	assert_null(wf_pending_item(&fixture->pending, NUMBER_FIRST + ITEMS_COUNT));
}

static void the_ring_goes_round(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, 0, 700);
	wf_pending_drop(&fixture->pending, NUMBER_FIRST + 599);
	push(fixture, 700, 900);
	assert_int_equal(fixture->pending.capacity, 1024);
	assert_null(wf_pending_item(&fixture->pending, NUMBER_FIRST + 599));
	assert_pending(fixture, 600, 1600);
	assert_int_equal(atomic_load(&fixture->job->references), 1001);
}

static void it_grows_when_it_has_gone_round(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, 0, 1000);
	wf_pending_drop(&fixture->pending, NUMBER_FIRST + 799);
	push(fixture, 1000, 1800);
	assert_int_equal(fixture->pending.capacity, 2048);
	assert_pending(fixture, 800, 2800);
}

static void what_is_forgotten_leaves_the_others_in_place(void **state)
{
	struct fixture *fixture = *state;

	push(fixture, 0, 3);
	wf_pending_forget(&fixture->pending, NUMBER_FIRST + 1);
	wf_pending_forget(&fixture->pending, NUMBER_FIRST + 1);
	wf_pending_forget(&fixture->pending, NUMBER_FIRST + 3);
	assert_null(wf_pending_item(&fixture->pending, NUMBER_FIRST + 1));
	assert_ptr_equal(wf_pending_item(&fixture->pending, NUMBER_FIRST + 2), &fixture->items[2]);
	assert_int_equal(atomic_load(&fixture->job->references), 3);
}

static void a_number_without_an_article_has_a_place(void **state)
{
	struct fixture *fixture = *state;

	/* Where nothing is pending, the next article begins anew. */
	assert_int_equal(wf_pending_push_none(&fixture->pending), 0);
	assert_int_equal(fixture->pending.count, 0);
	push(fixture, 0, 1);
	assert_int_equal(wf_pending_push_none(&fixture->pending), 0);
	push(fixture, 2, 1);
	assert_null(wf_pending_item(&fixture->pending, NUMBER_FIRST + 1));
	assert_ptr_equal(wf_pending_item(&fixture->pending, NUMBER_FIRST + 2), &fixture->items[2]);
	wf_pending_drop(&fixture->pending, NUMBER_FIRST + 2);
	assert_int_equal(fixture->pending.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_are_found_by_their_numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_ring_goes_round, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_grows_when_it_has_gone_round, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_forgotten_leaves_the_others_in_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_number_without_an_article_has_a_place, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
