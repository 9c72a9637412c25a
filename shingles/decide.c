#include "decide.h"

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
#define NAMES_MANY               3u
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
#define MORE_COVERED_LESS_THAN   0.75 /* the longer one has clearly more */
#define MORE_WEIGHT              1.25

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
	if (changed > same && larger(comparison->contained, comparison->covering) < FIGURES_FEW_NEED)
		return true;
	return comparison->names_changed >= NAMES_MANY && comparison->names_changed > comparison->names_same;
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

double wf_decide_strength(const struct wf_comparison *comparison, bool is_composite, bool other_is_composite)
{
	const double contained = comparison->contained;
	const double covering = comparison->covering;
	double strength = 0;

	if (is_too_little(comparison) || wf_decide_differs_in_figures(comparison))
		return 0;
	if (smaller(contained, covering) >= BOTH_JOIN || agrees_throughout(comparison))
		strength = larger(contained, covering);
	if (contained >= CONTAINED_JOINS && !other_is_composite)
		strength = larger(strength, contained);
	if (!is_composite && ((covering >= COVERING_JOINS && comparison->lead >= COVERING_NEEDS_LEAD) ||
			      (covering >= COVERING_JOINS_MORE && contained >= COVERING_NEEDS_CONTAINED)))
		strength = larger(strength, covering);
	return strength;
}

bool wf_decide_is_worth_finishing(const struct wf_comparison *comparison)
{
	return comparison->contained * comparison->own_weight >= SHARED_WEIGHT_LEAST;
}

bool wf_decide_is_one_story(const struct wf_comparison *comparison)
{
	if (wf_decide_differs_in_figures(comparison))
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
