/* Lines of running text: broken where they may be, by the columns that characters take. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout.h"

/* All lines as they are printed, each with its columns before it. */
static char *printed(const struct wf_layout *layout, bool has_colour)
{
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);

	assert_non_null(file);
	for (size_t i = 0; i < wf_layout_lines_count(layout); i++) {
		fprintf(file, "%zu:", layout->lines[i].width);
		assert_int_equal(wf_layout_print_line(layout, i, file, has_colour), layout->lines[i].width);
		putc('\n', file);
	}
	assert_int_equal(fclose(file), 0);
	return text;
}

static void assert_lines(size_t width, const char *text, const char *lines)
{
	struct wf_layout layout;
	char *shown;

	wf_layout_init(&layout, width);
	wf_layout_add(&layout, wf_bytes_of(text), WF_STYLE_PLAIN);
	shown = printed(&layout, false);
	assert_string_equal(shown, lines);
	free(shown);
	wf_layout_close(&layout);
}

static void lines_are_broken_at_blanks_and_blanks_are_dropped_there(void **state)
{
	(void)state;
	assert_lines(9, "one two three", "7:one two\n5:three\n");
	assert_lines(7, "one two three", "7:one two\n5:three\n");
	assert_lines(8, "one two three", "7:one two\n5:three\n");
	assert_lines(6, "one two   three", "3:one\n3:two\n5:three\n");
	assert_lines(SIZE_MAX, "one two three", "13:one two three\n");
}

static void a_word_that_is_too_long_is_broken_anywhere(void **state)
{
	(void)state;
	assert_lines(4, "abcdefghij kl", "4:abcd\n4:efgh\n2:ij\n2:kl\n");
}

static void wide_characters_take_two_columns_and_break_behind_each(void **state)
{
	(void)state;
	assert_lines(8, "ab 央行周二", "7:ab 央行\n4:周二\n");
	assert_lines(5, "央行周二", "4:央行\n4:周二\n");
	assert_lines(3, "e\xcc\x81t\xc3\xa9s", "3:e\xcc\x81t\xc3\xa9\n1:s\n");
}

static void newlines_end_lines_and_one_empty_line_is_kept(void **state)
{
	(void)state;
	assert_lines(20, "\n\none\ntwo\n\n\n\nthree\n\n", "3:one\n3:two\n0:\n5:three\n");
	assert_lines(20, "  one\n   two", "3:one\n3:two\n");
	assert_lines(20, "", "");
	assert_lines(20, " \n \n", "");
}

static void what_is_not_for_terminals_is_replaced(void **state)
{
	(void)state;
	assert_lines(20, "a\tb\033c\xff", "6:a b c\xef\xbf\xbd\n");
}

static void a_word_of_several_styles_stays_together(void **state)
{
	struct wf_layout layout;
	char *shown;

	(void)state;
	wf_layout_init(&layout, 8);
	for (int round = 0; round < 2; round++) {
		wf_layout_add(&layout, wf_bytes_of("one tw"), WF_STYLE_PLAIN);
		wf_layout_add(&layout, wf_bytes_of("ofol"), WF_STYLE_BAD);
		wf_layout_add(&layout, wf_bytes_of("d end"), WF_STYLE_GOOD);
		shown = printed(&layout, true);
		assert_string_equal(shown, "3:one\n7:tw\033[31mofol\033[0m\033[32md\033[0m\n3:\033[32mend\033[0m\n");
		free(shown);
		wf_layout_reset(&layout);
		assert_int_equal(wf_layout_lines_count(&layout), 0);
	}
	wf_layout_close(&layout);
}

static void a_line_that_is_not_there_prints_nothing(void **state)
{
	struct wf_layout layout;

	(void)state;
	wf_layout_init(&layout, 8);
	assert_int_equal(wf_layout_print_line(&layout, 0, stdout, true), 0);
	wf_layout_add(&layout, wf_bytes_of("x"), WF_STYLE_PLAIN);
	assert_int_equal(wf_layout_print_line(&layout, 1, stdout, true), 0);
	wf_layout_close(&layout);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_broken_at_blanks_and_blanks_are_dropped_there),
		cmocka_unit_test(a_word_that_is_too_long_is_broken_anywhere),
		cmocka_unit_test(wide_characters_take_two_columns_and_break_behind_each),
		cmocka_unit_test(newlines_end_lines_and_one_empty_line_is_kept),
		cmocka_unit_test(what_is_not_for_terminals_is_replaced),
		cmocka_unit_test(a_word_of_several_styles_stays_together),
		cmocka_unit_test(a_line_that_is_not_there_prints_nothing),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
