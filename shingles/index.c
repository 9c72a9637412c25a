#include <assert.h>
#include <stdlib.h>

#include "index_parts.h"

#define THRESHOLD_DEFAULT  0.6
#define CANDIDATES_DEFAULT 8u
#define SOURCE_LOOK_BACK   32u
#define SKETCH_VERSION     1
#define RESTORED_KEYS_DUE  (2u << 20) /* 50 MiB, twice: five hundred for each segment of the LSH table */

int wf_index_new(struct wf_index **index, const struct wf_index_settings *settings, wf_evidence_cb read, void *context)
{
	struct wf_index *made;
	int error;

	if (settings->threshold < 0 || settings->threshold >= 1 || settings->candidates_max > WF_CANDIDATES_LIMIT)
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
	wf_lsh_bulk_init(&made->restored);
	wf_lsh_bulk_init(&made->entering);
	wf_clusters_init(&made->clusters);
	wf_apart_init(&made->apart);
	wf_mending_init(&made->mending);
	wf_frequency_init(&made->frequency);
	error = wf_lsh_init(&made->lsh);
	made->lsh.ahead = made->lsh.postings.ahead = made->clusters.ahead = settings->pages_ahead;
	if (error == 0)
		error = wf_boilerplate_init(&made->boilerplate, WF_SOURCES_MAX);
	made->boilerplate.repeats.ahead = settings->pages_ahead;
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
	wf_lsh_bulk_close(&index->restored);
	wf_lsh_bulk_close(&index->entering);
	wf_boilerplate_close(&index->boilerplate);
	wf_clusters_close(&index->clusters);
	wf_apart_close(&index->apart);
	wf_mending_close(&index->mending);
	wf_profile_free(index->profile);
	free(index);
}

int wf_index_take_other(struct wf_index *index, uint64_t number, uint32_t *tokens_count)
{
	struct wf_bytes evidence;
	const int error = index->read(index->read_context, number, &evidence);

	return error != 0 ? error : wf_evidence_decode(evidence, index->other_tokens, tokens_count);
}

/* Learns from an article: how common its words are, where it is the first of its story; what its source repeats, where
 * the source had not printed the story before. A lack of memory costs a little learning, nothing else. */
static void learn(struct wf_index *index, uint64_t number, uint64_t source, const uint16_t *tokens,
		  uint32_t tokens_count, const struct wf_sketch_header *header)
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

/* Takes the article out from under the first `keys_count` of index->keys. */
static void remove_keys(struct wf_index *index, uint32_t keys_count, uint64_t number)
{
	for (uint32_t i = 0; i < keys_count; i++)
		wf_lsh_remove(&index->lsh, index->keys[i], (uint32_t)number);
}

/* Enters the article under them; not under any where one fails. */
static int enter_keys(struct wf_index *index, uint32_t keys_count, uint64_t number)
{
	wf_lsh_prefetch(&index->lsh, index->keys, keys_count);
	wf_lsh_prefetch_insert(&index->lsh, index->keys, keys_count);
	for (uint32_t i = 0; i < keys_count; i++) {
		const int error = wf_lsh_insert(&index->lsh, index->keys[i], (uint32_t)number);

		if (error != 0) {
			remove_keys(index, i, number);
			return error;
		}
	}
	return 0;
}

