#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

static void assert_line(const struct wf_log_field *fields, const char *expected)
{
	char line[WF_LOG_LINE_BYTES];
	const size_t length = wf_log_line(line, sizeof line, WF_LOG_INFO, "fact", fields);

	assert_int_equal(length, strlen(expected));
	assert_memory_equal(line, expected, length);
}

static void a_line_has_its_fields_in_order(void **state)
{
	const struct wf_log_field fields[] = {wf_log_count("articles", 7),
					      wf_log_text("address", "tcp://127.0.0.1:1"),
					      wf_log_seconds("took", 1.5),
					      {.kind = WF_LOG_FIELD_END}};

	(void)state;
	assert_line(fields, "level=info fact=fact articles=7 address=tcp://127.0.0.1:1 took=1.500\n");
	assert_line(NULL, "level=info fact=fact\n");
}

static void text_cannot_break_out_of_its_field(void **state)
{
	const struct wf_log_field fields[] = {wf_log_text("a", "x y=\"z\"\n\\\x01"),
					      wf_log_text("b", ""),
					      wf_log_text("c", NULL),
					      {.kind = WF_LOG_FIELD_END}};

	(void)state;
	assert_line(fields, "level=info fact=fact a=\"x y=\\\"z\\\"\\n\\\\\\x01\" b=\"\" c=\"\"\n");
}

static void a_line_that_is_too_long_is_cut_and_still_a_line(void **state)
{
	char text[3 * WF_LOG_LINE_BYTES];
	char line[WF_LOG_LINE_BYTES];
	size_t length;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	{
		const struct wf_log_field fields[] = {wf_log_text("text", text), {.kind = WF_LOG_FIELD_END}};

		length = wf_log_line(line, sizeof line, WF_LOG_ERROR, "fact", fields);
	}
	assert_int_equal(length, sizeof line);
	assert_int_equal(line[length - 1], '\n');
}

static void lines_above_the_level_are_not_written(void **state)
{
	int ends[2];
	char text[WF_LOG_LINE_BYTES];
	ssize_t length;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	{
		const struct wf_log log = {.descriptor = ends[1], .level = WF_LOG_WARNING};

		wf_log(&log, WF_LOG_INFO, "quiet", wf_log_count("n", 1));
		wf_log(&log, WF_LOG_WARNING, "loud", wf_log_count("n", 2));
	}
	length = read(ends[0], text, sizeof text - 1);
	assert_true(length > 0);
	text[length] = '\0';
	assert_null(strstr(text, "quiet"));
	assert_non_null(strstr(text, "Z level=warning fact=loud n=2\n"));
	assert_memory_equal(text, "time=2", 6);
	close(ends[0]);
	close(ends[1]);
}

static void words_and_levels_agree(void **state)
{
	enum wf_log_level level;

	(void)state;
	assert_true(wf_log_level_of("debug", &level));
	assert_int_equal(level, WF_LOG_DEBUG);
	assert_string_equal(wf_log_level_word(WF_LOG_ERROR), "error");
	assert_false(wf_log_level_of("loud", &level));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_its_fields_in_order),
		cmocka_unit_test(text_cannot_break_out_of_its_field),
		cmocka_unit_test(a_line_that_is_too_long_is_cut_and_still_a_line),
		cmocka_unit_test(lines_above_the_level_are_not_written),
		cmocka_unit_test(words_and_levels_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
