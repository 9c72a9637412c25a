/* The forms of a date that archives have, and what each says in Unix seconds.
 *
 *   "2025-11-03T10:00:00Z"            RFC 3339: sent as it is, the daemon reads it
 *   "Mon, 3 Nov 2025 10:00:00 GMT"    RFC 2822 and what is near to it
 *   "26-FEB-1987 15:01:01.79"         newswire archives
 *   "2025-11-03 10:00:00", "2025-11-03", "20251103T100000Z", "3 November 2025", "Nov. 3, 2025 10:00 PM"
 *   "1762164000", "1762164000000"     Unix seconds, milliseconds, written as a string
 *
 * A form that two readers would read differently ("03/11/2025") is not guessed. */
#ifndef WF_PUBLISHED_H
#define WF_PUBLISHED_H

#include "base/bytes.h"

/* Whether `text` is an RFC 3339 time with its zone, valid in each part. */
bool wf_published_is_rfc3339(struct wf_bytes text);

/* Reads `text` in any of the forms above into Unix seconds; UTC where it names no zone, midnight where it names no
 * time; a fraction of a second is cut. False where it cannot be read, `seconds` is unchanged then. */
bool wf_published_read(struct wf_bytes text, int64_t *seconds);

#endif
