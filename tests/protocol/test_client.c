#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "one_message.h"

/* --- fixture: a server that does what a request's method says --- */

struct stub {
	char folder[64];
	char path[96];
	char address[128];
	int listener;
	pthread_t thread;
	struct wf_client *client;
};

static void write_all(int connection, struct wf_pack *pack)
{
	size_t at = 0;

	while (at < pack->length) {
		const ssize_t sent = send(connection, pack->data + at, pack->length - at, MSG_NOSIGNAL);

		if (sent <= 0)
			break;
		at += (size_t)sent;
	}
	wf_pack_reset(pack);
}

/* Answers one request; false where the connection is to be closed. One named "held" is answered after the next. */
static bool answer(const struct wf_request *request, struct wf_pack *pack, uint64_t *held)
{
	const struct wf_error refusal = {.code = WF_ENOTFOUND, .text = "id: no such article"};
	const struct wf_bytes method = request->method;

	if (wf_bytes_equal(method, wf_bytes_of("close")))
		return false;
	if (wf_bytes_equal(method, wf_bytes_of("silent")))
		return true;
	if (wf_bytes_equal(method, wf_bytes_of("held"))) {
		*held = request->msgid;
		return true;
	}
	if (wf_bytes_equal(method, wf_bytes_of("garbage"))) {
		wf_pack_raw(pack, BYTES("\xc1"));
	} else if (wf_bytes_equal(method, wf_bytes_of("half"))) {
		wf_pack_raw(pack, BYTES("\x94\x01"));
	} else if (wf_bytes_equal(method, wf_bytes_of("nobody"))) {
		wf_response_error(pack, false, 0, &refusal);
	} else if (wf_bytes_equal(method, wf_bytes_of("get"))) {
		wf_response_error(pack, true, request->msgid, &refusal);
	} else if (wf_bytes_equal(method, wf_bytes_of("add_batch"))) {
		const struct wf_value list = wf_value_element(request->params, 0);

		wf_response_start(pack, request->msgid);
		wf_pack_array(pack, wf_value_count(list));
		for (size_t i = 0; i < wf_value_count(list); i++)
			wf_pack_string(pack, wf_value_bytes(wf_value_field(wf_value_element(list, i), "id")));
	} else if (wf_bytes_equal(method, wf_bytes_of("event"))) {
		wf_notification_start(pack, wf_bytes_of("event"), 1);
		wf_pack_unsigned(pack, 5);
		wf_response_start(pack, request->msgid);
		wf_pack_boolean(pack, true);
	} else if (wf_bytes_equal(method, wf_bytes_of("echo"))) {
		wf_response_start(pack, request->msgid);
		wf_pack_string(pack, wf_value_bytes(wf_value_element(request->params, 0)));
	} else {
		wf_response_start(pack, request->msgid);
		wf_pack_words(pack, "pong");
	}
	if (*held != UINT64_MAX) {
		wf_response_start(pack, *held);
		wf_pack_words(pack, "held");
		*held = UINT64_MAX;
	}
	return !wf_bytes_equal(method, wf_bytes_of("half"));
}

static void *serve(void *argument)
{
	const struct stub *stub = argument;
	const int connection = accept(stub->listener, NULL, NULL);
	struct wf_reader *reader = NULL;
	struct wf_pack pack;
	uint64_t held = UINT64_MAX;
	bool goes_on = connection >= 0 && wf_reader_new(&reader, NULL) == 0;

	wf_pack_init(&pack, 0);
	while (goes_on) {
		size_t room;
		char *space = wf_reader_space(reader, &room);
		const ssize_t got = recv(connection, space, room, 0);
		struct wf_message *message;
		struct wf_refusal refusal;

		if (got <= 0)
			break;
		wf_reader_advance(reader, (size_t)got);
		while (goes_on && wf_reader_next(reader, &message, &refusal) == 1) {
			struct wf_request request;
			struct wf_error error;

			goes_on = wf_request_of(wf_message_root(message), &request, &error) == 0 &&
				  answer(&request, &pack, &held);
			wf_message_free(message);
			write_all(connection, &pack); /* blocks, and reads nothing meanwhile */
		}
	}
	wf_pack_close(&pack);
	wf_reader_free(reader);
	(void)close(connection);
	return NULL;
}

