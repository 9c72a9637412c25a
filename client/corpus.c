#include "corpus.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define VOCABULARY      60000u
#define WORD_BYTES_MAX  24u
#define STORY_WORDS_MIN 60u
#define STORY_WORDS_MAX 2500u
#define OWN_WORDS       48u /* names and terms of one story */
#define TEXT_BYTES_MAX  (STORY_WORDS_MAX * (WORD_BYTES_MAX + 1) * 2)
#define STORIES_RECENT  20000u /* how far back copies reach, in articles */

struct wf_corpus {
	struct wf_corpus_settings settings;
	char words[VOCABULARY][WORD_BYTES_MAX];
	uint8_t lengths[VOCABULARY];
	char id[64];
	char title[512];
	char outlet[64];
	char url[128];
	size_t text_length;
	char text[TEXT_BYTES_MAX];
};

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static double uniform(uint64_t *state)
{
	return (double)(next(state) >> 11) / 9007199254740992.0;
}

static uint32_t below(uint64_t *state, uint32_t bound)
{
	return (uint32_t)((next(state) >> 32) * bound >> 32);
}

static void make_word(struct wf_corpus *corpus, uint32_t rank)
{
	static const char *const onsets[] = {"b", "c", "d", "f", "g", "h",  "l",  "m",  "n",  "p",
					     "r", "s", "t", "v", "w", "st", "tr", "pl", "ch", "gr"};
	static const char *const vowels[] = {"a", "e", "i", "o", "u", "ai", "ea", "ou"};
	static const char *const codas[] = {"", "", "n", "r", "s", "t", "l", "nd", "rt", "ck"};
	uint64_t state = rank + 1;
	const uint32_t syllables = rank < 300 ? 1 : rank < 30000 ? 2 : 3;
	char *word = corpus->words[rank];
	size_t length = 0;

	for (uint32_t i = 0; i < syllables; i++)
		length += (size_t)snprintf(word + length, WORD_BYTES_MAX - length, "%s%s%s", onsets[below(&state, 20)],
					   vowels[below(&state, 8)], codas[below(&state, 10)]);
	corpus->lengths[rank] = (uint8_t)length;
}

struct wf_corpus *wf_corpus_new(const struct wf_corpus_settings *settings)
{
	struct wf_corpus *corpus = malloc(sizeof *corpus);

	if (corpus == NULL)
		return NULL;
	corpus->settings = *settings;
	for (uint32_t rank = 0; rank < VOCABULARY; rank++)
		make_word(corpus, rank);
	return corpus;
}

void wf_corpus_free(struct wf_corpus *corpus)
{
	free(corpus);
}

/* A rank by Zipf's law with exponent 1. */
static uint32_t zipf(uint64_t *state)
{
	const double rank = exp(uniform(state) * log((double)VOCABULARY)) - 1.0;

	return rank < 0 ? 0 : rank >= VOCABULARY ? VOCABULARY - 1 : (uint32_t)rank;
}

static void put(struct wf_corpus *corpus, const char *bytes, size_t length)
{
	if (corpus->text_length + length > TEXT_BYTES_MAX)
		return;
	memcpy(corpus->text + corpus->text_length, bytes, length);
	corpus->text_length += length;
}

static void put_word(struct wf_corpus *corpus, uint32_t rank, bool is_capital)
{
	char word[WORD_BYTES_MAX];
	const size_t length = corpus->lengths[rank];

	memcpy(word, corpus->words[rank], length);
	if (is_capital)
		word[0] = (char)(word[0] - 'a' + 'A');
	put(corpus, word, length);
}

static void put_number(struct wf_corpus *corpus, uint64_t *state)
{
	char number[16];
	const int length =
		snprintf(number, sizeof number, "%u", below(state, 2) ? below(state, 100) : below(state, 10000));

	put(corpus, number, (size_t)length);
}

/* Boilerplate of an outlet: lines that are the same whenever it prints them. */
static void put_boilerplate(struct wf_corpus *corpus, uint32_t outlet, uint32_t line)
{
	uint64_t state = ((uint64_t)outlet << 8 | line) * UINT64_C(0x2545F4914F6CDD1D) + corpus->settings.seed;
	const uint32_t words = line < 12 ? 1 + below(&state, 3) : 12 + below(&state, 25);

	for (uint32_t i = 0; i < words; i++) {
		put_word(corpus, zipf(&state), i == 0);
		put(corpus, i + 1 == words ? "\n" : " ", 1);
	}
}

static uint32_t words_of_story(const struct wf_corpus *corpus, uint64_t *state)
{
	double normal = 0;
	double words;

	for (int i = 0; i < 12; i++)
		normal += uniform(state);
	words = corpus->settings.words_median * exp(0.55 * (normal - 6.0));
	return words < STORY_WORDS_MIN ? STORY_WORDS_MIN : words > STORY_WORDS_MAX ? STORY_WORDS_MAX : (uint32_t)words;
}