/* The keys to enter the newcomer under, and the bytes that the store keeps of them. */
static int make_sketch(struct wf_index *index, const struct wf_sketch_header *flags, struct wf_arena *arena,
		       struct wf_bytes *sketch, uint32_t *keys_count)
{
	const uint32_t count = wf_newcomer_stored_keys(index->newcomer, index->keys, WF_DOCUMENT_KEYS_MAX);
	struct wf_sketch_header header = *flags;
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

int wf_index_reserve_folds(struct wf_index *index, uint64_t into, const uint64_t *merged, size_t merged_count)
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

int wf_index_fold(struct wf_index *index, uint64_t from, uint64_t into)
{
	const int error = wf_clusters_fold(&index->clusters, from, into);

	return error != 0 ? error : wf_apart_fold(&index->apart, from, into);
}

int wf_index_apply(struct wf_index *index, const struct wf_document *document, const struct wf_article_facts *facts,
		   struct wf_decision *decision, struct wf_arena *arena, struct wf_bytes *sketch)
{
	const bool is_founder = wf_decision_founds(decision);
	const uint64_t cluster = is_founder ? facts->number : decision->cluster;
	const struct wf_sketch_header header = {
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
		error = wf_index_reserve_folds(index, cluster, decision->merged, decision->merged_count);
	if (error != 0)
		return error;
	article.own_tokens = index->newcomer->own_tokens;
	article.is_composite = index->is_composite;
	error = enter_keys(index, keys_count, facts->number);
	if (error != 0)
		return error;
	error = wf_clusters_add(&index->clusters, facts->number, &article);
	for (uint32_t i = 0; error == 0 && i < decision->merged_count; i++)
		error = wf_index_fold(index, decision->merged[i], cluster);
	if (error != 0) {
		remove_keys(index, keys_count, facts->number);
		(void)wf_clusters_remove(&index->clusters, facts->number);
		return error;
	}
	decision->cluster = cluster;
	decision->size = wf_clusters_size(&index->clusters, cluster);
	learn(index, facts->number, facts->source, index->newcomer->tokens, index->newcomer->tokens_count, &header);
	wf_mending_note(&index->mending, facts->source, facts->number, false);
	return 0;
}

int wf_index_read_sketch(struct wf_bytes sketch, struct wf_sketch_header *header, const char **keys)
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
	struct wf_sketch_header header;
	const char *keys;
	int error = wf_index_read_sketch(sketch, &header, &keys);

	assert(index->restored.keys_count == 0);
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
	struct wf_sketch_header header;
	const char *keys;
	int error = wf_index_read_sketch(sketch, &header, &keys);

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
	error = wf_lsh_bulk_add(&index->restored, keys, header.keys_count, (uint32_t)stored->facts.number);
	if (error == 0)
		error = wf_clusters_add(&index->clusters, stored->facts.number, &article);
	if (error == 0 && stored->facts.number > index->learned_number) {
		uint32_t tokens_count;

		if (wf_index_take_other(index, stored->facts.number, &tokens_count) == 0)
			learn(index, stored->facts.number, stored->facts.source, index->other_tokens, tokens_count,
			      &header);
	}
	if (error == 0)
		wf_mending_note(&index->mending, stored->facts.source, stored->facts.number, true);
	return error;
}

void wf_index_restore_ahead(const struct wf_index *index, const struct wf_index_article *article)
{
	wf_clusters_prefetch(&index->clusters, article->cluster);
}

bool wf_index_restore_is_due(const struct wf_index *index)
{
	return index->restored.keys_count >= RESTORED_KEYS_DUE;
}

void wf_index_restore_turn(struct wf_index *index)
{
	const struct wf_lsh_bulk entered = index->entering;

	assert(entered.keys_count == 0);
	index->entering = index->restored;
	index->restored = entered;
}

int wf_index_restore_enter(struct wf_index *index)
{
	return wf_lsh_bulk_enter(&index->entering, &index->lsh);
}

int wf_index_restore_end(struct wf_index *index)
{
	int error;

	wf_index_restore_turn(index);
	error = wf_index_restore_enter(index);
	wf_lsh_bulk_close(&index->restored);
	wf_lsh_bulk_close(&index->entering);
	return error;
}

void wf_index_reserve(struct wf_index *index, uint64_t articles)
{
	const uint64_t there = index->clusters.articles_count;

	if (there > 0)
		(void)wf_lsh_reserve(&index->lsh, index->lsh.places_taken / there * articles);
}

int wf_index_restore_redirect(struct wf_index *index, uint64_t from, uint64_t into)
{
	return wf_clusters_redirect(&index->clusters, from, into);
}

uint64_t wf_index_mend_next(struct wf_index *index)
{
	return wf_mending_next(&index->mending);
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

/* The least number of candidates that `share` of all decisions did not exceed. */
static uint64_t candidates_at(const struct wf_index *index, double share)
{
	const double wanted = share * (double)index->stats.decisions;
	uint64_t decisions = 0;
	uint64_t candidates = 0;

	for (; candidates < WF_CANDIDATES_COUNTED; candidates++) {
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
	stats->memory_bytes = sizeof *index + index->lsh.memory_bytes +
			      wf_boilerplate_memory_bytes(&index->boilerplate) +
			      wf_clusters_memory_bytes(&index->clusters) + wf_apart_memory_bytes(&index->apart) +
			      wf_map_memory_bytes(&index->mending.sources);
}
