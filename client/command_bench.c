#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "bench_requests.h"
#include "command.h"
#include "machine.h"

/* How it measures: a round of requests is made and packed first (bench_requests.h), and only then is the clock started;
 * a round ends when its last reply is there. In the closed loop a request is sent when a reply came. In the open loop
 * (--rate) requests have their times, and a reply's latency counts from the time at which its request should have
 * gone, so that a stall is felt by all who would have come during it (no coordinated omission). Of every article the
 * verdict is read: one that was refused ends the run. */

#define LATENCIES_FIRST     4096u
#define VERDICT_BLOCK_BYTES 4096u

struct bench {
	struct wf_context *context;
	uint64_t articles;
	uint64_t batch;       /* articles of a request; 1: `add` */
	uint64_t outstanding; /* requests under way */
	uint64_t rate;        /* articles a second; 0: closed loop */
	uint64_t seed;
	uint64_t words;
	uint64_t copies_percent;
	uint64_t outlets;
	uint64_t prepare_mib; /* of requests made ahead at a time; 0: none */
	const char *folder;
	bool is_query;

	struct wf_bench_requests requests;
	struct wf_arena verdicts; /* lists of the verdict being read */
	int64_t *due_us;          /* when each request of the round went, or should have gone */
	size_t due_capacity;
	uint32_t *latencies_us; /* of all rounds */
	size_t latencies_count;
	size_t latencies_capacity;
	int64_t elapsed_us;
	int64_t processor_us; /* of this program meanwhile */
};

/* What the daemon says of itself. */
struct daemon_figures {
	uint64_t articles;
	uint64_t memory_bytes;
	uint64_t store_bytes;
	double candidates;
	uint64_t candidates_p999;
};

static const char *method_of(const struct bench *bench)
{
	return bench->is_query ? "query" : bench->batch == 1 ? "add" : "add_batch";
}

static int grow_latencies(struct bench *bench)
{
	const size_t capacity = bench->latencies_capacity == 0 ? LATENCIES_FIRST : bench->latencies_capacity * 2;
	uint32_t *latencies = realloc(bench->latencies_us, capacity * sizeof *latencies);

	if (latencies == NULL)
		return WF_ENOMEM;
	bench->latencies_us = latencies;
	bench->latencies_capacity = capacity;
	return 0;
}

/* A time for each request of the round. */
static int grow_due(struct bench *bench)
{
	int64_t *due_us;

	if (bench->requests.count <= bench->due_capacity)
		return 0;
	due_us = realloc(bench->due_us, bench->requests.count * sizeof *due_us);
	if (due_us == NULL)
		return WF_ENOMEM;
	bench->due_us = due_us;
	bench->due_capacity = bench->requests.count;
	return 0;
}

static int send_request(struct bench *bench, size_t request, struct wf_error *error)
{
	struct wf_bytes params;
	const int result = wf_bench_requests_take(&bench->requests, request, &params);

	if (result != 0)
		return wf_error_set(error, result, "%s", wf_error_sentence(result));
	wf_pack_raw(wf_client_request(bench->context->client, method_of(bench), 1, NULL), params);
	return wf_client_flush(bench->context->client, error);
}

/* Reads a verdict as whoever asked would. */
static int read_verdict(struct bench *bench, struct wf_value value, struct wf_error *error)
{
	struct wf_verdict verdict;

	wf_arena_reset(&bench->verdicts);
	return wf_verdict_decode(value, &bench->verdicts, &verdict, error);
}

/* Reads the verdicts of a request's reply, which are as many as it had articles. */
static int read_verdicts(struct bench *bench, size_t request, struct wf_value result, struct wf_error *error)
{
	const bool is_last = request + 1 == bench->requests.count && bench->requests.made == bench->articles;
	const uint64_t rest = bench->articles % bench->batch;
	const uint64_t wanted = is_last && rest != 0 ? rest : bench->batch;
	int code = 0;

	if (bench->batch == 1)
		return read_verdict(bench, result, error);
	if (wf_value_kind(result) != WF_VALUE_ARRAY || wf_value_count(result) != wanted)
		return wf_error_set(error, WF_EMALFORMED, "%" PRIu64 " articles were sent, and %zu verdicts came",
				    wanted, wf_value_count(result));
	for (size_t i = 0; code == 0 && i < wanted; i++)
		code = read_verdict(bench, wf_value_element(result, i), error);
	return code;
}

