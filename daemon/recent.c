#include "recent.h"

#include <stdlib.h>

#define SLOT_BYTES  512u /* of the ring, for each slot: articles are seldom smaller in the mean */
#define SHARE_LARGE 16u  /* one of the ring at most that an article takes */
#define BYTES_AHEAD (2 * (uint64_t)WF_PAGES_LARGE_BYTES)

int wf_recent_init(struct wf_recent *recent, uint64_t capacity)
{
	*recent = (struct wf_recent){.capacity = capacity};
	if (capacity == 0)
		return 0;
	recent->slots_count = 1;
	while (recent->slots_count < capacity / SLOT_BYTES)
		recent->slots_count *= 2;
	recent->slots = calloc(recent->slots_count, sizeof *recent->slots);
	recent->bytes = wf_pages_take(capacity);
	if (recent->slots == NULL || recent->bytes == NULL) {
		wf_recent_close(recent);
		return WF_ENOMEM;
	}
	return 0;
}

void wf_recent_close(struct wf_recent *recent)
{
	free(recent->slots);
	wf_pages_free_asked(&recent->ahead, recent->bytes, recent->capacity);
	*recent = (struct wf_recent){.bytes = NULL};
}

static struct wf_recent_slot *slot_of(const struct wf_recent *recent, uint64_t number)
{
	return &recent->slots[number & (recent->slots_count - 1)];
}

static void put(char *to, struct wf_bytes bytes)
{
	if (bytes.length > 0)
		memcpy(to, bytes.data, bytes.length);
}

/* Asks for what is written next, once in the life of the ring. */
static void ask_ahead(struct wf_recent *recent)
{
	const uint64_t left = recent->capacity - recent->asked;
	const uint64_t bytes = left < WF_PAGES_LARGE_BYTES ? left : WF_PAGES_LARGE_BYTES;

	wf_pages_ask(&recent->ahead, recent->bytes + recent->asked, bytes);
	recent->asked += bytes;
}

void wf_recent_push(struct wf_recent *recent, uint64_t number, struct wf_bytes evidence, struct wf_bytes id)
{
	const uint64_t bytes = (uint64_t)evidence.length + id.length;
	uint64_t at;

	if (bytes > recent->capacity / SHARE_LARGE || recent->capacity == 0)
		return;
	at = recent->written % recent->capacity;
	if (recent->capacity - at < bytes) {
		recent->written += recent->capacity - at;
		at = 0;
	}
	while (recent->asked < recent->capacity && recent->asked < recent->written + bytes + BYTES_AHEAD)
		ask_ahead(recent);
	put(recent->bytes + at, evidence);
	put(recent->bytes + at + evidence.length, id);
	*slot_of(recent, number) = (struct wf_recent_slot){
		.number = number,
		.position = recent->written,
		.evidence_bytes = (uint32_t)evidence.length,
		.id_bytes = (uint32_t)id.length,
	};
	recent->written += bytes;
}

void wf_recent_forget(struct wf_recent *recent, uint64_t number)
{
	if (recent->slots_count > 0 && slot_of(recent, number)->number == number)
		slot_of(recent, number)->number = 0;
}

void wf_recent_clear(struct wf_recent *recent)
{
	for (uint64_t i = 0; i < recent->slots_count; i++)
		recent->slots[i].number = 0;
}

bool wf_recent_find(const struct wf_recent *recent, uint64_t number, struct wf_recent_article *article)
{
	/* What the next push may write to, the end of the ring that it leaves out included. */
	const uint64_t ahead = recent->capacity / SHARE_LARGE * 2;
	const struct wf_recent_slot *slot;
	const char *bytes;

	if (number == 0 || recent->slots_count == 0)
		return false;
	slot = slot_of(recent, number);
	if (slot->number != number || recent->written - slot->position > recent->capacity - ahead)
		return false;
	bytes = recent->bytes + slot->position % recent->capacity;
	*article = (struct wf_recent_article){
		.evidence = {bytes, slot->evidence_bytes},
		.id = {bytes + slot->evidence_bytes, slot->id_bytes},
	};
	return true;
}

uint64_t wf_recent_memory_bytes(const struct wf_recent *recent)
{
	return (recent->written < recent->capacity ? recent->written : recent->capacity) +
	       recent->slots_count * sizeof *recent->slots;
}
