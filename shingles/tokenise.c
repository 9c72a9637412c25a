#include "tokenise_state.h"

#define CHUNK_BYTES  16u
#define SIMPLE_BYTES 32u /* left of the text: fewer are not worth a vector version */

/* A word being hashed: its folded bytes come one character at a time. */
struct word {
	struct wf_word_keys keys;
	uint64_t state;
	uint32_t filled;                /* bytes of `bytes` in use, [0, 64] */
	uint8_t bytes[5 * CHUNK_BYTES]; /* four chunks, and what a character may stick out */
};

/* The last characters of a run in a script without spaces: their folded bytes, the first the lowest, and their
 * places. */
struct run {
	uint64_t low;
	uint64_t high;
	uint32_t length;     /* bytes, [0, 16] */
	uint32_t count;      /* characters */
	uint32_t size;       /* characters that make a token */
	uint32_t lengths[4]; /* ring of the last four, by the number of the character */
	uint32_t starts[4];
	uint32_t number; /* of the next character, in the run */
	uint32_t end;
};

static void word_init(struct word *word, struct wf_word_keys keys)
{
	word->keys = keys;
	word->state = 0;
	word->filled = 0;
}

/* Hashes all but the last chunk, which is kept back until more is known to follow: it may be full. */
static void word_drain(struct word *word)
{
	uint32_t at = 0;

	for (; word->filled - at > CHUNK_BYTES; at += CHUNK_BYTES)
		word->state = wf_word_hash_chunk(word->keys, word->state, wf_hash_load(word->bytes + at),
						 wf_hash_load(word->bytes + at + 8));
	memmove(word->bytes, word->bytes + at, CHUNK_BYTES);
	word->filled -= at;
}

static inline void word_store(uint8_t *place, uint32_t bytes)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bytes = __builtin_bswap32(bytes);
#endif
	memcpy(place, &bytes, sizeof(bytes));
}

static inline void word_append(struct word *word, uint32_t bytes, uint32_t length)
{
	word_store(word->bytes + word->filled, bytes);
	word->filled += length;
	if (word->filled > 4 * CHUNK_BYTES)
		word_drain(word);
}

static uint32_t word_finish(struct word *word)
{
	if (word->filled > CHUNK_BYTES)
		word_drain(word);
	return wf_word_hash_last(word->keys, word->state, wf_hash_load(word->bytes), wf_hash_load(word->bytes + 8),
				 word->filled);
}

static inline void token_add(struct wf_tokeniser *tokeniser, uint32_t hash, uint8_t flags, uint32_t start, uint32_t end)
{
	const uint32_t i = tokeniser->count;

	tokeniser->total++;
	if (i == tokeniser->count_max)
		return;
	tokeniser->hashes[i] = hash;
	tokeniser->flags[i] = flags;
	tokeniser->count++;
	if (tokeniser->starts == NULL)
		return;
	tokeniser->starts[i] = start;
	tokeniser->ends[i] = end;
}

/* How many of the next characters that are not ignored are of `class`, up to `count_max`. Each text is looked ahead
 * at a bounded number of times: a join needs a letter or digit before it, and looking ends at the first character
 * that is neither. */
static uint32_t ahead_count(const struct wf_cursor *cursor, enum wf_class class, uint32_t count_max)
{
	struct wf_cursor ahead = *cursor;
	struct wf_unit unit;
	uint32_t count = 0;

	while (count < count_max && wf_cursor_next(&ahead, &unit)) {
		if (unit.class == WF_CLASS_IGNORED)
			continue;
		if (unit.class != class)
			break;
		count++;
	}
	return count;
}

