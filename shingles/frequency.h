/* How common each word is, and so how much it weighs: a streaming document frequency over stories (copies do not count
 * again).
 *
 *   counts[65536]  stories that have the word, by its 16-bit token
 *   weights[65536] from WF_WEIGHT_MIN (in every story) to WF_WEIGHT_MAX (in none yet)
 *
 * Fixed size; two words that share a token share a count. The weight is the inverse document frequency (Sparck Jones
 * 1972), log((n + 2) / (count + 1/2)), as a part of the largest that n stories allow. Until WF_FREQUENCY_STORIES_MIN
 * stories have been learned every word weighs the same. */
#ifndef WF_FREQUENCY_H
#define WF_FREQUENCY_H

#include "base/bytes.h"

#define WF_TOKEN_VALUES          65536u
#define WF_WEIGHT_MAX            64
#define WF_WEIGHT_MIN            1
#define WF_FREQUENCY_STORIES_MIN 16

struct wf_frequency {
	uint64_t stories;
	uint64_t offered;         /* stories that came, those passed over included */
	uint64_t stories_weighed; /* `stories` when the weights were last computed */
	uint32_t counts[WF_TOKEN_VALUES];
	uint8_t weights[WF_TOKEN_VALUES];
};

void wf_frequency_init(struct wf_frequency *frequency);

/* Counts one story. `tokens` may repeat; a word counts once. `marks`: WF_TOKEN_VALUES / 8 zero bytes of the caller,
 * left zero. */
void wf_frequency_learn(struct wf_frequency *frequency, const uint16_t *tokens, size_t tokens_count, uint8_t *marks);

/* out[i]: the weight of tokens[i]. */
static inline void wf_weights_of(const uint8_t *weights, const uint16_t *tokens, size_t tokens_count, uint8_t *out)
{
#pragma GCC unroll 8
	for (size_t i = 0; i < tokens_count; i++)
		out[i] = weights[tokens[i]];
}

#endif