static int start(void **state)
{
	const struct wf_client_settings settings = {.timeout_ms = 20000, .message_bytes_max = 4 << 20};
	struct stub *stub = calloc(1, sizeof *stub);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct wf_error error;

	(void)snprintf(stub->folder, sizeof stub->folder, "/tmp/wf_test_client_XXXXXX");
	assert_non_null(mkdtemp(stub->folder));
	(void)snprintf(stub->path, sizeof stub->path, "%s/socket", stub->folder);
	(void)snprintf(stub->address, sizeof stub->address, "unix:%s", stub->path);
	memcpy(address.sun_path, stub->path, strlen(stub->path));
	stub->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(stub->listener, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(stub->listener, 1), 0);
	assert_int_equal(pthread_create(&stub->thread, NULL, serve, stub), 0);
	assert_int_equal(wf_client_connect(&stub->client, stub->address, &settings, &error), 0);
	*state = stub;
	return 0;
}

static int stop(void **state)
{
	struct stub *stub = *state;

	wf_client_close(stub->client);
	(void)pthread_join(stub->thread, NULL);
	(void)close(stub->listener);
	(void)unlink(stub->path);
	(void)rmdir(stub->folder);
	free(stub);
	return 0;
}

/* --- helpers --- */

static struct wf_client *client_of(void **state)
{
	return ((struct stub *)*state)->client;
}

static void assert_result(struct wf_reply *reply, const char *expected)
{
	assert_int_equal(reply->error.code, 0);
	assert_bytes(wf_value_bytes(reply->result), expected);
	wf_reply_close(reply);
}

/* --- wf_client_connect --- */

static void addresses_of_no_form_are_refused(void **state)
{
	static const char *const addresses[] = {
		"",         "7411",      "localhost:7411", "http://x",        "tcp://",    "tcp://:7411",
		"tcp://x:", "tcp://x:y", "tcp://[::1",     "tcp://[::1]7411", "tcp://::1", "unix:"};
	char long_path[300] = "unix:";

	(void)state;
	memset(long_path + 5, 'p', sizeof long_path - 6);
	for (size_t i = 0; i <= sizeof addresses / sizeof addresses[0]; i++) {
		const char *address = i == sizeof addresses / sizeof addresses[0] ? long_path : addresses[i];
		struct wf_client *client = NULL;
		struct wf_error error;

		assert_int_equal(wf_client_connect(&client, address, NULL, &error), WF_EBADREQUEST);
		assert_null(client);
		assert_true(error.text[0] != '\0');
	}
}

static void a_daemon_that_is_not_there_is_named(void **state)
{
	struct wf_client *client = NULL;
	struct wf_error error;

	(void)state;
	assert_int_equal(wf_client_connect(&client, "unix:/nonexistent/socket", NULL, &error), -ENOENT);
	assert_string_equal(error.text, "unix:/nonexistent/socket: No such file or directory");
	assert_int_equal(wf_client_connect(&client, "tcp://127.0.0.1:1", NULL, &error), -ECONNREFUSED);
	assert_string_equal(error.text, "tcp://127.0.0.1:1: Connection refused");
	assert_int_equal(wf_client_connect(&client, "tcp://[::1]:1", NULL, NULL) < 0, 1);
	wf_client_close(NULL);
}

/* --- calls --- */

static void a_ping_is_answered(void **state)
{
	struct wf_error error;

	assert_int_equal(wf_client_ping(client_of(state), &error), 0);
	assert_int_equal(wf_client_outstanding_count(client_of(state)), 0);
}

static void the_error_of_a_request_comes_in_its_words(void **state)
{
	struct wf_reply reply;
	struct wf_error error;

	assert_int_equal(wf_client_call_id(client_of(state), "get", wf_bytes_of("a"), &reply, &error), WF_ENOTFOUND);
	assert_string_equal(error.text, "id: no such article");
	assert_int_equal(wf_client_ping(client_of(state), &error), 0);
}

static void requests_under_way_cannot_lock_with_a_daemon_that_stops_reading(void **state)
{
	static char text[2000];
	struct wf_client *client = client_of(state);
	struct wf_error error;

	memset(text, 'x', sizeof text);
	for (size_t i = 0; i < 10000; i++)
		wf_pack_string(wf_client_request(client, "echo", 1, NULL), (struct wf_bytes){text, sizeof text});
	assert_int_equal(wf_client_outstanding_count(client), 10000);
	assert_true(wf_client_unsent_bytes(client) > 10000 * sizeof text);
	assert_int_equal(wf_client_flush(client, &error), 0);
	for (uint64_t i = 0; i < 10000; i++) {
		struct wf_reply reply;

		assert_int_equal(wf_client_receive(client, &reply, &error), 0);
		assert_true(reply.has_msgid && reply.msgid == i);
		assert_int_equal(wf_value_bytes(reply.result).length, sizeof text);
		wf_reply_close(&reply);
	}
	assert_int_equal(wf_client_outstanding_count(client), 0);
}

