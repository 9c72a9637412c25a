/* How fast this machine's memory answers where caches do not help.
 *
 *   one cycle through all cache lines of a block, in random order
 *   a read that needs the one before it: latency
 *   reads that need nothing of each other: how many are under way at the same time */
#ifndef WF_MEMORY_SPEED_H
#define WF_MEMORY_SPEED_H

struct wf_memory_speed {
	double read_ns;          /* a random read of a cache line that waits for the read before it */
	double read_together_ns; /* a random read among many under way */
};

/* Takes a block of 512 MiB for about two seconds. Errors: WF_ENOMEM. */
int wf_memory_speed_measure(struct wf_memory_speed *speed);

#endif
