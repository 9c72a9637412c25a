#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "options.h"

#define NOW 1762164000 /* 2025-11-03T10:00:00Z */

#define ARGUMENTS_MAX 16

struct values {
	bool flag;
	const char *text;
	uint64_t number;
	uint64_t bytes;
	int64_t time;
	int count;
	char *arguments[ARGUMENTS_MAX];
	char storage[ARGUMENTS_MAX][64];
	struct wf_error error;
};

/* Helpers */

static int parse(struct values *values, bool stops, int count, const char *const *given)
{
	const struct wf_option options[] = {
		{"flag", WF_OPTION_FLAG, NULL, "a flag", .flag = &values->flag},
		{"text", WF_OPTION_TEXT, "TEXT", "a text", .text = &values->text},
		{"number", WF_OPTION_NUMBER, "N", "a number", 1, 1000, .number = &values->number},
		{"bytes", WF_OPTION_BYTES, "SIZE", "a size", 1, UINT64_C(1) << 40, .number = &values->bytes},
		{"since", WF_OPTION_TIME, "TIME", "a time", .time = &values->time},
	};
	const struct wf_option_set sets[] = {{options, 5}, {NULL, 0}};

	*values = (struct values){0};
	for (int i = 0; i < count; i++)
		values->arguments[i] = strcpy(values->storage[i], given[i]);
	return wf_options_parse(sets, values->arguments, count, stops, NOW, &values->error);
}

#define parse_all(values, ...) \
	parse(values, false, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *const[]){__VA_ARGS__})

static void is_refused(int result, const struct values *values, const char *words)
{
	assert_int_equal(result, WF_EBADREQUEST);
	if (strstr(values->error.text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", values->error.text, words);
}

/* wf_options_parse */

static void options_and_arguments_come_in_any_order(void **state)
{
	struct values values;

	(void)state;
	assert_int_equal(parse_all(&values, "a", "--flag", "b", "--text=x=y", "--number", "7", "-"), 3);
	assert_true(values.flag);
	assert_string_equal(values.text, "x=y");
	assert_int_equal(values.number, 7);
	assert_string_equal(values.arguments[0], "a");
	assert_string_equal(values.arguments[1], "b");
	assert_string_equal(values.arguments[2], "-");
}

static void what_follows_two_dashes_is_no_option(void **state)
{
	struct values values;

	(void)state;
	assert_int_equal(parse_all(&values, "--", "--flag", "-x"), 2);
	assert_false(values.flag);
	assert_string_equal(values.arguments[0], "--flag");
}

static void parsing_can_stop_at_the_command(void **state)
{
	static const char *const given[] = {"--flag", "feed", "--unknown"};
	struct values values;

	(void)state;
	assert_int_equal(parse(&values, true, 3, given), 2);
	assert_true(values.flag);
	assert_string_equal(values.arguments[1], "--unknown");
}

static void sizes_and_times_have_units(void **state)
{
	struct values values;

	(void)state;
	assert_int_equal(parse_all(&values, "--bytes", "64M", "--since", "2d"), 0);
	assert_int_equal(values.bytes, 64u << 20);
	assert_int_equal(values.time, NOW - 2 * 86400);
	assert_int_equal(parse_all(&values, "--since", "2025-11-03"), 0);
	assert_int_equal(values.time, NOW - 36000);
}

static void wrong_use_is_told_in_words(void **state)
{
	struct values values;

	(void)state;
	is_refused(parse_all(&values, "--nosuch"), &values, "unknown option \"--nosuch\"");
	is_refused(parse_all(&values, "-flag"), &values, "unknown option \"-flag\"");
	is_refused(parse_all(&values, "--number"), &values, "--number needs a value: N");
	is_refused(parse_all(&values, "--number", "x"), &values, "--number: expected a number, got \"x\"");
	is_refused(parse_all(&values, "--number", "-1"), &values, "--number: expected a number");
	is_refused(parse_all(&values, "--number", "1M"), &values, "--number: expected a number");
	is_refused(parse_all(&values, "--number", "0"), &values, "between 1 and 1000");
	is_refused(parse_all(&values, "--number", "1001"), &values, "between 1 and 1000");
	is_refused(parse_all(&values, "--number", "99999999999999999999"), &values, "expected a number");
	is_refused(parse_all(&values, "--bytes", "999999999999G"), &values, "expected a number");
	is_refused(parse_all(&values, "--since", "some day"), &values, "--since: expected a date");
	is_refused(parse_all(&values, "--flag=1"), &values, "--flag takes no value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_arguments_come_in_any_order),
		cmocka_unit_test(what_follows_two_dashes_is_no_option),
		cmocka_unit_test(parsing_can_stop_at_the_command),
		cmocka_unit_test(sizes_and_times_have_units),
		cmocka_unit_test(wrong_use_is_told_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
