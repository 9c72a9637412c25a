/* The vector versions' common part: tokens from bit masks. Included by one file a processor, which defines before it
 *
 *   struct masks classify(const uint8_t *at)        the classes of the 64 bytes at `at`, bit i for byte i
 *   void places_emit(uint32_t *places, uint32_t base, uint64_t mask)                 base + i for each bit i, ascending
 *   void flags_emit(uint8_t *flags, uint64_t mask, uint64_t line, uint64_t sentence, uint64_t capital)    one for each bit of mask
 *   void marks_emit(uint8_t *marks, uint64_t mask, uint64_t number, uint64_t careful)                     likewise
 *
 * each free to write WF_TOKENISE_SLACK elements.
 *
 *   "Oil rose 5.93 pct."      word    1110111100000011100   letters and digits
 *                             joined  ...........1.......   the dot, between digits
 *                             starts  1000100010000010...   in a word, and the byte before is not
 *                             past    0001000010000100010   not in a word, and the byte before is
 *
 * What is true of a whole run (a word has a digit; a gap has a line break) is carried to the place after it by an addition: a run of
 * ones plus any bit within the run overflows into the place after the run.
 *
 * A window is 64 bytes, of which 57 to 60 are taken in and the others looked ahead at. Letters and punctuation beyond ASCII are put
 * into the masks one by one; where there are many, or anything else (digits of other scripts, scripts without spaces, ignored
 * characters, invalid bytes), the scalar version reads on from the last gap until the text is simple again. */
#include "tokenise_state.h"

#define WINDOW_BYTES 64u
#define WINDOW_TAKEN 60u
#define BATCH_WINDOWS 16u
#define DENSE_BYTES 20 /* bytes beyond ASCII in a window from which the scalar version is faster */
#define MARK_CAREFUL 128

/* Masks of a whole window. For characters of several bytes: letter has all bytes, upper the first, the others as named. */
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
	uint8_t marks[BATCH_WINDOWS * 32 + 2 * WF_TOKENISE_SLACK]; /* of the tokens from hashed_count on: NUMBER, MARK_CAREFUL */
};

