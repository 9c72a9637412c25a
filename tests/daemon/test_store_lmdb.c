#include "store_lmdb.h"
#include "store_sample.h"

#include <sys/resource.h>

/* An engine of 64 KiB that may grow to 1 MiB, in the sample's folder. */
static struct wf_lmdb *engine_open(struct sample *sample, uint64_t map_bytes_max, uint32_t readers_max)
{
	const struct wf_lmdb_settings settings = {.path = sample->path,
						  .map_bytes = 64u << 10,
						  .map_bytes_max = map_bytes_max,
						  .readers_max = readers_max,
						  .rest_wait_ms = 30};
	struct wf_lmdb *lmdb;
	char path[128];

	sample_close(sample);
	sample_file(sample, "lock.mdb", path); /* LMDB never makes the table of readers smaller */
	unlink(path);
	assert_int_equal(wf_lmdb_open(&lmdb, &settings, NULL), 0);
	return lmdb;
}

static int put_zeros(struct wf_lmdb *lmdb, uint64_t number, size_t bytes)
{
	const struct wf_lmdb_key key = {.table = WF_LMDB_BODY, .number = number};
	void *room = wf_lmdb_stage(lmdb, WF_LMDB_PUT, &key, bytes);

	if (room != NULL)
		memset(room, 0, bytes);
	return wf_lmdb_apply(lmdb);
}

static void a_reader_that_does_not_rest_fails_the_batch_and_nothing_else(void **state)
{
	struct wf_lmdb *lmdb = engine_open(*state, 1u << 20, 4);
	const struct wf_lmdb_key key = {.table = WF_LMDB_BODY, .number = 1};
	struct wf_lmdb_reader *reader;
	struct wf_bytes value;

	assert_int_equal(wf_lmdb_reader_new(lmdb, &reader), 0);
	assert_int_equal(wf_lmdb_reader_renew(reader), 0);
	assert_int_equal(wf_lmdb_begin(lmdb), 0);
	assert_int_equal(put_zeros(lmdb, 1, 200000), 0);
	assert_int_equal(wf_lmdb_batch_get(lmdb, &key, &value), WF_EOVERLOADED);
	assert_int_equal(put_zeros(lmdb, 2, 1), WF_EOVERLOADED);
	assert_int_equal(wf_lmdb_commit(lmdb), WF_EOVERLOADED);
	assert_int_equal(wf_lmdb_get(reader, &key, &value), WF_ENOTFOUND);
	wf_lmdb_reader_rest(reader);
	assert_int_equal(wf_lmdb_begin(lmdb), 0);
	assert_int_equal(put_zeros(lmdb, 1, 200000), 0);
	assert_int_equal(wf_lmdb_commit(lmdb), 0);
	assert_int_equal(wf_lmdb_reader_renew(reader), 0);
	assert_int_equal(wf_lmdb_get(reader, &key, &value), 0);
	assert_int_equal(value.length, 200000);
	wf_lmdb_reader_free(reader);
	wf_lmdb_close(lmdb);
}

static void the_map_grows_to_its_bound_and_no_further(void **state)
{
	struct wf_lmdb *lmdb = engine_open(*state, 1u << 20, 4);
	uint64_t number = 0;
	int code;

	do {
		assert_int_equal(wf_lmdb_begin(lmdb), 0);
		code = put_zeros(lmdb, ++number, 50000);
		if (code == 0)
			code = wf_lmdb_commit(lmdb);
		else
			wf_lmdb_abort(lmdb);
	} while (code == 0);
	assert_int_equal(code, WF_EFULL);
	assert_true(number > 10);
	assert_int_equal(wf_lmdb_map_bytes(lmdb), 1u << 20);
	wf_lmdb_close(lmdb);
}

