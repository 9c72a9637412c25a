#include <assert.h>

#include "base/prefetch.h"
#include "decide.h"
#include "index_parts.h"

#define CANDIDATES_OF_CLUSTER 2u
#define SAME_TEXT_STRENGTH    2.0  /* more than any share */
#define SCORE_LEAST           8u   /* less than one key that few articles have: looked at only where nothing else is */
#define FOLD_SMALL            6u   /* articles of a cluster that follows on the word of one */
#define QUOTED_COVERING       0.40 /* a candidate that has so much more may be a roundup */
#define QUOTED_LOOK           2u
#define QUOTED_APART          0.15
#define OTHER_PAGE_JOINS      0.08 /* of a page: what its source had not printed may be a story of its own ... */
#define OTHER_PAGE_FOUNDS     0.20 /* ... and is one, though it joins none, where it is so much ... */
#define OTHER_PAGE_GAP        12u /* ... and as many tokens stand in the midst of it where an earlier page has others */
#define CANDIDATES_AHEAD      8u
#define EVIDENCE_AHEAD        1024u /* bytes of it that are asked for: the processor sees itself that more is read */

static int make_newcomer(const struct wf_index *index, struct wf_newcomer *newcomer, const struct wf_document *document,
			 uint64_t source, enum wf_page page)
{
	const int error = wf_newcomer_make(newcomer, document, source, page, index->bands, &index->boilerplate,
					   &index->frequency);

	if (error == 0)
		wf_lsh_prefetch(&index->lsh, newcomer->keys, newcomer->keys_count);
	return error;
}

static void prefetch_evidence(struct wf_bytes evidence)
{
	wf_prefetch(evidence.data, evidence.length < EVIDENCE_AHEAD ? evidence.length : EVIDENCE_AHEAD);
}

void wf_index_look_ahead(const struct wf_index *index, const struct wf_document *document, uint64_t source,
			 bool is_query)
{
	wf_prefetch(document, sizeof *document);
	wf_boilerplate_prefetch(&index->boilerplate, source, !is_query);
}

void wf_index_prepare(struct wf_index *index, const struct wf_document *document, uint64_t source)
{
	prefetch_evidence(document->evidence);
	index->ahead = document;
	index->ahead_source = source;
}

/* Makes the article ready that was to be, while what is looked at next for the one in hand comes from memory. Returns
 * it; NULL: there is none. */
static const struct wf_newcomer *make_ahead(struct wf_index *index)
{
	int error = WF_ENOTFOUND;

	if (index->ahead != NULL)
		error = wf_newcomer_make(index->prepared, index->ahead, index->ahead_source, WF_PAGE_NEW, index->bands,
					 &index->boilerplate, &index->frequency);
	index->ahead = NULL;
	return error == 0 ? index->prepared : NULL;
}

/* The newcomer that was made ready for the document, else a new one. */
static int take_newcomer(struct wf_index *index, const struct wf_document *document, uint64_t source)
{
	struct wf_newcomer *const prepared = index->prepared;

	if (!wf_newcomer_is_current(prepared, document, source, &index->boilerplate, &index->frequency))
		return make_newcomer(index, index->newcomer, document, source, WF_PAGE_NEW);
	index->prepared = index->newcomer;
	index->prepared->evidence = NULL;
	index->newcomer = prepared;
	return 0;
}

/* Who shares keys with the newcomer, after wf_tally_begin(), the best first. Asks the memory for those that will be
 * looked at. Returns how many. */
static uint32_t find_best(struct wf_index *index, struct wf_tally_entry best[WF_TALLY_BEST])
{
	const uint32_t best_count = wf_tally_find(&index->tally, &index->lsh, index->newcomer, best);

	for (uint32_t i = 0; i < best_count && i < CANDIDATES_AHEAD; i++)
		wf_clusters_prefetch_article(&index->clusters, wf_clusters_number31(&index->clusters, best[i].number));
	return best_count;
}

