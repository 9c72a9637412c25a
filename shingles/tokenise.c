#include "tokenise_state.h"

/* A word being hashed: its folded bytes come one character at a time. */
struct word {
	struct wf_word_keys keys;
	uint64_t state;
	uint32_t filled;    /* bytes of `chunk` in use, [0, 16] */
	uint8_t chunk[24];  /* 16, and what a character may stick out */
};

/* The last characters of a run in a script without spaces, oldest first. */
struct window {
	struct wf_unit units[4];
	uint32_t count;
	uint32_t size;      /* characters that make a token */
};

static void word_append(struct word *word, uint32_t bytes, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		word->chunk[word->filled + i] = (uint8_t)(bytes >> (8 * i));
	word->filled += length;
	/* The last chunk is kept back until more is known to follow: it may be full. */
	if (word->filled > 16) {
		word->state = wf_word_hash_chunk(word->keys, word->state, wf_hash_load(word->chunk), wf_hash_load(word->chunk + 8));
		memmove(word->chunk, word->chunk + 16, 8);
		word->filled -= 16;
	}
}

static uint32_t word_finish(struct word *word)
{
	memset(word->chunk + word->filled, 0, sizeof(word->chunk) - word->filled);
	return wf_word_hash_finish(wf_word_hash_chunk(word->keys, word->state, wf_hash_load(word->chunk),
						      wf_hash_load(word->chunk + 8)));
}

static void token_add(struct wf_tokeniser *tokeniser, uint32_t hash, uint8_t flags, uint32_t start, uint32_t end)
{
	const uint32_t i = tokeniser->count;

	tokeniser->total++;
	if (i == tokeniser->count_max)
		return;
	tokeniser->hashes[i] = hash;
	tokeniser->flags[i] = flags;
	tokeniser->starts[i] = start;
	tokeniser->ends[i] = end;
	tokeniser->count++;
}

static void gap_take(struct wf_token_gap *gap, enum wf_class class)
{
	if (class == WF_CLASS_IGNORED)
		return;
	gap->has_line |= class == WF_CLASS_NEWLINE || (class == WF_CLASS_SPACE && gap->after_space);
	gap->has_stop |= class == WF_CLASS_STOP || class == WF_CLASS_DOT || class == WF_CLASS_FULL_STOP;
	gap->after_space = class == WF_CLASS_SPACE;
	gap->after_stop = class == WF_CLASS_STOP || class == WF_CLASS_DOT;
}

/* Ends the gap: the flags that it gives to the token after it. */
static uint8_t gap_flags(struct wf_token_gap *gap)
{
	const bool is_sentence = gap->has_line || (gap->has_stop && !gap->after_stop);
	const int flags = (gap->has_line ? WF_TOKEN_LINE : 0) | (is_sentence ? WF_TOKEN_SENTENCE : 0);

	*gap = (struct wf_token_gap){0};
	return (uint8_t)flags;
}

/* How many of the next characters that are not ignored are of `class`, up to `count_max`. Each text is looked ahead at a bounded
 * number of times: a join needs a letter or digit before it, and looking ends at the first character that is neither. */
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
static bool word_join(struct word *word, const struct wf_cursor *cursor, const struct wf_unit *unit, enum wf_class before)
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

/* Reads a word that begins with `unit`; leaves the unit after it there. Returns false at the end of the text. */
static bool read_word(struct wf_tokeniser *tokeniser, struct wf_cursor *cursor, struct wf_unit *unit)
{
	struct word word = {.keys = tokeniser->keys};
	const uint32_t start = unit->start;
	int flags = gap_flags(&tokeniser->gap) | (unit->is_capital ? WF_TOKEN_CAPITAL : 0);
	enum wf_class before = WF_CLASS_OTHER;
	uint32_t end = unit->end;
	bool is_more;

	do {
		if (unit->class == WF_CLASS_LETTER || unit->class == WF_CLASS_DIGIT) {
			flags |= unit->class == WF_CLASS_DIGIT ? WF_TOKEN_NUMBER : 0;
			before = unit->class;
			word_append(&word, unit->bytes, unit->length);
		} else if (unit->class != WF_CLASS_IGNORED && !word_join(&word, cursor, unit, before)) {
			break;
		}
		end = unit->end;
		is_more = wf_cursor_next(cursor, unit);
	} while (is_more);
	token_add(tokeniser, word_finish(&word), (uint8_t)flags, start, end);
	return is_more;
}

