/* How decoded MessagePack is read: values, and cursors that remember where they are and what went wrong first.
 *
 *   [0, 7, "add_batch", [[{"id": "a"}, {"id": "b", "text": 5}]]]
 *                        |            |            |
 *                        articles     articles[1]  articles[1].text: expected a string, got an integer
 *
 * A cursor is a value with its place. Cursors of one reading share one wf_error: the first failure stays in it,
 * later reads answer 0, false or empty, so that a decoder reads all it wants and asks once. Places are put into
 * words only on failure.
 *
 * Lenience, the same everywhere: `bin` is taken where a string is expected (old clients send it); strings are
 * bytes, not checked for UTF-8; nil for an optional field means that it is absent; keys of a map that are no
 * strings are passed over; of a key given twice the last counts. A float is never taken for an integer, not even
 * 3.0. */
#ifndef WF_VALUE_H
#define WF_VALUE_H

#include "base/bytes.h"
#include "base/error.h"

struct msgpack_object;

enum wf_value_kind {
	WF_VALUE_NIL,
	WF_VALUE_BOOLEAN,
	WF_VALUE_INTEGER,
	WF_VALUE_FLOAT,
	WF_VALUE_STRING,
	WF_VALUE_BINARY,
	WF_VALUE_ARRAY,
	WF_VALUE_MAP,
	WF_VALUE_EXTENSION,
};

/* A decoded value; lives as long as its message. {NULL} is no value and reads as nil. */
struct wf_value {
	const struct msgpack_object *object;
};

enum wf_value_kind wf_value_kind(struct wf_value value);
const char *wf_value_kind_phrase(enum wf_value_kind kind); /* "nil", "a boolean", "an integer", ...; static */

/* The bytes of a string or binary; {NULL, 0} of anything else. data is never NULL for a string, not even an empty
 * one. */
struct wf_bytes wf_value_bytes(struct wf_value value);

/* True where value is an integer from 0 to 2^64-1, which goes to *number. */
bool wf_value_unsigned(struct wf_value value, uint64_t *number);

/* Elements of an array or pairs of a map; 0 of anything else. Element `index`, or key and value of pair `index`,
 * must be there. */
size_t wf_value_count(struct wf_value value);
struct wf_value wf_value_element(struct wf_value array, size_t index);
struct wf_value wf_value_pair(struct wf_value map, size_t index, struct wf_value *key);

/* The last value of `map` under the string key `name`; {NULL} where there is none, or map is no map. Linear. */
struct wf_value wf_value_field(struct wf_value map, const char *name);

/* A value and its place. Fields are read by wf_cursor_*; plain to copy; `parent`, `name` and `error` must outlive
 * it. */
struct wf_cursor {
	struct wf_value value;
	const struct wf_cursor *parent; /* NULL: the root */
	const char *name;               /* of a field or parameter; NULL: element `index`, or an unnamed root */
	size_t index;
	struct wf_error *error; /* shared; code 0 until the first failure */
	int code;               /* what a wrong value is: WF_EBADREQUEST, WF_EBADARTICLE */
};

/* The root of a reading. `name` may be NULL: fields then go by their own names ("text", not "article.text").
 * `error` is cleared. `code` is what a wrong value fails with. */
struct wf_cursor wf_cursor_of(struct wf_value value, const char *name, int code, struct wf_error *error);

/* Fails the reading, unless it has failed already, with the place before the words: "articles[3].text: " and the
 * format. Returns the code that the reading failed with first. */
int wf_cursor_fail(const struct wf_cursor *cursor, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static inline bool wf_cursor_failed(const struct wf_cursor *cursor)
{
	return cursor->error->code != 0;
}

/* Down one step. element: index below the count of the array; `name` NULL, or what a parameter is called. field:
 * {NULL} value (which is_absent) where the map has no such key; fails where the parent is no map. `parent` must
 * outlive the child. */
struct wf_cursor wf_cursor_element(const struct wf_cursor *parent, size_t index, const char *name);
struct wf_cursor wf_cursor_field(const struct wf_cursor *parent, const char *name);

/* No such field, or nil. Ask before reading an optional field. */
bool wf_cursor_is_absent(const struct wf_cursor *cursor);

/* Reads. Each fails the reading where the value is absent, of another kind, or out of bounds, naming the place.
 * string: bytes_min to bytes_max bytes, borrowed from the message; data is never NULL unless the reading failed.
 * unsigned: 0 to number_max. integer: anything that an int64_t holds. number: an integer or a float that is no NaN.
 * array, map: the count of elements or pairs, count_max at most (more: WF_ETOOLARGE). */
struct wf_bytes wf_cursor_string(const struct wf_cursor *cursor, size_t bytes_min, size_t bytes_max);
uint64_t wf_cursor_unsigned(const struct wf_cursor *cursor, uint64_t number_max);
int64_t wf_cursor_integer(const struct wf_cursor *cursor);
double wf_cursor_number(const struct wf_cursor *cursor);
bool wf_cursor_boolean(const struct wf_cursor *cursor);
size_t wf_cursor_array(const struct wf_cursor *cursor, size_t count_max);
size_t wf_cursor_map(const struct wf_cursor *cursor, size_t count_max);

#endif
