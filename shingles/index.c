#include "index.h"

#include <assert.h>
#include <stdlib.h>

#include "apart.h"
#include "base/prefetch.h"
#include "boilerplate.h"
#include "cluster.h"
#include "decide.h"
#include "evidence.h"
#include "frequency.h"
#include "lsh.h"
#include "mending.h"
#include "newcomer.h"
#include "sketch.h"

#define THRESHOLD_DEFAULT     0.6
#define CANDIDATES_DEFAULT    8u
#define CANDIDATES_LIMIT      64u
#define CANDIDATES_OF_CLUSTER 2u
#define SOURCES_MAX           8192u
#define TALLY_SLOTS           8192u /* WF_NEWCOMER_KEYS_MAX full buckets fill less than half */
#define TALLY_BITS_MIN        8
#define TALLY_BEST            64u
#define SAME_TEXT_SCORE       1000u
#define SAME_TEXT_STRENGTH    2.0 /* more than any share */
#define BAND_SCORE            24u
#define PASSAGE_SCORE         16u
#define SCORE_LEAST           8u  /* less than one key that few articles have: looked at only where nothing else is */
#define PASSAGES_MANY         20u /* with so many keys, one in common is chance */
#define SOURCE_LOOK_BACK      32u
#define FOLD_SMALL            6u   /* articles of a cluster that follows on the word of one */
#define QUOTED_COVERING       0.40 /* a candidate that has so much more may be a roundup */
#define QUOTED_LOOK           2u
#define QUOTED_APART          0.15
#define OTHER_PAGE_JOINS      0.08 /* of a page: what its source had not printed may be a story of its own ... */
#define OTHER_PAGE_FOUNDS     0.20 /* ... and is one, though it joins none, where it is so much ... */
#define OTHER_PAGE_GAP        12u /* ... and as many tokens stand in the midst of it where an earlier page has others */
#define CANDIDATES_COUNTED    256u /* decisions that examined more are counted as this many */
#define EVIDENCE_AHEAD        1024u /* bytes of it that are asked for: the processor sees itself that more is read */
#define SKETCH_VERSION        1
#define STATE_VERSION         3

_Static_assert(WF_NEWCOMER_KEYS_MAX *WF_LSH_BUCKET_MAX * 2 <= TALLY_SLOTS, "the tally never fills");
_Static_assert(WF_NEWCOMER_KEYS_MAX <= WF_LSH_KEYS_MAX, "all keys are looked up together");
_Static_assert((TALLY_SLOTS & (TALLY_SLOTS - 1)) == 0, "a slot is a mask of the hash");

/* What the store keeps for a restart: [ header | keys ]. */
struct sketch_header {
	uint8_t version;
	uint8_t is_composite;
	uint8_t is_learned; /* the source had not printed the story before */
	uint8_t is_story;   /* it founded its cluster */
	uint32_t own_tokens;
	uint32_t keys_count;
};

struct tally_slot {
	uint32_t number; /* 0: free */
	uint16_t score;
	uint16_t hits; /* keys in common */
};

struct candidate {
	uint64_t number;
	uint64_t cluster;
	uint32_t score;
	bool is_composite;
	bool is_same;
	double strength;
	struct wf_comparison comparison;
};

struct wf_index {
	struct wf_index_settings settings;
	struct wf_bands bands;
	wf_evidence_cb read;
	void *read_context;
	struct wf_lsh lsh;
	struct wf_boilerplate boilerplate;
	struct wf_frequency frequency;
	struct wf_clusters clusters;
	struct wf_apart apart;
	struct wf_mending mending;
	struct wf_profile *profile;
	struct wf_index_stats stats;
	uint64_t decisions_by_candidates[CANDIDATES_COUNTED + 1];
	uint64_t learned_number; /* the last article learned from */

	/* The newcomer, between decide and apply, and the one made ready ahead of its turn. */
	bool is_composite;
	struct wf_newcomer *newcomer;
	struct wf_newcomer *prepared;
	struct wf_newcomer newcomers[2];
	const struct wf_document *ahead; /* to be made ready; NULL: none is */
	uint64_t ahead_source;

	/* Room for one decision. */
	uint32_t candidates_count;
	struct candidate candidates[CANDIDATES_LIMIT];
	uint64_t
		covered_by[WF_DOCUMENT_TOKENS_MAX]; /* by token of the newcomer: a bit for each candidate that has it */
	uint16_t other_tokens[WF_DOCUMENT_TOKENS_MAX];
	uint8_t other_mask[WF_DOCUMENT_TOKENS_MAX];
	uint16_t pair_tokens[WF_DOCUMENT_TOKENS_MAX];
	uint8_t pair_mask[WF_DOCUMENT_TOKENS_MAX];
	uint8_t marks[WF_TOKEN_VALUES / 8];
	uint64_t keys[WF_DOCUMENT_KEYS_MAX];
	uint32_t found_count;
	struct wf_lsh_found found[WF_NEWCOMER_KEYS_MAX * WF_LSH_BUCKET_MAX];
	struct tally_slot tally[TALLY_SLOTS];
	uint16_t chosen[WF_NEWCOMER_KEYS_MAX * WF_LSH_BUCKET_MAX];
};

