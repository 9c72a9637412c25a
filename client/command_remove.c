#include "command.h"
#include "json.h"

struct removal {
	const struct wf_context *context;
	char **ids;
	size_t removed;
};

static void remove_pack(void *state, size_t index, struct wf_pack *pack)
{
	const struct removal *removal = state;

	wf_pack_words(pack, removal->ids[index]);
}

static int remove_handle(void *state, size_t index, const struct wf_reply *reply)
{
	struct removal *removal = state;
	struct wf_error error;
	struct wf_cursor cursor = wf_cursor_of(reply->result, NULL, WF_EBADREQUEST, &error);
	bool was_there;

	if (reply->error.code != 0)
		return wf_command_failed(removal->context, removal->ids[index], &reply->error);
	was_there = wf_cursor_boolean(&cursor);
	removal->removed += was_there ? 1 : 0;
	if (wf_command_writes_json(removal->context)) {
		fputs("{\"id\": ", stdout);
		wf_json_write_string(stdout, wf_bytes_of(removal->ids[index]));
		printf(", \"removed\": %s}\n", was_there ? "true" : "false");
	} else if (!was_there) {
		wf_command_complain(removal->context, "%s: no such article", removal->ids[index]);
	}
	return was_there ? WF_EXIT_DONE : WF_EXIT_REFUSED;
}

int wf_command_remove(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	struct removal removal = {context, arguments, 0};
	const struct wf_command_calls calls = {"remove", remove_pack, remove_handle, &removal};
	int status = wf_command_parse(context, command, NULL, 0, arguments, &count);

	if (status == WF_COMMAND_GOES_ON && count == 0)
		status = wf_command_misused(context, command, "an id is missing");
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status != WF_COMMAND_GOES_ON)
		return status;
	status = wf_command_call_each(context, &calls, (size_t)count);
	if (!wf_command_writes_json(context))
		printf("removed %zu of %d\n", removal.removed, count);
	return status;
}