/* Of them the best of each cluster, `candidates_max` at most. */
static void choose_candidates(struct wf_index *index, const struct wf_tally_entry *best, uint32_t best_count,
			      uint64_t replaces)
{
	index->candidates_count = 0;
	for (uint32_t i = 0; i < best_count && index->candidates_count < index->settings.candidates_max; i++) {
		const uint64_t number = wf_clusters_number31(&index->clusters, best[i].number);
		const struct wf_cluster_article *article;
		uint32_t of_cluster = 0;

		if (best[i].score < SCORE_LEAST && index->candidates_count > 0)
			break;
		if (number == replaces)
			continue;
		article = wf_clusters_article(&index->clusters, number);
		if (article == NULL)
			continue;
		for (uint32_t k = 0; k < index->candidates_count; k++)
			of_cluster += index->candidates[k].cluster == article->cluster;
		if (of_cluster >= CANDIDATES_OF_CLUSTER)
			continue;
		index->candidates[index->candidates_count++] = (struct wf_candidate){
			.number = number,
			.cluster = article->cluster,
			.source = article->source,
			.is_composite = article->is_composite,
		};
		wf_boilerplate_prefetch_record(&index->boilerplate, article->source);
		wf_clusters_prefetch(&index->clusters, article->cluster);
	}
}

uint32_t wf_index_foresee(struct wf_index *index, const struct wf_document *document, uint64_t source,
			  uint64_t *numbers, uint32_t numbers_max)
{
	struct wf_newcomer *const newcomer = index->newcomer;
	struct wf_tally_entry best[WF_TALLY_BEST];
	uint32_t count = 0;

	index->newcomer = &index->foreseen;
	if (make_newcomer(index, index->newcomer, document, source, WF_PAGE_NEW) == 0) {
		wf_tally_begin(&index->tally, &index->lsh, index->newcomer);
		choose_candidates(index, best, find_best(index, best), 0);
		for (; count < index->candidates_count && count < numbers_max; count++)
			numbers[count] = index->candidates[count].number;
	}
	index->newcomer = newcomer;
	return count;
}

/* Finds the evidence of the candidates, and asks the memory for that of the best. */
static void find_evidence(struct wf_index *index)
{
	for (uint32_t i = 0; i < index->candidates_count; i++) {
		struct wf_candidate *candidate = &index->candidates[i];

		if (index->read(index->read_context, candidate->number, &candidate->evidence) != 0)
			candidate->evidence = (struct wf_bytes){NULL, 0};
		else if (i < CANDIDATES_AHEAD)
			prefetch_evidence(candidate->evidence);
	}
}

/* Marks what is boilerplate in the other. */
static void mask_other(struct wf_index *index, uint64_t number, uint32_t tokens_count)
{
	const struct wf_cluster_article *article = wf_clusters_article(&index->clusters, number);

	wf_boilerplate_mask(&index->boilerplate, article == NULL ? 0 : article->source, index->other_tokens,
			    tokens_count, WF_PAGE_LEARNED, index->other_mask);
}

/* Makes the newcomer ready to be compared with others. */
static void profile_newcomer(struct wf_index *index)
{
	const struct wf_newcomer *newcomer = index->newcomer;

	wf_profile_set(index->profile, newcomer->tokens, newcomer->tokens_count, newcomer->mask,
		       index->frequency.weights, newcomer->weights);
}

/* Whether the other has the newcomer's tokens, boilerplate included. */
static bool is_same_text(const struct wf_index *index, uint32_t tokens_count)
{
	return tokens_count == index->newcomer->tokens_count &&
	       memcmp(index->other_tokens, index->newcomer->tokens, tokens_count * sizeof(uint16_t)) == 0;
}

static double strength_of(const struct wf_candidate *candidate, bool is_composite, bool other_is_composite)
{
	return candidate->is_same ? SAME_TEXT_STRENGTH
				  : wf_decide_strength(&candidate->comparison, is_composite, other_is_composite);
}

