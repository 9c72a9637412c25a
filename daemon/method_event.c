/* The methods about being told: subscribe, unsubscribe. Both go the way of a write that waits for the disk, so that
 * they have their place among all effects; the loop then begins or ends the telling. */
#include "method.h"
#include "pipeline.h"
#include "server.h"
#include "subscriber.h"

static int take_subscription(struct wf_job *job, bool is_wanted)
{
	job->subscription = wf_arena_take(&job->arena, sizeof *job->subscription);
	if (job->subscription == NULL)
		return WF_ENOMEM;
	*job->subscription = (struct wf_subscription){.is_wanted = is_wanted, .outlet = WF_EVENT_OUTLET_ANY};
	return 0;
}

static void reply_true(struct wf_job *job)
{
	job->needs_durable = true;
	wf_job_reply(job);
	wf_pack_boolean(&job->reply, true);
}

int wf_method_subscribe_start(struct wf_server *server, struct wf_job *job)
{
	const struct wf_cursor params = wf_request_params(&job->request, 0, 1, "[] or [filter]", &job->error);
	struct wf_cursor root, field;

	if (job->error.code == 0 && take_subscription(job, true) < 0)
		return WF_ENOMEM;
	if (job->error.code != 0 || wf_value_count(params.value) == 0 ||
	    wf_value_kind(wf_value_element(params.value, 0)) == WF_VALUE_NIL)
		return job->error.code;
	/* Unnamed, so that fields go by their own names. */
	root = wf_cursor_of(wf_value_element(params.value, 0), NULL, WF_EBADREQUEST, &job->error);
	if (wf_value_kind(root.value) != WF_VALUE_MAP)
		return wf_error_set(&job->error, WF_EBADREQUEST, "filter: expected a map, got %s",
				    wf_value_kind_phrase(wf_value_kind(root.value)));
	field = wf_cursor_field(&root, "min_size");
	if (!wf_cursor_is_absent(&field))
		job->subscription->size_min = wf_cursor_unsigned(&field, UINT64_MAX);
	field = wf_cursor_field(&root, "outlet");
	if (!wf_cursor_is_absent(&field))
		job->subscription->source =
			wf_pipeline_source(&server->pipeline, wf_cursor_string(&field, 1, WF_ARTICLE_FIELD_BYTES_MAX),
					   (struct wf_bytes){NULL, 0});
	return job->error.code;
}

int wf_method_subscribe_index(struct wf_indexer *indexer, struct wf_job *job)
{
	struct wf_subscription *subscription = job->subscription;

	if (wf_events_subscribe(&indexer->pipeline->events, subscription->source, &subscription->outlet) < 0)
		return wf_error_set(&job->error, WF_EOVERLOADED,
				    "outlet: %u different outlets are subscribed to already", WF_EVENT_OUTLETS_MAX);
	subscription->is_counted = true;
	reply_true(job);
	return 0;
}

int wf_method_unsubscribe_start(struct wf_server *server, struct wf_job *job)
{
	(void)server;
	wf_request_params(&job->request, 0, 0, "[]", &job->error);
	return job->error.code != 0 ? job->error.code : take_subscription(job, false);
}

int wf_method_unsubscribe_index(struct wf_indexer *indexer, struct wf_job *job)
{
	(void)indexer;
	reply_true(job);
	return 0;
}