static int take_reply(struct bench *bench, size_t request, struct wf_error *error)
{
	struct wf_reply reply = {0};
	int result = wf_client_receive(bench->context->client, &reply, error);
	int64_t latency_us;

	if (result != 0)
		return result;
	latency_us = wf_machine_now_us() - bench->due_us[request];
	if (reply.error.code != 0) {
		*error = reply.error;
		result = reply.error.code;
	} else {
		result = read_verdicts(bench, request, reply.result, error);
	}
	wf_reply_close(&reply);
	if (result == 0 && bench->latencies_count == bench->latencies_capacity) {
		result = grow_latencies(bench);
		if (result != 0)
			(void)wf_error_set(error, result, "%s", wf_error_sentence(result));
	}
	if (result == 0)
		bench->latencies_us[bench->latencies_count++] =
			(uint32_t)(latency_us < UINT32_MAX ? latency_us : UINT32_MAX);
	return result;
}

static int closed_round(struct bench *bench, struct wf_error *error)
{
	size_t sent = 0;

	for (size_t answered = 0; answered < bench->requests.count; answered++) {
		int result = 0;

		while (result == 0 && sent < bench->requests.count && sent - answered < bench->outstanding) {
			bench->due_us[sent] = wf_machine_now_us();
			result = send_request(bench, sent++, error);
		}
		if (result == 0)
			result = take_reply(bench, answered, error);
		if (result != 0)
			return result;
	}
	return 0;
}

/* Sleeps until a reply comes or it is `due_us`: a loop that looked all the time would take a core from the daemon. */
static void wait_until(const struct bench *bench, int64_t due_us)
{
	const int64_t left_us = due_us - wf_machine_now_us();
	struct pollfd socket = {.fd = wf_client_socket(bench->context->client), .events = POLLIN};
	const struct timespec left = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};

	if (left_us > 0 && !wf_client_is_ready(bench->context->client))
		(void)ppoll(&socket, 1, &left, NULL);
}

static int open_round(struct bench *bench, struct wf_error *error)
{
	const int64_t start = wf_machine_now_us();
	size_t sent = 0;
	size_t answered = 0;

	for (size_t i = 0; i < bench->requests.count; i++)
		bench->due_us[i] = start + (int64_t)((double)(i * bench->batch) * 1e6 / (double)bench->rate);
	while (answered < bench->requests.count) {
		int result = 0;

		while (result == 0 && sent < bench->requests.count && bench->due_us[sent] <= wf_machine_now_us()) {
			result = send_request(bench, sent++, error);
		}
		while (result == 0 && answered < sent &&
		       (sent == bench->requests.count || wf_client_is_ready(bench->context->client)))
			result = take_reply(bench, answered++, error);
		if (result != 0)
			return result;
		if (sent < bench->requests.count)
			wait_until(bench, bench->due_us[sent]);
	}
	return 0;
}

static int compare_latencies(const void *a, const void *b)
{
	const uint32_t first = *(const uint32_t *)a;
	const uint32_t second = *(const uint32_t *)b;

	return first < second ? -1 : first > second;
}

static double latency_ms(const struct bench *bench, double share)
{
	size_t at = (size_t)(share * (double)bench->latencies_count);

	if (bench->latencies_count == 0)
		return 0;
	if (at >= bench->latencies_count)
		at = bench->latencies_count - 1;
	return bench->latencies_us[at] / 1000.0;
}

static int ask_figures(struct bench *bench, struct daemon_figures *figures, struct wf_error *error)
{
	struct wf_reply reply = {0};
	struct wf_cursor root;
	struct wf_cursor candidates;
	uint64_t msgid;
	int result;

	wf_client_request(bench->context->client, "stats", 0, &msgid);
	result = wf_client_call(bench->context->client, msgid, &reply, error);
	if (result != 0)
		return result;
	*figures = (struct daemon_figures){0};
	(void)wf_value_unsigned(wf_value_field(reply.result, "articles"), &figures->articles);
	(void)wf_value_unsigned(wf_value_field(reply.result, "memory_bytes"), &figures->memory_bytes);
	(void)wf_value_unsigned(wf_value_field(reply.result, "store_bytes"), &figures->store_bytes);
	(void)wf_value_unsigned(wf_value_field(reply.result, "candidates_p999"), &figures->candidates_p999);
	root = wf_cursor_of(reply.result, NULL, WF_EBADREQUEST, error);
	candidates = wf_cursor_field(&root, "candidates_per_article");
	if (wf_value_kind(candidates.value) == WF_VALUE_FLOAT)
		figures->candidates = wf_cursor_number(&candidates);
	wf_reply_close(&reply);
	return 0;
}

