/* Which articles may be decided better now than when they came: the first of a source, whose boilerplate was not known.
 *
 *   source -> its first articles ... with the WF_MENDING_ARTICLESth -> [ number | number ] those before it, in turn
 *
 * Once a source. Bounded: sources that are kept in mind, articles that wait; what is past a bound is not mended. */
#ifndef WF_MENDING_H
#define WF_MENDING_H

#include "base/bytes.h"
#include "base/map.h"

#define WF_MENDING_ARTICLES    8u
#define WF_MENDING_SOURCES_MAX 65536u
#define WF_MENDING_WAITING_MAX 4096u /* a power of two */

struct wf_mending {
	struct wf_map sources;
	size_t sources_count;
	uint64_t waiting[WF_MENDING_WAITING_MAX]; /* a ring */
	uint32_t waiting_first;
	uint32_t waiting_count;
};

void wf_mending_init(struct wf_mending *mending);
void wf_mending_close(struct wf_mending *mending);

/* An article of `source` (0: unknown, nothing happens) was taken in. `is_restored`: at a start; nothing waits then,
 * since the articles were looked at before. */
void wf_mending_note(struct wf_mending *mending, uint64_t source, uint64_t number, bool is_restored);

/* The number of the next article to look at; 0 where none waits. */
uint64_t wf_mending_next(struct wf_mending *mending);

#endif
