#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "source.h"

/* Fixture: a folder that goes away with the test. */

struct folder {
	char path[64];
};

static int folder_set_up(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	strcpy(folder->path, "/tmp/wf-source-XXXXXX");
	*state = folder;
	return mkdtemp(folder->path) == NULL;
}

static int folder_tear_down(void **state)
{
	struct folder *folder = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder->path);
	int result = system(command);

	free(folder);
	return result;
}

/* Helpers */

static const char *path_of(const struct folder *folder, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	return path;
}

static const char *file_write(const struct folder *folder, const char *name, const void *bytes, size_t length)
{
	const char *path = path_of(folder, name);
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	fclose(file);
	return path;
}

static const char *text_write(const struct folder *folder, const char *name, const char *text)
{
	return file_write(folder, name, text, strlen(text));
}

/* All items of `path`, each as "line:content" or "line!words", with a newline behind it. To be freed. */
static char *items_of(const char *path, size_t item_bytes_max)
{
	const struct wf_source_settings settings = {item_bytes_max, false};
	struct wf_source *source;
	struct wf_source_item item;
	struct wf_error error = {0};
	char *text;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	int result;

	assert_int_equal(wf_source_open(&source, path, &settings, &error), 0);
	while ((result = wf_source_next(source, &item, &error)) > 0) {
		if (item.kind == WF_SOURCE_BAD)
			fprintf(file, "%d!%s\n", (int)item.line, item.error.text);
		else if (item.kind == WF_SOURCE_TEXT)
			fprintf(file, "%s=%.*s\n", item.name, (int)item.content.length, item.content.data);
		else
			fprintf(file, "%d:%.*s\n", (int)item.line, (int)item.content.length, item.content.data);
	}
	if (result < 0)
		fprintf(file, "error %s\n", error.text);
	wf_source_free(source);
	fclose(file);
	return text;
}

static void has_items(const char *path, size_t item_bytes_max, const char *wanted)
{
	char *items = items_of(path, item_bytes_max);

	assert_string_equal(items, wanted);
	free(items);
}

static size_t gzip_of(const void *bytes, size_t length, void *packed, size_t capacity)
{
	z_stream stream = {0};

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (unsigned char *)(uintptr_t)bytes;
	stream.avail_in = (uInt)length;
	stream.next_out = packed;
	stream.avail_out = (uInt)capacity;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return capacity - stream.avail_out;
}

/* Lines */

static void lines_come_with_their_numbers(void **state)
{
	has_items(text_write(*state, "a", "{\"id\":1}\n\n  \n{\"id\":2}\r\nrubbish\n{\"id\":3}"), 1000,
		  "1:{\"id\":1}\n4:{\"id\":2}\r\n5:rubbish\n6:{\"id\":3}\n");
}

static void a_byte_order_mark_is_no_part_of_the_first_line(void **state)
{
	has_items(text_write(*state, "a", "\xef\xbb\xbf{\"id\":1}\n{}\n"), 1000, "1:{\"id\":1}\n2:{}\n");
}

static void an_empty_file_has_no_items(void **state)
{
	has_items(text_write(*state, "a", ""), 1000, "");
	has_items(text_write(*state, "b", " \n \n"), 1000, "");
}

static void a_line_that_is_too_long_is_skipped_and_told(void **state)
{
	size_t length = 3000000;
	char *text = malloc(length + 64);
	char *end;

	memset(text, 'x', length);
	memcpy(text, "{}\n{\"", 5);
	end = text + length;
	end += sprintf(end, "\n{\"id\":3}\n0123456789\n01234567890\n");
	has_items(file_write(*state, "a", text, (size_t)(end - text)), 10,
		  "1:{}\n2!longer than 10 bytes\n3:{\"id\":3}\n4:0123456789\n5!longer than 10 bytes\n");
	free(text);
}

static void a_first_line_that_is_cut_hurts_no_other(void **state)
{
	has_items(text_write(*state, "a", "{\"id\":1,\"text\":\"ab\n{\"id\":2}\n"), 1000,
		  "1:{\"id\":1,\"text\":\"ab\n2:{\"id\":2}\n");
	has_items(text_write(*state, "b", "{\"id\":1,\n{\"id\":2}\n"), 1000, "1:{\"id\":1,\n2:{\"id\":2}\n");
}

/* Values */

static void an_array_gives_its_elements(void **state)
{
	has_items(text_write(*state, "a", "[{\"id\":\"]\"},\n {\"id\":\"\\\"}\",\n\"x\":[{}]} , 7 ,\n\"a,b\"\n]\n"),
		  1000, "1:{\"id\":\"]\"}\n2:{\"id\":\"\\\"}\",\n\"x\":[{}]}\n3:7\n4:\"a,b\"\n");
	has_items(text_write(*state, "b", "[]"), 1000, "");
}

