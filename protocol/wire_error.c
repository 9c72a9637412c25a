#include "wire_error.h"

#include <stdio.h>

#define WORD_MAP(X)                       \
	X(WF_EBADREQUEST, "bad_request")  \
	X(WF_ENOMETHOD, "no_such_method") \
	X(WF_EBADARTICLE, "bad_article")  \
	X(WF_ETOOLARGE, "too_large")      \
	X(WF_ENOTFOUND, "not_found")      \
	X(WF_EDENIED, "denied")           \
	X(WF_EOVERLOADED, "overloaded")   \
	X(WF_EINTERNAL, "internal")

const char *wf_wire_error_word(int code)
{
	switch (code) {
	case WF_EMALFORMED:
		return "bad_request";
	case WF_ENOMEM:
	case WF_EFULL:
		return "overloaded";
#define X(value, word) \
	case value:    \
		return word;
		WORD_MAP(X)
#undef X
	default:
		return "internal";
	}
}

int wf_wire_error_code(struct wf_bytes word)
{
#define X(value, text)                               \
	if (wf_bytes_equal(word, wf_bytes_of(text))) \
		return value;
	WORD_MAP(X)
#undef X
	return WF_EINTERNAL;
}

int wf_wire_error_of(struct wf_value value, struct wf_error *error)
{
	struct wf_bytes word = {NULL, 0};
	struct wf_bytes text = {NULL, 0};
	int code;

	switch (wf_value_kind(value)) {
	case WF_VALUE_NIL:
		*error = (struct wf_error){.code = 0};
		return 0;
	case WF_VALUE_ARRAY:
		if (wf_value_count(value) > 0)
			word = wf_value_bytes(wf_value_element(value, 0));
		if (wf_value_count(value) > 1)
			text = wf_value_bytes(wf_value_element(value, 1));
		break;
	default:
		text = wf_value_bytes(value);
	}
	code = wf_wire_error_code(word);
	if (text.length == 0 || text.data[0] == '\0') /* nothing that could be shown */
		return wf_error_set(error, code, "%s", wf_error_sentence(code));
	return wf_error_set(error, code, "%.*s",
			    (int)(text.length < WF_ERROR_TEXT_BYTES ? text.length : WF_ERROR_TEXT_BYTES), text.data);
}
