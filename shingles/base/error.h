/* Every error of wirefold: its code, its value and its sentence, in one map.
 *
 * Functions return 0 or a negative code. Values of errno and libuv (negative errno) pass through unchanged;
 * our own begin at -10001, out of reach of both. */
#ifndef WF_BASE_ERROR_H
#define WF_BASE_ERROR_H

#include <errno.h>

#define WF_ERROR_MAP(X)                                             \
	X(NOMEM, -ENOMEM, "out of memory")                          \
	X(BADREQUEST, -10001, "the request is malformed")           \
	X(NOMETHOD, -10002, "no such method")                       \
	X(BADARTICLE, -10003, "the article is malformed")           \
	X(TOOLARGE, -10004, "larger than the limit")                \
	X(NOTFOUND, -10005, "not found")                            \
	X(DENIED, -10006, "not allowed")                            \
	X(OVERLOADED, -10007, "overloaded, try again later")        \
	X(INTERNAL, -10008, "internal error")                       \
	X(MALFORMED, -10009, "the bytes are not MessagePack")       \
	X(CORRUPT, -10010, "the store is damaged")                  \
	X(VERSION, -10011, "the store has another format version")  \
	X(FULL, -10012, "no room left in the store")                \
	X(LOCKED, -10013, "the store is in use by another process") \
	X(CLOSED, -10014, "the connection is closed")

enum wf_error_code {
	WF_OK = 0,
#define X(name, value, sentence) WF_E##name = (value),
	WF_ERROR_MAP(X)
#undef X
};

#define WF_ERROR_TEXT_BYTES 192

/* An error with its own words. `code` is 0 or negative; `text` ends with a NUL and is empty where code is 0. */
struct wf_error {
	int code;
	char text[WF_ERROR_TEXT_BYTES];
};

/* The sentence of a code, of ours or of errno; never NULL, static. */
const char *wf_error_sentence(int code);

/* Fills `error` (which may be NULL) and returns `code`, so that a failing function can end with
 * `return wf_error_set(error, WF_EBADARTICLE, "text: expected a string")`. A text that is too long is cut. */
int wf_error_set(struct wf_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
