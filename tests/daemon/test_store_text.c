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

static void a_dense_frame_is_smaller_and_read_by_either_codec(void **state)
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
	assert_int_equal(wf_text_expand(*state, dense_frame, sizeof story, TEXT_BYTES_MAX, &arena, &text), 0);
	assert_memory_equal(text.data, story, sizeof story);
	assert_int_equal(wf_text_expand(dense, fast_frame, sizeof story, TEXT_BYTES_MAX, &arena, &text), 0);
	assert_memory_equal(text.data, story, sizeof story);
	wf_text_codec_free(dense);
	wf_arena_close(&arena);
}

static void a_length_that_is_not_the_frames_is_corrupt(void **state)
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

static void a_cut_or_changed_frame_is_corrupt_or_harmless(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(a_dense_frame_is_smaller_and_read_by_either_codec, setup, teardown),
		cmocka_unit_test_setup_teardown(a_length_that_is_not_the_frames_is_corrupt, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cut_or_changed_frame_is_corrupt_or_harmless, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
