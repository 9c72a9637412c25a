#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "store_group.h"
#include "store_record.h"

#define KEY        UINT64_C(0x0102030405060708)
#define LIST_BYTES 16u /* of the list of one text: the count, the bytes of the frame, and 8 more */

struct fixture {
	struct wf_text_codec *codec;
	struct wf_text_codec *dense;
	struct wf_arena arena;
	struct wf_group group;
	struct wf_group again;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	if (fixture == NULL || wf_text_codec_new(&fixture->codec, false) != 0 ||
	    wf_text_codec_new(&fixture->dense, true) != 0)
		return -1;
	wf_arena_init(&fixture->arena, 1u << 16);
	wf_group_begin(&fixture->group, KEY);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	wf_text_codec_free(fixture->codec);
	wf_text_codec_free(fixture->dense);
	wf_arena_close(&fixture->arena);
	free(fixture);
	return 0;
}

/* Text of article `number`: something like prose, of words that come again and again. */
static struct wf_bytes text_of(char room[WF_GROUP_BYTES_MAX], uint64_t number, size_t bytes)
{
	static const char *const words[] = {"harbour ", "pilots ",   "strike ", "the ",      "of ",    "minister ",
					    "on ",      "Monday, ",  "said ",   "Oststadt ", "steel ", "exports ",
					    "fell ",    "in March ", "as ",     "and "};
	uint64_t seed = number + 1;

	for (size_t at = 0; at < bytes;) {
		const char *word;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		word = words[seed >> 60];
		for (; *word != '\0' && at < bytes; word++)
			room[at++] = *word;
	}
	return (struct wf_bytes){room, bytes};
}

static void add(struct wf_group *group, uint64_t number, size_t bytes)
{
	char room[WF_GROUP_BYTES_MAX];

	assert_true(wf_group_takes(group, number, bytes));
	wf_group_add(group, number, text_of(room, number, bytes));
}

static struct wf_bytes encode(struct fixture *fixture, struct wf_text_codec *codec)
{
	struct wf_bytes payload;

	assert_int_equal(wf_group_encode(&fixture->group, codec, &fixture->arena, &payload), 0);
	return payload;
}

/* The bytes in memory of their very size, so that a sanitizer sees a read behind them; the caller frees them. */
static char *own(struct wf_bytes bytes)
{
	char *copy = malloc(bytes.length + (bytes.length == 0));

	assert_non_null(copy);
	if (bytes.length > 0)
		memcpy(copy, bytes.data, bytes.length);
	return copy;
}

static void assert_group(const struct wf_group *got, const struct wf_group *wanted)
{
	assert_int_equal(got->key, wanted->key);
	assert_int_equal(got->count, wanted->count);
	assert_int_equal(got->bytes, wanted->bytes);
	for (uint32_t i = 0; i < wanted->count; i++) {
		assert_int_equal(got->texts[i].number, wanted->texts[i].number);
		assert_int_equal(got->texts[i].bytes, wanted->texts[i].bytes);
	}
	assert_memory_equal(got->room, wanted->room, wanted->bytes);
}

/* The fixture's group comes back whole from its payload; and each text of it by its place. */
static void assert_comes_back(struct fixture *fixture, struct wf_text_codec *codec)
{
	const struct wf_bytes payload = encode(fixture, codec);
	const struct wf_group *group = &fixture->group;
	struct wf_group_text texts[WF_GROUP_TEXTS_MAX];
	struct wf_text_place place;
	struct wf_bytes all;
	uint32_t count;
	size_t first = 0;
	char room[WF_GROUP_BYTES_MAX];

	assert_int_equal(wf_group_decode(payload, KEY, codec, &fixture->arena, &fixture->again), 0);
	assert_group(&fixture->again, group);
	assert_int_equal(wf_group_list(payload, KEY, texts, &count), 0);
	assert_int_equal(count, group->count);
	for (uint32_t i = 0; i < count; i++) {
		const struct wf_group_text *text = &group->texts[i];

		assert_int_equal(texts[i].number, text->number);
		assert_int_equal(texts[i].bytes, text->bytes);
		assert_int_equal(wf_group_find(payload, KEY, text->number, &place), 0);
		assert_int_equal(place.first, first);
		assert_int_equal(place.bytes, text->bytes);
		assert_int_equal(place.bytes_all, group->bytes);
		assert_int_equal(wf_text_expand(codec, place.compressed, place.bytes_all, WF_GROUP_BYTES_MAX,
						&fixture->arena, &all),
				 0);
		assert_true(wf_bytes_equal((struct wf_bytes){all.data + place.first, place.bytes},
					   text_of(room, text->number, text->bytes)));
		first += text->bytes;
	}
	wf_arena_reset(&fixture->arena);
}

