#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decide.h"
#include "random_source.h"

/* One comparison and what is to be made of it. */
struct verdict {
	const char *claim;
	struct wf_comparison comparison;
	bool is_composite;
	bool other_is_composite;
	bool joins;
	enum wf_relation relation; /* where it joins */
};

/* contained, covering, resemblance, lead, own_weight, other_weight, figures same, changed, names same, changed, words
 * changed, run, gaps even, uneven, alone, gap */
static const struct verdict verdicts[] = {
	{"the same content",
	 {1, 1, 1, 1, 100, 100, 9, 0, 9, 0, 0, 250, 0, 0, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_NEAR},
	{"an edited version",
	 {0.9, 0.88, 0.7, 0.9, 100, 103, 9, 1, 9, 1, 2, 60, 2, 6, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_NEAR},
	{"a third of the story",
	 {1, 0.33, 0.33, 1, 50, 150, 3, 0, 3, 0, 0, 120, 0, 0, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_EXCERPT},
	{"a teaser of two sentences",
	 {0.95, 0.08, 0.08, 0.95, 12, 150, 1, 0, 2, 0, 0, 30, 0, 1, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_EXCERPT},
	{"a teaser in other words at its end",
	 {0.72, 0.1, 0.08, 0.72, 14, 140, 1, 0, 2, 0, 0, 25, 0, 0, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_EXCERPT},
	{"the full story after its third",
	 {0.34, 1, 0.33, 1, 150, 50, 3, 0, 3, 0, 0, 120, 0, 0, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_EXPANDED},
	{"the full story after its teaser",
	 {0.1, 1, 0.08, 0.5, 150, 15, 1, 0, 2, 0, 0, 30, 0, 0, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_EXPANDED},
	{"a copy in furniture that nobody knows",
	 {0.45, 0.42, 0.3, 0.6, 60, 65, 2, 0, 4, 0, 0, 40, 0, 2, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_NEAR},
	{"a copy whose furniture differs more",
	 {0.36, 0.34, 0.2, 0.8, 60, 65, 2, 0, 4, 0, 0, 40, 0, 2, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_NEAR},
	{"the same, where other stories have that as well",
	 {0.36, 0.34, 0.2, 0.8, 60, 65, 2, 0, 4, 0, 0, 40, 0, 2, 0.2, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"a copy full of typing errors",
	 {0.55, 0.52, 0.3, 0.5, 90, 92, 3, 0, 6, 4, 30, 9, 25, 4, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_NEAR},
	{"another issuer's bond",
	 {0.46, 0.43, 0.2, 0.41, 25, 27, 6, 5, 0, 0, 4, 11, 4, 6, 0.04, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"another body's notice in the same words",
	 {0.5, 0.5, 0.2, 0.5, 30, 30, 4, 1, 0, 0, 0, 12, 0, 6, 0.1, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"a plea at the end of two articles",
	 {0.54, 0.52, 0.3, 0.02, 52, 56, 0, 0, 0, 0, 0, 48, 0, 0, 1, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"another story",
	 {0, 0, 0, 0, 100, 100, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"a common phrase",
	 {0.1, 0.1, 0.05, 0.1, 100, 100, 0, 0, 1, 0, 0, 5, 0, 0, 1, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"a follow-up with two old paragraphs",
	 {0.25, 0.3, 0.15, 0, 100, 90, 1, 0, 3, 0, 0, 60, 0, 0, 1, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"the same frame with other figures",
	 {0.8, 0.8, 0.6, 0.8, 100, 100, 2, 20, 5, 0, 0, 20, 0, 0, 1, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"the same frame with other names",
	 {0.85, 0.85, 0.6, 0.85, 60, 60, 0, 0, 4, 9, 10, 20, 9, 0, 1, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"names and common words with typing errors",
	 {0.85, 0.85, 0.6, 0.85, 60, 60, 0, 0, 4, 9, 40, 12, 30, 2, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_NEAR},
	{"one corrected figure",
	 {0.98, 0.98, 0.96, 0.98, 100, 100, 9, 1, 9, 0, 0, 90, 0, 0, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_NEAR},
	{"another day's notice",
	 {0.96, 0.93, 0.9, 0.96, 12, 12.3, 2, 1, 0, 0, 0, 15, 2, 0, 1, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"a corrected notice of many figures",
	 {0.96, 0.93, 0.9, 0.96, 12, 12.3, 8, 1, 0, 0, 0, 15, 2, 0, 1, 0},
	 false,
	 false,
	 true,
	 WF_RELATION_NEAR},
	{"two words that agree",
	 {1, 1, 1, 1, 0.5, 0.5, 0, 0, 0, 0, 0, 2, 0, 0, 1, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"an article made of a roundup",
	 {1, 0.2, 0.2, 1, 30, 150, 2, 0, 2, 0, 0, 60, 0, 0, 1, 0},
	 false,
	 true,
	 false,
	 WF_RELATION_UNIQUE},
	{"a roundup printed again",
	 {0.98, 0.97, 0.95, 1, 150, 150, 9, 0, 9, 0, 0, 200, 0, 0, 1, 0},
	 false,
	 true,
	 true,
	 WF_RELATION_NEAR},
	{"a roundup over one of its parts",
	 {0.25, 1, 0.25, 0.2, 150, 35, 2, 0, 2, 0, 0, 70, 0, 0, 1, 0},
	 true,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
	{"a tiny stored text in a long one",
	 {0.01, 1, 0.01, 0, 150, 1, 0, 0, 0, 0, 0, 2, 0, 0, 1, 0},
	 false,
	 false,
	 false,
	 WF_RELATION_UNIQUE},
};

/* wf_decide_strength, wf_decide_relation */

static void each_comparison_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		const struct verdict *verdict = &verdicts[i];
		const double strength =
			wf_decide_strength(&verdict->comparison, verdict->is_composite, verdict->other_is_composite);

		if ((strength > 0) != verdict->joins)
			fail_msg("%s: strength %f", verdict->claim, strength);
		if (strength > 0 && wf_decide_relation(&verdict->comparison, false) != verdict->relation)
			fail_msg("%s: %s", verdict->claim,
				 wf_relation_word(wf_decide_relation(&verdict->comparison, false)));
		assert_int_equal(wf_decide_relation(&verdict->comparison, true), WF_RELATION_EXACT);
	}
}

/* Two texts with the shared weight on both sides. */
static struct wf_comparison comparison_at_random(uint64_t *random)
{
	const double own = 1 + random_below(random, 2000) / 20.0;
	const double other = 1 + random_below(random, 2000) / 20.0;
	const double shared = (own < other ? own : other) * random_below(random, 1001) / 1000.0;

	return (struct wf_comparison){
		.contained = shared / own,
		.covering = shared / other,
		.resemblance = shared / (own + other - shared),
		.lead = random_below(random, 1001) / 1000.0,
		.own_weight = own,
		.other_weight = other,
		.figures_same = random_below(random, 10),
		.names_same = random_below(random, 10),
		.run = random_below(random, 200),
		.gaps_even = random_below(random, 20),
		.gaps_uneven = random_below(random, 20),
		.alone = random_below(random, 1001) / 1000.0,
	};
}

static void one_that_stood_alone_needs_more_to_join_than_a_newcomer(void **state)
{
	(void)state;
	assert_false(wf_decide_is_mended(0));
	assert_false(wf_decide_is_mended(0.62));
	assert_true(wf_decide_is_mended(0.70));
	assert_true(wf_decide_is_mended(2));
}

static void strength_is_no_more_than_the_larger_share(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const struct wf_comparison comparison = comparison_at_random(&random);
		const double strength =
			wf_decide_strength(&comparison, random_below(&random, 2) == 0, random_below(&random, 2) == 0);

		assert_true(strength >= 0);
		assert_true(strength <= comparison.contained || strength <= comparison.covering);
	}
}

/* wf_decide_is_worth_finishing */

static void what_shares_nothing_is_dropped_and_what_agrees_is_not(void **state)
{
	struct wf_comparison comparison = {.own_weight = 100};

	(void)state;
	assert_false(wf_decide_is_worth_finishing(&comparison));
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		assert_true(!verdicts[i].joins || wf_decide_is_worth_finishing(&verdicts[i].comparison));
	comparison.contained = 1;
	assert_true(wf_decide_is_worth_finishing(&comparison));
}

static void being_a_roundup_never_makes_stronger(void **state)
{
	uint64_t random = 2;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const struct wf_comparison comparison = comparison_at_random(&random);
		const double plain = wf_decide_strength(&comparison, false, false);

		assert_true(wf_decide_strength(&comparison, true, false) <= plain);
		assert_true(wf_decide_strength(&comparison, false, true) <= plain);
		assert_true(wf_decide_strength(&comparison, true, true) <= plain);
	}
}

static void changed_figures_never_make_stronger(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct wf_comparison comparison = comparison_at_random(&random);
		const double before = wf_decide_strength(&comparison, false, false);

		comparison.figures_changed = random_below(&random, 20);
		comparison.names_changed = random_below(&random, 20);
		assert_true(wf_decide_strength(&comparison, false, false) <= before);
	}
}

static void what_is_dropped_early_could_not_have_joined(void **state)
{
	uint64_t random = 4;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		const struct wf_comparison comparison = comparison_at_random(&random);

		if (wf_decide_is_worth_finishing(&comparison))
			continue;
		if (wf_decide_strength(&comparison, false, false) > 0)
			fail_msg("contained %f of %f, covering %f of %f: strength %f", comparison.contained,
				 comparison.own_weight, comparison.covering, comparison.other_weight,
				 wf_decide_strength(&comparison, false, false));
		assert_false(wf_decide_is_related(&comparison));
	}
}

/* wf_decide_differs_in_figures */

static void texts_without_figures_and_names_do_not_differ_in_them(void **state)
{
	struct wf_comparison comparison = {.contained = 1, .covering = 1, .own_weight = 50, .other_weight = 50};

	(void)state;
	assert_false(wf_decide_differs_in_figures(&comparison));
	comparison.figures_same = 10;
	comparison.names_same = 10;
	assert_false(wf_decide_differs_in_figures(&comparison));
	comparison.figures_changed = 30;
	assert_true(wf_decide_differs_in_figures(&comparison));
	comparison.figures_changed = 0;
	comparison.names_changed = 20;
	assert_true(wf_decide_differs_in_figures(&comparison));
}

/* wf_decide_is_one_story */

static void two_clusters_are_one_story_where_their_articles_agree(void **state)
{
	const struct wf_comparison same = {.contained = 0.9,
					   .covering = 0.9,
					   .lead = 0.9,
					   .own_weight = 50,
					   .other_weight = 50,
					   .run = 40,
					   .alone = 1};
	const struct wf_comparison form = {.contained = 0.6,
					   .covering = 0.6,
					   .lead = 0.6,
					   .own_weight = 50,
					   .other_weight = 50,
					   .run = 6,
					   .alone = 1};
	const struct wf_comparison cut = {
		.contained = 0.4, .covering = 1, .lead = 1, .own_weight = 100, .other_weight = 40};
	const struct wf_comparison apart = {.contained = 0.2, .covering = 0.2, .own_weight = 50, .other_weight = 50};
	const struct wf_comparison template = {.contained = 0.9,
					       .covering = 0.9,
					       .lead = 0.9,
					       .own_weight = 50,
					       .other_weight = 50,
					       .figures_changed = 30};

	(void)state;
	assert_true(wf_decide_is_one_story(&same));
	assert_true(wf_decide_is_one_story(&cut));
	assert_false(wf_decide_is_one_story(&form));
	assert_false(wf_decide_is_one_story(&apart));
	assert_false(wf_decide_is_one_story(&template));
}

/* wf_decide_is_related */

static void passages_worth_telling_are_related_and_phrases_not(void **state)
{
	const struct wf_comparison paragraphs = {
		.contained = 0.3, .covering = 0.3, .own_weight = 100, .other_weight = 100};
	const struct wf_comparison phrase = {
		.contained = 0.01, .covering = 0.01, .own_weight = 100, .other_weight = 100};
	const struct wf_comparison tiny = {.contained = 1, .covering = 1, .own_weight = 1, .other_weight = 1};

	(void)state;
	assert_true(wf_decide_is_related(&paragraphs));
	assert_false(wf_decide_is_related(&phrase));
	assert_false(wf_decide_is_related(&tiny));
}

/* wf_decide_is_part, wf_decide_is_composite */

static void a_roundup_has_parts_and_no_story_of_its_own(void **state)
{
	(void)state;
	assert_true(wf_decide_is_part(0.25));
	assert_false(wf_decide_is_part(0.01));
	assert_true(wf_decide_is_composite(3, 0.6, 0.25));
	assert_false(wf_decide_is_composite(0, 0, 0.25));
	assert_false(wf_decide_is_composite(3, 0.3, 0.9));
	assert_false(wf_decide_is_composite(1, 0.02, 0.3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_comparison_has_its_verdict),
		cmocka_unit_test(one_that_stood_alone_needs_more_to_join_than_a_newcomer),
		cmocka_unit_test(strength_is_no_more_than_the_larger_share),
		cmocka_unit_test(what_shares_nothing_is_dropped_and_what_agrees_is_not),
		cmocka_unit_test(being_a_roundup_never_makes_stronger),
		cmocka_unit_test(changed_figures_never_make_stronger),
		cmocka_unit_test(what_is_dropped_early_could_not_have_joined),
		cmocka_unit_test(texts_without_figures_and_names_do_not_differ_in_them),
		cmocka_unit_test(two_clusters_are_one_story_where_their_articles_agree),
		cmocka_unit_test(passages_worth_telling_are_related_and_phrases_not),
		cmocka_unit_test(a_roundup_has_parts_and_no_story_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
