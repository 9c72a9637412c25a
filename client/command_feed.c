#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "command.h"
#include "feeder.h"
#include "field.h"
#include "reading.h"
#include "source.h"

struct feed {
	struct wf_context *context;
	struct wf_feeder feeder;
	struct wf_reading_rules rules;
	struct wf_source_settings source_settings;
	struct wf_arena arena; /* of the article that is being read */
	uint64_t bad_count;    /* items that are no articles, and files that ended too early */
	uint64_t unread_count; /* articles with a `published` that no form fits */
	uint64_t done_bytes;   /* of the files that were read */
};

static void tell_bad(struct feed *feed, const char *place, const char *words)
{
	feed->bad_count++;
	feed->feeder.bad_count = feed->bad_count;
	wf_feeder_tell(&feed->feeder, place, "%s", words);
}

static void item_feed(struct feed *feed, const struct wf_source_item *item)
{
	struct wf_draft draft;
	struct wf_error error;
	const char *place = wf_reading_place(item, &feed->arena);

	if (wf_reading_article(item, &feed->rules, &feed->arena, &draft, &error) < 0) {
		tell_bad(feed, place, error.text);
	} else {
		if (draft.published_unread.data != NULL && feed->unread_count++ == 0)
			wf_feeder_tell(&feed->feeder, place,
				       "published: \"%.*s\" is no date that can be read; left out (told once)",
				       (int)(draft.published_unread.length > 64 ? 64 : draft.published_unread.length),
				       draft.published_unread.data);
		wf_feeder_add(&feed->feeder, &draft.article, place);
	}
	wf_arena_reset(&feed->arena);
}

/* Whoever writes into a pipe slowly sees each article stored before the next one comes. */
static void wait_for_input(struct feed *feed, const struct wf_source *source)
{
	if (wf_source_is_ready(source))
		return;
	wf_feeder_drain(&feed->feeder);
	fflush(stdout);
}

static void path_feed(struct feed *feed, const char *path)
{
	struct wf_source *source;
	struct wf_source_item item;
	struct wf_error error;
	int result = wf_source_open(&source, path, &feed->source_settings, &error);

	while (result >= 0 && feed->feeder.status == WF_COMMAND_GOES_ON) {
		wait_for_input(feed, source);
		if (feed->feeder.status != WF_COMMAND_GOES_ON)
			break;
		result = wf_source_next(source, &item, &error);
		if (result <= 0)
			break;
		feed->feeder.position_bytes = feed->done_bytes + wf_source_position_bytes(source);
		item_feed(feed, &item);
	}
	if (result < 0)
		tell_bad(feed, path, error.text);
	if (source != NULL)
		feed->done_bytes += wf_source_position_bytes(source);
	wf_source_free(source);
}

/* A path that is not there is most likely a slip of the one who typed it: nothing is fed then. */
static int paths_check(const struct feed *feed, const struct wf_command *command, int count, char **paths,
		       uint64_t *size_bytes)
{
	bool is_known = true;

	*size_bytes = 0;
	for (int i = 0; i < count; i++) {
		struct stat status;

		if (strcmp(paths[i], "-") == 0) {
			is_known = false;
			continue;
		}
		if (stat(paths[i], &status) != 0)
			return wf_command_misused(feed->context, command, "%s: %s", paths[i],
						  wf_error_sentence(-errno));
		if (!S_ISREG(status.st_mode))
			is_known = false;
		*size_bytes += (uint64_t)status.st_size;
	}
	if (!is_known)
		*size_bytes = 0;
	return WF_COMMAND_GOES_ON;
}

/* What the daemon holds now; false where it does not say. */
static bool holdings(struct wf_client *client, uint64_t *articles, uint64_t *clusters)
{
	struct wf_error error = {0};
	struct wf_reply reply = {0};
	uint64_t msgid;

	wf_client_request(client, "stats", 0, &msgid);
	if (wf_client_call(client, msgid, &reply, &error) < 0)
		return false;
	*articles = wf_field_count(reply.result, "articles", 0);
	*clusters = wf_field_count(reply.result, "clusters", 0);
	wf_reply_close(&reply);
	return true;
}

static void summary_words(const struct feed *feed, double seconds)
{
	const struct wf_feeder_counts *counts = &feed->feeder.counts;
	uint64_t refused = counts->refused + feed->bad_count;
	char numbers[7][WF_COUNT_BYTES];
	uint64_t articles;
	uint64_t clusters;

	fprintf(stderr, "%s %s in %.1f s (%s/s): %s new, %s joined, %s replaced, %s refused",
		wf_progress_count(numbers[0], counts->articles), counts->articles == 1 ? "article" : "articles",
		seconds,
		wf_progress_count(numbers[1], (uint64_t)(seconds > 0 ? (double)counts->articles / seconds : 0)),
		wf_progress_count(numbers[2], counts->founded), wf_progress_count(numbers[3], counts->joined),
		wf_progress_count(numbers[4], counts->replaced), wf_progress_count(numbers[5], refused));
	if (feed->unread_count > 0)
		fprintf(stderr, ", %s without a date that can be read",
			wf_progress_count(numbers[6], feed->unread_count));
	if (feed->context->client != NULL && holdings(feed->context->client, &articles, &clusters))
		fprintf(stderr, "; stored: %s %s in %s %s", wf_progress_count(numbers[0], articles),
			articles == 1 ? "article" : "articles", wf_progress_count(numbers[1], clusters),
			clusters == 1 ? "cluster" : "clusters");
	putc('\n', stderr);
}

