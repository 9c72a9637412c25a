/* Large blocks of memory in large pages, where the system has them. A random look-up in a table of some hundred
 * megabytes costs a walk through the page tables otherwise, in a virtual machine several times the look-up itself. */
#ifndef WF_BASE_PAGES_H
#define WF_BASE_PAGES_H

#include "base/bytes.h"

#define WF_PAGES_LARGE_BYTES (2u << 20)

/* A block of at least `bytes`, with whatever is in it; its start is a multiple of WF_PAGES_LARGE_BYTES. NULL when
 * memory is out. */
void *wf_pages_take(size_t bytes);
void wf_pages_free(void *block); /* NULL is allowed */

/* Gives the memory of all large pages that lie wholly in [start, start + bytes) back to the system; what they held is
 * gone. The block stays the caller's. */
void wf_pages_give_back(void *start, size_t bytes);

/* The system makes a large page when it is first written to, which takes 0.1 ms and, in a virtual machine whose own
 * pages are not there yet, 5 ms. So who knows what will be written next says so, and somebody else may have it made
 * meanwhile. For speed alone. */
struct wf_pages_ahead {
	void (*ask)(void *context, void *start, size_t bytes);    /* NULL: nobody does. It does not wait. */
	void (*forget)(void *context, void *start, size_t bytes); /* when it returns, nobody touches these any more */
	void *context;
};

/* A range of a block, which goes by wf_pages_free_asked() then. */
void wf_pages_ask(const struct wf_pages_ahead *ahead, void *start, size_t bytes);
void wf_pages_free_asked(const struct wf_pages_ahead *ahead, void *block, size_t bytes);

/* For blocks that are needed one after another. ask_next takes the next ahead of its time and asks for it, unless that
 * was done, or there is nobody to be asked, or no memory for it yet; take_next gives that one, else a new one, NULL
 * when memory is out. */
void wf_pages_ask_next(const struct wf_pages_ahead *ahead, void **next, size_t bytes);
void *wf_pages_take_next(void **next, size_t bytes);

/* Has the system make pages that are not there, by a write to each that changes nothing, whatever else is written there
 * at the same time. On any thread. */
void wf_pages_make(void *start, size_t bytes);

#endif
