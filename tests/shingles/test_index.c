#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "index.h"
#include "memory_fault.h"
#include "story_text.h"

#define SEED         7u
#define ARTICLES_MAX 2500u
#define BACKGROUND   60u  /* stories that teach the index which words are common */
#define FRAME        990u /* the story of which a page is made */

struct stored {
	bool is_live;
	struct wf_bytes evidence;
	struct wf_bytes sketch;
	struct wf_article_facts facts;
	struct wf_decision decision;
};

/* An index, and what its store would hold. */
struct desk {
	struct wf_index *index;
	struct wf_arena arena;
	uint64_t base; /* article i has the number base + i */
	uint64_t last;
	uint64_t unreadable; /* the article whose evidence cannot be read */
	struct stored stored[ARTICLES_MAX + 1];
};

/* Helpers */

static int read_evidence(void *context, uint64_t number, struct wf_bytes *evidence)
{
	const struct desk *desk = context;

	number -= desk->base;
	if (number > desk->last || !desk->stored[number].is_live)
		return WF_ENOTFOUND;
	/* What comes with an error is not to be used. */
	*evidence = desk->stored[number].evidence;
	return number == desk->unreadable ? WF_ENOTFOUND : 0;
}

static struct desk *desk_with(struct wf_index_settings settings)
{
	struct desk *desk = calloc(1, sizeof *desk);

	assert_non_null(desk);
	wf_arena_init(&desk->arena, 1 << 20);
	assert_int_equal(wf_index_new(&desk->index, &settings, read_evidence, desk), 0);
	return desk;
}

static struct desk *desk_new(void)
{
	return desk_with((struct wf_index_settings){.threshold = 0});
}

static void desk_free(struct desk *desk)
{
	wf_index_free(desk->index);
	wf_arena_close(&desk->arena);
	free(desk);
}

static struct wf_document analyse(struct desk *desk, struct wf_bytes text)
{
	struct wf_document document;

	assert_int_equal(wf_document_analyse(&document, text, SEED, &desk->arena), 0);
	return document;
}

static struct wf_decision query(struct desk *desk, struct wf_bytes text, uint64_t source, uint64_t replaces)
{
	const struct wf_document document = analyse(desk, text);
	const struct wf_article_facts facts = {.source = source, .seen = 1000, .published = WF_TIME_NONE};
	struct wf_decision decision;

	assert_int_equal(wf_index_decide(desk->index, &document, &facts, replaces, &decision), 0);
	return decision;
}

static struct wf_decision add_document(struct desk *desk, const struct wf_document *document, uint64_t source,
				       uint64_t replaces)
{
	const uint64_t number = desk->last + 1;
	struct stored *stored = &desk->stored[number];

	assert_in_range(number, 1, ARTICLES_MAX);
	stored->facts = (struct wf_article_facts){desk->base + number, source, (int64_t)number, WF_TIME_NONE};
	assert_int_equal(wf_index_decide(desk->index, document, &stored->facts, replaces, &stored->decision), 0);
	assert_int_equal(
		wf_index_apply(desk->index, document, &stored->facts, &stored->decision, &desk->arena, &stored->sketch),
		0);
	stored->evidence = document->evidence;
	stored->is_live = true;
	desk->last = number;
	return stored->decision;
}

static struct wf_decision add_replacing(struct desk *desk, struct wf_bytes text, uint64_t source, uint64_t replaces)
{
	const struct wf_document document = analyse(desk, text);

	return add_document(desk, &document, source, replaces);
}

static struct wf_decision add(struct desk *desk, struct wf_bytes text, uint64_t source)
{
	return add_replacing(desk, text, source, 0);
}

static int take_out(struct desk *desk, uint64_t number)
{
	desk->stored[number].is_live = false;
	return wf_index_remove(desk->index, desk->base + number, desk->stored[number].sketch);
}

static struct wf_decision add_story(struct desk *desk, uint64_t story, uint32_t first, uint32_t sentences)
{
	static struct story_text text;

	text.length = 0;
	story_write(&text, story, first, sentences);
	return add(desk, story_bytes(&text), 0);
}

static struct wf_decision query_story(struct desk *desk, uint64_t story, uint32_t first, uint32_t sentences)
{
	static struct story_text text;

	text.length = 0;
	story_write(&text, story, first, sentences);
	return query(desk, story_bytes(&text), 0, 0);
}

static bool decisions_are_equal(const struct wf_decision *a, const struct wf_decision *b)
{
	return a->relation == b->relation && a->is_new == b->is_new && a->cluster == b->cluster &&
	       a->match == b->match && !(a->similarity < b->similarity) && !(a->similarity > b->similarity) &&
	       !(a->containment < b->containment) && !(a->containment > b->containment) && a->size == b->size &&
	       a->merged_count == b->merged_count && a->related_count == b->related_count &&
	       memcmp(a->merged, b->merged, a->merged_count * sizeof *a->merged) == 0 &&
	       memcmp(a->related, b->related, a->related_count * sizeof *a->related) == 0;
}

static struct wf_index_stats stats_of(const struct desk *desk)
{
	struct wf_index_stats stats;

	wf_index_stats(desk->index, &stats);
	return stats;
}

static struct wf_bytes state_of(struct desk *desk)
{
	struct wf_bytes state;

	assert_int_equal(wf_index_state_save(desk->index, &desk->arena, &state), 0);
	return state;
}

static int desk_set_up(void **state)
{
	struct desk *desk = desk_new();

	for (uint64_t story = 1; story <= BACKGROUND; story++)
		(void)add_story(desk, story, 0, 12);
	*state = desk;
	return 0;
}

static int desk_tear_down(void **state)
{
	desk_free(*state);
	return memory_live() == 0 ? 0 : -1;
}

/* Nothing may be like anything yet: each background story founded its own cluster. */
static void is_unique(const struct wf_decision *decision, uint64_t cluster)
{
	assert_int_equal(decision->relation, WF_RELATION_UNIQUE);
	assert_true(decision->is_new);
	assert_int_equal(decision->cluster, cluster);
	assert_int_equal(decision->match, 0);
	assert_int_equal(decision->size, 1);
	assert_int_equal(decision->merged_count, 0);
	assert_int_equal(decision->related_count, 0);
}

static void joins(const struct wf_decision *decision, enum wf_relation relation, uint64_t cluster, uint64_t match,
		  uint64_t size)
{
	if (decision->relation != relation)
		fail_msg("%s, wanted %s", wf_relation_word(decision->relation), wf_relation_word(relation));
	assert_false(decision->is_new);
	assert_int_equal(decision->cluster, cluster);
	assert_int_equal(decision->match, match);
	assert_int_equal(decision->size, size);
}

static void is_between(double value, double low, double high)
{
	if (!(value >= low && value <= high))
		fail_msg("%f is not in %f to %f", value, low, high);
}

/* wf_index_new */

static void settings_out_of_range_are_refused(void **state)
{
	const struct wf_index_settings settings[] = {
		{.threshold = -0.1}, {.threshold = 1}, {.threshold = 2}, {.candidates_max = UINT32_MAX}};
	struct wf_index *index = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		assert_int_equal(wf_index_new(&index, &settings[i], read_evidence, NULL), -EINVAL);
	assert_null(index);
	wf_index_free(NULL);
}

static void an_index_without_memory_is_refused(void **state)
{
	const struct wf_index_settings settings = {0};
	int error = WF_ENOMEM;

	(void)state;
	for (long served = 0; error != 0; served++) {
		const long live = memory_live();
		struct wf_index *index;

		memory_fault_arm(served, true);
		error = wf_index_new(&index, &settings, read_evidence, NULL);
		assert_int_equal(error, memory_fault_disarm() ? WF_ENOMEM : 0);
		if (error == 0)
			wf_index_free(index);
		assert_int_equal(memory_live(), live);
		assert_true(served > 0 || error != 0);
	}
}

/* wf_index_decide, wf_index_apply: the relations */

static void stories_of_their_own_found_clusters(void **state)
{
	struct desk *desk = *state;

	for (uint64_t number = 1; number <= BACKGROUND; number++)
		is_unique(&desk->stored[number].decision, number);
	assert_int_equal(stats_of(desk).articles, BACKGROUND);
	assert_int_equal(stats_of(desk).clusters, BACKGROUND);
}

static void an_exact_copy_in_other_dress_joins(void **state)
{
	struct desk *desk = *state;
	struct story_text story = {.length = 0};
	struct wf_decision decision;

	story_write(&story, 5, 0, 12);
	for (size_t i = 0; i < story.length; i++)
		if (story.data[i] >= 'a' && story.data[i] <= 'z' && i % 3 == 0)
			story.data[i] = (char)(story.data[i] - 'a' + 'A');
	story_append(&story, "\n\n  \n");
	decision = add(desk, story_bytes(&story), 0);
	joins(&decision, WF_RELATION_EXACT, 5, 5, 2);
	is_between(decision.similarity, 1, 1);
	is_between(decision.containment, 1, 1);
	assert_int_equal(stats_of(desk).clusters, BACKGROUND);
}

