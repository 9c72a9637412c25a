/* Editors' words: merge and split. */
#include "indexer.h"
#include "pipeline.h"

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

	code = wf_pending_push_none(&indexer->pending);
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
