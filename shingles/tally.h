/* Which articles share the most keys with the newcomer, as far as the LSH table tells.
 *
 *   keys -> LSH table -> found: an entry for each article under each key
 *                     -> slots: a small hash table, article -> score, keys in common
 *                     -> best: those with the highest scores */
#ifndef WF_TALLY_H
#define WF_TALLY_H

#include "base/bytes.h"
#include "lsh.h"
#include "newcomer.h"

#define WF_TALLY_SLOTS 8192u /* WF_NEWCOMER_KEYS_MAX full buckets fill less than half */
#define WF_TALLY_FOUND (WF_NEWCOMER_KEYS_MAX * WF_LSH_BUCKET_MAX)
#define WF_TALLY_BEST  64u

struct wf_tally_entry {
	uint32_t number; /* low 31 bits of the article's */
	uint16_t score;
	uint16_t hits; /* keys in common */
};

/* Room for one search: 122 KiB, of which most use little. All 0 before the first. */
struct wf_tally {
	struct wf_lsh_search search;
	struct wf_lsh_found found[WF_TALLY_FOUND];
	uint64_t slots[WF_TALLY_SLOTS]; /* an entry in one word; 0: free, which all are between searches */
	uint16_t taken[WF_TALLY_FOUND]; /* those that are not */
	uint64_t chosen[WF_TALLY_FOUND];
};

/* Two steps: begin asks the table for all keys of the newcomer; what find needs of it then comes from memory, while
 * something else is done, but not to the table. A key that few articles have says more. Where the newcomer asks for
 * many passages, one key in common is chance, and not enough. Out: best, the highest scores first, of equals the older
 * article. Returns how many. */
void wf_tally_begin(struct wf_tally *tally, const struct wf_lsh *lsh, const struct wf_newcomer *newcomer);
uint32_t wf_tally_find(struct wf_tally *tally, const struct wf_lsh *lsh, const struct wf_newcomer *newcomer,
		       struct wf_tally_entry best[WF_TALLY_BEST]);

#endif
