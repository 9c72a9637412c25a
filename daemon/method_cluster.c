/* The methods about stories: cluster, clusters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "method.h"
#include "pipeline.h"
#include "server.h"

#define CLUSTERS_LIMIT_DEFAULT   100u
#define CLUSTERS_LIMIT_MAX       1000u
#define TOKEN_BYTES_MAX          64u
#define MEMBER_REPLY_BYTES_LEAST 120u /* an article of a `cluster` reply, with all its strings empty */

/* What the indexer found: one story with its articles, or a page of stories. */
struct found {
	struct wf_cluster_summary *summaries;
	size_t summaries_count;
	const uint64_t *numbers;
	size_t numbers_count;
	enum wf_cluster_order order;
	bool has_more;
};

/* ---- what both pack ---- */

static void pack_time(struct wf_pack *pack, const char *key, int64_t seconds)
{
	wf_pack_words(pack, key);
	if (seconds == WF_TIME_NONE)
		wf_pack_nil(pack);
	else
		wf_pack_integer(pack, seconds);
}

/* The pairs of a story, the map's header and `articles` aside. */
#define SUMMARY_PAIRS 8u

static int unreadable(struct wf_job *job, uint64_t number, int code)
{
	return wf_error_set(&job->error, code == WF_ENOMEM ? code : WF_EINTERNAL,
			    "the store could not be read: article %llu: %s", (unsigned long long)number,
			    wf_error_sentence(code));
}

static int pack_summary(struct wf_reading *reading, struct wf_job *job, const struct wf_cluster_summary *summary)
{
	struct wf_pack *pack = &job->reply;
	struct wf_store_body body;
	const int code = wf_method_read_body(reading, summary->representative, &body);

	if (code < 0)
		return unreadable(job, summary->representative, code);
	wf_pack_words(pack, "cluster");
	wf_pack_unsigned(pack, summary->cluster);
	wf_pack_words(pack, "size");
	wf_pack_unsigned(pack, summary->size);
	wf_pack_words(pack, "outlets");
	wf_pack_unsigned(pack, summary->outlets);
	wf_pack_words(pack, "title");
	wf_pack_optional_string(pack, body.title);
	pack_time(pack, "first_seen", summary->first_seen);
	pack_time(pack, "last_seen", summary->last_seen);
	pack_time(pack, "first_published", summary->first_published);
	wf_pack_words(pack, "representative");
	wf_pack_optional_string(pack, body.id);
	return 0;
}

/* ---- cluster ---- */

static uint64_t cluster_param(const struct wf_job *job, struct wf_error *error)
{
	const struct wf_cursor params = wf_request_params(&job->request, 1, 1, "[cluster]", error);
	struct wf_cursor cluster;

	if (error->code != 0)
		return 0;
	cluster = wf_cursor_element(&params, 0, "cluster");
	return wf_cursor_unsigned(&cluster, WF_NUMBER_MAX);
}

int wf_method_cluster_start(struct wf_server *server, struct wf_job *job)
{
	(void)server;
	cluster_param(job, &job->error);
	return job->error.code;
}

int wf_method_cluster_index(struct wf_indexer *indexer, struct wf_job *job)
{
	const uint64_t cluster = cluster_param(job, &job->error);
	struct found *found = wf_arena_take(&job->arena, sizeof *found);
	int code;

	if (found == NULL)
		return WF_ENOMEM;
	*found =
		(struct found){.summaries_count = 1, .summaries = wf_arena_take(&job->arena, sizeof *found->summaries)};
	if (found->summaries == NULL)
		return WF_ENOMEM;
	code = wf_index_cluster(indexer->index, cluster, found->summaries);
	if (code == WF_ENOTFOUND)
		return wf_error_set(&job->error, code, "cluster: no cluster has this number");
	if (code == 0 && found->summaries->size > job->reply.bytes_max / MEMBER_REPLY_BYTES_LEAST)
		return wf_error_set(&job->error, WF_ETOOLARGE,
				    "cluster: %llu articles are more than a reply holds (reply_bytes_max)",
				    (unsigned long long)found->summaries->size);
	if (code == 0)
		code = wf_index_members(indexer->index, cluster, &job->arena, &found->numbers, &found->numbers_count);
	job->found = found;
	return code;
}

static int read_member(struct wf_reading *reading, uint64_t number, struct wf_store_entry *entry,
		       struct wf_store_body *body, struct wf_bytes *match_id)
{
	struct wf_store_body match;
	int code;

