/* How a stream of bytes becomes whole messages, within bounds, without copying them.
 *
 *   wf_reader_space -> the socket writes here -> wf_reader_advance -> wf_reader_next, until it answers 0
 *
 *   block  [ message | message | first part of a mess..|  free  ]     held by the reader
 *                             ^begin       ^scanned ^used          and by each message in it
 *
 * Bytes are received straight into a block that is counted by reference; a message borrows its part of the block
 * and holds it until it is freed, on any thread. A scanner walks over headers and jumps over payloads, each byte
 * once, however small the pieces in which they come; only a message that is there to its last byte is decoded
 * (msgpack-c, into a zone of the exact size). So no header makes us allocate more than the bytes that came with it.
 *
 * A message past a bound is refused in its turn and skipped without being kept; the messages after it are read as
 * ever. The memory of messages in flight is about their bytes, plus one block, plus 24 bytes an element. */
#ifndef WF_READER_H
#define WF_READER_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "value.h"

struct wf_reader;
struct wf_message;

struct wf_reader_settings {
	size_t message_bytes_max; /* 0: WF_REQUEST_BYTES_MAX_DEFAULT */
	size_t elements_max;      /* values in one message, keys included; 0: WF_REQUEST_ELEMENTS_MAX */
	unsigned depth_max;       /* nested arrays and maps, the outermost too; 0: WF_REQUEST_DEPTH_MAX, the most */
	size_t block_bytes_min;   /* the least of a block; 0: 64 KiB */
};

/* Why a message was refused, and whom to tell. */
struct wf_refusal {
	struct wf_error error;
	bool has_msgid; /* it began [0, msgid (or [1, msgid): the answer goes to that request; else msgid nil */
	uint64_t msgid;
	bool is_response; /* it began [1, ...: a server has nothing to answer */
};

/* A new reader at the start of a stream. `settings` NULL: the defaults. Holds no block until bytes come.
 * Errors: WF_ENOMEM. */
int wf_reader_new(struct wf_reader **reader, const struct wf_reader_settings *settings);
void wf_reader_free(struct wf_reader *reader); /* messages taken from it live on; NULL is allowed */

/* Other bounds from the next message on. `settings` as of wf_reader_new. */
void wf_reader_set(struct wf_reader *reader, const struct wf_reader_settings *settings);

/* Room for bytes to come: at least 1 KiB, usually 64 KiB or more; *room is what fits. Take out all messages
 * (wf_reader_next until it answers 0) before asking again, or the block grows. NULL (room 0) when memory is out or
 * the reader is poisoned. Valid until the next call with this reader. */
char *wf_reader_space(struct wf_reader *reader, size_t *room);

/* Says that `bytes` bytes were written into the space, room at most. */
void wf_reader_advance(struct wf_reader *reader, size_t bytes);

/* Copies bytes in, all of them, for those who have them elsewhere. Errors: WF_ENOMEM, WF_EMALFORMED (poisoned);
 * nothing is taken. */
int wf_reader_feed(struct wf_reader *reader, struct wf_bytes bytes);

/* The next whole message.
 * Out:     1 and *message, owned by the caller; or 0: more bytes are needed.
 * Errors:  (refusal filled; *message untouched)
 *          WF_ETOOLARGE    a message over message_bytes_max or elements_max: it is refused as soon as its headers
 *                          tell, and skipped as its bytes come
 *          WF_EBADREQUEST  a message nested deeper than depth_max: likewise
 *          WF_ENOMEM       no memory for this message: likewise
 *          WF_EMALFORMED   bytes that are not MessagePack, or WF_READER_STRAYS_MAX bare numbers of one byte in a
 *                          row (the first bytes of HTTP, TLS and SSH look so): the reader is poisoned, answers
 *                          so for ever, has no space
 *          After the others the stream goes on: call again. */
int wf_reader_next(struct wf_reader *reader, struct wf_message **message, struct wf_refusal *refusal);

/* Gives back the block where nothing in it is unread. wf_reader_next does so by itself unless messages still use the
 * block; call this when the last of them is freed, so that an idle connection holds no block. */
void wf_reader_rest(struct wf_reader *reader);

/* True where part of a message, or of one being skipped, has come: a stream that ends here ends badly. */
bool wf_reader_is_inside(const struct wf_reader *reader);

/* Bytes held in blocks by the reader itself, the block shared with messages included. */
size_t wf_reader_memory_bytes(const struct wf_reader *reader);

/* The decoded message; lives until the message is freed, as do all bytes read from it. */
struct wf_value wf_message_root(const struct wf_message *message);

/* Length of the message on the wire; and what it holds in memory (its bytes, its decoded values, not the rest of
 * its block). */
size_t wf_message_bytes(const struct wf_message *message);
size_t wf_message_memory_bytes(const struct wf_message *message);

/* Any thread, also after the reader is freed. NULL is allowed. */
void wf_message_free(struct wf_message *message);

#endif
