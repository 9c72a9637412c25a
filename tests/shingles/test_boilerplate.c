#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "boilerplate.h"
#include "memory_fault.h"
#include "random_source.h"

#define HEAD        12u /* words that an outlet prints above every story, and below it */
#define BODY        150u
#define STORY       (HEAD + BODY + HEAD)
#define SOURCES_MAX 16u
#define LONG_MAX    1500u

/* Helpers */

static int boilerplate_set_up(void **state)
{
	struct wf_boilerplate *boilerplate = malloc(sizeof *boilerplate);

	assert_int_equal(wf_boilerplate_init(boilerplate, SOURCES_MAX), 0);
	*state = boilerplate;
	return 0;
}

static int boilerplate_tear_down(void **state)
{
	wf_boilerplate_close(*state);
	free(*state);
	return memory_live() == 0 ? 0 : -1;
}

/* A story in the frame of the outlet `frame`: the same words around, others inside. */
static void write_story(uint16_t tokens[STORY], uint64_t frame, uint64_t *random)
{
	for (uint32_t i = 0; i < STORY; i++)
		tokens[i] = (uint16_t)random_next(i < HEAD || i >= HEAD + BODY ? &frame : random);
}

static void learn(struct wf_boilerplate *boilerplate, uint64_t source, uint64_t frame, uint32_t stories,
		  uint64_t *random)
{
	uint16_t tokens[STORY];

	for (uint32_t i = 0; i < stories; i++) {
		write_story(tokens, frame, random);
		assert_int_equal(wf_boilerplate_learn(boilerplate, source, tokens, STORY, true), 0);
	}
}

/* The same with stories that another source had first, which do not count for the corpus. */
static void learn_copies(struct wf_boilerplate *boilerplate, uint64_t source, uint64_t frame, uint32_t stories,
			 uint64_t *random)
{
	uint16_t tokens[STORY];

	for (uint32_t i = 0; i < stories; i++) {
		write_story(tokens, frame, random);
		assert_int_equal(wf_boilerplate_learn(boilerplate, source, tokens, STORY, false), 0);
	}
}

struct counts {
	uint32_t frame; /* of 2 * HEAD */
	uint32_t body;  /* of BODY */
};

/* How many tokens of a new story in the frame are boilerplate to the source. */
static struct counts masked(const struct wf_boilerplate *boilerplate, uint64_t source, uint64_t frame, uint64_t seed)
{
	struct counts counts = {0, 0};
	uint16_t tokens[STORY];
	uint8_t mask[STORY];

	write_story(tokens, frame, &seed);
	memset(mask, 0xaa, sizeof mask);
	wf_boilerplate_mask(boilerplate, source, tokens, STORY, WF_PAGE_NEW, mask);
	for (uint32_t i = 0; i < STORY; i++) {
		assert_in_range(mask[i], 0, 1);
		if (i < HEAD || i >= HEAD + BODY)
			counts.frame += mask[i];
		else
			counts.body += mask[i];
	}
	return counts;
}

static bool masks_are_equal(const struct wf_boilerplate *a, const struct wf_boilerplate *b)
{
	for (uint64_t source = 0; source < 8; source++) {
		for (uint64_t frame = 100; frame < 108; frame++) {
			const struct counts first = masked(a, source, frame, 77);
			const struct counts second = masked(b, source, frame, 77);

			if (first.frame != second.frame || first.body != second.body)
				return false;
		}
	}
	return true;
}

/* Sources 1 to 4 with frames of their own, and a few stories of no source. */
static void learn_a_little_of_all(struct wf_boilerplate *boilerplate, uint64_t *random)
{
	for (uint32_t round = 0; round < 12; round++)
		for (uint64_t source = 0; source < 5; source++)
			learn(boilerplate, source, 100 + source, 1, random);
}

/* wf_boilerplate_mask, wf_boilerplate_learn */

static void before_anything_is_learned_all_is_content(void **state)
{
	assert_int_equal(masked(*state, 0, 100, 1).frame, 0);
	assert_int_equal(masked(*state, 1, 100, 1).frame, 0);
}

