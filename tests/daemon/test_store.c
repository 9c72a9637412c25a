#include "store_sample.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "hash.h"
#include "store_check.h"
#include "store_lmdb.h"
#include "store_record.h"

/* Put, commit, abort. */

static void every_field_survives_a_restart(void **state)
{
	struct sample *sample = *state;

	assert_int_equal(sample_add(sample, 1, 200), 0);
	sample_reopen(sample);
	for (uint64_t number = 1; number <= 200; number++)
		assert_true(sample_has(sample, number));
	assert_int_equal(sample_count(sample), 200);
	assert_int_equal(wf_store_number_last(sample->store), 200);
}

static void a_new_store_is_empty(void **state)
{
	struct sample *sample = *state;

	assert_int_equal(wf_store_number_last(sample->store), 0);
	assert_int_equal(sample_count(sample), 0);
	assert_false(sample_has(sample, 1));
}

static void a_store_keeps_its_secret(void **state)
{
	struct sample *sample = *state;
	const uint64_t secret = wf_store_secret(sample->store);

	assert_true(secret != 0);
	sample_reopen(sample);
	assert_int_equal(wf_store_secret(sample->store), secret);
}

static void an_aborted_batch_leaves_nothing(void **state)
{
	struct sample *sample = *state;

	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(sample_put(sample->store, 1), 0);
	assert_int_equal(wf_store_state_put(sample->store, wf_bytes_of("learned"), wf_bytes_of("much")), 0);
	wf_store_abort(sample->store);
	assert_false(sample_has(sample, 1));
	assert_int_equal(wf_store_number_last(sample->store), 0);
	assert_int_equal(sample_add(sample, 1, 1), 0);
	assert_true(sample_has(sample, 1));
}

static void a_reader_sees_a_batch_once_it_is_committed_and_renewed(void **state)
{
	struct sample *sample = *state;
	struct wf_bytes evidence;

	assert_int_equal(sample_add(sample, 1, 1), 0);
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(sample_put(sample->store, 2), 0);
	assert_int_equal(wf_store_evidence(sample->reader, 2, &evidence), WF_ENOTFOUND);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	assert_int_equal(wf_store_evidence(sample->reader, 2, &evidence), WF_ENOTFOUND);
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_evidence(sample->reader, 2, &evidence), 0);
}

static void fields_over_their_bounds_are_refused(void **state)
{
	struct sample *sample = *state;
	struct sample_article article;
	char *sketch = calloc(1, WF_STORE_SKETCH_BYTES_MAX + 1);

	assert_non_null(sketch);
	sample_article(&article, 1);
	article.entry.sketch = (struct wf_bytes){sketch, WF_STORE_SKETCH_BYTES_MAX + 1};
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_put(sample->store, &article.entry, &article.body, article.evidence), WF_ETOOLARGE);
	assert_int_equal(sample_put(sample->store, 2), WF_ETOOLARGE);
	assert_int_equal(wf_store_commit(sample->store, NULL), WF_ETOOLARGE);
	article.entry.sketch.length = WF_STORE_SKETCH_BYTES_MAX;
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_put(sample->store, &article.entry, &article.body, article.evidence), 0);
	article.entry.number = 2;
	article.entry.merged_count = WF_MERGED_MAX + 1;
	assert_int_equal(wf_store_put(sample->store, &article.entry, &article.body, article.evidence), WF_ETOOLARGE);
	wf_store_abort(sample->store);
	free(sketch);
}

static void records_at_the_edges_of_a_page_survive(void **state)
{
	struct sample *sample = *state;
	char *bytes = malloc(20000);
	uint64_t number = 0;

	assert_non_null(bytes);
	sample_noise(bytes, 20000, 5);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	for (size_t length = 0; length < 17000; length += length % 2048 < 1980 ? 660 : 1) {
		const struct wf_store_entry entry = {.number = ++number, .cluster = length};
		const struct wf_store_body body = {.id = {bytes, length}};

		assert_int_equal(wf_store_put(sample->store, &entry, &body, (struct wf_bytes){bytes, length}), 0);
	}
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	for (uint64_t i = 1; i <= number; i++) {
		struct wf_store_entry entry;
		struct wf_store_body body;
		struct wf_bytes evidence;

		assert_int_equal(wf_store_entry(sample->reader, i, &sample->arena, &entry), 0);
		assert_int_equal(wf_store_body(sample->reader, i, &body), 0);
		assert_int_equal(wf_store_evidence(sample->reader, i, &evidence), 0);
		assert_string(body.id, (struct wf_bytes){bytes, entry.cluster});
		assert_int_equal(evidence.length, entry.cluster);
		assert_memory_equal(evidence.data, bytes, evidence.length);
	}
	free(bytes);
}

/* Remove, move, redirect, state. */

static void a_removed_article_is_gone_and_its_number_never_returns(void **state)
{
	struct sample *sample = *state;

	assert_int_equal(sample_add(sample, 1, 5), 0);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_remove(sample->store, 2), 0);
	assert_int_equal(wf_store_remove(sample->store, 2), WF_ENOTFOUND);
	assert_int_equal(wf_store_remove(sample->store, 77), WF_ENOTFOUND);
	assert_int_equal(wf_store_remove(sample->store, 5), 0);
	assert_int_equal(wf_store_remove(sample->store, 4), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_reopen(sample);
	assert_int_equal(wf_store_number_last(sample->store), 5);
	assert_int_equal(sample_count(sample), 2);
	assert_false(sample_has(sample, 2));
	assert_true(sample_has(sample, 3));
	assert_false(sample_has(sample, 5));
	assert_int_equal(sample_add(sample, 6, 6), 0);
	sample_reopen(sample);
	assert_int_equal(wf_store_number_last(sample->store), 6);
}

static void a_number_put_and_removed_in_one_batch_never_returns(void **state)
{
	struct sample *sample = *state;

	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(sample_put(sample->store, 9), 0);
	assert_int_equal(wf_store_remove(sample->store, 9), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_reopen(sample);
	assert_int_equal(wf_store_number_last(sample->store), 9);
	assert_int_equal(sample_count(sample), 0);
}

static void a_moved_article_changes_its_cluster_alone(void **state)
{
	struct sample *sample = *state;
	struct sample_article article;
	struct wf_store_entry entry;

	assert_int_equal(sample_add(sample, 1, 40), 0);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_move(sample->store, 33, 4444), 0);
	assert_int_equal(wf_store_move(sample->store, 41, 4444), WF_ENOTFOUND);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_reopen(sample);
	sample_article(&article, 33);
	article.entry.cluster = 4444;
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_entry(sample->reader, 33, &sample->arena, &entry), 0);
	assert_entry(&entry, &article.entry);
}

struct pairs {
	uint64_t from[8], into[8];
	size_t count;
};

static int pairs_visit_cb(void *context, uint64_t from, uint64_t into)
{
	struct pairs *pairs = context;

	pairs->from[pairs->count] = from;
	pairs->into[pairs->count++] = into;
	return pairs->count == 8 ? 1 : 0;
}

static void redirects_are_replaced_removed_and_visited_in_order(void **state)
{
	struct sample *sample = *state;
	struct pairs pairs = {.count = 0};

	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_redirect(sample->store, 70000, 5), 0);
	assert_int_equal(wf_store_redirect(sample->store, 3, 1), 0);
	assert_int_equal(wf_store_redirect(sample->store, 256, 2), 0);
	assert_int_equal(wf_store_redirect(sample->store, 256, 9), 0);
	assert_int_equal(wf_store_redirect_remove(sample->store, 70000), 0);
	assert_int_equal(wf_store_redirect_remove(sample->store, 70001), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_reopen(sample);
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_redirects(sample->reader, pairs_visit_cb, &pairs), 0);
	assert_int_equal(pairs.count, 2);
	assert_int_equal(pairs.from[0], 3);
	assert_int_equal(pairs.into[0], 1);
	assert_int_equal(pairs.from[1], 256);
	assert_int_equal(pairs.into[1], 9);
}

struct numbers {
	uint64_t last;
	uint64_t count;
	uint64_t count_max;
};

static int numbers_visit_cb(void *context, const struct wf_store_entry *entry)
{
	struct numbers *numbers = context;
	struct sample_article article;

	assert_true(entry->number > numbers->last);
	numbers->last = entry->number;
	sample_article(&article, entry->number);
	assert_entry(entry, &article.entry);
	return ++numbers->count == numbers->count_max ? 7 : 0;
}

