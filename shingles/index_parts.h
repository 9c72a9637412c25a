/* What the files of the index share: its state, and the few steps that more than one of them takes.
 *
 *   index.c         its life, and articles in and out
 *   index_decide.c  what an article is: candidates, comparison, decision
 *   index_editor.c  editors' words
 *   index_state.c   what was learned, as bytes */
#ifndef WF_INDEX_PARTS_H
#define WF_INDEX_PARTS_H

#include "apart.h"
#include "boilerplate.h"
#include "cluster.h"
#include "evidence.h"
#include "frequency.h"
#include "index.h"
#include "lsh.h"
#include "lsh_bulk.h"
#include "mending.h"
#include "newcomer.h"
#include "sketch.h"
#include "tally.h"

#define WF_CANDIDATES_LIMIT   64u
#define WF_CANDIDATES_COUNTED 256u /* decisions that examined more are counted as this many */
#define WF_SOURCES_MAX        8192u

/* What the store keeps for a restart: [ header | keys ]. */
struct wf_sketch_header {
	uint8_t version;
	uint8_t is_composite;
	uint8_t is_learned; /* the source had not printed the story before */
	uint8_t is_story;   /* it founded its cluster */
	uint32_t own_tokens;
	uint32_t keys_count;
};

struct wf_candidate {
	uint64_t number;
	uint64_t cluster;
	uint64_t source;
	bool is_composite;
	bool is_same;
	struct wf_bytes evidence;
	double strength;
	struct wf_comparison comparison;
};

struct wf_index {
	struct wf_index_settings settings;
	struct wf_bands bands;
	wf_evidence_cb read;
	void *read_context;
	struct wf_lsh lsh;
	struct wf_lsh_bulk restored; /* keys of restored articles that wait */
	struct wf_lsh_bulk entering; /* and those that are to be entered, maybe on another thread */
	struct wf_boilerplate boilerplate;
	struct wf_frequency frequency;
	struct wf_clusters clusters;
	struct wf_apart apart;
	struct wf_mending mending;
	struct wf_profile *profile;
	struct wf_index_stats stats;
	uint64_t decisions_by_candidates[WF_CANDIDATES_COUNTED + 1];
	uint64_t learned_number; /* the last article learned from */

	/* The newcomer, between decide and apply, and the one made ready ahead of its turn. */
	bool is_composite;
	struct wf_newcomer *newcomer;
	struct wf_newcomer *prepared;
	struct wf_newcomer newcomers[2];
	struct wf_newcomer foreseen;     /* room for wf_index_foresee() */
	const struct wf_document *ahead; /* to be made ready; NULL: none is */
	uint64_t ahead_source;

	/* Room for one decision. */
	uint32_t candidates_count;
	struct wf_candidate candidates[WF_CANDIDATES_LIMIT];
	uint64_t
		covered_by[WF_DOCUMENT_TOKENS_MAX]; /* by token of the newcomer: a bit for each candidate that has it */
	uint16_t other_tokens[WF_DOCUMENT_TOKENS_MAX];
	uint8_t other_mask[WF_DOCUMENT_TOKENS_MAX];
	uint16_t pair_tokens[WF_DOCUMENT_TOKENS_MAX];
	uint8_t pair_mask[WF_DOCUMENT_TOKENS_MAX];
	uint8_t marks[WF_TOKEN_VALUES / 8];
	uint64_t keys[WF_DOCUMENT_KEYS_MAX];
	struct wf_tally tally;
};

/* The header of a sketch, and where its keys are. Errors: WF_ECORRUPT. */
int wf_index_read_sketch(struct wf_bytes sketch, struct wf_sketch_header *header, const char **keys);

/* Reads a stored article's tokens into the other's place. Errors: as of the evidence callback and its decoding. */
int wf_index_take_other(struct wf_index *index, uint64_t number, uint32_t *tokens_count);

/* Room for all that the folds need, so that none of them fails. Errors: WF_ENOMEM. */
int wf_index_reserve_folds(struct wf_index *index, uint64_t into, const uint64_t *merged, size_t merged_count);

/* Makes cluster `from` one with `into`. Errors: WF_ENOMEM, never after wf_index_reserve_folds(). */
int wf_index_fold(struct wf_index *index, uint64_t from, uint64_t into);

#endif
