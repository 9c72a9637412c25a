/* `merge` and `split`: what an editor knows better. */
#include <inttypes.h>

#include "command.h"
#include "json.h"

static bool read_clusters(struct wf_context *context, const struct wf_command *command, char **arguments, int count,
			  struct wf_pack *pack, int *status)
{
	for (int i = 0; i < count; i++) {
		uint64_t cluster;

		if (!wf_command_read_cluster(arguments[i], &cluster)) {
			*status = wf_command_misused(context, command, "\"%s\" is not the number of a cluster",
						     arguments[i]);
			return false;
		}
		if (pack != NULL)
			wf_pack_unsigned(pack, cluster);
	}
	return true;
}

/* Sends the request and tells the cluster of its reply. Returns the exit status. */
static int call(struct wf_context *context, const char *subject, uint64_t msgid)
{
	uint64_t cluster;
	struct wf_reply reply = {0};
	struct wf_error error = {0};
	struct wf_cursor cursor;
	int result = wf_client_call(context->client, msgid, &reply, &error);

	if (result < 0)
		return wf_command_failed(context, subject, &error);
	cursor = wf_cursor_of(reply.result, "reply", WF_EBADREQUEST, &error);
	cluster = wf_cursor_unsigned(&cursor, WF_NUMBER_MAX);
	wf_reply_close(&reply);
	if (error.code != 0)
		return wf_command_failed(context, subject, &error);
	if (wf_command_writes_json(context))
		printf("{\"cluster\": %" PRIu64 "}\n", cluster);
	else
		printf("they are cluster %" PRIu64 " now\n", cluster);
	return WF_EXIT_DONE;
}

int wf_command_merge(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	int status = wf_command_parse(context, command, NULL, 0, arguments, &count);
	uint64_t msgid;
	struct wf_pack *pack;

	if (status == WF_COMMAND_GOES_ON && count < 2)
		status = wf_command_misused(context, command, "the numbers of two clusters or more are missing");
	if (status == WF_COMMAND_GOES_ON)
		read_clusters(context, command, arguments, count, NULL, &status);
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status != WF_COMMAND_GOES_ON)
		return status;
	pack = wf_client_request(context->client, "merge", 1, &msgid);
	wf_pack_array(pack, (size_t)count);
	read_clusters(context, command, arguments, count, pack, &status);
	return call(context, "merge", msgid);
}

int wf_command_split(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	int status = wf_command_parse(context, command, NULL, 0, arguments, &count);
	uint64_t from = 0, msgid;
	struct wf_pack *pack;

	if (status == WF_COMMAND_GOES_ON && count < 2)
		status = wf_command_misused(context, command, "a cluster's number and ids of its articles are missing");
	if (status == WF_COMMAND_GOES_ON)
		read_clusters(context, command, arguments, 1, NULL, &status);
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status != WF_COMMAND_GOES_ON)
		return status;
	wf_command_read_cluster(arguments[0], &from);
	pack = wf_client_request(context->client, "split", 2, &msgid);
	wf_pack_unsigned(pack, from);
	wf_pack_array(pack, (size_t)count - 1);
	for (int i = 1; i < count; i++)
		wf_pack_words(pack, arguments[i]);
	return call(context, "split", msgid);
}
