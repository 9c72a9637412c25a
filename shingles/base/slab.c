#include "base/slab.h"

#include "base/prefetch.h"

#define USED_SHARE 4u /* of a block: when one part in so many is used, the next is taken ahead */

struct wf_slab_block {
	struct wf_slab_block *next;
	char padding[WF_CACHE_LINE_BYTES - sizeof(struct wf_slab_block *)];
};

struct wf_slab_record {
	struct wf_slab_record *next;
};

static size_t rounded_up(size_t bytes, size_t step)
{
	return (bytes + step - 1) / step * step;
}

void wf_slab_init(struct wf_slab *slab, size_t record_bytes)
{
	const size_t bytes = rounded_up(record_bytes, WF_CACHE_LINE_BYTES);

	*slab = (struct wf_slab){
		.record_bytes = bytes,
		.block_bytes = rounded_up(sizeof(struct wf_slab_block) + bytes, WF_PAGES_LARGE_BYTES),
	};
	slab->used_bytes = slab->block_bytes;
}

static void free_block(const struct wf_slab *slab, struct wf_slab_block *block)
{
	wf_pages_free_asked(&slab->ahead, block, slab->block_bytes);
}

void wf_slab_close(struct wf_slab *slab)
{
	const struct wf_pages_ahead ahead = slab->ahead;

	while (slab->blocks != NULL) {
		struct wf_slab_block *block = slab->blocks;

		slab->blocks = block->next;
		free_block(slab, block);
	}
	free_block(slab, slab->block_next);
	wf_slab_init(slab, slab->record_bytes);
	slab->ahead = ahead;
}

static bool add_block(struct wf_slab *slab)
{
	struct wf_slab_block *const block = wf_pages_take_next(&slab->block_next, slab->block_bytes);

	if (block == NULL)
		return false;
	block->next = slab->blocks;
	slab->blocks = block;
	slab->blocks_count++;
	slab->used_bytes = sizeof *block;
	return true;
}

void *wf_slab_take(struct wf_slab *slab)
{
	struct wf_slab_record *record = slab->unused;

	if (record != NULL) {
		slab->unused = record->next;
		return record;
	}
	if (slab->block_bytes - slab->used_bytes < slab->record_bytes && !add_block(slab))
		return NULL;
	record = (struct wf_slab_record *)(void *)((char *)slab->blocks + slab->used_bytes);
	slab->used_bytes += slab->record_bytes;
	if (slab->used_bytes >= slab->block_bytes / USED_SHARE)
		wf_pages_ask_next(&slab->ahead, &slab->block_next, slab->block_bytes);
	return record;
}

void wf_slab_give(struct wf_slab *slab, void *record)
{
	struct wf_slab_record *unused = record;

	if (unused == NULL)
		return;
	unused->next = slab->unused;
	slab->unused = unused;
}

size_t wf_slab_memory_bytes(const struct wf_slab *slab)
{
	return (slab->blocks_count + (slab->block_next != NULL)) * slab->block_bytes;
}