static void an_edited_copy_is_near(void **state)
{
	struct desk *desk = *state;
	struct story_text story = {.length = 0};
	struct wf_decision decision;

	story_write(&story, 6, 0, 5);
	story_write(&story, 7777, 0, 1); /* a sentence of its own for the sixth */
	story_write(&story, 6, 6, 6);
	for (size_t i = 40; i < story.length; i += 250)
		if (story.data[i] >= 'a' && story.data[i] <= 'z')
			story.data[i] = 'x';
	decision = add(desk, story_bytes(&story), 0);
	joins(&decision, WF_RELATION_NEAR, 6, 6, 2);
	is_between(decision.similarity, 0.5, 0.99);
	is_between(decision.containment, 0.7, 0.999);
}

static void thirds_of_stories_are_their_excerpts(void **state)
{
	struct desk *desk = *state;
	uint32_t excerpts = 0;

	for (uint64_t story = 1; story <= 40; story++) {
		const struct wf_decision decision = add_story(desk, story, (uint32_t)(story % 3) * 4, 4);

		if (decision.relation != WF_RELATION_EXCERPT)
			continue;
		excerpts++;
		joins(&decision, WF_RELATION_EXCERPT, story, story, 2);
		is_between(decision.similarity, 0.25, 0.42);
		is_between(decision.containment, 0.95, 1);
	}
	assert_in_range(excerpts, 36, 40);
}

static void teasers_of_two_sentences_are_excerpts(void **state)
{
	struct desk *desk = *state;
	uint32_t excerpts = 0;

	for (uint64_t story = 1; story <= 40; story++) {
		const struct wf_decision decision = add_story(desk, story, 0, 2);

		if (decision.relation != WF_RELATION_EXCERPT)
			continue;
		excerpts++;
		joins(&decision, WF_RELATION_EXCERPT, story, story, 2);
		is_between(decision.containment, 0.9, 1);
	}
	assert_in_range(excerpts, 36, 40);
}

static void a_story_after_its_excerpt_is_expanded(void **state)
{
	struct desk *desk = *state;
	struct wf_decision decision = add_story(desk, 500, 0, 5);

	is_unique(&decision, BACKGROUND + 1);
	decision = add_story(desk, 500, 0, 14);
	joins(&decision, WF_RELATION_EXPANDED, BACKGROUND + 1, BACKGROUND + 1, 2);
	is_between(decision.containment, 0.25, 0.5);
}

static void follow_ups_are_partial_and_name_their_stories(void **state)
{
	struct desk *desk = *state;
	uint32_t partial = 0;

	for (uint64_t i = 1; i <= 20; i++) {
		struct story_text story = {.length = 0};
		struct wf_decision decision;

		story_write(&story, 800 + i, 0, 8);
		story_write(&story, 10 + i, 2, 4); /* the background, taken from an older story */
		decision = add(desk, story_bytes(&story), 0);
		assert_true(decision.is_new);
		assert_int_equal(decision.cluster, BACKGROUND + i);
		if (decision.relation != WF_RELATION_PARTIAL)
			continue;
		partial++;
		assert_int_equal(decision.match, 10 + i);
		assert_int_equal(decision.related_count, 1);
		assert_int_equal(decision.related[0], 10 + i);
		is_between(decision.containment, 0.2, 0.5);
	}
	assert_in_range(partial, 18, 20);
}

static void a_roundup_stays_apart_and_names_its_stories(void **state)
{
	struct desk *desk = *state;
	struct story_text story = {.length = 0};
	struct wf_decision decision;
	uint32_t named = 0;

	for (uint64_t part = 20; part < 25; part++)
		story_write(&story, part, 0, 3);
	decision = add(desk, story_bytes(&story), 0);
	assert_int_equal(decision.relation, WF_RELATION_PARTIAL);
	assert_true(decision.is_new);
	assert_int_equal(decision.merged_count, 0);
	for (uint32_t i = 0; i < decision.related_count; i++)
		named += decision.related[i] >= 20 && decision.related[i] < 25;
	assert_true(named >= 4);
	assert_int_equal(named, decision.related_count);
	/* And its stories go on to be found by their own copies. */
	for (uint64_t part = 20; part < 25; part++) {
		decision = query_story(desk, part, 0, 11);
		assert_int_equal(decision.cluster, part);
		assert_int_equal(decision.merged_count, 0);
	}
}

/* Clusters of one story that were not seen to be one are no roundup's parts. */
static void a_copy_of_a_story_in_several_clusters_is_no_roundup(void **state)
{
	struct desk *desk = *state;
	struct story_text story = {.length = 0};
	struct wf_decision decision;

	for (uint32_t i = 0; i < 3; i++) {
		struct story_text version = {.length = 0};

		story_write(&version, 700, 0, 4);
		story_write(&version, 701 + i, 0, 16);
		decision = add(desk, story_bytes(&version), 0);
		assert_true(decision.is_new);
	}
	story_write(&story, 700, 0, 4);
	story_write(&story, 710, 0, 6);
	decision = add(desk, story_bytes(&story), 0);
	assert_true(decision.is_new);
	/* A roundup is joined by none of its parts; this one is. */
	story.length = 0;
	story_write(&story, 710, 0, 3);
	decision = add(desk, story_bytes(&story), 0);
	joins(&decision, WF_RELATION_EXCERPT, BACKGROUND + 4, BACKGROUND + 4, 2);
}

/* A notice: a form of fixed words, six at a time, with six words of its own between them. */
static void write_notice(struct story_text *story, uint64_t names)
{
	uint64_t form = 9900;

	story->length = 0;
	names = 20000 + 77 * names;
	for (uint32_t i = 0; i < 120; i++) {
		story_word(story, 100 + random_below(i % 12 < 6 ? &form : &names, 8000), false);
		story_append(story, i % 12 == 11 ? ". " : " ");
	}
}

static void notices_of_one_form_do_not_gather_in_a_cluster(void **state)
{
	struct desk *desk = *state;
	uint32_t joined = 0;

	for (uint64_t i = 1; i <= 20; i++) {
		struct story_text notice;
		struct wf_decision decision;

		write_notice(&notice, i);
		decision = add(desk, story_bytes(&notice), 0);
		joined += !decision.is_new;
		/* And its own copy finds it among the others. */
		decision = query(desk, story_bytes(&notice), 0, 0);
		assert_int_equal(decision.relation, WF_RELATION_EXACT);
		assert_int_equal(decision.match, BACKGROUND + i);
	}
	assert_in_range(joined, 0, 2);
}

/* A form that is filled in: the same sentences, other figures. */
static void write_form(struct story_text *story, uint64_t figures)
{
	story->length = 0;
	for (uint32_t i = 0; i < 12; i++) {
		uint64_t words = 8800 + i;

		story_sentence(story, &words, &figures);
	}
}

static void forms_with_other_figures_stay_apart(void **state)
{
	struct desk *desk = *state;
	struct story_text story;
	struct wf_decision decision;

	write_form(&story, 1);
	decision = add(desk, story_bytes(&story), 0);
	assert_int_equal(decision.cluster, BACKGROUND + 1);
	write_form(&story, 2);
	decision = add(desk, story_bytes(&story), 0);
	assert_true(decision.is_new);
	assert_int_equal(decision.cluster, BACKGROUND + 2);
	write_form(&story, 1);
	decision = add(desk, story_bytes(&story), 0);
	joins(&decision, WF_RELATION_EXACT, BACKGROUND + 1, BACKGROUND + 1, 2);
}

