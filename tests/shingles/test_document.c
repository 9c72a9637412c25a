#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "document.h"
#include "evidence.h"
#include "memory_fault.h"
#include "story_text.h"

#define SEED 42u

/* Helpers */

static int arena_set_up(void **state)
{
	struct wf_arena *arena = malloc(sizeof *arena);

	wf_arena_init(arena, 65536);
	*state = arena;
	return 0;
}

static int arena_tear_down(void **state)
{
	wf_arena_close(*state);
	free(*state);
	return memory_live() == 0 ? 0 : -1;
}

static struct wf_document analyse(struct wf_arena *arena, const char *text)
{
	struct wf_document document;

	assert_int_equal(wf_document_analyse(&document, wf_bytes_of(text), SEED, arena), 0);
	return document;
}

static bool is_same_content(const struct wf_document *a, const struct wf_document *b)
{
	const bool is_same = wf_bytes_equal(a->evidence, b->evidence);

	assert_int_equal(is_same, a->content_hash == b->content_hash && a->tokens_count == b->tokens_count);
	return is_same;
}

/* wf_document_analyse */

static void case_quotes_and_spacing_are_no_content(void **state)
{
	const struct wf_document plain = analyse(*state, "\"It is over,\" the minister said - and left.");
	const struct wf_document set =
		analyse(*state, "\xe2\x80\x9cIT is over,\xe2\x80\x9d  the Minister said \xe2\x80\x94 and\n\nleft.");
	const struct wf_document other = analyse(*state, "\"It is over,\" the minister said - and stayed.");

	assert_true(is_same_content(&plain, &set));
	assert_memory_equal(plain.sketch.slots, set.sketch.slots, sizeof plain.sketch.slots);
	assert_false(is_same_content(&plain, &other));
}

static void the_order_of_the_words_is_content(void **state)
{
	const struct wf_document one = analyse(*state, "dog bites man today");
	const struct wf_document two = analyse(*state, "man bites dog today");

	assert_false(is_same_content(&one, &two));
}

static void an_empty_text_has_evidence_and_no_sketch(void **state)
{
	const char *texts[] = {"", "  \n\t ", "... -- !!", "\xff\xfe"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const struct wf_document document = analyse(*state, texts[i]);

		assert_int_equal(document.tokens_count, 0);
		assert_true(document.evidence.length >= 1);
		assert_true(document.sketch.is_empty);
	}
	assert_int_equal(wf_document_analyse(&(struct wf_document){0}, (struct wf_bytes){NULL, 0}, SEED, *state), 0);
}

static void the_seed_keys_everything(void **state)
{
	const char *text = "the same words under another secret";
	struct wf_document one = analyse(*state, text);
	struct wf_document two;

	assert_int_equal(wf_document_analyse(&two, wf_bytes_of(text), SEED + 1, *state), 0);
	assert_int_equal(one.tokens_count, two.tokens_count);
	assert_false(wf_bytes_equal(one.evidence, two.evidence));
	assert_true(one.content_hash != two.content_hash);
	assert_true(wf_sketch_resemblance(&one.sketch, &two.sketch) < 0.2);
}

static void tokens_past_the_bound_are_counted_and_tell_texts_of_other_lengths_apart(void **state)
{
	const size_t words = WF_DOCUMENT_TOKENS_MAX + 1000;
	char *text = malloc(words * 3 + 3);
	static uint16_t tokens[WF_DOCUMENT_TOKENS_MAX];
	struct wf_document one;
	struct wf_document two;
	uint32_t count;

	for (size_t i = 0; i < words; i++)
		memcpy(text + i * 3, "ab ", 3);
	assert_int_equal(wf_document_analyse(&one, (struct wf_bytes){text, words * 3}, SEED, *state), 0);
	assert_int_equal(wf_document_analyse(&two, (struct wf_bytes){text, words * 3 - 3}, SEED, *state), 0);
	assert_int_equal(one.tokens_count, words);
	assert_int_equal(two.tokens_count, words - 1);
	assert_int_equal(wf_evidence_decode(one.evidence, tokens, &count), 0);
	assert_int_equal(count, WF_DOCUMENT_TOKENS_MAX);
	assert_true(one.content_hash != two.content_hash);
	free(text);
}

static void the_same_text_gives_the_same_document_wherever_it_lies(void **state)
{
	static struct story_text story;
	struct wf_document first;

	story_write(&story, 1, 0, 40);
	first = analyse(*state, story.data);
	for (size_t shift = 1; shift < 70; shift++) {
		char *moved = malloc(story.length + shift);
		struct wf_document again;

		memcpy(moved + shift, story.data, story.length);
		assert_int_equal(
			wf_document_analyse(&again, (struct wf_bytes){moved + shift, story.length}, SEED, *state), 0);
		assert_true(is_same_content(&first, &again));
		assert_memory_equal(first.sketch.slots, again.sketch.slots, sizeof first.sketch.slots);
		free(moved);
	}
}

static void analysis_without_memory_is_refused(void **state)
{
	static struct story_text story;
	int error = WF_ENOMEM;

	(void)state;
	story_write(&story, 2, 0, 20);
	for (long served = 0; error != 0; served++) {
		const long live = memory_live();
		struct wf_document document;
		struct wf_arena arena;
		bool was_refused;

		wf_arena_init(&arena, 256);
		memory_fault_arm(served, true);
		error = wf_document_analyse(&document, story_bytes(&story), SEED, &arena);
		was_refused = memory_fault_disarm();
		assert_int_equal(error, was_refused ? WF_ENOMEM : 0);
		assert_true(served > 0 || was_refused);
		wf_arena_close(&arena);
		assert_int_equal(memory_live(), live);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_set_up, arena_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(case_quotes_and_spacing_are_no_content),
		TEST(the_order_of_the_words_is_content),
		TEST(an_empty_text_has_evidence_and_no_sketch),
		TEST(the_seed_keys_everything),
		TEST(tokens_past_the_bound_are_counted_and_tell_texts_of_other_lengths_apart),
		TEST(the_same_text_gives_the_same_document_wherever_it_lies),
		TEST(analysis_without_memory_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
