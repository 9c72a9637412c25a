#include "frequency.h"

#include <math.h>

/* Old stories fade: at this many all counts are halved, so that the weights follow the news. */
#define STORIES_MAX     4000000u
#define STORIES_SETTLED 20000u /* beyond, one story in SETTLED_STEP is enough */
#define SETTLED_STEP    16u
#define FEW_STORIES     1024u

/* The weight of a word that `count` of so many stories have; `largest`: the logarithm for one that none has. */
static uint8_t weight_of(double stories, double largest, uint32_t count)
{
	const double weight = log((stories + 2.0) / ((double)count + 0.5)) / largest;
	const int scaled = (int)(weight * WF_WEIGHT_MAX + 0.5);

	return (uint8_t)(scaled < WF_WEIGHT_MIN ? WF_WEIGHT_MIN : scaled);
}

/* Nearly all words are in few stories: the weights of those counts are computed once. */
static void weigh(struct wf_frequency *frequency)
{
	const double stories = (double)frequency->stories;
	const double largest = log((stories + 2.0) / 0.5);
	uint8_t weights_of_few[FEW_STORIES];

	frequency->stories_weighed = frequency->stories;
	for (uint32_t count = 0; count < FEW_STORIES; count++)
		weights_of_few[count] = weight_of(stories, largest, count);
	for (size_t i = 0; i < WF_TOKEN_VALUES; i++) {
		const uint32_t count = frequency->counts[i];

		frequency->weights[i] =
			count < FEW_STORIES ? weights_of_few[count] : weight_of(stories, largest, count);
	}
}

void wf_frequency_init(struct wf_frequency *frequency)
{
	memset(frequency, 0, sizeof *frequency);
	memset(frequency->weights, WF_WEIGHT_MAX, sizeof frequency->weights);
}

void wf_frequency_learn(struct wf_frequency *frequency, const uint16_t *tokens, size_t tokens_count, uint8_t *marks)
{
	frequency->offered++;
	if (frequency->stories >= STORIES_SETTLED && frequency->offered % SETTLED_STEP != 0)
		return;
	/* Without a branch: whether a word comes again is not to be guessed. */
	for (size_t i = 0; i < tokens_count; i++) {
		const uint16_t token = tokens[i];
		const uint8_t marked = marks[token >> 3];

		frequency->counts[token] += ~(uint32_t)marked >> (token & 7) & 1;
		marks[token >> 3] = (uint8_t)(marked | 1u << (token & 7));
	}
	for (size_t i = 0; i < tokens_count; i++)
		marks[tokens[i] >> 3] = 0;
	frequency->stories++;
	if (frequency->stories >= STORIES_MAX) {
		frequency->stories /= 2;
		for (size_t i = 0; i < WF_TOKEN_VALUES; i++)
			frequency->counts[i] /= 2;
		weigh(frequency);
	}
	if (frequency->stories >= WF_FREQUENCY_STORIES_MIN &&
	    frequency->stories - frequency->stories_weighed > frequency->stories / 20)
		weigh(frequency);
}