static void what_three_stories_of_a_source_have_is_masked_in_the_fourth(void **state)
{
	uint64_t random = 1;

	learn(*state, 1, 100, 3, &random);
	assert_int_equal(masked(*state, 1, 100, 5).frame, 2 * HEAD);
	assert_int_equal(masked(*state, 1, 100, 5).body, 0);
}

/* A long text word for word in three stories: how many of its tokens are boilerplate in the fourth, by what is known of
 * the source alone, without the help that a young one gets. */
static uint32_t masked_of_long(struct wf_boilerplate *boilerplate, uint32_t count)
{
	static uint16_t tokens[LONG_MAX];
	static uint8_t mask[LONG_MAX];
	uint64_t random = 3;
	uint32_t masked_count = 0;

	for (uint32_t i = 0; i < count; i++)
		tokens[i] = (uint16_t)random_next(&random);
	for (int i = 0; i < 3; i++)
		assert_int_equal(wf_boilerplate_learn(boilerplate, 1, tokens, count, true), 0);
	wf_boilerplate_mask(boilerplate, 1, tokens, count, WF_PAGE_NEW, mask);
	for (uint32_t i = 0; i < count; i++)
		masked_count += mask[i];
	return masked_count;
}

static void boilerplate_of_any_length_up_to_the_bound_is_masked(void **state)
{
	for (uint32_t count = 10; count <= 400; count += 30) {
		wf_boilerplate_close(*state);
		assert_int_equal(wf_boilerplate_init(*state, SOURCES_MAX), 0);
		assert_int_equal(masked_of_long(*state, count), count);
	}
}

static void more_boilerplate_than_fits_is_masked_in_part(void **state)
{
	uint64_t random = 4;

	assert_in_range(masked_of_long(*state, LONG_MAX), LONG_MAX / 8, LONG_MAX);
	/* And the source still learns. */
	learn(*state, 1, 100, 70, &random);
	assert_int_equal(masked(*state, 1, 100, 5).frame, 2 * HEAD);
	assert_int_equal(masked(*state, 1, 100, 5).body, 0);
}

static void other_sources_are_not_affected(void **state)
{
	uint64_t random = 2;

	learn(*state, 1, 100, 10, &random);
	learn(*state, 2, 101, 10, &random);
	assert_int_equal(masked(*state, 2, 100, 5).frame, 0);
	assert_int_equal(masked(*state, 3, 100, 5).frame, 0);
	assert_int_equal(masked(*state, 0, 100, 5).frame, 0);
	assert_int_equal(masked(*state, 2, 101, 5).frame, 2 * HEAD);
}

static void a_passage_repeated_within_one_story_is_content(void **state)
{
	uint16_t tokens[STORY];
	uint8_t mask[STORY];
	uint64_t random = 3;

	write_story(tokens, 100, &random);
	for (uint32_t i = 0; i + 5 < STORY; i++)
		tokens[i + 5] = tokens[i];
	for (int i = 0; i < 2; i++)
		assert_int_equal(wf_boilerplate_learn(*state, 1, tokens, STORY, true), 0);
	wf_boilerplate_mask(*state, 1, tokens, STORY, WF_PAGE_NEW, mask);
	for (uint32_t i = 0; i < STORY; i++)
		assert_int_equal(mask[i], 0);
}

static uint32_t sum_of(const uint8_t *mask, uint32_t from, uint32_t count)
{
	uint32_t sum = 0;

	for (uint32_t i = from; i < from + count; i++)
		sum += mask[i];
	return sum;
}

static void a_page_nearly_all_seen_once_is_content_unless_it_is_known_to_be_of_another_story(void **state)
{
	const uint32_t changed = 8;
	uint16_t tokens[STORY];
	uint8_t mask[STORY];
	uint64_t random = 4;

	write_story(tokens, 100, &random);
	assert_int_equal(wf_boilerplate_learn(*state, 1, tokens, STORY, true), 0);
	for (uint32_t i = 0; i < changed; i++)
		tokens[40 + i] = (uint16_t)random_next(&random);
	assert_true(wf_boilerplate_mask(*state, 1, tokens, STORY, WF_PAGE_NEW, mask));
	assert_int_equal(sum_of(mask, 0, STORY), 0);
	assert_false(wf_boilerplate_mask(*state, 1, tokens, STORY, WF_PAGE_OTHER, mask));
	assert_int_equal(sum_of(mask, 0, STORY), STORY - changed);
	assert_int_equal(sum_of(mask, 40, changed), 0);
}

