/* The vector versions' common part: tokens from bit masks. Included by one file a processor, which defines before it
 *
 *   struct vectors
 *           what the others need in registers all the time; made by vectors_make()
 *   struct wf_token_masks classify(const struct vectors *vectors, const uint8_t *at, uint8_t *folded)
 *           the classes of the 64 bytes at `at`, bit i for byte i; `high`: it is not ASCII, and what the others say of
 *           it means nothing; and the bytes, A to Z made small
 *   uint64_t extract(uint64_t bits, uint64_t mask)
 *           the bits that `mask` has, moved together from the lowest on
 *   void letters_emit(const struct vectors *vectors, uint8_t *letters, const uint8_t *folded, uint64_t kept)
 *           those of the 64 bytes that `kept` has
 *   void ends_emit(const struct vectors *vectors, uint16_t *ends, uint32_t base, uint64_t mask)
 *           base + 1 + i for each bit i of `mask`, ascending
 *   void flags_emit(const struct vectors *vectors, uint8_t *flags, uint64_t numbers)
 *           WF_TOKEN_NUMBER for each bit of `numbers` that is set, 0 for each other, of WINDOW_TOKENS
 *   void places_emit(const struct vectors *vectors, uint32_t *places, uint32_t base, uint64_t mask)
 *           base + i for each bit i of `mask`, ascending
 *   void hash_words(struct wf_word_keys keys, const uint8_t *letters, const uint16_t *ends, uint32_t count,
 *                   uint32_t *hashes)
 *           of words that lie one behind the other, the i-th from ends[i - 1] to ends[i]; ends[-1] is there
 *
 * each free to write WINDOW_TOKENS elements, or 64 bytes; hash_words() to read 64 letters past the last, and
 * HASH_TOGETHER ends.
 *
 *   Oil rose 1,155.93 pct.
 *   111.1111.11111111.111.   word: letters and digits, and what joins them
 *   ..........1...........   dropped: the comma of thousands; an apostrophe
 *   ..1....1........1...1.   last: in a word, and the byte after is not
 *   oilrose1155.93pct        letters: the words as they are hashed, folded, with nothing between them
 *
 * What is true of a whole word (it has a digit) is carried to the place after it by an addition: a run of ones plus any
 * bit within the run overflows into the place after the run.
 *
 * A window is 64 bytes, of which 57 to 60 are taken in and the others looked ahead at. Letters and punctuation
 * beyond ASCII are put into the masks one by one, and the letters into the folded bytes; where they are shorter when
 * folded, the first bytes are dropped. At anything else (digits of other scripts, scripts without spaces, ignored
 * characters, invalid bytes) the scalar version reads on from the last place between words.
 *
 * The words of a batch of windows are hashed together. There is no branch on what a word is like. */
#include "tokenise_state.h"

#define WINDOW_BYTES      64u
#define WINDOW_TAKEN      60u
#define WINDOW_TOKENS     WF_TOKENISE_WINDOW_TOKENS
#define WINDOW_AHEAD      5u /* bytes past the window that may be read: the rest of a character and its marks */
#define BATCH_WINDOWS     WF_TOKENISE_BATCH_WINDOWS
#define LETTERS_KEPT      256u /* of a word that goes on in the next batch; a longer one is the scalar version's */
#define BACKOFF_BYTES_MIN 32u  /* the scalar version reads at least; doubled each time that it is called soon again */
#define BACKOFF_BYTES_MAX 2048u

_Static_assert(WINDOW_BYTES / 2 <= WINDOW_TOKENS, "each word has something after it");

/* What is beyond ASCII in a window, in masks; and letters that are ASCII. */
struct window {
	uint64_t letter;  /* of several bytes: all of them */
	uint64_t joined;  /* apostrophes that join: likewise */
	uint64_t dropped; /* bytes of letters that are shorter when folded: the first ones */
	uint32_t hard;    /* the first byte that only the scalar version can read; 64: none */
};

/* What was read up to the window: a bit each. */
struct carry {
	uint64_t in_word;
	uint64_t number; /* the open word has a digit */
	uint64_t after_letter;
	uint64_t after_digit;
	uint32_t open_start; /* of the open word, in the text */
};

