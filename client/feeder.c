#include "feeder.h"

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "json.h"
#include "wire_error.h"

#define RING_SIZE          (WF_FEEDER_OUTSTANDING_MAX + 1)
#define DELAY_US_FIRST     50000
#define DELAY_US_MAX       2000000
#define INTERNAL_TRIES_MAX 3

/* What came of a reply or a try. */
enum outcome {
	OUTCOME_MOVED,   /* the base went on */
	OUTCOME_GO_BACK, /* what is not answered is to be sent again, at once */
	OUTCOME_WAIT,    /* likewise, after a while */
	OUTCOME_LOST,    /* the connection is of no more use */
	OUTCOME_ENDED,   /* `status` says how */
};

void wf_feeder_init(struct wf_feeder *feeder)
{
	for (size_t i = 0; i < RING_SIZE; i++)
		wf_feed_batch_init(&feeder->ring[i]);
	wf_arena_init(&feeder->scratch, 16u << 10);
	feeder->status = WF_COMMAND_GOES_ON;
	feeder->outstanding_now = feeder->outstanding_max;
	feeder->portion_max = feeder->batch_count_max;
	feeder->delay_us = DELAY_US_FIRST;
}

void wf_feeder_close(struct wf_feeder *feeder)
{
	for (size_t i = 0; i < RING_SIZE; i++)
		wf_feed_batch_close(&feeder->ring[i]);
	wf_arena_close(&feeder->scratch);
}

static void show_progress(struct wf_feeder *feeder, const char *remark)
{
	const struct wf_progress_state state = {feeder->counts.articles + feeder->counts.refused,
						feeder->counts.refused + feeder->bad_count, feeder->position_bytes,
						remark};

	wf_progress_show(&feeder->progress, &state);
}

void wf_feeder_tell(struct wf_feeder *feeder, const char *place, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	wf_progress_clear(&feeder->progress);
	if (place == NULL)
		wf_command_complain(feeder->context, "%s", text);
	else
		wf_command_complain(feeder->context, "%s: %s", place, text);
}

static struct wf_feed_batch *batch_at(struct wf_feeder *feeder, uint64_t number)
{
	return &feeder->ring[number % RING_SIZE];
}

static int end_with(struct wf_feeder *feeder, int status)
{
	feeder->status = status;
	return OUTCOME_ENDED;
}

static bool has_stalled(const struct wf_feeder *feeder)
{
	return wf_progress_elapsed_us(&feeder->progress) - feeder->moved_us > (int64_t)feeder->retry_seconds * 1000000;
}

/* Sleeps for the delay that is due, and doubles it; it begins small again once something moves. */
static void pause_once(struct wf_feeder *feeder, const char *remark)
{
	struct timespec delay = {feeder->delay_us / 1000000, feeder->delay_us % 1000000 * 1000};

	show_progress(feeder, remark);
	nanosleep(&delay, NULL);
	feeder->delay_us = feeder->delay_us * 2 > DELAY_US_MAX ? DELAY_US_MAX : feeder->delay_us * 2;
}

static void has_moved(struct wf_feeder *feeder)
{
	feeder->moved_us = wf_progress_elapsed_us(&feeder->progress);
	feeder->delay_us = DELAY_US_FIRST;
	feeder->internal_count = 0;
}

static void go_back(struct wf_feeder *feeder)
{
	feeder->cursor = feeder->base;
	feeder->cursor_first = feeder->base_first;
	feeder->requests_begin = feeder->requests_end;
}

/* The first `count` articles that were not answered are answered now. They lie in the base. */
static void base_advance(struct wf_feeder *feeder, size_t count)
{
	feeder->base_first += count;
	if (feeder->base_first < batch_at(feeder, feeder->base)->count)
		return;
	wf_feed_batch_reset(batch_at(feeder, feeder->base));
	feeder->base++;
	feeder->base_first = 0;
}

/* Packs requests as long as there is something to send and room under way. */
static void requests_send(struct wf_feeder *feeder)
{
	while (feeder->cursor < feeder->filling &&
	       feeder->requests_end - feeder->requests_begin < feeder->outstanding_now) {
		const struct wf_feed_batch *batch = batch_at(feeder, feeder->cursor);
		struct wf_feeder_request *request = &feeder->requests[feeder->requests_end % WF_FEEDER_OUTSTANDING_MAX];
		size_t count = batch->count - feeder->cursor_first;

		if (count > feeder->portion_max)
			count = (size_t)feeder->portion_max;
		if (feeder->requests_begin == feeder->requests_end)
			feeder->moved_us = feeder->delay_us == DELAY_US_FIRST
						   ? wf_progress_elapsed_us(&feeder->progress)
						   : feeder->moved_us;
		*request = (struct wf_feeder_request){feeder->cursor, feeder->cursor_first, count, 0};
		wf_feed_batch_send(batch, request->first, count, feeder->context->client, &request->msgid);
		feeder->requests_end++;
		feeder->cursor_first += count;
		if (feeder->cursor_first == batch->count) {
			feeder->cursor++;
			feeder->cursor_first = 0;
		}
	}
}

