/* Lists of connections: order, leaving from anywhere, and several lists at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conn.h"

#define CONNS_COUNT 4u

struct fixture {
	struct wf_conn conns[CONNS_COUNT];
	struct wf_conn_list list;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.list = {NULL, NULL, 0}};
	for (size_t i = 0; i < CONNS_COUNT; i++)
		wf_conn_list_append(&fixture.list, &fixture.conns[i].all, &fixture.conns[i]);
	*state = &fixture;
	return 0;
}

/* The list has these connections in this order, from either end. */
static void assert_list(const struct fixture *fixture, const size_t *numbers, size_t count)
{
	const struct wf_conn_place *last = fixture->list.last;
	const struct wf_conn *conn = wf_conn_list_first(&fixture->list);

	assert_int_equal(fixture->list.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(conn, &fixture->conns[numbers[i]]);
		conn = wf_conn_list_after(&conn->all);
	}
	assert_null(conn);
	for (size_t i = count; i-- > 0;) {
		assert_ptr_equal(last->conn, &fixture->conns[numbers[i]]);
		last = last->previous;
	}
	assert_null(last);
}

static void who_came_first_is_first(void **state)
{
	static const size_t all[] = {0, 1, 2, 3};

	assert_list(*state, all, CONNS_COUNT);
}

static void one_leaves_from_anywhere(void **state)
{
	static const size_t without[CONNS_COUNT][CONNS_COUNT - 1] = {{1, 2, 3}, {0, 2, 3}, {0, 1, 3}, {0, 1, 2}};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < CONNS_COUNT; i++) {
		set_up(state);
		wf_conn_list_remove(&fixture->list, &fixture->conns[i].all);
		assert_false(fixture->conns[i].all.is_in);
		assert_list(fixture, without[i], CONNS_COUNT - 1);
	}
}

static void who_comes_back_is_last(void **state)
{
	static const size_t expected[] = {0, 2, 3, 1};
	struct fixture *fixture = *state;

	wf_conn_list_remove(&fixture->list, &fixture->conns[1].all);
	wf_conn_list_append(&fixture->list, &fixture->conns[1].all, &fixture->conns[1]);
	assert_list(fixture, expected, CONNS_COUNT);
}

static void nobody_is_in_twice_nor_leaves_twice(void **state)
{
	static const size_t expected[] = {0, 1, 3};
	struct fixture *fixture = *state;

	wf_conn_list_append(&fixture->list, &fixture->conns[0].all, &fixture->conns[0]);
	wf_conn_list_remove(&fixture->list, &fixture->conns[2].all);
	wf_conn_list_remove(&fixture->list, &fixture->conns[2].all);
	assert_list(fixture, expected, 3);
}

static void the_last_one_leaves_it_empty(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < CONNS_COUNT; i++)
		wf_conn_list_remove(&fixture->list, &fixture->conns[i].all);
	assert_null(wf_conn_list_first(&fixture->list));
	assert_list(fixture, NULL, 0);
}

static void one_list_knows_nothing_of_another(void **state)
{
	static const size_t all[] = {0, 1, 2, 3};
	struct fixture *fixture = *state;
	struct wf_conn_list waiting = {NULL, NULL, 0};

	wf_conn_list_append(&waiting, &fixture->conns[2].waiting, &fixture->conns[2]);
	assert_ptr_equal(wf_conn_list_first(&waiting), &fixture->conns[2]);
	wf_conn_list_remove(&waiting, &fixture->conns[2].waiting);
	assert_list(fixture, all, CONNS_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(who_came_first_is_first, set_up),
		cmocka_unit_test_setup(one_leaves_from_anywhere, set_up),
		cmocka_unit_test_setup(who_comes_back_is_last, set_up),
		cmocka_unit_test_setup(nobody_is_in_twice_nor_leaves_twice, set_up),
		cmocka_unit_test_setup(the_last_one_leaves_it_empty, set_up),
		cmocka_unit_test_setup(one_list_knows_nothing_of_another, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