static void an_article_that_is_like_two_clusters_makes_them_one(void **state)
{
	struct desk *desk = *state;
	struct wf_decision decision;
	struct wf_cluster_summary summary;
	const uint64_t *numbers;
	size_t count;

	/* The second copy comes while the first cannot be read, and founds a cluster by itself. */
	(void)add_story(desk, 502, 0, 12);
	(void)add_story(desk, 502, 0, 12);
	desk->unreadable = BACKGROUND + 1;
	assert_int_equal(desk->stored[BACKGROUND + 2].decision.cluster, BACKGROUND + 1);
	assert_int_equal(take_out(desk, BACKGROUND + 2), 0);
	decision = add_story(desk, 502, 0, 11);
	assert_true(decision.is_new);
	desk->unreadable = 0;
	decision = add_story(desk, 502, 1, 11);
	assert_false(decision.is_new);
	assert_int_equal(decision.cluster, BACKGROUND + 1); /* the oldest of equals */
	assert_int_equal(decision.merged_count, 1);
	assert_int_equal(decision.merged[0], BACKGROUND + 3);
	assert_int_equal(decision.size, 3);
	assert_int_equal(wf_index_cluster(desk->index, BACKGROUND + 3, &summary), 0);
	assert_int_equal(summary.cluster, BACKGROUND + 1);
	assert_int_equal(summary.size, 3);
	assert_int_equal(wf_index_members(desk->index, BACKGROUND + 3, &desk->arena, &numbers, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(numbers[1], BACKGROUND + 3);
	assert_int_equal(stats_of(desk).clusters, BACKGROUND + 1);
}

static void what_outlets_put_around_their_stories_joins_nothing(void **state)
{
	struct desk *desk = *state;
	struct story_text story;
	struct wf_decision decision;

	for (uint64_t i = 0; i < 40; i++) {
		const uint64_t source = 1 + i % 2;

		story.length = 0;
		story_write(&story, 90000 + source, 0, 3);
		story_write(&story, 600 + i, 0, 5);
		story_write(&story, 90000 + source, 3, 3);
		decision = add(desk, story_bytes(&story), source);
		if (!decision.is_new)
			fail_msg("story %u of an outlet: %s to %u", (unsigned)i, wf_relation_word(decision.relation),
				 (unsigned)decision.match);
	}
	/* A copy in another outlet's frame is found. */
	story.length = 0;
	story_write(&story, 90002, 0, 3);
	story_write(&story, 632, 0, 5);
	story_write(&story, 90002, 3, 3);
	decision = add(desk, story_bytes(&story), 2);
	assert_false(decision.is_new);
	assert_int_equal(decision.match, BACKGROUND + 33);
	is_between(decision.containment, 0.95, 1);
}

static void a_text_without_words_is_unique_and_like_no_other(void **state)
{
	struct desk *desk = *state;

	for (uint64_t i = 1; i <= 3; i++) {
		const struct wf_decision decision = add(desk, wf_bytes_of(i == 1 ? "" : " ...\n"), 0);

		is_unique(&decision, BACKGROUND + i);
	}
	assert_int_equal(take_out(desk, BACKGROUND + 2), 0);
	assert_int_equal(stats_of(desk).articles, BACKGROUND + 2);
}

static void the_shortest_texts_are_one_only_where_they_are_the_same(void **state)
{
	struct desk *desk = *state;
	struct wf_decision decision = add(desk, wf_bytes_of("Correction"), 0);

	is_unique(&decision, BACKGROUND + 1);
	decision = add(desk, wf_bytes_of("CORRECTION."), 0);
	joins(&decision, WF_RELATION_EXACT, BACKGROUND + 1, BACKGROUND + 1, 2);
	decision = add(desk, wf_bytes_of("Correction follows"), 0);
	assert_true(decision.is_new);
}

static void the_longest_texts_are_decided(void **state)
{
	struct desk *desk = *state;
	const size_t length = 400000;
	char *text = malloc(length);
	uint64_t random = 5;
	struct wf_decision decision;

	for (size_t i = 0; i < length; i++)
		text[i] = (char)(i % 6 == 5 ? ' ' : 'a' + random_below(&random, 26));
	decision = add(desk, (struct wf_bytes){text, length}, 0);
	is_unique(&decision, BACKGROUND + 1);
	decision = add(desk, (struct wf_bytes){text, length}, 0);
	joins(&decision, WF_RELATION_EXACT, BACKGROUND + 1, BACKGROUND + 1, 2);
	decision = add(desk, (struct wf_bytes){text, length / 8}, 0);
	joins(&decision, WF_RELATION_EXCERPT, BACKGROUND + 1, decision.match, 3);
	memset(text, 'a', length);
	for (size_t i = 1; i < length; i += 2)
		text[i] = ' ';
	decision = add(desk, (struct wf_bytes){text, length}, 0);
	assert_true(decision.is_new);
	decision = add(desk, (struct wf_bytes){text, length}, 0);
	joins(&decision, WF_RELATION_EXACT, BACKGROUND + 4, BACKGROUND + 4, 2);
	free(text);
}

static void work_is_bounded_however_many_copies_there_are(void **state)
{
	struct desk *desk = *state;

	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(add_story(desk, 3, 0, 12).cluster, 3);
	assert_in_range(stats_of(desk).candidates_max, 1, 64);
	assert_in_range(stats_of(desk).candidates_p999, 1, 64);
	assert_in_range(stats_of(desk).candidates, 1000, 1000 * 64);
	assert_int_equal(add_story(desk, 3, 0, 12).size, 1002);
}

static void numbers_past_2_to_the_32_are_ordinary(void **state)
{
	struct desk *desk = desk_new();

	(void)state;
	desk->base = (UINT64_C(1) << 32) - 20;
	for (uint64_t i = 1; i <= 40; i++) {
		const struct wf_decision decision = add_story(desk, 1 + (i - 1) % 10, 0, 12);

		assert_int_equal(decision.is_new, i <= 10);
		assert_int_equal(decision.cluster, desk->base + 1 + (i - 1) % 10);
		assert_int_equal(decision.size, 1 + (i - 1) / 10);
		if (i > 10)
			assert_int_equal((decision.match - decision.cluster) % 10, 0);
	}
	for (uint64_t i = 1; i <= 40; i++)
		assert_int_equal(take_out(desk, i), 0);
	assert_int_equal(stats_of(desk).clusters, 0);
	desk_free(desk);
}

static void settings_bound_the_candidates_and_the_verdict_bounds_the_related(void **state)
{
	const uint32_t bounds[] = {1, 5, 64};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct desk *desk =
			desk_with((struct wf_index_settings){.candidates_max = bounds[i], .threshold = 0.5});
		struct story_text story = {.length = 0};
		struct wf_decision decision;

		for (uint64_t part = 1; part <= 60; part++)
			(void)add_story(desk, part, 0, 12);
		for (uint64_t part = 1; part <= 60; part += 2)
			story_write(&story, part, 0, 4);
		decision = query(desk, story_bytes(&story), 0, 0);
		assert_true(decision.is_new);
		assert_in_range(stats_of(desk).candidates_max, 1, bounds[i]);
		assert_in_range(decision.related_count, 0, bounds[i] < WF_RELATED_MAX ? bounds[i] : WF_RELATED_MAX);
		for (uint32_t k = 0; k < decision.related_count; k++)
			for (uint32_t other = 0; other < k; other++)
				assert_true(decision.related[k] != decision.related[other]);
		desk_free(desk);
	}
}

/* wf_index_decide: what is no candidate */

static void a_replaced_article_is_no_candidate_but_keeps_its_story(void **state)
{
	struct desk *desk = *state;
	struct story_text story = {.length = 0};
	struct story_text other = {.length = 0};
	struct wf_decision decision;

	story_write(&story, 10, 0, 12);
	story_write(&other, BACKGROUND + 5, 0, 12);
	decision = query(desk, story_bytes(&story), 0, 10);
	is_unique(&decision, 10);
	assert_true(decision.is_kept);
	decision = query(desk, story_bytes(&other), 0, 10);
	is_unique(&decision, 0);
	assert_false(decision.is_kept);
	decision = query(desk, story_bytes(&story), 0, 11);
	joins(&decision, WF_RELATION_EXACT, 10, 10, 2);
	(void)add(desk, story_bytes(&story), 0);
	decision = query(desk, story_bytes(&story), 0, 10);
	joins(&decision, WF_RELATION_EXACT, 10, BACKGROUND + 1, 2); /* the cluster after the old one is out */
}

/* Sentences of a story in the midst of a page of source 70 that is five times as long. */
static void write_page(struct story_text *page, uint64_t story, uint32_t sentences)
{
	*page = (struct story_text){.length = 0};
	story_write(page, FRAME, 0, 3 * sentences);
	story_write(page, story, 0, sentences);
	story_write(page, FRAME, 3 * sentences, 2 * sentences);
}

static void the_second_page_of_a_source_joins_its_own_story_and_not_the_first_page(void **state)
{
	struct desk *desk = *state;
	struct story_text page;
	struct wf_decision first, story, decision;

	write_page(&page, 21, 8);
	first = add(desk, story_bytes(&page), 70);
	story = add_story(desk, 22, 0, 8);
	write_page(&page, 22, 8);
	decision = query(desk, story_bytes(&page), 70, 0);
	assert_int_equal(decision.cluster, story.cluster);
	/* The first page once more, with another sentence. */
	write_page(&page, 21, 8);
	story_write(&page, 24, 0, 1);
	decision = query(desk, story_bytes(&page), 70, 0);
	assert_int_equal(decision.cluster, first.cluster);
}

static void it_does_not_matter_whether_the_replaced_goes_before_or_after(void **state)
{
	struct desk *desk = *state;

	for (uint64_t round = 0; round < 2; round++) {
		const uint64_t story = 12 + round;
		struct story_text text = {.length = 0};
		struct wf_decision decision;
		struct wf_document document;
		struct stored *stored;

		(void)add_story(desk, story, 0, 12);
		story_write(&text, story, 0, 11);
		document = analyse(desk, story_bytes(&text));
		stored = &desk->stored[desk->last + 1];
		stored->facts = (struct wf_article_facts){.number = desk->last + 1, .published = WF_TIME_NONE};
		assert_int_equal(wf_index_decide(desk->index, &document, &stored->facts, story, &decision), 0);
		if (round == 0)
			assert_int_equal(take_out(desk, story), 0);
		assert_int_equal(wf_index_apply(desk->index, &document, &stored->facts, &decision, &desk->arena,
						&stored->sketch),
				 0);
		stored->evidence = document.evidence;
		stored->is_live = true;
		desk->last++;
		if (round == 1)
			assert_int_equal(take_out(desk, story), 0);
		assert_int_equal(decision.cluster, story);
		assert_int_equal(query_story(desk, story, 0, 12).size, 3);
	}
	assert_int_equal(stats_of(desk).articles, BACKGROUND + 2);
}

static void a_candidate_that_cannot_be_read_is_passed_over_alone(void **state)
{
	struct desk *desk = *state;

	(void)add_story(desk, 11, 0, 11);
	desk->unreadable = 11;
	assert_int_equal(query_story(desk, 11, 0, 12).match, BACKGROUND + 1);
	desk->unreadable = BACKGROUND + 1;
	assert_int_equal(query_story(desk, 11, 0, 12).match, 11);
	desk->stored[11].evidence = wf_bytes_of("damaged");
	assert_int_equal(query_story(desk, 11, 0, 12).relation, WF_RELATION_UNIQUE);
}

static void a_query_changes_nothing(void **state)
{
	struct desk *desk = *state;
	const struct wf_bytes before = state_of(desk);
	const struct wf_index_stats stats = stats_of(desk);

	for (uint64_t story = 1; story < 200; story++) {
		const struct wf_decision decision = query_story(desk, story, 0, 10);
		const struct wf_decision again = query_story(desk, story, 0, 10);

		assert_true(decisions_are_equal(&decision, &again));
		assert_int_equal(decision.is_new, story > BACKGROUND);
		assert_int_equal(decision.cluster, story > BACKGROUND ? 0 : story);
	}
	assert_true(wf_bytes_equal(before, state_of(desk)));
	assert_int_equal(stats_of(desk).articles, stats.articles);
	assert_int_equal(stats_of(desk).clusters, stats.clusters);
	assert_int_equal(stats_of(desk).memory_bytes, stats.memory_bytes);
	assert_int_equal(stats_of(desk).decisions, stats.decisions + 2 * 199);
}

static void a_decision_without_memory_for_it_leaves_the_index_as_it_was(void **state)
{
	struct desk *desk = *state;
	uint32_t refused = 0;

	for (uint64_t story = 700; story < 730; story++) {
		struct story_text text = {.length = 0};
		struct wf_document document;
		const uint64_t number = desk->last + 1;
		struct stored *stored = &desk->stored[number];
		struct wf_decision decision;
		bool was_refused = true;
		const struct wf_bytes learned = state_of(desk);

		story_write(&text, story % 3 == 0 ? story - 650 : story, 0, 10);
		document = analyse(desk, story_bytes(&text));
		stored->facts = (struct wf_article_facts){.number = number, .published = WF_TIME_NONE};
		assert_int_equal(wf_index_decide(desk->index, &document, &stored->facts, 0, &decision), 0);
		/* What was served may stay: several tries with as many, then one more. */
		for (long tries = 0; was_refused; tries++) {
			const struct wf_index_stats before = stats_of(desk);
			struct wf_decision again;
			struct wf_arena arena;
			int error;

			stored->decision = decision;
			wf_arena_init(&arena, 8192);
			memory_fault_arm(tries / 3, true);
			error = wf_index_apply(desk->index, &document, &stored->facts, &stored->decision, &arena,
					       &stored->sketch);
			was_refused = memory_fault_disarm() && error != 0;
			assert_int_equal(error, was_refused ? WF_ENOMEM : 0);
			stored->sketch = was_refused ? stored->sketch : wf_arena_copy(&desk->arena, stored->sketch);
			wf_arena_close(&arena);
			if (!was_refused)
				break;
			assert_true(refused % 16 != 0 || wf_bytes_equal(learned, state_of(desk)));
			refused++;
			assert_int_equal(stats_of(desk).articles, before.articles);
			assert_int_equal(stats_of(desk).clusters, before.clusters);
			assert_int_equal(wf_index_decide(desk->index, &document, &stored->facts, 0, &again), 0);
			assert_true(decisions_are_equal(&decision, &again));
		}
		stored->evidence = document.evidence;
		stored->is_live = true;
		desk->last = number;
		assert_int_equal(query(desk, story_bytes(&text), 0, 0).match != 0, 1);
	}
	assert_true(refused > 30);
	assert_int_equal(stats_of(desk).articles, BACKGROUND + 30);
}

/* wf_index_remove */

static void a_removed_article_is_found_no_more(void **state)
{
	struct desk *desk = *state;
	struct wf_cluster_summary summary;
	struct wf_index_article article;
	struct wf_decision decision;

	assert_int_equal(take_out(desk, 14), 0);
	assert_int_equal(wf_index_article(desk->index, 14, &article), WF_ENOTFOUND);
	assert_int_equal(wf_index_cluster(desk->index, 14, &summary), WF_ENOTFOUND);
	assert_int_equal(take_out(desk, 14), WF_ENOTFOUND);
	assert_int_equal(take_out(desk, 14), WF_ENOTFOUND);
	assert_int_equal(stats_of(desk).articles, BACKGROUND - 1);
	assert_int_equal(stats_of(desk).clusters, BACKGROUND - 1);
	decision = add_story(desk, 14, 0, 12);
	is_unique(&decision, BACKGROUND + 1);
	assert_int_equal(wf_index_cluster(desk->index, 14, &summary), WF_ENOTFOUND);
}

static void a_damaged_sketch_is_refused_and_takes_nothing_out(void **state)
{
	struct desk *desk = *state;
	const struct wf_bytes sketch = desk->stored[15].sketch;
	struct wf_index_article article;

	for (size_t length = 0; length < sketch.length; length++) {
		char *cut = malloc(length == 0 ? 1 : length);

		memcpy(cut, sketch.data, length);
		assert_int_equal(wf_index_remove(desk->index, 15, (struct wf_bytes){cut, length}), WF_ECORRUPT);
		free(cut);
	}
	assert_int_equal(wf_index_remove(desk->index, 15, wf_bytes_of("")), WF_ECORRUPT);
	assert_int_equal(wf_index_article(desk->index, 15, &article), 0);
	assert_int_equal(wf_index_remove(desk->index, 15, sketch), 0);
}

static void memory_grows_with_the_articles_and_goes_with_them(void **state)
{
	struct desk *desk = *state;
	struct desk *empty = desk_new();
	const uint64_t before = stats_of(empty).memory_bytes;
	uint64_t most;

	desk_free(empty);
	for (uint64_t i = 0; i < 1200; i++)
		(void)add_story(desk, 1000 + i, 0, 12);
	most = stats_of(desk).memory_bytes;
	assert_in_range(most, before + 1, before + 1200 * 4096);
	for (uint64_t number = 1; number <= desk->last; number++)
		assert_int_equal(take_out(desk, number), 0);
	assert_int_equal(stats_of(desk).articles, 0);
	assert_int_equal(stats_of(desk).clusters, 0);
	assert_true(stats_of(desk).memory_bytes <= most);
}

/* wf_index_article, wf_index_list */

static void an_article_is_kept_as_it_was_decided(void **state)
{
	struct desk *desk = *state;
	const struct wf_decision decision = add_story(desk, 16, 0, 10);
	struct wf_index_article article;

	assert_int_equal(wf_index_article(desk->index, desk->last, &article), 0);
	assert_int_equal(article.facts.number, desk->last);
	assert_int_equal(article.facts.seen, desk->last);
	assert_true(article.facts.published == WF_TIME_NONE);
	assert_int_equal(article.cluster, 16);
	assert_int_equal(article.match, 16);
	assert_int_equal(article.relation, decision.relation);
	is_between(article.similarity, decision.similarity - 1e-4, decision.similarity + 1e-4);
	is_between(article.containment, decision.containment - 1e-4, decision.containment + 1e-4);
	assert_int_equal(wf_index_article(desk->index, 0, &article), WF_ENOTFOUND);
	assert_int_equal(wf_index_article(desk->index, desk->last + 1, &article), WF_ENOTFOUND);
}

static void clusters_are_listed_with_the_biggest_first(void **state)
{
	const struct wf_cluster_filter filter = {
		.since = INT64_MIN, .until = INT64_MAX, .order = WF_CLUSTER_ORDER_SIZE};
	struct desk *desk = *state;
	struct wf_cluster_summary summaries[3];
	size_t count;
	bool more;

	(void)add_story(desk, 17, 0, 12);
	(void)add_story(desk, 17, 0, 12);
	(void)add_story(desk, 18, 0, 12);
	assert_int_equal(wf_index_list(desk->index, &filter, summaries, 3, &count, &more), 0);
	assert_int_equal(count, 3);
	assert_true(more);
	assert_int_equal(summaries[0].cluster, 17);
	assert_int_equal(summaries[0].size, 3);
	assert_int_equal(summaries[1].cluster, 18);
	assert_int_equal(summaries[2].cluster, BACKGROUND);
}

/* wf_index_compare */

static struct wf_index_side stored_side(const struct desk *desk, uint64_t number)
{
	return (struct wf_index_side){desk->stored[number].evidence, desk->stored[number].facts.source, true};
}

/* Sentences of a story, and as many that its source prints on each page. */
static void write_framed(struct story_text *page, uint64_t story, uint32_t sentences)
{
	*page = (struct story_text){.length = 0};
	story_write(page, FRAME, 0, sentences);
	story_write(page, story, 0, sentences);
}

static void two_articles_are_compared_as_a_decision_would(void **state)
{
	struct desk *desk = *state;
	const struct wf_decision decision = add_story(desk, 19, 0, 4);
	const struct wf_index_side last = stored_side(desk, desk->last);
	const struct wf_index_side whole = stored_side(desk, 19);
	const struct wf_index_side damaged = {.evidence = wf_bytes_of("no")};
	struct wf_index_comparison comparison;

	assert_int_equal(wf_index_compare(desk->index, &last, &whole, &comparison), 0);
	is_between(comparison.similarity, decision.similarity - 1e-9, decision.similarity + 1e-9);
	is_between(comparison.contained, 0.99, 1);
	is_between(comparison.covering, 0.2, 0.45);
	assert_int_equal(wf_index_compare(desk->index, &damaged, &whole, &comparison), WF_ECORRUPT);
	assert_int_equal(wf_index_compare(desk->index, &whole, &damaged, &comparison), WF_ECORRUPT);
}

/* A source's second page has what it printed on its first: furniture in a verdict, and so in a comparison. */
static void an_article_that_is_not_stored_is_compared_as_its_verdict_would(void **state)
{
	struct desk *desk = *state;
	const struct wf_index_side story = stored_side(desk, 22);
	struct wf_index_comparison comparison;
	struct wf_index_side page = {.source = 70};
	struct wf_decision decision;
	struct story_text text;

	write_framed(&text, 21, 8);
	(void)add(desk, story_bytes(&text), 70);
	write_framed(&text, 22, 8);
	decision = query(desk, story_bytes(&text), 70, 0);
	assert_int_equal(decision.match, 22);
	page.evidence = analyse(desk, story_bytes(&text)).evidence;
	assert_int_equal(wf_index_compare(desk->index, &page, &story, &comparison), 0);
	is_between(comparison.similarity, decision.similarity - 1e-9, decision.similarity + 1e-9);
	is_between(comparison.contained, decision.containment - 1e-9, decision.containment + 1e-9);
	is_between(comparison.contained, 0.95, 1);
}

/* wf_index_restore, wf_index_state_save, wf_index_state_load */

/* Article i of a stream in which stories come again: whole, cut, edited, in the frames of six outlets. */
static uint64_t write_stream(struct story_text *text, uint64_t i)
{
	uint64_t random = i * 31337;
	const uint64_t source = 1 + random_below(&random, 6);
	const uint64_t story = random_below(&random, 2) == 0 ? i : 1 + random_below(&random, (uint32_t)i);

	text->length = 0;
	story_write(text, 90000 + source, 0, 2);
	switch (story == i ? 0u : random_below(&random, 4)) {
	case 0:
		story_write(text, 2000 + story, 0, 12);
		break;
	case 1:
		story_write(text, 2000 + story, 0, 3 + random_below(&random, 4));
		break;
	case 2:
		story_write(text, 2000 + story, random_below(&random, 3), 9);
		story_write(text, 5000 + i, 0, 2);
		break;
	default:
		story_write(text, 5000 + i, 0, 8);
		story_write(text, 2000 + story, 4, 3);
		break;
	}
	story_write(text, 90000 + source, 2, 3);
	return source;
}

static struct wf_decision add_of_stream(struct desk *desk, uint64_t i)
{
	static struct story_text text;
	const uint64_t source = write_stream(&text, i);

	return add(desk, story_bytes(&text), source);
}

static void *enter_thread(void *context)
{
	struct desk *desk = context;

	return wf_index_restore_enter(desk->index) == 0 ? NULL : desk;
}

/* A new index with what the store has of the first: as after a restart. The keys of the first half are entered while
 * the second half is restored. */
static struct desk *restart(struct desk *old, struct wf_bytes state)
{
	struct desk *desk = desk_new();
	pthread_t thread;
	void *result;

	memcpy(desk->stored, old->stored, sizeof desk->stored);
	desk->last = old->last;
	if (state.length != 0)
		assert_int_equal(wf_index_state_load(desk->index, state), 0);
	for (uint64_t number = 1; number <= old->last; number++) {
		const struct wf_decision *decision = &old->stored[number].decision;

		for (uint32_t i = 0; i < decision->merged_count; i++)
			assert_int_equal(wf_index_restore_redirect(desk->index, decision->merged[i], decision->cluster),
					 0);
	}
	for (uint64_t number = 1; number <= old->last; number++) {
		const struct stored *stored = &old->stored[number];
		const struct wf_index_article article = {
			.facts = stored->facts,
			.cluster = stored->decision.cluster,
			.relation = stored->decision.relation,
			.match = stored->decision.match,
			.similarity = stored->decision.similarity,
			.containment = stored->decision.containment,
		};

		if (number == old->last / 2 + 1) {
			wf_index_restore_turn(desk->index);
			assert_int_equal(pthread_create(&thread, NULL, enter_thread, desk), 0);
		}
		if (stored->is_live)
			assert_int_equal(wf_index_restore(desk->index, &article, stored->sketch), 0);
	}
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_null(result);
	assert_false(wf_index_restore_is_due(desk->index));
	assert_int_equal(wf_index_restore_end(desk->index), 0);
	return desk;
}

static void both_hold_the_same(struct desk *a, struct desk *b)
{
	assert_int_equal(stats_of(a).articles, stats_of(b).articles);
	assert_int_equal(stats_of(a).clusters, stats_of(b).clusters);
	for (uint64_t number = 1; number <= a->last; number++) {
		struct wf_index_article first = {.match = 0};
		struct wf_index_article second = {.match = 0};
		struct wf_cluster_summary one = {.size = 0};
		struct wf_cluster_summary two = {.size = 0};

		assert_int_equal(wf_index_article(a->index, number, &first),
				 wf_index_article(b->index, number, &second));
		assert_int_equal(first.cluster, second.cluster);
		assert_int_equal(first.match, second.match);
		assert_int_equal(first.relation, second.relation);
		assert_int_equal(wf_index_cluster(a->index, number, &one), wf_index_cluster(b->index, number, &two));
		assert_int_equal(one.cluster, two.cluster);
		assert_int_equal(one.size, two.size);
		assert_int_equal(one.outlets, two.outlets);
		assert_int_equal(one.representative, two.representative);
		assert_int_equal(one.first_seen, two.first_seen);
		assert_int_equal(one.last_seen, two.last_seen);
	}
}

/* Runs on from article `from` in both, and checks that they decide alike. */
static void both_decide_alike(struct desk *a, struct desk *b, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++) {
		const struct wf_decision first = add_of_stream(a, i);
		const struct wf_decision second = add_of_stream(b, i);

		if (!decisions_are_equal(&first, &second))
			fail_msg("article %u: %s to %u, after the restart %s to %u", (unsigned)i,
				 wf_relation_word(first.relation), (unsigned)first.match,
				 wf_relation_word(second.relation), (unsigned)second.match);
	}
	both_hold_the_same(a, b);
}