static int note_apart(void *context, uint64_t cluster, const uint64_t *others, size_t others_count)
{
	uint64_t *sums = context;

	sums[0] = sums[0] * 100 + cluster;
	for (size_t i = 0; i < others_count; i++)
		sums[1] = sums[1] * 100 + others[i];
	return 0;
}

static void what_is_held_apart_is_replaced_removed_and_visited_in_order(void **state)
{
	struct sample *sample = *state;
	const uint64_t first[] = {3, 5}, second[] = {7};
	uint64_t many[WF_APART_MAX] = {0};
	uint64_t sums[2] = {0, 0};

	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_apart(sample->store, 12, second, 1), 0);
	assert_int_equal(wf_store_apart(sample->store, 11, second, 1), 0);
	assert_int_equal(wf_store_apart(sample->store, 11, first, 2), 0);
	assert_int_equal(wf_store_apart(sample->store, 13, many, WF_APART_MAX), 0);
	assert_int_equal(wf_store_apart_remove(sample->store, 13), 0);
	assert_int_equal(wf_store_apart_remove(sample->store, 14), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_reopen(sample);
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_aparts(sample->reader, note_apart, sums), 0);
	assert_int_equal(sums[0], 1112);
	assert_int_equal(sums[1], 30507);
}

static void a_reserved_number_never_returns(void **state)
{
	struct sample *sample = *state;

	assert_int_equal(sample_add(sample, 1, 3), 0);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_reserve(sample->store, 4), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	assert_int_equal(wf_store_number_last(sample->store), 4);
	sample_reopen(sample);
	assert_int_equal(wf_store_number_last(sample->store), 4);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_reserve(sample->store, 5), 0);
	assert_int_equal(sample_put(sample->store, 6), 0);
	assert_int_equal(wf_store_remove(sample->store, 6), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_reopen(sample);
	assert_int_equal(wf_store_number_last(sample->store), 6);
	assert_int_equal(sample_count(sample), 3);
}

static uint32_t format_of(const struct sample *sample)
{
	const struct wf_lmdb_settings settings = {.path = sample->path,
						  .map_bytes = 1u << 20,
						  .map_bytes_max = 1u << 20,
						  .readers_max = 4,
						  .rest_wait_ms = 1000};
	const struct wf_lmdb_key key = {.table = WF_LMDB_STATE, .name = wf_bytes_of(".format")};
	struct wf_lmdb_reader *reader;
	struct wf_lmdb *lmdb;
	struct wf_error error;
	struct wf_bytes record;
	uint32_t version;

	assert_int_equal(wf_lmdb_open(&lmdb, &settings, &error), 0);
	assert_int_equal(wf_lmdb_reader_new(lmdb, &reader), 0);
	assert_int_equal(wf_lmdb_reader_renew(reader), 0);
	assert_int_equal(wf_lmdb_get(reader, &key, &record), 0);
	version = wf_record_read_u32(record.data + WF_RECORD_HEADER_BYTES + 8);
	wf_lmdb_reader_free(reader);
	wf_lmdb_close(lmdb);
	return version;
}

static void a_store_has_the_first_format_until_something_is_held_apart(void **state)
{
	struct sample *sample = *state;
	const uint64_t other = 2;

	assert_int_equal(sample_add(sample, 1, 3), 0);
	sample_close(sample);
	assert_int_equal(format_of(sample), 1);
	sample_open(sample);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_apart(sample->store, 9, &other, 1), 0);
	wf_store_abort(sample->store);
	sample_close(sample);
	assert_int_equal(format_of(sample), 1);
	sample_open(sample);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_apart(sample->store, 9, &other, 1), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_close(sample);
	assert_int_equal(format_of(sample), 2);
	sample_open(sample);
	assert_true(sample_has(sample, 3));
}

static int put_text(struct sample *sample, uint64_t number, const char *packed)
{
	const struct wf_store_entry entry = {.number = number, .id_hash = number, .cluster = number};
	const struct wf_store_body body = {
		.id = wf_bytes_of("a"), .has_text = true, .text_compressed = wf_bytes_of(packed)};

	return wf_store_put(sample->store, &entry, &body, wf_bytes_of("evidence"));
}

static void a_text_packed_by_lz4_raises_the_format(void **state)
{
	struct sample *sample = *state;
	const uint64_t other = 2;

	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(put_text(sample, 1, "\x28\xb5\x2f\xfd and so on"), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_close(sample);
	assert_int_equal(format_of(sample), 1);
	sample_open(sample);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(put_text(sample, 2, "\x01 and so on"), 0);
	wf_store_abort(sample->store);
	sample_close(sample);
	assert_int_equal(format_of(sample), 1);
	sample_open(sample);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(put_text(sample, 2, "\x01 and so on"), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_close(sample);
	assert_int_equal(format_of(sample), 3);
	sample_open(sample);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(put_text(sample, 3, "\x28\xb5\x2f\xfd and so on"), 0);
	assert_int_equal(wf_store_apart(sample->store, 9, &other, 1), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_close(sample);
	assert_int_equal(format_of(sample), 3);
	sample_open(sample);
	assert_int_equal(sample_count(sample), 3);
}

static void entries_are_visited_in_order_from_a_number_on(void **state)
{
	struct sample *sample = *state;
	struct numbers numbers = {.count_max = 1000};

	assert_int_equal(sample_add(sample, 1, 300), 0);
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_entries(sample->reader, 0, numbers_visit_cb, &numbers), 0);
	assert_int_equal(numbers.count, 300);
	numbers = (struct numbers){.count_max = 3};
	assert_int_equal(wf_store_entries(sample->reader, 250, numbers_visit_cb, &numbers), 7);
	assert_int_equal(numbers.last, 252);
}

static void a_state_of_many_megabytes_is_kept_whole(void **state)
{
	struct sample *sample = *state;
	const size_t length = 40u << 20;
	char *bytes = malloc(length);
	struct wf_bytes value;

	assert_non_null(bytes);
	for (uint64_t round = 0; round < 3; round++) {
		sample_noise(bytes, length, round);
		assert_int_equal(wf_store_begin(sample->store, NULL), 0);
		assert_int_equal(
			wf_store_state_put(sample->store, wf_bytes_of("learned"), (struct wf_bytes){bytes, length}), 0);
		assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	}
	sample_reopen(sample);
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_state(sample->reader, wf_bytes_of("learned"), &value), 0);
	assert_int_equal(value.length, length);
	assert_memory_equal(value.data, bytes, length);
	assert_int_equal(wf_store_state(sample->reader, wf_bytes_of("unknown"), &value), WF_ENOTFOUND);
	free(bytes);
}

/* Growth. */

struct watcher {
	struct sample *sample;
	atomic_bool is_done;
	atomic_ulong looks;
};

/* Reads what is committed, over and over, while the map grows. */
static void *watch(void *context)
{
	struct watcher *watcher = context;
	struct wf_store_reader *reader;
	struct wf_arena arena;
	bool is_sound = wf_store_reader_new(watcher->sample->store, &reader) == 0;

	wf_arena_init(&arena, 4096);
	while (is_sound && !watcher->is_done) {
		is_sound = wf_store_reader_renew(reader) == 0;
		for (uint64_t number = wf_store_articles_count(reader); is_sound && number > 0;
		     number = number * 2 / 3) {
			struct sample_article article;
			struct wf_store_entry entry;
			struct wf_store_body body;
			struct wf_bytes evidence;

			sample_article(&article, number);
			is_sound = wf_store_entry(reader, number, &arena, &entry) == 0 &&
				   wf_store_body(reader, number, &body) == 0 &&
				   wf_store_evidence(reader, number, &evidence) == 0 &&
				   wf_bytes_equal(entry.sketch, article.entry.sketch) &&
				   wf_bytes_equal(body.text_compressed, article.body.text_compressed) &&
				   wf_bytes_equal(evidence, article.evidence);
		}
		wf_arena_reset(&arena);
		wf_store_reader_rest(reader);
		watcher->looks++;
	}
	wf_arena_close(&arena);
	wf_store_reader_free(reader);
	return is_sound ? watcher : NULL;
}

static void the_map_grows_unseen_while_others_read(void **state)
{
	struct sample *sample = *state;
	struct watcher watcher = {.sample = sample};
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, watch, &watcher), 0);
	for (uint64_t first = 1; first < 12000; first += 500)
		assert_int_equal(sample_add(sample, first, first + 499), 0);
	watcher.is_done = true;
	for (int i = 0; i < 2; i++) {
		void *result;

		pthread_join(threads[i], &result);
		assert_non_null(result);
	}
	assert_true(watcher.looks > 0);
	assert_true(wf_store_bytes(sample->store) > 256 * SAMPLE_MAP_BYTES);
	sample_reopen(sample);
	for (uint64_t number = 1; number <= 12000; number += 13)
		assert_true(sample_has(sample, number));
}

