#include <inttypes.h>

#include "command.h"
#include "field.h"
#include "json.h"
#include "progress.h"
#include "table.h"

#define LABEL_BYTES 128

static const struct wf_table_column columns[] = {
	{"", WF_ALIGN_LEFT, SIZE_MAX},
	{"", WF_ALIGN_RIGHT, SIZE_MAX},
	{"", WF_ALIGN_LEFT, SIZE_MAX},
};

/* A name of the daemon's and its unit, which stands behind the last underscore. */
struct label {
	char words[LABEL_BYTES];
	const char *unit; /* "", "us", "ms" or "bytes" */
};

static struct label label_of(struct wf_bytes group, struct wf_bytes name)
{
	static const char *const units[] = {"_us", "_ms", "_bytes"};
	struct label label = {.unit = ""};
	struct wf_bytes parts[] = {group, name};
	size_t length = 0;

	for (size_t part = 0; part < 2; part++) {
		struct wf_bytes bytes = parts[part];

		if (bytes.length > LABEL_BYTES / 2 - 2)
			bytes.length = LABEL_BYTES / 2 - 2;
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			size_t unit_length = strlen(units[i]);

			if (bytes.length > unit_length &&
			    memcmp(bytes.data + bytes.length - unit_length, units[i], unit_length) == 0) {
				bytes.length -= unit_length;
				label.unit = units[i] + 1;
				break;
			}
		}
		if (length > 0)
			label.words[length++] = ' ';
		for (size_t i = 0; i < bytes.length; i++)
			label.words[length++] = bytes.data[i] == '_' ? ' ' : bytes.data[i];
	}
	return label;
}

static int add_whole(struct wf_table *table, const struct label *label, uint64_t number)
{
	char count[WF_COUNT_BYTES];
	char text[WF_FIELD_TEXT_BYTES];

	if (strcmp(label->unit, "bytes") == 0) {
		wf_field_bytes_text(text, number);
		return wf_table_add(table, wf_bytes_of(text)) | wf_table_add(table, wf_bytes_of(""));
	}
	if (strcmp(label->words, "uptime") == 0) {
		wf_field_span_text(text, number);
		return wf_table_add(table, wf_bytes_of(text)) | wf_table_add(table, wf_bytes_of(""));
	}
	return wf_table_add(table, wf_bytes_of(wf_progress_count(count, number))) |
	       wf_table_add(table, wf_bytes_of(label->unit));
}

static int add_value(struct wf_table *table, const struct label *label, struct wf_value value)
{
	struct wf_error error;
	struct wf_cursor cursor = wf_cursor_of(value, NULL, WF_EBADREQUEST, &error);
	uint64_t number;
	char text[32];
	int result = wf_table_add(table, wf_bytes_of(label->words));

	if (wf_value_unsigned(value, &number))
		return result | add_whole(table, label, number);
	switch (wf_value_kind(value)) {
	case WF_VALUE_FLOAT:
		snprintf(text, sizeof(text), "%.2f", wf_cursor_number(&cursor));
		break;
	case WF_VALUE_INTEGER:
		snprintf(text, sizeof(text), "%" PRId64, wf_cursor_integer(&cursor));
		break;
	case WF_VALUE_BOOLEAN:
		snprintf(text, sizeof(text), "%s", wf_cursor_boolean(&cursor) ? "yes" : "no");
		break;
	case WF_VALUE_STRING:
	case WF_VALUE_BINARY:
		return result | wf_table_add(table, wf_value_bytes(value)) | wf_table_add(table, wf_bytes_of(""));
	default:
		snprintf(text, sizeof(text), "-");
		break;
	}
	return result | wf_table_add(table, wf_bytes_of(text)) | wf_table_add(table, wf_bytes_of(label->unit));
}

/* A daemon may tell more than this program knows of, so nothing is asked for by its name; maps inside are one level
 * deep. */
static int add_map(struct wf_table *table, struct wf_bytes group, struct wf_value map)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < wf_value_count(map); i++) {
		struct wf_value key;
		struct wf_value value = wf_value_pair(map, i, &key);
		struct label label = label_of(group, wf_value_bytes(key));

		if (wf_value_kind(value) == WF_VALUE_MAP && group.data == NULL)
			result = add_map(table, wf_value_bytes(key), value);
		else
			result = add_value(table, &label, value);
	}
	return result;
}

int wf_command_stats(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	int status = wf_command_parse(context, command, NULL, 0, arguments, &count);
	struct wf_error error = {0};
	struct wf_reply reply = {0};
	struct wf_table table;
	uint64_t msgid;

	if (status == WF_COMMAND_GOES_ON && count > 0)
		status = wf_command_misused(context, command, "\"%s\": stats takes no arguments", arguments[0]);
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status != WF_COMMAND_GOES_ON)
		return status;
	wf_client_request(context->client, "stats", 0, &msgid);
	if (wf_client_call(context->client, msgid, &reply, &error) < 0)
		return wf_command_failed(context, "stats", &error);
	status = WF_EXIT_DONE;
	if (context->wants_json) {
		wf_json_write_value(stdout, reply.result);
		putchar('\n');
	} else {
		wf_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
		table.heading_is_printed = true;
		if (add_map(&table, (struct wf_bytes){NULL, 0}, reply.result) != 0) {
			wf_command_complain(context, "%s", wf_error_sentence(WF_ENOMEM));
			status = WF_EXIT_REFUSED;
		}
		wf_table_print(&table, stdout, SIZE_MAX, false);
		wf_table_close(&table);
	}
	wf_reply_close(&reply);
	return status;
}
