#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "token.h"

static struct wf_token token_of(const char *text)
{
	struct wf_token token;
	struct wf_error error;

	assert_int_equal(wf_token_of(&token, wf_bytes_of(text), "here", &error), 0);
	return token;
}

/* Reads a file with these bytes and this mode. */
static int read_of(struct wf_token *token, const char *bytes, size_t length, mode_t mode, bool *is_exposed,
		   struct wf_error *error)
{
	char path[] = "/tmp/test_token_XXXXXX";
	const int descriptor = mkstemp(path);
	int code;

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, bytes, length), (ssize_t)length);
	assert_int_equal(fchmod(descriptor, mode), 0);
	close(descriptor);
	code = wf_token_read(token, path, is_exposed, error);
	assert_int_equal(unlink(path), 0);
	return code;
}

static void only_the_same_bytes_are_the_token(void **state)
{
	const struct wf_token token = token_of("secret");
	static const char *const others[] = {"", "s", "secre", "secret ", "Secret", "secreT", "sfcret", "secretsecret"};

	(void)state;
	assert_true(wf_token_is(&token, wf_bytes_of("secret")));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_false(wf_token_is(&token, wf_bytes_of(others[i])));
	/* The zeros behind a token are not part of it. */
	assert_false(wf_token_is(&token, (struct wf_bytes){"secret\0", 7}));
}

static void every_byte_of_the_longest_token_counts(void **state)
{
	char bytes[WF_TOKEN_BYTES_MAX + 1];
	struct wf_token token;
	struct wf_error error;

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	assert_int_equal(wf_token_of(&token, (struct wf_bytes){bytes, WF_TOKEN_BYTES_MAX}, "here", &error), 0);
	assert_true(wf_token_is(&token, (struct wf_bytes){bytes, WF_TOKEN_BYTES_MAX}));
	assert_false(wf_token_is(&token, (struct wf_bytes){bytes, WF_TOKEN_BYTES_MAX + 1}));
	assert_false(wf_token_is(&token, (struct wf_bytes){bytes, WF_TOKEN_BYTES_MAX - 1}));
	for (size_t i = 0; i < WF_TOKEN_BYTES_MAX; i++) {
		bytes[i] = 'y';
		assert_false(wf_token_is(&token, (struct wf_bytes){bytes, WF_TOKEN_BYTES_MAX}));
		bytes[i] = 'x';
	}
	assert_int_equal(wf_token_of(&token, (struct wf_bytes){bytes, sizeof bytes}, "here", &error), WF_EBADREQUEST);
	assert_non_null(strstr(error.text, "here: a token has at most 1024 bytes"));
}

static void where_no_token_is_set_nothing_is_it(void **state)
{
	const struct wf_token none = {.length = 0};
	const char zeros[WF_TOKEN_BYTES_MAX] = {0};
	struct wf_token token = token_of("secret");

	(void)state;
	assert_false(wf_token_is(&none, (struct wf_bytes){NULL, 0}));
	assert_false(wf_token_is(&none, (struct wf_bytes){zeros, sizeof zeros}));
	wf_token_forget(&token);
	assert_false(wf_token_is(&token, wf_bytes_of("secret")));
	assert_memory_equal(token.data, zeros, sizeof zeros);
}

static void a_file_is_read_without_the_end_of_its_line(void **state)
{
	static const char *const contents[] = {"a b", "a b\n", "a b\r\n", "a b\r"};
	struct wf_token token;
	struct wf_error error;
	bool is_exposed = true;

	(void)state;
	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
		assert_int_equal(read_of(&token, contents[i], strlen(contents[i]), 0600, &is_exposed, &error), 0);
		assert_true(wf_token_is(&token, wf_bytes_of("a b")));
		assert_false(is_exposed);
	}
	/* One end of one line alone. */
	assert_int_equal(read_of(&token, "a\n\n", 3, 0600, &is_exposed, &error), 0);
	assert_true(wf_token_is(&token, wf_bytes_of("a\n")));
}

static void it_says_who_may_read_the_file(void **state)
{
	struct wf_token token;
	struct wf_error error;
	bool is_exposed;

	(void)state;
	assert_int_equal(read_of(&token, "x", 1, 0640, &is_exposed, &error), 0);
	assert_false(is_exposed);
	assert_int_equal(read_of(&token, "x", 1, 0644, &is_exposed, &error), 0);
	assert_true(is_exposed);
	assert_int_equal(read_of(&token, "x", 1, 0602, &is_exposed, &error), WF_EDENIED);
	assert_int_equal(token.length, 0);
}

static void what_is_no_token_is_refused(void **state)
{
	char bytes[WF_TOKEN_BYTES_MAX + 64];
	struct wf_token token;
	struct wf_error error;
	bool is_exposed;

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	assert_int_equal(read_of(&token, "", 0, 0600, &is_exposed, &error), WF_EBADREQUEST);
	assert_int_equal(read_of(&token, "\n", 1, 0600, &is_exposed, &error), WF_EBADREQUEST);
	assert_int_equal(read_of(&token, "\r\n", 2, 0600, &is_exposed, &error), WF_EBADREQUEST);
	assert_int_equal(read_of(&token, bytes, WF_TOKEN_BYTES_MAX + 1, 0600, &is_exposed, &error), WF_EBADREQUEST);
	assert_int_equal(read_of(&token, bytes, sizeof bytes, 0600, &is_exposed, &error), WF_EBADREQUEST);
	assert_int_equal(wf_token_read(&token, "/nonexistent/token", &is_exposed, &error), -ENOENT);
	assert_int_equal(wf_token_read(&token, "/tmp", &is_exposed, &error), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_same_bytes_are_the_token),
		cmocka_unit_test(every_byte_of_the_longest_token_counts),
		cmocka_unit_test(where_no_token_is_set_nothing_is_it),
		cmocka_unit_test(a_file_is_read_without_the_end_of_its_line),
		cmocka_unit_test(it_says_who_may_read_the_file),
		cmocka_unit_test(what_is_no_token_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
