#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "published.h"

/* The C library's calendar is the judge of ours. */
static int64_t utc(int year, int month, int day, int hour, int minute, int second)
{
	struct tm parts = {.tm_year = year - 1900,
			   .tm_mon = month - 1,
			   .tm_mday = day,
			   .tm_hour = hour,
			   .tm_min = minute,
			   .tm_sec = second};

	return (int64_t)timegm(&parts);
}

static void reads_as(const char *text, int64_t wanted)
{
	int64_t seconds = -1;

	if (!wf_published_read(wf_bytes_of(text), &seconds))
		fail_msg("\"%s\" was not read", text);
	if (seconds != wanted)
		fail_msg("\"%s\" was read as %lld, not %lld", text, (long long)seconds, (long long)wanted);
}

static void is_not_read(const char *text)
{
	int64_t seconds = 42;

	if (wf_published_read(wf_bytes_of(text), &seconds))
		fail_msg("\"%s\" was read as %lld", text, (long long)seconds);
	assert_int_equal(seconds, 42);
}

static void forms_of_archives_are_read(void **state)
{
	int64_t ten = utc(2025, 11, 3, 10, 0, 0);
	int64_t midnight = utc(2025, 11, 3, 0, 0, 0);

	(void)state;
	reads_as("26-FEB-1987 15:01:01.79", utc(1987, 2, 26, 15, 1, 1));
	reads_as(" 5-MAR-1987 09:07:54.17", utc(1987, 3, 5, 9, 7, 54));
	reads_as("Mon, 3 Nov 2025 10:00:00 GMT", ten);
	reads_as("Mon, 03 Nov 2025 10:00 +0000 (UTC)", ten);
	reads_as("3 Nov 2025 05:00:00 EST", ten);
	reads_as("Sunday, 06-Nov-94 08:49:37 GMT", utc(1994, 11, 6, 8, 49, 37));
	reads_as("Sun Nov  6 08:49:37 1994", utc(1994, 11, 6, 8, 49, 37));
	reads_as("2025-11-03 10:00:00", ten);
	reads_as("2025-11-03T10:00", ten);
	reads_as("2025-11-03 12:00:00 +02:00", ten);
	reads_as("2025-11-03T12:00:00+0200", ten);
	reads_as("2025-11-03T10:00:00.123456", ten);
	reads_as("2025-11-03", midnight);
	reads_as("2025/11/03 10:00", ten);
	reads_as("2025/1/3", utc(2025, 1, 3, 0, 0, 0));
	reads_as("20251103", midnight);
	reads_as("20251103T100000Z", ten);
	reads_as("20251103100000", ten);
	reads_as("3 November 2025", midnight);
	reads_as("Nov. 3, 2025 10:00 PM", ten + 12 * 3600);
	reads_as("November 3, 2025, 12:30 a.m. EST", midnight + 1800 + 5 * 3600);
	reads_as("Monday, November 3, 2025 at 10:00 AM", ten);
}

static void unix_seconds_in_strings_are_read(void **state)
{
	(void)state;
	reads_as("1762164000", 1762164000);
	reads_as("1762164000123", 1762164000);
	reads_as("-100000000", -100000000);
}

static void rfc3339_is_read_and_known(void **state)
{
	static const char *const right[] = {"2025-11-03T10:00:00Z", "2025-11-03T12:00:00+02:00",
					    "2025-11-03t10:00:00.5z", "1987-02-26T15:01:01-00:00",
					    "2024-02-29T00:00:00Z"};
	static const char *const wrong[] = {
		"2025-11-03 10:00:00Z",  "2025-11-03T10:00:00",   "2025-11-03",
		"2025-02-29T00:00:00Z",  "2025-11-03T25:00:00Z",  "2025-11-03T10:00:00+2:00",
		"2025-11-03T10:00:00Z ", "2025-11-03T10:00:00.Z", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		assert_true(wf_published_is_rfc3339(wf_bytes_of(right[i])));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (wf_published_is_rfc3339(wf_bytes_of(wrong[i])))
			fail_msg("\"%s\" passed as RFC 3339", wrong[i]);
	}
	reads_as("2025-11-03T12:00:00+02:00", utc(2025, 11, 3, 10, 0, 0));
	reads_as("2016-12-31T23:59:60Z", utc(2017, 1, 1, 0, 0, 0));
}

static void every_day_agrees_with_the_c_library(void **state)
{
	char text[32];
	struct tm parts;

	(void)state;
	for (time_t day = -60 * 366; day < 80 * 366; day += 1) {
		time_t when = day * 86400;

		gmtime_r(&when, &parts);
		strftime(text, sizeof(text), "%Y-%m-%d", &parts);
		reads_as(text, (int64_t)when);
	}
}

static void what_is_ambiguous_or_no_date_is_not_guessed(void **state)
{
	static const char *const texts[] = {
		"",
		"   ",
		"yesterday",
		"03/11/2025",
		"2025-13-01",
		"2025-02-30",
		"2025-11-03 24:00:00",
		"2025-11-03 10:61",
		"2025-11-03 13:00 PM",
		"2025-11-03 10:00:00 XYZ",
		"2025-11-03 10:00:00 GMT and more",
		"Nov 3",
		"12345",
		"Mar",
		"26-FEB-1987 15:01:01.79 26-FEB-1987",
		"0000-01-01",
		"a date that goes on and on and on, far longer than any date that was ever written"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		is_not_read(texts[i]);
	int64_t seconds;

	assert_false(wf_published_read((struct wf_bytes){"2025-11-03\0 10:00", 17}, &seconds));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_of_archives_are_read),
		cmocka_unit_test(unix_seconds_in_strings_are_read),
		cmocka_unit_test(rfc3339_is_read_and_known),
		cmocka_unit_test(every_day_agrees_with_the_c_library),
		cmocka_unit_test(what_is_ambiguous_or_no_date_is_not_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