static void an_array_that_is_cut_says_so(void **state)
{
	has_items(text_write(*state, "a", "[{\"id\":1},\n"), 1000, "1:{\"id\":1}\n2!the array ends without ]\n");
	has_items(text_write(*state, "b", "[{\"id\":1},\n{\"id\":"), 1000,
		  "1:{\"id\":1}\n2!not JSON: the file ends inside this value\n");
}

static void an_element_that_is_too_long_is_skipped_and_told(void **state)
{
	size_t length = 2000000;
	char *text = malloc(length + 64);

	memset(text, ' ', length);
	memcpy(text, "[{\"id\":1},\n{", 12);
	text[length] = '\0';
	strcat(text, "},{\"id\":3}]");
	has_items(text_write(*state, "a", text), 10, "1:{\"id\":1}\n2!longer than 10 bytes\n2:{\"id\":3}\n");
	free(text);
}

static void an_object_over_many_lines_is_one_item(void **state)
{
	has_items(text_write(*state, "a", "\n{\n  \"id\": 1,\n  \"x\": {}\n}\n"), 1000,
		  "2:{\n  \"id\": 1,\n  \"x\": {}\n}\n");
	has_items(text_write(*state, "b", "{\n\"id\": 1\n}\n{\n\"id\": 2\n}\n"), 1000,
		  "1:{\n\"id\": 1\n}\n4:{\n\"id\": 2\n}\n");
}

/* Packed */

static void packed_files_are_known_by_how_they_begin(void **state)
{
	static const char text[] = "{\"id\":1}\n{\"id\":2}\n";
	unsigned char packed[512];
	size_t length = gzip_of(text, strlen(text), packed, sizeof(packed));

	has_items(file_write(*state, "a.jsonl", packed, length), 1000, "1:{\"id\":1}\n2:{\"id\":2}\n");
	length = ZSTD_compress(packed, sizeof(packed), text, strlen(text), 3);
	has_items(file_write(*state, "b.txt", packed, length), 1000, "1:{\"id\":1}\n2:{\"id\":2}\n");
	has_items(text_write(*state, "c.gz", text), 1000, "1:{\"id\":1}\n2:{\"id\":2}\n");
}

static void members_and_frames_in_a_row_are_one_stream(void **state)
{
	unsigned char packed[512] = {0};
	size_t length = gzip_of("{\"id\":1}\n{\"i", 12, packed, sizeof(packed));

	length += gzip_of("d\":2}\n", 6, packed + length, sizeof(packed) - length);
	has_items(file_write(*state, "a", packed, length), 1000, "1:{\"id\":1}\n2:{\"id\":2}\n");
	/* Zeros behind the last member, as tapes have them. */
	has_items(file_write(*state, "b", packed, sizeof(packed)), 1000, "1:{\"id\":1}\n2:{\"id\":2}\n");
	length = ZSTD_compress(packed, sizeof(packed), "{\"id\":1}\n{\"i", 12, 3);
	length += ZSTD_compress(packed + length, sizeof(packed) - length, "d\":2}\n", 6, 3);
	has_items(file_write(*state, "c", packed, length), 1000, "1:{\"id\":1}\n2:{\"id\":2}\n");
}

static void large_packed_files_come_whole(void **state)
{
	size_t length = 8000000;
	char *text = malloc(length + 1);
	unsigned char *packed = malloc(length);
	unsigned random = 7;
	const struct wf_source_settings settings = {1000, false};

	for (int form = 0; form < 2; form++) {
		for (size_t i = 0; i < length; i++) {
			random = random * 1664525u + 1013904223u;
			text[i] = i % 1000 == 999 ? '\n' : (char)('a' + random % 1000003 % 17);
		}
		text[length] = '\0';
		size_t packed_length = form == 0 ? gzip_of(text, length, packed, length)
						 : ZSTD_compress(packed, length, text, length, 1);
		struct wf_source *source;
		struct wf_source_item item;
		struct wf_error error;
		size_t lines = 0;

		file_write(*state, "large", packed, packed_length);
		assert_int_equal(wf_source_open(&source, path_of(*state, "large"), &settings, &error), 0);
		assert_int_equal(wf_source_size_bytes(source), packed_length);
		while (wf_source_next(source, &item, &error) > 0) {
			assert_int_equal(item.content.length, 999);
			assert_memory_equal(item.content.data, text + lines * 1000, 999);
			lines++;
		}
		assert_int_equal(lines, length / 1000);
		assert_int_equal(wf_source_position_bytes(source), packed_length);
		wf_source_free(source);
	}
	free(text);
	free(packed);
}

static void a_packed_file_that_is_cut_gives_what_it_has_and_an_error(void **state)
{
	static char text[4000];
	unsigned char packed[4000];
	size_t length;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 10 == 9 ? '\n' : (char)('a' + i * i * 7919 % 23);
	length = gzip_of(text, sizeof(text), packed, sizeof(packed));
	char *items = items_of(file_write(*state, "a", packed, length - 9), 1000);

	assert_non_null(strstr(items, "error the gzip stream ends too early"));
	free(items);
	packed[length / 2] ^= 0xff;
	packed[length / 2 + 1] ^= 0xff;
	items = items_of(file_write(*state, "b", packed, length), 1000);
	assert_non_null(strstr(items, "error the gzip stream is damaged"));
	free(items);
	length = ZSTD_compress(packed, sizeof(packed), text, sizeof(text), 3);
	items = items_of(file_write(*state, "c", packed, length - 3), 1000);
	assert_non_null(strstr(items, "error the zstd stream ends too early"));
	free(items);
}