	*match_id = (struct wf_bytes){NULL, 0};
	code = wf_method_read_entry(reading, number, entry);
	if (code == 0)
		code = wf_method_read_body(reading, number, body);
	if (code < 0 || entry->match == 0)
		return code;
	/* The match may have been removed since. */
	code = wf_store_body(reading->reader, entry->match, &match);
	if (code == WF_ECORRUPT)
		wf_pipeline_note_damage(reading->pipeline, "body", entry->match);
	if (code == 0)
		*match_id = match.id;
	return code == WF_ENOTFOUND ? 0 : code;
}

static void pack_member(struct wf_pack *pack, const struct wf_store_entry *entry, const struct wf_store_body *body,
			struct wf_bytes match_id)
{
	wf_pack_map(pack, 10);
	wf_pack_words(pack, "id");
	wf_pack_string(pack, body->id);
	wf_pack_words(pack, "outlet");
	wf_pack_optional_string(pack, body->outlet);
	wf_pack_words(pack, "title");
	wf_pack_optional_string(pack, body->title);
	wf_pack_words(pack, "url");
	wf_pack_optional_string(pack, body->url);
	pack_time(pack, "published", entry->published);
	pack_time(pack, "seen", entry->seen);
	wf_pack_words(pack, "relation");
	wf_pack_words(pack, wf_relation_word(entry->relation));
	wf_pack_words(pack, "match");
	wf_pack_optional_string(pack, match_id);
	wf_pack_words(pack, "similarity");
	wf_pack_number(pack, (double)entry->similarity);
	wf_pack_words(pack, "containment");
	wf_pack_number(pack, (double)entry->containment);
}

int wf_method_cluster_read(struct wf_reading *reading, struct wf_job *job)
{
	const struct found *found = job->found;
	struct wf_pack *reply = &job->reply;
	int code;

	wf_job_reply(job);
	wf_pack_map(reply, SUMMARY_PAIRS + 1);
	code = pack_summary(reading, job, found->summaries);
	if (code < 0)
		return code;
	wf_pack_words(reply, "articles");
	wf_pack_array(reply, found->numbers_count);
	for (size_t i = 0; i < found->numbers_count && reply->error == 0; i++) {
		struct wf_store_entry entry;
		struct wf_store_body body;
		struct wf_bytes match_id;

		code = read_member(reading, found->numbers[i], &entry, &body, &match_id);
		if (code < 0)
			return unreadable(job, found->numbers[i], code);
		pack_member(reply, &entry, &body, match_id);
		wf_arena_reset(reading->arena);
	}
	return 0;
}

/* ---- clusters ---- */

/* The token says where the next page begins: order, order key and ID of the last cluster of this one. */
static void pack_token(struct wf_pack *pack, enum wf_cluster_order order, const struct wf_cluster_summary *last)
{
	const uint64_t key = order == WF_CLUSTER_ORDER_SIZE ? last->size : (uint64_t)last->last_seen;
	char token[TOKEN_BYTES_MAX];

	snprintf(token, sizeof token, "%c%llx.%llx", order == WF_CLUSTER_ORDER_SIZE ? 's' : 'r',
		 (unsigned long long)key, (unsigned long long)last->cluster);
	wf_pack_words(pack, token);
}

static void read_token(const struct wf_cursor *after, struct wf_cluster_filter *filter)
{
	const struct wf_bytes text = wf_cursor_string(after, 1, TOKEN_BYTES_MAX - 1);
	char token[TOKEN_BYTES_MAX];
	char *end;

	if (wf_cursor_failed(after))
		return;
	memcpy(token, text.data, text.length);
	token[text.length] = '\0';
	if (token[0] != (filter->order == WF_CLUSTER_ORDER_SIZE ? 's' : 'r')) {
		wf_cursor_fail(after, WF_EBADREQUEST, "expected the `next` of a page in the same order");
		return;
	}
	filter->has_after = true;
	filter->after_key = strtoull(token + 1, &end, 16);
	if (end == token + 1 || *end != '.') {
		wf_cursor_fail(after, WF_EBADREQUEST, "expected the `next` of a page");
		return;
	}
	filter->after_cluster = strtoull(end + 1, &end, 16);
	if (*end != '\0')
		wf_cursor_fail(after, WF_EBADREQUEST, "expected the `next` of a page");
}

static void read_order(const struct wf_cursor *order, struct wf_cluster_filter *filter)
{
	const struct wf_bytes word = wf_cursor_string(order, 0, SIZE_MAX);

	if (wf_cursor_failed(order))
		return;
	if (wf_bytes_equal(word, wf_bytes_of("size")))
		filter->order = WF_CLUSTER_ORDER_SIZE;
	else if (!wf_bytes_equal(word, wf_bytes_of("recent")))
		wf_cursor_fail(order, WF_EBADREQUEST, "expected \"recent\" or \"size\"");
}

