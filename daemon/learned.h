/* How what the index has learned reaches the store and comes back: a copy of one moment, made and written in pieces
 * between the articles that come meanwhile, so that no batch and no article waits for the whole of it.
 *
 *   state "index": [ format | bytes | pieces | generation ]          written last, with the last piece
 *   state "index.<generation>.<piece>": PIECE bytes, the last one less
 *
 * Two generations take turns: while one is written, the other is what a start finds. */
#ifndef WF_LEARNED_H
#define WF_LEARNED_H

#include "base/arena.h"
#include "index.h"
#include "job.h"
#include "store.h"

#define WF_LEARNED_PIECE_BYTES (128u << 10)

struct wf_learned {
	struct wf_arena arena;
	struct wf_index *index; /* that fills `bytes`; NULL: none */
	struct wf_bytes bytes;  /* of the moment that is being written; length 0: none is */
	uint64_t number;        /* the newest article of that moment */
	uint32_t pieces_done;
	uint32_t generation; /* of the one that is written whole */
};

void wf_learned_init(struct wf_learned *learned);
void wf_learned_close(struct wf_learned *learned);

/* Begins the copy; `number` is the index's newest article. One that was being written is given up. The index stays
 * until the copy is written whole or dropped. Errors: WF_ENOMEM. */
int wf_learned_begin(struct wf_learned *learned, struct wf_index *index, uint64_t number);
bool wf_learned_is_under_way(const struct wf_learned *learned);
uint32_t wf_learned_pieces(const struct wf_learned *learned);
void wf_learned_drop(struct wf_learned *learned);

/* Gives the job the pieces that are not done yet, up to `until` of them in all; with the last one the copy is let go.
 * Errors: WF_ENOMEM: none is given. */
int wf_learned_put(struct wf_learned *learned, struct wf_job *job, uint32_t until);

/* Reads what was written last into an index that has no articles yet. Errors: WF_ENOTFOUND: nothing was;
 * WF_ECORRUPT, WF_EVERSION: it is of no use, nothing is loaded; WF_ENOMEM; of the store. */
int wf_learned_load(struct wf_learned *learned, struct wf_store_reader *reader, struct wf_index *index);

#endif
