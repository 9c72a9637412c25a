/* What this machine can do at most, to hold a rate of articles against: copying memory, writing and syncing a file. */
#ifndef WF_MACHINE_H
#define WF_MACHINE_H

#include <stdint.h>

#include "base/error.h"

struct wf_machine {
	double copy_bytes_per_second;  /* memcpy of a block larger than the caches, read and written once each */
	double write_bytes_per_second; /* sequential, with fdatasync every 4 MiB */
	double sync_us;                /* median of write of 4 KiB and fdatasync */
};

/* Measures, in a file that is made in `folder` and removed again; takes about a second. Errors: WF_ENOMEM, errno. */
int wf_machine_measure(struct wf_machine *machine, const char *folder, struct wf_error *error);

/* Microseconds of a clock that never goes back. */
int64_t wf_machine_now_us(void);

#endif
