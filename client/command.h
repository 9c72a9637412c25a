/* What every command of `wirefold` shares: its place in the table, the options of all, the connection, how it fails.
 *
 *   wirefold --connect ADDRESS COMMAND ARGUMENT ...  ->  wf_command.run(context, arguments)  ->  exit status */
#ifndef WF_COMMAND_H
#define WF_COMMAND_H

#include "client.h"
#include "options.h"
#include "terminal.h"
#include "token.h"

/* Exit statuses (the wire contract). */
enum wf_exit {
	WF_EXIT_DONE = 0,
	WF_EXIT_REFUSED = 1, /* some items were refused, or not found, or could not be read */
	WF_EXIT_USAGE = 2,
	WF_EXIT_UNCONNECTED = 3,
};

/* No exit status: go on. */
#define WF_COMMAND_GOES_ON (-1)

struct wf_context {
	const char *address;
	struct wf_client_settings client_settings;
	const char *token_file;
	struct wf_token token;
	bool wants_help;
	bool wants_version;
	bool wants_json;  /* --json */
	bool wants_plain; /* --plain */
	int64_t now;      /* Unix seconds when the program began */
	struct wf_terminal terminal;
	struct wf_client *client; /* NULL until wf_command_connect */
};

struct wf_command {
	const char *name;
	const char *arguments; /* of its synopsis */
	const char *summary;   /* one line */
	int (*run)(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
};

#define WF_COMMON_OPTIONS_COUNT 11

/* The options of all commands, which write into `context`. */
void wf_command_common_options(struct wf_context *context, struct wf_option options[WF_COMMON_OPTIONS_COUNT]);

/* Parses the options of a command; `*count` becomes how many arguments are left in front of `arguments`.
 * Returns WF_COMMAND_GOES_ON, or the exit status: help was wanted and printed, or the options are wrong and it was
 * said. */
int wf_command_parse(struct wf_context *context, const struct wf_command *command, const struct wf_option *options,
		     size_t options_count, char **arguments, int *count);

/* Says on standard error what is wrong; a newline is added. */
void wf_command_complain(const struct wf_context *context, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for wrong use, with a hint at --help. Returns WF_EXIT_USAGE. */
int wf_command_misused(const struct wf_context *context, const struct wf_command *command, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Connects, and shows the token that the options or the environment name. Returns WF_COMMAND_GOES_ON, or
 * WF_EXIT_UNCONNECTED (WF_EXIT_USAGE for an address of no form, or files that do not do), said. */
int wf_command_connect(struct wf_context *context);

/* Says why a call failed. Returns the exit status: WF_EXIT_REFUSED where the daemon refused it, else
 * WF_EXIT_UNCONNECTED. */
int wf_command_failed(const struct wf_context *context, const char *subject, const struct wf_error *error);

/* Whether the daemon answered with this code, so that the connection is good. */
bool wf_command_is_refusal(int code);

/* Whether to write JSON to standard output: --json, or a pipe without --plain. */
bool wf_command_writes_json(const struct wf_context *context);

/* Reads the number of a cluster; false where it is none. */
bool wf_command_read_cluster(const char *text, uint64_t *cluster);

/* The columns that a table may have. */
size_t wf_command_table_width(void);

/* Sends one request for each of `count` items, some under way at the same time, and hands each reply to `handle` in
 * order.
 * pack:    writes the one param of the request for item `index`.
 * handle:  returns an exit status; the worst of all is the result. It may look at reply->error.
 * Returns the exit status; WF_EXIT_UNCONNECTED where the connection was lost, said. */
struct wf_command_calls {
	const char *method;
	void (*pack)(void *state, size_t index, struct wf_pack *pack);
	int (*handle)(void *state, size_t index, const struct wf_reply *reply);
	void *state;
};
int wf_command_call_each(const struct wf_context *context, const struct wf_command_calls *calls, size_t count);

/* One function a command, each in its file. */
int wf_command_feed(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_query(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_get(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_cluster(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_clusters(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_remove(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_stats(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_dump(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_compare(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_watch(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_merge(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_split(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_store(struct wf_context *context, const struct wf_command *command, int count, char **arguments);
int wf_command_bench(struct wf_context *context, const struct wf_command *command, int count, char **arguments);

#endif
