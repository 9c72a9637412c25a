#include "worker.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "method.h"
#include "pipeline.h"
#include "store_group.h"

#define SCRATCH_BLOCK_BYTES (256u << 10)

struct wf_worker {
	struct wf_pipeline *pipeline;
	struct wf_text_codec *codec;
	struct wf_arena scratch;
};

/* Errors: WF_ENOMEM. */
static int worker_new(struct wf_worker **worker, struct wf_pipeline *pipeline)
{
	struct wf_worker *made = calloc(1, sizeof *made);

	if (made == NULL)
		return WF_ENOMEM;
	made->pipeline = pipeline;
	wf_arena_init(&made->scratch, SCRATCH_BLOCK_BYTES);
	if (wf_text_codec_new(&made->codec, pipeline->settings->dense_text) < 0) {
		free(made);
		return WF_ENOMEM;
	}
	*worker = made;
	return 0;
}

static void worker_free(struct wf_worker *worker)
{
	wf_text_codec_free(worker->codec);
	wf_arena_close(&worker->scratch);
	free(worker);
}

/* ---- preparing ---- */

static void mix(uint64_t hash[2], struct wf_bytes field, uint64_t secret)
{
	const uint64_t presence = (uint64_t)field.length * 2 + (field.data != NULL);

	hash[0] = wf_hash_pair(hash[0] ^ presence, wf_hash_bytes(field, secret), secret);
	hash[1] = wf_hash_pair(hash[1] ^ presence, wf_hash_bytes(field, ~secret), ~secret);
}

/* Of all that was sent: the same again is no replacement. */
static void hash_content(struct wf_item *item, uint64_t secret)
{
	const struct wf_article *article = &item->article;
	const struct wf_bytes published = {(const char *)&article->published,
					   article->has_published ? sizeof article->published : 0};

	item->content_hash[0] = 0;
	item->content_hash[1] = 0;
	mix(item->content_hash, article->text, secret);
	mix(item->content_hash, article->title, secret);
	mix(item->content_hash, article->outlet, secret);
	mix(item->content_hash, article->url, secret);
	mix(item->content_hash, article->lang, secret);
	mix(item->content_hash, article->published_text, secret);
	mix(item->content_hash, published, secret);
}

/* Moves what the scratch memory holds of the item into memory of its own. */
static int keep(struct wf_item *item, struct wf_bytes evidence, struct wf_bytes compressed)
{
	char *memory = malloc(evidence.length + compressed.length + 1);

	if (memory == NULL)
		return WF_ENOMEM;
	memcpy(memory, evidence.data, evidence.length);
	if (compressed.length > 0)
		memcpy(memory + evidence.length, compressed.data, compressed.length);
	item->prepared = memory;
	item->document.evidence = (struct wf_bytes){memory, evidence.length};
	item->compressed =
		(struct wf_bytes){compressed.data == NULL ? NULL : memory + evidence.length, compressed.length};
	return 0;
}

static int prepare(struct wf_worker *worker, const struct wf_job *job, struct wf_item *item, struct wf_error *error)
{
	const struct wf_pipeline *pipeline = worker->pipeline;
	struct wf_bytes compressed = {NULL, 0};
	int code;

	item->id_hash = wf_pipeline_id_hash(pipeline, item->article.id);
	item->source = wf_pipeline_source(pipeline, item->article.outlet, item->article.url);
	hash_content(item, pipeline->secret);
	code = wf_document_analyse(&item->document, item->article.text, pipeline->secret, &worker->scratch);
	if (code == 0 && job->keeps_text && item->article.text.length > WF_GROUP_TEXT_BYTES_MAX)
		code = wf_text_compress(worker->codec, item->article.text, &worker->scratch, &compressed);
	if (code == 0)
		code = keep(item, item->document.evidence, compressed);
	if (code < 0)
		wf_error_set(error, code, "text: %s", wf_error_sentence(code));
	return code;
}

static void prepare_items(struct wf_worker *worker, struct wf_job *job, uint32_t first, uint32_t count)
{
	const struct wf_article_rules rules = {
		.id_optional = job->id_optional,
		.text_bytes_max = worker->pipeline->settings->text_bytes_max,
	};
	struct wf_error shared, error;
	const struct wf_cursor params = wf_cursor_of(job->request.params, NULL, WF_EBADREQUEST, &shared);
	const struct wf_cursor articles = wf_cursor_element(&params, 0, "articles");

	for (uint32_t i = first; i < first + count; i++) {
		struct wf_item *item = &job->items[i];
		int code;

		error.code = 0;
		if (job->item_names != NULL) {
			const struct wf_cursor at = wf_cursor_element(&params, i, job->item_names[i]);

			if (wf_value_kind(at.value) != WF_VALUE_MAP)
				continue;
			code = wf_article_decode(&at, &rules, &item->article, &error);
		} else if (job->is_batch) {
			const struct wf_cursor at = wf_cursor_element(&articles, i, NULL);

			code = wf_article_decode(&at, &rules, &item->article, &error);
		} else {
			code = wf_article_decode_value(articles.value, &rules, &item->article, &error);
		}
		if (code == 0)
			code = prepare(worker, job, item, &error);
		if (code < 0)
			wf_item_refuse(item, &error);
		wf_arena_reset(&worker->scratch);
	}
}

