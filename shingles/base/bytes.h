/* A borrowed run of bytes: who lends it says for how long. */
#ifndef WF_BASE_BYTES_H
#define WF_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* `data` may be NULL where `length` is 0. Not NUL-terminated. */
struct wf_bytes {
	const char *data;
	size_t length;
};

static inline struct wf_bytes wf_bytes_of(const char *string)
{
	return (struct wf_bytes){string, string == NULL ? 0 : strlen(string)};
}

static inline bool wf_bytes_equal(struct wf_bytes a, struct wf_bytes b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

#endif
