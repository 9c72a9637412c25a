#include "one_message.h"
#include "wire_error.h"

static void every_code_has_one_of_the_eight_words(void **state)
{
	static const struct {
		int code;
		const char *word;
	} cases[] = {
		{WF_EBADREQUEST, "bad_request"},
		{WF_EMALFORMED, "bad_request"},
		{WF_ENOMETHOD, "no_such_method"},
		{WF_EBADARTICLE, "bad_article"},
		{WF_ETOOLARGE, "too_large"},
		{WF_ENOTFOUND, "not_found"},
		{WF_EDENIED, "denied"},
		{WF_EOVERLOADED, "overloaded"},
		{WF_ENOMEM, "overloaded"},
		{WF_EFULL, "overloaded"},
		{WF_EINTERNAL, "internal"},
		{WF_ECORRUPT, "internal"},
		{-EIO, "internal"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(wf_wire_error_word(cases[i].code), cases[i].word);
}

static void every_word_gives_its_code_back(void **state)
{
	static const int codes[] = {WF_EBADREQUEST, WF_ENOMETHOD, WF_EBADARTICLE, WF_ETOOLARGE,
				    WF_ENOTFOUND,   WF_EDENIED,   WF_EOVERLOADED, WF_EINTERNAL};

	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		assert_int_equal(wf_wire_error_code(wf_bytes_of(wf_wire_error_word(codes[i]))), codes[i]);
	assert_int_equal(wf_wire_error_code(wf_bytes_of("bad_reques")), WF_EINTERNAL);
	assert_int_equal(wf_wire_error_code((struct wf_bytes){NULL, 0}), WF_EINTERNAL);
}

static int error_of(struct wf_bytes bytes, struct wf_error *error)
{
	struct wf_message *message = one_message(bytes);
	const int code = wf_wire_error_of(wf_message_root(message), error);

	wf_message_free(message);
	assert_int_equal(code, error->code);
	return code;
}

static void errors_of_any_shape_are_understood(void **state)
{
	struct wf_error error;

	(void)state;
	assert_int_equal(error_of(BYTES("\xc0"), &error), 0);
	assert_int_equal(error_of(BYTES("\x92\xa9not_found\xa6gone: "), &error), WF_ENOTFOUND);
	assert_string_equal(error.text, "gone: ");
	assert_int_equal(error_of(BYTES("\xa4oops"), &error), WF_EINTERNAL);
	assert_string_equal(error.text, "oops");
	assert_int_equal(error_of(BYTES("\x91\xa6"
					"denied"),
				  &error),
			 WF_EDENIED);
	assert_string_equal(error.text, "not allowed");
	assert_int_equal(error_of(BYTES("\xa2\0a"), &error), WF_EINTERNAL);
	assert_string_equal(error.text, "internal error");
	assert_int_equal(error_of(BYTES("\x90"), &error), WF_EINTERNAL);
	assert_int_equal(error_of(BYTES("\x05"), &error), WF_EINTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_one_of_the_eight_words),
		cmocka_unit_test(every_word_gives_its_code_back),
		cmocka_unit_test(errors_of_any_shape_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
