#include "cluster.h"

#include <stdlib.h>

#include "base/pages.h"
#include "base/prefetch.h"

#define CHUNK_ARTICLES (WF_PAGES_LARGE_BYTES / sizeof(struct wf_cluster_article)) /* one large page */
#define REDIRECTS_MAX  1000000u /* in a row: more of them run in a circle, in a damaged store */

_Static_assert(sizeof(struct wf_cluster_article) == 64, "one cache line an article");
_Static_assert(CHUNK_ARTICLES <= UINT16_MAX, "chunk_counts has room");
_Static_assert(sizeof(uint64_t) + sizeof(struct wf_cluster) == 64, "and a cluster, with its key");

void wf_clusters_init(struct wf_clusters *clusters)
{
	*clusters = (struct wf_clusters){0};
	wf_map_init(&clusters->clusters, sizeof(struct wf_cluster));
	wf_map_init(&clusters->redirects, sizeof(uint64_t));
}

static void free_chunk(const struct wf_clusters *clusters, struct wf_cluster_article *chunk)
{
	wf_pages_free_asked(&clusters->ahead, chunk, WF_PAGES_LARGE_BYTES);
}

void wf_clusters_close(struct wf_clusters *clusters)
{
	for (uint64_t i = 0; i < clusters->chunks_count; i++)
		free_chunk(clusters, clusters->chunks[i]);
	free_chunk(clusters, clusters->chunk_next);
	free(clusters->chunks);
	free(clusters->chunk_counts);
	wf_map_close(&clusters->clusters);
	wf_map_close(&clusters->redirects);
	wf_clusters_init(clusters);
}

/* Where an article of the number is, if it is live; NULL: there is none. */
static struct wf_cluster_article *place_of(const struct wf_clusters *clusters, uint64_t number)
{
	const uint64_t chunk = number / CHUNK_ARTICLES;
	struct wf_cluster_article *articles;

	if (chunk < clusters->chunk_first || chunk - clusters->chunk_first >= clusters->chunks_count)
		return NULL;
	articles = clusters->chunks[chunk - clusters->chunk_first];
	return articles == NULL ? NULL : &articles[number % CHUNK_ARTICLES];
}

struct wf_cluster_article *wf_clusters_article(const struct wf_clusters *clusters, uint64_t number)
{
	struct wf_cluster_article *const article = place_of(clusters, number);

	return article == NULL || !article->is_live ? NULL : article;
}

uint64_t wf_clusters_number(const struct wf_clusters *clusters, uint32_t low)
{
	return clusters->number_last - (uint32_t)((uint32_t)clusters->number_last - low);
}

uint64_t wf_clusters_number31(const struct wf_clusters *clusters, uint32_t low)
{
	return clusters->number_last - (((uint32_t)clusters->number_last - low) & 0x7FFFFFFFu);
}

uint64_t wf_clusters_destination(const struct wf_clusters *clusters, uint64_t id)
{
	const uint64_t *into;

	for (uint64_t hops = 0; (into = wf_map_find(&clusters->redirects, id)) != NULL; hops++) {
		if (hops == REDIRECTS_MAX)
			return 0;
		id = *into;
	}
	return id;
}

uint64_t wf_clusters_resolve(const struct wf_clusters *clusters, uint64_t id)
{
	const uint64_t now = wf_clusters_destination(clusters, id);
	const struct wf_cluster_article *founder;

	if (wf_map_find(&clusters->clusters, now) != NULL)
		return now;
	founder = wf_clusters_article(clusters, now);
	return founder != NULL && founder->cluster == now ? now : 0;
}

static struct wf_cluster *record_of(const struct wf_clusters *clusters, uint64_t id)
{
	return wf_map_find(&clusters->clusters, id);
}

uint64_t wf_clusters_size(const struct wf_clusters *clusters, uint64_t id)
{
	const struct wf_cluster *record = record_of(clusters, id);

	if (record != NULL)
		return record->size;
	return wf_clusters_resolve(clusters, id) == id && id != 0 ? 1 : 0;
}

