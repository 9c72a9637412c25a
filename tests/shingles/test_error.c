#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void every_code_has_its_sentence(void **state)
{
	(void)state;
#define X(name, value, sentence) assert_string_equal(wf_error_sentence(WF_E##name), sentence);
	WF_ERROR_MAP(X)
#undef X
	assert_string_equal(wf_error_sentence(WF_OK), "done");
}

static void codes_of_the_system_pass_through(void **state)
{
	(void)state;
	assert_string_equal(wf_error_sentence(-EACCES), "Permission denied");
	assert_non_null(wf_error_sentence(-4095));
	assert_non_null(wf_error_sentence(12345));
}

static void our_codes_differ(void **state)
{
	static const int codes[] = {
#define X(name, value, sentence) WF_E##name,
		WF_ERROR_MAP(X)
#undef X
	};

	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		assert_true(codes[i] < 0);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(codes[i], codes[j]);
	}
}

static void an_error_is_set_and_its_code_returned(void **state)
{
	struct wf_error error;

	(void)state;
	assert_int_equal(wf_error_set(&error, WF_EBADARTICLE, "%s: %d", "text", 5), WF_EBADARTICLE);
	assert_int_equal(error.code, WF_EBADARTICLE);
	assert_string_equal(error.text, "text: 5");
	assert_int_equal(wf_error_set(NULL, WF_ENOMEM, "unheard"), WF_ENOMEM);
}

static void a_long_text_is_cut(void **state)
{
	struct wf_error error;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	(void)wf_error_set(&error, WF_EINTERNAL, "%s", text);
	assert_int_equal(strlen(error.text), WF_ERROR_TEXT_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_its_sentence),
		cmocka_unit_test(codes_of_the_system_pass_through),
		cmocka_unit_test(our_codes_differ),
		cmocka_unit_test(an_error_is_set_and_its_code_returned),
		cmocka_unit_test(a_long_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