static void run_work(struct wf_worker *worker, struct wf_work *work)
{
	struct wf_job *job = work->job;

	prepare_items(worker, job, work->first, work->count);
	if (atomic_fetch_sub_explicit(&job->works_left, 1, memory_order_acq_rel) == 1)
		wf_pipeline_return(worker->pipeline, job);
}

/* ---- reading ---- */

int wf_workers_hold(struct wf_workers *workers, struct wf_job *job, size_t bytes)
{
	const size_t held = atomic_fetch_add(&workers->held_bytes, bytes);

	job->held_bytes += bytes;
	return held > 0 && held + bytes > WF_WORK_HELD_BYTES_MAX ? WF_EOVERLOADED : 0;
}

static void return_read(struct wf_pipeline *pipeline, struct wf_job *job)
{
	atomic_fetch_sub(&pipeline->workers.held_bytes, job->held_bytes);
	job->held_bytes = 0;
	wf_pipeline_return(pipeline, job);
}

static void run_finish(struct wf_worker *worker, struct wf_job *job)
{
	struct wf_reading reading = {
		.pipeline = worker->pipeline,
		.codec = worker->codec,
		.arena = &worker->scratch,
	};
	const int code = job->method->finish(&reading, job);

	if (code < 0 && job->error.code == 0)
		wf_error_set(&job->error, code, "%s", wf_error_sentence(code));
	atomic_fetch_add(&worker->pipeline->replies_bytes, job->reply.length);
	wf_arena_reset(&worker->scratch);
	return_read(worker->pipeline, job);
}

static void put_work(struct wf_work_row *row, struct wf_work *work)
{
	work->next = NULL;
	*row->last = work;
	row->last = &work->next;
}

static void put_finish(struct wf_workers *workers, struct wf_job *job)
{
	struct wf_work *work = &job->work_one;

	*work = (struct wf_work){
		.job = job,
		.is_large = job->held_bytes + wf_message_bytes(job->message) > WF_WORK_LARGE_BYTES,
		.is_finish = true,
	};
	uv_mutex_lock(&workers->mutex);
	work->ticket = ++workers->ticket;
	put_work(work->is_large ? &workers->large : &workers->small, work);
	if (workers->waiting > 0)
		uv_cond_signal(&workers->changed);
	uv_mutex_unlock(&workers->mutex);
}

/* Whether one more reply may be made. For who holds none, also where others have filled the memory, up to as much
 * again. */
static bool has_room(struct wf_pipeline *pipeline, const struct wf_job *job)
{
	const uint64_t bound = pipeline->settings->in_flight_bytes_max;

	return atomic_load(&pipeline->replies_bytes) + atomic_load(&pipeline->in_flight_bytes) <
	       (job->is_lone_read ? 2 * bound : bound);
}

static void run_group(struct wf_worker *worker, struct wf_read_group *group)
{
	struct wf_reading reading = {
		.pipeline = worker->pipeline,
		.reader = group->reader,
		.codec = worker->codec,
		.arena = &worker->scratch,
	};
	struct wf_job *job;

	for (job = group->jobs; job != NULL; job = job->queue_next) {
		const int code = has_room(worker->pipeline, job) ? job->method->read(&reading, job) : WF_EOVERLOADED;

		if (code < 0 && job->error.code == 0)
			wf_error_set(&job->error, code, "%s",
				     code == WF_EOVERLOADED ? "requests and replies that clients have not taken hold "
							      "in_flight_bytes_max bytes"
							    : wf_error_sentence(code));
		atomic_fetch_add(&worker->pipeline->replies_bytes, job->reply.length);
		wf_arena_reset(&worker->scratch);
	}
	wf_store_reader_rest(group->reader);
	job = group->jobs;
	wf_committer_group_done(&worker->pipeline->committer, group);
	while (job != NULL) {
		struct wf_job *next = job->queue_next;

		if (job->error.code == 0 && job->method->finish != NULL)
			put_finish(&worker->pipeline->workers, job);
		else
			return_read(worker->pipeline, job);
		job = next;
	}
}

/* ---- threads ---- */

static struct wf_work *take_from(struct wf_work_row *row)
{
	struct wf_work *work = row->first;

	row->first = work->next;
	if (row->first == NULL)
		row->last = &row->first;
	return work;
}

/* The next work, with the lock held; NULL where there is none that this thread may do. */
static struct wf_work *take_work(struct wf_workers *workers)
{
	const uint32_t large_most = workers->threads_count > 1 ? workers->threads_count - 1 : 1;
	const bool may_large = workers->large.first != NULL && workers->large_running < large_most;

	if (may_large &&
	    (workers->small.first == NULL || workers->large.first->ticket < workers->small.first->ticket)) {
		workers->large_running++;
		return take_from(&workers->large);
	}
	return workers->small.first == NULL ? NULL : take_from(&workers->small);
}