bool wf_clusters_outranks(const struct wf_clusters *clusters, uint64_t id, uint64_t other)
{
	const uint64_t mine = wf_clusters_size(clusters, id);
	const uint64_t theirs = wf_clusters_size(clusters, other);

	return mine > theirs || (mine == theirs && id < other);
}

/* Room for the chunk of `number`, which no earlier chunk follows. */
static int chunk_for(struct wf_clusters *clusters, uint64_t number, struct wf_cluster_article **articles)
{
	const uint64_t chunk = number / CHUNK_ARTICLES;
	uint64_t slot;

	if (clusters->chunks_count == 0)
		clusters->chunk_first = chunk;
	slot = chunk - clusters->chunk_first;
	if (slot >= clusters->chunks_capacity) {
		const uint64_t capacity = (slot + 1) * 2;
		struct wf_cluster_article **chunks = realloc(clusters->chunks, capacity * sizeof *chunks);
		uint16_t *counts;

		if (chunks == NULL)
			return WF_ENOMEM;
		clusters->chunks = chunks;
		counts = realloc(clusters->chunk_counts, capacity * sizeof *counts);
		if (counts == NULL)
			return WF_ENOMEM;
		clusters->chunk_counts = counts;
		clusters->chunks_capacity = capacity;
	}
	for (; clusters->chunks_count <= slot; clusters->chunks_count++) {
		clusters->chunks[clusters->chunks_count] = NULL;
		clusters->chunk_counts[clusters->chunks_count] = 0;
	}
	if (clusters->chunks[slot] == NULL) {
		clusters->chunks[slot] = wf_pages_take_next(&clusters->chunk_next, WF_PAGES_LARGE_BYTES);
		if (clusters->chunks[slot] == NULL)
			return WF_ENOMEM;
		memset(clusters->chunks[slot], 0, WF_PAGES_LARGE_BYTES);
		clusters->chunks_live++;
	}
	*articles = clusters->chunks[slot];
	if (number % CHUNK_ARTICLES >= CHUNK_ARTICLES / 2)
		wf_pages_ask_next(&clusters->ahead, &clusters->chunk_next, WF_PAGES_LARGE_BYTES);
	return 0;
}

/* Gives back chunks without articles, at the front the list's places too. */
static void chunk_leave(struct wf_clusters *clusters, uint64_t number)
{
	const uint64_t slot = number / CHUNK_ARTICLES - clusters->chunk_first;
	uint64_t gone = 0;

	if (--clusters->chunk_counts[slot] != 0 || slot + 1 == clusters->chunks_count)
		return;
	free_chunk(clusters, clusters->chunks[slot]);
	clusters->chunks[slot] = NULL;
	clusters->chunks_live--;
	while (gone + 1 < clusters->chunks_count && clusters->chunks[gone] == NULL)
		gone++;
	if (gone < clusters->chunks_count / 2)
		return;
	clusters->chunks_count -= gone;
	clusters->chunk_first += gone;
	memmove(clusters->chunks, clusters->chunks + gone,
		clusters->chunks_count * sizeof(struct wf_cluster_article *));
	memmove(clusters->chunk_counts, clusters->chunk_counts + gone,
		clusters->chunks_count * sizeof *clusters->chunk_counts);
}

static struct wf_cluster cluster_of_one(uint64_t id, uint64_t number, const struct wf_cluster_article *article)
{
	return (struct wf_cluster){
		.id = id,
		.head = number,
		.size = 1,
		.representative = number,
		.outlets = 1,
		.first_published = article->published,
		.first_seen = article->seen,
		.last_seen = article->seen,
	};
}

/* The cluster's record, made where it had none (a founder alone). NULL: no memory. */
static struct wf_cluster *record_for(struct wf_clusters *clusters, uint64_t id)
{
	struct wf_cluster *record = record_of(clusters, id);

