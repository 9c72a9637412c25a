/* How an item of a source becomes an article: what a text file lacks, and what the command line adds. */
#ifndef WF_READING_H
#define WF_READING_H

#include "json.h"
#include "source.h"

struct wf_reading_rules {
	bool id_from_position; /* an article without an id gets "FILE:LINE" */
	bool id_is_optional;
	const char *outlet; /* of articles that name none; NULL: none */
};

/* Reads `item`. The article lives as long as the item and the arena.
 * Errors:  what the item itself says; WF_EMALFORMED, WF_EBADARTICLE, WF_ENOMEM: as wf_json_read_article, and an id or
 *          a text that is missing. `draft` has what was read before. */
int wf_reading_article(const struct wf_source_item *item, const struct wf_reading_rules *rules, struct wf_arena *arena,
		       struct wf_draft *draft, struct wf_error *error);

/* "FILE:LINE", or "FILE" where it is the file as a whole, in the arena; "?" where memory is out. */
const char *wf_reading_place(const struct wf_source_item *item, struct wf_arena *arena);

#endif
