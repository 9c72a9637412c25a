/* Records of the store: whatever the bytes, decoding reads nothing outside them; what was decoded encodes to the same
 * bytes; no damaged record passes; and a text comes back as it was packed, alone or among others, while expanding what
 * is none reads and writes nothing outside its bounds. The first byte of the input chooses what is tried. */
#include "fuzz_input.h"
#include "hash.h"
#include "store_group.h"
#include "store_record.h"
#include "store_text.h"

#define KEY            UINT64_C(77)
#define TEXT_BYTES_MAX (1u << 20)

/* First bytes of inputs that are a group's payload, and those that a group is made of. */
#define CHOICE_PAYLOAD 0x7Eu
#define CHOICE_TEXTS   0x7Fu

/* Gives the bytes a header and a checksum that fit, so that the fields behind them are reached. */
static void seal(char *record, size_t length, enum wf_record_kind kind)
{
	const struct wf_bytes payload = {record + WF_RECORD_HEADER_BYTES, length - WF_RECORD_HEADER_BYTES};

	record[0] = WF_RECORD_VERSION;
	record[1] = (char)kind;
	record[2] = record[3] = 0;
	wf_record_write_u32(record + 4,
			    (uint32_t)wf_hash_bytes(payload, wf_hash_pair(KEY, (uint64_t)kind, WF_RECORD_VERSION)));
}

static void try_entry(struct wf_bytes record)
{
	uint64_t lists[WF_RECORD_LISTS_MAX];
	struct wf_store_entry entry;
	size_t length;
	char *again;

	if (wf_record_entry_decode(record, KEY, lists, &entry) != 0)
		return;
	fuzz_claim(wf_record_entry_bytes(&entry, &length) == 0 && length == record.length);
	again = malloc(length);
	fuzz_claim(again != NULL);
	wf_record_entry_encode(&entry, again);
	/* Flags that mean nothing, and bits of numbers that are none, need not come back. */
	fuzz_claim(wf_record_entry_decode((struct wf_bytes){again, length}, KEY, lists, &entry) == 0);
	free(again);
}

static void try_text(struct wf_bytes compressed, uint64_t text_bytes)
{
	struct wf_text_codec *codec;
	struct wf_arena arena;
	struct wf_bytes text;

	wf_arena_init(&arena, 4096);
	fuzz_claim(wf_text_codec_new(&codec, false) == 0);
	if (wf_text_expand(codec, compressed, text_bytes, TEXT_BYTES_MAX, &arena, &text) == 0)
		fuzz_claim(text.length == text_bytes);
	wf_text_codec_free(codec);
	wf_arena_close(&arena);
}

/* The bytes as a packed text, in memory of just their size; and as a text that is packed, and damaged. */
static void try_packing(struct fuzz_input *input)
{
	const uint64_t text_bytes = (uint64_t)fuzz_byte(input) << 8 | fuzz_byte(input);
	const bool is_dense = (fuzz_byte(input) & 1) != 0;
	const struct wf_bytes rest = fuzz_bytes(input, input->left);
	struct wf_text_codec *codec;
	struct wf_arena arena;
	struct wf_bytes packed, text;
	char *copy = malloc(rest.length == 0 ? 1 : rest.length);

	fuzz_claim(copy != NULL);
	if (rest.length > 0)
		memcpy(copy, rest.data, rest.length);
	try_text((struct wf_bytes){copy, rest.length}, text_bytes);
	free(copy);
	wf_arena_init(&arena, 4096);
	fuzz_claim(wf_text_codec_new(&codec, is_dense) == 0);
	fuzz_claim(wf_text_compress(codec, rest, &arena, &packed) == 0);
	fuzz_claim(wf_text_is_lz4(packed) == !is_dense);
	fuzz_claim(wf_text_expand(codec, packed, rest.length, TEXT_BYTES_MAX, &arena, &text) == 0);
	fuzz_claim(wf_bytes_equal(text, rest));
	copy = malloc(packed.length);
	fuzz_claim(copy != NULL);
	memcpy(copy, packed.data, packed.length);
	copy[text_bytes % packed.length] = (char)(copy[text_bytes % packed.length] ^ (1 << text_bytes % 8));
	try_text((struct wf_bytes){copy, packed.length}, rest.length);
	free(copy);
	wf_text_codec_free(codec);
	wf_arena_close(&arena);
}

static void try_body(struct wf_bytes record)
{
	struct wf_store_body body;
	size_t length;
	char *again;

	if (wf_record_body_decode(record, KEY, &body) != 0)
		return;
	fuzz_claim(wf_record_body_bytes(&body, &length) == 0 && length == record.length);
	again = malloc(length);
	fuzz_claim(again != NULL);
	wf_record_body_encode(&body, KEY, again);
	fuzz_claim(memcmp(again, record.data, length) == 0);
	free(again);
	if (body.has_text)
		try_text(body.text_compressed, body.text_bytes);
}

