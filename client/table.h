/* A table for people: aligned by the columns that characters take, cut to the width of the terminal.
 *
 *   CLUSTER  SIZE  TITLE                         headings
 *         1    12  Showers continued through…    numbers to the right, the widest text gives way first
 *
 * Rows are kept until they are printed; a column that once was wide stays so, so that pages of one list line up. */
#ifndef WF_TABLE_H
#define WF_TABLE_H

#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"

#define WF_TABLE_COLUMNS_MAX 12

enum wf_align { WF_ALIGN_LEFT, WF_ALIGN_RIGHT };

struct wf_table_column {
	const char *heading;
	enum wf_align align;
	size_t width_min; /* it is never cut below this; SIZE_MAX: it is never cut */
};

struct wf_table_cell {
	char *text;
	size_t length;
};

struct wf_table {
	const struct wf_table_column *columns;
	size_t columns_count;
	size_t widths[WF_TABLE_COLUMNS_MAX];
	struct wf_table_cell *cells; /* row after row */
	size_t cells_count;
	size_t cells_capacity;
	bool heading_is_printed;
};

/* `columns` (1 to WF_TABLE_COLUMNS_MAX) is borrowed until close. */
void wf_table_init(struct wf_table *table, const struct wf_table_column *columns, size_t columns_count);

void wf_table_close(struct wf_table *table);

/* Adds the next cell of the row that is being filled, from left to right; `text` is copied.
 * Errors:  WF_ENOMEM; the table is unchanged then. */
int wf_table_add(struct wf_table *table, struct wf_bytes text);

/* The same, with a number. */
int wf_table_add_number(struct wf_table *table, uint64_t number);

/* Prints all whole rows and forgets them, with the headings where they were not printed before.
 * In:      width, columns that a line may have; SIZE_MAX: nothing is cut. */
void wf_table_print(struct wf_table *table, FILE *file, size_t width, bool has_colour);

#endif