/* Compares the newcomer with every candidate; those whose evidence cannot be read, or that share next to nothing,
 * are dropped. */
static void compare_candidates(struct wf_index *index)
{
	const struct wf_newcomer *newcomer = index->newcomer;
	uint32_t kept = 0;

	if (index->candidates_count == 0)
		return;
	for (uint32_t i = 0; i < index->candidates_count; i++)
		wf_boilerplate_prefetch(&index->boilerplate, index->candidates[i].source, false);
	if (index->candidates_count > 1)
		memset(index->covered_by, 0, newcomer->tokens_count * sizeof *index->covered_by);
	for (uint32_t i = 0; i < index->candidates_count; i++) {
		struct wf_candidate candidate = index->candidates[i];
		uint32_t tokens_count;

		if (wf_evidence_decode(candidate.evidence, index->other_tokens, &tokens_count) != 0)
			continue;
		index->stats.candidates++;
		wf_profile_scan(index->profile, index->other_tokens, tokens_count, &candidate.comparison);
		candidate.is_same = is_same_text(index, tokens_count);
		if (!candidate.is_same && !wf_decide_is_worth_finishing(&candidate.comparison))
			continue;
		if (index->candidates_count > 1)
			wf_profile_mark(index->profile, UINT64_C(1) << kept, index->covered_by);
		mask_other(index, candidate.number, tokens_count);
		wf_profile_finish(index->profile, index->other_tokens, tokens_count, index->other_mask,
				  &candidate.comparison);
		index->candidates[kept++] = candidate;
	}
	if (index->candidates_count > index->stats.candidates_max)
		index->stats.candidates_max = index->candidates_count;
	index->candidates_count = kept;
}

/* How much of the newcomer's own content `candidate` has, and none of the candidates in `others`, [0, 1]. */
static double contained_beyond(const struct wf_index *index, uint32_t candidate, uint64_t others)
{
	const struct wf_newcomer *newcomer = index->newcomer;
	const double own = index->candidates[candidate].comparison.own_weight * WF_WEIGHT_MAX;
	const uint64_t bit = UINT64_C(1) << candidate;
	const uint32_t covered = wf_kernels()->weigh_marked(newcomer->weights, newcomer->mask, index->covered_by,
							    bit | others, bit, newcomer->tokens_count);

	return own > 0 ? (double)covered / own : 0;
}

/* Whether the newcomer is made of passages of several stories: looks at the best candidate of each cluster, and at what
 * none before it has. Several clusters that have the same passages are one story that was not seen to be one. */
static bool newcomer_is_composite(const struct wf_index *index)
{
	const struct wf_candidate *strongest = NULL;
	double contained = 0;
	uint64_t looked_at = 0;
	uint32_t parts = 0;

	for (uint32_t i = 0; i < index->candidates_count; i++)
		if (strongest == NULL || index->candidates[i].comparison.contained > strongest->comparison.contained)
			strongest = &index->candidates[i];
	for (uint32_t i = 0; i < index->candidates_count; i++)
		if (index->candidates[i].cluster == strongest->cluster)
			looked_at |= UINT64_C(1) << i;
	for (uint32_t i = 0; i < index->candidates_count; i++) {
		const struct wf_candidate *candidate = &index->candidates[i];
		bool is_first = candidate->cluster != strongest->cluster && !candidate->is_composite;
		double beyond;

		for (uint32_t k = 0; k < i && is_first; k++)
			is_first = index->candidates[k].cluster != candidate->cluster;
		if (!is_first || !wf_decide_is_part(candidate->comparison.contained) ||
		    wf_decide_differs_in_figures(&candidate->comparison))
			continue;
		beyond = contained_beyond(index, i, looked_at);
		if (!wf_decide_is_part(beyond))
			continue;
		looked_at |= UINT64_C(1) << i;
		parts++;
		contained += beyond;
	}
	return strongest != NULL && wf_decide_is_composite(parts, contained, strongest->comparison.contained);
}

