/* How jobs go from one thread to another: a row under a lock, taken whole by the one who serves it. */
#ifndef WF_QUEUE_H
#define WF_QUEUE_H

#include <uv.h>

#include "job.h"

#define WF_QUEUE_WAIT_FOREVER UINT64_MAX

struct wf_queue {
	uv_mutex_t mutex;
	uv_cond_t changed;
	struct wf_job *first;
	struct wf_job **last;
	bool is_poked;
	bool is_stopped;
	bool is_awaited; /* somebody sleeps on it: others need no wake-up */
};

/* Errors: WF_ENOMEM, or of libuv. */
int wf_queue_init(struct wf_queue *queue);
void wf_queue_close(struct wf_queue *queue); /* empty */

/* Returns whether the queue was empty before. */
bool wf_queue_push(struct wf_queue *queue, struct wf_job *job);

/* Wakes the one who waits, without a job. */
void wf_queue_poke(struct wf_queue *queue);

/* No job comes any more: wf_queue_take() no longer waits. */
void wf_queue_stop(struct wf_queue *queue);

/* All jobs that are there, as wf_queue_take() gives them, without waiting; a poke stays to be heard. */
struct wf_job *wf_queue_poll(struct wf_queue *queue);

/* All jobs, oldest first, linked by queue_next. Waits for a job, a poke or the stop, `wait_us` at most; NULL where
 * there are none. *stopped (may be NULL): nothing is there and nothing will come. */
struct wf_job *wf_queue_take(struct wf_queue *queue, uint64_t wait_us, bool *stopped);

#endif