/* Address space that runs out is a full store, not the end of it. */
static void a_map_that_cannot_grow_stays_as_it_was(void **state)
{
#if SAMPLE_IS_SANITIZED
	(void)state;
	skip(); /* sanitizers take terabytes of address space themselves */
#else
	struct wf_lmdb *lmdb = engine_open(*state, UINT64_C(1) << 46, 4);
	const struct wf_lmdb_key key = {.table = WF_LMDB_BODY, .number = 1};
	struct wf_lmdb_reader *reader;
	struct rlimit limit, before;
	struct wf_bytes value;
	int code = 0;

	assert_int_equal(wf_lmdb_reader_new(lmdb, &reader), 0);
	assert_int_equal(wf_lmdb_begin(lmdb), 0);
	assert_int_equal(put_zeros(lmdb, 1, 100), 0);
	assert_int_equal(wf_lmdb_commit(lmdb), 0);
	assert_int_equal(wf_lmdb_reader_renew(reader), 0);
	wf_lmdb_reader_rest(reader);
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	limit = before;
	limit.rlim_cur = 300u << 20;
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
	for (uint64_t number = 2; number < 40 && code == 0; number++) {
		assert_int_equal(wf_lmdb_begin(lmdb), 0);
		code = put_zeros(lmdb, number, 10u << 20);
		if (code == 0)
			code = wf_lmdb_commit(lmdb);
		else
			wf_lmdb_abort(lmdb);
	}
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(code, WF_ENOMEM);
	assert_int_equal(wf_lmdb_reader_renew(reader), 0);
	assert_int_equal(wf_lmdb_get(reader, &key, &value), 0);
	wf_lmdb_reader_rest(reader);
	assert_int_equal(wf_lmdb_begin(lmdb), 0);
	assert_int_equal(put_zeros(lmdb, 50, 10u << 20), 0);
	assert_int_equal(wf_lmdb_commit(lmdb), 0);
	wf_lmdb_reader_free(reader);
	wf_lmdb_close(lmdb);
#endif
}

/* The order of what was staged for a table is kept, whether the map grows meanwhile or not. */
static void a_batch_is_seen_by_its_own_operations(void **state)
{
	const uint64_t rounds = 60; /* beyond the first map of 64 KiB */
	struct wf_lmdb *lmdb = engine_open(*state, 1u << 20, 4);
	struct wf_lmdb_reader *reader;

	assert_int_equal(wf_lmdb_begin(lmdb), 0);
	for (uint64_t number = 1; number <= rounds; number++) {
		const struct wf_lmdb_key key = {.table = WF_LMDB_BODY, .number = number};
		const struct wf_lmdb_key missing = {.table = WF_LMDB_BODY, .number = number + rounds};
		struct wf_bytes value;

		assert_int_equal(put_zeros(lmdb, number, 1000), 0);
		assert_int_equal(put_zeros(lmdb, number, 2000), 0);
		assert_non_null(wf_lmdb_stage(lmdb, WF_LMDB_DELETE, &missing, 0));
		assert_int_equal(wf_lmdb_apply(lmdb), WF_ENOTFOUND);
		assert_int_equal(wf_lmdb_batch_get(lmdb, &key, &value), 0);
		assert_int_equal(value.length, 2000);
		if (number % 2 == 0)
			continue;
		assert_non_null(wf_lmdb_stage(lmdb, WF_LMDB_DELETE, &key, 0));
		assert_int_equal(wf_lmdb_apply(lmdb), 0);
		assert_int_equal(wf_lmdb_batch_get(lmdb, &key, &value), WF_ENOTFOUND);
		if (number % 3 == 0)
			assert_int_equal(put_zeros(lmdb, number, 3000), 0);
	}
	assert_int_equal(wf_lmdb_commit(lmdb), 0);
	assert_true(wf_lmdb_map_bytes(lmdb) > 64u << 10);
	assert_int_equal(wf_lmdb_reader_new(lmdb, &reader), 0);
	assert_int_equal(wf_lmdb_reader_renew(reader), 0);
	for (uint64_t number = 1; number <= rounds; number++) {
		const struct wf_lmdb_key key = {.table = WF_LMDB_BODY, .number = number};
		const bool is_there = number % 2 == 0 || number % 3 == 0;
		struct wf_bytes value;

		assert_int_equal(wf_lmdb_get(reader, &key, &value), is_there ? 0 : WF_ENOTFOUND);
		if (is_there)
			assert_int_equal(value.length, number % 2 == 0 ? 2000 : 3000);
	}
	wf_lmdb_reader_free(reader);
	wf_lmdb_close(lmdb);
}

