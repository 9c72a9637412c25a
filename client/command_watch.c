/* `watch`: what happens to clusters, as it happens. */
#include <inttypes.h>
#include <poll.h>
#include <time.h>

#include "command.h"
#include "field.h"
#include "json.h"

#define IDLE_MS          20000 /* without news, after which the daemon is asked whether it is there */
#define CONNECT_PAUSE_MS 500
#define KIND_WIDTH       8
#define CLUSTER_WIDTH    24

struct watch {
	struct wf_context *context;
	uint64_t min_size;
	const char *outlet;
	uint64_t limit; /* events to show; 0: all */
	uint64_t retry_seconds;
	uint64_t shown;
};

/* ---- output ---- */

static void print_clusters(struct wf_value event)
{
	const uint64_t cluster = wf_field_count(event, "cluster", 0);
	const uint64_t into = wf_field_count(event, "into", 0);
	char text[64];
	int length;

	if (into == 0)
		length = snprintf(text, sizeof(text), "%" PRIu64, cluster);
	else
		length = snprintf(text, sizeof(text), "%" PRIu64 " -> %" PRIu64, cluster, into);
	printf("%s%*s", text, length < CLUSTER_WIDTH ? CLUSTER_WIDTH - length : 1, "");
}

/* The time and the kind. */
static void print_start(const struct watch *watch, struct wf_bytes kind)
{
	const bool has_colour = watch->context->terminal.out_has_colour;
	char at[WF_FIELD_TEXT_BYTES];
	size_t width;

	fputs(wf_terminal_style(has_colour, WF_STYLE_FAINT), stdout);
	fputs(wf_field_time_text(at, (int64_t)time(NULL), false), stdout);
	fputs(wf_terminal_style(has_colour, WF_STYLE_PLAIN), stdout);
	fputs("  ", stdout);
	width = wf_terminal_write(stdout, kind, KIND_WIDTH);
	printf("%*s", (int)(KIND_WIDTH - width) + 1, "");
}

static void print_event(const struct watch *watch, struct wf_value event)
{
	const struct wf_bytes kind = wf_field_string(event, "kind");

	print_start(watch, kind);
	if (wf_bytes_equal(kind, wf_bytes_of("gap"))) {
		printf("%" PRIu64 " events are missing here\n", wf_field_count(event, "lost", 0));
		return;
	}
	print_clusters(event);
	printf("size %-6" PRIu64 " ", wf_field_count(event, "size", 0));
	wf_terminal_write(stdout, wf_field_string(event, "id"), SIZE_MAX);
	putchar('\n');
}

static void show(struct watch *watch, struct wf_value event)
{
	if (wf_command_writes_json(watch->context)) {
		wf_json_write_value(stdout, event);
		putchar('\n');
	} else {
		print_event(watch, event);
	}
	watch->shown++;
}

/* What is between two connections is not known. */
static void show_break(const struct watch *watch)
{
	if (wf_command_writes_json(watch->context)) {
		fputs("{\"kind\": \"gap\", \"cluster\": null, \"size\": null, \"id\": null, \"into\": null, "
		      "\"lost\": null}\n",
		      stdout);
		return;
	}
	print_start(watch, wf_bytes_of("gap"));
	puts("events may be missing here: the connection was lost");
}

/* ---- the connection ---- */

static void subscribe(const struct watch *watch)
{
	struct wf_pack *pack = wf_client_request(watch->context->client, "subscribe", 1, NULL);

	wf_pack_map(pack, (size_t)(watch->min_size > 0) + (size_t)(watch->outlet != NULL));
	if (watch->min_size > 0) {
		wf_pack_words(pack, "min_size");
		wf_pack_unsigned(pack, watch->min_size);
	}
	if (watch->outlet != NULL) {
		wf_pack_words(pack, "outlet");
		wf_pack_words(pack, watch->outlet);
	}
}