	if (record == NULL) {
		const struct wf_cluster_article *founder = wf_clusters_article(clusters, id);

		record = wf_map_insert(&clusters->clusters, id);
		if (record != NULL && founder != NULL && founder->cluster == id)
			*record = cluster_of_one(id, id, founder);
	}
	return record;
}

static bool is_earlier(int64_t published, int64_t than)
{
	return published != WF_TIME_NONE && (than == WF_TIME_NONE || published < than);
}

static void account(struct wf_cluster *record, uint64_t number, const struct wf_cluster_article *article,
		    uint32_t own_tokens_most)
{
	if (article->seen < record->first_seen)
		record->first_seen = article->seen;
	if (article->seen > record->last_seen)
		record->last_seen = article->seen;
	if (is_earlier(article->published, record->first_published))
		record->first_published = article->published;
	if (article->own_tokens > own_tokens_most ||
	    (article->own_tokens == own_tokens_most && number < record->representative))
		record->representative = number;
}

static uint32_t own_tokens_of(const struct wf_clusters *clusters, uint64_t number)
{
	const struct wf_cluster_article *article = wf_clusters_article(clusters, number);

	return article == NULL ? 0 : article->own_tokens;
}

static void link_before(struct wf_clusters *clusters, struct wf_cluster_article *article, uint64_t number,
			uint64_t head)
{
	struct wf_cluster_article *after = wf_clusters_article(clusters, head);
	struct wf_cluster_article *before =
		wf_clusters_article(clusters, wf_clusters_number(clusters, after->previous));

	article->next = (uint32_t)head;
	article->previous = after->previous;
	before->next = (uint32_t)number;
	after->previous = (uint32_t)number;
}

void wf_clusters_prefetch_article(const struct wf_clusters *clusters, uint64_t number)
{
	const struct wf_cluster_article *const article = place_of(clusters, number);

	if (article != NULL)
		wf_prefetch(article, sizeof *article);
}

void wf_clusters_prefetch(const struct wf_clusters *clusters, uint64_t id)
{
	wf_map_prefetch(&clusters->clusters, id);
}

int wf_clusters_add(struct wf_clusters *clusters, uint64_t number, const struct wf_cluster_article *article)
{
	const uint64_t id = article->cluster;
	const bool is_founder = wf_clusters_resolve(clusters, id) != id;
	struct wf_cluster *record = NULL;
	struct wf_cluster_article *articles;
	struct wf_cluster_article *stored;
	int error = chunk_for(clusters, number, &articles);

	if (error != 0)
		return error;
	if (!is_founder || id != number) {
		record = record_for(clusters, id);
		if (record == NULL)
			return WF_ENOMEM;
	}
	stored = &articles[number % CHUNK_ARTICLES];
	*stored = *article;
	stored->is_live = true;
	stored->next = stored->previous = (uint32_t)number;
	clusters->chunk_counts[number / CHUNK_ARTICLES - clusters->chunk_first]++;
	clusters->articles_count++;
	if (number > clusters->number_last)
		clusters->number_last = number;
	if (is_founder) {
		clusters->clusters_count++;
		if (record != NULL)
			*record = cluster_of_one(id, number, article);
		return 0;
	}
	link_before(clusters, stored, number, record->head);
	account(record, number, article, own_tokens_of(clusters, record->representative));
	record->size++;
	record->outlets_is_stale = true;
	return 0;
}

int wf_clusters_redirect(struct wf_clusters *clusters, uint64_t from, uint64_t into)
{
	uint64_t *slot = from == into ? NULL : wf_map_insert(&clusters->redirects, from);

	if (slot == NULL)
		return from == into ? 0 : WF_ENOMEM;
	*slot = into;
	return 0;
}

int wf_clusters_reserve(struct wf_clusters *clusters, size_t folds)
{
	/* A fold makes a record of either cluster at most, and the article's own cluster has one. */
	return wf_map_reserve(&clusters->clusters, folds + 2) && wf_map_reserve(&clusters->redirects, folds)
		       ? 0
		       : WF_ENOMEM;
}