/* The part of what the candidate has of the newcomer that no other story's candidate has as well. */
static double alone_of(const struct wf_index *index, uint32_t candidate)
{
	const double contained = index->candidates[candidate].comparison.contained;
	uint64_t others = 0;
	double beyond;

	for (uint32_t k = 0; k < index->candidates_count; k++)
		if (index->candidates[k].cluster != index->candidates[candidate].cluster)
			others |= UINT64_C(1) << k;
	if (others == 0 || contained <= 0)
		return 1;
	beyond = contained_beyond(index, candidate, others);
	return beyond < contained ? beyond / contained : 1;
}

static void weigh_candidates(struct wf_index *index)
{
	for (uint32_t i = 0; i < index->candidates_count; i++)
		index->candidates[i].comparison.alone = alone_of(index, i);
	index->is_composite = newcomer_is_composite(index);
	for (uint32_t i = 0; i < index->candidates_count; i++) {
		struct wf_candidate *candidate = &index->candidates[i];

		candidate->strength = strength_of(candidate, index->is_composite, candidate->is_composite);
	}
}

/* The stronger first; of equals the more alike, then the older. */
static bool is_stronger(const struct wf_candidate *a, const struct wf_candidate *b)
{
	if (a->strength > b->strength || a->strength < b->strength)
		return a->strength > b->strength;
	if (a->comparison.resemblance > b->comparison.resemblance ||
	    a->comparison.resemblance < b->comparison.resemblance)
		return a->comparison.resemblance > b->comparison.resemblance;
	return a->number < b->number;
}

static struct wf_candidate *strongest_of(struct wf_index *index)
{
	struct wf_candidate *best = NULL;

	for (uint32_t i = 0; i < index->candidates_count; i++) {
		struct wf_candidate *candidate = &index->candidates[i];

		if (candidate->strength > 0 && (best == NULL || is_stronger(candidate, best)))
			best = candidate;
	}
	return best;
}

/* Whether the candidate only quotes the newcomer: it has much more, and the others of its cluster are cut out of it as
 * the newcomer would be, but elsewhere. So a roundup that came before the stories it quotes gathers the first of
 * them, and no other. */
static bool is_quoted(struct wf_index *index, const struct wf_candidate *candidate)
{
	const struct wf_cluster_article *article = wf_clusters_article(&index->clusters, candidate->number);
	uint32_t looked_at = 0;

	if (candidate->is_same || candidate->comparison.covering >= QUOTED_COVERING)
		return false;
	for (uint32_t i = 0; i < QUOTED_LOOK; i++) {
		const uint64_t number = wf_clusters_number(&index->clusters, article->previous);
		struct wf_comparison comparison;
		uint32_t tokens_count;

		if (number == candidate->number)
			break;
		article = wf_clusters_article(&index->clusters, number);
		if (article->relation != WF_RELATION_EXCERPT || article->match != candidate->number ||
		    wf_index_take_other(index, number, &tokens_count) != 0)
			return false;
		index->stats.candidates++;
		looked_at++;
		wf_profile_scan(index->profile, index->other_tokens, tokens_count, &comparison);
		if (comparison.contained >= QUOTED_APART)
			return false;
	}
	return looked_at > 0;
}

/* The strongest candidate that does more than quote the newcomer; NULL where there is none. */
static const struct wf_candidate *choose_strongest(struct wf_index *index)
{
	struct wf_candidate *strongest = strongest_of(index);

	while (strongest != NULL && is_quoted(index, strongest)) {
		strongest->strength = 0;
		strongest = strongest_of(index);
	}
	return strongest;
}

