#include "store_record.h"
#include "store_sample.h"

#define ROOM_BYTES 16384u

static struct wf_bytes entry_record(char room[ROOM_BYTES], const struct wf_store_entry *entry)
{
	size_t bytes;

	assert_int_equal(wf_record_entry_bytes(entry, &bytes), 0);
	wf_record_entry_encode(entry, room);
	return (struct wf_bytes){room, bytes};
}

static struct wf_bytes body_record(char room[ROOM_BYTES], const struct wf_store_body *body, uint64_t key)
{
	size_t bytes;

	assert_int_equal(wf_record_body_bytes(body, &bytes), 0);
	wf_record_body_encode(body, key, room);
	return (struct wf_bytes){room, bytes};
}

static void entry_and_body_round_trip(void **state)
{
	char room[ROOM_BYTES];
	uint64_t lists[WF_RECORD_LISTS_MAX];

	(void)state;
	for (uint64_t number = 1; number < 500; number++) {
		struct sample_article article;
		struct wf_store_entry entry;
		struct wf_store_body body;

		sample_article(&article, number);
		assert_int_equal(wf_record_entry_decode(entry_record(room, &article.entry), number, lists, &entry), 0);
		assert_entry(&entry, &article.entry);
		assert_int_equal(wf_record_body_decode(body_record(room, &article.body, number), number, &body), 0);
		assert_body(&body, &article.body);
		assert_int_equal(body.text_group, 0);
		article.body.text_compressed = (struct wf_bytes){NULL, 0};
		article.body.text_group = number << 40 | number;
		assert_int_equal(wf_record_body_decode(body_record(room, &article.body, number), number, &body), 0);
		assert_body(&body, &article.body);
		assert_int_equal(body.text_group, article.body.text_group);
	}
}

/* Bytes that stores out there hold: they must never change while the version stays. */
static void the_layout_is_the_documented_one(void **state)
{
	static const unsigned char entry_golden[] = {
		1, 1, 0, 0, 0x7D, 0x21, 0x7C, 0x63, 1,    2,    1,    1,    3,    0,    0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 1,
		0, 0, 0, 0, 0,    0,    0,    2,    0,    0,    0,    0,    0,    0,    0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0,
		0, 0, 0, 0, 0,    0,    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0,
		0, 0, 0, 0, 0,    0,    0,    0,    0x3F, 0,    0,    0x80, 0x3F, 7,    0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0,
		0, 0, 0, 0, 'a',  'b',  'c',
	};
	const uint64_t merged = 7, related = 8;
	const struct wf_store_entry entry = {.number = 9,
					     .id_hash = UINT64_C(0x0102030405060708),
					     .content_hash = {1, 2},
					     .source = 3,
					     .seen = 4,
					     .published = -1,
					     .cluster = 5,
					     .match = 6,
					     .similarity = 0.5f,
					     .containment = 1.0f,
					     .relation = WF_RELATION_NEAR,
					     .is_new = true,
					     .merged = &merged,
					     .merged_count = 1,
					     .related = &related,
					     .related_count = 1,
					     .sketch = {"abc", 3}};
	char room[ROOM_BYTES];
	struct wf_bytes record = entry_record(room, &entry);

	(void)state;
	assert_int_equal(record.length, sizeof(entry_golden));
	assert_memory_equal(record.data + 8, entry_golden + 8, sizeof(entry_golden) - 8);
	assert_memory_equal(record.data, entry_golden, 8);
}

/* A body whose text is in a group. */
static const struct wf_store_body grouped = {
	.id = {"ab", 2},
	.lang = {"", 0},
	.published = -1,
	.has_published = true,
	.has_text = true,
	.text_bytes = 3,
	.text_group = UINT64_C(0x0102030405060708),
};