static void summary_json(const struct feed *feed, double seconds)
{
	const struct wf_feeder_counts *counts = &feed->feeder.counts;

	printf("{\"articles\": %" PRIu64 ", \"seconds\": %.3f, \"new\": %" PRIu64 ", \"joined\": %" PRIu64
	       ", \"replaced\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"bad\": %" PRIu64
	       ", \"published_unread\": %" PRIu64 "}\n",
	       counts->articles, seconds, counts->founded, counts->joined, counts->replaced, counts->refused,
	       feed->bad_count, feed->unread_count);
}

static int feed_run(struct feed *feed, int count, char **paths, uint64_t size_bytes)
{
	struct wf_feeder *feeder = &feed->feeder;
	double seconds;
	int status;

	wf_feeder_init(feeder);
	wf_arena_init(&feed->arena, 64u << 10);
	wf_progress_init(&feeder->progress, feed->context->terminal.error_is_terminal, size_bytes);
	for (int i = 0; i < count && feeder->status == WF_COMMAND_GOES_ON; i++)
		path_feed(feed, paths[i]);
	if (feeder->status == WF_COMMAND_GOES_ON)
		wf_feeder_drain(feeder);
	seconds = (double)wf_progress_elapsed_us(&feeder->progress) / 1e6;
	wf_progress_clear(&feeder->progress);
	status = feeder->status;
	if (status == WF_COMMAND_GOES_ON)
		status = feed->bad_count + feeder->counts.refused > 0 ? WF_EXIT_REFUSED : WF_EXIT_DONE;
	if (feed->context->wants_json && !feeder->writes_verdicts)
		summary_json(feed, seconds);
	else
		summary_words(feed, seconds);
	wf_feeder_close(feeder);
	wf_arena_close(&feed->arena);
	return status;
}

int wf_command_feed(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	struct wf_feeder *feeder;
	uint64_t item_bytes_max = WF_SOURCE_ITEM_BYTES_MAX_DEFAULT;
	uint64_t size_bytes;
	int status;

	if (feed == NULL) {
		wf_command_complain(context, "%s", wf_error_sentence(WF_ENOMEM));
		return WF_EXIT_REFUSED;
	}
	feed->context = context;
	feeder = &feed->feeder;
	feeder->context = context;
	feeder->batch_count_max = 256;
	feeder->outstanding_max = 8;
	feeder->retry_seconds = 60;

	const struct wf_option options[] = {
		{"id-from-position", WF_OPTION_FLAG, NULL, "an article without an id gets FILE:LINE",
		 .flag = &feed->rules.id_from_position},
		{"outlet", WF_OPTION_TEXT, "NAME", "the outlet of articles that name none",
		 .text = &feed->rules.outlet},
		{"batch", WF_OPTION_NUMBER, "COUNT", "articles in one request at most (default: 256)", 1,
		 WF_FEEDER_BATCH_MAX, .number = &feeder->batch_count_max},
		{"outstanding", WF_OPTION_NUMBER, "COUNT", "requests that may wait for their answer (default: 8)", 1,
		 WF_FEEDER_OUTSTANDING_MAX, .number = &feeder->outstanding_max},
		{"max-item", WF_OPTION_BYTES, "SIZE", "the longest line, value or text file (default: 64M)", 1,
		 UINT64_C(1) << 30, .number = &item_bytes_max},
		{"retry", WF_OPTION_NUMBER, "SECONDS",
		 "how long to wait for a daemon that is lost or overloaded\n(default: 60)", 0, 86400 * 7,
		 .number = &feeder->retry_seconds},
		{"verdicts", WF_OPTION_FLAG, NULL, "write the verdicts as JSON lines",
		 .flag = &feeder->writes_verdicts},
	};

	status = wf_command_parse(context, command, options, sizeof(options) / sizeof(options[0]), arguments, &count);
	if (status == WF_COMMAND_GOES_ON && count == 0)
		status = wf_command_misused(context, command, "a file is missing (- is standard input)");
	if (status == WF_COMMAND_GOES_ON)
		status = paths_check(feed, command, count, arguments, &size_bytes);
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	feed->source_settings = (struct wf_source_settings){(size_t)item_bytes_max, false};
	if (status == WF_COMMAND_GOES_ON)
		status = feed_run(feed, count, arguments, size_bytes);
	free(feed);
	return status;
}