int wf_index_new(struct wf_index **index, const struct wf_index_settings *settings, wf_evidence_cb read, void *context)
{
	struct wf_index *made;
	int error;

	if (settings->threshold < 0 || settings->threshold >= 1 || settings->candidates_max > CANDIDATES_LIMIT)
		return -EINVAL;
	made = calloc(1, sizeof *made);
	if (made == NULL)
		return WF_ENOMEM;
	made->settings = *settings;
	if (made->settings.threshold == 0)
		made->settings.threshold = THRESHOLD_DEFAULT;
	if (made->settings.candidates_max == 0)
		made->settings.candidates_max = CANDIDATES_DEFAULT;
	made->bands = wf_bands_for(made->settings.threshold);
	made->read = read;
	made->read_context = context;
	made->newcomer = &made->newcomers[0];
	made->prepared = &made->newcomers[1];
	wf_clusters_init(&made->clusters);
	wf_apart_init(&made->apart);
	wf_mending_init(&made->mending);
	wf_frequency_init(&made->frequency);
	error = wf_lsh_init(&made->lsh);
	if (error == 0)
		error = wf_boilerplate_init(&made->boilerplate, SOURCES_MAX);
	if (error == 0)
		error = wf_profile_new(&made->profile);
	if (error != 0) {
		wf_index_free(made);
		return error;
	}
	*index = made;
	return 0;
}

void wf_index_free(struct wf_index *index)
{
	if (index == NULL)
		return;
	wf_lsh_close(&index->lsh);
	wf_boilerplate_close(&index->boilerplate);
	wf_clusters_close(&index->clusters);
	wf_apart_close(&index->apart);
	wf_mending_close(&index->mending);
	wf_profile_free(index->profile);
	free(index);
}

static int make_newcomer(const struct wf_index *index, struct wf_newcomer *newcomer, const struct wf_document *document,
			 uint64_t source, enum wf_page page)
{
	const int error = wf_newcomer_make(newcomer, document, source, page, index->bands, &index->boilerplate,
					   &index->frequency);

	if (error == 0)
		wf_lsh_prefetch(&index->lsh, newcomer->keys, newcomer->keys_count);
	return error;
}

void wf_index_look_ahead(const struct wf_index *index, const struct wf_document *document, uint64_t source,
			 bool is_query)
{
	const size_t length = document->evidence.length;

	wf_prefetch(document->evidence.data, length < EVIDENCE_AHEAD ? length : EVIDENCE_AHEAD);
	wf_prefetch(&document->sketch, sizeof document->sketch);
	wf_boilerplate_prefetch(&index->boilerplate, source, !is_query);
}

void wf_index_prepare(struct wf_index *index, const struct wf_document *document, uint64_t source)
{
	index->ahead = document;
	index->ahead_source = source;
}

/* Makes the article ready that was to be, so that its lines come from memory while the one in hand is compared. */
static void make_ahead(struct wf_index *index)
{
	if (index->ahead != NULL)
		(void)make_newcomer(index, index->prepared, index->ahead, index->ahead_source, WF_PAGE_NEW);
	index->ahead = NULL;
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

/* What it says that an article is under a key: more where few others are. */
static uint16_t score_of(const struct wf_newcomer *newcomer, const struct wf_lsh_found *found)
{
	const uint32_t score = found->place == 0                 ? SAME_TEXT_SCORE
			       : found->place <= newcomer->bands ? BAND_SCORE
								 : PASSAGE_SCORE;

	return (uint16_t)(1 + score * 4 / (found->count + 3u));
}

/* The higher score first; of equals the older article, so that the order in which keys were entered does not matter. */
static bool comes_first(const struct tally_slot *a, const struct tally_slot *b)
{
	return a->score != b->score ? a->score > b->score : a->number < b->number;
}

static void insert_best(struct tally_slot best[TALLY_BEST], uint32_t *count, struct tally_slot slot)
{
	uint32_t at = *count;

	if (at == TALLY_BEST && !comes_first(&slot, &best[TALLY_BEST - 1]))
		return;
	if (at == TALLY_BEST)
		at = TALLY_BEST - 1;
	else
		*count += 1;
	for (; at > 0 && comes_first(&slot, &best[at - 1]); at--)
		best[at] = best[at - 1];
	best[at] = slot;
}

/* Adds up what was found article by article, in a table just large enough, and gives those that have `hits_least` keys
 * in common with the highest scores, best first. */
static uint32_t tally(struct wf_index *index, uint32_t hits_least, struct tally_slot best[TALLY_BEST])
{
	uint32_t bits = TALLY_BITS_MIN;
	uint32_t count = 0;
	uint32_t chosen_count = 0;

	while (1u << bits < 2 * index->found_count)
		bits++;
	memset(index->tally, 0, sizeof *index->tally << bits);
	for (uint32_t i = 0; i < index->found_count; i++) {
		const struct wf_lsh_found *found = &index->found[i];
		uint32_t slot = found->number * 0x9E3779B1u >> (32 - bits);

		while (index->tally[slot].number != 0 && index->tally[slot].number != found->number)
			slot = (slot + 1) & ((1u << bits) - 1);
		index->tally[slot].number = found->number;
		index->tally[slot].score = (uint16_t)(index->tally[slot].score + score_of(index->newcomer, found));
		index->tally[slot].hits++;
		index->chosen[chosen_count] = (uint16_t)slot;
		chosen_count += index->tally[slot].hits == hits_least;
	}
	for (uint32_t i = 0; i < chosen_count; i++)
		insert_best(best, &count, index->tally[index->chosen[i]]);
	return count;
}

/* Asks the LSH table who shares keys with the newcomer: the best of each cluster, `candidates_max` at most. */
static void find_candidates(struct wf_index *index, uint64_t replaces)
{
	const struct wf_newcomer *newcomer = index->newcomer;
	struct tally_slot best[TALLY_BEST];
	uint32_t passages;
	uint32_t best_count;

	index->candidates_count = 0;
	index->found_count = 0;
	if (newcomer->keys_count == 0)
		return;
	passages = newcomer->keys_count - 1 - newcomer->bands;
	index->found_count = (uint32_t)wf_lsh_find(&index->lsh, newcomer->keys, newcomer->keys_count, index->found);
	best_count = tally(index, passages >= PASSAGES_MANY ? 2 : 1, best);
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
		index->candidates[index->candidates_count++] = (struct candidate){
			.number = number,
			.cluster = article->cluster,
			.score = best[i].score,
			.is_composite = article->is_composite,
		};
	}
}

