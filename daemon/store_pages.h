/* How the file of LMDB 0.9 lies on disk, and how damage to it is seen without LMDB, which trusts its pages.
 *
 *   meta 0 | meta 1 | page | page ...      the meta page of the newer transaction has the roots of two trees:
 *     free pages   transaction -> pages that are in no use
 *     tables       name -> the root of the table's tree
 *
 *   page    [ its number 8 | 0 2 | kind 2 | lower 2 | upper 2 | offsets of nodes ... free ... nodes ]
 *   node    [ size or child 4 | flags or child 2 | key's length 2 | key | value ]
 *   a value that does not fit:    node -> [ page's number 8 | 0 2 | kind 2 | count of pages 4 | value ... ]
 *
 * Pages carry no checksum, but they must agree with one another: each page knows its number, is used once, keys ascend
 * within and between pages, all leaves are equally deep, tables count their pages and entries, and what is free is not
 * in use. Everything is read with pread(), so that no content and no cut of the file is a fault of the process. */
#ifndef WF_STORE_PAGES_H
#define WF_STORE_PAGES_H

#include "base/bytes.h"
#include "base/error.h"
#include "store_lmdb.h"

/* What a page says of itself, for those who meet one in the map. */
enum {
	WF_PAGE_KIND = 10, /* u16 */
	WF_PAGE_RUN = 12,  /* u32: how many pages the record spans */
	WF_PAGE_HEADER_BYTES = 16,

	WF_PAGE_KIND_LEAF = 2,
	WF_PAGE_KIND_OVERFLOW = 4,
};

enum wf_pages_depth {
	/* All but the leaves of the large tables, evidence, body and text: what a start reads anyway. Of those three
	 * the last leaf, which the next article touches. */
	WF_PAGES_START,
	WF_PAGES_ALL,
};

/* Something that is not as it must be. `text` is a sentence without a stop, lent for the call. */
struct wf_pages_fault {
	const char *place; /* the table, or "meta", "free pages" ... */
	uint64_t offset;   /* in the file */
	const char *text;
};

/* A record. Bytes are lent for the call. */
struct wf_pages_record {
	enum wf_lmdb_table table;
	uint64_t number;      /* all tables but state */
	struct wf_bytes name; /* state */
	struct wf_bytes value;
	uint64_t offset; /* of the value, in the file */
};

struct wf_pages_summary {
	uint64_t file_bytes;
	uint64_t pages;      /* that the newest transaction knows */
	uint64_t pages_free; /* for use by later transactions */
	uint64_t pages_lost; /* neither in use nor free; known after WF_PAGES_ALL alone, harmless */
	uint64_t faults;
	uint64_t records[WF_LMDB_TABLES];
};

/* record: a negative result ends the walk with it. */
typedef void (*wf_pages_fault_cb)(void *context, const struct wf_pages_fault *fault);
typedef int (*wf_pages_record_cb)(void *context, const struct wf_pages_record *record);

/* Walks over the file `path`, which nobody writes meanwhile: states, redirects, apart, entries, evidence, bodies,
 * texts, each in the order of its keys. A page that is damaged is told to `fault`, and passed over with all that it
 * leads to; `record` (may be NULL: no values are read but those of tables and free pages) is called for every record
 * that can be reached.
 * Memory: a bit a page, and the largest record.
 * Errors: WF_EVERSION (no LMDB file of this version and byte order), WF_ENOMEM, errno, in words; what a callback
 * returned. Damage is none. */
int wf_pages_walk(const char *path, enum wf_pages_depth depth, wf_pages_fault_cb fault, wf_pages_record_cb record,
		  void *context, struct wf_pages_summary *summary, struct wf_error *error);

#endif
