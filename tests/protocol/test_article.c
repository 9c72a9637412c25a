#include <stdlib.h>

#include "article.h"
#include "one_message.h"

/* --- helpers --- */

static const struct wf_article_rules strict = {.id_optional = false};
static const struct wf_article_rules lenient = {.id_optional = true};

static int decode(struct wf_message *message, const struct wf_article_rules *rules, struct wf_article *article,
		  struct wf_error *error)
{
	const int code = wf_article_decode_value(wf_message_root(message), rules, article, error);

	assert_int_equal(code, error->code);
	return code;
}

/* The code and words that an article of these bytes is refused with; its id as far as it was read. */
static void assert_refused(struct wf_bytes bytes, int code, const char *text)
{
	struct wf_message *message = one_message(bytes);
	struct wf_article article;
	struct wf_error error;

	assert_int_equal(decode(message, &strict, &article, &error), code);
	assert_string_equal(error.text, text);
	wf_message_free(message);
}

/* Packs {"id": "a", "text": "t", name: string of `length` bytes} and decodes it under `rules`. */
static int decode_with_field(const char *name, size_t length, const struct wf_article_rules *rules,
			     struct wf_error *error)
{
	char *value = calloc(1, length + 1);
	struct wf_pack pack;
	struct wf_message *message;
	struct wf_article article;
	int code;

	wf_pack_init(&pack, 0);
	wf_pack_map(&pack, 3);
	wf_pack_words(&pack, "id");
	wf_pack_words(&pack, "a");
	wf_pack_words(&pack, "text");
	wf_pack_words(&pack, "t");
	wf_pack_words(&pack, name);
	wf_pack_string(&pack, (struct wf_bytes){value, length});
	message = one_message(wf_pack_bytes(&pack));
	code = decode(message, rules, &article, error);
	wf_message_free(message);
	wf_pack_close(&pack);
	free(value);
	return code;
}

static void assert_same(struct wf_bytes a, struct wf_bytes b)
{
	assert_int_equal(a.data == NULL, b.data == NULL);
	assert_true(wf_bytes_equal(a, b));
}

static void assert_round_trip(const struct wf_article *article)
{
	struct wf_pack pack;
	struct wf_message *message;
	struct wf_article read;
	struct wf_error error;

	wf_pack_init(&pack, 0);
	wf_article_pack(&pack, article);
	message = one_message(wf_pack_bytes(&pack));
	assert_int_equal(wf_value_count(wf_message_root(message)), wf_article_pair_count(article));
	assert_int_equal(decode(message, &lenient, &read, &error), 0);
	assert_same(read.id, article->id);
	assert_same(read.text, article->text);
	assert_same(read.title, article->title);
	assert_same(read.outlet, article->outlet);
	assert_same(read.url, article->url);
	assert_same(read.lang, article->lang);
	assert_same(read.published_text, article->published_text);
	assert_int_equal(read.has_published, article->has_published);
	assert_true(read.published == article->published);
	wf_message_free(message);
	wf_pack_close(&pack);
}

/* --- decoding --- */

static void article_round_trip(void **state)
{
	struct wf_article article = {
		.id = BYTES("i\xff\0d"),
		.text = BYTES("A text.\n"),
		.title = BYTES("Title"),
		.outlet = BYTES(""),
		.url = BYTES("https://example.com/a"),
		.lang = BYTES("en"),
		.published = -5,
		.has_published = true,
	};

	(void)state;
	assert_round_trip(&article);
	article.published_text = BYTES("2026-11-24T21:05:00.5+01:00");
	article.published = 1795550700 - 3600;
	assert_int_equal(wf_rfc3339_decode(article.published_text, &article.published), 0);
	assert_round_trip(&article);
	article = (struct wf_article){.text = BYTES("")};
	assert_round_trip(&article);
}

static void other_keys_are_ignored_and_the_last_of_two_counts(void **state)
{
	struct wf_message *message = one_message(BYTES("\x87\xa2id\x05\x05\xa4text\xa4text\xa3one\xa5other\x81\xc0\x90"
						       "\xa2id\xa1z\xa4text\xa3two\xc4\x05title\xc4\x01T"));
	struct wf_article article;
	struct wf_error error;

	(void)state;
	assert_int_equal(decode(message, &strict, &article, &error), 0);
	assert_bytes(article.id, "z");
	assert_bytes(article.text, "two");
	assert_bytes(article.title, "T");
	wf_message_free(message);
}

static void nil_means_absent_but_not_for_what_is_required(void **state)
{
	struct wf_message *message =
		one_message(BYTES("\x86\xa2id\xc0\xa4text\xa1t\xa5title\xc0\xa9published\xc0\xa4lang\xa0\xa3url\xc0"));
	struct wf_article article;
	struct wf_error error;

	(void)state;
	assert_int_equal(decode(message, &lenient, &article, &error), 0);
	assert_null(article.id.data);
	assert_null(article.title.data);
	assert_false(article.has_published);
	assert_non_null(article.lang.data);
	assert_int_equal(decode(message, &strict, &article, &error), WF_EBADARTICLE);
	assert_string_equal(error.text, "id: expected a string, got nil");
	wf_message_free(message);
}