/* Takes in a character between two that it may join; returns whether it does. */
static bool word_join(struct word *word, const struct wf_cursor *cursor, const struct wf_unit *unit,
		      enum wf_class before)
{
	switch (unit->class) {
	case WF_CLASS_APOSTROPHE:
		return before == WF_CLASS_LETTER && ahead_count(cursor, WF_CLASS_LETTER, 1) == 1;
	case WF_CLASS_COMMA: {
		const uint32_t digits = before == WF_CLASS_DIGIT ? ahead_count(cursor, WF_CLASS_DIGIT, 4) : 0;

		if (digits != 0 && digits != 3)
			word_append(word, ',', 1);
		return digits != 0;
	}
	case WF_CLASS_DOT:
	case WF_CLASS_COLON:
		if (before != WF_CLASS_DIGIT || ahead_count(cursor, WF_CLASS_DIGIT, 1) == 0)
			return false;
		word_append(word, unit->class == WF_CLASS_DOT ? '.' : ':', 1);
		return true;
	default:
		return false;
	}
}

/* Takes in letters and digits that a look at each is enough for, and moves the cursor past them; returns the class of
 * the last one, or `before`. */
static enum wf_class word_take_plain(struct word *word, struct wf_cursor *cursor, enum wf_class before, int *flags)
{
	const uint8_t *const text = cursor->text;
	const uint32_t length = cursor->length;
	uint32_t at = cursor->at, filled = word->filled;
	uint32_t entry, bytes, folded_length, size;
	int seen = 0;

	if (cursor->expansion_length > 0)
		return before;
	while (length - at >= 6 && wf_normalise_look_up(text + at, &entry, &bytes, &folded_length, &size)) {
		const enum wf_class class = wf_entry_class(entry);

		if (class != WF_CLASS_LETTER && class != WF_CLASS_DIGIT)
			break;
		seen |= class == WF_CLASS_DIGIT ? WF_TOKEN_NUMBER : 0;
		before = class;
		at += size;
		word_store(word->bytes + filled, bytes);
		filled += folded_length;
		if (filled > 4 * CHUNK_BYTES) {
			word->filled = filled;
			word_drain(word);
			filled = word->filled;
		}
	}
	*flags |= seen;
	word->filled = filled;
	cursor->at = at;
	return before;
}

/* Reads a word that begins with `unit`; leaves the unit after it there. Returns false at the end of the text. */
static bool read_word(struct wf_tokeniser *tokeniser, struct wf_cursor *cursor, struct wf_unit *unit)
{
	struct word word;
	const uint32_t start = unit->start;
	int flags = 0;
	enum wf_class before = WF_CLASS_OTHER;
	uint32_t end = unit->end;
	bool is_more;

	word_init(&word, tokeniser->keys);
	do {
		if (unit->class == WF_CLASS_LETTER || unit->class == WF_CLASS_DIGIT) {
			flags |= unit->class == WF_CLASS_DIGIT ? WF_TOKEN_NUMBER : 0;
			before = unit->class;
			word_append(&word, unit->bytes, unit->length);
			before = word_take_plain(&word, cursor, before, &flags);
			end = cursor->at;
		} else if (unit->class == WF_CLASS_IGNORED || word_join(&word, cursor, unit, before)) {
			end = unit->end;
		} else {
			break;
		}
		is_more = wf_cursor_read(cursor, unit);
	} while (is_more);
	token_add(tokeniser, word_finish(&word), (uint8_t)flags, start, end);
	return is_more;
}

static void run_emit(struct wf_tokeniser *tokeniser, const struct run *run)
{
	const uint64_t state = wf_word_hash_chunk(tokeniser->keys, 0, run->low, run->high);

	token_add(tokeniser, wf_word_hash_finish(state), WF_TOKEN_UNSPACED, run->starts[(run->number - run->count) & 3],
		  run->end);
}

static void run_append(struct run *run, uint32_t bytes, uint32_t length, uint32_t start, uint32_t end)
{
	const uint32_t shift = 8 * run->length;

	if (shift < 64)
		run->low |= (uint64_t)bytes << shift;
	if (shift >= 64)
		run->high |= (uint64_t)bytes << (shift - 64);
	else if (shift > 32)
		run->high |= (uint64_t)bytes >> (64 - shift);
	run->lengths[run->number & 3] = length;
	run->starts[run->number & 3] = start;
	run->length += length;
	run->end = end;
	run->number++;
	run->count++;
}

