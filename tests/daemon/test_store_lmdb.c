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
	assert_int_equal(put_zeros(lmdb, 1, 200000), WF_EOVERLOADED);
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
		claim(more_readers_than_slots_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