int wf_clusters_fold(struct wf_clusters *clusters, uint64_t from, uint64_t into)
{
	struct wf_cluster *source;
	struct wf_cluster *target;
	struct wf_cluster folded;
	struct wf_cluster_article *a;
	struct wf_cluster_article *b;
	uint32_t low;
	uint64_t number;

	if (wf_clusters_size(clusters, from) == 0 || wf_clusters_size(clusters, into) == 0)
		return WF_ENOTFOUND;
	if (from == into)
		return 0;
	if (record_for(clusters, from) == NULL || record_for(clusters, into) == NULL ||
	    wf_clusters_redirect(clusters, from, into) != 0)
		return WF_ENOMEM;
	source = record_of(clusters, from);
	target = record_of(clusters, into);
	folded = *source;
	number = folded.head;
	do {
		struct wf_cluster_article *article = wf_clusters_article(clusters, number);

		article->cluster = into;
		account(target, number, article, own_tokens_of(clusters, target->representative));
		number = wf_clusters_number(clusters, article->next);
	} while (number != folded.head);
	/* Two rings become one by exchanging what follows one article of each. */
	a = wf_clusters_article(clusters, target->head);
	b = wf_clusters_article(clusters, folded.head);
	low = a->previous;
	wf_clusters_article(clusters, wf_clusters_number(clusters, low))->next = (uint32_t)folded.head;
	wf_clusters_article(clusters, wf_clusters_number(clusters, b->previous))->next = (uint32_t)target->head;
	a->previous = b->previous;
	b->previous = low;
	target->size += folded.size;
	target->outlets_is_stale = true;
	target->is_stale = target->is_stale || folded.is_stale;
	(void)wf_map_remove(&clusters->clusters, from);
	clusters->clusters_count--;
	return 0;
}

/* Takes an article out of the ring of its cluster, which has others. */
static void unlink_article(struct wf_clusters *clusters, struct wf_cluster *record, uint64_t number)
{
	const struct wf_cluster_article *article = wf_clusters_article(clusters, number);
	const uint64_t next = wf_clusters_number(clusters, article->next);
	const uint64_t previous = wf_clusters_number(clusters, article->previous);

	wf_clusters_article(clusters, previous)->next = (uint32_t)next;
	wf_clusters_article(clusters, next)->previous = (uint32_t)previous;
	if (record->head == number)
		record->head = next;
	record->size--;
	record->is_stale = true;
	record->outlets_is_stale = true;
}

int wf_clusters_split(struct wf_clusters *clusters, uint64_t id, const uint64_t *numbers, size_t numbers_count,
		      uint64_t fresh)
{
	struct wf_cluster *made = wf_map_insert(&clusters->clusters, fresh);
	struct wf_cluster *record = record_of(clusters, id);

	if (made == NULL)
		return WF_ENOMEM;
	for (size_t i = 0; i < numbers_count; i++) {
		struct wf_cluster_article *article = wf_clusters_article(clusters, numbers[i]);

		unlink_article(clusters, record, numbers[i]);
		article->cluster = fresh;
		if (i == 0) {
			article->next = article->previous = (uint32_t)numbers[i];
			*made = cluster_of_one(fresh, numbers[i], article);
			continue;
		}
		link_before(clusters, article, numbers[i], made->head);
		account(made, numbers[i], article, own_tokens_of(clusters, made->representative));
		made->size++;
	}
	made->outlets_is_stale = true;
	clusters->clusters_count++;
	return 0;
}

int wf_clusters_remove(struct wf_clusters *clusters, uint64_t number)
{
	struct wf_cluster_article *article = wf_clusters_article(clusters, number);
	struct wf_cluster *record;

	if (article == NULL)
		return WF_ENOTFOUND;
	record = record_of(clusters, article->cluster);
	if (record == NULL || record->size == 1) {
		clusters->clusters_count--;
		(void)wf_map_remove(&clusters->clusters, article->cluster);
	} else {
		unlink_article(clusters, record, number);
	}
	article->is_live = false;
	clusters->articles_count--;
	chunk_leave(clusters, number);
	return 0;
}