static void a_wrong_field_is_named(void **state)
{
	(void)state;
	assert_refused(BYTES("\x82\xa2id\xa1"
			     "a\xa4text\x05"),
		       WF_EBADARTICLE, "text: expected a string, got an integer");
	assert_refused(BYTES("\x81\xa2id\xa1"
			     "a"),
		       WF_EBADARTICLE, "text: expected a string, but it is missing");
	assert_refused(BYTES("\x81\xa4text\xa1t"), WF_EBADARTICLE, "id: expected a string, but it is missing");
	assert_refused(BYTES("\x82\xa2id\xa0\xa4text\xa1t"), WF_EBADARTICLE, "id: expected 1 to 512 bytes, got 0");
	assert_refused(BYTES("\x83\xa2id\xa1"
			     "a\xa4text\xa1t\xa3url\x90"),
		       WF_EBADARTICLE, "url: expected a string, got an array");
	assert_refused(BYTES("\x83\xa2id\xa1"
			     "a\xa4text\xa1t\xa6outlet\xd4\x05x"),
		       WF_EBADARTICLE, "outlet: expected a string, got an extension");
	assert_refused(BYTES("\x05"), WF_EBADARTICLE, "article: expected a map, got an integer");
	assert_refused(BYTES("\x80"), WF_EBADARTICLE, "id: expected a string, but it is missing");
}

static void an_article_of_a_batch_is_named_with_its_place(void **state)
{
	struct wf_message *message = one_message(BYTES("\x91\x92\x82\xa2id\xa1q\xa4text\xc3\x07"));
	struct wf_error shared;
	const struct wf_cursor params = wf_cursor_of(wf_message_root(message), NULL, WF_EBADREQUEST, &shared);
	const struct wf_cursor list = wf_cursor_element(&params, 0, "articles");
	const struct wf_cursor first = wf_cursor_element(&list, 0, NULL);
	const struct wf_cursor second = wf_cursor_element(&list, 1, NULL);
	struct wf_article article;
	struct wf_error error;

	(void)state;
	assert_int_equal(wf_article_decode(&first, &strict, &article, &error), WF_EBADARTICLE);
	assert_string_equal(error.text, "articles[0].text: expected a string, got a boolean");
	assert_bytes(article.id, "q");
	assert_int_equal(wf_article_decode(&second, &strict, &article, &error), WF_EBADARTICLE);
	assert_string_equal(error.text, "articles[1]: expected a map, got an integer");
	assert_null(article.id.data);
	assert_int_equal(shared.code, 0);
	wf_message_free(message);
}

static void lengths_are_accepted_at_their_limit_and_refused_past_it(void **state)
{
	const struct wf_article_rules rules = {.text_bytes_max = 1000};
	struct wf_error error;

	(void)state;
	assert_int_equal(decode_with_field("id", 512, &strict, &error), 0);
	assert_int_equal(decode_with_field("id", 513, &strict, &error), WF_EBADARTICLE);
	assert_string_equal(error.text, "id: expected 1 to 512 bytes, got 513");
	assert_int_equal(decode_with_field("text", 1000, &rules, &error), 0);
	assert_int_equal(decode_with_field("text", 1001, &rules, &error), WF_ETOOLARGE);
	assert_string_equal(error.text, "text: 1001 bytes, at most 1000 are allowed");
	assert_int_equal(decode_with_field("text", 16 << 20, &strict, &error), 0);
	assert_int_equal(decode_with_field("text", (16 << 20) + 1, &strict, &error), WF_ETOOLARGE);
	assert_int_equal(decode_with_field("title", WF_ARTICLE_FIELD_BYTES_MAX, &strict, &error), 0);
	assert_int_equal(decode_with_field("title", WF_ARTICLE_FIELD_BYTES_MAX + 1, &strict, &error), WF_ETOOLARGE);
	assert_int_equal(decode_with_field("lang", WF_ARTICLE_FIELD_BYTES_MAX + 1, &strict, &error), WF_ETOOLARGE);
}

static void published_is_an_integer_or_a_time(void **state)
{
#define WITH_PUBLISHED(value)  \
	BYTES("\x83\xa2id\xa1" \
	      "a\xa4text\xa1t\xa9published" value)
	struct wf_message *message = one_message(WITH_PUBLISHED("\xd3\xff\xff\xff\xff\xff\xff\xff\xfe"));
	struct wf_article article;
	struct wf_error error;

	(void)state;
	assert_int_equal(decode(message, &strict, &article, &error), 0);
	assert_true(article.has_published && article.published == -2);
	wf_message_free(message);

	assert_refused(WITH_PUBLISHED("\xcf\x80\0\0\0\0\0\0\0"), WF_EBADARTICLE,
		       "published: expected an integer below 2^63, got 9223372036854775808");
	assert_refused(WITH_PUBLISHED("\xd3\x80\0\0\0\0\0\0\0"), WF_EBADARTICLE,
		       "published: expected an integer above -2^63");
	assert_refused(WITH_PUBLISHED("\xcb\x40\x08\0\0\0\0\0\0"), WF_EBADARTICLE,
		       "published: expected an integer or an RFC 3339 string, got a float");
	assert_refused(WITH_PUBLISHED("\xa9yesterday"), WF_EBADARTICLE,
		       "published: expected Unix seconds or an RFC 3339 time with offset, got \"yesterday\"");
	assert_refused(WITH_PUBLISHED("\xa0"), WF_EBADARTICLE,
		       "published: expected Unix seconds or an RFC 3339 time with offset, got \"\"");
#undef WITH_PUBLISHED
}

