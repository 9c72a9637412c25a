/* The newest articles in memory: what is lent is what was pushed, until it is overwritten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked_pages.h"
#include "recent.h"

#define CAPACITY     (64u << 10)
#define BYTES_MAX    600u
#define PUSHES_COUNT 5000u /* many times round the ring */

/* The evidence and the id of an article, made from its number. */
struct made {
	char evidence[BYTES_MAX];
	char id[32];
	size_t evidence_bytes;
	size_t id_bytes;
};

static void make(struct made *made, uint64_t number)
{
	made->evidence_bytes = 8 + number * 37 % (BYTES_MAX - 8);
	made->id_bytes = 1 + number % sizeof made->id;
	for (size_t i = 0; i < made->evidence_bytes; i++)
		made->evidence[i] = (char)(number * 31 + i);
	for (size_t i = 0; i < made->id_bytes; i++)
		made->id[i] = (char)(number * 17 + i);
}

static void push(struct wf_recent *recent, uint64_t number)
{
	struct made made;

	make(&made, number);
	wf_recent_push(recent, number, (struct wf_bytes){made.evidence, made.evidence_bytes},
		       (struct wf_bytes){made.id, made.id_bytes});
}

static void assert_is(const struct wf_recent_article *article, uint64_t number)
{
	struct made made;

	make(&made, number);
	assert_int_equal(article->evidence.length, made.evidence_bytes);
	assert_memory_equal(article->evidence.data, made.evidence, made.evidence_bytes);
	assert_int_equal(article->id.length, made.id_bytes);
	assert_memory_equal(article->id.data, made.id, made.id_bytes);
}

static void what_is_found_is_what_was_pushed(void **state)
{
	struct wf_recent recent;
	struct wf_recent_article article;

	(void)state;
	assert_int_equal(wf_recent_init(&recent, CAPACITY), 0);
	for (uint64_t number = 1; number <= PUSHES_COUNT; number++) {
		uint64_t found = 0;

		push(&recent, number);
		for (uint64_t old = number; old > 0 && old + 2 * recent.slots_count > number; old--) {
			if (!wf_recent_find(&recent, old, &article))
				continue;
			assert_is(&article, old);
			found++;
		}
		/* Of a ring that is full, most is there. */
		assert_true(found >= (number < 64 ? number : 64));
		assert_false(wf_recent_find(&recent, number + 1, &article));
	}
	assert_false(wf_recent_find(&recent, 1, &article));
	assert_true(wf_recent_memory_bytes(&recent) >= CAPACITY);
	wf_recent_close(&recent);
}

static void what_is_lent_stays_through_the_next_push(void **state)
{
	struct wf_recent recent;
	struct wf_recent_article article;

	(void)state;
	assert_int_equal(wf_recent_init(&recent, CAPACITY), 0);
	for (uint64_t number = 1; number <= PUSHES_COUNT; number++) {
		const uint64_t reach = number < 2 * recent.slots_count ? number : 2 * recent.slots_count;
		uint64_t oldest = number - 1;

		/* The oldest that is still lent is what the next push comes nearest to. */
		for (uint64_t old = number - reach; old < number; old++) {
			if (old > 0 && wf_recent_find(&recent, old, &article)) {
				oldest = old;
				break;
			}
		}
		push(&recent, number);
		if (oldest > 0)
			assert_is(&article, oldest);
	}
	wf_recent_close(&recent);
}

static void the_forgotten_are_not_found(void **state)
{
	struct wf_recent recent;
	struct wf_recent_article article;

	(void)state;
	assert_int_equal(wf_recent_init(&recent, CAPACITY), 0);
	for (uint64_t number = 1; number <= 3; number++)
		push(&recent, number);
	wf_recent_forget(&recent, 2);
	wf_recent_forget(&recent, 1u << 20); /* in a slot of another */
	assert_true(wf_recent_find(&recent, 1, &article));
	assert_false(wf_recent_find(&recent, 2, &article));
	assert_true(wf_recent_find(&recent, 3, &article));
	assert_is(&article, 3);
	wf_recent_clear(&recent);
	assert_false(wf_recent_find(&recent, 1, &article));
	assert_false(wf_recent_find(&recent, 3, &article));
	push(&recent, 4);
	assert_true(wf_recent_find(&recent, 4, &article));
	assert_is(&article, 4);
	wf_recent_close(&recent);
}

static void the_large_are_left_out(void **state)
{
	static char large[CAPACITY];
	struct wf_recent recent;
	struct wf_recent_article article;

	(void)state;
	assert_int_equal(wf_recent_init(&recent, CAPACITY), 0);
	push(&recent, 1);
	wf_recent_push(&recent, 2, (struct wf_bytes){large, sizeof large}, (struct wf_bytes){"b", 1});
	push(&recent, 3);
	assert_true(wf_recent_find(&recent, 1, &article));
	assert_is(&article, 1);
	assert_false(wf_recent_find(&recent, 2, &article));
	assert_true(wf_recent_find(&recent, 3, &article));
	wf_recent_close(&recent);
}

static void nothing_is_kept_without_room(void **state)
{
	static const uint64_t capacities[] = {0, 1, 15, 100};

	(void)state;
	for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
		struct wf_recent recent;
		struct wf_recent_article article;

		assert_int_equal(wf_recent_init(&recent, capacities[i]), 0);
		push(&recent, 1);
		assert_false(wf_recent_find(&recent, 1, &article));
		wf_recent_forget(&recent, 1);
		wf_recent_clear(&recent);
		wf_recent_close(&recent);
	}
}

static void the_ring_is_asked_for_ahead_and_once(void **state)
{
	const uint64_t capacity = 9 * (uint64_t)WF_PAGES_LARGE_BYTES + 12345;
	static struct asked_pages asked;
	struct wf_recent recent;

	(void)state;
	assert_int_equal(wf_recent_init(&recent, capacity), 0);
	recent.ahead = asked_ahead(&asked);
	for (uint64_t number = 1; recent.written < 2 * capacity; number++) {
		push(&recent, number);
		assert_true(asked_from(&asked, recent.bytes) >=
			    (recent.written < capacity ? recent.written : capacity));
		if (number == 1)
			assert_true(asked_from(&asked, recent.bytes) < capacity);
	}
	assert_int_equal(asked_from(&asked, recent.bytes), capacity);
	assert_int_equal(asked.count, 10);
	wf_recent_close(&recent);
	assert_int_equal(asked.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_found_is_what_was_pushed),
		cmocka_unit_test(what_is_lent_stays_through_the_next_push),
		cmocka_unit_test(the_forgotten_are_not_found),
		cmocka_unit_test(the_large_are_left_out),
		cmocka_unit_test(nothing_is_kept_without_room),
		cmocka_unit_test(the_ring_is_asked_for_ahead_and_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
