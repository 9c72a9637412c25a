/* The durable store: what is on disk, behind a face that another engine could take.
 *
 * Writes go through one batch at a time, by one thread; a batch is on disk, whole, once wf_store_commit() returned 0, or not at all.
 * Reads go through readers, any number, on any thread, each seeing one commit; bytes they hand out are read in place (mapped) and
 * live until the reader is renewed or closed.
 *
 *   article number -> entry    what a start needs of every article: facts, decision, sketch (small)
 *                  -> evidence what the index reads to decide
 *                  -> body     what the scraper sent: strings and compressed text
 *   cluster -> cluster         redirects of clusters that were folded into others
 *   name -> bytes              the store's secret, format version, what the index learned */
#ifndef WF_STORE_H
#define WF_STORE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/relation.h"

struct wf_store;
struct wf_store_reader;

struct wf_store_settings {
	const char *path;         /* a folder; made where there is none */
	uint64_t map_bytes_min;   /* first size of the memory map; it grows by itself */
	uint64_t room_bytes_min;  /* free bytes of the file system under which writes are refused (WF_EFULL) */
	uint32_t readers_max;
};

/* The small record of an article. Borrowed bytes. */
struct wf_store_entry {
	uint64_t number;
	uint64_t id_hash;        /* of the scraper's id, keyed with the store's secret */
	uint64_t content_hash[2]; /* of all that the scraper sent: the same content again is no replacement */
	uint64_t source;
	int64_t seen;
	int64_t published;       /* WF_TIME_NONE where none was given */
	uint64_t cluster;        /* as decided, or as moved since; may have been folded into another */
	uint64_t match;          /* 0: none */
	float similarity;
	float containment;
	enum wf_relation relation;
	bool is_new;
	const uint64_t *merged;
	uint32_t merged_count;
	const uint64_t *related;
	uint32_t related_count;
	struct wf_bytes sketch;
};

/* What the scraper sent. Borrowed bytes; an absent string has data NULL. */
struct wf_store_body {
	struct wf_bytes id;
	struct wf_bytes title;
	struct wf_bytes outlet;
	struct wf_bytes url;
	struct wf_bytes lang;
	struct wf_bytes published_text; /* where it was given as a string */
	int64_t published;
	bool has_published;
	bool has_text;                  /* false: stored with --no-text */
	uint64_t text_bytes;            /* length of the text as it was sent */
	struct wf_bytes text_compressed; /* a zstd frame */
};

/* Opens or makes a store. A new one gets a random secret.
 * Errors: WF_ELOCKED, WF_EVERSION, WF_ECORRUPT, WF_EFULL, WF_ENOMEM, errno; `error` says it in words. */
int wf_store_open(struct wf_store **store, const struct wf_store_settings *settings, struct wf_error *error);
void wf_store_close(struct wf_store *store); /* no batch open, every reader closed; NULL is allowed */

uint64_t wf_store_secret(const struct wf_store *store);
uint64_t wf_store_bytes(const struct wf_store *store);      /* on disk */
uint64_t wf_store_number_last(const struct wf_store *store); /* the highest number ever committed, removed ones included; 0 at first */

/* Compresses a text for wf_store_body.text_compressed, in `arena`. Any thread. Errors: WF_ENOMEM, WF_EINTERNAL. */
int wf_store_text_compress(struct wf_bytes text, struct wf_arena *arena, struct wf_bytes *compressed);
int wf_store_text_expand(const struct wf_store_body *body, struct wf_arena *arena, struct wf_bytes *text);

/* A batch. begin ... commit or abort, on one thread. After an error of put, remove, redirect, move or state the batch can only be aborted:
 * nothing of it is on disk. WF_EFULL: no room (the map grows inside, unseen).
 * put: entry->number is above every number before it. remove: WF_ENOTFOUND where there is no such article. */
int wf_store_begin(struct wf_store *store, struct wf_error *error);
int wf_store_put(struct wf_store *store, const struct wf_store_entry *entry, const struct wf_store_body *body, struct wf_bytes evidence);
int wf_store_remove(struct wf_store *store, uint64_t number);
int wf_store_redirect(struct wf_store *store, uint64_t from, uint64_t into);
int wf_store_redirect_remove(struct wf_store *store, uint64_t from);
int wf_store_move(struct wf_store *store, uint64_t number, uint64_t cluster);
int wf_store_state_put(struct wf_store *store, struct wf_bytes name, struct wf_bytes value);
int wf_store_commit(struct wf_store *store, struct wf_error *error);
void wf_store_abort(struct wf_store *store);

/* Readers. renew: see the newest commit from now on; bytes handed out before are gone.
 * entry, body, evidence: WF_ENOTFOUND, WF_ECORRUPT. A new reader sees the newest commit. */
int wf_store_reader_new(struct wf_store *store, struct wf_store_reader **reader);
int wf_store_reader_renew(struct wf_store_reader *reader);
void wf_store_reader_rest(struct wf_store_reader *reader); /* hold no commit (pages can be used again) until the next renew */
void wf_store_reader_free(struct wf_store_reader *reader);
int wf_store_entry(struct wf_store_reader *reader, uint64_t number, struct wf_arena *arena, struct wf_store_entry *entry);
int wf_store_body(struct wf_store_reader *reader, uint64_t number, struct wf_store_body *body);
int wf_store_evidence(struct wf_store_reader *reader, uint64_t number, struct wf_bytes *evidence);
int wf_store_state(struct wf_store_reader *reader, struct wf_bytes name, struct wf_bytes *value);

/* Visits in ascending order; a callback that returns non-zero ends the visit with that value. `entry` is lent for the call. */
typedef int (*wf_store_entry_cb)(void *context, const struct wf_store_entry *entry);
typedef int (*wf_store_redirect_cb)(void *context, uint64_t from, uint64_t into);
int wf_store_entries(struct wf_store_reader *reader, uint64_t number_first, wf_store_entry_cb visit, void *context);
int wf_store_redirects(struct wf_store_reader *reader, wf_store_redirect_cb visit, void *context);
uint64_t wf_store_articles_count(struct wf_store_reader *reader);

#endif
