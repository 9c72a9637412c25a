#include "indexer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "method.h"
#include "pipeline.h"

#define ARRIVING_MAX           8u /* a power of two */
#define ORIGIN_BITS            4096u
#define SAMPLE_ARTICLES        4096u /* of a store, that tell how large its tables will be */
#define SAMPLE_REACH           64u   /* times as many are judged by them */
#define SCRATCH_BLOCK_BYTES    (64u << 10)
#define PENDING_CAPACITY_FIRST 1024u
#define USES_MAX               512u /* articles and requests in a row with one snapshot */
#define PROBE_PAUSE_MS_LEAST   1000u
#define PROBE_PAUSE_MS_MOST    30000u
#define RELAPSE_MS             10000u /* a failure so soon after a recovery makes the next probe wait longer */

/* ---- what is pending ---- */

static struct wf_pending *pending_at(const struct wf_indexer *indexer, uint64_t number)
{
	if (number < indexer->pending_first || number - indexer->pending_first >= indexer->pending_count)
		return NULL;
	return &indexer->pending[number & (indexer->pending_capacity - 1)];
}

static const struct wf_item *pending_item(const struct wf_indexer *indexer, uint64_t number)
{
	const struct wf_pending *pending = pending_at(indexer, number);

	return pending == NULL || pending->job == NULL ? NULL : pending->item;
}

/* Makes room for one more: its slot is where its number leads. */
static int pending_reserve(struct wf_indexer *indexer)
{
	const size_t capacity = indexer->pending_capacity == 0 ? PENDING_CAPACITY_FIRST : indexer->pending_capacity * 2;
	struct wf_pending *pending;

	if (indexer->pending_count < indexer->pending_capacity)
		return 0;
	pending = calloc(capacity, sizeof *pending);
	if (pending == NULL)
		return WF_ENOMEM;
	for (uint64_t number = indexer->pending_first; number < indexer->pending_first + indexer->pending_count;
	     number++)
		pending[number & (capacity - 1)] = *pending_at(indexer, number);
	free(indexer->pending);
	indexer->pending = pending;
	indexer->pending_capacity = capacity;
	return 0;
}

static void pending_push(struct wf_indexer *indexer, struct wf_job *job, const struct wf_item *item)
{
	const uint64_t number = item->entry.number;

	if (indexer->pending_count == 0)
		indexer->pending_first = number;
	indexer->pending_count++;
	wf_job_hold(job);
	*pending_at(indexer, number) = (struct wf_pending){job, item};
}

/* A number that no article will have. */
static int pending_push_none(struct wf_indexer *indexer)
{
	const int code = indexer->pending_count == 0 ? 0 : pending_reserve(indexer);

	if (code < 0 || indexer->pending_count == 0)
		return code;
	indexer->pending_count++;
	*pending_at(indexer, indexer->pending_first + indexer->pending_count - 1) = (struct wf_pending){NULL, NULL};
	return 0;
}

static void pending_drop(struct wf_indexer *indexer, uint64_t number_last)
{
	while (indexer->pending_count > 0 && indexer->pending_first <= number_last) {
		wf_job_release(pending_at(indexer, indexer->pending_first)->job);
		indexer->pending_first++;
		indexer->pending_count--;
	}
}

/* ---- the reader ---- */

static void rest(struct wf_indexer *indexer)
{
	if (indexer->is_awake)
		wf_store_reader_rest(indexer->reader);
	indexer->is_awake = false;
}

int wf_indexer_renew(struct wf_indexer *indexer)
{
	const uint64_t committed = atomic_load(&indexer->pipeline->committer.number_committed);
	int code;

	rest(indexer);
	code = wf_store_reader_renew(indexer->reader);
	if (code < 0)
		return code;
	indexer->is_awake = true;
	indexer->uses = 0;
	indexer->number_seen = committed;
	pending_drop(indexer, committed);
	return 0;
}

