#include "published.h"

#include <ctype.h>
#include <strings.h>

/* Longer than any date; a longer text is prose. */
#define PUBLISHED_BYTES_MAX 64

#define SECONDS_PER_DAY    86400
#define SECONDS_PER_HOUR   3600
#define SECONDS_PER_MINUTE 60

struct cursor {
	const char *at; /* into a copy that ends with a NUL */
};

struct moment {
	int year, month, day;
	int hour, minute, second;
	int zone_minutes; /* east of UTC */
};

static const char *const month_names[] = {"january", "february", "march",     "april",   "may",      "june",
					  "july",    "august",   "september", "october", "november", "december"};

static const char *const day_names[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

/* RFC 2822's own zones, and those of wires that have one meaning only. */
static const struct {
	const char *name;
	int minutes;
} zones[] = {
	{"z", 0},      {"ut", 0},     {"utc", 0},    {"gmt", 0},    {"est", -300}, {"edt", -240}, {"cst", -360},
	{"cdt", -300}, {"mst", -420}, {"mdt", -360}, {"pst", -480}, {"pdt", -420}, {"wet", 0},    {"west", 60},
	{"cet", 60},   {"cest", 120}, {"eet", 120},  {"eest", 180}, {"msk", 180},  {"jst", 540},  {"hkt", 480},
};

static bool year_is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && year_is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 in the Gregorian calendar; the year begins in March so that the leap day comes last. */
static int64_t days_from_epoch(int year, int month, int day)
{
	int64_t shifted_year = year - (month <= 2 ? 1 : 0);
	int64_t era = (shifted_year >= 0 ? shifted_year : shifted_year - 399) / 400;
	int64_t year_of_era = shifted_year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

/* A second of 60 is a leap second: read as the second after. */
static bool moment_is_valid(const struct moment *moment)
{
	return moment->year >= 1 && moment->year <= 9999 && moment->month >= 1 && moment->month <= 12 &&
	       moment->day >= 1 && moment->day <= days_in_month(moment->year, moment->month) && moment->hour >= 0 &&
	       moment->hour <= 23 && moment->minute >= 0 && moment->minute <= 59 && moment->second >= 0 &&
	       moment->second <= 60;
}

static int64_t moment_seconds(const struct moment *moment)
{
	return days_from_epoch(moment->year, moment->month, moment->day) * SECONDS_PER_DAY +
	       (int64_t)moment->hour * SECONDS_PER_HOUR + (int64_t)moment->minute * SECONDS_PER_MINUTE +
	       moment->second - (int64_t)moment->zone_minutes * SECONDS_PER_MINUTE;
}

static bool take_char(struct cursor *cursor, char wanted)
{
	if (*cursor->at != wanted)
		return false;
	cursor->at++;
	return true;
}

static void skip_blanks(struct cursor *cursor)
{
	while (isspace((unsigned char)*cursor->at))
		cursor->at++;
}

static size_t digits_ahead(const struct cursor *cursor)
{
	size_t count = 0;

	while (isdigit((unsigned char)cursor->at[count]))
		count++;
	return count;
}

/* A number of `least` to `most` digits, and not one more. */
static bool take_number(struct cursor *cursor, size_t least, size_t most, int *number)
{
	size_t count = digits_ahead(cursor);

	if (count < least || count > most)
		return false;
	*number = 0;
	for (size_t i = 0; i < count; i++)
		*number = *number * 10 + (*cursor->at++ - '0');
	return true;
}

/* The next `count` digits, which may have others after them. */
static bool take_digits(struct cursor *cursor, size_t count, int *number)
{
	if (digits_ahead(cursor) < count)
		return false;
	*number = 0;
	for (size_t i = 0; i < count; i++)
		*number = *number * 10 + (*cursor->at++ - '0');
	return true;
}

static size_t letters_ahead(const struct cursor *cursor)
{
	size_t count = 0;

	while (isalpha((unsigned char)cursor->at[count]))
		count++;
	return count;
}

/* The 1-based place in `names` of the word ahead, which may be cut to three letters or more and end with a full stop.
 * */
static bool take_name(struct cursor *cursor, const char *const *names, size_t names_count, int *place)
{
	size_t length = letters_ahead(cursor);

	if (length < 3)
		return false;
	for (size_t i = 0; i < names_count; i++) {
		if (length > strlen(names[i]) || strncasecmp(cursor->at, names[i], length) != 0)
			continue;
		cursor->at += length;
		take_char(cursor, '.');
		*place = (int)i + 1;
		return true;
	}
	return false;
}

static bool take_month(struct cursor *cursor, int *month)
{
	return take_name(cursor, month_names, sizeof(month_names) / sizeof(month_names[0]), month);
}

static void skip_day_name(struct cursor *cursor)
{
	int ignored;

	if (take_name(cursor, day_names, sizeof(day_names) / sizeof(day_names[0]), &ignored)) {
		take_char(cursor, ',');
		skip_blanks(cursor);
	}
}

/* RFC 2822, section 4.3: two digits below 50 are of this century. */
static bool take_year(struct cursor *cursor, int *year)
{
	if (take_number(cursor, 4, 4, year))
		return true;
	if (!take_number(cursor, 2, 2, year))
		return false;
	*year += *year < 50 ? 2000 : 1900;
	return true;
}

/* "2025-11-03", "2025/11/3", "2025.11.03" */
static bool take_date_year_first(struct cursor *cursor, struct moment *moment)
{
	if (!take_number(cursor, 4, 4, &moment->year))
		return false;

	char separator = *cursor->at;

	if (separator != '-' && separator != '/' && separator != '.')
		return false;
	cursor->at++;
	return take_number(cursor, 1, 2, &moment->month) && take_char(cursor, separator) &&
	       take_number(cursor, 1, 2, &moment->day);
}

/* "20251103" */
static bool take_date_packed(struct cursor *cursor, struct moment *moment)
{
	size_t digits = digits_ahead(cursor);

	return (digits == 8 || digits == 14) && take_digits(cursor, 4, &moment->year) &&
	       take_digits(cursor, 2, &moment->month) && take_digits(cursor, 2, &moment->day);
}

static void skip_separators(struct cursor *cursor)
{
	while (isspace((unsigned char)*cursor->at) || *cursor->at == '-' || *cursor->at == ',')
		cursor->at++;
}

/* "3 Nov 2025", "26-FEB-1987", "06-Nov-94" */
static bool take_date_day_first(struct cursor *cursor, struct moment *moment)
{
	if (!take_number(cursor, 1, 2, &moment->day))
		return false;
	skip_separators(cursor);
	if (!take_month(cursor, &moment->month))
		return false;
	skip_separators(cursor);
	return take_year(cursor, &moment->year);
}

/* "November 3, 2025"; "Nov  3 10:00:00 2025", where the year comes after the time, is read by the caller. */
static bool take_date_month_first(struct cursor *cursor, struct moment *moment)
{
	if (!take_month(cursor, &moment->month))
		return false;
	skip_separators(cursor);
	if (!take_number(cursor, 1, 2, &moment->day))
		return false;
	skip_separators(cursor);

	struct cursor ahead = *cursor;

	if (take_number(&ahead, 4, 4, &moment->year))
		*cursor = ahead;
	return true;
}

static void take_half_of_day(struct cursor *cursor, struct moment *moment, bool *is_bad)
{
	struct cursor ahead = *cursor;

	skip_blanks(&ahead);

	char half = (char)tolower((unsigned char)*ahead.at);

	if (half != 'a' && half != 'p')
		return;
	ahead.at++;
	take_char(&ahead, '.');
	if (tolower((unsigned char)*ahead.at) != 'm')
		return;
	ahead.at++;
	take_char(&ahead, '.');
	if (isalpha((unsigned char)*ahead.at))
		return;
	*cursor = ahead;
	if (moment->hour < 1 || moment->hour > 12)
		*is_bad = true;
	moment->hour = moment->hour % 12 + (half == 'p' ? 12 : 0);
}

/* "10:00", "10:00:00", "10:00:00.79", "10:00 PM", "100000" */
static bool take_time(struct cursor *cursor, struct moment *moment)
{
	bool is_bad = false;
	size_t digits = digits_ahead(cursor);

	if (digits == 4 || digits == 6) {
		take_digits(cursor, 2, &moment->hour);
		take_digits(cursor, 2, &moment->minute);
		return digits == 4 || take_digits(cursor, 2, &moment->second);
	}
	if (!take_number(cursor, 1, 2, &moment->hour) || !take_char(cursor, ':') ||
	    !take_number(cursor, 2, 2, &moment->minute))
		return false;
	if (take_char(cursor, ':') && !take_number(cursor, 2, 2, &moment->second))
		return false;
	if (*cursor->at == '.' || *cursor->at == ',') {
		struct cursor ahead = {cursor->at + 1};
		size_t fraction = digits_ahead(&ahead);

		if (fraction > 0)
			cursor->at = ahead.at + fraction;
	}
	take_half_of_day(cursor, moment, &is_bad);
	return !is_bad;
}

static bool take_zone_offset(struct cursor *cursor, struct moment *moment)
{
	int sign = *cursor->at == '-' ? -1 : 1;
	int hours;
	int minutes = 0;

	cursor->at++;
	if (!take_digits(cursor, 2, &hours))
		return false;
	take_char(cursor, ':');
	if (digits_ahead(cursor) > 0 && !take_number(cursor, 2, 2, &minutes))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	moment->zone_minutes = sign * (hours * 60 + minutes);
	return true;
}

static bool take_zone(struct cursor *cursor, struct moment *moment)
{
	size_t length = letters_ahead(cursor);

	if (*cursor->at == '+' || *cursor->at == '-')
		return take_zone_offset(cursor, moment);
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (length != strlen(zones[i].name) || strncasecmp(cursor->at, zones[i].name, length) != 0)
			continue;
		moment->zone_minutes = zones[i].minutes;
		cursor->at += length;
		/* "GMT+0200" */
		if (zones[i].minutes == 0 && (*cursor->at == '+' || *cursor->at == '-'))
			return take_zone_offset(cursor, moment);
		return true;
	}
	return false;
}

static bool take_comment(struct cursor *cursor)
{
	if (!take_char(cursor, '('))
		return false;
	while (*cursor->at != '\0' && *cursor->at != ')')
		cursor->at++;
	return take_char(cursor, ')');
}

/* What is left after the date: time, zone, a year that came last, an RFC 2822 comment. */
static bool take_rest(struct cursor *cursor, struct moment *moment)
{
	skip_blanks(cursor);
	if (!take_char(cursor, 'T') && !take_char(cursor, 't'))
		take_char(cursor, ',');
	skip_blanks(cursor);
	if (strncasecmp(cursor->at, "at ", 3) == 0)
		cursor->at += 3;
	if (isdigit((unsigned char)*cursor->at)) {
		if (!take_time(cursor, moment))
			return false;
		skip_blanks(cursor);
	}
	if (*cursor->at != '\0' && *cursor->at != '(' && !isdigit((unsigned char)*cursor->at)) {
		if (!take_zone(cursor, moment))
			return false;
		skip_blanks(cursor);
	}
	if (moment->year == 0 && !take_number(cursor, 4, 4, &moment->year))
		return false;
	skip_blanks(cursor);
	if (*cursor->at == '(' && !take_comment(cursor))
		return false;
	skip_blanks(cursor);
	return *cursor->at == '\0';
}

static bool read_unix(const char *text, int64_t *seconds)
{
	struct cursor cursor = {text};
	size_t digits;
	int64_t number = 0;

	take_char(&cursor, '-');
	digits = digits_ahead(&cursor);
	if (digits < 9 || digits > 13 || cursor.at[digits] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (cursor.at[i] - '0');
	if (digits >= 12)
		number /= 1000;
	*seconds = text[0] == '-' ? -number : number;
	return true;
}

/* `text` without blanks around it, as a string. */
static bool copy_trimmed(struct wf_bytes text, char copy[PUBLISHED_BYTES_MAX + 1])
{
	while (text.length > 0 && isspace((unsigned char)text.data[0])) {
		text.data++;
		text.length--;
	}
	while (text.length > 0 && isspace((unsigned char)text.data[text.length - 1]))
		text.length--;
	if (text.length == 0 || text.length > PUBLISHED_BYTES_MAX || memchr(text.data, '\0', text.length) != NULL)
		return false;
	memcpy(copy, text.data, text.length);
	copy[text.length] = '\0';
	return true;
}

bool wf_published_read(struct wf_bytes text, int64_t *seconds)
{
	static bool (*const dates[])(struct cursor *, struct moment *) = {take_date_year_first, take_date_packed,
									  take_date_day_first, take_date_month_first};
	char copy[PUBLISHED_BYTES_MAX + 1];

	if (!copy_trimmed(text, copy))
		return false;
	if (read_unix(copy, seconds))
		return true;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		struct cursor cursor = {copy};
		struct moment moment = {0};

		skip_day_name(&cursor);
		if (!dates[i](&cursor, &moment) || !take_rest(&cursor, &moment) || !moment_is_valid(&moment))
			continue;
		*seconds = moment_seconds(&moment);
		return true;
	}
	return false;
}

bool wf_published_is_rfc3339(struct wf_bytes text)
{
	char copy[PUBLISHED_BYTES_MAX + 1];
	struct cursor cursor = {copy};
	struct moment moment = {0};

	if (text.length < strlen("2025-11-03T10:00:00Z") || text.length > PUBLISHED_BYTES_MAX ||
	    memchr(text.data, '\0', text.length) != NULL)
		return false;
	memcpy(copy, text.data, text.length);
	copy[text.length] = '\0';
	if (!take_number(&cursor, 4, 4, &moment.year) || !take_char(&cursor, '-') ||
	    !take_number(&cursor, 2, 2, &moment.month) || !take_char(&cursor, '-') ||
	    !take_number(&cursor, 2, 2, &moment.day))
		return false;
	if (!take_char(&cursor, 'T') && !take_char(&cursor, 't'))
		return false;
	if (!take_number(&cursor, 2, 2, &moment.hour) || !take_char(&cursor, ':') ||
	    !take_number(&cursor, 2, 2, &moment.minute) || !take_char(&cursor, ':') ||
	    !take_number(&cursor, 2, 2, &moment.second))
		return false;
	if (take_char(&cursor, '.')) {
		size_t fraction = digits_ahead(&cursor);

		if (fraction == 0)
			return false;
		cursor.at += fraction;
	}
	if (take_char(&cursor, 'Z') || take_char(&cursor, 'z'))
		return *cursor.at == '\0' && moment_is_valid(&moment);

	int hours;
	int minutes;

	if (!take_char(&cursor, '+') && !take_char(&cursor, '-'))
		return false;
	return take_number(&cursor, 2, 2, &hours) && take_char(&cursor, ':') && take_number(&cursor, 2, 2, &minutes) &&
	       hours <= 23 && minutes <= 59 && *cursor.at == '\0' && moment_is_valid(&moment);
}
