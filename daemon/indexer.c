#include <string.h>
#include <time.h>

#include "base/prefetch.h"
#include "indexer_parts.h"
#include "pipeline.h"

#define USES_MAX            512u /* articles and requests in a row with one snapshot */
#define FORESEEN_MAX        128u /* articles ahead for which evidence is read: some milliseconds */
#define FORESEEN_CANDIDATES 16u  /* of an article */

/* ---- the reader ---- */

void wf_indexer_rest(struct wf_indexer *indexer)
{
	if (indexer->is_awake)
		wf_store_reader_rest(indexer->reader);
	indexer->is_awake = false;
}

int wf_indexer_renew(struct wf_indexer *indexer)
{
	const uint64_t committed = atomic_load(&indexer->pipeline->committer.number_committed);
	int code;

	wf_indexer_rest(indexer);
	code = wf_store_reader_renew(indexer->reader);
	if (code < 0)
		return code;
	indexer->is_awake = true;
	indexer->uses = 0;
	indexer->number_seen = committed;
	wf_pending_drop(&indexer->pending, committed);
	return 0;
}

bool wf_indexer_is_stale(struct wf_indexer *indexer)
{
	return !indexer->is_awake || ++indexer->uses >= USES_MAX ||
	       atomic_load(&indexer->pipeline->committer.number_committed) > indexer->number_seen;
}

/* Whether what is asked for of the article is in memory: it is one of the newest, or not on disk yet. */
static bool find_in_memory(const struct wf_indexer *indexer, uint64_t number, struct wf_recent_article *article)
{
	const struct wf_item *item;

	if (wf_recent_find(&indexer->recent, number, article))
		return true;
	item = wf_pending_item(&indexer->pending, number);
	if (item != NULL)
		*article = (struct wf_recent_article){item->document.evidence, item->article.id};
	return item != NULL;
}

int wf_indexer_evidence(struct wf_indexer *indexer, uint64_t number, struct wf_bytes *evidence)
{
	struct wf_recent_article article;

	if (find_in_memory(indexer, number, &article)) {
		*evidence = article.evidence;
		return 0;
	}
	return wf_store_evidence(indexer->reader, number, evidence);
}

int wf_indexer_read_evidence_cb(void *context, uint64_t number, struct wf_bytes *evidence)
{
	struct wf_indexer *indexer = context;
	const int code = wf_indexer_evidence(indexer, number, evidence);

	if (code == WF_ENOTFOUND || code == WF_ECORRUPT)
		wf_pipeline_note_damage(indexer->pipeline, "evidence", number);
	return code;
}

/* ---- for the methods ---- */

/* Of an article that ids or index know: one that the store has not is damage. */
static int known_id(struct wf_indexer *indexer, uint64_t number, struct wf_bytes *id)
{
	struct wf_recent_article article;
	int code;

	if (find_in_memory(indexer, number, &article)) {
		*id = article.id;
		return 0;
	}
	code = wf_store_id(indexer->reader, number, id);
	if (code != WF_ENOTFOUND && code != WF_ECORRUPT)
		return code;
	wf_pipeline_note_damage(indexer->pipeline, "body", number);
	return WF_ECORRUPT;
}

int wf_indexer_find(struct wf_indexer *indexer, struct wf_bytes id, uint64_t id_hash, uint64_t *number)
{
	size_t position = 0;
	uint64_t candidate;

	*number = 0;
	while ((candidate = wf_id_index_next(&indexer->ids, id_hash, &position)) != 0) {
		struct wf_bytes found;
		const int code = known_id(indexer, candidate, &found);

		if (code < 0)
			return code;
		if (wf_bytes_equal(found, id)) {
			*number = candidate;
			return 0;
		}
	}
	return 0;
}

int wf_indexer_id_of(struct wf_indexer *indexer, uint64_t number, struct wf_bytes *id)
{
	struct wf_index_article article;
	struct wf_bytes found;
	int code;

	*id = (struct wf_bytes){NULL, 0};
	if (number == 0 || wf_index_article(indexer->index, number, &article) < 0)
		return 0;
	code = known_id(indexer, number, &found);
	if (code == 0)
		*id = found;
	return code;
}

int wf_indexer_entry(struct wf_indexer *indexer, uint64_t number, struct wf_arena *arena, struct wf_store_entry *entry)
{
	const struct wf_item *item = wf_pending_item(&indexer->pending, number);

	if (item != NULL) {
		*entry = item->entry;
		return 0;
	}
	return wf_store_entry(indexer->reader, number, arena, entry);
}

