/* The bench's made-up stories: the same for the same settings, never twice the same text, like a wire in length and
 * copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "corpus.h"

#define ARTICLES 20000u

static const struct wf_corpus_settings usual = {.seed = 7, .copy_share = 0.6, .words_median = 430, .outlets = 2000};

static struct wf_corpus *corpus_of(struct wf_corpus_settings settings)
{
	struct wf_corpus *corpus = wf_corpus_new(&settings);

	assert_non_null(corpus);
	return corpus;
}

/* FNV-1a over all of an article (Fowler, Noll, Vo). */
static uint64_t hash_bytes(uint64_t hash, struct wf_bytes bytes)
{
	for (size_t i = 0; i < bytes.length; i++)
		hash = (hash ^ (unsigned char)bytes.data[i]) * UINT64_C(0x100000001B3);
	return (hash ^ bytes.length) * UINT64_C(0x100000001B3);
}

static uint64_t hash_text(const struct wf_corpus_article *article)
{
	return hash_bytes(UINT64_C(0xCBF29CE484222325), article->text);
}

static uint64_t hash_article(struct wf_corpus *corpus, uint64_t i)
{
	struct wf_corpus_article article;
	uint64_t hash;

	wf_corpus_article(corpus, i, &article);
	hash = hash_text(&article);
	hash = hash_bytes(hash, article.id);
	hash = hash_bytes(hash, article.title);
	hash = hash_bytes(hash, article.outlet);
	hash = hash_bytes(hash, article.url);
	return hash ^ (uint64_t)article.published ^ article.story << 32;
}

static uint32_t words_count(struct wf_bytes text)
{
	uint32_t count = 0;
	bool is_inside = false;

	for (size_t i = 0; i < text.length; i++) {
		const bool is_word = text.data[i] != ' ' && text.data[i] != '\n';

		count += is_word && !is_inside;
		is_inside = is_word;
	}
	return count;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t first = *(const uint64_t *)a;
	const uint64_t second = *(const uint64_t *)b;

	return first < second ? -1 : first > second;
}

/* How many different numbers there are; they are sorted. */
static size_t distinct_count(uint64_t *numbers, size_t count)
{
	size_t distinct = 0;

	qsort(numbers, count, sizeof *numbers, compare_numbers);
	for (size_t i = 0; i < count; i++)
		distinct += i == 0 || numbers[i] != numbers[i - 1];
	return distinct;
}

static void the_same_settings_make_the_same_articles_in_whatever_order(void **state)
{
	struct wf_corpus *first = corpus_of(usual), *second = corpus_of(usual);
	uint64_t hashes[300];

	(void)state;
	for (uint64_t i = 0; i < 300; i++)
		hashes[i] = hash_article(first, i * 37);
	for (uint64_t i = 300; i-- > 0;)
		assert_int_equal(hash_article(second, i * 37), hashes[i]);
	for (uint64_t i = 0; i < 300; i++)
		assert_int_equal(hash_article(first, i * 7 % 300 * 37), hashes[i * 7 % 300]);
	wf_corpus_free(first);
	wf_corpus_free(second);
}

static void another_seed_makes_other_articles(void **state)
{
	struct wf_corpus_settings other = usual;
	struct wf_corpus *first = corpus_of(usual), *second;
	struct wf_corpus_article article;

	(void)state;
	other.seed = 8;
	second = corpus_of(other);
	for (uint64_t i = 0; i < 300; i++) {
		uint64_t hash;

		wf_corpus_article(first, i, &article);
		hash = hash_text(&article);
		wf_corpus_article(second, i, &article);
		assert_int_not_equal(hash_text(&article), hash);
	}
	wf_corpus_free(first);
	wf_corpus_free(second);
}

static void texts_and_ids_never_repeat(void **state)
{
	struct wf_corpus *corpus = corpus_of(usual);
	uint64_t *texts = calloc(ARTICLES, sizeof *texts), *ids = calloc(ARTICLES, sizeof *ids);

	(void)state;
	assert_true(texts != NULL && ids != NULL);
	for (uint64_t i = 0; i < ARTICLES; i++) {
		struct wf_corpus_article article;

		wf_corpus_article(corpus, i, &article);
		texts[i] = hash_text(&article);
		ids[i] = hash_bytes(0, article.id);
	}
	assert_int_equal(distinct_count(texts, ARTICLES), ARTICLES);
	assert_int_equal(distinct_count(ids, ARTICLES), ARTICLES);
	free(texts);
	free(ids);
	wf_corpus_free(corpus);
}