static void a_resting_reader_holds_no_growth_up(void **state)
{
	struct sample *sample = *state;

	assert_int_equal(sample_add(sample, 1, 1), 0);
	assert_true(sample_has(sample, 1));
	assert_int_equal(sample_add(sample, 2, 2000), 0);
	assert_true(sample_has(sample, 2000));
}

static void a_body_of_64_mib_outgrows_the_map_in_one_step(void **state)
{
	struct sample *sample = *state;
	const size_t length = 64u << 20;
	char *bytes = malloc(length);
	const struct wf_store_entry entry = {.number = 2};
	struct wf_store_body body = {.id = wf_bytes_of("a"), .has_text = true, .text_compressed = {bytes, length}};

	assert_non_null(bytes);
	sample_noise(bytes, length, 1);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(sample_put(sample->store, 1), 0);
	assert_int_equal(wf_store_put(sample->store, &entry, &body, wf_bytes_of("e")), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_reopen(sample);
	assert_true(sample_has(sample, 1));
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_body(sample->reader, 2, &body), 0);
	assert_int_equal(body.text_compressed.length, length);
	assert_memory_equal(body.text_compressed.data, bytes, length);
	free(bytes);
}

/* Texts in groups. */

#define NUMBERS 2400u

/* What the store is to have of each number: so many bytes of text in a group, or one of these. */
enum { ABSENT = -1, WITHOUT_TEXT = -2, PACKED_ALONE = -3 };

struct wanted {
	struct sample *sample;
	int texts[NUMBERS];
	/* What was found. */
	uint64_t groups;
	uint64_t group_of[NUMBERS]; /* 0: none */
	uint64_t pages_unneeded;    /* of the records of groups */
};

static void wanted_init(struct wanted *wanted, struct sample *sample)
{
	*wanted = (struct wanted){.sample = sample};
	for (unsigned i = 0; i < NUMBERS; i++)
		wanted->texts[i] = ABSENT;
}

static void wanted_article(const struct wanted *wanted, uint64_t number, struct sample_article *article)
{
	const int text = wanted->texts[number];

	sample_grouped(article, number, text > 0 ? (size_t)text : 0);
	article->entry.id_hash = wf_hash_bytes(article->body.id, wf_store_secret(wanted->sample->store));
	if (text == PACKED_ALONE)
		article->body.text_compressed = (struct wf_bytes){article->noise + 100, 600};
	if (text == WITHOUT_TEXT)
		article->body.has_text = false;
}

static void put(struct wanted *wanted, uint64_t number, int text)
{
	struct sample_article article;

	wanted->texts[number] = text;
	wanted_article(wanted, number, &article);
	assert_int_equal(wf_store_put(wanted->sample->store, &article.entry, &article.body, article.evidence), 0);
}

static void take_out(struct wanted *wanted, uint64_t number)
{
	wanted->texts[number] = ABSENT;
	assert_int_equal(wf_store_remove(wanted->sample->store, number), 0);
}

static void begin(const struct wanted *wanted)
{
	assert_int_equal(wf_store_begin(wanted->sample->store, NULL), 0);
}

static void commit(const struct wanted *wanted)
{
	assert_int_equal(wf_store_commit(wanted->sample->store, NULL), 0);
}

/* One batch. */
static void put_many(struct wanted *wanted, uint64_t first, uint64_t last, int text)
{
	begin(wanted);
	for (uint64_t number = first; number <= last; number++)
		put(wanted, number, text);
	commit(wanted);
}

static void take_out_alone(struct wanted *wanted, uint64_t number)
{
	begin(wanted);
	take_out(wanted, number);
	commit(wanted);
}

static void ignore_page_fault_cb(void *context, const struct wf_pages_fault *fault)
{
	(void)context;
	(void)fault;
}

static void ignore_fault_cb(void *context, const struct wf_check_fault *fault)
{
	(void)context;
	(void)fault;
}

/* Of a record in pages of its own, which have their count before it. */
static uint64_t pages_unneeded(const struct sample *sample, const struct wf_pages_record *record)
{
	const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	char path[128], header[WF_PAGE_HEADER_BYTES];
	uint32_t run;
	int file;

	if (record->offset % page_bytes != WF_PAGE_HEADER_BYTES || record->value.length < page_bytes)
		return 0;
	sample_file(sample, "data.mdb", path);
	file = open(path, O_RDONLY);
	assert_int_equal(pread(file, header, sizeof header, (off_t)(record->offset - sizeof header)), sizeof header);
	close(file);
	memcpy(&run, header + WF_PAGE_RUN, sizeof run);
	return run - (record->value.length + sizeof header + page_bytes - 1) / page_bytes;
}

/* That no group is over its bounds is what listing it asks. */
static int group_found_cb(void *context, const struct wf_pages_record *record)
{
	struct wanted *wanted = context;
	struct wf_group_text texts[WF_GROUP_TEXTS_MAX];
	struct wf_bytes payload;
	uint32_t count;

	if (record->table != WF_LMDB_TEXT)
		return 0;
	wanted->groups++;
	wanted->pages_unneeded += pages_unneeded(wanted->sample, record);
	assert_int_equal(wf_record_plain_decode(WF_RECORD_TEXT, record->value, record->number, &payload), 0);
	assert_int_equal(wf_group_list(payload, record->number, texts, &count), 0);
	for (uint32_t i = 0; i < count; i++) {
		assert_true(texts[i].number < NUMBERS);
		assert_int_equal(wanted->group_of[texts[i].number], 0);
		assert_int_equal(texts[i].bytes, wanted->texts[texts[i].number]);
		wanted->group_of[texts[i].number] = record->number;
	}
	return 0;
}

/* Looks through the file without LMDB: so many groups, in which each text is that is to be in one, and no other. */
static void assert_groups(struct wanted *wanted, uint64_t groups)
{
	struct wf_check_summary summary;
	struct wf_pages_summary pages;
	struct wf_error error = {0, ""};
	uint64_t articles = 0;
	char path[128];

	sample_file(wanted->sample, "data.mdb", path);
	wanted->groups = 0;
	wanted->pages_unneeded = 0;
	memset(wanted->group_of, 0, sizeof wanted->group_of);
	assert_int_equal(
		wf_pages_walk(path, WF_PAGES_ALL, ignore_page_fault_cb, group_found_cb, wanted, &pages, &error), 0);
	assert_int_equal(pages.faults, 0);
	assert_int_equal(wanted->groups, groups);
	for (uint64_t number = 0; number < NUMBERS; number++) {
		assert_int_equal(wanted->group_of[number] != 0, wanted->texts[number] >= 0);
		articles += wanted->texts[number] != ABSENT;
	}
	assert_int_equal(wf_store_check_file(path, ignore_fault_cb, NULL, &summary, &error), 0);
	assert_int_equal(summary.faults, 0);
	assert_int_equal(summary.articles, articles);
	assert_int_equal(summary.pages.records[WF_LMDB_TEXT], groups);
	assert_int_equal(summary.pages.pages_lost, 0);
}

static void assert_articles(struct wanted *wanted)
{
	struct sample *sample = wanted->sample;

	for (uint64_t number = 1; number < NUMBERS; number++) {
		struct sample_article article;
		struct wf_text_place stored;
		struct wf_store_body body;
		int code;

		if (wanted->texts[number] >= 0) {
			assert_grouped(sample, number, (size_t)wanted->texts[number]);
			continue;
		}
		assert_int_equal(wf_store_reader_renew(sample->reader), 0);
		code = wf_store_body(sample->reader, number, &body);
		assert_int_equal(code, wanted->texts[number] == ABSENT ? WF_ENOTFOUND : 0);
		if (code == 0) {
			wanted_article(wanted, number, &article);
			assert_body(&body, &article.body);
			assert_int_equal(body.text_group, 0);
		}
		if (code == 0 && body.has_text) {
			assert_int_equal(wf_store_text(sample->reader, number, &body, &stored), 0);
			assert_string(stored.compressed, body.text_compressed);
			assert_true(stored.first == 0 && stored.bytes == body.text_bytes &&
				    stored.bytes_all == body.text_bytes);
		}
		wf_store_reader_rest(sample->reader);
	}
}