/* Whether all that the decision names is on disk. */
static bool is_durable(const struct wf_indexer *indexer, const struct wf_decision *decision)
{
	const uint64_t committed = atomic_load(&indexer->pipeline->committer.number_committed);

	/* With nothing pending, the index has no number that is not on disk. */
	if (indexer->number_next - 1 <= committed)
		return true;
	for (uint32_t i = 0; i < decision->related_count; i++)
		if (decision->related[i] > committed)
			return false;
	for (uint32_t i = 0; i < decision->merged_count; i++)
		if (decision->merged[i] > committed)
			return false;
	return decision->cluster <= committed && decision->match <= committed;
}

/* The decision of an article that is there already, as it stands now. */
static int repeat(struct wf_indexer *indexer, const struct wf_store_entry *entry, struct wf_decision *decision)
{
	struct wf_index_article article;
	struct wf_cluster_summary summary;
	int code;

	*decision = (struct wf_decision){
		.relation = entry->relation,
		.is_new = entry->is_new,
		.match = entry->match,
		.similarity = (double)entry->similarity,
		.containment = (double)entry->containment,
	};
	for (uint32_t i = 0; i < entry->related_count && i < WF_RELATED_MAX; i++)
		if (wf_index_cluster(indexer->index, entry->related[i], &summary) == 0)
			decision->related[decision->related_count++] = entry->related[i];
	code = wf_index_article(indexer->index, entry->number, &article);
	if (code == 0)
		code = wf_index_cluster(indexer->index, article.cluster, &summary);
	if (code < 0)
		return code;
	decision->cluster = summary.cluster;
	decision->size = summary.size;
	/* Of an article that was split off since, what it made one is elsewhere. */
	for (uint32_t i = 0; i < entry->merged_count && i < WF_MERGED_MAX; i++)
		if (wf_index_cluster(indexer->index, entry->merged[i], &summary) == 0 &&
		    summary.cluster == decision->cluster)
			decision->merged[decision->merged_count++] = entry->merged[i];
	return 0;
}

static int copy_list(struct wf_arena *arena, const uint64_t *list, uint32_t count, const uint64_t **copy)
{
	const struct wf_bytes bytes = wf_arena_copy(arena, (struct wf_bytes){(const char *)list, count * sizeof *list});

	*copy = (const uint64_t *)(const void *)bytes.data;
	return count > 0 && bytes.data == NULL ? WF_ENOMEM : 0;
}

/* What the committer is to write of the article. */
static int fill_entry(struct wf_job *job, struct wf_item *item, const struct wf_article_facts *facts,
		      const struct wf_decision *decision, struct wf_bytes sketch)
{
	struct wf_store_entry *entry = &item->entry;
	int code;

	*entry = (struct wf_store_entry){
		.id_hash = item->id_hash,
		.content_hash = {item->content_hash[0], item->content_hash[1]},
		.source = facts->source,
		.seen = facts->seen,
		.published = facts->published,
		.cluster = decision->cluster,
		.match = decision->match,
		.similarity = (float)decision->similarity,
		.containment = (float)decision->containment,
		.relation = decision->relation,
		.is_new = decision->is_new,
		.merged_count = decision->merged_count,
		.related_count = decision->related_count,
		.sketch = sketch,
	};
	code = copy_list(&job->arena, decision->merged, decision->merged_count, &entry->merged);
	if (code == 0)
		code = copy_list(&job->arena, decision->related, decision->related_count, &entry->related);
	return code;
}

int wf_indexer_take_out(struct wf_indexer *indexer, const struct wf_store_entry *entry)
{
	struct wf_index_article article;
	struct wf_cluster_summary summary;
	int code;

	code = wf_index_article(indexer->index, entry->number, &article);
	if (code == 0)
		code = wf_index_remove(indexer->index, entry->number, entry->sketch);
	if (code < 0)
		return code;
	wf_id_index_remove(&indexer->ids, entry->id_hash, entry->number);
	if (wf_index_cluster(indexer->index, article.cluster, &summary) == WF_ENOTFOUND)
		indexer->gone_count++;
	wf_pending_forget(&indexer->pending, entry->number);
	wf_recent_forget(&indexer->recent, entry->number);
	return 0;
}

/* Whether the job's items are articles that are to be decided. */
static bool has_articles(const struct wf_job *job)
{
	return job->kind == WF_JOB_REQUEST && job->item_names == NULL && job->items_count > 0;
}

