#include "id_index.h"

#include <assert.h>
#include <stdlib.h>

#include "base/prefetch.h"

#define SEGMENT_CAPACITY_MIN 16u

static struct wf_id_index_segment *segment_of(struct wf_id_index *index, uint64_t hash)
{
	return &index->segments[hash % WF_ID_INDEX_SEGMENTS];
}

static const struct wf_id_index_segment *segment_of_const(const struct wf_id_index *index, uint64_t hash)
{
	return &index->segments[hash % WF_ID_INDEX_SEGMENTS];
}

/* The slot where the probing for a hash begins. */
static size_t home_of(const struct wf_id_index_segment *segment, uint64_t hash)
{
	return (size_t)(hash / WF_ID_INDEX_SEGMENTS) & (segment->capacity - 1);
}

static void place(struct wf_id_index_segment *segment, struct wf_id_index_slot pair)
{
	size_t at = home_of(segment, pair.hash);

	while (segment->slots[at].number != 0)
		at = (at + 1) & (segment->capacity - 1);
	segment->slots[at] = pair;
}

static int segment_grow(struct wf_id_index_segment *segment, size_t capacity)
{
	struct wf_id_index_segment grown = {.capacity = capacity, .count = segment->count};

	grown.slots = calloc(capacity, sizeof(*grown.slots));
	if (grown.slots == NULL)
		return WF_ENOMEM;
	for (size_t i = 0; i < segment->capacity; i++) {
		if (segment->slots[i].number != 0)
			place(&grown, segment->slots[i]);
	}
	free(segment->slots);
	*segment = grown;
	return 0;
}

/* The slot of a pair, or segment->capacity. */
static size_t find_pair(const struct wf_id_index_segment *segment, uint64_t hash, uint64_t number)
{
	if (segment->capacity == 0)
		return 0;
	for (size_t at = home_of(segment, hash); segment->slots[at].number != 0;
	     at = (at + 1) & (segment->capacity - 1)) {
		if (segment->slots[at].hash == hash && segment->slots[at].number == number)
			return at;
	}
	return segment->capacity;
}

void wf_id_index_init(struct wf_id_index *index)
{
	*index = (struct wf_id_index){.count = 0};
}

void wf_id_index_close(struct wf_id_index *index)
{
	for (size_t i = 0; i < WF_ID_INDEX_SEGMENTS; i++)
		free(index->segments[i].slots);
	wf_id_index_init(index);
}

int wf_id_index_reserve(struct wf_id_index *index, size_t count)
{
	const size_t mean = count / WF_ID_INDEX_SEGMENTS;
	size_t spread = 8;
	size_t capacity = SEGMENT_CAPACITY_MIN;

	/* Segments fill unevenly: four times the root of the mean covers nearly all of them. */
	while (spread * spread < 16 * mean)
		spread *= 2;
	while (capacity / 4 * 3 < mean + spread)
		capacity *= 2;
	for (size_t i = 0; i < WF_ID_INDEX_SEGMENTS; i++) {
		struct wf_id_index_segment *segment = &index->segments[i];

		if (segment->capacity < capacity && segment_grow(segment, capacity) != 0)
			return WF_ENOMEM;
	}
	return 0;
}

int wf_id_index_add(struct wf_id_index *index, uint64_t hash, uint64_t number)
{
	struct wf_id_index_segment *segment = segment_of(index, hash);

	assert(number != 0);
	if (segment->count + 1 > segment->capacity / 4 * 3) {
		const size_t capacity = segment->capacity == 0 ? SEGMENT_CAPACITY_MIN : segment->capacity * 2;

		if (segment_grow(segment, capacity) != 0)
			return WF_ENOMEM;
	}
	place(segment, (struct wf_id_index_slot){hash, number});
	segment->count++;
	index->count++;
	return 0;
}

bool wf_id_index_remove(struct wf_id_index *index, uint64_t hash, uint64_t number)
{
	struct wf_id_index_segment *segment = segment_of(index, hash);
	const size_t mask = segment->capacity - 1;
	size_t hole = find_pair(segment, hash, number);

	if (hole == segment->capacity)
		return false;
	for (size_t at = (hole + 1) & mask; segment->slots[at].number != 0; at = (at + 1) & mask) {
		const size_t home = home_of(segment, segment->slots[at].hash);

		/* It may move back into the hole unless its probing begins behind it. */
		if (((at - home) & mask) >= ((at - hole) & mask)) {
			segment->slots[hole] = segment->slots[at];
			hole = at;
		}
	}
	segment->slots[hole] = (struct wf_id_index_slot){0, 0};
	segment->count--;
	index->count--;
	return true;
}

uint64_t wf_id_index_next(const struct wf_id_index *index, uint64_t hash, size_t *position)
{
	const struct wf_id_index_segment *segment = segment_of_const(index, hash);
	const size_t mask = segment->capacity - 1;

	if (segment->capacity == 0)
		return 0;
	for (;;) {
		const struct wf_id_index_slot *slot = &segment->slots[(home_of(segment, hash) + *position) & mask];

		if (slot->number == 0)
			return 0;
		(*position)++;
		if (slot->hash == hash)
			return slot->number;
	}
}

void wf_id_index_prefetch(const struct wf_id_index *index, uint64_t hash)
{
	const struct wf_id_index_segment *segment = segment_of_const(index, hash);

	if (segment->capacity > 0)
		wf_prefetch(&segment->slots[home_of(segment, hash)], sizeof(struct wf_id_index_slot));
}

size_t wf_id_index_count(const struct wf_id_index *index)
{
	return index->count;
}

size_t wf_id_index_memory_bytes(const struct wf_id_index *index)
{
	size_t bytes = sizeof(*index);

	for (size_t i = 0; i < WF_ID_INDEX_SEGMENTS; i++)
		bytes += index->segments[i].capacity * sizeof(struct wf_id_index_slot);
	return bytes;
}
