#include "committer.h"

#include "method.h"
#include "pipeline.h"

/* The batch that is being put together. */
struct batch {
	struct wf_job *jobs; /* all of them, in order, linked by queue_next */
	struct wf_job **jobs_last;
	uint64_t number_last;
	uint64_t began_us;
	size_t bytes;
	uint32_t articles;
	uint32_t writes; /* jobs with some */
	uint32_t reads;
	bool is_open;    /* the store's batch has begun */
	bool has_upkeep; /* jobs of the indexer's own, which goes on when they are on disk */
};

static void clear(struct batch *batch)
{
	*batch = (struct batch){0};
	batch->jobs_last = &batch->jobs;
}

static uint64_t now_us(void)
{
	return uv_hrtime() / 1000;
}

/* ---- failure ---- */

static void word_failure(const struct wf_error *cause, struct wf_error *failure)
{
	const char *words = *cause->text == '\0' ? wf_error_sentence(cause->code) : cause->text;

	if (cause->code == WF_EFULL)
		wf_error_set(failure, WF_EOVERLOADED, "the store has no room: %s", words);
	else if (cause->code == WF_EOVERLOADED || cause->code == WF_ENOMEM)
		wf_error_set(failure, WF_EOVERLOADED, "the store could not write: %s", words);
	else
		wf_error_set(failure, WF_EINTERNAL, "the store could not write: %s", words);
}

static void fail(struct wf_committer *committer, const struct wf_error *cause)
{
	struct wf_pipeline *pipeline = committer->pipeline;

	uv_mutex_lock(&committer->mutex);
	word_failure(cause, &committer->failure);
	uv_mutex_unlock(&committer->mutex);
	atomic_store(&committer->has_failed, true);
	wf_counter_add(&pipeline->counters->commits_failed, 1);
	wf_log(pipeline->log, WF_LOG_ERROR, "commit failed",
	       wf_log_text("error", *cause->text == '\0' ? wf_error_sentence(cause->code) : cause->text));
}

static void refuse(struct wf_committer *committer, struct wf_job *job)
{
	uv_mutex_lock(&committer->mutex);
	wf_job_fail(job, &committer->failure);
	uv_mutex_unlock(&committer->mutex);
	wf_pipeline_return(committer->pipeline, job);
}

static void refuse_batch(struct wf_committer *committer, struct batch *batch)
{
	struct wf_job *job = batch->jobs;

	while (job != NULL) {
		struct wf_job *next = job->queue_next;

		refuse(committer, job);
		job = next;
	}
	clear(batch);
	wf_queue_poke(&committer->pipeline->indexer.queue);
}

/* ---- reads ---- */

static struct wf_read_group *take_group(struct wf_committer *committer)
{
	struct wf_read_group *group;

	uv_mutex_lock(&committer->mutex);
	while (committer->groups_free == NULL)
		uv_cond_wait(&committer->changed, &committer->mutex);
	group = committer->groups_free;
	committer->groups_free = group->next;
	uv_mutex_unlock(&committer->mutex);
	group->jobs = NULL;
	group->jobs_last = &group->jobs;
	group->count = 0;
	return group;
}

void wf_committer_group_done(struct wf_committer *committer, struct wf_read_group *group)
{
	uv_mutex_lock(&committer->mutex);
	group->next = committer->groups_free;
	committer->groups_free = group;
	uv_cond_signal(&committer->changed);
	uv_mutex_unlock(&committer->mutex);
}

/* Adds a read to the group at hand, or to a new one with a snapshot of now. Returns the group to go on with. */
static struct wf_read_group *add_read(struct wf_committer *committer, struct wf_read_group *group, struct wf_job *job)
{
	int code;

	if (group == NULL) {
		group = take_group(committer);
		code = wf_store_reader_renew(group->reader);
		if (code < 0) {
			wf_committer_group_done(committer, group);
			wf_error_set(&job->error, WF_EOVERLOADED, "the store could not be read: %s",
				     wf_error_sentence(code));
			wf_pipeline_return(committer->pipeline, job);
			return NULL;
		}
	}
	job->queue_next = NULL;
	*group->jobs_last = job;
	group->jobs_last = &job->queue_next;
	if (++group->count < WF_READ_GROUP_JOBS_MAX)
		return group;
	wf_workers_read(&committer->pipeline->workers, group);
	return NULL;
}

/* ---- writes ---- */

static int put_item(struct wf_store *store, const struct wf_job *job, const struct wf_item *item)
{
	const struct wf_article *article = &item->article;
	const struct wf_store_entry *entry = &item->entry;
	const struct wf_store_body body = {
		.id = article->id,
		.title = article->title,
		.outlet = article->outlet,
		.url = article->url,
		.lang = article->lang,
		.published_text = article->published_text,
		.published = article->published,
		.has_published = article->has_published,
		.has_text = job->keeps_text,
		.text_bytes = article->text.length,
		.text_compressed = item->compressed,
		.text = article->text,
	};
	int code;

	code = wf_store_put(store, entry, &body, item->document.evidence);
	for (uint32_t i = 0; i < entry->merged_count && code == 0; i++)
		code = wf_store_redirect(store, entry->merged[i], entry->cluster);
	if (code == 0 && item->replaces != 0)
		code = wf_store_remove(store, item->replaces);
	return code;
}

