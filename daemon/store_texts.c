#include "store_texts.h"

#include <stdlib.h>

#include "store_group.h"
#include "store_record.h"

struct wf_texts {
	struct wf_lmdb *lmdb;
	struct wf_text_codec *codec;
	struct wf_arena arena; /* of one group that is packed or read */
	bool is_open;
	bool is_cut;
	struct wf_group open;
	struct wf_group cut;
};

int wf_texts_new(struct wf_texts **texts, struct wf_lmdb *lmdb, bool is_dense)
{
	struct wf_texts *made = calloc(1, sizeof *made);

	if (made == NULL)
		return WF_ENOMEM;
	made->lmdb = lmdb;
	wf_arena_init(&made->arena, 4 * (size_t)WF_GROUP_BYTES_MAX);
	if (wf_text_codec_new(&made->codec, is_dense) != 0) {
		wf_texts_free(made);
		return WF_ENOMEM;
	}
	*texts = made;
	return 0;
}

void wf_texts_free(struct wf_texts *texts)
{
	if (texts == NULL)
		return;
	wf_text_codec_free(texts->codec);
	wf_arena_close(&texts->arena);
	free(texts);
}

void wf_texts_begin(struct wf_texts *texts)
{
	texts->is_open = false;
	texts->is_cut = false;
}

static struct wf_lmdb_key key_of(uint64_t key)
{
	return (struct wf_lmdb_key){.table = WF_LMDB_TEXT, .number = key};
}

/* Stages the record of a group that has a text at least. */
static int group_stage(struct wf_texts *texts, enum wf_lmdb_verb verb, const struct wf_group *group)
{
	const struct wf_lmdb_key key = key_of(group->key);
	struct wf_bytes payload;
	size_t bytes;
	void *room;
	int code;

	wf_arena_reset(&texts->arena);
	code = wf_group_encode(group, texts->codec, &texts->arena, &payload);
	if (code == 0)
		code = wf_record_plain_bytes(payload, &bytes);
	if (code != 0)
		return code;
	room = wf_lmdb_stage(texts->lmdb, verb, &key, bytes);
	if (room == NULL)
		return WF_ENOMEM;
	wf_record_plain_encode(WF_RECORD_TEXT, group->key, payload, room);
	return wf_lmdb_apply(texts->lmdb);
}

static int open_end(struct wf_texts *texts)
{
	const bool has_texts = texts->is_open && texts->open.count > 0;

	texts->is_open = false;
	return has_texts ? group_stage(texts, WF_LMDB_APPEND, &texts->open) : 0;
}

static int cut_end(struct wf_texts *texts)
{
	const struct wf_lmdb_key key = key_of(texts->cut.key);

	if (!texts->is_cut)
		return 0;
	texts->is_cut = false;
	if (texts->cut.count > 0)
		return group_stage(texts, WF_LMDB_PUT, &texts->cut);
	if (wf_lmdb_stage(texts->lmdb, WF_LMDB_DELETE, &key, 0) == NULL)
		return WF_ENOMEM;
	return wf_lmdb_apply(texts->lmdb);
}

int wf_texts_add(struct wf_texts *texts, uint64_t number, struct wf_bytes text, uint64_t *key)
{
	int code = 0;

	if (texts->is_open && !wf_group_takes(&texts->open, number, text.length))
		code = open_end(texts);
	if (code != 0)
		return code;
	if (!texts->is_open)
		wf_group_begin(&texts->open, number);
	texts->is_open = true;
	wf_group_add(&texts->open, number, text);
	*key = texts->open.key;
	return 0;
}

/* Reads the group that is to be cut, if it is there and whole. */
static int cut_begin(struct wf_texts *texts, uint64_t key)
{
	const struct wf_lmdb_key lmdb_key = key_of(key);
	struct wf_bytes record, payload;
	int code = wf_lmdb_batch_get(texts->lmdb, &lmdb_key, &record);

	if (code != 0)
		return code == WF_ENOTFOUND ? 0 : code;
	wf_arena_reset(&texts->arena);
	code = wf_group_open(record, key, &payload);
	if (code == 0)
		code = wf_group_decode(payload, key, texts->codec, &texts->arena, &texts->cut);
	texts->is_cut = code == 0;
	return code == WF_ECORRUPT ? 0 : code;
}

int wf_texts_remove(struct wf_texts *texts, uint64_t key, uint64_t number)
{
	int code = 0;

	if (texts->is_open && texts->open.key == key) {
		(void)wf_group_remove(&texts->open, number);
		return 0;
	}
	if (!texts->is_cut || texts->cut.key != key) {
		code = cut_end(texts);
		if (code == 0)
			code = cut_begin(texts, key);
	}
	if (code == 0 && texts->is_cut)
		(void)wf_group_remove(&texts->cut, number);
	return code;
}

int wf_texts_flush(struct wf_texts *texts)
{
	const int code = open_end(texts);

	return code == 0 ? cut_end(texts) : code;
}