/* Also now and then without news: the writer may be waiting for every reader to rest. */
static bool is_stale(struct wf_indexer *indexer)
{
	return !indexer->is_awake || ++indexer->uses >= USES_MAX ||
	       atomic_load(&indexer->pipeline->committer.number_committed) > indexer->number_seen;
}

int wf_indexer_evidence(struct wf_indexer *indexer, uint64_t number, struct wf_bytes *evidence)
{
	const struct wf_item *item = pending_item(indexer, number);

	if (item != NULL) {
		*evidence = item->document.evidence;
		return 0;
	}
	return wf_store_evidence(indexer->reader, number, evidence);
}

/* One that cannot be read is passed over by the index. */
static int read_evidence_cb(void *context, uint64_t number, struct wf_bytes *evidence)
{
	struct wf_indexer *indexer = context;
	const int code = wf_indexer_evidence(indexer, number, evidence);

	if (code == WF_ENOTFOUND || code == WF_ECORRUPT)
		wf_pipeline_note_damage(indexer->pipeline, "evidence", number);
	return code;
}

/* ---- start ---- */

/* An article that has been read and is to be restored. */
struct arriving {
	struct wf_index_article article;
	struct wf_bytes sketch; /* in the store's map, for as long as the walk goes on */
	uint64_t id_hash;
};

struct loading {
	struct wf_indexer *indexer;
	struct arriving arriving[ARRIVING_MAX]; /* a ring: while one waits, the memory that it needs comes nearer */
	uint64_t read;
	uint64_t count;
	uint64_t total;
	uint64_t began_ms;
	uint64_t told_ms;
};

static uint64_t now_ms(void)
{
	return uv_hrtime() / 1000000;
}

static int redirect_cb(void *context, uint64_t from, uint64_t into)
{
	struct wf_indexer *indexer = context;

	return wf_index_restore_redirect(indexer->index, from, into);
}

static int apart_cb(void *context, uint64_t cluster, const uint64_t *others, size_t others_count)
{
	struct wf_indexer *indexer = context;
	const int held = wf_index_restore_apart(indexer->index, cluster, others, others_count);

	return held < 0 ? held : 0;
}

/* From the keys of those that were loaded, the room for all; of a large store in two steps, as the first articles have
 * more keys of their own than those that come when much is there. */
static void reserve(const struct loading *loading)
{
	const uint64_t reach = loading->count * SAMPLE_REACH;

	if (loading->count == SAMPLE_ARTICLES || loading->count == SAMPLE_ARTICLES * SAMPLE_REACH)
		wf_index_reserve(loading->indexer->index, loading->total < reach ? loading->total : reach);
}

static int restore_next(struct loading *loading)
{
	struct wf_indexer *indexer = loading->indexer;
	const struct arriving *arriving = &loading->arriving[loading->count % ARRIVING_MAX];
	int code = wf_index_restore(indexer->index, &arriving->article, arriving->sketch);

	if (code == 0)
		code = wf_id_index_add(&indexer->ids, arriving->id_hash, arriving->article.facts.number);
	loading->count++;
	reserve(loading);
	if (loading->count % SAMPLE_ARTICLES == 0 && now_ms() - loading->told_ms >= 1000) {
		loading->told_ms = now_ms();
		wf_log(indexer->pipeline->log, WF_LOG_INFO, "loading", wf_log_count("articles", loading->count),
		       wf_log_count("of", loading->total),
		       wf_log_seconds("seconds", (double)(now_ms() - loading->began_ms) / 1e3));
	}
	return code;
}

static int entry_cb(void *context, const struct wf_store_entry *entry)
{
	struct loading *loading = context;
	struct wf_indexer *indexer = loading->indexer;
	struct arriving *arriving = &loading->arriving[loading->read % ARRIVING_MAX];
	int code = 0;

	if (loading->read - loading->count == ARRIVING_MAX)
		code = restore_next(loading);
	arriving->article = (struct wf_index_article){
		.facts =
			{
				.number = entry->number,
				.source = entry->source,
				.seen = entry->seen,
				.published = entry->published,
			},
		.cluster = entry->cluster,
		.relation = entry->relation,
		.match = entry->match,
		.similarity = entry->similarity,
		.containment = entry->containment,
	};
	arriving->sketch = entry->sketch;
	arriving->id_hash = entry->id_hash;
	loading->read++;
	wf_index_restore_ahead(indexer->index, entry->sketch);
	return code;
}