static inline uint64_t low_bits(uint32_t count)
{
	return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

/* An apostrophe beyond ASCII, `size` bytes at byte `at` of the window: joins the letters on both sides. */
static inline bool apostrophe_joins(const struct window *window, const struct carry *carry, uint32_t at, uint32_t size)
{
	const uint64_t before = at == 0 ? carry->after_letter : window->letter >> (at - 1) & 1;

	return before != 0 && at + size < 64 && (window->letter >> (at + size) & 1) != 0;
}

/* Puts one character beyond ASCII into the masks; false where only the scalar version can read it. */
static bool window_take(struct window *window, const uint8_t *at, uint32_t i, uint32_t entry, uint32_t size, uint64_t *apostrophes)
{
	const uint64_t bytes = low_bits(size) << i;
	const uint64_t last = i + size <= 64 ? UINT64_C(1) << (i + size - 1) : 0;
	const uint8_t next = at[size];

	switch (wf_entry_class(entry)) {
	case WF_CLASS_LETTER:
		/* Whatever composes with a letter begins with one of these. */
		if (wf_entry_composes(entry) && (next == 0xCC || next == 0xE1 || next == 0xE3 || next == 0xEF))
			return false;
		window->letter |= bytes;
		window->careful |= bytes;
		window->upper |= wf_entry_is_capital(entry) ? UINT64_C(1) << i : 0;
		return true;
	case WF_CLASS_OTHER:
		return true;
	case WF_CLASS_SPACE:
		window->space_first |= UINT64_C(1) << i;
		window->space_last |= last;
		return true;
	case WF_CLASS_NEWLINE:
		window->newline |= UINT64_C(1) << i;
		return true;
	case WF_CLASS_STOP:
		window->stop |= UINT64_C(1) << i;
		window->stop_last |= last;
		return true;
	case WF_CLASS_FULL_STOP:
		window->stop |= UINT64_C(1) << i;
		return true;
	case WF_CLASS_APOSTROPHE:
		*apostrophes |= UINT64_C(1) << i;
		return true;
	default:
		return false;
	}
}

/* Puts the characters beyond ASCII into the masks. May read 3 bytes past the window. */
static void window_take_high(struct window *window, const uint8_t *at, const struct carry *carry)
{
	uint64_t high = window->ascii.high, apostrophes = 0;

	while (high != 0) {
		const uint32_t i = (uint32_t)__builtin_ctzll(high);
		const uint8_t *bytes = at + i;
		uint32_t entry, size;

		if (bytes[0] >= 0xC2 && bytes[0] < 0xE0 && wf_byte_continues(bytes[1])) {
			entry = wf_entry_two(bytes[0], bytes[1]);
			size = 2;
		} else if ((bytes[0] & 0xF0) == 0xE0 && wf_byte_continues(bytes[1]) && wf_byte_continues(bytes[2])
			   && !(bytes[0] == 0xE0 && bytes[1] < 0xA0)) {
			entry = wf_entry_three(bytes[0], bytes[1], bytes[2]);
			size = 3;
		} else {
			window->hard = i;
			break;
		}
		if (!window_take(window, bytes, i, entry, size, &apostrophes)) {
			window->hard = i;
			break;
		}
		high &= ~(low_bits(size) << i);
	}
	while (apostrophes != 0) {
		const uint32_t i = (uint32_t)__builtin_ctzll(apostrophes);
		const uint32_t size = at[i] >= 0xE0 ? 3 : 2;

		if (apostrophe_joins(window, carry, i, size))
			window->joined |= low_bits(size) << i;
		apostrophes &= apostrophes - 1;
	}
}

/* Hashes a word of plain ASCII; `text` has 16 bytes from its start on. */
static inline uint32_t plain_hash(struct wf_word_keys keys, const uint8_t *word, uint32_t length)
{
	static const uint64_t masks[17] = {
		0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF, UINT64_MAX, UINT64_MAX,
		UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
	};
	static const uint64_t high_masks[17] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF,
		UINT64_MAX,
	};
	/* Setting this bit makes capitals small, and leaves digits and what joins them as they are. */
	const uint64_t fold = UINT64_C(0x2020202020202020);
	uint64_t state = 0;

	while (__builtin_expect(length > 16, 0)) {
		state = wf_word_hash_chunk(keys, state, wf_hash_load(word) | fold, wf_hash_load(word + 8) | fold);
		word += 16;
		length -= 16;
	}
	return wf_word_hash_finish(wf_word_hash_chunk(keys, state, (wf_hash_load(word) | fold) & masks[length],
						      (wf_hash_load(word + 8) | fold) & high_masks[length]));
}

/* Hashes the tokens whose ends are known. */
static void writer_hash(struct wf_tokeniser *tokeniser, struct writer *writer)
{
	const struct wf_word_keys keys = tokeniser->keys;
	const uint8_t *text = tokeniser->text;
	const uint32_t first = writer->hashed_count;
	const uint32_t last = writer->ends_count;
	uint32_t *const hashes = tokeniser->hashes;
	const uint32_t *const starts = tokeniser->starts, *const ends = tokeniser->ends;

	for (uint32_t i = first; i < last; i++) {
		const uint8_t mark = writer->marks[i - first];
		const uint32_t start = starts[i], end = ends[i];

		tokeniser->flags[i] |= mark & WF_TOKEN_NUMBER;
		/* The loads are of whole chunks: no word may begin one so close to the end of the text. */
		if (__builtin_expect(mark >= MARK_CAREFUL || ((uint64_t)end + 16 > tokeniser->length), 0))
			hashes[i] = wf_tokenise_word_hash(text, start, end, keys);
		else
			hashes[i] = plain_hash(keys, text + start, end - start);
	}
	writer->marks[0] = 0;
	writer->hashed_count = last;
}

/* Takes in the first `taken` bytes of a window that begins at byte `base` of the text. */
static inline void window_write(struct wf_tokeniser *tokeniser, struct writer *writer, const struct window *window,
				struct carry *carry, uint32_t base, uint32_t taken)
{
	const uint64_t valid = low_bits(taken);
	const uint64_t letter = window->letter, digit = window->ascii.digit;
	const uint64_t digit_joins = (digit << 1 | carry->after_digit) & digit >> 1;
	const uint64_t comma = window->ascii.comma & digit_joins;
	const uint64_t thousands = comma & digit >> 2 & digit >> 3 & ~(digit >> 4);
	const uint64_t apostrophe = window->ascii.apostrophe & (letter << 1 | carry->after_letter) & letter >> 1;
	const uint64_t word = (letter | digit | apostrophe | window->joined | comma | (window->ascii.dot_colon & digit_joins)) & valid;
	const uint64_t gap = ~word & valid;
	const uint64_t before = word << 1 | carry->in_word;
	const uint64_t starts = word & ~before;
	const uint64_t past = gap & before;
	const uint64_t wide = window->space_first & (window->space_last << 1 | carry->after_space);
	const uint64_t line = gap + (gap & (window->newline | wide)) + carry->line;
	const uint64_t stop = gap + (gap & window->stop) + carry->stop;
	const uint64_t sentence = line | (stop & ~(window->stop_last << 1 | carry->after_stop));
	const uint64_t number = word + (word & digit) + carry->number;
	const uint64_t careful = word + (word & (apostrophe | window->joined | thousands | window->careful)) + carry->careful;
	const uint32_t starts_count = (uint32_t)__builtin_popcountll(starts);
	uint32_t count_max = tokeniser->count_max;

