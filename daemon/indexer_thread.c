/* The index thread: requests in their order, and what it does when the store fails. */
#include "indexer_parts.h"
#include "method.h"
#include "pipeline.h"

#define ORIGIN_BITS          4096u
#define SCRATCH_BLOCK_BYTES  (64u << 10)
#define PENDING_PAUSE_US     20000u /* without a request: until what is on disk by then need not be pending any more */
#define PROBE_PAUSE_MS_LEAST 1000u
#define PROBE_PAUSE_MS_MOST  30000u
#define RELAPSE_MS           10000u /* a failure so soon after a recovery makes the next probe wait longer */

/* ---- failure of the store ---- */

/* Whether all writes would be taken; where only removals would, notes that they may come. */
static bool probe_removals(struct wf_indexer *indexer)
{
	struct wf_pipeline *pipeline = indexer->pipeline;
	struct wf_job probe_job = {.kind = WF_JOB_PROBE};
	const bool took_removals = indexer->takes_removals;
	struct wf_error failure;
	bool has_room = false;

	wf_indexer_rest(indexer);
	if (wf_committer_probe(&pipeline->committer, &probe_job, &has_room, &failure) < 0) {
		indexer->refusal = failure;
		indexer->takes_removals = false;
		return false;
	}
	indexer->takes_removals = true;
	if (!has_room)
		wf_error_set(&indexer->refusal, WF_EOVERLOADED, "the store has no room: only removals are taken");
	if (!took_removals)
		wf_log_write(pipeline->log, WF_LOG_INFO, "removals accepted", NULL);
	return has_room;
}

/* Everything that is not on disk has been refused, or will be now; what the index knows of it has to go. */
static void recover(struct wf_indexer *indexer)
{
	struct wf_pipeline *pipeline = indexer->pipeline;
	struct wf_job marker = {.kind = WF_JOB_MARKER};
	const bool is_relapse = wf_indexer_now_ms() - indexer->recovered_ms < RELAPSE_MS;
	struct wf_error error;

	wf_indexer_rest(indexer);
	wf_committer_drain(&pipeline->committer, &marker, &indexer->refusal);
	wf_log(pipeline->log, WF_LOG_WARNING, "writes refused", wf_log_text("reason", indexer->refusal.text));
	wf_counter_add(&pipeline->counters->rebuilds, 1);
	wf_indexer_unload(indexer);
	if (wf_indexer_load(indexer, &error) < 0)
		wf_log(pipeline->log, WF_LOG_ERROR, "index not brought back", wf_log_text("error", error.text));
	if (is_relapse && indexer->probe_pause_ms * 2 <= PROBE_PAUSE_MS_MOST)
		indexer->probe_pause_ms *= 2;
	else if (!is_relapse)
		indexer->probe_pause_ms = PROBE_PAUSE_MS_LEAST;
	indexer->is_refusing = true;
	indexer->takes_removals = false;
	/* What makes room is taken at once, unless it may have been what failed. */
	if (!is_relapse && indexer->index != NULL && indexer->refusal.code == WF_EOVERLOADED)
		probe_removals(indexer);
	indexer->probe_next_ms = wf_indexer_now_ms() + indexer->probe_pause_ms;
}

static void probe(struct wf_indexer *indexer)
{
	struct wf_error failure;

	if (indexer->index == NULL && wf_indexer_load(indexer, &failure) < 0) {
		indexer->probe_next_ms = wf_indexer_now_ms() + PROBE_PAUSE_MS_MOST;
		return;
	}
	if (!probe_removals(indexer)) {
		indexer->probe_next_ms = wf_indexer_now_ms() + indexer->probe_pause_ms;
		return;
	}
	indexer->is_refusing = false;
	indexer->recovered_ms = wf_indexer_now_ms();
	wf_log_write(indexer->pipeline->log, WF_LOG_INFO, "writes accepted again", NULL);
}

/* ---- the thread ---- */

