#include "layout.h"

#include <stdlib.h>

void wf_layout_init(struct wf_layout *layout, size_t width)
{
	*layout = (struct wf_layout){.width = width < 2 ? 2 : width};
}

void wf_layout_close(struct wf_layout *layout)
{
	free(layout->pieces);
	free(layout->lines);
	*layout = (struct wf_layout){.width = layout->width};
}

void wf_layout_reset(struct wf_layout *layout)
{
	layout->pieces_count = 0;
	layout->lines_count = 0;
	layout->can_break = false;
}

/* Room for one more; `array` is unchanged where memory is out. */
static void *grow(struct wf_layout *layout, void *array, size_t count, size_t *capacity, size_t element_bytes)
{
	const size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
	void *grown;

	if (count < *capacity)
		return array;
	grown = realloc(array, wanted * element_bytes);
	if (grown == NULL) {
		layout->has_failed = true;
		return array;
	}
	*capacity = wanted;
	return grown;
}

static bool add_line(struct wf_layout *layout)
{
	layout->lines =
		grow(layout, layout->lines, layout->lines_count, &layout->lines_capacity, sizeof *layout->lines);
	if (layout->has_failed)
		return false;
	layout->lines[layout->lines_count++] = (struct wf_layout_line){layout->pieces_count, 0, 0};
	layout->can_break = false;
	return true;
}

static bool insert_piece(struct wf_layout *layout, size_t at, struct wf_layout_piece piece)
{
	layout->pieces =
		grow(layout, layout->pieces, layout->pieces_count, &layout->pieces_capacity, sizeof *layout->pieces);
	if (layout->has_failed)
		return false;
	memmove(&layout->pieces[at + 1], &layout->pieces[at], (layout->pieces_count - at) * sizeof *layout->pieces);
	layout->pieces[at] = piece;
	layout->pieces_count++;
	return true;
}

static struct wf_layout_line *last_line(struct wf_layout *layout)
{
	return &layout->lines[layout->lines_count - 1];
}

static bool is_blank(char byte)
{
	return (unsigned char)byte <= ' ';
}

/* Takes blanks off the end of the line; each is one column. */
static void trim(struct wf_layout *layout, struct wf_layout_line *line)
{
	struct wf_layout_piece *piece = &layout->pieces[line->first + line->count - 1];

	while (piece->text.length > 0 && is_blank(piece->text.data[piece->text.length - 1])) {
		piece->text.length--;
		line->width--;
	}
}

/* Moves what is behind the last place for a break to a new line. */
static bool wrap(struct wf_layout *layout)
{
	struct wf_layout_line *line = last_line(layout);
	struct wf_layout_piece *piece = &layout->pieces[layout->break_piece];
	const size_t width = line->width - layout->break_width;
	const size_t first = layout->break_piece + 1;

	if (!layout->can_break)
		return add_line(layout);
	if (piece->text.length > layout->break_bytes) {
		const struct wf_layout_piece rest = {
			{piece->text.data + layout->break_bytes, piece->text.length - layout->break_bytes},
			piece->style};

		piece->text.length = layout->break_bytes;
		if (!insert_piece(layout, first, rest))
			return false;
		line->count++;
	}
	if (!add_line(layout))
		return false;
	line = last_line(layout);
	*line = (struct wf_layout_line){first, layout->pieces_count - first, width};
	line[-1].count -= line->count;
	line[-1].width = layout->break_width;
	trim(layout, &line[-1]);
	return true;
}

static void append(struct wf_layout *layout, struct wf_bytes character, size_t columns, enum wf_style style)
{
	struct wf_layout_line *line = last_line(layout);
	struct wf_layout_piece *piece = line->count == 0 ? NULL : &layout->pieces[layout->pieces_count - 1];

	if (piece != NULL && piece->style == style && piece->text.data + piece->text.length == character.data) {
		piece->text.length += character.length;
	} else {
		if (!insert_piece(layout, layout->pieces_count, (struct wf_layout_piece){character, style}))
			return;
		line->count++;
	}
	line->width += columns;
}

static void end_line(struct wf_layout *layout)
{
	const size_t count = layout->lines_count;

	/* The last line is empty already, and the one before it too: one empty line is enough. */
	if (layout->lines[count - 1].count == 0 && (count == 1 || layout->lines[count - 2].count == 0))
		return;
	add_line(layout);
}

static void add_character(struct wf_layout *layout, struct wf_bytes character, size_t columns, enum wf_style style)
{
	const bool is_space = character.length == 1 && is_blank(character.data[0]);

	if (is_space && last_line(layout)->width == 0)
		return;
	if (last_line(layout)->width + columns > layout->width) {
		if (is_space) {
			add_line(layout);
			return;
		}
		if (!wrap(layout))
			return;
	}
	append(layout, character, columns, style);
	if ((is_space || columns == 2) && !layout->has_failed) {
		layout->can_break = true;
		layout->break_piece = layout->pieces_count - 1;
		layout->break_bytes = layout->pieces[layout->break_piece].text.length;
		layout->break_width = last_line(layout)->width;
	}
}

void wf_layout_add(struct wf_layout *layout, struct wf_bytes text, enum wf_style style)
{
	if (layout->lines_count == 0)
		add_line(layout);
	while (text.length > 0 && !layout->has_failed) {
		struct wf_bytes character = {text.data, 0};
		size_t columns;

		wf_terminal_next_character(&text, &columns);
		character.length = (size_t)(text.data - character.data);
		if (character.data[0] == '\n')
			end_line(layout);
		else
			add_character(layout, character, columns, style);
	}
}

size_t wf_layout_lines_count(const struct wf_layout *layout)
{
	size_t count = layout->lines_count;

	while (count > 0 && layout->lines[count - 1].count == 0)
		count--;
	return count;
}

size_t wf_layout_print_line(const struct wf_layout *layout, size_t line, FILE *file, bool has_colour)
{
	size_t columns = 0;

	if (line >= layout->lines_count)
		return 0;
	for (size_t i = 0; i < layout->lines[line].count; i++) {
		const struct wf_layout_piece *piece = &layout->pieces[layout->lines[line].first + i];

		if (piece->style != WF_STYLE_PLAIN)
			fputs(wf_terminal_style(has_colour, piece->style), file);
		columns += wf_terminal_write(file, piece->text, SIZE_MAX);
		if (piece->style != WF_STYLE_PLAIN)
			fputs(wf_terminal_style(has_colour, WF_STYLE_PLAIN), file);
	}
	return columns;
}
