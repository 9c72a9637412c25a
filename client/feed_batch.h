/* Articles on their way to the daemon, packed once and kept until they are answered, with the places they came from.
 *
 *   articles  [ article 0 | article 1 | article 2 | ... ]
 *   marks     [ begin, FILE:LINE ] [ ... ] [ ... ]        any run of them can be sent, and sent again */
#ifndef WF_FEED_BATCH_H
#define WF_FEED_BATCH_H

#include "article.h"
#include "base/arena.h"
#include "client.h"
#include "source.h"

struct wf_feed_mark {
	const char *place; /* "FILE:LINE" */
	size_t begin;      /* in `articles` */
	struct wf_bytes id;
};

struct wf_feed_batch {
	struct wf_pack articles;
	struct wf_arena places;
	struct wf_feed_mark *marks;
	size_t count;
	size_t capacity;
};

void wf_feed_batch_init(struct wf_feed_batch *batch);
void wf_feed_batch_close(struct wf_feed_batch *batch);

/* Forgets the articles, keeps the memory. */
void wf_feed_batch_reset(struct wf_feed_batch *batch);

/* Packs a copy of `article`; `place` is copied.
 * Errors:  WF_ENOMEM, WF_ETOOLARGE; the batch is unchanged then. */
int wf_feed_batch_add(struct wf_feed_batch *batch, const struct wf_article *article, const char *place);

/* Packs the add_batch request of the articles from `first` on, `count` of them. */
void wf_feed_batch_send(const struct wf_feed_batch *batch, size_t first, size_t count, struct wf_client *client,
			uint64_t *msgid);

#endif