static void run_drop_first(struct run *run)
{
	const uint32_t length = run->lengths[(run->number - run->count) & 3];
	const uint32_t shift = 8 * length;

	run->low = run->low >> shift | run->high << (64 - shift);
	run->high >>= shift;
	run->length -= length;
	run->count--;
}

/* Takes in characters of three bytes that a look at each is enough for, once the window is full of such; moves the
 * cursor. */
static void run_take_plain(struct wf_tokeniser *tokeniser, struct wf_cursor *cursor, struct run *run,
			   enum wf_class class)
{
	const struct wf_word_keys keys = tokeniser->keys;
	const bool is_pair = run->size == 2;
	uint64_t low = run->low, high = run->high;
	uint32_t at = cursor->at, number = run->number;
	uint32_t entry, bytes, length, size;

	if (run->count < run->size || run->length != 3 * run->size || cursor->expansion_length > 0)
		return;
	while (cursor->length - at >= 6 && wf_normalise_look_up(cursor->text + at, &entry, &bytes, &length, &size)) {
		if (wf_entry_class(entry) != class || length != 3)
			break;
		low = low >> 24 | (is_pair ? (uint64_t)bytes << 24 : high << 40);
		high = is_pair ? 0 : high >> 24 | (uint64_t)bytes << 8;
		run->starts[number & 3] = at;
		number++;
		at += size;
		token_add(tokeniser, wf_word_hash_finish(wf_word_hash_chunk(keys, 0, low, high)), WF_TOKEN_UNSPACED,
			  run->starts[(number - run->size) & 3], at);
	}
	for (uint32_t i = 0; i < 4 && number != run->number; i++)
		run->lengths[i] = 3;
	run->low = low;
	run->high = high;
	run->number = number;
	run->end = at;
	cursor->at = at;
}

/* Reads a run of characters of a script without spaces; otherwise as read_word(). */
static bool read_run(struct wf_tokeniser *tokeniser, struct wf_cursor *cursor, struct wf_unit *unit)
{
	const enum wf_class class = unit->class;
	struct run run = {.size = class == WF_CLASS_PAIRED ? 2 : 4};
	bool is_more = true;

	for (; is_more && (unit->class == class || unit->class == WF_CLASS_IGNORED);
	     is_more = wf_cursor_read(cursor, unit)) {
		if (unit->class == WF_CLASS_IGNORED)
			continue;
		if (run.count == run.size)
			run_drop_first(&run);
		run_append(&run, unit->bytes, unit->length, unit->start, unit->end);
		if (run.count < run.size)
			continue;
		run_emit(tokeniser, &run);
		run_take_plain(tokeniser, cursor, &run, class);
	}
	if (run.count < run.size)
		run_emit(tokeniser, &run);
	return is_more;
}

/* Whether the character at `at` is one that a vector version reads. */
static bool looks_simple(const struct wf_tokeniser *tokeniser, uint32_t at)
{
	uint32_t entry, bytes, length, size;

	if (tokeniser->length - at < SIMPLE_BYTES)
		return false;
	if (!wf_normalise_look_up(tokeniser->text + at, &entry, &bytes, &length, &size))
		return false;
	return size == 1 || wf_entry_class(entry) == WF_CLASS_LETTER;
}

uint32_t wf_tokenise_scalar(struct wf_tokeniser *tokeniser, uint32_t at, uint32_t stop_after)
{
	const uint32_t stop_from = stop_after < tokeniser->length - at ? at + stop_after : UINT32_MAX;
	struct wf_cursor cursor;
	struct wf_unit unit;
	bool is_more;

	wf_cursor_init(&cursor, tokeniser->text, tokeniser->length, at);
	is_more = wf_cursor_read(&cursor, &unit);
	while (is_more) {
		if (unit.class == WF_CLASS_LETTER || unit.class == WF_CLASS_DIGIT) {
			is_more = read_word(tokeniser, &cursor, &unit);
		} else if (unit.class == WF_CLASS_PAIRED || unit.class == WF_CLASS_QUADRUPLED) {
			is_more = read_run(tokeniser, &cursor, &unit);
		} else {
			if (cursor.at >= stop_from && cursor.expansion_length == 0 &&
			    looks_simple(tokeniser, cursor.at))
				return cursor.at;
			is_more = wf_cursor_read(&cursor, &unit);
		}
	}
	return tokeniser->length;
}

