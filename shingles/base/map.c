#include "base/map.h"

#include <stdlib.h>

#include "base/prefetch.h"

#define SEGMENT_CAPACITY_MIN 16

/* Slots are multiples of a key's size, and capacities of the least one. */
_Static_assert(SEGMENT_CAPACITY_MIN * sizeof(uint64_t) % WF_CACHE_LINE_BYTES == 0, "a segment ends with a cache line");

static uint64_t mix(uint64_t key)
{
	key ^= key >> 32;
	key *= UINT64_C(0x9E3779B97F4A7C15);
	key ^= key >> 29;
	key *= UINT64_C(0xBF58476D1CE4E5B9);
	return key ^ key >> 32;
}

static uint64_t key_at(const struct wf_map *map, const struct wf_map_segment *segment, size_t slot)
{
	uint64_t key;

	memcpy(&key, segment->slots + slot * map->slot_bytes, sizeof key);
	return key;
}

static void *record_at(const struct wf_map *map, const struct wf_map_segment *segment, size_t slot)
{
	return segment->slots + slot * map->slot_bytes + sizeof(uint64_t);
}

/* The slot of `key`, or the free slot where its probe ends. */
static size_t probe(const struct wf_map *map, const struct wf_map_segment *segment, uint64_t key, uint64_t hash)
{
	const size_t last = segment->capacity - 1;
	size_t slot = (size_t)(hash >> 6) & last;

	for (;;) {
		const uint64_t found = key_at(map, segment, slot);

		if (found == key || found == 0)
			return slot;
		slot = (slot + 1) & last;
	}
}

void wf_map_init(struct wf_map *map, size_t record_bytes)
{
	*map = (struct wf_map){.record_bytes = record_bytes};
	map->slot_bytes = sizeof(uint64_t) + ((record_bytes + 7) & ~(size_t)7);
}

void wf_map_close(struct wf_map *map)
{
	for (size_t i = 0; i < WF_MAP_SEGMENTS; i++)
		free(map->segments[i].slots);
	wf_map_init(map, map->record_bytes);
}

void *wf_map_find(const struct wf_map *map, uint64_t key)
{
	const uint64_t hash = mix(key);
	const struct wf_map_segment *segment = &map->segments[hash % WF_MAP_SEGMENTS];
	size_t slot;

	if (key == 0 || segment->count == 0)
		return NULL;
	slot = probe(map, segment, key, hash);
	return key_at(map, segment, slot) == key ? record_at(map, segment, slot) : NULL;
}

void wf_map_prefetch(const struct wf_map *map, uint64_t key)
{
	const uint64_t hash = mix(key);
	const struct wf_map_segment *segment = &map->segments[hash % WF_MAP_SEGMENTS];

	if (segment->capacity > 0)
		wf_prefetch(segment->slots + ((size_t)(hash >> 6) & (segment->capacity - 1)) * map->slot_bytes,
			    map->slot_bytes);
}

static bool grow(const struct wf_map *map, struct wf_map_segment *segment)
{
	struct wf_map_segment larger = {.capacity = segment->capacity * 2, .count = segment->count};
	size_t bytes;

	if (larger.capacity == 0)
		larger.capacity = SEGMENT_CAPACITY_MIN;
	bytes = larger.capacity * map->slot_bytes;
	larger.slots = aligned_alloc(WF_CACHE_LINE_BYTES, bytes);
	if (larger.slots == NULL)
		return false;
	memset(larger.slots, 0, bytes);
	for (size_t i = 0; i < segment->capacity; i++) {
		const uint64_t key = key_at(map, segment, i);

		if (key != 0)
			memcpy(larger.slots + probe(map, &larger, key, mix(key)) * map->slot_bytes,
			       segment->slots + i * map->slot_bytes, map->slot_bytes);
	}
	free(segment->slots);
	*segment = larger;
	return true;
}

void *wf_map_insert(struct wf_map *map, uint64_t key)
{
	const uint64_t hash = mix(key);
	struct wf_map_segment *segment = &map->segments[hash % WF_MAP_SEGMENTS];
	void *found = wf_map_find(map, key);
	size_t slot;

	if (found != NULL || key == 0)
		return found;
	if (segment->count + 1 > segment->capacity / 4 * 3 && !grow(map, segment))
		return NULL;
	slot = probe(map, segment, key, hash);
	memcpy(segment->slots + slot * map->slot_bytes, &key, sizeof key);
	segment->count++;
	return record_at(map, segment, slot);
}

bool wf_map_reserve(struct wf_map *map, size_t count)
{
	for (size_t i = 0; i < WF_MAP_SEGMENTS; i++) {
		struct wf_map_segment *segment = &map->segments[i];

		while (segment->count + count > segment->capacity / 4 * 3)
			if (!grow(map, segment))
				return false;
	}
	return true;
}

/* Closes the hole at `hole`: later slots of the same run move back where their probe allows it. */
static void close_hole(const struct wf_map *map, struct wf_map_segment *segment, size_t hole)
{
	const size_t last = segment->capacity - 1;
	size_t slot = hole;

	for (;;) {
		uint64_t key;
		size_t home;

		slot = (slot + 1) & last;
		key = key_at(map, segment, slot);
		if (key == 0)
			break;
		home = (size_t)(mix(key) >> 6) & last;
		if (((slot - home) & last) < ((slot - hole) & last))
			continue;
		memcpy(segment->slots + hole * map->slot_bytes, segment->slots + slot * map->slot_bytes,
		       map->slot_bytes);
		hole = slot;
	}
	memset(segment->slots + hole * map->slot_bytes, 0, map->slot_bytes);
}

bool wf_map_remove(struct wf_map *map, uint64_t key)
{
	const uint64_t hash = mix(key);
	struct wf_map_segment *segment = &map->segments[hash % WF_MAP_SEGMENTS];
	size_t slot;

	if (key == 0 || segment->count == 0)
		return false;
	slot = probe(map, segment, key, hash);
	if (key_at(map, segment, slot) != key)
		return false;
	close_hole(map, segment, slot);
	segment->count--;
	return true;
}

size_t wf_map_count(const struct wf_map *map)
{
	size_t count = 0;

	for (size_t i = 0; i < WF_MAP_SEGMENTS; i++)
		count += map->segments[i].count;
	return count;
}

size_t wf_map_memory_bytes(const struct wf_map *map)
{
	size_t bytes = 0;

	for (size_t i = 0; i < WF_MAP_SEGMENTS; i++)
		bytes += map->segments[i].capacity * map->slot_bytes;
	return bytes;
}

bool wf_map_next(const struct wf_map *map, size_t *position, uint64_t *key, void **record)
{
	size_t segment_index = *position % WF_MAP_SEGMENTS;
	size_t slot = *position / WF_MAP_SEGMENTS;

	for (; segment_index < WF_MAP_SEGMENTS; segment_index++, slot = 0) {
		const struct wf_map_segment *segment = &map->segments[segment_index];

		for (; slot < segment->capacity; slot++) {
			*key = key_at(map, segment, slot);
			if (*key == 0)
				continue;
			*record = record_at(map, segment, slot);
			*position = (slot + 1) * WF_MAP_SEGMENTS + segment_index;
			return true;
		}
	}
	return false;
}