static int64_t read_time(const struct wf_cursor *root, const char *name, int64_t absent)
{
	const struct wf_cursor field = wf_cursor_field(root, name);

	return wf_cursor_is_absent(&field) ? absent : wf_cursor_integer(&field);
}

static uint64_t read_count(const struct wf_cursor *root, const char *name, uint64_t absent, uint64_t most)
{
	const struct wf_cursor field = wf_cursor_field(root, name);

	return wf_cursor_is_absent(&field) ? absent : wf_cursor_unsigned(&field, most);
}

/* The filter and the limit; the errors are in `error`. */
static size_t read_filter(const struct wf_pipeline *pipeline, const struct wf_job *job,
			  struct wf_cluster_filter *filter, struct wf_error *error)
{
	const struct wf_cursor params = wf_request_params(&job->request, 0, 1, "[] or [filter]", error);
	struct wf_cursor root, field;
	uint64_t limit;

	*filter = (struct wf_cluster_filter){.since = INT64_MIN, .until = INT64_MAX};
	if (error->code != 0 || wf_value_count(params.value) == 0)
		return CLUSTERS_LIMIT_DEFAULT;
	/* Unnamed, so that fields go by their own names. */
	root = wf_cursor_of(wf_value_element(params.value, 0), NULL, WF_EBADREQUEST, error);
	if (wf_value_kind(root.value) != WF_VALUE_MAP) {
		wf_error_set(error, WF_EBADREQUEST, "filter: expected a map, got %s",
			     wf_value_kind_phrase(wf_value_kind(root.value)));
		return 0;
	}
	filter->since = read_time(&root, "since", INT64_MIN);
	filter->until = read_time(&root, "until", INT64_MAX);
	filter->size_min = read_count(&root, "min_size", 0, UINT64_MAX);
	filter->outlets_min = read_count(&root, "min_outlets", 0, UINT64_MAX);
	field = wf_cursor_field(&root, "outlet");
	if (!wf_cursor_is_absent(&field))
		filter->source = wf_pipeline_source(pipeline, wf_cursor_string(&field, 1, WF_ARTICLE_FIELD_BYTES_MAX),
						    (struct wf_bytes){NULL, 0});
	field = wf_cursor_field(&root, "order");
	if (!wf_cursor_is_absent(&field))
		read_order(&field, filter);
	field = wf_cursor_field(&root, "limit");
	limit = read_count(&root, "limit", CLUSTERS_LIMIT_DEFAULT, UINT64_MAX);
	if (limit < 1 || limit > CLUSTERS_LIMIT_MAX)
		wf_cursor_fail(&field, WF_EBADREQUEST, "expected 1 to %u", CLUSTERS_LIMIT_MAX);
	field = wf_cursor_field(&root, "after");
	if (!wf_cursor_is_absent(&field))
		read_token(&field, filter);
	return (size_t)limit;
}

int wf_method_clusters_start(struct wf_server *server, struct wf_job *job)
{
	struct wf_cluster_filter filter;

	read_filter(&server->pipeline, job, &filter, &job->error);
	return job->error.code;
}

int wf_method_clusters_index(struct wf_indexer *indexer, struct wf_job *job)
{
	struct found *found = wf_arena_take(&job->arena, sizeof *found);
	struct wf_cluster_filter filter;
	size_t limit;
	int code;

	limit = read_filter(indexer->pipeline, job, &filter, &job->error);
	if (found == NULL)
		return WF_ENOMEM;
	*found = (struct found){.order = filter.order,
				.summaries = wf_arena_take(&job->arena, limit * sizeof *found->summaries)};
	if (found->summaries == NULL)
		return WF_ENOMEM;
	code = wf_index_list(indexer->index, &filter, found->summaries, limit, &found->summaries_count,
			     &found->has_more);
	job->found = found;
	return code;
}

int wf_method_clusters_read(struct wf_reading *reading, struct wf_job *job)
{
	const struct found *found = job->found;
	struct wf_pack *reply = &job->reply;

	wf_job_reply(job);
	wf_pack_map(reply, 2);
	wf_pack_words(reply, "clusters");
	wf_pack_array(reply, found->summaries_count);
	for (size_t i = 0; i < found->summaries_count && reply->error == 0; i++) {
		int code;

		wf_pack_map(reply, SUMMARY_PAIRS);
		code = pack_summary(reading, job, &found->summaries[i]);
		if (code < 0)
			return code;
	}
	wf_pack_words(reply, "next");
	if (found->has_more)
		pack_token(reply, found->order, &found->summaries[found->summaries_count - 1]);
	else
		wf_pack_nil(reply);
	return 0;
}
