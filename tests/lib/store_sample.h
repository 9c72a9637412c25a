/* A store in a folder of its own under the system's temporary one, and articles whose every field follows from their
 * number. */
#ifndef WF_TEST_STORE_SAMPLE_H
#define WF_TEST_STORE_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "store.h"
#include "store_group.h"

/* gcc names its sanitizers by macros, clang by features. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SAMPLE_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SAMPLE_IS_SANITIZED 1
#endif
#endif
#ifndef SAMPLE_IS_SANITIZED
#define SAMPLE_IS_SANITIZED 0
#endif

#define SAMPLE_MAP_BYTES (UINT64_C(64) << 10)

struct sample {
	char folder[64];
	char path[80];
	struct wf_store *store;
	struct wf_store_reader *reader;
	struct wf_arena arena;
};

/* What article `number` holds; the bytes live in the struct. */
struct sample_article {
	struct wf_store_entry entry;
	struct wf_store_body body;
	struct wf_bytes evidence;
	uint64_t merged[WF_MERGED_MAX];
	uint64_t related[WF_RELATED_MAX];
	char noise[4096];
	char text[WF_GROUP_TEXT_BYTES_MAX]; /* of sample_grouped() */
};

static inline void sample_open_as(struct sample *sample, bool is_dense)
{
	const struct wf_store_settings settings = {
		.path = sample->path, .map_bytes_min = SAMPLE_MAP_BYTES, .is_dense = is_dense};
	struct wf_error error = {0, ""};

	if (wf_store_open(&sample->store, &settings, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(wf_store_reader_new(sample->store, &sample->reader), 0);
}

static inline void sample_open(struct sample *sample)
{
	sample_open_as(sample, false);
}

static inline void sample_close(struct sample *sample)
{
	wf_store_reader_free(sample->reader);
	wf_store_close(sample->store);
	sample->reader = NULL;
	sample->store = NULL;
}

static inline void sample_reopen(struct sample *sample)
{
	sample_close(sample);
	sample_open(sample);
}

static inline int sample_setup(void **state)
{
	struct sample *sample = calloc(1, sizeof(*sample));
	const char *root = getenv("TMPDIR");

	assert_non_null(sample);
	snprintf(sample->folder, sizeof(sample->folder), "%s/wf_store_XXXXXX",
		 root != NULL && strlen(root) < 40 ? root : "/tmp");
	assert_non_null(mkdtemp(sample->folder));
	snprintf(sample->path, sizeof(sample->path), "%s/store", sample->folder);
	wf_arena_init(&sample->arena, 1u << 16);
	sample_open(sample);
	*state = sample;
	return 0;
}

static inline void sample_file(const struct sample *sample, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", sample->path, name);
}

static inline void sample_teardown_folder(const char *name)
{
	DIR *folder = opendir(name);
	const struct dirent *file;

	while (folder != NULL && (file = readdir(folder)) != NULL) {
		char path[500];

		snprintf(path, sizeof(path), "%s/%s", name, file->d_name);
		unlink(path);
	}
	if (folder != NULL)
		closedir(folder);
	rmdir(name);
}

static inline int sample_teardown(void **state)
{
	struct sample *sample = *state;

	if (sample->store != NULL)
		sample_close(sample);
	sample_teardown_folder(sample->path);
	rmdir(sample->folder);
	wf_arena_close(&sample->arena);
	free(sample);
	return 0;
}

static inline void sample_noise(char *bytes, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		bytes[i] = (char)(seed >> 56);
	}
}

static inline void sample_article(struct sample_article *article, uint64_t number)
{
	const char *noise = article->noise;

	memset(article, 0, sizeof(*article));
	sample_noise(article->noise, sizeof(article->noise), number);
	for (size_t i = 0; i < WF_MERGED_MAX; i++) {
		article->merged[i] = number * 31 + i;
		article->related[i] = number * 37 + i;
	}
	article->entry = (struct wf_store_entry){
		.number = number,
		.id_hash = number * UINT64_C(0x9E3779B97F4A7C15),
		.content_hash = {~number, number << 32},
		.source = number % 7,
		.seen = 1700000000 + (int64_t)number,
		.published = number % 3 == 0 ? WF_TIME_NONE : -(int64_t)number,
		.cluster = number / 2,
		.match = number / 3,
		.similarity = 1.0f / (float)number,
		.containment = 0.5f,
		.relation = (enum wf_relation)(number % 6),
		.is_new = number % 2 == 0,
		.merged = article->merged,
		.merged_count = (uint32_t)(number % (WF_MERGED_MAX + 1)),
		.related = article->related,
		.related_count = (uint32_t)(number % (WF_RELATED_MAX + 1)),
		.sketch = {noise, 100 + number % 300},
	};
	article->body = (struct wf_store_body){
		.id = {noise + 7, 1 + number % 40},
		.title = {noise + 9, number % 90},
		.outlet = number % 2 == 0 ? (struct wf_bytes){NULL, 0} : (struct wf_bytes){noise + 3, 12},
		.url = {noise + 2, 50},
		.lang = number % 5 == 0 ? (struct wf_bytes){NULL, 0} : (struct wf_bytes){noise, 2},
		.published_text = number % 4 == 0 ? (struct wf_bytes){noise, 20} : (struct wf_bytes){NULL, 0},
		.published = -(int64_t)number,
		.has_published = number % 3 != 0,
		.has_text = number % 11 != 0,
		.text_bytes = number * 1000,
		.text_compressed = {noise + 100, 400 + number % 3000},
	};
	article->evidence = (struct wf_bytes){noise + 50, 200 + number % 2000};
}

/* The same, but for a text of so many bytes that is to be packed among others, and an id that no other sample has.
 * Nothing makes the text smaller: it lies in the store's file as it is. */
static inline void sample_grouped(struct sample_article *article, uint64_t number, size_t text_bytes)
{
	sample_article(article, number);
	sample_noise(article->text, text_bytes, ~number);
	article->body.id = (struct wf_bytes){article->noise, 20};
	article->body.has_text = true;
	article->body.text_bytes = text_bytes;
	article->body.text_compressed = (struct wf_bytes){NULL, 0};
	article->body.text = (struct wf_bytes){article->text, text_bytes};
}

static inline int sample_put(struct wf_store *store, uint64_t number)
{
	struct sample_article article;

	sample_article(&article, number);
	return wf_store_put(store, &article.entry, &article.body, article.evidence);
}

/* One batch of the articles `first` to `last`. */
static inline int sample_add(struct sample *sample, uint64_t first, uint64_t last)
{
	int code = wf_store_begin(sample->store, NULL);

	if (code != 0)
		return code;
	for (uint64_t number = first; number <= last && code == 0; number++)
		code = sample_put(sample->store, number);
	if (code != 0) {
		wf_store_abort(sample->store);
		return code;
	}
	return wf_store_commit(sample->store, NULL);
}

static inline void assert_string(struct wf_bytes got, struct wf_bytes wanted)
{
	assert_true(wf_bytes_equal(got, wanted));
	assert_int_equal(got.data == NULL, wanted.data == NULL);
}

static inline void assert_entry(const struct wf_store_entry *got, const struct wf_store_entry *wanted)
{
	assert_int_equal(got->number, wanted->number);
	assert_int_equal(got->id_hash, wanted->id_hash);
	assert_int_equal(got->content_hash[0], wanted->content_hash[0]);
	assert_int_equal(got->content_hash[1], wanted->content_hash[1]);
	assert_int_equal(got->source, wanted->source);
	assert_int_equal(got->seen, wanted->seen);
	assert_int_equal(got->published, wanted->published);
	assert_int_equal(got->cluster, wanted->cluster);
	assert_int_equal(got->match, wanted->match);
	assert_true(got->similarity >= wanted->similarity && got->similarity <= wanted->similarity);
	assert_true(got->containment >= wanted->containment && got->containment <= wanted->containment);
	assert_int_equal(got->relation, wanted->relation);
	assert_int_equal(got->is_new, wanted->is_new);
	assert_int_equal(got->merged_count, wanted->merged_count);
	assert_int_equal(got->related_count, wanted->related_count);
	assert_memory_equal(got->merged, wanted->merged, (size_t)8 * wanted->merged_count);
	assert_memory_equal(got->related, wanted->related, (size_t)8 * wanted->related_count);
	assert_string(got->sketch, wanted->sketch);
}

static inline void assert_body(const struct wf_store_body *got, const struct wf_store_body *wanted)
{
	assert_string(got->id, wanted->id);
	assert_string(got->title, wanted->title);
	assert_string(got->outlet, wanted->outlet);
	assert_string(got->url, wanted->url);
	assert_string(got->lang, wanted->lang);
	assert_string(got->published_text, wanted->published_text);
	assert_int_equal(got->published, wanted->published);
	assert_int_equal(got->has_published, wanted->has_published);
	assert_int_equal(got->has_text, wanted->has_text);
	assert_int_equal(got->text_bytes, wanted->text_bytes);
	assert_string(got->text_compressed, wanted->text_compressed);
}

/* Whether the newest commit has the article; where it has, every field is as it was put. */
static inline bool sample_has(struct sample *sample, uint64_t number)
{
	struct sample_article article;
	struct wf_store_entry entry;
	struct wf_store_body body;
	struct wf_bytes evidence;
	int code;

	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	code = wf_store_entry(sample->reader, number, &sample->arena, &entry);
	assert_int_equal(wf_store_body(sample->reader, number, &body), code);
	assert_int_equal(wf_store_evidence(sample->reader, number, &evidence), code);
	if (code == 0) {
		sample_article(&article, number);
		assert_entry(&entry, &article.entry);
		assert_body(&body, &article.body);
		assert_string(evidence, article.evidence);
	} else {
		assert_int_equal(code, WF_ENOTFOUND);
	}
	wf_store_reader_rest(sample->reader);
	wf_arena_reset(&sample->arena);
	return code == 0;
}

/* Reads a text, into the sample's arena, as the daemon does; the reader is awake. */
static inline int sample_text(struct sample *sample, uint64_t number, struct wf_bytes *text)
{
	struct wf_text_codec *codec;
	struct wf_text_place stored;
	struct wf_store_body body;
	struct wf_bytes all;
	int code = wf_store_body(sample->reader, number, &body);

	*text = (struct wf_bytes){NULL, 0};
	assert_int_equal(wf_text_codec_new(&codec, false), 0);
	if (code == 0)
		code = wf_store_text(sample->reader, number, &body, &stored);
	if (code == 0)
		code = wf_text_expand(codec, stored.compressed, stored.bytes_all, WF_GROUP_BYTES_MAX, &sample->arena,
				      &all);
	if (code == 0)
		*text = (struct wf_bytes){all.data + stored.first, stored.bytes};
	wf_text_codec_free(codec);
	return code;
}

/* The newest commit has the article that sample_grouped() makes, its text and all. */
static inline void assert_grouped(struct sample *sample, uint64_t number, size_t text_bytes)
{
	struct sample_article article;
	struct wf_store_body body;
	struct wf_bytes evidence, text;

	sample_grouped(&article, number, text_bytes);
	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	assert_int_equal(wf_store_body(sample->reader, number, &body), 0);
	assert_body(&body, &article.body);
	assert_true(body.text_group != 0 && body.text_group <= number);
	assert_int_equal(wf_store_evidence(sample->reader, number, &evidence), 0);
	assert_string(evidence, article.evidence);
	assert_int_equal(sample_text(sample, number, &text), 0);
	assert_true(wf_bytes_equal(text, article.body.text));
	wf_store_reader_rest(sample->reader);
	wf_arena_reset(&sample->arena);
}

static inline uint64_t sample_count(struct sample *sample)
{
	uint64_t count;

	assert_int_equal(wf_store_reader_renew(sample->reader), 0);
	count = wf_store_articles_count(sample->reader);
	wf_store_reader_rest(sample->reader);
	return count;
}

#endif
