#include "fetcher.h"

#include <sys/resource.h>

#include "pipeline.h"

#define TAKEN_MAX  4u   /* numbers that a thread takes at a time: the others are for the others */
#define LOOK_EVERY 512u /* articles */
#define PAYS_SHARE 32u  /* one wait in so many articles, and asking pays; once on, one in twice as many */

/* Pages that this thread has waited for. */
static uint64_t waits_of_thread(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_majflt : 0;
}

/* Takes the next numbers; waits for some. Returns how many; 0: it is stopped. */
static uint32_t take(struct wf_fetcher *fetcher, uint64_t numbers[TAKEN_MAX])
{
	uint32_t count = 0;

	uv_mutex_lock(&fetcher->mutex);
	while (fetcher->count == 0 && !fetcher->is_stopped) {
		fetcher->waiting++;
		uv_cond_wait(&fetcher->changed, &fetcher->mutex);
		fetcher->waiting--;
	}
	for (; !fetcher->is_stopped && fetcher->count > 0 && count < TAKEN_MAX; fetcher->count--)
		numbers[count++] = fetcher->numbers[fetcher->first++ % WF_FETCHER_ROOM];
	uv_mutex_unlock(&fetcher->mutex);
	return count;
}

static void run_cb(void *context)
{
	struct wf_fetcher *fetcher = context;
	struct wf_store_reader *reader = NULL;
	uint64_t waits_before = waits_of_thread();
	uint64_t numbers[TAKEN_MAX];
	uint32_t count;

	wf_pipeline_name_thread("fetch");
	while ((count = take(fetcher, numbers)) > 0) {
		uint64_t waits;

		if (reader == NULL && wf_store_reader_new(fetcher->store, &reader) < 0)
			continue;
		if (wf_store_reader_renew(reader) < 0)
			continue;
		for (uint32_t i = 0; i < count; i++) {
			struct wf_bytes evidence;

			(void)wf_store_evidence(reader, numbers[i], &evidence);
		}
		wf_store_reader_rest(reader);
		waits = waits_of_thread();
		atomic_fetch_add(&fetcher->waits, waits - waits_before);
		atomic_fetch_add(&fetcher->fetched, count);
		waits_before = waits;
	}
	wf_store_reader_free(reader);
}

int wf_fetcher_init(struct wf_fetcher *fetcher, struct wf_store *store, uint32_t threads_max)
{
	int code;

	*fetcher = (struct wf_fetcher){.threads_max = threads_max};
	code = uv_mutex_init(&fetcher->mutex);
	if (code < 0)
		return code;
	code = uv_cond_init(&fetcher->changed);
	if (code < 0) {
		uv_mutex_destroy(&fetcher->mutex);
		return code;
	}
	fetcher->store = store;
	return 0;
}

void wf_fetcher_close(struct wf_fetcher *fetcher)
{
	if (fetcher->store == NULL)
		return;
	uv_mutex_lock(&fetcher->mutex);
	fetcher->is_stopped = true;
	uv_cond_broadcast(&fetcher->changed);
	uv_mutex_unlock(&fetcher->mutex);
	for (uint32_t i = 0; i < fetcher->threads_count; i++)
		uv_thread_join(&fetcher->threads[i]);
	uv_cond_destroy(&fetcher->changed);
	uv_mutex_destroy(&fetcher->mutex);
	fetcher->store = NULL;
}

void wf_fetcher_judge(struct wf_fetcher *fetcher, uint64_t waits, uint64_t articles)
{
	const bool pays = waits * PAYS_SHARE * (fetcher->is_wanted ? 2 : 1) >= articles;

	while (pays && fetcher->threads_count < fetcher->threads_max &&
	       uv_thread_create(&fetcher->threads[fetcher->threads_count], run_cb, fetcher) == 0)
		fetcher->threads_count++;
	fetcher->is_wanted = pays && fetcher->threads_count > 0;
}

bool wf_fetcher_is_wanted(struct wf_fetcher *fetcher, uint32_t articles)
{
	uint64_t waits;

	fetcher->articles += articles;
	if (fetcher->articles < LOOK_EVERY)
		return fetcher->is_wanted;
	waits = waits_of_thread() + atomic_load(&fetcher->waits);
	wf_fetcher_judge(fetcher, waits - fetcher->waits_before, fetcher->articles);
	fetcher->waits_before = waits;
	fetcher->articles = 0;
	return fetcher->is_wanted;
}

void wf_fetcher_ask(struct wf_fetcher *fetcher, const uint64_t *numbers, uint32_t count)
{
	uv_mutex_lock(&fetcher->mutex);
	for (uint32_t i = 0; i < count && fetcher->count < WF_FETCHER_ROOM; i++)
		fetcher->numbers[(fetcher->first + fetcher->count++) % WF_FETCHER_ROOM] = numbers[i];
	if (fetcher->waiting > 0)
		uv_cond_signal(&fetcher->changed);
	uv_mutex_unlock(&fetcher->mutex);
}
