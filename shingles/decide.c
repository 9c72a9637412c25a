#include "decide.h"

#include <math.h>

/* Shares of content, by weight. Chosen on the development set and on sets of other stories, outlets and languages;
 * docs/detection.md has the figures. */
#define CONTAINED_JOINS          0.60
#define BOTH_JOIN                0.40
#define SUM_JOINS                0.80
#define SUM_NEEDS_EACH           0.28
#define SUM_LEAD_LEAST           0.10
#define SUM_LEAD_MOST            0.90
#define COVERING_JOINS           0.62 /* of the shorter, stored one, where the newcomer ... */
#define COVERING_NEEDS_LEAD      0.50 /* ... begins with its content */
#define COVERING_JOINS_MORE      0.50 /* ... or */
#define COVERING_NEEDS_CONTAINED 0.33
#define FIGURES_MANY             3u
#define FIGURES_MOST             5u
#define FIGURES_FEW_NEED         0.60 /* one or two changed figures are an update where so much agrees */
#define NOTICE_WEIGHT            13.0 /* of a notice of a few lines, a figure is the news ... */
#define NOTICE_FIGURES_SAME      4u   /* ... unless so many agree for each that does not */
#define NAMES_MANY               3u
#define NAMES_OF_WORDS           0.5 /* of the words that differ; typing errors break common words as well */
#define OWN_WEIGHT_LEAST         3.0 /* rare words; with less content only the same text is a copy */
#define SHARED_WEIGHT_LEAST      (OWN_WEIGHT_LEAST * CONTAINED_JOINS)
#define SHORT_WEIGHT             7.0
#define SHORT_AGREES             0.88
#define SHORT_BOTH_AGREE         0.70
#define BOTH_MERGE               0.50
#define RELATED_CONTAINED        0.12
#define RELATED_COVERING         0.30
#define RELATED_WEIGHT_LEAST     4.0
#define PART_CONTAINED           0.08
#define COMPOSITE_PARTS          2u
#define COMPOSITE_STRONGEST      0.45 /* a roundup has no story that is half of it ... */
#define COMPOSITE_SHARE          0.8  /* ... and the others together are about as much as the strongest */
#define MENDED_STRENGTH          0.65 /* of those under it a third are of another story */
#define MORE_COVERED_LESS_THAN   0.75 /* the longer one has clearly more */
#define MORE_WEIGHT              1.25

/* What speaks for one story where the shares alone leave room for doubt, as a sum. The weights are a logistic
 * regression's on pairs of wrapped, cut and mistyped copies and of formula stories, rounded. */
#define SURE_SHARE           0.95 /* with so much in common of either side nothing more is asked */
#define SUPPORT_LEAST        11.6 /* else a pair whose shares would join needs so much ... */
#define SUPPORT_JOINS        12.1 /* ... and with so much it joins although they are small ... */
#define SUPPORT_JOINS_EACH   0.26
#define SUPPORT_JOINS_LEAD   0.45 /* ... where the newcomer begins with it ... */
#define SUPPORT_JOINS_ALONE  0.5  /* ... and no other story has the same */
#define SUPPORT_MERGES       12.8 /* two clusters become one with so much, alike in more than one pair's luck */
#define SUPPORT_OF_RUN       1.57 /* a natural logarithm of tokens: formulas agree in short pieces */
#define SUPPORT_OF_LEAD_LOW  8.0  /* a copy has something of the story's beginning */
#define SUPPORT_LEAD_LOW     0.3
#define SUPPORT_OF_LEAD      1.7
#define SUPPORT_OF_LARGER    5.27
#define SUPPORT_OF_EVEN      3.2 /* words that differ one by one are spelling */
#define SUPPORT_GAPS         6.0 /* so many gaps tell that they are of one kind */
#define SUPPORT_OF_FIGURES   (-5.5)
#define SUPPORT_OF_ALONE     5.43 /* what other stories have as well tells nothing */
#define SUPPORT_ALONE_ENOUGH 0.4

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

bool wf_decide_differs_in_figures(const struct wf_comparison *comparison)
{
	const uint32_t changed = comparison->figures_changed;
	const uint32_t same = comparison->figures_same;

	if (changed >= FIGURES_MOST)
		return same < changed;
	if (changed >= FIGURES_MANY)
		return 2 * same <= changed;
	if (changed > 0 && smaller(comparison->own_weight, comparison->other_weight) < NOTICE_WEIGHT &&
	    same < NOTICE_FIGURES_SAME * changed)
		return true;
	if (changed > same && larger(comparison->contained, comparison->covering) < FIGURES_FEW_NEED)
		return true;
	return comparison->names_changed >= NAMES_MANY && comparison->names_changed > comparison->names_same &&
	       comparison->names_changed >= NAMES_OF_WORDS * comparison->words_changed;
}

/* Whether the two agree here and there in all of their length, as copies in much boilerplate or with many typing errors
 * do. What agrees to the letter in one place alone, at the beginning above all, is a passage of another story. */
static bool agrees_throughout(const struct wf_comparison *comparison)
{
	return comparison->contained + comparison->covering >= SUM_JOINS &&
	       smaller(comparison->contained, comparison->covering) >= SUM_NEEDS_EACH &&
	       larger(comparison->contained, comparison->covering) < COVERING_JOINS &&
	       comparison->lead >= SUM_LEAD_LEAST && comparison->lead < SUM_LEAD_MOST;
}

/* Notices of a line or two (dividends, prices, results) are alike in all but what they tell: they must agree almost
 * wholly. */