/* Whether two stored articles tell one story. */
static bool is_one_story(struct wf_index *index, uint64_t first, uint64_t second)
{
	const struct wf_cluster_article *a = wf_clusters_article(&index->clusters, first);
	const struct wf_cluster_article *b = wf_clusters_article(&index->clusters, second);
	const bool is_first_longer = a != NULL && b != NULL && a->own_tokens >= b->own_tokens;
	const uint64_t longer = is_first_longer ? first : second;
	const uint64_t shorter = is_first_longer ? second : first;
	struct wf_comparison comparison;
	uint32_t longer_count;
	uint32_t shorter_count;

	if (wf_index_take_other(index, longer, &longer_count) != 0)
		return false;
	mask_other(index, longer, longer_count);
	memcpy(index->pair_tokens, index->other_tokens, longer_count * sizeof *index->pair_tokens);
	memcpy(index->pair_mask, index->other_mask, longer_count);
	if (wf_index_take_other(index, shorter, &shorter_count) != 0)
		return false;
	mask_other(index, shorter, shorter_count);
	index->stats.candidates++;
	wf_profile_set(index->profile, index->pair_tokens, longer_count, index->pair_mask, index->frequency.weights,
		       NULL);
	wf_profile_compare(index->profile, index->other_tokens, shorter_count, index->other_mask, &comparison);
	return wf_decide_is_one_story(&comparison);
}

/* Whether the clusters of two candidates are one story: the candidates say so and, where neither cluster is small, so
 * do the fullest articles of both, since one stray member must not pull two stories together. */
static bool are_one_story(struct wf_index *index, const struct wf_candidate *a, const struct wf_candidate *b)
{
	struct wf_cluster_summary first;
	struct wf_cluster_summary second;

	if (!is_one_story(index, a->number, b->number))
		return false;
	if (wf_clusters_size(&index->clusters, a->cluster) < FOLD_SMALL ||
	    wf_clusters_size(&index->clusters, b->cluster) < FOLD_SMALL)
		return true;
	return wf_clusters_summary(&index->clusters, a->cluster, &first) == 0 &&
	       wf_clusters_summary(&index->clusters, b->cluster, &second) == 0 &&
	       is_one_story(index, first.representative, second.representative);
}

/* Whether an editor holds the cluster apart from one of those that are to become one, or they would be held apart from
 * too many. */
static bool is_held_apart(const struct wf_index *index, const struct wf_decision *decision, uint64_t cluster)
{
	uint32_t total, count;
	bool is_held = wf_apart_holds(&index->apart, decision->cluster, cluster);

	if (wf_apart_of(&index->apart, cluster, &total) == NULL)
		return false;
	for (uint32_t i = 0; i < decision->merged_count && !is_held; i++) {
		is_held = wf_apart_holds(&index->apart, decision->merged[i], cluster);
		wf_apart_of(&index->apart, decision->merged[i], &count);
		total += count;
	}
	wf_apart_of(&index->apart, decision->cluster, &count);
	return is_held || total + count > WF_APART_MAX;
}

/* Other clusters that the newcomer joins as well: they become one with the strongest's where their own articles say
 * so too, and no editor holds them apart. */
static void decide_merges(struct wf_index *index, const struct wf_candidate *strongest, struct wf_decision *decision)
{
	uint64_t tried[WF_CANDIDATES_LIMIT];
	uint32_t tried_count = 0;

	for (uint32_t i = 0; i < index->candidates_count && decision->merged_count < WF_MERGED_MAX; i++) {
		const struct wf_candidate *candidate = &index->candidates[i];
		bool is_tried = candidate->cluster == strongest->cluster || candidate->strength <= 0;

		for (uint32_t k = 0; k < tried_count && !is_tried; k++)
			is_tried = tried[k] == candidate->cluster;
		if (is_tried)
			continue;
		tried[tried_count++] = candidate->cluster;
		if (!is_held_apart(index, decision, candidate->cluster) && are_one_story(index, strongest, candidate))
			decision->merged[decision->merged_count++] = candidate->cluster;
	}
}

