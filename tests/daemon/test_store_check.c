#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "hash.h"
#include "store_check.h"
#include "store_copy.h"
#include "store_sample.h"

#define ARTICLES 40u
#define STRIDE   31u /* bytes between two flips; no divisor of a page */
#define METAS    (2u * 4096u)

/* Helpers */

struct faults {
	unsigned count;
	char first[256];
	uint64_t number;
};

static void fault_cb(void *context, const struct wf_check_fault *fault)
{
	struct faults *faults = context;

	assert_true(fault->text[0] != '\0' && fault->place[0] != '\0');
	if (faults->count++ > 0)
		return;
	snprintf(faults->first, sizeof(faults->first), "%s: %s", fault->place, fault->text);
	faults->number = fault->number;
}

/* Articles whose id hashes are right, unlike the sample's. */
static int put(struct wf_store *store, uint64_t number)
{
	struct sample_article article;

	sample_article(&article, number);
	article.entry.id_hash = wf_hash_bytes(article.body.id, wf_store_secret(store));
	article.entry.cluster = 1;
	article.entry.match = number / 2;
	return wf_store_put(store, &article.entry, &article.body, article.evidence);
}

/* A store of some articles in several commits, some removed; closed. */
static void fill(struct sample *sample)
{
	for (uint64_t number = 1; number <= ARTICLES; number++) {
		assert_int_equal(wf_store_begin(sample->store, NULL), 0);
		assert_int_equal(put(sample->store, number), 0);
		if (number % 8 == 0)
			assert_int_equal(wf_store_remove(sample->store, number - 2), 0);
		if (number == ARTICLES)
			assert_int_equal(wf_store_apart(sample->store, 1, &number, 1), 0);
		if (number % 10 == 0)
			assert_int_equal(wf_store_redirect(sample->store, number, number / 2), 0);
		assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	}
	sample_close(sample);
}

static struct faults check(const struct sample *sample, struct wf_check_summary *summary)
{
	struct faults faults = {.count = 0};
	struct wf_error error = {0, ""};

