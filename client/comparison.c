#include "comparison.h"

#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>

#include "layout.h"

#define GUTTER           " \xe2\x94\x82 " /* a bar */
#define GUTTER_COLUMNS   3
#define COLUMN_WIDTH_MIN 8
#define ROW_LINES_MAX    4 /* a row that is longer ends with the next passage */

enum kind { KIND_SHARED, KIND_MOVED, KIND_ONLY_A, KIND_ONLY_B, KIND_COUNT };

/* How a kind looks: its colour, and what stands around it where there is none. */
static const struct {
	enum wf_style style;
	const char *begin;
	const char *end;
	const char *name;
} looks[KIND_COUNT] = {
	[KIND_SHARED] = {WF_STYLE_SHARED, "", "", "shared"},
	[KIND_MOVED] = {WF_STYLE_WARNING, "[~", "~]", "shared, moved"},
	[KIND_ONLY_A] = {WF_STYLE_BAD, "[-", "-]", "only in A"},
	[KIND_ONLY_B] = {WF_STYLE_GOOD, "{+", "+}", "only in B"},
};

/* ---- the order of passages ---- */

static int compare_a(const void *first, const void *second)
{
	const struct wf_comparison_passage *a = first;
	const struct wf_comparison_passage *b = second;

	return a->a_start < b->a_start ? -1 : a->a_start > b->a_start;
}

static int compare_b(const void *first, const void *second)
{
	const struct wf_comparison_passage *const *a = first;
	const struct wf_comparison_passage *const *b = second;

	return (*a)->b_start < (*b)->b_start ? -1 : (*a)->b_start > (*b)->b_start;
}

/* The heaviest row of passages that ends at one. */
struct row {
	size_t weight;
	size_t last; /* passage, from 1; 0: none */
};

/* The heaviest of the rows that end before place `count` of b's order: a Fenwick tree of prefixes. */
static struct row heaviest_before(const struct row *tree, size_t count)
{
	struct row heaviest = {0, 0};

	for (; count > 0; count &= count - 1)
		if (tree[count].weight > heaviest.weight)
			heaviest = tree[count];
	return heaviest;
}

static void put_row(struct row *tree, size_t size, size_t place, struct row row)
{
	for (place++; place <= size; place += place & (~place + 1))
		if (row.weight > tree[place].weight)
			tree[place] = row;
}

/* Of all rows whose order is the same in a and b the heaviest keeps its place; the others have moved. */
static int find_moved(struct wf_comparison *comparison, struct wf_comparison_passage **by_b)
{
	struct wf_comparison_passage *passages = comparison->passages;
	const size_t count = comparison->passages_count;
	struct row *tree = calloc(count + 1, sizeof *tree);
	size_t *places = calloc(count + 1, sizeof *places); /* in b's order, by passage */
	size_t *previous = calloc(count + 1, sizeof *previous);

	if (tree != NULL && places != NULL && previous != NULL) {
		for (size_t i = 0; i < count; i++)
			places[by_b[i] - passages] = i;
		for (size_t i = 0; i < count; i++) {
			const struct row before = heaviest_before(tree, places[i]);

			previous[i + 1] = before.last;
			put_row(tree, count, places[i],
				(struct row){before.weight + passages[i].a_end - passages[i].a_start, i + 1});
			passages[i].is_moved = true;
		}
		for (size_t i = heaviest_before(tree, count).last; i > 0; i = previous[i])
			passages[i - 1].is_moved = false;
	}
	free(places);
	free(previous);
	if (tree == NULL || places == NULL || previous == NULL) {
		free(tree);
		return WF_ENOMEM;
	}
	free(tree);
	return 0;
}

/* Where the punctuation ends that begins at `end`; `limit` at most. */
static size_t end_of_punctuation(struct wf_bytes text, size_t end, size_t limit)
{
	struct wf_bytes rest = {text.data + end, limit - end};

	while (rest.length > 0) {
		size_t columns;
		const uint32_t character = wf_terminal_next_character(&rest, &columns);

		if (character == ' ' || iswspace((wint_t)character) || iswalnum((wint_t)character))
			break;
		end = limit - rest.length;
	}
	return end;
}

