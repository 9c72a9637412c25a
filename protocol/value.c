#include "value.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include <msgpack.h>

enum wf_value_kind wf_value_kind(struct wf_value value)
{
	if (value.object == NULL)
		return WF_VALUE_NIL;
	switch (value.object->type) {
	case MSGPACK_OBJECT_BOOLEAN:
		return WF_VALUE_BOOLEAN;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return WF_VALUE_INTEGER;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		return WF_VALUE_FLOAT;
	case MSGPACK_OBJECT_STR:
		return WF_VALUE_STRING;
	case MSGPACK_OBJECT_BIN:
		return WF_VALUE_BINARY;
	case MSGPACK_OBJECT_ARRAY:
		return WF_VALUE_ARRAY;
	case MSGPACK_OBJECT_MAP:
		return WF_VALUE_MAP;
	case MSGPACK_OBJECT_EXT:
		return WF_VALUE_EXTENSION;
	case MSGPACK_OBJECT_NIL:
		break;
	}
	return WF_VALUE_NIL;
}

const char *wf_value_kind_phrase(enum wf_value_kind kind)
{
	switch (kind) {
	case WF_VALUE_NIL:
		return "nil";
	case WF_VALUE_BOOLEAN:
		return "a boolean";
	case WF_VALUE_INTEGER:
		return "an integer";
	case WF_VALUE_FLOAT:
		return "a float";
	case WF_VALUE_STRING:
		return "a string";
	case WF_VALUE_BINARY:
		return "a binary";
	case WF_VALUE_ARRAY:
		return "an array";
	case WF_VALUE_MAP:
		return "a map";
	case WF_VALUE_EXTENSION:
		return "an extension";
	}
	return "something unknown";
}

/* The pointer of an empty string is whatever msgpack-c left there; ours says that there is a string. */
static struct wf_bytes present(const char *data, size_t length)
{
	return (struct wf_bytes){length == 0 ? "" : data, length};
}

struct wf_bytes wf_value_bytes(struct wf_value value)
{
	switch (wf_value_kind(value)) {
	case WF_VALUE_STRING:
		return present(value.object->via.str.ptr, value.object->via.str.size);
	case WF_VALUE_BINARY:
		return present(value.object->via.bin.ptr, value.object->via.bin.size);
	default:
		return (struct wf_bytes){NULL, 0};
	}
}