/* The article that comes after this one, as far as is known: of the same request, or the first of the next. */
static const struct wf_item *item_after(const struct wf_job **job, const struct wf_item *item)
{
	if (item == NULL)
		return NULL;
	if (item + 1 < (*job)->items + (*job)->items_count)
		return item + 1;
	*job = (*job)->queue_next;
	return *job != NULL && has_articles(*job) ? (*job)->items : NULL;
}

static void foresee(struct wf_indexer *indexer, const struct wf_item *item)
{
	uint64_t numbers[FORESEEN_CANDIDATES];
	struct wf_recent_article article;
	uint32_t on_disk = 0;
	const uint32_t count =
		wf_index_foresee(indexer->index, &item->document, item->source, numbers, FORESEEN_CANDIDATES);

	for (uint32_t i = 0; i < count; i++) {
		numbers[on_disk] = numbers[i];
		on_disk += !find_in_memory(indexer, numbers[i], &article);
	}
	if (on_disk > 0)
		wf_fetcher_ask(&indexer->fetcher, numbers, on_disk);
}

void wf_indexer_foresee(struct wf_indexer *indexer, struct wf_job *job, uint32_t from)
{
	const uint32_t left = job->items_count - from;
	uint32_t ahead = 0;

	if (!has_articles(job) ||
	    !wf_fetcher_is_wanted(&indexer->fetcher, left < WF_INDEXER_SLICE ? left : WF_INDEXER_SLICE))
		return;
	for (; job != NULL && ahead < FORESEEN_MAX; job = job->queue_next, from = 0) {
		if (!has_articles(job))
			continue;
		for (uint32_t i = from; i < job->items_count && ahead < FORESEEN_MAX; i++, ahead++) {
			if (i < job->items_foreseen)
				continue;
			if (!job->items[i].is_refused)
				foresee(indexer, &job->items[i]);
			job->items_foreseen = i + 1;
		}
	}
}

/* While an article is decided and taken in, what the next ones need comes nearer. */
static void work_ahead(struct wf_indexer *indexer, const struct wf_job *job, const struct wf_item *item, bool is_query)
{
	const struct wf_item *next = item_after(&job, item);
	const struct wf_item *after_next = item_after(&job, next);
	const struct wf_item *third = item_after(&job, after_next);

	if (third != NULL)
		wf_prefetch(third, sizeof *third);
	if (after_next != NULL && !after_next->is_refused) {
		wf_index_look_ahead(indexer->index, &after_next->document, after_next->source, is_query);
		wf_id_index_prefetch(&indexer->ids, after_next->id_hash);
	}
	if (next != NULL && !next->is_refused)
		wf_index_prepare(indexer->index, &next->document, next->source);
}

/* Decides and applies; the entry is filled but for its number. */
static int take_in(struct wf_indexer *indexer, struct wf_job *job, struct wf_item *item, uint64_t replaces,
		   struct wf_decision *decision)
{
	const struct wf_article_facts facts = {
		.number = indexer->number_next,
		.source = item->source,
		.seen = (int64_t)time(NULL),
		.published = item->article.has_published ? item->article.published : WF_TIME_NONE,
	};
	struct wf_bytes sketch = {NULL, 0};
	int code;

	code = wf_pending_reserve(&indexer->pending);
	if (code == 0) {
		work_ahead(indexer, job, item, false);
		code = wf_index_decide(indexer->index, &item->document, &facts, replaces, decision);
	}
	/* That the match cannot be named is found out before anything has changed. */
	if (code == 0)
		code = wf_indexer_id_of(indexer, decision->match, &item->match_id);
	if (code == 0)
		code = fill_entry(job, item, &facts, decision, sketch);
	if (code == 0)
		code = wf_id_index_add(&indexer->ids, item->id_hash, facts.number);
	if (code < 0)
		return code;
	code = wf_index_apply(indexer->index, &item->document, &facts, decision, &job->arena, &sketch);
	if (code < 0) {
		wf_id_index_remove(&indexer->ids, item->id_hash, facts.number);
		return code;
	}
	item->entry.number = facts.number;
	item->entry.cluster = decision->cluster;
	item->entry.sketch = sketch;
	indexer->number_next++;
	wf_pending_push(&indexer->pending, job, item);
	wf_recent_push(&indexer->recent, facts.number, item->document.evidence, item->article.id);
	return 0;
}

/* Looks for a stored article with the item's id. *old: its record, number 0 where there is none; in the scratch memory.
 * *is_same: its content is the same; *decision is then what was said of it. */
static int find_same(struct wf_indexer *indexer, struct wf_job *job, struct wf_item *item, struct wf_store_entry *old,
		     struct wf_decision *decision, bool *is_same)
{
	uint64_t number;
	int code;

