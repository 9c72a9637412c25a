#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *wf_error_sentence(int code)
{
	switch (code) {
	case WF_OK:
		return "done";
#define X(name, value, sentence) \
	case WF_E##name:         \
		return sentence;
		WF_ERROR_MAP(X)
#undef X
	default:
		return strerror(-code);
	}
}

int wf_error_set(struct wf_error *error, int code, const char *format, ...)
{
	if (error != NULL) {
		va_list arguments;

		error->code = code;
		va_start(arguments, format);
		(void)vsnprintf(error->text, sizeof error->text, format, arguments);
		va_end(arguments);
	}
	return code;
}