static void the_layout_of_a_body_with_a_group_is_the_documented_one(void **state)
{
	static const unsigned char golden[] = {
		1, 3, 0, 0, 0xC1, 0xE5, 0xBD, 0x3B, 0x47, 3,    0,    0,    2,    0,    0, 0, 0,
		0, 0, 0, 0, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 0,
		0, 0, 8, 0, 0,    0,    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 3, 0, 0,
		0, 0, 0, 0, 0,    'a',  'b',  8,    7,    6,    5,    4,    3,    2,    1,
	};
	char room[ROOM_BYTES];
	const struct wf_bytes record = body_record(room, &grouped, 9);

	(void)state;
	assert_int_equal(record.length, sizeof(golden));
	assert_memory_equal(record.data + 8, golden + 8, sizeof(golden) - 8);
	assert_memory_equal(record.data, golden, 8);
}

static int decode_any(enum wf_record_kind kind, struct wf_bytes record, uint64_t key)
{
	uint64_t lists[WF_RECORD_LISTS_MAX];
	struct wf_store_entry entry;
	struct wf_store_body body;
	struct wf_bytes payload;

	if (kind == WF_RECORD_ENTRY)
		return wf_record_entry_decode(record, key, lists, &entry);
	if (kind == WF_RECORD_BODY)
		return wf_record_body_decode(record, key, &body);
	return wf_record_plain_decode(kind, record, key, &payload);
}

/* The record lies in memory of its very size, so that a sanitizer sees a read behind it. */
static void assert_damage_is_seen(enum wf_record_kind kind, struct wf_bytes record, uint64_t key)
{
	assert_int_equal(decode_any(kind, record, key), 0);
	assert_int_equal(decode_any(kind, record, key + 1), WF_ECORRUPT);
	for (size_t length = 0; length < record.length; length++) {
		char *copy = malloc(length + (length == 0));

		assert_non_null(copy);
		memcpy(copy, record.data, length);
		assert_int_equal(decode_any(kind, (struct wf_bytes){copy, length}, key), WF_ECORRUPT);
		free(copy);
	}
	char *copy = malloc(record.length);

	assert_non_null(copy);
	memcpy(copy, record.data, record.length);
	for (size_t bit = 0; bit < record.length * 8; bit++) {
		copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
		assert_int_equal(decode_any(kind, (struct wf_bytes){copy, record.length}, key), WF_ECORRUPT);
		copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
	}
	free(copy);
}

static void every_flipped_bit_and_every_cut_is_seen(void **state)
{
	char room[ROOM_BYTES];
	struct sample_article article;
	const struct wf_bytes payload = {article.noise, 16};

	(void)state;
	sample_article(&article, 5);
	assert_damage_is_seen(WF_RECORD_ENTRY, entry_record(room, &article.entry), 5);
	assert_damage_is_seen(WF_RECORD_BODY, body_record(room, &article.body, 5), 5);
	assert_damage_is_seen(WF_RECORD_BODY, body_record(room, &grouped, 5), 5);
	for (enum wf_record_kind kind = WF_RECORD_EVIDENCE; kind <= WF_RECORD_TEXT; kind++) {
		if (kind == WF_RECORD_BODY)
			continue;
		wf_record_plain_encode(kind, 5, payload, room);
		assert_damage_is_seen(kind, (struct wf_bytes){room, WF_RECORD_HEADER_BYTES + payload.length}, 5);
	}
}

/* Lengths that lie under a right checksum: what a decoder meets that trusts nothing. */
static void lengths_that_lie_are_seen(void **state)
{
	char room[ROOM_BYTES];
	struct sample_article article;

	(void)state;
	sample_article(&article, 5);
	for (size_t at = WF_RECORD_HEADER_BYTES; at < 56; at++) {
		for (unsigned value = 0; value < 256; value += 5) {
			const struct wf_bytes bodies = body_record(room, &article.body, 5);
			char copy[ROOM_BYTES];

			memcpy(copy, bodies.data, bodies.length);
			copy[at] = (char)value;
			wf_record_plain_encode(WF_RECORD_BODY, 5, (struct wf_bytes){copy + 8, bodies.length - 8}, room);
			const int code = decode_any(WF_RECORD_BODY, bodies, 5);

			assert_true(code == 0 || code == WF_ECORRUPT);

			const struct wf_bytes entries = entry_record(room, &article.entry);
			const char before = entries.data[at];
			const bool is_length = at >= 10 && at < 16;

			memcpy(copy, entries.data, entries.length);
			copy[at] = (char)value;
			wf_record_plain_encode(WF_RECORD_ENTRY, 5, (struct wf_bytes){copy + 8, entries.length - 8},
					       room);
			assert_int_equal(decode_any(WF_RECORD_ENTRY, entries, 5),
					 is_length && before != (char)value ? WF_ECORRUPT : 0);
		}
	}
}