static void of_a_page_that_was_learned_what_two_stories_have_is_masked(void **state)
{
	uint16_t tokens[STORY];
	uint16_t other[STORY];
	uint8_t mask[STORY];
	uint64_t random = 5;

	write_story(tokens, 100, &random);
	assert_int_equal(wf_boilerplate_learn(*state, 1, tokens, STORY, true), 0);
	wf_boilerplate_mask(*state, 1, tokens, STORY, WF_PAGE_LEARNED, mask);
	assert_int_equal(sum_of(mask, 0, STORY), 0);
	write_story(other, 100, &random);
	assert_int_equal(wf_boilerplate_learn(*state, 1, other, STORY, true), 0);
	wf_boilerplate_mask(*state, 1, tokens, STORY, WF_PAGE_LEARNED, mask);
	assert_int_equal(sum_of(mask, 0, HEAD) + sum_of(mask, HEAD + BODY, HEAD), 2 * HEAD);
	assert_int_equal(sum_of(mask, HEAD, BODY), 0);
}

/* Learns `stories` of source 1: a body in a frame, the same every `step`th time, with `gap` tokens that change. */
static void learn_with_gap(struct wf_boilerplate *boilerplate, uint32_t gap, uint32_t stories, uint32_t step)
{
	uint16_t tokens[STORY];
	uint64_t random = 300;

	for (uint32_t i = 0; i < stories; i++) {
		write_story(tokens, i % step == 0 ? 100 : random_next(&random), &random);
		for (uint32_t k = 0; k < gap; k++)
			tokens[HEAD / 2 + k] = (uint16_t)random_next(&random);
		assert_int_equal(wf_boilerplate_learn(boilerplate, 1, tokens, STORY, true), 0);
	}
}

/* Tokens that are masked of the gap in the next story. */
static uint32_t masked_of_gap(const struct wf_boilerplate *boilerplate, uint32_t gap, uint32_t body)
{
	uint64_t random = 301;
	uint16_t tokens[STORY];
	uint16_t text[STORY];
	uint8_t mask[STORY];
	uint32_t count = 0;

	write_story(tokens, 100, &random);
	for (uint32_t k = 0; k < gap; k++)
		tokens[HEAD / 2 + k] = (uint16_t)random_next(&random);
	memcpy(text, tokens, (HEAD + body) * sizeof *text);
	memcpy(text + HEAD + body, tokens + HEAD + BODY, HEAD * sizeof *text);
	wf_boilerplate_mask(boilerplate, 1, text, 2 * HEAD + body, WF_PAGE_NEW, mask);
	for (uint32_t k = 0; k < gap; k++)
		count += mask[HEAD / 2 + k];
	for (uint32_t k = 0; k < body; k++)
		assert_int_equal(mask[HEAD + k], 0);
	return count;
}

static void counters_in_what_is_printed_always_are_masked(void **state)
{
	learn_with_gap(*state, 3, 12, 1);
	assert_int_equal(masked_of_gap(*state, 3, BODY), 3);
}

static void what_stands_in_a_form_that_is_printed_now_and_then_is_content(void **state)
{
	learn_with_gap(*state, 3, 20, 4);
	assert_int_equal(masked_of_gap(*state, 3, BODY), 0);
}

static void a_notice_shorter_than_a_gap_is_not_taken_for_one(void **state)
{
	learn_with_gap(*state, 0, 12, 1);
	assert_int_equal(masked_of_gap(*state, 0, 8), 0);
}

static void what_a_source_stops_printing_is_content_again(void **state)
{
	uint64_t random = 4;
	uint32_t stories = 0;

	learn_copies(*state, 1, 100, 40, &random);
	assert_int_equal(masked(*state, 1, 100, 5).frame, 2 * HEAD);
	for (; stories < 2000 && masked(*state, 1, 100, 5).frame != 0; stories += 10)
		learn_copies(*state, 1, 101, 10, &random);
	assert_in_range(stories, 10, 1990);
	assert_int_equal(masked(*state, 1, 101, 5).frame, 2 * HEAD);
}

