#include "command.h"
#include "field.h"
#include "json.h"
#include "wire_error.h"

struct get {
	const struct wf_context *context;
	char **ids;
};

static void get_pack(void *state, size_t index, struct wf_pack *pack)
{
	const struct get *get = state;

	wf_pack_words(pack, get->ids[index]);
}

static void print_bytes(const char *name, struct wf_bytes text)
{
	if (text.data == NULL)
		return;
	printf("%-12s", name);
	wf_terminal_write(stdout, text, SIZE_MAX);
	putchar('\n');
}

static void print_time(const char *name, int64_t time)
{
	char text[WF_FIELD_TEXT_BYTES];

	if (time != WF_TIME_NONE)
		printf("%-12s%s\n", name, wf_field_time_text(text, time, false));
}

/* Line by line: the filter of the terminal would take a newline for a blank. */
static void print_text(struct wf_bytes text)
{
	while (text.length > 0) {
		const char *newline = memchr(text.data, '\n', text.length);
		size_t length = newline == NULL ? text.length : (size_t)(newline - text.data);

		wf_terminal_write(stdout, (struct wf_bytes){text.data, length}, SIZE_MAX);
		putchar('\n');
		length += newline == NULL ? 0 : 1;
		text.data += length;
		text.length -= length;
	}
}

static void print_article(struct wf_value article)
{
	struct wf_bytes match = wf_field_string(article, "match");

	print_bytes("id", wf_field_string(article, "id"));
	print_bytes("title", wf_field_string(article, "title"));
	print_bytes("outlet", wf_field_string(article, "outlet"));
	print_bytes("url", wf_field_string(article, "url"));
	print_bytes("lang", wf_field_string(article, "lang"));
	print_time("published", wf_field_time(article, "published"));
	print_time("seen", wf_field_time(article, "seen"));
	printf("%-12s%llu\n", "cluster", (unsigned long long)wf_field_count(article, "cluster", 0));
	print_bytes("relation", wf_field_string(article, "relation"));
	if (match.data != NULL) {
		print_bytes("match", match);
		printf("%-12s%.2f\n%-12s%.2f\n", "similarity", wf_field_number(article, "similarity", 0), "containment",
		       wf_field_number(article, "containment", 0));
	}
	putchar('\n');
	print_text(wf_field_string(article, "text"));
}

static int get_handle(void *state, size_t index, const struct wf_reply *reply)
{
	const struct get *get = state;

	if (reply->error.code != 0)
		return wf_command_failed(get->context, get->ids[index], &reply->error);
	if (wf_command_writes_json(get->context)) {
		wf_json_write_value(stdout, reply->result);
		putchar('\n');
		return WF_EXIT_DONE;
	}
	if (index > 0)
		putchar('\n');
	print_article(reply->result);
	return WF_EXIT_DONE;
}

int wf_command_get(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	struct get get = {context, arguments};
	const struct wf_command_calls calls = {"get", get_pack, get_handle, &get};
	int status = wf_command_parse(context, command, NULL, 0, arguments, &count);

	if (status == WF_COMMAND_GOES_ON && count == 0)
		status = wf_command_misused(context, command, "an id is missing");
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_call_each(context, &calls, (size_t)count);
	return status;
}
