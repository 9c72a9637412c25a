/* What the index thread does besides requests, in steps that are short against a request's time on the disk. */
#include <stdlib.h>
#include <time.h>

#include "indexer_parts.h"
#include "pipeline.h"

#define EXPIRE_STEPS_MAX  8u    /* between two requests */
#define EXPIRE_LOOK_MAX   4096u /* entries looked at in one step */
#define REDIRECTS_MAX     1024u /* removed in one step, and so many words of what is held apart */
#define MEND_ARTICLES_MAX 8u    /* looked at in one step */
#define CLUSTERS_GONE_MAX 1024u /* clusters gone, after which both are looked through */

/* ---- articles that are too old ---- */

struct expiring {
	struct wf_indexer *indexer;
	struct wf_job *job;
	int64_t now;
	int64_t before;
	uint32_t looked;
};

/* The id of a stored article, for as long as the job lives; data NULL where it cannot be read. */
static struct wf_bytes copy_id(struct wf_indexer *indexer, uint64_t number, struct wf_job *job)
{
	struct wf_bytes id;

	return wf_indexer_id_of(indexer, number, &id) < 0 ? (struct wf_bytes){NULL, 0} : wf_arena_copy(&job->arena, id);
}

static void expire_one(struct expiring *expiring, const struct wf_store_entry *entry)
{
	struct wf_indexer *indexer = expiring->indexer;
	const struct wf_events *events = &indexer->pipeline->events;
	struct wf_job *job = expiring->job;
	const bool is_told = wf_events_are_wanted(events);
	struct wf_event removal;

	if (is_told)
		wf_events_foresee_removal(events, indexer->index, entry->number, copy_id(indexer, entry->number, job),
					  &removal);
	if (wf_indexer_take_out(indexer, entry) < 0)
		return;
	job->removed[job->removed_count++] = entry->number;
	if (is_told)
		wf_event_note(job, &removal);
}

/* Numbers ascend with time, so the first article that is young enough ends the search. One from the future, of a clock
 * that was wrong, does not: it would keep all behind it for ever. */
static int expire_cb(void *context, const struct wf_store_entry *entry)
{
	struct expiring *expiring = context;
	struct wf_indexer *indexer = expiring->indexer;
	struct wf_index_article article;

	if (expiring->job->removed_count >= WF_EXPIRE_ARTICLES_MAX || ++expiring->looked > EXPIRE_LOOK_MAX)
		return 1;
	if (entry->seen > expiring->now || wf_index_article(indexer->index, entry->number, &article) == WF_ENOTFOUND)
		return 0;
	if (entry->seen > expiring->before)
		return 1;
	expire_one(expiring, entry);
	return 0;
}

static void commit_job(struct wf_indexer *indexer, struct wf_job *job)
{
	job->needs_commit = true;
	wf_queue_push(&indexer->pipeline->committer.queue, job);
}

static struct wf_job *new_job(enum wf_job_kind kind)
{
	struct wf_job *job = wf_job_new();

	if (job != NULL)
		job->kind = kind;
	return job;
}

/* Returns how many were taken out. */
static uint32_t expire(struct wf_indexer *indexer)
{
	const uint64_t keep = indexer->pipeline->settings->keep;
	struct wf_job *job = new_job(WF_JOB_EXPIRE);
	struct expiring expiring = {.indexer = indexer, .job = job, .now = (int64_t)time(NULL)};
	uint32_t taken_out;

	if (job == NULL)
		return 0;
	expiring.before = expiring.now - (int64_t)keep;
	job->removed = wf_arena_take(&job->arena, WF_EXPIRE_ARTICLES_MAX * sizeof *job->removed);
	if (job->removed == NULL || wf_indexer_renew(indexer) < 0) {
		wf_job_release(job);
		return 0;
	}
	wf_store_entries(indexer->reader, 0, expire_cb, &expiring);
	taken_out = (uint32_t)job->removed_count;
	if (taken_out == 0) {
		wf_job_release(job);
		return 0;
	}
	wf_counter_add(&indexer->pipeline->counters->articles_expired, taken_out);
	commit_job(indexer, job);
	return taken_out;
}

/* The steps that are due; returns how long none is, unless articles come. */
static uint64_t expire_due(struct wf_indexer *indexer)
{
	struct wf_expire_pace *pace = &indexer->expire_pace;
	uint64_t now = wf_indexer_now_ms();

	for (uint32_t i = 0; i < EXPIRE_STEPS_MAX && wf_expire_is_due(pace, now, indexer->number_next); i++) {
		const uint32_t taken_out = expire(indexer);

		now = wf_indexer_now_ms();
		wf_expire_note(pace, now, indexer->number_next, taken_out);
	}
	return wf_expire_wait_ms(pace, now);
}

/* ---- redirects that lead nowhere, clusters that nothing is held apart from any more ---- */

struct sweeping {
	struct wf_indexer *indexer;
	struct wf_job *job;
};

static int sweep_cb(void *context, uint64_t from, uint64_t into)
{
	struct sweeping *sweeping = context;
	struct wf_job *job = sweeping->job;
	struct wf_cluster_summary summary;

	(void)into;
	if (wf_index_cluster(sweeping->indexer->index, from, &summary) != WF_ENOTFOUND)
		return 0;
	job->redirects[job->redirects_count++] = (struct wf_redirect){from, 0};
	return job->redirects_count == REDIRECTS_MAX;
}

static int sweep_apart_cb(void *context, uint64_t cluster, const uint64_t *others, size_t others_count)
{
	struct sweeping *sweeping = context;
	struct wf_job *job = sweeping->job;

	if (wf_index_restore_apart(sweeping->indexer->index, cluster, others, others_count) == 0)
		job->apart_gone[job->apart_gone_count++] = cluster;
	return job->apart_gone_count == REDIRECTS_MAX;
}

