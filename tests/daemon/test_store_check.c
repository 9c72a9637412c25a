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
#include "store_lmdb.h"
#include "store_record.h"
#include "store_sample.h"

#define ARTICLES 40u
#define STRIDE   31u /* bytes between two flips; no divisor of a page */
#define METAS    (2u * 4096u)

#define GROUPS          3u
#define GROUP_TEXTS     8u
#define GROUP_TEXT_SIZE 500u

/* Helpers */

struct faults {
	unsigned count;
	char first[256];
	uint64_t number;
	unsigned texts_missing;
	unsigned texts_strange; /* in a group, of an article that has none there */
};

static void fault_cb(void *context, const struct wf_check_fault *fault)
{
	struct faults *faults = context;

	assert_true(fault->text[0] != '\0' && fault->place[0] != '\0');
	faults->texts_missing += strcmp(fault->place, "body") == 0 && strcmp(fault->text, "its text is missing") == 0;
	faults->texts_strange += strcmp(fault->place, "text") == 0 && strstr(fault->text, "has no text in it") != NULL;
	if (faults->count++ > 0)
		return;
	snprintf(faults->first, sizeof(faults->first), "%s: %s", fault->place, fault->text);
	faults->number = fault->number;
}

/* Half of the articles have a text of this many bytes that is packed among others, in pairs; 0: the others. */
static size_t text_bytes_of(uint64_t number)
{
	return number % 4 == 1 || number % 4 == 2 ? 100 + (size_t)number * 20 : 0;
}

/* Articles whose id hashes are right, unlike the sample's. */
static int put_sized(struct wf_store *store, uint64_t number, size_t text_bytes)
{
	struct sample_article article;

	if (text_bytes > 0)
		sample_grouped(&article, number, text_bytes);
	else
		sample_article(&article, number);
	article.entry.id_hash = wf_hash_bytes(article.body.id, wf_store_secret(store));
	article.entry.cluster = 1;
	article.entry.match = number / 2;
	return wf_store_put(store, &article.entry, &article.body, article.evidence);
}

static int put(struct wf_store *store, uint64_t number)
{
	return put_sized(store, number, text_bytes_of(number));
}

/* A store of some articles in several commits, some removed; closed. Of each pair of texts that is packed together
 * nothing but one is left here and there. */
static void fill(struct sample *sample)
{
	for (uint64_t number = 1; number <= ARTICLES; number++) {
		if (number % 2 == 1)
			assert_int_equal(wf_store_begin(sample->store, NULL), 0);
		assert_int_equal(put(sample->store, number), 0);
		if (number % 8 == 0)
			assert_int_equal(wf_store_remove(sample->store, number - 2), 0);
		if (number == ARTICLES)
			assert_int_equal(wf_store_apart(sample->store, 1, &number, 1), 0);
		if (number % 10 == 0)
			assert_int_equal(wf_store_redirect(sample->store, number, number / 2), 0);
		if (number % 2 == 0)
			assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	}
	sample_close(sample);
}

