#include "lsh_bulk.h"

#include <stdlib.h>

#define KEYS_FIRST     4096u
#define ARTICLES_FIRST 256u
#define HOME_AHEAD     24u /* keys whose first line is fetched ahead */
#define REST_AHEAD     8u  /* and what else they will touch, once that line is there */

void wf_lsh_bulk_init(struct wf_lsh_bulk *bulk)
{
	*bulk = (struct wf_lsh_bulk){.keys = NULL};
}

void wf_lsh_bulk_close(struct wf_lsh_bulk *bulk)
{
	free(bulk->keys);
	free(bulk->articles);
	free(bulk->sorted);
	wf_lsh_bulk_init(bulk);
}

static int reserve(struct wf_lsh_bulk *bulk, uint32_t keys_count)
{
	if (bulk->keys_capacity - bulk->keys_count < keys_count) {
		const size_t capacity = (bulk->keys_capacity == 0 ? KEYS_FIRST : bulk->keys_capacity * 2) + keys_count;
		uint64_t *keys = realloc(bulk->keys, capacity * sizeof *keys);

		if (keys == NULL)
			return WF_ENOMEM;
		bulk->keys = keys;
		bulk->keys_capacity = capacity;
	}
	if (bulk->articles_count == bulk->articles_capacity) {
		const size_t capacity = bulk->articles_capacity == 0 ? ARTICLES_FIRST : bulk->articles_capacity * 2;
		struct wf_lsh_bulk_article *articles = realloc(bulk->articles, capacity * sizeof *articles);

		if (articles == NULL)
			return WF_ENOMEM;
		bulk->articles = articles;
		bulk->articles_capacity = capacity;
	}
	return 0;
}

int wf_lsh_bulk_add(struct wf_lsh_bulk *bulk, const char *keys, uint32_t keys_count, uint32_t number)
{
	int error;

	if (keys_count == 0)
		return 0;
	error = reserve(bulk, keys_count);
	if (error != 0)
		return error;
	memcpy(bulk->keys + bulk->keys_count, keys, keys_count * sizeof *bulk->keys);
	bulk->keys_count += keys_count;
	bulk->articles[bulk->articles_count++] = (struct wf_lsh_bulk_article){number, keys_count};
	return 0;
}

/* By segment, in the order of articles within each. */
static void sort(const struct wf_lsh_bulk *bulk)
{
	uint32_t places[WF_LSH_SEGMENTS + 1] = {0};
	const uint64_t *key = bulk->keys;

	for (size_t i = 0; i < bulk->keys_count; i++)
		places[bulk->keys[i] % WF_LSH_SEGMENTS + 1]++;
	for (size_t i = 0; i < WF_LSH_SEGMENTS; i++)
		places[i + 1] += places[i];
	for (size_t i = 0; i < bulk->articles_count; i++)
		for (uint32_t k = 0; k < bulk->articles[i].keys_count; k++, key++)
			bulk->sorted[places[*key % WF_LSH_SEGMENTS]++] =
				(struct wf_lsh_bulk_key){*key, bulk->articles[i].number};
}

static int enter(struct wf_lsh *lsh, const struct wf_lsh_bulk_key *sorted, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && i < HOME_AHEAD; i++)
		wf_lsh_prefetch(lsh, &sorted[i].key, 1);
	for (size_t i = 0; i < count && error == 0; i++) {
		if (i + HOME_AHEAD < count)
			wf_lsh_prefetch(lsh, &sorted[i + HOME_AHEAD].key, 1);
		if (i + REST_AHEAD < count)
			wf_lsh_prefetch_insert(lsh, &sorted[i + REST_AHEAD].key, 1);
		error = wf_lsh_insert(lsh, sorted[i].key, sorted[i].number);
	}
	return error;
}

int wf_lsh_bulk_enter(struct wf_lsh_bulk *bulk, struct wf_lsh *lsh)
{
	int error = 0;

	if (bulk->sorted_capacity < bulk->keys_capacity) {
		free(bulk->sorted);
		bulk->sorted = malloc(bulk->keys_capacity * sizeof *bulk->sorted);
		bulk->sorted_capacity = bulk->sorted == NULL ? 0 : bulk->keys_capacity;
		error = bulk->sorted == NULL ? WF_ENOMEM : 0;
	}
	if (error == 0) {
		sort(bulk);
		error = enter(lsh, bulk->sorted, bulk->keys_count);
	}
	bulk->keys_count = 0;
	bulk->articles_count = 0;
	return error;
}
