/* One connection's subscription: its filter, and the events that its socket has not taken yet.
 *
 *   event -> filter -> [ block | block | block ] -> socket      blocks hold whole notifications
 *                                        ^ a barrier: the reply to subscribe or unsubscribe leaves between two blocks
 *
 * The blocks have a bound. Events past it are counted instead, and once half of it is free again a notification says
 * how many there were, in the place where they are missing. Everything here is the loop thread's. */
#ifndef WF_SUBSCRIBER_H
#define WF_SUBSCRIBER_H

#include "base/bytes.h"
#include "base/error.h"
#include "event.h"

struct wf_subscriber_block;

/* What subscribe and unsubscribe ask for. */
struct wf_subscription {
	bool is_wanted;
	uint64_t size_min;
	uint64_t source;
	uint32_t outlet;        /* as wf_events_subscribe() gave it, ... */
	bool is_counted;        /* ... where it did */
	bool is_settled;        /* it has begun or ended, and the reply ... */
	uint64_t blocks_before; /* ... leaves after so many blocks */
};

struct wf_subscriber {
	struct wf_subscriber *next; /* of all of the server */
	struct wf_subscriber *previous;
	struct wf_conn *conn;
	bool is_active;
	uint64_t size_min;
	uint32_t outlet;
	size_t bytes_max;
	size_t bytes; /* of the blocks */
	uint64_t lost;
	uint64_t blocks_put; /* ever, and ... */
	uint64_t blocks_taken;
	struct wf_subscriber_block *first;
	struct wf_subscriber_block *last;
	bool is_barred; /* the next event begins a block */
};

void wf_subscriber_init(struct wf_subscriber *subscriber, size_t bytes_max);
void wf_subscriber_close(struct wf_subscriber *subscriber);

/* Puts a packed notification behind the others. False: there is no room, and it counts as lost. */
bool wf_subscriber_put(struct wf_subscriber *subscriber, struct wf_bytes notification);

/* Notes that events are missing here. */
void wf_subscriber_lose(struct wf_subscriber *subscriber, uint64_t count);

/* What is put from now on is in other blocks than what was put before. Returns how many blocks were put. */
uint64_t wf_subscriber_bar(struct wf_subscriber *subscriber);

/* The bytes of the next block, for the caller to free; NULL where there is none, or `blocks_taken_max` have been
 * taken. */
char *wf_subscriber_take(struct wf_subscriber *subscriber, uint64_t blocks_taken_max, size_t *length);

static inline bool wf_subscriber_is_empty(const struct wf_subscriber *subscriber)
{
	return subscriber->first == NULL;
}

#endif