static void a_million_other_keys_are_passed_over(void **state)
{
	struct wf_pack pack;
	struct wf_message *message;
	struct wf_article article;
	struct wf_error error;

	(void)state;
	wf_pack_init(&pack, 0);
	wf_pack_map(&pack, 1000002);
	wf_pack_words(&pack, "id");
	wf_pack_words(&pack, "a");
	for (unsigned i = 0; i < 1000000; i++) {
		wf_pack_unsigned(&pack, i);
		wf_pack_nil(&pack);
	}
	wf_pack_words(&pack, "text");
	wf_pack_words(&pack, "t");
	message = one_message(wf_pack_bytes(&pack));
	assert_int_equal(decode(message, &strict, &article, &error), 0);
	assert_bytes(article.text, "t");
	wf_message_free(message);
	wf_pack_close(&pack);
}

/* --- wf_rfc3339_decode --- */

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1969-12-31T23:59:59z", -1},
		{"1970-01-01t01:00:00+01:00", 0},
		{"1970-01-01 00:00:00-00:30", 1800},
		{"2026-11-24T21:05:00Z", 1795554300},
		{"2026-11-24T21:05:00.999999999999999Z", 1795554300},
		{"2000-02-29T12:00:00Z", 951825600},
		{"2024-02-29T23:59:59+00:00", 1709251199},
		{"2024-03-01T00:00:00Z", 1709251200},
		{"2016-12-31T23:59:60Z", 1483228800},
		{"1996-12-19T16:39:57-08:00", 851042397},
		{"1937-01-01T12:00:27.87+00:20", -1041337173},
		{"0000-01-01T00:00:00Z", -62167219200},
		{"9999-12-31T23:59:59Z", 253402300799},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t seconds = 1;

		assert_int_equal(wf_rfc3339_decode(wf_bytes_of(cases[i].text), &seconds), 0);
		assert_true(seconds == cases[i].seconds);
	}
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"2026",
		"2026-11-24",
		"2026-11-24T21:05Z",
		"2026-11-24T21:05:00",
		"2026-11-24T21:05:00.Z",
		"2026-11-24T21:05:00.",
		"2026-11-24T21:05:00.5",
		"2026-11-24T21:05:00+0100",
		"2026-11-24T21:05:00+01",
		"2026-11-24T21:05:00+24:00",
		"2026-11-24T21:05:00+01:60",
		"2026-11-24T24:00:00Z",
		"2026-11-24T21:60:00Z",
		"2026-11-24T21:05:61Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-11-31T00:00:00Z",
		"2026-11-00T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2026/11/24T21:05:00Z",
		"2026-11-24_21:05:00Z",
		"2026-11-24T21:05:00ZZ",
		"2026-11-24T21:05:00Z ",
		" 2026-11-24T21:05:00Z",
		"-026-11-24T21:05:00Z",
		"2026-1a-24T21:05:00Z",
		"2026-11-24T21.05.00Z",
		"2026-11-24T21:05:00,5Z",
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t seconds = 42;

		assert_int_equal(wf_rfc3339_decode(wf_bytes_of(cases[i]), &seconds), WF_EBADARTICLE);
		assert_int_equal(seconds, 42);
	}
}

static void every_prefix_of_a_time_is_refused_within_its_bytes(void **state)
{
	static const char text[] = "2026-11-24T21:05:00.25+01:00";

	(void)state;
	for (size_t length = 0; length < sizeof text - 1; length++) {
		char *exact = malloc(length + 1);
		int64_t seconds;

		memcpy(exact, text, length);
		exact = realloc(exact, length == 0 ? 1 : length);
		assert_int_equal(wf_rfc3339_decode((struct wf_bytes){exact, length}, &seconds), WF_EBADARTICLE);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(article_round_trip),
		cmocka_unit_test(other_keys_are_ignored_and_the_last_of_two_counts),
		cmocka_unit_test(nil_means_absent_but_not_for_what_is_required),
		cmocka_unit_test(a_wrong_field_is_named),
		cmocka_unit_test(an_article_of_a_batch_is_named_with_its_place),
		cmocka_unit_test(lengths_are_accepted_at_their_limit_and_refused_past_it),
		cmocka_unit_test(published_is_an_integer_or_a_time),
		cmocka_unit_test(a_million_other_keys_are_passed_over),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(every_prefix_of_a_time_is_refused_within_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