/* The story's words, the first `share` of them, some changed by the copy's own chance. */
static void put_story(struct wf_corpus *corpus, uint64_t story, uint64_t *copy, double share, double change_share)
{
	uint64_t state = story * UINT64_C(0xD6E8FEB86659FD93) + corpus->settings.seed;
	const uint32_t words = words_of_story(corpus, &state);
	const uint32_t kept = (uint32_t)(words * share) < 30 ? 30 : (uint32_t)(words * share);
	uint32_t own[OWN_WORDS];
	uint32_t sentence = 0;

	for (uint32_t i = 0; i < OWN_WORDS; i++)
		own[i] = 300 + below(&state, VOCABULARY - 300);
	for (uint32_t i = 0; i < words && i < kept; i++) {
		const double kind = uniform(&state);
		const uint32_t rank = kind < 0.16 ? own[below(&state, OWN_WORDS)] : zipf(&state);
		const bool is_changed = uniform(copy) < change_share;

		if (sentence == 0)
			sentence = 8 + below(&state, 24);
		if (kind > 0.97)
			put_number(corpus, &state);
		else
			put_word(corpus, is_changed ? zipf(copy) : rank, kind < 0.04);
		sentence--;
		if (sentence == 0)
			put(corpus, below(&state, 4) == 0 ? ".\n" : ". ", 2);
		else
			put(corpus, " ", 1);
	}
	put(corpus, "\n", 1);
}

/* The article's story: its own number, or that of a recent article that founded one. */
static uint64_t story_of(const struct wf_corpus *corpus, uint64_t i, bool *is_copy)
{
	for (uint64_t article = i;;) {
		uint64_t state = (article + 1) * UINT64_C(0x9FB21C651E98DF25) ^ corpus->settings.seed;
		const double reach = article <= STORIES_RECENT ? (double)article - 1 : (double)STORIES_RECENT;

		*is_copy = article != i;
		if (article < 2 || uniform(&state) >= corpus->settings.copy_share)
			return article;
		/* Most copies come soon after their story. */
		article -= (uint64_t)(1.0 + exp(uniform(&state) * log(reach)));
	}
}

static double share_of(uint64_t *state)
{
	const double kind = uniform(state);

	return kind < 0.62 ? 1.0 : kind < 0.84 ? 0.5 : kind < 0.94 ? 0.33 : 0.1;
}

static void put_lines(struct wf_corpus *corpus, uint32_t outlet, uint64_t *state, uint32_t lines)
{
	for (uint32_t i = 0; i < lines; i++)
		put_boilerplate(corpus, outlet, below(state, 12));
}

void wf_corpus_article(struct wf_corpus *corpus, uint64_t i, struct wf_corpus_article *article)
{
	uint64_t state = (i + 1) * UINT64_C(0xA24BAED4963EE407) + corpus->settings.seed;
	const double popular = uniform(&state);
	const uint32_t outlet = (uint32_t)(popular * popular * corpus->settings.outlets);
	bool is_copy;
	const uint64_t story = story_of(corpus, i, &is_copy);
	const double share = is_copy ? share_of(&state) : 1.0;
	const double change_share = is_copy ? 0.04 * uniform(&state) : 0.0;
	size_t title_end = 0;

	corpus->text_length = 0;
	put_lines(corpus, outlet, &state, below(&state, 4));
	title_end = corpus->text_length;
	put_story(corpus, story, &state, share, change_share);
	*article = (struct wf_corpus_article){.story = story, .published = 1760000000 + (int64_t)(i / 10)};
	article->title.data = corpus->title;
	article->title.length =
		(size_t)snprintf(corpus->title, sizeof corpus->title, "%.*s", 60, corpus->text + title_end);
	put_lines(corpus, outlet, &state, below(&state, 6));
	put_boilerplate(corpus, outlet, 12 + below(&state, 2));
	article->text = (struct wf_bytes){corpus->text, corpus->text_length};
	article->id = (struct wf_bytes){corpus->id, (size_t)snprintf(corpus->id, sizeof corpus->id, "bench-%llu-%llu",
								     (unsigned long long)corpus->settings.seed,
								     (unsigned long long)i)};
	article->outlet = (struct wf_bytes){
		corpus->outlet, (size_t)snprintf(corpus->outlet, sizeof corpus->outlet, "outlet-%u", outlet)};
	article->url = (struct wf_bytes){corpus->url, (size_t)snprintf(corpus->url, sizeof corpus->url,
								       "https://outlet-%u.example/story/%llu", outlet,
								       (unsigned long long)i)};
}
