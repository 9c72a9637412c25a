#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pipeline.h"

static const struct wf_pipeline pipeline = {.secret = 42};

static uint64_t source(const char *outlet, const char *url)
{
	return wf_pipeline_source(&pipeline, wf_bytes_of(outlet), wf_bytes_of(url));
}

static void an_outlet_is_its_name_whatever_the_case_and_the_spaces(void **state)
{
	(void)state;
	assert_int_equal(source("Reuters", NULL), source(" REUTERS\n", "http://x.org"));
	assert_int_not_equal(source("Reuters", NULL), source("Reuter", NULL));
}

static void without_an_outlet_it_is_the_host(void **state)
{
	const uint64_t host = source(NULL, "http://example.org/story");

	(void)state;
	assert_int_not_equal(host, 0);
	assert_int_equal(source("  ", "https://WWW.Example.org:8080/x?y#z"), host);
	assert_int_equal(source(NULL, "https://user:password@example.org"), host);
	assert_int_equal(source(NULL, "//example.org/x"), host);
	assert_int_equal(source(NULL, "example.org/a://b"), host);
	assert_int_equal(source(NULL, "http://example.org?u=a@b.org"), host);
	assert_int_equal(source("example.org", NULL), host);
	assert_int_not_equal(source(NULL, "http://news.example.org/"), host);
}

static void with_neither_it_is_zero(void **state)
{
	(void)state;
	assert_int_equal(source(NULL, NULL), 0);
	assert_int_equal(source("", ""), 0);
	assert_int_equal(source(NULL, "http://"), 0);
	assert_int_equal(source(NULL, "/path"), 0);
	assert_int_equal(source(NULL, "@"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_outlet_is_its_name_whatever_the_case_and_the_spaces),
		cmocka_unit_test(without_an_outlet_it_is_the_host),
		cmocka_unit_test(with_neither_it_is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
