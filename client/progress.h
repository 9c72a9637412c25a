/* The line at the bottom of a terminal that says how far a feed is.
 *
 *   [########------------]  41 %   8,192 articles   21,400/s   3 refused
 *
 * Nothing is written where standard error is not a terminal. The width is asked at each drawing, so a window that
 * changes its size needs no signal handler. */
#ifndef WF_PROGRESS_H
#define WF_PROGRESS_H

#include <stdio.h>

#include "base/bytes.h"

struct wf_progress {
	bool is_on;
	bool is_drawn;
	int64_t begin_us;
	int64_t drawn_us;
	uint64_t size_bytes; /* of all that is to be read; 0: unknown, no bar */
};

struct wf_progress_state {
	uint64_t articles; /* answered */
	uint64_t refused;
	uint64_t position_bytes;
	const char *remark; /* "waiting for the daemon", or NULL */
};

void wf_progress_init(struct wf_progress *progress, bool is_on, uint64_t size_bytes);

/* Draws, but not more than ten times a second. */
void wf_progress_show(struct wf_progress *progress, const struct wf_progress_state *state);

/* Wipes the line, before something else is written to standard error, and at the end. */
void wf_progress_clear(struct wf_progress *progress);

/* Microseconds of the monotonic clock since init. */
int64_t wf_progress_elapsed_us(const struct wf_progress *progress);

/* `number` with commas between thousands, into `text`, which has WF_COUNT_BYTES. Returns `text`. */
#define WF_COUNT_BYTES 32
const char *wf_progress_count(char text[WF_COUNT_BYTES], uint64_t number);

#endif
