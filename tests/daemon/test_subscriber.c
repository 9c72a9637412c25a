#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "subscriber.h"

#define BYTES_MAX (64u << 10)

static int set_up(void **state)
{
	struct wf_subscriber *subscriber = malloc(sizeof *subscriber);

	assert_non_null(subscriber);
	wf_subscriber_init(subscriber, BYTES_MAX);
	*state = subscriber;
	return 0;
}

static int tear_down(void **state)
{
	wf_subscriber_close(*state);
	free(*state);
	return 0;
}

/* Notification `number`: a hundred bytes that begin with it. */
static bool put(struct wf_subscriber *subscriber, uint32_t number)
{
	char text[100] = {0};

	memcpy(text, &number, sizeof number);
	return wf_subscriber_put(subscriber, (struct wf_bytes){text, sizeof text});
}

/* How many events a gap tells of, read from its notification's end: the last key is `lost`. */
static uint64_t lost_at(const char *data, size_t *length)
{
	struct wf_pack pack;
	uint64_t lost = 0;

	for (uint64_t tried = 1; tried < 100000 && lost == 0; tried++) {
		wf_pack_init(&pack, 0);
		wf_event_pack_gap(&pack, tried);
		if (memcmp(pack.data, data, pack.length) == 0) {
			lost = tried;
			*length = pack.length;
		}
		wf_pack_close(&pack);
	}
	assert_true(lost > 0);
	return lost;
}

/* Takes a block and checks that it goes on where `next` is, gaps counted. Returns the next number. */
static uint32_t check_block(struct wf_subscriber *subscriber, uint32_t next, uint32_t *gaps)
{
	size_t length;
	char *data = wf_subscriber_take(subscriber, UINT64_MAX, &length);

	assert_non_null(data);
	for (size_t at = 0; at < length;) {
		uint32_t number;
		size_t step = 100;

		memcpy(&number, data + at, sizeof number);
		if (number == next) {
			next++;
		} else {
			next += (uint32_t)lost_at(data + at, &step);
			*gaps += 1;
		}
		at += step;
	}
	free(data);
	return next;
}

static void what_was_put_comes_out_whole_and_in_order(void **state)
{
	struct wf_subscriber *subscriber = *state;
	uint32_t next = 0;
	uint32_t gaps = 0;
	size_t length;

	assert_true(wf_subscriber_is_empty(subscriber));
	assert_null(wf_subscriber_take(subscriber, UINT64_MAX, &length));
	for (uint32_t number = 0; number < 300; number++)
		assert_true(put(subscriber, number));
	while (!wf_subscriber_is_empty(subscriber))
		next = check_block(subscriber, next, &gaps);
	assert_int_equal(next, 300);
	assert_int_equal(gaps, 0);
	assert_int_equal(subscriber->bytes, 0);
}

static void past_the_bound_events_are_counted_and_told_in_their_place(void **state)
{
	struct wf_subscriber *subscriber = *state;
	uint32_t put_count = 0, next = 0, gaps = 0;

	/* Three times more than it holds, taken by and by. */
	for (uint32_t number = 0; number < 6000; number++) {
		put_count += put(subscriber, number);
		assert_true(subscriber->bytes <= BYTES_MAX);
		if (number % 200 == 199 && !wf_subscriber_is_empty(subscriber))
			next = check_block(subscriber, next, &gaps);
	}
	while (!wf_subscriber_is_empty(subscriber))
		next = check_block(subscriber, next, &gaps);
	assert_int_equal(next, 6000);
	assert_true(gaps > 0 && put_count < 6000);
	assert_int_equal(subscriber->lost, 0);
}

static void a_gap_is_told_also_where_nothing_follows(void **state)
{
	struct wf_subscriber *subscriber = *state;
	uint32_t next = 0, gaps = 0;

	wf_subscriber_lose(subscriber, 7);
	assert_false(wf_subscriber_is_empty(subscriber));
	for (uint32_t number = 7; put(subscriber, number); number++)
		next = number;
	assert_true(subscriber->lost > 0);
	wf_subscriber_lose(subscriber, 5);
	assert_int_equal(subscriber->lost, 6);
	for (uint32_t at = 0; !wf_subscriber_is_empty(subscriber);) {
		at = check_block(subscriber, at, &gaps);
		if (wf_subscriber_is_empty(subscriber))
			assert_int_equal(at, next + 7);
	}
	assert_int_equal(gaps, 2);
}

static void one_that_is_larger_than_a_block_has_one_of_its_own(void **state)
{
	struct wf_subscriber *subscriber = *state;
	const struct wf_bytes large = {calloc(1, 40000), 40000};
	size_t length;
	char *data;

	assert_non_null(large.data);
	assert_true(put(subscriber, 1));
	assert_true(wf_subscriber_put(subscriber, large));
	assert_false(wf_subscriber_put(subscriber, large));
	data = wf_subscriber_take(subscriber, UINT64_MAX, &length);
	assert_int_equal(length, 100);
	free(data);
	data = wf_subscriber_take(subscriber, UINT64_MAX, &length);
	assert_int_equal(length, large.length);
	free(data);
	free((void *)(uintptr_t)large.data);
}

static void a_bar_parts_what_was_before_from_what_comes_after(void **state)
{
	struct wf_subscriber *subscriber = *state;
	uint64_t before;
	size_t length;
	char *data;

	assert_int_equal(wf_subscriber_bar(subscriber), 0);
	assert_true(put(subscriber, 1));
	assert_true(put(subscriber, 2));
	before = wf_subscriber_bar(subscriber);
	assert_int_equal(before, 1);
	assert_true(put(subscriber, 3));
	data = wf_subscriber_take(subscriber, before, &length);
	assert_int_equal(length, 200);
	free(data);
	assert_null(wf_subscriber_take(subscriber, before, &length));
	data = wf_subscriber_take(subscriber, UINT64_MAX, &length);
	assert_int_equal(length, 100);
	free(data);
}

int main(void)
{
#define claim(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		claim(what_was_put_comes_out_whole_and_in_order),
		claim(past_the_bound_events_are_counted_and_told_in_their_place),
		claim(a_gap_is_told_also_where_nothing_follows),
		claim(one_that_is_larger_than_a_block_has_one_of_its_own),
		claim(a_bar_parts_what_was_before_from_what_comes_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
