/* wirefoldd: reads the settings, serves, says why where it cannot; or does what is to be done with a store on disk.
 * Exit status: 0 done, 1 it could not serve, 2 wrong use; of the others see store_command.h. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "server.h"
#include "store_command.h"

/* Larger blocks come from the system alone and go back to it when they are freed. Left to itself, glibc raises the
 * limit as such blocks are freed, and a few giant requests would leave holes of their size behind in every thread's
 * heap. What a connection is read into is smaller: memory that comes anew for each request costs more than reading it.
 * Nor does a heap give back its end as soon as that is free. */
#define OWN_BLOCK_BYTES (1 << 20)
#define HEAP_KEPT_BYTES (16 << 20)

extern char **environ;

static int serve(const struct wf_settings *settings)
{
	struct wf_server *server = malloc(sizeof *server);
	struct wf_error error;
	int code;

	if (server == NULL) {
		fputs("wirefoldd: out of memory\n", stderr);
		return 1;
	}
	mallopt(M_MMAP_THRESHOLD, OWN_BLOCK_BYTES);
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT_BYTES);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is then an error of the write */
	code = wf_server_run(server, settings, environ, &error);
	if (code < 0)
		fprintf(stderr, "wirefoldd: %s\n", error.text);
	free(server);
	return code < 0 ? 1 : 0;
}

int main(int arguments_count, char **arguments)
{
	struct wf_settings settings;
	enum wf_settings_wish wish;
	struct wf_error error;
	int status = 0;

	if (arguments_count > 1 && wf_store_command_is(arguments[1]))
		return wf_store_command(arguments_count - 1, arguments + 1);
	if (wf_settings_read(&settings, arguments_count, arguments, environ, &wish, &error) < 0) {
		fprintf(stderr, "wirefoldd: %s\n", error.text);
		status = 2;
	} else if (wish == WF_WISH_HELP) {
		wf_settings_help(stdout);
	} else if (wish == WF_WISH_HELP_MAN) {
		wf_settings_help_man(stdout);
	} else if (wish == WF_WISH_HELP_MARKDOWN) {
		wf_settings_help_markdown(stdout);
	} else if (wish == WF_WISH_VERSION) {
		puts("wirefoldd " WF_SERVER_VERSION);
	} else {
		status = serve(&settings);
	}
	wf_settings_close(&settings);
	return status;
}
