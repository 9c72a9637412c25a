/* Asks for memory ahead of its use: a hint, for speed alone. */
#ifndef WF_BASE_PREFETCH_H
#define WF_BASE_PREFETCH_H

#include <stddef.h>

#define WF_CACHE_LINE_BYTES 64u

static inline void wf_prefetch(const void *start, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += WF_CACHE_LINE_BYTES) {
		const char *const line = (const char *)start + i;

		__builtin_prefetch(line);
		/* Else gcc takes a function that only fetches for one that does nothing, and leaves out its calls. */
		__asm__ volatile("" : : "r"(line));
	}
}

#endif
