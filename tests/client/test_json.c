#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json.h"
#include "pack.h"
#include "reader.h"

/* Fixture */

static int arena_set_up(void **state)
{
	struct wf_arena *arena = malloc(sizeof(*arena));

	wf_arena_init(arena, 4096);
	*state = arena;
	return 0;
}

static int arena_tear_down(void **state)
{
	wf_arena_close(*state);
	free(*state);
	return 0;
}

/* Helpers */

static struct wf_draft draft_of(struct wf_arena *arena, const char *json)
{
	struct wf_draft draft;
	struct wf_error error = {0};

	if (wf_json_read_article(wf_bytes_of(json), arena, &draft, &error) != 0)
		fail_msg("%s: %s", json, error.text);
	return draft;
}

static void is_refused(struct wf_arena *arena, const char *json, int code, const char *words)
{
	struct wf_draft draft;
	struct wf_error error = {0};

	assert_int_equal(wf_json_read_article(wf_bytes_of(json), arena, &draft, &error), code);
	if (strstr(error.text, words) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", json, error.text, words);
}

static void bytes_are(struct wf_bytes bytes, const char *wanted)
{
	assert_int_equal(bytes.length, strlen(wanted));
	assert_memory_equal(bytes.data, wanted, bytes.length);
}

static void written_is(struct wf_bytes text, const char *wanted)
{
	char *written;
	size_t length;
	FILE *file = open_memstream(&written, &length);

	wf_json_write_string(file, text);
	fclose(file);
	assert_string_equal(written, wanted);
	free(written);
}

static void value_is(const struct wf_pack *pack, const char *wanted)
{
	struct wf_reader *reader;
	struct wf_message *message;
	struct wf_refusal refusal;
	char *written;
	size_t length;
	FILE *file = open_memstream(&written, &length);

	assert_int_equal(wf_reader_new(&reader, NULL), 0);
	assert_int_equal(wf_reader_feed(reader, wf_pack_bytes(pack)), 0);
	assert_int_equal(wf_reader_next(reader, &message, &refusal), 1);
	wf_json_write_value(file, wf_message_root(message));
	fclose(file);
	assert_string_equal(written, wanted);
	free(written);
	wf_message_free(message);
	wf_reader_free(reader);
}

/* wf_json_read_article */

static void known_keys_are_read_and_others_left_out(void **state)
{
	struct wf_draft draft =
		draft_of(*state, "{\"id\":\"a\",\"text\":\"b\",\"title\":\"c\",\"outlet\":\"d\",\"url\":\"e\","
				 "\"lang\":\"f\",\"published\":7,\"label\":{\"x\":[1,2]},\"score\":1.5}");

	bytes_are(draft.article.id, "a");
	bytes_are(draft.article.text, "b");
	bytes_are(draft.article.title, "c");
	bytes_are(draft.article.outlet, "d");
	bytes_are(draft.article.url, "e");
	bytes_are(draft.article.lang, "f");
	assert_true(draft.article.has_published);
	assert_int_equal(draft.article.published, 7);
}

static void null_is_absent_and_empty_is_not(void **state)
{
	struct wf_draft draft = draft_of(*state, "{\"id\":\"a\",\"text\":\"\",\"title\":null,\"published\":null}");

	assert_non_null(draft.article.text.data);
	assert_int_equal(draft.article.text.length, 0);
	assert_null(draft.article.title.data);
	assert_false(draft.article.has_published);
}

static void an_id_that_is_a_whole_number_becomes_its_digits(void **state)
{
	bytes_are(draft_of(*state, "{\"id\":1990000000000000001}").article.id, "1990000000000000001");
	is_refused(*state, "{\"id\":1.5}", WF_EBADARTICLE, "id: expected a string, got a number");
}

static void fields_of_the_wrong_type_are_named(void **state)
{
	is_refused(*state, "{\"id\":\"a\",\"text\":7}", WF_EBADARTICLE, "text: expected a string, got an integer");
	is_refused(*state, "{\"id\":\"a\",\"title\":[]}", WF_EBADARTICLE, "title: expected a string, got an array");
	is_refused(*state, "[1]", WF_EBADARTICLE, "expected an object, got an array");
}

static void what_is_not_json_is_told_with_its_place(void **state)
{
	is_refused(*state, "rubbish", WF_EMALFORMED, "not JSON: at byte ");
	is_refused(*state, "{\"id\":\"a\"", WF_EMALFORMED, "not JSON");
	is_refused(*state, "{\"id\":\"a\"} {}", WF_EMALFORMED, "not JSON");
	is_refused(*state, "", WF_EMALFORMED, "not JSON");
}

static void bytes_that_are_no_character_are_repaired(void **state)
{
	bytes_are(draft_of(*state, "{\"text\":\"a\xff\xc3z\"}").article.text, "a\xef\xbf\xbd\xef\xbf\xbdz");
	bytes_are(draft_of(*state, "{\"text\":\"a\\ud83dz\\ude00\"}").article.text, "a\xef\xbf\xbdz\xef\xbf\xbd");
	bytes_are(draft_of(*state, "{\"text\":\"\\ud83d\\ude00\\\\ud83d\xff\"}").article.text,
		  "\xf0\x9f\x98\x80\\ud83d\xef\xbf\xbd");
}

static void a_zero_byte_in_a_string_is_kept(void **state)
{
	struct wf_draft draft = draft_of(*state, "{\"text\":\"a\\u0000b\"}");

	assert_int_equal(draft.article.text.length, 3);
	assert_memory_equal(draft.article.text.data, "a\0b", 3);
}

static void published_has_many_forms(void **state)
{
	struct wf_draft draft = draft_of(*state, "{\"published\":\"2025-11-03T12:00:00+02:00\"}");

	bytes_are(draft.article.published_text, "2025-11-03T12:00:00+02:00");
	assert_int_equal(draft.article.published, 1762164000);
	draft = draft_of(*state, "{\"published\":\"Mon, 3 Nov 2025 10:00:00 GMT\"}");
	assert_null(draft.article.published_text.data);
	assert_int_equal(draft.article.published, 1762164000);
	draft = draft_of(*state, "{\"published\":1762164000.75}");
	assert_int_equal(draft.article.published, 1762164000);
}

static void published_that_cannot_be_read_is_left_out_and_told(void **state)
{
	struct wf_draft draft = draft_of(*state, "{\"id\":\"a\",\"published\":\"last week\"}");

	assert_false(draft.article.has_published);
	bytes_are(draft.published_unread, "last week");
	assert_non_null(draft_of(*state, "{\"published\":{}}").published_unread.data);
	assert_non_null(draft_of(*state, "{\"published\":1e300}").published_unread.data);
	assert_null(draft_of(*state, "{\"published\":\"\"}").published_unread.data);
}

/* wf_json_write_string */

static void strings_are_escaped(void **state)
{
	(void)state;
	written_is(wf_bytes_of("a\"\\\n\t\x01\x7f\xc3\xa9"), "\"a\\\"\\\\\\n\\t\\u0001\\u007f\xc3\xa9\"");
	written_is((struct wf_bytes){"\0\v", 2}, "\"\\u0000\\u000b\"");
	written_is(wf_bytes_of("\xff"), "\"\xef\xbf\xbd\"");
	written_is((struct wf_bytes){NULL, 0}, "\"\"");
}

/* wf_json_write_value */

static void values_of_every_kind_are_written(void **state)
{
	static const double numbers[] = {0.5, 1, 0.93, 0.1 + 0.2, 1e300, -2.25, NAN, INFINITY};
	struct wf_pack pack;

	(void)state;
	wf_pack_init(&pack, 0);
	wf_pack_array(&pack, 7);
	wf_pack_nil(&pack);
	wf_pack_boolean(&pack, true);
	wf_pack_unsigned(&pack, UINT64_MAX);
	wf_pack_integer(&pack, INT64_MIN);
	wf_pack_array(&pack, sizeof(numbers) / sizeof(numbers[0]));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		wf_pack_number(&pack, numbers[i]);
	wf_pack_map(&pack, 2);
	wf_pack_words(&pack, "a\"b");
	wf_pack_map(&pack, 0);
	wf_pack_unsigned(&pack, 7); /* a key that is no string */
	wf_pack_words(&pack, "x");
	wf_pack_raw(&pack, (struct wf_bytes){"\xc7\x01\x05z", 4}); /* an extension */
	value_is(&pack, "[null, true, 18446744073709551615, -9223372036854775808, "
			"[0.5, 1.0, 0.93, 0.30000000000000004, 1e+300, -2.25, null, null], "
			"{\"a\\\"b\": {}, \"7\": \"x\"}, null]");
	wf_pack_close(&pack);
}

int main(void)
{
#define with_arena(test) cmocka_unit_test_setup_teardown(test, arena_set_up, arena_tear_down)
	const struct CMUnitTest tests[] = {
		with_arena(known_keys_are_read_and_others_left_out),
		with_arena(null_is_absent_and_empty_is_not),
		with_arena(an_id_that_is_a_whole_number_becomes_its_digits),
		with_arena(fields_of_the_wrong_type_are_named),
		with_arena(what_is_not_json_is_told_with_its_place),
		with_arena(bytes_that_are_no_character_are_repaired),
		with_arena(a_zero_byte_in_a_string_is_kept),
		with_arena(published_has_many_forms),
		with_arena(published_that_cannot_be_read_is_left_out_and_told),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(values_of_every_kind_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
