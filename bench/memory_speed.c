#include "memory_speed.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "stage.h"

#define LINE_WORDS  16u        /* a cache line of 64 bytes */
#define LINES_COUNT (1u << 23) /* 512 MiB: larger than the caches */
#define READS_COUNT (1u << 21)
#define ROUNDS      5

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* One cycle through all lines (Sattolo 1986): each line's first word is the number of the next. */
static void make_cycle(uint32_t *lines)
{
	uint64_t state = 1;

	for (uint32_t i = 0; i < LINES_COUNT; i++)
		lines[(size_t)i * LINE_WORDS] = i;
	for (uint32_t i = LINES_COUNT - 1; i > 0; i--) {
		const size_t other = (size_t)(next(&state) % i) * LINE_WORDS;
		const uint32_t kept = lines[other];

		lines[other] = lines[(size_t)i * LINE_WORDS];
		lines[(size_t)i * LINE_WORDS] = kept;
	}
}

static double chase_ns(const uint32_t *lines, uint32_t *at)
{
	const struct wf_stage_clock start = wf_stage_now();
	struct wf_stage_clock sum = {0};

	for (uint32_t i = 0; i < READS_COUNT; i++)
		*at = lines[(size_t)*at * LINE_WORDS];
	wf_stage_add(&sum, start);
	return sum.cpu_us * 1e3 / READS_COUNT;
}

static double scatter_ns(const uint32_t *lines, uint32_t *total)
{
	uint64_t state = *total;
	const struct wf_stage_clock start = wf_stage_now();
	struct wf_stage_clock sum = {0};

	for (uint32_t i = 0; i < READS_COUNT; i++)
		*total += lines[(size_t)(next(&state) % LINES_COUNT) * LINE_WORDS];
	wf_stage_add(&sum, start);
	return sum.cpu_us * 1e3 / READS_COUNT;
}

int wf_memory_speed_measure(struct wf_memory_speed *speed)
{
	uint32_t *lines = malloc((size_t)LINES_COUNT * LINE_WORDS * sizeof *lines);
	uint32_t at = 0;
	uint32_t total = 0;

	if (lines == NULL)
		return WF_ENOMEM;
	make_cycle(lines);
	*speed = (struct wf_memory_speed){1e9, 1e9};
	for (int round = 0; round < ROUNDS; round++) {
		const double chased = chase_ns(lines, &at);
		const double scattered = scatter_ns(lines, &total);

		speed->read_ns = chased < speed->read_ns ? chased : speed->read_ns;
		speed->read_together_ns = scattered < speed->read_together_ns ? scattered : speed->read_together_ns;
	}
	/* The reads count as used. */
	__asm__ volatile("" : : "r"(at), "r"(total));
	free(lines);
	return 0;
}