static struct wf_document document_of_stream(struct desk *desk, uint64_t i, uint64_t *source)
{
	static struct story_text text;

	*source = write_stream(&text, i);
	return analyse(desk, story_bytes(&text));
}

#define AHEAD_ARTICLES 400u
#define FORESEEN_ROOM  64u

/* The stream one source after another, so that what is made ready of an article is often outdated by the one before. */
static void order_by_source(struct desk *desk, uint64_t order[AHEAD_ARTICLES])
{
	size_t count = 0;

	for (uint64_t source = 1; source <= 6; source++)
		for (uint64_t i = 1; i <= AHEAD_ARTICLES; i++) {
			uint64_t source_of_it;

			(void)document_of_stream(desk, i, &source_of_it);
			if (source_of_it == source)
				order[count++] = i;
		}
	assert_int_equal(count, AHEAD_ARTICLES);
}

/* Tells the index which article comes next, now and then another one, or none. */
static void work_ahead_changes_no_answer(void **state)
{
	struct desk *plain = desk_new();
	struct desk *ahead = desk_new();
	uint64_t order[AHEAD_ARTICLES];
	struct wf_document document, next, other;
	uint64_t source, next_source, other_source;

	(void)state;
	order_by_source(plain, order);
	document = document_of_stream(ahead, order[0], &source);
	for (size_t i = 0; i + 1 < AHEAD_ARTICLES; i++) {
		struct wf_decision first, second;

		next = document_of_stream(ahead, order[i + 1], &next_source);
		other = document_of_stream(ahead, order[i] + 1, &other_source);
		wf_index_look_ahead(ahead->index, &next, next_source, i % 2 == 0);
		if (i % 7 == 6)
			wf_index_prepare(ahead->index, &other, other_source);
		else if (i % 11 != 10)
			wf_index_prepare(ahead->index, &next, next_source);
		first = add_of_stream(plain, order[i]);
		second = add_document(ahead, &document, source, 0);
		assert_true(decisions_are_equal(&first, &second));
		document = next;
		source = next_source;
	}
	both_hold_the_same(plain, ahead);
	assert_true(wf_bytes_equal(state_of(plain), state_of(ahead)));
	desk_free(plain);
	desk_free(ahead);
}