/* A store of so many groups, of eight texts each, from article 1 on; closed. */
static void fill_groups(struct sample *sample)
{
	for (uint64_t number = 1; number <= GROUPS * GROUP_TEXTS; number++) {
		if (number % GROUP_TEXTS == 1)
			assert_int_equal(wf_store_begin(sample->store, NULL), 0);
		assert_int_equal(put_sized(sample->store, number, GROUP_TEXT_SIZE), 0);
		if (number % GROUP_TEXTS == 0)
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

/* Has a byte of `wanted`, wherever it lies in the file, be another. */
static void damage(const struct sample *sample, struct wf_bytes wanted)
{
	size_t length;
	char *data = data_read(sample, &length);
	unsigned found = 0;

	for (size_t at = 0; at + wanted.length <= length; at++)
		if (memcmp(data + at, wanted.data, wanted.length) == 0) {
			byte_write(sample, at, (char)~data[at]);
			found++;
		}
	assert_true(found > 0);
	free(data);
}

static void damage_evidence(const struct sample *sample, uint64_t number)
{
	struct sample_article article;

	sample_article(&article, number);
	damage(sample, article.evidence);
}

/* Saves the store, which is closed, and goes on with what was saved, so that the teardown takes it away, too. It has no
 * fault. Returns those of the damaged one. */
static struct faults salvage(struct sample *sample, uint64_t *saved, struct wf_check_summary *summary)
{
	struct faults faults = {.count = 0};
	struct wf_error error = {0, ""};
	char into[80];

	snprintf(into, sizeof(into), "%s/saved", sample->folder);
	if (wf_store_salvage(sample->path, into, fault_cb, &faults, summary, saved, &error) != 0)
		fail_msg("%s", error.text);
	sample_teardown_folder(sample->path);
	memcpy(sample->path, into, sizeof(into));
	assert_int_equal(check(sample, summary).count, 0);
	return faults;
}

/* The article is whole but for its text, which is said not to be there. */
static void assert_saved_without_text(struct sample *sample, uint64_t number)
{
	struct sample_article article;
	struct wf_store_body body;
	struct wf_bytes evidence;

	sample_grouped(&article, number, GROUP_TEXT_SIZE);
	article.body.has_text = false;
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_body(sample->reader, number, &body), 0);
	assert_body(&body, &article.body);
	assert_int_equal(body.text_group, 0);
	assert_int_equal(wf_store_evidence(sample->reader, number, &evidence), 0);
	assert_string(evidence, article.evidence);
	wf_store_reader_rest(sample->reader);
}

/* A hash of everything that the store hands out. */
struct contents {
	uint64_t hash;
	struct wf_store_reader *reader;
	struct sample *sample;
};

static int entry_cb(void *context, const struct wf_store_entry *entry)
{
	struct contents *contents = context;
	struct wf_store_body body;
	struct wf_bytes evidence;
	struct wf_bytes text = {NULL, 0};

	assert_int_equal(wf_store_body(contents->reader, entry->number, &body), 0);
	assert_int_equal(wf_store_evidence(contents->reader, entry->number, &evidence), 0);
	assert_int_equal(body.text_group != 0, text_bytes_of(entry->number) > 0);
	if (body.text_group != 0)
		assert_int_equal(sample_text(contents->sample, entry->number, &text), 0);
	contents->hash = wf_hash_pair(contents->hash, wf_hash_bytes(evidence, entry->number), entry->cluster);
	contents->hash = wf_hash_bytes(body.text_compressed, wf_hash_bytes(body.id, contents->hash));
	contents->hash = wf_hash_bytes(entry->sketch, wf_hash_bytes(text, contents->hash));
	wf_arena_reset(&contents->sample->arena);
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
	struct contents contents = {.hash = 1, .sample = sample};

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
	assert_int_equal(summary.pages.records[WF_LMDB_TEXT], ARTICLES / 4);
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
	struct faults faults;
	uint64_t saved, secret;

	secret = wf_store_secret(sample->store);
	fill(sample);
	damage_evidence(sample, ARTICLES);
	faults = salvage(sample, &saved, &summary);
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.number, ARTICLES);
	assert_int_equal(saved, ARTICLES - ARTICLES / 8 - 1);
	sample_open(sample);
	assert_int_equal(wf_store_number_last(sample->store), ARTICLES);
	assert_int_equal(wf_store_secret(sample->store), secret);
	assert_int_equal(sample_count(sample), saved);
}

