#include "command.h"
#include "field.h"
#include "json.h"
#include "listing.h"
#include "table.h"

#define LIMIT_DEFAULT 100

static const struct wf_table_column columns[] = {
	{"CLUSTER", WF_ALIGN_RIGHT, SIZE_MAX},  {"SIZE", WF_ALIGN_RIGHT, SIZE_MAX},
	{"OUTLETS", WF_ALIGN_RIGHT, SIZE_MAX},  {"FIRST", WF_ALIGN_LEFT, SIZE_MAX},
	{"LAST SEEN", WF_ALIGN_LEFT, SIZE_MAX}, {"TITLE", WF_ALIGN_LEFT, 20},
};

struct list {
	struct wf_listing listing;
	uint64_t limit;
	bool wants_all;
	struct wf_table table;
};

static int add_row(struct wf_table *table, struct wf_value cluster)
{
	struct wf_bytes title = wf_field_string(cluster, "title");
	int64_t first = wf_field_time(cluster, "first_published");
	char text[WF_FIELD_TEXT_BYTES];
	int result;

	if (first == WF_TIME_NONE)
		first = wf_field_time(cluster, "first_seen");
	result = wf_table_add_number(table, wf_field_count(cluster, "cluster", 0));
	result |= wf_table_add_number(table, wf_field_count(cluster, "size", 0));
	result |= wf_table_add_number(table, wf_field_count(cluster, "outlets", 0));
	result |= wf_table_add(table, wf_bytes_of(wf_field_time_text(text, first, true)));
	result |= wf_table_add(table, wf_bytes_of(wf_field_time_text(text, wf_field_time(cluster, "last_seen"), true)));
	result |= wf_table_add(table, title.length > 0 ? title : wf_field_string(cluster, "representative"));
	return result;
}

static int print_page(const struct wf_context *context, struct list *list, struct wf_value clusters)
{
	size_t count = wf_value_count(clusters);

	for (size_t i = 0; i < count; i++) {
		if (wf_command_writes_json(context)) {
			wf_json_write_value(stdout, wf_value_element(clusters, i));
			putchar('\n');
		} else if (add_row(&list->table, wf_value_element(clusters, i)) != 0) {
			return WF_ENOMEM;
		}
	}
	if (!wf_command_writes_json(context))
		wf_table_print(&list->table, stdout, wf_command_table_width(), context->terminal.out_has_colour);
	return 0;
}

/* What was not listed, and how to go on. */
static void tell_rest(const struct list *list)
{
	struct wf_value token = wf_value_field(list->listing.page.result, "next");

	if (list->listing.at_end)
		return;
	fputs("more: --all, or --after ", stderr);
	if (wf_value_bytes(token).data != NULL)
		wf_terminal_write(stderr, wf_value_bytes(token), SIZE_MAX);
	else
		wf_json_write_value(stderr, token);
	putc('\n', stderr);
}

static int list_run(const struct wf_context *context, struct list *list)
{
	uint64_t left = list->wants_all ? UINT64_MAX : list->limit;
	struct wf_error error = {0};
	uint64_t listed = 0;

	while (left > 0 && !list->listing.at_end) {
		struct wf_value clusters;
		int result = wf_listing_next(&list->listing, context->client, left, &clusters, &error);

		if (result < 0)
			return wf_command_failed(context, "clusters", &error);
		if (print_page(context, list, clusters) < 0) {
			wf_command_complain(context, "%s", wf_error_sentence(WF_ENOMEM));
			return WF_EXIT_REFUSED;
		}
		listed += wf_value_count(clusters);
		left -= wf_value_count(clusters) < left ? wf_value_count(clusters) : left;
	}
	if (listed == 0 && !wf_command_writes_json(context))
		fputs("no clusters that fit\n", stderr);
	tell_rest(list);
	return WF_EXIT_DONE;
}

int wf_command_clusters(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	struct list list = {.limit = LIMIT_DEFAULT};
	struct wf_listing *listing = &list.listing;
	const struct wf_option options[] = {
		{"since", WF_OPTION_TIME, "TIME", "only those that got an article after it", .time = &listing->since},
		{"until", WF_OPTION_TIME, "TIME", "only those that began before it", .time = &listing->until},
		{"min-size", WF_OPTION_NUMBER, "COUNT", "only those with so many articles", 1, WF_NUMBER_MAX,
		 .number = &listing->min_size},
		{"min-outlets", WF_OPTION_NUMBER, "COUNT", "only those that so many outlets carried", 1, WF_NUMBER_MAX,
		 .number = &listing->min_outlets},
		{"outlet", WF_OPTION_TEXT, "NAME", "only those that this outlet carried", .text = &listing->outlet},
		{"order", WF_OPTION_TEXT, "recent|size", "newest or largest first (default: recent)",
		 .text = &listing->order},
		{"limit", WF_OPTION_NUMBER, "COUNT", "how many (default: 100)", 1, WF_NUMBER_MAX,
		 .number = &list.limit},
		{"all", WF_OPTION_FLAG, NULL, "all of them", .flag = &list.wants_all},
		{"after", WF_OPTION_TEXT, "TOKEN", "go on where an earlier list ended", .text = &listing->after},
	};
	int status;

	wf_listing_init(listing);
	status = wf_command_parse(context, command, options, sizeof(options) / sizeof(options[0]), arguments, &count);
	if (status == WF_COMMAND_GOES_ON && count > 0)
		status = wf_command_misused(context, command, "\"%s\": clusters takes no arguments", arguments[0]);
	if (status == WF_COMMAND_GOES_ON && listing->order != NULL && strcmp(listing->order, "recent") != 0 &&
	    strcmp(listing->order, "size") != 0)
		status = wf_command_misused(context, command, "--order: expected recent or size, got \"%s\"",
					    listing->order);
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status != WF_COMMAND_GOES_ON)
		return status;
	wf_table_init(&list.table, columns, sizeof(columns) / sizeof(columns[0]));
	status = list_run(context, &list);
	wf_table_close(&list.table);
	wf_listing_close(listing);
	return status;
}
