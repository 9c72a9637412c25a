#define _DEFAULT_SOURCE /* madvise() */
#include "base/pages.h"

#include <stdlib.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096u /* the smallest there is */

static size_t rounded_up(size_t bytes)
{
	return (bytes + WF_PAGES_LARGE_BYTES - 1) / WF_PAGES_LARGE_BYTES * WF_PAGES_LARGE_BYTES;
}

void *wf_pages_take(size_t bytes)
{
	void *block;

	if (bytes > SIZE_MAX - WF_PAGES_LARGE_BYTES)
		return NULL;
	block = aligned_alloc(WF_PAGES_LARGE_BYTES, rounded_up(bytes));
#ifdef MADV_HUGEPAGE
	/* Without large pages it is slower, not wrong. */
	if (block != NULL)
		(void)madvise(block, rounded_up(bytes), MADV_HUGEPAGE);
#endif
	return block;
}

void wf_pages_free(void *block)
{
	free(block);
}

void wf_pages_ask(const struct wf_pages_ahead *ahead, void *start, size_t bytes)
{
	if (ahead->ask != NULL && bytes > 0)
		ahead->ask(ahead->context, start, bytes);
}

void wf_pages_free_asked(const struct wf_pages_ahead *ahead, void *block, size_t bytes)
{
	if (ahead->ask != NULL && block != NULL)
		ahead->forget(ahead->context, block, bytes);
	wf_pages_free(block);
}

void wf_pages_ask_next(const struct wf_pages_ahead *ahead, void **next, size_t bytes)
{
	if (ahead->ask == NULL || *next != NULL)
		return;
	*next = wf_pages_take(bytes);
	if (*next != NULL)
		wf_pages_ask(ahead, *next, bytes);
}

void *wf_pages_take_next(void **next, size_t bytes)
{
	void *const block = *next != NULL ? *next : wf_pages_take(bytes);

	*next = NULL;
	return block;
}

/* The bytes belong to another thread, which may be writing to them: one step that gives back what is there, of which no
 * sanitizer needs to know. madvise(MADV_POPULATE_WRITE) would do, but holds up all that asks the system for memory. */
__attribute__((no_sanitize("thread"))) void wf_pages_make(void *start, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE_BYTES)
		__atomic_fetch_or((uint8_t *)start + i, 0, __ATOMIC_RELAXED);
}

void wf_pages_give_back(void *start, size_t bytes)
{
	char *const first =
		(char *)start + (WF_PAGES_LARGE_BYTES - (uintptr_t)start % WF_PAGES_LARGE_BYTES) % WF_PAGES_LARGE_BYTES;
	char *const end = (char *)start + bytes;

	if (end > first && (size_t)(end - first) >= WF_PAGES_LARGE_BYTES)
		(void)madvise(first, (size_t)(end - first) / WF_PAGES_LARGE_BYTES * WF_PAGES_LARGE_BYTES,
			      MADV_DONTNEED);
}
