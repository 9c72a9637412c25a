#include "apart.h"

#include <stdlib.h>

#define CAPACITY_FIRST 4u

struct list {
	uint64_t *others;
	uint32_t count;
	uint32_t capacity;
};

void wf_apart_init(struct wf_apart *apart)
{
	*apart = (struct wf_apart){0};
	wf_map_init(&apart->clusters, sizeof(struct list));
}

void wf_apart_close(struct wf_apart *apart)
{
	size_t position = 0;
	uint64_t cluster;
	void *record;

	while (wf_map_next(&apart->clusters, &position, &cluster, &record)) {
		struct list *list = record;

		free(list->others);
	}
	wf_map_close(&apart->clusters);
	wf_apart_init(apart);
}

/* The common case is that nothing is held apart at all. */
static struct list *list_of(const struct wf_apart *apart, uint64_t cluster)
{
	return apart->lists_bytes == 0 ? NULL : wf_map_find(&apart->clusters, cluster);
}

const uint64_t *wf_apart_of(const struct wf_apart *apart, uint64_t cluster, uint32_t *count)
{
	const struct list *list = list_of(apart, cluster);

	*count = list == NULL ? 0 : list->count;
	return list == NULL ? NULL : list->others;
}

static uint32_t place_of(const struct list *list, uint64_t cluster)
{
	uint32_t place = 0;

	while (place < list->count && list->others[place] != cluster)
		place++;
	return place;
}

bool wf_apart_holds(const struct wf_apart *apart, uint64_t a, uint64_t b)
{
	const struct list *of_a = list_of(apart, a);
	const struct list *of_b = list_of(apart, b);

	if (of_a == NULL || of_b == NULL)
		return false;
	return of_a->count <= of_b->count ? place_of(of_a, b) < of_a->count : place_of(of_b, a) < of_b->count;
}

int wf_apart_reserve(struct wf_apart *apart, uint64_t cluster, uint32_t count)
{
	struct list *list = wf_map_insert(&apart->clusters, cluster);
	uint32_t capacity;
	uint64_t *others;

	if (list == NULL)
		return WF_ENOMEM;
	if (list->capacity - list->count >= count && list->others != NULL)
		return 0;
	capacity = list->capacity == 0 ? CAPACITY_FIRST : list->capacity;
	while (capacity - list->count < count)
		capacity *= 2;
	others = realloc(list->others, capacity * sizeof *others);
	if (others == NULL) {
		if (list->others == NULL)
			(void)wf_map_remove(&apart->clusters, cluster);
		return WF_ENOMEM;
	}
	apart->lists_bytes += (capacity - list->capacity) * sizeof *others;
	list->others = others;
	list->capacity = capacity;
	return 0;
}

static void drop_if_empty(struct wf_apart *apart, uint64_t cluster)
{
	struct list *list = list_of(apart, cluster);

	if (list == NULL || list->count > 0)
		return;
	free(list->others);
	apart->lists_bytes -= list->capacity * sizeof *list->others;
	(void)wf_map_remove(&apart->clusters, cluster);
}

int wf_apart_add(struct wf_apart *apart, uint64_t a, uint64_t b)
{
	uint32_t a_count, b_count;
	struct list *list;

	if (a == b || wf_apart_holds(apart, a, b))
		return 0;
	wf_apart_of(apart, a, &a_count);
	wf_apart_of(apart, b, &b_count);
	if (a_count >= WF_APART_MAX || b_count >= WF_APART_MAX || apart->pairs_count >= WF_APART_PAIRS_MAX)
		return WF_ETOOLARGE;
	if (wf_apart_reserve(apart, a, 1) != 0 || wf_apart_reserve(apart, b, 1) != 0) {
		drop_if_empty(apart, a);
		return WF_ENOMEM;
	}
	list = list_of(apart, a);
	list->others[list->count++] = b;
	list = list_of(apart, b);
	list->others[list->count++] = a;
	apart->pairs_count++;
	return 0;
}

static void take_out(struct list *list, uint64_t other)
{
	const uint32_t place = place_of(list, other);

	if (place < list->count)
		list->others[place] = list->others[--list->count];
}

int wf_apart_fold(struct wf_apart *apart, uint64_t from, uint64_t into)
{
	const struct list *source = list_of(apart, from);
	struct list *target;
	struct list folded;

	if (source == NULL)
		return 0;
	if (wf_apart_reserve(apart, into, source->count) != 0) {
		drop_if_empty(apart, into);
		return WF_ENOMEM;
	}
	folded = *list_of(apart, from);
	(void)wf_map_remove(&apart->clusters, from);
	target = list_of(apart, into);
	for (uint32_t i = 0; i < folded.count; i++) {
		struct list *other = list_of(apart, folded.others[i]);

		if (other == target || place_of(target, folded.others[i]) < target->count) {
			take_out(other, from);
			apart->pairs_count--;
		} else {
			target->others[target->count++] = folded.others[i];
			other->others[place_of(other, from)] = into;
		}
	}
	apart->lists_bytes -= folded.capacity * sizeof *folded.others;
	free(folded.others);
	drop_if_empty(apart, into);
	return 0;
}

void wf_apart_forget(struct wf_apart *apart, uint64_t cluster)
{
	struct list *list = list_of(apart, cluster);

	if (list == NULL)
		return;
	for (uint32_t i = 0; i < list->count; i++) {
		const uint64_t other = list->others[i];

		take_out(list_of(apart, other), cluster);
		apart->pairs_count--;
		drop_if_empty(apart, other);
		list = list_of(apart, cluster);
	}
	list->count = 0;
	drop_if_empty(apart, cluster);
}

size_t wf_apart_memory_bytes(const struct wf_apart *apart)
{
	return wf_map_memory_bytes(&apart->clusters) + apart->lists_bytes;
}