static void tell_refusal(struct wf_feeder *feeder, const struct wf_feed_mark *mark, const struct wf_error *error)
{
	feeder->counts.refused++;
	wf_feeder_tell(feeder, mark->place, "\"%.*s\": %s: %s", (int)(mark->id.length > 80 ? 80 : mark->id.length),
		       mark->id.length == 0 ? "" : mark->id.data, wf_wire_error_word(error->code), error->text);
}

/* One answer of a batch. Returns whether it is one: an article that met an overload has none yet. */
static bool take_answer(struct wf_feeder *feeder, const struct wf_feed_mark *mark, struct wf_value answer)
{
	struct wf_verdict verdict;
	struct wf_error error = {0};
	int code = wf_verdict_decode(answer, &feeder->scratch, &verdict, &error);

	wf_arena_reset(&feeder->scratch);
	if (code == WF_EOVERLOADED)
		return false;
	if (code == WF_EINTERNAL && feeder->internal_count < INTERNAL_TRIES_MAX)
		return false;
	if (code < 0) {
		tell_refusal(feeder, mark, &error);
		return true;
	}
	feeder->counts.articles++;
	feeder->counts.founded += verdict.is_new ? 1 : 0;
	feeder->counts.joined += verdict.is_new ? 0 : 1;
	feeder->counts.replaced += verdict.replaced ? 1 : 0;
	if (feeder->writes_verdicts) {
		wf_json_write_value(stdout, answer);
		putchar('\n');
	}
	return true;
}

static enum outcome take_answers(struct wf_feeder *feeder, const struct wf_feeder_request *request,
				 struct wf_value answers)
{
	const struct wf_feed_batch *batch = batch_at(feeder, request->batch);
	size_t count = request->count;
	size_t taken = 0;

	if (wf_value_kind(answers) != WF_VALUE_ARRAY || wf_value_count(answers) != count) {
		wf_feeder_tell(feeder, NULL, "the daemon does not speak the protocol: not one answer for each article");
		return (enum outcome)end_with(feeder, WF_EXIT_UNCONNECTED);
	}
	while (taken < count &&
	       take_answer(feeder, &batch->marks[request->first + taken], wf_value_element(answers, taken)))
		taken++;
	if (taken > 0)
		has_moved(feeder);
	base_advance(feeder, taken);
	if (taken < count)
		return OUTCOME_WAIT;
	if (feeder->outstanding_now < feeder->outstanding_max)
		feeder->outstanding_now++;
	if (feeder->portion_max < feeder->batch_count_max)
		feeder->portion_max = feeder->portion_max * 2 > feeder->batch_count_max ? feeder->batch_count_max
											: feeder->portion_max * 2;
	return OUTCOME_MOVED;
}

/* The request as a whole was refused: one that is too much is cut in halves, until a single article is at fault. */
static enum outcome take_refusal(struct wf_feeder *feeder, const struct wf_feeder_request *request,
				 const struct wf_error *error)
{
	if (error->code == WF_EOVERLOADED)
		return OUTCOME_WAIT;
	if (error->code == WF_EDENIED || error->code == WF_ENOMETHOD) {
		wf_feeder_tell(feeder, NULL, "%s: %s", wf_wire_error_word(error->code), error->text);
		return (enum outcome)end_with(feeder, WF_EXIT_REFUSED);
	}
	if (error->code == WF_EINTERNAL && feeder->internal_count < INTERNAL_TRIES_MAX)
		return OUTCOME_WAIT;
	if (request->count > 1) {
		feeder->portion_max = (request->count + 1) / 2;
		return OUTCOME_GO_BACK;
	}
	tell_refusal(feeder, &batch_at(feeder, request->batch)->marks[request->first], error);
	has_moved(feeder);
	base_advance(feeder, 1);
	return OUTCOME_MOVED;
}

/* Lets the answers pass by that are under way to requests which will be sent again. */
static enum outcome drop_answers(struct wf_feeder *feeder)
{
	struct wf_error error = {0};

	while (feeder->requests_begin < feeder->requests_end) {
		struct wf_reply reply = {0};
		int result = wf_client_receive(feeder->context->client, &reply, &error);

		wf_reply_close(&reply);
		if (result < 0)
			return OUTCOME_LOST;
		feeder->requests_begin++;
	}
	return OUTCOME_GO_BACK;
}

static enum outcome receive_one(struct wf_feeder *feeder, struct wf_error *error)
{
	const struct wf_feeder_request *request = &feeder->requests[feeder->requests_begin % WF_FEEDER_OUTSTANDING_MAX];
	struct wf_reply reply = {0};
	enum outcome outcome;

