/* The article that is to be decided, made ready: its tokens, what of them is content, and the keys to ask for.
 *
 *   document -> tokens -> mask (boilerplate) -> passages (weights) -> keys: [ same text | bands | passages ]
 *
 * What is learned in between changes the mask and the keys; so a newcomer tells whether it is still as it would be
 * made now. One may then be made ready ahead of its turn, and the memory asked for what it will need. */
#ifndef WF_NEWCOMER_H
#define WF_NEWCOMER_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "boilerplate.h"
#include "document.h"
#include "frequency.h"
#include "passage.h"
#include "sketch.h"

#define WF_NEWCOMER_KEYS_MAX 192u

struct wf_newcomer {
	const char *evidence; /* of the document that it was made of; NULL: of none */
	uint64_t content_hash;
	uint64_t source;
	uint64_t boilerplate_version;
	uint64_t weights_version;
	uint32_t tokens_count;
	uint32_t own_tokens; /* that are content */
	uint32_t bands;      /* keys[1 ... bands] */
	uint32_t keys_count; /* 0: nothing to ask for */
	uint64_t keys[WF_NEWCOMER_KEYS_MAX];
	uint16_t places[WF_NEWCOMER_KEYS_MAX]; /* of the keys of passages in the ranking */
	uint16_t *tokens;
	uint8_t *mask;    /* 1: boilerplate */
	bool is_withheld; /* of a WF_PAGE_OTHER more would be */
	uint8_t *weights; /* of the tokens */
	struct wf_passage_ranking ranking;
	/* What they point to, one behind the other and just as long as the text is: it stays in the nearest cache. */
	uint32_t room[WF_DOCUMENT_TOKENS_MAX * 3 + 2 * WF_KERNEL_SLACK];
};

/* Makes the newcomer of a document of `source`; `page`: WF_PAGE_NEW or WF_PAGE_OTHER. Errors: WF_ECORRUPT, WF_EVERSION
 * (of its evidence); it is then made of none. */
int wf_newcomer_make(struct wf_newcomer *newcomer, const struct wf_document *document, uint64_t source,
		     enum wf_page page, struct wf_bands bands, const struct wf_boilerplate *boilerplate,
		     const struct wf_frequency *frequency);

/* Makes it of a stored article: of its evidence and, as the text is not at hand, the keys of its text and its bands,
 * `fixed_count` of them, as they were stored. It is current for no document. Errors: as of make. */
int wf_newcomer_remake(struct wf_newcomer *newcomer, struct wf_bytes evidence, uint64_t source, const uint64_t *fixed,
		       uint32_t fixed_count, const struct wf_boilerplate *boilerplate,
		       const struct wf_frequency *frequency);

/* Whether it was made of this document, and would be made alike now. */
bool wf_newcomer_is_current(const struct wf_newcomer *newcomer, const struct wf_document *document, uint64_t source,
			    const struct wf_boilerplate *boilerplate, const struct wf_frequency *frequency);

/* The keys to enter it under; returns how many, `keys_max` at most. */
uint32_t wf_newcomer_stored_keys(const struct wf_newcomer *newcomer, uint64_t *keys, uint32_t keys_max);

#endif
