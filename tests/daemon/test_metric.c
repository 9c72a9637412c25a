#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metric.h"

static void an_empty_histogram_says_zero(void **state)
{
	const struct wf_histogram histogram = {.count = 0};

	(void)state;
	assert_int_equal(wf_histogram_quantile(&histogram, 0.99), 0);
}

static void small_values_are_exact(void **state)
{
	struct wf_histogram histogram = {.count = 0};

	(void)state;
	for (uint64_t value = 1; value <= 7; value++)
		wf_histogram_record(&histogram, value);
	assert_int_equal(wf_histogram_quantile(&histogram, 0.0), 1);
	assert_int_equal(wf_histogram_quantile(&histogram, 0.5), 4);
	assert_int_equal(wf_histogram_quantile(&histogram, 1.0), 7);
}

static void a_quantile_is_never_too_low_and_at_most_an_eighth_too_high(void **state)
{
	(void)state;
	for (uint64_t value = 1; value < UINT64_C(1) << 41; value = value * 9 / 8 + 1) {
		struct wf_histogram histogram = {.count = 0};
		uint64_t told;

		wf_histogram_record(&histogram, value);
		wf_histogram_record(&histogram, UINT64_C(1) << 41);
		told = wf_histogram_quantile(&histogram, 0.5);
		assert_true(told >= value);
		assert_true(told <= value + value / 8);
	}
}

static void values_past_the_last_bucket_count_as_the_largest(void **state)
{
	struct wf_histogram histogram = {.count = 0};

	(void)state;
	wf_histogram_record(&histogram, UINT64_MAX);
	assert_true(wf_histogram_quantile(&histogram, 0.5) >= UINT64_C(1) << 41);
	assert_int_equal(histogram.value_max, UINT64_MAX);
}

static void rare_values_show_in_the_high_quantiles_alone(void **state)
{
	struct wf_histogram histogram = {.count = 0};

	(void)state;
	for (int i = 0; i < 995; i++)
		wf_histogram_record(&histogram, 5);
	for (int i = 0; i < 5; i++)
		wf_histogram_record(&histogram, 100000);
	assert_int_equal(wf_histogram_quantile(&histogram, 0.99), 5);
	assert_int_equal(wf_histogram_quantile(&histogram, 0.999), 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_histogram_says_zero),
		cmocka_unit_test(small_values_are_exact),
		cmocka_unit_test(a_quantile_is_never_too_low_and_at_most_an_eighth_too_high),
		cmocka_unit_test(values_past_the_last_bucket_count_as_the_largest),
		cmocka_unit_test(rare_values_show_in_the_high_quantiles_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
