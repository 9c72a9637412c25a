/* The methods about one article: add, add_batch, query, get, remove. */
#include <string.h>

#include "method.h"
#include "pipeline.h"
#include "server.h"
#include "verdict.h"

/* ---- add, add_batch, query ---- */

static int take_items(struct wf_server *server, struct wf_job *job, size_t count)
{
	job->id_optional = !job->method->may_write;
	job->keeps_text = job->method->may_write && !server->settings->no_text;
	if (wf_job_take_items(job, (uint32_t)count) < 0)
		return wf_error_set(&job->error, WF_ENOMEM, "out of memory for %zu articles", count);
	return 0;
}

int wf_method_add_start(struct wf_server *server, struct wf_job *job)
{
	wf_request_params(&job->request, 1, 1, "[article]", &job->error);
	return job->error.code != 0 ? job->error.code : take_items(server, job, 1);
}

int wf_method_add_batch_start(struct wf_server *server, struct wf_job *job)
{
	const struct wf_cursor params = wf_request_params(&job->request, 1, 1, "[[article, ...]]", &job->error);
	struct wf_cursor articles;
	size_t count;

	if (job->error.code != 0)
		return job->error.code;
	articles = wf_cursor_element(&params, 0, "articles");
	count = wf_cursor_array(&articles, WF_BATCH_ARTICLES_MAX);
	job->is_batch = true;
	return job->error.code != 0 ? job->error.code : take_items(server, job, count);
}

static void pack_verdict(struct wf_job *job, const struct wf_item *item, const struct wf_decision *decision)
{
	const struct wf_verdict verdict = {
		.id = item->article.id,
		.cluster = decision->cluster,
		.is_new = decision->is_new,
		.relation = decision->relation,
		.match = item->match_id,
		.similarity = decision->similarity,
		.containment = decision->containment,
		.size = decision->size,
		.merged = decision->merged,
		.merged_count = decision->merged_count,
		.related = decision->related,
		.related_count = decision->related_count,
		.replaced = item->replaces != 0,
	};

	wf_verdict_pack(&job->reply, &verdict);
}

static void refusal_of(const struct wf_item *item, struct wf_error *error)
{
	if (item->refusal != NULL)
		*error = *item->refusal;
	else
		wf_error_set(error, WF_ENOMEM, "out of memory for the article");
}

/* Takes one article in and packs its verdict. On error nothing is packed. */
static int add(struct wf_indexer *indexer, struct wf_job *job, struct wf_item *item, struct wf_error *error)
{
	struct wf_counters *counters = indexer->pipeline->counters;
	struct wf_decision decision;
	bool repeated;
	int code;

	if (item->is_refused) {
		refusal_of(item, error);
		code = error->code;
	} else {
		code = wf_indexer_add(indexer, job, item, &decision, &repeated, error);
	}
	if (code < 0) {
		wf_counter_add(&counters->articles_refused, 1);
		return code;
	}
	wf_counter_add(repeated ? &counters->articles_repeated : &counters->articles_added, 1);
	if (item->replaces != 0)
		wf_counter_add(&counters->articles_replaced, 1);
	pack_verdict(job, item, &decision);
	return 0;
}

int wf_method_add_index(struct wf_indexer *indexer, struct wf_job *job)
{
	wf_job_reply(job);
	return add(indexer, job, &job->items[0], &job->error);
}

int wf_method_add_batch_index(struct wf_indexer *indexer, struct wf_job *job)
{
	wf_job_reply(job);
	wf_pack_array(&job->reply, job->items_count);
	for (uint32_t i = 0; i < job->items_count; i++) {
		struct wf_item *item = &job->items[i];
		struct wf_error refusal;

		if (i > 0 && i % WF_INDEXER_SLICE == 0) {
			wf_indexer_give_way(indexer, job);
			wf_indexer_foresee(indexer, job, i);
		}
		if (add(indexer, job, item, &refusal) < 0)
			wf_verdict_pack_refusal(&job->reply, item->article.id, &refusal);
	}
	return 0;
}

int wf_method_query_index(struct wf_indexer *indexer, struct wf_job *job)
{
	struct wf_item *item = &job->items[0];
	struct wf_decision decision;
	int code;

	wf_counter_add(&indexer->pipeline->counters->queries, 1);
	if (item->is_refused) {
		refusal_of(item, &job->error);
		return job->error.code;
	}
	code = wf_indexer_query(indexer, job, item, &decision, &job->error);
	if (code < 0)
		return code;
	wf_job_reply(job);
	pack_verdict(job, item, &decision);
	return 0;
}

/* ---- get, remove ---- */

static struct wf_bytes id_param(const struct wf_job *job, struct wf_error *error)
{
	const struct wf_cursor params = wf_request_params(&job->request, 1, 1, "[id]", error);
	struct wf_cursor id;

	if (error->code != 0)
		return (struct wf_bytes){NULL, 0};
	id = wf_cursor_element(&params, 0, "id");
	return wf_cursor_string(&id, 1, WF_ARTICLE_ID_BYTES_MAX);
}

