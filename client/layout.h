/* Running text broken into lines: by the columns that its characters take, at blanks, and between wide characters.
 *
 *   add "The minister said ", plain; add "on Tuesday", red  ->  [The minister] [said |on] [Tuesday]     lines of pieces
 *
 * Pieces borrow their text. Newlines end lines; of several empty lines one is kept; blanks at the ends of lines
 * are dropped. */
#ifndef WF_LAYOUT_H
#define WF_LAYOUT_H

#include <stdio.h>

#include "base/bytes.h"
#include "terminal.h"

struct wf_layout_piece {
	struct wf_bytes text;
	enum wf_style style;
};

struct wf_layout_line {
	size_t first; /* piece */
	size_t count;
	size_t width; /* columns */
};

struct wf_layout {
	size_t width;
	struct wf_layout_piece *pieces;
	size_t pieces_count;
	size_t pieces_capacity;
	struct wf_layout_line *lines; /* the last one is being filled */
	size_t lines_count;
	size_t lines_capacity;
	bool can_break;     /* in the line that is being filled, */
	size_t break_piece; /* behind the first break_bytes of this piece */
	size_t break_bytes;
	size_t break_width;
	bool has_failed; /* memory was out: what was added since is missing */
};

/* `width` is at least 2. */
void wf_layout_init(struct wf_layout *layout, size_t width);
void wf_layout_close(struct wf_layout *layout);

/* Forgets the lines, keeps the memory. */
void wf_layout_reset(struct wf_layout *layout);

void wf_layout_add(struct wf_layout *layout, struct wf_bytes text, enum wf_style style);

/* Lines with something in them, empty ones between them included. */
size_t wf_layout_lines_count(const struct wf_layout *layout);

/* Prints line `line` without a newline; nothing where there is none. Returns its columns. */
size_t wf_layout_print_line(const struct wf_layout *layout, size_t line, FILE *file, bool has_colour);

#endif