/* What is foreseen of an article right before it comes is what it is compared with; and foreseeing it, or another one,
 * changes no answer. */
static void what_is_foreseen_is_what_is_compared(void **state)
{
	struct desk *plain = desk_new();
	struct desk *ahead = desk_new();
	uint32_t joined = 0;

	(void)state;
	for (uint64_t i = 1; i <= AHEAD_ARTICLES; i++) {
		uint64_t numbers[FORESEEN_ROOM], source;
		const struct wf_document document = document_of_stream(ahead, i, &source);
		struct wf_index_stats before, after;
		struct wf_decision first, second;
		bool is_foreseen = false;
		uint32_t count;

		wf_index_look_ahead(ahead->index, &document, source, false);
		wf_index_prepare(ahead->index, &document, source);
		(void)wf_index_foresee(ahead->index, &document, source + 1, numbers, FORESEEN_ROOM);
		assert_true(wf_index_foresee(ahead->index, &document, source, numbers, 1) <= 1);
		wf_index_stats(ahead->index, &before);
		count = wf_index_foresee(ahead->index, &document, source, numbers, FORESEEN_ROOM);
		wf_index_stats(ahead->index, &after);
		assert_memory_equal(&before, &after, sizeof before);
		first = add_of_stream(plain, i);
		second = add_document(ahead, &document, source, 0);
		assert_true(decisions_are_equal(&first, &second));
		for (uint32_t k = 0; k < count; k++)
			is_foreseen |= numbers[k] == second.match;
		assert_true(is_foreseen || second.is_new);
		joined += !second.is_new;
	}
	assert_true(joined > AHEAD_ARTICLES / 10);
	both_hold_the_same(plain, ahead);
	assert_true(wf_bytes_equal(state_of(plain), state_of(ahead)));
	desk_free(plain);
	desk_free(ahead);
}

