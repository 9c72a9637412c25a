/* Reading ahead of the index: what is asked for is read, nobody waits for it, and it is wanted only while it pays. */
#include <sched.h>

#include "fetcher.h"
#include "store_sample.h"

#define THREADS  3u
#define ARTICLES 50u

static struct wf_fetcher fetcher_of_test;

static int set_up(void **state)
{
	struct sample *sample;

	sample_setup(state);
	sample = *state;
	assert_int_equal(sample_add(sample, 1, ARTICLES), 0);
	assert_int_equal(wf_fetcher_init(&fetcher_of_test, sample->store, THREADS), 0);
	return 0;
}

static int tear_down(void **state)
{
	wf_fetcher_close(&fetcher_of_test);
	return sample_teardown(state);
}

/* Waits until so many have been fetched. */
static void await(struct wf_fetcher *fetcher, uint64_t count)
{
	while (atomic_load(&fetcher->fetched) < count)
		sched_yield();
	assert_int_equal(atomic_load(&fetcher->fetched), count);
}

static void what_is_asked_for_is_read(void **state)
{
	struct wf_fetcher *fetcher = &fetcher_of_test;
	uint64_t numbers[ARTICLES];

	(void)state;
	for (uint64_t i = 0; i < ARTICLES; i++)
		numbers[i] = i + 1;
	wf_fetcher_judge(fetcher, 1, 1);
	assert_int_equal(fetcher->threads_count, THREADS);
	for (uint64_t round = 1; round <= 100; round++) {
		wf_fetcher_ask(fetcher, numbers, ARTICLES);
		await(fetcher, round * ARTICLES);
	}
}

static void an_article_that_is_not_there_does_no_harm(void **state)
{
	struct wf_fetcher *fetcher = &fetcher_of_test;
	const uint64_t numbers[] = {0, 7, ARTICLES + 1, UINT64_MAX, 8};

	(void)state;
	wf_fetcher_judge(fetcher, 1, 1);
	wf_fetcher_ask(fetcher, numbers, 5);
	await(fetcher, 5);
}

/* Nobody takes anything: there are no threads yet. */
static void what_there_is_no_room_for_is_left_out(void **state)
{
	struct wf_fetcher *fetcher = &fetcher_of_test;
	const uint64_t numbers[] = {1, 2, 3};

	(void)state;
	for (uint32_t i = 0; i < WF_FETCHER_ROOM; i++)
		wf_fetcher_ask(fetcher, numbers, 3);
	assert_int_equal(fetcher->count, WF_FETCHER_ROOM);
	wf_fetcher_judge(fetcher, 1, 1);
	await(fetcher, WF_FETCHER_ROOM);
	wf_fetcher_ask(fetcher, numbers, 3);
	await(fetcher, WF_FETCHER_ROOM + 3);
}

static void an_end_does_not_wait_for_what_was_asked_for(void **state)
{
	struct wf_fetcher *fetcher = &fetcher_of_test;
	const uint64_t numbers[] = {1, 2, 3, 4};

	(void)state;
	wf_fetcher_judge(fetcher, 1, 1);
	for (uint32_t i = 0; i < WF_FETCHER_ROOM / 4; i++)
		wf_fetcher_ask(fetcher, numbers, 4);
	wf_fetcher_close(fetcher);
	wf_fetcher_close(fetcher);
}

static void it_is_wanted_while_articles_wait(void **state)
{
	struct wf_fetcher *fetcher = &fetcher_of_test;

	(void)state;
	wf_fetcher_judge(fetcher, 0, 1000);
	assert_false(fetcher->is_wanted);
	wf_fetcher_judge(fetcher, 20, 1000);
	assert_false(fetcher->is_wanted);
	assert_int_equal(fetcher->threads_count, 0);
	wf_fetcher_judge(fetcher, 40, 1000);
	assert_true(fetcher->is_wanted);
	wf_fetcher_judge(fetcher, 20, 1000);
	assert_true(fetcher->is_wanted);
	wf_fetcher_judge(fetcher, 10, 1000);
	assert_false(fetcher->is_wanted);
	wf_fetcher_judge(fetcher, 20, 1000);
	assert_false(fetcher->is_wanted);
	/* What the threads waited for counts as well. */
	atomic_store(&fetcher->waits, 1u << 20);
	assert_true(wf_fetcher_is_wanted(fetcher, 1u << 20));
	assert_true(wf_fetcher_is_wanted(fetcher, 1));
}

static void without_threads_it_is_never_wanted(void **state)
{
	struct wf_fetcher fetcher;

	assert_int_equal(wf_fetcher_init(&fetcher, ((struct sample *)*state)->store, 0), 0);
	wf_fetcher_judge(&fetcher, 1000, 1000);
	assert_false(fetcher.is_wanted);
	assert_false(wf_fetcher_is_wanted(&fetcher, 1u << 20));
	wf_fetcher_close(&fetcher);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_asked_for_is_read),
		TEST(an_article_that_is_not_there_does_no_harm),
		TEST(what_there_is_no_room_for_is_left_out),
		TEST(an_end_does_not_wait_for_what_was_asked_for),
		TEST(it_is_wanted_while_articles_wait),
		TEST(without_threads_it_is_never_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
