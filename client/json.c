#include "json.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "character.h"
#include "published.h"

/* The place of a string in an article. */
struct field {
	const char *key;
	size_t offset;
};

static const struct field fields[] = {
	{"id", offsetof(struct wf_article, id)},       {"text", offsetof(struct wf_article, text)},
	{"title", offsetof(struct wf_article, title)}, {"outlet", offsetof(struct wf_article, outlet)},
	{"url", offsetof(struct wf_article, url)},     {"lang", offsetof(struct wf_article, lang)},
};

static const char *type_words(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		return "null";
	}
	return "something else";
}

/* `digits`: the four behind \u; `seconds`: which ones the second may be. */
static bool is_surrogate(const char *digits, const char *seconds)
{
	return tolower((unsigned char)digits[0]) == 'd' && digits[1] != '\0' &&
	       strchr(seconds, tolower((unsigned char)digits[1])) != NULL;
}

static bool is_high_surrogate(const char *digits)
{
	return is_surrogate(digits, "89ab");
}

static bool is_low_surrogate(const char *digits)
{
	return is_surrogate(digits, "cdef");
}

/* Copies `json` into `target`, which has three times its room, with U+FFFD for what no parser takes: bytes that are not
 * UTF-8 and escapes of half a surrogate pair. Returns the bytes written. */
static size_t repair(struct wf_bytes json, char *target)
{
	size_t written = 0;

	while (json.length > 0) {
		bool is_valid;

		if (json.length >= 6 && json.data[0] == '\\' && json.data[1] == 'u') {
			const char *digits = json.data + 2;
			bool is_pair = json.length >= 12 && is_high_surrogate(digits) && json.data[6] == '\\' &&
				       json.data[7] == 'u' && is_low_surrogate(json.data + 8);
			size_t length = is_pair ? 12 : 6;
			bool is_half = !is_pair && (is_high_surrogate(digits) || is_low_surrogate(digits));

			memcpy(target + written, is_half ? "\\ufffd" : json.data, length);
			written += length;
			json.data += length;
			json.length -= length;
		} else if (json.length >= 2 && json.data[0] == '\\') {
			target[written++] = *json.data++;
			json.length--;
			written += wf_character_encode(wf_character_next(&json, &is_valid), target + written);
		} else {
			written += wf_character_encode(wf_character_next(&json, &is_valid), target + written);
		}
	}
	return written;
}

static json_t *parse_repaired(struct wf_bytes json)
{
	char *repaired = json.length > SIZE_MAX / 3 ? NULL : malloc(json.length * 3 + 1);
	json_error_t ignored;
	json_t *parsed = NULL;

	if (repaired != NULL)
		parsed = json_loadb(repaired, repair(json, repaired), JSON_ALLOW_NUL, &ignored);
	free(repaired);
	return parsed;
}