static void assert_comes_back_from_either_codec(struct fixture *fixture)
{
	assert_comes_back(fixture, fixture->codec);
	assert_comes_back(fixture, fixture->dense);
}

/* Round trips. */

static void texts_of_any_length_come_back(void **state)
{
	struct fixture *fixture = *state;
	const size_t lengths[] = {0, 1, 700, 0, 0, 2500, 3, WF_GROUP_TEXT_BYTES_MAX, 0};

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		add(&fixture->group, KEY + i * i * 1000, lengths[i]);
	assert_comes_back_from_either_codec(fixture);
}

static void one_text_comes_back(void **state)
{
	struct fixture *fixture = *state;
	const size_t lengths[] = {0, 1, 1500, WF_GROUP_TEXT_BYTES_MAX};

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		wf_group_begin(&fixture->group, KEY);
		add(&fixture->group, KEY + i, lengths[i]);
		assert_comes_back_from_either_codec(fixture);
	}
}

static void as_many_texts_as_there_can_be_come_back(void **state)
{
	struct fixture *fixture = *state;

	for (uint64_t i = 0; i < WF_GROUP_TEXTS_MAX; i++)
		add(&fixture->group, KEY + i * 3, (size_t)(i % 129));
	assert_false(wf_group_takes(&fixture->group, KEY + 3 * WF_GROUP_TEXTS_MAX, 0));
	assert_comes_back_from_either_codec(fixture);
}

static void empty_texts_alone_come_back(void **state)
{
	struct fixture *fixture = *state;

	for (uint64_t i = 0; i < WF_GROUP_TEXTS_MAX; i++)
		wf_group_add(&fixture->group, KEY + i, (struct wf_bytes){NULL, 0});
	assert_comes_back_from_either_codec(fixture);
}

static void texts_that_fill_a_group_to_its_last_byte_come_back(void **state)
{
	struct fixture *fixture = *state;

	add(&fixture->group, KEY, WF_GROUP_TEXT_BYTES_MAX);
	add(&fixture->group, KEY + 1, WF_GROUP_BYTES_MAX - WF_GROUP_TEXT_BYTES_MAX - 1);
	assert_false(wf_group_takes(&fixture->group, KEY + 2, 2));
	add(&fixture->group, KEY + 2, 1);
	assert_int_equal(fixture->group.bytes, WF_GROUP_BYTES_MAX);
	assert_false(wf_group_takes(&fixture->group, KEY + 3, 1));
	add(&fixture->group, KEY + 3, 0);
	assert_comes_back_from_either_codec(fixture);
}

/* What nothing makes smaller: the frame is then longer than the texts. */
static void bytes_that_cannot_be_packed_come_back(void **state)
{
	struct fixture *fixture = *state;
	char noise[WF_GROUP_TEXT_BYTES_MAX];
	uint64_t seed = 1;

	for (uint64_t i = 0; i < 2; i++) {
		for (size_t at = 0; at < sizeof noise; at++) {
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			noise[at] = (char)(seed >> 56);
		}
		wf_group_add(&fixture->group, KEY + i, (struct wf_bytes){noise, sizeof noise});
	}
	for (int is_dense = 0; is_dense < 2; is_dense++) {
		struct wf_text_codec *codec = is_dense ? fixture->dense : fixture->codec;
		const struct wf_bytes payload = encode(fixture, codec);

		assert_true(payload.length > WF_GROUP_BYTES_MAX);
		assert_int_equal(wf_group_decode(payload, KEY, codec, &fixture->arena, &fixture->again), 0);
		assert_group(&fixture->again, &fixture->group);
	}
}