static void assert_wanted(struct wanted *wanted, uint64_t groups)
{
	assert_groups(wanted, groups);
	assert_articles(wanted);
}

static void small_texts_are_read_back_as_they_were_sent(void **state)
{
	static const int texts[] = {0, 1, 300, WITHOUT_TEXT, 1500, PACKED_ALONE, 4000, WF_GROUP_TEXT_BYTES_MAX, 700};
	struct wanted wanted;

	wanted_init(&wanted, *state);
	for (uint64_t number = 1; number <= 90; number++) {
		if (number % 30 == 1)
			begin(&wanted);
		put(&wanted, number, texts[number % (sizeof texts / sizeof *texts)]);
		if (number % 30 == 0)
			commit(&wanted);
	}
	assert_articles(&wanted);
	sample_reopen(*state);
	assert_articles(&wanted);
	/* Ten are of half a group's bytes, and no two of these share one, as there are 6.5 kB between them. */
	assert_groups(&wanted, 10);
}

static void a_group_is_full_at_its_bounds(void **state)
{
	struct wanted wanted;

	wanted_init(&wanted, *state);
	put_many(&wanted, 1, 2 * WF_GROUP_TEXTS_MAX + 1, 10);
	assert_groups(&wanted, 3);
	assert_int_equal(wanted.group_of[WF_GROUP_TEXTS_MAX], 1);
	assert_int_equal(wanted.group_of[WF_GROUP_TEXTS_MAX + 1], WF_GROUP_TEXTS_MAX + 1);
	assert_int_equal(wanted.group_of[2 * WF_GROUP_TEXTS_MAX + 1], 2 * WF_GROUP_TEXTS_MAX + 1);
	put_many(&wanted, 601, 605, WF_GROUP_TEXT_BYTES_MAX);
	assert_groups(&wanted, 3 + 3);
	assert_int_equal(wanted.group_of[602], 601);
	assert_int_equal(wanted.group_of[605], 605);
	put_many(&wanted, 701, 708, WF_GROUP_BYTES_MAX / 8 + 1);
	assert_groups(&wanted, 3 + 3 + 2);
	assert_int_equal(wanted.group_of[707], 701);
	assert_int_equal(wanted.group_of[708], 708);
	sample_reopen(*state);
	assert_articles(&wanted);
}

/* A group is of one batch, and of what that batch has of texts. */
static void each_batch_begins_a_group(void **state)
{
	struct wanted wanted;

	wanted_init(&wanted, *state);
	put_many(&wanted, 1, 3, 100);
	put_many(&wanted, 4, 5, 0);
	put_many(&wanted, 6, 7, WITHOUT_TEXT);
	put_many(&wanted, 8, 9, PACKED_ALONE);
	put_many(&wanted, 10, 10, WF_GROUP_TEXT_BYTES_MAX);
	assert_wanted(&wanted, 3);
	assert_int_equal(wanted.group_of[3], 1);
	assert_int_equal(wanted.group_of[4], 4);
	assert_int_equal(wanted.group_of[5], 4);
	assert_int_equal(wanted.group_of[10], 10);
}

/* The first, one in the middle, the last, and all of them in the end. */
static void removed_one_after_another_texts_leave_their_group(void **state)
{
	static const uint64_t order[] = {1, 4, 8, 2, 7, 3, 6, 5};
	struct wanted wanted;

	wanted_init(&wanted, *state);
	put_many(&wanted, 1, 8, 700);
	put_many(&wanted, 9, 10, 700);
	for (unsigned i = 0; i < 8; i++) {
		take_out_alone(&wanted, order[i]);
		assert_wanted(&wanted, i < 7 ? 2 : 1);
		if (i < 7)
			assert_int_equal(wanted.group_of[5], 1); /* the key stays, whoever left */
		if (i % 3 == 0)
			sample_reopen(*state);
	}
	take_out_alone(&wanted, 9);
	take_out_alone(&wanted, 10);
	assert_wanted(&wanted, 0);
	put_many(&wanted, 11, 12, 700);
	assert_wanted(&wanted, 1);
}

static void several_are_removed_in_one_batch_from_groups_in_turns(void **state)
{
	struct wanted wanted;

	wanted_init(&wanted, *state);
	put_many(&wanted, 1, 10, 500);
	put_many(&wanted, 11, 20, 500);
	put_many(&wanted, 21, 30, 500);
	begin(&wanted);
	for (uint64_t number = 1; number <= 9; number += 2) {
		take_out(&wanted, number);
		take_out(&wanted, number + 10);
	}
	for (uint64_t number = 30; number > 20; number--)
		take_out(&wanted, number);
	put(&wanted, 31, 500);
	take_out(&wanted, 2);
	commit(&wanted);
	assert_wanted(&wanted, 3);
	begin(&wanted);
	for (uint64_t number = 4; number <= 10; number += 2)
		take_out(&wanted, number);
	commit(&wanted);
	assert_wanted(&wanted, 2);
}

static void texts_leave_the_group_that_their_own_batch_fills(void **state)
{
	struct wanted wanted;

	wanted_init(&wanted, *state);
	begin(&wanted);
	for (uint64_t number = 1; number <= 6; number++)
		put(&wanted, number, 900);
	take_out(&wanted, 1);
	take_out(&wanted, 3);
	take_out(&wanted, 6);
	put(&wanted, 7, 900);
	assert_int_equal(wf_store_remove(wanted.sample->store, 3), WF_ENOTFOUND);
	commit(&wanted);
	assert_wanted(&wanted, 1);
	assert_int_equal(wanted.group_of[7], 1);
	begin(&wanted);
	put(&wanted, 8, 900);
	take_out(&wanted, 4);
	put(&wanted, 9, 900);
	take_out(&wanted, 8);
	commit(&wanted);
	assert_wanted(&wanted, 2);
	assert_int_equal(wanted.group_of[9], 8);
}

static void a_group_that_its_own_batch_empties_is_no_record(void **state)
{
	struct wanted wanted;

	wanted_init(&wanted, *state);
	begin(&wanted);
	for (uint64_t number = 1; number <= 3; number++)
		put(&wanted, number, 900);
	for (uint64_t number = 1; number <= 3; number++)
		take_out(&wanted, number);
	commit(&wanted);
	assert_wanted(&wanted, 0);
	begin(&wanted);
	put(&wanted, 4, 900);
	take_out(&wanted, 4);
	put(&wanted, 5, 900);
	commit(&wanted);
	assert_wanted(&wanted, 1);
}

/* Eight texts of 4,000 bytes fill a group: it is staged when the ninth comes. */
static void texts_leave_a_group_that_their_own_batch_has_filled(void **state)
{
	struct wanted wanted;

	wanted_init(&wanted, *state);
	begin(&wanted);
	for (uint64_t number = 1; number <= 28; number++)
		put(&wanted, number, 4000);
	take_out(&wanted, 2);
	take_out(&wanted, 26); /* of the group that is filled now */
	take_out(&wanted, 10);
	take_out(&wanted, 1);
	put(&wanted, 29, 4000);
	for (uint64_t number = 17; number <= 24; number++)
		take_out(&wanted, number);
	take_out(&wanted, 29);
	commit(&wanted);
	assert_wanted(&wanted, 3);
	assert_int_equal(wanted.group_of[3], 1);
	assert_int_equal(wanted.group_of[9], 9);
	assert_int_equal(wanted.group_of[28], 25);
	sample_reopen(*state);
	assert_articles(&wanted);
}

