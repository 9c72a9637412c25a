/* The vector versions' common part: tokens from bit masks. Included by one file a processor, which defines before it
 *
 *   struct masks classify(const uint8_t *at, uint8_t *folded)
 *           the classes of the 64 bytes at `at`, bit i for byte i; and the bytes, A to Z made small
 *   void places_emit(uint32_t *places, uint32_t base, uint64_t mask)
 *           base + i for each bit i of `mask`, ascending
 *   void flags_emit(uint8_t *flags, uint64_t mask, uint64_t line, uint64_t sentence, uint64_t capital)
 *   void marks_emit(uint8_t *marks, uint64_t mask, uint64_t number, uint64_t careful)
 *           one for each bit of `mask`, from the same bit of the others; then eight zeros, at least
 *
 * each free to write WF_TOKENISE_SLACK elements.
 *
 *   Oil rose 5.93 pct.
 *   111011110101101110   word: letters and digits
 *   ..........1.......   joined: the dot, between digits
 *   1...1....1....1...   starts: in a word, and the byte before is not
 *   ...1....1....1...1   past: not in a word, and the byte before is
 *
 * What is true of a whole run (a word has a digit; a gap has a line break) is carried to the place after it by an
 * addition: a run of ones plus any bit within the run overflows into the place after the run.
 *
 * A window is 64 bytes, of which 57 to 60 are taken in and the others looked ahead at. Letters and punctuation
 * beyond ASCII are put into the masks one by one, and the letters into the folded bytes, if they are as long when
 * folded. At anything else (digits of other scripts, scripts without spaces, ignored characters, invalid bytes) the
 * scalar version reads on from the last gap.
 *
 * The words of a batch of windows are hashed together, from the folded bytes; those that are not as their bytes are
 * (joined, shortened) are marked, and hashed with care. */
#include "tokenise_state.h"

#define WINDOW_BYTES      64u
#define WINDOW_TAKEN      60u
#define WINDOW_AHEAD      5u /* bytes past the window that may be read: the rest of a character and its marks */
#define BATCH_WINDOWS     16u
#define FOLDED_KEPT       256u /* bytes of a word that goes on in the next batch; a longer one is hashed with care */
#define BACKOFF_BYTES_MIN 32u  /* the scalar version reads at least; doubled each time that it is called soon again */
#define BACKOFF_BYTES_MAX 2048u

/* Masks of a whole window. For characters of several bytes: letter has all bytes, upper the first, the others as
 * named. */
struct window {
	struct masks ascii;
	uint64_t letter;
	uint64_t upper;
	uint64_t space_first;
	uint64_t space_last;
	uint64_t newline;
	uint64_t stop;
	uint64_t stop_last; /* of those that need something after them */
	uint64_t joined;    /* apostrophes beyond ASCII that join */
	uint64_t careful;   /* in a word, but not as its bytes are */
	uint32_t hard;      /* the first byte that only the scalar version can read; 64: none */
};

/* What was read up to the window. */
struct carry {
	uint64_t in_word;
	uint64_t number;  /* the open word has a digit */
	uint64_t careful; /* the open word needs care */
	uint64_t line;
	uint64_t stop;
	uint64_t after_space;
	uint64_t after_stop;
	uint64_t after_letter;
	uint64_t after_digit;
	uint32_t open_start; /* of the open word */
};

