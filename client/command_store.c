/* check, backup, restore: what the daemon's program does with a store on this machine. It is run in place of this one,
 * which knows no stores. */
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"

#define PROGRAM "wirefoldd"

/* Beside this program, as both are installed; "" where that cannot be told. */
static void find_beside(char path[PATH_MAX])
{
	const ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof(PROGRAM));
	char *name;

	path[length < 0 ? 0 : length] = '\0';
	name = strrchr(path, '/');
	if (name == NULL)
		path[0] = '\0';
	else
		memcpy(name + 1, PROGRAM, sizeof(PROGRAM));
}

int wf_command_store(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	const char *named = getenv("WIREFOLDD");
	char **handed = calloc((size_t)count + 3, sizeof(*handed));
	char beside[PATH_MAX];

	if (handed == NULL) {
		wf_command_complain(context, "%s", wf_error_sentence(WF_ENOMEM));
		return WF_EXIT_REFUSED;
	}
	handed[0] = strdup(PROGRAM);
	handed[1] = strdup(command->name);
	for (int i = 0; i < count; i++)
		handed[i + 2] = arguments[i];
	find_beside(beside);
	if (handed[0] != NULL && handed[1] != NULL) {
		if (named != NULL && named[0] != '\0')
			(void)execv(named, handed);
		else if (beside[0] != '\0' && access(beside, X_OK) == 0)
			(void)execv(beside, handed);
		else
			(void)execvp(PROGRAM, handed);
	}
	wf_command_complain(context, "%s: " PROGRAM " cannot be run: %s", command->name, wf_error_sentence(-errno));
	free(handed[0]);
	free(handed[1]);
	free(handed);
	return WF_EXIT_USAGE;
}
