/* What is asked for ahead of its use (base/pages.h), noted: in order, until it is forgotten. */
#ifndef WF_TEST_ASKED_PAGES_H
#define WF_TEST_ASKED_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pages.h"

#define ASKED_MAX 1024u

struct asked_pages {
	struct {
		char *start;
		size_t bytes;
	} ranges[ASKED_MAX];
	size_t count;
};

static inline void asked_ask_cb(void *context, void *start, size_t bytes)
{
	struct asked_pages *asked = context;

	assert_true(asked->count < ASKED_MAX);
	asked->ranges[asked->count].start = start;
	asked->ranges[asked->count++].bytes = bytes;
}

static inline void asked_forget_cb(void *context, void *start, size_t bytes)
{
	struct asked_pages *asked = context;
	size_t kept = 0;

	for (size_t i = 0; i < asked->count; i++)
		if (asked->ranges[i].start < (char *)start || asked->ranges[i].start >= (char *)start + bytes)
			asked->ranges[kept++] = asked->ranges[i];
	asked->count = kept;
}

static inline struct wf_pages_ahead asked_ahead(struct asked_pages *asked)
{
	return (struct wf_pages_ahead){asked_ask_cb, asked_forget_cb, asked};
}

/* How many bytes from `start` on have been asked for, in order and each once. */
static inline size_t asked_from(const struct asked_pages *asked, const void *start)
{
	size_t bytes = 0;

	for (size_t i = 0; i < asked->count; i++)
		if (asked->ranges[i].start == (const char *)start + bytes)
			bytes += asked->ranges[i].bytes;
	return bytes;
}

#endif