/* Whoever reads one table does not read the others, which are much larger, for it. */
static void what_a_batch_adds_to_a_table_lies_together(void **state)
{
	const uint64_t articles = 400;
	struct wf_lmdb *lmdb = engine_open(*state, UINT64_C(1) << 30, 4);
	uintptr_t first = UINTPTR_MAX, last = 0;
	struct wf_lmdb_reader *reader;

	assert_int_equal(wf_lmdb_begin(lmdb), 0);
	for (uint64_t number = 1; number <= articles; number++) {
		for (int table = WF_LMDB_ENTRY; table <= WF_LMDB_BODY; table++) {
			const struct wf_lmdb_key key = {.table = (enum wf_lmdb_table)table, .number = number};
			const size_t bytes = table == WF_LMDB_ENTRY ? 400 : 3000;

			memset(wf_lmdb_stage(lmdb, WF_LMDB_APPEND, &key, bytes), 0, bytes);
			assert_int_equal(wf_lmdb_apply(lmdb), 0);
		}
	}
	assert_int_equal(wf_lmdb_commit(lmdb), 0);
	assert_int_equal(wf_lmdb_reader_new(lmdb, &reader), 0);
	assert_int_equal(wf_lmdb_reader_renew(reader), 0);
	for (uint64_t number = 1; number <= articles; number++) {
		const struct wf_lmdb_key key = {.table = WF_LMDB_ENTRY, .number = number};
		struct wf_bytes value;

		assert_int_equal(wf_lmdb_get(reader, &key, &value), 0);
		first = (uintptr_t)value.data < first ? (uintptr_t)value.data : first;
		last = (uintptr_t)value.data > last ? (uintptr_t)value.data : last;
	}
	assert_true(last - first < 2 * articles * 400);
	wf_lmdb_reader_free(reader);
	wf_lmdb_close(lmdb);
}

static void more_readers_than_slots_are_refused(void **state)
{
	struct wf_lmdb *lmdb = engine_open(*state, 1u << 20, 2);
	struct wf_lmdb_reader *readers[3];

	for (int i = 0; i < 3; i++)
		assert_int_equal(wf_lmdb_reader_new(lmdb, &readers[i]), 0);
	assert_int_equal(wf_lmdb_reader_renew(readers[0]), 0);
	assert_int_equal(wf_lmdb_reader_renew(readers[1]), 0);
	assert_int_equal(wf_lmdb_reader_renew(readers[2]), WF_EOVERLOADED);
	wf_lmdb_reader_free(readers[0]);
	assert_int_equal(wf_lmdb_reader_renew(readers[2]), 0);
	wf_lmdb_reader_free(readers[1]);
	wf_lmdb_reader_free(readers[2]);
	wf_lmdb_close(lmdb);
}

int main(void)
{
#define claim(function) cmocka_unit_test_setup_teardown(function, sample_setup, sample_teardown)
	const struct CMUnitTest tests[] = {
		claim(a_reader_that_does_not_rest_fails_the_batch_and_nothing_else),
		claim(the_map_grows_to_its_bound_and_no_further),
		claim(a_map_that_cannot_grow_stays_as_it_was),
		claim(a_batch_is_seen_by_its_own_operations),
		claim(what_a_batch_adds_to_a_table_lies_together),
		claim(more_readers_than_slots_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