/* Finds times and representative anew after articles went. */
static void refresh(const struct wf_clusters *clusters, struct wf_cluster *record)
{
	uint64_t number = record->head;
	struct wf_cluster_article *article = wf_clusters_article(clusters, number);
	struct wf_cluster fresh = cluster_of_one(record->id, number, article);
	uint32_t own_tokens = article->own_tokens;

	for (number = wf_clusters_number(clusters, article->next); number != record->head;
	     number = wf_clusters_number(clusters, article->next)) {
		article = wf_clusters_article(clusters, number);
		account(&fresh, number, article, own_tokens);
		own_tokens = own_tokens_of(clusters, fresh.representative);
	}
	fresh.size = record->size;
	fresh.outlets = record->outlets;
	fresh.outlets_is_stale = record->outlets_is_stale;
	*record = fresh;
}

static int count_outlets(const struct wf_clusters *clusters, struct wf_cluster *record)
{
	struct wf_map sources;
	uint64_t number = record->head;
	int error = 0;

	wf_map_init(&sources, 0);
	do {
		const struct wf_cluster_article *article = wf_clusters_article(clusters, number);

		/* 0 cannot be a key: articles without a source count as one. */
		if (wf_map_insert(&sources, article->source == 0 ? UINT64_MAX : article->source) == NULL)
			error = WF_ENOMEM;
		number = wf_clusters_number(clusters, article->next);
	} while (error == 0 && number != record->head);
	if (error == 0) {
		record->outlets = (uint32_t)wf_map_count(&sources);
		record->outlets_is_stale = false;
	}
	wf_map_close(&sources);
	return error;
}

static void summarise(const struct wf_cluster *record, struct wf_cluster_summary *summary)
{
	*summary = (struct wf_cluster_summary){
		.cluster = record->id,
		.size = record->size,
		.outlets = record->outlets,
		.representative = record->representative,
		.first_seen = record->first_seen,
		.last_seen = record->last_seen,
		.first_published = record->first_published,
	};
}

int wf_clusters_summary(struct wf_clusters *clusters, uint64_t id, struct wf_cluster_summary *summary)
{
	const uint64_t now = wf_clusters_resolve(clusters, id);
	struct wf_cluster *record = record_of(clusters, now);

	if (now == 0)
		return WF_ENOTFOUND;
	if (record == NULL) {
		const struct wf_cluster one = cluster_of_one(now, now, wf_clusters_article(clusters, now));

		summarise(&one, summary);
		return 0;
	}
	if (record->is_stale)
		refresh(clusters, record);
	if (record->outlets_is_stale) {
		const int error = count_outlets(clusters, record);

		if (error != 0)
			return error;
	}
	summarise(record, summary);
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t first = *(const uint64_t *)a;
	const uint64_t second = *(const uint64_t *)b;

	return first < second ? -1 : first > second;
}

int wf_clusters_members(struct wf_clusters *clusters, uint64_t id, struct wf_arena *arena, const uint64_t **numbers,
			size_t *numbers_count)
{
	const uint64_t now = wf_clusters_resolve(clusters, id);
	const struct wf_cluster *record = record_of(clusters, now);
	const uint64_t size = record == NULL ? 1 : record->size;
	const uint64_t head = record == NULL ? now : record->head;
	uint64_t number = head;
	uint64_t *list;

	if (now == 0)
		return WF_ENOTFOUND;
	list = wf_arena_take(arena, size * sizeof *list);
	if (list == NULL)
		return WF_ENOMEM;
	for (uint64_t i = 0; i < size; i++) {
		list[i] = number;
		number = wf_clusters_number(clusters, wf_clusters_article(clusters, number)->next);
	}
	qsort(list, size, sizeof *list, compare_numbers);
	*numbers = list;
	*numbers_count = size;
	return 0;
}