static void one_source_after_a_long_time_still_learns_a_new_frame(void **state)
{
	uint64_t random = 5;

	learn_copies(*state, 1, 100, 1000, &random);
	learn_copies(*state, 1, 101, 600, &random);
	assert_int_equal(masked(*state, 1, 101, 5).frame, 2 * HEAD);
	assert_int_equal(masked(*state, 1, 100, 5).frame, 0);
	assert_int_equal(masked(*state, 1, 101, 5).body, 0);
}

static void what_many_sources_print_is_boilerplate_for_all(void **state)
{
	uint64_t random = 7;

	for (uint32_t round = 0; round < 20; round++)
		for (uint64_t source = 1; source <= 10; source++)
			learn(*state, source, 100, 1, &random);
	assert_int_equal(masked(*state, 0, 100, 5).frame, 2 * HEAD);
	assert_int_equal(masked(*state, 999, 100, 5).frame, 2 * HEAD);
	assert_int_equal(masked(*state, 0, 100, 5).body, 0);
}

static void stories_seen_before_do_not_count_for_the_corpus(void **state)
{
	uint16_t tokens[STORY];
	uint64_t random = 8;

	for (uint32_t i = 0; i < 200; i++) {
		write_story(tokens, 100, &random);
		assert_int_equal(wf_boilerplate_learn(*state, 1 + i % 10, tokens, STORY, false), 0);
	}
	assert_int_equal(masked(*state, 999, 100, 5).frame, 0);
	assert_int_equal(masked(*state, 1, 100, 5).frame, 2 * HEAD);
}

static void sources_are_bounded_and_the_one_unheard_of_longest_goes(void **state)
{
	struct wf_boilerplate *boilerplate = *state;
	uint64_t random = 9;
	size_t bytes;

	for (uint64_t source = 1; source <= SOURCES_MAX; source++)
		learn(boilerplate, source, 100 + source, 4, &random);
	learn(boilerplate, 1, 101, 1, &random); /* now 2 is the one */
	bytes = wf_slab_memory_bytes(&boilerplate->repeats);
	learn(boilerplate, 50, 150, 4, &random);
	assert_int_equal(wf_map_count(&boilerplate->sources), SOURCES_MAX);
	assert_int_equal(masked(boilerplate, 2, 102, 5).frame, 0);
	assert_int_equal(masked(boilerplate, 1, 101, 5).frame, 2 * HEAD);
	assert_int_equal(masked(boilerplate, 3, 103, 5).frame, 2 * HEAD);
	assert_int_equal(masked(boilerplate, 50, 150, 5).frame, 2 * HEAD);
	for (uint64_t source = 1000; source < 1200; source++)
		learn(boilerplate, source, source, 1, &random);
	assert_int_equal(wf_map_count(&boilerplate->sources), SOURCES_MAX);
	assert_int_equal(wf_slab_memory_bytes(&boilerplate->repeats), bytes);
}

static void texts_of_no_and_one_word_and_of_equal_words_are_learned(void **state)
{
	static uint16_t tokens[16384];
	static uint8_t mask[16384];

	for (size_t i = 0; i < 16384; i++)
		tokens[i] = 7;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(wf_boilerplate_learn(*state, 1, tokens, 0, true), 0);
		assert_int_equal(wf_boilerplate_learn(*state, 1, tokens, 1, true), 0);
		wf_boilerplate_mask(*state, 1, tokens, 16384, WF_PAGE_NEW, mask);
		assert_int_equal(mask[0], 0);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(wf_boilerplate_learn(*state, 1, tokens, 16384, true), 0);
	wf_boilerplate_mask(*state, 1, tokens, 1, WF_PAGE_NEW, mask);
	assert_int_equal(mask[0], 0);
	wf_boilerplate_mask(*state, 1, tokens, 16384, WF_PAGE_NEW, mask);
	assert_int_equal(mask[0], 1);
	assert_int_equal(mask[16383], 1);
}

/* wf_boilerplate_init */

static void a_learner_without_memory_is_refused(void **state)
{
	struct wf_boilerplate boilerplate;
	const long live = memory_live();

	(void)state;
	memory_fault_arm(0, true);
	assert_int_equal(wf_boilerplate_init(&boilerplate, 4), WF_ENOMEM);
	assert_true(memory_fault_disarm());
	wf_boilerplate_close(&boilerplate);
	assert_int_equal(memory_live(), live);
}