/* What decoding comes to where the flags, the length and the key of a group are these, under a right checksum. */
static int decode_group(uint32_t flags, const char *group, size_t group_bytes)
{
	char room[ROOM_BYTES];
	struct wf_bytes record = body_record(room, &grouped, 5);
	const size_t at = record.length - 8;

	assert_int_equal(wf_record_read_u32(room + 8), 0x347);
	wf_record_write_u32(room + 8, flags);
	wf_record_write_u32(room + 36, (uint32_t)group_bytes);
	memcpy(room + at, group, group_bytes);
	record.length = at + group_bytes;
	/* In its own place: what it is sealed from and to is the same. */
	memmove(room + ROOM_BYTES / 2, room + 8, record.length - 8);
	wf_record_plain_encode(WF_RECORD_BODY, 5, (struct wf_bytes){room + ROOM_BYTES / 2, record.length - 8}, room);
	return decode_any(WF_RECORD_BODY, record, 5);
}

static void a_group_that_cannot_be_is_seen(void **state)
{
	const char key[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	const char none[8] = {0};
	const uint32_t is_there = 0x100, is_grouped = 0x200, others = 0x47;

	(void)state;
	assert_int_equal(decode_group(others | is_there | is_grouped, key, 8), 0);
	assert_int_equal(decode_group(others | is_there, key, 8), 0); /* a text that is packed by itself */
	assert_int_equal(decode_group(others | is_there, key, 9), 0);
	assert_int_equal(decode_group(others | is_there | is_grouped, key, 7), WF_ECORRUPT);
	assert_int_equal(decode_group(others | is_there | is_grouped, key, 9), WF_ECORRUPT);
	assert_int_equal(decode_group(others | is_there | is_grouped, key, 0), WF_ECORRUPT);
	assert_int_equal(decode_group(others | is_grouped, key, 8), WF_ECORRUPT);
	assert_int_equal(decode_group(others | is_grouped, key, 0), WF_ECORRUPT);
	assert_int_equal(decode_group(others | is_there | is_grouped | 0x400, key, 8), WF_ECORRUPT);
	/* No group has the key that stands for none. */
	assert_int_equal(decode_group(others | is_there | is_grouped, none, 8), WF_ECORRUPT);
}

static void records_over_their_bounds_are_refused(void **state)
{
	const char byte = 0;
	size_t bytes;
	const struct wf_bytes large = {&byte, WF_STORE_VALUE_BYTES_MAX + UINT64_C(1)};
	const struct wf_store_body body = {.title = {&byte, WF_STORE_VALUE_BYTES_MAX / 2},
					   .url = {&byte, WF_STORE_VALUE_BYTES_MAX / 2}};
	const struct wf_store_entry entry = {.related_count = WF_RELATED_MAX + 1};

	(void)state;
	assert_int_equal(wf_record_plain_bytes(large, &bytes), WF_ETOOLARGE);
	assert_int_equal(wf_record_body_bytes(&body, &bytes), WF_ETOOLARGE);
	assert_int_equal(wf_record_entry_bytes(&entry, &bytes), WF_ETOOLARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_and_body_round_trip),
		cmocka_unit_test(the_layout_is_the_documented_one),
		cmocka_unit_test(the_layout_of_a_body_with_a_group_is_the_documented_one),
		cmocka_unit_test(every_flipped_bit_and_every_cut_is_seen),
		cmocka_unit_test(lengths_that_lie_are_seen),
		cmocka_unit_test(a_group_that_cannot_be_is_seen),
		cmocka_unit_test(records_over_their_bounds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
