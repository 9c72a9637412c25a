#include "progress.h"

#include <inttypes.h>
#include <time.h>

#include "terminal.h"

#define DRAW_INTERVAL_US 100000
#define BAR_COLUMNS      20
#define LINE_BYTES       512

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void wf_progress_init(struct wf_progress *progress, bool is_on, uint64_t size_bytes)
{
	*progress = (struct wf_progress){.is_on = is_on, .begin_us = now_us(), .size_bytes = size_bytes};
}

int64_t wf_progress_elapsed_us(const struct wf_progress *progress)
{
	return now_us() - progress->begin_us;
}

const char *wf_progress_count(char text[WF_COUNT_BYTES], uint64_t number)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	char *at = text;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = '\0';
	return text;
}

static void draw_bar(char *bar, size_t bytes, double share)
{
	char cells[BAR_COLUMNS + 1];

	for (size_t i = 0; i < BAR_COLUMNS; i++)
		cells[i] = share * BAR_COLUMNS > (double)i ? '#' : '-';
	cells[BAR_COLUMNS] = '\0';
	snprintf(bar, bytes, "[%s] %3.0f %%   ", cells, share * 100);
}

void wf_progress_show(struct wf_progress *progress, const struct wf_progress_state *state)
{
	char bar[BAR_COLUMNS + 16] = "";
	char line[LINE_BYTES];
	char counts[3][WF_COUNT_BYTES];
	int64_t now = now_us();
	int64_t elapsed_us = now - progress->begin_us;

	if (!progress->is_on || (progress->is_drawn && now - progress->drawn_us < DRAW_INTERVAL_US))
		return;
	if (progress->size_bytes > 0) {
		double share = (double)state->position_bytes / (double)progress->size_bytes;

		draw_bar(bar, sizeof(bar), share > 1 ? 1 : share);
	}

	double rate = elapsed_us > 0 ? (double)state->articles * 1e6 / (double)elapsed_us : 0;
	int length =
		snprintf(line, sizeof(line), "%s%s articles   %s/s   %s refused%s%s", bar,
			 wf_progress_count(counts[0], state->articles), wf_progress_count(counts[1], (uint64_t)rate),
			 wf_progress_count(counts[2], state->refused), state->remark == NULL ? "" : "   ",
			 state->remark == NULL ? "" : state->remark);

	/* The last column stays free: some terminals wrap as soon as it is written. */
	fputs("\r\033[K", stderr);
	wf_terminal_write(stderr, (struct wf_bytes){line, (size_t)length}, wf_terminal_columns(stderr, 80) - 1);
	fflush(stderr);
	progress->is_drawn = true;
	progress->drawn_us = now;
}

void wf_progress_clear(struct wf_progress *progress)
{
	if (!progress->is_drawn)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->is_drawn = false;
}
