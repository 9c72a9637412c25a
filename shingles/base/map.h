/* A map from 64-bit numbers to records of one size.
 *
 *   segments (64, by the key's hash) -> slots [ key | record ] [ key | record ] ...   linear probing, at most 3/4 full
 *
 * Each segment grows alone, so that no insertion moves more than a 64th of the records, and begins with a cache line: a
 * slot of that size is looked at with one read. Key 0 marks a free slot and cannot be used. */
#ifndef WF_BASE_MAP_H
#define WF_BASE_MAP_H

#include "base/bytes.h"

#define WF_MAP_SEGMENTS 64

struct wf_map_segment {
	char *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
};

struct wf_map {
	size_t record_bytes;
	size_t slot_bytes;
	struct wf_map_segment segments[WF_MAP_SEGMENTS];
};

void wf_map_init(struct wf_map *map, size_t record_bytes);
void wf_map_close(struct wf_map *map);

/* The record of `key`, or NULL. Valid until the next insertion or removal. */
void *wf_map_find(const struct wf_map *map, uint64_t key);

/* Asks the memory for what the search for `key` begins with, ahead of it. */
void wf_map_prefetch(const struct wf_map *map, uint64_t key);

/* The record of `key`, made of zeros where there was none; NULL when memory is out. Valid until the next insertion
 * or removal. */
void *wf_map_insert(struct wf_map *map, uint64_t key);

/* Room for `count` insertions, whatever their keys, that cannot fail. False when memory is out. */
bool wf_map_reserve(struct wf_map *map, size_t count);

/* Whether there was one. */
bool wf_map_remove(struct wf_map *map, uint64_t key);

size_t wf_map_count(const struct wf_map *map);
size_t wf_map_memory_bytes(const struct wf_map *map);

/* Walks all records in no order: start with *position 0; false at the end. No insertion or removal may come between. */
bool wf_map_next(const struct wf_map *map, size_t *position, uint64_t *key, void **record);

#endif
