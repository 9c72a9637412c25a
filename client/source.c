#include "source.h"

#include <ctype.h>
#include <fts.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "input.h"

#define BUFFER_BYTES_FIRST (256u << 10)

/* A file with a zero byte this early is a picture or a program, not a text. */
#define BINARY_PROBE_BYTES 8192

enum framing {
	FRAMING_UNKNOWN, /* nothing read yet */
	FRAMING_LINES,   /* an item a line */
	FRAMING_VALUES,  /* values one after the other, of any number of lines each */
	FRAMING_ARRAY,   /* the same between [ and ], with commas */
	FRAMING_WHOLE,   /* a text file */
	FRAMING_DONE,
};

/* The value that is being read, across any number of reads. */
struct scan {
	size_t depth;
	bool in_string;
	bool after_backslash;
};

struct wf_source {
	FTS *folder; /* NULL: one file */
	size_t folder_path_length;
	char *path; /* of the file that is open; owned */
	struct wf_input *input;
	uint64_t position_bytes; /* of the files that were read before this one */
	uint64_t size_bytes;

	char *buffer;
	size_t capacity;
	size_t start; /* of what was not returned yet */
	size_t end;
	bool at_end; /* of the file */
	enum framing framing;
	uint64_t line; /* of the byte at `start` */
	size_t item_bytes_max;
	bool takes_texts;
};

static int fail_memory(struct wf_error *error)
{
	return wf_error_set(error, WF_ENOMEM, "%s", wf_error_sentence(WF_ENOMEM));
}

/* Makes room behind `end`, by moving what is left to the front or by growing. */
static int buffer_reserve(struct wf_source *source, struct wf_error *error)
{
	if (source->end < source->capacity)
		return 0;
	if (source->start > source->capacity / 2) {
		memmove(source->buffer, source->buffer + source->start, source->end - source->start);
		source->end -= source->start;
		source->start = 0;
		return 0;
	}

	size_t capacity = source->capacity == 0 ? BUFFER_BYTES_FIRST : source->capacity * 2;
	char *grown = realloc(source->buffer, capacity);

	if (grown == NULL)
		return fail_memory(error);
	source->buffer = grown;
	source->capacity = capacity;
	return 0;
}

/* Reads more. Offsets from `start` stay as they are. Returns 0 also at the end, which `at_end` tells. */
static int buffer_fill(struct wf_source *source, struct wf_error *error)
{
	int result = buffer_reserve(source, error);

	if (result < 0)
		return result;

	long count = wf_input_read(source->input, source->buffer + source->end, source->capacity - source->end, error);

	if (count < 0)
		return (int)count;
	source->at_end = count == 0;
	source->end += (size_t)count;
	return 0;
}

static void buffer_skip(struct wf_source *source, size_t count)
{
	const char *at = source->buffer + source->start;
	const char *end = at + count;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		source->line++;
		at++;
	}
	source->start += count;
}

static void file_close(struct wf_source *source)
{
	if (source->input != NULL)
		source->position_bytes += wf_input_position_bytes(source->input);
	wf_input_free(source->input);
	source->input = NULL;
	free(source->path);
	source->path = NULL;
	source->framing = FRAMING_DONE;
}

static int file_open(struct wf_source *source, const char *path, enum framing framing, struct wf_error *error)
{
	int result;

	source->path = strdup(path);
	if (source->path == NULL)
		return fail_memory(error);
	result = wf_input_open(&source->input, path, error);
	source->framing = result < 0 ? FRAMING_DONE : framing;
	source->start = 0;
	source->end = 0;
	source->at_end = false;
	source->line = 1;
	return result;
}