static void a_dense_group_is_smaller_and_read_by_either_codec(void **state)
{
	struct fixture *fixture = *state;
	struct wf_bytes fast, dense;

	for (uint64_t i = 0; i < 20; i++)
		add(&fixture->group, KEY + i, 1400);
	fast = encode(fixture, fixture->codec);
	dense = encode(fixture, fixture->dense);
	assert_true(dense.length < fast.length);
	assert_true(fast.length < fixture->group.bytes);
	assert_int_equal(wf_group_decode(dense, KEY, fixture->codec, &fixture->arena, &fixture->again), 0);
	assert_group(&fixture->again, &fixture->group);
	assert_int_equal(wf_group_decode(fast, KEY, fixture->dense, &fixture->arena, &fixture->again), 0);
	assert_group(&fixture->again, &fixture->group);
}

/* Bytes that stores out there hold: they must never change while the format stays. */
static void the_layout_is_the_documented_one(void **state)
{
	static const unsigned char golden[] = {2, 0, 0, 0, 17, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 4, 3, 2, 1, 3, 0, 0, 0,
					       /* a zstd frame: of 8 bytes, in one raw block that is the last */
					       0x28, 0xB5, 0x2F, 0xFD, 0x20, 8, 0x41, 0, 0, 'f', 'i', 'r', 's', 't',
					       't', 'w', 'o'};
	struct fixture *fixture = *state;
	const struct wf_bytes payload = {(const char *)golden, sizeof golden};

	wf_group_add(&fixture->group, KEY + 1, wf_bytes_of("first"));
	wf_group_add(&fixture->group, KEY + 0x01020304, wf_bytes_of("two"));
	assert_int_equal(wf_group_decode(payload, KEY, fixture->codec, &fixture->arena, &fixture->again), 0);
	assert_group(&fixture->again, &fixture->group);
	assert_memory_equal(encode(fixture, fixture->codec).data, golden, 28);
}

/* Bounds. */

static void a_group_takes_what_its_bounds_allow(void **state)
{
	struct fixture *fixture = *state;
	struct wf_group *group = &fixture->group;

	assert_true(wf_group_takes(group, KEY, WF_GROUP_TEXT_BYTES_MAX));
	assert_true(wf_group_takes(group, KEY, WF_GROUP_BYTES_MAX));
	assert_false(wf_group_takes(group, KEY, WF_GROUP_BYTES_MAX + 1u));
	assert_false(wf_group_takes(group, KEY, SIZE_MAX));
	assert_true(wf_group_takes(group, KEY + UINT32_MAX, 0));
	assert_false(wf_group_takes(group, KEY + UINT32_MAX + 1, 0));
	add(group, KEY + UINT32_MAX, 10);
	assert_true(wf_group_takes(group, KEY + UINT32_MAX, WF_GROUP_BYTES_MAX - 10u));
	assert_false(wf_group_takes(group, KEY + UINT32_MAX, WF_GROUP_BYTES_MAX - 9u));
	assert_comes_back_from_either_codec(fixture);
}

static void a_number_far_above_its_key_comes_back(void **state)
{
	struct fixture *fixture = *state;

	add(&fixture->group, KEY, 10);
	add(&fixture->group, KEY + UINT32_MAX - 1, 20);
	add(&fixture->group, KEY + UINT32_MAX, 30);
	assert_comes_back_from_either_codec(fixture);
}

/* Removal. */

static void fill(struct wf_group *group, uint64_t count)
{
	wf_group_begin(group, KEY);
	for (uint64_t i = 0; i < count; i++)
		add(group, KEY + i * 2, (size_t)(50 + i * 7));
}

static void what_is_removed_is_gone_and_the_rest_comes_back(void **state)
{
	struct fixture *fixture = *state;
	struct wf_group *group = &fixture->group;
	struct wf_text_place place;

	for (uint64_t removed = 0; removed < 7; removed++) {
		fill(group, 7);
		assert_true(wf_group_remove(group, KEY + removed * 2));
		assert_int_equal(group->key, KEY);
		assert_int_equal(group->count, 6);
		for (uint32_t i = 0; i < 6; i++)
			assert_int_equal(group->texts[i].number, KEY + (i + (i >= removed)) * 2);
		assert_comes_back_from_either_codec(fixture);
		assert_int_equal(wf_group_find(encode(fixture, fixture->codec), KEY, KEY + removed * 2, &place),
				 WF_ENOTFOUND);
		assert_false(wf_group_remove(group, KEY + removed * 2));
		assert_int_equal(group->count, 6);
	}
}

