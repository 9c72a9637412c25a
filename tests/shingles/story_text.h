/* Stories made of nothing: sentences of invented words with names and figures, the same for the same seed. */
#ifndef WF_TEST_STORY_TEXT_H
#define WF_TEST_STORY_TEXT_H

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "random_source.h"

#define STORY_BYTES_MAX      16384u
#define STORY_SENTENCE_WORDS 16u

struct story_text {
	char data[STORY_BYTES_MAX];
	size_t length;
};

static inline struct wf_bytes story_bytes(const struct story_text *story)
{
	return (struct wf_bytes){story->data, story->length};
}

static inline void story_append(struct story_text *story, const char *text)
{
	const size_t length = strlen(text);

	if (story->length + length < STORY_BYTES_MAX) {
		memcpy(story->data + story->length, text, length + 1);
		story->length += length;
	}
}

/* The word of this rank: the first 100 are those of every text. */
static inline void story_word(struct story_text *story, uint32_t rank, bool is_name)
{
	static const char syllables[][4] = {"ba", "de", "fi",  "gon", "hu", "ka", "le",  "mir",
					    "no", "pu", "ras", "se",  "ti", "vo", "wan", "zel"};
	char word[32] = "";

	do {
		strcat(word, syllables[rank % 16]);
		rank /= 16;
	} while (rank > 0 && strlen(word) < 24);
	if (is_name)
		word[0] = (char)(word[0] - 'a' + 'A');
	story_append(story, word);
}

/* A sentence; `figures`: what its numbers come from. */
static inline void story_sentence(struct story_text *story, uint64_t *random, uint64_t *figures)
{
	for (uint32_t i = 0; i < STORY_SENTENCE_WORDS; i++) {
		const uint32_t kind = random_below(random, 16);

		if (i > 0)
			story_append(story, " ");
		if (kind == 0) {
			char figure[16];

			(void)snprintf(figure, sizeof figure, "%u", 100 + random_below(figures, 90000));
			story_append(story, figure);
		} else if (kind < 8) {
			story_word(story, random_below(random, 100), i == 0);
		} else {
			story_word(story, 100 + random_below(random, 60000), i == 0 || kind == 15);
		}
	}
	story_append(story, ".\n");
}

/* `sentences` sentences, the first being the seed's `first`. */
static inline void story_write(struct story_text *story, uint64_t seed, uint32_t first, uint32_t sentences)
{
	for (uint32_t i = first; i < first + sentences; i++) {
		uint64_t random = seed * 1000003 + i;

		story_sentence(story, &random, &random);
	}
}

#endif
