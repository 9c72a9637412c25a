/* Whatever the bytes, the normaliser reads every character once, in order, and what it looks up fast is what it reads
 * slowly. */
#include "fuzz_input.h"
#include "normalise.h"

/* A character that is looked up alone gives the same unit as the reader. */
static void check_look_up(const struct wf_bytes text, const struct wf_unit *unit)
{
	uint8_t room[6] = {0};
	uint32_t entry, bytes, length, size;

	if (text.length - unit->start < sizeof(room))
		return;
	memcpy(room, text.data + unit->start, sizeof(room));
	if (!wf_normalise_look_up(room, &entry, &bytes, &length, &size))
		return;
	fuzz_claim(wf_entry_class(entry) == unit->class && size == unit->end - unit->start);
	if (unit->class == WF_CLASS_LETTER || unit->class == WF_CLASS_DIGIT)
		fuzz_claim(bytes == unit->bytes && length == unit->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct wf_bytes text = fuzz_own((struct wf_bytes){(const char *)data, size});
	struct wf_cursor cursor, ahead;
	struct wf_unit unit, again;
	uint32_t start = 0;
	uint32_t end = 0;
	size_t units = 0;

	wf_cursor_init(&cursor, (const uint8_t *)text.data, (uint32_t)text.length, 0);
	ahead = cursor;
	while (wf_cursor_next(&cursor, &unit)) {
		const bool is_alone = unit.start >= end;

		fuzz_claim(unit.start >= start && unit.end >= end && unit.start < unit.end && unit.end <= text.length);
		fuzz_claim(is_alone ? unit.start == end : unit.start == start && unit.end == end);
		fuzz_claim(unit.length >= 1 && unit.length <= 4);
		fuzz_claim(unit.length == 4 || unit.bytes >> (8 * unit.length) == 0);
		fuzz_claim((unsigned)unit.class < WF_CLASS_COUNT && unit.class != WF_CLASS_EXPANSION);
		if (is_alone && !(cursor.expansion_length > 0))
			check_look_up(text, &unit);
		start = unit.start;
		end = unit.end;
		units++;
		fuzz_claim(wf_cursor_next(&ahead, &again) && again.bytes == unit.bytes && again.end == unit.end);
	}
	fuzz_claim(end == text.length);
	fuzz_claim(units <= text.length * WF_NORMALISE_UNITS_MAX);
	fuzz_free(text);
	return 0;
}
