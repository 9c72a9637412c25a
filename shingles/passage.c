#include "passage.h"

#include "boilerplate.h"
#include "frequency.h"

#define WEIGHT_LEAST  (WF_WEIGHT_MAX * 2 / 5) /* of both words together: under it a shingle is never chosen */
#define WEIGHT_RARE   (WF_WEIGHT_MAX * 4 / 5)
#define WEIGHT_RAREST (WF_WEIGHT_MAX * 6 / 5)

const struct wf_passage_windows WF_PASSAGE_STORED = {
	.lead_shingles = 120, .lead_window = 12, .rest_window_min = 28, .rest_keys = 16};
const struct wf_passage_windows WF_PASSAGE_ASKED = {
	.lead_shingles = 120, .lead_window = 6, .rest_window_min = 20, .rest_keys = 32};

static uint64_t mix(uint64_t value)
{
	value *= UINT64_C(0x9E3779B97F4A7C15);
	value ^= value >> 32;
	value *= UINT64_C(0xD6E8FEB86659FD93);
	return value ^ value >> 29;
}

void wf_passage_rank(struct wf_passage_ranking *ranking, const uint16_t *tokens, uint32_t tokens_count,
		     const uint8_t *mask, const uint8_t *weights)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i + 1 < tokens_count; i++) {
		const uint32_t shingle = WF_SHINGLE_OF(tokens[i], tokens[i + 1]);
		const int weight = weights[tokens[i]] + weights[tokens[i + 1]];
		const int shift = (weight >= WEIGHT_RARE) * 2 + (weight >= WEIGHT_RAREST) * 2;

		/* Written always, kept where it may be chosen: no branch to guess. */
		ranking->shingles[count] = shingle;
		ranking->ranks[count] = (uint32_t)(mix(shingle) >> 32) >> shift;
		count += (weight >= WEIGHT_LEAST) & !(mask[i] & mask[i + 1]);
	}
	ranking->count = count;
}

/* The minimum of every window of shingles [begin, end), as keys. */
static uint32_t choose(const struct wf_passage_ranking *ranking, uint32_t begin, uint32_t end, uint32_t window,
		       uint64_t *keys, uint32_t keys_count, uint32_t keys_max)
{
	uint32_t least = UINT32_MAX;

	for (uint32_t last = begin; last < end; last++) {
		const uint32_t first = last - begin + 1 > window ? last + 1 - window : begin;
		const uint32_t before = least;

		if (least == UINT32_MAX || least < first) {
			least = first;
			for (uint32_t i = first + 1; i <= last; i++)
				if (ranking->ranks[i] <= ranking->ranks[least])
					least = i;
		} else if (ranking->ranks[last] <= ranking->ranks[least]) {
			least = last;
		}
		/* Windows that are not whole yet choose nothing, unless the text ends there. */
		if (last - begin + 1 < window && last + 1 < end) {
			continue;
		}
		if ((least != before || last - begin + 1 == window || last + 1 == end) && keys_count < keys_max) {
			const uint64_t key = mix(ranking->shingles[least] + UINT64_C(0x100000000));

			if (keys_count == 0 || keys[keys_count - 1] != key)
				keys[keys_count++] = key;
		}
	}
	return keys_count;
}

uint32_t wf_passage_keys(const struct wf_passage_windows *windows, const struct wf_passage_ranking *ranking,
			 uint64_t *keys, uint32_t keys_max)
{
	const uint32_t lead = ranking->count < windows->lead_shingles ? ranking->count : windows->lead_shingles;
	const uint32_t rest = ranking->count - lead;
	uint32_t window = 2 * rest / windows->rest_keys;
	uint32_t keys_count = choose(ranking, 0, lead, windows->lead_window, keys, 0, keys_max);

	if (window < windows->rest_window_min)
		window = windows->rest_window_min;
	if (rest != 0)
		keys_count = choose(ranking, lead, ranking->count, window, keys, keys_count, keys_max);
	return keys_count;
}