static void copies_are_as_many_as_wanted_and_name_an_earlier_story(void **state)
{
	static const double shares[] = {0.0, 0.3, 0.6, 0.9};

	(void)state;
	for (size_t at = 0; at < sizeof shares / sizeof shares[0]; at++) {
		struct wf_corpus_settings settings = usual;
		struct wf_corpus *corpus;
		uint64_t copies = 0;

		settings.copy_share = shares[at];
		corpus = corpus_of(settings);
		for (uint64_t i = 0; i < 8000; i++) {
			struct wf_corpus_article article, original;

			wf_corpus_article(corpus, i, &article);
			assert_true(article.story <= i);
			copies += article.story != i;
			if (article.story != i && i % 16 == 0) {
				wf_corpus_article(corpus, article.story, &original);
				assert_int_equal(original.story, article.story);
			}
		}
		assert_true((double)copies >= (shares[at] - 0.02) * 8000 &&
			    (double)copies <= (shares[at] + 0.02) * 8000);
		wf_corpus_free(corpus);
	}
}

/* Words that a copy has in order with its story, beginning where the story begins. */
static void copies_carry_their_story(void **state)
{
	struct wf_corpus *corpus = corpus_of(usual);
	uint32_t copies = 0, alike = 0;

	(void)state;
	for (uint64_t i = 0; i < 2000; i++) {
		struct wf_corpus_article article;
		char *copy, *line;
		bool is_alike = false;

		wf_corpus_article(corpus, i, &article);
		if (article.story == i)
			continue;
		copies++;
		copy = strndup(article.text.data, article.text.length);
		assert_non_null(copy);
		wf_corpus_article(corpus, article.story, &article);
		/* One of the sentences is whole and unchanged. */
		for (line = strtok(copy, ".\n"); line != NULL && !is_alike; line = strtok(NULL, ".\n"))
			is_alike = strlen(line) > 60 &&
				   memmem(article.text.data, article.text.length, line, strlen(line)) != NULL;
		alike += is_alike;
		free(copy);
	}
	assert_true(copies > 1000);
	assert_true(alike >= copies / 10 * 9);
	wf_corpus_free(corpus);
}

static void lengths_are_those_of_a_wire(void **state)
{
	struct wf_corpus_settings settings = usual;
	struct wf_corpus *corpus;
	uint64_t lengths[4000];

	(void)state;
	settings.copy_share = 0;
	corpus = corpus_of(settings);
	for (uint64_t i = 0; i < 4000; i++) {
		struct wf_corpus_article article;

		wf_corpus_article(corpus, i, &article);
		lengths[i] = words_count(article.text);
		/* A story of 60 to 2500 words, and at most ten lines of the outlet's own around it. */
		assert_true(lengths[i] >= 60 && lengths[i] <= 2500 + 10 * 3 + 37);
	}
	qsort(lengths, 4000, sizeof lengths[0], compare_numbers);
	assert_true(lengths[2000] > 430 && lengths[2000] < 500);
	assert_true(lengths[200] < 260 && lengths[3800] > 900);
	wf_corpus_free(corpus);
}

static void the_median_and_the_outlets_are_settings(void **state)
{
	struct wf_corpus_settings settings = {.seed = 1, .copy_share = 0, .words_median = 100, .outlets = 3};
	struct wf_corpus *corpus = corpus_of(settings);
	uint64_t lengths[1000], outlets[1000];

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		struct wf_corpus_article article;

		wf_corpus_article(corpus, i, &article);
		lengths[i] = words_count(article.text);
		outlets[i] = hash_bytes(0, article.outlet);
	}
	qsort(lengths, 1000, sizeof lengths[0], compare_numbers);
	assert_true(lengths[500] > 100 && lengths[500] < 160);
	assert_int_equal(distinct_count(outlets, 1000), 3);
	wf_corpus_free(corpus);
}

/* What the daemon would refuse, and what would be no article. */
static void every_field_is_well_formed(void **state)
{
	struct wf_corpus *corpus = corpus_of(usual);
	int64_t before = 0;

	(void)state;
	for (uint64_t i = 0; i < 3000; i++) {
		struct wf_corpus_article article;

		wf_corpus_article(corpus, i, &article);
		assert_true(article.id.length > 0 && article.id.length <= 64);
		assert_true(article.title.length > 0 && memchr(article.title.data, '\0', article.title.length) == NULL);
		assert_true(article.text.length > 0 && memchr(article.text.data, '\0', article.text.length) == NULL);
		assert_memory_equal(article.outlet.data, "outlet-", 7);
		assert_memory_equal(article.url.data, "https://outlet-", 15);
		assert_true(article.published >= before);
		before = article.published;
	}
	wf_corpus_free(corpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_settings_make_the_same_articles_in_whatever_order),
		cmocka_unit_test(another_seed_makes_other_articles),
		cmocka_unit_test(texts_and_ids_never_repeat),
		cmocka_unit_test(copies_are_as_many_as_wanted_and_name_an_earlier_story),
		cmocka_unit_test(copies_carry_their_story),
		cmocka_unit_test(lengths_are_those_of_a_wire),
		cmocka_unit_test(the_median_and_the_outlets_are_settings),
		cmocka_unit_test(every_field_is_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
