/* The tokens of evidence, 16 bits each, from the tokens of a text: words 0 to 0xDFFF, numbers (they have a digit)
 * 0xE000 to 0xFFFF. The store keeps them: the same for ever. */
#ifndef WF_TOKEN16_H
#define WF_TOKEN16_H

#include "tokenise.h"

#define WF_TOKEN16_NUMBER 0xE000u /* this and above are numbers */

_Static_assert(WF_TOKEN16_NUMBER == 7u << 13, "as many parts of words");
_Static_assert(WF_TOKEN_NUMBER == 1, "a flag that is 0 or 1");

static inline bool wf_token16_is_number(uint16_t token)
{
	return token >= WF_TOKEN16_NUMBER;
}

/* A word's token is its hash's place among WF_TOKEN16_NUMBER equal parts of all hashes, hash * 7 >> 19; written so that
 * it takes 32 bits and no branch. */
static inline uint16_t wf_token16_of(uint32_t hash, uint8_t flags)
{
	const uint32_t high = hash >> 19;
	const uint32_t low = hash & ((1u << 19) - 1);
	const uint32_t word = high * 7 + (low * 7 >> 19);
	const uint32_t is_number = flags & WF_TOKEN_NUMBER;

	return (uint16_t)(is_number * (WF_TOKEN16_NUMBER + high) + (1 - is_number) * word);
}

#endif