static int put_split(struct wf_store *store, const struct wf_job *job, struct batch *batch)
{
	int code = wf_store_reserve(store, job->moved_into);

	batch->number_last = job->moved_into;
	for (size_t i = 0; i < job->moved_count && code == 0; i++)
		code = wf_store_move(store, job->moved[i], job->moved_into);
	return code == 0 ? wf_store_apart(store, job->moved_into, job->apart, job->apart_count) : code;
}

static int put_job(struct wf_store *store, const struct wf_job *job, struct batch *batch)
{
	int code = 0;

	for (uint32_t i = 0; i < job->items_count && code == 0; i++) {
		if (job->items[i].entry.number == 0)
			continue;
		code = put_item(store, job, &job->items[i]);
		batch->number_last = job->items[i].entry.number;
		batch->articles++;
	}
	for (size_t i = 0; i < job->removed_count && code == 0; i++)
		code = wf_store_remove(store, job->removed[i]);
	for (size_t i = 0; i < job->redirects_count && code == 0; i++) {
		const struct wf_redirect *redirect = &job->redirects[i];

		code = redirect->into == 0 ? wf_store_redirect_remove(store, redirect->from)
					   : wf_store_redirect(store, redirect->from, redirect->into);
	}
	if (code == 0 && job->moved_count > 0)
		code = put_split(store, job, batch);
	for (size_t i = 0; i < job->apart_gone_count && code == 0; i++)
		code = wf_store_apart_remove(store, job->apart_gone[i]);
	for (size_t i = 0; i < job->states_count && code == 0; i++)
		code = wf_store_state_put(store, job->states[i].name, job->states[i].value);
	return code;
}

static bool removes(const struct wf_job *job)
{
	if (job->removed_count > 0)
		return true;
	for (uint32_t i = 0; i < job->items_count; i++)
		if (job->items[i].replaces != 0)
			return true;
	return false;
}

/* Whether the store is to be read for it. What is gone waits for the disk alone: it must be so for good. */
static bool is_read(const struct wf_job *job)
{
	return job->method != NULL && job->method->read != NULL && job->error.code == 0;
}

/* Syncs the batch; then those who wait for it hear of it. */
static void commit(struct wf_committer *committer, struct batch *batch)
{
	struct wf_pipeline *pipeline = committer->pipeline;
	struct wf_read_group *group = NULL;
	struct wf_job *job;
	struct wf_error error = {.code = 0};

	if (batch->is_open) {
		const int code = wf_store_commit(pipeline->store, &error);

		if (code < 0) {
			error.code = code;
			fail(committer, &error);
			refuse_batch(committer, batch);
			return;
		}
		wf_counter_add(&pipeline->counters->commits, 1);
		wf_commit_pace_note(&committer->pace, now_us(), batch->writes);
		if (batch->number_last > 0)
			atomic_store(&committer->number_committed, batch->number_last);
		if (batch->has_upkeep)
			wf_queue_poke(&pipeline->indexer.queue);
	}
	job = batch->jobs;
	while (job != NULL) {
		struct wf_job *next = job->queue_next;

		if (is_read(job))
			group = add_read(committer, group, job);
		else
			wf_pipeline_return(pipeline, job);
		job = next;
	}
	if (group != NULL)
		wf_workers_read(&pipeline->workers, group);
	clear(batch);
}

static void write_job(struct wf_committer *committer, struct batch *batch, const struct wf_job *job)
{
	struct wf_store *store = committer->pipeline->store;
	struct wf_error error = {.code = 0};
	int code = 0;

	if (!batch->is_open) {
		code = wf_store_begin(store, &error);
		if (code == 0) {
			batch->is_open = true;
			batch->began_us = now_us();
		}
	}
	if (code == 0) {
		code = put_job(store, job, batch);
		if (code < 0)
			wf_store_abort(store);
	}
	batch->writes++;
	batch->bytes += job->cost_bytes;
	if (code < 0) {
		error.code = code;
		fail(committer, &error);
		refuse_batch(committer, batch);
	}
}

/* ---- the marker and the probe ---- */

static void answer(struct wf_committer *committer, const struct wf_job *job)
{
	struct wf_error error = {.code = 0};
	bool has_room = false;
	int code = 0;

	if (job->kind == WF_JOB_PROBE)
		code = wf_store_probe(committer->pipeline->store, &has_room, &error);
	else
		atomic_store(&committer->has_failed, false);
	uv_mutex_lock(&committer->mutex);
	committer->is_answered = true;
	committer->probe_code = code;
	committer->probe_has_room = has_room;
	if (code < 0) {
		error.code = code;
		word_failure(&error, &committer->failure);
	}
	uv_cond_broadcast(&committer->changed);
	uv_mutex_unlock(&committer->mutex);
}

