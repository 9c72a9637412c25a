#include "article.h"

enum field {
	FIELD_ID,
	FIELD_TEXT,
	FIELD_PUBLISHED,
#define X(field) FIELD_##field,
	WF_ARTICLE_FIELD_MAP(X)
#undef X
		FIELD_COUNT,
	FIELD_NONE = FIELD_COUNT,
};

static const struct {
	const char *name;
	size_t length;
} fields[FIELD_COUNT] = {[FIELD_ID] = {"id", 2},
			 [FIELD_TEXT] = {"text", 4},
			 [FIELD_PUBLISHED] = {"published", 9},
#define X(field) [FIELD_##field] = {#field, sizeof #field - 1},
			 WF_ARTICLE_FIELD_MAP(X)
#undef X
};

#define DATE_TIME_BYTES 19 /* 2026-11-24T21:05:00 */

/* Reads `count` digits at `text`; -1 where one of them is none. */
static int digits(const char *text, size_t count)
{
	int number = 0;

	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Howard Hinnant, days_from_civil: years begin in
 * March, so that the leap day is the last of its year). */
static int64_t days_of(int year, int month, int day)
{
	const int64_t shifted = month <= 2 ? year - 1 : year;
	const int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	const int64_t year_of_era = shifted - era * 400;
	const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool read_date_time(const char *text, int64_t *seconds)
{
	const int year = digits(text, 4);
	const int month = digits(text + 5, 2);
	const int day = digits(text + 8, 2);
	const int hour = digits(text + 11, 2);
	const int minute = digits(text + 14, 2);
	const int second = digits(text + 17, 2);

	if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':')
		return false;
	if (text[10] != 'T' && text[10] != 't' && text[10] != ' ')
		return false;
	if (year < 0 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	*seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	return true;
}

/* Z, or +hh:mm, to the very end of the text. */
static bool read_offset(const char *text, size_t length, int64_t *seconds)
{
	int hour;
	int minute;

	*seconds = 0;
	if (length == 1)
		return *text == 'Z' || *text == 'z';
	if (length != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
		return false;
	hour = digits(text + 1, 2);
	minute = digits(text + 4, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return false;
	*seconds = (hour * 3600 + minute * 60) * (text[0] == '-' ? -1 : 1);
	return true;
}

int wf_rfc3339_decode(struct wf_bytes text, int64_t *seconds)
{
	size_t at = DATE_TIME_BYTES;
	int64_t local;
	int64_t offset;

	if (text.length < DATE_TIME_BYTES || !read_date_time(text.data, &local))
		return WF_EBADARTICLE;
	if (at + 1 < text.length && text.data[at] == '.' && digits(text.data + at + 1, 1) >= 0) {
		at++;
		while (at < text.length && digits(text.data + at, 1) >= 0)
			at++;
	}
	if (!read_offset(text.data + at, text.length - at, &offset))
		return WF_EBADARTICLE;
	*seconds = local - offset;
	return WF_OK;
}

static enum field field_of(struct wf_bytes key)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (fields[i].length == key.length && memcmp(fields[i].name, key.data, key.length) == 0)
			return (enum field)i;
	}
	return FIELD_NONE;
}

/* The value of each field: of a key given twice the last, {NULL} where there is none. */
static void find_fields(const struct wf_cursor *map, struct wf_cursor found[FIELD_COUNT])
{
	const size_t count = wf_value_count(map->value);

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		found[i] = *map;
		found[i].parent = map;
		found[i].name = fields[i].name;
		found[i].value = (struct wf_value){NULL};
	}
	for (size_t i = 0; i < count; i++) {
		struct wf_value key;
		const struct wf_value value = wf_value_pair(map->value, i, &key);
		const struct wf_bytes name = wf_value_bytes(key);
		const enum field field = name.data == NULL ? FIELD_NONE : field_of(name);

		if (field != FIELD_NONE)
			found[field].value = value;
	}
}

static void read_id(const struct wf_cursor *at, bool is_optional, struct wf_article *article)
{
	if (is_optional && wf_cursor_is_absent(at))
		return;
	article->id = wf_cursor_string(at, 1, WF_ARTICLE_ID_BYTES_MAX);
}

static struct wf_bytes read_bounded(const struct wf_cursor *at, size_t bytes_max)
{
	const struct wf_bytes bytes = wf_cursor_string(at, 0, SIZE_MAX);

