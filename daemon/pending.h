/* The articles that are applied and not yet known to be on disk, by their numbers.
 *
 *   slots (a ring):  [ job, item | job, item | none | job, item ]
 *                      ^ first, in the slot that its number leads to        count of them
 *
 * A number whose article was removed again, or that no article has, has its slot all the same. */
#ifndef WF_PENDING_H
#define WF_PENDING_H

#include "job.h"

struct wf_pending_slot {
	struct wf_job *job; /* held; NULL: no article */
	const struct wf_item *item;
};

/* Zeros: empty. */
struct wf_pending {
	struct wf_pending_slot *slots;
	size_t capacity; /* 0 or a power of two */
	uint64_t first;  /* number of its first */
	size_t count;
};

/* Lets go of all, and of the memory. */
void wf_pending_close(struct wf_pending *pending);

/* NULL: it is not pending. */
const struct wf_item *wf_pending_item(const struct wf_pending *pending, uint64_t number);

/* Makes room for one more. Errors: WF_ENOMEM. */
int wf_pending_reserve(struct wf_pending *pending);

/* Adds an article, of whose job it keeps a reference. Its number, item->entry.number, is the one after the last, or any
 * where there is none. There is room. */
void wf_pending_push(struct wf_pending *pending, struct wf_job *job, const struct wf_item *item);

/* The next number is one that no article will have. Errors: WF_ENOMEM. */
int wf_pending_push_none(struct wf_pending *pending);

/* The article is removed again; others keep their places. Nothing is done where it is not pending. */
void wf_pending_forget(struct wf_pending *pending, uint64_t number);

/* Lets go of all up to this number. */
void wf_pending_drop(struct wf_pending *pending, uint64_t number_last);

#endif
