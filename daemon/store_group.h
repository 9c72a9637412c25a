/* Texts of articles that came one after another, packed as one: that takes fewer bytes than packing each of them,
 * fewer pages of the store, and less time.
 *
 *   add, add, ... -> encode -> a record of the table `text` -> find one | decode all -> remove -> encode again
 *
 *   [ count 4 | bytes of the frame 4 ][ count x ( number - key 4 | bytes 4 ) ][ a zstd frame of the texts ]
 *
 * Numbers ascend. Decoding never reads outside the payload and never trusts a length. One thread at a time. */
#ifndef WF_STORE_GROUP_H
#define WF_STORE_GROUP_H

#include "store_text.h"

#define WF_GROUP_TEXT_BYTES_MAX (16u << 10) /* a longer text is packed by itself */
#define WF_GROUP_BYTES_MAX      (32u << 10)
#define WF_GROUP_TEXTS_MAX      256u

struct wf_group_text {
	uint64_t number; /* of its article */
	uint32_t bytes;
};

struct wf_group {
	uint64_t key; /* number of the article whose text was the first in it */
	uint32_t count;
	uint32_t bytes;
	struct wf_group_text texts[WF_GROUP_TEXTS_MAX];
	char room[WF_GROUP_BYTES_MAX]; /* the texts, one behind the other */
};

void wf_group_begin(struct wf_group *group, uint64_t key);

/* Whether the text of an article with a higher number than all before it fits. The first does, if it is of
 * WF_GROUP_TEXT_BYTES_MAX at most. */
bool wf_group_takes(const struct wf_group *group, uint64_t number, size_t bytes);
void wf_group_add(struct wf_group *group, uint64_t number, struct wf_bytes text);

/* Takes a text out; false where it is not in the group. */
bool wf_group_remove(struct wf_group *group, uint64_t number);

/* The payload, in `arena`, of a group with a text at least. Errors: WF_ENOMEM, WF_EINTERNAL. */
int wf_group_encode(const struct wf_group *group, struct wf_text_codec *codec, struct wf_arena *arena,
		    struct wf_bytes *payload);

/* The payload of a record. What the record says of its length is held against its bytes before its checksum is made, so
 * that bytes which a damaged page claims are not read. Errors: WF_ECORRUPT. */
int wf_group_open(struct wf_bytes record, uint64_t key, struct wf_bytes *payload);

/* Errors: WF_ECORRUPT (the payload is none, or its frame is damaged), WF_ENOTFOUND (find: the article's text is not in
 * it), WF_ENOMEM. `group` is undefined then. The numbers, in `texts`, are read without expanding. */
int wf_group_decode(struct wf_bytes payload, uint64_t key, struct wf_text_codec *codec, struct wf_arena *arena,
		    struct wf_group *group);
int wf_group_find(struct wf_bytes payload, uint64_t key, uint64_t number, struct wf_text_place *place);
int wf_group_list(struct wf_bytes payload, uint64_t key, struct wf_group_text texts[WF_GROUP_TEXTS_MAX],
		  uint32_t *count);

#endif
