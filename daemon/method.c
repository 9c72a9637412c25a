#include "method.h"

#include <string.h>

#include "pipeline.h"

static const struct wf_method table[] = {
	{"add", true, wf_method_add_start, wf_method_add_index, NULL, NULL},
	{"add_batch", true, wf_method_add_batch_start, wf_method_add_batch_index, NULL, NULL},
	{"query", false, wf_method_add_start, wf_method_query_index, NULL, NULL},
	{"get", false, wf_method_get_start, wf_method_get_index, wf_method_get_read, NULL},
	{"remove", true, wf_method_get_start, wf_method_remove_index, NULL, NULL},
	{"cluster", false, wf_method_cluster_start, wf_method_cluster_index, wf_method_cluster_read, NULL},
	{"clusters", false, wf_method_clusters_start, wf_method_clusters_index, wf_method_clusters_read, NULL},
	{"articles", false, wf_method_articles_start, wf_method_articles_index, wf_method_articles_read, NULL},
	{"compare", false, wf_method_compare_start, wf_method_compare_index, wf_method_compare_read,
	 wf_method_compare_finish},
	{"merge", true, wf_method_merge_start, wf_method_merge_index, NULL, NULL},
	{"split", true, wf_method_split_start, wf_method_split_index, NULL, NULL},
	{"subscribe", false, wf_method_subscribe_start, wf_method_subscribe_index, NULL, NULL},
	{"unsubscribe", false, wf_method_unsubscribe_start, wf_method_unsubscribe_index, NULL, NULL},
	{"stats", false, wf_method_stats_start, wf_method_stats_index, wf_method_stats_read, NULL},
	{"info", false, wf_method_info_start, NULL, NULL, NULL},
	{"ping", false, wf_method_ping_start, NULL, NULL, NULL},
	{"auth", false, wf_method_auth_start, NULL, NULL, NULL},
};

#define TABLE_COUNT (sizeof table / sizeof table[0])

const struct wf_method *wf_method_find(struct wf_bytes name)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (wf_bytes_equal(name, wf_bytes_of(table[i].name)))
			return &table[i];
	return NULL;
}

bool wf_method_is_for_strangers(const struct wf_method *method)
{
	return method->start == wf_method_auth_start;
}

bool wf_method_may_overtake(const struct wf_method *method)
{
	return method->index == wf_method_query_index;
}

bool wf_method_removes(const struct wf_method *method)
{
	return method->index == wf_method_remove_index;
}

size_t wf_method_count(void)
{
	return TABLE_COUNT;
}

const struct wf_method *wf_method_at(size_t index)
{
	return &table[index];
}

static int read_code(struct wf_reading *reading, const char *what, uint64_t number, int code)
{
	if (code != WF_ENOTFOUND && code != WF_ECORRUPT)
		return code;
	wf_pipeline_note_damage(reading->pipeline, what, number);
	return WF_ECORRUPT;
}

int wf_method_read_entry(struct wf_reading *reading, uint64_t number, struct wf_store_entry *entry)
{
	return read_code(reading, "entry", number, wf_store_entry(reading->reader, number, reading->arena, entry));
}

int wf_method_read_body(struct wf_reading *reading, uint64_t number, struct wf_store_body *body)
{
	return read_code(reading, "body", number, wf_store_body(reading->reader, number, body));
}

int wf_method_read_text(struct wf_reading *reading, uint64_t number, const struct wf_store_body *body,
			struct wf_text_place *text)
{
	return read_code(reading, "text", number, wf_store_text(reading->reader, number, body, text));
}

int wf_method_expand_text(struct wf_reading *reading, const struct wf_text_place *stored, struct wf_bytes *text)
{
	struct wf_bytes all;
	const int code = wf_text_expand(reading->codec, stored->compressed, stored->bytes_all,
					WF_ARTICLE_TEXT_BYTES_MAX_LIMIT, reading->arena, &all);

	if (code == 0)
		*text = (struct wf_bytes){all.data + stored->first, stored->bytes};
	return code;
}
