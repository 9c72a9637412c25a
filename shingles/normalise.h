/* Which character is what: the class of each, and the form in which copies of a text agree on it.
 *
 *   UTF-8 bytes -> character -> unit(s): class, folded bytes, place in the original
 *
 * A character is folded to its compatibility decomposition (NFKD) and case folded; marks that copies lose (accents,
 * Arabic and Hebrew vowel points) and characters that cannot be seen (soft hyphen, joiners, direction marks) are
 * ignored, digits become ASCII. What is a letter of its own is put together again: й, voiced kana, Hangul syllables.
 * Most characters give one unit, some several (ﬁ).
 *
 * The Basic Multilingual Plane is looked up in a table that is made from normalise_rule.c when wirefold is built;
 * the characters above it ask the rule each time. An entry of the table:
 *
 *   31     8 7      6 5          5 3     0
 *   | bytes | length | composes   | class |     length 0: the character folds to itself
 *
 * or, where the class is WF_CLASS_EXPANSION, bytes is an offset into wf_normalise_expansions: a length, then that
 * many bytes. */
#ifndef WF_NORMALISE_H
#define WF_NORMALISE_H

#include "base/bytes.h"

enum wf_class {
	WF_CLASS_OTHER, /* separates: spaces, punctuation, symbols, controls, invalid bytes */
	WF_CLASS_APOSTROPHE,
	WF_CLASS_DOT,   /* joins digits */
	WF_CLASS_COMMA, /* joins digits */
	WF_CLASS_COLON, /* joins digits */
	WF_CLASS_IGNORED,
	WF_CLASS_LETTER,
	WF_CLASS_DIGIT,
	WF_CLASS_PAIRED,     /* scripts without spaces that are read in pairs: Han, kana, bopomofo */
	WF_CLASS_QUADRUPLED, /* scripts without spaces that are read in fours: Thai, Lao, Khmer, Myanmar */
	WF_CLASS_EXPANSION,  /* several units; never the class of a unit */
	WF_CLASS_COUNT
};

#define WF_NORMALISE_PAGES     1024 /* of 64 characters: the Basic Multilingual Plane */
#define WF_NORMALISE_UNITS_MAX 20   /* of one character: U+FDFA has 18 */

extern const uint16_t wf_normalise_pages[WF_NORMALISE_PAGES];
extern const uint32_t wf_normalise_entries[][64];
extern const uint8_t wf_normalise_expansions[];

struct wf_unit {
	enum wf_class class;
	uint32_t bytes;  /* the folded character in UTF-8, its first byte the lowest; bytes past `length` are zero */
	uint32_t length; /* [1, 4] */
	uint32_t start;  /* the character in the original is [start, end) */
	uint32_t end;
};

/* Where the reading of a text stands. A plain value: a copy is a second reader, to look ahead with. */
struct wf_cursor {
	const uint8_t *text;
	uint32_t length;
	uint32_t at;    /* the next character */
	uint32_t start; /* the character whose expansion is being read */
	uint8_t expansion_at;
	uint8_t expansion_length; /* 0: none */
	uint8_t expansion[4 * WF_NORMALISE_UNITS_MAX];
};

/* Starts reading at byte `at`. `text` is borrowed for as long as the cursor is used; shorter than 4 GiB. */
void wf_cursor_init(struct wf_cursor *cursor, const uint8_t *text, uint32_t length, uint32_t at);

/* Reads the next unit. Returns false at the end of the text. */
bool wf_cursor_next(struct wf_cursor *cursor, struct wf_unit *unit);

static inline enum wf_class wf_entry_class(uint32_t entry)
{
	return (enum wf_class)(entry & 15);
}

/* Bytes that the entry folds to; 0: to itself (from U+0800 on, and in ASCII), or several units. */
static inline uint32_t wf_entry_length(uint32_t entry)
{
	return entry >> 6 & 3;
}

/* The character may make one letter with the one after it. */
static inline bool wf_entry_composes(uint32_t entry)
{
	return (entry & 32) != 0;
}

static inline uint32_t wf_entry_bytes(uint32_t entry)
{
	return entry >> 8;
}

/* The entry of a character below U+0800, from its two UTF-8 bytes. Its pages come first and in order. */
static inline uint32_t wf_entry_two(uint8_t first, uint8_t second)
{
	return wf_normalise_entries[first & 31][second & 63];
}

static inline uint32_t wf_entry_three(uint8_t first, uint8_t second, uint8_t third)
{
	return wf_normalise_entries[wf_normalise_pages[(uint32_t)(first & 15) << 6 | (second & 63)]][third & 63];
}

static inline uint32_t wf_entry_ascii(uint8_t byte)
{
	return wf_normalise_entries[byte >> 6][byte & 63];
}

static inline bool wf_byte_continues(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Four bytes as a number, the first the lowest. */
static inline uint32_t wf_normalise_load(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap32(value);
#endif
	return value;
}

/* Looks up the character at `at`, which has 6 bytes: its entry, its folded bytes as in struct wf_unit, and the bytes
 * it takes up. Returns false where it takes more than a look: several units, a letter that may be composed, above
 * U+FFFF, invalid. */
static inline __attribute__((always_inline)) bool
wf_normalise_look_up(const uint8_t *at, uint32_t *entry, uint32_t *bytes, uint32_t *length, uint32_t *size)
{
	const uint32_t four = wf_normalise_load(at);
	uint32_t found, composes;

	if ((four & 0x80) == 0) {
		*entry = wf_normalise_entries[four >> 6 & 1][four & 63];
		*bytes = (four & 0x7F) | 0x20; /* right for letters and digits; of the others nobody asks */
		*length = *size = 1;
		return true;
	}
	if ((four & 0xC0E0) == 0x80C0 && (four & 0x1E) != 0) {
		found = wf_normalise_entries[four & 31][four >> 8 & 63];
		*bytes = four & 0xFFFF;
		*size = 2;
		composes = (four >> 16 & 0xFF) == 0xCC; /* a breve, perhaps */
	} else if ((four & 0xC0C0F0) == 0x8080E0 && (four & 0x200F) != 0) {
		const uint32_t next = wf_normalise_load(at + 2) >> 8;

		found = wf_normalise_entries[wf_normalise_pages[(four & 15) << 6 | (four >> 8 & 63)]][four >> 16 & 63];
		*bytes = four & 0xFFFFFF;
		*size = 3;
		/* A voicing mark, or a jamo or half-width mark, perhaps. Joined without a branch: few are guessed
		 * right. */
		composes = (uint32_t)((next & 0xFCFFFF) == 0x9882E3) | (uint32_t)((next & 0xFF) == 0xE1) |
			   (uint32_t)((next & 0xFF) == 0xEF);
	} else {
		return false;
	}
	*entry = found;
	*length = wf_entry_length(found);
	*bytes = *length == 0 ? *bytes : wf_entry_bytes(found);
	*length = *length == 0 ? *size : *length;
	return ((composes & found >> 5) | (uint32_t)(wf_entry_class(found) == WF_CLASS_EXPANSION)) == 0;
}

/* As wf_cursor_next(), faster where a look is enough. */
static inline bool wf_cursor_read(struct wf_cursor *cursor, struct wf_unit *unit)
{
	uint32_t entry, size;

	if (cursor->expansion_length != 0 || cursor->length - cursor->at < 6 ||
	    !wf_normalise_look_up(cursor->text + cursor->at, &entry, &unit->bytes, &unit->length, &size))
		return wf_cursor_next(cursor, unit);
	unit->start = cursor->at;
	cursor->at += size;
	unit->end = cursor->at;
	unit->class = wf_entry_class(entry);
	return true;
}

#endif