static int load_state(struct wf_indexer *indexer)
{
	const int code = wf_learned_load(&indexer->learned, indexer->reader, indexer->index);

	if (code == WF_ENOTFOUND)
		return 0;
	if (code == WF_ECORRUPT || code == WF_EVERSION) {
		wf_log(indexer->pipeline->log, WF_LOG_WARNING, "learned state not usable, learning again",
		       wf_log_text("error", wf_error_sentence(code)));
		return 0;
	}
	return code;
}

static int load(struct wf_indexer *indexer, struct loading *loading)
{
	const struct wf_settings *settings = indexer->pipeline->settings;
	const struct wf_index_settings index_settings = {
		.threshold = settings->threshold,
		.candidates_max = (uint32_t)settings->candidates_max,
	};
	int code;

	code = wf_index_new(&indexer->index, &index_settings, read_evidence_cb, indexer);
	if (code < 0)
		return code;
	code = wf_indexer_renew(indexer);
	if (code < 0)
		return code;
	loading->total = wf_store_articles_count(indexer->reader);
	code = load_state(indexer);
	if (code == 0)
		code = wf_store_redirects(indexer->reader, redirect_cb, indexer);
	if (code == 0)
		code = wf_id_index_reserve(&indexer->ids, loading->total);
	if (code == 0)
		code = wf_store_entries(indexer->reader, 0, entry_cb, loading);
	while (code == 0 && loading->count < loading->read)
		code = restore_next(loading);
	if (code == 0)
		code = wf_store_aparts(indexer->reader, apart_cb, indexer);
	rest(indexer);
	return code;
}

int wf_indexer_load(struct wf_indexer *indexer, struct wf_error *error)
{
	struct loading loading = {.indexer = indexer, .began_ms = now_ms(), .told_ms = now_ms()};
	const uint64_t number_last = wf_store_number_last(indexer->pipeline->store);
	const int code = load(indexer, &loading);

	if (code < 0) {
		wf_indexer_unload(indexer);
		return wf_error_set(error, code, "loading the store: article %llu of %llu: %s",
				    (unsigned long long)loading.count, (unsigned long long)loading.total,
				    wf_error_sentence(code));
	}
	/* Numbers that a query may have told of are not given again, though nothing with them reached the disk. */
	if (indexer->number_next <= number_last)
		indexer->number_next = number_last + 1;
	indexer->state_number = indexer->number_next - 1;
	indexer->may_have_gone_redirects = true;
	wf_log(indexer->pipeline->log, WF_LOG_INFO, "loaded", wf_log_count("articles", loading.count),
	       wf_log_count("last_number", number_last),
	       wf_log_seconds("seconds", (double)(now_ms() - loading.began_ms) / 1e3));
	return 0;
}

void wf_indexer_unload(struct wf_indexer *indexer)
{
	rest(indexer);
	pending_drop(indexer, UINT64_MAX);
	wf_learned_drop(&indexer->learned);
	wf_index_free(indexer->index);
	indexer->index = NULL;
	wf_id_index_close(&indexer->ids);
	wf_id_index_init(&indexer->ids);
	indexer->gone_count = 0;
}

/* ---- for the methods ---- */

