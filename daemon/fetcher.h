/* Has evidence that the index thread will compare soon read from disk, on threads of their own.
 *
 *   index thread: numbers -> ring -> threads: each reads the record in a snapshot of its own; the system keeps the page
 *
 * A store that is larger than the memory makes the index thread wait for a page of an old article now and then, longer
 * than it needs for an article; several such waits together take no longer than one. It is for speed alone: what is
 * not there in time is waited for as before, and an article that cannot be read is left to the index. As it costs the
 * index thread a second look-up, it is wanted only while pages are waited for, which the system counts. */
#ifndef WF_FETCHER_H
#define WF_FETCHER_H

#include <stdatomic.h>
#include <uv.h>

#include "base/bytes.h"
#include "store.h"

#define WF_FETCHER_THREADS_MAX 64u   /* as the setting says */
#define WF_FETCHER_ROOM        1024u /* numbers that wait; a power of two */

struct wf_fetcher {
	struct wf_store *store;
	uv_mutex_t mutex;
	uv_cond_t changed;
	uint64_t numbers[WF_FETCHER_ROOM]; /* a ring */
	uint32_t first;
	uint32_t count;
	uint32_t waiting; /* threads */
	bool is_stopped;
	uv_thread_t threads[WF_FETCHER_THREADS_MAX];
	uint32_t threads_count; /* that run */
	uint32_t threads_max;
	atomic_uint_fast64_t fetched; /* articles */
	atomic_uint_fast64_t waits;   /* of the threads, for pages */

	/* The asking thread's. */
	bool is_wanted;
	uint64_t articles;     /* since waits were last looked at */
	uint64_t waits_before; /* of it and the threads, then */
};

/* The threads, `threads_max` at most, start when it is first wanted; with none it never is. Errors: WF_ENOMEM, of
 * libuv. */
int wf_fetcher_init(struct wf_fetcher *fetcher, struct wf_store *store, uint32_t threads_max);
void wf_fetcher_close(struct wf_fetcher *fetcher); /* also one of zeros */

/* On the asking thread, for every `articles` that it is about to decide: whether to ask for what they will need. */
bool wf_fetcher_is_wanted(struct wf_fetcher *fetcher, uint32_t articles);

/* What that goes by: so many `waits` came with so many articles. Starts the threads if need be; where none starts, it
 * stays unwanted. */
void wf_fetcher_judge(struct wf_fetcher *fetcher, uint64_t waits, uint64_t articles);

/* Asks for articles. Does not wait: those for which there is no room are left out. */
void wf_fetcher_ask(struct wf_fetcher *fetcher, const uint64_t *numbers, uint32_t count);

#endif