bool wf_value_unsigned(struct wf_value value, uint64_t *number)
{
	if (value.object == NULL || value.object->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
		return false;
	*number = value.object->via.u64;
	return true;
}

size_t wf_value_count(struct wf_value value)
{
	switch (wf_value_kind(value)) {
	case WF_VALUE_ARRAY:
		return value.object->via.array.size;
	case WF_VALUE_MAP:
		return value.object->via.map.size;
	default:
		return 0;
	}
}

struct wf_value wf_value_element(struct wf_value array, size_t index)
{
	return (struct wf_value){&array.object->via.array.ptr[index]};
}

struct wf_value wf_value_pair(struct wf_value map, size_t index, struct wf_value *key)
{
	const msgpack_object_kv *pair = &map.object->via.map.ptr[index];

	key->object = &pair->key;
	return (struct wf_value){&pair->val};
}

struct wf_value wf_value_field(struct wf_value map, const char *name)
{
	const struct wf_bytes wanted = wf_bytes_of(name);

	if (wf_value_kind(map) != WF_VALUE_MAP)
		return (struct wf_value){NULL};
	for (size_t i = map.object->via.map.size; i-- > 0;) {
		const msgpack_object_kv *pair = &map.object->via.map.ptr[i];

		if (wf_bytes_equal(wf_value_bytes((struct wf_value){&pair->key}), wanted))
			return (struct wf_value){&pair->val};
	}
	return (struct wf_value){NULL};
}

struct wf_cursor wf_cursor_of(struct wf_value value, const char *name, int code, struct wf_error *error)
{
	*error = (struct wf_error){.code = 0};
	return (struct wf_cursor){.value = value, .name = name, .error = error, .code = code};
}

/* Writes the place of a cursor, "articles[3].text", at `length` of `text`; returns the length after it. */
static size_t write_place(const struct wf_cursor *cursor, char *text, size_t length, size_t size)
{
	int written = 0;

	if (cursor->parent != NULL)
		length = write_place(cursor->parent, text, length, size);
	if (cursor->name != NULL)
		written = snprintf(text + length, size - length, "%s%s", length > 0 ? "." : "", cursor->name);
	else if (cursor->parent != NULL)
		written = snprintf(text + length, size - length, "[%zu]", cursor->index);
	if (written > 0)
		length += (size_t)written;
	return length < size ? length : size - 1;
}

int wf_cursor_fail(const struct wf_cursor *cursor, int code, const char *format, ...)
{
	char place[WF_ERROR_TEXT_BYTES / 2] = "";
	char words[WF_ERROR_TEXT_BYTES];
	va_list arguments;

	if (wf_cursor_failed(cursor))
		return cursor->error->code;
	va_start(arguments, format);
	(void)vsnprintf(words, sizeof words, format, arguments);
	va_end(arguments);
	if (write_place(cursor, place, 0, sizeof place) > 0)
		return wf_error_set(cursor->error, code, "%s: %s", place, words);
	return wf_error_set(cursor->error, code, "%s", words);
}

struct wf_cursor wf_cursor_element(const struct wf_cursor *parent, size_t index, const char *name)
{
	struct wf_cursor child = *parent;

	child.parent = parent;
	child.name = name;
	child.index = index;
	child.value.object = NULL;
	if (wf_value_kind(parent->value) == WF_VALUE_ARRAY && index < wf_value_count(parent->value))
		child.value = wf_value_element(parent->value, index);
	return child;
}

struct wf_cursor wf_cursor_field(const struct wf_cursor *parent, const char *name)
{
	struct wf_cursor child = *parent;

	(void)wf_cursor_map(parent, SIZE_MAX);
	child.parent = parent;
	child.name = name;
	child.value = wf_value_field(parent->value, name);
	return child;
}

bool wf_cursor_is_absent(const struct wf_cursor *cursor)
{
	return wf_value_kind(cursor->value) == WF_VALUE_NIL;
}

static void fail_kind(const struct wf_cursor *cursor, const char *expected)
{
	if (cursor->value.object == NULL)
		(void)wf_cursor_fail(cursor, cursor->code, "expected %s, but it is missing", expected);
	else
		(void)wf_cursor_fail(cursor, cursor->code, "expected %s, got %s", expected,
				     wf_value_kind_phrase(wf_value_kind(cursor->value)));
}

struct wf_bytes wf_cursor_string(const struct wf_cursor *cursor, size_t bytes_min, size_t bytes_max)
{
	const struct wf_bytes bytes = wf_value_bytes(cursor->value);

	if (bytes.data == NULL)
		fail_kind(cursor, "a string");
	else if (bytes.length < bytes_min || bytes.length > bytes_max)
		(void)wf_cursor_fail(cursor, cursor->code, "expected %zu to %zu bytes, got %zu", bytes_min, bytes_max,
				     bytes.length);
	return wf_cursor_failed(cursor) ? (struct wf_bytes){NULL, 0} : bytes;
}

uint64_t wf_cursor_unsigned(const struct wf_cursor *cursor, uint64_t number_max)
{
	uint64_t number = 0;

	if (wf_value_kind(cursor->value) != WF_VALUE_INTEGER)
		fail_kind(cursor, "an integer");
	else if (!wf_value_unsigned(cursor->value, &number))
		(void)wf_cursor_fail(cursor, cursor->code, "expected 0 to %llu, got a negative integer",
				     (unsigned long long)number_max);
	else if (number > number_max)
		(void)wf_cursor_fail(cursor, cursor->code, "expected 0 to %llu, got %llu",
				     (unsigned long long)number_max, (unsigned long long)number);
	return wf_cursor_failed(cursor) ? 0 : number;
}

int64_t wf_cursor_integer(const struct wf_cursor *cursor)
{
	int64_t number = 0;

	if (wf_value_kind(cursor->value) != WF_VALUE_INTEGER)
		fail_kind(cursor, "an integer");
	else if (cursor->value.object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		number = cursor->value.object->via.i64;
	else if (cursor->value.object->via.u64 > INT64_MAX)
		(void)wf_cursor_fail(cursor, cursor->code, "expected an integer below 2^63, got %llu",
				     (unsigned long long)cursor->value.object->via.u64);
	else
		number = (int64_t)cursor->value.object->via.u64;
	return wf_cursor_failed(cursor) ? 0 : number;
}

double wf_cursor_number(const struct wf_cursor *cursor)
{
	double number = 0;

	switch (wf_value_kind(cursor->value)) {
	case WF_VALUE_FLOAT:
		number = cursor->value.object->via.f64;
		if (isnan(number))
			(void)wf_cursor_fail(cursor, cursor->code, "expected a number, got NaN");
		break;
	case WF_VALUE_INTEGER:
		number = cursor->value.object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER
				 ? (double)cursor->value.object->via.i64
				 : (double)cursor->value.object->via.u64;
		break;
	default:
		fail_kind(cursor, "a number");
	}
	return wf_cursor_failed(cursor) ? 0 : number;
}

bool wf_cursor_boolean(const struct wf_cursor *cursor)
{
	if (wf_value_kind(cursor->value) != WF_VALUE_BOOLEAN)
		fail_kind(cursor, "a boolean");
	return !wf_cursor_failed(cursor) && cursor->value.object->via.boolean;
}

static size_t read_count(const struct wf_cursor *cursor, enum wf_value_kind kind, size_t count_max, const char *unit)
{
	const size_t count = wf_value_count(cursor->value);

	if (wf_value_kind(cursor->value) != kind)
		fail_kind(cursor, wf_value_kind_phrase(kind));
	else if (count > count_max)
		(void)wf_cursor_fail(cursor, WF_ETOOLARGE, "expected at most %zu %s, got %zu", count_max, unit, count);
	return wf_cursor_failed(cursor) ? 0 : count;
}

size_t wf_cursor_array(const struct wf_cursor *cursor, size_t count_max)
{
	return read_count(cursor, WF_VALUE_ARRAY, count_max, "elements");
}

size_t wf_cursor_map(const struct wf_cursor *cursor, size_t count_max)
{
	return read_count(cursor, WF_VALUE_MAP, count_max, "pairs");
}
