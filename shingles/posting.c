#include "posting.h"

#include <stdlib.h>

_Static_assert(sizeof(struct wf_posting) == 64, "a list is one cache line");

void wf_postings_init(struct wf_postings *postings)
{
	*postings = (struct wf_postings){0};
}

void wf_postings_close(struct wf_postings *postings)
{
	for (uint32_t i = 0; i < postings->chunks_count; i++)
		wf_pages_free_asked(&postings->ahead, postings->chunks[i], WF_PAGES_LARGE_BYTES);
	free(postings->chunks);
	wf_postings_init(postings);
}

uint64_t wf_postings_memory_bytes(const struct wf_postings *postings)
{
	return (uint64_t)postings->chunks_count * WF_PAGES_LARGE_BYTES;
}

static bool add_chunk(struct wf_postings *postings)
{
	struct wf_posting *const chunk = wf_pages_take(WF_PAGES_LARGE_BYTES);
	struct wf_posting **const chunks =
		chunk == NULL ? NULL : realloc(postings->chunks, (postings->chunks_count + 1) * sizeof *chunks);

	if (chunks == NULL) {
		wf_pages_free(chunk);
		return false;
	}
	wf_pages_ask(&postings->ahead, chunk, WF_PAGES_LARGE_BYTES);
	chunks[postings->chunks_count++] = chunk;
	postings->chunks = chunks;
	return true;
}

uint32_t wf_postings_take(struct wf_postings *postings)
{
	const uint32_t places_left = postings->chunks_count * WF_POSTING_CHUNK - postings->places_used;
	/* Who has chunks made ready needs them half a chunk ahead. */
	const uint32_t left_least = postings->ahead.ask == NULL || places_left == 0 ? 0 : WF_POSTING_CHUNK / 2;
	uint32_t place = postings->free_first;
	struct wf_posting *posting;

	if (place == 0 && places_left <= left_least && !add_chunk(postings) && places_left == 0)
		return 0;
	if (place == 0)
		place = ++postings->places_used;
	posting = wf_postings_at(postings, place);
	if (place == postings->free_first)
		postings->free_first = posting->numbers[0];
	*posting = (struct wf_posting){{0}};
	return place;
}

void wf_postings_give_back(struct wf_postings *postings, uint32_t place)
{
	wf_postings_at(postings, place)->numbers[0] = postings->free_first;
	postings->free_first = place;
}

bool wf_posting_add(struct wf_posting *posting, uint32_t number)
{
	const uint32_t count = wf_posting_count(posting);

	if (count == WF_POSTING_NUMBERS)
		return false;
	posting->numbers[count] = number;
	return true;
}

bool wf_posting_remove(struct wf_posting *posting, uint32_t number)
{
	const uint32_t count = wf_posting_count(posting);
	uint32_t found = 0;

	while (found < count && posting->numbers[found] != number)
		found++;
	if (found == count)
		return false;
	posting->numbers[found] = posting->numbers[count - 1];
	posting->numbers[count - 1] = 0;
	return true;
}
