#include "job.h"

#include <stdlib.h>

#define ARENA_BLOCK_BYTES_ONE  2048u
#define ARENA_BLOCK_BYTES_MANY 16384u

struct wf_job *wf_job_new(void)
{
	struct wf_job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return NULL;
	atomic_init(&job->references, 1);
	wf_pack_init(&job->reply, 0);
	wf_arena_init(&job->arena, ARENA_BLOCK_BYTES_ONE);
	return job;
}

void wf_job_hold(struct wf_job *job)
{
	atomic_fetch_add_explicit(&job->references, 1, memory_order_relaxed);
}

void wf_job_release(struct wf_job *job)
{
	if (job == NULL || atomic_fetch_sub_explicit(&job->references, 1, memory_order_acq_rel) > 1)
		return;
	for (uint32_t i = 0; i < job->items_count; i++) {
		free(job->items[i].refusal);
		free(job->items[i].prepared);
	}
	free(job->items);
	if (job->works != &job->work_one)
		free(job->works);
	wf_arena_close(&job->arena);
	wf_pack_close(&job->reply);
	wf_message_free(job->message);
	free(job);
}

int wf_job_take_items(struct wf_job *job, uint32_t count)
{
	if (count == 0)
		return 0;
	job->items = calloc(count, sizeof *job->items);
	if (job->items == NULL)
		return WF_ENOMEM;
	job->items_count = count;
	if (count > 1)
		wf_arena_init(&job->arena, ARENA_BLOCK_BYTES_MANY);
	return 0;
}

void wf_item_refuse(struct wf_item *item, const struct wf_error *refusal)
{
	item->is_refused = true;
	if (item->refusal == NULL)
		item->refusal = malloc(sizeof *item->refusal);
	if (item->refusal != NULL)
		*item->refusal = *refusal;
}

void wf_job_reply(struct wf_job *job)
{
	wf_response_start(&job->reply, job->request.msgid);
}

void wf_job_fail(struct wf_job *job, const struct wf_error *error)
{
	job->error = *error;
}

void wf_job_finish(struct wf_job *job)
{
	if (job->request.kind == WF_REQUEST_NOTIFICATION) {
		wf_pack_reset(&job->reply);
		return;
	}
	if (job->error.code == 0 && job->reply.error != 0) {
		if (job->reply.error == WF_ETOOLARGE)
			wf_error_set(&job->error, WF_ETOOLARGE,
				     "the reply would be larger than reply_bytes_max (%zu bytes)",
				     job->reply.bytes_max);
		else
			wf_error_set(&job->error, job->reply.error, "out of memory for the reply");
	}
	if (job->error.code != 0) {
		wf_pack_rewind(&job->reply, 0);
		wf_response_error(&job->reply, job->request.has_msgid, job->request.msgid, &job->error);
	}
}
