/* A request on its way through the daemon, and all that it holds.
 *
 *   conn: first -> job -> job -> job      in the order of arrival; replies leave in that order
 *                  |
 *                  message (bytes, decoded) <- items: one an article, prepared by the workers, numbered by the indexer
 *                  reply   (packed by the last stage that has something to say)
 *
 * One stage owns a job at a time; queues hand it on. The items may outlive the reply: the indexer reads the evidence of
 * articles that are not on disk yet from them. So jobs are counted by reference. */
#ifndef WF_JOB_H
#define WF_JOB_H

#include <stdatomic.h>

#include "article.h"
#include "base/arena.h"
#include "base/error.h"
#include "document.h"
#include "event.h"
#include "index.h"
#include "pack.h"
#include "reader.h"
#include "request.h"
#include "store.h"

struct wf_conn;
struct wf_job;
struct wf_method;
struct wf_subscription;

/* A piece of work for a worker thread. */
struct wf_work {
	struct wf_work *next;
	struct wf_job *job;
	uint32_t first; /* items of the job */
	uint32_t count;
	uint64_t ticket;
	bool is_large;
	bool is_finish; /* not items, but the method's finish() */
};

/* One article of a request. */
struct wf_item {
	struct wf_article article; /* borrowed from the message */
	bool is_refused;
	struct wf_error *refusal; /* why; NULL of a refused one: memory was out even for the words */
	struct wf_document document;
	char *prepared;             /* owns the evidence and the compressed text */
	struct wf_bytes compressed; /* of a text that is too long to be packed with others */
	uint64_t id_hash;
	uint64_t content_hash[2];
	uint64_t source;
	struct wf_store_entry entry; /* number 0: nothing is to be stored; lists and sketch in the job's arena */
	uint64_t replaces;           /* number of the article that goes, or 0 */
	struct wf_bytes match_id;    /* for the verdict; valid in the indexer's step alone */
};

struct wf_redirect {
	uint64_t from;
	uint64_t into;
};

struct wf_state {
	struct wf_bytes name;
	struct wf_bytes value;
};

enum wf_job_stage {
	WF_JOB_PREPARING, /* with the workers */
	WF_JOB_PREPARED,  /* ready for the indexer, in its turn */
	WF_JOB_SENT,      /* with the indexer, the committer or a reading worker */
	WF_JOB_FINISHED,  /* the reply is there, or there is none to give */
};

/* Jobs of the pipeline's own, without connection. */
enum wf_job_kind {
	WF_JOB_REQUEST,
	WF_JOB_EXPIRE, /* removes articles that are too old, or what is kept of clusters that are gone */
	WF_JOB_MEND,   /* makes the cluster of an article that stood alone one with another */
	WF_JOB_STATE,  /* keeps what the index learned */
	WF_JOB_PROBE,  /* finds out whether the store takes writes again */
	WF_JOB_MARKER, /* everything before it has left the committer */
};

struct wf_job {
	struct wf_job *next;       /* of its connection */
	struct wf_job *queue_next; /* of the queue that has it */
	struct wf_conn *conn;      /* the loop's; NULL: none */
	uintptr_t origin;          /* tells its connection from others, on any thread */
	atomic_int references;
	enum wf_job_kind kind;
	enum wf_job_stage stage;
	const struct wf_method *method;
	struct wf_message *message;
	struct wf_request request;
	uint64_t began_us;
	size_t cost_bytes;     /* what the job counts for while it is under way */
	struct wf_error error; /* code 0: the reply holds a result */
	struct wf_pack reply;

	bool is_lone_read; /* its connection has no other reading request under way and no reply to take */
	bool is_batch;     /* the param is an array of articles, each refused on its own */
	const char *const *
		item_names; /* the params themselves are the items, and are called so; those that are no maps are passed
					* over. NULL: the first param holds them */
	bool id_optional;
	bool keeps_text; /* texts are for the store, too */
	struct wf_item *items;
	uint32_t items_count;
	uint32_t items_foreseen; /* so many of the first: what they will be compared with has been asked for */
	struct wf_work *works;   /* the items in pieces */
	struct wf_work work_one;
	atomic_uint works_left;

	struct wf_arena arena; /* of the stage that has the job; not of the workers while several share it */
	uint64_t *removed;     /* articles to take out, besides those that the items replace */
	size_t removed_count;
	struct wf_redirect *redirects; /* to write; `into` 0: to remove */
	size_t redirects_count;
	const uint64_t *moved; /* articles that are now in the cluster `moved_into`, ... */
	size_t moved_count;
	uint64_t moved_into;   /* ... whose number is new, ... */
	const uint64_t *apart; /* ... and which is held apart from these */
	size_t apart_count;
	uint64_t *apart_gone; /* clusters of which it need not be known any more what they are held apart from */
	size_t apart_gone_count;
	struct wf_state *states; /* to keep, of what the index learned */
	size_t states_count;
	bool needs_commit;                    /* it changes the store */
	bool needs_durable;                   /* it changes nothing, but what it tells of may not be on disk yet */
	struct wf_event_row events;           /* what it does, for subscribers */
	struct wf_subscription *subscription; /* of subscribe and unsubscribe */
	void *found;                          /* what the indexer found for the reading worker; in `arena` */
	size_t held_bytes;                    /* of texts for finish(), as counted by wf_workers_hold() */
};

/* NULL when memory is out. One reference. */
struct wf_job *wf_job_new(void);
void wf_job_hold(struct wf_job *job);
void wf_job_release(struct wf_job *job); /* any thread */

/* Gives the job `count` items, all zeros. Errors: WF_ENOMEM. */
int wf_job_take_items(struct wf_job *job, uint32_t count);

/* Refuses one item; `refusal` is copied. */
void wf_item_refuse(struct wf_item *item, const struct wf_error *refusal);

/* Starts the reply with a result: pack exactly one value after it. */
void wf_job_reply(struct wf_job *job);

/* Makes the reply final: where the job has an error or the reply failed, it says so instead. A notification has no
 * reply. */
void wf_job_finish(struct wf_job *job);

/* Sets the job's error to that of another, in full. */
void wf_job_fail(struct wf_job *job, const struct wf_error *error);

#endif
