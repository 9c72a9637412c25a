#include <inttypes.h>
#include <stdlib.h>

#include "command.h"
#include "field.h"
#include "json.h"
#include "progress.h"
#include "table.h"

static const struct wf_table_column columns[] = {
	{"PUBLISHED", WF_ALIGN_LEFT, SIZE_MAX},
	{"AFTER", WF_ALIGN_RIGHT, SIZE_MAX},
	{"OUTLET", WF_ALIGN_LEFT, 8},
	{"RELATION", WF_ALIGN_LEFT, SIZE_MAX},
	{"SIM", WF_ALIGN_RIGHT, SIZE_MAX},
	{"CONT", WF_ALIGN_RIGHT, SIZE_MAX},
	{"ID", WF_ALIGN_LEFT, 10},
	{"TITLE", WF_ALIGN_LEFT, 12},
};

struct show {
	const struct wf_context *context;
	uint64_t *clusters;
};

/* An article and when it came out; when it was seen, where it does not say. */
struct member {
	struct wf_value article;
	int64_t time;
	bool is_published;
	size_t place; /* in the reply, so that equal times keep its order */
};

static int member_compare(const void *a, const void *b)
{
	const struct member *left = a;
	const struct member *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return left->place < right->place ? -1 : left->place > right->place;
}

static void cluster_pack(void *state, size_t index, struct wf_pack *pack)
{
	const struct show *show = state;

	wf_pack_unsigned(pack, show->clusters[index]);
}

static struct member *members_of(struct wf_value articles)
{
	size_t count = wf_value_count(articles);
	struct member *members = calloc(count + 1, sizeof(*members));

	if (members == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct member *member = &members[i];

		member->article = wf_value_element(articles, i);
		member->place = i;
		member->time = wf_field_time(member->article, "published");
		member->is_published = member->time != WF_TIME_NONE;
		if (!member->is_published)
			member->time = wf_field_time(member->article, "seen");
	}
	qsort(members, count, sizeof(*members), member_compare);
	return members;
}

static int add_share(struct wf_table *table, const struct member *member, const char *name)
{
	bool has_match = wf_field_string(member->article, "match").data != NULL;
	char text[16] = "";

	if (has_match)
		snprintf(text, sizeof(text), "%.2f", wf_field_number(member->article, name, 0));
	return wf_table_add(table, wf_bytes_of(text));
}

static int add_row(struct wf_table *table, const struct member *member, int64_t first)
{
	char text[WF_FIELD_TEXT_BYTES];
	char time[WF_FIELD_TEXT_BYTES + 8];
	int result;

	/* A time in brackets is when the daemon saw it. */
	snprintf(time, sizeof(time), member->is_published ? "%s" : "(%s)",
		 wf_field_time_text(text, member->time, false));
	result = wf_table_add(table, wf_bytes_of(time));
	text[0] = '\0';
	if (member->time != first)
		wf_field_span_text(text, (uint64_t)(member->time - first));
	result |= wf_table_add(table, wf_bytes_of(text));
	result |= wf_table_add(table, wf_field_string(member->article, "outlet"));
	result |= wf_table_add(table, wf_field_string(member->article, "relation"));
	result |= add_share(table, member, "similarity");
	result |= add_share(table, member, "containment");
	result |= wf_table_add(table, wf_field_string(member->article, "id"));
	result |= wf_table_add(table, wf_field_string(member->article, "title"));
	return result;
}

static void print_heading(const struct show *show, struct wf_value cluster, const struct member *first)
{
	bool has_colour = show->context->terminal.out_has_colour;
	uint64_t size = wf_field_count(cluster, "size", 0);
	uint64_t outlets = wf_field_count(cluster, "outlets", 0);
	struct wf_bytes outlet = wf_field_string(first->article, "outlet");
	char counts[2][WF_COUNT_BYTES];
	char time[WF_FIELD_TEXT_BYTES];

	fputs(wf_terminal_style(has_colour, WF_STYLE_HEADING), stdout);
	printf("Cluster %" PRIu64 ": ", wf_field_count(cluster, "cluster", 0));
	wf_terminal_write(stdout, wf_field_string(cluster, "title"), SIZE_MAX);
	fputs(wf_terminal_style(has_colour, WF_STYLE_PLAIN), stdout);
	printf("\n%s %s, %s %s; first: ", wf_progress_count(counts[0], size), size == 1 ? "article" : "articles",
	       wf_progress_count(counts[1], outlets), outlets == 1 ? "outlet" : "outlets");
	wf_terminal_write(stdout, outlet.length > 0 ? outlet : wf_field_string(first->article, "id"), SIZE_MAX);
	printf(", %s\n\n", wf_field_time_text(time, first->time, false));
}

static int print_cluster(const struct show *show, struct wf_value cluster)
{
	struct wf_value articles = wf_value_field(cluster, "articles");
	size_t count = wf_value_count(articles);
	struct member *members = members_of(articles);
	struct wf_table table;
	int result = 0;

	wf_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; members != NULL && result == 0 && i < count; i++)
		result = add_row(&table, &members[i], members[0].time);
	if (members == NULL || result != 0) {
		wf_command_complain(show->context, "%s", wf_error_sentence(WF_ENOMEM));
		result = WF_EXIT_REFUSED;
	} else if (count > 0) {
		print_heading(show, cluster, &members[0]);
		wf_table_print(&table, stdout, wf_command_table_width(), show->context->terminal.out_has_colour);
	}
	wf_table_close(&table);
	free(members);
	return result;
}

static int cluster_handle(void *state, size_t index, const struct wf_reply *reply)
{
	const struct show *show = state;
	char subject[40];

	if (reply->error.code != 0) {
		snprintf(subject, sizeof(subject), "cluster %" PRIu64, show->clusters[index]);
		return wf_command_failed(show->context, subject, &reply->error);
	}
	if (wf_command_writes_json(show->context)) {
		wf_json_write_value(stdout, reply->result);
		putchar('\n');
		return WF_EXIT_DONE;
	}
	if (index > 0)
		putchar('\n');
	return print_cluster(show, reply->result);
}

int wf_command_cluster(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	int status = wf_command_parse(context, command, NULL, 0, arguments, &count);
	struct show show = {context, NULL};
	const struct wf_command_calls calls = {"cluster", cluster_pack, cluster_handle, &show};

	if (status == WF_COMMAND_GOES_ON && count == 0)
		status = wf_command_misused(context, command, "the number of a cluster is missing");
	if (status != WF_COMMAND_GOES_ON)
		return status;
	show.clusters = calloc((size_t)count, sizeof(*show.clusters));
	if (show.clusters == NULL) {
		wf_command_complain(context, "%s", wf_error_sentence(WF_ENOMEM));
		return WF_EXIT_REFUSED;
	}
	for (int i = 0; status == WF_COMMAND_GOES_ON && i < count; i++) {
		if (!wf_command_read_cluster(arguments[i], &show.clusters[i]))
			status = wf_command_misused(context, command, "\"%s\" is not the number of a cluster",
						    arguments[i]);
	}
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_call_each(context, &calls, (size_t)count);
	free(show.clusters);
	return status;
}