int wf_method_get_start(struct wf_server *server, struct wf_job *job)
{
	(void)server;
	id_param(job, &job->error);
	return job->error.code;
}

static int find(struct wf_indexer *indexer, struct wf_job *job, uint64_t *number)
{
	const struct wf_bytes id = id_param(job, &job->error);

	return wf_indexer_find(indexer, id, wf_pipeline_id_hash(indexer->pipeline, id), number);
}

int wf_method_remove_index(struct wf_indexer *indexer, struct wf_job *job)
{
	const struct wf_events *events = &indexer->pipeline->events;
	const bool is_told = wf_events_are_wanted(events);
	struct wf_event removal;
	uint64_t number;
	int code;

	code = find(indexer, job, &number);
	if (code < 0)
		return code;
	wf_job_reply(job);
	wf_pack_boolean(&job->reply, number != 0);
	/* That there is none may be the work of a removal on its way. */
	job->needs_durable = true;
	if (number == 0)
		return 0;
	job->removed = wf_arena_take(&job->arena, sizeof *job->removed);
	if (job->removed == NULL)
		return WF_ENOMEM;
	if (is_told)
		wf_events_foresee_removal(events, indexer->index, number, id_param(job, &job->error), &removal);
	code = wf_indexer_remove(indexer, number, &job->error);
	if (code < 0)
		return code;
	if (is_told)
		wf_event_note(job, &removal);
	job->removed[0] = number;
	job->removed_count = 1;
	job->needs_commit = true;
	wf_counter_add(&indexer->pipeline->counters->articles_removed, 1);
	return 0;
}

/* What `get` knows when it comes to read. */
struct found {
	uint64_t number;
	uint64_t cluster;
	uint64_t match; /* 0: none, or gone */
};

int wf_method_get_index(struct wf_indexer *indexer, struct wf_job *job)
{
	struct found *found = wf_arena_take(&job->arena, sizeof *found);
	struct wf_index_article article, match;
	uint64_t number;
	int code;

	if (found == NULL)
		return WF_ENOMEM;
	code = find(indexer, job, &number);
	if (code < 0)
		return code;
	if (number == 0)
		return wf_error_set(&job->error, WF_ENOTFOUND, "id: no article has this id");
	code = wf_index_article(indexer->index, number, &article);
	if (code < 0)
		return code;
	*found = (struct found){.number = number, .cluster = article.cluster};
	if (wf_index_article(indexer->index, article.match, &match) == 0)
		found->match = article.match;
	job->found = found;
	return 0;
}

/* What was said of the article when it came is told from its record, so that it is what the verdict said. */
static void pack_found(struct wf_job *job, const struct wf_article *article, bool has_text,
		       const struct wf_store_entry *entry, struct wf_bytes match)
{
	const struct found *found = job->found;
	struct wf_pack *reply = &job->reply;

	wf_job_reply(job);
	wf_pack_map(reply, wf_article_pair_count(article) + (has_text ? 0 : 1) + 6);
	wf_article_pack_pairs(reply, article);
	if (!has_text) {
		wf_pack_words(reply, "text");
		wf_pack_nil(reply);
	}
	wf_pack_words(reply, "cluster");
	wf_pack_unsigned(reply, found->cluster);
	wf_pack_words(reply, "relation");
	wf_pack_words(reply, wf_relation_word(entry->relation));
	wf_pack_words(reply, "match");
	wf_pack_optional_string(reply, match);
	wf_pack_words(reply, "similarity");
	wf_pack_number(reply, (double)entry->similarity);
	wf_pack_words(reply, "containment");
	wf_pack_number(reply, (double)entry->containment);
	wf_pack_words(reply, "seen");
	wf_pack_integer(reply, entry->seen);
}

int wf_method_get_read(struct wf_reading *reading, struct wf_job *job)
{
	const struct found *found = job->found;
	struct wf_store_entry entry;
	struct wf_article article;
	struct wf_store_body body;
	struct wf_store_body match = {.id = {NULL, 0}};
	struct wf_text_place stored;
	struct wf_bytes text = {NULL, 0};
	int code;

	code = wf_method_read_entry(reading, found->number, &entry);
	if (code == 0)
		code = wf_method_read_body(reading, found->number, &body);
	if (code == 0 && found->match != 0)
		code = wf_method_read_body(reading, found->match, &match);
	if (code == 0 && body.has_text)
		code = wf_method_read_text(reading, found->number, &body, &stored);
	if (code == 0 && body.has_text)
		code = wf_method_expand_text(reading, &stored, &text);
	if (code < 0)
		return wf_error_set(&job->error, code == WF_ENOMEM ? code : WF_EINTERNAL,
				    "the store could not be read: %s", wf_error_sentence(code));
	article = (struct wf_article){
		.id = body.id,
		.text = text,
		.title = body.title,
		.outlet = body.outlet,
		.url = body.url,
		.lang = body.lang,
		.published_text = body.published_text,
		.published = body.published,
		.has_published = body.has_published,
	};
	if (body.has_text && article.text.data == NULL)
		article.text.data = "";
	pack_found(job, &article, body.has_text, &entry, match.id);
	return 0;
}
