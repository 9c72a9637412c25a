/* What is asked for of the articles that came last, in memory: most copies come soon after their story, and to find a
 * record in the store, even one that the system holds in memory, costs as much as to compare two articles.
 *
 *   number -> slots, a ring   [ number | position, lengths ]
 *          -> bytes, a ring   ... evidence, id | evidence, id ...      the oldest are overwritten
 *
 * Not for use by two threads at once. */
#ifndef WF_RECENT_H
#define WF_RECENT_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/pages.h"

struct wf_recent_slot {
	uint64_t number;   /* 0: none */
	uint64_t position; /* of all bytes ever written */
	uint32_t evidence_bytes;
	uint32_t id_bytes;
};

struct wf_recent {
	char *bytes;
	uint64_t capacity; /* of the bytes; 0: nothing is kept */
	uint64_t written;  /* bytes ever, those left out where the ring begins again included */
	struct wf_recent_slot *slots;
	uint64_t slots_count;        /* 0 or a power of two */
	struct wf_pages_ahead ahead; /* of the bytes' pages; set after init */
	uint64_t asked;              /* bytes, from the first */
};

struct wf_recent_article {
	struct wf_bytes evidence;
	struct wf_bytes id;
};

/* Room for `capacity` bytes, 0: for none; memory is used up to there as it fills. Errors: WF_ENOMEM. */
int wf_recent_init(struct wf_recent *recent, uint64_t capacity);
void wf_recent_close(struct wf_recent *recent);

/* Keeps a copy. Numbers ascend. One that is larger than a sixteenth of the ring is not kept. */
void wf_recent_push(struct wf_recent *recent, uint64_t number, struct wf_bytes evidence, struct wf_bytes id);

/* Forgets one article; all. */
void wf_recent_forget(struct wf_recent *recent, uint64_t number);
void wf_recent_clear(struct wf_recent *recent);

/* Whether the article is there. What is lent stays through the next push, and until the one after it. */
bool wf_recent_find(const struct wf_recent *recent, uint64_t number, struct wf_recent_article *article);

uint64_t wf_recent_memory_bytes(const struct wf_recent *recent);

#endif
