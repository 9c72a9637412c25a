/* What happens to clusters, as subscribers are told: noted by the index thread, told by the loop once it is on disk.
 *
 *   index thread: a request's effect -> events of its job -> [commit] -> loop: to subscribers whose filter they pass
 *
 * Nothing is noted while nobody has subscribed. A filter by outlet needs the index, a filter by size does not: an event
 * carries one bit for each outlet that is subscribed to, and the loop does the rest. */
#ifndef WF_EVENT_H
#define WF_EVENT_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "index.h"
#include "pack.h"

struct wf_job;

#define WF_EVENT_OUTLETS_MAX  64u   /* different outlets that are subscribed to at a time */
#define WF_EVENT_ARTICLES_MAX 1024u /* of a cluster, the newest, whose outlets are looked at */
#define WF_EVENT_OUTLET_ANY   WF_EVENT_OUTLETS_MAX

enum wf_event_kind {
	WF_EVENT_NEW,     /* an article founded `cluster` */
	WF_EVENT_GREW,    /* an article joined it */
	WF_EVENT_MERGED,  /* it became `into` */
	WF_EVENT_SPLIT,   /* some of its articles became `into` */
	WF_EVENT_REMOVED, /* an article of it is gone */
};

struct wf_event {
	struct wf_event *next;
	enum wf_event_kind kind;
	uint64_t cluster;
	uint64_t into;      /* 0: none */
	uint64_t size;      /* articles of `into`, else of `cluster`, afterwards */
	uint64_t size_most; /* the larger of before and after: what a filter looks at */
	uint64_t outlets;   /* bit i: an article is from the i-th outlet that is subscribed to */
	struct wf_bytes id; /* of the article; data NULL: an editor did it */
};

/* The events of a job, in its arena. */
struct wf_event_row {
	struct wf_event *first;
	struct wf_event *last;
	uint64_t lost; /* memory was out for them */
};

/* Who has subscribed, as the index thread needs to know it. */
struct wf_events {
	atomic_uint subscriptions;
	uint64_t sources[WF_EVENT_OUTLETS_MAX]; /* the index thread's */
	atomic_uint references[WF_EVENT_OUTLETS_MAX];
};

/* ---- on the index thread ---- */

/* From now on events are noted. `source`: the outlet's, 0 for all. *outlet: its bit, for wf_events_unsubscribe().
 * Errors: WF_EOVERLOADED: WF_EVENT_OUTLETS_MAX others are subscribed to. */
int wf_events_subscribe(struct wf_events *events, uint64_t source, uint32_t *outlet);

static inline bool wf_events_are_wanted(const struct wf_events *events)
{
	return atomic_load_explicit(&events->subscriptions, memory_order_relaxed) > 0;
}

/* Notes an event: copied, its id and outlets as they are. */
void wf_event_note(struct wf_job *job, const struct wf_event *event);

/* The bits of the outlets that a cluster's articles are from. */
uint64_t wf_events_outlets(const struct wf_events *events, struct wf_index *index, uint64_t cluster);

/* What an article that was decided has done. */
void wf_events_note_decision(struct wf_events *events, struct wf_index *index, struct wf_job *job,
			     const struct wf_decision *decision, struct wf_bytes id);

/* Before an article is taken out: what that will do. The id is the caller's, for as long as the job lives. */
void wf_events_foresee_removal(const struct wf_events *events, struct wf_index *index, uint64_t number,
			       struct wf_bytes id, struct wf_event *event);

/* ---- on any thread ---- */

void wf_events_unsubscribe(struct wf_events *events, uint32_t outlet);

/* Whether a subscriber with such a filter is told. */
bool wf_event_passes(const struct wf_event *event, uint64_t size_min, uint32_t outlet);

/* The whole notification. */
void wf_event_pack(struct wf_pack *pack, const struct wf_event *event);

/* The notification that so many could not be told. */
void wf_event_pack_gap(struct wf_pack *pack, uint64_t lost);

#endif
