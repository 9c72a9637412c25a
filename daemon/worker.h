/* The threads that do the work which needs nobody else: analysing and compressing texts, reading the store.
 *
 *   small texts  [ work | work ] --+
 *   large texts  [ work ] ---------+--> threads          reads go first: the store's writer may have to wait for them
 *   reads        [ group | group ] +       -> finish() of a reading method, as a small or large text
 *
 * Threads of our own rather than libuv's pool: large texts may have all threads but one, so that a giant text of one
 * connection does not hold up the others, and each thread keeps a compressor and scratch memory from one text to the
 * next. */
#ifndef WF_WORKER_H
#define WF_WORKER_H

#include <stdatomic.h>
#include <uv.h>

#include "job.h"
#include "store_text.h"

struct wf_pipeline;

#define WF_WORKERS_MAX         256u
#define WF_WORK_TEXTS_MAX      16u          /* articles of a batch that one thread takes at a time */
#define WF_WORK_LARGE_BYTES    (256u << 10) /* a work of more bytes is a large one */
#define WF_WORK_HERE_BYTES_MAX (8u << 10)   /* a request of so many bytes may be prepared by who took it in */
#define WF_WORK_HELD_BYTES_MAX (256u << 20) /* texts kept for finish(), of all jobs */

/* Jobs that read what is stored, and the snapshot in which they do. */
struct wf_read_group {
	struct wf_read_group *next;
	struct wf_store_reader *reader; /* awake */
	struct wf_job *jobs;            /* linked by queue_next */
	struct wf_job **jobs_last;
	uint32_t count;
};

/* What a reading method has at hand. */
struct wf_reading {
	struct wf_pipeline *pipeline;
	struct wf_store_reader *reader; /* NULL in finish() */
	struct wf_text_codec *codec;
	struct wf_arena *arena; /* emptied after each job */
};

struct wf_worker;

struct wf_work_row {
	struct wf_work *first;
	struct wf_work **last;
};

struct wf_workers {
	struct wf_pipeline *pipeline;
	uv_mutex_t mutex;
	uv_cond_t changed;
	struct wf_work_row small;
	struct wf_work_row large;
	struct wf_read_group *groups;
	struct wf_read_group **groups_last;
	uint64_t ticket; /* of the newest work: the older of two rows' heads goes first */
	uint32_t large_running;
	atomic_size_t held_bytes;
	uint32_t waiting;
	uint32_t threads_count;
	bool is_stopped;
	struct wf_worker *caller; /* of wf_workers_prepare_here(): no thread of ours */
	uv_thread_t threads[WF_WORKERS_MAX];
};

/* Errors: of libuv, WF_ENOMEM. */
int wf_workers_start(struct wf_workers *workers, struct wf_pipeline *pipeline, uint32_t count);
void wf_workers_stop(struct wf_workers *workers); /* all work is done before it returns */

/* Has the job's items prepared; the pipeline returns the job when they are. Errors: WF_ENOMEM. */
int wf_workers_prepare(struct wf_workers *workers, struct wf_job *job);

/* Prepares the items of a small job on the calling thread, always the same one: where there are few, handing them over
 * and taking them back costs more than the work. False: nothing was done, the job is too large for that. */
bool wf_workers_prepare_here(struct wf_workers *workers, struct wf_job *job);

/* For read(): counts bytes that the job keeps until finish() is done. Errors: WF_EOVERLOADED: others hold too many. */
int wf_workers_hold(struct wf_workers *workers, struct wf_job *job, size_t bytes);

/* Has the group's jobs read and returned, then gives the group back to the committer. */
void wf_workers_read(struct wf_workers *workers, struct wf_read_group *group);

#endif
