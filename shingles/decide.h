/* From evidence to a relation: every threshold of the decision lives here.
 *
 * An article joins a story for how much of its own content is the story's, or, where the story's article is the shorter
 * one, for how much of that is in it; and, short of nearly all of it, for what supports that: a long passage word for
 * word, the beginning of the story, differences that are spelling, content that no other story at hand has. Not
 * joined: what differs in its figures or names where the words agree (template stories), and what is made of passages
 * of several stories (roundups). */
#ifndef WF_DECIDE_H
#define WF_DECIDE_H

#include "base/bytes.h"
#include "base/relation.h"
#include "evidence.h"

/* How strongly the comparison says that the two are one story: 0 not at all, else the larger of the two coverages that
 * count. `is_composite`: the newcomer is made of passages of several stories. `other_is_composite`: the stored
 * article is. */
double wf_decide_strength(const struct wf_comparison *comparison, bool is_composite, bool other_is_composite);

/* Whether what the newcomer shares with the other is enough to go on with: under it, neither strength nor
 * relatedness can come of it. */
bool wf_decide_is_worth_finishing(const struct wf_comparison *comparison);

/* Whether two clusters that the newcomer both joins are one story, by a comparison of their own articles, the longer
 * one in the newcomer's place: that a teaser is in a longer text does not do, the longer text must begin with it. */
bool wf_decide_is_one_story(const struct wf_comparison *comparison);

/* Whether the words agree and what they tell does not: the figures or names differ. */
bool wf_decide_differs_in_figures(const struct wf_comparison *comparison);

/* Whether the newcomer shares passages with the other that are worth telling. */
bool wf_decide_is_related(const struct wf_comparison *comparison);

/* Whether a coverage of the newcomer by another story's article counts towards its being a roundup. */
bool wf_decide_is_part(double contained);

/* Whether so many parts, besides the strongest story, that cover so much of the newcomer, make it a roundup. */
bool wf_decide_is_composite(uint32_t parts, double contained_by_parts, double contained_by_strongest);

/* Whether a join of this strength is enough for an article that has stood alone until now. */
bool wf_decide_is_mended(double strength);

/* The relation of a newcomer that joins. */
enum wf_relation wf_decide_relation(const struct wf_comparison *comparison, bool is_same);

#endif
