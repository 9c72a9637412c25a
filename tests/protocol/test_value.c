#include "one_message.h"
#include "value.h"

/* --- helpers --- */

static struct wf_cursor root_of(const struct wf_message *message, struct wf_error *error)
{
	return wf_cursor_of(wf_message_root(message), NULL, WF_EBADREQUEST, error);
}

/* Reads `bytes` as an integer; returns the code. */
static int read_integer(struct wf_bytes bytes, int64_t *number, struct wf_error *error)
{
	struct wf_message *message = one_message(bytes);
	const struct wf_cursor root = root_of(message, error);

	*number = wf_cursor_integer(&root);
	wf_message_free(message);
	return error->code;
}

static void assert_integer(struct wf_bytes bytes, int64_t expected)
{
	struct wf_error error;
	int64_t number;

	assert_int_equal(read_integer(bytes, &number, &error), 0);
	assert_true(number == expected);
}

/* --- values --- */

static void every_kind_has_its_phrase(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *phrase;
	} cases[] = {
		{"\xc0", 1, "nil"},
		{"\xc2", 1, "a boolean"},
		{"\x05", 1, "an integer"},
		{"\xff", 1, "an integer"},
		{"\xca\0\0\0\0", 5, "a float"},
		{"\xa1x", 2, "a string"},
		{"\xc4\x01x", 3, "a binary"},
		{"\x90", 1, "an array"},
		{"\x80", 1, "a map"},
		{"\xd4\x05x", 3, "an extension"},
		{"\xc7\x00\x05", 3, "an extension"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct wf_message *message = one_message((struct wf_bytes){cases[i].bytes, cases[i].length});

		assert_string_equal(wf_value_kind_phrase(wf_value_kind(wf_message_root(message))), cases[i].phrase);
		wf_message_free(message);
	}
}

static void no_value_reads_as_nil(void **state)
{
	const struct wf_value none = {NULL};
	uint64_t number;

	(void)state;
	assert_int_equal(wf_value_kind(none), WF_VALUE_NIL);
	assert_null(wf_value_bytes(none).data);
	assert_int_equal(wf_value_count(none), 0);
	assert_false(wf_value_unsigned(none, &number));
	assert_null(wf_value_field(none, "x").object);
}

static void of_a_key_given_twice_the_last_counts(void **state)
{
	struct wf_message *message = one_message(BYTES("\x84\xa1k\x01\x05\x02\xa1k\x03\xc0\x04"));
	uint64_t number = 0;

	(void)state;
	assert_true(wf_value_unsigned(wf_value_field(wf_message_root(message), "k"), &number));
	assert_int_equal(number, 3);
	wf_message_free(message);
}

static void an_empty_string_is_not_an_absent_one(void **state)
{
	struct wf_message *message = one_message(BYTES("\x92\xa0\xc4\x00"));

	(void)state;
	assert_non_null(wf_value_bytes(wf_value_element(wf_message_root(message), 0)).data);
	assert_non_null(wf_value_bytes(wf_value_element(wf_message_root(message), 1)).data);
	wf_message_free(message);
}

/* --- cursors --- */

static void integers_of_every_width_are_read(void **state)
{
	(void)state;
	assert_integer(BYTES("\x7f"), 127);
	assert_integer(BYTES("\xe0"), -32);
	assert_integer(BYTES("\xcc\xff"), 255);
	assert_integer(BYTES("\xcd\xff\xff"), 65535);
	assert_integer(BYTES("\xce\xff\xff\xff\xff"), 4294967295);
	assert_integer(BYTES("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), INT64_MAX);
	assert_integer(BYTES("\xd0\x80"), -128);
	assert_integer(BYTES("\xd1\x80\x00"), -32768);
	assert_integer(BYTES("\xd2\x80\x00\x00\x00"), -2147483648LL);
	assert_integer(BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), INT64_MIN);
	assert_integer(BYTES("\xd3\x00\x00\x00\x00\x00\x00\x00\x01"), 1);
}

static void an_integer_above_63_bits_is_refused(void **state)
{
	struct wf_error error;
	int64_t number;

	(void)state;
	assert_int_equal(read_integer(BYTES("\xcf\x80\x00\x00\x00\x00\x00\x00\x00"), &number, &error), WF_EBADREQUEST);
	assert_string_equal(error.text, "expected an integer below 2^63, got 9223372036854775808");
}

static void a_float_is_no_integer(void **state)
{
	struct wf_error error;
	int64_t number;

	(void)state;
	assert_int_equal(read_integer(BYTES("\xca\x40\x40\x00\x00"), &number, &error), WF_EBADREQUEST);
	assert_string_equal(error.text, "expected an integer, got a float");
}

static void an_error_names_its_place(void **state)
{
	struct wf_message *message = one_message(BYTES("\x92\x01\x92\x80\x81\xa4text\x05"));
	struct wf_error error;
	const struct wf_cursor root = root_of(message, &error);
	const struct wf_cursor list = wf_cursor_element(&root, 1, "articles");
	const struct wf_cursor article = wf_cursor_element(&list, 1, NULL);
	const struct wf_cursor text = wf_cursor_field(&article, "text");

	(void)state;
	assert_int_equal(wf_cursor_array(&list, 2), 2);
	assert_null(wf_cursor_string(&text, 0, 10).data);
	assert_int_equal(error.code, WF_EBADREQUEST);
	assert_string_equal(error.text, "articles[1].text: expected a string, got an integer");
	wf_message_free(message);
}

static void the_first_error_stays(void **state)
{
	struct wf_message *message = one_message(BYTES("\x82\xa1"
						       "a\x05\xa1"
						       "b\x06"));
	struct wf_error error;
	const struct wf_cursor root = root_of(message, &error);
	const struct wf_cursor a = wf_cursor_field(&root, "a");
	const struct wf_cursor b = wf_cursor_field(&root, "b");

	(void)state;
	assert_false(wf_cursor_boolean(&a));
	assert_int_equal(wf_cursor_unsigned(&b, 10), 0);
	assert_int_equal(wf_cursor_fail(&b, WF_ETOOLARGE, "other"), WF_EBADREQUEST);
	assert_string_equal(error.text, "a: expected a boolean, got an integer");
	wf_message_free(message);
}

static void a_missing_field_says_so(void **state)
{
	struct wf_message *message = one_message(BYTES("\x80"));
	struct wf_error error;
	const struct wf_cursor root = root_of(message, &error);
	const struct wf_cursor id = wf_cursor_field(&root, "id");

	(void)state;
	assert_true(wf_cursor_is_absent(&id));
	(void)wf_cursor_string(&id, 1, 2);
	assert_string_equal(error.text, "id: expected a string, but it is missing");
	wf_message_free(message);
}

static void strings_have_bounds(void **state)
{
	static const char *const bytes[] = {"\xa0",
					    "\xa1"
					    "a",
					    "\xa2"
					    "aa",
					    "\xa3"
					    "aaa"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct wf_message *message = one_message(wf_bytes_of(bytes[i]));
		struct wf_error error;
		const struct wf_cursor root = root_of(message, &error);

		(void)wf_cursor_string(&root, 1, 2);
		assert_int_equal(error.code, i == 1 || i == 2 ? 0 : WF_EBADREQUEST);
		if (i == 3)
			assert_string_equal(error.text, "expected 1 to 2 bytes, got 3");
		wf_message_free(message);
	}
}

static void unsigned_numbers_have_bounds(void **state)
{
	struct wf_message *message = one_message(BYTES("\x93\x0a\x0b\xff"));
	struct wf_error error;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct wf_cursor root = root_of(message, &error);
		const struct wf_cursor at = wf_cursor_element(&root, i, "limit");

		assert_int_equal(wf_cursor_unsigned(&at, 10), i == 0 ? 10 : 0);
		assert_string_equal(error.text, i == 0   ? ""
						: i == 1 ? "limit: expected 0 to 10, got 11"
							 : "limit: expected 0 to 10, got a negative integer");
	}
	wf_message_free(message);
}