/* The changed condition is shared with those who wait for a free group: each looks whether it was meant. */
static int ask(struct wf_committer *committer, struct wf_job *job, struct wf_error *failure)
{
	int code;

	uv_mutex_lock(&committer->mutex);
	committer->is_answered = false;
	uv_mutex_unlock(&committer->mutex);
	wf_queue_push(&committer->queue, job);
	uv_mutex_lock(&committer->mutex);
	while (!committer->is_answered)
		uv_cond_wait(&committer->changed, &committer->mutex);
	code = committer->probe_code;
	*failure = committer->failure;
	uv_mutex_unlock(&committer->mutex);
	return code;
}

void wf_committer_drain(struct wf_committer *committer, struct wf_job *marker, struct wf_error *failure)
{
	marker->kind = WF_JOB_MARKER;
	ask(committer, marker, failure);
}

int wf_committer_probe(struct wf_committer *committer, struct wf_job *job, bool *has_room, struct wf_error *failure)
{
	int code;

	job->kind = WF_JOB_PROBE;
	code = ask(committer, job, failure);
	uv_mutex_lock(&committer->mutex);
	*has_room = committer->probe_has_room;
	uv_mutex_unlock(&committer->mutex);
	return code;
}

/* ---- the thread ---- */

static void take_in(struct wf_committer *committer, struct batch *batch, struct wf_job *job)
{
	if (job->kind == WF_JOB_MARKER || job->kind == WF_JOB_PROBE) {
		commit(committer, batch);
		answer(committer, job);
		return;
	}
	if (batch->reads > 0 && removes(job))
		commit(committer, batch);
	if (atomic_load(&committer->has_failed)) {
		refuse(committer, job);
		return;
	}
	job->queue_next = NULL;
	*batch->jobs_last = job;
	batch->jobs_last = &job->queue_next;
	batch->has_upkeep |= job->kind != WF_JOB_REQUEST;
	if (is_read(job))
		batch->reads++;
	if (job->needs_commit)
		write_job(committer, batch, job);
	if (batch->articles >= WF_COMMIT_ARTICLES_MAX || batch->bytes >= WF_COMMIT_BYTES_MAX)
		commit(committer, batch);
}

/* How long the batch waits for companions: for those that are on their way, and as long as its pace allows. */
static uint64_t patience_us(const struct wf_committer *committer, const struct batch *batch)
{
	const struct wf_settings *settings = committer->pipeline->settings;
	const uint64_t now = now_us();
	const uint64_t waited_us = now - batch->began_us;

	if (!batch->is_open)
		return 0;
	if (atomic_load(&committer->incoming) > 0 && waited_us < settings->commit_wait_us)
		return settings->commit_wait_us - waited_us;
	return wf_commit_pace_wait_us(&committer->pace, now, batch->writes, settings->commit_pace_us);
}

static void run_cb(void *context)
{
	struct wf_committer *committer = context;
	struct batch batch;
	bool stopped = false;

	wf_pipeline_name_thread("commit");
	clear(&batch);
	while (!stopped) {
		struct wf_job *job = wf_queue_take(&committer->queue, WF_QUEUE_WAIT_FOREVER, &stopped);

		while (job != NULL) {
			while (job != NULL) {
				struct wf_job *next = job->queue_next;

				take_in(committer, &batch, job);
				job = next;
			}
			job = wf_queue_take(&committer->queue, patience_us(committer, &batch), NULL);
		}
		commit(committer, &batch);
	}
}

static int make_groups(struct wf_committer *committer)
{
	for (size_t i = 0; i < WF_READ_GROUPS; i++) {
		struct wf_read_group *group = &committer->groups[i];
		const int code = wf_store_reader_new(committer->pipeline->store, &group->reader);

		if (code < 0)
			return code;
		group->next = committer->groups_free;
		committer->groups_free = group;
	}
	return 0;
}

static void free_groups(struct wf_committer *committer)
{
	for (size_t i = 0; i < WF_READ_GROUPS; i++)
		wf_store_reader_free(committer->groups[i].reader);
}

int wf_committer_start(struct wf_committer *committer, struct wf_pipeline *pipeline)
{
	int code;

	*committer = (struct wf_committer){.pipeline = pipeline};
	atomic_store(&committer->number_committed, wf_store_number_last(pipeline->store));
	code = wf_queue_init(&committer->queue);
	if (code < 0)
		return code;
	code = uv_mutex_init(&committer->mutex);
	if (code < 0)
		goto done_queue;
	code = uv_cond_init(&committer->changed);
	if (code < 0)
		goto done_mutex;
	code = make_groups(committer);
	if (code == 0)
		code = uv_thread_create(&committer->thread, run_cb, committer);
	if (code == 0) {
		committer->is_started = true;
		return 0;
	}
	free_groups(committer);
	uv_cond_destroy(&committer->changed);
done_mutex:
	uv_mutex_destroy(&committer->mutex);
done_queue:
	wf_queue_close(&committer->queue);
	return code;
}

void wf_committer_stop(struct wf_committer *committer)
{
	wf_queue_stop(&committer->queue);
	uv_thread_join(&committer->thread);
	free_groups(committer);
	uv_cond_destroy(&committer->changed);
	uv_mutex_destroy(&committer->mutex);
	wf_queue_close(&committer->queue);
}