static void run_cb(void *context)
{
	struct wf_workers *workers = context;
	struct wf_worker *worker;
	struct wf_read_group *group = NULL;
	struct wf_work *work = NULL;

	wf_pipeline_name_thread("worker");
	while (worker_new(&worker, workers->pipeline) < 0)
		uv_sleep(100); /* no memory yet: requests wait */
	uv_mutex_lock(&workers->mutex);
	for (;;) {
		group = workers->groups;
		if (group != NULL) {
			workers->groups = group->next;
			if (workers->groups == NULL)
				workers->groups_last = &workers->groups;
		} else {
			work = take_work(workers);
		}
		if (group == NULL && work == NULL) {
			if (workers->is_stopped)
				break;
			workers->waiting++;
			uv_cond_wait(&workers->changed, &workers->mutex);
			workers->waiting--;
			continue;
		}
		uv_mutex_unlock(&workers->mutex);
		if (group != NULL) {
			run_group(worker, group);
			uv_mutex_lock(&workers->mutex);
		} else {
			const bool is_large = work->is_large; /* the job may be gone when the work is done */

			if (work->is_finish)
				run_finish(worker, work->job);
			else
				run_work(worker, work);
			uv_mutex_lock(&workers->mutex);
			if (is_large) {
				workers->large_running--;
				uv_cond_signal(&workers->changed);
			}
		}
	}
	uv_mutex_unlock(&workers->mutex);
	worker_free(worker);
}

int wf_workers_start(struct wf_workers *workers, struct wf_pipeline *pipeline, uint32_t count)
{
	int code;

	*workers = (struct wf_workers){.pipeline = pipeline};
	workers->small.last = &workers->small.first;
	workers->large.last = &workers->large.first;
	workers->groups_last = &workers->groups;
	/* The threads read the count: it is there before they are. */
	workers->threads_count = count;
	code = uv_mutex_init(&workers->mutex);
	if (code < 0)
		return code;
	code = uv_cond_init(&workers->changed);
	if (code < 0) {
		uv_mutex_destroy(&workers->mutex);
		return code;
	}
	code = worker_new(&workers->caller, pipeline);
	if (code < 0) {
		uv_cond_destroy(&workers->changed);
		uv_mutex_destroy(&workers->mutex);
		return code;
	}
	for (uint32_t i = 0; i < count; i++) {
		code = uv_thread_create(&workers->threads[i], run_cb, workers);
		if (code < 0) {
			uv_mutex_lock(&workers->mutex);
			workers->threads_count = i;
			uv_mutex_unlock(&workers->mutex);
			wf_workers_stop(workers);
			return code;
		}
	}
	return 0;
}

void wf_workers_stop(struct wf_workers *workers)
{
	uv_mutex_lock(&workers->mutex);
	workers->is_stopped = true;
	uv_cond_broadcast(&workers->changed);
	uv_mutex_unlock(&workers->mutex);
	for (uint32_t i = 0; i < workers->threads_count; i++)
		uv_thread_join(&workers->threads[i]);
	worker_free(workers->caller);
	uv_cond_destroy(&workers->changed);
	uv_mutex_destroy(&workers->mutex);
}

bool wf_workers_prepare_here(struct wf_workers *workers, struct wf_job *job)
{
	if (wf_message_bytes(job->message) > WF_WORK_HERE_BYTES_MAX)
		return false;
	prepare_items(workers->caller, job, 0, job->items_count);
	return true;
}

int wf_workers_prepare(struct wf_workers *workers, struct wf_job *job)
{
	const uint32_t count = (job->items_count + WF_WORK_TEXTS_MAX - 1) / WF_WORK_TEXTS_MAX;
	const bool is_large = wf_message_bytes(job->message) / count > WF_WORK_LARGE_BYTES;

	job->works = count == 1 ? &job->work_one : calloc(count, sizeof *job->works);
	if (job->works == NULL)
		return WF_ENOMEM;
	atomic_store_explicit(&job->works_left, count, memory_order_relaxed);
	uv_mutex_lock(&workers->mutex);
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t first = i * WF_WORK_TEXTS_MAX;
		struct wf_work *work = &job->works[i];

		*work = (struct wf_work){
			.job = job,
			.first = first,
			.count = job->items_count - first < WF_WORK_TEXTS_MAX ? job->items_count - first
									      : WF_WORK_TEXTS_MAX,
			.ticket = ++workers->ticket,
			.is_large = is_large,
		};
		put_work(is_large ? &workers->large : &workers->small, work);
	}
	if (workers->waiting > 1 && count > 1)
		uv_cond_broadcast(&workers->changed);
	else if (workers->waiting > 0)
		uv_cond_signal(&workers->changed);
	uv_mutex_unlock(&workers->mutex);
	return 0;
}

void wf_workers_read(struct wf_workers *workers, struct wf_read_group *group)
{
	group->next = NULL;
	uv_mutex_lock(&workers->mutex);
	*workers->groups_last = group;
	workers->groups_last = &group->next;
	if (workers->waiting > 0)
		uv_cond_signal(&workers->changed);
	uv_mutex_unlock(&workers->mutex);
}
