#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "settings.h"

/* ---- helpers ---- */

#define ARGUMENTS_MAX 16

static char *const no_environment[] = {NULL};

/* Reads the NULL-terminated flags with `--store s` before them. */
static int read_with(struct wf_settings *settings, char *const *flags, char *const *environment, struct wf_error *error)
{
	static char program[] = "wirefoldd", store_flag[] = "--store", store[] = "s";
	char *arguments[ARGUMENTS_MAX] = {program, store_flag, store};
	enum wf_settings_wish wish;
	int count = 3;

	for (; *flags != NULL; flags++)
		arguments[count++] = *flags;
	return wf_settings_read(settings, count, arguments, environment, &wish, error);
}

static void assert_refused(char *flag, const char *words)
{
	char *const flags[] = {flag, NULL};
	struct wf_settings settings;
	struct wf_error error;

	assert_int_equal(read_with(&settings, flags, no_environment, &error), WF_EBADREQUEST);
	assert_non_null(strstr(error.text, words));
	wf_settings_close(&settings);
}

static void assert_number(char *flag, size_t offset, uint64_t expected)
{
	char *const flags[] = {flag, NULL};
	struct wf_settings settings;
	struct wf_error error;

	assert_int_equal(read_with(&settings, flags, no_environment, &error), 0);
	assert_int_equal(*(const uint64_t *)(const void *)((const char *)&settings + offset), expected);
	wf_settings_close(&settings);
}

static char *write_file(const char *content)
{
	char *path = strdup("/tmp/test_settings_XXXXXX");
	const int descriptor = mkstemp(path);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, content, strlen(content)), (ssize_t)strlen(content));
	close(descriptor);
	return path;
}

/* ---- values ---- */

static void every_default_is_within_its_range(void **state)
{
	char *const flags[] = {NULL};
	struct wf_settings settings;
	struct wf_error error;

	(void)state;
	assert_int_equal(read_with(&settings, flags, no_environment, &error), 0);
	assert_string_equal(settings.tcp, "127.0.0.1:7411");
	assert_int_equal(settings.request_bytes_max, WF_REQUEST_BYTES_MAX_DEFAULT);
	assert_int_equal(settings.text_bytes_max, WF_ARTICLE_TEXT_BYTES_MAX_DEFAULT);
	assert_int_equal(settings.commit_wait_us, 5000);
	assert_int_equal(settings.commit_pace_us, 2000);
	assert_int_equal(settings.keep, 0);
	assert_false(settings.no_text);
	wf_settings_close(&settings);
}

static void units_multiply(void **state)
{
	static char bytes[] = "--request-bytes-max=3k", mega[] = "--text-bytes-max=2M",
		    tera[] = "--in-flight-bytes-max=1T";
	static char days[] = "--keep=30d", hours[] = "--keep=2h", minutes[] = "--keep=5m", seconds[] = "--keep=7s",
		    bare[] = "--keep=9";

	(void)state;
	assert_number(bytes, offsetof(struct wf_settings, request_bytes_max), 3072);
	assert_number(mega, offsetof(struct wf_settings, text_bytes_max), 2 << 20);
	assert_number(tera, offsetof(struct wf_settings, in_flight_bytes_max), UINT64_C(1) << 40);
	assert_number(days, offsetof(struct wf_settings, keep), 30 * 86400);
	assert_number(hours, offsetof(struct wf_settings, keep), 7200);
	assert_number(minutes, offsetof(struct wf_settings, keep), 300);
	assert_number(seconds, offsetof(struct wf_settings, keep), 7);
	assert_number(bare, offsetof(struct wf_settings, keep), 9);
}

static void bad_values_are_refused_in_words(void **state)
{
	static char *const flags[] = {
		"--workers=",      "--workers=x",      "--workers=1x",
		"--workers=-1",    "--workers=1.5",    "--workers=1k",
		"--keep=1w",       "--keep=1dd",       "--request-bytes-max=1G1",
		"--no-text=maybe", "--threshold=high", "--log-level=loud",
	};
	static char workers[] = "--workers=257", zero[] = "--state-every=0", bytes[] = "--request-bytes-max=1";
	static char ratio[] = "--threshold=1", overflow[] = "--in-flight-bytes-max=99999999999999T",
		    nan[] = "--threshold=nan";

	(void)state;
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		assert_refused(flags[i], "expected");
	assert_refused(workers, "expected 0 to 256");
	assert_refused(zero, "expected 1 to");
	assert_refused(bytes, "expected 1024 to");
	assert_refused(ratio, "less than 1");
	assert_refused(nan, "less than 1");
	assert_refused(overflow, "expected");
}

/* ---- flags ---- */

