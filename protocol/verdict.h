/* A verdict as the wire contract has it: what the daemon says of an article. */
#ifndef WF_VERDICT_H
#define WF_VERDICT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/relation.h"
#include "pack.h"
#include "value.h"

struct wf_verdict {
	struct wf_bytes id; /* data NULL: a query without an id, written as nil */
	uint64_t cluster;   /* 0: none (a query of a unique article), written as nil */
	bool is_new;
	enum wf_relation relation;
	struct wf_bytes match; /* data NULL: none, written as nil */
	double similarity;
	double containment;
	uint64_t size;
	const uint64_t *merged;
	size_t merged_count;
	const uint64_t *related;
	size_t related_count;
	bool replaced;
};

/* Writes the eleven pairs of the contract, always all of them, in its order. */
void wf_verdict_pack(struct wf_pack *pack, const struct wf_verdict *verdict);

/* Writes what stands in a result of add_batch for an article that was refused: {"id": id or nil, "error": [word,
 * text]}. */
void wf_verdict_pack_refusal(struct wf_pack *pack, struct wf_bytes id, const struct wf_error *refusal);

/* Reads a verdict; other keys are ignored. An item of an add_batch result that is a refusal gives its error: the
 * daemon's code and words.
 * Out:     verdict, overwritten; strings borrowed from the message, lists in `arena`. On a refusal `id` alone is set.
 * Errors:  the code of a refusal; WF_EBADREQUEST where it is no verdict; WF_ENOMEM; in words in `error`. */
int wf_verdict_decode(struct wf_value value, struct wf_arena *arena, struct wf_verdict *verdict,
		      struct wf_error *error);

#endif
