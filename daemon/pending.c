#include "pending.h"

#include <stdlib.h>

#define CAPACITY_FIRST 1024u

static struct wf_pending_slot *slot_of(const struct wf_pending *pending, uint64_t number)
{
	if (number < pending->first || number - pending->first >= pending->count)
		return NULL;
	return &pending->slots[number & (pending->capacity - 1)];
}

void wf_pending_close(struct wf_pending *pending)
{
	wf_pending_drop(pending, UINT64_MAX);
	free(pending->slots);
	*pending = (struct wf_pending){.slots = NULL};
}

const struct wf_item *wf_pending_item(const struct wf_pending *pending, uint64_t number)
{
	const struct wf_pending_slot *slot = slot_of(pending, number);

	return slot == NULL || slot->job == NULL ? NULL : slot->item;
}

int wf_pending_reserve(struct wf_pending *pending)
{
	const size_t capacity = pending->capacity == 0 ? CAPACITY_FIRST : pending->capacity * 2;
	struct wf_pending_slot *slots;

	if (pending->count < pending->capacity)
		return 0;
	slots = calloc(capacity, sizeof *slots);
	if (slots == NULL)
		return WF_ENOMEM;
	for (uint64_t number = pending->first; number < pending->first + pending->count; number++)
		slots[number & (capacity - 1)] = *slot_of(pending, number);
	free(pending->slots);
	pending->slots = slots;
	pending->capacity = capacity;
	return 0;
}

void wf_pending_push(struct wf_pending *pending, struct wf_job *job, const struct wf_item *item)
{
	const uint64_t number = item->entry.number;

	if (pending->count == 0)
		pending->first = number;
	pending->count++;
	wf_job_hold(job);
	*slot_of(pending, number) = (struct wf_pending_slot){job, item};
}

int wf_pending_push_none(struct wf_pending *pending)
{
	const int code = pending->count == 0 ? 0 : wf_pending_reserve(pending);

	if (code < 0 || pending->count == 0)
		return code;
	pending->count++;
	*slot_of(pending, pending->first + pending->count - 1) = (struct wf_pending_slot){NULL, NULL};
	return 0;
}

void wf_pending_forget(struct wf_pending *pending, uint64_t number)
{
	struct wf_pending_slot *slot = slot_of(pending, number);

	if (slot == NULL)
		return;
	wf_job_release(slot->job);
	slot->job = NULL;
}

void wf_pending_drop(struct wf_pending *pending, uint64_t number_last)
{
	while (pending->count > 0 && pending->first <= number_last) {
		wf_job_release(slot_of(pending, pending->first)->job);
		pending->first++;
		pending->count--;
	}
}