/* The biggest of the clusters that become one keeps its ID, the oldest of equals. */
static void choose_survivor(const struct wf_index *index, struct wf_decision *decision)
{
	for (uint32_t i = 0; i < decision->merged_count; i++) {
		const uint64_t cluster = decision->cluster;

		if (wf_clusters_outranks(&index->clusters, decision->merged[i], cluster)) {
			decision->cluster = decision->merged[i];
			decision->merged[i] = cluster;
		}
	}
}

static void decide_related(const struct wf_index *index, struct wf_decision *decision)
{
	const struct wf_candidate *nearest = NULL;

	for (uint32_t i = 0; i < index->candidates_count; i++) {
		const struct wf_candidate *candidate = &index->candidates[i];
		bool is_listed = false;

		if (!wf_decide_is_related(&candidate->comparison) || candidate->cluster == decision->cluster)
			continue;
		if (nearest == NULL || candidate->comparison.contained > nearest->comparison.contained)
			nearest = candidate;
		for (uint32_t k = 0; k < decision->related_count && !is_listed; k++)
			is_listed = decision->related[k] == candidate->cluster;
		if (!is_listed && decision->related_count < WF_RELATED_MAX)
			decision->related[decision->related_count++] = candidate->cluster;
	}
	if (nearest == NULL)
		return;
	decision->relation = WF_RELATION_PARTIAL;
	decision->match = nearest->number;
	decision->similarity = nearest->comparison.resemblance;
	decision->containment = nearest->comparison.contained;
}

static void decide_match(const struct wf_candidate *nearest, struct wf_decision *decision)
{
	decision->is_new = false;
	decision->relation = wf_decide_relation(&nearest->comparison, nearest->is_same);
	decision->match = nearest->number;
	decision->similarity = nearest->is_same ? 1 : nearest->comparison.resemblance;
	decision->containment = nearest->is_same ? 1 : nearest->comparison.contained;
}

static void decide_size(const struct wf_index *index, uint64_t replaces, struct wf_decision *decision)
{
	decision->size = 1 + wf_clusters_size(&index->clusters, decision->cluster);
	for (uint32_t i = 0; i < decision->merged_count; i++)
		decision->size += wf_clusters_size(&index->clusters, decision->merged[i]);
	if (replaces != 0) {
		const struct wf_cluster_article *old = wf_clusters_article(&index->clusters, replaces);

		decision->size -=
			old != NULL && wf_clusters_resolve(&index->clusters, old->cluster) == decision->cluster;
	}
}

/* The newcomer joins the strongest candidate's cluster. */
static void decide_join(struct wf_index *index, const struct wf_candidate *strongest, struct wf_decision *decision)
{
	decide_match(strongest, decision);
	decision->cluster = strongest->cluster;
	decide_merges(index, strongest, decision);
	choose_survivor(index, decision);
}

/* The article that the newcomer replaces, compared with it; of strength 0 where it tells another story. */
static struct wf_candidate compare_replaced(struct wf_index *index, uint64_t number)
{
	const struct wf_cluster_article *article = wf_clusters_article(&index->clusters, number);
	struct wf_candidate old = {.number = number};
	uint32_t tokens_count;

	if (article == NULL || wf_index_take_other(index, number, &tokens_count) != 0)
		return old;
	old.cluster = article->cluster;
	index->stats.candidates++;
	profile_newcomer(index);
	mask_other(index, number, tokens_count);
	wf_profile_compare(index->profile, index->other_tokens, tokens_count, index->other_mask, &old.comparison);
	old.is_same = is_same_text(index, tokens_count);
	old.strength = strength_of(&old, false, false);
	return old;
}

static bool is_merged(const struct wf_decision *decision, uint64_t cluster)
{
	bool found = cluster == decision->cluster;

	for (uint32_t i = 0; i < decision->merged_count; i++)
		found |= decision->merged[i] == cluster;
	return found;
}

/* The newcomer stays in the cluster of the article that it replaces, also where nothing else there is like it: an ID
 * that was told goes on to stand for the story, and so does what an editor said of it. Its match is another article of
 * that cluster or of those that become one with it. */