static void window_add(struct wf_tokeniser *tokeniser, const struct window *window, uint8_t flags)
{
	struct word word = {.keys = tokeniser->keys};

	for (uint32_t i = 0; i < window->count; i++)
		word_append(&word, window->units[i].bytes, window->units[i].length);
	token_add(tokeniser, word_finish(&word), (uint8_t)(flags | WF_TOKEN_UNSPACED), window->units[0].start,
		  window->units[window->count - 1].end);
}

/* Reads a run of characters of a script without spaces; otherwise as read_word(). */
static bool read_run(struct wf_tokeniser *tokeniser, struct wf_cursor *cursor, struct wf_unit *unit)
{
	const enum wf_class class = unit->class;
	struct window window = {.size = class == WF_CLASS_PAIRED ? 2 : 4};
	uint8_t flags = gap_flags(&tokeniser->gap);
	bool is_short = true, is_more = true;

	for (; is_more && (unit->class == class || unit->class == WF_CLASS_IGNORED); is_more = wf_cursor_next(cursor, unit)) {
		if (unit->class == WF_CLASS_IGNORED)
			continue;
		window.units[window.count++] = *unit;
		if (window.count < window.size)
			continue;
		window_add(tokeniser, &window, flags);
		flags = 0;
		is_short = false;
		window.count--;
		memmove(window.units, window.units + 1, window.count * sizeof(window.units[0]));
	}
	if (is_short)
		window_add(tokeniser, &window, flags);
	return is_more;
}

void wf_tokenise_scalar(struct wf_tokeniser *tokeniser)
{
	struct wf_cursor cursor;
	struct wf_unit unit;
	bool is_more;

	wf_cursor_init(&cursor, tokeniser->text, tokeniser->length, 0);
	is_more = wf_cursor_next(&cursor, &unit);
	while (is_more) {
		if (unit.class == WF_CLASS_LETTER || unit.class == WF_CLASS_DIGIT) {
			is_more = read_word(tokeniser, &cursor, &unit);
		} else if (unit.class == WF_CLASS_PAIRED || unit.class == WF_CLASS_QUADRUPLED) {
			is_more = read_run(tokeniser, &cursor, &unit);
		} else {
			gap_take(&tokeniser->gap, unit.class);
			is_more = wf_cursor_next(&cursor, &unit);
		}
	}
}

/* Gives the tokeniser its arrays: one piece of the arena. A character of three bytes gives four tokens at most (U+FDFA). */
static int tokeniser_init(struct wf_tokeniser *tokeniser, struct wf_bytes text, uint64_t seed, uint32_t count_max,
			  struct wf_arena *arena)
{
	const uint64_t bound = (uint64_t)text.length + text.length / 3 + 1;
	const size_t capacity = (size_t)(bound < count_max ? bound : count_max) + WF_TOKENISE_SLACK;
	uint32_t *words = wf_arena_take(arena, capacity * (3 * sizeof(uint32_t) + 1));

	if (words == NULL)
		return WF_ENOMEM;
	*tokeniser = (struct wf_tokeniser){
		.text = (const uint8_t *)(text.length == 0 ? "" : text.data),
		.length = (uint32_t)text.length,
		.count_max = count_max,
		.keys = wf_word_keys_of(seed),
		.gap = {.has_line = true},
		.hashes = words,
		.starts = words + capacity,
		.ends = words + 2 * capacity,
		.flags = (uint8_t *)(words + 3 * capacity),
	};
	return 0;
}

int wf_tokenise(struct wf_bytes text, uint64_t seed, uint32_t count_max, struct wf_arena *arena, struct wf_tokens *tokens)
{
	struct wf_tokeniser tokeniser;
	int error;

	if (text.length > UINT32_MAX)
		return WF_ETOOLARGE;
	error = tokeniser_init(&tokeniser, text, seed, count_max, arena);
	if (error != 0)
		return error;
	wf_tokenise_scalar(&tokeniser);
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
