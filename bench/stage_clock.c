#include <time.h>

#include "stage.h"

struct wf_stage_clock wf_stage_now(void)
{
	struct timespec cpu;
	struct timespec wall;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	clock_gettime(CLOCK_MONOTONIC, &wall);
	return (struct wf_stage_clock){(double)cpu.tv_sec * 1e6 + (double)cpu.tv_nsec / 1e3,
				       (double)wall.tv_sec * 1e6 + (double)wall.tv_nsec / 1e3};
}

void wf_stage_add(struct wf_stage_clock *sum, struct wf_stage_clock start)
{
	const struct wf_stage_clock now = wf_stage_now();

	sum->cpu_us += now.cpu_us - start.cpu_us;
	sum->wall_us += now.wall_us - start.wall_us;
}
