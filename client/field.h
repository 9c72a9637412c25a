/* Fields of a reply as people read them: what is absent is empty, times are local, numbers have their units. */
#ifndef WF_FIELD_H
#define WF_FIELD_H

#include "base/bytes.h"
#include "value.h"

#define WF_FIELD_TEXT_BYTES 48

/* A string field of `map`; {NULL, 0} where there is none. Borrowed from the message. */
struct wf_bytes wf_field_string(struct wf_value map, const char *name);

/* An integer field of `map`, or the count of what is in it where it is an array; `otherwise` where it is neither. */
uint64_t wf_field_count(struct wf_value map, const char *name, uint64_t otherwise);

/* A number field of `map`; `otherwise` where it is none. */
double wf_field_number(struct wf_value map, const char *name, double otherwise);

/* A time field of `map`, Unix seconds or a date in words, as Unix seconds; WF_TIME_NONE where there is none. */
int64_t wf_field_time(struct wf_value map, const char *name);

/* Local time, "2025-11-03 10:00:00", without the seconds where `is_short`; "-" for WF_TIME_NONE. Returns `text`. */
const char *wf_field_time_text(char text[WF_FIELD_TEXT_BYTES], int64_t time, bool is_short);

/* "2 d 3 h", "5 min", "12 s". Returns `text`. */
const char *wf_field_span_text(char text[WF_FIELD_TEXT_BYTES], uint64_t seconds);

/* "1.5 MiB". Returns `text`. */
const char *wf_field_bytes_text(char text[WF_FIELD_TEXT_BYTES], uint64_t bytes);

#endif