static void print_figures(const struct bench *bench, const struct daemon_figures *before,
			  const struct daemon_figures *after, const struct wf_machine *machine)
{
	const double seconds = (double)bench->elapsed_us / 1e6;
	const double rate = (double)bench->requests.made / (seconds > 0 ? seconds : 1e-6);
	const double text_rate = (double)bench->requests.text_bytes / (seconds > 0 ? seconds : 1e-6);
	const double client_us = (double)bench->processor_us / (double)bench->requests.made;
	const double stored = (double)(after->articles - before->articles);
	const double memory = stored > 0 ? ((double)after->memory_bytes - (double)before->memory_bytes) / stored : 0;
	const double disk = stored > 0 ? ((double)after->store_bytes - (double)before->store_bytes) / stored : 0;

	if (bench->context->wants_json) {
		printf("{\"method\":\"%s\",\"articles\":%" PRIu64 ",\"batch\":%" PRIu64 ",\"outstanding\":%" PRIu64
		       ",\"prepared_bytes\":%" PRIu64 ",\"rounds\":%" PRIu64
		       ",\"client_us_per_article\":%.2f,\"rate\":%.1f,\"seconds\":%.6f,"
		       "\"latency_ms\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,"
		       "\"p999\":%.3f,"
		       "\"max\":%.3f},\"text_bytes\":%" PRIu64
		       ",\"memory_bytes_per_article\":%.0f,\"store_bytes_per_article\":%.0f,"
		       "\"candidates_per_article\":%.2f,\"candidates_p999\":%" PRIu64 ",\"articles_stored\":%" PRIu64
		       ",\"machine\":{\"copy_bytes_per_second\":%.0f,\"write_bytes_per_second\":%.0f,\"sync_us\":%.0f}}"
		       "\n",
		       method_of(bench), bench->requests.made, bench->batch, bench->outstanding,
		       bench->requests.prepared_bytes, bench->requests.rounds, client_us, rate, seconds,
		       latency_ms(bench, 0.5), latency_ms(bench, 0.9), latency_ms(bench, 0.99),
		       latency_ms(bench, 0.999), latency_ms(bench, 1.0), bench->requests.text_bytes, memory, disk,
		       after->candidates, after->candidates_p999, after->articles, machine->copy_bytes_per_second,
		       machine->write_bytes_per_second, machine->sync_us);
		return;
	}
	printf("%s, %s loop, %" PRIu64 " articles of %.0f bytes, %" PRIu64 " a request, %" PRIu64
	       " requests under way\n",
	       method_of(bench), bench->rate != 0 ? "open" : "closed", bench->requests.made,
	       (double)bench->requests.text_bytes / (double)bench->requests.made, bench->batch, bench->outstanding);
	if (bench->prepare_mib > 0)
		printf("  made ahead  %12.1f MiB of requests, in %" PRIu64 " round%s, while the clock stood\n",
		       (double)bench->requests.prepared_bytes / (1 << 20), bench->requests.rounds,
		       bench->requests.rounds == 1 ? "" : "s");
	else
		printf("  made ahead       nothing: requests were made as they were sent\n");
	printf("  the client  %12.2f us of processor time an article, while the clock ran\n", client_us);
	printf("  rate        %12.0f articles/s  (%.1f MB/s of text)\n", rate, text_rate / 1e6);
	printf("  latency ms  %12.2f p50  %.2f p90  %.2f p99  %.2f p99.9  %.2f most, of a request\n",
	       latency_ms(bench, 0.5), latency_ms(bench, 0.9), latency_ms(bench, 0.99), latency_ms(bench, 0.999),
	       latency_ms(bench, 1.0));
	printf("  an article  %12.0f bytes of memory  %.0f bytes on disk  %.2f candidates looked at (%" PRIu64
	       " at p99.9)\n",
	       memory, disk, after->candidates, after->candidates_p999);
	printf("  the daemon  %12" PRIu64 " articles  %.0f MB of memory  %.0f MB on disk\n", after->articles,
	       (double)after->memory_bytes / 1e6, (double)after->store_bytes / 1e6);
	printf("  the machine %12.0f MB/s memcpy  %.0f MB/s written and synced  %.0f us a sync of 4 KiB\n",
	       machine->copy_bytes_per_second / 1e6, machine->write_bytes_per_second / 1e6, machine->sync_us);
}

/* What this program has used of the processors, in microseconds. */
static int64_t processor_us(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_usec;
}