	places_emit(tokeniser->starts + writer->starts_count, base, starts);
	flags_emit(tokeniser->flags + writer->starts_count, starts, line & starts, sentence & starts, window->upper & starts);
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

/* Classes of the window at `at`. */
static inline void window_read(struct window *window, const uint8_t *at, const struct carry *carry)
{
	*window = (struct window){.ascii = classify(at)};
	window->letter = window->ascii.letter;
	window->upper = window->ascii.upper;
	window->space_first = window->ascii.space;
	window->space_last = window->ascii.space;
	window->newline = window->ascii.newline;
	window->stop = window->ascii.stop;
	window->stop_last = window->ascii.stop;
	window->hard = 64;
	if (__builtin_expect(window->ascii.high != 0, 0)) {
		if (__builtin_popcountll(window->ascii.high) >= DENSE_BYTES)
			window->hard = (uint32_t)__builtin_ctzll(window->ascii.high);
		else
			window_take_high(window, at, carry);
	}
}

/* Hands over to the scalar version, at byte `at` of the text; returns where it is to begin: there, or where an open word begins. */
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

/* Reads from byte `at`, in a gap, as far as it can; returns where the scalar version has to go on, in a gap: the length at the end. */
static uint32_t span_read(struct wf_tokeniser *tokeniser, uint32_t at)
{
	const uint32_t length = tokeniser->length;
	struct carry carry = {
		.line = tokeniser->gap.has_line,
		.stop = tokeniser->gap.has_stop,
		.after_space = tokeniser->gap.after_space,
		.after_stop = tokeniser->gap.after_stop,
	};
	struct writer writer;
	struct window window;
	uint32_t windows_count = 0;

	writer.starts_count = writer.ends_count = writer.hashed_count = tokeniser->count;
	while (at < length) {
		uint8_t tail[2 * WINDOW_BYTES];
		const uint8_t *bytes = tokeniser->text + at;
		uint32_t taken = WINDOW_TAKEN;

		if (__builtin_expect(length - at < WINDOW_BYTES + 4, 0)) {
			memset(tail, 0, sizeof(tail));
			memcpy(tail, bytes, length - at);
			bytes = tail;
			taken = length - at < taken ? length - at : taken;
		}
		window_read(&window, bytes, &carry);
		if (__builtin_expect(window.hard < 64, 0)) {
			const uint64_t clear = low_bits(window.hard < taken ? window.hard : taken);
			const uint64_t breaks = (window.ascii.space | window.ascii.newline) & clear;

			taken = breaks == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(breaks);
			if (taken > 0)
				window_write(tokeniser, &writer, &window, &carry, at, taken);
			return span_end(tokeniser, &writer, &carry, at + taken);
		}
		while (wf_byte_continues(bytes[taken]))
			taken--;
		window_write(tokeniser, &writer, &window, &carry, at, taken);
		at += taken;
		if (++windows_count % BATCH_WINDOWS == 0)
			writer_hash(tokeniser, &writer);
	}
	if (carry.in_word) { /* the word ends with the text, and the window with it */
		window = (struct window){0};
		window_write(tokeniser, &writer, &window, &carry, length, 1);
	}
	writer_hash(tokeniser, &writer);
	tokeniser->count = writer.ends_count;
	return length;
}

static void vector_tokenise(struct wf_tokeniser *tokeniser)
{
	uint32_t at = 0;

	while (at < tokeniser->length) {
		at = span_read(tokeniser, at);
		if (at < tokeniser->length)
			at = wf_tokenise_scalar(tokeniser, at, true);
	}
}
