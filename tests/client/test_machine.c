/* What a machine can do: figures that are there, no file left behind, and a folder that cannot be written said by
 * name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine.h"

static void figures_are_positive_and_the_folder_stays_empty(void **state)
{
	char folder[] = "wf-machine-XXXXXX";
	struct wf_machine machine = {0};
	struct wf_error error = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(wf_machine_measure(&machine, folder, &error), 0);
	assert_true(machine.copy_bytes_per_second > 1e6);
	assert_true(machine.write_bytes_per_second > 1e3);
	assert_true(machine.sync_us > 0);
	/* Only an empty folder can be removed. */
	assert_int_equal(rmdir(folder), 0);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	struct wf_machine machine = {0};
	struct wf_error error = {0};

	(void)state;
	assert_int_equal(wf_machine_measure(&machine, "nowhere/at/all", &error), -ENOENT);
	assert_int_equal(error.code, -ENOENT);
	assert_non_null(strstr(error.text, "nowhere/at/all"));
}

static void the_clock_never_goes_back(void **state)
{
	int64_t before = wf_machine_now_us();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		const int64_t now = wf_machine_now_us();

		assert_true(now >= before);
		before = now;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_are_positive_and_the_folder_stays_empty),
		cmocka_unit_test(a_folder_that_is_not_there_is_named),
		cmocka_unit_test(the_clock_never_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