static void counts_have_bounds(void **state)
{
	struct wf_message *message = one_message(BYTES("\x93\x01\x02\x03"));
	struct wf_error error;
	const struct wf_cursor root = root_of(message, &error);

	(void)state;
	assert_int_equal(wf_cursor_array(&root, 3), 3);
	assert_int_equal(wf_cursor_array(&root, 2), 0);
	assert_int_equal(error.code, WF_ETOOLARGE);
	assert_string_equal(error.text, "expected at most 2 elements, got 3");
	wf_message_free(message);
}

static void an_element_past_the_end_is_absent(void **state)
{
	struct wf_message *message = one_message(BYTES("\x91\x01"));
	struct wf_error error;
	const struct wf_cursor root = root_of(message, &error);
	const struct wf_cursor at = wf_cursor_element(&root, 1, "filter");

	(void)state;
	assert_true(wf_cursor_is_absent(&at));
	wf_message_free(message);
}

static void numbers_may_be_integers_but_not_nan(void **state)
{
	struct wf_message *message = one_message(BYTES("\x94\x03\xff\xcb\x3f\xe0\0\0\0\0\0\0\xcb\x7f\xf8\0\0\0\0\0\0"));
	static const double expected[] = {3, -1, 0.5, 0};
	struct wf_error error;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct wf_cursor root = root_of(message, &error);
		const struct wf_cursor at = wf_cursor_element(&root, i, NULL);

		assert_true(wf_cursor_number(&at) == expected[i]);
		assert_int_equal(error.code, i == 3 ? WF_EBADREQUEST : 0);
	}
	wf_message_free(message);
}

static void a_place_longer_than_the_room_is_cut(void **state)
{
	char name[400];
	struct wf_error error;
	struct wf_cursor root;

	(void)state;
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	root = wf_cursor_of((struct wf_value){NULL}, name, WF_EBADREQUEST, &error);
	for (int i = 0; i < 3; i++) {
		const struct wf_cursor child = wf_cursor_field(&root, name);

		(void)wf_cursor_fail(&child, WF_EBADREQUEST, "%s", name);
	}
	assert_int_equal(error.code, WF_EBADREQUEST);
	assert_true(strlen(error.text) < sizeof error.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_its_phrase),
		cmocka_unit_test(no_value_reads_as_nil),
		cmocka_unit_test(of_a_key_given_twice_the_last_counts),
		cmocka_unit_test(an_empty_string_is_not_an_absent_one),
		cmocka_unit_test(integers_of_every_width_are_read),
		cmocka_unit_test(an_integer_above_63_bits_is_refused),
		cmocka_unit_test(a_float_is_no_integer),
		cmocka_unit_test(an_error_names_its_place),
		cmocka_unit_test(the_first_error_stays),
		cmocka_unit_test(a_missing_field_says_so),
		cmocka_unit_test(strings_have_bounds),
		cmocka_unit_test(unsigned_numbers_have_bounds),
		cmocka_unit_test(counts_have_bounds),
		cmocka_unit_test(an_element_past_the_end_is_absent),
		cmocka_unit_test(numbers_may_be_integers_but_not_nan),
		cmocka_unit_test(a_place_longer_than_the_room_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