/* Reads a stored article's tokens into the other's place. */
static int take_other(struct wf_index *index, uint64_t number, uint32_t *tokens_count)
{
	struct wf_bytes evidence;
	const int error = index->read(index->read_context, number, &evidence);

	return error != 0 ? error : wf_evidence_decode(evidence, index->other_tokens, tokens_count);
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
		       index->frequency.weights);
}

/* Whether the other has the newcomer's tokens, boilerplate included. */
static bool is_same_text(const struct wf_index *index, uint32_t tokens_count)
{
	return tokens_count == index->newcomer->tokens_count &&
	       memcmp(index->other_tokens, index->newcomer->tokens, tokens_count * sizeof(uint16_t)) == 0;
}

static double strength_of(const struct candidate *candidate, bool is_composite, bool other_is_composite)
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
	profile_newcomer(index);
	if (index->candidates_count > 1)
		memset(index->covered_by, 0, newcomer->tokens_count * sizeof *index->covered_by);
	for (uint32_t i = 0; i < index->candidates_count; i++) {
		struct candidate candidate = index->candidates[i];
		uint32_t tokens_count;

		if (take_other(index, candidate.number, &tokens_count) != 0)
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
	const uint64_t bit = UINT64_C(1) << candidate;
	uint64_t own = 0;
	uint64_t covered = 0;

	for (uint32_t i = 0; i < newcomer->tokens_count; i++) {
		const uint32_t weight = newcomer->mask[i] ? 0 : newcomer->weights[i];

		own += weight;
		covered += (index->covered_by[i] & (bit | others)) == bit ? weight : 0;
	}
	return own == 0 ? 0 : (double)covered / (double)own;
}

/* Whether the newcomer is made of passages of several stories: looks at the best candidate of each cluster, and at what
 * none before it has. Several clusters that have the same passages are one story that was not seen to be one. */
static bool newcomer_is_composite(const struct wf_index *index)
{
	const struct candidate *strongest = NULL;
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
		const struct candidate *candidate = &index->candidates[i];
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
		struct candidate *candidate = &index->candidates[i];

		candidate->strength = strength_of(candidate, index->is_composite, candidate->is_composite);
	}
}

/* The stronger first; of equals the more alike, then the older. */
static bool is_stronger(const struct candidate *a, const struct candidate *b)
{
	if (a->strength > b->strength || a->strength < b->strength)
		return a->strength > b->strength;
	if (a->comparison.resemblance > b->comparison.resemblance ||
	    a->comparison.resemblance < b->comparison.resemblance)
		return a->comparison.resemblance > b->comparison.resemblance;
	return a->number < b->number;
}

static struct candidate *strongest_of(struct wf_index *index)
{
	struct candidate *best = NULL;

	for (uint32_t i = 0; i < index->candidates_count; i++) {
		struct candidate *candidate = &index->candidates[i];

		if (candidate->strength > 0 && (best == NULL || is_stronger(candidate, best)))
			best = candidate;
	}
	return best;
}

/* Whether the candidate only quotes the newcomer: it has much more, and the others of its cluster are cut out of it as
 * the newcomer would be, but elsewhere. So a roundup that came before the stories it quotes gathers the first of
 * them, and no other. */