/* Words that are not hashed yet, and the beginning of one; and how much of it there is. */
struct batch {
	uint16_t ends_room[1 + BATCH_WINDOWS * WINDOW_TOKENS + WINDOW_TOKENS + HASH_TOGETHER]; /* the first is 0 */
	uint8_t letters[LETTERS_KEPT + BATCH_WINDOWS * WINDOW_BYTES + 2 * WINDOW_BYTES];
};

struct counts {
	uint32_t words;
	uint32_t letters;
};

static inline uint64_t low_bits(uint32_t count)
{
	return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

/* An apostrophe beyond ASCII, `size` bytes at byte `at` of the window: joins the letters on both sides. */
static inline bool apostrophe_joins(const struct window *window, uint64_t after_letter, uint32_t at, uint32_t size)
{
	const uint64_t before = at == 0 ? after_letter : window->letter >> (at - 1) & 1;

	return before != 0 && at + size < 64 && (window->letter >> (at + size) & 1) != 0;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "the vector versions store folded bytes the little end first"
#endif

/* Stores a letter that is one to three bytes when folded, at the end of its `size` bytes; returns which of those are
 * dropped. */
static inline uint64_t letter_store(uint8_t *folded, uint32_t bytes, uint32_t length, uint32_t size)
{
	uint8_t *const at = folded + (size - length);
	const uint16_t two = (uint16_t)bytes;

	if (length == 1) {
		at[0] = (uint8_t)bytes;
	} else {
		memcpy(at, &two, sizeof two);
		if (length == 3)
			at[2] = (uint8_t)(bytes >> 16);
	}
	return low_bits(size - length);
}

/* Reads the characters beyond ASCII of the window at `at`: what they are into `window`, the letters, folded, into the
 * folded bytes. May read WINDOW_AHEAD bytes past the window, and write two. */
static __attribute__((noinline)) void window_take_high(struct window *window, uint64_t high, const uint8_t *at,
						       uint8_t *folded, uint64_t after_letter)
{
	uint64_t apostrophes = 0, letter = window->letter, dropped = 0;

	while (high != 0) {
		const uint32_t i = (uint32_t)__builtin_ctzll(high);
		const uint8_t *bytes = at + i;
		const uint32_t two = bytes[0] | (uint32_t)bytes[1] << 8;
		uint32_t entry, size, folded_bytes, folded_length;
		enum wf_class class;

		/* Most often a letter of two bytes that is one of two bytes when folded: Cyrillic, Greek, Arabic,
		 * Hebrew. */
		if (__builtin_expect((two & 0xC0E0) == 0x80C0, 1)) {
			entry = wf_entry_two(bytes[0], bytes[1]);
			if (__builtin_expect((entry & 0xCF) == (WF_CLASS_LETTER | 2 << 6) && bytes[2] != 0xCC, 1)) {
				letter |= UINT64_C(3) << i;
				(void)letter_store(folded + i, wf_entry_bytes(entry), 2, 2);
				high &= high - 1;
				high &= high - 1;
				continue;
			}
		}
		if (!wf_normalise_look_up(bytes, &entry, &folded_bytes, &folded_length, &size))
			break;
		class = wf_entry_class(entry);
		if (__builtin_expect(class == WF_CLASS_LETTER, 1)) {
			if (folded_length > size)
				break;
			letter |= low_bits(size) << i;
			dropped |= letter_store(folded + i, folded_bytes, folded_length, size) << i;
		} else if (class == WF_CLASS_APOSTROPHE) {
			apostrophes |= UINT64_C(1) << i;
		} else if (class != WF_CLASS_OTHER) {
			break;
		}
		high &= ~(low_bits(size) << i);
	}
	window->hard = high == 0 ? 64 : (uint32_t)__builtin_ctzll(high);
	window->letter = letter;
	window->dropped = dropped;
	for (; apostrophes != 0; apostrophes &= apostrophes - 1) {
		const uint32_t i = (uint32_t)__builtin_ctzll(apostrophes);
		const uint32_t size = at[i] >= 0xE0 ? 3 : 2;

		if (apostrophe_joins(window, after_letter, i, size))
			window->joined |= low_bits(size) << i;
	}
}

/* Bytes beyond ASCII are of no class. */
static inline void ascii_alone(struct wf_token_masks *masks)
{
	masks->letter &= ~masks->high;
	masks->digit &= ~masks->high;
	masks->dot_colon &= ~masks->high;
	masks->comma &= ~masks->high;
	masks->apostrophe &= ~masks->high;
}

/* How far a window can be taken in that has something hard: to the last character before it that is surely between
 * words, whatever comes; 0 where there is none. */
static uint32_t taken_before(const struct wf_token_masks *ascii, uint32_t hard, uint32_t taken)
{
	const uint64_t clear = low_bits(hard < taken ? hard : taken);
	const uint64_t apart = clear & ~(ascii->letter | ascii->digit | ascii->dot_colon | ascii->comma |
					 ascii->apostrophe | ascii->high);

	return apart == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(apart);
}

/* Hashes the words of the batch, bounds their number, and begins the next batch: keeps the letters of the word that is
 * open. */
static __attribute__((noinline)) struct counts batch_hash(struct wf_tokeniser *tokeniser, struct batch *batch,
							  struct counts counts)
{
	const uint32_t room = tokeniser->count_max - tokeniser->count;
	const uint32_t count = counts.words < room ? counts.words : room;
	uint16_t *const ends = batch->ends_room + 1;
	const uint32_t open = batch->ends_room[counts.words];

	/* Of words past the last there are none. */
	for (uint32_t i = 0; i < HASH_TOGETHER; i++)
		ends[counts.words + i] = (uint16_t)open;
	hash_words(tokeniser->keys, batch->letters, ends, count, tokeniser->hashes + tokeniser->count);
	tokeniser->count += count;
	tokeniser->total += counts.words;
	memmove(batch->letters, batch->letters + open, counts.letters - open);
	return (struct counts){.letters = counts.letters - open};
}

/* Takes in the first `taken` bytes of a window that begins at byte `base` of the text. Inline in the one loop that
 * calls it, so that masks and carry stay in registers. */
static inline __attribute__((always_inline)) void
window_write(const struct vectors *vectors, const struct wf_tokeniser *tokeniser, struct batch *batch,
	     const struct wf_token_masks *ascii, const struct window *window, const uint8_t *folded,
	     struct carry *carry, struct counts *counts, uint32_t base, uint32_t taken, bool has_places)
{
	const uint64_t valid = low_bits(taken);
	const uint64_t letter = window->letter, digit = ascii->digit;
	const uint64_t digit_joins = (digit << 1 | carry->after_digit) & digit >> 1;
	const uint64_t comma = ascii->comma & digit_joins;
	const uint64_t thousands = comma & digit >> 2 & digit >> 3 & ~(digit >> 4);
	const uint64_t apostrophe =
		(ascii->apostrophe & (letter << 1 | carry->after_letter) & letter >> 1) | window->joined;
	const uint64_t dropped = apostrophe | thousands | window->dropped;
	const uint64_t word_on = letter | digit | apostrophe | comma | (ascii->dot_colon & digit_joins);
	const uint64_t word = word_on & valid;
	const uint64_t last = word & ~(word_on >> 1);
	const uint64_t kept = word & ~dropped;
	const uint64_t number = word + (word & digit) + carry->number;
	const uint64_t gap = ~word & valid;
	const uint32_t count = tokeniser->count + counts->words;

	letters_emit(vectors, batch->letters + counts->letters, folded, kept);
	ends_emit(vectors, batch->ends_room + 1 + counts->words, counts->letters, extract(last, kept));
	flags_emit(vectors, tokeniser->flags + count, extract(number, last << 1));
	if (has_places) {
		const uint64_t starts = word & ~(word << 1 | carry->in_word);

		places_emit(vectors, tokeniser->starts + count + carry->in_word, base, starts);
		places_emit(vectors, tokeniser->ends + count, base + 1, last);
	}
	counts->letters += (uint32_t)__builtin_popcountll(kept);
	counts->words += (uint32_t)__builtin_popcountll(last);

	carry->open_start = gap != 0 ? base + 64 - (uint32_t)__builtin_clzll(gap) : carry->open_start;
	carry->in_word = word >> (taken - 1) & word_on >> taken & 1;
	carry->number = number >> taken & carry->in_word;
	carry->after_letter = letter >> (taken - 1) & 1;
	carry->after_digit = digit >> (taken - 1) & 1;
}

/* Reads from byte `at`, between words, as far as it can; returns where the scalar version has to go on, between words:
 * the length at the end. */
static inline __attribute__((always_inline)) uint32_t span_read(struct wf_tokeniser *tokeniser, uint64_t at,
								bool has_places)
{
	const struct vectors vectors = vectors_make();
	const uint32_t length = tokeniser->length;
	struct carry carry = {.open_start = (uint32_t)at};
	struct counts counts = {0};
	struct batch batch;
	uint32_t windows_count = 0;

	batch.ends_room[0] = 0;
	while (at < length) {
		const uint8_t *bytes = tokeniser->text + at;
		uint8_t tail[2 * WINDOW_BYTES];
		uint8_t folded[WINDOW_BYTES + 2];
		struct window window = {.hard = 64};
		struct wf_token_masks ascii;
		uint32_t taken = WINDOW_TAKEN;

		if (__builtin_expect(at + WINDOW_BYTES + WINDOW_AHEAD > length, 0)) {
			const uint32_t left = length - (uint32_t)at;

			memset(tail, 0, sizeof(tail));
			memcpy(tail, bytes, left);
			bytes = tail;
			taken = left < taken ? left : taken;
		}
		ascii = classify(&vectors, bytes, folded);
		window.letter = ascii.letter;
		if (__builtin_expect(ascii.high != 0, 0)) {
			struct window beyond = {.letter = ascii.letter & ~ascii.high};

			ascii_alone(&ascii);
			window_take_high(&beyond, ascii.high, bytes, folded, carry.after_letter);
			window = beyond;
			if (window.hard == 64)
				while (wf_byte_continues(bytes[taken]))
					taken--;
			else
				taken = taken_before(&ascii, window.hard, taken);
			if (taken == 0)
				break;
		}
		window_write(&vectors, tokeniser, &batch, &ascii, &window, folded, &carry, &counts, (uint32_t)at, taken,
			     has_places);
		at += taken;
		if (__builtin_expect(window.hard < 64, 0))
			break;
		if (++windows_count % BATCH_WINDOWS == 0) {
			counts = batch_hash(tokeniser, &batch, counts);
			if (counts.letters > LETTERS_KEPT)
				break;
		}
	}
	(void)batch_hash(tokeniser, &batch, counts);
	/* An open word is read once more, by the scalar version. */
	return carry.in_word ? carry.open_start : (uint32_t)at;
}

static __attribute__((noinline)) uint32_t span_read_places(struct wf_tokeniser *tokeniser, uint64_t at)
{
	return span_read(tokeniser, at, true);
}

static __attribute__((noinline)) uint32_t span_read_words(struct wf_tokeniser *tokeniser, uint64_t at)
{
	return span_read(tokeniser, at, false);
}

static void vector_tokenise(struct wf_tokeniser *tokeniser)
{
	uint32_t at = 0, backoff = BACKOFF_BYTES_MIN;

	while (at < tokeniser->length) {
		const uint32_t start = at;

		at = tokeniser->starts != NULL ? span_read_places(tokeniser, start) : span_read_words(tokeniser, start);
		backoff = at - start >= BACKOFF_BYTES_MAX ? BACKOFF_BYTES_MIN : backoff;
		if (at == tokeniser->length)
			return;
		at = wf_tokenise_scalar(tokeniser, at, backoff);
		/* Where text is never simple for long, it costs more to try again than it saves. */
		if (at - start < 4 * backoff && backoff < BACKOFF_BYTES_MAX)
			backoff *= 2;
	}
}
