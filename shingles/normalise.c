#include "normalise.h"

#include "normalise_rule.h"

void wf_cursor_init(struct wf_cursor *cursor, const uint8_t *text, uint32_t length, uint32_t at)
{
	cursor->text = text;
	cursor->length = length;
	cursor->at = at;
	cursor->start = at;
	cursor->expansion_at = 0;
	cursor->expansion_length = 0;
}

static uint32_t load_bytes(const uint8_t *bytes, uint32_t length)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < length; i++)
		value |= (uint32_t)bytes[i] << (8 * i);
	return value;
}

static void unit_set(struct wf_unit *unit, uint32_t code_point)
{
	uint8_t bytes[4];

	unit->length = wf_normalise_encode(code_point, bytes);
	unit->bytes = load_bytes(bytes, unit->length);
}

static uint32_t decode(uint32_t bytes, uint32_t length)
{
	if (length == 1)
		return bytes & 0x7F;
	if (length == 2)
		return (bytes & 31) << 6 | (bytes >> 8 & 63);
	if (length == 3)
		return (bytes & 15) << 12 | (bytes >> 8 & 63) << 6 | (bytes >> 16 & 63);
	return (bytes & 7) << 18 | (bytes >> 8 & 63) << 12 | (bytes >> 16 & 63) << 6 | (bytes >> 24 & 63);
}

/* Takes in what makes one letter with the unit just read: a breve, a voicing mark, vowel and final jamo. */
static void compose(struct wf_cursor *cursor, struct wf_unit *unit)
{
	for (int i = 0; i < 2; i++) {
		const uint8_t *next = cursor->text + cursor->at;
		const uint32_t left = cursor->length - cursor->at;
		const uint32_t size = left > 0 && next[0] == 0xCC ? 2 : 3;
		uint32_t mark, whole;

		if (left < size || (size == 3 && (next[0] & 0xF0) != 0xE0) || !wf_byte_continues(next[1]) ||
		    !wf_byte_continues(next[size - 1]))
			return;
		mark = decode(load_bytes(next, size), size);
		if (mark == 0xFF9E || mark == 0xFF9F)
			mark = mark - 0xFF9E + 0x3099; /* half-width voicing marks */
		whole = wf_normalise_compose(decode(unit->bytes, unit->length), mark);
		if (whole == 0)
			return;
		unit_set(unit, whole);
		cursor->at += size;
		unit->end = cursor->at;
	}
}

/* Reads a character above U+FFFF, or an invalid byte. */
static void read_four(struct wf_cursor *cursor, struct wf_unit *unit)
{
	const uint8_t *at = cursor->text + cursor->at;
	struct wf_fold fold;
	uint32_t code_point;

	unit->class = WF_CLASS_OTHER;
	unit->length = 1;
	unit->bytes = at[0];
	cursor->at++;
	unit->end = cursor->at;
	if (at[0] < 0xF0 || at[0] > 0xF4 || cursor->length - unit->start < 4)
		return;
	if (!wf_byte_continues(at[1]) || !wf_byte_continues(at[2]) || !wf_byte_continues(at[3]))
		return;
	code_point = decode(load_bytes(at, 4), 4);
	if (code_point < 0x10000 || code_point > 0x10FFFF)
		return;
	cursor->at += 3;
	unit->end = cursor->at;
	wf_normalise_rule(code_point, &fold);
	unit->class = fold.class;
	if (fold.count == 0)
		return;
	unit_set(unit, fold.units[0]);
	cursor->expansion_at = 0;
	cursor->expansion_length = 0;
	cursor->start = unit->start;
	for (uint32_t i = 1; i < fold.count; i++) {
		uint8_t *end = cursor->expansion + cursor->expansion_length;

		cursor->expansion_length =
			(uint8_t)(cursor->expansion_length + wf_normalise_encode(fold.units[i], end));
	}
}

/* Reads the next unit of an expansion; its bytes are folded and valid. */
static void read_expansion(struct wf_cursor *cursor, struct wf_unit *unit)
{
	const uint8_t *bytes = cursor->expansion + cursor->expansion_at;

	unit->start = cursor->start;
	unit->end = cursor->at;
	unit->length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
	unit->bytes = load_bytes(bytes, unit->length);
	if (unit->length == 1)
		unit->class = wf_entry_class(wf_entry_ascii(bytes[0]));
	else if (unit->length == 2)
		unit->class = wf_entry_class(wf_entry_two(bytes[0], bytes[1]));
	else if (unit->length == 3)
		unit->class = wf_entry_class(wf_entry_three(bytes[0], bytes[1], bytes[2]));
	else
		unit->class = wf_normalise_class(decode(unit->bytes, 4));
	cursor->expansion_at = (uint8_t)(cursor->expansion_at + unit->length);
	if (cursor->expansion_at == cursor->expansion_length)
		cursor->expansion_length = 0;
}

/* Reads a character of the table, `size` bytes long. */
static void read_entry(struct wf_cursor *cursor, struct wf_unit *unit, uint32_t entry, uint32_t size)
{
	const uint8_t *at = cursor->text + cursor->at;

	cursor->at += size;
	unit->end = cursor->at;
	unit->class = wf_entry_class(entry);
	if (unit->class == WF_CLASS_EXPANSION) {
		const uint8_t *expansion = wf_normalise_expansions + wf_entry_bytes(entry);

		cursor->start = unit->start;
		cursor->expansion_at = 0;
		cursor->expansion_length = expansion[0];
		memcpy(cursor->expansion, expansion + 1, expansion[0]);
		read_expansion(cursor, unit);
		return;
	}
	unit->length = wf_entry_length(entry);
	unit->bytes = wf_entry_bytes(entry);
	if (unit->length == 0) {
		unit->length = size;
		unit->bytes = load_bytes(at, size);
	}
	if (wf_entry_composes(entry))
		compose(cursor, unit);
}

bool wf_cursor_next(struct wf_cursor *cursor, struct wf_unit *unit)
{
	const uint8_t *at = cursor->text + cursor->at;
	const uint32_t left = cursor->length - cursor->at;

	if (cursor->expansion_length > 0) {
		read_expansion(cursor, unit);
		return true;
	}
	if (left == 0)
		return false;
	unit->start = cursor->at;
	if (at[0] < 0x80)
		read_entry(cursor, unit, wf_entry_ascii(at[0]), 1);
	else if (at[0] >= 0xC2 && at[0] < 0xE0 && left >= 2 && wf_byte_continues(at[1]))
		read_entry(cursor, unit, wf_entry_two(at[0], at[1]), 2);
	else if ((at[0] & 0xF0) == 0xE0 && left >= 3 && wf_byte_continues(at[1]) && wf_byte_continues(at[2]) &&
		 !(at[0] == 0xE0 && at[1] < 0xA0))
		read_entry(cursor, unit, wf_entry_three(at[0], at[1], at[2]), 3);
	else
		read_four(cursor, unit);
	return true;
}