	if (bytes.length > bytes_max)
		(void)wf_cursor_fail(at, WF_ETOOLARGE, "%zu bytes, at most %zu are allowed", bytes.length, bytes_max);
	return bytes;
}

static struct wf_bytes read_optional(const struct wf_cursor *at)
{
	if (wf_cursor_is_absent(at))
		return (struct wf_bytes){NULL, 0};
	return read_bounded(at, WF_ARTICLE_FIELD_BYTES_MAX);
}

static void read_published(const struct wf_cursor *at, struct wf_article *article)
{
	const enum wf_value_kind kind = wf_value_kind(at->value);
	struct wf_bytes text;

	switch (kind) {
	case WF_VALUE_NIL:
		return;
	case WF_VALUE_INTEGER:
		article->published = wf_cursor_integer(at);
		if (article->published == WF_TIME_NONE)
			(void)wf_cursor_fail(at, at->code, "expected an integer above -2^63");
		break;
	case WF_VALUE_STRING:
	case WF_VALUE_BINARY:
		text = wf_value_bytes(at->value);
		if (wf_rfc3339_decode(text, &article->published) != WF_OK)
			(void)wf_cursor_fail(at, at->code,
					     "expected Unix seconds or an RFC 3339 time with offset, got \"%.*s\"",
					     (int)(text.length < 40 ? text.length : 40), text.data);
		article->published_text = text;
		break;
	default:
		(void)wf_cursor_fail(at, at->code, "expected an integer or an RFC 3339 string, got %s",
				     wf_value_kind_phrase(kind));
	}
	article->has_published = true;
}

int wf_article_decode(const struct wf_cursor *at, const struct wf_article_rules *rules, struct wf_article *article,
		      struct wf_error *error)
{
	const size_t text_bytes_max = rules->text_bytes_max;
	struct wf_cursor map = *at;
	struct wf_cursor found[FIELD_COUNT];

	*article = (struct wf_article){.published = 0};
	*error = (struct wf_error){.code = 0};
	map.error = error;
	map.code = WF_EBADARTICLE;
	if (wf_value_kind(map.value) != WF_VALUE_MAP) {
		if (map.parent == NULL && map.name == NULL)
			map.name = "article";
		(void)wf_cursor_map(&map, SIZE_MAX);
		return error->code;
	}
	find_fields(&map, found);
	read_id(&found[FIELD_ID], rules->id_optional, article);
	article->text = read_bounded(&found[FIELD_TEXT],
				     text_bytes_max == 0 ? WF_ARTICLE_TEXT_BYTES_MAX_DEFAULT : text_bytes_max);
#define X(field) article->field = read_optional(&found[FIELD_##field]);
	WF_ARTICLE_FIELD_MAP(X)
#undef X
	read_published(&found[FIELD_PUBLISHED], article);
	return error->code;
}

int wf_article_decode_value(struct wf_value value, const struct wf_article_rules *rules, struct wf_article *article,
			    struct wf_error *error)
{
	const struct wf_cursor root = wf_cursor_of(value, NULL, WF_EBADARTICLE, error);

	return wf_article_decode(&root, rules, article, error);
}

size_t wf_article_pair_count(const struct wf_article *article)
{
	size_t count = article->has_published ? 1 : 0;

	count += article->id.data != NULL;
	count += article->text.data != NULL;
#define X(field) count += article->field.data != NULL;
	WF_ARTICLE_FIELD_MAP(X)
#undef X
	return count;
}

static void pack_pair(struct wf_pack *pack, enum field field, struct wf_bytes value)
{
	if (value.data == NULL)
		return;
	wf_pack_string(pack, (struct wf_bytes){fields[field].name, fields[field].length});
	wf_pack_string(pack, value);
}

void wf_article_pack_pairs(struct wf_pack *pack, const struct wf_article *article)
{
	pack_pair(pack, FIELD_ID, article->id);
#define X(field) pack_pair(pack, FIELD_##field, article->field);
	WF_ARTICLE_FIELD_MAP(X)
#undef X
	if (article->has_published && article->published_text.data != NULL) {
		pack_pair(pack, FIELD_PUBLISHED, article->published_text);
	} else if (article->has_published) {
		wf_pack_words(pack, fields[FIELD_PUBLISHED].name);
		wf_pack_integer(pack, article->published);
	}
	pack_pair(pack, FIELD_TEXT, article->text);
}

void wf_article_pack(struct wf_pack *pack, const struct wf_article *article)
{
	wf_pack_map(pack, wf_article_pair_count(article));
	wf_article_pack_pairs(pack, article);
}