static int run_rounds(struct bench *bench, struct wf_error *error)
{
	int more;

	while ((more = wf_bench_requests_prepare(&bench->requests)) > 0) {
		int64_t start;
		int64_t start_processor;
		int result = grow_due(bench);

		if (result != 0)
			return wf_error_set(error, result, "%s", wf_error_sentence(result));
		start_processor = processor_us();
		start = wf_machine_now_us();
		result = bench->rate != 0 ? open_round(bench, error) : closed_round(bench, error);
		if (result != 0)
			return result;
		bench->elapsed_us += wf_machine_now_us() - start;
		bench->processor_us += processor_us() - start_processor;
	}
	if (more < 0)
		return wf_error_set(error, more, "%s", wf_error_sentence(more));
	qsort(bench->latencies_us, bench->latencies_count, sizeof *bench->latencies_us, compare_latencies);
	return 0;
}

static int measure(struct bench *bench)
{
	const struct wf_corpus_settings settings = {
		.seed = bench->seed,
		.copy_share = (double)bench->copies_percent / 100.0,
		.words_median = (uint32_t)bench->words,
		.outlets = (uint32_t)bench->outlets,
	};
	struct daemon_figures before;
	struct daemon_figures after;
	struct wf_machine machine;
	struct wf_error error = {0};
	int result = wf_machine_measure(&machine, bench->folder, &error);

	if (result != 0) {
		wf_command_complain(bench->context, "%s", error.text);
		return WF_EXIT_REFUSED;
	}
	wf_arena_init(&bench->verdicts, VERDICT_BLOCK_BYTES);
	if (wf_bench_requests_open(&bench->requests, &settings, bench->articles, bench->batch,
				   (size_t)bench->prepare_mib << 20) != 0)
		result = wf_error_set(&error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
	if (result == 0)
		result = ask_figures(bench, &before, &error);
	if (result == 0)
		result = run_rounds(bench, &error);
	if (result == 0)
		result = ask_figures(bench, &after, &error);
	if (result == 0)
		print_figures(bench, &before, &after, &machine);
	wf_bench_requests_close(&bench->requests);
	wf_arena_close(&bench->verdicts);
	free(bench->due_us);
	free(bench->latencies_us);
	return result == 0 ? WF_EXIT_DONE : wf_command_failed(bench->context, "bench", &error);
}

int wf_command_bench(struct wf_context *context, const struct wf_command *command, int count, char **arguments)
{
	struct bench bench = {
		.context = context,
		.articles = 100000,
		.batch = 64,
		.outstanding = 8,
		.seed = (uint64_t)context->now,
		.words = 430,
		.copies_percent = 60,
		.outlets = 2000,
		.prepare_mib = 1024,
		.folder = ".",
	};
	const struct wf_option options[] = {
		{"articles", WF_OPTION_NUMBER, "N", "Articles to send (100000).", 1, UINT64_C(1) << 40,
		 .number = &bench.articles},
		{"batch", WF_OPTION_NUMBER, "N", "Articles of a request; 1 sends `add` (64).", 1, 65536,
		 .number = &bench.batch},
		{"outstanding", WF_OPTION_NUMBER, "N", "Requests under way at the same time (8).", 1, 65536,
		 .number = &bench.outstanding},
		{"rate", WF_OPTION_NUMBER, "N",
		 "Open loop: articles a second, whatever the daemon does (0: closed loop).", 0, 100000000,
		 .number = &bench.rate},
		{"query", WF_OPTION_FLAG, NULL, "Query instead of adding.", .flag = &bench.is_query},
		{"seed", WF_OPTION_NUMBER, "N", "Of the made-up stories (the time); the same seed, the same stories.",
		 0, UINT64_MAX, .number = &bench.seed},
		{"words", WF_OPTION_NUMBER, "N", "Of a story, in the middle (430).", 60, 2000, .number = &bench.words},
		{"copies", WF_OPTION_NUMBER, "PERCENT", "Of the articles that carry a story again (60).", 0, 99,
		 .number = &bench.copies_percent},
		{"outlets", WF_OPTION_NUMBER, "N", "Outlets (2000).", 1, 1000000, .number = &bench.outlets},
		{"prepare-mib", WF_OPTION_NUMBER, "N",
		 "Make the requests ahead, N MiB of them at a time (1024); 0: as they are sent.", 0, 1048576,
		 .number = &bench.prepare_mib},
		{"folder", WF_OPTION_TEXT, "FOLDER", "Where to measure the disk: on the store's file system (.).",
		 .text = &bench.folder},
	};
	int status =
		wf_command_parse(context, command, options, sizeof(options) / sizeof(options[0]), arguments, &count);

	if (status == WF_COMMAND_GOES_ON && count > 0)
		status = wf_command_misused(context, command, "\"%s\": bench takes no arguments", arguments[0]);
	if (bench.is_query)
		bench.batch = 1;
	if (status == WF_COMMAND_GOES_ON)
		status = wf_command_connect(context);
	if (status != WF_COMMAND_GOES_ON)
		return status;
	return measure(&bench);
}
