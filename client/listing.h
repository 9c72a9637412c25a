/* A walk through the pages of `clusters`: which of them are wanted, and the token that goes from page to page. */
#ifndef WF_LISTING_H
#define WF_LISTING_H

#include "command.h"

/* What one page asks for at most. */
#define WF_LISTING_PAGE_MAX 1000

struct wf_listing {
	int64_t since; /* WF_TIME_NONE: not given */
	int64_t until;
	uint64_t min_size; /* 0: not given */
	uint64_t min_outlets;
	const char *outlet; /* NULL: not given */
	const char *order;
	const char *after;    /* NULL: from the beginning */
	struct wf_reply page; /* the one that was read last; its `next` leads on */
	bool at_end;
};

/* Everything, from the beginning. */
void wf_listing_init(struct wf_listing *listing);
void wf_listing_close(struct wf_listing *listing);

/* Reads the next page of at most `limit` clusters into `page`.
 * Out:     clusters, the array of them; borrowed until the next call. `at_end` says whether it was the last page.
 * Errors:  as of wf_client_call. */
int wf_listing_next(struct wf_listing *listing, struct wf_client *client, uint64_t limit, struct wf_value *clusters,
		    struct wf_error *error);

#endif
