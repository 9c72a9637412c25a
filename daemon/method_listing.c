/* The method that goes over all articles: articles. In the order of their numbers, which never change: whatever moves
 * between clusters meanwhile is met all the same. */
#include "method.h"
#include "pipeline.h"
#include "server.h"

#define LIMIT_DEFAULT 1000u
#define LIMIT_MAX     10000u
#define LOOK_MAX      100000u /* numbers looked at for one page; most may be of articles that are gone */

struct listed {
	uint64_t number;
	uint64_t cluster;
};

struct found {
	struct listed *articles;
	size_t count;
	uint64_t next; /* 0: there are no more */
};

struct page {
	uint64_t after;
	uint64_t limit;
};

static struct page read_page(const struct wf_job *job, struct wf_error *error)
{
	const struct wf_cursor params = wf_request_params(&job->request, 0, 1, "[] or [page]", error);
	struct page page = {.after = 0, .limit = LIMIT_DEFAULT};
	struct wf_cursor root, field;

	if (error->code != 0 || wf_value_count(params.value) == 0)
		return page;
	root = wf_cursor_of(wf_value_element(params.value, 0), NULL, WF_EBADREQUEST, error);
	if (wf_value_kind(root.value) != WF_VALUE_MAP) {
		wf_error_set(error, WF_EBADREQUEST, "page: expected a map, got %s",
			     wf_value_kind_phrase(wf_value_kind(root.value)));
		return page;
	}
	field = wf_cursor_field(&root, "after");
	if (!wf_cursor_is_absent(&field))
		page.after = wf_cursor_unsigned(&field, WF_NUMBER_MAX);
	field = wf_cursor_field(&root, "limit");
	if (!wf_cursor_is_absent(&field))
		page.limit = wf_cursor_unsigned(&field, UINT64_MAX);
	if (page.limit < 1 || page.limit > LIMIT_MAX)
		wf_cursor_fail(&field, WF_EBADREQUEST, "expected 1 to %u", LIMIT_MAX);
	return page;
}

int wf_method_articles_start(struct wf_server *server, struct wf_job *job)
{
	(void)server;
	read_page(job, &job->error);
	return job->error.code;
}

int wf_method_articles_index(struct wf_indexer *indexer, struct wf_job *job)
{
	const struct page page = read_page(job, &job->error);
	struct found *found = wf_arena_take(&job->arena, sizeof *found);
	uint64_t number = page.after;

	if (found == NULL)
		return WF_ENOMEM;
	*found = (struct found){.articles = wf_arena_take(&job->arena, page.limit * sizeof *found->articles)};
	if (found->articles == NULL)
		return WF_ENOMEM;
	while (found->count < page.limit && number + 1 < indexer->number_next && number - page.after < LOOK_MAX) {
		struct wf_index_article article;

		number++;
		if (wf_index_article(indexer->index, number, &article) == 0)
			found->articles[found->count++] = (struct listed){number, article.cluster};
	}
	if (number + 1 < indexer->number_next)
		found->next = number;
	job->found = found;
	return 0;
}

int wf_method_articles_read(struct wf_reading *reading, struct wf_job *job)
{
	const struct found *found = job->found;
	struct wf_pack *reply = &job->reply;

	wf_job_reply(job);
	wf_pack_map(reply, 2);
	wf_pack_words(reply, "articles");
	wf_pack_array(reply, found->count);
	for (size_t i = 0; i < found->count && reply->error == 0; i++) {
		const struct listed *listed = &found->articles[i];
		struct wf_store_body body;
		const int code = wf_method_read_body(reading, listed->number, &body);

		if (code < 0)
			return wf_error_set(&job->error, code == WF_ENOMEM ? code : WF_EINTERNAL,
					    "the store could not be read: article %llu: %s",
					    (unsigned long long)listed->number, wf_error_sentence(code));
		wf_pack_map(reply, 2);
		wf_pack_words(reply, "id");
		wf_pack_string(reply, body.id);
		wf_pack_words(reply, "cluster");
		wf_pack_unsigned(reply, listed->cluster);
	}
	wf_pack_words(reply, "next");
	if (found->next != 0)
		wf_pack_unsigned(reply, found->next);
	else
		wf_pack_nil(reply);
	return 0;
}