/* Gives the tokeniser its arrays: one piece of the arena. A character of three bytes gives four tokens at most
 * (U+FDFA). */
static int tokeniser_init(struct wf_tokeniser *tokeniser, struct wf_bytes text, uint64_t seed, uint32_t count_max,
			  bool has_places, struct wf_arena *arena)
{
	const uint64_t bound = (uint64_t)text.length + text.length / 3 + 1;
	const size_t capacity = (size_t)(bound < count_max ? bound : count_max) + WF_TOKENISE_SLACK;
	const size_t arrays = has_places ? 3 : 1; /* of words */
	uint32_t *words = wf_arena_take(arena, capacity * (arrays * sizeof(uint32_t) + 1));

	if (words == NULL)
		return WF_ENOMEM;
	*tokeniser = (struct wf_tokeniser){
		.text = (const uint8_t *)(text.length == 0 ? "" : text.data),
		.length = (uint32_t)text.length,
		.count_max = count_max,
		.keys = wf_word_keys_of(seed),
		.hashes = words,
		.starts = has_places ? words + capacity : NULL,
		.ends = has_places ? words + 2 * capacity : NULL,
		.flags = (uint8_t *)(words + arrays * capacity),
	};
	return 0;
}

static void tokenise_at_level(enum wf_cpu_level level, struct wf_tokeniser *tokeniser)
{
	switch (level) {
#if defined(__x86_64__)
	case WF_CPU_AVX512:
		wf_tokenise_avx512(tokeniser);
		return;
	case WF_CPU_AVX2:
		wf_tokenise_avx2(tokeniser);
		return;
#elif defined(__aarch64__)
	case WF_CPU_NEON:
		wf_tokenise_neon(tokeniser);
		return;
#endif
	default:
		wf_tokenise_scalar(tokeniser, 0, WF_TOKENISE_NEVER);
	}
}

static int tokenise(enum wf_cpu_level level, struct wf_bytes text, uint64_t seed, uint32_t count_max, bool has_places,
		    struct wf_arena *arena, struct wf_tokens *tokens)
{
	struct wf_tokeniser tokeniser;
	int error;

	if (text.length > UINT32_MAX)
		return WF_ETOOLARGE;
	error = tokeniser_init(&tokeniser, text, seed, count_max, has_places, arena);
	if (error != 0)
		return error;
	tokenise_at_level(level, &tokeniser);
	*tokens = (struct wf_tokens){
		.count = tokeniser.count,
		.total = tokeniser.total > UINT32_MAX ? UINT32_MAX : (uint32_t)tokeniser.total,
		.hashes = tokeniser.hashes,
		.flags = tokeniser.flags,
		.starts = tokeniser.starts,
		.ends = tokeniser.ends,
	};
	return 0;
}

int wf_tokenise_at_level(enum wf_cpu_level level, struct wf_bytes text, uint64_t seed, uint32_t count_max,
			 struct wf_arena *arena, struct wf_tokens *tokens)
{
	return tokenise(level, text, seed, count_max, true, arena, tokens);
}

int wf_tokenise_words_at_level(enum wf_cpu_level level, struct wf_bytes text, uint64_t seed, uint32_t count_max,
			       struct wf_arena *arena, struct wf_tokens *tokens)
{
	return tokenise(level, text, seed, count_max, false, arena, tokens);
}

int wf_tokenise(struct wf_bytes text, uint64_t seed, uint32_t count_max, struct wf_arena *arena,
		struct wf_tokens *tokens)
{
	return tokenise(wf_cpu_level(), text, seed, count_max, true, arena, tokens);
}

int wf_tokenise_words(struct wf_bytes text, uint64_t seed, uint32_t count_max, struct wf_arena *arena,
		      struct wf_tokens *tokens)
{
	return tokenise(wf_cpu_level(), text, seed, count_max, false, arena, tokens);
}