static void an_index_learned_anew_from_the_store_decides_alike(void **state)
{
	struct desk *live = desk_new();
	struct desk *restored;
	uint32_t joined = 0;

	(void)state;
	for (uint64_t i = 1; i <= 300; i++)
		joined += !add_of_stream(live, i).is_new;
	assert_in_range(joined, 40, 200);
	restored = restart(live, (struct wf_bytes){NULL, 0});
	both_hold_the_same(live, restored);
	assert_true(wf_bytes_equal(state_of(live), state_of(restored)));
	both_decide_alike(live, restored, 301, 600);
	desk_free(live);
	desk_free(restored);
}

static void an_index_with_a_saved_state_decides_alike(void **state)
{
	struct desk *live = desk_new();
	struct desk *restored;
	struct wf_bytes saved = {NULL, 0};

	(void)state;
	for (uint64_t i = 1; i <= 300; i++) {
		(void)add_of_stream(live, i);
		if (i == 200) /* the last hundred are learned from their evidence */
			saved = state_of(live);
	}
	restored = restart(live, saved);
	assert_true(wf_bytes_equal(state_of(live), state_of(restored)));
	both_decide_alike(live, restored, 301, 600);
	desk_free(live);
	desk_free(restored);
}

static void an_index_with_gaps_comes_back_with_its_clusters(void **state)
{
	struct desk *live = desk_new();
	struct desk *restored;

	(void)state;
	for (uint64_t i = 1; i <= 300; i++) {
		(void)add_of_stream(live, i);
		if (i % 3 == 0 && i > 20)
			assert_int_equal(take_out(live, i - (i * 7) % 20), 0);
	}
	restored = restart(live, state_of(live));
	both_hold_the_same(live, restored);
	both_decide_alike(live, restored, 301, 400);
	desk_free(live);
	desk_free(restored);
}

static void clusters_made_one_come_back_as_one(void **state)
{
	struct desk *desk = *state;
	struct wf_cluster_summary summary;
	struct desk *restored;

	(void)add_story(desk, 503, 0, 12);
	desk->unreadable = desk->last;
	(void)add_story(desk, 503, 0, 11);
	desk->unreadable = 0;
	assert_int_equal(add_story(desk, 503, 1, 11).merged_count, 1);
	restored = restart(desk, state_of(desk));
	both_hold_the_same(desk, restored);
	assert_int_equal(wf_index_cluster(restored->index, BACKGROUND + 2, &summary), 0);
	assert_int_equal(summary.cluster, BACKGROUND + 1);
	assert_int_equal(summary.size, 3);
	desk_free(restored);
}

/* wf_index_merge, wf_index_split */

static uint64_t merge(struct desk *desk, uint64_t first, uint64_t second)
{
	const uint64_t clusters[] = {first, second};
	struct wf_index_merge merge;
	size_t place;

	assert_int_equal(wf_index_merge(desk->index, clusters, 2, &desk->arena, &merge, &place), 0);
	return merge.into;
}

/* The number that the new cluster gets is no article's. */
static uint64_t split(struct desk *desk, uint64_t cluster, uint64_t number, const uint64_t **apart, size_t *apart_count)
{
	const uint64_t fresh = ++desk->last;

	assert_int_equal(wf_index_split(desk->index, cluster, &number, 1, fresh, &desk->arena, apart, apart_count), 0);
	return fresh;
}

static void clusters_that_were_split_are_not_made_one_by_a_newcomer(void **state)
{
	struct desk *desk = *state;
	struct wf_decision decision;
	const uint64_t *apart;
	size_t apart_count;
	uint64_t fresh;

	(void)add_story(desk, 601, 0, 12);
	(void)add_story(desk, 601, 0, 11);
	fresh = split(desk, BACKGROUND + 1, BACKGROUND + 2, &apart, &apart_count);
	assert_int_equal(fresh, BACKGROUND + 3);
	assert_int_equal(apart_count, 1);
	assert_int_equal(apart[0], BACKGROUND + 1);
	decision = query_story(desk, 601, 0, 12);
	joins(&decision, WF_RELATION_EXACT, BACKGROUND + 1, BACKGROUND + 1, 2);
	/* Alike to both, and nearer to the second. */
	decision = add_story(desk, 601, 0, 11);
	joins(&decision, WF_RELATION_EXACT, fresh, BACKGROUND + 2, 2);
	assert_int_equal(decision.merged_count, 0);
	for (uint32_t i = 0; i < 6; i++) {
		decision = add_story(desk, 601, i % 2, 11);
		assert_false(decision.is_new);
		assert_int_equal(decision.merged_count, 0);
	}
	assert_int_equal(stats_of(desk).clusters, BACKGROUND + 2);
}

static void a_third_cluster_does_not_bring_together_what_was_split(void **state)
{
	struct desk *desk = *state;
	struct wf_decision decision;
	const uint64_t *apart;
	size_t apart_count;
	uint64_t fresh;

	(void)add_story(desk, 602, 0, 12);
	(void)add_story(desk, 602, 0, 11);
	fresh = split(desk, BACKGROUND + 1, BACKGROUND + 2, &apart, &apart_count);
	/* A third of the same story, that could not see the others. */
	desk->stored[BACKGROUND + 1].is_live = desk->stored[BACKGROUND + 2].is_live = false;
	decision = add_story(desk, 602, 1, 11);
	assert_true(decision.is_new);
	desk->stored[BACKGROUND + 1].is_live = desk->stored[BACKGROUND + 2].is_live = true;
	decision = add_story(desk, 602, 0, 13);
	assert_false(decision.is_new);
	assert_int_equal(decision.merged_count, 1);
	assert_int_equal(stats_of(desk).clusters, BACKGROUND + 2);
	/* The third brought its pair along. */
	decision = add_story(desk, 602, 1, 12);
	assert_int_equal(decision.merged_count, 0);
	assert_int_equal(merge(desk, fresh, BACKGROUND + 1), merge(desk, BACKGROUND + 1, fresh));
	assert_int_equal(stats_of(desk).clusters, BACKGROUND + 1);
}

