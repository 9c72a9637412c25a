#include "one_message.h"
#include "request.h"

/* --- helpers --- */

static int read_request(struct wf_bytes bytes, struct wf_request *request, struct wf_error *error)
{
	struct wf_message *message = one_message(bytes);
	const int code = wf_request_of(wf_message_root(message), request, error);

	assert_int_equal(code, error->code);
	wf_message_free(message);
	return code;
}

static void assert_refused(struct wf_bytes bytes, const char *text, int64_t msgid)
{
	struct wf_request request;
	struct wf_error error;

	assert_int_equal(read_request(bytes, &request, &error), WF_EBADREQUEST);
	assert_string_equal(error.text, text);
	assert_int_equal(request.has_msgid, msgid >= 0);
	if (msgid >= 0)
		assert_true(request.msgid == (uint64_t)msgid);
}

static void assert_pack_is(struct wf_pack *pack, struct wf_bytes expected)
{
	assert_int_equal(pack->error, 0);
	assert_int_equal(pack->length, expected.length);
	assert_memory_equal(pack->data, expected.data, expected.length);
	wf_pack_reset(pack);
}

/* --- wf_request_of --- */

static void the_three_kinds_are_read(void **state)
{
	struct wf_message *message = one_message(BYTES("\x94\x00\x07\xa4ping\x90"));
	struct wf_request request;
	struct wf_error error;

	(void)state;
	assert_int_equal(wf_request_of(wf_message_root(message), &request, &error), 0);
	assert_int_equal(request.kind, WF_REQUEST_CALL);
	assert_true(request.has_msgid);
	assert_int_equal(request.msgid, 7);
	assert_bytes(request.method, "ping");
	assert_int_equal(wf_value_kind(request.params), WF_VALUE_ARRAY);
	wf_message_free(message);

	message = one_message(BYTES("\x94\x01\xcd\x01\x00\xc0\xc3"));
	assert_int_equal(wf_request_of(wf_message_root(message), &request, &error), 0);
	assert_int_equal(request.kind, WF_REQUEST_RESPONSE);
	assert_int_equal(request.msgid, 256);
	assert_int_equal(wf_value_kind(request.error), WF_VALUE_NIL);
	assert_int_equal(wf_value_kind(request.result), WF_VALUE_BOOLEAN);
	wf_message_free(message);

	message = one_message(BYTES("\x93\x02\xc4\x05"
				    "event\x91\x01"));
	assert_int_equal(wf_request_of(wf_message_root(message), &request, &error), 0);
	assert_int_equal(request.kind, WF_REQUEST_NOTIFICATION);
	assert_false(request.has_msgid);
	assert_bytes(request.method, "event");
	assert_int_equal(wf_value_count(request.params), 1);
	wf_message_free(message);
}

static void a_response_to_nobody_is_read(void **state)
{
	struct wf_request request;
	struct wf_error error;

	(void)state;
	assert_int_equal(read_request(BYTES("\x94\x01\xc0\xa1x\xc0"), &request, &error), 0);
	assert_false(request.has_msgid);
	assert_refused(BYTES("\x94\x01\xa1z\xa1x\xc0"), "msgid: expected an integer, got a string", -1);
}

static void wide_msgids_are_echoed(void **state)
{
	struct wf_request request;
	struct wf_error error;

	(void)state;
	assert_int_equal(read_request(BYTES("\x94\x00\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1m\x90"), &request, &error),
			 0);
	assert_true(request.msgid == UINT64_MAX);
}

static void what_is_no_request_is_refused_in_words(void **state)
{
	(void)state;
	assert_refused(BYTES("\x80"), "expected [0, msgid, method, params], got a map", -1);
	assert_refused(BYTES("\x05"), "expected [0, msgid, method, params], got an integer", -1);
	assert_refused(BYTES("\x90"), "type: expected an integer, but it is missing", -1);
	assert_refused(BYTES("\x94\x03\x07\xa1m\x90"), "type: expected 0 to 2, got 3", -1);
	assert_refused(BYTES("\x94\xff\x07\xa1m\x90"), "type: expected 0 to 2, got a negative integer", -1);
	assert_refused(BYTES("\x94\xa1z\x07\xa1m\x90"), "type: expected an integer, got a string", -1);
	assert_refused(BYTES("\x93\x00\xa1x\x03"), "expected [0, msgid, method, params], got an array of 3 elements",
		       -1);
	assert_refused(BYTES("\x93\x00\x09\x03"), "expected [0, msgid, method, params], got an array of 3 elements", 9);
	assert_refused(BYTES("\x95\x00\x09\xa1m\x90\xc0"),
		       "expected [0, msgid, method, params], got an array of 5 elements", 9);
	assert_refused(BYTES("\x94\x02\x09\xa1m\x90"), "expected [2, method, params], got an array of 4 elements", -1);
	assert_refused(BYTES("\x94\x00\x09\x05\x90"), "method: expected a string, got an integer", 9);
	assert_refused(BYTES("\x94\x00\x09\xa1m\x80"), "params: expected an array, got a map", 9);
	assert_refused(BYTES("\x94\x00\x09\xa1m\xc0"), "params: expected an array, got nil", 9);
	assert_refused(BYTES("\x94\x00\xff\xa1m\x90"),
		       "msgid: expected 0 to 18446744073709551615, got a negative integer", -1);
	assert_refused(BYTES("\x94\x00\xc0\xa1m\x90"), "msgid: expected an integer, got nil", -1);
	assert_refused(BYTES("\x93\x02\x05\x90"), "method: expected a string, got an integer", -1);
}

