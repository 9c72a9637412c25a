#include <inttypes.h>
#include <stdlib.h>

#include "command.h"
#include "field.h"
#include "json.h"
#include "listing.h"

/* The clusters that were written, so that each comes once: open addressing, 0 is an empty place. */
struct cluster_set {
	uint64_t *places;
	size_t capacity; /* a power of two */
	size_t count;
};

struct dump {
	struct wf_context *context;
	struct cluster_set written;
	uint64_t asked[WF_LISTING_PAGE_MAX]; /* clusters of this page that have more than one article */
	size_t asked_count;
	int64_t newest_seen; /* by the daemon's clock, when the dump began */
	bool is_out_of_memory;
};

static bool set_insert(struct cluster_set *set, uint64_t cluster)
{
	size_t place = (size_t)(cluster * UINT64_C(0x9e3779b97f4a7c15) >> 16) & (set->capacity - 1);

	while (set->places[place] != 0) {
		if (set->places[place] == cluster)
			return false;
		place = (place + 1) & (set->capacity - 1);
	}
	set->places[place] = cluster;
	set->count++;
	return true;
}

static bool set_grow(struct cluster_set *set)
{
	struct cluster_set grown = {.capacity = set->capacity == 0 ? 4096 : set->capacity * 2};

	grown.places = calloc(grown.capacity, sizeof(*grown.places));
	if (grown.places == NULL)
		return false;
	for (size_t i = 0; i < set->capacity; i++) {
		if (set->places[i] != 0)
			set_insert(&grown, set->places[i]);
	}
	free(set->places);
	*set = grown;
	return true;
}

/* Whether `cluster` is met for the first time. */
static bool is_first(struct dump *dump, uint64_t cluster)
{
	struct cluster_set *set = &dump->written;

	if (set->count >= set->capacity / 2 && !set_grow(set)) {
		dump->is_out_of_memory = true;
		return false;
	}
	return cluster != 0 && set_insert(set, cluster);
}

static void write_line(struct wf_bytes id, uint64_t cluster)
{
	fputs("{\"id\": ", stdout);
	wf_json_write_string(stdout, id);
	printf(", \"cluster\": %" PRIu64 "}\n", cluster);
}

static void cluster_pack(void *state, size_t index, struct wf_pack *pack)
{
	const struct dump *dump = state;

	wf_pack_unsigned(pack, dump->asked[index]);
}

/* A cluster that was folded into another since it was listed answers as that other. */
static int cluster_handle(void *state, size_t index, const struct wf_reply *reply)
{
	struct dump *dump = state;
	struct wf_value articles = wf_value_field(reply->result, "articles");
	uint64_t cluster = wf_field_count(reply->result, "cluster", 0);

	if (reply->error.code == WF_ENOTFOUND)
		return WF_EXIT_DONE;
	if (reply->error.code != 0)
		return wf_command_failed(dump->context, "cluster", &reply->error);
	if (cluster != dump->asked[index] && !is_first(dump, cluster))
		return WF_EXIT_DONE;
	for (size_t i = 0; i < wf_value_count(articles); i++)
		write_line(wf_field_string(wf_value_element(articles, i), "id"), cluster);
	return WF_EXIT_DONE;
}

/* A cluster of one article is its representative; only larger ones are asked for. */
static int page_write(struct dump *dump, struct wf_value clusters)
{
	const struct wf_command_calls calls = {"cluster", cluster_pack, cluster_handle, dump};
	int status = WF_EXIT_DONE;

	dump->asked_count = 0;
	for (size_t i = 0; i < wf_value_count(clusters); i++) {
		struct wf_value summary = wf_value_element(clusters, i);
		struct wf_bytes representative = wf_field_string(summary, "representative");
		uint64_t cluster = wf_field_count(summary, "cluster", 0);
		int64_t seen = wf_field_time(summary, "last_seen");

		if (seen > dump->newest_seen)
			dump->newest_seen = seen;
		if (!is_first(dump, cluster))
			continue;
		if (wf_field_count(summary, "size", 0) == 1 && representative.data != NULL) {
			write_line(representative, cluster);
			continue;
		}
		dump->asked[dump->asked_count++] = cluster;
		if (dump->asked_count == WF_LISTING_PAGE_MAX) {
			int result = wf_command_call_each(dump->context, &calls, dump->asked_count);

			status = result > status ? result : status;
			dump->asked_count = 0;
		}
	}
	if (dump->asked_count > 0) {
		int result = wf_command_call_each(dump->context, &calls, dump->asked_count);

		status = result > status ? result : status;
	}
	if (dump->is_out_of_memory) {
		wf_command_complain(dump->context, "%s", wf_error_sentence(WF_ENOMEM));
		return WF_EXIT_REFUSED;
	}
	return status;
}

/* Writes the clusters that got an article after `since`; WF_TIME_NONE: all. */
static int list_write(struct dump *dump, int64_t since)
{
	struct wf_listing listing;
	struct wf_error error = {0};
	int status = WF_EXIT_DONE;

	wf_listing_init(&listing);
	listing.since = since;
	listing.min_size = 1;
	while (status == WF_EXIT_DONE && !listing.at_end && !ferror(stdout)) {
		struct wf_value clusters;

		if (wf_listing_next(&listing, dump->context->client, WF_LISTING_PAGE_MAX, &clusters, &error) < 0)
			status = wf_command_failed(dump->context, "clusters", &error);
		else
			status = page_write(dump, clusters);
	}
	wf_listing_close(&listing);
	return status;
}

int wf_command_dump(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	int status = wf_command_parse(context, command, NULL, 0, arguments, &count);
	struct dump *dump;

	if (status == WF_COMMAND_GOES_ON && count > 0)
		status = wf_command_misused(context, command, "\"%s\": dump takes no arguments", arguments[0]);
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status != WF_COMMAND_GOES_ON)
		return status;
	dump = calloc(1, sizeof(*dump));
	if (dump == NULL) {
		wf_command_complain(context, "%s", wf_error_sentence(WF_ENOMEM));
		return WF_EXIT_REFUSED;
	}
	dump->context = context;
	dump->newest_seen = WF_TIME_NONE;
	status = list_write(dump, WF_TIME_NONE);
	/* A cluster that grew while the list was read went to its front, maybe before it was read: those are listed
	 * again. */
	if (status == WF_EXIT_DONE && dump->newest_seen != WF_TIME_NONE)
		status = list_write(dump, dump->newest_seen);
	free(dump->written.places);
	free(dump);
	return status;
}