static void decide_kept(struct wf_index *index, const struct wf_candidate *old, struct wf_decision *decision)
{
	const enum wf_relation relation = wf_clusters_article(&index->clusters, old->number)->relation;
	const struct wf_candidate *nearest = NULL;

	decision->is_kept = true;
	decision->is_new = relation == WF_RELATION_UNIQUE || relation == WF_RELATION_PARTIAL;
	decision->cluster = old->cluster;
	decide_merges(index, old, decision);
	for (uint32_t i = 0; i < index->candidates_count; i++) {
		const struct wf_candidate *candidate = &index->candidates[i];

		if (candidate->strength > 0 && is_merged(decision, candidate->cluster) &&
		    (nearest == NULL || is_stronger(candidate, nearest)))
			nearest = candidate;
	}
	if (nearest != NULL)
		decide_match(nearest, decision);
	else
		decide_related(index, decision);
	choose_survivor(index, decision);
}

/* Finds and compares the candidates; the one that the newcomer joins, or NULL. */
static const struct wf_candidate *weigh_all(struct wf_index *index, uint64_t replaces)
{
	struct wf_tally_entry best[WF_TALLY_BEST];
	const struct wf_newcomer *next;
	uint32_t best_count;

	wf_tally_begin(&index->tally, &index->lsh, index->newcomer);
	next = make_ahead(index);
	best_count = find_best(index, best);
	if (best_count > 0)
		profile_newcomer(index);
	choose_candidates(index, best, best_count, replaces);
	find_evidence(index);
	if (next != NULL)
		wf_lsh_prefetch(&index->lsh, next->keys, next->keys_count);
	compare_candidates(index);
	weigh_candidates(index);
	return choose_strongest(index);
}

/* Of the candidates of the source, the gap in that which has the most of the newcomer. */
static uint32_t gap_of_nearest_page(const struct wf_index *index, uint64_t source)
{
	const struct wf_comparison *nearest = NULL;

	for (uint32_t i = 0; i < index->candidates_count; i++) {
		const struct wf_candidate *candidate = &index->candidates[i];

		if (wf_clusters_article(&index->clusters, candidate->number)->source == source &&
		    (nearest == NULL || candidate->comparison.contained > nearest->contained))
			nearest = &candidate->comparison;
	}
	return nearest == NULL ? 0 : nearest->gap;
}

/* A young source has printed nearly all of the newcomer before: the same story once more, or another between what it
 * prints on every page. It is the other where what is left without that joins a story, or is much and stands where an
 * earlier page has something else. */
static int try_other_page(struct wf_index *index, const struct wf_document *document, uint64_t source,
			  uint64_t replaces, const struct wf_candidate **strongest)
{
	const uint32_t gap = gap_of_nearest_page(index, source);
	const double own_before = index->newcomer->own_tokens;
	bool is_enough;
	int error = make_newcomer(index, index->newcomer, document, source, WF_PAGE_OTHER);

	if (error != 0)
		return error;
	is_enough = index->newcomer->own_tokens >= OTHER_PAGE_JOINS * own_before;
	if (is_enough) {
		*strongest = weigh_all(index, replaces);
		if (*strongest != NULL ||
		    (gap >= OTHER_PAGE_GAP && index->newcomer->own_tokens >= OTHER_PAGE_FOUNDS * own_before))
			return 0;
	}
	error = make_newcomer(index, index->newcomer, document, source, WF_PAGE_NEW);
	/* Where nothing was weighed since, all is as it was. */
	if (error == 0 && is_enough)
		*strongest = weigh_all(index, replaces);
	return error;
}