static int entry_compare(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* What a folder holds in all is not known before it was walked, so it has no size. */
static int folder_open(struct wf_source *source, const char *path, struct wf_error *error)
{
	char *roots[] = {strdup(path), NULL};
	size_t length = strlen(path);

	if (roots[0] == NULL)
		return fail_memory(error);
	while (length > 1 && roots[0][length - 1] == '/')
		roots[0][--length] = '\0';
	source->folder_path_length = length;
	source->folder = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, entry_compare);
	free(roots[0]);
	source->framing = FRAMING_DONE;
	if (source->folder == NULL)
		return wf_error_set(error, -errno, "cannot be opened: %s", wf_error_sentence(-errno));
	return 0;
}

int wf_source_open(struct wf_source **source, const char *path, const struct wf_source_settings *settings,
		   struct wf_error *error)
{
	struct wf_source *opened = calloc(1, sizeof(*opened));
	struct stat status = {0};
	int result;

	*source = NULL;
	if (opened == NULL)
		return fail_memory(error);
	opened->item_bytes_max = settings->item_bytes_max;
	opened->takes_texts = settings->takes_texts;
	if (strcmp(path, "-") != 0 && stat(path, &status) != 0) {
		result = wf_error_set(error, -errno, "cannot be opened: %s", wf_error_sentence(-errno));
	} else if (S_ISDIR(status.st_mode)) {
		result = folder_open(opened, path, error);
	} else {
		opened->size_bytes = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
		result = file_open(opened, path, FRAMING_UNKNOWN, error);
	}
	if (result < 0) {
		wf_source_free(opened);
		return result;
	}
	*source = opened;
	return 0;
}

void wf_source_free(struct wf_source *source)
{
	if (source == NULL)
		return;
	file_close(source);
	if (source->folder != NULL)
		fts_close(source->folder);
	free(source->buffer);
	free(source);
}

/* Moves `start` to the first byte that is not blank. `byte` is that byte, or -1 at the end. */
static int skip_blanks(struct wf_source *source, int *byte, struct wf_error *error)
{
	for (;;) {
		while (source->start < source->end) {
			unsigned char next = (unsigned char)source->buffer[source->start];

			if (!isspace(next)) {
				*byte = next;
				return 0;
			}
			if (next == '\n')
				source->line++;
			source->start++;
		}
		*byte = -1;
		if (source->at_end)
			return 0;

		int result = buffer_fill(source, error);

		if (result < 0)
			return result;
	}
}

static int skip_byte_order_mark(struct wf_source *source, struct wf_error *error)
{
	while (!source->at_end && source->end - source->start < 3) {
		int result = buffer_fill(source, error);

		if (result < 0)
			return result;
	}
	if (source->end - source->start >= 3 && memcmp(source->buffer + source->start, "\xef\xbb\xbf", 3) == 0)
		source->start += 3;
	return 0;
}

/* Advances over one byte; true when the value that began at depth 0 is complete with it. */
static bool scan_byte(struct scan *scan, char byte)
{
	if (scan->in_string) {
		if (scan->after_backslash)
			scan->after_backslash = false;
		else if (byte == '\\')
			scan->after_backslash = true;
		else if (byte == '"')
			scan->in_string = false;
		return false;
	}
	if (byte == '"')
		scan->in_string = true;
	else if (byte == '{' || byte == '[')
		scan->depth++;
	else if ((byte == '}' || byte == ']') && scan->depth > 0)
		return --scan->depth == 0;
	return false;
}

/* The offset of the first newline from `start` on, or of the end; a line that is longer than `most` counts as ended. */
static int find_newline(struct wf_source *source, size_t most, size_t *length, struct wf_error *error)
{
	size_t seen = 0;

	for (;;) {
		const char *begin = source->buffer + source->start;
		size_t have = source->end - source->start;
		const char *newline = have > seen ? memchr(begin + seen, '\n', have - seen) : NULL;

		if (newline != NULL || source->at_end || have > most) {
			*length = newline != NULL ? (size_t)(newline - begin) : have;
			return 0;
		}
		seen = have;

		int result = buffer_fill(source, error);

		if (result < 0)
			return result;
	}
}

