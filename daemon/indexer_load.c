/* How the index comes back from the store: one walk over all articles. */
#include "indexer_parts.h"
#include "pipeline.h"

#define ARRIVING_MAX    8u    /* a power of two */
#define SAMPLE_ARTICLES 4096u /* of a store, that tell how large its tables will be */
#define SAMPLE_REACH    64u   /* times as many are judged by them */

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
	uv_thread_t thread; /* enters keys while the walk goes on */
	bool is_entering;
	int entered; /* what it came to */
};

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

static void enter_cb(void *context)
{
	struct loading *loading = context;

	wf_pipeline_name_thread("enter");
	loading->entered = wf_index_restore_enter(loading->indexer->index);
}

/* Waits until the keys that were handed over are in. */
static int wait_for_keys(struct loading *loading)
{
	if (!loading->is_entering)
		return 0;
	(void)uv_thread_join(&loading->thread);
	loading->is_entering = false;
	return loading->entered;
}

/* Has the keys of what was restored entered, on a thread of their own. */
static int hand_over_keys(struct loading *loading)
{
	const int code = wait_for_keys(loading);

	if (code < 0)
		return code;
	wf_index_restore_turn(loading->indexer->index);
	loading->is_entering = uv_thread_create(&loading->thread, enter_cb, loading) == 0;
	return loading->is_entering ? 0 : wf_index_restore_enter(loading->indexer->index);
}

/* From the keys of those that were loaded, the room for all; of a large store in two steps, as the first articles have
 * more keys of their own than those that come when much is there. */
static int reserve(struct loading *loading)
{
	const uint64_t reach = loading->count * SAMPLE_REACH;
	int code;

	if (loading->count != SAMPLE_ARTICLES && loading->count != SAMPLE_ARTICLES * SAMPLE_REACH)
		return 0;
	code = hand_over_keys(loading);
	if (code == 0)
		code = wait_for_keys(loading);
	if (code == 0)
		wf_index_reserve(loading->indexer->index, loading->total < reach ? loading->total : reach);
	return code;
}

static int restore_next(struct loading *loading)
{
	struct wf_indexer *indexer = loading->indexer;
	const struct arriving *arriving = &loading->arriving[loading->count % ARRIVING_MAX];
	int code = wf_index_restore(indexer->index, &arriving->article, arriving->sketch);

	if (code == 0)
		code = wf_id_index_add(&indexer->ids, arriving->id_hash, arriving->article.facts.number);
	loading->count++;
	if (code == 0)
		code = reserve(loading);
	if (code == 0 && wf_index_restore_is_due(indexer->index))
		code = hand_over_keys(loading);
	if (loading->count % SAMPLE_ARTICLES == 0 && wf_indexer_now_ms() - loading->told_ms >= 1000) {
		loading->told_ms = wf_indexer_now_ms();
		wf_log(indexer->pipeline->log, WF_LOG_INFO, "loading", wf_log_count("articles", loading->count),
		       wf_log_count("of", loading->total),
		       wf_log_seconds("seconds", (double)(wf_indexer_now_ms() - loading->began_ms) / 1e3));
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
	wf_index_restore_ahead(indexer->index, &arriving->article);
	wf_id_index_prefetch(&indexer->ids, entry->id_hash);
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
		.pages_ahead = wf_page_maker_ahead(&indexer->page_maker),
	};
	int code, entered;

	code = wf_index_new(&indexer->index, &index_settings, wf_indexer_read_evidence_cb, indexer);
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
	entered = wait_for_keys(loading);
	if (code == 0)
		code = entered;
	if (code == 0)
		code = wf_index_restore_end(indexer->index);
	if (code == 0)
		code = wf_store_aparts(indexer->reader, apart_cb, indexer);
	wf_indexer_rest(indexer);
	return code;
}

int wf_indexer_load(struct wf_indexer *indexer, struct wf_error *error)
{
	struct loading loading = {.indexer = indexer, .began_ms = wf_indexer_now_ms(), .told_ms = wf_indexer_now_ms()};
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
	       wf_log_seconds("seconds", (double)(wf_indexer_now_ms() - loading.began_ms) / 1e3));
	return 0;
}

void wf_indexer_unload(struct wf_indexer *indexer)
{
	wf_indexer_rest(indexer);
	wf_pending_drop(&indexer->pending, UINT64_MAX);
	wf_recent_clear(&indexer->recent);
	wf_learned_drop(&indexer->learned);
	wf_index_free(indexer->index);
	indexer->index = NULL;
	wf_id_index_close(&indexer->ids);
	wf_id_index_init(&indexer->ids);
	indexer->gone_count = 0;
}
