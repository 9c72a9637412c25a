/* How writes reach the disk: many in one batch, one sync for all, and nobody hears of a write before.
 *
 *   index thread -> [ write | write | read | write | removal ] -> batch 1: three writes -> sync -> verdicts leave,
 *                                                                 the read gets a snapshot; batch 2: the removal
 *
 * A read sees every write before it, as those are on disk when its snapshot is taken. Later writes of its batch do it
 * no harm, since the indexer has already said which articles it is to read; but a removal would, and therefore begins a
 * new batch. */
#ifndef WF_COMMITTER_H
#define WF_COMMITTER_H

#include <stdatomic.h>
#include <uv.h>

#include "commit_pace.h"
#include "queue.h"
#include "worker.h"

struct wf_pipeline;

#define WF_COMMIT_ARTICLES_MAX 4096u
#define WF_COMMIT_BYTES_MAX    (64u << 20)
#define WF_READ_GROUPS         8u
#define WF_READ_GROUP_JOBS_MAX 64u

struct wf_committer {
	struct wf_pipeline *pipeline;
	struct wf_queue queue;
	uv_thread_t thread;
	bool is_started;
	struct wf_commit_pace pace;            /* the thread's own */
	atomic_uint_fast64_t number_committed; /* every article up to it is on disk, or was never acknowledged */
	atomic_uint_fast64_t incoming;         /* jobs with writes that the indexer has and the committer has not */
	atomic_bool has_failed;                /* a batch failed: all is refused until a marker comes */
	uv_mutex_t mutex;                      /* for all below */
	uv_cond_t changed;
	struct wf_error failure;
	bool is_answered; /* the marker or probe has been seen to */
	int probe_code;
	bool probe_has_room;
	struct wf_read_group groups[WF_READ_GROUPS];
	struct wf_read_group *groups_free;
};

int wf_committer_start(struct wf_committer *committer, struct wf_pipeline *pipeline);
void wf_committer_stop(struct wf_committer *committer); /* commits what it has before it returns */

/* For the workers: the group's snapshot is done with. */
void wf_committer_group_done(struct wf_committer *committer, struct wf_read_group *group);

/* For the indexer, after has_failed: returns once everything that was sent has been refused; the committer then takes
 * writes again. *failure: why the batch failed. */
void wf_committer_drain(struct wf_committer *committer, struct wf_job *marker, struct wf_error *failure);

/* For the indexer: whether a small write reaches the disk now. Waits for the disk. *has_room: additions are not refused
 * for want of room either. */
int wf_committer_probe(struct wf_committer *committer, struct wf_job *probe, bool *has_room, struct wf_error *failure);

#endif