/* `{` opens a JSON line, or an object that goes on over the next lines: that is so where the first line ends inside the
 * object, but not inside a string, and the line after it does not open another object. */
static int object_spans_lines(struct wf_source *source, bool *spans, struct wf_error *error)
{
	struct scan scan = {0};
	size_t length;
	int result = find_newline(source, source->item_bytes_max, &length, error);

	if (result < 0)
		return result;
	for (size_t i = 0; i < length; i++)
		scan_byte(&scan, source->buffer[source->start + i]);
	*spans = false;
	if (scan.depth == 0 || scan.in_string)
		return 0;
	for (;; length++) {
		while (source->start + length == source->end && !source->at_end) {
			result = buffer_fill(source, error);
			if (result < 0)
				return result;
		}
		if (source->start + length == source->end)
			return 0;

		char byte = source->buffer[source->start + length];

		if (!isspace((unsigned char)byte)) {
			*spans = byte != '{';
			return 0;
		}
	}
}

static int find_framing(struct wf_source *source, struct wf_error *error)
{
	bool spans = false;
	int byte;
	int result = skip_byte_order_mark(source, error);

	if (result == 0)
		result = skip_blanks(source, &byte, error);
	if (result < 0)
		return result;
	source->framing = FRAMING_LINES;
	if (byte == '[') {
		source->start++;
		source->framing = FRAMING_ARRAY;
	} else if (byte == '{') {
		result = object_spans_lines(source, &spans, error);
		if (spans)
			source->framing = FRAMING_VALUES;
	} else if (source->takes_texts && byte >= 0) {
		source->framing = FRAMING_WHOLE;
	}
	return result;
}

static int item_bad(struct wf_source_item *item, int code, const char *words)
{
	item->kind = WF_SOURCE_BAD;
	wf_error_set(&item->error, code, "%s", words);
	return 1;
}

static int item_too_long(struct wf_source *source, struct wf_source_item *item)
{
	item->kind = WF_SOURCE_BAD;
	wf_error_set(&item->error, WF_ETOOLARGE, "longer than %zu bytes", source->item_bytes_max);
	return 1;
}

/* Drops the rest of a line, however long, in pieces of the buffer. */
static int skip_line(struct wf_source *source, struct wf_error *error)
{
	for (;;) {
		size_t have = source->end - source->start;
		const char *begin = source->buffer + source->start;
		const char *newline = have > 0 ? memchr(begin, '\n', have) : NULL;

		if (newline != NULL) {
			buffer_skip(source, (size_t)(newline - begin) + 1);
			return 0;
		}
		source->start = source->end;
		if (source->at_end)
			return 0;

		int result = buffer_fill(source, error);

		if (result < 0)
			return result;
	}
}

static int next_line(struct wf_source *source, struct wf_source_item *item, struct wf_error *error)
{
	size_t length;
	int byte;
	int result = skip_blanks(source, &byte, error);

	if (result < 0 || byte < 0)
		return result;
	item->line = source->line;
	result = find_newline(source, source->item_bytes_max, &length, error);
	if (result < 0)
		return result;
	if (length > source->item_bytes_max) {
		result = skip_line(source, error);
		return result < 0 ? result : item_too_long(source, item);
	}
	item->kind = WF_SOURCE_JSON;
	item->content = (struct wf_bytes){source->buffer + source->start, length};
	buffer_skip(source, length);
	return 1;
}

/* A value between brackets or braces ends where they close; any other ends before a blank, a comma or a bracket. */
static bool value_ends(struct scan *scan, bool is_bare, char byte, size_t *length)
{
	if (is_bare && !scan->in_string && (isspace((unsigned char)byte) || strchr(",[]{}", byte) != NULL))
		return true;
	(*length)++;
	return scan_byte(scan, byte);
}

/* Where a value ends, from `start` on. One that is too long is read to its end, and dropped on the way. */
static int find_value_end(struct wf_source *source, size_t *length, bool *is_too_long, bool *is_complete,
			  struct wf_error *error)
{
	struct scan scan = {0};
	char first = source->buffer[source->start];
	bool is_bare = first != '{' && first != '[';