static bool are_in_place(const struct wf_comparison *comparison, struct wf_comparison_passage *const *by_b)
{
	size_t a_before = 0;
	size_t b_before = 0;

	for (size_t i = 0; i < comparison->passages_count; i++) {
		const struct wf_comparison_passage *passage = &comparison->passages[i];

		if (passage->a_start < a_before || passage->a_end < passage->a_start || by_b[i]->b_start < b_before ||
		    by_b[i]->b_end < by_b[i]->b_start)
			return false;
		a_before = passage->a_end;
		b_before = by_b[i]->b_end;
	}
	return a_before <= comparison->a.length && b_before <= comparison->b.length;
}

static void take_punctuation(struct wf_comparison *comparison, struct wf_comparison_passage *const *by_b)
{
	const size_t count = comparison->passages_count;

	for (size_t i = 0; i < count; i++) {
		struct wf_comparison_passage *passage = &comparison->passages[i];
		const bool is_last = i + 1 == count;

		passage->a_end = end_of_punctuation(comparison->a, passage->a_end,
						    is_last ? comparison->a.length : passage[1].a_start);
		by_b[i]->b_end = end_of_punctuation(comparison->b, by_b[i]->b_end,
						    is_last ? comparison->b.length : by_b[i + 1]->b_start);
		by_b[i]->b_before = i == 0 ? 0 : by_b[i - 1]->b_end;
	}
}

int wf_comparison_prepare(struct wf_comparison *comparison)
{
	struct wf_comparison_passage *passages = comparison->passages;
	const size_t count = comparison->passages_count;
	struct wf_comparison_passage **by_b;
	int result = WF_EBADREQUEST;

	if (count == 0)
		return 0;
	by_b = calloc(count, sizeof(struct wf_comparison_passage *));
	if (by_b == NULL)
		return WF_ENOMEM;
	qsort(passages, count, sizeof *passages, compare_a);
	for (size_t i = 0; i < count; i++)
		by_b[i] = &passages[i];
	qsort(by_b, count, sizeof(struct wf_comparison_passage *), compare_b);
	if (are_in_place(comparison, by_b)) {
		take_punctuation(comparison, by_b);
		result = find_moved(comparison, by_b);
	}
	free(by_b);
	return result;
}

/* ---- what is printed, in its order ---- */

/* A passage as both have it, or what each has of its own between two passages. */
struct block {
	bool is_passage;
	bool is_moved;
	struct wf_bytes a;
	struct wf_bytes b;
};

static struct wf_bytes slice(struct wf_bytes text, size_t start, size_t end)
{
	return (struct wf_bytes){text.data + start, end - start};
}

/* Block 2i is what comes before passage i, block 2i + 1 the passage; the last block is what comes after all. */
static struct block block_at(const struct wf_comparison *comparison, size_t index)
{
	const size_t count = comparison->passages_count;
	const struct wf_comparison_passage *passage = &comparison->passages[index / 2];
	size_t a_before = 0;
	size_t b_end = 0;

	if (index % 2 == 1)
		return (struct block){true, passage->is_moved, slice(comparison->a, passage->a_start, passage->a_end),
				      slice(comparison->b, passage->b_start, passage->b_end)};
	if (index > 0)
		a_before = passage[-1].a_end;
	if (index < 2 * count)
		return (struct block){false, false, slice(comparison->a, a_before, passage->a_start),
				      slice(comparison->b, passage->b_before, passage->b_start)};
	for (size_t i = 0; i < count; i++)
		if (comparison->passages[i].b_end > b_end)
			b_end = comparison->passages[i].b_end;
	return (struct block){false, false, slice(comparison->a, a_before, comparison->a.length),
			      slice(comparison->b, b_end, comparison->b.length)};
}

static size_t blocks_count(const struct wf_comparison *comparison)
{
	return 2 * comparison->passages_count + 1;
}

/* Blanks and punctuation between words are nobody's own. */
static bool has_words(struct wf_bytes text)
{
	while (text.length > 0) {
		size_t columns;

		if (iswalnum((wint_t)wf_terminal_next_character(&text, &columns)))
			return true;
	}
	return false;
}

