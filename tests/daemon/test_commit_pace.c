#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "commit_pace.h"

#define PACE_US 2000u

static void at_first_nothing_is_waited_for(void **state)
{
	const struct wf_commit_pace pace = {0};

	(void)state;
	assert_int_equal(wf_commit_pace_wait_us(&pace, 0, 0, PACE_US), 0);
	assert_int_equal(wf_commit_pace_wait_us(&pace, 5, 1, PACE_US), 0);
}

static void one_at_a_time_is_never_waited_for(void **state)
{
	struct wf_commit_pace pace = {0};

	(void)state;
	for (uint64_t now = 10; now < 1000; now += 10) {
		wf_commit_pace_note(&pace, now, 1);
		assert_int_equal(wf_commit_pace_wait_us(&pace, now + 1, 1, PACE_US), 0);
	}
}

/* Sixteen clients, each of which sends its next write once it has the verdict on the last. */
static void clients_that_have_all_come_back_are_not_waited_for(void **state)
{
	struct wf_commit_pace pace = {0};

	(void)state;
	wf_commit_pace_note(&pace, 10, 16);
	for (uint32_t writes = 1; writes < 16; writes++)
		assert_int_equal(wf_commit_pace_wait_us(&pace, 11, writes, PACE_US), WF_COMMIT_PACE_GAP_US);
	assert_int_equal(wf_commit_pace_wait_us(&pace, 11, 16, PACE_US), 0);
	assert_int_equal(wf_commit_pace_wait_us(&pace, 11, 17, PACE_US), 0);
}

static void no_longer_than_the_pace(void **state)
{
	struct wf_commit_pace pace = {0};

	(void)state;
	wf_commit_pace_note(&pace, 1000, 16);
	assert_int_equal(wf_commit_pace_wait_us(&pace, 1000, 1, PACE_US), WF_COMMIT_PACE_GAP_US);
	assert_int_equal(wf_commit_pace_wait_us(&pace, 2999, 1, PACE_US), 1);
	assert_int_equal(wf_commit_pace_wait_us(&pace, 2800, 1, PACE_US), 200);
	assert_int_equal(wf_commit_pace_wait_us(&pace, 3000, 1, PACE_US), 0);
	assert_int_equal(wf_commit_pace_wait_us(&pace, 9000, 1, PACE_US), 0);
	assert_int_equal(wf_commit_pace_wait_us(&pace, 1000, 1, 0), 0);
}

/* A burst is forgotten after so many batches. */
static void the_fullest_of_the_last_batches_counts(void **state)
{
	struct wf_commit_pace pace = {0};

	(void)state;
	wf_commit_pace_note(&pace, 10, 500);
	for (uint32_t i = 1; i < WF_COMMIT_PACE_BATCHES; i++) {
		wf_commit_pace_note(&pace, 10 + i, 1);
		assert_int_not_equal(wf_commit_pace_wait_us(&pace, 10 + i, 1, PACE_US), 0);
	}
	wf_commit_pace_note(&pace, 100, 1);
	assert_int_equal(wf_commit_pace_wait_us(&pace, 100, 1, PACE_US), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_first_nothing_is_waited_for),
		cmocka_unit_test(one_at_a_time_is_never_waited_for),
		cmocka_unit_test(clients_that_have_all_come_back_are_not_waited_for),
		cmocka_unit_test(no_longer_than_the_pace),
		cmocka_unit_test(the_fullest_of_the_last_batches_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