static void replies_are_found_by_their_number(void **state)
{
	struct wf_client *client = client_of(state);
	struct wf_reply reply;
	struct wf_error error;
	uint64_t held;
	uint64_t ping;

	(void)wf_client_request(client, "held", 0, &held);
	(void)wf_client_request(client, "ping", 0, &ping);
	assert_int_equal(wf_client_receive_for(client, held, &reply, &error), 0);
	assert_result(&reply, "held");
	assert_true(wf_client_is_ready(client));
	assert_int_equal(wf_client_receive(client, &reply, &error), 0);
	assert_int_equal(reply.msgid, ping);
	assert_result(&reply, "pong");
	assert_false(wf_client_is_ready(client));
}

static void notifications_are_surfaced_in_their_turn(void **state)
{
	struct wf_client *client = client_of(state);
	struct wf_reply reply;
	struct wf_error error;
	uint64_t msgid;

	(void)wf_client_request(client, "event", 0, &msgid);
	assert_int_equal(wf_client_call(client, msgid, &reply, &error), 0);
	wf_reply_close(&reply);
	assert_int_equal(wf_client_receive(client, &reply, &error), 0);
	assert_true(reply.is_notification);
	assert_bytes(reply.method, "event");
	assert_int_equal(wf_value_count(reply.params), 1);
	wf_reply_close(&reply);
	wf_reply_close(&reply);
	assert_int_equal(wf_client_outstanding_count(client), 0);
}

static void an_error_to_nobody_fails_the_call(void **state)
{
	struct wf_client *client = client_of(state);
	struct wf_reply reply;
	struct wf_error error;
	uint64_t msgid;

	(void)wf_client_request(client, "nobody", 0, &msgid);
	assert_int_equal(wf_client_call(client, msgid, &reply, &error), WF_ENOTFOUND);
	assert_string_equal(error.text, "id: no such article");
}

/* --- what goes wrong --- */

static void a_closed_connection_says_so_for_ever(void **state)
{
	struct wf_client *client = client_of(state);
	struct wf_reply reply;
	struct wf_error error;
	uint64_t ping;

	(void)wf_client_request(client, "ping", 0, &ping);
	(void)wf_client_request(client, "close", 0, NULL);
	assert_int_equal(wf_client_flush(client, &error), 0);
	assert_int_equal(wf_client_receive_for(client, ping + 1, &reply, &error), WF_ECLOSED);
	assert_non_null(strstr(error.text, "the connection was closed"));
	assert_int_equal(wf_client_receive(client, &reply, &error), 0); /* what came before is still to be had */
	assert_result(&reply, "pong");
	assert_int_equal(wf_client_receive(client, &reply, &error), WF_ECLOSED);
	assert_int_equal(wf_client_ping(client, &error), WF_ECLOSED);
	assert_true(wf_client_is_ready(client));
}

static void a_connection_closed_inside_a_message_says_so(void **state)
{
	struct wf_error error;
	struct wf_reply reply;
	uint64_t msgid;

	(void)wf_client_request(client_of(state), "half", 0, &msgid);
	assert_int_equal(wf_client_call(client_of(state), msgid, &reply, &error), WF_ECLOSED);
	assert_non_null(strstr(error.text, "in the middle of a message"));
}

static void bytes_that_are_no_protocol_break_the_connection(void **state)
{
	struct wf_error error;
	struct wf_reply reply;
	uint64_t msgid;

	(void)wf_client_request(client_of(state), "garbage", 0, &msgid);
	assert_int_equal(wf_client_call(client_of(state), msgid, &reply, &error), WF_EMALFORMED);
	assert_non_null(strstr(error.text, "not MessagePack-RPC"));
}

static void no_answer_is_a_timeout(void **state)
{
	const struct wf_client_settings settings = {.timeout_ms = 20};
	struct stub *stub = *state;
	struct wf_client *hasty;
	struct wf_reply reply;
	struct wf_error error;
	uint64_t msgid;

	assert_int_equal(wf_client_connect(&hasty, stub->address, &settings, &error), 0); /* nobody accepts it */
	(void)wf_client_request(hasty, "silent", 0, &msgid);
	assert_int_equal(wf_client_call(hasty, msgid, &reply, &error), -ETIMEDOUT);
	assert_non_null(strstr(error.text, "no answer in time"));
	assert_int_equal(wf_client_ping(hasty, &error), -ETIMEDOUT);
	wf_client_close(hasty);
}

static void a_daemon_that_takes_nothing_is_a_timeout(void **state)
{
	static const char text[3 << 20];
	const struct wf_client_settings settings = {.timeout_ms = 20};
	struct stub *stub = *state;
	struct wf_client *hasty;
	struct wf_error error;

	assert_int_equal(wf_client_connect(&hasty, stub->address, &settings, &error), 0); /* nobody accepts it */
	wf_pack_string(wf_client_request(hasty, "echo", 1, NULL), (struct wf_bytes){text, sizeof text});
	assert_int_equal(wf_client_flush(hasty, &error), -ETIMEDOUT);
	wf_client_close(hasty);
}