static void clusters_that_were_merged_take_copies_of_either_and_can_be_split_again(void **state)
{
	struct desk *desk = *state;
	struct wf_cluster_summary summary;
	struct wf_decision decision;
	const uint64_t *apart;
	size_t apart_count;
	uint64_t fresh;

	(void)add_story(desk, 20, 0, 12);
	/* The bigger survives, whatever the order in which they are given. */
	assert_int_equal(merge(desk, 10, 20), 20);
	assert_int_equal(merge(desk, 20, 10), 20);
	decision = query_story(desk, 10, 0, 12);
	joins(&decision, WF_RELATION_EXACT, 20, 10, 4);
	assert_int_equal(wf_index_cluster(desk->index, 10, &summary), 0);
	assert_int_equal(summary.cluster, 20);
	fresh = split(desk, 10, 10, &apart, &apart_count);
	decision = query_story(desk, 10, 0, 12);
	joins(&decision, WF_RELATION_EXACT, fresh, 10, 2);
	/* What was folded stays so: 10 is 20 for ever. */
	assert_int_equal(wf_index_cluster(desk->index, 10, &summary), 0);
	assert_int_equal(summary.cluster, 20);
	/* Of equals the oldest survives. */
	assert_int_equal(merge(desk, 12, 11), 11);
}

static void a_merge_names_the_first_cluster_that_is_none_and_changes_nothing(void **state)
{
	struct desk *desk = *state;
	const uint64_t clusters[] = {1, 2, 9999, 0, 3};
	struct wf_index_merge merge;
	size_t place = 0;

	assert_int_equal(wf_index_merge(desk->index, clusters, 5, &desk->arena, &merge, &place), WF_ENOTFOUND);
	assert_int_equal(place, 2);
	assert_int_equal(stats_of(desk).clusters, BACKGROUND);
	assert_int_equal(wf_index_merge(desk->index, clusters, 1, &desk->arena, &merge, &place), 0);
	assert_int_equal(merge.into, 1);
	assert_int_equal(merge.merged_count, 0);
}

static void a_merge_of_many_without_memory_does_nothing_of_it(void **state)
{
	struct desk *desk = *state;
	uint64_t clusters[BACKGROUND];
	const uint64_t *apart;
	size_t apart_count, place;
	int error = WF_ENOMEM;

	(void)add_story(desk, 30, 0, 12);
	(void)split(desk, 30, BACKGROUND + 1, &apart, &apart_count);
	for (size_t i = 0; i < BACKGROUND; i++)
		clusters[i] = i + 1;
	for (long tries = 0; error != 0; tries++) {
		struct wf_index_merge merge;

		memory_fault_arm(tries / 8, true);
		error = wf_index_merge(desk->index, clusters, BACKGROUND, &desk->arena, &merge, &place);
		assert_int_equal(memory_fault_disarm() && error != 0 ? WF_ENOMEM : 0, error);
		assert_int_equal(stats_of(desk).clusters, error == 0 ? 2 : BACKGROUND + 1);
	}
}

static void a_split_of_a_cluster_that_is_held_apart_from_too_many_is_refused(void **state)
{
	struct desk *desk = *state;
	struct wf_cluster_summary summary;
	const uint64_t *apart;
	size_t apart_count;
	uint64_t number;
	int error = 0;

	for (uint32_t i = 0; i < WF_APART_MAX + 2; i++)
		(void)add_story(desk, 40, 0, 12);
	number = desk->last;
	for (uint32_t i = 0; i < WF_APART_MAX; i++, number--)
		(void)split(desk, 40, number, &apart, &apart_count);
	error = wf_index_split(desk->index, 40, &number, 1, desk->last + 1, &desk->arena, &apart, &apart_count);
	assert_int_equal(error, WF_ETOOLARGE);
	assert_int_equal(wf_index_cluster(desk->index, 40, &summary), 0);
	assert_int_equal(summary.size, 3);
	assert_int_equal(wf_index_cluster(desk->index, desk->last + 1, &summary), WF_ENOTFOUND);
	/* Where one is gone, there is room for another. */
	assert_int_equal(take_out(desk, number + 1), 0);
	assert_int_equal(
		wf_index_split(desk->index, 40, &number, 1, desk->last + 1, &desk->arena, &apart, &apart_count), 0);
}

static void what_was_held_apart_is_so_after_a_restart(void **state)
{
	struct desk *desk = *state;
	const uint64_t *apart;
	size_t apart_count;
	struct wf_decision decision;
	struct desk *restored;
	uint64_t fresh;

	(void)add_story(desk, 603, 0, 12);
	(void)add_story(desk, 603, 0, 11);
	fresh = split(desk, BACKGROUND + 1, BACKGROUND + 2, &apart, &apart_count);
	desk->stored[BACKGROUND + 2].decision.cluster = fresh;
	restored = restart(desk, state_of(desk));
	assert_int_equal(wf_index_restore_apart(restored->index, fresh, apart, apart_count), 1);
	assert_int_equal(wf_index_restore_apart(restored->index, fresh, apart, apart_count), 1);
	both_hold_the_same(desk, restored);
	decision = add_story(restored, 603, 0, 11);
	joins(&decision, WF_RELATION_EXACT, fresh, BACKGROUND + 2, 2);
	assert_int_equal(decision.merged_count, 0);
	desk_free(restored);
	/* One is gone, or they have become one: nothing is left to hold apart. */
	assert_int_equal(merge(desk, fresh, BACKGROUND + 1), BACKGROUND + 1);
	assert_int_equal(wf_index_restore_apart(desk->index, fresh, apart, apart_count), 0);
	assert_int_equal(wf_index_restore_apart(desk->index, 9999, apart, apart_count), 0);
}

/* wf_index_mend_next, wf_index_reconsider */

static uint64_t reconsider(struct desk *desk, uint64_t number)
{
	const struct wf_index_stats before = stats_of(desk);
	uint64_t match = 99;

	assert_int_equal(wf_index_reconsider(desk->index, number, desk->stored[number].sketch, &match), 0);
	assert_int_equal(stats_of(desk).clusters, before.clusters);
	assert_int_equal(stats_of(desk).candidates, before.candidates);
	return match;
}

static void one_that_stands_alone_is_decided_again_and_nothing_changes(void **state)
{
	struct desk *desk = *state;
	const uint64_t *apart;
	size_t apart_count;

	(void)add_story(desk, 604, 0, 12);
	desk->unreadable = BACKGROUND + 1;
	assert_true(add_story(desk, 604, 0, 11).is_new);
	desk->unreadable = 0;
	assert_int_equal(reconsider(desk, BACKGROUND + 2), BACKGROUND + 1);
	assert_int_equal(reconsider(desk, BACKGROUND + 2), BACKGROUND + 1);
	assert_int_equal(reconsider(desk, 1), 0);
	/* With others it is left where it is, and where an editor put it. */
	assert_int_equal(merge(desk, BACKGROUND + 2, 1), 1);
	assert_int_equal(reconsider(desk, BACKGROUND + 2), 0);
	(void)split(desk, 1, BACKGROUND + 2, &apart, &apart_count);
	assert_int_equal(reconsider(desk, BACKGROUND + 2), 0);
	assert_int_equal(wf_index_mend_next(desk->index), 0);
}

static void one_that_is_gone_or_damaged_is_not_decided_again(void **state)
{
	struct desk *desk = *state;
	const struct wf_bytes sketch = desk->stored[1].sketch;
	uint64_t match;

	assert_int_equal(wf_index_reconsider(desk->index, 1, (struct wf_bytes){sketch.data, sketch.length - 1}, &match),
			 WF_ECORRUPT);
	desk->unreadable = 1;
	assert_int_equal(wf_index_reconsider(desk->index, 1, sketch, &match), WF_ENOTFOUND);
	desk->unreadable = 0;
	assert_int_equal(take_out(desk, 1), 0);
	assert_int_equal(wf_index_reconsider(desk->index, 1, sketch, &match), WF_ENOTFOUND);
}

static void a_damaged_sketch_is_not_restored(void **state)
{
	struct desk *desk = *state;
	struct desk *fresh = desk_new();
	const struct wf_bytes sketch = desk->stored[1].sketch;
	const struct wf_index_article article = {.facts = desk->stored[1].facts, .cluster = 1};

	for (size_t length = 0; length < sketch.length; length++)
		assert_int_equal(wf_index_restore(fresh->index, &article, (struct wf_bytes){sketch.data, length}),
				 WF_ECORRUPT);
	assert_int_equal(stats_of(fresh).articles, 0);
	assert_int_equal(wf_index_restore(fresh->index, &article, sketch), 0);
	assert_int_equal(wf_index_restore_end(fresh->index), 0);
	assert_int_equal(stats_of(fresh).articles, 1);
	desk_free(fresh);
}