/* Of an article that ids or index know: one that the store has not is damage. */
static int known_id(struct wf_indexer *indexer, uint64_t number, struct wf_bytes *id)
{
	const int code = wf_store_id(indexer->reader, number, id);

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
		const struct wf_item *item = pending_item(indexer, candidate);
		struct wf_bytes found;
		int code = 0;

		if (item != NULL)
			found = item->article.id;
		else
			code = known_id(indexer, candidate, &found);
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
	const struct wf_item *item = pending_item(indexer, number);
	struct wf_index_article article;
	struct wf_bytes found;
	int code;

	*id = (struct wf_bytes){NULL, 0};
	if (item != NULL)
		*id = item->article.id;
	if (item != NULL || number == 0 || wf_index_article(indexer->index, number, &article) < 0)
		return 0;
	code = known_id(indexer, number, &found);
	if (code == 0)
		*id = found;
	return code;
}

int wf_indexer_entry(struct wf_indexer *indexer, uint64_t number, struct wf_arena *arena, struct wf_store_entry *entry)
{
	const struct wf_item *item = pending_item(indexer, number);

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
	struct wf_pending *pending;
	int code;

	code = wf_index_article(indexer->index, entry->number, &article);
	if (code == 0)
		code = wf_index_remove(indexer->index, entry->number, entry->sketch);
	if (code < 0)
		return code;
	wf_id_index_remove(&indexer->ids, entry->id_hash, entry->number);
	if (wf_index_cluster(indexer->index, article.cluster, &summary) == WF_ENOTFOUND)
		indexer->gone_count++;
	pending = pending_at(indexer, entry->number);
	if (pending != NULL && pending->job != NULL) {
		wf_job_release(pending->job);
		pending->job = NULL;
	}
	return 0;
}

/* The article that comes after this one, as far as is known: of the same request, or the first of the next. */
static const struct wf_item *item_after(const struct wf_job **job, const struct wf_item *item)
{
	if (item == NULL)
		return NULL;
	if (item + 1 < (*job)->items + (*job)->items_count)
		return item + 1;
	*job = (*job)->queue_next;
	return *job != NULL && (*job)->kind == WF_JOB_REQUEST && (*job)->item_names == NULL && (*job)->items_count > 0
		       ? (*job)->items
		       : NULL;
}

