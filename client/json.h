/* JSON to and from what the protocol carries: an article out of a line of an archive, and replies out to a pipe. */
#ifndef WF_JSON_H
#define WF_JSON_H

#include <stdio.h>

#include "article.h"
#include "base/arena.h"
#include "value.h"

/* An article as it came out of JSON, before anybody judged it. Its strings live in the arena. */
struct wf_draft {
	struct wf_article article;        /* what was absent or null is absent here */
	struct wf_bytes published_unread; /* a `published` that no form fits, left out of `article`; data NULL: none */
};

/* Reads one JSON object into `draft`: the keys of the contract, and no others. An `id` that is a whole number becomes
 * its digits. `published` may have any form that wf_published_read knows. Bytes that are not UTF-8, and halves of
 * surrogate pairs, are read as U+FFFD.
 * Errors:  WF_EMALFORMED not JSON, with the place; WF_EBADARTICLE a field of the wrong type, named; WF_ENOMEM.
 *          `draft` has what was read before a field that is wrong, so that `id` can be told with the error. */
int wf_json_read_article(struct wf_bytes json, struct wf_arena *arena, struct wf_draft *draft, struct wf_error *error);

/* `text` as a JSON string with its quotes. What is not UTF-8 is written as U+FFFD. */
void wf_json_write_string(FILE *file, struct wf_bytes text);

/* Any value of a reply. Binary is written as a string, an extension as null, and a number that JSON does not have as
 * null. */
void wf_json_write_value(FILE *file, struct wf_value value);

#endif
