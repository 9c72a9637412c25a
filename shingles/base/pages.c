#define _DEFAULT_SOURCE /* madvise() */
#include "base/pages.h"

#include <stdlib.h>
#include <sys/mman.h>

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

void wf_pages_give_back(void *start, size_t bytes)
{
	char *const first =
		(char *)start + (WF_PAGES_LARGE_BYTES - (uintptr_t)start % WF_PAGES_LARGE_BYTES) % WF_PAGES_LARGE_BYTES;
	char *const end = (char *)start + bytes;

	if (end > first && (size_t)(end - first) >= WF_PAGES_LARGE_BYTES)
		(void)madvise(first, (size_t)(end - first) / WF_PAGES_LARGE_BYTES * WF_PAGES_LARGE_BYTES,
			      MADV_DONTNEED);
}