static void what_is_not_there_cannot_be_removed(void **state)
{
	struct fixture *fixture = *state;

	assert_false(wf_group_remove(&fixture->group, KEY));
	fill(&fixture->group, 3);
	assert_false(wf_group_remove(&fixture->group, KEY - 1));
	assert_false(wf_group_remove(&fixture->group, KEY + 1));
	assert_false(wf_group_remove(&fixture->group, KEY + 6));
	assert_int_equal(fixture->group.count, 3);
	assert_comes_back_from_either_codec(fixture);
}

static void a_group_can_be_emptied_and_filled_again(void **state)
{
	struct fixture *fixture = *state;
	struct wf_group *group = &fixture->group;

	fill(group, 5);
	for (uint64_t i = 0; i < 5; i++)
		assert_true(wf_group_remove(group, KEY + (i * 2 + 4) % 5 * 2));
	assert_int_equal(group->count, 0);
	assert_int_equal(group->bytes, 0);
	assert_int_equal(group->key, KEY);
	add(group, KEY + 100, WF_GROUP_TEXT_BYTES_MAX);
	add(group, KEY + 101, WF_GROUP_BYTES_MAX - WF_GROUP_TEXT_BYTES_MAX);
	assert_comes_back_from_either_codec(fixture);
}

static void a_full_group_has_room_again_after_a_removal(void **state)
{
	struct fixture *fixture = *state;
	struct wf_group *group = &fixture->group;

	for (uint64_t i = 0; i < WF_GROUP_TEXTS_MAX; i++)
		add(group, KEY + i, WF_GROUP_BYTES_MAX / WF_GROUP_TEXTS_MAX);
	assert_true(wf_group_remove(group, KEY + 77));
	assert_false(wf_group_takes(group, KEY + 1000, WF_GROUP_BYTES_MAX / WF_GROUP_TEXTS_MAX + 1));
	add(group, KEY + 1000, WF_GROUP_BYTES_MAX / WF_GROUP_TEXTS_MAX);
	assert_false(wf_group_takes(group, KEY + 1001, 0));
	assert_comes_back_from_either_codec(fixture);
}

static void a_number_that_is_not_in_it_is_not_found(void **state)
{
	struct fixture *fixture = *state;
	struct wf_text_place place;
	struct wf_bytes payload;

	fill(&fixture->group, 3);
	payload = encode(fixture, fixture->codec);
	assert_int_equal(wf_group_find(payload, KEY, KEY + 1, &place), WF_ENOTFOUND);
	assert_int_equal(wf_group_find(payload, KEY, KEY + 6, &place), WF_ENOTFOUND);
	assert_int_equal(wf_group_find(payload, KEY, KEY - 1, &place), WF_ENOTFOUND);
	assert_int_equal(wf_group_find(payload, KEY, 0, &place), WF_ENOTFOUND);
	assert_int_equal(wf_group_find(payload, KEY, KEY + 4, &place), 0);
}

/* Damage. */

/* Whatever the payload is: an error, or places within it. Returns what decoding it came to. */
static int assert_in_bounds(struct fixture *fixture, struct wf_bytes payload)
{
	struct wf_group_text texts[WF_GROUP_TEXTS_MAX];
	struct wf_text_place place;
	uint32_t count = 0;
	const int listed = wf_group_list(payload, KEY, texts, &count);
	int code;

	if (listed != 0) {
		assert_int_equal(listed, WF_ECORRUPT);
		assert_int_equal(wf_group_find(payload, KEY, KEY, &place), WF_ECORRUPT);
	}
	for (uint32_t i = 0; listed == 0 && i < count; i++) {
		assert_int_equal(wf_group_find(payload, KEY, texts[i].number, &place), 0);
		assert_true(place.bytes_all <= WF_GROUP_BYTES_MAX);
		assert_true(place.bytes <= place.bytes_all && place.first <= place.bytes_all - place.bytes);
		assert_true(place.compressed.data >= payload.data &&
			    place.compressed.data + place.compressed.length == payload.data + payload.length);
	}
	code = wf_group_decode(payload, KEY, fixture->codec, &fixture->arena, &fixture->again);
	assert_true(code == WF_ECORRUPT || (code == 0 && listed == 0));
	if (code == 0)
		assert_true(fixture->again.count == count && fixture->again.bytes <= WF_GROUP_BYTES_MAX);
	wf_arena_reset(&fixture->arena);
	return code;
}

