#include "feed_batch.h"

#include <assert.h>
#include <stdlib.h>

#define PLACES_BLOCK_BYTES (16u << 10)

void wf_feed_batch_init(struct wf_feed_batch *batch)
{
	*batch = (struct wf_feed_batch){0};
	wf_pack_init(&batch->articles, 0);
	wf_arena_init(&batch->places, PLACES_BLOCK_BYTES);
}

void wf_feed_batch_close(struct wf_feed_batch *batch)
{
	wf_pack_close(&batch->articles);
	wf_arena_close(&batch->places);
	free(batch->marks);
	batch->marks = NULL;
}

void wf_feed_batch_reset(struct wf_feed_batch *batch)
{
	wf_pack_reset(&batch->articles);
	wf_arena_reset(&batch->places);
	batch->count = 0;
}

static int marks_reserve(struct wf_feed_batch *batch)
{
	size_t capacity = batch->capacity == 0 ? 256 : batch->capacity * 2;
	struct wf_feed_mark *grown;

	if (batch->count < batch->capacity)
		return 0;
	grown = realloc(batch->marks, capacity * sizeof(*grown));
	if (grown == NULL)
		return WF_ENOMEM;
	batch->marks = grown;
	batch->capacity = capacity;
	return 0;
}

int wf_feed_batch_add(struct wf_feed_batch *batch, const struct wf_article *article, const char *place)
{
	size_t begin = batch->articles.length;
	struct wf_bytes place_copy;
	struct wf_bytes id_copy;
	int result = marks_reserve(batch);

	if (result < 0)
		return result;
	/* With the NUL. */
	place_copy = wf_arena_copy(&batch->places, (struct wf_bytes){place, strlen(place) + 1});
	id_copy = wf_arena_copy(&batch->places, article->id);
	if (place_copy.data == NULL || (id_copy.data == NULL && article->id.length > 0))
		return WF_ENOMEM;
	wf_article_pack(&batch->articles, article);
	if (batch->articles.error != 0) {
		result = batch->articles.error;
		wf_pack_rewind(&batch->articles, begin);
		return result;
	}
	batch->marks[batch->count++] = (struct wf_feed_mark){place_copy.data, begin, id_copy};
	return 0;
}

void wf_feed_batch_send(const struct wf_feed_batch *batch, size_t first, size_t count, struct wf_client *client,
			uint64_t *msgid)
{
	assert(count > 0 && first + count <= batch->count);

	size_t begin = batch->marks[first].begin;
	size_t end = first + count == batch->count ? batch->articles.length : batch->marks[first + count].begin;
	struct wf_pack *pack = wf_client_request(client, "add_batch", 1, msgid);

	wf_pack_array(pack, count);
	wf_pack_raw(pack, (struct wf_bytes){batch->articles.data + begin, end - begin});
}
