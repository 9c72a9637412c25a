/* A verdict as the wire contract has it: what the daemon says of an article. */
#ifndef WF_VERDICT_H
#define WF_VERDICT_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/relation.h"

struct wf_verdict {
	struct wf_bytes id;     /* data NULL: a query without an id, written as nil */
	uint64_t cluster;       /* 0: none (a query of a unique article), written as nil */
	bool is_new;
	enum wf_relation relation;
	struct wf_bytes match;  /* data NULL: none, written as nil */
	double similarity;
	double containment;
	uint64_t size;
	const uint64_t *merged;
	size_t merged_count;
	const uint64_t *related;
	size_t related_count;
	bool replaced;
};

#endif
