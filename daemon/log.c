#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A line that is being written; what does not fit is dropped, the newline always fits. */
struct line {
	char *data;
	size_t length;
	size_t room;
};

static void put(struct line *line, const char *bytes, size_t length)
{
	if (length > line->room - line->length)
		length = line->room - line->length;
	memcpy(line->data + line->length, bytes, length);
	line->length += length;
}

__attribute__((format(printf, 2, 3))) static void put_format(struct line *line, const char *format, ...)
{
	char text[64];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length > 0)
		put(line, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static bool is_plain(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text <= ' ' || *text == '"' || *text == '=' || *text == '\\' || *text == 0x7f)
			return false;
	return true;
}

static void put_text(struct line *line, const char *text)
{
	if (text == NULL)
		text = "";
	if (is_plain(text)) {
		put(line, text, strlen(text));
		return;
	}
	put(line, "\"", 1);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			put_format(line, "\\%c", *text);
		else if (*text == '\n')
			put(line, "\\n", 2);
		else if ((unsigned char)*text < ' ' || *text == 0x7f)
			put_format(line, "\\x%02x", (unsigned char)*text);
		else
			put(line, text, 1);
	}
	put(line, "\"", 1);
}

size_t wf_log_line(char *line_bytes, size_t room, enum wf_log_level level, const char *fact,
		   const struct wf_log_field *fields)
{
	struct line line = {.data = line_bytes, .room = room - 1};

	put_format(&line, "level=%s fact=", wf_log_level_word(level));
	put_text(&line, fact);
	for (; fields != NULL && fields->kind != WF_LOG_FIELD_END; fields++) {
		put_format(&line, " %s=", fields->key);
		if (fields->kind == WF_LOG_FIELD_TEXT)
			put_text(&line, fields->text);
		else if (fields->kind == WF_LOG_FIELD_COUNT)
			put_format(&line, "%llu", (unsigned long long)fields->count);
		else
			put_format(&line, "%.3f", fields->seconds);
	}
	line_bytes[line.length] = '\n';
	return line.length + 1;
}

/* As syslog(3) counts. */
static int priority_of(enum wf_log_level level)
{
	switch (level) {
	case WF_LOG_ERROR:
		return 3;
	case WF_LOG_WARNING:
		return 4;
	case WF_LOG_INFO:
		return 6;
	case WF_LOG_DEBUG:
		return 7;
	}
	return 6;
}

void wf_log_write(const struct wf_log *log, enum wf_log_level level, const char *fact,
		  const struct wf_log_field *fields)
{
	char line[WF_LOG_LINE_BYTES];
	struct timespec now;
	struct tm parts;
	size_t length;

	if (level > log->level)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	length = log->has_priority ? (size_t)snprintf(line, sizeof line, "<%d>", priority_of(level)) : 0;
	length += strftime(line + length, sizeof line - length, "time=%Y-%m-%dT%H:%M:%S", &parts);
	length += (size_t)snprintf(line + length, sizeof line - length, ".%03ldZ ", now.tv_nsec / 1000000);
	length += wf_log_line(line + length, sizeof line - length, level, fact, fields);
	/* One write, so that lines of different threads do not mix; where it fails there is nobody left to tell. */
	if (write(log->descriptor, line, length) < 0)
		return;
}

const char *wf_log_level_word(enum wf_log_level level)
{
	switch (level) {
#define X(name, word)       \
	case WF_LOG_##name: \
		return word;
		WF_LOG_LEVEL_MAP(X)
#undef X
	}
	return "unknown";
}

bool wf_log_level_of(const char *word, enum wf_log_level *level)
{
#define X(name, known)                  \
	if (strcmp(word, known) == 0) { \
		*level = WF_LOG_##name; \
		return true;            \
	}
	WF_LOG_LEVEL_MAP(X)
#undef X
	return false;
}
