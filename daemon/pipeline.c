#include "pipeline.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "hash.h"
#include "method.h"

/* A name that is longer is told apart by its first bytes alone. */
#define SOURCE_NAME_BYTES_MAX 512u

#define DAMAGE_PAUSE_MS 1000u /* between two lines of the log about damaged records */

static struct wf_bytes trim(struct wf_bytes bytes)
{
	while (bytes.length > 0 && (unsigned char)bytes.data[0] <= ' ') {
		bytes.data++;
		bytes.length--;
	}
	while (bytes.length > 0 && (unsigned char)bytes.data[bytes.length - 1] <= ' ')
		bytes.length--;
	return bytes;
}

/* scheme://user@HOST:port/path -> HOST, without "www."; empty where there is none. */
static struct wf_bytes host_of(struct wf_bytes url)
{
	struct wf_bytes rest = trim(url);
	size_t length = 0;

	for (size_t i = 0; i + 2 < rest.length; i++) {
		if (memcmp(rest.data + i, "://", 3) == 0) {
			rest.data += i + 3;
			rest.length -= i + 3;
			break;
		}
		if (rest.data[i] == '/' || rest.data[i] == '?')
			break;
	}
	if (rest.length >= 2 && memcmp(rest.data, "//", 2) == 0) {
		rest.data += 2;
		rest.length -= 2;
	}
	while (length < rest.length && strchr("/?#\\", rest.data[length]) == NULL)
		length++;
	for (size_t i = 0; i < length; i++) {
		if (rest.data[i] == '@') {
			rest.data += i + 1;
			length -= i + 1;
			i = (size_t)-1;
		}
	}
	rest.length = 0;
	while (rest.length < length && rest.data[rest.length] != ':')
		rest.length++;
	if (rest.length > 4 && strncasecmp(rest.data, "www.", 4) == 0) {
		rest.data += 4;
		rest.length -= 4;
	}
	return rest;
}

uint64_t wf_pipeline_source(const struct wf_pipeline *pipeline, struct wf_bytes outlet, struct wf_bytes url)
{
	char name[SOURCE_NAME_BYTES_MAX];
	struct wf_bytes source = trim(outlet);
	uint64_t hash;

	if (source.length == 0)
		source = host_of(url);
	if (source.length == 0)
		return 0;
	if (source.length > sizeof name)
		source.length = sizeof name;
	for (size_t i = 0; i < source.length; i++) {
		const char c = source.data[i];

		name[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	hash = wf_hash_bytes((struct wf_bytes){name, source.length}, pipeline->secret);
	return hash == 0 ? 1 : hash;
}

uint64_t wf_pipeline_id_hash(const struct wf_pipeline *pipeline, struct wf_bytes id)
{
	return wf_hash_bytes(id, pipeline->secret);
}

void wf_pipeline_note_damage(struct wf_pipeline *pipeline, const char *what, uint64_t number)
{
	const uint64_t now_ms = uv_hrtime() / 1000000;
	uint64_t told_ms = atomic_load(&pipeline->damage_told_ms);

	wf_counter_add(&pipeline->counters->records_damaged, 1);
	if ((told_ms != 0 && now_ms - told_ms < DAMAGE_PAUSE_MS) ||
	    !atomic_compare_exchange_strong(&pipeline->damage_told_ms, &told_ms, now_ms))
		return;
	wf_log(pipeline->log, WF_LOG_ERROR, "record damaged", wf_log_text("table", what),
	       wf_log_count("article", number));
}

int wf_pipeline_prepare(struct wf_pipeline *pipeline, struct wf_job *job)
{
	return wf_workers_prepare(&pipeline->workers, job);
}

bool wf_pipeline_prepare_here(struct wf_pipeline *pipeline, struct wf_job *job)
{
	return wf_workers_prepare_here(&pipeline->workers, job);
}

void wf_pipeline_send(struct wf_pipeline *pipeline, struct wf_job *job)
{
	if (job->method->may_write)
		atomic_fetch_add(&pipeline->committer.incoming, 1);
	wf_queue_push(&pipeline->indexer.queue, job);
}

struct wf_job *wf_pipeline_take_returned(struct wf_pipeline *pipeline)
{
	return wf_queue_take(&pipeline->returned, 0, NULL);
}

void wf_pipeline_return(struct wf_pipeline *pipeline, struct wf_job *job)
{
	const bool has_events = job->events.first != NULL || job->events.lost > 0;

	if (job->kind != WF_JOB_REQUEST && !(has_events && wf_events_are_wanted(&pipeline->events)))
		wf_job_release(job);
	else if (wf_queue_push(&pipeline->returned, job))
		pipeline->wake(pipeline->wake_context);
}

static uint32_t workers_count(const struct wf_settings *settings)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (settings->workers > 0)
		return (uint32_t)settings->workers;
	return processors < 1 ? 1 : processors > WF_WORKERS_MAX ? WF_WORKERS_MAX : (uint32_t)processors;
}

int wf_pipeline_start(struct wf_pipeline *pipeline, struct wf_error *error)
{
	const struct wf_settings *settings = pipeline->settings;
	const struct wf_store_settings store_settings = {
		.path = settings->store,
		.map_bytes_min = settings->map_bytes_min,
		.room_bytes_min = settings->room_bytes_min,
		.is_dense = settings->dense_text,
	};
	int code;

	code = wf_store_open(&pipeline->store, &store_settings, error);
	if (code < 0)
		return code;
	pipeline->secret = wf_store_secret(pipeline->store);
	error->code = 0;
	code = wf_queue_init(&pipeline->returned);
	if (code < 0)
		goto done_store;
	code = wf_workers_start(&pipeline->workers, pipeline, workers_count(settings));
	if (code < 0)
		goto done_queue;
	code = wf_committer_start(&pipeline->committer, pipeline);
	if (code < 0)
		goto done_workers;
	code = wf_indexer_start(&pipeline->indexer, pipeline, error);
	if (code == 0)
		return 0;
	wf_committer_stop(&pipeline->committer);
done_workers:
	wf_workers_stop(&pipeline->workers);
done_queue:
	wf_queue_close(&pipeline->returned);
done_store:
	wf_store_close(pipeline->store);
	return error->code != 0 ? error->code : wf_error_set(error, code, "start: %s", wf_error_sentence(code));
}

void wf_pipeline_name_thread(const char *name)
{
	(void)pthread_setname_np(pthread_self(), name);
}

void wf_pipeline_stop(struct wf_pipeline *pipeline)
{
	struct wf_job *job;

	wf_indexer_stop(&pipeline->indexer);
	wf_committer_stop(&pipeline->committer);
	wf_workers_stop(&pipeline->workers);
	wf_indexer_close(&pipeline->indexer);
	while ((job = wf_pipeline_take_returned(pipeline)) != NULL) {
		/* Of the pipeline's own: nobody is left to be told. */
		while (job != NULL) {
			struct wf_job *next = job->queue_next;

			wf_job_release(job);
			job = next;
		}
	}
	wf_queue_close(&pipeline->returned);
	wf_store_close(pipeline->store);
}
