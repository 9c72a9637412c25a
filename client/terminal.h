/* What standard output and standard error are connected to, and what may therefore be written there. */
#ifndef WF_TERMINAL_H
#define WF_TERMINAL_H

#include <stdio.h>

#include "base/bytes.h"

enum wf_style {
	WF_STYLE_PLAIN,
	WF_STYLE_HEADING,
	WF_STYLE_FAINT,
	WF_STYLE_GOOD,
	WF_STYLE_WARNING,
	WF_STYLE_BAD,
	WF_STYLE_SHARED,
};

struct wf_terminal {
	bool out_is_terminal;
	bool error_is_terminal;
	bool out_has_colour; /* a terminal that can, and NO_COLOR is not set */
	bool error_has_colour;
};

/* Looks at descriptors 1 and 2 and at NO_COLOR and TERM. Also sets the locale that wcwidth needs. */
void wf_terminal_init(struct wf_terminal *terminal);

/* Columns of the terminal that `file` is now; where it is none, COLUMNS of the environment, or `otherwise`. Asked each
 * time: windows change. */
size_t wf_terminal_columns(FILE *file, size_t otherwise);

/* The escape sequence that begins `style`, or "" where there is no colour. WF_STYLE_PLAIN ends any other. */
const char *wf_terminal_style(bool has_colour, enum wf_style style);

/* One character of UTF-8 from the front of `*text`, which moves past it. What is not UTF-8, and what is not to reach
 * a terminal (control characters, marks that turn the direction of writing), comes out as U+FFFD or as a space.
 * Out:     columns, 0 to 2, that it takes. */
uint32_t wf_terminal_next_character(struct wf_bytes *text, size_t *columns);

/* Columns that `text` takes once it is written by wf_terminal_write. */
size_t wf_terminal_width(struct wf_bytes text);

/* Writes `text`, safe for a terminal, at most `columns_max` wide; a longer one is cut and ends with an ellipsis.
 * Returns the columns written. */
size_t wf_terminal_write(FILE *file, struct wf_bytes text, size_t columns_max);

#endif