/* wf_boilerplate_save_begin, wf_boilerplate_save_fill, wf_boilerplate_save_end, wf_boilerplate_load */

static struct wf_bytes saved(struct wf_boilerplate *boilerplate, struct wf_arena *arena)
{
	const size_t length = wf_boilerplate_saved_bytes(boilerplate);
	char *out = wf_arena_take(arena, length);

	assert_non_null(out);
	assert_int_equal(wf_boilerplate_save_begin(boilerplate, out), 0);
	wf_boilerplate_save_fill(boilerplate, length);
	wf_boilerplate_save_end(boilerplate);
	return (struct wf_bytes){out, length};
}

static void what_is_saved_masks_and_goes_on_learning_alike(void **state)
{
	struct wf_boilerplate *boilerplate = *state;
	struct wf_boilerplate loaded;
	struct wf_arena arena;
	struct wf_bytes bytes;
	uint64_t random = 11;
	uint64_t random_again;

	wf_arena_init(&arena, 4096);
	learn_a_little_of_all(boilerplate, &random);
	bytes = saved(boilerplate, &arena);
	assert_int_equal(wf_boilerplate_init(&loaded, SOURCES_MAX), 0);
	assert_int_equal(wf_boilerplate_load(&loaded, bytes), 0);
	assert_int_equal(masked(&loaded, 3, 103, 5).frame, 2 * HEAD);
	assert_true(masks_are_equal(boilerplate, &loaded));
	assert_int_equal(wf_boilerplate_memory_bytes(&loaded), wf_boilerplate_memory_bytes(boilerplate));
	random_again = random;
	for (int round = 0; round < 20; round++) {
		learn_a_little_of_all(boilerplate, &random);
		learn_a_little_of_all(&loaded, &random_again);
	}
	assert_true(masks_are_equal(boilerplate, &loaded));
	wf_boilerplate_close(&loaded);
	wf_arena_close(&arena);
}

static void saving_changes_nothing(void **state)
{
	struct wf_arena arena;
	struct wf_bytes first;
	struct wf_bytes second;
	uint64_t random = 12;

	wf_arena_init(&arena, 4096);
	learn_a_little_of_all(*state, &random);
	first = saved(*state, &arena);
	second = saved(*state, &arena);
	assert_true(wf_bytes_equal(first, second));
	wf_arena_close(&arena);
}

/* Sources learn, come and go meanwhile. */
static void what_is_saved_bit_by_bit_is_of_the_moment_when_it_began(void **state)
{
	struct wf_boilerplate *boilerplate = *state;
	struct wf_arena arena;
	struct wf_bytes whole;
	uint64_t random = 21;
	char *out;

	wf_arena_init(&arena, 4096);
	for (uint64_t source = 1; source <= SOURCES_MAX; source++)
		learn(boilerplate, source, 100 + source, 4, &random);
	whole = saved(boilerplate, &arena);
	out = malloc(whole.length);
	assert_int_equal(wf_boilerplate_save_begin(boilerplate, out), 0);
	for (size_t until = 0; until < whole.length; until += whole.length / 50) {
		const uint64_t source = 1 + random_next(&random) % (SOURCES_MAX + SOURCES_MAX / 2);

		wf_boilerplate_save_fill(boilerplate, until);
		assert_memory_equal(out, whole.data, until);
		learn(boilerplate, source, 100 + source, 1, &random);
	}
	wf_boilerplate_save_fill(boilerplate, whole.length);
	wf_boilerplate_save_end(boilerplate);
	assert_memory_equal(out, whole.data, whole.length);
	free(out);
	wf_arena_close(&arena);
}

/* Nothing is written to what was given up. */
static void a_saving_that_is_given_up_leaves_its_bytes_alone(void **state)
{
	struct wf_boilerplate *boilerplate = *state;
	uint64_t random = 22;

	learn_a_little_of_all(boilerplate, &random);
	for (int round = 0; round < 3; round++) {
		const size_t length = wf_boilerplate_saved_bytes(boilerplate);
		char *out = malloc(length);

		assert_int_equal(wf_boilerplate_save_begin(boilerplate, out), 0);
		wf_boilerplate_save_fill(boilerplate, length / 3 * (size_t)round);
		wf_boilerplate_save_end(boilerplate);
		free(out);
		learn_a_little_of_all(boilerplate, &random);
		wf_boilerplate_save_fill(boilerplate, length);
	}
}