static void unknown_flags_and_words_are_refused(void **state)
{
	static char *const flags[] = {"--nonsense", "--commit_wait_us=1", "--", "-x", "word", "--no-text-x"};

	(void)state;
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		assert_refused(flags[i], "no such flag");
}

static void a_flag_takes_its_value_from_either_place(void **state)
{
	static char flag[] = "--workers", value[] = "3", text[] = "--no-text", off[] = "--insecure=no";
	char *const flags[] = {flag, value, text, off, NULL};
	char *const cut[] = {flag, NULL};
	struct wf_settings settings;
	struct wf_error error;

	(void)state;
	assert_int_equal(read_with(&settings, flags, no_environment, &error), 0);
	assert_int_equal(settings.workers, 3);
	assert_true(settings.no_text);
	assert_false(settings.insecure);
	wf_settings_close(&settings);
	assert_int_equal(read_with(&settings, cut, no_environment, &error), WF_EBADREQUEST);
	assert_non_null(strstr(error.text, "--workers"));
	wf_settings_close(&settings);
}

static void a_store_is_required(void **state)
{
	static char program[] = "wirefoldd";
	char *const arguments[] = {program};
	struct wf_settings settings;
	enum wf_settings_wish wish;
	struct wf_error error;

	(void)state;
	assert_int_equal(wf_settings_read(&settings, 1, arguments, no_environment, &wish, &error), WF_EBADREQUEST);
	assert_non_null(strstr(error.text, "--store"));
	wf_settings_close(&settings);
}

static void help_is_a_wish_that_needs_nothing_else(void **state)
{
	static char program[] = "wirefoldd", help[] = "--help";
	char *const arguments[] = {program, help};
	struct wf_settings settings;
	enum wf_settings_wish wish;
	struct wf_error error;

	(void)state;
	assert_int_equal(wf_settings_read(&settings, 2, arguments, no_environment, &wish, &error), 0);
	assert_int_equal(wish, WF_WISH_HELP);
	wf_settings_close(&settings);
}

/* ---- precedence ---- */

static void flag_wins_over_environment_over_file(void **state)
{
	static char by_environment[] = "WIREFOLD_WORKERS=2", both[] = "WIREFOLD_KEEP=2", other[] = "WIREFOLD=unix:/x",
		    keep[] = "--keep=3";
	char *const environment[] = {by_environment, both, other, NULL};
	char *path = write_file("workers = 1\nkeep = 1\nstate_every = 1 ; a comment\n");
	char config[64];
	char *const flags[] = {config, keep, NULL};
	struct wf_settings settings;
	struct wf_error error;

	(void)state;
	snprintf(config, sizeof config, "--config=%s", path);
	assert_int_equal(read_with(&settings, flags, environment, &error), 0);
	assert_int_equal(settings.state_every, 1);
	assert_int_equal(settings.workers, 2);
	assert_int_equal(settings.keep, 3);
	wf_settings_close(&settings);
	unlink(path);
	free(path);
}

static void mistakes_name_where_they_are(void **state)
{
	static const struct {
		const char *content;
		const char *words;
	} cases[] = {
		{"nonsense = 1\n", "nonsense: no such setting"},
		{"workers = 999\n", "workers: expected 0 to 256"},
		{"[x]\nkeep = 1\n", "no sections"},
		{"keep = 1\nnothing\n", "line 2"},
		{"config = x\n", "config: no such setting"},
	};
	static char variable[] = "WIREFOLD_KEEP=soon";
	char *const environment[] = {variable, NULL};
	char *const none[] = {NULL};
	struct wf_settings settings;
	struct wf_error error;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *path = write_file(cases[i].content);
		char config[64];
		char *const flags[] = {config, NULL};

		snprintf(config, sizeof config, "--config=%s", path);
		assert_int_equal(read_with(&settings, flags, no_environment, &error), WF_EBADREQUEST);
		assert_non_null(strstr(error.text, cases[i].words));
		assert_non_null(strstr(error.text, path));
		wf_settings_close(&settings);
		unlink(path);
		free(path);
	}
	assert_int_equal(read_with(&settings, none, environment, &error), WF_EBADREQUEST);
	assert_non_null(strstr(error.text, "WIREFOLD_KEEP"));
	wf_settings_close(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_default_is_within_its_range),
		cmocka_unit_test(units_multiply),
		cmocka_unit_test(bad_values_are_refused_in_words),
		cmocka_unit_test(unknown_flags_and_words_are_refused),
		cmocka_unit_test(a_flag_takes_its_value_from_either_place),
		cmocka_unit_test(a_store_is_required),
		cmocka_unit_test(help_is_a_wish_that_needs_nothing_else),
		cmocka_unit_test(flag_wins_over_environment_over_file),
		cmocka_unit_test(mistakes_name_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