/* LMDB leaves a record of the same batch its pages, where a shorter one takes its place. */
static void a_group_that_its_own_batch_cut_may_have_pages_that_it_does_not_need(void **state)
{
	struct wanted wanted;

	wanted_init(&wanted, *state);
	begin(&wanted);
	for (uint64_t number = 1; number <= 9; number++)
		put(&wanted, number, 4000);
	for (uint64_t number = 1; number <= 6; number++)
		take_out(&wanted, number);
	commit(&wanted);
	assert_wanted(&wanted, 2);
	assert_true(wanted.pages_unneeded > 0);
	sample_reopen(*state);
	assert_wanted(&wanted, 2);
	take_out_alone(&wanted, 7);
	assert_wanted(&wanted, 2);
	take_out_alone(&wanted, 8);
	assert_wanted(&wanted, 1);
	put_many(&wanted, 10, 40, 4000);
	sample_reopen(*state);
	assert_wanted(&wanted, 1 + 4);
}

static void an_aborted_batch_leaves_groups_as_they_were(void **state)
{
	struct wanted wanted, before;

	wanted_init(&wanted, *state);
	begin(&wanted);
	for (uint64_t number = 1; number <= 20; number++)
		put(&wanted, number, 4000);
	take_out(&wanted, 2);
	take_out(&wanted, 19);
	wf_store_abort(wanted.sample->store);
	wanted_init(&wanted, *state);
	assert_wanted(&wanted, 0);
	put_many(&wanted, 1, 5, 600);
	before = wanted;
	begin(&wanted);
	put(&wanted, 6, 600);
	take_out(&wanted, 3);
	take_out(&wanted, 6);
	put(&wanted, 7, 600);
	wf_store_abort(wanted.sample->store);
	assert_wanted(&before, 1);
	begin(&before);
	put(&before, 6, 600);
	take_out(&before, 1);
	commit(&before);
	assert_wanted(&before, 2);
}

static void a_group_is_cut_by_a_store_that_packs_otherwise(void **state)
{
	struct wanted wanted;

	wanted_init(&wanted, *state);
	put_many(&wanted, 1, 10, 1000);
	sample_close(*state);
	sample_open_as(*state, true);
	assert_articles(&wanted);
	take_out_alone(&wanted, 1);
	put_many(&wanted, 11, 20, 1000);
	assert_wanted(&wanted, 2);
	sample_reopen(*state);
	assert_articles(&wanted);
	take_out_alone(&wanted, 12);
	assert_wanted(&wanted, 2);
}

static void the_map_grows_amid_a_batch_of_groups(void **state)
{
	struct wanted wanted;
	uint64_t groups = 0;

	wanted_init(&wanted, *state);
	begin(&wanted);
	for (uint64_t number = 1; number < NUMBERS; number++) {
		put(&wanted, number, (int)(number % 1500));
		if (number % 7 == 0)
			take_out(&wanted, number - number % 50 / 10);
	}
	commit(&wanted);
	assert_true(wf_store_bytes(wanted.sample->store) > 32 * SAMPLE_MAP_BYTES);
	sample_reopen(*state);
	assert_articles(&wanted);
	assert_int_equal(wf_store_reader_renew(wanted.sample->reader), 0);
	for (uint64_t number = 1, last = 0; number < NUMBERS; number++) {
		struct wf_store_body body;

		if (wanted.texts[number] == ABSENT)
			continue;
		assert_int_equal(wf_store_body(wanted.sample->reader, number, &body), 0);
		groups += body.text_group != last;
		last = body.text_group;
	}
	wf_store_reader_rest(wanted.sample->reader);
	assert_groups(&wanted, groups);
	sample_reopen(*state);
	for (uint64_t first = 1; first < NUMBERS; first += 200) {
		begin(&wanted);
		for (uint64_t number = first; number < first + 200 && number < NUMBERS; number++)
			if (wanted.texts[number] != ABSENT)
				take_out(&wanted, number);
		commit(&wanted);
	}
	assert_wanted(&wanted, 0);
}

static void a_group_raises_the_format(void **state)
{
	struct wanted wanted;
	struct sample *sample = *state;

	wanted_init(&wanted, sample);
	begin(&wanted);
	put(&wanted, 1, WITHOUT_TEXT);
	put(&wanted, 2, PACKED_ALONE);
	commit(&wanted);
	sample_close(sample);
	assert_true(format_of(sample) < 4);
	sample_open(sample);
	begin(&wanted);
	put(&wanted, 3, 100);
	wf_store_abort(sample->store);
	sample_close(sample);
	assert_true(format_of(sample) < 4);
	sample_open(sample);
	begin(&wanted);
	put(&wanted, 3, 100);
	commit(&wanted);
	sample_close(sample);
	assert_int_equal(format_of(sample), 4);
	sample_open(sample);
	assert_articles(&wanted);
	take_out_alone(&wanted, 3);
	begin(&wanted);
	assert_int_equal(put_text(sample, 4, "\x01 and so on"), 0);
	commit(&wanted);
	sample_close(sample);
	assert_int_equal(format_of(sample), 4);
	sample_open(sample);
	assert_int_equal(sample_count(sample), 3);
}

/* Opening. */