static bool is_too_little(const struct wf_comparison *comparison)
{
	const double least = smaller(comparison->own_weight, comparison->other_weight);
	const bool are_both_short = larger(comparison->own_weight, comparison->other_weight) < 2 * SHORT_WEIGHT;

	if (least < OWN_WEIGHT_LEAST)
		return true;
	if (least >= SHORT_WEIGHT)
		return false;
	return comparison->figures_changed > 0 || larger(comparison->contained, comparison->covering) < SHORT_AGREES ||
	       (are_both_short && smaller(comparison->contained, comparison->covering) < SHORT_BOTH_AGREE);
}

static double support_of(const struct wf_comparison *comparison)
{
	const double gaps = (double)comparison->gaps_even + comparison->gaps_uneven;
	const double even = comparison->gaps_even / larger(gaps + 0.5, SUPPORT_GAPS);
	const double figures =
		comparison->figures_changed / ((double)comparison->figures_same + comparison->figures_changed + 1);
	const double lead_low = smaller(comparison->lead, SUPPORT_LEAD_LOW);

	return SUPPORT_OF_RUN * log(1.0 + comparison->run) + SUPPORT_OF_LEAD_LOW * lead_low +
	       SUPPORT_OF_LEAD * (comparison->lead - lead_low) +
	       SUPPORT_OF_LARGER * larger(comparison->contained, comparison->covering) + SUPPORT_OF_EVEN * even +
	       SUPPORT_OF_FIGURES * figures + SUPPORT_OF_ALONE * smaller(comparison->alone, SUPPORT_ALONE_ENOUGH);
}

/* Whether so much is in common, or so much supports what is, that nothing more is asked. */
static bool is_supported(const struct wf_comparison *comparison, double support)
{
	return larger(comparison->contained, comparison->covering) >= SURE_SHARE || support_of(comparison) >= support;
}

/* What the shares of content say: the larger one of those that count, or 0. */
static double strength_of_shares(const struct wf_comparison *comparison, bool is_composite, bool other_is_composite)
{
	const double contained = comparison->contained;
	const double covering = comparison->covering;
	double strength = 0;

	if (smaller(contained, covering) >= BOTH_JOIN || agrees_throughout(comparison))
		strength = larger(contained, covering);
	if (contained >= CONTAINED_JOINS && !other_is_composite)
		strength = larger(strength, contained);
	if (!is_composite && ((covering >= COVERING_JOINS && comparison->lead >= COVERING_NEEDS_LEAD) ||
			      (covering >= COVERING_JOINS_MORE && contained >= COVERING_NEEDS_CONTAINED)))
		strength = larger(strength, covering);
	return strength;
}

double wf_decide_strength(const struct wf_comparison *comparison, bool is_composite, bool other_is_composite)
{
	const double most = larger(comparison->contained, comparison->covering);
	const double least = smaller(comparison->contained, comparison->covering);
	double strength;

	if (is_too_little(comparison) || wf_decide_differs_in_figures(comparison))
		return 0;
	strength = strength_of_shares(comparison, is_composite, other_is_composite);
	if (strength > 0)
		return is_supported(comparison, SUPPORT_LEAST) ? strength : 0;
	if (is_composite || other_is_composite || least < SUPPORT_JOINS_EACH || comparison->lead < SUPPORT_JOINS_LEAD ||
	    comparison->alone < SUPPORT_JOINS_ALONE || support_of(comparison) < SUPPORT_JOINS)
		return 0;
	return most;
}

bool wf_decide_is_worth_finishing(const struct wf_comparison *comparison)
{
	return comparison->contained * comparison->own_weight >= SHARED_WEIGHT_LEAST;
}

bool wf_decide_is_one_story(const struct wf_comparison *comparison)
{
	if (wf_decide_differs_in_figures(comparison) || !is_supported(comparison, SUPPORT_MERGES))
		return false;
	return smaller(comparison->contained, comparison->covering) >= BOTH_MERGE ||
	       (comparison->covering >= COVERING_JOINS && comparison->lead >= COVERING_NEEDS_LEAD);
}

bool wf_decide_is_related(const struct wf_comparison *comparison)
{
	return comparison->contained * comparison->own_weight >= RELATED_WEIGHT_LEAST &&
	       (comparison->contained >= RELATED_CONTAINED || comparison->covering >= RELATED_COVERING);
}

bool wf_decide_is_part(double contained)
{
	return contained >= PART_CONTAINED;
}

bool wf_decide_is_composite(uint32_t parts, double contained_by_parts, double contained_by_strongest)
{
	return parts >= COMPOSITE_PARTS && contained_by_strongest < COMPOSITE_STRONGEST &&
	       contained_by_parts >= COMPOSITE_SHARE * contained_by_strongest;
}

bool wf_decide_is_mended(double strength)
{
	return strength >= MENDED_STRENGTH;
}

enum wf_relation wf_decide_relation(const struct wf_comparison *comparison, bool is_same)
{
	if (is_same)
		return WF_RELATION_EXACT;
	if (comparison->covering < MORE_COVERED_LESS_THAN &&
	    comparison->other_weight >= comparison->own_weight * MORE_WEIGHT)
		return WF_RELATION_EXCERPT;
	if (comparison->contained < MORE_COVERED_LESS_THAN &&
	    comparison->own_weight >= comparison->other_weight * MORE_WEIGHT)
		return WF_RELATION_EXPANDED;
	return WF_RELATION_NEAR;
}
