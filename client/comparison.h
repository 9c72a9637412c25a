/* How two texts and the passages that they share are laid out for people.
 *
 *   unified        The minister said [-on Tuesday-]{+on Monday+} that prices        one text, in the order of a
 *
 *   side by side   The minister said on     | The minister said on
 *                  Tuesday that prices      | Monday that prices                    what is shared stands in one row
 *
 * Colours where there are any, else the marks above. A passage that b has at another place of its order is
 * `moved`. */
#ifndef WF_COMPARISON_H
#define WF_COMPARISON_H

#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"

/* Bytes [a_start, a_end) of a are [b_start, b_end) of b. */
struct wf_comparison_passage {
	size_t a_start;
	size_t a_end;
	size_t b_start;
	size_t b_end;
	bool is_moved;   /* for wf_comparison_prepare to fill, */
	size_t b_before; /* as the end in b of the passage before it in b's order */
};

struct wf_comparison {
	struct wf_bytes a;
	struct wf_bytes b;
	struct wf_comparison_passage *passages;
	size_t passages_count;
};

/* Puts the passages into the order of a, and finds out which have moved: those outside the heaviest row that has
 * the same order in both. A passage takes in the punctuation that follows it, so that a full stop is nobody's own.
 * Errors:  WF_EBADREQUEST: they are not within the texts, or overlap. WF_ENOMEM. */
int wf_comparison_prepare(struct wf_comparison *comparison);

/* What the colours and marks mean, in one line. */
void wf_comparison_print_legend(FILE *file, bool has_colour);

/* Prints a prepared comparison.
 * In:      width, columns of a line; SIZE_MAX (unified alone): lines are as long as in the texts.
 * Errors:  WF_ENOMEM: it is not printed to its end. */
int wf_comparison_print_unified(const struct wf_comparison *comparison, FILE *file, size_t width, bool has_colour);
int wf_comparison_print_side_by_side(const struct wf_comparison *comparison, FILE *file, size_t width, bool has_colour);

#endif