/* Folders */

static void a_folder_gives_its_texts_in_the_order_of_their_names(void **state)
{
	struct folder *folder = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/sub", folder->path);
	mkdir(path, 0700);
	text_write(folder, "b.txt", "second");
	text_write(folder, "a.txt", "[not json]");
	text_write(folder, "sub/c.txt", "third\nline");
	text_write(folder, ".hidden", "no");
	file_write(folder, "picture.png", "\x89PNG\0\0", 6);
	text_write(folder, "z.jsonl", "{}\n{}\n");
	char *items = items_of(folder->path, 1000);

	assert_non_null(strstr(items, "a.txt=[not json]\n"));
	assert_non_null(strstr(items, "b.txt=second\n"));
	assert_non_null(strstr(items, "0!not a text: it has zero bytes\n"));
	assert_non_null(strstr(items, "sub/c.txt=third\nline\n"));
	assert_non_null(strstr(items, "1:{}\n2:{}\n"));
	assert_null(strstr(items, "hidden"));
	assert_true(strstr(items, "a.txt=") < strstr(items, "b.txt="));
	free(items);
	snprintf(path, sizeof(path), "%s//", folder->path);
	items = items_of(path, 1000);
	assert_non_null(strstr(items, "sub/c.txt=third\nline\n"));
	free(items);
}

static void one_damaged_file_does_not_end_a_folder(void **state)
{
	file_write(*state, "a.txt", "\x1f\x8b\x08\0rubbish", 11);
	text_write(*state, "b.txt", "whole");
	char *items = items_of(((struct folder *)*state)->path, 1000);

	assert_non_null(strstr(items, "0!the gzip stream"));
	assert_non_null(strstr(items, "b.txt=whole"));
	free(items);
}

static void a_text_file_that_is_too_long_is_told(void **state)
{
	text_write(*state, "a.txt", "0123456789");
	text_write(*state, "b.txt", "01234567890");
	has_items(((struct folder *)*state)->path, 10, "a.txt=0123456789\n0!longer than 10 bytes\n");
}

/* Texts */

static void a_text_is_one_item_where_texts_are_taken(void **state)
{
	const struct wf_source_settings settings = {1000, true};
	struct wf_source *source;
	struct wf_source_item item;
	struct wf_error error;

	text_write(*state, "story.txt", "\n  Showers continued\nin the zone\n");
	assert_int_equal(wf_source_open(&source, path_of(*state, "story.txt"), &settings, &error), 0);
	assert_int_equal(wf_source_next(source, &item, &error), 1);
	assert_int_equal(item.kind, WF_SOURCE_TEXT);
	assert_memory_equal(item.content.data, "Showers continued\nin the zone\n", item.content.length);
	assert_int_equal(wf_source_next(source, &item, &error), 0);
	wf_source_free(source);
}

/* Errors */

static void a_path_that_is_not_there_is_an_error_with_words(void **state)
{
	const struct wf_source_settings settings = {10, false};
	struct wf_source *source;
	struct wf_error error;

	(void)state;
	assert_int_equal(wf_source_open(&source, "/nonexistent/file", &settings, &error), -ENOENT);
	assert_null(source);
	assert_non_null(strstr(error.text, "cannot be opened"));
}

int main(void)
{
#define in_folder(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)
	const struct CMUnitTest tests[] = {
		in_folder(lines_come_with_their_numbers),
		in_folder(a_byte_order_mark_is_no_part_of_the_first_line),
		in_folder(an_empty_file_has_no_items),
		in_folder(a_line_that_is_too_long_is_skipped_and_told),
		in_folder(a_first_line_that_is_cut_hurts_no_other),
		in_folder(an_array_gives_its_elements),
		in_folder(an_array_that_is_cut_says_so),
		in_folder(an_element_that_is_too_long_is_skipped_and_told),
		in_folder(an_object_over_many_lines_is_one_item),
		in_folder(packed_files_are_known_by_how_they_begin),
		in_folder(members_and_frames_in_a_row_are_one_stream),
		in_folder(large_packed_files_come_whole),
		in_folder(a_packed_file_that_is_cut_gives_what_it_has_and_an_error),
		in_folder(a_folder_gives_its_texts_in_the_order_of_their_names),
		in_folder(one_damaged_file_does_not_end_a_folder),
		in_folder(a_text_file_that_is_too_long_is_told),
		in_folder(a_text_is_one_item_where_texts_are_taken),
		cmocka_unit_test(a_path_that_is_not_there_is_an_error_with_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