/* While an article is decided and taken in, what the next ones need comes nearer. */
static void work_ahead(struct wf_indexer *indexer, const struct wf_job *job, const struct wf_item *item, bool is_query)
{
	const struct wf_item *next = item_after(&job, item);
	const struct wf_item *after_next = item_after(&job, next);

	if (after_next != NULL && !after_next->is_refused)
		wf_index_look_ahead(indexer->index, &after_next->document, after_next->source, is_query);
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

	code = pending_reserve(indexer);
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
	pending_push(indexer, job, item);
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
	if (is_stale(indexer))
		code = wf_indexer_renew(indexer);
	if (code == 0)
		code = find_same(indexer, job, item, &old, decision, repeated);
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

/* ---- editors' words ---- */

static void note_merge(struct wf_indexer *indexer, struct wf_job *job, const struct wf_index_merge *merge)
{
	struct wf_events *events = &indexer->pipeline->events;
	struct wf_event event = {.kind = WF_EVENT_MERGED, .into = merge->into};

	if (!wf_events_are_wanted(events))
		return;
	event.size = event.size_most = wf_index_size(indexer->index, merge->into);
	event.outlets = wf_events_outlets(events, indexer->index, merge->into);
	for (size_t i = 0; i < merge->merged_count; i++) {
		event.cluster = merge->merged[i];
		wf_event_note(job, &event);
	}
}

int wf_indexer_merge(struct wf_indexer *indexer, struct wf_job *job, const uint64_t *clusters, size_t clusters_count,
		     uint64_t *cluster, size_t *place)
{
	/* Made before the index changes, so that nothing fails afterwards. */
	struct wf_redirect *redirects = wf_arena_take(&job->arena, clusters_count * sizeof *redirects);
	struct wf_index_merge merge;
	int code;

	if (redirects == NULL)
		return WF_ENOMEM;
	code = wf_index_merge(indexer->index, clusters, clusters_count, &job->arena, &merge, place);
	if (code == WF_ETOOLARGE)
		return wf_error_set(&job->error, code, "clusters: they are held apart from more than %u others",
				    WF_APART_MAX);
	if (code < 0)
		return code;
	for (size_t i = 0; i < merge.merged_count; i++)
		redirects[i] = (struct wf_redirect){merge.merged[i], merge.into};
	note_merge(indexer, job, &merge);
	job->redirects = redirects;
	job->redirects_count = merge.merged_count;
	job->needs_commit = merge.merged_count > 0;
	*cluster = merge.into;
	return 0;
}

int wf_indexer_split(struct wf_indexer *indexer, struct wf_job *job, uint64_t *cluster, const uint64_t *numbers,
		     size_t numbers_count)
{
	struct wf_events *events = &indexer->pipeline->events;
	const uint64_t fresh = indexer->number_next;
	struct wf_event event = {.kind = WF_EVENT_SPLIT, .cluster = *cluster, .into = fresh, .size = numbers_count};
	int code;

	code = pending_push_none(indexer);
	if (code < 0)
		return code;
	/* Also where the split fails: the number's place is taken. */
	indexer->number_next++;
	event.size_most = wf_index_size(indexer->index, *cluster);
	event.outlets = wf_events_outlets(events, indexer->index, *cluster);
	code = wf_index_split(indexer->index, *cluster, numbers, numbers_count, fresh, &job->arena, &job->apart,
			      &job->apart_count);
	if (code == WF_ETOOLARGE)
		return wf_error_set(&job->error, code,
				    "cluster: it is held apart from %u others already, or all are from %u",
				    WF_APART_MAX, WF_APART_PAIRS_MAX);
	if (code < 0)
		return code;
	job->moved = numbers;
	job->moved_count = numbers_count;
	job->moved_into = fresh;
	job->needs_commit = true;
	if (wf_events_are_wanted(events))
		wf_event_note(job, &event);
	*cluster = fresh;
	return 0;
}

/* ---- failure of the store ---- */

/* Whether all writes would be taken; where only removals would, notes that they may come. */
static bool probe_removals(struct wf_indexer *indexer)
{
	struct wf_pipeline *pipeline = indexer->pipeline;
	struct wf_job probe_job = {.kind = WF_JOB_PROBE};
	const bool took_removals = indexer->takes_removals;
	struct wf_error failure;
	bool has_room = false;

	rest(indexer);
	if (wf_committer_probe(&pipeline->committer, &probe_job, &has_room, &failure) < 0) {
		indexer->refusal = failure;
		indexer->takes_removals = false;
		return false;
	}
	indexer->takes_removals = true;
	if (!has_room)
		wf_error_set(&indexer->refusal, WF_EOVERLOADED, "the store has no room: only removals are taken");
	if (!took_removals)
		wf_log_write(pipeline->log, WF_LOG_INFO, "removals accepted", NULL);
	return has_room;
}

/* Everything that is not on disk has been refused, or will be now; what the index knows of it has to go. */
static void recover(struct wf_indexer *indexer)
{
	struct wf_pipeline *pipeline = indexer->pipeline;
	struct wf_job marker = {.kind = WF_JOB_MARKER};
	const bool is_relapse = now_ms() - indexer->recovered_ms < RELAPSE_MS;
	struct wf_error error;

	rest(indexer);
	wf_committer_drain(&pipeline->committer, &marker, &indexer->refusal);
	wf_log(pipeline->log, WF_LOG_WARNING, "writes refused", wf_log_text("reason", indexer->refusal.text));
	wf_counter_add(&pipeline->counters->rebuilds, 1);
	wf_indexer_unload(indexer);
	if (wf_indexer_load(indexer, &error) < 0)
		wf_log(pipeline->log, WF_LOG_ERROR, "index not brought back", wf_log_text("error", error.text));
	if (is_relapse && indexer->probe_pause_ms * 2 <= PROBE_PAUSE_MS_MOST)
		indexer->probe_pause_ms *= 2;
	else if (!is_relapse)
		indexer->probe_pause_ms = PROBE_PAUSE_MS_LEAST;
	indexer->is_refusing = true;
	indexer->takes_removals = false;
	/* What makes room is taken at once, unless it may have been what failed. */
	if (!is_relapse && indexer->index != NULL && indexer->refusal.code == WF_EOVERLOADED)
		probe_removals(indexer);
	indexer->probe_next_ms = now_ms() + indexer->probe_pause_ms;
}

static void probe(struct wf_indexer *indexer)
{
	struct wf_error failure;

	if (indexer->index == NULL && wf_indexer_load(indexer, &failure) < 0) {
		indexer->probe_next_ms = now_ms() + PROBE_PAUSE_MS_MOST;
		return;
	}
	if (!probe_removals(indexer)) {
		indexer->probe_next_ms = now_ms() + indexer->probe_pause_ms;
		return;
	}
	indexer->is_refusing = false;
	indexer->recovered_ms = now_ms();
	wf_log_write(indexer->pipeline->log, WF_LOG_INFO, "writes accepted again", NULL);
}

/* ---- the thread ---- */

static uint32_t origin_bit(const struct wf_job *job)
{
	return (uint32_t)((uint64_t)job->origin * UINT64_C(0x9E3779B97F4A7C15) >> 32) % ORIGIN_BITS;
}

static void set_bit(uint64_t *bits, uint32_t bit)
{
	bits[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static bool has_bit(const uint64_t *bits, uint32_t bit)
{
	return (bits[bit / 64] >> (bit % 64) & 1) != 0;
}

/* What the job names may be of the batch in hand, which the committer has not got yet. */
static void hold(struct wf_indexer *indexer, struct wf_job *job)
{
	job->queue_next = NULL;
	*indexer->held_last = job;
	indexer->held_last = &job->queue_next;
}

static void let_go(struct wf_indexer *indexer)
{
	while (indexer->held != NULL) {
		struct wf_job *job = indexer->held;

		indexer->held = job->queue_next;
		wf_queue_push(&indexer->pipeline->committer.queue, job);
	}
	indexer->held_last = &indexer->held;
}

static void pass_on(struct wf_indexer *indexer, struct wf_job *job)
{
	struct wf_committer *committer = &indexer->pipeline->committer;
	const bool may_write = job->method->may_write;
	const bool is_read = job->method->read != NULL;
	const bool waits = job->error.code == 0 ? job->needs_commit || job->needs_durable || is_read
						: job->error.code == WF_ENOTFOUND && (is_read || job->needs_durable);

	if (waits && indexer->is_amid_batch)
		hold(indexer, job);
	else if (waits)
		wf_queue_push(&committer->queue, job);
	else
		wf_pipeline_return(indexer->pipeline, job);
	if (may_write)
		atomic_fetch_sub(&committer->incoming, 1);
}

static void serve(struct wf_indexer *indexer, struct wf_job *job)
{
	int code = 0;

	if (indexer->index == NULL || (indexer->is_refusing && job->method->may_write &&
				       !(indexer->takes_removals && wf_method_removes(job->method)))) {
		wf_job_fail(job, &indexer->refusal);
		pass_on(indexer, job);
		return;
	}
	if (is_stale(indexer))
		code = wf_indexer_renew(indexer);
	if (code == 0)
		code = job->method->index(indexer, job);
	if (code < 0 && job->error.code == 0)
		wf_error_set(&job->error, code, "%s", wf_error_sentence(code));
	pass_on(indexer, job);
}

static void step(struct wf_indexer *indexer, struct wf_job *job)
{
	if (atomic_load(&indexer->pipeline->committer.has_failed))
		recover(indexer);
	serve(indexer, job);
	let_go(indexer);
}

void wf_indexer_give_way(struct wf_indexer *indexer, struct wf_job *batch)
{
	/* By origin, some of which share a bit: they wait for no reason, and not for long. */
	uint64_t waits[ORIGIN_BITS / 64] = {0};
	struct wf_job **link = &indexer->waiting;

	if (atomic_load(&indexer->pipeline->committer.has_failed))
		return;
	while (*link != NULL)
		link = &(*link)->queue_next;
	*link = wf_queue_poll(&indexer->queue);
	indexer->is_amid_batch = true;
	set_bit(waits, origin_bit(batch));
	for (link = &indexer->waiting; *link != NULL;) {
		struct wf_job *job = *link;

		if (!wf_method_may_overtake(job->method) || has_bit(waits, origin_bit(job))) {
			set_bit(waits, origin_bit(job));
			link = &job->queue_next;
			continue;
		}
		*link = job->queue_next;
		job->queue_next = NULL;
		serve(indexer, job);
	}
	indexer->is_amid_batch = false;
	batch->queue_next = indexer->waiting;
}

static void run_cb(void *context)
{
	struct wf_indexer *indexer = context;

	for (;;) {
		uint64_t wait_us = wf_indexer_upkeep(indexer);
		struct wf_job *job;
		bool stopped;

		if (indexer->is_refusing) {
			const uint64_t now = now_ms();

			if (now >= indexer->probe_next_ms)
				probe(indexer);
			else if (wait_us > (indexer->probe_next_ms - now) * 1000)
				wait_us = (indexer->probe_next_ms - now) * 1000;
		}
		job = wf_queue_take(&indexer->queue, 0, &stopped);
		if (job == NULL && !stopped) {
			if (is_stale(indexer) && indexer->pending_count > 0)
				wf_indexer_renew(indexer);
			rest(indexer);
			job = wf_queue_take(&indexer->queue, wait_us, &stopped);
		}
		if (stopped)
			break;
		if (job == NULL && atomic_load(&indexer->pipeline->committer.has_failed))
			recover(indexer);
		for (indexer->waiting = job; (job = indexer->waiting) != NULL;) {
			indexer->waiting = job->queue_next;
			step(indexer, job);
		}
	}
	rest(indexer);
	if (indexer->index != NULL && !indexer->is_refusing && !atomic_load(&indexer->pipeline->committer.has_failed))
		wf_indexer_save_state(indexer);
}

int wf_indexer_start(struct wf_indexer *indexer, struct wf_pipeline *pipeline, struct wf_error *error)
{
	int code;

	*indexer = (struct wf_indexer){
		.pipeline = pipeline,
		.number_next = 1,
		.probe_pause_ms = PROBE_PAUSE_MS_LEAST,
	};
	wf_id_index_init(&indexer->ids);
	wf_learned_init(&indexer->learned);
	indexer->held_last = &indexer->held;
	wf_arena_init(&indexer->scratch, SCRATCH_BLOCK_BYTES);
	code = wf_queue_init(&indexer->queue);
	if (code < 0)
		return wf_error_set(error, code, "start: %s", wf_error_sentence(code));
	code = wf_store_reader_new(pipeline->store, &indexer->reader);
	if (code < 0)
		wf_error_set(error, code, "start: %s", wf_error_sentence(code));
	else
		code = wf_indexer_load(indexer, error);
	if (code == 0) {
		code = uv_thread_create(&indexer->thread, run_cb, indexer);
		if (code < 0)
			wf_error_set(error, code, "start: %s", wf_error_sentence(code));
	}
	if (code < 0) {
		wf_indexer_close(indexer);
		return code;
	}
	indexer->is_started = true;
	return 0;
}

void wf_indexer_stop(struct wf_indexer *indexer)
{
	wf_queue_stop(&indexer->queue);
	uv_thread_join(&indexer->thread);
}

void wf_indexer_close(struct wf_indexer *indexer)
{
	wf_indexer_unload(indexer);
	wf_store_reader_free(indexer->reader);
	wf_id_index_close(&indexer->ids);
	wf_learned_close(&indexer->learned);
	wf_arena_close(&indexer->scratch);
	free(indexer->pending);
	wf_queue_close(&indexer->queue);
}