static bool is_blank(char byte)
{
	return (unsigned char)byte <= ' ';
}

/* Blanks at either end stay outside of the colour or the marks. */
static void add(struct wf_layout *layout, struct wf_bytes text, enum kind kind, bool has_colour)
{
	size_t begin = 0;
	size_t end = text.length;

	while (begin < end && is_blank(text.data[begin]))
		begin++;
	while (end > begin && is_blank(text.data[end - 1]))
		end--;
	wf_layout_add(layout, slice(text, 0, begin), WF_STYLE_PLAIN);
	if (end > begin) {
		wf_layout_add(layout, wf_bytes_of(has_colour ? "" : looks[kind].begin), WF_STYLE_PLAIN);
		wf_layout_add(layout, slice(text, begin, end), looks[kind].style);
		wf_layout_add(layout, wf_bytes_of(has_colour ? "" : looks[kind].end), WF_STYLE_PLAIN);
	}
	wf_layout_add(layout, slice(text, end, text.length), WF_STYLE_PLAIN);
}

void wf_comparison_print_legend(FILE *file, bool has_colour)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		fputs(kind == 0 ? "" : "  ", file);
		fputs(has_colour ? wf_terminal_style(true, looks[kind].style) : looks[kind].begin, file);
		fputs(looks[kind].name, file);
		fputs(has_colour ? wf_terminal_style(true, WF_STYLE_PLAIN) : looks[kind].end, file);
	}
	putc('\n', file);
}

/* ---- unified ---- */

static struct wf_bytes trim_end(struct wf_bytes text)
{
	while (text.length > 0 && is_blank(text.data[text.length - 1]))
		text.length--;
	return text;
}

static struct wf_bytes trim_begin(struct wf_bytes text)
{
	while (text.length > 0 && is_blank(text.data[0])) {
		text.data++;
		text.length--;
	}
	return text;
}

/* What each has of its own; the blanks before are a's, those after are of the one that has words. */
static void add_own(struct wf_layout *layout, const struct block *block, bool has_colour)
{
	const bool a_has_words = has_words(block->a);
	const bool b_has_words = has_words(block->b);

	if (!b_has_words) {
		add(layout, block->a, a_has_words ? KIND_ONLY_A : KIND_SHARED, has_colour);
	} else if (!a_has_words) {
		add(layout, block->a, KIND_SHARED, has_colour);
		add(layout, block->a.length == 0 ? block->b : trim_begin(block->b), KIND_ONLY_B, has_colour);
	} else {
		add(layout, trim_end(block->a), KIND_ONLY_A, has_colour);
		wf_layout_add(layout, wf_bytes_of(" "), WF_STYLE_PLAIN);
		add(layout, trim_begin(block->b), KIND_ONLY_B, has_colour);
	}
}

int wf_comparison_print_unified(const struct wf_comparison *comparison, FILE *file, size_t width, bool has_colour)
{
	struct wf_layout layout;
	bool has_failed;

	wf_layout_init(&layout, width);
	for (size_t i = 0; i < blocks_count(comparison); i++) {
		const struct block block = block_at(comparison, i);

		if (block.is_passage)
			add(&layout, block.a, block.is_moved ? KIND_MOVED : KIND_SHARED, has_colour);
		else
			add_own(&layout, &block, has_colour);
	}
	for (size_t i = 0; i < wf_layout_lines_count(&layout); i++) {
		wf_layout_print_line(&layout, i, file, has_colour);
		putc('\n', file);
	}
	has_failed = layout.has_failed;
	wf_layout_close(&layout);
	return has_failed ? WF_ENOMEM : 0;
}

/* ---- side by side ---- */

struct columns {
	struct wf_layout a;
	struct wf_layout b;
	FILE *file;
	bool has_colour;
	bool was_empty; /* the last row */
};

static size_t count_newlines(struct wf_bytes text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.length; i++)
		count += text.data[i] == '\n';
	return count;
}

/* Whether an empty line follows the text's last word. */
static bool ends_paragraph(struct wf_bytes text)
{
	const size_t length = trim_end(text).length;

	return count_newlines(slice(text, length, text.length)) > 1;
}

