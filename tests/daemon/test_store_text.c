#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "store_text.h"

#define TEXT_BYTES_MAX (16u << 20)

static int setup(void **state)
{
	struct wf_text_codec *codec;

	if (wf_text_codec_new(&codec, false) != 0)
		return -1;
	*state = codec;
	return 0;
}

static int setup_dense(void **state)
{
	struct wf_text_codec *codec;

	if (wf_text_codec_new(&codec, true) != 0)
		return -1;
	*state = codec;
	return 0;
}

static int teardown(void **state)
{
	wf_text_codec_free(*state);
	return 0;
}

static void text_round_trip(void **state)
{
	const size_t lengths[] = {0, 1, 100, 3000, 65536, 5u << 20};
	struct wf_arena arena;

	wf_arena_init(&arena, 1u << 16);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char *bytes = malloc(lengths[i] + 1);
		struct wf_bytes compressed, text;

		assert_non_null(bytes);
		for (size_t at = 0; at < lengths[i]; at++)
			bytes[at] = (char)('a' + at * at / 7 % 20);
		assert_int_equal(wf_text_compress(*state, (struct wf_bytes){bytes, lengths[i]}, &arena, &compressed),
				 0);
		assert_int_equal(wf_text_expand(*state, compressed, lengths[i], TEXT_BYTES_MAX, &arena, &text), 0);
		assert_true(wf_bytes_equal(text, (struct wf_bytes){bytes, lengths[i]}));
		free(bytes);
	}
	wf_arena_close(&arena);
}

static void a_dense_text_is_smaller_and_read_by_either_codec(void **state)
{
	static const char sentence[] = "the ministry said exports of steel fell in march as the strike went on, ";
	char story[4000];
	struct wf_text_codec *dense;
	struct wf_bytes fast_frame, dense_frame, text;
	struct wf_arena arena;

	for (size_t i = 0; i < sizeof story; i++)
		story[i] = (char)(sentence[i % (sizeof sentence - 1)] ^ (char)(i * i % 7 == 3));
	wf_arena_init(&arena, 1u << 16);
	assert_int_equal(wf_text_codec_new(&dense, true), 0);
	assert_int_equal(wf_text_compress(*state, (struct wf_bytes){story, sizeof story}, &arena, &fast_frame), 0);
	assert_int_equal(wf_text_compress(dense, (struct wf_bytes){story, sizeof story}, &arena, &dense_frame), 0);
	assert_true(dense_frame.length < fast_frame.length);
	assert_true(wf_text_is_lz4(fast_frame));
	assert_false(wf_text_is_lz4(dense_frame));
	assert_int_equal(wf_text_expand(*state, dense_frame, sizeof story, TEXT_BYTES_MAX, &arena, &text), 0);
	assert_memory_equal(text.data, story, sizeof story);
	assert_int_equal(wf_text_expand(dense, fast_frame, sizeof story, TEXT_BYTES_MAX, &arena, &text), 0);
	assert_memory_equal(text.data, story, sizeof story);
	wf_text_codec_free(dense);
	wf_arena_close(&arena);
}

/* As versions before LZ4 wrote it, at level -1. */
static void a_zstd_frame_of_an_older_version_is_read(void **state)
{
	static const unsigned char frame[] = {
		0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x81, 0x35, 0x03, 0x00, 0xa4, 0x05, 0x54, 0x68, 0x65, 0x20, 0x68,
		0x61, 0x72, 0x62, 0x6f, 0x75, 0x72, 0x20, 0x6f, 0x66, 0x20, 0x4f, 0x73, 0x74, 0x73, 0x74, 0x61,
		0x64, 0x74, 0x20, 0x73, 0x74, 0x61, 0x79, 0x73, 0x20, 0x73, 0x68, 0x75, 0x74, 0x20, 0x75, 0x6e,
		0x74, 0x69, 0x6c, 0x20, 0x46, 0x72, 0x69, 0x64, 0x61, 0x79, 0x2c, 0x20, 0x74, 0x66, 0x69, 0x63,
		0x65, 0x20, 0x73, 0x61, 0x69, 0x64, 0x20, 0x6f, 0x6e, 0x20, 0x4d, 0x6f, 0x6e, 0x64, 0x61, 0x79,
		0x3a, 0x70, 0x69, 0x6c, 0x6f, 0x74, 0x73, 0x61, 0x72, 0x65, 0x20, 0x6f, 0x6e, 0x20, 0x73, 0x74,
		0x72, 0x69, 0x6b, 0x65, 0x2e, 0x03, 0x04, 0x0a, 0x5e, 0x28, 0x8c, 0x62, 0x42, 0x15, 0x14,
	};
	static const char wanted[] =
		"The harbour of Oststadt stays shut until Friday, the harbour office said on Monday: "
		"the harbour pilots of Oststadt are on strike.";
	struct wf_arena arena;
	struct wf_bytes text;

	wf_arena_init(&arena, 4096);
	assert_int_equal(wf_text_expand(*state, (struct wf_bytes){(const char *)frame, sizeof frame}, sizeof wanted - 1,
					TEXT_BYTES_MAX, &arena, &text),
			 0);
	assert_true(wf_bytes_equal(text, wf_bytes_of(wanted)));
	wf_arena_close(&arena);
}