	if (wf_store_check(sample->path, fault_cb, &faults, summary, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(faults.count, summary->faults);
	return faults;
}

static char *data_read(const struct sample *sample, size_t *length)
{
	char path[128];
	struct stat status;
	char *data;
	int file;

	sample_file(sample, "data.mdb", path);
	file = open(path, O_RDONLY);
	assert_int_equal(fstat(file, &status), 0);
	*length = (size_t)status.st_size;
	data = malloc(*length);
	assert_int_equal(read(file, data, *length), *length);
	close(file);
	return data;
}

static void bytes_write(const struct sample *sample, size_t offset, const char *bytes, size_t count)
{
	char path[128];
	int file;

	sample_file(sample, "data.mdb", path);
	file = open(path, O_WRONLY);
	assert_int_equal(pwrite(file, bytes, count, (off_t)offset), count);
	close(file);
}

static void byte_write(const struct sample *sample, size_t offset, char byte)
{
	bytes_write(sample, offset, &byte, 1);
}

/* A hash of everything that the store hands out. */
struct contents {
	uint64_t hash;
	struct wf_store_reader *reader;
};

static int entry_cb(void *context, const struct wf_store_entry *entry)
{
	struct contents *contents = context;
	struct wf_store_body body;
	struct wf_bytes evidence;

	assert_int_equal(wf_store_body(contents->reader, entry->number, &body), 0);
	assert_int_equal(wf_store_evidence(contents->reader, entry->number, &evidence), 0);
	contents->hash = wf_hash_pair(contents->hash, wf_hash_bytes(evidence, entry->number), entry->cluster);
	contents->hash = wf_hash_bytes(body.text_compressed, wf_hash_bytes(body.id, contents->hash));
	contents->hash = wf_hash_bytes(entry->sketch, contents->hash);
	return 0;
}

static int redirect_cb(void *context, uint64_t from, uint64_t into)
{
	struct contents *contents = context;

	contents->hash = wf_hash_pair(contents->hash, from, into);
	return 0;
}

static uint64_t contents_of(struct sample *sample)
{
	struct contents contents = {.hash = 1};

	sample_open(sample);
	contents.reader = sample->reader;
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_entries(sample->reader, 0, entry_cb, &contents), 0);
	assert_int_equal(wf_store_redirects(sample->reader, redirect_cb, &contents), 0);
	contents.hash =
		wf_hash_pair(contents.hash, wf_store_number_last(sample->store), wf_store_secret(sample->store));
	wf_store_reader_rest(sample->reader);
	sample_close(sample);
	return contents.hash;
}

/* Tests */

static void a_whole_store_has_no_faults(void **state)
{
	struct sample *sample = *state;
	struct wf_check_summary summary;

	fill(sample);
	assert_int_equal(check(sample, &summary).count, 0);
	assert_int_equal(summary.articles, ARTICLES - ARTICLES / 8);
	assert_int_equal(summary.redirects, ARTICLES / 10);
	assert_true(summary.pages.pages_free > 0);
	assert_int_equal(summary.pages.pages_lost, 0);
}

struct flips {
	uint64_t before;
	char *data;
	size_t length;
	size_t named;
	size_t harmless;
};

static void flip(struct sample *sample, struct flips *flips, size_t offset, size_t bit)
{
	struct faults faults = {.count = 0};
	struct wf_check_summary summary;
	struct wf_error error = {0, ""};

	byte_write(sample, offset, (char)(flips->data[offset] ^ 1 << bit));
	if (wf_store_check(sample->path, fault_cb, &faults, &summary, &error) != 0 || faults.count > 0) {
		flips->named++;
	} else {
		flips->harmless++;
		if (contents_of(sample) != flips->before)
			fail_msg("the flipped bit %zu of byte %zu is not seen", bit, offset);
		/* Opening may have written. */
		bytes_write(sample, 0, flips->data, METAS);
	}
	byte_write(sample, offset, flips->data[offset]);
}

static void every_flipped_bit_is_named_or_changes_nothing(void **state)
{
	struct sample *sample = *state;
	struct flips flips = {.named = 0};

	fill(sample);
	flips.before = contents_of(sample);
	flips.data = data_read(sample, &flips.length);
	for (size_t offset = 0; offset < flips.length; offset += STRIDE)
		flip(sample, &flips, offset, offset / STRIDE % 8);
	/* All that the meta pages say, and the heads of all others. */
	for (size_t offset = 0; offset < 160; offset++) {
		flip(sample, &flips, offset, offset % 8);
		flip(sample, &flips, 4096 + offset, offset % 8);
	}
	for (size_t page = METAS; page < flips.length; page += 4096)
		for (size_t offset = 0; offset < 24; offset++)
			flip(sample, &flips, page + offset, offset % 3);
	assert_true(flips.named > 500 && flips.harmless > 0);
	assert_int_equal(contents_of(sample), flips.before);
	free(flips.data);
}

static void what_does_not_belong_together_is_named(void **state)
{
	struct sample *sample = *state;
	struct wf_check_summary summary;
	struct sample_article article;
	struct faults faults;

	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(put(sample->store, 1), 0);
	assert_int_equal(put(sample->store, 2), 0);
	sample_article(&article, 3); /* the hash of another id */
	article.entry.cluster = 3;
	assert_int_equal(wf_store_put(sample->store, &article.entry, &article.body, article.evidence), 0);
	assert_int_equal(wf_store_redirect(sample->store, 2, 1), 0);
	assert_int_equal(wf_store_redirect(sample->store, 1, 2), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_close(sample);
	faults = check(sample, &summary);
	assert_int_equal(faults.count, 2);
	assert_int_equal(faults.number, 3);
	assert_non_null(strstr(faults.first, "id"));
}

static void a_salvaged_store_has_what_is_whole_and_gives_no_number_again(void **state)
{
	struct sample *sample = *state;
	struct wf_check_summary summary;
	struct sample_article article;
	struct faults faults = {.count = 0};
	char into[80];
	uint64_t saved, secret;
	size_t length;
	char *data;
	struct wf_error error;

	secret = wf_store_secret(sample->store);
	fill(sample);
	data = data_read(sample, &length);
	sample_article(&article, ARTICLES);
	for (size_t at = 0; at + article.evidence.length <= length; at++)
		if (memcmp(data + at, article.evidence.data, article.evidence.length) == 0)
			byte_write(sample, at, (char)~data[at]);
	free(data);
	snprintf(into, sizeof(into), "%s/saved", sample->folder);
	assert_int_equal(wf_store_salvage(sample->path, into, fault_cb, &faults, &summary, &saved, &error), 0);
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.number, ARTICLES);
	assert_int_equal(saved, ARTICLES - ARTICLES / 8 - 1);
	/* From here on the sample is the saved store, so that the teardown takes it away, too. */
	sample_teardown_folder(sample->path);
	memcpy(sample->path, into, sizeof(into));
	assert_int_equal(check(sample, &summary).count, 0);
	sample_open(sample);
	assert_int_equal(wf_store_number_last(sample->store), ARTICLES);
	assert_int_equal(wf_store_secret(sample->store), secret);
	assert_int_equal(sample_count(sample), saved);
}

/* Whether the key of an article in a page of LMDB begins there: [ flags | key bytes | key ]. */
static bool is_key(const char *at)
{
	uint16_t flags, key_bytes;
	uint64_t number;

	memcpy(&flags, at, sizeof flags);
	memcpy(&key_bytes, at + 2, sizeof key_bytes);
	memcpy(&number, at + 4, sizeof number);
	return flags <= 1 && key_bytes == sizeof number && number > 0 && number <= ARTICLES;
}

/* Of leaves and of branches: one that became higher must not condemn what comes after it. Of two that are equal now
 * nothing tells which was changed. */
static void a_key_that_is_changed_costs_two_articles_at_most(void **state)
{
	struct sample *sample = *state;
	unsigned changed = 0;
	char into[80];
	size_t length;
	char *data;

	fill(sample);
	data = data_read(sample, &length);
	snprintf(into, sizeof(into), "%s/saved", sample->folder);
	for (size_t at = METAS; at + 12 <= length; at += 2) {
		struct faults faults = {.count = 0};
		struct wf_check_summary summary;
		struct wf_error error;
		uint64_t saved;

		if (!is_key(data + at))
			continue;
		byte_write(sample, at + 4 + changed % 8, (char)(data[at + 4 + changed % 8] ^ (changed % 3 ? 64 : 1)));
		changed++;
		if (wf_store_salvage(sample->path, into, fault_cb, &faults, &summary, &saved, &error) != 0)
			fail_msg("%s", error.text);
		assert_true(saved + 2 >= ARTICLES - ARTICLES / 8);
		sample_teardown_folder(into);
		bytes_write(sample, at + 4, data + at + 4, 8);
	}
	assert_true(changed > 3 * ARTICLES);
	free(data);
	sample_open(sample);
}

/* Of a large body the id alone is read: damage behind it is for those who read more. */
static void the_id_of_a_large_body_is_held_against_its_hash(void **state)
{
	struct sample *sample = *state;
	static char noise[20000];
	const struct wf_store_body body = {.id = {noise, 9}, .text_compressed = {noise, sizeof(noise)}};
	struct wf_store_entry entry = {.number = 1, .cluster = 1};
	struct wf_store_body found;
	struct wf_bytes id;
	size_t length, at;
	char *data;

	sample_noise(noise, sizeof(noise), 5);
	entry.id_hash = wf_hash_bytes(body.id, wf_store_secret(sample->store));
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_put(sample->store, &entry, &body, wf_bytes_of("e")), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_close(sample);
	data = data_read(sample, &length);
	for (at = 0; memcmp(data + at, noise, sizeof(noise)) != 0; at++)
		assert_true(at + sizeof(noise) < length);
	byte_write(sample, at + 5000, (char)~data[at + 5000]);
	for (int damaged = 0; damaged < 2; damaged++) {
		sample_open(sample);
		assert_int_equal(wf_store_reader_renew(sample->reader), 0);
		assert_int_equal(wf_store_body(sample->reader, 1, &found), WF_ECORRUPT);
		assert_int_equal(wf_store_id(sample->reader, 1, &id), damaged ? WF_ECORRUPT : 0);
		assert_int_equal(wf_store_id(sample->reader, 2, &id), WF_ENOTFOUND);
		sample_close(sample);
		byte_write(sample, at - 9, (char)~data[at - 9]); /* the id lies before the text */
	}
	free(data);
}

static void a_backup_has_what_was_committed_and_a_daemon_may_hold_the_store(void **state)
{
	struct sample *sample = *state;
	struct wf_check_summary summary;
	struct faults faults = {.count = 0};
	struct wf_error error;
	char copy[80];

	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(put(sample->store, 1), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(put(sample->store, 2), 0);
	snprintf(copy, sizeof(copy), "%s/copy", sample->folder);
	/* In another process, as LMDB wants it. */
	const pid_t child = fork();

	if (child == 0)
		_exit(wf_store_backup(sample->path, copy, fault_cb, &faults, &summary, &error) == 0 &&
				      summary.articles == 1
			      ? 0
			      : 1);
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	assert_int_equal(wf_store_restore(copy, sample->path, true, fault_cb, &faults, &summary, &error), WF_ELOCKED);
	assert_int_equal(wf_store_restore(copy, sample->path, false, fault_cb, &faults, &summary, &error), -EEXIST);
	sample_close(sample);
	assert_int_equal(wf_store_restore(copy, sample->path, true, fault_cb, &faults, &summary, &error), 0);
	sample_teardown_folder(copy);
	sample_open(sample);
	assert_int_equal(sample_count(sample), 1);
}

int main(void)
{
#define claim(function) cmocka_unit_test_setup_teardown(function, sample_setup, sample_teardown)
	const struct CMUnitTest tests[] = {
		claim(a_whole_store_has_no_faults),
		claim(every_flipped_bit_is_named_or_changes_nothing),
		claim(what_does_not_belong_together_is_named),
		claim(a_salvaged_store_has_what_is_whole_and_gives_no_number_again),
		claim(a_key_that_is_changed_costs_two_articles_at_most),
		claim(the_id_of_a_large_body_is_held_against_its_hash),
		claim(a_backup_has_what_was_committed_and_a_daemon_may_hold_the_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