/* Prints what both columns have, as one row, and begins the next. */
static void end_row(struct columns *columns)
{
	const size_t a_count = wf_layout_lines_count(&columns->a);
	const size_t b_count = wf_layout_lines_count(&columns->b);
	const size_t count = a_count > b_count ? a_count : b_count;

	for (size_t i = 0; i < count || (count == 0 && i == 0 && !columns->was_empty); i++) {
		size_t written = wf_layout_print_line(&columns->a, i, columns->file, columns->has_colour);

		for (; written < columns->a.width; written++)
			putc(' ', columns->file);
		fputs(GUTTER, columns->file);
		wf_layout_print_line(&columns->b, i, columns->file, columns->has_colour);
		putc('\n', columns->file);
	}
	columns->was_empty = count == 0;
	wf_layout_reset(&columns->a);
	wf_layout_reset(&columns->b);
}

static void end_row_if_any(struct columns *columns)
{
	if (wf_layout_lines_count(&columns->a) > 0 || wf_layout_lines_count(&columns->b) > 0)
		end_row(columns);
}

/* Takes the first line off, with its newline. */
static struct wf_bytes take_line(struct wf_bytes *text)
{
	const char *newline = text->length == 0 ? NULL : memchr(text->data, '\n', text->length);
	const size_t length = newline == NULL ? text->length : (size_t)(newline - text->data);
	const struct wf_bytes line = {text->data, length};

	text->data += length + (newline == NULL ? 0 : 1);
	text->length -= length + (newline == NULL ? 0 : 1);
	return line;
}

static bool is_long(const struct wf_layout *layout)
{
	return layout->lines_count > ROW_LINES_MAX;
}

static void add_both(struct columns *columns, struct block block)
{
	const enum kind passage_kind = block.is_moved ? KIND_MOVED : KIND_SHARED;
	const size_t newlines = count_newlines(block.a);
	const bool has_newline = newlines > 0 || count_newlines(block.b) > 0;

	if (block.is_passage && has_newline && newlines == count_newlines(block.b)) {
		/* Both have the same lines: each is a row. */
		for (size_t i = 0; i < newlines; i++) {
			add(&columns->a, take_line(&block.a), passage_kind, columns->has_colour);
			add(&columns->b, take_line(&block.b), passage_kind, columns->has_colour);
			end_row(columns);
		}
	}
	add(&columns->a, block.a, block.is_passage || !has_words(block.a) ? passage_kind : KIND_ONLY_A,
	    columns->has_colour);
	add(&columns->b, block.b, block.is_passage || !has_words(block.b) ? passage_kind : KIND_ONLY_B,
	    columns->has_colour);
	if (block.is_passage ? is_long(&columns->a) || is_long(&columns->b) : has_newline)
		end_row(columns);
	if (!block.is_passage && (ends_paragraph(block.a) || ends_paragraph(block.b)))
		end_row(columns);
}

int wf_comparison_print_side_by_side(const struct wf_comparison *comparison, FILE *file, size_t width, bool has_colour)
{
	const size_t room = width > GUTTER_COLUMNS ? (width - GUTTER_COLUMNS) / 2 : 0;
	struct columns columns = {.file = file, .has_colour = has_colour, .was_empty = true};
	bool has_failed;

	wf_layout_init(&columns.a, room < COLUMN_WIDTH_MIN ? COLUMN_WIDTH_MIN : room);
	wf_layout_init(&columns.b, columns.a.width);
	for (size_t i = 0; i < blocks_count(comparison) && !columns.a.has_failed && !columns.b.has_failed; i++) {
		/* What has moved stands alone: in b nothing of it follows what is above it here. */
		const bool is_moved = i / 2 < comparison->passages_count && comparison->passages[i / 2].is_moved;

		if (is_moved && i % 2 == 0)
			end_row_if_any(&columns);
		add_both(&columns, block_at(comparison, i));
		if (is_moved && i % 2 == 1)
			end_row_if_any(&columns);
	}
	end_row_if_any(&columns);
	has_failed = columns.a.has_failed || columns.b.has_failed;
	wf_layout_close(&columns.a);
	wf_layout_close(&columns.b);
	return has_failed ? WF_ENOMEM : 0;
}
