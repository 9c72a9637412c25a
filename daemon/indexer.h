/* The one thread that has the index: takes prepared requests in their order, decides, applies, and words the verdicts.
 *
 *   committed (in the store, by its reader) | pending (in their jobs) | the next number
 *   1 ......................... first - 1    first ......... next - 1   next
 *
 * The index is ahead of the store by what is pending. Where a batch fails to reach the disk it is too far ahead:
 * everything pending is refused, and index and ids are built anew from the store; until a small write succeeds, writes
 * are refused at once. */
#ifndef WF_INDEXER_H
#define WF_INDEXER_H

#include <uv.h>

#include "expire_pace.h"
#include "fetcher.h"
#include "id_index.h"
#include "index.h"
#include "job.h"
#include "learned.h"
#include "page_maker.h"
#include "pending.h"
#include "queue.h"
#include "recent.h"

struct wf_pipeline;

#define WF_INDEXER_SLICE 64u /* articles of a batch, between which queries of others are served */

struct wf_indexer {
	struct wf_pipeline *pipeline;
	struct wf_queue queue;
	uv_thread_t thread;
	bool is_started;
	struct wf_index *index; /* NULL: could not be built anew yet */
	struct wf_id_index ids;
	struct wf_store_reader *reader;
	bool is_awake;             /* the reader holds a snapshot */
	uint32_t uses;             /* of that snapshot */
	struct wf_job *waiting;    /* what has come, oldest first, after the job in hand */
	struct wf_job *held;       /* queries that went ahead of the batch in hand and name what is not on disk */
	struct wf_job **held_last; /* where the next one is linked */
	bool is_amid_batch;
	uint64_t number_next;
	uint64_t number_seen; /* what the reader's snapshot has, at least */
	struct wf_pending pending;
	struct wf_recent recent;
	struct wf_fetcher fetcher;
	struct wf_page_maker page_maker;
	struct wf_arena scratch;
	struct wf_learned learned; /* what of it is on its way to the store */
	uint64_t state_number;     /* number of the newest article when what was learned was last copied */
	uint64_t gone_count;       /* clusters gone since redirects were last looked through */
	bool may_have_gone_redirects;
	struct wf_expire_pace expire_pace;
	bool is_refusing;    /* writes, until a probe succeeds */
	bool takes_removals; /* though it refuses other writes: there is no room for those alone */
	struct wf_error refusal;
	uint64_t probe_next_ms;
	uint64_t probe_pause_ms;
	uint64_t recovered_ms;
};

/* Brings everything back from the store, on the caller's thread, then starts the thread. */
int wf_indexer_start(struct wf_indexer *indexer, struct wf_pipeline *pipeline, struct wf_error *error);
void wf_indexer_stop(struct wf_indexer *indexer); /* saves what was learned */
void wf_indexer_close(struct wf_indexer *indexer);

/* Index and ids as the store has them. Errors: WF_ENOMEM, WF_ECORRUPT, those of the store; in words. */
int wf_indexer_load(struct wf_indexer *indexer, struct wf_error *error);

/* Forgets what is pending, index and ids. */
void wf_indexer_unload(struct wf_indexer *indexer);

/* Has the reader see what has been committed, lets go of what is on disk, and gives the store's writer its turn. */
int wf_indexer_renew(struct wf_indexer *indexer);

/* ---- for the methods, on the index thread ---- */

/* The number of the article with this id, or 0. Errors: of the store; an article that is known and cannot be read is
 * WF_ECORRUPT. */
int wf_indexer_find(struct wf_indexer *indexer, struct wf_bytes id, uint64_t id_hash, uint64_t *number);

/* The id of an article, for the wire; data NULL where it is gone, or `number` is 0. Valid until the indexer's next
 * step. Errors: as of find. */
int wf_indexer_id_of(struct wf_indexer *indexer, uint64_t number, struct wf_bytes *id);

/* The stored entry, from memory or disk; borrowed, or in `arena`. Errors: WF_ENOTFOUND, of the store. */
int wf_indexer_entry(struct wf_indexer *indexer, uint64_t number, struct wf_arena *arena, struct wf_store_entry *entry);

/* What the index compares of an article, from memory or disk; borrowed until the next step. Errors: as of entry. */
int wf_indexer_evidence(struct wf_indexer *indexer, uint64_t number, struct wf_bytes *evidence);

/* Takes one prepared article in, and fills item->entry for the committer. *repeated: it is there already, with the same
 * content; *decision is then what was said of it, as far as it still holds. Errors: with the words in `error`; nothing
 * has changed. */
int wf_indexer_add(struct wf_indexer *indexer, struct wf_job *job, struct wf_item *item, struct wf_decision *decision,
		   bool *repeated, struct wf_error *error);

/* What wf_indexer_add() would say of the article; item->replaces tells whether it would replace one. Changes
 * nothing. */
int wf_indexer_query(struct wf_indexer *indexer, struct wf_job *job, struct wf_item *item, struct wf_decision *decision,
		     struct wf_error *error);

/* Amid a long batch, between two of its articles: serves the queries of other connections that have come meanwhile, but
 * those that come after something else of theirs. One that names what is not on disk is answered after the batch. */
void wf_indexer_give_way(struct wf_indexer *indexer, struct wf_job *batch);

/* While pages of the store have to be waited for: has those read ahead that the job's articles from `from` on, of which
 * a slice is about to be decided, and the jobs behind it will need. */
void wf_indexer_foresee(struct wf_indexer *indexer, struct wf_job *job, uint32_t from);

/* Takes an article out of index and ids; the caller has the store remove it. take_out: its entry is at hand. */
int wf_indexer_remove(struct wf_indexer *indexer, uint64_t number, struct wf_error *error);
int wf_indexer_take_out(struct wf_indexer *indexer, const struct wf_store_entry *entry);

/* Editors' words, as wf_index_merge() and wf_index_split() say; the job is filled for the committer.
 * split: *cluster: the one to split, then the new one. numbers: of its articles, ascending, each once, not all; they
 * live as long as the job.
 * Errors: theirs, in words in job->error but for WF_ENOTFOUND; nothing has changed. */
int wf_indexer_merge(struct wf_indexer *indexer, struct wf_job *job, const uint64_t *clusters, size_t clusters_count,
		     uint64_t *cluster, size_t *place);
int wf_indexer_split(struct wf_indexer *indexer, struct wf_job *job, uint64_t *cluster, const uint64_t *numbers,
		     size_t numbers_count);

/* ---- upkeep.c: what it does besides, in small steps ---- */

/* Sends jobs that remove what is too old and redirects that lead nowhere, and keep what was learned. Returns how long
 * to sleep, us. */
uint64_t wf_indexer_upkeep(struct wf_indexer *indexer);

/* Sends jobs that keep what the index has learned, all of it. */
void wf_indexer_save_state(struct wf_indexer *indexer);

#endif