	*length = 0;
	*is_too_long = false;
	*is_complete = false;
	for (;;) {
		while (source->start + *length < source->end) {
			if (value_ends(&scan, is_bare, source->buffer[source->start + *length], length)) {
				*is_complete = true;
				return 0;
			}
		}
		if (*length > source->item_bytes_max) {
			*is_too_long = true;
			buffer_skip(source, *length);
			*length = 0;
		}
		if (source->at_end) {
			*is_complete = is_bare && !scan.in_string;
			return 0;
		}

		int result = buffer_fill(source, error);

		if (result < 0)
			return result;
	}
}

static int next_value(struct wf_source *source, struct wf_source_item *item, struct wf_error *error)
{
	bool is_too_long;
	bool is_complete;
	size_t length;
	int byte;
	int result;

	for (;;) {
		result = skip_blanks(source, &byte, error);
		if (result < 0)
			return result;
		item->line = source->line;
		if (byte < 0) {
			if (source->framing == FRAMING_VALUES)
				return 0;
			source->framing = FRAMING_DONE;
			return item_bad(item, WF_EMALFORMED, "the array ends without ]");
		}
		if (source->framing == FRAMING_ARRAY && byte == ',') {
			source->start++;
			continue;
		}
		break;
	}
	if (byte == ']' || byte == '}' || byte == ',') {
		source->start++;
		if (source->framing == FRAMING_VALUES || byte != ']')
			return item_bad(item, WF_EMALFORMED, "not JSON: a bracket or comma that belongs to nothing");
		source->framing = FRAMING_VALUES;
		return next_value(source, item, error);
	}
	result = find_value_end(source, &length, &is_too_long, &is_complete, error);
	if (result < 0)
		return result;
	item->kind = WF_SOURCE_JSON;
	item->content = (struct wf_bytes){source->buffer + source->start, length};
	is_too_long = is_too_long || length > source->item_bytes_max;
	buffer_skip(source, length);
	if (is_too_long)
		return item_too_long(source, item);
	if (!is_complete) {
		source->framing = FRAMING_DONE;
		return item_bad(item, WF_EMALFORMED, "not JSON: the file ends inside this value");
	}
	return 1;
}

static int next_whole(struct wf_source *source, struct wf_source_item *item, struct wf_error *error)
{
	int result = skip_byte_order_mark(source, error);
	size_t length;

	while (result == 0 && !source->at_end && source->end - source->start <= source->item_bytes_max)
		result = buffer_fill(source, error);
	if (result < 0)
		return result;
	length = source->end - source->start;
	source->framing = FRAMING_DONE;
	item->line = 0;
	if (length > source->item_bytes_max)
		return item_too_long(source, item);
	if (length > 0 && memchr(source->buffer + source->start, '\0',
				 length < BINARY_PROBE_BYTES ? length : BINARY_PROBE_BYTES) != NULL)
		return item_bad(item, WF_EMALFORMED, "not a text: it has zero bytes");
	item->kind = WF_SOURCE_TEXT;
	item->content = (struct wf_bytes){source->buffer + source->start, length};
	return 1;
}

static int next_in_file(struct wf_source *source, struct wf_source_item *item, struct wf_error *error)
{
	int result = 0;

	item->path = source->path;
	item->name = source->path;
	if (source->folder != NULL)
		item->name = source->path + source->folder_path_length + (source->folder_path_length > 1 ? 1 : 0);
	if (source->framing == FRAMING_UNKNOWN)
		result = find_framing(source, error);
	if (result < 0)
		return result;
	switch (source->framing) {
	case FRAMING_LINES:
		return next_line(source, item, error);
	case FRAMING_VALUES:
	case FRAMING_ARRAY:
		return next_value(source, item, error);
	case FRAMING_WHOLE:
		return next_whole(source, item, error);
	case FRAMING_UNKNOWN:
	case FRAMING_DONE:
		break;
	}
	return 0;
}

