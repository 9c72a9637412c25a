#include "interrupt.h"

#include <unistd.h>

/* Tells the thread to end. */
#define SIGNAL_END SIGUSR1

static void fill(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGNAL_END);
}

static void *wait_for_signal(void *context)
{
	const struct wf_interrupt *interrupt = context;
	sigset_t set;
	int number;

	fill(&set);
	while (sigwait(&set, &number) != 0)
		;
	if (number == SIGNAL_END)
		return NULL;
	wf_service_tell(interrupt->service, "STOPPING=1");
	wf_log(interrupt->log, WF_LOG_INFO, "signal", wf_log_count("number", (uint64_t)number),
	       wf_log_text("action", "stop before serving"));
	wf_log_write(interrupt->log, WF_LOG_INFO, "stopped", NULL);
	_exit(0);
}

int wf_interrupt_start(struct wf_interrupt *interrupt, const struct wf_log *log, const struct wf_service *service)
{
	sigset_t set;
	int code;

	interrupt->log = log;
	interrupt->service = service;
	fill(&set);
	code = pthread_sigmask(SIG_BLOCK, &set, &interrupt->before);
	if (code == 0)
		code = pthread_create(&interrupt->thread, NULL, wait_for_signal, interrupt);
	if (code != 0) {
		(void)pthread_sigmask(SIG_SETMASK, &interrupt->before, NULL);
		return -code;
	}
	/* SIGNAL_END is for that thread alone. */
	sigemptyset(&set);
	sigaddset(&set, SIGNAL_END);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	return 0;
}

void wf_interrupt_stop(struct wf_interrupt *interrupt)
{
	(void)pthread_kill(interrupt->thread, SIGNAL_END);
	(void)pthread_join(interrupt->thread, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &interrupt->before, NULL);
}
