/* The articles that a bench measures: made-up ones, as many as are asked for, or those of a file. */
#ifndef WF_TEXT_SET_H
#define WF_TEXT_SET_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

struct wf_corpus;

struct wf_text_set_article {
	struct wf_bytes text;
	uint64_t source; /* hash of the outlet; 0 where there is none */
};

struct wf_text_set {
	const char *name;
	struct wf_text_set_article *articles; /* those kept in memory, the first of the set */
	size_t articles_count;
	size_t text_bytes;        /* of all of them */
	struct wf_corpus *corpus; /* makes more; NULL for a file */
	struct wf_arena arena;
};

/* The first `count` of the made-up articles, whose stories have so many `words` in the middle; more are made when they
 * are asked for. Errors: WF_ENOMEM. */
int wf_text_set_make(struct wf_text_set *set, size_t count, uint32_t words, uint64_t seed);

/* All articles of a file of JSON lines, which may be packed (see source.h); lines that hold no article are passed over.
 * `name` is the path's last part.
 * Errors: those of wf_source_open() and wf_source_next(); WF_ENOTFOUND: it has no article; WF_ENOMEM. */
int wf_text_set_read(struct wf_text_set *set, const char *path, struct wf_error *error);

void wf_text_set_close(struct wf_text_set *set);

/* Article `i`, lent until the next call; false where the set has no more. */
bool wf_text_set_article(const struct wf_text_set *set, uint64_t i, struct wf_text_set_article *article);

#endif