static void a_payload_that_is_cut_anywhere_is_corrupt(void **state)
{
	struct fixture *fixture = *state;
	struct wf_bytes payload;
	char *whole;

	fill(&fixture->group, 9);
	payload = encode(fixture, fixture->codec);
	whole = own(payload);
	for (size_t length = 0; length < payload.length; length++) {
		char *cut = own((struct wf_bytes){whole, length});

		assert_int_equal(assert_in_bounds(fixture, (struct wf_bytes){cut, length}), WF_ECORRUPT);
		free(cut);
	}
	assert_int_equal(assert_in_bounds(fixture, (struct wf_bytes){whole, payload.length}), 0);
	free(whole);
}

static void a_flipped_bit_anywhere_leads_nowhere_outside(void **state)
{
	struct fixture *fixture = *state;
	struct wf_bytes payload;
	char *changed;

	fill(&fixture->group, 9);
	payload = encode(fixture, fixture->codec);
	changed = own(payload);
	for (size_t bit = 0; bit < payload.length * 8; bit++) {
		changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << bit % 8));
		(void)assert_in_bounds(fixture, (struct wf_bytes){changed, payload.length});
		changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << bit % 8));
	}
	free(changed);
}

/* What decoding the fixture's group comes to, with the four bytes at `at` of its payload changed. */
static int decode_changed(struct fixture *fixture, size_t at, uint32_t value)
{
	const struct wf_bytes payload = encode(fixture, fixture->codec);
	char *changed = own(payload);
	int code;

	wf_record_write_u32(changed + at, value);
	code = assert_in_bounds(fixture, (struct wf_bytes){changed, payload.length});
	free(changed);
	return code;
}

static void a_count_that_cannot_be_is_corrupt(void **state)
{
	struct fixture *fixture = *state;
	char *empty = calloc(1, (size_t)1 << 16);

	assert_non_null(empty);
	fill(&fixture->group, 4);
	assert_int_equal(decode_changed(fixture, 0, 4), 0);
	assert_int_equal(decode_changed(fixture, 0, 0), WF_ECORRUPT);
	assert_int_equal(decode_changed(fixture, 0, WF_GROUP_TEXTS_MAX + 1), WF_ECORRUPT);
	assert_int_equal(decode_changed(fixture, 0, UINT32_MAX), WF_ECORRUPT);
	/* Long enough for its list, whose numbers ascend. */
	for (uint32_t i = 0; i <= WF_GROUP_TEXTS_MAX; i++)
		wf_record_write_u32(empty + 8 + (size_t)i * 8, i);
	wf_record_write_u32(empty, WF_GROUP_TEXTS_MAX + 1);
	wf_record_write_u32(empty + 4, (1u << 16) - 8 - 8 * (WF_GROUP_TEXTS_MAX + 1));
	assert_int_equal(assert_in_bounds(fixture, (struct wf_bytes){empty, (size_t)1 << 16}), WF_ECORRUPT);
	free(empty);
}

static void numbers_that_do_not_ascend_are_corrupt(void **state)
{
	struct fixture *fixture = *state;

	fill(&fixture->group, 3); /* of the numbers 0, 2, 4 above the key */
	assert_int_equal(decode_changed(fixture, 16, 3), 0);
	assert_int_equal(decode_changed(fixture, 16, 4), WF_ECORRUPT);
	assert_int_equal(decode_changed(fixture, 16, 5), WF_ECORRUPT);
	assert_int_equal(decode_changed(fixture, 16, 0), WF_ECORRUPT);
	assert_int_equal(decode_changed(fixture, 8, 2), WF_ECORRUPT);
	assert_int_equal(decode_changed(fixture, 8, 1), 0);
}