	if (wf_client_receive(feeder->context->client, &reply, error) < 0)
		return OUTCOME_LOST;
	if (reply.is_notification || !reply.has_msgid || reply.msgid != request->msgid) {
		wf_error_set(error, WF_EMALFORMED, "%s",
			     reply.error.code != 0 ? reply.error.text : "an answer to no request");
		outcome = OUTCOME_LOST;
	} else {
		feeder->requests_begin++;
		outcome = reply.error.code != 0 ? take_refusal(feeder, request, &reply.error)
						: take_answers(feeder, request, reply.result);
	}
	wf_reply_close(&reply);
	return outcome;
}

/* Makes the connection again, trying until it is too long that anything moved. */
static void reconnect(struct wf_feeder *feeder, const struct wf_error *why)
{
	struct wf_error error = {0};

	wf_feeder_tell(feeder, NULL, "the connection was lost: %s; trying again", why->text);
	wf_client_close(feeder->context->client);
	feeder->context->client = NULL;
	go_back(feeder);
	for (;;) {
		pause_once(feeder, "waiting for the daemon");
		if (wf_client_connect(&feeder->context->client, feeder->context->address,
				      &feeder->context->client_settings, &error) == 0)
			return;
		feeder->context->client = NULL;
		if (has_stalled(feeder)) {
			wf_feeder_tell(feeder, NULL, "no connection for %" PRIu64 " s, giving up: %s",
				       feeder->retry_seconds, error.text);
			feeder->status = WF_EXIT_UNCONNECTED;
			return;
		}
	}
}

static void wait_and_go_back(struct wf_feeder *feeder)
{
	struct wf_error error = {0};

	feeder->internal_count++;
	feeder->outstanding_now = 1;
	if (drop_answers(feeder) == OUTCOME_LOST) {
		wf_error_set(&error, WF_ECLOSED, "%s", wf_error_sentence(WF_ECLOSED));
		reconnect(feeder, &error);
		return;
	}
	go_back(feeder);
	if (has_stalled(feeder)) {
		wf_feeder_tell(feeder, batch_at(feeder, feeder->base)->marks[feeder->base_first].place,
			       "the daemon was overloaded for %" PRIu64 " s, giving up here", feeder->retry_seconds);
		feeder->status = WF_EXIT_REFUSED;
		return;
	}
	pause_once(feeder, "the daemon is overloaded");
}

/* Sends what can be sent and takes one answer. */
static void step(struct wf_feeder *feeder)
{
	struct wf_error error = {0};

	requests_send(feeder);
	switch (receive_one(feeder, &error)) {
	case OUTCOME_MOVED:
		show_progress(feeder, NULL);
		break;
	case OUTCOME_GO_BACK:
		if (drop_answers(feeder) == OUTCOME_LOST)
			reconnect(feeder, &error);
		else
			go_back(feeder);
		break;
	case OUTCOME_WAIT:
		wait_and_go_back(feeder);
		break;
	case OUTCOME_LOST:
		if (has_stalled(feeder)) {
			wf_feeder_tell(feeder, NULL, "the connection was lost again and nothing moves, giving up: %s",
				       error.text);
			feeder->status = WF_EXIT_UNCONNECTED;
		} else {
			reconnect(feeder, &error);
		}
		break;
	case OUTCOME_ENDED:
		break;
	}
}

/* The batch that is being filled is to be sent. Waits until there is a place for the next. */
static void batch_finish(struct wf_feeder *feeder)
{
	if (batch_at(feeder, feeder->filling)->count == 0)
		return;
	feeder->filling++;
	while (feeder->status == WF_COMMAND_GOES_ON && feeder->filling - feeder->base > feeder->outstanding_max)
		step(feeder);
	if (feeder->status != WF_COMMAND_GOES_ON)
		return;
	requests_send(feeder);
	/* Answers that are there are taken, and what is packed is written, so that both sides are busy. */
	while (feeder->status == WF_COMMAND_GOES_ON && feeder->requests_begin < feeder->requests_end &&
	       wf_client_is_ready(feeder->context->client))
		step(feeder);
	if (feeder->status == WF_COMMAND_GOES_ON) {
		struct wf_error error = {0};

		if (wf_client_flush(feeder->context->client, &error) < 0)
			reconnect(feeder, &error);
	}
}

int wf_feeder_add(struct wf_feeder *feeder, const struct wf_article *article, const char *place)
{
	struct wf_feed_batch *batch = batch_at(feeder, feeder->filling);
	int result = wf_feed_batch_add(batch, article, place);

	if (result < 0) {
		feeder->counts.refused++;
		wf_feeder_tell(feeder, place, "%s", wf_error_sentence(result));
		return feeder->status;
	}
	if (batch->count >= feeder->batch_count_max || batch->articles.length >= WF_FEEDER_BATCH_BYTES)
		batch_finish(feeder);
	return feeder->status;
}

int wf_feeder_drain(struct wf_feeder *feeder)
{
	batch_finish(feeder);
	while (feeder->status == WF_COMMAND_GOES_ON && feeder->base < feeder->filling)
		step(feeder);
	return feeder->status;
}
