/* The flags of a command line: one table of a command is parsed and is its help text.
 *
 *   --name VALUE, --name=VALUE, --flag     in any place; what follows "--" is no flag; "-" alone is an argument */
#ifndef WF_OPTIONS_H
#define WF_OPTIONS_H

#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"

enum wf_option_kind {
	WF_OPTION_FLAG,   /* no value; `flag` becomes true */
	WF_OPTION_TEXT,   /* `text` is borrowed from the command line */
	WF_OPTION_NUMBER, /* a whole number between `least` and `most` */
	WF_OPTION_BYTES,  /* the same, with K, M or G behind it for 1024, 1024^2, 1024^3 */
	WF_OPTION_TIME,   /* a date in any form that wf_published_read knows, or "30d", "12h", "5m" ago: Unix seconds */
};

struct wf_option {
	const char *name; /* without the dashes */
	enum wf_option_kind kind;
	const char *value; /* its word in the help text; NULL for a flag */
	const char *help;
	uint64_t least;
	uint64_t most;
	/* Where the value goes: the one that fits `kind`. Unchanged where the option is not given. */
	bool *flag;
	const char **text;
	uint64_t *number;
	int64_t *time;
};

/* Several tables are looked through one after the other; the last of them has count 0. */
struct wf_option_set {
	const struct wf_option *options;
	size_t count;
};

/* Parses `count` arguments. Those that are no options are moved to the front of `arguments`.
 * In:      now, Unix seconds, what "ago" counts from.
 *          stops_at_argument, whether everything behind the first argument that is no option is left as it is.
 * Returns how many are there.
 * Errors:  WF_EBADREQUEST, `error` has the words for the person who typed it. */
int wf_options_parse(const struct wf_option_set *sets, char **arguments, int count, bool stops_at_argument, int64_t now,
		     struct wf_error *error);

/* Prints the options of one table, aligned, one or more lines each. */
void wf_options_print(const struct wf_option *options, size_t count, FILE *file);

#endif
