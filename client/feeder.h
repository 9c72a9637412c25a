/* The way of articles into the daemon: in order, several requests under way, each article until it is answered.
 *
 *   batches   [ answered | sent, not yet answered | not yet sent | being filled ]
 *                        ^ base                   ^ cursor
 *
 * Where the connection is lost, or the daemon is overloaded, the cursor goes back to the base, and what was not
 * answered is sent again in its order. Adding the same article twice changes nothing, and of an id that comes twice
 * the later one stays. */
#ifndef WF_FEEDER_H
#define WF_FEEDER_H

#include "command.h"
#include "feed_batch.h"
#include "progress.h"

#define WF_FEEDER_OUTSTANDING_MAX 64
#define WF_FEEDER_BATCH_MAX       4096
#define WF_FEEDER_BATCH_BYTES     (2u << 20)

struct wf_feeder_counts {
	uint64_t articles; /* verdicts had */
	uint64_t founded;  /* of them new clusters */
	uint64_t joined;
	uint64_t replaced;
	uint64_t refused; /* by the daemon */
};

/* A request under way. */
struct wf_feeder_request {
	uint64_t batch;
	size_t first;
	size_t count;
	uint64_t msgid;
};

struct wf_feeder {
	struct wf_context *context;
	uint64_t batch_count_max;
	uint64_t outstanding_max;
	uint64_t retry_seconds;
	bool writes_verdicts;

	struct wf_feeder_counts counts;
	struct wf_progress progress;
	uint64_t position_bytes; /* of what is read, for the progress bar */
	uint64_t bad_count;      /* items that never came as far as the daemon, likewise */
	int status;              /* an exit status that ends the feed, or WF_COMMAND_GOES_ON */

	/* Batch number n lies at n modulo the ring's size; the one at `filling` is being filled. */
	struct wf_feed_batch ring[WF_FEEDER_OUTSTANDING_MAX + 1];
	uint64_t base;
	size_t base_first; /* the first article of the base that is not answered */
	uint64_t cursor;
	size_t cursor_first;
	uint64_t filling;

	struct wf_feeder_request requests[WF_FEEDER_OUTSTANDING_MAX];
	uint64_t requests_begin;
	uint64_t requests_end;

	uint64_t outstanding_now; /* fewer than outstanding_max after an overload */
	uint64_t portion_max;     /* articles in a request; fewer than batch_count_max after a `too_large` */
	int64_t moved_us;         /* when an answer came last, or the first request after a pause was sent */
	int64_t delay_us;         /* of the next try */
	unsigned internal_count;  /* times that the base was answered `internal` in a row */
	struct wf_arena scratch;
};

/* In:  the first group of fields, filled in by the caller, which is connected. The rest is set. */
void wf_feeder_init(struct wf_feeder *feeder);
void wf_feeder_close(struct wf_feeder *feeder);

/* Adds an article; sends and receives where there is something to. What the daemon refuses is said on standard error.
 * Returns WF_COMMAND_GOES_ON, or the exit status that ends the feed; it was said why. */
int wf_feeder_add(struct wf_feeder *feeder, const struct wf_article *article, const char *place);

/* Sends all that was added and waits for the answers. Returns likewise. */
int wf_feeder_drain(struct wf_feeder *feeder);

/* Says something about one item on standard error, above the progress bar. */
void wf_feeder_tell(struct wf_feeder *feeder, const char *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
