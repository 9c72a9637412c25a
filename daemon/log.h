/* How the daemon speaks to its operator: one line a fact, in logfmt, written whole.
 *
 *   time=2026-11-24T21:05:00.123Z level=info fact=listening address=tcp://127.0.0.1:7411
 *
 * Any number of threads may log at once. */
#ifndef WF_LOG_H
#define WF_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WF_LOG_LEVEL_MAP(X)   \
	X(ERROR, "error")     \
	X(WARNING, "warning") \
	X(INFO, "info")       \
	X(DEBUG, "debug")

enum wf_log_level {
#define X(name, word) WF_LOG_##name,
	WF_LOG_LEVEL_MAP(X)
#undef X
};

#define WF_LOG_LINE_BYTES 1024 /* a longer line is cut */

struct wf_log {
	int descriptor;
	enum wf_log_level level; /* lines above it are not written */
	bool has_priority;       /* lines begin with <N>, as the journal reads it */
};

enum wf_log_field_kind { WF_LOG_FIELD_END, WF_LOG_FIELD_TEXT, WF_LOG_FIELD_COUNT, WF_LOG_FIELD_SECONDS };

struct wf_log_field {
	enum wf_log_field_kind kind;
	const char *key;
	const char *text;
	uint64_t count;
	double seconds;
};

/* The fields of a line. Text may hold anything: it is quoted and escaped where it needs to be. */
static inline struct wf_log_field wf_log_text(const char *key, const char *text)
{
	return (struct wf_log_field){.kind = WF_LOG_FIELD_TEXT, .key = key, .text = text};
}

static inline struct wf_log_field wf_log_count(const char *key, uint64_t count)
{
	return (struct wf_log_field){.kind = WF_LOG_FIELD_COUNT, .key = key, .count = count};
}

static inline struct wf_log_field wf_log_seconds(const char *key, double seconds)
{
	return (struct wf_log_field){.kind = WF_LOG_FIELD_SECONDS, .key = key, .seconds = seconds};
}

/* Writes one line: wf_log(&log, WF_LOG_INFO, "ready", wf_log_count("articles", n)). At least one field. */
#define wf_log(log, level, fact, ...) \
	wf_log_write((log), (level), (fact), (const struct wf_log_field[]){__VA_ARGS__, {.kind = WF_LOG_FIELD_END}})

/* `fields` ends with WF_LOG_FIELD_END; NULL: none. A line that cannot be written is lost. */
void wf_log_write(const struct wf_log *log, enum wf_log_level level, const char *fact,
		  const struct wf_log_field *fields);

/* The line without its time, as wf_log_write makes it, with its newline; returns its length. For tests. */
size_t wf_log_line(char *line, size_t line_bytes, enum wf_log_level level, const char *fact,
		   const struct wf_log_field *fields);

const char *wf_log_level_word(enum wf_log_level level);
bool wf_log_level_of(const char *word, enum wf_log_level *level);

#endif