static void a_second_process_is_locked_out(void **state)
{
	struct sample *sample = *state;
	const struct wf_store_settings settings = {.path = sample->path};
	struct wf_store *second;
	struct wf_error error;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(wf_store_open(&second, &settings, &error) == WF_ELOCKED &&
				      strstr(error.text, "another process") != NULL
			      ? 0
			      : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int open_code(const struct sample *sample, struct wf_error *error)
{
	const struct wf_store_settings settings = {.path = sample->path};
	struct wf_store *store;
	int code = wf_store_open(&store, &settings, error);

	if (code == 0)
		wf_store_close(store);
	return code;
}

static void a_folder_without_parent_is_refused(void **state)
{
	struct sample *sample = *state;
	struct sample other = {.path = "/nonexistent/folder"};
	struct wf_error error;

	(void)sample;
	assert_int_equal(open_code(&other, &error), -ENOENT);
	assert_non_null(strstr(error.text, "/nonexistent/folder"));
}

/* Finds `wanted` in the store's data file, from `offset` on; -1 where it is not. */
static long data_find_from(const struct sample *sample, struct wf_bytes wanted, long offset)
{
	char path[128];
	struct stat status;
	char *data;
	long found = -1;
	int file;

	sample_file(sample, "data.mdb", path);
	file = open(path, O_RDONLY);
	assert_true(file >= 0 && fstat(file, &status) == 0);
	data = malloc((size_t)status.st_size);
	assert_non_null(data);
	assert_int_equal(pread(file, data, (size_t)status.st_size, 0), status.st_size);
	close(file);
	const char *at = memmem(data + offset, (size_t)(status.st_size - offset), wanted.data, wanted.length);

	if (at != NULL)
		found = (long)(at - data);
	free(data);
	return found;
}

static long data_find(const struct sample *sample, struct wf_bytes wanted)
{
	return data_find_from(sample, wanted, 0);
}

static void data_flip(const struct sample *sample, long offset, unsigned bit)
{
	char path[128], byte;
	int file;

	sample_file(sample, "data.mdb", path);
	file = open(path, O_RDWR);
	assert_true(file >= 0 && offset >= 0);
	assert_int_equal(pread(file, &byte, 1, offset), 1);
	byte = (char)(byte ^ (1 << bit));
	assert_int_equal(pwrite(file, &byte, 1, offset), 1);
	close(file);
}

/* A bit of byte `at` of `wanted`, wherever it is: a page that was split still has what left it, in its unused bytes. */
static void data_flip_in(const struct sample *sample, struct wf_bytes wanted, long at, unsigned bit)
{
	long found = data_find(sample, wanted);

	assert_true(found >= 0);
	for (; found >= 0; found = data_find_from(sample, wanted, found + 1))
		data_flip(sample, found + at, bit);
}

static void another_version_is_refused_by_its_number(void **state)
{
	struct sample *sample = *state;
	const struct wf_lmdb_settings settings = {.path = sample->path,
						  .map_bytes = 1u << 20,
						  .map_bytes_max = 1u << 20,
						  .readers_max = 4,
						  .rest_wait_ms = 1000};
	const struct wf_lmdb_key key = {.table = WF_LMDB_STATE, .name = wf_bytes_of(".format")};
	const struct wf_bytes format = {"wirefold\x03\x01\0\0", 12};
	struct wf_lmdb *lmdb;
	struct wf_error error;
	void *room;

	sample_close(sample);
	assert_int_equal(wf_lmdb_open(&lmdb, &settings, &error), 0);
	assert_int_equal(wf_lmdb_begin(lmdb), 0);
	room = wf_lmdb_stage(lmdb, WF_LMDB_PUT, &key, WF_RECORD_HEADER_BYTES + format.length);
	assert_non_null(room);
	wf_record_plain_encode(WF_RECORD_STATE, wf_record_name_key(key.name), format, room);
	assert_int_equal(wf_lmdb_apply(lmdb), 0);
	assert_int_equal(wf_lmdb_commit(lmdb), 0);
	wf_lmdb_close(lmdb);
	assert_int_equal(open_code(sample, &error), WF_EVERSION);
	assert_non_null(strstr(error.text, "format 259"));
}

static void a_damaged_format_record_is_refused(void **state)
{
	struct sample *sample = *state;
	struct wf_error error;

	sample_close(sample);
	data_flip(sample, data_find(sample, wf_bytes_of("wirefold")) + 8, 1);
	assert_int_equal(open_code(sample, &error), WF_ECORRUPT);
	assert_non_null(strstr(error.text, "format record"));
}

/* LMDB does not write pages at the file's end that became free before they were written. */
static void a_data_file_that_lacks_free_pages_alone_is_whole(void **state)
{
	struct sample *sample = *state;
	const struct wf_store_entry entry = {.number = 5};
	char *bytes = calloc(1, 300000);
	const struct wf_store_body body = {.id = {bytes, 300000}};
	struct stat before, after;
	char path[128];

	assert_non_null(bytes);
	for (uint64_t number = 1; number <= 4; number++)
		assert_int_equal(sample_add(sample, number, number), 0);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_put(sample->store, &entry, &body, wf_bytes_of("e")), 0);
	assert_int_equal(wf_store_remove(sample->store, entry.number), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_file(sample, "data.mdb", path);
	assert_int_equal(stat(path, &before), 0);
	sample_reopen(sample);
	assert_int_equal(stat(path, &after), 0);
	assert_true(after.st_size > before.st_size); /* it was shorter than its pages are many */
	assert_true(sample_has(sample, 1));
	assert_int_equal(sample_add(sample, 6, 500), 0);
	sample_reopen(sample);
	for (uint64_t number = 6; number <= 500; number++)
		assert_true(sample_has(sample, number));
	free(bytes);
}

static void a_flipped_bit_in_a_record_is_seen(void **state)
{
	struct sample *sample = *state;
	struct sample_article article;
	struct wf_store_entry entry;
	struct wf_store_body body;
	struct wf_bytes evidence;
	struct numbers numbers = {.count_max = 1000};

	assert_int_equal(sample_add(sample, 1, 20), 0);
	sample_close(sample);
	sample_article(&article, 7);
	data_flip_in(sample, article.entry.sketch, 60, 3);
	sample_article(&article, 8);
	data_flip_in(sample, article.evidence, 11, 0);
	sample_article(&article, 9);
	data_flip_in(sample, article.body.text_compressed, 5, 7);
	sample_open(sample);
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_entry(sample->reader, 7, &sample->arena, &entry), WF_ECORRUPT);
	assert_int_equal(wf_store_entries(sample->reader, 1, numbers_visit_cb, &numbers), WF_ECORRUPT);
	assert_int_equal(numbers.last, 6);
	assert_int_equal(wf_store_evidence(sample->reader, 8, &evidence), WF_ECORRUPT);
	assert_int_equal(wf_store_body(sample->reader, 9, &body), WF_ECORRUPT);
	wf_store_reader_rest(sample->reader);
	assert_true(sample_has(sample, 6));
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_move(sample->store, 7, 1), WF_ECORRUPT);
	wf_store_abort(sample->store);
}

/* The key of an inline record stands before it. */
static void a_record_that_is_lost_beside_its_entry_is_damage_until_its_removal(void **state)
{
	struct sample *sample = *state;
	struct sample_article article;
	struct wf_bytes evidence;

	assert_int_equal(sample_add(sample, 1, 20), 0);
	sample_close(sample);
	sample_article(&article, 8);
	data_flip(sample, data_find(sample, article.evidence) - 16 + 7, 6);
	sample_open(sample);
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_evidence(sample->reader, 8, &evidence), WF_ECORRUPT);
	assert_int_equal(wf_store_evidence(sample->reader, 21, &evidence), WF_ENOTFOUND);
	wf_store_reader_rest(sample->reader);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_remove(sample->store, 8), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_evidence(sample->reader, 8, &evidence), WF_ENOTFOUND);
	wf_store_reader_rest(sample->reader);
}

