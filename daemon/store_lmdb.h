/* The engine under the store: tables of LMDB whose map grows by itself, and whose failed writes leave it usable.
 *
 *   stage an operation (its bytes go to the log) -> ... -> apply the log to the transaction, table by table -> commit
 *                                                            |
 *                          the map is full: abort, wait until all readers rest, double the map, apply the log again
 *
 * LMDB allows a new map, and reopening, only while nobody reads: the gate counts the readers that are awake, and closes
 * for the time of the change. Only store_lmdb.c includes lmdb.h. The rules for threads are those of store.h. */
#ifndef WF_STORE_LMDB_H
#define WF_STORE_LMDB_H

#include "base/bytes.h"
#include "base/error.h"

struct wf_lmdb;
struct wf_lmdb_reader;

/* All but the table of states are keyed by number. */
enum wf_lmdb_table {
	WF_LMDB_ENTRY, /* the first: a batch is applied to the last table first, and to this one last */
	WF_LMDB_EVIDENCE,
	WF_LMDB_BODY,
	WF_LMDB_TEXT,
	WF_LMDB_REDIRECT,
	WF_LMDB_APART,
	WF_LMDB_STATE,
	WF_LMDB_TABLES,
};

enum wf_lmdb_verb {
	WF_LMDB_APPEND, /* a key above every key of the table */
	WF_LMDB_PUT,    /* a new key or a new value */
	WF_LMDB_DELETE,
};

struct wf_lmdb_key {
	enum wf_lmdb_table table;
	uint64_t number;
	struct wf_bytes name; /* of a state; empty elsewhere */
};

struct wf_lmdb_settings {
	const char *path; /* a folder that is there */
	uint64_t map_bytes;
	uint64_t map_bytes_max;
	uint32_t readers_max;
	uint32_t rest_wait_ms;
};

/* `settings->path` is copied. Errors: WF_ECORRUPT, WF_EVERSION (of LMDB), WF_ENOMEM, WF_EFULL, errno. */
int wf_lmdb_open(struct wf_lmdb **lmdb, const struct wf_lmdb_settings *settings, struct wf_error *error);
void wf_lmdb_close(struct wf_lmdb *lmdb);

uint64_t wf_lmdb_bytes(const struct wf_lmdb *lmdb); /* of the file system, taken by the data */
uint64_t wf_lmdb_map_bytes(const struct wf_lmdb *lmdb);
/* The writer's, in a batch: bytes of the file that hold nothing, and are used before the file grows. */
uint64_t wf_lmdb_free_bytes(const struct wf_lmdb *lmdb);

/* The batch. Errors as in store.h; after one other than WF_ENOTFOUND, only abort or commit (which then aborts). */
int wf_lmdb_begin(struct wf_lmdb *lmdb);
/* Room for the value of the next operation, in the log: fill it, then apply. NULL when memory is out. */
void *wf_lmdb_stage(struct wf_lmdb *lmdb, enum wf_lmdb_verb verb, const struct wf_lmdb_key *key, size_t value_bytes);
/* What was staged last is whole. A removal is applied now (WF_ENOTFOUND: and is none); all else when the batch has to
 * know it, at the latest at its commit, which may then fail in its place. */
int wf_lmdb_apply(struct wf_lmdb *lmdb);
/* As the batch sees it; valid until the next apply. */
int wf_lmdb_batch_get(struct wf_lmdb *lmdb, const struct wf_lmdb_key *key, struct wf_bytes *value);
int wf_lmdb_commit(struct wf_lmdb *lmdb);
void wf_lmdb_abort(struct wf_lmdb *lmdb);

/* Readers. A new one rests. */
int wf_lmdb_reader_new(struct wf_lmdb *lmdb, struct wf_lmdb_reader **reader);
void wf_lmdb_reader_free(struct wf_lmdb_reader *reader);
int wf_lmdb_reader_renew(struct wf_lmdb_reader *reader);
void wf_lmdb_reader_rest(struct wf_lmdb_reader *reader);
int wf_lmdb_get(struct wf_lmdb_reader *reader, const struct wf_lmdb_key *key, struct wf_bytes *value);
uint64_t wf_lmdb_count(struct wf_lmdb_reader *reader, enum wf_lmdb_table table);
/* The highest number of a table; WF_ENOTFOUND in an empty one. */
int wf_lmdb_last(struct wf_lmdb_reader *reader, enum wf_lmdb_table table, uint64_t *number);

/* Visits a table that is keyed by number, ascending, from `first` on. A result other than 0 ends the walk with it. */
typedef int (*wf_lmdb_visit_cb)(void *context, uint64_t number, struct wf_bytes value);
int wf_lmdb_walk(struct wf_lmdb_reader *reader, enum wf_lmdb_table table, uint64_t first, wf_lmdb_visit_cb visit,
		 void *context);

#endif