/* Looks through all redirects (16 bytes each), and removes some of those whose cluster has no articles left; likewise
 * through what editors have split. */
static void sweep(struct wf_indexer *indexer)
{
	struct wf_job *job = new_job(WF_JOB_EXPIRE);
	struct sweeping sweeping = {indexer, job};

	if (job == NULL)
		return;
	job->redirects = wf_arena_take(&job->arena, REDIRECTS_MAX * sizeof *job->redirects);
	job->apart_gone = wf_arena_take(&job->arena, REDIRECTS_MAX * sizeof *job->apart_gone);
	if (job->redirects == NULL || job->apart_gone == NULL || wf_indexer_renew(indexer) < 0) {
		wf_job_release(job);
		return;
	}
	wf_store_redirects(indexer->reader, sweep_cb, &sweeping);
	wf_store_aparts(indexer->reader, sweep_apart_cb, &sweeping);
	indexer->may_have_gone_redirects =
		job->redirects_count == REDIRECTS_MAX || job->apart_gone_count == REDIRECTS_MAX;
	indexer->gone_count = 0;
	if (job->redirects_count > 0 || job->apart_gone_count > 0)
		commit_job(indexer, job);
	else
		wf_job_release(job);
}

/* ---- articles that came before their outlet was known ---- */

/* Makes the cluster of one that stands alone one with that of its match. */
static void mend_one(struct wf_indexer *indexer, uint64_t number, uint64_t match)
{
	struct wf_job *job = new_job(WF_JOB_MEND);
	struct wf_index_article one, other;
	uint64_t clusters[2], cluster;
	size_t place;

	if (job == NULL)
		return;
	if (wf_index_article(indexer->index, number, &one) < 0 || wf_index_article(indexer->index, match, &other) < 0) {
		wf_job_release(job);
		return;
	}
	clusters[0] = one.cluster;
	clusters[1] = other.cluster;
	if (wf_indexer_merge(indexer, job, clusters, 2, &cluster, &place) < 0 || !job->needs_commit) {
		wf_job_release(job);
		return;
	}
	if (job->events.first != NULL)
		job->events.first->id = copy_id(indexer, number, job);
	wf_counter_add(&indexer->pipeline->counters->articles_mended, 1);
	commit_job(indexer, job);
}

/* Whether there may be more to do. */
static bool mend(struct wf_indexer *indexer)
{
	uint64_t number = wf_index_mend_next(indexer->index);

	if (number == 0 || wf_indexer_renew(indexer) < 0)
		return false;
	for (uint32_t i = 0; number != 0; number = ++i < MEND_ARTICLES_MAX ? wf_index_mend_next(indexer->index) : 0) {
		struct wf_store_entry entry;
		uint64_t match = 0;

		if (wf_indexer_entry(indexer, number, &indexer->scratch, &entry) == 0 &&
		    wf_index_reconsider(indexer->index, number, entry.sketch, &match) == 0 && match != 0)
			mend_one(indexer, number, match);
		wf_arena_reset(&indexer->scratch);
	}
	return true;
}

/* ---- what was learned ---- */

/* Begins to save what was learned, where there is news; false where there is none, or no memory. */
static bool begin_saving(struct wf_indexer *indexer)
{
	const uint64_t number = indexer->number_next - 1;

	if (number == indexer->state_number || wf_learned_begin(&indexer->learned, indexer->index, number) < 0)
		return false;
	indexer->state_number = number;
	return true;
}

/* Has the pieces written, up to `until` of them in all. Without memory for them they wait for the next time. */
static void save_pieces(struct wf_indexer *indexer, uint32_t until)
{
	struct wf_job *job;

	if (until <= indexer->learned.pieces_done)
		return;
	job = new_job(WF_JOB_STATE);
	if (job == NULL)
		return;
	if (wf_learned_put(&indexer->learned, job, until) < 0)
		wf_job_release(job);
	else
		commit_job(indexer, job);
}

/* The pieces are spread over half of the articles until the next time. */
static void save_some(struct wf_indexer *indexer)
{
	const uint64_t every = indexer->pipeline->settings->state_every;
	const uint64_t number = indexer->number_next - 1;
	const uint64_t span = every < 2 ? 1 : every / 2;
	uint64_t due;

	if (!wf_learned_is_under_way(&indexer->learned) &&
	    (number - indexer->state_number < every || !begin_saving(indexer)))
		return;
	due = number - indexer->learned.number + 1;
	due = due < span ? due : span;
	save_pieces(indexer, (uint32_t)(wf_learned_pieces(&indexer->learned) * due / span));
}

void wf_indexer_save_state(struct wf_indexer *indexer)
{
	(void)begin_saving(indexer);
	save_pieces(indexer, wf_learned_pieces(&indexer->learned));
}

/* ---- all together ---- */

uint64_t wf_indexer_upkeep(struct wf_indexer *indexer)
{
	const struct wf_settings *settings = indexer->pipeline->settings;
	uint64_t wait_us = WF_QUEUE_WAIT_FOREVER;

	if (indexer->index == NULL || (indexer->is_refusing && !indexer->takes_removals) ||
	    atomic_load(&indexer->pipeline->committer.has_failed))
		return wait_us;
	if (!indexer->is_refusing)
		save_some(indexer);
	if (indexer->may_have_gone_redirects || indexer->gone_count >= CLUSTERS_GONE_MAX)
		sweep(indexer);
	if (settings->keep > 0) {
		const uint64_t wait_ms = expire_due(indexer);

		wait_us = wait_ms > 0 ? wait_ms * 1000 : 1000;
	}
	if (settings->mend && !indexer->is_refusing && mend(indexer))
		wait_us = 0;
	return wait_us;
}
