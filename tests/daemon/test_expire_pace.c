#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "expire_pace.h"

/* Takes steps while they are due; returns how many articles were taken out of `old`. */
static uint64_t take_out(struct wf_expire_pace *pace, uint64_t now_ms, uint64_t number_next, uint64_t old)
{
	uint64_t taken = 0;

	while (wf_expire_is_due(pace, now_ms, number_next)) {
		const uint64_t left = old - taken;
		const uint32_t step = left < WF_EXPIRE_ARTICLES_MAX ? (uint32_t)left : WF_EXPIRE_ARTICLES_MAX;

		wf_expire_note(pace, now_ms, number_next, step);
		taken += step;
	}
	return taken;
}

static void without_anything_old_it_looks_once_in_an_interval(void **state)
{
	struct wf_expire_pace pace = {0};
	uint64_t number = 5000000;
	uint64_t looks = 0;

	(void)state;
	for (uint64_t now = 1; now < 10 * WF_EXPIRE_INTERVAL_MS; now++, number += 100) {
		if (!wf_expire_is_due(&pace, now, number))
			continue;
		wf_expire_note(&pace, now, number, 3);
		assert_int_equal(wf_expire_wait_ms(&pace, now), WF_EXPIRE_INTERVAL_MS);
		looks++;
	}
	assert_int_equal(looks, 10);
}

/* Also where millions of articles came before the first step. */
static void what_is_old_goes_in_steps_with_pauses_while_nothing_comes(void **state)
{
	struct wf_expire_pace pace = {0};
	uint64_t taken = 0;

	(void)state;
	for (uint64_t now = 1; now <= 10 * WF_EXPIRE_PAUSE_MS; now++) {
		const uint64_t step = take_out(&pace, now, 5000000, 1000000 - taken);

		assert_in_range(step, 0, WF_EXPIRE_ARTICLES_MAX);
		assert_in_range(wf_expire_wait_ms(&pace, now), 1, WF_EXPIRE_PAUSE_MS);
		taken += step;
	}
	assert_int_equal(taken, 10 * WF_EXPIRE_ARTICLES_MAX);
}

/* A hundred articles a millisecond come and, a second later, are old. */
static void what_comes_faster_than_pauses_allow_is_taken_out_as_fast(void **state)
{
	struct wf_expire_pace pace = {0};
	uint64_t number = 1;
	uint64_t taken = 0;
	uint64_t held_most = 0;

	(void)state;
	for (uint64_t now = 1; now < 60000; now++) {
		const uint64_t old = number > 100000 ? number - 100000 : 0;

		number += 100;
		taken += take_out(&pace, now, number, old > taken ? old - taken : 0);
		if (number - taken > held_most)
			held_most = number - taken;
	}
	/* What is young enough, what gets old in an interval, and a little. */
	assert_in_range(held_most, 100000, 220000);
	assert_in_range(number - taken, 100000, 220000);
}

static void a_single_step_makes_up_for_no_more_than_its_share(void **state)
{
	struct wf_expire_pace pace = {0};

	(void)state;
	wf_expire_note(&pace, 1000, 5000, WF_EXPIRE_ARTICLES_MAX);
	assert_false(wf_expire_is_due(&pace, 1001, 5000));
	assert_false(wf_expire_is_due(&pace, 1001, 5000 + WF_EXPIRE_ARTICLES_DUE - 1));
	assert_true(wf_expire_is_due(&pace, 1001, 5000 + WF_EXPIRE_ARTICLES_DUE));
	wf_expire_note(&pace, 1001, 5000 + 2 * WF_EXPIRE_ARTICLES_DUE, WF_EXPIRE_ARTICLES_MAX);
	assert_true(wf_expire_is_due(&pace, 1001, 5000 + 2 * WF_EXPIRE_ARTICLES_DUE));
	wf_expire_note(&pace, 1001, 5000 + 2 * WF_EXPIRE_ARTICLES_DUE, WF_EXPIRE_ARTICLES_MAX);
	assert_false(wf_expire_is_due(&pace, 1001, 5000 + 2 * WF_EXPIRE_ARTICLES_DUE));
	assert_true(wf_expire_is_due(&pace, 1001 + WF_EXPIRE_PAUSE_MS, 5000 + 2 * WF_EXPIRE_ARTICLES_DUE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_anything_old_it_looks_once_in_an_interval),
		cmocka_unit_test(what_is_old_goes_in_steps_with_pauses_while_nothing_comes),
		cmocka_unit_test(what_comes_faster_than_pauses_allow_is_taken_out_as_fast),
		cmocka_unit_test(a_single_step_makes_up_for_no_more_than_its_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
