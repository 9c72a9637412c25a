#include "base/slab.h"

#include "base/pages.h"
#include "base/prefetch.h"

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

void wf_slab_close(struct wf_slab *slab)
{
	while (slab->blocks != NULL) {
		struct wf_slab_block *block = slab->blocks;

		slab->blocks = block->next;
		wf_pages_free(block);
	}
	wf_slab_init(slab, slab->record_bytes);
}

void *wf_slab_take(struct wf_slab *slab)
{
	struct wf_slab_record *record = slab->unused;

	if (record != NULL) {
		slab->unused = record->next;
		return record;
	}
	if (slab->block_bytes - slab->used_bytes < slab->record_bytes) {
		struct wf_slab_block *block = wf_pages_take(slab->block_bytes);

		if (block == NULL)
			return NULL;
		block->next = slab->blocks;
		slab->blocks = block;
		slab->blocks_count++;
		slab->used_bytes = sizeof *block;
	}
	record = (struct wf_slab_record *)(void *)((char *)slab->blocks + slab->used_bytes);
	slab->used_bytes += slab->record_bytes;
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
	return slab->blocks_count * slab->block_bytes;
}
