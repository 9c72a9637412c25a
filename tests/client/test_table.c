#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "table.h"
#include "terminal.h"

static const struct wf_table_column columns[] = {
	{"N", WF_ALIGN_RIGHT, SIZE_MAX},
	{"TITLE", WF_ALIGN_LEFT, 8},
	{"ID", WF_ALIGN_LEFT, 4},
};

/* Helpers */

static int locale_set_up(void **state)
{
	struct wf_terminal terminal;

	(void)state;
	wf_terminal_init(&terminal);
	return 0;
}

static void row_add(struct wf_table *table, uint64_t number, const char *title, const char *id)
{
	assert_int_equal(wf_table_add_number(table, number), 0);
	assert_int_equal(wf_table_add(table, wf_bytes_of(title)), 0);
	assert_int_equal(wf_table_add(table, wf_bytes_of(id)), 0);
}

static void prints_as(struct wf_table *table, size_t width, bool has_colour, const char *wanted)
{
	char *printed;
	size_t length;
	FILE *file = open_memstream(&printed, &length);

	wf_table_print(table, file, width, has_colour);
	fclose(file);
	assert_string_equal(printed, wanted);
	free(printed);
}

static void written_is(const char *text, size_t columns_max, const char *wanted)
{
	char *written;
	size_t length;
	FILE *file = open_memstream(&written, &length);

	wf_terminal_write(file, wf_bytes_of(text), columns_max);
	fclose(file);
	assert_string_equal(written, wanted);
	free(written);
}

/* wf_table_print */

static void columns_line_up_and_numbers_stand_right(void **state)
{
	struct wf_table table;

	(void)state;
	wf_table_init(&table, columns, 3);
	row_add(&table, 7, "short", "a");
	row_add(&table, 1234, "a longer title", "b");
	prints_as(&table, SIZE_MAX, false,
		  "   N  TITLE           ID\n"
		  "   7  short           a\n"
		  "1234  a longer title  b\n");
	wf_table_close(&table);
}

static void wide_and_combining_characters_line_up(void **state)
{
	struct wf_table table;

	(void)state;
	wf_table_init(&table, columns, 3);
	row_add(&table, 1, "\xe6\x97\xa5\xe6\x9c\xac", "a"); /* two ideographs, four columns */
	row_add(&table, 2, "e\xcc\x81t\xcc\xa3", "b");       /* two letters with marks, two columns */
	prints_as(&table, SIZE_MAX, false,
		  "N  TITLE  ID\n"
		  "1  \xe6\x97\xa5\xe6\x9c\xac   a\n"
		  "2  e\xcc\x81t\xcc\xa3     b\n");
	wf_table_close(&table);
}

static void the_widest_column_gives_way_first_and_numbers_never(void **state)
{
	struct wf_table table;

	(void)state;
	wf_table_init(&table, columns, 3);
	row_add(&table, 123456, "a title of some length", "identifier");
	prints_as(&table, 30, false,
		  "     N  TITLE       ID\n"
		  "123456  a title o\xe2\x80\xa6  identifier\n");
	wf_table_close(&table);
	wf_table_init(&table, columns, 3);
	row_add(&table, 123456, "a title of some length", "identifier");
	prints_as(&table, 5, false,
		  "     N  TITLE     ID\n"
		  "123456  a title\xe2\x80\xa6  ide\xe2\x80\xa6\n");
	wf_table_close(&table);
}

static void later_pages_keep_widths_and_have_no_heading(void **state)
{
	struct wf_table table;

	(void)state;
	wf_table_init(&table, columns, 3);
	row_add(&table, 100, "first page", "a");
	prints_as(&table, SIZE_MAX, true, "\033[1m  N  TITLE       ID\033[0m\n100  first page  a\n");
	row_add(&table, 1, "x", "b");
	prints_as(&table, SIZE_MAX, true, "  1  x           b\n");
	wf_table_close(&table);
}

/* wf_terminal_write */

static void what_could_drive_a_terminal_is_not_written(void **state)
{
	(void)state;
	written_is("a\033[31mb\r\nc\x7f", 80, "a [31mb  c ");
	written_is("\xc2\x9b"
		   "31m",
		   80, " 31m"); /* the one-byte form of escape and bracket */
	written_is("a\xe2\x80\xae"
		   "b",
		   80,
		   "a\xef\xbf\xbd"
		   "b"); /* right-to-left override */
	written_is("\xff\xc0\x80", 80, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void a_cut_never_splits_a_wide_character(void **state)
{
	(void)state;
	written_is("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 6, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
	written_is("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5, "\xe6\x97\xa5\xe6\x9c\xac\xe2\x80\xa6");
	written_is("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 4, "\xe6\x97\xa5\xe2\x80\xa6");
	written_is("abc", 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_line_up_and_numbers_stand_right),
		cmocka_unit_test(wide_and_combining_characters_line_up),
		cmocka_unit_test(the_widest_column_gives_way_first_and_numbers_never),
		cmocka_unit_test(later_pages_keep_widths_and_have_no_heading),
		cmocka_unit_test(what_could_drive_a_terminal_is_not_written),
		cmocka_unit_test(a_cut_never_splits_a_wide_character),
	};

	return cmocka_run_group_tests(tests, locale_set_up, NULL);
}