static uint32_t origin_bit(const struct wf_job *job)
{
	return (uint32_t)((uint64_t)job->origin * UINT64_C(0x9E3779B97F4A7C15) >> 32) % ORIGIN_BITS;
}

static void set_bit(uint64_t *bits, uint32_t bit)
{
	bits[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static bool has_bit(const uint64_t *bits, uint32_t bit)
{
	return (bits[bit / 64] >> (bit % 64) & 1) != 0;
}

/* What the job names may be of the batch in hand, which the committer has not got yet. */
static void hold(struct wf_indexer *indexer, struct wf_job *job)
{
	job->queue_next = NULL;
	*indexer->held_last = job;
	indexer->held_last = &job->queue_next;
}

static void let_go(struct wf_indexer *indexer)
{
	while (indexer->held != NULL) {
		struct wf_job *job = indexer->held;

		indexer->held = job->queue_next;
		wf_queue_push(&indexer->pipeline->committer.queue, job);
	}
	indexer->held_last = &indexer->held;
}

static void pass_on(struct wf_indexer *indexer, struct wf_job *job)
{
	struct wf_committer *committer = &indexer->pipeline->committer;
	const bool may_write = job->method->may_write;
	const bool is_read = job->method->read != NULL;
	const bool waits = job->error.code == 0 ? job->needs_commit || job->needs_durable || is_read
						: job->error.code == WF_ENOTFOUND && (is_read || job->needs_durable);

	/* Before the committer has it: else that would wait for what it has in hand. */
	if (may_write && atomic_fetch_sub(&committer->incoming, 1) == 1 && !waits)
		wf_queue_poke(&committer->queue);
	if (waits && indexer->is_amid_batch)
		hold(indexer, job);
	else if (waits)
		wf_queue_push(&committer->queue, job);
	else
		wf_pipeline_return(indexer->pipeline, job);
}

static void serve(struct wf_indexer *indexer, struct wf_job *job)
{
	int code = 0;

	if (indexer->index == NULL || (indexer->is_refusing && job->method->may_write &&
				       !(indexer->takes_removals && wf_method_removes(job->method)))) {
		wf_job_fail(job, &indexer->refusal);
		pass_on(indexer, job);
		return;
	}
	if (wf_indexer_is_stale(indexer))
		code = wf_indexer_renew(indexer);
	if (code == 0) {
		wf_indexer_foresee(indexer, job, 0);
		code = job->method->index(indexer, job);
	}
	if (code < 0 && job->error.code == 0)
		wf_error_set(&job->error, code, "%s", wf_error_sentence(code));
	pass_on(indexer, job);
}

static void step(struct wf_indexer *indexer, struct wf_job *job)
{
	if (atomic_load(&indexer->pipeline->committer.has_failed))
		recover(indexer);
	serve(indexer, job);
	let_go(indexer);
}

void wf_indexer_give_way(struct wf_indexer *indexer, struct wf_job *batch)
{
	/* By origin, some of which share a bit: they wait for no reason, and not for long. */
	uint64_t waits[ORIGIN_BITS / 64] = {0};
	struct wf_job **link = &indexer->waiting;

	if (atomic_load(&indexer->pipeline->committer.has_failed))
		return;
	while (*link != NULL)
		link = &(*link)->queue_next;
	*link = wf_queue_poll(&indexer->queue);
	indexer->is_amid_batch = true;
	set_bit(waits, origin_bit(batch));
	for (link = &indexer->waiting; *link != NULL;) {
		struct wf_job *job = *link;

		if (!wf_method_may_overtake(job->method) || has_bit(waits, origin_bit(job))) {
			set_bit(waits, origin_bit(job));
			link = &job->queue_next;
			continue;
		}
		*link = job->queue_next;
		job->queue_next = NULL;
		serve(indexer, job);
	}
	indexer->is_amid_batch = false;
	batch->queue_next = indexer->waiting;
}

static void run_cb(void *context)
{
	struct wf_indexer *indexer = context;

	wf_pipeline_name_thread("index");
	for (;;) {
		uint64_t wait_us = wf_indexer_upkeep(indexer);
		struct wf_job *job;
		bool stopped;

		if (indexer->is_refusing) {
			const uint64_t now = wf_indexer_now_ms();

			if (now >= indexer->probe_next_ms)
				probe(indexer);
			else if (wait_us > (indexer->probe_next_ms - now) * 1000)
				wait_us = (indexer->probe_next_ms - now) * 1000;
		}
		job = wf_queue_take(&indexer->queue, 0, &stopped);
		if (job == NULL && !stopped) {
			if (wf_indexer_is_stale(indexer) && indexer->pending.count > 0)
				wf_indexer_renew(indexer);
			wf_indexer_rest(indexer);
			if (indexer->pending.count > 0 && wait_us > PENDING_PAUSE_US)
				wait_us = PENDING_PAUSE_US;
			job = wf_queue_take(&indexer->queue, wait_us, &stopped);
		}
		if (stopped)
			break;
		if (job == NULL && atomic_load(&indexer->pipeline->committer.has_failed))
			recover(indexer);
		for (indexer->waiting = job; (job = indexer->waiting) != NULL;) {
			indexer->waiting = job->queue_next;
			step(indexer, job);
		}
	}
	wf_indexer_rest(indexer);
	if (indexer->index != NULL && !indexer->is_refusing && !atomic_load(&indexer->pipeline->committer.has_failed))
		wf_indexer_save_state(indexer);
}

int wf_indexer_start(struct wf_indexer *indexer, struct wf_pipeline *pipeline, struct wf_error *error)
{
	int code;

	*indexer = (struct wf_indexer){
		.pipeline = pipeline,
		.number_next = 1,
		.probe_pause_ms = PROBE_PAUSE_MS_LEAST,
	};
	wf_id_index_init(&indexer->ids);
	wf_learned_init(&indexer->learned);
	indexer->held_last = &indexer->held;
	wf_arena_init(&indexer->scratch, SCRATCH_BLOCK_BYTES);
	code = wf_queue_init(&indexer->queue);
	if (code < 0)
		return wf_error_set(error, code, "start: %s", wf_error_sentence(code));
	code = wf_page_maker_start(&indexer->page_maker);
	if (code == 0)
		code = wf_recent_init(&indexer->recent, pipeline->settings->recent_bytes_max);
	indexer->recent.ahead = wf_page_maker_ahead(&indexer->page_maker);
	if (code == 0)
		code = wf_fetcher_init(&indexer->fetcher, pipeline->store, (uint32_t)pipeline->settings->fetch_threads);
	if (code == 0)
		code = wf_store_reader_new(pipeline->store, &indexer->reader);
	if (code < 0)
		wf_error_set(error, code, "start: %s", wf_error_sentence(code));
	else
		code = wf_indexer_load(indexer, error);
	if (code == 0) {
		code = uv_thread_create(&indexer->thread, run_cb, indexer);
		if (code < 0)
			wf_error_set(error, code, "start: %s", wf_error_sentence(code));
	}
	if (code < 0) {
		wf_indexer_close(indexer);
		return code;
	}
	indexer->is_started = true;
	return 0;
}

void wf_indexer_stop(struct wf_indexer *indexer)
{
	wf_queue_stop(&indexer->queue);
	uv_thread_join(&indexer->thread);
}

void wf_indexer_close(struct wf_indexer *indexer)
{
	wf_fetcher_close(&indexer->fetcher);
	wf_indexer_unload(indexer);
	wf_store_reader_free(indexer->reader);
	wf_id_index_close(&indexer->ids);
	wf_learned_close(&indexer->learned);
	wf_arena_close(&indexer->scratch);
	wf_pending_close(&indexer->pending);
	wf_recent_close(&indexer->recent);
	wf_page_maker_stop(&indexer->page_maker);
	wf_queue_close(&indexer->queue);
}
