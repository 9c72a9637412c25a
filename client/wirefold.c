/* The `wirefold` command: finds the command that was asked for and runs it. */
#include <locale.h>
#include <stdlib.h>
#include <time.h>

#include "command.h"

static const struct wf_command commands[] = {
	{"feed", "[options] FILE|FOLDER|- ...", "Adds the articles of JSON lines, JSON files and folders of texts.",
	 wf_command_feed},
	{"query", "[--text TEXT] [FILE|FOLDER|- ...]", "Says how articles stand to what is stored; stores nothing.",
	 wf_command_query},
	{"get", "ID ...", "Shows articles as they are stored.", wf_command_get},
	{"cluster", "NUMBER ...", "Shows who carried a story, the first at the top.", wf_command_cluster},
	{"clusters", "[options]", "Lists clusters.", wf_command_clusters},
	{"remove", "ID ...", "Removes articles.", wf_command_remove},
	{"stats", "", "Shows what the daemon holds and how fast it answers.", wf_command_stats},
	{"dump", "", "Writes the id and the cluster of every article as JSON lines.", wf_command_dump},
	{"compare", "[--side-by-side] [--files] A B", "Shows the passages that two articles share.",
	 wf_command_compare},
	{"watch", "[options]", "Shows what happens to clusters, as it happens.", wf_command_watch},
	{"merge", "CLUSTER CLUSTER ...", "Makes clusters one.", wf_command_merge},
	{"split", "CLUSTER ID ...", "Makes articles of a cluster a cluster of their own.", wf_command_split},
	{"check", "[--salvage NEW] STORE", "Looks through a store that no daemon has open.", wf_command_store},
	{"backup", "STORE NEW", "Copies a store of this machine, also while its daemon runs.", wf_command_store},
	{"restore", "[--replace] BACKUP STORE", "Makes a store out of a backup.", wf_command_store},
	{"bench", "[options]", "Measures the daemon with made-up stories.", wf_command_bench},
};

#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct wf_command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static void help_print(const struct wf_option *common)
{
	printf("usage: wirefold [--connect ADDRESS] COMMAND [argument ...]\n\n"
	       "Feeds news articles to wirefoldd and asks it which of them are the same story.\n\ncommands:\n");
	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		printf("  %-10s%s\n", commands[i].name, commands[i].summary);
	printf("\noptions:\n");
	wf_options_print(common, WF_COMMON_OPTIONS_COUNT, stdout);
	printf("\nwirefold COMMAND --help tells more; see also wirefold(1).\n"
	       "Exit status: 0 done, 1 some items refused, 2 wrong use, 3 no connection.\n");
}

static int run(struct wf_context *context, int count, char **arguments)
{
	struct wf_option common[WF_COMMON_OPTIONS_COUNT];
	const struct wf_option_set sets[] = {{common, WF_COMMON_OPTIONS_COUNT}, {NULL, 0}};
	struct wf_error error;

	wf_command_common_options(context, common);
	count = wf_options_parse(sets, arguments, count, true, context->now, &error);
	if (count < 0)
		return wf_command_misused(context, NULL, "%s", error.text);
	if (context->wants_version) {
		printf("wirefold %s\n", WF_VERSION);
		return WF_EXIT_DONE;
	}
	if (count == 0 && context->wants_help) {
		help_print(common);
		return WF_EXIT_DONE;
	}
	if (count == 0)
		return wf_command_misused(context, NULL, "a command is missing");

	const struct wf_command *command = command_find(arguments[0]);

	if (command == NULL)
		return wf_command_misused(context, NULL, "no such command: \"%s\"", arguments[0]);
	return command->run(context, command, count - 1, arguments + 1);
}

/* A variable of the environment; NULL also where it is empty. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

int main(int count, char **arguments)
{
	const char *address = variable("WIREFOLD");
	struct wf_context context = {
		.address = address != NULL ? address : WF_CLIENT_ADDRESS_DEFAULT,
		.now = (int64_t)time(NULL),
		.token_file = variable("WIREFOLD_TOKEN_FILE"),
		.client_settings = {.tls_ca_file = variable("WIREFOLD_TLS_CA")},
	};
	int status;

	wf_terminal_init(&context.terminal);
	status = run(&context, count - 1, arguments + 1);
	wf_client_close(context.client);
	wf_token_forget(&context.token);
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		wf_command_complain(&context, "standard output cannot be written");
		if (status == WF_EXIT_DONE)
			status = WF_EXIT_REFUSED;
	}
	return status;
}
