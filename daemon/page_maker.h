/* Has pages of memory made that the index thread is about to write to, on a thread of its own.
 *
 *   index thread: ranges -> ring -> thread: has the system make them, a large page at a time
 *
 * A large page that is not there costs whoever writes to it first as much as hundreds of articles (base/pages.h). It is
 * for speed alone: a page that is not there in time is made when it is written to, as before. */
#ifndef WF_PAGE_MAKER_H
#define WF_PAGE_MAKER_H

#include <uv.h>

#include "base/bytes.h"
#include "base/pages.h"

#define WF_PAGE_MAKER_ROOM 64u /* ranges that wait; a power of two */

struct wf_page_range {
	char *start;
	size_t bytes;
};

struct wf_page_maker {
	uv_mutex_t mutex;
	uv_cond_t changed;
	struct wf_page_range ranges[WF_PAGE_MAKER_ROOM]; /* a ring */
	uint32_t first;
	uint32_t count;
	char *making; /* the page in hand; NULL: none */
	bool is_stopped;
	bool is_started;
	uv_thread_t thread;
};

/* Errors: WF_ENOMEM, of libuv. */
int wf_page_maker_start(struct wf_page_maker *maker);
void wf_page_maker_stop(struct wf_page_maker *maker); /* also one of zeros */

/* For who writes to memory that is new: asks this maker. What there is no room for in the ring is left out. */
struct wf_pages_ahead wf_page_maker_ahead(struct wf_page_maker *maker);

#endif
