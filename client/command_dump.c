#include <inttypes.h>

#include "command.h"
#include "field.h"
#include "json.h"

#define PAGE_ARTICLES 5000u

static void write_line(struct wf_value article)
{
	fputs("{\"id\": ", stdout);
	wf_json_write_string(stdout, wf_field_string(article, "id"));
	printf(", \"cluster\": %" PRIu64 "}\n", wf_field_count(article, "cluster", 0));
}

/* Asks for the page after `*after`, writes it, and brings `*after` forward. Returns whether there are more, or an exit
 * status in `*status`. */
static bool page_write(struct wf_context *context, uint64_t *after, int *status)
{
	uint64_t msgid;
	struct wf_pack *pack = wf_client_request(context->client, "articles", 1, &msgid);
	struct wf_reply reply;
	struct wf_error error = {0};
	struct wf_value articles;
	bool has_more;

	wf_pack_map(pack, 2);
	wf_pack_words(pack, "limit");
	wf_pack_unsigned(pack, PAGE_ARTICLES);
	wf_pack_words(pack, "after");
	wf_pack_unsigned(pack, *after);
	if (wf_client_call(context->client, msgid, &reply, &error) < 0) {
		*status = wf_command_failed(context, "articles", &error);
		return false;
	}
	articles = wf_value_field(reply.result, "articles");
	for (size_t i = 0; i < wf_value_count(articles); i++)
		write_line(wf_value_element(articles, i));
	has_more = wf_value_unsigned(wf_value_field(reply.result, "next"), after);
	wf_reply_close(&reply);
	return has_more;
}

int wf_command_dump(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	int status = wf_command_parse(context, command, NULL, 0, arguments, &count);
	uint64_t after = 0;

	if (status == WF_COMMAND_GOES_ON && count > 0)
		status = wf_command_misused(context, command, "\"%s\": dump takes no arguments", arguments[0]);
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status != WF_COMMAND_GOES_ON)
		return status;
	status = WF_EXIT_DONE;
	while (page_write(context, &after, &status) && !ferror(stdout))
		continue;
	return status;
}
