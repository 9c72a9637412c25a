/* The LSH table: from a key to the articles that have it.
 *
 *   segment (4096, by the key's low bits) -> lines of 64 bytes, one cache line a probe
 *   line [ tag x 8 | number x 8 ]   home line: the tag's high bits; a full line goes on in another, by all its bits
 *        number's highest bit 0: it is an article's;  1: the place of the posting list of all articles of the key
 *
 *   region: [ lines of segment 0 | lines of segment 1 | ... ], in large pages (base/pages.h)
 *
 * A tag is 28 bits of the key, so that with the segment 40 bits of it tell keys apart. The fifth article of a key makes
 * a posting list of its entries (posting.h): what many outlets carry has many keys with many articles, which would fill
 * one line after another, and make everybody's searches go on over them.
 *
 * An entry whose line is full goes on to another, and leaves a mark of five bits of its tag on every full line that it
 * passed: the lowest four bits of the line's eight tags are 32 such marks. So most searches end where they began, in
 * one line, however full it is. The other line is not the next one: what overflows from neighbours would pile up there.
 * The way that it goes on is one of its own for each tag (double hashing).
 *
 * When the table is 7/8 full, or one segment 29/32, a region a quarter larger is begun, up to 128 MiB twice as large,
 * and the segments move over one by one as entries come in; the old region's memory goes back as they leave it. So no
 * insertion waits for more than one segment's move, and a large table is seldom less than 0.7 full. Articles of a key
 * are bounded: what more come with it are not entered under it (a hot bucket), and are found by their other keys. A
 * removal frees the place; the marks stay until the segment is made anew, which as many removals as it has places bring
 * about.
 *
 * (Indyk, Motwani 1998; lines and overflow marks after Bronson's and Shi's F14, 2019.) */
#ifndef WF_LSH_H
#define WF_LSH_H

#include "base/bytes.h"
#include "base/error.h"
#include "posting.h"

#define WF_LSH_SEGMENTS     4096u
#define WF_LSH_LINE_ENTRIES 8u
#define WF_LSH_BUCKET_MAX   WF_POSTING_NUMBERS /* articles entered under one key */
#define WF_LSH_NUMBER_MAX   0x7FFFFFFFu
#define WF_LSH_KEYS_MAX     192u /* looked up together */

struct wf_lsh_line;

struct wf_lsh_segment {
	struct wf_lsh_line *lines; /* in one of the two regions */
	uint32_t lines_count;
	uint32_t places_taken;
	uint32_t removed_count; /* since it was made */
};

struct wf_lsh_region {
	struct wf_lsh_line *lines; /* NULL: there is none */
	uint32_t segment_lines;
};

struct wf_lsh {
	struct wf_lsh_segment *segments;
	struct wf_lsh_region region;   /* where segments are, or move to */
	struct wf_lsh_region old;      /* where those are that have not moved yet */
	uint8_t *fills;                /* room for making one segment: the entries of each line */
	uint32_t moved;                /* segments before this one have moved */
	uint32_t insertions_to_a_move; /* how many more until the next one does */
	struct wf_pages_ahead ahead;   /* of the region's pages; set after init */
	uint64_t asked_bytes;          /* of the region, from its beginning */
	struct wf_postings postings;
	uint64_t entries_count; /* articles under keys */
	uint64_t places_taken;  /* in lines */
	uint64_t memory_bytes;
};

int wf_lsh_init(struct wf_lsh *lsh); /* WF_ENOMEM */
void wf_lsh_close(struct wf_lsh *lsh);

/* Room for so many places taken in all, so that the table need not grow step by step. Errors: WF_ENOMEM: it is as it
 * was. */
int wf_lsh_reserve(struct wf_lsh *lsh, uint64_t places);

/* Enters article `number` (its low 31 bits, not 0) under `key`. Returns 0 also where the bucket is full. Errors:
 * WF_ENOMEM. */
int wf_lsh_insert(struct wf_lsh *lsh, uint64_t key, uint32_t number);

/* Takes it out where it is in. */
void wf_lsh_remove(struct wf_lsh *lsh, uint64_t key, uint32_t number);

/* Fetches the lines that the keys' entries are in first, ahead of all below. Once they are there: what else
 * wf_lsh_insert() is going to look at. */
void wf_lsh_prefetch(const struct wf_lsh *lsh, const uint64_t *keys, uint32_t keys_count);
void wf_lsh_prefetch_insert(const struct wf_lsh *lsh, const uint64_t *keys, uint32_t keys_count);

/* One article under one of several keys. */
struct wf_lsh_found {
	uint32_t number;
	uint16_t place; /* of the key among those that were asked for */
	uint16_t count; /* articles under the key */
};

/* The articles under each of `keys_count` keys, WF_LSH_KEYS_MAX at most, in no order. `found` has room for
 * WF_LSH_BUCKET_MAX a key; returns how many there are. */
size_t wf_lsh_find(const struct wf_lsh *lsh, const uint64_t *keys, uint32_t keys_count, struct wf_lsh_found *found);

/* The same in two steps. begin looks at the keys' first lines, and asks the memory for what else is needed; while it
 * comes, something else can be done, but not to the table. `keys` are borrowed until end. */
struct wf_lsh_search {
	const uint64_t *keys;
	uint32_t plain_count;
	uint32_t listed_count;
	uint32_t walked_count;
	struct {
		const struct wf_lsh_line *line;
		uint32_t matches;
		uint32_t place;   /* of the key, here and below */
	} plain[WF_LSH_KEYS_MAX]; /* keys whose articles are in their first line, and nowhere else */
	struct {
		uint32_t list;
		uint32_t place;
	} listed[WF_LSH_KEYS_MAX];        /* keys with a posting list */
	uint32_t walked[WF_LSH_KEYS_MAX]; /* keys whose search goes on */
};
void wf_lsh_find_begin(const struct wf_lsh *lsh, const uint64_t *keys, uint32_t keys_count,
		       struct wf_lsh_search *search);
size_t wf_lsh_find_end(const struct wf_lsh *lsh, const struct wf_lsh_search *search, struct wf_lsh_found *found);

#endif
