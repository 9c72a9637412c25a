#include "passage.h"

#include "frequency.h"
#include "kernel.h"

#define WEIGHT_LEAST  (WF_WEIGHT_MAX * 2 / 5) /* of both words together: under it a shingle is never chosen */
#define WEIGHT_RARE   (WF_WEIGHT_MAX * 4 / 5)
#define WEIGHT_RAREST (WF_WEIGHT_MAX * 6 / 5)
#define CHUNK         64u /* ranks that are looked at together */
#define NO_SHINGLE    UINT64_MAX

const struct wf_passage_windows WF_PASSAGE_STORED = {
	.lead_shingles = 120, .lead_window = 12, .rest_window_min = 28, .rest_keys = 16};
const struct wf_passage_windows WF_PASSAGE_ASKED = {
	.lead_shingles = 120, .lead_window = 6, .rest_window_min = 20, .rest_keys = 32};

void wf_passage_rank(struct wf_passage_ranking *ranking, const uint16_t *tokens, const uint8_t *weights,
		     uint32_t tokens_count, const uint8_t *mask)
{
	const struct wf_kernel_weights bounds = {WEIGHT_LEAST, WEIGHT_RARE, WEIGHT_RAREST};

	ranking->count =
		wf_kernels()->rank(tokens, weights, tokens_count, mask, &bounds, ranking->shingles, ranking->ranks);
}

/* Adds the place of the minimum of every window of shingles [begin, end), and of the whole where it is shorter than a
 * window. */
static uint32_t choose(const struct wf_passage_ranking *ranking, uint32_t begin, uint32_t end, uint32_t window,
		       uint16_t *places, uint32_t places_count, uint32_t places_max)
{
	const uint32_t count = end - begin;
	uint16_t chosen[WF_DOCUMENT_TOKENS_MAX + WF_KERNEL_SLACK];
	const uint32_t chosen_count =
		wf_kernels()->minima(ranking->ranks + begin, count, window < count ? window : count, begin, chosen);

	/* Of neighbours that are the same shingle the first. */
	uint64_t before = places_count == 0 ? NO_SHINGLE : ranking->shingles[places[places_count - 1]];

	for (uint32_t i = 0; i < chosen_count && places_count < places_max; i++) {
		const uint32_t shingle = ranking->shingles[chosen[i]];

		places[places_count] = chosen[i];
		places_count += shingle != before;
		before = shingle;
	}
	return places_count;
}

/* The text in two parts, each with its window. */
struct parts {
	uint32_t lead; /* shingles of the first */
	uint32_t rest_window;
};

static struct parts parts_of(const struct wf_passage_windows *windows, uint32_t count)
{
	const uint32_t lead = count < windows->lead_shingles ? count : windows->lead_shingles;
	const uint32_t window = 2 * (count - lead) / windows->rest_keys;

	return (struct parts){lead, window < windows->rest_window_min ? windows->rest_window_min : window};
}

uint32_t wf_passage_choose(const struct wf_passage_windows *windows, const struct wf_passage_ranking *ranking,
			   uint16_t *places, uint32_t places_max)
{
	const struct parts parts = parts_of(windows, ranking->count);
	uint32_t places_count = 0;

	if (parts.lead > 0)
		places_count = choose(ranking, 0, parts.lead, windows->lead_window, places, 0, places_max);
	if (parts.lead < ranking->count)
		places_count = choose(ranking, parts.lead, ranking->count, parts.rest_window, places, places_count,
				      places_max);
	return places_count;
}

/* Which ranks of a chunk of them are less: a bit each. */
static uint64_t less_in(const int32_t *ranks, uint32_t count, uint32_t chunk, int32_t rank)
{
	const uint32_t first = chunk * CHUNK;

	return wf_kernels()->below(ranks + first, count - first < CHUNK ? count - first : CHUNK, rank);
}

/* One past the nearest before `i` whose rank is less; 0 where there is none. `own`: those less in the chunk of `i`. */
static uint32_t past_less_before(const int32_t *ranks, uint32_t count, uint32_t i, uint64_t own)
{
	uint32_t chunk = i / CHUNK;
	uint64_t less = own & ((UINT64_C(1) << (i % CHUNK)) - 1);

	while (less == 0 && chunk > 0)
		less = less_in(ranks, count, --chunk, ranks[i]);
	return less == 0 ? 0 : (chunk + 1) * CHUNK - (uint32_t)__builtin_clzll(less);
}

/* The nearest after `i` whose rank is less; `count` where there is none. */
static uint32_t less_after(const int32_t *ranks, uint32_t count, uint32_t i, uint64_t own)
{
	uint32_t chunk = i / CHUNK;
	uint64_t less = own & UINT64_MAX << (i % CHUNK) << 1;

	while (less == 0 && (chunk + 1) * CHUNK < count)
		less = less_in(ranks, count, ++chunk, ranks[i]);
	return less == 0 ? count : chunk * CHUNK + (uint32_t)__builtin_ctzll(less);
}

/* Of the shingles [begin, end), of which `narrow` are those that windows of less width gave: those among them that are
 * the least of a window. Such a one has none of less rank within a window's width: the nearest on either side lie at
 * least so far apart. The ranks are looked at all together: how far it is to the nearest is not to be guessed. */
static uint32_t choose_wider(const struct wf_passage_ranking *ranking, const uint16_t *narrow, uint32_t narrow_count,
			     uint32_t begin, uint32_t end, uint32_t window, uint16_t *places)
{
	int32_t ranks[WF_DOCUMENT_TOKENS_MAX];
	uint32_t places_count = 0;

	if (window > end - begin)
		window = end - begin;
	for (uint32_t i = 0; i < narrow_count; i++)
		ranks[i] = ranking->ranks[narrow[i]];
	for (uint32_t i = 0; i < narrow_count; i++) {
		const uint64_t own = less_in(ranks, narrow_count, i / CHUNK, ranks[i]);
		const uint32_t before = past_less_before(ranks, narrow_count, i, own);
		const uint32_t after = less_after(ranks, narrow_count, i, own);
		const uint32_t first = before == 0 ? begin : narrow[before - 1] + 1u;
		const uint32_t last = after == narrow_count ? end : narrow[after];

		places[places_count] = narrow[i];
		places_count += last - first >= window;
	}
	return places_count;
}

uint32_t wf_passage_choose_among(const struct wf_passage_windows *windows, const struct wf_passage_ranking *ranking,
				 const uint16_t *narrow, uint32_t narrow_count, uint16_t *places)
{
	const struct parts parts = parts_of(windows, ranking->count);
	uint32_t lead_count = 0;
	uint32_t count;

	while (lead_count < narrow_count && narrow[lead_count] < parts.lead)
		lead_count++;
	count = choose_wider(ranking, narrow, lead_count, 0, parts.lead, windows->lead_window, places);
	return count + choose_wider(ranking, narrow + lead_count, narrow_count - lead_count, parts.lead, ranking->count,
				    parts.rest_window, places + count);
}

void wf_passage_keys(const struct wf_passage_ranking *ranking, const uint16_t *places, uint32_t places_count,
		     uint64_t *keys)
{
	for (uint32_t i = 0; i < places_count; i++)
		keys[i] = wf_kernel_mix(ranking->shingles[places[i]] + UINT64_C(0x100000000));
}