bool wf_clusters_has_source(const struct wf_clusters *clusters, uint64_t id, uint64_t source, uint32_t articles_max)
{
	const struct wf_cluster *record = record_of(clusters, id);
	const struct wf_cluster_article *article = wf_clusters_article(clusters, record == NULL ? id : record->head);

	/* The ring backwards from before its head: the newest first, the head last. */
	if (record != NULL)
		article = wf_clusters_article(clusters, wf_clusters_number(clusters, article->previous));
	for (uint32_t i = 0; article != NULL && i < articles_max; i++) {
		if (article->source == source)
			return true;
		if (record == NULL || i + 1 >= record->size)
			break;
		article = wf_clusters_article(clusters, wf_clusters_number(clusters, article->previous));
	}
	return false;
}

uint64_t wf_clusters_sources(const struct wf_clusters *clusters, uint64_t id, const uint64_t *sources,
			     uint32_t sources_count, uint64_t wanted, uint32_t articles_max)
{
	const struct wf_cluster *record = record_of(clusters, id);
	const uint64_t size = record == NULL ? 1 : record->size;
	const struct wf_cluster_article *article = wf_clusters_article(clusters, record == NULL ? id : record->head);
	uint64_t found = 0;

	/* Backwards from before the head, as above. */
	for (uint64_t i = 0; article != NULL && i < size && i < articles_max && found != wanted; i++) {
		article = wf_clusters_article(clusters, wf_clusters_number(clusters, article->previous));
		for (uint32_t k = 0; k < sources_count; k++)
			if (sources[k] == article->source)
				found |= wanted & UINT64_C(1) << k;
	}
	return found;
}

static uint64_t order_key(const struct wf_cluster_filter *filter, const struct wf_cluster_summary *summary)
{
	return filter->order == WF_CLUSTER_ORDER_SIZE ? summary->size : (uint64_t)summary->last_seen;
}

/* Whether `a` comes before `b` in the filter's order. */
static bool comes_before(const struct wf_cluster_filter *filter, const struct wf_cluster_summary *a, uint64_t b_key,
			 uint64_t b_cluster)
{
	const uint64_t key = order_key(filter, a);

	return key != b_key ? key > b_key : a->cluster > b_cluster;
}

static bool has_source_anywhere(const struct wf_clusters *clusters, uint64_t id, uint64_t source)
{
	return wf_clusters_has_source(clusters, id, source, UINT32_MAX);
}

/* The tests that need no walk over the cluster's articles come first. */
static bool passes(const struct wf_cluster_filter *filter, const struct wf_cluster *record)
{
	return record->size >= filter->size_min && (int64_t)record->last_seen >= filter->since &&
	       (int64_t)record->first_seen <= filter->until;
}

/* The page so far: a heap whose root is the last in order. */
struct page {
	struct wf_cluster_summary *summaries;
	size_t limit;
	size_t count;
	bool overflowed;
};

static void page_sift(const struct wf_cluster_filter *filter, struct page *page, size_t at)
{
	for (;;) {
		size_t last = at;
		struct wf_cluster_summary swapped;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < page->count; child++)
			if (comes_before(filter, &page->summaries[last], order_key(filter, &page->summaries[child]),
					 page->summaries[child].cluster))
				last = child;
		if (last == at)
			return;
		swapped = page->summaries[at];
		page->summaries[at] = page->summaries[last];
		page->summaries[last] = swapped;
		at = last;
	}
}

static void page_offer(const struct wf_cluster_filter *filter, struct page *page,
		       const struct wf_cluster_summary *summary)
{
	if (page->count < page->limit) {
		page->summaries[page->count++] = *summary;
		if (page->count == page->limit)
			for (size_t i = page->count / 2 + 1; i-- > 0;)
				page_sift(filter, page, i);
		return;
	}
	page->overflowed = true;
	if (page->limit != 0 &&
	    comes_before(filter, summary, order_key(filter, &page->summaries[0]), page->summaries[0].cluster)) {
		page->summaries[0] = *summary;
		page_sift(filter, page, 0);
	}
}

