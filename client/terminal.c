#include "terminal.h"

#include <locale.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "character.h"

static bool has_colour(bool is_terminal)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *kind = getenv("TERM");

	return is_terminal && (no_colour == NULL || no_colour[0] == '\0') && kind != NULL && strcmp(kind, "dumb") != 0;
}

void wf_terminal_init(struct wf_terminal *terminal)
{
	/* All output is UTF-8, whatever the user's locale says. */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		setlocale(LC_CTYPE, "");
	terminal->out_is_terminal = isatty(STDOUT_FILENO) != 0;
	terminal->error_is_terminal = isatty(STDERR_FILENO) != 0;
	terminal->out_has_colour = has_colour(terminal->out_is_terminal);
	terminal->error_has_colour = has_colour(terminal->error_is_terminal);
}

size_t wf_terminal_columns(FILE *file, size_t otherwise)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (isatty(fileno(file)) == 0)
		return columns != NULL && atoi(columns) > 0 ? (size_t)atoi(columns) : otherwise;
	if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

const char *wf_terminal_style(bool has_colours, enum wf_style style)
{
	if (!has_colours)
		return "";
	switch (style) {
	case WF_STYLE_HEADING:
		return "\033[1m";
	case WF_STYLE_FAINT:
		return "\033[2m";
	case WF_STYLE_GOOD:
		return "\033[32m";
	case WF_STYLE_WARNING:
		return "\033[33m";
	case WF_STYLE_BAD:
		return "\033[31m";
	case WF_STYLE_SHARED:
		return "\033[36m";
	case WF_STYLE_PLAIN:
		break;
	}
	return "\033[0m";
}

static bool turns_direction(uint32_t character)
{
	return (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069) ||
	       character == 0x200e || character == 0x200f || character == 0x061c;
}

uint32_t wf_terminal_next_character(struct wf_bytes *text, size_t *columns)
{
	bool is_valid;
	uint32_t character = wf_character_next(text, &is_valid);
	int width;

	if (character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028 || character == 0x2029)
		character = ' ';
	else if (turns_direction(character))
		character = WF_CHARACTER_REPLACEMENT;
	width = wcwidth((wchar_t)character);
	if (width < 0) {
		character = WF_CHARACTER_REPLACEMENT;
		width = 1;
	}
	*columns = (size_t)width;
	return character;
}

size_t wf_terminal_width(struct wf_bytes text)
{
	size_t width = 0;

	while (text.length > 0) {
		size_t columns;

		wf_terminal_next_character(&text, &columns);
		width += columns;
	}
	return width;
}

size_t wf_terminal_write(FILE *file, struct wf_bytes text, size_t columns_max)
{
	bool is_cut = wf_terminal_width(text) > columns_max;
	size_t room = is_cut && columns_max > 0 ? columns_max - 1 : columns_max;
	size_t written = 0;

	while (text.length > 0) {
		char bytes[WF_CHARACTER_BYTES_MAX];
		size_t columns;
		uint32_t character = wf_terminal_next_character(&text, &columns);

		if (written + columns > room)
			break;
		fwrite(bytes, 1, wf_character_encode(character, bytes), file);
		written += columns;
	}
	if (is_cut && columns_max > 0) {
		fputs("\xe2\x80\xa6", file);
		written++;
	}
	return written;
}
