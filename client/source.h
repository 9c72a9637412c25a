/* The items that a path holds, one after the other, as they lie there: what a file of articles looks like.
 *
 *   JSON lines            {"id": ...}\n{"id": ...}\n                 one item a line
 *   one JSON file         [{...}, {...}]  or  {\n  "id": ...\n}      one item a value, read as it comes
 *   a folder of texts     folder/a/b.txt                            one item a file; its JSON files as above
 *   a text file           Showers continued throughout ...          one item, where the caller takes texts
 *   "-"                   standard input, JSON as above
 *
 * Each may be packed with gzip or zstd. Memory is bounded by the longest item that is allowed. */
#ifndef WF_SOURCE_H
#define WF_SOURCE_H

#include "base/bytes.h"
#include "base/error.h"

#define WF_SOURCE_ITEM_BYTES_MAX_DEFAULT (64u << 20)

enum wf_source_kind {
	WF_SOURCE_JSON, /* `content` is the text of one JSON value, well-formed or not */
	WF_SOURCE_TEXT, /* `content` is a whole text file, `name` its path below the folder */
	WF_SOURCE_BAD,  /* `error` says why this item cannot be had; the ones after it can */
};

/* Borrowed until the next call on the source. */
struct wf_source_item {
	enum wf_source_kind kind;
	const char *path; /* of the file */
	const char *name; /* of the file below the folder that was named; `path` where none was */
	uint64_t line;    /* where the item begins, from 1; 0: the file as a whole */
	struct wf_bytes content;
	struct wf_error error;
};

struct wf_source;

struct wf_source_settings {
	size_t item_bytes_max; /* of one item once unpacked, [1, SIZE_MAX / 4] */
	bool takes_texts;      /* a file that begins with neither { nor [ is one text, and not bad JSON lines */
};

/* Opens a file, a folder or "-".
 * Out:     source, to be freed with wf_source_free.
 * Errors:  errno of open or stat; WF_ENOMEM; WF_EMALFORMED a packed stream that is damaged at its beginning. */
int wf_source_open(struct wf_source **source, const char *path, const struct wf_source_settings *settings,
		   struct wf_error *error);

void wf_source_free(struct wf_source *source);

/* Returns 1 and the next item, or 0 at the end.
 * Errors:  errno of read, WF_EMALFORMED, WF_ENOMEM: `error` says why nothing more can be had of this path. */
int wf_source_next(struct wf_source *source, struct wf_source_item *item, struct wf_error *error);

/* Whether the next item is at hand or can be read without waiting for whoever writes into the pipe. */
bool wf_source_is_ready(const struct wf_source *source);

/* Bytes read so far, as they lie on the disk, and all there are to read; 0 where that cannot be known. */
uint64_t wf_source_position_bytes(const struct wf_source *source);
uint64_t wf_source_size_bytes(const struct wf_source *source);

#endif