static bool is_quoted(struct wf_index *index, const struct candidate *candidate)
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
		    take_other(index, number, &tokens_count) != 0)
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
static const struct candidate *choose_strongest(struct wf_index *index)
{
	struct candidate *strongest = strongest_of(index);

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

	if (take_other(index, longer, &longer_count) != 0)
		return false;
	mask_other(index, longer, longer_count);
	memcpy(index->pair_tokens, index->other_tokens, longer_count * sizeof *index->pair_tokens);
	memcpy(index->pair_mask, index->other_mask, longer_count);
	if (take_other(index, shorter, &shorter_count) != 0)
		return false;
	mask_other(index, shorter, shorter_count);
	index->stats.candidates++;
	wf_profile_set(index->profile, index->pair_tokens, longer_count, index->pair_mask, index->frequency.weights);
	wf_profile_compare(index->profile, index->other_tokens, shorter_count, index->other_mask, &comparison);
	return wf_decide_is_one_story(&comparison);
}

/* Whether the clusters of two candidates are one story: the candidates say so and, where neither cluster is small, so
 * do the fullest articles of both, since one stray member must not pull two stories together. */
static bool are_one_story(struct wf_index *index, const struct candidate *a, const struct candidate *b)
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
static void decide_merges(struct wf_index *index, const struct candidate *strongest, struct wf_decision *decision)
{
	uint64_t tried[CANDIDATES_LIMIT];
	uint32_t tried_count = 0;

	for (uint32_t i = 0; i < index->candidates_count && decision->merged_count < WF_MERGED_MAX; i++) {
		const struct candidate *candidate = &index->candidates[i];
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
		const uint64_t mine = wf_clusters_size(&index->clusters, decision->cluster);
		const uint64_t theirs = wf_clusters_size(&index->clusters, decision->merged[i]);
		const uint64_t cluster = decision->cluster;

		if (theirs > mine || (theirs == mine && decision->merged[i] < cluster)) {
			decision->cluster = decision->merged[i];
			decision->merged[i] = cluster;
		}
	}
}

