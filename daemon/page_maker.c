#include "page_maker.h"

#include "pipeline.h"

/* Takes the next page of the first range; waits for one. Returns its bytes; 0: it is stopped. */
static size_t take(struct wf_page_maker *maker)
{
	struct wf_page_range *range;
	size_t bytes;

	while (maker->count == 0 && !maker->is_stopped)
		uv_cond_wait(&maker->changed, &maker->mutex);
	if (maker->is_stopped)
		return 0;
	range = &maker->ranges[maker->first];
	bytes = range->bytes < WF_PAGES_LARGE_BYTES ? range->bytes : WF_PAGES_LARGE_BYTES;
	maker->making = range->start;
	range->start += bytes;
	range->bytes -= bytes;
	if (range->bytes == 0) {
		maker->first = (maker->first + 1) % WF_PAGE_MAKER_ROOM;
		maker->count--;
	}
	return bytes;
}

static void run_cb(void *context)
{
	struct wf_page_maker *maker = context;
	size_t bytes;

	wf_pipeline_name_thread("pages");
	uv_mutex_lock(&maker->mutex);
	while ((bytes = take(maker)) > 0) {
		uv_mutex_unlock(&maker->mutex);
		wf_pages_make(maker->making, bytes);
		uv_mutex_lock(&maker->mutex);
		maker->making = NULL;
		uv_cond_broadcast(&maker->changed);
	}
	uv_mutex_unlock(&maker->mutex);
}

static void ask_cb(void *context, void *start, size_t bytes)
{
	struct wf_page_maker *maker = context;

	uv_mutex_lock(&maker->mutex);
	if (maker->count < WF_PAGE_MAKER_ROOM) {
		maker->ranges[(maker->first + maker->count++) % WF_PAGE_MAKER_ROOM] =
			(struct wf_page_range){start, bytes};
		uv_cond_broadcast(&maker->changed);
	}
	uv_mutex_unlock(&maker->mutex);
}

static bool is_in(const char *place, const char *start, size_t bytes)
{
	return place >= start && place < start + bytes;
}

static void forget_cb(void *context, void *start, size_t bytes)
{
	struct wf_page_maker *maker = context;
	uint32_t kept = 0;

	uv_mutex_lock(&maker->mutex);
	for (uint32_t i = 0; i < maker->count; i++) {
		const struct wf_page_range range = maker->ranges[(maker->first + i) % WF_PAGE_MAKER_ROOM];

		if (!is_in(range.start, start, bytes))
			maker->ranges[(maker->first + kept++) % WF_PAGE_MAKER_ROOM] = range;
	}
	maker->count = kept;
	while (maker->making != NULL && is_in(maker->making, start, bytes))
		uv_cond_wait(&maker->changed, &maker->mutex);
	uv_mutex_unlock(&maker->mutex);
}

struct wf_pages_ahead wf_page_maker_ahead(struct wf_page_maker *maker)
{
	return (struct wf_pages_ahead){ask_cb, forget_cb, maker};
}

int wf_page_maker_start(struct wf_page_maker *maker)
{
	int code;

	*maker = (struct wf_page_maker){.count = 0};
	code = uv_mutex_init(&maker->mutex);
	if (code < 0)
		return code;
	code = uv_cond_init(&maker->changed);
	if (code < 0)
		goto done_mutex;
	code = uv_thread_create(&maker->thread, run_cb, maker);
	maker->is_started = code == 0;
	if (code == 0)
		return 0;
	uv_cond_destroy(&maker->changed);
done_mutex:
	uv_mutex_destroy(&maker->mutex);
	return code;
}

void wf_page_maker_stop(struct wf_page_maker *maker)
{
	if (!maker->is_started)
		return;
	uv_mutex_lock(&maker->mutex);
	maker->is_stopped = true;
	uv_cond_broadcast(&maker->changed);
	uv_mutex_unlock(&maker->mutex);
	uv_thread_join(&maker->thread);
	uv_cond_destroy(&maker->changed);
	uv_mutex_destroy(&maker->mutex);
	maker->is_started = false;
}
