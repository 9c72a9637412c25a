/* Which clusters an editor holds apart: no newcomer, however alike to both, makes them one.
 *
 *   cluster -> [ those that it is held apart from ]      of either side; both are there
 *
 * Clusters are named by the IDs that they have now. One that is folded into another leaves its pairs to that one. */
#ifndef WF_APART_H
#define WF_APART_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"

struct wf_apart {
	struct wf_map clusters;
	size_t pairs_count;
	size_t lists_bytes;
};

void wf_apart_init(struct wf_apart *apart);
void wf_apart_close(struct wf_apart *apart);

/* Those that `cluster` is held apart from, in no order; NULL and *count 0 where there are none. Valid until the next
 * change. */
const uint64_t *wf_apart_of(const struct wf_apart *apart, uint64_t cluster, uint32_t *count);

bool wf_apart_holds(const struct wf_apart *apart, uint64_t a, uint64_t b);

/* Holds two clusters apart; nothing happens where they are one, or held apart already.
 * Errors: WF_ETOOLARGE (one has WF_APART_MAX others, or WF_APART_PAIRS_MAX pairs are held), WF_ENOMEM; nothing has
 * changed then. */
int wf_apart_add(struct wf_apart *apart, uint64_t a, uint64_t b);

/* Room for so many more of `cluster`, so that folds into it do not fail. Errors: WF_ENOMEM. */
int wf_apart_reserve(struct wf_apart *apart, uint64_t cluster, uint32_t count);

/* `from` was folded into `into`, which is held apart from whatever either was; of the two themselves nothing is left.
 * The bound WF_APART_MAX is the caller's to keep. Errors: WF_ENOMEM (not after a reservation); nothing has changed. */
int wf_apart_fold(struct wf_apart *apart, uint64_t from, uint64_t into);

/* A cluster is gone, and its pairs with it. */
void wf_apart_forget(struct wf_apart *apart, uint64_t cluster);

size_t wf_apart_memory_bytes(const struct wf_apart *apart);

#endif
