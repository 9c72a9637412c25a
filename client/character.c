#include "character.h"

static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

uint32_t wf_character_next(struct wf_bytes *text, bool *is_valid)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = (const unsigned char *)text->data;
	size_t length = sequence_length(at[0]);
	uint32_t character = length <= 1 ? at[0] : at[0] & (0xffu >> (length + 1));

	*is_valid = length > 0 && length <= text->length;
	for (size_t i = 1; *is_valid && i < length; i++) {
		*is_valid = (at[i] & 0xc0) == 0x80;
		character = character << 6 | (at[i] & 0x3fu);
	}
	if (*is_valid && (character < least[length] || character > 0x10ffff || (character & 0xfffff800u) == 0xd800))
		*is_valid = false;
	if (!*is_valid)
		length = 1;
	text->data += length;
	text->length -= length;
	return *is_valid ? character : WF_CHARACTER_REPLACEMENT;
}

size_t wf_character_encode(uint32_t character, char bytes[WF_CHARACTER_BYTES_MAX])
{
	if (character < 0x80) {
		bytes[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		bytes[0] = (char)(0xc0 | character >> 6);
		bytes[1] = (char)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		bytes[0] = (char)(0xe0 | character >> 12);
		bytes[1] = (char)(0x80 | (character >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (character & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | character >> 18);
	bytes[1] = (char)(0x80 | (character >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (character >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (character & 0x3f));
	return 4;
}

struct wf_bytes wf_character_cut(struct wf_bytes text, size_t bytes_max)
{
	if (text.length <= bytes_max)
		return text;
	text.length = bytes_max;
	while (text.length > 0 && ((unsigned char)text.data[text.length] & 0xc0) == 0x80)
		text.length--;
	return text;
}
