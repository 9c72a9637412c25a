#include "reading.h"

#include <ctype.h>
#include <inttypes.h>

#include "character.h"

/* What of the first line of a text becomes its title. */
#define TITLE_BYTES_MAX 1024

static struct wf_bytes first_line(struct wf_bytes text)
{
	struct wf_bytes line;

	while (text.length > 0 && isspace((unsigned char)text.data[0])) {
		text.data++;
		text.length--;
	}
	line = text;
	for (line.length = 0; line.length < text.length; line.length++) {
		if (text.data[line.length] == '\n' || text.data[line.length] == '\r')
			break;
	}
	line = wf_character_cut(line, TITLE_BYTES_MAX);
	while (line.length > 0 && isspace((unsigned char)line.data[line.length - 1]))
		line.length--;
	return line.length == 0 ? (struct wf_bytes){NULL, 0} : line;
}

const char *wf_reading_place(const struct wf_source_item *item, struct wf_arena *arena)
{
	size_t bytes = strlen(item->path) + 24;
	char *place = wf_arena_take(arena, bytes);

	if (place == NULL)
		return "?";
	if (item->line == 0)
		snprintf(place, bytes, "%s", item->path);
	else
		snprintf(place, bytes, "%s:%" PRIu64, item->path, item->line);
	return place;
}

int wf_reading_article(const struct wf_source_item *item, const struct wf_reading_rules *rules, struct wf_arena *arena,
		       struct wf_draft *draft, struct wf_error *error)
{
	struct wf_article *article = &draft->article;
	int result = 0;

	*draft = (struct wf_draft){0};
	if (item->kind == WF_SOURCE_BAD) {
		*error = item->error;
		return error->code;
	}
	if (item->kind == WF_SOURCE_TEXT) {
		article->id = wf_bytes_of(item->name);
		article->title = first_line(item->content);
		article->text = item->content.data == NULL ? (struct wf_bytes){"", 0} : item->content;
	} else {
		result = wf_json_read_article(item->content, arena, draft, error);
	}
	if (result < 0)
		return result;
	if (article->id.data == NULL && rules->id_from_position)
		article->id = wf_bytes_of(wf_reading_place(item, arena));
	if (article->id.data == NULL && !rules->id_is_optional)
		return wf_error_set(error, WF_EBADARTICLE, "id: missing (--id-from-position makes one)");
	if (article->text.data == NULL)
		return wf_error_set(error, WF_EBADARTICLE, "text: missing");
	if (article->outlet.data == NULL && rules->outlet != NULL)
		article->outlet = wf_bytes_of(rules->outlet);
	return 0;
}