static void a_damaged_group_is_named_and_its_articles_are_saved_without_text(void **state)
{
	struct sample *sample = *state;
	struct wf_check_summary summary;
	struct sample_article article;
	struct faults faults, again;
	uint64_t saved;

	fill_groups(sample);
	assert_int_equal(check(sample, &summary).count, 0);
	assert_int_equal(summary.pages.records[WF_LMDB_TEXT], GROUPS);
	sample_grouped(&article, 10, GROUP_TEXT_SIZE);
	damage(sample, (struct wf_bytes){article.text + 40, 200});
	faults = check(sample, &summary);
	assert_string_equal(faults.first, "text: the record is damaged");
	assert_int_equal(faults.number, 9);
	assert_int_equal(faults.texts_missing, GROUP_TEXTS);
	assert_int_equal(faults.count, 1 + GROUP_TEXTS);
	assert_int_equal(summary.articles, GROUPS * GROUP_TEXTS);
	again = salvage(sample, &saved, &summary);
	assert_int_equal(again.count, faults.count);
	assert_int_equal(saved, GROUPS * GROUP_TEXTS);
	assert_int_equal(summary.articles, saved);
	assert_int_equal(summary.pages.records[WF_LMDB_TEXT], GROUPS - 1);
	sample_open(sample);
	for (uint64_t number = 1; number <= saved; number++) {
		if (number >= 9 && number < 9 + GROUP_TEXTS)
			assert_saved_without_text(sample, number);
		else
			assert_grouped(sample, number, GROUP_TEXT_SIZE);
	}
	/* What is left can be cut as before. */
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	assert_int_equal(wf_store_remove(sample->store, 1), 0);
	assert_int_equal(wf_store_remove(sample->store, 9), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	assert_grouped(sample, 2, GROUP_TEXT_SIZE);
	sample_close(sample);
	assert_int_equal(check(sample, &summary).count, 0);
}

/* Of the first group its first article and another, of the third all. */
static void a_group_is_saved_without_the_texts_of_articles_that_are_not(void **state)
{
	struct sample *sample = *state;
	struct wf_check_summary summary;
	struct faults faults;
	uint64_t saved;

	fill_groups(sample);
	damage_evidence(sample, 1);
	damage_evidence(sample, 5);
	for (uint64_t number = 17; number <= 24; number++)
		damage_evidence(sample, number);
	faults = salvage(sample, &saved, &summary);
	assert_int_equal(faults.count, 2 + GROUP_TEXTS);
	assert_int_equal(faults.texts_missing, 0);
	assert_int_equal(faults.texts_strange, 0);
	assert_int_equal(saved, 2 * GROUP_TEXTS - 2);
	assert_int_equal(summary.articles, saved);
	assert_int_equal(summary.pages.records[WF_LMDB_TEXT], 2);
	sample_open(sample);
	assert_int_equal(sample_count(sample), saved);
	for (uint64_t number = 2; number <= 16; number++)
		if (number != 5)
			assert_grouped(sample, number, GROUP_TEXT_SIZE);
}

/* A body that nobody can read does not say which group its text is in. */
static void a_group_is_saved_without_the_text_of_a_damaged_body(void **state)
{
	struct sample *sample = *state;
	struct wf_check_summary summary;
	struct sample_article article;
	struct faults faults;
	uint64_t saved;
	char strings[128];

	fill_groups(sample);
	sample_grouped(&article, 12, GROUP_TEXT_SIZE);
	memcpy(strings, article.body.id.data, article.body.id.length);
	memcpy(strings + article.body.id.length, article.body.title.data, article.body.title.length);
	damage(sample, (struct wf_bytes){strings, article.body.id.length + article.body.title.length});
	faults = salvage(sample, &saved, &summary);
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.number, 12);
	assert_int_equal(saved, GROUPS * GROUP_TEXTS - 1);
	assert_int_equal(summary.pages.records[WF_LMDB_TEXT], GROUPS);
	sample_open(sample);
	for (uint64_t number = 1; number <= GROUPS * GROUP_TEXTS; number++)
		if (number != 12)
			assert_grouped(sample, number, GROUP_TEXT_SIZE);
}

/* A group of what no article has there: 16 is in another, 20 was removed, 25 is packed by itself, 30 never was. */
static void group_add_strange(struct sample *sample)
{
	const struct wf_lmdb_settings settings = {.path = sample->path,
						  .map_bytes = 1u << 20,
						  .map_bytes_max = 1u << 20,
						  .readers_max = 4,
						  .rest_wait_ms = 1000};
	const struct wf_lmdb_key key = {.table = WF_LMDB_TEXT, .number = 15};
	static struct wf_group group;
	struct wf_text_codec *codec;
	struct wf_lmdb *lmdb;
	struct wf_error error;
	struct wf_bytes payload;
	void *room;

	wf_group_begin(&group, key.number);
	wf_group_add(&group, 16, wf_bytes_of("of another group"));
	wf_group_add(&group, 20, wf_bytes_of("of nobody any more"));
	wf_group_add(&group, 25, wf_bytes_of("of none"));
	wf_group_add(&group, 30, wf_bytes_of("of nobody"));
	assert_int_equal(wf_text_codec_new(&codec, false), 0);
	assert_int_equal(wf_group_encode(&group, codec, &sample->arena, &payload), 0);
	assert_int_equal(wf_lmdb_open(&lmdb, &settings, &error), 0);
	assert_int_equal(wf_lmdb_begin(lmdb), 0);
	room = wf_lmdb_stage(lmdb, WF_LMDB_PUT, &key, WF_RECORD_HEADER_BYTES + payload.length);
	assert_non_null(room);
	wf_record_plain_encode(WF_RECORD_TEXT, key.number, payload, room);
	assert_int_equal(wf_lmdb_apply(lmdb), 0);
	assert_int_equal(wf_lmdb_commit(lmdb), 0);
	wf_lmdb_close(lmdb);
	wf_text_codec_free(codec);
}

