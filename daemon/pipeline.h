/* The stages of a request behind the loop, and what goes from one to the next.
 *
 *   loop -> workers -> loop -> indexer -> committer -> [workers, reading] -> loop
 *           (texts)   (order)  (one thread) (one thread)
 *
 * docs/ARCHITECTURE.md says why. The index may be ahead of the store by the batches under way; a batch that fails is
 * refused as a whole, and the index is brought back by replay. */
#ifndef WF_PIPELINE_H
#define WF_PIPELINE_H

#include "committer.h"
#include "indexer.h"
#include "log.h"
#include "metric.h"
#include "queue.h"
#include "settings.h"
#include "worker.h"

/* Called on any thread when the queue of returned jobs is no longer empty. */
typedef void (*wf_pipeline_wake_cb)(void *context);

struct wf_pipeline {
	const struct wf_settings *settings;
	const struct wf_log *log;
	struct wf_counters *counters;
	struct wf_store *store;
	uint64_t secret;
	struct wf_workers workers;
	struct wf_indexer indexer;
	struct wf_committer committer;
	struct wf_queue returned;
	struct wf_events events;
	wf_pipeline_wake_cb wake;
	void *wake_context;
	/* So that readers of the store make no replies without bound: */
	atomic_size_t replies_bytes;   /* of replies made by them that the loop has not taken back yet */
	atomic_size_t in_flight_bytes; /* what the loop holds for its connections */
	atomic_uint_fast64_t damage_told_ms;
};

/* Opens the store, brings the index back and starts the threads.
 * Errors: of the store, WF_ENOMEM, of libuv; in words. Nothing is left behind. */
int wf_pipeline_start(struct wf_pipeline *pipeline, struct wf_error *error);

/* Ends the threads and closes the store. Every job has been returned and taken. */
void wf_pipeline_stop(struct wf_pipeline *pipeline);

/* Has the items of a job prepared. It comes back with the same stage. Errors: WF_ENOMEM. */
int wf_pipeline_prepare(struct wf_pipeline *pipeline, struct wf_job *job);

/* For the loop: prepares them at once, without the workers. False: the job is too large for that. */
bool wf_pipeline_prepare_here(struct wf_pipeline *pipeline, struct wf_job *job);

/* Has a prepared job indexed, committed, read. Jobs of one connection are sent in their order. It comes back finished
 * but for wf_job_finish(). */
void wf_pipeline_send(struct wf_pipeline *pipeline, struct wf_job *job);

/* The jobs that came back, linked by queue_next; NULL: none. Does not wait. */
struct wf_job *wf_pipeline_take_returned(struct wf_pipeline *pipeline);

/* For the stages: names the calling thread, as `top -H` and debuggers show it; 15 bytes at most. */
void wf_pipeline_name_thread(const char *name);

/* For the stages: a job is done with. */
void wf_pipeline_return(struct wf_pipeline *pipeline, struct wf_job *job);

/* Any thread: a record of the article cannot be read. It is counted, and logged now and then. */
void wf_pipeline_note_damage(struct wf_pipeline *pipeline, const char *what, uint64_t number);

/* The hash of a source as the index wants it: of the outlet's name, trimmed and in lower case, else of the URL's host
 * without "www."; 0 where neither is known. */
uint64_t wf_pipeline_source(const struct wf_pipeline *pipeline, struct wf_bytes outlet, struct wf_bytes url);
uint64_t wf_pipeline_id_hash(const struct wf_pipeline *pipeline, struct wf_bytes id);

#endif