/* What loading the bytes says; whatever it is, what was loaded must be usable and can be closed. */
static int load_and_use(struct wf_bytes bytes)
{
	struct wf_boilerplate loaded;
	uint64_t random = 13;
	int error;

	assert_int_equal(wf_boilerplate_init(&loaded, SOURCES_MAX), 0);
	error = wf_boilerplate_load(&loaded, bytes);
	if (error == 0) {
		for (uint64_t source = 0; source < 5; source++) {
			(void)masked(&loaded, source, 100 + source, 5);
			learn(&loaded, source, 100 + source, 1, &random);
		}
	}
	wf_boilerplate_close(&loaded);
	return error;
}

static void a_state_cut_anywhere_is_refused(void **state)
{
	struct wf_arena arena;
	struct wf_bytes bytes;
	uint64_t random = 14;
	size_t length = 0;

	wf_arena_init(&arena, 4096);
	learn_a_little_of_all(*state, &random);
	bytes = saved(*state, &arena);
	assert_int_equal(load_and_use(bytes), 0);
	while (length < bytes.length) {
		/* A copy of that length alone, so that a byte read past it is noticed. */
		char *cut = malloc(length + 1);

		memcpy(cut, bytes.data, length);
		cut = realloc(cut, length == 0 ? 1 : length);
		assert_int_equal(load_and_use((struct wf_bytes){cut, length}), WF_ECORRUPT);
		free(cut);
		length += length < 200 || length + 200 > bytes.length ? 1 : 1 + bytes.length / 300;
	}
	wf_arena_close(&arena);
}

static void a_state_with_more_behind_it_or_sources_twice_is_refused(void **state)
{
	struct wf_boilerplate *boilerplate = *state;
	struct wf_arena arena;
	struct wf_bytes none;
	struct wf_bytes one;
	size_t source_bytes;
	uint64_t random = 15;
	uint64_t two = 2;
	char *twice;

	wf_arena_init(&arena, 4096);
	none = saved(boilerplate, &arena);
	learn(boilerplate, 1, 101, 1, &random);
	one = saved(boilerplate, &arena);
	source_bytes = one.length - none.length;
	twice = malloc(one.length + source_bytes);
	memcpy(twice, one.data, one.length);
	memcpy(twice + one.length, one.data + none.length, source_bytes);
	assert_int_equal(load_and_use((struct wf_bytes){twice, one.length}), 0);
	assert_int_equal(load_and_use((struct wf_bytes){twice, one.length + 1}), WF_ECORRUPT);
	assert_int_equal(load_and_use((struct wf_bytes){twice, one.length + source_bytes}), WF_ECORRUPT);
	memcpy(twice + sizeof(uint64_t), &two, sizeof two); /* the header's count of sources */
	assert_int_equal(load_and_use((struct wf_bytes){twice, one.length + source_bytes}), WF_ECORRUPT);
	free(twice);
	wf_arena_close(&arena);
}

static void flipped_bits_never_lead_out_of_bounds(void **state)
{
	struct wf_arena arena;
	struct wf_bytes bytes;
	uint64_t random = 16;
	char *damaged;

	wf_arena_init(&arena, 4096);
	learn_a_little_of_all(*state, &random);
	bytes = saved(*state, &arena);
	damaged = malloc(bytes.length);
	for (uint32_t round = 0; round < 400; round++) {
		const uint32_t place = round < 160 ? round : random_below(&random, (uint32_t)bytes.length);

		memcpy(damaged, bytes.data, bytes.length);
		damaged[place] = (char)(damaged[place] ^ (1 << random_below(&random, 8)));
		(void)load_and_use((struct wf_bytes){damaged, bytes.length});
	}
	free(damaged);
	wf_arena_close(&arena);
}