static void a_damaged_state_is_refused_and_nothing_is_loaded(void **state)
{
	struct desk *desk = *state;
	struct desk *other = desk_new();
	struct wf_bytes before;
	const struct wf_bytes saved = state_of(desk);
	char *damaged = malloc(saved.length + 1);

	for (uint64_t i = 1; i <= 30; i++)
		(void)add_of_stream(other, i);
	before = state_of(other);
	for (size_t length = 0; length < saved.length; length += length < 64 ? 1 : saved.length / 64) {
		char *cut = malloc(length == 0 ? 1 : length);
		int error;

		memcpy(cut, saved.data, length);
		error = wf_index_state_load(other->index, (struct wf_bytes){cut, length});
		assert_true(error == WF_ECORRUPT || error == WF_EVERSION);
		free(cut);
	}
	memcpy(damaged, saved.data, saved.length);
	damaged[saved.length] = 0;
	assert_int_equal(wf_index_state_load(other->index, (struct wf_bytes){damaged, saved.length + 1}), WF_ECORRUPT);
	damaged[0] ^= 0x40;
	assert_int_equal(wf_index_state_load(other->index, (struct wf_bytes){damaged, saved.length}), WF_EVERSION);
	assert_true(wf_bytes_equal(before, state_of(other)));
	assert_int_equal(wf_index_state_load(other->index, saved), 0);
	assert_true(wf_bytes_equal(saved, state_of(other)));
	free(damaged);
	desk_free(other);
}

static void flipped_bits_in_what_was_kept_never_lead_out_of_bounds(void **state)
{
	struct desk *desk = *state;
	const struct wf_bytes saved = state_of(desk);
	char *damaged = malloc(saved.length);
	uint64_t random = 21;

	for (uint32_t round = 0; round < 40; round++) {
		struct desk *other = desk_new();
		struct wf_index_article article = {.facts = desk->stored[1].facts, .cluster = 1};
		char sketch[2048];

		memcpy(damaged, saved.data, saved.length);
		for (uint32_t flips = 0; flips < 1 + round * 10; flips++) {
			const size_t at = random_below(&random, round < 20 ? 64 : (uint32_t)saved.length);

			damaged[at] = (char)(damaged[at] ^ (1 << random_below(&random, 8)));
		}
		(void)wf_index_state_load(other->index, (struct wf_bytes){damaged, saved.length});
		assert_in_range(desk->stored[1].sketch.length, 1, sizeof sketch);
		memcpy(sketch, desk->stored[1].sketch.data, desk->stored[1].sketch.length);
		sketch[random_below(&random, (uint32_t)desk->stored[1].sketch.length)] ^= 0x11;
		(void)wf_index_restore(other->index, &article,
				       (struct wf_bytes){sketch, desk->stored[1].sketch.length});
		assert_int_equal(wf_index_restore_end(other->index), 0);
		other->last = 1;
		for (uint64_t i = 2; i <= 12; i++)
			(void)add_of_stream(other, i);
		desk_free(other);
	}
	free(damaged);
}

static void a_state_without_memory_is_neither_saved_nor_loaded(void **state)
{
	struct desk *desk = *state;
	const struct wf_bytes saved = state_of(desk);
	struct wf_bytes again = {NULL, 0};
	int error = WF_ENOMEM;

	for (long served = 0; error != 0; served++) {
		struct wf_arena arena;

		wf_arena_init(&arena, 256);
		memory_fault_arm(served, true);
		error = wf_index_state_save(desk->index, &arena, &again);
		assert_int_equal(error, memory_fault_disarm() ? WF_ENOMEM : 0);
		assert_true(error != 0 || wf_bytes_equal(saved, again));
		wf_arena_close(&arena);
	}
	error = WF_ENOMEM;
	for (long served = 0; error != 0; served++) {
		memory_fault_arm(served, true);
		error = wf_index_state_load(desk->index, saved);
		assert_int_equal(error, memory_fault_disarm() ? WF_ENOMEM : 0);
		assert_true(wf_bytes_equal(saved, state_of(desk)));
	}
}

static void a_merge_without_memory_for_all_of_it_does_nothing_of_it(void **state)
{
	struct desk *desk = *state;
	struct story_text text = {.length = 0};
	struct wf_article_facts facts = {.number = BACKGROUND + 4, .published = WF_TIME_NONE};
	struct wf_document document;
	struct wf_decision decision;
	struct wf_bytes sketch;
	bool was_refused = true;

	/* Three clusters of one story: each came while the others could not be read. */
	for (uint32_t i = 0; i < 3; i++) {
		(void)add_story(desk, 504, 0, 12 - i);
		desk->stored[desk->last].is_live = false;
	}
	for (uint64_t number = BACKGROUND + 1; number <= BACKGROUND + 3; number++)
		desk->stored[number].is_live = true;
	story_write(&text, 504, 1, 11);
	document = analyse(desk, story_bytes(&text));
	assert_int_equal(wf_index_decide(desk->index, &document, &facts, 0, &decision), 0);
	assert_int_equal(decision.merged_count, 2);
	/* What was served may stay: several tries with as many, then one more. */
	for (long tries = 0; was_refused; tries++) {
		const struct wf_decision wanted = decision;
		int error;

		memory_fault_arm(tries / 8, true);
		error = wf_index_apply(desk->index, &document, &facts, &decision, &desk->arena, &sketch);
		was_refused = memory_fault_disarm() && error != 0;
		assert_int_equal(error, was_refused ? WF_ENOMEM : 0);
		if (!was_refused)
			break;
		assert_int_equal(stats_of(desk).clusters, BACKGROUND + 3);
		assert_int_equal(stats_of(desk).articles, BACKGROUND + 3);
		assert_int_equal(wf_index_decide(desk->index, &document, &facts, 0, &decision), 0);
		assert_true(decisions_are_equal(&decision, &wanted));
	}
	assert_int_equal(decision.size, 4);
	assert_int_equal(stats_of(desk).clusters, BACKGROUND + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(settings_out_of_range_are_refused),
		TEST(an_index_without_memory_is_refused),
		TEST(stories_of_their_own_found_clusters),
		TEST(an_exact_copy_in_other_dress_joins),
		TEST(an_edited_copy_is_near),
		TEST(thirds_of_stories_are_their_excerpts),
		TEST(teasers_of_two_sentences_are_excerpts),
		TEST(a_story_after_its_excerpt_is_expanded),
		TEST(follow_ups_are_partial_and_name_their_stories),
		TEST(a_roundup_stays_apart_and_names_its_stories),
		TEST(a_copy_of_a_story_in_several_clusters_is_no_roundup),
		TEST(notices_of_one_form_do_not_gather_in_a_cluster),
		TEST(forms_with_other_figures_stay_apart),
		TEST(an_article_that_is_like_two_clusters_makes_them_one),
		TEST(what_outlets_put_around_their_stories_joins_nothing),
		TEST(a_text_without_words_is_unique_and_like_no_other),
		TEST(the_shortest_texts_are_one_only_where_they_are_the_same),
		TEST(the_longest_texts_are_decided),
		TEST(work_is_bounded_however_many_copies_there_are),
		TEST(numbers_past_2_to_the_32_are_ordinary),
		TEST(settings_bound_the_candidates_and_the_verdict_bounds_the_related),
		TEST(a_replaced_article_is_no_candidate_but_keeps_its_story),
		TEST(it_does_not_matter_whether_the_replaced_goes_before_or_after),
		TEST(the_second_page_of_a_source_joins_its_own_story_and_not_the_first_page),
		TEST(a_candidate_that_cannot_be_read_is_passed_over_alone),
		TEST(a_query_changes_nothing),
		TEST(a_decision_without_memory_for_it_leaves_the_index_as_it_was),
		TEST(a_removed_article_is_found_no_more),
		TEST(a_damaged_sketch_is_refused_and_takes_nothing_out),
		TEST(memory_grows_with_the_articles_and_goes_with_them),
		TEST(an_article_is_kept_as_it_was_decided),
		TEST(clusters_are_listed_with_the_biggest_first),
		TEST(two_articles_are_compared_as_a_decision_would),
		TEST(an_article_that_is_not_stored_is_compared_as_its_verdict_would),
		TEST(work_ahead_changes_no_answer),
		TEST(what_is_foreseen_is_what_is_compared),
		TEST(an_index_learned_anew_from_the_store_decides_alike),
		TEST(an_index_with_a_saved_state_decides_alike),
		TEST(an_index_with_gaps_comes_back_with_its_clusters),
		TEST(clusters_made_one_come_back_as_one),
		TEST(clusters_that_were_split_are_not_made_one_by_a_newcomer),
		TEST(a_third_cluster_does_not_bring_together_what_was_split),
		TEST(clusters_that_were_merged_take_copies_of_either_and_can_be_split_again),
		TEST(a_merge_names_the_first_cluster_that_is_none_and_changes_nothing),
		TEST(a_merge_of_many_without_memory_does_nothing_of_it),
		TEST(a_split_of_a_cluster_that_is_held_apart_from_too_many_is_refused),
		TEST(what_was_held_apart_is_so_after_a_restart),
		TEST(one_that_stands_alone_is_decided_again_and_nothing_changes),
		TEST(one_that_is_gone_or_damaged_is_not_decided_again),
		TEST(a_damaged_sketch_is_not_restored),
		TEST(a_damaged_state_is_refused_and_nothing_is_loaded),
		TEST(flipped_bits_in_what_was_kept_never_lead_out_of_bounds),
		TEST(a_state_without_memory_is_neither_saved_nor_loaded),
		TEST(a_merge_without_memory_for_all_of_it_does_nothing_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
