#include "queue.h"

int wf_queue_init(struct wf_queue *queue)
{
	int code;

	*queue = (struct wf_queue){0};
	queue->last = &queue->first;
	code = uv_mutex_init(&queue->mutex);
	if (code != 0)
		return code;
	code = uv_cond_init(&queue->changed);
	if (code != 0)
		uv_mutex_destroy(&queue->mutex);
	return code;
}

void wf_queue_close(struct wf_queue *queue)
{
	uv_cond_destroy(&queue->changed);
	uv_mutex_destroy(&queue->mutex);
}

bool wf_queue_push(struct wf_queue *queue, struct wf_job *job)
{
	bool was_empty;

	job->queue_next = NULL;
	uv_mutex_lock(&queue->mutex);
	was_empty = queue->first == NULL;
	*queue->last = job;
	queue->last = &job->queue_next;
	if (queue->is_awaited)
		uv_cond_signal(&queue->changed);
	uv_mutex_unlock(&queue->mutex);
	return was_empty;
}

void wf_queue_poke(struct wf_queue *queue)
{
	uv_mutex_lock(&queue->mutex);
	queue->is_poked = true;
	if (queue->is_awaited)
		uv_cond_signal(&queue->changed);
	uv_mutex_unlock(&queue->mutex);
}

void wf_queue_stop(struct wf_queue *queue)
{
	uv_mutex_lock(&queue->mutex);
	queue->is_stopped = true;
	uv_cond_broadcast(&queue->changed);
	uv_mutex_unlock(&queue->mutex);
}

static struct wf_job *take_all(struct wf_queue *queue)
{
	struct wf_job *jobs = queue->first;

	queue->first = NULL;
	queue->last = &queue->first;
	return jobs;
}

struct wf_job *wf_queue_poll(struct wf_queue *queue)
{
	struct wf_job *jobs;

	uv_mutex_lock(&queue->mutex);
	jobs = take_all(queue);
	uv_mutex_unlock(&queue->mutex);
	return jobs;
}

struct wf_job *wf_queue_take(struct wf_queue *queue, uint64_t wait_us, bool *stopped)
{
	struct wf_job *jobs;

	uv_mutex_lock(&queue->mutex);
	while (wait_us > 0 && queue->first == NULL && !queue->is_stopped && !queue->is_poked) {
		queue->is_awaited = true;
		if (wait_us == WF_QUEUE_WAIT_FOREVER)
			uv_cond_wait(&queue->changed, &queue->mutex);
		else if (uv_cond_timedwait(&queue->changed, &queue->mutex, wait_us * 1000) == UV_ETIMEDOUT)
			wait_us = 0;
	}
	queue->is_awaited = false;
	queue->is_poked = false;
	jobs = take_all(queue);
	if (stopped != NULL)
		*stopped = jobs == NULL && queue->is_stopped;
	uv_mutex_unlock(&queue->mutex);
	return jobs;
}
