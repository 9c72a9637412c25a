/* What the versions of the tokeniser share: where the reading stands, and where tokens are written. For tokenise*.c alone. */
#ifndef WF_TOKENISE_STATE_H
#define WF_TOKENISE_STATE_H

#include "hash.h"
#include "normalise.h"
#include "tokenise.h"

/* Room past the last token of each array, for vector stores that write more than they count. */
#define WF_TOKENISE_SLACK 64u

/* What lies between the last token and the place that was read up to. */
struct wf_token_gap {
	bool has_line;    /* the next token is the first of its line */
	bool has_stop;    /* a sentence ended */
	bool after_space; /* the last character was a space */
	bool after_stop;  /* the last character was a stop that needs something after it */
};

struct wf_tokeniser {
	const uint8_t *text;
	uint32_t length;
	uint32_t count_max;
	uint64_t total;
	uint32_t count;
	struct wf_word_keys keys;
	struct wf_token_gap gap;
	uint32_t *hashes;
	uint32_t *starts;
	uint32_t *ends;
	uint8_t *flags;
};

/* The scalar version: the truth. Reads the text from its start to its end. */
void wf_tokenise_scalar(struct wf_tokeniser *tokeniser);

#endif
