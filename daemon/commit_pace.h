/* When a batch that could be committed is better filled up first: while writes come one after another, fewer and larger
 * commits keep the disk and the processors free. Most writes wait a little longer for it, the slowest much less.
 *
 *   commit ends -> [ writes come ... ] -> commit begins:  as many have come as were in the fullest of the last batches
 *                                                         (clients that wait for their replies have all come back),
 *                                                         or none has for a moment, or the pace is kept
 *
 * A client that is alone, and sends one after the other, is never waited for. */
#ifndef WF_COMMIT_PACE_H
#define WF_COMMIT_PACE_H

#include "base/bytes.h"

#define WF_COMMIT_PACE_BATCHES 8u
#define WF_COMMIT_PACE_GAP_US  300u

struct wf_commit_pace {
	uint64_t ended_us; /* the last commit, on the caller's clock */
	uint32_t writes[WF_COMMIT_PACE_BATCHES];
	uint32_t next;
};

/* How long a batch of so many writes waits for one more; 0: it is to be committed. pace_us: of the settings. */
uint64_t wf_commit_pace_wait_us(const struct wf_commit_pace *pace, uint64_t now_us, uint32_t writes, uint64_t pace_us);

/* A batch of so many writes was committed. */
void wf_commit_pace_note(struct wf_commit_pace *pace, uint64_t now_us, uint32_t writes);

#endif
