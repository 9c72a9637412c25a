/* The methods that say what an editor knows better: merge, split. */
#include <stdlib.h>

#include "method.h"
#include "pipeline.h"

/* ---- merge ---- */

/* The clusters of the request, in the job's arena. Errors: in the job. */
static int read_clusters(struct wf_job *job, uint64_t **clusters, size_t *count)
{
	const struct wf_cursor params = wf_request_params(&job->request, 1, 1, "[[cluster, ...]]", &job->error);
	struct wf_cursor list;

	if (job->error.code != 0)
		return job->error.code;
	list = wf_cursor_element(&params, 0, "clusters");
	*count = wf_cursor_array(&list, WF_MERGE_CLUSTERS_MAX);
	if (!wf_cursor_failed(&list) && *count == 0)
		wf_cursor_fail(&list, WF_EBADREQUEST, "expected at least one cluster");
	if (wf_cursor_failed(&list))
		return job->error.code;
	*clusters = wf_arena_take(&job->arena, *count * sizeof **clusters);
	if (*clusters == NULL)
		return WF_ENOMEM;
	for (size_t i = 0; i < *count; i++) {
		const struct wf_cursor cluster = wf_cursor_element(&list, i, NULL);

		(*clusters)[i] = wf_cursor_unsigned(&cluster, WF_NUMBER_MAX);
	}
	return job->error.code;
}

int wf_method_merge_start(struct wf_server *server, struct wf_job *job)
{
	uint64_t *clusters;
	size_t count;

	(void)server;
	return read_clusters(job, &clusters, &count);
}

int wf_method_merge_index(struct wf_indexer *indexer, struct wf_job *job)
{
	uint64_t *clusters, cluster;
	size_t count, place;
	int code;

	/* That they are one already, or that one is gone, may be the work of a request on its way. */
	job->needs_durable = true;
	code = read_clusters(job, &clusters, &count);
	if (code == 0)
		code = wf_indexer_merge(indexer, job, clusters, count, &cluster, &place);
	if (code == WF_ENOTFOUND)
		return wf_error_set(&job->error, code, "clusters[%zu]: no cluster has the number %llu", place,
				    (unsigned long long)clusters[place]);
	if (code < 0)
		return code;
	wf_counter_add(&indexer->pipeline->counters->clusters_merged, job->redirects_count);
	wf_job_reply(job);
	wf_pack_unsigned(&job->reply, cluster);
	return 0;
}

/* ---- split ---- */

/* The parameters, up to the list of ids. Errors: in the job. */
static uint64_t read_split(struct wf_job *job, const struct wf_cursor *params, struct wf_cursor *ids, size_t *count)
{
	struct wf_cursor cursor;
	uint64_t cluster;

	cursor = wf_cursor_element(params, 0, "cluster");
	cluster = wf_cursor_unsigned(&cursor, WF_NUMBER_MAX);
	*ids = wf_cursor_element(params, 1, "ids");
	*count = wf_cursor_array(ids, WF_SPLIT_ARTICLES_MAX);
	if (job->error.code == 0 && *count == 0)
		wf_cursor_fail(ids, WF_EBADREQUEST, "expected at least one id");
	return cluster;
}

static struct wf_bytes id_at(const struct wf_cursor *ids, size_t index)
{
	const struct wf_cursor id = wf_cursor_element(ids, index, NULL);

	return wf_cursor_string(&id, 1, WF_ARTICLE_ID_BYTES_MAX);
}

int wf_method_split_start(struct wf_server *server, struct wf_job *job)
{
	const struct wf_cursor params = wf_request_params(&job->request, 2, 2, "[cluster, [id, ...]]", &job->error);
	struct wf_cursor ids;
	size_t count;

	(void)server;
	if (job->error.code == 0)
		read_split(job, &params, &ids, &count);
	for (size_t i = 0; job->error.code == 0 && i < count; i++)
		id_at(&ids, i);
	return job->error.code;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t first = *(const uint64_t *)a;
	const uint64_t second = *(const uint64_t *)b;

	return first < second ? -1 : first > second;
}

/* The numbers of the articles, ascending, each once. */
static int find_articles(struct wf_indexer *indexer, struct wf_job *job, uint64_t cluster, const struct wf_cursor *ids,
			 uint64_t *numbers, size_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		const struct wf_bytes id = id_at(ids, i);
		struct wf_index_article article;
		int code;

		code = wf_indexer_find(indexer, id, wf_pipeline_id_hash(indexer->pipeline, id), &numbers[i]);
		if (code == 0 && numbers[i] == 0)
			return wf_error_set(&job->error, WF_ENOTFOUND, "ids[%zu]: no article has this id", i);
		if (code == 0)
			code = wf_index_article(indexer->index, numbers[i], &article);
		if (code < 0)
			return code;
		if (article.cluster != cluster)
			return wf_error_set(&job->error, WF_ENOTFOUND,
					    "ids[%zu]: the article is in cluster %llu, not in %llu", i,
					    (unsigned long long)article.cluster, (unsigned long long)cluster);
	}
	qsort(numbers, *count, sizeof *numbers, compare_numbers);
	for (size_t i = 0; i < *count; i++)
		if (kept == 0 || numbers[i] != numbers[kept - 1])
			numbers[kept++] = numbers[i];
	*count = kept;
	return 0;
}

int wf_method_split_index(struct wf_indexer *indexer, struct wf_job *job)
{
	const struct wf_cursor params = wf_request_params(&job->request, 2, 2, "[cluster, [id, ...]]", &job->error);
	struct wf_cluster_summary summary;
	struct wf_cursor ids;
	uint64_t *numbers, cluster;
	size_t count;
	int code;

	job->needs_durable = true;
	cluster = read_split(job, &params, &ids, &count);
	numbers = wf_arena_take(&job->arena, count * sizeof *numbers);
	if (numbers == NULL)
		return WF_ENOMEM;
	code = wf_index_cluster(indexer->index, cluster, &summary);
	if (code == WF_ENOTFOUND)
		return wf_error_set(&job->error, code, "cluster: no cluster has the number %llu",
				    (unsigned long long)cluster);
	if (code == 0)
		code = find_articles(indexer, job, summary.cluster, &ids, numbers, &count);
	if (code < 0)
		return code;
	/* All of them are a cluster of their own already: this one. */
	cluster = summary.cluster;
	if (count < summary.size)
		code = wf_indexer_split(indexer, job, &cluster, numbers, count);
	if (code < 0)
		return code;
	wf_counter_add(&indexer->pipeline->counters->clusters_split, job->moved_count > 0);
	wf_job_reply(job);
	wf_pack_unsigned(&job->reply, cluster);
	return 0;
}
