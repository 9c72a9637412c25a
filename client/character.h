/* One character of UTF-8, and what stands for bytes that are none. */
#ifndef WF_CHARACTER_H
#define WF_CHARACTER_H

#include "base/bytes.h"

#define WF_CHARACTER_REPLACEMENT 0xfffdu
#define WF_CHARACTER_BYTES_MAX   4

/* Takes the character at the front of `*text`, which is not empty and moves past it. RFC 3629: no surrogates, no
 * overlong forms, nothing above U+10FFFF. `is_valid` is false where the bytes are no character: one byte is taken
 * then, and the result is U+FFFD. */
uint32_t wf_character_next(struct wf_bytes *text, bool *is_valid);

/* Writes `character` into `bytes`. Returns how many bytes it took, 1 to WF_CHARACTER_BYTES_MAX. */
size_t wf_character_encode(uint32_t character, char bytes[WF_CHARACTER_BYTES_MAX]);

/* The longest beginning of `text` of at most `bytes_max` that does not end inside a character. */
struct wf_bytes wf_character_cut(struct wf_bytes text, size_t bytes_max);

#endif