	*old = (struct wf_store_entry){.number = 0};
	*is_same = false;
	code = wf_indexer_find(indexer, item->article.id, item->id_hash, &number);
	if (code < 0 || number == 0)
		return code;
	code = wf_indexer_entry(indexer, number, &indexer->scratch, old);
	if (code < 0 || memcmp(old->content_hash, item->content_hash, sizeof old->content_hash) != 0)
		return code;
	*is_same = true;
	if (number > atomic_load(&indexer->pipeline->committer.number_committed))
		job->needs_durable = true;
	code = repeat(indexer, old, decision);
	return code == 0 ? wf_indexer_id_of(indexer, decision->match, &item->match_id) : code;
}

/* As the store keeps it, so that a query and the add after it say the same. Volatile: gcc 12 leaves out the two
 * conversions where it vectorises them. */
static double as_stored(double ratio)
{
	const volatile float stored = (float)ratio;

	return (double)stored;
}

int wf_indexer_query(struct wf_indexer *indexer, struct wf_job *job, struct wf_item *item, struct wf_decision *decision,
		     struct wf_error *error)
{
	const struct wf_article_facts facts = {
		.source = item->source,
		.published = item->article.has_published ? item->article.published : WF_TIME_NONE,
	};
	struct wf_store_entry old = {.number = 0};
	bool is_same = false;
	int code = 0;

	if (item->article.id.data != NULL)
		code = find_same(indexer, job, item, &old, decision, &is_same);
	if (code == 0 && !is_same) {
		item->replaces = old.number;
		work_ahead(indexer, job, item, true);
		code = wf_index_decide(indexer->index, &item->document, &facts, old.number, decision);
		if (code == 0)
			code = wf_indexer_id_of(indexer, decision->match, &item->match_id);
	}
	wf_arena_reset(&indexer->scratch);
	if (code < 0)
		return wf_error_set(error, code, "%s", wf_error_sentence(code));
	decision->similarity = as_stored(decision->similarity);
	decision->containment = as_stored(decision->containment);
	job->needs_durable |= !is_durable(indexer, decision);
	return 0;
}

int wf_indexer_add(struct wf_indexer *indexer, struct wf_job *job, struct wf_item *item, struct wf_decision *decision,
		   bool *repeated, struct wf_error *error)
{
	struct wf_events *events = &indexer->pipeline->events;
	const bool is_told = wf_events_are_wanted(events);
	struct wf_store_entry old;
	struct wf_cluster_summary summary;
	struct wf_event removal;
	uint64_t replaces;
	int code = 0;

	*repeated = false;
	if (wf_indexer_is_stale(indexer))
		code = wf_indexer_renew(indexer);
	if (code == 0)
		code = find_same(indexer, job, item, &old, decision, repeated);
	/* The article may be on disk, and what has made its cluster one with another not yet. */
	job->needs_durable |= *repeated;
	if (code < 0 || *repeated)
		goto done;
	replaces = old.number;
	if (code == 0)
		code = take_in(indexer, job, item, replaces, decision);
	if (code == 0) {
		decision->similarity = (double)item->entry.similarity;
		decision->containment = (double)item->entry.containment;
		job->needs_commit = true;
	}
	if (code == 0 && replaces != 0) {
		if (is_told)
			wf_events_foresee_removal(events, indexer->index, replaces, item->article.id, &removal);
		code = wf_indexer_take_out(indexer, &old);
		item->replaces = replaces;
		if (code == 0)
			code = wf_index_cluster(indexer->index, decision->cluster, &summary);
		if (code == 0)
			decision->size = summary.size;
		if (code == 0 && is_told)
			wf_event_note(job, &removal);
	}
	if (code == 0 && is_told)
		wf_events_note_decision(events, indexer->index, job, decision, item->article.id);
done:
	wf_arena_reset(&indexer->scratch);
	if (code < 0)
		return wf_error_set(error, code, "%s", wf_error_sentence(code));
	return 0;
}

int wf_indexer_remove(struct wf_indexer *indexer, uint64_t number, struct wf_error *error)
{
	struct wf_store_entry entry;
	int code;

	code = wf_indexer_entry(indexer, number, &indexer->scratch, &entry);
	if (code == 0)
		code = wf_indexer_take_out(indexer, &entry);
	wf_arena_reset(&indexer->scratch);
	if (code < 0)
		return wf_error_set(error, code, "%s", wf_error_sentence(code));
	return 0;
}
