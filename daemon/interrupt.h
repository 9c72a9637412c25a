/* What SIGTERM and SIGINT do while the daemon is not yet at its loop: a thread waits for them, and ends the process.
 *
 *   start ......... loading the store ......... stop, the loop takes over
 *     signal here: the process ends with status 0. Nothing was promised to anybody, the store takes it like kill -9. */
#ifndef WF_INTERRUPT_H
#define WF_INTERRUPT_H

#include <pthread.h>
#include <signal.h>

#include "log.h"
#include "service.h"

struct wf_interrupt {
	const struct wf_log *log;
	const struct wf_service *service;
	pthread_t thread;
	sigset_t before; /* the caller's mask */
};

/* From here on the signals are blocked for the caller and the threads that it starts. Both pointers are borrowed.
 * Errors: errno. */
int wf_interrupt_start(struct wf_interrupt *interrupt, const struct wf_log *log, const struct wf_service *service);

/* Ends the thread; a signal that comes now is the caller's. */
void wf_interrupt_stop(struct wf_interrupt *interrupt);

#endif