/* No number may pass the highest one and begin again from below. */
static void a_number_above_all_numbers_is_corrupt(void **state)
{
	struct fixture *fixture = *state;
	struct wf_group_text texts[WF_GROUP_TEXTS_MAX];
	uint32_t count;

	fill(&fixture->group, 2);
	assert_int_equal(wf_group_list(encode(fixture, fixture->codec), UINT64_MAX - 2, texts, &count), 0);
	assert_int_equal(wf_group_list(encode(fixture, fixture->codec), UINT64_MAX - 1, texts, &count), WF_ECORRUPT);
}

static void texts_over_the_bound_are_corrupt(void **state)
{
	struct fixture *fixture = *state;
	struct wf_text_place place;
	struct wf_bytes payload;
	char *changed;

	add(&fixture->group, KEY, 100);
	add(&fixture->group, KEY + 1, 100);
	assert_int_equal(decode_changed(fixture, 12, WF_GROUP_BYTES_MAX - 99), WF_ECORRUPT);
	/* The sum must not begin again from below. */
	assert_int_equal(decode_changed(fixture, 12, UINT32_MAX - 99), WF_ECORRUPT);
	assert_int_equal(decode_changed(fixture, 12, UINT32_MAX), WF_ECORRUPT);
	/* What the bound still allows is listed; that its frame has not as many is seen when it is expanded. */
	payload = encode(fixture, fixture->codec);
	changed = own(payload);
	wf_record_write_u32(changed + 12, WF_GROUP_BYTES_MAX - 100);
	assert_int_equal(wf_group_find((struct wf_bytes){changed, payload.length}, KEY, KEY + 1, &place), 0);
	assert_int_equal(place.bytes_all, WF_GROUP_BYTES_MAX);
	free(changed);
}

static void a_frame_of_another_length_than_the_sum_is_corrupt(void **state)
{
	struct fixture *fixture = *state;

	add(&fixture->group, KEY, 100);
	add(&fixture->group, KEY + 1, 100);
	assert_int_equal(decode_changed(fixture, 12, 100), 0);
	assert_int_equal(decode_changed(fixture, 12, 99), WF_ECORRUPT);
	assert_int_equal(decode_changed(fixture, 12, 101), WF_ECORRUPT);
	assert_int_equal(decode_changed(fixture, 20, 0), WF_ECORRUPT);
	assert_int_equal(decode_changed(fixture, 12, WF_GROUP_BYTES_MAX - 100), WF_ECORRUPT);
}

static void a_payload_without_a_frame_is_corrupt(void **state)
{
	struct fixture *fixture = *state;
	struct wf_bytes payload;
	char *list;

	add(&fixture->group, KEY, 0);
	payload = encode(fixture, fixture->codec);
	assert_true(payload.length > LIST_BYTES);
	list = own((struct wf_bytes){payload.data, LIST_BYTES});
	wf_record_write_u32(list + 4, 0);
	assert_int_equal(assert_in_bounds(fixture, (struct wf_bytes){list, LIST_BYTES}), WF_ECORRUPT);
	free(list);
}

int main(void)
{
#define claim(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		claim(texts_of_any_length_come_back),
		claim(one_text_comes_back),
		claim(as_many_texts_as_there_can_be_come_back),
		claim(empty_texts_alone_come_back),
		claim(texts_that_fill_a_group_to_its_last_byte_come_back),
		claim(bytes_that_cannot_be_packed_come_back),
		claim(a_dense_group_is_smaller_and_read_by_either_codec),
		claim(the_layout_is_the_documented_one),
		claim(a_group_takes_what_its_bounds_allow),
		claim(a_number_far_above_its_key_comes_back),
		claim(what_is_removed_is_gone_and_the_rest_comes_back),
		claim(what_is_not_there_cannot_be_removed),
		claim(a_group_can_be_emptied_and_filled_again),
		claim(a_full_group_has_room_again_after_a_removal),
		claim(a_number_that_is_not_in_it_is_not_found),
		claim(a_payload_that_is_cut_anywhere_is_corrupt),
		claim(a_flipped_bit_anywhere_leads_nowhere_outside),
		claim(a_count_that_cannot_be_is_corrupt),
		claim(numbers_that_do_not_ascend_are_corrupt),
		claim(a_number_above_all_numbers_is_corrupt),
		claim(texts_over_the_bound_are_corrupt),
		claim(a_frame_of_another_length_than_the_sum_is_corrupt),
		claim(a_payload_without_a_frame_is_corrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