static bool name_ends_with(const char *name, size_t length, const char *ending)
{
	size_t ending_length = strlen(ending);

	return length >= ending_length && strncasecmp(name + length - ending_length, ending, ending_length) == 0;
}

/* In a folder, texts and JSON lie side by side, and a text may well begin with a bracket: there the name decides. */
static bool name_is_json(const char *name)
{
	size_t length = strlen(name);

	if (name_ends_with(name, length, ".gz"))
		length -= strlen(".gz");
	else if (name_ends_with(name, length, ".zst"))
		length -= strlen(".zst");
	return name_ends_with(name, length, ".json") || name_ends_with(name, length, ".jsonl") ||
	       name_ends_with(name, length, ".ndjson");
}

/* Opens the next file of the folder. Returns 1, or 0 at the end; a file that cannot be opened is a bad item, told by
 * `item` being filled and the result 2. */
static int folder_next(struct wf_source *source, struct wf_source_item *item, struct wf_error *error)
{
	FTSENT *entry;

	for (;;) {
		errno = 0;
		entry = fts_read(source->folder);
		if (entry == NULL)
			return errno == 0
				       ? 0
				       : wf_error_set(error, -errno, "cannot be read: %s", wf_error_sentence(-errno));
		if (entry->fts_level > FTS_ROOTLEVEL && entry->fts_name[0] == '.') {
			fts_set(source->folder, entry, FTS_SKIP);
			continue;
		}
		if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS ||
		    entry->fts_info == FTS_SLNONE) {
			int code = entry->fts_errno != 0 ? -entry->fts_errno : -ENOENT;

			item->path = entry->fts_path;
			item->name = entry->fts_path;
			item->line = 0;
			item->kind = WF_SOURCE_BAD;
			wf_error_set(&item->error, code, "cannot be read: %s", wf_error_sentence(code));
			return 2;
		}
		if (entry->fts_info == FTS_F)
			break;
	}

	enum framing framing = name_is_json(entry->fts_name) ? FRAMING_UNKNOWN : FRAMING_WHOLE;
	struct wf_error why;

	if (file_open(source, entry->fts_path, framing, &why) == 0)
		return 1;
	item->path = entry->fts_path;
	item->name = entry->fts_path;
	item->line = 0;
	item->kind = WF_SOURCE_BAD;
	item->error = why;
	file_close(source);
	return 2;
}

int wf_source_next(struct wf_source *source, struct wf_source_item *item, struct wf_error *error)
{
	for (;;) {
		if (source->input != NULL) {
			int result = next_in_file(source, item, error);

			if (result > 0 || (result < 0 && source->folder == NULL))
				return result;
			if (result < 0) {
				/* One damaged file does not end a folder. */
				source->framing = FRAMING_DONE;
				item->kind = WF_SOURCE_BAD;
				item->line = 0;
				item->error = *error;
				return 1;
			}
			file_close(source);
		}
		if (source->folder == NULL)
			return 0;

		int result = folder_next(source, item, error);

		if (result != 1)
			return result == 2 ? 1 : result;
	}
}

bool wf_source_is_ready(const struct wf_source *source)
{
	size_t begin = source->start;

	if (source->input == NULL || source->at_end)
		return true;
	while (begin < source->end && isspace((unsigned char)source->buffer[begin]))
		begin++;
	if (begin < source->end && memchr(source->buffer + begin, '\n', source->end - begin) != NULL)
		return true;
	return wf_input_is_ready(source->input);
}

uint64_t wf_source_position_bytes(const struct wf_source *source)
{
	return source->position_bytes + (source->input == NULL ? 0 : wf_input_position_bytes(source->input));
}

uint64_t wf_source_size_bytes(const struct wf_source *source)
{
	return source->size_bytes;
}