static void a_missing_or_empty_data_file_makes_no_new_store(void **state)
{
	struct sample *sample = *state;
	struct wf_error error;
	char path[128];

	assert_int_equal(sample_add(sample, 1, 3), 0);
	sample_close(sample);
	sample_file(sample, "data.mdb", path);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(open_code(sample, &error), WF_ECORRUPT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(open_code(sample, &error), WF_ECORRUPT);
	assert_non_null(strstr(error.text, "missing"));
}

/* As a power cut amid the making leaves a store: without its mark, and without one of LMDB's first two pages. */
static void unmake(struct sample *sample, off_t lost_page, char data[128])
{
	const off_t page_bytes = (off_t)sysconf(_SC_PAGESIZE);
	char *zeros = calloc(1, (size_t)page_bytes);
	char path[128];
	int file;

	assert_non_null(zeros);
	sample_close(sample);
	sample_file(sample, "wirefold.lock", path);
	assert_int_equal(truncate(path, 0), 0);
	sample_file(sample, "data.mdb", data);
	assert_int_equal(truncate(data, 3 * page_bytes), 0);
	file = open(data, O_WRONLY);
	assert_int_equal(pwrite(file, zeros, (size_t)page_bytes, lost_page * page_bytes), page_bytes);
	close(file);
	free(zeros);
}

static void a_store_whose_making_was_cut_is_made_again(void **state)
{
	struct sample *sample = *state;
	struct stat status;
	char path[128];

	for (off_t lost_page = 0; lost_page < 2; lost_page++) {
		unmake(sample, lost_page, path);
		assert_int_equal(open_code(sample, NULL), 0);
		strcat(path, ".unmade");
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(unlink(path), 0);
	}
	sample_reopen(sample);
	assert_int_equal(sample_add(sample, 1, 3), 0);
	assert_int_equal(sample_count(sample), 3);
}

static void a_whole_store_without_its_mark_keeps_its_articles(void **state)
{
	struct sample *sample = *state;
	char path[128];

	assert_int_equal(sample_add(sample, 1, 3), 0);
	sample_close(sample);
	sample_file(sample, "wirefold.lock", path);
	assert_int_equal(truncate(path, 0), 0);
	sample_reopen(sample);
	assert_int_equal(sample_count(sample), 3);
}

static void a_data_file_that_lost_its_end_is_refused(void **state)
{
	struct sample *sample = *state;
	struct wf_error error;
	struct stat status;
	char path[128];

	assert_int_equal(sample_add(sample, 1, 300), 0);
	sample_close(sample);
	sample_file(sample, "data.mdb", path);
	assert_int_equal(stat(path, &status), 0);
	for (off_t length = status.st_size - 4096; length > 8192; length = length / 2 / 512 * 512) {
		struct stat after;

		assert_int_equal(truncate(path, length), 0);
		assert_int_equal(open_code(sample, &error), WF_ECORRUPT);
		assert_int_equal(stat(path, &after), 0);
		assert_int_equal(after.st_size, length);
	}
}

static void garbage_is_no_store(void **state)
{
	struct sample *sample = *state;
	struct wf_error error;
	char path[128], noise[20000];
	int file;

	sample_close(sample);
	sample_file(sample, "data.mdb", path);
	sample_noise(noise, sizeof(noise), 4);
	file = open(path, O_WRONLY);
	assert_int_equal(pwrite(file, noise, sizeof(noise), 0), sizeof(noise));
	close(file);
	assert_int_equal(open_code(sample, &error), WF_ECORRUPT);
}

/* Damage to groups. */

/* Writes a group's record anew, or, with a payload that is NULL, takes it away; the store is closed. */
static void group_write(const struct sample *sample, uint64_t group, struct wf_bytes payload)
{
	const struct wf_lmdb_settings settings = {.path = sample->path,
						  .map_bytes = 1u << 20,
						  .map_bytes_max = 1u << 20,
						  .readers_max = 4,
						  .rest_wait_ms = 1000};
	const struct wf_lmdb_key key = {.table = WF_LMDB_TEXT, .number = group};
	const bool is_written = payload.data != NULL;
	struct wf_lmdb *lmdb;
	struct wf_error error;
	void *room;

	assert_int_equal(wf_lmdb_open(&lmdb, &settings, &error), 0);
	assert_int_equal(wf_lmdb_begin(lmdb), 0);
	room = wf_lmdb_stage(lmdb, is_written ? WF_LMDB_PUT : WF_LMDB_DELETE, &key,
			     is_written ? WF_RECORD_HEADER_BYTES + payload.length : 0);
	assert_non_null(room);
	if (is_written)
		wf_record_plain_encode(WF_RECORD_TEXT, group, payload, room);
	assert_int_equal(wf_lmdb_apply(lmdb), 0);
	assert_int_equal(wf_lmdb_commit(lmdb), 0);
	wf_lmdb_close(lmdb);
}

static int text_code(struct sample *sample, uint64_t number)
{
	struct wf_bytes text;
	int code;

	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	code = sample_text(sample, number, &text);
	wf_store_reader_rest(sample->reader);
	wf_arena_reset(&sample->arena);
	return code;
}

/* Three groups, of the articles 1 to 5, 6 to 10 and 11 to 15; closed. */
static void fill_three_groups(struct wanted *wanted, struct sample *sample)
{
	wanted_init(wanted, sample);
	for (uint64_t first = 1; first <= 11; first += 5)
		put_many(wanted, first, first + 4, 800);
	sample_close(sample);
}

/* The articles 6 to 10 have lost their texts: so they are told, and go when they are removed, and the others stay. */
static void assert_second_group_is_lost(struct wanted *wanted)
{
	struct sample *sample = wanted->sample;

	for (uint64_t number = 1; number <= 15; number++) {
		assert_int_equal(text_code(sample, number), number > 5 && number <= 10 ? WF_ECORRUPT : 0);
		if (number > 5 && number <= 10)
			wanted->texts[number] = ABSENT;
	}
	begin(wanted);
	put(wanted, 16, 800);
	assert_int_equal(wf_store_remove(sample->store, 1), 0);
	assert_int_equal(wf_store_remove(sample->store, 8), 0);
	assert_int_equal(wf_store_remove(sample->store, 12), 0);
	assert_int_equal(wf_store_remove(sample->store, 9), 0);
	wanted->texts[1] = wanted->texts[12] = ABSENT;
	commit(wanted);
	begin(wanted);
	for (uint64_t number = 6; number <= 10; number++)
		assert_int_equal(wf_store_remove(sample->store, number), number == 8 || number == 9 ? WF_ENOTFOUND : 0);
	commit(wanted);
	assert_articles(wanted);
	sample_reopen(sample);
	assert_articles(wanted);
}

static void a_flipped_bit_in_a_group_costs_its_texts_alone(void **state)
{
	struct wanted wanted;
	struct sample_article article;

	fill_three_groups(&wanted, *state);
	sample_grouped(&article, 7, 800);
	data_flip_in(*state, (struct wf_bytes){article.text + 50, 100}, 20, 4);
	sample_open(*state);
	assert_second_group_is_lost(&wanted);
}

static void a_group_that_is_missing_costs_its_texts_alone(void **state)
{
	struct wanted wanted;

	fill_three_groups(&wanted, *state);
	group_write(*state, 6, (struct wf_bytes){NULL, 0});
	sample_open(*state);
	assert_second_group_is_lost(&wanted);
}

static void a_group_whose_payload_is_none_costs_its_texts_alone(void **state)
{
	struct wanted wanted;

	fill_three_groups(&wanted, *state);
	group_write(*state, 6, wf_bytes_of("\x05"));
	sample_open(*state);
	assert_second_group_is_lost(&wanted);
}

/* The list is right, what it is of is not. */
static void a_group_without_a_frame_costs_its_texts_alone(void **state)
{
	struct wanted wanted;
	char payload[8 + 5 * 8 + 20] = {5, 0, 0, 0, 20};

	fill_three_groups(&wanted, *state);
	for (uint32_t i = 0; i < 5; i++) {
		wf_record_write_u32(payload + 8 + (size_t)i * 8, i);
		wf_record_write_u32(payload + 12 + (size_t)i * 8, 800);
	}
	group_write(*state, 6, (struct wf_bytes){payload, sizeof payload});
	sample_open(*state);
	assert_second_group_is_lost(&wanted);
}

/* A group of other articles, and one that has the article's text with another length. */
static void a_text_that_is_not_the_articles_is_corrupt(void **state)
{
	struct wanted wanted;
	struct wf_group *group = calloc(1, sizeof *group);
	struct wf_text_codec *codec;
	struct wf_bytes payload;
	struct sample *sample = *state;

	assert_non_null(group);
	fill_three_groups(&wanted, sample);
	assert_int_equal(wf_text_codec_new(&codec, false), 0);
	wf_group_begin(group, 6);
	wf_group_add(group, 6, wf_bytes_of("short"));
	wf_group_add(group, 16, wf_bytes_of("another's"));
	assert_int_equal(wf_group_encode(group, codec, &sample->arena, &payload), 0);
	group_write(sample, 6, payload);
	sample_open(sample);
	wf_text_codec_free(codec);
	free(group);
	assert_int_equal(text_code(sample, 6), WF_ECORRUPT);
	assert_int_equal(text_code(sample, 7), WF_ECORRUPT);
	begin(&wanted);
	take_out(&wanted, 7);
	take_out(&wanted, 6);
	commit(&wanted);
	assert_int_equal(text_code(sample, 1), 0);
	assert_int_equal(text_code(sample, 8), WF_ECORRUPT);
}

static void an_article_with_a_damaged_body_is_removed_beside_its_text(void **state)
{
	struct wanted wanted;
	struct sample_article article;
	struct sample *sample = *state;
	char strings[64];

	fill_three_groups(&wanted, sample);
	sample_grouped(&article, 7, 800);
	/* Id and title stand so in the body alone. */
	memcpy(strings, article.body.id.data, article.body.id.length);
	memcpy(strings + article.body.id.length, article.body.title.data, article.body.title.length);
	data_flip_in(sample, (struct wf_bytes){strings, article.body.id.length + article.body.title.length}, 20, 4);
	sample_open(sample);
	assert_int_equal(text_code(sample, 7), WF_ECORRUPT);
	take_out_alone(&wanted, 7);
	assert_articles(&wanted);
	begin(&wanted);
	for (uint64_t number = 6; number <= 10; number++)
		if (number != 7)
			take_out(&wanted, number);
	commit(&wanted);
	assert_articles(&wanted);
}

struct place {
	enum wf_lmdb_table table;
	uint64_t number;
	uint64_t offset;
	size_t length;
};

static int place_found_cb(void *context, const struct wf_pages_record *record)
{
	struct place *place = context;

	if (record->table == place->table && record->number == place->number) {
		place->offset = record->offset;
		place->length = record->value.length;
	}
	return 0;
}

static struct place place_of(const struct sample *sample, enum wf_lmdb_table table, uint64_t number)
{
	struct place place = {.table = table, .number = number};
	struct wf_pages_summary pages;
	struct wf_error error;
	char path[128];

	sample_file(sample, "data.mdb", path);
	assert_int_equal(
		wf_pages_walk(path, WF_PAGES_ALL, ignore_page_fault_cb, place_found_cb, &place, &pages, &error), 0);
	assert_true(place.offset > 0);
	return place;
}

/* Has a record's entry in a leaf of LMDB say that it is half a gigabyte longer. A start does not look at it, unless it
 * is in the last leaf: [ length 4 | flags 2 | key's length 2 | key 8 | value, or the number of its page ]. */
static void length_damage(const struct sample *sample, enum wf_lmdb_table table, uint64_t number)
{
	const struct place place = place_of(sample, table, number);
	const uint32_t length = (uint32_t)place.length;
	const uint16_t flags = length > 2048;
	const uint16_t key_bytes = sizeof number;
	char node[16];

	memcpy(node, &length, sizeof length);
	memcpy(node + 4, &flags, sizeof flags);
	memcpy(node + 6, &key_bytes, sizeof key_bytes);
	memcpy(node + 8, &number, sizeof number);
	data_flip_in(sample, (struct wf_bytes){node, sizeof node}, 3, 5);
}

/* Opens the store in another process, in case that the removal is the end of it. */
static void remove_in_a_child(const struct sample *sample, uint64_t number)
{
	const struct wf_store_settings settings = {.path = sample->path};
	struct wf_store *store;
	int status;
	const pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		if (wf_store_open(&store, &settings, NULL) != 0 || wf_store_begin(store, NULL) != 0 ||
		    wf_store_remove(store, number) != 0 || wf_store_commit(store, NULL) != 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_group_whose_length_lies_is_not_read_beyond_the_file(void **state)
{
	struct wanted wanted;
	struct sample *sample = *state;

	wanted_init(&wanted, sample);
	for (uint64_t number = 1; number <= 12; number++)
		put_many(&wanted, number, number, 1000);
	sample_close(sample);
	length_damage(sample, WF_LMDB_TEXT, 1);
	sample_open(sample);
	assert_int_equal(text_code(sample, 1), WF_ECORRUPT);
	sample_close(sample);
	remove_in_a_child(sample, 1);
	wanted.texts[1] = ABSENT;
	sample_open(sample);
	assert_articles(&wanted);
}

static void a_body_whose_length_lies_is_not_read_beyond_the_file(void **state)
{
	const uint64_t last = 200; /* so that there are two leaves of them, as each is in pages of its own */
	struct sample *sample = *state;
	struct sample_article article;

	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	for (uint64_t number = 1; number <= last; number++) {
		sample_article(&article, number);
		article.body.text_compressed = (struct wf_bytes){article.noise, 4000};
		assert_int_equal(wf_store_put(sample->store, &article.entry, &article.body, article.evidence), 0);
	}
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_close(sample);
	length_damage(sample, WF_LMDB_BODY, 1);
	sample_open(sample);
	assert_int_equal(text_code(sample, 1), WF_ECORRUPT);
	sample_close(sample);
	remove_in_a_child(sample, 1);
	sample_open(sample);
	assert_int_equal(sample_count(sample), last - 1);
}

/* What LMDB refuses to read fails the batch, by its name. */
static void a_removal_from_a_damaged_page_of_bodies_is_corrupt(void **state)
{
	struct wanted wanted;
	struct sample *sample = *state;
	struct place place;
	int removed, committed;

	wanted_init(&wanted, sample);
	put_many(&wanted, 1, 50, 300);
	sample_close(sample);
	place = place_of(sample, WF_LMDB_BODY, 1);
	data_flip(sample, (long)(place.offset / 4096 * 4096) + WF_PAGE_KIND, 1);
	sample_open(sample);
	begin(&wanted);
	removed = wf_store_remove(sample->store, 1);
	committed = wf_store_commit(sample->store, NULL);
	assert_int_equal(removed, WF_ECORRUPT);
	assert_int_equal(committed, WF_ECORRUPT);
	take_out_alone(&wanted, 50);
}

/* Crashes. */

/* Commits batch after batch, each number of the batch to the pipe once it is on disk, until it is killed. */
static void feed_until_killed(struct sample *sample, int told)
{
	uint64_t number = wf_store_number_last(sample->store);

	for (uint64_t batch = 0;; batch++) {
		const uint64_t last = number + 1 + batch % 17;

		if (sample_add(sample, number + 1, last) != 0 || write(told, &last, sizeof(last)) != sizeof(last))
			_exit(1);
		number = last;
	}
}

static void killed_in_the_middle_every_committed_batch_is_whole(void **state)
{
	struct sample *sample = *state;
	uint64_t checked = 0;

	for (unsigned round = 0; round < 20; round++) {
		uint64_t told = 0, last;
		int ends[2];
		pid_t child;

		sample_close(sample);
		assert_int_equal(pipe(ends), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			close(ends[0]);
			sample_open(sample);
			feed_until_killed(sample, ends[1]);
		}
		close(ends[1]);
		/* The first batch is on disk: let some more begin, another number of them each round. */
		for (unsigned i = 0; i <= round * 3 && read(ends[0], &last, sizeof(last)) == sizeof(last); i++)
			told = last;
		kill(child, SIGKILL);
		while (read(ends[0], &last, sizeof(last)) == sizeof(last))
			told = last;
		close(ends[0]);
		waitpid(child, NULL, 0);
		sample_open(sample);
		last = wf_store_number_last(sample->store);
		assert_true(told > 0 && last >= told);
		assert_int_equal(sample_count(sample), last);
		while (checked < last)
			assert_true(sample_has(sample, ++checked));
		assert_false(sample_has(sample, last + 1));
	}
}

int main(void)
{
#define claim(function) cmocka_unit_test_setup_teardown(function, sample_setup, sample_teardown)
	const struct CMUnitTest tests[] = {
		claim(every_field_survives_a_restart),
		claim(a_new_store_is_empty),
		claim(a_store_keeps_its_secret),
		claim(an_aborted_batch_leaves_nothing),
		claim(a_reader_sees_a_batch_once_it_is_committed_and_renewed),
		claim(fields_over_their_bounds_are_refused),
		claim(records_at_the_edges_of_a_page_survive),
		claim(a_removed_article_is_gone_and_its_number_never_returns),
		claim(a_number_put_and_removed_in_one_batch_never_returns),
		claim(a_moved_article_changes_its_cluster_alone),
		claim(redirects_are_replaced_removed_and_visited_in_order),
		claim(what_is_held_apart_is_replaced_removed_and_visited_in_order),
		claim(a_reserved_number_never_returns),
		claim(a_store_has_the_first_format_until_something_is_held_apart),
		claim(a_text_packed_by_lz4_raises_the_format),
		claim(entries_are_visited_in_order_from_a_number_on),
		claim(a_state_of_many_megabytes_is_kept_whole),
		claim(the_map_grows_unseen_while_others_read),
		claim(a_resting_reader_holds_no_growth_up),
		claim(a_body_of_64_mib_outgrows_the_map_in_one_step),
		claim(small_texts_are_read_back_as_they_were_sent),
		claim(a_group_is_full_at_its_bounds),
		claim(each_batch_begins_a_group),
		claim(removed_one_after_another_texts_leave_their_group),
		claim(several_are_removed_in_one_batch_from_groups_in_turns),
		claim(texts_leave_the_group_that_their_own_batch_fills),
		claim(a_group_that_its_own_batch_empties_is_no_record),
		claim(texts_leave_a_group_that_their_own_batch_has_filled),
		claim(a_group_that_its_own_batch_cut_may_have_pages_that_it_does_not_need),
		claim(an_aborted_batch_leaves_groups_as_they_were),
		claim(a_group_is_cut_by_a_store_that_packs_otherwise),
		claim(the_map_grows_amid_a_batch_of_groups),
		claim(a_group_raises_the_format),
		claim(a_second_process_is_locked_out),
		claim(a_folder_without_parent_is_refused),
		claim(another_version_is_refused_by_its_number),
		claim(a_damaged_format_record_is_refused),
		claim(a_data_file_that_lacks_free_pages_alone_is_whole),
		claim(a_flipped_bit_in_a_record_is_seen),
		claim(a_record_that_is_lost_beside_its_entry_is_damage_until_its_removal),
		claim(a_missing_or_empty_data_file_makes_no_new_store),
		claim(a_store_whose_making_was_cut_is_made_again),
		claim(a_whole_store_without_its_mark_keeps_its_articles),
		claim(a_data_file_that_lost_its_end_is_refused),
		claim(garbage_is_no_store),
		claim(a_flipped_bit_in_a_group_costs_its_texts_alone),
		claim(a_group_that_is_missing_costs_its_texts_alone),
		claim(a_group_whose_payload_is_none_costs_its_texts_alone),
		claim(a_group_without_a_frame_costs_its_texts_alone),
		claim(a_text_that_is_not_the_articles_is_corrupt),
		claim(an_article_with_a_damaged_body_is_removed_beside_its_text),
		claim(a_group_whose_length_lies_is_not_read_beyond_the_file),
		claim(a_body_whose_length_lies_is_not_read_beyond_the_file),
		claim(a_removal_from_a_damaged_page_of_bodies_is_corrupt),
		claim(killed_in_the_middle_every_committed_batch_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
