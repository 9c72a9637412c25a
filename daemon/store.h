/* The durable store: what is on disk, behind a face that another engine could take.
 *
 * Writes go through one batch at a time, by one thread; a batch is on disk, whole, once wf_store_commit() returned 0,
 * or not at all. Reads go through readers, any number, on any thread, each seeing one commit; bytes they hand out are
 * read in place (mapped) and live until the reader is renewed, rests or is freed. They are not aligned.
 *
 * The writer must now and then wait until every reader rests (to enlarge the map, to reopen after a failed write). So:
 * - a reader rests within a bounded time: between requests, never across a wait for a client or for the writer;
 * - a thread that has a reader awake renews no second one, and does not write.
 * A writer that waited WF_STORE_REST_WAIT_MS in vain gives the batch up with WF_EOVERLOADED.
 *
 *   article number -> entry    what a start needs of every article: facts, decision, sketch (small)
 *                  -> evidence what the index reads to decide
 *                  -> body     what the scraper sent; a long text, compressed
 *                  -> text     short texts of some that follow one another, compressed as one
 *   cluster -> cluster         redirects of clusters that were folded into others
 *   cluster -> clusters        those that an editor holds it apart from
 *   name -> bytes              the store's secret, format version, what the index learned
 *
 * docs/store-format.md has the layout and the rules; store_text.h compresses texts. */
#ifndef WF_STORE_H
#define WF_STORE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/relation.h"
#include "store_text.h"

#define WF_STORE_FORMAT_VERSION      4u /* the newest that is read and written; docs/store-format.md has all */
#define WF_STORE_MAP_BYTES_DEFAULT   (UINT64_C(1) << 30)
#define WF_STORE_MAP_BYTES_MAX       (UINT64_C(1) << 46) /* of the 2^47 that a process has */
#define WF_STORE_READERS_MAX_DEFAULT 126u
#define WF_STORE_REST_WAIT_MS        10000u
#define WF_STORE_SKETCH_BYTES_MAX    (64u << 10)
#define WF_STORE_NAME_BYTES_MAX      64u           /* of a state */
#define WF_STORE_VALUE_BYTES_MAX     (2040u << 20) /* a body, an evidence, a state */

struct wf_store;
struct wf_store_reader;

struct wf_store_settings {
	const char *path;       /* a folder; made where there is none (its parent must be there) */
	uint64_t map_bytes_min; /* first size of the memory map, address space only; it doubles by itself; 0: default */
	/* Room in the file system and in what the file has free, under which put and state_put are refused. */
	uint64_t room_bytes_min;
	uint32_t readers_max; /* 0 for the default */
	bool is_dense;        /* pack small texts denser, as in store_text.h */
};

/* The small record of an article. Borrowed bytes. */
struct wf_store_entry {
	uint64_t number;
	uint64_t id_hash;         /* of the scraper's id, keyed with the store's secret */
	uint64_t content_hash[2]; /* of all that the scraper sent: the same content again is no replacement */
	uint64_t source;
	int64_t seen;
	int64_t published; /* WF_TIME_NONE where none was given */
	uint64_t cluster;  /* as decided, or as moved since; may have been folded into another */
	uint64_t match;    /* 0: none */
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
	bool has_text;                   /* false: stored with --no-text */
	uint64_t text_bytes;             /* length of the text as it was sent */
	struct wf_bytes text_compressed; /* as store_text.h packs it; absent where it is packed among others */
	struct wf_bytes text;            /* for put, a text of WF_GROUP_TEXT_BYTES_MAX at most that is to be so */
	uint64_t text_group;             /* the store's: where it is then; else 0 */
};

/* Opens or makes a store. A new one gets a random secret.
 * Errors: WF_ELOCKED, WF_EVERSION, WF_ECORRUPT, WF_EFULL, WF_ENOMEM, errno; `error` says it in words. */
int wf_store_open(struct wf_store **store, const struct wf_store_settings *settings, struct wf_error *error);
void wf_store_close(struct wf_store *store); /* no batch open, every reader closed; NULL is allowed */

/* Any thread. */
uint64_t wf_store_secret(const struct wf_store *store);
uint64_t wf_store_bytes(const struct wf_store *store); /* on disk */
/* The highest number ever committed, removed ones included; 0 at first. */
uint64_t wf_store_number_last(const struct wf_store *store);

