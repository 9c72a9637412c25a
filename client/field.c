#include "field.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/limits.h"
#include "published.h"

struct wf_bytes wf_field_string(struct wf_value map, const char *name)
{
	return wf_value_bytes(wf_value_field(map, name));
}

uint64_t wf_field_count(struct wf_value map, const char *name, uint64_t otherwise)
{
	struct wf_value value = wf_value_field(map, name);
	uint64_t number;

	if (wf_value_kind(value) == WF_VALUE_ARRAY)
		return wf_value_count(value);
	return wf_value_unsigned(value, &number) ? number : otherwise;
}

double wf_field_number(struct wf_value map, const char *name, double otherwise)
{
	struct wf_error error;
	struct wf_cursor cursor = wf_cursor_of(wf_value_field(map, name), name, WF_EBADREQUEST, &error);
	double number = wf_cursor_number(&cursor);

	return wf_cursor_failed(&cursor) ? otherwise : number;
}

int64_t wf_field_time(struct wf_value map, const char *name)
{
	struct wf_error error;
	struct wf_value value = wf_value_field(map, name);
	struct wf_cursor cursor = wf_cursor_of(value, name, WF_EBADREQUEST, &error);
	int64_t time = WF_TIME_NONE;

	if (wf_value_kind(value) == WF_VALUE_INTEGER)
		return wf_cursor_integer(&cursor);
	wf_published_read(wf_value_bytes(value), &time);
	return time;
}

const char *wf_field_time_text(char text[WF_FIELD_TEXT_BYTES], int64_t time, bool is_short)
{
	time_t seconds = (time_t)time;
	struct tm parts;

	if (time == WF_TIME_NONE || localtime_r(&seconds, &parts) == NULL ||
	    strftime(text, WF_FIELD_TEXT_BYTES, is_short ? "%Y-%m-%d %H:%M" : "%Y-%m-%d %H:%M:%S", &parts) == 0)
		snprintf(text, WF_FIELD_TEXT_BYTES, "-");
	return text;
}

const char *wf_field_span_text(char text[WF_FIELD_TEXT_BYTES], uint64_t seconds)
{
	if (seconds < 60)
		snprintf(text, WF_FIELD_TEXT_BYTES, "%" PRIu64 " s", seconds);
	else if (seconds < 3600)
		snprintf(text, WF_FIELD_TEXT_BYTES, "%" PRIu64 " min", seconds / 60);
	else if (seconds < 86400)
		snprintf(text, WF_FIELD_TEXT_BYTES, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600, seconds / 60 % 60);
	else
		snprintf(text, WF_FIELD_TEXT_BYTES, "%" PRIu64 " d %" PRIu64 " h", seconds / 86400,
			 seconds / 3600 % 24);
	return text;
}

const char *wf_field_bytes_text(char text[WF_FIELD_TEXT_BYTES], uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double amount = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(text, WF_FIELD_TEXT_BYTES, "%" PRIu64 " B", bytes);
		return text;
	}
	for (; amount >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		amount /= 1024;
	snprintf(text, WF_FIELD_TEXT_BYTES, "%.1f %s", amount, units[unit]);
	return text;
}
