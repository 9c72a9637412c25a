/* Disks that fail on purpose: fault_io.c stands before the C library's writing and syncing calls, for the program that
 * it is linked into and for every shared library of it (LMDB), and lets the n-th fail.
 *
 * Linked into a test, the functions below steer it. As a library of its own, loaded before a program by LD_PRELOAD, it
 * takes WF_FAULT_IO="CALLS:COUNTDOWN:LENGTH:ERRNO[:short]", CALLS being letters: w write, m write to a file
 * opened with O_DSYNC (LMDB's meta page), s sync. */
#ifndef WF_TEST_FAULT_IO_H
#define WF_TEST_FAULT_IO_H

#include <stdbool.h>

enum fault_io_calls {
	FAULT_IO_WRITE = 1, /* write, writev, pwrite, pwritev to a file */
	FAULT_IO_META = 2,  /* the same, to a file opened with O_DSYNC */
	FAULT_IO_SYNC = 4,  /* fsync, fdatasync, msync */
	FAULT_IO_ALL = 7,
};

struct fault_io {
	unsigned calls;      /* of enum fault_io_calls; 0: none fails */
	long countdown;      /* calls that are still served before the first failure */
	long length;         /* calls that fail then, one after another */
	int error;           /* errno that they set */
	bool is_short;       /* a write does half of its work and says so, where it can be halved */
	bool is_done;        /* the first that fails has done its work all the same */
	unsigned then_calls; /* kinds that fail, too, once the first has failed; `length` counts them with it */
};

void fault_io_arm(struct fault_io fault);

/* All works again; how many calls failed. */
long fault_io_disarm(void);

#endif
