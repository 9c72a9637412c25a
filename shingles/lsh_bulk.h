/* Many entries of the LSH table at once, as a start makes them: put in order by segment first, so that a segment's
 * lines are looked at together.
 *
 *   article -> its keys behind those of others ... -> sorted by segment -> LSH table
 *
 * One by one in the order of articles, each key is a line somewhere in a table of gigabytes, and a page of the address
 * translation with it. Within a segment the order stays that of articles, which is what a full bucket goes by. */
#ifndef WF_LSH_BULK_H
#define WF_LSH_BULK_H

#include "base/bytes.h"
#include "lsh.h"

struct wf_lsh_bulk_article {
	uint32_t number;
	uint32_t keys_count;
};

struct wf_lsh_bulk_key {
	uint64_t key;
	uint32_t number;
};

struct wf_lsh_bulk {
	uint64_t *keys;
	size_t keys_count;
	size_t keys_capacity;
	struct wf_lsh_bulk_article *articles;
	size_t articles_count;
	size_t articles_capacity;
	struct wf_lsh_bulk_key *sorted; /* room */
	size_t sorted_capacity;
};

void wf_lsh_bulk_init(struct wf_lsh_bulk *bulk);
void wf_lsh_bulk_close(struct wf_lsh_bulk *bulk);

/* An article is to be entered under its keys, which need not be aligned: 24 bytes each until then, and after it until
 * close. Errors: WF_ENOMEM; nothing has changed then. */
int wf_lsh_bulk_add(struct wf_lsh_bulk *bulk, const char *keys, uint32_t keys_count, uint32_t number);

/* Enters all, as wf_lsh_insert() for each key of one article after the other; none waits any more. Errors: WF_ENOMEM:
 * some may be in. */
int wf_lsh_bulk_enter(struct wf_lsh_bulk *bulk, struct wf_lsh *lsh);

#endif