struct writer {
	uint32_t starts_count;
	uint32_t ends_count;
	uint32_t hashed_count;
	uint8_t marks[BATCH_WINDOWS * 32 +
		      2 * WF_TOKENISE_SLACK]; /* of the tokens from hashed_count on: NUMBER, WF_TOKENISE_CAREFUL */
	uint32_t folded_start;                /* the byte of the text that folded[0] is of */
	uint8_t folded[FOLDED_KEPT + BATCH_WINDOWS * WINDOW_BYTES + WINDOW_BYTES];
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

/* Puts one character beyond ASCII that is no letter into the masks; false where only the scalar version can read it. */
static bool window_take_other(struct window *window, enum wf_class class, uint32_t i, uint32_t size,
			      uint64_t *apostrophes)
{
	const uint64_t first = UINT64_C(1) << i;
	const uint64_t last = i + size <= 64 ? UINT64_C(1) << (i + size - 1) : 0;

	switch (class) {
	case WF_CLASS_OTHER:
		return true;
	case WF_CLASS_SPACE:
		window->space_first |= first;
		window->space_last |= last;
		return true;
	case WF_CLASS_NEWLINE:
		window->newline |= first;
		return true;
	case WF_CLASS_STOP:
		window->stop |= first;
		window->stop_last |= last;
		return true;
	case WF_CLASS_FULL_STOP:
		window->stop |= first;
		return true;
	case WF_CLASS_APOSTROPHE:
		*apostrophes |= first;
		return true;
	default:
		return false;
	}
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "the vector versions store folded bytes the little end first"
#endif

/* Stores a letter of two or three bytes. */
static inline void folded_store(uint8_t *folded, uint32_t bytes, uint32_t size)
{
	const uint16_t two = (uint16_t)bytes;

	memcpy(folded, &two, sizeof(two));
	if (size == 3)
		folded[2] = (uint8_t)(bytes >> 16);
}

/* Puts the characters beyond ASCII into the masks, and the letters, folded, into the folded bytes. May read
 * WINDOW_AHEAD bytes past the window, and write two. */
static __attribute__((noinline)) void window_take_high(struct window *window, const uint8_t *at, uint8_t *folded,
						       uint64_t after_letter)
{
	uint64_t high = window->ascii.high, apostrophes = 0, letter = 0, upper = 0, careful = 0;

	while (high != 0) {
		const uint32_t i = (uint32_t)__builtin_ctzll(high);
		const uint8_t *bytes = at + i;
		const uint32_t two = bytes[0] | (uint32_t)bytes[1] << 8;
		uint32_t entry, size, folded_bytes, folded_length;

		/* Most often a letter of two bytes that is one of two bytes when folded: Cyrillic, Greek, Arabic,
		 * Hebrew. */
		if (__builtin_expect((two & 0xC0E0) == 0x80C0, 1)) {
			entry = wf_entry_two(bytes[0], bytes[1]);
			if (__builtin_expect((entry & 0xCF) == (WF_CLASS_LETTER | 2 << 6) && bytes[2] != 0xCC, 1)) {
				letter |= UINT64_C(3) << i;
				upper |= (uint64_t)wf_entry_is_capital(entry) << i;
				folded_store(folded + i, wf_entry_bytes(entry), 2);
				high &= high - 1;
				high &= high - 1;
				continue;
			}
		}
		if (!wf_normalise_look_up(bytes, &entry, &folded_bytes, &folded_length, &size)) {
			window->hard = i;
			break;
		}
		if (__builtin_expect(wf_entry_class(entry) == WF_CLASS_LETTER, 1)) {
			const uint64_t mask = low_bits(size) << i;

			letter |= mask;
			upper |= (uint64_t)wf_entry_is_capital(entry) << i;
			if (folded_length == size) {
				folded_store(folded + i, folded_bytes, size);
			} else {
				careful |= mask;
			}
		} else if (!window_take_other(window, wf_entry_class(entry), i, size, &apostrophes)) {
			window->hard = i;
			break;
		}
		high &= ~(low_bits(size) << i);
	}
	window->letter |= letter;
	window->upper |= upper;
	window->careful |= careful;
	while (apostrophes != 0) {
		const uint32_t i = (uint32_t)__builtin_ctzll(apostrophes);
		const uint32_t size = at[i] >= 0xE0 ? 3 : 2;

		if (apostrophe_joins(window, after_letter, i, size))
			window->joined |= low_bits(size) << i;
		apostrophes &= apostrophes - 1;
	}
}

/* Hashes a word that is its folded bytes; the chunks are read whole. */
static inline uint32_t plain_hash(struct wf_word_keys keys, const uint8_t *word, uint32_t length)
{
	uint64_t state = 0;

	while (__builtin_expect(length > 16, 0)) {
		state = wf_word_hash_chunk(keys, state, wf_hash_load(word), wf_hash_load(word + 8));
		word += 16;
		length -= 16;
	}
	return wf_word_hash_last(keys, state, wf_hash_load(word), wf_hash_load(word + 8), length);
}

/* Adds eight flags at once. */
static inline void flags_or(uint8_t *flags, uint64_t eight)
{
	uint64_t value = wf_hash_load(flags) | eight;

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	memcpy(flags, &value, sizeof(value));
}

/* Hashes the tokens whose ends are known. */
static void writer_hash(struct wf_tokeniser *tokeniser, struct writer *writer)
{
	const struct wf_word_keys keys = tokeniser->keys;
	const uint8_t *const folded = writer->folded;
	const uint32_t folded_start = writer->folded_start;
	const uint32_t *const restrict starts = tokeniser->starts + writer->hashed_count;
	const uint32_t *const restrict ends = tokeniser->ends + writer->hashed_count;
	uint32_t *const restrict hashes = tokeniser->hashes + writer->hashed_count;
	uint8_t *const restrict flags = tokeniser->flags + writer->hashed_count;
	uint8_t *const marks = writer->marks;
	const uint32_t count = writer->ends_count - writer->hashed_count;
	uint32_t first = 0;

	/* A long word of the batch before. */
	if (count > 0 && starts[0] < folded_start) {
		marks[0] |= WF_TOKENISE_CAREFUL;
		first = 1;
	}
	for (uint32_t i = first; i < count; i++)
		hashes[i] = plain_hash(keys, folded + (starts[i] - folded_start), ends[i] - starts[i]);
	for (uint32_t i = 0; i < count; i += 8) {
		const uint64_t eight = wf_hash_load(marks + i);
		const uint64_t numbers = eight & UINT64_C(0x0101010101010101) * WF_TOKEN_NUMBER;
		uint64_t careful = eight & UINT64_C(0x0101010101010101) * WF_TOKENISE_CAREFUL;

		flags_or(flags + i, numbers);
		for (; careful != 0; careful &= careful - 1) {
			const uint32_t j = i + ((uint32_t)__builtin_ctzll(careful) >> 3);

			if (j < count)
				hashes[j] = wf_tokenise_word_hash(tokeniser, starts[j], ends[j]);
		}
	}
	writer->hashed_count = writer->ends_count;
}

/* Makes room for the next batch, which begins at byte `at`: keeps of the folded bytes those of the word that is
 * open. */
static void writer_next_batch(struct writer *writer, const struct carry *carry, uint32_t at)
{
	if (carry->in_word && at - carry->open_start <= FOLDED_KEPT && carry->open_start >= writer->folded_start) {
		memmove(writer->folded, writer->folded + (carry->open_start - writer->folded_start),
			at - carry->open_start);
		writer->folded_start = carry->open_start;
	} else {
		writer->folded_start = at;
	}
}

/* Takes in the first `taken` bytes of a window that begins at byte `base` of the text. Inline in the one loop that
 * calls it, so that window and carry stay in registers. */
static inline __attribute__((always_inline)) void window_write(struct wf_tokeniser *tokeniser, struct writer *writer,
							       const struct window *window, struct carry *carry,
							       uint32_t base, uint32_t taken)
{
	const uint64_t valid = low_bits(taken);
	const uint64_t letter = window->letter, digit = window->ascii.digit;
	const uint64_t digit_joins = (digit << 1 | carry->after_digit) & digit >> 1;
	const uint64_t comma = window->ascii.comma & digit_joins;
	const uint64_t thousands = comma & digit >> 2 & digit >> 3 & ~(digit >> 4);
	const uint64_t apostrophe = window->ascii.apostrophe & (letter << 1 | carry->after_letter) & letter >> 1;
	const uint64_t word =
		(letter | digit | apostrophe | window->joined | comma | (window->ascii.dot_colon & digit_joins)) &
		valid;
	const uint64_t gap = ~word & valid;
	const uint64_t before = word << 1 | carry->in_word;
	const uint64_t starts = word & ~before;
	const uint64_t past = gap & before;
	const uint64_t wide = window->space_first & (window->space_last << 1 | carry->after_space);
	const uint64_t line = gap + (gap & (window->newline | wide)) + carry->line;
	const uint64_t stop = gap + (gap & window->stop) + carry->stop;
	const uint64_t sentence = line | (stop & ~(window->stop_last << 1 | carry->after_stop));
	const uint64_t number = word + (word & digit) + carry->number;
	const uint64_t careful =
		word + (word & (apostrophe | window->joined | thousands | window->careful)) + carry->careful;
	const uint32_t starts_count = (uint32_t)__builtin_popcountll(starts);
	const uint32_t count_max = tokeniser->count_max;

	places_emit(tokeniser->starts + writer->starts_count, base, starts);
	flags_emit(tokeniser->flags + writer->starts_count, starts, line & starts, sentence & starts,
		   window->upper & starts);
	places_emit(tokeniser->ends + writer->ends_count, base, past);
	marks_emit(writer->marks + (writer->ends_count - writer->hashed_count), past, number & past, careful & past);
	tokeniser->total += starts_count;
	writer->starts_count += starts_count;
	writer->ends_count += (uint32_t)__builtin_popcountll(past);
	writer->starts_count = writer->starts_count < count_max ? writer->starts_count : count_max;
	writer->ends_count = writer->ends_count < count_max ? writer->ends_count : count_max;

	if (starts != 0)
		carry->open_start = base + 63 - (uint32_t)__builtin_clzll(starts);
	carry->in_word = word >> (taken - 1) & 1;
	carry->number = number >> taken & 1;
	carry->careful = careful >> taken & 1;
	carry->line = line >> taken & 1;
	carry->stop = stop >> taken & 1;
	carry->after_space = window->space_last >> (taken - 1) & 1;
	carry->after_stop = window->stop_last >> (taken - 1) & 1;
	carry->after_letter = letter >> (taken - 1) & 1;
	carry->after_digit = digit >> (taken - 1) & 1;
}

/* Classes and folded bytes of the window at `at`. */
static inline __attribute__((always_inline)) void window_read(struct window *window, const uint8_t *at, uint8_t *folded,
							      const struct carry *carry)
{
	const struct masks ascii = classify(at, folded);
	const struct window plain = {
		.ascii = ascii,
		.letter = ascii.letter,
		.upper = ascii.upper,
		.space_first = ascii.space,
		.space_last = ascii.space,
		.newline = ascii.newline,
		.stop = ascii.stop,
		.stop_last = ascii.stop,
		.hard = 64,
	};

	*window = plain;
	if (__builtin_expect(ascii.high != 0, 0)) {
		struct window beyond = plain;

		window_take_high(&beyond, at, folded, carry->after_letter);
		*window = beyond;
	}
}

/* Hands over to the scalar version, at byte `at` of the text; returns where it is to begin: there, or where an open
 * word begins. */
static uint32_t span_end(struct wf_tokeniser *tokeniser, struct writer *writer, const struct carry *carry, uint32_t at)
{
	tokeniser->gap = (struct wf_token_gap){
		.has_line = carry->line != 0,
		.has_stop = carry->stop != 0,
		.after_space = carry->after_space != 0,
		.after_stop = carry->after_stop != 0,
	};
	if (carry->in_word) {
		at = carry->open_start;
		tokeniser->total--;
		if (tokeniser->total < tokeniser->count_max) {
			const uint8_t flags = tokeniser->flags[--writer->starts_count];

			tokeniser->gap = (struct wf_token_gap){
				.has_line = (flags & WF_TOKEN_LINE) != 0,
				.has_stop = (flags & WF_TOKEN_SENTENCE) != 0,
			};
		} else {
			tokeniser->gap = (struct wf_token_gap){0};
		}
	}
	writer_hash(tokeniser, writer);
	tokeniser->count = writer->ends_count;
	return at;
}

/* Reads from byte `at`, in a gap, as far as it can; returns where the scalar version has to go on, in a gap: the
 * length at the end. */
static uint32_t span_read(struct wf_tokeniser *tokeniser, uint64_t at)
{
	const uint32_t length = tokeniser->length;
	struct carry carry = {
		.line = tokeniser->gap.has_line,
		.stop = tokeniser->gap.has_stop,
		.after_space = tokeniser->gap.after_space,
		.after_stop = tokeniser->gap.after_stop,
	};
	struct writer writer;
	uint32_t windows_count = 0;

	writer.starts_count = writer.ends_count = writer.hashed_count = tokeniser->count;
	writer.folded_start = (uint32_t)at;
	/* A word that ends with the text ends at the byte after it. */
	while (at < length || carry.in_word) {
		const uint8_t *bytes = tokeniser->text + at;
		uint8_t tail[2 * WINDOW_BYTES];
		struct window window;
		uint32_t taken = WINDOW_TAKEN;
		bool is_hard;

		if (__builtin_expect(at + WINDOW_BYTES + WINDOW_AHEAD > length, 0)) {
			const uint32_t left = at < length ? length - (uint32_t)at : 0;

			memset(tail, 0, sizeof(tail));
			memcpy(tail, bytes, left);
			bytes = tail;
			taken = left == 0 ? 1 : left < taken ? left : taken;
		}
		window_read(&window, bytes, writer.folded + (at - writer.folded_start), &carry);
		is_hard = window.hard < 64;
		if (__builtin_expect(is_hard, 0)) {
			const uint64_t clear = low_bits(window.hard < taken ? window.hard : taken);
			const uint64_t breaks = (window.ascii.space | window.ascii.newline) & clear;

			if (breaks == 0)
				return span_end(tokeniser, &writer, &carry, (uint32_t)at);
			taken = 64 - (uint32_t)__builtin_clzll(breaks);
		} else {
			while (__builtin_expect(wf_byte_continues(bytes[taken]), 0))
				taken--;
		}
		window_write(tokeniser, &writer, &window, &carry, (uint32_t)at, taken);
		at += taken;
		if (__builtin_expect(is_hard, 0))
			return span_end(tokeniser, &writer, &carry, (uint32_t)at);
		if (++windows_count % BATCH_WINDOWS == 0) {
			writer_hash(tokeniser, &writer);
			writer_next_batch(&writer, &carry, (uint32_t)at);
		}
	}
	writer_hash(tokeniser, &writer);
	tokeniser->count = writer.ends_count;
	return length;
}

static void vector_tokenise(struct wf_tokeniser *tokeniser)
{
	uint32_t at = 0, backoff = BACKOFF_BYTES_MIN;

	while (at < tokeniser->length) {
		const uint32_t start = at;

		at = span_read(tokeniser, start);
		backoff = at - start >= BACKOFF_BYTES_MAX ? BACKOFF_BYTES_MIN : backoff;
		if (at == tokeniser->length)
			return;
		at = wf_tokenise_scalar(tokeniser, at, backoff);
		/* Where text is never simple for long, it costs more to try again than it saves. */
		if (at - start < 4 * backoff && backoff < BACKOFF_BYTES_MAX)
			backoff *= 2;
	}
}
