#include "subscriber.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 8192u

struct wf_subscriber_block {
	struct wf_subscriber_block *next;
	char *data;
	size_t length;
	size_t capacity;
};

void wf_subscriber_init(struct wf_subscriber *subscriber, size_t bytes_max)
{
	*subscriber = (struct wf_subscriber){.bytes_max = bytes_max, .outlet = WF_EVENT_OUTLET_ANY};
}

static void free_block(struct wf_subscriber_block *block)
{
	free(block->data);
	free(block);
}

void wf_subscriber_close(struct wf_subscriber *subscriber)
{
	while (subscriber->first != NULL) {
		struct wf_subscriber_block *block = subscriber->first;

		subscriber->first = block->next;
		free_block(block);
	}
	wf_subscriber_init(subscriber, subscriber->bytes_max);
}

static size_t cost_of(const struct wf_subscriber_block *block)
{
	return sizeof *block + block->capacity;
}

/* Begins a block that holds `bytes` at least; false where that passes the bound, or memory is out. */
static bool begin_block(struct wf_subscriber *subscriber, size_t bytes)
{
	struct wf_subscriber_block *block;
	const size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

	if (subscriber->bytes + sizeof *block + capacity > subscriber->bytes_max)
		return false;
	block = malloc(sizeof *block);
	if (block == NULL)
		return false;
	*block = (struct wf_subscriber_block){.data = malloc(capacity), .capacity = capacity};
	if (block->data == NULL) {
		free(block);
		return false;
	}
	if (subscriber->first == NULL)
		subscriber->first = block;
	else
		subscriber->last->next = block;
	subscriber->last = block;
	subscriber->is_barred = false;
	subscriber->bytes += cost_of(block);
	subscriber->blocks_put++;
	return true;
}

static bool append(struct wf_subscriber *subscriber, struct wf_bytes notification)
{
	struct wf_subscriber_block *last = subscriber->last;

	if ((last == NULL || subscriber->is_barred || last->capacity - last->length < notification.length) &&
	    !begin_block(subscriber, notification.length))
		return false;
	last = subscriber->last;
	memcpy(last->data + last->length, notification.data, notification.length);
	last->length += notification.length;
	return true;
}

/* Says what is missing, once there is room for more than that. */
static bool tell_gap(struct wf_subscriber *subscriber)
{
	struct wf_pack pack;
	bool is_told;

	if (subscriber->lost == 0)
		return true;
	if (subscriber->bytes > subscriber->bytes_max / 2)
		return false;
	wf_pack_init(&pack, 0);
	wf_event_pack_gap(&pack, subscriber->lost);
	is_told = pack.error == 0 && append(subscriber, wf_pack_bytes(&pack));
	wf_pack_close(&pack);
	if (is_told)
		subscriber->lost = 0;
	return is_told;
}

bool wf_subscriber_put(struct wf_subscriber *subscriber, struct wf_bytes notification)
{
	if (tell_gap(subscriber) && append(subscriber, notification))
		return true;
	subscriber->lost++;
	return false;
}

void wf_subscriber_lose(struct wf_subscriber *subscriber, uint64_t count)
{
	subscriber->lost += count;
	(void)tell_gap(subscriber);
}

uint64_t wf_subscriber_bar(struct wf_subscriber *subscriber)
{
	subscriber->is_barred = true;
	return subscriber->blocks_put;
}

char *wf_subscriber_take(struct wf_subscriber *subscriber, uint64_t blocks_taken_max, size_t *length)
{
	struct wf_subscriber_block *block = subscriber->first;
	char *data;

	if (block == NULL || subscriber->blocks_taken >= blocks_taken_max)
		return NULL;
	subscriber->first = block->next;
	if (block->next == NULL)
		subscriber->last = NULL;
	subscriber->bytes -= cost_of(block);
	subscriber->blocks_taken++;
	data = block->data;
	*length = block->length;
	free(block);
	(void)tell_gap(subscriber);
	return data;
}