static void a_request_that_does_not_fit_is_dropped_alone(void **state)
{
	struct wf_client *client = client_of(state);
	struct wf_bytes large = {calloc(1, 5 << 20), 5 << 20};
	struct wf_reply reply;
	struct wf_error error;
	uint64_t last;

	(void)wf_client_request(client, "ping", 0, NULL);
	wf_pack_string(wf_client_request(client, "echo", 1, NULL), large);
	(void)wf_client_request(client, "ping", 0, &last);
	assert_int_equal(wf_client_flush(client, &error), WF_ETOOLARGE);
	assert_string_equal(error.text, "the request was not sent: larger than the limit");
	assert_int_equal(wf_client_outstanding_count(client), 2);
	assert_int_equal(wf_client_receive(client, &reply, &error), 0);
	assert_int_equal(reply.msgid, 0);
	wf_reply_close(&reply);
	assert_int_equal(wf_client_receive(client, &reply, &error), 0);
	assert_int_equal(reply.msgid, last);
	wf_reply_close(&reply);
	free((void *)(uintptr_t)large.data);
}

/* --- batches --- */

static void a_batch_is_full_by_count_or_by_bytes(void **state)
{
	const struct wf_article article = {.id = BYTES("a"), .text = BYTES("0123456789")};
	struct wf_client_batch batch;

	(void)state;
	wf_client_batch_init(&batch, 3, 0);
	assert_int_equal(wf_client_batch_add(&batch, &article), 0);
	assert_int_equal(wf_client_batch_add(&batch, &article), 0);
	assert_int_equal(wf_client_batch_add(&batch, &article), 1);
	wf_client_batch_close(&batch);
	wf_client_batch_init(&batch, 0, 30);
	assert_int_equal(wf_client_batch_add(&batch, &article), 0);
	assert_int_equal(wf_client_batch_add(&batch, &article), 1);
	wf_client_batch_close(&batch);
}

static void a_batch_is_sent_whole_and_used_again(void **state)
{
	static const char ids[] = "abcdef";
	struct wf_client_batch batch;
	struct wf_error error;

	wf_client_batch_init(&batch, 3, 0);
	for (size_t i = 0; i < 6; i++) {
		const struct wf_article article = {.id = {ids + i, 1}, .text = BYTES("t")};
		struct wf_reply reply;
		uint64_t msgid;

		if (wf_client_batch_add(&batch, &article) == 0)
			continue;
		assert_int_equal(wf_client_batch_send(client_of(state), &batch, &msgid, &error), 0);
		assert_int_equal(batch.count, 0);
		assert_int_equal(wf_client_call(client_of(state), msgid, &reply, &error), 0);
		assert_int_equal(wf_value_count(reply.result), 3);
		assert_memory_equal(wf_value_bytes(wf_value_element(reply.result, 2)).data, ids + i, 1);
		wf_reply_close(&reply);
	}
	wf_client_batch_close(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_no_form_are_refused),
		cmocka_unit_test(a_daemon_that_is_not_there_is_named),
		cmocka_unit_test_setup_teardown(a_ping_is_answered, start, stop),
		cmocka_unit_test_setup_teardown(the_error_of_a_request_comes_in_its_words, start, stop),
		cmocka_unit_test_setup_teardown(requests_under_way_cannot_lock_with_a_daemon_that_stops_reading, start,
						stop),
		cmocka_unit_test_setup_teardown(replies_are_found_by_their_number, start, stop),
		cmocka_unit_test_setup_teardown(notifications_are_surfaced_in_their_turn, start, stop),
		cmocka_unit_test_setup_teardown(an_error_to_nobody_fails_the_call, start, stop),
		cmocka_unit_test_setup_teardown(a_closed_connection_says_so_for_ever, start, stop),
		cmocka_unit_test_setup_teardown(a_connection_closed_inside_a_message_says_so, start, stop),
		cmocka_unit_test_setup_teardown(bytes_that_are_no_protocol_break_the_connection, start, stop),
		cmocka_unit_test_setup_teardown(no_answer_is_a_timeout, start, stop),
		cmocka_unit_test_setup_teardown(a_daemon_that_takes_nothing_is_a_timeout, start, stop),
		cmocka_unit_test_setup_teardown(a_request_that_does_not_fit_is_dropped_alone, start, stop),
		cmocka_unit_test(a_batch_is_full_by_count_or_by_bytes),
		cmocka_unit_test_setup_teardown(a_batch_is_sent_whole_and_used_again, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