static void a_text_that_no_article_has_is_named_and_not_saved(void **state)
{
	struct sample *sample = *state;
	struct wf_check_summary summary;
	struct faults faults;
	uint64_t saved;

	fill_groups(sample);
	sample_open(sample);
	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	for (uint64_t number = 17; number <= 24; number++)
		assert_int_equal(wf_store_remove(sample->store, number), 0);
	assert_int_equal(put_sized(sample->store, 25, 0), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_close(sample);
	group_add_strange(sample);
	faults = check(sample, &summary);
	assert_int_equal(faults.count, 4);
	assert_int_equal(faults.texts_strange, 4);
	assert_int_equal(faults.number, 15);
	assert_string_equal(faults.first, "text: article 16 has no text in it");
	(void)salvage(sample, &saved, &summary);
	assert_int_equal(saved, 17);
	assert_int_equal(summary.pages.records[WF_LMDB_TEXT], 2);
	sample_open(sample);
	for (uint64_t number = 1; number <= 16; number++)
		assert_grouped(sample, number, GROUP_TEXT_SIZE);
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

/* A record that claims pages which it does not need must not condemn those whose they are. */
static void a_count_of_pages_that_is_changed_costs_one_article_at_most(void **state)
{
	struct sample *sample = *state;
	const uint64_t first = 2001; /* bodies of these are long */
	unsigned changed = 0;
	char into[80];
	size_t length;
	char *data;

	assert_int_equal(wf_store_begin(sample->store, NULL), 0);
	for (uint64_t number = first; number < first + ARTICLES; number++)
		assert_int_equal(put_sized(sample->store, number, 0), 0);
	assert_int_equal(wf_store_commit(sample->store, NULL), 0);
	sample_close(sample);
	data = data_read(sample, &length);
	snprintf(into, sizeof(into), "%s/saved", sample->folder);
	for (size_t page = METAS; page + 4096 <= length; page += 4096) {
		struct faults faults = {.count = 0};
		struct wf_check_summary summary;
		struct wf_error error;
		uint64_t saved;
		uint16_t kind;

		memcpy(&kind, data + page + WF_PAGE_KIND, sizeof kind);
		if (kind != WF_PAGE_KIND_OVERFLOW)
			continue;
		byte_write(sample, page + WF_PAGE_RUN, (char)(data[page + WF_PAGE_RUN] ^ 8));
		changed++;
		if (wf_store_salvage(sample->path, into, fault_cb, &faults, &summary, &saved, &error) != 0)
			fail_msg("%s", error.text);
		assert_true(saved + 1 >= ARTICLES);
		sample_teardown_folder(into);
		byte_write(sample, page + WF_PAGE_RUN, data[page + WF_PAGE_RUN]);
	}
	assert_true(changed >= ARTICLES);
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
		claim(a_damaged_group_is_named_and_its_articles_are_saved_without_text),
		claim(a_group_is_saved_without_the_texts_of_articles_that_are_not),
		claim(a_group_is_saved_without_the_text_of_a_damaged_body),
		claim(a_text_that_no_article_has_is_named_and_not_saved),
		claim(a_key_that_is_changed_costs_two_articles_at_most),
		claim(a_count_of_pages_that_is_changed_costs_one_article_at_most),
		claim(the_id_of_a_large_body_is_held_against_its_hash),
		claim(a_backup_has_what_was_committed_and_a_daemon_may_hold_the_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