int wf_index_decide(struct wf_index *index, const struct wf_document *document, const struct wf_article_facts *facts,
		    uint64_t replaces, struct wf_decision *decision)
{
	const uint64_t candidates_before = index->stats.candidates;
	const struct wf_candidate *strongest;
	struct wf_candidate old = {.strength = 0};
	uint64_t candidates;
	int error = take_newcomer(index, document, facts->source);

	assert(index->restored.keys_count == 0);
	if (error != 0) {
		index->ahead = NULL;
		return error;
	}
	*decision = (struct wf_decision){
		.relation = WF_RELATION_UNIQUE, .is_new = true, .cluster = facts->number, .size = 1};
	strongest = weigh_all(index, replaces);
	if (index->newcomer->is_withheld)
		error = try_other_page(index, document, facts->source, replaces, &strongest);
	if (error != 0)
		return error;
	if (replaces != 0)
		old = compare_replaced(index, replaces);
	if (old.strength > 0)
		decide_kept(index, &old, decision);
	else if (strongest != NULL)
		decide_join(index, strongest, decision);
	else
		decide_related(index, decision);
	if (old.strength > 0 || strongest != NULL)
		decide_size(index, replaces, decision);
	candidates = index->stats.candidates - candidates_before;
	index->stats.decisions++;
	index->decisions_by_candidates[candidates < WF_CANDIDATES_COUNTED ? candidates : WF_CANDIDATES_COUNTED]++;
	return 0;
}

int wf_index_reconsider(struct wf_index *index, uint64_t number, struct wf_bytes sketch, uint64_t *match)
{
	const struct wf_cluster_article *article = wf_clusters_article(&index->clusters, number);
	const struct wf_index_stats stats = index->stats;
	const struct wf_candidate *strongest;
	struct wf_sketch_header header;
	struct wf_bytes evidence;
	const char *keys;
	uint32_t apart_count, fixed_count;
	int error = wf_index_read_sketch(sketch, &header, &keys);

	*match = 0;
	if (article == NULL)
		return WF_ENOTFOUND;
	wf_apart_of(&index->apart, article->cluster, &apart_count);
	if (error != 0 || apart_count > 0 || wf_clusters_size(&index->clusters, article->cluster) != 1)
		return error;
	error = index->read(index->read_context, number, &evidence);
	if (error != 0)
		return error;
	fixed_count = header.keys_count < 1 + index->bands.bands ? header.keys_count : 1 + index->bands.bands;
	memcpy(index->keys, keys, fixed_count * sizeof *index->keys);
	error = wf_newcomer_remake(index->newcomer, evidence, article->source, index->keys, fixed_count,
				   &index->boilerplate, &index->frequency);
	if (error != 0)
		return error;
	strongest = weigh_all(index, number);
	if (strongest != NULL && wf_decide_is_mended(strongest->strength))
		*match = strongest->number;
	/* These are of newcomers. */
	index->stats = stats;
	return 0;
}

/* The tokens of one side, and what of them is boilerplate. */
static int take_side(const struct wf_index *index, const struct wf_index_side *side, uint16_t *tokens, uint8_t *mask,
		     uint32_t *tokens_count)
{
	const int error = wf_evidence_decode(side->evidence, tokens, tokens_count);

	if (error == 0)
		wf_boilerplate_mask(&index->boilerplate, side->source, tokens, *tokens_count,
				    side->is_stored ? WF_PAGE_LEARNED : WF_PAGE_NEW, mask);
	return error;
}

int wf_index_compare(struct wf_index *index, const struct wf_index_side *a, const struct wf_index_side *b,
		     struct wf_index_comparison *comparison)
{
	struct wf_comparison evidence;
	uint32_t other_count;
	uint32_t count;
	int error = take_side(index, a, index->pair_tokens, index->pair_mask, &count);

	if (error == 0)
		error = take_side(index, b, index->other_tokens, index->other_mask, &other_count);
	if (error != 0)
		return error;
	wf_profile_set(index->profile, index->pair_tokens, count, index->pair_mask, index->frequency.weights, NULL);
	wf_profile_compare(index->profile, index->other_tokens, other_count, index->other_mask, &evidence);
	*comparison = (struct wf_index_comparison){evidence.resemblance, evidence.contained, evidence.covering};
	return 0;
}