/* 20,000 letters, all the same, and what LZ4 makes of the most that it can shorten. */
static void a_block_is_too_short_for_a_length_before_memory_is_taken_for_it(void **state)
{
	char letters[20000];
	struct wf_arena arena;
	struct wf_bytes compressed, text;

	memset(letters, 'a', sizeof letters);
	wf_arena_init(&arena, 1u << 16);
	assert_int_equal(wf_text_compress(*state, (struct wf_bytes){letters, sizeof letters}, &arena, &compressed), 0);
	assert_true(compressed.length < 100);
	assert_int_equal(wf_text_expand(*state, compressed, sizeof letters, TEXT_BYTES_MAX, &arena, &text), 0);
	/* Over what is allowed, too: that it is damage is seen first. */
	assert_int_equal(wf_text_expand(*state, compressed, 256 * compressed.length, 1, &arena, &text), WF_ECORRUPT);
	assert_int_equal(wf_text_expand(*state, compressed, sizeof letters, 1, &arena, &text), WF_ETOOLARGE);
	wf_arena_close(&arena);
}

static void a_length_that_is_not_the_texts_is_corrupt(void **state)
{
	struct wf_arena arena;
	struct wf_bytes compressed, text;

	wf_arena_init(&arena, 4096);
	assert_int_equal(wf_text_compress(*state, wf_bytes_of("the mayor said on Monday"), &arena, &compressed), 0);
	assert_int_equal(wf_text_expand(*state, compressed, 23, TEXT_BYTES_MAX, &arena, &text), WF_ECORRUPT);
	assert_int_equal(wf_text_expand(*state, compressed, 25, TEXT_BYTES_MAX, &arena, &text), WF_ECORRUPT);
	assert_int_equal(wf_text_expand(*state, compressed, UINT64_MAX, TEXT_BYTES_MAX, &arena, &text), WF_ECORRUPT);
	assert_int_equal(wf_text_expand(*state, compressed, UINT64_MAX - 1, TEXT_BYTES_MAX, &arena, &text),
			 WF_ECORRUPT);
	assert_int_equal(wf_text_expand(*state, compressed, 24, 23, &arena, &text), WF_ETOOLARGE);
	assert_int_equal(wf_text_expand(*state, compressed, 24, 24, &arena, &text), 0);
	wf_arena_close(&arena);
}

static void a_cut_or_changed_text_is_corrupt_or_harmless(void **state)
{
	char text_bytes[1000];
	struct wf_arena arena;
	struct wf_bytes compressed, text;

	for (size_t i = 0; i < sizeof(text_bytes); i++)
		text_bytes[i] = (char)('a' + i * i / 3 % 26);
	wf_arena_init(&arena, 1u << 16);
	assert_int_equal(
		wf_text_compress(*state, (struct wf_bytes){text_bytes, sizeof(text_bytes)}, &arena, &compressed), 0);
	for (size_t length = 0; length < compressed.length; length++)
		assert_int_equal(wf_text_expand(*state, (struct wf_bytes){compressed.data, length}, sizeof(text_bytes),
						TEXT_BYTES_MAX, &arena, &text),
				 WF_ECORRUPT);
	for (size_t bit = 0; bit < compressed.length * 8; bit++) {
		struct wf_bytes copy = wf_arena_copy(&arena, compressed);
		char *changed = malloc(copy.length);
		int code;

		assert_non_null(changed);
		memcpy(changed, copy.data, copy.length);
		changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << bit % 8));
		code = wf_text_expand(*state, (struct wf_bytes){changed, copy.length}, sizeof(text_bytes),
				      TEXT_BYTES_MAX, &arena, &text);
		assert_true(code == WF_ECORRUPT || (code == 0 && text.length == sizeof(text_bytes)));
		free(changed);
		wf_arena_reset(&arena);
		assert_int_equal(wf_text_compress(*state, (struct wf_bytes){text_bytes, sizeof(text_bytes)}, &arena,
						  &compressed),
				 0);
	}
	wf_arena_close(&arena);
}

#define FAST(test)  cmocka_unit_test_setup_teardown(test, setup, teardown)
#define DENSE(test) cmocka_unit_test_setup_teardown(test, setup_dense, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAST(text_round_trip),
		DENSE(text_round_trip),
		FAST(a_dense_text_is_smaller_and_read_by_either_codec),
		FAST(a_zstd_frame_of_an_older_version_is_read),
		DENSE(a_zstd_frame_of_an_older_version_is_read),
		FAST(a_block_is_too_short_for_a_length_before_memory_is_taken_for_it),
		FAST(a_length_that_is_not_the_texts_is_corrupt),
		DENSE(a_length_that_is_not_the_texts_is_corrupt),
		FAST(a_cut_or_changed_text_is_corrupt_or_harmless),
		DENSE(a_cut_or_changed_text_is_corrupt_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