static int consider(struct wf_clusters *clusters, const struct wf_cluster_filter *filter, struct wf_cluster *record,
		    struct page *page)
{
	struct wf_cluster_summary summary;

	if (record->is_stale)
		refresh(clusters, record);
	if (!passes(filter, record))
		return 0;
	summarise(record, &summary);
	if (filter->has_after &&
	    !(order_key(filter, &summary) < filter->after_key ||
	      (order_key(filter, &summary) == filter->after_key && summary.cluster < filter->after_cluster)))
		return 0;
	if (filter->source != 0 && !has_source_anywhere(clusters, record->id, filter->source))
		return 0;
	if (filter->outlets_min > 1) {
		const int error = record->outlets_is_stale ? count_outlets(clusters, record) : 0;

		if (error != 0)
			return error;
		if (record->outlets < filter->outlets_min)
			return 0;
		summary.outlets = record->outlets;
	}
	page_offer(filter, page, &summary);
	return 0;
}

static int sort_page(struct wf_clusters *clusters, const struct wf_cluster_filter *filter, struct page *page)
{
	const size_t count = page->count;

	/* A heap sort leaves the last in order at the end. */
	for (size_t i = page->count / 2 + 1; i-- > 0;)
		page_sift(filter, page, i);
	while (page->count > 1) {
		const struct wf_cluster_summary last = page->summaries[0];

		page->count--;
		page->summaries[0] = page->summaries[page->count];
		page->summaries[page->count] = last;
		page_sift(filter, page, 0);
	}
	page->count = count;
	for (size_t i = 0; i < count; i++) {
		const int error = wf_clusters_summary(clusters, page->summaries[i].cluster, &page->summaries[i]);

		if (error != 0)
			return error;
	}
	return 0;
}

static int consider_founders(struct wf_clusters *clusters, const struct wf_cluster_filter *filter, struct page *page)
{
	for (uint64_t slot = 0; slot < clusters->chunks_count; slot++) {
		const struct wf_cluster_article *articles = clusters->chunks[slot];

		for (uint64_t i = 0; articles != NULL && i < CHUNK_ARTICLES; i++) {
			const uint64_t number = (clusters->chunk_first + slot) * CHUNK_ARTICLES + i;
			struct wf_cluster one;
			int error;

			if (!articles[i].is_live || articles[i].cluster != number ||
			    articles[i].next != (uint32_t)number || record_of(clusters, number) != NULL)
				continue;
			one = cluster_of_one(number, number, &articles[i]);
			error = consider(clusters, filter, &one, page);
			if (error != 0)
				return error;
		}
	}
	return 0;
}

int wf_clusters_list(struct wf_clusters *clusters, const struct wf_cluster_filter *filter,
		     struct wf_cluster_summary *summaries, size_t limit, size_t *count, bool *more)
{
	struct page page = {.summaries = summaries, .limit = limit};
	size_t position = 0;
	uint64_t id;
	void *record;
	int error = 0;

	while (error == 0 && wf_map_next(&clusters->clusters, &position, &id, &record))
		error = consider(clusters, filter, record, &page);
	if (error == 0 && filter->size_min <= 1 && filter->outlets_min <= 1)
		error = consider_founders(clusters, filter, &page);
	if (error == 0)
		error = sort_page(clusters, filter, &page);
	*count = page.count;
	*more = page.overflowed;
	return error;
}

size_t wf_clusters_memory_bytes(const struct wf_clusters *clusters)
{
	return (clusters->chunks_live + (clusters->chunk_next != NULL)) * WF_PAGES_LARGE_BYTES +
	       clusters->chunks_capacity * (sizeof(struct wf_cluster_article *) + sizeof(uint16_t)) +
	       wf_map_memory_bytes(&clusters->clusters) + wf_map_memory_bytes(&clusters->redirects);
}