/* Strict first: only a line that fails pays for the repair. */
static int parse(struct wf_bytes json, json_t **parsed, struct wf_error *error)
{
	json_error_t why;

	*parsed = json_loadb(json.data, json.length, JSON_ALLOW_NUL, &why);
	if (*parsed == NULL && json_error_code(&why) == json_error_out_of_memory)
		return wf_error_set(error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
	if (*parsed == NULL)
		*parsed = parse_repaired(json);
	if (*parsed == NULL)
		return wf_error_set(error, WF_EMALFORMED, "not JSON: at byte %d: %s", why.position, why.text);
	return 0;
}

static int keep_string(const json_t *value, struct wf_arena *arena, struct wf_bytes *kept, struct wf_error *error)
{
	struct wf_bytes string = {json_string_value(value), json_string_length(value)};

	/* An arena's copy of nothing is nothing; a string that is there, but empty, must stay so. */
	*kept = string.length == 0 ? (struct wf_bytes){"", 0} : wf_arena_copy(arena, string);
	if (kept->data == NULL)
		return wf_error_set(error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
	return 0;
}

static int read_id_number(const json_t *value, struct wf_arena *arena, struct wf_bytes *id, struct wf_error *error)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(value));

	*id = wf_arena_copy(arena, (struct wf_bytes){digits, (size_t)length});
	if (id->data == NULL)
		return wf_error_set(error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
	return 0;
}

static int read_published_text(const json_t *value, struct wf_arena *arena, struct wf_draft *draft,
			       struct wf_error *error)
{
	struct wf_bytes text = {json_string_value(value), json_string_length(value)};
	int64_t seconds;

	if (wf_published_is_rfc3339(text))
		draft->article.has_published = wf_published_read(text, &draft->article.published);
	if (draft->article.has_published)
		return keep_string(value, arena, &draft->article.published_text, error);
	if (text.length == 0)
		return 0;
	if (!wf_published_read(text, &seconds))
		return keep_string(value, arena, &draft->published_unread, error);
	draft->article.published = seconds;
	draft->article.has_published = true;
	return 0;
}

static int read_published(const json_t *value, struct wf_arena *arena, struct wf_draft *draft, struct wf_error *error)
{
	if (json_is_integer(value)) {
		draft->article.published = json_integer_value(value);
		draft->article.has_published = true;
	} else if (json_is_real(value) && fabs(json_real_value(value)) < (double)WF_NUMBER_MAX) {
		draft->article.published = (int64_t)floor(json_real_value(value));
		draft->article.has_published = true;
	} else if (json_is_string(value)) {
		return read_published_text(value, arena, draft, error);
	} else {
		draft->published_unread = wf_bytes_of(type_words(value));
	}
	return 0;
}

static int read_field(const json_t *object, const struct field *field, struct wf_arena *arena, struct wf_draft *draft,
		      struct wf_error *error)
{
	const json_t *value = json_object_get(object, field->key);
	struct wf_bytes *place = (struct wf_bytes *)(void *)((char *)&draft->article + field->offset);

	if (value == NULL || json_is_null(value))
		return 0;
	if (json_is_string(value))
		return keep_string(value, arena, place, error);
	if (json_is_integer(value) && strcmp(field->key, "id") == 0)
		return read_id_number(value, arena, place, error);
	return wf_error_set(error, WF_EBADARTICLE, "%s: expected a string, got %s", field->key, type_words(value));
}

int wf_json_read_article(struct wf_bytes json, struct wf_arena *arena, struct wf_draft *draft, struct wf_error *error)
{
	const json_t *published;
	json_t *parsed;
	int result;

	*draft = (struct wf_draft){0};
	result = parse(json, &parsed, error);
	if (result < 0)
		return result;
	if (!json_is_object(parsed))
		result = wf_error_set(error, WF_EBADARTICLE, "expected an object, got %s", type_words(parsed));
	for (size_t i = 0; result == 0 && i < sizeof(fields) / sizeof(fields[0]); i++)
		result = read_field(parsed, &fields[i], arena, draft, error);
	published = json_object_get(parsed, "published");
	if (result == 0 && published != NULL && !json_is_null(published))
		result = read_published(published, arena, draft, error);
	json_decref(parsed);
	return result;
}

void wf_json_write_string(FILE *file, struct wf_bytes text)
{
	static const char names[] = "btn\0fr"; /* of the characters from 8 on */

	putc('"', file);
	while (text.length > 0) {
		const char *begin = text.data;
		bool is_valid;
		uint32_t character = wf_character_next(&text, &is_valid);

		if (character == '"' || character == '\\') {
			putc('\\', file);
			putc((int)character, file);
		} else if (character >= 8 && character <= 13 && names[character - 8] != '\0') {
			putc('\\', file);
			putc(names[character - 8], file);
		} else if (character < 0x20 || character == 0x7f) {
			fprintf(file, "\\u%04" PRIx32, character);
		} else if (!is_valid) {
			fputs("\xef\xbf\xbd", file);
		} else {
			fwrite(begin, 1, (size_t)(text.data - begin), file);
		}
	}
	putc('"', file);
}

/* The fewest digits that read back as the same number. */
static void write_number(FILE *file, double number)
{
	char digits[40];

	if (!isfinite(number)) {
		fputs("null", file);
		return;
	}
	for (int precision = 6; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, number);
		if (strtod(digits, NULL) == number)
			break;
	}
	fputs(digits, file);
	if (strpbrk(digits, ".e") == NULL)
		fputs(".0", file);
}

static void write_scalar(FILE *file, struct wf_value value)
{
	struct wf_error error;
	struct wf_cursor cursor = wf_cursor_of(value, NULL, WF_EBADREQUEST, &error);
	uint64_t number;
	double float_number;

	switch (wf_value_kind(value)) {
	case WF_VALUE_BOOLEAN:
		fputs(wf_cursor_boolean(&cursor) ? "true" : "false", file);
		break;
	case WF_VALUE_INTEGER:
		if (wf_value_unsigned(value, &number))
			fprintf(file, "%" PRIu64, number);
		else
			fprintf(file, "%" PRId64, wf_cursor_integer(&cursor));
		break;
	case WF_VALUE_FLOAT:
		float_number = wf_cursor_number(&cursor);
		/* The cursor refuses NaN. */
		write_number(file, wf_cursor_failed(&cursor) ? NAN : float_number);
		break;
	case WF_VALUE_STRING:
	case WF_VALUE_BINARY:
		wf_json_write_string(file, wf_value_bytes(value));
		break;
	case WF_VALUE_NIL:
	case WF_VALUE_EXTENSION:
	case WF_VALUE_ARRAY:
	case WF_VALUE_MAP:
		fputs("null", file);
		break;
	}
}

/* A key that is no string is written as the JSON of it, in quotes. */
static void write_key(FILE *file, struct wf_value key)
{
	bool is_text = wf_value_bytes(key).data != NULL;

	if (!is_text)
		putc('"', file);
	write_scalar(file, key);
	fputs(is_text ? ": " : "\": ", file);
}

void wf_json_write_value(FILE *file, struct wf_value value)
{
	enum wf_value_kind kind = wf_value_kind(value);
	size_t count = wf_value_count(value);

	if (kind != WF_VALUE_ARRAY && kind != WF_VALUE_MAP) {
		write_scalar(file, value);
		return;
	}
	putc(kind == WF_VALUE_ARRAY ? '[' : '{', file);
	for (size_t i = 0; i < count; i++) {
		struct wf_value element;

		if (i > 0)
			fputs(", ", file);
		if (kind == WF_VALUE_MAP) {
			struct wf_value key;

			element = wf_value_pair(value, i, &key);
			write_key(file, key);
		} else {
			element = wf_value_element(value, i);
		}
		/* The reader of messages bounds the depth (WF_REQUEST_DEPTH_MAX). */
		wf_json_write_value(file, element);
	}
	putc(kind == WF_VALUE_ARRAY ? ']' : '}', file);
}
