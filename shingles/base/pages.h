/* Large blocks of memory in large pages, where the system has them. A random look-up in a table of some hundred
 * megabytes costs a walk through the page tables otherwise, in a virtual machine several times the look-up itself. */
#ifndef WF_BASE_PAGES_H
#define WF_BASE_PAGES_H

#include "base/bytes.h"

#define WF_PAGES_LARGE_BYTES (2u << 20)

/* A block of at least `bytes`, with whatever is in it; its start is a multiple of WF_PAGES_LARGE_BYTES. NULL when
 * memory is out. */
void *wf_pages_take(size_t bytes);
void wf_pages_free(void *block); /* NULL is allowed */

/* Gives the memory of all large pages that lie wholly in [start, start + bytes) back to the system; what they held is
 * gone. The block stays the caller's. */
void wf_pages_give_back(void *start, size_t bytes);

#endif