static void loading_without_memory_is_refused_and_leaks_nothing(void **state)
{
	struct wf_arena arena;
	struct wf_bytes bytes;
	uint64_t random = 17;
	long served = 0;
	int error = WF_ENOMEM;

	wf_arena_init(&arena, 4096);
	learn_a_little_of_all(*state, &random);
	bytes = saved(*state, &arena);
	for (; error != 0; served++) {
		struct wf_boilerplate loaded;
		const long live = memory_live();
		bool was_refused;

		assert_int_equal(wf_boilerplate_init(&loaded, SOURCES_MAX), 0);
		memory_fault_arm(served, false);
		error = wf_boilerplate_load(&loaded, bytes);
		was_refused = memory_fault_disarm();
		assert_int_equal(error, was_refused ? WF_ENOMEM : 0);
		wf_boilerplate_close(&loaded);
		assert_int_equal(memory_live(), live);
	}
	assert_true(served > 5);
	wf_arena_close(&arena);
}

static void sources_that_take_turns_all_go_on_learning(void **state)
{
	uint64_t random = 6;

	for (uint32_t round = 0; round < 400; round++)
		for (uint64_t source = 1; source <= 4; source++)
			learn_copies(*state, source, (round < 100 ? 100 : 200) + source, 1, &random);
	for (uint64_t source = 1; source <= 4; source++)
		if (masked(*state, source, 200 + source, 5).frame != 2 * HEAD)
			fail_msg("source %u stopped learning", (unsigned)source);
}

static void learning_without_memory_loses_no_other_source(void **state)
{
	struct wf_boilerplate *boilerplate = *state;
	uint16_t tokens[STORY];
	uint64_t random = 10;

	for (uint64_t source = 1; source <= SOURCES_MAX; source++)
		learn(boilerplate, source, 100 + source, 4, &random);
	for (long served = 0; served < 10; served++) {
		const long live = memory_live();
		int error;

		write_story(tokens, 150, &random);
		memory_fault_arm(served, true);
		error = wf_boilerplate_learn(boilerplate, 500, tokens, STORY, true);
		if (!memory_fault_disarm()) {
			assert_int_equal(error, 0);
			return;
		}
		assert_int_equal(error, WF_ENOMEM);
		assert_int_equal(memory_live(), live);
		for (uint64_t source = 1; source <= SOURCES_MAX; source++)
			if (masked(boilerplate, source, 100 + source, 5).frame != 2 * HEAD)
				fail_msg("source %u is lost", (unsigned)source);
	}
	fail();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boilerplate_set_up, boilerplate_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(before_anything_is_learned_all_is_content),
		TEST(what_three_stories_of_a_source_have_is_masked_in_the_fourth),
		TEST(boilerplate_of_any_length_up_to_the_bound_is_masked),
		TEST(more_boilerplate_than_fits_is_masked_in_part),
		TEST(other_sources_are_not_affected),
		TEST(a_passage_repeated_within_one_story_is_content),
		TEST(a_page_nearly_all_seen_once_is_content_unless_it_is_known_to_be_of_another_story),
		TEST(of_a_page_that_was_learned_what_two_stories_have_is_masked),
		TEST(counters_in_what_is_printed_always_are_masked),
		TEST(what_stands_in_a_form_that_is_printed_now_and_then_is_content),
		TEST(a_notice_shorter_than_a_gap_is_not_taken_for_one),
		TEST(what_a_source_stops_printing_is_content_again),
		TEST(one_source_after_a_long_time_still_learns_a_new_frame),
		TEST(what_many_sources_print_is_boilerplate_for_all),
		TEST(stories_seen_before_do_not_count_for_the_corpus),
		TEST(sources_are_bounded_and_the_one_unheard_of_longest_goes),
		TEST(texts_of_no_and_one_word_and_of_equal_words_are_learned),
		TEST(a_learner_without_memory_is_refused),
		TEST(what_is_saved_masks_and_goes_on_learning_alike),
		TEST(what_is_saved_bit_by_bit_is_of_the_moment_when_it_began),
		TEST(a_saving_that_is_given_up_leaves_its_bytes_alone),
		TEST(saving_changes_nothing),
		TEST(a_state_cut_anywhere_is_refused),
		TEST(a_state_with_more_behind_it_or_sources_twice_is_refused),
		TEST(flipped_bits_never_lead_out_of_bounds),
		TEST(loading_without_memory_is_refused_and_leaks_nothing),
		TEST(sources_that_take_turns_all_go_on_learning),
		TEST(learning_without_memory_loses_no_other_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
