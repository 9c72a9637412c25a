/* What the versions of the tokeniser share: where the reading stands, and where tokens are written. For tokenise*.c
 * alone. */
#ifndef WF_TOKENISE_STATE_H
#define WF_TOKENISE_STATE_H

#include "cpu.h"
#include "hash.h"
#include "normalise.h"
#include "tokenise.h"

/* Room past the last token of each array, for vector stores that write more than they count. */
#define WF_TOKENISE_SLACK 64u

#define WF_TOKENISE_CAREFUL 0x80 /* a token of a vector version is to be hashed with care */

#define WF_TOKENISE_NEVER UINT32_MAX /* stop_after: read to the end */

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

/* The scalar version: the truth. Reads from byte `at`, which is in a gap, to the end of the text, or to the first
 * space after `stop_after` bytes or more where a vector version can go on. Returns where it stopped, in a gap. */
uint32_t wf_tokenise_scalar(struct wf_tokeniser *tokeniser, uint32_t at, uint32_t stop_after);

/* The vector versions: the whole text. Each is there where the processor can have it, see wf_cpu_has(). */
void wf_tokenise_avx2(struct wf_tokeniser *tokeniser);
void wf_tokenise_avx512(struct wf_tokeniser *tokeniser);
void wf_tokenise_neon(struct wf_tokeniser *tokeniser);

/* Hashes the word [start, end) of the text that a vector version found: letters, digits and what joins them. */
uint32_t wf_tokenise_word_hash(const struct wf_tokeniser *tokeniser, uint32_t start, uint32_t end);

/* As wf_tokenise(), by the version of `level`, which the processor must have. For tests and measurements. */
int wf_tokenise_at_level(enum wf_cpu_level level, struct wf_bytes text, uint64_t seed, uint32_t count_max,
			 struct wf_arena *arena, struct wf_tokens *tokens);

#endif
