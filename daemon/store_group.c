#include "store_group.h"

#include <assert.h>

#include "store_record.h"

#define HEAD_BYTES 8u /* the count and the length of the frame */
#define TEXT_BYTES 8u /* of the list, for one text */

_Static_assert(WF_GROUP_TEXT_BYTES_MAX <= WF_GROUP_BYTES_MAX, "each text fits a group");

void wf_group_begin(struct wf_group *group, uint64_t key)
{
	group->key = key;
	group->count = 0;
	group->bytes = 0;
}

bool wf_group_takes(const struct wf_group *group, uint64_t number, size_t bytes)
{
	return group->count < WF_GROUP_TEXTS_MAX && bytes <= WF_GROUP_BYTES_MAX - group->bytes &&
	       number - group->key <= UINT32_MAX;
}

void wf_group_add(struct wf_group *group, uint64_t number, struct wf_bytes text)
{
	assert(wf_group_takes(group, number, text.length));
	assert(group->count == 0 || number > group->texts[group->count - 1].number);
	group->texts[group->count++] = (struct wf_group_text){number, (uint32_t)text.length};
	if (text.length > 0)
		memcpy(group->room + group->bytes, text.data, text.length);
	group->bytes += (uint32_t)text.length;
}

bool wf_group_remove(struct wf_group *group, uint64_t number)
{
	uint32_t first = 0;
	uint32_t i = 0;

	while (i < group->count && group->texts[i].number != number)
		first += group->texts[i++].bytes;
	if (i == group->count)
		return false;
	group->bytes -= group->texts[i].bytes;
	group->count--;
	memmove(group->room + first, group->room + first + group->texts[i].bytes, group->bytes - first);
	memmove(group->texts + i, group->texts + i + 1, (group->count - i) * sizeof *group->texts);
	return true;
}

int wf_group_encode(const struct wf_group *group, struct wf_text_codec *codec, struct wf_arena *arena,
		    struct wf_bytes *payload)
{
	const size_t list_bytes = HEAD_BYTES + (size_t)group->count * TEXT_BYTES;
	const size_t frame_bytes_max = wf_text_group_bytes_max(group->bytes);
	char *room = wf_arena_take(arena, list_bytes + frame_bytes_max);
	size_t frame_bytes = 0;
	int code;

	assert(group->count > 0);
	if (room == NULL)
		return WF_ENOMEM;
	wf_record_write_u32(room, group->count);
	for (uint32_t i = 0; i < group->count; i++) {
		char *at = room + HEAD_BYTES + i * TEXT_BYTES;

		wf_record_write_u32(at, (uint32_t)(group->texts[i].number - group->key));
		wf_record_write_u32(at + 4, group->texts[i].bytes);
	}
	code = wf_text_compress_group(codec, (struct wf_bytes){group->room, group->bytes}, room + list_bytes,
				      frame_bytes_max, &frame_bytes);
	wf_record_write_u32(room + 4, (uint32_t)frame_bytes);
	*payload = (struct wf_bytes){room, list_bytes + frame_bytes};
	return code;
}

static bool is_of_length(struct wf_bytes payload)
{
	uint64_t count;

	if (payload.length < HEAD_BYTES)
		return false;
	count = wf_record_read_u32(payload.data);
	return count > 0 && count <= WF_GROUP_TEXTS_MAX &&
	       HEAD_BYTES + count * TEXT_BYTES + wf_record_read_u32(payload.data + 4) == payload.length;
}

int wf_group_open(struct wf_bytes record, uint64_t key, struct wf_bytes *payload)
{
	if (record.length < WF_RECORD_HEADER_BYTES ||
	    !is_of_length(
		    (struct wf_bytes){record.data + WF_RECORD_HEADER_BYTES, record.length - WF_RECORD_HEADER_BYTES}))
		return WF_ECORRUPT;
	return wf_record_plain_decode(WF_RECORD_TEXT, record, key, payload);
}

int wf_group_list(struct wf_bytes payload, uint64_t key, struct wf_group_text texts[WF_GROUP_TEXTS_MAX],
		  uint32_t *count)
{
	uint64_t bytes = 0;

	if (!is_of_length(payload))
		return WF_ECORRUPT;
	*count = wf_record_read_u32(payload.data);
	for (uint32_t i = 0; i < *count; i++) {
		const char *at = payload.data + HEAD_BYTES + i * TEXT_BYTES;

		texts[i] = (struct wf_group_text){key + wf_record_read_u32(at), wf_record_read_u32(at + 4)};
		bytes += texts[i].bytes;
		if (i > 0 && texts[i].number <= texts[i - 1].number)
			return WF_ECORRUPT;
	}
	return bytes <= WF_GROUP_BYTES_MAX ? 0 : WF_ECORRUPT;
}

static struct wf_bytes frame_of(struct wf_bytes payload, uint32_t count)
{
	const size_t list_bytes = HEAD_BYTES + (size_t)count * TEXT_BYTES;

	return (struct wf_bytes){payload.data + list_bytes, payload.length - list_bytes};
}

int wf_group_find(struct wf_bytes payload, uint64_t key, uint64_t number, struct wf_text_place *place)
{
	struct wf_group_text texts[WF_GROUP_TEXTS_MAX];
	uint32_t count;
	uint32_t bytes = 0;
	int code = wf_group_list(payload, key, texts, &count);

	if (code != 0)
		return code;
	code = WF_ENOTFOUND;
	for (uint32_t i = 0; i < count; i++) {
		if (texts[i].number == number) {
			place->first = bytes;
			place->bytes = texts[i].bytes;
			code = 0;
		}
		bytes += texts[i].bytes;
	}
	place->bytes_all = bytes;
	place->compressed = frame_of(payload, count);
	return code;
}

int wf_group_decode(struct wf_bytes payload, uint64_t key, struct wf_text_codec *codec, struct wf_arena *arena,
		    struct wf_group *group)
{
	struct wf_bytes texts;
	int code = wf_group_list(payload, key, group->texts, &group->count);

	if (code != 0)
		return code;
	group->key = key;
	group->bytes = 0;
	for (uint32_t i = 0; i < group->count; i++)
		group->bytes += group->texts[i].bytes;
	code = wf_text_expand(codec, frame_of(payload, group->count), group->bytes, WF_GROUP_BYTES_MAX, arena, &texts);
	if (code != 0)
		return code;
	memcpy(group->room, texts.data, texts.length);
	return 0;
}