/* Waits for something to read; a daemon that is silent for long is asked for a sign. */
static void wait_for_news(const struct watch *watch)
{
	struct wf_client *client = watch->context->client;
	struct pollfd ready = {.fd = wf_client_socket(client), .events = POLLIN};
	struct wf_error error;

	if (wf_client_is_ready(client))
		return;
	fflush(stdout);
	if (wf_client_flush(client, &error) == 0 && poll(&ready, 1, IDLE_MS) == 0 &&
	    wf_client_outstanding_count(client) == 0)
		(void)wf_client_request(client, "ping", 0, NULL);
}

/* Shows events until so many are shown, the daemon refuses or the connection is lost: WF_COMMAND_GOES_ON then, with the
 * words in `error`. */
static int watch_connected(struct watch *watch, struct wf_error *error)
{
	subscribe(watch);
	while (watch->limit == 0 || watch->shown < watch->limit) {
		struct wf_reply reply = {0};
		int status = WF_COMMAND_GOES_ON;

		wait_for_news(watch);
		if (wf_client_receive(watch->context->client, &reply, error) < 0)
			return WF_COMMAND_GOES_ON;
		if (!reply.is_notification && reply.error.code != 0)
			status = wf_command_failed(watch->context, "watch", &reply.error);
		else if (reply.is_notification && wf_bytes_equal(reply.method, wf_bytes_of("event")) &&
			 wf_value_count(reply.params) == 1)
			show(watch, wf_value_element(reply.params, 0));
		wf_reply_close(&reply);
		if (status != WF_COMMAND_GOES_ON)
			return status;
	}
	return WF_EXIT_DONE;
}

/* Tries until it is there or too long has passed. Returns WF_COMMAND_GOES_ON, or the exit status, said. */
static int reconnect(struct watch *watch, struct wf_error *error)
{
	struct wf_context *context = watch->context;
	const int64_t deadline = (int64_t)time(NULL) + (int64_t)watch->retry_seconds;

	wf_client_close(context->client);
	context->client = NULL;
	if (watch->retry_seconds > 0)
		wf_command_complain(context, "the connection was lost: %s; trying again", error->text);
	while ((int64_t)time(NULL) < deadline) {
		poll(NULL, 0, CONNECT_PAUSE_MS);
		if (wf_client_connect(&context->client, context->address, &context->client_settings, error) == 0) {
			show_break(watch);
			return WF_COMMAND_GOES_ON;
		}
		context->client = NULL;
	}
	wf_command_complain(context, "no connection: %s", error->text);
	return WF_EXIT_UNCONNECTED;
}

int wf_command_watch(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	struct watch watch = {.context = context, .retry_seconds = 60};
	const struct wf_option options[] = {
		{"min-size", WF_OPTION_NUMBER, "COUNT", "only clusters with so many articles", 1, UINT64_MAX,
		 .number = &watch.min_size},
		{"outlet", WF_OPTION_TEXT, "NAME", "only clusters that this outlet carried", .text = &watch.outlet},
		{"limit", WF_OPTION_NUMBER, "COUNT", "end after so many events", 1, UINT64_MAX, .number = &watch.limit},
		{"retry", WF_OPTION_NUMBER, "SECONDS",
		 "how long to try to reach the daemon again before giving up\n(default 60; 0: end with the connection)",
		 0, UINT32_MAX, .number = &watch.retry_seconds},
	};
	struct wf_error error = {0};
	int status =
		wf_command_parse(context, command, options, sizeof(options) / sizeof(options[0]), arguments, &count);

	if (status == WF_COMMAND_GOES_ON && count > 0)
		status = wf_command_misused(context, command, "\"%s\": no arguments are expected", arguments[0]);
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	while (status == WF_COMMAND_GOES_ON) {
		status = watch_connected(&watch, &error);
		if (status == WF_COMMAND_GOES_ON)
			status = reconnect(&watch, &error);
	}
	return status;
}
