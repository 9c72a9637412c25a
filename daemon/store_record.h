/* How each record of the store lies in bytes, and how damage to it is seen. The byte tables are in
 * docs/store-format.md.
 *
 *   [ version 1 | kind 1 | zero 2 | checksum 4 ][ payload ... ]     little endian, nothing aligned
 *
 * The checksum (XXH3, low 32 bits) covers the payload and, through its seed, kind, version and key: a record that
 * strayed to another key or table is as wrong as one with a flipped bit. Decoding never reads outside the bytes and
 * never trusts a length: WF_ECORRUPT. */
#ifndef WF_STORE_RECORD_H
#define WF_STORE_RECORD_H

#include "base/limits.h"
#include "store.h"

#define WF_RECORD_VERSION      1u
#define WF_RECORD_HEADER_BYTES 8u
#define WF_RECORD_LISTS_MAX    (WF_MERGED_MAX + WF_RELATED_MAX)

enum wf_record_kind {
	WF_RECORD_ENTRY = 1,
	WF_RECORD_EVIDENCE = 2,
	WF_RECORD_BODY = 3,
	WF_RECORD_REDIRECT = 4,
	WF_RECORD_STATE = 5,
	WF_RECORD_APART = 6,
	WF_RECORD_TEXT = 7,
};

/* Bytes that the record takes, header included. Errors: WF_ETOOLARGE (a field is over its bound). */
int wf_record_entry_bytes(const struct wf_store_entry *entry, size_t *bytes);
int wf_record_body_bytes(const struct wf_store_body *body, size_t *bytes);
int wf_record_plain_bytes(struct wf_bytes payload, size_t *bytes);

/* Write the record into `room`, which holds as many bytes as the functions above said. `key`: the article's number, the
 * cluster that a redirect leaves, or wf_record_name_key() of a state's name. */
void wf_record_entry_encode(const struct wf_store_entry *entry, void *room);
void wf_record_body_encode(const struct wf_store_body *body, uint64_t key, void *room);
void wf_record_plain_encode(enum wf_record_kind kind, uint64_t key, struct wf_bytes payload, void *room);

/* Read a record; what it hands out points into `record`. entry: its lists are copied to `lists`, and point there.
 * Errors: WF_ECORRUPT; out-parameters are then undefined. */
int wf_record_entry_decode(struct wf_bytes record, uint64_t key, uint64_t lists[WF_RECORD_LISTS_MAX],
			   struct wf_store_entry *entry);
int wf_record_body_decode(struct wf_bytes record, uint64_t key, struct wf_store_body *body);
/* The id alone, without the checksum: it is for the caller to know whether it is right. */
int wf_record_body_id(struct wf_bytes record, struct wf_bytes *id);
int wf_record_plain_decode(enum wf_record_kind kind, struct wf_bytes record, uint64_t key, struct wf_bytes *payload);

uint64_t wf_record_name_key(struct wf_bytes name);

/* Numbers as records hold them. */
void wf_record_write_u32(void *room, uint32_t value);
void wf_record_write_u64(void *room, uint64_t value);
uint32_t wf_record_read_u32(const void *bytes);
uint64_t wf_record_read_u64(const void *bytes);

#endif