/* A batch. begin ... commit or abort, on one thread; commit ends it whatever it returns. Bytes are borrowed for the
 * call. After an error other than WF_ENOTFOUND the batch can only be aborted (commit then aborts it and returns that
 * error). Nothing of a batch that failed or was aborted is on disk; later batches work as soon as the cause is gone.
 * Errors of all of them:
 *   WF_EFULL       no room in the file system, or under room_bytes_min (to which only put and state_put are held)
 *   WF_ETOOLARGE   a field over its bound, or a batch over what the engine holds (from 512 MiB on)
 *   WF_EOVERLOADED a reader did not rest (see above)
 *   WF_ENOMEM, WF_ECORRUPT, errno (-EIO ...)
 * A commit whose last write failed in a way that leaves open whether it is on disk is settled before commit returns;
 * where that fails too, every later begin is refused (-EIO): only closing and opening the store tells.
 * put: entry->number is above every number before it.
 * remove, move: WF_ENOTFOUND where there is no such article; the batch goes on. remove also takes out an article whose
 * body or evidence is missing, which is damage.
 * redirect, apart: replace one that is there. redirect_remove, apart_remove: 0 also where there was none.
 * reserve: gives a number to what is no article; it is above every number before it, and never given again. */
int wf_store_begin(struct wf_store *store, struct wf_error *error);
int wf_store_put(struct wf_store *store, const struct wf_store_entry *entry, const struct wf_store_body *body,
		 struct wf_bytes evidence);
int wf_store_remove(struct wf_store *store, uint64_t number);
int wf_store_redirect(struct wf_store *store, uint64_t from, uint64_t into);
int wf_store_redirect_remove(struct wf_store *store, uint64_t from);
int wf_store_move(struct wf_store *store, uint64_t number, uint64_t cluster);
int wf_store_reserve(struct wf_store *store, uint64_t number);
int wf_store_apart(struct wf_store *store, uint64_t cluster, const uint64_t *others, size_t others_count);
int wf_store_apart_remove(struct wf_store *store, uint64_t cluster);
int wf_store_state_put(struct wf_store *store, struct wf_bytes name, struct wf_bytes value);
int wf_store_commit(struct wf_store *store, struct wf_error *error);
void wf_store_abort(struct wf_store *store);

/* Instead of a batch: whether a small write, such as a removal, reaches the disk now. *has_room: put and state_put are
 * not refused either. Errors: of a batch. */
int wf_store_probe(struct wf_store *store, bool *has_room, struct wf_error *error);

/* Readers. A new one rests. renew: see the newest commit from now on; bytes handed out before are gone. rest: hold no
 * commit (its pages can be used again) until the next renew. One thread at a time uses a reader; it may be another one
 * each time. All but free, rest and renew are called between renew and rest.
 * new: WF_ENOMEM.
 * renew: WF_EOVERLOADED (readers_max are awake), WF_ENOMEM, -EIO (the store was not reopened after a failed write).
 * entry, body, evidence, state: WF_ENOTFOUND, WF_ECORRUPT (the record's checksum or form is wrong; the body or evidence
 * of an article whose entry is there is missing), WF_ENOMEM. */
int wf_store_reader_new(struct wf_store *store, struct wf_store_reader **reader);
int wf_store_reader_renew(struct wf_store_reader *reader);
void wf_store_reader_rest(struct wf_store_reader *reader);
void wf_store_reader_free(struct wf_store_reader *reader); /* NULL is allowed */
int wf_store_entry(struct wf_store_reader *reader, uint64_t number, struct wf_arena *arena,
		   struct wf_store_entry *entry);
int wf_store_body(struct wf_store_reader *reader, uint64_t number, struct wf_store_body *body);
/* The text of an article whose body has one. Errors: as above. */
int wf_store_text(struct wf_store_reader *reader, uint64_t number, const struct wf_store_body *body,
		  struct wf_text_place *text);
/* The scraper's id of an article, for those who want no more: of a large body only its head is read, and the id is held
 * against the hash in the entry instead of the checksum of all. */
int wf_store_id(struct wf_store_reader *reader, uint64_t number, struct wf_bytes *id);
int wf_store_evidence(struct wf_store_reader *reader, uint64_t number, struct wf_bytes *evidence);
int wf_store_state(struct wf_store_reader *reader, struct wf_bytes name, struct wf_bytes *value);

/* Visits in ascending order; a callback that returns non-zero ends the visit with that value. `entry` is lent for the
 * call. A damaged record ends it with WF_ECORRUPT. */
typedef int (*wf_store_entry_cb)(void *context, const struct wf_store_entry *entry);
typedef int (*wf_store_redirect_cb)(void *context, uint64_t from, uint64_t into);
typedef int (*wf_store_apart_cb)(void *context, uint64_t cluster, const uint64_t *others, size_t others_count);
int wf_store_entries(struct wf_store_reader *reader, uint64_t number_first, wf_store_entry_cb visit, void *context);
int wf_store_redirects(struct wf_store_reader *reader, wf_store_redirect_cb visit, void *context);
int wf_store_aparts(struct wf_store_reader *reader, wf_store_apart_cb visit, void *context);
uint64_t wf_store_articles_count(struct wf_store_reader *reader);

#endif