/* --- wf_request_params --- */

static void the_number_of_params_is_checked(void **state)
{
	struct wf_message *message = one_message(BYTES("\x94\x00\x07\xa1m\x92\x05\xa1x"));
	struct wf_request request;
	struct wf_error error;
	struct wf_cursor params;
	struct wf_cursor id;

	(void)state;
	assert_int_equal(wf_request_of(wf_message_root(message), &request, &error), 0);
	params = wf_request_params(&request, 2, 2, "[id, x]", &error);
	assert_false(wf_cursor_failed(&params));
	id = wf_cursor_element(&params, 0, "id");
	(void)wf_cursor_string(&id, 1, 512);
	assert_string_equal(error.text, "id: expected a string, got an integer");
	params = wf_request_params(&request, 1, 1, "[article]", &error);
	assert_int_equal(error.code, WF_EBADREQUEST);
	assert_string_equal(error.text, "params: expected [article], got 2 elements");
	params = wf_request_params(&request, 3, 3, "[a, b, c]", &error);
	assert_true(wf_cursor_failed(&params));
	wf_message_free(message);
}

/* --- writing --- */

static void messages_are_written_as_the_protocol_has_them(void **state)
{
	const struct wf_error error = {.code = WF_EBADREQUEST, .text = "no"};
	const struct wf_error wordless = {.code = WF_ENOTFOUND};
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 0);
	wf_response_start(&pack, 7);
	wf_pack_boolean(&pack, true);
	assert_pack_is(&pack, BYTES("\x94\x01\x07\xc0\xc3"));
	wf_response_error(&pack, true, 300, &error);
	assert_pack_is(&pack, BYTES("\x94\x01\xcd\x01\x2c\x92\xab"
				    "bad_request\xa2no\xc0"));
	wf_response_error(&pack, false, 0, &error);
	assert_pack_is(&pack, BYTES("\x94\x01\xc0\x92\xab"
				    "bad_request\xa2no\xc0"));
	wf_error_pack(&pack, &wordless);
	assert_pack_is(&pack, BYTES("\x92\xa9not_found\xa9not found"));
	wf_request_start(&pack, 0, wf_bytes_of("add"), 1);
	wf_pack_nil(&pack);
	assert_pack_is(&pack, BYTES("\x94\x00\x00\xa3"
				    "add\x91\xc0"));
	wf_notification_start(&pack, wf_bytes_of("event"), 0);
	assert_pack_is(&pack, BYTES("\x93\x02\xa5"
				    "event\x90"));
	wf_pack_close(&pack);
}

static void error_words_are_readable_whatever_they_quote(void **state)
{
	struct wf_error error = {.code = WF_ENOTFOUND,
				 .text = "a\xff\xc3\xa9\n\xe2\x82\xac\xed\xa0\x80\xc0\x80\xf0\x9f\x98\x80\xe2\x82"};
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 0);
	wf_error_pack(&pack, &error);
	assert_pack_is(&pack, BYTES("\x92\xa9not_found\xb3"
				    "a?\xc3\xa9?\xe2\x82\xac?????\xf0\x9f\x98\x80??"));
	wf_pack_close(&pack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_three_kinds_are_read),
		cmocka_unit_test(a_response_to_nobody_is_read),
		cmocka_unit_test(wide_msgids_are_echoed),
		cmocka_unit_test(what_is_no_request_is_refused_in_words),
		cmocka_unit_test(the_number_of_params_is_checked),
		cmocka_unit_test(messages_are_written_as_the_protocol_has_them),
		cmocka_unit_test(error_words_are_readable_whatever_they_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