static void decide_related(const struct wf_index *index, struct wf_decision *decision)
{
	const struct candidate *nearest = NULL;

	for (uint32_t i = 0; i < index->candidates_count; i++) {
		const struct candidate *candidate = &index->candidates[i];
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

static void decide_match(const struct candidate *nearest, struct wf_decision *decision)
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
static void decide_join(struct wf_index *index, const struct candidate *strongest, struct wf_decision *decision)
{
	decide_match(strongest, decision);
	decision->cluster = strongest->cluster;
	decide_merges(index, strongest, decision);
	choose_survivor(index, decision);
}

/* The article that the newcomer replaces, compared with it; of strength 0 where it tells another story. */
static struct candidate compare_replaced(struct wf_index *index, uint64_t number)
{
	const struct wf_cluster_article *article = wf_clusters_article(&index->clusters, number);
	struct candidate old = {.number = number};
	uint32_t tokens_count;

	if (article == NULL || take_other(index, number, &tokens_count) != 0)
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
static void decide_kept(struct wf_index *index, const struct candidate *old, struct wf_decision *decision)
{
	const enum wf_relation relation = wf_clusters_article(&index->clusters, old->number)->relation;
	const struct candidate *nearest = NULL;

	decision->is_kept = true;
	decision->is_new = relation == WF_RELATION_UNIQUE || relation == WF_RELATION_PARTIAL;
	decision->cluster = old->cluster;
	decide_merges(index, old, decision);
	for (uint32_t i = 0; i < index->candidates_count; i++) {
		const struct candidate *candidate = &index->candidates[i];

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
static const struct candidate *weigh_all(struct wf_index *index, uint64_t replaces)
{
	find_candidates(index, replaces);
	make_ahead(index);
	compare_candidates(index);
	weigh_candidates(index);
	return choose_strongest(index);
}

/* Of the candidates of the source, the gap in that which has the most of the newcomer. */
static uint32_t gap_of_nearest_page(const struct wf_index *index, uint64_t source)
{
	const struct wf_comparison *nearest = NULL;

	for (uint32_t i = 0; i < index->candidates_count; i++) {
		const struct candidate *candidate = &index->candidates[i];

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
			  uint64_t replaces, const struct candidate **strongest)
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
	const struct candidate *strongest;
	struct candidate old = {.strength = 0};
	uint64_t candidates;
	int error = take_newcomer(index, document, facts->source);

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
	index->decisions_by_candidates[candidates < CANDIDATES_COUNTED ? candidates : CANDIDATES_COUNTED]++;
	return 0;
}

/* Learns from an article: how common its words are, where it is the first of its story; what its source repeats, where
 * the source had not printed the story before. A lack of memory costs a little learning, nothing else. */
static void learn(struct wf_index *index, uint64_t number, uint64_t source, const uint16_t *tokens,
		  uint32_t tokens_count, const struct sketch_header *header)
{
	if (header->is_story)
		wf_frequency_learn(&index->frequency, tokens, tokens_count, index->marks);
	if (header->is_learned)
		(void)wf_boilerplate_learn(&index->boilerplate, source, tokens, tokens_count, header->is_story);
	index->learned_number = number;
}

static uint16_t scale16(double share)
{
	return (uint16_t)(share <= 0 ? 0 : share >= 1 ? UINT16_MAX : share * UINT16_MAX + 0.5);
}

static struct wf_cluster_article article_of(const struct wf_article_facts *facts, uint64_t cluster,
					    enum wf_relation relation, uint64_t match, double similarity,
					    double containment)
{
	return (struct wf_cluster_article){
		.cluster = cluster,
		.source = facts->source,
		.published = facts->published,
		.match = match,
		.seen = (uint32_t)(facts->seen < 0            ? 0
				   : facts->seen > UINT32_MAX ? UINT32_MAX
							      : facts->seen),
		.similarity = scale16(similarity),
		.containment = scale16(containment),
		.relation = (uint8_t)relation,
	};
}

static void enter_keys(struct wf_index *index, const uint64_t *keys, uint32_t keys_count, uint64_t number, int *error)
{
	uint32_t entered;

	wf_lsh_prefetch(&index->lsh, keys, keys_count);
	wf_lsh_prefetch_insert(&index->lsh, keys, keys_count);
	for (entered = 0; entered < keys_count && *error == 0; entered++)
		*error = wf_lsh_insert(&index->lsh, keys[entered], (uint32_t)number);
	if (*error != 0)
		while (entered-- > 0)
			wf_lsh_remove(&index->lsh, keys[entered], (uint32_t)number);
}

/* The keys to enter the newcomer under, and the bytes that the store keeps of them. */
static int make_sketch(struct wf_index *index, const struct sketch_header *flags, struct wf_arena *arena,
		       struct wf_bytes *sketch, uint32_t *keys_count)
{
	const uint32_t count = wf_newcomer_stored_keys(index->newcomer, index->keys, WF_DOCUMENT_KEYS_MAX);
	struct sketch_header header = *flags;
	char *out;

	header.keys_count = count;
	out = wf_arena_take(arena, sizeof header + count * sizeof(uint64_t));
	if (out == NULL)
		return WF_ENOMEM;
	memcpy(out, &header, sizeof header);
	memcpy(out + sizeof header, index->keys, count * sizeof(uint64_t));
	*sketch = (struct wf_bytes){out, sizeof header + count * sizeof(uint64_t)};
	*keys_count = count;
	return 0;
}

/* Room for all that the folds need, so that none of them fails. */
static int reserve_folds(struct wf_index *index, uint64_t into, const uint64_t *merged, size_t merged_count)
{
	uint32_t apart_count = 0;
	int error = wf_clusters_reserve(&index->clusters, merged_count);

	for (size_t i = 0; i < merged_count; i++) {
		uint32_t count;

		wf_apart_of(&index->apart, merged[i], &count);
		apart_count += count;
	}
	if (error == 0 && apart_count > 0)
		error = wf_apart_reserve(&index->apart, into, apart_count);
	return error;
}

static int fold(struct wf_index *index, uint64_t from, uint64_t into)
{
	const int error = wf_clusters_fold(&index->clusters, from, into);

	return error != 0 ? error : wf_apart_fold(&index->apart, from, into);
}

int wf_index_apply(struct wf_index *index, const struct wf_document *document, const struct wf_article_facts *facts,
		   struct wf_decision *decision, struct wf_arena *arena, struct wf_bytes *sketch)
{
	const bool is_founder = wf_decision_founds(decision);
	const uint64_t cluster = is_founder ? facts->number : decision->cluster;
	const struct sketch_header header = {
		.version = SKETCH_VERSION,
		.is_composite = index->is_composite,
		.is_story = is_founder,
		.is_learned = is_founder ||
			      !wf_clusters_has_source(&index->clusters, cluster, facts->source, SOURCE_LOOK_BACK),
		.own_tokens = index->newcomer->own_tokens,
	};
	struct wf_cluster_article article = article_of(facts, cluster, decision->relation, decision->match,
						       decision->similarity, decision->containment);
	uint32_t keys_count;
	int error;

	(void)document; /* without assertions */
	assert(index->newcomer->evidence == document->evidence.data);
	error = make_sketch(index, &header, arena, sketch, &keys_count);

	if (error == 0 && decision->merged_count > 0)
		error = reserve_folds(index, cluster, decision->merged, decision->merged_count);
	if (error != 0)
		return error;
	article.own_tokens = index->newcomer->own_tokens;
	article.is_composite = index->is_composite;
	enter_keys(index, index->keys, keys_count, facts->number, &error);
	if (error != 0)
		return error;
	error = wf_clusters_add(&index->clusters, facts->number, &article);
	for (uint32_t i = 0; error == 0 && i < decision->merged_count; i++)
		error = fold(index, decision->merged[i], cluster);
	if (error != 0) {
		for (uint32_t i = 0; i < keys_count; i++)
			wf_lsh_remove(&index->lsh, index->keys[i], (uint32_t)facts->number);
		(void)wf_clusters_remove(&index->clusters, facts->number);
		return error;
	}
	decision->cluster = cluster;
	decision->size = wf_clusters_size(&index->clusters, cluster);
	learn(index, facts->number, facts->source, index->newcomer->tokens, index->newcomer->tokens_count, &header);
	wf_mending_note(&index->mending, facts->source, facts->number, false);
	return 0;
}

/* The header of a sketch, and where its keys are. */
static int read_sketch(struct wf_bytes sketch, struct sketch_header *header, const char **keys)
{
	if (sketch.length < sizeof *header)
		return WF_ECORRUPT;
	memcpy(header, sketch.data, sizeof *header);
	if (header->version != SKETCH_VERSION || header->keys_count > WF_DOCUMENT_KEYS_MAX ||
	    sketch.length != sizeof *header + header->keys_count * sizeof(uint64_t))
		return WF_ECORRUPT;
	*keys = sketch.data + sizeof *header;
	return 0;
}

int wf_index_remove(struct wf_index *index, uint64_t number, struct wf_bytes sketch)
{
	const struct wf_cluster_article *article = wf_clusters_article(&index->clusters, number);
	const uint64_t cluster = article == NULL ? 0 : article->cluster;
	struct sketch_header header;
	const char *keys;
	int error = read_sketch(sketch, &header, &keys);

	if (error == 0)
		error = wf_clusters_remove(&index->clusters, number);
	if (error != 0)
		return error;
	if (wf_clusters_size(&index->clusters, cluster) == 0)
		wf_apart_forget(&index->apart, cluster);
	for (uint32_t i = 0; i < header.keys_count; i++) {
		uint64_t key;

		memcpy(&key, keys + i * sizeof key, sizeof key);
		wf_lsh_remove(&index->lsh, key, (uint32_t)number);
	}
	return 0;
}

int wf_index_restore(struct wf_index *index, const struct wf_index_article *stored, struct wf_bytes sketch)
{
	const uint64_t resolved = wf_clusters_resolve(&index->clusters, stored->cluster);
	struct wf_cluster_article article = article_of(&stored->facts, resolved, stored->relation, stored->match,
						       stored->similarity, stored->containment);
	struct sketch_header header;
	const char *keys;
	int error = read_sketch(sketch, &header, &keys);

	if (error != 0)
		return error;
	if (resolved == 0) {
		/* Its cluster has no other article yet. */
		article.cluster = wf_clusters_destination(&index->clusters, stored->cluster);
		if (article.cluster == 0)
			return WF_ECORRUPT;
	}
	article.own_tokens = header.own_tokens;
	article.is_composite = header.is_composite;
	memcpy(index->keys, keys, header.keys_count * sizeof(uint64_t));
	enter_keys(index, index->keys, header.keys_count, stored->facts.number, &error);
	if (error == 0)
		error = wf_clusters_add(&index->clusters, stored->facts.number, &article);
	if (error == 0 && stored->facts.number > index->learned_number) {
		uint32_t tokens_count;

		if (take_other(index, stored->facts.number, &tokens_count) == 0)
			learn(index, stored->facts.number, stored->facts.source, index->other_tokens, tokens_count,
			      &header);
	}
	if (error == 0)
		wf_mending_note(&index->mending, stored->facts.source, stored->facts.number, true);
	return error;
}

void wf_index_restore_ahead(const struct wf_index *index, struct wf_bytes sketch)
{
	struct sketch_header header;
	const char *keys;

	if (read_sketch(sketch, &header, &keys) != 0)
		return;
	for (uint32_t i = 0; i < header.keys_count; i++) {
		uint64_t key;

		memcpy(&key, keys + i * sizeof key, sizeof key);
		wf_lsh_prefetch(&index->lsh, &key, 1);
	}
}

void wf_index_reserve(struct wf_index *index, uint64_t articles)
{
	const uint64_t there = index->clusters.articles_count;

	if (there > 0)
		(void)wf_lsh_reserve(&index->lsh, index->lsh.entries_count / there * articles);
}

int wf_index_restore_redirect(struct wf_index *index, uint64_t from, uint64_t into)
{
	return wf_clusters_redirect(&index->clusters, from, into);
}

/* ---- mending ---- */

uint64_t wf_index_mend_next(struct wf_index *index)
{
	return wf_mending_next(&index->mending);
}

int wf_index_reconsider(struct wf_index *index, uint64_t number, struct wf_bytes sketch, uint64_t *match)
{
	const struct wf_cluster_article *article = wf_clusters_article(&index->clusters, number);
	const struct wf_index_stats stats = index->stats;
	const struct candidate *strongest;
	struct sketch_header header;
	struct wf_bytes evidence;
	const char *keys;
	uint32_t apart_count, fixed_count;
	int error = read_sketch(sketch, &header, &keys);

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
	find_candidates(index, number);
	compare_candidates(index);
	weigh_candidates(index);
	strongest = choose_strongest(index);
	if (strongest != NULL && wf_decide_is_mended(strongest->strength))
		*match = strongest->number;
	/* These are of newcomers. */
	index->stats = stats;
	return 0;
}

/* ---- editors' words ---- */

/* The clusters as they are now, each once, in `now`; the one that is to keep its ID first. */
static int resolve_all(const struct wf_index *index, const uint64_t *clusters, size_t clusters_count, uint64_t *now,
		       size_t *now_count, size_t *place)
{
	size_t count = 0, best = 0;
	uint64_t first;

	for (size_t i = 0; i < clusters_count; i++) {
		const uint64_t cluster = wf_clusters_resolve(&index->clusters, clusters[i]);
		uint64_t size, best_size;
		size_t k = 0;

		if (cluster == 0) {
			*place = i;
			return WF_ENOTFOUND;
		}
		while (k < count && now[k] != cluster)
			k++;
		if (k < count)
			continue;
		now[count++] = cluster;
		size = wf_clusters_size(&index->clusters, cluster);
		best_size = wf_clusters_size(&index->clusters, now[best]);
		if (size > best_size || (size == best_size && cluster < now[best]))
			best = k;
	}
	first = now[best];
	now[best] = now[0];
	now[0] = first;
	*now_count = count;
	return 0;
}

int wf_index_merge(struct wf_index *index, const uint64_t *clusters, size_t clusters_count, struct wf_arena *arena,
		   struct wf_index_merge *merge, size_t *place)
{
	uint64_t *now = wf_arena_take(arena, clusters_count * sizeof *now);
	uint64_t apart_count = 0;
	size_t now_count;
	int error = now == NULL ? WF_ENOMEM : resolve_all(index, clusters, clusters_count, now, &now_count, place);

	if (error != 0)
		return error;
	for (size_t i = 0; i < now_count; i++) {
		uint32_t count;

		wf_apart_of(&index->apart, now[i], &count);
		apart_count += count;
	}
	/* Between clusters of the list, both sides of a pair are counted, and nothing of it will be left. */
	for (size_t i = 0; i < now_count; i++)
		for (size_t k = 0; k < now_count && apart_count > WF_APART_MAX; k++)
			apart_count -= wf_apart_holds(&index->apart, now[i], now[k]);
	if (apart_count > WF_APART_MAX)
		return WF_ETOOLARGE;
	error = reserve_folds(index, now[0], now + 1, now_count - 1);
	for (size_t i = 1; i < now_count && error == 0; i++)
		error = fold(index, now[i], now[0]);
	*merge = (struct wf_index_merge){now[0], now + 1, now_count - 1};
	return error;
}

int wf_index_split(struct wf_index *index, uint64_t cluster, const uint64_t *numbers, size_t numbers_count,
		   uint64_t fresh, struct wf_arena *arena, const uint64_t **apart, size_t *apart_count)
{
	const uint64_t now = wf_clusters_resolve(&index->clusters, cluster);
	uint32_t count;
	const uint64_t *others = wf_apart_of(&index->apart, now, &count);
	uint64_t *list = wf_arena_take(arena, (count + 1) * sizeof *list);
	int error = 0;

	if (list == NULL)
		return WF_ENOMEM;
	if (count > 0)
		memcpy(list, others, count * sizeof *list);
	list[count++] = now;
	for (uint32_t i = 0; i < count && error == 0; i++)
		error = wf_apart_add(&index->apart, fresh, list[i]);
	if (error == 0)
		error = wf_clusters_split(&index->clusters, now, numbers, numbers_count, fresh);
	if (error != 0)
		wf_apart_forget(&index->apart, fresh);
	*apart = list;
	*apart_count = count;
	return error;
}

int wf_index_restore_apart(struct wf_index *index, uint64_t cluster, const uint64_t *others, size_t others_count)
{
	const uint64_t now = wf_clusters_resolve(&index->clusters, cluster);
	int held = 0;

	for (size_t i = 0; i < others_count && now != 0; i++) {
		const uint64_t other = wf_clusters_resolve(&index->clusters, others[i]);
		int error;

		if (other == 0 || other == now)
			continue;
		error = wf_apart_add(&index->apart, now, other);
		if (error == WF_ENOMEM)
			return error;
		held += error == 0;
	}
	return held;
}

int wf_index_cluster(struct wf_index *index, uint64_t cluster, struct wf_cluster_summary *summary)
{
	return wf_clusters_summary(&index->clusters, cluster, summary);
}

uint64_t wf_index_size(const struct wf_index *index, uint64_t cluster)
{
	return wf_clusters_size(&index->clusters, cluster);
}

uint64_t wf_index_sources(const struct wf_index *index, uint64_t cluster, const uint64_t *sources,
			  uint32_t sources_count, uint64_t wanted, uint32_t articles_max)
{
	return wf_clusters_sources(&index->clusters, cluster, sources, sources_count, wanted, articles_max);
}

int wf_index_members(struct wf_index *index, uint64_t cluster, struct wf_arena *arena, const uint64_t **numbers,
		     size_t *numbers_count)
{
	return wf_clusters_members(&index->clusters, cluster, arena, numbers, numbers_count);
}

int wf_index_article(const struct wf_index *index, uint64_t number, struct wf_index_article *article)
{
	const struct wf_cluster_article *stored = wf_clusters_article(&index->clusters, number);

	if (stored == NULL)
		return WF_ENOTFOUND;
	*article = (struct wf_index_article){
		.facts = {number, stored->source, stored->seen, stored->published},
		.cluster = stored->cluster,
		.relation = stored->relation,
		.match = stored->match,
		.similarity = stored->similarity / (double)UINT16_MAX,
		.containment = stored->containment / (double)UINT16_MAX,
	};
	return 0;
}

int wf_index_list(struct wf_index *index, const struct wf_cluster_filter *filter, struct wf_cluster_summary *summaries,
		  size_t limit, size_t *count, bool *more)
{
	return wf_clusters_list(&index->clusters, filter, summaries, limit, count, more);
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
	wf_profile_set(index->profile, index->pair_tokens, count, index->pair_mask, index->frequency.weights);
	wf_profile_compare(index->profile, index->other_tokens, other_count, index->other_mask, &evidence);
	*comparison = (struct wf_index_comparison){evidence.resemblance, evidence.contained, evidence.covering};
	return 0;
}

/* The least number of candidates that `share` of all decisions did not exceed. */
static uint64_t candidates_at(const struct wf_index *index, double share)
{
	const double wanted = share * (double)index->stats.decisions;
	uint64_t decisions = 0;
	uint64_t candidates = 0;

	for (; candidates < CANDIDATES_COUNTED; candidates++) {
		decisions += index->decisions_by_candidates[candidates];
		if ((double)decisions >= wanted)
			break;
	}
	return candidates;
}

void wf_index_stats(const struct wf_index *index, struct wf_index_stats *stats)
{
	*stats = index->stats;
	stats->candidates_p999 = candidates_at(index, 0.999);
	stats->articles = index->clusters.articles_count;
	stats->clusters = index->clusters.clusters_count;
	stats->memory_bytes = sizeof *index + index->lsh.memory_bytes + index->boilerplate.memory_bytes +
			      wf_map_memory_bytes(&index->boilerplate.sources) +
			      wf_clusters_memory_bytes(&index->clusters) + wf_apart_memory_bytes(&index->apart) +
			      wf_map_memory_bytes(&index->mending.sources);
}

/* State: [ version u32 | 0 u32 | learned_number u64 | frequency bytes u64 | frequency | boilerplate ]. */
struct state_header {
	uint32_t version;
	uint32_t padding;
	uint64_t learned_number;
	uint64_t frequency_bytes;
};

static size_t state_fixed_bytes(const struct wf_index *index)
{
	return sizeof(struct state_header) + sizeof index->frequency;
}

int wf_index_state_save_begin(struct wf_index *index, struct wf_arena *arena, struct wf_bytes *state)
{
	const struct state_header header = {STATE_VERSION, 0, index->learned_number, sizeof index->frequency};
	const size_t fixed = state_fixed_bytes(index);
	const size_t bytes = fixed + wf_boilerplate_saved_bytes(&index->boilerplate);
	char *out = wf_arena_take(arena, bytes);

	if (out == NULL)
		return WF_ENOMEM;
	memcpy(out, &header, sizeof header);
	memcpy(out + sizeof header, &index->frequency, sizeof index->frequency);
	*state = (struct wf_bytes){out, bytes};
	return wf_boilerplate_save_begin(&index->boilerplate, out + fixed);
}

void wf_index_state_save_fill(struct wf_index *index, size_t until)
{
	const size_t fixed = state_fixed_bytes(index);

	if (until > fixed)
		wf_boilerplate_save_fill(&index->boilerplate, until - fixed);
}

void wf_index_state_save_end(struct wf_index *index)
{
	wf_boilerplate_save_end(&index->boilerplate);
}

int wf_index_state_save(struct wf_index *index, struct wf_arena *arena, struct wf_bytes *state)
{
	const int error = wf_index_state_save_begin(index, arena, state);

	if (error == 0)
		wf_index_state_save_fill(index, state->length);
	wf_index_state_save_end(index);
	return error;
}

int wf_index_state_load(struct wf_index *index, struct wf_bytes state)
{
	struct state_header header;
	struct wf_boilerplate boilerplate;
	const size_t fixed = state_fixed_bytes(index);
	int error;

	if (state.length < fixed)
		return WF_ECORRUPT;
	memcpy(&header, state.data, sizeof header);
	if (header.version != STATE_VERSION || header.frequency_bytes != sizeof index->frequency)
		return WF_EVERSION;
	error = wf_boilerplate_init(&boilerplate, SOURCES_MAX);
	if (error == 0)
		error = wf_boilerplate_load(&boilerplate, (struct wf_bytes){state.data + fixed, state.length - fixed});
	if (error != 0) {
		wf_boilerplate_close(&boilerplate);
		return error;
	}
	wf_boilerplate_close(&index->boilerplate);
	index->boilerplate = boilerplate;
	memcpy(&index->frequency, state.data + sizeof header, sizeof index->frequency);
	index->learned_number = header.learned_number;
	return 0;
}
