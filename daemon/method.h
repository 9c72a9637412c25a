/* What can be asked of the daemon: one table from a method's name to its functions.
 *
 *   start (loop thread) -> [items prepared by workers] -> index (index thread) -> [commit]
 *         -> read (a worker, on a snapshot) -> finish (a worker)
 *
 * Adding a method: its row in method.c, its functions in the method_*.c of its subject, a line in docs/protocol.md. */
#ifndef WF_METHOD_H
#define WF_METHOD_H

#include "job.h"

struct wf_indexer;
struct wf_reading;
struct wf_server;

/* Each returns 0, or a negative code with the words in job->error. */
struct wf_method {
	const char *name;
	bool may_write; /* refused while the store takes no writes, and to readers' tokens */
	/* Checks the params, and takes items where there are articles to prepare. */
	int (*start)(struct wf_server *server, struct wf_job *job);
	/* Uses and changes the index. NULL: start() has packed the reply. */
	int (*index)(struct wf_indexer *indexer, struct wf_job *job);
	/* Reads what is stored, all that came before on the connection included, and packs the reply. NULL: index() has
	 * done so. */
	int (*read)(struct wf_reading *reading, struct wf_job *job);
	/* Does what takes long, without the snapshot, and packs the reply. NULL: read() has done so. */
	int (*finish)(struct wf_reading *reading, struct wf_job *job);
};

/* NULL where there is no such method. */
const struct wf_method *wf_method_find(struct wf_bytes name);

/* Whether it may be called before a token is shown: `auth` alone. */
bool wf_method_is_for_strangers(const struct wf_method *method);

/* Whether it may go ahead of other connections' batches that are being taken in: it changes nothing, and reads nothing
 * but the index. `query` alone. */
bool wf_method_may_overtake(const struct wf_method *method);

/* Whether it only takes out: such a method is served while there is no room for others that write. */
bool wf_method_removes(const struct wf_method *method);

size_t wf_method_count(void);
const struct wf_method *wf_method_at(size_t index);

/* What the store has of an article that the index knows: one that is not there is damage; it is counted and logged.
 * Errors: WF_ECORRUPT, WF_ENOMEM. */
int wf_method_read_entry(struct wf_reading *reading, uint64_t number, struct wf_store_entry *entry);
int wf_method_read_body(struct wf_reading *reading, uint64_t number, struct wf_store_body *body);
int wf_method_read_text(struct wf_reading *reading, uint64_t number, const struct wf_store_body *body,
			struct wf_text_place *text);
/* Into the reading's arena. Errors: of wf_text_expand(). */
int wf_method_expand_text(struct wf_reading *reading, const struct wf_text_place *stored, struct wf_bytes *text);

int wf_method_add_start(struct wf_server *server, struct wf_job *job);
int wf_method_add_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_add_batch_start(struct wf_server *server, struct wf_job *job);
int wf_method_add_batch_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_query_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_get_start(struct wf_server *server, struct wf_job *job);
int wf_method_get_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_get_read(struct wf_reading *reading, struct wf_job *job);
int wf_method_remove_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_cluster_start(struct wf_server *server, struct wf_job *job);
int wf_method_cluster_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_cluster_read(struct wf_reading *reading, struct wf_job *job);
int wf_method_clusters_start(struct wf_server *server, struct wf_job *job);
int wf_method_clusters_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_clusters_read(struct wf_reading *reading, struct wf_job *job);
int wf_method_articles_start(struct wf_server *server, struct wf_job *job);
int wf_method_articles_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_articles_read(struct wf_reading *reading, struct wf_job *job);
int wf_method_compare_start(struct wf_server *server, struct wf_job *job);
int wf_method_compare_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_compare_read(struct wf_reading *reading, struct wf_job *job);
int wf_method_compare_finish(struct wf_reading *reading, struct wf_job *job);
int wf_method_merge_start(struct wf_server *server, struct wf_job *job);
int wf_method_merge_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_split_start(struct wf_server *server, struct wf_job *job);
int wf_method_split_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_subscribe_start(struct wf_server *server, struct wf_job *job);
int wf_method_subscribe_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_unsubscribe_start(struct wf_server *server, struct wf_job *job);
int wf_method_unsubscribe_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_stats_start(struct wf_server *server, struct wf_job *job);
int wf_method_stats_index(struct wf_indexer *indexer, struct wf_job *job);
int wf_method_stats_read(struct wf_reading *reading, struct wf_job *job);
int wf_method_info_start(struct wf_server *server, struct wf_job *job);
int wf_method_ping_start(struct wf_server *server, struct wf_job *job);
int wf_method_auth_start(struct wf_server *server, struct wf_job *job);

#endif