/* Listing, finding and decoding agree, and lead nowhere outside of the payload and of what it expands to. */
static bool try_group(struct wf_bytes payload, struct wf_text_codec *codec, struct wf_group *group)
{
	struct wf_group_text texts[WF_GROUP_TEXTS_MAX];
	struct wf_text_place place;
	struct wf_arena arena;
	uint32_t count = 0;
	uint64_t first = 0;
	const bool is_listed = wf_group_list(payload, KEY, texts, &count) == 0;
	bool is_decoded;

	for (uint32_t i = 0; is_listed && i < count; i++) {
		fuzz_claim(wf_group_find(payload, KEY, texts[i].number, &place) == 0);
		fuzz_claim(place.first == first && place.bytes == texts[i].bytes);
		first += place.bytes;
		fuzz_claim(first <= place.bytes_all && place.bytes_all <= WF_GROUP_BYTES_MAX);
		fuzz_claim(place.compressed.data + place.compressed.length == payload.data + payload.length);
	}
	fuzz_claim(!is_listed || first == place.bytes_all);
	fuzz_claim(wf_group_find(payload, KEY, KEY + UINT32_MAX + 1, &place) ==
		   (is_listed ? WF_ENOTFOUND : WF_ECORRUPT));
	wf_arena_init(&arena, 4096);
	is_decoded = wf_group_decode(payload, KEY, codec, &arena, group) == 0;
	fuzz_claim(!is_decoded || (is_listed && group->count == count && group->bytes == first && group->key == KEY));
	wf_arena_close(&arena);
	return is_decoded;
}

static void try_payload(struct fuzz_input *input)
{
	const struct wf_bytes payload = fuzz_own(fuzz_bytes(input, input->left));
	struct wf_group *group = malloc(sizeof *group);
	struct wf_text_codec *codec;

	fuzz_claim(group != NULL);
	fuzz_claim(wf_text_codec_new(&codec, false) == 0);
	(void)try_group(payload, codec, group);
	wf_text_codec_free(codec);
	free(group);
	fuzz_free(payload);
}

/* Makes a group as the input says, [what 1 | more 1] and a text each time: texts are added, and some removed. */
static void group_make(struct fuzz_input *input, struct wf_group *group)
{
	uint64_t number = KEY;

	wf_group_begin(group, KEY);
	while (input->left > 0) {
		const uint8_t what = fuzz_byte(input);
		const uint8_t more = fuzz_byte(input);

		if (what % 4 == 3 && group->count > 0) {
			fuzz_claim(wf_group_remove(group, group->texts[more % group->count].number));
			continue;
		}
		const struct wf_bytes text = fuzz_bytes(input, what % 4 == 2 ? (size_t)more * 64 : more);

		if (wf_group_takes(group, number, text.length))
			wf_group_add(group, number, text);
		number += (uint64_t)1 << what / 8;
	}
}

/* A group comes back as it was packed; then with one bit of it changed. */
static void try_texts(struct fuzz_input *input)
{
	const bool is_dense = (fuzz_byte(input) & 1) != 0;
	const uint32_t flip = fuzz_number(input);
	struct wf_group *group = malloc(sizeof *group);
	struct wf_group *again = malloc(sizeof *again);
	struct wf_text_codec *codec;
	struct wf_arena arena;
	struct wf_bytes payload;
	char *changed;

	fuzz_claim(group != NULL && again != NULL);
	fuzz_claim(wf_text_codec_new(&codec, is_dense) == 0);
	group_make(input, group);
	wf_arena_init(&arena, 4096);
	if (group->count > 0) {
		fuzz_claim(wf_group_encode(group, codec, &arena, &payload) == 0);
		payload = fuzz_own(payload);
		fuzz_claim(try_group(payload, codec, again) && again->count == group->count);
		fuzz_claim(again->bytes == group->bytes && memcmp(again->room, group->room, group->bytes) == 0);
		for (uint32_t i = 0; i < group->count; i++)
			fuzz_claim(again->texts[i].number == group->texts[i].number &&
				   again->texts[i].bytes == group->texts[i].bytes);
		changed = (char *)(uintptr_t)payload.data + flip / 8 % payload.length;
		*changed = (char)(*changed ^ 1 << flip % 8);
		(void)try_group(payload, codec, again);
		fuzz_free(payload);
	}
	wf_text_codec_free(codec);
	wf_arena_close(&arena);
	free(again);
	free(group);
}

static void try_plain(struct wf_bytes record, enum wf_record_kind kind)
{
	struct wf_bytes payload;

	if (wf_record_plain_decode(kind, record, KEY, &payload) == 0)
		fuzz_claim(payload.length + WF_RECORD_HEADER_BYTES == record.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	const uint8_t choice = fuzz_byte(&input);
	const enum wf_record_kind kind = (enum wf_record_kind)(1 + choice % 5);
	struct wf_bytes rest;
	size_t length;
	char *record;

	if (choice == CHOICE_PAYLOAD) {
		try_payload(&input);
		return 0;
	}
	if (choice == CHOICE_TEXTS) {
		try_texts(&input);
		return 0;
	}
	if ((choice & 0xC0) == 0x40) {
		try_packing(&input);
		return 0;
	}
	rest = fuzz_bytes(&input, input.left);
	length = rest.length + ((choice & 0x80) != 0 ? WF_RECORD_HEADER_BYTES : 0);
	record = malloc(length == 0 ? 1 : length);
	fuzz_claim(record != NULL);
	if (rest.length > 0)
		memcpy(record + (length - rest.length), rest.data, rest.length);
	if ((choice & 0x80) != 0)
		seal(record, length, kind);
	if (kind == WF_RECORD_ENTRY)
		try_entry((struct wf_bytes){record, length});
	else if (kind == WF_RECORD_BODY)
		try_body((struct wf_bytes){record, length});
	else
		try_plain((struct wf_bytes){record, length}, kind);
	free(record);
	return 0;
}
