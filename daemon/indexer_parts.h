/* What the files of the indexer share, for these alone.
 *
 *   indexer.c         its reader, and what it does for the methods
 *   indexer_editor.c  editors' words
 *   indexer_load.c    the start
 *   indexer_thread.c  the thread, and failures of the store
 *   upkeep.c          what it does besides */
#ifndef WF_INDEXER_PARTS_H
#define WF_INDEXER_PARTS_H

#include "indexer.h"

static inline uint64_t wf_indexer_now_ms(void)
{
	return uv_hrtime() / 1000000;
}

/* The reader gives its snapshot up, if it has one: the store may use the pages anew that only this one has. */
void wf_indexer_rest(struct wf_indexer *indexer);

/* Whether a new snapshot is due. Also now and then without news: the writer may be waiting for every reader to rest. */
bool wf_indexer_is_stale(struct wf_indexer *indexer);

/* A wf_evidence_cb; `context` is the indexer. One that cannot be read is noted as damaged, and passed over by the
 * index. */
int wf_indexer_read_evidence_cb(void *context, uint64_t number, struct wf_bytes *evidence);

#endif
