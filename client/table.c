#include "table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "terminal.h"

#define GAP_COLUMNS 2

void wf_table_init(struct wf_table *table, const struct wf_table_column *columns, size_t columns_count)
{
	assert(columns_count > 0 && columns_count <= WF_TABLE_COLUMNS_MAX);
	*table = (struct wf_table){.columns = columns, .columns_count = columns_count};
	for (size_t i = 0; i < columns_count; i++)
		table->widths[i] = wf_terminal_width(wf_bytes_of(columns[i].heading));
}

static void cells_clear(struct wf_table *table)
{
	for (size_t i = 0; i < table->cells_count; i++)
		free(table->cells[i].text);
	table->cells_count = 0;
}

void wf_table_close(struct wf_table *table)
{
	cells_clear(table);
	free(table->cells);
	table->cells = NULL;
	table->cells_capacity = 0;
}

int wf_table_add(struct wf_table *table, struct wf_bytes text)
{
	size_t width = wf_terminal_width(text);
	size_t column = table->cells_count % table->columns_count;
	char *copy;

	if (table->cells_count == table->cells_capacity) {
		size_t capacity = table->cells_capacity == 0 ? 256 : table->cells_capacity * 2;
		struct wf_table_cell *grown = realloc(table->cells, capacity * sizeof(*grown));

		if (grown == NULL)
			return WF_ENOMEM;
		table->cells = grown;
		table->cells_capacity = capacity;
	}
	copy = malloc(text.length + 1);
	if (copy == NULL)
		return WF_ENOMEM;
	if (text.length > 0)
		memcpy(copy, text.data, text.length);
	table->cells[table->cells_count++] = (struct wf_table_cell){copy, text.length};
	if (width > table->widths[column])
		table->widths[column] = width;
	return 0;
}

int wf_table_add_number(struct wf_table *table, uint64_t number)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%" PRIu64, number);

	return wf_table_add(table, (struct wf_bytes){text, (size_t)length});
}

/* Takes what is too much from the widest column that may still be cut, again and again. */
static void widths_fit(const struct wf_table *table, size_t width, size_t *widths)
{
	size_t total = GAP_COLUMNS * (table->columns_count - 1);

	for (size_t i = 0; i < table->columns_count; i++) {
		widths[i] = table->widths[i];
		total += widths[i];
	}
	while (total > width) {
		size_t widest = SIZE_MAX;

		for (size_t i = 0; i < table->columns_count; i++) {
			if (widths[i] > table->columns[i].width_min &&
			    (widest == SIZE_MAX || widths[i] > widths[widest]))
				widest = i;
		}
		if (widest == SIZE_MAX)
			return;
		widths[widest]--;
		total--;
	}
}

static void print_spaces(FILE *file, size_t count)
{
	while (count-- > 0)
		putc(' ', file);
}

static void print_cell(const struct wf_table *table, FILE *file, size_t column, size_t width, struct wf_bytes text,
		       bool is_last)
{
	size_t text_width = wf_terminal_width(text);
	size_t padding = text_width < width ? width - text_width : 0;

	if (table->columns[column].align == WF_ALIGN_RIGHT)
		print_spaces(file, padding);

	size_t written = wf_terminal_write(file, text, width);

	if (is_last)
		return;
	if (table->columns[column].align == WF_ALIGN_LEFT)
		print_spaces(file, width - written);
	print_spaces(file, GAP_COLUMNS);
}

void wf_table_print(struct wf_table *table, FILE *file, size_t width, bool has_colour)
{
	size_t widths[WF_TABLE_COLUMNS_MAX];
	size_t rows_count = table->cells_count / table->columns_count;

	widths_fit(table, width, widths);
	if (!table->heading_is_printed) {
		fputs(wf_terminal_style(has_colour, WF_STYLE_HEADING), file);
		for (size_t i = 0; i < table->columns_count; i++)
			print_cell(table, file, i, widths[i], wf_bytes_of(table->columns[i].heading),
				   i + 1 == table->columns_count);
		fputs(wf_terminal_style(has_colour, WF_STYLE_PLAIN), file);
		putc('\n', file);
		table->heading_is_printed = true;
	}
	for (size_t row = 0; row < rows_count; row++) {
		const struct wf_table_cell *cells = &table->cells[row * table->columns_count];
		size_t count = table->columns_count;

		/* Empty cells at the end are no reason for blanks there. */
		while (count > 1 && cells[count - 1].length == 0)
			count--;
		for (size_t i = 0; i < count; i++)
			print_cell(table, file, i, widths[i], (struct wf_bytes){cells[i].text, cells[i].length},
				   i + 1 == count);
		putc('\n', file);
	}
	cells_clear(table);
}
